//! What the feature tests amount to, in sentences: doubts about the rates, recommendations, pairs,
//! gates, the ends of the list; and the parts of one feature as tables.

use std::fmt::Write as _;

use crate::analytics::features::{
    ArmTest, Combination, Coverage, Gate, Guards, Performers, Strata,
};
use crate::analytics::{FeatureReport, FeatureRow, Priority};
use crate::domain::Percent;
use crate::stats;

use super::format::{self, UNKNOWN};
use super::table::{Align, Block, Cell, Column, Line, Row, Table, Tone};

/// Recommendations said above the table; the report says them all.
const RECOMMENDED: usize = 8;
/// Pairs that are named.
const PAIRS: usize = 3;

fn percent((k, n): (usize, usize)) -> String {
    if n == 0 {
        UNKNOWN.to_owned()
    } else {
        format!("{:.0} %", k as f64 / n as f64 * 100.0)
    }
}

fn with_interval((k, n): (usize, usize)) -> String {
    format::rate_with_interval(
        (n > 0).then(|| k as f64 / n as f64),
        stats::wilson(k as u64, n as u64),
    )
}

/// Sources so many of whose calls have no outcome that a rate must not be taken at face value.
#[must_use]
pub fn doubts(found: &FeatureReport) -> Vec<Line> {
    let doubtful: Vec<&Coverage> = found.coverage.iter().filter(|c| c.is_doubtful()).collect();
    let (selected, others): (Vec<&Coverage>, Vec<&Coverage>) =
        doubtful.into_iter().partition(|c| c.is_selected());
    let mut lines: Vec<Line> = selected
        .iter()
        .map(|c| {
            Line::toned(
                format!(
                    "! {}: {} of {} calls have no outcome, and all {} known peaks are pumps: it reports gains only, so this is no rate",
                    c.source,
                    format::whole(c.no_outcome),
                    format::whole(c.calls),
                    format::whole(c.pump.1)
                ),
                Tone::Warn,
            )
        })
        .collect();
    if let Some(first) = others.first() {
        let (none, calls) = others
            .iter()
            .fold((0, 0), |sum, c| (sum.0 + c.no_outcome, sum.1 + c.calls));
        let who = match others.len() {
            1 => first.source.clone(),
            n => format!("{n} sources"),
        };
        lines.push(Line::toned(
            format!(
                "! {who}: {} of {} calls have no outcome and are in no rate",
                format::whole(none),
                format::whole(calls)
            ),
            Tone::Warn,
        ));
    }
    lines
}

/// The recommendations, or that no change is justified.
#[must_use]
pub fn recommendations(found: &FeatureReport) -> Vec<Line> {
    let list = &found.recommendations.list;
    if list.is_empty() {
        return vec![Line::toned(
            found.recommendations.note.clone(),
            Tone::Strong,
        )];
    }
    let mut lines: Vec<Line> = list
        .iter()
        .take(RECOMMENDED)
        .map(|r| {
            let tone = match r.priority {
                Priority::High => Tone::Bad,
                Priority::Medium => Tone::Warn,
                Priority::Low => Tone::Dim,
            };
            let effect = r.effect.map_or_else(String::new, |e| {
                format!(
                    "; expect {} {:.0} % instead of {:.0} % ({:+.0} to {:+.0} points on later calls), {:.0} % of calls kept",
                    e.of,
                    e.to * 100.0,
                    e.from * 100.0,
                    e.difference.low * 100.0,
                    e.difference.high * 100.0,
                    e.kept * 100.0
                )
            });
            Line::toned(format!("{} ", r.priority.name()), tone)
                .and(format!("{}: {}", r.issue, r.action), Tone::Strong)
                .and(format!(" ({}{effect})", r.reason), Tone::Dim)
        })
        .collect();
    if list.len() > RECOMMENDED {
        lines.push(Line::toned(
            format!(
                "and {} more: callboard --report features --format json",
                list.len() - RECOMMENDED
            ),
            Tone::Dim,
        ));
    }
    lines.push(Line::toned(found.recommendations.note.clone(), Tone::Dim));
    lines
}

/// Pairs, gates and the ends of the list.
#[must_use]
pub fn notes(found: &FeatureReport, guards: &Guards) -> Vec<Line> {
    if found.n == 0 {
        return Vec::new();
    }
    let doubtful = found.rows.iter().filter(|r| !r.remarks.is_empty());
    let mut lines: Vec<Line> = doubtful
        .map(|r| {
            Line::toned(
                format!("! {}: {}", r.name, r.remarks.join("; ")),
                Tone::Warn,
            )
        })
        .collect();
    lines.extend(combinations(found, guards));
    lines.extend(found.gates.iter().map(gate));
    lines.extend(performers("best by gain", &found.best));
    lines.extend(performers("worst by end", &found.worst));
    lines
}

