//! What follows for the settings of a bot, and when nothing does (`statistics.md` 3.2).
//!
//! A setting is named only when the test of its feature holds: both arms large enough, q at most
//! that of a verdict (over half of it only if the later calls show it by themselves: else one null
//! world in twenty would lead to advice, as often as it leads to a verdict), the interval of
//! the difference clear of zero, the same sign on the later calls, within the strata too, and the
//! median gain not worse. A rate alone may be worrying enough to be said
//! (its Wilson bound decides); it then names no setting that no test supports.

use std::fmt::Write as _;

use crate::domain::Rules;
use crate::stats::{self, Interval};

use super::features::{
    ArmTest, FeatureKind, FeatureReport, FeatureRow, GateVerdict, Guards, Threshold,
};

/// The largest q that a threshold may rest on, which the later calls have shown by themselves.
const MOST_Q: f64 = 0.10;
/// Under this share of pumps the bot calls too much that never moves.
const LOW_PUMP: f64 = 0.15;
/// Over this share nothing needs to change for the sake of pumps.
const HIGH_PUMP: f64 = 0.40;
/// Over this share of rugs and crashes the gates let too much through.
const HIGH_RUG: f64 = 0.15;
/// A difference that a stratified test still has to show.
const STRATA_P: f64 = 0.05;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Now.
    High,
    /// Soon.
    Medium,
    /// When there is nothing else.
    Low,
}

impl Priority {
    /// The word in JSON and on the screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::High => "HIGH",
            Self::Medium => "MEDIUM",
            Self::Low => "LOW",
        }
    }
}

/// A rate before and after, as far as the later calls tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// `pump` or `rug`.
    pub of: &'static str,
    /// The rate among all later calls that say it.
    pub from: f64,
    /// The rate among those that would be kept.
    pub to: f64,
    /// Difference of the arms, 95 % Newcombe, on the later calls.
    pub difference: Interval,
    /// The share of calls that would be kept.
    pub kept: f64,
}

/// One recommendation.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommendation {
    /// How much it matters.
    pub priority: Priority,
    /// What is wrong or could be better.
    pub issue: String,
    /// What to do.
    pub action: String,
    /// Why.
    pub reason: String,
    /// The same as a condition for `--where` and the lab, where there is one.
    pub filter: Option<String>,
    /// The feature it rests on, where there is one.
    pub feature: Option<String>,
    /// The counts it rests on.
    pub test: ArmTest,
    /// What to expect.
    pub effect: Option<Effect>,
}

/// All of them, or why there are none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recommendations {
    /// The most important first.
    pub list: Vec<Recommendation>,
    /// What is said beside them; with none of them, why.
    pub note: String,
}

/// The recommendations of a report.
#[must_use]
pub fn recommend(report: &FeatureReport, rules: &Rules, guards: &Guards) -> Recommendations {
    let mut settings: Vec<Recommendation> = Vec::new();
    for row in &report.rows {
        match row.kind {
            FeatureKind::Flag => settings.extend(flag(row, guards)),
            FeatureKind::Number => settings.extend(threshold(row, guards)),
            FeatureKind::Category => {}
        }
    }
    let mut list = rates(report, &settings, rules, guards);
    list.extend(settings);
    list.extend(gates(report, guards));
    list.sort_by_key(|r| r.priority);
    let note = if list.is_empty() {
        nothing(report, guards)
    } else {
        "association, not cause: change one setting at a time and compare".to_owned()
    };
    Recommendations { list, note }
}

/// Why no change is justified.
fn nothing(report: &FeatureReport, guards: &Guards) -> String {
    let mut note = "no change is justified yet".to_owned();
    let tested = report.tests;
    let enough = |row: &FeatureRow| {
        row.n_with.min(row.n_without) >= guards.recommend_arm_n || row.kind == FeatureKind::Number
    };
    if tested == 0 {
        note.push_str(": no feature could be tested");
    } else if report.rows.iter().any(enough) {
        let _ = write!(
            note,
            ": none of {tested} tests holds (q at most {}, and again on the later calls)",
            guards.q
        );
    } else {
        let _ = write!(
            note,
            ": a change needs {} calls on both sides of a feature",
            guards.recommend_arm_n
        );
    }
    // Where whoever reports chooses what to report, a rate says nothing.
    let (k, n) = report.sound.0;
    if let Some(i) = stats::wilson(k as u64, n as u64)
        && i.low > HIGH_PUMP
    {
        let _ = write!(
            note,
            "; {:.0} % pump, over {:.0} % even at the low end: nothing needs to change for pumps",
            k as f64 / n as f64 * 100.0,
            HIGH_PUMP * 100.0
        );
    }
    note
}

