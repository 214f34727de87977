//! Tab 2: calls, live.

use crate::analytics::{CallCounts, Judged, Standing};
use crate::board::{Board, Trail};
use crate::domain::fold::PriceAt;
use crate::domain::{Outcome, Range, RugState, Span, Status, Timestamp};

use super::format::{self, Style, UNKNOWN};
use super::path;
use super::table::{Align, Block, Cell, Column, Empty, Line, Row, Screen, Table, Tone};

const COLUMNS: [Column; 21] = [
    Column::new(
        "symbol",
        "Token",
        Align::Left,
        0,
        12,
        "the ticker; a label, never an identity",
    ),
    Column::new("source", "Source", Align::Left, 1, 18, "who called it"),
    Column::new("age", "Called", Align::Right, 0, 7, "since the call"),
    Column::new(
        "price",
        "Price",
        Align::Right,
        1,
        12,
        "latest accepted price in the window, USD; dim once it is no longer followed",
    ),
    Column::new(
        "seen",
        "Seen",
        Align::Right,
        3,
        7,
        "how old that price is, of a call in its window",
    ),
    Column::new(
        "since",
        "Now",
        Align::Right,
        0,
        10,
        "latest (or final) price against the entry",
    )
    .moving(),
    Column::new(
        "ath",
        "ATH",
        Align::Right,
        0,
        9,
        "highest multiple of the entry: best case, with hindsight",
    ),
    Column::new(
        "status",
        "Status",
        Align::Left,
        0,
        11,
        "category ('?' while it may still change), or what is wrong: RUG, crashed, gone, stale",
    ),
    Column::new(
        "h1",
        "1h ago",
        Align::Right,
        2,
        9,
        "latest price against one hour before it",
    )
    .moving(),
    Column::new(
        "h6",
        "6h ago",
        Align::Right,
        4,
        9,
        "latest price against six hours before it",
    )
    .moving(),
    Column::new(
        "h24",
        "24h ago",
        Align::Right,
        4,
        9,
        "latest price against a day before it",
    )
    .moving(),
    Column::new(
        "drawdown",
        "Max DD",
        Align::Right,
        2,
        8,
        "worst fall from the running peak",
    ),
    Column::new(
        "return_24h",
        "+24h",
        Align::Right,
        3,
        9,
        "return 24 hours after the call",
    )
    .moving(),
    Column::new(
        "liquidity",
        "Liq",
        Align::Right,
        4,
        8,
        "latest liquidity, USD",
    ),
    Column::new(
        "ath_at",
        "ATH at",
        Align::Right,
        4,
        8,
        "when the highest multiple was reached, after the call",
    ),
    Column::new(
        "path",
        "Last day",
        Align::Left,
        4,
        12,
        "its path over the last 24 hours, from its lowest to its highest",
    ),
    Column::new(
        "state",
        "State",
        Align::Left,
        5,
        8,
        "alive, rug, crashed, gone or unknown, from own evidence",
    ),
    Column::new(
        "category",
        "Category",
        Align::Left,
        6,
        11,
        "the category, '?' while it may still change",
    ),
    Column::new(
        "return_1h",
        "+1h",
        Align::Right,
        6,
        9,
        "return one hour after the call",
    )
    .moving(),
    Column::new(
        "return_6h",
        "+6h",
        Align::Right,
        6,
        9,
        "return six hours after the call",
    )
    .moving(),
    Column::new(
        "coverage",
        "Cov",
        Align::Right,
        7,
        5,
        "share of five-minute slots with a price",
    ),
];

/// A call in its window whose price is older than this many poll intervals is stale.
const STALE_POLLS: i64 = 5;

/// Rows that no screen is higher than: worded before all others when nothing is on screen yet.
const FRONT: usize = 200;

/// The calls made in a range, newest first.
#[must_use]
pub fn screen(
    board: &Board,
    calls: &[Judged],
    range: Range,
    as_of: Timestamp,
    style: Style,
) -> Screen {
    rows(board, calls, range, as_of, style, usize::MAX)
}

/// The same with only the first rows, where there are more than any screen shows at once: the
/// others follow. `None` where the whole takes no longer.
#[must_use]
pub fn front(
    board: &Board,
    calls: &[Judged],
    range: Range,
    as_of: Timestamp,
    style: Style,
) -> Option<Screen> {
    if calls.len() < 4 * FRONT {
        return None;
    }
    let screen = rows(board, calls, range, as_of, style, FRONT);
    (screen.more > 0).then_some(screen)
}

