//! Which candles to ask for: as few requests as fill the gaps (price-apis.md 1.5), from the pools
//! that existed at the time.

use crate::domain::stretch::merged;
use crate::domain::{Span, Stretch, Timestamp};
use crate::feed::{CandleStep, Pool};

/// One request for candles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The pool, in the provider's letters.
    pub pool: String,
    /// How long each candle is.
    pub step: CandleStep,
    /// Candles that end in it are wanted.
    pub stretch: Stretch,
}

/// Candles that one request can bring.
pub const MOST: i64 = 1000;
/// After a call, minute candles are asked for so long: for its entry, and since the candle that
/// holds the call lends no high.
const AFTER_CALL: Span = Span::minutes(90);

/// What to ask for to fill the gaps of a token. `calls` are the times of its calls; `pools` are
/// its pools, the one to prefer first. Candles that end after `over` are not to be had yet.
#[must_use]
pub fn asks(gaps: &[Stretch], calls: &[Timestamp], pools: &[Pool], over: Timestamp) -> Vec<Ask> {
    let mut asks = Vec::new();
    for (step, stretch) in windows(gaps, calls, over) {
        for (pool, part) in by_pool(stretch, pools) {
            asks.push(Ask {
                pool: pool.address.clone(),
                step,
                stretch: part,
            });
        }
    }
    asks
}

/// Stretches with the length of the candles that fill them: minutes where one request of them
/// reaches, quarters of an hour else, with minutes after each call.
fn windows(gaps: &[Stretch], calls: &[Timestamp], over: Timestamp) -> Vec<(CandleStep, Stretch)> {
    let gaps = merged(gaps.to_vec());
    let reach = |step: CandleStep| step.span().times(MOST);
    let mut out: Vec<(CandleStep, Stretch)> = Vec::new();
    let mut i = 0;
    while let Some(first) = gaps.get(i) {
        let from = floor(first.from, CandleStep::Minute);
        let minutes = Stretch {
            from,
            to: from.plus(reach(CandleStep::Minute)),
        };
        // Everything that one request of minutes reaches.
        let mut last = i;
        while gaps.get(last + 1).is_some_and(|gap| gap.to <= minutes.to) {
            last += 1;
        }
        if first.to <= minutes.to {
            let to = gaps.get(last).map_or(minutes.to, |gap| gap.to);
            let to = ceil(to, CandleStep::Minute);
            out.extend(Stretch::new(from, to).map(|s| (CandleStep::Minute, s)));
            i = last + 1;
            continue;
        }
        for call in calls {
            if first.from <= *call && *call < first.to {
                let from = floor(*call, CandleStep::Minute);
                let to = call.plus(AFTER_CALL).min(first.to);
                let to = ceil(to, CandleStep::Minute);
                out.extend(Stretch::new(from, to).map(|s| (CandleStep::Minute, s)));
            }
        }
        let mut from = floor(first.from, CandleStep::Quarter);
        let last = ceil(first.to, CandleStep::Quarter);
        let end = if last <= over {
            last
        } else {
            // The last quarter is not over: its minutes are.
            let begun = floor(first.to, CandleStep::Quarter);
            let rest = Stretch::new(begun, ceil(first.to, CandleStep::Minute));
            out.extend(rest.map(|s| (CandleStep::Minute, s)));
            begun
        };
        while from < end {
            let to = from.plus(reach(CandleStep::Quarter)).min(end);
            out.extend(Stretch::new(from, to).map(|s| (CandleStep::Quarter, s)));
            from = to;
        }
        i += 1;
    }
    out
}

fn floor(at: Timestamp, step: CandleStep) -> Timestamp {
    let step = step.span().millis();
    Timestamp::from_millis(at.millis().div_euclid(step) * step)
}

fn ceil(at: Timestamp, step: CandleStep) -> Timestamp {
    let down = floor(at, step);
    if down == at {
        at
    } else {
        down.plus(step.span())
    }
}

