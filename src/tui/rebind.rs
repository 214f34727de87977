//! The keys in force: the table of [`super::keymap`] with what the user chose instead.
//!
//! Knows: actions by name, chords. Must never know: files, what an action does. An action that is
//! given chords of its own has these everywhere it works, and no others; where text is typed only
//! chords that type nothing count. Ctrl-C always quits.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::distance;
use crate::domain::Range;
use crate::view::Tab;

use super::keymap::{Action, BINDINGS, Binding, Chord, Context, Place};

/// What one action is to be done by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Its name.
    pub action: String,
    /// The chords as written; none takes the action its keys.
    pub chords: Vec<String>,
}

/// Why chosen keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// No such action.
    #[error("there is no action 'keys.{name}'; did you mean 'keys.{nearest}'?")]
    Action {
        /// As written.
        name: String,
        /// The nearest there is.
        nearest: &'static str,
    },
    /// No such key.
    #[error("keys.{action} = '{chord}' is no key; did you mean '{nearest}'?")]
    Chord {
        /// The action.
        action: &'static str,
        /// As written.
        chord: String,
        /// The nearest there is.
        nearest: String,
    },
    /// One chord would do two things.
    #[error("keys.{action} = '{chord}' is taken by keys.{by} ({place})")]
    Taken {
        /// The action that was given the chord.
        action: &'static str,
        /// The chord.
        chord: String,
        /// The action that has it.
        by: &'static str,
        /// Where both would work.
        place: &'static str,
    },
}

impl KeysError {
    /// The action that the error is about, as written.
    #[must_use]
    pub fn action(&self) -> &str {
        match self {
            Self::Action { name, .. } => name,
            Self::Chord { action, .. } | Self::Taken { action, .. } => action,
        }
    }
}

/// A row of the table with the chords in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The row.
    pub binding: &'static Binding,
    /// Its chords.
    pub chords: Vec<Chord>,
}

impl Bound {
    /// The chords as the help names them.
    #[must_use]
    pub fn labels(&self) -> String {
        if self.chords.is_empty() {
            return "no key".to_owned();
        }
        let names: Vec<String> = self.chords.iter().map(|c| c.label()).collect();
        names.join(" ")
    }
}

/// A hint in the footer, with the keys in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The keys, as short as can be.
    pub keys: String,
    /// What they do.
    pub label: &'static str,
}

/// The keys in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    rows: Arc<Vec<Bound>>,
    /// By [`Place::EACH`]: every frame asks.
    hints: Arc<[Vec<Shown>]>,
}

impl Default for Keys {
    fn default() -> Self {
        let rows = BINDINGS.iter().map(|binding| Bound {
            binding,
            chords: binding.chords.to_vec(),
        });
        Self::of_rows(rows.collect())
    }
}

impl Keys {
    /// The keys with some actions done by other chords.
    ///
    /// # Errors
    /// When an action or a chord is unknown, or a chord would do two things in one place.
    pub fn rebound(choices: &[Choice]) -> Result<Self, KeysError> {
        let mut rows = Self::default().rows.to_vec();
        let mut chosen: Vec<Action> = Vec::new();
        for choice in choices {
            let (action, name) = named(&choice.action)?;
            let mut chords = Vec::new();
            for text in &choice.chords {
                let chord = Chord::parse(text).ok_or_else(|| KeysError::Chord {
                    action: name,
                    chord: crate::domain::text::clean(text),
                    nearest: Chord::nearest(text).label(),
                })?;
                if !chords.contains(&chord) {
                    chords.push(chord);
                }
            }
            if action == Action::Quit && !chords.contains(&Chord::ctrl('c')) {
                chords.push(Chord::ctrl('c'));
            }
            for row in rows.iter_mut().filter(|r| r.binding.action == action) {
                row.chords = if is_typed_in(row.binding.context) {
                    let quiet: Vec<Chord> = untyped(&chords);
                    if quiet.is_empty() {
                        continue;
                    }
                    quiet
                } else {
                    chords.clone()
                };
            }
            chosen.push(action);
        }
        check(&rows, &chosen)?;
        Ok(Self::of_rows(rows))
    }

