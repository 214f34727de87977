//! `GeckoTerminal` (<https://api.geckoterminal.com>), keyless, or with a key the same under
//! `CoinGecko`'s on-chain API: prices by the batch, pools, and the only past there is.
//!
//! Knows: its paths and what its answers mean. Must never know: what becomes of a quote or candle.
//!
//! Its few requests a minute serve live prices and candles alike, so both faces hold one budget.

mod candles;
mod wire;

use crate::domain::{Candle, Price, Span, Timestamp, TokenKey};

use super::budget::{Budget, SharedBudget};
use super::chains;
use super::halving::Halving;
use super::http::{Access, Fault, Http, PATIENCE};
use super::moment::Moment;
use super::refused::Refused;
use super::{CandleFeed, CandleStep, FeedError, Pool, PriceFeed, Quote};

use candles::candles_of;
use wire::{Prices, pools_of, prices_of};

/// The provider's name.
pub const NAME: &str = "geckoterminal";

/// Addresses per request.
const BATCH: usize = 30;
/// Pools per page, and pages there are.
const PAGE: usize = 20;
const PAGES: usize = 10;
/// Candles per request.
const MOST: usize = 1000;
/// A whole page of pools under this share of the deepest one is the end of those that matter.
const SHALLOW: f64 = 0.01;
/// How far back the free tier goes.
const FREE_HISTORY: Span = Span::days(170);

/// Where and how the provider is asked: two faces are made of it.
struct Door {
    http: Http,
    keyed: bool,
}

impl Door {
    fn new(settings: &Settings<'_>, budget: SharedBudget) -> Result<Self, FeedError> {
        let key = key_header(settings.base).map(|name| (name, settings.key.to_owned()));
        let keyed = key.as_ref().is_some_and(|(_, key)| !key.trim().is_empty());
        let access = Access {
            feed: NAME,
            base: settings.base.to_owned(),
            // Pins the version of the format.
            accept: "application/json;version=20230302",
            key,
            timeout: settings.timeout,
            first_pause: Span::seconds(60),
            // It says `Retry-After: 0` and means a minute.
            least_pause: Span::seconds(60),
        };
        Ok(Self {
            http: Http::new(access, budget)?,
            keyed,
        })
    }
}

/// The header of a key, by whose base it is; the keyless one must get none.
fn key_header(base: &str) -> Option<&'static str> {
    let host = base.split_once("://").map_or(base, |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    if host.ends_with("geckoterminal.com") {
        None
    } else if host.starts_with("pro-") {
        Some("x-cg-pro-api-key")
    } else {
        Some("x-cg-demo-api-key")
    }
}

/// What both faces are made from.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    /// The base URL.
    pub base: &'a str,
    /// The key, if there is one; empty else.
    pub key: &'a str,
    /// Requests per minute of both faces together.
    pub per_minute: u32,
    /// The longest that a request may take.
    pub timeout: Span,
}

/// Current prices.
pub struct GeckoTerminal {
    door: Door,
    refused: Refused,
}

/// Past prices, from the same budget.
pub struct GeckoCandles(Door);

/// Both faces of the provider, over one budget.
///
/// # Errors
/// When the URL or the key cannot be used.
pub fn faces(settings: Settings<'_>) -> Result<(GeckoTerminal, GeckoCandles), FeedError> {
    let budget = SharedBudget::new(Budget::per_minute(settings.per_minute));
    let live = Door::new(&settings, budget.clone())?;
    let past = Door::new(&settings, budget)?;
    let live = GeckoTerminal {
        door: live,
        refused: Refused::default(),
    };
    Ok((live, GeckoCandles(past)))
}

fn bad_answer(reason: String) -> FeedError {
    FeedError::BadAnswer { feed: NAME, reason }
}

fn quotes_of(prices: &Prices, asked: &[TokenKey]) -> Vec<Quote> {
    let quotes = asked.iter().filter_map(|token| {
        let told = prices.get(token.address())?;
        Some(Quote {
            token: token.clone(),
            price: told.price.and_then(Price::new),
            liquidity_usd: told.reserve_usd,
            market_cap_usd: told.market_cap_usd.filter(|_| told.reserve_usd.is_some()),
            pool: None,
            repinned: false,
        })
    });
    quotes.collect()
}

