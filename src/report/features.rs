//! The features and what follows from them as JSON (DESIGN §5). The figures that others rely on lie
//! flat in each row; what was added lies in objects and lists behind them.

use serde_json::{Value, json};

use crate::analytics::features::{
    ArmTest, Combination, Coverage, Gate, Guards, Performers, Strata,
};
use crate::analytics::{FeatureReport, FeatureRow, Recommendation};
use crate::stats::{Interval, MantelHaenszel, wilson};

use super::json::{high, low};

/// The section `features`.
pub(super) fn features(found: &FeatureReport, guards: &Guards) -> Value {
    json!({
        "n": found.n,
        "tests": found.tests,
        "not_tested": found.categories,
        "pump": rates(found.base_pump),
        "rug": rates(found.base_rug),
        // Without sources many of whose calls have no outcome.
        "sound": { "pump": rates(found.sound.0), "rug": rates(found.sound.1) },
        "sources": found.coverage.iter().map(coverage).collect::<Vec<_>>(),
        "split": found.split.as_ref().map(|s| json!({
            "earlier": s.earlier.len(), "later": s.later.len(),
            "later_from": s.from.map(crate::domain::Timestamp::rfc3339),
        })),
        "rows": found.rows.iter().map(feature_row).collect::<Vec<_>>(),
        "details": found.rows.iter().map(|r| detail(r, guards)).collect::<Vec<_>>(),
        "combinations": {
            "tried": found.combinations.tried,
            "base_pump": rates(found.combinations.base_pump),
            "base_rug": rates(found.combinations.base_rug),
            "rows": found.combinations.best.iter().map(|c| combination(c, guards)).collect::<Vec<_>>(),
        },
        "gates": found.gates.iter().map(gate).collect::<Vec<_>>(),
        "best": performers(&found.best),
        "worst": performers(&found.worst),
        "recommendation_note": found.recommendations.note,
    })
}

/// The section `recommendations`: an empty list when no change is justified.
pub(super) fn recommendations(found: &FeatureReport) -> Value {
    found
        .recommendations
        .list
        .iter()
        .map(recommendation)
        .collect()
}

fn recommendation(r: &Recommendation) -> Value {
    json!({
        "priority": r.priority.name(),
        "issue": r.issue,
        "action": r.action,
        "reason": r.reason,
        "evidence": {
            "feature": r.feature,
            "n_with": r.test.with.1,
            "n_without": (r.test.without.1 > 0).then_some(r.test.without.1),
            "rate_with": r.test.rate_with(),
            "rate_with_low": low(r.test.interval_with()),
            "rate_with_high": high(r.test.interval_with()),
            "rate_without": r.test.rate_without(),
            "diff_low": low(r.test.difference()),
            "diff_high": high(r.test.difference()),
            "p": r.test.p,
            "q": r.test.q,
        },
        "filter": r.filter,
        "effect": r.effect.map(|e| json!({
            "of": e.of, "from": e.from, "to": e.to, "kept": e.kept,
            "diff_low": e.difference.low, "diff_high": e.difference.high,
        })),
    })
}

fn rates((k, n): (usize, usize)) -> Value {
    let interval = wilson(k as u64, n as u64);
    json!({
        "k": k, "n": n, "rate": (n > 0).then(|| k as f64 / n as f64),
        "low": low(interval), "high": high(interval),
    })
}

fn arms(test: &ArmTest) -> Value {
    json!({
        "with": rates(test.with), "without": rates(test.without),
        "diff_low": low(test.difference()), "diff_high": high(test.difference()),
        "p": test.p, "q": test.q,
    })
}

fn coverage(c: &Coverage) -> Value {
    json!({
        "source": c.source, "calls": c.calls, "no_outcome": c.no_outcome,
        "pump": rates(c.pump), "rug": rates(c.rug),
        "doubtful": c.is_doubtful(), "chosen_by_outcome": c.is_selected(),
    })
}

fn later(row: &FeatureRow) -> Value {
    row.later.as_ref().map_or(
        Value::Null,
        |l| json!({"pump": arms(&l.pump), "rug": arms(&l.rug)}),
    )
}

fn strata(s: &Strata) -> Value {
    let of = |mh: Option<MantelHaenszel>| {
        mh.map(|mh| {
            json!({
                "odds_ratio": mh.odds_ratio, "low": low(mh.interval), "high": high(mh.interval),
                "p": mh.p, "informative": mh.informative,
            })
        })
    };
    json!({"by": s.by.name(), "strata": s.count, "pump": of(s.pump), "rug": of(s.rug)})
}

fn combination(c: &Combination, guards: &Guards) -> Value {
    json!({
        "where": c.text, "pump": arms(&c.pump), "rug": arms(&c.rug),
        "later_pump": arms(&c.later_pump), "later_rug": arms(&c.later_rug),
        "held_up": c.held(guards),
    })
}

fn gate(g: &Gate) -> Value {
    json!({
        "gate": g.name, "n": g.n, "verdict": g.verdict.name(), "pump": arms(&g.pump),
        "rug": arms(&g.rug), "moons_lost": g.moons, "rugs_spared": g.rugs,
    })
}

