//! The report as CSV and Markdown, held against the JSON and the text report.

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

use std::collections::BTreeMap;

use cli_support::{Machine, Ran};
use serde_json::Value;

const AS_OF: &str = "2025-11-01T00:00:00Z";
const SECTIONS: [&str; 4] = ["models", "calls", "categories", "features"];

/// Models, sources and symbols that mean something to a spreadsheet or to Markdown.
fn machine() -> Machine {
    let machine = Machine::new();
    let mut trades = "id,model,closed_at,realized_pnl,confidence,currency\n".to_owned();
    for (i, model) in ["=1+1", "a|b", "plain, \"quoted\"", "snake_case"]
        .iter()
        .enumerate()
    {
        let model = model.replace('"', "\"\"");
        for k in 0..12 {
            let pnl = -7.25 + (k * (i + 1)) as f64;
            trades.push_str(&format!(
                "{i}-{k},\"{model}\",2025-10-{:02}T00:00:00Z,{pnl},0.{k},USD\n",
                k + 1
            ));
        }
    }
    machine.import("trades.csv", trades);
    let mut calls =
        "id,source,chain,address,symbol,called_at,entry_price,score,lp_locked\n".to_owned();
    let mut outcomes = "id,peak_multiple,final_multiple,is_rug\n".to_owned();
    for i in 0..40 {
        let (source, symbol) = [
            ("@everyone", "-X"),
            ("b|c", "+Y"),
            ("<b>bold</b>", "[z](http://z)"),
        ][i % 3];
        calls.push_str(&format!(
            "c{i},{source},x,addr{i},{symbol},2025-10-01T00:{i:02}:00Z,1,{},{}\n",
            i % 9,
            i % 2 == 0
        ));
        outcomes.push_str(&format!(
            "c{i},{},0.{},{}\n",
            1 + i % 6,
            1 + i % 8,
            i % 4 == 0
        ));
    }
    machine.import("calls.csv", calls);
    machine.import("outcomes.csv", outcomes);
    machine
}

fn report(machine: &Machine, section: &str, format: &str, more: &[&str]) -> Ran {
    let mut args = vec!["--report", section, "--format", format, "--as-of", AS_OF];
    args.extend(more);
    machine.run(&args)
}

/// The rows of a CSV by column name, with the names in their order.
fn table(ran: &Ran) -> (Vec<String>, Vec<BTreeMap<String, String>>) {
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert!(ran.out.ends_with("\r\n"));
    let mut reader = csv::Reader::from_reader(ran.out.as_bytes());
    let names: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let rows = reader
        .records()
        .map(|record| {
            let record = record.expect("every row has as many fields as the header");
            let cells = record.iter().map(str::to_owned);
            names.iter().cloned().zip(cells).collect()
        })
        .collect();
    (names, rows)
}

/// The rows of a section in the JSON report.
fn json_rows(report: &Value, section: &str) -> Vec<Value> {
    if section == "categories" {
        let mut rows = vec![report["categories"]["overall"].clone()];
        rows.extend(report["categories"]["sources"].as_array().unwrap().clone());
        return rows;
    }
    report[section]["rows"].as_array().unwrap().clone()
}

#[test]
fn csv_says_what_the_json_says() {
    let machine = machine();
    for section in SECTIONS {
        let (names, rows) = table(&report(&machine, section, "csv", &[]));
        let json = json_rows(&machine.report(section, AS_OF, &[]), section);
        assert!(rows.len() > 1, "{section}");
        assert_eq!(rows.len(), json.len(), "{section}");
        let mut seen = 0;
        for (row, json) in rows.iter().zip(&json) {
            for (name, value) in json.as_object().unwrap() {
                let fields: Vec<(String, Value)> = match value {
                    Value::Object(inner) => inner
                        .iter()
                        .map(|(key, value)| {
                            let group = if name == "counts" { "count" } else { name };
                            let key = key.to_lowercase().replace('-', "_");
                            (format!("{group}_{key}"), value.clone())
                        })
                        .collect(),
                    value => vec![(name.clone(), value.clone())],
                };
                for (name, value) in fields {
                    if name == "confidence_bins" {
                        // A table of its own: only JSON holds it.
                        assert!(!names.contains(&name), "{section}: {name}");
                        continue;
                    }
                    assert!(names.contains(&name), "{section}: {name}");
                    let cell = &row[&name];
                    seen += 1;
                    match value {
                        Value::Null => assert_eq!(cell, "", "{section} {name}"),
                        Value::Number(number) => {
                            let got: f64 = cell.parse().unwrap();
                            assert_eq!(got, number.as_f64().unwrap(), "{section} {name}");
                        }
                        Value::String(text) => {
                            assert_eq!(cell.trim_start_matches('\''), text, "{section} {name}");
                        }
                        other => assert_eq!(cell, &other.to_string()),
                    }
                }
            }
        }
        assert!(seen > rows.len() * 15, "{section}: {seen}");
    }
}

#[test]
fn csv_names_nested_fields_flat_and_all_sources_together() {
    let machine = machine();
    let (names, rows) = table(&report(&machine, "categories", "csv", &[]));
    assert_eq!(names[0], "source");
    for name in [
        "count_moon",
        "count_break_even",
        "win_rate_low",
        "reputation",
    ] {
        assert!(names.iter().any(|n| n == name), "{name}: {names:?}");
    }
    assert_eq!(rows[0]["source"], "(all)");
    assert_eq!(rows[0]["n"], "40");
    let (names, _) = table(&report(&machine, "models", "csv", &["--top", "1"]));
    for name in ["confidence_n", "confidence_pearson", "last_closed_at"] {
        assert!(names.iter().any(|n| n == name), "{name}: {names:?}");
    }
}

