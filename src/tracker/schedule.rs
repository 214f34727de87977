//! When each token is due: a pure queue. A token called by many sources is polled once, at the
//! pace of its youngest call, until the window of its last call is over.
//!
//! Young tokens come first when not everything that is due can be asked for; a late one that has
//! waited [`LATE_PATIENCE`] intervals takes its turn all the same. A batch is filled up with
//! tokens that are due soon, so that tokens fall into step and a request is rarely half empty.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::{Pace, Span, Timestamp, TokenKey};

/// How many late intervals an overdue late token stands back behind young ones.
const LATE_PATIENCE: i64 = 3;
/// A batch takes along what is due within this part of an interval.
const AHEAD: i64 = 4;

/// The queue.
#[derive(Debug, Clone)]
pub struct Schedule {
    pace: Pace,
    /// Tokens are due at multiples of it.
    grain: Span,
    followed: HashMap<TokenKey, Followed>,
    chains: BTreeMap<String, Queue>,
}

#[derive(Debug, Clone, Copy)]
struct Followed {
    latest_call: Timestamp,
    due: Timestamp,
    late: bool,
}

/// The tokens of one chain by when they are due.
#[derive(Debug, Clone, Default)]
struct Queue {
    young: BTreeSet<(Timestamp, TokenKey)>,
    late: BTreeSet<(Timestamp, TokenKey)>,
}

/// What the front of a queue held.
enum Taken {
    /// A token, which is due again later.
    Token(TokenKey),
    /// One whose window is over.
    Over,
    /// Nothing that is due.
    Nothing,
}

impl Queue {
    fn of(&mut self, late: bool) -> &mut BTreeSet<(Timestamp, TokenKey)> {
        if late {
            &mut self.late
        } else {
            &mut self.young
        }
    }

    fn first(&self, late: bool) -> Option<Timestamp> {
        let set = if late { &self.late } else { &self.young };
        set.first().map(|(at, _)| *at)
    }
}

