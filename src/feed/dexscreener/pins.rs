//! The pool that each token's price is read from, and when another takes its place.
//!
//! Knows: the pairs of each answer, and what was chosen before. Must never know: requests.
//!
//! A price that jumps from pool to pool is no market. So a token stays with its pool, until the
//! pool has vanished twice, or was a bonding curve and an exchange has taken the token up, or
//! another pool has been over 3x as deep and busier for three polls in a row.

use std::collections::HashMap;

use crate::domain::{Price, Span, Timestamp, TokenKey};
use crate::feed::{Quote, chains};

use super::pools::{Pair, choose};

/// Answers without it until a pool is given up.
const VANISHED: u8 = 2;
/// How much deeper a rival must be.
const DEEPER: f64 = 3.0;
/// For how many polls in a row.
const POLLS: u8 = 3;
/// A curve that nobody trades on may have been left: its price and the exchange's may differ.
const CLOSE: f64 = 5.0;
/// How often one token's pools are looked at once more.
const LOOK_EVERY: Span = Span::minutes(5);
/// Looks that may fail before a doubtful pool is taken for want of a better one.
const LOOKS_FAILED: u8 = 2;
/// A token that was not asked for in this long is forgotten: longer than any window polls it.
const FORGET: Span = Span::days(8);

/// What is kept of a token.
#[derive(Debug, Clone, Default)]
struct Kept {
    pool: Option<String>,
    is_curve: bool,
    idle: bool,
    vanished: u8,
    rival: Option<(String, u8)>,
    looked_at: Option<Timestamp>,
    looks_failed: u8,
    asked_at: Option<Timestamp>,
}

/// What the answers of one poll say of one token.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Its pools, as far as they were answered.
    pub(super) pairs: Vec<Pair>,
    /// Its own pool was asked for and the question answered, or all pools were.
    pub(super) pool_answered: bool,
    /// All of its pools were answered.
    pub(super) all: bool,
}

impl Seen {
    /// More pools; a pool that is there already keeps what was said first.
    pub(super) fn add(&mut self, more: impl IntoIterator<Item = Pair>) {
        for pair in more {
            if !self.has(&pair.pool) {
                self.pairs.push(pair);
            }
        }
    }

    fn has(&self, pool: &str) -> bool {
        self.find(pool).is_some()
    }

    fn find(&self, pool: &str) -> Option<&Pair> {
        self.pairs
            .iter()
            .find(|p| chains::same_address(&p.pool, pool))
    }
}

/// The pools of all tokens.
#[derive(Debug, Default)]
pub(super) struct Pins {
    kept: HashMap<TokenKey, Kept>,
    swept_at: Option<Timestamp>,
}

impl Pins {
    /// Takes up a pool of an earlier run; one that is pinned already stays.
    pub(super) fn resume(&mut self, token: &TokenKey, pool: &str) {
        let kept = self.kept.entry(token.clone()).or_default();
        if kept.pool.is_none() && chains::is_plain(pool) {
            kept.pool = Some(pool.to_owned());
        }
    }

    /// Whether a token has a pool.
    pub(super) fn has(&self, token: &TokenKey) -> bool {
        self.kept.get(token).is_some_and(|kept| kept.pool.is_some())
    }

    /// The token's pool, if the answer does not have it.
    pub(super) fn to_follow(&self, token: &TokenKey, seen: &Seen) -> Option<&str> {
        let pool = self.kept.get(token)?.pool.as_deref()?;
        (!seen.has(pool)).then_some(pool)
    }

    /// Whether all pools of a token are worth a look, so that one can be chosen or given up.
    pub(super) fn wants_look(&self, token: &TokenKey, seen: &Seen, now: Timestamp) -> bool {
        let Some(kept) = self.kept.get(token) else {
            // The first time: believed as it is, or looked at; and if it is not there, looked for.
            return !choose(&seen.pairs).is_some_and(Pair::is_plain);
        };
        let rested = kept
            .looked_at
            .is_none_or(|at| now.since(at).abs() >= LOOK_EVERY);
        match &kept.pool {
            None => {
                let doubtful = !choose(&seen.pairs).is_some_and(Pair::is_plain);
                let found = !seen.pairs.is_empty();
                doubtful && (rested || (found && kept.looks_failed > 0))
            }
            Some(pool) if seen.has(pool) => kept.is_curve && kept.idle && rested,
            Some(_) => seen.pool_answered && seen.pairs.is_empty() && rested,
        }
    }

    /// Notes a look that was asked for, and whether it was answered.
    pub(super) fn looked(&mut self, token: &TokenKey, now: Timestamp, answered: bool) {
        let kept = self.kept.entry(token.clone()).or_default();
        kept.looked_at = Some(now);
        kept.looks_failed = if answered {
            0
        } else {
            kept.looks_failed.saturating_add(1)
        };
    }

