//! What separates pumps from rugs: each feature with, without and unknown, tested and corrected
//! for the number of tests (`statistics.md` 3.1 to 3.7; DESIGN §2 "Verdict").

use std::collections::{BTreeMap, HashSet};

use crate::domain::{FeatureValue, Rules, Status, Window};
use crate::stats::{self, Interval};

use super::judged::{Judged, Standing};

/// What kind of values a feature has, decided over all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeatureKind {
    /// Nothing but true/false, yes/no, 1/0.
    Flag,
    /// Nothing but numbers.
    Number,
    /// Anything else.
    Category,
}

impl FeatureKind {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Number => "number",
            Self::Category => "category",
        }
    }

    /// The kind of every feature among calls.
    #[must_use]
    pub fn of_all<'a>(
        features: impl IntoIterator<Item = &'a crate::domain::Features>,
    ) -> BTreeMap<String, Self> {
        let mut kinds: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
        for (name, value) in features.into_iter().flatten() {
            let (flag, number) = kinds.entry(name).or_insert((true, true));
            *flag &= value.as_flag().is_some();
            *number &= value.as_number().is_some();
        }
        kinds
            .into_iter()
            .map(|(name, kind)| {
                let kind = match kind {
                    (true, _) => Self::Flag,
                    (false, true) => Self::Number,
                    (false, false) => Self::Category,
                };
                (name.to_owned(), kind)
            })
            .collect()
    }
}

/// The guards of a test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guards {
    /// The least calls in each arm.
    pub min_arm_n: usize,
    /// The false discovery rate.
    pub q: f64,
}

impl Default for Guards {
    fn default() -> Self {
        Self {
            min_arm_n: 10,
            q: 0.05,
        }
    }
}

/// The rarer outcome must occur this often in both arms together.
const MIN_RARER: usize = 5;

/// How often something happened in each arm, and whether that differs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ArmTest {
    /// Happened, of how many, with the feature.
    pub with: (usize, usize),
    /// Happened, of how many, without it.
    pub without: (usize, usize),
    /// Fisher's exact p, two-sided; `None` when there were too few.
    pub p: Option<f64>,
    /// Its Benjamini-Hochberg q over all tests of the report.
    pub q: Option<f64>,
}

impl ArmTest {
    fn rate((k, n): (usize, usize)) -> Option<f64> {
        (n > 0).then(|| k as f64 / n as f64)
    }

    /// Share with the feature, 0 to 1.
    #[must_use]
    pub fn rate_with(&self) -> Option<f64> {
        Self::rate(self.with)
    }

    /// Share without it, 0 to 1.
    #[must_use]
    pub fn rate_without(&self) -> Option<f64> {
        Self::rate(self.without)
    }

    /// Wilson interval with the feature.
    #[must_use]
    pub fn interval_with(&self) -> Option<Interval> {
        stats::wilson(self.with.0 as u64, self.with.1 as u64)
    }

    /// Wilson interval without it.
    #[must_use]
    pub fn interval_without(&self) -> Option<Interval> {
        stats::wilson(self.without.0 as u64, self.without.1 as u64)
    }

    /// Newcombe interval of the difference, with minus without.
    #[must_use]
    pub fn difference(&self) -> Option<Interval> {
        let ((a, n), (b, m)) = (self.with, self.without);
        stats::newcombe(a as u64, n as u64, b as u64, m as u64)
    }

    /// Why it cannot be tested, if so.
    fn too_few(&self, guards: &Guards) -> Option<String> {
        let ((a, n), (b, m)) = (self.with, self.without);
        let happened = a + b;
        let rarer = happened.min(n + m - happened);
        if n < guards.min_arm_n {
            Some(format!("{n} with"))
        } else if m < guards.min_arm_n {
            Some(format!("{m} without"))
        } else if rarer < MIN_RARER {
            Some(format!("the rarer outcome occurs {rarer} times"))
        } else {
            None
        }
    }

    fn test(mut self, guards: &Guards) -> Self {
        if self.too_few(guards).is_none() {
            let ((a, n), (b, m)) = (self.with, self.without);
            self.p = stats::fisher_two_sided(a as u64, (n - a) as u64, b as u64, (m - b) as u64);
        }
        self
    }

    /// +1: significantly more often with the feature, -1: less often, 0: not shown.
    fn direction(&self, q: f64) -> i8 {
        match (self.q, self.rate_with(), self.rate_without()) {
            (Some(found), Some(with), Some(without)) if found <= q => {
                i8::from(with > without) - i8::from(with < without)
            }
            _ => 0,
        }
    }
}

/// What a feature is good for, as far as the data says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// A significant good difference and no significant bad one.
    Positive,
    /// The reverse.
    Negative,
    /// Both.
    Mixed,
    /// Neither.
    NoEvidence,
    /// It cannot be tested yet.
    TooFew,
    /// Every call that says anything has it: there is nothing to compare with.
    AlwaysOn,
    /// None has it.
    AlwaysOff,
}

