//! `DexScreener`, against a server that says what the real one has been seen to say.

#![allow(
    clippy::float_cmp,
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::too_many_lines,
    reason = "a test fails by panicking"
)]

mod standin;

use callboard::domain::{Price, Span, Timestamp, TokenKey};
use callboard::feed::{DexScreener, FeedError, PriceFeed, Quote};
use serde_json::{Value, json};
use standin::{Fault, PoolOf, SOL, StandIn, Token, curve_of, key, mint, pool_of};
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const T0: Timestamp = Timestamp::from_millis(1_790_000_040_000);

fn at(minutes: i64) -> Timestamp {
    T0.plus(Span::minutes(minutes))
}

fn feed(base: &str) -> DexScreener {
    DexScreener::new(base, "", 60_000, Span::seconds(2)).unwrap()
}

fn pair(address: &str, price: &str) -> Value {
    json!({"chainId": "solana", "dexId": "raydium", "pairAddress": pool_of(address),
        "baseToken": {"address": address, "symbol": "A"},
        "quoteToken": {"address": SOL, "symbol": "SOL"},
        "priceNative": "0.000001", "priceUsd": price,
        "volume": {"h6": 500.0, "h24": 2000.0}, "liquidity": {"usd": 9000.0},
        "marketCap": 150_000, "pairCreatedAt": 1_790_000_000_000_i64})
}

/// What a feed says of tokens when every request is answered so.
async fn told(body: &str, tokens: &[TokenKey]) -> Result<Vec<Quote>, FeedError> {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_raw(body.to_owned(), "application/json");
    Mock::given(any()).respond_with(answer).mount(&server).await;
    feed(&server.uri()).quotes(tokens, T0).await
}

/// How many requests were for a batch of tokens.
fn batches(standin: &StandIn) -> usize {
    let paths = standin.paths("dexscreener");
    paths.iter().filter(|p| p.starts_with("tokens/v1/")).count()
}

fn usd(quote: &Quote) -> Option<f64> {
    quote.price.map(Price::usd)
}

#[tokio::test]
async fn each_shape_of_an_answer_is_understood() {
    let a = mint(1);
    let one = pair(&a, "0.00015");
    let mut rich = one.clone();
    rich["info"] = json!({"imageUrl": "x", "websites": [{"url": "x"}],
        "socials": [{"platform": "x", "handle": "y"}, {"type": "z", "url": "u"}]});
    rich["never_seen"] = json!({"deep": [1, {"er": null}]});
    rich["boosts"] = json!({"active": 3});
    rich["labels"] = Value::Null;
    rich["baseToken"]["symbol"] = json!("\u{1b}[31m狗狗币\u{202e}");
    let mut poor = one.clone();
    for field in [
        "priceNative",
        "volume",
        "marketCap",
        "pairCreatedAt",
        "dexId",
    ] {
        poor.as_object_mut().unwrap().remove(field);
    }
    let mut nulls = one.clone();
    for field in [
        "txns",
        "volume",
        "marketCap",
        "labels",
        "priceChange",
        "info",
    ] {
        nulls[field] = Value::Null;
    }
    for (what, body) in [
        ("an array", json!([one])),
        (
            "an object",
            json!({"schemaVersion": "1.0.0", "pairs": [one]}),
        ),
        (
            "with pair",
            json!({"schemaVersion": "1.0.0", "pairs": [one], "pair": one}),
        ),
        ("rich", json!([rich])),
        ("poor", json!([poor])),
        ("nulls", json!([nulls])),
        (
            "bad neighbours",
            json!([null, 3, {"chainId": 7}, [], {"baseToken": "x"}, one]),
        ),
    ] {
        let quotes = told(&body.to_string(), &[key(&a)]).await.unwrap();
        assert_eq!(quotes.len(), 1, "{what}");
        assert_eq!(usd(&quotes[0]), Some(0.00015), "{what}");
        assert_eq!(quotes[0].pool, Some(pool_of(&a)), "{what}");
        assert_eq!(quotes[0].liquidity_usd, Some(9000.0), "{what}");
    }
    for body in [
        "[]",
        r#"{"schemaVersion":"1.0.0","pairs":null}"#,
        r#"{"pairs":null,"pair":null}"#,
    ] {
        assert_eq!(told(body, &[key(&a)]).await, Ok(Vec::new()), "{body}");
    }
}

