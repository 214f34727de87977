//! The time within one question: it starts at the asker's "now" and goes on while the provider
//! takes its time, so that a second request keeps its distance from the first.

use crate::clock::Clock;
use crate::domain::{Span, Timestamp};

use super::budget::SharedBudget;

/// A moment that goes on.
pub(super) struct Moment {
    start: Timestamp,
    /// Runs with the machine's steady clock, whatever the asker's "now" is.
    clock: Clock,
    /// Slept so far: in a test the steady clock may stand still while sleeps pass.
    slept: Span,
}

impl Moment {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            start: now,
            clock: Clock::paced(now, 1),
            slept: Span::ZERO,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now().max(self.start.plus(self.slept))
    }

    /// Waits for a place in a budget and takes it, if that is no longer than `patience` away.
    ///
    /// # Errors
    /// How long it would have been; nothing is spent.
    pub(super) async fn turn(&mut self, budget: &SharedBudget, patience: Span) -> Result<(), Span> {
        let mut left = patience;
        loop {
            let Err(wait) = budget.take(self.now()) else {
                return Ok(());
            };
            if wait > left {
                return Err(wait);
            }
            tokio::time::sleep(wait.to_duration()).await;
            self.slept = Span::from_millis(self.slept.millis() + wait.millis());
            left = Span::from_millis(left.millis() - wait.millis());
        }
    }
}
