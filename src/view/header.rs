//! What stands above every tab.

use crate::domain::{Span, Timestamp};
use crate::tracker::FeedHealth;

use super::format;
use super::question::Header;
use super::table::{Line, Tone};

/// Who asks for prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Polling<'a> {
    /// This program always does: a demo, whose mark this is.
    Demo(&'a str),
    /// This program, as long as it holds the lease.
    Here,
    /// Another program: its process and machine.
    By(u32, &'a str),
    /// Nobody.
    Nobody,
    /// It is not known yet.
    Unknown,
}

/// The header as of an instant: who polls, and how the feeds are doing where this program asks
/// them. `ahead`: how far the program's time is ahead of a clock that was set back.
#[must_use]
pub fn header(
    polling: Polling<'_>,
    database: &str,
    feeds: &[FeedHealth],
    ahead: Option<Span>,
    now: Timestamp,
) -> Header {
    let demo = match polling {
        Polling::Demo(mark) => Some(mark.to_owned()),
        _ => None,
    };
    let mut feed = match polling {
        Polling::Demo(_) if feeds.is_empty() => Line::toned("making its history ...", Tone::Warn),
        Polling::Demo(_) => feed_line(feeds, now),
        Polling::Here if feeds.iter().any(|f| f.next_try.is_some()) => feed_line(feeds, now),
        Polling::Here => Line::toned("polling here: ", Tone::Dim).join(feed_line(feeds, now)),
        Polling::By(pid, host) => Line::toned(format!("polled by {pid} on {host}"), Tone::Dim),
        Polling::Nobody => Line::toned("nobody polls: prices come by import", Tone::Warn),
        Polling::Unknown => Line::toned("looking who polls ...", Tone::Dim),
    };
    if let Some(ahead) = ahead {
        let words = format!("the clock was set back {}; ", format::age(ahead));
        feed = Line::toned(words, Tone::Warn).join(feed);
    }
    Header {
        demo,
        as_of: format!("{} UTC", now.minute_label()),
        database: database.to_owned(),
        feed,
    }
}

/// The feeds in one line: those that are down first, since the line may be cut; then the first
/// that works, with how fresh it is.
fn feed_line(feeds: &[FeedHealth], now: Timestamp) -> Line {
    let mut line: Option<Line> = None;
    for feed in feeds {
        let (Some(next), Some((_, error))) = (feed.next_try, &feed.last_error) else {
            continue;
        };
        let name = feed.provider;
        let text = format!("{name} DOWN, next try {} UTC: {error}", clock_time(next));
        line = Some(match line {
            Some(line) => line.and("; ", Tone::Dim).and(text, Tone::Bad),
            None => Line::toned(text, Tone::Bad),
        });
    }
    let well = feeds.iter().filter(|f| f.next_try.is_none());
    let freshest = well.max_by_key(|f| f.last_ok);
    let Some(feed) = freshest else {
        return line.unwrap_or_else(|| Line::toned("no feed", Tone::Dim));
    };
    let well = match feed.last_ok {
        Some(ok) => Line::toned(format!("{} ok", feed.provider), Tone::Good).and(
            format!(
                " {} ago, {} tokens",
                format::age(now.since(ok)),
                feed.tokens
            ),
            Tone::Dim,
        ),
        None if line.is_some() => return line.unwrap_or_default(),
        None => Line::toned(format!("{}: not asked yet", feed.provider), Tone::Dim),
    };
    match line {
        // What works comes first: it says that prices still come in.
        Some(down) => well.and("; ", Tone::Dim).join(down),
        None => well,
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
