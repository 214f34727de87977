//! Everything that was recorded, one record after the other, in an order that does not depend on
//! when it came in: what an export is written from.

use std::collections::HashMap;

use rusqlite::OptionalExtension;

use crate::domain::{
    Call, CallFacts, CallId, Decision, ImportedOutcome, Price, Reading, Refusal, Timestamp,
    TokenKey, Trade,
};

use super::calls::{CALL_COLUMNS, read_call, read_outcome};
use super::candles::read_candle;
use super::state::SampleState;
use super::summaries::books_of;
use super::trades::each_of;
use super::{Sample, Store, StoreError, TokenCandle};

impl Store {
    /// Every call, and whether it is voided, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read, or what `take` says.
    pub fn each_call<E: From<StoreError>>(
        &self,
        mut take: impl FnMut(&Call, bool) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = format!(
            "SELECT {CALL_COLUMNS} FROM call c LEFT JOIN token t ON t.id = c.token_id \
             ORDER BY c.called_at, c.id"
        );
        let mut statement = self.conn.prepare(&sql).map_err(StoreError::from)?;
        let mut rows = statement.query([]).map_err(StoreError::from)?;
        while let Some(row) = rows.next().map_err(StoreError::from)? {
            let record = read_call(row).map_err(StoreError::from)?;
            take(&record.call, record.voided.is_some())?;
        }
        Ok(())
    }

    /// Every trade, model by model, in the order they came in.
    ///
    /// # Errors
    /// When the database cannot be read, or what `take` says.
    pub fn each_trade<E: From<StoreError>>(
        &self,
        mut take: impl FnMut(&Trade) -> Result<(), E>,
    ) -> Result<(), E> {
        for (book, key) in books_of(&self.conn)? {
            each_of(&self.conn, book, &key, |_, trade| take(&trade))?;
        }
        Ok(())
    }

    /// Every reading with what became of it, token by token, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read, or what `take` says.
    pub fn each_sample<E: From<StoreError>>(
        &self,
        mut take: impl FnMut(&Sample) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut statement = self
            .conn
            .prepare(
                "SELECT t.chain, t.address, s.at, p.name, s.state, s.price_usd, s.liquidity_usd, \
                 s.market_cap_usd, l.address FROM sample_all s JOIN token t ON t.id = s.token_id \
                 JOIN provider p ON p.id = s.provider_id LEFT JOIN pool l ON l.id = s.pool_id \
                 ORDER BY s.token_id, s.at, p.name",
            )
            .map_err(StoreError::from)?;
        let mut rows = statement.query([]).map_err(StoreError::from)?;
        while let Some(row) = rows.next().map_err(StoreError::from)? {
            if let Some(sample) = read_sample(row).map_err(StoreError::from)? {
                take(&sample)?;
            }
        }
        Ok(())
    }

    /// Every candle, token by token, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read, or what `take` says.
    pub fn each_candle<E: From<StoreError>>(
        &self,
        mut take: impl FnMut(&TokenCandle) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut statement = self
            .conn
            .prepare(
                "SELECT c.opened_at, c.interval_ms, c.open, c.high, c.low, c.close, c.volume_usd, \
                 t.chain, t.address, c.pool FROM candle c JOIN token t ON t.id = c.token_id \
                 ORDER BY c.token_id, c.opened_at, c.interval_ms",
            )
            .map_err(StoreError::from)?;
        let mut rows = statement.query([]).map_err(StoreError::from)?;
        while let Some(row) = rows.next().map_err(StoreError::from)? {
            let read = || -> rusqlite::Result<Option<TokenCandle>> {
                let (chain, address): (String, String) = (row.get(7)?, row.get(8)?);
                let pool = row.get(9)?;
                let token = TokenKey::new(Some(&chain), &address);
                Ok(token
                    .zip(read_candle(row)?)
                    .map(|(token, candle)| TokenCandle {
                        token,
                        candle,
                        pool,
                    }))
            };
            if let Some(candle) = read().map_err(StoreError::from)? {
                take(&candle)?;
            }
        }
        Ok(())
    }

    /// What was imported of outcomes, by the id of their call.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn imported_outcomes(&self) -> Result<HashMap<String, ImportedOutcome>, StoreError> {
        let mut statement = self.conn.prepare(
            "SELECT call_id, peak_multiple, final_multiple, is_rug, observed_until, label \
             FROM imported_outcome",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, read_outcome(row, 1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What the outcome of a call depends on, and whether own prices have moved it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn followed(&self, id: &CallId) -> Result<Option<(CallFacts, bool)>, StoreError> {
        Ok(self
            .conn
            .prepare_cached(
                "SELECT c.called_at, c.entry_price, c.token_id IS NOT NULL, c.liquidity_usd, \
                 f.call_seq IS NOT NULL FROM call c LEFT JOIN fold f ON f.call_seq = c.seq \
                 WHERE c.id = ?1",
            )?
            .query_row([&id.0], |row| {
                let facts = CallFacts {
                    called_at: Timestamp::from_millis(row.get(0)?),
                    stated_entry: row.get::<_, Option<f64>>(1)?.and_then(Price::new),
                    has_token: row.get(2)?,
                    liquidity_usd: row.get(3)?,
                };
                Ok((facts, row.get(4)?))
            })
            .optional()?)
    }
}

/// A reading as it lies in the table; `None` for one that no version of this program wrote.
fn read_sample(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Sample>> {
    let (chain, address): (String, String) = (row.get(0)?, row.get(1)?);
    let Some(state) = SampleState::from_code(row.get(4)?) else {
        return Ok(None);
    };
    let Some(token) = TokenKey::new(Some(&chain), &address) else {
        return Ok(None);
    };
    Ok(Some(Sample {
        token,
        reading: Reading {
            at: Timestamp::from_millis(row.get(2)?),
            price: row.get::<_, Option<f64>>(5)?.and_then(Price::new),
            liquidity_usd: row.get(6)?,
            market_cap_usd: row.get(7)?,
            absent: state == SampleState::Absent,
            provider: row.get(3)?,
            pool: row.get(8)?,
        },
        decision: match state {
            SampleState::Accepted | SampleState::Absent => Decision::Accepted,
            SampleState::Waiting => Decision::Waiting,
            SampleState::Unconfirmed => Decision::Refused(Refusal::UnconfirmedJump),
            SampleState::Voided => Decision::Refused(Refusal::Voided),
        },
    }))
}
