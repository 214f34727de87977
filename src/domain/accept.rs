//! The acceptance rule of polled prices (DESIGN §2 "Sample"): a price over 4x the last accepted
//! one waits; it is accepted if the next reading, or another provider's, is at least 75 % of it,
//! else refused. Falls are never refused for being deep: a rug's low is real.
//!
//! Two pools are never compared in one test: where a provider has gone over to another pool, any
//! rise waits, and only that pool's next price or another provider can confirm it.
//!
//! Until a price was accepted, the entry that a call stated stands in for it, so that a wick on
//! the first poll is no high either.

use super::quantity::Price;
use super::sample::Reading;

/// A price over this multiple of the last accepted one waits for a second reading.
const JUMP: f64 = 4.0;
/// The second reading must be at least this share of the waiting price.
const CONFIRMS: f64 = 0.75;

/// What one token's readings have come to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Acceptance {
    last: Option<Price>,
    stated: Option<Price>,
    waiting: Option<Reading>,
}

/// What became of a reading, and of the one that waited for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The reading that waited, and whether this one confirms it.
    pub settled: Option<(Reading, bool)>,
    /// The reading itself waits.
    pub waits: bool,
}

impl Acceptance {
    /// Takes up where an earlier run left off: the last accepted price, and a reading that still
    /// waits.
    #[must_use]
    pub fn resumed(last: Option<Price>, waiting: Option<Reading>) -> Self {
        Self {
            last,
            stated: None,
            waiting,
        }
    }

    /// The price that a call stated: what the first reading is compared with.
    pub fn state(&mut self, entry: Price) {
        self.stated = Some(entry);
    }

    /// Whether any price has been seen: the token was listed once.
    #[must_use]
    pub fn was_listed(&self) -> bool {
        self.last.is_some() || self.waiting.is_some()
    }

