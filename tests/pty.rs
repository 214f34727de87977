//! The real program on a real pseudo-terminal: what it writes, how it ends, what it leaves.
//!
//! `CALLBOARD_PTY_PROGRAM` runs the suite against another program that draws the dashboard.
//! Everything waits for output or for the end of a process, with a limit; nothing sleeps.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and may look at the time to limit its waiting"
)]
#![cfg(unix)]

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{
    Child, CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system,
};
use rustix::process::{Pid, Signal, kill_process};

/// What makes it show everything that is in its database.
const ARGUMENTS: &[&str] = &["--range", "all"];
/// On the screen from the first frame on.
const FIRST: &str = "Leaderboard";
/// On the screen when rows are there: the mark of the selected one.
const ROWS: &str = "> ";
/// On the screen when the help is open.
const HELP: &str = "Tabs and ranges";
/// How soon anything must have happened. The product's bar for leaving is 2 s.
const LEAVES: Duration = Duration::from_secs(2);
const DRAWS: Duration = Duration::from_secs(10);

/// The program to run and its arguments.
fn program(arguments: &[&str]) -> (String, Vec<String>) {
    if let Ok(path) = std::env::var("CALLBOARD_PTY_PROGRAM") {
        return (path, vec![]);
    }
    let arguments = arguments.iter().map(ToString::to_string).collect();
    (env!("CARGO_BIN_EXE_callboard").to_owned(), arguments)
}

/// Where a program that is told nothing else keeps its files.
const FOLDERS: [(&str, &str); 4] = [
    ("HOME", ""),
    ("XDG_DATA_HOME", "data"),
    ("XDG_CONFIG_HOME", "config"),
    ("XDG_STATE_HOME", "state"),
];

/// Puts a few trades and calls into the database of a home folder.
fn import_something(home: &Path) {
    let mut trades = String::from("id,model,closed_at,realized_pnl,confidence\n");
    let mut calls = String::from("id,source,address,symbol,called_at,entry_price,lp_locked\n");
    for i in 0..40 {
        let (model, pnl) = (["atlas", "borealis", "cinder"][i % 3], i as f64 - 15.0);
        writeln!(
            trades,
            "t{i},{model},2025-10-{:02}T12:00:00Z,{pnl},0.{i:02}",
            i % 28 + 1
        )
        .unwrap();
        writeln!(
            calls,
            "c{i},chan,addr{i},SYM{i},2025-10-{:02}T12:00:00Z,0.5,{}",
            i % 28 + 1,
            i % 2 == 0
        )
        .unwrap();
    }
    for (name, text) in [("trades.csv", trades), ("calls.csv", calls)] {
        let file = home.join(name);
        std::fs::write(&file, text).unwrap();
        let mut import = std::process::Command::new(env!("CARGO_BIN_EXE_callboard"));
        import.arg("import").arg(&file).env_remove("CALLBOARD_DB");
        for (name, folder) in FOLDERS {
            import.env(name, home.join(folder));
        }
        let done = import.output().unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }
}

/// A program on a terminal.
struct Stage {
    master: Option<Box<dyn MasterPty + Send>>,
    /// Held so that the terminal can be looked at after the program is gone.
    slave: Option<Box<dyn SlavePty + Send>>,
    keys: Option<Box<dyn Write + Send>>,
    pid: i32,
    output: Receiver<Vec<u8>>,
    ended: Receiver<ExitStatus>,
    screen: vt100::Parser,
    raw: Vec<u8>,
    before: String,
    _home: tempfile::TempDir,
}

impl Stage {
    /// The program over a small database of its own.
    fn open(wrapper: Option<&str>, variables: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        import_something(home.path());
        Self::start(home, ARGUMENTS, wrapper, variables)
    }

    /// The program on its simulated market.
    fn demo() -> Self {
        Self::start(tempfile::tempdir().unwrap(), &["--demo"], None, &[])
    }

