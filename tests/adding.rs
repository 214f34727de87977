//! `+`, `r` and the bell of a real dashboard on a real terminal, over the stand-in of the
//! providers. Everything waits for what it wants to see, with a limit.
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

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use poller::{Home, until};
use stage::Stage;
use standin::{Token, mint};

#[test]
fn a_pasted_address_becomes_a_call_that_is_polled_and_rings() {
    let home = Home::new();
    let rises = Arc::new(AtomicBool::new(false));
    let risen = Arc::clone(&rises);
    let (known, other) = (mint(7), "0x6982508145454ce325ddbe47a25d4ec3d2311933");
    home.standin.add(Token::solana(&known).priced(move |_| {
        Some(if risen.load(Ordering::SeqCst) {
            3.5
        } else {
            2.5
        })
    }));
    for chain in ["base", "ethereum"] {
        home.standin.add(Token::new(chain, other));
    }
    let mut stage = Stage::open(&home, &["--tab", "tracker"]);
    stage.wait_for("polling here");
    stage.press("+");
    stage.wait_for("paste a token's address");
    // What is no address is said to be none, and stays to be changed.
    stage.press("nonsense\r");
    stage.wait_for("no address of Solana or an EVM chain");
    stage.press("\u{15}");
    // On two chains: both are named, nothing is guessed.
    stage.press(&format!("\u{1b}[200~{other}\u{1b}[201~\r"));
    stage.wait_for("listed on");
    stage.wait("both chains", |text, _| {
        text.contains("base") && text.contains("ethereum")
    });
    stage.press("\u{15}");
    stage.press(&format!("\u{1b}[200~  {known}\n\u{1b}[201~\r"));
    stage.wait_for("added TKN on solana at 2.5 USD (dexscreener)");
    stage.wait_for("> TKN");
    let (source, entry): (String, f64) = home
        .look()
        .query_row("SELECT source, entry_price FROM call", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!((source.as_str(), entry), ("manual", 2.5));
    until("it is polled", || {
        home.count("SELECT count(*) FROM samples WHERE accepted") >= 2
    });
    stage.press("r");
    stage.wait_for("asking for TKN now");
    let before = stage.raw.len();
    rises.store(true, Ordering::SeqCst);
    stage.wait("the bell", |text, raw| {
        raw[before..].contains(&7) && text.contains("TKN +40%")
    });
    stage.press("l");
    stage.wait_for("Notices, newest first");
    stage.press("\u{1b}");
    stage.wait("the rows again", |text, _| !text.contains("newest first"));
    stage.press("q");
    until("it ends", || stage.child.try_wait().unwrap().is_some());
}
