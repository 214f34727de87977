//! Words: each group against all others. They are described; the p-values of the groups are a
//! family of their own, since a word has no "without" that a verdict could speak of.

use std::collections::BTreeMap;

use crate::domain::FeatureValue;
use crate::stats;

use super::facts::Facts;
use super::{ArmTest, FeatureKind, FeatureRow, Guards};

/// Groups that are shown by name.
const MOST: usize = 12;

/// The calls that say one word.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The word.
    pub value: String,
    /// Calls.
    pub n: usize,
    /// Pumps in it, and in all others that say anything.
    pub pump: ArmTest,
    /// Rugs and crashes.
    pub rug: ArmTest,
    /// Median gain at the ATH, in percent.
    pub median_gain: Option<f64>,
}

/// The row of a feature of words.
pub(super) fn row(name: &str, calls: &[Facts<'_>], guards: &Guards) -> FeatureRow {
    grouped(name, calls, guards, |c| {
        c.features.get(name).map(FeatureValue::label)
    })
}

/// The sources as a feature of words; `None` when there is only one.
pub(super) fn sources(calls: &[Facts<'_>], guards: &Guards) -> Option<FeatureRow> {
    let row = grouped("source", calls, guards, |c| {
        Some(c.judged.call.source.clone())
    });
    (row.groups.len() > 1).then_some(row)
}

fn grouped(
    name: &str,
    calls: &[Facts<'_>],
    guards: &Guards,
    of: impl Fn(&Facts<'_>) -> Option<String>,
) -> FeatureRow {
    let mut row = FeatureRow::new(name, FeatureKind::Category);
    let mut by: BTreeMap<String, Vec<&Facts<'_>>> = BTreeMap::new();
    for call in calls {
        match of(call) {
            Some(word) => {
                row.n_with += 1;
                by.entry(word).or_default().push(call);
            }
            None => row.n_unknown += 1,
        }
    }
    let count = |calls: &[&Facts<'_>], of: fn(&Facts<'_>) -> Option<bool>| {
        let known: Vec<bool> = calls.iter().filter_map(|c| of(c)).collect();
        (known.iter().filter(|h| **h).count(), known.len())
    };
    let (mut all_pump, mut all_rug) = ((0, 0), (0, 0));
    for calls in by.values() {
        let (pump, rug) = (count(calls, |c| c.pump), count(calls, |c| c.rug));
        all_pump = (all_pump.0 + pump.0, all_pump.1 + pump.1);
        all_rug = (all_rug.0 + rug.0, all_rug.1 + rug.1);
    }
    let mut groups: Vec<_> = by.into_iter().collect();
    groups.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    row.more_groups = groups.len().saturating_sub(MOST);
    for (value, calls) in groups.into_iter().take(MOST) {
        let arms = |mine: (usize, usize), all: (usize, usize)| {
            ArmTest {
                with: mine,
                without: (all.0 - mine.0, all.1 - mine.1),
                ..ArmTest::default()
            }
            .test(guards)
        };
        let mut gains: Vec<f64> = calls.iter().filter_map(|c| c.gain).collect();
        row.groups.push(Group {
            value,
            n: calls.len(),
            pump: arms(count(&calls, |c| c.pump), all_pump),
            rug: arms(count(&calls, |c| c.rug), all_rug),
            median_gain: stats::median(&mut gains),
        });
    }
    row
}
