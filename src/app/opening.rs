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
    Ready(Box<Store>),
    /// That may take a while.
    Due(Box<Opening>),
}

impl Opened {
    /// Opens what can be opened at once.
    ///
    /// # Errors
    /// When the file is not ours, newer than this program, or cannot be opened.
    pub fn of(path: &std::path::Path, rules: Rules) -> Result<Self, StoreError> {
        let opening = Opening::begin(path, rules)?;
        if opening.takes_long() {
            return Ok(Self::Due(Box::new(opening)));
        }
        let store = opening.finish(&mut |_| {})?;
        Ok(Self::Ready(Box::new(store)))
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
            Self::Ready(store) => return Ok(*store),
            Self::Due(opening) => *opening,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytics::Guards;
    use crate::board::Settings;
    use crate::domain::{Call, CallId, Price, Span, Timestamp, TokenKey};

    fn stored(path: &std::path::Path) {
        let mut store = Store::open(path, Rules::default()).unwrap();
        let call = |n: u8| Call {
            id: CallId(n.to_string()),
            source: "a".to_owned(),
            chain: "x".to_owned(),
            token: TokenKey::new(Some("x"), &n.to_string()),
            symbol: None,
            name: None,
            called_at: Timestamp::from_millis(1_000_000_000_000),
            stated_entry: Price::new(1.0),
            market_cap_usd: None,
            liquidity_usd: None,
            rejected_by: None,
            features: [].into_iter().collect(),
        };
        let calls: Vec<Call> = (0..3).map(call).collect();
        store.put_calls(&calls).unwrap();
    }

    #[test]
    fn what_is_as_it_should_be_is_ready_at_once_and_the_rest_after_it_was_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        stored(&path);
        let rules = Rules::default();
        assert!(matches!(Opened::of(&path, rules), Ok(Opened::Ready(_))));
        let other = Rules {
            window: Span::days(3),
            ..rules
        };
        let due = Opened::of(&path, other).unwrap();
        assert!(matches!(due, Opened::Due(_)));
        let settings = Settings {
            rules: other,
            min_rank_n: 10,
            guards: Guards::default(),
        };
        let (publish, snapshots) = watch::channel(Snapshot::empty(settings));
        let store = due.ready(&publish, &AtomicBool::new(false)).unwrap();
        assert_eq!(store.rules().window, Span::days(3));
        assert!(snapshots.borrow().work.is_none());
        drop(store);
        assert!(matches!(Opened::of(&path, other), Ok(Opened::Ready(_))));
        assert!(!folder.path().join("x.db-work").exists());
    }
}
