//! Retention: polled samples older than a limit are thinned to hourly points and to those that an
//! outcome rests on. Imports are left alone, and so is what was voided by hand.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::{IMPORT, Seen, Span, Timestamp};

use super::folds::{self, Base};
use super::state::SampleState;
use super::{Store, StoreError};

/// A polled sample that may go.
struct Row {
    at: i64,
    provider: i64,
    state: Option<SampleState>,
    priced: bool,
}

impl Store {
    /// Thins the polled samples older than an instant, of at most so many tokens, in one
    /// transaction. Every outcome stays what it is, and a rebuild gives the same. How many tokens
    /// were thinned: none are left when it is 0.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing of it is done.
    pub fn thin(&mut self, before: Timestamp, tokens: usize) -> Result<usize, StoreError> {
        let rules = self.rules;
        // By whole days: each token has its turn once a day.
        let day = Span::DAY.millis();
        let before = Timestamp::from_millis(before.millis().div_euclid(day) * day);
        let due: Vec<(i64, i64)> = self
            .conn
            .prepare_cached(
                "SELECT t.id, coalesce(d.up_to, -1) FROM token t \
                 LEFT JOIN thinned d ON d.token_id = t.id \
                 WHERE EXISTS (SELECT 1 FROM sample s WHERE s.token_id = t.id \
                 AND s.at >= coalesce(d.up_to, -1) AND s.at < ?1) LIMIT ?2",
            )?
            .query_map(params![before.millis(), tokens as i64], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<Result<_, _>>()?;
        if due.is_empty() {
            return Ok(0);
        }
        // A poller that was killed may have left some that are old by now.
        self.settle_recent()?;
        // No figure changes, so it counts as no commit that others must read.
        self.write_as("thinned", |tx, _| {
            folds::ensure_ours(tx, &rules)?;
            for (token, from) in &due {
                let from = Timestamp::from_millis(*from);
                let keep = settle_bases(tx, &rules, *token, before)?;
                thin_token(tx, *token, from, before, &keep)?;
                tx.prepare_cached(
                    "INSERT OR REPLACE INTO thinned (token_id, up_to) VALUES (?1, ?2)",
                )?
                .execute([*token, before.millis()])?;
            }
            Ok::<_, StoreError>(())
        })?;
        Ok(due.len())
    }
}

/// Records what the samples of a token's calls come to before an instant; the times of those
/// that must stay.
fn settle_bases(
    tx: &Connection,
    rules: &crate::domain::Rules,
    token: i64,
    before: Timestamp,
) -> Result<BTreeSet<i64>, StoreError> {
    let mut keep = BTreeSet::new();
    let last = Timestamp::from_millis(before.millis() - 1);
    for call in folds::calls_of(tx, token)? {
        let (mut fold, from) = folds::start(tx, rules, call.seq, &call.facts, last)?;
        let to = last.min(call.facts.window_end(rules));
        if to < from {
            continue;
        }
        let all = folds::seen(tx, token, from, to)?;
        for place in fold.apply_marking(&call.facts, rules, &all) {
            keep.extend(all.get(place).map(|seen: &Seen| seen.at().millis()));
        }
        folds::save_base(
            tx,
            rules,
            call.seq,
            &Base {
                up_to: before,
                fold,
            },
        )?;
    }
    Ok(keep)
}

fn thin_token(
    tx: &Connection,
    token: i64,
    from: Timestamp,
    before: Timestamp,
    keep: &BTreeSet<i64>,
) -> Result<(), StoreError> {
    let import: Option<i64> = tx
        .prepare_cached("SELECT id FROM provider WHERE name = ?1")?
        // A user's samples stay.
        .query_row([IMPORT], |row| row.get(0))
        .optional()?;
    let rows: Vec<Row> = tx
        .prepare_cached(
            "SELECT at, provider_id, state, price_usd IS NOT NULL FROM sample \
             WHERE token_id = ?1 AND at >= ?2 AND at < ?3 AND provider_id IS NOT ?4 \
             ORDER BY at, provider_id",
        )?
        .query_map(
            params![token, from.millis(), before.millis(), import],
            |row| {
                Ok(Row {
                    at: row.get(0)?,
                    provider: row.get(1)?,
                    state: SampleState::from_code(row.get(2)?),
                    priced: row.get(3)?,
                })
            },
        )?
        .collect::<Result<_, _>>()?;
    // The last accepted price of each hour stays.
    let mut hourly: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for row in &rows {
        if row.state == Some(SampleState::Accepted) && row.priced {
            let hour = Timestamp::from_millis(row.at).hour();
            hourly.insert(hour, (row.at, row.provider));
        }
    }
    let points: BTreeSet<(i64, i64)> = hourly.into_values().collect();
    let mut delete = tx.prepare_cached(
        "DELETE FROM sample WHERE token_id = ?1 AND at = ?2 AND provider_id = ?3",
    )?;
    for row in &rows {
        let stays = keep.contains(&row.at)
            || points.contains(&(row.at, row.provider))
            || row.state == Some(SampleState::Voided);
        if !stays {
            delete.execute(params![token, row.at, row.provider])?;
        }
    }
    Ok(())
}
