//! Tab 4: what separates pumps from rugs, and how sure that is.

use crate::analytics::features::{ArmTest, Coverage, Source};
use crate::analytics::{FeatureKind, FeatureReport, FeatureRow, Judged, Verdict};
use crate::board::Board;
use crate::domain::{Percent, Range, Timestamp};

use super::format::{self, UNKNOWN};
use super::insight;
use super::table::{Align, Block, Cell, Column, Empty, Line, Page, Row, Screen, Step, Table, Tone};

const COLUMNS: [Column; 12] = [
    Column::new(
        "feature",
        "Feature",
        Align::Left,
        0,
        24,
        "what the call said",
    ),
    Column::new(
        "verdict",
        "Verdict",
        Align::Left,
        0,
        12,
        "what the tests show, corrected for their number",
    ),
    Column::new(
        "n",
        "with/without/?",
        Align::Right,
        1,
        17,
        "calls that have it, that do not, that do not say",
    ),
    Column::new(
        "pump",
        "Pump with:w/o",
        Align::Right,
        0,
        15,
        "share of pumps with it, and without",
    ),
    Column::new(
        "pump_q",
        "q",
        Align::Right,
        0,
        7,
        "Benjamini-Hochberg q of the difference in pumps",
    ),
    Column::new(
        "rug",
        "Rug with:w/o",
        Align::Right,
        0,
        15,
        "share of rugs and crashes with it, and without",
    ),
    Column::new(
        "rug_q",
        "q rug",
        Align::Right,
        0,
        7,
        "Benjamini-Hochberg q of the difference in rugs",
    ),
    Column::new(
        "gain",
        "Med gain w:w/o",
        Align::Right,
        3,
        19,
        "median gain at the ATH with it, and without",
    ),
    Column::new(
        "mean",
        "Mean gain w:w/o",
        Align::Right,
        5,
        21,
        "mean gain at the ATH; one token can make it",
    ),
    Column::new(
        "spearman",
        "rho",
        Align::Right,
        4,
        7,
        "numbers: Spearman with the gain",
    ),
    Column::new(
        "auc",
        "AUC",
        Align::Right,
        4,
        6,
        "numbers: chance that a pump has the larger one",
    ),
    Column::new(
        "why",
        "Why",
        Align::Left,
        9,
        70,
        "what the verdict rests on; all of it on the page of the row",
    ),
];

/// Values under which a correlation is called "too few".
const MIN_CORRELATION_N: usize = 10;

/// The report over the calls completed in a range.
#[must_use]
pub fn report(
    board: &Board,
    calls: &[Judged],
    range: Range,
    as_of: Timestamp,
    provisional: bool,
) -> FeatureReport {
    let settings = board.settings();
    FeatureReport::of(&Source {
        calls,
        kinds: &board.feature_kinds(as_of),
        window: range.window(as_of),
        rules: &settings.rules,
        guards: &settings.guards,
        provisional,
    })
}

/// The feature table of a range.
#[must_use]
pub fn screen(
    board: &Board,
    calls: &[Judged],
    range: Range,
    as_of: Timestamp,
    provisional: bool,
) -> Screen {
    let found = report(board, calls, range, as_of, provisional);
    Screen {
        above: if found.n > 0 {
            let mut lines = vec![headline(&found, board)];
            lines.extend(insight::recommendations(&found));
            lines.extend(insight::doubts(&found));
            vec![Block::Text(lines)]
        } else {
            Vec::new()
        },
        notes: {
            let mut lines = notes(&found);
            lines.extend(insight::notes(&found, &board.settings().guards));
            lines
        },
        empty: found.rows.is_empty().then(|| empty(calls, &found, range)),
        count: format::count(found.n, "settled call"),
        table: Table {
            columns: COLUMNS.to_vec(),
            rows: found
                .rows
                .iter()
                .map(|row| table_row(row, board.settings().guards.q))
                .collect(),
        },
        ..Screen::default()
    }
}

