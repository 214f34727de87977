//! Thinning changes no outcome, now or after a rebuild, whatever the prices were.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;

use callboard::analytics::Guards;
use callboard::board::{Board, Settings};
use callboard::domain::{
    Call, Candle, Decision, Features, Outcome, Price, Reading, Refusal, Rules, Span, Timestamp,
    TokenKey,
};
use callboard::store::{Sample, Store, TokenCandle};
use proptest::prelude::*;

/// The beginning of a day.
const T0: Timestamp = Timestamp::from_millis(20_000 * 86_400_000);
const STEP: Span = Span::minutes(3);

fn token() -> TokenKey {
    TokenKey::new(Some("test"), "token").unwrap()
}

fn call(hour: i64, entry: Option<f64>) -> Call {
    let called_at = T0.plus(Span::hours(hour));
    Call {
        id: Call::derived_id("s", "test", Some("token"), None, called_at),
        source: "s".to_owned(),
        chain: "test".to_owned(),
        token: Some(token()),
        symbol: None,
        name: None,
        called_at,
        stated_entry: entry.and_then(Price::new),
        market_cap_usd: None,
        liquidity_usd: Some(20_000.0),
        rejected_by: None,
        features: Features::default(),
    }
}

fn sample(i: usize, kind: u8, price: f64, provider: &str) -> Sample {
    let decision = match kind {
        1 => Decision::Refused(Refusal::UnconfirmedJump),
        _ => Decision::Accepted,
    };
    Sample {
        token: token(),
        reading: Reading {
            at: T0.plus(STEP.times(i as i64)),
            price: Price::new(price).filter(|_| kind != 2),
            liquidity_usd: (kind != 2).then_some(if kind == 3 { 100.0 } else { 15_000.0 * price }),
            market_cap_usd: Some(price * 1e9),
            absent: kind == 2,
            provider: provider.to_owned(),
            pool: None,
        },
        decision,
    }
}

fn outcomes(store: &Store, as_of: Timestamp) -> BTreeMap<String, Outcome> {
    let settings = Settings {
        rules: rules(),
        min_rank_n: 10,
        guards: Guards::default(),
    };
    let board = Board::new(store.load(None).unwrap(), settings);
    let judged = board.judged(as_of).into_iter();
    judged.map(|j| (j.call.id.0.clone(), j.outcome)).collect()
}

fn rules() -> Rules {
    Rules {
        window: Span::days(2),
        ..Rules::default()
    }
}

fn count(store: &Store) -> i64 {
    let conn = rusqlite::Connection::open(store.path()).unwrap();
    let count = conn.query_row("SELECT count(*) FROM samples", [], |row| row.get(0));
    count.unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_outcome_stays_what_it_is(
        walk in prop::collection::vec((0u8..12, 0.6f64..1.65), 900..1800),
        calls in prop::collection::vec((0i64..60, prop::option::of(0.5f64..2.0)), 1..4),
        thin_days in prop::collection::vec(1i64..6, 1..4),
        candle in prop::option::of(0i64..50),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("x.db"), rules()).unwrap();
        let calls: Vec<Call> = calls.iter().map(|(h, entry)| call(*h, *entry)).collect();
        store.put_calls(&calls).unwrap();
        let mut price = 1.0f64;
        let samples: Vec<Sample> = walk.iter().enumerate().map(|(i, (kind, step))| {
            price = (price * step).clamp(1e-6, 1e6);
            sample(i, *kind, price, "dexscreener")
        }).collect();
        let (first, rest) = samples.split_at(samples.len() * 2 / 3);
        for part in first.chunks(97) {
            store.put_polled(part).unwrap();
        }
        let imported = Sample { reading: Reading {
            at: T0.plus(Span::minutes(77)), ..sample(0, 0, 1.0, "import").reading
        }, ..sample(0, 0, 1.0, "import") };
        store.put_samples(&[imported]).unwrap();
        if let Some(hour) = candle {
            let price = |p: f64| Price::new(p).unwrap();
            store.put_candles(&[TokenCandle { token: token(), pool: None, candle: Candle {
                opened_at: T0.plus(Span::hours(hour)), interval: Span::HOUR,
                open: price(1.0), high: price(3.0), low: price(0.5), close: price(1.1), volume_usd: None,
            }}]).unwrap();
        }
        let end = T0.plus(Span::days(9));
        let before = outcomes(&store, end);
        let full = count(&store);
        let mut days = thin_days;
        days.sort_unstable();
        for day in &days {
            while store.thin(T0.plus(Span::days(*day)), 1).unwrap() > 0 {}
            prop_assert_eq!(&outcomes(&store, end), &before);
            store.rebuild_derived().unwrap();
            prop_assert_eq!(&outcomes(&store, end), &before);
            prop_assert!(store.check_folds().unwrap().wrong.is_empty());
        }
        prop_assert!(full - count(&store) > 250, "{} of {full} are left", count(&store));
        let conn = rusqlite::Connection::open(store.path()).unwrap();
        let imports: i64 = conn.query_row(
            "SELECT count(*) FROM samples WHERE provider = 'import'", [], |r| r.get(0)).unwrap();
        prop_assert_eq!(imports, 1);

        // What comes later moves thinned outcomes as it would have moved whole ones.
        let whole = tempfile::tempdir().unwrap();
        let mut other = Store::open(&whole.path().join("y.db"), rules()).unwrap();
        other.put_calls(&calls).unwrap();
        other.put_polled(first).unwrap();
        other.put_samples(&[Sample { reading: Reading {
            at: T0.plus(Span::minutes(77)), ..sample(0, 0, 1.0, "import").reading
        }, ..sample(0, 0, 1.0, "import") }]).unwrap();
        if candle.is_none() {
            let fresh: Vec<Sample> = rest.iter()
                .filter(|s| s.reading.at >= T0.plus(Span::days(*days.last().unwrap())))
                .cloned().collect();
            store.put_polled(&fresh).unwrap();
            other.put_polled(&fresh).unwrap();
            prop_assert_eq!(outcomes(&store, end), outcomes(&other, end));
        }

        // Even without what was recorded of them, the kept samples alone give the same figures.
        if candle.is_none() {
            conn.execute_batch("DELETE FROM fold_base").unwrap();
            store.rebuild_derived().unwrap();
            let (kept, all) = (outcomes(&store, end), outcomes(&other, end));
            for (id, all) in all {
                let kept = &kept[&id];
                prop_assert_eq!(kept.entry, all.entry);
                prop_assert_eq!(kept.ath, all.ath);
                prop_assert_eq!(kept.fin, all.fin);
                prop_assert_eq!(kept.returns, all.returns);
                prop_assert_eq!(kept.worst_from_entry, all.worst_from_entry);
                prop_assert_eq!(kept.max_drawdown, all.max_drawdown);
                prop_assert_eq!(kept.state, all.state);
            }
        }
    }
}
