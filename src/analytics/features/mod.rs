//! What separates pumps from rugs: each feature with, without and unknown, tested and corrected
//! for the number of tests (`statistics.md` 3.1 to 3.7; DESIGN §2 "Verdict").
//!
//! ```text
//! facts.rs        which calls a test may rest on, earlier and later part
//! flag.rs         with / without / unknown        number.rs   ranks, bands, a threshold
//! group.rs        words, sources                  validity.rs strata, Simpson, the clock
//! arm.rs          two arms and their test         verdict.rs  what it amounts to, in words
//! combine.rs      pairs of conditions             gates.rs    what `rejected_by` kept out
//! performers.rs   the ends of the list            coverage.rs calls without an outcome
//! ```

mod arm;
mod combine;
mod coverage;
mod facts;
mod flag;
mod gates;
mod group;
mod kind;
mod number;
mod performers;
mod validity;
mod verdict;

use std::collections::BTreeMap;

use crate::domain::{Rules, Window};
use crate::stats;

use super::judged::Judged;
use super::recommend::{self, Recommendations};

pub use arm::{ArmTest, Guards};
pub use combine::{Combination, Combinations};
pub use coverage::{Coverage, coverage};
pub use facts::{Facts, Split, eligible};
pub use gates::{Gate, GateVerdict, name_of};
pub use group::Group;
pub use kind::FeatureKind;
pub use number::{Band, Threshold};
pub use performers::{Performer, Performers, Shared};
pub use validity::{By, Strata};
pub use verdict::Verdict;

pub(crate) use number::steps;

/// Gains of one arm, in percent of the entry, at the ATH.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Gains {
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Median.
    pub median: Option<f64>,
}

impl Gains {
    /// Of these gains.
    #[must_use]
    pub fn of(mut values: Vec<f64>) -> Self {
        Self {
            mean: stats::mean(&values),
            median: stats::median(&mut values),
        }
    }
}

/// The arms of a flag on the later calls: raw, outside the family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Later {
    /// Pumps.
    pub pump: ArmTest,
    /// Rugs and crashes.
    pub rug: ArmTest,
}

/// One feature.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureRow {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: FeatureKind,
    /// Calls that have it (numbers and words: that say one).
    pub n_with: usize,
    /// Calls that do not.
    pub n_without: usize,
    /// Calls that do not say.
    pub n_unknown: usize,
    /// Pumps. Of a number only p and q: those of the rank test between pumps and the others.
    pub pump: ArmTest,
    /// Rugs and crashes.
    pub rug: ArmTest,
    /// Gains with it.
    pub gain_with: Gains,
    /// Gains without it.
    pub gain_without: Gains,
    /// The rank test on the gains: shown, never decides.
    pub gain_p: Option<f64>,
    /// Its q over the gain tests.
    pub gain_q: Option<f64>,
    /// Numbers: Spearman with the gain.
    pub spearman: Option<stats::Correlation>,
    /// Numbers: the probability that a pump has the larger one.
    pub auc: Option<f64>,
    /// Numbers: the same with its interval and p.
    pub pump_auc: Option<stats::AucInterval>,
    /// Numbers: the probability that a rug or crash has the larger one.
    pub rug_auc: Option<stats::AucInterval>,
    /// Numbers: the one value that all of them say.
    pub constant: Option<f64>,
    /// Numbers: terciles or quintiles.
    pub bands: Vec<Band>,
    /// Numbers: the best single threshold.
    pub threshold: Option<Threshold>,
    /// Words: the groups, the largest first.
    pub groups: Vec<Group>,
    /// Words: groups beyond those.
    pub more_groups: usize,
    /// Flags: the difference within strata.
    pub strata: Vec<Strata>,
    /// Flags: the same on the later calls; `None` when there are none.
    pub later: Option<Later>,
    /// It cannot be told from the source or from the time.
    pub confounded: bool,
    /// What qualifies the verdict.
    pub remarks: Vec<String>,
    /// Numbers: why there is no test.
    pub too_few: String,
    /// What it is good for; `None` for words, which are described and not tested.
    pub verdict: Option<Verdict>,
    /// Why, in words.
    pub reason: String,
}

impl FeatureRow {
    fn new(name: &str, kind: FeatureKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            n_with: 0,
            n_without: 0,
            n_unknown: 0,
            pump: ArmTest::default(),
            rug: ArmTest::default(),
            gain_with: Gains::default(),
            gain_without: Gains::default(),
            gain_p: None,
            gain_q: None,
            spearman: None,
            auc: None,
            pump_auc: None,
            rug_auc: None,
            constant: None,
            bands: Vec::new(),
            threshold: None,
            groups: Vec::new(),
            more_groups: 0,
            strata: Vec::new(),
            later: None,
            confounded: false,
            remarks: Vec::new(),
            too_few: String::new(),
            verdict: None,
            reason: String::new(),
        }
    }
}

/// The feature report of a range.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FeatureReport {
    /// Calls it rests on: one per token, outcome settled.
    pub n: usize,
    /// Flags by evidence, then numbers, then words, by evidence or name.
    pub rows: Vec<FeatureRow>,
    /// Tests in the Benjamini-Hochberg family.
    pub tests: usize,
    /// Features of words, which are described by group and not tested.
    pub categories: Vec<String>,
    /// Base rates over all calls of the report: pumps and rugs, of how many.
    pub base_pump: (usize, usize),
    /// Rugs and crashes, of the calls whose state is known.
    pub base_rug: (usize, usize),
    /// Pumps, and rugs and crashes, of the calls of sources nearly all of whose calls have an
    /// outcome: rates that are no selection.
    pub sound: ((usize, usize), (usize, usize)),
    /// What is known of each source's calls at all.
    pub coverage: Vec<Coverage>,
    /// Calls of the earlier and of the later part, and where the later begins.
    pub split: Option<Split>,
    /// Pairs of conditions.
    pub combinations: Combinations,
    /// What follows from it.
    pub recommendations: Recommendations,
    /// What the bot's own gates kept out.
    pub gates: Vec<Gate>,
    /// The best by the gain.
    pub best: Performers,
    /// The worst by the end.
    pub worst: Performers,
}

