//! Which pool of a token tells its price.
//!
//! Knows: the pairs of one answer. Must never know: requests, nor what was chosen before.
//!
//! "The deepest" alone is wrong: a dead pool of liquidity 0.01 once beat the live one whose
//! liquidity read 0 for a moment, and a fake dollar as the other side gives any price one likes.

use std::cmp::Ordering;

use crate::domain::{Price, Timestamp, TokenKey};
use crate::feed::chains;

use super::wire::RawPair;

/// A price this many times the median of the other pools' (or its inverse) is poison.
const POISON: f64 = 5.0;
/// Launchpads: their pools are bonding curves that end when the token moves to an exchange.
const LAUNCHPADS: &[&str] = &[
    "pumpfun",
    "launchlab",
    "letsbonk",
    "letsbonkfun",
    "meteoradbc",
    "moonshot",
    "moonit",
    "boop",
    "boopfun",
    "believe",
    "heaven",
    "fourmeme",
    "sunpump",
];

/// One pool, seen from one of its two tokens.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pair {
    /// The pool's address.
    pub(super) pool: String,
    /// The token is the base; else its price was turned round.
    pub(super) is_base: bool,
    /// USD per token.
    pub(super) price: Option<Price>,
    /// USD; unknown is not 0.
    pub(super) liquidity: Option<f64>,
    /// Market cap, USD, where it belongs to this token and the liquidity behind it is known.
    pub(super) market_cap: Option<f64>,
    /// Whether the other side is one that tokens are honestly priced in; `None` where none is
    /// known for the chain.
    pub(super) trusted: Option<bool>,
    /// Volume of 6 h, USD.
    pub(super) volume_h6: Option<f64>,
    /// Volume of 24 h, USD, or what is known of it from shorter windows.
    pub(super) volume_h24: Option<f64>,
    /// Whether anybody traded in the last 5 minutes.
    pub(super) trading: Option<bool>,
    /// A bonding curve, by its exchange.
    pub(super) is_curve: bool,
    /// When it was made.
    pub(super) created_at: Option<Timestamp>,
}

impl Pair {
    /// A pair as one of `token`'s; `None` when it is on another chain or of other tokens.
    pub(super) fn of(raw: &RawPair, token: &TokenKey, chain: &str) -> Option<Self> {
        if raw.chain_id.get().is_some_and(|id| id != chain) {
            return None;
        }
        let pool = raw.pair_address.get()?.to_owned();
        let base = raw.base_token.get().and_then(|t| t.address.get());
        let quote = raw.quote_token.get().and_then(|t| t.address.get());
        let is =
            |side: Option<&str>| side.is_some_and(|a| chains::same_address(a, token.address()));
        let is_base = is(base);
        if !is_base && !is(quote) {
            return None;
        }
        let price = if is_base {
            raw.price_usd.0
        } else {
            // USD per base, by quote per base.
            let native = raw.price_native.0.filter(|p| *p > 0.0);
            raw.price_usd
                .0
                .zip(native)
                .map(|(usd, native)| usd / native)
        };
        let other = if is_base { quote } else { base };
        let liquidity = raw.liquidity.get().and_then(|l| l.usd.amount());
        let volume = raw.volume.get();
        let window = |pick: fn(&super::wire::Volume) -> crate::feed::lenient::Num| {
            volume.and_then(|v| pick(v).amount())
        };
        let (m5, h1, h6) = (window(|v| v.m5), window(|v| v.h1), window(|v| v.h6));
        let longer = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        let volume_h6 = longer(h6, longer(h1, m5));
        let trades = raw.txns.get().and_then(|t| t.m5.get()).and_then(|sides| {
            let (buys, sells) = (sides.buys.amount(), sides.sells.amount());
            (buys.is_some() || sells.is_some())
                .then(|| buys.unwrap_or(0.0) + sells.unwrap_or(0.0) > 0.0)
        });
        Some(Self {
            pool,
            is_base,
            price: price.and_then(Price::new),
            liquidity,
            market_cap: raw
                .market_cap
                .amount()
                .filter(|cap| is_base && liquidity.is_some() && *cap > 0.0),
            trusted: other.map_or(Some(false), |o| chains::is_trusted(token.chain(), o)),
            volume_h6,
            volume_h24: longer(window(|v| v.h24), volume_h6),
            trading: trades.or_else(|| m5.map(|v| v > 0.0)),
            is_curve: raw
                .dex_id
                .get()
                .is_some_and(|dex| LAUNCHPADS.contains(&dex)),
            created_at: raw
                .pair_created_at
                .0
                .and_then(|ms| Timestamp::from_number(ms).ok()),
        })
    }

