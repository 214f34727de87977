//! Tab 2: calls, live.

use std::sync::Arc;

use crate::analytics::{CallCounts, Judged, Standing};
use crate::board::Board;
use crate::domain::fold::PriceAt;
use crate::domain::{Outcome, Range, RugState, Span, Status, Timestamp};

use super::format::{self, Style, UNKNOWN};
use super::rows::Rows;
use super::table::{Block, Cell, Empty, Line, Screen, Table, Tone};

mod calls;
mod column;

use calls::Calls;
use column::COLUMNS;

/// A call in its window whose price is older than this many poll intervals is stale.
const STALE_POLLS: i64 = 5;

/// The calls made in a range, newest first: those of `calls`, which come oldest first, and no others.
/// `newest` is when the latest of all was made.
#[must_use]
pub fn screen(
    board: &Arc<Board>,
    calls: Vec<Judged>,
    newest: Option<Timestamp>,
    range: Range,
    as_of: Timestamp,
    style: Style,
) -> Screen {
    let counts = CallCounts::of(&calls);
    Screen {
        above: vec![Block::Text(vec![summary(&counts)])],
        count: format::count(counts.total, "call"),
        notes: notes(board, &counts),
        empty: calls.is_empty().then(|| empty(newest, range, as_of)),
        table: Table {
            columns: COLUMNS.iter().map(|(column, _)| column.clone()).collect(),
            rows: Rows::Asked(Arc::new(Calls {
                judged: calls,
                board: Arc::clone(board),
                as_of,
                style,
            })),
        },
        ..Screen::default()
    }
}

fn summary(counts: &CallCounts) -> Line {
    let mut line = Line::toned(format::count(counts.total, "call"), Tone::Strong);
    for (n, what, tone) in [
        (counts.tracking, "tracking", Tone::Plain),
        (counts.waiting, "waiting for a price", Tone::Plain),
        (counts.completed, "completed", Tone::Plain),
        (counts.unpriced, "unpriced", Tone::Warn),
        (counts.recalls, "re-calls", Tone::Dim),
        (counts.rejected, "rejected by their bot", Tone::Dim),
        (counts.voided, "voided", Tone::Dim),
    ] {
        if n > 0 {
            line = line.and(format!("  {} {what}", format::whole(n)), tone);
        }
    }
    line
}

fn notes(board: &Board, counts: &CallCounts) -> Vec<Line> {
    let mut notes = Vec::new();
    if counts.unpriced > 0 {
        notes.push(Line::toned(
            "unpriced: no entry price within 5 min of the call, and no imported outcome",
            Tone::Dim,
        ));
    }
    if board.orphan_outcomes() > 0 {
        notes.push(Line::toned(
            format!(
                "{} imported outcomes belong to no call",
                board.orphan_outcomes()
            ),
            Tone::Warn,
        ));
    }
    notes
}

pub(super) fn symbol(judged: &Judged) -> String {
    let call = &judged.call;
    call.symbol
        .clone()
        .or_else(|| call.name.clone())
        .or_else(|| {
            call.token
                .as_ref()
                .map(|t| t.address().chars().take(8).collect())
        })
        .unwrap_or_else(|| UNKNOWN.to_owned())
}

/// The latest price; none where only the price at the call itself is known, which must not look
/// like a later one.
fn price_shown(o: &Outcome) -> Option<PriceAt> {
    let after = |p: &PriceAt| o.entry.is_none_or(|entry| p.at > entry.at);
    let live = o.status == Status::Tracking;
    o.last.filter(|p| live || after(p))
}

pub(super) fn category_cell(judged: &Judged) -> Cell {
    let o = &judged.outcome;
    match o.category {
        Some(category) if o.provisional => {
            Cell::word(format!("{}?", category.name())).toned(Tone::Dim)
        }
        Some(category) => Cell::word(category.name()).toned(format::category_tone(category)),
        None if o.status == Status::Completed && o.fin.is_none() => Cell::unknown("no final"),
        None => Cell::unknown(UNKNOWN),
    }
}

/// How old the latest price of a call in its window is, when that is too old.
fn is_stale(board: &Board, judged: &Judged, as_of: Timestamp) -> Option<Span> {
    let rules = &board.settings().rules;
    let last = judged.outcome.last?;
    let age = as_of.since(last.at);
    let limit = rules
        .poll_interval
        .times(STALE_POLLS)
        .max(Span::minutes(30));
    (judged.outcome.status == Status::Tracking && age > limit).then_some(age)
}

pub(super) fn state_cell(o: &Outcome) -> Cell {
    let tone = match o.state {
        RugState::Rug | RugState::Crashed | RugState::Gone => Tone::Bad,
        RugState::Alive => Tone::Good,
        RugState::Unknown => return Cell::unknown(RugState::Unknown.name()),
    };
    Cell::word(o.state.name()).toned(tone)
}

/// What matters most of a call in one word: what is wrong with it, else its category.
pub(super) fn status_cell(board: &Board, judged: &Judged, as_of: Timestamp) -> Cell {
    let o = &judged.outcome;
    let (text, tone) = match (judged.standing, o.state, o.status) {
        (Standing::Voided, _, _) => ("voided".to_owned(), Tone::Dim),
        (Standing::Recall, _, _) => ("re-call".to_owned(), Tone::Dim),
        (Standing::Rejected, _, _) => ("rejected".to_owned(), Tone::Dim),
        (_, _, Status::Waiting) => ("waiting".to_owned(), Tone::Warn),
        (_, _, Status::Unpriced) => ("unpriced".to_owned(), Tone::Warn),
        (_, _, Status::Completed) => return category_cell(judged),
        (_, RugState::Rug, _) => ("RUG".to_owned(), Tone::Bad),
        (_, RugState::Crashed, _) => ("crashed".to_owned(), Tone::Bad),
        (_, RugState::Gone, _) => ("gone".to_owned(), Tone::Bad),
        (_, _, Status::Tracking) => match is_stale(board, judged, as_of) {
            Some(age) => (format!("stale {}", format::age(age)), Tone::Warn),
            None if o.last.is_none() => ("no price".to_owned(), Tone::Warn),
            None => return category_cell(judged),
        },
    };
    Cell::word(text).toned(tone)
}

fn empty(newest: Option<Timestamp>, range: Range, as_of: Timestamp) -> Empty {
    match newest {
        Some(newest) => Empty::out_of_range("no call", range, as_of, newest),
        None => Empty::say(
            "no calls yet",
            &[
                "callboard import calls FILE.csv   brings a file in",
                "callboard record call             takes one from a bot",
                "callboard --demo                  shows a simulated market",
            ],
        ),
    }
}
