//! The log of notices: its last lines under the Tracker's table, and all of it on a page.

use crate::domain::{Notice, NoticeKind, Timestamp, Zone};
use crate::tracker::FeedHealth;

use super::format;
use super::table::{Block, Line, Page, Tone};

/// The most lines under a table.
const LATEST: usize = 12;

/// The last lines of the log, newest first.
#[must_use]
pub fn latest(notices: &[Notice], as_of: Timestamp, zone: Zone) -> Vec<Line> {
    let newest = notices.iter().rev().take(LATEST);
    newest.map(|notice| line(notice, as_of, zone)).collect()
}

/// A notice with its time: the clock's for today, else the day too.
#[must_use]
pub fn line(notice: &Notice, as_of: Timestamp, zone: Zone) -> Line {
    Line::toned(format!("{}  ", when(notice.at, as_of, zone)), Tone::Dim)
        .and(notice.text.clone(), tone(notice))
}

/// `14:32`, and `10-31 14:32` of another day.
#[must_use]
pub fn when(at: Timestamp, as_of: Timestamp, zone: Zone) -> String {
    let (label, today) = (zone.minute(at), zone.minute(as_of));
    let day = |label: &str| label.get(..10).map(str::to_owned);
    let from = if day(&label) == day(&today) { 11 } else { 5 };
    label.get(from..).unwrap_or(&label).to_owned()
}

fn tone(notice: &Notice) -> Tone {
    match notice.kind {
        NoticeKind::Move if notice.value.is_some_and(|v| v < 0.0) => Tone::Bad,
        NoticeKind::Move | NoticeKind::Milestone | NoticeKind::FeedBack => Tone::Good,
        NoticeKind::Rug | NoticeKind::Crashed | NoticeKind::Gone | NoticeKind::FeedDown => {
            Tone::Bad
        }
        NoticeKind::Completed => Tone::Plain,
        NoticeKind::More => Tone::Dim,
    }
}

/// Every notice that is kept at hand, and how each feed is doing.
#[must_use]
pub fn page(notices: &[Notice], feeds: &[FeedHealth], as_of: Timestamp, zone: Zone) -> Page {
    let lines: Vec<Line> = notices.iter().rev().map(|n| line(n, as_of, zone)).collect();
    let lines = if lines.is_empty() {
        vec![Line::toned(
            "nothing yet: moves, milestones, ends of calls and feeds that fail are told here",
            Tone::Dim,
        )]
    } else {
        lines
    };
    let mut blocks = Vec::new();
    if !feeds.is_empty() {
        blocks.push(Block::Heading("Feeds".to_owned()));
        let pairs = feeds.iter();
        let pairs = pairs.map(|feed| (feed.provider.to_owned(), health(feed, as_of, zone)));
        blocks.push(Block::Pairs(pairs.collect()));
    }
    blocks.push(Block::Heading("Notices, newest first".to_owned()));
    blocks.push(Block::Text(lines));
    Page {
        title: "What happened".to_owned(),
        blocks,
    }
}

/// One feed: whether it answers, until when it is left alone, what it said last.
fn health(feed: &FeedHealth, as_of: Timestamp, zone: Zone) -> Line {
    let line = match (feed.next_try, feed.last_ok) {
        (Some(next), _) => Line::toned(
            format!(
                "DOWN after {} failures, next try {}",
                feed.failures,
                zone.clock(next)
            ),
            Tone::Bad,
        ),
        (None, Some(ok)) => Line::toned("ok", Tone::Good)
            .and(format!("  {} ago", format::age(as_of.since(ok))), Tone::Dim),
        (None, None) => Line::toned("not asked yet", Tone::Dim),
    };
    match &feed.last_error {
        Some((at, error)) => line.and(
            format!("; last error {}: {error}", when(*at, as_of, zone)),
            Tone::Dim,
        ),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Span;

    #[test]
    fn the_time_of_today_is_the_clocks() {
        let now = Timestamp::from_millis(1_793_500_000_000);
        let label = now.minute_label();
        assert_eq!(when(now, now, Zone::UTC), label[11..]);
        let yesterday = now.minus(Span::DAY);
        assert_eq!(
            when(yesterday, now, Zone::UTC),
            yesterday.minute_label()[5..]
        );
    }
}
