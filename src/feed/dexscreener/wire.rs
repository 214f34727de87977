//! `DexScreener`'s answers as they come, in every variant that is on record.

use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use crate::feed::lenient::{List, Num, Obj, Text, read};

/// A pair of tokens in one pool. Every field may be missing.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RawPair {
    pub(super) chain_id: Text,
    pub(super) dex_id: Text,
    pub(super) pair_address: Text,
    pub(super) base_token: Obj<RawToken>,
    pub(super) quote_token: Obj<RawToken>,
    /// The price of the base token in quote tokens.
    pub(super) price_native: Num,
    pub(super) price_usd: Num,
    pub(super) txns: Obj<Txns>,
    pub(super) volume: Obj<Volume>,
    pub(super) liquidity: Obj<Liquidity>,
    pub(super) market_cap: Num,
    /// Unix milliseconds.
    pub(super) pair_created_at: Num,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct RawToken {
    pub(super) address: Text,
    pub(super) name: Text,
    pub(super) symbol: Text,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Txns {
    pub(super) m5: Obj<Sides>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Sides {
    pub(super) buys: Num,
    pub(super) sells: Num,
}

/// USD per window.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Volume {
    pub(super) m5: Num,
    pub(super) h1: Num,
    pub(super) h6: Num,
    pub(super) h24: Num,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Liquidity {
    pub(super) usd: Num,
}

/// A bare array, or an object with `pairs`, which may be null.
struct Answer(Vec<RawPair>);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wrapped {
    #[serde(rename = "schemaVersion")]
    version: Text,
    #[serde(deserialize_with = "present")]
    pairs: Option<List<RawPair>>,
    #[serde(deserialize_with = "present")]
    pair: Option<Obj<RawPair>>,
}

/// A field that is there, even if it is null.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Answer;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("pairs")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Answer, A::Error> {
                let List(pairs) = List::deserialize(SeqAccessDeserializer::new(seq))?;
                Ok(Answer(pairs.unwrap_or_default()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Answer, A::Error> {
                let wrapped = Wrapped::deserialize(MapAccessDeserializer::new(map))?;
                let known = wrapped.version.get().is_some()
                    || wrapped.pairs.is_some()
                    || wrapped.pair.is_some();
                if !known {
                    return Err(serde::de::Error::custom("no pairs"));
                }
                let mut pairs = wrapped.pairs.and_then(|list| list.0).unwrap_or_default();
                // The first of the pairs stands beside them once more.
                if pairs.is_empty() {
                    pairs.extend(wrapped.pair.and_then(|pair| pair.0));
                }
                Ok(Answer(pairs))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// The pairs of an answer.
///
/// # Errors
/// When it is no answer with pairs: why.
pub(super) fn pairs_of(body: &[u8]) -> Result<Vec<RawPair>, String> {
    read::<Answer>(body).map(|answer| answer.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAIR: &str = r#"{"chainId":"solana","dexId":"pumpswap","pairAddress":"Pool1",
        "url":"https://x/solana/pool1","labels":null,
        "baseToken":{"address":"MintA","name":"A","symbol":"\u001b[31mA"},
        "quoteToken":{"address":"So11111111111111111111111111111111111111112"},
        "priceNative":"0.000001","priceUsd":"1.5e-7","txns":{"m5":{"buys":3,"sells":1}},
        "volume":{"h6":5200,"h24":"81000.2"},"priceChange":{"h1":-3.1},
        "liquidity":{"usd":18000.4,"base":1,"quote":2},"fdv":1,"marketCap":150000,
        "info":{"socials":[{"platform":"x","handle":"y"},{"type":"z","url":"u"}]},
        "boosts":{"active":1},"pairCreatedAt":1790000000000}"#;

    #[test]
    fn each_variant_of_an_answer_is_read() {
        for (body, want) in [
            (format!("[{PAIR}]"), 1),
            (format!("[{PAIR},null,3,{PAIR}]"), 2),
            ("[]".to_owned(), 0),
            (
                format!(r#"{{"schemaVersion":"1.0.0","pairs":[{PAIR}]}}"#),
                1,
            ),
            (format!(r#"{{"pairs":[{PAIR}],"pair":{PAIR}}}"#), 1),
            (format!(r#"{{"pairs":null,"pair":{PAIR}}}"#), 1),
            (r#"{"schemaVersion":"1.0.0","pairs":null}"#.to_owned(), 0),
            (
                r#"{"schemaVersion":"1.0.0","pairs":null,"pair":null}"#.to_owned(),
                0,
            ),
            (r#"{"pairs":[]}"#.to_owned(), 0),
            (r#"{"pairs":null}"#.to_owned(), 0),
            (r#"{"pair":null}"#.to_owned(), 0),
        ] {
            assert_eq!(
                pairs_of(body.as_bytes()).map(|p| p.len()),
                Ok(want),
                "{body}"
            );
        }
        let pair = &pairs_of(format!("[{PAIR}]").as_bytes()).unwrap()[0];
        assert_eq!(pair.price_usd.0, Some(1.5e-7));
        assert_eq!(pair.volume.get().unwrap().h24.0, Some(81_000.2));
        assert_eq!(pair.txns.get().unwrap().m5.get().unwrap().buys.0, Some(3.0));
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for body in [
            "{}",
            r#"{"error":"x"}"#,
            "null",
            "3",
            "\"x\"",
            "<html>",
            "[{",
            "",
        ] {
            assert!(pairs_of(body.as_bytes()).is_err(), "{body}");
        }
    }

    proptest! {
        /// Whatever is done to an answer, reading it ends, with pairs or with words.
        #[test]
        fn a_mangled_answer_never_panics(
            cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
            length in any::<prop::sample::Index>(),
        ) {
            let mut body = format!(r#"{{"pairs":[{PAIR},{PAIR}]}}"#).into_bytes();
            for (at, byte) in cuts {
                let at = at.index(body.len());
                body[at] = byte;
            }
            let _ = pairs_of(&body);
            body.truncate(length.index(body.len()));
            let _ = pairs_of(&body);
        }
    }
}