fn rows(
    board: &Board,
    calls: &[Judged],
    range: Range,
    as_of: Timestamp,
    style: Style,
    most: usize,
) -> Screen {
    let window = range.window(as_of);
    let in_range: Vec<&Judged> = calls
        .iter()
        .rev()
        .filter(|j| window.contains(j.call.called_at))
        .collect();
    let counts = CallCounts::of(in_range.iter().copied());
    Screen {
        above: vec![Block::Text(vec![summary(&counts)])],
        count: format::count(counts.total, "call"),
        notes: notes(board, &counts),
        empty: in_range.is_empty().then(|| empty(calls, range, as_of)),
        table: Table {
            columns: COLUMNS.to_vec(),
            rows: in_range
                .iter()
                .take(most)
                .map(|j| table_row(board, j, as_of, style))
                .collect(),
        },
        partial: in_range.len() > most,
        more: in_range.len().saturating_sub(most),
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

fn table_row(board: &Board, judged: &Judged, as_of: Timestamp, style: Style) -> Row {
    let (call, o) = (&judged.call, &judged.outcome);
    let trail = call.token.as_ref().and_then(|t| board.trail(t));
    let age = as_of.since(call.called_at);
    let live = trail.filter(|_| o.status == Status::Tracking);
    let trailing = |hours: i64| {
        let rules = &board.settings().rules;
        format::percent_cell(live.and_then(|t| t.trailing_change(as_of, Span::hours(hours), rules)))
    };
    let cells = vec![
        Cell::word(symbol(judged)).toned(Tone::Strong),
        Cell::word(call.source.clone()),
        Cell::number(format::age(age), age.as_seconds()).toned(Tone::Dim),
        price_cell(o, style),
        seen_cell(board, judged, as_of),
        format::percent_cell(o.fin.map(|f| f.multiple.gain())),
        format::multiple_cell(o.ath.map(|a| a.multiple)),
        status_cell(board, judged, as_of),
        trailing(1),
        trailing(6),
        trailing(24),
        format::percent_cell(o.max_drawdown),
        format::percent_cell(o.returns[2]),
        o.liquidity_usd.map_or_else(
            || Cell::unknown(UNKNOWN),
            |usd| Cell::number(format::short_money(usd), usd),
        ),
        ath_at_cell(judged),
        path_cell(live, as_of, style),
        state_cell(o),
        category_cell(judged),
        format::percent_cell(o.returns[0]),
        format::percent_cell(o.returns[1]),
        o.coverage.map_or_else(
            || Cell::unknown(UNKNOWN),
            |c| Cell::number(format!("{:.0}%", c.value()), c.value()).toned(Tone::Dim),
        ),
    ];
    Row {
        key: call.id.0.clone(),
        cells,
        dim: judged.standing != Standing::Counted || is_stale(board, judged, as_of).is_some(),
        copy: call
            .token
            .as_ref()
            .map_or_else(|| call.id.0.clone(), |t| t.address().to_owned()),
    }
}

/// The latest price; dimmed once it is no longer followed, and none where only the price at the
/// call itself is known, which must not look like a later one.
fn price_cell(o: &Outcome, style: Style) -> Cell {
    let after = |p: &PriceAt| o.entry.is_none_or(|entry| p.at > entry.at);
    let live = o.status == Status::Tracking;
    o.last.filter(|p| live || after(p)).map_or_else(
        || Cell::unknown(UNKNOWN),
        |p| {
            let cell = Cell::number(format::price(p.price, style), p.price.usd());
            if live { cell } else { cell.toned(Tone::Dim) }
        },
    )
}

/// How old the latest price is while it is followed; to be looked at when that is too old.
fn seen_cell(board: &Board, judged: &Judged, as_of: Timestamp) -> Cell {
    let o = &judged.outcome;
    let live = o.last.filter(|_| o.status == Status::Tracking);
    live.map_or_else(
        || Cell::unknown(UNKNOWN),
        |last| {
            let age = as_of.since(last.at);
            let tone = match is_stale(board, judged, as_of) {
                Some(_) => Tone::Warn,
                None => Tone::Dim,
            };
            Cell::number(format::age(age), age.as_seconds()).toned(tone)
        },
    )
}

fn ath_at_cell(judged: &Judged) -> Cell {
    let at = judged.outcome.ath.and_then(|ath| ath.at);
    at.map_or_else(
        || Cell::unknown(UNKNOWN),
        |at| {
            let age = at.since(judged.call.called_at);
            Cell::number(format!("+{}", format::age(age)), age.as_seconds()).toned(Tone::Dim)
        },
    )
}

fn path_cell(trail: Option<&Trail>, as_of: Timestamp, style: Style) -> Cell {
    let spark = trail.and_then(|t| path::spark(t.prices(), as_of, style));
    spark.map_or_else(
        || Cell::unknown(""),
        |spark| Cell::unknown(spark).toned(Tone::Plain),
    )
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

fn empty(calls: &[Judged], range: Range, as_of: Timestamp) -> Empty {
    match calls.last() {
        Some(newest) => Empty::out_of_range("no call", range, as_of, newest.call.called_at),
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
