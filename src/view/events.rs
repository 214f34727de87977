//! What happened to a call, in the order of time, from what is stored: entry, milestones, returns,
//! ATH, the end, and who else called the token.

use crate::analytics::Judged;
use crate::board::Board;
use crate::domain::fold::{HORIZONS, MILESTONES};
use crate::domain::{AthOrigin, Multiple, Status, Timestamp};

use super::format::{self, Style, UNKNOWN};
use super::table::{Align, Cell, Column, Row, Table, Tone};

/// Calls of the same token by others that are listed.
const OTHERS: usize = 10;

/// An event: when, what, and where the price stood against the entry.
struct Event {
    at: Timestamp,
    what: String,
    multiple: Option<Multiple>,
    tone: Tone,
}

/// The events of a call.
#[must_use]
pub fn table(
    board: &Board,
    calls: &[Judged],
    judged: &Judged,
    as_of: Timestamp,
    style: Style,
) -> Table {
    let mut events = events(board, judged, as_of, style);
    events.extend(others(calls, judged));
    // Those of one instant stay in the order they were told in.
    events.sort_by_key(|event| event.at);
    let column = |key, title, align, width| Column::new(key, title, align, 0, width, "");
    Table {
        columns: vec![
            column("after", "After", Align::Right, 8),
            column(
                "at",
                if style.zone.is_utc() { "UTC" } else { "At" },
                Align::Left,
                16,
            ),
            column("multiple", "Price", Align::Right, 9),
            column("what", "", Align::Left, 60),
        ],
        rows: events
            .into_iter()
            .map(|event| {
                let after = event.at.since(judged.call.called_at);
                let early = after.millis() < 0;
                let after_text = format!(
                    "{}{}",
                    if early { "-" } else { "+" },
                    format::age(after.abs())
                );
                Row {
                    key: String::new(),
                    cells: vec![
                        Cell::number(after_text, after.as_seconds()).toned(Tone::Dim),
                        Cell::word(style.zone.minute(event.at)).toned(Tone::Dim),
                        event.multiple.map_or_else(
                            || Cell::unknown(UNKNOWN),
                            |m| Cell::number(format::multiple(m), m.value()),
                        ),
                        Cell::word(event.what).toned(event.tone),
                    ],
                    dim: false,
                    copy: String::new(),
                }
            })
            .collect(),
    }
}

fn events(board: &Board, judged: &Judged, as_of: Timestamp, style: Style) -> Vec<Event> {
    let (call, o) = (&judged.call, &judged.outcome);
    let mut events = vec![Event {
        at: call.called_at,
        what: format!("called by {}", call.source),
        multiple: None,
        tone: Tone::Strong,
    }];
    let mut add = |at: Timestamp, what: String, multiple: Option<Multiple>, tone: Tone| {
        events.push(Event {
            at,
            what,
            multiple,
            tone,
        });
    };
    if let Some(entry) = o.entry {
        let what = format!("entry at {}", format::price(entry.price, style));
        add(entry.at, what, Some(Multiple::ONE), Tone::Plain);
    }
    for (milestone, at) in MILESTONES.into_iter().zip(o.reached) {
        if let Some(at) = at {
            let what = format!("{milestone}x first seen");
            add(at, what, Multiple::new(milestone), Tone::Good);
        }
    }
    for (horizon, gain) in HORIZONS.into_iter().zip(o.returns) {
        if let Some(gain) = gain {
            let multiple = Multiple::new(1.0 + gain.value() / 100.0);
            let what = format!("{} after the call", horizon.label());
            add(call.called_at.plus(horizon), what, multiple, Tone::Dim);
        }
    }
    if let Some((ath, at)) = o.ath.and_then(|ath| Some((ath, ath.at?)))
        && ath.multiple.exceeds(1.0)
    {
        let what = match ath.origin {
            AthOrigin::Candle => "ATH, by the end of a candle",
            AthOrigin::Sampled | AthOrigin::Imported => "ATH",
        };
        add(at, what.to_owned(), Some(ath.multiple), Tone::Good);
    }
    if let Some((last, entry)) = o
        .last
        .zip(o.entry)
        .filter(|(last, entry)| last.at > entry.at)
    {
        let what = format!("latest price {}", format::price(last.price, style));
        add(
            last.at,
            what,
            Some(last.price.over(entry.price)),
            Tone::Plain,
        );
    }
    if let Some(until) = board.imported(&call.id).and_then(|i| i.observed_until)
        && until <= as_of
    {
        let fin = board.imported(&call.id).and_then(|i| i.final_multiple);
        let what = "until here it was measured by somebody else".to_owned();
        add(until, what, fin, Tone::Dim);
    }
    if o.status == Status::Completed {
        let (what, tone) = match o.category {
            Some(category) => (
                format!("window over: {}", category.name()),
                format::category_tone(category),
            ),
            None => ("window over: no category".to_owned(), Tone::Warn),
        };
        let fin = o.fin.map(|fin| fin.multiple);
        add(judged.window_end(&board.settings().rules), what, fin, tone);
    }
    events
}

/// Other calls of the same token, the nearest in time first where there are many.
fn others(calls: &[Judged], judged: &Judged) -> Vec<Event> {
    let Some(token) = &judged.call.token else {
        return Vec::new();
    };
    let mut others: Vec<&Judged> = calls
        .iter()
        .filter(|j| j.call.token.as_ref() == Some(token) && j.call.id != judged.call.id)
        .collect();
    others.sort_by_key(|j| j.call.called_at.since(judged.call.called_at).abs());
    others.truncate(OTHERS);
    others
        .into_iter()
        .map(|j| Event {
            at: j.call.called_at,
            what: if j.call.source == judged.call.source {
                let order = if j.call.called_at < judged.call.called_at {
                    "before"
                } else {
                    "again"
                };
                format!("called {order} by the same source")
            } else {
                format!("also called by {}", j.call.source)
            },
            multiple: None,
            tone: Tone::Dim,
        })
        .collect()
}