impl PriceFeed for GeckoTerminal {
    fn name(&self) -> &'static str {
        NAME
    }

    fn batch(&self) -> usize {
        BATCH
    }

    fn serves(&self, chain: &str) -> bool {
        chains::geckoterminal_id(chain).is_some()
    }

    fn ready_at(&mut self, now: Timestamp) -> Timestamp {
        self.door.http.ready_at(now)
    }

    /// The liquidity is that of all pools of the token together: the endpoint names no pool.
    async fn quotes(
        &mut self,
        tokens: &[TokenKey],
        now: Timestamp,
    ) -> Result<Vec<Quote>, FeedError> {
        let Some(network) = tokens
            .first()
            .and_then(|t| chains::geckoterminal_id(t.chain()))
        else {
            return Ok(Vec::new());
        };
        let asked = tokens
            .iter()
            .filter(|t| chains::is_plausible(t) && !self.refused.holds(t, now));
        let mut halving = Halving::new(asked.cloned().collect(), BATCH);
        let mut moment = Moment::new(now);
        let mut patience = Span::ZERO;
        let mut quotes = Vec::new();
        while let Some(part) = halving.next() {
            self.door.http.turn(&mut moment, patience).await?;
            patience = PATIENCE;
            let addresses: Vec<&str> = part.iter().map(TokenKey::address).collect();
            let list = addresses.join(",");
            let path = ["simple", "networks", network, "token_price", &list];
            let query = "include_market_cap=true&include_total_reserve_in_usd=true";
            match self.door.http.get(&path, Some(query), &moment).await {
                Ok(body) => {
                    halving.answered();
                    self.refused.clear(&part);
                    let prices = prices_of(&body).map_err(bad_answer)?;
                    quotes.extend(quotes_of(&prices, &part));
                }
                // Nobody knows any of them.
                Err(Fault::Said(404, _)) => halving.answered(),
                Err(fault) if fault.is_malformed() => halving.refused(part),
                Err(fault) => return Err(fault.told(NAME)),
            }
        }
        if halving.is_hopeless() {
            return Err(bad_answer(format!("every address of {network} is refused")));
        }
        let now = moment.now();
        for token in halving.into_bad() {
            self.refused.add(NAME, token, now);
        }
        Ok(quotes)
    }
}

impl CandleFeed for GeckoCandles {
    fn name(&self) -> &'static str {
        NAME
    }

    fn serves(&self, chain: &str) -> bool {
        chains::geckoterminal_id(chain).is_some()
    }

    fn ready_at(&mut self, now: Timestamp) -> Timestamp {
        self.0.http.ready_at(now)
    }

    async fn pools(&mut self, token: &TokenKey, now: Timestamp) -> Result<Vec<Pool>, FeedError> {
        let network = chains::geckoterminal_id(token.chain());
        let Some(network) = network.filter(|_| chains::is_plausible(token)) else {
            return Ok(Vec::new());
        };
        let mut moment = Moment::new(now);
        let mut all: Vec<Pool> = Vec::new();
        for page in 1..=PAGES {
            // Pages follow each other at the pace of the budget, whatever that is.
            let patience = if page == 1 { Span::ZERO } else { Span::MINUTE };
            self.0.http.turn(&mut moment, patience).await?;
            let path = ["networks", network, "tokens", token.address(), "pools"];
            let query = format!("page={page}");
            let (rows, pools) = match self.0.http.get(&path, Some(&query), &moment).await {
                Ok(body) => pools_of(&body).map_err(bad_answer)?,
                Err(Fault::Said(404, _)) => (0, Vec::new()),
                // Beyond the last page that a plan allows.
                Err(Fault::Said(400 | 401 | 422, _)) if page > 1 => (0, Vec::new()),
                Err(fault) => return Err(fault.told(NAME)),
            };
            let deepest = |pools: &[Pool]| {
                let known = pools.iter().filter_map(|p| p.liquidity_usd);
                known.fold(0.0, f64::max)
            };
            let shallow = deepest(&pools) < deepest(&all) * SHALLOW;
            for pool in pools {
                if !all.iter().any(|p| p.address == pool.address) {
                    all.push(pool);
                }
            }
            if rows < PAGE || shallow {
                break;
            }
        }
        // A stable sort: where the depth is unknown or equal, the provider's order stands.
        let depth = |pool: &Pool| pool.liquidity_usd.unwrap_or(-1.0);
        all.sort_by(|a, b| depth(b).total_cmp(&depth(a)));
        Ok(all)
    }

    async fn candles(
        &mut self,
        token: &TokenKey,
        pool: &str,
        step: CandleStep,
        before: Timestamp,
        most: usize,
        now: Timestamp,
    ) -> Result<Vec<Candle>, FeedError> {
        let network = chains::geckoterminal_id(token.chain());
        let plausible = chains::is_plausible(token) && chains::is_plain(pool);
        let Some(network) = network.filter(|_| plausible) else {
            return Ok(Vec::new());
        };
        let (frame, aggregate) = match step {
            CandleStep::Minute => ("minute", 1),
            CandleStep::Quarter => ("minute", 15),
            CandleStep::Hour => ("hour", 1),
        };
        let most = most.clamp(1, MOST);
        // An exclusive bound in whole seconds, rounded up; the rest is filtered below.
        let bound = (before.millis().max(0) + 999) / 1000;
        let query = format!(
            "aggregate={aggregate}&before_timestamp={bound}&limit={most}&currency=usd&token={}",
            token.address()
        );
        let mut moment = Moment::new(now);
        self.0.http.turn(&mut moment, Span::ZERO).await?;
        let path = ["networks", network, "pools", pool, "ohlcv", frame];
        match self.0.http.get(&path, Some(&query), &moment).await {
            Ok(body) => candles_of(&body, step, before, most, now).map_err(bad_answer),
            Err(Fault::Said(404, _)) => Ok(Vec::new()),
            // Without a key, or further back than the free tier goes, it is no fault: there is
            // nothing there for us.
            Err(Fault::Said(401 | 402, words))
                if !self.0.keyed || now.since(before) > FREE_HISTORY =>
            {
                tracing::info!(%token, pool, words, "history not open to us");
                Ok(Vec::new())
            }
            Err(fault) => Err(fault.told(NAME)),
        }
    }
}
