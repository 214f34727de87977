//! The report: every figure of DESIGN 2 and 5 on small tables whose answers are known (by hand,
//! or from scipy and statsmodels, as said where they stand).

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

use callboard::domain::Timestamp;
use cli_support::{Machine, close, find};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

/// 2025-10-01T00:00:00Z, in seconds.
const T0: i64 = 1_759_276_800;
const MIN: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// Seconds after [`T0`] as RFC 3339.
fn at(seconds: i64) -> String {
    Timestamp::from_millis((T0 + seconds) * 1000).rfc3339()
}

/// The same, moved by milliseconds.
fn at_ms(seconds: i64, millis: i64) -> String {
    Timestamp::from_millis((T0 + seconds) * 1000 + millis).rfc3339()
}

/// Trades of (model, P&L, confidence), closed a minute apart from T0 on.
fn trades(rows: &[(&str, f64, Option<f64>)]) -> String {
    let mut csv = "id,model,closed_at,realized_pnl,confidence\n".to_owned();
    for (i, (model, pnl, confidence)) in rows.iter().enumerate() {
        let confidence = confidence.map_or_else(String::new, |c| c.to_string());
        let at = at(i64::try_from(i).unwrap() * MIN);
        csv.push_str(&format!("t{i},{model},{at},{pnl},{confidence}\n"));
    }
    csv
}

/// One call of token A with a stated entry of 1 at T0, and prices of it (seconds, USD).
fn followed(prices: &[(i64, f64)]) -> Machine {
    let machine = Machine::new();
    machine.import(
        "c.csv",
        format!(
            "id,source,chain,address,symbol,called_at,entry_price\nc1,bot,solana,A,AAA,{},1\n",
            at(0)
        ),
    );
    add_prices(&machine, prices);
    machine
}

fn add_prices(machine: &Machine, prices: &[(i64, f64)]) {
    let mut csv = "chain,address,at,price_usd\n".to_owned();
    for (seconds, price) in prices {
        csv.push_str(&format!("solana,A,{},{price}\n", at(*seconds)));
    }
    machine.import("p.csv", csv);
}

fn calls(machine: &Machine, as_of: i64) -> Value {
    machine.report("calls", &at(as_of), &[])["calls"].take()
}

/// The first call's row.
fn call(machine: &Machine, as_of: i64) -> Value {
    calls(machine, as_of)["rows"][0].take()
}

fn models(machine: &Machine, as_of: &str, more: &[&str]) -> Value {
    machine.report("models", as_of, more)["models"].take()
}

fn null(value: &Value, fields: &[&str]) {
    for field in fields {
        assert_eq!(value[field], Value::Null, "{field} is not known");
    }
}

// ---- The shape -----------------------------------------------------------------------------

/// A kind of value, `?` where null is allowed: s text, n number, b flag, o object, a list.
fn holds(value: &Value, name: &str, kind: &str) {
    let object = value
        .as_object()
        .unwrap_or_else(|| panic!("{name}: {value}"));
    let found = object
        .get(name)
        .unwrap_or_else(|| panic!("there is no field {name} in {value:#}"));
    let fits = match kind.trim_end_matches('?') {
        "s" => found.is_string(),
        "n" => found.is_number(),
        "b" => found.is_boolean(),
        "o" => found.is_object(),
        "a" => found.is_array(),
        "i" => found.is_u64(),
        other => panic!("{other}"),
    };
    assert!(
        fits || (kind.ends_with('?') && found.is_null()),
        "{name} is {found}, wanted {kind}"
    );
}

fn all_hold(value: &Value, fields: &str) {
    for field in fields.split_whitespace() {
        let (name, kind) = field.rsplit_once(':').unwrap();
        holds(value, name, kind);
    }
}

#[test]
fn the_json_report_has_every_field_of_schema_1_with_its_type() {
    let machine = feature_machine(&Planted {
        with: (20, 15, 2),
        without: (20, 4, 12),
    });
    let twelve: Vec<_> = (0..12)
        .map(|i| ("alpha", f64::from(i) - 4.0, Some(f64::from(i % 5) / 5.0)))
        .collect();
    machine.import("t.csv", trades(&twelve));
    machine.import(
        "u.csv",
        format!(
            "id,model,closed_at,realized_pnl\nz1,beta,{},\nz2,gamma,,\n",
            at(0)
        ),
    );
    machine.import(
        "d.csv",
        format!("id,source,symbol,called_at\nd1,bot,X,{}\n", at(30 * DAY)),
    );
    machine.import(
        "p.csv",
        format!(
            "chain,address,at,price_usd,market_cap_usd\nsolana,A0,{},1.1,5\n",
            at(HOUR)
        ),
    );
    let r = machine.report("all", &at(40 * DAY), &["--range", "90d"]);
    all_hold(
        &r,
        "schema:i as_of:s range:s models:o calls:o categories:o features:o recommendations:a?",
    );
    assert_eq!(
        (&r["schema"], &r["as_of"], &r["range"]),
        (&json!(1), &json!(at(40 * DAY)), &json!("90d"))
    );
    all_hold(
        &r["models"]["summary"],
        "models:i trades:i total_pnl:o win_rate:n?",
    );
    assert_eq!(r["models"]["rows"].as_array().unwrap().len(), 3);
    for row in r["models"]["rows"].as_array().unwrap() {
        all_hold(
            row,
            "model:s currency:s rank:i? rank_low:n? rank_high:n? p_best:n? trades:i wins:i losses:i flat:i open:i win_rate:n? \
            win_rate_low:n? win_rate_high:n? total_pnl:n? average_pnl:n? median_pnl:n? best_trade:n? worst_trade:n? profit_factor:n? \
            max_drawdown:n? average_confidence:n? confidence:o last_closed_at:s?",
        );
        all_hold(
            &row["confidence"],
            "n:i pearson:n? pearson_p:n? spearman:n? spearman_p:n? auc:n? brier:n?",
        );
    }
    all_hold(
        &r["calls"]["summary"],
        "total:i waiting:i tracking:i completed:i unpriced:i no_final:i recalls:i rejected:i voided:i",
    );
    for row in r["calls"]["rows"].as_array().unwrap() {
        all_hold(
            row,
            "id:s source:s chain:s address:s? symbol:s? called_at:s entry_price:n? entry_origin:s? entry_delay_s:n? status:s \
            last_price:n? last_at:s? peak_price:n? peak_market_cap:n? final_price:n? ath_origin:s? final_basis:s? ath_multiple:n? ath_at:s? \
            final_multiple:n? gap:n? max_gain_pct:n? max_drawdown_pct:n? worst_from_entry_pct:n? return_1h_pct:n? return_6h_pct:n? \
            return_24h_pct:n? category:s? provisional:b rug_state:s coverage_pct:n?",
        );
        assert!(
            ["waiting", "tracking", "completed", "unpriced"]
                .contains(&row["status"].as_str().unwrap())
        );
        assert!(
            ["rug", "crashed", "gone", "alive", "unknown"]
                .contains(&row["rug_state"].as_str().unwrap())
        );
    }
    let distribution = "n:i counts:o win_rate:n? win_rate_low:n? win_rate_high:n? crash_rate:n? crash_rate_low:n? crash_rate_high:n? gap_mean:n? gap_max:n? gap_median:n?";
    all_hold(&r["categories"]["overall"], distribution);
    assert_eq!(r["categories"]["sources"].as_array().unwrap().len(), 1);
    for row in r["categories"]["sources"].as_array().unwrap() {
        all_hold(
            row,
            "source:s rank:i? rank_low:n? rank_high:n? reputation:n? tier:s?",
        );
        all_hold(row, distribution);
        all_hold(
            &row["counts"],
            "MOON:i WINNER:i GOOD:i BREAK-EVEN:i LOSER:i CRASH:i",
        );
        assert_eq!(row["counts"].as_object().unwrap().len(), 6);
    }
    all_hold(&r["features"], "n:i rows:a");
    assert!(r["features"]["rows"].as_array().unwrap().len() >= 3);
    for row in r["features"]["rows"].as_array().unwrap() {
        all_hold(
            row,
            "feature:s kind:s n_with:i n_without:i n_unknown:i pump_with:n? pump_without:n? pump_diff_low:n? pump_diff_high:n? \
            pump_p:n? pump_q:n? rug_with:n? rug_without:n? rug_p:n? rug_q:n? median_gain_with:n? median_gain_without:n? mean_gain_with:n? \
            mean_gain_without:n? gain_p:n? gain_q:n? spearman:n? spearman_p:n? auc:n? verdict:s? reason:s",
        );
    }
}

