//! `GeckoTerminal`'s prices, pools and candles, against a server that says what the real one has
//! been seen to say.

#![allow(
    clippy::float_cmp,
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod standin;

use callboard::domain::{Price, Span, Timestamp, TokenKey};
use callboard::feed::geckoterminal::{Settings, faces};
use callboard::feed::{CandleFeed, CandleStep, FeedError, GeckoCandles, GeckoTerminal, PriceFeed};
use serde_json::{Value, json};
use standin::{Fault, PoolOf, StandIn, Token, curve_of, key, mint, pool_of};
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const T0: Timestamp = Timestamp::from_millis(1_790_000_100_000);

fn at(minutes: i64) -> Timestamp {
    T0.plus(Span::minutes(minutes))
}

fn both(base: &str, key: &str, per_minute: u32) -> (GeckoTerminal, GeckoCandles) {
    let timeout = Span::seconds(2);
    faces(Settings {
        base,
        key,
        per_minute,
        timeout,
    })
    .unwrap()
}

async fn saying(status: u16, body: Value) -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(status).set_body_json(body);
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

#[tokio::test]
async fn prices_come_by_the_batch_with_null_and_missing_apart() {
    let (one, two, three) = (
        "0x1111111111111111111111111111111111111111",
        "0x2222222222222222222222222222222222222222",
        "0x3333333333333333333333333333333333333333",
    );
    let tokens = [one, two, three].map(|a| TokenKey::new(Some("ethereum"), a).unwrap());
    let server = MockServer::start().await;
    let body = json!({"data": {"id": "y", "type": "simple_token_price", "attributes": {
        "token_prices": {one: "0.0123", two: null},
        "market_cap_usd": {one: "55.5", two: null},
        "total_reserve_in_usd": {one: "1000.25"}}}});
    Mock::given(path(format!(
        "/simple/networks/eth/token_price/{one},{two},{three}"
    )))
    .respond_with(ResponseTemplate::new(200).set_body_json(body))
    .mount(&server)
    .await;
    let (mut live, _) = both(&server.uri(), "", 60_000);
    let quotes = live.quotes(&tokens, T0).await.unwrap();
    assert_eq!(quotes.len(), 2);
    assert_eq!(quotes[0].price.map(Price::usd), Some(0.0123));
    assert_eq!(quotes[0].liquidity_usd, Some(1000.25));
    assert_eq!(quotes[0].market_cap_usd, Some(55.5));
    assert_eq!((quotes[1].token.address(), quotes[1].price), (two, None));
    let asked = &server.received_requests().await.unwrap()[0];
    assert!(
        asked
            .headers
            .get("accept")
            .unwrap()
            .to_str()
            .unwrap()
            .contains("version=20230302")
    );
}

#[tokio::test]
async fn nobody_known_is_no_outage_and_no_chain_is_guessed() {
    let server = saying(
        404,
        json!({"errors": [{"status": "404", "title": "Not Found"}]}),
    )
    .await;
    let (mut live, mut past) = both(&server.uri(), "", 60_000);
    assert_eq!(live.quotes(&[key(&mint(1))], T0).await, Ok(Vec::new()));
    assert_eq!(past.pools(&key(&mint(1)), at(1)).await, Ok(Vec::new()));
    let step = CandleStep::Minute;
    let none = past
        .candles(&key(&mint(1)), "Pool", step, at(2), 10, at(2))
        .await;
    assert_eq!(none, Ok(Vec::new()));
    assert_eq!(server.received_requests().await.unwrap().len(), 3);
    let lukso = TokenKey::new(Some("lukso"), "0x1111111111111111111111111111111111111111").unwrap();
    assert!(!PriceFeed::serves(&live, "lukso") && !CandleFeed::serves(&past, "lukso"));
    assert!(PriceFeed::serves(&live, "base") && CandleFeed::serves(&past, "polygon"));
    assert_eq!(
        live.quotes(std::slice::from_ref(&lukso), at(3)).await,
        Ok(Vec::new())
    );
    assert_eq!(past.pools(&lukso, at(4)).await, Ok(Vec::new()));
    assert_eq!(server.received_requests().await.unwrap().len(), 3);
}

