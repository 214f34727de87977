//! The log: files in the state folder, never the screen.

use std::fs::{DirBuilder, OpenOptions};
use std::io::IsTerminal;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rustix::fs::Mode;
use tracing::level_filters::LevelFilter;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::writer::MakeWriterExt;

/// A log grown past this is set aside when the program starts, in place of the one before it.
const LARGEST: u64 = 10 * 1024 * 1024;
/// Days of logs that `track` keeps.
const DAYS: usize = 14;

/// Starts the log of a dashboard. A log that cannot be written is no reason not to run.
pub fn start(verbose: u8) {
    let Some(folder) = folder() else { return };
    let path = folder.join("callboard.log");
    if std::fs::metadata(&path).is_ok_and(|m| m.len() > LARGEST) {
        // Best effort: an old log that cannot be moved just grows on.
        let _ = std::fs::rename(&path, folder.join("callboard.log.1"));
    }
    let opened = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path);
    let Ok(file) = opened else { return };
    subscribe(verbose, Mutex::new(file));
}

/// Starts the log of a program without a screen: a file a day, and what systemd or a terminal
/// reads of stderr.
pub fn start_headless(verbose: u8) {
    // The files of the log are made as they are due: readable by nobody else, like everything
    // that this program makes.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let systemd = std::env::var_os("JOURNAL_STREAM").is_some();
    let shown = systemd || std::io::stderr().is_terminal();
    let file = folder().and_then(|folder| daily(&folder));
    match (file, shown) {
        (Some(file), true) => subscribe(verbose, Mutex::new(file).and(std::io::stderr)),
        (Some(file), false) => subscribe(verbose, Mutex::new(file)),
        // Better there than nowhere.
        (None, _) => subscribe(verbose, std::io::stderr),
    }
}

fn daily(folder: &Path) -> Option<RollingFileAppender> {
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("track")
        .filename_suffix("log")
        .max_log_files(DAYS)
        .build(folder);
    appender.ok()
}

fn folder() -> Option<PathBuf> {
    let folder = super::paths::state_folder()?;
    let mut builder = DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(&folder);
    made.is_ok().then_some(folder)
}

fn subscribe<W: for<'a> MakeWriter<'a> + Send + Sync + 'static>(verbose: u8, writer: W) {
    let level = match verbose {
        0 => LevelFilter::INFO,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // Fails only when a log was started already.
    let _ = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(level)
        .with_writer(writer)
        .try_init();
}