impl Schedule {
    /// An empty queue.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self {
            pace,
            grain: Span::from_millis(1),
            followed: HashMap::new(),
            chains: BTreeMap::new(),
        }
    }

    /// Forgets every token.
    pub fn clear(&mut self) {
        self.followed.clear();
        self.chains.clear();
    }

    /// Follows a token that was called at an instant; it is due at once.
    pub fn follow(&mut self, token: &TokenKey, called_at: Timestamp, now: Timestamp) {
        self.follow_from(token, called_at, now.max(called_at), now);
    }

    /// Follows a token that is first due at an instant.
    pub fn follow_from(
        &mut self,
        token: &TokenKey,
        called_at: Timestamp,
        due: Timestamp,
        now: Timestamp,
    ) {
        if now > called_at.plus(self.pace.window) {
            return;
        }
        let (latest_call, due) = match self.followed.get(token) {
            Some(followed) if called_at <= followed.latest_call => return,
            // A new call wants its entry price now, not when the old one is due.
            Some(followed) => (called_at, due.min(followed.due)),
            None => (called_at, due),
        };
        self.set(token, latest_call, due, now);
    }

    /// Whether a token is followed.
    #[must_use]
    pub fn follows(&self, token: &TokenKey) -> bool {
        self.followed.contains_key(token)
    }

    /// Makes tokens due at an instant, whenever they would have been.
    pub fn retry(&mut self, tokens: &[TokenKey], at: Timestamp) {
        for token in tokens {
            if let Some(followed) = self.followed.get(token) {
                self.set(token, followed.latest_call, at, at);
            }
        }
    }

    /// Spreads everything that is overdue over the next interval: after a long sleep, all of it
    /// is.
    pub fn spread(&mut self, now: Timestamp) {
        for late in [false, true] {
            let due = self.due(late, now);
            let slots = spread_slots(due.len(), self.step(late));
            self.set_slots(due, slots, now);
        }
    }

    /// Spreads everything that is due within an interval evenly over all of it. From now on tokens are
    /// due only at multiples of a span since 1970, the last one before they would be: together, those
    /// of a chain, and young ones at each of them.
    pub fn spread_evenly(&mut self, now: Timestamp, grain: Span) {
        self.grain = grain;
        let until = now.plus(self.pace.interval.max(self.pace.late_interval));
        for late in [false, true] {
            let (due, step) = (self.due(late, until), self.step(late));
            let instants = (step.millis() / grain.millis().max(1)).unsigned_abs() as usize;
            let mut order = Vec::with_capacity(due.len());
            for chain in due.chunk_by(|a, b| a.0.chain() == b.0.chain()) {
                let mut chain = chain.to_vec();
                chain.sort_by_key(|(_, called)| Reverse(*called));
                let own = (chain.len() * instants).div_ceil(due.len()).max(1);
                for first in 0..own {
                    order.extend(chain.iter().skip(first).step_by(own).cloned());
                }
            }
            self.set_slots(order, slots(due.len(), step, |_, step| step), now);
        }
    }

    /// What is due up to an instant, chain by chain, with when it was called.
    fn due(&mut self, late: bool, until: Timestamp) -> Vec<(TokenKey, Timestamp)> {
        let queues = self.chains.values_mut();
        let due = queues.flat_map(|queue| queue.of(late).iter().take_while(|(at, _)| *at <= until));
        due.filter_map(|(_, t)| Some((t.clone(), self.followed.get(t)?.latest_call)))
            .collect()
    }

    fn set_slots(
        &mut self,
        tokens: Vec<(TokenKey, Timestamp)>,
        slots: impl Iterator<Item = Span>,
        now: Timestamp,
    ) {
        for ((token, called), slot) in tokens.into_iter().zip(slots) {
            self.set(&token, called, now.plus(slot), now);
        }
    }

    /// Between polls of a token by its age.
    #[must_use]
    pub fn step_at(&self, called_at: Timestamp, now: Timestamp) -> Span {
        self.step(self.is_late(called_at, now))
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
        self.first_due().map(|(_, at)| at).min()
    }

    /// When the next token of each chain is due.
    pub fn first_due(&self) -> impl Iterator<Item = (&str, Timestamp)> {
        self.chains.iter().filter_map(|(chain, queue)| {
            let due = [queue.first(false), queue.first(true)];
            Some((chain.as_str(), due.into_iter().flatten().min()?))
        })
    }

    /// The chains in which something is due, the most urgent first, each with when its first
    /// token was due.
    #[must_use]
    pub fn due_chains(&self, now: Timestamp) -> Vec<(String, Timestamp)> {
        let patience = self.pace.late_interval.times(LATE_PATIENCE);
        let mut due: Vec<_> = self
            .chains
            .iter()
            .filter_map(|(chain, queue)| {
                let young = queue.first(false).filter(|at| *at <= now);
                let late = queue.first(true).filter(|at| *at <= now);
                let rank = young.into_iter().chain(late.map(|at| at.plus(patience)));
                let first = young.into_iter().chain(late).min()?;
                Some((rank.min()?, chain.clone(), first))
            })
            .collect();
        due.sort();
        due.into_iter().map(|(_, chain, at)| (chain, at)).collect()
    }

    /// Takes at most `most` tokens of a chain of which something is due, and sets when each is
    /// due again.
    pub fn take(&mut self, chain: &str, now: Timestamp, most: usize) -> Vec<TokenKey> {
        let mut taken = Vec::new();
        let ahead = |step: Span| now.plus(Span::from_millis(step.millis() / AHEAD));
        let patience = self.pace.late_interval.times(LATE_PATIENCE);
        let rounds = [
            (true, now.minus(patience)),
            (false, now),
            (true, now),
            (false, ahead(self.pace.interval)),
            (true, ahead(self.pace.late_interval)),
        ];
        for (i, (late, until)) in rounds.into_iter().enumerate() {
            // Nothing is asked for before it is due unless something else is due.
            if i >= 3 && taken.is_empty() {
                break;
            }
            while taken.len() < most {
                match self.take_one(chain, late, until, now) {
                    Taken::Token(token) => taken.push(token),
                    Taken::Over => {}
                    Taken::Nothing => break,
                }
            }
        }
        taken
    }

    /// Takes the first token of a queue up to an instant.
    fn take_one(&mut self, chain: &str, late: bool, until: Timestamp, now: Timestamp) -> Taken {
        let Some(queue) = self.chains.get_mut(chain).map(|queue| queue.of(late)) else {
            return Taken::Nothing;
        };
        if queue.first().is_none_or(|(at, _)| *at > until) {
            return Taken::Nothing;
        }
        let Some((at, token)) = queue.pop_first() else {
            return Taken::Nothing;
        };
        let Some(followed) = self.followed.get(&token).copied() else {
            return Taken::Over;
        };
        if now.since(followed.latest_call) > self.pace.window {
            self.followed.remove(&token);
            return Taken::Over;
        }
        let step = self.step_at(followed.latest_call, now);
        // From when it was due, so that delays do not add up; but never a burst of polls that
        // were missed.
        let half = now.plus(Span::from_millis(step.millis() / 2));
        let next = at.min(now).plus(step).max(half);
        self.set(&token, followed.latest_call, next, now);
        Taken::Token(token)
    }

    fn is_late(&self, called_at: Timestamp, now: Timestamp) -> bool {
        now.since(called_at) >= self.pace.late_after
    }

    fn step(&self, late: bool) -> Span {
        if late {
            self.pace.late_interval
        } else {
            self.pace.interval
        }
    }

    fn set(&mut self, token: &TokenKey, latest_call: Timestamp, due: Timestamp, now: Timestamp) {
        let grain = self.grain.millis().max(1);
        let due = Timestamp::from_millis(due.millis().div_euclid(grain) * grain);
        // At the pace of the age it has when it is due.
        let late = self.is_late(latest_call, now.max(due));
        let queue = self.chains.entry(token.chain().to_owned()).or_default();
        let followed = Followed {
            latest_call,
            due,
            late,
        };
        if let Some(old) = self.followed.insert(token.clone(), followed) {
            queue.of(old.late).remove(&(old.due, token.clone()));
        }
        queue.of(late).insert((due, token.clone()));
    }
}

