//! Files, pipes and single records in: what goes in, what is refused, and how that is said.

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

use cli_support::{Machine, Ran, close, find};
use serde_json::{Value, json};

const AS_OF: &str = "2026-01-01T00:00:00Z";
const T: &str = "2025-10-01T00:00:00Z";
const MINT: &str = "So11111111111111111111111111111111111111112";

const TRADES_CSV: &str = "id,model,symbol,side,opened_at,closed_at,realized_pnl,confidence\n\
    t1,alpha,BTC,long,2025-10-01T00:00:00Z,2025-10-01T01:00:00Z,10,0.5\n\
    t2,alpha,ETH,short,2025-10-01T02:00:00Z,2025-10-01T03:00:00Z,-4,0.7\n";
const TRADES_JSONL: &str = r#"{"id":"t1","model":"alpha","symbol":"BTC","side":"long","opened_at":"2025-10-01T00:00:00Z","closed_at":"2025-10-01T01:00:00Z","realized_pnl":10,"confidence":0.5}
{"id":"t2","model":"alpha","symbol":"ETH","side":"short","opened_at":"2025-10-01T02:00:00Z","closed_at":"2025-10-01T03:00:00Z","realized_pnl":-4,"confidence":0.7}
"#;
const CALLS_CSV: &str = "id,source,chain,address,symbol,called_at,entry_price,score\n\
    c1,bot,solana,A1,AAA,2025-10-01T00:00:00Z,1.0,7\n\
    c2,bot,solana,A2,BBB,2025-10-02T00:00:00Z,2.0,8\n";
const CALLS_JSONL: &str = r#"{"id":"c1","source":"bot","chain":"solana","address":"A1","symbol":"AAA","called_at":"2025-10-01T00:00:00Z","entry_price":1.0,"score":7}
{"id":"c2","source":"bot","chain":"solana","address":"A2","symbol":"BBB","called_at":"2025-10-02T00:00:00Z","entry_price":2,"score":8}
"#;
const PRICES_CSV: &str = "chain,address,at,price_usd,liquidity_usd,market_cap_usd\n\
    solana,A1,2025-10-01T00:10:00Z,1.5,1000,\n\
    solana,A1,2025-10-01T00:20:00Z,3,,9000\n";
const PRICES_JSONL: &str = r#"{"chain":"solana","address":"A1","at":"2025-10-01T00:10:00Z","price_usd":1.5,"liquidity_usd":1000}
{"chain":"solana","address":"A1","at":"2025-10-01T00:20:00Z","price_usd":3,"market_cap_usd":9000}
"#;
const OUTCOMES_CSV: &str = "id,peak_multiple,final_multiple,is_rug,label\n\
    c1,3,0.4,true,dumped\n\
    c2,1.2,1.1,false,\n";
const OUTCOMES_JSONL: &str = r#"{"id":"c1","peak_multiple":3,"final_multiple":0.4,"is_rug":true,"label":"dumped"}
{"id":"c2","peak_multiple":1.2,"final_multiple":1.1,"is_rug":false}
"#;

const EACH: [(&str, &str, &str); 4] = [
    ("trades", TRADES_CSV, TRADES_JSONL),
    ("calls", CALLS_CSV, CALLS_JSONL),
    ("prices", PRICES_CSV, PRICES_JSONL),
    ("outcomes", OUTCOMES_CSV, OUTCOMES_JSONL),
];

fn counts(kind: &str, read: u32, new: u32, updated: u32, unchanged: u32, refused: u32) -> String {
    format!(
        "{kind}: {read} read, {new} new, {updated} updated, {unchanged} unchanged, {refused} refused"
    )
}

fn all(machine: &Machine) -> Value {
    machine.report("all", AS_OF, &[])
}

fn says(ran: &Ran, line: &str) {
    assert!(ran.out.contains(line), "wanted '{line}' in {ran:?}");
}

fn complains(ran: &Ran, line: &str) {
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err.lines().any(|l| l.starts_with(line)),
        "wanted a line '{line}...' in {}",
        ran.err
    );
}

// ---- Kinds, formats, ways in ---------------------------------------------------------------

#[test]
fn every_kind_goes_in_as_csv_and_as_jsonl_from_files_and_from_stdin_guessed_and_named() {
    let mut reports = Vec::new();
    for jsonl in [false, true] {
        for stdin in [false, true] {
            for named in [false, true] {
                let machine = Machine::new();
                for (kind, csv, json) in EACH {
                    let content = if jsonl { json } else { csv };
                    let path = machine.file("input.txt", content);
                    let mut args = vec!["import"];
                    args.extend(named.then_some(kind));
                    args.push(if stdin { "-" } else { &path });
                    let ran = machine.run_with(&args, if stdin { content } else { "" });
                    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{args:?}: {ran:?}");
                    let label = if stdin { "stdin" } else { &path };
                    let want = format!("{label}: {}\n", counts(kind, 2, 2, 0, 0, 0));
                    assert_eq!(ran.out, want, "{args:?}");
                }
                reports.push(all(&machine));
            }
        }
    }
    let first = &reports[0];
    assert_eq!(first["models"]["rows"][0]["trades"], 2);
    assert_eq!(first["calls"]["rows"].as_array().unwrap().len(), 2);
    for other in &reports {
        assert_eq!(other, first, "every way in gives the same board");
    }
}

#[test]
fn importing_twice_changes_nothing() {
    let machine = Machine::new();
    for (kind, csv, _) in EACH {
        says(&machine.import(kind, csv), &counts(kind, 2, 2, 0, 0, 0));
    }
    let once = machine.run(&["--report", "--format", "json", "--as-of", AS_OF]);
    for (kind, csv, json) in EACH {
        says(&machine.import(kind, csv), &counts(kind, 2, 0, 0, 2, 0));
        says(&machine.import(kind, json), &counts(kind, 2, 0, 0, 2, 0));
    }
    let twice = machine.run(&["--report", "--format", "json", "--as-of", AS_OF]);
    assert_eq!(once.out, twice.out);
}

#[test]
fn several_files_of_different_kinds_go_in_at_once() {
    let machine = Machine::new();
    let paths: Vec<String> = EACH
        .iter()
        .map(|(kind, csv, _)| machine.file(kind, csv))
        .collect();
    let mut args = vec!["import"];
    args.extend(paths.iter().map(String::as_str));
    let ran = machine.run(&args);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.out.lines().count(), 4);
}