/// A stretch by the pools that serve its parts: from when a pool was made on, it alone; before
/// that the next one that was there already. A token that moved from its curve to an exchange has
/// its early highs in the curve's pool.
fn by_pool(stretch: Stretch, pools: &[Pool]) -> Vec<(&Pool, Stretch)> {
    let mut parts = Vec::new();
    let mut rest = Some(stretch);
    for pool in pools {
        let Some(left) = rest else { break };
        let from = pool
            .created_at
            .map_or(left.from, |made| made.max(left.from));
        if let Some(part) = Stretch::new(from, left.to) {
            parts.push((pool, part));
            rest = Stretch::new(left.from, from);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        // A round quarter of an hour.
        Timestamp::from_millis(1_760_000_400_000).plus(Span::minutes(minute))
    }

    fn stretch(from: i64, to: i64) -> Stretch {
        Stretch::new(at(from), at(to)).unwrap()
    }

    fn pool(name: &str, created: Option<i64>) -> Pool {
        Pool {
            address: name.to_owned(),
            dex: None,
            liquidity_usd: None,
            created_at: created.map(at),
        }
    }

    fn told(asks: &[Ask]) -> Vec<(String, CandleStep, i64, i64)> {
        let minute = |t: Timestamp| (t.since(at(0)).as_seconds() / 60.0) as i64;
        asks.iter()
            .map(|a| {
                let (from, to) = (minute(a.stretch.from), minute(a.stretch.to));
                (a.pool.clone(), a.step, from, to)
            })
            .collect()
    }

    #[test]
    fn a_whole_week_is_quarters_with_minutes_after_the_call() {
        let week = 7 * 1440;
        let asks = asks(
            &[stretch(0, week)],
            &[at(0)],
            &[pool("p", None)],
            at(99_999),
        );
        assert_eq!(
            told(&asks),
            [
                ("p".to_owned(), CandleStep::Minute, 0, 90),
                ("p".to_owned(), CandleStep::Quarter, 0, week),
            ]
        );
    }

    #[test]
    fn the_quarter_that_is_not_over_is_asked_for_in_minutes() {
        let asks = asks(&[stretch(0, 2003)], &[], &[pool("p", None)], at(2007));
        assert_eq!(
            told(&asks),
            [
                ("p".to_owned(), CandleStep::Minute, 1995, 2003),
                ("p".to_owned(), CandleStep::Quarter, 0, 1995),
            ]
        );
    }

    #[test]
    fn small_gaps_near_each_other_are_one_request_of_minutes() {
        let gaps = [
            stretch(10, 20),
            stretch(300, 330),
            stretch(990, 1000),
            stretch(1100, 1105),
        ];
        let asks = asks(&gaps, &[at(-100)], &[pool("p", None)], at(99_999));
        assert_eq!(
            told(&asks),
            [
                ("p".to_owned(), CandleStep::Minute, 10, 1000),
                ("p".to_owned(), CandleStep::Minute, 1100, 1105),
            ]
        );
    }

    #[test]
    fn a_gap_longer_than_a_page_of_quarters_takes_several() {
        let month = 30 * 1440;
        let asks = asks(&[stretch(0, month)], &[], &[pool("p", None)], at(99_999));
        let quarters = told(&asks);
        assert_eq!(quarters.len(), 3);
        assert_eq!((quarters[0].2, quarters[2].3), (0, month));
        for pair in quarters.windows(2) {
            assert_eq!(pair[0].3, pair[1].2);
        }
    }

    #[test]
    fn before_a_pool_was_made_the_older_one_is_asked() {
        let pools = [pool("exchange", Some(500)), pool("curve", Some(-60))];
        let asks = asks(&[stretch(0, 900)], &[at(0)], &pools, at(99_999));
        assert_eq!(
            told(&asks),
            [
                ("exchange".to_owned(), CandleStep::Minute, 500, 900),
                ("curve".to_owned(), CandleStep::Minute, 0, 500),
            ]
        );
        assert_eq!(
            super::asks(&[stretch(0, 900)], &[at(0)], &[], at(99_999)),
            []
        );
    }
}
