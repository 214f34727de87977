use super::*;
use crate::stats::testing::{close, close_within};
use proptest::prelude::*;

#[test]
fn fisher_golden_values() {
    let cases = [
        (19, 26, 3, 9, 0.334_983_037_197_967_5),
        (4, 41, 2, 10, 0.595_981_972_347_414),
        (20, 30, 1, 6, 0.242_603_639_326_578_75),
        (3, 47, 3, 4, 0.020_114_829_449_486_844),
        (5, 0, 1, 4, 0.047_619_047_619_047_616),
        (100, 900, 50, 950, 2.747_498_052_166_883e-5),
        (1_000, 9_000, 800, 9_200, 8.595_081_469_440_429e-7),
        (45, 0, 0, 57, 5.042_318_268_603_26e-30),
        (313, 308, 358, 286, 0.071_352_653_912_488_78),
        (137, 1_178, 88, 1_241, 0.000_480_476_189_919_125_3),
        (0, 0, 3, 4, 1.0),
        (3, 4, 0, 0, 1.0),
        (0, 3, 0, 4, 1.0),
        (3, 0, 4, 0, 1.0),
        (0, 0, 0, 0, 1.0),
    ];
    for (a, b, c, d, p) in cases {
        close(fisher_two_sided(a, b, c, d).unwrap(), p);
    }
}

/// References summed with 60 digits (mpmath) over the whole support.
#[test]
fn fisher_matches_high_precision_sums() {
    let cases = [
        (1, 0, 0, 1, 1.0),
        (2, 3, 4, 5, 1.0),
        (10, 0, 0, 10, 1.082_508_822_446_903e-5),
        (12, 5, 29, 2, 0.080_268_552_074_104_65),
        (3_000, 4_000, 5_000, 8_000, 1.558_036_285_126_758e-9),
        (24_900, 25_100, 25_300, 24_700, 0.011_618_346_047_441_98),
        (137, 99_863, 88, 99_912, 0.001_313_884_614_645_622_1),
        (200, 0, 1, 180, 1.602_762_445_254_61e-111),
        (500, 10, 20, 500, 6.570_815_409_369_539e-253),
        (1_000, 1_000, 1_000, 1_001, 1.0),
        (
            499_000,
            501_000,
            500_500,
            499_500,
            0.034_013_913_964_585_155,
        ),
        (3, 999_997, 20, 999_980, 0.000_488_247_471_649_517_16),
    ];
    for (a, b, c, d, p) in cases {
        close_within(fisher_two_sided(a, b, c, d).unwrap(), p, 1e-10);
    }
}

#[test]
fn fisher_walks_large_tables_and_refuses_endless_ones() {
    assert!(fisher_two_sided(250_100, 249_900, 249_800, 250_200).unwrap() > 0.1);
    assert_eq!(fisher_two_sided(500_000, 0, 0, 500_000), Some(0.0));
    assert_eq!(fisher_two_sided(u64::MAX, 1, 1, 1), None);
    assert_eq!(fisher_two_sided(MAX_TOTAL, 1, 0, 0), None);
}

#[test]
fn odds_ratio_golden_values() {
    let cases = [
        (
            (19, 26, 3, 9),
            2.192_307_692,
            1.997_304_582,
            0.513_709_303,
            7.765_531_152,
        ),
        (
            (4, 41, 2, 10),
            0.487_804_878,
            0.455_421_687,
            0.084_219_504,
            2.462_718_298,
        ),
        (
            (20, 30, 1, 6),
            4.0,
            2.912_568_306,
            0.452_712_774,
            18.738_269_889,
        ),
        (
            (3, 47, 3, 4),
            0.085_106_383,
            0.094_736_842,
            0.016_151_637,
            0.555_675_533,
        ),
    ];
    for ((a, b, c, d), sample, adjusted, low, high) in cases {
        let got = odds_ratio(a, b, c, d).unwrap();
        close_within(got.sample, sample, 1e-8);
        close_within(got.adjusted, adjusted, 1e-8);
        close_within(got.interval.low, low, 1e-7);
        close_within(got.interval.high, high, 1e-8);
    }
    assert_eq!(odds_ratio(5, 0, 1, 4).unwrap().sample, f64::INFINITY);
    assert_eq!(odds_ratio(0, 5, 1, 4).unwrap().sample, 0.0);
    assert_eq!(odds_ratio(0, 0, 1, 4), None);
    assert_eq!(odds_ratio(0, 5, 0, 4), None);
}

proptest! {
    #[test]
    fn fisher_ignores_the_order_of_rows_and_columns(
        a in 0..400_u64, b in 0..400_u64, c in 0..400_u64, d in 0..400_u64,
    ) {
        let p = fisher_two_sided(a, b, c, d).unwrap();
        prop_assert!((0.0..=1.0).contains(&p));
        for other in [(c, d, a, b), (b, a, d, c), (a, c, b, d)] {
            let q = fisher_two_sided(other.0, other.1, other.2, other.3).unwrap();
            prop_assert!((p - q).abs() <= 1e-11 * p);
        }
    }

    #[test]
    fn odds_ratio_interval_contains_the_estimate(
        a in 0..=u64::MAX, b in 0..=u64::MAX, c in 1..=u64::MAX, d in 1..=u64::MAX,
    ) {
        if let Some(got) = odds_ratio(a, b, c, d) {
            prop_assert!(got.sample >= 0.0 && got.adjusted > 0.0);
            prop_assert!(got.interval.low <= got.adjusted * (1.0 + 1e-12));
            prop_assert!(got.interval.high >= got.adjusted * (1.0 - 1e-12));
        }
    }
}
