//! Where prices come from: one trait, and the providers behind it.
//!
//! Knows: how to ask a provider for the prices of tokens. Must never know: what becomes of the
//! answers (accepting, storing, drawing), nor what time it is: "now" is an argument, so that a
//! simulated market can be asked about the past as well.

mod budget;
pub mod chains;
pub mod dexscreener;
pub mod geckoterminal;
mod halving;
mod http;
pub mod jupiter;
mod lenient;
mod moment;
mod provider;
mod refused;
mod retry_after;
pub mod simulated;
mod webhook;

use std::future::Future;

use crate::domain::{Candle, Price, Span, Timestamp, TokenKey};

pub use chains::{chain_name, page_of, why_no_token};
pub use dexscreener::{Candidate, DexScreener};
pub use geckoterminal::{GeckoCandles, GeckoTerminal};
pub use jupiter::Jupiter;
pub use provider::{Provider, Providers};
pub use simulated::{SimulatedFeed, SimulatedMarket};
pub use webhook::Webhook;

/// One provider of prices.
///
/// The future is `Send`, so that a tracker that is generic over its feed can run in a task of its
/// own. Dropping the future gives up on the answer; the request may have been spent all the same.
pub trait PriceFeed: Send {
    /// The provider's name, as it is stored with each reading.
    fn name(&self) -> &'static str;

    /// How many tokens of one chain one request may ask for; at least 1.
    fn batch(&self) -> usize;

    /// Whether the provider lists tokens of a chain at all. It is never asked for others.
    fn serves(&self, chain: &str) -> bool {
        let _ = chain;
        true
    }

    /// When its budget allows the next request of [`PriceFeed::quotes`]: now, or later. Asking
    /// sooner is answered with [`FeedError::RateLimited`] and costs no request.
    fn ready_at(&mut self, now: Timestamp) -> Timestamp {
        now
    }

    /// Takes up where an earlier run left off: the pool that a token's last accepted price was
    /// read from.
    fn resume(&mut self, token: &TokenKey, pool: &str) {
        let _ = (token, pool);
    }

    /// A price of a token has jumped and waits: the next quote of it may settle whether the jump
    /// was one. Said before that quote is asked for.
    fn doubt(&mut self, token: &TokenKey) {
        let _ = token;
    }

    /// Current quotes. A token that the provider does not know (yet, or any more) is simply absent
    /// from the answer; the order of the answer means nothing.
    ///
    /// `tokens` holds no more than [`PriceFeed::batch`], all of one chain. `now` is when the question is asked; a
    /// provider of live prices answers for the moment of its answer.
    fn quotes(
        &mut self,
        tokens: &[TokenKey],
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Quote>, FeedError>> + Send;
}

/// What a provider said of one token. Unknown is `None`, never zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Quote {
    /// The token asked for, in its canonical form.
    pub token: TokenKey,
    /// USD per token; `None` for a listing without a price.
    pub price: Option<Price>,
    /// Liquidity of the pool, USD; 0 is known to be empty.
    pub liquidity_usd: Option<f64>,
    /// Market cap, USD.
    pub market_cap_usd: Option<f64>,
    /// The address of the pool that the price was read from.
    pub pool: Option<String>,
    /// The pool is another than in the quote before, by the rules of re-pinning, or is doubted and
    /// could not be proven: a jump is no move of the market then.
    pub repinned: bool,
}

/// One provider of past prices, asked for one pool at a time.
pub trait CandleFeed: Send {
    /// The provider's name, as it is stored with each candle.
    fn name(&self) -> &'static str;

    /// Whether the provider has pools of a chain.
    fn serves(&self, chain: &str) -> bool;

    /// When its budget allows the next request.
    fn ready_at(&mut self, now: Timestamp) -> Timestamp;

