//! Two models side by side: their figures, the differences, and how sure those are.

use std::fmt;

use crate::analytics::compare::{Comparison, Gap, Leader};
use crate::analytics::leaderboard::exceeds;
use crate::analytics::{BookKey, ConfidenceVerdict, Summary, TradeFigures};
use crate::board::Board;
use crate::domain::{Range, Timestamp};
use crate::stats::bootstrap::{ENOUGH_DAYS, MIN_DAYS};

use super::format::{self, Style, UNKNOWN};
use super::leaderboard::book_row_key;
use super::table::{Align, Block, Cell, Column, Line, Page, Row, Step, Table, Tone};

/// Stands between the parts of a key; no name holds it, since names lose control characters on
/// their way in.
const PART: char = '\u{1f}';

/// Which two rows are compared, as a key that a page is opened by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairKey {
    /// The key of the first row.
    pub first: String,
    /// The key of the second row.
    pub second: String,
    /// Only on the days on which both closed a trade.
    pub shared_days: bool,
}

impl PairKey {
    /// Reads what [`fmt::Display`] wrote; `None` for the key of a row.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        let mut parts = key.split(PART);
        let pair = Self {
            first: parts.next()?.to_owned(),
            second: parts.next()?.to_owned(),
            shared_days: parts.next().is_some(),
        };
        Some(pair)
    }
}

impl fmt::Display for PairKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = if self.shared_days { "\u{1f}shared" } else { "" };
        write!(f, "{}{PART}{}{shared}", self.first, self.second)
    }
}

/// The page of a pair. `None` when either row is gone, or their currencies differ.
#[must_use]
pub fn page(
    board: &Board,
    range: Range,
    as_of: Timestamp,
    style: Style,
    pair: &PairKey,
) -> Option<Page> {
    let find = |key: &str| board.books().find(|(k, _)| book_row_key(k) == key);
    let (first, second) = (find(&pair.first)?, find(&pair.second)?);
    let keys = [first.0, second.0];
    let title = format!(
        "{} against {} - {}",
        keys[0].model,
        keys[1].model,
        range.label()
    );
    if keys[0].currency != keys[1].currency {
        let text = "in different currencies: what they earned cannot be compared";
        return Some(Page {
            title,
            blocks: vec![Block::Text(vec![Line::toned(text, Tone::Warn)])],
        });
    }
    let window = range.window(as_of);
    let found = Comparison::of([first.1, second.1], &window, pair.shared_days);
    let names = keys.map(|k| k.model.as_str());
    let mut said = vec![Line::toned(verdict(&found, names, style), Tone::Strong)];
    said.extend(caution(&found).map(|text| Line::toned(text, Tone::Warn)));
    said.push(Line::toned(days(&found, pair.shared_days), Tone::Dim));
    Some(Page {
        title,
        blocks: vec![
            Block::Heading(format!("Who is better, in {}", keys[0].currency)),
            Block::Text(said),
            Block::Next(if pair.shared_days {
                Step::AllDays
            } else {
                Step::SharedDays
            }),
            Block::Table(differences(&found, style)),
            Block::Heading("Side by side".to_owned()),
            Block::Table(side_by_side(&found, keys, style)),
            Block::Heading("Confidence".to_owned()),
            Block::Pairs(
                names
                    .iter()
                    .zip(found.summaries.iter().zip(&found.figures))
                    .map(|(name, (s, f))| {
                        let said = super::confidence::verdict(&ConfidenceVerdict::of(s, f));
                        ((*name).to_owned(), Line::plain(said))
                    })
                    .collect(),
            ),
        ],
    })
}

/// Who is better per trade, in one line.
#[must_use]
pub fn verdict(found: &Comparison, [first, second]: [&str; 2], style: Style) -> String {
    let gap = &found.average;
    let (Some(difference), sure) = (gap.difference, gap.sure) else {
        return "cannot be compared: one of them closed no trade".to_owned();
    };
    let Some(sure) = sure else {
        let days = format::count(found.days, "day");
        return if difference == 0.0 {
            format!("a tie so far: the same per trade, on {days}")
        } else {
            format!("who is better cannot be told yet: trades on {days}, {MIN_DAYS} are needed")
        };
    };
    let (lead, behind, sign, above) = if difference < 0.0 {
        (second, first, -1.0, 1.0 - sure.above)
    } else {
        (first, second, 1.0, sure.above)
    };
    let (low, high) = if sign > 0.0 {
        (sure.interval.low, sure.interval.high)
    } else {
        (-sure.interval.high, -sure.interval.low)
    };
    let money = |v: f64| format::signed_money(v, style);
    let figures = format!(
        "{} a trade ({} to {}), P({lead} better) {}",
        money(difference * sign),
        money(low),
        money(high),
        format::probability(above)
    );
    match gap.leader() {
        Leader::Tie | Leader::Unknown => {
            format!("a tie: {lead} ahead of {behind} by {figures}")
        }
        Leader::First | Leader::Second => format!("{lead} is better than {behind}: {figures}"),
    }
}

/// Who earned more in all, which is no more than that.
#[must_use]
pub fn total(found: &Comparison, [first, second]: [&str; 2], style: Style) -> String {
    let [a, b] = found.summaries.map(|s| s.total_pnl());
    if !exceeds(a, b) && !exceeds(b, a) {
        return "a tie in total P&L".to_owned();
    }
    let leader = if a > b { first } else { second };
    format!(
        "{leader} leads by {} in total P&L",
        format::money((a - b).abs(), style)
    )
}

