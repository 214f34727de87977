//! Questions answered: the one place that knows which file builds which tab.

use crate::analytics::{DeepCache, Judged};
use crate::board::Board;
use crate::domain::{Notice, Timestamp};
use crate::store::History;
use crate::tracker::FeedHealth;

use super::compare_page::{self, PairKey};
use super::format::Style;
use super::question::{NOTICES, Question, Tab};
use super::table::{Page, Screen};
use super::{
    call_page, categories, features, leaderboard, model_page, notices, source_page, tracker,
};

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
        Self::over(board, board.judged(as_of), as_of, style)
    }

    /// Answers over some of the calls, judged already.
    #[must_use]
    pub fn over(board: &'a Board, calls: Vec<Judged>, as_of: Timestamp, style: Style) -> Self {
        Self {
            board,
            calls,
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

    /// A whole tab.
    #[must_use]
    pub fn screen(&self, question: &Question, tab: Tab) -> Screen {
        let (board, calls, as_of) = (self.board, &self.calls, self.as_of);
        let range = question.range;
        let screen = match tab {
            Tab::Leaderboard => leaderboard::screen(board, range, as_of, self.style),
            Tab::Tracker => tracker::screen(board, calls, range, as_of, self.style),
            Tab::Categories => {
                let provisional = question.provisional;
                categories::screen(board, calls, range, as_of, self.style, provisional, true)
            }
            Tab::Features => features::screen(board, calls, range, as_of, question.provisional),
        };
        self.dressed(tab, screen)
    }

    fn dressed(&self, tab: Tab, screen: Screen) -> Screen {
        let (as_of, zone) = (self.as_of, self.style.zone);
        Screen {
            as_of: zone.moment(as_of),
            events: match tab {
                Tab::Tracker => notices::latest(self.beside.notices, as_of, zone),
                _ => Vec::new(),
            },
            ..screen
        }
    }

    /// The first rows of a tab, where wording all of them takes longer than a user should wait.
    #[must_use]
    pub fn front(&self, question: &Question, tab: Tab) -> Option<Screen> {
        let (board, calls, as_of) = (self.board, &self.calls, self.as_of);
        let front = match tab {
            Tab::Tracker => tracker::front(board, calls, question.range, as_of, self.style),
            Tab::Leaderboard | Tab::Categories | Tab::Features => None,
        };
        front.map(|screen| self.dressed(tab, screen))
    }

    /// The categories without what resamples tokens or looks at every call there is.
    #[must_use]
    pub fn quick_categories(&self, question: &Question) -> Screen {
        let (range, provisional) = (question.range, question.provisional);
        let (board, calls, as_of) = (self.board, &self.calls, self.as_of);
        Screen {
            as_of: self.style.zone.moment(as_of),
            partial: true,
            ..categories::screen(board, calls, range, as_of, self.style, provisional, false)
        }
    }

    /// The page of a row; `None` when the row is gone.
    #[must_use]
    pub fn page(&self, question: &Question, tab: Tab, key: &str) -> Option<Page> {
        let (board, calls, as_of) = (self.board, &self.calls, self.as_of);
        let (range, provisional) = (question.range, question.provisional);
        match tab {
            Tab::Leaderboard => {
                if let Some(pair) = PairKey::parse(key) {
                    compare_page::page(board, range, as_of, self.style, &pair)
                } else {
                    let mut cache = DeepCache::default();
                    let never = || false;
                    model_page::page(
                        board, range, as_of, self.style, key, None, &mut cache, &never,
                    )
                }
            }
            Tab::Tracker if key == NOTICES => {
                let zone = self.style.zone;
                Some(notices::page(
                    self.beside.notices,
                    self.beside.feeds,
                    as_of,
                    zone,
                ))
            }
            Tab::Tracker => {
                call_page::page(board, calls, as_of, self.style, key, self.beside.history)
            }
            Tab::Categories => {
                source_page::page(board, calls, range, as_of, self.style, provisional, key)
            }
            Tab::Features => features::page(board, calls, range, as_of, provisional, key),
        }
    }
}
