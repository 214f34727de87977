//! Which five-minute slots of a window were seen: runs of slots, kept only as long as a candle
//! may still reach back to them.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::domain::candle::LONGEST_CANDLE;
use crate::domain::rules::COVERAGE_SLOT;
use crate::domain::time::Span;

/// How many slots the longest candle reaches back.
const REACH: u32 = (LONGEST_CANDLE.millis() / COVERAGE_SLOT.millis()) as u32 + 1;

/// The slots of a call's window that were seen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Coverage {
    slots: u32,
    /// First and last slot of each run, in order, with a gap between each two.
    runs: VecDeque<(u32, u32)>,
}

impl Coverage {
    /// How many slots are covered.
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// Covers the slots from one age of the call to another, both in. Must come in the order of
    /// the later age: then each run is merged at most once, which is O(1) on average.
    pub fn cover(&mut self, from: Span, to: Span) {
        let slot = |age: Span| {
            u32::try_from(age.millis() / COVERAGE_SLOT.millis()).unwrap_or(u32::MAX - 1)
        };
        let (mut first, mut last) = (slot(from), slot(to));
        if self
            .runs
            .back()
            .is_some_and(|run| run.0 <= first && last <= run.1)
        {
            return;
        }
        while let Some(&(start, end)) = self.runs.back()
            && first <= end + 1
        {
            self.runs.pop_back();
            self.slots -= end - start + 1;
            first = first.min(start);
            last = last.max(end);
        }
        self.runs.push_back((first, last));
        self.slots = self.slots.saturating_add(last - first + 1);
        while self
            .runs
            .front()
            .is_some_and(|run| run.1.saturating_add(REACH) < last)
        {
            self.runs.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        /// Spans of up to a day, in the order of their ends, cover what a set of slots does.
        #[test]
        fn counts_the_union(spans in prop::collection::vec((0i64..10_080, 0i64..1_440), 1..80)) {
            let mut spans = spans;
            spans.sort_unstable();
            let mut coverage = Coverage::default();
            let mut set = BTreeSet::new();
            for (to, length) in spans {
                let from = (to - length).max(0);
                coverage.cover(Span::minutes(from), Span::minutes(to));
                set.extend(from / 5..=to / 5);
            }
            prop_assert_eq!(coverage.slots() as usize, set.len());
        }
    }

    #[test]
    fn a_sample_on_a_boundary_may_come_before_the_candle_that_ends_there() {
        let mut coverage = Coverage::default();
        coverage.cover(Span::minutes(10), Span::minutes(10));
        coverage.cover(Span::minutes(5), Span::from_millis(599_999));
        assert_eq!(coverage.slots(), 2);
        assert_eq!(coverage.runs, [(1, 2)]);
    }
}
