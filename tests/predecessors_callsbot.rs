//! callsbot's data comes along: databases of every age, with each hazard of `predecessors.md`
//! B1.9, and the exports.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::too_many_lines,
    clippy::unreadable_literal,
    reason = "a test fails by panicking, and figures are quoted as they stand in the files"
)]

mod cli_support;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use cli_support::{Machine, close, find, snapshot};
use rusqlite::{Connection, params};
use serde_json::Value;

const AS_OF: &str = "2025-12-01T00:00:00Z";
/// 2025-10-12T00:00:00Z: rug flags were worked out.
const OCT_12: i64 = 1760227200;
/// 2025-10-20T00:00:00Z: they were not.
const OCT_20: i64 = 1760918400;

/// An address that looks like one of Solana.
fn mint(n: usize) -> String {
    let tail: String = format!("{n:04}").replace('0', "z");
    format!("So1TokenAddressOfATest{}{tail}pump", "x".repeat(10))
}

/// A file as the latest version makes it.
struct Bot {
    path: PathBuf,
    conn: Connection,
}

impl Bot {
    fn at(path: PathBuf) -> Self {
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch(
            "CREATE TABLE alerted_tokens (token_address TEXT PRIMARY KEY, alerted_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, \
               final_score INTEGER, smart_money_detected BOOLEAN, conviction_type TEXT);
             CREATE TABLE alerted_token_stats (token_address TEXT PRIMARY KEY, first_alert_at REAL, last_checked_at REAL, \
               preliminary_score INTEGER, final_score INTEGER, conviction_type TEXT, first_price_usd REAL, \
               first_market_cap_usd REAL, first_liquidity_usd REAL, last_price_usd REAL, last_market_cap_usd REAL, \
               last_liquidity_usd REAL, last_volume_24h_usd REAL, peak_price_usd REAL, peak_market_cap_usd REAL, \
               peak_price_at REAL, peak_market_cap_at REAL, peak_volume_24h_usd REAL, price_change_1h REAL, \
               price_change_6h REAL, price_change_24h REAL, max_gain_percent REAL, max_drawdown_percent REAL, \
               is_rug BOOLEAN DEFAULT 0, rug_detected_at REAL, token_name TEXT, token_symbol TEXT, token_age_minutes REAL, \
               holder_count INTEGER, unique_traders_15m INTEGER, smart_money_involved BOOLEAN, smart_wallet_address TEXT, \
               smart_wallet_pnl REAL, velocity_score_15m INTEGER, velocity_bonus INTEGER, passed_junior_strict BOOLEAN, \
               passed_senior_strict BOOLEAN, passed_debate BOOLEAN, lp_locked BOOLEAN, mint_revoked BOOLEAN, \
               top10_concentration REAL, bundlers_percent REAL, insiders_percent REAL, sol_price_usd REAL, feed_source TEXT, \
               dex_name TEXT, realistic_exit_price REAL, realistic_gain_percent REAL, trailing_stop_pct REAL DEFAULT 15.0, \
               would_have_exited_at REAL, velocity_score REAL, ml_enhanced INTEGER DEFAULT 0, ml_predicted_gain REAL, \
               ml_winner_probability REAL, initial_holder_count INTEGER);
             CREATE TABLE price_snapshots (id INTEGER PRIMARY KEY, token_address TEXT, snapshot_at REAL, price_usd REAL, \
               market_cap_usd REAL, liquidity_usd REAL, volume_24h_usd REAL, holder_count INTEGER, price_change_1h REAL, \
               price_change_24h REAL);",
        )
        .unwrap();
        Self { path, conn }
    }

    fn new(machine: &Machine) -> Self {
        Self::at(machine.path("alerted_tokens.db"))
    }

    /// An alert with its statistics, entered at 1.0.
    fn alert(&self, n: usize, at: i64) -> String {
        let address = mint(n);
        self.conn
            .execute(
                "INSERT INTO alerted_tokens VALUES (?1, ?2, 8, 1, 'High Confidence (Strict)')",
                params![address, at],
            )
            .unwrap();
        self.conn
            .execute(
                "INSERT INTO alerted_token_stats (token_address, first_alert_at, last_checked_at, preliminary_score, \
                 final_score, first_price_usd, first_market_cap_usd, first_liquidity_usd, token_symbol, velocity_bonus) \
                 VALUES (?1, ?2, ?2, 7, 8, 1.0, 0.0, 20000.0, 'TKN', 0)",
                params![address, at as f64],
            )
            .unwrap();
        address
    }

