//! The categories section: who deserves a follow, and what following was like.

#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::format_push_string,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod cli_support;

use cli_support::{Machine, close, find};
use serde_json::Value;

const AS_OF: &str = "2025-11-01T00:00:00Z";

fn categories(machine: &Machine, more: &[&str]) -> Value {
    machine.report("categories", AS_OF, more)["categories"].clone()
}

/// Calls of one source with their ATH and final as an import gives them: source, ATH, final.
fn machine_of(outcomes: &[(&str, f64, f64)]) -> Machine {
    let machine = Machine::new();
    let mut calls = "id,source,address,chain,called_at,entry_price\n".to_owned();
    let mut rows = "id,peak_multiple,final_multiple\n".to_owned();
    for (i, (source, ath, fin)) in outcomes.iter().enumerate() {
        let minute = i % 60;
        let hour = i / 60 % 24;
        calls += &format!("c{i},{source},Mint{i},solana,2025-10-02T{hour:02}:{minute:02}:00Z,1\n");
        rows += &format!("c{i},{ath},{fin}\n");
    }
    machine.import("calls.csv", calls);
    machine.import("outcomes.csv", rows);
    machine
}

/// Predecessors T3; its multiples under 1 are floored at the entry, which counts.
#[test]
fn mean_median_deviation_and_winners_of_the_vector() {
    let ath: [f64; 15] = [
        3.25, 0.93, 2.15, 4.5, 0.75, 2.8, 1.5, 3.1, 0.85, 2.4, 1.75, 2.9, 5.2, 1.2, 2.6,
    ];
    let all: Vec<_> = ath.iter().map(|a| ("eric", *a, a.min(1.0))).collect();
    let machine = machine_of(&all);
    let found = categories(&machine, &[]);
    let eric = &found["sources"][0];
    let winners: u64 = ["MOON", "WINNER", "GOOD"]
        .iter()
        .map(|c| eric["counts"][c].as_u64().unwrap())
        .sum();
    assert_eq!((winners, eric["n"].as_u64()), (11, Some(15)));
    close(&eric["win_rate"], 11.0 / 15.0, "win rate");
    close(&eric["ath_median"], 2.4, "median");
    // 2.392 and 1.30746 with the three under 1 as they were.
    let floored: Vec<f64> = ath.iter().map(|a| a.max(1.0)).collect();
    let mean = floored.iter().sum::<f64>() / 15.0;
    let sd = (floored.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / 14.0).sqrt();
    close(&eric["ath_mean"], mean, "mean");
    close(&eric["ath_sd"], sd, "sd");
    assert_eq!(eric["tier"], "Good");
}

