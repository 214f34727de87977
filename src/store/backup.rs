//! A sound copy of the file while others read and write it.

use std::fs::File;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::open::{BUSY, inspect};
use super::{Store, StoreError};

impl Store {
    /// Copies a database into a new file that only its owner can read, and checks the copy; how
    /// many bytes it takes. The source is not brought up to date first, so that it can be copied
    /// before it is.
    ///
    /// `VACUUM INTO` reads one instant of the source in one read transaction: with a write-ahead
    /// log it neither waits for writers nor keeps them waiting, nor starts over when they write
    /// (a stepwise copy does), and the copy is one file that needs no log. It is made under
    /// another name, so that a file with the name that was asked for is always whole.
    ///
    /// # Errors
    /// When the source is not ours, or the copy is there already or cannot be written.
    pub fn backup(from: &Path, to: &Path) -> Result<u64, StoreError> {
        let failed = |reason: String| StoreError::Backup {
            path: to.to_owned(),
            reason,
        };
        if to.symlink_metadata().is_ok() {
            return Err(failed(EXISTS.to_owned()));
        }
        inspect(from)?;
        let folder = match to.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        // Readable by its owner only, from the first byte on.
        let copy = tempfile::Builder::new()
            .prefix(".callboard-backup-")
            .tempfile_in(folder)
            .map_err(|e| failed(e.to_string()))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let source =
            Connection::open_with_flags(from, flags).map_err(|e| StoreError::Unreachable {
                path: from.to_owned(),
                reason: e.to_string(),
            })?;
        source.busy_timeout(BUSY)?;
        let name = copy
            .path()
            .to_str()
            .ok_or_else(|| failed("its path is no UTF-8".to_owned()))?;
        source.execute("VACUUM INTO ?1", [name])?;
        check(copy.path()).map_err(&failed)?;
        let synced = File::open(copy.path()).and_then(|file| {
            file.sync_all()?;
            file.metadata()
        });
        let bytes = synced.map_err(|e| failed(e.to_string()))?.len();
        copy.persist_noclobber(to)
            .map_err(|e| match e.error.kind() {
                std::io::ErrorKind::AlreadyExists => failed(EXISTS.to_owned()),
                _ => failed(e.error.to_string()),
            })?;
        // The name is safe only once the folder is; a file system that cannot do it has no such
        // promise to break.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
        Ok(bytes)
    }
}

const EXISTS: &str = "it is there already and was left as it is; name a new file";

/// Whether the copy is sound, by `SQLite`'s own check.
fn check(copy: &Path) -> Result<(), String> {
    let found: rusqlite::Result<String> =
        Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .and_then(|conn| conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)));
    match found {
        Ok(word) if word == "ok" => Ok(()),
        Ok(word) => Err(format!("the copy is not sound ({word})")),
        Err(e) => Err(format!("the copy cannot be read ({e})")),
    }
}
