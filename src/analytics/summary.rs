//! Mergeable summaries of closed trades: the leaderboard of any range is a few merges of these
//! (DESIGN §7 "Cost"), so its price does not grow with the number of trades.

use serde::{Deserialize, Serialize};

use crate::domain::{Timestamp, Trade};
use crate::stats::CompensatedSum;

/// Counts up when the shape or the meaning of [`Summary`] or [`Point`] changes: stored ones of
/// another version are rebuilt from the trades.
pub const VERSION: i64 = 3;

/// A closed trade, reduced to what the figures need. 56 bytes, since a million of them lie in
/// memory; unknown is NaN (or the earliest time there is) inside and `Option` outside.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Point {
    seq: i64,
    closed_at: Timestamp,
    opened_at: Timestamp,
    pnl: f64,
    confidence: f64,
    fee: f64,
    cost: f64,
}

const NEVER: Timestamp = Timestamp::from_millis(i64::MIN);

fn known(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

impl Point {
    /// No point takes fewer bytes where it is stored: four numbers of eight, and three more.
    pub const LEAST_BYTES: usize = 35;

    /// The point of a trade, with its number in the store; `None` while it is open.
    #[must_use]
    pub fn of(trade: &Trade, seq: i64) -> Option<Self> {
        Some(Self {
            seq,
            closed_at: trade.closed_at?,
            opened_at: trade.opened_at.unwrap_or(NEVER),
            pnl: trade.realized_pnl.unwrap_or(f64::NAN),
            confidence: trade
                .confidence
                .map_or(f64::NAN, super::super::domain::trade::Confidence::fraction),
            fee: trade.fee.unwrap_or(f64::NAN),
            cost: trade.cost.unwrap_or(f64::NAN),
        })
    }

    /// The number of the trade in the store.
    #[must_use]
    pub const fn seq(&self) -> i64 {
        self.seq
    }

    /// When the trade was closed.
    #[must_use]
    pub const fn closed_at(&self) -> Timestamp {
        self.closed_at
    }

    /// When the trade was opened.
    #[must_use]
    pub fn opened_at(&self) -> Option<Timestamp> {
        (self.opened_at != NEVER).then_some(self.opened_at)
    }

    /// Realized P&L in the book's currency.
    #[must_use]
    pub fn pnl(&self) -> Option<f64> {
        known(self.pnl)
    }

    /// Stated confidence, 0 to 1.
    #[must_use]
    pub fn confidence(&self) -> Option<f64> {
        known(self.confidence)
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
    total: (f64, f64),
    gained: (f64, f64),
    lost: (f64, f64),
    fees: Option<(f64, f64)>,
    costs: Option<(f64, f64)>,
    best: Option<f64>,
    worst: Option<f64>,
    equity: Equity,
    /// The trades that stated a confidence.
    pub confidence: ConfidenceSums,
    last_closed_at: Option<Timestamp>,
}

/// The parts of a cumulative P&L curve that make drawdowns mergeable. The curve is a function of
/// time: trades closed at the same instant move it in one step, so their order does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Equity {
    end: f64,
    /// Highest point, the start (0) included.
    high: f64,
    /// Lowest point, the start included.
    low: f64,
    /// The deepest fall from an earlier high, <= 0.
    drawdown: f64,
}

impl Equity {
    fn step(&mut self, pnl: f64) {
        self.end += pnl;
        self.high = self.high.max(self.end);
        self.low = self.low.min(self.end);
        self.drawdown = self.drawdown.min(self.end - self.high);
    }

    fn then(self, next: Self) -> Self {
        Self {
            end: self.end + next.end,
            high: self.high.max(self.end + next.high),
            low: self.low.min(self.end + next.low),
            drawdown: self
                .drawdown
                .min(next.drawdown)
                .min(self.end + next.low - self.high),
        }
    }
}

/// Counts, means and centred co-moments of confidence and P&L, merged by Chan, Golub and `LeVeque`
/// ("Updating formulae and a pairwise algorithm", 1979), so that they stay sound where sums of
/// squares would cancel.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ConfidenceSums {
    /// Trades with a confidence and a known P&L.
    pub n: u32,
    /// Of them, the wins.
    pub wins: u32,
    mean: f64,
    mean_pnl: f64,
    m2: f64,
    m2_pnl: f64,
    co: f64,
    range: Option<(f64, f64)>,
    range_pnl: Option<(f64, f64)>,
    squared_error: (f64, f64),
}

