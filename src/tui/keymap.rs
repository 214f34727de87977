//! The one table of keys: it drives dispatch, the help overlay and the hints in the footer.
//!
//! Knows: actions, contexts, chords. Must never know: what an action does, or how it is drawn.

use crossterm::event::KeyCode;

use crate::domain::Range;
use crate::view::Tab;

pub use super::chord::Chord;

/// Everything a key can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Go to a tab.
    Tab(Tab),
    /// Go to the tab on the right.
    NextTab,
    /// Go to the tab on the left.
    PreviousTab,
    /// Look back this far.
    Range(Range),
    /// Look back a step less far.
    Shorter,
    /// Look back a step farther.
    Longer,
    /// One row or line down.
    Down,
    /// One row or line up.
    Up,
    /// One screen down.
    PageDown,
    /// One screen up.
    PageUp,
    /// To the first row or line.
    Top,
    /// To the last row or line.
    Bottom,
    /// Open the selected row.
    Open,
    /// Leave what is open.
    Back,
    /// Sort by the next column.
    NextSort,
    /// Turn the order round.
    ReverseSort,
    /// Mark the row; two marked rows are compared.
    Mark,
    /// Compare on shared days only, or on all.
    SharedDays,
    /// Start to type a filter.
    Filter,
    /// Keep the filter and go back to the rows.
    KeepFilter,
    /// Drop the filter.
    ClearFilter,
    /// Take the last character of the filter away.
    EraseFilter,
    /// With or without calls still in their window.
    Provisional,
    /// Let new data wait, or take it in.
    Freeze,
    /// Start to type the address of a token.
    Add,
    /// Call what was typed.
    Submit,
    /// Take the last character of the address away.
    EraseAddress,
    /// Take all of the address away.
    ClearAddress,
    /// Poll the selected token now.
    PollNow,
    /// Open the log of notices.
    Log,
    /// Open everything that is said around the rows.
    Notes,
    /// Copy what the selected row is known by.
    Copy,
    /// Save the rows on view to a file.
    Save,
    /// Open the filter lab.
    Lab,
    /// The selected feature on to its next setting.
    Turn,
    /// The selected threshold a step up.
    StepUp,
    /// The selected threshold a step down.
    StepDown,
    /// The selected flag counts a point more to the score.
    Bonus,
    /// Ask nothing of the selected feature.
    Unset,
    /// Ask nothing of any feature.
    UnsetAll,
    /// Start to type a name for the filter.
    Name,
    /// Keep the filter under the typed name.
    KeepName,
    /// Take the last character of the name away.
    EraseName,
    /// Take up the next saved filter.
    NextSaved,
    /// Forget the saved filter that was taken up.
    ForgetSaved,
    /// Open or close the help.
    Help,
    /// Back to the shell for a while.
    Suspend,
    /// Leave the program.
    Quit,
}

/// Where a key works. [`Place::contexts`] says which of them are active together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// On every screen where letters are commands.
    Always,
    /// On a list or a page.
    View,
    /// On any rows that can be sorted.
    Rows,
    /// On the rows of a tab.
    List,
    /// On an open page.
    Page,
    /// On the rows of an open page.
    PageRows,
    /// While a filter is typed.
    Filter,
    /// In the filter lab.
    Lab,
    /// While a name for a filter is typed.
    Naming,
    /// While an address is typed.
    Add,
    /// While the help is open.
    Help,
}

/// What has the keys at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// A list of rows.
    List,
    /// An open page.
    Page,
    /// The rows of an open page.
    PageRows,
    /// A filter being typed.
    Filter,
    /// The filter lab.
    Lab,
    /// A name for a filter being typed.
    Naming,
    /// An address being typed.
    Add,
    /// The help.
    Help,
}

impl Place {
    /// Every place.
    pub const EACH: [Self; 8] = [
        Self::List,
        Self::Page,
        Self::PageRows,
        Self::Filter,
        Self::Lab,
        Self::Naming,
        Self::Add,
        Self::Help,
    ];

