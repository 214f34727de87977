//! What stands above every tab.

use crate::domain::Timestamp;
use crate::tracker::FeedHealth;

use super::format;
use super::question::Header;
use super::table::{Line, Tone};

/// The header as of an instant. Without a feed it says that prices come by import only; a feed
/// that a demo expects is on its way.
#[must_use]
pub fn header(
    demo: Option<&str>,
    database: &str,
    feed: Option<&FeedHealth>,
    now: Timestamp,
) -> Header {
    Header {
        demo: demo.map(str::to_owned),
        as_of: format!("{} UTC", now.minute_label()),
        database: database.to_owned(),
        feed: match (feed, demo) {
            (Some(health), _) => feed_line(health, now),
            (None, Some(_)) => Line::toned("making its history ...", Tone::Warn),
            (None, None) => Line::toned("no live feed: prices come by import", Tone::Dim),
        },
    }
}

fn feed_line(health: &FeedHealth, now: Timestamp) -> Line {
    let ago = |at: Timestamp| format::age(now.since(at));
    let name = health.provider;
    match (&health.next_try, &health.last_error, health.last_ok) {
        (Some(next), Some((_, error)), _) => Line::toned(
            format!("{name} DOWN, next try {} UTC: {error}", clock_time(*next)),
            Tone::Bad,
        ),
        (_, _, Some(ok)) => Line::toned(format!("{name} ok"), Tone::Good).and(
            format!(" {} ago, {} tokens", ago(ok), health.tokens),
            Tone::Dim,
        ),
        _ => Line::toned(format!("{name}: not asked yet"), Tone::Dim),
    }
}

/// `14:32`, of an instant.
fn clock_time(at: Timestamp) -> String {
    at.minute_label()
        .split(' ')
        .nth(1)
        .unwrap_or("?")
        .to_owned()
}
