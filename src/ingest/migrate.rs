//! What a predecessor's record of a call is worth as an outcome (its fields are described in
//! `predecessors.md` B2).
//!
//! Such records know the ATH, and of the end often only a "current" price, which for back-filled
//! ones *is* the ATH. So a final is taken from a day-7 field or checkpoint; else from the current
//! price, if the record is complete, the price is not the ATH, and it was read within a day of the
//! end of the window; else there is none. Own samples and candles come before all of this: that
//! is for [`crate::domain::Outcome`] to say.

use serde_json::Value;

use crate::domain::rules::FINAL_WITHIN;
use crate::domain::{ImportedOutcome, Multiple, Price, Span, Timestamp};

/// When a day-7 field was read.
const DAY_7: Span = Span::days(7);

/// The fields of such a record; a price of 0 is unknown already.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recorded {
    /// What it was called at.
    pub entry: Option<Price>,
    /// When it was called.
    pub started: Option<Timestamp>,
    /// The highest multiple.
    pub ath: Option<Multiple>,
    /// The highest price.
    pub ath_price: Option<Price>,
    /// When that was.
    pub ath_at: Option<Timestamp>,
    /// How long after the call that was, in days.
    pub days_to_ath: Option<f64>,
    /// The multiple of the day-7 field.
    pub day_7: Option<Multiple>,
    /// The price of the day-7 field.
    pub day_7_price: Option<Price>,
    /// The checkpoints, as a JSON object: `{"7d": {"price", "roi_multiplier", "reached"}, ..}`.
    pub checkpoints: Option<String>,
    /// The latest multiple.
    pub current: Option<Multiple>,
    /// The latest price.
    pub current_price: Option<Price>,
    /// When that was read.
    pub updated: Option<Timestamp>,
    /// Whether its tracker was done with it.
    pub complete: bool,
}

impl Recorded {
    /// What it says of the peak and the end of a window of this length.
    #[must_use]
    pub fn outcome(&self, window: Span) -> ImportedOutcome {
        let over = |price: Option<Price>| Some(price?.over(self.entry?));
        let ath = self.ath.or(over(self.ath_price));
        let current = self.current.or(over(self.current_price));
        let day_7 = self.day_7.or(over(self.day_7_price));
        // Entered at the price of the day of the scrape: nothing in it was measured.
        let all_one = [ath, current, day_7]
            .into_iter()
            .flatten()
            .all(|m| same(m, Multiple::ONE));
        if all_one {
            return ImportedOutcome::default();
        }
        let from_current = || {
            let end = self.started?.plus(window);
            let updated = self.updated?;
            let current = current?;
            let is_ath = ath.is_none_or(|ath| same(ath, current));
            let in_time = updated.since(end).abs() <= FINAL_WITHIN;
            (self.complete && !is_ath && in_time).then_some((current, Some(updated)))
        };
        let is_day_7 = Span::from_millis(window.millis() - DAY_7.millis()).abs() <= FINAL_WITHIN;
        let at_day_7 = day_7
            .or_else(|| self.checkpoint())
            .filter(|_| is_day_7)
            .map(|multiple| (multiple, self.started.map(|at| at.plus(DAY_7))));
        let end = at_day_7.or_else(from_current);
        ImportedOutcome {
            peak: ath.filter(|_| !self.peaked_later(window)),
            final_multiple: end.map(|(multiple, _)| multiple),
            observed_until: end.and_then(|(_, at)| at),
            ..ImportedOutcome::default()
        }
    }

    /// These trackers followed a call for up to 30 days: a later peak is not this window's.
    fn peaked_later(&self, window: Span) -> bool {
        let late = |at: Timestamp| {
            self.started
                .is_some_and(|started| at.since(started) > window)
        };
        self.ath_at.is_some_and(late)
            || self
                .days_to_ath
                .is_some_and(|days| days * Span::DAY.millis() as f64 > window.millis() as f64)
    }

    /// The multiple of the checkpoint at day 7. One that was not reached has price 0; one at the
    /// very entry was made up for an old message; one that equals day 30 was filled in after a gap.
    fn checkpoint(&self) -> Option<Multiple> {
        let all: Value = serde_json::from_str(self.checkpoints.as_deref()?).ok()?;
        let read = |name: &str| {
            let point = all.get(name)?;
            let reached = point.get("reached").and_then(Value::as_bool)?;
            let price = point.get("price").and_then(Value::as_f64);
            let price = price.and_then(Price::new).filter(|_| reached)?;
            let stated = point.get("roi_multiplier").and_then(Value::as_f64);
            let stated = stated.and_then(Multiple::new).filter(|m| m.value() > 0.0);
            Some((price, stated.or_else(|| Some(price.over(self.entry?)))?))
        };
        let (price, multiple) = read("7d")?;
        let filled_in = read("30d").is_some_and(|(later, _)| later == price);
        (!filled_in && !same(multiple, Multiple::ONE)).then_some(multiple)
    }
}

