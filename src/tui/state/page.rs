//! What was opened over the rows of a tab: a row, the log, what is said around the rows.
//!
//! Knows: the answer, its scroll, its rows. Must never know: keys, the terminal.

use std::sync::Arc;

use crate::domain::Range;
use crate::view::{Block, Line, NOTICES, Page, Screen, Tab, Tone, format};

use super::{List, Shown};

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
    /// The page that it was opened over, and that comes back after it.
    pub below: Option<Box<Self>>,
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
            below: None,
        }
    }

    /// Everything that is said around the rows of a tab.
    #[must_use]
    pub fn notes(tab: Tab, range: Range) -> Self {
        Self::new(tab, NOTES.to_owned(), String::new(), range)
    }

    /// This page over another.
    #[must_use]
    pub fn over(self, below: Option<Self>) -> Self {
        Self {
            below: below.map(Box::new),
            ..self
        }
    }

    /// Whether it is a row's, neither the log nor [`Self::notes`].
    #[must_use]
    pub fn is_of_a_row(&self) -> bool {
        !self.is_notes() && self.key != NOTICES
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
        self.rows = Some(List::of(shown));
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
