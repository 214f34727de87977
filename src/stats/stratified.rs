//! Several two-by-two tables of one question: does the association hold within the strata?
//!
//! A stratum is given by its cells as in [`super::fisher`]: `[a, b, c, d]` is with and yes, with
//! and no, without and yes, without and no.

use super::tail::normal_two_sided;
use super::{Interval, Z_95};

/// The result of [`mantel_haenszel`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MantelHaenszel {
    /// The pooled odds ratio; `None` when no stratum has a discordant pair to weigh it by, or only
    /// on one side (then it is 0 or infinite, and the p says what there is to say).
    pub odds_ratio: Option<f64>,
    /// Its 95 % interval by the variance of Robins, Breslow and Greenland.
    pub interval: Option<Interval>,
    /// The p of "no association in any stratum", without continuity correction.
    pub p: f64,
    /// Difference of the sum of `a` from what the margins expect: its sign is the direction.
    pub excess: f64,
    /// Strata in which both arms and both outcomes occur: the others say nothing.
    pub informative: usize,
}

/// The Cochran-Mantel-Haenszel test and the pooled odds ratio.
///
/// Source: Mantel & Haenszel 1959; Robins, Breslow & Greenland 1986; as statsmodels'
/// `StratifiedTable` (`test_null_odds(correction=False)`, `oddsratio_pooled`,
/// `oddsratio_pooled_confint`).
///
/// `None` when no stratum is informative.
#[must_use]
pub fn mantel_haenszel(strata: &[[u64; 4]]) -> Option<MantelHaenszel> {
    let (mut excess, mut variance) = (0.0, 0.0);
    let (mut gain, mut loss) = (0.0, 0.0);
    let (mut gg, mut mixed, mut ll) = (0.0, 0.0, 0.0);
    let mut informative = 0;
    for cells in strata {
        let [a, b, c, d] = cells.map(|cell| cell as f64);
        let n = a + b + c + d;
        let (with, without, yes, no) = (a + b, c + d, a + c, b + d);
        if n < 2.0 {
            continue;
        }
        if with * without * yes * no > 0.0 {
            informative += 1;
        }
        excess += a - with * yes / n;
        variance += with * without * yes * no / (n * n * (n - 1.0));
        let (r, s) = (a * d / n, b * c / n);
        let (p, q) = ((a + d) / n, (b + c) / n);
        gain += r;
        loss += s;
        gg += p * r;
        mixed += p * s + q * r;
        ll += q * s;
    }
    if informative == 0 || variance <= 0.0 {
        return None;
    }
    let odds_ratio = (gain > 0.0 && loss > 0.0).then(|| gain / loss);
    let interval = odds_ratio.map(|ratio| {
        let spread =
            gg / (2.0 * gain * gain) + mixed / (2.0 * gain * loss) + ll / (2.0 * loss * loss);
        let half = Z_95 * spread.sqrt();
        Interval {
            low: (ratio.ln() - half).exp(),
            high: (ratio.ln() + half).exp(),
        }
    });
    Some(MantelHaenszel {
        odds_ratio,
        interval,
        p: normal_two_sided(excess / variance.sqrt()),
        excess,
        informative,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::close_within;

    #[test]
    fn golden_values() {
        let found = mantel_haenszel(&[[12, 18, 3, 9], [8, 4, 5, 6]]).unwrap();
        close_within(found.odds_ratio.unwrap(), 2.161_383_285_3, 1e-9);
        close_within(found.p, 0.180_309_302_7, 1e-9);
        let interval = found.interval.unwrap();
        close_within(interval.low, 0.703_716_177_2, 1e-9);
        close_within(interval.high, 6.638_440_122_8, 1e-9);
        assert_eq!(found.informative, 2);
    }

    #[test]
    fn strata_without_a_contrast_say_nothing() {
        assert_eq!(mantel_haenszel(&[]), None);
        assert_eq!(mantel_haenszel(&[[10, 0, 12, 0], [3, 4, 0, 0]]), None);
        let both = mantel_haenszel(&[[10, 0, 12, 0], [8, 4, 5, 6]]).unwrap();
        let one = mantel_haenszel(&[[8, 4, 5, 6]]).unwrap();
        assert_eq!(both.informative, 1);
        close_within(both.p, one.p, 1e-12);
    }

    #[test]
    fn a_pooled_association_that_is_in_no_stratum_is_gone() {
        // Simpson: 0.5 in both strata, 0.74 against 0.26 pooled.
        let strata = [[90, 10, 9, 1], [1, 9, 10, 90]];
        let found = mantel_haenszel(&strata).unwrap();
        close_within(found.odds_ratio.unwrap(), 1.0, 1e-12);
        close_within(found.p, 1.0, 1e-12);
        // Complete separation has no finite odds ratio, and a p all the same.
        let apart = mantel_haenszel(&[[5, 0, 0, 5]]).unwrap();
        assert_eq!(apart.odds_ratio, None);
        assert!(apart.p < 0.01);
    }
}
