//! sc-bot's files come along, with each hazard of `predecessors.md` B2.6.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::too_many_lines,
    clippy::needless_pass_by_value,
    reason = "a test fails by panicking"
)]

mod cli_support;

use cli_support::{Machine, close, find};
use serde_json::{Value, json};

const AS_OF: &str = "2025-12-31T00:00:00Z";
const EVM: &str = "0xabcdef0123456789abcdef0123456789abcdef01";
const SOL: &str = "FXQgp6CXaXMpchMQp9e9NjW6V4M227Ay5KtPGsu1FdHU";

fn try_import(machine: &Machine, files: &[&str]) -> (i32, Value) {
    let mut args = vec!["import", "--from", "sc-bot", "--format", "json"];
    args.extend(files);
    let ran = machine.run(&args);
    let report = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"));
    (ran.code, report)
}

fn import(machine: &Machine, files: &[&str]) -> Value {
    let (code, report) = try_import(machine, files);
    assert_eq!(code, 0, "{report:#}");
    report
}

fn rows(machine: &Machine) -> Value {
    machine.report("calls", AS_OF, &[])["calls"]["rows"].clone()
}

fn counted(report: &Value, list: &str, words: &str) -> u64 {
    let items = report[list].as_array().unwrap();
    let found = items
        .iter()
        .filter(|i| i["reason"].as_str().unwrap().contains(words));
    found.map(|i| i["count"].as_u64().unwrap()).sum()
}

fn came(report: &Value, what: &str, which: &str) -> u64 {
    find(&report["came_over"], "what", what)[which]
        .as_u64()
        .unwrap()
}

fn point(price: f64, reached: bool) -> Value {
    json!({"timestamp": null, "price": price, "roi_percentage": 0.0, "roi_multiplier": 0.0, "reached": reached})
}

/// A record as it is written, entered at 0.001 on 2025-11-10, with fields changed.
fn record(address: &str, more: Value) -> Value {
    let mut record = json!({
        "message_id": 12345, "channel_name": "Eric", "address": address, "symbol": "TKN", "signal_number": 1,
        "previous_signals": [], "entry_price": 0.001, "entry_timestamp": "2025-11-10T14:30:00+00:00",
        "entry_confidence": 1.0, "entry_source": "dexscreener", "sentiment": "positive", "sentiment_score": 0.78,
        "hdrb_score": 6.85, "confidence": 0.82,
        "checkpoints": {"1h": point(0.0, false), "4h": point(0.0, false), "24h": point(0.0, false),
                        "3d": point(0.0, false), "7d": point(0.0, false), "30d": point(0.0, false)},
        "ath_price": 0.004, "ath_multiplier": 4.0, "ath_timestamp": "2025-11-12T14:30:00+00:00", "days_to_ath": 2.0,
        "current_price": 0.0005, "current_multiplier": 0.5, "day_7_price": 0.0, "day_7_multiplier": 0.0,
        "day_7_classification": "", "day_30_price": 0.0, "day_30_multiplier": 0.0, "trajectory": "", "peak_timing": "",
        "market_tier": "micro", "risk_level": "high", "risk_score": 70, "status": "in_progress", "is_complete": false,
        "completion_reason": "", "is_winner": false, "outcome_category": ""
    });
    for (name, value) in more.as_object().unwrap() {
        record[name] = value.clone();
    }
    record
}

/// A file with one record, imported: the report and the only row.
fn one(address: &str, more: Value) -> (Value, Value) {
    let machine = Machine::new();
    let file = machine.file(
        "signal_outcomes.json",
        json!({address: record(address, more)}).to_string(),
    );
    let report = import(&machine, &[&file]);
    let rows = rows(&machine);
    assert_eq!(rows.as_array().unwrap().len(), 1, "{report:#}");
    let before = machine.report("calls", AS_OF, &[]);
    let again = import(&machine, &[&file]);
    for came in again["came_over"].as_array().unwrap() {
        assert_eq!(came["count"], came["unchanged"], "{again:#}");
    }
    assert_eq!(machine.report("calls", AS_OF, &[]), before);
    (report, rows[0].clone())
}

