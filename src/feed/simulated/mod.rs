//! A simulated market: tokens, the sources that call them, models that trade, and a price feed.
//!
//! Everything is a pure function of a seed and a time since the market's origin. There is no
//! clock, no state and no random source, so history and live agree, the order of polls does not
//! matter, and asking costs the same for any time.

mod address;
mod caller;
mod draw;
mod names;
#[cfg(test)]
mod outcomes;
mod path;
#[cfg(test)]
mod tests;
mod token;
mod trader;

use std::future::{Future, ready};

use crate::domain::{Call, Price, Reading, Span, Timestamp, TokenKey, Trade};

use super::{FeedError, PriceFeed, Quote};
use caller::LAST_CALL_AFTER;
use draw::{Draws, key};
pub use path::Kind;
use token::{HOUR, MINUTE, SLOT, SLOT_SPREAD, Token};

/// The provider's name of simulated readings.
pub const NAME: &str = "simulated";

/// How many tokens one request may ask for, as with the real providers.
const BATCH: usize = 30;
/// The market's time, in milliseconds since the origin; nothing happens outside it, so that a
/// question from the beginning of time has an answer of bounded size.
const FIRST: i64 = -400 * 24 * HOUR;
const LAST: i64 = 4_000 * 24 * HOUR;
/// One outage falls into each stretch of this length, in milliseconds.
const OUTAGE_EVERY: i64 = 9 * HOUR;
/// Two polls of a minute.
const OUTAGE_LENGTH: i64 = 2 * MINUTE;

/// A market made from a seed, around an origin. Seen from its origin it looks the same whatever
/// the origin is; times before it are its history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimulatedMarket {
    seed: u64,
    origin: Timestamp,
}

impl SimulatedMarket {
    /// The market of a seed. `origin` is t0: usually the moment a demo starts.
    #[must_use]
    pub const fn new(seed: u64, origin: Timestamp) -> Self {
        Self { seed, origin }
    }

    /// t0.
    #[must_use]
    pub const fn origin(&self) -> Timestamp {
        self.origin
    }

    /// The calls with `from < called_at <= to`, in the order of their time: about one each 50
    /// minutes. Asking for two neighbouring stretches gives the same as asking for both at once.
    #[must_use]
    pub fn calls_between(&self, from: Timestamp, to: Timestamp) -> Vec<Call> {
        let (from, to) = (self.relative(from), self.relative(to));
        let first = (from - LAST_CALL_AFTER - SLOT_SPREAD).div_euclid(SLOT);
        let mut calls: Vec<Call> = (first..=to.div_euclid(SLOT))
            .filter_map(|index| i32::try_from(index).ok())
            .flat_map(|index| caller::calls_of(&Token::of(self.seed, index), self.origin))
            .filter(|call| (from + 1..=to).contains(&self.relative(call.called_at)))
            .collect();
        calls.sort_by(|a, b| (a.called_at, &a.id).cmp(&(b.called_at, &b.id)));
        calls
    }

    /// The trades that changed with `from < time <= to`, in the order of their changes: each
    /// appears when it is opened, and again under the same id when it is closed. The later record
    /// replaces the earlier one. Neighbouring stretches add up, as with the calls.
    /// Prices, P&L, fee and cost of a trade are in its own currency (USD, or SOL for some).
    #[must_use]
    pub fn trades_between(&self, from: Timestamp, to: Timestamp) -> Vec<Trade> {
        let (from, to) = (self.relative(from), self.relative(to));
        trader::changes(self.seed, self.origin, from, to)
            .into_iter()
            .map(|(_, trade)| trade)
            .collect()
    }

    /// What a provider that works says of a token at a time; `None` when it is not listed then,
    /// or is no token of this market.
    #[must_use]
    pub fn quote(&self, token: &TokenKey, at: Timestamp) -> Option<Quote> {
        let found = Token::find(self.seed, token)?;
        let at = self.relative(at);
        found.is_listed(at).then(|| quote(&found, at))
    }

    /// The readings that polling a token on a grid of `step` (counted from the origin) gives with
    /// `from < time <= to`: what a tracker would have stored. Outages and the time before its
    /// launch give none; a token that is gone gives absent ones.
    pub fn readings(
        &self,
        token: &TokenKey,
        from: Timestamp,
        to: Timestamp,
        step: Span,
    ) -> impl Iterator<Item = Reading> + use<> {
        let market = *self;
        let step = step.millis().max(1);
        let grid = |at| market.relative(at).div_euclid(step);
        let found = Token::find(self.seed, token);
        let polls = grid(from) + 1..grid(to) + 1;
        found.into_iter().flat_map(move |token| {
            let polls = polls.clone().map(move |poll| poll * step);
            polls.filter_map(move |at| market.reading(&token, at))
        })
    }