    fn start(
        home: tempfile::TempDir,
        arguments: &[&str],
        wrapper: Option<&str>,
        variables: &[(&str, &str)],
    ) -> Self {
        let (program, arguments) = program(arguments);
        let size = PtySize {
            rows: 24,
            cols: 80,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = match wrapper {
            None => CommandBuilder::new(&program),
            Some(script) => {
                let mut shell = CommandBuilder::new("sh");
                shell.args(["-c", script, &program]);
                shell
            }
        };
        command.args(&arguments);
        command.env_remove("NO_COLOR");
        // Nothing on the network is asked.
        for provider in ["DEXSCREENER", "JUPITER", "GECKOTERMINAL"] {
            let url = format!("CALLBOARD_FEEDS_{provider}_URL");
            command.env(url, "http://127.0.0.1:9");
        }
        command.env("TERM", "xterm-256color");
        command.env_remove("CALLBOARD_DB");
        command.env("LC_ALL", "C.UTF-8");
        for (name, folder) in FOLDERS {
            command.env(name, home.path().join(folder));
        }
        for (name, value) in variables {
            command.env(name, value);
        }
        let before = terminal_of(&*pair.master);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        let pid = i32::try_from(child.process_id().unwrap()).unwrap();
        let (chunks, output) = channel();
        thread::spawn(move || {
            let mut chunk = vec![0; 65536];
            while let Ok(n @ 1..) = reader.read(&mut chunk) {
                if chunks.send(chunk[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            master: Some(pair.master),
            slave: Some(pair.slave),
            keys: Some(keys),
            pid,
            output,
            ended: end_of(child),
            screen: vt100::Parser::new(24, 80, 0),
            raw: Vec::new(),
            before,
            _home: home,
        }
    }

    /// Waits until the screen is as wanted.
    fn wait(&mut self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        let limit = Instant::now() + DRAWS;
        while !wanted(self.screen.screen()) {
            let left = limit.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(chunk) => self.take(&chunk),
                Err(error) => panic!("{what}: {error}\n{}", self.screen.screen().contents()),
            }
        }
    }

    fn take(&mut self, chunk: &[u8]) {
        self.screen.process(chunk);
        self.raw.extend_from_slice(chunk);
    }

    fn wait_for(&mut self, text: &str) {
        self.wait(text, |screen| screen.contents().contains(text));
    }

    fn press(&mut self, keys: &str) {
        let writer = self.keys.as_mut().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    fn resize(&mut self, rows: u16, cols: u16) {
        // vt100 itself cannot be as small as this program can.
        if cols > 2 {
            self.screen.screen_mut().set_size(rows, cols);
        }
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        self.master.as_ref().unwrap().resize(size).unwrap();
    }

    /// Waits for the end and for the last output.
    fn end(&mut self) -> ExitStatus {
        let status = self
            .ended
            .recv_timeout(LEAVES)
            .expect("still there after 2 s");
        self.slave = None;
        loop {
            match self.output.recv_timeout(LEAVES) {
                Ok(chunk) => self.take(&chunk),
                Err(RecvTimeoutError::Disconnected) => return status,
                Err(RecvTimeoutError::Timeout) => panic!("the terminal is still held open"),
            }
        }
    }

    fn assert_as_found(&self) {
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "alternate screen");
        assert!(!screen.hide_cursor(), "cursor hidden");
        assert!(!screen.bracketed_paste(), "bracketed paste");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert_eq!(screen.contents(), "", "something was left on the screen");
        let after = terminal_of(&**self.master.as_ref().unwrap());
        assert_eq!(after, self.before, "line discipline");
    }

    /// The process that a wrapper started.
    fn inner(&self) -> i32 {
        let path = format!("/proc/{0}/task/{0}/children", self.pid);
        let children = std::fs::read_to_string(path).unwrap();
        children.split_whitespace().next().unwrap().parse().unwrap()
    }
}

fn terminal_of(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().unwrap())
}

fn end_of(mut child: Box<dyn Child + Send + Sync>) -> Receiver<ExitStatus> {
    let (tell, ended) = channel();
    thread::spawn(move || {
        if let Ok(status) = child.wait() {
            let _ = tell.send(status);
        }
    });
    ended
}

fn send(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

/// Waits, without sleeping, until a process that is not our child is gone.
fn gone(pid: i32, limit: Duration) -> bool {
    let until = Instant::now() + limit;
    while Instant::now() < until {
        let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"));
        let alive = stat.is_ok_and(|s| !s.contains(") Z ") && !s.contains(") X "));
        if !alive {
            return true;
        }
        thread::yield_now();
    }
    false
}

#[test]
fn it_draws_and_quits_and_leaves_the_terminal_as_found() {
    for keys in ["q", "\u{3}"] {
        let mut stage = Stage::open(None, &[]);
        stage.wait_for(FIRST);
        assert!(stage.screen.screen().alternate_screen());
        assert!(stage.screen.screen().hide_cursor());
        assert_ne!(terminal_of(&**stage.master.as_ref().unwrap()), stage.before);
        stage.wait_for(ROWS);
        stage.press(keys);
        assert_eq!(stage.end().exit_code(), 0, "{keys:?}");
        stage.assert_as_found();
    }
}

#[test]
fn the_demo_fills_every_tab_and_says_that_it_is_one() {
    let mut stage = Stage::demo();
    stage.wait_for("DEMO");
    for (key, sign) in [
        ("1", "atlas-4"),
        ("2", "tracking"),
        ("3", "CRASH"),
        ("4", "lp_locked"),
    ] {
        stage.press(key);
        stage.wait_for(sign);
        stage.wait_for("DEMO");
    }
    // Market time runs on: the price feed answers again and again.
    stage.wait_for("simulated ok");
    stage.press("q");
    assert_eq!(stage.end().exit_code(), 0);
    stage.assert_as_found();
}

#[test]
fn each_signal_restores_and_ends_it() {
    for (signal, code) in [
        (Signal::TERM, 143),
        (Signal::HUP, 129),
        (Signal::INT, 130),
        (Signal::QUIT, 131),
    ] {
        let mut stage = Stage::open(None, &[]);
        stage.wait_for(FIRST);
        send(stage.pid, signal);
        assert_eq!(stage.end().exit_code(), code, "{signal:?}");
        stage.assert_as_found();
    }
}

#[test]
fn a_parent_that_is_killed_takes_it_along() {
    let mut stage = Stage::open(Some("\"$0\" \"$@\"; true"), &[]);
    stage.wait_for(FIRST);
    let inner = stage.inner();
    send(stage.pid, Signal::KILL);
    stage.end();
    assert!(gone(inner, LEAVES), "still there after 2 s");
}

#[test]
fn a_line_that_drops_ends_it_even_when_no_signal_comes() {
    let mut stage = Stage::open(Some("trap '' HUP; \"$0\" \"$@\"; true"), &[]);
    stage.wait_for(FIRST);
    let inner = stage.inner();
    stage.slave = None;
    stage.keys = None;
    // The reader holds the terminal open until it has read something; its channel is closed.
    let (_, closed) = channel();
    stage.output = closed;
    stage.resize(25, 81);
    stage.master = None;
    assert!(gone(inner, LEAVES), "still there after 2 s");
}

#[test]
fn it_follows_the_size_and_quits_at_the_smallest() {
    let mut stage = Stage::open(None, &[]);
    stage.wait_for(ROWS);
    stage.resize(50, 200);
    stage.wait("the footer at 200x50", |screen| {
        screen.contents_between(49, 0, 49, 200).contains("quit")
    });
    stage.press("?");
    stage.wait_for(HELP);
    stage.resize(1, 1);
    stage.press("q");
    assert_eq!(stage.end().exit_code(), 0);
    let after = terminal_of(&**stage.master.as_ref().unwrap());
    assert_eq!(after, stage.before);
}

#[test]
fn no_key_of_a_burst_or_beside_a_resize_is_lost() {
    let mut stage = Stage::open(None, &[]);
    stage.wait_for(ROWS);
    stage.press(&"j".repeat(2000));
    stage.press("?");
    stage.wait_for(HELP);
    for rows in [30, 20, 40, 25] {
        stage.resize(rows, 90);
        stage.press("?");
        stage.wait("the help closed", |screen| {
            !screen.contents().contains(HELP)
        });
        stage.resize(rows + 1, 100);
        stage.press("?");
        stage.wait_for(HELP);
    }
    stage.press("q");
    assert_eq!(stage.end().exit_code(), 0);
    stage.assert_as_found();
}

#[test]
fn half_a_key_holds_nothing_up_and_is_no_letter() {
    let mut stage = Stage::open(None, &[]);
    stage.wait_for(ROWS);
    let selected = |screen: &vt100::Screen| {
        (0..34).find(|row| screen.contents_between(*row, 0, *row, 2) == ROWS)
    };
    let arrows = [
        ("\u{1b}", "[B"),
        ("\u{1b}[", "B"),
        ("\u{1b}[1", ";1B"),
        ("\u{1b}O", "A"),
    ];
    for (i, (first, second)) in arrows.into_iter().enumerate() {
        // The beginning of an arrow, as a slow line brings it.
        let before = selected(stage.screen.screen());
        stage.press(first);
        let rows = 30 + u16::try_from(i).unwrap();
        stage.resize(rows, 100);
        stage.wait("the footer at the new bottom", |screen| {
            let bottom = screen.contents_between(rows - 1, 0, rows - 1, 100);
            bottom.contains("help")
        });
        stage.press(second);
        let after = before.map(|row| if second == "A" { row - 1 } else { row + 1 });
        stage.wait("another row selected", |screen| {
            before.is_some() && selected(screen) == after
        });
        // `[` would look back less far.
        assert!(stage.screen.screen().contents().contains("[All]"));
        // At once again, so that the next one does not start where the last one is.
        if second != "A" {
            stage.press("k");
            stage.wait("the row before", |screen| selected(screen) == before);
        }
        if i == 2 {
            stage.press("j");
            stage.wait("a row that has one above", |screen| {
                selected(screen) == after
            });
        }
    }
    stage.press("q");
    assert_eq!(stage.end().exit_code(), 0);
    stage.assert_as_found();
}

#[test]
fn keys_come_from_the_terminal_where_standard_input_is_none() {
    let mut stage = Stage::open(Some("\"$0\" \"$@\" < /dev/null"), &[]);
    stage.wait_for(ROWS);
    stage.press("\u{1b}");
    stage.resize(30, 100);
    stage.wait("the footer at the new bottom", |screen| {
        screen.contents_between(29, 0, 29, 100).contains("help")
    });
    stage.press("[B\u{1b}[200~qqq");
    stage.wait_for("pasted");
    stage.press("?");
    stage.wait_for(HELP);
    stage.press("q");
    assert_eq!(stage.end().exit_code(), 0);
    stage.assert_as_found();
}

#[test]
fn a_paste_without_an_end_does_not_make_it_deaf() {
    for quit in ["q", "\u{3}", "\u{1b}[113u"] {
        let mut stage = Stage::open(None, &[]);
        stage.wait_for(ROWS);
        stage.press("\u{1b}[200~2qqq");
        // It says where pasted text belongs; nothing of it acted as keys.
        stage.wait_for("pasted");
        stage.press("?");
        stage.wait_for(HELP);
        stage.press("?");
        stage.wait_for(ROWS);
        stage.press(quit);
        assert_eq!(stage.end().exit_code(), 0, "{quit:?}");
        stage.assert_as_found();
    }
}

#[test]
fn it_asks_the_terminal_nothing_and_turns_no_mouse_on() {
    let mut stage = Stage::open(None, &[]);
    stage.wait_for(ROWS);
    stage.resize(30, 100);
    stage.press("2");
    stage.press("?");
    stage.wait_for(HELP);
    stage.resize(10, 40);
    stage.press("?3q");
    stage.end();
    let text = String::from_utf8_lossy(&stage.raw);
    for query in [
        "\u{1b}[6n",
        "\u{1b}[5n",
        "\u{1b}[?6n",
        "\u{1b}[c",
        "\u{1b}[0c",
        "\u{1b}[>c",
        "\u{1b}[>0c",
        "\u{1b}[=c",
        "\u{1b}[?u",
        "\u{1b}[18t",
        "\u{1b}[14t",
        "\u{1b}[16t",
        "\u{1b}]10;?",
        "\u{1b}]11;?",
        "\u{1b}]4;",
        "\u{1b}P+q",
        "\u{1b}P$q",
        "$p",
        "\u{1b}[>q",
        "\u{1b}[?1000h",
        "\u{1b}[?1002h",
        "\u{1b}[?1003h",
        "\u{1b}[?1006h",
    ] {
        assert!(!text.contains(query), "{query:?}");
    }
    let (begin, end) = ("\u{1b}[?2026h", "\u{1b}[?2026l");
    let frames = text.matches(begin).count();
    assert!(frames > 0);
    // One more end, on the way out: a frame may have been cut off.
    assert_eq!(text.matches(end).count(), frames + 1);
}

#[test]
fn no_color_writes_no_colour_and_still_shows_the_selection() {
    let mut stage = Stage::open(None, &[("NO_COLOR", "1")]);
    stage.wait_for(ROWS);
    let screen = stage.screen.screen();
    let row = (0..24)
        .find(|row| screen.contents_between(*row, 0, *row, 2) == ROWS)
        .expect("a selected row");
    for column in 0..70 {
        assert!(screen.cell(row, column).unwrap().inverse(), "{column}");
    }
    stage.press("q");
    stage.end();
    for parameters in styles(&stage.raw) {
        assert!(!parameters.is_empty(), "a bare reset");
        for parameter in parameters.split(';') {
            let number: u8 = parameter.parse().unwrap_or_else(|_| panic!("{parameters}"));
            let colour = matches!(number, 30..=38 | 40..=48 | 90..=97 | 100..=107);
            assert!(!colour, "{parameters}");
        }
    }
}

/// The parameters of every style sequence.
fn styles(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(raw);
    text.split("\u{1b}[")
        .skip(1)
        .filter_map(|part| {
            let end = part.find(|c: char| c.is_ascii_alphabetic())?;
            part[end..].starts_with('m').then(|| part[..end].to_owned())
        })
        .collect()
}

/// A shell with job control that runs the program: what it says when the program stops, and `fg`.
const SHELL: &str = "set -m; \"$0\" \"$@\"; echo STOPPED; stty -a | tr ';' '\\n' | grep -o -- '-\\?icanon'; \
                     read word; fg; echo BACK";

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_again() {
    let mut stage = Stage::open(Some(SHELL), &[]);
    stage.wait_for(ROWS);
    stage.press("2\u{1a}");
    stage.wait_for("STOPPED");
    let screen = stage.screen.screen();
    assert!(!screen.alternate_screen() && !screen.hide_cursor());
    stage.wait("a line discipline that edits lines", |screen| {
        let text = screen.contents();
        text.contains("icanon") && !text.contains("-icanon")
    });
    // Another size meanwhile.
    stage.resize(30, 100);
    stage.press("on\r");
    stage.wait("the whole screen again, of the new size", |screen| {
        screen.alternate_screen()
            && screen.hide_cursor()
            && screen.contents().contains("Leaderboard")
            && screen.contents_between(29, 0, 29, 100).contains("quit")
    });
    stage.press("?");
    stage.wait_for(HELP);
    stage.press("q");
    stage.wait_for("BACK");
    stage.end();
    let after = terminal_of(&**stage.master.as_ref().unwrap());
    assert_eq!(after, stage.before);
}

#[test]
fn stopped_and_told_to_go_on_from_outside_it_gives_and_takes_the_terminal() {
    let mut stage = Stage::open(None, &[]);
    stage.wait_for(ROWS);
    send(stage.pid, Signal::TSTP);
    stage.wait("the terminal given back", |screen| {
        !screen.alternate_screen()
    });
    assert!(is_stopped(stage.pid, DRAWS), "it runs on");
    assert_eq!(terminal_of(&**stage.master.as_ref().unwrap()), stage.before);
    send(stage.pid, Signal::CONT);
    stage.wait("the whole screen again", |screen| {
        screen.alternate_screen() && screen.contents().contains(ROWS)
    });
    stage.press("q");
    assert_eq!(stage.end().exit_code(), 0);
    stage.assert_as_found();
}

#[test]
fn where_no_shell_could_bring_it_back_ctrl_z_says_so() {
    let mut stage = Stage::open(None, &[]);
    stage.wait_for(ROWS);
    stage.press("\u{1a}");
    stage.wait_for("not suspended");
    stage.press("q");
    assert_eq!(stage.end().exit_code(), 0);
    stage.assert_as_found();
}

/// Waits, without sleeping, until a process is stopped.
fn is_stopped(pid: i32, limit: Duration) -> bool {
    let until = Instant::now() + limit;
    while Instant::now() < until {
        let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"));
        if stat.is_ok_and(|s| s.contains(") T ")) {
            return true;
        }
        thread::yield_now();
    }
    false
}

#[test]
fn a_dumb_terminal_and_one_without_utf8_get_what_they_can_show() {
    for (variables, colours) in [
        (&[("TERM", "dumb")][..], false),
        (&[("TERM", "vt100"), ("LC_ALL", "C")], false),
        (&[("LC_ALL", "POSIX")], true),
    ] {
        let mut stage = Stage::open(None, variables);
        stage.wait_for(ROWS);
        for (keys, shown) in [
            ("2", "SYM27"),
            ("3", "final price"),
            ("4", "settled outcome"),
            ("?", HELP),
        ] {
            stage.press(keys);
            stage.wait_for(shown);
        }
        stage.resize(1, 1);
        stage.resize(24, 80);
        stage.press("q");
        assert_eq!(stage.end().exit_code(), 0, "{variables:?}");
        stage.assert_as_found();
        assert!(stage.raw.is_ascii(), "{variables:?}");
        assert_eq!(is_coloured(&stage.raw), colours, "{variables:?}");
    }
}

fn is_coloured(raw: &[u8]) -> bool {
    styles(raw).iter().any(|style| {
        let mut numbers = style.split(';').filter_map(|p| p.parse::<u8>().ok());
        numbers.any(|n| matches!(n, 30..=38 | 40..=48 | 90..=107))
    })
}

#[test]
fn a_terminal_that_knows_less_is_sent_what_it_knows() {
    for (term, old, colours) in [
        ("vt100", true, false),
        ("vt220", true, false),
        ("xterm-mono", true, false),
        ("ansi", true, true),
        ("linux", false, true),
        ("screen", false, true),
        ("", false, true),
    ] {
        let mut stage = Stage::open(None, &[("TERM", term)]);
        stage.wait_for(ROWS);
        stage.press("2j");
        stage.wait_for("SYM27");
        stage.press("jjk?");
        stage.wait_for(HELP);
        stage.press("q");
        assert_eq!(stage.end().exit_code(), 0, "{term}");
        stage.assert_as_found();
        assert_eq!(is_coloured(&stage.raw), colours, "{term}");
        let text = String::from_utf8_lossy(&stage.raw);
        let finals = text
            .split("\u{1b}[")
            .skip(1)
            .filter_map(|part| part.chars().find(char::is_ascii_alphabetic));
        let moves = finals.filter(|c| matches!(c, 'A'..='G')).count();
        assert_eq!(moves == 0, old, "{term}");
        // Single attributes are turned off by who knows how.
        let off = styles(&stage.raw)
            .iter()
            .any(|style| style.split(';').any(|n| matches!(n, "22" | "24" | "27")));
        assert!(!(old && off), "{term}");
    }
}

#[test]
fn no_escape_from_data_reaches_the_terminal() {
    let home = tempfile::tempdir().unwrap();
    import_something(home.path());
    let wide = "\u{72d7}".repeat(300);
    let mut calls = String::from("id,source,chain,address,symbol,name,called_at,entry_price\n");
    for (i, name) in [
        "\u{1b}]0;owned\u{7}\u{1b}[31mred",
        "\u{9b}31m\u{90}payload\u{9c}",
        "\u{202e}desrever\u{202c}\u{2066}x\u{2069}",
        "a\u{200d}b\u{200b}c\u{feff}",
        "\u{1b}[?1049l\u{1b}c\u{8}\u{8}\u{d}bell\u{7}",
        wide.as_str(),
    ]
    .into_iter()
    .enumerate()
    {
        writeln!(
            calls,
            "h{i},\"{name}\",test,\"addr{name}{i}\",\"{name}\",\"{name}\",2025-11-{:02}T12:00:00Z,0.5",
            i + 1
        )
        .unwrap();
    }
    let file = home.path().join("hostile.csv");
    std::fs::write(&file, calls).unwrap();
    let mut import = std::process::Command::new(env!("CARGO_BIN_EXE_callboard"));
    import
        .args(["import", "calls"])
        .arg(&file)
        .env_remove("CALLBOARD_DB");
    for (name, folder) in FOLDERS {
        import.env(name, home.path().join(folder));
    }
    import.output().unwrap();
    let mut stage = Stage::start(home, ARGUMENTS, None, &[]);
    stage.wait_for(ROWS);
    for (keys, shown) in [
        ("2", "red"),
        ("3", "final price"),
        ("4", "settled outcome"),
        ("2", "red"),
    ] {
        stage.press(keys);
        stage.wait_for(shown);
    }
    stage.press("j\r");
    stage.wait_for("back");
    stage.press("\u{1b}");
    stage.wait_for("red");
    stage.press("q");
    assert_eq!(stage.end().exit_code(), 0);
    stage.assert_as_found();
    let text = String::from_utf8(stage.raw.clone()).expect("UTF-8 in one piece");
    assert!(text.contains("desrever"), "the rows were on screen");
    let own = |rest: &str| {
        // What the program itself writes: CSI with numbers and one of a few letters.
        let rest = rest.strip_prefix('[')?;
        let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, ';' | '?'))?;
        let known = [
            "?1049h", "?1049l", "?25h", "?25l", "?2026h", "?2026l", "?2004h", "?2004l",
        ];
        let sequence = &rest[..=end];
        let letter = sequence.chars().last()?;
        (known.contains(&sequence)
            || (matches!(letter, 'm' | 'H' | 'J' | 'K' | 'B' | 'C' | 'D' | 'G')
                && !sequence.contains('?')))
        .then_some(())
    };
    for part in text.split('\u{1b}').skip(1) {
        let start: String = part.chars().take(20).collect();
        assert!(own(part).is_some(), "{start:?}");
    }
    // Straight down and a few columns back, or to the beginning of a row below: it moves so itself.
    let mut moves = text.clone();
    for down in ["\n\n\n\n", "\n\n\n", "\n\n", "\n"] {
        for back in [
            "\u{8}\u{8}\u{8}\u{8}",
            "\u{8}\u{8}\u{8}",
            "\u{8}\u{8}",
            "\u{8}",
            "",
        ] {
            moves = moves.replace(&format!("{down}{back}"), "\u{1b}");
        }
    }
    let moves = moves.replace("\r\u{1b}", "\u{1b}");
    for c in moves.chars() {
        let hidden = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        let control = c.is_control() && c != '\u{1b}';
        assert!(!hidden && !control, "{c:?}");
    }
}
