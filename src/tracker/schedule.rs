//! When each token is due: a pure queue. A token called by many sources is polled once, at the
//! pace of its youngest call, until the window of its last call is over.

use std::collections::{BTreeSet, HashMap};

use crate::domain::{Pace, Span, Timestamp, TokenKey};

/// The queue.
#[derive(Debug, Clone)]
pub struct Schedule {
    pace: Pace,
    followed: HashMap<TokenKey, Followed>,
    due: BTreeSet<(Timestamp, TokenKey)>,
}

#[derive(Debug, Clone, Copy)]
struct Followed {
    latest_call: Timestamp,
    due: Timestamp,
}

impl Schedule {
    /// An empty queue.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self {
            pace,
            followed: HashMap::new(),
            due: BTreeSet::new(),
        }
    }

    /// Follows a token that was called at an instant; it is due at once.
    pub fn follow(&mut self, token: &TokenKey, called_at: Timestamp, now: Timestamp) {
        if now > called_at.plus(self.pace.window) {
            return;
        }
        if let Some(followed) = self.followed.get_mut(token) {
            // A new call wants its entry price now, not when the old one is due.
            let sooner = now.max(called_at).min(followed.due);
            if called_at > followed.latest_call {
                followed.latest_call = called_at;
                self.due.remove(&(followed.due, token.clone()));
                followed.due = sooner;
                self.due.insert((sooner, token.clone()));
            }
            return;
        }
        let due = now.max(called_at);
        let followed = Followed {
            latest_call: called_at,
            due,
        };
        self.followed.insert(token.clone(), followed);
        self.due.insert((due, token.clone()));
    }

    /// Makes tokens due at an instant, whenever they would have been: their poll failed.
    pub fn retry(&mut self, tokens: &[TokenKey], at: Timestamp) {
        for token in tokens {
            if let Some(followed) = self.followed.get_mut(token) {
                self.due.remove(&(followed.due, token.clone()));
                followed.due = at;
                self.due.insert((at, token.clone()));
            }
        }
    }

    /// How many tokens are followed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.followed.len()
    }

    /// Nothing is followed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.followed.is_empty()
    }

    /// When the next token is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Takes at most `most` tokens that are due, and sets when each is due again.
    pub fn take_due(&mut self, now: Timestamp, most: usize) -> Vec<TokenKey> {
        let mut taken = Vec::new();
        while taken.len() < most {
            match self.due.first() {
                Some((at, _)) if *at <= now => {}
                _ => break,
            }
            let Some((at, token)) = self.due.pop_first() else {
                break;
            };
            let Some(followed) = self.followed.get_mut(&token) else {
                continue;
            };
            let age = now.since(followed.latest_call);
            if age > self.pace.window {
                self.followed.remove(&token);
                continue;
            }
            let step = if age < self.pace.late_after {
                self.pace.interval
            } else {
                self.pace.late_interval
            };
            // From when it was due, so that delays do not add up; but never a burst of polls
            // that were missed.
            let next = at
                .plus(step)
                .max(now.plus(Span::from_millis(step.millis() / 2)));
            followed.due = next;
            self.due.insert((next, token.clone()));
            taken.push(token);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace {
        interval: Span::seconds(60),
        late_interval: Span::minutes(5),
        late_after: Span::hours(48),
        window: Span::days(7),
    };

    fn token(name: &str) -> TokenKey {
        TokenKey::new(Some("test"), name).unwrap()
    }

    #[test]
    fn young_calls_each_minute_late_ones_each_five_and_none_after_the_window() {
        let t0 = Timestamp::from_millis(1_000_000_000_000);
        let mut schedule = Schedule::new(PACE);
        schedule.follow(&token("a"), t0, t0);
        schedule.follow(&token("a"), t0, t0);
        let mut polls = Vec::new();
        let mut now = t0;
        while !schedule.is_empty() && polls.len() < 100_000 {
            now = schedule.next_due().unwrap();
            if !schedule.take_due(now, 10).is_empty() {
                polls.push(now);
            }
        }
        let young = polls
            .iter()
            .filter(|t| t.since(t0) < Span::hours(48))
            .count();
        assert_eq!(young, 48 * 60);
        assert_eq!(polls.len() - young, 5 * 24 * 12 + 1);
        assert!(now.since(t0) > Span::days(7));
    }

    #[test]
    fn a_later_call_keeps_a_token_followed_and_old_calls_are_not_taken_up() {
        let t0 = Timestamp::from_millis(1_000_000_000_000);
        let mut schedule = Schedule::new(PACE);
        schedule.follow(&token("old"), t0, t0.plus(Span::days(8)));
        assert!(schedule.is_empty());
        schedule.follow(&token("a"), t0, t0);
        schedule.follow(&token("a"), t0.plus(Span::days(5)), t0.plus(Span::days(5)));
        assert_eq!(schedule.take_due(t0.plus(Span::days(9)), 10), [token("a")]);
        assert_eq!(schedule.len(), 1);
    }

    #[test]
    fn a_new_call_of_a_followed_token_is_due_at_once() {
        let t0 = Timestamp::from_millis(1_000_000_000_000);
        let mut schedule = Schedule::new(PACE);
        schedule.follow(&token("a"), t0, t0);
        schedule.take_due(t0, 10);
        let again = t0.plus(Span::seconds(10));
        schedule.follow(&token("a"), again, again);
        assert_eq!(schedule.next_due(), Some(again));
        assert_eq!(schedule.take_due(again, 10), [token("a")]);
        assert_eq!(schedule.len(), 1);
    }

    #[test]
    fn a_failed_poll_is_due_again_when_it_is_retried() {
        let t0 = Timestamp::from_millis(1_000_000_000_000);
        let mut schedule = Schedule::new(PACE);
        schedule.follow(&token("a"), t0, t0);
        let taken = schedule.take_due(t0, 10);
        let soon = t0.plus(Span::seconds(5));
        schedule.retry(&taken, soon);
        assert_eq!(schedule.next_due(), Some(soon));
        assert_eq!(schedule.take_due(soon, 10), taken);
        assert_eq!(schedule.len(), 1);
    }

    #[test]
    fn polls_missed_while_asleep_are_not_made_up_in_a_burst() {
        let t0 = Timestamp::from_millis(1_000_000_000_000);
        let mut schedule = Schedule::new(PACE);
        schedule.follow(&token("a"), t0, t0);
        let later = t0.plus(Span::hours(3));
        assert_eq!(schedule.take_due(later, 10).len(), 1);
        assert!(schedule.take_due(later, 10).is_empty());
    }
}
