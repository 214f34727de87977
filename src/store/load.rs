//! Reading everything that the in-memory board is made of.

use std::collections::HashMap;
use std::sync::LazyLock;

use rusqlite::{OptionalExtension, Row, params};

use crate::analytics::{Book, BookKey};
use crate::domain::candle::LONGEST_CANDLE;
use crate::domain::fold::PriceAt;
use crate::domain::{
    Call, CallFacts, CallId, Fold, ImportedOutcome, Price, Span, Timestamp, TokenKey,
};

use super::calls::{CALL_COLUMNS, CallRecord, read_call, read_outcome};
use super::folds::seen;
use super::state::SampleState;
use super::{Store, StoreError};

/// A call with everything its outcome is read from.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredCall {
    /// The call.
    pub call: Call,
    /// It was taken out of every figure.
    pub voided: bool,
    /// Where its samples have brought it.
    pub fold: Fold,
    /// What somebody else measured of it.
    pub imported: Option<ImportedOutcome>,
}

/// Everything that was recorded, as the board wants it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The books of all models.
    pub books: Vec<(BookKey, Book)>,
    /// All calls, oldest first.
    pub calls: Vec<StoredCall>,
    /// Outcomes whose call is not known (yet).
    pub orphan_outcomes: usize,
}

/// What the acceptance rule needs to go on after a restart.
#[derive(Debug, Clone, PartialEq)]
pub struct LatestPrice {
    /// The token.
    pub token: TokenKey,
    /// Its last accepted price.
    pub accepted: Option<PriceAt>,
    /// A later price that waits for a second reading.
    pub waiting: Option<PriceAt>,
}

/// Calls with their token and their fold; what comes behind chooses among them.
static FOLDED_CALLS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {CALL_COLUMNS}, f.state FROM call c \
         LEFT JOIN token t ON t.id = c.token_id LEFT JOIN fold f ON f.call_seq = c.seq"
    )
});

fn read_folded_call(row: &Row<'_>) -> rusqlite::Result<(CallRecord, Option<Fold>)> {
    let record = read_call(row)?;
    let state = row.get_ref(15)?.as_blob_or_null()?;
    Ok((record, state.and_then(super::folds::decode)))
}

