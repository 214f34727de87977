//! The outcome folds beside the calls: moved with every sample and candle, rebuilt where
//! some came late.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Transaction, params};

use crate::domain::{CallFacts, CallId, Candle, Fold, Observation, Price, Rules, Seen, Timestamp};

use super::candles::candles;
use super::state::SampleState;
use super::{Store, StoreError};

/// Counts up when the shape or the meaning of [`Fold`] changes; with the window, it decides
/// whether stored folds still hold.
const FOLD_VERSION: i64 = 2;

/// A call whose fold has moved.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldChange {
    /// The call.
    pub id: CallId,
    /// Where its fold is now.
    pub fold: Fold,
}

/// The new observations of one token that its calls' folds must take.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    /// With the provider they came from: a rebuild takes equal times in that order.
    pub observations: Vec<(Observation, i64)>,
    /// New candles.
    pub candles: Vec<Candle>,
    /// Something already folded has changed: fold again from the start.
    pub refold: bool,
}

impl Arrivals {
    /// Everything new in the order in which a rebuild would take it.
    fn in_order(mut self) -> Vec<Seen> {
        self.observations
            .sort_by_key(|(o, provider)| (o.at, *provider));
        let samples = self.observations.into_iter().map(|(o, _)| Seen::Sample(o));
        in_order(samples.collect(), self.candles)
    }
}

/// Samples, which are in their order already, and candles in one order.
fn in_order(mut samples: Vec<Seen>, candles: Vec<Candle>) -> Vec<Seen> {
    if !candles.is_empty() {
        samples.extend(candles.into_iter().map(Seen::Candle));
        samples.sort_by_key(Seen::order);
    }
    samples
}

/// What a fold needs of a stored call.
struct Folded {
    seq: i64,
    id: CallId,
    facts: CallFacts,
    token: Option<i64>,
    fold: Option<Fold>,
}

impl Store {
    /// Brings everything derived up to date with the rules and this version's definitions.
    pub(super) fn refresh_derived(&mut self) -> Result<(), StoreError> {
        let stamp = format!("{FOLD_VERSION}/{}", self.rules.window.millis());
        if self.meta("folds")?.as_deref() != Some(stamp.as_str()) {
            self.rebuild_folds()?;
            self.set_meta("folds", &stamp)?;
        }
        let stamp = crate::analytics::summary::VERSION.to_string();
        if self.meta("summaries")?.as_deref() != Some(stamp.as_str()) {
            self.rebuild_summaries()?;
            self.set_meta("summaries", &stamp)?;
        }
        Ok(())
    }

    fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self
            .conn
            .query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| {
                row.get(0)
            })
            .optional()?)
    }

    fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        self.conn.execute(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)",
            [key, value],
        )?;
        Ok(())
    }

    /// Folds every call again from its samples and candles.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn rebuild_folds(&mut self) -> Result<(), StoreError> {
        let rules = self.rules;
        self.write(|tx, _| {
            tx.execute_batch("DELETE FROM fold; DELETE FROM folded;")?;
            let tokens: Vec<i64> = tx
                .prepare("SELECT token_id FROM sample UNION SELECT token_id FROM candle")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for token in tokens {
                refold_token(tx, &rules, token)?;
            }
            Ok(())
        })
    }
}

/// Folds calls that are new or have another entry now.
pub(super) fn refold_calls(
    tx: &Transaction<'_>,
    rules: &Rules,
    seqs: &[i64],
) -> Result<Vec<FoldChange>, StoreError> {
    let mut changes = Vec::new();
    for seq in seqs {
        let call = tx
            .prepare_cached(
                "SELECT c.seq, c.id, c.called_at, c.entry_price, c.token_id, NULL \
                 FROM call c WHERE c.seq = ?1",
            )?
            .query_row([seq], read_folded)?;
        if let Some(token) = call.token {
            changes.extend(refold(tx, rules, token, call)?);
        }
    }
    Ok(changes)
}

/// Moves the folds of each token's calls by what arrived.
pub(super) fn fold_arrivals(
    tx: &Transaction<'_>,
    rules: &Rules,
    arrivals: BTreeMap<i64, Arrivals>,
) -> Result<Vec<FoldChange>, StoreError> {
    let mut changes = Vec::new();
    for (token, arrived) in arrivals {
        let refold = arrived.refold;
        let all = arrived.in_order();
        if all.is_empty() && !refold {
            continue;
        }
        let up_to: Option<i64> = tx
            .prepare_cached("SELECT up_to FROM folded WHERE token_id = ?1")?
            .query_row([token], |row| row.get(0))
            .optional()?;
        let first = all.first().map(|seen| seen.at().millis());
        let in_order = first.is_some_and(|first| up_to.is_none_or(|up_to| first > up_to));
        if refold || !in_order {
            changes.extend(refold_token(tx, rules, token)?);
            continue;
        }
        for mut call in calls_of(tx, token)? {
            let mut fold = call.fold.take().unwrap_or_else(|| Fold::start(&call.facts));
            let mut moved = false;
            for seen in &all {
                moved |= fold.apply_seen(&call.facts, rules, seen);
            }
            if moved {
                save(tx, call.seq, &fold)?;
                changes.push(FoldChange { id: call.id, fold });
            }
        }
        if let Some(last) = all.last() {
            save_up_to(tx, token, last.at())?;
        }
    }
    Ok(changes)
}

