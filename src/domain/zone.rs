//! The time zone that times are written in on a screen. Everything stored, computed and reported
//! is UTC; only how an instant is written depends on it.

use std::fmt;

use chrono::{DateTime, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::time::Timestamp;

/// A zone of the tz database; UTC unless said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

impl Zone {
    /// Universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// The zone of a name such as `utc` or `Europe/Berlin`, in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim();
        if name.eq_ignore_ascii_case("utc") {
            return Some(Self::UTC);
        }
        let found = TZ_VARIANTS
            .iter()
            .find(|tz| tz.name().eq_ignore_ascii_case(name));
        found.copied().map(Self)
    }

    /// Every name of the database.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TZ_VARIANTS.iter().map(|tz| tz.name())
    }

    /// Whether it is universal time itself.
    #[must_use]
    pub fn is_utc(self) -> bool {
        self == Self::UTC
    }

    fn at(self, instant: Timestamp) -> Option<DateTime<Tz>> {
        DateTime::<Utc>::from_timestamp_millis(instant.millis()).map(|at| at.with_timezone(&self.0))
    }

    fn written(self, instant: Timestamp, pattern: &str) -> String {
        self.at(instant)
            .map_or_else(|| "?".to_owned(), |at| at.format(pattern).to_string())
    }

    /// `2025-11-01 01:00`, without the zone: for columns whose title says it.
    #[must_use]
    pub fn minute(self, instant: Timestamp) -> String {
        self.written(instant, "%Y-%m-%d %H:%M")
    }

    /// `2025-11-01 01:00 CET`: with what the zone is called at that instant, an offset where it
    /// has no name.
    #[must_use]
    pub fn moment(self, instant: Timestamp) -> String {
        self.written(instant, "%Y-%m-%d %H:%M %Z")
    }

    /// `01:00 CET`.
    #[must_use]
    pub fn clock(self, instant: Timestamp) -> String {
        self.written(instant, "%H:%M %Z")
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn names_are_read_in_any_case_and_nothing_else_is() {
        for name in ["utc", "UTC", " Utc "] {
            assert_eq!(Zone::parse(name), Some(Zone::UTC), "{name}");
        }
        let berlin = Zone::parse("europe/berlin").unwrap();
        assert_eq!(berlin.to_string(), "Europe/Berlin");
        assert!(!berlin.is_utc());
        for name in ["", "Berlin", "Europe", "Europe/Berlinn", "+02:00"] {
            assert_eq!(Zone::parse(name), None, "{name}");
        }
    }

    #[test]
    fn both_sides_of_a_change_of_the_clock_are_told_apart() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        // 2025-10-26 01:00 UTC: 03:00 summer time becomes 02:00.
        assert_eq!(
            berlin.moment(at("2025-10-26T00:30:00Z")),
            "2025-10-26 02:30 CEST"
        );
        assert_eq!(
            berlin.moment(at("2025-10-26T01:30:00Z")),
            "2025-10-26 02:30 CET"
        );
        assert_eq!(
            berlin.minute(at("2025-12-31T23:30:00Z")),
            "2026-01-01 00:30"
        );
        assert_eq!(berlin.clock(at("2025-12-31T23:30:00Z")), "00:30 CET");
    }

    #[test]
    fn zones_off_the_hour_and_without_a_name_are_written_too() {
        let noon = at("2025-11-01T12:00:00Z");
        let moment = |name: &str| Zone::parse(name).unwrap().moment(noon);
        assert_eq!(moment("Asia/Kolkata"), "2025-11-01 17:30 IST");
        assert_eq!(moment("America/New_York"), "2025-11-01 08:00 EDT");
        assert_eq!(moment("America/Sao_Paulo"), "2025-11-01 09:00 -03");
        assert_eq!(moment("utc"), "2025-11-01 12:00 UTC");
    }

    #[test]
    fn utc_writes_what_a_timestamp_does() {
        let noon = at("2025-11-01T12:00:00Z");
        assert_eq!(Zone::UTC.minute(noon), noon.minute_label());
    }
}
