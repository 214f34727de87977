//! The part of a model's page that only the store can tell: symbols, and the trades one by one.

use crate::analytics::book::Extent;
use crate::analytics::{BookKey, Point};
use crate::board::Board;
use crate::domain::{Range, Timestamp, Trade, Window};
use crate::store::{ModelTrades, SymbolSums};

use super::format::{self, Style, UNKNOWN};
use super::model_page::{group_columns, group_row};
use super::table::{Align, Block, Cell, Column, Line, Row, Table, Tone};

/// Symbols that are listed.
const SYMBOLS: usize = 15;

/// What only the store knows: symbols, and the trades one by one.
#[must_use]
pub fn of_store(trades: Option<&ModelTrades>, closed: usize, style: Style) -> Vec<Block> {
    let Some(trades) = trades else {
        return Vec::new();
    };
    let mut blocks = vec![Block::Heading("By symbol".to_owned())];
    let of_symbol = |s: &SymbolSums| {
        let name = s.symbol.as_deref().unwrap_or("unknown");
        group_row(name, s.trades, s.wins, s.pnl, style)
    };
    blocks.push(Block::Table(Table {
        columns: group_columns(""),
        rows: trades.symbols.iter().take(SYMBOLS).map(of_symbol).collect(),
    }));
    if trades.symbols.len() > SYMBOLS {
        let rest = trades.symbols.len() - SYMBOLS;
        let text = format!(
            "... and {}, less traded",
            format::count(rest, "more symbol")
        );
        blocks.push(Block::Text(vec![Line::toned(text, Tone::Dim)]));
    }
    let heading = if trades.newest.len() < closed {
        format!("The latest {} of {closed} trades", trades.newest.len())
    } else {
        format::count(closed, "trade")
    };
    blocks.push(Block::Heading(heading));
    blocks.push(Block::Rows(trade_table(&trades.newest, style)));
    blocks
}

#[rustfmt::skip]
fn trade_table(trades: &[Trade], style: Style) -> Table {
    let number = |key, title, priority, help| Column::new(key, title, Align::Right, priority, 16, help);
    Table {
        columns: vec![
            Column::new("closed", if style.zone.is_utc() { "Closed UTC" } else { "Closed" }, Align::Left, 0, 16, "when it was closed"),
            Column::new("symbol", "Symbol", Align::Left, 0, 12, "what was traded"),
            Column::new("side", "Side", Align::Left, 1, 5, "long or short"),
            number("pnl", "P&L", 0, "realized P&L, net of fees"),
            number("confidence", "Conf", 2, "stated confidence"),
            number("hold", "Held", 3, "how long it was held"),
            number("entry", "Entry", 4, "price at entry"),
            number("exit", "Exit", 4, "price at exit"),
            number("fee", "Fee", 5, "fees, off the P&L already"),
            number("cost", "Cost", 6, "what asking the model cost"),
            Column::new("id", "Id", Align::Left, 7, 24, "the trade's id"),
        ],
        rows: trades.iter().map(|t| trade_row(t, style)).collect(),
    }
}

fn trade_row(t: &Trade, style: Style) -> Row {
    let dash = || Cell::unknown(UNKNOWN);
    let amount =
        |value: Option<f64>| value.map_or_else(dash, |v| Cell::number(format::money(v, style), v));
    let price = |value: Option<f64>| {
        value
            .and_then(crate::domain::Price::new)
            .map_or_else(dash, |p| Cell::number(format::price(p, style), p.usd()))
    };
    let held = t.closed_at.zip(t.opened_at).map(|(c, o)| c.since(o));
    let cells = vec![
        t.closed_at.map_or_else(dash, |at| {
            Cell::number(style.zone.minute(at), at.millis() as f64)
        }),
        t.symbol.as_deref().map_or_else(dash, Cell::word),
        t.side.map_or_else(dash, |s| Cell::word(s.name())),
        format::money_cell(t.realized_pnl, style),
        t.confidence.map_or_else(dash, |c| {
            Cell::number(format::probability(c.fraction()), c.fraction())
        }),
        held.filter(|h| h.millis() >= 0)
            .map_or_else(dash, |h| Cell::number(format::age(h), h.as_seconds())),
        price(t.entry_price),
        price(t.exit_price),
        amount(t.fee),
        amount(t.cost),
        Cell::word(t.id.clone()).toned(Tone::Dim),
    ];
    Row {
        key: t.id.clone(),
        cells,
        dim: false,
        copy: t.id.clone(),
    }
}

/// The trades of a window that are worth asking the store for one by one: the newest, by number.
#[must_use]
pub fn newest(points: &[Point]) -> Vec<i64> {
    /// More than anybody scrolls through.
    const MOST: usize = 2_000;
    points.iter().rev().take(MOST).map(Point::seq).collect()
}

/// What a page needs of the store.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The book.
    pub key: BookKey,
    /// The trades to list, by number.
    pub numbers: Vec<i64>,
    /// The window of the sums by symbol.
    pub window: Window,
    /// What the answer depends on: the same extent has the same answer.
    pub extent: Extent,
}

/// What the page of a row needs of the store; `None` when there is no such row.
#[must_use]
pub fn wanted(board: &Board, range: Range, as_of: Timestamp, key: &str) -> Option<Wanted> {
    let window = range.window(as_of);
    let (book_key, book) = board
        .books()
        .find(|(k, _)| super::leaderboard::book_row_key(k) == key)?;
    Some(Wanted {
        key: book_key.clone(),
        numbers: newest(book.points(&window)),
        extent: book.extent(&window),
        window,
    })
}
