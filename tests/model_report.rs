//! `--report models` as a user runs it: figures against scipy, places, comparison, late trades.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod cli_support;

use std::fmt::Write;

use cli_support::{Machine, close, find};
use serde_json::{Value, json};

const AS_OF: &str = "2025-12-31T00:00:00Z";

/// A trade a day of each model from the first of October on: its P&L by (model, day).
fn daily(models: &[&str], days: u32, pnl: impl Fn(usize, u32) -> f64) -> String {
    let mut csv = "id,model,symbol,side,opened_at,closed_at,realized_pnl,cost\n".to_owned();
    for day in 0..days {
        for (m, model) in models.iter().enumerate() {
            let date = format!("2025-{:02}-{:02}", 10 + day / 30, 1 + day % 30);
            let side = if day % 2 == 0 { "long" } else { "short" };
            writeln!(
                csv,
                "{model}-{day},{model},SOL,{side},{date}T01:00:00Z,{date}T03:00:00Z,{},0.25",
                pnl(m, day)
            )
            .unwrap();
        }
    }
    csv
}

fn models(machine: &Machine, more: &[&str]) -> Value {
    machine.report("models", AS_OF, more)["models"].take()
}

/// scipy 1.17: `skew`, `kurtosis(fisher=False)`, `norm.cdf`, `pointbiserialr`,
/// `pearsonr(...).confidence_interval`, `beta.ppf`.
#[test]
fn the_figures_of_twelve_trades_are_those_of_scipy() {
    let pnl = [10., -5., 20., 0., -15., 30., 5., -10., 25., 15., -20., 40.];
    let confidence = [
        0.5, 0.6, 0.7, 0.8, 0.4, 0.9, 0.55, 0.45, 0.85, 0.65, 0.35, 0.95,
    ];
    let mut csv = "id,model,closed_at,realized_pnl,confidence\n".to_owned();
    for (i, (p, c)) in pnl.iter().zip(confidence).enumerate() {
        writeln!(csv, "t{i},alpha,2025-10-01T00:{i:02}:00Z,{p},{c}").unwrap();
    }
    let machine = Machine::new();
    machine.import("t.csv", csv);
    let found = models(&machine, &[]);
    let row = &found["rows"][0];
    for (field, want) in [
        ("sharpe", 0.421_909_812_100_111_14),
        ("sharpe_error", 0.299_867_325_066_401_74),
        ("probabilistic_sharpe", 0.920_284_568_035_196_8),
        ("expectancy_ratio", 0.633_333_333_333_333_3),
        ("average_win", 145.0 / 7.0),
        ("average_loss", -12.5),
        // One model: the pooled rate with a weight of ten.
        ("shrunk_win_rate", 0.583_333_333_333_333_3),
        ("longest_win_streak", 2.0),
        ("longest_loss_streak", 1.0),
        ("current_streak", 1.0),
        ("rank_low", 1.0),
        ("rank_high", 1.0),
    ] {
        close(&row[field], want, field);
    }
    for (field, want) in [
        ("pearson_win", 0.534_472_338_650_591),
        ("pearson_win_p", 0.073_420_162_702_761_44),
        ("pearson_low", 0.604_851_386_398_596_9),
        ("pearson_high", 0.964_547_025_456_807_3),
        ("brier_skill", 0.250_857_142_857_142_8),
        ("base_rate", 7.0 / 12.0),
    ] {
        close(&row["confidence"][field], want, field);
    }
    // From 0 up to 10, then 5, 25, 25, 10, 40, 45, 35, 60, 75, 55, 95.
    close(&row["max_drawdown"], -20.0, "drawdown");
    assert_eq!(row["max_drawdown_from"], "2025-10-01T00:09:00Z");
    assert_eq!(row["max_drawdown_to"], "2025-10-01T00:10:00Z");
    assert_eq!(row["confidence"]["bins"].as_array().unwrap().len(), 1);
}

