//! What the dashboard remembers between two frames: pure data.
//!
//! Knows: tabs, selection, order, filter, what is shown and what is asked for. Must never know:
//! the terminal, channels, time.

mod list;
mod page;

use crate::domain::Range;
use crate::view::{Header, Question, Tab};

use super::keymap::Place;

pub use list::{List, Shown};
pub use page::OpenPage;

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
    /// Keys that wait for what they are about.
    pub held: super::update::Held,
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
            held: super::update::Held::default(),
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

#[cfg(test)]
mod tests {
    use super::*;

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
