use super::*;
use crate::stats::testing::{close, close_within, sample};
use proptest::prelude::*;

const G1: [f64; 8] = [287.3, 156.8, 12.5, -22.8, 67.3, 45.0, -98.2, 5.0];
const G2: [f64; 5] = [-80.0, -60.0, 10.0, 20.0, -98.0];

#[test]
fn mid_ranks_share_ties() {
    let cases: &[(&[f64], &[f64])] = &[
        (&[], &[]),
        (&[7.0], &[1.0]),
        (&[3.0, 1.0, 2.0], &[3.0, 1.0, 2.0]),
        (&[2.0, 1.0, 2.0, 3.0], &[2.5, 1.0, 2.5, 4.0]),
        (&[0.0, -0.0, f64::INFINITY], &[1.5, 1.5, 3.0]),
    ];
    for (values, ranks) in cases {
        assert_eq!(mid_ranks(values), *ranks);
    }
    assert!(mid_ranks(&[1.0, f64::NAN]).iter().all(|rank| rank.is_nan()));
}

#[test]
fn mann_whitney_golden_values() {
    let got = mann_whitney(&G1, &G2).unwrap();
    assert_eq!(
        (got.u, got.superiority, got.method),
        (30.0, 0.75, RankMethod::Exact)
    );
    close(got.p, 0.170_940_170_940_170_94);
    assert_eq!(mann_whitney(&G2, &G1).unwrap().p, got.p);
    assert_eq!(mann_whitney(&G2, &G1).unwrap().u, 10.0);
    close(normal_p(40.0, 30.0, &[1; 13]), 0.164_329_279_538_066_53);

    let ties = mann_whitney(&[1.0, 2.0, 2.0, 3.0], &[2.0, 3.0, 4.0, 4.0, 5.0]).unwrap();
    assert_eq!((ties.u, ties.method), (2.5, RankMethod::Normal));
    close(ties.p, 0.078_545_850_951_190_67);
    let equal = mann_whitney(&[1.0; 3], &[1.0; 3]).unwrap();
    assert_eq!((equal.u, equal.p, equal.superiority), (4.5, 1.0, 0.5));
}

/// scipy 1.17.1, `method="exact"`, on [`sample`].
#[test]
fn mann_whitney_exact_matches_scipy() {
    let cases = [
        (1, 1, 1.0, 1.0),
        (1, 6, 5.0, 0.571_428_571_428_571_4),
        (2, 10, 16.0, 0.272_727_272_727_272_7),
        (4, 4, 16.0, 0.028_571_428_571_428_57),
        (6, 7, 33.0, 0.101_398_601_398_601_39),
        (8, 9, 53.0, 0.113_944_878_650_761),
        (8, 30, 195.0, 0.005_822_692_579_908_199_6),
        (20, 20, 330.0, 0.000_257_973_808_295_421_63),
        (1, 400, 253.0, 0.738_154_613_466_336_2),
        (5, 80, 303.0, 0.053_708_796_455_968_8),
    ];
    for (n1, n2, u, p) in cases {
        let (x, y) = (sample(1, n1, 0.25, 1.0, 0), sample(2, n2, 0.0, 1.0, 0));
        let got = mann_whitney(&x, &y).unwrap();
        assert_eq!((got.u, got.method), (u, RankMethod::Exact));
        close_within(got.p, p, 1e-12);
        assert_eq!(mann_whitney(&y, &x).unwrap().p, got.p);
    }
}

