//! Numbers: how they go with the gain, with pumps and with rugs, and where a threshold would lie.

use crate::domain::Span;
use crate::stats;

use super::arm::MIN_RARER;
use super::facts::{Columns, Facts, Split, saying};
use super::{ArmTest, FeatureKind, FeatureRow, Guards};

/// Values from which there are terciles, and from which quintiles.
const TERCILES: usize = 30;
const QUINTILES: usize = 100;
/// Thresholds that are tried.
const CUTS: usize = 20;

/// The calls whose value lies in a part of the range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// The smallest value in it.
    pub low: f64,
    /// The largest.
    pub high: f64,
    /// Calls.
    pub n: usize,
    /// Pumps, of how many whose peak is known.
    pub pump: (usize, usize),
    /// Rugs and crashes, of how many whose state is known.
    pub rug: (usize, usize),
    /// Median gain at the ATH, in percent.
    pub median_gain: Option<f64>,
}

/// One threshold: the best found on the earlier calls, judged on the later ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// "With" are the calls at or above it.
    pub at: f64,
    /// Thresholds that were tried.
    pub tried: usize,
    /// Pumps on the earlier calls: found there, so its p flatters and is not given.
    pub earlier: ArmTest,
    /// Pumps on the later calls.
    pub later: ArmTest,
    /// Rugs and crashes on the later calls.
    pub later_rug: ArmTest,
}

impl Threshold {
    /// Whether the later calls show the same difference, their interval clear of zero; `None`
    /// when there are too few of them to say.
    #[must_use]
    pub fn held(&self, guards: &Guards) -> Option<bool> {
        if self.later.with.1.min(self.later.without.1) < guards.min_arm_n {
            return None;
        }
        let (found, interval) = (self.earlier.change()?, self.later.difference()?);
        Some(if found > 0.0 {
            interval.low > 0.0
        } else {
            interval.high < 0.0
        })
    }
}