    fn of_rows(rows: Vec<Bound>) -> Self {
        let hints = Place::EACH.map(|place| hints(&rows, place));
        Self {
            rows: Arc::new(rows),
            hints: Arc::new(hints),
        }
    }

    /// What a chord does in a place.
    #[must_use]
    pub fn lookup(&self, place: Place, chord: Chord) -> Option<Action> {
        place.contexts().iter().find_map(|context| {
            self.of(*context)
                .find(|row| row.chords.contains(&chord))
                .map(|row| row.binding.action)
        })
    }

    /// The first chord of an action where keys are keys: what is typed into keeps some of its own.
    pub(super) fn first(&self, action: Action) -> Option<Chord> {
        let here = |row: &&Bound| row.binding.action == action && !is_typed_in(row.binding.context);
        let mut rows = self.rows.iter().filter(here);
        rows.find_map(|row| row.chords.first().copied())
    }

    /// The rows that the help lists under a context.
    pub fn of(&self, context: Context) -> impl Iterator<Item = &Bound> {
        let rows = self.rows.iter();
        rows.filter(move |row| row.binding.context == context)
    }

    /// The hints of a place, the most important first.
    #[must_use]
    pub fn hints(&self, place: Place) -> &[Shown] {
        let at = Place::EACH.iter().position(|each| *each == place);
        at.and_then(|at| self.hints.get(at))
            .map_or(&[], Vec::as_slice)
    }
}

fn active(rows: &[Bound], place: Place) -> impl Iterator<Item = &Bound> {
    let contexts = place.contexts();
    let rows = rows.iter();
    rows.filter(move |row| contexts.contains(&row.binding.context))
}

fn hints(rows: &[Bound], place: Place) -> Vec<Shown> {
    let mut hints: Vec<_> = active(rows, place)
        .filter(|row| !row.chords.is_empty())
        .filter_map(|row| row.binding.hint)
        .collect();
    hints.sort_by_key(|hint| hint.order);
    let shown = hints.into_iter().map(|hint| Shown {
        keys: in_force(rows, place, hint.keys),
        label: hint.label,
    });
    shown.collect()
}

/// The keys of a hint as they are now: "s S", "1-4".
fn in_force(rows: &[Bound], place: Place, keys: &str) -> String {
    let now = |label: &str| {
        let row = active(rows, place).find(|row| {
            let first = row.binding.chords.first();
            first.is_some_and(|chord| chord.label() == label)
        });
        row.and_then(|row| row.chords.first())
            .map_or_else(|| label.to_owned(), |chord| chord.label())
    };
    let parts = keys.split(' ').map(|part| match part.split_once('-') {
        Some((from, to)) if !from.is_empty() && !to.is_empty() && part.len() == 3 => {
            format!("{}-{}", now(from), now(to))
        }
        _ => now(part),
    });
    parts.collect::<Vec<_>>().join(" ")
}

/// Whether letters are text there.
fn is_typed_in(context: Context) -> bool {
    matches!(context, Context::Filter | Context::Naming)
}

fn untyped(chords: &[Chord]) -> Vec<Chord> {
    let quiet = chords.iter().filter(|chord| chord.typed().is_none());
    quiet.copied().collect()
}

/// No chord does two things in a place. What was chosen gives way to what was not.
fn check(rows: &[Bound], chosen: &[Action]) -> Result<(), KeysError> {
    for place in Place::EACH {
        let mut taken: HashMap<Chord, Action> = HashMap::new();
        for row in rows {
            if !place.contexts().contains(&row.binding.context) {
                continue;
            }
            let action = row.binding.action;
            for chord in &row.chords {
                let Some(before) = taken.insert(*chord, action) else {
                    continue;
                };
                if before == action {
                    continue;
                }
                let (given, has) = if chosen.contains(&action) {
                    (action, before)
                } else {
                    (before, action)
                };
                return Err(KeysError::Taken {
                    action: given.name(),
                    chord: chord.label(),
                    by: has.name(),
                    place: place.words(),
                });
            }
        }
    }
    Ok(())
}

