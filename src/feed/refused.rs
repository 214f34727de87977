//! Addresses that a provider refused on their own, so that they do not sink the next batch too.
//!
//! Knows: which, and until when. Must never know: how anything is asked.

use std::collections::HashMap;

use crate::domain::{Span, Timestamp, TokenKey};

/// How long an address is left out; it doubles each time, so that a refusal by mistake costs
/// little, and a bad address soon nothing.
const FIRST: Span = Span::minutes(2);
const LONGEST: Span = Span::hours(6);

#[derive(Debug, Clone, Copy)]
struct Bad {
    until: Timestamp,
    times: u32,
}

/// The refused addresses of one provider.
#[derive(Debug, Default)]
pub(super) struct Refused(HashMap<TokenKey, Bad>);

impl Refused {
    /// Whether a token is to be left out for now. A clock that was set back leaves nothing out
    /// for longer than is meant.
    pub(super) fn holds(&self, token: &TokenKey, now: Timestamp) -> bool {
        let waits = |bad: &Bad| bad.until > now && bad.until.since(now) <= LONGEST;
        self.0.get(token).is_some_and(waits)
    }

    /// It was refused.
    pub(super) fn add(&mut self, feed: &'static str, token: TokenKey, now: Timestamp) {
        // How often it was refused is remembered for as long again.
        self.0.retain(|_, bad| now.since(bad.until) < LONGEST);
        let times = self.0.get(&token).map_or(0, |bad| bad.times);
        let span = FIRST.times(1 << times.min(10)).min(LONGEST);
        tracing::warn!(feed, %token, "address refused, left out for {}", span.label());
        let until = now.plus(span);
        let times = times.saturating_add(1);
        self.0.insert(token, Bad { until, times });
    }

    /// These were not refused.
    pub(super) fn clear(&mut self, answered: &[TokenKey]) {
        if !self.0.is_empty() {
            self.0.retain(|token, _| !answered.contains(token));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_lasts_twice_as_long_until_one_is_taken_back() {
        let token = TokenKey::new(Some("x"), "a").unwrap();
        let mut refused = Refused::default();
        let mut now = Timestamp::from_millis(1_790_000_000_000);
        let mut minutes = Vec::new();
        for _ in 0..10 {
            refused.add("test", token.clone(), now);
            let start = now;
            while refused.holds(&token, now) {
                now = now.plus(Span::MINUTE);
            }
            minutes.push(now.since(start).millis() / 60_000);
        }
        assert_eq!(minutes, [2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
        refused.add("test", token.clone(), now);
        assert!(!refused.holds(&token, now.minus(Span::DAY)));
        refused.clear(std::slice::from_ref(&token));
        refused.add("test", token.clone(), now);
        assert!(!refused.holds(&token, now.plus(Span::minutes(2))));
    }
}