/// Equal up to rounding.
fn same(a: Multiple, b: Multiple) -> bool {
    a.reaches(b.value()) && b.reaches(a.value())
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Timestamp = Timestamp::from_millis(1_760_000_000_000);

    fn m(value: f64) -> Option<Multiple> {
        Multiple::new(value)
    }

    fn complete() -> Recorded {
        Recorded {
            entry: Price::new(0.002),
            started: Some(T0),
            ath: m(4.0),
            current: m(0.5),
            updated: Some(T0.plus(Span::days(7))),
            complete: true,
            ..Recorded::default()
        }
    }

    fn fin(record: &Recorded) -> Option<f64> {
        let outcome = record.outcome(Span::days(7));
        outcome.final_multiple.map(Multiple::value)
    }

    #[test]
    fn a_current_price_is_a_final_only_when_all_three_hold() {
        assert_eq!(fin(&complete()), Some(0.5));
        for (hours, want) in [(-25, None), (-24, Some(0.5)), (24, Some(0.5)), (25, None)] {
            let updated = Some(T0.plus(Span::days(7)).plus(Span::hours(hours)));
            let record = Recorded {
                updated,
                ..complete()
            };
            assert_eq!(fin(&record), want, "{hours} h");
            assert_eq!(
                record.outcome(Span::days(7)).observed_until,
                want.and(updated)
            );
        }
        for not in [
            Recorded {
                complete: false,
                ..complete()
            },
            Recorded {
                current: m(4.0),
                ..complete()
            },
            Recorded {
                current: None,
                current_price: Price::new(0.008),
                ..complete()
            },
            Recorded {
                updated: None,
                ..complete()
            },
            Recorded {
                started: None,
                ..complete()
            },
            Recorded {
                ath: None,
                ..complete()
            },
            // Three days are this user's window: day 7 is not its end.
            Recorded {
                day_7: m(0.7),
                updated: None,
                ..complete()
            },
        ] {
            let window = Span::days(if not.day_7.is_some() { 3 } else { 7 });
            assert_eq!(not.outcome(window).final_multiple, None, "{not:?}");
        }
        assert_eq!(complete().outcome(Span::days(7)).peak, m(4.0));
    }

    #[test]
    fn day_7_comes_before_the_current_price() {
        let field = Recorded {
            day_7_price: Price::new(0.0016),
            ..complete()
        };
        assert_eq!(fin(&field), Some(0.8));
        let point = |seven: &str, thirty: &str| Recorded {
            checkpoints: Some(format!("{{\"7d\": {seven}, \"30d\": {thirty}}}")),
            current: None,
            ..complete()
        };
        let unreached = r#"{"price": 0.0, "roi_multiplier": 0.0, "reached": false}"#;
        let seven = r#"{"price": 0.001, "roi_multiplier": 0.5, "reached": true}"#;
        let later = r#"{"price": 0.003, "reached": true}"#;
        let made_up = r#"{"price": 0.002, "roi_multiplier": 1.0, "reached": true}"#;
        assert_eq!(fin(&point(seven, unreached)), Some(0.5));
        assert_eq!(fin(&point(later, unreached)), Some(1.5));
        assert_eq!(fin(&point(seven, seven)), None);
        assert_eq!(fin(&point(unreached, unreached)), None);
        assert_eq!(fin(&point(made_up, unreached)), None);
        assert_eq!(fin(&point("null", "7")), None);
    }

    #[test]
    fn a_record_of_ones_was_not_measured_and_a_later_peak_is_not_ours() {
        let ones = Recorded {
            ath: m(1.0),
            current: m(1.0),
            day_7: m(1.0),
            ..complete()
        };
        assert_eq!(ones.outcome(Span::days(7)), ImportedOutcome::default());
        let late = Recorded {
            days_to_ath: Some(12.0),
            ..complete()
        };
        assert_eq!(late.outcome(Span::days(7)).peak, None);
        let late = Recorded {
            ath_at: Some(T0.plus(Span::days(8))),
            ..complete()
        };
        assert_eq!(late.outcome(Span::days(7)).peak, None);
        assert_eq!(fin(&late), Some(0.5));
    }
}