#[tokio::test]
async fn a_price_is_what_it_says_or_unknown() {
    let a = mint(1);
    for (price, want) in [
        (json!("1.5e-9"), Some(1.5e-9)),
        (json!("2E3"), Some(2000.0)),
        (json!(0.25), Some(0.25)),
        (json!("0.000000000000001"), Some(1e-15)),
        (Value::Null, None),
        (json!("0"), None),
        (json!("-1"), None),
        (json!("NaN"), None),
        (json!("1e400"), None),
        (json!({}), None),
    ] {
        let mut one = pair(&a, "1");
        one["priceUsd"] = price.clone();
        let quotes = told(&json!([one]).to_string(), &[key(&a)]).await.unwrap();
        // A listing without a price is known, its price is not.
        assert_eq!(quotes.len(), 1, "{price}");
        assert_eq!(usd(&quotes[0]), want, "{price}");
    }
}

#[tokio::test]
async fn liquidity_that_is_missing_is_unknown_and_so_is_the_cap_behind_it() {
    let a = mint(1);
    for (liquidity, want, cap) in [
        (None, None, None),
        (Some(Value::Null), None, None),
        (Some(json!({"base": 1})), None, None),
        (Some(json!({"usd": "18.5"})), Some(18.5), Some(150_000.0)),
        (Some(json!({"usd": 0})), Some(0.0), Some(150_000.0)),
        (Some(json!({"usd": -4})), None, None),
    ] {
        let mut one = pair(&a, "1");
        one["dexId"] = json!("pumpfun");
        one.as_object_mut().unwrap().remove("liquidity");
        if let Some(liquidity) = &liquidity {
            one["liquidity"] = liquidity.clone();
        }
        let quotes = told(&json!([one]).to_string(), &[key(&a)]).await.unwrap();
        assert_eq!(usd(&quotes[0]), Some(1.0), "{liquidity:?}");
        assert_eq!(quotes[0].liquidity_usd, want, "{liquidity:?}");
        assert_eq!(quotes[0].market_cap_usd, cap, "{liquidity:?}");
    }
}

#[tokio::test]
async fn evm_addresses_match_in_any_case_and_solana_only_in_its_own() {
    let checksummed = "0xAbCdEf0123456789aBcDeF0123456789abcdef01";
    let token = TokenKey::new(Some("ethereum"), checksummed).unwrap();
    let mut one = pair(checksummed, "2");
    one["chainId"] = json!("ethereum");
    one["quoteToken"]["address"] = json!("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2");
    let quotes = told(&json!([one]).to_string(), std::slice::from_ref(&token))
        .await
        .unwrap();
    assert_eq!(quotes[0].token, token);
    assert_eq!(usd(&quotes[0]), Some(2.0));

    let a = "MintAAbbCCddEEffGGhhJJkkMMnnPPqqRRssTTuuVVw";
    let other = pair(&a.to_lowercase().replace('l', "m"), "9");
    let quotes = told(&json!([other, pair(a, "3")]).to_string(), &[key(a)])
        .await
        .unwrap();
    assert_eq!(quotes.len(), 1);
    assert_eq!((quotes[0].token.address(), usd(&quotes[0])), (a, Some(3.0)));
}

#[tokio::test]
async fn the_same_address_on_another_chain_is_another_token() {
    let a = mint(1);
    let mut fogo = pair(&a, "77");
    fogo["chainId"] = json!("fogo");
    fogo["liquidity"]["usd"] = json!(1e9);
    let quotes = told(&json!([fogo, pair(&a, "3")]).to_string(), &[key(&a)])
        .await
        .unwrap();
    assert_eq!(usd(&quotes[0]), Some(3.0));
    assert_eq!(
        told(&json!([fogo]).to_string(), &[key(&a)]).await,
        Ok(Vec::new())
    );
}

