//! Candles: from a file to the outcome of a call, through the binary; and the store's promise
//! that folds do not depend on the order in which samples and candles came.

#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::format_push_string,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod cli_support;

use std::collections::BTreeMap;
use std::path::PathBuf;

use callboard::domain::{
    Call, CallFacts, CallId, Candle, Decision, Features, Fold, LiquidityOf, Observation, Price,
    Reading, Rules, Seen, Span, Timestamp, TokenKey,
};
use callboard::store::{Put, Sample, Store, TokenCandle};
use cli_support::{Machine, close, find};
use proptest::prelude::*;
use serde_json::{Value, json};

const HEAD: &str = "chain,address,interval,opened_at,open,high,low,close,volume_usd\n";

fn row(report: &Value, id: &str) -> Value {
    find(&report["calls"]["rows"], "id", id).clone()
}

#[test]
fn a_call_gets_its_entry_its_ath_and_its_final_from_candles() {
    let machine = Machine::new();
    machine.import(
        "calls.csv",
        "id,source,chain,address,called_at,entry_price\n\
         none,s,solana,TOKEN,2025-10-01T10:00:30Z,\n\
         stated,s,solana,TOKEN,2025-10-01T10:00:30Z,2.0\n",
    );
    let candles = format!(
        "{HEAD}\
         solana,TOKEN,1m,2025-10-01T10:00:00Z,1.0,9.0,0.1,1.0,100\n\
         solana,TOKEN,1m,2025-10-01T10:01:00Z,1.0,6.0,0.5,2.0,\n\
         solana,TOKEN,1h,2025-10-01T11:00:00Z,2.0,50.0,1.5,2.0,\n\
         solana,TOKEN,1h,2025-10-08T09:00:00Z,2.0,2.5,1.5,1.8,\n\
         solana,TOKEN,1h,2025-10-08T10:00:00Z,2.0,70.0,1.5,60,\n"
    );
    let ran = machine.import("candles.csv", &candles);
    assert_eq!(
        ran.out,
        "candles.csv: candles: 5 read, 5 new, 0 updated, 0 unchanged, 0 refused\n"
    );
    let before = machine.report("calls", "2025-10-09T00:00:00Z", &[]);
    let none = row(&before, "none");
    for (field, want) in [
        ("entry_price", json!(1.0)),
        ("entry_origin", json!("candle")),
        ("entry_delay_s", json!(30.0)),
        ("status", json!("completed")),
        ("ath_multiple", json!(6.0)),
        ("ath_origin", json!("candle")),
        ("ath_at", json!("2025-10-01T10:02:00Z")),
        ("final_multiple", json!(1.8)),
        ("final_basis", json!("candle")),
        ("last_at", json!("2025-10-08T10:00:00Z")),
        ("category", json!("MOON")),
        ("worst_from_entry_pct", json!(-50.0)),
    ] {
        if let Some(want) = want.as_f64() {
            close(&none[field], want, field);
        } else {
            assert_eq!(none[field], want, "{field}");
        }
    }
    // Slots: 10:01 to 10:02 lies in the first; each of two hours touches thirteen, since slots
    // begin with the call, half a minute past.
    close(
        &none["coverage_pct"],
        (1.0 + 13.0 + 13.0) / 2016.0 * 100.0,
        "coverage",
    );
    let stated = row(&before, "stated");
    assert_eq!(stated["entry_origin"], "stated");
    close(&stated["ath_multiple"], 3.0, "ath over the stated entry");

    let ran = machine.import("candles.csv", &candles);
    assert_eq!(
        ran.out,
        "candles.csv: candles: 5 read, 0 new, 0 updated, 5 unchanged, 0 refused\n"
    );
    assert_eq!(machine.report("calls", "2025-10-09T00:00:00Z", &[]), before);

    // A candle that has not ended is not seen.
    let early = machine.report("calls", "2025-10-01T10:01:30Z", &[]);
    let none = row(&early, "none");
    close(&none["last_price"], 1.0, "only the first close");
    close(&none["ath_multiple"], 1.0, "no high yet");
    let earlier = machine.report("calls", "2025-10-01T10:00:45Z", &[]);
    assert_eq!(row(&earlier, "none")["status"], "waiting");

    // A sample in time is a better entry, also when it comes last.
    machine.import(
        "prices.csv",
        "chain,address,at,price_usd\nsolana,TOKEN,2025-10-01T10:03:00Z,1.5\n",
    );
    let after = row(
        &machine.report("calls", "2025-10-09T00:00:00Z", &[]),
        "none",
    );
    assert_eq!(after["entry_origin"], "sampled");
    close(&after["entry_delay_s"], 150.0, "delay");
    close(&after["entry_price"], 1.5, "entry");
}

