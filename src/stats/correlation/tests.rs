use super::*;
use crate::stats::testing::{close, close_within, sample};
use proptest::prelude::*;

const X: [f64; 6] = [0.1, 0.4, 0.35, 0.8, 0.9, 0.55];
const Y: [f64; 6] = [-5.0, 2.0, 1.0, 10.0, -3.0, 4.0];

#[test]
fn golden_values() {
    let got = pearson(&X, &Y).unwrap();
    close(got.r, 0.441_900_640_762_706_46);
    close(got.p.unwrap(), 0.380_295_372_573_705_05);
    let interval = got.interval.unwrap();
    close(interval.low, -0.576_360_478_6);
    close(interval.high, 0.922_592_926_4);
    let got = spearman(&X, &Y).unwrap();
    close(got.r, 3.0 / 7.0);
    close(got.p.unwrap(), 0.396_501_457_7);
    let ties = spearman(&[0.7, 0.7, 0.8, 0.9, 0.6], &[1.0, -2.0, 3.0, 4.0, 0.0]);
    close(ties.unwrap().r, 0.820_782_681_668_123_4);
}

/// scipy 1.17.1 on [`sample`]; r and p of Pearson, then of Spearman.
#[test]
fn matches_scipy() {
    let cases = [
        (
            (3, 0.5, 0.0, 0),
            (0.125_177_587_785_616_66, 0.920_099_873_732_939),
            (0.5, 0.666_666_666_666_666_6),
        ),
        (
            (4, 0.5, 0.0, 0),
            (0.057_458_274_008_340_08, 0.942_541_725_991_659_9),
            (0.0, 1.0),
        ),
        (
            (5, -0.9, 0.0, 0),
            (-0.945_512_548_587_035, 0.015_142_475_394_407_514),
            (-1.0, 0.0),
        ),
        (
            (10, 0.3, 0.0, 0),
            (-0.251_322_800_243_808_6, 0.483_660_275_130_053_83),
            (-0.406_060_606_060_606, 0.244_282_294_086_626_47),
        ),
        (
            (100, 0.1, 0.0, 0),
            (-0.032_886_473_058_699_97, 0.745_318_847_415_360_9),
            (-0.043_756_375_637_563_75, 0.665_545_456_114_025_8),
        ),
        (
            (100, 0.0, 0.0, 4),
            (-0.152_885_977_100_291_14, 0.128_868_057_645_150_75),
            (-0.154_594_764_110_996_74, 0.124_597_328_794_107_9),
        ),
        (
            (1000, -0.2, 0.0, 7),
            (-0.202_302_558_478_817_26, 1.073_387_012_660_305_5e-10),
            (-0.200_074_879_738_919, 1.729_023_332_941_089_7e-10),
        ),
        (
            (20_000, 0.01, 0.0, 0),
            (0.014_041_672_737_664_422, 0.047_059_293_173_886_98),
            (0.013_956_945_172_955_166, 0.048_406_436_792_012_46),
        ),
        (
            (20_000, 0.0, 1_000_000.0, 0),
            (0.003_995_091_569_881_061, 0.572_102_189_443_266_7),
            (0.004_000_451_395_040_133, 0.571_586_744_663_604_9),
        ),
        (
            (50, 5.0, 0.0, 0),
            (0.974_387_115_837_726_5, 9.188_480_579_971_268e-33),
            (0.970_324_129_651_860_8, 3.007_394_377_873_611e-31),
        ),
        (
            (200, 10_000.0, 0.0, 0),
            (0.999_999_994_057_289_9, 0.0),
            (1.0, 0.0),
        ),
    ];
    for ((n, slope, offset, grid), (r, p), (rank_r, rank_p)) in cases {
        let x = sample(1, n, 0.0, 1.0, grid);
        let noise = sample(2, n, offset, 1.0, grid);
        let y: Vec<f64> = x.iter().zip(&noise).map(|(x, e)| slope * x + e).collect();
        let got = pearson(&x, &y).unwrap();
        close_within(got.r, r, 1e-13);
        close(got.p.unwrap(), p);
        let got = spearman(&x, &y).unwrap();
        close_within(got.r, rank_r, 1e-13);
        close(got.p.unwrap(), rank_p);
    }
}

#[test]
fn large_offsets_cost_no_digits() {
    let x = sample(1, 1_000, 0.0, 1.0, 0);
    let noise = sample(2, 1_000, 0.0, 1.0, 0);
    let x: Vec<f64> = x.iter().map(|x| x * 1000.0 + 1e12).collect();
    let y: Vec<f64> = (x.iter().zip(&noise))
        .map(|(x, e)| x * 0.0 + (x - 1e12) * 0.3 + e * 1000.0 - 1e12)
        .collect();
    // Reference: 50 digits (mpmath) on the rounded values.
    close_within(pearson(&x, &y).unwrap().r, 0.287_608_331_931_867_13, 1e-13);
}

