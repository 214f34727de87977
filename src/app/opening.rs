//! Opening the dashboard's database: at once where it is as this version wants it, else on the
//! engine's thread, so that the screen says what is moved or made anew, and how far it has come.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use crate::domain::Rules;
use crate::store::{Opening, Store, StoreError, Watching};

use super::engine::Snapshot;
use super::telling::Teller;

/// A database that is open, or one that is still to be brought up to date.
pub enum Opened {
    /// It can be used.
    Ready(Store),
    /// That may take a while.
    Due(Opening),
}

impl Opened {
    /// Opens what can be opened at once.
    ///
    /// # Errors
    /// When the file is not ours, newer than this program, or cannot be opened.
    pub fn of(path: &std::path::Path, rules: Rules) -> Result<Self, StoreError> {
        let opening = Opening::begin(path, rules)?;
        if opening.takes_long() {
            return Ok(Self::Due(opening));
        }
        opening.finish(&mut |_| {}).map(Self::Ready)
    }

    /// Brings it up to date, with a word on the screen each second. While another program does
    /// the same, its word is there.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn ready(
        self,
        publish: &watch::Sender<Snapshot>,
        stop: &AtomicBool,
    ) -> Result<Store, StoreError> {
        let mut opening = match self {
            Self::Ready(store) => return Ok(store),
            Self::Due(opening) => opening,
        };
        let mut others = Watching::of(opening.path());
        loop {
            say(publish, others.look());
            let (path, rules) = (opening.path().to_owned(), opening.rules());
            let mut teller = Teller::of(&path);
            let done = opening.finish(&mut |work| {
                if teller.tell(&work) {
                    say(publish, Some(work));
                }
            });
            drop(teller);
            match done {
                Err(error) if error.is_held() && !stop.load(Ordering::SeqCst) => {
                    opening = Opening::begin(&path, rules)?;
                }
                done => {
                    say(publish, None);
                    return done;
                }
            }
        }
    }
}

fn say(publish: &watch::Sender<Snapshot>, work: Option<crate::domain::Work>) {
    publish.send_if_modified(|snapshot| {
        let changed = snapshot.work != work;
        snapshot.work = work;
        changed
    });
}
