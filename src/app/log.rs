//! The log: a file in the state folder, never the screen.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::sync::Mutex;

use tracing::level_filters::LevelFilter;

/// A log grown past this is set aside when the program starts, in place of the one before it.
const LARGEST: u64 = 10 * 1024 * 1024;

/// Starts logging. A log that cannot be written is no reason not to run.
pub fn start(verbose: u8) {
    let Some(folder) = super::paths::state_folder() else {
        return;
    };
    let mut builder = DirBuilder::new();
    if builder.recursive(true).mode(0o700).create(&folder).is_err() {
        return;
    }
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
    let level = match verbose {
        0 => LevelFilter::INFO,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // Fails only when a log was started already.
    let _ = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(level)
        .with_writer(Mutex::new(file))
        .try_init();
}
