//! How sure a median and a mean are.

use super::{Interval, Z_95};

/// The 95 % interval of a median by order statistics: no assumption on the distribution.
///
/// The ranks are those of the sign test by its normal approximation; source: Conover 1999, 3.2.
///
/// `None` for fewer than six values, where no pair of them covers 95 %, or a NaN. The values must be
/// in order.
#[must_use]
pub fn median_interval(sorted: &[f64]) -> Option<Interval> {
    let n = sorted.len();
    if n < 6 || sorted.iter().any(|v| v.is_nan()) {
        return None;
    }
    let half = Z_95 * (n as f64).sqrt() / 2.0;
    let low = (n as f64 / 2.0 - half).floor().max(0.0) as usize;
    let high = ((n as f64 / 2.0 + half).ceil() as usize).min(n - 1);
    Some(Interval {
        low: *sorted.get(low)?,
        high: *sorted.get(high)?,
    })
}

/// The 95 % interval of a mean by its standard error. With heavy tails it is too narrow when the
/// sample has not seen the tail: the median is the figure to trust.
///
/// `None` for fewer than two values or when anything is not finite.
#[must_use]
pub fn mean_interval(values: &[f64]) -> Option<Interval> {
    let n = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let mean = super::mean(values)?;
    let squares: super::CompensatedSum = values.iter().map(|v| (v - mean).powi(2)).collect();
    let half = Z_95 * (squares.value() / (n - 1.0) / n).sqrt();
    (mean.is_finite() && half.is_finite()).then_some(Interval {
        low: mean - half,
        high: mean + half,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_median_is_two_of_the_values() {
        let values: Vec<f64> = (0..101).map(f64::from).collect();
        // scipy.stats.binom.ppf([0.025, 0.975], 101, 0.5) = 41, 60.
        let found = median_interval(&values).unwrap();
        assert!((39.0..=41.0).contains(&found.low), "{found:?}");
        assert!((60.0..=62.0).contains(&found.high), "{found:?}");
        assert_eq!(median_interval(&values[..5]), None);
        assert_eq!(median_interval(&[f64::NAN; 9]), None);
    }

    #[test]
    fn the_interval_of_a_mean_is_two_standard_errors() {
        let found = mean_interval(&[1.0, 2.0, 3.0, 4.0]).unwrap();
        let half = 1.959_963_984_540_054 * (5.0_f64 / 3.0 / 4.0).sqrt();
        assert!((found.low - (2.5 - half)).abs() < 1e-12);
        assert!((found.high - (2.5 + half)).abs() < 1e-12);
        assert_eq!(mean_interval(&[1.0]), None);
    }
}
