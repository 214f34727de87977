//! The stand-in itself: every provider tells its truth, and its faults are the provider's.

#![allow(
    clippy::float_cmp,
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod standin;

use callboard::domain::{Price, Span, Timestamp};
use callboard::feed::{CandleFeed, CandleStep, FeedError, PriceFeed, Providers};
use standin::{Fault, StandIn, Token, key, mint};

const T0: Timestamp = Timestamp::from_millis(1_790_000_040_000);

/// A price that moves: one cent per minute since T0.
fn climbing(at: Timestamp) -> f64 {
    1.0 + at.since(T0).as_seconds() / 6000.0
}

#[tokio::test]
async fn every_provider_tells_the_truth_of_the_instant() {
    let standin = StandIn::start().await;
    let mints: Vec<String> = (0..3).map(mint).collect();
    for mint in &mints {
        standin.add(Token::solana(mint).priced(|at| Some(climbing(at))));
    }
    let mut providers = Providers::of(&standin.config(&[])).unwrap();
    let tokens: Vec<_> = mints.iter().map(|m| key(m)).collect();
    for minute in 0..5 {
        let now = T0.plus(Span::minutes(minute));
        standin.set_now(now);
        for provider in &mut providers.live {
            let quotes = provider.quotes(&tokens, now).await.unwrap();
            assert_eq!(quotes.len(), 3, "{}", provider.name());
            for quote in quotes {
                let truth = standin.truth(quote.token.address(), now);
                assert_eq!(quote.price.map(Price::usd), truth, "{}", provider.name());
                assert!(!quote.repinned);
            }
        }
    }
    // Each token's pools are looked at once.
    assert_eq!(standin.requests("dexscreener"), 5 + 3);
    assert_eq!(standin.requests("jupiter"), 5);
    assert_eq!(standin.requests("geckoterminal"), 5);
    let now = T0.plus(Span::minutes(30));
    standin.set_now(now);
    let past = &mut providers.past;
    let pools = past.pools(&tokens[0], now).await.unwrap();
    let next = now.plus(Span::from_millis(10));
    let candles = past
        .candles(
            &tokens[0],
            &pools[0].address,
            CandleStep::Minute,
            now,
            10,
            next,
        )
        .await
        .unwrap();
    assert_eq!(candles.len(), 10);
    for candle in &candles {
        let open = standin.truth(&mints[0], candle.opened_at);
        assert_eq!(Some(candle.open.usd()), open);
        assert!(candle.end() <= now);
    }
}

#[tokio::test]
async fn a_fault_is_the_providers_own_and_ends_when_it_is_healed() {
    let standin = StandIn::start().await;
    let mint = mint(7);
    standin.add(Token::solana(&mint).priced(|at| Some(climbing(at))));
    standin.set_now(T0);
    let mut providers = Providers::of(&standin.config(&[])).unwrap();
    standin.fault("dexscreener", Fault::Down);
    let dex = &mut providers.live[0];
    let error = dex.quotes(&[key(&mint)], T0).await.unwrap_err();
    assert!(matches!(error, FeedError::Unreachable { .. }), "{error}");
    standin.heal("dexscreener");
    let later = T0.plus(Span::seconds(1));
    assert_eq!(dex.quotes(&[key(&mint)], later).await.unwrap().len(), 1);
    // A wick is one reading long.
    standin.change(&mint, |token| token.lone_wick = Some(100.0));
    let wick = dex
        .quotes(&[key(&mint)], later.plus(Span::seconds(1)))
        .await
        .unwrap();
    assert!(wick[0].price.unwrap().usd() > 90.0);
    let after = dex
        .quotes(&[key(&mint)], later.plus(Span::seconds(2)))
        .await
        .unwrap();
    assert!(after[0].price.unwrap().usd() < 2.0);
    // Unknown to the script, unknown to everybody.
    let unknown = [key(&standin::mint(99))];
    for provider in &mut providers.live {
        let quotes = provider
            .quotes(&unknown, later.plus(Span::MINUTE))
            .await
            .unwrap();
        assert!(quotes.is_empty(), "{}", provider.name());
    }
}