    /// What is to be said of a token after a poll; `None` when it is not listed.
    pub(super) fn quote(&mut self, token: &TokenKey, seen: &Seen, now: Timestamp) -> Option<Quote> {
        self.sweep(now);
        let kept = self.kept.entry(token.clone()).or_default();
        kept.asked_at = Some(now);
        let Some(pool) = kept.pool.clone() else {
            return kept.first(token, seen);
        };
        let Some(own) = seen.find(&pool) else {
            return kept.without_its_pool(token, &pool, seen);
        };
        kept.vanished = 0;
        let others: Vec<Pair> = seen
            .pairs
            .iter()
            .filter(|p| p.pool != own.pool)
            .cloned()
            .collect();
        if let Some(exchange) = migration(own, kept.is_curve, &others) {
            return Some(kept.repin(token, exchange, "it left its bonding curve"));
        }
        if let Some(rival) = kept.outgrown(own, &others) {
            return Some(kept.repin(token, &rival, "another pool is deeper and busier"));
        }
        kept.pin(own);
        Some(quote_of(token, own, false))
    }

    fn sweep(&mut self, now: Timestamp) {
        if self
            .swept_at
            .is_some_and(|at| now.since(at).abs() < Span::HOUR)
        {
            return;
        }
        self.swept_at = Some(now);
        self.kept
            .retain(|_, kept| kept.asked_at.is_none_or(|at| now.since(at) < FORGET));
    }
}

impl Kept {
    fn pin(&mut self, pair: &Pair) {
        self.pool = Some(pair.pool.clone());
        self.is_curve = pair.is_curve;
        self.idle = pair.trading != Some(true);
        self.vanished = 0;
    }

    fn repin(&mut self, token: &TokenKey, pair: &Pair, why: &str) -> Quote {
        let from = self.pool.take().unwrap_or_default();
        tracing::info!(%token, %from, to = %pair.pool, why, "another pool");
        self.rival = None;
        self.pin(pair);
        quote_of(token, pair, true)
    }

    /// The first pool of a token. A doubtful one waits until all of its pools were seen, or could
    /// not be seen twice.
    fn first(&mut self, token: &TokenKey, seen: &Seen) -> Option<Quote> {
        if seen.pairs.is_empty() {
            return None;
        }
        let sure = seen.all || self.looks_failed >= LOOKS_FAILED;
        match choose(&seen.pairs).filter(|pair| sure || pair.is_plain()) {
            Some(pair) => {
                self.pin(pair);
                Some(quote_of(token, pair, false))
            }
            None => Some(listed_without_price(token, None)),
        }
    }

    fn without_its_pool(&mut self, token: &TokenKey, pool: &str, seen: &Seen) -> Option<Quote> {
        let unknown = || Some(listed_without_price(token, Some(pool.to_owned())));
        if !(seen.pool_answered || seen.all) {
            // Nobody said that it is gone.
            return unknown();
        }
        self.vanished = self.vanished.saturating_add(1);
        match choose(&seen.pairs) {
            Some(pair) if self.vanished >= VANISHED => {
                Some(self.repin(token, &pair.clone(), "its pool is gone"))
            }
            Some(_) => unknown(),
            None => None,
        }
    }

    /// Another pool that has been deeper and busier for long enough.
    fn outgrown(&mut self, own: &Pair, others: &[Pair]) -> Option<Pair> {
        let rival = choose(others).filter(|rival| {
            let deeper = own
                .liquidity
                .zip(rival.liquidity)
                .is_some_and(|(own, rival)| rival > own * DEEPER);
            let busier = rival
                .volume_h6
                .is_some_and(|volume| volume > own.volume_h6.unwrap_or(0.0));
            deeper && busier && (rival.is_base || !own.is_base)
        });
        let Some(rival) = rival else {
            self.rival = None;
            return None;
        };
        let polls = match &self.rival {
            Some((pool, polls)) if *pool == rival.pool => polls.saturating_add(1),
            _ => 1,
        };
        self.rival = Some((rival.pool.clone(), polls));
        (polls >= POLLS).then(|| rival.clone())
    }
}

/// The exchange that a token has moved to from its bonding curve. A pool that somebody made beside
/// a curve that still trades is no migration unless the prices agree.
fn migration<'a>(own: &Pair, was_curve: bool, others: &'a [Pair]) -> Option<&'a Pair> {
    if !(own.is_curve || was_curve) {
        return None;
    }
    let exchanges: Vec<Pair> = others
        .iter()
        .filter(|p| !p.is_curve && p.is_base && p.liquidity.is_some_and(|l| l > 0.0))
        .cloned()
        .collect();
    let best = choose(&exchanges)?;
    let near = own.price.zip(best.price).is_some_and(|(a, b)| {
        let ratio = b.usd() / a.usd();
        (1.0 / CLOSE..=CLOSE).contains(&ratio)
    });
    let left = own.price.is_none() || own.trading != Some(true);
    if !(near || left) {
        return None;
    }
    others.iter().find(|p| p.pool == best.pool)
}

fn quote_of(token: &TokenKey, pair: &Pair, repinned: bool) -> Quote {
    Quote {
        token: token.clone(),
        price: pair.price,
        liquidity_usd: pair.liquidity,
        market_cap_usd: pair.market_cap,
        pool: Some(pair.pool.clone()),
        repinned,
    }
}

fn listed_without_price(token: &TokenKey, pool: Option<String>) -> Quote {
    Quote {
        token: token.clone(),
        price: None::<Price>,
        liquidity_usd: None,
        market_cap_usd: None,
        pool,
        repinned: false,
    }
}
