//! Candles: stored as they were stated, folded at their end.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};

use crate::domain::candle::LONGEST_CANDLE;
use crate::domain::{Candle, Price, Span, Timestamp, TokenKey};

use super::folds::{self, Arrivals, FoldChange};
use super::names::{self, Names};
use super::{Put, Store, StoreError};

/// A candle of a token.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenCandle {
    /// Whose prices they are.
    pub token: TokenKey,
    /// The prices.
    pub candle: Candle,
    /// The pool they were traded in.
    pub pool: Option<String>,
}

impl Store {
    /// Stores candles in one transaction and moves the outcomes of their tokens' calls. A known
    /// candle (same token, opening and interval) only has an unknown volume filled; other values
    /// for it are refused.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing of it is stored.
    pub fn put_candles(
        &mut self,
        candles: &[TokenCandle],
    ) -> Result<(Vec<Put>, Vec<FoldChange>), StoreError> {
        let rules = self.rules;
        self.write(|tx, known_names| {
            folds::ensure_ours(tx, &rules)?;
            let mut puts = Vec::with_capacity(candles.len());
            let mut arrivals: BTreeMap<i64, Arrivals> = BTreeMap::new();
            for candle in candles {
                puts.push(put_candle(tx, known_names, candle, &mut arrivals)?);
            }
            let changes = folds::fold_arrivals(tx, &rules, arrivals)?;
            Ok((puts, changes))
        })
    }
}

/// Stores one candle; what is new is to be folded.
pub(super) fn put_candle(
    tx: &Connection,
    known_names: &mut Names,
    stated: &TokenCandle,
    arrivals: &mut BTreeMap<i64, Arrivals>,
) -> Result<Put, StoreError> {
    let candle = &stated.candle;
    let token = names::token_id(tx, known_names, &stated.token)?;
    let key = (token, candle.opened_at.millis(), candle.interval.millis());
    let inserted = tx
        .prepare_cached(
            "INSERT OR IGNORE INTO candle \
             (token_id, opened_at, interval_ms, open, high, low, close, volume_usd, pool) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            key.0,
            key.1,
            key.2,
            candle.open.usd(),
            candle.high.usd(),
            candle.low.usd(),
            candle.close.usd(),
            candle.volume_usd,
            stated.pool,
        ])?;
    if inserted > 0 {
        arrivals.entry(token).or_default().candles.push(*candle);
        return Ok(Put::New);
    }
    let (prices, volume) = tx
        .prepare_cached(
            "SELECT open, high, low, close, volume_usd FROM candle \
             WHERE token_id = ?1 AND opened_at = ?2 AND interval_ms = ?3",
        )?
        .query_row(key, |row| {
            let prices: [f64; 4] = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?];
            Ok((prices, row.get::<_, Option<f64>>(4)?))
        })?;
    let stated_prices = [candle.open, candle.high, candle.low, candle.close].map(Price::usd);
    for ((name, old), new) in ["open", "high", "low", "close"]
        .into_iter()
        .zip(prices)
        .zip(stated_prices)
    {
        if old != new {
            return Ok(Put::Refused(format!(
                "{name} {new} contradicts {old}, known for this candle"
            )));
        }
    }
    match (volume, candle.volume_usd) {
        (Some(old), Some(new)) if old != new => Ok(Put::Refused(format!(
            "volume_usd {new} contradicts {old}, known for this candle"
        ))),
        (None, Some(new)) => {
            // No figure depends on the volume, so nothing is folded again.
            tx.prepare_cached(
                "UPDATE candle SET volume_usd = ?4 \
                 WHERE token_id = ?1 AND opened_at = ?2 AND interval_ms = ?3",
            )?
            .execute(params![key.0, key.1, key.2, new])?;
            Ok(Put::Updated)
        }
        _ => Ok(Put::Unchanged),
    }
}

/// The candles of a token that end from one instant to another (both in).
pub(super) fn candles(
    conn: &Connection,
    token: i64,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Candle>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT opened_at, interval_ms, open, high, low, close, volume_usd FROM candle \
         WHERE token_id = ?1 AND opened_at BETWEEN ?2 - ?4 AND ?3 \
         AND opened_at + interval_ms BETWEEN ?2 AND ?3",
    )?;
    let mut rows = statement.query(params![
        token,
        from.millis(),
        to.millis(),
        LONGEST_CANDLE.millis()
    ])?;
    let mut candles = Vec::new();
    while let Some(row) = rows.next()? {
        candles.extend(read_candle(row)?);
    }
    Ok(candles)
}

/// `None` for prices that are none: nothing that went in through this program.
pub(super) fn read_candle(row: &Row<'_>) -> rusqlite::Result<Option<Candle>> {
    let price = |i: usize| Ok::<_, rusqlite::Error>(Price::new(row.get(i)?));
    let (Some(open), Some(high), Some(low), Some(close)) =
        (price(2)?, price(3)?, price(4)?, price(5)?)
    else {
        return Ok(None);
    };
    Ok(Some(Candle {
        opened_at: Timestamp::from_millis(row.get(0)?),
        interval: Span::from_millis(row.get(1)?),
        open,
        high,
        low,
        close,
        volume_usd: row.get(6)?,
    }))
}
