//! The dashboard on a real pseudo-terminal of 120x40, against a bare ratatui program with a table
//! of 30 rows, measured in the same run: `cargo bench --bench terminal`. Linux only (`/proc`).
//!
//! `CALLBOARD_PTY_PROGRAM` measures another binary, `SECONDS` sets how long stillness is watched.
//! Wall times suffer from a busy machine; processor times much less.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a bench fails by panicking, and looks at the time"
)]

#[path = "terminal/bare.rs"]
mod bare;
#[path = "terminal/line.rs"]
mod line;
mod support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use callboard::domain::{Decision, Price, Reading, Rules, Timestamp, TokenKey};
use callboard::store::{Sample, Store};
use line::Line;
use rustix::process::Signal;

const BARE: &str = "BARE_TERMINAL_PROGRAM";

fn main() {
    match std::env::var(BARE).as_deref() {
        Ok("still") => return bare::run(false),
        Ok(_) => return bare::run(true),
        Err(_) => {}
    }
    let home = tempfile::tempdir().unwrap();
    let world = World::make(home.path());
    world.first_frames();
    world.keys("idle", &world.small, &mut || {});
    world.keys_while_polls_commit();
    world.keys_while_prices_are_imported();
    world.keys_while_an_import_runs();
    world.ranges();
    world.filter();
    world.stillness();
    world.demo();
    world.ends();
}

/// The programs and databases.
struct World {
    program: String,
    folder: PathBuf,
    small: PathBuf,
    calls: PathBuf,
    many: PathBuf,
    trades: PathBuf,
}

fn percentile(times: &mut [f64], share: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    times[((times.len() - 1) as f64 * share).round() as usize]
}

/// What a poll says of a token.
fn polled(token: usize, round: u32) -> Sample {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    Sample {
        token: TokenKey::new(Some("test"), &format!("addr{token}")).unwrap(),
        reading: Reading {
            at: Timestamp::from_millis(now.as_millis() as i64),
            price: Price::new(0.5 + f64::from(round % 10) / 100.0),
            liquidity_usd: Some(50_000.0),
            market_cap_usd: None,
            absent: false,
            provider: "dexscreener".to_owned(),
            pool: None,
        },
        decision: Decision::Accepted,
    }
}

impl World {
    fn make(folder: &Path) -> Self {
        let program = std::env::var("CALLBOARD_PTY_PROGRAM")
            .unwrap_or_else(|_| env!("CARGO_BIN_EXE_callboard").to_owned());
        let world = Self {
            program,
            folder: folder.to_owned(),
            small: folder.join("small.db"),
            calls: folder.join("calls.db"),
            many: folder.join("many.db"),
            trades: folder.join("trades.db"),
        };
        world.fill(&world.small, 300, 600);
        world.fill(&world.calls, 10_000, 2_000);
        world.fill(&world.many, 100_000, 200);
        world.fill(&world.trades, 50, 1_000_000);
        world
    }

    fn fill(&self, db: &Path, calls: usize, trades: usize) {
        let now = std::time::SystemTime::UNIX_EPOCH
            .elapsed()
            .unwrap()
            .as_secs();
        let mut random = support::Random(3);
        let mut text =
            String::from("id,source,chain,address,symbol,called_at,entry_price,lp_locked\n");
        for i in 0..calls {
            let at = now - 6 * 86_400 * i as u64 / calls as u64 - 60;
            let _ = writeln!(
                text,
                "c{i},chan{},test,addr{i},SYM{i},{at},0.5,{}",
                i % 20,
                random.bits() % 2
            );
        }
        self.import("calls", db, &text);
        let mut text = String::from("id,model,symbol,closed_at,realized_pnl,confidence\n");
        for i in 0..trades {
            let at = now - 90 * 86_400 * i as u64 / trades as u64 - 60;
            let pnl = random.unit() * 100.0 - 49.0;
            let _ = writeln!(
                text,
                "t{i},model-{:02},SOL,{at},{pnl:.2},{:.2}",
                i % 12,
                random.unit()
            );
        }
        self.import("trades", db, &text);
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.join(name);
        std::fs::write(&file, text).unwrap();
        file
    }

    fn import(&self, kind: &str, db: &Path, text: &str) {
        let file = self.file(&format!("{kind}.csv"), text);
        let done = self.importing(kind, db, &file).output().unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }

    fn importing(&self, kind: &str, db: &Path, file: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--db").arg(db).args(["import", kind]).arg(file);
        command.env("HOME", &self.folder);
        command
    }

    fn open(&self, arguments: &[&str]) -> Line {
        Line::open(&self.program, arguments, &self.folder, &[])
    }

    fn on(&self, db: &Path, more: &[&str]) -> Line {
        let db = db.to_str().unwrap();
        self.open(&[&["--db", db, "--range", "all"], more].concat())
    }

    fn bare(&self, how: &str) -> Line {
        let own = std::env::current_exe().unwrap();
        Line::open(own.to_str().unwrap(), &[], &self.folder, &[(BARE, how)])
    }

    fn first_frames(&self) {
        let (mut bare, mut ours, mut rows) = (vec![], vec![], vec![]);
        let (mut bare_cpu, mut our_cpu) = (vec![], vec![]);
        for _ in 0..15 {
            let mut line = self.bare("still");
            bare.push(line.until_frame());
            bare_cpu.push(line.usage().cpu);
            line.kill();
            let mut line = self.on(&self.calls, &["--tab", "tracker"]);
            ours.push(line.until_frame());
            our_cpu.push(line.usage().cpu);
            rows.push(line.until(|screen| screen.contents().contains("> ")));
            line.kill();
        }
        println!(
            "first frame: {:.1} ms, bare {:.1} ms (processor {:.0} and {:.0} ms); rows of 10,000 calls {:.1} ms after start",
            percentile(&mut ours, 0.5),
            percentile(&mut bare, 0.5),
            1e3 * percentile(&mut our_cpu, 0.5),
            1e3 * percentile(&mut bare_cpu, 0.5),
            percentile(&mut rows, 0.5),
        );
    }

    /// Down and up, each as soon as the one before is on screen.
    fn keys(&self, what: &str, db: &Path, meanwhile: &mut dyn FnMut()) {
        let mut line = self.on(db, &["--tab", "tracker"]);
        line.until(|screen| screen.contents().contains("> "));
        line.settle();
        let mut times = Vec::new();
        for i in 0..400 {
            meanwhile();
            times.push(line.key(if i % 2 == 0 { "j" } else { "k" }));
            line.watch(Duration::from_millis(10));
        }
        println!(
            "key to last byte, {what}: median {:.2} ms, p95 {:.2} ms",
            percentile(&mut times, 0.5),
            percentile(&mut times, 0.95)
        );
        line.kill();
    }

    /// Another process polls 9,000 tokens and commits all of them once a second.
    fn keys_while_polls_commit(&self) {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let db = self.calls.clone();
        let polling = std::thread::spawn(move || {
            let mut store = Store::open(&db, Rules::default()).unwrap();
            let second = Duration::from_secs(1);
            let mut rounds = 0;
            let mut longest = Duration::ZERO;
            while stopped.recv_timeout(second) == Err(RecvTimeoutError::Timeout) {
                rounds += 1;
                let samples: Vec<Sample> = (0..9_000).map(|i| polled(i, rounds)).collect();
                let began = Instant::now();
                store.put_polled(&samples).unwrap();
                longest = longest.max(began.elapsed());
            }
            (rounds, longest)
        });
        self.keys("polls of 9,000 samples", &self.calls, &mut || {});
        drop(stop);
        let (rounds, longest) = polling.join().unwrap();
        println!("  ({rounds} commits, the longest {longest:.0?})");
    }

    /// Harder: each time everything is read again, since what an import changes is not known.
    fn keys_while_prices_are_imported(&self) {
        let now = std::time::SystemTime::UNIX_EPOCH
            .elapsed()
            .unwrap()
            .as_secs();
        let mut round = 0;
        let mut running: Option<std::process::Child> = None;
        self.keys(
            "imports of 9,000 prices, one after the other",
            &self.calls,
            &mut || {
                if running
                    .as_mut()
                    .is_none_or(|c| c.try_wait().unwrap().is_some())
                {
                    round += 1;
                    let mut text = String::from("chain,address,at,price_usd\n");
                    for i in 0..9_000 {
                        let _ = writeln!(
                            text,
                            "test,addr{i},{},0.{}",
                            now - 50 + round,
                            5 + round % 4
                        );
                    }
                    let file = self.file("prices.csv", &text);
                    running = self
                        .importing("prices", &self.calls, &file)
                        .stderr(std::process::Stdio::null())
                        .stdout(std::process::Stdio::null())
                        .spawn()
                        .ok();
                }
            },
        );
        println!("  ({round} times)");
        let _ = running.map(|mut child| child.wait());
    }