#[test]
fn the_order_of_columns_their_case_and_unknown_columns_do_not_matter() {
    let plain = Machine::new();
    plain.import("t.csv", TRADES_CSV);
    let odd = Machine::new();
    odd.import(
        "t.csv",
        "Realized_PnL, NOTE ,CONFIDENCE,Model,closed_at,ID,opened_at,side,Symbol\n\
         10,hello,0.5,alpha,2025-10-01T01:00:00Z,t1,2025-10-01T00:00:00Z,long,BTC\n\
         -4,,0.7,alpha,2025-10-01T03:00:00Z,t2,2025-10-01T02:00:00Z,SHORT,ETH\n",
    );
    assert_eq!(all(&odd), all(&plain));
}

#[test]
fn a_byte_order_mark_crlf_and_blank_lines_do_not_matter() {
    let plain = Machine::new();
    plain.import("c.csv", CALLS_CSV);
    plain.import("t.csv", TRADES_CSV);
    for (calls, trades) in [
        (
            format!("\u{feff}{CALLS_CSV}"),
            format!("\u{feff}{TRADES_JSONL}"),
        ),
        (
            CALLS_CSV.replace('\n', "\r\n"),
            TRADES_JSONL.replace('\n', "\r\n"),
        ),
        (
            CALLS_CSV.replace('\n', "\n\n"),
            TRADES_JSONL.replace('\n', "\n\n \n"),
        ),
        (format!("\n\n{CALLS_CSV}"), format!("\n \n{TRADES_JSONL}")),
        (
            CALLS_CSV.trim_end().to_owned(),
            TRADES_JSONL.trim_end().to_owned(),
        ),
        (
            format!("\u{feff}{}", CALLS_CSV.replacen("id", "\"id\"", 1)),
            TRADES_CSV.replace("alpha", "\" alpha \""),
        ),
    ] {
        let odd = Machine::new();
        odd.import("c", &calls);
        odd.import("t", &trades);
        assert_eq!(all(&odd), all(&plain), "{calls:?} {trades:?}");
    }
}

#[test]
fn a_trades_row_with_a_quoted_newline_is_one_row() {
    let machine = Machine::new();
    let ran = machine.import(
        "t.csv",
        "id,model,note,realized_pnl,closed_at\nt1,alpha,\"two\nlines, \"\"quoted\"\"\",5,2025-10-01T00:00:00Z\n",
    );
    says(&ran, &counts("trades", 1, 1, 0, 0, 0));
    close(
        &all(&machine)["models"]["rows"][0]["total_pnl"],
        5.0,
        "total",
    );
}

