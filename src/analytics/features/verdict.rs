//! What the tests of a feature amount to, and why, in words (DESIGN §2 "Verdict").

use std::fmt::Write as _;

use crate::stats;

use super::{ArmTest, FeatureKind, FeatureRow, Guards};

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

/// The verdict of a row whose q-values are known, and why; a row of words has none.
pub(super) fn judge(row: &FeatureRow, guards: &Guards) -> (Option<Verdict>, String) {
    let (verdict, mut reason) = match row.kind {
        FeatureKind::Flag => {
            let (verdict, reason) = judge_flag(row, guards);
            (Some(verdict), reason)
        }
        FeatureKind::Number => judge_number(row, guards),
        FeatureKind::Category => (None, "words: described by group, not tested".to_owned()),
    };
    for remark in &row.remarks {
        reason.push_str("; ");
        reason.push_str(remark);
    }
    (verdict, reason)
}

const fn weigh(pump: i8, rug: i8) -> Verdict {
    match (pump > 0 || rug < 0, pump < 0 || rug > 0) {
        (true, false) => Verdict::Positive,
        (false, true) => Verdict::Negative,
        (true, true) => Verdict::Mixed,
        (false, false) => Verdict::NoEvidence,
    }
}

fn q_label(q: f64) -> String {
    if q < 0.001 {
        "q <0.001".to_owned()
    } else {
        format!("q {q:.3}")
    }
}

fn judge_flag(row: &FeatureRow, guards: &Guards) -> (Verdict, String) {
    if row.n_without == 0 {
        let reason = format!(
            "all {} that say anything have it: nothing to compare",
            row.n_with
        );
        return (Verdict::AlwaysOn, reason);
    }
    if row.n_with == 0 {
        let reason = format!("none of {} has it: nothing to compare", row.n_without);
        return (Verdict::AlwaysOff, reason);
    }
    if row.pump.p.is_none() && row.rug.p.is_none() {
        let why = row.pump.too_few(guards);
        let why = why.or_else(|| row.rug.too_few(guards)).unwrap_or_default();
        return (Verdict::TooFew, format!("too few: {why}"));
    }
    let verdict = weigh(row.pump.direction(guards.q), row.rug.direction(guards.q));
    let mut parts = Vec::new();
    for (what, test) in [("pump", &row.pump), ("rug", &row.rug)] {
        parts.push(match (test.q, test.rate_with(), test.rate_without()) {
            (Some(q), Some(with), Some(without)) => format!(
                "{what} {:.0} % against {:.0} % ({})",
                with * 100.0,
                without * 100.0,
                q_label(q)
            ),
            _ => format!(
                "{what} not tested ({})",
                test.too_few(guards).unwrap_or_else(|| "unknown".to_owned())
            ),
        });
    }
    let mut reason = parts.join(", ");
    if verdict == Verdict::NoEvidence
        && let Some(more) = more_calls(&row.pump)
    {
        let _ = write!(reason, "; {more}");
    }
    (verdict, reason)
}

/// How many more calls would show a difference as large as the one seen.
fn more_calls(test: &ArmTest) -> Option<String> {
    test.p?;
    let ((a, n), (b, m)) = (test.with, test.without);
    let more = stats::power::more(a, n, b, m)?;
    Some(if more > 100_000 {
        "no number of calls to come would show a difference this small".to_owned()
    } else {
        format!("about {more} more calls for 80 % power on pumps, if the difference is real")
    })
}

fn judge_number(row: &FeatureRow, guards: &Guards) -> (Option<Verdict>, String) {
    if let Some(constant) = row.constant {
        let reason = format!("constant: all {} say {constant}", row.n_with);
        return (Some(Verdict::AlwaysOn), reason);
    }
    if row.pump.p.is_none() && row.rug.p.is_none() {
        return (Some(Verdict::TooFew), format!("too few: {}", row.too_few));
    }
    let side = |test: &ArmTest, auc: Option<stats::AucInterval>| match (test.q, auc) {
        (Some(q), Some(auc)) if q <= guards.q => i8::from(auc.auc > 0.5) - i8::from(auc.auc < 0.5),
        _ => 0,
    };
    let verdict = weigh(side(&row.pump, row.pump_auc), side(&row.rug, row.rug_auc));
    let mut parts = Vec::new();
    for (what, test, auc) in [
        ("pump", &row.pump, row.pump_auc),
        ("rug", &row.rug, row.rug_auc),
    ] {
        if let (Some(q), Some(auc)) = (test.q, auc) {
            parts.push(format!(
                "a {what} has the larger value in {:.0} % of pairs ({})",
                auc.auc * 100.0,
                q_label(q)
            ));
        } else {
            parts.push(format!("{what} not tested"));
        }
    }
    (Some(verdict), parts.join(", "))
}