#[tokio::test]
async fn candles_are_asked_for_by_the_token_and_read_the_oldest_first() {
    let standin = StandIn::start().await;
    let a = mint(1);
    // Nothing traded in minutes 3 to 6.
    let truth = |t: Timestamp| {
        let minute = t.since(T0).as_seconds() / 60.0;
        (!(3.0..7.0).contains(&minute)).then_some(1.0 + minute / 100.0)
    };
    standin.add(Token::solana(&a).priced(truth));
    let now = at(10).plus(Span::seconds(30));
    standin.set_now(now);
    let (_, mut past) = both(&standin.url("geckoterminal"), "", 60_000);
    let pool = pool_of(&a);
    let step = CandleStep::Minute;
    let candles = past
        .candles(&key(&a), &pool, step, now, 9, now)
        .await
        .unwrap();
    let opened: Vec<_> = candles
        .iter()
        .map(|c| c.opened_at.since(T0).millis() / 60_000)
        .collect();
    // Nine rows came, the newest of them still open.
    assert_eq!(opened, [-2, -1, 0, 1, 2, 7, 8, 9]);
    assert_eq!(candles[2].open.usd(), 1.0);
    let paths = standin.paths("geckoterminal");
    let bound = (now.millis() + 999) / 1000;
    let want = format!(
        "networks/solana/pools/{pool}/ohlcv/minute?aggregate=1&before_timestamp={bound}&limit=9&currency=usd&token={a}"
    );
    assert_eq!(paths, [want]);
}

#[tokio::test]
async fn pages_backwards_meet_without_a_gap_or_a_candle_twice() {
    let standin = StandIn::start().await;
    let a = mint(1);
    standin.add(Token::solana(&a).priced(|t| Some(1.0 + (t.millis() % 7) as f64)));
    let now = at(600);
    standin.set_now(now);
    let (_, mut past) = both(&standin.url("geckoterminal"), "", 60_000);
    let mut clock = now;
    for (step, most) in [
        (CandleStep::Minute, 40),
        (CandleStep::Quarter, 7),
        (CandleStep::Hour, 3),
    ] {
        let mut before = now;
        clock = clock.plus(Span::MINUTE);
        let mut opened: Vec<Timestamp> = Vec::new();
        for page in 0..4 {
            let asked = clock.plus(Span::seconds(page));
            let candles = past
                .candles(&key(&a), &pool_of(&a), step, before, most, asked)
                .await
                .unwrap();
            assert!(candles.iter().all(|c| c.opened_at < before));
            before = candles[0].opened_at;
            let mut page: Vec<_> = candles.iter().map(|c| c.opened_at).collect();
            page.append(&mut opened);
            opened = page;
        }
        for pair in opened.windows(2) {
            assert_eq!(pair[1].since(pair[0]), step.span(), "{step:?}");
        }
        assert!(opened.len() >= 4 * most - 1, "{step:?}: {}", opened.len());
    }
}

#[tokio::test]
async fn history_that_is_not_open_to_us_is_empty_and_a_wrong_key_is_said() {
    let closed = json!({"errors": [{"status": "401", "title": "Unauthorized"}]});
    let server = saying(401, closed).await;
    let token = key(&mint(1));
    let step = CandleStep::Hour;
    let now = at(0);
    let (mut live, mut past) = both(&server.uri(), "", 60_000);
    let old = now.minus(Span::days(200));
    assert_eq!(
        past.candles(&token, "Pool", step, old, 10, now).await,
        Ok(Vec::new())
    );
    // Live prices go on: nothing is closed.
    assert_eq!(live.ready_at(at(1)), at(1));
    let (_, mut keyed) = both(&server.uri(), "wrong", 60_000);
    let error = keyed
        .candles(&token, "Pool", step, now, 10, now)
        .await
        .unwrap_err();
    assert!(matches!(error, FeedError::Refused { .. }), "{error}");
    let old = keyed.candles(&token, "Pool", step, old, 10, at(1)).await;
    assert_eq!(old, Ok(Vec::new()));
    let asked = server.received_requests().await.unwrap();
    assert!(asked[0].headers.get("x-cg-demo-api-key").is_none());
    assert_eq!(asked[1].headers.get("x-cg-demo-api-key").unwrap(), "wrong");
}

