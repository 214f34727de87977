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
    // Another one takes its place, and one that ends clears it away.
    let mut import = endless(&home);
    stage.wait_for("importing stdin: ");
    import.kill().unwrap();
    import.wait().unwrap();
    stage.wait("silence", |text, _| !text.contains("importing"));
    stage.press("q");
    poller::until("it ends", || stage.child.try_wait().unwrap().is_some());
}
