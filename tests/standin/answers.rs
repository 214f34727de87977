//! What each endpoint of the stand-in answers.

use std::collections::HashMap;

use callboard::domain::{Span, Timestamp};
use serde_json::{Value, json};

use super::{PoolOf, Token, World};

/// Status and body of a request.
pub fn answer(
    world: &mut World,
    provider: &str,
    path: &[&str],
    query: &HashMap<String, String>,
) -> (u16, String) {
    let (status, body) = match (provider, path) {
        ("dexscreener", ["tokens", "v1", chain, list]) => best_pairs(world, chain, list),
        ("dexscreener", ["token-pairs", "v1", chain, address]) => {
            let token = world.token(chain, address).cloned();
            let now = world.now;
            let wick = take_wick(world, chain, address);
            (
                200,
                Value::Array(token.map_or_else(Vec::new, |t| pairs_of(&t, now, wick))),
            )
        }
        ("dexscreener", ["latest", "dex", "pairs", chain, list]) => {
            pools_by_address(world, chain, list)
        }
        ("dexscreener", ["latest", "dex", "tokens", list]) => all_chains(world, list),
        ("jupiter", ["price", "v3"]) => (200, jupiter(world, query)),
        ("geckoterminal", ["simple", "networks", network, "token_price", list]) => {
            gecko_prices(world, network, list)
        }
        ("geckoterminal", ["networks", network, "tokens", address, "pools"]) => {
            gecko_pools(world, network, address, query)
        }
        ("geckoterminal", ["networks", network, "pools", pool, "ohlcv", frame]) => {
            candles(world, network, pool, frame, query)
        }
        _ => (
            404,
            json!({"errors": [{"status": "404", "title": "Not Found"}]}),
        ),
    };
    (status, body.to_string())
}

fn network_of(chain: &str) -> &str {
    match chain {
        "ethereum" => "eth",
        "polygon" => "polygon_pos",
        other => other,
    }
}

/// A malformed address sinks its batch, as with the real ones.
fn malformed(list: &str) -> bool {
    let well = |a: &str| a.len() >= 32 && a.bytes().all(|b| b.is_ascii_alphanumeric());
    list.split(',').count() > 30 || !list.split(',').all(well)
}

fn take_wick(world: &mut World, chain: &str, address: &str) -> f64 {
    let token = world
        .tokens
        .iter_mut()
        .find(|t| t.chain == chain && super::same(&t.address, address));
    token.and_then(|t| t.lone_wick.take()).unwrap_or(1.0)
}

fn price_at(token: &Token, at: Timestamp) -> Option<f64> {
    (token.truth)(at).map(|price| price * token.factor)
}

fn pair(token: &Token, pool: &PoolOf, price: f64) -> Value {
    let mut pair = json!({
        "chainId": token.chain, "dexId": pool.dex, "pairAddress": pool.address,
        "url": format!("https://dexscreener.com/{}/{}", token.chain, pool.address.to_lowercase()),
        "baseToken": {"address": token.address, "name": token.symbol, "symbol": token.symbol},
        "quoteToken": {"address": pool.quote, "name": "Wrapped SOL", "symbol": "SOL"},
        "priceNative": (price / 150.0).to_string(),
        "priceUsd": if token.null_price { Value::Null } else { json!(price.to_string()) },
        "txns": {"m5": {"buys": 3, "sells": 1}},
        "volume": {"m5": pool.volume_h24 / 288.0, "h1": pool.volume_h24 / 24.0,
                   "h6": pool.volume_h24 / 4.0, "h24": pool.volume_h24},
        "fdv": price * 1e9, "marketCap": price * 1e9, "labels": null,
        "pairCreatedAt": 1_790_000_000_000_i64,
    });
    if let Some(usd) = pool.liquidity {
        pair["liquidity"] = json!({"usd": usd, "base": 1, "quote": 1});
    }
    pair
}

fn pairs_of(token: &Token, now: Timestamp, wick: f64) -> Vec<Value> {
    let Some(price) = price_at(token, now).filter(|_| !token.missing) else {
        return Vec::new();
    };
    let living = token.pools.iter().filter(|p| p.lives(now));
    living
        .map(|p| pair(token, p, price * p.factor * wick))
        .collect()
}

