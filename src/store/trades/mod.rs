//! Trades, with their summaries moved in the same transaction.

mod astray;
mod chunks;
mod days;
mod ids;
mod move_rows;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashMap;
use rusqlite::Connection;

use crate::analytics::{BookKey, Point};
use crate::domain::{Timestamp, Trade};

use super::names::{self, Names};
use super::summaries::books_of;
use super::{Put, Store, StoreError};

pub(super) use astray::astray;
pub(super) use chunks::{Seq, each_of, some_of};
pub(super) use days::DayChange;
pub(super) use move_rows::move_rows;

/// What trades have changed and is still to be written: it is put in order first, and written
/// by the piece, which is what makes a large import fast.
#[derive(Debug, Default)]
pub(super) struct Changes {
    books: BTreeSet<i64>,
    days: days::Days,
    chunks: chunks::Chunks,
    ids: ids::Ids,
    /// The next free ordinal of each book that was looked at.
    next: HashMap<i64, i64>,
    /// The names of the books that were looked at.
    keys: HashMap<i64, BookKey>,
    /// Trades that are open now, and those that are not any more.
    open: BTreeMap<Seq, Position>,
}

/// Whether a trade is open.
#[derive(Debug, Clone, Copy)]
enum Position {
    /// It is, since an instant where that is known.
    Open(Option<Timestamp>),
    /// It was, as far as the file knows.
    Closed,
}

impl Changes {
    fn key(&mut self, tx: &Connection, book: i64) -> Result<&BookKey, StoreError> {
        match self.keys.entry(book) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => Ok(new.insert(book_key(tx, book)?)),
        }
    }

    /// Stores a trade under a number that is free.
    fn add(&mut self, tx: &Connection, book: i64, trade: &Trade) -> Result<Seq, StoreError> {
        let ordinal = match self.next.get(&book) {
            Some(next) => *next,
            None => chunks::Chunks::next_ordinal(tx, book)?,
        };
        self.next.insert(book, ordinal + 1);
        let seq = Seq::new(book, ordinal);
        self.chunks.add(tx, seq, trade)?;
        self.count(seq, trade);
        Ok(seq)
    }

    /// Puts another trade in a number's place.
    fn replace(&mut self, tx: &Connection, seq: Seq, trade: &Trade) -> Result<(), StoreError> {
        self.chunks.replace(tx, seq, Some(trade))?;
        self.count(seq, trade);
        Ok(())
    }

    /// Frees a number.
    fn remove(&mut self, tx: &Connection, seq: Seq) -> Result<(), StoreError> {
        self.chunks.replace(tx, seq, None)
    }

    /// A trade counts from now on.
    fn count(&mut self, seq: Seq, trade: &Trade) {
        self.books.insert(seq.book());
        match Point::of(trade, seq.ordinal()) {
            Some(point) => {
                self.days.add(seq.book(), point);
            }
            None => {
                self.open.insert(seq, Position::Open(trade.opened_at));
            }
        }
    }

    /// A trade does not count any more as it was.
    fn discount(&mut self, seq: Seq, old: &Trade) {
        self.books.insert(seq.book());
        match old.closed_at {
            Some(at) => {
                self.days.remove(seq, at);
            }
            None => {
                self.open.insert(seq, Position::Closed);
            }
        }
    }
}

impl Store {
    /// Every trade of a book, in the order they came; none for a book that is not there.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn trades_of(&self, key: &BookKey) -> Result<Vec<Trade>, StoreError> {
        let mut trades = Vec::new();
        for (book, found) in books_of(&self.conn)? {
            if found == *key {
                each_of(&self.conn, book, key, |_, trade| {
                    trades.push(trade);
                    Ok::<_, StoreError>(())
                })?;
            }
        }
        Ok(trades)
    }

    /// Stores trades in one transaction, and says which books have changed (nothing yet within
    /// [`Store::begin`]). A known id with other values is updated; an unknown value never erases a
    /// known one.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing of it is stored.
    pub fn put_trades<'a>(
        &mut self,
        trades: impl IntoIterator<Item = &'a Trade>,
    ) -> Result<(Vec<Put>, Vec<BookKey>), StoreError> {
        if let Some(mut changes) = self.session.take() {
            let puts = put_all(&self.conn, &mut self.names, trades, &mut changes);
            self.session = Some(changes);
            return Ok((puts?, Vec::new()));
        }
        self.write(|tx, known_names| {
            let mut changes = Changes::default();
            let puts = put_all(tx, known_names, trades, &mut changes)?;
            Ok((puts, settle(tx, changes)?))
        })
    }
}

