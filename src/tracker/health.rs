//! What the feed said last, kept for the screen.

use crate::domain::{Span, Timestamp};
use crate::feed::FeedError;

/// The first pause after a failure; it doubles with each further one.
const FIRST_PAUSE: Span = Span::seconds(5);
/// The longest pause.
pub(super) const LONGEST_PAUSE: Span = Span::minutes(15);

/// How a feed is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedHealth {
    /// The provider.
    pub provider: &'static str,
    /// When it answered last.
    pub last_ok: Option<Timestamp>,
    /// When it failed last, and what it said.
    pub last_error: Option<(Timestamp, String)>,
    /// While it is benched: when it is tried again.
    pub next_try: Option<Timestamp>,
    /// Failures in a row.
    pub failures: u32,
    /// Tokens followed.
    pub tokens: usize,
}

impl FeedHealth {
    /// A feed that was not asked yet.
    #[must_use]
    pub const fn new(provider: &'static str) -> Self {
        Self {
            provider,
            last_ok: None,
            last_error: None,
            next_try: None,
            failures: 0,
            tokens: 0,
        }
    }

    /// It answered.
    pub fn ok(&mut self, now: Timestamp) {
        self.last_ok = Some(now);
        self.next_try = None;
        self.failures = 0;
    }

    /// It failed: benched for longer each time, and at least for as long as it asked.
    pub fn failed(&mut self, now: Timestamp, what: String, wait: Option<Span>) {
        let doubled = FIRST_PAUSE.times(1 << self.failures.min(10));
        let pause = wait.map_or(doubled, |wait| wait.max(doubled));
        let pause = pause.min(LONGEST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        self.last_error = Some((now, what));
        self.next_try = Some(now.plus(pause));
    }

    /// It failed, and said how.
    pub fn failed_by(&mut self, error: &FeedError, now: Timestamp) {
        let what = crate::domain::text::clean(&error.to_string());
        let wait = error
            .retry_after()
            .or_else(|| (!error.is_worth_another_try()).then_some(LONGEST_PAUSE));
        self.failed(now, what, wait);
    }

    /// Whether it must be left alone at an instant.
    #[must_use]
    pub fn is_benched(&self, now: Timestamp) -> bool {
        self.next_try.is_some_and(|at| now < at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_end_with_an_answer() {
        let t0 = Timestamp::from_millis(0);
        let mut health = FeedHealth::new("x");
        let mut pauses = Vec::new();
        for _ in 0..12 {
            health.failed(t0, "down".to_owned(), None);
            pauses.push(health.next_try.unwrap().since(t0).as_seconds() as i64);
        }
        assert_eq!(
            pauses,
            [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900, 900]
        );
        assert!(health.is_benched(t0));
        health.ok(t0);
        assert!(!health.is_benched(t0));
        health.failed(t0, "429".to_owned(), Some(Span::seconds(30)));
        assert_eq!(health.next_try, Some(t0.plus(Span::seconds(30))));
    }
}