#[tokio::test]
async fn a_migrated_token_has_both_pools_the_deepest_first_over_pages() {
    let standin = StandIn::start().await;
    let a = mint(1);
    let mut token = Token::solana(&a).migrating(at(5));
    for i in 0..23_u32 {
        let pool = PoolOf {
            liquidity: Some(2_000.0 + f64::from(i)),
            ..PoolOf::new(&mint(100 + u64::from(i)))
        };
        token = token.pool(pool);
    }
    standin.add(token);
    standin.set_now(at(60));
    let (_, mut past) = both(&standin.url("geckoterminal"), "", 60_000);
    let pools = past.pools(&key(&a), at(60)).await.unwrap();
    assert_eq!(pools.len(), 25);
    assert_eq!(pools[0].address, pool_of(&a));
    assert_eq!(pools[0].created_at, Some(at(5)));
    assert_eq!(pools[0].dex.as_deref(), Some("pumpswap"));
    assert_eq!(pools[1].liquidity_usd, Some(2_022.0));
    // Unknown depth comes last, and is not lost.
    assert_eq!(pools[24].address, curve_of(&a));
    assert_eq!(pools[24].liquidity_usd, None);
    assert_eq!(standin.requests("geckoterminal"), 2);
    // The candles of each are its own.
    let step = CandleStep::Minute;
    for (pool, from, until) in [(curve_of(&a), -60, 5), (pool_of(&a), 5, 60)] {
        let asked = at(61).plus(Span::from_millis(from));
        let candles = past
            .candles(&key(&a), &pool, step, at(60), 1000, asked)
            .await
            .unwrap();
        let last = candles.last().unwrap().opened_at;
        assert!(last < at(until) && last >= at(until - 1), "{last}");
        assert!(from < 0 || candles[0].opened_at >= at(from));
    }
}

#[tokio::test]
async fn live_prices_and_candles_share_one_budget() {
    let standin = StandIn::start().await;
    let a = mint(1);
    standin.add(Token::solana(&a));
    standin.set_now(T0);
    let (mut live, mut past) = both(&standin.url("geckoterminal"), "", 10);
    let mut now = T0;
    let mut sent = Vec::new();
    for i in 0..30 {
        now = live.ready_at(now).max(past.ready_at(now));
        standin.set_now(now);
        if i % 2 == 0 {
            live.quotes(&[key(&a)], now).await.unwrap();
        } else {
            let step = CandleStep::Minute;
            past.candles(&key(&a), &pool_of(&a), step, now, 10, now)
                .await
                .unwrap();
        }
        sent.push(now);
        let early = live.quotes(&[key(&a)], now.plus(Span::seconds(1))).await;
        assert!(matches!(
            early,
            Err(FeedError::RateLimited {
                retry_after: Some(_),
                ..
            })
        ));
    }
    assert_eq!(standin.requests("geckoterminal"), 30);
    for (i, from) in sent.iter().enumerate() {
        let inside = sent[i..]
            .iter()
            .filter(|t| t.since(*from) < Span::MINUTE)
            .count();
        assert!(inside <= 10, "{inside} in a minute");
    }
    // A refusal of one is a pause of both.
    now = live.ready_at(now);
    standin.fault("geckoterminal", Fault::TooMany(Some("0".to_owned())));
    live.quotes(&[key(&a)], now).await.unwrap_err();
    assert!(past.ready_at(now).since(now) >= Span::seconds(60));
}
