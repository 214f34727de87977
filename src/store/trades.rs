//! Trades, with their summaries moved in the same transaction.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Row, Transaction, params};

use crate::analytics::BookKey;
use crate::analytics::book::day_of;
use crate::domain::{Confidence, Side, Timestamp, Trade};

use super::names::{self, Names};
use super::summaries::Touched;
use super::{Put, Store, StoreError};

/// The columns of a trade with its book, in the order that [`read_trade`] expects.
const TRADE_COLUMNS: &str = "t.id, b.model, b.currency, t.symbol, t.side, t.quantity, t.entry_price, t.exit_price, \
     t.opened_at, t.closed_at, t.realized_pnl, t.fee, t.cost, t.confidence";

impl Store {
    /// Stores trades in one transaction, and says which books have changed. A known id with other
    /// values is updated; an unknown value never erases a known one.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing of it is stored.
    pub fn put_trades(&mut self, trades: &[Trade]) -> Result<(Vec<Put>, Vec<BookKey>), StoreError> {
        self.write(|tx, known_names| {
            let mut touched = Changed::default();
            let mut puts = Vec::with_capacity(trades.len());
            for trade in trades {
                puts.push(put_trade(tx, known_names, trade, &mut touched)?);
            }
            super::summaries::summarise(tx, &touched.days)?;
            let mut books = Vec::with_capacity(touched.books.len());
            for book in touched.books {
                books.push(book_key(tx, book)?);
            }
            Ok((puts, books))
        })
    }
}

fn put_trade(
    tx: &Transaction<'_>,
    known_names: &mut Names,
    trade: &Trade,
    touched: &mut Changed,
) -> Result<Put, StoreError> {
    let book = names::book_id(tx, known_names, &trade.model, trade.currency())?;
    let inserted = tx
        .prepare_cached(
            "INSERT OR IGNORE INTO trade (id, book_id, symbol, side, quantity, entry_price, \
             exit_price, opened_at, closed_at, realized_pnl, fee, cost, confidence) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            trade.id,
            book,
            trade.symbol,
            trade.side.map(Side::name),
            trade.quantity,
            trade.entry_price,
            trade.exit_price,
            trade.opened_at.map(Timestamp::millis),
            trade.closed_at.map(Timestamp::millis),
            trade.realized_pnl,
            trade.fee,
            trade.cost,
            trade.confidence.map(Confidence::fraction),
        ])?;
    if inserted > 0 {
        touch(touched, book, trade.closed_at);
        return Ok(Put::New);
    }
    let old = tx
        .prepare_cached(&format!(
            "SELECT {TRADE_COLUMNS} FROM trade t JOIN book b ON b.id = t.book_id WHERE t.id = ?1"
        ))?
        .query_row([&trade.id], read_trade)
        .optional()?;
    let Some(old) = old else {
        return Ok(Put::Refused(format!("trade {} cannot be stored", trade.id)));
    };
    let merged = Trade {
        id: old.id.clone(),
        model: trade.model.clone(),
        currency: trade.currency.clone().or_else(|| old.currency.clone()),
        symbol: trade.symbol.clone().or_else(|| old.symbol.clone()),
        side: trade.side.or(old.side),
        quantity: trade.quantity.or(old.quantity),
        entry_price: trade.entry_price.or(old.entry_price),
        exit_price: trade.exit_price.or(old.exit_price),
        opened_at: trade.opened_at.or(old.opened_at),
        closed_at: trade.closed_at.or(old.closed_at),
        realized_pnl: trade.realized_pnl.or(old.realized_pnl),
        fee: trade.fee.or(old.fee),
        cost: trade.cost.or(old.cost),
        confidence: trade.confidence.or(old.confidence),
    };
    if merged == old {
        return Ok(Put::Unchanged);
    }
    let old_book = names::book_id(tx, known_names, &old.model, old.currency())?;
    let book = names::book_id(tx, known_names, &merged.model, merged.currency())?;
    touch(touched, old_book, old.closed_at);
    touch(touched, book, merged.closed_at);
    tx.prepare_cached(
        "UPDATE trade SET book_id = ?2, symbol = ?3, side = ?4, quantity = ?5, entry_price = ?6, \
         exit_price = ?7, opened_at = ?8, closed_at = ?9, realized_pnl = ?10, fee = ?11, \
         cost = ?12, confidence = ?13 WHERE id = ?1",
    )?
    .execute(params![
        merged.id,
        book,
        merged.symbol,
        merged.side.map(Side::name),
        merged.quantity,
        merged.entry_price,
        merged.exit_price,
        merged.opened_at.map(Timestamp::millis),
        merged.closed_at.map(Timestamp::millis),
        merged.realized_pnl,
        merged.fee,
        merged.cost,
        merged.confidence.map(Confidence::fraction),
    ])?;
    Ok(Put::Updated)
}

/// What must be made anew after trades have changed.
#[derive(Debug, Default)]
struct Changed {
    books: BTreeSet<i64>,
    days: Touched,
}

fn touch(changed: &mut Changed, book: i64, closed_at: Option<Timestamp>) {
    changed.books.insert(book);
    changed.days.extend(closed_at.map(|at| (book, day_of(at))));
}

fn book_key(tx: &Transaction<'_>, book: i64) -> Result<BookKey, StoreError> {
    Ok(tx
        .prepare_cached("SELECT model, currency FROM book WHERE id = ?1")?
        .query_row([book], |row| {
            Ok(BookKey {
                model: row.get(0)?,
                currency: row.get(1)?,
            })
        })?)
}

fn read_trade(row: &Row<'_>) -> rusqlite::Result<Trade> {
    let time = |at: usize| -> rusqlite::Result<Option<Timestamp>> {
        Ok(row.get::<_, Option<i64>>(at)?.map(Timestamp::from_millis))
    };
    Ok(Trade {
        id: row.get(0)?,
        model: row.get(1)?,
        currency: row.get(2)?,
        symbol: row.get(3)?,
        side: row
            .get::<_, Option<String>>(4)?
            .and_then(|side| Side::parse(&side)),
        quantity: row.get(5)?,
        entry_price: row.get(6)?,
        exit_price: row.get(7)?,
        opened_at: time(8)?,
        closed_at: time(9)?,
        realized_pnl: row.get(10)?,
        fee: row.get(11)?,
        cost: row.get(12)?,
        confidence: row
            .get::<_, Option<f64>>(13)?
            .and_then(Confidence::from_fraction),
    })
}
