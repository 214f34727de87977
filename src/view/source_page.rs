//! The page of a source, of all of them together, and of two side by side.

use crate::analytics::reputation::{PROVEN_N, Reputation};
use crate::analytics::sources::{Following, Late};
use crate::analytics::{Categories, Judged, Selection, SourceRow, sources};
use crate::board::Board;
use crate::domain::{Category, Range, Span, Timestamp};
use crate::stats::newcombe;

use super::categories::{
    ALL, bars, headline, mix, more, multiple_text, notes, points_with_interval, rank_text,
};
use super::compare_page::PairKey;
use super::format::{self, Style, UNKNOWN};
use super::table::{Align, Block, Cell, Column, Line, Page, Row, Table, Tone};
use super::tracker::{category_cell, symbol};

/// Calls listed on a page; `--report calls` lists every one.
const LISTED: usize = 100;

/// Everything known of one source over a range, of [`ALL`], or of two ([`PairKey`]).
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
    let settings = board.settings();
    let window = range.window(as_of);
    let selection = Selection::of(calls, &window, &settings.rules, provisional);
    let all = || {
        let min_n = settings.min_rank_n;
        sources(calls, &selection, &settings.rules, min_n, as_of, true)
    };
    if let Some(pair) = PairKey::parse(key) {
        let (a, b) = (pair.first.as_str(), pair.second.as_str());
        let rows = all();
        // All of them together are no source, and hold the other one.
        let find = |name: &str| rows.iter().find(|row| row.source == name);
        return Some(Page {
            title: format!("{a} and {b} - {}", range.label()),
            blocks: compared(find(a)?, find(b)?),
        });
    }
    let own: Vec<Judged> = calls
        .iter()
        .filter(|j| key == ALL || j.call.source == key)
        .cloned()
        .collect();
    let own_selection = Selection::of(&own, &window, &settings.rules, provisional);
    let found = Categories::of(&own_selection);
    if found.counts.total == 0 {
        return None;
    }
    let mut blocks = vec![
        Block::Text(headline(&found)),
        Block::Bars(bars(&found.overall, style)),
    ];
    let notes = notes(&found);
    if !notes.is_empty() {
        blocks.push(Block::Text(notes));
    }
    if key == ALL {
        let following = Following::of(&own_selection.settled);
        blocks.push(Block::Heading("What following them was like".to_owned()));
        blocks.push(Block::Pairs(followed(&following)));
    } else if let Some(row) = all().iter().find(|row| row.source == key) {
        blocks.push(Block::Heading("Reputation".to_owned()));
        blocks.push(Block::Pairs(reputation(row)));
        if let Some(following) = &row.following {
            blocks.push(Block::Heading("What following it was like".to_owned()));
            blocks.push(Block::Pairs(followed(following)));
        }
    }
    blocks.extend(more(&own_selection, &found));
    if key != ALL {
        let mut newest = own_selection.in_range.clone();
        newest.reverse();
        blocks.push(Block::Heading(if newest.len() > LISTED {
            format!("Its newest {LISTED} of {} calls", newest.len())
        } else {
            "Its calls".to_owned()
        }));
        newest.truncate(LISTED);
        blocks.push(Block::Table(calls_table(&newest, as_of)));
    }
    let name = if key == ALL { "all sources" } else { key };
    Some(Page {
        title: format!("{name} - {}", range.label()),
        blocks,
    })
}

