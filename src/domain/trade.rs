//! A closed (or still open) position of one model.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// The currency of a trade that names none.
pub const DEFAULT_CURRENCY: &str = "USD";

/// One position of one model. Unknown is `None`, never zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Trade {
    /// Unique among all trades.
    pub id: String,
    /// Who made it.
    pub model: String,
    /// What was traded.
    pub symbol: Option<String>,
    /// Long or short.
    pub side: Option<Side>,
    /// Units traded.
    pub quantity: Option<f64>,
    /// Price per unit at entry.
    pub entry_price: Option<f64>,
    /// Price per unit at exit.
    pub exit_price: Option<f64>,
    /// When it was opened.
    pub opened_at: Option<Timestamp>,
    /// When it was closed; `None` while it is open.
    pub closed_at: Option<Timestamp>,
    /// Realized profit or loss, net of fees, in [`Trade::currency`].
    pub realized_pnl: Option<f64>,
    /// Trading fees, in [`Trade::currency`]; already taken off the P&L.
    pub fee: Option<f64>,
    /// What asking the model cost, in [`Trade::currency`]; never part of the P&L.
    pub cost: Option<f64>,
    /// How sure the model said it was.
    pub confidence: Option<Confidence>,
    /// The currency of P&L, fee and cost, in upper case; [`DEFAULT_CURRENCY`] when nobody said.
    pub currency: Option<String>,
}

impl Trade {
    /// The currency of its money.
    #[must_use]
    pub fn currency(&self) -> &str {
        self.currency.as_deref().unwrap_or(DEFAULT_CURRENCY)
    }
}

/// The direction of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Side {
    /// Gains when the price rises.
    Long,
    /// Gains when the price falls.
    Short,
}

impl Side {
    /// Reads `long`, `buy`, `short`, `sell` in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "long" | "buy" => Some(Self::Long),
            "short" | "sell" => Some(Self::Short),
            _ => None,
        }
    }

    /// `long` or `short`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
        }
    }
}

/// A stated confidence, as a fraction from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Confidence(f64);

impl Confidence {
    /// A confidence from a fraction of 0 to 1.
    #[must_use]
    pub fn from_fraction(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }

    /// The fraction.
    #[must_use]
    pub const fn fraction(self) -> f64 {
        self.0
    }
}
