//! How a candle moves a fold. Each rule needs the fold and the candle alone, so it costs O(1).
//!
//! - A candle counts at its end: its close is a sample of that instant.
//! - Its high and low count only if it began after the call and not before the entry: what holds
//!   the call, or came before the entry, could lend prices from before. A candle that begins at
//!   the very instant of the call holds it.
//! - The high is believed when it is at most [`WICK_MULTIPLE`] times the candle's own open or
//!   close, or when the price before the candle, or the next one after it, is at least
//!   [`WICK_CONFIRMS`] of it. Else it is an isolated wick and does not count. The low always
//!   counts: a lone low can be a real rug.
//! - The order of high and low within a candle is not known, so a fall counts as far as it is
//!   sure: to the low from a peak (or the entry) before the candle, from the high to the close.
//! - It covers every five-minute slot it spans after the entry.

use super::{CallFacts, Entry, EntryOrigin, Fold, PriceAt};
use crate::domain::candle::{Candle, PriceSource, Seen};
use crate::domain::rules::{ENTRY_WITHIN, Rules, WICK_CONFIRMS, WICK_MULTIPLE};
use crate::domain::time::Span;

impl Fold {
    /// The fold over everything that was seen of a token, in the order of [`Seen::order`].
    pub fn over_all<'a>(
        facts: &CallFacts,
        rules: &Rules,
        all: impl IntoIterator<Item = &'a Seen>,
    ) -> Self {
        let mut fold = Self::start(facts);
        for seen in all {
            fold.apply_seen(facts, rules, seen);
        }
        fold
    }

    /// Moves the fold by a sample or a candle; whether it lay in the call's window.
    pub fn apply_seen(&mut self, facts: &CallFacts, rules: &Rules, seen: &Seen) -> bool {
        match seen {
            Seen::Sample(observation) => self.apply(facts, rules, observation),
            Seen::Candle(candle) => self.apply_candle(facts, rules, candle),
        }
    }

    /// Moves the fold by one candle; one that ends outside the call's window changes nothing and
    /// gives `false`.
    pub fn apply_candle(&mut self, facts: &CallFacts, rules: &Rules, candle: &Candle) -> bool {
        let end = candle.end();
        if end < facts.called_at || end > facts.window_end(rules) {
            return false;
        }
        self.absent_polls = 0;
        self.settle_wick(candle.close);

        let holds_call = candle.opened_at <= facts.called_at;
        if self.entry.is_none() && (holds_call || end.since(facts.called_at) <= ENTRY_WITHIN) {
            self.enter(Entry {
                price: candle.close,
                at: end,
                origin: EntryOrigin::Candle,
            });
        }
        let after_entry = self.entry.is_none_or(|entry| candle.opened_at >= entry.at);
        if !holds_call && after_entry {
            self.take_low(candle);
            self.take_high(candle);
        }
        let close = PriceAt {
            at: end,
            price: candle.close,
        };
        // Of two candles that end together the shorter stands: a longer one that holds the call may
        // have closed on a trade from before it.
        let told =
            self.last_source == PriceSource::Candle && self.last.is_some_and(|l| l.at == end);
        if !told {
            self.apply_price(facts, close, None, PriceSource::Candle);
        }
        if let Some(entry) = self.entry
            && end > entry.at
        {
            let from = candle.opened_at.max(entry.at).since(facts.called_at);
            // The instant of its end is no longer part of it.
            let to = end.since(facts.called_at).millis() - 1;
            self.coverage.cover(from, Span::from_millis(to));
        }
        true
    }

    /// Decides about a high that waits: the next price confirms it, or it was a wick.
    pub(super) fn settle_wick(&mut self, next: crate::domain::Price) {
        if let Some(wick) = self.wick.take()
            && next.usd() >= wick.price.usd() * WICK_CONFIRMS
        {
            self.rise(wick, None, PriceSource::Candle);
            if let Some(last) = self.last {
                self.worst_fall = self
                    .worst_fall
                    .max(1.0 - last.price.usd() / wick.price.usd());
            }
        }
    }

    fn take_high(&mut self, candle: &Candle) {
        let high = PriceAt {
            at: candle.end(),
            price: candle.top(),
        };
        let in_reach = !high.price.over(candle.body()).exceeds(WICK_MULTIPLE);
        let confirmed = self
            .last
            .is_some_and(|last| last.price.usd() >= high.price.usd() * WICK_CONFIRMS);
        if in_reach || confirmed {
            self.rise(high, None, PriceSource::Candle);
        } else {
            self.wick = Some(high);
        }
    }

    fn take_low(&mut self, candle: &Candle) {
        let low = candle.bottom();
        self.lowest = Some(self.lowest.map_or(low, |lowest| lowest.min(low)));
        let entry = self.entry.map(|e| PriceAt {
            at: e.at,
            price: e.price,
        });
        let before = [self.running_peak, entry]
            .into_iter()
            .flatten()
            .find(|peak| peak.at <= candle.opened_at);
        if let Some(peak) = before {
            self.worst_fall = self.worst_fall.max(1.0 - low.usd() / peak.price.usd());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outcome::{AthOrigin, FinalBasis, Outcome};
    use crate::domain::sample::{LiquidityOf, Observation};
    use crate::domain::{Price, Timestamp};
    use proptest::prelude::*;

    const T0: Timestamp = Timestamp::from_millis(1_760_000_000_000);

    fn facts(entry: Option<f64>) -> CallFacts {
        CallFacts {
            called_at: T0,
            stated_entry: entry.and_then(Price::new),
            has_token: true,
            liquidity_usd: None,
        }
    }

    /// From a minute on, so many minutes long: open, high, low, close.
    fn candle(minute: i64, minutes: i64, prices: [f64; 4]) -> Seen {
        let [open, high, low, close] = prices.map(|p| Price::new(p).unwrap());
        Seen::Candle(Candle {
            opened_at: T0.plus(Span::minutes(minute)),
            interval: Span::minutes(minutes),
            open,
            high,
            low,
            close,
            volume_usd: None,
        })
    }

    fn sample(minute: i64, price: f64) -> Seen {
        Seen::Sample(Observation {
            at: T0.plus(Span::minutes(minute)),
            price: Price::new(price),
            liquidity_usd: None,
            liquidity_of: LiquidityOf::Pool,
            market_cap_usd: None,
            absent: false,
        })
    }

    /// The fold over everything, put in order first.
    fn fold(entry: Option<f64>, mut all: Vec<Seen>) -> Fold {
        all.sort_by_key(Seen::order);
        Fold::over_all(&facts(entry), &Rules::default(), &all)
    }

    fn peak(fold: &Fold) -> f64 {
        fold.peak.unwrap().price.usd()
    }

    #[test]
    fn the_candle_that_holds_the_call_gives_only_its_close() {
        for opened in [-30, -1, 0] {
            let fold = fold(Some(1.0), vec![candle(opened, 60, [1.0, 3.0, 0.1, 1.5])]);
            assert_eq!(peak(&fold), 1.5, "opened at {opened}");
            assert_eq!(fold.lowest.unwrap().usd(), 1.0);
            assert_eq!(fold.worst_fall, 0.0);
            assert_eq!(fold.last.unwrap().at.since(T0), Span::minutes(opened + 60));
        }
        let before = fold(Some(1.0), vec![candle(-60, 30, [9.0, 9.0, 9.0, 9.0])]);
        assert_eq!(before.last, None);
    }

    #[test]
    fn a_candle_after_the_call_gives_its_high_and_its_low() {
        let fold = fold(Some(1.0), vec![candle(5, 60, [1.0, 3.0, 0.1, 1.5])]);
        assert_eq!(peak(&fold), 3.0);
        assert_eq!(fold.peak.unwrap().at.since(T0), Span::minutes(65));
        assert_eq!(fold.lowest.unwrap().usd(), 0.1);
        // From the entry to the low; which of high and low came first is not known.
        assert!((fold.worst_fall - 0.9).abs() < 1e-12);
        let outcome = Outcome::of(
            &facts(Some(1.0)),
            &fold,
            None,
            &Rules::default(),
            T0.plus(Span::hours(2)),
        );
        assert_eq!(outcome.ath.unwrap().origin, AthOrigin::Candle);
        assert_eq!(outcome.fin.unwrap().basis, FinalBasis::Candle);
        assert_eq!(outcome.fin.unwrap().multiple.value(), 1.5);
    }

    #[test]
    fn a_fall_counts_as_far_as_it_is_sure() {
        // High to close: 3 to 1.5.
        let sure = fold(Some(1.0), vec![candle(5, 60, [1.0, 3.0, 0.9, 1.5])]);
        assert!((sure.worst_fall - 0.5).abs() < 1e-12);
        // The peak of 3 was sampled while the candle ran: its low may have come before.
        let unsure = fold(
            Some(1.0),
            vec![
                sample(30, 3.0),
                sample(60, 3.0),
                candle(5, 60, [1.0, 3.0, 0.9, 3.0]),
            ],
        );
        assert!((unsure.worst_fall - 0.1).abs() < 1e-12, "{unsure:?}");
        // The next candle's low comes after that peak.
        let next = fold(
            Some(1.0),
            vec![sample(30, 3.0), candle(65, 60, [3.0, 3.0, 0.3, 3.0])],
        );
        assert!((next.worst_fall - 0.9).abs() < 1e-12);
    }

    #[test]
    fn an_isolated_wick_is_no_high_but_its_low_counts() {
        let alone = [candle(5, 1, [1.0, 100.0, 0.01, 1.0]), sample(7, 1.1)];
        let fold_alone = fold(Some(1.0), alone.to_vec());
        assert_eq!(peak(&fold_alone), 1.1);
        assert_eq!(fold_alone.lowest.unwrap().usd(), 0.01);
        // Nothing comes after it: it stays unconfirmed.
        assert_eq!(peak(&fold(Some(1.0), alone[..1].to_vec())), 1.0);
        // Up to four times its own body it is believed; exactly four is.
        let four = fold(Some(1.0), vec![candle(5, 1, [1.0, 4.0, 1.0, 1.0])]);
        assert_eq!(peak(&four), 4.0);
        // The next price confirms it at 75 %, and the fall to its own close then counts.
        let next = fold(
            Some(1.0),
            vec![candle(5, 1, [1.0, 100.0, 1.0, 1.0]), sample(7, 75.0)],
        );
        assert_eq!(peak(&next), 100.0);
        assert_eq!(next.peak.unwrap().at.since(T0), Span::minutes(6));
        assert!((next.worst_fall - 0.99).abs() < 1e-12);
        // So does the price before it.
        let before = fold(
            Some(1.0),
            vec![sample(4, 75.0), candle(5, 1, [1.0, 100.0, 1.0, 1.0])],
        );
        assert_eq!(peak(&before), 100.0);
    }

    #[test]
    fn the_entry_is_the_sample_in_time_or_else_the_first_candle() {
        let origin = |all: Vec<Seen>| {
            fold(None, all)
                .entry
                .map(|e| (e.origin, e.at.since(T0).millis() / 60_000, e.price.usd()))
        };
        let minute = candle(0, 1, [1.0, 2.0, 1.0, 1.5]);
        let hour = candle(-10, 60, [1.0, 9.0, 0.5, 2.5]);
        assert_eq!(
            origin(vec![minute, hour]),
            Some((EntryOrigin::Candle, 1, 1.5))
        );
        assert_eq!(origin(vec![hour]), Some((EntryOrigin::Candle, 50, 2.5)));
        // A sample within five minutes comes first, though it is later than the close.
        assert_eq!(
            origin(vec![minute, hour, sample(5, 3.0)]),
            Some((EntryOrigin::Sampled, 5, 3.0))
        );
        assert_eq!(
            origin(vec![minute, sample(6, 3.0)]),
            Some((EntryOrigin::Candle, 1, 1.5))
        );
        assert_eq!(
            origin(vec![sample(6, 3.0), hour]),
            Some((EntryOrigin::Candle, 50, 2.5))
        );
        // No candle holds the call, but a close is a sample: within five minutes it will do.
        assert_eq!(
            origin(vec![candle(3, 1, [1.0, 1.0, 1.0, 2.0])]),
            Some((EntryOrigin::Candle, 4, 2.0))
        );
        assert_eq!(origin(vec![candle(5, 1, [1.0, 1.0, 1.0, 2.0])]), None);
        let stated = fold(Some(7.0), vec![minute]).entry.unwrap();
        assert_eq!(
            (stated.origin, stated.price.usd()),
            (EntryOrigin::Stated, 7.0)
        );
    }

    #[test]
    fn what_came_before_the_entry_is_no_gain_on_it() {
        let fold = fold(
            None,
            vec![
                sample(6, 10.0),
                candle(-10, 60, [9.0, 99.0, 0.1, 1.0]),
                candle(10, 60, [9.0, 20.0, 0.2, 1.2]),
                candle(50, 60, [1.0, 2.0, 0.5, 1.1]),
            ],
        );
        assert_eq!(fold.entry.unwrap().price.usd(), 1.0);
        assert_eq!(peak(&fold), 2.0);
        assert_eq!(fold.lowest.unwrap().usd(), 0.5);
    }

    #[test]
    fn a_candle_covers_the_slots_it_spans_after_the_entry() {
        let flat = [1.0; 4];
        assert_eq!(
            fold(Some(1.0), vec![candle(0, 60, flat)]).covered_slots(),
            12
        );
        assert_eq!(
            fold(Some(1.0), vec![candle(-30, 60, flat)]).covered_slots(),
            6
        );
        assert_eq!(fold(Some(1.0), vec![candle(7, 5, flat)]).covered_slots(), 2);
        assert_eq!(fold(None, vec![candle(-30, 60, flat)]).covered_slots(), 0);
        // Overlapping ones count once, whichever is longer.
        let both = vec![
            sample(58, 1.0),
            candle(40, 1, flat),
            candle(0, 60, flat),
            candle(60, 1, flat),
        ];
        assert_eq!(fold(Some(1.0), both).covered_slots(), 13);
        let days: Vec<_> = (0..7).map(|d| candle(d * 1440, 1440, flat)).collect();
        let full = fold(Some(1.0), days);
        let end = T0.plus(Span::days(7));
        let outcome = Outcome::of(&facts(Some(1.0)), &full, None, &Rules::default(), end);
        assert_eq!(outcome.coverage.unwrap().value(), 100.0);
    }

    #[test]
    fn a_candle_that_ends_after_the_window_is_not_seen() {
        let week = 7 * 1440;
        let fold = fold(
            Some(1.0),
            vec![
                candle(week - 60, 60, [1.0, 2.0, 1.0, 1.0]),
                candle(week - 59, 60, [1.0, 3.0, 1.0, 1.0]),
            ],
        );
        assert_eq!(peak(&fold), 2.0);
    }

    #[test]
    fn of_two_candles_that_end_together_the_shorter_one_closes() {
        let fold = fold(
            None,
            vec![
                candle(0, 1, [20.0, 20.0, 1.0, 1.0]),
                candle(-14, 15, [1.0, 20.0, 1.0, 20.0]),
            ],
        );
        assert_eq!(fold.entry.unwrap().price.usd(), 1.0);
        assert_eq!(peak(&fold), 1.0);
        assert_eq!(fold.last.unwrap().price.usd(), 1.0);
    }

    #[test]
    fn of_a_sample_and_a_close_of_one_instant_the_sample_stands() {
        let fold = fold(
            Some(1.0),
            vec![candle(5, 1, [2.0, 2.0, 2.0, 2.0]), sample(6, 2.0)],
        );
        assert_eq!(fold.last_source, PriceSource::Sample);
        assert_eq!(fold.samples, 2);
    }

    proptest! {
        /// A rounded candle never lowers a peak under what its close alone would give, and every
        /// peak is a price that was stated.
        #[test]
        fn the_peak_is_between_the_closes_and_the_highs(
            rows in prop::collection::vec((0.01f64..10.0, 1.0f64..20.0, 0.01f64..10.0), 1..60)
        ) {
            let all: Vec<_> = rows.iter().enumerate().map(|(i, (open, up, close))| {
                let high = open.max(*close) * up;
                candle(i as i64 + 1, 1, [*open, high, open.min(*close), *close])
            }).collect();
            let closes = rows.iter().map(|r| r.2).fold(0.0, f64::max);
            let highs = rows.iter().map(|r| r.0.max(r.2) * r.1).fold(0.0, f64::max);
            let folded = fold(Some(1.0), all);
            prop_assert!(peak(&folded) >= closes && peak(&folded) <= highs);
            prop_assert!(folded.worst_fall < 1.0);
        }
    }
}