fn headline(found: &FeatureReport, board: &Board) -> Line {
    let share = |(k, n): (usize, usize)| {
        format::rate_with_interval(
            (n > 0).then(|| k as f64 / n as f64),
            crate::stats::wilson(k as u64, n as u64),
        )
    };
    let selected = found.coverage.iter().any(Coverage::is_selected);
    let over = board.settings().rules.pump_gain_pct;
    let line = Line::toned(format::count(found.n, "call"), Tone::Strong)
        .and(format!("  pumped over {over:.0}%: "), Tone::Plain);
    // A rate of nothing but announced gains must not stand first.
    let line = if selected {
        let (k, n) = found.sound.0;
        let all = share(found.base_pump);
        line.and(share((k, n)), Tone::Strong)
            .and(
                format!(
                    " of {} from sources that report nearly all",
                    format::whole(n)
                ),
                Tone::Dim,
            )
            .and(
                format!("; {all} with those that report gains only"),
                Tone::Warn,
            )
    } else {
        line.and(share(found.base_pump), Tone::Strong)
    };
    line.and("  rug or crash: ", Tone::Plain)
        .and(share(found.base_rug), Tone::Strong)
        .and(
            format!(" of {}", format::whole(found.base_rug.1)),
            Tone::Dim,
        )
}

const fn verdict_tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Positive => Tone::Good,
        Verdict::Negative => Tone::Bad,
        Verdict::Mixed => Tone::Warn,
        Verdict::NoEvidence => Tone::Plain,
        Verdict::TooFew | Verdict::AlwaysOn | Verdict::AlwaysOff => Tone::Dim,
    }
}

fn rates_cell(test: &ArmTest) -> Cell {
    match (test.rate_with(), test.rate_without()) {
        (Some(with), Some(without)) => Cell::number(
            format!("{} : {}", format::rate(with), format::rate(without)),
            with - without,
        ),
        (Some(with), None) => Cell::unknown(format!("{} : {UNKNOWN}", format::rate(with))),
        (None, Some(without)) => Cell::unknown(format!("{UNKNOWN} : {}", format::rate(without))),
        (None, None) => Cell::unknown(UNKNOWN),
    }
}

fn q_cell(q: Option<f64>, most: f64) -> Cell {
    q.map_or_else(
        || Cell::unknown(UNKNOWN),
        |q| {
            let cell = Cell::number(format::p_value(q), q);
            if q <= most {
                cell.toned(Tone::Strong)
            } else {
                cell.toned(Tone::Dim)
            }
        },
    )
}

fn gains_cell(with: Option<f64>, without: Option<f64>) -> Cell {
    let text = |g: Option<f64>| {
        g.map_or_else(
            || UNKNOWN.to_owned(),
            |g| format::signed_percent(Percent(g)),
        )
    };
    match (with, without) {
        (None, None) => Cell::unknown(UNKNOWN),
        (a, b) => Cell::number(
            format!("{} : {}", text(a), text(b)),
            a.unwrap_or(0.0) - b.unwrap_or(0.0),
        ),
    }
}

fn table_row(row: &FeatureRow, q: f64) -> Row {
    let flag = row.kind == FeatureKind::Flag;
    let n = if flag {
        format!("{}/{}/{}", row.n_with, row.n_without, row.n_unknown)
    } else {
        format!("{} / - / {}", row.n_with, row.n_unknown)
    };
    let verdict = row.verdict.map_or_else(
        || Cell::unknown("words"),
        |v| Cell::word(v.name()).toned(verdict_tone(v)),
    );
    let signed = |value: Option<f64>, text: fn(f64) -> String| {
        value.map_or_else(|| Cell::unknown(UNKNOWN), |v| Cell::number(text(v), v))
    };
    Row {
        key: row.name.clone(),
        cells: vec![
            Cell::word(row.name.clone()).toned(Tone::Strong),
            verdict,
            Cell::number(n, row.n_with as f64),
            rates_cell(&row.pump),
            q_cell(row.pump.q, q),
            rates_cell(&row.rug),
            q_cell(row.rug.q, q),
            gains_cell(row.gain_with.median, row.gain_without.median),
            gains_cell(row.gain_with.mean, row.gain_without.mean),
            match row.spearman {
                Some(rho) if rho.n < MIN_CORRELATION_N => Cell::unknown("few"),
                rho => signed(rho.map(|s| s.r), format::correlation),
            },
            signed(row.auc, |v| format!("{v:.2}")),
            Cell::word(row.reason.clone()).toned(Tone::Dim),
        ],
        dim: matches!(
            row.verdict,
            Some(Verdict::TooFew | Verdict::AlwaysOn | Verdict::AlwaysOff)
        ),
        copy: row.name.clone(),
    }
}

