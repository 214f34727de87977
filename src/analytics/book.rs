//! All closed trades of one model in one currency, laid out so that any range is answered by
//! merging summaries: whole blocks, whole hours, and two ragged edges of single trades.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::{Span, Timestamp, Window};

use super::summary::{Point, Summary};

/// Hours per block: any range is at most 126 hours and one merge per block.
const BLOCK: usize = 64;

/// An hour of at most this many trades is summed up when it is asked for: where trades are thin,
/// summaries would take more memory than the trades.
const LOOSE: usize = 3;

/// Whose trades, in which currency. P&L of different currencies is never summed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BookKey {
    /// The model.
    pub model: String,
    /// The currency, in upper case.
    pub currency: String,
}

/// Some consecutive trades of one book, which never changes once it is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Extent {
    book: u64,
    from: usize,
    to: usize,
}

/// Counts the books that were built.
static BUILT: AtomicU64 = AtomicU64::new(1);

#[derive(Debug, Clone, PartialEq)]
struct Hour {
    since_1970: i64,
    /// Index of its first point.
    first: usize,
    /// `None` when it is quickly made of its points.
    summary: Option<Box<Summary>>,
}

/// What one model did on one UTC day (by the close).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DaySum {
    /// Days since 1970.
    pub day: i64,
    /// Closed trades with a known P&L, above 0.
    pub trades: u32,
    /// Of them, the wins.
    pub wins: u32,
    /// Sum of their P&L.
    pub pnl: f64,
}

/// The trades of one (model, currency).
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// Which book this is: no two that were built have the same, copies share it.
    id: u64,
    points: Vec<Point>,
    hours: Vec<Hour>,
    blocks: Vec<Summary>,
    opened: Vec<Timestamp>,
    /// For each position with a known opening: when it stopped being open.
    done: Vec<Timestamp>,
    /// Open positions of which not even the opening is known.
    undated_open: u32,
}

impl Book {
    /// A book from its closed trades (any order) and when its open positions were opened.
    #[must_use]
    pub fn new(points: Vec<Point>, open: impl IntoIterator<Item = Option<Timestamp>>) -> Self {
        Self::with_summaries(points, open, |_, points| Summary::of(points))
    }

    /// A book whose hourly summaries may be known already: `hourly(hour, points)` gives the one
    /// of an hour.
    #[must_use]
    pub fn with_summaries(
        mut points: Vec<Point>,
        open: impl IntoIterator<Item = Option<Timestamp>>,
        mut hourly: impl FnMut(i64, &[Point]) -> Summary,
    ) -> Self {
        if !points.is_sorted_by_key(Point::closed_at) {
            points.sort_by_key(Point::closed_at);
        }
        let mut hours = Vec::new();
        let mut blocks = Vec::new();
        let mut first = 0;
        for of_hour in points.chunk_by(|a, b| a.closed_at().hour() == b.closed_at().hour()) {
            let hour = of_hour.first().map_or(0, |p| p.closed_at().hour());
            let summary = hourly(hour, of_hour);
            if hours.len() % BLOCK == 0 {
                blocks.push(Summary::default());
            }
            if let Some(block) = blocks.last_mut() {
                block.merge(&summary);
            }
            hours.push(Hour {
                since_1970: hour,
                first,
                summary: (of_hour.len() > LOOSE).then(|| Box::new(summary)),
            });
            first += of_hour.len();
        }
        let mut book = Self {
            id: BUILT.fetch_add(1, Ordering::Relaxed),
            points,
            hours,
            blocks,
            ..Self::default()
        };
        for point in &book.points {
            if let Some(opened) = point.opened_at() {
                book.opened.push(opened);
                // Closed before it was opened (a contradiction of its maker): never open.
                book.done.push(point.closed_at().max(opened));
            }
        }
        for opened in open {
            match opened {
                Some(opened) => book.opened.push(opened),
                None => book.undated_open += 1,
            }
        }
        book.opened.sort_unstable();
        book.done.sort_unstable();
        book
    }

