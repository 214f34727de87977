//! The table of sources: a row each, and one for all of them.

use crate::analytics::{Categories, Distribution, SourceRow};
use crate::domain::Multiple;

use super::super::format::{self, UNKNOWN};
use super::super::table::{Align, Cell, Column, Row, Tone};
use super::ALL;

pub(super) const COLUMNS: [Column; 22] = [
    Column::new(
        "rank",
        "#",
        Align::Right,
        0,
        9,
        "the place by reputation, and between which places it lies for sure (95%): sources whose \
         places overlap cannot be told apart",
    ),
    Column::new("source", "Source", Align::Left, 0, 26, "who called"),
    Column::new(
        "reputation",
        "Reputation",
        Align::Right,
        0,
        13,
        "0 to 100: half for what a follower keeps, a quarter each for winners and for not crashing; \
         few calls are drawn to the usual source",
    ),
    Column::new(
        "n",
        "n",
        Align::Right,
        0,
        7,
        "completed calls with a category",
    ),
    Column::new(
        "win_rate",
        "Winners (95%)",
        Align::Right,
        0,
        16,
        "MOON, WINNER and GOOD, with the Wilson interval",
    ),
    Column::new(
        "crash_rate",
        "Crash",
        Align::Right,
        1,
        16,
        "ended under 0.5x; its Wilson interval is on the page of the source",
    ),
    Column::new(
        "ath",
        "Med ATH",
        Align::Right,
        2,
        9,
        "median ATH multiple: best case",
    ),
    Column::new(
        "final",
        "Med final",
        Align::Right,
        1,
        9,
        "median final multiple: held to the end",
    ),
    Column::new(
        "mix",
        "Mix",
        Align::Left,
        3,
        20,
        "all calls as one bar: M moon, W winner, G good, e break-even, l loser, c crash",
    ),
    Column::new(
        "gap",
        "Med gap",
        Align::Right,
        4,
        9,
        "median of ATH minus final",
    ),
    Column::new(
        "kept",
        "Kept",
        Align::Right,
        4,
        7,
        "median of final over ATH",
    ),
    Column::new(
        "to_2x",
        "To 2x",
        Align::Right,
        5,
        8,
        "median time to 2x of the calls whose own prices reached it",
    ),
    Column::new(
        "first",
        "First",
        Align::Right,
        5,
        7,
        "share of its tokens that nobody had called before",
    ),
    Column::new(
        "late",
        "5m late",
        Align::Right,
        6,
        9,
        "median final multiple of a follower who came in five minutes after the call",
    ),
    Column::new(
        "drift",
        "Drift",
        Align::Right,
        6,
        16,
        "winner rate of the last 30 days less that before, in points, with its interval",
    ),
    Column::new(
        "moon",
        "MOON",
        Align::Right,
        8,
        6,
        "ATH at least 5x and it held",
    ),
    Column::new(
        "winner",
        "WIN",
        Align::Right,
        8,
        6,
        "ATH at least 2x, final at least 1x",
    ),
    Column::new(
        "good",
        "GOOD",
        Align::Right,
        9,
        6,
        "ATH at least 1.5x and it held",
    ),
    Column::new(
        "even",
        "EVEN",
        Align::Right,
        9,
        6,
        "held, without much of a peak",
    ),
    Column::new("loser", "LOSE", Align::Right, 9, 6, "ended under 0.9x"),
    Column::new("crash", "CRASH", Align::Right, 9, 6, "ended under 0.5x"),
    Column::new(
        "out",
        "Left out",
        Align::Right,
        7,
        9,
        "its calls of the range that are in no rate: without a final, waiting, re-calls and others",
    ),
];

/// Cells of a bar of all categories in a table.
const MIX: usize = 16;

fn multiple_cell(value: Option<f64>) -> Cell {
    format::multiple_cell(value.and_then(Multiple::new))
}

/// A figure of so few calls that it says little.
fn few(d: &Distribution, cell: Cell) -> Cell {
    if d.n < 5 { cell.toned(Tone::Dim) } else { cell }
}

fn rate_cell(
    d: &Distribution,
    rate: Option<f64>,
    interval: Option<crate::stats::Interval>,
) -> Cell {
    rate.map_or_else(
        || Cell::unknown(UNKNOWN),
        |rate| {
            let text = format::rate_with_interval(Some(rate), interval);
            few(d, Cell::number(text, rate))
        },
    )
}

/// All categories as one bar of letters, as long as [`MIX`] cells; whatever there is shows.
#[must_use]
pub fn mix(d: &Distribution) -> String {
    const LETTERS: [char; 6] = ['M', 'W', 'G', 'e', 'l', 'c'];
    if d.n == 0 {
        return String::new();
    }
    // The ends of the parts are rounded, so that they fill the bar; then each part that is there
    // gets a cell, from the longest.
    let mut cells = [0usize; 6];
    let (mut before, mut so_far) = (0, 0);
    for (cell, count) in cells.iter_mut().zip(d.counts) {
        so_far += count;
        let end = (so_far as f64 / d.n as f64 * MIX as f64).round() as usize;
        *cell = end - before;
        before = end;
    }
    for at in 0..cells.len() {
        if cells[at] == 0 && d.counts[at] > 0 {
            let longest = (0..6).max_by_key(|i| cells[*i]).unwrap_or(0);
            cells[longest] -= 1;
            cells[at] = 1;
        }
    }
    LETTERS
        .iter()
        .zip(cells)
        .flat_map(|(letter, n)| std::iter::repeat_n(*letter, n))
        .collect()
}

