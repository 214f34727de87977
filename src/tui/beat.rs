//! What is due each second, along with a message where one comes then.
//!
//! Knows: time. Must never know: what is due. Prices come once a second, too: done together, they
//! wake this thread once.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::clock::timers;

/// Between two beats without messages.
const BEAT: Duration = Duration::from_secs(1);
/// From then on a message brings the next one with it.
const EARLY: Duration = Duration::from_millis(750);
/// How long after a message the next one is waited for: so two beats are never more than
/// [`EARLY`] and this apart.
const LATE: Duration = Duration::from_millis(1_100);

/// A beat a second, more or less.
#[derive(Debug)]
pub(super) struct Beat {
    alone: Interval,
    last: Instant,
}

impl Beat {
    /// The first one is at once.
    pub(super) fn new() -> Self {
        Self {
            alone: beats_from(timers()),
            last: timers(),
        }
    }

    /// Waits for the next one. Nothing is lost when the waiting is given up.
    pub(super) async fn next(&mut self) {
        self.last = self.alone.tick().await;
    }

    /// A message has come: whether the next one is to be taken with it.
    pub(super) fn along(&mut self) -> bool {
        // A new one: a timer that is put off still wakes when it would have fired.
        self.alone = beats_from(timers() + LATE);
        let along = self.last.elapsed() >= EARLY;
        if along {
            self.last = timers();
        }
        along
    }
}

fn beats_from(first: Instant) -> Interval {
    let mut beats = interval_at(first, BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beats
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn messages_once_a_second_bring_it_with_them_and_without_them_it_comes_alone() {
        let mut beat = Beat::new();
        let start = timers();
        beat.next().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        let (mut last, mut alone) = (start, 0);
        for second in 0..20 {
            let message = start + Duration::from_millis(1_000 * second + 300 + second % 3);
            let mut here = false;
            while !here {
                let beats = tokio::select! {
                    () = beat.next() => {
                        alone += 1;
                        true
                    }
                    () = tokio::time::sleep_until(message) => {
                        here = true;
                        beat.along()
                    }
                };
                if beats {
                    assert!(last.elapsed() <= EARLY + LATE);
                    last = timers();
                }
            }
            assert!(!beat.along(), "not twice");
        }
        assert_eq!(alone, 0);
        assert!(last.elapsed() < LATE);
        // Nothing comes any more.
        beat.next().await;
        assert!(last.elapsed() <= EARLY + LATE);
        let since = timers();
        beat.next().await;
        assert_eq!(since.elapsed(), BEAT);
    }
}
