//! Commands beside looking and importing: config, completions, backup.

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

use std::os::unix::fs::PermissionsExt;

use callboard::domain::Rules;
use callboard::store::Store;
use cli_support::{Machine, Ran, finish};

const AS_OF: &str = "2025-11-01T00:00:00Z";

fn line<'a>(ran: &'a Ran, key: &str) -> &'a str {
    let start = format!("{key} = ");
    let found = ran.out.lines().find(|line| line.starts_with(&start));
    found.unwrap_or_else(|| panic!("no {key} in {}", ran.out))
}

fn config(machine: &Machine, environment: &[(&str, &str)], args: &[&str]) -> Ran {
    let mut command = machine.bare();
    for (name, value) in environment {
        command.env(name, value);
    }
    finish(command.args(args))
}

#[test]
fn config_says_every_value_and_where_it_came_from() {
    let machine = Machine::new();
    let file = machine.file(
        "mine.toml",
        "[tracker]\nwindow = \"3d\"\n[ui]\nascii = true\n[feeds]\njupiter_key = \"s3cret-of-file\"\n",
    );
    let ran = config(
        &machine,
        &[
            ("CALLBOARD_TRACKER_WINDOW", "2d"),
            ("CALLBOARD_NOTIFY_WEBHOOK_URL", "https://hook/s3cret"),
            ("CALLBOARD_FEEDS_ORDER", "jupiter,dexscreener"),
        ],
        &["config", "--config", &file, "--db", "some.db"],
    );
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    let file_origin = format!("ui.ascii = true  # {file}");
    for (key, want) in [
        (
            "tracker.window",
            "tracker.window = \"2d\"  # CALLBOARD_TRACKER_WINDOW",
        ),
        ("ui.ascii", file_origin.as_str()),
        ("analysis.q", "analysis.q = 0.05  # the default"),
        (
            "feeds.dexscreener_key",
            "feeds.dexscreener_key = \"\"  # the default",
        ),
        (
            "feeds.order",
            "feeds.order = [\"jupiter\", \"dexscreener\"]  # CALLBOARD_FEEDS_ORDER",
        ),
        (
            "notify.webhook_url",
            "notify.webhook_url = set  # CALLBOARD_NOTIFY_WEBHOOK_URL",
        ),
    ] {
        assert_eq!(line(&ran, key), want);
    }
    assert!(line(&ran, "feeds.jupiter_key").starts_with("feeds.jupiter_key = set  #"));
    assert!(!ran.out.contains("s3cret"), "{}", ran.out);
    let head: Vec<_> = ran.out.lines().take(2).collect();
    assert_eq!(head[0], format!("# configuration: {file}"));
    assert_eq!(head[1], "# database: some.db  # --db");
    assert!(!machine.path("some.db").exists(), "config only looks");
}

#[test]
fn config_names_the_file_and_database_that_nobody_named() {
    let machine = Machine::new();
    let ran = config(&machine, &[], &["config"]);
    let path = machine.path("config/callboard/config.toml");
    let first = format!("# configuration: {} (not there)", path.display());
    let db = machine.path("data/callboard/callboard.db");
    assert_eq!(ran.out.lines().next().unwrap(), first);
    assert_eq!(
        ran.out.lines().nth(1).unwrap(),
        format!("# database: {}  # the default", db.display())
    );
    let ran = config(&machine, &[("CALLBOARD_DB", "/x/y.db")], &["config"]);
    assert_eq!(
        ran.out.lines().nth(1).unwrap(),
        "# database: /x/y.db  # CALLBOARD_DB"
    );
}

#[test]
fn a_wrong_setting_is_wrong_usage_wherever_it_stands() {
    let machine = Machine::new();
    let unknown = machine.file("unknown.toml", "[tracker]\nwindw = \"7d\"\n");
    let wrong = machine.file("wrong.toml", "[ui]\nrange = \"1y\"\n");
    let broken = machine.file("broken.toml", "[feeds]\n\njupiter_key = s3cret\n");
    for (environment, args, parts) in [
        (
            ("CALLBOARD_TRACKER_WINDOW", "soon"),
            &["--report"][..],
            &["CALLBOARD_TRACKER_WINDOW", "tracker.window", "'soon'", "7d"][..],
        ),
        (
            ("CALLBOARD_ANALYSIS_Q", "2"),
            &["config"],
            &["CALLBOARD_ANALYSIS_Q", "analysis.q", "0 to 1"],
        ),
        (
            ("CALLBOARD_UI_ASCII", "maybe"),
            &["config"],
            &["CALLBOARD_UI_ASCII", "ui.ascii", "true or false"],
        ),
        (
            ("CALLBOARD_FEEDS_ORDER", "jupiter,nobody"),
            &["config"],
            &["feeds.order", "dexscreener, jupiter, geckoterminal"],
        ),
        (
            ("X", ""),
            &["config", "--config", &unknown],
            &[
                "unknown.toml",
                "tracker.windw",
                "did you mean 'tracker.window'?",
            ],
        ),
        (
            ("X", ""),
            &["--report", "--config", &wrong],
            &["wrong.toml", "ui.range", "24h, 7d, 30d, 90d, all"],
        ),
        (
            ("X", ""),
            &["config", "--config", &broken],
            &["broken.toml", "line 3"],
        ),
        (
            ("X", ""),
            &["config", "--config", "gone.toml"],
            &["gone.toml"],
        ),
    ] {
        let ran = config(&machine, &[environment], args);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert_eq!(ran.out, "");
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
        assert!(!ran.err.contains("s3cret"), "{}", ran.err);
        for part in parts {
            assert!(ran.err.contains(part), "{part}: {}", ran.err);
        }
    }
    // Empty is not set.
    let ran = config(&machine, &[("CALLBOARD_UI_ASCII", "")], &["config"]);
    assert_eq!(line(&ran, "ui.ascii"), "ui.ascii = false  # the default");
}

