//! The providers of live prices behind one type, in the order that the settings ask for.
//!
//! Knows: which provider is which, and the settings. Must never know: when one is asked.

use crate::config::Config;
use crate::domain::{Timestamp, TokenKey};

use super::dexscreener::{self, DexScreener};
use super::geckoterminal::{self, GeckoCandles, GeckoTerminal};
use super::jupiter::{self, Jupiter};
use super::{FeedError, PriceFeed, Quote};

/// One provider of live prices.
pub enum Provider {
    /// `DexScreener`: every chain, with pools.
    DexScreener(Box<DexScreener>),
    /// Jupiter: Solana.
    Jupiter(Box<Jupiter>),
    /// `GeckoTerminal`: the chains of its table, few requests.
    GeckoTerminal(Box<GeckoTerminal>),
}

/// Everything that answers prices, as the settings have it.
pub struct Providers {
    /// Live prices: the one to ask first comes first.
    pub live: Vec<Provider>,
    /// Past prices; the budget is shared with the live face of the same provider.
    pub past: GeckoCandles,
}

impl Providers {
    /// The providers of the settings.
    ///
    /// # Errors
    /// When an address or a key in the settings cannot be used: which, and why.
    pub fn of(config: &Config) -> Result<Self, FeedError> {
        let timeout = config.feed_timeout();
        let (gecko, past) = geckoterminal::faces(geckoterminal::Settings {
            base: config.feed_url(geckoterminal::NAME),
            key: config.feed_key(geckoterminal::NAME),
            per_minute: config.feed_rpm(geckoterminal::NAME),
            timeout,
        })?;
        let mut gecko = Some(gecko);
        let mut live: Vec<Provider> = Vec::new();
        for name in config.feed_order() {
            if live.iter().any(|p| p.name() == name) {
                continue;
            }
            let url = config.feed_url(name);
            let key = config.feed_key(name);
            let per_minute = config.feed_rpm(name);
            live.extend(match name {
                dexscreener::NAME => {
                    let feed = DexScreener::new(url, key, per_minute, timeout)?;
                    Some(Provider::DexScreener(Box::new(feed)))
                }
                jupiter::NAME => {
                    let feed = Jupiter::new(url, key, per_minute, timeout)?;
                    Some(Provider::Jupiter(Box::new(feed)))
                }
                geckoterminal::NAME => gecko.take().map(|g| Provider::GeckoTerminal(Box::new(g))),
                _ => None,
            });
        }
        Ok(Self { live, past })
    }
}

impl PriceFeed for Provider {
    fn name(&self) -> &'static str {
        match self {
            Self::DexScreener(feed) => feed.name(),
            Self::Jupiter(feed) => feed.name(),
            Self::GeckoTerminal(feed) => feed.name(),
        }
    }

    fn batch(&self) -> usize {
        match self {
            Self::DexScreener(feed) => feed.batch(),
            Self::Jupiter(feed) => feed.batch(),
            Self::GeckoTerminal(feed) => feed.batch(),
        }
    }

    fn serves(&self, chain: &str) -> bool {
        match self {
            Self::DexScreener(feed) => feed.serves(chain),
            Self::Jupiter(feed) => feed.serves(chain),
            Self::GeckoTerminal(feed) => feed.serves(chain),
        }
    }

    fn ready_at(&mut self, now: Timestamp) -> Timestamp {
        match self {
            Self::DexScreener(feed) => feed.ready_at(now),
            Self::Jupiter(feed) => feed.ready_at(now),
            Self::GeckoTerminal(feed) => feed.ready_at(now),
        }
    }

    fn resume(&mut self, token: &TokenKey, pool: &str) {
        match self {
            Self::DexScreener(feed) => feed.resume(token, pool),
            Self::Jupiter(feed) => feed.resume(token, pool),
            Self::GeckoTerminal(feed) => feed.resume(token, pool),
        }
    }

    fn doubt(&mut self, token: &TokenKey) {
        match self {
            Self::DexScreener(feed) => feed.doubt(token),
            Self::Jupiter(feed) => feed.doubt(token),
            Self::GeckoTerminal(feed) => feed.doubt(token),
        }
    }

    async fn quotes(
        &mut self,
        tokens: &[TokenKey],
        now: Timestamp,
    ) -> Result<Vec<Quote>, FeedError> {
        match self {
            Self::DexScreener(feed) => feed.quotes(tokens, now).await,
            Self::Jupiter(feed) => feed.quotes(tokens, now).await,
            Self::GeckoTerminal(feed) => feed.quotes(tokens, now).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<Vec<&'static str>, FeedError> {
        let env = |name: &str| {
            let (key, value) = text.split_once('=')?;
            (key == name).then(|| value.to_owned())
        };
        let config = Config::load(None, None, &env).unwrap();
        Providers::of(&config).map(|all| all.live.iter().map(PriceFeed::name).collect())
    }

    #[test]
    fn the_order_is_that_of_the_settings_and_nobody_comes_twice() {
        assert_eq!(
            names(""),
            Ok(vec!["dexscreener", "jupiter", "geckoterminal"])
        );
        assert_eq!(
            names("CALLBOARD_FEEDS_ORDER=geckoterminal, dexscreener,geckoterminal"),
            Ok(vec!["geckoterminal", "dexscreener"])
        );
    }

    #[test]
    fn a_key_that_cannot_be_sent_is_refused_without_being_shown() {
        let error = names("CALLBOARD_FEEDS_JUPITER_KEY=s3cr\u{7f}et").unwrap_err();
        assert!(error.to_string().contains("key"), "{error}");
        assert!(!error.to_string().contains("s3cr"), "{error}");
        let error = names("CALLBOARD_FEEDS_DEXSCREENER_URL=http://[::g]").unwrap_err();
        assert!(error.to_string().contains("url"), "{error}");
    }
}