#[test]
fn undefined_inputs() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    let cases: &[(&[f64], &[f64])] = &[
        (&[], &[]),
        (&[1.0], &[1.0]),
        (&[1.0, 2.0], &[1.0, 2.0, 3.0]),
        (&[0.1, 0.1, 0.1], &[1.0, 2.0, 3.0]),
        (&[1.0, 2.0, 3.0], &[0.1, 0.1, 0.1]),
        (&[1.0, nan, 3.0], &[1.0, 2.0, 3.0]),
        (&[0.0, -0.0], &[1.0, 2.0]),
    ];
    for (x, y) in cases {
        assert_eq!(pearson(x, y), None);
        assert_eq!(spearman(x, y), None);
    }
    assert_eq!(pearson(&[1.0, inf, 3.0], &[1.0, 2.0, 3.0]), None);
    assert_eq!(spearman(&[1.0, inf, 3.0], &[1.0, 3.0, 2.0]).unwrap().r, 1.0);
    for (n, m2x, m2y, cxy) in [
        (1, 1.0, 1.0, 1.0),
        (5, 0.0, 1.0, 0.0),
        (5, 1.0, nan, 0.0),
        (5, 1.0, 1.0, inf),
    ] {
        assert_eq!(pearson_from_moments(n, m2x, m2y, cxy), None);
    }
}

#[test]
fn exact_lines_and_extreme_scales() {
    let line = [0.1, 0.2, 0.3, 0.7, 0.9];
    let columns: [&[f64]; 4] = [
        &line,
        &line.map(|x| x * 1e300 + 3e306),
        &line.map(|x| x * -1e-200),
        &[-f64::MAX, -f64::MAX / 2.0, 0.0, f64::MAX / 2.0, f64::MAX],
    ];
    for column in columns {
        let got = pearson(column, column).unwrap();
        assert_eq!((got.r, got.p), (1.0, Some(0.0)));
        assert_eq!(
            got.interval,
            Some(Interval {
                low: 1.0,
                high: 1.0
            })
        );
        let down: Vec<f64> = column.iter().map(|x| -x).collect();
        assert_eq!(pearson(column, &down).unwrap().r, -1.0);
    }
    let two = pearson(&[1.0, 2.0], &[3.0, 1.0]).unwrap();
    assert_eq!((two.r, two.p, two.interval), (-1.0, Some(1.0), None));
    assert!(
        pearson(&line[..3], &[1.0, 0.0, 5.0])
            .unwrap()
            .interval
            .is_none()
    );
    assert_eq!(pearson_from_moments(9, 1e300, 1e300, 1e300).unwrap().r, 1.0);
    assert_eq!(pearson_from_moments(9, 1.0, 1.0, 1.5).unwrap().r, 1.0);
    assert!(pearson_from_moments(u64::MAX, 1.0, 1.0, 0.5).is_some());
}

proptest! {
    #[test]
    fn symmetric_bounded_and_equal_to_moments(
        rows in prop::collection::vec((-1e6..1e6_f64, -1e6..1e6_f64), 3..40),
    ) {
        let (x, y): (Vec<f64>, Vec<f64>) = rows.into_iter().unzip();
        let got = pearson(&x, &y).unwrap();
        prop_assert!(got.r.abs() <= 1.0);
        prop_assert!((got.r - pearson(&y, &x).unwrap().r).abs() < 1e-14);
        if let Some(interval) = got.interval {
            prop_assert!(interval.low <= got.r && got.r <= interval.high);
        }
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        let (mx, my) = (mean(&x), mean(&y));
        let m2 = |v: &[f64], m: f64| v.iter().map(|v| (v - m).powi(2)).sum::<f64>();
        let cxy = x.iter().zip(&y).map(|(x, y)| (x - mx) * (y - my)).sum();
        let n = x.len() as u64;
        let moments = pearson_from_moments(n, m2(&x, mx), m2(&y, my), cxy).unwrap();
        prop_assert!((moments.r - got.r).abs() < 1e-12);
    }

    #[test]
    fn spearman_sees_only_the_order(
        rows in prop::collection::vec((-50..50_i32, -50..50_i32), 2..40),
    ) {
        let (x, y): (Vec<f64>, Vec<f64>) =
            rows.into_iter().map(|(x, y)| (f64::from(x), f64::from(y))).unzip();
        let bent: Vec<f64> = x.iter().map(|x| x.powi(3)).collect();
        prop_assert_eq!(spearman(&x, &y), spearman(&bent, &y));
    }

    #[test]
    fn never_panics(x in prop::collection::vec(any::<f64>(), 0..9), y in prop::collection::vec(any::<f64>(), 0..9)) {
        for got in [pearson(&x, &y), spearman(&x, &y)].into_iter().flatten() {
            prop_assert!(got.r.abs() <= 1.0 && got.p.is_some_and(|p| (0.0..=1.0).contains(&p)));
        }
    }
}