/// One pair per token: the deepest, which is not always the right one.
fn best_pairs(world: &mut World, chain: &str, list: &str) -> (u16, Value) {
    if malformed(list) {
        return (400, json!({"error": "bad address"}));
    }
    let now = world.now;
    let mut found = Vec::new();
    for address in list.split(',') {
        let Some(token) = world.token(chain, address) else {
            continue;
        };
        let has_wick = token.lone_wick.is_some();
        let depth = |pair: &Value| pair["liquidity"]["usd"].as_f64().unwrap_or(0.0);
        let wick = token.lone_wick.unwrap_or(1.0);
        let mut pairs = pairs_of(token, now, wick);
        pairs.sort_by(|a, b| depth(b).total_cmp(&depth(a)));
        found.extend(pairs.into_iter().next());
        if has_wick {
            take_wick(world, chain, address);
        }
    }
    (200, Value::Array(found))
}

fn pools_by_address(world: &World, chain: &str, list: &str) -> (u16, Value) {
    if malformed(list) {
        return (400, json!({"error": "bad address"}));
    }
    let wanted: Vec<&str> = list.split(',').collect();
    let tokens = world.tokens.iter().filter(|t| t.chain == chain);
    let found: Vec<Value> = tokens
        .filter(|t| t.pools.iter().any(|p| wanted.contains(&p.address.as_str())))
        .flat_map(|t| pairs_of(t, world.now, 1.0))
        .filter(|p| wanted.iter().any(|w| p["pairAddress"] == *w))
        .collect();
    let first = found.first().cloned();
    let pairs = if found.is_empty() {
        Value::Null
    } else {
        Value::Array(found)
    };
    (
        200,
        json!({"schemaVersion": "1.0.0", "pairs": pairs, "pair": first}),
    )
}

fn all_chains(world: &World, list: &str) -> (u16, Value) {
    let mut found: Vec<Value> = list
        .split(',')
        .flat_map(|address| world.named(address))
        .flat_map(|token| pairs_of(token, world.now, 1.0))
        .collect();
    found.truncate(30);
    let pairs = if found.is_empty() {
        Value::Null
    } else {
        Value::Array(found)
    };
    (200, json!({"schemaVersion": "1.0.0", "pairs": pairs}))
}

fn jupiter(world: &World, query: &HashMap<String, String>) -> Value {
    let ids = query.get("ids").map_or("", String::as_str);
    let mut map = serde_json::Map::new();
    for address in ids.split(',') {
        let Some(token) = world.token("solana", address) else {
            continue;
        };
        let priced = !token.missing && !token.null_price;
        if let Some(price) = price_at(token, world.now).filter(|_| priced) {
            let deepest = token
                .pools
                .iter()
                .filter_map(|p| p.liquidity)
                .fold(0.0, f64::max);
            let told =
                json!({"usdPrice": price, "liquidity": deepest, "blockId": 1, "decimals": 6});
            map.insert(address.to_owned(), told);
        }
    }
    Value::Object(map)
}

fn gecko_prices(world: &World, network: &str, list: &str) -> (u16, Value) {
    let mut prices = serde_json::Map::new();
    let mut reserves = serde_json::Map::new();
    for address in list.split(',') {
        let token = world
            .named(address)
            .find(|t| network_of(&t.chain) == network && super::same(&t.address, address));
        let Some(token) = token.filter(|t| !t.missing) else {
            continue;
        };
        let Some(price) = price_at(token, world.now) else {
            continue;
        };
        let told = if token.null_price {
            Value::Null
        } else {
            json!(price.to_string())
        };
        let key = if address.starts_with("0x") {
            address.to_lowercase()
        } else {
            address.to_owned()
        };
        let reserve: f64 = token.pools.iter().filter_map(|p| p.liquidity).sum();
        prices.insert(key.clone(), told);
        reserves.insert(key, json!(reserve.to_string()));
    }
    if prices.is_empty() {
        return (
            404,
            json!({"errors": [{"status": "404", "title": "Not Found"}]}),
        );
    }
    let attributes = json!({"token_prices": prices, "market_cap_usd": {},
                            "total_reserve_in_usd": reserves});
    (
        200,
        json!({"data": {"id": "x", "type": "simple_token_price", "attributes": attributes}}),
    )
}

