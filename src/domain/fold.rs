//! The outcome of a call as a pure fold: each accepted observation moves it in O(1).
//!
//! The fold keeps facts that never have to be taken back; what depends on "now" (status, final,
//! category, coverage) is read off it by [`super::outcome`]. Observations must come in the order
//! of their time; a late one means folding again from the start, which gives the same result as
//! having had it in time (tested).

mod candles;
mod coverage;
mod marks;

use serde::{Deserialize, Serialize};

use self::coverage::Coverage;
use super::call::Call;
use super::candle::PriceSource;
use super::quantity::Price;
use super::rules::{CRASH_MULTIPLE, ENTRY_WITHIN, RUG_LIQUIDITY_SHARE, RUG_LIQUIDITY_USD, Rules};
use super::sample::{LiquidityOf, Observation};
use super::time::{Span, Timestamp};

/// The horizons at which returns since the call are given.
pub const HORIZONS: [Span; 3] = [Span::hours(1), Span::hours(6), Span::hours(24)];

/// The multiples of the entry whose first time is kept.
pub const MILESTONES: [f64; 3] = [2.0, 5.0, 10.0];

/// How late a follower may be: the price that such a one gets in at is kept.
pub const LATE: [Span; 3] = [Span::minutes(1), Span::minutes(5), Span::minutes(15)];

/// The part of a call that its outcome depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CallFacts {
    /// When it was called.
    pub called_at: Timestamp,
    /// The entry price it stated.
    pub stated_entry: Option<Price>,
    /// Whether a token is known that prices can belong to.
    pub has_token: bool,
    /// Liquidity at the call, USD: what later readings may have drained from.
    pub liquidity_usd: Option<f64>,
}

impl From<&Call> for CallFacts {
    fn from(call: &Call) -> Self {
        Self {
            called_at: call.called_at,
            stated_entry: call.stated_entry,
            has_token: call.token.is_some(),
            liquidity_usd: call.liquidity_usd,
        }
    }
}

impl CallFacts {
    /// The last instant whose prices count.
    #[must_use]
    pub fn window_end(&self, rules: &Rules) -> Timestamp {
        self.called_at.plus(rules.window)
    }
}

/// Where an entry price came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryOrigin {
    /// The call said it.
    Stated,
    /// The first accepted sample within five minutes of the call.
    Sampled,
    /// No such sample: the close of a candle that holds the call, or ended within five minutes
    /// of it; the one that ended first.
    Candle,
}

/// The price that every multiple of a call is measured against.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// USD per token.
    pub price: Price,
    /// When it was valid.
    pub at: Timestamp,
    /// Where it came from.
    pub origin: EntryOrigin,
}

/// A price and when it was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PriceAt {
    /// When.
    pub at: Timestamp,
    /// USD per token.
    pub price: Price,
}

/// Everything that the observations of one call's window amount to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fold {
    /// The entry, once there is one.
    pub entry: Option<Entry>,
    /// The latest accepted price.
    pub last: Option<PriceAt>,
    /// What the latest price is from.
    pub last_source: PriceSource,
    /// The highest accepted price and when it was first reached (a candle's high: by the end of
    /// the candle); the entry does not count.
    pub peak: Option<PriceAt>,
    /// What the peak is from.
    pub peak_source: PriceSource,
    /// Market cap at the peak, where the reading had one.
    pub peak_market_cap_usd: Option<f64>,
    /// The lowest accepted price since the entry, the entry included.
    pub lowest: Option<Price>,
    /// The highest price so far, the entry included: what the drawdown falls from.
    running_peak: Option<PriceAt>,
    /// A candle's high that the next price will confirm or not.
    wick: Option<PriceAt>,
    /// The worst fall from the running peak, as a fraction of it, >= 0.
    pub worst_fall: f64,
    /// The accepted price nearest to each of [`HORIZONS`].
    nearest: [Option<PriceAt>; 3],
    /// When each of [`MILESTONES`] was first seen.
    pub reached: [Option<Timestamp>; 3],
    /// The first accepted price at or after each of [`LATE`].
    late: [Option<PriceAt>; 3],
    coverage: Coverage,
    /// The longest time without an accepted price, up to the latest one.
    pub longest_gap: Span,
    /// Accepted prices counted.
    pub samples: u32,
    /// The latest known liquidity and when it was read, USD.
    pub liquidity_usd: Option<(Timestamp, f64)>,
    /// The most there was in one pool, and in all pools together.
    peak_liquidity_usd: [Option<f64>; 2],
    /// Readings in a row with drained liquidity.
    pub drained_polls: u32,
    /// Since when the price has held at or under the crash level.
    pub crashed_since: Option<Timestamp>,
    /// Polls in a row that found no listing.
    pub absent_polls: u32,
}