    fn reading(&self, token: &Token, at: i64) -> Option<Reading> {
        if self.outage(at, OUTAGE_LENGTH).is_some() || !token.is_launched(at) {
            return None;
        }
        let quote = token.is_listed(at).then(|| quote(token, at));
        let absent = quote.is_none();
        let quote = quote.as_ref();
        Some(Reading {
            at: self.origin.plus(Span::from_millis(at)),
            price: quote.and_then(|q| q.price),
            liquidity_usd: quote.and_then(|q| q.liquidity_usd),
            market_cap_usd: quote.and_then(|q| q.market_cap_usd),
            absent,
            provider: NAME.to_owned(),
            pool: quote.and_then(|q| q.pool.clone()),
        })
    }

    /// What truly becomes of a token: for tests and for judging what the dashboard finds.
    #[must_use]
    pub fn kind_of(&self, token: &TokenKey) -> Option<Kind> {
        Token::find(self.seed, token).map(|token| token.path.kind)
    }

    /// A feed over this market.
    #[must_use]
    pub const fn feed(&self) -> SimulatedFeed {
        SimulatedFeed {
            batch: BATCH,
            market: *self,
            outage: OUTAGE_LENGTH,
            told: Vec::new(),
        }
    }

    /// The error of the outage that holds at a time, if one does.
    fn outage(&self, at: i64, length: i64) -> Option<FeedError> {
        let number = at.div_euclid(OUTAGE_EVERY);
        let d = &mut Draws::of(key(key(self.seed, 0x0FF), number));
        // Never across the border to the next stretch, and never within minutes of t0: whoever
        // starts a demo sees it work first.
        let room = (OUTAGE_EVERY - length - 40 * MINUTE).max(0) as f64;
        let start = number * OUTAGE_EVERY + 20 * MINUTE + (d.unit() * room) as i64;
        let limited = d.chance(0.4);
        let end = start + length;
        (start..end).contains(&at).then(|| {
            if limited {
                FeedError::RateLimited {
                    feed: NAME,
                    retry_after: Some(Span::from_millis(end - at)),
                }
            } else {
                FeedError::Unreachable {
                    feed: NAME,
                    reason: "simulated outage".to_owned(),
                }
            }
        })
    }

    /// Milliseconds since the origin, kept within the market's time.
    fn relative(&self, at: Timestamp) -> i64 {
        at.since(self.origin).millis().clamp(FIRST, LAST)
    }
}

fn quote(token: &Token, at: i64) -> Quote {
    let shown = token.shown(at);
    Quote {
        token: token.key.clone(),
        price: Price::new(shown.price * token.fault(at)),
        liquidity_usd: shown.liquidity,
        market_cap_usd: Some(shown.market_cap),
        pool: Some(token.pool()),
        repinned: false,
    }
}

/// A price feed over a [`SimulatedMarket`]: it answers at once, and fails now and then.
#[derive(Debug, Clone)]
pub struct SimulatedFeed {
    market: SimulatedMarket,
    /// Milliseconds.
    outage: i64,
    batch: usize,
    told: Vec<(Timestamp, Timestamp, FeedError)>,
}

impl SimulatedFeed {
    /// How long each of the outages lasts that occur once in nine market hours (two minutes by
    /// default); zero for none. At most eight hours.
    #[must_use]
    pub fn with_outages_of(mut self, length: Span) -> Self {
        self.outage = length.millis().clamp(0, 8 * HOUR);
        self
    }

    /// With room for at most so many tokens in a request instead of 30, and for one at least.
    #[must_use]
    pub fn with_batches_of(mut self, tokens: usize) -> Self {
        self.batch = tokens.max(1);
        self
    }

    /// Makes every request with `from <= now < to` fail with this error.
    pub fn fail_between(&mut self, from: Timestamp, to: Timestamp, error: FeedError) {
        self.told.push((from, to, error));
    }

    fn answer(&self, tokens: &[TokenKey], now: Timestamp) -> Result<Vec<Quote>, FeedError> {
        let told = self
            .told
            .iter()
            .find(|(from, to, _)| (from..to).contains(&&now));
        if let Some((_, _, error)) = told {
            return Err(error.clone());
        }
        if let Some(error) = self.market.outage(self.market.relative(now), self.outage) {
            return Err(error);
        }
        // A real provider cuts the rest off or refuses; to refuse shows the caller's mistake.
        if tokens.len() > self.batch {
            return Err(FeedError::Refused {
                feed: NAME,
                reason: format!(
                    "{} tokens asked for, {} are allowed",
                    tokens.len(),
                    self.batch
                ),
            });
        }
        let quotes = tokens
            .iter()
            .filter_map(|token| self.market.quote(token, now));
        Ok(quotes.collect())
    }
}

impl PriceFeed for SimulatedFeed {
    fn name(&self) -> &'static str {
        NAME
    }

    fn batch(&self) -> usize {
        self.batch
    }

    fn quotes(
        &mut self,
        tokens: &[TokenKey],
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Quote>, FeedError>> + Send {
        ready(self.answer(tokens, now))
    }
}
