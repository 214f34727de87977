//! Mergeable summaries of closed trades: the leaderboard of any range is a few merges of these
//! (DESIGN §7 "Cost"), so its price does not grow with the number of trades.

use serde::{Deserialize, Serialize};

use crate::domain::{Side, Timestamp};
use crate::stats::{CompensatedSum, Moments, Sharpe};

use super::confidence::ConfidenceSums;
use super::curve::{Drawdown, Equity, Streaks};
use super::point::{Point, known};

/// Counts up when the shape or the meaning of [`Summary`] or [`Point`] changes: stored ones of
/// another version are rebuilt from the trades.
pub const VERSION: i64 = 5;

/// A compensated sum as it is stored.
pub(super) type Sum = (f64, f64);

pub(super) fn merge_sum(into: &mut Sum, other: Sum) {
    let mut sum = CompensatedSum::from_parts(into.0, into.1);
    sum.merge(CompensatedSum::from_parts(other.0, other.1));
    *into = sum.parts();
}

fn add_to(sum: &mut Sum, value: f64) {
    merge_sum(sum, (value, 0.0));
}

/// The trades of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct SideSums {
    /// Closed trades with a known P&L.
    pub trades: u32,
    /// Of them, the wins.
    pub wins: u32,
    total: Sum,
}

impl SideSums {
    /// Sum of P&L; `None` without a trade.
    #[must_use]
    pub fn total_pnl(&self) -> Option<f64> {
        (self.trades > 0).then_some(self.total.0 + self.total.1)
    }

    fn merge(&mut self, other: &Self) {
        self.trades += other.trades;
        self.wins += other.wins;
        merge_sum(&mut self.total, other.total);
    }
}

/// How long positions were held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Held {
    n: u32,
    millis: i64,
}

impl Held {
    fn merge(&mut self, other: Self) {
        self.n += other.n;
        self.millis = self.millis.saturating_add(other.millis);
    }

    /// In seconds.
    fn mean(self) -> Option<f64> {
        (self.n > 0).then(|| self.millis as f64 / f64::from(self.n) / 1000.0)
    }
}

/// Everything of a stretch of closed trades that can be merged with the stretch after it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// P&L above zero.
    pub wins: u32,
    /// P&L below zero.
    pub losses: u32,
    /// P&L of exactly zero.
    pub flat: u32,
    /// Closed, but the P&L is unknown: counted apart from `trades`.
    pub unknown: u32,
    total: Sum,
    gained: Sum,
    lost: Sum,
    fees: Option<Sum>,
    costs: Option<Sum>,
    /// Closed trades that say what asking the model cost.
    pub costed: u32,
    best: Option<f64>,
    worst: Option<f64>,
    equity: Equity,
    /// The second to fourth central moments of P&L around `mean`.
    mean: f64,
    moments: [f64; 3],
    streaks: Streaks,
    /// Long trades.
    pub long: SideSums,
    /// Short trades.
    pub short: SideSums,
    held_winners: Held,
    held_losers: Held,
    /// The trades that stated a confidence.
    pub confidence: ConfidenceSums,
    last_closed_at: Option<Timestamp>,
}

impl Summary {
    /// The summary of points in the order of their close.
    #[must_use]
    pub fn of(points: &[Point]) -> Self {
        let mut summary = Self::default();
        for instant in points.chunk_by(|a, b| a.closed_at == b.closed_at) {
            let mut step = 0.0;
            for point in instant {
                summary.count(point);
                step += point.pnl().unwrap_or(0.0);
            }
            if let Some(first) = instant.first() {
                summary.equity.step(first.closed_at, step);
            }
        }
        summary
    }

    fn count(&mut self, point: &Point) {
        self.last_closed_at = Some(point.closed_at);
        for (sum, value) in [(&mut self.fees, point.fee), (&mut self.costs, point.cost)] {
            if let Some(value) = known(value) {
                add_to(sum.get_or_insert_default(), value);
            }
        }
        self.costed += u32::from(!point.cost.is_nan());
        let Some(pnl) = point.pnl() else {
            self.unknown += 1;
            return;
        };
        self.set_moments(self.moments().and(Moments::one(pnl)));
        self.streaks = self.streaks.then(Streaks::one(pnl));
        add_to(&mut self.total, pnl);
        self.count_side(point, pnl);
        self.count_hold(point, pnl);
        if pnl > 0.0 {
            self.wins += 1;
            add_to(&mut self.gained, pnl);
        } else if pnl < 0.0 {
            self.losses += 1;
            add_to(&mut self.lost, pnl);
        } else {
            self.flat += 1;
        }
        self.best = Some(self.best.map_or(pnl, |best| best.max(pnl)));
        self.worst = Some(self.worst.map_or(pnl, |worst| worst.min(pnl)));
        if let Some(confidence) = point.confidence() {
            self.confidence.merge(&ConfidenceSums::one(confidence, pnl));
        }
    }