/// "`smart_money` AND `lp_locked`: 67 % pump, 4 % rug (n=45; base 38 % / 11 %); held up: yes".
fn combinations(found: &FeatureReport, guards: &Guards) -> Vec<Line> {
    let pairs = &found.combinations;
    if pairs.tried == 0 {
        return vec![Line::toned(
            format!(
                "no pair of conditions has {} calls in every cell",
                guards.min_arm_n
            ),
            Tone::Dim,
        )];
    }
    let shown: Vec<&Combination> = pairs
        .best
        .iter()
        .filter(|c| c.best_q().is_some_and(|q| q <= guards.q))
        .take(PAIRS)
        .collect();
    if shown.is_empty() {
        let best = pairs.best.first().and_then(Combination::best_q);
        let best = best.map_or_else(String::new, |q| format!(" (smallest q {q:.2})"));
        return vec![Line::toned(
            format!(
                "of {} pairs of conditions tried none stands out{best}",
                pairs.tried
            ),
            Tone::Dim,
        )];
    }
    let mut lines: Vec<Line> = shown
        .into_iter()
        .map(|c| {
            let held = match c.held(guards) {
                Some(true) => "yes",
                Some(false) => "no",
                None => "too few to say",
            };
            let rug = if c.rug.with.1 > 0 {
                format!(", {} rug", percent(c.rug.with))
            } else {
                String::new()
            };
            let q = c
                .best_q()
                .map_or_else(String::new, |q| format!(", q {}", format::p_value(q)));
            Line::plain(format!(
                "{}: {} pump{rug} (n={}; base {} / {}{q}); held up on later calls: {held}",
                c.text,
                percent(c.pump.with),
                c.pump.with.1.max(c.rug.with.1),
                percent(pairs.base_pump),
                percent(pairs.base_rug)
            ))
        })
        .collect();
    lines.push(Line::toned(
        format!(
            "found on the earlier calls among {} pairs tried, q over all of them",
            pairs.tried
        ),
        Tone::Dim,
    ));
    lines
}

fn gate(gate: &Gate) -> Line {
    let names = |names: &[String]| {
        let more = names.len().saturating_sub(5);
        let mut text = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        if more > 0 {
            let _ = write!(text, " and {more} more");
        }
        text
    };
    let mut text = format!(
        "gate {}: {} turned down, {} pump {}, rug {} against {} of those called",
        gate.name,
        gate.n,
        gate.verdict.name(),
        with_interval(gate.pump.with),
        with_interval(gate.rug.with),
        with_interval(gate.pump.without),
    );
    if !gate.moons.is_empty() {
        let _ = write!(text, "; MOONs lost: {}", names(&gate.moons));
    }
    if !gate.rugs.is_empty() {
        let _ = write!(text, "; rugs spared: {}", names(&gate.rugs));
    }
    Line::plain(text)
}

fn performers(what: &str, found: &Performers) -> Vec<Line> {
    if found.calls.is_empty() {
        return Vec::new();
    }
    let names: Vec<String> = found
        .calls
        .iter()
        .map(|p| {
            let gain = p.gain.map_or_else(
                || UNKNOWN.to_owned(),
                |g| format::signed_percent(Percent(g)),
            );
            let end = p
                .final_multiple
                .map_or_else(String::new, |f| format!(", end {f:.2}x"));
            format!("{} {gain}{end}", p.name)
        })
        .collect();
    let mut lines = vec![Line::plain(format!("{what}: {}", names.join("; ")))];
    if !found.shared.is_empty() {
        let shared: Vec<String> = found
            .shared
            .iter()
            .take(4)
            .map(|s| {
                format!(
                    "{} {} ({} of {}, base {:.0} %)",
                    s.feature,
                    s.value,
                    s.have,
                    s.of,
                    s.base * 100.0
                )
            })
            .collect();
        lines.push(Line::toned(
            format!("  they share: {}", shared.join("; ")),
            Tone::Dim,
        ));
    }
    lines
}