/// When the first of so many tokens are due, so that they are spread over an interval; a few are
/// due within seconds.
pub fn spread_slots(count: usize, step: Span) -> impl Iterator<Item = Span> {
    slots(count, step, within_seconds)
}

fn within_seconds(count: i64, step: Span) -> Span {
    step.min(Span::from_millis(100).times(count))
}

/// So many slots, evenly over what is given for them.
fn slots(count: usize, step: Span, over: fn(i64, Span) -> Span) -> impl Iterator<Item = Span> {
    let count = i64::try_from(count).unwrap_or(i64::MAX).max(1);
    let over = over(count, step);
    (0..count).map(move |i| Span::from_millis(over.millis().saturating_mul(i) / count))
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
    const T0: Timestamp = Timestamp::from_millis(1_000_000_000_000);

    fn token(name: &str) -> TokenKey {
        TokenKey::new(Some("test"), name).unwrap()
    }

    #[test]
    fn young_calls_each_minute_late_ones_each_five_and_none_after_the_window() {
        let mut schedule = Schedule::new(PACE);
        schedule.follow(&token("a"), T0, T0);
        schedule.follow(&token("a"), T0, T0);
        let mut polls = Vec::new();
        let mut now = T0;
        while !schedule.is_empty() && polls.len() < 100_000 {
            now = schedule.next_due().unwrap();
            if !schedule.take("test", now, 10).is_empty() {
                polls.push(now);
            }
        }
        let young = polls
            .iter()
            .filter(|t| t.since(T0) < Span::hours(48))
            .count();
        assert_eq!(young, 48 * 60);
        assert_eq!(polls.len() - young, 5 * 24 * 12 + 1);
        assert!(now.since(T0) > Span::days(7));
    }

    #[test]
    fn a_later_call_keeps_a_token_followed_and_old_calls_are_not_taken_up() {
        let mut schedule = Schedule::new(PACE);
        schedule.follow(&token("old"), T0, T0.plus(Span::days(8)));
        assert!(schedule.is_empty());
        schedule.follow(&token("a"), T0, T0);
        schedule.follow(&token("a"), T0.plus(Span::days(5)), T0.plus(Span::days(5)));
        assert_eq!(
            schedule.take("test", T0.plus(Span::days(9)), 10),
            [token("a")]
        );
        assert_eq!(schedule.len(), 1);
    }

    #[test]
    fn a_new_call_of_a_followed_token_is_due_at_once() {
        let mut schedule = Schedule::new(PACE);
        schedule.follow(&token("a"), T0, T0);
        schedule.take("test", T0, 10);
        let again = T0.plus(Span::seconds(10));
        schedule.follow(&token("a"), again, again);
        assert_eq!(schedule.next_due(), Some(again));
        assert_eq!(schedule.take("test", again, 10), [token("a")]);
        assert_eq!(schedule.len(), 1);
    }

    #[test]
    fn a_failed_poll_is_due_again_when_it_is_retried() {
        let mut schedule = Schedule::new(PACE);
        schedule.follow(&token("a"), T0, T0);
        let taken = schedule.take("test", T0, 10);
        let soon = T0.plus(Span::seconds(5));
        schedule.retry(&taken, soon);
        assert_eq!(schedule.next_due(), Some(soon));
        assert_eq!(schedule.take("test", soon, 10), taken);
        assert_eq!(schedule.len(), 1);
    }

    #[test]
    fn polls_missed_while_asleep_are_not_made_up_in_a_burst() {
        let mut schedule = Schedule::new(PACE);
        for i in 0..3_000 {
            schedule.follow(&token(&format!("t{i}")), T0, T0);
        }
        let later = T0.plus(Span::hours(3));
        schedule.spread(later);
        let mut most = 0;
        let mut polls = 0;
        for second in 0..60 {
            let now = later.plus(Span::seconds(second));
            let mut taken = 0;
            while !schedule.due_chains(now).is_empty() {
                taken += schedule.take("test", now, 30).len();
            }
            most = most.max(taken);
            polls += taken;
        }
        assert!((2_900..=3_000).contains(&polls), "{polls}: each about once");
        assert!(most <= 90, "{most} in one second");
    }

    #[test]
    fn young_ones_come_first_and_late_ones_are_not_forgotten() {
        let mut schedule = Schedule::new(PACE);
        let now = T0.plus(Span::days(3));
        for i in 0..40 {
            schedule.follow(&token(&format!("late{i}")), T0, now);
            schedule.follow(&token(&format!("young{i}")), now, now);
        }
        let first = schedule.take("test", now, 40);
        assert!(first.iter().all(|t| t.address().starts_with("young")));
        // One request of ten tokens each half minute: 20 a minute for 40 young and 40 late ones.
        let mut late = 0;
        for i in 1..240 {
            let now = now.plus(Span::seconds(30 * i));
            let taken = schedule.take("test", now, 10);
            late += taken
                .iter()
                .filter(|t| t.address().starts_with("late"))
                .count();
        }
        assert!(late >= 40, "{late}");
        assert!(late < 1_200, "{late}");
    }

    #[test]
    fn a_batch_takes_along_what_is_due_soon() {
        let mut schedule = Schedule::new(PACE);
        for i in 0..20 {
            let due = T0.plus(Span::seconds(i));
            schedule.follow_from(&token(&format!("t{i}")), T0, due, T0);
        }
        assert_eq!(schedule.take("test", T0, 30).len(), 16);
        // They are in step from now on.
        let next = T0.plus(Span::seconds(60));
        assert_eq!(
            schedule
                .take("test", next.minus(Span::seconds(30)), 30)
                .len(),
            4
        );
        assert_eq!(schedule.take("test", next, 30).len(), 16);
    }

    #[test]
    fn what_is_due_at_one_grain_stays_together_however_late_it_is_asked_for() {
        let mut schedule = Schedule::new(PACE);
        for i in 0..60 {
            schedule.follow(&token(&format!("t{i:02}")), T0, T0);
        }
        schedule.spread_evenly(T0, Span::seconds(10));
        // Asked for in the middle between two grains, give or take four seconds.
        for step in 0..60 {
            let late = [0, 3, -4, 4, -2, 1, -1][step as usize % 7];
            let now = T0.plus(Span::seconds(10 * step + 5 + late));
            let taken = schedule.take("test", now, 10);
            assert_eq!(taken.len(), 10, "{step}");
            assert!(schedule.due_chains(now).is_empty(), "{step}");
        }
        let next = schedule.next_due().unwrap();
        assert_eq!(next.millis() % 10_000, 0);
    }
}
