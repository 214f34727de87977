//! What can go wrong on the way to a provider: each fault has its name, its pause and its words,
//! the same for all three.

#![allow(
    clippy::float_cmp,
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod standin;

use std::time::Duration;

use callboard::domain::{Price, Span, Timestamp};
use callboard::feed::{FeedError, PriceFeed, Provider, Providers};
use standin::{Fault, StandIn, Token, key, mint};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::{any, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

const T0: Timestamp = Timestamp::from_millis(1_790_000_040_000);

fn providers(standin: &StandIn, more: &[(&str, &str)]) -> Vec<Provider> {
    Providers::of(&standin.config(more)).unwrap().live
}

/// What each provider says of one fault, and when it may be asked again, in seconds.
async fn under(fault: Fault) -> Vec<(FeedError, f64)> {
    let standin = StandIn::start().await;
    let a = mint(1);
    standin.add(Token::solana(&a));
    let mut said = Vec::new();
    for provider in &mut providers(&standin, &[("feeds.timeout", "1s")]) {
        standin.fault(provider.name(), fault.clone());
        let error = provider.quotes(&[key(&a)], T0).await.unwrap_err();
        assert_eq!(error.feed(), provider.name());
        let wait = provider.ready_at(T0).since(T0).as_seconds();
        let shown = error.to_string();
        assert!(shown.chars().count() < 250, "{shown}");
        assert!(!shown.contains("http://") && !shown.contains(&a), "{shown}");
        said.push((error, wait));
        // And it is well again once the fault and the pause are over.
        standin.heal(provider.name());
        let later = T0.plus(Span::minutes(20));
        assert_eq!(provider.quotes(&[key(&a)], later).await.unwrap().len(), 1);
    }
    said
}

#[tokio::test]
async fn too_many_requests_pause_the_whole_provider_for_as_long_as_it_says() {
    for (after, dex, gecko) in [
        ("30", 30.0, 60.0),
        ("0", 1.0, 60.0),
        ("99999", 900.0, 900.0),
    ] {
        let said = under(Fault::TooMany(Some(after.to_owned()))).await;
        for ((error, wait), want) in said.iter().zip([dex, dex, gecko]) {
            assert_eq!(
                error.retry_after(),
                Some(Span::from_millis((want * 1000.0) as i64))
            );
            // Measured from the answer, which took a moment.
            assert!((want..want + 1.0).contains(wait), "{error}: {wait}");
        }
    }
    let said = under(Fault::TooMany(None)).await;
    for ((error, wait), want) in said.iter().zip([2.0, 10.0, 60.0]) {
        assert_eq!(error.retry_after(), None);
        assert!((want..want + 1.0).contains(wait), "{error}: {wait}");
        assert!(error.is_worth_another_try());
    }
}

#[tokio::test]
async fn pauses_that_nobody_named_grow_and_asking_meanwhile_costs_no_request() {
    let standin = StandIn::start().await;
    let a = mint(1);
    standin.add(Token::solana(&a));
    let dex = &mut providers(&standin, &[])[0];
    standin.fault("dexscreener", Fault::TooMany(None));
    let mut now = T0;
    let mut pauses = Vec::new();
    for asked in 1..=8 {
        dex.quotes(&[key(&a)], now).await.unwrap_err();
        assert_eq!(standin.requests("dexscreener"), asked);
        let meanwhile = dex
            .quotes(&[key(&a)], now.plus(Span::seconds(1)))
            .await
            .unwrap_err();
        assert!(meanwhile.retry_after().is_some(), "{meanwhile}");
        assert_eq!(standin.requests("dexscreener"), asked);
        let ready = dex.ready_at(now);
        pauses.push(ready.since(now).as_seconds() as i64);
        now = ready;
    }
    assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60, 60]);
}

