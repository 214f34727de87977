//! Stretches of time: what is left of one when others are taken out.

use super::rules::Pace;
use super::time::{Span, Timestamp};

/// From an instant up to (and without) another, later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

impl Stretch {
    /// A stretch, unless it is empty.
    #[must_use]
    pub fn new(from: Timestamp, to: Timestamp) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }

    /// How long it lasts.
    #[must_use]
    pub fn length(self) -> Span {
        self.to.since(self.from)
    }
}

/// Stretches in order, those that touch or overlap made one.
#[must_use]
pub fn merged(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.sort_unstable();
    let mut out: Vec<Stretch> = Vec::with_capacity(stretches.len());
    for next in stretches {
        match out.last_mut() {
            Some(last) if next.from <= last.to => last.to = last.to.max(next.to),
            _ => out.push(next),
        }
    }
    out
}

/// What is left of some stretches when others are taken out.
#[must_use]
pub fn without(whole: Vec<Stretch>, taken: Vec<Stretch>) -> Vec<Stretch> {
    let taken = merged(taken);
    let mut left = Vec::new();
    for stretch in merged(whole) {
        let mut from = stretch.from;
        let first = taken.partition_point(|t| t.to <= stretch.from);
        for hole in taken.iter().skip(first) {
            if hole.from >= stretch.to {
                break;
            }
            left.extend(Stretch::new(from, hole.from));
            from = hole.to;
        }
        left.extend(Stretch::new(from, stretch.to));
    }
    left
}

/// The gaps of a call's window that are worth asking for: longer than three polls, as polls were
/// due at that age of the call. `seen` are the instants of accepted prices, in order; `known` are
/// stretches that candles cover or that were asked for already.
#[must_use]
pub fn gaps(
    called_at: Timestamp,
    until: Timestamp,
    seen: &[Timestamp],
    known: Vec<Stretch>,
    pace: &Pace,
) -> Vec<Stretch> {
    let Some(window) = Stretch::new(called_at, until) else {
        return Vec::new();
    };
    let due = |at: Timestamp| {
        if at.since(called_at) < pace.late_after {
            pace.interval
        } else {
            pace.late_interval
        }
    };
    // A price covers the time up to the next ones that are due.
    let covered = seen.iter().filter_map(|at| {
        let reach = due(*at).times(3);
        Stretch::new(at.minus(Span::from_millis(1)), at.plus(reach))
    });
    let left = without(vec![window], covered.chain(known).collect());
    // From the last price on, not from where its reach ended.
    let back = |gap: Stretch| {
        let before = seen.partition_point(|at| *at < gap.from);
        let last = before.checked_sub(1).and_then(|i| seen.get(i));
        let from = last.map_or(gap.from, |at| {
            if gap.from.since(*at) <= due(*at).times(3) {
                *at
            } else {
                gap.from
            }
        });
        Stretch::new(from.max(called_at), gap.to)
    };
    left.into_iter().filter_map(back).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(1_760_000_000_000).plus(Span::minutes(minute))
    }

    fn stretch(from: i64, to: i64) -> Stretch {
        Stretch::new(at(from), at(to)).unwrap()
    }

    const PACE: Pace = Pace {
        interval: Span::MINUTE,
        late_interval: Span::minutes(5),
        late_after: Span::hours(48),
        window: Span::days(7),
    };

    proptest! {
        /// Minute by minute, as a set would say it.
        #[test]
        fn taking_out_is_that_of_sets(
            whole in prop::collection::vec((0i64..200, 1i64..40), 0..8),
            taken in prop::collection::vec((0i64..200, 1i64..40), 0..8),
        ) {
            let stretches = |list: &[(i64, i64)]| -> Vec<Stretch> {
                list.iter().map(|(from, long)| stretch(*from, from + long)).collect()
            };
            let left = without(stretches(&whole), stretches(&taken));
            let within = |list: &[Stretch], minute: i64| {
                list.iter().any(|s| s.from <= at(minute) && at(minute) < s.to)
            };
            for minute in 0..260 {
                let want = within(&stretches(&whole), minute)
                    && !within(&stretches(&taken), minute);
                prop_assert_eq!(within(&left, minute), want, "minute {}", minute);
            }
            prop_assert!(left.windows(2).all(|pair| pair[0].to < pair[1].from));
        }
    }

    #[test]
    fn a_call_that_was_followed_has_no_gap_and_one_from_before_is_one() {
        let every_minute: Vec<_> = (0..2880).map(at).collect();
        assert_eq!(gaps(at(0), at(2880), &every_minute, Vec::new(), &PACE), []);
        assert_eq!(
            gaps(at(0), at(10_080), &[], Vec::new(), &PACE),
            [stretch(0, 10_080)]
        );
        // Asked for already: nothing is left.
        let known = vec![stretch(-10, 20_000)];
        assert_eq!(gaps(at(0), at(10_080), &[], known, &PACE), []);
        assert_eq!(gaps(at(5), at(5), &[], Vec::new(), &PACE), []);
    }

    #[test]
    fn a_gap_runs_from_the_last_price_to_the_next_one() {
        let seen: Vec<_> = (0..60).chain(90..120).map(at).collect();
        let found = gaps(at(0), at(120), &seen, Vec::new(), &PACE);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].from, at(59));
        assert!(found[0].to <= at(90) && found[0].to > at(89));
        // A poll or two that were missed are no gap.
        let seen: Vec<_> = (0..60).filter(|m| m % 3 == 0).map(at).collect();
        assert_eq!(gaps(at(0), at(60), &seen, Vec::new(), &PACE), []);
    }

    #[test]
    fn a_late_call_is_polled_less_often_and_has_no_gap_for_that() {
        let old = 3 * 1440;
        let seen: Vec<_> = (0..2880).chain((2880..old).step_by(5)).map(at).collect();
        assert_eq!(gaps(at(0), at(old), &seen, Vec::new(), &PACE), []);
    }
}
