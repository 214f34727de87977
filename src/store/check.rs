//! What `doctor` asks of a database: is it sound, is what is derived right, how large is it.

use rusqlite::{OptionalExtension, Row};

use crate::domain::{CallFacts, CallId, Fold, Price, Span, Timestamp, Work};

use super::folds::{Stored, are_ours, decode, fold_of};
use super::{Store, StoreError};

/// What a sample takes where the file cannot say, in bytes.
const SAMPLE_BYTES: f64 = 60.0;

/// How the stored outcomes compare with what the samples come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Derived {
    /// Calls compared.
    pub calls: usize,
    /// Those that differ.
    pub wrong: Vec<CallId>,
}

/// How large a database is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// The file, without its log.
    pub bytes: u64,
    /// Price readings in it.
    pub samples: u64,
    /// By how much the readings of the last day have made it grow.
    pub last_day: u64,
}

impl Store {
    /// What is wrong with the file, by what `SQLite` finds and by how its trades lie; empty when it
    /// is sound.
    ///
    /// # Errors
    /// When the file cannot be read at all.
    pub fn integrity(&self) -> Result<Vec<String>, StoreError> {
        let mut found: Vec<String> = self
            .conn
            .prepare("PRAGMA integrity_check(20)")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        found.retain(|line| line != "ok");
        let strays: Vec<String> = self
            .conn
            .prepare("PRAGMA foreign_key_check")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        found.extend(strays.first().map(|table| {
            format!(
                "{} rows of {table} and others refer to nothing",
                strays.len()
            )
        }));
        found.extend(super::trades::astray(&self.conn)?);
        Ok(found)
    }

    /// The schema number of the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn schema(&self) -> Result<i64, StoreError> {
        Ok(self
            .conn
            .query_row("PRAGMA user_version", [], |row| row.get(0))?)
    }

    /// Folds every call again and compares, without writing and without holding up who does.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn check_folds(&self) -> Result<Derived, StoreError> {
        // One snapshot of everything, whatever is written meanwhile.
        let tx = self.conn.unchecked_transaction()?;
        let mut found = Derived::default();
        if !are_ours(&tx, &self.rules)? {
            return Ok(found);
        }
        let mut statement = tx.prepare(
            "SELECT c.id, c.called_at, c.entry_price, c.liquidity_usd, c.token_id, f.state, c.seq \
             FROM call c LEFT JOIN fold f ON f.call_seq = c.seq WHERE c.token_id IS NOT NULL",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (id, facts, token) = read(row)?;
            let end = facts.window_end(&self.rules);
            let want = fold_of(&tx, &self.rules, row.get(6)?, &facts, token, end)?;
            let state = row.get_ref(5)?.as_blob_or_null();
            let same = match decode(state.map_err(rusqlite::Error::from)?) {
                Stored::Fold(fold) => *fold == want,
                Stored::None => want == Fold::start(&facts),
                Stored::Unreadable => false,
            };
            found.calls += 1;
            if !same {
                found.wrong.push(id);
            }
        }
        Ok(found)
    }

    /// Makes everything derived anew from what was recorded.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn rebuild_derived(&mut self) -> Result<(), StoreError> {
        self.rebuild_derived_telling(&mut |_| {})
    }

    /// The same, telling how far it has come.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn rebuild_derived_telling(
        &mut self,
        tell: &mut dyn FnMut(Work),
    ) -> Result<(), StoreError> {
        self.rebuild_folds_telling(tell)?;
        self.rebuild_summaries_telling(tell)
    }

    /// How large the database is, and how fast it grows.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn size(&self, now: Timestamp) -> Result<Size, StoreError> {
        let number = |sql: &str| self.conn.query_row(sql, [], |row| row.get::<_, i64>(0));
        let bytes =
            number("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")?;
        let samples = number("SELECT count(*) FROM sample_all")?;
        let yesterday = now.minus(Span::DAY).millis();
        let lately: i64 = self.conn.query_row(
            "SELECT count(*) FROM sample_all WHERE at BETWEEN ?1 AND ?2",
            [yesterday, now.millis()],
            |row| row.get(0),
        )?;
        let taken: Option<i64> = self
            .conn
            .query_row(
                "SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'sample%'",
                [],
                |row| row.get(0),
            )
            .optional()
            .ok()
            .flatten();
        let each = taken
            .filter(|_| samples > 0)
            .map_or(SAMPLE_BYTES, |taken| taken as f64 / samples as f64);
        Ok(Size {
            bytes: bytes.unsigned_abs(),
            samples: samples.unsigned_abs(),
            last_day: (lately as f64 * each) as u64,
        })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<(CallId, CallFacts, i64)> {
    let facts = CallFacts {
        called_at: Timestamp::from_millis(row.get(1)?),
        stated_entry: row.get::<_, Option<f64>>(2)?.and_then(Price::new),
        has_token: true,
        liquidity_usd: row.get(3)?,
    };
    Ok((CallId(row.get(0)?), facts, row.get(4)?))
}
