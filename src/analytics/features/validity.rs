//! Whether a difference between two arms is the feature's, or that of who called and when
//! (`statistics.md` 3.3): strata by source and by period, and features that only follow the clock.

use std::collections::BTreeMap;

use crate::stats::{self, MantelHaenszel};

use super::facts::Facts;
use super::{ArmTest, FeatureRow};

/// Parts of equal size that the time of the calls is cut into.
const PERIODS: usize = 4;
/// A flag whose arms are told apart by the order of time alone this well follows the clock.
const BY_TIME: f64 = 0.99;
/// A p that is worth a word of its own; verdicts go by q.
const P: f64 = 0.05;

/// What the strata are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Each source is a stratum.
    Source,
    /// Each quarter of the calls, in their order, is a stratum.
    Period,
}

impl By {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Period => "period",
        }
    }
}

/// The difference of the arms within strata (Cochran-Mantel-Haenszel).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strata {
    /// What the strata are.
    pub by: By,
    /// How many there are.
    pub count: usize,
    /// Pumps; `None` when no stratum has both arms and both outcomes.
    pub pump: Option<MantelHaenszel>,
    /// Rugs and crashes.
    pub rug: Option<MantelHaenszel>,
}

/// Adds strata and remarks to the row of a flag that has both arms.
pub(super) fn look(row: &mut FeatureRow, calls: &[Facts<'_>], said: &[Option<bool>]) {
    let mut sources: BTreeMap<&str, [ArmTest; 2]> = BTreeMap::new();
    let mut periods = [[ArmTest::default(); 2]; PERIODS];
    for (at, (call, on)) in calls.iter().zip(said).enumerate() {
        let Some(on) = *on else { continue };
        let source = sources.entry(&call.judged.call.source).or_default();
        let period = &mut periods[at * PERIODS / calls.len().max(1)];
        for arms in [source, period] {
            arms[0].add(on, call.pump);
            arms[1].add(on, call.rug);
        }
    }
    let strata = |by: By, parts: &[[ArmTest; 2]]| {
        let cells = |i: usize| -> Vec<[u64; 4]> { parts.iter().map(|p| p[i].cells()).collect() };
        Strata {
            by,
            count: parts.len(),
            pump: stats::mantel_haenszel(&cells(0)),
            rug: stats::mantel_haenszel(&cells(1)),
        }
    };
    if sources.len() > 1 {
        let parts: Vec<_> = sources.values().copied().collect();
        row.strata.push(strata(By::Source, &parts));
        let apart = |part: &[ArmTest; 2]| {
            let sides = part.map(|t| t.with.1.min(t.without.1));
            sides == [0, 0]
        };
        if parts.iter().all(apart) {
            row.remarks.push(
                "no source has calls with it and without it: it cannot be told from the source"
                    .to_owned(),
            );
            row.confounded = true;
        }
    }
    row.strata.push(strata(By::Period, &periods));
    follows_the_clock(row, calls, said);
    for found in row.strata.clone() {
        for (what, test, within) in [
            ("pump", &row.pump, found.pump),
            ("rug", &row.rug, found.rug),
        ] {
            if let Some(remark) = simpson(what, found.by, test, within) {
                row.remarks.push(remark);
            }
        }
    }
}

/// What strata say that the pooled test does not.
fn simpson(what: &str, by: By, pooled: &ArmTest, within: Option<MantelHaenszel>) -> Option<String> {
    let (p, change, within) = (pooled.p?, pooled.change()?, within?);
    let strata = match by {
        By::Source => "within each source",
        By::Period => "within each quarter of the time",
    };
    let turned = change * within.excess < 0.0;
    let cmh = format!("CMH p {:.3}", within.p);
    if turned && (p <= P || within.p <= P) {
        Some(format!(
            "Simpson: {strata} the difference in {what}s is the other way round ({cmh})"
        ))
    } else if p <= P && within.p > P {
        Some(format!(
            "{strata} the difference in {what}s is not shown ({cmh}): part of it is that of the strata"
        ))
    } else {
        None
    }
}

/// A flag that was on up to some day and off since (or the reverse) says when, not what.
fn follows_the_clock(row: &mut FeatureRow, calls: &[Facts<'_>], said: &[Option<bool>]) {
    let (mut order, mut on, mut first) = (Vec::new(), Vec::new(), [None, None]);
    for (call, said) in calls.iter().zip(said) {
        if let Some(said) = said {
            order.push(call.at.millis() as f64);
            on.push(*said);
            first[usize::from(*said)].get_or_insert(call.at);
        }
    }
    let Some(later) = stats::auc(&order, &on) else {
        return;
    };
    let turned = if later >= BY_TIME {
        first[1].map(|at| ("off", "on", at))
    } else if later <= 1.0 - BY_TIME {
        first[0].map(|at| ("on", "off", at))
    } else {
        None
    };
    if let Some((before, since, at)) = turned {
        let day: String = at.rfc3339().chars().take(10).collect();
        row.remarks.push(format!(
            "it was {before} until {day} and {since} since, in nearly every call: it cannot be told from the time"
        ));
        row.confounded = true;
    }
}
