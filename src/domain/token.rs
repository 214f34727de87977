//! What a price belongs to: a token is known by chain and address, never by its symbol.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A token: chain and canonical address.
///
/// EVM addresses (`0x` and 40 hexadecimal digits) are kept in lower case, since providers echo
/// them in mixed case; every other address keeps its case, since base58 depends on it.
///
/// A clone shares both: each of thousands of readings a minute carries one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Parts", into = "Parts")]
pub struct TokenKey(Arc<Parts>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Parts {
    chain: String,
    address: String,
}

impl From<Parts> for TokenKey {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl From<TokenKey> for Parts {
    fn from(token: TokenKey) -> Self {
        Arc::unwrap_or_clone(token.0)
    }
}

/// The chain of a token whose chain nobody said and whose address does not tell.
pub const UNKNOWN_CHAIN: &str = "unknown";

impl TokenKey {
    /// A token from what a record says; `None` without an address.
    ///
    /// Without a chain, base58 of 32 to 44 characters is `solana`, anything else `unknown`.
    #[must_use]
    pub fn new(chain: Option<&str>, address: &str) -> Option<Self> {
        let address = address.trim();
        if address.is_empty() {
            return None;
        }
        let parts = Parts {
            chain: canonical_chain(chain, Some(address)),
            address: if is_evm(address) {
                address.to_ascii_lowercase()
            } else {
                address.to_owned()
            },
        };
        Some(parts.into())
    }

    /// The chain, in lower case.
    #[must_use]
    pub fn chain(&self) -> &str {
        &self.0.chain
    }

    /// The canonical address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.0.address
    }
}

impl fmt::Display for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.chain(), self.address())
    }
}

/// The chain a record means: what it says, in lower case; else what the address shows.
#[must_use]
pub fn canonical_chain(chain: Option<&str>, address: Option<&str>) -> String {
    match chain.map(str::trim).filter(|c| !c.is_empty()) {
        Some(chain) => chain.to_lowercase(),
        None if address.is_some_and(is_base58_mint) => "solana".to_owned(),
        None => UNKNOWN_CHAIN.to_owned(),
    }
}

fn is_evm(address: &str) -> bool {
    address
        .strip_prefix("0x")
        .or_else(|| address.strip_prefix("0X"))
        .is_some_and(|hex| hex.len() == 40 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_base58_mint(address: &str) -> bool {
    (32..=44).contains(&address.len())
        && address
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() && !matches!(b, b'0' | b'O' | b'I' | b'l'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_chain_follow_the_address() {
        for (chain, address, want) in [
            (
                None,
                "FXQgp6CXaXMpchMQp9e9NjW6V4M227Ay5KtPGsu1FdHU",
                Some("solana:FXQgp6CXaXMpchMQp9e9NjW6V4M227Ay5KtPGsu1FdHU"),
            ),
            (
                Some("Ethereum"),
                "0xAbCdEf0123456789aBcDeF0123456789abcdef01",
                Some("ethereum:0xabcdef0123456789abcdef0123456789abcdef01"),
            ),
            (
                None,
                "0xAbCdEf0123456789aBcDeF0123456789abcdef01",
                Some("unknown:0xabcdef0123456789abcdef0123456789abcdef01"),
            ),
            (None, "BTC", Some("unknown:BTC")),
            (Some(" "), "BTC", Some("unknown:BTC")),
            (Some("solana"), "  ", None),
        ] {
            assert_eq!(
                TokenKey::new(chain, address)
                    .map(|t| t.to_string())
                    .as_deref(),
                want
            );
        }
    }
}