    fn count_side(&mut self, point: &Point, pnl: f64) {
        let side = match point.side {
            Some(Side::Long) => &mut self.long,
            Some(Side::Short) => &mut self.short,
            None => return,
        };
        side.trades += 1;
        side.wins += u32::from(pnl > 0.0);
        add_to(&mut side.total, pnl);
    }

    fn count_hold(&mut self, point: &Point, pnl: f64) {
        let Some(held) = point.held() else { return };
        let one = Held {
            n: 1,
            millis: held.millis(),
        };
        if pnl > 0.0 {
            self.held_winners.merge(one);
        } else if pnl < 0.0 {
            self.held_losers.merge(one);
        }
    }

    /// The moments of P&L so far: their count is that of the trades.
    fn moments(&self) -> Moments {
        let [m2, m3, m4] = self.moments;
        Moments {
            n: u64::from(self.trades()),
            mean: self.mean,
            m2,
            m3,
            m4,
        }
    }

    fn set_moments(&mut self, of: Moments) {
        self.mean = of.mean;
        self.moments = [of.m2, of.m3, of.m4];
    }

    /// Appends the summary of a later stretch. Two stretches must not share an instant.
    pub fn merge(&mut self, later: &Self) {
        // Before the counts change, which are those of the moments.
        self.set_moments(self.moments().and(later.moments()));
        self.streaks = self.streaks.then(later.streaks);
        self.long.merge(&later.long);
        self.short.merge(&later.short);
        self.held_winners.merge(later.held_winners);
        self.held_losers.merge(later.held_losers);
        self.costed += later.costed;
        self.wins += later.wins;
        self.losses += later.losses;
        self.flat += later.flat;
        self.unknown += later.unknown;
        merge_sum(&mut self.total, later.total);
        merge_sum(&mut self.gained, later.gained);
        merge_sum(&mut self.lost, later.lost);
        for (sum, more) in [(&mut self.fees, later.fees), (&mut self.costs, later.costs)] {
            if let Some(more) = more {
                merge_sum(sum.get_or_insert_default(), more);
            }
        }
        let pick = |a: Option<f64>, b: Option<f64>, f: fn(f64, f64) -> f64| match (a, b) {
            (Some(a), Some(b)) => Some(f(a, b)),
            (some, None) | (None, some) => some,
        };
        self.best = pick(self.best, later.best, f64::max);
        self.worst = pick(self.worst, later.worst, f64::min);
        self.equity = self.equity.then(later.equity);
        self.confidence.merge(&later.confidence);
        self.last_closed_at = self.last_closed_at.max(later.last_closed_at);
    }

    /// Closed trades with a known P&L.
    #[must_use]
    pub const fn trades(&self) -> u32 {
        self.wins + self.losses + self.flat
    }

    /// Sum of P&L.
    #[must_use]
    pub fn total_pnl(&self) -> f64 {
        self.total.0 + self.total.1
    }

    /// The same with what it has lost to rounding, for adding up.
    pub(super) const fn exact_total(&self) -> CompensatedSum {
        CompensatedSum::from_parts(self.total.0, self.total.1)
    }

    /// Mean P&L of a trade.
    #[must_use]
    pub fn average_pnl(&self) -> Option<f64> {
        (self.trades() > 0).then(|| self.total_pnl() / f64::from(self.trades()))
    }

    /// The largest P&L; the smallest loss when all lost.
    #[must_use]
    pub const fn best(&self) -> Option<f64> {
        self.best
    }

    /// The smallest P&L.
    #[must_use]
    pub const fn worst(&self) -> Option<f64> {
        self.worst
    }