#[test]
fn bad_candles_are_refused_by_column_and_rounded_ones_are_not() {
    let machine = Machine::new();
    let rows = [
        "A,1m,1759312800,1,2,0.5,1.5,",
        "A,1m,1759312800,1,2,0.5,1.5,10",
        "A,1m,1759312800,1,2,0.5,1.6,10",
        "A,1m,1759312800,1,2,0.5,1.5,11",
        "A,1w,1759312860,1,2,0.5,1.5,",
        "A,,1759312860,1,2,0.5,1.5,",
        "A,1m,1759312860,1,1.4,0.5,1.5,",
        "A,1m,1759312860,1,2,1.2,1.5,",
        "A,1m,1759312860,1,2,0,1.5,",
        "A,1m,1759312860,1,2,,1.5,",
        "A,1m,,1,2,0.5,1.5,",
        ",1m,1759312860,1,2,0.5,1.5,",
        "A,1m,1759312860,1.003,1,1,0.996,",
        "A,5m,1759312800,1,2,0.5,1.5,",
    ];
    let content = format!(
        "address,interval,opened_at,open,high,low,close,volume_usd\n{}\n",
        rows.join("\n")
    );
    let ran = machine.try_import("c.csv", content);
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.out,
        "c.csv: candles: 14 read, 3 new, 1 updated, 0 unchanged, 10 refused\n"
    );
    for part in [
        "c.csv:4: refused: close 1.6 contradicts 1.5",
        "c.csv:5: refused: volume_usd 11 contradicts 10",
        "c.csv:6, interval: refused: '1w' is not an interval",
        "c.csv:7, interval: refused: it is missing",
        "c.csv:8, high: refused: it is under",
        "c.csv:9, low: refused: it is over",
        "c.csv:10, low: refused: 0 is not a price",
        "c.csv:11, low: refused: it is missing",
        "c.csv:12, opened_at: refused: it is missing",
        "c.csv:13, address: refused: it is missing",
    ] {
        assert!(ran.err.contains(part), "{part} is not in\n{}", ran.err);
    }
}

