//! Stated confidence against what became of it: the sums that merge.

use serde::{Deserialize, Serialize};

use crate::stats::{self, Correlation};

use super::summary::{Sum, merge_sum};

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
    /// The co-moment of confidence and won (1) or not (0).
    co_won: f64,
    squared_error: Sum,
}

impl ConfidenceSums {
    pub(super) fn one(confidence: f64, pnl: f64) -> Self {
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

    pub(super) fn merge(&mut self, other: &Self) {
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
        let dw = f64::from(other.wins) / b - f64::from(self.wins) / a;
        self.co_won += other.co_won + dx * dw * a * b / n;
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
    pub fn pearson(&self) -> Option<Correlation> {
        if !varies(self.range) || !varies(self.range_pnl) {
            return None;
        }
        stats::pearson_from_moments(u64::from(self.n), self.m2, self.m2_pnl, self.co)
    }

    /// Pearson's correlation of confidence and won (1) or not (0): the point-biserial one. `None`
    /// when either never varies.
    #[must_use]
    pub fn pearson_win(&self) -> Option<Correlation> {
        if !varies(self.range) {
            return None;
        }
        let rate = self.base_rate()?;
        let m2_won = f64::from(self.n) * rate * (1.0 - rate);
        stats::pearson_from_moments(u64::from(self.n), self.m2, m2_won, self.co_won)
    }

    /// The share of wins among the trades that stated a confidence.
    #[must_use]
    pub fn base_rate(&self) -> Option<f64> {
        (self.n > 0).then(|| f64::from(self.wins) / f64::from(self.n))
    }

    /// How much better the Brier score is than that of always saying the base rate: 1 is perfect,
    /// 0 no better, below it worse. `None` when all trades ended the same.
    #[must_use]
    pub fn brier_skill(&self) -> Option<f64> {
        let rate = self.base_rate()?;
        let uncertainty = rate * (1.0 - rate);
        Some(1.0 - self.brier()? / uncertainty).filter(|_| uncertainty > 0.0)
    }

    /// Every confidence was the same.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.range.is_some_and(|(low, high)| low >= high)
    }
}

fn varies(range: Option<(f64, f64)>) -> bool {
    range.is_some_and(|(low, high)| low < high)
}

fn widen(a: Option<(f64, f64)>, b: Option<(f64, f64)>) -> Option<(f64, f64)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (some, None) | (None, some) => some,
    }
}
