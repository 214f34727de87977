//! Forecasts against what happened, bin by bin; how sure an AUC is; and how many more results it
//! would take to be sure.

use super::{CompensatedSum, Interval, Z_95, wilson};

/// The fewest forecasts of a bin.
pub const MIN_BIN: usize = 10;
/// The most bins.
pub const MAX_BINS: usize = 5;

/// Forecasts of about the same height, and how often they came true.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// The lowest forecast in it, 0 to 1.
    pub low: f64,
    /// The highest forecast in it.
    pub high: f64,
    /// How many.
    pub n: u64,
    /// Their mean forecast.
    pub forecast: f64,
    /// How many came true.
    pub won: u64,
    /// The Wilson interval of the share that came true.
    pub interval: Interval,
}

impl Bin {
    /// The share that came true.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.won as f64 / self.n as f64
    }
}

/// Bins of about equal size, at most [`MAX_BINS`], each of at least [`MIN_BIN`] (one bin when
/// there are fewer). Equal forecasts are never parted, so a bin may be larger than the others.
///
/// With n forecasts and b = min(5, n / 10) bins, a bin ends at the first change of the forecast at
/// or after its share of n / b.  Empty for unequal lengths or a NaN.
#[must_use]
pub fn reliability(forecast: &[f64], won: &[bool]) -> Vec<Bin> {
    if forecast.len() != won.len() || forecast.iter().any(|f| f.is_nan()) {
        return Vec::new();
    }
    let mut pairs: Vec<(f64, bool)> = forecast.iter().copied().zip(won.iter().copied()).collect();
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let n = pairs.len();
    let bins = (n / MIN_BIN).clamp(1, MAX_BINS);
    let mut found = Vec::new();
    let mut start = 0;
    for bin in 1..=bins {
        let mut end = if bin == bins { n } else { bin * n / bins };
        while end < n && end > 0 && pairs[end].0 == pairs[end - 1].0 {
            end += 1;
        }
        // What would be left is less than a bin: it goes with this one.
        if n - end < MIN_BIN {
            end = n;
        }
        if end < start + MIN_BIN && end < n {
            continue;
        }
        found.extend(one(&pairs[start..end]));
        start = end;
    }
    found
}

fn one(pairs: &[(f64, bool)]) -> Option<Bin> {
    let (first, last) = (pairs.first()?, pairs.last()?);
    let won = pairs.iter().filter(|p| p.1).count() as u64;
    let sum: CompensatedSum = pairs.iter().map(|p| p.0).collect();
    Some(Bin {
        low: first.0,
        high: last.0,
        n: pairs.len() as u64,
        forecast: sum.value() / pairs.len() as f64,
        won,
        interval: wilson(won, pairs.len() as u64)?,
    })
}

/// The 95 % interval of an AUC from `n1` positives and `n0` negatives: the values that the score
/// test does not reject, with the variance that holds at each of them.
///
/// Source: Newcombe 2006 (Statistics in Medicine 25:559, method 5), on the variance of Hanley &
/// `McNeil` 1982. Unlike estimate plus and minus errors it stays inside 0..=1 and is no point at a
/// perfect AUC. `None` for an AUC outside 0..=1 or an empty class.
#[must_use]
pub fn auc_interval(auc: f64, n1: u64, n0: u64) -> Option<Interval> {
    if !(0.0..=1.0).contains(&auc) || n1 == 0 || n0 == 0 {
        return None;
    }
    let (n1, n0) = (n1 as f64, n0 as f64);
    let half = f64::midpoint(n1, n0) - 1.0;
    let rejected = |theta: f64| {
        let shape = 1.0 + half * (1.0 - theta) / (2.0 - theta) + half * theta / (1.0 + theta);
        let variance = theta * (1.0 - theta) * shape / (n1 * n0);
        (auc - theta).powi(2) > Z_95 * Z_95 * variance
    };
    // Between an end that is rejected and the estimate, which is not.
    let limit = |mut out: f64, mut inside: f64| {
        if !rejected(out) {
            return out;
        }
        for _ in 0..100 {
            let middle = f64::midpoint(out, inside);
            if rejected(middle) {
                out = middle;
            } else {
                inside = middle;
            }
        }
        inside
    };
    Some(Interval {
        low: limit(0.0, auc),
        high: limit(1.0, auc),
    })
}

