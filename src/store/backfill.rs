//! What was asked of the past: the instants and stretches that are known of a token, and what a
//! provider answered about the rest.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::candle::LONGEST_CANDLE;
use crate::domain::stretch::merged;
use crate::domain::{Candle, Stretch, Timestamp, TokenKey};

use super::candles::put_candle;
use super::folds::{self, Arrivals, FoldChange};
use super::names;
use super::{Put, Store, StoreError, TokenCandle};

/// What is known of a token's past.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// Instants of accepted prices, in order.
    pub seen: Vec<Timestamp>,
    /// Stretches that candles cover, that were asked for, or whose samples were thinned.
    pub stretches: Vec<Stretch>,
    /// The pool that the latest price was read from.
    pub pool: Option<String>,
}

/// What a provider answered about a token's past.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The token.
    pub token: &'a TokenKey,
    /// Who answered.
    pub provider: &'a str,
    /// Candles with the pool they are from.
    pub candles: &'a [(String, Candle)],
    /// Stretches that need not be asked for again.
    pub answered: &'a [Stretch],
}

impl Store {
    /// What is known of a token within a stretch.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn known_of(&self, token: &TokenKey, within: Stretch) -> Result<Known, StoreError> {
        let id: Option<i64> = self
            .conn
            .prepare_cached("SELECT id FROM token WHERE chain = ?1 AND address = ?2")?
            .query_row([token.chain(), token.address()], |row| row.get(0))
            .optional()?;
        let Some(id) = id else {
            return Ok(Known::default());
        };
        let (from, to) = (within.from.millis(), within.to.millis());
        let mut seen = self.conn.prepare_cached(
            "SELECT DISTINCT at FROM sample_all WHERE token_id = ?1 AND at BETWEEN ?2 AND ?3 \
             AND state = 0 AND price_usd IS NOT NULL ORDER BY at",
        )?;
        let seen = seen
            .query_map([id, from, to], |row| row.get(0).map(Timestamp::from_millis))?
            .collect::<Result<Vec<_>, _>>()?;
        let mut stretches = self.conn.prepare_cached(
            "SELECT opened_at, opened_at + interval_ms FROM candle \
             WHERE token_id = ?1 AND opened_at BETWEEN ?2 - ?4 AND ?3 \
             UNION ALL SELECT from_ms, to_ms FROM backfilled \
             WHERE token_id = ?1 AND from_ms <= ?3 AND to_ms >= ?2 \
             UNION ALL SELECT ?2, up_to FROM thinned WHERE token_id = ?1",
        )?;
        let rows = stretches.query_map([id, from, to, LONGEST_CANDLE.millis()], |row| {
            let at = |i| row.get(i).map(Timestamp::from_millis);
            Ok(Stretch::new(at(0)?, at(1)?))
        })?;
        let stretches = rows.collect::<Result<Vec<_>, _>>()?;
        let pool = self
            .conn
            .prepare_cached(
                "SELECT p.address FROM sample_all s JOIN pool p ON p.id = s.pool_id \
                 WHERE s.token_id = ?1 AND s.state = 0 ORDER BY s.at DESC LIMIT 1",
            )?
            .query_row([id], |row| row.get(0))
            .optional()?;
        Ok(Known {
            seen,
            stretches: stretches.into_iter().flatten().collect(),
            pool,
        })
    }

    /// Stores what a provider answered in one transaction, and moves the outcomes of the token's
    /// calls. Candles that contradict known ones stay out.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing of it is stored.
    pub fn put_answer(&mut self, answer: Answer<'_>) -> Result<Vec<FoldChange>, StoreError> {
        let rules = self.rules;
        self.write(|tx, known_names| {
            folds::ensure_ours(tx, &rules)?;
            let provider = names::provider_id(tx, known_names, answer.provider)?;
            let token = names::token_id(tx, known_names, answer.token)?;
            let mut arrivals: BTreeMap<i64, Arrivals> = BTreeMap::new();
            for (pool, candle) in answer.candles {
                let stated = TokenCandle {
                    token: answer.token.clone(),
                    candle: *candle,
                    pool: Some(pool.clone()),
                };
                if put_candle(tx, known_names, &stated, &mut arrivals)? == Put::New {
                    tx.prepare_cached(
                        "UPDATE candle SET provider_id = ?4 \
                         WHERE token_id = ?1 AND opened_at = ?2 AND interval_ms = ?3",
                    )?
                    .execute(params![
                        token,
                        candle.opened_at.millis(),
                        candle.interval.millis(),
                        provider
                    ])?;
                }
            }
            remember(tx, token, answer.answered)?;
            folds::fold_arrivals(tx, &rules, arrivals)
        })
    }
}

/// Adds stretches to those that were asked for.
fn remember(tx: &Connection, token: i64, answered: &[Stretch]) -> Result<(), StoreError> {
    if answered.is_empty() {
        return Ok(());
    }
    let mut all: Vec<Stretch> = tx
        .prepare_cached("SELECT from_ms, to_ms FROM backfilled WHERE token_id = ?1")?
        .query_map([token], |row| {
            let at = |i| row.get(i).map(Timestamp::from_millis);
            Ok(Stretch::new(at(0)?, at(1)?))
        })?
        .filter_map(Result::transpose)
        .collect::<Result<_, _>>()?;
    all.extend(answered);
    tx.prepare_cached("DELETE FROM backfilled WHERE token_id = ?1")?
        .execute([token])?;
    let mut insert =
        tx.prepare_cached("INSERT INTO backfilled (token_id, from_ms, to_ms) VALUES (?1, ?2, ?3)")?;
    for stretch in merged(all) {
        insert.execute([token, stretch.from.millis(), stretch.to.millis()])?;
    }
    Ok(())
}
