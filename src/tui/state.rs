//! What the dashboard remembers between two frames: pure data.
//!
//! Knows: tabs, selection, order, filter, what is shown and what is asked for. Must never know:
//! the terminal, channels, time.

use std::sync::Arc;

use crate::domain::Range;
use crate::view::{Block, Header, Line, Order, Page, Question, Screen, Tab, Tone, format};

use super::keymap::Place;

/// How many ticks of a second a toast stays.
const TOAST_TICKS: u8 = 4;

/// Everything between two frames.
#[derive(Debug)]
pub struct State {
    /// The tab in front.
    pub tab: Tab,
    /// The range asked for; the one shown is with what is shown.
    pub requested: Range,
    /// With calls still in their window.
    pub provisional: bool,
    /// New data waits.
    pub frozen: bool,
    /// A filter is being typed.
    pub typing: bool,
    /// An address is being typed.
    pub adding: Option<Adding>,
    /// Ticks until the bell may ring again.
    pub bell_rests: u8,
    /// The help is open, scrolled by so many lines.
    pub help: Option<usize>,
    /// Only what contains this is shown of the help.
    pub help_search: String,
    /// The open page.
    pub page: Option<OpenPage>,
    /// The filter lab, while it is open.
    pub lab: Option<super::lab::Lab>,
    /// Filters saved since the start, and the one last worked on.
    pub saves: Vec<crate::view::lab::SavedFilter>,
    /// The filter that the lab opens with: the one it was left with.
    pub last_filter: crate::view::lab::Filter,
    /// What stands above every tab.
    pub header: Header,
    /// A notice.
    pub toast: Option<Toast>,
    /// The keys in force.
    pub keys: super::rebind::Keys,
    /// What the last frame measured.
    pub drawn: Drawn,
    lists: [List; 4],
    epoch: u64,
    /// The last epoch that changed what a tab shows.
    screens_since: u64,
    /// The last epoch that changed what a page shows.
    page_since: u64,
    /// The last epoch that changed what the lab shows.
    lab_since: u64,
}

/// One tab: its rows and where the user is in them.
#[derive(Debug, Default)]
pub struct List {
    /// What is on screen; `None` before the first answer.
    pub shown: Option<Shown>,
    /// Newer data that waits while frozen.
    pub waiting: Option<Shown>,
    /// Whether what is shown answers the present question.
    pub answered: bool,
    /// The chosen order; `None` as built.
    pub order: Option<Order>,
    /// The key of the row that waits for a second one to be compared with.
    pub marked: Option<String>,
    /// Only rows that contain this.
    pub filter: String,
    /// Indices of the rows on view, in order.
    pub arranged: Vec<usize>,
    /// Indices of all rows, in order.
    ordered: Vec<usize>,
    /// Where the selected row is in `arranged`.
    pub position: usize,
    /// The first row on screen.
    pub offset: usize,
    /// The key of the selected row.
    selected: Option<String>,
    /// The key of the row that the user chose last: it is selected again when it comes back from
    /// beyond a filter or a range.
    wanted: Option<String>,
    /// The user has chosen a row; before that the selection stays at the top.
    chosen: bool,
}

/// A screen and the range its numbers are of.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// What is shown.
    pub screen: Arc<Screen>,
    /// The range of its numbers.
    pub range: Range,
}

/// The key of the page that holds what is said around the rows of a tab or of the lab: it is drawn from
/// their screen, and nobody is asked for it.
const NOTES: &str = "\u{1}notes";

/// A row that was opened.
#[derive(Debug)]
pub struct OpenPage {
    /// The tab of the row.
    pub tab: Tab,
    /// The key of the row.
    pub key: String,
    /// What `y` copies.
    pub copy: String,
    /// The answer; `None` before it came.
    pub page: Option<Page>,
    /// Newer data that waits while frozen.
    pub waiting: Option<Page>,
    /// The range its figures are of.
    pub range: Range,
    /// Whether it answers the present question.
    pub answered: bool,
    /// The first line on screen.
    pub scroll: usize,
    /// Its rows, opened to be sorted and filtered.
    pub rows: Option<List>,
}

impl OpenPage {
    /// A page that is asked for.
    #[must_use]
    pub const fn new(tab: Tab, key: String, copy: String, range: Range) -> Self {
        Self {
            tab,
            key,
            copy,
            page: None,
            waiting: None,
            range,
            answered: false,
            scroll: 0,
            rows: None,
        }
    }

