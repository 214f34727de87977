//! Rates drawn towards what is usual: the beta-binomial model, its prior fitted to all rates at
//! once (empirical Bayes).
//!
//! Two wins of two are not a rate of 100 %. When rates of many are known, how much they differ says
//! how far a single one is to be believed.

use statrs::distribution::{Beta, ContinuousCDF};
use statrs::function::beta::ln_beta;
use statrs::function::gamma::digamma;

use super::Interval;

/// Fewer rates than this do not say how much rates differ: then the prior is their pooled rate
/// with [`POOLED_WEIGHT`].
pub const MIN_RATES: usize = 5;

/// The weight, in trials, of a prior that is not fitted.
pub const POOLED_WEIGHT: f64 = 10.0;

/// A beta distribution of rates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// Prior successes.
    pub a: f64,
    /// Prior failures.
    pub b: f64,
    /// Fitted by maximum likelihood; otherwise the pooled rate with a weight of its own.
    pub fitted: bool,
}

/// A rate after shrinking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shrunk {
    /// The posterior mean, `(k + a) / (n + a + b)`.
    pub rate: f64,
    /// The central 95 % of the posterior.
    pub interval: Interval,
}

impl Prior {
    /// The prior that makes the counts `(k, n)` (k successes of n) most likely. Counts of nothing
    /// are left out.
    ///
    /// With fewer than [`MIN_RATES`] rates, or when all trials ended the same: the pooled rate
    /// with a weight of [`POOLED_WEIGHT`] trials. Where the rates differ no more than chance makes
    /// them, the likelihood grows with the weight without end; it is then as many trials as there
    /// were in all. `None` without any trial.
    #[must_use]
    pub fn fit(counts: &[(u64, u64)]) -> Option<Self> {
        let counts: Vec<(f64, f64)> = counts
            .iter()
            .filter(|(k, n)| *n > 0 && k <= n)
            .map(|(k, n)| (*k as f64, *n as f64))
            .collect();
        let won: f64 = counts.iter().map(|c| c.0).sum();
        let all: f64 = counts.iter().map(|c| c.1).sum();
        if all == 0.0 {
            return None;
        }
        let pooled = |rate: f64, weight: f64, fitted| Self {
            a: rate * weight,
            b: (1.0 - rate) * weight,
            fitted,
        };
        if counts.len() < MIN_RATES || won == 0.0 || won == all {
            // A rate of exactly 0 or 1 is no distribution; Jeffreys' half keeps it inside.
            let rate = (won + 0.5) / (all + 1.0);
            let rate = if won == 0.0 || won == all {
                rate
            } else {
                won / all
            };
            return Some(pooled(rate, POOLED_WEIGHT, false));
        }
        Some(maximum(&counts, won / all, all).unwrap_or_else(|| pooled(won / all, all, true)))
    }

    /// The rate of k successes in n trials under this prior. `None` for `k > n`.
    #[must_use]
    pub fn shrink(&self, k: u64, n: u64) -> Option<Shrunk> {
        if k > n {
            return None;
        }
        let (a, b) = (self.a + k as f64, self.b + (n - k) as f64);
        let posterior = Beta::new(a, b).ok()?;
        Some(Shrunk {
            rate: a / (a + b),
            interval: Interval {
                low: posterior.inverse_cdf(0.025),
                high: posterior.inverse_cdf(0.975),
            },
        })
    }
}

/// The log likelihood of counts under a beta-binomial, without its constant.
fn likelihood(counts: &[(f64, f64)], a: f64, b: f64) -> f64 {
    let prior = ln_beta(a, b);
    counts
        .iter()
        .map(|(k, n)| ln_beta(k + a, n - k + b) - prior)
        .sum()
}

/// Newton's method in (ln a, ln b), each step cut until the likelihood grows. `None` when the
/// weight a + b outgrows all trials.
fn maximum(counts: &[(f64, f64)], rate: f64, most: f64) -> Option<Prior> {
    let start = most.min(POOLED_WEIGHT);
    let (mut a, mut b) = (rate * start, (1.0 - rate) * start);
    let mut now = likelihood(counts, a, b);
    for _ in 0..200 {
        let [ga, gb, haa, hab, hbb] = derivatives(counts, a, b);
        // With respect to the logarithms.
        let (g1, g2) = (a * ga, b * gb);
        let (h11, h12, h22) = (a * a * haa + g1, a * b * hab, b * b * hbb + g2);
        let determinant = h11 * h22 - h12 * h12;
        let (mut s1, mut s2) = if h11 < 0.0 && determinant > 0.0 {
            (
                -(h22 * g1 - h12 * g2) / determinant,
                -(h11 * g2 - h12 * g1) / determinant,
            )
        } else {
            // Not at a hilltop: uphill, by at most a factor of e.
            let steepest = g1.abs().max(g2.abs()).max(f64::MIN_POSITIVE);
            (g1 / steepest, g2 / steepest)
        };
        let longest = s1.abs().max(s2.abs());
        if longest > 2.0 {
            s1 *= 2.0 / longest;
            s2 *= 2.0 / longest;
        }
        let mut moved = false;
        for _ in 0..40 {
            let (next_a, next_b) = (a * s1.exp(), b * s2.exp());
            let next = likelihood(counts, next_a, next_b);
            // Near the top the likelihood is level to its last digits: the gradient decides there.
            if next >= now - 1e-12 * now.abs() {
                moved = (s1, s2) != (0.0, 0.0);
                (a, b, now) = (next_a, next_b, next);
                break;
            }
            s1 /= 2.0;
            s2 /= 2.0;
        }
        if a + b > most {
            return None;
        }
        if !moved || s1.abs().max(s2.abs()) < 1e-13 {
            break;
        }
    }
    (a.is_finite() && b.is_finite() && a > 0.0 && b > 0.0).then_some(Prior { a, b, fitted: true })
}

