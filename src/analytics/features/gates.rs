//! What the bot's own gates kept out: candidates with `rejected_by`, tracked like any other.

use std::collections::{BTreeMap, HashSet};

use crate::analytics::judged::{Judged, Standing};
use crate::domain::{Category, Rules, Status, Window};
use crate::stats;

use super::{ArmTest, Guards};

/// What a gate does, as far as the calls it turned down tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateVerdict {
    /// What it turned down pumps more often than what it let through.
    TooStrict,
    /// What it turned down pumps less often, or rugs more often.
    Works,
    /// No difference is shown.
    NoEvidence,
    /// Too few to say.
    TooFew,
}

impl GateVerdict {
    /// The words in JSON and on the screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooStrict => "TOO STRICT",
            Self::Works => "WORKS",
            Self::NoEvidence => "NO EVIDENCE",
            Self::TooFew => "TOO FEW",
        }
    }
}

/// One gate.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// Its name, as the bot gives it.
    pub name: String,
    /// Candidates it turned down, one per token, outcome settled.
    pub n: usize,
    /// Pumps among those ("with") and among the calls that were made ("without").
    pub pump: ArmTest,
    /// Rugs and crashes.
    pub rug: ArmTest,
    /// The symbols of the MOONs it lost, as far as categories are known.
    pub moons: Vec<String>,
    /// Rugs and crashes it spared.
    pub rugs: Vec<String>,
    /// What that amounts to.
    pub verdict: GateVerdict,
}

/// Whether an outcome may be used by tests.
pub(super) fn settled(judged: &Judged, window: &Window, rules: &Rules) -> bool {
    judged.completed_in(window, rules)
        && judged.outcome.status == Status::Completed
        && !judged.outcome.provisional
        && !judged.outcome.ath.is_some_and(|ath| ath.early)
        && (judged.outcome.ath.is_some() || judged.outcome.is_rug().is_some())
}

/// The name a call goes by among its like.
#[must_use]
pub fn name_of(judged: &Judged) -> String {
    let call = &judged.call;
    call.symbol
        .clone()
        .or_else(|| call.token.as_ref().map(|t| t.address().to_owned()))
        .unwrap_or_else(|| call.id.0.clone())
}

/// Every gate, the one that turned down most first. The family of their p-values is their own.
pub(super) fn gates(
    calls: &[Judged],
    base: ((usize, usize), (usize, usize)),
    window: &Window,
    rules: &Rules,
    guards: &Guards,
) -> Vec<Gate> {
    let mut by: BTreeMap<&str, Gate> = BTreeMap::new();
    let mut seen = HashSet::new();
    for judged in calls {
        let Some(gate) = judged.call.rejected_by.as_deref() else {
            continue;
        };
        if judged.standing != Standing::Rejected || !settled(judged, window, rules) {
            continue;
        }
        if let Some(token) = &judged.call.token
            && !seen.insert((gate, token.clone()))
        {
            continue;
        }
        let row = by.entry(gate).or_insert_with(|| Gate {
            name: gate.to_owned(),
            n: 0,
            pump: ArmTest {
                without: base.0,
                ..ArmTest::default()
            },
            rug: ArmTest {
                without: base.1,
                ..ArmTest::default()
            },
            moons: Vec::new(),
            rugs: Vec::new(),
            verdict: GateVerdict::TooFew,
        });
        row.n += 1;
        row.pump.add(true, judged.outcome.is_pump(rules));
        row.rug.add(true, judged.outcome.is_rug());
        if judged.outcome.category == Some(Category::Moon) {
            row.moons.push(name_of(judged));
        }
        if judged.outcome.is_rug() == Some(true) {
            row.rugs.push(name_of(judged));
        }
    }
    let mut gates: Vec<Gate> = by.into_values().collect();
    for gate in &mut gates {
        gate.pump = gate.pump.test(guards);
        gate.rug = gate.rug.test(guards);
    }
    let family: Vec<Option<f64>> = gates.iter().flat_map(|g| [g.pump.p, g.rug.p]).collect();
    let q = stats::benjamini_hochberg(&family);
    for (gate, q) in gates.iter_mut().zip(q.chunks(2)) {
        gate.pump.q = q.first().copied().flatten();
        gate.rug.q = q.get(1).copied().flatten();
        let (pump, rug) = (gate.pump.direction(guards.q), gate.rug.direction(guards.q));
        gate.verdict = if gate.pump.p.is_none() && gate.rug.p.is_none() {
            GateVerdict::TooFew
        } else if pump < 0 || (rug > 0 && pump == 0) {
            GateVerdict::Works
        } else if pump > 0 && rug <= 0 {
            GateVerdict::TooStrict
        } else {
            GateVerdict::NoEvidence
        };
    }
    gates.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| a.name.cmp(&b.name)));
    gates
}