impl Fold {
    /// The fold of a call before anything was seen.
    #[must_use]
    pub fn start(facts: &CallFacts) -> Self {
        let entry = facts.stated_entry.map(|price| Entry {
            price,
            at: facts.called_at,
            origin: EntryOrigin::Stated,
        });
        Self {
            entry,
            last: None,
            last_source: PriceSource::Sample,
            peak: None,
            peak_source: PriceSource::Sample,
            peak_market_cap_usd: None,
            lowest: entry.map(|e| e.price),
            running_peak: entry.map(|e| PriceAt {
                at: e.at,
                price: e.price,
            }),
            wick: None,
            worst_fall: 0.0,
            nearest: [None; 3],
            reached: [None; 3],
            late: [None; 3],
            coverage: Coverage::default(),
            longest_gap: Span::ZERO,
            samples: 0,
            liquidity_usd: None,
            peak_liquidity_usd: [facts.liquidity_usd; 2],
            drained_polls: 0,
            crashed_since: None,
            absent_polls: 0,
        }
    }

    /// The fold over all observations of a token, in the order of their time.
    pub fn over<'a>(
        facts: &CallFacts,
        rules: &Rules,
        observations: impl IntoIterator<Item = &'a Observation>,
    ) -> Self {
        let mut fold = Self::start(facts);
        for observation in observations {
            fold.apply(facts, rules, observation);
        }
        fold
    }

    /// Moves the fold by one accepted observation; one outside the call's window changes nothing
    /// and gives `false`.
    pub fn apply(&mut self, facts: &CallFacts, rules: &Rules, seen: &Observation) -> bool {
        if seen.at < facts.called_at || seen.at > facts.window_end(rules) {
            return false;
        }
        if seen.absent {
            self.absent_polls = self.absent_polls.saturating_add(1);
            return true;
        }
        self.absent_polls = 0;
        if let Some(price) = seen.price {
            self.settle_wick(price);
            let at = seen.at;
            // A sample gives a better entry than the candle that stood in for it.
            if at.since(facts.called_at) <= ENTRY_WITHIN
                && self.entry.is_none_or(|e| e.origin == EntryOrigin::Candle)
            {
                self.enter(Entry {
                    price,
                    at,
                    origin: EntryOrigin::Sampled,
                });
            }
            let cap = seen.market_cap_usd;
            self.apply_price(facts, PriceAt { at, price }, cap, PriceSource::Sample);
            if self.entry.is_some_and(|entry| at > entry.at) {
                let age = at.since(facts.called_at);
                self.coverage.cover(age, age);
            }
        }
        if let Some(liquidity) = seen.liquidity_usd {
            self.apply_liquidity(seen.at, liquidity, seen.liquidity_of);
        }
        true
    }

    /// An entry that was not stated: what came before it is no gain or loss on it.
    fn enter(&mut self, entry: Entry) {
        self.entry = Some(entry);
        self.lowest = Some(entry.price);
        self.running_peak = Some(PriceAt {
            at: entry.at,
            price: entry.price,
        });
        self.peak = None;
        self.peak_market_cap_usd = None;
        self.wick = None;
        self.worst_fall = 0.0;
        self.reached = [None; 3];
        self.coverage = Coverage::default();
        self.crashed_since = None;
    }

    /// A price that may be the highest. The first time it was reached is when the ATH was.
    fn rise(&mut self, now: PriceAt, market_cap_usd: Option<f64>, source: PriceSource) {
        if self.peak.is_none_or(|peak| now.price > peak.price) {
            self.peak = Some(now);
            self.peak_market_cap_usd = market_cap_usd;
            self.peak_source = source;
            if let Some(entry) = self.entry {
                let multiple = now.price.over(entry.price);
                for (reached, milestone) in self.reached.iter_mut().zip(MILESTONES) {
                    if reached.is_none() && multiple.reaches(milestone) {
                        *reached = Some(now.at);
                    }
                }
            }
        }
        if self.running_peak.is_none_or(|peak| now.price > peak.price) {
            self.running_peak = Some(now);
        }
    }

    /// What a sample's price and a candle's close have in common.
    fn apply_price(
        &mut self,
        facts: &CallFacts,
        now: PriceAt,
        market_cap_usd: Option<f64>,
        source: PriceSource,
    ) {
        let PriceAt { at, price } = now;
        self.samples = self.samples.saturating_add(1);
        let previous = self.last.map_or(facts.called_at, |last| last.at);
        self.longest_gap = self.longest_gap.max(at.since(previous));

        // Of a sample and a close of the same instant, the sample is the latest price.
        if source == PriceSource::Sample || self.last.is_none_or(|last| last.at < at) {
            self.last = Some(now);
            self.last_source = source;
        }
        self.rise(now, market_cap_usd, source);
        self.lowest = Some(self.lowest.map_or(price, |low| low.min(price)));
        if let Some(running) = self.running_peak {
            self.worst_fall = self.worst_fall.max(1.0 - price.usd() / running.price.usd());
        }

        for (nearest, horizon) in self.nearest.iter_mut().zip(HORIZONS) {
            let target = facts.called_at.plus(horizon);
            let distance = |p: &PriceAt| p.at.since(target).abs();
            if nearest.is_none_or(|kept| distance(&now) < distance(&kept)) {
                *nearest = Some(now);
            }
        }
        // The last one is set at the latest with the others.
        if self.late[LATE.len() - 1].is_none() {
            for (late, by) in self.late.iter_mut().zip(LATE) {
                if late.is_none() && at.since(facts.called_at) >= by {
                    *late = Some(now);
                }
            }
        }
        let Some(entry) = self.entry else { return };
        // Exactly 0.2x is a crash: the same tolerance as every other threshold.
        if price.over(entry.price).exceeds(CRASH_MULTIPLE) {
            self.crashed_since = None;
        } else if self.crashed_since.is_none() {
            self.crashed_since = Some(at);
        }
    }

    /// What is known of one pool says nothing of the peak of all pools, nor the other way round; what
    /// the call or a file stated stands in for both.
    fn apply_liquidity(&mut self, at: Timestamp, liquidity: f64, of: LiquidityOf) {
        self.liquidity_usd = Some((at, liquidity));
        let [pool, token] = &mut self.peak_liquidity_usd;
        if of != LiquidityOf::Token {
            *pool = Some(pool.map_or(liquidity, |peak| peak.max(liquidity)));
        }
        if of != LiquidityOf::Pool {
            *token = Some(token.map_or(liquidity, |peak| peak.max(liquidity)));
        }
        let peak = match of {
            LiquidityOf::Pool | LiquidityOf::Unsaid => *pool,
            LiquidityOf::Token => *token,
        };
        let drained = peak.is_some_and(|peak| liquidity < peak * RUG_LIQUIDITY_SHARE);
        if drained && liquidity < RUG_LIQUIDITY_USD {
            self.drained_polls = self.drained_polls.saturating_add(1);
        } else {
            self.drained_polls = 0;
        }
    }

    /// Five-minute slots with an accepted sample or a candle after the entry.
    #[must_use]
    pub fn covered_slots(&self) -> u32 {
        self.coverage.slots()
    }

    /// The first accepted price at or after the delay with this index in [`LATE`].
    #[must_use]
    pub fn late(&self, delay: usize) -> Option<PriceAt> {
        self.late.get(delay).copied().flatten()
    }

    /// The accepted price nearest to the horizon with this index in [`HORIZONS`].
    #[must_use]
    pub fn nearest(&self, horizon: usize) -> Option<PriceAt> {
        self.nearest.get(horizon).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) const T0: Timestamp = Timestamp::from_millis(1_760_000_000_000);

    fn facts(entry: Option<f64>) -> CallFacts {
        CallFacts {
            called_at: T0,
            stated_entry: entry.and_then(Price::new),
            has_token: true,
            liquidity_usd: None,
        }
    }

    fn seen(minute: i64, price: f64) -> Observation {
        Observation {
            at: T0.plus(Span::minutes(minute)),
            price: Price::new(price),
            liquidity_usd: None,
            liquidity_of: LiquidityOf::Pool,
            market_cap_usd: None,
            absent: false,
        }
    }

    /// Predecessors T2: the correct rows.
    #[test]
    fn worst_from_entry_and_drawdown_never_recover() {
        let facts = facts(Some(1.0));
        let rules = Rules::default();
        let mut fold = Fold::start(&facts);
        let polls = [
            (10, 0.2, -80.0, -80.0),
            (20, 0.9, -80.0, -80.0),
            (30, 3.0, -80.0, -80.0),
            (40, 2.0, -80.0, -80.0),
            (50, 0.05, -95.0, -98.333_333_333_333_33),
            (170, 0.05, -95.0, -98.333_333_333_333_33),
            (180, 0.06, -95.0, -98.333_333_333_333_33),
        ];
        for (minute, price, worst, drawdown) in polls {
            fold.apply(&facts, &rules, &seen(minute, price));
            let entry = fold.entry.unwrap().price;
            let low = (fold.lowest.unwrap().usd() / entry.usd() - 1.0) * 100.0;
            assert!((low - worst).abs() < 1e-9, "minute {minute}: {low}");
            let fall = -fold.worst_fall * 100.0;
            assert!((fall - drawdown).abs() < 1e-9, "minute {minute}: {fall}");
        }
        assert_eq!(fold.peak.unwrap().price.usd(), 3.0);
        assert_eq!(fold.longest_gap, Span::minutes(120));
    }

    #[test]
    fn the_first_sample_within_five_minutes_is_the_entry_and_a_later_one_is_not() {
        let facts = facts(None);
        let rules = Rules::default();
        let fold = Fold::over(&facts, &rules, &[seen(5, 2.0), seen(6, 4.0)]);
        let entry = fold.entry.unwrap();
        assert_eq!(entry.price.usd(), 2.0);
        assert_eq!(entry.at.since(T0), Span::minutes(5));
        assert_eq!(entry.origin, EntryOrigin::Sampled);
        let late = Fold::over(&facts, &rules, &[seen(6, 2.0)]);
        assert_eq!(late.entry, None);
        assert_eq!(late.last.unwrap().price.usd(), 2.0);
    }

    #[test]
    fn nothing_outside_the_window_counts() {
        let facts = facts(Some(1.0));
        let rules = Rules::default();
        let mut fold = Fold::start(&facts);
        assert!(!fold.apply(&facts, &rules, &seen(-1, 100.0)));
        assert!(!fold.apply(&facts, &rules, &seen(7 * 24 * 60 + 1, 100.0)));
        assert!(fold.apply(&facts, &rules, &seen(7 * 24 * 60, 2.0)));
        assert_eq!(fold.peak.unwrap().price.usd(), 2.0);
    }

    #[test]
    fn milestones_are_first_times_and_late_prices_come_after_their_delay() {
        let facts = facts(None);
        let rules = Rules::default();
        let path = [
            (2, 1.0),
            (4, 2.0),
            (5, 1.5),
            (6, 1.9),
            (20, 5.5),
            (30, 2.0),
            (40, 12.0),
        ];
        let all: Vec<_> = path.iter().map(|(m, p)| seen(*m, *p)).collect();
        let fold = Fold::over(&facts, &rules, &all);
        let minute = |at: Option<Timestamp>| at.map(|at| at.since(T0).millis() / 60_000);
        assert_eq!(fold.reached.map(minute), [Some(4), Some(20), Some(40)]);
        let late: Vec<_> = (0..3).map(|i| minute(fold.late(i).map(|p| p.at))).collect();
        assert_eq!(late, [Some(2), Some(5), Some(20)]);
        // Two-fold up to rounding is two-fold.
        let third = CallFacts {
            stated_entry: Price::new(0.1 * 3.0),
            ..facts
        };
        let fold = Fold::over(&third, &rules, &[seen(1, 0.6)]);
        assert_eq!(minute(fold.reached[0]), Some(1));
        assert_eq!(fold.late(1), None);
    }

    #[test]
    fn drained_liquidity_and_absence_are_counted_in_a_row() {
        let facts = facts(Some(1.0));
        let rules = Rules::default();
        let mut fold = Fold::start(&facts);
        for (minute, liquidity, want) in [
            (1, 20_000.0, 0),
            (2, 500.0, 1),
            (3, 0.0, 2),
            (4, 9_000.0, 0),
            (5, 0.0, 1),
        ] {
            let mut o = seen(minute, 1.0);
            o.liquidity_usd = Some(liquidity);
            fold.apply(&facts, &rules, &o);
            assert_eq!(fold.drained_polls, want, "minute {minute}");
        }
        for minute in 6..9 {
            let mut o = seen(minute, 1.0);
            o.price = None;
            o.absent = true;
            fold.apply(&facts, &rules, &o);
        }
        assert_eq!(fold.absent_polls, 3);
        fold.apply(&facts, &rules, &seen(9, 1.0));
        assert_eq!(fold.absent_polls, 0);
    }

    #[test]
    fn the_liquidity_of_one_pool_is_not_compared_with_that_of_all() {
        use LiquidityOf::{Pool, Token, Unsaid};
        let rules = Rules::default();
        let drained = |stated: Option<f64>, readings: &[(f64, LiquidityOf)]| {
            let facts = CallFacts {
                liquidity_usd: stated,
                ..facts(Some(1.0))
            };
            let mut fold = Fold::start(&facts);
            for (minute, (liquidity, of)) in (1..).zip(readings) {
                let mut o = seen(minute, 0.1);
                o.liquidity_usd = Some(*liquidity);
                o.liquidity_of = *of;
                fold.apply(&facts, &rules, &o);
            }
            fold.drained_polls
        };
        // A provider that names no pool steps in for a while: nothing has drained.
        let steady = [
            (900.0, Pool),
            (40_000.0, Token),
            (900.0, Pool),
            (900.0, Pool),
        ];
        assert_eq!(drained(None, &steady), 0);
        // Each kind sees its own drain, and both count on.
        let gone = [
            (20_000.0, Pool),
            (40_000.0, Token),
            (10.0, Pool),
            (10.0, Token),
            (9.0, Pool),
        ];
        assert_eq!(drained(None, &gone), 3);
        // The other kind contradicts it.
        let denied = [
            (20_000.0, Pool),
            (10.0, Pool),
            (40_000.0, Token),
            (10.0, Pool),
        ];
        assert_eq!(drained(None, &denied), 1);
        // What a file or the call said stands in for both.
        for of in [Pool, Token, Unsaid] {
            assert_eq!(drained(Some(20_000.0), &[(10.0, of)]), 1, "{of:?}");
            assert_eq!(
                drained(None, &[(20_000.0, Unsaid), (10.0, of)]),
                1,
                "{of:?}"
            );
        }
    }

    proptest! {
        /// The peak is the maximum, the worst fall the worst over all pairs in order.
        #[test]
        fn agrees_with_a_direct_computation(prices in prop::collection::vec(0.001..100.0f64, 1..60)) {
            let facts = facts(Some(1.0));
            let rules = Rules::default();
            let all: Vec<_> = prices.iter().enumerate().map(|(i, p)| seen(i as i64 + 1, *p)).collect();
            let fold = Fold::over(&facts, &rules, &all);
            let max = prices.iter().copied().fold(f64::MIN, f64::max);
            prop_assert_eq!(fold.peak.unwrap().price.usd(), max);
            let mut path = vec![1.0];
            path.extend(&prices);
            let mut worst = 0.0f64;
            for (i, later) in path.iter().enumerate() {
                let before = path[..=i].iter().copied().fold(f64::MIN, f64::max);
                worst = worst.max(1.0 - later / before);
            }
            prop_assert!((fold.worst_fall - worst).abs() < 1e-12);
            prop_assert_eq!(fold.samples as usize, prices.len());
        }
    }
}