impl Store {
    /// Reads everything. With an `as_of`, no sample later and no candle that ends later
    /// than it has moved any fold.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn load(&self, as_of: Option<Timestamp>) -> Result<Loaded, StoreError> {
        let calls = self.load_calls(as_of)?;
        let orphan_outcomes: i64 = self.conn.query_row(
            "SELECT count(*) FROM imported_outcome WHERE call_id NOT IN (SELECT id FROM call)",
            [],
            |row| row.get(0),
        )?;
        Ok(Loaded {
            books: self.load_books()?,
            calls,
            orphan_outcomes: usize::try_from(orphan_outcomes).unwrap_or(0),
        })
    }

    fn load_calls(&self, as_of: Option<Timestamp>) -> Result<Vec<StoredCall>, StoreError> {
        let mut imported: HashMap<String, ImportedOutcome> = self
            .conn
            .prepare(
                "SELECT call_id, peak_multiple, final_multiple, is_rug, observed_until, label \
                 FROM imported_outcome",
            )?
            .query_map([], |row| Ok((row.get(0)?, read_outcome(row, 1)?)))?
            .collect::<Result<_, _>>()?;
        let mut statement = self
            .conn
            .prepare(&format!("{} ORDER BY c.called_at, c.id", *FOLDED_CALLS))?;
        let rows = statement.query_map([], read_folded_call)?;
        let mut calls = Vec::new();
        for row in rows {
            let (record, fold) = row?;
            let facts = CallFacts::from(&record.call);
            let fold = match (as_of, record.token_id, fold) {
                (Some(as_of), Some(token), Some(_)) if as_of < facts.window_end(&self.rules) => {
                    let seen = seen(&self.conn, token, facts.called_at, as_of)?;
                    Fold::over_all(&facts, &self.rules, &seen)
                }
                (_, _, Some(fold)) => fold,
                (_, _, None) => Fold::start(&facts),
            };
            calls.push(StoredCall {
                imported: imported.remove(&record.call.id.0),
                voided: record.voided.is_some(),
                call: record.call,
                fold,
            });
        }
        Ok(calls)
    }

    /// One call as it is stored now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn load_call(&self, id: &CallId) -> Result<Option<StoredCall>, StoreError> {
        let found = self
            .conn
            .prepare_cached(&format!("{} WHERE c.id = ?1", *FOLDED_CALLS))?
            .query_row([&id.0], read_folded_call)
            .optional()?;
        let Some((record, fold)) = found else {
            return Ok(None);
        };
        let imported = self
            .conn
            .prepare_cached(
                "SELECT peak_multiple, final_multiple, is_rug, observed_until, label \
                 FROM imported_outcome WHERE call_id = ?1",
            )?
            .query_row([&id.0], |row| read_outcome(row, 0))
            .optional()?;
        Ok(Some(StoredCall {
            fold: fold.unwrap_or_else(|| Fold::start(&CallFacts::from(&record.call))),
            voided: record.voided.is_some(),
            call: record.call,
            imported,
        }))
    }

    /// The latest accepted and waiting price of every token that was called since an instant.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn latest_prices(&self, called_since: Timestamp) -> Result<Vec<LatestPrice>, StoreError> {
        let mut tokens = self.conn.prepare(
            "SELECT DISTINCT t.id, t.chain, t.address FROM call c JOIN token t ON t.id = c.token_id \
             WHERE c.called_at >= ?1",
        )?;
        let tokens = tokens
            .query_map([called_since.millis()], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, String>(2)?,
                ))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        let mut latest = Vec::with_capacity(tokens.len());
        for (id, chain, address) in tokens {
            let Some(token) = TokenKey::new(Some(&chain), &address) else {
                continue;
            };
            let accepted = self.latest_in_state(id, SampleState::Accepted)?;
            let waiting = self.latest_in_state(id, SampleState::Waiting)?;
            latest.push(LatestPrice {
                token,
                waiting: waiting.filter(|w| accepted.is_none_or(|a| w.at > a.at)),
                accepted,
            });
        }
        Ok(latest)
    }

    fn latest_in_state(
        &self,
        token: i64,
        state: SampleState,
    ) -> Result<Option<PriceAt>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT at, price_usd FROM sample \
             WHERE token_id = ?1 AND state = ?2 AND price_usd IS NOT NULL ORDER BY at DESC LIMIT 1",
        )?;
        let mut rows = statement.query(params![token, state.code()])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        Ok(Price::new(row.get(1)?).map(|price| PriceAt {
            at: Timestamp::from_millis(row.get::<_, i64>(0).unwrap_or_default()),
            price,
        }))
    }

    /// The accepted prices and the closes of candles of a token over a span up to an instant,
    /// oldest first: what trailing changes and paths are drawn from.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn price_path(
        &self,
        token: &TokenKey,
        to: Timestamp,
        span: Span,
    ) -> Result<Vec<PriceAt>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT s.at AS at, s.price_usd, 0 AS interval \
             FROM sample s JOIN token t ON t.id = s.token_id \
             WHERE t.chain = ?1 AND t.address = ?2 AND s.at BETWEEN ?3 AND ?4 \
             AND s.state = 0 AND s.price_usd IS NOT NULL \
             UNION ALL \
             SELECT c.opened_at + c.interval_ms, c.close, c.interval_ms \
             FROM candle c JOIN token t ON t.id = c.token_id \
             WHERE t.chain = ?1 AND t.address = ?2 AND c.opened_at BETWEEN ?3 - ?5 AND ?4 \
             AND c.opened_at + c.interval_ms BETWEEN ?3 AND ?4 \
             ORDER BY 1, 3 DESC",
        )?;
        let rows = statement.query_map(
            params![
                token.chain(),
                token.address(),
                to.minus(span).millis(),
                to.millis(),
                LONGEST_CANDLE.millis()
            ],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, f64>(1)?)),
        )?;
        let mut path = Vec::new();
        for row in rows {
            let (at, price) = row?;
            path.extend(Price::new(price).map(|price| PriceAt {
                at: Timestamp::from_millis(at),
                price,
            }));
        }
        Ok(path)
    }
}
