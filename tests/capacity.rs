//! What polling costs with as many tokens as the providers allow: 9,000 in a minute.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test fails by panicking, and this one measures"
)]

mod poller;
mod standin;

use std::fmt::Write as _;
use std::fs;
use std::future::{Future, ready};
use std::time::{Duration, Instant};

use callboard::domain::{
    Call, Decision, Features, Pace, Price, Reading, Rules, Span, Timestamp, TokenKey,
};
use callboard::feed::{FeedError, PriceFeed, Quote};
use callboard::store::{Sample, Store};
use callboard::tracker::{Follow, Tracker};
use poller::{Home, Running};
use standin::Token;

const T0: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const PACE: Pace = Pace {
    interval: Span::seconds(60),
    late_interval: Span::minutes(5),
    late_after: Span::hours(48),
    window: Span::days(7),
};

/// Answers everything at once, at a price that moves.
struct Scripted;

impl PriceFeed for Scripted {
    fn name(&self) -> &'static str {
        "dexscreener"
    }

    fn batch(&self) -> usize {
        30
    }

    fn quotes(
        &mut self,
        tokens: &[TokenKey],
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Quote>, FeedError>> + Send {
        let quotes = tokens.iter().map(|token| Quote {
            token: token.clone(),
            price: Price::new(0.001 * (1.0 + (now.millis() / 1000 % 977) as f64 / 1000.0)),
            liquidity_usd: Some(50_000.0 + (now.millis() % 7919) as f64),
            market_cap_usd: Some(1e6 + (now.millis() % 104_729) as f64),
            pool: Some(pool(token)),
            repinned: false,
        });
        ready(Ok(quotes.collect()))
    }
}

fn token(i: usize) -> TokenKey {
    TokenKey::new(Some("solana"), &format!("Mint{i:A>39}").replace('0', "z")).unwrap()
}

fn pool(token: &TokenKey) -> String {
    format!("PooL{}", &token.address()[4..])
}

fn call(i: usize) -> Call {
    let token = token(i);
    Call {
        id: Call::derived_id("test", "solana", Some(token.address()), None, T0),
        source: "test".to_owned(),
        chain: "solana".to_owned(),
        token: Some(token),
        symbol: Some(format!("T{i}")),
        name: None,
        called_at: T0,
        stated_entry: Price::new(0.001),
        market_cap_usd: Some(1e6),
        liquidity_usd: Some(5e4),
        rejected_by: None,
        features: Features::default(),
    }
}

/// User and system time of this process.
fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

fn rss_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        / 1024
}

