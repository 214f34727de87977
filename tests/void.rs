//! `void`: wrong records out of every figure and back, through the binary.

#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::format_push_string,
    clippy::panic,
    clippy::too_many_lines,
    clippy::unreadable_literal,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its figures are quoted as they were computed"
)]

mod cli_support;

use cli_support::{Machine, close, find};
use serde_json::Value;

const AS_OF: &str = "2025-11-01T00:00:00Z";
const TOKEN: &str = "FXQgp6CXaXMpchMQp9e9NjW6V4M227Ay5KtPGsu1FdHU";

const CALLS: &str = "id,source,chain,address,called_at,entry_price
first,s,solana,FXQgp6CXaXMpchMQp9e9NjW6V4M227Ay5KtPGsu1FdHU,2025-10-01T00:00:00Z,1
second,s,solana,FXQgp6CXaXMpchMQp9e9NjW6V4M227Ay5KtPGsu1FdHU,2025-10-02T00:00:00Z,1
other,s,,,2025-10-03T00:00:00Z,1
";

const PRICES: &str = "chain,address,at,price_usd
solana,FXQgp6CXaXMpchMQp9e9NjW6V4M227Ay5KtPGsu1FdHU,2025-10-01T00:01:00Z,1.5
solana,FXQgp6CXaXMpchMQp9e9NjW6V4M227Ay5KtPGsu1FdHU,2025-10-01T01:00:00.250Z,40
solana,FXQgp6CXaXMpchMQp9e9NjW6V4M227Ay5KtPGsu1FdHU,2025-10-07T23:00:00Z,0.8
solana,FXQgp6CXaXMpchMQp9e9NjW6V4M227Ay5KtPGsu1FdHU,2025-10-08T23:00:00Z,0.7
";

fn machine() -> Machine {
    let machine = Machine::new();
    machine.import("calls.csv", CALLS);
    machine.import("prices.csv", PRICES);
    machine
}

fn spike() -> String {
    format!("solana:{TOKEN}@2025-10-01T01:00:00.250Z")
}

fn says(machine: &Machine, args: &[&str], want: &str) {
    let ran = machine.run(args);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.out, format!("{want}\n"));
    assert_eq!(ran.err, "");
}

fn complains(machine: &Machine, args: &[&str], code: i32, parts: &[&str]) {
    let ran = machine.run(args);
    assert_eq!(ran.code, code, "{ran:?}");
    assert_eq!(ran.out, "");
    for part in parts {
        assert!(ran.err.contains(part), "{part}: {}", ran.err);
    }
    if code == 1 {
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    }
}

fn call(machine: &Machine, id: &str) -> Value {
    let report = machine.report("calls", AS_OF, &[]);
    find(&report["calls"]["rows"], "id", id).clone()
}

#[test]
fn a_voided_sample_is_in_no_outcome_and_comes_back() {
    let machine = machine();
    let before = machine.report("all", AS_OF, &[]);
    close(
        &call(&machine, "first")["ath_multiple"],
        40.0,
        "with the spike",
    );

    let full = format!("{}/import", spike());
    says(
        &machine,
        &["void", "sample", &spike(), "--why", "bad  tick"],
        &format!("sample {full}: voided: bad tick"),
    );
    let voided = call(&machine, "first");
    close(&voided["ath_multiple"], 1.5, "without the spike");
    assert_eq!(voided["ath_at"], "2025-10-01T00:01:00Z");
    close(&voided["max_gain_pct"], 50.0, "gain");
    let categories = machine.report("categories", AS_OF, &[]);
    assert_eq!(categories["categories"]["overall"]["counts"]["MOON"], 0);

    // Importing it again does not revive it.
    let again = machine.import("prices.csv", PRICES);
    assert!(
        again.out.contains("0 new, 0 updated, 4 unchanged"),
        "{again:?}"
    );
    close(
        &call(&machine, "first")["ath_multiple"],
        1.5,
        "imported again",
    );

    says(
        &machine,
        &["void", "sample", &full, "--why", "bad tick"],
        &format!("sample {full}: was voided already: bad tick"),
    );
    says(
        &machine,
        &["void", "sample", &full, "--why", "another pool"],
        &format!("sample {full}: was voided already (bad tick), now: another pool"),
    );
    let millis = format!("{TOKEN}@1759280400250");
    says(
        &machine,
        &["void", "sample", &millis, "--undo"],
        &format!("sample {full}: counts again as it did (was voided: another pool)"),
    );
    assert_eq!(machine.report("all", AS_OF, &[]), before);
    says(
        &machine,
        &["void", "sample", &full, "--undo"],
        &format!("sample {full}: is not voided: nothing to bring back"),
    );
    assert_eq!(machine.report("all", AS_OF, &[]), before);
}

