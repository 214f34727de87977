//! Numbers that look random and are not: hashes of what they are for.
//!
//! Everything of the market comes from here, so that a value depends on nothing but its key. The
//! generator is [`crate::stats::random`].

use crate::stats::random::{SplitMix64, fraction};

pub(super) use crate::stats::random::key;

/// A stream of numbers for one thing (a token, a call, a trade), started from its key.
pub(super) struct Draws(SplitMix64);

impl Draws {
    /// The stream of a key.
    pub(super) const fn of(key: u64) -> Self {
        Self(SplitMix64::new(key))
    }

    /// 64 bits.
    pub(super) const fn bits(&mut self) -> u64 {
        self.0.bits()
    }

    /// Uniform in [0, 1).
    pub(super) const fn unit(&mut self) -> f64 {
        self.0.unit()
    }

    /// Uniform in [low, high).
    pub(super) fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in its logarithm, in [low, high); both above 0.
    pub(super) fn log_range(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.unit())
    }

    /// True with this probability.
    pub(super) const fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Bell-shaped: mean, standard deviation, never more than about 3.4 of them away (the sum of
    /// four uniforms; tails do not matter here, and it needs no logarithm).
    pub(super) fn bell(&mut self, mean: f64, deviation: f64) -> f64 {
        let sum = self.unit() + self.unit() + self.unit() + self.unit();
        mean + deviation * (sum - 2.0) * 3.0f64.sqrt()
    }

    /// An index below `count`; `count` must be above 0.
    pub(super) const fn below(&mut self, count: usize) -> usize {
        self.0.below(count)
    }

    /// One of a list that is not empty.
    pub(super) const fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// An index, each with the probability of its weight; the last one when rounding leaves a rest.
    pub(super) fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.len().saturating_sub(1)
    }
}

/// 0 before 0, 1 after 1, without a corner in between.
pub(super) fn smooth(x: f64) -> f64 {
    let x = x.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// Value noise of one octave: hashed values in [-1, 1) at whole `x`, smooth between them.
fn octave(key_of_octave: u64, x: f64) -> f64 {
    let cell = x.floor();
    let at = |cell: f64| 2.0 * fraction(key(key_of_octave, cell as i64)) - 1.0;
    let (left, right) = (at(cell), at(cell + 1.0));
    left + (right - left) * smooth(x - cell)
}

/// Noise of several octaves at a time in hours; each octave is (period in hours, amplitude).
/// Its cost depends on the number of octaves alone.
pub(super) fn noise(base: u64, hours: f64, octaves: &[(f64, f64)]) -> f64 {
    octaves
        .iter()
        .zip(0..)
        .map(|((period, amplitude), i)| amplitude * octave(key(base, i), hours / period))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_moments_they_claim() {
        let mut draws = Draws::of(7);
        let bells: Vec<f64> = (0..20_000).map(|_| draws.bell(5.0, 2.0)).collect();
        let mean = bells.iter().sum::<f64>() / 20_000.0;
        let var = bells.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!((mean - 5.0).abs() < 0.05, "{mean}");
        assert!((var.sqrt() - 2.0).abs() < 0.05, "{var}");
        let mut counts = [0; 3];
        for _ in 0..20_000 {
            counts[draws.weighted(&[1.0, 2.0, 1.0])] += 1;
        }
        assert!((9_700..10_300).contains(&counts[1]), "{counts:?}");
    }

    #[test]
    fn noise_is_bounded_and_has_no_jumps() {
        let octaves = [(10.0, 1.0), (1.0, 0.2)];
        let mut before = noise(3, -20.0, &octaves);
        for i in -2_000..2_000 {
            let now = noise(3, f64::from(i) / 100.0 + 0.005, &octaves);
            assert!(now.abs() <= 1.2);
            assert!((now - before).abs() < 0.02, "{i}");
            before = now;
        }
    }
}
