//! Notices: each key once, whoever writes it. They are stored with what they are about, so that
//! none is made twice and none is lost between two transactions.

use rusqlite::{Connection, Row, params};

use crate::domain::{CallId, Notice, NoticeKind, Timestamp, TokenKey};

use super::samples::{Home, put_all};
use super::{FoldChange, Put, Sample, Store, StoreError, folds};

/// The columns of a notice in the order of [`read`].
const COLUMNS: &str = "key, at, kind, call_id, chain, address, subject, source, value, text, told";

/// The notices within a transaction.
#[derive(Debug, Clone, Copy)]
pub struct NoticeBook<'a>(&'a Connection);

impl NoticeBook<'_> {
    /// Whether a notice of a key was made already.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn has(&self, key: &str) -> Result<bool, StoreError> {
        Ok(self
            .0
            .prepare_cached("SELECT 1 FROM notice WHERE key = ?1")?
            .exists([key])?)
    }

    /// Writes a notice down, unless its key is there; whether it was new.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn add(&self, notice: &Notice) -> Result<bool, StoreError> {
        let added = self
            .0
            .prepare_cached(&format!(
                "INSERT OR IGNORE INTO notice ({COLUMNS}) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
            ))?
            .execute(params![
                notice.key,
                notice.at.millis(),
                notice.kind.name(),
                notice.call.as_ref().map(|id| &id.0),
                notice.token.as_ref().map(TokenKey::chain),
                notice.token.as_ref().map(TokenKey::address),
                notice.subject,
                notice.source,
                notice.value,
                notice.text,
                notice.told,
            ])?;
        Ok(added > 0)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Notice> {
    let (chain, address): (Option<String>, Option<String>) = (row.get(4)?, row.get(5)?);
    Ok(Notice {
        key: row.get(0)?,
        at: Timestamp::from_millis(row.get(1)?),
        // A kind of a newer version is shown by its text.
        kind: NoticeKind::named(&row.get::<_, String>(2)?).unwrap_or(NoticeKind::More),
        call: row.get::<_, Option<String>>(3)?.map(CallId),
        token: address.and_then(|address| TokenKey::new(chain.as_deref(), &address)),
        subject: row.get(6)?,
        source: row.get(7)?,
        value: row.get(8)?,
        text: row.get(9)?,
        told: row.get(10)?,
    })
}

impl Store {
    /// [`Store::put_polled`], with the notices that the moved outcomes give rise to in the same
    /// transaction.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing of it is stored.
    pub fn put_polled_with<T>(
        &mut self,
        samples: &[Sample],
        notice: impl FnOnce(&[FoldChange], NoticeBook<'_>) -> Result<T, StoreError>,
    ) -> Result<(Vec<Put>, Vec<FoldChange>, T), StoreError> {
        let rules = self.rules;
        self.write_as("polls", |tx, names| {
            folds::ensure_ours(tx, &rules)?;
            let (puts, changes) = put_all(tx, names, &rules, Home::Recent, samples)?;
            let made = notice(&changes, NoticeBook(tx))?;
            Ok((puts, changes, made))
        })
    }

    /// Writes notices that come with no sample.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing of it is stored.
    pub fn put_notices<T>(
        &mut self,
        notice: impl FnOnce(NoticeBook<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.write_as("polls", |tx, _| notice(NoticeBook(tx)))
    }

    /// The latest notices that were told, with their numbers, oldest first: those after a number,
    /// at most so many.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn told_after(&self, id: i64, most: usize) -> Result<Vec<(i64, Notice)>, StoreError> {
        let mut statement = self.conn.prepare_cached(&format!(
            "SELECT {COLUMNS}, id FROM notice WHERE id > ?1 AND told ORDER BY id DESC LIMIT ?2"
        ))?;
        let rows = statement.query_map(params![id, most as i64], |row| {
            Ok((row.get(11)?, read(row)?))
        })?;
        let mut notices: Vec<(i64, Notice)> = rows.collect::<Result<_, _>>()?;
        notices.reverse();
        Ok(notices)
    }

    /// The moves, and what was said of feeds, since an instant, oldest first: where whoever goes
    /// on telling takes up.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn notices_to_resume(&self, since: Timestamp) -> Result<Vec<Notice>, StoreError> {
        let mut statement = self.conn.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM notice \
             WHERE at >= ?1 AND kind IN ('move', 'feed_down', 'feed_back') ORDER BY at, id"
        ))?;
        let rows = statement.query_map([since.millis()], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The notices of a call, and those of its token while its window was open, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(super) fn notices_of(
        &self,
        id: &CallId,
        token: Option<&TokenKey>,
        from: Timestamp,
        to: Timestamp,
        most: usize,
    ) -> Result<Vec<Notice>, StoreError> {
        let mut statement = self.conn.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM notice WHERE call_id = ?1 \
             UNION ALL SELECT {COLUMNS} FROM notice WHERE call_id IS NULL \
             AND chain = ?2 AND address = ?3 AND at BETWEEN ?4 AND ?5 \
             ORDER BY 2 DESC LIMIT ?6"
        ))?;
        let rows = statement.query_map(
            params![
                id.0,
                token.map(TokenKey::chain),
                token.map(TokenKey::address),
                from.millis(),
                to.millis(),
                most as i64
            ],
            read,
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
