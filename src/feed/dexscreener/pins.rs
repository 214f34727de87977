//! The pool that each token's price is read from, and when another takes its place.
//!
//! Knows: the pairs of each answer, and what was chosen before. Must never know: requests.
//!
//! One pool cannot tell whether it is mad, so the first one is chosen among all of them. Where they
//! cannot be seen at once (the budget of looks is small), a pool that nothing speaks against is
//! believed for the time being, and a doubtful one is not.
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
/// Prices of two pools that are further apart than this contradict each other: then one of them is
/// mad, or nobody trades there any more.
const CLOSE: f64 = 5.0;
/// How often one token's pools are looked at once more.
const LOOK_EVERY: Span = Span::minutes(5);
/// A token that was not asked for in this long is forgotten: longer than any window polls it.
const FORGET: Span = Span::days(8);

/// What a pool was chosen among.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Choice {
    /// What the batch offered, until all pools can be seen.
    #[default]
    Provisional,
    /// All of the token's pools.
    Sure,
    /// An earlier run: as good as sure, until a jump speaks against it.
    Earlier,
    /// What the batch offered: the provider would not say which others there are.
    Offered,
}

/// What is kept of a token.
#[derive(Debug, Clone, Default)]
struct Kept {
    pool: Option<String>,
    choice: Choice,
    /// A price that waits may be this pool's fault.
    doubted: bool,
    /// The pool is a bonding curve.
    is_curve: bool,
    /// Nobody traded there lately.
    is_idle: bool,
    /// Answers in a row that did not have it.
    vanished: u8,
    /// A pool that is deeper and busier, and for how many polls it has been.
    rival: Option<(String, u8)>,
    looked_at: Option<Timestamp>,
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
            kept.choice = Choice::Earlier;
        }
    }

    /// A price of the token has jumped and waits: before its pool may confirm that, it has to stand
    /// among all, if it never did. Holds for one poll.
    pub(super) fn doubt(&mut self, token: &TokenKey) {
        self.kept.entry(token.clone()).or_default().doubted = true;
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

    /// Whether all pools of a token are worth a look, and how much: the least number first.
    pub(super) fn look(&self, token: &TokenKey, seen: &Seen, now: Timestamp) -> Option<u8> {
        let first = Kept::default();
        let kept = self.kept.get(token).unwrap_or(&first);
        let rested = kept
            .looked_at
            .is_none_or(|at| now.since(at).abs() >= LOOK_EVERY);
        let own = kept.pool.as_ref().map(|pool| seen.has(pool));
        if own == Some(true) {
            if kept.is_doubtful() {
                return Some(0);
            }
            let unsure = kept.choice == Choice::Provisional;
            let left = kept.is_curve && kept.is_idle && rested;
            // Before a rival takes over, it has to stand among all.
            let rivalled = kept
                .rival
                .as_ref()
                .is_some_and(|(_, polls)| *polls + 1 >= POLLS);
            return (unsure
                || left
                || (rivalled && matches!(kept.choice, Choice::Sure | Choice::Earlier)))
            .then_some(1);
        }
        if seen.pairs.is_empty() {
            // Not listed, as far as the batch goes; of a pool that is pinned, nobody knows more.
            return (rested && (own.is_none() || seen.pool_answered)).then_some(2);
        }
        let doubtful = !choose(&seen.pairs).is_some_and(Pair::is_plain);
        let open = own.is_none() && kept.choice == Choice::Provisional;
        (open && rested).then_some(u8::from(!doubtful))
    }

    /// Notes that the provider said which pools there are, or would not say it.
    pub(super) fn looked(&mut self, token: &TokenKey, now: Timestamp, said: bool) {
        let kept = self.kept.entry(token.clone()).or_default();
        kept.looked_at = Some(now);
        if !said && kept.is_unproven() {
            kept.choice = Choice::Offered;
        }
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
        let doubtful = std::mem::take(&mut kept.doubted) && kept.is_unproven();
        if seen.all && (doubtful || matches!(kept.choice, Choice::Provisional | Choice::Offered)) {
            let best = choose(&seen.pairs).filter(|best| best.pool != own.pool);
            kept.choice = Choice::Sure;
            if let Some(best) = best {
                return Some(kept.repin(token, best, "it was not the right one"));
            }
        }
        let others: Vec<Pair> = seen
            .pairs
            .iter()
            .filter(|p| p.pool != own.pool)
            .cloned()
            .collect();
        if let Some(exchange) = migration(own, kept.is_curve, &others) {
            return Some(kept.repin(token, exchange, "it left its bonding curve"));
        }
        if let Some(rival) = kept.outgrown(own, &others)
            && !(seen.all && choose(&seen.pairs).is_some_and(|best| best.pool != rival.pool))
        {
            return Some(kept.repin(token, &rival, "another pool is deeper and busier"));
        }
        kept.pin(own);
        // Not seen among the others yet, it must not confirm its own jump.
        Some(quote_of(
            token,
            own,
            doubtful && !seen.all && kept.is_unproven(),
        ))
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
    /// Whether the pool was never chosen among all in this run, though that may still come.
    fn is_unproven(&self) -> bool {
        matches!(self.choice, Choice::Provisional | Choice::Earlier)
    }

    fn is_doubtful(&self) -> bool {
        self.doubted && self.is_unproven()
    }

    fn pin(&mut self, pair: &Pair) {
        self.pool = Some(pair.pool.clone());
        self.is_curve = pair.is_curve;
        self.is_idle = pair.trading != Some(true);
        self.vanished = 0;
    }

    fn repin(&mut self, token: &TokenKey, pair: &Pair, why: &str) -> Quote {
        let from = self.pool.take().unwrap_or_default();
        tracing::info!(%token, %from, to = %pair.pool, why, "another pool");
        self.rival = None;
        self.pin(pair);
        quote_of(token, pair, true)
    }

    /// The first pool of a token. A doubtful one waits until all of them were seen.
    fn first(&mut self, token: &TokenKey, seen: &Seen) -> Option<Quote> {
        if seen.pairs.is_empty() {
            return None;
        }
        let sure = seen.all || self.choice == Choice::Offered;
        match choose(&seen.pairs).filter(|pair| sure || pair.is_plain()) {
            Some(pair) => {
                if seen.all {
                    self.choice = Choice::Sure;
                }
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
            let believable = agree(own, rival) || own.trading == Some(false);
            deeper && busier && believable && (rival.is_base || !own.is_base)
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
    let left = own.price.is_none() || own.trading != Some(true);
    if !(agree(own, best) || left) {
        return None;
    }
    others.iter().find(|p| p.pool == best.pool)
}

fn agree(one: &Pair, other: &Pair) -> bool {
    one.price.zip(other.price).is_some_and(|(a, b)| {
        let ratio = b.usd() / a.usd();
        (1.0 / CLOSE..=CLOSE).contains(&ratio)
    })
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