#[test]
fn without_its_only_prices_a_call_has_no_outcome_and_a_later_price_starts_one() {
    let machine = Machine::new();
    machine.import("calls.csv", CALLS);
    let price =
        |at: &str, usd: f64| format!("chain,address,at,price_usd\nsolana,{TOKEN},{at},{usd}\n");
    machine.import("a.csv", price("2025-10-01T01:00:00Z", 3.0));
    let id = format!("solana:{TOKEN}@2025-10-01T01:00:00Z");
    assert_eq!(machine.run(&["void", "sample", &id, "--why", "x"]).code, 0);
    assert_eq!(call(&machine, "first")["ath_multiple"], Value::Null);
    machine.import("b.csv", price("2025-10-01T02:00:00Z", 2.0));
    close(
        &call(&machine, "first")["ath_multiple"],
        2.0,
        "the later one alone",
    );
    assert_eq!(machine.run(&["void", "sample", &id, "--undo"]).code, 0);
    close(&call(&machine, "first")["ath_multiple"], 3.0, "both");
}

#[test]
fn a_refused_waiting_or_absent_sample_is_afterwards_what_it_was() {
    let machine = machine();
    let raw = rusqlite::Connection::open(machine.db()).unwrap();
    for state in [0, 1, 2, 4] {
        raw.execute("UPDATE sample SET state = ?1 WHERE price_usd = 40", [state])
            .unwrap();
        let now = |want: i64| {
            let found: i64 = raw
                .query_row("SELECT state FROM sample WHERE price_usd = 40", [], |row| {
                    row.get(0)
                })
                .unwrap();
            assert_eq!(found, want, "state {state}");
        };
        for why in ["a", "a", "b"] {
            assert_eq!(
                machine
                    .run(&["void", "sample", &spike(), "--why", why])
                    .code,
                0
            );
            now(3);
        }
        assert_eq!(machine.run(&["void", "sample", &spike(), "--undo"]).code, 0);
        now(state);
    }
}

#[test]
fn the_view_gives_the_ids_that_void_takes_and_the_reason() {
    let machine = machine();
    let raw = rusqlite::Connection::open(machine.db()).unwrap();
    let ids: Vec<String> = raw
        .prepare("SELECT id FROM samples ORDER BY at")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        ids[0],
        format!("solana:{TOKEN}@2025-10-01T00:01:00Z/import")
    );
    assert_eq!(ids[1], format!("{}/import", spike()));
    for id in &ids {
        says(
            &machine,
            &["void", "sample", id, "--why", "all wrong"],
            &format!("sample {id}: voided: all wrong"),
        );
    }
    let (accepted, reason): (bool, String) = raw
        .query_row(
            "SELECT max(accepted), max(reason) FROM samples",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert!(!accepted);
    assert_eq!(reason, "voided: all wrong");
    // Thinning may delete a sample that is void.
    raw.pragma_update(None, "foreign_keys", true).unwrap();
    raw.execute("DELETE FROM sample WHERE price_usd = 40", [])
        .unwrap();
}

