//! The rows of the leaderboard, and two models compared, as JSON.

use serde_json::{Value, json};

use crate::analytics::compare::{Comparison, Gap, Leader};
use crate::analytics::curve::Drawdown;
use crate::analytics::leaderboard::Leaderboard;
use crate::analytics::summary::SideSums;
use crate::analytics::{BookKey, ConfidenceVerdict, ModelRow, Summary, TradeFigures};
use crate::stats::{Bin, Correlation, bootstrap};

use crate::store::ModelTrades;

use super::json::{high, low, time};

/// What the places and shrunk win rates of each currency rest on.
pub(super) fn fields(found: &Leaderboard) -> Value {
    found
        .fields
        .iter()
        .map(|field| {
            json!({
                "currency": field.currency,
                "ranked": field.ranked,
                "days": field.days,
                "resamples": bootstrap::RESAMPLES,
                "prior_wins": field.prior.map(|p| p.a),
                "prior_others": field.prior.map(|p| p.b),
                "prior_fitted": field.prior.map(|p| p.fitted),
            })
        })
        .collect()
}

/// A model in a currency.
pub(super) fn row(row: &ModelRow) -> Value {
    let s = &row.summary;
    let n = s.trades();
    let deep = row.deep.as_ref();
    let figures = deep.map(|d| d.figures.as_ref());
    let place = deep.and_then(|d| d.place);
    let shrunk = deep.and_then(|d| d.shrunk);
    let drawdown = s.drawdown();
    let sharpe = s.sharpe();
    // In two pieces: the macro nests once per field.
    let mut value = json!({
        "model": row.key.model,
        "currency": row.key.currency,
        "rank": row.rank,
        "rank_low": place.map(|p| p.low),
        "rank_high": place.map(|p| p.high),
        "p_best": place.and_then(|p| p.best),
        "trades": n,
        "wins": s.wins,
        "losses": s.losses,
        "flat": s.flat,
        "open": row.open,
        "unknown_pnl": s.unknown,
        "win_rate": row.win_rate(),
        "win_rate_low": low(row.win_rate_interval),
        "win_rate_high": high(row.win_rate_interval),
        "shrunk_win_rate": shrunk.map(|s| s.rate),
        "shrunk_win_rate_low": shrunk.map(|s| s.interval.low),
        "shrunk_win_rate_high": shrunk.map(|s| s.interval.high),
        "total_pnl": (n > 0).then(|| s.total_pnl()),
        "average_pnl": s.average_pnl(),
        "median_pnl": figures.and_then(|f| f.median_pnl),
        "best_trade": s.best(),
        "worst_trade": s.worst(),
        "average_win": s.average_win(),
        "average_loss": s.average_loss(),
        "profit_factor": s.profit_factor(),
        "expectancy": s.average_pnl(),
        "expectancy_ratio": s.expectancy_ratio(),
        "max_drawdown": s.max_drawdown(),
    });
    let more = json!({
        "max_drawdown_from": time(drawdown.and_then(|d: Drawdown| d.from)),
        "max_drawdown_to": time(drawdown.and_then(|d: Drawdown| d.to)),
        "sharpe": sharpe.map(|s| s.ratio),
        "sharpe_error": sharpe.and_then(|s| s.error),
        "probabilistic_sharpe": sharpe.and_then(|s| s.above_zero),
        "average_hold_winners_s": s.held_winners(),
        "average_hold_losers_s": s.held_losers(),
        "longest_win_streak": s.streaks().longest_win(),
        "longest_loss_streak": s.streaks().longest_loss(),
        "current_streak": s.streaks().present(),
        "long": side(&s.long),
        "short": side(&s.short),
        "fees": s.fees(),
        "cost": s.costs(),
        "cost_trades": s.costed,
        "net_after_cost": s.net_of_cost(),
        "average_confidence": s.confidence.mean(),
        "confidence": confidence(s, figures),
        "last_closed_at": time(s.last_closed_at()),
    });
    if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
        value.extend(more);
    }
    value
}

fn side(side: &SideSums) -> Value {
    json!({
        "trades": side.trades,
        "wins": side.wins,
        "win_rate": (side.trades > 0).then(|| f64::from(side.wins) / f64::from(side.trades)),
        "total_pnl": side.total_pnl(),
    })
}