#[test]
fn nothing_is_left_out_in_silence() {
    let machine = machine_of(&[("a", 2.0, 1.5), ("a", 3.0, 0.2), ("b", 1.1, 1.0)]);
    machine.import(
        "more.csv",
        "id,source,address,chain,called_at,entry_price,rejected_by\n\
         r1,a,Mint0,solana,2025-10-03T00:00:00Z,1,\n\
         r2,a,Other,solana,2025-10-03T00:00:00Z,1,gate\n\
         r3,a,Else,solana,2025-10-03T00:00:00Z,,\n\
         r4,c,Third,solana,2025-10-31T00:00:00Z,1,\n\
         r5,a,Fourth,solana,2025-10-03T00:00:00Z,1,\n",
    );
    let found = categories(&machine, &[]);
    let overall = &found["overall"];
    let counts = overall["counts"].as_object().unwrap();
    let sum: u64 = counts.values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!((sum, overall["n"].as_u64()), (3, Some(3)));
    let calls = &overall["calls"];
    // Calls in their window are of no completed range.
    assert_eq!(calls["total"], 7);
    let parts: u64 = ["completed", "unpriced", "recalls", "rejected"]
        .iter()
        .map(|part| calls[part].as_u64().unwrap())
        .sum();
    assert_eq!(parts, 7);
    assert_eq!(found["left_out"]["no_final"], 1);
    let provisional = categories(&machine, &["--provisional"]);
    assert_eq!(provisional["overall"]["calls"]["tracking"], 1);
    // One whose calls all wait is there, without rates.
    let waiting = find(&provisional["sources"], "source", "c");
    assert_eq!(
        (&waiting["n"], &waiting["win_rate"]),
        (&0.into(), &Value::Null)
    );
    let text = machine.text(&["--report", "categories", "--as-of", AS_OF]);
    for part in ["3 of 7 calls", "re-calls", "no final", "in the rates"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn concentration_and_bands() {
    let mut all = vec![("a", 101.0, 1.0)];
    all.extend(std::iter::repeat_n(("a", 2.0, 1.0), 10));
    all.extend(std::iter::repeat_n(("a", 1.0, 0.1), 9));
    let machine = machine_of(&all);
    let overall = categories(&machine, &[])["overall"].clone();
    close(&overall["top_1_share"], 100.0 / 110.0, "top 1");
    close(&overall["top_10_share"], 109.0 / 110.0, "top 10");
    close(
        &overall["ath_mean_without_top_1"],
        1.0 + 10.0 / 19.0,
        "without 1",
    );
    close(&overall["ath_mean_without_top_10"], 1.1, "without 10");

    let machine = Machine::new();
    machine.import(
        "calls.csv",
        "id,source,address,chain,called_at,entry_price,market_cap_usd,dex,age_minutes,final_score\n\
         a,s,A,solana,2025-10-02T00:00:00Z,1,9999999,orca,59,7.5\n\
         b,s,B,solana,2025-10-02T00:00:00Z,1,10000000,Orca,60,7\n\
         c,s,C,solana,2025-10-02T00:00:00Z,1,1e9,raydium,20000,55\n\
         d,s,D,solana,2025-10-02T00:00:00Z,1,,,,\n",
    );
    machine.import(
        "outcomes.csv",
        "id,peak_multiple,final_multiple\na,2,2\nb,1,0.1\nc,1,1\nd,1,1\n",
    );
    let found = categories(&machine, &[]);
    let bands = |by: &str| -> Vec<(String, u64)> {
        find(&found["bands"], "by", by)["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                let name = row["band"].as_str().unwrap().to_owned();
                (name, row["n"].as_u64().unwrap())
            })
            .collect()
    };
    let named = |rows: &[(&str, u64)]| -> Vec<(String, u64)> {
        rows.iter().map(|(s, n)| ((*s).to_owned(), *n)).collect()
    };
    assert_eq!(
        bands("market_cap"),
        named(&[
            ("micro (under 10M)", 1),
            ("small (from 10M)", 1),
            ("large (from 1B)", 1),
            ("unknown", 1)
        ])
    );
    assert_eq!(
        bands("dex"),
        named(&[("orca", 2), ("raydium", 1), ("unknown", 1)])
    );
    assert_eq!(
        bands("age"),
        named(&[
            ("under 1 h", 1),
            ("1 h to 6 h", 1),
            ("7 d and older", 1),
            ("unknown", 1)
        ])
    );
    assert_eq!(
        bands("score"),
        named(&[("7", 2), ("50 to 59", 1), ("unknown", 1)])
    );
}

#[test]
fn who_was_first_what_being_late_costs_and_when_2x_came() {
    let machine = Machine::new();
    machine.import(
        "calls.csv",
        "id,source,address,chain,called_at,entry_price\n\
         a1,a,M,solana,2025-10-02T00:00:00Z,1\n\
         b1,b,M,solana,2025-10-02T01:00:00Z,2\n\
         b2,b,N,solana,2025-10-02T01:00:00Z,1\n",
    );
    machine.import(
        "prices.csv",
        "chain,address,at,price_usd\n\
         solana,M,2025-10-02T00:00:30Z,1\n\
         solana,M,2025-10-02T00:01:30Z,1.25\n\
         solana,M,2025-10-02T00:06:00Z,1.5\n\
         solana,M,2025-10-02T00:20:00Z,2.5\n\
         solana,M,2025-10-08T23:30:00Z,1.2\n",
    );
    let found = categories(&machine, &[]);
    let a = find(&found["sources"], "source", "a");
    assert_eq!(
        (&a["n"], &a["reached_2x"], &a["followed"]),
        (&1.into(), &1.into(), &1.into())
    );
    close(&a["hours_to_2x_median"], 20.0 / 60.0, "to 2x");
    close(&a["hours_to_ath_median"], 20.0 / 60.0, "to ATH");
    close(&a["follower_mean"], 1.6, "half at 2x, half at 1.2x");
    close(&a["late_1m_final_median"], 1.2 / 1.25, "a minute late");
    close(&a["late_1m_final_median_on_time"], 1.2, "on time");
    close(&a["late_5m_paid_median"], 1.5, "paid");
    // The first price after a quarter of an hour came five minutes later: nobody knows.
    assert_eq!(a["late_15m_n"], 0);
    assert!(a["late_15m_final_median"].is_null());
    assert_eq!(a["originality"], 1.0);
    assert!(a["median_lag_s"].is_null());
    let b = find(&found["sources"], "source", "b");
    assert_eq!(
        (&b["originality"], &b["originality_n"]),
        (&0.0.into(), &1.into())
    );
    assert_eq!(b["median_lag_s"], 3600.0);
    assert!(a["rank"].is_null() && a["tier"] == "Unproven");
}

#[test]
fn drift_compares_the_last_thirty_days_with_those_before() {
    let machine = Machine::new();
    let mut calls = "id,source,address,chain,called_at,entry_price\n".to_owned();
    let mut outcomes = "id,peak_multiple,final_multiple\n".to_owned();
    for i in 0..40 {
        // Windows end on 10 August and on 20 October.
        let (day, fin) = if i < 20 {
            ("2025-08-03", 2.0)
        } else {
            ("2025-10-13", 0.1)
        };
        calls += &format!("c{i},a,M{i},solana,{day}T00:00:00Z,1\n");
        outcomes += &format!("c{i},3,{fin}\n");
    }
    machine.import("calls.csv", calls);
    machine.import("outcomes.csv", outcomes);
    for range in ["7d", "30d", "all"] {
        let found = categories(&machine, &["--range", range]);
        let Some(a) = found["sources"].get(0) else {
            assert_eq!(range, "7d");
            continue;
        };
        assert_eq!(
            (&a["drift_n_recent"], &a["drift_n_before"]),
            (&20.into(), &20.into())
        );
        close(&a["drift"], -1.0, "drift");
        assert!(a["drift_high"].as_f64().unwrap() < -0.7, "{a}");
    }
}

#[test]
fn a_lucky_source_is_not_first_and_equal_ones_are_tied() {
    let mut all = vec![("lucky", 1000.0, 1000.0)];
    all.extend(std::iter::repeat_n(("lucky", 1.05, 0.03), 24));
    for source in ["x", "y", "z"] {
        for i in 0..25 {
            let fin: f64 = [2.1, 1.05, 0.95, 0.7, 0.4][i % 5];
            all.push((source, fin.max(1.0) * 1.2, fin));
        }
    }
    let found = categories(&machine_of(&all), &[]);
    let lucky = find(&found["sources"], "source", "lucky");
    assert_eq!((&lucky["rank"], &lucky["rank_low"]), (&4.into(), &4.into()));
    assert!(lucky["final_mean"].as_f64() > found["sources"][0]["final_mean"].as_f64());
    for source in ["x", "y", "z"] {
        let row = find(&found["sources"], "source", source);
        let places = (&row["rank"], &row["rank_low"], &row["rank_high"]);
        assert_eq!(places, (&1.into(), &1.into(), &3.into()), "{source}");
    }
}

/// A source that announces its gains only, and leaves the rest out, must not make the first figure
/// that a reader sees.
#[test]
fn a_rate_of_nothing_but_announced_gains_does_not_stand_first() {
    let machine = Machine::new();
    let mut calls = "id,source,address,chain,called_at,entry_price,good\n".to_owned();
    let mut outcomes = "id,peak_multiple,final_multiple\n".to_owned();
    for i in 0..80 {
        let source = if i < 50 { "brag" } else { "honest" };
        let (hour, minute) = (i / 60, i % 60);
        let good = i % 2;
        calls += &format!(
            "c{i},{source},Mint{i},solana,2025-10-02T{hour:02}:{minute:02}:00Z,1,{good}\n"
        );
        // Of the first only 30 of 50 are told, each a pump; of the second all, one in five a pump.
        if !(30..50).contains(&i) {
            let peak = if i < 30 || i % 5 == 0 { 3.0 } else { 1.1 };
            outcomes += &format!("c{i},{peak},0.9\n");
        }
    }
    machine.import("calls.csv", calls);
    machine.import("outcomes.csv", outcomes);
    let found = machine.report("features", AS_OF, &[])["features"].clone();
    assert_eq!(found["pump"]["k"], 36, "{}", found["pump"]);
    assert_eq!(found["sound"]["pump"]["k"], 6, "{}", found["sound"]);
    assert_eq!(found["sound"]["pump"]["n"], 30);
    let text = machine.text(&["--report", "features", "--as-of", AS_OF]);
    let line = text
        .lines()
        .find(|line| line.contains("pumped over"))
        .unwrap();
    assert!(
        line.contains("pumped over 50%: 20.0% (10-37) of 30"),
        "{text}"
    );
    let all = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        all.contains("60.0% (47-71) with those that report gains only"),
        "{text}"
    );
}