/// The score with its parts, its place, the shrunk rates, who was first, drift.
fn reputation(row: &SourceRow) -> Vec<(String, Line)> {
    let r = &row.reputation;
    let pair = |label: &str, line: Line| (label.to_owned(), line);
    let dim = |text: String| Line::toned(text, Tone::Dim);
    if r.n == 0 {
        return vec![pair(
            "score",
            dim("unknown: no call of it has a category yet".to_owned()),
        )];
    }
    let mut pairs = vec![
        pair("score", score_line(r)),
        pair(
            "its parts",
            Line::plain(format!(
                "{:.1} of 50 earned, {:.1} of 25 winners, {:.1} of 25 no crash",
                r.parts.earned, r.parts.winners, r.parts.no_crash
            )),
        ),
        pair(
            "place",
            match rank_text(row) {
                Some(text) => Line::plain(text).and(
                    "  the place by score, and where it lies for sure (95%)",
                    Tone::Dim,
                ),
                None => dim(format!("none: {} of {PROVEN_N} completed calls", r.n)),
            },
        ),
    ];
    if let Some(shrunk) = row.shrunk {
        let rates = |raw: Option<f64>, shrunk: f64| {
            let raw = raw.map_or_else(|| UNKNOWN.to_owned(), format::rate);
            Line::plain(raw).and(
                format!("  {} when drawn to the usual source", format::rate(shrunk)),
                Tone::Dim,
            )
        };
        let d = &row.distribution;
        pairs.push(pair("winners", rates(d.win_rate, shrunk.win_rate)));
        pairs.push(pair("crashed", rates(d.crash_rate, shrunk.crash_rate)));
    }
    if let Some(o) = row.originality {
        let lag = o.median_lag.map_or_else(String::new, |lag| {
            format!("; else {} behind the first (median)", format::age(lag))
        });
        pairs.push(pair(
            "was first",
            match o.share() {
                Some(share) => Line::plain(format!(
                    "{} of {}",
                    format::rate(share),
                    format::count(o.n, "token")
                ))
                .and(lag, Tone::Dim),
                None => dim("unknown: its calls name no token".to_owned()),
            },
        ));
    }
    if let Some(drift) = row.drift {
        let sides = format!(
            "  winners {} of {} in the last 30 days, {} of {} before",
            drift.recent.0, drift.recent.1, drift.before.0, drift.before.1
        );
        pairs.push(pair(
            "drift",
            match drift.difference {
                Some((by, interval)) => {
                    let sure = interval.low > 0.0 || interval.high < 0.0;
                    let word = if sure { "" } else { ", no change shown" };
                    Line::plain(format!(
                        "{} points{word}",
                        points_with_interval(by, interval)
                    ))
                    .and(sides, Tone::Dim)
                }
                None => dim(format!("unknown:{sides}")),
            },
        ));
    }
    pairs
}

fn score_line(r: &Reputation) -> Line {
    let interval = r.sure.map_or_else(String::new, |sure| {
        format!(" ({:.0}-{:.0})", sure.score.low, sure.score.high)
    });
    Line::toned(
        format!("{:.0}{interval} {}", r.score, r.tier.name()),
        Tone::Strong,
    )
    .and(
        format!(
            "  {:.0} before it is drawn to the usual source, over {}",
            r.raw,
            format::count(r.n, "call")
        ),
        Tone::Dim,
    )
}

fn hours(value: Option<f64>) -> String {
    value.map_or_else(
        || UNKNOWN.to_owned(),
        |hours| format::age(Span::from_millis((hours * 3.6e6) as i64)),
    )
}

/// What a follower had, how long it took, and what being late cost.
fn followed(f: &Following) -> Vec<(String, Line)> {
    let pair = |label: String, line: Line| (label, line);
    let mut pairs = vec![
        pair(
            "half sold at 2x".to_owned(),
            Line::plain(format!(
                "median {}, mean {}",
                multiple_text(f.held.median),
                multiple_text(f.held.mean)
            ))
            .and(
                format!("  and the rest at the end; n={}", f.held.n),
                Tone::Dim,
            ),
        ),
        pair(
            "to the ATH".to_owned(),
            Line::plain(hours(f.hours_to_ath.median)).and(
                format!("  median; n={} with a known time", f.hours_to_ath.n),
                Tone::Dim,
            ),
        ),
        pair(
            "to 2x".to_owned(),
            Line::plain(hours(f.hours_to_2x.median)).and(
                format!(
                    "  median of the {} that reached it, of {} with own prices",
                    f.hours_to_2x.n, f.followed
                ),
                Tone::Dim,
            ),
        ),
    ];
    for (delay, late) in f.late.iter().enumerate() {
        let line = if late.fin.n == 0 {
            Line::toned("unknown: no price was seen then", Tone::Dim)
        } else {
            Line::plain(format!(
                "final {} (median), {} on time",
                multiple_text(late.fin.median),
                multiple_text(late.on_time)
            ))
            .and(
                format!(
                    "  paid {} of the entry; n={}",
                    multiple_text(late.paid),
                    late.fin.n
                ),
                Tone::Dim,
            )
        };
        pairs.push(pair(format!("{} min late", Late::minutes(delay)), line));
    }
    pairs
}

fn calls_table(calls: &[&Judged], as_of: Timestamp) -> Table {
    let column = |key, title, align, width| Column::new(key, title, align, 0, width, "");
    let multiple = |value: Option<crate::domain::Multiple>| format::multiple_cell(value);
    Table {
        columns: vec![
            column("symbol", "Token", Align::Left, 14),
            column("age", "Called", Align::Right, 8),
            column("ath", "ATH", Align::Right, 9),
            column("final", "Final", Align::Right, 9),
            column("category", "Category", Align::Left, 12),
        ],
        rows: calls
            .iter()
            .map(|judged| {
                let o = &judged.outcome;
                let age = as_of.since(judged.call.called_at);
                let mut category = category_cell(judged);
                if judged.standing != crate::analytics::Standing::Counted {
                    category = Cell::unknown(judged.standing.name());
                }
                Row {
                    key: judged.call.id.0.clone(),
                    cells: vec![
                        Cell::word(symbol(judged)),
                        Cell::number(format::age(age), age.as_seconds()),
                        multiple(o.ath.map(|ath| ath.multiple)),
                        multiple(o.fin.map(|fin| fin.multiple)),
                        category,
                    ],
                    dim: false,
                    copy: judged.call.id.0.clone(),
                }
            })
            .collect(),
    }
}

