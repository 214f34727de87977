//! The best and the worst calls, with what they said and what they share.

use std::collections::BTreeMap;

use crate::domain::FeatureValue;

use super::facts::Facts;
use super::gates::name_of;

/// So many at each end.
const MOST: usize = 5;
/// Shared by this many more than chance would have it: said only when at least four of five agree.
const SHARED: usize = 4;

/// A call at one end of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Performer {
    /// The call.
    pub id: String,
    /// Its symbol, else its address.
    pub name: String,
    /// Who called.
    pub source: String,
    /// Gain at the ATH, in percent.
    pub gain: Option<f64>,
    /// The multiple at the end.
    pub final_multiple: Option<f64>,
    /// How it ended, in the words of JSON.
    pub category: Option<&'static str>,
    /// What it said.
    pub features: Vec<(String, String)>,
}

/// Something that calls at one end have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    /// The feature.
    pub feature: String,
    /// What they say.
    pub value: String,
    /// How many of them say so.
    pub have: usize,
    /// Of how many.
    pub of: usize,
    /// The share of all calls that say anything which say the same.
    pub base: f64,
}

/// One end of the list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Performers {
    /// The calls, the most extreme first.
    pub calls: Vec<Performer>,
    /// What they share: description, five calls prove nothing.
    pub shared: Vec<Shared>,
}

/// The best by the gain at the ATH, and the worst by the end.
pub(super) fn performers(calls: &[Facts<'_>]) -> (Performers, Performers) {
    let end = |c: &Facts<'_>| c.judged.outcome.fin.map(|f| f.multiple.value());
    let mut best: Vec<&Facts<'_>> = calls.iter().filter(|c| c.gain.is_some()).collect();
    best.sort_by(|a, b| {
        b.gain
            .unwrap_or(f64::MIN)
            .total_cmp(&a.gain.unwrap_or(f64::MIN))
            .then_with(|| a.judged.call.id.cmp(&b.judged.call.id))
    });
    let mut worst: Vec<&Facts<'_>> = calls.iter().filter(|c| end(c).is_some()).collect();
    worst.sort_by(|a, b| {
        let rug = |c: &Facts<'_>| c.rug != Some(true);
        end(a)
            .unwrap_or(f64::MAX)
            .total_cmp(&end(b).unwrap_or(f64::MAX))
            .then_with(|| rug(a).cmp(&rug(b)))
            .then_with(|| a.judged.call.id.cmp(&b.judged.call.id))
    });
    best.truncate(MOST);
    worst.truncate(MOST);
    (list(&best, calls), list(&worst, calls))
}

fn list(picked: &[&Facts<'_>], all: &[Facts<'_>]) -> Performers {
    let calls = picked
        .iter()
        .map(|c| Performer {
            id: c.judged.call.id.0.clone(),
            name: name_of(c.judged),
            source: c.judged.call.source.clone(),
            gain: c.gain,
            final_multiple: c.judged.outcome.fin.map(|f| f.multiple.value()),
            category: c.category.map(crate::domain::Category::name),
            features: c
                .features
                .iter()
                .map(|(name, value)| (name.clone(), value.label()))
                .collect(),
        })
        .collect();
    let mut counts: BTreeMap<(&String, String), (usize, &FeatureValue)> = BTreeMap::new();
    for call in picked {
        for (name, value) in call.features {
            // Numbers seldom agree to the digit.
            if value.as_flag().is_some() || matches!(value, FeatureValue::Text(_)) {
                counts.entry((name, value.label())).or_insert((0, value)).0 += 1;
            }
        }
    }
    let mut shared: Vec<Shared> = counts
        .into_iter()
        .filter(|(_, (have, _))| *have >= SHARED)
        .map(|((feature, value), (have, meant))| {
            let said = all.iter().filter_map(|c| c.features.get(feature));
            let (mut same, mut of) = (0usize, 0usize);
            for other in said {
                of += 1;
                same += usize::from(other.means(meant));
            }
            Shared {
                feature: feature.clone(),
                value,
                have,
                of: picked.len(),
                base: same as f64 / of.max(1) as f64,
            }
        })
        // What everybody says is nothing they share.
        .filter(|s| s.base < 0.95)
        .collect();
    shared.sort_by(|a, b| b.have.cmp(&a.have).then_with(|| a.base.total_cmp(&b.base)));
    Performers { calls, shared }
}
