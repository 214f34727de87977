//! A closed trade as the figures see it.

use serde::{Deserialize, Serialize};

use crate::domain::packed::Packed;
use crate::domain::{Side, Span, Timestamp, Trade};

/// A closed trade, reduced to what the figures need. 64 bytes, since a million of them lie in
/// memory; unknown is NaN (or the earliest time there is) inside and `Option` outside.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(into = "Stored", from = "Stored")]
pub struct Point {
    seq: i64,
    pub(super) closed_at: Timestamp,
    opened_at: Timestamp,
    pnl: f64,
    confidence: f64,
    pub(super) fee: f64,
    pub(super) cost: f64,
    pub(super) side: Option<Side>,
}

/// A point as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    seq: i64,
    closed_at: Timestamp,
    held: Option<Span>,
    pnl: Packed,
    confidence: Packed,
    fee: Packed,
    cost: Packed,
    side: Option<Side>,
}

impl From<Point> for Stored {
    fn from(point: Point) -> Self {
        Self {
            seq: point.seq,
            closed_at: point.closed_at,
            held: point.opened_at().map(|at| point.closed_at.since(at)),
            pnl: Packed(known(point.pnl)),
            confidence: Packed(known(point.confidence)),
            fee: Packed(known(point.fee)),
            cost: Packed(known(point.cost)),
            side: point.side,
        }
    }
}

impl From<Stored> for Point {
    fn from(stored: Stored) -> Self {
        Self {
            seq: stored.seq,
            closed_at: stored.closed_at,
            opened_at: stored
                .held
                .map_or(NEVER, |held| stored.closed_at.minus(held)),
            pnl: stored.pnl.0.unwrap_or(f64::NAN),
            confidence: stored.confidence.0.unwrap_or(f64::NAN),
            fee: stored.fee.0.unwrap_or(f64::NAN),
            cost: stored.cost.0.unwrap_or(f64::NAN),
            side: stored.side,
        }
    }
}

const NEVER: Timestamp = Timestamp::from_millis(i64::MIN);

pub(super) fn known(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

impl Point {
    /// The point of a trade, with its number in the store; `None` while it is open.
    #[must_use]
    pub fn of(trade: &Trade, seq: i64) -> Option<Self> {
        Some(Self {
            seq,
            closed_at: trade.closed_at?,
            opened_at: trade.opened_at.unwrap_or(NEVER),
            pnl: trade.realized_pnl.unwrap_or(f64::NAN),
            confidence: trade
                .confidence
                .map_or(f64::NAN, crate::domain::Confidence::fraction),
            fee: trade.fee.unwrap_or(f64::NAN),
            cost: trade.cost.unwrap_or(f64::NAN),
            side: trade.side,
        })
    }

    /// The number of the trade in the store.
    #[must_use]
    pub const fn seq(&self) -> i64 {
        self.seq
    }

    /// When the trade was closed.
    #[must_use]
    pub const fn closed_at(&self) -> Timestamp {
        self.closed_at
    }

    /// When the trade was opened.
    #[must_use]
    pub fn opened_at(&self) -> Option<Timestamp> {
        (self.opened_at != NEVER).then_some(self.opened_at)
    }

    /// Realized P&L in the book's currency.
    #[must_use]
    pub fn pnl(&self) -> Option<f64> {
        known(self.pnl)
    }

    /// Stated confidence, 0 to 1.
    #[must_use]
    pub fn confidence(&self) -> Option<f64> {
        known(self.confidence)
    }

    /// Long or short.
    #[must_use]
    pub const fn side(&self) -> Option<Side> {
        self.side
    }

    /// How long the position was held; unknown without an opening, and when it is said to have
    /// been closed before it was opened.
    #[must_use]
    pub fn held(&self) -> Option<Span> {
        let held = self.closed_at.since(self.opened_at()?);
        (held.millis() >= 0).then_some(held)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn point(millis: i64, pnl: Option<f64>, confidence: Option<f64>) -> Point {
        Point {
            seq: millis,
            closed_at: Timestamp::from_millis(millis),
            opened_at: if millis % 4 == 0 {
                NEVER
            } else {
                Timestamp::from_millis(millis - millis % 7)
            },
            pnl: pnl.unwrap_or(f64::NAN),
            confidence: confidence.unwrap_or(f64::NAN),
            fee: 1.0,
            cost: f64::NAN,
            side: match millis.rem_euclid(3) {
                0 => Some(Side::Long),
                1 => Some(Side::Short),
                _ => None,
            },
        }
    }
}
