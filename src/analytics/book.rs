//! All closed trades of one model in one currency, laid out so that any range is answered by
//! merging summaries: whole blocks, whole hours, and two ragged edges of single trades.

use crate::domain::{Span, Timestamp, Window};

use super::summary::{Point, Summary};

/// Hours per block: any range is at most 126 hours and one merge per block.
const BLOCK: usize = 64;

/// Whose trades, in which currency. P&L of different currencies is never summed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BookKey {
    /// The model.
    pub model: String,
    /// The currency, in upper case.
    pub currency: String,
}

#[derive(Debug, Clone, PartialEq)]
struct Hour {
    since_1970: i64,
    /// Index of its first point.
    first: usize,
    summary: Summary,
}

/// The trades of one (model, currency).
#[derive(Debug, Clone, Default)]
pub struct Book {
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
        let mut first = 0;
        for of_hour in points.chunk_by(|a, b| a.closed_at().hour() == b.closed_at().hour()) {
            let hour = of_hour.first().map_or(0, |p| p.closed_at().hour());
            hours.push(Hour {
                since_1970: hour,
                first,
                summary: hourly(hour, of_hour),
            });
            first += of_hour.len();
        }
        let blocks = hours
            .chunks(BLOCK)
            .map(|block| merged(block.iter().map(|h| &h.summary)))
            .collect();
        let mut book = Self {
            points,
            hours,
            blocks,
            ..Self::default()
        };
        book.opened.reserve_exact(book.points.len());
        book.done.reserve_exact(book.points.len());
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
        let start_of = |i: usize| self.hours.get(i).map_or(self.points.len(), |h| h.first);
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
                total.merge(&self.hours[i].summary);
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
    pub fn hourly(&self) -> impl Iterator<Item = (i64, &Summary)> {
        self.hours.iter().map(|h| (h.since_1970, &h.summary))
    }

    fn bounds(&self, window: &Window) -> (usize, usize) {
        let lo = window.from.map_or(0, |from| {
            self.points.partition_point(|p| p.closed_at() < from)
        });
        let hi = self.points.partition_point(|p| p.closed_at() <= window.to);
        (lo, hi.max(lo))
    }
}

fn merged<'a>(summaries: impl Iterator<Item = &'a Summary>) -> Summary {
    summaries.fold(Summary::default(), |mut total, next| {
        total.merge(next);
        total
    })
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
        }
    }
}
