//! Reading beside the writer: what is too much to hold in memory and seldom asked for.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use crate::analytics::BookKey;
use crate::domain::{Trade, Window};

use super::trades::{TRADE_COLUMNS, read_trade};
use super::{Store, StoreError};

/// A connection that only reads. It sees what was committed when it is asked, and never waits for
/// the writer.
#[derive(Debug)]
pub struct Reader {
    conn: Connection,
}

/// What one symbol brought a model.
#[derive(Debug, Clone, PartialEq)]
pub struct SymbolSums {
    /// The symbol; `None` where the trades name none.
    pub symbol: Option<String>,
    /// Closed trades with a known P&L.
    pub trades: u64,
    /// Of them, the wins.
    pub wins: u64,
    /// Sum of their P&L.
    pub pnl: f64,
}

/// The trades of one model over a window, as far as a page shows them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ModelTrades {
    /// One by one, in the order asked for.
    pub newest: Vec<Trade>,
    /// By symbol, the most traded first, of all of them.
    pub symbols: Vec<SymbolSums>,
}

impl Reader {
    /// Opens a database that a [`Store`] has opened before: nothing is created or brought up to
    /// date here.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags)?;
        conn.busy_timeout(super::open::BUSY)?;
        Ok(Self { conn })
    }

    /// The trades of these numbers (those that are gone are left out), and what each symbol
    /// brought over a window.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn model_trades(
        &self,
        key: &BookKey,
        numbers: &[i64],
        window: &Window,
    ) -> Result<ModelTrades, StoreError> {
        model_trades(&self.conn, key, numbers, window)
    }
}

impl Store {
    /// As [`Reader::model_trades`], by the writer itself.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn model_trades(
        &self,
        key: &BookKey,
        numbers: &[i64],
        window: &Window,
    ) -> Result<ModelTrades, StoreError> {
        model_trades(&self.conn, key, numbers, window)
    }
}

fn model_trades(
    conn: &Connection,
    key: &BookKey,
    numbers: &[i64],
    window: &Window,
) -> Result<ModelTrades, StoreError> {
    let book: Option<i64> = conn
        .prepare_cached("SELECT id FROM book WHERE model = ?1 AND currency = ?2")?
        .query_row([&key.model, &key.currency], |row| row.get(0))
        .optional()?;
    let Some(book) = book else {
        return Ok(ModelTrades::default());
    };
    let mut one = conn.prepare_cached(&format!(
        "SELECT {TRADE_COLUMNS} FROM trade t JOIN book b ON b.id = t.book_id \
         WHERE t.seq = ?1 AND t.book_id = ?2"
    ))?;
    let mut newest = Vec::with_capacity(numbers.len());
    for number in numbers {
        newest.extend(one.query_row([*number, book], read_trade).optional()?);
    }
    let mut by_symbol = conn.prepare_cached(
        "SELECT symbol, count(*), sum(realized_pnl > 0), sum(realized_pnl) FROM trade \
         WHERE book_id = ?1 AND closed_at BETWEEN ?2 AND ?3 AND realized_pnl IS NOT NULL \
         GROUP BY symbol ORDER BY 2 DESC, 1",
    )?;
    let from = window
        .from
        .map_or(i64::MIN, crate::domain::Timestamp::millis);
    let rows = by_symbol.query_map(params![book, from, window.to.millis()], |row| {
        Ok(SymbolSums {
            symbol: row.get(0)?,
            trades: row.get(1)?,
            wins: row.get(2)?,
            pnl: row.get(3)?,
        })
    })?;
    Ok(ModelTrades {
        newest,
        symbols: rows.collect::<Result<_, _>>()?,
    })
}