#[tokio::test]
async fn pages_statuses_and_broken_answers_have_their_own_words() {
    for (error, _) in under(Fault::Forbidden).await {
        assert!(matches!(error, FeedError::Refused { .. }), "{error}");
        assert!(
            error.to_string().contains("403, blocked by its front"),
            "{error}"
        );
    }
    for (error, _) in under(Fault::Page).await {
        assert!(matches!(error, FeedError::BadAnswer { .. }), "{error}");
        assert!(error.to_string().contains("an HTML page"), "{error}");
    }
    for (error, _) in under(Fault::Truncated).await {
        assert!(matches!(error, FeedError::BadAnswer { .. }), "{error}");
        assert!(error.to_string().contains("cut short"), "{error}");
    }
    for (error, _) in under(Fault::Down).await {
        assert!(matches!(error, FeedError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains("503"), "{error}");
        assert!(!error.to_string().contains('<'), "{error}");
    }
    for (error, _) in under(Fault::Slow(Duration::from_secs(30))).await {
        assert!(matches!(error, FeedError::Unreachable { .. }), "{error}");
        assert!(
            error.to_string().contains("no answer within 1 s"),
            "{error}"
        );
    }
    let words = r#"{"errors":[{"status":"500","title":"Oops\u001b[31m http://10.0.0.1/x?key=1"}]}"#;
    for (error, _) in under(Fault::Status(500, words.to_owned())).await {
        assert!(matches!(error, FeedError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains("Oops"), "{error}");
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
    }
    for (error, _) in under(Fault::Status(401, r#"{"error":"no"}"#.to_owned())).await {
        assert!(matches!(error, FeedError::Refused { .. }), "{error}");
        assert!(!error.is_worth_another_try());
    }
    for body in ["", "null", "7", "[[[[[", "\u{0}\u{1}"] {
        for (error, _) in under(Fault::Status(200, body.to_owned())).await {
            assert!(
                matches!(error, FeedError::BadAnswer { .. }),
                "{body:?}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn an_endless_answer_ends_and_so_does_one_that_is_cut_on_the_wire() {
    let long = format!("[{}]", "0,".repeat(6 * 1024 * 1024));
    for (error, _) in under(Fault::Status(200, long)).await {
        assert!(matches!(error, FeedError::BadAnswer { .. }), "{error}");
        assert!(error.to_string().contains("longer than 8 MiB"), "{error}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked).await;
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n[{";
            let _ = stream.write_all(head.as_bytes()).await;
        }
    });
    let standin = StandIn::start().await;
    let urls = [
        ("feeds.dexscreener_url", base.as_str()),
        ("feeds.jupiter_url", base.as_str()),
        ("feeds.geckoterminal_url", base.as_str()),
    ];
    for provider in &mut providers(&standin, &urls) {
        let error = provider.quotes(&[key(&mint(1))], T0).await.unwrap_err();
        assert!(matches!(error, FeedError::BadAnswer { .. }), "{error}");
        assert!(error.to_string().contains("cut short"), "{error}");
    }
}

#[tokio::test]
async fn nobody_there_is_said_so() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let standin = StandIn::start().await;
    let live = &mut providers(&standin, &[("feeds.dexscreener_url", &base)]);
    let error = live[0].quotes(&[key(&mint(1))], T0).await.unwrap_err();
    assert!(matches!(error, FeedError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("no connection"), "{error}");
    assert!(!error.to_string().contains(&base), "{error}");
}

#[tokio::test]
async fn a_key_goes_to_its_provider_and_nowhere_else() {
    let elsewhere = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_string("{}"))
        .mount(&elsewhere)
        .await;
    let server = MockServer::start().await;
    let away = format!("{}/stolen", elsewhere.uri());
    Mock::given(path_regex("price/v3$"))
        .respond_with(ResponseTemplate::new(302).insert_header("location", away.as_str()))
        .mount(&server)
        .await;
    let standin = StandIn::start().await;
    let more = [
        ("feeds.jupiter_url", server.uri()),
        ("feeds.jupiter_key", "s3cret".to_owned()),
    ];
    let more: Vec<(&str, &str)> = more.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let live = &mut providers(&standin, &more);
    let error = live[1].quotes(&[key(&mint(1))], T0).await.unwrap_err();
    assert!(error.to_string().contains("another place"), "{error}");
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
    let asked = &server.received_requests().await.unwrap()[0];
    assert_eq!(asked.headers.get("x-api-key").unwrap(), "s3cret");
    let agent = asked.headers.get("user-agent").unwrap().to_str().unwrap();
    assert_eq!(agent, concat!("callboard/", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn a_key_that_a_provider_repeats_is_not_shown() {
    let standin = StandIn::start().await;
    let live = &mut providers(&standin, &[("feeds.jupiter_key", "s3cret-key")]);
    let words = r#"{"message":"key s3cret-key is not valid"}"#.to_owned();
    standin.fault("jupiter", Fault::Status(401, words));
    let error = live[1].quotes(&[key(&mint(1))], T0).await.unwrap_err();
    assert!(error.to_string().contains("is not valid"), "{error}");
    assert!(!error.to_string().contains("s3cret"), "{error}");
}

/// Thousands of polls with every fault in turn: the budget is kept, nothing stalls, no price is
/// wrong, and each provider is well in the end.
#[tokio::test]
async fn a_storm_of_faults_breaks_nothing() {
    let standin = StandIn::start().await;
    let truth = |t: Timestamp| Some(1.0 + (t.millis() % 1_000_000) as f64 / 1e6);
    let tokens: Vec<_> = (0..30).map(|i| key(&mint(i))).collect();
    for token in &tokens {
        standin.add(Token::solana(token.address()).priced(truth));
    }
    let faults = [
        Fault::TooMany(None),
        Fault::TooMany(Some("7".to_owned())),
        Fault::Forbidden,
        Fault::Page,
        Fault::Truncated,
        Fault::Down,
        Fault::Status(400, "{}".to_owned()),
        Fault::Status(200, "[]".to_owned()),
        Fault::Status(200, "{\"x\":".to_owned()),
    ];
    let mut live = providers(&standin, &[]);
    let mut now = T0;
    let (mut good, mut bad) = (0_u32, 0_u32);
    for round in 0..1_500_usize {
        let provider = round % live.len();
        let provider = &mut live[provider];
        if round % 4 != 3 {
            let fault = faults[round % faults.len()].clone();
            standin.fault_next(provider.name(), fault, 1);
        }
        now = provider.ready_at(now.plus(Span::seconds(20)));
        standin.set_now(now);
        match provider.quotes(&tokens[..=(round % 3)], now).await {
            Ok(quotes) => {
                for quote in quotes {
                    good += 1;
                    assert_eq!(quote.price.map(Price::usd), truth(now), "round {round}");
                }
            }
            Err(_) => bad += 1,
        }
        standin.heal(provider.name());
    }
    assert!(good > 300 && bad > 300, "{good} good, {bad} bad");
    for provider in &mut live {
        let later = now.plus(Span::minutes(20));
        standin.set_now(later);
        assert_eq!(provider.quotes(&tokens, later).await.unwrap().len(), 30);
    }
}