/// How many results, in all, a test of "AUC is 0.5" would need to see an AUC of this size, with
/// this share of positives, in 80 of 100 cases at the 5 % level.
///
/// Source: Noether 1987: `(z_0.975 + z_0.8)^2 / (12 c (1 - c) (AUC - 1/2)^2)`. `None` for an AUC
/// of exactly one half, or a share that is not within (0, 1).
#[must_use]
pub fn results_needed(auc: f64, positives: f64) -> Option<f64> {
    /// The 0.8 quantile of the standard normal distribution.
    const Z_80: f64 = 0.841_621_233_572_914_2;
    let share = positives * (1.0 - positives);
    if share <= 0.0 || share.is_nan() || auc == 0.5 {
        return None;
    }
    let needed = (Z_95 + Z_80).powi(2) / (12.0 * share * (auc - 0.5).powi(2));
    needed.is_finite().then_some(needed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::close;
    use proptest::prelude::*;

    #[test]
    fn bins_are_even_and_never_part_equals() {
        let of = |forecast: &[f64]| {
            let won: Vec<bool> = (0..forecast.len()).map(|i| i % 2 == 0).collect();
            let bins = reliability(forecast, &won);
            bins.iter().map(|b| b.n).collect::<Vec<_>>()
        };
        let spread: Vec<f64> = (0..57).map(|i| f64::from(i) / 57.0).collect();
        assert_eq!(of(&spread), [11, 11, 12, 11, 12]);
        assert_eq!(of(&spread[..23]), [11, 12]);
        assert_eq!(of(&spread[..7]), [7]);
        assert_eq!(of(&[]), [0; 0]);
        assert_eq!(of(&[0.7; 60]), [60]);
        let two: Vec<f64> = (0..60).map(|i| if i < 35 { 0.6 } else { 0.8 }).collect();
        assert_eq!(of(&two), [35, 25]);
        let tail: Vec<f64> = (0..60).map(|i| if i < 55 { 0.6 } else { 0.8 }).collect();
        assert_eq!(of(&tail), [60]);
    }

    #[test]
    fn auc_intervals_are_those_of_a_root_finder() {
        // scipy.optimize.brentq on the two equations.
        for ((auc, n1, n0), (low, high)) in AUC_CASES {
            let got = auc_interval(auc, n1, n0).unwrap();
            close(got.low, low);
            close(got.high, high);
        }
        assert_eq!(auc_interval(0.5, 0, 3), None);
        assert_eq!(auc_interval(f64::NAN, 3, 3), None);
    }

    /// ((AUC, positives, negatives), interval).
    type Case = ((f64, u64, u64), (f64, f64));
    const AUC_CASES: [Case; 4] = [
        (
            (0.64, 80, 120),
            (0.558_822_899_867_271_8, 0.712_588_851_452_29),
        ),
        (
            (0.72, 5, 5),
            (0.361_614_940_646_497_96, 0.915_616_417_643_868_9),
        ),
        ((1.0, 6, 4), (0.632_855_349_433_045_9, 1.0)),
        (
            (0.31, 300, 41),
            (0.232_879_796_585_085_42, 0.402_126_710_392_772_54),
        ),
    ];

    #[test]
    fn the_number_needed_is_noethers() {
        close(results_needed(0.64, 0.4).unwrap(), 139.046_197_107_941_6);
        assert_eq!(results_needed(0.5, 0.4), None);
        assert_eq!(results_needed(0.7, 1.0), None);
    }

    proptest! {
        #[test]
        fn bins_hold_everything_once_and_are_large_enough(
            rows in prop::collection::vec((0..=20_u8, any::<bool>()), 0..200),
        ) {
            let (forecast, won): (Vec<f64>, Vec<bool>) =
                rows.into_iter().map(|(f, won)| (f64::from(f) / 20.0, won)).unzip();
            let bins = reliability(&forecast, &won);
            let all: u64 = bins.iter().map(|b| b.n).sum();
            prop_assert_eq!(all, forecast.len() as u64);
            prop_assert!(bins.len() <= MAX_BINS);
            if bins.len() > 1 {
                prop_assert!(bins.iter().all(|b| b.n >= MIN_BIN as u64));
            }
            for pair in bins.windows(2) {
                prop_assert!(pair[0].high < pair[1].low);
            }
        }

        #[test]
        fn an_auc_lies_in_its_interval(auc in 0.0..=1.0_f64, n1 in 1..500_u64, n0 in 1..500_u64) {
            let interval = auc_interval(auc, n1, n0).unwrap();
            prop_assert!(interval.low <= auc && auc <= interval.high);
            prop_assert!(interval.low < interval.high);
        }
    }
}