fn put_all<'a>(
    tx: &Connection,
    known_names: &mut Names,
    trades: impl IntoIterator<Item = &'a Trade>,
    changes: &mut Changes,
) -> Result<Vec<Put>, StoreError> {
    let puts = trades
        .into_iter()
        .map(|trade| put_trade(tx, known_names, trade, changes))
        .collect::<Result<_, _>>()?;
    changes.days.relieve(tx)?;
    Ok(puts)
}

fn put_trade(
    tx: &Connection,
    known_names: &mut Names,
    trade: &Trade,
    changes: &mut Changes,
) -> Result<Put, StoreError> {
    let mut hash = ids::hash(&trade.id);
    while let Some(seq) = changes.ids.get(tx, hash)? {
        // An id without its trade is left behind by nothing that is known; its number is free.
        let Some(old) = changes.chunks.get(tx, seq)? else {
            break;
        };
        if old.id == trade.id {
            return update(tx, known_names, (hash, seq), old, trade, changes);
        }
        hash = hash.wrapping_add(1);
    }
    let book = names::book_id(tx, known_names, &trade.model, trade.currency())?;
    let seq = changes.add(tx, book, trade)?;
    changes.ids.set(hash, seq);
    Ok(Put::New)
}

fn update(
    tx: &Connection,
    known_names: &mut Names,
    (hash, seq): (u64, Seq),
    old: Trade,
    new: &Trade,
    changes: &mut Changes,
) -> Result<Put, StoreError> {
    let was = changes.key(tx, seq.book())?;
    let old = Trade {
        model: was.model.clone(),
        currency: Some(was.currency.clone()),
        ..old
    };
    let merged = Trade {
        id: old.id.clone(),
        model: new.model.clone(),
        currency: new.currency.clone().or_else(|| old.currency.clone()),
        symbol: new.symbol.clone().or_else(|| old.symbol.clone()),
        side: new.side.or(old.side),
        quantity: new.quantity.or(old.quantity),
        entry_price: new.entry_price.or(old.entry_price),
        exit_price: new.exit_price.or(old.exit_price),
        opened_at: new.opened_at.or(old.opened_at),
        closed_at: new.closed_at.or(old.closed_at),
        realized_pnl: new.realized_pnl.or(old.realized_pnl),
        fee: new.fee.or(old.fee),
        cost: new.cost.or(old.cost),
        confidence: new.confidence.or(old.confidence),
    };
    if merged == old {
        return Ok(Put::Unchanged);
    }
    changes.discount(seq, &old);
    let book = names::book_id(tx, known_names, &merged.model, merged.currency())?;
    if book == seq.book() {
        changes.replace(tx, seq, &merged)?;
    } else {
        changes.remove(tx, seq)?;
        let seq = changes.add(tx, book, &merged)?;
        changes.ids.set(hash, seq);
    }
    Ok(Put::Updated)
}

/// Writes what was put off.
pub(super) fn settle(tx: &Connection, mut changes: Changes) -> Result<Vec<BookKey>, StoreError> {
    changes.chunks.flush(tx)?;
    changes.ids.flush(tx)?;
    for (seq, position) in changes.open {
        let seq = seq.raw();
        match position {
            Position::Open(at) => tx
                .prepare_cached(
                    "INSERT OR REPLACE INTO open_trade (seq, opened_at) VALUES (?1, ?2)",
                )?
                .execute((seq, at.map(Timestamp::millis)))?,
            Position::Closed => tx
                .prepare_cached("DELETE FROM open_trade WHERE seq = ?1")?
                .execute([seq])?,
        };
    }
    changes.days.flush(tx)?;
    changes
        .books
        .into_iter()
        .map(|book| book_key(tx, book))
        .collect()
}

fn book_key(tx: &Connection, book: i64) -> Result<BookKey, StoreError> {
    Ok(tx
        .prepare_cached("SELECT model, currency FROM book WHERE id = ?1")?
        .query_row([book], |row| {
            Ok(BookKey {
                model: row.get(0)?,
                currency: row.get(1)?,
            })
        })?)
}