fn performers(found: &Performers) -> Value {
    json!({
        "calls": found.calls.iter().map(|p| json!({
            "id": p.id, "name": p.name, "source": p.source, "max_gain_pct": p.gain,
            "final_multiple": p.final_multiple, "category": p.category,
            "features": p.features.iter().map(|(k, v)| (k.clone(), Value::from(v.clone())))
                .collect::<serde_json::Map<_, _>>(),
        })).collect::<Vec<_>>(),
        "shared": found.shared.iter().map(|s| json!({
            "feature": s.feature, "value": s.value, "have": s.have, "of": s.of, "base": s.base,
        })).collect::<Vec<_>>(),
    })
}

fn feature_row(row: &FeatureRow) -> Value {
    let bound = |test: &ArmTest, pick: fn(Option<Interval>) -> Option<f64>| pick(test.difference());
    let mut figures = json!({
        "feature": row.name,
        "kind": row.kind.name(),
        "n_with": row.n_with,
        "n_without": row.n_without,
        "n_unknown": row.n_unknown,
        "pump_with": row.pump.rate_with(),
        "pump_without": row.pump.rate_without(),
        "pump_with_low": low(row.pump.interval_with()),
        "pump_with_high": high(row.pump.interval_with()),
        "pump_without_low": low(row.pump.interval_without()),
        "pump_without_high": high(row.pump.interval_without()),
        "pump_diff_low": bound(&row.pump, low),
        "pump_diff_high": bound(&row.pump, high),
        "pump_p": row.pump.p,
        "pump_q": row.pump.q,
        "rug_with": row.rug.rate_with(),
        "rug_without": row.rug.rate_without(),
        "rug_with_low": low(row.rug.interval_with()),
        "rug_with_high": high(row.rug.interval_with()),
        "rug_without_low": low(row.rug.interval_without()),
        "rug_without_high": high(row.rug.interval_without()),
        "rug_diff_low": bound(&row.rug, low),
        "rug_diff_high": bound(&row.rug, high),
        "rug_p": row.rug.p,
        "rug_q": row.rug.q,
        "median_gain_with": row.gain_with.median,
        "median_gain_without": row.gain_without.median,
        "mean_gain_with": row.gain_with.mean,
        "mean_gain_without": row.gain_without.mean,
        "gain_p": row.gain_p,
        "gain_q": row.gain_q,
    });
    let tests = json!({
        "odds_ratio": row.pump.odds().map(|o| o.adjusted),
        "odds_ratio_low": row.pump.odds().map(|o| o.interval.low),
        "odds_ratio_high": row.pump.odds().map(|o| o.interval.high),
        "rug_odds_ratio": row.rug.odds().map(|o| o.adjusted),
        "rug_odds_ratio_low": row.rug.odds().map(|o| o.interval.low),
        "rug_odds_ratio_high": row.rug.odds().map(|o| o.interval.high),
        "spearman": row.spearman.map(|r| r.r),
        "spearman_p": row.spearman.and_then(|r| r.p),
        "spearman_low": low(row.spearman.and_then(|r| r.interval)),
        "spearman_high": high(row.spearman.and_then(|r| r.interval)),
        "auc": row.auc,
        "auc_low": low(row.pump_auc.and_then(|a| a.interval)),
        "auc_high": high(row.pump_auc.and_then(|a| a.interval)),
        "rug_auc": row.rug_auc.map(|a| a.auc),
        "rug_auc_low": low(row.rug_auc.and_then(|a| a.interval)),
        "rug_auc_high": high(row.rug_auc.and_then(|a| a.interval)),
        "verdict": row.verdict.map(crate::analytics::Verdict::name),
        "reason": row.reason,
    });
    if let (Some(figures), Value::Object(tests)) = (figures.as_object_mut(), tests) {
        figures.extend(tests);
    }
    figures
}

/// What does not fit a flat row: strata, the later calls, bands, the threshold, groups.
fn detail(row: &FeatureRow, guards: &Guards) -> Value {
    json!({
        "feature": row.name,
        "confounded": row.confounded,
        "later": later(row),
        "strata": row.strata.iter().map(strata).collect::<Vec<_>>(),
        "bands": row.bands.iter().map(|b| json!({
            "low": b.low, "high": b.high, "n": b.n,
            "pump": rates(b.pump), "rug": rates(b.rug), "median_gain": b.median_gain,
        })).collect::<Vec<_>>(),
        "threshold": row.threshold.as_ref().map(|t| json!({
            "at": t.at, "tried": t.tried, "earlier": arms(&t.earlier), "later": arms(&t.later),
            "later_rug": arms(&t.later_rug), "held_up": t.held(guards),
        })),
        "groups": row.groups.iter().map(|g| json!({
            "value": g.value, "n": g.n, "pump": arms(&g.pump), "rug": arms(&g.rug),
            "median_gain": g.median_gain,
        })).collect::<Vec<_>>(),
    })
}
