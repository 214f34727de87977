//! Long work that one program does on a database, said to the others: a small file beside it.
//!
//! It is not a row of the database, since the longest work (the trades of a file) is one
//! transaction, which nobody else sees into, and beside which nobody can write. Whoever works
//! holds a lock on the file; the system takes that away however the process ends, so a line that
//! is left behind is never taken for a living one, and no clock is compared.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use crate::domain::text::clean;
use crate::domain::{Task, Work};

/// More than any line is long.
const LONGEST: u64 = 4096;
/// A name longer than this is cut.
const LONGEST_NAME: usize = 200;
/// Looks after which work of unknown length that does not move is no longer spoken of: a pipe
/// that a bot keeps open for ever.
const IDLE: u32 = 10;

fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-work");
    PathBuf::from(name)
}

/// Says what this program works on. What cannot be said is left unsaid: the work goes on.
#[derive(Debug)]
pub struct Telling {
    path: PathBuf,
    /// While nobody else says something.
    held: Option<File>,
}

impl Telling {
    /// Says nothing yet.
    #[must_use]
    pub fn of(database: &Path) -> Self {
        Self {
            path: beside(database),
            held: None,
        }
    }

    /// Says how far it has come. Who else says something goes first.
    pub fn say(&mut self, work: &Work) {
        if self.held.is_none() {
            self.held = take(&self.path).ok();
        }
        let Some(file) = &self.held else {
            return;
        };
        let mut work = work.clone();
        if let Task::Import(name) = &mut work.task {
            *name = name.chars().take(LONGEST_NAME).collect();
        }
        if let Ok(mut line) = serde_json::to_vec(&work) {
            // What is left of a longer line stands behind the end of this one.
            line.push(b'\n');
            let _ = file.write_all_at(&line, 0);
        }
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        if self.held.is_some() {
            // The lock is still held, so it is ours.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn take(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .create(true)
        .read(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(flags())
        .open(path)?;
    // Somebody's own file of that name is left alone.
    let its = file.metadata()?;
    if !its.is_file() || its.nlink() != 1 || !is_ours(&file)? {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    // Who had it before may have removed it in between.
    if fs::metadata(path)?.ino() != its.ino() {
        return Err(io::ErrorKind::NotFound.into());
    }
    // Whoever was killed has left a line.
    file.set_len(0)?;
    Ok(file)
}

/// No link is followed, and a pipe of that name is not waited for.
fn flags() -> i32 {
    (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed()
}

/// Whether a file holds nothing, or what a program like this has left.
fn is_ours(file: &File) -> io::Result<bool> {
    let mut text = Vec::new();
    file.take(LONGEST).read_to_end(&mut text)?;
    Ok(text.is_empty() || read(&text).is_some())
}

/// The work that a line tells of; what follows it may be left of a longer one.
fn read(text: &[u8]) -> Option<Work> {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    serde_json::from_slice(line).ok()
}

/// Looks for what other programs say.
#[derive(Debug)]
pub struct Watching {
    path: PathBuf,
    seen: Option<Work>,
    /// Looks since it moved.
    idle: u32,
}

impl Watching {
    /// Before the first look.
    #[must_use]
    pub fn of(database: &Path) -> Self {
        Self {
            path: beside(database),
            seen: None,
            idle: 0,
        }
    }

    /// What somebody works on just now.
    pub fn look(&mut self) -> Option<Work> {
        let before = self.seen.take();
        match said(&self.path) {
            Said::Nothing => self.idle = 0,
            // A line that was caught while it was written.
            Said::Unreadable => self.seen = before,
            Said::Work(work) => {
                let same = before.as_ref() == Some(&work);
                self.idle = if same { self.idle.saturating_add(1) } else { 0 };
                self.seen = Some(work);
            }
        }
        let stands = |work: &&Work| work.percent.is_some() || self.idle < IDLE;
        self.seen.as_ref().filter(stands).cloned()
    }
}

enum Said {
    Nothing,
    Unreadable,
    Work(Work),
}

fn said(path: &Path) -> Said {
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(flags())
        .open(path);
    let Some(file) = opened
        .ok()
        .filter(|f| f.metadata().is_ok_and(|m| m.is_file()))
    else {
        return Said::Nothing;
    };
    // A lock that can be had is held by nobody: whoever wrote this is dead. Where locks cannot be
    // had at all, nothing is known.
    if flock(&file, FlockOperation::NonBlockingLockShared) != Err(Errno::WOULDBLOCK) {
        return Said::Nothing;
    }
    let mut text = Vec::new();
    if file.take(LONGEST).read_to_end(&mut text).is_err() {
        return Said::Unreadable;
    }
    match read(&text) {
        Some(mut work) => {
            if let Task::Import(name) = &mut work.task {
                *name = clean(name);
            }
            work.percent = work.percent.map(|percent| percent.min(100));
            Said::Work(work)
        }
        None => Said::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import(done: u64, percent: Option<u8>) -> Work {
        Work {
            task: Task::Import("trades.csv".to_owned()),
            done,
            percent,
        }
    }

    #[test]
    fn what_one_says_the_other_sees_until_it_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("x.db");
        let mut watching = Watching::of(&database);
        assert_eq!(watching.look(), None);
        let mut telling = Telling::of(&database);
        for work in [import(120_000, Some(9)), import(7, Some(1))] {
            telling.say(&work);
            assert_eq!(watching.look(), Some(work));
        }
        // A second one waits until the first is over.
        let mut second = Telling::of(&database);
        second.say(&import(1, None));
        assert_eq!(watching.look(), Some(import(7, Some(1))));
        drop(telling);
        assert_eq!(watching.look(), None);
        second.say(&import(2, None));
        assert_eq!(watching.look(), Some(import(2, None)));
        drop(second);
        assert_eq!(watching.look(), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_line_that_was_left_behind_is_not_alive_and_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("x.db");
        let line = serde_json::to_vec(&import(9, Some(43))).unwrap();
        fs::write(folder.path().join("x.db-work"), line).unwrap();
        let mut watching = Watching::of(&database);
        assert_eq!(watching.look(), None);
        let mut telling = Telling::of(&database);
        telling.say(&import(1, None));
        assert_eq!(watching.look(), Some(import(1, None)));
    }

    #[test]
    fn what_is_not_ours_is_neither_touched_nor_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("x.db");
        let (work, own) = (folder.path().join("x.db-work"), folder.path().join("own"));
        let says_nothing = || {
            let mut telling = Telling::of(&database);
            telling.say(&import(1, None));
            assert_eq!(Watching::of(&database).look(), None);
        };
        // Somebody's own file, one that has another name too, and one behind a link.
        fs::write(&work, "my notes").unwrap();
        says_nothing();
        assert_eq!(fs::read_to_string(&work).unwrap(), "my notes");
        fs::remove_file(&work).unwrap();
        for link in [
            |a: &Path, b: &Path| fs::hard_link(a, b),
            |a: &Path, b: &Path| std::os::unix::fs::symlink(a, b),
        ] {
            fs::write(&own, "").unwrap();
            link(&own, &work).unwrap();
            says_nothing();
            assert_eq!(fs::read_to_string(&own).unwrap(), "");
            fs::remove_file(&work).unwrap();
        }
        // A pipe has no other end.
        let made = std::process::Command::new("mkfifo").arg(&work).status();
        if made.is_ok_and(|made| made.success()) {
            says_nothing();
            assert!(work.exists());
        }
    }

    #[test]
    fn a_pipe_that_brings_nothing_more_is_not_spoken_of() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("x.db");
        let (mut watching, mut telling) = (Watching::of(&database), Telling::of(&database));
        telling.say(&import(5, None));
        let shown = (0..20).filter(|_| watching.look().is_some()).count();
        assert_eq!(shown, 10);
        telling.say(&import(6, None));
        assert_eq!(watching.look(), Some(import(6, None)));
        // One whose length is known is being written until it is over.
        telling.say(&import(7, Some(100)));
        assert!((0..20).all(|_| watching.look().is_some()));
    }
}
