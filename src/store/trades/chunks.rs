//! Trades as they lie in the file: 64 of a book to a chunk, written one after the other.
//!
//! A trade's number ([`Seq`]) says its book, its chunk and its place, so that the trades of a book
//! are neighbours and a new one costs the bytes it has.

use std::ops::Range;

use foldhash::HashMap;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::analytics::BookKey;
use crate::domain::packed::Packed;
use crate::domain::{Confidence, Side, Span, Timestamp, Trade};

use super::super::StoreError;

/// Bits of a number that count within a book: 10^12 trades.
const ORDINAL_BITS: u32 = 40;
/// Bits of an ordinal that count within a chunk.
const PLACE_BITS: u32 = 6;
/// Chunks that may wait for their turn to be written: the last ones of all books of an ordinary
/// import, and what a second import of the same file looks at.
const WAITING: usize = 512;

/// The number of a trade: its book and its ordinal there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::store) struct Seq(i64);

impl Seq {
    /// The number of a book's trade.
    pub const fn new(book: i64, ordinal: i64) -> Self {
        Self(book << ORDINAL_BITS | ordinal)
    }

    /// A number as it lies in the file.
    pub const fn from_raw(raw: i64) -> Self {
        Self(raw)
    }

    /// As it lies in the file.
    pub const fn raw(self) -> i64 {
        self.0
    }

    /// The book.
    pub const fn book(self) -> i64 {
        self.0 >> ORDINAL_BITS
    }

    /// The place within the book: what a packed point carries.
    pub const fn ordinal(self) -> i64 {
        self.0 & ((1 << ORDINAL_BITS) - 1)
    }

    const fn chunk(self) -> i64 {
        self.0 >> PLACE_BITS
    }

    /// The first and the last number that a book can have.
    pub const fn of_book(book: i64) -> (Self, Self) {
        (Self::new(book, 0), Self::new(book, (1 << ORDINAL_BITS) - 1))
    }
}

/// A trade in its chunk. Model and currency are the book's. The shape is the file's: a change of
/// it needs a migration.
#[derive(Serialize, Deserialize)]
struct Kept<'a> {
    ordinal: i64,
    id: &'a str,
    symbol: Option<&'a str>,
    side: Option<Side>,
    quantity: Packed,
    entry_price: Packed,
    exit_price: Packed,
    closed_at: Option<Timestamp>,
    /// Before the close; before 1970 while it is open.
    opened: Option<Span>,
    realized_pnl: Packed,
    fee: Packed,
    cost: Packed,
    confidence: Packed,
}

/// What the opening of an open trade is measured from.
const EPOCH: Timestamp = Timestamp::from_millis(0);

impl<'a> Kept<'a> {
    fn of(seq: Seq, trade: &'a Trade) -> Self {
        let from = trade.closed_at.unwrap_or(EPOCH);
        Self {
            ordinal: seq.ordinal(),
            id: &trade.id,
            symbol: trade.symbol.as_deref(),
            side: trade.side,
            quantity: Packed(trade.quantity),
            entry_price: Packed(trade.entry_price),
            exit_price: Packed(trade.exit_price),
            closed_at: trade.closed_at,
            opened: trade.opened_at.map(|at| from.since(at)),
            realized_pnl: Packed(trade.realized_pnl),
            fee: Packed(trade.fee),
            cost: Packed(trade.cost),
            confidence: Packed(trade.confidence.map(Confidence::fraction)),
        }
    }

    fn trade(&self, model: &str, currency: &str) -> Trade {
        let from = self.closed_at.unwrap_or(EPOCH);
        Trade {
            id: self.id.to_owned(),
            model: model.to_owned(),
            symbol: self.symbol.map(str::to_owned),
            side: self.side,
            quantity: self.quantity.0,
            entry_price: self.entry_price.0,
            exit_price: self.exit_price.0,
            opened_at: self.opened.map(|before| from.minus(before)),
            closed_at: self.closed_at,
            realized_pnl: self.realized_pnl.0,
            fee: self.fee.0,
            cost: self.cost.0,
            confidence: self.confidence.0.and_then(Confidence::from_fraction),
            currency: Some(currency.to_owned()),
        }
    }
}

