//! The filter lab as data: the features that can be set, and what the filter would have done.
//!
//! What does not depend on the filter is worked out once per state of the data ([`Bench`]), so that
//! a key is answered within a frame.

use std::fmt::Write as _;

use std::collections::{BTreeMap, HashMap};

use crate::analytics::features::{Facts, Split, eligible};
use crate::analytics::lab::{self, Base, Choices, Lost, Part, Setting, Side, Trial};
use crate::analytics::{Expression, FeatureKind, Judged, Names};
use crate::board::Board;
use crate::domain::{Category, Percent, Range, Timestamp};
use crate::stats;

pub use crate::analytics::lab::{Dial, Filter, SavedFilter};

use super::format::{self, UNKNOWN};
use super::layout::width;
use super::table::{Align, Block, Cell, Column, Empty, Line, Row, Screen, Table, Tone};

/// Saved filters that are compared.
const COMPARED: usize = 5;
/// Cells for a line that must fit the narrowest whole screen.
const LINE: usize = 76;
/// Cells for the same with more names, below the table where there is room.
const LONG: usize = 320;

const COLUMNS: [Column; 4] = [
    Column::new(
        "feature",
        "Feature",
        Align::Left,
        0,
        26,
        "what the call said",
    ),
    Column::new(
        "setting",
        "Setting",
        Align::Left,
        0,
        22,
        "what the filter asks of it",
    ),
    Column::new(
        "bonus",
        "Bonus",
        Align::Right,
        2,
        6,
        "points it counts to the score",
    ),
    Column::new(
        "known",
        "Calls that say",
        Align::Right,
        1,
        14,
        "calls that say it; the others never match",
    ),
];

const RESULTS: [Column; 6] = [
    Column::new(
        "calls",
        "Calls",
        Align::Left,
        0,
        20,
        "all of a part, or those kept",
    ),
    Column::new("n", "n", Align::Right, 0, 6, "how many"),
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
        15,
        "share of rugs and crashes, 95 % Wilson",
    ),
    Column::new(
        "median",
        "Median gain",
        Align::Right,
        1,
        24,
        "at the ATH, 95 % by order statistics",
    ),
    Column::new(
        "mean",
        "Mean gain",
        Align::Right,
        2,
        28,
        "at the ATH, 95 % by the standard error",
    ),
];

/// What the lab shows, and what its keys work on.
#[derive(Debug, Clone, PartialEq)]
pub struct LabView {
    /// The screen.
    pub screen: Screen,
    /// The features that can be set, in the order of the rows.
    pub dials: Vec<Dial>,
    /// Filters kept under a name.
    pub saved: Vec<SavedFilter>,
}

/// The calls of a range, made ready for any number of filters.
pub struct Bench {
    calls: Vec<Judged>,
    kinds: BTreeMap<String, FeatureKind>,
    dials: Vec<Dial>,
    split: Split,
    base: Base,
    board: Board,
    range: Range,
    as_of: Timestamp,
    /// What saved filters came to, by their text: whole and later.
    tried: HashMap<String, (Side, Side)>,
}

impl Bench {
    /// Makes the settled calls of a range ready.
    #[must_use]
    pub fn new(board: &Board, range: Range, as_of: Timestamp, provisional: bool) -> Self {
        let rules = &board.settings().rules;
        let all = board.judged(as_of);
        let window = range.window(as_of);
        let calls: Vec<Judged> = eligible(&all, &window, rules, provisional)
            .into_iter()
            .cloned()
            .collect();
        let kinds = board.feature_kinds(as_of).into_owned();
        let facts: Vec<Facts<'_>> = calls.iter().map(|j| Facts::of(j, rules)).collect();
        let times: Vec<_> = facts.iter().map(|f| f.at).collect();
        let dials = lab::dials(&facts, &kinds);
        let split = Split::of(&times, rules.window);
        Self {
            base: Base::of(&facts, &split),
            split,
            board: board.clone(),
            tried: HashMap::new(),
            calls,
            kinds,
            dials,
            range,
            as_of,
        }
    }

