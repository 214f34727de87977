//! Two-by-two tables: Fisher's exact test and the odds ratio.
//!
//! A table is given by its cells, row by row:
//!
//! |         | yes | no  |
//! |---------|-----|-----|
//! | with    | `a` | `b` |
//! | without | `c` | `d` |

use super::{Interval, Z_95};

/// Largest total the exact test accepts. The time taken grows with its square
/// root; this many rows take a few milliseconds in a release build.
const MAX_TOTAL: u64 = 10_000_000_000;

/// Tables whose probability exceeds the observed one by no more than this share
/// count as equally likely: true ties differ by rounding only.
const TIE_TOLERANCE: f64 = 1e-7;

/// Terms this far below both the mode and the observed table can no longer
/// change a digit of either sum.
const NEGLIGIBLE: f64 = 1e-25;

/// Fisher's exact test, two-sided: the probability, given the margins, of all
/// tables no likelier than the observed one (relative tolerance 1e-7).
///
/// Source: Fisher 1935; the two-sided rule is that of scipy's `fisher_exact`
/// and R's `fisher.test` (whose tolerance this is). A table with an empty row
/// or column gives 1. A p below about 1e-300 comes back as 0.
///
/// `None` only when the total exceeds 10^10.
pub fn fisher_two_sided(a: u64, b: u64, c: u64, d: u64) -> Option<f64> {
    let total = a.checked_add(b)?.checked_add(c)?.checked_add(d)?;
    if total > MAX_TOTAL {
        return None;
    }
    let (row, column) = (a + b, a + c);
    if row == 0 || row == total || column == 0 || column == total {
        return Some(1.0);
    }
    // All probabilities are taken relative to the mode and reached by the
    // recurrence between neighbouring tables. No factorial is involved, so
    // there is no cancellation of large logarithms, whatever the total.
    let support = Support::new(row, column, total);
    let mode = support.mode();
    let observed = support.weight(mode, a);
    if observed == 0.0 {
        return Some(0.0);
    }
    // Subnormal numbers would hardly shrink any more and stall the walk.
    let floor = (observed.min(1.0) * NEGLIGIBLE).max(f64::MIN_POSITIVE);
    let limit = observed * (1.0 + TIE_TOLERANCE);

    let (mut all, mut extreme) = (0.0, 0.0);
    let mut count = |weight: f64| {
        all += weight;
        if weight <= limit {
            extreme += weight;
        }
        weight > floor
    };
    count(1.0);
    let mut weight = 1.0;
    for x in mode..support.high {
        weight *= support.up(x);
        if !count(weight) {
            break;
        }
    }
    weight = 1.0;
    for x in (support.low + 1..=mode).rev() {
        weight /= support.up(x - 1);
        if !count(weight) {
            break;
        }
    }
    Some((extreme / all).min(1.0))
}

/// The possible upper left cells of a table with given margins.
struct Support {
    row: u64,
    column: u64,
    total: u64,
    low: u64,
    high: u64,
}

impl Support {
    fn new(row: u64, column: u64, total: u64) -> Self {
        Self {
            row,
            column,
            total,
            low: (row + column).saturating_sub(total),
            high: row.min(column),
        }
    }

    /// The likeliest cell of the hypergeometric distribution.
    fn mode(&self) -> u64 {
        let product = u128::from(self.row + 1) * u128::from(self.column + 1);
        let mode = product / u128::from(self.total + 2);
        u64::try_from(mode)
            .unwrap_or(self.high)
            .clamp(self.low, self.high)
    }

    /// P(x + 1) / P(x), for `low <= x < high`: both factors of the numerator
    /// and of the denominator are then positive.
    fn up(&self, x: u64) -> f64 {
        let gain = (self.row - x) as f64 * (self.column - x) as f64;
        let loss = (x + 1) as f64 * (self.total + x + 1 - self.row - self.column) as f64;
        gain / loss
    }

    /// P(x) / P(mode); 0 where that falls below the smallest normal `f64`.
    fn weight(&self, mode: u64, x: u64) -> f64 {
        let mut weight = 1.0;
        for step in mode..x.max(mode) {
            weight *= self.up(step);
            if weight < f64::MIN_POSITIVE {
                return 0.0;
            }
        }
        for step in (x.min(mode)..mode).rev() {
            weight /= self.up(step);
            if weight < f64::MIN_POSITIVE {
                return 0.0;
            }
        }
        weight
    }
}

/// The odds ratio of a two-by-two table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OddsRatio {
    /// The sample odds ratio `a d / (b c)`; infinite when `b` or `c` is 0.
    pub sample: f64,
    /// The Haldane-Anscombe estimate: the same with 0.5 added to every cell.
    /// Always finite and positive.
    pub adjusted: f64,
    /// Woolf's logit interval (95 %) of [`adjusted`](Self::adjusted).
    pub interval: Interval,
}

/// The odds ratio of a two-by-two table, plain and with the Haldane-Anscombe
/// correction, the latter with Woolf's interval.
///
/// Source: Woolf 1955, Anscombe 1956; as `statsmodels`
/// `Table2x2(table + 0.5).oddsratio_confint()`.
///
/// `None` when a row or a column is empty: the table then says nothing about
/// an association.
pub fn odds_ratio(a: u64, b: u64, c: u64, d: u64) -> Option<OddsRatio> {
    let empty = |x: u64, y: u64| x == 0 && y == 0;
    if empty(a, b) || empty(c, d) || empty(a, c) || empty(b, d) {
        return None;
    }
    let [a, b, c, d] = [a, b, c, d].map(|cell| cell as f64);
    // No 0 / 0: a zero in each product would empty a row or a column.
    let sample = (a * d) / (b * c);
    let [a, b, c, d] = [a, b, c, d].map(|cell| cell + 0.5);
    let adjusted = (a * d) / (b * c);
    let half = Z_95 * (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d).sqrt();
    let log = adjusted.ln();
    Some(OddsRatio {
        sample,
        adjusted,
        interval: Interval {
            low: (log - half).exp(),
            high: (log + half).exp(),
        },
    })
}

#[cfg(test)]
mod tests;