/// Bytes that this process has handed to the system for writing.
fn written() -> u64 {
    let io = fs::read_to_string("/proc/self/io").unwrap();
    let line = io.lines().find(|l| l.starts_with("wchar")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
#[ignore = "measures, for some minutes: cargo test --release --test capacity -- --ignored --nocapture"]
fn nine_thousand_tokens_in_a_minute() {
    let tokens = 9_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("big.db");
    let mut store = Store::open(&path, Rules::default()).unwrap();
    let calls: Vec<Call> = (0..tokens).map(call).collect();
    store.put_calls(&calls).unwrap();
    // Two hours of history, so that the samples of each token have pages of their own.
    for i in 0..tokens {
        let history: Vec<Sample> = (1..=120)
            .map(|minute| Sample {
                token: token(i),
                reading: Reading {
                    at: T0.plus(Span::minutes(minute)),
                    price: Price::new(0.001 * (1.0 + minute as f64 / 1000.0)),
                    liquidity_usd: Some(5e4 + minute as f64 * 1.37),
                    market_cap_usd: Some(1e6 + minute as f64 * 3.11),
                    absent: false,
                    provider: "dexscreener".to_owned(),
                    pool: Some(pool(&token(i))),
                },
                decision: Decision::Accepted,
            })
            .collect();
        store.put_samples(&history).unwrap();
    }
    let mut tracker = Tracker::new(&["dexscreener"], PACE);
    let mut now = T0.plus(Span::minutes(121));
    tracker.resume(store.standings(T0).unwrap());
    let follows: Vec<Follow> = (0..tokens)
        .map(|i| Follow {
            token: token(i),
            called_at: T0,
            entry: Price::new(0.001),
        })
        .collect();
    tracker.follow_all(&follows, now);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut feeds = [Scripted];
    for cycle in 0..4 {
        let (cpu_before, started) = (cpu(), Instant::now());
        let mut samples = Vec::new();
        let mut most = 0;
        // As it would be: second by second.
        for _ in 0..60 {
            if let Some(poll) = runtime.block_on(tracker.poll(&mut feeds, now)) {
                most = most.max(poll.samples.len());
                samples.extend(poll.samples);
            }
            now = now.plus(Span::seconds(1));
        }
        let polled = started.elapsed();
        let (commit, bytes) = (Instant::now(), written());
        store.put_polled(&samples).unwrap();
        let committed = commit.elapsed();
        eprintln!(
            "cycle {cycle}: {} samples, most in a second {most}, polling {polled:?}, commit \
             {committed:?}, {} KB written, CPU {:?}, RSS {} MiB",
            samples.len(),
            (written() - bytes) / 1024,
            cpu().saturating_sub(cpu_before),
            rss_mib()
        );
    }
    let started = Instant::now();
    store.settle_recent().unwrap();
    eprintln!("settling all of it: {:?}", started.elapsed());
    drop(store);
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.execute_batch("VACUUM").unwrap();
    let mut each = conn
        .prepare("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 4")
        .unwrap();
    let count: i64 = conn
        .query_row("SELECT count(*) FROM samples", [], |row| row.get(0))
        .unwrap();
    let mut rows = each.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (name, size): (String, i64) = (row.get(0).unwrap(), row.get(1).unwrap());
        eprintln!(
            "{name}: {size} bytes, {:.1} a sample",
            size as f64 / count as f64
        );
    }
}

/// A figure of another process: CPU milliseconds, resident MiB, KB handed over for writing.
fn of_process(pid: u32) -> (u64, u64, u64) {
    let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap();
    let stat = read("stat");
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    let number = |text: &str, start: &str| -> u64 {
        let line = text.lines().find(|l| l.starts_with(start)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    (
        ticks * 10,
        number(&read("status"), "VmRSS") / 1024,
        number(&read("io"), "wchar") / 1024,
    )
}

#[test]
#[ignore = "runs for three minutes: cargo test --release --test capacity -- --ignored --nocapture"]
fn ten_thousand_tokens_in_a_real_process() {
    let home = Home::new();
    let mints: Vec<String> = (0..10_000).map(standin::mint).collect();
    let mut csv = String::from("source,chain,address,called_at,entry_price\n");
    let called = poller::now().minus(Span::minutes(5)).rfc3339();
    for (i, mint) in mints.iter().enumerate() {
        let price =
            move |at: Timestamp| Some(1.0 + ((at.millis() / 1000 + i as i64) % 90) as f64 / 100.0);
        home.standin.add(Token::solana(mint).priced(price));
        writeln!(csv, "test,solana,{mint},{called},1.0").unwrap();
    }
    fs::write(home.path("calls.csv"), csv).unwrap();
    assert_eq!(home.run(&["import", "calls", "calls.csv"]).0, 0);
    let mut command = home.command(&["track"]);
    command
        .env("CALLBOARD_TRACKER_INTERVAL", "60s")
        .env("CALLBOARD_FEEDS_DEXSCREENER_RPM", "350");
    let track = Running::of(&mut command);
    let mut before = (0, 0, 0);
    for minute in 0..3 {
        std::thread::sleep(Duration::from_mins(1));
        let now = of_process(track.pid());
        eprintln!(
            "minute {minute}: {} samples, {} requests, CPU {} ms, RSS {} MiB, {} KB written",
            home.count("SELECT count(*) FROM samples"),
            home.standin.requests("dexscreener"),
            now.0 - before.0,
            now.1,
            now.2 - before.2
        );
        before = now;
    }
}