fn rates(
    report: &FeatureReport,
    settings: &[Recommendation],
    rules: &Rules,
    guards: &Guards,
) -> Vec<Recommendation> {
    let mut list = Vec::new();
    let named = |good: &str| {
        let found: Vec<&str> = settings
            .iter()
            .filter(|s| s.effect.is_some_and(|e| e.of == good))
            .map(|s| s.action.as_str())
            .collect();
        if found.is_empty() {
            "no setting is named: nothing that a filter can set holds up on the later calls too; \
             look at the calls of the worst source"
                .to_owned()
        } else {
            found.join("; ")
        }
    };
    let least = guards.recommend_arm_n;
    let (k, n) = report.sound.0;
    if n >= least
        && let Some(i) = stats::wilson(k as u64, n as u64)
        && i.high < LOW_PUMP
    {
        list.push(rate_rule(
            &format!("low pump rate: {:.1} %", k as f64 / n as f64 * 100.0),
            named("pump"),
            &format!(
                "of {n} calls whose peak is known {k} pumped over {:.0} %: at most {:.1} % (95 %), and {:.0} % is the least worth trading",
                rules.pump_gain_pct,
                i.high * 100.0,
                LOW_PUMP * 100.0
            ),
            (k, n),
        ));
    }
    let (k, n) = report.sound.1;
    if n >= least
        && let Some(i) = stats::wilson(k as u64, n as u64)
        && i.low > HIGH_RUG
    {
        list.push(rate_rule(
            &format!(
                "high rug rate: {:.1} %",
                k as f64 / n as f64 * 100.0
            ),
            named("rug"),
            &format!(
                "of {n} calls whose state is known {k} ended as rug or crash: at least {:.1} % (95 %), and {:.0} % is the limit",
                i.low * 100.0,
                HIGH_RUG * 100.0
            ),
            (k, n),
        ));
    }
    list
}

fn rate_rule(issue: &str, action: String, reason: &str, with: (usize, usize)) -> Recommendation {
    Recommendation {
        priority: Priority::High,
        issue: issue.to_owned(),
        action,
        reason: reason.to_owned(),
        filter: None,
        feature: None,
        test: ArmTest {
            with,
            ..ArmTest::default()
        },
        effect: None,
    }
}

/// Whether a difference holds by every guard, and its sign.
fn holds(test: &ArmTest, later: &ArmTest, guards: &Guards) -> Option<i8> {
    let least = guards.recommend_arm_n;
    if test.with.1 < least || test.without.1 < least {
        return None;
    }
    let (q, interval) = (test.q?, test.difference()?);
    let sign = if interval.low > 0.0 {
        1
    } else if interval.high < 0.0 {
        -1
    } else {
        return None;
    };
    let again = later.change()? * f64::from(sign) > 0.0;
    let enough = later.with.1.min(later.without.1) >= guards.min_arm_n;
    // Evidence just enough for a verdict needs the later calls to show it by themselves.
    let alone = later.difference()?;
    let shown_again = alone.low > 0.0 || alone.high < 0.0;
    let strong = q <= guards.q / 2.0 || (q <= guards.q && shown_again);
    (strong && again && enough).then_some(sign)
}

fn effect(of: &'static str, test: &ArmTest, later: &ArmTest, require: bool) -> Option<Effect> {
    let all = (
        later.with.0 + later.without.0,
        later.with.1 + later.without.1,
    );
    let kept = if require { later.with } else { later.without };
    let difference = later.difference()?;
    let n = |arm: (usize, usize)| arm.1 as f64;
    Some(Effect {
        of,
        from: all.0 as f64 / all.1.max(1) as f64,
        to: ArmTest::rate(kept)?,
        difference,
        kept: if require {
            n(test.with) / (n(test.with) + n(test.without))
        } else {
            n(test.without) / (n(test.with) + n(test.without))
        },
    })
}

/// Require a flag, or refuse calls that have it.
fn flag(row: &FeatureRow, guards: &Guards) -> Option<Recommendation> {
    let later = row.later?;
    if row.confounded {
        return None;
    }
    let within = |sign: i8, pick: fn(&super::features::Strata) -> Option<stats::MantelHaenszel>| {
        row.strata
            .iter()
            .filter_map(pick)
            .all(|mh| mh.informative < 2 || (mh.excess * f64::from(sign) > 0.0 && mh.p <= STRATA_P))
    };
    let pump = holds(&row.pump, &later.pump, guards).filter(|s| within(*s, |x| x.pump));
    let rug = holds(&row.rug, &later.rug, guards).filter(|s| within(*s, |x| x.rug));
    // The good side: more pumps or fewer rugs. One for and one against is no advice.
    let require = match (pump, rug.map(|r| -r)) {
        (Some(a), Some(b)) if a == b => a > 0,
        (Some(a), None) | (None, Some(a)) => a > 0,
        _ => return None,
    };
    let (kept, other) = if require {
        (row.gain_with.median?, row.gain_without.median?)
    } else {
        (row.gain_without.median?, row.gain_with.median?)
    };
    if kept < other {
        return None;
    }
    let name = super::lab::quoted(&row.name);
    let (of, test, later_test) = if pump.is_some() {
        ("pump", &row.pump, &later.pump)
    } else {
        ("rug", &row.rug, &later.rug)
    };
    let (with, without) = (test.rate_with()?, test.rate_without()?);
    let interval = test.difference()?;
    Some(Recommendation {
        priority: if pump.is_some() && rug.is_some() {
            Priority::High
        } else {
            Priority::Medium
        },
        issue: format!(
            "{} separates {of}s: {:.0} % with, {:.0} % without",
            row.name,
            with * 100.0,
            without * 100.0
        ),
        action: if require {
            format!("require {}", row.name)
        } else {
            format!("leave out calls with {}", row.name)
        },
        reason: format!(
            "{:+.0} points ({:+.0} to {:+.0}), q {:.3}; the same sign on the later calls",
            (with - without) * 100.0,
            interval.low * 100.0,
            interval.high * 100.0,
            test.q?
        ),
        filter: Some(if require { name } else { format!("NOT {name}") }),
        feature: Some(row.name.clone()),
        test: *test,
        effect: effect(of, test, later_test, require),
    })
}