/// scipy 1.17.1, `method="asymptotic"`, on [`sample`].
#[test]
fn mann_whitney_normal_matches_scipy() {
    let cases = [
        (21, 21, 0.1, 0, 321.0, 0.011_883_872_063_715_774),
        (8, 60, 0.3, 0, 392.0, 0.003_929_665_753_037_552),
        (8, 100_000, 0.25, 0, 594_383.0, 0.017_285_286_458_314_012),
        (30, 40, 1.0, 5, 902.5, 0.000_263_249_527_142_658_3),
        (500, 700, 0.0, 3, 173_778.0, 0.826_661_630_974_589_2),
        (
            10_000,
            10_000,
            1.0,
            50,
            52_456_389.5,
            1.766_462_434_250_631_3e-9,
        ),
        (20_000, 200, 0.0, 1000, 1_982_813.5, 0.834_108_677_275_077_9),
        (3, 3, 0.0, 2, 7.5, 0.187_632_329_994_884_33),
    ];
    for (n1, n2, shift, grid, u, p) in cases {
        let (x, y) = (
            sample(1, n1, shift, 1.0, grid),
            sample(2, n2, 0.0, 1.0, grid),
        );
        let got = mann_whitney(&x, &y).unwrap();
        assert_eq!((got.u, got.method), (u, RankMethod::Normal));
        close(got.p, p);
    }
}

#[test]
fn brunner_munzel_golden_values() {
    let got = brunner_munzel(&G1, &G2).unwrap();
    close(got.statistic, -1.700_753_357_624_519);
    close(got.p, 0.117_715_155_201_275_14);
    let swapped = brunner_munzel(&G2, &G1).unwrap();
    assert_eq!((swapped.statistic, swapped.p), (-got.statistic, got.p));
    // Complete separation, equal values, too few.
    assert_eq!(brunner_munzel(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]), None);
    assert_eq!(brunner_munzel(&[1.0; 12], &[1.0; 11]), None);
    assert_eq!(brunner_munzel(&[1.0], &[0.0, 5.0]), None);
}

/// scipy 1.17.1 on [`sample`].
#[test]
fn brunner_munzel_matches_scipy() {
    let cases = [
        (
            10,
            10,
            0.1,
            1.0,
            0,
            -0.896_643_866_496_091_6,
            0.382_149_003_547_632_54,
        ),
        (
            12,
            30,
            0.2,
            0.5,
            0,
            -1.415_975_532_595_140_2,
            0.165_543_687_018_444_05,
        ),
        (
            50,
            60,
            1.0,
            1.0,
            5,
            -4.953_509_305_479_184_6,
            2.744_280_566_220_303e-6,
        ),
        (
            500,
            700,
            0.03,
            1.0,
            0,
            -1.279_746_606_242_850_9,
            0.200_911_568_307_507_84,
        ),
        (
            10_000,
            10_000,
            0.005,
            1.0,
            0,
            -2.388_490_414_705_394_5,
            0.016_926_967_980_376_368,
        ),
        (
            300,
            20_000,
            1.0,
            1.0,
            40,
            -0.770_168_223_670_072_6,
            0.441_789_791_188_162_25,
        ),
        (
            1_000,
            1_000,
            0.3,
            1.0,
            0,
            -24.979_199_582_610_953,
            4.591_049_995_646_498e-120,
        ),
    ];
    for (n1, n2, shift, scale, grid, statistic, p) in cases {
        let (x, y) = (
            sample(1, n1, shift, scale, grid),
            sample(2, n2, 0.0, 1.0, grid),
        );
        let got = brunner_munzel(&x, &y).unwrap();
        close(got.statistic, statistic);
        close(got.p, p);
        assert_eq!(gain_test(&x, &y), Some(got.p));
    }
}

#[test]
fn gain_test_falls_back() {
    // Too few values.
    close(gain_test(&G1, &G2).unwrap(), 0.170_940_170_940_170_94);
    // Enough, but completely separated.
    let (x, y) = (sample(1, 12, 5.0, 1.0, 0), sample(2, 12, 0.0, 1.0, 0));
    assert_eq!(gain_test(&x, &y), mann_whitney(&x, &y).map(|test| test.p));
    assert_eq!(gain_test(&[1.0; 12], &[1.0; 12]), Some(1.0));
}