#[test]
fn several_providers_at_one_time_are_listed_and_nothing_is_voided() {
    let machine = machine();
    let raw = rusqlite::Connection::open(machine.db()).unwrap();
    raw.execute_batch(
        "INSERT INTO provider (name) VALUES ('dexscreener');
         INSERT INTO sample SELECT token_id, at, (SELECT id FROM provider WHERE name = 'dexscreener'),
             state, 41, NULL, NULL, NULL FROM sample WHERE price_usd = 40;",
    )
    .unwrap();
    let both = [
        format!("{}/dexscreener", spike()),
        format!("{}/import", spike()),
    ];
    complains(
        &machine,
        &["void", "sample", &spike(), "--why", "x"],
        1,
        &["several providers", &both[0], &both[1]],
    );
    assert_eq!(
        machine
            .run(&["void", "sample", &both[0], "--why", "x"])
            .code,
        0
    );
    let states: String = raw
        .query_row(
            "SELECT group_concat(price_usd || '=' || state, ' ') FROM sample WHERE price_usd >= 40",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert!(
        states.contains("41.0=3") && states.contains("40.0=0"),
        "{states}"
    );
}

#[test]
fn a_voided_call_is_in_no_figure_and_makes_no_recall() {
    let machine = machine();
    let before = machine.report("all", AS_OF, &[]);
    assert_eq!(call(&machine, "second")["standing"], "recall");
    says(
        &machine,
        &["void", "call", "first", "--why", "test call"],
        "call first: voided: test call",
    );
    assert_eq!(call(&machine, "first")["standing"], "voided");
    assert_eq!(call(&machine, "second")["standing"], "counted");
    let report = machine.report("all", AS_OF, &[]);
    assert_eq!(report["calls"]["summary"]["voided"], 1);
    assert_eq!(report["calls"]["summary"]["recalls"], 0);
    assert_eq!(report["categories"]["left_out"]["voided"], 1);

    machine.import("calls.csv", CALLS);
    assert_eq!(call(&machine, "first")["standing"], "voided");
    says(
        &machine,
        &["void", "call", "first", "--why", "test call"],
        "call first: was voided already: test call",
    );
    says(
        &machine,
        &["void", "call", "first", "--undo"],
        "call first: counts again as it did (was voided: test call)",
    );
    assert_eq!(machine.report("all", AS_OF, &[]), before);
    says(
        &machine,
        &["void", "call", "first", "--undo"],
        "call first: is not voided: nothing to bring back",
    );
}

#[test]
fn an_unknown_id_names_what_may_have_been_meant() {
    let machine = machine();
    let token = format!("solana:{TOKEN}");
    complains(
        &machine,
        &["void", "call", "fisrt", "--why", "x"],
        1,
        &["'fisrt'", "did you mean first?"],
    );
    complains(
        &machine,
        &["void", "call", TOKEN, "--why", "x"],
        1,
        &["did you mean second or first?"],
    );
    complains(
        &machine,
        &[
            "void",
            "sample",
            &format!("{token}@2025-10-01T00:02:00Z"),
            "--why",
            "x",
        ],
        1,
        &["did you mean", "@2025-10-01T00:01:00Z/import or"],
    );
    complains(
        &machine,
        &[
            "void",
            "sample",
            &format!("{}/jupiter", spike()),
            "--why",
            "x",
        ],
        1,
        &["/jupiter'", &format!("did you mean {}/import", spike())],
    );
    complains(
        &machine,
        &[
            "void",
            "sample",
            "solana:nobody@2025-10-01T00:02:00Z",
            "--undo",
        ],
        1,
        &["no price of 'solana:nobody'", &token],
    );
}

#[test]
fn wrong_usage_is_said_to_be() {
    let machine = machine();
    for args in [
        &["void", "call", "first"][..],
        &["void", "call", "first", "--why", "x", "--undo"],
        &["void", "call", "first", "--why", "  "],
        &["void", "sample", "first", "--why", "x"],
        &["void", "trade", "first", "--why", "x"],
    ] {
        complains(&machine, args, 2, &[]);
    }
    let empty = Machine::new();
    complains(
        &empty,
        &["void", "call", "first", "--why", "x"],
        1,
        &["there is no database"],
    );
    assert!(!empty.db().exists());
}

#[test]
fn a_file_from_before_can_be_voided_in() {
    let machine = Machine::new();
    let raw = rusqlite::Connection::open(machine.db()).unwrap();
    raw.execute_batch(include_str!("../assets/migrations/0001_spine.sql"))
        .unwrap();
    raw.pragma_update(None, "application_id", 0x434C_4244)
        .unwrap();
    raw.pragma_update(None, "user_version", 1).unwrap();
    drop(raw);
    machine.import("calls.csv", CALLS);
    machine.import("prices.csv", PRICES);
    assert_eq!(
        machine
            .run(&["void", "sample", &spike(), "--why", "x"])
            .code,
        0
    );
    close(&call(&machine, "first")["ath_multiple"], 1.5, "voided");
}
