//! `DexScreener` (<https://docs.dexscreener.com/api/reference>): keyless, every chain, the pools of
//! each token.
//!
//! Knows: its paths and what its answers mean. Must never know: what becomes of a quote.
//!
//! One poll is one request for up to 30 tokens (`/tokens/v1`), which answers one pool per token.
//! Where that is another pool than the one a token's price is read from, that pool is asked for
//! by its own address (`/latest/dex/pairs`), all of a batch together. All pools of one token
//! (`/token-pairs/v1`) are looked at once, when it is first seen, and where there is doubt, within a
//! budget of their own.

mod find;
mod pins;
mod pools;
mod wire;

use std::collections::{HashMap, HashSet};

use crate::domain::{Span, Timestamp, TokenKey};

use super::budget::{Budget, SharedBudget};
use super::chains;
use super::halving::Halving;
use super::http::{Access, Fault, Http, PATIENCE};
use super::moment::Moment;
use super::refused::Refused;
use super::{FeedError, PriceFeed, Quote};

pub use find::Candidate;
use pins::{Pins, Seen};
use pools::Pair;
use wire::{RawPair, pairs_of};

/// The provider's name.
pub const NAME: &str = "dexscreener";

/// Addresses per request.
const BATCH: usize = 30;
/// Looks at all pools of a token, per minute: the endpoint is documented with 300 and with 60.
const LOOKS_PER_MINUTE: u32 = 60;
/// Looks within one poll, so that it stays short.
const LOOKS_PER_POLL: u32 = 10;
/// After the first one, looks may keep a poll's prices waiting so long in all: they are of the
/// moment before.
const LOOKS_TAKE: Span = Span::seconds(3);
/// For how long a chain is left alone whose every address was refused.
const CHAIN_BAD_FOR: Span = Span::minutes(15);

/// The provider, with the pools it follows.
pub struct DexScreener {
    http: Http,
    looks: SharedBudget,
    pins: Pins,
    refused: Refused,
    /// Refused chains, until when.
    bad_chains: HashMap<String, Timestamp>,
    /// Chains that were answered once: a refusal there is about addresses.
    good_chains: HashSet<String>,
}

impl DexScreener {
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
            first_pause: Span::seconds(2),
            least_pause: Span::seconds(1),
        };
        let budget = SharedBudget::new(Budget::per_minute(per_minute));
        let looks = (per_minute / 4).clamp(1, LOOKS_PER_MINUTE.max(per_minute / 10));
        Ok(Self {
            http: Http::new(access, budget)?,
            looks: SharedBudget::new(Budget::with_burst(looks, LOOKS_PER_POLL)),
            pins: Pins::default(),
            refused: Refused::default(),
            bad_chains: HashMap::new(),
            good_chains: HashSet::new(),
        })
    }

    fn forget(&mut self, now: Timestamp) {
        // A clock that was set back must not close a chain for longer than is meant.
        self.bad_chains
            .retain(|_, until| *until > now && until.since(now) <= CHAIN_BAD_FOR);
    }

    async fn pairs(&mut self, path: &[&str], moment: &Moment) -> Result<Vec<RawPair>, Fault> {
        let body = self.http.get(path, None, moment).await?;
        pairs_of(&body).map_err(|reason| Fault::Feed(FeedError::BadAnswer { feed: NAME, reason }))
    }

    /// The pairs of a batch. What is refused is asked again in halves; the first question has its
    /// place in the budget already.
    async fn batch_of(
        &mut self,
        chain: &str,
        tokens: Vec<TokenKey>,
        moment: &mut Moment,
    ) -> Result<Vec<RawPair>, FeedError> {
        let mut all = Vec::new();
        let mut halving = Halving::new(tokens, BATCH);
        if self.good_chains.contains(chain) {
            halving.answered();
        }
        let mut first = true;
        while let Some(part) = halving.next() {
            if !std::mem::take(&mut first) {
                self.http.turn(moment, PATIENCE).await?;
            }
            let addresses: Vec<&str> = part.iter().map(TokenKey::address).collect();
            let list = addresses.join(",");
            match self.pairs(&["tokens", "v1", chain, &list], moment).await {
                Ok(pairs) => {
                    halving.answered();
                    self.good_chains.insert(chain.to_owned());
                    all.extend(pairs);
                    self.refused.clear(&part);
                }
                Err(fault) if fault.is_malformed() => halving.refused(part),
                Err(fault) => return Err(fault.told(NAME)),
            }
        }
        let now = moment.now();
        if halving.is_hopeless() {
            self.bad_chains
                .insert(chain.to_owned(), now.plus(CHAIN_BAD_FOR));
            return Err(FeedError::BadAnswer {
                feed: NAME,
                reason: format!("every address of {chain} is refused"),
            });
        }
        for token in halving.into_bad() {
            self.refused.add(NAME, token, now);
        }
        Ok(all)
    }

    /// Asks for the pools that tokens are read from, where the batch answered another one. On an
    /// error what was answered until then stands.
    async fn follow(
        &mut self,
        chain: &str,
        seen: &mut HashMap<TokenKey, Seen>,
        moment: &mut Moment,
    ) -> Result<(), FeedError> {
        let wanted: Vec<(TokenKey, String)> = seen
            .iter()
            .filter_map(|(token, seen)| {
                let pool = self.pins.to_follow(token, seen)?;
                Some((token.clone(), pool.to_owned()))
            })
            .collect();
        // A pool id that is refused must not hide the others.
        let mut halving = Halving::new(wanted, BATCH);
        halving.answered();
        while let Some(part) = halving.next() {
            self.http.turn(moment, PATIENCE).await?;
            let pools: Vec<&str> = part.iter().map(|(_, pool)| pool.as_str()).collect();
            let list = pools.join(",");
            let path = ["latest", "dex", "pairs", chain, &list];
            match self.pairs(&path, moment).await {
                Ok(pairs) => answer(part.iter().map(|(t, _)| t), &pairs, chain, seen),
                Err(Fault::Said(400 | 404 | 414 | 422, _)) if part.len() > 1 => {
                    halving.refused(part);
                }
                // Refused alone: there is no such pool.
                Err(Fault::Said(400 | 404 | 422, _)) => {
                    answer(part.iter().map(|(t, _)| t), &[], chain, seen);
                }
                Err(fault) => return Err(fault.told(NAME)),
            }
        }
        Ok(())
    }

    /// Looks at all pools of tokens that need it, as far as the budgets go without much waiting.
    async fn look(&mut self, chain: &str, seen: &mut HashMap<TokenKey, Seen>, moment: &mut Moment) {
        let now = moment.now();
        let mut wanted: Vec<(u8, TokenKey)> = seen
            .iter()
            .filter(|(token, _)| !self.refused.holds(token, now))
            .filter_map(|(token, seen)| Some((self.pins.look(token, seen, now)?, token.clone())))
            .collect();
        wanted.sort();
        let until = now.plus(LOOKS_TAKE);
        for (nth, (_, token)) in wanted.into_iter().enumerate() {
            let patience = if nth == 0 {
                PATIENCE
            } else {
                until.since(moment.now())
            };
            let ready = self.http.ready_at(moment.now()).since(moment.now());
            if ready > patience || patience < Span::ZERO {
                return;
            }
            if self.looks.take(moment.now()).is_err() {
                return;
            }
            if self.http.turn(moment, patience).await.is_err() {
                return;
            }
            let path = ["token-pairs", "v1", chain, token.address()];
            let said = match self.pairs(&path, moment).await {
                Ok(pairs) => {
                    if let Some(seen) = seen.get_mut(&token) {
                        seen.add(pairs.iter().filter_map(|p| Pair::of(p, &token, chain)));
                        seen.all = true;
                        seen.pool_answered = true;
                    }
                    true
                }
                // Of a token that is not listed this says nothing about its pools.
                Err(Fault::Said(..)) => seen.get(&token).is_none_or(|s| s.pairs.is_empty()),
                Err(fault) => {
                    let error = fault.told(NAME);
                    tracing::warn!(%error, "pools not read");
                    return;
                }
            };
            self.pins.looked(&token, moment.now(), said);
        }
    }
}

