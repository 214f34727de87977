//! Jupiter's prices, against a server that says what the real one has been seen to say.

#![allow(
    clippy::float_cmp,
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod standin;

use callboard::domain::{Price, Span, Timestamp, TokenKey};
use callboard::feed::{FeedError, Jupiter, PriceFeed};
use serde_json::json;
use standin::{StandIn, Token, key, mint};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const T0: Timestamp = Timestamp::from_millis(1_790_000_040_000);

fn feed(base: &str, key: &str) -> Jupiter {
    Jupiter::new(base, key, 60_000, Span::seconds(2)).unwrap()
}

#[tokio::test]
async fn fifty_mints_of_solana_are_one_request() {
    let standin = StandIn::start().await;
    let tokens: Vec<_> = (0..50).map(|i| key(&mint(i))).collect();
    // Every second one is known.
    for token in tokens.iter().step_by(2) {
        standin.add(Token::solana(token.address()).priced(|_| Some(2.5e-7)));
    }
    let mut feed = feed(&standin.url("jupiter"), "");
    assert_eq!(feed.batch(), 50);
    let quotes = feed.quotes(&tokens, T0).await.unwrap();
    assert_eq!(quotes.len(), 25);
    for quote in &quotes {
        assert_eq!(quote.price.map(Price::usd), Some(2.5e-7));
        assert_eq!(quote.liquidity_usd, Some(50_000.0));
        assert_eq!((&quote.pool, quote.market_cap_usd), (&None, None));
    }
    let paths = standin.paths("jupiter");
    assert_eq!(paths.len(), 1);
    assert!(paths[0].starts_with(&format!("price/v3?ids={},{}", mint(0), mint(1))));
    assert!(!standin.headers("jupiter").contains_key("x-api-key"));
    for (chain, serves) in [("solana", true), ("ethereum", false), ("unknown", false)] {
        assert_eq!(feed.serves(chain), serves, "{chain}");
    }
    let evm = TokenKey::new(Some("base"), "0x4200000000000000000000000000000000000006").unwrap();
    assert_eq!(
        feed.quotes(&[evm], T0.plus(Span::MINUTE)).await,
        Ok(Vec::new())
    );
    assert_eq!(standin.requests("jupiter"), 1);
}

#[tokio::test]
async fn a_refused_mint_does_not_sink_its_batch() {
    let bad = mint(13);
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(move |request: &Request| {
            let (_, ids) = request.url.query_pairs().find(|(k, _)| k == "ids").unwrap();
            if ids.contains(&bad) {
                return ResponseTemplate::new(400)
                    .set_body_json(json!({"message": "invalid mint"}));
            }
            let map: serde_json::Map<_, _> = ids
                .split(',')
                .map(|id| (id.to_owned(), json!({"usdPrice": 1.5, "odd": [1]})))
                .collect();
            ResponseTemplate::new(200).set_body_json(map)
        })
        .mount(&server)
        .await;
    let tokens: Vec<_> = (0..50).map(|i| key(&mint(i))).collect();
    let mut feed = feed(&server.uri(), "");
    assert_eq!(feed.quotes(&tokens, T0).await.unwrap().len(), 49);
    let asked = server.received_requests().await.unwrap().len();
    // It is remembered.
    let later = T0.plus(Span::MINUTE);
    assert_eq!(feed.quotes(&tokens, later).await.unwrap().len(), 49);
    let again = server.received_requests().await.unwrap().len();
    assert_eq!(again, asked + 1);
}

#[tokio::test]
async fn a_provider_that_refuses_everything_is_not_asked_fifty_times() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(400))
        .mount(&server)
        .await;
    let tokens: Vec<_> = (0..50).map(|i| key(&mint(i))).collect();
    let error = feed(&server.uri(), "")
        .quotes(&tokens, T0)
        .await
        .unwrap_err();
    assert!(matches!(error, FeedError::BadAnswer { .. }), "{error}");
    assert!(server.received_requests().await.unwrap().len() < 12);
}
