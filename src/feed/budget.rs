//! How often a provider may be asked: so many requests in any minute, evenly spread, and none at
//! all while it wants to be left alone.
//!
//! Knows: instants and spans. Must never know: requests, nor how anybody waits.
//!
//! The rule is the generic cell rate algorithm (the leaky bucket as a meter, ITU-T I.371) with a
//! step that makes "no more than the limit in any sliding minute" exact, and not only on average:
//! in a span W at most `burst + floor(W / step)` requests pass, so `step` is a minute by
//! `limit - burst + 1`, and one percent longer, for what a network does to the distances.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::{Span, Timestamp};

/// A minute and one percent.
const WINDOW_MILLIS: i64 = 60_600;
/// A clock that is this much earlier than it was has been set back; anything less is two callers
/// who looked at it one after the other.
const SET_BACK: Span = Span::seconds(30);

/// The budget of one provider, in requests per minute.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    step: Span,
    /// How far ahead of an even spread requests may run: `(burst - 1) * step`.
    ahead: Span,
    /// When an even spread reaches the next request; `None` before the first.
    next: Option<Timestamp>,
    /// Nothing is asked before this: the provider said so.
    closed_until: Option<Timestamp>,
    /// The latest instant that was heard of.
    seen: Option<Timestamp>,
}

impl Budget {
    /// No more than `limit` requests in any minute, one by one.
    pub(super) fn per_minute(limit: u32) -> Self {
        Self::with_burst(limit, 1)
    }

    /// No more than `limit` requests in any minute, up to `burst` of them at once.
    pub(super) fn with_burst(limit: u32, burst: u32) -> Self {
        let limit = i64::from(limit.max(1));
        let burst = i64::from(burst).clamp(1, limit);
        let share = limit - burst + 1;
        let step = Span::from_millis((WINDOW_MILLIS + share - 1) / share);
        Self {
            step,
            ahead: step.times(burst - 1),
            next: None,
            closed_until: None,
            seen: None,
        }
    }

    /// When the next request may go out: `now`, or later.
    pub(super) fn ready_at(&mut self, now: Timestamp) -> Timestamp {
        self.hear(now);
        let spread = self.next.map_or(now, |next| next.minus(self.ahead));
        let open = self.closed_until.unwrap_or(now);
        now.max(spread).max(open)
    }

    /// Spends one request.
    ///
    /// # Errors
    /// When it is too soon: how long it is until then; nothing is spent.
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), Span> {
        let ready = self.ready_at(now);
        if ready > now {
            return Err(ready.since(now));
        }
        let from = self.next.map_or(now, |next| next.max(now));
        self.next = Some(from.plus(self.step));
        Ok(())
    }

    /// Nothing is asked for a while, by anybody.
    pub(super) fn close(&mut self, now: Timestamp, span: Span) {
        self.hear(now);
        let until = now.plus(span);
        self.closed_until = Some(self.closed_until.map_or(until, |at| at.max(until)));
    }

    /// A clock that was set back must not hold requests up for as long as it was set back by:
    /// what is kept moves with it.
    fn hear(&mut self, now: Timestamp) {
        if let Some(seen) = self.seen {
            let back = seen.since(now);
            if back > SET_BACK {
                self.next = self.next.map(|at| at.minus(back));
                self.closed_until = self.closed_until.map(|at| at.minus(back));
            } else if back > Span::ZERO {
                return;
            }
        }
        self.seen = Some(now);
    }
}

/// A budget that several hold: `GeckoTerminal`'s few requests serve live prices and candles alike,
/// which different tasks ask for. The lock is held for a few instructions and never across an
/// await, so nobody waits for it in earnest.
#[derive(Debug, Clone)]
pub(super) struct SharedBudget(Arc<Mutex<Budget>>);

impl SharedBudget {
    pub(super) fn new(budget: Budget) -> Self {
        Self(Arc::new(Mutex::new(budget)))
    }

    fn lock(&self) -> MutexGuard<'_, Budget> {
        // Every method leaves it whole, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ready_at(&self, now: Timestamp) -> Timestamp {
        self.lock().ready_at(now)
    }

    pub(super) fn take(&self, now: Timestamp) -> Result<(), Span> {
        self.lock().take(now)
    }

    pub(super) fn close(&self, now: Timestamp, span: Span) {
        self.lock().close(now, span);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const T0: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn at(millis: i64) -> Timestamp {
        T0.plus(Span::from_millis(millis))
    }

    #[test]
    fn requests_are_spread_evenly_and_none_is_free() {
        let mut budget = Budget::per_minute(10);
        assert_eq!(budget.ready_at(T0), T0);
        assert_eq!(budget.take(T0), Ok(()));
        assert_eq!(budget.ready_at(T0), at(6_060));
        assert_eq!(budget.take(at(6_059)), Err(Span::from_millis(1)));
        assert_eq!(budget.take(at(6_060)), Ok(()));
        // An hour of silence saves nothing up.
        assert_eq!(budget.take(at(3_600_000)), Ok(()));
        assert!(budget.take(at(3_600_001)).is_err());
        // The default of DexScreener keeps a quarter of a second.
        assert!(Budget::per_minute(240).step >= Span::from_millis(250));
    }

    #[test]
    fn a_refusal_closes_it_for_everybody_and_never_opens_it_sooner() {
        let budget = SharedBudget::new(Budget::per_minute(60_000));
        let other = budget.clone();
        budget.close(T0, Span::seconds(60));
        budget.close(T0, Span::seconds(1));
        assert_eq!(other.ready_at(at(100)), at(60_000));
        assert_eq!(other.take(at(59_000)), Err(Span::seconds(1)));
        assert_eq!(other.take(at(60_000)), Ok(()));
    }

    #[test]
    fn a_clock_that_is_set_back_an_hour_holds_nothing_up() {
        let mut budget = Budget::per_minute(10);
        budget.take(T0).unwrap();
        budget.close(T0, Span::seconds(30));
        let back = T0.minus(Span::HOUR);
        assert_eq!(budget.ready_at(back), back.plus(Span::seconds(30)));
        // Two callers with clocks a little apart change nothing.
        let mut budget = Budget::per_minute(10);
        budget.take(at(500)).unwrap();
        assert_eq!(budget.ready_at(T0), at(6_560));
    }

    proptest! {
        /// Whoever comes when: no sliding minute ever holds more than the limit, and whoever
        /// waits for as long as he is told is served.
        #[test]
        fn no_minute_holds_more_than_the_limit(
            limit in 1_u32..400,
            burst in 1_u32..20,
            gaps in prop::collection::vec(0_i64..3_000, 1..600),
        ) {
            let mut budget = Budget::with_burst(limit, burst);
            let mut now = T0;
            let mut sent = Vec::new();
            for gap in gaps {
                now = now.plus(Span::from_millis(gap));
                if let Err(wait) = budget.take(now) {
                    if gap % 2 == 0 {
                        continue;
                    }
                    now = now.plus(wait);
                    prop_assert_eq!(budget.take(now), Ok(()));
                }
                sent.push(now);
            }
            for (i, from) in sent.iter().enumerate() {
                let until = from.plus(Span::MINUTE);
                let inside = sent[i..].iter().take_while(|at| **at < until).count();
                prop_assert!(inside <= limit as usize, "{} of {}", inside, limit);
            }
        }
    }
}
