//! Notices of real `callboard track` processes: each once, to the log, the hook and the table,
//! over kills and restarts.
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

use std::fs;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use callboard::domain::Span;
use poller::{Home, Running, now, until};
use rustix::process::Signal;
use standin::{Fault, Token, mint};

/// A price that the test turns.
#[derive(Clone)]
struct Knob(Arc<AtomicU64>);

impl Knob {
    fn new(value: f64) -> Self {
        Self(Arc::new(AtomicU64::new(value.to_bits())))
    }

    fn turn(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::SeqCst);
    }

    fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::SeqCst))
    }
}

fn priced(home: &Home, mint: &str) -> Knob {
    let knob = Knob::new(1.0);
    let own = knob.clone();
    home.standin
        .add(Token::solana(mint).priced(move |_| Some(own.get())));
    knob
}

fn track(home: &Home, hook: &str) -> Running {
    let mut command = home.command(&["track"]);
    command.env("CALLBOARD_NOTIFY_COMMAND", hook);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Running::of(&mut command)
}

fn keys(home: &Home, kind: &str) -> i64 {
    home.count(&format!(
        "SELECT count(*) FROM notice WHERE kind = '{kind}'"
    ))
}

const ACCEPTED: &str = "SELECT count(*) FROM samples WHERE accepted";

#[test]
fn a_move_and_a_milestone_are_told_once_over_kills_and_restarts() {
    let home = Home::new();
    let knob = priced(&home, &mint(1));
    home.call(&[mint(1)]);
    let told = home.path("told");
    let hook = format!("cat >> {}", told.display());
    let first = track(&home, &hook);
    until("an entry", || home.count(ACCEPTED) >= 2);
    knob.turn(1.3);
    until("a move", || keys(&home, "move") == 1);
    knob.turn(2.1);
    until("a milestone", || keys(&home, "milestone") == 1);
    until("both by the hook", || {
        fs::read_to_string(&told).is_ok_and(|text| text.lines().count() == 2)
    });
    first.kill();
    let second = track(&home, &hook);
    let so_far = home.count(ACCEPTED);
    until("it polls on", || home.count(ACCEPTED) >= so_far + 3);
    knob.turn(5.5);
    until("the next milestone", || keys(&home, "milestone") == 2);
    assert_eq!(second.stop(Signal::TERM).code(), Some(0));
    let text = fs::read_to_string(&told).unwrap();
    let told: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let values: Vec<(&str, f64)> = told
        .iter()
        .map(|n| {
            (
                n["kind"].as_str().unwrap(),
                n["value"].as_f64().unwrap().round(),
            )
        })
        .collect();
    // The climb goes on: it is one move.
    assert_eq!(
        values,
        [("move", 30.0), ("milestone", 2.0), ("milestone", 5.0)]
    );
    let log = home.log();
    assert_eq!(log.matches("reached 2x").count(), 1, "{log}");
}

#[test]
fn a_hook_that_hangs_and_a_feed_that_fails_are_told_and_harm_nothing() {
    let home = Home::new();
    let knob = priced(&home, &mint(1));
    home.call(&[mint(1)]);
    let hangs = track(&home, "sleep 1000");
    until("an entry", || home.count(ACCEPTED) >= 2);
    knob.turn(1.5);
    until("a move", || keys(&home, "move") == 1);
    let so_far = home.count(ACCEPTED);
    until("it polls on", || home.count(ACCEPTED) >= so_far + 5);
    home.standin.fault("dexscreener", Fault::Forbidden);
    until("down", || keys(&home, "feed_down") == 1);
    let log = home.log();
    assert!(log.contains("kind=\"feed_down\""), "{log}");
    assert_eq!(hangs.stop(Signal::TERM).code(), Some(0));
}

#[test]
fn an_import_of_the_past_rings_nothing_and_a_storm_is_one_line() {
    let home = Home::new();
    // Ten thousand calls that went up in the past, some still in their window.
    let mut csv = String::from("source,chain,address,called_at,entry_price\n");
    let mut prices = String::from("chain,address,at,price_usd\n");
    for i in 0..10_000 {
        // None of their windows ends while the test runs.
        let called = now().minus(Span::minutes(90 + i % 400 * 60));
        let address = mint(100_000 + i as u64);
        csv += &format!("old,solana,{address},{},1\n", called.rfc3339());
        let at = called.plus(Span::MINUTE).rfc3339();
        prices += &format!("solana,{address},{at},7\n");
    }
    fs::write(home.path("calls.csv"), csv).unwrap();
    fs::write(home.path("prices.csv"), prices).unwrap();
    let knobs: Vec<Knob> = (0..40).map(|i| priced(&home, &mint(i))).collect();
    let mints: Vec<String> = (0..40).map(mint).collect();
    for file in ["calls.csv", "prices.csv"] {
        let (code, out, err) = home.run(&["import", file]);
        assert_eq!(code, 0, "{out}{err}");
    }
    home.call(&mints);
    let running = track(&home, "true");
    until("entries", || {
        home.count("SELECT count(DISTINCT address) FROM samples WHERE accepted AND price_usd = 1")
            >= 40
    });
    assert_eq!(home.count("SELECT count(*) FROM notice"), 0);
    for knob in &knobs {
        knob.turn(2.2);
    }
    until("all of them", || {
        keys(&home, "move") == 40 && keys(&home, "milestone") == 40
    });
    assert!(home.count("SELECT count(*) FROM notice WHERE told") <= 8);
    assert_eq!(running.stop(Signal::TERM).code(), Some(0));
    let line: String = home
        .look()
        .query_row("SELECT text FROM notice WHERE kind = 'more'", [], |r| {
            r.get(0)
        })
        .unwrap();
    assert!(line.starts_with("72 more: "), "{line}");
}
