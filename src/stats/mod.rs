//! Pure statistics for small samples.
//!
//! What this module knows: slices and counts go in, plain numbers and small
//! structs come out, and `None` means "not defined for this input" (too few
//! values, a constant column, NaN, an empty class). Nothing here panics,
//! whatever the input, and no `Some` ever carries a NaN.
//!
//! What it must never know: the types of the domain (channels, calls, trades),
//! files, databases, the network, the clock, or a source of true randomness
//! (resampling draws from [`random`], the same numbers each time). Rules
//! such as "needs ten values before it is shown" belong to the caller: a
//! function here returns whatever is mathematically defined.
//!
//! Conventions:
//! - intervals are two-sided 95 %, p-values two-sided;
//! - methods and their tie and continuity rules follow scipy 1.17 and
//!   statsmodels 0.15, which the unit tests are checked against;
//! - only distributions and special functions are taken from `statrs`.

pub mod bootstrap;
pub mod calibration;
pub mod correlation;
pub mod fisher;
pub mod interval;
pub mod location;
pub mod moments;
pub mod multiple;
pub mod power;
pub mod quantile;
pub mod random;
pub mod rank;
pub mod reliability;
pub mod shrinkage;
pub mod stratified;
pub mod sum;
mod tail;

pub use bootstrap::{DayTable, Difference, Place};
pub use calibration::{Murphy, Spiegelhalter, brier, murphy, spiegelhalter};
pub use correlation::{Correlation, pearson, pearson_from_moments, spearman};
pub use fisher::{OddsRatio, fisher_two_sided, odds_ratio};
pub use interval::{newcombe, wilson};
pub use location::{mean_interval, median_interval};
pub use moments::{Moments, Sharpe};
pub use multiple::benjamini_hochberg;
pub use quantile::{mean, median, quantile};
pub use rank::{
    AucInterval, BrunnerMunzel, RankMethod, RankTest, auc, auc_with_interval, brunner_munzel,
    gain_test, mann_whitney, mid_ranks,
};
pub use reliability::{Bin, auc_interval, reliability, results_needed};
pub use shrinkage::{Prior, Shrunk};
pub use stratified::{MantelHaenszel, mantel_haenszel};
pub use sum::CompensatedSum;

/// The 0.975 quantile of the standard normal distribution: the half-width, in
/// standard errors, of a two-sided 95 % interval.
pub(crate) const Z_95: f64 = 1.959_963_984_540_054;

/// A two-sided 95 % interval, ends included, in the unit of the estimate it
/// belongs to. `low <= high` holds for every interval made by this module.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Helpers shared by the unit tests of the files below.
#[cfg(test)]
pub(crate) mod testing {
    /// Asserts equality within 1e-9, relative (absolute for an expected 0).
    #[track_caller]
    pub fn close(got: f64, want: f64) {
        close_within(got, want, 1e-9);
    }

    /// Asserts relative equality (absolute for an expected 0).
    #[track_caller]
    pub fn close_within(got: f64, want: f64, tolerance: f64) {
        let scale = if want == 0.0 { 1.0 } else { want.abs() };
        assert!(
            got == want || (got - want).abs() <= tolerance * scale,
            "got {got:e}, want {want:e}"
        );
    }

    /// Pseudo-random values, the same ones the references were computed from:
    /// 24-bit uniform numbers in 0..1, or whole numbers in 0..`grid` if that
    /// is positive, times `scale` plus `shift`. Mind the order of the operations: references
    /// depend on the last bit.
    pub fn sample(seed: u64, n: usize, shift: f64, scale: f64, grid: u32) -> Vec<f64> {
        let mut state = seed;
        let mut next = || {
            let unit = (state >> 40) as f64 / f64::from(1 << 24);
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            unit
        };
        // The first states still show the seed. The reference generator steps
        // before it reads, hence four.
        for _ in 0..4 {
            next();
        }
        (0..n)
            .map(|_| match grid {
                0 => next() * scale + shift,
                _ => (next() * f64::from(grid)).floor() * scale + shift,
            })
            .collect()
    }
}
