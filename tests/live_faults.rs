//! The real providers' clients under the real tracker, over the stand-in with faults of every kind
//! at once: what is accepted is true, ATH and final of every call are right, nobody is forgotten.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::too_many_lines,
    reason = "a test fails by panicking"
)]

mod standin;

use std::collections::HashMap;

use callboard::analytics::Guards;
use callboard::board::{Board, Settings};
use callboard::domain::{Call, Decision, Features, Pace, Price, Rules, Span, Timestamp, TokenKey};
use callboard::feed::{PriceFeed, Providers};
use callboard::store::{Sample, Store};
use callboard::tracker::{Follow, Tracker};
use standin::{Fault, StandIn, Token, mint};

const T0: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const PACE: Pace = Pace {
    interval: Span::seconds(60),
    late_interval: Span::minutes(5),
    late_after: Span::hours(48),
    window: Span::hours(10),
};

struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

/// A wave; a third of the tokens pump after two hours, a third are rugged.
fn truth(n: u64, at: Timestamp) -> f64 {
    let minutes = at.since(T0).millis() as f64 / 60_000.0;
    let wave = 1.0 + 0.2 * (minutes / (50.0 + n as f64) + n as f64).sin();
    let turned = minutes > 120.0 + n as f64;
    let after = match (turned, n % 3) {
        (true, 0) => 9.0,
        (true, 1) => 0.03,
        _ => 1.0,
    };
    1e-4 * wave * after
}

fn fault(kind: u64) -> Fault {
    match kind {
        0 => Fault::TooMany(None),
        1 => Fault::TooMany(Some("7".to_owned())),
        2 => Fault::Forbidden,
        3 => Fault::Page,
        4 => Fault::Truncated,
        5 => Fault::Down,
        6 => Fault::Status(400, "{}".to_owned()),
        7 => Fault::Status(200, "[{\"chainId\":7}]".to_owned()),
        8 => Fault::Status(200, "{\"pairs\":null}".to_owned()),
        _ => Fault::Status(500, String::new()),
    }
}

