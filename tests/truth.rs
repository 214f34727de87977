//! Rules that were broken once: each of these figures was wrong, and must not be again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod cli_support;

use callboard::analytics::Guards;
use callboard::board::{Board, Settings};
use callboard::domain::{
    Call, CallId, Decision, Features, Outcome, Price, Reading, Rules, Span, Timestamp, TokenKey,
};
use callboard::store::{Sample, Store};
use cli_support::Machine;
use serde_json::Value;

const T0: Timestamp = Timestamp::from_millis(1_760_000_000_000);

fn rules(days: i64) -> Rules {
    Rules {
        window: Span::days(days),
        ..Rules::default()
    }
}

fn token() -> TokenKey {
    TokenKey::new(Some("test"), "token").unwrap()
}

fn call() -> Call {
    Call {
        id: CallId("c".to_owned()),
        source: "s".to_owned(),
        chain: "test".to_owned(),
        token: Some(token()),
        symbol: None,
        name: None,
        called_at: T0,
        stated_entry: Price::new(1.0),
        market_cap_usd: None,
        liquidity_usd: None,
        rejected_by: None,
        features: Features::new(),
    }
}

fn sample(hours: i64, price: f64) -> Sample {
    Sample {
        token: token(),
        reading: Reading {
            at: T0.plus(Span::hours(hours)),
            price: Price::new(price),
            liquidity_usd: None,
            market_cap_usd: None,
            absent: false,
            provider: "import".to_owned(),
            pool: None,
        },
        decision: Decision::Accepted,
    }
}

fn outcome(store: &Store, rules: Rules, as_of: Timestamp) -> Outcome {
    let settings = Settings {
        rules,
        min_rank_n: 10,
        guards: Guards::default(),
    };
    let board = Board::new(store.load(Some(as_of)).unwrap(), settings);
    board.judged(as_of).remove(0).outcome
}

#[test]
fn two_programs_with_different_windows_each_see_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let mut week = Store::open(&path, rules(7)).unwrap();
    week.put_calls(&[call()]).unwrap();
    week.put_samples(&[sample(10, 1.3)]).unwrap();
    let mut day = Store::open(&path, rules(1)).unwrap();
    // The other one's folds are in the file now, and this one goes on writing.
    week.put_samples(&[sample(30, 9.0)]).unwrap();
    let later = T0.plus(Span::days(8));
    let ath = |store: &Store, days| {
        let outcome = outcome(store, rules(days), later);
        outcome.ath.unwrap().multiple.value()
    };
    assert_eq!(ath(&week, 7), 9.0);
    assert_eq!(ath(&day, 1), 1.3);
    day.put_samples(&[sample(20, 1.4)]).unwrap();
    assert_eq!(ath(&day, 1), 1.4);
    assert_eq!(ath(&week, 7), 9.0);
    let again = Store::open(&path, rules(1)).unwrap();
    assert_eq!(ath(&again, 1), 1.4);
}

#[test]
fn a_sample_of_the_future_is_unseen_until_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("x.db"), rules(7)).unwrap();
    store.put_calls(&[call()]).unwrap();
    store
        .put_samples(&[sample(1, 0.5), sample(24, 99.0)])
        .unwrap();
    let now = T0.plus(Span::hours(5));
    let loaded = store.load(Some(now)).unwrap();
    assert_eq!(loaded.next_unseen, Some(T0.plus(Span::hours(24))));
    let seen = outcome(&store, rules(7), now);
    assert_eq!(seen.last.unwrap().price.usd(), 0.5);
    assert_eq!(seen.ath.unwrap().multiple.value(), 1.0);
    let then = T0.plus(Span::hours(25));
    assert_eq!(store.load(Some(then)).unwrap().next_unseen, None);
    let seen = outcome(&store, rules(7), then);
    assert_eq!(seen.ath.unwrap().multiple.value(), 99.0);
}

const CALLED: &str = "2025-10-01T00:00:00Z";
const DONE: &str = "2025-10-09T00:00:00Z";