#[test]
fn a_file_that_holds_nothing_usable_is_an_error_that_says_why() {
    for (content, part) in [
        ("", "empty"),
        ("\n\n", "empty"),
        ("[{\"id\":1}]", "one JSON object a line"),
        ("a,b\n1,2\n", "name the kind"),
        ("{\"a\":1}\n", "name the kind"),
    ] {
        let machine = Machine::new();
        let ran = machine.try_import("x", content);
        complains(&ran, "callboard: x: ");
        assert!(ran.err.contains(part), "{content:?}: {}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
        assert_eq!(ran.out, "");
    }
}

#[test]
fn a_header_without_rows_is_no_error() {
    let machine = Machine::new();
    let ran = machine.import("t.csv", TRADES_CSV.lines().next().unwrap());
    says(&ran, &counts("trades", 0, 0, 0, 0, 0));
}

#[test]
fn a_folder_is_an_error_that_names_it() {
    let machine = Machine::new();
    std::fs::create_dir(machine.path("folder")).unwrap();
    let ran = machine.run(&["import", machine.path("folder").to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("folder"), "{}", ran.err);
}

#[test]
fn a_missing_file_does_not_keep_the_others_out() {
    let machine = Machine::new();
    let there = machine.file("t.csv", TRADES_CSV);
    let ran = machine.run(&["import", "/no/such/file.csv", &there]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("/no/such/file.csv"), "{}", ran.err);
    says(&ran, &counts("trades", 2, 2, 0, 0, 0));
    assert_eq!(all(&machine)["models"]["rows"][0]["trades"], 2);
}

#[test]
fn a_calls_file_whose_features_are_called_like_columns_of_trades_is_still_calls() {
    let machine = Machine::new();
    let ran = machine.try_import(
        "c.csv",
        "id,source,address,called_at,model,side\nc1,bot,A1,2025-10-01T00:00:00Z,gpt,long\n",
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    says(&ran, &counts("calls", 1, 1, 0, 0, 0));
}

// ---- Bad rows ------------------------------------------------------------------------------

#[test]
fn a_bad_trade_is_reported_with_line_column_and_reason_and_the_rest_goes_in() {
    for (row, at) in [
        (
            "x,alpha,long,2025-10-01T01:00:00Z,abc,",
            "t.csv:3, realized_pnl: refused: ",
        ),
        (
            "x,alpha,long,2025-10-01T01:00:00Z,NaN,",
            "t.csv:3, realized_pnl: refused: ",
        ),
        (
            "x,alpha,long,2025-10-01T01:00:00Z,1e999,",
            "t.csv:3, realized_pnl: refused: ",
        ),
        ("x,alpha,long,\"1,000\",1,", "t.csv:3, closed_at: refused: "),
        ("x,alpha,long,yesterday,1,", "t.csv:3, closed_at: refused: "),
        (
            "x,alpha,long,2025-10-01T01:00:00,1,",
            "t.csv:3, closed_at: refused: ",
        ),
        (
            "x,alpha,long,2025-10-01,1,",
            "t.csv:3, closed_at: refused: ",
        ),
        ("x,alpha,long,-5,1,", "t.csv:3, closed_at: refused: "),
        (
            "x,alpha,sideways,2025-10-01T01:00:00Z,1,",
            "t.csv:3, side: refused: ",
        ),
        (
            "x,,long,2025-10-01T01:00:00Z,1,",
            "t.csv:3, model: refused: ",
        ),
        (
            "x,\u{202e}\u{200b},long,2025-10-01T01:00:00Z,1,",
            "t.csv:3, model: refused: ",
        ),
        (
            "x,alpha,long,2025-10-01T01:00:00Z,1,150",
            "t.csv:3, confidence: refused: ",
        ),
        (
            "x,alpha,long,2025-10-01T01:00:00Z,1,-0.1",
            "t.csv:3, confidence: refused: ",
        ),
        ("x,alpha,long,2025-10-01T01:00:00Z,1", "t.csv:3: refused: "),
        (
            "x,alpha,long,2025-10-01T01:00:00Z,1,,,",
            "t.csv:3: refused: ",
        ),
    ] {
        let machine = Machine::new();
        let ran = machine.try_import(
            "t.csv",
            format!(
                "id,model,side,closed_at,realized_pnl,confidence\n\
                 a,alpha,long,2025-10-01T01:00:00Z,1,0.5\n{row}\n\
                 b,alpha,long,2025-10-01T02:00:00Z,2,0.6\n"
            ),
        );
        complains(&ran, at);
        assert_eq!(ran.err.lines().count(), 1, "{row}: {}", ran.err);
        says(&ran, &counts("trades", 3, 2, 0, 0, 1));
        let report = all(&machine);
        let model = &report["models"]["rows"][0];
        close(&model["total_pnl"], 3.0, row);
        close(&model["average_confidence"], 0.55, row);
    }
}

#[test]
fn the_reason_for_a_time_without_a_zone_says_what_to_write() {
    let machine = Machine::new();
    let ran = machine.try_import("t.csv", "id,model,closed_at\nx,alpha,2025-10-01T01:00:00\n");
    assert!(ran.err.contains("zone"), "{}", ran.err);
    assert!(ran.err.contains("2025-10-01T01:00:00Z"), "{}", ran.err);
}

#[test]
fn a_bad_call_price_or_outcome_is_reported_with_its_column() {
    for (header, row, at) in [
        (
            "source,address,called_at,entry_price",
            "bot,A,2025-10-01T00:00:00Z,0",
            "x:2, entry_price: refused: ",
        ),
        (
            "source,address,called_at,entry_price",
            "bot,A,2025-10-01T00:00:00Z,-1",
            "x:2, entry_price: refused: ",
        ),
        (
            "source,address,called_at,entry_price",
            "bot,A,,1",
            "x:2, called_at: refused: ",
        ),
        (
            "source,address,called_at,entry_price",
            ",A,2025-10-01T00:00:00Z,1",
            "x:2, source: refused: ",
        ),
        (
            "source,address,called_at,market_cap_usd",
            "bot,A,2025-10-01T00:00:00Z,-1",
            "x:2, market_cap_usd: refused: ",
        ),
        (
            "source,address,called_at,liquidity_usd",
            "bot,A,2025-10-01T00:00:00Z,x",
            "x:2, liquidity_usd: refused: ",
        ),
        (
            "source,symbol,address,called_at",
            "bot,,,2025-10-01T00:00:00Z",
            "x:2, address: refused: ",
        ),
        (
            "address,at,price_usd",
            "A,2025-10-01T00:00:00Z,0",
            "x:2, price_usd: refused: ",
        ),
        (
            "address,at,price_usd",
            "A,2025-10-01T00:00:00Z,-0.5",
            "x:2, price_usd: refused: ",
        ),
        (
            "address,at,price_usd",
            "A,2025-10-01T00:00:00Z,",
            "x:2, price_usd: refused: ",
        ),
        (
            "address,at,price_usd",
            ",2025-10-01T00:00:00Z,1",
            "x:2, address: refused: ",
        ),
        ("address,at,price_usd", "A,,1", "x:2, at: refused: "),
        (
            "address,at,price_usd,liquidity_usd",
            "A,2025-10-01T00:00:00Z,1,-3",
            "x:2, liquidity_usd: refused: ",
        ),
        ("id,peak_multiple", ",2", "x:2, id: refused: "),
        ("id,peak_multiple", "c1,-2", "x:2, peak_multiple: refused: "),
        (
            "id,max_gain_pct",
            "c1,-100.5",
            "x:2, max_gain_pct: refused: ",
        ),
        (
            "id,final_multiple",
            "c1,high",
            "x:2, final_multiple: refused: ",
        ),
        ("id,is_rug", "c1,maybe", "x:2, is_rug: refused: "),
        (
            "id,is_rug,observed_until",
            "c1,true,later",
            "x:2, observed_until: refused: ",
        ),
    ] {
        let machine = Machine::new();
        let ran = machine.try_import("x", format!("{header}\n{row}\n"));
        complains(&ran, at);
        assert!(
            ran.out.contains("1 read, 0 new") && ran.out.contains("1 refused"),
            "{ran:?}"
        );
    }
}

#[test]
fn bytes_that_are_not_utf8_refuse_their_row_only() {
    for (name, head, tail) in [
        ("csv", "id,model,closed_at,realized_pnl\na,alpha,1759276800,1\nx,".to_owned(), ",1759276800,1\nb,alpha,1759276800,2\n".to_owned()),
        ("jsonl", "{\"id\":\"a\",\"model\":\"alpha\",\"closed_at\":1759276800,\"realized_pnl\":1}\n\n{\"id\":\"x\",\"model\":\"".to_owned(), "\",\"closed_at\":1759276800}\n{\"id\":\"b\",\"model\":\"alpha\",\"closed_at\":1759276800,\"realized_pnl\":2}\n".to_owned()),
    ] {
        let machine = Machine::new();
        let bytes = [head.as_bytes(), b"\xff\xfe", tail.as_bytes()].concat();
        let ran = machine.try_import("t", bytes);
        complains(&ran, "t:3: refused: ");
        says(&ran, &counts("trades", 3, 2, 0, 0, 1));
        close(&all(&machine)["models"]["rows"][0]["total_pnl"], 3.0, name);
    }
}

#[test]
fn a_json_line_that_is_no_object_refuses_its_row_only() {
    let machine = Machine::new();
    let ran = machine.try_import(
        "t.jsonl",
        "{\"model\":\"alpha\",\"realized_pnl\":1,\"closed_at\":1759276800}\n{\"model\":\n[1,2]\n\"\\u001b[31m\"\n{\"model\":\"alpha\",\"realized_pnl\":2,\"closed_at\":1759276800}\n",
    );
    for line in 2..=4 {
        complains(&ran, &format!("t.jsonl:{line}: refused: "));
    }
    assert!(!ran.err.contains('\u{1b}'));
    says(&ran, &counts("trades", 5, 2, 0, 0, 3));
}

#[test]
fn line_numbers_are_those_of_the_file_after_quoted_newlines() {
    let machine = Machine::new();
    let ran = machine.try_import(
        "t.csv",
        "id,model,note,realized_pnl\na,alpha,\"one\ntwo\nthree\",1\nx,alpha,,bad\nb,alpha,\"1\n2\",2\ny,alpha,,worse\n",
    );
    complains(&ran, "t.csv:5, realized_pnl: ");
    complains(&ran, "t.csv:8, realized_pnl: ");
}

#[test]
fn line_numbers_are_those_of_the_file_after_blank_lines() {
    let machine = Machine::new();
    let ran = machine.try_import(
        "t.csv",
        "id,model,realized_pnl\n\n\na,alpha,1\n\nx,alpha,bad\n",
    );
    complains(&ran, "t.csv:6, realized_pnl: ");
}

#[test]
fn line_numbers_are_those_of_the_file_with_crlf() {
    let machine = Machine::new();
    let ran = machine.try_import(
        "t.csv",
        "id,model,realized_pnl\r\na,alpha,1\r\nx,alpha,bad\r\n",
    );
    complains(&ran, "t.csv:3, realized_pnl: ");
}

#[test]
fn line_numbers_are_those_of_the_file_when_a_jsonl_starts_with_blank_lines() {
    let machine = Machine::new();
    let ran = machine.try_import(
        "t.jsonl",
        "\n\n{\"model\":\"alpha\",\"realized_pnl\":1}\n\n{\"model\":\"alpha\",\"realized_pnl\":\"bad\"}\n",
    );
    complains(&ran, "t.jsonl:5, realized_pnl: ");
}

#[test]
fn more_bad_rows_than_anybody_reads_are_counted_and_not_listed() {
    let machine = Machine::new();
    let mut content = "id,model,realized_pnl\n".to_owned();
    for i in 0..1500 {
        content.push_str(&format!("x{i},alpha,bad\n"));
    }
    let ran = machine.try_import("t.csv", &content);
    assert_eq!(ran.code, 1);
    says(&ran, &counts("trades", 1500, 0, 0, 0, 1500));
    assert_eq!(ran.err.lines().count(), 1001);
    assert!(
        ran.err.lines().last().unwrap().contains("500 more"),
        "{}",
        ran.err.lines().last().unwrap()
    );
}

// ---- Trades --------------------------------------------------------------------------------

#[test]
fn a_known_trade_is_updated_by_its_id_and_an_empty_cell_never_erases() {
    let machine = Machine::new();
    machine.import("t.csv", TRADES_CSV);
    let ran = machine.import(
        "u.csv",
        "id,model,symbol,side,opened_at,closed_at,realized_pnl,confidence\nt1,alpha,,,,,12,\nt2,alpha,,,,,,\n",
    );
    says(&ran, &counts("trades", 2, 0, 1, 1, 0));
    let report = all(&machine);
    let row = &report["models"]["rows"][0];
    close(&row["total_pnl"], 8.0, "total");
    close(&row["average_confidence"], 0.6, "confidence");
    assert_eq!((&row["trades"], &row["open"]), (&json!(2), &json!(0)));
}

#[test]
fn an_update_without_a_currency_leaves_the_currency_as_it_is() {
    let machine = Machine::new();
    machine.import(
        "t.csv",
        "id,model,closed_at,realized_pnl,currency\nt1,alpha,1759276800,1,SOL\n",
    );
    machine.import(
        "u.csv",
        "id,model,closed_at,realized_pnl\nt1,alpha,1759276800,2\n",
    );
    let report = all(&machine);
    assert_eq!(
        report["models"]["summary"]["total_pnl"],
        json!({"SOL": 2.0})
    );
}

#[test]
fn an_open_trade_closes_when_its_id_comes_again() {
    let machine = Machine::new();
    machine.import(
        "t.csv",
        "id,model,opened_at,closed_at,realized_pnl\nt1,alpha,1759276800,,\n",
    );
    let open = all(&machine);
    let row = &open["models"]["rows"][0];
    assert_eq!(
        (&row["open"], &row["trades"], &row["total_pnl"]),
        (&json!(1), &json!(0), &Value::Null)
    );
    machine.import(
        "t.csv",
        "id,model,opened_at,closed_at,realized_pnl\nt1,alpha,1759276800,1759280400,3\n",
    );
    let closed = all(&machine);
    let row = &closed["models"]["rows"][0];
    assert_eq!((&row["open"], &row["trades"]), (&json!(0), &json!(1)));
    close(&row["total_pnl"], 3.0, "total");
}

#[test]
fn a_trade_without_an_id_imported_twice_stays_one_and_two_equal_rows_stay_two() {
    let machine = Machine::new();
    let rows = "model,closed_at,realized_pnl\nalpha,1759276800,5\nalpha,1759276800,5\nalpha,1759276800,6\n";
    says(
        &machine.import("t.csv", rows),
        &counts("trades", 3, 3, 0, 0, 0),
    );
    says(
        &machine.import("t.csv", rows),
        &counts("trades", 3, 0, 0, 3, 0),
    );
    // Another order of rows and columns is the same content.
    let turned = "realized_pnl,note,model,closed_at\n6,x,alpha,1759276800\n5,,alpha,1759276800\n5,,alpha,1759276800\n";
    says(
        &machine.import("u.csv", turned),
        &counts("trades", 3, 0, 0, 3, 0),
    );
    let report = all(&machine);
    assert_eq!(report["models"]["rows"][0]["trades"], 3);
    close(&report["models"]["rows"][0]["total_pnl"], 16.0, "total");
}

#[test]
fn whether_confidences_run_to_1_or_to_100_is_decided_per_file() {
    let mean = |confidences: &[&str]| {
        let machine = Machine::new();
        let mut content = "model,closed_at,realized_pnl,confidence\n".to_owned();
        for (i, c) in confidences.iter().enumerate() {
            content.push_str(&format!("alpha,{},1,{c}\n", 1_759_276_800 + i));
        }
        machine.import("t.csv", &content);
        all(&machine)["models"]["rows"][0]["average_confidence"].clone()
    };
    close(&mean(&["0.4", "0.8"]), 0.6, "fractions");
    close(&mean(&["40", "80"]), 0.6, "percentages");
    close(&mean(&["1", "0"]), 0.5, "a lone 1 is a fraction");
    close(&mean(&["1", "99"]), 0.5, "1 of 100");
    close(&mean(&["", "0.5"]), 0.5, "unknown is not zero");
    assert_eq!(mean(&["", ""]), Value::Null);

    let machine = Machine::new();
    machine.import(
        "a.csv",
        "id,model,closed_at,realized_pnl,confidence\na,alpha,1759276800,1,0.5\n",
    );
    machine.import(
        "b.csv",
        "id,model,closed_at,realized_pnl,confidence\nb,alpha,1759276801,1,70\n",
    );
    close(
        &all(&machine)["models"]["rows"][0]["average_confidence"],
        0.6,
        "each file its own",
    );
}

#[test]
fn a_trade_closed_before_it_was_opened_is_kept_and_warned_about() {
    let machine = Machine::new();
    let ran = machine.import(
        "t.csv",
        "id,model,opened_at,closed_at,realized_pnl\nt1,alpha,2025-10-02T00:00:00Z,2025-10-01T00:00:00Z,5\n",
    );
    assert!(
        ran.err.starts_with("t.csv:2, closed_at: warning: "),
        "{}",
        ran.err
    );
    says(&ran, &counts("trades", 1, 1, 0, 0, 0));
    let report = all(&machine);
    let row = &report["models"]["rows"][0];
    assert_eq!((&row["trades"], &row["open"]), (&json!(1), &json!(0)));
}

#[test]
fn times_are_read_as_seconds_milliseconds_and_with_any_offset() {
    for (text, want) in [
        ("1759276800", "2025-10-01T00:00:00Z"),
        ("1759276800000", "2025-10-01T00:00:00Z"),
        ("1759276800.25", "2025-10-01T00:00:00.250Z"),
        ("2025-10-01T02:00:00+02:00", "2025-10-01T00:00:00Z"),
        ("2025-09-30T19:30:00-04:30", "2025-10-01T00:00:00Z"),
        ("2025-10-01T00:00:00.123Z", "2025-10-01T00:00:00.123Z"),
    ] {
        let machine = Machine::new();
        machine.import(
            "c.csv",
            format!("id,source,symbol,called_at\nc1,bot,X,{text}\n"),
        );
        assert_eq!(
            all(&machine)["calls"]["rows"][0]["called_at"],
            want,
            "{text}"
        );
    }
    let machine = Machine::new();
    machine.import(
        "c.jsonl",
        "{\"id\":\"c1\",\"source\":\"bot\",\"symbol\":\"X\",\"called_at\":1759276800000}\n",
    );
    assert_eq!(all(&machine)["calls"]["rows"][0]["called_at"], T);
}

// ---- Calls, outcomes, prices ---------------------------------------------------------------

#[test]
fn outcomes_may_come_before_their_calls() {
    let before = Machine::new();
    before.import("o.csv", OUTCOMES_CSV);
    before.import("c.csv", CALLS_CSV);
    let after = Machine::new();
    after.import("c.csv", CALLS_CSV);
    after.import("o.csv", OUTCOMES_CSV);
    let report = all(&before);
    assert_eq!(report, all(&after));
    assert_eq!(
        find(&report["calls"]["rows"], "id", "c1")["category"],
        "CRASH"
    );
}

#[test]
fn prices_may_come_before_their_calls() {
    let before = Machine::new();
    before.import("p.csv", PRICES_CSV);
    before.import("c.csv", CALLS_CSV);
    let after = Machine::new();
    after.import("c.csv", CALLS_CSV);
    after.import("p.csv", PRICES_CSV);
    let report = all(&before);
    assert_eq!(report, all(&after));
    close(
        &find(&report["calls"]["rows"], "id", "c1")["ath_multiple"],
        3.0,
        "ath",
    );
}

#[test]
fn an_outcome_with_other_values_is_updated_and_an_empty_cell_never_erases() {
    let machine = Machine::new();
    machine.import("c.csv", CALLS_CSV);
    machine.import("o.csv", OUTCOMES_CSV);
    let ran = machine.import(
        "o.csv",
        "id,peak_multiple,final_multiple,is_rug,label\nc1,,2.5,,\nc2,,,,\n",
    );
    says(&ran, &counts("outcomes", 2, 0, 1, 1, 0));
    let report = all(&machine);
    let row = find(&report["calls"]["rows"], "id", "c1");
    assert_eq!(row["category"], "WINNER");
    close(&row["ath_multiple"], 3.0, "the peak stays");
}

#[test]
fn a_gain_in_percent_is_a_peak() {
    let machine = Machine::new();
    machine.import("c.csv", CALLS_CSV);
    machine.import("o.csv", "id,max_gain_pct\nc1,482\nc2,-30\n");
    let report = all(&machine);
    close(
        &find(&report["calls"]["rows"], "id", "c1")["ath_multiple"],
        5.82,
        "c1",
    );
    close(
        &find(&report["calls"]["rows"], "id", "c2")["ath_multiple"],
        1.0,
        "never under the entry",
    );
}

#[test]
fn a_call_only_has_its_unknowns_filled() {
    let machine = Machine::new();
    machine.import(
        "c.csv",
        "id,source,address,called_at,entry_price,lp_locked\nc1,bot,A1,2025-10-01T00:00:00Z,,\n",
    );
    let ran = machine.import("d.csv", "id,source,address,called_at,entry_price,lp_locked,smart\nc1,bot,A1,2025-10-01T00:00:00Z,2,true,5\n");
    says(&ran, &counts("calls", 1, 0, 1, 0, 0));
    let report = all(&machine);
    close(&report["calls"]["rows"][0]["entry_price"], 2.0, "entry");
    for (header, row, what) in [
        ("entry_price", "3", "entry_price"),
        ("lp_locked", "false", "lp_locked"),
        ("smart", "6", "smart"),
    ] {
        let ran = machine.try_import(
            "e.csv",
            format!("id,source,address,called_at,{header}\nc1,bot,A1,2025-10-01T00:00:00Z,{row}\n"),
        );
        complains(&ran, "e.csv:2");
        assert!(ran.err.contains(what), "{}", ran.err);
        says(&ran, &counts("calls", 1, 0, 0, 0, 1));
    }
    for row in [
        "c1,other,A1,2025-10-01T00:00:00Z",
        "c1,bot,A2,2025-10-01T00:00:00Z",
        "c1,bot,A1,2025-10-01T00:00:01Z",
    ] {
        let ran = machine.try_import("e.csv", format!("id,source,address,called_at\n{row}\n"));
        complains(&ran, "e.csv:2");
    }
    assert_eq!(all(&machine), report, "what is refused changes nothing");
}

#[test]
fn a_chain_that_nobody_said_is_an_unknown_that_a_later_row_fills() {
    let machine = Machine::new();
    machine.import("c.csv", "id,source,address,called_at\nc1,bot,0xAbCdEf0123456789aBcDeF0123456789abcdef01,2025-10-01T00:00:00Z\n");
    let ran = machine.try_import("d.csv", "id,source,chain,address,called_at\nc1,bot,base,0xabcdef0123456789abcdef0123456789abcdef01,2025-10-01T00:00:00Z\n");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(all(&machine)["calls"]["rows"][0]["chain"], "base");
}

#[test]
fn a_call_without_an_id_is_known_by_source_chain_address_and_time() {
    let machine = Machine::new();
    let rows = format!(
        "source,chain,address,called_at\nbot,,{MINT},{T}\nbot,solana,{MINT},{T}\nbot,SOLANA,{MINT},2025-10-01T02:00:00+02:00\nother,,{MINT},{T}\nbot,base,{MINT},{T}\n"
    );
    says(
        &machine.import("c.csv", &rows),
        &counts("calls", 5, 3, 0, 2, 0),
    );
    says(
        &machine.import("c.csv", &rows),
        &counts("calls", 5, 0, 0, 5, 0),
    );
}

#[test]
fn an_address_without_a_chain_is_solana_only_if_it_is_base58_of_32_to_44() {
    let machine = Machine::new();
    machine.import("c.csv", format!(
        "id,source,address,called_at\na,bot,{MINT},{T}\nb,bot,BTC,{T}\nc,bot,0xAbCdEf0123456789aBcDeF0123456789abcdef01,{T}\n"
    ));
    let report = all(&machine);
    for (id, chain, address) in [
        ("a", "solana", MINT),
        ("b", "unknown", "BTC"),
        ("c", "unknown", "0xabcdef0123456789abcdef0123456789abcdef01"),
    ] {
        let row = find(&report["calls"]["rows"], "id", id);
        assert_eq!(
            (&row["chain"], &row["address"]),
            (&json!(chain), &json!(address))
        );
    }
}

#[test]
fn another_price_for_the_same_token_and_time_is_refused_and_a_missing_one_is_filled() {
    let machine = Machine::new();
    machine.import("p.csv", PRICES_CSV);
    let ran = machine.try_import("q.csv", "chain,address,at,price_usd,liquidity_usd\nsolana,A1,2025-10-01T00:10:00Z,1.6,\nsolana,A1,2025-10-01T00:20:00Z,,500\n");
    complains(&ran, "q.csv:2");
    says(&ran, &counts("prices", 2, 0, 1, 0, 1));
}

#[test]
fn features_never_seen_before_show_up_in_the_report_with_their_kind() {
    let machine = Machine::new();
    let mut content = String::new();
    for i in 0..12 {
        content.push_str(&json!({
            "id": format!("c{i}"), "source": "bot", "address": format!("A{i}"), "called_at": T, "entry_price": 1,
            "whale_in": i % 2 == 0, "Moon Phase": i, "mood": if i % 2 == 0 { "calm" } else { "wild" },
            "features": {"nested_flag": if i % 3 == 0 { "yes" } else { "no" }, "nested_number": 0.5 * f64::from(i), "bit": i % 2},
        }).to_string());
        content.push('\n');
    }
    machine.import("c.jsonl", &content);
    let mut outcomes = "id,peak_multiple,final_multiple\n".to_owned();
    for i in 0..12 {
        outcomes.push_str(&format!("c{i},{},1\n", if i % 2 == 0 { 2 } else { 1 }));
    }
    machine.import("o.csv", &outcomes);
    let report = machine.report("features", AS_OF, &[]);
    let rows = &report["features"]["rows"];
    for (name, kind) in [
        ("whale_in", "flag"),
        ("nested_flag", "flag"),
        ("bit", "flag"),
        ("moon phase", "number"),
        ("nested_number", "number"),
    ] {
        assert_eq!(find(rows, "feature", name)["kind"], kind, "{name}");
    }
    let flag = find(rows, "feature", "nested_flag");
    assert_eq!(
        (&flag["n_with"], &flag["n_without"], &flag["n_unknown"]),
        (&json!(4), &json!(8), &json!(0))
    );
    // Words are named too, tested or not.
    assert!(
        report["features"].to_string().contains("mood"),
        "{report:#}"
    );
    assert!(
        machine
            .text(&["--report", "features", "--as-of", AS_OF])
            .contains("whale_in")
    );
}

#[test]
fn text_from_outside_never_brings_control_or_bidi_characters_to_stdout() {
    let machine = Machine::new();
    let evil = "A\u{1b}[31m\u{7}B\u{202e}C\u{2066}D\u{200f}E\u{9b}2J\u{feff}F";
    let row = json!({
        "id": format!("id{evil}"), "source": format!("src{evil}"), "chain": evil, "address": format!("addr{evil}"),
        "symbol": evil, "name": evil, "called_at": T, "entry_price": 1.0, "rejected_by": Value::Null,
        format!("feature{evil}"): true, "words": evil,
    });
    machine.import("c.jsonl", format!("{row}\n"));
    let id: String = "idA[31mBCDE2JF".to_owned();
    machine.import(
        "o.csv",
        format!("id,peak_multiple,final_multiple,label\nid{evil},3,2,{evil}\n"),
    );
    machine.import("t.jsonl", format!("{}\n", json!({"id": evil, "model": evil, "symbol": evil, "closed_at": T, "realized_pnl": 1, "currency": evil})));
    let ran = machine.run_with(
        &["record", "call"],
        json!({"source": evil, "symbol": evil, "called_at": T}).to_string(),
    );
    let mut outputs = vec![ran.out];
    for format in ["json", "text"] {
        outputs.push(machine.text(&[
            "--report",
            "all",
            "--provisional",
            "--format",
            format,
            "--as-of",
            AS_OF,
        ]));
    }
    assert!(
        outputs[1].contains(&id),
        "the outcome found its call: {}",
        outputs[1]
    );
    assert!(outputs[1].contains("WINNER"));
    for out in outputs {
        for c in out.chars() {
            assert!(
                c == '\n'
                    || (!c.is_control()
                        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')),
                "{c:?} in {out:?}"
            );
        }
    }
}

// ---- record --------------------------------------------------------------------------------

#[test]
fn record_takes_a_call_and_a_trade_as_json_or_flags_and_is_idempotent() {
    let machine = Machine::new();
    let call = json!({"source": "bot", "address": MINT, "called_at": T, "entry_price": 0.5, "lp_locked": true, "features": {"score": 7}});
    let ran = machine.run_with(&["record", "call"], call.to_string());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert!(ran.out.ends_with(": new\n"), "{ran:?}");
    let flags = [
        "record",
        "call",
        "--source",
        "bot",
        "--address",
        MINT,
        "--called-at",
        T,
        "--entry-price",
        "0.5",
        "--feature",
        "lp_locked=true",
        "--feature",
        "score=7",
    ];
    let again = machine.run(&flags);
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.out.ends_with(": unchanged\n"), "{again:?}");
    let more = machine.run(&[&flags[..], &["--symbol", "ABC"]].concat());
    assert!(more.out.ends_with(": updated\n"), "{more:?}");

    let trade =
        json!({"id": "t1", "model": "alpha", "closed_at": T, "realized_pnl": 5, "confidence": 0.8});
    let ran = machine.run_with(&["record", "trade"], trade.to_string());
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "trade t1: new\n"),
        "{ran:?}"
    );
    let ran = machine.run(&[
        "record",
        "trade",
        "--id",
        "t1",
        "--model",
        "alpha",
        "--closed-at",
        T,
        "--realized-pnl=-5",
        "--confidence",
        "0.8",
    ]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "trade t1: updated\n"),
        "{ran:?}"
    );
    let report = all(&machine);
    close(&report["models"]["rows"][0]["total_pnl"], -5.0, "total");
    assert_eq!(report["calls"]["rows"].as_array().unwrap().len(), 1);
    assert_eq!(report["calls"]["rows"][0]["symbol"], "ABC");
}

