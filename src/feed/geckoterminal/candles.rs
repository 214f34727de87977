//! `GeckoTerminal`'s candles: rows of `[unix seconds, open, high, low, close, volume]`, the newest
//! first, the newest of all still open, minutes without a trade left out.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::{Candle, Price, Timestamp};
use crate::feed::CandleStep;
use crate::feed::lenient::{Num, Obj, read};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    data: Obj<Data>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    attributes: Obj<Attributes>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Attributes {
    ohlcv_list: Option<Vec<Row>>,
}

/// A row of numbers, or something else that is left out.
#[derive(Deserialize)]
#[serde(untagged)]
enum Row {
    Numbers(Vec<Num>),
    Other(serde::de::IgnoredAny),
}

/// The closed candles of an answer that opened before an instant, the oldest first, at most `most`
/// of them (the newest). A row that cannot be is left out, alone.
///
/// # Errors
/// When it is no answer with candles: why.
pub(super) fn candles_of(
    body: &[u8],
    step: CandleStep,
    before: Timestamp,
    most: usize,
    now: Timestamp,
) -> Result<Vec<Candle>, String> {
    let answer: Answer = read(body)?;
    let rows = answer
        .data
        .0
        .and_then(|data| data.attributes.0)
        .and_then(|attributes| attributes.ohlcv_list)
        .ok_or("JSON without candles")?;
    let mut candles: BTreeMap<Timestamp, Candle> = BTreeMap::new();
    for row in &rows {
        let Row::Numbers(row) = row else { continue };
        let Some(candle) = candle_of(row, step) else {
            continue;
        };
        if candle.opened_at >= before || candle.end() > now {
            continue;
        }
        // The same bucket twice: the one that saw more of it.
        let seen = |c: &Candle| c.volume_usd.unwrap_or(-1.0);
        match candles.get(&candle.opened_at) {
            Some(known) if seen(known) >= seen(&candle) => {}
            _ => {
                candles.insert(candle.opened_at, candle);
            }
        }
    }
    let skip = candles.len().saturating_sub(most);
    Ok(candles.into_values().skip(skip).collect())
}