    /// Everything that is said around the rows of a tab.
    #[must_use]
    pub fn notes(tab: Tab, range: Range) -> Self {
        Self::new(tab, NOTES.to_owned(), String::new(), range)
    }

    /// Whether it is [`Self::notes`].
    #[must_use]
    pub fn is_notes(&self) -> bool {
        self.key == NOTES
    }

    /// Shows an answer; open rows follow it as soon as it has any.
    pub fn show(&mut self, page: Page) {
        if let (Some(rows), Some(shown)) = (&mut self.rows, shown_rows(&page, self.range)) {
            rows.shown = Some(shown);
            rows.arrange();
        }
        self.page = Some(page);
    }

    /// Opens its rows; says whether it has any.
    pub fn open_rows(&mut self) -> bool {
        let shown = self.page.as_ref().and_then(|p| shown_rows(p, self.range));
        let Some(shown) = shown else {
            return false;
        };
        let mut rows = List {
            shown: Some(shown),
            answered: true,
            ..List::default()
        };
        rows.arrange();
        self.rows = Some(rows);
        true
    }
}

/// The long table of a page as a screen of its own.
fn shown_rows(page: &Page, range: Range) -> Option<Shown> {
    let table = page.rows()?;
    let screen = Screen {
        above: vec![Block::Text(vec![Line::toned(
            page.title.clone(),
            Tone::Strong,
        )])],
        count: format::count(table.rows.len(), "trade"),
        table: table.clone(),
        ..Screen::default()
    };
    Some(Shown {
        screen: Arc::new(screen),
        range,
    })
}

/// An address that is being typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Adding {
    /// As far as it is typed.
    pub text: String,
    /// What was wrong with it.
    pub said: Option<String>,
    /// It was sent, and is being looked up.
    pub waiting: bool,
}

/// A short notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// What it says.
    pub text: String,
    /// Ticks until it goes.
    pub left: u8,
}

/// What a frame measured, for the next key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drawn {
    /// Rows of the table, lines of the page or of the help that fit.
    pub fits: usize,
    /// Lines of the page or of the help there are.
    pub lines: usize,
    /// The first row or line on screen.
    pub offset: usize,
}

impl State {
    /// Before any data.
    #[must_use]
    pub fn new(tab: Tab, range: Range) -> Self {
        Self {
            tab,
            requested: range,
            provisional: false,
            frozen: false,
            typing: false,
            adding: None,
            bell_rests: 0,
            help: None,
            help_search: String::new(),
            page: None,
            lab: None,
            saves: Vec::new(),
            last_filter: crate::view::lab::Filter::default(),
            header: Header::default(),
            toast: None,
            keys: super::rebind::Keys::default(),
            drawn: Drawn::default(),
            lists: <[List; 4]>::default(),
            epoch: 1,
            screens_since: 1,
            page_since: 1,
            lab_since: 1,
        }
    }

    /// What has the keys.
    #[must_use]
    pub const fn place(&self) -> Place {
        if self.adding.is_some() {
            Place::Add
        } else if self.typing {
            Place::Filter
        } else if self.help.is_some() {
            Place::Help
        } else if let Some(page) = &self.page {
            if page.rows.is_some() {
                Place::PageRows
            } else {
                Place::Page
            }
        } else if let Some(lab) = &self.lab {
            if lab.naming.is_some() {
                Place::Naming
            } else {
                Place::Lab
            }
        } else {
            Place::List
        }
    }

    /// The rows that have the keys: those of the open page, of the lab, or of the tab in front.
    #[must_use]
    pub fn list(&self) -> &List {
        match (&self.page, &self.lab) {
            (
                Some(OpenPage {
                    rows: Some(rows), ..
                }),
                _,
            ) => rows,
            (_, Some(lab)) => &lab.list,
            _ => &self.lists[self.tab.index()],
        }
    }

    /// The rows that have the keys.
    pub fn list_mut(&mut self) -> &mut List {
        match (&mut self.page, &mut self.lab) {
            (
                Some(OpenPage {
                    rows: Some(rows), ..
                }),
                _,
            ) => rows,
            (_, Some(lab)) => &mut lab.list,
            _ => &mut self.lists[self.tab.index()],
        }
    }

    /// What is typed into: the search of the help while it is open, else the filter of the rows.
    #[must_use]
    pub fn typed(&self) -> &str {
        match self.help {
            Some(_) => &self.help_search,
            None => &self.list().filter,
        }
    }

