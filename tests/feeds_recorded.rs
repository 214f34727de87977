//! What was recorded of the real providers (`shared/data/http` beside the repository) is read
//! whole. Skipped, saying so, where the folder is not there.

#![allow(
    clippy::float_cmp,
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::path::PathBuf;

use callboard::domain::{Price, Span, Timestamp, TokenKey};
use callboard::feed::geckoterminal::{Settings, faces};
use callboard::feed::{CandleFeed, CandleStep, DexScreener, FeedError, Jupiter, PriceFeed};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);
const USD1: &str = "USD1ttGY1N17NEEHLmELoaybftRBUSErhqYiQzvEmuB";

fn recorded() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let beside = root.parent()?.join("shared/data/http");
    let named = std::env::var_os("CALLBOARD_TEST_DATA").map(|d| PathBuf::from(d).join("http"));
    let found = [Some(beside), named]
        .into_iter()
        .flatten()
        .find(|d| d.is_dir());
    if found.is_none() {
        eprintln!("skipped: no recorded answers; CALLBOARD_TEST_DATA can name their folder");
    }
    found
}

async fn answering(folder: &std::path::Path, status: u16, file: &str) -> MockServer {
    let body = std::fs::read(folder.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(status).set_body_raw(body, "application/json");
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

fn solana(address: &str) -> TokenKey {
    TokenKey::new(Some("solana"), address).unwrap()
}

fn usd(price: Option<Price>) -> Option<f64> {
    price.map(Price::usd)
}

async fn dexscreener(
    folder: &std::path::Path,
    file: &str,
    tokens: &[&str],
) -> Vec<(Option<f64>, Option<f64>)> {
    let server = answering(folder, 200, file).await;
    let mut feed = DexScreener::new(&server.uri(), "", 60_000, Span::seconds(5)).unwrap();
    let tokens: Vec<_> = tokens.iter().map(|t| solana(t)).collect();
    let quotes = feed
        .quotes(&tokens, NOW)
        .await
        .unwrap_or_else(|e| panic!("{file}: {e}"));
    quotes
        .iter()
        .map(|q| (usd(q.price), q.liquidity_usd))
        .collect()
}

#[tokio::test]
async fn dexscreener_as_recorded() {
    let Some(folder) = recorded() else { return };
    for file in [
        "dexscreener-tokens_v1-one_token.json",
        "dexscreener-token_pairs_v1-usd1.json",
        "dexscreener-latest_tokens-usd1.json",
        "dexscreener-search-usd1_usdc.json",
    ] {
        let quotes = dexscreener(&folder, file, &[USD1]).await;
        assert_eq!(quotes.len(), 1, "{file}");
        let price = quotes[0].0.unwrap();
        assert!((0.98..1.02).contains(&price), "{file}: a dollar is {price}");
    }
    let two = "dexscreener-tokens_v1-two_tokens_one_without_liquidity.json";
    let tokens = [
        "6Mix12LiHrQFojaQEnfPUC65Qkwd6X4Y5Qg93oFbordr",
        "DEW9dSN6QpWyNthphCpMmAbZP1Q4cEKR9xQXAri98WDP",
    ];
    let quotes = dexscreener(&folder, two, &tokens).await;
    assert_eq!(quotes.len(), 2);
    assert_eq!(quotes[0], (Some(0.000_069_74), None));
    assert!(quotes[1].0.is_some() && quotes[1].1.is_some());
    for file in [
        "dexscreener-tokens_v1-unknown.json",
        "dexscreener-latest_tokens-not_indexed.json",
    ] {
        assert!(
            dexscreener(&folder, file, &[USD1]).await.is_empty(),
            "{file}"
        );
    }
    for (file, address) in [
        ("aura", "DtR4D9FtVoTX2569gaL837ZgrB6wNjj6tkmnX9Rdk9B2"),
        ("billy", "3B5wuUrMEi5yATD7on46hKfej3pfmd7t1RKgrsN3pump"),
        ("spx", "J3NKxxXZcnNiMjKw9hYb2K4LUxgwB6t1FtPtQVsv3KFr"),
        ("useless", "Dz9mQ9NzkBcCsuGPFJ3r1bS4wgqKMHBPiVuniW8Mbonk"),
    ] {
        let server = answering(
            &folder,
            200,
            &format!("dexscreener-latest_tokens-{file}.json"),
        )
        .await;
        let mut feed = DexScreener::new(&server.uri(), "", 60_000, Span::seconds(5)).unwrap();
        let found = feed.find(address, NOW).await.unwrap();
        assert_eq!(found[0].token, solana(address), "{file}");
        assert!(
            found[0].price.is_some() && found[0].symbol.is_some(),
            "{file}"
        );
        assert!(found[0].liquidity_usd.unwrap() > 10_000.0, "{file}");
    }
}

#[tokio::test]
async fn jupiter_as_recorded() {
    let Some(folder) = recorded() else { return };
    let server = answering(&folder, 200, "jupiter-price_v3-two_mints.json").await;
    let mut feed = Jupiter::new(&server.uri(), "", 60_000, Span::seconds(5)).unwrap();
    let jup = solana("JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN");
    let quotes = feed.quotes(&[jup, solana(USD1)], NOW).await.unwrap();
    assert_eq!(quotes.len(), 1);
    assert_eq!(usd(quotes[0].price), Some(0.405_601_851_254_105_5));
    assert_eq!(quotes[0].liquidity_usd, None);
}

#[tokio::test]
async fn geckoterminal_as_recorded() {
    let Some(folder) = recorded() else { return };
    let open = |base: String| {
        let timeout = Span::seconds(5);
        faces(Settings {
            base: &base,
            key: "",
            per_minute: 60_000,
            timeout,
        })
        .unwrap()
    };
    for (file, count) in [
        ("geckoterminal-ohlcv_minute-cbrl_15m.json", 35),
        ("geckoterminal-ohlcv_minute-eth_2023.json", 99),
    ] {
        let server = answering(&folder, 200, file).await;
        let (_, mut past) = open(server.uri());
        let step = CandleStep::Quarter;
        let candles = past
            .candles(&solana(USD1), "Pool", step, NOW, 1000, NOW)
            .await
            .unwrap();
        assert_eq!(candles.len(), count, "{file}");
        assert!(
            candles.windows(2).all(|w| w[0].end() <= w[1].opened_at),
            "{file}"
        );
    }
    let server = answering(&folder, 200, "geckoterminal-token_pools-weth_old.json").await;
    let weth = TokenKey::new(
        Some("ethereum"),
        "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2",
    )
    .unwrap();
    let (_, mut past) = open(server.uri());
    let pools = past.pools(&weth, NOW).await.unwrap();
    assert!(!pools.is_empty());
    assert!(
        pools
            .windows(2)
            .all(|w| w[0].liquidity_usd >= w[1].liquidity_usd)
    );
    assert!(
        pools
            .iter()
            .all(|p| p.created_at.is_some() && p.dex.is_some())
    );
    let server = answering(&folder, 429, "geckoterminal-error-429_rate_limit.json").await;
    let (mut live, _) = open(server.uri());
    let error = live.quotes(&[solana(USD1)], NOW).await.unwrap_err();
    assert!(
        matches!(
            error,
            FeedError::RateLimited {
                retry_after: None,
                ..
            }
        ),
        "{error}"
    );
    let server = answering(&folder, 400, "geckoterminal-error-400_bad_aggregate.json").await;
    let (_, mut past) = open(server.uri());
    let step = CandleStep::Minute;
    let error = past
        .candles(&solana(USD1), "Pool", step, NOW, 10, NOW)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("Invalid aggregate"), "{error}");
}
