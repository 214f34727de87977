//! Instants and spans in UTC milliseconds: the only way the program speaks about time.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// An instant: Unix milliseconds, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(i64);

/// A signed length of time in milliseconds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Span(i64);

/// The last instant that RFC 3339 can write: 9999-12-31T23:59:59.999Z.
const MAX_MILLIS: i64 = 253_402_300_799_999;

/// Plain numbers below this are Unix seconds, above it milliseconds: 1e11 seconds is the year
/// 5138, 1e11 milliseconds is March 1973, so no date of this trade is ambiguous.
const SECONDS_BELOW: f64 = 1e11;

impl Timestamp {
    /// An instant from Unix milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Unix milliseconds.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 (`2025-11-01T00:00:00Z`, any offset) or a number of Unix seconds or
    /// milliseconds.
    ///
    /// # Errors
    /// Says in words what is wrong: no zone, out of range, not a time at all.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(number) = text.parse::<f64>() {
            return Self::from_number(number);
        }
        match DateTime::parse_from_rfc3339(text) {
            Ok(at) => Self::checked(at.timestamp_millis())
                .ok_or_else(|| format!("time '{text}' lies outside 1970 to 9999")),
            Err(_) if DateTime::parse_from_rfc3339(&format!("{text}Z")).is_ok() => Err(format!(
                "time '{text}' names no zone: write {text}Z if it is UTC"
            )),
            Err(_) => Err(format!(
                "'{text}' is not a time: use RFC 3339 (2025-11-01T00:00:00Z) or Unix seconds or milliseconds"
            )),
        }
    }

    /// Reads a number of Unix seconds (below 1e11) or milliseconds.
    ///
    /// # Errors
    /// When the number is not finite or outside 1970 to 9999.
    pub fn from_number(number: f64) -> Result<Self, String> {
        let millis = if number.abs() < SECONDS_BELOW {
            number * 1000.0
        } else {
            number
        };
        if !millis.is_finite() || millis.abs() > 1e15 {
            return Err(format!("time {number} lies outside 1970 to 9999"));
        }
        Self::checked(millis.round() as i64)
            .ok_or_else(|| format!("time {number} lies outside 1970 to 9999"))
    }

    fn checked(millis: i64) -> Option<Self> {
        (0..=MAX_MILLIS).contains(&millis).then_some(Self(millis))
    }

    /// RFC 3339 in UTC, with milliseconds only where there are any.
    #[must_use]
    pub fn rfc3339(self) -> String {
        match DateTime::<Utc>::from_timestamp_millis(self.0) {
            Some(at) if self.0 % 1000 == 0 => at.to_rfc3339_opts(SecondsFormat::Secs, true),
            Some(at) => at.to_rfc3339_opts(SecondsFormat::Millis, true),
            None => format!("{} ms", self.0),
        }
    }

    /// `2025-11-01 00:00`, in UTC.
    #[must_use]
    pub fn minute_label(self) -> String {
        DateTime::<Utc>::from_timestamp_millis(self.0).map_or_else(
            || "?".to_owned(),
            |at| at.format("%Y-%m-%d %H:%M").to_string(),
        )
    }

    /// The whole hours since 1970 (floored): the key of the hourly summaries.
    #[must_use]
    pub const fn hour(self) -> i64 {
        self.0.div_euclid(Span::HOUR.0)
    }

    /// The start of the given hour since 1970.
    #[must_use]
    pub const fn from_hour(hour: i64) -> Self {
        Self(hour.saturating_mul(Span::HOUR.0))
    }

    /// Time from `earlier` to this instant; negative when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// This instant moved by a span.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// This instant moved back by a span.
    #[must_use]
    pub const fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// One minute.
    pub const MINUTE: Self = Self(60_000);
    /// One hour.
    pub const HOUR: Self = Self(3_600_000);
    /// One day.
    pub const DAY: Self = Self(86_400_000);

    /// A span of milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// A span of seconds.
    #[must_use]
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// A span of minutes.
    #[must_use]
    pub const fn minutes(minutes: i64) -> Self {
        Self(minutes.saturating_mul(60_000))
    }

    /// A span of hours.
    #[must_use]
    pub const fn hours(hours: i64) -> Self {
        Self(hours.saturating_mul(3_600_000))
    }

    /// A span of days.
    #[must_use]
    pub const fn days(days: i64) -> Self {
        Self(days.saturating_mul(86_400_000))
    }

    /// Milliseconds.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Seconds, with fractions.
    #[must_use]
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// The length without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// This span `times` over.
    #[must_use]
    pub const fn times(self, times: i64) -> Self {
        Self(self.0.saturating_mul(times))
    }

    /// As a standard duration; negative spans become zero.
    #[must_use]
    pub fn to_duration(self) -> Duration {
        Duration::from_millis(u64::try_from(self.0).unwrap_or(0))
    }

    /// Reads `60s`, `5m`, `48h`, `7d`.
    ///
    /// # Errors
    /// Says which forms are allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = &text[digits.len()..];
        let scale = match unit {
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => {
                return Err(format!(
                    "'{text}' is not a duration: use 30s, 5m, 48h or 7d"
                ));
            }
        };
        let count: i64 = digits
            .parse()
            .ok()
            .filter(|n| *n > 0)
            .ok_or_else(|| format!("'{text}' is not a duration: use 30s, 5m, 48h or 7d"))?;
        count
            .checked_mul(scale)
            .filter(|millis| *millis <= 100 * 365 * 86_400_000)
            .map(Self)
            .ok_or_else(|| format!("'{text}' is longer than 100 years"))
    }

    /// `60s`, `5m`, `48h`, `7d`: the largest unit that fits without a rest.
    #[must_use]
    pub fn label(self) -> String {
        for (unit, scale) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000)] {
            if self.0 >= scale && self.0 % scale == 0 {
                return format!("{}{unit}", self.0 / scale);
            }
        }
        format!("{}s", self.0 / 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rfc3339_with_any_offset_and_unix_numbers() {
        let want = Timestamp::from_millis(1_761_955_200_000);
        for text in [
            "2025-11-01T00:00:00Z",
            "2025-11-01T02:00:00+02:00",
            "2025-10-31 19:00:00-05:00",
            "1761955200",
            "1761955200000",
            "1761955200.0",
        ] {
            assert_eq!(Timestamp::parse(text), Ok(want), "{text}");
        }
        assert_eq!(want.rfc3339(), "2025-11-01T00:00:00Z");
        assert_eq!(
            Timestamp::from_millis(1_761_955_200_250).rfc3339(),
            "2025-11-01T00:00:00.250Z"
        );
    }

    #[test]
    fn refuses_what_is_no_time_and_says_why() {
        for (text, part) in [
            ("2025-11-01T00:00:00", "names no zone"),
            ("yesterday", "is not a time"),
            ("", "is not a time"),
            ("NaN", "outside"),
            ("-5", "outside"),
            ("1e300", "outside"),
            ("2025-13-01T00:00:00Z", "is not a time"),
        ] {
            let error = Timestamp::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn spans_read_and_print_the_same() {
        for text in ["60s", "5m", "48h", "7d", "90m"] {
            let span = Span::parse(text).unwrap();
            assert_eq!(Span::parse(&span.label()), Ok(span), "{text}");
        }
        for text in ["", "5", "m", "-5m", "0s", "5w", "9999999999d", "1.5h"] {
            assert!(Span::parse(text).is_err(), "{text}");
        }
    }
}
