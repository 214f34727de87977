//! Which candles of an answer are believed (price-apis.md 1.6): a candle far above both its
//! neighbours needs volume, else it is a trade that nobody else could have had; and so does a high
//! that no neighbour comes near, else it is cut to the candle's body. A fall is always believed,
//! and so is what comes before it. What of a believed candle's high counts is the fold's affair.

use crate::domain::Candle;
use crate::domain::rules::WICK_CONFIRMS;

/// A candle over this multiple of its neighbours stands alone.
const ALONE: f64 = 5.0;
/// The volume, USD, that makes a candle that stands alone believable.
const VOLUME_USD: f64 = 500.0;

/// The candles of an answer, sorted out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Believed {
    /// They count.
    pub kept: Vec<Candle>,
    /// How many stood alone without volume, or had a high that did.
    pub refused: usize,
}

/// Sorts out the candles of one pool, oldest first.
#[must_use]
pub fn believed(candles: Vec<Candle>) -> Believed {
    let alone = |i: usize, candle: &Candle| {
        let before = i.checked_sub(1).and_then(|i| candles.get(i));
        // At an end of the answer nobody knows what is beyond: it may be the last price before
        // a fall.
        let (Some(before), Some(after)) = (before, candles.get(i + 1)) else {
            return false;
        };
        // The body: a lone wick above it is the fold's affair.
        candle.body().usd() > before.close.usd().max(after.close.usd()) * ALONE
    };
    let thin = |candle: &Candle| candle.volume_usd.is_none_or(|usd| usd < VOLUME_USD);
    let refuse: Vec<bool> = candles
        .iter()
        .enumerate()
        .map(|(i, candle)| thin(candle) && alone(i, candle))
        .collect();
    let cut: Vec<bool> = (0..candles.len())
        .map(|i| candles.get(i).is_some_and(thin) && is_bare_high(&candles, i))
        .collect();
    let mut believed = Believed::default();
    for (mut candle, (refuse, cut)) in candles.into_iter().zip(refuse.into_iter().zip(cut)) {
        believed.refused += usize::from(refuse || cut);
        if cut {
            candle.high = candle.body();
        }
        if !refuse {
            believed.kept.push(candle);
        }
    }
    believed
}

/// Whether neither the candle's own body nor a neighbour comes near its high. Without any
/// neighbour nobody can tell.
fn is_bare_high(candles: &[Candle], i: usize) -> bool {
    let Some(candle) = candles.get(i) else {
        return false;
    };
    let near = candle.top().usd() * WICK_CONFIRMS;
    let before = i.checked_sub(1).and_then(|i| candles.get(i));
    let mut neighbours = before.into_iter().chain(candles.get(i + 1)).peekable();
    neighbours.peek().is_some()
        && candle.body().usd() < near
        && neighbours.all(|n| n.top().usd() < near)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Price, Span, Timestamp};

    fn candle(i: i64, open: f64, close: f64, volume: Option<f64>) -> Candle {
        let price = |usd: f64| Price::new(usd).unwrap();
        Candle {
            opened_at: Timestamp::from_millis(0).plus(Span::minutes(i)),
            interval: Span::MINUTE,
            open: price(open),
            high: price(open.max(close)),
            low: price(open.min(close)),
            close: price(close),
            volume_usd: volume,
        }
    }

    fn kept(closes: &[(f64, f64)]) -> Vec<f64> {
        let mut open = closes[0].0;
        let mut candles = Vec::new();
        for (i, (close, volume)) in (0..).zip(closes) {
            candles.push(candle(i, open, *close, (*volume >= 0.0).then_some(*volume)));
            // An artefact's price is not where the next candle opens.
            if *close < 100.0 {
                open = *close;
            }
        }
        believed(candles)
            .kept
            .iter()
            .map(|c| c.close.usd())
            .collect()
    }

    #[test]
    fn a_candle_that_stands_alone_needs_volume_and_a_fall_needs_nothing() {
        for (closes, want) in [
            // 400x on eight dollars.
            (
                &[(1.0, 900.0), (400.0, 8.0), (1.1, 900.0)][..],
                &[1.0, 1.1][..],
            ),
            // Volume unknown is no volume.
            (&[(1.0, 900.0), (400.0, -1.0), (1.1, 900.0)], &[1.0, 1.1]),
            // A real spike.
            (
                &[(1.0, 900.0), (400.0, 50_000.0), (1.1, 900.0)],
                &[1.0, 400.0, 1.1],
            ),
            // Two in a row vouch for each other.
            (&[(1.0, 9.0), (6.0, 9.0), (5.9, 9.0)], &[1.0, 6.0, 5.9]),
            (
                &[(1.0, 9.0), (0.0001, 1.0), (1.0, 9.0)],
                &[1.0, 0.0001, 1.0],
            ),
            (&[(7.0, 1.0)], &[7.0]),
            (&[(7.0, 1.0), (1.0, 1.0)], &[7.0, 1.0]),
        ] {
            assert_eq!(kept(closes), want, "{closes:?}");
        }
    }

    #[test]
    fn a_high_needs_volume_or_a_neighbour() {
        let price = |usd: f64| Price::new(usd).unwrap();
        let highs = |rows: &[(f64, f64)]| {
            let candles = (0..).zip(rows).map(|(i, (high, volume))| Candle {
                high: price(*high),
                ..candle(i, 1.0, 1.0, Some(*volume))
            });
            let told = believed(candles.collect());
            let highs: Vec<f64> = told.kept.iter().map(|c| c.high.usd()).collect();
            (highs, told.refused)
        };
        for (rows, want, refused) in [
            (
                &[(1.0, 9.0), (3.5, 8.0), (1.0, 9.0)][..],
                &[1.0, 1.0, 1.0][..],
                1,
            ),
            (&[(1.0, 9.0), (3.5, 800.0), (1.0, 9.0)], &[1.0, 3.5, 1.0], 0),
            // Exactly 75 % of it is near.
            (&[(1.0, 9.0), (2.0, 8.0), (1.5, 9.0)], &[1.0, 2.0, 1.5], 0),
            (&[(1.3, 9.0), (1.7, 8.0), (1.3, 9.0)], &[1.3, 1.7, 1.3], 0),
            (&[(3.0, 9.0), (1.0, 9.0)], &[1.0, 1.0], 1),
            (&[(3.0, 9.0)], &[3.0], 0),
        ] {
            assert_eq!(highs(rows), (want.to_vec(), refused), "{rows:?}");
        }
    }
}