    /// Whether a reading waits for a second one.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.waiting.is_some()
    }

    /// Judges the next reading. One without a price is taken as it is and settles nothing.
    /// `repinned`: its provider has gone over to another pool since its last one.
    pub fn judge(&mut self, reading: &Reading, repinned: bool) -> Judgement {
        let Some(price) = reading.price else {
            return Judgement {
                settled: None,
                waits: false,
            };
        };
        let settled = self.waiting.take().map(|waiting| {
            let jump = waiting.price.map_or(0.0, Price::usd);
            let other_pool = repinned && waiting.provider == reading.provider;
            let confirmed = !other_pool && price.usd() >= jump * CONFIRMS;
            if confirmed {
                self.last = waiting.price;
            }
            (waiting, confirmed)
        });
        let most = if repinned { 1.0 } else { JUMP };
        let waits = match (self.last, self.stated) {
            (Some(last), _) => price.over(last).exceeds(most),
            (None, Some(stated)) => price.over(stated).exceeds(JUMP),
            (None, None) => false,
        };
        if waits {
            self.waiting = Some(reading.clone());
        } else {
            self.last = Some(price);
        }
        Judgement { settled, waits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Span, Timestamp};

    fn reading(minute: i64, price: f64) -> Reading {
        Reading {
            at: Timestamp::from_millis(0).plus(Span::minutes(minute)),
            price: Price::new(price),
            liquidity_usd: None,
            market_cap_usd: None,
            absent: false,
            provider: "test".to_owned(),
            pool: None,
        }
    }

    /// Which prices of a series end up accepted; a waiting one counts only once it is confirmed.
    fn accepted(prices: &[f64]) -> Vec<f64> {
        let mut acceptance = Acceptance::default();
        let mut out = Vec::new();
        for (i, price) in prices.iter().enumerate() {
            let judged = acceptance.judge(&reading(i as i64, *price), false);
            if let Some((waited, true)) = judged.settled {
                out.extend(waited.price.map(Price::usd));
            }
            if !judged.waits {
                out.push(*price);
            }
        }
        out
    }

    #[test]
    fn a_lone_wick_never_counts_and_a_real_move_does() {
        for (prices, want) in [
            (&[1.0, 100.0, 1.1][..], &[1.0, 1.1][..]),
            (&[1.0, 5.0, 4.0], &[1.0, 5.0, 4.0]),
            (&[1.0, 5.0, 3.7, 3.8], &[1.0, 3.7, 3.8]),
            // 3.75 is exactly 75 % of the jump.
            (&[1.0, 5.0, 3.75], &[1.0, 5.0, 3.75]),
            // Exactly 4x does not wait.
            (&[1.0, 4.0, 1.0], &[1.0, 4.0, 1.0]),
            (&[1.0, 0.001, 0.002], &[1.0, 0.001, 0.002]),
            // A climb of one jump after another: each is confirmed by the next.
            (
                &[1.0, 10.0, 100.0, 1000.0, 900.0],
                &[1.0, 10.0, 100.0, 1000.0, 900.0],
            ),
            // The first price there is has nothing to be compared with.
            (&[50.0, 1.0], &[50.0, 1.0]),
            (&[1.0, 100.0, 100.0, 1.0], &[1.0, 100.0, 100.0, 1.0]),
        ] {
            assert_eq!(accepted(prices), want, "{prices:?}");
        }
    }

    #[test]
    fn a_reading_without_a_price_leaves_the_waiting_one_waiting() {
        let mut acceptance = Acceptance::default();
        acceptance.judge(&reading(0, 1.0), false);
        assert!(acceptance.judge(&reading(1, 9.0), false).waits);
        let mut dry = reading(2, 1.0);
        dry.price = None;
        assert_eq!(acceptance.judge(&dry, false).settled, None);
        let judged = acceptance.judge(&reading(3, 8.0), false);
        assert!(judged.settled.unwrap().1);
    }

    /// Judges prices of pools, each as (pool, price); gives the accepted ones.
    fn accepted_of_pools(readings: &[(&str, f64)]) -> Vec<f64> {
        let mut acceptance = Acceptance::default();
        let mut out = Vec::new();
        let mut last = None;
        for (i, (pool, price)) in readings.iter().enumerate() {
            let repinned = last.is_some_and(|last| last != *pool);
            last = Some(*pool);
            let judged = acceptance.judge(&reading(i as i64, *price), repinned);
            if let Some((waited, true)) = judged.settled {
                out.extend(waited.price.map(Price::usd));
            }
            if !judged.waits {
                out.push(*price);
            }
        }
        out
    }

    #[test]
    fn a_rise_at_another_pool_needs_that_pools_next_price() {
        for (readings, want) in [
            // Three times is no jump, but pools are not compared.
            (&[("a", 1.0), ("b", 3.0), ("b", 1.0)][..], &[1.0, 1.0][..]),
            (&[("a", 1.0), ("b", 3.0), ("b", 2.9)], &[1.0, 3.0, 2.9]),
            // The first pool's price says nothing of the other one's.
            (
                &[("a", 1.0), ("b", 3.0), ("a", 2.9), ("a", 1.0)],
                &[1.0, 1.0],
            ),
            // Nor does another pool confirm a jump.
            (
                &[("a", 1.0), ("a", 9.0), ("b", 9.0), ("b", 1.0)],
                &[1.0, 1.0],
            ),
            (&[("a", 1.0), ("b", 0.1), ("b", 0.2)], &[1.0, 0.1, 0.2]),
        ] {
            assert_eq!(accepted_of_pools(readings), want, "{readings:?}");
        }
    }

    #[test]
    fn another_provider_confirms_whatever_its_pool() {
        let mut acceptance = Acceptance::default();
        acceptance.judge(&reading(0, 1.0), false);
        assert!(acceptance.judge(&reading(1, 9.0), false).waits);
        let mut second = reading(1, 8.0);
        second.provider = "other".to_owned();
        let judged = acceptance.judge(&second, true);
        assert!(judged.settled.unwrap().1);
    }

    #[test]
    fn the_first_reading_is_compared_with_the_entry_that_was_stated() {
        let mut acceptance = Acceptance::default();
        acceptance.state(Price::new(1.0).unwrap());
        assert!(acceptance.judge(&reading(0, 100.0), false).waits);
        let judged = acceptance.judge(&reading(1, 1.2), false);
        assert!(!judged.settled.unwrap().1);
        assert!(!judged.waits);
    }
}