    fn set(&self, address: &str, what: &str) {
        let sql = format!("UPDATE alerted_token_stats SET {what} WHERE token_address = ?1");
        assert_eq!(self.conn.execute(&sql, [address]).unwrap(), 1, "{what}");
    }

    /// Snapshots at seconds after a time.
    fn polled(&self, address: &str, from: i64, prices: &[(i64, f64)]) {
        for (after, price) in prices {
            self.conn
                .execute(
                    "INSERT INTO price_snapshots (token_address, snapshot_at, price_usd, market_cap_usd, liquidity_usd) \
                     VALUES (?1, ?2, ?3, 0.0, 5000.0)",
                    params![address, (from + after) as f64 + 0.25, price],
                )
                .unwrap();
        }
    }

    fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }
}

/// Imports and gives the loss report.
fn import(machine: &Machine, path: &str) -> Value {
    let ran = machine.run(&["import", "--from", "callsbot", path, "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

fn calls(machine: &Machine) -> Value {
    machine.report("calls", AS_OF, &[])["calls"]["rows"].clone()
}

fn call(machine: &Machine, address: &str) -> Value {
    find(&calls(machine), "address", address).clone()
}

/// How many a list of the report counts under a reason with these words.
fn counted(report: &Value, list: &str, words: &str) -> u64 {
    let items = report[list].as_array().unwrap();
    let found: Vec<&Value> = items
        .iter()
        .filter(|item| item["reason"].as_str().unwrap().contains(words))
        .collect();
    found
        .iter()
        .map(|item| item["count"].as_u64().unwrap())
        .sum()
}

fn came(report: &Value, what: &str) -> Value {
    find(&report["came_over"], "what", what).clone()
}

#[test]
fn figures_come_from_the_snapshots_and_the_entry() {
    let machine = Machine::new();
    let bot = Bot::new(&machine);
    let a = bot.alert(1, OCT_20);
    // What the file says itself is overwritten at each poll, or one bad reading.
    bot.set(
        &a,
        "peak_price_usd = 900, peak_price_at = 1760919600, max_gain_percent = 89900, max_drawdown_percent = 0, \
         last_price_usd = 0.06, last_checked_at = 1760925000, price_change_1h = 0, is_rug = 0",
    );
    // predecessors.md T2, with a wick.
    bot.polled(
        &a,
        OCT_20,
        &[
            (600, 0.2),
            (1200, 0.9),
            (1800, 3.0),
            (2000, 900.0),
            (2400, 2.0),
            (3000, 0.05),
            (10200, 0.05),
            (10800, 0.06),
        ],
    );
    let report = import(&machine, bot.path());
    assert_eq!(came(&report, "calls")["new"], 1);
    assert_eq!(came(&report, "prices")["new"], 8);
    assert_eq!(counted(&report, "flagged", "did not confirm"), 1);
    assert_eq!(counted(&report, "flagged", "no final price"), 1);
    assert_eq!(
        counted(&report, "refused", "unknown, the state is worked out"),
        1
    );

    let row = call(&machine, &a);
    close(&row["entry_price"], 1.0, "entry");
    assert_eq!(row["entry_origin"], "stated");
    close(&row["ath_multiple"], 3.0, "the wick of 900 does not count");
    assert_eq!(row["ath_origin"], "sampled");
    close(
        &row["max_drawdown_pct"],
        (0.05 / 3.0 - 1.0) * 100.0,
        "drawdown",
    );
    close(&row["worst_from_entry_pct"], -95.0, "from entry");
    assert_eq!(
        row["final_multiple"],
        Value::Null,
        "the series ends after 3 hours: {row}"
    );
    assert_eq!(row["called_at"], "2025-10-20T00:00:00Z");
    assert_eq!(row["source"], "callsbot");
    assert_eq!(row["chain"], "solana");

    let before = machine.report("calls", AS_OF, &[]);
    let again = import(&machine, bot.path());
    for what in ["calls", "prices"] {
        assert_eq!(came(&again, what)["new"], 0, "{what}");
        assert_eq!(came(&again, what)["updated"], 0, "{what}");
        assert_eq!(came(&again, what)["refused"], 0, "{what}");
    }
    assert_eq!(machine.report("calls", AS_OF, &[]), before);
}

#[test]
fn text_and_numeric_times_stand_in_one_column() {
    let machine = Machine::new();
    let bot = Bot::new(&machine);
    for (n, time) in [
        (1, "'2025-10-12 00:00:00'"),
        (2, "1760227200"),
        (3, "1760227200.0"),
        (4, "'2025-10-12 00:00:00.000'"),
    ] {
        let address = bot.alert(n, OCT_12);
        bot.conn
            .execute(
                &format!("UPDATE alerted_tokens SET alerted_at = {time} WHERE token_address = ?1"),
                [&address],
            )
            .unwrap();
    }
    let lost = bot.alert(5, OCT_12);
    bot.conn
        .execute(
            "UPDATE alerted_tokens SET alerted_at = 'yesterday' WHERE token_address = ?1",
            [&lost],
        )
        .unwrap();
    bot.set(&lost, "first_alert_at = NULL");
    let report = import(&machine, bot.path());
    assert_eq!(came(&report, "calls")["new"], 4);
    assert_eq!(
        counted(&report, "refused", "without a time of the alert"),
        1
    );
    for n in 1..=4 {
        assert_eq!(
            call(&machine, &mint(n))["called_at"],
            "2025-10-12T00:00:00Z",
            "{n}"
        );
    }
}

#[test]
fn zero_and_null_are_unknown() {
    let machine = Machine::new();
    let bot = Bot::new(&machine);
    let a = bot.alert(1, OCT_20);
    bot.set(
        &a,
        "first_price_usd = 0, lp_locked = NULL, mint_revoked = 0, smart_money_involved = NULL",
    );
    bot.polled(&a, OCT_20, &[(120, 2.0), (600, 3.0)]);
    bot.conn
        .execute_batch(&format!(
            "INSERT INTO price_snapshots (token_address, snapshot_at, price_usd, liquidity_usd) VALUES \
             ('{a}', 1760919300, 0, 10), ('{a}', 1760919301, NULL, 10), ('{a}', NULL, 5, 10), (NULL, 1760919301, 5, 10), \
             ('{a}', 1760919000.25, 3.0, 0), ('{a}', 1760919000.25, 4.0, 0);"
        ))
        .unwrap();
    let b = bot.alert(2, OCT_20);
    bot.set(&b, "first_price_usd = NULL, first_liquidity_usd = 0");
    let report = import(&machine, bot.path());
    assert_eq!(counted(&report, "refused", "without a price above zero"), 2);
    assert_eq!(counted(&report, "refused", "without a time"), 1);
    assert_eq!(counted(&report, "refused", "without a token address"), 1);
    assert_eq!(counted(&report, "refused", "same snapshot again"), 1);
    assert_eq!(
        counted(&report, "refused", "another price for the same instant"),
        1
    );
    assert_eq!(counted(&report, "flagged", "entry price 0"), 1);
    assert!(counted(&report, "flagged", "0.0 is what unknown looks like") >= 4);

    let row = call(&machine, &a);
    close(
        &row["entry_price"],
        2.0,
        "the first snapshot within five minutes",
    );
    assert_eq!(row["entry_origin"], "sampled");
    close(&row["entry_delay_s"], 120.25, "delay");
    assert_eq!(call(&machine, &b)["status"], "unpriced");

    let out = machine.path("calls.jsonl");
    let ran = machine.run(&["export", "calls", out.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let text = fs::read_to_string(out).unwrap();
    let line = text.lines().find(|l| l.contains(&a)).unwrap();
    let row: Value = serde_json::from_str(line).unwrap();
    let feature = |name: &str| {
        if row["features"].is_object() {
            &row["features"][name]
        } else {
            &row[name]
        }
    };
    assert_eq!(*feature("lp_locked"), Value::Null, "{row}");
    assert_eq!(*feature("mint_revoked"), false, "{row}");
    // The alert itself knew of smart money.
    assert_eq!(*feature("smart_money"), true, "{row}");
    assert_eq!(row["market_cap_usd"], Value::Null, "{row}");
}

#[test]
fn constant_and_empty_columns_are_said_to_be_so() {
    let machine = Machine::new();
    let bot = Bot::new(&machine);
    for n in 0..5 {
        let address = bot.alert(n, OCT_20);
        bot.set(
            &address,
            &format!(
                "passed_senior_strict = 1, top10_concentration = {n}, token_age_minutes = 330"
            ),
        );
    }
    let report = import(&machine, bot.path());
    let flagged = report["flagged"].as_array().unwrap();
    let of = |what: &str| -> Vec<&str> {
        flagged
            .iter()
            .filter(|i| i["what"] == what)
            .map(|i| i["reason"].as_str().unwrap())
            .collect()
    };
    assert_eq!(
        of("feature velocity_bonus"),
        ["constant, not analysable: always 0"]
    );
    assert_eq!(
        of("feature senior_strict"),
        ["constant, not analysable: always yes"]
    );
    assert_eq!(
        of("feature unique_traders"),
        ["unknown in every call: not analysable"]
    );
    assert_eq!(of("feature top10_pct"), [""; 0]);
    assert_eq!(counted(&report, "flagged", "not the age of the token"), 5);
    assert_eq!(counted(&report, "flagged", "no gate can be judged"), 1);
}

#[test]
fn a_rug_flag_counts_where_its_rule_worked() {
    let machine = Machine::new();
    let bot = Bot::new(&machine);
    // 1 and 2 within its dates, 3 and 4 before, 5 and 6 after.
    for (n, at, flag) in [
        (1, OCT_12, 1),
        (2, OCT_12, 0),
        (3, OCT_12 - 5 * 86400, 1),
        (4, OCT_12 - 5 * 86400, 0),
        (5, OCT_20, 1),
        (6, OCT_20, 0),
    ] {
        let address = bot.alert(n, at);
        bot.set(&address, &format!("is_rug = {flag}"));
    }
    let report = import(&machine, bot.path());
    assert_eq!(
        counted(
            &report,
            "flagged",
            "as reported: alerts of 2025-10-11 to 13"
        ),
        2
    );
    assert_eq!(
        counted(&report, "flagged", "kept as a label, not counted"),
        2
    );
    assert_eq!(counted(&report, "refused", "when nothing looked"), 2);
    let out = machine.path("outcomes.csv");
    machine.run(&["export", "outcomes", out.to_str().unwrap()]);
    let mut table = csv::Reader::from_path(out).unwrap();
    let names = table.headers().unwrap().clone();
    let at = |name: &str| names.iter().position(|n| n == name).unwrap();
    let flags: Vec<(String, String, String)> = table
        .records()
        .map(|row| {
            let row = row.unwrap();
            let cell = |name| row[at(name)].to_owned();
            (cell("first_message_id"), cell("is_rug"), cell("label"))
        })
        .collect();
    for (n, flag, label) in [
        (1, "true", ""),
        (2, "false", ""),
        (3, "", "rug, as reported"),
        (4, "", ""),
        (5, "", "rug, as reported"),
        (6, "", ""),
    ] {
        let id = format!("callsbot:{}", mint(n));
        let want = (id, flag.to_owned(), label.to_owned());
        assert!(flags.contains(&want), "{want:?} in {flags:#?}");
    }
}

#[test]
fn statistics_without_snapshots_are_imported_outcomes() {
    let machine = Machine::new();
    let bot = Bot::new(&machine);
    let day = 86400;
    // Polled to the end of the window; for a day; never; long after the window; entry unknown.
    for (n, checked) in [(1, 7 * day), (2, day), (3, 0), (4, 20 * day), (5, 7 * day)] {
        let address = bot.alert(n, OCT_20);
        bot.set(
            &address,
            &format!(
                "last_checked_at = {}, peak_price_usd = 4.0, peak_price_at = {}, last_price_usd = 0.6, max_gain_percent = 300",
                OCT_20 + checked,
                OCT_20 + checked.min(8 * day) / 2 + checked / 20 * 9
            ),
        );
        if n == 3 {
            bot.set(&address, "peak_price_usd = NULL, last_price_usd = NULL, max_gain_percent = NULL, peak_price_at = NULL");
        }
        if n == 5 {
            bot.set(&address, "first_price_usd = 0");
        }
    }
    let report = import(&machine, bot.path());
    assert_eq!(counted(&report, "flagged", "never polled"), 1);
    assert_eq!(counted(&report, "flagged", "a single bad reading"), 2);
    assert_eq!(
        counted(&report, "flagged", "the final price is provisional"),
        1
    );
    assert_eq!(
        counted(&report, "flagged", "over a day after the window"),
        1
    );
    let row = call(&machine, &mint(1));
    assert_eq!(row["final_basis"], "imported");
    assert_eq!(row["ath_origin"], "imported");
    close(&row["ath_multiple"], 4.0, "ATH");
    close(&row["final_multiple"], 0.6, "final");
    assert_eq!(row["category"], "LOSER");
    assert_eq!(row["provisional"], false);
    let row = call(&machine, &mint(2));
    close(&row["final_multiple"], 0.6, "provisional final");
    assert_eq!(row["provisional"], true);
    for n in [3, 4, 5] {
        let row = call(&machine, &mint(n));
        assert_eq!(row["final_multiple"], Value::Null, "{n}: {row}");
        assert_eq!(row["ath_multiple"], Value::Null, "{n}: {row}");
    }
}

#[test]
fn snapshots_that_are_left_do_not_hide_an_earlier_peak() {
    let machine = Machine::new();
    let bot = Bot::new(&machine);
    let a = bot.alert(1, OCT_20);
    bot.set(
        &a,
        &format!("peak_price_usd = 5, peak_price_at = {}", OCT_20 + 3600),
    );
    bot.polled(&a, OCT_20, &[(40000, 1.2), (40600, 1.1)]);
    let report = import(&machine, bot.path());
    assert_eq!(
        counted(&report, "flagged", "before the first snapshot that is left"),
        1
    );
    let row = call(&machine, &a);
    close(&row["ath_multiple"], 5.0, "ATH");
    assert_eq!(row["ath_origin"], "imported");
}

#[test]
fn snapshots_of_an_earlier_import_come_before_statistics() {
    let machine = Machine::new();
    let bot = Bot::new(&machine);
    let a = bot.alert(1, OCT_20);
    bot.set(
        &a,
        &format!(
            "peak_price_usd = 900, peak_price_at = {0}, last_price_usd = 2, last_checked_at = {0}",
            OCT_20 + 7200
        ),
    );
    bot.polled(&a, OCT_20, &[(600, 1.5), (7200, 900.0), (7800, 2.0)]);
    import(&machine, bot.path());
    close(
        &call(&machine, &a)["ath_multiple"],
        2.0,
        "from the snapshots",
    );
    let before = call(&machine, &a);
    // Their nightly job deletes all snapshots; the next day has others.
    bot.conn.execute("DELETE FROM price_snapshots", []).unwrap();
    let report = import(&machine, bot.path());
    assert_eq!(
        counted(&report, "recomputed", "came with an earlier import"),
        1
    );
    assert_eq!(call(&machine, &a), before);
    bot.polled(&a, OCT_20, &[(40000, 3.0)]);
    let report = import(&machine, bot.path());
    assert_eq!(
        counted(&report, "flagged", "before the first snapshot that is left"),
        0
    );
    close(&call(&machine, &a)["ath_multiple"], 3.0, "ATH");
}

#[test]
fn a_late_entry_is_flagged_and_can_be_left_out() {
    let machine = Machine::new();
    let bot = Bot::new(&machine);
    let late = bot.alert(1, OCT_20);
    bot.set(&late, &format!("first_alert_at = {}", OCT_20 + 3600));
    let polled = bot.alert(2, OCT_20);
    bot.polled(&polled, OCT_20, &[(600, 1.0), (1200, 1.3)]);
    let sound = bot.alert(3, OCT_20);
    bot.polled(&sound, OCT_20, &[(600, 1.1)]);
    let report = import(&machine, bot.path());
    assert_eq!(counted(&report, "flagged", "entry late: its row"), 1);
    assert_eq!(
        counted(
            &report,
            "flagged",
            "entry late: it is the price of the first snapshot"
        ),
        1
    );
    let flagged = report["flagged"].as_array().unwrap();
    let item = flagged
        .iter()
        .find(|i| i["reason"].as_str().unwrap().contains("its row"))
        .unwrap();
    assert_eq!(item["examples"][0], late.as_str());
}

#[test]
fn older_layouts_are_read_by_name() {
    // Columns in another order and fewer of them, all times text.
    let machine = Machine::new();
    let path = machine.path("old.db");
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch(&format!(
        "CREATE TABLE alerted_tokens (final_score INTEGER, token_address TEXT PRIMARY KEY, smart_money_detected BOOLEAN, alerted_at TIMESTAMP);
         CREATE TABLE alerted_token_stats (outcome TEXT, last_price_usd REAL, token_address TEXT PRIMARY KEY, peak_price_usd REAL,
           first_price_usd REAL, first_alert_at TIMESTAMP, last_checked_at TIMESTAMP, peak_drawdown_pct REAL, outcome_at TIMESTAMP);
         INSERT INTO alerted_tokens VALUES (9, '{0}', 0, '2025-09-26 10:00:00');
         INSERT INTO alerted_token_stats VALUES ('rug', 0.5, '{0}', 3.0, 2.0, '2025-09-26 10:00:00', '2025-10-03 09:00:00', 83.3, NULL);",
        mint(1)
    ))
    .unwrap();
    drop(conn);
    let report = import(&machine, path.to_str().unwrap());
    assert!(
        report["files"][0]["what"]
            .as_str()
            .unwrap()
            .contains("before 2025-10-05"),
        "{report:#}"
    );
    assert_eq!(
        counted(&report, "flagged", "where missing liquidity was one"),
        1
    );
    let row = call(&machine, &mint(1));
    assert_eq!(row["called_at"], "2025-09-26T10:00:00Z");
    close(&row["ath_multiple"], 1.5, "ATH");
    close(&row["final_multiple"], 0.25, "final");
    assert_eq!(row["category"], "CRASH");

    // The oldest layout has alerts only.
    let machine = Machine::new();
    let path = machine.path("oldest.db");
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch(&format!(
        "CREATE TABLE tokens (token_address TEXT, first_seen TEXT);
         CREATE TABLE alerted_tokens (token_address TEXT PRIMARY KEY, alerted_at TIMESTAMP, final_score INTEGER, smart_money_detected BOOLEAN);
         INSERT INTO alerted_tokens VALUES ('{}', '2025-09-24 10:00:00', 9, 1);",
        mint(2)
    ))
    .unwrap();
    drop(conn);
    let report = import(&machine, path.to_str().unwrap());
    assert_eq!(came(&report, "calls")["new"], 1);
    assert_eq!(call(&machine, &mint(2))["status"], "unpriced");
}

/// Copies a file that a program holds open, with its log.
fn copy_with_log(from: &Path, to: &Path) {
    let beside = |path: &Path, end: &str| PathBuf::from(format!("{}{end}", path.display()));
    fs::copy(from, to).unwrap();
    fs::copy(beside(from, "-wal"), beside(to, "-wal")).unwrap();
}

#[test]
fn what_lies_in_the_log_comes_along_and_nothing_is_touched() {
    let machine = Machine::new();
    let folder = machine.path("bot");
    fs::create_dir(&folder).unwrap();
    let path = folder.join("live.db");
    let first = Connection::open(&path).unwrap();
    first.pragma_update(None, "journal_mode", "WAL").unwrap();
    drop(first);
    let bot = Bot::at(path);
    bot.conn
        .pragma_update(None, "wal_autocheckpoint", 0)
        .unwrap();
    let a = bot.alert(1, OCT_20);
    bot.polled(&a, OCT_20, &[(600, 1.5)]);
    let copied = machine.path("copied");
    fs::create_dir(&copied).unwrap();
    copy_with_log(&bot.path, &copied.join("alerted_tokens.db"));
    // All that was written lies in the log only.
    let before = snapshot(&copied);
    assert_eq!(before.len(), 2);
    let report = import(&machine, copied.join("alerted_tokens.db").to_str().unwrap());
    assert_eq!(came(&report, "prices")["new"], 1);
    assert_eq!(
        snapshot(&copied),
        before,
        "nothing was written, and no file left beside it"
    );

    // The live file, while the bot holds it open.
    let live = snapshot(&folder);
    let report = import(&machine, bot.path());
    assert_eq!(came(&report, "prices")["unchanged"], 1);
    assert_eq!(snapshot(&folder), live);

    // Without its log, the file is one without any table.
    fs::remove_file(copied.join("alerted_tokens.db-wal")).unwrap();
    let ran = machine.run(&[
        "import",
        "--from",
        "callsbot",
        copied.join("alerted_tokens.db").to_str().unwrap(),
    ]);
    assert_eq!(ran.code, 1);
}

#[test]
fn a_damaged_or_foreign_file_is_refused_whole() {
    let machine = Machine::new();
    let bot = Bot::new(&machine);
    for n in 0..200 {
        let address = bot.alert(n, OCT_20);
        bot.polled(&address, OCT_20, &[(600, 1.5), (1200, 1.6), (1800, 1.7)]);
    }
    let sound = fs::read(bot.path()).unwrap();
    let mut files = Vec::new();
    files.push(machine.file("half.db", &sound[..sound.len() / 2 / 4096 * 4096]));
    files.push(machine.file("odd.db", &sound[..sound.len() - 1000]));
    let mut broken = sound.clone();
    for (i, byte) in broken.iter_mut().enumerate().skip(4096 * 3).take(4096 * 6) {
        *byte = (i * 7) as u8;
    }
    files.push(machine.file("broken.db", broken));
    files.push(machine.file("empty.db", ""));
    files.push(machine.file("header.db", "SQLite format 3\0"));
    files.push(machine.file("noise.bin", [0u8, 159, 146, 150, 0, 1, 2]));
    files.push(machine.file(
        "outcomes.json",
        r#"{"0xabc": {"channel_name": "x", "entry_price": 1}}"#,
    ));
    files.push(machine.file("other.csv", "a,b\n1,2\n"));
    let other = machine.path("trading.db");
    Connection::open(&other)
        .unwrap()
        .execute_batch("CREATE TABLE positions (id); CREATE TABLE fills (id);")
        .unwrap();
    files.push(other.to_str().unwrap().to_owned());
    files.push(machine.path("missing.db").to_str().unwrap().to_owned());
    files.push(machine.path("").to_str().unwrap().to_owned());
    machine.import(
        "x.csv",
        "id,source,called_at,address\na,s,2025-10-01T00:00:00Z,M\n",
    );
    files.push(machine.db().to_str().unwrap().to_owned());
    for file in &files {
        let ran = machine.run(&["import", "--from", "callsbot", file]);
        assert_eq!(ran.code, 1, "{file}: {ran:?}");
        assert_eq!(ran.err.lines().count(), 1, "{file}: {ran:?}");
        assert_eq!(ran.out, "", "{file}");
    }
    assert_eq!(
        calls(&machine).as_array().unwrap().len(),
        1,
        "nothing of them went in"
    );

    // A sound file beside a bad one goes in.
    let ran = machine.run(&["import", "--from", "callsbot", &files[0], bot.path()]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("200 calls: 200 new"), "{}", ran.out);
    // With --strict it does not.
    let machine = Machine::new();
    let ran = machine.run(&[
        "import",
        "--strict",
        "--from",
        "callsbot",
        &files[0],
        bot.path(),
    ]);
    assert_eq!(ran.code, 1);
    assert!(calls(&machine).as_array().unwrap().is_empty());
}

#[test]
fn exports_come_along_without_their_false_columns() {
    let machine = Machine::new();
    // The real row of predecessors.md B1.7, and one that was never polled.
    let header = "ca,first_seen_ts,token_name,token_symbol,final_score,conviction_type,smart_money_detected,price_t0,price_t1m,\
                  price_t5m,price_t15m,price_t1h,price_t24h,peak_price_usd,last_price_usd,max_gain_percent,price_change_1h,\
                  price_change_24h,outcome_label,is_rug,first_market_cap_usd,peak_market_cap_usd,last_market_cap_usd,\
                  first_liquidity_usd,last_liquidity_usd,last_volume_24h_usd,holder_count";
    let real = "F3hQ4u4AsNMSXkhWSRFcPkVbEZwGoSJurviLdbcxpump,2025-10-14 08:33:34,Quantify Trading,QUANT,8,\
                High Confidence (Smart Money),True,4.0260033186059285e-05,3.151e-05,3.151e-05,3.151e-05,3.151e-05,,3.151e-05,\
                3.151e-05,-21.733795264453807,0.0,-2.39,loser,False,40260.033186059285,,31509.0,23695.72,20876.55,,";
    let fresh = format!(
        "{},2025-10-12 08:00:00,,,5,,False,1.0,,,,,,,,,,,unknown,True,,,,0.0,,,",
        mint(9)
    );
    let csv =
        format!("{header},snapshot_count,tx_count,wallet_count\n{real},1,1,1\n{fresh},0,0,0\n");
    let file = machine.file("comprehensive_token_data.csv", csv);
    let report = import(&machine, &file);
    assert_eq!(came(&report, "calls")["new"], 2);
    assert_eq!(counted(&report, "refused", "read UTC as local time"), 4);
    assert_eq!(counted(&report, "flagged", "never polled"), 1);
    assert_eq!(counted(&report, "flagged", "so provisional"), 1);
    let row = call(&machine, "F3hQ4u4AsNMSXkhWSRFcPkVbEZwGoSJurviLdbcxpump");
    assert_eq!(row["called_at"], "2025-10-14T08:33:34Z");
    close(&row["entry_price"], 4.0260033186059285e-05, "entry");
    close(&row["ath_multiple"], 1.0, "the peak lies below the entry");
    close(
        &row["final_multiple"],
        3.151e-05 / 4.0260033186059285e-05,
        "final",
    );
    assert_eq!(row["provisional"], true);
    assert_eq!(row["return_1h_pct"], Value::Null);
    let again = import(&machine, &file);
    assert_eq!(came(&again, "calls")["unchanged"], 2);

    // 27 columns, and the older export.
    let machine = Machine::new();
    let file = machine.file("c.csv", format!("{header}\n{real}\n"));
    assert_eq!(came(&import(&machine, &file), "calls")["new"], 1);
    let file = machine.file(
        "alerts_training.csv",
        format!(
            "token_address,alerted_at,final_score,smart_money_detected,first_alert_at,last_checked_at,first_price_usd,last_price_usd,\
             peak_price_usd,peak_price_at,outcome,peak_x_price,time_to_peak_price_s\n\
             {},2025-09-26 10:00:00,7,1,2025-09-26 10:00:00,2025-09-26 13:00:00,2.0,1.0,2.0,2025-09-26 10:00:00,rug,1.0,0\n",
            mint(3)
        ),
    );
    let report = import(&machine, &file);
    assert_eq!(came(&report, "outcomes")["new"], 1);
    let row = call(&machine, &mint(3));
    close(&row["final_multiple"], 0.5, "final");
    assert_eq!(row["provisional"], true);
}

#[test]
fn an_export_and_the_database_tell_of_the_same_calls() {
    let machine = Machine::new();
    let bot = Bot::new(&machine);
    let a = bot.alert(1, OCT_20);
    bot.polled(&a, OCT_20, &[(600, 1.5)]);
    let file = machine.file(
        "export.csv",
        format!("ca,first_seen_ts,token_name,price_t0\n{a},2025-10-20 00:00:00,A Name,1.0\n"),
    );
    import(&machine, &file);
    let report = import(&machine, bot.path());
    assert_eq!(came(&report, "calls")["updated"], 1, "{report:#}");
    assert_eq!(calls(&machine).as_array().unwrap().len(), 1);
}

#[test]
fn a_file_may_come_packed_or_by_a_pipe_and_be_read_only() {
    let machine = Machine::new();
    let bot = Bot::new(&machine);
    let a = bot.alert(1, OCT_20);
    bot.polled(&a, OCT_20, &[(600, 1.5)]);
    let bytes = fs::read(bot.path()).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&bytes).unwrap();
    let packed = machine.file("alerted_tokens.db.gz", packed.finish().unwrap());
    assert_eq!(came(&import(&machine, &packed), "prices")["new"], 1);
    let args = ["import", "--from", "callsbot", "-", "--format", "json"];
    let ran = machine.run_with(&args, bytes);
    assert_eq!(ran.code, 0, "{ran:?}");
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(came(&report, "prices")["unchanged"], 1);
    fs::set_permissions(bot.path(), fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(
        came(&import(&machine, bot.path()), "prices")["unchanged"],
        1
    );
}

#[test]
fn the_report_is_text_for_people() {
    let machine = Machine::new();
    let bot = Bot::new(&machine);
    let a = bot.alert(1, OCT_20);
    bot.polled(&a, OCT_20, &[(600, 1.5)]);
    let ran = machine.run(&["import", "--from", "callsbot", bot.path()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for words in [
        "Came over",
        "Recomputed",
        "Flagged",
        "       1 calls: 1 new",
        "       1 prices: 1 new",
    ] {
        assert!(ran.out.contains(words), "{words} in {}", ran.out);
    }
    assert_eq!(ran.err, "");
    let wrong = machine.run(&["import", "--from", "calbot", bot.path()]);
    assert_eq!(wrong.code, 2);
    let wrong = machine.run(&["import", "--format", "json", bot.path()]);
    assert_eq!(wrong.code, 2);
}
