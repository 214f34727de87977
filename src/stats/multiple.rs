//! Many tests at once.

/// Benjamini-Hochberg q-values, in the order of the input: the smallest false
/// discovery rate at which each test would be called.
///
/// Source: Benjamini & Hochberg 1995, as scipy's `false_discovery_control`.
/// A `None` (a test that could not be made), a NaN or anything else outside
/// 0..=1 does not count among the tests and comes back as `None`.
pub fn benjamini_hochberg(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut tests: Vec<(usize, f64)> = p
        .iter()
        .enumerate()
        .filter_map(|(index, p)| p.filter(|p| (0.0..=1.0).contains(p)).map(|p| (index, p)))
        .collect();
    tests.sort_unstable_by(|x, y| x.1.total_cmp(&y.1));

    let mut q_values = vec![None; p.len()];
    let count = tests.len() as f64;
    let mut smallest = 1.0_f64;
    for (rank, (index, p)) in tests.into_iter().enumerate().rev() {
        // The quotient is formed first: it is at least 1, and exactly 1 for
        // the largest p, so rounding never puts a q below its p.
        smallest = smallest.min(p * (count / (rank + 1) as f64));
        q_values[index] = Some(smallest);
    }
    q_values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{close, close_within};
    use proptest::prelude::*;

    fn q_values(p: &[f64]) -> Vec<f64> {
        let p: Vec<_> = p.iter().copied().map(Some).collect();
        benjamini_hochberg(&p).into_iter().flatten().collect()
    }

    #[test]
    fn golden_values() {
        let got = q_values(&[0.01, 0.04, 0.03, 0.20, 0.04]);
        for (got, want) in got.into_iter().zip([0.05, 0.05, 0.05, 0.20, 0.05]) {
            close(got, want);
        }
        let got = q_values(&[
            0.334_983_037_197_967_5,
            0.595_981_972_347_414,
            0.242_603_639_326_578_75,
            0.020_114_829_449_486_844,
        ]);
        for (got, want) in got
            .into_iter()
            .zip([0.446_644, 0.595_982, 0.446_644, 0.080_459])
        {
            close_within(got, want, 1e-5);
        }
    }

    #[test]
    fn missing_tests_do_not_count() {
        let got = benjamini_hochberg(&[None, Some(0.01), Some(f64::NAN), Some(0.5), Some(1.5)]);
        assert_eq!(got, [None, Some(0.02), None, Some(0.5), None]);
        assert!(benjamini_hochberg(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn monotone_and_never_below_p(
            p in prop::collection::vec(prop::option::weighted(0.9, 0.0..=1.0_f64), 0..50),
        ) {
            let q = benjamini_hochberg(&p);
            prop_assert_eq!(p.len(), q.len());
            let mut pairs: Vec<(f64, f64)> = Vec::new();
            for (p, q) in p.iter().zip(&q) {
                prop_assert_eq!(p.is_some(), q.is_some());
                pairs.extend(p.zip(*q));
            }
            pairs.sort_by(|x, y| x.0.total_cmp(&y.0));
            prop_assert!(pairs.iter().all(|(p, q)| p <= q && *q <= 1.0));
            prop_assert!(pairs.windows(2).all(|w| w[0].1 <= w[1].1));
        }
    }
}