fn notes(found: &FeatureReport) -> Vec<Line> {
    let mut notes = Vec::new();
    if found.tests > 0 {
        notes.push(Line::toned(
            format!(
                "{} tests, one false-discovery family; one call per token, outcomes settled; association, not cause",
                found.tests
            ),
            Tone::Dim,
        ));
    }
    if !found.categories.is_empty() {
        notes.push(Line::toned(
            format!(
                "words, described by group and not tested: {}",
                found.categories.join(", ")
            ),
            Tone::Dim,
        ));
    }
    notes
}

fn empty(calls: &[Judged], found: &FeatureReport, range: Range) -> Empty {
    if calls.is_empty() {
        return Empty::say(
            "no calls yet",
            &[
                "callboard import calls FILE.csv   every column it does not know is a feature",
                "callboard --demo                  shows a simulated market",
            ],
        );
    }
    if found.n == 0 {
        let mut empty = Empty::say(
            format!("no call with a settled outcome {}", range.phrase()),
            &["outcomes settle when a call's window is over"],
        );
        if range != Range::All {
            empty.next.insert(0, Step::Range(Range::All));
        }
        return empty;
    }
    Empty::say(
        format!("the {} settled calls sent no features", found.n),
        &["every further column of a call is stored and analysed as one"],
    )
}

/// Everything known of one feature over a range.
#[must_use]
pub fn page(
    board: &Board,
    calls: &[Judged],
    range: Range,
    as_of: Timestamp,
    provisional: bool,
    key: &str,
) -> Option<Page> {
    let found = report(board, calls, range, as_of, provisional);
    let row = found.rows.iter().find(|r| r.name == key)?;
    let pair = |label: &str, line: Line| (label.to_owned(), line);
    let mut pairs = Vec::new();
    if let Some(verdict) = row.verdict {
        pairs.push(pair(
            "verdict",
            Line::toned(verdict.name(), verdict_tone(verdict)),
        ));
    }
    pairs.push(pair("why", Line::plain(row.reason.clone())));
    pairs.push(pair(
        "calls",
        Line::plain(if row.kind == FeatureKind::Number {
            format!("{} say a number, {} do not", row.n_with, row.n_unknown)
        } else if row.kind == FeatureKind::Category {
            format!("{} say a word, {} do not", row.n_with, row.n_unknown)
        } else {
            format!(
                "{} with, {} without, {} unknown",
                row.n_with, row.n_without, row.n_unknown
            )
        }),
    ));
    let mut blocks = vec![Block::Pairs(pairs)];
    if row.kind == FeatureKind::Flag {
        for (name, test) in [("Pumps", &row.pump), ("Rugs and crashes", &row.rug)] {
            blocks.push(Block::Heading(name.to_owned()));
            blocks.push(Block::Pairs(arms(test)));
        }
        blocks.push(Block::Heading("Gain at the ATH".to_owned()));
        let gains = |g: &crate::analytics::features::Gains| {
            let text = |v: Option<f64>| {
                v.map_or_else(
                    || UNKNOWN.to_owned(),
                    |v| format::signed_percent(Percent(v)),
                )
            };
            Line::plain(format!("median {}, mean {}", text(g.median), text(g.mean)))
        };
        blocks.push(Block::Pairs(vec![
            pair("with", gains(&row.gain_with)),
            pair("without", gains(&row.gain_without)),
            pair(
                "rank test",
                row.gain_p.map_or_else(
                    || Line::toned("too few", Tone::Dim),
                    |p| {
                        Line::plain(format!("p {}", format::p_value(p)))
                            .and("  shown, never decides", Tone::Dim)
                    },
                ),
            ),
        ]));
        blocks.extend(insight::strata(row));
    } else {
        blocks.push(Block::Pairs(number_pairs(row)));
        blocks.extend(insight::parts(row, &board.settings().guards));
    }
    Some(Page {
        title: format!("{key} - {}", range.label()),
        blocks,
    })
}

