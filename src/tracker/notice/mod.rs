//! What is worth telling, and when: pure rules over what was known before and what is known now.
//!
//! Knows: outcomes, samples, the health of feeds. Must never know: how anything is told, SQL,
//! time (it is an argument). A key says who, what and which step; the store keeps each key once,
//! so a rule may find the same thing twice (after a restart, say) and it is told once all the
//! same. Rules see only what polls bring, never an import, and nothing that is older than
//! [`FRESH`]: ten thousand old calls ring no bell.

mod call;
mod feeds;
mod hour;
mod storm;

use std::collections::HashMap;

use crate::domain::fold::PriceAt;
use crate::domain::{Decision, Notice, NoticeKind, Percent, Span, Timestamp, TokenKey};
use crate::store::Sample;

pub use call::{Facts, completed, of_call, subject};
pub use feeds::Feeds;
pub use hour::{Hour, Moved};
pub use storm::Storm;

/// What happened longer ago is no news.
pub const FRESH: Span = Span::minutes(15);

/// The last hour of every token that is polled, and whether a move was told of it.
#[derive(Debug)]
pub struct Moves {
    /// Over so many percent within an hour is a move.
    limit: Percent,
    hours: HashMap<TokenKey, Hour>,
    pruned: Timestamp,
}

/// How readings move the hours: kept once they are stored.
#[derive(Debug, Default)]
pub struct Moving(HashMap<TokenKey, Hour>);

impl Moves {
    /// Before anything was seen.
    #[must_use]
    pub fn new(limit: Percent) -> Self {
        Self {
            limit,
            hours: HashMap::new(),
            pruned: Timestamp::from_millis(0),
        }
    }

    /// Forgets everything: somebody else polls.
    pub fn clear(&mut self) {
        self.hours.clear();
    }

    /// Takes up a token where it was left: its recent path, and the last move of it that was
    /// told. With one, the path must begin an hour before it and hold every price.
    pub fn resume<'a>(
        &mut self,
        token: &TokenKey,
        path: impl IntoIterator<Item = &'a PriceAt>,
        told: Option<&Notice>,
    ) {
        let mut hour = Hour::default();
        let mut told = told.filter(|n| n.kind == NoticeKind::Move);
        for price in path {
            hour.follow(*price, self.limit);
            if let Some(notice) = told.filter(|n| n.at <= price.at) {
                hour.latch(notice.value.is_some_and(|v| v > 0.0));
                told = None;
            }
        }
        self.hours.insert(token.clone(), hour);
    }

    /// The moves that polled readings bring, and the hours as they are after them.
    #[must_use]
    pub fn look(&self, samples: &[Sample]) -> (Vec<(TokenKey, Moved)>, Moving) {
        let mut moving = Moving(HashMap::with_capacity(samples.len()));
        let mut found = Vec::new();
        for sample in samples {
            let (Decision::Accepted, Some(price)) = (sample.decision, sample.reading.price) else {
                continue;
            };
            if !moving.0.contains_key(&sample.token) {
                let known = self.hours.get(&sample.token).cloned();
                moving
                    .0
                    .insert(sample.token.clone(), known.unwrap_or_default());
            }
            let Some(hour) = moving.0.get_mut(&sample.token) else {
                continue;
            };
            let at = sample.reading.at;
            if let Some(moved) = hour.push(PriceAt { at, price }, self.limit) {
                found.push((sample.token.clone(), moved));
            }
        }
        (found, moving)
    }

    /// The readings are stored: the hours are as [`Moves::look`] said.
    pub fn keep(&mut self, moving: Moving, now: Timestamp) {
        self.hours.extend(moving.0);
        if now.since(self.pruned) > Span::HOUR {
            self.pruned = now;
            let old = now.minus(Span::days(1));
            self.hours
                .retain(|_, hour| hour.last().is_some_and(|at| at >= old));
        }
    }
}

/// The notice of a move. `subject`: the symbol of the token.
#[must_use]
pub fn moved(token: &TokenKey, subject: &str, moved: &Moved) -> Notice {
    let up = moved.change.value() > 0.0;
    let took = moved.to.at.since(moved.from.at);
    let minutes = ((took.as_seconds() / 60.0).ceil() as i64).max(1);
    Notice {
        key: format!(
            "move/{}:{}/{}/{}",
            token.chain(),
            token.address(),
            if up { "up" } else { "down" },
            moved.from.at.millis()
        ),
        at: moved.to.at,
        kind: NoticeKind::Move,
        call: None,
        token: Some(token.clone()),
        subject: subject.to_owned(),
        source: None,
        value: Some(moved.change.value()),
        text: format!("{subject} {:+.0}% in {minutes} min", moved.change.value()),
        told: true,
    }
}

/// Whether something that happened then is news now.
#[must_use]
pub fn is_fresh(at: Timestamp, now: Timestamp) -> bool {
    now.since(at) <= FRESH
}
