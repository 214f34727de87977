//! What stands above every tab.

use crate::domain::{Span, Timestamp, Zone};
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

/// What happened to the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClockTrouble {
    /// It was set back, and the program's time is still ahead of it by so much.
    pub ahead: Option<Span>,
    /// When the machine was found to have slept (or its clock to be set ahead), and how long.
    pub slept: Option<(Timestamp, Span)>,
}

/// How long a sleep is worth a word.
const SLEPT_SHOWN: Span = Span::minutes(10);

impl ClockTrouble {
    fn words(&self, now: Timestamp) -> Option<String> {
        if let Some(ahead) = self.ahead {
            let ahead = format::age(ahead);
            return Some(format!("the clock was set back {ahead}; "));
        }
        let (at, slept) = self.slept?;
        (now.since(at) < SLEPT_SHOWN)
            .then(|| format!("slept for {} without prices; ", format::age(slept)))
    }
}

/// The header as of an instant: who polls, how the feeds are doing where this program asks
/// them, and what happened to the clock.
#[must_use]
pub fn header(
    polling: Polling<'_>,
    database: &str,
    feeds: &[FeedHealth],
    clock: ClockTrouble,
    now: Timestamp,
    zone: Zone,
) -> Header {
    let demo = match polling {
        Polling::Demo(mark) => Some(mark.to_owned()),
        _ => None,
    };
    let mut feed = match polling {
        Polling::Demo(_) if feeds.is_empty() => Line::toned("making its history ...", Tone::Warn),
        Polling::Demo(_) => feed_line(feeds, now, zone),
        Polling::Here if feeds.iter().any(|f| f.next_try.is_some()) => feed_line(feeds, now, zone),
        Polling::Here => Line::toned("polling here: ", Tone::Dim).join(feed_line(feeds, now, zone)),
        Polling::By(pid, host) => Line::toned(format!("polled by {pid} on {host}"), Tone::Dim),
        Polling::Nobody => Line::toned("nobody polls: prices come by import", Tone::Warn),
        Polling::Unknown => Line::toned("looking who polls ...", Tone::Dim),
    };
    if let Some(words) = clock.words(now) {
        feed = Line::toned(words, Tone::Warn).join(feed);
    }
    Header {
        demo,
        as_of: zone.moment(now),
        database: database.to_owned(),
        feed,
    }
}

/// The feeds in one line: those that are down first, since the line may be cut; then the first
/// that works, with how fresh it is.
fn feed_line(feeds: &[FeedHealth], now: Timestamp, zone: Zone) -> Line {
    let mut line: Option<Line> = None;
    for feed in feeds {
        let (Some(next), Some((_, error))) = (feed.next_try, &feed.last_error) else {
            continue;
        };
        let name = feed.provider;
        let text = format!("{name} DOWN, next try {}: {error}", zone.clock(next));
        line = Some(match line {
            Some(line) => line.and("; ", Tone::Dim).and(text, Tone::Bad),
            None => Line::toned(text, Tone::Bad),
        });
    }
    let well = feeds.iter().filter(|f| f.next_try.is_none());
    let freshest = well.max_by_key(|f| f.last_ok);
    let Some(feed) = freshest else {
        return line.unwrap_or_else(|| Line::toned("nothing to ask for yet", Tone::Dim));
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn words(polling: Polling<'_>, feeds: &[FeedHealth], clock: ClockTrouble) -> String {
        header(polling, "x.db", feeds, clock, NOW, Zone::UTC)
            .feed
            .text()
    }

    fn well(name: &'static str) -> FeedHealth {
        let mut feed = FeedHealth::new(name);
        feed.ok(NOW.minus(Span::minutes(1)));
        feed.tokens = 7;
        feed
    }

    #[test]
    fn it_says_who_polls_and_how_the_feeds_are() {
        let none = ClockTrouble::default();
        let mut down = FeedHealth::new("jupiter");
        down.failed(NOW, "jupiter: not reachable".to_owned(), None);
        for (polling, feeds, want) in [
            (
                Polling::Here,
                vec![well("x")],
                "polling here: x ok 1m ago, 7 tokens",
            ),
            (
                Polling::Here,
                vec![well("x"), down.clone()],
                "x ok 1m ago, 7 tokens; jupiter DOWN, next try 14:13 UTC: jupiter: not reachable",
            ),
            (
                Polling::Here,
                vec![down],
                "jupiter DOWN, next try 14:13 UTC: jupiter: not reachable",
            ),
            (Polling::By(42, "vps"), vec![], "polled by 42 on vps"),
            (
                Polling::Nobody,
                vec![],
                "nobody polls: prices come by import",
            ),
        ] {
            assert_eq!(words(polling, &feeds, none), want);
        }
    }

    #[test]
    fn it_says_what_happened_to_the_clock() {
        let back = ClockTrouble {
            ahead: Some(Span::minutes(59)),
            slept: None,
        };
        let said = words(Polling::By(1, "a"), &[], back);
        assert_eq!(said, "the clock was set back 59m; polled by 1 on a");
        let mut slept = ClockTrouble {
            ahead: None,
            slept: Some((NOW, Span::hours(23))),
        };
        let said = words(Polling::Here, &[well("x")], slept);
        assert!(said.starts_with("slept for 23h without prices; polling here"));
        slept.slept = Some((NOW.minus(Span::hours(1)), Span::hours(23)));
        assert!(!words(Polling::Here, &[well("x")], slept).contains("slept"));
    }
}
