//! Jupiter's price API, version 3 (<https://dev.jup.ag/docs/price/v3>): Solana only, one price per
//! token over all exchanges.
//!
//! Knows: its path and what its answers mean. Must never know: what becomes of a quote.

use std::collections::HashMap;

use serde::Deserialize;

use crate::domain::{Price, Span, Timestamp, TokenKey};

use super::budget::{Budget, SharedBudget};
use super::chains;
use super::halving::Halving;
use super::http::{Access, Http, PATIENCE};
use super::lenient::{Num, Obj, read};
use super::moment::Moment;
use super::refused::Refused;
use super::{FeedError, PriceFeed, Quote};

/// The provider's name.
pub const NAME: &str = "jupiter";

/// Mints per request.
const BATCH: usize = 50;

/// The provider.
pub struct Jupiter {
    http: Http,
    refused: Refused,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawPrice {
    usd_price: Num,
    liquidity: Num,
}

impl Jupiter {
    /// The provider at a base URL, asked so many times a minute.
    ///
    /// # Errors
    /// When the URL or the key cannot be used.
    pub fn new(base: &str, key: &str, per_minute: u32, timeout: Span) -> Result<Self, FeedError> {
        let access = Access {
            feed: NAME,
            base: base.to_owned(),
            accept: "application/json",
            key: (!key.is_empty()).then(|| ("x-api-key", key.to_owned())),
            timeout,
            first_pause: Span::seconds(10),
            least_pause: Span::seconds(1),
        };
        let budget = SharedBudget::new(Budget::per_minute(per_minute));
        Ok(Self {
            http: Http::new(access, budget)?,
            refused: Refused::default(),
        })
    }
}

/// The quotes of the tokens asked for; a token without a reliable price is left out of the answer.
///
/// # Errors
/// When it is no map of prices: why.
fn quotes_of(body: &[u8], asked: &[TokenKey]) -> Result<Vec<Quote>, String> {
    let prices: HashMap<String, Obj<RawPrice>> = read(body)?;
    let quotes = asked.iter().filter_map(|token| {
        let raw = prices.get(token.address())?.get()?;
        Some(Quote {
            token: token.clone(),
            price: raw.usd_price.0.and_then(Price::new),
            liquidity_usd: raw.liquidity.amount(),
            market_cap_usd: None,
            pool: None,
            repinned: false,
        })
    });
    Ok(quotes.collect())
}

impl PriceFeed for Jupiter {
    fn name(&self) -> &'static str {
        NAME
    }

    fn batch(&self) -> usize {
        BATCH
    }

    fn serves(&self, chain: &str) -> bool {
        chains::is_solana(chain)
    }

    fn ready_at(&mut self, now: Timestamp) -> Timestamp {
        self.http.ready_at(now)
    }

    async fn quotes(
        &mut self,
        tokens: &[TokenKey],
        now: Timestamp,
    ) -> Result<Vec<Quote>, FeedError> {
        let asked = tokens
            .iter()
            .filter(|t| self.serves(t.chain()) && chains::is_plausible(t))
            .filter(|t| !self.refused.holds(t, now));
        let mut halving = Halving::new(asked.cloned().collect(), BATCH);
        let mut moment = Moment::new(now);
        let mut patience = Span::ZERO;
        let mut quotes = Vec::new();
        while let Some(part) = halving.next() {
            self.http.turn(&mut moment, patience).await?;
            patience = PATIENCE;
            let mints: Vec<&str> = part.iter().map(TokenKey::address).collect();
            let query = format!("ids={}", mints.join(","));
            let answer = self.http.get(&["price", "v3"], Some(&query), &moment);
            match answer.await {
                Ok(body) => {
                    halving.answered();
                    self.refused.clear(&part);
                    let more = quotes_of(&body, &part);
                    quotes.extend(
                        more.map_err(|reason| FeedError::BadAnswer { feed: NAME, reason })?,
                    );
                }
                Err(fault) if fault.is_malformed() => halving.refused(part),
                Err(fault) => return Err(fault.told(NAME)),
            }
        }
        if halving.is_hopeless() {
            return Err(FeedError::BadAnswer {
                feed: NAME,
                reason: "every request is refused as malformed".to_owned(),
            });
        }
        let now = moment.now();
        for token in halving.into_bad() {
            self.refused.add(NAME, token, now);
        }
        Ok(quotes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINT: &str = "FXQgp6CXaXMpchMQp9e9NjW6V4M227Ay5KtPGsu1FdHU";

    fn token() -> TokenKey {
        TokenKey::new(None, MINT).unwrap()
    }

    #[test]
    fn a_price_is_read_and_what_is_missing_is_unknown() {
        for (value, price, liquidity) in [
            (
                r#"{"usdPrice":0.5,"liquidity":9,"blockId":1,"createdAt":"x"}"#,
                Some(0.5),
                Some(9.0),
            ),
            (r#"{"usdPrice":"1e-9"}"#, Some(1e-9), None),
            (r#"{"usdPrice":0,"liquidity":-1}"#, None, None),
            (r#"{"usdPrice":null,"liquidity":0}"#, None, Some(0.0)),
        ] {
            let body = format!(r#"{{"{MINT}":{value},"Other":3}}"#);
            let quotes = quotes_of(body.as_bytes(), &[token()]).unwrap();
            assert_eq!(quotes[0].price.map(Price::usd), price, "{value}");
            assert_eq!(quotes[0].liquidity_usd, liquidity, "{value}");
        }
        for body in [
            "{}",
            "{\"FXQ\":{\"usdPrice\":1}}",
            &format!("{{\"{MINT}\":null}}"),
        ] {
            assert_eq!(
                quotes_of(body.as_bytes(), &[token()]),
                Ok(Vec::new()),
                "{body}"
            );
        }
        assert!(quotes_of(b"[]", &[token()]).is_err());
    }

    proptest! {
        #[test]
        fn a_mangled_answer_never_panics(
            cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        ) {
            let mut body = format!(r#"{{"{MINT}":{{"usdPrice":0.5,"liquidity":9}}}}"#).into_bytes();
            for (at, byte) in cuts {
                let at = at.index(body.len());
                body[at] = byte;
            }
            let _ = quotes_of(&body, &[token()]);
        }
    }
}