#[test]
fn a_report_of_one_section_holds_that_section_only() {
    let machine = followed(&[]);
    for (section, keys) in [
        ("models", &["models"][..]),
        ("calls", &["calls"]),
        ("categories", &["categories"]),
        ("features", &["features", "recommendations"]),
        (
            "all",
            &[
                "models",
                "calls",
                "categories",
                "features",
                "recommendations",
            ],
        ),
    ] {
        let report = machine.report(section, &at(0), &[]);
        let mut want: Vec<&str> = ["schema", "as_of", "range"]
            .into_iter()
            .chain(keys.iter().copied())
            .collect();
        let mut got: Vec<&str> = report
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        want.sort_unstable();
        got.sort_unstable();
        assert_eq!(got, want, "{section}");
    }
}

#[test]
fn an_empty_database_reports_zeros_and_unknowns() {
    let machine = Machine::new();
    machine.import("t.csv", "id,model,realized_pnl\n");
    let r = machine.report("all", &at(0), &[]);
    assert_eq!(
        r["models"]["summary"],
        json!({"models": 0, "trades": 0, "total_pnl": {}, "win_rate": null})
    );
    assert_eq!(r["models"]["rows"], json!([]));
    assert_eq!(r["calls"]["summary"]["total"], 0);
    assert_eq!(r["categories"]["overall"]["n"], 0);
    null(
        &r["categories"]["overall"],
        &[
            "win_rate",
            "win_rate_low",
            "win_rate_high",
            "crash_rate",
            "gap_mean",
            "gap_max",
            "gap_median",
        ],
    );
    assert_eq!(r["features"]["n"], 0);
    // No database at all, and none named: the same, and none is made.
    let bare = Machine::new();
    let ran = bare.run_bare(&["--report", "--as-of", &at(0), "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(serde_json::from_str::<Value>(&ran.out).unwrap(), r);
    assert!(!bare.path("data").exists());
}

#[test]
fn an_empty_text_report_says_how_to_get_data() {
    let machine = Machine::new();
    machine.import("t.csv", "id,model,realized_pnl\n");
    for section in ["models", "calls", "categories", "features"] {
        let text = machine.text(&["--report", section, "--as-of", &at(0)]);
        assert!(
            text.contains("callboard import") || text.contains("--demo"),
            "{section}: {text}"
        );
        assert!(text.lines().count() < 25, "{section}: {text}");
    }
}

// ---- Models --------------------------------------------------------------------------------

/// scipy 1.x: `pearsonr`, `spearmanr`; statsmodels: `proportion_confint(method="wilson")`; the rest by hand.
#[test]
fn a_model_row_has_the_figures_of_an_independent_computation() {
    let pnl = [10., -5., 20., 0., -15., 30., 5., -10., 25., 15., -20., 40.];
    let confidence = [
        0.5, 0.6, 0.7, 0.8, 0.4, 0.9, 0.55, 0.45, 0.85, 0.65, 0.35, 0.95,
    ];
    let rows: Vec<_> = pnl
        .iter()
        .zip(confidence)
        .map(|(p, c)| ("alpha", *p, Some(c)))
        .collect();
    let machine = Machine::new();
    machine.import("t.csv", trades(&rows));
    let models = models(&machine, &at(DAY), &[]);
    let row = &models["rows"][0];
    for (field, want) in [
        ("rank", 1),
        ("trades", 12),
        ("wins", 7),
        ("losses", 4),
        ("flat", 1),
        ("open", 0),
    ] {
        assert_eq!(row[field], want, "{field}");
    }
    for (field, want) in [
        ("win_rate", 7.0 / 12.0),
        ("win_rate_low", 0.319_511_312_549_549_7),
        ("win_rate_high", 0.806_739_686_341_243_5),
        ("total_pnl", 95.0),
        ("average_pnl", 95.0 / 12.0),
        ("median_pnl", 7.5),
        ("best_trade", 40.0),
        ("worst_trade", -20.0),
        ("profit_factor", 145.0 / 50.0),
        ("max_drawdown", -20.0),
        ("average_confidence", 7.7 / 12.0),
    ] {
        close(&row[field], want, field);
    }
    let c = &row["confidence"];
    assert_eq!(c["n"], 12);
    close(&c["pearson"], 0.875_013_705_699_047_9, "pearson");
    close(&c["pearson_p"], 0.000_194_034_938_076_437_5, "pearson_p");
    close(&c["spearman"], 0.888_111_888_111_888_2, "spearman");
    // By t 0.000114; under n = 20 a permutation test may give another, but not a very other, p.
    let p = c["spearman_p"].as_f64().unwrap();
    assert!((1e-6..2e-3).contains(&p), "spearman_p {p}");
    close(&c["auc"], 29.0 / 35.0, "auc");
    close(&c["brier"], 0.182_083_333_333_333_35, "brier");
    assert_eq!(row["last_closed_at"], at(11 * MIN));
    assert_eq!(
        models["summary"],
        json!({"models": 1, "trades": 12, "total_pnl": {"USD": 95.0}, "win_rate": 7.0 / 12.0})
    );
}

/// Predecessors T4.
#[test]
fn correlations_are_given_from_three_trades_and_undefined_when_constant() {
    let of = |rows: &[(f64, f64)]| {
        let rows: Vec<_> = rows
            .iter()
            .map(|(c, p)| ("m", *p, Some(*c / 100.0)))
            .collect();
        let machine = Machine::new();
        machine.import("t.csv", trades(&rows));
        models(&machine, &at(DAY), &[])["rows"][0]["confidence"].take()
    };
    let fields = ["pearson", "pearson_p", "spearman", "spearman_p", "auc"];
    null(&of(&[(50., 1.), (80., 2.)]), &fields);
    let three = of(&[(50., 10.), (60., 20.), (70., 1000.)]);
    close(&three["pearson"], 0.870_387_831_263_337_1, "pearson");
    close(&three["pearson_p"], 0.327_736_229_882_893_9, "pearson_p");
    close(&three["spearman"], 1.0, "spearman");
    assert_eq!(three["auc"], Value::Null);
    null(
        &of(&[(70.1, 1.), (70.1, 2.), (70.1, -4.), (70.1, 9.)]),
        &fields,
    );
    null(&of(&[(10., 5.), (20., 5.), (30., 5.)]), &fields);
}

#[test]
fn the_best_trade_of_a_model_that_only_lost_is_its_smallest_loss() {
    let machine = Machine::new();
    machine.import(
        "t.csv",
        trades(&[
            ("m", -5., None),
            ("m", -3., None),
            ("w", 4., None),
            ("w", 2., None),
        ]),
    );
    let models = models(&machine, &at(DAY), &[]);
    let m = find(&models["rows"], "model", "m");
    close(&m["best_trade"], -3.0, "best");
    close(&m["worst_trade"], -5.0, "worst");
    close(&m["win_rate"], 0.0, "win rate");
    close(&m["profit_factor"], 0.0, "profit factor");
    close(&m["max_drawdown"], -8.0, "max drawdown");
    let w = find(&models["rows"], "model", "w");
    close(&w["worst_trade"], 2.0, "worst");
    assert_eq!(w["profit_factor"], Value::Null, "no loss: undefined");
}

#[test]
fn the_median_of_an_even_number_is_the_mean_of_the_middle_two() {
    let machine = Machine::new();
    machine.import(
        "t.csv",
        trades(&[
            ("m", 1., None),
            ("m", 10., None),
            ("m", 2., None),
            ("m", 4., None),
        ]),
    );
    close(
        &models(&machine, &at(DAY), &[])["rows"][0]["median_pnl"],
        3.0,
        "median",
    );
}

#[test]
fn both_ends_of_a_range_are_in_and_nothing_beside() {
    for (range, seconds) in [
        ("24h", DAY),
        ("7d", 7 * DAY),
        ("30d", 30 * DAY),
        ("90d", 90 * DAY),
    ] {
        let machine = Machine::new();
        let end = 100 * DAY;
        let mut csv = "id,model,closed_at,realized_pnl\n".to_owned();
        for (i, (seconds, millis, pnl)) in [
            (end - seconds, -1, 1),
            (end - seconds, 0, 2),
            (end, 0, 4),
            (end, 1, 8),
        ]
        .iter()
        .enumerate()
        {
            csv.push_str(&format!("{i},m,{},{pnl}\n", at_ms(*seconds, *millis)));
        }
        machine.import("t.csv", csv);
        let total =
            |range| models(&machine, &at(end), &["--range", range])["rows"][0]["total_pnl"].clone();
        close(&total(range), 6.0, range);
        close(&total("all"), 7.0, "all");
    }
}

#[test]
fn a_trade_opened_before_and_closed_after_as_of_is_open() {
    let machine = Machine::new();
    machine.import("t.csv", format!(
        "id,model,opened_at,closed_at,realized_pnl\na,m,{},{},5\nb,m,{},,\nc,m,{},{},7\nd,m,{},,\n",
        at(0), at(2 * HOUR), at(HOUR), at(0), at(HOUR), at(3 * HOUR)
    ));
    for (when, trades, open, total) in [
        (0, 0, 2, None),
        (HOUR - 1, 0, 2, None),
        (HOUR, 1, 2, Some(7.)),
        (2 * HOUR, 2, 1, Some(12.)),
        (3 * HOUR, 2, 2, Some(12.)),
    ] {
        let models = models(&machine, &at(when), &[]);
        let row = &models["rows"][0];
        assert_eq!(
            (&row["trades"], &row["open"]),
            (&json!(trades), &json!(open)),
            "at {when}"
        );
        assert_eq!(row["total_pnl"].as_f64(), total, "at {when}");
    }
}

#[test]
fn trades_of_unknown_pnl_are_no_trades_of_the_rates() {
    let machine = Machine::new();
    machine.import(
        "t.csv",
        format!(
            "id,model,closed_at,realized_pnl,confidence\na,m,{0},5,0.5\nb,m,{0},,0.9\n",
            at(0)
        ),
    );
    let models = models(&machine, &at(DAY), &[]);
    let row = &models["rows"][0];
    assert_eq!(
        (&row["trades"], &row["confidence"]["n"]),
        (&json!(1), &json!(1))
    );
    close(&row["win_rate"], 1.0, "win rate");
    close(&row["median_pnl"], 5.0, "median");
    assert_eq!(models["summary"]["trades"], 1);
}

#[test]
fn pnl_of_different_currencies_is_never_summed() {
    let machine = Machine::new();
    let mut csv = "id,model,closed_at,realized_pnl,currency\n".to_owned();
    for i in 0..10 {
        csv.push_str(&format!(
            "a{i},m,{0},1,usd\nb{i},m,{0},-2,SOL\nc{i},n,{0},-3,sol\n",
            at(i)
        ));
    }
    machine.import("t.csv", csv);
    let models = models(&machine, &at(DAY), &[]);
    assert_eq!(
        models["summary"]["total_pnl"],
        json!({"SOL": -50.0, "USD": 10.0})
    );
    assert_eq!(models["summary"]["models"], 2);
    let got: Vec<_> = models["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            (
                r["model"].as_str().unwrap(),
                r["currency"].as_str().unwrap(),
                r["rank"].as_u64().unwrap(),
                r["total_pnl"].as_f64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        got,
        [
            ("m", "SOL", 1, -20.0),
            ("n", "SOL", 2, -30.0),
            ("m", "USD", 1, 10.0)
        ]
    );
}

#[test]
fn cost_is_not_part_of_the_pnl() {
    let machine = Machine::new();
    machine.import(
        "t.csv",
        format!(
            "id,model,closed_at,realized_pnl,fee,cost\na,m,{},5,1,2\n",
            at(0)
        ),
    );
    close(
        &models(&machine, &at(DAY), &[])["rows"][0]["total_pnl"],
        5.0,
        "total",
    );
}

#[test]
fn a_rank_needs_ten_trades_and_equal_totals_share_one() {
    let mut rows = Vec::new();
    for (model, n, pnl) in [
        ("c", 10, 3.0),
        ("b", 20, 1.0),
        ("a", 10, 2.0),
        ("d", 10, -1.0),
        ("few", 9, 100.0),
    ] {
        rows.extend((0..n).map(|_| (model, pnl, None)));
    }
    let machine = Machine::new();
    machine.import("t.csv", trades(&rows));
    let found = models(&machine, &at(DAY), &[]);
    for (model, rank) in [
        ("c", json!(1)),
        ("a", json!(2)),
        ("b", json!(2)),
        ("d", json!(4)),
        ("few", Value::Null),
    ] {
        assert_eq!(
            find(&found["rows"], "model", model)["rank"],
            rank,
            "{model}"
        );
    }
}

#[test]
fn totals_that_differ_by_a_rounding_error_share_a_rank() {
    // 0.1 + 0.2 and 0.3.
    let mut rows = Vec::new();
    for i in 0..10 {
        rows.push((
            "x",
            if i == 0 {
                0.1
            } else if i == 1 {
                0.2
            } else {
                0.0
            },
            None,
        ));
        rows.push(("y", if i == 0 { 0.3 } else { 0.0 }, None));
    }
    let machine = Machine::new();
    machine.import("t.csv", trades(&rows));
    let found = models(&machine, &at(DAY), &[]);
    for model in ["x", "y"] {
        assert_eq!(find(&found["rows"], "model", model)["rank"], 1, "{model}");
    }
}

#[test]
fn model_compare_and_top_leave_only_what_was_asked_for() {
    let mut rows = Vec::new();
    for (model, pnl) in [
        ("alpha", 1.0),
        ("beta", 3.0),
        ("gamma", 2.0),
        ("delta", 3.0),
    ] {
        rows.extend((0..10).map(|_| (model, pnl, None)));
    }
    let machine = Machine::new();
    machine.import("t.csv", trades(&rows));
    let names = |more: &[&str]| -> Vec<String> {
        models(&machine, &at(DAY), more)["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["model"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&["--model", "gamma"]), ["gamma"]);
    assert_eq!(names(&["--model", "GAMMA"]), ["gamma"]);
    assert_eq!(names(&["--compare", "alpha", "beta"]), ["beta", "alpha"]);
    assert_eq!(names(&["--top", "2"]), ["beta", "delta"]);
    assert_eq!(names(&["--top", "99"]).len(), 4);
    close(
        &models(&machine, &at(DAY), &["--model", "gamma"])["rows"][0]["rank"],
        3.0,
        "places are those among all",
    );

    let text = |more: &[&str]| {
        machine.text(&[&["--report", "models", "--as-of", &at(DAY)], more].concat())
    };
    let one = text(&["--model", "gamma"]);
    assert!(one.contains("gamma") && !one.contains("alpha"), "{one}");
    let two = text(&["--compare", "alpha", "beta"]);
    assert!(
        two.contains("beta leads") && two.contains("20") && !two.contains("gamma"),
        "{two}"
    );
    assert!(text(&["--compare", "beta", "delta"]).contains("tie"));
    let top = text(&["--top", "1"]);
    assert!(top.contains("beta") && !top.contains("alpha"), "{top}");
}

#[test]
fn an_unknown_model_exits_1_and_names_the_nearest() {
    let machine = Machine::new();
    machine.import(
        "t.csv",
        trades(&[("claude", 1., None), ("gpt-5", 1., None)]),
    );
    for format in ["text", "json"] {
        for args in [&["--model", "claud"][..], &["--compare", "gpt-5", "claud"]] {
            let ran = machine.run(&[&["--report", "models", "--format", format], args].concat());
            assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{ran:?}");
            assert!(ran.err.contains("claude"), "{}", ran.err);
            assert_eq!(ran.err.lines().count(), 1);
        }
    }
}

// ---- Calls ---------------------------------------------------------------------------------

#[test]
fn the_entry_is_stated_or_the_first_sample_within_five_minutes_or_unknown() {
    let machine = Machine::new();
    machine.import("c.csv", format!(
        "id,source,chain,address,called_at,entry_price\nstated,bot,solana,A,{0},2\nsampled,bot,solana,B,{0},\nlate,bot,solana,C,{0},\nwaits,bot,solana,D,{0},\nat_once,bot,solana,E,{0},\n",
        at(0)
    ));
    machine.import("p.csv", format!(
        "chain,address,at,price_usd\nsolana,A,{m1},3\nsolana,B,{m5},4\nsolana,B,{m6},8\nsolana,C,{late},5\nsolana,E,{before},9\nsolana,E,{zero},6\n",
        m1 = at(MIN), m5 = at(5 * MIN), m6 = at(6 * MIN), late = at_ms(5 * MIN, 1), before = at(-1), zero = at(0)
    ));
    let found = calls(&machine, HOUR);
    let row = |id| find(&found["rows"], "id", id);
    let entry = |id| {
        let r = row(id);
        (
            r["entry_price"].as_f64(),
            r["entry_origin"].as_str(),
            r["entry_delay_s"].as_f64(),
            r["status"].as_str().unwrap(),
        )
    };
    assert_eq!(
        entry("stated"),
        (Some(2.), Some("stated"), Some(0.), "tracking")
    );
    assert_eq!(
        entry("sampled"),
        (Some(4.), Some("sampled"), Some(300.), "tracking")
    );
    assert_eq!(
        entry("at_once"),
        (Some(6.), Some("sampled"), Some(0.), "tracking")
    );
    assert_eq!(entry("late"), (None, None, None, "unpriced"));
    assert_eq!(entry("waits"), (None, None, None, "waiting"));
    close(&row("sampled")["ath_multiple"], 2.0, "ath");
    for id in ["late", "waits"] {
        null(
            row(id),
            &[
                "ath_multiple",
                "final_multiple",
                "gap",
                "category",
                "max_gain_pct",
                "coverage_pct",
                "max_drawdown_pct",
            ],
        );
    }
    let s = &found["summary"];
    assert_eq!(
        (&s["total"], &s["tracking"], &s["waiting"], &s["unpriced"]),
        (&json!(5), &json!(3), &json!(1), &json!(1))
    );
    let over = calls(&machine, 8 * DAY);
    assert_eq!(find(&over["rows"], "id", "waits")["status"], "unpriced");
}

#[test]
fn ath_and_final_come_from_the_window_both_ends_in() {
    let end = 7 * DAY;
    let machine = followed(&[
        (-1, 50.),
        (10 * MIN, 2.),
        (DAY, 6.),
        (end, 1.5),
        (end + 1, 99.),
    ]);
    let row = call(&machine, 8 * DAY);
    assert_eq!(row["status"], "completed");
    assert_eq!(row["category"], "MOON");
    assert_eq!(row["provisional"], false);
    for (field, want) in [
        ("ath_multiple", 6.),
        ("peak_price", 6.),
        ("final_multiple", 1.5),
        ("final_price", 1.5),
        ("gap", 4.5),
        ("max_gain_pct", 500.),
        ("last_price", 1.5),
        ("worst_from_entry_pct", 0.),
        ("max_drawdown_pct", -75.),
    ] {
        close(&row[field], want, field);
    }
    assert_eq!(
        (&row["ath_at"], &row["ath_origin"], &row["final_basis"]),
        (&json!(at(DAY)), &json!("sampled"), &json!("sampled"))
    );
    assert_eq!(row["last_at"], at(end));
}

#[test]
fn an_ath_never_lies_under_the_entry() {
    let machine = followed(&[(HOUR, 0.5), (7 * DAY, 0.6)]);
    let row = call(&machine, 7 * DAY);
    close(&row["ath_multiple"], 1.0, "ath");
    close(&row["max_gain_pct"], 0.0, "gain");
    close(&row["peak_price"], 0.6, "the highest price seen");
    close(&row["gap"], 0.4, "gap");
    assert_eq!(row["category"], "LOSER");
}

#[test]
fn a_final_lies_within_24_hours_of_the_end_or_there_is_none() {
    let end = 7 * DAY;
    let inside = followed(&[(end - DAY, 2.)]);
    let row = call(&inside, end);
    close(&row["final_multiple"], 2.0, "24 h before the end");
    assert_eq!(
        (&row["category"], &row["status"]),
        (&json!("WINNER"), &json!("completed"))
    );

    let outside = followed(&[(end - DAY - 1, 2.)]);
    let found = calls(&outside, end);
    let row = &found["rows"][0];
    null(
        row,
        &[
            "final_multiple",
            "final_price",
            "final_basis",
            "gap",
            "category",
        ],
    );
    close(&row["ath_multiple"], 2.0, "ath");
    assert_eq!(
        (
            &found["summary"]["completed"],
            &found["summary"]["no_final"]
        ),
        (&json!(1), &json!(1))
    );
    let categories = outside.report("categories", &at(end), &["--provisional"]);
    assert_eq!(categories["categories"]["overall"]["n"], 0);
}

#[test]
fn a_call_in_its_window_is_provisional_and_later_samples_are_unseen() {
    let machine = followed(&[(HOUR, 3.), (2 * HOUR, 0.4), (7 * DAY, 1.0)]);
    for (when, status, category, fin, ath) in [
        (HOUR, "tracking", "WINNER", 3.0, 3.0),
        (2 * HOUR - 1, "tracking", "WINNER", 3.0, 3.0),
        (2 * HOUR, "tracking", "CRASH", 0.4, 3.0),
        (7 * DAY - 1, "tracking", "CRASH", 0.4, 3.0),
        (7 * DAY, "completed", "WINNER", 1.0, 3.0),
    ] {
        let row = call(&machine, when);
        assert_eq!(
            (&row["status"], &row["category"]),
            (&json!(status), &json!(category)),
            "at {when}"
        );
        assert_eq!(row["provisional"], status == "tracking");
        close(&row["final_multiple"], fin, "final");
        close(&row["ath_multiple"], ath, "ath");
        for (more, n) in [
            (&[][..], usize::from(status == "completed")),
            (&["--provisional"], 1),
        ] {
            let report = machine.report("categories", &at(when), more);
            assert_eq!(
                report["categories"]["overall"]["n"], n,
                "at {when} {more:?}"
            );
        }
    }
    assert_eq!(calls(&machine, -1)["summary"]["total"], 0, "not called yet");
}

/// Predecessors T2, the correct rows.
#[test]
fn drawdowns_never_recover() {
    let polls = [
        (600, 0.2),
        (1200, 0.9),
        (1800, 3.0),
        (2400, 2.0),
        (3000, 0.05),
        (10_200, 0.05),
        (10_800, 0.06),
    ];
    let machine = followed(&polls);
    for ((seconds, _), (worst, drawdown)) in polls.iter().zip([
        (-80., -80.),
        (-80., -80.),
        (-80., -80.),
        (-80., -80.),
        (-95., -98.333_333_333_333_33),
        (-95., -98.333_333_333_333_33),
        (-95., -98.333_333_333_333_33),
    ]) {
        let row = call(&machine, *seconds);
        close(&row["worst_from_entry_pct"], worst, "worst");
        close(&row["max_drawdown_pct"], drawdown, "drawdown");
    }
    close(&call(&machine, 10_800)["max_gain_pct"], 200.0, "gain");
    null(
        &call(&machine, 599),
        &["max_drawdown_pct", "worst_from_entry_pct"],
    );
}

#[test]
fn a_return_needs_a_sample_near_its_mark() {
    // Tolerances: 3 min at 1 h, 18 min at 6 h, 72 min at 24 h.
    for (field, mark, tolerance) in [
        ("return_1h_pct", HOUR, 3 * MIN),
        ("return_6h_pct", 6 * HOUR, 18 * MIN),
        ("return_24h_pct", DAY, 72 * MIN),
    ] {
        for (off, known) in [
            (-tolerance, true),
            (tolerance, true),
            (-tolerance - 1, false),
            (tolerance + 1, false),
            (0, true),
        ] {
            let machine = followed(&[(MIN, 7.), (mark + off, 1.5)]);
            let row = call(&machine, 2 * DAY);
            if known {
                close(&row[field], 50.0, field);
            } else {
                assert_eq!(row[field], Value::Null, "{field} {off}");
            }
        }
        let machine = followed(&[(mark - 100, 2.), (mark + 60, 3.), (mark + 70, 4.)]);
        close(&call(&machine, 2 * DAY)[field], 200.0, "the nearest");
    }
}

#[test]
fn coverage_is_the_share_of_five_minute_slots_with_a_sample() {
    let machine = followed(&[(MIN, 1.), (2 * MIN, 1.), (6 * MIN, 1.), (59 * MIN, 1.)]);
    close(&call(&machine, HOUR)["coverage_pct"], 25.0, "3 of 12");
    close(&call(&machine, 10 * MIN)["coverage_pct"], 100.0, "2 of 2");
    close(
        &call(&machine, 7 * DAY)["coverage_pct"],
        3.0 / 20.16,
        "3 of 2016",
    );
    let none = followed(&[]);
    close(&call(&none, HOUR)["coverage_pct"], 0.0, "none of 12");
    let entry_only = followed(&[(0, 1.)]);
    close(
        &call(&entry_only, HOUR)["coverage_pct"],
        0.0,
        "a sample no later than the entry is no coverage",
    );
}

#[test]
fn rug_states_are_told_apart() {
    let day = |prices: &[(i64, f64, &str)]| {
        let machine = followed(&[]);
        let mut csv = "chain,address,at,price_usd,liquidity_usd\n".to_owned();
        for (minutes, price, liquidity) in prices {
            csv.push_str(&format!(
                "solana,A,{},{price},{liquidity}\n",
                at(minutes * MIN)
            ));
        }
        machine.import("p.csv", csv);
        machine
    };
    let rug = day(&[
        (1, 1., "20000"),
        (2, 0.1, "500"),
        (3, 0.1, "500"),
        (4, 0.1, "500"),
    ]);
    assert_eq!(call(&rug, HOUR)["rug_state"], "rug");
    // Nothing in the last day of the window: a rugged token finishes at 0.
    let row = call(&rug, 7 * DAY);
    close(&row["final_multiple"], 0.0, "final");
    assert_eq!(
        (&row["final_basis"], &row["category"], &row["rug_state"]),
        (&json!("no market"), &json!("CRASH"), &json!("rug"))
    );

    let crashed = day(&[(1, 0.2, ""), (31, 0.1, "")]);
    assert_eq!(call(&crashed, HOUR)["rug_state"], "crashed");
    assert_eq!(call(&crashed, 30 * MIN)["rug_state"], "alive");
    assert_eq!(
        call(&day(&[(1, 0.2, ""), (30, 0.1, "")]), HOUR)["rug_state"],
        "alive",
        "under half an hour"
    );
    assert_eq!(
        call(&day(&[(1, 0.21, ""), (60, 0.21, "")]), HOUR)["rug_state"],
        "alive",
        "over 0.2x"
    );
    // From the peak it fell by 90 %, from the entry it did not: no crash.
    assert_eq!(
        call(&day(&[(1, 10., ""), (2, 1., ""), (60, 1., "")]), HOUR)["rug_state"],
        "alive"
    );
    assert_eq!(call(&followed(&[]), HOUR)["rug_state"], "unknown");
    // Drained, but the price held: no rug.
    assert_eq!(
        call(
            &day(&[
                (1, 1., "20000"),
                (2, 1., "500"),
                (3, 1., "500"),
                (4, 1., "500")
            ]),
            HOUR
        )["rug_state"],
        "alive"
    );
}

#[test]
fn an_observation_without_a_price_moves_no_multiple() {
    let machine = followed(&[(HOUR, 2.)]);
    machine.import(
        "l.csv",
        format!(
            "chain,address,at,liquidity_usd,market_cap_usd\nsolana,A,{},100,7000\n",
            at(2 * HOUR)
        ),
    );
    let row = call(&machine, 3 * HOUR);
    close(&row["final_multiple"], 2.0, "final");
    assert_eq!(row["last_at"], at(HOUR));
}

fn with_outcome(prices: &[(i64, f64)], columns: &str, values: &str) -> Machine {
    let machine = followed(prices);
    machine.import("o.csv", format!("id,{columns}\nc1,{values}\n"));
    machine
}

#[test]
fn an_imported_outcome_serves_what_own_samples_cannot_give() {
    let end = 7 * DAY;
    let imported = with_outcome(&[], "peak_multiple,final_multiple", "3,1.2");
    let row = call(&imported, end);
    close(&row["ath_multiple"], 3.0, "ath");
    close(&row["final_multiple"], 1.2, "final");
    assert_eq!(
        (
            &row["ath_origin"],
            &row["final_basis"],
            &row["category"],
            &row["provisional"]
        ),
        (
            &json!("imported"),
            &json!("imported"),
            &json!("WINNER"),
            &json!(false)
        )
    );
    null(
        &row,
        &[
            "final_price",
            "max_drawdown_pct",
            "worst_from_entry_pct",
            "ath_at",
        ],
    );
    // Without observed_until it is dated at the window's end: not seen before.
    null(&call(&imported, end - 1), &["ath_multiple", "category"]);

    // An own final stands; the peak of a poorly covered window is the import's.
    let both = with_outcome(&[(end, 0.7)], "peak_multiple,final_multiple", "4,3");
    let row = call(&both, end);
    close(&row["ath_multiple"], 4.0, "ath");
    close(&row["final_multiple"], 0.7, "final");
    assert_eq!(
        (&row["ath_origin"], &row["final_basis"], &row["category"]),
        (&json!("imported"), &json!("sampled"), &json!("LOSER"))
    );
}

#[test]
fn an_imported_peak_is_floored_at_the_entry_and_the_final_and_unknown_without_one() {
    let end = 7 * DAY;
    for (columns, values, ath, category) in [
        (
            "peak_multiple,final_multiple",
            "0.8,0.95",
            Some(1.0),
            json!("BREAK-EVEN"),
        ),
        (
            "peak_multiple,final_multiple",
            "1.2,2.5",
            Some(2.5),
            json!("WINNER"),
        ),
        ("final_multiple", "1.2", None, Value::Null),
        ("final_multiple", "0.3", None, json!("CRASH")),
        ("peak_multiple", "3", Some(3.0), Value::Null),
    ] {
        let machine = with_outcome(&[], columns, values);
        let row = call(&machine, end);
        assert_eq!(row["ath_multiple"].as_f64(), ath, "{columns} {values}");
        assert_eq!(row["category"], category, "{columns} {values}");
        assert_eq!(row["status"], "completed");
    }
}

#[test]
fn an_imported_final_taken_early_is_provisional_and_out_of_the_distribution() {
    let end = 7 * DAY;
    for (until, provisional) in [(end - DAY - 1, true), (end - DAY, false), (end, false)] {
        let machine = with_outcome(
            &[],
            "peak_multiple,final_multiple,observed_until",
            &format!("3,2,{}", at(until)),
        );
        let row = call(&machine, end);
        assert_eq!(
            (&row["status"], &row["provisional"], &row["category"]),
            (&json!("completed"), &json!(provisional), &json!("WINNER")),
            "{until}"
        );
        let n = |more: &[&str]| {
            machine.report("categories", &at(end), more)["categories"]["overall"]["n"].clone()
        };
        assert_eq!(n(&[]), usize::from(!provisional));
        assert_eq!(n(&["--provisional"]), 1);
    }
}

#[test]
fn an_imported_peak_yields_to_own_samples_from_90_percent_coverage() {
    let config = "[tracker]\nwindow = \"1h\"\n";
    for (slots, ath, origin) in [(11, 2.0, "sampled"), (10, 9.0, "imported")] {
        let prices: Vec<_> = (0..slots).map(|slot| (slot * 5 * MIN + MIN, 2.0)).collect();
        let machine = Machine::new();
        let config = machine.file("config.toml", config);
        let base = followed(&prices);
        base.import("o.csv", "id,peak_multiple\nc1,9\n");
        let report = base.report("calls", &at(HOUR), &["--config", &config]);
        let row = &report["calls"]["rows"][0];
        close(
            &row["coverage_pct"],
            f64::from(i32::try_from(slots).unwrap()) / 0.12,
            "coverage",
        );
        close(&row["ath_multiple"], ath, "ath");
        assert_eq!(row["ath_origin"], origin);
    }
}

#[test]
fn an_imported_peak_under_the_own_one_takes_nothing_from_it() {
    // Somebody stopped looking after two hours; the own samples saw more, and the end.
    let machine = followed(&[(HOUR, 10.0), (7 * DAY - HOUR, 2.0)]);
    machine.import(
        "o.csv",
        format!("id,peak_multiple,observed_until\nc1,5,{}\n", at(2 * HOUR)),
    );
    let row = call(&machine, 8 * DAY);
    close(&row["ath_multiple"], 10.0, "ath");
    assert_eq!(
        (&row["ath_origin"], &row["ath_at"], &row["final_basis"]),
        (&json!("sampled"), &json!(at(HOUR)), &json!("sampled"))
    );
    // The final itself is the highest: still no import.
    let machine = followed(&[(7 * DAY - HOUR, 10.0)]);
    machine.import(
        "o.csv",
        format!("id,peak_multiple,observed_until\nc1,5,{}\n", at(2 * HOUR)),
    );
    let report = machine.report("all", &at(8 * DAY), &[]);
    assert_eq!(report["calls"]["rows"][0]["ath_origin"], "sampled");
    assert_eq!(report["features"]["n"], 1);
}

#[test]
fn the_market_cap_at_the_peak_is_the_one_of_the_reading_that_set_it() {
    let machine = followed(&[]);
    machine.import("p.csv", format!(
        "chain,address,at,price_usd,market_cap_usd\nsolana,A,{},2,200\nsolana,A,{},5,500\nsolana,A,{},5,700\nsolana,A,{},4,900\n", at(1), at(2), at(3), at(4)
    ));
    let row = call(&machine, HOUR);
    close(
        &row["peak_market_cap"],
        500.0,
        "the first time it was reached",
    );
    assert_eq!(row["ath_at"], at(2));
}

#[test]
fn the_first_call_of_a_token_is_the_evidence_whoever_made_it() {
    let machine = Machine::new();
    machine.import("c.csv", format!(
        "id,source,chain,address,called_at,entry_price,flag\na,one,solana,A,{},1,true\nb,two,solana,A,{},1,false\n", at(0), at(1)
    ));
    machine.import("o.csv", "id,peak_multiple,final_multiple\na,2,1\nb,2,1\n");
    let report = machine.report("all", &at(8 * DAY), &[]);
    assert_eq!(
        report["categories"]["overall"]["n"], 2,
        "each source has its own rate"
    );
    assert_eq!(report["features"]["n"], 1, "one token is one observation");
}

#[test]
fn recalls_rejected_calls_and_calls_without_an_address_are_kept_apart() {
    let machine = Machine::new();
    machine.import("c.csv", format!(
        "id,source,chain,address,symbol,called_at,entry_price,rejected_by\n\
         r,bot,solana,A,AAA,{0},1,gate\na,bot,solana,A,AAA,{1},1,\nb,bot,solana,A,AAA,{2},1,\nc,other,solana,A,AAA,{2},1,\n\
         d,bot,base,A,AAA,{2},1,\ne,bot,,,AAA,{1},1,\nf,bot,,,AAA,{2},1,\n",
        at(0), at(MIN), at(2 * MIN)
    ));
    machine.import(
        "p.csv",
        format!("chain,address,at,price_usd\nsolana,A,{},3\n", at(7 * DAY)),
    );
    machine.import("o.csv", "id,peak_multiple,final_multiple\ne,6,6\n");
    let report = machine.report("all", &at(8 * DAY), &[]);
    let s = &report["calls"]["summary"];
    assert_eq!(
        (&s["total"], &s["recalls"], &s["rejected"]),
        (&json!(7), &json!(1), &json!(1)),
        "{s}"
    );
    for (id, category) in [
        ("a", json!("WINNER")),
        ("b", json!("WINNER")),
        ("r", json!("WINNER")),
        ("c", json!("WINNER")),
        ("e", json!("MOON")),
        ("f", Value::Null),
        ("d", Value::Null),
    ] {
        let row = find(&report["calls"]["rows"], "id", id);
        assert_eq!(row["category"], category, "{id}");
    }
    assert_eq!(
        find(&report["calls"]["rows"], "id", "e")["address"],
        Value::Null
    );
    assert_eq!(
        find(&report["calls"]["rows"], "id", "f")["last_price"],
        Value::Null,
        "never matched by symbol"
    );
    // a, c and e count; the re-call b and the rejected r do not.
    let c = &report["categories"];
    assert_eq!(c["overall"]["n"], 3);
    assert_eq!(find(&c["sources"], "source", "bot")["n"], 2);
    assert_eq!(find(&c["sources"], "source", "other")["n"], 1);
}

#[test]
fn calls_fall_in_a_range_by_their_time_and_categories_by_the_end_of_the_window() {
    let machine = followed(&[(7 * DAY, 2.)]);
    let n = |as_of: i64, range| {
        let r = machine.report("all", &at(as_of), &["--range", range]);
        (
            r["calls"]["summary"]["total"].as_u64().unwrap(),
            r["categories"]["overall"]["n"].as_u64().unwrap(),
            r["features"]["n"].as_u64().unwrap(),
        )
    };
    assert_eq!(n(DAY, "24h"), (1, 0, 0));
    assert_eq!(n(DAY + 1, "24h"), (0, 0, 0));
    assert_eq!(n(7 * DAY, "24h"), (0, 1, 1));
    assert_eq!(n(8 * DAY, "24h"), (0, 1, 1));
    assert_eq!(n(8 * DAY + 1, "24h"), (0, 0, 0));
    assert_eq!(n(14 * DAY, "7d"), (0, 1, 1));
    assert_eq!(n(14 * DAY + 1, "7d"), (0, 0, 0));
}

// ---- Categories ----------------------------------------------------------------------------

/// Predecessors T1; an imported ATH is never under 1, so (0.95, 0.95) breaks even.
#[test]
fn categories_are_those_of_the_dual_metric() {
    let vectors = [
        (5.0, 0.03, "CRASH"),
        (3.0, 2.5, "WINNER"),
        (10.0, 0.8, "LOSER"),
        (2.5, 0.95, "GOOD"),
        (1.2, 0.95, "BREAK-EVEN"),
        (0.95, 0.95, "BREAK-EVEN"),
        (5.0, 0.9, "MOON"),
        (4.999, 1.0, "WINNER"),
        (2.0, 1.0, "WINNER"),
        (1.999, 1.0, "GOOD"),
        (1.5, 0.9, "GOOD"),
        (1.499, 0.9, "BREAK-EVEN"),
        (1.0, 0.9, "BREAK-EVEN"),
        (7.0, 0.8999, "LOSER"),
        (7.0, 0.5, "LOSER"),
        (7.0, 0.4999, "CRASH"),
    ];
    let machine = Machine::new();
    let mut calls = "id,source,symbol,called_at,entry_price\n".to_owned();
    let mut outcomes = "id,peak_multiple,final_multiple\n".to_owned();
    for (i, (ath, fin, _)) in vectors.iter().enumerate() {
        calls.push_str(&format!(
            "c{i},{},S,{},\n",
            if i < 4 { "one" } else { "two" },
            at(0)
        ));
        outcomes.push_str(&format!("c{i},{ath},{fin}\n"));
    }
    machine.import("c.csv", calls);
    machine.import("o.csv", outcomes);
    let report = machine.report("all", &at(7 * DAY), &[]);
    for (i, (ath, fin, category)) in vectors.iter().enumerate() {
        let row = find(&report["calls"]["rows"], "id", &format!("c{i}"));
        assert_eq!(row["category"], *category, "({ath}, {fin})");
    }
    let overall = &report["categories"]["overall"];
    assert_eq!(
        overall["counts"],
        json!({"MOON": 1, "WINNER": 3, "GOOD": 3, "BREAK-EVEN": 4, "LOSER": 3, "CRASH": 2})
    );
    // Intervals from statsmodels.
    for (field, want) in [
        ("n", 16.0),
        ("win_rate", 7.0 / 16.0),
        ("win_rate_low", 0.230_986_524_054_923_54),
        ("win_rate_high", 0.668_214_436_011_881_1),
        ("crash_rate", 0.125),
        ("crash_rate_low", 0.034_977_487_743_240_44),
        ("crash_rate_high", 0.360_228_272_657_586_95),
        ("gap_mean", 2.938_575),
        ("gap_max", 9.2),
        ("gap_median", 1.275),
    ] {
        close(&overall[field], want, field);
    }
    let one = find(&report["categories"]["sources"], "source", "one");
    assert_eq!(
        one["counts"],
        json!({"MOON": 0, "WINNER": 1, "GOOD": 1, "BREAK-EVEN": 0, "LOSER": 1, "CRASH": 1})
    );
    close(&one["gap_max"], 9.2, "gap of the source");
    close(
        &one["gap_median"],
        f64::midpoint(4.97, 1.55),
        "gap of the source",
    );
}

// ---- Features ------------------------------------------------------------------------------

/// (calls, pumps, rugs) of each arm; pumps come first, rugs last.
struct Planted {
    with: (usize, usize, usize),
    without: (usize, usize, usize),
}

/// Calls with a planted flag, beside one that is always on, one that is rare, noise and a number,
/// and three calls that say nothing.
fn feature_machine(planted: &Planted) -> Machine {
    let machine = Machine::new();
    let mut calls = String::new();
    let mut outcomes = "id,peak_multiple,final_multiple,is_rug\n".to_owned();
    let n = planted.with.0 + planted.without.0;
    for i in 0..n {
        let on = i < planted.with.0;
        let (arm, (size, pumps, rugs)) = if on {
            (i, planted.with)
        } else {
            (i - planted.with.0, planted.without)
        };
        calls.push_str(&format!("{}\n", json!({
            "id": format!("c{i}"), "source": "bot", "chain": "solana", "address": format!("A{i}"), "called_at": at(0), "entry_price": 1,
            "planted": on, "always": true, "noise": i % 2 == 0, "rare": i < 5, "level": i,
        })));
        outcomes.push_str(&format!(
            "c{i},{},1,{}\n",
            if arm < pumps { 2 } else { 1 },
            arm + rugs >= size
        ));
    }
    for i in n..n + 3 {
        calls.push_str(&format!("{}\n", json!({"id": format!("c{i}"), "source": "bot", "chain": "solana", "address": format!("A{i}"), "called_at": at(0), "entry_price": 1, "always": true})));
        outcomes.push_str(&format!("c{i},2,1,\n"));
    }
    machine.import("c.jsonl", calls);
    machine.import("o.csv", outcomes);
    machine
}

/// scipy: `fisher_exact`, `false_discovery_control`, `spearmanr`, `mannwhitneyu`; statsmodels:
/// `confint_proportions_2indep(method="newcomb")`.
#[test]
fn planted_evidence_is_found_with_the_figures_of_scipy() {
    let machine = feature_machine(&Planted {
        with: (20, 15, 2),
        without: (20, 4, 12),
    });
    let report = machine.report("features", &at(7 * DAY), &[]);
    let features = &report["features"];
    assert_eq!(features["n"], 43);
    let rows = &features["rows"];
    let planted = find(rows, "feature", "planted");
    assert_eq!(planted["verdict"], "POSITIVE");
    for (field, want) in [
        ("n_with", 20.0),
        ("n_without", 20.0),
        ("n_unknown", 3.0),
        ("pump_with", 0.75),
        ("pump_without", 0.2),
        ("rug_with", 0.1),
        ("rug_without", 0.6),
        ("pump_p", 0.001_231_857_352_184_285_5),
        ("rug_p", 0.002_199_641_243_022_778),
        // Six tests: those of the number are in the family too.
        ("pump_q", 0.002_463_714_704_368_571),
        ("rug_q", 0.003_299_461_864_534_167),
        ("pump_diff_low", PUMP_DIFF.0),
        ("pump_diff_high", PUMP_DIFF.1),
        ("median_gain_with", 100.0),
        ("median_gain_without", 0.0),
        ("mean_gain_with", 75.0),
        ("mean_gain_without", 20.0),
    ] {
        close(&planted[field], want, field);
    }
    let noise = find(rows, "feature", "noise");
    assert_eq!(noise["verdict"], "NO EVIDENCE");
    for field in ["pump_p", "pump_q", "rug_p", "rug_q"] {
        close(&noise[field], 1.0, field);
    }
    let always = find(rows, "feature", "always");
    assert_eq!(
        (&always["verdict"], &always["n_with"], &always["n_without"]),
        (&json!("ALWAYS ON"), &json!(43), &json!(0))
    );
    null(
        always,
        &[
            "pump_p",
            "pump_q",
            "rug_p",
            "rug_q",
            "pump_without",
            "rug_without",
        ],
    );
    let rare = find(rows, "feature", "rare");
    assert_eq!(rare["verdict"], "TOO FEW");
    null(rare, &["pump_p", "pump_q", "rug_p", "rug_q"]);
    let level = find(rows, "feature", "level");
    assert_eq!(level["kind"], "number");
    close(&level["spearman"], LEVEL.0, "spearman");
    close(&level["spearman_p"], LEVEL.1, "spearman_p");
    close(&level["auc"], LEVEL.2, "auc");
}

const PUMP_DIFF: (f64, f64) = (0.242_601_878_815_256_4, 0.732_550_768_387_597_6);
const LEVEL: (f64, f64, f64) = (
    -0.778_474_508_955_280_1,
    3.350_402_069_595_944_4e-9,
    0.050_125_313_283_208_02,
);

#[test]
fn verdicts_follow_from_the_significant_differences() {
    for (with, without, verdict) in [
        ((20, 15, 2), (20, 4, 12), "POSITIVE"),
        ((20, 4, 12), (20, 15, 2), "NEGATIVE"),
        ((20, 15, 12), (20, 4, 2), "MIXED"),
        ((20, 15, 5), (20, 4, 5), "POSITIVE"),
        ((20, 10, 12), (20, 10, 2), "NEGATIVE"),
        ((20, 8, 5), (20, 9, 6), "NO EVIDENCE"),
        ((9, 9, 0), (40, 0, 20), "TOO FEW"),
        ((40, 30, 2), (9, 0, 9), "TOO FEW"),
        // The rarer outcome under 5 in all.
        ((20, 4, 0), (20, 0, 4), "TOO FEW"),
        ((0, 0, 0), (20, 10, 10), "ALWAYS OFF"),
    ] {
        let machine = feature_machine(&Planted { with, without });
        let report = machine.report("features", &at(7 * DAY), &[]);
        let row = find(&report["features"]["rows"], "feature", "planted");
        assert_eq!(row["verdict"], verdict, "{with:?} {without:?}: {row:#}");
    }
}

#[test]
fn what_is_rejected_recalled_or_provisional_is_no_evidence_and_unknown_is_not_false() {
    let machine = Machine::new();
    machine.import("c.csv", format!(
        "id,source,chain,address,called_at,entry_price,rejected_by,flag\n\
         a,bot,solana,A,{0},1,,true\nb,bot,solana,A,{1},1,,true\nc,bot,solana,C,{0},1,gate,true\nd,bot,solana,D,{0},1,,false\ne,bot,solana,E,{0},1,,\nf,bot,solana,F,{2},1,,true\n",
        at(0), at(MIN), at(DAY)
    ));
    machine.import(
        "o.csv",
        "id,peak_multiple,final_multiple,is_rug\na,2,1,\nb,2,1,\nc,2,1,\nd,1,1,true\ne,1,1,false\n",
    );
    let report = machine.report("features", &at(7 * DAY + HOUR), &[]);
    assert_eq!(report["features"]["n"], 3, "a, d and e");
    let row = find(&report["features"]["rows"], "feature", "flag");
    assert_eq!(
        (&row["n_with"], &row["n_without"], &row["n_unknown"]),
        (&json!(1), &json!(1), &json!(1))
    );
    // What nobody knows is no zero: a says nothing about a rug.
    assert_eq!(row["rug_with"], Value::Null);
    close(&row["rug_without"], 1.0, "rug_without");
}

// ---- Text ----------------------------------------------------------------------------------

fn fits(text: &str, what: &str) {
    for line in text.lines() {
        assert!(
            line.width() <= 80,
            "{what}: {} columns: {line}",
            line.width()
        );
        assert_eq!(line.trim_end(), line, "{what}: nothing trails");
    }
    assert!(
        !text.contains(|c: char| c.is_control() && c != '\n'),
        "{what}: no control codes"
    );
}

#[test]
fn the_text_report_fits_80_columns_whatever_the_names_and_numbers() {
    let machine = feature_machine(&Planted {
        with: (20, 15, 2),
        without: (20, 4, 12),
    });
    let long = "a very long name that goes on and on, longer than any terminal is wide, and then some more of it";
    let wide = "狗狗币🐶".repeat(30);
    let mut lines = String::new();
    for (i, name) in [long, wide.as_str(), "x".repeat(300).as_str(), "🐶"]
        .iter()
        .enumerate()
    {
        lines.push_str(&format!("{}\n", json!({
            "id": format!("w{i}{name}"), "source": name, "chain": name, "address": format!("W{i}{name}"), "symbol": name, "name": name,
            "called_at": at(0), "entry_price": 1e-12, *name: i % 2 == 0, "words": name,
        })));
        machine.import("t.jsonl", format!("{}\n{}\n", json!({"model": name, "closed_at": at(i64::try_from(i).unwrap()), "realized_pnl": -123_456_789_012.345_6, "confidence": 0.123_456, "currency": name}),
            json!({"model": name, "closed_at": at(5), "realized_pnl": 1e-9, "currency": "USD"})));
        machine.import(
            "o.jsonl",
            format!(
                "{}\n",
                json!({"id": format!("w{i}{name}"), "peak_multiple": 1e12, "final_multiple": 1e-9})
            ),
        );
    }
    machine.import("w.jsonl", lines);
    for section in ["all", "models", "calls", "categories", "features"] {
        for range in ["all", "24h"] {
            let text = machine.text(&[
                "--report",
                section,
                "--range",
                range,
                "--provisional",
                "--as-of",
                &at(7 * DAY),
            ]);
            fits(&text, &format!("{section} {range}"));
        }
    }
    for name in [long, &wide] {
        fits(
            &machine.text(&["--report", "models", "--model", name, "--as-of", &at(DAY)]),
            "--model",
        );
        fits(
            &machine.text(&[
                "--report",
                "models",
                "--compare",
                name,
                "🐶",
                "--as-of",
                &at(DAY),
            ]),
            "--compare",
        );
    }
}

#[test]
fn the_text_report_says_range_instant_and_figures() {
    let machine = Machine::new();
    machine.import(
        "t.csv",
        trades(&[("alpha", 12.5, Some(0.5)), ("alpha", -2.5, Some(0.7))]),
    );
    let text = machine.text(&["--report", "--range", "30d", "--as-of", &at(DAY)]);
    for part in [
        "30D",
        "2025-10-02 00:00",
        "alpha",
        "50",
        "10",
        "MODELS",
        "CALLS",
        "CATEGORIES",
        "FEATURES",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
}

#[test]
fn a_range_without_anything_in_it_names_one_that_has() {
    let machine = Machine::new();
    machine.import("t.csv", trades(&[("alpha", 12.5, None)]));
    let text = machine.text(&[
        "--report",
        "models",
        "--range",
        "24h",
        "--as-of",
        &at(20 * DAY),
    ]);
    assert!(
        text.contains("30d") || text.contains("30D") || text.contains("30 days"),
        "{text}"
    );
}

#[test]
fn a_report_is_reproducible() {
    let machine = feature_machine(&Planted {
        with: (20, 15, 2),
        without: (20, 4, 12),
    });
    for format in ["text", "json"] {
        let args = ["--report", "--format", format, "--as-of", &at(8 * DAY)];
        assert_eq!(machine.text(&args), machine.text(&args));
    }
}

#[test]
fn what_is_timed_after_as_of_changes_no_byte_of_a_report() {
    let machine = feature_machine(&Planted {
        with: (20, 15, 2),
        without: (20, 4, 12),
    });
    let twelve: Vec<_> = (0..12)
        .map(|i| ("alpha", f64::from(i) - 4.0, Some(f64::from(i % 5) / 5.0)))
        .collect();
    machine.import("t.csv", trades(&twelve));
    machine.import(
        "d.csv",
        format!(
            "id,source,chain,address,called_at,entry_price\nd1,bot,solana,A,{},1\n",
            at(7 * DAY)
        ),
    );
    add_prices(&machine, &[(7 * DAY + HOUR, 2.)]);
    let now = at(8 * DAY);
    let reports = || {
        let args = ["--report", "--provisional", "--as-of", &now, "--format"];
        [
            machine.text(&[&args[..], &["json"]].concat()),
            machine.text(&[&args[..], &["text"]].concat()),
        ]
    };
    let before = reports();
    machine.import("later.csv", format!(
        "id,model,opened_at,closed_at,realized_pnl,currency\nl1,alpha,{0},{1},99,\nl2,new,{0},{1},99,EUR\nl3,alpha,{0},,,\n", at(9 * DAY), at(10 * DAY)
    ));
    machine.import("later_calls.csv", format!(
        "id,source,chain,address,called_at,entry_price,planted,brand_new\ne1,bot,solana,A,{0},1,true,7\ne2,later,solana,E,{0},1,false,8\n", at(8 * DAY + 1)
    ));
    add_prices(&machine, &[(8 * DAY + 1, 50.), (9 * DAY, 0.01)]);
    machine.import(
        "later_outcomes.csv",
        format!(
            "id,peak_multiple,final_multiple,observed_until\nd1,9,9,{}\n",
            at(8 * DAY + 1)
        ),
    );
    let after = reports();
    assert_eq!(after[0], before[0]);
    assert_eq!(after[1], before[1]);
}

#[test]
fn a_call_after_as_of_does_not_change_the_kind_of_a_feature() {
    let machine = feature_machine(&Planted {
        with: (20, 15, 2),
        without: (20, 4, 12),
    });
    let now = at(8 * DAY);
    let before = machine.report("features", &now, &[]);
    machine.import(
        "later.csv",
        format!(
            "id,source,symbol,called_at,planted,level\nl1,bot,L,{},perhaps,high\n",
            at(9 * DAY)
        ),
    );
    assert_eq!(machine.report("features", &now, &[]), before);
}

#[test]
fn a_feature_whose_flags_are_written_in_different_words_is_one_flag() {
    let machine = Machine::new();
    let mut csv = "id,source,symbol,called_at,flag\n".to_owned();
    let mut outcomes = "id,peak_multiple\n".to_owned();
    for (i, word) in [
        "true", "TRUE", "yes", "1", "false", "No", "0", "", "null", "NaN",
    ]
    .iter()
    .enumerate()
    {
        csv.push_str(&format!("c{i},bot,S,{},{word}\n", at(0)));
        outcomes.push_str(&format!("c{i},2\n"));
    }
    machine.import("c.csv", csv);
    machine.import("o.csv", outcomes);
    let report = machine.report("features", &at(7 * DAY), &[]);
    let row = find(&report["features"]["rows"], "feature", "flag");
    assert_eq!(
        (
            &row["kind"],
            &row["n_with"],
            &row["n_without"],
            &row["n_unknown"]
        ),
        (&json!("flag"), &json!(4), &json!(3), &json!(3))
    );
}