/// The first derivatives of the log likelihood by a and b, and the second by aa, ab and bb.
fn derivatives(counts: &[(f64, f64)], a: f64, b: f64) -> [f64; 5] {
    let (da, db, dab) = (digamma(a), digamma(b), digamma(a + b));
    let (ta, tb, tab) = (trigamma(a), trigamma(b), trigamma(a + b));
    let mut sums = [0.0; 5];
    for (k, n) in counts {
        let whole = digamma(n + a + b) - dab;
        let whole2 = trigamma(n + a + b) - tab;
        sums[0] += digamma(k + a) - da - whole;
        sums[1] += digamma(n - k + b) - db - whole;
        sums[2] += trigamma(k + a) - ta - whole2;
        sums[3] -= whole2;
        sums[4] += trigamma(n - k + b) - tb - whole2;
    }
    sums
}

/// The second derivative of the logarithm of the gamma function, for x > 0 (Abramowitz & Stegun
/// 6.4.6 up to where the asymptotic series 6.4.12 is exact to the last digits).
fn trigamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 12.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    let series = 1.0 / 6.0
        + r * (-1.0 / 30.0
            + r * (1.0 / 42.0 + r * (-1.0 / 30.0 + r * (5.0 / 66.0 - r * 691.0 / 2730.0))));
    sum + 1.0 / x + r / 2.0 + r / x * series
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{close, close_within};
    use proptest::prelude::*;

    const COUNTS: [(u64, u64); 8] = [
        (19, 45),
        (3, 12),
        (30, 50),
        (8, 40),
        (2, 2),
        (12, 30),
        (0, 6),
        (5, 9),
    ];

    #[test]
    fn golden_values() {
        let prior = Prior::fit(&COUNTS).unwrap();
        assert!(prior.fitted);
        // Given to ten digits, from a search that stops a little earlier.
        close_within(prior.a, 4.443_124_388, 1e-6);
        close_within(prior.b, 6.885_134_268, 1e-6);
        let two = prior.shrink(2, 2).unwrap();
        assert!((two.rate - 0.483).abs() < 5e-4);
        assert!((two.interval.low - 0.2318).abs() < 5e-5);
        assert!((two.interval.high - 0.7398).abs() < 5e-5);
        assert!((prior.shrink(0, 6).unwrap().rate - 0.256).abs() < 5e-4);
        assert!((prior.shrink(30, 50).unwrap().rate - 0.562).abs() < 5e-4);
    }

    #[test]
    fn the_gradient_vanishes_where_it_stops() {
        let counts: Vec<_> = COUNTS.iter().map(|(k, n)| (*k as f64, *n as f64)).collect();
        let prior = Prior::fit(&COUNTS).unwrap();
        let [ga, gb, ..] = derivatives(&counts, prior.a, prior.b);
        assert!(ga.abs() < 1e-10 && gb.abs() < 1e-10, "{ga} {gb}");
    }

    #[test]
    fn trigamma_is_that_of_scipy() {
        // scipy.special.polygamma(1, x)
        for (x, want) in [
            (0.1, 101.433_299_150_792_75),
            (1.0, 1.644_934_066_848_226_4),
            (4.443, 0.252_283_798_803_112_47),
            (11.9, 0.087_663_201_190_004_18),
            (1e4, 1.000_050_001_666_666_7e-4),
        ] {
            close(trigamma(x), want);
        }
    }

    #[test]
    fn few_rates_and_one_sided_ones_take_the_pooled_rate() {
        assert_eq!(Prior::fit(&[]), None);
        assert_eq!(Prior::fit(&[(0, 0); 9]), None);
        let few = Prior::fit(&[(5, 10), (10, 10)]).unwrap();
        assert!(!few.fitted);
        close(few.a, 7.5);
        close(few.b, 2.5);
        for counts in [[(0, 10); 6], [(10, 10); 6]] {
            let prior = Prior::fit(&counts).unwrap();
            assert!(!prior.fitted && prior.a > 0.0 && prior.b > 0.0);
            let shrunk = prior.shrink(counts[0].0, 10).unwrap();
            assert!(shrunk.rate > 0.0 && shrunk.rate < 1.0);
        }
    }

    #[test]
    fn rates_that_differ_by_chance_alone_are_drawn_to_one() {
        let prior = Prior::fit(&[(50, 100); 8]).unwrap();
        assert!(prior.fitted);
        close(prior.a + prior.b, 800.0);
        let rate = prior.shrink(9, 10).unwrap().rate;
        assert!(rate > 0.5 && rate < 0.51, "{rate}");
    }

    proptest! {
        #[test]
        fn a_shrunk_rate_lies_between_its_own_and_the_priors(
            counts in prop::collection::vec((0..400_u64, 0..400_u64), 1..30),
        ) {
            let counts: Vec<_> = counts.into_iter().map(|(a, b)| (a.min(b), a.max(b))).collect();
            let Some(prior) = Prior::fit(&counts) else { return Ok(()) };
            prop_assert!(prior.a.is_finite() && prior.b.is_finite());
            let usual = prior.a / (prior.a + prior.b);
            for (k, n) in counts.into_iter().filter(|c| c.1 > 0) {
                let shrunk = prior.shrink(k, n).unwrap();
                let own = k as f64 / n as f64;
                prop_assert!(shrunk.rate >= own.min(usual) - 1e-12);
                prop_assert!(shrunk.rate <= own.max(usual) + 1e-12);
                prop_assert!(shrunk.interval.low <= shrunk.interval.high);
                prop_assert!((0.0..=1.0).contains(&shrunk.interval.low));
            }
        }
    }
}
