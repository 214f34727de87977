//! What the rest of the program tells the dashboard.
//!
//! Knows: screens, pages and the header as data. Must never know: where they come from.

use std::sync::Arc;

use crate::domain::Range;
use crate::view::{Header, Page, Screen, Tab};

/// Something for the dashboard to show. An answer carries the epoch of the question it answers;
/// a refresh of the same question carries the same epoch again.
#[derive(Debug, Clone)]
pub enum Message {
    /// One tab, as asked.
    Screen {
        /// [`crate::view::Question::epoch`] of the question that this answers.
        epoch: u64,
        /// Which tab it is.
        tab: Tab,
        /// The range its numbers are of: what the header marks while it is shown.
        range: Range,
        /// What to show.
        screen: Arc<Screen>,
    },
    /// The page of one row, as asked.
    Page {
        /// [`crate::view::Question::epoch`] of the question that this answers.
        epoch: u64,
        /// The tab of the row.
        tab: Tab,
        /// The key of the row.
        key: String,
        /// What to show.
        page: Page,
    },
    /// The filter lab, as asked.
    Lab {
        /// [`crate::view::Question::epoch`] of the question that this answers.
        epoch: u64,
        /// The range its numbers are of.
        range: Range,
        /// What to show, and what its keys work on.
        view: Box<crate::view::lab::LabView>,
    },
    /// What stands above every tab.
    Header(Header),
    /// Something happened that rings the bell.
    Bell,
    /// Something to be said for a few seconds.
    Say(String),
    /// What came of an address that was typed.
    Added {
        /// In words.
        said: String,
        /// Whether it is added; else there is something to be changed.
        done: bool,
    },
}

/// Something that the user asks of the program, beside what is to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// The token of a call, by the key of its row, is to be polled now.
    PollNow(String),
    /// The filter saved under this name is to be forgotten.
    Forget(String),
    /// A token is to be called: its address, with its chain before it or without.
    Add(String),
}
