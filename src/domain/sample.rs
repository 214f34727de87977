//! What was seen of a token at one time, and whether it is believed.

use serde::{Deserialize, Serialize};

use super::quantity::Price;
use super::time::Timestamp;

/// A reading as a provider or a file gave it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// When it was seen.
    pub at: Timestamp,
    /// USD per token; `None` for an observation without a price.
    pub price: Option<Price>,
    /// Liquidity, USD; 0 is known to be empty, `None` is not known.
    pub liquidity_usd: Option<f64>,
    /// Market cap, USD.
    pub market_cap_usd: Option<f64>,
    /// The token had no listing: a poll that found nothing where there was something to find.
    pub absent: bool,
    /// Who said it: a provider's name, or `import`.
    pub provider: String,
    /// The pool it was read from.
    pub pool: Option<String>,
}

/// What the fold of an outcome needs of an accepted reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// When it was seen.
    pub at: Timestamp,
    /// USD per token.
    pub price: Option<Price>,
    /// Liquidity, USD.
    pub liquidity_usd: Option<f64>,
    /// Market cap, USD.
    pub market_cap_usd: Option<f64>,
    /// The token had no listing.
    pub absent: bool,
}

impl From<&Reading> for Observation {
    fn from(reading: &Reading) -> Self {
        Self {
            at: reading.at,
            price: reading.price,
            liquidity_usd: reading.liquidity_usd,
            market_cap_usd: reading.market_cap_usd,
            absent: reading.absent,
        }
    }
}

/// What became of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// It counts.
    Accepted,
    /// A jump that waits for a second reading.
    Waiting,
    /// It does not count, and why.
    Refused(Refusal),
}

/// Why a reading does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// Over 4x the last accepted price, and the next reading did not confirm it.
    UnconfirmedJump,
    /// Taken out by hand.
    Voided,
}

impl Refusal {
    /// The reason in words, as it is stored.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UnconfirmedJump => "jump over 4x, not confirmed by the next reading",
            Self::Voided => "voided",
        }
    }
}