#[test]
fn checkpoints_that_were_read_are_prices_and_those_made_up_are_missing() {
    let (report, row) = one(
        SOL,
        json!({"checkpoints": {"1h": point(0.0012, true), "4h": point(0.003, true), "24h": point(0.002, true),
               "3d": point(0.0015, true), "7d": point(0.0008, true), "30d": point(0.0, false)}}),
    );
    assert_eq!(came(&report, "prices", "new"), 4);
    close(&row["return_1h_pct"], 20.0, "1 h");
    close(&row["return_24h_pct"], 100.0, "24 h");
    close(&row["final_multiple"], 0.8, "final");
    assert_eq!(row["final_basis"], "imported");
    close(&row["ath_multiple"], 4.0, "ATH");
    assert_eq!(row["source"], "Eric");
    assert_eq!(row["category"], "LOSER");

    // All at the entry: made up for an old message.
    let made_up = || point(0.001, true);
    let (report, row) = one(
        SOL,
        json!({"checkpoints": {"1h": made_up(), "4h": made_up(), "24h": made_up(), "3d": made_up(), "7d": made_up(),
               "30d": point(0.0, false)}, "day_7_price": 0.001, "day_7_multiplier": 1.0}),
    );
    assert_eq!(counted(&report, "refused", "made up for an old message"), 5);
    assert_eq!(counted(&report, "refused", "the entry again"), 1);
    assert_eq!(row["return_1h_pct"], Value::Null);
    assert_eq!(row["final_multiple"], Value::Null);

    // Filled in after a gap: the last of equal ones may be at its time, the others are not.
    let (report, row) = one(
        SOL,
        json!({"checkpoints": {"1h": point(0.0012, true), "4h": point(0.0012, true), "24h": point(0.0012, true),
               "3d": point(0.0011, true), "7d": point(0.0009, true), "30d": point(0.0009, true)}}),
    );
    assert_eq!(counted(&report, "refused", "filled in after a gap"), 3);
    assert_eq!(row["return_1h_pct"], Value::Null);
    close(&row["return_24h_pct"], 20.0, "24 h");
    assert_eq!(row["final_multiple"], Value::Null, "{row}");
}

#[test]
fn a_current_price_that_is_the_ath_is_no_final() {
    let (report, row) = one(
        SOL,
        json!({"current_price": 0.004, "current_multiplier": 4.0, "is_complete": true, "status": "completed",
               "updated_at": "2025-11-17T14:30:00Z"}),
    );
    assert_eq!(counted(&report, "refused", "is the ATH: no final"), 1);
    assert_eq!(row["final_multiple"], Value::Null);
    assert_eq!(row["category"], Value::Null);
    close(&row["ath_multiple"], 4.0, "ATH");

    // A day-7 field is one; winner flags of theirs are not read.
    let (report, row) = one(
        SOL,
        json!({"current_price": 0.004, "current_multiplier": 4.0, "is_complete": true, "day_7_price": 0.0025,
               "day_7_multiplier": 2.5, "day_7_classification": "loss", "is_winner": false}),
    );
    close(&row["final_multiple"], 2.5, "final");
    assert_eq!(row["category"], "WINNER");
    assert_eq!(counted(&report, "recomputed", "winner flags"), 1);
}

#[test]
fn an_entry_of_the_day_of_the_scrape_is_flagged_and_not_scored() {
    for more in [
        json!({"ath_price": 0.001, "ath_multiplier": 1.0, "current_price": 0.001, "current_multiplier": 1.0,
               "status": "completed", "is_complete": true, "outcome_category": "break_even"}),
        json!({"current_price": 0.001, "current_multiplier": 1.0, "is_complete": true, "day_7_multiplier": 3.0}),
    ] {
        let (report, row) = one(SOL, more);
        assert_eq!(
            counted(&report, "flagged", "day of the scrape: kept without"),
            1,
            "{report:#}"
        );
        for name in ["entry_price", "ath_multiple", "final_multiple", "category"] {
            assert_eq!(row[name], Value::Null, "{name}");
        }
        assert_eq!(row["status"], "unpriced");
    }
    // No data was written as break-even.
    let (report, row) = one(
        SOL,
        json!({"status": "data_unavailable", "completion_reason": "no_data"}),
    );
    assert_eq!(counted(&report, "flagged", "found no data"), 1);
    assert_eq!(row["ath_multiple"], Value::Null);
    // One that was only just called is not from a scrape.
    let (report, row) = one(
        SOL,
        json!({"ath_price": 0.001, "ath_multiplier": 1.0, "current_price": 0.001, "current_multiplier": 1.0}),
    );
    assert_eq!(counted(&report, "flagged", "day of the scrape"), 0);
    close(&row["entry_price"], 0.001, "entry");
}

#[test]
fn addresses_and_chains_are_taken_as_they_are() {
    let (report, row) = one(
        &SOL.to_lowercase(),
        json!({"day_7_multiplier": 0.3, "day_7_price": 0.0003}),
    );
    assert_eq!(counted(&report, "flagged", "in lower case"), 1);
    assert_eq!(row["address"], Value::Null);
    assert_eq!(row["symbol"], "TKN");
    close(&row["final_multiple"], 0.3, "it can carry an outcome");
    let (_, row) = one(EVM, json!({}));
    assert_eq!(row["chain"], "unknown");
    let (_, row) = one(EVM, json!({"chain": "Ethereum"}));
    assert_eq!(row["chain"], "ethereum");
    let (report, row) = one(EVM, json!({"chain": "evm"}));
    assert_eq!(row["chain"], "unknown");
    assert_eq!(counted(&report, "flagged", "which one is not said"), 1);
    let (_, row) = one(SOL, json!({}));
    assert_eq!(row["chain"], "solana");
}