#[test]
fn csv_guards_text_and_leaves_numbers_alone() {
    let machine = machine();
    let (_, rows) = table(&report(&machine, "calls", "csv", &[]));
    assert_eq!(rows[0]["source"], "'@everyone");
    assert_eq!(rows[0]["symbol"], "'-X");
    assert_eq!(rows[1]["symbol"], "'+Y");
    assert_eq!(rows[2]["symbol"], "[z](http://z)");
    assert_eq!(rows[0]["called_at"], "2025-10-01T00:00:00Z");
    let (_, rows) = table(&report(&machine, "models", "csv", &[]));
    let models: Vec<_> = rows.iter().map(|row| row["model"].as_str()).collect();
    assert!(models.contains(&"'=1+1"), "{models:?}");
    assert!(models.contains(&"plain, \"quoted\""), "{models:?}");
    assert!(rows.iter().all(|row| row["worst_trade"] == "-7.25"));
}

#[test]
fn csv_without_rows_has_the_same_header() {
    let (full, empty) = (machine(), Machine::new());
    empty.import(
        "calls.csv",
        "id,source,symbol,called_at\nc,s,X,2025-01-01T00:00:00Z\n",
    );
    for section in SECTIONS {
        let (want, _) = table(&report(&full, section, "csv", &[]));
        let (names, rows) = table(&report(&empty, section, "csv", &["--range", "24h"]));
        assert_eq!(names, want, "{section}");
        assert_eq!(
            rows.len(),
            usize::from(section == "categories"),
            "{section}"
        );
    }
}

#[test]
fn csv_holds_one_section() {
    let machine = Machine::new();
    for args in [
        &["--report", "--format", "csv"][..],
        &["--report", "all", "--format", "csv"],
        &["--demo", "--report", "--format", "csv"],
    ] {
        let ran = machine.run_bare(args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        assert!(
            ran.err.contains("name it with --report models"),
            "{}",
            ran.err
        );
        assert_eq!(ran.err.lines().count(), 1);
    }
    let unknown = report(&machine, "models", "csv", &["--model", "nobody"]);
    assert_eq!(unknown.code, 1, "{unknown:?}");
}

/// Cells of a line of a pipe table, as they read.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut escaped = false;
    for c in line.chars() {
        match c {
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            '|' if !escaped => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
        escaped = false;
    }
    let inner = &cells[1..cells.len() - 1];
    inner.iter().map(|cell| cell.trim().to_owned()).collect()
}

#[test]
fn markdown_tables_are_whole_and_hold_every_row() {
    let machine = machine();
    for section in SECTIONS {
        let ran = report(&machine, section, "markdown", &[]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
        assert!(
            ran.out
                .starts_with("# callboard report - range All as of 2025-11-01")
        );
        let mut rows: Vec<Vec<String>> = Vec::new();
        for line in ran.out.lines().filter(|line| line.starts_with('|')) {
            rows.push(cells(line));
        }
        let width = rows[0].len();
        assert!(
            rows.iter().all(|row| row.len() == width),
            "{section}: {}",
            ran.out
        );
        assert!(
            rows[1].iter().all(|cell| cell == ":---" || cell == "---:"),
            "{section}"
        );
        let json = json_rows(&machine.report(section, AS_OF, &[]), section);
        let sources = if section == "categories" {
            json.len() - 1
        } else {
            json.len()
        };
        assert_eq!(rows.len() - 2, sources, "{section}");
    }
}

#[test]
fn markdown_has_all_columns_and_all_sections() {
    let machine = machine();
    let all = report(&machine, "all", "markdown", &[]).out;
    for heading in ["## Models", "## Calls", "## Categories", "## Features"] {
        assert_eq!(
            all.lines().filter(|line| *line == heading).count(),
            1,
            "{heading}"
        );
    }
    for column in ["| Median |", "| Max DD |", "| Cov |", "| EVEN |"] {
        assert!(all.contains(column), "{column} in {all}");
    }
    assert!(all.contains("25 more: callboard --report calls"), "{all}");
    assert!(!all.contains('\u{1b}'));
}

#[test]
fn markdown_text_from_outside_stays_text() {
    let machine = machine();
    let all = report(&machine, "all", "markdown", &[]).out;
    assert!(all.contains(r"a\|b") && all.contains(r"b\|c"), "{all}");
    assert!(all.contains(r"snake\_case"), "{all}");
    for raw in ["@everyone", "<b>", "[z](", "a|b "] {
        assert!(!all.contains(raw), "{raw} in {all}");
    }
}

#[test]
fn markdown_compares_and_says_what_is_missing() {
    let machine = machine();
    let ran = report(
        &machine,
        "models",
        "markdown",
        &["--compare", "a|b", "snake_case"],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.out.lines().filter(|line| line.starts_with('|')).count(),
        4
    );
    assert!(
        ran.out.contains(r"- USD: snake\_case leads by"),
        "{}",
        ran.out
    );
    let empty = Machine::new().run_bare(&["--report", "models", "--format", "markdown"]);
    assert_eq!(empty.code, 0, "{empty:?}");
    assert!(empty.out.contains("\n- callboard import"), "{}", empty.out);
    assert!(!empty.out.contains('|'), "{}", empty.out);
}

#[test]
fn the_demo_is_marked_in_markdown() {
    let machine = Machine::new();
    let ran = machine.run_bare(&["--demo", "--report", "models", "--format", "markdown"]);
    assert!(ran.out.starts_with("> DEMO - "), "{}", ran.out);
}