/// Two sources, figure by figure, and which differences are sure.
fn compared(a: &SourceRow, b: &SourceRow) -> Vec<Block> {
    let (x, y) = (&a.distribution, &b.distribution);
    let column = |key, title, width| Column::new(key, title, Align::Right, 0, width, "");
    let row = |name: &str, a: String, b: String, by: String| Row {
        key: name.to_owned(),
        cells: [name.to_owned(), a, b, by].map(Cell::word).to_vec(),
        dim: false,
        copy: String::new(),
    };
    let none = String::new;
    let score = |s: &SourceRow| match s.reputation.n {
        0 => UNKNOWN.to_owned(),
        _ => format!("{:.0} {}", s.reputation.score, s.reputation.tier.name()),
    };
    let place = |s: &SourceRow| rank_text(s).unwrap_or_else(|| UNKNOWN.to_owned());
    let difference = |k: fn(Category) -> bool| {
        let count = |d: &crate::analytics::Distribution| (d.count(k), d.n);
        let ((k1, n1), (k2, n2)) = (count(x), count(y));
        newcombe(k1 as u64, n1 as u64, k2 as u64, n2 as u64).map_or_else(none, |interval| {
            points_with_interval(k1 as f64 / n1 as f64 - k2 as f64 / n2 as f64, interval)
        })
    };
    let follow = |s: &SourceRow, pick: fn(&Following) -> String| {
        s.following
            .as_ref()
            .map_or_else(|| UNKNOWN.to_owned(), pick)
    };
    let followed = |name: &str, pick: fn(&Following) -> String| {
        row(name, follow(a, pick), follow(b, pick), none())
    };
    let multiples = |name: &str, a: Option<f64>, b: Option<f64>| {
        row(name, multiple_text(a), multiple_text(b), none())
    };
    let first = |s: &SourceRow| {
        let share = s.originality.and_then(|o| o.share());
        share.map_or_else(|| UNKNOWN.to_owned(), format::rate)
    };
    let rates = |d: &crate::analytics::Distribution| {
        [
            (d.win_rate, d.win_interval),
            (d.crash_rate, d.crash_interval),
        ]
        .map(|(rate, interval)| format::rate_with_interval(rate, interval))
    };
    let ([win_a, crash_a], [win_b, crash_b]) = (rates(x), rates(y));
    let table = Table {
        columns: vec![
            Column::new("figure", "", Align::Left, 0, 16, ""),
            column("a", "A", 20),
            column("b", "B", 20),
            column("by", "A less B (95%)", 20),
        ],
        rows: vec![
            row("calls", x.n.to_string(), y.n.to_string(), none()),
            row("reputation", score(a), score(b), none()),
            row("place", place(a), place(b), none()),
            row("winners", win_a, win_b, difference(Category::is_winner)),
            row(
                "crashed",
                crash_a,
                crash_b,
                difference(|c| c == Category::Crash),
            ),
            multiples("median ATH", x.ath.median, y.ath.median),
            multiples("median final", x.fin.median, y.fin.median),
            multiples("median gap", x.gap.median, y.gap.median),
            followed("half at 2x", |f| multiple_text(f.held.median)),
            followed("to 2x", |f| hours(f.hours_to_2x.median)),
            followed("5 min late", |f| multiple_text(f.late[1].fin.median)),
            row("was first", first(a), first(b), none()),
            row("mix", mix(x), mix(y), none()),
        ]
        .into(),
    };
    let legend = Line::toned("A ", Tone::Dim)
        .and(a.source.as_str(), Tone::Strong)
        .and("   B ", Tone::Dim)
        .and(b.source.as_str(), Tone::Strong);
    vec![
        Block::Text(vec![legend, verdict(a, b)]),
        Block::Table(table),
    ]
}

/// Whether one is better for sure.
fn verdict(a: &SourceRow, b: &SourceRow) -> Line {
    let Some((by, interval)) = a.reputation.difference(&b.reputation) else {
        return Line::toned("too few completed calls to compare the two", Tone::Warn);
    };
    let points = format!(
        "{by:+.0} points a call ({:+.0} to {:+.0})",
        interval.low, interval.high
    );
    if interval.low > 0.0 || interval.high < 0.0 {
        let name = if by > 0.0 { &a.source } else { &b.source };
        Line::toned(format!("{name} is better: {points}"), Tone::Good)
    } else {
        Line::plain(format!("a tie: {points}"))
    }
}