#[tokio::test]
async fn a_token_on_the_other_side_has_the_price_turned_round_and_only_for_want_of_a_better() {
    let (a, b) = (mint(1), mint(2));
    let mut turned = pair(&b, "6");
    turned["baseToken"]["address"] = json!(SOL);
    turned["quoteToken"]["address"] = json!(a);
    turned["priceNative"] = json!("3");
    turned["liquidity"]["usd"] = json!(1e9);
    let quotes = told(&json!([turned]).to_string(), &[key(&a)])
        .await
        .unwrap();
    assert_eq!(usd(&quotes[0]), Some(2.0));
    assert_eq!(
        quotes[0].market_cap_usd, None,
        "the cap is the other token's"
    );
    let quotes = told(&json!([turned, pair(&a, "5")]).to_string(), &[key(&a)])
        .await
        .unwrap();
    assert_eq!(usd(&quotes[0]), Some(5.0));
    turned["priceNative"] = json!("0");
    let quotes = told(&json!([turned]).to_string(), &[key(&a)])
        .await
        .unwrap();
    assert_eq!(usd(&quotes[0]), None);
}

#[tokio::test]
async fn what_can_be_no_address_is_never_asked_for() {
    let standin = StandIn::start().await;
    let good = mint(1);
    standin.add(Token::solana(&good));
    let mut feed = feed(&standin.url("dexscreener"));
    let pool_id = format!("0x{}", "a".repeat(64));
    let odd = ["BTC", "a/b", "..", pool_id.as_str(), "x?y=1"].map(key);
    assert_eq!(feed.quotes(&odd, T0).await, Ok(Vec::new()));
    assert_eq!(standin.requests("dexscreener"), 0);
    let mut tokens = odd.to_vec();
    tokens.push(key(&good));
    assert_eq!(feed.quotes(&tokens, at(1)).await.unwrap().len(), 1);
    assert_eq!(
        standin.paths("dexscreener")[0],
        format!("tokens/v1/solana/{good}")
    );
    assert!(!feed.serves("unknown") && !feed.serves("a b"));
    assert!(feed.serves("solana") && feed.serves("brandnewchain"));
}

#[tokio::test]
async fn thirty_tokens_are_one_request_and_more_are_more() {
    let standin = StandIn::start().await;
    let tokens: Vec<_> = (0..31).map(|i| key(&mint(i))).collect();
    for token in &tokens {
        standin.add(Token::solana(token.address()));
    }
    let mut feed = feed(&standin.url("dexscreener"));
    assert_eq!(feed.batch(), 30);
    assert_eq!(feed.quotes(&tokens[..30], T0).await.unwrap().len(), 30);
    assert_eq!(batches(&standin), 1);
    // One too many is the asker's mistake, and still nobody is left out.
    assert_eq!(feed.quotes(&tokens, at(1)).await.unwrap().len(), 31);
    assert_eq!(batches(&standin), 3);
}

#[tokio::test]
async fn a_refused_address_is_found_remembered_and_costs_the_others_nothing() {
    let standin = StandIn::start().await;
    let mut tokens: Vec<_> = (0..30)
        .map(|i| TokenKey::new(Some("newchain"), &mint(i)).unwrap())
        .collect();
    for token in &tokens {
        standin.add(Token::new("newchain", token.address()));
    }
    // Plausible on a chain that nobody knows, and refused by the stand-in.
    tokens[17] = TokenKey::new(Some("newchain"), "odd:address").unwrap();
    let mut feed = feed(&standin.url("dexscreener"));
    let quotes = feed.quotes(&tokens, T0).await.unwrap();
    assert_eq!(quotes.len(), 29);
    let asked = batches(&standin);
    assert!(asked <= 12, "{asked} requests");
    let quotes = feed.quotes(&tokens, at(1)).await.unwrap();
    assert_eq!(quotes.len(), 29);
    assert_eq!(batches(&standin), asked + 1);
    // Later it is tried again, and left alone for longer.
    feed.quotes(&tokens, at(3)).await.unwrap();
    let again = batches(&standin);
    assert!(again > asked + 2);
    feed.quotes(&tokens, at(6)).await.unwrap();
    assert_eq!(batches(&standin), again + 1);
}