    /// The mergeable figures of all trades closed in a window.
    #[must_use]
    pub fn summary(&self, window: &Window) -> Summary {
        let (lo, hi) = self.bounds(window);
        if lo >= hi {
            return Summary::default();
        }
        // The first whole hour at or after `lo`, and the hour that `hi` cuts.
        let from = self.hours.partition_point(|h| h.first < lo);
        let to = self
            .hours
            .partition_point(|h| h.first <= hi)
            .saturating_sub(usize::from(hi < self.points.len()));
        let start_of = |i: usize| self.start_of(i);
        if from >= to {
            // At most two hours are touched and none is whole.
            return Summary::of(&self.points[lo..hi]);
        }
        let mut total = Summary::of(&self.points[lo..start_of(from)]);
        let mut i = from;
        while i < to {
            if i % BLOCK == 0 && i + BLOCK <= to {
                total.merge(&self.blocks[i / BLOCK]);
                i += BLOCK;
            } else {
                total.merge(&self.hour(i));
                i += 1;
            }
        }
        total.merge(&Summary::of(&self.points[start_of(to)..hi]));
        total
    }

    /// The closed trades of a window, in the order of their close.
    #[must_use]
    pub fn points(&self, window: &Window) -> &[Point] {
        let (lo, hi) = self.bounds(window);
        self.points.get(lo..hi).unwrap_or_default()
    }

    /// How many positions are open at an instant.
    #[must_use]
    pub fn open_at(&self, at: Timestamp) -> u32 {
        let opened = self.opened.partition_point(|t| *t <= at);
        let done = self.done.partition_point(|t| *t <= at);
        u32::try_from(opened.saturating_sub(done)).unwrap_or(u32::MAX) + self.undated_open
    }

    /// The latest close at or before an instant.
    #[must_use]
    pub fn last_close(&self, at: Timestamp) -> Option<Timestamp> {
        let n = self.points.partition_point(|p| p.closed_at() <= at);
        Some(self.points.get(n.checked_sub(1)?)?.closed_at())
    }

    /// The hourly summaries, oldest first.
    pub fn hourly(&self) -> impl Iterator<Item = (i64, Summary)> + '_ {
        let each = self.hours.iter().enumerate();
        each.map(|(i, hour)| (hour.since_1970, *self.hour(i)))
    }

    /// The days of a window on which trades of known P&L were closed, oldest first. Costs the
    /// hours of the window, not its trades.
    #[must_use]
    pub fn days(&self, window: &Window) -> Vec<DaySum> {
        let (lo, hi) = self.bounds(window);
        let mut days: Vec<DaySum> = Vec::new();
        let from = (self.hours.partition_point(|h| h.first <= lo)).saturating_sub(1);
        for (i, hour) in self.hours.iter().enumerate().skip(from) {
            if hour.first >= hi {
                break;
            }
            let (start, end) = (hour.first, self.start_of(i + 1));
            let summary = if lo <= start && end <= hi {
                self.hour(i)
            } else {
                Cow::Owned(Summary::of(&self.points[start.max(lo)..end.min(hi)]))
            };
            if summary.trades() == 0 {
                continue;
            }
            let day = hour.since_1970.div_euclid(24);
            match days.last_mut() {
                Some(last) if last.day == day => {
                    last.trades += summary.trades();
                    last.wins += summary.wins;
                    last.pnl += summary.total_pnl();
                }
                _ => days.push(DaySum {
                    day,
                    trades: summary.trades(),
                    wins: summary.wins,
                    pnl: summary.total_pnl(),
                }),
            }
        }
        days
    }

    /// What a figure of a window's trades depends on: where two windows give the same, all their
    /// figures are the same, and need not be computed again.
    #[must_use]
    pub fn extent(&self, window: &Window) -> Extent {
        let (from, to) = self.bounds(window);
        Extent {
            book: self.id,
            from,
            to,
        }
    }

    fn bounds(&self, window: &Window) -> (usize, usize) {
        let lo = window.from.map_or(0, |from| {
            self.points.partition_point(|p| p.closed_at() < from)
        });
        let hi = self.points.partition_point(|p| p.closed_at() <= window.to);
        (lo, hi.max(lo))
    }

    fn start_of(&self, hour: usize) -> usize {
        self.hours.get(hour).map_or(self.points.len(), |h| h.first)
    }

    /// The summary of a whole hour.
    fn hour(&self, at: usize) -> Cow<'_, Summary> {
        match self.hours.get(at) {
            Some(Hour {
                summary: Some(summary),
                ..
            }) => Cow::Borrowed(summary),
            Some(hour) => Cow::Owned(Summary::of(&self.points[hour.first..self.start_of(at + 1)])),
            None => Cow::Owned(Summary::default()),
        }
    }
}

