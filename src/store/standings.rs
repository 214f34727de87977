//! Where the tokens stand: what a tracker needs to take up where an earlier run left off, and
//! what a screen needs to follow one.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::{CallId, Price, Reading, Timestamp, TokenKey};

use super::folds::FoldChange;
use super::folds::{Stored, decode};
use super::state::SampleState;
use super::{Store, StoreError};

/// What was last stored of a token.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The token.
    pub token: TokenKey,
    /// The time of its latest sample, whatever became of it.
    pub at: Timestamp,
    /// Its last accepted price.
    pub last: Option<Price>,
    /// Who gave that price.
    pub provider: Option<String>,
    /// The pool it was read from.
    pub pool: Option<String>,
    /// A later reading that waits for a second one.
    pub waiting: Option<Reading>,
}

/// Counters of commits, whoever made them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Commits {
    /// What polls brought.
    pub polls: i64,
    /// Anything else.
    pub writes: i64,
}

impl Store {
    /// Where each token of a call made since an instant stands.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn standings(&self, since: Timestamp) -> Result<Vec<Standing>, StoreError> {
        let mut statement = self.conn.prepare(
            "SELECT DISTINCT t.id, t.chain, t.address FROM call c \
             JOIN token t ON t.id = c.token_id WHERE c.called_at >= ?1",
        )?;
        let mut rows = statement.query([since.millis()])?;
        let mut standings = Vec::new();
        while let Some(row) = rows.next()? {
            let (id, chain, address): (i64, String, String) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            if let Some(token) = TokenKey::new(Some(&chain), &address) {
                standings.extend(standing(&self.conn, id, token)?);
            }
        }
        Ok(standings)
    }

    /// How many commits there were.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn commits(&self) -> Result<Commits, StoreError> {
        let count = |key: &str| {
            self.conn
                .prepare_cached("SELECT CAST(value AS INTEGER) FROM meta WHERE key = ?1")?
                .query_row([key], |row| row.get(0))
        };
        Ok(Commits {
            polls: count("polls")?,
            writes: count("writes")?,
        })
    }

    /// The calls of the tokens that were folded beyond an instant, each with where its fold is
    /// now, and those tokens.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn moved_since(
        &self,
        since: Timestamp,
    ) -> Result<(Vec<FoldChange>, Vec<TokenKey>), StoreError> {
        let mut changes = Vec::new();
        let mut calls = self.conn.prepare_cached(
            "SELECT c.id, f.state FROM folded d JOIN call c ON c.token_id = d.token_id \
             JOIN fold f ON f.call_seq = c.seq WHERE d.up_to > ?1",
        )?;
        let mut rows = calls.query([since.millis()])?;
        while let Some(row) = rows.next()? {
            let state = row.get_ref(1)?.as_blob_or_null();
            if let Stored::Fold(fold) = decode(state.map_err(rusqlite::Error::from)?) {
                let id = CallId(row.get(0)?);
                changes.push(FoldChange { id, fold: *fold });
            }
        }
        let mut tokens = self.conn.prepare_cached(
            "SELECT t.chain, t.address FROM folded d JOIN token t ON t.id = d.token_id \
             WHERE d.up_to > ?1",
        )?;
        let rows = tokens.query_map([since.millis()], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        let mut moved = Vec::new();
        for row in rows {
            let (chain, address) = row?;
            moved.extend(TokenKey::new(Some(&chain), &address));
        }
        Ok((changes, moved))
    }

    /// How far the latest token is folded.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn folded_up_to(&self) -> Result<Option<Timestamp>, StoreError> {
        let up_to: Option<i64> =
            self.conn
                .query_row("SELECT max(up_to) FROM folded", [], |row| row.get(0))?;
        Ok(up_to.map(Timestamp::from_millis))
    }
}

fn standing(
    conn: &Connection,
    id: i64,
    token: TokenKey,
) -> Result<Option<Standing>, rusqlite::Error> {
    let at: Option<i64> = conn
        .prepare_cached(
            "SELECT max(at) FROM (SELECT max(at) AS at FROM sample WHERE token_id = ?1 \
             UNION ALL SELECT max(at) FROM sample_recent WHERE token_id = ?1)",
        )?
        .query_row([id], |row| row.get(0))?;
    let Some(at) = at else { return Ok(None) };
    let newest = |state: SampleState| {
        let mut found: Option<Reading> = None;
        for sql in [
            "SELECT s.at, s.price_usd, s.liquidity_usd, s.market_cap_usd, p.name, o.address \
             FROM sample s JOIN provider p ON p.id = s.provider_id \
             LEFT JOIN pool o ON o.id = s.pool_id \
             WHERE s.token_id = ?1 AND s.state = ?2 AND s.price_usd IS NOT NULL \
             ORDER BY s.at DESC LIMIT 1",
            "SELECT s.at, s.price_usd, s.liquidity_usd, s.market_cap_usd, p.name, o.address \
             FROM sample_recent s JOIN provider p ON p.id = s.provider_id \
             LEFT JOIN pool o ON o.id = s.pool_id \
             WHERE s.token_id = ?1 AND s.state = ?2 AND s.price_usd IS NOT NULL \
             ORDER BY s.at DESC LIMIT 1",
        ] {
            let newest = conn
                .prepare_cached(sql)?
                .query_row(params![id, state.code()], reading)
                .optional()?;
            if let Some(newest) = newest
                && found.as_ref().is_none_or(|f| f.at < newest.at)
            {
                found = Some(newest);
            }
        }
        Ok::<_, rusqlite::Error>(found)
    };
    let accepted = newest(SampleState::Accepted)?;
    let since = accepted.as_ref().map(|a| a.at);
    let waiting = newest(SampleState::Waiting)?.filter(|w| since.is_none_or(|at| w.at > at));
    Ok(Some(Standing {
        token,
        at: Timestamp::from_millis(at),
        last: accepted.as_ref().and_then(|a| a.price),
        provider: accepted.as_ref().map(|a| a.provider.clone()),
        pool: accepted.and_then(|a| a.pool),
        waiting,
    }))
}

fn reading(row: &Row<'_>) -> rusqlite::Result<Reading> {
    Ok(Reading {
        at: Timestamp::from_millis(row.get(0)?),
        price: row.get::<_, Option<f64>>(1)?.and_then(Price::new),
        liquidity_usd: row.get(2)?,
        market_cap_usd: row.get(3)?,
        absent: false,
        provider: row.get(4)?,
        pool: row.get(5)?,
    })
}
