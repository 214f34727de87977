//! What is exported comes back as it was: into the same database, and into an empty one.

#![allow(
    clippy::expect_used,
    clippy::format_push_string,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod cli_support;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use cli_support::{Machine, close, find};

const AS_OF: &str = "2025-11-01T00:00:00Z";
const KINDS: [&str; 5] = ["calls", "trades", "prices", "candles", "outcomes"];

/// Everything that is hard to write down: formulas, quotes, features called like fields, tiny
/// prices, refused and absent readings, candles, outcomes of own and of others.
fn filled() -> Machine {
    let machine = Machine::new();
    machine.import(
        "calls.jsonl",
        r#"{"id":"c1","source":"=cmd|' /C calc'!A0","chain":"solana","address":"Mint1","symbol":"'=x","name":"a, \"b\"\nc","called_at":"2025-10-01T00:00:00.123Z","entry_price":1e-9,"market_cap_usd":52000,"features":{"id":"mine","=1+1":-3,"smart":true,"score":7.25,"word":"+up"}}
{"id":"-c2","source":"b","chain":"unknown","address":"So11111111111111111111111111111111111111112","called_at":"2025-10-02T00:00:00Z","rejected_by":"@gate"}
{"id":"c3","source":"b","symbol":"ONLY","chain":"base","called_at":"2025-10-02T00:00:00Z","features":{"smart":false}}
{"id":"c4","source":"b","chain":"solana","address":"Mint1","called_at":"2025-10-02T00:00:00Z"}
{"id":"c5","source":"b","chain":"solana","address":"Void","called_at":"2025-10-02T00:00:00Z"}
"#,
    );
    machine.run(&["void", "call", "c5", "--why", "wrong"]);
    machine.import(
        "prices.csv",
        "chain,address,at,price_usd,liquidity_usd,market_cap_usd,provider,pool,accepted,reason\n\
         solana,Mint1,2025-10-01T00:01:00Z,2e-9,1000,,dexscreener,P1,true,\n\
         solana,Mint1,2025-10-01T00:02:00Z,9e-9,,,dexscreener,P1,false,\"jump over 4x, not confirmed by the next reading\"\n\
         solana,Mint1,2025-10-01T00:03:00Z,,,,dexscreener,,false,no listing\n\
         solana,Mint1,2025-10-01T00:03:00Z,3e-9,,,jupiter,,,\n\
         solana,Mint1,2025-10-07T23:00:00Z,0.00000000123,,,jupiter,,,\n\
         solana,Mint1,2025-10-09T23:00:00Z,9e-9,,,jupiter,,false,waiting for a second reading\n\
         solana,Mint1,2025-10-03T23:00:00Z,,500,0,import,,1,\n",
    );
    machine.import(
        "candles.csv",
        "address,chain,interval,opened_at,open,high,low,close,volume_usd,pool\n\
         Mint1,solana,15m,2025-10-02T00:15:00Z,2e-9,3e-9,1e-9,2e-9,,P1\n\
         Mint1,solana,90s,2025-10-02T02:00:00Z,2e-9,3e-9,1e-9,2e-9,12.5,\n",
    );
    machine.import(
        "outcomes.csv",
        "id,peak_multiple,final_multiple,is_rug,observed_until,label\n\
         c3,3.5,0.25,true,2025-10-09T00:00:00Z,=bad\n\
         c4,1.1,,false,,\n\
         later,2,,,,\n",
    );
    machine.import(
        "trades.csv",
        "model,symbol,side,quantity,entry_price,exit_price,opened_at,closed_at,realized_pnl,fee,cost,confidence,currency\n\
         gpt,=A1,long,1,2,3,2025-10-01T00:00:00Z,2025-10-01T01:00:00Z,-0.1,0.01,,1,\n\
         gpt,=A1,long,1,2,3,2025-10-01T00:00:00Z,2025-10-01T01:00:00Z,-0.1,0.01,,1,\n\
         gpt,,short,,,,,,,,,0.3,SOL\n",
    );
    machine
}