impl Verdict {
    /// The words in JSON and on the screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Positive => "POSITIVE",
            Self::Negative => "NEGATIVE",
            Self::Mixed => "MIXED",
            Self::NoEvidence => "NO EVIDENCE",
            Self::TooFew => "TOO FEW",
            Self::AlwaysOn => "ALWAYS ON",
            Self::AlwaysOff => "ALWAYS OFF",
        }
    }
}

/// Gains of one arm, in percent of the entry, at the ATH.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Gains {
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Median.
    pub median: Option<f64>,
}

/// One feature.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureRow {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: FeatureKind,
    /// Calls that have it (numbers: that say one).
    pub n_with: usize,
    /// Calls that do not.
    pub n_without: usize,
    /// Calls that do not say.
    pub n_unknown: usize,
    /// Pumps.
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
    /// What it is good for; `None` for kinds that are described and not tested.
    pub verdict: Option<Verdict>,
    /// Why, in words.
    pub reason: String,
}

/// The feature report of a range.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FeatureReport {
    /// Calls it rests on: one per token, outcome settled.
    pub n: usize,
    /// Flags by evidence, then numbers by name.
    pub rows: Vec<FeatureRow>,
    /// Tests in the Benjamini-Hochberg family.
    pub tests: usize,
    /// Features of words, which are not analysed.
    pub categories: Vec<String>,
    /// Base rates over all calls of the report: pumps and rugs, of how many.
    pub base_pump: (usize, usize),
    /// Rugs and crashes, of the calls whose state is known.
    pub base_rug: (usize, usize),
}

/// The calls that a feature test may use: settled, counted, the first of each token.
#[must_use]
pub fn eligible<'a>(
    calls: &'a [Judged],
    window: &Window,
    rules: &Rules,
    provisional: bool,
) -> Vec<&'a Judged> {
    let mut tokens = HashSet::new();
    calls
        .iter()
        .filter(|j| {
            j.standing == Standing::Counted
                && (j.completed_in(window, rules)
                    || (provisional
                        && j.window_end(rules) > window.to
                        && window.contains(j.call.called_at)))
                && (provisional
                    || (j.outcome.status == Status::Completed
                        && !j.outcome.provisional
                        && !j.outcome.ath.is_some_and(|ath| ath.early)))
                && (j.outcome.ath.is_some() || j.outcome.is_rug().is_some())
                && j.outcome.status != Status::Unpriced
        })
        // Calls come oldest first, so the first call of a token is the one kept.
        .filter(|j| {
            j.call
                .token
                .as_ref()
                .is_none_or(|t| tokens.insert(t.clone()))
        })
        .collect()
}

impl FeatureReport {
    /// The report over eligible calls.
    #[must_use]
    pub fn of(
        calls: &[&Judged],
        kinds: &BTreeMap<String, FeatureKind>,
        rules: &Rules,
        guards: &Guards,
    ) -> Self {
        let facts: Vec<Facts<'_>> = calls.iter().map(|j| Facts::of(j, rules)).collect();
        let mut rows = Vec::new();
        let mut categories = Vec::new();
        for (name, kind) in kinds {
            match kind {
                FeatureKind::Flag => rows.push(flag_row(name, &facts, guards)),
                FeatureKind::Number => rows.push(number_row(name, &facts)),
                FeatureKind::Category => categories.push(name.clone()),
            }
        }
        // A feature that no call of this range mentions is no row of it.
        rows.retain(|r| r.n_with + r.n_without > 0);
        let tests = correct(&mut rows);
        for row in rows.iter_mut().filter(|r| r.kind == FeatureKind::Flag) {
            let (verdict, reason) = judge(row, guards);
            row.verdict = Some(verdict);
            row.reason = reason;
        }
        rows.sort_by(|a, b| {
            let evidence = |r: &FeatureRow| {
                let least = [r.pump.q, r.rug.q].into_iter().flatten().reduce(f64::min);
                (r.kind != FeatureKind::Flag, least.unwrap_or(2.0))
            };
            let (a_key, b_key) = (evidence(a), evidence(b));
            a_key
                .0
                .cmp(&b_key.0)
                .then_with(|| a_key.1.total_cmp(&b_key.1))
                .then_with(|| a.name.cmp(&b.name))
        });
        let count = |f: &dyn Fn(&Facts<'_>) -> Option<bool>| {
            let known: Vec<bool> = facts.iter().filter_map(f).collect();
            (known.iter().filter(|k| **k).count(), known.len())
        };
        Self {
            n: facts.len(),
            rows,
            tests,
            categories,
            base_pump: count(&|f| f.pump),
            base_rug: count(&|f| f.rug),
        }
    }
}

struct Facts<'a> {
    features: &'a crate::domain::Features,
    gain: Option<f64>,
    pump: Option<bool>,
    rug: Option<bool>,
}

impl<'a> Facts<'a> {
    fn of(judged: &'a Judged, rules: &Rules) -> Self {
        Self {
            features: &judged.call.features,
            gain: judged
                .outcome
                .max_gain()
                .map(super::super::domain::quantity::Percent::value),
            pump: judged.outcome.is_pump(rules),
            rug: judged.outcome.is_rug(),
        }
    }
}