/// The entries of a chunk, one after the other.
fn entries(mut bytes: &[u8]) -> impl Iterator<Item = Result<Kept<'_>, StoreError>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        match postcard::take_from_bytes(bytes) {
            Ok((entry, rest)) => {
                bytes = rest;
                Some(Ok(entry))
            }
            Err(error) => {
                bytes = &[];
                Some(Err(error.into()))
            }
        }
    })
}

#[derive(Debug, Default)]
struct Chunk {
    bytes: Vec<u8>,
    changed: bool,
    /// It lies in the file already.
    stored: bool,
    /// An ordinal and where its entry begins: files are mostly in the order of the numbers.
    hint: (i64, usize),
}

impl Chunk {
    /// The entry of an ordinal and the bytes it takes.
    fn find(&mut self, wanted: i64) -> Result<Option<(Kept<'_>, Range<usize>)>, StoreError> {
        // Entries lie in the order of their ordinals.
        let mut at = if self.hint.0 <= wanted {
            self.hint.1
        } else {
            0
        };
        while let Some(rest) = self.bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let (entry, after) = postcard::take_from_bytes::<Kept<'_>>(rest)?;
            let end = at + rest.len() - after.len();
            if entry.ordinal >= wanted {
                // What is put there instead begins there too, and what follows it comes later.
                self.hint = (wanted, at);
                return Ok((entry.ordinal == wanted).then_some((entry, at..end)));
            }
            at = end;
        }
        Ok(None)
    }
}

/// The chunks that a transaction looks at, written back when it ends or when they are many.
#[derive(Debug, Default)]
pub(super) struct Chunks(HashMap<i64, Chunk>);

impl Chunks {
    /// The next free ordinal of a book.
    pub fn next_ordinal(tx: &Connection, book: i64) -> Result<i64, StoreError> {
        let (first, last) = Seq::of_book(book);
        let bytes: Option<Vec<u8>> = tx
            .prepare_cached(
                // One that all its trades have left says nothing.
                "SELECT trades FROM trade_chunk WHERE chunk BETWEEN ?1 AND ?2 \
                 AND length(trades) > 0 ORDER BY chunk DESC LIMIT 1",
            )?
            .query_row([first.chunk(), last.chunk()], |row| row.get(0))
            .optional()?;
        let mut next = 0;
        for entry in entries(&bytes.unwrap_or_default()) {
            next = next.max(entry?.ordinal + 1);
        }
        Ok(next)
    }

    /// The trade of a number, without the names of its book.
    pub fn get(&mut self, tx: &Connection, seq: Seq) -> Result<Option<Trade>, StoreError> {
        let chunk = self.chunk(tx, seq)?;
        Ok(chunk
            .find(seq.ordinal())?
            .map(|(kept, _)| kept.trade("", "")))
    }

    /// Adds a trade whose number is free.
    pub fn add(&mut self, tx: &Connection, seq: Seq, trade: &Trade) -> Result<(), StoreError> {
        let chunk = self.chunk(tx, seq)?;
        let bytes = std::mem::take(&mut chunk.bytes);
        chunk.bytes = postcard::to_extend(&Kept::of(seq, trade), bytes)?;
        chunk.changed = true;
        Ok(())
    }

    /// Puts another trade in a number's place, or nothing.
    pub fn replace(
        &mut self,
        tx: &Connection,
        seq: Seq,
        new: Option<&Trade>,
    ) -> Result<(), StoreError> {
        let chunk = self.chunk(tx, seq)?;
        let Some((_, place)) = chunk.find(seq.ordinal())? else {
            return Ok(());
        };
        let bytes = match new {
            Some(trade) => postcard::to_stdvec(&Kept::of(seq, trade))?,
            None => Vec::new(),
        };
        chunk.bytes.splice(place, bytes);
        chunk.changed = true;
        Ok(())
    }

