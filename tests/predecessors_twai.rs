//! twai's trades come along, with each hazard of `predecessors.md` B3.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::too_many_lines,
    clippy::needless_pass_by_value,
    clippy::inconsistent_struct_constructor,
    reason = "a test fails by panicking"
)]

mod cli_support;

use cli_support::{Machine, close, find};
use serde_json::{Value, json};

const AS_OF: &str = "2026-03-01T00:00:00Z";
const HEADER: &str = "id,userId,orderId,positionId,symbol,side,type,quantity,price,value,fee,exchangeTradeId,exchangeOrderId,realizedPnl,llmProvider,llmReasoning,llmConfidence,metadata,createdAt,executedAt";

/// A fill as psql writes it.
struct Fill<'a> {
    id: &'a str,
    position: &'a str,
    symbol: &'a str,
    side: &'a str,
    role: &'a str,
    quantity: f64,
    price: f64,
    fee: f64,
    model: &'a str,
    confidence: &'a str,
    minute: u32,
}

impl Fill<'_> {
    fn csv(&self) -> String {
        let Self {
            id,
            position,
            symbol,
            side,
            role,
            quantity,
            price,
            fee,
            model,
            confidence,
            minute,
        } = self;
        let value = quantity * price;
        let pnl = if *role == "entry" { "" } else { "1.00000000" };
        format!(
            "{id},u1,o{id},{position},{symbol},{side},{role},{quantity:.8},{price:.8},{value:.8},{fee:.8},,,{pnl},{model},\
             \"Taking, profit\",{confidence},,2026-01-05 10:{minute:02}:00.123,2026-01-05 10:{minute:02}:00.100\n"
        )
    }
}

const ENTRY: Fill<'_> = Fill {
    id: "1",
    position: "p1",
    symbol: "XXBTZUSD",
    side: "buy",
    role: "entry",
    quantity: 2.0,
    price: 100.0,
    fee: 0.52,
    model: "openai",
    confidence: "78.00",
    minute: 0,
};
const EXIT: Fill<'_> = Fill {
    id: "2",
    side: "sell",
    role: "exit",
    price: 110.0,
    fee: 0.572,
    model: "anthropic",
    confidence: "20.00",
    minute: 30,
    ..ENTRY
};