/// What a report is made from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Every call, oldest first; which of them count follows from the rest.
    pub calls: &'a [Judged],
    /// The kinds of all features.
    pub kinds: &'a BTreeMap<String, FeatureKind>,
    /// The range.
    pub window: Window,
    /// Definitions.
    pub rules: &'a Rules,
    /// Guards of the tests.
    pub guards: &'a Guards,
    /// With calls that are still in their window.
    pub provisional: bool,
}

impl FeatureReport {
    /// The report of a range.
    #[must_use]
    pub fn of(source: &Source<'_>) -> Self {
        let (rules, guards) = (source.rules, source.guards);
        let calls = eligible(source.calls, &source.window, rules, source.provisional);
        let facts: Vec<Facts<'_>> = calls.iter().map(|j| Facts::of(j, rules)).collect();
        let times: Vec<_> = facts.iter().map(|f| f.at).collect();
        let split = Split::of(&times, rules.window);
        let columns = facts::Columns::of(&facts, source.kinds);
        let mut rows = Vec::new();
        let mut categories = Vec::new();
        for (name, kind) in source.kinds {
            rows.push(match kind {
                FeatureKind::Flag => flag::row(name, &facts, &columns, rules.window, guards),
                FeatureKind::Number => number::row(name, &facts, &columns, rules.window, guards),
                FeatureKind::Category => {
                    categories.push(name.clone());
                    group::row(name, &facts, guards)
                }
            });
        }
        rows.extend(group::sources(&facts, guards));
        // A feature that no call of this range mentions is no row of it.
        rows.retain(|r| r.n_with + r.n_without > 0);
        let tests = correct(&mut rows);
        for row in &mut rows {
            (row.verdict, row.reason) = verdict::judge(row, guards);
        }
        arrange(&mut rows);
        let count = |f: &dyn Fn(&Facts<'_>) -> Option<bool>| {
            let known: Vec<bool> = facts.iter().filter_map(f).collect();
            (known.iter().filter(|k| **k).count(), known.len())
        };
        let (best, worst) = performers::performers(&facts);
        let coverage = coverage(source.calls, &source.window, rules);
        let is_sound = |f: &Facts<'_>| {
            let doubtful = coverage.iter().filter(|c| c.is_doubtful());
            !doubtful
                .map(|c| &c.source)
                .any(|s| *s == f.judged.call.source)
        };
        let sound = (
            count(&|f| f.pump.filter(|_| is_sound(f))),
            count(&|f| f.rug.filter(|_| is_sound(f))),
        );
        let mut report = Self {
            sound,
            coverage,
            n: facts.len(),
            tests,
            categories,
            base_pump: count(&|f| f.pump),
            base_rug: count(&|f| f.rug),
            combinations: combine::combinations(&facts, &columns, source.kinds, &split, guards),
            split: Some(split),
            best,
            worst,
            rows,
            ..Self::default()
        };
        let base = (report.base_pump, report.base_rug);
        report.gates = gates::gates(source.calls, base, &source.window, rules, guards);
        report.recommendations = recommend::recommend(&report, rules, guards);
        report
    }
}

/// One Benjamini-Hochberg family over all pump and rug p-values of flags and numbers; the gain
/// tests are a family of their own, and so are the groups of words, which get no verdict.
fn correct(rows: &mut [FeatureRow]) -> usize {
    let family: Vec<Option<f64>> = rows.iter().flat_map(|r| [r.pump.p, r.rug.p]).collect();
    let q = stats::benjamini_hochberg(&family);
    let gains: Vec<Option<f64>> = rows.iter().map(|r| r.gain_p).collect();
    let gain_q = stats::benjamini_hochberg(&gains);
    for ((row, q), gain_q) in rows.iter_mut().zip(q.chunks(2)).zip(gain_q) {
        row.pump.q = q.first().copied().flatten();
        row.rug.q = q.get(1).copied().flatten();
        row.gain_q = gain_q;
    }
    let mut groups: Vec<&mut Group> = rows.iter_mut().flat_map(|r| &mut r.groups).collect();
    let p: Vec<Option<f64>> = groups.iter().flat_map(|g| [g.pump.p, g.rug.p]).collect();
    let group_q = stats::benjamini_hochberg(&p);
    for (group, q) in groups.iter_mut().zip(group_q.chunks(2)) {
        group.pump.q = q.first().copied().flatten();
        group.rug.q = q.get(1).copied().flatten();
    }
    family.iter().flatten().count()
}

/// Flags, numbers, words; of each the best evidence first.
fn arrange(rows: &mut [FeatureRow]) {
    let evidence = |r: &FeatureRow| {
        let least = [r.pump.q, r.rug.q].into_iter().flatten().reduce(f64::min);
        let kind = match r.kind {
            FeatureKind::Flag => 0,
            FeatureKind::Number => 1,
            FeatureKind::Category => 2,
        };
        (kind, least.unwrap_or(2.0))
    };
    rows.sort_by(|a, b| {
        let (a_key, b_key) = (evidence(a), evidence(b));
        a_key
            .0
            .cmp(&b_key.0)
            .then_with(|| a_key.1.total_cmp(&b_key.1))
            .then_with(|| a.name.cmp(&b.name))
    });
}

#[cfg(test)]
mod tests;
