//! Pairs of conditions: found on the earlier calls, corrected for the number of pairs tried, judged
//! on the later ones.

use std::collections::BTreeMap;

use crate::stats;

use super::facts::{Columns, Facts, Split};
use super::{ArmTest, FeatureKind, Guards};

/// So many are kept, the best first.
const KEPT: usize = 10;
/// A number is cut here: the upper and the lower third of the earlier calls.
const THIRDS: [f64; 2] = [1.0 / 3.0, 2.0 / 3.0];

/// One condition of a pair, in the words of [`crate::analytics::Expression`].
#[derive(Debug, Clone, PartialEq)]
struct Condition {
    feature: String,
    text: String,
    /// Of each call: whether it holds; `None` when it does not say.
    holds: Bits,
    known: Bits,
}

/// Two conditions together against all other calls that say both.
#[derive(Debug, Clone, PartialEq)]
pub struct Combination {
    /// Both, as a filter would say it.
    pub text: String,
    /// Pumps on the earlier calls, with q over all combinations.
    pub pump: ArmTest,
    /// Rugs and crashes on the earlier calls.
    pub rug: ArmTest,
    /// Pumps on the later calls.
    pub later_pump: ArmTest,
    /// Rugs and crashes on the later calls.
    pub later_rug: ArmTest,
}

impl Combination {
    /// Whether what was significant keeps its sign on the later calls, with the interval of the
    /// difference clear of zero; `None` when there are too few later ones to say.
    #[must_use]
    pub fn held(&self, guards: &Guards) -> Option<bool> {
        let mut held = None;
        for (found, later) in [(&self.pump, &self.later_pump), (&self.rug, &self.later_rug)] {
            let side = found.direction(guards.q);
            if side == 0 {
                continue;
            }
            if later.with.1.min(later.without.1) < guards.min_arm_n {
                return None;
            }
            let interval = later.difference()?;
            let same = if side > 0 {
                interval.low > 0.0
            } else {
                interval.high < 0.0
            };
            held = Some(held.unwrap_or(true) && same);
        }
        held
    }

    /// The smaller of its two q-values.
    #[must_use]
    pub fn best_q(&self) -> Option<f64> {
        [self.pump.q, self.rug.q]
            .into_iter()
            .flatten()
            .reduce(f64::min)
    }
}

/// What came of trying all pairs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Combinations {
    /// Pairs with enough calls in every cell: so many were tried.
    pub tried: usize,
    /// The smallest q first.
    pub best: Vec<Combination>,
    /// Pumps of all earlier calls: what a pair is to be better than.
    pub base_pump: (usize, usize),
    /// Rugs and crashes of all earlier calls.
    pub base_rug: (usize, usize),
}

/// A set of calls.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bits(Vec<u64>);

impl Bits {
    fn of(items: impl ExactSizeIterator<Item = bool>) -> Self {
        let mut words = vec![0u64; items.len().div_ceil(64)];
        for (at, _) in items.enumerate().filter(|(_, is)| *is) {
            words[at / 64] |= 1 << (at % 64);
        }
        Self(words)
    }

    fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }

    fn without(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a & !b).collect())
    }

    fn shared(&self, other: &Self) -> usize {
        let both = self.0.iter().zip(&other.0);
        both.map(|(a, b)| (a & b).count_ones() as usize).sum()
    }

    fn count(&self) -> usize {
        self.0.iter().map(|w| w.count_ones() as usize).sum()
    }
}

/// The calls of one part and what became of them.
struct Part {
    inside: Bits,
    pump: Bits,
    pump_known: Bits,
    rug: Bits,
    rug_known: Bits,
}