/// Why the intervals are to be taken with care.
#[must_use]
pub fn caution(found: &Comparison) -> Option<String> {
    (found.days >= MIN_DAYS && found.days < ENOUGH_DAYS).then(|| {
        format!(
            "trades on {} only: it is less sure than it looks (from {ENOUGH_DAYS} days on it is \
             not)",
            format::count(found.days, "day")
        )
    })
}

fn days(found: &Comparison, shared_only: bool) -> String {
    let shared = format::count(found.shared_days, "day");
    if shared_only {
        format!("only the {shared} on which both closed a trade")
    } else {
        format!(
            "{} with trades, {shared} with trades of both",
            format::count(found.days, "day")
        )
    }
}

/// A difference with its interval and how likely the first is ahead: the words of a figure.
#[must_use]
pub fn gap_words(gap: &Gap, words: impl Fn(f64) -> String) -> [String; 3] {
    let unknown = || UNKNOWN.to_owned();
    [
        gap.difference.map_or_else(unknown, &words),
        gap.sure.map_or_else(unknown, |s| {
            format!("{} to {}", words(s.interval.low), words(s.interval.high))
        }),
        gap.sure
            .map_or_else(unknown, |s| format::probability(s.above)),
    ]
}

/// Percentage points, with their sign.
#[must_use]
pub fn points(share: f64) -> String {
    format!("{:+.1} pt", share * 100.0)
}

fn column(key: &'static str, title: &'static str, widest: u16) -> Column {
    let align = if key == "figure" {
        Align::Left
    } else {
        Align::Right
    };
    Column::new(key, title, align, 0, widest, "")
}

fn differences(found: &Comparison, style: Style) -> Table {
    let money = |v: f64| format::signed_money(v, style);
    let row = |name: &str, gap: &Gap, words: &dyn Fn(f64) -> String| {
        let [difference, interval, above] = gap_words(gap, words);
        let tone = match gap.leader() {
            Leader::First => Tone::Good,
            Leader::Second => Tone::Bad,
            Leader::Tie | Leader::Unknown => Tone::Plain,
        };
        Row {
            key: name.to_owned(),
            cells: vec![
                Cell::word(name),
                Cell::word(difference).toned(tone),
                Cell::word(interval),
                Cell::word(above),
            ],
            dim: false,
            copy: String::new(),
        }
    };
    Table {
        columns: vec![
            column("figure", "First less second", 18),
            column("difference", "Difference", 16),
            column("interval", "95 %", 28),
            column("above", "P(first ahead)", 14),
        ],
        rows: vec![
            row("average P&L", &found.average, &money),
            row("win rate", &found.win_rate, &points),
            row("total P&L", &found.total, &money),
        ]
        .into(),
    }
}

fn side_by_side(found: &Comparison, keys: [&BookKey; 2], style: Style) -> Table {
    let sides: Vec<(&Summary, &TradeFigures)> =
        found.summaries.iter().zip(&found.figures).collect();
    let money = |v: Option<f64>| format::money_cell(v, style);
    let row = |name: &str, cell: &dyn Fn(&Summary, &TradeFigures) -> Cell| {
        let mut cells = vec![Cell::word(name)];
        cells.extend(sides.iter().map(|(s, f)| cell(s, f)));
        Row {
            key: name.to_owned(),
            cells,
            dim: false,
            copy: String::new(),
        }
    };
    let names = Row {
        key: "names".to_owned(),
        cells: std::iter::once(Cell::word(""))
            .chain(keys.map(|k| Cell::word(k.model.clone()).toned(Tone::Strong)))
            .collect(),
        dim: false,
        copy: String::new(),
    };
    Table {
        columns: vec![
            column("figure", "", 16),
            column("first", "First", 28),
            column("second", "Second", 28),
        ],
        rows: vec![
            names,
            row("trades", &|s, _| Cell::word(s.trades().to_string())),
            row("win rate", &|s, _| {
                let n = u64::from(s.trades());
                let rate = (n > 0).then(|| f64::from(s.wins) / n as f64);
                let interval = crate::stats::wilson(u64::from(s.wins), n);
                Cell::word(format::rate_with_interval(rate, interval))
            }),
            row("total P&L", &|s, _| {
                money((s.trades() > 0).then(|| s.total_pnl()))
            }),
            row("average", &|s, _| money(s.average_pnl())),
            row("median", &|_, f| money(f.median_pnl)),
            row("best", &|s, _| money(s.best())),
            row("worst", &|s, _| money(s.worst())),
            row("max drawdown", &|s, _| money(s.max_drawdown())),
            row("profit factor", &|s, _| match s.profit_factor() {
                Some(factor) => Cell::word(format!("{factor:.2}")),
                None if s.trades() > 0 => Cell::unknown(format!("no losses (n={})", s.trades())),
                None => Cell::unknown(UNKNOWN),
            }),
            row("long", &|s, _| money(s.long.total_pnl())),
            row("short", &|s, _| money(s.short.total_pnl())),
            row("after cost", &|s, _| money(s.net_of_cost())),
            row("AUC", &|_, f| {
                f.auc.map_or_else(
                    || Cell::unknown(UNKNOWN),
                    |auc| Cell::word(super::confidence::auc(&auc)),
                )
            }),
        ]
        .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_survives_its_key_and_a_row_is_none() {
        for shared_days in [false, true] {
            let pair = PairKey {
                first: "a/b c/USD".to_owned(),
                second: "狗 shared/SOL".to_owned(),
                shared_days,
            };
            assert_eq!(PairKey::parse(&pair.to_string()), Some(pair));
        }
        assert_eq!(PairKey::parse("model/USD"), None);
    }
}