fn arms(test: &ArmTest) -> Vec<(String, Line)> {
    let pair = |label: &str, line: Line| (label.to_owned(), line);
    let arm = |(k, n): (usize, usize), rate, interval| {
        Line::plain(format!("{k} of {n}")).and(
            format!("  {}", format::rate_with_interval(rate, interval)),
            Tone::Strong,
        )
    };
    let mut pairs = vec![
        pair(
            "with",
            arm(test.with, test.rate_with(), test.interval_with()),
        ),
        pair(
            "without",
            arm(test.without, test.rate_without(), test.interval_without()),
        ),
    ];
    if let (Some(with), Some(without), Some(i)) =
        (test.rate_with(), test.rate_without(), test.difference())
    {
        pairs.push(pair(
            "difference",
            Line::plain(format!(
                "{:+.1} points ({:+.1} to {:+.1})",
                (with - without) * 100.0,
                i.low * 100.0,
                i.high * 100.0
            ))
            .and("  95 % Newcombe", Tone::Dim),
        ));
    }
    if let Some(odds) = test.odds() {
        pairs.push(pair(
            "odds ratio",
            Line::plain(format!(
                "{:.2} ({:.2} to {:.2})",
                odds.adjusted, odds.interval.low, odds.interval.high
            ))
            .and("  +0.5 in each cell, 95 % Woolf", Tone::Dim),
        ));
    }
    if let (Some(p), Some(q)) = (test.p, test.q) {
        pairs.push(pair(
            "Fisher",
            Line::plain(format!(
                "p {}, q {}",
                format::p_value(p),
                format::p_value(q)
            ))
            .and("  q allows for all tests of the report", Tone::Dim),
        ));
    }
    pairs
}

fn number_pairs(row: &FeatureRow) -> Vec<(String, Line)> {
    let mut pairs = Vec::new();
    if let Some(rho) = row.spearman {
        let interval = rho.interval.map_or_else(String::new, |i| {
            format!(" ({:+.2} to {:+.2})", i.low, i.high)
        });
        let p = rho
            .p
            .map_or_else(String::new, |p| format!("  p {}", format::p_value(p)));
        pairs.push((
            "Spearman".to_owned(),
            Line::plain(format!("{}{interval}", format::correlation(rho.r)))
                .and(p, Tone::Dim)
                .and("  with the gain", Tone::Dim)
                .and(
                    if rho.n < MIN_CORRELATION_N {
                        "  too few to say"
                    } else {
                        ""
                    },
                    Tone::Warn,
                ),
        ));
    }
    for (what, auc) in [("pump", row.pump_auc), ("rug", row.rug_auc)] {
        let Some(auc) = auc else { continue };
        let interval = auc
            .interval
            .map_or_else(String::new, |i| format!(" ({:.2} to {:.2})", i.low, i.high));
        pairs.push((
            format!("AUC {what}"),
            Line::plain(format!("{:.2}{interval}", auc.auc))
                .and(format!("  p {}", format::p_value(auc.p)), Tone::Dim)
                .and(
                    format!("  chance that a {what} has the larger value"),
                    Tone::Dim,
                ),
        ));
    }
    pairs
}
