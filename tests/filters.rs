//! `--where` through the binary: what it keeps, what it refuses, and that nothing brings it down.

#![allow(
    clippy::expect_used,
    clippy::format_push_string,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod cli_support;

use cli_support::Machine;
use serde_json::Value;

const AS_OF: &str = "2025-10-20T00:00:00Z";

fn machine() -> Machine {
    let machine = Machine::new();
    let mut calls =
        "id,source,chain,address,called_at,entry_price,liquidity_usd,lp_locked,score,mood\n"
            .to_owned();
    let mut outcomes = "id,peak_multiple,final_multiple,is_rug\n".to_owned();
    for i in 0..40 {
        let (locked, score) = match i % 4 {
            0 => ("true", "9"),
            1 => ("false", "7"),
            2 => ("", "8"),
            _ => ("true", ""),
        };
        let mood = if i % 2 == 0 { "it's fine" } else { "" };
        calls.push_str(&format!(
            "c{i},bot{},solana,A{i},2025-10-01T00:00:00Z,1,{},{locked},{score},{mood}\n",
            i % 3,
            1000 * i
        ));
        outcomes.push_str(&format!("c{i},{},1,false\n", 1 + i % 3));
    }
    machine.import("c.csv", calls);
    machine.import("o.csv", outcomes);
    machine
}

fn kept(machine: &Machine, condition: &str) -> usize {
    let report = machine.report("calls", AS_OF, &["--where", condition]);
    assert_eq!(report["where"], condition);
    report["calls"]["rows"].as_array().unwrap().len()
}

#[test]
fn only_matching_calls_are_in_the_report_and_unknown_matches_nothing() {
    let machine = machine();
    for (condition, n) in [
        ("lp_locked", 20),
        ("NOT lp_locked", 10),
        ("lp_locked IS NULL", 10),
        ("lp_locked OR lp_locked IS NULL", 30),
        ("score >= 8", 20),
        ("-score < -8", 10),
        ("score + 2*lp_locked >= 9", 10),
        ("NOT (score >= 8)", 10),
        ("score IN (7, 8) AND lp_locked = FALSE", 10),
        ("mood = 'it''s fine'", 20),
        ("source = 'bot1' AND liquidity_usd > 30000", 3),
    ] {
        assert_eq!(kept(&machine, condition), n, "{condition}");
    }
    for section in ["categories", "features"] {
        let all = machine.report(section, AS_OF, &[]);
        let some = machine.report(section, AS_OF, &["--where", "lp_locked"]);
        let n = |report: &Value| match section {
            "categories" => report["categories"]["overall"]["n"].clone(),
            _ => report["features"]["n"].clone(),
        };
        assert_eq!((n(&all), n(&some)), (40.into(), 20.into()), "{section}");
    }
    let text = machine.text(&[
        "--report",
        "categories",
        "--as-of",
        AS_OF,
        "--where",
        "lp_locked",
    ]);
    assert!(text.contains("calls where lp_locked"), "{text}");
}

#[test]
fn hostile_conditions_are_refused_in_one_line() {
    let machine = machine();
    let deep = "(".repeat(100_000);
    let nots = "NOT ".repeat(900);
    for condition in [
        "",
        "'; DROP TABLE call; --",
        "1; DELETE FROM call",
        "lp_locked UNION SELECT * FROM call",
        "(SELECT 1)",
        "load_extension('/tmp/x')",
        "score > (SELECT max(score) FROM call)",
        "mood = 'open",
        "\"score",
        "score\u{1b}]0;title\u{7} > 1",
        "sco\u{202e}re > 1",
        "scoer > 1",
        "score > 'seven'",
        &deep,
        &nots,
    ] {
        let output = machine.run(&["--report", "calls", "--where", condition]);
        assert_eq!(output.code, 2, "{condition:.60}");
        let said = output.err;
        assert!(output.out.is_empty());
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        assert!(
            !said.trim_end().contains(|c: char| c.is_control()),
            "{said:?}"
        );
    }
    let output = machine.run(&["--report", "calls", "--where", "scoer > 1"]);
    let said = output.err;
    assert!(said.contains("'score'"), "{said}");
    let output = machine.run(&["--report", "models", "--where", "score > 1"]);
    assert_eq!(output.code, 2);
}