#[test]
fn the_loss_of_earlier_calls_and_times_is_said() {
    let (report, _) = one(
        SOL,
        json!({"signal_number": 3, "previous_signals": ["a", "b"]}),
    );
    assert_eq!(counted(&report, "flagged", "overwrote the first"), 1);
    assert_eq!(
        counted(&report, "flagged", "overwritten by the one that is left"),
        2
    );
    let (report, row) = one(SOL, json!({"entry_timestamp": "2025-11-10T14:30:00.5"}));
    assert_eq!(counted(&report, "flagged", "taken as UTC"), 1);
    assert_eq!(row["called_at"], "2025-11-10T14:30:00.500Z");
    // The variant of the design, and a time that follows from a checkpoint.
    let (_, row) = one(
        SOL,
        json!({"entry_timestamp": null, "timestamp": "2025-11-10T14:30:00+02:00"}),
    );
    assert_eq!(row["called_at"], "2025-11-10T12:30:00Z");
    let mut read = point(0.002, true);
    read["timestamp"] = json!("2025-11-10T18:30:00+00:00");
    let (report, row) = one(
        SOL,
        json!({"entry_timestamp": null, "checkpoints": {"4h": read}}),
    );
    assert_eq!(row["called_at"], "2025-11-10T14:30:00Z");
    assert_eq!(
        counted(&report, "recomputed", "worked out from a checkpoint"),
        1
    );
    let machine = Machine::new();
    let lost = json!({SOL: record(SOL, json!({"entry_timestamp": null})), EVM: 7});
    let file = machine.file("signal_outcomes.json", lost.to_string());
    let report = import(&machine, &[&file]);
    assert_eq!(counted(&report, "refused", "without a time"), 1);
    assert_eq!(counted(&report, "refused", "no object with fields"), 1);
}

const TEN: &str = "address,chain,first_message_id,start_price,start_time,ath_since_mention,ath_time,ath_multiplier,current_multiplier,days_tracked";
const NINE: &str = "days_to_ath,peak_timing,day_7_price,day_7_multiplier,day_7_classification,day_30_price,day_30_multiplier,day_30_classification,trajectory";

#[test]
fn performance_is_read_in_every_width() {
    let twenty = TEN.replace("chain,", "chain,symbol,");
    // The real rows of predecessors.md B2.5, and ten values under each header.
    let fixture = "'0x1234567890123456789012345678901234567890,ethereum,msg_0,0.001,2025-11-18T15:37:17.024710+00:00,0.01,\
                   2025-11-18T15:37:17.024724+00:00,10.0,5.0,7,3.5,fast,0.005,5.0,winner,,,,rising";
    let second = "'9999999999999999999999999999999999999999,solana,test_msg_2,0.000000001230,2025-11-18T15:54:59.611690+00:00,\
                  0.000000012300,2025-11-18T15:54:59.611706+00:00,10.0,5.0,7,,,0.000000006150,5.0,,,,,";
    let ten = format!(
        "'{EVM},ethereum,77,0.002,2025-11-18T15:00:00+00:00,0.008,2025-11-18T16:00:00+00:00,4.0,0.5,7"
    );
    let named = format!(
        "'{SOL},solana,SYM,78,0.002,2025-11-18T15:00:00+00:00,0.008,2025-11-18T16:00:00+00:00,4.0,4.0,7"
    );
    for (name, text, count) in [
        ("10", format!("{TEN}\n{ten}\n"), 1),
        (
            "19",
            format!("{TEN},{NINE}\n{fixture}\n{second}\n{ten}\n"),
            3,
        ),
        (
            "20",
            format!("{twenty},{NINE}\n{ten}\n{named},2.0,early,,,,,,,\n{named}\n"),
            2,
        ),
    ] {
        let machine = Machine::new();
        let file = machine.file("performance.csv", &text);
        let report = import(&machine, &[&file]);
        assert_eq!(came(&report, "calls", "new"), count, "{name}: {report:#}");
        let rows = rows(&machine);
        let row = find(&rows, "address", EVM);
        close(&row["entry_price"], 0.002, name);
        close(&row["ath_multiple"], 4.0, name);
        assert_eq!(row["final_multiple"], Value::Null, "{name}");
        assert_eq!(row["source"], "sc-bot");
        assert_eq!(row["chain"], "ethereum");
        if name == "19" {
            let row = find(
                &rows,
                "address",
                "0x1234567890123456789012345678901234567890",
            );
            close(&row["final_multiple"], 5.0, "day 7");
            close(&row["ath_multiple"], 10.0, "ATH");
            assert_eq!(row["category"], "MOON");
            let row = find(&rows, "address", "9999999999999999999999999999999999999999");
            close(&row["entry_price"], 1.23e-9, "tiny");
            assert_eq!(row["chain"], "solana");
        }
        if name == "20" {
            assert_eq!(find(&rows, "address", SOL)["symbol"], "SYM");
        }
        let again = import(&machine, &[&file]);
        assert_eq!(
            came(&again, "calls", "new") + came(&again, "outcomes", "updated"),
            0
        );
    }
}