#[test]
fn completions_are_there_for_every_shell_even_with_wrong_settings() {
    let machine = Machine::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = config(
            &machine,
            &[("CALLBOARD_UI_ASCII", "maybe")],
            &["completions", shell],
        );
        assert_eq!(ran.code, 0, "{ran:?}");
        for word in ["callboard", "backup", "provisional"] {
            assert!(ran.out.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(machine.run_bare(&["completions", "tcsh"]).code, 2);
}

fn filled() -> Machine {
    let machine = Machine::new();
    machine.import(
        "trades.csv",
        "id,model,closed_at,realized_pnl\n1,m,2025-10-01T00:00:00Z,5\n2,m,2025-10-02T00:00:00Z,-2\n",
    );
    machine.import(
        "calls.csv",
        "id,source,symbol,called_at\nc1,s,DOGE,2025-10-01T00:00:00Z\n",
    );
    machine
}

#[test]
fn a_backup_opens_and_reports_the_same() {
    let machine = filled();
    let copy = machine.path("copy.db");
    let ran = machine.run(&["backup", "copy.db"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert!(ran.out.starts_with("copy.db: a copy of "), "{}", ran.out);
    let mode = copy.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let report = machine.report("all", AS_OF, &[]);
    std::fs::rename(&copy, machine.db()).unwrap();
    assert_eq!(machine.report("all", AS_OF, &[]), report);
}

#[test]
fn an_older_file_is_copied_as_it_is_before_it_is_brought_up_to_date() {
    let machine = Machine::new();
    let raw = rusqlite::Connection::open(machine.db()).unwrap();
    raw.execute_batch(include_str!("../assets/migrations/0001_spine.sql"))
        .unwrap();
    raw.pragma_update(None, "application_id", 0x434C_4244)
        .unwrap();
    raw.pragma_update(None, "user_version", 1).unwrap();
    drop(raw);
    let before = std::fs::read(machine.db()).unwrap();
    assert_eq!(machine.run(&["backup", "copy.db"]).code, 0);
    assert_eq!(std::fs::read(machine.db()).unwrap(), before);
    let raw = rusqlite::Connection::open(machine.path("copy.db")).unwrap();
    let version: i64 = raw
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, 1);
    drop(raw);
    let ran = machine.run_bare(&["--report", "--db", "copy.db"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn a_backup_overwrites_nothing_and_leaves_nothing_half_done() {
    let machine = filled();
    machine.file("there.db", "precious");
    std::os::unix::fs::symlink("nowhere", machine.path("link.db")).unwrap();
    let db = machine.db();
    let db = db.to_str().unwrap();
    for (to, part) in [
        ("there.db", "there already"),
        ("link.db", "there already"),
        (db, "there already"),
        (
            "no/such/folder.db",
            "no backup was made to no/such/folder.db",
        ),
    ] {
        let ran = machine.run(&["backup", to]);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{ran:?}");
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
        assert!(ran.err.contains(part), "{}", ran.err);
    }
    assert_eq!(
        std::fs::read(machine.path("there.db")).unwrap(),
        b"precious"
    );
    let foreign = machine.run_bare(&["backup", "x.db", "--db", "there.db"]);
    assert_eq!(foreign.code, 1, "{foreign:?}");
    assert!(!machine.path("x.db").exists());
    for entry in std::fs::read_dir(machine.path("")).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(
            !name.to_string_lossy().starts_with(".callboard"),
            "{name:?}"
        );
    }

    let empty = Machine::new();
    let ran = empty.run(&["backup", "copy.db"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("there is no database"), "{}", ran.err);
    assert!(!empty.db().exists() && !empty.path("copy.db").exists());
    assert_eq!(empty.run(&["backup"]).code, 2);
}

#[test]
fn a_backup_is_sound_while_another_process_writes() {
    let machine = filled();
    let mut rows = "id,model,closed_at,realized_pnl\n".to_owned();
    for i in 0..120_000 {
        rows.push_str(&format!(
            "w{i},m{},{},{}\n",
            i % 7,
            1_759_276_800 + i,
            i % 11 - 5
        ));
    }
    let file = machine.file("many.csv", rows);
    let mut writer = std::process::Command::new(assert_cmd::cargo::cargo_bin("callboard"))
        .args(["--db", machine.db().to_str().unwrap(), "import", &file])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut copies = Vec::new();
    let mut during = 0;
    loop {
        let going = writer.try_wait().unwrap().is_none();
        let name = format!("copy{}.db", copies.len());
        let ran = machine.run(&["backup", &name]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
        copies.push(machine.path(&name));
        if !going {
            break;
        }
        during += 1;
    }
    assert!(
        writer.wait().unwrap().success(),
        "the writer was not disturbed"
    );
    assert!(during > 0);
    for copy in &copies {
        let raw = rusqlite::Connection::open(copy).unwrap();
        let word: String = raw
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(word, "ok");
        // What is derived moved with what it is derived from, in every copy: a batch whole or not.
        drop(raw);
        let trades = {
            let store = Store::open(copy, Rules::default()).unwrap();
            let books = store.load_books().unwrap();
            let of = |key| store.trades_of(key).unwrap().len();
            books.iter().map(|(key, _)| of(key)).sum::<usize>()
        };
        let ran = machine.run_bare(&[
            "--db",
            copy.to_str().unwrap(),
            "--report",
            "models",
            "--format",
            "json",
        ]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(report["models"]["summary"]["trades"], trades);
    }
}

#[test]
fn keys_are_chosen_in_the_file_or_the_environment_and_wrong_ones_are_named() {
    let machine = Machine::new();
    let file = machine.file(
        "keys.toml",
        "[keys]\ndown = [\"n\", \"Down\"]\nrange_90d = \"N\"\n",
    );
    let ran = config(
        &machine,
        &[("CALLBOARD_KEYS_DOWN", "J Ctrl-n")],
        &["config", "--config", &file],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out
            .contains("keys.down = [\"J\", \"Ctrl-n\"]  # CALLBOARD_KEYS_DOWN")
    );
    assert!(
        ran.out
            .contains(&format!("keys.range_90d = [\"N\"]  # {file}"))
    );
    for (text, says) in [
        ("dwon = \"n\"", "did you mean 'keys.down'?"),
        ("down = \"Ctl-n\"", "did you mean 'Ctrl-N'?"),
        ("down = \"q\"", "taken by keys.quit"),
        ("down = 3", "keys.down: use a key"),
    ] {
        let file = machine.file("wrong.toml", format!("[keys]\n{text}\n"));
        let ran = config(&machine, &[], &["config", "--config", &file]);
        assert_eq!(ran.code, 2, "{text}: {ran:?}");
        assert!(ran.err.contains(says) && ran.err.contains(&file), "{ran:?}");
    }
}

#[test]
fn a_database_is_not_begun_in_a_folder_that_is_not_there() {
    let machine = Machine::new();
    let calls = machine.file(
        "c.csv",
        "id,source,address,called_at\nc1,a,x,2025-10-01T00:00:00Z\n",
    );
    let file = machine.file("plain", "");
    let folder = machine.path("no/such");
    let named = folder.join("x.db");
    let commands = [
        &["import", "calls", &calls][..],
        &["--report"],
        &["track"],
        &["doctor"],
        &["export", "calls", "out.csv"],
        &["backup", "copy.db"],
        &["record", "call", "--source", "a"],
        &["void", "call", "c1", "--why", "wrong"],
        &["add", "solana", "x"],
        &[],
    ];
    for arguments in commands {
        for by_flag in [true, false] {
            let mut command = machine.bare();
            if by_flag {
                command.arg("--db").arg(&named);
            } else {
                command.env("CALLBOARD_DB", &named);
            }
            let ran = finish(command.args(arguments));
            assert_eq!(ran.code, 1, "{arguments:?} {ran:?}");
            assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
            let by = if by_flag { "--db" } else { "CALLBOARD_DB" };
            for said in [by, folder.to_str().unwrap(), "mkdir -p"] {
                assert!(ran.err.contains(said), "{arguments:?} {ran:?}");
            }
            assert!(!machine.path("no").exists(), "{arguments:?}");
        }
    }
    // A file is no folder either.
    let ran = machine.run_bare(&["--db", &format!("{file}/x.db"), "--report"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    // Where it is named without a folder, it lies here; the default folder is made.
    let ran = machine.run_bare(&["--db", "here.db", "import", "calls", &calls]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(machine.path("here.db").exists());
    let ran = machine.run_bare(&["import", "calls", &calls]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(machine.path("data/callboard/callboard.db").exists());
}
