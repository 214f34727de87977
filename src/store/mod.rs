//! `SQLite`: the only SQL of the program.
//!
//! Knows: the domain, the summaries it keeps beside the trades. Must never know: feeds, views,
//! terminals, the clock. One [`Store`] owns the one writing connection of a process; whoever
//! wants to write asks its owner.
//!
//! Invariants: what is derived (folds, summaries, packed days) is moved in the transaction that
//! stores what it is derived from, so the two never disagree; a file that is not ours, or was
//! made by a newer version, is refused before a byte of it is written.

mod calls;
mod candles;
mod error;
mod folds;
mod load;
mod names;
mod open;
mod samples;
mod state;
mod summaries;
mod trades;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::domain::Rules;

pub use candles::TokenCandle;
pub use error::StoreError;
pub use folds::FoldChange;
pub use load::{LatestPrice, Loaded, StoredCall};
pub use samples::Sample;

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
}

impl Store {
    /// Where the file lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Does something in one transaction: all of it is stored, or nothing. The lock is taken at
    /// once, since a transaction that only later turns to writing is refused without waiting.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>, &mut names::Names) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let Self { conn, names, .. } = self;
        let done = conn
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::from)
            .and_then(|tx| {
                let done = work(&tx, names)?;
                tx.commit()?;
                Ok(done)
            });
        if done.is_err() {
            names.forget();
        }
        done
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
