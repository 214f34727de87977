//! What the outside can do to an import: odd files, slow pipes, full disks, locks, hostile text.
//! Each test is named as the rule that it holds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::format_push_string,
    clippy::unreadable_literal,
    reason = "a test fails by panicking"
)]

mod cli_support;

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::time::Duration;

use callboard::clock::Clock;
use callboard::domain::{Confidence, Rules, Span};
use callboard::store::Store;
use cli_support::{Machine, Ran, close, find};
use flate2::Compression;
use flate2::write::GzEncoder;
use rusqlite::Connection;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

const AS_OF: &str = "2026-01-01T00:00:00Z";
const T: &str = "2025-10-01T00:00:00Z";
const BINARY: &str = env!("CARGO_BIN_EXE_callboard");
/// A user that root is not.
const NOBODY: u32 = 65534;

const CALLS: &str = "id,source,chain,address,symbol,called_at,entry_price,score\n\
    c1,bot,solana,A1,AAA,2025-10-01T00:00:00Z,1.0,7\n\
    c2,bot,solana,A2,BBB,2025-10-02T00:00:00Z,2.0,8\n";
const CALLS_JSONL: &str = r#"{"id":"c1","source":"bot","chain":"solana","address":"A1","symbol":"AAA","called_at":"2025-10-01T00:00:00Z","entry_price":1.0,"score":7}
{"id":"c2","source":"bot","chain":"solana","address":"A2","symbol":"BBB","called_at":"2025-10-02T00:00:00Z","entry_price":2,"score":8}
"#;

// ---- Helpers -------------------------------------------------------------------------------

fn counts(kind: &str, read: u32, new: u32, updated: u32, unchanged: u32, refused: u32) -> String {
    format!(
        "{kind}: {read} read, {new} new, {updated} updated, {unchanged} unchanged, {refused} refused"
    )
}

#[track_caller]
fn says(ran: &Ran, line: &str) {
    assert!(ran.out.contains(line), "wanted '{line}' in {ran:?}");
}

#[track_caller]
fn complains(ran: &Ran, line: &str) {
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains(line), "wanted '{line}' in {ran:?}");
}

#[track_caller]
fn no_panic(ran: &Ran) {
    assert!(
        ran.code == 0 || ran.code == 1,
        "killed or panicked: {ran:?}"
    );
    assert!(!ran.err.contains("panicked"), "{ran:?}");
}

fn calls(machine: &Machine) -> Value {
    machine.report("calls", AS_OF, &["--provisional"])["calls"]["rows"].clone()
}

fn number_of_calls(machine: &Machine) -> usize {
    calls(machine).as_array().unwrap().len()
}

fn confidence(machine: &Machine, id: &str) -> Option<f64> {
    let store = Store::open(&machine.db(), Rules::default()).unwrap();
    let books = store.load_books().unwrap();
    let trades = books
        .iter()
        .flat_map(|(key, _)| store.trades_of(key).unwrap());
    let mut of_id = trades.filter(|trade| trade.id == id);
    let trade = of_id.next().unwrap();
    trade.confidence.map(Confidence::fraction)
}

/// The binary through std, to be spawned, limited or run as somebody else.
fn plain(machine: &Machine, program: &str) -> Command {
    let mut command = Command::new(program);
    let home = machine.path("");
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", &home)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_STATE_HOME", home.join("state"))
        .current_dir(&home);
    command
}

fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs the binary as a user whom permissions bind; `None` when that cannot be done here.
fn as_mortal(machine: &Machine, args: &[&str]) -> Option<Ran> {
    let mut command = plain(machine, BINARY);
    command.arg("--db").arg(machine.db()).args(args);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.output().ok().map(ran)
}