    /// What the pool holds, where that can be believed: 0 in a pool that trades is a reading that
    /// is not there yet.
    fn depth(&self) -> Option<f64> {
        let empty = self.liquidity == Some(0.0) && self.volume_h24.is_some_and(|v| v > 0.0);
        self.liquidity.filter(|_| !empty)
    }

    /// Whether nothing speaks against it, so that it may be believed without having seen the
    /// token's other pools.
    pub(super) fn is_plain(&self) -> bool {
        let shallow = self.liquidity.is_some_and(|l| l < 100.0) && !self.is_curve;
        self.price.is_some()
            && self.is_base
            && self.trusted != Some(false)
            && self.volume_h24 != Some(0.0)
            && !shallow
    }
}

/// The pool of a token whose price is to be believed; `None` when none has a price.
pub(super) fn choose(pairs: &[Pair]) -> Option<&Pair> {
    let mut left: Vec<&Pair> = pairs.iter().filter(|p| p.price.is_some()).collect();
    if left.iter().any(|p| p.is_base) {
        left.retain(|p| p.is_base);
    }
    drop_poison(&mut left);
    if left.iter().any(|p| p.volume_h24.is_some_and(|v| v > 0.0)) {
        left.retain(|p| p.volume_h24 != Some(0.0));
    }
    // A curve beside an exchange that trades is one that the token has left.
    let lives = |p: &Pair| !p.is_curve && p.volume_h24.is_some_and(|v| v > 0.0);
    if left.iter().any(|p| lives(p)) {
        left.retain(|p| !p.is_curve);
    }
    if left.iter().any(|p| p.trusted == Some(true)) {
        left.retain(|p| p.trusted == Some(true));
    }
    // Unknown is neither deep nor shallow: where any is, what was traded decides before depth.
    let known = left.iter().all(|p| p.depth().is_some());
    left.into_iter().max_by(|a, b| {
        let depth = number(a.depth(), b.depth());
        let volume = number(a.volume_h6, b.volume_h6).then(number(a.volume_h24, b.volume_h24));
        let by_worth = if known {
            depth.then(volume)
        } else {
            volume.then(depth)
        };
        by_worth
            .then_with(|| older(a.created_at, b.created_at))
            .then_with(|| b.pool.cmp(&a.pool))
    })
}

/// Unknown is below any number.
fn number(a: Option<f64>, b: Option<f64>) -> Ordering {
    a.unwrap_or(-1.0).total_cmp(&b.unwrap_or(-1.0))
}

/// The older is the greater.
fn older(a: Option<Timestamp>, b: Option<Timestamp>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => b.cmp(&a),
        (Some(_), None) => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (None, None) => Ordering::Equal,
    }
}

/// Drops pools whose price is over 5x, or under a fifth of, the median of the others': the worst
/// first, since one mad pool among three moves the median of the other two's others. Where two
/// sides contradict each other equally, the prices cannot tell who is mad, and all stay.
fn drop_poison(pairs: &mut Vec<&Pair>) {
    while pairs.len() >= 2 {
        let logs: Vec<f64> = pairs
            .iter()
            .map(|p| p.price.map_or(0.0, Price::usd).ln())
            .collect();
        let off: Vec<f64> = (0..logs.len()).map(|i| off_the_rest(&logs, i)).collect();
        let worst = off.iter().map(|o| o.abs()).fold(0.0, f64::max);
        if worst <= POISON.ln() + 1e-9 {
            return;
        }
        let is_worst = |o: f64| o.abs() >= worst - 1e-9;
        let over = off.iter().any(|o| is_worst(*o) && *o > 0.0);
        let under = off.iter().any(|o| is_worst(*o) && *o < 0.0);
        if over && under {
            return;
        }
        let mut at = 0;
        pairs.retain(|_| {
            at += 1;
            !is_worst(off[at - 1])
        });
    }
}

/// How far a pool's price is from the median of the others', as a logarithm.
fn off_the_rest(logs: &[f64], i: usize) -> f64 {
    let mut rest: Vec<f64> = logs.to_vec();
    let own = rest.remove(i);
    rest.sort_by(f64::total_cmp);
    let middle = rest.len() / 2;
    let median = if rest.len() % 2 == 1 {
        rest[middle]
    } else {
        f64::midpoint(rest[middle - 1].exp(), rest[middle].exp()).ln()
    };
    own - median
}

#[cfg(test)]
mod tests;