    /// The instant that the calls were judged at.
    #[must_use]
    pub const fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// What a filter would have done, beside the saved ones.
    pub fn view(&mut self, filter: &Filter, saved: &[SavedFilter]) -> LabView {
        let rules = self.board.settings().rules;
        let facts: Vec<Facts<'_>> = self.calls.iter().map(|j| Facts::of(j, &rules)).collect();
        let names = Names::new(&self.kinds);
        let text = filter.text();
        let read = text.as_deref().map(|t| Expression::parse(t, &names));
        let (expression, wrong) = match read {
            Some(Ok(expression)) => (Some(expression), None),
            Some(Err(error)) => (None, Some(error.to_string())),
            None => (None, None),
        };
        let trial = Trial::of(&facts, &self.base, &self.split, expression.as_ref());
        let mut compared = Vec::new();
        for kept in saved.iter().take(COMPARED) {
            let sides = if let Some(sides) = self.tried.get(&kept.expression) {
                sides.clone()
            } else {
                let Ok(found) = Expression::parse(&kept.expression, &names) else {
                    continue;
                };
                let trial = Trial::of(&facts, &self.base, &self.split, Some(&found));
                let sides = (trial.whole.kept, trial.later.kept);
                self.tried.insert(kept.expression.clone(), sides.clone());
                sides
            };
            compared.push((kept, sides));
        }
        let what = text.unwrap_or_else(|| "everything: nothing is asked for yet".to_owned());
        let mut lines = vec![Line::toned("keep ", Tone::Dim).and(what, Tone::Strong)];
        if let Some(wrong) = wrong {
            lines.push(Line::toned(wrong, Tone::Bad));
        }
        let mut above = vec![Block::Text(lines), Block::Table(results(&trial))];
        if expression.is_some() {
            above.push(Block::Text(consequences(&trial, LINE)));
        }
        let mut notes = Vec::new();
        if expression.is_some() {
            notes.extend(consequences(&trial, LONG).into_iter().take(2));
        }
        notes.extend(categories(&trial.whole));
        notes.extend(compared.iter().map(|(kept, sides)| comparison(kept, sides)));
        notes.push(Line::toned(
            "earlier: first 60 % of the calls; later: behind an embargo of one window. Trying many filters finds one that only looks good: trust the later line",
            Tone::Dim,
        ));
        let empty = self.calls.is_empty().then(|| {
            Empty::say(
                format!("no call with a settled outcome {}", self.range.phrase()),
                &["outcomes settle when a call's window is over"],
            )
        });
        LabView {
            screen: Screen {
                above,
                table: Table {
                    columns: COLUMNS.to_vec(),
                    rows: self.dials.iter().map(|d| row(d, filter)).collect(),
                },
                notes,
                empty,
                count: format!(
                    "lab: {} of {} calls kept",
                    trial.whole.kept.n, trial.whole.all.n
                ),
                as_of: format!("{} UTC", self.as_of.minute_label()),
                ..Screen::default()
            },
            dials: self.dials.clone(),
            saved: saved.to_vec(),
        }
    }
}

