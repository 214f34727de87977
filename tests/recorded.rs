//! Everything that was recorded in the real world (`shared/data` beside the repository) goes in,
//! and gives the figures that an independent reference (Python, pandas, scipy) has computed.

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

use std::path::PathBuf;

use cli_support::{Machine, close, find};
use serde_json::{Value, json};

const AS_OF: &str = "2025-11-01T00:00:00Z";
const FILES: [(&str, &str, u32); 6] = [
    ("trades.csv", "trades", 301),
    ("trades_stocks.csv", "trades", 84),
    ("trades_memecoin_bot.csv", "trades", 96),
    ("calls.csv", "calls", 7478),
    ("outcomes.csv", "outcomes", 7134),
    ("prices.csv", "prices", 27129),
];

/// The folder of the recorded data, if it lies beside the repository.
fn data() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let beside = root.parent()?.join("shared/data");
    if beside.is_dir() {
        return Some(beside);
    }
    let named = std::env::var_os("CALLBOARD_TEST_DATA").map(PathBuf::from);
    if named.is_none() {
        eprintln!("skipped: there is no {}", beside.display());
    }
    named
}

fn loaded() -> Option<(Machine, Vec<String>)> {
    let data = data()?;
    let machine = Machine::new();
    let paths: Vec<String> = FILES
        .iter()
        .map(|(file, _, _)| data.join(file).to_str().unwrap().to_owned())
        .collect();
    let mut args = vec!["import"];
    args.extend(paths.iter().map(String::as_str));
    let ran = machine.run(&args);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "nothing is refused");
    for ((file, kind, rows), line) in FILES.iter().zip(ran.out.lines()) {
        assert!(
            line.ends_with(&format!("{file}: {kind}: {rows} read, {rows} new, 0 updated, 0 unchanged, 0 refused"))
                // The same price may be recorded twice.
                || *kind == "prices" && line.contains(&format!("{rows} read, ")) && line.ends_with(" 0 refused"),
            "{line}"
        );
    }
    assert_eq!(ran.out.lines().count(), FILES.len());
    Some((machine, paths))
}

#[test]
fn recorded_files_go_in_without_a_refusal_and_a_second_import_changes_nothing() {
    let Some((machine, paths)) = loaded() else {
        return;
    };
    let args = ["--report", "--format", "json", "--as-of", AS_OF];
    let once = machine.run(&args);
    let mut again = vec!["import"];
    again.extend(paths.iter().map(String::as_str));
    let ran = machine.run(&again);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for ((file, kind, rows), line) in FILES.iter().zip(ran.out.lines()) {
        let want =
            format!("{file}: {kind}: {rows} read, 0 new, 0 updated, {rows} unchanged, 0 refused");
        assert!(line.ends_with(&want), "{line}");
    }
    assert_eq!(machine.run(&args).out, once.out);
}

#[test]
fn models_have_the_figures_of_the_reference() {
    let Some((machine, _)) = loaded() else { return };
    let report = machine.report("models", AS_OF, &[]);
    let models = &report["models"];
    assert_eq!(models["summary"]["models"], 5);
    assert_eq!(models["summary"]["trades"], 265);
    assert_eq!(models["summary"]["total_pnl"].as_object().unwrap().len(), 1);
    close(
        &models["summary"]["total_pnl"]["USD"],
        -4874.66626815,
        "total",
    );
    close(&models["summary"]["win_rate"], 80.0 / 265.0, "win rate");
    assert_eq!(models["rows"].as_array().unwrap().len(), 5);
    #[rustfmt::skip]
    let rows = [
        ("deepseek-chat-v3.1", json!(1), 30, 8, 0, 3228.947757, -243.891955, 7378.132678, -1224.237862),
        ("MiniMax-M2", json!(2), 24, 16, 17, 603.538, 1.565, 288.85, -71.54),
        ("gemini-2.5-pro", json!(3), 116, 32, 0, -2213.354793, -10.816_170_5, 268.026541, -400.10707),
        ("gpt-5", json!(4), 88, 20, 0, -6443.37723215, -66.697064, 265.589686, -621.811456),
        ("qwen3-max", Value::Null, 7, 4, 6, -50.42, 6.9, 46.86, -53.43),
    ];
    for (model, rank, trades, wins, open, total, median, best, worst) in rows {
        let row = find(&models["rows"], "model", model);
        assert_eq!(row["rank"], rank, "{model}");
        assert_eq!(row["trades"], trades, "{model}");
        assert_eq!(row["wins"], wins, "{model}");
        assert_eq!(row["open"], open, "{model}");
        close(&row["total_pnl"], total, model);
        close(&row["median_pnl"], median, model);
        close(&row["best_trade"], best, model);
        close(&row["worst_trade"], worst, model);
    }
    let gemini = &find(&models["rows"], "model", "gemini-2.5-pro")["confidence"];
    close(&gemini["pearson"], -0.719_366_120_689_407_8, "gemini");
    // Four equal confidences: a correlation is undefined.
    let deepseek = find(&models["rows"], "model", "deepseek-chat-v3.1");
    assert_eq!(deepseek["confidence"]["n"], 4);
    assert_eq!(deepseek["confidence"]["pearson"], Value::Null);
    assert_eq!(deepseek["confidence"]["spearman"], Value::Null);
}

#[test]
fn calls_have_the_distribution_of_the_reference() {
    let Some((machine, _)) = loaded() else { return };
    let report = machine.report("all", AS_OF, &[]);
    let summary = &report["calls"]["summary"];
    for (field, want) in [
        ("total", 7439),
        ("waiting", 0),
        ("tracking", 0),
        ("completed", 4418),
        ("unpriced", 3021),
        ("no_final", 3839),
        ("recalls", 0),
        ("rejected", 0),
    ] {
        assert_eq!(summary[field], want, "{field}");
    }
    let overall = &report["categories"]["overall"];
    assert_eq!(overall["n"], 579);
    let counts =
        json!({"MOON": 18, "WINNER": 14, "GOOD": 11, "BREAK-EVEN": 91, "LOSER": 129, "CRASH": 316});
    assert_eq!(overall["counts"], counts);
    close(&overall["win_rate"], 43.0 / 579.0, "win rate");
    close(&overall["crash_rate"], 316.0 / 579.0, "crash rate");
    close(&overall["gap_mean"], 4.277_413_508_164_075, "gap mean");
    close(&overall["gap_max"], 1_462.109_731_35, "gap max");
    close(&overall["gap_median"], 0.751_114_78, "gap median");
    assert_eq!(report["features"]["n"], 4418);
}

#[test]
fn the_text_report_of_the_recorded_data_fits_80_columns() {
    let Some((machine, _)) = loaded() else { return };
    for section in ["all", "models", "calls", "categories", "features"] {
        let text = machine.text(&["--report", section, "--as-of", AS_OF]);
        for line in text.lines() {
            assert!(
                unicode_width::UnicodeWidthStr::width(line) <= 80,
                "{section}: {line}"
            );
        }
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
    }
}
