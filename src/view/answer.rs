//! Questions answered: the one place that knows which file builds which tab.

use crate::analytics::Judged;
use crate::board::Board;
use crate::domain::{Notice, Timestamp};
use crate::store::History;
use crate::tracker::FeedHealth;

use super::format::Style;
use super::question::{NOTICES, Question, Tab};
use super::table::{Page, Screen};
use super::{call_page, categories, features, leaderboard, notices, tracker};

/// A board as of an instant, with every call judged once for all tabs.
pub struct Answers<'a> {
    board: &'a Board,
    calls: Vec<Judged>,
    as_of: Timestamp,
    style: Style,
    beside: Beside<'a>,
}

/// What a board does not hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// The latest notices, oldest first.
    pub notices: &'a [Notice],
    /// How the feeds are doing.
    pub feeds: &'a [FeedHealth],
    /// The past of the call whose page is open, once it is read.
    pub history: Option<&'a History>,
}

impl<'a> Answers<'a> {
    /// Judges the calls of a board.
    #[must_use]
    pub fn new(board: &'a Board, as_of: Timestamp, style: Style) -> Self {
        Self {
            board,
            calls: board.judged(as_of),
            as_of,
            style,
            beside: Beside::default(),
        }
    }

    /// With what the board does not hold.
    #[must_use]
    pub const fn beside(mut self, beside: Beside<'a>) -> Self {
        self.beside = beside;
        self
    }

    /// A tab. The leaderboard is complete only `with_ranks`; the other tabs always are.
    #[must_use]
    pub fn screen(&self, question: &Question, tab: Tab, with_ranks: bool) -> Screen {
        let (board, calls, as_of) = (self.board, &self.calls, self.as_of);
        let range = question.range;
        let screen = match tab {
            Tab::Leaderboard => leaderboard::screen(board, range, as_of, self.style, with_ranks),
            Tab::Tracker => tracker::screen(board, calls, range, as_of, self.style),
            Tab::Categories => {
                categories::screen(board, calls, range, as_of, self.style, question.provisional)
            }
            Tab::Features => features::screen(board, calls, range, as_of, question.provisional),
        };
        Screen {
            as_of: format!("{} UTC", as_of.minute_label()),
            partial: tab == Tab::Leaderboard && !with_ranks,
            events: match tab {
                Tab::Tracker => notices::latest(self.beside.notices, as_of),
                _ => Vec::new(),
            },
            ..screen
        }
    }

    /// The page of a row; `None` when the row is gone.
    #[must_use]
    pub fn page(&self, question: &Question, tab: Tab, key: &str) -> Option<Page> {
        let (board, calls, as_of) = (self.board, &self.calls, self.as_of);
        let (range, provisional) = (question.range, question.provisional);
        match tab {
            Tab::Leaderboard => leaderboard::page(board, range, as_of, self.style, key),
            Tab::Tracker if key == NOTICES => {
                Some(notices::page(self.beside.notices, self.beside.feeds, as_of))
            }
            Tab::Tracker => {
                call_page::page(board, calls, as_of, self.style, key, self.beside.history)
            }
            Tab::Categories => {
                categories::page(board, calls, range, as_of, self.style, provisional, key)
            }
            Tab::Features => features::page(board, calls, range, as_of, provisional, key),
        }
    }
}