/// A number in four digits, or in as many as its whole part has.
fn short(value: f64) -> String {
    let before = value.abs().log10().floor().max(-12.0) as i32;
    let places = usize::try_from(3 - before).unwrap_or(0);
    let text = format!("{value:.places$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

fn row(dial: &Dial, filter: &Filter) -> Row {
    let (setting, tone) = match filter.setting(&dial.name) {
        None => match &dial.choices {
            Choices::Number(steps) => (
                match (steps.first(), steps.last()) {
                    (Some(low), Some(high)) => {
                        format!("any ({} to {})", short(*low), short(*high))
                    }
                    _ => "any".to_owned(),
                },
                Tone::Dim,
            ),
            Choices::Flag | Choices::Words(_) => ("any".to_owned(), Tone::Dim),
        },
        Some(Setting::Required) => ("required".to_owned(), Tone::Good),
        Some(Setting::Forbidden) => ("forbidden".to_owned(), Tone::Bad),
        Some(Setting::AtLeast(at)) => (format!(">= {}", at.value()), Tone::Strong),
        Some(Setting::AtMost(at)) => (format!("<= {}", at.value()), Tone::Strong),
        Some(Setting::Is(word)) => (format!("= {word}"), Tone::Strong),
    };
    let bonus = match filter.bonus_of(&dial.name) {
        0 => Cell::unknown(""),
        n => Cell::number(format!("+{n}"), f64::from(n)),
    };
    Row {
        key: dial.name.clone(),
        cells: vec![
            Cell::word(dial.name.clone()).toned(Tone::Strong),
            Cell::word(setting).toned(tone),
            bonus,
            Cell::number(dial.known.to_string(), dial.known as f64),
        ],
        dim: false,
        copy: filter.text().unwrap_or_default(),
    }
}

fn share((k, n): (usize, usize)) -> Cell {
    if n == 0 {
        return Cell::unknown(UNKNOWN);
    }
    let rate = k as f64 / n as f64;
    Cell::number(
        format::rate_with_interval(Some(rate), stats::wilson(k as u64, n as u64)),
        rate,
    )
}

fn gain(value: Option<f64>, interval: Option<stats::Interval>) -> Cell {
    let Some(value) = value else {
        return Cell::unknown(UNKNOWN);
    };
    let around = interval.map_or_else(String::new, |i| {
        format!(" ({:+.0} to {:+.0})", i.low, i.high)
    });
    Cell::number(
        format!("{}{around}", format::signed_percent(Percent(value))),
        value,
    )
}

fn results(trial: &Trial) -> Table {
    let mut rows = Vec::new();
    for (name, part) in [
        ("range", &trial.whole),
        ("earlier", &trial.earlier),
        ("later", &trial.later),
    ] {
        for (what, side) in [("all", &part.all), ("kept", &part.kept)] {
            let label = format!("{name}, {what}");
            rows.push(Row {
                key: label.clone(),
                cells: vec![
                    Cell::word(label),
                    Cell::number(side.n.to_string(), side.n as f64),
                    share(side.pump),
                    share(side.rug),
                    gain(side.median, side.median_interval),
                    gain(side.mean, side.mean_interval),
                ],
                dim: side.n < 5 || what == "all",
                copy: String::new(),
            });
        }
    }
    Table {
        columns: RESULTS.to_vec(),
        rows: rows.into(),
    }
}

/// What would be gone, by name.
fn consequences(trial: &Trial, room: usize) -> Vec<Line> {
    let mut lines = vec![
        named("thrown away", "pump", &trial.thrown, Tone::Bad, room),
        named("spared", "rug", &trial.spared, Tone::Good, room),
    ];
    if trial.unknown > 0 {
        lines.push(Line::toned(
            format!(
                "{} do not say enough to match, and are not kept",
                format::count(trial.unknown, "call")
            ),
            Tone::Warn,
        ));
    }
    lines
}

/// Who is gone, as many by name as fit a number of cells.
fn named(what: &str, kind: &str, lost: &Lost, tone: Tone, room: usize) -> Line {
    let mut head = format!("{what}: {}", format::count(lost.n, kind));
    if lost.moons > 0 {
        let _ = write!(head, " ({})", format::count(lost.moons, "MOON"));
    }
    let mut text = String::new();
    let mut shown = 0;
    for gone in &lost.first {
        let moon = if gone.category == Some(Category::Moon) {
            "MOON "
        } else {
            ""
        };
        let gain = gone.gain.map_or_else(String::new, |g| {
            format!(" {}", format::signed_percent(Percent(g)))
        });
        let next = format!(
            "{}{moon}{}{gain}",
            if shown == 0 { " " } else { ", " },
            gone.name
        );
        // "and 12,345 more" has its place too.
        if width(&head) + width(&text) + width(&next) + 16 > room {
            break;
        }
        text.push_str(&next);
        shown += 1;
    }
    if lost.n > shown && shown > 0 {
        let _ = write!(text, " and {} more", lost.n - shown);
    }
    Line::toned(head, tone).and(text, Tone::Dim)
}

/// The distribution over the categories, without and with the filter.
fn categories(part: &Part) -> Option<Line> {
    let sum = |side: &Side| side.categories.iter().sum::<usize>();
    let (all, kept) = (sum(&part.all), sum(&part.kept));
    if all == 0 {
        return None;
    }
    let share = |k: usize, n: usize| {
        if n == 0 {
            UNKNOWN.to_owned()
        } else {
            format!("{:.0} %", k as f64 / n as f64 * 100.0)
        }
    };
    let each: Vec<String> = Category::EACH
        .into_iter()
        .map(|c| {
            let (a, k) = (
                part.all.categories[c.index()],
                part.kept.categories[c.index()],
            );
            format!(
                "{} {a} -> {k} ({} -> {})",
                c.name(),
                share(a, all),
                share(k, kept)
            )
        })
        .collect();
    Some(Line::plain(each.join(", ")))
}

fn comparison(kept: &SavedFilter, (whole, later): &(Side, Side)) -> Line {
    let rate = |side: &Side| {
        format!(
            "pump {}, rug {}",
            share(side.pump).text,
            share(side.rug).text
        )
    };
    Line::toned(format!("{}: ", kept.name), Tone::Strong)
        .and(
            format!(
                "{} kept, {}; later {} kept, {}",
                whole.n,
                rate(whole),
                later.n,
                rate(later)
            ),
            Tone::Plain,
        )
        .and(format!("  {}", kept.expression), Tone::Dim)
}