fn export(machine: &Machine, kind: &str, file: &str) -> String {
    let path = machine.path(file).to_str().unwrap().to_owned();
    let ran = machine.run(&["export", kind, &path, "--force"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    path
}

#[test]
fn what_was_exported_comes_back_as_it_was() {
    for extension in ["csv", "jsonl"] {
        let machine = filled();
        let empty = Machine::new();
        let mut files = Vec::new();
        for kind in KINDS {
            let path = export(&machine, kind, &format!("{kind}.{extension}"));
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{kind}");
            // Its kind is told from its columns.
            let back = machine.run(&["import", &path]);
            assert_eq!(back.code, 0, "{back:?}");
            assert!(
                back.out.contains(" 0 new, 0 updated,") && back.out.contains(&format!("{kind}:")),
                "{back:?}"
            );
            let there = empty.run(&["import", &path]);
            assert_eq!(there.code, 0, "{there:?}");
            files.push((kind, fs::read_to_string(path).unwrap()));
        }
        for (kind, text) in files {
            let again = export(&empty, kind, &format!("again-{kind}.{extension}"));
            assert_eq!(fs::read_to_string(again).unwrap(), text, "{kind}");
        }
        let mut voided = machine.report("all", AS_OF, &[]);
        voided["calls"]["rows"]
            .as_array_mut()
            .unwrap()
            .retain(|row| row["id"] != "c5");
        voided["calls"]["summary"]["total"] = 4.into();
        voided["calls"]["summary"]["voided"] = 0.into();
        let report = empty.report("all", AS_OF, &[]);
        for part in ["models", "calls", "features"] {
            assert_eq!(report[part], voided[part], "{part}");
        }
        voided["categories"]["overall"]["calls"] = report["categories"]["overall"]["calls"].clone();
        assert_eq!(
            report["categories"]["overall"],
            voided["categories"]["overall"]
        );
    }
}

#[test]
fn outcomes_alone_carry_the_categories_where_the_prices_are_not() {
    let machine = filled();
    let calls = export(&machine, "calls", "calls.csv");
    let outcomes = export(&machine, "outcomes", "outcomes.csv");
    let text = fs::read_to_string(&outcomes).unwrap();
    let header = text.lines().next().unwrap();
    assert!(
        header.starts_with(
            "address,chain,first_message_id,start_price,start_time,ath_price,ath_time,\
             ath_multiplier,final_price,final_multiplier,performance_gap,category,emoji,days_tracked"
        ),
        "{header}"
    );
    let other = Machine::new();
    for file in [&calls, &outcomes] {
        assert_eq!(other.run(&["import", file]).code, 0);
    }
    let (here, there) = (
        machine.report("calls", AS_OF, &[]),
        other.report("calls", AS_OF, &[]),
    );
    for id in ["c1", "c3", "c4"] {
        let (a, b) = (
            find(&here["calls"]["rows"], "id", id),
            find(&there["calls"]["rows"], "id", id),
        );
        for field in ["ath_multiple", "final_multiple", "category"] {
            assert_eq!(a[field], b[field], "{id} {field}");
        }
    }
    let c1 = find(&there["calls"]["rows"], "id", "c1");
    assert_eq!(c1["final_basis"], "imported");
    close(&c1["final_multiple"], 1.23, "final");
}

#[test]
fn cells_are_no_formulas_and_files_are_not_replaced() {
    let machine = filled();
    let path = export(&machine, "calls", "calls.csv");
    let text = fs::read_to_string(&path).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    assert!(
        header.iter().any(|name| name == "features.id"),
        "{header:?}"
    );
    for record in std::iter::once(header).chain(reader.records().map(Result::unwrap)) {
        for cell in &record {
            let formula = cell.starts_with(['=', '+', '@']) || cell.starts_with("-c");
            assert!(!formula, "{cell}");
        }
    }
    let again = machine.run(&["export", "calls", &path]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("--force"), "{again:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    let odd = machine.run(&["export", "calls", "calls.xlsx"]);
    assert_eq!(odd.code, 2, "{odd:?}");
    let missing = Machine::new();
    assert_eq!(missing.run(&["export", "calls", "x.csv"]).code, 1);
    assert!(!missing.path("x.csv").exists() && !missing.db().exists());
}

#[test]
fn a_predecessors_current_price_is_a_final_only_where_it_is_one() {
    let machine = Machine::new();
    let ids = ["field", "current", "is_ath", "early", "running", "none"];
    let mut calls = "id,source,address,called_at,entry_price\n".to_owned();
    for id in ids {
        calls += &format!("{id},old,Mint{id},2025-10-01T00:00:00Z,0.5\n");
    }
    machine.import("calls.csv", calls);
    machine.import(
        "performance.csv",
        "address,chain,first_message_id,start_price,start_time,ath_since_mention,ath_multiplier,\
         current_multiplier,day_7_multiplier,last_update,is_complete\n\
         a,solana,field,0.5,2025-10-01T00:00:00Z,2.0,4.0,4.0,2.5,2025-11-01T00:00:00Z,true\n\
         a,solana,current,0.5,,2.0,4.0,0.3,,2025-10-08T06:00:00Z,true\n\
         a,solana,is_ath,0.5,2025-10-01T00:00:00Z,2.0,4.0,4.0,,2025-10-08T06:00:00Z,true\n\
         a,solana,early,0.5,2025-10-01T00:00:00Z,2.0,4.0,0.3,,2025-10-06T06:00:00Z,true\n\
         a,solana,running,0.5,2025-10-01T00:00:00Z,2.0,4.0,0.3,,2025-10-08T06:00:00Z,false\n\
         a,solana,none,0.5,2025-10-01T00:00:00Z,2.0,,,,,\n",
    );
    let report = machine.report("calls", AS_OF, &[]);
    let rows = &report["calls"]["rows"];
    for (id, fin) in [("field", Some(2.5)), ("current", Some(0.3))] {
        close(&find(rows, "id", id)["final_multiple"], fin.unwrap(), id);
        assert_eq!(find(rows, "id", id)["final_basis"], "imported");
    }
    for id in ["is_ath", "early", "running", "none"] {
        assert!(find(rows, "id", id)["final_multiple"].is_null(), "{id}");
        close(&find(rows, "id", id)["ath_multiple"], 4.0, id);
    }
    assert_eq!(report["calls"]["summary"]["no_final"], 4);
}