/// The row of all sources together: the page behind it holds everything of them.
pub(super) fn all_row(found: &Categories) -> Row {
    let d = &found.overall;
    let dash = || Cell::unknown(UNKNOWN);
    let mut cells = vec![
        dash(),
        Cell::word("all sources").toned(Tone::Strong),
        dash(),
    ];
    cells.extend(shared_cells(d));
    cells.extend([dash(), dash(), dash(), dash()]);
    cells.extend(count_cells(d));
    cells.push(left_out(found.counts.total, d.n));
    Row {
        key: ALL.to_owned(),
        cells,
        dim: false,
        copy: String::new(),
    }
}

/// From `n` to `kept`.
fn shared_cells(d: &Distribution) -> [Cell; 8] {
    [
        Cell::number(d.n.to_string(), d.n as f64),
        rate_cell(d, d.win_rate, d.win_interval),
        d.crash_rate.map_or_else(
            || Cell::unknown(UNKNOWN),
            |rate| few(d, Cell::number(format::rate(rate), rate)),
        ),
        multiple_cell(d.ath.median),
        multiple_cell(d.fin.median),
        Cell::word(mix(d)),
        multiple_cell(d.gap.median),
        d.kept.median.map_or_else(
            || Cell::unknown(UNKNOWN),
            |kept| Cell::number(format::rate(kept), kept),
        ),
    ]
}

fn count_cells(d: &Distribution) -> [Cell; 6] {
    d.counts.map(|k| Cell::number(k.to_string(), k as f64))
}

fn left_out(total: usize, n: usize) -> Cell {
    let out = total.saturating_sub(n);
    Cell::number(out.to_string(), out as f64)
}

/// The place and where it may lie: `3 (1-5)`.
#[must_use]
pub(in crate::view) fn rank_text(row: &SourceRow) -> Option<String> {
    let rank = row.reputation.rank?;
    let ranks = row.reputation.sure.and_then(|sure| sure.ranks);
    Some(ranks.map_or_else(
        || rank.to_string(),
        |(low, high)| format!("{rank} ({low}-{high})"),
    ))
}

pub(super) fn table_row(row: &SourceRow, complete: bool) -> Row {
    let (d, r) = (&row.distribution, &row.reputation);
    let hours = |value: Option<f64>| {
        value.map_or_else(
            || Cell::unknown(UNKNOWN),
            |hours| {
                let span = crate::domain::Span::from_millis((hours * 3.6e6) as i64);
                Cell::number(format::age(span), hours)
            },
        )
    };
    let following = row.following.as_ref();
    let later = |cell: Option<Cell>| match cell {
        Some(cell) => cell,
        None if complete => Cell::unknown(UNKNOWN),
        None => Cell::unknown("..."),
    };
    let mut cells = vec![
        match (rank_text(row), r.rank) {
            (Some(text), Some(rank)) => Cell::number(text, rank as f64),
            _ => Cell::unknown(UNKNOWN),
        },
        Cell::word(row.source.as_str()).toned(Tone::Strong),
        if r.n == 0 {
            Cell::unknown(UNKNOWN)
        } else {
            Cell::number(format!("{:.0} {}", r.score, r.tier.name()), r.score)
        },
    ];
    cells.extend(shared_cells(d));
    cells.extend([
        later(following.map(|f| hours(f.hours_to_2x.median))),
        later(
            row.originality
                .and_then(|o| o.share())
                .map(|share| Cell::number(format::rate(share), share)),
        ),
        later(following.map(|f| multiple_cell(f.late[1].fin.median))),
        later(
            row.drift
                .and_then(|drift| drift.difference)
                .map(|(by, interval)| {
                    let sure = interval.low > 0.0 || interval.high < 0.0;
                    let tone = if sure { format::tone_of(by) } else { Tone::Dim };
                    Cell::number(points_with_interval(by, interval), by).toned(tone)
                }),
        ),
    ]);
    cells.extend(count_cells(d));
    cells.push(left_out(row.counts.total, d.n));
    Row {
        key: row.source.clone(),
        cells,
        dim: r.rank.is_none(),
        copy: row.source.clone(),
    }
}

/// A difference of two rates in points, with its interval: `+12 (-3 to +27)`.
#[must_use]
pub(in crate::view) fn points_with_interval(by: f64, interval: crate::stats::Interval) -> String {
    // Rounded first: there is no "-0".
    let points = |rate: f64| (rate * 100.0).round() + 0.0;
    let (low, high) = (points(interval.low), points(interval.high));
    format!("{:+.0} ({low:+.0} to {high:+.0})", points(by))
}
