//! Reading everything that the in-memory board is made of.

use std::sync::LazyLock;

use rusqlite::{OptionalExtension, Row, params};

use crate::analytics::{Book, BookKey};
use crate::domain::candle::LONGEST_CANDLE;
use crate::domain::fold::PriceAt;
use crate::domain::hash::FastMap;
use crate::domain::{
    Call, CallFacts, CallId, Fold, ImportedOutcome, Price, Span, Timestamp, TokenKey,
};

use super::calls::{CALL_COLUMNS, CallRecord, read_call, read_outcome};
use super::folds::{Stored, seen};
use super::{Store, StoreError};

/// A call with everything its outcome is read from.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredCall {
    /// The call.
    pub call: Call,
    /// Why it was taken out of every figure; `None` while it counts.
    pub voided: Option<String>,
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
    /// The earliest sample that lies after the as-of and was therefore not seen.
    pub next_unseen: Option<Timestamp>,
}

/// Calls with their token and their fold; what comes behind chooses among them.
static FOLDED_CALLS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {CALL_COLUMNS}, f.state FROM call c \
         LEFT JOIN token t ON t.id = c.token_id LEFT JOIN fold f ON f.call_seq = c.seq"
    )
});

fn read_folded_call(row: &Row<'_>) -> rusqlite::Result<(CallRecord, Stored)> {
    let record = read_call(row)?;
    let fold = super::folds::decode(row.get_ref(15)?.as_blob_or_null()?);
    Ok((record, fold))
}

impl Store {
    /// Reads everything. With an `as_of`, no sample later and no candle that ends later
    /// than it has moved any fold.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn load(&self, as_of: Option<Timestamp>) -> Result<Loaded, StoreError> {
        let (calls, orphan_outcomes) = self.load_calls(as_of)?;
        Ok(Loaded {
            books: self.load_books()?,
            calls,
            orphan_outcomes,
            next_unseen: self.next_sample_after(as_of)?,
        })
    }

    fn next_sample_after(&self, as_of: Option<Timestamp>) -> Result<Option<Timestamp>, StoreError> {
        let Some(as_of) = as_of else { return Ok(None) };
        // Only tokens that are folded beyond it can have any.
        let next: Option<i64> = self.conn.query_row(
            "SELECT min(at) FROM (\
             SELECT s.at AS at FROM folded f JOIN sample s \
             ON s.token_id = f.token_id AND s.at > ?1 WHERE f.up_to > ?1 \
             UNION ALL SELECT c.opened_at + c.interval_ms FROM folded f JOIN candle c \
             ON c.token_id = f.token_id AND c.opened_at + c.interval_ms > ?1 WHERE f.up_to > ?1)",
            [as_of.millis()],
            |row| row.get(0),
        )?;
        Ok(next.map(Timestamp::from_millis))
    }

    /// All calls, and how many imported outcomes belong to none of them.
    fn load_calls(&self, as_of: Option<Timestamp>) -> Result<(Vec<StoredCall>, usize), StoreError> {
        let mut imported: FastMap<String, ImportedOutcome> = self
            .conn
            .prepare(
                "SELECT call_id, peak_multiple, final_multiple, is_rug, observed_until, label \
                 FROM imported_outcome",
            )?
            .query_map([], |row| Ok((row.get(0)?, read_outcome(row, 1)?)))?
            .collect::<Result<_, _>>()?;
        let ours = super::folds::are_ours(&self.conn, &self.rules)?;
        let up_to: FastMap<i64, i64> = self
            .conn
            .prepare("SELECT token_id, up_to FROM folded")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let mut statement = self
            .conn
            .prepare(&format!("{} ORDER BY c.called_at, c.id", *FOLDED_CALLS))?;
        let rows = statement.query_map([], read_folded_call)?;
        // A record is large: growing step by step would copy all of them several times.
        let count: i64 = self
            .conn
            .query_row("SELECT count(*) FROM call", [], |row| row.get(0))?;
        let mut calls = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
        for row in rows {
            let (record, fold) = row?;
            let facts = CallFacts::from(&record.call);
            let to = as_of.map_or(facts.window_end(&self.rules), |as_of| {
                as_of.min(facts.window_end(&self.rules))
            });
            // Stored folds serve as long as they were made by our rules and hold nothing later.
            let later = |token: i64| {
                to < facts.window_end(&self.rules)
                    && up_to.get(&token).is_some_and(|up_to| *up_to > to.millis())
            };
            let fold = match (record.token_id, fold) {
                (Some(token), Stored::Fold(fold)) if ours && !later(token) => *fold,
                (Some(token), Stored::Fold(_) | Stored::Unreadable) => {
                    let seen = seen(&self.conn, token, facts.called_at, to)?;
                    Fold::over_all(&facts, &self.rules, &seen)
                }
                _ => Fold::start(&facts),
            };
            calls.push(StoredCall {
                imported: imported.remove(&record.call.id.0),
                voided: record.voided,
                call: record.call,
                fold,
            });
        }
        Ok((calls, imported.len()))
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
            fold: match (record.token_id, fold) {
                (_, Stored::Fold(fold)) => *fold,
                (Some(token), Stored::Unreadable) => {
                    let facts = CallFacts::from(&record.call);
                    let end = facts.window_end(&self.rules);
                    let seen = seen(&self.conn, token, facts.called_at, end)?;
                    Fold::over_all(&facts, &self.rules, &seen)
                }
                _ => Fold::start(&CallFacts::from(&record.call)),
            },
            voided: record.voided,
            call: record.call,
            imported,
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