#[test]
fn undefined_inputs() {
    for (x, y) in [
        (&[][..], &[1.0][..]),
        (&[1.0], &[]),
        (&[f64::NAN], &[1.0]),
        (&[1.0], &[f64::NAN]),
    ] {
        assert_eq!(mann_whitney(x, y), None);
        assert_eq!(brunner_munzel(x, y), None);
        assert_eq!(gain_test(x, y), None);
    }
    assert_eq!(
        mann_whitney(&[f64::INFINITY], &[1.0]).unwrap().superiority,
        1.0
    );
    assert_eq!(auc(&[], &[]), None);
    assert_eq!(auc(&[0.1, 0.2], &[true]), None);
    assert_eq!(auc(&[0.1, 0.2], &[true, true]), None);
    assert_eq!(auc(&[0.1, 0.2], &[false, false]), None);
    assert_eq!(auc(&[0.1, f64::NAN], &[true, false]), None);
}

/// A few repeated values, so that ties are common.
fn values() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((-15..15_i32).prop_map(f64::from), 1..40)
}

proptest! {
    #[test]
    fn swapped_samples_give_the_same_p(x in values(), y in values()) {
        let (one, other) = (mann_whitney(&x, &y).unwrap(), mann_whitney(&y, &x).unwrap());
        prop_assert_eq!((one.p, one.method), (other.p, other.method));
        prop_assert!((one.superiority + other.superiority - 1.0).abs() < 1e-12);
        prop_assert!((0.0..=1.0).contains(&one.p));
        prop_assert_eq!(gain_test(&x, &y), gain_test(&y, &x));
    }

    #[test]
    fn superiority_counts_pairs_and_is_the_auc(x in values(), y in values()) {
        let pairs = x.iter().flat_map(|x| y.iter().map(move |y| (x, y)));
        let wins: f64 = pairs
            .map(|(x, y)| if x > y { 1.0 } else if x == y { 0.5 } else { 0.0 })
            .sum();
        let got = mann_whitney(&x, &y).unwrap();
        prop_assert_eq!(got.u, wins);
        let positive: Vec<bool> = (0..x.len() + y.len()).map(|i| i < x.len()).collect();
        prop_assert_eq!(auc(&[x, y].concat(), &positive), Some(got.superiority));
    }

    #[test]
    fn never_panics(
        x in prop::collection::vec(any::<f64>(), 0..15), y in prop::collection::vec(any::<f64>(), 0..15),
    ) {
        if let Some(p) = gain_test(&x, &y) {
            prop_assert!((0.0..=1.0).contains(&p));
        }
    }
}

/// `DeLong`'s interval as R's `pROC::ci.auc(method = "delong")` defines it: computed here by the
/// definition, every pair counted.
#[test]
fn the_interval_of_an_auc_is_that_of_the_pairs() {
    let scores = [0.9, 0.8, 0.8, 0.6, 0.6, 0.6, 0.3, 0.3, 0.9, 0.5];
    let positive = [
        true, true, false, true, false, false, false, true, true, false,
    ];
    let found = super::auc_with_interval(&scores, &positive).unwrap();
    assert!((found.auc - 0.72).abs() < 1e-12);
    let of = |class: bool| -> Vec<f64> {
        let both = scores.iter().zip(positive);
        both.filter(|(_, is)| *is == class)
            .map(|(s, _)| *s)
            .collect()
    };
    let (x, y) = (of(true), of(false));
    let wins = |a: f64, b: f64| {
        if a > b {
            1.0
        } else if a == b {
            0.5
        } else {
            0.0
        }
    };
    let variance = |shares: &[f64]| {
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        shares.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / (shares.len() - 1) as f64
    };
    let vx: Vec<f64> = (x.iter())
        .map(|a| y.iter().map(|b| wins(*a, *b)).sum::<f64>() / y.len() as f64)
        .collect();
    let vy: Vec<f64> = (y.iter())
        .map(|b| x.iter().map(|a| wins(*a, *b)).sum::<f64>() / x.len() as f64)
        .collect();
    let half = 1.959_963_984_540_054
        * (variance(&vx) / x.len() as f64 + variance(&vy) / y.len() as f64).sqrt();
    let interval = found.interval.unwrap();
    assert!((interval.low - (0.72 - half)).abs() < 1e-12);
    assert!((interval.high - (0.72 + half).min(1.0)).abs() < 1e-12);
    assert_eq!(super::auc_with_interval(&scores, &[true; 10]), None);
}
