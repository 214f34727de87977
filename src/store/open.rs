//! Opening a file: is it ours, is it known, and the numbered migrations.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::domain::{Rules, Work};

use super::folds::is_fresh;
use super::names::Names;
use super::{Store, StoreError};

/// `CLBD`: what makes a `SQLite` file ours.
pub(super) const APPLICATION_ID: i32 = 0x434C_4244;

/// Every migration in its order; the schema number of a file is how many of them it has had.
const MIGRATIONS: [&str; 10] = [
    include_str!("../../assets/migrations/0001_spine.sql"),
    include_str!("../../assets/migrations/0002_candles.sql"),
    include_str!("../../assets/migrations/0003_void.sql"),
    TRADE_CHUNKS,
    include_str!("../../assets/migrations/0005_lease.sql"),
    include_str!("../../assets/migrations/0006_thin.sql"),
    include_str!("../../assets/migrations/0007_recent.sql"),
    include_str!("../../assets/migrations/0008_backfill.sql"),
    include_str!("../../assets/migrations/0009_filters.sql"),
    include_str!("../../assets/migrations/0010_notices.sql"),
];

/// The migration whose rows the program moves itself.
const TRADE_CHUNKS: &str = include_str!("../../assets/migrations/0004_trade_chunks.sql");

/// The schema number of a current file.
const SCHEMA: i64 = MIGRATIONS.len() as i64;

/// How long to wait for another program's write before giving up.
pub(super) const BUSY: Duration = Duration::from_secs(10);
/// How soon a lock that `SQLite` does not wait for is asked for again.
const WAL_STEP: Duration = Duration::from_millis(10);

/// A file that is known to be ours and of a version that is known, before it is brought up to date.
pub struct Opening {
    conn: Connection,
    path: PathBuf,
    rules: Rules,
    long: bool,
}

impl Opening {
    /// Opens a database for reading and writing, and creates it where there is none.
    ///
    /// # Errors
    /// When the file is not ours, newer than this program, or cannot be opened.
    pub fn begin(path: &Path, rules: Rules) -> Result<Self, StoreError> {
        let unreachable = |reason: String| StoreError::Unreachable {
            path: path.to_owned(),
            reason,
        };
        inspect(path)?;
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(|e| unreachable(e.to_string()))?;
        }
        // Created by hand, so that nobody else can read it: SQLite gives its sidecars the same
        // permissions.
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .map_err(|e| unreachable(e.to_string()))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn =
            Connection::open_with_flags(path, flags).map_err(|e| unreachable(e.to_string()))?;
        conn.busy_timeout(BUSY)?;
        // A newer version's pages may still lie in its log: closing must not write them back
        // before it is known that the file may be touched.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        let found = version(&conn)?;
        // Again, since a newer version may still lie in the write-ahead log.
        too_new(path, found)?;
        let long = match found {
            0 => false,
            SCHEMA => !is_fresh(&conn, &rules)?,
            _ => true,
        };
        Ok(Self {
            conn,
            path: path.to_owned(),
            rules,
            long,
        })
    }

    /// Where the file lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The definitions that its outcomes will be kept by.
    #[must_use]
    pub const fn rules(&self) -> Rules {
        self.rules
    }

    /// Whether something is to be moved or made anew, which may take a while.
    #[must_use]
    pub const fn takes_long(&self) -> bool {
        self.long
    }

    /// Brings it up to date, telling how far that has come.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn finish(self, tell: &mut dyn FnMut(Work)) -> Result<Store, StoreError> {
        let Self {
            mut conn,
            path,
            rules,
            ..
        } = self;
        migrate(&mut conn, &path, tell)?;
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        // WAL only after the first migration: so the main file's header always says whose it is,
        // even after a crash.
        switch_to_wal(&conn)?;
        conn.pragma_update(None, "synchronous", "NORMAL")?;
        conn.pragma_update(None, "foreign_keys", true)?;
        conn.pragma_update(None, "cache_size", super::CACHE)?;
        conn.set_prepared_statement_cache_capacity(64);
        let mut store = Store {
            conn,
            path,
            rules,
            names: Names::default(),
            session: None,
            cache: super::CACHE,
        };
        store.refresh_derived(tell)?;
        Ok(store)
    }
}