#[test]
fn record_takes_the_pretty_printed_json_of_a_bot() {
    let machine = Machine::new();
    let text = serde_json::to_string_pretty(
        &json!({"source": "bot", "symbol": "X", "called_at": 1_759_276_800}),
    )
    .unwrap();
    assert_eq!(machine.run_with(&["record", "call"], text).code, 0);
}

#[test]
fn record_of_bad_input_exits_1_with_one_line_and_stores_nothing() {
    let machine = Machine::new();
    for (what, input, part) in [
        ("call", "{", "JSON"),
        ("call", "[]", "JSON"),
        ("call", "{}", "source"),
        ("call", r#"{"source":"bot"}"#, "address"),
        ("call", r#"{"source":"bot","symbol":"X"}"#, "called_at"),
        (
            "call",
            r#"{"source":"bot","symbol":"X","called_at":"2025-10-01T00:00:00"}"#,
            "called_at",
        ),
        (
            "call",
            r#"{"source":"bot","symbol":"X","called_at":1759276800,"entry_price":0}"#,
            "entry_price",
        ),
        ("trade", r#"{"realized_pnl":5}"#, "model"),
        (
            "trade",
            r#"{"model":"a","realized_pnl":"x"}"#,
            "realized_pnl",
        ),
        ("trade", r#"{"model":"a","confidence":85}"#, "confidence"),
        ("trade", r#"{"model":"a","confidence":150}"#, "confidence"),
        ("trade", r#"{"model":"a"}{"model":"b"}"#, "JSON"),
    ] {
        let ran = machine.run_with(&["record", what], input);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{input}: {ran:?}");
        assert!(ran.err.contains(part), "{input}: {}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{input}: {}", ran.err);
    }
    let report = all(&machine);
    assert_eq!(report["models"]["rows"], json!([]));
    assert_eq!(report["calls"]["rows"], json!([]));
}

#[test]
fn record_without_input_is_wrong_usage() {
    let machine = Machine::new();
    for input in ["", " \n"] {
        for what in ["call", "trade"] {
            assert_eq!(machine.run_with(&["record", what], input).code, 2);
        }
    }
    assert_eq!(machine.run(&["record"]).code, 2);
    assert_eq!(machine.run(&["record", "price"]).code, 2);
    assert_eq!(
        machine
            .run(&["record", "call", "--source", "bot", "--feature", "novalue"])
            .code,
        2
    );
}

// ---- The command line ----------------------------------------------------------------------

#[test]
fn wrong_usage_exits_2() {
    let machine = Machine::new();
    for args in [
        &["--nonsense"][..],
        &["nonsense"],
        &["import"],
        &["import", "trades"],
        &["--report", "nonsense"],
        &["--report", "--format", "xml"],
        &["--report", "--range", "8d"],
        &["--report", "--as-of", "yesterday"],
        &["--report", "--as-of", "2025-11-01"],
        &["--report", "--as-of", "2025-11-01T00:00:00"],
        &["--report", "--as-of", "1761955200"],
        &["--report", "models", "--top", "0"],
        &["--report", "models", "--top", "-1"],
        &["--report", "models", "--compare", "one"],
        &["--format", "json"],
        &["--demo"],
        &["--report", "--demo"],
        &["--demo", "import", "x.csv"],
    ] {
        let ran = machine.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {ran:?}");
        assert_eq!(ran.out, "", "{args:?}");
        assert!(!ran.err.is_empty(), "{args:?}");
    }
    assert!(!machine.db().exists(), "wrong usage makes no database");
}

#[test]
fn a_report_on_a_database_that_is_not_there_exits_1_and_makes_none() {
    let machine = Machine::new();
    let ran = machine.run(&["--report"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{ran:?}");
    assert_eq!(ran.err.lines().count(), 1);
    assert!(!machine.db().exists());
}

#[test]
fn the_database_may_be_named_by_the_environment_or_lies_in_the_data_folder() {
    let machine = Machine::new();
    let path = machine.file("t.csv", TRADES_CSV);
    assert_eq!(machine.run_bare(&["import", &path]).code, 0);
    assert!(machine.path("data/callboard/callboard.db").exists());
    let mut command = machine.bare();
    command
        .env("CALLBOARD_DB", machine.path("other.db"))
        .args(["import", &path]);
    assert_eq!(cli_support::finish(&mut command).code, 0);
    assert!(machine.path("other.db").exists());
}

#[test]
#[cfg(unix)]
fn nobody_else_can_read_the_database() {
    use std::os::unix::fs::PermissionsExt;
    let machine = Machine::new();
    machine.import("t.csv", TRADES_CSV);
    for entry in std::fs::read_dir(machine.path("")).unwrap() {
        let path = entry.unwrap().path();
        if path.to_str().unwrap().contains("test.db") {
            let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", path.display());
        }
    }
    let input = machine.file("t.csv", TRADES_CSV);
    assert_eq!(machine.run_bare(&["import", &input]).code, 0);
    let folder = std::fs::metadata(machine.path("data/callboard")).unwrap();
    assert_eq!(folder.permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_field_of_the_call_is_never_taken_from_its_features() {
    for line in [
        json!({"id": "c1", "source": "bot", "symbol": "X", "called_at": T, "entry_price": 1, "features": {"entry_price": 5, "symbol": "Y"}}),
        json!({"features": {"entry_price": 5, "symbol": "Y"}, "id": "c1", "source": "bot", "symbol": "X", "called_at": T, "entry_price": 1}),
    ] {
        let machine = Machine::new();
        machine.import("c.jsonl", format!("{line}\n"));
        let report = all(&machine);
        let row = &report["calls"]["rows"][0];
        assert_eq!(row["symbol"], "X", "{line}");
        close(&row["entry_price"], 1.0, "entry");
    }
}

#[test]
fn the_same_flag_in_another_word_is_no_contradiction() {
    let machine = Machine::new();
    machine.import(
        "a.csv",
        format!("id,source,symbol,called_at,flag,n\nc1,bot,X,{T},true,5\n"),
    );
    for (flag, n) in [("yes", "5.0"), ("1", "5"), ("TRUE", "5e0")] {
        let ran = machine.try_import(
            "b.csv",
            format!("id,source,symbol,called_at,flag,n\nc1,bot,X,{T},{flag},{n}\n"),
        );
        assert_eq!(ran.code, 0, "{flag} {n}: {ran:?}");
        says(&ran, &counts("calls", 1, 0, 0, 1, 0));
    }
}

#[test]
fn the_last_row_of_an_id_wins_within_a_file() {
    let machine = Machine::new();
    let rows =
        "id,model,closed_at,realized_pnl\na,m,1759276800,1\na,m,1759276800,2\na,m,1759276800,2\n";
    says(
        &machine.import("t.csv", rows),
        &counts("trades", 3, 1, 1, 1, 0),
    );
    close(
        &all(&machine)["models"]["rows"][0]["total_pnl"],
        2.0,
        "total",
    );
}

#[test]
fn an_outcome_that_says_nothing_is_refused_like_a_price_that_says_nothing() {
    let machine = Machine::new();
    let path = machine.file("trades.csv", TRADES_CSV);
    let ran = machine.run(&["import", "outcomes", &path]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains(" 0 new"), "{ran:?}");
}

#[test]
fn a_named_kind_that_does_not_fit_refuses_every_row() {
    for (kind, content) in [
        ("trades", CALLS_CSV),
        ("calls", TRADES_CSV),
        ("prices", TRADES_CSV),
        ("trades", PRICES_JSONL),
    ] {
        let machine = Machine::new();
        let path = machine.file("x", content);
        let ran = machine.run(&["import", kind, &path]);
        assert_eq!(ran.code, 1, "{ran:?}");
        says(&ran, &counts(kind, 2, 0, 0, 0, 2));
    }
}

#[test]
fn a_refused_row_does_not_decide_the_scale_of_confidences() {
    // Not even one that is out of any scale.
    let machine = Machine::new();
    let ran = machine.try_import(
        "t.csv",
        "id,model,closed_at,realized_pnl,confidence\na,m,1759276800,1,0.9\nb,m,1759276800,1,150\n",
    );
    complains(&ran, "t.csv:3, confidence: refused");
    close(
        &all(&machine)["models"]["rows"][0]["average_confidence"],
        0.9,
        "confidence",
    );
}

#[test]
fn more_rows_than_a_batch_holds_are_counted_right_and_bad_ones_keep_their_lines() {
    let machine = Machine::new();
    let mut content = "id,model,closed_at,realized_pnl\n".to_owned();
    for i in 0..20_010 {
        let pnl = if i == 20_005 || i == 3 {
            "bad".to_owned()
        } else {
            i.to_string()
        };
        content.push_str(&format!("t{i},m,1759276800,{pnl}\n"));
    }
    let ran = machine.try_import("t.csv", &content);
    complains(&ran, "t.csv:5, realized_pnl: ");
    complains(&ran, "t.csv:20007, realized_pnl: ");
    says(&ran, &counts("trades", 20_010, 20_008, 0, 0, 2));
    let ran = machine.try_import("t.csv", &content);
    says(&ran, &counts("trades", 20_010, 0, 0, 20_008, 2));
}

/// Four bots at once, each recording eight times; the runs that failed.
fn record_at_once(
    machine: &Machine,
    what: &str,
    record: impl Fn(usize, usize) -> Value + Sync,
) -> Vec<Ran> {
    let record = &record;
    std::thread::scope(|scope| {
        let bots: Vec<_> = (0..4)
            .map(|bot| {
                scope.spawn(move || {
                    (0..8)
                        .map(|n| machine.run_with(&["record", what], record(bot, n).to_string()))
                        .filter(|ran| ran.code != 0)
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        bots.into_iter()
            .flat_map(|bot| bot.join().unwrap())
            .collect()
    })
}

#[test]
fn bots_may_record_calls_while_others_do() {
    let machine = Machine::new();
    machine.import("t.csv", TRADES_CSV);
    let failed = record_at_once(
        &machine,
        "call",
        |bot, n| json!({"id": format!("{bot}/{n}"), "source": "bot", "address": "A", "called_at": T}),
    );
    assert!(failed.is_empty(), "{} of 32: {:?}", failed.len(), failed[0]);
    assert_eq!(all(&machine)["calls"]["summary"]["total"], 32);
}

#[test]
fn bots_may_record_trades_while_others_do() {
    let machine = Machine::new();
    machine.import("t.csv", TRADES_CSV);
    let failed = record_at_once(
        &machine,
        "trade",
        |bot, n| json!({"id": format!("{bot}/{n}"), "model": "m", "closed_at": T, "realized_pnl": 1}),
    );
    assert!(failed.is_empty(), "{} of 32: {:?}", failed.len(), failed[0]);
    close(
        &find(&all(&machine)["models"]["rows"], "model", "m")["total_pnl"],
        32.0,
        "total",
    );
}
