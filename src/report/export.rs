//! Records as rows of a file that can be imported again: one record, one row.
//!
//! Knows: the columns of DESIGN §4 and of the dual-metric table (D2). Must never know: files.
//! A CSV guards text against being run as a formula; the import takes the guard off again. Unknown
//! is an empty cell, and null in JSON lines.

use std::io::{self, Write};

use serde_json::{Map, Value};

use crate::analytics::Judged;
use crate::domain::text::guarded;
use crate::domain::{
    Call, Category, Decision, FeatureValue, FinalBasis, ImportedOutcome, Multiple, Price, Refusal,
    Rules, Side, Span, Status, Timestamp, TokenKey, Trade,
};
use crate::ingest::{CALL_COLUMNS, FEATURE_PREFIX, NO_LISTING, UNCONFIRMED, WAITING};
pub use crate::ingest::{PRICE_COLUMNS as PRICES, TRADE_COLUMNS as TRADES};
use crate::store::{Sample, TokenCandle};

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// RFC 4180, with a header row.
    Csv,
    /// A JSON object a line.
    JsonLines,
}

/// Writes rows under given names.
pub struct Rows<W: Write> {
    out: Out<W>,
    names: Vec<String>,
    written: u64,
}

enum Out<W: Write> {
    Csv(Box<csv::Writer<W>>),
    Json(W),
}

impl<W: Write> Rows<W> {
    /// Begins a file with its column names.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(out: W, encoding: Encoding, names: Vec<String>) -> io::Result<Self> {
        let out = match encoding {
            Encoding::Csv => {
                let mut writer = csv::WriterBuilder::new()
                    .terminator(csv::Terminator::CRLF)
                    .from_writer(out);
                writer.write_record(names.iter().map(|name| guarded(name).into_owned()))?;
                Out::Csv(Box::new(writer))
            }
            Encoding::JsonLines => Out::Json(out),
        };
        Ok(Self {
            out,
            names,
            written: 0,
        })
    }

    /// Writes one row: as many values as there are names.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn row(&mut self, values: Vec<Value>) -> io::Result<()> {
        self.written += 1;
        match &mut self.out {
            Out::Csv(writer) => Ok(writer.write_record(values.iter().map(cell))?),
            Out::Json(out) => {
                let object: Map<String, Value> = self
                    .names
                    .iter()
                    .cloned()
                    .zip(values)
                    // What a call did not send is not in its row.
                    .filter(|(name, value)| !value.is_null() || is_fixed(name))
                    .collect();
                serde_json::to_writer(&mut *out, &object)?;
                out.write_all(b"\n")
            }
        }
    }

    /// Ends the file: what it was written to, and how many rows.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(self) -> io::Result<(W, u64)> {
        let out = match self.out {
            Out::Csv(writer) => writer
                .into_inner()
                .map_err(csv::IntoInnerError::into_error)?,
            Out::Json(out) => out,
        };
        Ok((out, self.written))
    }
}

/// Whether a column is there in every row of its kind.
fn is_fixed(name: &str) -> bool {
    [&TRADES[..], &PRICES, &CANDLES, &OUTCOMES, &CALL_COLUMNS]
        .iter()
        .any(|names| names.contains(&name))
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => guarded(text).into_owned(),
        other => other.to_string(),
    }
}

fn time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| Value::from(at.rfc3339()))
}

fn price(price: Option<Price>) -> Value {
    Value::from(price.map(Price::usd))
}

fn multiple(multiple: Option<Multiple>) -> Value {
    Value::from(multiple.map(Multiple::value))
}

/// A trade under [`TRADES`]; its confidence is a fraction.
#[must_use]
pub fn trade(trade: &Trade) -> Vec<Value> {
    vec![
        Value::from(trade.id.clone()),
        Value::from(trade.model.clone()),
        Value::from(trade.symbol.clone()),
        Value::from(trade.side.map(Side::name)),
        Value::from(trade.quantity),
        Value::from(trade.entry_price),
        Value::from(trade.exit_price),
        time(trade.opened_at),
        time(trade.closed_at),
        Value::from(trade.realized_pnl),
        Value::from(trade.fee),
        Value::from(trade.cost),
        Value::from(trade.confidence.map(crate::domain::Confidence::fraction)),
        Value::from(trade.currency.clone()),
    ]
}

/// The columns of calls that send these features. A feature that is called like a field of a call
/// is marked, so that it does not come back as one.
#[must_use]
pub fn call_columns<'a>(features: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let marked = |name: &String| {
        if CALL_COLUMNS.contains(&name.as_str()) || name.starts_with(FEATURE_PREFIX) {
            format!("{FEATURE_PREFIX}{name}")
        } else {
            name.clone()
        }
    };
    let fixed = CALL_COLUMNS.iter().map(|name| (*name).to_owned());
    fixed.chain(features.into_iter().map(marked)).collect()
}

/// A call under [`call_columns`] of the same features.
#[must_use]
pub fn call<'a>(call: &Call, features: impl IntoIterator<Item = &'a String>) -> Vec<Value> {
    let mut row = vec![
        Value::from(call.id.0.clone()),
        Value::from(call.source.clone()),
        Value::from(call.chain.clone()),
        Value::from(call.token.as_ref().map(TokenKey::address)),
        Value::from(call.symbol.clone()),
        Value::from(call.name.clone()),
        Value::from(call.called_at.rfc3339()),
        price(call.stated_entry),
        Value::from(call.market_cap_usd),
        Value::from(call.liquidity_usd),
        Value::from(call.rejected_by.clone()),
    ];
    row.extend(
        features
            .into_iter()
            .map(|name| match call.features.get(name) {
                None => Value::Null,
                Some(FeatureValue::Flag(flag)) => Value::from(*flag),
                Some(FeatureValue::Number(number)) => Value::from(*number),
                Some(FeatureValue::Text(text)) => Value::from(text.clone()),
            }),
    );
    row
}

