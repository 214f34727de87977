//! Which candles of an answer are believed (price-apis.md 1.6): a candle far above both its
//! neighbours needs volume, else it is a trade that nobody else could have had. A fall is always
//! believed, and so is what comes before it. What of a believed candle's high counts is the fold's affair.

use crate::domain::Candle;

/// A candle over this multiple of its neighbours stands alone.
const ALONE: f64 = 5.0;
/// The volume, USD, that makes a candle that stands alone believable.
const VOLUME_USD: f64 = 500.0;

/// The candles of an answer, sorted out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Believed {
    /// They count.
    pub kept: Vec<Candle>,
    /// How many stood alone without volume.
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
    let refused = refuse.iter().filter(|refuse| **refuse).count();
    let kept = candles.into_iter().zip(refuse);
    Believed {
        kept: kept.filter(|(_, refuse)| !refuse).map(|(c, _)| c).collect(),
        refused,
    }
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
}