    /// Changes what is typed, and what is shown by it; says whether anything changed.
    pub fn retype(&mut self, change: impl FnOnce(&mut String)) -> bool {
        let text = match self.help {
            Some(_) => &mut self.help_search,
            None => &mut self.list_mut().filter,
        };
        let before = text.clone();
        change(text);
        let changed = *text != before;
        if let (true, Some(scroll)) = (changed, &mut self.help) {
            *scroll = 0;
        } else if changed {
            self.list_mut().narrow();
        }
        changed
    }

    /// The list of any tab.
    pub const fn list_of(&mut self, tab: Tab) -> &mut List {
        &mut self.lists[tab.index()]
    }

    /// Every list.
    pub const fn lists_mut(&mut self) -> &mut [List; 4] {
        &mut self.lists
    }

    /// The range of the numbers on screen; before any, the one asked for.
    #[must_use]
    pub fn shown_range(&self) -> Range {
        match &self.page {
            Some(page) if !page.is_notes() => page.range,
            _ => self
                .list()
                .shown
                .as_ref()
                .map_or(self.requested, |s| s.range),
        }
    }

    /// The open page, where one is asked for.
    fn opened(&self) -> Option<&OpenPage> {
        self.page.as_ref().filter(|page| !page.is_notes())
    }

    /// Whether the rows of a tab, or what is said around them, are in front.
    #[must_use]
    pub fn shows(&self, tab: Tab) -> bool {
        tab == self.tab && self.opened().is_none() && self.help.is_none()
    }

    /// The question as it stands.
    #[must_use]
    pub fn question(&self) -> Question {
        Question {
            epoch: self.epoch,
            tab: self.tab,
            range: self.requested,
            provisional: self.provisional,
            open: self.opened().map(|p| (p.tab, p.key.clone())),
            frozen: self.frozen,
            lab: self.lab.as_ref().map(|lab| lab.filter.clone()),
            saves: self.saves.clone(),
        }
    }

    /// A new question: everything on screen waits for its answer.
    pub fn ask_all(&mut self) {
        self.epoch += 1;
        self.screens_since = self.epoch;
        self.page_since = self.epoch;
        self.lab_since = self.epoch;
        for list in &mut self.lists {
            list.answered = false;
            list.waiting = None;
        }
        if let Some(page) = &mut self.page {
            page.answered = false;
            page.waiting = None;
        }
    }

    /// A new question that only a page answers anew.
    pub fn ask_page(&mut self) {
        self.epoch += 1;
        self.page_since = self.epoch;
    }

    /// A new question whose answers so far stay good: another tab in front, frozen or not.
    pub fn ask_same(&mut self) {
        self.epoch += 1;
    }

    /// Whether a screen of that epoch answers the present question.
    #[must_use]
    pub const fn takes_screen(&self, epoch: u64) -> bool {
        epoch >= self.screens_since
    }

    /// A new question that only the lab answers anew.
    pub fn ask_lab(&mut self) {
        self.epoch += 1;
        self.lab_since = self.epoch;
    }

    /// Whether a lab of that epoch answers the present question.
    #[must_use]
    pub const fn takes_lab(&self, epoch: u64) -> bool {
        epoch >= self.lab_since
    }

    /// Whether a page of that epoch answers the present question.
    #[must_use]
    pub const fn takes_page(&self, epoch: u64) -> bool {
        epoch >= self.page_since
    }

    /// Says something for a few seconds.
    pub fn say(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast {
            text: text.into(),
            left: TOAST_TICKS,
        });
    }

    /// Takes in what the last frame measured.
    pub fn settle(&mut self, drawn: Drawn) {
        self.drawn = drawn;
        if let Some(scroll) = &mut self.help {
            *scroll = drawn.offset;
        } else if let Some(page) = self.page.as_mut().filter(|p| p.rows.is_none()) {
            page.scroll = drawn.offset;
        } else {
            self.list_mut().offset = drawn.offset;
        }
    }
}

impl List {
    /// The key of the selected row.
    #[must_use]
    pub fn selected(&self) -> Option<&str> {
        self.selected.as_deref()
    }

    /// The selected row.
    #[must_use]
    pub fn row(&self) -> Option<&crate::view::Row> {
        let table = &self.shown.as_ref()?.screen.table;
        table.rows.get(*self.arranged.get(self.position)?)
    }

