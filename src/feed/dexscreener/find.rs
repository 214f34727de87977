//! Which chain an address lives on.

use std::cmp::Ordering;

use crate::domain::text::clean_opt;
use crate::domain::{Price, Timestamp, TokenKey};
use crate::feed::http::PATIENCE;
use crate::feed::moment::Moment;
use crate::feed::{FeedError, chains};

use super::pools::{Pair, choose};
use super::wire::RawPair;
use super::{DexScreener, NAME};

/// A token that an address may mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The chain and the address.
    pub token: TokenKey,
    /// What it calls itself; anybody can call a token anything.
    pub symbol: Option<String>,
    /// The longer name.
    pub name: Option<String>,
    /// USD per token.
    pub price: Option<Price>,
    /// What the pool of that price holds, USD.
    pub liquidity_usd: Option<f64>,
}

impl DexScreener {
    /// The tokens of an address, one per chain, the deepest first; empty when none is listed. The
    /// one request waits for its place in the budget.
    ///
    /// # Errors
    /// When the provider does not answer, or cannot be asked soon.
    pub async fn find(
        &mut self,
        address: &str,
        now: Timestamp,
    ) -> Result<Vec<Candidate>, FeedError> {
        let address = address.trim();
        if !chains::is_plain(address) {
            return Ok(Vec::new());
        }
        let mut moment = Moment::new(now);
        self.http.turn(&mut moment, PATIENCE).await?;
        let path = ["latest", "dex", "tokens", address];
        match self.pairs(&path, &moment).await {
            Ok(pairs) => Ok(candidates(address, &pairs)),
            Err(fault) if fault.is_malformed() => Ok(Vec::new()),
            Err(fault) => Err(fault.told(NAME)),
        }
    }
}

fn candidates(address: &str, pairs: &[RawPair]) -> Vec<Candidate> {
    let mut chain_ids: Vec<&str> = pairs.iter().filter_map(|p| p.chain_id.get()).collect();
    chain_ids.sort_unstable();
    chain_ids.dedup();
    let mut found: Vec<Candidate> = chain_ids
        .into_iter()
        .filter_map(|chain| candidate(address, chain, pairs))
        .collect();
    found.sort_by(|a, b| {
        let depth = |c: &Candidate| c.liquidity_usd.unwrap_or(-1.0);
        depth(b)
            .partial_cmp(&depth(a))
            .unwrap_or(Ordering::Equal)
            .then_with(|| a.token.cmp(&b.token))
    });
    found
}

fn candidate(address: &str, chain: &str, pairs: &[RawPair]) -> Option<Candidate> {
    let token = TokenKey::new(Some(chain), address)?;
    let own: Vec<Pair> = pairs
        .iter()
        .filter_map(|raw| Pair::of(raw, &token, chain))
        .collect();
    let best = choose(&own).or_else(|| own.first())?;
    let raw = pairs.iter().find(|p| {
        p.chain_id.get() == Some(chain) && p.pair_address.get() == Some(best.pool.as_str())
    })?;
    let side = if best.is_base {
        &raw.base_token
    } else {
        &raw.quote_token
    };
    let side = side.get()?;
    Some(Candidate {
        symbol: side.symbol.get().and_then(clean_opt),
        name: side.name.get().and_then(clean_opt),
        price: best.price,
        liquidity_usd: best.liquidity,
        token,
    })
}
