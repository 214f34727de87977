//! The acceptance rule of polled prices (DESIGN §2 "Sample"): a price over 4x the last accepted
//! one waits; it is accepted if the next reading is at least 75 % of it, else refused. Falls are
//! never refused for being deep: a rug's low is real.

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
    /// Whether any price has been accepted: the token was listed once.
    #[must_use]
    pub fn was_listed(&self) -> bool {
        self.last.is_some() || self.waiting.is_some()
    }

    /// Judges the next reading. One without a price is taken as it is and settles nothing.
    pub fn judge(&mut self, reading: &Reading) -> Judgement {
        let Some(price) = reading.price else {
            return Judgement {
                settled: None,
                waits: false,
            };
        };
        let settled = self.waiting.take().map(|waiting| {
            let jump = waiting.price.map_or(0.0, Price::usd);
            let confirmed = price.usd() >= jump * CONFIRMS;
            if confirmed {
                self.last = waiting.price;
            }
            (waiting, confirmed)
        });
        let waits = self.last.is_some_and(|last| price.over(last).exceeds(JUMP));
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
            let judged = acceptance.judge(&reading(i as i64, *price));
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
        acceptance.judge(&reading(0, 1.0));
        assert!(acceptance.judge(&reading(1, 9.0)).waits);
        let mut dry = reading(2, 1.0);
        dry.price = None;
        assert_eq!(acceptance.judge(&dry).settled, None);
        let judged = acceptance.judge(&reading(3, 8.0));
        assert!(judged.settled.unwrap().1);
    }
}