    fn keys_while_an_import_runs(&self) {
        let mut text = String::from("id,model,closed_at,realized_pnl\n");
        for i in 0..1_500_000 {
            let _ = writeln!(
                text,
                "x{i},model-{},{},{}",
                i % 9,
                1_700_000_000 + i * 10,
                i % 7 - 3
            );
        }
        let file = self.file("more.csv", &text);
        let mut import = self.importing("trades", &self.calls, &file);
        let quiet = std::process::Stdio::null;
        let mut import = import.stderr(quiet()).stdout(quiet()).spawn().unwrap();
        self.keys("an import of 1,500,000 trades", &self.calls, &mut || {});
        println!(
            "  (still importing at the end: {})",
            import.try_wait().unwrap().is_none()
        );
        let _ = import.kill();
        let _ = import.wait();
    }

    fn ranges(&self) {
        let mut line = self.on(&self.trades, &[]);
        line.until(|screen| screen.contents().contains("> "));
        line.settle();
        let mut times = Vec::new();
        for i in 0..40 {
            let (key, label) = [
                ("d", "[24H]"),
                ("w", "[7D]"),
                ("m", "[30D]"),
                ("n", "[90D]"),
                ("a", "[All]"),
            ][i % 5];
            line.press(key);
            times.push(line.until(|screen| screen.contents().contains(label)));
            line.watch(Duration::from_millis(400));
        }
        println!(
            "range switch, 1,000,000 trades: median {:.1} ms, p95 {:.1} ms",
            percentile(&mut times, 0.5),
            percentile(&mut times, 0.95)
        );
        line.kill();
    }

    fn filter(&self) {
        let mut line = self.on(&self.many, &["--tab", "tracker"]);
        line.until(|screen| {
            screen.contents().contains("/100000") || screen.contents().contains("100000")
        });
        line.settle();
        line.press("/");
        line.watch(Duration::from_millis(500));
        let mut times: Vec<f64> = "sym4321"
            .chars()
            .map(|c| {
                let time = line.key(&c.to_string());
                line.watch(Duration::from_millis(100));
                time
            })
            .collect();
        let shown: Vec<String> = times.iter().map(|t| format!("{t:.1}")).collect();
        println!(
            "filter over 100,000 rows, key by key: {} ms; worst {:.1}",
            shown.join(" "),
            percentile(&mut times, 1.0)
        );
        line.kill();
    }

    fn stillness(&self) {
        let seconds = std::env::var("SECONDS")
            .ok()
            .and_then(|s| s.parse().ok())
            .unwrap_or(60);
        for (name, mut line) in [
            ("bare", self.bare("still")),
            ("callboard", self.on(&self.small, &[])),
        ] {
            line.settle();
            line.watch(Duration::from_secs(3));
            let before = line.usage();
            line.watch(Duration::from_secs(seconds));
            println!(
                "still for {seconds} s, {name}: {}",
                line.usage().since(&before)
            );
            line.kill();
        }
    }

    fn demo(&self) {
        for (name, mut line) in [
            ("bare", self.bare("ticking")),
            ("demo", self.open(&["--demo", "--tab", "tracker"])),
        ] {
            let began = Instant::now();
            line.watch(Duration::from_secs(if name == "bare" { 2 } else { 25 }));
            for _ in 0..2 {
                let before = line.usage();
                line.watch(Duration::from_secs(15));
                println!(
                    "ticking for 15 s, {name}, {:.0} s after start: {}",
                    began.elapsed().as_secs_f64(),
                    line.usage().since(&before)
                );
            }
            line.kill();
        }
    }

    fn ends(&self) {
        for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
            let mut line = self.open(&["--demo"]);
            line.until(|screen| screen.contents().contains("> "));
            println!("ends on {signal:?} within {:.0} ms", line.end(signal));
        }
    }
}