    /// The pools of a token, the deepest first; empty when the provider knows none.
    fn pools(
        &mut self,
        token: &TokenKey,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Pool>, FeedError>> + Send;

    /// The candles of a token in one pool that opened before an instant, at most `most` (1,000)
    /// of them, oldest first; prices are of the token asked for, whichever side of the pool it
    /// is. A candle that is still open at `now` is left out.
    fn candles(
        &mut self,
        token: &TokenKey,
        pool: &str,
        step: CandleStep,
        before: Timestamp,
        most: usize,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Candle>, FeedError>> + Send;
}

/// A pool that a token is traded in.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// Its address, in the provider's own letters: they matter on some chains.
    pub address: String,
    /// The exchange it belongs to.
    pub dex: Option<String>,
    /// Its liquidity in USD; 0 is known to be empty.
    pub liquidity_usd: Option<f64>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

/// The lengths of candles that providers serve and callboard asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CandleStep {
    /// One minute.
    Minute,
    /// Fifteen minutes.
    Quarter,
    /// One hour.
    Hour,
}

impl CandleStep {
    /// How long one lasts.
    #[must_use]
    pub const fn span(self) -> Span {
        match self {
            Self::Minute => Span::minutes(1),
            Self::Quarter => Span::minutes(15),
            Self::Hour => Span::hours(1),
        }
    }
}

/// Why a provider gave no quotes. The text is for the screen: what happened, and what comes next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// Too many requests: the provider is well, and wants to be left alone for a while.
    #[error("{feed}: too many requests{}", wait_label(*.retry_after))]
    RateLimited {
        /// The provider's name.
        feed: &'static str,
        /// How long it asked us to wait; `None` when it did not say.
        retry_after: Option<Span>,
    },
    /// No answer: no connection, no name, a timeout, or a failure on the provider's side.
    #[error("{feed}: not reachable ({reason}), trying again")]
    Unreachable {
        /// The provider's name.
        feed: &'static str,
        /// What the network said.
        reason: String,
    },
    /// An answer that makes no sense. It may be a passing fault (a maintenance page), so another
    /// try is worth it; if it stays, the provider changed its format.
    #[error(
        "{feed}: answer not understood ({reason}), trying again; if it stays, its format changed"
    )]
    BadAnswer {
        /// The provider's name.
        feed: &'static str,
        /// What was wrong with it.
        reason: String,
    },
    /// The provider understood and said no (a wrong key, a request it does not allow): the same
    /// request will be refused again.
    #[error("{feed}: request refused ({reason}), not trying again until something changes")]
    Refused {
        /// The provider's name.
        feed: &'static str,
        /// Why, in the provider's words.
        reason: String,
    },
}

impl FeedError {
    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn is_worth_another_try(&self) -> bool {
        !matches!(self, Self::Refused { .. })
    }

    /// How long the provider asked us to wait, where it said so.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Span> {
        match self {
            Self::RateLimited { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The provider that it is about.
    #[must_use]
    pub const fn feed(&self) -> &'static str {
        match self {
            Self::RateLimited { feed, .. }
            | Self::Unreachable { feed, .. }
            | Self::BadAnswer { feed, .. }
            | Self::Refused { feed, .. } => feed,
        }
    }
}

fn wait_label(retry_after: Option<Span>) -> String {
    // Rounded up to whole seconds: an earlier try would be refused again.
    retry_after.map_or_else(String::new, |wait| {
        format!(
            ", to be left alone for {} s",
            (wait.millis().max(0) + 999) / 1000
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_happened_and_whether_to_try_again() {
        let limited = FeedError::RateLimited {
            feed: "dexscreener",
            retry_after: Some(Span::from_millis(29_100)),
        };
        assert_eq!(
            limited.to_string(),
            "dexscreener: too many requests, to be left alone for 30 s"
        );
        assert_eq!(limited.retry_after(), Some(Span::from_millis(29_100)));
        assert!(limited.is_worth_another_try());
        let refused = FeedError::Refused {
            feed: "jupiter",
            reason: "401 wrong key".to_owned(),
        };
        assert!(!refused.is_worth_another_try());
        assert_eq!(refused.feed(), "jupiter");
        assert!(refused.to_string().contains("not trying again"));
    }
}
