//! `callboard add`: a call by hand, at the price of now.

use std::process::ExitCode;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::text::{clean, clean_opt};
use crate::domain::{Call, Features, Timestamp, TokenKey};
use crate::feed::{PriceFeed, Providers, Quote, chain_name, why_no_token};
use crate::store::{Put, Store};

use super::dashboard::runtime;
use super::{Context, Failure, print};

/// How long each provider is waited for.
const PATIENCE: Duration = Duration::from_secs(4);

pub fn run(
    context: &Context,
    chain: &str,
    addresses: &[String],
    source: &str,
    symbol: Option<&str>,
) -> Result<ExitCode, Failure> {
    if symbol.is_some() && addresses.len() > 1 {
        return Err(Failure::usage("add: --symbol goes with one address"));
    }
    let source = clean_opt(source).ok_or_else(|| Failure::usage("add: --source is empty"))?;
    let tokens = tokens(chain, addresses)?;
    let mut store = Store::open(&context.db, context.settings.rules)?;
    let quotes = runtime()?.block_on(quotes(&context.config, &tokens))?;
    let now = Clock::System.now();
    let calls: Vec<Call> = tokens
        .iter()
        .map(|token| {
            let quote = quotes.iter().find(|(_, q)| q.token == *token);
            let quote = quote.map(|(_, q)| q);
            call(token, &source, symbol.and_then(clean_opt), quote, now)
        })
        .collect();
    let (puts, _) = store.put_calls(&calls)?;
    for (call, put) in calls.iter().zip(puts) {
        let became = match put {
            Put::New => "new",
            Put::Updated => "updated",
            Put::Unchanged => "unchanged",
            Put::Refused(reason) => return Err(Failure::failed(format!("add: {reason}"))),
        };
        let by = quotes
            .iter()
            .find(|(_, q)| Some(&q.token) == call.token.as_ref())
            .map_or("", |(name, _)| *name);
        let entry = call.stated_entry.map_or_else(
            || "no price yet: the tracker's first one within 5 minutes is the entry".to_owned(),
            |price| format!("at {} USD ({by})", price.usd()),
        );
        print(&format!("call {}: {became}, {entry}\n", call.id.0))?;
    }
    if store.lease()?.is_none() {
        print("nobody polls: open the dashboard, or run callboard track\n")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The tokens that were named, each once.
pub(super) fn tokens(chain: &str, addresses: &[String]) -> Result<Vec<TokenKey>, Failure> {
    let name = chain_name(chain).ok_or_else(|| {
        Failure::usage(format!(
            "add: '{}' is no chain: write it as DexScreener does, such as solana, ethereum, base",
            clean(chain)
        ))
    })?;
    let mut tokens: Vec<TokenKey> = Vec::new();
    for address in addresses {
        let token = TokenKey::new(Some(&name), address)
            .ok_or_else(|| Failure::usage("add: an address is empty"))?;
        if let Some(why) = why_no_token(&token) {
            return Err(Failure::usage(format!(
                "add: '{}' is no token of {name}: {why}",
                clean(address)
            )));
        }
        if !tokens.contains(&token) {
            tokens.push(token);
        }
    }
    Ok(tokens)
}

/// The first price of each token that a provider gives in time.
pub(super) async fn quotes(
    config: &Config,
    tokens: &[TokenKey],
) -> Result<Vec<(&'static str, Quote)>, Failure> {
    let Providers { mut live, .. } = Providers::of(config)?;
    let mut found: Vec<(&'static str, Quote)> = Vec::new();
    for feed in &mut live {
        let (name, most) = (feed.name(), feed.batch().max(1));
        let open: Vec<TokenKey> = tokens
            .iter()
            .filter(|t| feed.serves(t.chain()) && !found.iter().any(|(_, q)| q.token == **t))
            .cloned()
            .collect();
        for part in open.chunks(most) {
            let now = Clock::System.now();
            let wait = feed.ready_at(now).since(now).to_duration();
            if wait > PATIENCE {
                break;
            }
            tokio::time::sleep(wait).await;
            let asked = feed.quotes(part, Clock::System.now());
            match tokio::time::timeout(PATIENCE, asked).await {
                Ok(Ok(quotes)) => {
                    let priced = quotes.into_iter().filter(|q| q.price.is_some());
                    found.extend(priced.map(|q| (name, q)));
                }
                Ok(Err(error)) => {
                    tracing::warn!(%error, "add");
                    break;
                }
                Err(_) => break,
            }
        }
    }
    Ok(found)
}

/// A call by hand.
pub(super) fn call(
    token: &TokenKey,
    source: &str,
    symbol: Option<String>,
    quote: Option<&Quote>,
    now: Timestamp,
) -> Call {
    let chain = token.chain().to_owned();
    Call {
        id: Call::derived_id(source, &chain, Some(token.address()), None, now),
        source: source.to_owned(),
        chain,
        token: Some(token.clone()),
        symbol,
        name: None,
        called_at: now,
        stated_entry: quote.and_then(|q| q.price),
        market_cap_usd: quote.and_then(|q| q.market_cap_usd),
        liquidity_usd: quote.and_then(|q| q.liquidity_usd),
        rejected_by: None,
        features: Features::default(),
    }
}