fn confidence(s: &Summary, figures: Option<&TradeFigures>) -> Value {
    let c = &s.confidence;
    // Correlations are given from three trades on (DESIGN §2).
    let given = |r: Option<Correlation>| r.filter(|_| c.n >= 3);
    let pearson = given(c.pearson());
    let pearson_win = given(c.pearson_win());
    let spearman = given(figures.and_then(|f| f.spearman));
    let auc = figures.and_then(|f| f.auc);
    let murphy = figures.and_then(|f| f.murphy);
    let calibrated = figures.and_then(|f| f.spiegelhalter);
    let verdict = figures.map(|f| ConfidenceVerdict::of(s, f));
    let more = match verdict {
        Some(ConfidenceVerdict::NothingYet { more, .. }) => more,
        _ => None,
    };
    json!({
        "n": c.n,
        "pearson": pearson.map(|r| r.r),
        "pearson_p": pearson.and_then(|r| r.p),
        "pearson_low": low(pearson.and_then(|r| r.interval)),
        "pearson_high": high(pearson.and_then(|r| r.interval)),
        "pearson_win": pearson_win.map(|r| r.r),
        "pearson_win_p": pearson_win.and_then(|r| r.p),
        "spearman": spearman.map(|r| r.r),
        "spearman_p": spearman.and_then(|r| r.p),
        "spearman_low": low(spearman.and_then(|r| r.interval)),
        "spearman_high": high(spearman.and_then(|r| r.interval)),
        "auc": auc.map(|a| a.value),
        "auc_low": low(auc.and_then(|a| a.interval)),
        "auc_high": high(auc.and_then(|a| a.interval)),
        "brier": c.brier(),
        "brier_skill": c.brier_skill(),
        "base_rate": c.base_rate(),
        "reliability": murphy.map(|m| m.reliability),
        "resolution": murphy.map(|m| m.resolution),
        "uncertainty": murphy.map(|m| m.uncertainty),
        "calibration_z": calibrated.map(|t| t.z),
        "calibration_p": calibrated.map(|t| t.p),
        "verdict": verdict.as_ref().map(crate::view::confidence::verdict),
        "more_trades_needed": more,
        "bins": figures.map(|f| f.bins.iter().map(bin).collect::<Vec<_>>()),
    })
}

fn bin(bin: &Bin) -> Value {
    json!({
        "low": bin.low,
        "high": bin.high,
        "n": bin.n,
        "mean_confidence": bin.forecast,
        "wins": bin.won,
        "win_rate": bin.rate(),
        "win_rate_low": bin.interval.low,
        "win_rate_high": bin.interval.high,
    })
}

/// What each symbol brought the one model that was asked for.
pub(super) fn symbols(trades: &[(BookKey, ModelTrades)]) -> Value {
    trades
        .iter()
        .flat_map(|(key, trades)| {
            trades.symbols.iter().map(|s| {
                json!({
                    "currency": key.currency,
                    "symbol": s.symbol,
                    "trades": s.trades,
                    "wins": s.wins,
                    "total_pnl": s.pnl,
                })
            })
        })
        .collect()
}

/// Two models per currency. The leader is who does better per trade by more than chance explains:
/// "tie" when it may be either, null when the days are too few to say.
pub(super) fn compare(found: &[([BookKey; 2], Comparison)]) -> Value {
    found
        .iter()
        .map(|(keys, pair)| one_pair(keys, pair))
        .collect()
}

fn one_pair([first, second]: &[BookKey; 2], pair: &Comparison) -> Value {
    let [a, b] = pair.summaries.map(|s| s.total_pnl());
    let leader = match pair.average.leader() {
        Leader::First => Some(first.model.as_str()),
        Leader::Second => Some(second.model.as_str()),
        Leader::Tie => Some("tie"),
        Leader::Unknown => None,
    };
    json!({
        "currency": first.currency,
        "a": first.model,
        "b": second.model,
        "leader": leader,
        "p_a_better": pair.average.sure.map(|s| s.above),
        "days": pair.days,
        "shared_days": pair.shared_days,
        "trades_a": pair.summaries[0].trades(),
        "trades_b": pair.summaries[1].trades(),
        "total_pnl_difference": (a - b).abs(),
        "total_pnl": gap(&pair.total),
        "average_pnl": gap(&pair.average),
        "win_rate": gap(&pair.win_rate),
    })
}

/// The first less the second.
fn gap(gap: &Gap) -> Value {
    json!({
        "difference": gap.difference,
        "low": gap.sure.map(|s| s.interval.low),
        "high": gap.sure.map(|s| s.interval.high),
        "p_a_better": gap.sure.map(|s| s.above),
    })
}
