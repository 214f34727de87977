//! Tab 3: how calls ended, by ATH and final, and which sources deserve a follow.

use crate::analytics::{
    Bands, Categories, Concentration, Distribution, Judged, Selection, Spread, sources,
};
use crate::board::Board;
use crate::domain::{Category, Multiple, Range, Timestamp};

use super::format::{self, Style, UNKNOWN};
use super::table::{Bar, Block, Empty, Line, Screen, Step, Table, Tone};

mod rows;

pub use rows::mix;
pub(super) use rows::{points_with_interval, rank_text};

use rows::{COLUMNS, all_row, table_row};

/// The key of the row that holds all sources together; no source is called like that.
pub const ALL: &str = "(all)";

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
    let mut table = Vec::new();
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
        table.push(all_row(&found));
        table.extend(rows.iter().map(|row| table_row(row, complete)));
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
            rows: table.into(),
        },
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
        format!(
            "{} of {}  ",
            format::whole(d.n),
            format::count(total, "call")
        )
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
            let line = Line::plain(format!("{:>6}  ", format::whole(n))).and(what, Tone::Dim);
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
