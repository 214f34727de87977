//! Mean, median and quantiles.

use super::CompensatedSum;

/// The quantile `q` (0..=1) of values in ascending order: type 7 of Hyndman &
/// Fan 1996 (linear between the order statistics around `q (n - 1)`), the
/// default of numpy and of spreadsheets.
///
/// `None` for an empty slice, `q` outside 0..=1, NaN among the values (they sit
/// at the ends after a sort by [`f64::total_cmp`]), or when the two neighbours
/// are opposite infinities.
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let (first, last) = (sorted.first()?, sorted.last()?);
    if first.is_nan() || last.is_nan() || !(0.0..=1.0).contains(&q) {
        return None;
    }
    let position = q * (sorted.len() - 1) as f64;
    let below = (position.floor() as usize).min(sorted.len() - 1);
    let above = (below + 1).min(sorted.len() - 1);
    between(sorted[below], sorted[above], position - below as f64)
}

/// The point at `part` (0..=1) of the way from `low` to `high`.
fn between(low: f64, high: f64, part: f64) -> Option<f64> {
    // Also keeps infinities out of a product with zero.
    if part <= 0.0 || low == high {
        return Some(low);
    }
    let step = high - low;
    let value = if step.is_finite() {
        // From the nearer end, as numpy does, so that the result is monotone.
        if part < 0.5 {
            low + step * part
        } else {
            high - step * (1.0 - part)
        }
    } else {
        low * (1.0 - part) + high * part
    };
    (!value.is_nan()).then_some(value)
}

/// The median, in O(n) by selection. **Reorders `values`**; the mean of the two
/// middle ones when their number is even (equal to [`quantile`] at 0.5).
///
/// `None` for an empty slice, any NaN, or opposite infinities in the middle.
pub fn median(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() || values.iter().any(|value| value.is_nan()) {
        return None;
    }
    let middle = values.len() / 2;
    let even = values.len().is_multiple_of(2);
    let (lower, &mut upper_middle, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if !even {
        return Some(upper_middle);
    }
    // An even number of values leaves at least one below the middle.
    let lower_middle = lower.iter().copied().max_by(f64::total_cmp)?;
    let value = f64::midpoint(lower_middle, upper_middle);
    (!value.is_nan()).then_some(value)
}

/// The arithmetic mean, by compensated summation.
///
/// `None` for an empty slice, any NaN, or infinities of both signs.
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f64;
    let scaled = |scale: f64| {
        let sum: CompensatedSum = values.iter().map(|value| value * scale).collect();
        sum.value() / n
    };
    let mut mean = scaled(1.0);
    if !mean.is_finite() {
        // Either an infinite value, which stays infinite, or finite ones whose
        // sum overflows although their mean does not. A power of two is exact.
        mean = scaled(2.0_f64.powi(-64)) * 2.0_f64.powi(64);
    }
    (!mean.is_nan()).then_some(mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{close, close_within};
    use proptest::prelude::*;

    const M: [f64; 10] = [1.0, 1.2, 0.4, 0.1, 7.5, 2.2, 1.1, 0.02, 3.0, 0.9];

    fn sorted(values: &[f64]) -> Vec<f64> {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values
    }

    #[test]
    fn quartiles_are_type_7() {
        let m = sorted(&M);
        for (q, want) in [
            (0.0, 0.02),
            (0.25, 0.525),
            (0.5, 1.05),
            (0.75, 1.95),
            (1.0, 7.5),
        ] {
            close(quantile(&m, q).unwrap(), want);
        }
        // numpy.quantile of the same values.
        for (q, want) in [
            (0.05, 0.056),
            (0.1, 0.092),
            (0.33, 0.885),
            (0.9, 3.45),
            (0.95, 5.475),
            (0.99, 7.095),
        ] {
            close(quantile(&m, q).unwrap(), want);
        }
    }

    #[test]
    fn quantile_edge_cases() {
        let inf = f64::INFINITY;
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[3.0], 0.3), Some(3.0));
        for q in [-0.1, 1.1, f64::NAN] {
            assert_eq!(quantile(&[1.0, 2.0], q), None);
        }
        assert_eq!(quantile(&[1.0, f64::NAN], 0.0), None);
        assert_eq!(quantile(&[1.0, 2.0, inf], 0.5), Some(2.0));
        assert_eq!(quantile(&[1.0, 2.0, inf], 0.75), Some(inf));
        assert_eq!(quantile(&[-inf, inf], 0.5), None);
        assert_eq!(quantile(&[-f64::MAX, f64::MAX], 0.5), Some(0.0));
    }

    #[test]
    fn median_edge_cases() {
        let inf = f64::INFINITY;
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [2.0]), Some(2.0));
        assert_eq!(median(&mut [2.0, f64::NAN]), None);
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [inf, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [inf, -inf]), None);
        assert_eq!(median(&mut [f64::MAX, f64::MAX]), Some(f64::MAX));
        close(median(&mut M.clone()).unwrap(), 1.05);
    }

    #[test]
    fn mean_edge_cases() {
        let inf = f64::INFINITY;
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[f64::NAN, 1.0]), None);
        assert_eq!(mean(&[inf, -inf]), None);
        assert_eq!(mean(&[inf, 1.0]), Some(inf));
        assert_eq!(mean(&[1e16, 1.0, -1e16, 1.0]), Some(0.5));
        close_within(mean(&[f64::MAX; 3]).unwrap(), f64::MAX, 1e-15);
        // The geometric mean is the exponential of the mean logarithm.
        let logs: Vec<f64> = M.iter().map(|m| m.ln()).collect();
        close(mean(&logs).unwrap().exp(), 0.736_632_986_4);
    }

    proptest! {
        #[test]
        fn median_equals_the_sorted_middle(values in prop::collection::vec(-1e9..1e9_f64, 1..80)) {
            let order = sorted(&values);
            let mid = order.len() / 2;
            let want = if order.len() % 2 == 1 {
                order[mid]
            } else {
                f64::midpoint(order[mid - 1], order[mid])
            };
            prop_assert_eq!(median(&mut values.clone()), Some(want));
            prop_assert!((quantile(&order, 0.5).unwrap() - want).abs() <= 1e-6);
        }

        #[test]
        fn quantile_is_monotone_and_inside(
            values in prop::collection::vec(-1e9..1e9_f64, 1..40), a in 0.0..=1.0_f64, b in 0.0..=1.0_f64,
        ) {
            let order = sorted(&values);
            let (low, high) = (quantile(&order, a.min(b)).unwrap(), quantile(&order, a.max(b)).unwrap());
            prop_assert!(low <= high);
            prop_assert!(order[0] <= low && high <= order[order.len() - 1]);
        }
    }
}