fn table(fills: &[Fill<'_>]) -> String {
    let rows: String = fills.iter().map(Fill::csv).collect();
    format!("{HEADER}\n{rows}")
}

fn import_all(machine: &Machine, files: &[&str]) -> Value {
    let mut args = vec!["import", "--from", "twai", "--format", "json"];
    args.extend(files);
    let ran = machine.run(&args);
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

/// Imports a table, twice; gives the report and the rows of the leaderboard.
fn import(text: &str) -> (Value, Value) {
    let machine = Machine::new();
    let file = machine.file("trades.csv", text);
    let report = import_all(&machine, &[&file]);
    let models = machine.report("models", AS_OF, &[]);
    let again = import_all(&machine, &[&file]);
    for came in again["came_over"].as_array().unwrap() {
        assert_eq!(came["count"], came["unchanged"], "{again:#}");
    }
    assert_eq!(machine.report("models", AS_OF, &[]), models);
    (report, models["models"]["rows"].clone())
}

fn counted(report: &Value, list: &str, words: &str) -> u64 {
    let items = report[list].as_array().unwrap();
    let found = items
        .iter()
        .filter(|i| i["reason"].as_str().unwrap().contains(words));
    found.map(|i| i["count"].as_u64().unwrap()).sum()
}

#[test]
fn a_result_belongs_to_the_model_that_opened_net_of_both_fees() {
    let (report, rows) = import(&table(&[ENTRY, EXIT]));
    assert_eq!(rows.as_array().unwrap().len(), 1, "{rows:#}");
    let row = find(&rows, "model", "openai");
    close(&row["total_pnl"], 20.0 - 0.52 - 0.572, "net of both fees");
    close(&row["average_confidence"], 0.78, "of the entry");
    assert_eq!(row["currency"], "USD");
    assert_eq!(row["trades"], 1);
    assert_eq!(counted(&report, "recomputed", "closed by another model"), 1);
    assert_eq!(counted(&report, "flagged", "times without a zone"), 1);
    // The real row of B3.1: an exit whose entry is not in the file.
    let real = format!(
        "{HEADER}\n7c0e,4d1a,b21f,9e33,XXBTZUSD,sell,exit,0.01500000,43120.50000000,646.80750000,1.68169950,,,12.44830050,openai,\
         \"Taking profit at resistance\",78.00,,2026-01-05 10:30:00.123,2026-01-05 10:30:00.100\n"
    );
    let (report, rows) = import(&real);
    assert_eq!(rows, json!([]));
    assert_eq!(
        counted(&report, "refused", "its entry is not in the files"),
        1
    );
}

#[test]
fn partial_exits_are_one_trade() {
    let part = |id, quantity, price, fee, minute, role| Fill {
        id,
        quantity,
        price,
        fee,
        minute,
        role,
        ..EXIT
    };
    let (report, rows) = import(&table(&[
        part("3", 1.5, 90.0, 0.351, 40, "exit"),
        part("2", 0.5, 120.0, 0.156, 20, "partial_exit"),
        ENTRY,
    ]));
    let row = find(&rows, "model", "openai");
    assert_eq!((&row["trades"], &row["losses"]), (&json!(1), &json!(1)));
    close(&row["total_pnl"], 10.0 - 15.0 - 0.52 - 0.351 - 0.156, "P&L");
    assert_eq!(counted(&report, "recomputed", "several parts"), 1);

    // Closed in part: still open.
    let (report, rows) = import(&table(&[
        ENTRY,
        part("2", 0.5, 120.0, 0.156, 20, "partial_exit"),
    ]));
    let row = find(&rows, "model", "openai");
    assert_eq!((&row["trades"], &row["open"]), (&json!(0), &json!(1)));
    assert_eq!(counted(&report, "flagged", "closed in part"), 1);

    // Parts that close all of it, without one that says so.
    let (_, rows) = import(&table(&[
        ENTRY,
        part("2", 0.5, 120.0, 0.156, 20, "partial_exit"),
        part("3", 1.5, 120.0, 0.468, 30, "partial_exit"),
    ]));
    close(
        &find(&rows, "model", "openai")["total_pnl"],
        40.0 - 0.52 - 0.156 - 0.468,
        "P&L",
    );

    // More than was held.
    let (report, rows) = import(&table(&[ENTRY, part("2", 4.0, 110.0, 1.144, 20, "exit")]));
    close(
        &find(&rows, "model", "openai")["total_pnl"],
        20.0 - 0.52 - 0.572,
        "what was held",
    );
    assert_eq!(
        counted(&report, "flagged", "more was closed than was held"),
        1
    );
}

#[test]
fn shorts_and_fees_in_units_of_the_base() {
    let open = Fill {
        side: "sell",
        fee: 2.0 * 0.0026,
        ..ENTRY
    };
    let close_it = Fill {
        side: "buy",
        price: 90.0,
        fee: 2.0 * 0.0026,
        ..EXIT
    };
    let (report, rows) = import(&table(&[open, close_it]));
    let row = find(&rows, "model", "openai");
    close(
        &row["total_pnl"],
        20.0 - 0.0052 * 100.0 - 0.0052 * 90.0,
        "short, fees turned into USD",
    );
    assert_eq!(counted(&report, "recomputed", "units of the base"), 2);
}

#[test]
fn price_0_and_positions_of_nobody_are_refused() {
    let free = Fill {
        price: 0.0,
        ..ENTRY
    };
    let (report, rows) = import(&table(&[free, EXIT]));
    assert_eq!(rows, json!([]));
    assert_eq!(counted(&report, "refused", "at price 0"), 1);
    assert_eq!(
        counted(&report, "refused", "of a position that was refused"),
        2
    );
    let (report, _) = import(&table(&[ENTRY, Fill { price: 0.0, ..EXIT }]));
    assert_eq!(counted(&report, "refused", "at price 0"), 1);
    let (report, rows) = import(&table(&[Fill { model: "", ..ENTRY }, EXIT]));
    assert_eq!(rows, json!([]));
    assert_eq!(counted(&report, "refused", "opened by hand"), 1);
    let (report, _) = import(&table(&[
        Fill {
            position: "",
            ..ENTRY
        },
        EXIT,
    ]));
    assert_eq!(counted(&report, "refused", "without a positionId"), 1);
    let (report, _) = import(&table(&[Fill {
        symbol: "AAPL",
        ..ENTRY
    }]));
    assert_eq!(counted(&report, "refused", "no known quote currency"), 1);
    let (report, _) = import(&table(&[ENTRY, EXIT, EXIT]));
    assert_eq!(counted(&report, "refused", "the same fill again"), 1);
}

#[test]
fn a_confidence_of_50_is_nothing_said_and_currencies_are_apart() {
    let eur = |fill: Fill<'static>, id| Fill {
        id,
        position: "p2",
        symbol: "XETHZEUR",
        confidence: "50.00",
        ..fill
    };
    let (report, rows) = import(&table(&[ENTRY, EXIT, eur(ENTRY, "3"), eur(EXIT, "4")]));
    assert_eq!(rows.as_array().unwrap().len(), 2, "{rows:#}");
    assert_eq!(
        find(&rows, "currency", "EUR")["average_confidence"],
        Value::Null
    );
    close(
        &find(&rows, "currency", "USD")["average_confidence"],
        0.78,
        "USD",
    );
    assert_eq!(counted(&report, "flagged", "said nothing"), 1);
}

/// A row as the API writes it: decimals are text, and it does not say what opens.
fn answer(id: &str, side: &str, price: &str, model: &str, at: &str, pnl: Value) -> Value {
    json!({"id": id, "userId": "u", "orderId": "o", "positionId": "p1", "symbol": "BTC/USD", "side": side, "quantity": "2.00000000",
           "price": price, "value": "0", "fee": "0.50000000", "exchangeTradeId": null, "realizedPnl": pnl, "llmProvider": model,
           "createdAt": at, "executedAt": null})
}

#[test]
fn answers_of_the_api_and_tables_without_a_header() {
    let entry = answer(
        "1",
        "buy",
        "100.00000000",
        "gemini",
        "2026-01-05T10:00:00.000Z",
        Value::Null,
    );
    let exit = answer(
        "2",
        "sell",
        "110.00000000",
        "gemini",
        "2026-01-05T11:00:00.000Z",
        json!("19.50000000"),
    );
    let machine = Machine::new();
    let whole = machine.file(
        "trades.json",
        json!({"trades": [exit.clone(), entry.clone()], "total": 2}).to_string(),
    );
    let report = import_all(&machine, &[&whole]);
    assert_eq!(counted(&report, "flagged", "other pages"), 0);
    let rows = machine.report("models", AS_OF, &[])["models"]["rows"].clone();
    close(
        &find(&rows, "model", "gemini")["total_pnl"],
        19.0,
        "net of both fees",
    );

    // Pages are joined; a bare list is fine too.
    let machine = Machine::new();
    let first = machine.file("1.json", json!({"trades": [exit], "total": 2}).to_string());
    let second = machine.file("2.json", json!([entry]).to_string());
    let report = import_all(&machine, &[&first, &second]);
    assert_eq!(counted(&report, "flagged", "other pages"), 1);
    let rows = machine.report("models", AS_OF, &[])["models"]["rows"].clone();
    close(&find(&rows, "model", "gemini")["total_pnl"], 19.0, "joined");

    let id = "7c0e0000-0000-0000-0000-00000000000";
    let (a, b) = (format!("{id}1"), format!("{id}2"));
    let rows: String = [Fill { id: &a, ..ENTRY }, Fill { id: &b, ..EXIT }]
        .iter()
        .map(Fill::csv)
        .collect();
    let (_, rows) = import(&rows);
    close(
        &find(&rows, "model", "openai")["total_pnl"],
        18.908,
        "without a header",
    );
}

#[test]
fn a_damaged_or_foreign_file_is_refused_whole() {
    let machine = Machine::new();
    for (name, text) in [
        ("cut.json", r#"{"trades": [{"id": "1", "symbol""#),
        (
            "stats.json",
            r#"{"stats": [{"provider": "openai", "totalTrades": 45}], "timestamp": 1}"#,
        ),
        ("list.json", r#"[{"a": 1}]"#),
        ("other.csv", "id,model,symbol\n1,a,b\n"),
        ("empty.csv", ""),
    ] {
        let file = machine.file(name, text);
        let ran = machine.run(&["import", "--from", "twai", &file]);
        assert_eq!(ran.code, 1, "{name}: {ran:?}");
        assert_eq!(ran.err.lines().count(), 1, "{name}: {ran:?}");
        assert_eq!(ran.out, "", "{name}");
    }
}
