//! `callboard import`.

use std::collections::HashSet;
use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

use crate::cli::split_kind;
use crate::domain::text::clean;
use crate::domain::work::{Task, Work, percent};
use crate::ingest::{self, Event, Import, ImportError, Options, RowError, Scale};
use crate::store::Store;

use super::telling::Teller;
use super::{Context, Failure, print};

/// Rows reported one by one per file; of more only the number is said.
const REPORTED: usize = 1000;
/// Rows whose last step takes a while too.
const MANY: u64 = 100_000;

pub fn run(context: &Context, args: &[String], options: &Options) -> Result<ExitCode, Failure> {
    let (kind, files) = split_kind(args);
    if files.is_empty() {
        return Err(Failure::usage(format!(
            "import {}: which file? name one, or - for stdin",
            args.first().map_or("", String::as_str)
        )));
    }
    let options = Options {
        kind,
        ..options.clone()
    };
    // A dashboard on the same machine has the next turn: a key must not wait for a file.
    super::dashboard::stand_behind();
    let mut store = Store::open(&context.db, context.settings.rules)?;
    let mut clean_run = true;
    for name in files {
        match import_one(&mut store, name, &options) {
            Ok(all_in) => clean_run &= all_in,
            Err(failure) => {
                let mut err = std::io::stderr().lock();
                let _ = writeln!(err, "callboard: {}: {}", clean(name), failure.line);
                clean_run = false;
            }
        }
    }
    Ok(if clean_run {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What is read, how long it is where that is known, and how much of it has been read.
struct Input {
    read: Box<dyn Read + Send>,
    length: Option<u64>,
    taken: Arc<AtomicU64>,
}

fn open(name: &str) -> Result<Input, Failure> {
    let taken = Arc::new(AtomicU64::new(0));
    if name == "-" {
        return Ok(Input {
            read: Box::new(std::io::stdin()),
            length: None,
            taken,
        });
    }
    let file = File::open(name).map_err(|e| Failure::failed(format!("cannot be read: {e}")))?;
    let metadata = file.metadata();
    if metadata.as_ref().is_ok_and(std::fs::Metadata::is_dir) {
        return Err(Failure::failed("it is a folder; name the files in it"));
    }
    let length = metadata.ok().filter(std::fs::Metadata::is_file);
    let file = Counted {
        file,
        taken: Arc::clone(&taken),
    };
    let packed = Path::new(name)
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("gz"));
    let read: Box<dyn Read + Send> = if packed {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    Ok(Input {
        read,
        length: length.map(|m| m.len()),
        taken,
    })
}

/// Imports one file; whether every row went in.
fn import_one(store: &mut Store, name: &str, options: &Options) -> Result<bool, Failure> {
    // A file that is read again says everything again; it is told once.
    let mut told = HashSet::new();
    let done = match import_as(store, name, options, &mut told)? {
        Err(ImportError::Percentages) => {
            let options = Options {
                scale: Some(Scale::Hundred),
                ..options.clone()
            };
            import_as(store, name, &options, &mut told)?
        }
        done => done,
    }?;
    let t = done.tally;
    if done.withdrawn {
        return Err(Failure::failed(format!(
            "{} of {} rows refused, so with --strict nothing of it went in",
            t.refused, t.read
        )));
    }
    print(&format!(
        "{}: {}: {} read, {} new, {} updated, {} unchanged, {} refused\n",
        label(name),
        done.kind.name(),
        t.read,
        t.new,
        t.updated,
        t.unchanged,
        t.refused
    ))?;
    Ok(t.refused == 0)
}

fn label(name: &str) -> String {
    if name == "-" {
        "stdin".to_owned()
    } else {
        clean(name)
    }
}

/// Imports one file the way it is told, reporting its rows as they come.
fn import_as(
    store: &mut Store,
    name: &str,
    options: &Options,
    told: &mut HashSet<(u64, String)>,
) -> Result<Result<Import, ImportError>, Failure> {
    let input = open(name)?;
    let options = Options {
        again: input.length.is_some(),
        ..options.clone()
    };
    let label = label(name);
    let mut reported = 0usize;
    let teller = Teller::of(store.path());
    let mut progress = Progress::new(&label, input.length, input.taken, teller);
    let mut tell = |event: Event| {
        let (row, weight) = match &event {
            Event::Stored(rows) => return progress.show(*rows),
            Event::Refused(row) => (row, "refused"),
            Event::Warning(row) => (row, "warning"),
        };
        if !told.insert((row.line, row.column.clone())) {
            return;
        }
        reported += 1;
        if reported <= REPORTED {
            progress.clear();
            report(&label, row, weight);
        }
    };
    let done = ingest::import(store, input.read, &options, &mut tell);
    progress.clear();
    if reported > REPORTED {
        let more = reported - REPORTED;
        let mut err = std::io::stderr().lock();
        let _ = writeln!(err, "{label}: {more} more rows refused or warned about");
    }
    Ok(done)
}

fn report(label: &str, row: &RowError, weight: &str) {
    let column = if row.column.is_empty() {
        String::new()
    } else {
        format!(", {}", row.column)
    };
    let mut err = std::io::stderr().lock();
    // A closed stderr is no reason to stop importing.
    let _ = writeln!(
        err,
        "{label}:{}{column}: {weight}: {}",
        row.line, row.reason
    );
}

/// A file whose bytes are counted as they are read.
struct Counted {
    file: File,
    taken: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let n = self.file.read(into)?;
        self.taken.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// One line on a terminal that says how far it is, and a word to open dashboards.
struct Progress<'a> {
    label: &'a str,
    length: Option<u64>,
    taken: Arc<AtomicU64>,
    shown: bool,
    terminal: bool,
    teller: Teller,
}

impl<'a> Progress<'a> {
    fn new(label: &'a str, length: Option<u64>, taken: Arc<AtomicU64>, teller: Teller) -> Self {
        Self {
            label,
            length,
            taken,
            shown: false,
            terminal: std::io::stderr().is_terminal(),
            teller,
        }
    }

    fn show(&mut self, rows: u64) {
        self.tell(rows);
        if !self.terminal {
            return;
        }
        let share = self
            .length
            .filter(|l| *l > 0)
            .map_or_else(String::new, |length| {
                let read = self.taken.load(Ordering::Relaxed).min(length);
                let filled = (read * 20 / length) as usize;
                let bar = ["#".repeat(filled), ".".repeat(20 - filled)].concat();
                format!("[{bar}] {:>3}%  ", read * 100 / length)
            });
        self.shown = true;
        let mut err = std::io::stderr().lock();
        let _ = write!(err, "\r\x1b[K{}  {share}{rows} rows", self.label);
        let _ = err.flush();
    }

    fn tell(&mut self, rows: u64) {
        let read = self.taken.load(Ordering::Relaxed);
        let name = Path::new(self.label).file_name();
        let name = name.map_or_else(|| self.label.into(), |name| name.to_string_lossy());
        let work = Work {
            task: Task::Import(name.into_owned()),
            done: rows,
            percent: self.length.and_then(|length| percent(read, length)),
        };
        if work.percent == Some(100) && rows >= MANY {
            // What follows the last row of so many takes a while.
            self.teller.tell_now(&work);
        } else {
            self.teller.tell(&work);
        }
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
