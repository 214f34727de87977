//! The only place that asks what time it is. Everywhere else "now" is an argument.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::{Span, Timestamp};

/// Where "now" comes from.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's clock; within a run it never goes backwards (see [`Steady`]).
    System,
    /// One instant, for `--as-of` and tests.
    Fixed(Timestamp),
    /// Market time that starts at an instant and runs faster than the real one, for the demo.
    Paced {
        /// Market time at the start.
        origin: Timestamp,
        /// When it was started.
        started: Instant,
        /// Market seconds per real second, at least 1.
        pace: u32,
    },
}

impl Clock {
    /// Market time from an instant on, at a pace.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that may ask"
    )]
    pub fn paced(origin: Timestamp, pace: u32) -> Self {
        Self::Paced {
            origin,
            started: Instant::now(),
            pace: pace.max(1),
        }
    }

    /// The current instant.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that may ask"
    )]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let mut steady = STEADY.lock().unwrap_or_else(PoisonError::into_inner);
                Timestamp::from_millis(steady.next(wall_millis(), Instant::now()))
            }
            Self::Fixed(at) => *at,
            Self::Paced {
                origin,
                started,
                pace,
            } => {
                let real = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
                origin.plus(Span::from_millis(real).times(i64::from(*pace)))
            }
        }
    }

    /// How far this clock is ahead of the machine's, which was set back while the program ran.
    #[must_use]
    pub fn ahead(&self) -> Option<Span> {
        let Self::System = self else { return None };
        let ahead = self.now().since(Timestamp::from_millis(wall_millis()));
        (ahead > NOTICED).then_some(ahead)
    }

    /// How much of this clock's time passes within a real one.
    #[must_use]
    pub fn passes_in(&self, real: Duration) -> Span {
        let millis = i64::try_from(real.as_millis()).unwrap_or(i64::MAX);
        match self {
            Self::Paced { pace, .. } => Span::from_millis(millis).times(i64::from(*pace)),
            Self::System | Self::Fixed(_) => Span::from_millis(millis),
        }
    }

    /// How long to sleep for market time to move on by a span.
    #[must_use]
    pub fn sleep_for(&self, span: Span) -> Duration {
        match self {
            Self::Paced { pace, .. } => span.to_duration() / (*pace).max(1),
            Self::System | Self::Fixed(_) => span.to_duration(),
        }
    }
}

/// Where the timers stand: for how long something has lasted, never for when it was. In a test it
/// stands still with them.
#[must_use]
pub fn timers() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

/// Instants at the same distance from each other: what may wait for the next of them is done
/// together, and wakes a thread once.
#[derive(Debug, Clone, Copy)]
pub struct Rhythm {
    start: tokio::time::Instant,
    step: Duration,
}

impl Rhythm {
    /// One that begins after a wait from now on.
    #[must_use]
    pub fn starting_in(wait: Duration, step: Duration) -> Self {
        let start = timers() + wait;
        Self { start, step }
    }

    /// The first of its instants after a wait from now on, and never this one.
    #[must_use]
    pub fn after(&self, wait: Duration) -> tokio::time::Instant {
        let to = timers() + wait.max(Duration::from_micros(1));
        let passed = to.saturating_duration_since(self.start);
        let steps = passed.as_nanos().div_ceil(self.step.as_nanos().max(1));
        // Fails after more seconds than anything runs for.
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        self.start + self.step * steps
    }
}

/// A clock that was set back by less than this is not worth a word.
const NOTICED: Span = Span::seconds(5);
/// A clock that was set back by more was wrong before, and by far: nothing is gained by going on
/// from there.
const TOO_FAR: Span = Span::days(2);

static STEADY: Mutex<Steady> = Mutex::new(Steady { last: None });

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that may ask"
)]
fn wall_millis() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Wall time that does not go backwards: when the clock is set back, time goes on from where it
/// was at nine tenths of its speed until the clock has caught up. So nothing that is due waits
/// for an hour to come again, and samples stay in their order.
#[derive(Debug)]
struct Steady {
    last: Option<(i64, Instant)>,
}

impl Steady {
    fn next(&mut self, wall: i64, tick: Instant) -> i64 {
        let now = match self.last {
            Some((last, since)) if wall < last && last - wall < TOO_FAR.millis() => {
                let passed = tick.saturating_duration_since(since).as_millis();
                let slowed = i64::try_from(passed * 9 / 10).unwrap_or(0);
                // What is less than a millisecond counts next time.
                let counted = Duration::from_micros((slowed.unsigned_abs() * 10_000).div_ceil(9));
                self.last = Some((last.saturating_add(slowed), since + counted));
                return last.saturating_add(slowed);
            }
            _ => wall,
        };
        self.last = Some((now, tick));
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any instant will do")]
    fn a_clock_set_back_goes_on_slower_until_it_has_caught_up() {
        let start = Instant::now();
        let mut steady = Steady { last: None };
        let hour = 3_600_000;
        let mut last = steady.next(10 * hour, start);
        assert_eq!(last, 10 * hour);
        let mut caught_up = None;
        for second in 1..=(12 * 3600) {
            let tick = start + Duration::from_secs(second as u64);
            let wall = 9 * hour + second * 1000;
            let now = steady.next(wall, tick);
            assert!(
                (899..=1000).contains(&(now - last)) || now == wall,
                "at second {second}"
            );
            assert!(now >= last);
            last = now;
            if now == wall && caught_up.is_none() {
                caught_up = Some(second);
            }
        }
        assert!((9 * 3600..=10 * 3600 + 1).contains(&caught_up.unwrap()));
        // Ahead, after a sleep: at once.
        let later = start + Duration::from_hours(12);
        assert_eq!(steady.next(100 * hour, later), 100 * hour);
        // A glitch of years is not carried on.
        assert_eq!(steady.next(hour, later), hour);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any instant will do")]
    fn many_questions_within_a_millisecond_do_not_stop_it() {
        let start = Instant::now();
        let mut steady = Steady { last: None };
        steady.next(10_000, start);
        let mut now = 0;
        for step in 1..=100_000u64 {
            now = steady.next(5_000, start + Duration::from_micros(step * 100));
        }
        assert!((18_000..=19_001).contains(&now), "{now}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_in_a_rhythm_goes_on_together() {
        let start = timers();
        let (wait, step) = (Duration::from_millis(300), Duration::from_secs(1));
        let rhythm = Rhythm::starting_in(wait, step);
        let at = |millis: u64| start + Duration::from_millis(millis);
        for (waits, goes_on) in [
            (0, 300),
            (299, 300),
            (300, 300),
            (301, 1_300),
            (5_000, 5_300),
        ] {
            let after = rhythm.after(Duration::from_millis(waits));
            assert_eq!(after, at(goes_on), "{waits}");
        }
        tokio::time::sleep_until(at(1_300)).await;
        // On its instant the next one is meant, or it would never be left.
        assert_eq!(rhythm.after(Duration::ZERO), at(2_300));
        assert_eq!(rhythm.after(Duration::from_secs(1)), at(2_300));
    }
}