#[tokio::test]
async fn a_refusal_by_mistake_costs_a_listed_token_nothing() {
    let standin = StandIn::start().await;
    let a = mint(1);
    standin.add(Token::solana(&a).priced(|_| Some(2.0)));
    let mut feed = feed(&standin.url("dexscreener"));
    feed.quotes(&[key(&a)], T0).await.unwrap();
    standin.fault_next("dexscreener", Fault::Status(400, "{}".to_owned()), 1);
    for minute in 1..5 {
        let quotes = feed.quotes(&[key(&a)], at(minute)).await.unwrap();
        assert_eq!(usd(&quotes[0]), Some(2.0), "minute {minute}");
    }
    let own_pool = format!("latest/dex/pairs/solana/{}", pool_of(&a));
    let paths = standin.paths("dexscreener");
    assert_eq!(paths[3], own_pool);
    assert_eq!(paths.last(), Some(&format!("tokens/v1/solana/{a}")));
}

#[tokio::test]
async fn a_chain_that_is_refused_as_a_whole_is_left_alone_for_a_while() {
    let server = MockServer::start().await;
    let no = ResponseTemplate::new(400).set_body_string(r#"{"error":"unknown chain"}"#);
    Mock::given(any()).respond_with(no).mount(&server).await;
    let mut feed = feed(&server.uri());
    let tokens: Vec<_> = (0..30)
        .map(|i| TokenKey::new(Some("newchain"), &mint(i)).unwrap())
        .collect();
    let error = feed.quotes(&tokens, T0).await.unwrap_err();
    assert!(
        matches!(&error, FeedError::BadAnswer { reason, .. } if reason.contains("newchain")),
        "{error}"
    );
    assert!(server.received_requests().await.unwrap().len() < 12);
    assert!(!feed.serves("newchain"));
    assert!(feed.serves("solana"));
    feed.ready_at(at(16));
    assert!(feed.serves("newchain"));
}

#[tokio::test]
async fn a_pinned_pool_is_followed_when_another_is_offered() {
    let standin = StandIn::start().await;
    let a = mint(1);
    standin.add(Token::solana(&a).priced(|_| Some(2.0)));
    standin.set_now(T0);
    let mut feed = feed(&standin.url("dexscreener"));
    let first = feed.quotes(&[key(&a)], T0).await.unwrap();
    assert_eq!(first[0].pool, Some(pool_of(&a)));
    // A mad pool, deeper than the true one, and therefore offered.
    let poison = mint(900);
    standin.change(&a, |token| {
        let mad = PoolOf {
            factor: 80.0,
            liquidity: Some(9e6),
            volume_h24: 5.0,
            ..PoolOf::new(&poison)
        };
        token.pools.push(mad);
    });
    for minute in 1..10 {
        let quotes = feed.quotes(&[key(&a)], at(minute)).await.unwrap();
        assert_eq!(usd(&quotes[0]), Some(2.0), "minute {minute}");
        assert!(!quotes[0].repinned);
    }
    let followed = format!("latest/dex/pairs/solana/{}", pool_of(&a));
    assert_eq!(
        standin
            .paths("dexscreener")
            .iter()
            .filter(|p| **p == followed)
            .count(),
        9
    );
}

#[tokio::test]
async fn a_doubtful_first_pool_is_believed_only_beside_all_others() {
    let standin = StandIn::start().await;
    let a = mint(1);
    let fake = PoolOf {
        factor: 80.0,
        liquidity: Some(9e6),
        quote: mint(901),
        ..PoolOf::new(&mint(900))
    };
    standin.add(Token::solana(&a).priced(|_| Some(2.0)).pool(fake));
    let mut feed = feed(&standin.url("dexscreener"));
    let quotes = feed.quotes(&[key(&a)], T0).await.unwrap();
    assert_eq!(usd(&quotes[0]), Some(2.0));
    assert_eq!(quotes[0].pool, Some(pool_of(&a)));
    assert!(
        standin
            .paths("dexscreener")
            .contains(&format!("token-pairs/v1/solana/{a}"))
    );
}

#[tokio::test]
async fn a_mad_pool_that_looks_well_is_seen_through_by_its_neighbours() {
    let standin = StandIn::start().await;
    let a = mint(1);
    // The deepest and the busiest, priced in SOL: nothing but the others speaks against it.
    let mad = PoolOf {
        factor: 80.0,
        liquidity: Some(9e6),
        volume_h24: 1e7,
        ..PoolOf::new(&mint(900))
    };
    let token = Token::solana(&a).priced(|_| Some(2.0));
    standin.add(token.pool(PoolOf::new(&mint(901))).pool(mad));
    let mut feed = feed(&standin.url("dexscreener"));
    for minute in 0..5 {
        let quotes = feed.quotes(&[key(&a)], at(minute)).await.unwrap();
        assert_eq!(usd(&quotes[0]), Some(2.0), "minute {minute}");
    }
}

#[tokio::test]
async fn where_no_other_pools_are_told_the_offered_one_has_to_do() {
    // Doubtful: nothing was traded, against a token that nobody knows.
    let a = mint(1);
    let mut doubtful = pair(&a, "2");
    doubtful["quoteToken"]["address"] = json!(mint(5));
    let server = MockServer::start().await;
    Mock::given(path(format!("/tokens/v1/solana/{a}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([doubtful])))
        .mount(&server)
        .await;
    let mut feed = feed(&server.uri());
    let quotes = feed.quotes(&[key(&a)], T0).await.unwrap();
    assert_eq!(usd(&quotes[0]), Some(2.0));
    // Where they might be told a moment later, it has to wait.
    let b = mint(2);
    let standin = StandIn::start().await;
    let strange = PoolOf {
        quote: mint(5),
        ..PoolOf::new(&mint(6))
    };
    standin.add(Token::solana(&b));
    standin.change(&b, |token| token.pools = vec![strange]);
    let mut feed =
        DexScreener::new(&standin.url("dexscreener"), "", 60_000, Span::seconds(2)).unwrap();
    standin.fault_at("dexscreener", "token-pairs/", Fault::Down, 1);
    let quotes = feed.quotes(&[key(&b)], T0).await.unwrap();
    assert_eq!((quotes.len(), usd(&quotes[0])), (1, None));
    let quotes = feed.quotes(&[key(&b)], at(1)).await.unwrap();
    assert_eq!(usd(&quotes[0]), Some(1.0));
}

#[tokio::test]
async fn what_could_not_be_looked_at_once_is_put_right_later_and_marked() {
    let standin = StandIn::start().await;
    let tokens: Vec<_> = (0..30).map(|i| key(&mint(i))).collect();
    for (i, token) in tokens.iter().enumerate() {
        let other = |n: u64| PoolOf::new(&mint(1000 + 10 * i as u64 + n));
        let mad = PoolOf {
            factor: 80.0,
            liquidity: Some(9e6),
            ..other(0)
        };
        standin.add(Token::solana(token.address()).pool(other(1)).pool(mad));
    }
    // Enough for the batches, not for thirty looks at once.
    let mut feed =
        DexScreener::new(&standin.url("dexscreener"), "", 3000, Span::seconds(2)).unwrap();
    let mut wrong = Vec::new();
    let mut marked = 0;
    for minute in 0..8 {
        let quotes = feed.quotes(&tokens, at(minute)).await.unwrap();
        assert_eq!(quotes.len(), 30);
        wrong.push(quotes.iter().filter(|q| usd(q) != Some(1.0)).count());
        marked += quotes.iter().filter(|q| q.repinned).count();
    }
    assert!(
        wrong[0] > 0 && wrong.is_sorted_by(|a, b| a >= b),
        "{wrong:?}"
    );
    assert_eq!(wrong.last(), Some(&0), "{wrong:?}");
    assert_eq!(marked, wrong[0]);
}

/// A quote is of the moment of its batch: with few requests a minute, looks must not hold it back
/// until it is old.
#[tokio::test]
async fn few_requests_a_minute_are_few_looks_in_one_poll() {
    let standin = StandIn::start().await;
    let tokens: Vec<_> = (0..10).map(|i| key(&mint(i))).collect();
    for token in &tokens {
        standin.add(Token::solana(token.address()));
    }
    // One each two seconds: ten looks would take twenty.
    let mut feed = DexScreener::new(&standin.url("dexscreener"), "", 30, Span::seconds(2)).unwrap();
    let quotes = feed.quotes(&tokens, T0).await.unwrap();
    assert_eq!(quotes.len(), 10);
    let paths = standin.paths("dexscreener");
    let looks = paths.iter().filter(|p| p.starts_with("token-pairs/"));
    assert_eq!(looks.count(), 1, "{paths:?}");
}

#[tokio::test]
async fn a_pool_that_was_never_seen_among_all_confirms_no_jump_of_its_own() {
    let standin = StandIn::start().await;
    let a = mint(1);
    let mad = PoolOf {
        factor: 80.0,
        liquidity: Some(9e6),
        ..PoolOf::new(&mint(900))
    };
    let third = PoolOf::new(&mint(901));
    standin.add(Token::solana(&a).pool(third).pool(mad));
    // One whose pool is known from an earlier run, one that is new: neither can be looked at.
    for resumed in [false, true] {
        let mut feed = feed(&standin.url("dexscreener"));
        if resumed {
            feed.resume(&key(&a), &mint(900));
        }
        standin.fault_at(
            "dexscreener",
            "token-pairs/",
            Fault::Down,
            2 - u32::from(resumed),
        );
        let first = feed.quotes(&[key(&a)], T0).await.unwrap();
        assert_eq!((usd(&first[0]), first[0].repinned), (Some(80.0), false));
        feed.doubt(&key(&a));
        let second = feed.quotes(&[key(&a)], at(1)).await.unwrap();
        assert_eq!((usd(&second[0]), second[0].repinned), (Some(80.0), true));
        // Now the others are seen.
        feed.doubt(&key(&a));
        let third = feed.quotes(&[key(&a)], at(2)).await.unwrap();
        assert_eq!((usd(&third[0]), third[0].repinned), (Some(1.0), true));
    }
    // A jump of a pool that stands is no reason to leave it, nor to mark it.
    let b = mint(2);
    standin.add(Token::solana(&b).priced(|_| Some(2.0)));
    let mut feed = feed(&standin.url("dexscreener"));
    feed.resume(&key(&b), &pool_of(&b));
    feed.doubt(&key(&b));
    let quotes = feed.quotes(&[key(&b)], at(3)).await.unwrap();
    assert_eq!((usd(&quotes[0]), quotes[0].repinned), (Some(2.0), false));
}

#[tokio::test]
async fn a_pool_that_vanished_once_is_waited_for_and_twice_is_replaced() {
    let standin = StandIn::start().await;
    let a = mint(1);
    let second = mint(800);
    standin.add(Token::solana(&a).pool(PoolOf {
        factor: 1.1,
        liquidity: Some(900.0),
        ..PoolOf::new(&second)
    }));
    let mut feed = feed(&standin.url("dexscreener"));
    standin.set_now(T0);
    feed.quotes(&[key(&a)], T0).await.unwrap();
    standin.change(&a, |token| token.pools[0].until = Some(at(1)));
    standin.set_now(at(1));
    let once = feed.quotes(&[key(&a)], at(1)).await.unwrap();
    assert_eq!((usd(&once[0]), once[0].repinned), (None, false));
    let twice = feed.quotes(&[key(&a)], at(2)).await.unwrap();
    assert_eq!((usd(&twice[0]), twice[0].repinned), (Some(1.1), true));
    assert_eq!(twice[0].pool.as_deref(), Some(second.as_str()));
    let after = feed.quotes(&[key(&a)], at(3)).await.unwrap();
    assert!(!after[0].repinned);
    // All gone: not listed, and back again in the same pool.
    standin.change(&a, |token| token.missing = true);
    assert_eq!(feed.quotes(&[key(&a)], at(4)).await, Ok(Vec::new()));
    standin.change(&a, |token| token.missing = false);
    let back = feed.quotes(&[key(&a)], at(5)).await.unwrap();
    assert_eq!((usd(&back[0]), back[0].repinned), (Some(1.1), false));
}

#[tokio::test]
async fn a_token_that_leaves_its_curve_is_followed_to_the_exchange_and_marked() {
    let standin = StandIn::start().await;
    let a = mint(1);
    standin.add(
        Token::solana(&a)
            .priced(|t| Some(if t < at(5) { 1.0 } else { 1.4 }))
            .migrating(at(5)),
    );
    // The curve stays listed for a while with its last price.
    standin.change(&a, |token| token.pools[0].until = None);
    let mut feed = feed(&standin.url("dexscreener"));
    let mut marked = Vec::new();
    for minute in 0..10 {
        standin.set_now(at(minute));
        let quotes = feed.quotes(&[key(&a)], at(minute)).await.unwrap();
        let pool = quotes[0].pool.clone().unwrap();
        assert_eq!(pool == curve_of(&a), minute < 5, "minute {minute}");
        if quotes[0].repinned {
            marked.push(minute);
        }
    }
    assert_eq!(marked, [5]);
}

#[tokio::test]
async fn a_rival_takes_over_after_three_polls_and_not_before() {
    let standin = StandIn::start().await;
    let a = mint(1);
    let rival = mint(700);
    standin.add(Token::solana(&a));
    let mut feed = feed(&standin.url("dexscreener"));
    feed.quotes(&[key(&a)], T0).await.unwrap();
    let big = PoolOf {
        factor: 1.2,
        liquidity: Some(200_000.0),
        volume_h24: 1e6,
        ..PoolOf::new(&rival)
    };
    standin.change(&a, |token| token.pools.push(big));
    let mut seen = Vec::new();
    for minute in 1..6 {
        if minute == 2 {
            // Only just as deep: the count begins anew.
            standin.change(&a, |token| token.pools[1].liquidity = Some(150_000.0));
        } else {
            standin.change(&a, |token| token.pools[1].liquidity = Some(200_000.0));
        }
        let quotes = feed.quotes(&[key(&a)], at(minute)).await.unwrap();
        seen.push((usd(&quotes[0]).unwrap(), quotes[0].repinned));
    }
    assert_eq!(
        seen,
        [
            (1.0, false),
            (1.0, false),
            (1.0, false),
            (1.0, false),
            (1.2, true)
        ]
    );
}

#[tokio::test]
async fn a_pool_of_an_earlier_run_is_taken_up() {
    let standin = StandIn::start().await;
    let a = mint(1);
    let old = mint(600);
    let small = PoolOf {
        factor: 1.05,
        liquidity: Some(30_000.0),
        ..PoolOf::new(&old)
    };
    standin.add(Token::solana(&a).pool(small));
    let mut feed = feed(&standin.url("dexscreener"));
    feed.resume(&key(&a), &old);
    let quotes = feed.quotes(&[key(&a)], T0).await.unwrap();
    assert_eq!((usd(&quotes[0]), quotes[0].repinned), (Some(1.05), false));
    assert_eq!(quotes[0].pool, Some(old));
}

#[tokio::test]
async fn the_chain_of_an_address_is_found_with_what_it_calls_itself() {
    let a = mint(1);
    let mut thin = pair(&a, "3");
    thin["chainId"] = json!("fogo");
    thin["liquidity"]["usd"] = json!(5);
    let mut named = pair(&a, "2");
    named["baseToken"]["symbol"] = json!("\u{1b}]8;;x\u{7}PE\u{202e}PE");
    named["baseToken"]["name"] = json!("Pepe  the\nFrog");
    let server = MockServer::start().await;
    let body = json!({"schemaVersion": "1.0.0", "pairs": [thin, named]});
    Mock::given(path(format!("/latest/dex/tokens/{a}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .mount(&server)
        .await;
    let mut feed = feed(&server.uri());
    let found = feed.find(&a, T0).await.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].token, key(&a));
    assert_eq!(found[0].symbol.as_deref(), Some("]8;;xPEPE"));
    assert_eq!(found[0].name.as_deref(), Some("Pepe the Frog"));
    assert_eq!(found[0].liquidity_usd, Some(9000.0));
    assert_eq!(found[1].token.chain(), "fogo");
    assert_eq!(feed.find("not an address", at(1)).await, Ok(Vec::new()));
    assert!(told("[]", &[]).await.unwrap().is_empty());
}