fn refold_token(
    tx: &Transaction<'_>,
    rules: &Rules,
    token: i64,
) -> Result<Vec<FoldChange>, StoreError> {
    let mut changes = Vec::new();
    for call in calls_of(tx, token)? {
        changes.extend(refold(tx, rules, token, call)?);
    }
    let last: Option<i64> = tx
        .prepare_cached(
            "SELECT max(at) FROM (\
             SELECT max(at) AS at FROM sample WHERE token_id = ?1 AND state IN (0, 4) \
             UNION ALL SELECT max(opened_at + interval_ms) FROM candle WHERE token_id = ?1)",
        )?
        .query_row([token], |row| row.get(0))?;
    if let Some(last) = last {
        save_up_to(tx, token, Timestamp::from_millis(last))?;
    }
    Ok(changes)
}

fn refold(
    tx: &Transaction<'_>,
    rules: &Rules,
    token: i64,
    call: Folded,
) -> Result<Option<FoldChange>, StoreError> {
    let seen = seen(
        tx,
        token,
        call.facts.called_at,
        call.facts.window_end(rules),
    )?;
    if seen.is_empty() {
        let gone = tx
            .prepare_cached("DELETE FROM fold WHERE call_seq = ?1")?
            .execute([call.seq])?;
        let start = Fold::start(&call.facts);
        return Ok((gone > 0).then_some(FoldChange {
            id: call.id,
            fold: start,
        }));
    }
    let fold = Fold::over_all(&call.facts, rules, &seen);
    save(tx, call.seq, &fold)?;
    Ok(Some(FoldChange { id: call.id, fold }))
}

fn calls_of(tx: &Transaction<'_>, token: i64) -> Result<Vec<Folded>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT c.seq, c.id, c.called_at, c.entry_price, c.token_id, f.state \
         FROM call c LEFT JOIN fold f ON f.call_seq = c.seq WHERE c.token_id = ?1",
    )?;
    let rows = statement.query_map([token], read_folded)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read_folded(row: &rusqlite::Row<'_>) -> rusqlite::Result<Folded> {
    let token: Option<i64> = row.get(4)?;
    let state: Option<Vec<u8>> = row.get(5)?;
    Ok(Folded {
        seq: row.get(0)?,
        id: CallId(row.get(1)?),
        facts: CallFacts {
            called_at: Timestamp::from_millis(row.get(2)?),
            stated_entry: row.get::<_, Option<f64>>(3)?.and_then(Price::new),
            has_token: token.is_some(),
        },
        token,
        fold: state.and_then(|bytes| decode(&bytes)),
    })
}

fn save(tx: &Transaction<'_>, seq: i64, fold: &Fold) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR REPLACE INTO fold (call_seq, state) VALUES (?1, ?2)")?
        .execute(params![seq, postcard::to_stdvec(fold)?])?;
    Ok(())
}

fn save_up_to(tx: &Transaction<'_>, token: i64, at: Timestamp) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR REPLACE INTO folded (token_id, up_to) VALUES (?1, ?2)")?
        .execute([token, at.millis()])?;
    Ok(())
}

/// A stored fold; `None` when it cannot be read (it is then folded anew).
pub(super) fn decode(bytes: &[u8]) -> Option<Fold> {
    postcard::from_bytes(bytes).ok()
}

/// Everything that counts for a token, from one instant to another (both in), in order.
pub(super) fn seen(
    conn: &rusqlite::Connection,
    token: i64,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Seen>, StoreError> {
    let samples = observations(conn, token, from, to)?;
    Ok(in_order(samples, candles(conn, token, from, to)?))
}

fn observations(
    conn: &rusqlite::Connection,
    token: i64,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Seen>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT at, state, price_usd, liquidity_usd, market_cap_usd FROM sample \
         WHERE token_id = ?1 AND at BETWEEN ?2 AND ?3 AND state IN (0, 4) ORDER BY at, provider_id",
    )?;
    let rows = statement.query_map(params![token, from.millis(), to.millis()], |row| {
        Ok(Seen::Sample(Observation {
            at: Timestamp::from_millis(row.get(0)?),
            absent: row.get::<_, i64>(1)? == SampleState::Absent.code(),
            price: row.get::<_, Option<f64>>(2)?.and_then(Price::new),
            liquidity_usd: row.get(3)?,
            market_cap_usd: row.get(4)?,
        }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
