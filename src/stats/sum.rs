//! A compensated running sum that can be merged and stored.

/// A sum of `f64` values that keeps the rounding error of every addition in a
/// second number (Neumaier 1974, "Rundungsfehleranalyse einiger Verfahren zur
/// Summation endlicher Summen"). The error of [`value`](Self::value) does not
/// grow with the number of values, only with the cancellation among them.
///
/// An infinite or NaN value (or an overflow) makes the sum non-finite for good,
/// with the result plain addition would give.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CompensatedSum {
    hi: f64,
    lo: f64,
}

impl CompensatedSum {
    /// The empty sum, 0.
    pub const fn new() -> Self {
        Self { hi: 0.0, lo: 0.0 }
    }

    /// Rebuilds a sum from what [`parts`](Self::parts) gave.
    pub const fn from_parts(hi: f64, lo: f64) -> Self {
        Self { hi, lo }
    }

    /// The running sum and its correction, in this order, for storage. Their
    /// sum is [`value`](Self::value).
    pub const fn parts(self) -> (f64, f64) {
        (self.hi, self.lo)
    }

    /// Adds one value.
    pub fn add(&mut self, value: f64) {
        let sum = self.hi + value;
        // Past infinity the error term would be inf - inf; leaving it alone
        // keeps a NaN out of storage.
        if sum.is_finite() {
            // Exact error of the addition: whichever operand is smaller has
            // lost its low digits.
            self.lo += if self.hi.abs() >= value.abs() {
                (self.hi - sum) + value
            } else {
                (value - sum) + self.hi
            };
        }
        self.hi = sum;
    }

    /// Adds everything another sum holds.
    pub fn merge(&mut self, other: Self) {
        self.add(other.hi);
        self.add(other.lo);
    }

    /// The sum so far.
    pub fn value(self) -> f64 {
        if self.hi.is_finite() {
            self.hi + self.lo
        } else {
            self.hi
        }
    }
}

impl Extend<f64> for CompensatedSum {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, values: I) {
        for value in values {
            self.add(value);
        }
    }
}

impl FromIterator<f64> for CompensatedSum {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut sum = Self::new();
        sum.extend(values);
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(values: &[f64]) -> f64 {
        values.iter().copied().collect::<CompensatedSum>().value()
    }

    #[test]
    fn keeps_digits_plain_addition_loses() {
        let cases: &[(&[f64], f64)] = &[
            (&[], 0.0),
            (&[1.0, 1e100, 1.0, -1e100], 2.0),
            (&[1e16, 1.0, -1e16], 1.0),
            (&[0.1; 10], 1.0),
        ];
        for (values, want) in cases {
            assert_eq!(sum(values), *want, "{values:?}");
        }
    }

    #[test]
    fn non_finite_values_behave_as_in_plain_addition() {
        assert_eq!(sum(&[1.0, f64::INFINITY, 2.0]), f64::INFINITY);
        assert_eq!(sum(&[f64::NEG_INFINITY, 2.0]), f64::NEG_INFINITY);
        assert!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert!(sum(&[f64::NAN, 1.0]).is_nan());
        let overflow: CompensatedSum = [f64::MAX, f64::MAX].into_iter().collect();
        assert_eq!(overflow.value(), f64::INFINITY);
        assert_eq!(overflow.parts().1, 0.0);
    }

    #[test]
    fn parts_round_trip() {
        let sum: CompensatedSum = [1e16, 1.0, 0.3].into_iter().collect();
        let (hi, lo) = sum.parts();
        assert_eq!(CompensatedSum::from_parts(hi, lo), sum);
        assert_eq!(hi + lo, sum.value());
    }

    proptest! {
        #[test]
        fn merging_pieces_equals_the_whole(
            values in prop::collection::vec(-1e12..1e12_f64, 0..60),
            cut in 0..60_usize,
        ) {
            let cut = cut.min(values.len());
            let mut left: CompensatedSum = values[..cut].iter().copied().collect();
            left.merge(values[cut..].iter().copied().collect());
            let whole = sum(&values);
            let size = sum(&values.iter().map(|v| v.abs()).collect::<Vec<_>>());
            // Second-order error only: eps * |result| + n * eps^2 * size.
            let slack = f64::EPSILON * whole.abs() + 60.0 * f64::EPSILON.powi(2) * size;
            prop_assert!((left.value() - whole).abs() <= slack);
        }
    }
}
