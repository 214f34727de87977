//! `callboard track` as real processes: polling, the lease, clean and unclean ends, trouble with
//! the database. Everything waits for what it wants to see, with a limit.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::format_push_string,
    reason = "a test fails by panicking, and may look at the time to limit its waiting"
)]
#![cfg(unix)]

mod poller;
mod standin;

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use poller::{Home, now, until};
use rustix::process::Signal;
use standin::{Fault, Token, mint};

const ACCEPTED: &str = "SELECT count(*) FROM samples WHERE accepted";

#[test]
fn it_polls_stores_logs_and_stops_cleanly() {
    let home = Home::new();
    let mints: Vec<String> = (0..3).map(mint).collect();
    for mint in &mints {
        home.standin.add(Token::solana(mint).priced(|_| Some(2.5)));
    }
    home.call(&mints);
    let track = home.track();
    until("readings", || home.count(ACCEPTED) >= 9);
    assert_eq!(home.holder(), Some(track.pid()));
    until("a summary", || home.log().contains("summary tokens=3"));
    let stored = home.count(ACCEPTED);
    assert_eq!(track.stop(Signal::TERM).code(), Some(0));
    assert!(home.count(ACCEPTED) >= stored);
    assert_eq!(home.holder(), None, "the lease was given back");
    let log = home.log();
    assert!(log.contains("everything is stored"), "{log}");
    for file in std::fs::read_dir(home.path("state/callboard")).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let (code, out, _) = home.run(&["--report", "calls", "--format", "json"]);
    assert_eq!(code, 0);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    for row in report["calls"]["rows"].as_array().unwrap() {
        assert_eq!(row["entry_origin"], "sampled");
        assert_eq!(row["entry_price"], 2.5);
        assert_eq!(row["last_price"], 2.5);
    }
}

#[test]
fn of_two_one_polls_and_when_it_is_killed_the_other_takes_over() {
    let home = Home::new();
    home.standin.add(Token::solana(&mint(1)));
    home.call(&[mint(1)]);
    let first = home.track();
    until("the first polls", || home.holder() == Some(first.pid()));
    let second = home.track();
    until("the second follows", || {
        home.log().contains(&format!("pid={}", first.pid()))
    });
    until("readings", || home.count(ACCEPTED) > 2);
    assert_eq!(home.holder(), Some(first.pid()));
    let killed = Instant::now();
    first.kill();
    until("the second polls", || home.holder() == Some(second.pid()));
    assert!(killed.elapsed() < Duration::from_secs(25));
    let so_far = home.count(ACCEPTED);
    until("it goes on", || home.count(ACCEPTED) > so_far + 2);
    // A clean end hands over at once.
    let third = home.track();
    until("the third follows", || {
        home.log().contains(&format!("pid={}", second.pid()))
    });
    let stopped = Instant::now();
    assert_eq!(second.stop(Signal::INT).code(), Some(0));
    until("the third polls", || home.holder() == Some(third.pid()));
    assert!(stopped.elapsed() < Duration::from_secs(5));
}

#[test]
fn while_another_program_holds_the_database_nothing_is_lost() {
    let home = Home::new();
    home.standin.add(Token::solana(&mint(1)));
    home.call(&[mint(1)]);
    let track = home.track();
    until("readings", || home.count(ACCEPTED) > 2);
    let locked_from = now();
    let other = home.look();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    until("it says so", || {
        home.log().contains("another program holds it")
    });
    let asked = home.standin.requests("dexscreener");
    until("polls go on", || {
        home.standin.requests("dexscreener") > asked + 4
    });
    let locked_to = now();
    other.execute_batch("COMMIT").unwrap();
    until("it says so", || {
        home.log().contains("the database is well again")
    });
    let after = format!("SELECT max(at) > {} FROM samples", locked_to.millis());
    until("it goes on", || home.count(&after) == 1);
    let gap = longest_gap(&home, locked_from);
    assert!(gap < 3_000, "{gap} ms without a reading");
    assert!(locked_to.since(locked_from).millis() > gap);
    assert_eq!(track.stop(Signal::TERM).code(), Some(0));
}

/// A full disk as the system reports it: no file may grow any more.
#[test]
#[cfg(target_os = "linux")]
fn when_the_disk_is_full_it_says_so_and_goes_on_when_there_is_room() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let home = Home::new();
    home.standin.add(Token::solana(&mint(1)));
    home.call(&[mint(1)]);
    let track = home.track_without_signal_for_large_files();
    until("readings", || home.count(ACCEPTED) > 2);
    let pid = Pid::from_raw(i32::try_from(track.pid()).unwrap());
    let limit = |current| Rlimit {
        current,
        maximum: None,
    };
    // The log may grow, the database not.
    let full_from = now();
    prlimit(pid, Resource::Fsize, limit(Some(20_000))).unwrap();
    until("it says so", || home.log().contains("unsaved="));
    let asked = home.standin.requests("dexscreener");
    until("polls go on", || {
        home.standin.requests("dexscreener") > asked + 4
    });
    let full_to = now();
    prlimit(pid, Resource::Fsize, limit(None)).unwrap();
    until("it says so", || {
        home.log().contains("the database is well again")
    });
    let after = format!("SELECT max(at) > {} FROM samples", full_to.millis());
    until("it goes on", || home.count(&after) == 1);
    assert!(longest_gap(&home, full_from) < 3_000);
    assert_eq!(track.stop(Signal::TERM).code(), Some(0));
    let sound: String = home
        .look()
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
}

