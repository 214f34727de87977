//! Mean and central moments that can be merged, and the Sharpe ratio made of them.

use statrs::function::erf::erfc;

/// Count, mean and the sums of the second to fourth powers of the deviations from it.
///
/// Merged by Pébay 2008 ("Formulas for robust, one-pass parallel computation of covariances and
/// arbitrary-order statistical moments"), so that they stay sound where sums of powers cancel.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Moments {
    /// How many values.
    pub n: u64,
    /// Their mean.
    pub mean: f64,
    /// The sum of squared deviations.
    pub m2: f64,
    /// The sum of cubed deviations.
    pub m3: f64,
    /// The sum of the fourth powers of the deviations.
    pub m4: f64,
}

impl Moments {
    /// The moments of one value.
    #[must_use]
    pub const fn one(value: f64) -> Self {
        Self {
            n: 1,
            mean: value,
            m2: 0.0,
            m3: 0.0,
            m4: 0.0,
        }
    }

    /// The moments of both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self.n == 0 {
            return other;
        }
        if other.n == 0 {
            return self;
        }
        let (a, b) = (self.n as f64, other.n as f64);
        let n = a + b;
        let d = other.mean - self.mean;
        let step = d / n;
        Self {
            n: self.n + other.n,
            mean: self.mean + step * b,
            m2: self.m2 + other.m2 + d * step * a * b,
            m3: self.m3
                + other.m3
                + d * step * step * a * b * (a - b)
                + 3.0 * step * (a * other.m2 - b * self.m2),
            m4: self.m4
                + other.m4
                + d * step * step * step * a * b * (a * a - a * b + b * b)
                + 6.0 * step * step * (a * a * other.m2 + b * b * self.m2)
                + 4.0 * step * (a * other.m3 - b * self.m3),
        }
    }

    /// The Sharpe ratio per value (nothing is annualised): mean over the standard deviation
    /// (n - 1). `None` under two values, or when they never vary.
    #[must_use]
    pub fn sharpe(&self) -> Option<Sharpe> {
        if self.n < 2 || self.m2 <= 0.0 || self.m2.is_nan() {
            return None;
        }
        let n = self.n as f64;
        let deviation = (self.m2 / (n - 1.0)).sqrt();
        let ratio = self.mean / deviation;
        // Plain (biased) skewness and kurtosis; 3 for a normal distribution.
        let spread = self.m2 / n;
        let skewness = self.m3 / n / spread / spread.sqrt();
        let kurtosis = self.m4 / n / spread / spread;
        let variance =
            (1.0 - skewness * ratio + (kurtosis - 1.0) / 4.0 * ratio * ratio) / (n - 1.0);
        let error = (variance > 0.0).then(|| variance.sqrt());
        (ratio.is_finite() && skewness.is_finite() && kurtosis.is_finite()).then_some(Sharpe {
            ratio,
            error,
            // Phi(x) = erfc(-x / sqrt 2) / 2.
            above_zero: error.map(|e| erfc(-ratio / e / std::f64::consts::SQRT_2) / 2.0),
        })
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        values
            .into_iter()
            .fold(Self::default(), |all, value| all.and(Self::one(value)))
    }
}

/// A Sharpe ratio and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sharpe {
    /// Mean over standard deviation.
    pub ratio: f64,
    /// Its standard error, with skewness and kurtosis: `sqrt((1 - g3 SR + (g4 - 1) / 4 SR^2) / (n - 1))`
    /// (Mertens 2002). `None` where it would be 0.
    pub error: Option<f64>,
    /// The probabilistic Sharpe ratio against 0: how likely the true ratio is above 0
    /// (Bailey & López de Prado 2012).
    pub above_zero: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{close, close_within, sample};
    use proptest::prelude::*;

    #[test]
    fn golden_values() {
        let returns = [
            0.02, -0.01, 0.03, -0.02, 0.01, 0.015, -0.005, 0.04, -0.03, 0.01,
        ];
        let moments: Moments = returns.into_iter().collect();
        let sharpe = moments.sharpe().unwrap();
        close(sharpe.ratio, 0.271_669_100_6);
        close(sharpe.error.unwrap(), 0.342_761_253_6);
        close(sharpe.above_zero.unwrap(), 0.785_991_596_4);
        let n = 10.0;
        close(
            moments.m3 / n / (moments.m2 / n).powf(1.5),
            -0.140_572_945_365_609_94,
        );
        close(moments.m4 / n / (moments.m2 / n).powi(2), 2.039_409_301_5);
    }

    #[test]
    fn nothing_is_said_of_too_few_or_of_what_never_varies() {
        for values in [&[][..], &[1.0], &[0.0, 0.0, 0.0], &[5.0; 9]] {
            let moments: Moments = values.iter().copied().collect();
            assert_eq!(moments.sharpe(), None, "{values:?}");
        }
    }

    #[test]
    fn any_size_of_money_gives_the_same_ratio() {
        let values = sample(3, 200, -0.4, 1.0, 0);
        let of = |scale: f64| {
            let moments: Moments = values.iter().map(|v| v * scale).collect();
            moments.sharpe().unwrap()
        };
        for scale in [1e-9, 1e12] {
            close(of(scale).ratio, of(1.0).ratio);
            close(of(scale).error.unwrap(), of(1.0).error.unwrap());
        }
    }

    proptest! {
        #[test]
        fn merging_equals_the_whole(
            values in prop::collection::vec(-1e6..1e6_f64, 2..80),
            cut in 0..80_usize,
        ) {
            let cut = cut.min(values.len());
            let of = |part: &[f64]| part.iter().copied().collect::<Moments>();
            let merged = of(&values[..cut]).and(of(&values[cut..]));
            // Straight from the definition.
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let power = |k: i32| values.iter().map(|v| (v - mean).powi(k)).sum::<f64>();
            let size = |k: i32| values.iter().map(|v| (v - mean).abs().powi(k)).sum::<f64>();
            prop_assert_eq!(merged.n, values.len() as u64);
            close_within(merged.m2, power(2), 1e-9);
            prop_assert!((merged.m3 - power(3)).abs() <= 1e-9 * size(3));
            close_within(merged.m4, power(4), 1e-9);
        }
    }
}