    /// Writes what has changed.
    pub fn flush(&mut self, tx: &Connection) -> Result<(), StoreError> {
        let mut changed: Vec<(i64, Chunk)> = self.0.drain().filter(|(_, c)| c.changed).collect();
        changed.sort_unstable_by_key(|(key, _)| *key);
        // Not one statement that does either: SQLite would copy each page first, to be able to
        // take it back.
        let mut insert =
            tx.prepare_cached("INSERT INTO trade_chunk (chunk, trades) VALUES (?1, ?2)")?;
        let mut update =
            tx.prepare_cached("UPDATE trade_chunk SET trades = ?2 WHERE chunk = ?1")?;
        let mut delete = tx.prepare_cached("DELETE FROM trade_chunk WHERE chunk = ?1")?;
        for (key, chunk) in changed {
            if chunk.bytes.is_empty() {
                delete.execute([key])?;
                continue;
            }
            let write = if chunk.stored {
                &mut update
            } else {
                &mut insert
            };
            write.execute(params![key, chunk.bytes])?;
        }
        Ok(())
    }

    fn chunk(&mut self, tx: &Connection, seq: Seq) -> Result<&mut Chunk, StoreError> {
        let key = seq.chunk();
        if self.0.len() >= WAITING && !self.0.contains_key(&key) {
            self.flush(tx)?;
        }
        match self.0.entry(key) {
            std::collections::hash_map::Entry::Occupied(known) => Ok(known.into_mut()),
            std::collections::hash_map::Entry::Vacant(new) => {
                let bytes: Option<Vec<u8>> = tx
                    .prepare_cached("SELECT trades FROM trade_chunk WHERE chunk = ?1")?
                    .query_row([key], |row| row.get(0))
                    .optional()?;
                Ok(new.insert(Chunk {
                    stored: bytes.is_some(),
                    bytes: bytes.unwrap_or_default(),
                    changed: false,
                    hint: (0, 0),
                }))
            }
        }
    }
}

/// Every trade of a book with its ordinal, in the order they came.
pub(in crate::store) fn each_of<E: From<StoreError>>(
    conn: &Connection,
    book: i64,
    key: &BookKey,
    mut with: impl FnMut(i64, Trade) -> Result<(), E>,
) -> Result<(), E> {
    let (first, last) = Seq::of_book(book);
    let mut chunks = conn
        .prepare_cached(
            "SELECT trades FROM trade_chunk WHERE chunk BETWEEN ?1 AND ?2 ORDER BY chunk",
        )
        .map_err(StoreError::from)?;
    let mut rows = chunks
        .query([first.chunk(), last.chunk()])
        .map_err(StoreError::from)?;
    while let Some(row) = rows.next().map_err(StoreError::from)? {
        let bytes = row.get_ref(0).map_err(StoreError::from)?;
        for kept in entries(bytes.as_blob().unwrap_or_default()) {
            let kept = kept?;
            with(kept.ordinal, kept.trade(&key.model, &key.currency))?;
        }
    }
    Ok(())
}

/// The trades of some ordinals of a book, in the order asked for; those that are gone are left
/// out.
pub(in crate::store) fn some_of(
    conn: &Connection,
    book: i64,
    key: &BookKey,
    ordinals: &[i64],
) -> Result<Vec<Trade>, StoreError> {
    let mut chunks = Chunks::default();
    let mut trades = Vec::with_capacity(ordinals.len());
    for ordinal in ordinals {
        let found = chunks.get(conn, Seq::new(book, *ordinal))?;
        trades.extend(found.map(|trade| Trade {
            model: key.model.clone(),
            currency: Some(key.currency.clone()),
            ..trade
        }));
    }
    Ok(trades)
}