impl ConfidenceSums {
    fn one(confidence: f64, pnl: f64) -> Self {
        let won = f64::from(u8::from(pnl > 0.0));
        Self {
            n: 1,
            wins: u32::from(pnl > 0.0),
            mean: confidence,
            mean_pnl: pnl,
            range: Some((confidence, confidence)),
            range_pnl: Some((pnl, pnl)),
            squared_error: ((confidence - won) * (confidence - won), 0.0),
            ..Self::default()
        }
    }

    fn merge(&mut self, other: &Self) {
        if other.n == 0 {
            return;
        }
        if self.n == 0 {
            *self = *other;
            return;
        }
        let (a, b) = (f64::from(self.n), f64::from(other.n));
        let n = a + b;
        let dx = other.mean - self.mean;
        let dy = other.mean_pnl - self.mean_pnl;
        self.m2 += other.m2 + dx * dx * a * b / n;
        self.m2_pnl += other.m2_pnl + dy * dy * a * b / n;
        self.co += other.co + dx * dy * a * b / n;
        self.mean += dx * b / n;
        self.mean_pnl += dy * b / n;
        self.n += other.n;
        self.wins += other.wins;
        self.range = widen(self.range, other.range);
        self.range_pnl = widen(self.range_pnl, other.range_pnl);
        merge_sum(&mut self.squared_error, other.squared_error);
    }

    /// The mean confidence, 0 to 1.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.n > 0).then_some(self.mean)
    }

    /// The Brier score: mean squared distance of the confidence from won (1) or not (0).
    #[must_use]
    pub fn brier(&self) -> Option<f64> {
        let (hi, lo) = self.squared_error;
        (self.n > 0).then(|| (hi + lo) / f64::from(self.n))
    }

    /// Pearson's correlation of confidence and P&L; `None` when either never varies.
    #[must_use]
    pub fn pearson(&self) -> Option<crate::stats::Correlation> {
        let varies = |range: Option<(f64, f64)>| range.is_some_and(|(low, high)| low < high);
        if !varies(self.range) || !varies(self.range_pnl) {
            return None;
        }
        crate::stats::pearson_from_moments(u64::from(self.n), self.m2, self.m2_pnl, self.co)
    }

    /// Every confidence was the same.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.range.is_some_and(|(low, high)| low >= high)
    }
}

fn widen(a: Option<(f64, f64)>, b: Option<(f64, f64)>) -> Option<(f64, f64)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (some, None) | (None, some) => some,
    }
}

fn merge_sum(into: &mut (f64, f64), other: (f64, f64)) {
    let mut sum = CompensatedSum::from_parts(into.0, into.1);
    sum.merge(CompensatedSum::from_parts(other.0, other.1));
    *into = sum.parts();
}

fn add_to(sum: &mut (f64, f64), value: f64) {
    merge_sum(sum, (value, 0.0));
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
            summary.equity.step(step);
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
        let Some(pnl) = point.pnl() else {
            self.unknown += 1;
            return;
        };
        add_to(&mut self.total, pnl);
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

    /// Appends the summary of a later stretch. Two stretches must not share an instant.
    pub fn merge(&mut self, later: &Self) {
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
        (self.trades() > 0).then_some(self.equity.drawdown)
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
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn point(millis: i64, pnl: Option<f64>, confidence: Option<f64>) -> Point {
        Point {
            seq: millis,
            closed_at: Timestamp::from_millis(millis),
            opened_at: NEVER,
            pnl: pnl.unwrap_or(f64::NAN),
            confidence: confidence.unwrap_or(f64::NAN),
            fee: 1.0,
            cost: f64::NAN,
        }
    }

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
            match (merged.confidence.pearson(), whole.confidence.pearson()) {
                (Some(a), Some(b)) => prop_assert!((a.r - b.r).abs() < 1e-9),
                (a, b) => prop_assert_eq!(a.is_some(), b.is_some()),
            }
        }
    }
}
