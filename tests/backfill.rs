//! Past prices, by real processes: what was missed is filled from candles, what was before the
//! call does not count, and what was asked once is not asked again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::format_push_string,
    reason = "a test fails by panicking, and may look at the time to limit its waiting"
)]
#![cfg(unix)]

mod poller;
mod standin;

use std::fs;

use callboard::domain::{Span, Timestamp};
use poller::{Home, now, until};
use rustix::process::Signal;
use serde_json::Value;
use standin::{Fault, Token, curve_of, mint};

fn hours(h: i64) -> Span {
    Span::hours(h)
}

/// Calls of tokens, each so long ago.
fn call(home: &Home, calls: &[(String, Timestamp)]) {
    let mut csv = String::from("id,source,chain,address,called_at\n");
    for (mint, at) in calls {
        csv += &format!("{mint},test,solana,{mint},{}\n", at.rfc3339());
    }
    fs::write(home.path("calls.csv"), csv).unwrap();
    let (code, out, err) = home.run(&["import", "calls", "calls.csv"]);
    assert_eq!(code, 0, "{out}{err}");
}

fn rows(home: &Home) -> Vec<Value> {
    let (code, out, err) = home.run(&["--report", "calls", "--format", "json", "--provisional"]);
    assert_eq!(code, 0, "{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    report["calls"]["rows"].as_array().unwrap().clone()
}

fn row(home: &Home, id: &str) -> Value {
    let rows = rows(home);
    rows.into_iter().find(|row| row["id"] == id).unwrap()
}

fn near(value: &Value, want: f64) -> bool {
    value
        .as_f64()
        .is_some_and(|v| (v / want - 1.0).abs() < 0.02)
}

fn requests_for_candles(home: &Home) -> Vec<String> {
    let paths = home.standin.paths("geckoterminal");
    paths
        .into_iter()
        .filter(|path| path.contains("ohlcv"))
        .collect()
}

/// Three tokens with a past, and when each was called: one that is followed, one whose window is
/// over, and one that left its curve.
fn three_pasts(home: &Home, start: Timestamp) -> [Timestamp; 3] {
    // Called three days ago: 50x before the call, 8x a day after it, 2x now.
    let followed = start.minus(hours(72));
    home.standin.add(Token::solana(&mint(1)).priced(move |at| {
        let age = at.since(followed);
        Some(if age < Span::minutes(-5) && age > hours(-3) {
            50.0
        } else if age >= hours(24) && age < hours(25) {
            8.0
        } else if age > hours(60) {
            2.0
        } else {
            1.0
        })
    }));
    // Called nine days ago, its window is over: 3x, then a fall to a half that it ended at.
    let over = start.minus(hours(9 * 24));
    home.standin.add(Token::solana(&mint(2)).priced(move |at| {
        let age = at.since(over);
        Some(if age >= hours(24) && age < hours(30) {
            0.003
        } else if age >= hours(30) {
            0.0005
        } else {
            0.001
        })
    }));
    // It left its curve ten hours after the call; its high was in the curve's pool.
    let migrated = start.minus(hours(48));
    let left = migrated.plus(hours(10));
    home.standin.add(
        Token::solana(&mint(3))
            .priced(move |at| {
                let age = at.since(migrated);
                Some(if age >= hours(4) && age < hours(5) {
                    6.0
                } else {
                    1.0
                })
            })
            .migrating(left),
    );
    [followed, over, migrated]
}

#[test]
fn calls_of_the_past_get_their_entry_their_true_high_and_their_final() {
    let home = Home::new();
    let [followed, over, migrated] = three_pasts(&home, now());
    // The first answer about the past is cut off: it is asked again.
    home.standin
        .fault_next("geckoterminal", Fault::Truncated, 1);
    call(
        &home,
        &[(mint(1), followed), (mint(2), over), (mint(3), migrated)],
    );
    let track = home.track();
    until("the past of the first", || {
        near(&row(&home, &mint(1))["ath_multiple"], 8.0)
    });
    until("the past of the second", || {
        row(&home, &mint(2))["status"] == "completed"
            && near(&row(&home, &mint(2))["final_multiple"], 0.5)
    });
    until("the past of the third", || {
        near(&row(&home, &mint(3))["ath_multiple"], 6.0)
    });

    let first = row(&home, &mint(1));
    assert_eq!(first["entry_origin"], "candle", "{first}");
    assert!(near(&first["entry_price"], 1.0), "{first}");
    assert_eq!(first["ath_origin"], "candle");
    assert!(first["coverage_pct"].as_f64().unwrap() > 99.0, "{first}");
    until("a price of now", || {
        near(&row(&home, &mint(1))["last_price"], 2.0)
    });
    let second = row(&home, &mint(2));
    assert!(near(&second["ath_multiple"], 3.0), "{second}");
    assert_eq!(second["final_basis"], "candle");
    assert_eq!(second["category"], "LOSER");
    let pools = home.standin.paths("geckoterminal");
    assert!(pools.iter().any(|path| path.contains(&curve_of(&mint(3)))));
    let from = home.count(
        "SELECT count(*) FROM candle c JOIN provider p ON p.id = c.provider_id \
         WHERE p.name = 'geckoterminal' AND c.pool IS NOT NULL",
    );
    assert_eq!(from, home.count("SELECT count(*) FROM candle"));

    // Another run asks for none of it again, but for the minutes before the first one began to
    // poll: those were too young then.
    until("the log says so", || home.log().contains(" 0 left"));
    assert_eq!(track.stop(Signal::TERM).code(), Some(0));
    let asked = requests_for_candles(&home).len();
    let summaries = || home.log().matches(" 0 left").count();
    let before = summaries();
    let again = home.track();
    until("it polls and has looked for gaps", || {
        summaries() > before + 3
    });
    for request in &requests_for_candles(&home)[asked..] {
        assert!(request.contains("aggregate=1&"), "{request}");
    }
    drop(again);

    // And what was filled is what a rebuild gives.
    let before = rows(&home);
    let (code, out, err) = home.run(&["doctor", "--rebuild"]);
    assert!(out.contains("made anew"), "{code} {out}{err}");
    let after = rows(&home);
    for (old, new) in before.iter().zip(&after) {
        for field in [
            "ath_multiple",
            "ath_at",
            "entry_price",
            "coverage_pct",
            "peak_price",
        ] {
            assert_eq!(old[field], new[field], "{field}");
        }
    }
}
