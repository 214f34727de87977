//! Feeds that are down for more than a moment, and back.

use std::collections::BTreeMap;

use crate::domain::{Notice, NoticeKind, Span, Timestamp};
use crate::tracker::FeedHealth;

/// Failures in a row that are more than a moment.
const FAILURES: u32 = 3;
/// A pause that is more than a moment.
const PAUSE: Span = Span::seconds(60);

/// Which feeds were told to be down, since when.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Feeds(BTreeMap<String, Timestamp>);

impl Feeds {
    /// Takes up what was told before, oldest first.
    pub fn resume(&mut self, told: &[Notice]) {
        for notice in told {
            match notice.kind {
                NoticeKind::FeedDown => {
                    self.0.insert(notice.subject.clone(), notice.at);
                }
                NoticeKind::FeedBack => {
                    self.0.remove(&notice.subject);
                }
                _ => {}
            }
        }
    }

    /// What is new about the feeds.
    pub fn look(&mut self, health: &[FeedHealth], now: Timestamp) -> Vec<Notice> {
        let mut notices = Vec::new();
        for feed in health {
            let name = feed.provider;
            match (feed.next_try, self.0.get(name).copied()) {
                (Some(next), None) if feed.failures >= FAILURES || next.since(now) >= PAUSE => {
                    let error = feed.last_error.as_ref().map_or("", |(_, e)| e.as_str());
                    // What the provider is called stands in its error already.
                    let error = error.strip_prefix(name).unwrap_or(error);
                    let error = error.trim_start_matches([':', ' ']);
                    let text = format!("{name} down: {error}");
                    notices.push(notice(name, NoticeKind::FeedDown, now, text));
                    self.0.insert(name.to_owned(), now);
                }
                (None, Some(since)) if feed.last_ok.is_some_and(|ok| ok >= since) => {
                    let minutes = (now.since(since).as_seconds() / 60.0).round() as i64;
                    let text = format!("{name} back after {minutes} min");
                    notices.push(notice(name, NoticeKind::FeedBack, now, text));
                    self.0.remove(name);
                }
                _ => {}
            }
        }
        notices
    }
}

fn notice(name: &str, kind: NoticeKind, now: Timestamp, text: String) -> Notice {
    Notice {
        key: format!("feed/{name}/{}/{}", kind.name(), now.millis()),
        at: now,
        kind,
        call: None,
        token: None,
        subject: name.to_owned(),
        source: None,
        value: None,
        text,
        told: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_no_news_and_an_outage_is_two() {
        let t0 = Timestamp::from_millis(1_760_000_000_000);
        let mut feeds = Feeds::default();
        let mut health = FeedHealth::new("x");
        let mut told = Vec::new();
        let mut all = Vec::new();
        let mut look = |health: &FeedHealth, second: i64, told: &mut Vec<String>| {
            let found = feeds.look(std::slice::from_ref(health), t0.plus(Span::seconds(second)));
            told.extend(found.iter().map(|n| n.text.clone()));
            all.extend(found);
        };
        health.failed(t0, "x: timeout".to_owned(), None);
        look(&health, 0, &mut told);
        health.ok(t0.plus(Span::seconds(5)));
        look(&health, 5, &mut told);
        assert_eq!(told, [""; 0]);
        for i in 0..20 {
            health.failed(t0.plus(Span::seconds(i)), "x: timeout".to_owned(), None);
            look(&health, i, &mut told);
        }
        health.ok(t0.plus(Span::seconds(302)));
        look(&health, 302, &mut told);
        look(&health, 303, &mut told);
        assert_eq!(told, ["x down: timeout", "x back after 5 min"]);
        // Who takes over knows what was said.
        let mut next = Feeds::default();
        next.resume(&all[..1]);
        health.failed(
            t0.plus(Span::seconds(400)),
            "x: no".to_owned(),
            Some(Span::HOUR),
        );
        assert_eq!(
            next.look(std::slice::from_ref(&health), t0.plus(Span::seconds(400))),
            []
        );
        next.resume(&all);
        assert_eq!(next, Feeds::default());
    }
}