    /// Gains over losses; `None` without a loss.
    #[must_use]
    pub fn profit_factor(&self) -> Option<f64> {
        let lost = self.lost.0 + self.lost.1;
        (lost < 0.0).then(|| (self.gained.0 + self.gained.1) / -lost)
    }

    /// The deepest fall of the cumulative P&L from an earlier high (the start, 0, counts as one),
    /// <= 0, in the book's currency.
    #[must_use]
    pub fn max_drawdown(&self) -> Option<f64> {
        self.drawdown().map(|d| d.depth)
    }

    /// The same with its dates.
    #[must_use]
    pub fn drawdown(&self) -> Option<Drawdown> {
        (self.trades() > 0).then(|| self.equity.drawdown())
    }

    /// Mean P&L of the trades that won.
    #[must_use]
    pub fn average_win(&self) -> Option<f64> {
        (self.wins > 0).then(|| (self.gained.0 + self.gained.1) / f64::from(self.wins))
    }

    /// Mean P&L of the trades that lost, below 0.
    #[must_use]
    pub fn average_loss(&self) -> Option<f64> {
        (self.losses > 0).then(|| (self.lost.0 + self.lost.1) / f64::from(self.losses))
    }

    /// Mean P&L of a trade in units of the average loss: what a trade earns for each unit that a
    /// losing one costs. `None` without a loss.
    #[must_use]
    pub fn expectancy_ratio(&self) -> Option<f64> {
        Some(self.average_pnl()? / -self.average_loss()?)
    }

    /// The Sharpe ratio per trade; nothing is annualised.
    #[must_use]
    pub fn sharpe(&self) -> Option<Sharpe> {
        // Whether P&L varies is decided on the values, not by a rounded sum of squares.
        if self.best == self.worst {
            return None;
        }
        self.moments().sharpe()
    }

    /// Runs of wins and losses.
    #[must_use]
    pub const fn streaks(&self) -> &Streaks {
        &self.streaks
    }

    /// How long winners were held on average, in seconds.
    #[must_use]
    pub fn held_winners(&self) -> Option<f64> {
        self.held_winners.mean()
    }

    /// How long losers were held on average, in seconds.
    #[must_use]
    pub fn held_losers(&self) -> Option<f64> {
        self.held_losers.mean()
    }

    /// What is left of the P&L after what asking the model cost; `None` when no trade says it.
    #[must_use]
    pub fn net_of_cost(&self) -> Option<f64> {
        Some(self.total_pnl() - self.costs()?)
    }

    /// Sum of the known fees; `None` when no trade says any.
    #[must_use]
    pub fn fees(&self) -> Option<f64> {
        self.fees.map(|(hi, lo)| hi + lo)
    }

    /// Sum of what asking the model cost; `None` when no trade says it.
    #[must_use]
    pub fn costs(&self) -> Option<f64> {
        self.costs.map(|(hi, lo)| hi + lo)
    }

    /// The latest close.
    #[must_use]
    pub const fn last_closed_at(&self) -> Option<Timestamp> {
        self.last_closed_at
    }
}

#[cfg(test)]
mod tests {
    use super::super::point::tests::point;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_all_loss_model_has_its_smallest_loss_as_best() {
        let s = Summary::of(&[point(1, Some(-5.0), None), point(2, Some(-3.0), None)]);
        assert_eq!(s.best(), Some(-3.0));
        assert_eq!(s.worst(), Some(-5.0));
        assert_eq!(s.profit_factor(), Some(0.0));
        assert_eq!(s.max_drawdown(), Some(-8.0));
    }

    #[test]
    fn wins_losses_and_flats_are_told_apart_and_unknown_is_none_of_them() {
        let s = Summary::of(&[
            point(1, Some(1.0), None),
            point(2, Some(0.0), None),
            point(3, Some(-1.0), None),
            point(4, None, Some(0.9)),
        ]);
        assert_eq!((s.wins, s.losses, s.flat, s.unknown), (1, 1, 1, 1));
        assert_eq!(s.trades(), 3);
        assert_eq!(s.confidence.n, 0);
        assert_eq!(s.fees(), Some(4.0));
        assert_eq!(s.costs(), None);
    }