/// The longest time without a reading since an instant, in milliseconds.
fn longest_gap(home: &Home, since: callboard::domain::Timestamp) -> i64 {
    home.count(&format!(
        "SELECT max(at - before) FROM (SELECT at, lag(at) OVER (ORDER BY at) AS before \
         FROM samples WHERE accepted) WHERE at > {}",
        since.millis()
    ))
}

#[test]
fn a_provider_that_is_down_is_replaced_by_the_next() {
    let home = Home::new();
    home.standin.add(Token::solana(&mint(1)));
    home.standin.fault("dexscreener", Fault::Down);
    home.call(&[mint(1)]);
    let _track = home.track();
    until("readings of another", || {
        home.count("SELECT count(*) FROM samples WHERE accepted AND provider = 'jupiter'") > 2
    });
    assert!(home.log().contains("feed down"));
    home.standin.heal("dexscreener");
    until("it is back", || {
        home.count("SELECT count(*) FROM samples WHERE accepted AND provider = 'dexscreener'") > 0
    });
    until("it says so", || home.log().contains("feed back"));
}

#[test]
fn add_calls_at_the_live_price_and_without_one_the_tracker_finds_it() {
    let home = Home::new();
    home.standin
        .add(Token::solana(&mint(1)).priced(|_| Some(0.5)));
    let (code, out, err) = home.run(&["add", "solana", &mint(1)]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("new, at 0.5 USD (dexscreener)"), "{out}");
    assert!(out.contains("nobody polls"), "{out}");
    let (code, out, _) = home.run(&["add", "SOL", &mint(2), "--source", "me", "--symbol", "TWO"]);
    assert_eq!(code, 0);
    assert!(out.contains("no price yet"), "{out}");
    let _track = home.track();
    home.standin
        .add(Token::solana(&mint(2)).priced(|_| Some(7.0)));
    until("a price", || {
        home.count("SELECT count(*) FROM samples WHERE accepted AND price_usd = 7.0") > 0
    });
    for args in [
        &[
            "add",
            "solana",
            "0x1111111111111111111111111111111111111111",
        ][..],
        &["add", "ethereum", "0x111"],
        &["add", "no chain", "x"],
        &["add", "solana", &mint(1), &mint(2), "--symbol", "X"],
    ] {
        let (code, _, err) = home.run(args);
        assert_eq!(code, 2, "{args:?}: {err}");
        assert_eq!(err.lines().count(), 1, "{err}");
    }
}

#[test]
fn doctor_finds_what_is_wrong_and_puts_it_right() {
    let home = Home::new();
    let (code, out, _) = home.run(&["doctor"]);
    assert!(out.contains("warn database"), "{out}");
    assert_eq!(
        code, 1,
        "no provider knows the token that it asks for: {out}"
    );
    let wrapped = "So11111111111111111111111111111111111111112";
    home.standin.add(Token::solana(wrapped));
    home.standin
        .add(Token::solana(&mint(1)).priced(|_| Some(0.5)));
    home.call(&[mint(1)]);
    let track = home.track();
    until("readings", || home.count(ACCEPTED) > 2);
    let (code, out, _) = home.run(&["doctor"]);
    assert!(out.contains("ok   outcomes: 1 calls"), "{out}");
    assert!(
        out.contains(&format!("ok   poller: process {}", track.pid())),
        "{out}"
    );
    assert!(out.contains("ok   feed jupiter: answered in"), "{out}");
    assert_eq!(code, 0, "{out}");
    track.kill();
    home.look()
        .execute_batch("DELETE FROM sample_recent WHERE at = (SELECT min(at) FROM sample_recent)")
        .unwrap();
    let (code, out, _) = home.run(&["doctor"]);
    assert_eq!(code, 1);
    assert!(out.contains("fail outcomes: 1 of 1"), "{out}");
    let (code, out, _) = home.run(&["doctor", "--rebuild"]);
    assert_eq!(code, 0, "{out}");
    assert_eq!(home.run(&["doctor"]).0, 0);
    home.standin.fault("dexscreener", Fault::Forbidden);
    let (code, out, _) = home.run(&["doctor"]);
    assert_eq!(code, 0);
    assert!(out.contains("warn feed dexscreener"), "{out}");
}