/// A reading under [`PRICES`]; `None` for one that was taken out by hand.
#[must_use]
pub fn sample(sample: &Sample) -> Option<Vec<Value>> {
    let reading = &sample.reading;
    let reason = match sample.decision {
        Decision::Accepted if reading.absent => Some(NO_LISTING),
        Decision::Accepted => None,
        Decision::Waiting => Some(WAITING),
        Decision::Refused(Refusal::UnconfirmedJump) => Some(UNCONFIRMED),
        Decision::Refused(Refusal::Voided) => return None,
    };
    Some(vec![
        Value::from(sample.token.chain()),
        Value::from(sample.token.address()),
        Value::from(reading.at.rfc3339()),
        price(reading.price),
        Value::from(reading.liquidity_usd),
        Value::from(reading.market_cap_usd),
        Value::from(reading.provider.clone()),
        Value::from(reading.pool.clone()),
        Value::from(reason.is_none()),
        Value::from(reason),
    ])
}

/// The columns of candles.
pub const CANDLES: [&str; 10] = [
    "chain",
    "address",
    "pool",
    "interval",
    "opened_at",
    "open",
    "high",
    "low",
    "close",
    "volume_usd",
];

/// A candle under [`CANDLES`].
#[must_use]
pub fn candle(stated: &TokenCandle) -> Vec<Value> {
    let candle = &stated.candle;
    vec![
        Value::from(stated.token.chain()),
        Value::from(stated.token.address()),
        Value::from(stated.pool.clone()),
        Value::from(interval(candle.interval)),
        Value::from(candle.opened_at.rfc3339()),
        Value::from(candle.open.usd()),
        Value::from(candle.high.usd()),
        Value::from(candle.low.usd()),
        Value::from(candle.close.usd()),
        Value::from(candle.volume_usd),
    ]
}

/// `15m`, `1h`, `1d`: what the import reads.
fn interval(span: Span) -> String {
    let units = [(Span::DAY, "d"), (Span::HOUR, "h"), (Span::MINUTE, "m")];
    let unit = units
        .into_iter()
        .find(|(unit, _)| span.millis() % unit.millis() == 0)
        .unwrap_or((Span::seconds(1), "s"));
    format!("{}{}", span.millis() / unit.0.millis(), unit.1)
}

/// The columns of outcomes: those of the dual-metric table (D2) as this program measures them;
/// what they rest on; and what was imported, as it was imported. `first_message_id` is the call's
/// id. An import of it takes what was imported, and own figures only where there are no prices to
/// measure them from again.
pub const OUTCOMES: [&str; 26] = [
    "address",
    "chain",
    "first_message_id",
    "start_price",
    "start_time",
    "ath_price",
    "ath_time",
    "ath_multiplier",
    "final_price",
    "final_multiplier",
    "performance_gap",
    "category",
    "emoji",
    "days_tracked",
    "source",
    "symbol",
    "state",
    "provisional",
    "ath_origin",
    "final_basis",
    "measured_until",
    "peak_multiple",
    "final_multiple",
    "is_rug",
    "observed_until",
    "label",
];

/// What became of a call under [`OUTCOMES`].
#[must_use]
pub fn outcome(
    judged: &Judged,
    imported: Option<&ImportedOutcome>,
    rules: &Rules,
    as_of: Timestamp,
) -> Vec<Value> {
    let (call, o) = (&judged.call, &judged.outcome);
    let end = judged.window_end(rules);
    let of_entry = |m: Multiple| Some(o.entry?.price.usd() * m.value());
    let tracked = matches!(o.status, Status::Tracking | Status::Completed);
    let days = end.min(as_of).since(call.called_at).millis() as f64 / Span::DAY.millis() as f64;
    // A figure that may still change says until when it was measured.
    let until = o.last.map(|last| last.at);
    let until = until.filter(|_| {
        o.fin
            .is_some_and(|fin| fin.provisional && fin.basis != FinalBasis::Imported)
    });
    vec![
        Value::from(call.token.as_ref().map(TokenKey::address)),
        Value::from(call.chain.clone()),
        Value::from(call.id.0.clone()),
        price(o.entry.map(|entry| entry.price)),
        Value::from(call.called_at.rfc3339()),
        Value::from(o.ath.and_then(|ath| of_entry(ath.multiple))),
        time(o.ath.and_then(|ath| ath.at)),
        multiple(o.ath.map(|ath| ath.multiple)),
        Value::from(o.fin.and_then(|fin| match fin.price {
            Some(price) => Some(price.usd()),
            None => of_entry(fin.multiple),
        })),
        multiple(o.fin.map(|fin| fin.multiple)),
        Value::from(o.gap()),
        Value::from(o.category.map(Category::name)),
        Value::from(o.category.map(Category::emoji)),
        Value::from(tracked.then_some(days)),
        Value::from(call.source.clone()),
        Value::from(call.symbol.clone()),
        Value::from(o.state.name()),
        Value::from(o.provisional),
        Value::from(o.ath.map(|ath| ath.origin.name())),
        Value::from(o.fin.map(|fin| FinalBasis::name(fin.basis))),
        time(until),
        multiple(imported.and_then(|i| i.peak)),
        multiple(imported.and_then(|i| i.final_multiple)),
        Value::from(imported.and_then(|i| i.is_rug)),
        time(imported.and_then(|i| i.observed_until)),
        Value::from(imported.and_then(|i| i.label.clone())),
    ]
}
