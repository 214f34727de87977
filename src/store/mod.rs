//! `SQLite`: the only SQL of the program.
//!
//! Knows: the domain, the summaries it keeps beside the trades. Must never know: feeds, views,
//! terminals, the clock. One [`Store`] owns the one writing connection of a process; whoever
//! wants to write asks its owner.
//!
//! Invariants: what is derived (folds, summaries, packed days) is moved in the transaction that
//! stores what it is derived from, so the two never disagree; a file that is not ours, or was
//! made by a newer version, is refused before a byte of it is written.

mod backfill;
mod backup;
mod calls;
mod candles;
mod check;
mod error;
mod export;
mod filters;
mod folds;
mod foreign;
mod history;
mod lease;
mod load;
mod names;
mod notices;
mod open;
mod reader;
mod samples;
mod standings;
mod state;
mod summaries;
mod thin;
mod trades;
mod void;
mod work;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use crate::domain::Rules;

pub use backfill::{Answer, Known};
pub use candles::TokenCandle;
pub use check::{Derived, Size};
pub use error::StoreError;
pub use folds::FoldChange;
pub use foreign::{Cell, Foreign, ForeignError};
pub use history::{History, Refused};
pub use lease::{Holder, Lease};
pub use load::{Hurry, Loaded, StoredCall};
pub use notices::NoticeBook;
pub use open::Opening;
pub use reader::{ModelTrades, Reader, SymbolSums};
pub use samples::Sample;
pub use standings::{Commits, Standing};
pub use void::{VoidError, Voiding};
pub use work::{Telling, Watching};

/// What became of one record that was to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// It was not there.
    New,
    /// It was there and has changed.
    Updated,
    /// It was there as it is.
    Unchanged,
    /// It contradicts what is there, and why.
    Refused(String),
}

/// The database of a process: one connection, opened for writing.
#[derive(Debug)]
pub struct Store {
    conn: Connection,
    path: PathBuf,
    rules: Rules,
    names: names::Names,
    /// A transaction that spans several calls, with the trades whose summaries wait for its end.
    session: Option<trades::Changes>,
    /// The page cache of ordinary work, in negative kibibytes as the engine wants it.
    cache: i64,
}

/// The page cache of ordinary work where nobody says otherwise.
const CACHE: i64 = -32_000;

impl Store {
    /// Where the file lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The definitions it keeps outcomes by.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Keeps at most so many kibibytes of pages in memory from now on.
    ///
    /// # Errors
    /// When the database cannot be asked to.
    pub fn set_cache(&mut self, kibibytes: u32) -> Result<(), StoreError> {
        self.cache = -i64::from(kibibytes);
        self.conn.pragma_update(None, "cache_size", self.cache)?;
        Ok(())
    }

    /// What is stored need not outlive this program: changes go straight to the file, without a log
    /// beside it, and when the machine fails they may be lost.
    ///
    /// # Errors
    /// When the database is open elsewhere, or cannot be asked to.
    pub fn make_temporary(&mut self) -> Result<(), StoreError> {
        self.conn.pragma_update(None, "journal_mode", "MEMORY")?;
        self.conn.pragma_update(None, "synchronous", "OFF")?;
        Ok(())
    }

    /// Begins a transaction that spans all that is stored up to [`Store::commit`]: all of it, or
    /// nothing.
    ///
    /// # Errors
    /// When another program holds the database for too long.
    pub fn begin(&mut self) -> Result<(), StoreError> {
        // What does not fit would be written twice.
        self.conn.pragma_update(None, "cache_size", -64_000)?;
        self.conn.execute_batch("BEGIN IMMEDIATE")?;
        self.session = Some(trades::Changes::default());
        Ok(())
    }

    /// Ends what [`Store::begin`] began and keeps it.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing of it is stored.
    pub fn commit(&mut self) -> Result<(), StoreError> {
        let Some(changes) = self.session.take() else {
            return Ok(());
        };
        let done = trades::settle(&self.conn, changes)
            .and_then(|_| count(&self.conn, "writes"))
            .and_then(|()| Ok(self.conn.execute_batch("COMMIT")?));
        if done.is_err() {
            self.rollback();
        }
        self.conn.pragma_update(None, "cache_size", self.cache)?;
        done
    }

    /// Ends what [`Store::begin`] began and forgets it.
    pub fn rollback(&mut self) {
        self.session = None;
        self.names.forget();
        // Fails only when SQLite has rolled back by itself already.
        let _ = self.conn.execute_batch("ROLLBACK");
    }

    /// Reads several things as of one moment, and looks at the file once for all of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn reading<T>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let look = self.conn.unchecked_transaction()?;
        let done = work(self);
        // Nothing was written: there is nothing to be kept.
        look.finish()?;
        done
    }

    /// Does something in one transaction: all of it is stored, or nothing. The lock is taken at
    /// once, since a transaction that only later turns to writing is refused without waiting.
    fn write<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Connection, &mut names::Names) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write_as("writes", work)
    }

    /// The same, counted as one of the [`Commits`].
    fn write_as<T, E: From<StoreError>>(
        &mut self,
        counter: &str,
        work: impl FnOnce(&Connection, &mut names::Names) -> Result<T, E>,
    ) -> Result<T, E> {
        let Self { conn, names, .. } = self;
        if self.session.is_some() {
            return work(conn, names);
        }
        let done = conn
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|e| StoreError::from(e).into())
            .and_then(|tx| {
                let done = work(&tx, names)?;
                count(&tx, counter)?;
                tx.commit().map_err(StoreError::from)?;
                Ok(done)
            });
        if done.is_err() {
            names.forget();
        }
        done
    }

    /// How long to wait for another program's write before giving up.
    ///
    /// # Errors
    /// Never in practice: it is a setting of the connection.
    pub fn set_patience(&mut self, patience: Duration) -> Result<(), StoreError> {
        Ok(self.conn.busy_timeout(patience)?)
    }

    /// A number that changes whenever *another* connection has changed the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn foreign_changes(&self) -> Result<i64, StoreError> {
        Ok(self
            .conn
            .query_row("PRAGMA data_version", [], |row| row.get(0))?)
    }
}

/// Counts a commit: see [`Commits`].
fn count(conn: &Connection, counter: &str) -> Result<(), StoreError> {
    conn.prepare_cached("UPDATE meta SET value = value + 1 WHERE key = ?1")?
        .execute([counter])?;
    Ok(())
}