#[test]
fn files_that_tell_of_one_call_are_joined() {
    let machine = Machine::new();
    let outcomes = machine.file(
        "signal_outcomes.json",
        json!({EVM: record(EVM, json!({}))}).to_string(),
    );
    let performance = machine.file(
        "performance.csv",
        format!("{TEN},{NINE}\n'{EVM},base,12345,0.001000,2025-11-10T14:30:00+00:00,0.004,2025-11-12T14:30:00+00:00,4.0,4.0,7,2.0,early,0.0007,0.7,,,,,\n\
                 '{SOL},solana,99,0.002,2025-11-18T15:00:00+00:00,0.008,2025-11-18T16:00:00+00:00,4.0,0.5,7\n"),
    );
    let messages = machine.file(
        "messages.csv",
        "message_id,timestamp,channel_name,message_text\n99,2025-11-18T15:00:00+00:00,Whale Calls,\"two\nlines\"\n98,,Other,\n",
    );
    let report = import(&machine, &[&performance, &outcomes, &messages]);
    assert_eq!(came(&report, "calls", "new"), 2);
    let rows = rows(&machine);
    let row = find(&rows, "address", EVM);
    assert_eq!(row["chain"], "base");
    assert_eq!(row["source"], "Eric");
    close(&row["final_multiple"], 0.7, "day 7");
    assert_eq!(find(&rows, "address", SOL)["source"], "Whale Calls");
    // The table alone adds to the call that is known.
    let report = import(&machine, &[&performance, &messages]);
    assert_eq!(
        counted(&report, "refused", "known already with other values"),
        0,
        "{report:#}"
    );
    assert_eq!(
        counted(&report, "recomputed", "only the outcome was taken"),
        1
    );
}

#[test]
fn what_was_worked_out_or_is_of_something_else_does_not_come() {
    let machine = Machine::new();
    for (name, text) in [
        (
            "channels.json",
            r#"{"Eric": {"channel_name": "Eric", "total_signals": 15, "win_rate": 73.3}}"#,
        ),
        (
            "historical_prices.json",
            r#"{"TKN_2025-11-10_30d": {"symbol": "TKN", "ath_in_window": 3, "candles": []}}"#,
        ),
        (
            "coins_cross_channel.json",
            r#"{"0xabc": {"symbol": "T", "total_mentions": 2, "total_channels": 1, "channel_performance": {}}}"#,
        ),
        (
            "channel_rankings.csv",
            "rank,channel_name,total_signals,reputation_score\n1,Eric,15,72.8\n",
        ),
        (
            "token_prices.csv",
            "address,chain,symbol,price_usd,market_tier\n'0xabc,evm,T,1.0,micro\n",
        ),
    ] {
        let file = machine.file(name, text);
        let report = import(&machine, &[&file]);
        assert_eq!(report["refused"][0]["count"], 1, "{name}: {report:#}");
        assert_eq!(report["came_over"], json!([]), "{name}");
    }
    let empty = machine.file("signal_outcomes.json", "{}");
    assert_eq!(
        counted(&import(&machine, &[&empty]), "flagged", "look for a backup"),
        1
    );
    let whole = json!({SOL: record(SOL, json!({}))}).to_string();
    for (name, text) in [
        ("cut.json", &whole[..whole.len() / 2]),
        ("list.json", "[1, 2]"),
        ("other.json", r#"{"a": {"b": 1}}"#),
        ("other.csv", "a,b\n1,2\n"),
        ("nothing.csv", ""),
    ] {
        let file = machine.file(name, text);
        let ran = machine.run(&["import", "--from", "sc-bot", &file]);
        assert_eq!(ran.code, 1, "{name}: {ran:?}");
        assert_eq!(ran.err.lines().count(), 1, "{name}: {ran:?}");
        assert_eq!(ran.out, "", "{name}");
    }
    assert_eq!(rows(&machine), json!([]));
}