/// The start of the day that an instant lies in: the unit in which trades are packed.
#[must_use]
pub const fn day_of(at: Timestamp) -> i64 {
    at.millis().div_euclid(Span::DAY.millis())
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::point;
    use super::*;
    use proptest::prelude::*;

    fn window(from: Option<i64>, to: i64) -> Window {
        Window {
            from: from.map(Timestamp::from_millis),
            to: Timestamp::from_millis(to),
        }
    }

    #[test]
    fn open_positions_are_counted_at_the_instant() {
        let t = Timestamp::from_millis;
        let held = |opened: Option<i64>, closed: i64| {
            let mut trade = crate::domain::Trade {
                id: String::new(),
                model: String::new(),
                symbol: None,
                side: None,
                quantity: None,
                entry_price: None,
                exit_price: None,
                opened_at: opened.map(t),
                closed_at: None,
                realized_pnl: Some(1.0),
                fee: None,
                cost: None,
                confidence: None,
                currency: None,
            };
            trade.closed_at = Some(t(closed));
            Point::of(&trade, 0).unwrap()
        };
        let book = Book::new(
            vec![held(Some(10), 20), held(None, 5), held(Some(30), 25)],
            [Some(t(15))],
        );
        for (at, want) in [(9, 0), (10, 1), (15, 2), (20, 1), (27, 1), (30, 1), (99, 1)] {
            assert_eq!(book.open_at(t(at)), want, "at {at}");
        }
    }

    proptest! {
        /// Any range of the book equals the trades of that range summed up directly.
        #[test]
        fn every_range_equals_its_trades(
            mut times in prop::collection::vec(0i64..400 * 3_600_000, 0..300),
            from in prop::option::of(0i64..400 * 3_600_000),
            to in 0i64..400 * 3_600_000,
        ) {
            times.sort_unstable();
            let points: Vec<Point> = times.iter().enumerate()
                .map(|(i, t)| point(*t, (i % 7 != 0).then_some((i as f64 * 37.0) % 11.0 - 5.0), (i % 3 == 0).then_some((i % 10) as f64 / 10.0)))
                .collect();
            let book = Book::new(points.clone(), []);
            let w = window(from, to);
            let direct: Vec<Point> = points.into_iter().filter(|p| w.contains(p.closed_at())).collect();
            let (got, want) = (book.summary(&w), Summary::of(&direct));
            prop_assert_eq!((got.wins, got.losses, got.flat, got.unknown), (want.wins, want.losses, want.flat, want.unknown));
            prop_assert!((got.total_pnl() - want.total_pnl()).abs() < 1e-9);
            prop_assert!((got.max_drawdown().unwrap_or(0.0) - want.max_drawdown().unwrap_or(0.0)).abs() < 1e-9);
            prop_assert_eq!(got.best(), want.best());
            prop_assert_eq!(got.last_closed_at(), want.last_closed_at());
            prop_assert_eq!(book.points(&w).len(), direct.len());
            prop_assert_eq!(got.streaks(), want.streaks());
            prop_assert_eq!(got.held_winners(), want.held_winners());
            prop_assert_eq!((got.long.trades, got.short.wins), (want.long.trades, want.short.wins));
            let ratio = |s: &Summary| s.sharpe().map_or(0.0, |s| s.ratio);
            prop_assert!((ratio(&got) - ratio(&want)).abs() < 1e-9);
            let win = |s: &Summary| s.confidence.pearson_win().map_or(0.0, |c| c.r);
            prop_assert!((win(&got) - win(&want)).abs() < 1e-9);
            // Day by day, straight from the trades.
            let mut by_day = std::collections::BTreeMap::<i64, (u32, u32, f64)>::new();
            for p in &direct {
                if let Some(pnl) = p.pnl() {
                    let day = by_day.entry(day_of(p.closed_at())).or_default();
                    *day = (day.0 + 1, day.1 + u32::from(pnl > 0.0), day.2 + pnl);
                }
            }
            let days = book.days(&w);
            prop_assert_eq!(days.len(), by_day.len());
            for (got, (day, (trades, wins, pnl))) in days.iter().zip(by_day) {
                prop_assert_eq!((got.day, got.trades, got.wins), (day, trades, wins));
                prop_assert!((got.pnl - pnl).abs() < 1e-9);
            }
        }
    }
}
