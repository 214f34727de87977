//! Another program's `SQLite` file, read and never touched.
//!
//! The file is copied with what belongs to it (a write-ahead log, a journal of an interrupted
//! write) into a private folder, and only the copy is opened: opening the original could replay
//! its log or leave new files beside it. Columns are found by name, since programs that add
//! columns later leave them in another order.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;
use thiserror::Error;

/// What a database file and the files beside it that are part of it end in.
const PARTS: [&str; 3] = ["", "-wal", "-journal"];
/// How often a file that changes while it is copied is copied again.
const TRIES: u32 = 3;

/// Why a file cannot be read.
#[derive(Debug, Error)]
pub enum ForeignError {
    /// The system refused.
    #[error("it cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// Another program keeps writing it.
    #[error(
        "another program is writing it: stop that program, or copy the file and import the copy"
    )]
    Busy,
    /// It is no sound database.
    #[error("it is damaged ({0}): nothing of it was taken; use a backup of it")]
    Damaged(String),
    /// It is our own.
    #[error("it is a callboard database, not another program's: open it with --db")]
    Ours,
}

impl From<rusqlite::Error> for ForeignError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Damaged(match error {
            rusqlite::Error::SqliteFailure(code, message) => {
                message.unwrap_or_else(|| code.to_string())
            }
            rusqlite::Error::SqlInputError { msg, .. } => msg,
            other => other.to_string(),
        })
    }
}

/// A value as it is stored, whatever its column was declared as.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// NULL, or no such column.
    Null,
    /// An integer or a real.
    Number(f64),
    /// Text; empty when it is no UTF-8.
    Text(&'a str),
    /// Bytes, of which only their being there is told.
    Blob,
}

/// Another program's database.
pub struct Foreign {
    conn: Connection,
    /// Tables and views with their columns, in lower case.
    tables: BTreeMap<String, Vec<String>>,
    _folder: TempDir,
}

impl Foreign {
    /// Opens a copy of a file and checks that it is sound.
    ///
    /// # Errors
    /// When it cannot be copied, is damaged, or is our own.
    pub fn open(path: &Path) -> Result<Self, ForeignError> {
        let folder = tempfile::Builder::new().prefix("callboard-").tempdir()?;
        // The sidecars of a link lie beside what it points to.
        let path = fs::canonicalize(path)?;
        let copy = copy(&path, folder.path())?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&copy, flags)?;
        conn.pragma_update(None, "trusted_schema", false)?;
        conn.pragma_update(None, "cell_size_check", true)?;
        let sound: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if sound != "ok" {
            return Err(ForeignError::Damaged(
                sound.lines().next().unwrap_or_default().to_owned(),
            ));
        }
        let id: i32 = conn.query_row("PRAGMA application_id", [], |row| row.get(0))?;
        if id == super::open::APPLICATION_ID {
            return Err(ForeignError::Ours);
        }
        let tables = tables(&conn)?;
        Ok(Self {
            conn,
            tables,
            _folder: folder,
        })
    }

    /// Whether there is such a table.
    #[must_use]
    pub fn has(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    /// The columns of a table, in lower case; none when there is no such table.
    #[must_use]
    pub fn columns(&self, table: &str) -> &[String] {
        self.tables.get(table).map_or(&[], Vec::as_slice)
    }

    /// The names of all tables, in lower case.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }

    /// Hands out every row of a table, with the wanted columns in their order. A column that the
    /// table does not have is NULL in all of them; a table that is not there has no rows.
    ///
    /// # Errors
    /// When the file turns out to be damaged.
    pub fn rows(
        &self,
        table: &str,
        wanted: &[&str],
        each: &mut dyn FnMut(&[Cell<'_>]),
    ) -> Result<(), ForeignError> {
        if !self.has(table) {
            return Ok(());
        }
        let there = self.columns(table);
        let list: Vec<String> = wanted
            .iter()
            .map(|name| {
                if there.iter().any(|c| c == name) {
                    quoted(name)
                } else {
                    "NULL".to_owned()
                }
            })
            .collect();
        let sql = format!("SELECT {} FROM {}", list.join(", "), quoted(table));
        let mut statement = self.conn.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let cells = (0..wanted.len())
                .map(|i| {
                    Ok(match row.get_ref(i)? {
                        ValueRef::Null => Cell::Null,
                        ValueRef::Integer(number) => Cell::Number(number as f64),
                        ValueRef::Real(number) => Cell::Number(number),
                        ValueRef::Text(text) => {
                            Cell::Text(std::str::from_utf8(text).unwrap_or_default())
                        }
                        ValueRef::Blob(_) => Cell::Blob,
                    })
                })
                .collect::<Result<Vec<_>, rusqlite::Error>>()?;
            each(&cells);
        }
        Ok(())
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn tables(conn: &Connection) -> Result<BTreeMap<String, Vec<String>>, rusqlite::Error> {
    let names = conn
        .prepare("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")?
        .query_map([], |row| row.get::<_, String>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    let mut tables = BTreeMap::new();
    for name in names {
        let columns = conn
            .prepare("SELECT lower(name) FROM pragma_table_info(?1)")?
            .query_map([&name], |row| row.get(0))?
            .collect::<Result<Vec<String>, _>>()?;
        tables.insert(name.to_lowercase(), columns);
    }
    Ok(tables)
}

/// How a file and its sidecars are found: their lengths and when they were last written.
type Looks = Vec<Option<(u64, Option<SystemTime>)>>;

fn looks(path: &Path) -> Looks {
    let one = |m: Metadata| (m.len(), m.modified().ok());
    PARTS
        .iter()
        .map(|end| fs::metadata(beside(path, end)).ok().map(one))
        .collect()
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Copies a file with its sidecars; again when they change meanwhile.
fn copy(path: &Path, folder: &Path) -> Result<PathBuf, ForeignError> {
    let to = folder.join("foreign.db");
    for _ in 0..TRIES {
        let before = looks(path);
        for end in PARTS {
            let copy = beside(&to, end);
            // Of an earlier try.
            let _ = fs::remove_file(&copy);
            match fs::copy(beside(path, end), &copy) {
                Ok(_) => make_writable(&copy)?,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound && !end.is_empty() => {}
                Err(e) => return Err(e.into()),
            }
        }
        if looks(path) == before {
            return Ok(to);
        }
    }
    Err(ForeignError::Busy)
}

/// A file that nobody may write gives a copy that nobody may write, and a log must be replayed.
fn make_writable(path: &Path) -> std::io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}
