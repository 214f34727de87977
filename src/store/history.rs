//! What the page of one call shows beyond its outcome.

use rusqlite::{OptionalExtension, params};

use crate::domain::fold::PriceAt;
use crate::domain::{CallId, Notice, Price, Timestamp};

use super::calls::read_call;
use super::{Store, StoreError};

/// The most refused readings and notices that are read: the newest.
const MOST: usize = 30;

/// A reading that does not count, with the reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// When.
    pub at: Timestamp,
    /// What was read.
    pub price: Option<Price>,
    /// Who gave it.
    pub provider: String,
    /// Why it does not count.
    pub reason: String,
}

/// The past of one call.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// The accepted prices and the closes of candles in its window, oldest first.
    pub path: Vec<PriceAt>,
    /// Readings in its window that do not count, newest first.
    pub refused: Vec<Refused>,
    /// How many of those there are.
    pub refused_count: usize,
    /// What was told of it, newest first.
    pub notices: Vec<Notice>,
    /// Why it was taken out of every figure.
    pub void: Option<String>,
}

impl Store {
    /// Everything that happened to a call up to an instant; `None` when there is no such call.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn history(&self, id: &CallId, now: Timestamp) -> Result<Option<History>, StoreError> {
        let Some(record) = self
            .conn
            .prepare_cached(&format!(
                "SELECT {} FROM call c LEFT JOIN token t ON t.id = c.token_id WHERE c.id = ?1",
                super::calls::CALL_COLUMNS
            ))?
            .query_row([&id.0], read_call)
            .optional()?
        else {
            return Ok(None);
        };
        let from = record.call.called_at;
        let to = from.plus(self.rules.window).min(now);
        let token = record.call.token.as_ref();
        let mut history = History {
            notices: self.notices_of(id, token, from, to, MOST)?,
            void: record.voided,
            ..History::default()
        };
        if let Some(token) = token {
            history.path = self.price_path(token, to, to.since(from))?;
        }
        if let Some(token_id) = record.token_id {
            let mut statement = self.conn.prepare_cached(
                "SELECT s.at, s.price_usd, p.name, \
                 CASE s.state WHEN 1 THEN 'waits for a second reading' \
                 WHEN 2 THEN 'a jump that nothing confirmed' \
                 ELSE 'voided' || coalesce(': ' || v.why, '') END, count(*) OVER () \
                 FROM sample_all s JOIN provider p ON p.id = s.provider_id \
                 LEFT JOIN voided_sample v ON v.token_id = s.token_id AND v.at = s.at \
                 AND v.provider_id = s.provider_id \
                 WHERE s.token_id = ?1 AND s.at BETWEEN ?2 AND ?3 AND s.state IN (1, 2, 3) \
                 ORDER BY s.at DESC LIMIT ?4",
            )?;
            let rows = statement.query_map(
                params![token_id, from.millis(), to.millis(), MOST as i64],
                |row| {
                    let refused = Refused {
                        at: Timestamp::from_millis(row.get(0)?),
                        price: row.get::<_, Option<f64>>(1)?.and_then(Price::new),
                        provider: row.get(2)?,
                        reason: row.get(3)?,
                    };
                    Ok((refused, row.get::<_, i64>(4)?))
                },
            )?;
            for row in rows {
                let (refused, count) = row?;
                history.refused.push(refused);
                history.refused_count = usize::try_from(count).unwrap_or(0);
            }
        }
        Ok(Some(history))
    }
}
