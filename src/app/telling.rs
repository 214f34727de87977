//! How far this program's long work has come, told at most once a second: to the other programs on
//! the database, and to whoever else wants to know.

use std::path::Path;

use crate::clock::Clock;
use crate::domain::{Span, Timestamp, Work};
use crate::store::Telling;

/// Between two words. Work that is over sooner is not spoken of.
const EVERY: Span = Span::seconds(1);

/// Tells how far work has come.
pub struct Teller {
    telling: Telling,
    next: Timestamp,
}

impl Teller {
    /// Begins: the first word comes after a while.
    pub fn of(database: &Path) -> Self {
        Self {
            telling: Telling::of(database),
            next: Clock::System.now().plus(EVERY),
        }
    }

    /// Tells it, when it is time to; whether it was.
    pub fn tell(&mut self, work: &Work) -> bool {
        let now = Clock::System.now();
        if now < self.next {
            return false;
        }
        self.next = now.plus(EVERY);
        self.telling.say(work);
        true
    }

    /// Tells it now: nothing may follow for a while.
    pub fn tell_now(&mut self, work: &Work) {
        self.next = Clock::System.now();
        self.tell(work);
    }
}