/// Makes everything of a machine belong to the user of [`as_mortal`].
fn give_away(machine: &Machine) {
    if is_root() {
        let home = machine.path("");
        chown(&home, Some(NOBODY), Some(NOBODY)).unwrap();
        for entry in fs::read_dir(&home).unwrap() {
            chown(entry.unwrap().path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn utf16(text: &str, little: bool) -> Vec<u8> {
    std::iter::once(0xFEFF)
        .chain(text.encode_utf16())
        .flat_map(|unit: u16| {
            if little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        })
        .collect()
}

/// Asks until it is so, at most ten seconds.
#[track_caller]
fn until(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Clock::System.now().plus(Span::seconds(10));
    while !is() {
        assert!(Clock::System.now() < deadline, "not within 10 s: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn sound(machine: &Machine) {
    let conn = Connection::open(machine.db()).unwrap();
    let verdict: String = conn
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(verdict, "ok");
}

// ---- --strict, --chain, --confidence-scale -------------------------------------------------

#[test]
fn strict_keeps_a_whole_file_out_when_one_row_is_refused_and_says_so() {
    for (name, good, bad) in [
        ("c.csv", CALLS, "c3,bot,solana,A3,CCC,yesterday,1,1\n"),
        (
            "t.csv",
            "id,model,closed_at,realized_pnl\nt1,alpha,2025-10-01T00:00:00Z,1\n",
            "t2,alpha,2025-10-01T00:00:00Z,much\n",
        ),
        (
            "p.csv",
            "chain,address,at,price_usd\nsolana,A1,2025-10-01T00:00:00Z,1\n",
            "solana,A1,2025-10-01T00:01:00Z,-1\n",
        ),
        ("o.csv", "id,peak_multiple\nc1,2\n", "c2,-1\n"),
    ] {
        let machine = Machine::new();
        let path = machine.file(name, format!("{good}{bad}"));
        let ran = machine.run(&["import", "--strict", &path]);
        complains(&ran, "refused, so with --strict nothing of it went in");
        assert!(!ran.out.contains(" new,"), "{ran:?}");
        let conn = Connection::open(machine.db()).unwrap();
        for table in ["call", "trade_chunk", "sample", "imported_outcome"] {
            let n: i64 = conn
                .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
                    row.get(0)
                })
                .unwrap();
            assert_eq!(n, 0, "{table} after {name}");
        }
        let path = machine.file(name, good);
        let ran = machine.run(&["import", "--strict", &path]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.contains(" 0 refused"), "{ran:?}");
        assert!(!ran.out.contains(" 0 new"), "{ran:?}");
    }
}

#[test]
fn strict_keeps_one_file_out_and_the_others_in() {
    let machine = Machine::new();
    let bad = machine.file(
        "bad.csv",
        "id,source,called_at\nb1,bot,2025-10-01T00:00:00Z\nb2,bot,never\n",
    );
    let good = machine.file("good.csv", CALLS);
    let ran = machine.run(&["import", "--strict", &bad, &good]);
    complains(&ran, "1 of 2 rows refused");
    says(&ran, &counts("calls", 2, 2, 0, 0, 0));
    assert_eq!(number_of_calls(&machine), 2);
}

#[test]
fn strict_holds_for_a_row_that_contradicts_what_is_stored() {
    let machine = Machine::new();
    machine.import("c.csv", CALLS);
    let path = machine.file(
        "again.csv",
        "id,source,chain,address,symbol,called_at,score\n\
         c9,bot,solana,A9,ZZZ,2025-10-01T00:00:00Z,1\n\
         c1,bot,solana,A1,AAA,2025-10-01T00:00:00Z,9\n",
    );
    let ran = machine.run(&["import", "--strict", &path]);
    complains(&ran, "nothing of it went in");
    assert_eq!(number_of_calls(&machine), 2);
}

#[test]
fn the_chain_that_is_named_is_that_of_rows_that_name_none() {
    let machine = Machine::new();
    let path = machine.file(
        "c.csv",
        "id,source,chain,address,called_at\n\
         c1,bot,,A1,2025-10-01T00:00:00Z\n\
         c2,bot,solana,A2,2025-10-01T00:00:00Z\n",
    );
    let ran = machine.run(&["import", "--chain", "base", &path]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let path = machine.file("p.csv", "address,at,price_usd\nA1,2025-10-01T00:10:00Z,3\n");
    let ran = machine.run(&["import", &path, "--chain", "base"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let rows = calls(&machine);
    assert_eq!(find(&rows, "id", "c1")["chain"], "base");
    assert_eq!(find(&rows, "id", "c2")["chain"], "solana");
    close(
        &find(&rows, "id", "c1")["last_price"],
        3.0,
        "the price of A1",
    );
}

#[test]
fn the_scale_of_confidences_that_is_named_decides() {
    let file = "id,model,closed_at,realized_pnl,confidence\n\
        a,m,2025-10-01T00:00:00Z,1,1\n\
        b,m,2025-10-01T01:00:00Z,1,0.5\n";
    for (scale, want) in [("1", [1.0, 0.5]), ("100", [0.01, 0.005])] {
        let machine = Machine::new();
        let path = machine.file("t.csv", file);
        let ran = machine.run(&["import", "--confidence-scale", scale, &path]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(confidence(&machine, "a"), Some(want[0]));
        assert_eq!(confidence(&machine, "b"), Some(want[1]));
    }
    let machine = Machine::new();
    let path = machine.file("t.csv", format!("{file}c,m,2025-10-01T01:00:00Z,1,85\n"));
    let ran = machine.run(&["import", "--confidence-scale", "1", &path]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains(":4, confidence: warning: "), "{ran:?}");
    assert_eq!(confidence(&machine, "c"), None);
    let ran = machine.run(&["import", "--confidence-scale", "10", &path]);
    assert_eq!(ran.code, 2, "{ran:?}");
}

fn late_percentage(odd: &str, fractions: u32) -> String {
    let mut file = "id,model,opened_at,closed_at,realized_pnl,confidence\n".to_owned();
    file.push_str(odd);
    for i in 0..fractions {
        file.push_str(&format!("t{i},m,,{},1,0.5\n", 1759276800 + i));
    }
    file.push_str("late,m,,1759376800,1,85\n");
    file
}

#[test]
fn a_percentage_after_9000_fractions_makes_all_of_them_percentages() {
    let machine = Machine::new();
    let ran = machine.import("t.csv", late_percentage("", 9000));
    says(&ran, &counts("trades", 9001, 9001, 0, 0, 0));
    assert_eq!(ran.out.lines().count(), 1, "{ran:?}");
    assert!(ran.err.is_empty(), "{ran:?}");
    for (id, want) in [("t0", 0.005), ("t8999", 0.005), ("late", 0.85)] {
        assert_eq!(confidence(&machine, id), Some(want), "{id}");
    }
    // The same through a pipe, which cannot be read again.
    let machine = Machine::new();
    let ran = machine.run_with(&["import", "trades", "-"], late_percentage("", 9000));
    says(&ran, &counts("trades", 9001, 9001, 0, 0, 0));
    assert_eq!(confidence(&machine, "t0"), Some(0.005));
}

#[test]
fn a_file_that_is_read_again_as_percentages_says_each_thing_once() {
    let machine = Machine::new();
    let odd = "odd,m,2025-10-02T00:00:00Z,2025-10-01T00:00:00Z,1,0.5\nbad,m,,,much,0.5\n";
    let ran = machine.try_import("t.csv", late_percentage(odd, 60_000));
    says(&ran, &counts("trades", 60_003, 60_002, 0, 0, 1));
    assert_eq!(
        ran.err.matches("t.csv:2, closed_at: warning").count(),
        1,
        "{}",
        ran.err
    );
    assert_eq!(
        ran.err.matches("t.csv:3, realized_pnl: refused").count(),
        1,
        "{}",
        ran.err
    );
}

// ---- Pipes ---------------------------------------------------------------------------------

/// An import from a pipe that the test holds open; it ends with the test.
struct Pipe {
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Pipe {
    fn open(machine: &Machine, args: &[&str]) -> Self {
        let mut child = plain(machine, BINARY)
            .arg("--db")
            .arg(machine.db())
            .arg("import")
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        Self { child, stdin }
    }

    fn write(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    fn interrupt(&mut self) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    }

    /// Closes the pipe and waits for the end.
    fn close(mut self) -> Ran {
        drop(self.stdin.take());
        let mut text = [String::new(), String::new()];
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        std::io::Read::read_to_string(&mut self.child.stdout.take().unwrap(), &mut text[0])
            .unwrap();
        std::io::Read::read_to_string(&mut self.child.stderr.take().unwrap(), &mut text[1])
            .unwrap();
        let [out, err] = text;
        Ran { code, out, err }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        // Over already when it was closed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The report of a second process, if there is one to be had yet.
fn seen(machine: &Machine, section: &str) -> Option<Value> {
    let ran = machine.run(&[
        "--report",
        section,
        "--format",
        "json",
        "--as-of",
        AS_OF,
        "--provisional",
    ]);
    serde_json::from_str(&ran.out).ok()
}

fn rows_seen(machine: &Machine) -> usize {
    seen(machine, "calls")
        .and_then(|report| report["calls"]["rows"].as_array().map(Vec::len))
        .unwrap_or(0)
}

const CALL_HEADER: &str = "id,source,chain,address,called_at,entry_price\n";

fn call_row(id: &str) -> String {
    format!("{id},bot,solana,A{id},{T},1\n")
}

#[test]
fn calls_of_a_pipe_that_stays_open_are_stored_and_interrupting_it_loses_nothing() {
    let machine = Machine::new();
    let mut pipe = Pipe::open(&machine, &["calls", "-"]);
    pipe.write(CALL_HEADER);
    pipe.write(&call_row("a"));
    until("the first call", || rows_seen(&machine) == 1);
    pipe.write(&call_row("b"));
    until("the second call", || rows_seen(&machine) == 2);
    pipe.interrupt();
    let ran = pipe.close();
    assert_ne!(ran.code, 0, "{ran:?}");
    assert_eq!(rows_seen(&machine), 2);
    sound(&machine);
    machine.import("more.csv", format!("{CALL_HEADER}{}", call_row("c")));
    assert_eq!(rows_seen(&machine), 3);
}

#[test]
fn a_pipe_that_is_closed_at_last_counts_all_that_came_through_it() {
    let machine = Machine::new();
    let mut pipe = Pipe::open(&machine, &["-"]);
    pipe.write(CALL_HEADER);
    pipe.write(&call_row("a"));
    until("the first call", || rows_seen(&machine) == 1);
    pipe.write(&call_row("a"));
    pipe.write("b,bot,solana,Ab,never,1\n");
    pipe.write(&call_row("c"));
    let ran = pipe.close();
    complains(&ran, "stdin:4, called_at: refused");
    says(&ran, &counts("calls", 4, 2, 0, 1, 1));
}

#[test]
fn prices_of_a_pipe_that_stays_open_are_stored_and_interrupting_it_loses_nothing() {
    let machine = Machine::new();
    machine.import("c.csv", CALLS);
    let mut pipe = Pipe::open(&machine, &["prices", "-"]);
    pipe.write("chain,address,at,price_usd\nsolana,A1,2025-10-01T00:10:00Z,3\n");
    let priced = || {
        seen(&machine, "calls")
            .is_some_and(|report| find(&report["calls"]["rows"], "id", "c1")["last_price"] == 3.0)
    };
    until("the price", priced);
    pipe.interrupt();
    pipe.close();
    assert!(priced());
    sound(&machine);
}

fn models_seen(machine: &Machine) -> usize {
    seen(machine, "models")
        .and_then(|report| report["models"]["rows"].as_array().map(Vec::len))
        .unwrap_or(0)
}

#[test]
fn trades_of_a_pipe_with_a_named_scale_are_stored_while_it_stays_open() {
    let machine = Machine::new();
    let mut pipe = Pipe::open(&machine, &["--confidence-scale", "1", "trades", "-"]);
    pipe.write(&format!(
        "id,model,closed_at,realized_pnl,confidence\na,m,{T},1,0.5\n"
    ));
    until("the trade", || models_seen(&machine) == 1);
    pipe.interrupt();
    pipe.close();
    assert_eq!(models_seen(&machine), 1);
    sound(&machine);
}

#[test]
fn trades_of_a_pipe_that_stays_open_do_not_lock_others_out() {
    let machine = Machine::new();
    machine.import("c.csv", CALLS);
    let mut pipe = Pipe::open(&machine, &["trades", "-"]);
    pipe.write(&format!(
        "id,model,closed_at,realized_pnl,confidence\na,m,{T},1,0.5\n"
    ));
    // Until it has opened the database: its first row then holds whatever it holds.
    until("the pipe is at work", || {
        fs::metadata(machine.path("test.db-wal")).is_ok()
    });
    // Its first row may take a moment to arrive, and the lock with it.
    let conn = Connection::open(machine.db()).unwrap();
    let moment = Clock::System.now().plus(Span::seconds(1));
    while Clock::System.now() < moment && conn.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_ok() {
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(conn);
    let ran = machine.run_with(
        &["record", "call"],
        json!({"source": "other", "symbol": "S", "called_at": T}).to_string(),
    );
    drop(pipe);
    assert_eq!(ran.code, 0, "{ran:?}");
}

// ---- Packed and other encodings ------------------------------------------------------------

#[test]
fn gzip_is_read_by_its_extension() {
    for (name, text) in [
        ("c.csv.gz", CALLS),
        ("c.jsonl.gz", CALLS_JSONL),
        ("C.CSV.GZ", CALLS),
    ] {
        let machine = Machine::new();
        let ran = machine.import(name, gzip(text.as_bytes()));
        says(&ran, &counts("calls", 2, 2, 0, 0, 0));
        assert_eq!(calls(&machine)[0]["id"], "c1", "{name}");
    }
    // Packed in two pieces, as by appending.
    let machine = Machine::new();
    let two = [gzip(CALLS.as_bytes()), gzip(call_wide("c3").as_bytes())].concat();
    says(
        &machine.import("c.csv.gz", two),
        &counts("calls", 3, 3, 0, 0, 0),
    );
}

fn call_wide(id: &str) -> String {
    format!("{id},bot,solana,A{id},S{id},{T},1,5\n")
}

#[test]
fn a_truncated_gzip_lets_in_the_rows_before_the_break_and_is_refused_with_a_reason() {
    let mut csv = CALLS.to_owned();
    let mut jsonl = CALLS_JSONL.to_owned();
    for i in 0..3000u64 {
        // Hard to pack, so that half of the bytes hold about half of the rows.
        let noise = (i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        csv.push_str(&call_wide(&format!("x{noise:x}")));
        jsonl.push_str(&format!(
            "{}\n",
            json!({"id": format!("x{noise:x}"), "source": "bot", "symbol": "S", "called_at": T})
        ));
    }
    for (name, text) in [("c.csv.gz", csv), ("c.jsonl.gz", jsonl)] {
        let machine = Machine::new();
        let packed = gzip(text.as_bytes());
        let ran = machine.try_import(name, &packed[..packed.len() / 2]);
        no_panic(&ran);
        complains(&ran, &format!("{name}:"));
        assert_eq!(
            ran.err.matches("refused: ").count(),
            1,
            "{name}: {}",
            ran.err
        );
        assert!(ran.out.contains(" 1 refused"), "{name}: {ran:?}");
        let n = number_of_calls(&machine);
        assert!(n > 500 && n < 3000, "{name}: {n}");
        assert!(ran.out.contains(&format!("{n} new")), "{name}: {ran:?}");
    }
}

#[test]
fn a_truncated_gzip_names_the_line_where_it_breaks_off() {
    for (name, text) in [("c.jsonl.gz", CALLS_JSONL), ("c.csv.gz", CALLS)] {
        let machine = Machine::new();
        let packed = gzip(text.as_bytes());
        let ran = machine.try_import(name, &packed[..packed.len() - 12]);
        complains(&ran, &format!("{name}:"));
        assert!(!ran.err.contains(&format!("{name}:0")), "{ran:?}");
    }
}

#[test]
fn a_gzip_that_is_none_is_an_error_in_words() {
    let machine = Machine::new();
    let ran = machine.try_import("c.csv.gz", CALLS);
    no_panic(&ran);
    complains(&ran, "callboard: c.csv.gz: ");
    assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
    // And the other way around: packed, without saying so.
    let ran = machine.try_import("c.csv", gzip(CALLS.as_bytes()));
    no_panic(&ran);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
}

#[test]
fn utf_16_with_a_byte_order_mark_is_read() {
    for little in [true, false] {
        for (name, text) in [("c.csv", CALLS), ("c.jsonl", CALLS_JSONL)] {
            let machine = Machine::new();
            let text = text.replace("AAA", "狗🐶");
            let ran = machine.import(name, utf16(&text, little));
            says(&ran, &counts("calls", 2, 2, 0, 0, 0));
            let rows = calls(&machine);
            assert_eq!(find(&rows, "id", "c1")["symbol"], "狗🐶", "{name} {little}");
            let packed = gzip(&utf16(&text, little));
            let ran = machine.import(&format!("{name}.gz"), packed);
            says(&ran, &counts("calls", 2, 0, 0, 2, 0));
        }
    }
}

#[test]
fn utf_16_that_breaks_off_within_a_character_is_no_panic() {
    for little in [true, false] {
        let machine = Machine::new();
        let mut bytes = utf16(CALLS, little);
        bytes.extend_from_slice(&[0x3D]);
        let ran = machine.try_import("c.csv", bytes);
        no_panic(&ran);
        assert_eq!(number_of_calls(&machine), 2);
    }
}

// ---- Odd files -----------------------------------------------------------------------------

#[test]
fn nul_bytes_never_reach_text_and_refuse_numbers() {
    let machine = Machine::new();
    let ran = machine.try_import(
        "c.csv",
        "id,source,symbol,called_at,entry_price\n\
         c\x001,b\x00ot,\0A\0A\0,2025-10-01T00:00:00Z,1\n\
         c2,bot,B,2025-10-01T00:00:00Z,1\x002\n",
    );
    complains(&ran, "c.csv:3, entry_price: refused: ");
    assert!(!ran.err.contains('\0'), "{ran:?}");
    let rows = calls(&machine);
    assert_eq!(find(&rows, "id", "c1")["symbol"], "AA");
    let ran = machine.try_import("nul.csv", vec![0u8; 100_000]);
    no_panic(&ran);
    assert_eq!(ran.code, 1);
    assert!(!ran.err.contains('\0'), "{ran:?}");
}

#[test]
fn of_two_columns_of_one_name_the_first_counts_and_nothing_breaks() {
    let machine = Machine::new();
    let ran = machine.try_import(
        "c.csv",
        "id,source,symbol,Symbol,called_at,score,score\nc1,bot,AAA,BBB,2025-10-01T00:00:00Z,1,2\n",
    );
    no_panic(&ran);
    let rows = calls(&machine);
    assert_eq!(find(&rows, "id", "c1")["symbol"], "AAA");
    // Whatever it was, it is the same the next time.
    let ran = machine.run(&["import", machine.path("c.csv").to_str().unwrap()]);
    says(&ran, &counts("calls", 1, 0, 0, 1, 0));
}

#[test]
fn of_two_features_of_one_name_the_first_counts_as_of_known_columns() {
    let machine = Machine::new();
    machine.try_import(
        "c.csv",
        format!("id,source,called_at,score,score\nc1,bot,{T},1,2\n"),
    );
    let conn = Connection::open(machine.db()).unwrap();
    let features: String = conn
        .query_row("SELECT features FROM call", [], |row| row.get(0))
        .unwrap();
    assert_eq!(features, r#"{"score":1.0}"#);
}

#[test]
fn a_line_of_30_megabytes_is_one_row() {
    let long = "x".repeat(30 << 20);
    for (name, text) in [
        (
            "c.csv",
            format!(
                "id,source,symbol,called_at,note\nc1,bot,A,{T},{long}\nc2,bot,{long},{T},a\nc3,bot,A,{long},a\n"
            ),
        ),
        (
            "c.jsonl",
            format!(
                "{{\"id\":\"c1\",\"source\":\"bot\",\"symbol\":\"A\",\"called_at\":\"{T}\",\"note\":\"{long}\"}}\n\
                 {{\"id\":\"c2\",\"source\":\"bot\",\"symbol\":\"{long}\",\"called_at\":\"{T}\"}}\n\
                 {{\"id\":\"c3\",\"source\":\"bot\",\"symbol\":\"A\",\"called_at\":\"{long}\"}}\n"
            ),
        ),
    ] {
        let machine = Machine::new();
        let ran = machine.try_import(name, text);
        no_panic(&ran);
        assert_eq!(ran.code, 1);
        assert!(ran.out.contains("3 read, 2 new"), "{name}: {}", ran.out);
        assert!(
            ran.err.len() < 2000,
            "{name}: {} bytes of complaint",
            ran.err.len()
        );
        let size = fs::metadata(machine.db()).unwrap().len();
        assert!(size < 4 << 20, "{name}: {size} bytes of database");
        assert_eq!(number_of_calls(&machine), 2, "{name}");
    }
}

#[test]
fn a_header_of_20000_columns_goes_in() {
    let machine = Machine::new();
    let mut text = "id,source,symbol,called_at".to_owned();
    for i in 0..20_000 {
        text.push_str(&format!(",f{i}"));
    }
    for id in ["c1", "c2"] {
        text.push_str(&format!("\n{id},bot,A,{T}"));
        for i in 0..20_000 {
            text.push_str(&format!(",{}", i % 7));
        }
    }
    let ran = machine.import("c.csv", format!("{text}\n"));
    says(&ran, &counts("calls", 2, 2, 0, 0, 0));
    assert_eq!(number_of_calls(&machine), 2);
    let ran = machine.run(&["import", machine.path("c.csv").to_str().unwrap()]);
    says(&ran, &counts("calls", 2, 0, 0, 2, 0));
}

#[test]
fn a_header_of_20000_columns_of_no_kind_is_one_short_line() {
    let machine = Machine::new();
    let names: Vec<String> = (0..20_000).map(|i| format!("f{i}")).collect();
    let ran = machine.try_import("x.csv", format!("{}\n", names.join(",")));
    complains(&ran, "fit neither");
    assert!(ran.err.len() < 1000, "{} bytes", ran.err.len());
}

// ---- Hostile text --------------------------------------------------------------------------

#[test]
fn hostile_symbols_go_in_cleaned_and_reports_stay_within_80_columns() {
    let long = "L".repeat(200);
    let wide = "狗".repeat(200);
    let symbols: [&str; 12] = [
        "🐶🚀👨‍👩‍👧‍👦🇩🇪",
        "狗狗币",
        &long,
        &wide,
        "\u{1b}[31mred\u{1b}]0;title\u{7}\u{9b}2J",
        "\u{202e}gnp.exe\u{2066}\u{200f}",
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1+1",
        "e\u{301}\u{301}\u{301}\u{301}zalgo",
    ];
    let machine = Machine::new();
    let mut calls = String::new();
    let mut trades = String::new();
    for (i, symbol) in symbols.iter().enumerate() {
        let mut call = json!({"id": format!("c{i}"), "source": symbol, "chain": "solana", "address": format!("A{i}"),
            "symbol": symbol, "name": symbol, "called_at": T, "entry_price": 1.0, "kind": symbol});
        call[*symbol] = json!(true);
        calls.push_str(&format!("{call}\n"));
        let trade = json!({"id": format!("t{i}"), "model": symbol, "symbol": symbol, "closed_at": T, "realized_pnl": 1, "currency": symbol});
        trades.push_str(&format!("{trade}\n"));
    }
    let ran = machine.import("c.jsonl", &calls);
    says(&ran, &counts("calls", 12, 12, 0, 0, 0));
    machine.import("t.jsonl", &trades);
    machine.import(
        "p.csv",
        (0..12)
            .map(|i| {
                format!("solana,A{i},2025-10-01T00:10:00Z,2\nsolana,A{i},2025-10-07T23:50:00Z,2\n")
            })
            .fold("chain,address,at,price_usd\n".to_owned(), |a, b| a + &b),
    );
    let text = machine.text(&["--report", "all", "--as-of", AS_OF]);
    for line in text.lines() {
        assert!(
            !line.chars().any(|c| c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')),
            "{line:?}"
        );
        assert!(line.width() <= 80, "{} columns: {line:?}", line.width());
    }
    for section in ["calls", "models", "categories", "features"] {
        let table = machine.text(&["--report", section, "--format", "csv", "--as-of", AS_OF]);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(table.as_bytes());
        for record in reader.records() {
            for cell in &record.unwrap() {
                assert!(
                    cell.parse::<f64>().is_ok()
                        || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
                    "{section}: a spreadsheet would run {cell:?}"
                );
            }
        }
    }
}

// ---- Figures -------------------------------------------------------------------------------

#[test]
fn tiny_and_huge_prices_are_readable_in_text_and_exact_in_json() {
    let machine = Machine::new();
    machine.import(
        "c.csv",
        "id,source,chain,address,symbol,called_at,entry_price\n\
         c1,bot,solana,A1,AAA,2025-10-01T00:00:00Z,1e-12\n\
         c2,bot,solana,A2,BBB,2025-10-02T00:00:00Z,1e6\n",
    );
    machine.import(
        "p.csv",
        "chain,address,at,price_usd\n\
         solana,A1,2025-10-01T00:10:00Z,1.234567890123e-12\n\
         solana,A2,2025-10-02T00:10:00Z,1234567.890123\n",
    );
    let rows = calls(&machine);
    let (tiny, huge) = (find(&rows, "id", "c1"), find(&rows, "id", "c2"));
    assert_eq!(tiny["entry_price"].as_f64(), Some(1e-12));
    assert_eq!(tiny["last_price"].as_f64(), Some(1.234567890123e-12));
    assert_eq!(huge["entry_price"].as_f64(), Some(1e6));
    assert_eq!(huge["last_price"].as_f64(), Some(1234567.890123));
    let text = machine.text(&["--report", "calls", "--as-of", AS_OF]);
    assert!(text.contains("0.0₁₁1235"), "{text}");
    assert!(text.contains("1,234,568"), "{text}");
    assert!(text.lines().all(|l| l.width() <= 80), "{text}");
}

#[test]
fn calls_without_address_price_or_features_and_outcomes_without_samples_are_reported() {
    let machine = Machine::new();
    machine.import(
        "c.csv",
        "id,source,symbol,called_at\nc1,bot,AAA,2025-10-01T00:00:00Z\nc2,bot,,2025-10-01T00:00:00Z\n",
    );
    for format in ["text", "json", "markdown"] {
        machine.text(&["--report", "all", "--format", format, "--as-of", AS_OF]);
    }
    machine.import(
        "o.csv",
        "id,peak_multiple,final_multiple\nc1,3,2\nnobody,2,1\n",
    );
    let report = machine.report("all", AS_OF, &[]);
    let c1 = find(&report["calls"]["rows"], "id", "c1");
    assert_eq!(c1["category"], "WINNER", "{c1:#}");
    close(&c1["ath_multiple"], 3.0, "the peak");
    let c2 = find(&report["calls"]["rows"], "id", "c2");
    assert_eq!(c2["category"], Value::Null);
    assert_eq!(c2["entry_price"], Value::Null);
    assert_eq!(
        number_of_calls(&machine),
        2,
        "an outcome of nobody is no call"
    );
    for format in ["text", "markdown"] {
        machine.text(&["--report", "all", "--format", format, "--as-of", AS_OF]);
    }
}

// ---- Files that cannot be read or written --------------------------------------------------

#[test]
fn an_unreadable_file_is_an_error_that_does_not_keep_the_others_out() {
    let machine = Machine::new();
    let secret = machine.file("secret.csv", CALLS);
    let good = machine.file("good.csv", CALLS);
    give_away(&machine);
    mode(Path::new(&secret), 0o000);
    let Some(ran) = as_mortal(&machine, &["import", &secret, &good]) else {
        eprintln!("skipped: the binary cannot be run as another user here");
        return;
    };
    complains(&ran, "secret.csv: cannot be read: ");
    assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
    says(&ran, &counts("calls", 2, 2, 0, 0, 0));
}

#[test]
fn a_folder_among_files_is_an_error_that_does_not_keep_the_others_out() {
    let machine = Machine::new();
    let folder = machine.path("folder.csv");
    fs::create_dir(&folder).unwrap();
    let good = machine.file("good.csv", CALLS);
    let ran = machine.run(&["import", folder.to_str().unwrap(), &good]);
    complains(&ran, "it is a folder");
    says(&ran, &counts("calls", 2, 2, 0, 0, 0));
}

#[test]
fn a_full_stdout_is_one_line_and_the_data_is_in() {
    let machine = Machine::new();
    let path = machine.file("c.csv", CALLS);
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = plain(&machine, BINARY)
        .arg("--db")
        .arg(machine.db())
        .args(["import", &path])
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let ran = ran(output);
    complains(&ran, "cannot write the output");
    assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
    assert_eq!(number_of_calls(&machine), 2);
}

#[test]
fn a_closed_stderr_does_not_keep_rows_out() {
    let machine = Machine::new();
    let path = machine.file("c.csv", format!("{CALLS}c3,bot,solana,A3,S,never,1,1\n"));
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = plain(&machine, BINARY)
        .arg("--db")
        .arg(machine.db())
        .args(["import", &path])
        .stderr(full)
        .output()
        .unwrap();
    let ran = ran(output);
    assert_eq!(ran.code, 1, "{ran:?}");
    says(&ran, &counts("calls", 3, 2, 0, 0, 1));
}

fn many_calls(n: usize) -> String {
    let mut text = "id,source,chain,address,symbol,called_at,entry_price,note\n".to_owned();
    for i in 0..n {
        text.push_str(&format!(
            "c{i},bot,solana,A{i},S{i},{},1,{}\n",
            1759276800 + i,
            "note".repeat(20)
        ));
    }
    text
}

fn many_trades(n: usize) -> String {
    let mut text = "id,model,symbol,closed_at,realized_pnl\n".to_owned();
    for i in 0..n {
        text.push_str(&format!(
            "t{i},m,{},{},1\n",
            "sym".repeat(20),
            1759276800 + i
        ));
    }
    text
}

fn stored(machine: &Machine, table: &str) -> i64 {
    let conn = Connection::open(machine.db()).unwrap();
    conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
        row.get(0)
    })
    .unwrap()
}

/// What a write that the system refused must leave behind: words, and a database that opens.
#[track_caller]
fn refused_in_words(machine: &Machine, ran: &Ran) {
    no_panic(ran);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        !ran.err.is_empty() && ran.err.lines().count() <= 2,
        "{ran:?}"
    );
    assert!(ran.err.contains("callboard: "), "{ran:?}");
    sound(machine);
    let ran = machine.run(&["--report", "all", "--as-of", AS_OF]);
    assert_eq!(ran.code, 0, "{ran:?}");
    machine.import(
        "after.csv",
        CALLS.replace("c1,", "after1,").replace("c2,", "after2,"),
    );
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_in_words_and_leaves_whole_transactions() {
    for (name, text, table) in [
        ("c.csv", many_calls(6000), "call"),
        ("t.csv", many_trades(6000), "trade_chunk"),
    ] {
        let machine = Machine::new();
        let path = machine.file(name, text);
        // Opened without a limit first: the limit is to be met while rows go in.
        machine.import("o.csv", "id,peak_multiple\nx,2\n");
        let script = "trap '' XFSZ; ulimit -f 600; exec \"$0\" --db \"$1\" import \"$2\"";
        let output = plain(&machine, "sh")
            .args(["-c", script, BINARY])
            .arg(machine.db())
            .arg(&path)
            .output()
            .unwrap();
        let ran = ran(output);
        let n = stored(&machine, table);
        assert!(n < 6000, "{name}: the limit was never met");
        if name == "t.csv" {
            assert_eq!(n, 0, "trades go in as a whole");
        }
        refused_in_words(&machine, &ran);
        let ran = machine.run(&["import", &path]);
        assert_eq!(ran.code, 0, "{ran:?}");
        says(&ran, &format!("6000 read, {} new", 6000 - n));
    }
}

#[test]
fn a_write_that_the_system_refuses_says_what_to_do() {
    let machine = Machine::new();
    let path = machine.file("c.csv", CALLS);
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" --db \"$1\" import \"$2\"";
    let output = plain(&machine, "sh")
        .args(["-c", script, BINARY])
        .arg(machine.db())
        .arg(&path)
        .output()
        .unwrap();
    let ran = ran(output);
    complains(&ran, "disk I/O error: ");
}

#[test]
fn a_full_disk_is_an_error_in_words_and_leaves_whole_transactions() {
    let machine = Machine::new();
    let path = machine.file("c.csv", many_calls(20_000));
    machine.import("o.csv", "id,peak_multiple\nx,2\n");
    let disk = machine.path("disk");
    fs::create_dir(&disk).unwrap();
    // In a mount namespace of its own, so that nothing stays mounted.
    let script = "mount -t tmpfs -o size=2m tmpfs \"$3\" || exit 77; cp \"$1\" \"$3/x.db\"; \
        \"$0\" --db \"$3/x.db\" import \"$2\"; code=$?; rm \"$1\"; cp \"$3/x.db\" \"$1\"; \
        test ! -e \"$3/x.db-wal\" || cp \"$3/x.db-wal\" \"$1-wal\"; exit $code";
    let output = plain(&machine, "unshare")
        .args(["-m", "sh", "-c", script, BINARY])
        .arg(machine.db())
        .arg(&path)
        .arg(&disk)
        .output();
    let ran = match output {
        Ok(output) => ran(output),
        Err(error) => {
            eprintln!("skipped: no unshare here: {error}");
            return;
        }
    };
    if ran.code == 77 || ran.err.contains("unshare") {
        eprintln!("skipped: nothing can be mounted here: {}", ran.err);
        return;
    }
    assert!(ran.err.contains("full"), "{ran:?}");
    assert!(stored(&machine, "call") < 20_000);
    refused_in_words(&machine, &ran);
}

#[test]
fn a_read_only_database_is_an_error_in_words_and_stays_as_it_is() {
    for folder_too in [false, true] {
        let machine = Machine::new();
        machine.import("c.csv", CALLS);
        let path = machine.file("more.csv", CALLS.replace("c1,", "c3,"));
        give_away(&machine);
        let before = fs::read(machine.db()).unwrap();
        mode(&machine.db(), 0o400);
        if folder_too {
            mode(&machine.path(""), 0o500);
        }
        let Some(ran) = as_mortal(&machine, &["import", &path]) else {
            eprintln!("skipped: the binary cannot be run as another user here");
            return;
        };
        mode(&machine.path(""), 0o700);
        no_panic(&ran);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
        assert!(ran.err.contains("permission"), "{ran:?}");
        assert_eq!(fs::read(machine.db()).unwrap(), before);
    }
}

#[test]
fn a_read_only_folder_is_an_error_in_words() {
    // The file itself may be written, but nothing beside it: there is no place for its log.
    let machine = Machine::new();
    machine.import("c.csv", CALLS);
    let path = machine.file("more.csv", CALLS.replace("c1,", "c3,"));
    give_away(&machine);
    mode(&machine.path(""), 0o500);
    let ran = as_mortal(&machine, &["import", &path]);
    mode(&machine.path(""), 0o700);
    let Some(ran) = ran else {
        eprintln!("skipped: the binary cannot be run as another user here");
        return;
    };
    no_panic(&ran);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
    sound(&machine);
    assert_eq!(number_of_calls(&machine), 2);
}

#[test]
fn a_new_database_in_a_read_only_folder_is_an_error_that_says_what_to_do() {
    let machine = Machine::new();
    let path = machine.file("c.csv", CALLS);
    give_away(&machine);
    mode(&machine.path(""), 0o500);
    let ran = as_mortal(&machine, &["import", &path]);
    mode(&machine.path(""), 0o700);
    let Some(ran) = ran else {
        eprintln!("skipped: the binary cannot be run as another user here");
        return;
    };
    complains(&ran, "permissions, or name another file with --db");
    assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
}

#[test]
fn an_import_waits_for_another_programs_lock() {
    for text in [CALLS.to_owned(), many_trades(10)] {
        let machine = Machine::new();
        machine.import("o.csv", "id,peak_multiple\nx,2\n");
        let path = machine.file("f.csv", &text);
        let conn = Connection::open(machine.db()).unwrap();
        conn.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let mut child = plain(&machine, BINARY)
            .arg("--db")
            .arg(machine.db())
            .args(["import", &path])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let held = Clock::System.now().plus(Span::seconds(1));
        while Clock::System.now() < held {
            assert!(child.try_wait().unwrap().is_none(), "it did not wait");
            std::thread::sleep(Duration::from_millis(10));
        }
        conn.execute_batch("ROLLBACK").unwrap();
        let ran = ran(child.wait_with_output().unwrap());
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.contains(" 0 refused"), "{ran:?}");
        assert!(ran.err.is_empty(), "{ran:?}");
    }
}
