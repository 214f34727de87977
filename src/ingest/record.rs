//! One record from a bot.

use thiserror::Error;

use crate::domain::{CallId, Trade};
use crate::store::{Put, Store, StoreError};

use super::calls::CallReader;
use super::fields::BadField;
use super::rows::{Next, Row, Rows};
use super::trades::{Scale, TradeReader};

/// Why one record could not be stored.
#[derive(Debug, Error)]
pub enum RecordError {
    /// It is no record of this kind.
    #[error("{}{reason}", if column.is_empty() { String::new() } else { format!("{column}: ") })]
    Bad {
        /// The field; empty for the record as a whole.
        column: String,
        /// Why.
        reason: String,
    },
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<BadField> for RecordError {
    fn from(bad: BadField) -> Self {
        Self::Bad {
            column: bad.column,
            reason: bad.reason,
        }
    }
}

/// Stores one call from a JSON object.
///
/// # Errors
/// When it is no call, contradicts a known one, or the database cannot be written.
pub fn record_call(store: &mut Store, json: &str) -> Result<(CallId, Put), RecordError> {
    let (row, names) = one_row(json)?;
    let call = CallReader::new(&names, None).read(&row, &names)?;
    let (puts, _) = store.put_calls(std::slice::from_ref(&call))?;
    Ok((call.id, settled(puts)?))
}

/// Stores one trade from a JSON object; its confidence is a fraction.
///
/// # Errors
/// When it is no trade or the database cannot be written.
pub fn record_trade(store: &mut Store, json: &str) -> Result<(String, Put), RecordError> {
    let (row, names) = one_row(json)?;
    let raw = TradeReader::new(&names).read(&row, &names)?;
    let confidence = match raw.confidence {
        None => None,
        Some(value) => Some(Scale::One.read(value).ok_or_else(|| {
            BadField::new(
                "confidence",
                format!("{value} is not a fraction from 0 to 1"),
            )
        })?),
    };
    let trade = Trade {
        confidence,
        ..raw.trade
    };
    let (puts, _) = store.put_trades(std::slice::from_ref(&trade))?;
    Ok((trade.id, settled(puts)?))
}

fn one_row(json: &str) -> Result<(Row, Vec<String>), BadField> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json)
        .map_err(|e| BadField::new("", format!("not one JSON object: {e}")))?;
    let line = serde_json::Value::Object(object).to_string();
    let mut rows = Rows::open(std::io::Cursor::new(line)).map_err(|e| BadField::new("", e))?;
    match rows.next_row() {
        Next::Row(row) => Ok((row, rows.names().to_vec())),
        Next::Bad { reason, .. } => Err(BadField::new("", reason)),
        Next::End => Err(BadField::new("", "nothing to record")),
    }
}

fn settled(puts: Vec<Put>) -> Result<Put, RecordError> {
    match puts.into_iter().next() {
        Some(Put::Refused(reason)) => Err(BadField::new("", reason).into()),
        Some(put) => Ok(put),
        None => Err(BadField::new("", "nothing to record").into()),
    }
}