fn flag_row(name: &str, calls: &[Facts<'_>], guards: &Guards) -> FeatureRow {
    let (mut n, mut pump, mut rug) = ([0usize; 3], ArmTest::default(), ArmTest::default());
    let (mut gains_with, mut gains_without) = (Vec::new(), Vec::new());
    for call in calls {
        let Some(on) = call.features.get(name).and_then(FeatureValue::as_flag) else {
            n[2] += 1;
            continue;
        };
        n[usize::from(!on)] += 1;
        for (test, happened) in [(&mut pump, call.pump), (&mut rug, call.rug)] {
            if let Some(happened) = happened {
                let arm = if on {
                    &mut test.with
                } else {
                    &mut test.without
                };
                arm.0 += usize::from(happened);
                arm.1 += 1;
            }
        }
        let gains = if on {
            &mut gains_with
        } else {
            &mut gains_without
        };
        gains.extend(call.gain);
    }
    let enough = gains_with.len() >= guards.min_arm_n && gains_without.len() >= guards.min_arm_n;
    let gain_p = enough
        .then(|| stats::gain_test(&gains_with, &gains_without))
        .flatten();
    FeatureRow {
        name: name.to_owned(),
        kind: FeatureKind::Flag,
        n_with: n[0],
        n_without: n[1],
        n_unknown: n[2],
        pump: pump.test(guards),
        rug: rug.test(guards),
        gain_with: gains(gains_with),
        gain_without: gains(gains_without),
        gain_p,
        gain_q: None,
        spearman: None,
        auc: None,
        verdict: None,
        reason: String::new(),
    }
}

fn gains(mut values: Vec<f64>) -> Gains {
    Gains {
        mean: stats::mean(&values),
        median: stats::median(&mut values),
    }
}

fn number_row(name: &str, calls: &[Facts<'_>]) -> FeatureRow {
    let mut row = flag_row(name, &[], &Guards::default());
    let (mut values, mut with_gain, mut pumps) = (Vec::new(), Vec::new(), Vec::new());
    for call in calls {
        let Some(value) = call.features.get(name).and_then(FeatureValue::as_number) else {
            row.n_unknown += 1;
            continue;
        };
        row.n_with += 1;
        if let Some((gain, pump)) = call.gain.zip(call.pump) {
            values.push(value);
            with_gain.push(gain);
            pumps.push(pump);
        }
    }
    row.kind = FeatureKind::Number;
    let pumped = pumps.iter().filter(|p| **p).count();
    if values.len() >= 3 {
        row.spearman = stats::spearman(&values, &with_gain);
    }
    // DESIGN §2: the AUC of a feature needs 10 values and 3 of each class; one that never varies
    // has nothing to tell them apart by.
    let varies = values.windows(2).any(|pair| pair[0] != pair[1]);
    if varies && values.len() >= 10 && pumped >= 3 && pumps.len() - pumped >= 3 {
        row.auc = stats::auc(&values, &pumps);
    }
    "a number: described, not tested".clone_into(&mut row.reason);
    row
}

/// One Benjamini-Hochberg family over all pump and rug p-values; the gain tests are their own.
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
    family.iter().flatten().count()
}

fn judge(row: &FeatureRow, guards: &Guards) -> (Verdict, String) {
    if row.n_without == 0 {
        return (
            Verdict::AlwaysOn,
            format!(
                "all {} that say anything have it: nothing to compare",
                row.n_with
            ),
        );
    }
    if row.n_with == 0 {
        return (
            Verdict::AlwaysOff,
            format!("none of {} has it: nothing to compare", row.n_without),
        );
    }
    if row.pump.p.is_none() && row.rug.p.is_none() {
        let why = row
            .pump
            .too_few(guards)
            .or_else(|| row.rug.too_few(guards))
            .unwrap_or_default();
        return (Verdict::TooFew, format!("too few: {why}"));
    }
    let pump = row.pump.direction(guards.q);
    let rug = row.rug.direction(guards.q);
    let good = pump > 0 || rug < 0;
    let bad = pump < 0 || rug > 0;
    let verdict = match (good, bad) {
        (true, false) => Verdict::Positive,
        (false, true) => Verdict::Negative,
        (true, true) => Verdict::Mixed,
        (false, false) => Verdict::NoEvidence,
    };
    let mut parts = Vec::new();
    for (what, test) in [("pump", &row.pump), ("rug", &row.rug)] {
        parts.push(match (test.q, test.rate_with(), test.rate_without()) {
            (Some(q), Some(with), Some(without)) => format!(
                "{what} {:.0} % against {:.0} % (q {})",
                with * 100.0,
                without * 100.0,
                if q < 0.001 {
                    "<0.001".to_owned()
                } else {
                    format!("{q:.3}")
                }
            ),
            _ => format!(
                "{what} not tested ({})",
                test.too_few(guards).unwrap_or_else(|| "unknown".to_owned())
            ),
        });
    }
    (verdict, parts.join(", "))
}