/// Every action that a key can be given to, each once, in the order of the table.
#[must_use]
pub fn actions() -> Vec<Action> {
    let mut actions: Vec<Action> = Vec::new();
    for binding in BINDINGS {
        if !actions.contains(&binding.action) {
            actions.push(binding.action);
        }
    }
    actions
}

fn named(text: &str) -> Result<(Action, &'static str), KeysError> {
    let all = actions();
    if let Some(action) = all.iter().find(|action| action.name() == text) {
        return Ok((*action, action.name()));
    }
    let names = all.iter().map(|action| action.name());
    Err(KeysError::Action {
        name: crate::domain::text::clean(text),
        nearest: names.min_by_key(|name| distance(name, text)).unwrap_or(""),
    })
}

impl Place {
    /// Where that is, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::List => "on the rows of a tab",
            Self::Page => "on an open row",
            Self::PageRows => "on the rows of an open row",
            Self::Filter => "while a filter is typed",
            Self::Lab => "in the filter lab",
            Self::Naming => "while a filter is named",
            Self::Add => "while an address is typed",
            Self::Help => "in the help",
        }
    }
}

impl Action {
    /// What the configuration calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tab(Tab::Leaderboard) => "leaderboard",
            Self::Tab(Tab::Tracker) => "tracker",
            Self::Tab(Tab::Categories) => "categories",
            Self::Tab(Tab::Features) => "features",
            Self::NextTab => "next_tab",
            Self::PreviousTab => "previous_tab",
            Self::Range(Range::H24) => "range_24h",
            Self::Range(Range::D7) => "range_7d",
            Self::Range(Range::D30) => "range_30d",
            Self::Range(Range::D90) => "range_90d",
            Self::Range(Range::All) => "range_all",
            Self::Shorter => "shorter",
            Self::Longer => "longer",
            Self::Down => "down",
            Self::Up => "up",
            Self::PageDown => "page_down",
            Self::PageUp => "page_up",
            Self::Top => "top",
            Self::Bottom => "bottom",
            Self::Open => "open",
            Self::Back => "back",
            Self::NextSort => "sort",
            Self::ReverseSort => "reverse_sort",
            Self::Mark => "mark",
            Self::SharedDays => "shared_days",
            Self::Filter => "filter",
            Self::KeepFilter => "keep_filter",
            Self::ClearFilter => "clear_filter",
            Self::EraseFilter => "erase_filter",
            Self::Provisional => "provisional",
            Self::Freeze => "freeze",
            Self::Copy => "copy",
            Self::Save => "save",
            Self::Lab => "lab",
            Self::Turn => "lab_set",
            Self::StepUp => "lab_step_up",
            Self::StepDown => "lab_step_down",
            Self::Bonus => "lab_bonus",
            Self::Unset => "lab_any",
            Self::UnsetAll => "lab_any_all",
            Self::Name => "lab_save",
            Self::KeepName => "keep_name",
            Self::EraseName => "erase_name",
            Self::NextSaved => "lab_next",
            Self::ForgetSaved => "lab_forget",
            Self::Add => "add",
            Self::Submit => "add_it",
            Self::EraseAddress => "erase_address",
            Self::ClearAddress => "clear_address",
            Self::PollNow => "poll_now",
            Self::Log => "log",
            Self::Notes => "notes",
            Self::Help => "help",
            Self::Suspend => "suspend",
            Self::Quit => "quit",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crossterm::event::KeyCode;

    use super::*;

    fn keys(choices: &[(&str, &[&str])]) -> Result<Keys, KeysError> {
        let choices: Vec<Choice> = choices
            .iter()
            .map(|(action, chords)| Choice {
                action: (*action).to_owned(),
                chords: chords.iter().map(|c| (*c).to_owned()).collect(),
            })
            .collect();
        Keys::rebound(&choices)
    }

