//! The report as JSON, schema 1 (DESIGN §5): rates are fractions, intervals 95 %, unknown is
//! null, a field that is not built yet is null.

use serde_json::{Value, json};

use crate::analytics::leaderboard::exceeds;
use crate::analytics::{CallCounts, Categories, Distribution, Judged, Leaderboard, ModelRow};
use crate::board::Board;
use crate::domain::{Category, EntryOrigin, FinalBasis, Timestamp};
use crate::stats::Interval;

use super::features::{features, recommendations};
use super::{Request, Section, UnknownModel, leaderboard};

/// The whole report, or the section that was asked for.
///
/// # Errors
/// When a model was named that does not exist.
pub fn json(board: &Board, request: &Request) -> Result<Value, UnknownModel> {
    let calls = request.judged(board);
    let mut report = json!({
        "schema": 1,
        "as_of": request.as_of.rfc3339(),
        "range": request.range.name(),
    });
    if let Some(filter) = &request.filter {
        report["where"] = Value::from(filter.text());
    }
    for section in request.sections() {
        match section {
            Section::Models => report["models"] = models(board, request)?,
            Section::Calls => report["calls"] = calls_json(board, &calls, request),
            Section::Categories => report["categories"] = categories(board, &calls, request),
            Section::Features => {
                let found = crate::view::features::report(
                    board,
                    &calls,
                    request.range,
                    request.as_of,
                    request.provisional,
                );
                report["features"] = features(&found, &board.settings().guards);
                report["recommendations"] = recommendations(&found);
            }
        }
    }
    Ok(report)
}

fn time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| Value::from(at.rfc3339()))
}

pub(super) fn low(interval: Option<Interval>) -> Option<f64> {
    interval.map(|i| i.low)
}

pub(super) fn high(interval: Option<Interval>) -> Option<f64> {
    interval.map(|i| i.high)
}

fn models(board: &Board, request: &Request) -> Result<Value, UnknownModel> {
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
        "rows": found.rows.iter().map(model_row).collect::<Vec<_>>(),
    });
    if request.compare.is_some() {
        value["compare"] = compare(&found);
    }
    Ok(value)
}

fn model_row(row: &ModelRow) -> Value {
    let s = &row.summary;
    let c = &s.confidence;
    let n = s.trades();
    // Correlations are given from three trades on (DESIGN §2).
    let given = c.n >= 3;
    let pearson = row.pearson().filter(|_| given);
    let ranked = row.ranked.unwrap_or_default();
    let spearman = ranked.spearman.filter(|_| given);
    json!({
        "model": row.key.model,
        "currency": row.key.currency,
        "rank": row.rank,
        "rank_low": null,
        "rank_high": null,
        "p_best": null,
        "trades": n,
        "wins": s.wins,
        "losses": s.losses,
        "flat": s.flat,
        "open": row.open,
        "unknown_pnl": s.unknown,
        "win_rate": row.win_rate(),
        "win_rate_low": low(row.win_rate_interval),
        "win_rate_high": high(row.win_rate_interval),
        "total_pnl": (n > 0).then(|| s.total_pnl()),
        "average_pnl": s.average_pnl(),
        "median_pnl": ranked.median_pnl,
        "best_trade": s.best(),
        "worst_trade": s.worst(),
        "profit_factor": s.profit_factor(),
        "max_drawdown": s.max_drawdown(),
        "fees": s.fees(),
        "cost": s.costs(),
        "average_confidence": c.mean(),
        "confidence": {
            "n": c.n,
            "pearson": pearson.map(|r| r.r),
            "pearson_p": pearson.and_then(|r| r.p),
            "spearman": spearman.map(|r| r.r),
            "spearman_p": spearman.and_then(|r| r.p),
            "auc": ranked.auc.filter(|_| given),
            "brier": c.brier(),
        },
        "last_closed_at": time(s.last_closed_at()),
    })
}

/// Two models per currency: who leads by total P&L, and by how much. Equal is a tie; a model
/// without a closed trade leads nothing.
fn compare(found: &Leaderboard) -> Value {
    let mut pairs = Vec::new();
    let mut currencies: Vec<&str> = found.rows.iter().map(|r| r.key.currency.as_str()).collect();
    currencies.sort_unstable();
    currencies.dedup();
    for currency in currencies {
        let rows: Vec<&ModelRow> = found
            .rows
            .iter()
            .filter(|r| r.key.currency == currency && r.summary.trades() > 0)
            .collect();
        if let [a, b] = rows.as_slice() {
            let difference = a.summary.total_pnl() - b.summary.total_pnl();
            let (x, y) = (a.summary.total_pnl(), b.summary.total_pnl());
            let leader = if exceeds(x, y) {
                a.key.model.as_str()
            } else if exceeds(y, x) {
                b.key.model.as_str()
            } else {
                "tie"
            };
            pairs.push(json!({
                "currency": currency,
                "leader": leader,
                "total_pnl_difference": difference.abs(),
            }));
        }
    }
    Value::from(pairs)
}

fn counts_json(counts: &CallCounts) -> Value {
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
        "category": o.category.map(Category::name),
        "provisional": o.provisional,
        "rug_state": o.state.name(),
        "reported_rug": o.reported_rug,
        "coverage_pct": o.coverage.map(super::super::domain::quantity::Percent::value),
    })
}

fn categories(board: &Board, calls: &[Judged], request: &Request) -> Value {
    let rules = &board.settings().rules;
    let window = request.range.window(request.as_of);
    let found = Categories::of(calls, &window, rules, request.provisional);
    let sources: Vec<Value> = found
        .sources
        .iter()
        .map(|(source, d)| {
            let mut row = json!({
                "source": source,
                "rank": null,
                "rank_low": null,
                "rank_high": null,
                "reputation": null,
                "tier": null,
            });
            if let (Some(row), Value::Object(figures)) = (row.as_object_mut(), distribution(d)) {
                row.extend(figures);
            }
            row
        })
        .collect();
    json!({
        "overall": distribution(&found.overall),
        "provisional": found.provisional,
        "left_out": {
            "no_final": found.counts.no_final,
            "early_finals": found.early_finals,
            "unknown_ath": found.undecided,
            "unpriced": found.counts.unpriced,
            "recalls": found.counts.recalls,
            "rejected": found.counts.rejected,
            "voided": found.counts.voided,
        },
        "sources": sources,
    })
}

fn distribution(d: &Distribution) -> Value {
    let counts: serde_json::Map<String, Value> = Category::EACH
        .into_iter()
        .map(|c| (c.name().to_owned(), Value::from(d.counts[c.index()])))
        .collect();
    json!({
        "n": d.n,
        "counts": counts,
        "win_rate": d.win_rate,
        "win_rate_low": low(d.win_interval),
        "win_rate_high": high(d.win_interval),
        "crash_rate": d.crash_rate,
        "crash_rate_low": low(d.crash_interval),
        "crash_rate_high": high(d.crash_interval),
        "gap_mean": d.gap.mean,
        "gap_max": d.gap.max,
        "gap_median": d.gap.median,
        "ath_mean": d.ath.mean,
        "ath_median": d.ath.median,
        "final_mean": d.fin.mean,
        "final_median": d.fin.median,
        "kept_median": d.kept.median,
    })
}