impl Part {
    fn of(calls: &[Facts<'_>], range: &std::ops::Range<usize>) -> Self {
        let bits = |of: &dyn Fn(&Facts<'_>) -> bool| {
            Bits::of(
                calls
                    .iter()
                    .enumerate()
                    .map(|(at, c)| range.contains(&at) && of(c))
                    .collect::<Vec<_>>()
                    .into_iter(),
            )
        };
        Self {
            inside: bits(&|_| true),
            pump: bits(&|c| c.pump == Some(true)),
            pump_known: bits(&|c| c.pump.is_some()),
            rug: bits(&|c| c.rug == Some(true)),
            rug_known: bits(&|c| c.rug.is_some()),
        }
    }

    fn arms(&self, with: &Bits, without: &Bits) -> (ArmTest, ArmTest) {
        let arm =
            |of: &Bits, happened: &Bits, known: &Bits| (of.shared(happened), of.shared(known));
        let test = |happened: &Bits, known: &Bits| ArmTest {
            with: arm(with, happened, known),
            without: arm(without, happened, known),
            ..ArmTest::default()
        };
        (
            test(&self.pump, &self.pump_known),
            test(&self.rug, &self.rug_known),
        )
    }
}

fn conditions(
    columns: &Columns<'_>,
    kinds: &BTreeMap<String, FeatureKind>,
    split: &Split,
) -> Vec<Condition> {
    let mut all = Vec::new();
    for (name, kind) in kinds {
        let quoted = crate::analytics::lab::quoted(name);
        let mut push = |text: String, said: Vec<Option<bool>>| {
            all.push(Condition {
                feature: name.clone(),
                text,
                holds: Bits::of(said.iter().map(|s| *s == Some(true))),
                known: Bits::of(said.iter().map(Option::is_some)),
            });
        };
        match kind {
            FeatureKind::Flag => {
                let said = columns.flags(name);
                let off = said.iter().map(|s| s.map(|on| !on)).collect();
                push(quoted.clone(), said);
                push(format!("NOT {quoted}"), off);
            }
            FeatureKind::Number => {
                let said = columns.numbers(name);
                let early = said[split.earlier.clone()].iter().flatten();
                let mut values: Vec<f64> = early.copied().collect();
                values.sort_by(f64::total_cmp);
                let [low, high] = THIRDS.map(|q| values.get((values.len() as f64 * q) as usize));
                let (Some(low), Some(high)) = (low, high) else {
                    continue;
                };
                push(
                    format!("{quoted} >= {high}"),
                    said.iter().map(|s| s.map(|v| v >= *high)).collect(),
                );
                push(
                    format!("{quoted} < {low}"),
                    said.iter().map(|s| s.map(|v| v < *low)).collect(),
                );
            }
            FeatureKind::Category => {}
        }
    }
    all
}

/// Tries all pairs of conditions on different features.
pub(super) fn combinations(
    calls: &[Facts<'_>],
    columns: &Columns<'_>,
    kinds: &BTreeMap<String, FeatureKind>,
    split: &Split,
    guards: &Guards,
) -> Combinations {
    let conditions = conditions(columns, kinds, split);
    let (earlier, later) = (
        Part::of(calls, &split.earlier),
        Part::of(calls, &split.later),
    );
    let mut found = Combinations {
        base_pump: (earlier.pump.count(), earlier.pump_known.count()),
        base_rug: (earlier.rug.count(), earlier.rug_known.count()),
        ..Combinations::default()
    };
    let mut all = Vec::new();
    for (at, a) in conditions.iter().enumerate() {
        for b in &conditions[at + 1..] {
            if a.feature == b.feature {
                continue;
            }
            let known = a.known.and(&b.known).and(&earlier.inside);
            let both = a.holds.and(&b.holds);
            let cells = [
                known.shared(&both),
                known.shared(&a.holds.without(&b.holds)),
                known.shared(&b.holds.without(&a.holds)),
            ];
            let neither = known.count() - cells.iter().sum::<usize>();
            if cells.iter().any(|n| *n < guards.min_arm_n) || neither < guards.min_arm_n {
                continue;
            }
            let known = a.known.and(&b.known);
            let (with, without) = (known.and(&both), known.without(&both));
            let (pump, rug) = earlier.arms(&with, &without);
            let (pump, rug) = (pump.test(guards), rug.test(guards));
            if pump.p.is_none() && rug.p.is_none() {
                continue;
            }
            found.tried += 1;
            all.push((a, b, pump, rug));
        }
    }
    let family: Vec<Option<f64>> = all.iter().flat_map(|(_, _, p, r)| [p.p, r.p]).collect();
    let q = stats::benjamini_hochberg(&family);
    let mut order: Vec<(usize, f64, f64)> = q
        .chunks(2)
        .enumerate()
        .map(|(at, q)| {
            let least = |values: &[Option<f64>]| {
                values
                    .iter()
                    .flatten()
                    .copied()
                    .reduce(f64::min)
                    .unwrap_or(2.0)
            };
            (at, least(q), least(&family[2 * at..2 * at + 2]))
        })
        .collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.2.total_cmp(&b.2)));
    for (at, ..) in order.into_iter().take(KEPT) {
        let (a, b, mut pump, mut rug) = all[at];
        pump.q = q[2 * at];
        rug.q = q[2 * at + 1];
        let known = a.known.and(&b.known);
        let both = a.holds.and(&b.holds);
        let (later_pump, later_rug) = later.arms(&known.and(&both), &known.without(&both));
        found.best.push(Combination {
            text: format!("{} AND {}", a.text, b.text),
            pump,
            rug,
            later_pump,
            later_rug,
        });
    }
    found
}
