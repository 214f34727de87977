//! Trades, with their summaries moved in the same transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};
use xxhash_rust::xxh3::{Xxh3DefaultBuilder, xxh3_64};

use crate::analytics::book::day_of;
use crate::analytics::{BookKey, Point};
use crate::domain::{Confidence, Side, Timestamp, Trade};

use super::names::{self, Names};
use super::{Put, Store, StoreError};

/// The columns of a trade with its book, in the order that [`read_trade`] expects.
pub(super) const TRADE_COLUMNS: &str = "t.id, b.model, b.currency, t.symbol, t.side, t.quantity, t.entry_price, t.exit_price, \
     t.opened_at, t.closed_at, t.realized_pnl, t.fee, t.cost, t.confidence";

const INSERT: &str = "INSERT INTO trade (seq, id, book_id, symbol, side, quantity, entry_price, \
     exit_price, opened_at, closed_at, realized_pnl, fee, cost, confidence) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

/// What trades have changed and is still to be written: it is sorted first, since writing in
/// order is what makes a large import fast.
#[derive(Debug, Default)]
pub(super) struct Changes {
    books: BTreeSet<i64>,
    days: BTreeMap<(i64, i64), DayChange>,
    /// Ids of this transaction by hash, not in the table yet.
    ids: HashMap<i64, i64, Xxh3DefaultBuilder>,
    /// The next free number, and whether the table had any id before; looked up once.
    known: Option<Known>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    next_seq: i64,
    any: bool,
}

/// How the points of one book's day change.
#[derive(Debug, Default)]
pub(super) struct DayChange {
    pub add: Vec<Point>,
    /// Numbers of trades whose old points go.
    pub remove: HashSet<i64>,
}

impl Changes {
    fn add(&mut self, book: i64, point: Option<Point>) {
        self.books.insert(book);
        if let Some(point) = point {
            let day = (book, day_of(point.closed_at()));
            self.days.entry(day).or_default().add.push(point);
        }
    }

    fn remove(&mut self, book: i64, seq: i64, closed_at: Option<Timestamp>) {
        self.books.insert(book);
        if let Some(at) = closed_at {
            let day = self.days.entry((book, day_of(at))).or_default();
            day.add.retain(|p| p.seq() != seq);
            day.remove.insert(seq);
        }
    }

    fn known(&mut self, tx: &Connection) -> Result<Known, StoreError> {
        if let Some(known) = self.known {
            return Ok(known);
        }
        let last: Option<i64> = tx
            .prepare_cached("SELECT max(seq) FROM trade")?
            .query_row([], |row| row.get(0))?;
        let known = Known {
            next_seq: last.unwrap_or(0) + 1,
            any: last.is_some(),
        };
        self.known = Some(known);
        Ok(known)
    }
}

impl Store {
    /// Stores trades in one transaction, and says which books have changed (nothing yet within
    /// [`Store::begin`]). A known id with other values is updated; an unknown value never erases a
    /// known one.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing of it is stored.
    pub fn put_trades(&mut self, trades: &[Trade]) -> Result<(Vec<Put>, Vec<BookKey>), StoreError> {
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

fn put_all(
    tx: &Connection,
    known_names: &mut Names,
    trades: &[Trade],
    changes: &mut Changes,
) -> Result<Vec<Put>, StoreError> {
    let mut insert = tx.prepare_cached(INSERT)?;
    trades
        .iter()
        .map(|trade| put_trade(tx, &mut insert, known_names, trade, changes))
        .collect()
}

fn put_trade(
    tx: &Connection,
    insert: &mut CachedStatement<'_>,
    known_names: &mut Names,
    trade: &Trade,
    changes: &mut Changes,
) -> Result<Put, StoreError> {
    let (hash, old) = find(tx, &trade.id, changes)?;
    if let Some((seq, old)) = old {
        return update(tx, known_names, seq, &old, trade, changes);
    }
    let book = names::book_id(tx, known_names, &trade.model, trade.currency())?;
    let mut known = changes.known(tx)?;
    let seq = known.next_seq;
    known.next_seq += 1;
    changes.known = Some(known);
    insert.execute(params![
        seq,
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
    changes.ids.insert(hash, seq);
    changes.add(book, Point::of(trade, seq));
    Ok(Put::New)
}

/// The trade of an id, or the free number that its hash would take.
fn find(
    tx: &Connection,
    id: &str,
    changes: &mut Changes,
) -> Result<(i64, Option<(i64, Trade)>), StoreError> {
    // The sign bit is a bit like any other here.
    let mut hash = xxh3_64(id.as_bytes()).cast_signed();
    let any = changes.known(tx)?.any;
    loop {
        let seq = match changes.ids.get(&hash) {
            Some(seq) => Some(*seq),
            None if any => tx
                .prepare_cached("SELECT seq FROM trade_id WHERE hash = ?1")?
                .query_row([hash], |row| row.get(0))
                .optional()?,
            None => None,
        };
        let Some(seq) = seq else {
            return Ok((hash, None));
        };
        let trade = tx
            .prepare_cached(&format!(
                "SELECT {TRADE_COLUMNS} FROM trade t JOIN book b ON b.id = t.book_id \
                 WHERE t.seq = ?1"
            ))?
            .query_row([seq], read_trade)?;
        if trade.id == id {
            return Ok((hash, Some((seq, trade))));
        }
        hash = hash.wrapping_add(1);
    }
}

fn update(
    tx: &Connection,
    known_names: &mut Names,
    seq: i64,
    old: &Trade,
    new: &Trade,
    changes: &mut Changes,
) -> Result<Put, StoreError> {
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
    if merged == *old {
        return Ok(Put::Unchanged);
    }
    let old_book = names::book_id(tx, known_names, &old.model, old.currency())?;
    let book = names::book_id(tx, known_names, &merged.model, merged.currency())?;
    changes.remove(old_book, seq, old.closed_at);
    changes.add(book, Point::of(&merged, seq));
    tx.prepare_cached(
        "UPDATE trade SET book_id = ?2, symbol = ?3, side = ?4, quantity = ?5, entry_price = ?6, \
         exit_price = ?7, opened_at = ?8, closed_at = ?9, realized_pnl = ?10, fee = ?11, \
         cost = ?12, confidence = ?13 WHERE seq = ?1",
    )?
    .execute(params![
        seq,
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

/// Writes what was put off: ids in the order of their hashes, and each changed day.
pub(super) fn settle(tx: &Connection, changes: Changes) -> Result<Vec<BookKey>, StoreError> {
    let mut ids: Vec<(i64, i64)> = changes.ids.into_iter().collect();
    ids.sort_unstable();
    let mut insert = tx.prepare_cached("INSERT INTO trade_id (hash, seq) VALUES (?1, ?2)")?;
    for (hash, seq) in ids {
        insert.execute([hash, seq])?;
    }
    for ((book, day), change) in changes.days {
        super::summaries::change_day(tx, book, day, change)?;
    }
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

pub(super) fn read_trade(row: &Row<'_>) -> rusqlite::Result<Trade> {
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