fn gecko_pools(
    world: &World,
    network: &str,
    address: &str,
    query: &HashMap<String, String>,
) -> (u16, Value) {
    let token = world
        .named(address)
        .find(|t| network_of(&t.chain) == network && super::same(&t.address, address));
    let Some(token) = token else {
        return (
            404,
            json!({"errors": [{"status": "404", "title": "Not Found"}]}),
        );
    };
    let page: usize = query.get("page").and_then(|p| p.parse().ok()).unwrap_or(1);
    let born = token
        .pools
        .iter()
        .filter(|p| p.from.is_none_or(|from| from <= world.now));
    let rows: Vec<Value> = born
        .skip((page - 1) * 20)
        .take(20)
        .map(|p| {
            json!({"id": format!("{network}_{}", p.address), "type": "pool",
                "attributes": {"address": p.address, "name": "A / SOL",
                    "reserve_in_usd": p.liquidity.map(|l| l.to_string()),
                    "pool_created_at": p.from.map(Timestamp::rfc3339)},
                "relationships": {"dex": {"data": {"id": p.dex, "type": "dex"}}}})
        })
        .collect();
    (200, json!({"data": rows}))
}

fn candles(
    world: &World,
    network: &str,
    pool: &str,
    frame: &str,
    query: &HashMap<String, String>,
) -> (u16, Value) {
    let number = |name: &str| query.get(name).and_then(|v| v.parse::<i64>().ok());
    let found = world.tokens.iter().find_map(|t| {
        let pool = t.pools.iter().find(|p| p.address == pool)?;
        (network_of(&t.chain) == network).then_some((t, pool))
    });
    let Some((token, pool)) = found else {
        return (
            404,
            json!({"errors": [{"status": "404", "title": "Not Found"}]}),
        );
    };
    let aggregate = number("aggregate").unwrap_or(1);
    let length = match (frame, aggregate) {
        ("minute", 1 | 5 | 15) => 60 * aggregate,
        ("hour", 1 | 4 | 12) => 3600 * aggregate,
        _ => {
            let title = "Invalid aggregate. Allowed values: 1, 5, 15";
            return (400, json!({"errors": [{"status": "400", "title": title}]}));
        }
    };
    let now = world.now.millis() / 1000;
    let limit = number("limit").unwrap_or(100).clamp(1, 1000);
    let before = number("before_timestamp").unwrap_or(now + 1).min(now + 1);
    let mut rows = Vec::new();
    let mut open = (before - 1).div_euclid(length) * length;
    let mut empty = 0;
    while (rows.len() as i64) < limit && open >= 0 && empty < 20_000 {
        match candle(token, pool, open, (open + length).min(now + 1)) {
            Some(row) => rows.push(row),
            None => empty += 1,
        }
        open -= length;
    }
    (
        200,
        json!({"data": {"id": "x", "type": "ohlcv_request_response",
        "attributes": {"ohlcv_list": rows}}}),
    )
}

/// A candle of the truth, seen every 15 s (a longer one every minute); none while nothing trades.
fn candle(token: &Token, pool: &PoolOf, from: i64, until: i64) -> Option<Value> {
    let step = if until - from <= 60 { 15 } else { 60 };
    let mut prices = Vec::new();
    let mut at = from;
    while at < until {
        let instant = Timestamp::from_millis(0).plus(Span::seconds(at));
        if pool.lives(instant) {
            prices.extend((token.truth)(instant).map(|p| p * pool.factor));
        }
        at += step;
    }
    let (open, close) = (*prices.first()?, *prices.last()?);
    let high = prices.iter().copied().fold(f64::MIN, f64::max);
    let low = prices.iter().copied().fold(f64::MAX, f64::min);
    let volume = pool.volume_h24 * (until - from) as f64 / 86_400.0;
    Some(json!([from, open, high, low, close, volume]))
}
