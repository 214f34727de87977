//! `kill -9` at any moment, while polling and while importing: the database is sound, what was
//! committed is there, outcomes equal a rebuild, and the next start carries on.
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
use std::thread;
use std::time::Duration;

use callboard::domain::{Rules, Span};
use callboard::store::Store;
use poller::{Home, Running, now, until};
use standin::{Token, mint};

/// As the processes have it: a poll each second.
fn rules() -> Rules {
    Rules {
        poll_interval: Span::seconds(1),
        ..Rules::default()
    }
}

/// Kills a poller and an import again and again, each time at another moment.
fn kill_again_and_again(times: u64) {
    let home = Home::new();
    let mints: Vec<String> = (0..40).map(mint).collect();
    for (i, mint) in mints.iter().enumerate() {
        let price = move |at: callboard::domain::Timestamp| {
            Some(1.0 + ((at.millis() / 1000 + i as i64) % 90) as f64 / 100.0)
        };
        home.standin.add(Token::solana(mint).priced(price));
    }
    home.call(&mints);
    let mut committed: i64 = 0;
    let mut random = 0x2545_f491_4f6c_dd1du64;
    for round in 0..times {
        // A file of its own for each round; the rows of all of them are counted at the end.
        let mut csv = String::from("chain,address,at,price_usd\n");
        let start = now().millis() - 60_000;
        for i in 0..3_000 {
            let mint = &mints[i % mints.len()];
            let at = start + (i / mints.len()) as i64;
            csv += &format!("solana,{mint},{at},{}\n", 1.0 + i as f64 / 1e4);
        }
        let file = format!("prices{round}.csv");
        fs::write(home.path(&file), csv).unwrap();

        let track = home.track();
        let mut import = home.command(&["import", "prices", &file]);
        let import = Running::of(&mut import);
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        thread::sleep(Duration::from_millis(random % 1_500));
        let seen = home.count("SELECT count(*) FROM samples");
        import.kill();
        track.kill();

        let store = Store::open(&home.db(), rules()).unwrap();
        assert_eq!(store.integrity().unwrap(), [""; 0], "round {round}");
        let derived = store.check_folds().unwrap();
        assert_eq!(derived.wrong, [], "round {round}");
        assert_eq!(derived.calls, mints.len());
        drop(store);
        let there = home.count("SELECT count(*) FROM samples");
        assert!(
            there >= seen && seen >= committed,
            "round {round}: {there} of {seen}"
        );
        committed = there;
        // The lease of the dead is old by now, says the clock.
        home.look()
            .execute_batch("UPDATE lease SET at = 0")
            .unwrap();
    }
    // The next start carries on.
    let polled = "SELECT count(*) FROM samples WHERE provider = 'dexscreener'";
    let before = home.count(polled);
    let track = home.track();
    until("it goes on", || home.count(polled) > before + 40);
    track.kill();
    let (code, out, _) = home.run(&["doctor"]);
    assert!(out.contains("ok   outcomes: 40 calls"), "{code} {out}");
}

#[test]
fn killed_at_any_moment() {
    kill_again_and_again(5);
}

#[test]
#[ignore = "takes some minutes: cargo test --test kill -- --ignored"]
fn killed_a_hundred_times() {
    kill_again_and_again(100);
}