#[test]
fn places_carry_what_the_days_can_tell() {
    // a earns every day what nobody else does; b and c are the same but for their names.
    let pnl = |m: usize, day: u32| match m {
        0 => 50.0 + f64::from(day % 3),
        _ => f64::from(day % 7) - 3.0,
    };
    let names = ["a", "b", "B"];
    let machine = Machine::new();
    machine.import("t.csv", daily(&names, 30, pnl));
    let found = models(&machine, &[]);
    let place = |name: &str| {
        let row = find(&found["rows"], "model", name);
        json!([
            row["rank"],
            row["rank_low"],
            row["rank_high"],
            row["p_best"]
        ])
    };
    assert_eq!(place("a"), json!([1, 1, 1, 1.0]));
    for name in ["b", "B"] {
        assert_eq!(place(name), json!([2, 2, 2, 0.0]));
    }
    close(
        &find(&found["rows"], "model", "a")["net_after_cost"],
        30.0 * 51.0 - 7.5,
        "after cost",
    );
    // The same bytes each time.
    assert_eq!(found, models(&machine, &[]));

    // Twelve trades on two days prove nothing, however clear they look.
    let few = Machine::new();
    let mut csv = "id,model,closed_at,realized_pnl\n".to_owned();
    for i in 0..24 {
        let model = ["x", "y"][i % 2];
        let day = 1 + i / 12;
        let pnl = if model == "x" { 10 } else { -10 };
        writeln!(csv, "t{i},{model},2025-10-{day:02}T01:{i:02}:00Z,{pnl}").unwrap();
    }
    few.import("t.csv", csv);
    let found = models(&few, &[]);
    let row = find(&found["rows"], "model", "x");
    let place = json!([
        row["rank"],
        row["rank_low"],
        row["rank_high"],
        row["p_best"]
    ]);
    assert_eq!(place, json!([1, 1, 2, null]));
    let text = few.text(&["--report", "models", "--as-of", AS_OF]);
    assert!(
        text.contains("2 days only: any place is possible"),
        "{text}"
    );
    let pair = models(&few, &["--compare", "x", "y"]);
    assert_eq!(pair["compare"][0]["leader"], Value::Null);
}

#[test]
fn two_models_are_compared_in_the_order_they_were_named() {
    let pnl = |m: usize, day: u32| match m {
        0 => 5.0 + f64::from(day % 3),
        1 => f64::from(day % 5) - 2.0,
        _ => f64::from((day * 7) % 11) - 5.0,
    };
    let machine = Machine::new();
    machine.import("t.csv", daily(&["good", "one", "two"], 40, pnl));
    let compare = |more: &[&str]| models(&machine, more)["compare"][0].clone();
    let pair = compare(&["--compare", "one", "good"]);
    assert_eq!(
        (&pair["a"], &pair["leader"]),
        (&json!("one"), &json!("good"))
    );
    let average = &pair["average_pnl"];
    assert!(average["high"].as_f64().unwrap() < 0.0, "{average}");
    close(&pair["p_a_better"], 0.0, "P(one better)");
    let back = compare(&["--compare", "good", "one"]);
    close(
        &back["average_pnl"]["difference"],
        -average["difference"].as_f64().unwrap(),
        "difference",
    );
    let tie = compare(&["--compare", "one", "two"]);
    assert_eq!(tie["leader"], "tie");
    let text = machine.text(&[
        "--report",
        "models",
        "--as-of",
        AS_OF,
        "--compare",
        "one",
        "two",
    ]);
    assert!(text.contains("a tie: "), "{text}");

    // On shared days only: the day that one of them traded alone is left out.
    machine.import(
        "more.csv",
        "id,model,closed_at,realized_pnl\nalone,one,2025-12-20T00:00:00Z,100000\n",
    );
    let all = compare(&["--compare", "one", "two"]);
    let shared = compare(&["--compare", "one", "two", "--shared-days"]);
    assert_eq!(
        (&all["trades_a"], &shared["trades_a"]),
        (&json!(41), &json!(40))
    );
    close(&shared["days"], 40.0, "days");
}

#[test]
fn the_page_of_a_model_is_printed_with_its_symbols_and_trades() {
    let machine = Machine::new();
    machine.import(
        "t.csv",
        daily(&["a", "b"], 30, |m, day| f64::from(day % 7) - m as f64),
    );
    for format in ["text", "markdown"] {
        let args = [
            "--report", "models", "--as-of", AS_OF, "--model", "a", "--format", format,
        ];
        let text = machine.text(&args);
        for part in [
            "Results",
            "Confidence",
            "By symbol",
            "SOL",
            "long",
            "latest 20 of 30",
        ] {
            assert!(text.contains(part), "{format}: {part} in {text}");
        }
    }
    let symbols = &models(&machine, &["--model", "a"])["symbols"];
    assert_eq!(symbols[0]["symbol"], "SOL");
    assert_eq!(symbols[0]["trades"], 30);
}

/// Trades that come late, and corrections, leave the same report as the settled trades at once.
#[test]
fn late_and_corrected_trades_end_in_the_same_report() {
    let pnl = |m: usize, day: u32| f64::from((day * 13 + 5 * m as u32) % 17) - 8.0;
    let names = ["a", "b", "c"];
    let settled = daily(&names, 40, pnl);
    let wrong = daily(&names, 40, |m, day| -3.0 * pnl(m, day));
    let (head, rows) = settled.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let once = Machine::new();
    once.import("t.csv", &settled);
    let late = Machine::new();
    late.import("wrong.csv", &wrong);
    for part in [2, 0, 1] {
        let mut csv = format!("{head}\n");
        for row in rows.iter().skip(part).step_by(3).rev() {
            writeln!(csv, "{row}").unwrap();
        }
        late.import("part.csv", csv);
    }
    for range in ["all", "30d", "90d"] {
        let of = |machine: &Machine| models(machine, &["--range", range]);
        assert_eq!(of(&late), of(&once), "{range}");
    }
}