fn candle_of(row: &[Num], step: CandleStep) -> Option<Candle> {
    let at = |i: usize| row.get(i).and_then(|n| n.0);
    let price = |i: usize| at(i).and_then(Price::new);
    let seconds = at(0).filter(|s| *s > 0.0)?;
    let length = step.span().millis();
    // A start that is off its bucket would make two candles of one.
    let opened = Timestamp::from_number(seconds).ok()?.millis() / length * length;
    let candle = Candle {
        opened_at: Timestamp::from_millis(opened),
        interval: step.span(),
        open: price(1)?,
        high: price(2)?,
        low: price(3)?,
        close: price(4)?,
        volume_usd: row.get(5).and_then(|n| n.amount()),
    };
    candle.contradiction().is_none().then_some(candle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Span;
    use proptest::prelude::*;

    const T0: i64 = 1_790_000_100;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn answer(rows: &str) -> String {
        format!(r#"{{"data":{{"id":"x","attributes":{{"ohlcv_list":[{rows}]}}}}}}"#)
    }

    fn read_minutes(rows: &str, before: i64, most: usize, now: i64) -> Vec<Candle> {
        let body = answer(rows);
        candles_of(
            body.as_bytes(),
            CandleStep::Minute,
            at(before),
            most,
            at(now),
        )
        .unwrap()
    }

    #[test]
    fn newest_first_becomes_oldest_first_and_the_open_one_is_left_out() {
        // T0 is no full minute: 1790000100 = 29833335 * 60.
        assert_eq!(T0 % 60, 0);
        let rows = format!(
            "[{},4,4,4,4,1],[{},3,3,3,3,1],[{},1,2,0.5,1.5,10]",
            T0 + 240,
            T0 + 60,
            T0
        );
        let candles = read_minutes(&rows, T0 + 1000, 10, T0 + 270);
        let opened: Vec<_> = candles.iter().map(|c| c.opened_at).collect();
        assert_eq!(opened, [at(T0), at(T0 + 60)]);
        assert_eq!(candles[0].high.usd(), 2.0);
        assert_eq!(candles[0].low.usd(), 0.5);
        assert_eq!(candles[0].volume_usd, Some(10.0));
        assert_eq!(candles[0].interval, Span::MINUTE);
        // Closed at the very instant: whole.
        assert_eq!(read_minutes(&rows, T0 + 1000, 10, T0 + 300).len(), 3);
        // The bound is exclusive, and the newest are kept.
        assert_eq!(read_minutes(&rows, T0 + 60, 10, T0 + 900).len(), 1);
        let newest = read_minutes(&rows, T0 + 1000, 1, T0 + 900);
        assert_eq!(newest[0].opened_at, at(T0 + 240));
    }

    #[test]
    fn rows_that_cannot_be_are_left_out_alone() {
        let good = format!("[{T0},1,2,0.5,1.5,10]");
        for bad in [
            format!("[{},1,0.5,0.4,1,10]", T0 + 60),
            format!("[{},1,2,1.5,1,10]", T0 + 60),
            format!("[{},0,2,0.5,1,10]", T0 + 60),
            format!("[{},-1,2,0.5,1,10]", T0 + 60),
            format!("[{},1,1e999,0.5,1,10]", T0 + 60),
            format!("[{},1,NaN,0.5,1,10]", T0 + 60),
            format!("[{},1,1e40,0.5,1,10]", T0 + 60),
            format!("[{},1,2,0.5,null,10]", T0 + 60),
            format!("[{},1,2]", T0 + 60),
            "[]".to_owned(),
            "null".to_owned(),
            "7".to_owned(),
            "{\"a\":1}".to_owned(),
            "[null,1,2,0.5,1,10]".to_owned(),
            "[1e300,1,2,0.5,1,10]".to_owned(),
            "[-60,1,2,0.5,1,10]".to_owned(),
        ] {
            let candles = read_minutes(&format!("{bad},{good}"), T0 + 900, 10, T0 + 900);
            assert_eq!(candles.len(), 1, "{bad}");
            assert_eq!(candles[0].opened_at, at(T0), "{bad}");
        }
        // Text that is a number is one; a volume that is none is unknown.
        let rows = format!("[{T0},\"1\",\"2e0\",\"0.5\",\"1\",null]");
        let candles = read_minutes(&rows, T0 + 900, 10, T0 + 900);
        assert_eq!(candles[0].volume_usd, None);
    }

    #[test]
    fn a_bucket_is_one_candle_whatever_its_start_reads() {
        let rows = format!(
            "[{},1,2,1,2,10],[{T0},1,3,1,2,50],[{T0},1,4,1,2,20]",
            T0 + 7
        );
        let candles = read_minutes(&rows, T0 + 900, 10, T0 + 900);
        assert_eq!(candles.len(), 1);
        assert_eq!(candles[0].opened_at, at(T0));
        assert_eq!(candles[0].high.usd(), 3.0);
    }

    #[test]
    fn an_answer_without_a_list_is_an_error_and_an_empty_one_is_not() {
        assert!(read_minutes("", T0, 10, T0).is_empty());
        for body in ["{}", "[]", r#"{"data":{"attributes":{}}}"#, "<html>", ""] {
            let read = candles_of(body.as_bytes(), CandleStep::Hour, at(T0), 10, at(T0));
            assert!(read.is_err(), "{body}");
        }
    }

    proptest! {
        /// Whatever comes: in order, apart, closed, before the bound, and never a panic.
        #[test]
        fn candles_are_in_order_whatever_comes(
            rows in prop::collection::vec(
                (-200_i64..200, prop::collection::vec(0.1_f64..10.0, 0..7)), 0..60),
            most in 1_usize..50,
            step in prop::sample::select(vec![
                CandleStep::Minute, CandleStep::Quarter, CandleStep::Hour]),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let rows: Vec<String> = rows.into_iter().map(|(minute, values)| {
                let mut row = vec![(T0 + minute * 60).to_string()];
                row.extend(values.iter().map(f64::to_string));
                format!("[{}]", row.join(","))
            }).collect();
            let mut body = answer(&rows.join(",")).into_bytes();
            if let Some(cut) = cut {
                let at = cut.index(body.len());
                body[at] = b'#';
            }
            let (before, now) = (at(T0 + 3600), at(T0 + 4000));
            if let Ok(candles) = candles_of(&body, step, before, most, now) {
                prop_assert!(candles.len() <= most);
                for pair in candles.windows(2) {
                    prop_assert!(pair[0].end() <= pair[1].opened_at);
                }
                for candle in candles {
                    prop_assert!(candle.opened_at < before && candle.end() <= now);
                    prop_assert_eq!(candle.contradiction(), None);
                }
            }
        }
    }
}