    /// The contexts whose keys work here.
    #[must_use]
    pub const fn contexts(self) -> &'static [Context] {
        match self {
            Self::List => &[Context::List, Context::Rows, Context::View, Context::Always],
            Self::Page => &[Context::Page, Context::View, Context::Always],
            Self::PageRows => &[
                Context::PageRows,
                Context::Rows,
                Context::View,
                Context::Always,
            ],
            Self::Filter => &[Context::Filter],
            Self::Lab => &[Context::Lab, Context::View, Context::Always],
            Self::Naming => &[Context::Naming],
            Self::Add => &[Context::Add],
            Self::Help => &[Context::Help, Context::Always],
        }
    }
}

impl Context {
    /// Every context, in the order of the help.
    pub const EACH: [Self; 11] = [
        Self::View,
        Self::Rows,
        Self::List,
        Self::Filter,
        Self::Add,
        Self::Page,
        Self::PageRows,
        Self::Lab,
        Self::Naming,
        Self::Help,
        Self::Always,
    ];

    /// The heading in the help.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Always => "Everywhere",
            Self::View => "Tabs and ranges",
            Self::Rows => "Rows",
            Self::List => "Rows of a tab",
            Self::PageRows => "Rows of an open row",
            Self::Page => "An open row",
            Self::Filter => "While typing a filter",
            Self::Lab => "Filter lab",
            Self::Naming => "While naming a filter",
            Self::Add => "While typing an address",
            Self::Help => "This help",
        }
    }
}

/// A hint in the footer. One hint may stand for several rows of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    /// The lowest stays longest when the line is short.
    pub order: u8,
    /// The keys, as short as can be.
    pub keys: &'static str,
    /// What they do.
    pub label: &'static str,
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// What it does.
    pub action: Action,
    /// Where it works.
    pub context: Context,
    /// The chords, any of which will do.
    pub chords: &'static [Chord],
    /// One line for the help.
    pub help: &'static str,
    /// What the footer says of it, if it does.
    pub hint: Option<Hint>,
}

/// What a chord does in a place.
#[must_use]
pub fn lookup(place: Place, chord: Chord) -> Option<Action> {
    place.contexts().iter().find_map(|context| {
        BINDINGS
            .iter()
            .find(|b| b.context == *context && b.chords.contains(&chord))
            .map(|b| b.action)
    })
}

/// The hints of a place, the most important first.
#[must_use]
pub fn hints(place: Place) -> Vec<Hint> {
    let mut hints: Vec<Hint> = BINDINGS
        .iter()
        .filter(|b| place.contexts().contains(&b.context))
        .filter_map(|b| b.hint)
        .collect();
    hints.sort_by_key(|hint| hint.order);
    hints
}

/// The rows of the table that the help lists under a context.
pub fn of(context: Context) -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(move |b| b.context == context)
}

const fn row(
    context: Context,
    action: Action,
    chords: &'static [Chord],
    help: &'static str,
) -> Binding {
    Binding {
        action,
        context,
        chords,
        help,
        hint: None,
    }
}

impl Binding {
    const fn hint(mut self, order: u8, keys: &'static str, label: &'static str) -> Self {
        self.hint = Some(Hint { order, keys, label });
        self
    }
}

const DOWN: &[Chord] = &[Chord::char('j'), Chord::key(KeyCode::Down)];
const UP: &[Chord] = &[Chord::char('k'), Chord::key(KeyCode::Up)];
const PAGE_DOWN: &[Chord] = &[Chord::key(KeyCode::PageDown)];
const PAGE_UP: &[Chord] = &[Chord::key(KeyCode::PageUp)];
const TOP: &[Chord] = &[Chord::char('g'), Chord::key(KeyCode::Home)];
const BOTTOM: &[Chord] = &[Chord::char('G'), Chord::key(KeyCode::End)];
const SUSPEND: &[Chord] = &[Chord::ctrl('z')];
const ESC: &[Chord] = &[Chord::key(KeyCode::Esc)];

