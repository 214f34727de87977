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
mod error;
mod folds;
mod load;
mod open;
mod samples;
mod summaries;
mod trades;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::domain::Rules;

pub use error::StoreError;
pub use folds::FoldChange;
pub use load::{LatestPrice, Loaded, StoredCall};
pub use samples::{Sample, SampleState};

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
    names: Names,
}

/// Row ids of names that occur again and again.
#[derive(Debug, Default)]
struct Names {
    tokens: HashMap<crate::domain::TokenKey, i64>,
    providers: HashMap<String, i64>,
    books: HashMap<(String, String), i64>,
}

impl Store {
    /// Where the file lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
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