/// What an answer about the pools of tokens says of each.
fn answer<'a>(
    tokens: impl Iterator<Item = &'a TokenKey>,
    pairs: &[RawPair],
    chain: &str,
    seen: &mut HashMap<TokenKey, Seen>,
) {
    for token in tokens {
        if let Some(seen) = seen.get_mut(token) {
            seen.add(pairs.iter().filter_map(|p| Pair::of(p, token, chain)));
            seen.pool_answered = true;
        }
    }
}

impl PriceFeed for DexScreener {
    fn name(&self) -> &'static str {
        NAME
    }

    fn batch(&self) -> usize {
        BATCH
    }

    fn serves(&self, chain: &str) -> bool {
        chains::dexscreener_id(chain).is_some_and(|id| !self.bad_chains.contains_key(id))
    }

    fn ready_at(&mut self, now: Timestamp) -> Timestamp {
        self.forget(now);
        self.http.ready_at(now)
    }

    fn resume(&mut self, token: &TokenKey, pool: &str) {
        self.pins.resume(token, pool);
    }

    fn doubt(&mut self, token: &TokenKey) {
        self.pins.doubt(token);
    }

    async fn quotes(
        &mut self,
        tokens: &[TokenKey],
        now: Timestamp,
    ) -> Result<Vec<Quote>, FeedError> {
        self.forget(now);
        let Some(chain) = tokens
            .first()
            .and_then(|t| chains::dexscreener_id(t.chain()))
        else {
            return Ok(Vec::new());
        };
        let chain = chain.to_owned();
        // A refused address is left out; where the token's pool is known, that can be asked for.
        let plausible = tokens.iter().filter(|t| chains::is_plausible(t));
        let (refused, asked): (Vec<_>, Vec<_>) =
            plausible.cloned().partition(|t| self.refused.holds(t, now));
        let followed = refused.into_iter().filter(|t| self.pins.has(t));
        let followed: Vec<TokenKey> = followed.collect();
        let mut moment = Moment::new(now);
        let only_pools = asked.is_empty();
        let pairs = if only_pools {
            Vec::new()
        } else {
            self.http.turn(&mut moment, Span::ZERO).await?;
            self.batch_of(&chain, asked.clone(), &mut moment).await?
        };
        let all: Vec<TokenKey> = asked.into_iter().chain(followed).collect();
        let mut seen: HashMap<TokenKey, Seen> = HashMap::with_capacity(all.len());
        for token in &all {
            let entry = seen.entry(token.clone()).or_default();
            entry.add(pairs.iter().filter_map(|p| Pair::of(p, token, &chain)));
        }
        match self.follow(&chain, &mut seen, &mut moment).await {
            Err(error) if only_pools => return Err(error),
            Err(error) => tracing::warn!(%error, "own pools not read"),
            Ok(()) => {}
        }
        self.look(&chain, &mut seen, &mut moment).await;
        // No waiting from here on: what is kept of the pools moves with the answer, or not at all.
        let at = moment.now();
        let quotes = all.iter().filter_map(|token| {
            let seen = seen.get(token)?;
            self.pins.quote(token, seen, at)
        });
        Ok(quotes.collect())
    }
}
