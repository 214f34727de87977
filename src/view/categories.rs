//! Tab 3: how calls ended, by ATH and final, and which sources deserve a follow.

use crate::analytics::{
    Bands, Categories, Concentration, Distribution, Judged, Selection, SourceRow, Spread, sources,
};
use crate::board::Board;
use crate::domain::{Category, Multiple, Range, Timestamp};

use super::format::{self, Style, UNKNOWN};
use super::table::{Align, Bar, Block, Cell, Column, Empty, Line, Row, Screen, Step, Table, Tone};

/// The key of the row that holds all sources together; no source is called like that.
pub const ALL: &str = "(all)";

const COLUMNS: [Column; 22] = [
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

/// The distribution over the calls completed in a range. Without `complete`, what needs resampling
/// says that it is on its way.
#[must_use]
pub fn screen(
    board: &Board,
    calls: &[Judged],
    range: Range,
    as_of: Timestamp,
    style: Style,
    provisional: bool,
    complete: bool,
) -> Screen {
    let settings = board.settings();
    let selection = Selection::of(calls, &range.window(as_of), &settings.rules, provisional);
    let found = Categories::of(&selection);
    let mut above = Vec::new();
    let mut table = Table {
        columns: COLUMNS.to_vec(),
        rows: Vec::new(),
    };
    if found.overall.n > 0 {
        above.push(Block::Text(headline(&found)));
        above.push(Block::Bars(bars(&found.overall, style)));
        above.extend(more(&selection, &found));
        let rows = sources(
            calls,
            &selection,
            &settings.rules,
            settings.min_rank_n,
            as_of,
            complete,
        );
        table.rows.push(all_row(&found));
        table
            .rows
            .extend(rows.iter().map(|row| table_row(row, complete)));
    }
    Screen {
        above,
        notes: notes(&found),
        empty: (found.overall.n == 0).then(|| empty(calls, &found, range, as_of)),
        count: format!(
            "{} completed{}",
            found.overall.n,
            if provisional { " or running" } else { "" }
        ),
        table,
        ..Screen::default()
    }
}

pub(super) fn multiple_text(value: Option<f64>) -> String {
    value
        .and_then(Multiple::new)
        .map_or_else(|| UNKNOWN.to_owned(), format::multiple)
}

fn gain_text(value: Option<f64>) -> (String, Tone) {
    value.and_then(Multiple::new).map_or_else(
        || (UNKNOWN.to_owned(), Tone::Dim),
        |m| {
            let gain = m.gain();
            (format::signed_percent(gain), format::tone_of(gain.value()))
        },
    )
}

/// How they ended in four lines: ATH and final side by side, always.
pub(super) fn headline(found: &Categories) -> Vec<Line> {
    let d = &found.overall;
    let versus = |label: &str, pick: &dyn Fn(&Spread) -> Option<f64>| {
        let (best, best_tone) = gain_text(pick(&d.ath));
        let (held, held_tone) = gain_text(pick(&d.fin));
        Line::toned(format!("{label:<7}"), Tone::Dim)
            .and("best case ", Tone::Plain)
            .and(format!("{best:<11}"), best_tone)
            .and("held to the end ", Tone::Plain)
            .and(held, held_tone)
    };
    let total = found.counts.total;
    let of = if total > d.n {
        format!("{} of {total} calls  ", d.n)
    } else {
        format!("{}  ", format::count(d.n, "call"))
    };
    let kept = d
        .kept
        .median
        .map_or_else(String::new, |kept| format!("; kept {}", format::rate(kept)));
    vec![
        Line::toned(of, Tone::Strong)
            .and("winners ", Tone::Plain)
            .and(
                format::rate_with_interval(d.win_rate, d.win_interval),
                Tone::Strong,
            )
            .and("  crashed ", Tone::Plain)
            .and(
                format::rate_with_interval(d.crash_rate, d.crash_interval),
                Tone::Strong,
            ),
        versus("median", &|s| s.median),
        versus("mean", &|s| s.mean),
        Line::toned("gap    ", Tone::Dim).and(
            format!(
                "ATH minus final: median {}, mean {}, max {}{kept}",
                multiple_text(d.gap.median),
                multiple_text(d.gap.mean),
                multiple_text(d.gap.max),
            ),
            Tone::Plain,
        ),
    ]
}

/// What stands below the bars where there is room: coverage, concentration, bands.
pub(super) fn more(selection: &Selection<'_>, found: &Categories) -> Vec<Block> {
    let mut blocks = vec![
        Block::Heading("What the figures rest on".to_owned()),
        Block::Pairs(coverage(found)),
        Block::Heading("How much a few calls made".to_owned()),
        Block::Pairs(concentration(&Concentration::of(&selection.settled))),
    ];
    for bands in Bands::of(&selection.settled) {
        let title = match bands.by {
            "market_cap" => "By market cap at the call (n, median ATH / final)",
            "dex" => "By dex (n, median ATH / final)",
            "age" => "By age of the token at the call (n, median ATH / final)",
            _ => "By score (n, median ATH / final)",
        };
        blocks.push(Block::Heading(title.to_owned()));
        blocks.push(Block::Pairs(bands_lines(&bands)));
    }
    blocks
}

/// Every call of the range: what became of it, so that none is left out in silence.
fn coverage(found: &Categories) -> Vec<(String, Line)> {
    let c = &found.counts;
    let rows = [
        ("in the range", c.total, "calls"),
        ("completed", c.completed, "their window is over"),
        ("tracking", c.tracking, "in their window"),
        ("waiting", c.waiting, "for a first price"),
        ("unpriced", c.unpriced, "no entry price, nothing imported"),
        (
            "re-calls",
            c.recalls,
            "of a token that the source had called",
        ),
        ("rejected", c.rejected, "by their own bot"),
        ("voided", c.voided, "taken out by hand"),
        ("no final", c.no_final, "completed, but no price at the end"),
        (
            "early finals",
            found.early_finals,
            "measured too early to count",
        ),
        ("unknown ATH", found.undecided, "so the category is open"),
        (
            "in the rates",
            found.overall.n,
            "have a category that counts",
        ),
    ];
    rows.into_iter()
        .filter(|(label, n, _)| *n > 0 || *label == "in the rates")
        .map(|(label, n, what)| {
            let line = Line::plain(format!("{n:>6}  ")).and(what, Tone::Dim);
            (label.to_owned(), line)
        })
        .collect()
}

fn concentration(c: &Concentration) -> Vec<(String, Line)> {
    let pair = |label: &str, share: Option<f64>, without: Option<f64>| {
        let share = share.map_or_else(|| UNKNOWN.to_owned(), format::rate);
        let line = Line::plain(format!("{share:>6} of all gain at the ATH")).and(
            format!("; mean ATH {} without", multiple_text(without)),
            Tone::Dim,
        );
        (label.to_owned(), line)
    };
    vec![
        pair("top call", c.top_1, c.mean_without_1),
        pair("top 10", c.top_10, c.mean_without_10),
    ]
}

/// One line a band, figures under each other.
fn bands_lines(bands: &Bands) -> Vec<(String, Line)> {
    bands
        .rows
        .iter()
        .map(|(name, d)| {
            let crash = d
                .crash_rate
                .map_or_else(|| UNKNOWN.to_owned(), format::rate);
            let line = Line::toned(format!("{:>6}", d.n), Tone::Strong)
                .and(
                    format!(
                        "  winners {:<15}  crashed {crash:>6}",
                        format::rate_with_interval(d.win_rate, d.win_interval)
                    ),
                    if d.n < 5 { Tone::Dim } else { Tone::Plain },
                )
                .and(
                    format!(
                        "  {} / {}",
                        multiple_text(d.ath.median),
                        multiple_text(d.fin.median)
                    ),
                    Tone::Dim,
                );
            (name.clone(), line)
        })
        .collect()
}

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

pub(super) fn bars(d: &Distribution, style: Style) -> Vec<Bar> {
    Category::EACH
        .into_iter()
        .map(|category| {
            let k = d.counts[category.index()];
            let interval = crate::stats::wilson(k as u64, d.n as u64);
            let share = k as f64 / d.n.max(1) as f64;
            // The balance scale is one cell wide in many terminals and two in others once its
            // variation selector is gone, so it would shift the column: it stays a word.
            let label = if style.ascii || category == Category::BreakEven {
                category.name().to_owned()
            } else {
                format!("{} {}", category.name(), category.emoji())
            };
            Bar {
                label,
                figures: format!(
                    "{k:>5} {:>6} {:>8}",
                    format::rate(share),
                    interval.map_or_else(String::new, format::rate_interval)
                ),
                fraction: share,
                interval: interval.map(|i| (i.low, i.high)),
                tone: format::category_tone(category),
            }
        })
        .collect()
}

/// The row of all sources together: the page behind it holds everything of them.
fn all_row(found: &Categories) -> Row {
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
pub(super) fn rank_text(row: &SourceRow) -> Option<String> {
    let rank = row.reputation.rank?;
    let ranks = row.reputation.sure.and_then(|sure| sure.ranks);
    Some(ranks.map_or_else(
        || rank.to_string(),
        |(low, high)| format!("{rank} ({low}-{high})"),
    ))
}

fn table_row(row: &SourceRow, complete: bool) -> Row {
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
pub(super) fn points_with_interval(by: f64, interval: crate::stats::Interval) -> String {
    // Rounded first: there is no "-0".
    let points = |rate: f64| (rate * 100.0).round() + 0.0;
    let (low, high) = (points(interval.low), points(interval.high));
    format!("{:+.0} ({low:+.0} to {high:+.0})", points(by))
}

pub(super) fn notes(found: &Categories) -> Vec<Line> {
    let c = &found.counts;
    let mut left: Vec<String> = [
        (c.no_final, "without a final price"),
        (
            found.early_finals,
            "with a final taken early (in when provisional)",
        ),
        (found.undecided, "with an unknown ATH"),
        (
            if found.provisional {
                0
            } else {
                c.tracking + c.waiting
            },
            "in their window",
        ),
        (c.unpriced, "unpriced"),
        (c.recalls, "re-calls"),
        (c.rejected, "rejected by their bot"),
        (c.voided, "voided"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, why)| format!("{n} {why}"))
    .collect();
    if found.provisional {
        left.push("calls in their window are in, provisionally".to_owned());
    }
    if left.is_empty() {
        return Vec::new();
    }
    vec![Line::toned(
        format!("left out: {}", left.join(", ")),
        Tone::Dim,
    )]
}

fn empty(calls: &[Judged], found: &Categories, range: Range, as_of: Timestamp) -> Empty {
    if calls.is_empty() {
        return Empty::say(
            "no calls yet",
            &[
                "callboard import calls FILE.csv   brings a file in",
                "callboard --demo                  shows a simulated market",
            ],
        );
    }
    let mut empty = match found.newest_end {
        Some(end) if !range.window(as_of).contains(end) => {
            Empty::out_of_range("no call completed", range, as_of, end)
        }
        Some(_) => Empty {
            what: "calls were completed, but none has a final price".to_owned(),
            next: Vec::new(),
        },
        None => Empty {
            what: "no call has completed its window yet".to_owned(),
            next: Vec::new(),
        },
    };
    if !found.provisional {
        empty.next.push(Step::Provisional);
    }
    empty
}
