//! Reading beside the writer: what is too much to hold in memory and seldom asked for.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::analytics::BookKey;
use crate::domain::{Trade, Window};

use super::trades::{each_of, some_of};
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
    let mut symbols: HashMap<Option<String>, SymbolSums> = HashMap::new();
    each_of(conn, book, key, |_, trade| {
        let closed = trade.closed_at.is_some_and(|at| window.contains(at));
        if let Some(pnl) = trade.realized_pnl.filter(|_| closed) {
            let symbol = trade.symbol;
            let sums = symbols.entry(symbol.clone()).or_insert(SymbolSums {
                symbol,
                trades: 0,
                wins: 0,
                pnl: 0.0,
            });
            sums.trades += 1;
            sums.wins += u64::from(pnl > 0.0);
            sums.pnl += pnl;
        }
        Ok::<_, StoreError>(())
    })?;
    let mut symbols: Vec<SymbolSums> = symbols.into_values().collect();
    symbols.sort_by(|a, b| (b.trades, &a.symbol).cmp(&(a.trades, &b.symbol)));
    Ok(ModelTrades {
        newest: some_of(conn, book, key, numbers)?,
        symbols,
    })
}
