//! How long a provider asks to be left alone: the `Retry-After` header (RFC 9110, 10.2.3).

use chrono::DateTime;

use crate::domain::{Span, Timestamp};

/// The shortest and the longest pause that is believed.
const LEAST: Span = Span::seconds(1);
const MOST: Span = Span::minutes(15);

/// The wait that a `Retry-After` asks for, seconds or a date, from 1 s to 15 min. A date is
/// measured from the answer's own `Date`, where it has one: the clocks may differ.
pub(super) fn asked_wait(asked: &str, date: Option<&str>, now: Timestamp) -> Option<Span> {
    let asked = asked.trim();
    let wait = if let Ok(seconds) = asked.parse::<f64>() {
        if !seconds.is_finite() {
            return None;
        }
        Span::from_millis((seconds * 1000.0).ceil() as i64)
    } else {
        let from = date.and_then(http_date).unwrap_or(now);
        http_date(asked)?.since(from)
    };
    Some(wait.clamp(LEAST, MOST))
}

fn http_date(text: &str) -> Option<Timestamp> {
    // The name of the day says nothing, and a wrong one must not cost the date.
    let text = text.split_once(',').map_or(text, |(_, date)| date);
    let at = DateTime::parse_from_rfc2822(text.trim()).ok()?;
    Some(Timestamp::from_millis(at.timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_bounded() {
        let now = Timestamp::parse("2026-10-21T07:28:00Z").unwrap();
        let date = Some("Wed, 21 Oct 2026 08:00:00 GMT");
        for (asked, date, want) in [
            ("30", None, Some(30_000)),
            (" 2.5 ", None, Some(2_500)),
            ("0", None, Some(1_000)),
            ("-5", None, Some(1_000)),
            ("86400", None, Some(900_000)),
            ("1e300", None, Some(900_000)),
            ("Wed, 21 Oct 2026 07:28:42 GMT", None, Some(42_000)),
            ("Wed, 21 Oct 2026 08:00:42 GMT", date, Some(42_000)),
            ("Wed, 21 Oct 2026 07:00:00 GMT", None, Some(1_000)),
            ("Wed, 21 Oct 2030 07:00:00 GMT", None, Some(900_000)),
            ("soon", None, None),
            ("", None, None),
            ("NaN", None, None),
        ] {
            let want = want.map(Span::from_millis);
            assert_eq!(asked_wait(asked, date, now), want, "{asked}");
        }
    }
}
