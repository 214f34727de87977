//! Long work by another process, as an open dashboard says it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and may look at the time to limit its waiting"
)]
#![cfg(unix)]

mod poller;
mod stage;
mod standin;

use std::io::Write;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use callboard::domain::{Decision, Price, Reading, Rules, Span, Task, Timestamp, TokenKey, Work};
use callboard::store::{Opening, Sample, Store};
use poller::Home;
use stage::Stage;

/// An import that goes on for as long as it lives.
fn endless(home: &Home) -> Child {
    let mut import = home.command(&["import", "prices", "-"]);
    let mut import = import.stdin(Stdio::piped()).spawn().unwrap();
    let mut into = import.stdin.take().unwrap();
    thread::spawn(move || {
        let address = standin::mint(3);
        let _ = writeln!(into, "chain,address,at,price_usd");
        for at in 1_790_000_000_u64.. {
            // It ends with the process that reads.
            if writeln!(into, "solana,{address},{at},0.5").is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
    import
}

#[test]
fn an_import_is_said_while_it_lives_and_not_when_it_was_killed() {
    let home = Home::new();
    let mut stage = Stage::open(&home, &[]);
    stage.wait_for("polling here");
    let mut import = endless(&home);
    stage.wait("rows", |text, _| {
        text.contains("importing stdin: ") && text.contains(" rows")
    });
    // SIGKILL: it has no chance to say that it is over.
    import.kill().unwrap();
    import.wait().unwrap();
    stage.wait("silence", |text, _| !text.contains("importing"));
    assert!(home.path("test.db-work").exists(), "it was left behind");
    // Another one takes its place.
    let mut import = endless(&home);
    stage.wait_for("importing stdin: ");
    // A frozen view stands still; what stands above it does not.
    stage.press(" ");
    stage.wait_for("FROZEN");
    import.kill().unwrap();
    import.wait().unwrap();
    stage.wait("silence", |text, _| !text.contains("importing"));
    stage.wait_for("FROZEN");
    stage.press("q");
    poller::until("it ends", || stage.child.try_wait().unwrap().is_some());
}

#[test]
fn outcomes_made_anew_after_a_changed_window_tell_how_far_that_has_come() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let rules = Rules::default();
    let mut store = Store::open(&path, rules).unwrap();
    let at = |hour| Timestamp::from_millis(1_790_000_000_000).plus(Span::hours(hour));
    for n in 0..7 {
        let token = TokenKey::new(Some("test"), &format!("token-{n}")).unwrap();
        let samples = (0..3).map(|hour| Sample {
            token: token.clone(),
            reading: Reading {
                at: at(hour),
                price: Price::new(1.0),
                liquidity_usd: None,
                market_cap_usd: None,
                absent: false,
                provider: "test".to_owned(),
                pool: None,
            },
            decision: Decision::Accepted,
        });
        store.put_samples(&samples.collect::<Vec<_>>()).unwrap();
    }
    drop(store);
    let shorter = Rules {
        window: Span::days(2),
        ..rules
    };
    let opening = Opening::begin(&path, shorter).unwrap();
    assert!(opening.takes_long());
    let mut told = Vec::new();
    opening.finish(&mut |work| told.push(work)).unwrap();
    let steps = (1..=7).map(|n| Work::of(Task::Outcomes, n, 7));
    assert_eq!(told, steps.collect::<Vec<_>>());
    assert_eq!(told[6].percent, Some(100));
    assert!(!Opening::begin(&path, shorter).unwrap().takes_long());
}
