//! Whole processes at full size, beside the `sqlite3` shell's `.import` of the same file into a
//! table with the same key, where that shell is installed. `cargo bench --bench imports`.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench reads the clock, prints its figures, and stops where it cannot go on"
)]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use support::files;

/// How often each is measured; the median is printed.
const ROUNDS: usize = 3;

/// A file, its kind, and the table that the shell reads it into.
const FILES: [(&str, &str, &str); 3] = [
    (
        "trades.csv",
        "trades",
        "id TEXT PRIMARY KEY, model TEXT, symbol TEXT, side TEXT, quantity REAL, \
         entry_price REAL, exit_price REAL, opened_at INTEGER, closed_at INTEGER, \
         realized_pnl REAL, fee REAL, cost REAL, confidence REAL, currency TEXT",
    ),
    (
        "prices.csv",
        "prices",
        "chain TEXT, address TEXT, at INTEGER, price_usd REAL, liquidity_usd REAL, \
         market_cap_usd REAL, PRIMARY KEY (chain, address, at)",
    ),
    (
        "calls.csv",
        "calls",
        "id TEXT PRIMARY KEY, source TEXT, chain TEXT, address TEXT, symbol TEXT, \
         called_at INTEGER, entry_price REAL, score REAL, smart_money TEXT, lp_locked TEXT, \
         mint_revoked TEXT, top10_pct REAL, age_minutes REAL, dex TEXT, conviction TEXT",
    ),
];

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    println!("writing 1,000,000 trades, 2,000,000 samples, 100,000 calls");
    files::trades(&at("trades.csv"), 1_000_000, 12, 90).unwrap();
    files::prices(&at("prices.csv"), 2_000_000, 1_000).unwrap();
    files::calls(&at("calls.csv"), 100_000, 1_000).unwrap();
    let full = at("full.db");
    for (file, kind, columns) in FILES {
        let (mut ours, mut shell) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            // The last round goes into one file with the others, which is what is read below.
            let db = if round + 1 == ROUNDS {
                full.clone()
            } else {
                at(&format!("{kind}{round}.db"))
            };
            shell.extend(by_shell(
                &at(&format!("{kind}{round}.raw")),
                &at(file),
                columns,
            ));
            ours.push(callboard(
                &db,
                &["import", kind, at(file).to_str().unwrap()],
            ));
        }
        let ours = median(ours);
        match (!shell.is_empty()).then(|| median(shell)) {
            Some(shell) => println!(
                "import {kind:7} {ours:6.2} s   sqlite3 {shell:6.2} s   {:.2}x",
                ours / shell
            ),
            None => println!("import {kind:7} {ours:6.2} s   (no sqlite3 shell here)"),
        }
    }
    for report in ["models", "calls", "all"] {
        let times = (0..ROUNDS).map(|_| callboard(&full, &["--report", report]));
        println!("--report {report:6} {:6.2} s", median(times.collect()));
    }
    let times: Vec<f64> = (0..21)
        .map(|i| {
            let id = format!("bench{i}");
            callboard(
                &full,
                &[
                    "record",
                    "trade",
                    "--id",
                    &id,
                    "--model",
                    "model-03",
                    "--realized-pnl",
                    "1.5",
                ],
            )
        })
        .collect();
    println!("record trade    {:6.3} s", median(times));
}

/// The time that the program takes for something, as a whole process.
fn callboard(db: &Path, args: &[&str]) -> f64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
    timed(command.arg("--db").arg(db).args(args))
}

fn by_shell(db: &Path, file: &Path, columns: &str) -> Option<f64> {
    let mut command = Command::new("sqlite3");
    let here = command.arg(db).args([
        &format!("CREATE TABLE t ({columns})"),
        ".mode csv",
        &format!(".import --skip 1 {} t", file.display()),
    ]);
    let there = Command::new("sqlite3")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok();
    there.then(|| timed(here))
}

fn timed(command: &mut Command) -> f64 {
    let start = Instant::now();
    let output = command.output().unwrap();
    let took = start.elapsed().as_secs_f64();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    took
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