    /// Selects by place among the rows on view; says whether anything changed.
    pub fn select(&mut self, position: usize) -> bool {
        let position = position.min(self.arranged.len().saturating_sub(1));
        let before = (self.position, self.selected.clone());
        self.chosen = true;
        self.position = position;
        self.selected = self.row().map(|row| row.key.clone());
        self.wanted.clone_from(&self.selected);
        before != (self.position, self.selected.clone())
    }

    /// Puts rows in order after the data, the order or the filter changed. A chosen row stays
    /// selected; when it is gone, its place does. Before any was chosen, the newest may come in on
    /// top without the screen running away from it.
    pub fn arrange(&mut self) {
        let Some(shown) = &self.shown else {
            return;
        };
        let Screen { table, sorted, .. } = shown.screen.as_ref();
        self.ordered = sorted.rows(table, self.order);
        self.narrow();
    }

    /// Takes out the rows that the filter does not match, after only that has changed.
    pub fn narrow(&mut self) {
        let Some(shown) = &self.shown else {
            return;
        };
        let table = &shown.screen.table;
        let needle = self.filter.trim().to_lowercase();
        self.arranged = if needle.is_empty() {
            self.ordered.clone()
        } else {
            let found = shown.screen.folded.matching(table, &needle);
            let rows = self.ordered.iter().copied();
            rows.filter(|i| found.get(*i).is_some_and(|found| *found))
                .collect()
        };
        let place = |key: &str| {
            let rows = |i: &usize| table.rows.get(*i).is_some_and(|row| row.key == key);
            self.arranged.iter().position(rows)
        };
        let wanted = self.wanted.as_deref().and_then(place);
        let kept = wanted.or_else(|| self.selected.as_deref().and_then(place));
        match kept {
            Some(position) if self.chosen => {
                self.position = position;
                self.selected = self.row().map(|row| row.key.clone());
            }
            _ => {
                let (chosen, wanted) = (self.chosen, self.wanted.take());
                self.select(self.position);
                self.chosen = chosen;
                self.wanted = wanted;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Cell, Row, Table};

    fn shown(keys: &[&str]) -> Shown {
        let rows = keys
            .iter()
            .map(|key| Row {
                key: (*key).to_owned(),
                cells: vec![Cell::word(*key)],
                dim: false,
                copy: String::new(),
            })
            .collect();
        let screen = Screen {
            table: Table {
                columns: vec![],
                rows,
            },
            ..Screen::default()
        };
        Shown {
            screen: Arc::new(screen),
            range: Range::D7,
        }
    }

    #[test]
    fn until_a_row_is_chosen_the_selection_stays_at_the_top() {
        let mut list = List {
            shown: Some(shown(&["b"])),
            ..List::default()
        };
        list.arrange();
        list.shown = Some(shown(&["a", "b"]));
        list.arrange();
        assert_eq!((list.selected(), list.position), (Some("a"), 0));
        list.select(0);
        list.shown = Some(shown(&["new", "a", "b"]));
        list.arrange();
        assert_eq!((list.selected(), list.position), (Some("a"), 1));
    }

    #[test]
    fn the_selection_stays_with_its_row() {
        let mut list = List {
            shown: Some(shown(&["a", "b", "c"])),
            ..List::default()
        };
        list.arrange();
        assert_eq!(list.selected(), Some("a"));
        assert!(list.select(1));
        list.shown = Some(shown(&["x", "c", "b", "a"]));
        list.arrange();
        assert_eq!((list.selected(), list.position), (Some("b"), 2));
        list.shown = Some(shown(&["x", "c"]));
        list.arrange();
        assert_eq!((list.selected(), list.position), (Some("c"), 1));
        list.shown = Some(shown(&[]));
        list.arrange();
        assert_eq!((list.selected(), list.position), (None, 0));
        assert!(list.row().is_none());
        // What was chosen last comes back.
        list.shown = Some(shown(&["x", "b"]));
        list.arrange();
        assert_eq!((list.selected(), list.position), (Some("b"), 1));
        list.select(0);
        list.shown = Some(shown(&["b", "x"]));
        list.arrange();
        assert_eq!((list.selected(), list.position), (Some("x"), 1));
    }

    #[test]
    fn an_older_answer_is_not_taken_and_another_tab_keeps_answers_good() {
        let mut state = State::new(Tab::Tracker, Range::D7);
        let first = state.question().epoch;
        state.ask_same();
        assert!(state.takes_screen(first));
        state.ask_page();
        assert!(state.takes_screen(first) && !state.takes_page(first));
        state.ask_all();
        assert!(!state.takes_screen(first));
        assert!(state.takes_screen(state.question().epoch));
    }
}