/// The difference of a flag within strata and on the later calls.
#[must_use]
pub fn strata(row: &FeatureRow) -> Vec<Block> {
    let mut pairs = Vec::new();
    for found in &row.strata {
        pairs.extend(stratified(found));
    }
    if let Some(later) = row.later {
        for (what, test) in [("pumps", &later.pump), ("rugs", &later.rug)] {
            pairs.push((
                format!("later {what}"),
                Line::plain(format!(
                    "{} with, {} without",
                    with_interval(test.with),
                    with_interval(test.without)
                ))
                .and(difference(test), Tone::Dim),
            ));
        }
    }
    if pairs.is_empty() {
        return Vec::new();
    }
    vec![
        Block::Heading("Does it hold".to_owned()),
        Block::Pairs(pairs),
    ]
}

fn stratified(found: &Strata) -> Vec<(String, Line)> {
    [("pumps", found.pump), ("rugs", found.rug)]
        .into_iter()
        .filter_map(|(what, mh)| {
            let mh = mh?;
            let odds = match (mh.odds_ratio, mh.interval) {
                (Some(odds), Some(i)) => {
                    format!("odds ratio {odds:.2} ({:.2} to {:.2})", i.low, i.high)
                }
                _ => "no finite odds ratio".to_owned(),
            };
            Some((
                format!("{what} by {}", found.by.name()),
                Line::plain(odds).and(
                    format!(
                        "  CMH p {}, {} of {} strata tell",
                        format::p_value(mh.p),
                        mh.informative,
                        found.count
                    ),
                    Tone::Dim,
                ),
            ))
        })
        .collect()
}

fn difference(test: &ArmTest) -> String {
    match (test.change(), test.difference()) {
        (Some(change), Some(i)) => format!(
            "  {:+.0} points ({:+.0} to {:+.0})",
            change * 100.0,
            i.low * 100.0,
            i.high * 100.0
        ),
        _ => String::new(),
    }
}

const PARTS: [Column; 5] = [
    Column::new("part", "Part", Align::Left, 0, 30, "values of the part"),
    Column::new("n", "n", Align::Right, 0, 7, "calls"),
    Column::new(
        "pump",
        "Pump",
        Align::Right,
        0,
        16,
        "share of pumps, 95 % Wilson",
    ),
    Column::new(
        "rug",
        "Rug",
        Align::Right,
        0,
        16,
        "share of rugs and crashes, 95 % Wilson",
    ),
    Column::new(
        "median",
        "Med gain",
        Align::Right,
        1,
        10,
        "median gain at the ATH",
    ),
];

/// The bands and the threshold of a number, the groups of a word.
#[must_use]
pub fn parts(row: &FeatureRow, guards: &Guards) -> Vec<Block> {
    let part = |label: String, n: usize, pump, rug, median: Option<f64>| Row {
        key: label.clone(),
        cells: vec![
            Cell::word(label.clone()),
            Cell::number(n.to_string(), n as f64),
            Cell::word(with_interval(pump)),
            Cell::word(with_interval(rug)),
            format::percent_cell(median.map(Percent)),
        ],
        dim: n < 5,
        copy: label,
    };
    let bands = row.bands.iter().map(|b| {
        let label = if b.low == b.high {
            format!("{}", b.low)
        } else {
            format!("{} to {}", b.low, b.high)
        };
        part(label, b.n, b.pump, b.rug, b.median_gain)
    });
    let groups = row
        .groups
        .iter()
        .map(|g| part(g.value.clone(), g.n, g.pump.with, g.rug.with, g.median_gain));
    let rows: Vec<Row> = bands.chain(groups).collect();
    let mut blocks = Vec::new();
    if !rows.is_empty() {
        blocks.push(Block::Table(Table {
            columns: PARTS.to_vec(),
            rows: rows.into(),
        }));
    }
    if row.more_groups > 0 {
        blocks.push(Block::Text(vec![Line::toned(
            format!("and {} more groups", row.more_groups),
            Tone::Dim,
        )]));
    }
    if let Some(found) = &row.threshold {
        let held = match found.held(guards) {
            Some(true) => "held up on later calls: yes",
            Some(false) => "held up on later calls: no",
            None => "held up on later calls: too few to say",
        };
        blocks.push(Block::Heading("Best single threshold".to_owned()));
        blocks.push(Block::Pairs(vec![
            (
                "found".to_owned(),
                Line::plain(format!(
                    ">= {}: pump {} against {} below, on the earlier calls",
                    found.at,
                    percent(found.earlier.with),
                    percent(found.earlier.without)
                ))
                .and(format!("  {} tried", found.tried), Tone::Dim),
            ),
            (
                "judged".to_owned(),
                Line::plain(format!(
                    "pump {} against {}",
                    with_interval(found.later.with),
                    with_interval(found.later.without)
                ))
                .and(difference(&found.later), Tone::Dim),
            ),
            (String::new(), Line::plain(held)),
        ]));
    }
    blocks
}
