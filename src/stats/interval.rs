//! Intervals for a rate and for the difference of two rates.

use super::{Interval, Z_95};

/// The Wilson score interval (95 %) of the rate `k / n`, within 0..=1.
///
/// Source: Wilson 1927, as `statsmodels` `proportion_confint(method="wilson")`.
/// The low end of 0 of n is exactly 0, the high end of n of n exactly 1, and
/// the interval always contains `k / n`.
///
/// `None` for `n == 0` or `k > n`.
pub fn wilson(k: u64, n: u64) -> Option<Interval> {
    if n == 0 || k > n {
        return None;
    }
    let rate = k as f64 / n as f64;
    let n_real = n as f64;
    let z2 = Z_95 * Z_95;
    let shrink = 1.0 + z2 / n_real;
    let centre = (rate + z2 / (2.0 * n_real)) / shrink;
    let variance = rate * (1.0 - rate) / n_real + z2 / (4.0 * n_real * n_real);
    let half = Z_95 / shrink * variance.sqrt();
    // The limits at 0 and n are exact in theory; rounding would leave 1e-17.
    let low = if k == 0 { 0.0 } else { centre - half };
    let high = if k == n { 1.0 } else { centre + half };
    // For very large n the half-width falls below the rounding of the centre.
    Some(Interval {
        low: low.clamp(0.0, rate),
        high: high.clamp(rate, 1.0),
    })
}

/// The interval (95 %) of the difference of two independent rates,
/// `k1 / n1 - k2 / n2`, within -1..=1: Newcombe's hybrid score method without
/// continuity correction, built from the two Wilson intervals.
///
/// Source: Newcombe 1998 (method 10), as `statsmodels`
/// `confint_proportions_2indep(method="newcomb", compare="diff")`.
///
/// `None` when either rate has no Wilson interval.
pub fn newcombe(k1: u64, n1: u64, k2: u64, n2: u64) -> Option<Interval> {
    let (first, second) = (wilson(k1, n1)?, wilson(k2, n2)?);
    let (p1, p2) = (k1 as f64 / n1 as f64, k2 as f64 / n2 as f64);
    let difference = p1 - p2;
    let below = (p1 - first.low).hypot(second.high - p2);
    let above = (first.high - p1).hypot(p2 - second.low);
    Some(Interval {
        low: (difference - below).max(-1.0),
        high: (difference + above).min(1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{close, close_within};
    use proptest::prelude::*;

    #[test]
    fn z_is_the_normal_quantile() {
        use statrs::distribution::{ContinuousCDF, Normal};
        close_within(Normal::standard().inverse_cdf(0.975), Z_95, 1e-15);
    }

    #[test]
    fn wilson_golden_values() {
        let cases = [
            (19, 45, 0.289_687_024_672_702_9, 0.566_992_112_907_968_6),
            (3, 12, 0.088_941_668_394_054_76, 0.532_305_334_933_565_8),
            (0, 5, 0.0, 0.434_482_464_783_174_87),
            (5, 5, 0.565_517_535_216_825_2, 1.0),
            (1, 1, 0.206_549_314_377_237_4, 1.0),
            (
                1,
                1_000_000,
                1.765_245_767_453_717_6e-7,
                5.664_911_804_311_445e-6,
            ),
            (
                617,
                20_000,
                0.028_542_247_979_850_6,
                0.033_337_939_451_592_365,
            ),
            (999, 1_000, 0.994_357_441_402_042_1, 0.999_823_453_629_373_9),
            (2, 3, 0.207_659_600_802_047_7, 0.938_508_055_279_603_7),
        ];
        for (k, n, low, high) in cases {
            let got = wilson(k, n).unwrap();
            close(got.low, low);
            close(got.high, high);
        }
    }

    #[test]
    fn wilson_ends_are_exact() {
        for n in [1, 2, 7, 1_000, u64::MAX] {
            assert_eq!(wilson(0, n).unwrap().low, 0.0);
            assert_eq!(wilson(n, n).unwrap().high, 1.0);
        }
    }

    #[test]
    fn undefined_rates_have_no_interval() {
        assert_eq!(wilson(0, 0), None);
        assert_eq!(wilson(3, 2), None);
        assert_eq!(newcombe(0, 0, 1, 2), None);
        assert_eq!(newcombe(1, 2, 3, 2), None);
    }

    #[test]
    fn newcombe_golden_values() {
        let cases = [
            (19, 45, 3, 12, -0.139_646_149, 0.388_781_931),
            (4, 45, 2, 12, -0.364_235_208, 0.090_620_900),
            (20, 50, 1, 7, -0.133_312_751, 0.438_321_877),
            (3, 50, 3, 7, -0.691_949_001, -0.079_557_814),
        ];
        for (k1, n1, k2, n2, low, high) in cases {
            let got = newcombe(k1, n1, k2, n2).unwrap();
            close_within(got.low, low, 1e-8);
            close_within(got.high, high, 1e-8);
        }
        // More digits, from statsmodels 0.15.0.
        let cases = [
            (
                19,
                45,
                3,
                12,
                -0.139_646_148_603_424_17,
                0.388_781_930_914_429_25,
            ),
            (0, 5, 5, 5, -1.0, -0.385_549_005_690_343_56),
            (
                0,
                10,
                0,
                20,
                -0.161_125_158_052_819_4,
                0.277_532_799_862_889_26,
            ),
            (
                617,
                20_000,
                500,
                18_000,
                -0.000_332_547_506_382_313_13,
                0.006_461_656_570_538_385,
            ),
            (
                7,
                8,
                1,
                3,
                -0.033_073_379_883_213_68,
                0.832_219_435_752_437_3,
            ),
        ];
        for (k1, n1, k2, n2, low, high) in cases {
            let got = newcombe(k1, n1, k2, n2).unwrap();
            close(got.low, low);
            close(got.high, high);
        }
    }

    proptest! {
        #[test]
        fn wilson_contains_the_rate(n in 1..=u64::MAX, part in 0.0..=1.0_f64) {
            let k = ((n as f64 * part) as u64).min(n);
            let rate = k as f64 / n as f64;
            let got = wilson(k, n).unwrap();
            prop_assert!(0.0 <= got.low && got.low <= rate);
            prop_assert!(rate <= got.high && got.high <= 1.0);
        }

        #[test]
        fn wilson_mirrors(n in 1..100_000_u64, part in 0.0..=1.0_f64) {
            let k = (n as f64 * part) as u64;
            let (one, other) = (wilson(k, n).unwrap(), wilson(n - k, n).unwrap());
            prop_assert!((one.low - (1.0 - other.high)).abs() < 1e-12);
        }

        #[test]
        fn newcombe_swapped_is_negated(
            n1 in 1..10_000_u64, n2 in 1..10_000_u64, a in 0.0..=1.0_f64, b in 0.0..=1.0_f64,
        ) {
            let (k1, k2) = ((n1 as f64 * a) as u64, (n2 as f64 * b) as u64);
            let one = newcombe(k1, n1, k2, n2).unwrap();
            let other = newcombe(k2, n2, k1, n1).unwrap();
            prop_assert!((one.low + other.high).abs() < 1e-12);
            prop_assert!((one.high + other.low).abs() < 1e-12);
            prop_assert!(-1.0 <= one.low && one.low <= one.high && one.high <= 1.0);
        }
    }
}
