//! Who polls, as one program sees it: it takes the lease when that is free or its holder is dead,
//! shows that it lives while it holds it, and notices when it has lost it.
//!
//! A holder is dead when its beat stood still for a while *as seen from here*: the time that
//! stands beside the beat is another clock's, and clocks are set. Only a beat that is old already
//! when it is first seen is taken for what it says.

use crate::domain::{Span, Timestamp};
use crate::store::{Holder, Lease, Store, StoreError};

/// How often the holder shows that it lives.
const BEAT: Span = Span::seconds(5);
/// A holder that has shown nothing for so long is dead.
const DEAD: Span = Span::seconds(15);
/// How many looks must have found the beat standing still: after a long sleep, the first look
/// finds a holder that has slept as long.
const LOOKS: u32 = 5;

/// Who polls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// This program.
    Ours,
    /// Another one.
    Theirs(Holder),
    /// Nobody.
    Nobodys,
}

/// One program's view of the lease.
#[derive(Debug)]
pub struct Watch {
    me: Holder,
    turn: Turn,
    /// The lease as it was last seen to move, when that was, and looks since then.
    seen: Option<(Lease, Timestamp, u32)>,
    next_beat: Timestamp,
}

impl Watch {
    /// Before the first look.
    pub fn new(me: Holder) -> Self {
        Self {
            me,
            turn: Turn::Nobodys,
            seen: None,
            next_beat: Timestamp::from_millis(0),
        }
    }

    /// Whose turn it is.
    pub fn turn(&self) -> &Turn {
        &self.turn
    }

    /// Looks at the lease, takes or renews it where that is due. Whose turn it is may have
    /// changed then.
    ///
    /// # Errors
    /// When the database cannot be read or written: whose turn it is stays as it was.
    pub fn look(&mut self, store: &mut Store, now: Timestamp) -> Result<(), StoreError> {
        if self.turn == Turn::Ours {
            if now >= self.next_beat {
                let still = store.renew_lease(&self.me, now)?;
                self.next_beat = now.plus(BEAT);
                if !still {
                    self.turn = Turn::Nobodys;
                    self.seen = None;
                }
            }
            return Ok(());
        }
        let lease = store.lease()?;
        let free = match &lease {
            None => true,
            Some(lease) => self.is_dead(lease, now),
        };
        if free && store.take_lease(&self.me, lease.as_ref(), now)? {
            self.turn = Turn::Ours;
            self.next_beat = now.plus(BEAT);
            return Ok(());
        }
        self.turn = store
            .lease()?
            .map_or(Turn::Nobodys, |lease| Turn::Theirs(lease.holder));
        Ok(())
    }

    fn is_dead(&mut self, lease: &Lease, now: Timestamp) -> bool {
        match &mut self.seen {
            Some((seen, since, looks))
                if seen.beat == lease.beat && seen.holder == lease.holder =>
            {
                *looks += 1;
                now.since(*since) > DEAD && *looks >= LOOKS
            }
            _ => {
                self.seen = Some((lease.clone(), now, 0));
                now.since(lease.at) > DEAD
            }
        }
    }

    /// Gives the lease back, if it is ours.
    pub fn leave(&mut self, store: &mut Store) {
        if self.turn == Turn::Ours
            && let Err(error) = store.drop_lease(&self.me)
        {
            tracing::warn!(%error, "the lease was not given back: others wait until it expires");
        }
        self.turn = Turn::Nobodys;
    }
}

/// This run of this program.
pub fn me(now: Timestamp) -> Holder {
    let pid = std::process::id();
    let host = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    let host = crate::domain::text::clean(&host);
    Holder {
        owner: format!("{host}/{pid}/{}", now.millis()),
        pid,
        host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Rules;

    fn holder(name: &str, pid: u32) -> Holder {
        Holder {
            owner: name.to_owned(),
            pid,
            host: "here".to_owned(),
        }
    }

    struct Two {
        _folder: tempfile::TempDir,
        a: (Store, Watch),
        b: (Store, Watch),
    }

    fn two() -> Two {
        let folder = tempfile::tempdir().unwrap();
        let open = || Store::open(&folder.path().join("x.db"), Rules::default()).unwrap();
        Two {
            a: (open(), Watch::new(holder("a", 1))),
            b: (open(), Watch::new(holder("b", 2))),
            _folder: folder,
        }
    }

    fn look(of: &mut (Store, Watch), second: i64) -> Turn {
        let now = Timestamp::from_millis(1_000_000_000_000).plus(Span::seconds(second));
        of.1.look(&mut of.0, now).unwrap();
        of.1.turn().clone()
    }

    #[test]
    fn one_polls_and_the_other_follows_until_the_first_is_dead() {
        let mut two = two();
        for second in 0..60 {
            assert_eq!(look(&mut two.a, second), Turn::Ours);
            assert_eq!(look(&mut two.b, second), Turn::Theirs(holder("a", 1)));
        }
        // a is killed at 60.
        let taken = (60..100).find(|second| look(&mut two.b, *second) == Turn::Ours);
        assert!((70..=77).contains(&taken.unwrap()), "{taken:?}");
        for second in 77..=100 {
            look(&mut two.b, second);
        }
        // It was only held up: it notices.
        assert_eq!(look(&mut two.a, 100), Turn::Nobodys);
        assert_eq!(look(&mut two.a, 101), Turn::Theirs(holder("b", 2)));
        // A clean end hands it over at once.
        two.b.1.leave(&mut two.b.0);
        assert_eq!(look(&mut two.a, 102), Turn::Ours);
    }

    #[test]
    fn a_clock_set_back_by_an_hour_makes_no_second_poller_and_no_hour_without_one() {
        let mut two = two();
        look(&mut two.a, 3600);
        // b starts after the clock was set back; a goes on in its own time.
        for second in 0..60 {
            assert_eq!(look(&mut two.a, 3600 + second), Turn::Ours);
            assert_ne!(look(&mut two.b, second), Turn::Ours);
        }
        let taken = (60..100).find(|second| look(&mut two.b, *second) == Turn::Ours);
        assert!(taken.unwrap() <= 80, "{taken:?}");
    }

    #[test]
    fn a_lease_left_by_a_crash_long_ago_is_taken_at_once() {
        let mut two = two();
        look(&mut two.a, 0);
        assert_eq!(look(&mut two.b, 3600), Turn::Ours);
    }

    #[test]
    fn after_a_days_sleep_the_holder_keeps_its_lease() {
        let mut two = two();
        look(&mut two.a, 0);
        look(&mut two.b, 1);
        let day = 86_400;
        // b wakes first.
        assert_ne!(look(&mut two.b, day), Turn::Ours);
        assert_eq!(look(&mut two.a, day), Turn::Ours);
        assert_ne!(look(&mut two.b, day + 1), Turn::Ours);
    }
}
