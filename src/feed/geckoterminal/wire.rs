//! `GeckoTerminal`'s prices and pools as they come.

use std::collections::HashMap;

use serde::Deserialize;

use crate::domain::Timestamp;
use crate::feed::Pool;
use crate::feed::lenient::{List, Num, Obj, Text, read};

#[derive(Default, Deserialize)]
#[serde(default)]
struct PriceAnswer {
    data: Obj<PriceData>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PriceData {
    attributes: Obj<PriceAttributes>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PriceAttributes {
    token_prices: Obj<HashMap<String, Num>>,
    market_cap_usd: Obj<HashMap<String, Num>>,
    total_reserve_in_usd: Obj<HashMap<String, Num>>,
}

/// What is said of one token, USD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Told {
    pub(super) price: Option<f64>,
    pub(super) market_cap_usd: Option<f64>,
    pub(super) reserve_usd: Option<f64>,
}

/// An answer of `token_price`.
pub(super) struct Prices(PriceAttributes);

/// A value by its address, whatever case its hexadecimal digits have.
fn by_address<'a>(map: &'a Obj<HashMap<String, Num>>, address: &str) -> Option<&'a Num> {
    let map = map.get()?;
    map.get(address).or_else(|| {
        let mut all = map.iter();
        all.find(|(key, _)| crate::feed::chains::same_address(key, address))
            .map(|(_, value)| value)
    })
}

impl Prices {
    /// What is said of a token; `None` when it is not in the answer. A price of null is known to
    /// be unknown.
    pub(super) fn get(&self, address: &str) -> Option<Told> {
        let price = by_address(&self.0.token_prices, address)?;
        let amount = |map| by_address(map, address).and_then(|n| n.amount());
        Some(Told {
            price: price.0,
            market_cap_usd: amount(&self.0.market_cap_usd),
            reserve_usd: amount(&self.0.total_reserve_in_usd),
        })
    }
}

/// The prices of an answer.
///
/// # Errors
/// When it is no answer with prices: why.
pub(super) fn prices_of(body: &[u8]) -> Result<Prices, String> {
    let answer: PriceAnswer = read(body)?;
    let attributes = answer.data.0.and_then(|data| data.attributes.0);
    match attributes {
        Some(attributes) if attributes.token_prices.get().is_some() => Ok(Prices(attributes)),
        _ => Err("JSON without token_prices".to_owned()),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PoolAnswer {
    data: List<PoolData>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PoolData {
    id: Text,
    attributes: Obj<PoolAttributes>,
    relationships: Obj<Relationships>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PoolAttributes {
    address: Text,
    reserve_in_usd: Num,
    pool_created_at: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Relationships {
    dex: Obj<Reference>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reference {
    data: Obj<ReferenceData>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ReferenceData {
    id: Text,
}

/// The pools of a page, and how many rows it had.
///
/// # Errors
/// When it is no page of pools: why.
pub(super) fn pools_of(body: &[u8]) -> Result<(usize, Vec<Pool>), String> {
    let answer: PoolAnswer = read(body)?;
    let rows = answer.data.0.ok_or("JSON without pools")?;
    let pools = rows.iter().filter_map(|row| {
        let attributes = row.attributes.get();
        // `{network}_{address}`: the address may hold a `_`, a network's name does not.
        let by_id = || {
            row.id
                .get()
                .and_then(|id| id.split_once('_'))
                .map(|(_, a)| a)
        };
        let address = attributes.and_then(|a| a.address.get()).or_else(by_id)?;
        let dex = row.relationships.get().and_then(|r| r.dex.get());
        let dex = dex.and_then(|d| d.data.get()).and_then(|d| d.id.get());
        let created = attributes.and_then(|a| a.pool_created_at.get());
        Some(Pool {
            address: address.to_owned(),
            dex: dex.and_then(crate::domain::text::clean_opt),
            liquidity_usd: attributes.and_then(|a| a.reserve_in_usd.amount()),
            created_at: created.and_then(|at| Timestamp::parse(at).ok()),
        })
    });
    Ok((rows.len(), pools.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POOLS: &str = r#"{"data":[
        {"id":"solana_PoolA","type":"pool","attributes":{"address":"PoolA","name":"A / SOL",
         "reserve_in_usd":"120.5","pool_created_at":"2026-01-02T03:04:05Z"},
         "relationships":{"dex":{"data":{"id":"pumpswap","type":"dex"}}}},
        {"id":"solana_PoolB","attributes":{"reserve_in_usd":null,"pool_created_at":null}},
        null, {"id":7}]}"#;

    #[test]
    fn prices_are_found_in_any_case_of_their_digits_and_null_is_unknown() {
        let body = br#"{"data":{"id":"y","attributes":{"token_prices":{
            "0xAB00000000000000000000000000000000000001":"0.0123","MintAa":null},
            "market_cap_usd":{"MintAa":"5"},"total_reserve_in_usd":{"MintAa":"7.5"}}}}"#;
        let prices = prices_of(body).unwrap();
        let evm = prices.get("0xab00000000000000000000000000000000000001");
        assert_eq!(evm.unwrap().price, Some(0.0123));
        let null = prices.get("MintAa").unwrap();
        assert_eq!((null.price, null.reserve_usd), (None, Some(7.5)));
        assert_eq!(prices.get("Mintaa"), None);
        for body in ["{}", "[]", r#"{"data":null}"#, r#"{"errors":[]}"#] {
            assert!(prices_of(body.as_bytes()).is_err(), "{body}");
        }
        let empty = br#"{"data":{"attributes":{"token_prices":{}}}}"#;
        assert!(prices_of(empty).unwrap().get("MintAa").is_none());
    }

    #[test]
    fn a_pool_is_read_with_what_it_has() {
        let (rows, pools) = pools_of(POOLS.as_bytes()).unwrap();
        assert_eq!(rows, 3);
        assert_eq!(pools.len(), 2);
        assert_eq!(pools[0].dex.as_deref(), Some("pumpswap"));
        assert_eq!(pools[0].liquidity_usd, Some(120.5));
        assert_eq!(
            pools[0].created_at,
            Timestamp::parse("2026-01-02T03:04:05Z").ok()
        );
        assert_eq!(pools[1].address, "PoolB");
        assert_eq!(pools[1].liquidity_usd, None);
        assert!(pools_of(br#"{"data":{}}"#).is_err());
    }

    proptest! {
        #[test]
        fn a_mangled_answer_never_panics(
            cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        ) {
            let mut body = POOLS.as_bytes().to_vec();
            for (at, byte) in cuts {
                let at = at.index(body.len());
                body[at] = byte;
            }
            let _ = pools_of(&body);
            let _ = prices_of(&body);
        }
    }
}
