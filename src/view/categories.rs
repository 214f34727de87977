//! Tab 3: how calls ended, by ATH and final.

use crate::analytics::{Categories, Distribution, Judged, Spread};
use crate::board::Board;
use crate::domain::{Category, Multiple, Range, Timestamp};

use super::format::{self, Style, UNKNOWN};
use super::table::{
    Align, Bar, Block, Cell, Column, Empty, Line, Page, Row, Screen, Step, Table, Tone,
};

const COLUMNS: [Column; 13] = [
    Column::new("source", "Source", Align::Left, 0, 26, "who called"),
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
        "Crash (95%)",
        Align::Right,
        0,
        16,
        "ended under 0.5x, with the Wilson interval",
    ),
    Column::new(
        "ath",
        "Med ATH",
        Align::Right,
        1,
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
        "gap",
        "Med gap",
        Align::Right,
        3,
        9,
        "median of ATH minus final",
    ),
    Column::new(
        "moon",
        "MOON",
        Align::Right,
        4,
        6,
        "ATH at least 5x and it held",
    ),
    Column::new(
        "winner",
        "WIN",
        Align::Right,
        4,
        6,
        "ATH at least 2x, final at least 1x",
    ),
    Column::new(
        "good",
        "GOOD",
        Align::Right,
        5,
        6,
        "ATH at least 1.5x and it held",
    ),
    Column::new(
        "even",
        "EVEN",
        Align::Right,
        6,
        6,
        "held, without much of a peak",
    ),
    Column::new("loser", "LOSE", Align::Right, 6, 6, "ended under 0.9x"),
    Column::new("crash", "CRASH", Align::Right, 6, 6, "ended under 0.5x"),
];

/// The distribution over the calls completed in a range.
#[must_use]
pub fn screen(
    board: &Board,
    calls: &[Judged],
    range: Range,
    as_of: Timestamp,
    style: Style,
    provisional: bool,
) -> Screen {
    let rules = &board.settings().rules;
    let found = Categories::of(calls, &range.window(as_of), rules, provisional);
    let mut above = Vec::new();
    if found.overall.n > 0 {
        above.push(Block::Text(headline(&found.overall)));
        above.push(Block::Bars(bars(&found.overall, style)));
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
        table: Table {
            columns: COLUMNS.to_vec(),
            rows: found.sources.iter().map(|(s, d)| table_row(s, d)).collect(),
        },
        ..Screen::default()
    }
}

fn multiple_text(value: Option<f64>) -> String {
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

fn headline(d: &Distribution) -> Vec<Line> {
    let versus = |label: &str, pick: &dyn Fn(&Spread) -> Option<f64>| {
        let (best, best_tone) = gain_text(pick(&d.ath));
        let (held, held_tone) = gain_text(pick(&d.fin));
        Line::toned(format!("{label:<7}"), Tone::Dim)
            .and("best case ", Tone::Plain)
            .and(format!("{best:<11}"), best_tone)
            .and("held to the end ", Tone::Plain)
            .and(held, held_tone)
    };
    vec![
        Line::toned(format!("{} calls  ", d.n), Tone::Strong)
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
                "ATH minus final: median {}, mean {}, max {}",
                multiple_text(d.gap.median),
                multiple_text(d.gap.mean),
                multiple_text(d.gap.max)
            ),
            Tone::Plain,
        ),
    ]
}

fn bars(d: &Distribution, style: Style) -> Vec<Bar> {
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

fn table_row(source: &str, d: &Distribution) -> Row {
    let rate = |value: Option<f64>, interval| {
        value.map_or_else(
            || Cell::unknown(UNKNOWN),
            |v| {
                let cell = Cell::number(format::rate_with_interval(Some(v), interval), v);
                if d.n < 5 { cell.toned(Tone::Dim) } else { cell }
            },
        )
    };
    let multiple = |value: Option<f64>| format::multiple_cell(value.and_then(Multiple::new));
    let mut cells = vec![
        Cell::word(source).toned(Tone::Strong),
        Cell::number(d.n.to_string(), d.n as f64),
        rate(d.win_rate, d.win_interval),
        rate(d.crash_rate, d.crash_interval),
        multiple(d.ath.median),
        multiple(d.fin.median),
        multiple(d.gap.median),
    ];
    cells.extend(
        d.counts
            .iter()
            .map(|k| Cell::number(k.to_string(), *k as f64)),
    );
    Row {
        key: source.to_owned(),
        cells,
        dim: false,
        copy: source.to_owned(),
    }
}

fn notes(found: &Categories) -> Vec<Line> {
    let c = &found.counts;
    let mut left: Vec<String> = [
        (c.no_final, "without a final price"),
        (
            found.early_finals,
            "with a final taken early (p shows them)",
        ),
        (found.undecided, "with an unknown ATH"),
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

/// Everything known of one source over a range.
#[must_use]
pub fn page(
    board: &Board,
    calls: &[Judged],
    range: Range,
    as_of: Timestamp,
    style: Style,
    provisional: bool,
    key: &str,
) -> Option<Page> {
    let rules = &board.settings().rules;
    let own: Vec<Judged> = calls
        .iter()
        .filter(|j| j.call.source == key)
        .cloned()
        .collect();
    let found = Categories::of(&own, &range.window(as_of), rules, provisional);
    if found.overall.n == 0 {
        return None;
    }
    let mut blocks = vec![
        Block::Text(headline(&found.overall)),
        Block::Bars(bars(&found.overall, style)),
    ];
    let notes = notes(&found);
    if !notes.is_empty() {
        blocks.push(Block::Text(notes));
    }
    Some(Page {
        title: format!("{key} - {}", range.label()),
        blocks,
    })
}
