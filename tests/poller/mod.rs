//! Real `callboard track` processes over the stand-in: a home of their own, settings that lead to
//! the stand-in, and the database to look into.
#![allow(dead_code, reason = "each test file uses its part")]

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use callboard::clock::Clock;
use callboard::domain::Timestamp;
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::standin::StandIn;

/// Nothing here takes longer, or it has failed.
pub const LIMIT: Duration = Duration::from_mins(1);

/// A home with a database, and a stand-in whose time is the real one.
pub struct Home {
    folder: TempDir,
    pub standin: Arc<StandIn>,
    over: Arc<AtomicBool>,
}

impl Drop for Home {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
    }
}

pub fn now() -> Timestamp {
    Clock::System.now()
}

impl Home {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let standin = Arc::new(runtime.block_on(StandIn::start()));
        standin.set_now(now());
        let over = Arc::new(AtomicBool::new(false));
        let (clock, ended) = (Arc::clone(&standin), Arc::clone(&over));
        thread::spawn(move || {
            // The runtime of the server lives as long as the test.
            let _runtime = runtime;
            while !ended.load(Ordering::SeqCst) {
                clock.set_now(now());
                thread::sleep(Duration::from_millis(20));
            }
        });
        Self {
            folder: tempfile::tempdir().unwrap(),
            standin,
            over,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn db(&self) -> PathBuf {
        self.path("test.db")
    }

    /// The binary, polling each second.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
        command.env_clear();
        for (name, folder) in [
            ("HOME", ""),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_STATE_HOME", "state"),
        ] {
            command.env(name, self.path(folder));
        }
        for provider in ["dexscreener", "jupiter", "geckoterminal"] {
            let name = provider.to_uppercase();
            let url = self.standin.url(provider);
            command
                .env(format!("CALLBOARD_FEEDS_{name}_URL"), url)
                .env(format!("CALLBOARD_FEEDS_{name}_RPM"), "60000");
        }
        command
            .env("CALLBOARD_FEEDS_TIMEOUT", "1s")
            .env("CALLBOARD_TRACKER_INTERVAL", "1s")
            .env("CALLBOARD_TRACKER_LATE_INTERVAL", "1s")
            .env("CALLBOARD_TRACKER_SUMMARY_EVERY", "1s")
            .env("CALLBOARD_DB", self.db())
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .current_dir(self.folder.path());
        command
    }

    /// Runs it to its end: exit code, stdout, stderr.
    pub fn run(&self, args: &[&str]) -> (i32, String, String) {
        let output = self.command(args).output().unwrap();
        (
            output.status.code().unwrap_or(-1),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    pub fn track(&self) -> Running {
        Running::of(&mut self.command(&["track"]))
    }

    /// The same, where a write beyond the limit of a file's size fails instead of ending it.
    pub fn track_without_signal_for_large_files(&self) -> Running {
        let inner = self.command(&[]);
        let mut outer = Command::new("/bin/sh");
        outer.env_clear().current_dir(self.folder.path());
        for (name, value) in inner.get_envs() {
            outer.env(name, value.unwrap());
        }
        let program = env!("CARGO_BIN_EXE_callboard");
        outer.args(["-c", "trap '' XFSZ; exec \"$0\" track", program]);
        Running::of(&mut outer)
    }

    /// Calls tokens just now, without a price.
    pub fn call(&self, mints: &[String]) {
        let mut csv = String::from("source,chain,address,called_at\n");
        for mint in mints {
            writeln!(csv, "test,solana,{mint},{}", now().rfc3339()).unwrap();
        }
        fs::write(self.path("calls.csv"), csv).unwrap();
        let (code, out, err) = self.run(&["import", "calls", "calls.csv"]);
        assert_eq!(code, 0, "{out}{err}");
    }

    /// Another program's look into the database.
    pub fn look(&self) -> Connection {
        let conn = Connection::open(self.db()).unwrap();
        conn.busy_timeout(Duration::from_secs(20)).unwrap();
        conn
    }

    pub fn count(&self, sql: &str) -> i64 {
        self.look().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// The process that holds the lease.
    pub fn holder(&self) -> Option<u32> {
        let held = self
            .look()
            .query_row("SELECT pid FROM lease", [], |row| row.get(0));
        held.ok()
    }

    /// Everything that was logged.
    pub fn log(&self) -> String {
        let Ok(folder) = fs::read_dir(self.path("state/callboard")) else {
            return String::new();
        };
        let files = folder.filter_map(|entry| fs::read_to_string(entry.unwrap().path()).ok());
        files.collect()
    }
}

/// Waits until something is so.
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < LIMIT, "never: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// A process that is ended with the test.
pub struct Running(Child);

impl Running {
    /// A command without its output.
    pub fn of(command: &mut Command) -> Self {
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Ends it as nothing can be caught, and waits for its end.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Asks it to end, and waits for that.
    pub fn stop(mut self, signal: Signal) -> ExitStatus {
        self.signal(signal);
        self.0.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
