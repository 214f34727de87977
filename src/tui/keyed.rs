//! Every sentence on the screen that names a key, with the key that is in force.
//!
//! Knows: actions, the keys in force. Must never know: state, data. No other file writes a key into
//! a sentence; views say what can be done ([`Step`]) and leave the key to this one.

use crate::domain::Range;
use crate::view::Step;

use super::keymap::Action;
use super::rebind::Keys;

impl Keys {
    /// The key of an action; where the user took it away, what to set to have one.
    #[must_use]
    pub fn key(&self, action: Action) -> String {
        self.first(action).map_or_else(
            || format!("(no key: set keys.{})", action.name()),
            super::chord::Chord::label,
        )
    }

    /// What can be done next: "press a for All".
    #[must_use]
    pub fn step(&self, step: &Step) -> String {
        match step {
            Step::Range(range) => self.range(*range),
            Step::Provisional => format!(
                "press {} to see calls that are still in their window",
                self.key(Action::Provisional)
            ),
            Step::SharedDays => {
                let key = self.key(Action::SharedDays);
                format!("press {key} to compare on the days of both only")
            }
            Step::AllDays => format!("press {} for all days", self.key(Action::SharedDays)),
            Step::Say(text) => text.clone(),
        }
    }

    fn range(&self, range: Range) -> String {
        let key = self.key(Action::Range(range));
        format!("press {key} for {}", range.label())
    }

    /// Over the latest notices.
    pub(super) fn all_notices(&self) -> String {
        format!("Latest, all with {}", self.key(Action::Log))
    }

    /// What did not fit around the rows.
    pub(super) fn more_lines(&self, more: usize) -> String {
        let lines = crate::view::format::count(more, "more line");
        format!("{lines}, all with {}", self.key(Action::Notes))
    }

    /// No filter was saved.
    pub(super) fn what_saves(&self) -> String {
        format!(
            "no filter is saved yet: {} saves this one",
            self.key(Action::Name)
        )
    }

    /// No saved filter was taken up.
    pub(super) fn what_forgets(&self) -> String {
        let (next, forget) = (self.key(Action::NextSaved), self.key(Action::ForgetSaved));
        format!("{next} takes up a saved filter, {forget} then forgets it")
    }

    /// No row matches.
    pub(super) fn drop_filter(&self) -> String {
        format!("{} drops the filter", self.key(Action::ClearFilter))
    }

    /// Nothing in the help matches.
    pub(super) fn drop_search(&self) -> String {
        format!("{} shows everything again", self.key(Action::Back))
    }

    /// Under the beginning of a long table.
    pub(super) fn open_rows(&self) -> String {
        format!("{} to sort and filter them all", self.key(Action::Open))
    }

    /// An address was pasted where nothing is typed.
    pub(super) fn pasted(&self) -> String {
        let (add, filter) = (self.key(Action::Add), self.key(Action::Filter));
        format!("press {add} to add a pasted address, {filter} to filter by it")
    }

    /// The first of two was marked.
    pub(super) fn marked(&self, name: &str, what: &str) -> String {
        let mark = self.key(Action::Mark);
        format!("{name} marked: {mark} on another {what} compares the two")
    }

    /// Nothing can be compared here.
    pub(super) fn what_compares(&self) -> String {
        let mark = self.key(Action::Mark);
        format!("{mark} compares two models on the Leaderboard, two sources in the Categories")
    }

    /// Nothing can be polled here.
    pub(super) fn what_polls(&self) -> String {
        let poll = self.key(Action::PollNow);
        format!("{poll} polls the call that is selected on the Tracker")
    }

    /// There is no order to turn round.
    pub(super) fn what_sorts(&self) -> String {
        let sort = self.key(Action::NextSort);
        format!("in its own order; {sort} sorts by a column")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::rebind::Choice;

    fn rebound(action: &str, chords: &[&str]) -> Keys {
        Keys::rebound(&[Choice {
            action: action.to_owned(),
            chords: chords.iter().map(|c| (*c).to_owned()).collect(),
        }])
        .unwrap()
    }

    #[test]
    fn a_sentence_names_the_key_in_force() {
        let keys = Keys::default();
        assert_eq!(keys.step(&Step::Range(Range::All)), "press a for All");
        for (action, sentence) in [
            (
                "range_all",
                (|keys| keys.step(&Step::Range(Range::All))) as fn(&Keys) -> String,
            ),
            ("provisional", |keys| keys.step(&Step::Provisional)),
            ("shared_days", |keys| keys.step(&Step::SharedDays)),
            ("shared_days", |keys| keys.step(&Step::AllDays)),
            ("log", Keys::all_notices),
            ("notes", |keys| keys.more_lines(2)),
            ("lab_save", Keys::what_saves),
            ("lab_next", Keys::what_forgets),
            ("clear_filter", Keys::drop_filter),
            ("back", Keys::drop_search),
            ("open", Keys::open_rows),
            ("add", Keys::pasted),
            ("filter", Keys::pasted),
            ("mark", |keys| keys.marked("gpt-5", "model")),
            ("mark", Keys::what_compares),
            ("poll_now", Keys::what_polls),
            ("sort", Keys::what_sorts),
        ] {
            let now = sentence(&rebound(action, &["F7", "F8"]));
            assert!(now.contains("F7"), "{action}: {now}");
            let none = sentence(&rebound(action, &[]));
            assert!(none.contains(&format!("set keys.{action}")), "{none}");
        }
    }

    /// Keys in words of the sources: a name of one, or "press x".
    fn names_a_key(text: &str) -> bool {
        let words = text.split_whitespace();
        let words: Vec<&str> = words
            .map(|w| w.trim_matches([',', ';', ':', '(', ')']))
            .collect();
        let named = ["Enter", "Esc", "Tab", "Backspace", "PgDn", "PgUp"];
        words.iter().any(|word| named.contains(word))
            || words.windows(2).any(|pair| {
                ["press", "with"].contains(&pair[0])
                    && pair[1].len() == 1
                    && pair[1] != "'"
                    && pair[1] != "a"
            })
    }

    #[test]
    fn no_other_file_writes_a_key_into_a_sentence() {
        let mut files = Vec::new();
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut folders = vec![root.join("view"), root.join("tui"), root.join("analytics")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.extension() {
                    None => folders.push(path),
                    Some(_) => files.push(path),
                }
            }
        }
        assert!(files.len() > 50);
        for path in files {
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap();
            if ["keymap.rs", "chord.rs", "rebind.rs", "keyed.rs", "tests.rs"].contains(&name) {
                continue;
            }
            let code = text.split("#[cfg(test)]").next().unwrap();
            let lines = code.lines().map(str::trim_start);
            for line in lines.filter(|line| !line.starts_with("//")) {
                for said in line.split('"').skip(1).step_by(2) {
                    assert!(!names_a_key(said), "{}: {said}", path.display());
                }
            }
        }
    }
}
