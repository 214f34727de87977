//! The only place that asks what time it is. Everywhere else "now" is an argument.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::{Span, Timestamp};

/// Where "now" comes from.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's clock.
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
                let since = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or(Duration::ZERO);
                Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
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

    /// How long to sleep for market time to move on by a span.
    #[must_use]
    pub fn sleep_for(&self, span: Span) -> Duration {
        match self {
            Self::Paced { pace, .. } => span.to_duration() / (*pace).max(1),
            Self::System | Self::Fixed(_) => span.to_duration(),
        }
    }
}
