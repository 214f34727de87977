//! Their values as ours. In their files a number may be text, a time may be text or a number, and
//! 0 is what unknown looks like.

use serde_json::Value;

use crate::domain::text::clean_opt;
use crate::domain::{Multiple, Price, Timestamp};
use crate::store::Cell;

/// The largest amount that is believed.
const LARGEST: f64 = 1e15;
/// Numbers up to this are no times: 1e9 seconds are September 2001, long before any of these programs.
const EARLIEST: f64 = 1e9;

/// A value of a cell, of a database or of JSON.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    /// Nothing.
    Null,
    /// A number or a flag.
    Number(f64),
    /// `true` or `false`.
    Flag(bool),
    /// Text that is not empty.
    Text(String),
}

impl From<Cell<'_>> for Raw {
    fn from(cell: Cell<'_>) -> Self {
        match cell {
            Cell::Null | Cell::Blob => Self::Null,
            Cell::Number(number) => Self::Number(number),
            Cell::Text(text) => Self::from(text),
        }
    }
}

impl From<&str> for Raw {
    fn from(text: &str) -> Self {
        let text = text.trim();
        let empty = ["", "null", "none", "nan", "\\n"];
        if empty.contains(&text.to_ascii_lowercase().as_str()) {
            Self::Null
        } else {
            Self::Text(text.to_owned())
        }
    }
}

impl From<&Value> for Raw {
    fn from(value: &Value) -> Self {
        match value {
            Value::Number(number) => number.as_f64().map_or(Self::Null, Self::Number),
            Value::Bool(flag) => Self::Flag(*flag),
            Value::String(text) => Self::from(text.as_str()),
            Value::Null | Value::Array(_) | Value::Object(_) => Self::Null,
        }
    }
}

impl Raw {
    /// A finite number, also one that is written as text.
    pub fn number(&self) -> Option<f64> {
        let number = match self {
            Self::Number(number) => *number,
            Self::Text(text) => text.parse().ok()?,
            Self::Null | Self::Flag(_) => return None,
        };
        (number.abs() <= LARGEST).then_some(number)
    }

    /// A number above zero: an amount where 0 means unknown.
    pub fn above_zero(&self) -> Option<f64> {
        self.number().filter(|number| *number > 0.0)
    }

    /// A price; 0 is unknown.
    pub fn price(&self) -> Option<Price> {
        self.number().and_then(Price::new)
    }

    /// A multiple; 0 is unknown.
    pub fn multiple(&self) -> Option<Multiple> {
        self.above_zero().and_then(Multiple::new)
    }

    /// A flag: 0 and 1, true and false, in any case.
    pub fn flag(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            Self::Number(1.0) => Some(true),
            Self::Number(0.0) => Some(false),
            Self::Text(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "t" | "yes" | "1" => Some(true),
                "false" | "f" | "no" | "0" => Some(false),
                _ => None,
            },
            Self::Null | Self::Number(_) => None,
        }
    }

    /// Cleaned text; a number as it is written.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => clean_opt(text),
            Self::Number(number) => Some(number.to_string()),
            Self::Null | Self::Flag(_) => None,
        }
    }

    /// A time, whichever way it is written.
    pub fn time(&self) -> Option<Time> {
        match self {
            Self::Number(number) if *number > EARLIEST => zoned(Timestamp::from_number(*number)),
            Self::Text(text) => match text.parse::<f64>() {
                Ok(number) if number > EARLIEST => zoned(Timestamp::from_number(number)),
                Ok(_) => None,
                Err(_) => written(text),
            },
            Self::Null | Self::Number(_) | Self::Flag(_) => None,
        }
    }

    /// The instant of a time that is UTC where it names no zone.
    pub fn utc(&self) -> Option<Timestamp> {
        self.time().map(|time| time.at)
    }
}

/// A time as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time {
    /// The instant; taken as UTC where no zone was named.
    pub at: Timestamp,
    /// No zone was named.
    pub naive: bool,
}

fn zoned(at: Result<Timestamp, String>) -> Option<Time> {
    let at = at.ok()?;
    Some(Time { at, naive: false })
}

/// `2025-10-14 08:33:34`, with fractions, a `T`, or a zone (also one of whole hours, `+00`).
fn written(text: &str) -> Option<Time> {
    let text = text.trim().trim_end_matches(" UTC").replacen(' ', "T", 1);
    let clock = text.get(11..)?;
    let naive = !clock.contains(['+', '-', 'Z', 'z']);
    let end = clock.len().checked_sub(3).and_then(|at| clock.get(at..));
    let short = end.is_some_and(|end| end.starts_with(['+', '-']));
    let whole = match (naive, short) {
        (true, _) => format!("{text}Z"),
        (false, true) => format!("{text}:00"),
        (false, false) => text,
    };
    Some(Time {
        at: Timestamp::parse(&whole).ok()?,
        naive,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_whichever_way_they_are_written() {
        let want = Timestamp::from_millis(1_760_430_814_000);
        for (raw, naive) in [
            (Raw::Number(1_760_430_814.0), false),
            (Raw::Number(1_760_430_814_000.0), false),
            (Raw::from("1760430814"), false),
            (Raw::from("2025-10-14 08:33:34"), true),
            (Raw::from("2025-10-14T08:33:34.000"), true),
            (Raw::from("2025-10-14 08:33:34+00"), false),
            (Raw::from("2025-10-14 14:03:34+05:30"), false),
            (Raw::from("2025-10-14T08:33:34Z"), false),
            (Raw::from("2025-10-14 08:33:34 UTC"), true),
        ] {
            assert_eq!(raw.time(), Some(Time { at: want, naive }), "{raw:?}");
        }
        for raw in [
            Raw::Null,
            Raw::Number(0.0),
            Raw::Number(-1.0),
            Raw::Number(330.0),
            Raw::from("0"),
            Raw::from("0.008"),
            Raw::from("soon"),
            Raw::from("2025-10-14"),
            Raw::from("2025-13-14 08:33:34"),
            Raw::from("ééééééééééé"),
        ] {
            assert_eq!(raw.time(), None, "{raw:?}");
        }
    }

    #[test]
    fn unknown_is_none() {
        for text in ["", " ", "NULL", "None", "nan", "\\N"] {
            assert_eq!(Raw::from(text), Raw::Null, "{text}");
        }
        assert_eq!(Raw::Number(f64::INFINITY).number(), None);
        assert_eq!(Raw::Number(0.0).price(), None);
        assert_eq!(Raw::from("1.5").number(), Some(1.5));
        assert_eq!(Raw::Number(2.0).flag(), None);
        assert_eq!(Raw::from("False").flag(), Some(false));
        assert_eq!(Raw::Number(12345.0).text().as_deref(), Some("12345"));
    }
}