/// Every key there is.
#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &{
    use Action as A;
    use Context::{Add, Always, Filter, Help, Lab, List, Naming, Page, PageRows, Rows, View};
    [
        row(View, A::Tab(Tab::Leaderboard), &[Chord::char('1')], "models by what they earned")
            .hint(30, "1-4", "tab"),
        row(View, A::Tab(Tab::Tracker), &[Chord::char('2')], "calls, live"),
        row(View, A::Tab(Tab::Categories), &[Chord::char('3')], "how calls ended"),
        row(View, A::Tab(Tab::Features), &[Chord::char('4')], "what separates pumps from rugs"),
        row(View, A::NextTab, &[Chord::key(KeyCode::Tab)], "next tab"),
        row(View, A::PreviousTab, &[Chord::key(KeyCode::BackTab)], "previous tab"),
        row(View, A::Range(Range::H24), &[Chord::char('d')], "the last 24 hours")
            .hint(40, "d w m n a", "range"),
        row(View, A::Range(Range::D7), &[Chord::char('w')], "the last 7 days"),
        row(View, A::Range(Range::D30), &[Chord::char('m')], "the last 30 days"),
        row(View, A::Range(Range::D90), &[Chord::char('n')], "the last 90 days"),
        row(View, A::Range(Range::All), &[Chord::char('a')], "everything"),
        row(View, A::Shorter, &[Chord::char('[')], "a shorter range"),
        row(View, A::Longer, &[Chord::char(']')], "a longer range"),
        row(View, A::Provisional, &[Chord::char('p')], "with or without calls still in their window")
            .hint(90, "p", "provisional"),
        row(View, A::Freeze, &[Chord::char(' ')], "freeze: new data waits until you press it again")
            .hint(100, "space", "freeze"),
        row(List, A::PollNow, &[Chord::char('r')], "poll the selected token now (Tracker)")
            .hint(115, "r", "poll now"),
        row(List, A::Log, &[Chord::char('l')], "the log of notices, and the feeds")
            .hint(125, "l", "log"),
        row(List, A::Notes, &[Chord::char('i')], "all that is said around the rows")
            .hint(105, "i", "notes"),
        row(List, A::Add, &[Chord::char('+')], "call a token yourself: paste its address")
            .hint(130, "+", "add"),
        row(Page, A::PollNow, &[Chord::char('r')], "poll its token now"),
        row(Page, A::Log, &[Chord::char('l')], "the log of notices, and back"),
        row(Page, A::Notes, &[Chord::char('i')], "all that is said around the rows, and back"),
        row(Rows, A::Down, DOWN, "down"),
        row(Rows, A::Up, UP, "up"),
        row(Rows, A::PageDown, PAGE_DOWN, "a screen down"),
        row(Rows, A::PageUp, PAGE_UP, "a screen up"),
        row(Rows, A::Top, TOP, "first row"),
        row(Rows, A::Bottom, BOTTOM, "last row"),
        row(List, A::Open, &[Chord::key(KeyCode::Enter)], "open the row").hint(50, "Enter", "open"),
        row(Rows, A::NextSort, &[Chord::char('s')], "sort by the next column, at last as built")
            .hint(60, "s S", "sort"),
        row(Rows, A::ReverseSort, &[Chord::char('S')], "turn the order round"),
        row(Rows, A::Filter, &[Chord::char('/')], "show only rows that contain a text")
            .hint(70, "/", "filter"),
        row(List, A::ClearFilter, ESC, "drop the filter"),
        row(List, A::Mark, &[Chord::char('c')], "mark a row: two marked are compared"),
        row(Rows, A::Copy, &[Chord::char('y')], "copy the row's address or id to your clipboard")
            .hint(80, "y", "copy"),
        row(List, A::Save, &[Chord::char('e')], "save these rows to a CSV file in this folder")
            .hint(120, "e", "save"),
        row(List, A::Lab, &[Chord::char('f')], "filter lab: what a filter would have done")
            .hint(110, "f", "lab"),
        row(Lab, A::Down, DOWN, "down"),
        row(Lab, A::Up, UP, "up"),
        row(Lab, A::PageDown, PAGE_DOWN, "a screen down"),
        row(Lab, A::PageUp, PAGE_UP, "a screen up"),
        row(Lab, A::Top, TOP, "first feature"),
        row(Lab, A::Bottom, BOTTOM, "last feature"),
        row(Lab, A::Turn, &[Chord::key(KeyCode::Enter)], "set it: required, forbidden; >=, <=; a word")
            .hint(3, "Enter", "set"),
        row(Lab, A::StepUp, &[Chord::char('+'), Chord::char('='), Chord::key(KeyCode::Right)], "threshold a step up")
            .hint(4, "+ -", "step"),
        row(Lab, A::StepDown, &[Chord::char('-'), Chord::key(KeyCode::Left)], "threshold a step down"),
        row(Lab, A::Bonus, &[Chord::char('b')], "flag counts 1, 2, 3, 0 points more to the score")
            .hint(5, "b", "bonus"),
        row(Lab, A::Unset, &[Chord::char('x')], "ask nothing of it").hint(6, "x", "any"),
        row(Lab, A::UnsetAll, &[Chord::char('X')], "ask nothing at all"),
        row(Lab, A::Name, &[Chord::char('s')], "save the filter under a name").hint(7, "s", "save"),
        row(Lab, A::NextSaved, &[Chord::char('o')], "take up the next saved filter").hint(8, "o", "open"),
        row(Lab, A::ForgetSaved, &[Chord::char('D')], "forget the saved filter that was taken up"),
        row(Lab, A::Notes, &[Chord::char('i')], "all that is said around the features").hint(10, "i", "notes"),
        row(Lab, A::Copy, &[Chord::char('y')], "copy it for --where").hint(9, "y", "copy"),
        row(Lab, A::Back, &[Chord::key(KeyCode::Esc), Chord::char('f')], "back to the features")
            .hint(0, "Esc", "back"),
        row(Naming, A::KeepName, &[Chord::key(KeyCode::Enter)], "save").hint(1, "Enter", "save"),
        row(Naming, A::Back, ESC, "do not save").hint(2, "Esc", "drop"),
        row(Naming, A::EraseName, &[Chord::key(KeyCode::Backspace), Chord::ctrl('h')], "take the last character away"),
        row(Naming, A::Suspend, SUSPEND, "back to the shell; fg returns"),
        row(Naming, A::Quit, &[Chord::ctrl('c')], "quit"),
        row(Filter, A::KeepFilter, &[Chord::key(KeyCode::Enter)], "keep it")
            .hint(1, "Enter", "keep"),
        row(Filter, A::ClearFilter, ESC, "drop it").hint(2, "Esc", "drop"),
        row(Filter, A::EraseFilter, &[Chord::key(KeyCode::Backspace), Chord::ctrl('h')], "take the last character away"),
        row(Filter, A::Down, &[Chord::key(KeyCode::Down)], "down"),
        row(Filter, A::Up, &[Chord::key(KeyCode::Up)], "up"),
        row(Filter, A::Suspend, SUSPEND, "back to the shell; fg returns"),
        row(Filter, A::Quit, &[Chord::ctrl('c')], "quit"),
        row(Add, A::Submit, &[Chord::key(KeyCode::Enter)], "call it").hint(1, "Enter", "add"),
        row(Add, A::Back, ESC, "close").hint(2, "Esc", "close"),
        row(Add, A::EraseAddress, &[Chord::key(KeyCode::Backspace), Chord::ctrl('h')], "take the last character away"),
        row(Add, A::ClearAddress, &[Chord::ctrl('u')], "take all of it away"),
        row(Add, A::Quit, &[Chord::ctrl('c')], "quit"),
        row(Page, A::Down, DOWN, "a line down").hint(60, "j k", "scroll"),
        row(Page, A::Up, UP, "a line up"),
        row(Page, A::PageDown, PAGE_DOWN, "a screen down"),
        row(Page, A::PageUp, PAGE_UP, "a screen up"),
        row(Page, A::Top, TOP, "to the top"),
        row(Page, A::Bottom, BOTTOM, "to the end"),
        row(Page, A::Copy, &[Chord::char('y')], "copy its address or id to your clipboard")
            .hint(80, "y", "copy"),
        row(Page, A::Open, &[Chord::key(KeyCode::Enter)], "its rows, to sort and to filter"),
        row(Page, A::SharedDays, &[Chord::char('c')], "compare on shared days only, or all"),
        row(Page, A::Back, ESC, "back to the rows").hint(0, "Esc", "back"),
        row(PageRows, A::Back, ESC, "drop the filter, then back to the page").hint(0, "Esc", "back"),
        row(Help, A::Down, DOWN, "a line down").hint(60, "j k", "scroll"),
        row(Help, A::Up, UP, "a line up"),
        row(Help, A::PageDown, PAGE_DOWN, "a screen down"),
        row(Help, A::PageUp, PAGE_UP, "a screen up"),
        row(Help, A::Top, TOP, "to the top"),
        row(Help, A::Bottom, BOTTOM, "to the end"),
        row(Help, A::Filter, &[Chord::char('/')], "show only what contains a text")
            .hint(70, "/", "search"),
        row(Help, A::Back, ESC, "drop the search, then close").hint(0, "Esc", "close"),
        row(Always, A::Help, &[Chord::char('?')], "open or close this help").hint(1, "?", "help"),
        row(Always, A::Suspend, SUSPEND, "back to the shell; fg returns"),
        row(Always, A::Quit, &[Chord::char('q'), Chord::ctrl('c')], "quit").hint(2, "q", "quit"),
    ]
};

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crossterm::event::{KeyEvent, KeyEventKind, KeyModifiers};

    use super::*;

    fn press(code: KeyCode, modifiers: KeyModifiers) -> Option<Chord> {
        Chord::of(&KeyEvent::new(code, modifiers))
    }

    #[test]
    fn no_chord_twice_where_contexts_are_active_together() {
        for place in Place::EACH {
            let mut seen = HashSet::new();
            for binding in BINDINGS {
                if place.contexts().contains(&binding.context) {
                    for chord in binding.chords {
                        assert!(seen.insert(*chord), "{} twice in {place:?}", chord.label());
                    }
                }
            }
        }
    }

    #[test]
    fn every_row_has_a_chord_and_works_where_it_says() {
        for binding in BINDINGS {
            assert!(!binding.chords.is_empty(), "{binding:?}");
            let place = Place::EACH
                .into_iter()
                .find(|p| p.contexts().contains(&binding.context))
                .expect("every context is active somewhere");
            for chord in binding.chords {
                assert_eq!(lookup(place, *chord), Some(binding.action));
            }
        }
    }

    #[test]
    fn modifiers_are_exact() {
        let z = press(KeyCode::Char('q'), KeyModifiers::CONTROL).unwrap();
        assert_eq!(lookup(Place::List, z), None);
        let alt = press(KeyCode::Char('q'), KeyModifiers::ALT).unwrap();
        assert_eq!(lookup(Place::List, alt), None);
        let up = press(KeyCode::Up, KeyModifiers::SHIFT).unwrap();
        assert_eq!(lookup(Place::List, up), None);
    }

    #[test]
    fn shift_and_the_capital_are_one() {
        let shifted = press(KeyCode::Char('s'), KeyModifiers::SHIFT).unwrap();
        let capital = press(KeyCode::Char('S'), KeyModifiers::NONE).unwrap();
        let both = press(KeyCode::Char('S'), KeyModifiers::SHIFT).unwrap();
        assert_eq!(shifted, capital);
        assert_eq!(both, capital);
        assert_eq!(lookup(Place::List, both), Some(Action::ReverseSort));
        let tab = press(KeyCode::Tab, KeyModifiers::SHIFT).unwrap();
        let back = press(KeyCode::BackTab, KeyModifiers::SHIFT).unwrap();
        assert_eq!(tab, back);
        assert_eq!(lookup(Place::Page, back), Some(Action::PreviousTab));
    }

    #[test]
    fn a_release_is_no_chord_and_a_repeat_is() {
        let mut event = KeyEvent::new(KeyCode::Char('j'), KeyModifiers::NONE);
        event.kind = KeyEventKind::Repeat;
        assert!(Chord::of(&event).is_some());
        event.kind = KeyEventKind::Release;
        assert!(Chord::of(&event).is_none());
    }

    #[test]
    fn every_place_can_be_left_and_quit() {
        let quit = Chord::ctrl('c');
        for place in Place::EACH {
            assert_eq!(lookup(place, quit), Some(Action::Quit), "{place:?}");
            assert!(!hints(place).is_empty());
        }
    }

    #[test]
    fn hints_name_keys_of_their_own_row() {
        for binding in BINDINGS {
            if let Some(hint) = binding.hint {
                let first = hint.keys.split([' ', '-']).next().unwrap();
                assert_eq!(binding.chords[0].label(), first, "{hint:?}");
            }
        }
        for place in Place::EACH {
            let orders: Vec<u8> = hints(place).iter().map(|h| h.order).collect();
            let unique: HashSet<u8> = orders.iter().copied().collect();
            assert_eq!(orders.len(), unique.len(), "{place:?} {orders:?}");
        }
    }
}
