//! A move: over so many percent from the lowest or the highest price of the last hour. One that
//! goes on is one move: it is told again only after it has come to rest (within half the limit
//! of that extreme), or turned round.

use std::collections::VecDeque;

use crate::domain::fold::PriceAt;
use crate::domain::{Percent, Span, Timestamp};

/// The prices of an hour, as far as they can still be its lowest or its highest: each price goes
/// in and out once, whatever their number.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hour {
    /// Rising: the first is the lowest of the hour.
    lows: VecDeque<PriceAt>,
    /// Falling: the first is the highest.
    highs: VecDeque<PriceAt>,
    /// The direction of the move that was told and is not over.
    under_way: Option<Up>,
}

type Up = bool;

/// A price moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moved {
    /// The extreme of the hour.
    pub from: PriceAt,
    /// The price now.
    pub to: PriceAt,
    /// From one to the other.
    pub change: Percent,
}

impl Hour {
    /// When the latest price was.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        self.lows.back().map(|p| p.at)
    }

    /// The latest price was told as a move in this direction.
    pub fn latch(&mut self, up: bool) {
        self.under_way = Some(up);
        // A turn is measured from here on: the way back to where it came from is no second move.
        let other = if up { &mut self.highs } else { &mut self.lows };
        let now = other.pop_back();
        other.clear();
        other.extend(now);
    }

    /// Takes a price of the past in: whatever was told of it was told.
    pub fn follow(&mut self, price: PriceAt, limit: Percent) {
        let before = self.clone();
        if self.push(price, limit).is_some() {
            // Nobody told it so far: if it goes on, it is news.
            *self = before;
            self.take(price);
        }
    }

    fn take(&mut self, now: PriceAt) {
        let old = now.at.minus(Span::HOUR);
        while self.lows.front().is_some_and(|p| p.at < old) {
            self.lows.pop_front();
        }
        while self.highs.front().is_some_and(|p| p.at < old) {
            self.highs.pop_front();
        }
        while self.lows.back().is_some_and(|p| p.price > now.price) {
            self.lows.pop_back();
        }
        self.lows.push_back(now);
        while self.highs.back().is_some_and(|p| p.price < now.price) {
            self.highs.pop_back();
        }
        self.highs.push_back(now);
    }

    /// Takes the next price in; what it amounts to, if that is a move that was not told.
    pub fn push(&mut self, now: PriceAt, limit: Percent) -> Option<Moved> {
        if self.last().is_some_and(|last| now.at < last) {
            return None;
        }
        self.take(now);
        let from = |p: Option<&PriceAt>| p.copied().unwrap_or(now);
        let (low, high) = (from(self.lows.front()), from(self.highs.front()));
        let change = |from: PriceAt| now.price.over(from.price).gain().value();
        // "Over 20 %": 1.2 against 1.0 is not, whatever the rounding.
        let over = |change: f64, limit: f64| change > limit * (1.0 + 1e-9);
        let rises = over(change(low), limit.value());
        // A fall can be of a hundred percent at most: over so many percent down.
        let falls = over(-change(high), limit.value());
        let turn = match self.under_way {
            Some(true) if falls => Some(false),
            Some(false) if rises => Some(true),
            Some(up) => {
                let rest = if up { change(low) } else { -change(high) };
                if rest <= limit.value() / 2.0 {
                    self.under_way = None;
                }
                None
            }
            None if rises && falls => Some(low.at > high.at),
            None if rises => Some(true),
            None if falls => Some(false),
            None => None,
        };
        let up = turn?;
        self.latch(up);
        let from = if up { low } else { high };
        Some(Moved {
            from,
            to: now,
            change: Percent(change(from)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Price;
    use proptest::prelude::*;

    const LIMIT: Percent = Percent(20.0);

    fn at(minute: i64, price: f64) -> PriceAt {
        PriceAt {
            at: Timestamp::from_millis(1_760_000_000_000).plus(Span::minutes(minute)),
            price: Price::new(price).unwrap(),
        }
    }

    /// The moves of a path of (minute, price), as (minute, rounded percent).
    fn moves(path: &[(i64, f64)]) -> Vec<(i64, i64)> {
        let mut hour = Hour::default();
        path.iter()
            .filter_map(|(minute, price)| {
                let moved = hour.push(at(*minute, *price), LIMIT)?;
                Some((*minute, moved.change.value().round() as i64))
            })
            .collect()
    }

    #[test]
    fn one_move_is_one_notice() {
        for (path, want) in [
            (&[(0, 1.0), (1, 1.2)][..], &[][..]),
            (&[(0, 1.0), (1, 1.21)], &[(1, 21)]),
            (&[(0, 1.0), (60, 1.21)], &[(60, 21)]),
            (&[(0, 1.0), (61, 1.3)], &[]),
            (&[(0, 0.5), (1, 0.6)], &[]),
            (&[(0, 1.0), (1, 0.79)], &[(1, -21)]),
            // It goes on, and trembles at the limit.
            (
                &[(0, 1.0), (1, 1.3), (2, 1.7), (3, 2.5), (4, 2.4)],
                &[(1, 30)],
            ),
            (
                &[(0, 1.0), (1, 1.21), (2, 1.19), (3, 1.21), (4, 1.18)],
                &[(1, 21)],
            ),
            // It comes to rest, and moves again later.
            (
                &[(0, 1.0), (1, 1.3), (62, 1.3), (63, 1.6)],
                &[(1, 30), (63, 23)],
            ),
            // It turns round: another move. The way back up counts from the bottom.
            (
                &[(0, 1.0), (1, 1.5), (2, 1.1), (3, 1.25)],
                &[(1, 50), (2, -27)],
            ),
            (
                &[(0, 1.0), (1, 1.5), (2, 1.1), (3, 1.4)],
                &[(1, 50), (2, -27), (3, 27)],
            ),
            // One slow climb of three hours is one move.
            (
                &[
                    (0, 1.0),
                    (30, 1.3),
                    (60, 1.7),
                    (90, 2.2),
                    (120, 2.9),
                    (150, 3.8),
                ],
                &[(30, 30)],
            ),
        ] {
            assert_eq!(moves(path), want, "{path:?}");
        }
    }

    proptest! {
        #[test]
        fn the_hour_is_the_true_extreme_and_moves_never_repeat(
            steps in prop::collection::vec((0i64..20, 0.5f64..2.0), 1..80)
        ) {
            let mut hour = Hour::default();
            let (mut minute, mut all) = (0, Vec::new());
            let mut told: Vec<Moved> = Vec::new();
            for (wait, price) in steps {
                minute += wait;
                let now = at(minute, price);
                all.push(now);
                if let Some(moved) = hour.push(now, LIMIT) {
                    prop_assert!(moved.change.value().abs() > 20.0);
                    prop_assert!(now.at.since(moved.from.at) <= Span::HOUR);
                    prop_assert!(all.contains(&moved.from));
                    if let Some(last) = told.last() {
                        let same = (last.change.value() > 0.0) == (moved.change.value() > 0.0);
                        // Of two in one direction the price came back in between.
                        let between = all.iter().any(|p| {
                            p.at >= last.to.at && p.at <= moved.to.at && p != &last.to
                        });
                        prop_assert!(!same || between);
                        prop_assert!(last.from.at != moved.from.at || !same || last.to != moved.to);
                    }
                    told.push(moved);
                }
                // Nothing over the limit is ever left untold: it is under way.
                let hour_ago = now.at.minus(Span::HOUR);
                let quiet = all.iter().filter(|p| p.at >= hour_ago).all(|p| {
                    now.price.over(p.price).gain().value().abs() <= 20.0
                });
                prop_assert!(quiet || !told.is_empty());
                prop_assert!(hour.lows.len() <= all.len() && hour.highs.len() <= all.len());
            }
        }
    }
}
