//! The report as JSON, schema 1 (DESIGN §5): rates are fractions, intervals 95 %, unknown is
//! null, a field that is not built yet is null.

use serde_json::{Value, json};

use crate::analytics::features::ArmTest;
use crate::analytics::{CallCounts, FeatureRow, Judged};
use crate::board::Board;
use crate::domain::{Category, EntryOrigin, FinalBasis, Timestamp};
use crate::stats::Interval;

use super::outcomes::outcomes;
use super::{Request, Section, UnknownModel, json_models as models, leaderboard};

/// The whole report, or the section that was asked for.
///
/// # Errors
/// When a model was named that does not exist.
pub fn json(board: &Board, request: &Request) -> Result<Value, UnknownModel> {
    let calls = board.judged(request.as_of);
    let mut report = json!({
        "schema": 1,
        "as_of": request.as_of.rfc3339(),
        "range": request.range.name(),
    });
    for section in request.sections() {
        match section {
            Section::Models => report["models"] = models_json(board, request)?,
            Section::Calls => report["calls"] = calls_json(board, &calls, request),
            Section::Categories => report["categories"] = outcomes(board, &calls, request),
            Section::Features => {
                report["features"] = features(board, &calls, request);
                report["recommendations"] = Value::Null;
            }
        }
    }
    Ok(report)
}

pub(super) fn time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| Value::from(at.rfc3339()))
}

pub(super) fn low(interval: Option<Interval>) -> Option<f64> {
    interval.map(|i| i.low)
}

pub(super) fn high(interval: Option<Interval>) -> Option<f64> {
    interval.map(|i| i.high)
}

fn models_json(board: &Board, request: &Request) -> Result<Value, UnknownModel> {
    let found = leaderboard(board, request)?;
    let totals: serde_json::Map<String, Value> = found
        .totals
        .iter()
        .map(|(currency, total)| (currency.clone(), Value::from(*total)))
        .collect();
    let mut value = json!({
        "summary": {
            "models": found.models,
            "trades": found.trades,
            "total_pnl": totals,
            "win_rate": found.win_rate(),
        },
        "currencies": models::fields(&found),
        "rows": found.rows.iter().map(models::row).collect::<Vec<_>>(),
    });
    if request.model.is_some() {
        value["symbols"] = models::symbols(&request.trades);
    }
    if request.compare.is_some() {
        value["compare"] = models::compare(&super::comparisons(board, request)?);
    }
    Ok(value)
}

pub(super) fn counts_json(counts: &CallCounts) -> Value {
    json!({
        "total": counts.total,
        "waiting": counts.waiting,
        "tracking": counts.tracking,
        "completed": counts.completed,
        "unpriced": counts.unpriced,
        "no_final": counts.no_final,
        "recalls": counts.recalls,
        "rejected": counts.rejected,
        "voided": counts.voided,
    })
}

fn calls_json(board: &Board, calls: &[Judged], request: &Request) -> Value {
    let window = request.range.window(request.as_of);
    let in_range: Vec<&Judged> = calls
        .iter()
        .filter(|j| window.contains(j.call.called_at))
        .collect();
    json!({
        "summary": counts_json(&CallCounts::of(in_range.iter().copied())),
        "rows": in_range.iter().map(|j| call_row(board, j)).collect::<Vec<_>>(),
    })
}

fn call_row(board: &Board, judged: &Judged) -> Value {
    let (call, o) = (&judged.call, &judged.outcome);
    let gain = |i: usize| o.returns[i].map(super::super::domain::quantity::Percent::value);
    json!({
        "id": call.id.0,
        "source": call.source,
        "chain": call.chain,
        "address": call.token.as_ref().map(super::super::domain::token::TokenKey::address),
        "symbol": call.symbol,
        "called_at": call.called_at.rfc3339(),
        "window_end": judged.window_end(&board.settings().rules).rfc3339(),
        "standing": format!("{:?}", judged.standing).to_lowercase(),
        "entry_price": o.entry.map(|e| e.price.usd()),
        "entry_origin": o.entry.map(|e| match e.origin {
            EntryOrigin::Stated => "stated",
            EntryOrigin::Sampled => "sampled",
            EntryOrigin::Candle => "candle",
        }),
        "entry_delay_s": o.entry.map(|e| e.at.since(call.called_at).as_seconds()),
        "status": o.status.name(),
        "last_price": o.last.map(|p| p.price.usd()),
        "last_at": time(o.last.map(|p| p.at)),
        "peak_price": o.peak.map(|p| p.price.usd()),
        "peak_market_cap": o.peak_market_cap_usd,
        "final_price": o.fin.and_then(|f| f.price).map(super::super::domain::quantity::Price::usd),
        "ath_origin": o.ath.map(|a| a.origin.name()),
        "final_basis": o.fin.map(|f| FinalBasis::name(f.basis)),
        "ath_multiple": o.ath.map(|a| a.multiple.value()),
        "ath_at": time(o.ath.and_then(|a| a.at)),
        "final_multiple": o.fin.map(|f| f.multiple.value()),
        "gap": o.gap(),
        "max_gain_pct": o.max_gain().map(super::super::domain::quantity::Percent::value),
        "max_drawdown_pct": o.max_drawdown.map(super::super::domain::quantity::Percent::value),
        "worst_from_entry_pct": o.worst_from_entry.map(super::super::domain::quantity::Percent::value),
        "return_1h_pct": gain(0),
        "return_6h_pct": gain(1),
        "return_24h_pct": gain(2),
        "reached_2x_at": time(o.reached[0]),
        "reached_5x_at": time(o.reached[1]),
        "reached_10x_at": time(o.reached[2]),
        "category": o.category.map(Category::name),
        "category_rule": super::outcomes::rule(board, o),
        "provisional": o.provisional,
        "rug_state": o.state.name(),
        "reported_rug": o.reported_rug,
        "coverage_pct": o.coverage.map(super::super::domain::quantity::Percent::value),
    })
}

fn features(board: &Board, calls: &[Judged], request: &Request) -> Value {
    let found = crate::view::features::report(
        board,
        calls,
        request.range,
        request.as_of,
        request.provisional,
    );
    json!({
        "n": found.n,
        "tests": found.tests,
        "not_tested": found.categories,
        "rows": found.rows.iter().map(feature_row).collect::<Vec<_>>(),
    })
}

fn feature_row(row: &FeatureRow) -> Value {
    let bound = |test: &ArmTest, pick: fn(Option<Interval>) -> Option<f64>| pick(test.difference());
    json!({
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
        "spearman": row.spearman.map(|r| r.r),
        "spearman_p": row.spearman.and_then(|r| r.p),
        "auc": row.auc,
        "verdict": row.verdict.map(crate::analytics::Verdict::name),
        "reason": row.reason,
    })
}