#[tokio::test]
async fn faults_of_every_kind_against_the_real_clients() {
    let standin = StandIn::start().await;
    let tokens = 60u64;
    for n in 0..tokens {
        standin.add(Token::solana(&mint(n)).priced(move |at| Some(truth(n, at))));
    }
    let config = standin.config(&[]);
    let Providers { mut live, .. } = Providers::of(&config).unwrap();
    let names: Vec<_> = live.iter().map(PriceFeed::name).collect();

    let rules = Rules {
        window: PACE.window,
        ..Rules::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("x.db"), rules).unwrap();
    let calls: Vec<Call> = (0..tokens)
        .map(|n| {
            let token = TokenKey::new(Some("solana"), &mint(n)).unwrap();
            Call {
                id: Call::derived_id("s", "solana", Some(token.address()), None, T0),
                source: "s".to_owned(),
                chain: "solana".to_owned(),
                symbol: None,
                name: None,
                called_at: T0,
                stated_entry: Price::new(truth(n, T0)),
                market_cap_usd: None,
                liquidity_usd: None,
                rejected_by: None,
                features: Features::default(),
                token: Some(token),
            }
        })
        .collect();
    store.put_calls(&calls).unwrap();
    let follows: Vec<Follow> = calls
        .iter()
        .map(|c| Follow {
            token: c.token.clone().unwrap(),
            called_at: c.called_at,
            entry: c.stated_entry,
        })
        .collect();
    let mut tracker = Tracker::new(&names, PACE);
    tracker.follow_all(&follows, T0);

    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut samples: Vec<Sample> = Vec::new();
    let mut now = T0;
    let end = T0.plus(PACE.window).plus(Span::minutes(2));
    let mut turn = T0;
    let mut wicks = 0;
    let mut ill: Vec<String> = Vec::new();
    while now < end {
        if now >= turn {
            turn = now.plus(Span::minutes(4));
            for name in &names {
                standin.heal(name);
            }
            // Now one of them is ill, now two, now none.
            for _ in 0..random.below(3) {
                let name = names[random.below(3) as usize];
                standin.fault_next(name, fault(random.below(10)), 1 + random.below(6) as u32);
            }
            for _ in 0..3 {
                let (who, times) = (mint(random.below(tokens)), 20.0 + random.below(500) as f64);
                standin.change(&who, |token| token.lone_wick = Some(times));
                wicks += 1;
            }
            for who in ill.drain(..) {
                standin.change(&who, |token| {
                    token.missing = false;
                    token.null_price = false;
                });
            }
            for _ in 0..6 {
                let (who, gone) = (mint(random.below(tokens)), random.below(2) == 0);
                standin.change(&who, |token| {
                    token.missing = gone;
                    token.null_price = !gone;
                });
                ill.push(who);
            }
        }
        // In the end all is well again: the final is a reading of the last minutes.
        if end.since(now) < Span::minutes(12) {
            turn = end;
            for name in &names {
                standin.heal(name);
            }
            for n in 0..tokens {
                standin.change(&mint(n), |token| {
                    token.missing = false;
                    token.null_price = false;
                    token.lone_wick = None;
                });
            }
        }
        standin.set_now(now);
        if let Some(poll) = tracker.poll(&mut live, now).await {
            samples.extend(poll.samples);
        }
        let due = tracker.next_due(now).unwrap_or(end);
        assert!(due.since(now) < Span::minutes(16), "a stall");
        now = due.max(now.plus(Span::from_millis(20)));
    }
    for part in samples.chunks(500) {
        store.put_polled(part).unwrap();
    }
    let requests: usize = names.iter().map(|name| standin.requests(name)).sum();
    assert!(
        requests > 2_000 && wicks > 300,
        "{requests} requests, {wicks} wicks"
    );

    let number: HashMap<String, u64> = (0..tokens).map(|n| (mint(n), n)).collect();
    let mut accepted: HashMap<&TokenKey, Vec<(Timestamp, f64)>> = HashMap::new();
    let mut refused = 0;
    for sample in &samples {
        let n = number[sample.token.address()];
        match (sample.decision, sample.reading.price) {
            (Decision::Accepted, Some(price)) => {
                let off = price.usd() / truth(n, sample.reading.at);
                let at = sample.reading.at;
                assert!((0.97..1.03).contains(&off), "{n} at {at}: off by {off}");
                let of_token = accepted.entry(&sample.token).or_default();
                of_token.push((at, price.usd()));
            }
            (Decision::Refused(_), _) => refused += 1,
            _ => {}
        }
    }
    assert!(refused > 50, "{refused} wicks were refused");

    let settings = Settings {
        rules,
        min_rank_n: 10,
        guards: Guards::default(),
    };
    let judged = Board::new(store.load(None).unwrap(), settings).judged(end);
    assert_eq!(judged.len(), calls.len());
    for judged in judged {
        let token = judged.call.token.as_ref().unwrap();
        let n = number[token.address()];
        let seen = &accepted[token];
        assert!(seen.len() > 300, "{n}: {} readings", seen.len());
        let entry = truth(n, T0);
        let most = (0..600)
            .map(|m| truth(n, T0.plus(Span::minutes(m))) / entry)
            .fold(1.0, f64::max);
        let ath = judged.outcome.ath.unwrap().multiple.value();
        assert!(
            (ath / most - 1.0).abs() < 0.03,
            "{n}: ATH {ath}, truly {most}"
        );
        let last = truth(n, T0.plus(PACE.window)) / entry;
        let fin = judged.outcome.fin.unwrap().multiple.value();
        assert!(
            (fin / last - 1.0).abs() < 0.03,
            "{n}: final {fin}, truly {last}"
        );
    }
    assert!(store.check_folds().unwrap().wrong.is_empty());
}