#[test]
fn a_candle_belongs_to_its_address_its_token_or_its_pool() {
    let machine = Machine::new();
    machine.import(
        "calls.csv",
        "id,source,address,called_at,entry_price\n\
         t,s,TOKEN,2025-10-01T09:00:00Z,1\np,s,POOL,2025-10-01T09:00:00Z,1\n",
    );
    let ran = machine.run_with(
        &["import", "candles", "-"],
        "{\"token\":\"TOKEN\",\"pool\":\"POOL\",\"interval\":\"1h\",\"opened_at\":\"2025-10-01T10:00:00Z\",\"open\":1,\"high\":3,\"low\":1,\"close\":2}\n\
         {\"pool\":\"POOL\",\"interval\":\"1h\",\"opened_at\":\"2025-10-01T10:00:00Z\",\"open\":1,\"high\":4,\"low\":1,\"close\":2}\n",
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let report = machine.report("calls", "2025-10-09T00:00:00Z", &[]);
    close(&row(&report, "t")["ath_multiple"], 3.0, "by its token");
    close(&row(&report, "p")["ath_multiple"], 4.0, "by its pool");
}

#[test]
fn recorded_candles_go_in_and_change_nothing_the_second_time() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let beside = root.parent().unwrap().join("shared/data");
    let named = std::env::var_os("CALLBOARD_TEST_DATA").map(PathBuf::from);
    let Some(data) = beside.is_dir().then_some(beside).or(named) else {
        eprintln!("skipped: there is no recorded data");
        return;
    };
    let machine = Machine::new();
    let path = data.join("candles.csv");
    let path = path.to_str().unwrap();
    // The busiest pool's token, an hour after its first minute.
    machine.import(
        "calls.csv",
        "id,source,address,called_at\n\
         cbrl,s,5LKHMd2rMSRaG9y4iHwSLRtrJ3dCrJ2CytvBeak8pump,2025-09-04T02:20:30Z\n\
         btc,s,BTC,2025-10-27T00:30:00Z\n",
    );
    for counts in [
        "27184 new, 0 updated, 0 unchanged",
        "0 new, 0 updated, 27184 unchanged",
    ] {
        let ran = machine.run(&["import", path]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        assert_eq!(
            ran.out,
            format!("{path}: candles: 27184 read, {counts}, 0 refused\n")
        );
    }
    let report = machine.report("calls", "2025-11-20T00:00:00Z", &[]);
    let cbrl = row(&report, "cbrl");
    assert_eq!(cbrl["entry_origin"], "candle");
    assert_eq!(cbrl["ath_origin"], "candle");
    let btc = row(&report, "btc");
    assert_eq!(btc["entry_origin"], "candle");
    close(&btc["entry_delay_s"], 1800.0, "the end of the hour");
    assert!(btc["coverage_pct"].as_f64().unwrap() > 95.0);
}

const T0: Timestamp = Timestamp::from_millis(1_760_000_000_000);

fn token() -> TokenKey {
    TokenKey::new(Some("solana"), "TOKEN").unwrap()
}

fn call(id: &str, minute: i64, entry: Option<f64>) -> Call {
    Call {
        id: CallId(id.to_owned()),
        source: "s".to_owned(),
        chain: "solana".to_owned(),
        token: Some(token()),
        symbol: None,
        name: None,
        called_at: T0.plus(Span::minutes(minute)),
        stated_entry: entry.and_then(Price::new),
        market_cap_usd: None,
        liquidity_usd: None,
        rejected_by: None,
        features: Features::default(),
    }
}

/// What is to be stored: a sample or a candle.
fn anything() -> impl Strategy<Value = Vec<Seen>> {
    let sample = (0i64..40, 0.01f64..10.0).prop_map(|(minute, price)| {
        Seen::Sample(Observation {
            at: T0.plus(Span::minutes(minute)),
            price: Price::new(price),
            liquidity_usd: None,
            liquidity_of: LiquidityOf::Pool,
            market_cap_usd: None,
            absent: false,
        })
    });
    let candle = (
        -20i64..40,
        prop::sample::select(vec![1i64, 5, 15]),
        (0.01f64..10.0, 0.01f64..10.0, 1.0f64..12.0, 0.01f64..1.0),
    )
        .prop_map(|(minute, minutes, (open, close, up, down))| {
            let price = |usd: f64| Price::new(usd).unwrap();
            Seen::Candle(Candle {
                opened_at: T0.plus(Span::minutes(minute)),
                interval: Span::minutes(minutes),
                open: price(open),
                high: price(open.max(close) * up),
                low: price(open.min(close) * down),
                close: price(close),
                volume_usd: None,
            })
        });
    let seen = prop_oneof![sample, candle];
    // One record for each key: another one would be refused.
    prop::collection::vec(seen, 1..50).prop_map(|all| {
        let keyed: BTreeMap<_, _> = all
            .into_iter()
            .map(|seen| {
                let (at, interval) = seen.order();
                ((at, interval), seen)
            })
            .collect();
        keyed.into_values().collect()
    })
}

fn put(store: &mut Store, seen: &Seen) -> Vec<Put> {
    match seen {
        Seen::Sample(o) => {
            let sample = Sample {
                token: token(),
                reading: Reading {
                    at: o.at,
                    price: o.price,
                    liquidity_usd: None,
                    market_cap_usd: None,
                    absent: false,
                    provider: "import".to_owned(),
                    pool: None,
                },
                decision: Decision::Accepted,
            };
            store.put_samples(&[sample]).unwrap().0
        }
        Seen::Candle(candle) => put_candles(store, &[*candle]),
    }
}

fn put_candles(store: &mut Store, candles: &[Candle]) -> Vec<Put> {
    let candles: Vec<_> = candles
        .iter()
        .map(|candle| TokenCandle {
            token: token(),
            candle: *candle,
            pool: None,
        })
        .collect();
    store.put_candles(&candles).unwrap().0
}

fn folds(store: &Store, as_of: Option<Timestamp>) -> BTreeMap<String, Fold> {
    let calls = store.load(as_of).unwrap().calls;
    calls.into_iter().map(|c| (c.call.id.0, *c.fold)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Candles and samples in any order, one by one or candles in batches, with the calls before
    /// or after them, give the folds of a rebuild and of a direct computation; and what is seen
    /// as of an instant is what had ended by then.
    #[test]
    fn any_order_gives_the_folds_of_a_rebuild(
        (all, shuffled) in anything().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        batched in any::<bool>(),
        calls_at in 0usize..50,
        minute in 0i64..60,
    ) {
        let home = tempfile::tempdir().unwrap();
        let rules = Rules::default();
        let mut store = Store::open(&home.path().join("test.db"), rules).unwrap();
        let calls = [call("stated", 0, Some(1.0)), call("none", 3, None), call("late", 17, None)];
        let mut candles = Vec::new();
        for (i, seen) in shuffled.iter().enumerate() {
            if i == calls_at {
                store.put_calls(&calls).unwrap();
            }
            match seen {
                Seen::Candle(candle) if batched => candles.push(*candle),
                seen => prop_assert_eq!(put(&mut store, seen), [Put::New]),
            }
            if candles.len() == 4 {
                put_candles(&mut store, &std::mem::take(&mut candles));
            }
        }
        put_candles(&mut store, &candles);
        store.put_calls(&calls).unwrap();
        let mut direct = all;
        direct.sort_by_key(Seen::order);
        let over = |all: &[Seen]| -> BTreeMap<String, Fold> {
            calls.iter().map(|c| (c.id.0.clone(), Fold::over_all(&CallFacts::from(c), &rules, all))).collect()
        };
        let incremental = folds(&store, None);
        prop_assert_eq!(&incremental, &over(&direct));
        for seen in &direct {
            prop_assert_eq!(put(&mut store, seen), [Put::Unchanged]);
        }
        prop_assert_eq!(&folds(&store, None), &incremental);
        store.rebuild_folds().unwrap();
        prop_assert_eq!(&folds(&store, None), &incremental);

        let as_of = T0.plus(Span::minutes(minute));
        direct.retain(|seen| seen.at() <= as_of);
        prop_assert_eq!(folds(&store, Some(as_of)), over(&direct));
    }
}

#[test]
fn a_database_from_before_candles_is_brought_up_to_date() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("test.db");
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch(include_str!("../assets/migrations/0001_spine.sql"))
        .unwrap();
    raw.execute_batch(&format!(
        "PRAGMA application_id = 0x434C4244; PRAGMA user_version = 1; \
         INSERT INTO meta VALUES ('folds', '1/604800000'); \
         INSERT INTO token VALUES (1, 'solana', 'TOKEN'); \
         INSERT INTO provider VALUES (1, 'import'); \
         INSERT INTO call (seq, id, source, chain, token_id, called_at) \
         VALUES (1, 'c', 's', 'solana', 1, {at}); \
         INSERT INTO sample VALUES (1, {at} + 60000, 1, 0, 2.0, NULL, NULL, NULL); \
         INSERT INTO fold VALUES (1, x'00'); INSERT INTO folded VALUES (1, {at} + 60000);",
        at = T0.millis()
    ))
    .unwrap();
    drop(raw);
    let mut store = Store::open(&path, Rules::default()).unwrap();
    assert_eq!(
        folds(&store, None)["c"].entry.unwrap().price,
        Price::new(2.0).unwrap()
    );
    let price = |usd: f64| Price::new(usd).unwrap();
    let candle = Candle {
        opened_at: T0.plus(Span::minutes(1)),
        interval: Span::minutes(5),
        open: price(2.0),
        high: price(6.0),
        low: price(1.0),
        close: price(3.0),
        volume_usd: None,
    };
    assert_eq!(put_candles(&mut store, &[candle]), [Put::New]);
    assert_eq!(folds(&store, None)["c"].peak.unwrap().price, price(6.0));
}
