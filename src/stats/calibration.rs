//! Quality of probability forecasts.
//!
//! All functions take forecasts of winning as probabilities (0..=1, not
//! percent) and what happened, in the same order. They give `None` for no
//! forecasts, unequal lengths, or a forecast that is NaN or outside 0..=1.

use super::{Bin, CompensatedSum, tail::normal_two_sided};

fn usable(forecast: &[f64], won: &[bool]) -> bool {
    !forecast.is_empty()
        && forecast.len() == won.len()
        && forecast.iter().all(|f| (0.0..=1.0).contains(f))
}

fn outcome(won: bool) -> f64 {
    f64::from(u8::from(won))
}

fn pairs<'a>(forecast: &'a [f64], won: &'a [bool]) -> impl Iterator<Item = (f64, f64)> + 'a {
    forecast
        .iter()
        .copied()
        .zip(won.iter().map(|&won| outcome(won)))
}

fn sum(values: impl Iterator<Item = f64>) -> f64 {
    values.collect::<CompensatedSum>().value()
}

/// The Brier score: the mean squared difference of forecast and outcome. 0 is
/// perfect, 0.25 is what a constant 0.5 earns.
///
/// Source: Brier 1950. `None`: see the [module](self).
pub fn brier(forecast: &[f64], won: &[bool]) -> Option<f64> {
    usable(forecast, won)
        .then(|| sum(pairs(forecast, won).map(|(f, o)| (f - o).powi(2))) / forecast.len() as f64)
}

/// Murphy's parts of the Brier score: `brier = reliability - resolution +
/// uncertainty`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Murphy {
    /// The Brier score itself.
    pub brier: f64,
    /// Squared distance of forecast and observed rate; lower is better.
    pub reliability: f64,
    /// Squared distance of the groups' observed rates from the base rate;
    /// higher is better.
    pub resolution: f64,
    /// `base (1 - base)`, the Brier score of always forecasting the base rate.
    pub uncertainty: f64,
    /// `1 - brier / uncertainty`: positive when better than the base rate.
    /// `None` when all outcomes are the same.
    pub skill: Option<f64>,
}

/// The Brier score in Murphy's three parts, grouped by distinct forecast.
///
/// With forecasts that hardly repeat, every group is a single outcome and the
/// parts say nothing: round the forecasts (or replace them by the mean of
/// their bin) first. The parts then add up to the score of the rounded ones.
///
/// Source: Murphy 1973. `None`: see the [module](self).
pub fn murphy(forecast: &[f64], won: &[bool]) -> Option<Murphy> {
    let brier = brier(forecast, won)?;
    let n = forecast.len() as f64;
    let wins = won.iter().filter(|&&won| won).count();
    let base = wins as f64 / n;
    let uncertainty = base * (1.0 - base);

    let mut order: Vec<(f64, f64)> = pairs(forecast, won).collect();
    order.sort_unstable_by(|x, y| x.0.total_cmp(&y.0));
    let (mut reliability, mut resolution) = (CompensatedSum::new(), CompensatedSum::new());
    for group in order.chunk_by(|x, y| x.0 == y.0) {
        let size = group.len() as f64;
        let rate = group.iter().map(|(_, outcome)| outcome).sum::<f64>() / size;
        // A chunk has at least one element.
        reliability.add(size * (group[0].0 - rate).powi(2));
        resolution.add(size * (rate - base).powi(2));
    }
    let one_sided = wins == 0 || wins == won.len();
    Some(Murphy {
        brier,
        reliability: reliability.value() / n,
        resolution: resolution.value() / n,
        uncertainty,
        skill: (!one_sided).then(|| 1.0 - brier / uncertainty),
    })
}

/// The Brier score in Murphy's three parts, every forecast replaced by the mean of its bin: what
/// is left of [`murphy`] when forecasts hardly repeat. `brier` is that of the replaced forecasts.
///
/// `None` without bins.
pub fn murphy_of_bins(bins: &[Bin]) -> Option<Murphy> {
    let all: u64 = bins.iter().map(|b| b.n).sum();
    let won: u64 = bins.iter().map(|b| b.won).sum();
    if all == 0 {
        return None;
    }
    let n = all as f64;
    let base = won as f64 / n;
    let weighted = |part: &dyn Fn(&Bin) -> f64| sum(bins.iter().map(|b| b.n as f64 * part(b))) / n;
    let reliability = weighted(&|b| (b.forecast - b.rate()).powi(2));
    let resolution = weighted(&|b| (b.rate() - base).powi(2));
    let uncertainty = base * (1.0 - base);
    let brier = weighted(&|b| {
        let (f, rate) = (b.forecast, b.rate());
        rate * (1.0 - f).powi(2) + (1.0 - rate) * f * f
    });
    Some(Murphy {
        brier,
        reliability,
        resolution,
        uncertainty,
        skill: (won > 0 && won < all).then(|| 1.0 - brier / uncertainty),
    })
}