/// A score that lets too much through, or cuts at the wrong end.
fn threshold(row: &FeatureRow, guards: &Guards) -> Option<Recommendation> {
    let found: &Threshold = row.threshold.as_ref()?;
    if row.pump.q? > MOST_Q || found.held(guards) != Some(true) {
        return None;
    }
    let least = guards.recommend_arm_n;
    let later = &found.later;
    if later.with.1.min(later.without.1) < least
        || found.earlier.with.1.min(found.earlier.without.1) < least
    {
        return None;
    }
    let above = later.change()? > 0.0;
    // The whole column must point the same way as its best cut.
    if (row.pump_auc?.auc > 0.5) != above {
        return None;
    }
    // More pumps bought with clearly more rugs is no advice.
    let rugs = found.later_rug.difference();
    if rugs.is_some_and(|i| if above { i.low > 0.0 } else { i.high < 0.0 }) {
        return None;
    }
    let sign = if above { ">=" } else { "<" };
    let interval = later.difference()?;
    Some(Recommendation {
        priority: Priority::Medium,
        issue: format!(
            "{} {sign} {}: {:.0} % pump against {:.0} % on the later calls",
            row.name,
            found.at,
            if above {
                later.rate_with()?
            } else {
                later.rate_without()?
            } * 100.0,
            if above {
                later.rate_without()?
            } else {
                later.rate_with()?
            } * 100.0
        ),
        action: format!("keep only {} {sign} {}", row.name, found.at),
        reason: format!(
            "found on the earlier calls ({} thresholds tried), {:+.0} points ({:+.0} to {:+.0}) on the later; AUC {:.2}, q {:.3}",
            found.tried,
            later.change()? * 100.0,
            interval.low * 100.0,
            interval.high * 100.0,
            row.pump_auc?.auc,
            row.pump.q?
        ),
        filter: Some(format!(
            "{} {sign} {}",
            super::lab::quoted(&row.name),
            found.at
        )),
        feature: Some(row.name.clone()),
        test: found.earlier,
        effect: effect("pump", &found.earlier, later, above),
    })
}

/// Gates that keep out what pumps.
fn gates(report: &FeatureReport, guards: &Guards) -> Vec<Recommendation> {
    let too_strict = report.gates.iter().filter(|g| {
        g.verdict == GateVerdict::TooStrict
            && g.pump.with.1.min(g.pump.without.1) >= guards.recommend_arm_n
    });
    too_strict
        .filter_map(|gate| {
            let interval = gate.pump.difference()?;
            Some(Recommendation {
                priority: Priority::Medium,
                issue: format!("gate {} is too strict", gate.name),
                action: format!("loosen {}, and watch what it then lets through", gate.name),
                reason: format!(
                    "what it turned down pumps {:.0} %, what was called {:.0} % ({:+.0} to {:+.0} points, q {:.3}); {} MOONs lost, {} rugs spared",
                    gate.pump.rate_with()? * 100.0,
                    gate.pump.rate_without()? * 100.0,
                    interval.low * 100.0,
                    interval.high * 100.0,
                    gate.pump.q?,
                    gate.moons.len(),
                    gate.rugs.len()
                ),
                filter: None,
                feature: None,
                test: gate.pump,
                effect: None,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_just_enough_for_a_verdict_has_to_be_shown_again() {
        let test = |q| ArmTest {
            with: (80, 180),
            without: (50, 180),
            q: Some(q),
            ..ArmTest::default()
        };
        let later = |with| ArmTest {
            with: (with, 60),
            without: (20, 60),
            ..ArmTest::default()
        };
        let guards = Guards::default();
        for (q, with, sign) in [
            (0.02, 25, Some(1)),
            (0.04, 25, None),
            (0.04, 40, Some(1)),
            (0.07, 40, None),
            (0.02, 15, None),
        ] {
            assert_eq!(holds(&test(q), &later(with), &guards), sign, "{q} {with}");
        }
    }
}
