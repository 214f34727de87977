//! Two models side by side: how far apart they are, and how sure that is.

use std::collections::HashSet;

use crate::domain::Window;
use crate::stats::bootstrap::{self, Difference};

use super::book::{Book, DaySum, day_of};
use super::deep::{TradeFigures, distinct_days, table};
use super::leaderboard::exceeds;
use super::summary::{Point, Summary};

/// Two models in one currency over a window. Differences are the first less the second.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The trades that are compared.
    pub summaries: [Summary; 2],
    /// What needs each of them.
    pub figures: [TradeFigures; 2],
    /// UTC days on which either closed a trade (both, when only those are compared).
    pub days: usize,
    /// Of them, the days on which both did.
    pub shared_days: usize,
    /// Total P&L.
    pub total: Gap,
    /// Mean P&L of a trade: what the verdict goes by, since it does not grow with the number of
    /// trades.
    pub average: Gap,
    /// The share of trades that won.
    pub win_rate: Gap,
}

/// A difference of two figures.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Gap {
    /// The first less the second; `None` when a side has no trade.
    pub difference: Option<f64>,
    /// How sure, from days drawn for both at once; `None` with too few days.
    pub sure: Option<Difference>,
}

/// Who does better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leader {
    /// The first model.
    First,
    /// The second.
    Second,
    /// The data says that it may be either.
    Tie,
    /// Too few days to say anything.
    Unknown,
}

impl Gap {
    /// What the interval says.
    #[must_use]
    pub fn leader(&self) -> Leader {
        match (self.difference, self.sure) {
            (None, _) => Leader::Unknown,
            (_, Some(sure)) if sure.interval.low > 0.0 => Leader::First,
            (_, Some(sure)) if sure.interval.high < 0.0 => Leader::Second,
            (Some(0.0), _) | (_, Some(_)) => Leader::Tie,
            (Some(_), None) => Leader::Unknown,
        }
    }
}

impl Comparison {
    /// Compares two books; on the days on which both closed a trade when `shared_only`.
    #[must_use]
    pub fn of(books: [&Book; 2], window: &Window, shared_only: bool) -> Self {
        let mut days = books.map(|book| book.days(window)).to_vec();
        let own: Vec<HashSet<i64>> = days
            .iter()
            .map(|days| days.iter().map(|d| d.day).collect())
            .collect();
        let both = |day: i64| own.iter().all(|days| days.contains(&day));
        let shared_days = own
            .first()
            .map_or(0, |first| first.iter().filter(|d| both(**d)).count());
        if shared_only {
            for days in &mut days {
                days.retain(|d| both(d.day));
            }
        }
        let sides = books.map(|book| {
            let points = book.points(window);
            if shared_only {
                let kept: Vec<Point> = points
                    .iter()
                    .filter(|p| both(day_of(p.closed_at())))
                    .copied()
                    .collect();
                (Summary::of(&kept), TradeFigures::of(&kept))
            } else {
                (book.summary(window), TradeFigures::of(points))
            }
        });
        let [total, average, win_rate] = gaps(&days, &[&sides[0].0, &sides[1].0]);
        let summaries = [sides[0].0, sides[1].0];
        Self {
            summaries,
            figures: sides.map(|(_, figures)| figures),
            days: distinct_days(&days).len(),
            shared_days,
            total,
            average,
            win_rate,
        }
    }
}

/// The differences in total P&L, average P&L and win rate.
fn gaps(days: &[Vec<DaySum>], summaries: &[&Summary; 2]) -> [Gap; 3] {
    let [a, b] = summaries;
    if a.trades() == 0 || b.trades() == 0 {
        return [Gap::default(); 3];
    }
    let table = table(days, 6, |model, day, row| {
        let own = [day.pnl, f64::from(day.trades), f64::from(day.wins)];
        row[model * 3..model * 3 + 3].copy_from_slice(&own);
    });
    let figures = |sums: &[f64]| match *sums {
        [pnl, n, wins, pnl_b, n_b, wins_b] if n > 0.0 && n_b > 0.0 => Some([
            unless_equal(pnl, pnl_b),
            unless_equal(pnl / n, pnl_b / n_b),
            wins / n - wins_b / n_b,
        ]),
        _ => None,
    };
    let sums: Vec<f64> = [a, b]
        .iter()
        .flat_map(|s| [s.total_pnl(), f64::from(s.trades()), f64::from(s.wins)])
        .collect();
    let found = figures(&sums);
    let sure = bootstrap::differences(&table, figures);
    std::array::from_fn(|i| Gap {
        difference: found.map(|f| f[i]),
        sure: sure.map(|s| s[i]),
    })
}

/// The difference of two sums; 0 when only rounding parts them.
fn unless_equal(a: f64, b: f64) -> f64 {
    if exceeds(a, b) || exceeds(b, a) {
        a - b
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::point;
    use super::*;
    use crate::domain::{Range, Timestamp};

    const DAY: i64 = 86_400_000;

    fn book(pnls: impl IntoIterator<Item = (i64, f64)>) -> Book {
        let points = pnls
            .into_iter()
            .map(|(day, p)| point(day * DAY, Some(p), None));
        Book::new(points.collect(), [])
    }

    fn window() -> Window {
        Range::All.window(Timestamp::from_millis(1000 * DAY))
    }

    #[test]
    fn a_clear_lead_is_seen_and_noise_is_a_tie() {
        let a = book((0..40).map(|d| (d, 10.0 + (d % 5) as f64)));
        let b = book((0..40).map(|d| (d, -1.0 + (d % 7) as f64)));
        let found = Comparison::of([&a, &b], &window(), false);
        assert_eq!(found.average.leader(), Leader::First);
        assert_eq!(found.average.sure.unwrap().above, 1.0);
        let back = Comparison::of([&b, &a], &window(), false);
        assert_eq!(back.average.leader(), Leader::Second);
        assert_eq!(back.total.difference, found.total.difference.map(|d| -d));
        let c = book((0..40).map(|d| (d, if d % 2 == 0 { 30.0 } else { -25.0 })));
        let d = book((0..40).map(|d| (d, if d % 3 == 0 { 30.0 } else { -14.0 })));
        let found = Comparison::of([&c, &d], &window(), false);
        assert_eq!(found.average.leader(), Leader::Tie);
        let same = Comparison::of([&a, &a], &window(), false);
        assert_eq!(same.average.leader(), Leader::Tie);
        assert_eq!(same.average.sure.unwrap().above, 0.5);
    }

    #[test]
    fn too_few_days_say_nothing_and_no_trades_neither() {
        let a = book((0..3).map(|d| (d, 10.0)));
        let b = book((0..3).map(|d| (d, 1.0)));
        let found = Comparison::of([&a, &b], &window(), false);
        assert_eq!((found.days, found.average.leader()), (3, Leader::Unknown));
        assert_eq!(found.average.difference, Some(9.0));
        let none = Comparison::of([&a, &book([])], &window(), false);
        assert_eq!(
            (none.total.difference, none.total.leader()),
            (None, Leader::Unknown)
        );
    }

    #[test]
    fn shared_days_only_leave_the_others_out() {
        let a = book((0..20).map(|d| (d, 1.0)));
        let b = book((10..40).map(|d| (d, 2.0)));
        let all = Comparison::of([&a, &b], &window(), false);
        assert_eq!((all.days, all.shared_days), (40, 10));
        let shared = Comparison::of([&a, &b], &window(), true);
        assert_eq!((shared.days, shared.shared_days), (10, 10));
        assert_eq!(shared.summaries.map(|s| s.trades()), [10, 10]);
        assert_eq!(shared.total.difference, Some(-10.0));
    }
}