    /// Predecessors T4.
    #[test]
    fn correlations_of_the_predecessor() {
        let r = |pairs: &[(f64, f64)]| {
            let points: Vec<_> = pairs
                .iter()
                .enumerate()
                .map(|(i, (c, p))| point(i as i64, Some(*p), Some(*c / 100.0)))
                .collect();
            Summary::of(&points).confidence.pearson().map(|c| c.r)
        };
        assert!((r(&[(50.0, 1.0), (80.0, 2.0)]).unwrap() - 1.0).abs() < 1e-12);
        assert!((r(&[(50.0, 1.0), (80.0, -2.0)]).unwrap() + 1.0).abs() < 1e-12);
        let r3 = r(&[(50.0, 10.0), (60.0, 20.0), (70.0, 1000.0)]).unwrap();
        assert!((r3 - 0.870).abs() < 5e-4, "{r3}");
        assert_eq!(r(&[(70.1, 1.0), (70.1, 2.0), (70.1, 4.0)]), None);
    }

    #[test]
    fn the_curve_is_a_function_of_time() {
        // Closed at the same instant: no drawdown can lie between them.
        let s = Summary::of(&[point(5, Some(-10.0), None), point(5, Some(12.0), None)]);
        assert_eq!(s.max_drawdown(), Some(0.0));
    }

    fn points() -> impl Strategy<Value = Vec<Point>> {
        prop::collection::vec(
            (
                0i64..50,
                prop::option::weighted(0.9, -1e6..1e6f64),
                prop::option::of(0.0..1.0f64),
            ),
            0..80,
        )
        .prop_map(|mut rows| {
            rows.sort_by_key(|r| r.0);
            rows.into_iter()
                .map(|(at, pnl, c)| point(at, pnl, c))
                .collect()
        })
    }

    proptest! {
        #[test]
        fn merging_stretches_equals_the_whole(points in points(), cut in 0i64..50) {
            let at = points.partition_point(|p| p.closed_at().millis() < cut);
            let mut merged = Summary::of(&points[..at]);
            merged.merge(&Summary::of(&points[at..]));
            let whole = Summary::of(&points);
            prop_assert_eq!((merged.wins, merged.losses, merged.flat, merged.unknown),
                (whole.wins, whole.losses, whole.flat, whole.unknown));
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0);
            prop_assert!(close(merged.total_pnl(), whole.total_pnl()));
            prop_assert!(close(merged.max_drawdown().unwrap_or(0.0), whole.max_drawdown().unwrap_or(0.0)));
            prop_assert_eq!(merged.best(), whole.best());
            prop_assert_eq!(merged.last_closed_at(), whole.last_closed_at());
            prop_assert_eq!(merged.streaks(), whole.streaks());
            let date = |s: &Summary| s.drawdown().map(|d| (d.from, d.to));
            if close(merged.max_drawdown().unwrap_or(0.0), 0.0) {
                prop_assert_eq!(date(&merged).is_some(), date(&whole).is_some());
            } else {
                prop_assert_eq!(date(&merged), date(&whole));
            }
            for side in [|s: &Summary| s.long, |s: &Summary| s.short] {
                let (a, b) = (side(&merged), side(&whole));
                prop_assert_eq!((a.trades, a.wins), (b.trades, b.wins));
                prop_assert!(close(a.total_pnl().unwrap_or(0.0), b.total_pnl().unwrap_or(0.0)));
            }
            prop_assert_eq!((merged.held_winners(), merged.held_losers()), (whole.held_winners(), whole.held_losers()));
            match (merged.sharpe(), whole.sharpe()) {
                (Some(a), Some(b)) => {
                    prop_assert!((a.ratio - b.ratio).abs() < 1e-9);
                    let of = |s: Option<f64>| s.unwrap_or(0.0);
                    prop_assert!((of(a.above_zero) - of(b.above_zero)).abs() < 1e-9);
                }
                (a, b) => prop_assert_eq!(a.is_some(), b.is_some()),
            }
            match (merged.confidence.pearson_win(), whole.confidence.pearson_win()) {
                (Some(a), Some(b)) => prop_assert!((a.r - b.r).abs() < 1e-9),
                (a, b) => prop_assert_eq!(a.is_some(), b.is_some()),
            }
            match (merged.confidence.pearson(), whole.confidence.pearson()) {
                (Some(a), Some(b)) => prop_assert!((a.r - b.r).abs() < 1e-9),
                (a, b) => prop_assert_eq!(a.is_some(), b.is_some()),
            }
        }
    }
}
