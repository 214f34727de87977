//! What callsbot's statistics are worth as an outcome, where the snapshots do not tell.

use crate::domain::rules::FINAL_WITHIN;
use crate::domain::{Decision, ImportedOutcome, Multiple, Reading, Span, Timestamp};

use super::super::loss::Loss;
use super::columns::Token;

/// The alerts for which the rug flag was worked out: its rule could not fire before, and was
/// switched off after.
const RUG_FROM: Timestamp = Timestamp::from_millis(1_760_140_800_000); // 2025-10-11T00:00:00Z
const RUG_TO: Timestamp = Timestamp::from_millis(1_760_400_000_000); // 2025-10-14T00:00:00Z
/// How long the bot follows a token. An export does not say when it looked last.
const FOLLOWED: Span = Span::DAY;
/// A multiple that is worth a second look.
const UNLIKELY: f64 = 100.0;

/// The outcome to be stored beside a call; `None` when its statistics say nothing. `followed`: the
/// database holds prices of the call already, which come before any statistics.
pub fn of(
    token: &Token,
    called_at: Timestamp,
    snapshots: &[(Reading, Decision)],
    (window, followed): (Span, bool),
    loss: &mut Loss,
    address: &str,
) -> Option<ImportedOutcome> {
    let mut outcome = ImportedOutcome::default();
    rug(token, called_at, &mut outcome, loss, address);
    let end = called_at.plus(window);
    let accepted: Vec<Timestamp> = snapshots
        .iter()
        .filter(|(r, d)| *d == Decision::Accepted && r.at >= called_at && r.at <= end)
        .map(|(r, _)| r.at)
        .collect();
    match (accepted.first(), accepted.last()) {
        (Some(first), Some(last)) => {
            loss.recompute(
                "calls",
                "peak, drawdowns, returns and final from the price snapshots",
                "",
            );
            if end.since(*last) > FINAL_WITHIN {
                loss.flag(
                    "calls",
                    "the snapshots end over a day before the window does: no final price",
                    address,
                );
            }
            // What was seen before the snapshots that are left begin is not in them.
            let earlier = token
                .peak_at
                .is_some_and(|at| at >= called_at && at < *first);
            if earlier && !followed {
                outcome.peak = peak(token);
                loss.flag(
                    "outcomes",
                    "the peak lies before the first snapshot that is left: as they stored it",
                    address,
                );
            }
        }
        _ if followed => loss.recompute(
            "calls",
            "whose snapshots are gone from the file, but came with an earlier import: those count",
            address,
        ),
        _ => statistics(token, called_at, end, &mut outcome, loss, address),
    }
    (outcome != ImportedOutcome::default()).then_some(outcome)
}

/// The highest polled price over the entry.
fn peak(token: &Token) -> Option<Multiple> {
    let entry = token.entry?;
    let stated = token
        .max_gain
        .and_then(|gain| Multiple::new(1.0 + gain / 100.0));
    token.peak.map(|peak| peak.over(entry)).or(stated)
}

/// Takes the stored statistics: there are no snapshots in the window.
fn statistics(
    token: &Token,
    called_at: Timestamp,
    end: Timestamp,
    outcome: &mut ImportedOutcome,
    loss: &mut Loss,
    address: &str,
) {
    let Some(entry) = token.entry else {
        return;
    };
    let started = token.first_alert.map_or(called_at, |time| time.at);
    let unpolled = match (token.checked, token.snapshots) {
        (Some(checked), _) => checked <= started,
        (None, Some(snapshots)) => snapshots <= 0.0,
        (None, None) => token.last.is_none() && token.peak.is_none(),
    };
    if unpolled || (token.last.is_none() && token.peak.is_none() && token.max_gain.is_none()) {
        loss.flag(
            "calls",
            "never polled: nothing is known of what became of it",
            address,
        );
        return;
    }
    let exported = token.checked.is_none();
    let checked = token.checked.unwrap_or_else(|| called_at.plus(FOLLOWED));
    if token.peak_at.is_none_or(|at| at <= end) {
        outcome.peak = peak(token);
    } else {
        loss.flag(
            "outcomes",
            "the peak came after the window: not this call's",
            address,
        );
    }
    if let Some(last) = token.last {
        if checked.since(end) > FINAL_WITHIN {
            loss.flag(
                "outcomes",
                "polled last over a day after the window: no final price",
                address,
            );
        } else {
            outcome.final_multiple = Some(last.over(entry));
            outcome.observed_until = Some(checked);
            let early = end.since(checked) > FINAL_WITHIN;
            if exported {
                loss.flag(
                    "outcomes",
                    "the export does not say when the last price was read: dated a day after the alert, so provisional",
                    address,
                );
            } else if early {
                loss.flag(
                    "outcomes",
                    "polled last over a day before the window's end: the final price is provisional",
                    address,
                );
            }
        }
    }
    if outcome.peak.is_some() || outcome.final_multiple.is_some() {
        loss.flag(
            "outcomes",
            "their statistics, since there are no snapshots: a single bad reading may be the peak",
            address,
        );
    }
    if outcome.peak.is_some_and(|m| m.value() > UNLIKELY) {
        loss.flag(
            "outcomes",
            "a peak over 100x, which nothing confirms",
            address,
        );
    }
    outcome.label = outcome.label.take().or_else(|| token.label.clone());
}

/// Their flag counts where its rule worked; elsewhere "no" was never looked at, and "yes" comes
/// from another rule, so that one without the other would only be half of a rate.
fn rug(
    token: &Token,
    called_at: Timestamp,
    outcome: &mut ImportedOutcome,
    loss: &mut Loss,
    address: &str,
) {
    if (RUG_FROM..RUG_TO).contains(&called_at) {
        outcome.is_rug = token.is_rug;
        let kept = token.is_rug.is_some();
        if kept {
            loss.flag(
                "rug flags",
                "as reported: alerts of 2025-10-11 to 13, by a fall of over 80 % from the peak",
                if token.is_rug == Some(true) {
                    address
                } else {
                    ""
                },
            );
        }
        return;
    }
    match token.is_rug {
        Some(true) => {
            outcome.label = Some("rug, as reported".to_owned());
            loss.flag(
                "rug flags",
                "set outside of 2025-10-11 to 13, when its rule worked: kept as a label, not counted",
                address,
            );
        }
        Some(false) => loss.refuse(
            "rug flags",
            "'no' outside of 2025-10-11 to 13, when nothing looked: unknown, the state is worked out from the prices",
            "",
        ),
        None => {}
    }
    let reported = token
        .label
        .as_deref()
        .is_some_and(|l| l.eq_ignore_ascii_case("rug"));
    if token.is_rug.is_none() && reported {
        outcome.label.clone_from(&token.label);
        loss.flag(
            "rug flags",
            "'rug' of the layout before 2025-10-05, where missing liquidity was one: kept as a label, not counted",
            address,
        );
    }
}