fn report(machine: &Machine) -> Value {
    let text = machine.text(&["--report", "--format", "json", "--as-of", DONE]);
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_pool_that_was_emptied_before_the_first_poll_is_a_rug_and_ends_at_nothing() {
    let machine = Machine::new();
    machine.import(
        "c.csv",
        format!("id,source,chain,address,called_at,entry_price,liquidity_usd\nc,s,test,T,{CALLED},1.0,50000\n"),
    );
    let mut prices = String::from("chain,address,at,price_usd,liquidity_usd\n");
    for minute in 1..60 {
        prices.push_str(
            &[
                "test,T,2025-10-01T00:",
                &format!("{minute:02}"),
                ":00Z,0.01,0\n",
            ]
            .concat(),
        );
    }
    machine.import("p.csv", prices);
    let row = report(&machine)["calls"]["rows"][0].clone();
    assert_eq!(row["rug_state"], "rug");
    assert_eq!(row["final_basis"], "no market");
    assert_eq!(row["final_multiple"], 0.0);
    assert_eq!(row["category"], "CRASH");
}

#[test]
fn a_price_beyond_belief_is_refused_and_spoils_no_figure() {
    let machine = Machine::new();
    machine.import(
        "c.csv",
        format!("id,source,chain,address,called_at,entry_price\na,s,test,A,{CALLED},1.0\nb,s,test,B,{CALLED},1.0\n"),
    );
    let ran = machine.try_import(
        "p.csv",
        "chain,address,at,price_usd\ntest,A,2025-10-07T23:00:00Z,2.0\ntest,B,2025-10-07T23:00:00Z,1e300\n",
    );
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("p.csv:3, price_usd"), "{ran:?}");
    let overall = report(&machine)["categories"]["overall"].clone();
    assert_eq!(
        (&overall["n"], &overall["ath_mean"]),
        (&1.into(), &2.0.into())
    );
    let ran = machine.try_import(
        "t.csv",
        "id,model,closed_at,realized_pnl\nt,m,1759276800,1.7e308\n",
    );
    assert!(ran.err.contains("t.csv:2, realized_pnl"), "{ran:?}");
}

#[test]
fn a_peak_that_was_looked_at_too_early_is_no_settled_pump_with_or_without_a_final() {
    let machine = Machine::new();
    machine.import(
        "c.csv",
        format!("id,source,called_at,symbol,flag\na,s,{CALLED},A,true\nb,s,{CALLED},B,true\nc,s,{CALLED},C,true\n"),
    );
    machine.import(
        "o.csv",
        "id,peak_multiple,final_multiple,observed_until\na,3,,2025-10-01T01:00:00Z\nb,3,1.2,2025-10-01T01:00:00Z\nc,3,,\n",
    );
    assert_eq!(report(&machine)["features"]["n"], 1);
}

#[test]
fn an_imported_final_above_every_price_seen_makes_an_imported_ath() {
    let machine = Machine::new();
    machine.import(
        "c.csv",
        format!("id,source,chain,address,called_at,entry_price\nc,s,test,T,{CALLED},1.0\n"),
    );
    machine.import(
        "p.csv",
        "chain,address,at,price_usd\ntest,T,2025-10-01T01:00:00Z,1.0\ntest,T,2025-10-01T02:00:00Z,1.1\n",
    );
    machine.import("o.csv", "id,final_multiple\nc,6\n");
    let row = report(&machine)["calls"]["rows"][0].clone();
    assert_eq!(row["ath_multiple"], 6.0);
    assert_eq!(row["ath_origin"], "imported");
    assert_eq!(row["final_basis"], "imported");
}

#[test]
fn a_feature_never_stands_in_for_a_field_of_the_call() {
    let machine = Machine::new();
    machine.import(
        "c.jsonl",
        "{\"features\":{\"id\":\"evil\",\"liquidity_usd\":5,\"source\":\"x\"},\"source\":\"bot\",\"symbol\":\"X\",\"called_at\":\"2025-10-01T00:00:00Z\"}\n",
    );
    let row = report(&machine)["calls"]["rows"][0].clone();
    assert_eq!(row["source"], "bot");
    assert_ne!(row["id"], "evil");
    let reported = report(&machine)["features"].clone();
    assert_eq!(reported["n"], 0, "nothing is known of it but what it said");
}

#[test]
fn a_trade_without_an_id_is_the_same_however_it_is_written() {
    let machine = Machine::new();
    machine.import(
        "t.csv",
        "model,closed_at,realized_pnl\nm,2025-10-01T00:00:00Z,5\n",
    );
    let ran = machine.import("u.csv", "model,closed_at,realized_pnl\nm,1759276800,5.0\n");
    assert!(ran.out.contains("0 new, 0 updated, 1 unchanged"), "{ran:?}");
}
