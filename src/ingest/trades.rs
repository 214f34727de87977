//! Rows of trades.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_128;

use crate::domain::{Confidence, Side, Timestamp, Trade};

use super::fields::{BadField, Layout, quote};
use super::rows::Row;

/// The columns of trades.
pub const COLUMNS: [&str; 14] = [
    "id",
    "model",
    "symbol",
    "side",
    "quantity",
    "entry_price",
    "exit_price",
    "opened_at",
    "closed_at",
    "realized_pnl",
    "fee",
    "cost",
    "confidence",
    "currency",
];

/// Reads trades of one file. Whether its confidences run to 1 or to 100 is decided over the whole
/// file, since a lone 1 does not tell.
pub struct TradeReader {
    layout: Layout<14>,
    /// How often each content without an id has been seen: the ordinal among equals.
    seen: HashMap<u128, u32>,
}

/// A trade whose confidence is still as written.
pub struct RawTrade {
    /// The trade, without its confidence.
    pub trade: Trade,
    /// The confidence as written.
    pub confidence: Option<f64>,
    /// Something odd that does not keep it out.
    pub warning: Option<BadField>,
}

impl TradeReader {
    /// A reader for rows with these names.
    pub fn new(names: &[String]) -> Self {
        Self {
            layout: Layout::new(COLUMNS, names),
            seen: HashMap::new(),
        }
    }

    /// Reads one row.
    pub fn read(&mut self, row: &Row, names: &[String]) -> Result<RawTrade, BadField> {
        self.layout.fit(names);
        let f = self.layout.over(&row.cells);
        let side = f
            .raw("side")
            .map(|text| {
                Side::parse(text).ok_or_else(|| {
                    BadField::new(
                        "side",
                        format!("{} is not a side: use long or short", quote(text)),
                    )
                })
            })
            .transpose()?;
        let confidence = f.number("confidence")?;
        if let Some(value) = confidence
            && !(0.0..=100.0).contains(&value)
        {
            return Err(BadField::new(
                "confidence",
                format!("{value} is neither a fraction (0 to 1) nor a percentage (0 to 100)"),
            ));
        }
        let mut trade = Trade {
            id: String::new(),
            model: f.required("model")?,
            symbol: f.text("symbol"),
            side,
            quantity: f.number("quantity")?,
            entry_price: f.number("entry_price")?,
            exit_price: f.number("exit_price")?,
            opened_at: f.time("opened_at")?,
            closed_at: f.time("closed_at")?,
            realized_pnl: f.number("realized_pnl")?,
            fee: f.number("fee")?,
            cost: f.number("cost")?,
            confidence: None,
            currency: f.text("currency").map(|c| c.to_uppercase()),
        };
        trade.id = match f.text("id") {
            Some(id) => id,
            None => content_id(&trade, confidence, &mut self.seen),
        };
        let warning = match (trade.opened_at, trade.closed_at) {
            (Some(opened), Some(closed)) if closed < opened => Some(BadField::new(
                "closed_at",
                "it lies before opened_at: kept, but how long it was held is unknown",
            )),
            _ => None,
        };
        Ok(RawTrade {
            trade,
            confidence,
            warning,
        })
    }
}

/// The identity of a trade without an id: what it says, however it is written, and its ordinal
/// among equals.
fn content_id(trade: &Trade, confidence: Option<f64>, seen: &mut HashMap<u128, u32>) -> String {
    let number = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
    let time = |at: Option<Timestamp>| at.map_or_else(String::new, |t| t.millis().to_string());
    let content = [
        trade.model.clone(),
        trade.symbol.clone().unwrap_or_default(),
        trade.side.map_or("", Side::name).to_owned(),
        number(trade.quantity),
        number(trade.entry_price),
        number(trade.exit_price),
        time(trade.opened_at),
        time(trade.closed_at),
        number(trade.realized_pnl),
        number(trade.fee),
        number(trade.cost),
        number(confidence),
        trade.currency.clone().unwrap_or_default(),
    ]
    .join("\u{1f}");
    let hash = xxh3_128(content.as_bytes());
    let ordinal = seen.entry(hash).or_insert(0);
    *ordinal += 1;
    format!("content:{hash:032x}:{ordinal}")
}

/// What confidences of a file are out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Fractions, 0 to 1.
    One,
    /// Percentages, 0 to 100.
    Hundred,
}

impl Scale {
    /// Percentages as soon as one value exceeds 1.
    pub fn of(confidences: impl IntoIterator<Item = f64>) -> Self {
        if confidences.into_iter().any(|c| c > 1.0) {
            Self::Hundred
        } else {
            Self::One
        }
    }

    /// A written confidence as a fraction; `None` when it is out of scale.
    pub fn read(self, value: f64) -> Option<Confidence> {
        match self {
            Self::One => Confidence::from_fraction(value),
            Self::Hundred => Confidence::from_fraction(value / 100.0),
        }
    }
}
