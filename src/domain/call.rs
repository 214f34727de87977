//! A call: one source said one token at one time, with everything it said.

use serde::{Deserialize, Serialize};

use super::feature::Features;
use super::quantity::{Multiple, Price};
use super::time::Timestamp;
use super::token::TokenKey;

/// The identity of a call: what its source gave, else [`Call::derived_id`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CallId(pub String);

/// One call. Unknown is `None`, never zero; features are as of the call and never change.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Unique among all calls.
    pub id: CallId,
    /// The bot or channel that called.
    pub source: String,
    /// The chain, in lower case; `unknown` when nobody said.
    pub chain: String,
    /// The token; `None` for a call by symbol only, which no price is ever matched to.
    pub token: Option<TokenKey>,
    /// The ticker: a label, never an identity.
    pub symbol: Option<String>,
    /// The token's name: a label too.
    pub name: Option<String>,
    /// When the source called it.
    pub called_at: Timestamp,
    /// The entry price that the call stated.
    pub stated_entry: Option<Price>,
    /// Market cap at the call, USD.
    pub market_cap_usd: Option<f64>,
    /// Liquidity at the call, USD.
    pub liquidity_usd: Option<f64>,
    /// The bot's own gate that turned this candidate down.
    pub rejected_by: Option<String>,
    /// Everything else that was sent.
    pub features: Features,
}

impl Call {
    /// The identity of a call that came without one: source, chain, token (else symbol), time.
    /// Written out in full, so that a script can build the same text.
    #[must_use]
    pub fn derived_id(
        source: &str,
        chain: &str,
        address: Option<&str>,
        symbol: Option<&str>,
        called_at: Timestamp,
    ) -> CallId {
        let token = address.map_or_else(
            || format!("symbol={}", symbol.unwrap_or("?")),
            str::to_owned,
        );
        CallId(format!("{source}/{chain}/{token}/{}", called_at.millis()))
    }
}

/// What somebody else measured of a call. It serves the figures that own samples cannot give.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ImportedOutcome {
    /// The highest multiple seen. May lie below 1 when its maker left the entry out.
    pub peak: Option<Multiple>,
    /// The multiple at the end.
    pub final_multiple: Option<Multiple>,
    /// Whether its maker called it a rug.
    pub is_rug: Option<bool>,
    /// Until when its maker looked; `None` is taken as the end of the window.
    pub observed_until: Option<Timestamp>,
    /// A word of its maker.
    pub label: Option<String>,
}
