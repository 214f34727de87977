//! What stands above every tab.

use crate::domain::{Span, Task, Timestamp, Work, Zone};
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
            return Some(format!("the clock was set back {ahead}"));
        }
        let (at, slept) = self.slept?;
        (now.since(at) < SLEPT_SHOWN)
            .then(|| format!("slept for {} without prices", format::age(slept)))
    }
}

/// Filling gaps from candles, and how far that has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backfill<'a> {
    /// Tokens that were asked about.
    pub done: usize,
    /// Tokens with gaps that nobody has asked about yet.
    pub left: usize,
    /// Candles that were found.
    pub candles: u64,
    /// Why the latest attempt failed, while it does, and when the next one follows.
    pub trouble: Option<(&'a str, Timestamp)>,
}

/// Everything that the header tells beside the time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told<'a> {
    /// Who asks for prices.
    pub polling: Polling<'a>,
    /// The database file, shortened.
    pub database: &'a str,
    /// How the feeds are doing, where this program asks any.
    pub feeds: &'a [FeedHealth],
    /// What happened to the clock.
    pub clock: ClockTrouble,
    /// Long work on the database.
    pub work: Option<&'a Work>,
    /// That work holds the database, and what comes in waits for its end.
    pub held: bool,
    /// Filling gaps, where this program does that.
    pub backfill: Option<Backfill<'a>>,
    /// Why the database cannot be read or written.
    pub trouble: Option<&'a str>,
}

/// The header as of an instant.
#[must_use]
pub fn header(told: Told<'_>, now: Timestamp, zone: Zone) -> Header {
    let demo = match told.polling {
        Polling::Demo(mark) => Some(mark.to_owned()),
        _ => None,
    };
    let (feed, brief) = match told.polling {
        Polling::Demo(_) if told.feeds.is_empty() => {
            twice(Line::toned("making its history ...", Tone::Warn))
        }
        Polling::Demo(_) => feed_lines(told.feeds, now),
        Polling::Here => {
            let here = |words: &str| Line::toned(words, Tone::Dim);
            match told.feeds {
                [] => (
                    here("polling here: nothing to ask for yet"),
                    here("polling here"),
                ),
                feeds => {
                    let (feed, brief) = feed_lines(feeds, now);
                    (here("polling here: ").join(feed), brief)
                }
            }
        }
        Polling::By(pid, host) => {
            let text = format!("polled by {pid} on {host}");
            (
                Line::toned(text, Tone::Dim),
                Line::toned(format!("polled by {pid}"), Tone::Dim),
            )
        }
        Polling::Nobody => (
            Line::toned("nobody polls: prices come by import", Tone::Warn),
            Line::toned("nobody polls", Tone::Warn),
        ),
        Polling::Unknown => twice(Line::toned("looking who polls ...", Tone::Dim)),
    };
    Header {
        demo,
        as_of: zone.moment(now),
        database: told.database.to_owned(),
        feed,
        brief,
        news: news(&told, now, zone),
    }
}

fn twice(line: Line) -> (Line, Line) {
    (line.clone(), line)
}

/// What is not as always, the most important first, since the line may be cut.
fn news(told: &Told<'_>, now: Timestamp, zone: Zone) -> Vec<Line> {
    let trouble = told.trouble.map(|text| Line::toned(text, Tone::Bad));
    let mut news: Vec<Line> = trouble.into_iter().collect();
    let clock = told.clock.words(now);
    news.extend(clock.map(|words| Line::toned(words, Tone::Warn)));
    news.extend(told.work.map(|work| work_line(work, told.held)));
    for feed in told.feeds {
        let (Some(next), Some((_, error))) = (feed.next_try, &feed.last_error) else {
            continue;
        };
        let name = feed.provider;
        // The error names the feed as well.
        let error = error.strip_prefix(name).unwrap_or(error);
        let error = error.trim_start_matches([':', ' ']);
        let text = format!("{name} DOWN, next try {}: {error}", zone.clock(next));
        news.push(Line::toned(text, Tone::Bad));
    }
    news.extend(told.backfill.and_then(|backfill| backfill.line(zone)));
    news
}

impl Backfill<'_> {
    fn line(&self, zone: Zone) -> Option<Line> {
        let tokens = format::count(self.done + self.left, "token");
        let filling = format!("filling gaps: {} of {tokens}", self.done);
        let candles = usize::try_from(self.candles).unwrap_or(usize::MAX);
        let found = format!(", {} found", format::count(candles, "candle"));
        let trouble = |(why, next): (&str, Timestamp)| {
            let text = format!("next try {}: {why}", zone.clock(next));
            Line::toned(text, Tone::Warn)
        };
        match (self.left > 0, self.trouble.map(trouble)) {
            // What is wrong is worth more of the line than what was found.
            (true, Some(why)) => Some(Line::toned(format!("{filling}; "), Tone::Dim).join(why)),
            (true, None) => Some(Line::toned(filling + &found, Tone::Dim)),
            (false, Some(why)) => Some(Line::toned("past prices: ", Tone::Warn).join(why)),
            (false, None) => None,
        }
    }
}

/// Long work and how far it has come: a number of things, and their share where it is known.
fn work_line(work: &Work, held: bool) -> Line {
    let (what, unit) = match &work.task {
        Task::Import(name) => (format!("importing {name}"), "row"),
        Task::Trades => ("new shape of the trades".to_owned(), "trade"),
        Task::Outcomes => ("outcomes made anew".to_owned(), "token"),
        Task::Sums => ("sums made anew".to_owned(), "trade"),
    };
    let mut text = what;
    if work.done > 0 {
        let s = if work.done == 1 { "" } else { "s" };
        text = format!(
            "{text}: {} {unit}{s}",
            format::short_money(work.done as f64)
        );
    }
    match work.percent {
        // The last step has no share of its own.
        Some(100) => text.push_str(", storing them"),
        Some(percent) => text = format!("{text}, {percent}%"),
        None => {}
    }
    if held {
        text.push_str("; prices wait for its end");
    }
    Line::toned(text, Tone::Strong)
}

/// The feeds in one line, in full and in short: the one that works, with how fresh it is, since
/// that says that prices still come in; then those that are down.
fn feed_lines(feeds: &[FeedHealth], now: Timestamp) -> (Line, Line) {
    let is_down = |feed: &&FeedHealth| feed.next_try.is_some() && feed.last_error.is_some();
    let down: Vec<&str> = feeds.iter().filter(is_down).map(|f| f.provider).collect();
    let down = (!down.is_empty()).then(|| {
        let text = format!("{} DOWN", down.join(", "));
        Line::toned(text, Tone::Bad)
    });
    let well = feeds.iter().filter(|f| f.next_try.is_none());
    let Some(feed) = well.max_by_key(|f| f.last_ok) else {
        return twice(down.unwrap_or_default());
    };
    let (full, brief) = match feed.last_ok {
        Some(ok) => {
            let name = Line::toned(format!("{} ok", feed.provider), Tone::Good);
            let age = format::age(now.since(ok));
            let full = format!(" {age} ago, {} tokens", feed.tokens);
            (
                name.clone().and(full, Tone::Dim),
                name.and(format!(" {age}"), Tone::Dim),
            )
        }
        None if down.is_some() => return twice(down.unwrap_or_default()),
        None => twice(Line::toned(
            format!("{}: not asked yet", feed.provider),
            Tone::Dim,
        )),
    };
    match down {
        None => (full, brief),
        // In short, those that are down are left to the news, which names each.
        Some(down) => (full.and("; ", Tone::Dim).join(down), brief),
    }
}

#[cfg(test)]
#[path = "header/tests.rs"]
mod tests;
