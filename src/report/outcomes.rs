//! The categories section as JSON: the distribution over all sources, each source with its
//! reputation, and the bands.

use serde_json::{Map, Value, json};

use crate::analytics::sources::{Following, Late, Originality};
use crate::analytics::{
    Bands, Categories, Concentration, Distribution, Judged, Selection, SourceRow, sources,
};
use crate::board::Board;
use crate::domain::{Category, Outcome, Span};

use super::Request;
use super::json::{counts_json, high, low};

/// The fields that a source has and all sources together have not.
pub(super) const OF_SOURCES: [&str; 22] = [
    "source",
    "rank",
    "rank_low",
    "rank_high",
    "reputation",
    "tier",
    "reputation_low",
    "reputation_high",
    "reputation_earned",
    "reputation_winners",
    "reputation_no_crash",
    "reputation_raw",
    "win_rate_shrunk",
    "crash_rate_shrunk",
    "originality",
    "originality_n",
    "median_lag_s",
    "drift",
    "drift_low",
    "drift_high",
    "drift_n_recent",
    "drift_n_before",
];

/// The rule that gave a call its category, in words.
pub(super) fn rule(board: &Board, outcome: &Outcome) -> Option<String> {
    let thresholds = &board.settings().rules.thresholds;
    let ath = outcome.ath.map(|ath| ath.multiple);
    outcome
        .category
        .zip(outcome.fin)
        .map(|(category, fin)| category.rule(ath, fin.multiple, thresholds))
}

/// The section.
pub(super) fn outcomes(board: &Board, calls: &[Judged], request: &Request) -> Value {
    let settings = board.settings();
    let window = request.range.window(request.as_of);
    let selection = Selection::of(calls, &window, &settings.rules, request.provisional);
    let found = Categories::of(&selection);
    // The two halves of the work know nothing of each other.
    let (rows, bands) = std::thread::scope(|scope| {
        let bands = scope.spawn(|| Bands::of(&selection.settled));
        let rows = sources(
            calls,
            &selection,
            &settings.rules,
            settings.min_rank_n,
            request.as_of,
            true,
        );
        // It can only have ended early by a panic, which is passed on.
        let bands = bands
            .join()
            .unwrap_or_else(|e| std::panic::resume_unwind(e));
        (rows, bands)
    });
    let bands: Vec<Value> = bands
        .into_iter()
        .map(|bands| {
            let rows: Vec<Value> = bands
                .rows
                .iter()
                .map(|(name, d)| with(json!({"band": name}), distribution(d)))
                .collect();
            json!({"by": bands.by, "rows": rows})
        })
        .collect();
    let mut overall = distribution(&found.overall);
    overall.extend(following(&Following::of(&selection.settled)));
    let concentration = Concentration::of(&selection.settled);
    overall.insert("calls".to_owned(), counts_json(&found.counts));
    overall.insert("top_1_share".to_owned(), concentration.top_1.into());
    overall.insert("top_10_share".to_owned(), concentration.top_10.into());
    overall.insert(
        "ath_mean_without_top_1".to_owned(),
        concentration.mean_without_1.into(),
    );
    overall.insert(
        "ath_mean_without_top_10".to_owned(),
        concentration.mean_without_10.into(),
    );
    json!({
        "overall": overall,
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
        "sources": rows.iter().map(source).collect::<Vec<_>>(),
        "bands": bands,
    })
}

/// An object with more fields behind its own.
fn with(mut object: Value, more: Map<String, Value>) -> Value {
    if let Some(object) = object.as_object_mut() {
        object.extend(more);
    }
    object
}

fn source(row: &SourceRow) -> Value {
    let r = &row.reputation;
    let ranks = r.sure.and_then(|sure| sure.ranks);
    let interval = r.sure.map(|sure| sure.score);
    let drift = row.drift.as_ref();
    let difference = drift.and_then(|drift| drift.difference);
    let originality = row.originality.as_ref();
    let own = json!({
        "source": row.source,
        "rank": r.rank,
        "rank_low": ranks.map(|(low, _)| low),
        "rank_high": ranks.map(|(_, high)| high),
        "reputation": (r.n > 0).then_some(r.score),
        "tier": r.tier.name(),
        "reputation_low": low(interval),
        "reputation_high": high(interval),
        "reputation_earned": r.parts.earned,
        "reputation_winners": r.parts.winners,
        "reputation_no_crash": r.parts.no_crash,
        "reputation_raw": r.raw,
        "win_rate_shrunk": row.shrunk.map(|s| s.win_rate),
        "crash_rate_shrunk": row.shrunk.map(|s| s.crash_rate),
        "originality": originality.and_then(Originality::share),
        "originality_n": originality.map(|o| o.n),
        "median_lag_s": originality.and_then(|o| o.median_lag).map(Span::as_seconds),
        "drift": difference.map(|(difference, _)| difference),
        "drift_low": difference.map(|(_, interval)| interval.low),
        "drift_high": difference.map(|(_, interval)| interval.high),
        "drift_n_recent": drift.map(|drift| drift.recent.1),
        "drift_n_before": drift.map(|drift| drift.before.1),
    });
    let mut more = distribution(&row.distribution);
    if let Some(found) = &row.following {
        more.extend(following(found));
    }
    more.insert("calls".to_owned(), counts_json(&row.counts));
    with(own, more)
}

fn following(found: &Following) -> Map<String, Value> {
    let value = json!({
        "follower_mean": found.held.mean,
        "follower_median": found.held.median,
        "hours_to_ath_median": found.hours_to_ath.median,
        "hours_to_ath_n": found.hours_to_ath.n,
        "hours_to_2x_median": found.hours_to_2x.median,
        "reached_2x": found.hours_to_2x.n,
        "followed": found.followed,
    });
    let late = found.late.iter().enumerate().flat_map(|(delay, late)| {
        let name = |what: &str| format!("late_{}m_{what}", Late::minutes(delay));
        [
            (name("n"), Value::from(late.fin.n)),
            (name("final_median"), Value::from(late.fin.median)),
            (name("final_median_on_time"), Value::from(late.on_time)),
            (name("paid_median"), Value::from(late.paid)),
        ]
    });
    match value {
        Value::Object(mut fields) => {
            fields.extend(late);
            fields
        }
        _ => Map::new(),
    }
}

fn distribution(d: &Distribution) -> Map<String, Value> {
    let counts: Map<String, Value> = Category::EACH
        .into_iter()
        .map(|c| (c.name().to_owned(), Value::from(d.counts[c.index()])))
        .collect();
    let value = json!({
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
        "gap_n": d.gap.n,
        "ath_mean": d.ath.mean,
        "ath_median": d.ath.median,
        "ath_sd": d.ath.sd,
        "ath_n": d.ath.n,
        "final_mean": d.fin.mean,
        "final_median": d.fin.median,
        "final_sd": d.fin.sd,
        "kept_mean": d.kept.mean,
        "kept_median": d.kept.median,
    });
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
