//! Samples: readings with what became of them.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Transaction, params};

use crate::domain::{Decision, Observation, Price, Reading, Refusal, Timestamp, TokenKey};

use super::folds::FoldChange;
use super::{Names, Put, Store, StoreError};

/// A reading of a token with what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Whose price it is.
    pub token: TokenKey,
    /// What was read.
    pub reading: Reading,
    /// Whether it counts.
    pub decision: Decision,
}

/// [`Decision`] (and absence) as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleState {
    /// Counts.
    Accepted,
    /// Waits for a second reading.
    Waiting,
    /// Refused: a jump that was not confirmed.
    Unconfirmed,
    /// Taken out by hand.
    Voided,
    /// A poll that found no listing.
    Absent,
}

impl SampleState {
    const EACH: [Self; 5] = [
        Self::Accepted,
        Self::Waiting,
        Self::Unconfirmed,
        Self::Voided,
        Self::Absent,
    ];

    pub(super) const fn code(self) -> i64 {
        self as i64
    }

    pub(super) fn from_code(code: i64) -> Option<Self> {
        Self::EACH.into_iter().find(|s| s.code() == code)
    }

    fn of(sample: &Sample) -> Self {
        match sample.decision {
            Decision::Accepted if sample.reading.absent => Self::Absent,
            Decision::Accepted => Self::Accepted,
            Decision::Waiting => Self::Waiting,
            Decision::Refused(Refusal::UnconfirmedJump) => Self::Unconfirmed,
            Decision::Refused(Refusal::Voided) => Self::Voided,
        }
    }

    /// Whether the fold of an outcome takes it.
    const fn counts(self) -> bool {
        matches!(self, Self::Accepted | Self::Absent)
    }
}

/// The new observations of one token that its calls' folds must take.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    pub observations: Vec<Observation>,
    /// Something already folded has changed: fold again from the start.
    pub refold: bool,
}

impl Store {
    /// Stores samples in one transaction and moves the outcomes of their tokens' calls. A known
    /// sample (same token, time and provider) only has its unknowns filled and its decision
    /// settled; another price for it is refused.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing of it is stored.
    pub fn put_samples(
        &mut self,
        samples: &[Sample],
    ) -> Result<(Vec<Put>, Vec<FoldChange>), StoreError> {
        let tx = self.conn.transaction()?;
        let mut puts = Vec::with_capacity(samples.len());
        let mut arrivals: BTreeMap<i64, Arrivals> = BTreeMap::new();
        for sample in samples {
            let token = super::calls::token_id(&tx, &mut self.names, Some(&sample.token))?;
            let Some(token) = token else {
                puts.push(Put::Refused("no token".to_owned()));
                continue;
            };
            let provider = provider_id(&tx, &mut self.names, &sample.reading.provider)?;
            puts.push(put_sample(&tx, token, provider, sample, &mut arrivals)?);
        }
        let changes = super::folds::fold_arrivals(&tx, &self.rules, arrivals)?;
        tx.commit()?;
        Ok((puts, changes))
    }
}

fn put_sample(
    tx: &Transaction<'_>,
    token: i64,
    provider: i64,
    sample: &Sample,
    arrivals: &mut BTreeMap<i64, Arrivals>,
) -> Result<Put, StoreError> {
    let reading = &sample.reading;
    let state = SampleState::of(sample);
    let inserted = tx
        .prepare_cached(
            "INSERT OR IGNORE INTO sample \
             (token_id, at, provider_id, state, price_usd, liquidity_usd, market_cap_usd, pool) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            token,
            reading.at.millis(),
            provider,
            state.code(),
            reading.price.map(Price::usd),
            reading.liquidity_usd,
            reading.market_cap_usd,
            reading.pool,
        ])?;
    let arrived = |arrivals: &mut BTreeMap<i64, Arrivals>, changed: bool| {
        let of_token = arrivals.entry(token).or_default();
        of_token.refold |= changed;
        if state.counts() {
            of_token.observations.push(Observation::from(reading));
        }
    };
    if inserted > 0 {
        if state.counts() {
            arrived(arrivals, false);
        }
        return Ok(Put::New);
    }
    let (old_state, price, liquidity, cap) = tx
        .prepare_cached(
            "SELECT state, price_usd, liquidity_usd, market_cap_usd FROM sample \
             WHERE token_id = ?1 AND at = ?2 AND provider_id = ?3",
        )?
        .query_row(params![token, reading.at.millis(), provider], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, Option<f64>>(1)?,
                row.get::<_, Option<f64>>(2)?,
                row.get::<_, Option<f64>>(3)?,
            ))
        })?;
    let new_price = reading.price.map(Price::usd);
    if let (Some(old), Some(new)) = (price, new_price)
        && old != new
    {
        return Ok(Put::Refused(format!(
            "price {new} contradicts {old}, known for this token and time"
        )));
    }
    let old_state = SampleState::from_code(old_state).unwrap_or(SampleState::Waiting);
    // A settled decision stands: importing a file again must not bring back what was voided.
    let settled = if old_state == SampleState::Waiting {
        state
    } else {
        old_state
    };
    let filled = (
        price.or(new_price),
        liquidity.or(reading.liquidity_usd),
        cap.or(reading.market_cap_usd),
    );
    if settled == old_state && filled == (price, liquidity, cap) {
        return Ok(Put::Unchanged);
    }
    tx.prepare_cached(
        "UPDATE sample SET state = ?4, price_usd = ?5, liquidity_usd = ?6, market_cap_usd = ?7 \
         WHERE token_id = ?1 AND at = ?2 AND provider_id = ?3",
    )?
    .execute(params![
        token,
        reading.at.millis(),
        provider,
        settled.code(),
        filled.0,
        filled.1,
        filled.2
    ])?;
    // A waiting sample was never folded, so one that is accepted now arrives like a new one.
    if settled.counts() {
        arrived(arrivals, old_state != SampleState::Waiting);
    }
    Ok(Put::Updated)
}

fn provider_id(tx: &Transaction<'_>, names: &mut Names, name: &str) -> Result<i64, StoreError> {
    if let Some(id) = names.providers.get(name) {
        return Ok(*id);
    }
    let known = tx
        .query_row("SELECT id FROM provider WHERE name = ?1", [name], |row| {
            row.get(0)
        })
        .optional()?;
    let id = if let Some(id) = known {
        id
    } else {
        tx.execute("INSERT INTO provider (name) VALUES (?1)", [name])?;
        tx.last_insert_rowid()
    };
    names.providers.insert(name.to_owned(), id);
    Ok(id)
}

/// The observations that count for a token, from one instant to another (both in), in order.
pub(super) fn observations(
    conn: &rusqlite::Connection,
    token: i64,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Observation>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT at, state, price_usd, liquidity_usd, market_cap_usd FROM sample \
         WHERE token_id = ?1 AND at BETWEEN ?2 AND ?3 AND state IN (0, 4) ORDER BY at, provider_id",
    )?;
    let rows = statement.query_map(params![token, from.millis(), to.millis()], |row| {
        Ok(Observation {
            at: Timestamp::from_millis(row.get(0)?),
            absent: row.get::<_, i64>(1)? == SampleState::Absent.code(),
            price: row.get::<_, Option<f64>>(2)?.and_then(Price::new),
            liquidity_usd: row.get(3)?,
            market_cap_usd: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
