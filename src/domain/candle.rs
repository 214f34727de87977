//! A candle: what a market did over a span of time, as a provider or a file summed it up.

use serde::{Deserialize, Serialize};

use super::quantity::Price;
use super::sample::Observation;
use super::time::{Span, Timestamp};

/// How far a high may lie under the body of its candle (or a low over it) and still be rounding:
/// a price of three significant digits is off by up to half a percent, and so is the other one.
pub const CANDLE_ROUNDING: f64 = 0.01;
/// No candle is longer than this.
pub const LONGEST_CANDLE: Span = Span::days(1);

/// Whether a price was read at an instant or is part of a candle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum PriceSource {
    /// A sample.
    #[default]
    Sample,
    /// A candle's close or high.
    Candle,
}

/// The prices of a token from one instant up to (and without) another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candle {
    /// When it begins.
    pub opened_at: Timestamp,
    /// How long it is: above zero, at most [`LONGEST_CANDLE`].
    pub interval: Span,
    /// The first price.
    pub open: Price,
    /// The highest price, as it was stated.
    pub high: Price,
    /// The lowest price, as it was stated.
    pub low: Price,
    /// The last price.
    pub close: Price,
    /// What was traded, USD.
    pub volume_usd: Option<f64>,
}

impl Candle {
    /// When it ends: its close is a sample of that instant.
    #[must_use]
    pub const fn end(&self) -> Timestamp {
        self.opened_at.plus(self.interval)
    }

    /// The highest price: never under the body, whatever was rounded.
    #[must_use]
    pub fn top(&self) -> Price {
        self.high.max(self.body())
    }

    /// The lowest price: never over the body, whatever was rounded.
    #[must_use]
    pub fn bottom(&self) -> Price {
        self.low.min(self.open.min(self.close))
    }

    /// The upper end of the body: the higher of open and close.
    #[must_use]
    pub fn body(&self) -> Price {
        self.open.max(self.close)
    }

    /// Which of its prices cannot be, and why, if it is more than rounding.
    #[must_use]
    pub fn contradiction(&self) -> Option<(&'static str, &'static str)> {
        if self.high.usd() < self.body().usd() * (1.0 - CANDLE_ROUNDING) {
            Some(("high", "it is under the open or the close"))
        } else if self.low.usd() > self.open.min(self.close).usd() * (1.0 + CANDLE_ROUNDING) {
            Some(("low", "it is over the open or the close"))
        } else {
            None
        }
    }
}

/// What a fold takes: a sample or a candle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Seen {
    /// An accepted observation.
    Sample(Observation),
    /// A candle; it counts at its end.
    Candle(Candle),
}

impl Seen {
    /// When it counts.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Sample(observation) => observation.at,
            Self::Candle(candle) => candle.end(),
        }
    }

    /// The order in which a fold takes what was seen: by time; at one instant samples first (in
    /// the order they have), then candles, the shortest first.
    #[must_use]
    pub const fn order(&self) -> (Timestamp, Span) {
        match self {
            Self::Sample(observation) => (observation.at, Span::ZERO),
            Self::Candle(candle) => (candle.end(), candle.interval),
        }
    }
}