impl Store {
    /// Opens a database for reading and writing, creates it where there is none, and brings an
    /// older one up to date.
    ///
    /// # Errors
    /// When the file is not ours, newer than this program, or cannot be opened.
    pub fn open(path: &Path, rules: Rules) -> Result<Self, StoreError> {
        Opening::begin(path, rules)?.finish(&mut |_| {})
    }
}

/// Looks at a file without opening it as a database, so that a foreign one stays untouched.
pub(super) fn inspect(path: &Path) -> Result<(), StoreError> {
    let not_ours = |what: &str| StoreError::NotOurs {
        path: path.to_owned(),
        what: what.to_owned(),
    };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => {
            return Err(StoreError::Unreachable {
                path: path.to_owned(),
                reason: e.to_string(),
            });
        }
    };
    if file.metadata().is_ok_and(|m| m.is_dir()) {
        return Err(not_ours("it is a folder"));
    }
    // The SQLite file format: magic in bytes 0..16, user_version at 60, application_id at 68.
    let mut header = [0u8; 100];
    let mut read = 0;
    while read < header.len() {
        match file.read(&mut header[read..]) {
            Ok(0) => break,
            Ok(n) => read += n,
            Err(e) => {
                return Err(StoreError::Unreachable {
                    path: path.to_owned(),
                    reason: e.to_string(),
                });
            }
        }
    }
    if read == 0 {
        return Ok(());
    }
    if read < header.len() || !header.starts_with(b"SQLite format 3\0") {
        return Err(not_ours("it is no SQLite file"));
    }
    let number = |at: usize| {
        i32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    if number(68) != APPLICATION_ID {
        return Err(not_ours("it is another program's SQLite file"));
    }
    too_new(path, i64::from(number(60)))
}

fn too_new(path: &Path, found: i64) -> Result<(), StoreError> {
    if found > SCHEMA {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known: SCHEMA,
        });
    }
    Ok(())
}

/// Switches to a write-ahead log. `SQLite` does not wait for this lock by itself, so it is asked
/// for again while another program holds it (most likely to do the same).
fn switch_to_wal(conn: &Connection) -> Result<(), StoreError> {
    let mut waited = Duration::ZERO;
    loop {
        let mode: String = conn.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
        if mode.eq_ignore_ascii_case("wal") {
            return Ok(());
        }
        match conn.pragma_update(None, "journal_mode", "WAL") {
            Ok(()) => {}
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && waited < BUSY => {}
            Err(error) => return Err(error.into()),
        }
        if waited >= BUSY {
            // A file system without shared memory: the old journal works too, only slower.
            return Ok(());
        }
        std::thread::sleep(WAL_STEP);
        waited += WAL_STEP;
    }
}

fn version(conn: &Connection) -> Result<i64, rusqlite::Error> {
    conn.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Runs the migrations that the file has not had, all in one transaction.
fn migrate(
    conn: &mut Connection,
    path: &Path,
    tell: &mut dyn FnMut(Work),
) -> Result<(), StoreError> {
    if version(conn)? == SCHEMA {
        return Ok(());
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have migrated while this one waited for the lock.
    let found = version(&tx)?;
    too_new(path, found)?;
    for sql in MIGRATIONS
        .iter()
        .skip(usize::try_from(found).unwrap_or(usize::MAX))
    {
        tx.execute_batch(sql)?;
        if *sql == TRADE_CHUNKS {
            super::trades::move_rows(&tx, tell)?;
        }
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", SCHEMA)?;
    tx.commit()?;
    Ok(())
}
