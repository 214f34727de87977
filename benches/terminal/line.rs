//! A program on a pseudo-terminal: what it writes and when, and what it costs.

use std::fmt::{self, Write as _};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

/// The end of a frame.
const END: &[u8] = b"\x1b[?2026l";
const LIMIT: Duration = Duration::from_secs(30);

/// A program on a terminal.
pub struct Line {
    child: Box<dyn Child + Send + Sync>,
    pid: u32,
    output: Receiver<(Instant, Vec<u8>)>,
    keys: Box<dyn Write + Send>,
    screen: vt100::Parser,
    /// When what is waited for began.
    since: Instant,
    bytes: usize,
    frames: usize,
    _master: Box<dyn MasterPty + Send>,
}

/// What a process has cost so far.
pub struct Usage {
    /// Processor seconds.
    pub cpu: f64,
    threads: Vec<(String, f64)>,
    wakes: u64,
    bytes: usize,
    frames: usize,
    rss: f64,
    peak: f64,
}

impl Line {
    pub fn open(program: &str, arguments: &[&str], home: &Path, more: &[(&str, &str)]) -> Self {
        let size = PtySize {
            rows: 40,
            cols: 120,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env("HOME", home);
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        for provider in ["DEXSCREENER", "JUPITER", "GECKOTERMINAL"] {
            command.env(
                format!("CALLBOARD_FEEDS_{provider}_URL"),
                "http://127.0.0.1:9",
            );
        }
        for (name, value) in more {
            command.env(name, value);
        }
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let since = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        let (chunks, output) = channel();
        std::thread::spawn(move || {
            let mut chunk = vec![0; 65536];
            while let Ok(n @ 1..) = reader.read(&mut chunk) {
                if chunks.send((Instant::now(), chunk[..n].to_vec())).is_err() {
                    break;
                }
            }
        });
        Self {
            pid: child.process_id().unwrap(),
            child,
            output,
            keys,
            screen: vt100::Parser::new(40, 120, 0),
            since,
            bytes: 0,
            frames: 0,
            _master: pair.master,
        }
    }

    /// Takes output in until something is so; milliseconds since it was asked for.
    fn take(&mut self, mut done: impl FnMut(&vt100::Screen, &[u8]) -> bool) -> f64 {
        let limit = Instant::now() + LIMIT;
        loop {
            let left = limit.saturating_duration_since(Instant::now());
            let (at, chunk) = self
                .output
                .recv_timeout(left)
                .unwrap_or_else(|error| panic!("{error}\n{}", self.screen.screen().contents()));
            self.note(&chunk);
            if done(self.screen.screen(), &chunk) {
                return at.duration_since(self.since).as_secs_f64() * 1e3;
            }
        }
    }

    fn note(&mut self, chunk: &[u8]) {
        self.bytes += chunk.len();
        self.frames += chunk.windows(END.len()).filter(|w| *w == END).count();
        self.screen.process(chunk);
    }

    /// Until a frame is whole.
    pub fn until_frame(&mut self) -> f64 {
        self.take(|_, chunk| chunk.ends_with(END))
    }

    /// Until the screen is as wanted.
    pub fn until(&mut self, wanted: impl Fn(&vt100::Screen) -> bool) -> f64 {
        if wanted(self.screen.screen()) {
            return self.since.elapsed().as_secs_f64() * 1e3;
        }
        self.take(|screen, chunk| chunk.ends_with(END) && wanted(screen))
    }

    /// Until nothing is written for a while.
    pub fn settle(&mut self) {
        while let Ok((_, chunk)) = self.output.recv_timeout(Duration::from_millis(700)) {
            self.note(&chunk);
        }
    }

    /// Takes in what comes within a time.
    pub fn watch(&mut self, time: Duration) {
        let until = Instant::now() + time;
        loop {
            match self
                .output
                .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                Ok((_, chunk)) => self.note(&chunk),
                Err(RecvTimeoutError::Timeout) => return,
                Err(error) => panic!("{error}"),
            }
        }
    }

    pub fn press(&mut self, keys: &str) {
        self.since = Instant::now();
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// From a key to the end of its frame, ms.
    pub fn key(&mut self, key: &str) -> f64 {
        self.press(key);
        self.until_frame()
    }

    pub fn usage(&self) -> Usage {
        let read = |path: String| std::fs::read_to_string(path).unwrap_or_default();
        // USER_HZ, which is 100 on every Linux that matters here.
        let ticks = 100.0;
        let cpu = |stat: &str| {
            let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
            let mut fields = after.split_whitespace().skip(11);
            let mut next = || {
                fields
                    .next()
                    .and_then(|f| f.parse::<f64>().ok())
                    .unwrap_or(0.0)
            };
            (next() + next()) / ticks
        };
        let field = |status: &str, name: &str| -> f64 {
            let line = status.lines().find(|line| line.starts_with(name));
            let value = line.and_then(|l| l.split_whitespace().nth(1));
            value.and_then(|v| v.parse().ok()).unwrap_or(0.0)
        };
        let process = format!("/proc/{}", self.pid);
        let status = read(format!("{process}/status"));
        let (mut wakes, mut threads) = (0, Vec::new());
        for task in std::fs::read_dir(format!("{process}/task"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let task = task.path().display().to_string();
            wakes += field(&read(format!("{task}/status")), "voluntary_ctxt_switches:") as u64;
            // Nanoseconds on a processor: the clock's ticks are too coarse for a thread.
            let run = read(format!("{task}/schedstat"));
            let run = run
                .split_whitespace()
                .next()
                .and_then(|n| n.parse::<f64>().ok());
            let name = read(format!("{task}/comm")).trim().to_owned();
            threads.push((name, run.unwrap_or(0.0) / 1e9));
        }
        Usage {
            cpu: cpu(&read(format!("{process}/stat"))),
            threads,
            wakes,
            bytes: self.bytes,
            frames: self.frames,
            rss: field(&status, "VmRSS:") / 1024.0,
            peak: field(&status, "VmHWM:") / 1024.0,
        }
    }

    /// Sends a signal; milliseconds until the process is gone.
    pub fn end(&mut self, signal: Signal) -> f64 {
        let pid = Pid::from_raw(i32::try_from(self.pid).unwrap()).unwrap();
        let began = Instant::now();
        kill_process(pid, signal).unwrap();
        self.child.wait().unwrap();
        began.elapsed().as_secs_f64() * 1e3
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Usage {
    /// What came since an earlier look, in words.
    pub fn since(&self, before: &Self) -> impl fmt::Display {
        let mut threads = String::new();
        for (name, cpu) in &self.threads {
            let was = before.threads.iter().find(|(n, _)| n == name);
            let ms = 1e3 * (cpu - was.map_or(0.0, |(_, cpu)| *cpu));
            if ms >= 0.1 {
                let _ = write!(threads, " {name} {ms:.1}");
            }
        }
        format!(
            "{} bytes in {} frames, {} wake-ups, processor {:.3} s (ms:{threads}), RSS {:.1} MiB, peak {:.1} MiB",
            self.bytes - before.bytes,
            self.frames - before.frames,
            self.wakes.saturating_sub(before.wakes),
            self.cpu - before.cpu,
            self.rss,
            self.peak,
        )
    }
}