/// The result of [`spiegelhalter`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spiegelhalter {
    /// Standard normal when the forecasts are calibrated.
    pub z: f64,
    /// The two-sided p-value of "calibrated".
    pub p: f64,
}

/// Spiegelhalter's test of calibration:
/// `z = sum((o - f)(1 - 2f)) / sqrt(sum((1 - 2f)^2 f (1 - f)))`.
///
/// Source: Spiegelhalter 1986. `None`: see the [module](self), and when every
/// forecast is 0, 0.5 or 1, which leaves no variance.
pub fn spiegelhalter(forecast: &[f64], won: &[bool]) -> Option<Spiegelhalter> {
    if !usable(forecast, won) {
        return None;
    }
    let difference = sum(pairs(forecast, won).map(|(f, o)| (o - f) * (1.0 - 2.0 * f)));
    let variance = sum(forecast
        .iter()
        .map(|f| (1.0 - 2.0 * f).powi(2) * f * (1.0 - f)));
    if variance <= 0.0 {
        return None;
    }
    let z = difference / variance.sqrt();
    Some(Spiegelhalter {
        z,
        p: normal_two_sided(z),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{auc, testing::close};
    use proptest::prelude::*;

    const F: [f64; 10] = [0.9, 0.8, 0.8, 0.6, 0.6, 0.6, 0.3, 0.3, 0.9, 0.5];
    const O: [bool; 10] = [
        true, true, false, true, false, false, false, true, true, false,
    ];

    #[test]
    fn golden_values() {
        close(brier(&F, &O).unwrap(), 0.241);
        let parts = murphy(&F, &O).unwrap();
        close(parts.brier, 0.241);
        close(parts.reliability, 0.223 / 3.0);
        close(parts.resolution, 0.25 / 3.0);
        close(parts.uncertainty, 0.25);
        close(parts.skill.unwrap(), 0.036);
        let test = spiegelhalter(&F, &O).unwrap();
        close(test.z, 0.910_182_054_6);
        close(test.p, 0.362_726_506_5);
        close(auc(&F, &O).unwrap(), 0.72);
    }

    #[test]
    fn undefined_inputs() {
        let bad: &[(&[f64], &[bool])] = &[
            (&[], &[]),
            (&[0.5], &[]),
            (&[1.1], &[true]),
            (&[-0.1], &[true]),
            (&[f64::NAN], &[true]),
        ];
        for (forecast, won) in bad {
            assert_eq!(brier(forecast, won), None);
            assert_eq!(murphy(forecast, won), None);
            assert_eq!(spiegelhalter(forecast, won), None);
        }
        assert_eq!(spiegelhalter(&[0.0, 0.5, 1.0], &[true, true, false]), None);
        let all_won = murphy(&[0.8, 0.9], &[true, true]).unwrap();
        assert_eq!((all_won.uncertainty, all_won.skill), (0.0, None));
    }

    proptest! {
        #[test]
        fn murphy_parts_add_up(
            rows in prop::collection::vec((0..=20_u8, any::<bool>()), 1..60),
        ) {
            let (forecast, won): (Vec<f64>, Vec<bool>) =
                rows.into_iter().map(|(f, won)| (f64::from(f) / 20.0, won)).unzip();
            let parts = murphy(&forecast, &won).unwrap();
            let total = parts.reliability - parts.resolution + parts.uncertainty;
            prop_assert!((parts.brier - total).abs() < 1e-12);
            prop_assert!(parts.reliability >= 0.0 && parts.resolution >= 0.0);

            let bins = crate::stats::reliability(&forecast, &won);
            let binned = murphy_of_bins(&bins).unwrap();
            let total = binned.reliability - binned.resolution + binned.uncertainty;
            prop_assert!((binned.brier - total).abs() < 1e-12);
            // The same as with the forecasts replaced by hand.
            let replaced: Vec<f64> = forecast
                .iter()
                .filter_map(|f| bins.iter().find(|b| b.low <= *f && *f <= b.high))
                .map(|b| b.forecast)
                .collect();
            let by_hand = murphy(&replaced, &won).unwrap();
            prop_assert!((by_hand.brier - binned.brier).abs() < 1e-12);
            prop_assert!((by_hand.reliability - binned.reliability).abs() < 1e-12);
            prop_assert!((by_hand.resolution - binned.resolution).abs() < 1e-12);
        }
    }
}
