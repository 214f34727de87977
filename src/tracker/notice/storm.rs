//! A storm: when more happens in a minute than anybody reads, the rest becomes one line.

use std::collections::BTreeMap;

use crate::domain::{Notice, NoticeKind, Span, Timestamp};

/// So many in a minute are told on their own.
const SINGLY: u32 = 8;
/// That minute.
const MINUTE: Span = Span::MINUTE;

/// What was told in the last minute, and what is to be told in one line when it is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Storm {
    since: Timestamp,
    told: u32,
    held: BTreeMap<NoticeKind, u32>,
}

impl Default for Storm {
    fn default() -> Self {
        Self {
            since: Timestamp::from_millis(0),
            told: 0,
            held: BTreeMap::new(),
        }
    }
}

impl Storm {
    /// Whether a notice is told on its own; else it is counted.
    pub fn admit(&mut self, kind: NoticeKind, now: Timestamp) -> bool {
        if self.held.is_empty() && self.is_over(now) {
            self.since = now;
            self.told = 0;
        }
        if self.told < SINGLY && self.held.is_empty() {
            self.told += 1;
            return true;
        }
        *self.held.entry(kind).or_default() += 1;
        false
    }

    /// The line for what was counted, once its minute is over.
    pub fn sum(&mut self, now: Timestamp) -> Option<Notice> {
        self.is_over(now).then(|| self.sum_now(now)).flatten()
    }

    /// The line for what was counted so far.
    pub fn sum_now(&mut self, now: Timestamp) -> Option<Notice> {
        if self.held.is_empty() {
            return None;
        }
        let held = std::mem::take(&mut self.held);
        self.since = now;
        // The line is one of the next minute's.
        self.told = 1;
        let n: u32 = held.values().sum();
        let parts: Vec<String> = held.iter().map(|(kind, n)| kind.counted(*n)).collect();
        Some(Notice {
            key: format!("more/{}", now.millis()),
            at: now,
            kind: NoticeKind::More,
            call: None,
            token: None,
            subject: String::new(),
            source: None,
            value: Some(f64::from(n)),
            text: format!("{n} more: {}", parts.join(", ")),
            told: true,
        })
    }

    /// The minute is over, or the clock was set back.
    fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.since).abs() >= MINUTE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_is_a_few_lines_and_one_that_counts_the_rest() {
        let t0 = Timestamp::from_millis(1_760_000_000_000);
        let mut storm = Storm::default();
        let told = (0..45)
            .filter(|i| {
                let kind = if i % 3 == 0 {
                    NoticeKind::Milestone
                } else {
                    NoticeKind::Move
                };
                storm.admit(kind, t0.plus(Span::seconds(*i / 2)))
            })
            .count();
        assert_eq!(told, 8);
        assert_eq!(storm.sum(t0.plus(Span::seconds(30))), None);
        let line = storm.sum(t0.plus(Span::MINUTE)).unwrap();
        assert_eq!(line.text, "37 more: 25 moves, 12 milestones");
        assert_eq!(storm.sum(t0.plus(Span::minutes(5))), None);
        // Afterwards it is quiet again.
        assert!(storm.admit(NoticeKind::Rug, t0.plus(Span::minutes(9))));
    }

    #[test]
    fn what_never_comes_thick_is_always_told() {
        let t0 = Timestamp::from_millis(1_760_000_000_000);
        let mut storm = Storm::default();
        for i in 0..100 {
            let now = t0.plus(Span::seconds(i * 10));
            assert!(storm.admit(NoticeKind::Move, now), "{i}");
            assert_eq!(storm.sum(now), None);
        }
    }
}
