//! What was seen of a token at one time, and whether it is believed.

use serde::{Deserialize, Serialize};

use super::quantity::Price;
use super::time::Timestamp;

/// Who said a reading that was imported without a provider's name.
pub const IMPORT: &str = "import";

/// What a reading's liquidity is that of. One pool's and that of all pools together are two
/// figures: where one provider takes over from another, neither can tell that the other has
/// drained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiquidityOf {
    /// One pool.
    Pool,
    /// All pools of the token together: the provider named none.
    Token,
    /// A file did not say; it stands beside both.
    Unsaid,
}

impl LiquidityOf {
    /// What a reading's liquidity is that of, by what is known of the reading.
    #[must_use]
    pub const fn by(names_pool: bool, is_import: bool) -> Self {
        match (names_pool, is_import) {
            (true, _) => Self::Pool,
            (false, false) => Self::Token,
            (false, true) => Self::Unsaid,
        }
    }
}

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
    /// What that liquidity is of.
    pub liquidity_of: LiquidityOf,
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
            liquidity_of: LiquidityOf::by(reading.pool.is_some(), reading.provider == IMPORT),
            market_cap_usd: reading.market_cap_usd,
            absent: reading.absent,
        }
    }
}

/// How a person names a sample: `chain:address@time`, and `/provider` where several have one at
/// that time. The token stays text here: only who knows the tokens can tell a chain with a colon
/// in it from an address with one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleId {
    /// `chain:address`, or the address alone.
    pub token: String,
    /// When it was seen.
    pub at: Timestamp,
    /// Who said it.
    pub provider: Option<String>,
}

impl SampleId {
    /// Reads an id; `None` when it has not that form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // A provider may hold an @ or a slash, an address too; a time holds neither.
        text.trim().match_indices('@').find_map(|(at, _)| {
            let (token, rest) = (&text.trim()[..at], &text.trim()[at + 1..]);
            let (time, provider) = match rest.split_once('/') {
                Some((time, provider)) => (time, Some(provider)),
                None => (rest, None),
            };
            let known = !token.is_empty() && provider != Some("");
            Some(Self {
                token: known.then(|| token.to_owned())?,
                at: Timestamp::parse(time).ok()?,
                provider: provider.map(str::to_owned),
            })
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_whatever_stands_in_its_parts() {
        let at = Timestamp::from_millis(1_759_276_800_000);
        for (text, token, provider) in [
            ("solana:Abc@2025-10-01T00:00:00Z", "solana:Abc", None),
            ("solana:Abc@1759276800000", "solana:Abc", None),
            (" solana:Abc@1759276800 ", "solana:Abc", None),
            (
                "sui:0x2::sui::SUI@2025-10-01T02:00:00+02:00/import",
                "sui:0x2::sui::SUI",
                Some("import"),
            ),
            (
                "x:a@b/c@2025-10-01T00:00:00Z/p/q@r",
                "x:a@b/c",
                Some("p/q@r"),
            ),
        ] {
            let want = SampleId {
                token: token.to_owned(),
                at,
                provider: provider.map(str::to_owned),
            };
            assert_eq!(SampleId::parse(text), Some(want), "{text}");
        }
        for text in [
            "",
            "solana:Abc",
            "solana:Abc@soon",
            "@1759276800",
            "a@1759276800/",
        ] {
            assert_eq!(SampleId::parse(text), None, "{text}");
        }
    }
}
