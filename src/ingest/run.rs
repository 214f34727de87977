//! A whole file or one record: read, stored in batches, counted.

use std::io::Read;

use thiserror::Error;

use crate::domain::{Call, CallId, ImportedOutcome, Trade};
use crate::store::{Put, Sample, Store, StoreError, TokenCandle};

use super::calls::CallReader;
use super::candles::CandleReader;
use super::fields::BadField;
use super::kind::Kind;
use super::outcomes::OutcomeReader;
use super::prices::PriceReader;
use super::rows::{Next, Row, Rows};
use super::trades::{RawTrade, Scale, TradeReader};

/// Rows that go into the store in one transaction.
const BATCH: usize = 20_000;

/// A row that did not go in, or went in with a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The line in the file; 1 is the first.
    pub line: u64,
    /// The column; empty for the row as a whole.
    pub column: String,
    /// Why.
    pub reason: String,
}

/// What became of the rows of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Rows read, the refused ones included.
    pub read: u64,
    /// Records that were not known.
    pub new: u64,
    /// Known records that changed.
    pub updated: u64,
    /// Known records that did not.
    pub unchanged: u64,
    /// Rows that did not go in.
    pub refused: u64,
}

/// A file that was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// What it held.
    pub kind: Kind,
    /// What became of its rows.
    pub tally: Tally,
}

/// Why a file could not be imported at all.
#[derive(Debug, Error)]
pub enum ImportError {
    /// It cannot be read as rows.
    #[error("{0}")]
    Unreadable(String),
    /// Its columns fit no kind.
    #[error(
        "its columns ({0}) fit neither trades, calls, prices, candles nor outcomes: name the kind before the file, or mend its header"
    )]
    UnknownKind(String),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Imports rows of the given kind, or of the kind that their columns tell. Refused rows and
/// warnings are handed to `report` as they come (`refused`: true for a row that did not go in).
///
/// # Errors
/// When the input is no table, its kind cannot be told, or the database cannot be written; rows
/// of finished batches stay in.
pub fn import(
    store: &mut Store,
    input: impl Read + 'static,
    kind: Option<Kind>,
    report: &mut dyn FnMut(RowError, bool),
) -> Result<Import, ImportError> {
    let mut rows = Rows::open(input).map_err(ImportError::Unreadable)?;
    let Some(kind) = kind.or_else(|| Kind::guess(rows.names())) else {
        let names: Vec<_> = rows.names().iter().take(12).map(String::as_str).collect();
        return Err(ImportError::UnknownKind(names.join(", ")));
    };
    let mut sink = Sink {
        tally: Tally::default(),
        report,
    };
    match kind {
        Kind::Trades => import_trades(store, &mut rows, &mut sink)?,
        Kind::Calls => {
            let mut reader = CallReader::new(rows.names());
            import_batches(
                &mut rows,
                &mut sink,
                |row, names| reader.read(row, names),
                |calls: &[Call]| Ok(store.put_calls(calls)?.0),
            )?;
        }
        Kind::Prices => {
            let mut reader = PriceReader::new(rows.names());
            import_batches(
                &mut rows,
                &mut sink,
                |row, names| reader.read(row, names),
                |samples: &[Sample]| Ok(store.put_samples(samples)?.0),
            )?;
        }
        Kind::Candles => {
            let mut reader = CandleReader::new(rows.names());
            import_batches(
                &mut rows,
                &mut sink,
                |row, names| reader.read(row, names),
                |candles: &[TokenCandle]| Ok(store.put_candles(candles)?.0),
            )?;
        }
        Kind::Outcomes => {
            let mut reader = OutcomeReader::new(rows.names());
            import_batches(
                &mut rows,
                &mut sink,
                |row, names| reader.read(row, names),
                |outcomes: &[(CallId, ImportedOutcome)]| store.put_outcomes(outcomes),
            )?;
        }
    }
    Ok(Import {
        kind,
        tally: sink.tally,
    })
}

struct Sink<'a> {
    tally: Tally,
    report: &'a mut dyn FnMut(RowError, bool),
}

impl Sink<'_> {
    fn refuse(&mut self, line: u64, bad: BadField) {
        self.tally.refused += 1;
        (self.report)(
            RowError {
                line,
                column: bad.column,
                reason: bad.reason,
            },
            true,
        );
    }

    fn warn(&mut self, line: u64, bad: BadField) {
        (self.report)(
            RowError {
                line,
                column: bad.column,
                reason: bad.reason,
            },
            false,
        );
    }

    fn count(&mut self, lines: &[u64], puts: Vec<Put>) {
        for (put, line) in puts.into_iter().zip(lines) {
            match put {
                Put::New => self.tally.new += 1,
                Put::Updated => self.tally.updated += 1,
                Put::Unchanged => self.tally.unchanged += 1,
                Put::Refused(reason) => self.refuse(*line, BadField::new("", reason)),
            }
        }
    }
}

fn import_batches<T>(
    rows: &mut Rows,
    sink: &mut Sink<'_>,
    mut read: impl FnMut(&Row, &[String]) -> Result<T, BadField>,
    mut put: impl FnMut(&[T]) -> Result<Vec<Put>, StoreError>,
) -> Result<(), StoreError> {
    let (mut batch, mut lines) = (Vec::new(), Vec::new());
    loop {
        let next = rows.next_row();
        let end = matches!(next, Next::End);
        match next {
            Next::Row(row) => {
                sink.tally.read += 1;
                match read(&row, rows.names()) {
                    Ok(record) => {
                        batch.push(record);
                        lines.push(row.line);
                    }
                    Err(bad) => sink.refuse(row.line, bad),
                }
            }
            Next::Bad { line, reason } => {
                sink.tally.read += 1;
                sink.refuse(line, BadField::new("", reason));
            }
            Next::End => {}
        }
        if (end || batch.len() >= BATCH) && !batch.is_empty() {
            let puts = put(&batch)?;
            sink.count(&lines, puts);
            batch.clear();
            lines.clear();
        }
        if end {
            return Ok(());
        }
    }
}

/// Trades are read to the end before the first is stored, since one confidence over 1 anywhere
/// decides that the file's confidences are percentages.
fn import_trades(
    store: &mut Store,
    rows: &mut Rows,
    sink: &mut Sink<'_>,
) -> Result<(), StoreError> {
    let mut reader = TradeReader::new(rows.names());
    let (mut raw, mut lines): (Vec<RawTrade>, Vec<u64>) = (Vec::new(), Vec::new());
    loop {
        match rows.next_row() {
            Next::Row(row) => {
                sink.tally.read += 1;
                match reader.read(&row, rows.names()) {
                    Ok(mut trade) => {
                        if let Some(warning) = trade.warning.take() {
                            sink.warn(row.line, warning);
                        }
                        raw.push(trade);
                        lines.push(row.line);
                    }
                    Err(bad) => sink.refuse(row.line, bad),
                }
            }
            Next::Bad { line, reason } => {
                sink.tally.read += 1;
                sink.refuse(line, BadField::new("", reason));
            }
            Next::End => break,
        }
    }
    let scale = Scale::of(raw.iter().filter_map(|r| r.confidence));
    let trades: Vec<Trade> = raw
        .into_iter()
        .map(|r| Trade {
            confidence: r.confidence.and_then(|c| scale.read(c)),
            ..r.trade
        })
        .collect();
    for (trades, lines) in trades.chunks(BATCH).zip(lines.chunks(BATCH)) {
        let (puts, _) = store.put_trades(trades)?;
        sink.count(lines, puts);
    }
    Ok(())
}

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
    let call = CallReader::new(&names).read(&row, &names)?;
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