    #[test]
    fn every_action_has_a_name_of_its_own_and_can_be_given_its_own_keys_again() {
        let all = actions();
        let names: HashSet<_> = all.iter().map(|a| a.name()).collect();
        assert_eq!(names.len(), all.len());
        for row in BINDINGS {
            for chord in row.chords {
                assert_eq!(Chord::parse(&chord.label()), Some(*chord));
            }
        }
        assert_eq!(Keys::rebound(&[]).unwrap(), Keys::default());
    }

    #[test]
    fn the_readme_names_every_action() {
        let readme = include_str!("../../README.md");
        for action in actions() {
            let name = format!("`{}`", action.name());
            assert!(readme.contains(&name), "{name}");
        }
    }

    #[test]
    fn a_chosen_key_works_instead_of_the_old_ones_everywhere() {
        let keys = keys(&[("down", &["n", "Ctrl-n"]), ("range_90d", &["N"])]).unwrap();
        for place in [Place::List, Place::Page, Place::Help, Place::Lab] {
            assert_eq!(keys.lookup(place, Chord::char('n')), Some(Action::Down));
            assert_eq!(keys.lookup(place, Chord::ctrl('n')), Some(Action::Down));
            assert_eq!(keys.lookup(place, Chord::char('j')), None);
            assert_eq!(keys.lookup(place, Chord::key(KeyCode::Down)), None);
        }
        // A letter is text while a filter is typed.
        assert_eq!(keys.lookup(Place::Filter, Chord::char('n')), None);
        assert_eq!(
            keys.lookup(Place::Filter, Chord::ctrl('n')),
            Some(Action::Down)
        );
        assert!(keys.hints(Place::Page).iter().any(|h| h.keys == "n k"));
        assert!(
            keys.hints(Place::List)
                .iter()
                .any(|h| h.keys == "d w m N a")
        );
    }

    #[test]
    fn two_keys_can_change_places_and_one_can_go() {
        let keys = keys(&[("sort", &["S"]), ("reverse_sort", &["s"]), ("freeze", &[])]).unwrap();
        let look = |c| keys.lookup(Place::List, Chord::char(c));
        assert_eq!(look('S'), Some(Action::NextSort));
        assert_eq!(look('s'), Some(Action::ReverseSort));
        assert_eq!(look(' '), None);
        assert!(keys.hints(Place::List).iter().any(|h| h.keys == "S s"));
        assert!(!keys.hints(Place::List).iter().any(|h| h.label == "freeze"));
    }

    #[test]
    fn what_cannot_be_is_refused_in_words_that_name_the_nearest() {
        for (choice, says) in [
            (
                ("dwon", &["n"] as &[&str]),
                "there is no action 'keys.dwon'; did you mean 'keys.down'?",
            ),
            (
                ("down", &["Ctl-n"]),
                "keys.down = 'Ctl-n' is no key; did you mean 'Ctrl-N'?",
            ),
            (
                ("down", &["PageDwn"]),
                "keys.down = 'PageDwn' is no key; did you mean 'PgDn'?",
            ),
            (
                ("down", &["q"]),
                "keys.down = 'q' is taken by keys.quit (on the rows of a tab)",
            ),
            (
                ("copy", &["Ctrl-c"]),
                "keys.copy = 'Ctrl-C' is taken by keys.quit (on the rows of a tab)",
            ),
        ] {
            assert_eq!(keys(&[choice]).unwrap_err().to_string(), says);
        }
    }

    #[test]
    fn the_program_can_always_be_left() {
        let keys = keys(&[("quit", &["Q"])]).unwrap();
        for place in Place::EACH {
            assert_eq!(keys.lookup(place, Chord::ctrl('c')), Some(Action::Quit));
        }
        assert_eq!(keys.lookup(Place::List, Chord::char('q')), None);
        assert_eq!(
            keys.lookup(Place::List, Chord::char('Q')),
            Some(Action::Quit)
        );
    }
}
