//! Questions answered: the one place that knows which file builds which tab.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::analytics::{DeepCache, Judged};
use crate::board::Board;
use crate::domain::{Notice, Range, Timestamp};
use crate::store::History;
use crate::tracker::FeedHealth;

use super::compare_page::{self, PairKey};
use super::format::Style;
use super::question::{NOTICES, Question, Tab};
use super::table::{Page, Screen};
use super::{
    call_page, categories, features, leaderboard, model_page, notices, source_page, tracker,
};

/// A board as of an instant, with every call judged once for all tabs that are about all of them.
pub struct Answers<'a> {
    board: Arc<Board>,
    /// All that there is to be about, where that is only some of the calls.
    some: Option<Vec<Judged>>,
    /// All calls, judged when they are first asked for.
    all: OnceCell<Vec<Judged>>,
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
    /// Answers over a board.
    #[must_use]
    pub fn new(board: Arc<Board>, as_of: Timestamp, style: Style) -> Self {
        Self {
            board,
            some: None,
            all: OnceCell::new(),
            as_of,
            style,
            beside: Beside::default(),
        }
    }

    /// Over some of the calls only, judged already.
    #[must_use]
    pub fn over(self, calls: Vec<Judged>) -> Self {
        Self {
            some: Some(calls),
            ..self
        }
    }

    fn calls(&self) -> &[Judged] {
        let all = || self.all.get_or_init(|| self.board.judged(self.as_of));
        self.some.as_ref().unwrap_or_else(all)
    }

    /// The calls made in a range; no others are judged for it.
    fn calls_in(&self, range: Range) -> Vec<Judged> {
        let window = range.window(self.as_of);
        let made = |judged: &&Judged| window.contains(judged.call.called_at);
        match &self.some {
            Some(some) => some.iter().filter(made).cloned().collect(),
            None => self.board.judged_in(&window, self.as_of),
        }
    }

    fn newest_call(&self) -> Option<Timestamp> {
        match &self.some {
            Some(some) => some.last().map(|judged| judged.call.called_at),
            None => self.board.newest_call(self.as_of),
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
        let (board, as_of, style) = (&self.board, self.as_of, self.style);
        let (range, provisional) = (question.range, question.provisional);
        let screen = match tab {
            Tab::Leaderboard => leaderboard::screen(board, range, as_of, style),
            Tab::Tracker => {
                let calls = self.calls_in(range);
                tracker::screen(board, calls, self.newest_call(), range, as_of, style)
            }
            Tab::Categories => {
                let calls = self.calls();
                categories::screen(board, calls, range, as_of, style, provisional, true)
            }
            Tab::Features => features::screen(board, self.calls(), range, as_of, provisional),
        };
        let zone = style.zone;
        Screen {
            as_of: zone.moment(as_of),
            events: match tab {
                Tab::Tracker => notices::latest(self.beside.notices, as_of, zone),
                _ => Vec::new(),
            },
            ..screen
        }
    }

    /// The categories without what resamples tokens or looks at every call there is.
    #[must_use]
    pub fn quick_categories(&self, question: &Question) -> Screen {
        let (board, calls) = (&self.board, self.calls());
        let (as_of, style) = (self.as_of, self.style);
        let (range, provisional) = (question.range, question.provisional);
        Screen {
            as_of: style.zone.moment(as_of),
            partial: true,
            ..categories::screen(board, calls, range, as_of, style, provisional, false)
        }
    }

    /// The page of a row; `None` when the row is gone.
    #[must_use]
    pub fn page(&self, question: &Question, tab: Tab, key: &str) -> Option<Page> {
        let (board, as_of, style) = (&self.board, self.as_of, self.style);
        let (range, provisional) = (question.range, question.provisional);
        match tab {
            Tab::Leaderboard => {
                if let Some(pair) = PairKey::parse(key) {
                    compare_page::page(board, range, as_of, style, &pair)
                } else {
                    let mut cache = DeepCache::default();
                    let never = || false;
                    model_page::page(board, range, as_of, style, key, None, &mut cache, &never)
                }
            }
            Tab::Tracker if key == NOTICES => {
                let Beside { notices, feeds, .. } = self.beside;
                Some(notices::page(notices, feeds, as_of, style.zone))
            }
            Tab::Tracker => {
                let history = self.beside.history;
                call_page::page(board, self.calls(), as_of, style, key, history)
            }
            Tab::Categories => {
                let calls = self.calls();
                source_page::page(board, calls, range, as_of, style, provisional, key)
            }
            Tab::Features => features::page(board, self.calls(), range, as_of, provisional, key),
        }
    }
}
