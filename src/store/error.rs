//! What can go wrong with the database, in words that say what to do.

use std::path::PathBuf;

use thiserror::Error;

/// An error of the store.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The file cannot be created or opened at all.
    #[error("cannot open the database {}: {reason}; check the path and its permissions, or name another file with --db", path.display())]
    Unreachable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file is something else.
    #[error("{} is not a callboard database ({what}); it was left untouched: name another file with --db", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        what: String,
    },
    /// The file was written by a later version.
    #[error("{} was made by a newer callboard (schema {found}, this one knows {known}); it was left untouched: update callboard, or name another file with --db", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema number.
        found: i64,
        /// The newest one known here.
        known: i64,
    },
    /// A copy cannot be made.
    #[error("no backup was made to {}: {reason}", path.display())]
    Backup {
        /// The copy.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// `SQLite` refused something.
    #[error("database: {}", explain(.0))]
    Sql(#[from] rusqlite::Error),
    /// A derived value cannot be encoded.
    #[error("database: cannot encode a derived value: {0}")]
    Encode(#[from] postcard::Error),
    /// Features cannot be written as JSON.
    #[error("database: cannot encode features: {0}")]
    Json(#[from] serde_json::Error),
}

impl StoreError {
    /// Whether another program holds the database just now, and nothing else is wrong.
    #[must_use]
    pub fn is_held(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
        let Self::Sql(error) = self else {
            return false;
        };
        matches!(
            error.sqlite_error_code(),
            Some(DatabaseBusy | DatabaseLocked)
        )
    }
}

fn explain(error: &rusqlite::Error) -> String {
    use rusqlite::ErrorCode;
    let advice = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another program holds it; close that one or try again"
        }
        Some(ErrorCode::ReadOnly) => "it cannot be written; check its permissions",
        Some(ErrorCode::SystemIoFailure) => {
            "the system refused it; look at the disk and its limits, then try again"
        }
        Some(ErrorCode::DiskFull) => "the disk is full; make room and try again",
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            "the file is damaged; put back a backup"
        }
        // SQLite adds the whole statement, which tells a user nothing.
        _ => match error {
            rusqlite::Error::SqlInputError { msg, .. } => return msg.clone(),
            _ => return error.to_string(),
        },
    };
    format!("{error}: {advice}")
}
