//! The columns of the tracker: what stands in each, and how it is worded.

use crate::analytics::Judged;
use crate::board::{Board, Trail};
use crate::domain::{Multiple, Percent, Span, Status, Timestamp};
use crate::view::format::{self, Style, UNKNOWN};
use crate::view::path;
use crate::view::table::{Align, Cell, Column, SortKey, Tone};

use super::{category_cell, is_stale, price_shown, state_cell, status_cell, symbol};

/// A call that is looked at.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub board: &'a Board,
    pub judged: &'a Judged,
    pub as_of: Timestamp,
    pub style: Style,
}

/// What a cell says. Numbers apart from their words: thousands are put in order without being
/// worded.
#[derive(Clone, Copy)]
pub(super) enum Figure {
    /// A word, or what has none.
    Word(fn(&Look<'_>) -> Cell),
    /// A change.
    Percent(fn(&Look<'_>) -> Option<Percent>),
    /// A multiple of the entry.
    Multiple(fn(&Look<'_>) -> Option<Multiple>),
    /// Another number, and how it is worded.
    Number(fn(&Look<'_>) -> Option<f64>, fn(&Look<'_>, f64) -> Cell),
}

impl Figure {
    pub(super) fn cell(self, look: &Look<'_>) -> Cell {
        match self {
            Self::Word(word) => word(look),
            Self::Percent(percent) => format::percent_cell(percent(look)),
            Self::Multiple(multiple) => format::multiple_cell(multiple(look)),
            Self::Number(value, words) => {
                value(look).map_or_else(|| Cell::unknown(UNKNOWN), |value| words(look, value))
            }
        }
    }

    pub(super) fn sort_key(self, look: &Look<'_>) -> SortKey {
        let number = match self {
            Self::Word(word) => return word(look).sort,
            Self::Percent(percent) => percent(look).map(Percent::value),
            Self::Multiple(multiple) => multiple(look).map(Multiple::value),
            Self::Number(value, _) => value(look),
        };
        number.map_or(SortKey::Unknown, SortKey::Number)
    }
}

impl<'a> Look<'a> {
    /// The recent path of a token that is followed.
    fn live(&self) -> Option<&'a Trail> {
        let token = self.judged.call.token.as_ref();
        let followed = self.judged.outcome.status == Status::Tracking;
        token.filter(|_| followed).and_then(|t| self.board.trail(t))
    }

    fn trailing(&self, hours: i64) -> Option<Percent> {
        let rules = &self.board.settings().rules;
        let live = self.live()?;
        live.trailing_change(self.as_of, Span::hours(hours), rules)
    }
}

/// An age in seconds as it is worded.
fn age(seconds: f64) -> Cell {
    Cell::number(format::age(format::seconds(seconds)), seconds).toned(Tone::Dim)
}

/// Every column, with what stands in it.
pub(super) const COLUMNS: [(Column, Figure); 21] = [
    (
        Column::new(
            "symbol",
            "Token",
            Align::Left,
            0,
            12,
            "the ticker; a label, never an identity",
        ),
        Figure::Word(|look| Cell::word(symbol(look.judged)).toned(Tone::Strong)),
    ),
    (
        Column::new("source", "Source", Align::Left, 1, 18, "who called it"),
        Figure::Word(|look| Cell::word(look.judged.call.source.clone())),
    ),
    (
        Column::new("age", "Called", Align::Right, 0, 7, "since the call"),
        Figure::Number(
            |look| Some(look.as_of.since(look.judged.call.called_at).as_seconds()),
            |_, seconds| age(seconds),
        ),
    ),
    (
        Column::new(
            "price",
            "Price",
            Align::Right,
            1,
            12,
            "latest accepted price in the window, USD; dim once it is no longer followed",
        ),
        Figure::Number(
            |look| price_shown(&look.judged.outcome).map(|p| p.price.usd()),
            |look, usd| {
                let cell = Cell::number(format::significant(usd, look.style), usd);
                if look.judged.outcome.status == Status::Tracking {
                    cell
                } else {
                    cell.toned(Tone::Dim)
                }
            },
        ),
    ),
    (
        Column::new(
            "seen",
            "Seen",
            Align::Right,
            3,
            7,
            "how old that price is, of a call in its window",
        ),
        Figure::Number(
            |look| {
                let o = &look.judged.outcome;
                let last = o.last.filter(|_| o.status == Status::Tracking)?;
                Some(look.as_of.since(last.at).as_seconds())
            },
            |look, seconds| match is_stale(look.board, look.judged, look.as_of) {
                // To be looked at when it is too old.
                Some(_) => age(seconds).toned(Tone::Warn),
                None => age(seconds),
            },
        ),
    ),
    (
        Column::new(
            "since",
            "Now",
            Align::Right,
            0,
            10,
            "latest (or final) price against the entry",
        )
        .moving(),
        Figure::Percent(|look| look.judged.outcome.fin.map(|f| f.multiple.gain())),
    ),
    (
        Column::new(
            "ath",
            "ATH",
            Align::Right,
            0,
            9,
            "highest multiple of the entry: best case, with hindsight",
        ),
        Figure::Multiple(|look| look.judged.outcome.ath.map(|a| a.multiple)),
    ),
    (
        Column::new(
            "status",
            "Status",
            Align::Left,
            0,
            11,
            "category ('?' while it may still change), or what is wrong: RUG, crashed, gone, stale",
        ),
        Figure::Word(|look| status_cell(look.board, look.judged, look.as_of)),
    ),
    (
        Column::new(
            "h1",
            "1h ago",
            Align::Right,
            2,
            9,
            "latest price against one hour before it",
        )
        .moving(),
        Figure::Percent(|look| look.trailing(1)),
    ),
    (
        Column::new(
            "h6",
            "6h ago",
            Align::Right,
            4,
            9,
            "latest price against six hours before it",
        )
        .moving(),
        Figure::Percent(|look| look.trailing(6)),
    ),
    (
        Column::new(
            "h24",
            "24h ago",
            Align::Right,
            4,
            9,
            "latest price against a day before it",
        )
        .moving(),
        Figure::Percent(|look| look.trailing(24)),
    ),
    (
        Column::new(
            "drawdown",
            "Max DD",
            Align::Right,
            2,
            8,
            "worst fall from the running peak",
        ),
        Figure::Percent(|look| look.judged.outcome.max_drawdown),
    ),
    (
        Column::new(
            "return_24h",
            "+24h",
            Align::Right,
            3,
            9,
            "return 24 hours after the call",
        )
        .moving(),
        Figure::Percent(|look| look.judged.outcome.returns[2]),
    ),
    (
        Column::new(
            "liquidity",
            "Liq",
            Align::Right,
            4,
            8,
            "latest liquidity, USD",
        ),
        Figure::Number(
            |look| look.judged.outcome.liquidity_usd,
            |_, usd| Cell::number(format::short_money(usd), usd),
        ),
    ),
    (
        Column::new(
            "ath_at",
            "ATH at",
            Align::Right,
            4,
            8,
            "when the highest multiple was reached, after the call",
        ),
        Figure::Number(
            |look| {
                let at = look.judged.outcome.ath.and_then(|ath| ath.at)?;
                Some(at.since(look.judged.call.called_at).as_seconds())
            },
            |_, seconds| {
                let after = format::age(format::seconds(seconds));
                Cell::number(format!("+{after}"), seconds).toned(Tone::Dim)
            },
        ),
    ),
    (
        Column::new(
            "path",
            "Last day",
            Align::Left,
            4,
            12,
            "its path over the last 24 hours, from its lowest to its highest",
        ),
        Figure::Word(|look| {
            let spark = look
                .live()
                .and_then(|t| path::spark(t.prices(), look.as_of, look.style));
            spark.map_or_else(
                || Cell::unknown(""),
                |spark| Cell::unknown(spark).toned(Tone::Plain),
            )
        }),
    ),
    (
        Column::new(
            "state",
            "State",
            Align::Left,
            5,
            8,
            "alive, rug, crashed, gone or unknown, from own evidence",
        ),
        Figure::Word(|look| state_cell(&look.judged.outcome)),
    ),
    (
        Column::new(
            "category",
            "Category",
            Align::Left,
            6,
            11,
            "the category, '?' while it may still change",
        ),
        Figure::Word(|look| category_cell(look.judged)),
    ),
    (
        Column::new(
            "return_1h",
            "+1h",
            Align::Right,
            6,
            9,
            "return one hour after the call",
        )
        .moving(),
        Figure::Percent(|look| look.judged.outcome.returns[0]),
    ),
    (
        Column::new(
            "return_6h",
            "+6h",
            Align::Right,
            6,
            9,
            "return six hours after the call",
        )
        .moving(),
        Figure::Percent(|look| look.judged.outcome.returns[1]),
    ),
    (
        Column::new(
            "coverage",
            "Cov",
            Align::Right,
            7,
            5,
            "share of five-minute slots with a price",
        ),
        Figure::Number(
            |look| look.judged.outcome.coverage.map(Percent::value),
            |_, share| Cell::number(format!("{share:.0}%"), share).toned(Tone::Dim),
        ),
    ),
];