/// The row of a number.
pub(super) fn row(
    name: &str,
    calls: &[Facts<'_>],
    columns: &Columns<'_>,
    embargo: Span,
    guards: &Guards,
) -> FeatureRow {
    let said = columns.numbers(name);
    let mut row = FeatureRow::new(name, FeatureKind::Number);
    let (known, split) = saying(calls, said, embargo);
    row.n_with = known.len();
    row.n_unknown = calls.len() - known.len();
    let first = known.first().map(|(value, _)| *value);
    row.constant = first.filter(|first| known.iter().all(|(value, _)| value == first));

    let gains: Vec<(f64, f64)> = known
        .iter()
        .filter_map(|(value, call)| Some((*value, call.gain?)))
        .collect();
    let (values, gained): (Vec<f64>, Vec<f64>) = gains.into_iter().unzip();
    if values.len() >= 3 {
        row.spearman = stats::spearman(&values, &gained);
    }
    row.pump_auc = discrimination(&known, |c| c.pump);
    row.rug_auc = discrimination(&known, |c| c.rug);
    // DESIGN §2: the AUC of a feature needs 10 values and 3 of each class.
    row.auc = row.pump_auc.map(|auc| auc.auc);
    let (pump_p, why) = tested(&known, |c| c.pump, row.pump_auc, guards);
    let (rug_p, _) = tested(&known, |c| c.rug, row.rug_auc, guards);
    row.pump.p = pump_p;
    row.rug.p = rug_p;
    row.too_few = why;
    if row.constant.is_none() {
        row.bands = bands(&known);
        row.threshold = threshold(&known, &split, guards);
    }
    row
}

fn classes(
    known: &[(f64, Facts<'_>)],
    of: impl Fn(&Facts<'_>) -> Option<bool>,
) -> (Vec<f64>, Vec<bool>) {
    known
        .iter()
        .filter_map(|(value, call)| Some((*value, of(call)?)))
        .unzip()
}

fn discrimination(
    known: &[(f64, Facts<'_>)],
    of: impl Fn(&Facts<'_>) -> Option<bool>,
) -> Option<stats::AucInterval> {
    let (values, happened) = classes(known, of);
    let yes = happened.iter().filter(|h| **h).count();
    let varies = values.windows(2).any(|pair| pair[0] != pair[1]);
    (varies && values.len() >= 10 && yes >= 3 && happened.len() - yes >= 3)
        .then(|| stats::auc_with_interval(&values, &happened))
        .flatten()
}

/// The p of the rank test when there are as many as two arms would need, else why there is none.
fn tested(
    known: &[(f64, Facts<'_>)],
    of: impl Fn(&Facts<'_>) -> Option<bool>,
    auc: Option<stats::AucInterval>,
    guards: &Guards,
) -> (Option<f64>, String) {
    let (_, happened) = classes(known, of);
    let yes = happened.iter().filter(|h| **h).count();
    let rarer = yes.min(happened.len() - yes);
    if happened.len() < 2 * guards.min_arm_n {
        (None, format!("{} with a value and a peak", happened.len()))
    } else if rarer < MIN_RARER {
        (None, format!("the rarer outcome occurs {rarer} times"))
    } else {
        (auc.map(|auc| auc.p), "it does not vary".to_owned())
    }
}

/// Quintiles from 100 values on, terciles from 30 on; equal values stay together.
fn bands(known: &[(f64, Facts<'_>)]) -> Vec<Band> {
    let parts = match known.len() {
        n if n >= QUINTILES => 5,
        n if n >= TERCILES => 3,
        _ => return Vec::new(),
    };
    let mut sorted: Vec<_> = known.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut bands = Vec::new();
    let mut start = 0;
    for part in 1..=parts {
        let mut end = (sorted.len() * part / parts).max(start);
        while end > 0 && end < sorted.len() && sorted[end].0 == sorted[end - 1].0 {
            end += 1;
        }
        if let [first, .., last] | [first @ last] = &sorted[start..end] {
            bands.push(band(first.0, last.0, &sorted[start..end]));
        }
        start = end;
    }
    bands
}

fn band(low: f64, high: f64, calls: &[(f64, Facts<'_>)]) -> Band {
    let count = |of: fn(&Facts<'_>) -> Option<bool>| {
        let known: Vec<bool> = calls.iter().filter_map(|(_, c)| of(c)).collect();
        (known.iter().filter(|h| **h).count(), known.len())
    };
    let mut gains: Vec<f64> = calls.iter().filter_map(|(_, c)| c.gain).collect();
    Band {
        low,
        high,
        n: calls.len(),
        pump: count(|c| c.pump),
        rug: count(|c| c.rug),
        median_gain: stats::median(&mut gains),
    }
}

/// Values of a feature at even steps of its distribution, each once.
pub(crate) fn steps(mut values: Vec<f64>, most: usize) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    let mut distinct = values.clone();
    distinct.dedup();
    if distinct.len() <= most {
        return distinct;
    }
    let mut steps: Vec<f64> = (0..most)
        .filter_map(|i| values.get(i * (values.len() - 1) / (most - 1)).copied())
        .collect();
    steps.dedup();
    steps
}

fn threshold(known: &[(f64, Facts<'_>)], split: &Split, guards: &Guards) -> Option<Threshold> {
    if split.later.is_empty() {
        return None;
    }
    let count = |part: &std::ops::Range<usize>, at: f64, of: fn(&Facts<'_>) -> Option<bool>| {
        let mut arms = ArmTest::default();
        for (value, call) in &known[part.clone()] {
            arms.add(*value >= at, of(call));
        }
        arms
    };
    let earlier = &known[split.earlier.clone()];
    let earlier: Vec<f64> = earlier.iter().map(|(value, _)| *value).collect();
    let cuts = steps(earlier, CUTS);
    let strength = |arms: &ArmTest| {
        let ((a, n), (b, m)) = (arms.with, arms.without);
        let pooled = (a + b) as f64 / (n + m) as f64;
        let spread = pooled * (1.0 - pooled) * (1.0 / n as f64 + 1.0 / m as f64);
        arms.change().map_or(0.0, |c| c.abs() / spread.sqrt())
    };
    let best = cuts
        .iter()
        .map(|at| (*at, count(&split.earlier, *at, |c| c.pump)))
        .filter(|(_, arms)| arms.too_few(guards).is_none())
        .max_by(|a, b| strength(&a.1).total_cmp(&strength(&b.1)))?;
    Some(Threshold {
        at: best.0,
        tried: cuts.len(),
        earlier: best.1,
        later: count(&split.later, best.0, |c| c.pump),
        later_rug: count(&split.later, best.0, |c| c.rug),
    })
}
