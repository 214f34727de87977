//! The desk of notices: whoever polls makes them, in the transaction of the samples that they are
//! about; every program that follows the file reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::analytics::Standing;
use crate::board::{Board, TRAIL};
use crate::domain::{Notice, NoticeKind, Percent, Span, Timestamp, TokenKey};
use crate::store::{FoldChange, NoticeBook, Sample, Store, StoreError};
use crate::tracker::FeedHealth;
use crate::tracker::notice::{self, FRESH, Facts, Feeds, Moves, Storm};

/// The latest notices that are kept for the screen.
const RECENT: usize = 200;
/// The most that wait for a database that cannot be written.
const WAITING: usize = 1000;

/// Makes notices while it is this program's turn to poll, and knows the latest in any case.
#[derive(Debug)]
pub struct Desk {
    moves: Moves,
    feeds: Feeds,
    storm: Storm,
    /// What comes with no sample, and is to be written.
    waiting: Vec<Notice>,
    /// While it is our turn: up to when windows were looked at that ended.
    ended: Option<Timestamp>,
    recent: Arc<Vec<Notice>>,
    /// The number of the latest one.
    last: i64,
    /// This program has made some since they were read.
    unread: bool,
    /// Where notices go that this program made.
    out: Option<mpsc::Sender<Notice>>,
}

impl Desk {
    /// A desk that makes nothing yet.
    pub fn new(move_pct: Percent, out: Option<mpsc::Sender<Notice>>) -> Self {
        Self {
            moves: Moves::new(move_pct),
            feeds: Feeds::default(),
            storm: Storm::default(),
            waiting: Vec::new(),
            ended: None,
            recent: Arc::default(),
            last: 0,
            unread: false,
            out,
        }
    }

    /// The latest notices, oldest first, and the number of the latest.
    pub fn recent(&self) -> (Arc<Vec<Notice>>, i64) {
        (Arc::clone(&self.recent), self.last)
    }

    /// It is this program's turn: takes up where the one before left off.
    pub fn begin(
        &mut self,
        store: &Store,
        board: &Board,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let past = store.notices_to_resume(now.minus(TRAIL))?;
        self.rest();
        self.feeds.resume(&past);
        let told = past.iter().filter_map(|n| Some((n.token.as_ref()?, n)));
        let told: BTreeMap<&TokenKey, &Notice> = told.collect();
        let since = now.minus(board.settings().rules.window);
        let tokens: BTreeSet<&TokenKey> = board.called_since(since).map(|(t, ..)| t).collect();
        for token in tokens {
            if let Some(told) = told.get(token) {
                let span = now.since(told.at.minus(Span::HOUR)).max(Span::HOUR);
                let path = store.price_path(token, now, span)?;
                self.moves.resume(token, &path, Some(told));
            } else if let Some(trail) = board.trail(token) {
                self.moves.resume(token, trail.prices(), None);
            } else {
                // Without a screen no paths are kept.
                let path = store.price_path(token, now, Span::HOUR)?;
                self.moves.resume(token, &path, None);
            }
        }
        self.ended = Some(now.minus(FRESH));
        Ok(())
    }

    /// Whether it makes notices.
    pub const fn is_open(&self) -> bool {
        self.ended.is_some()
    }

    /// It is not this program's turn any more.
    pub fn rest(&mut self) {
        self.moves.clear();
        self.feeds = Feeds::default();
        self.waiting.clear();
        self.ended = None;
    }

    /// Stores what polls have brought, with what is worth telling of it.
    pub fn put_polled(
        &mut self,
        store: &mut Store,
        board: &Board,
        samples: &[Sample],
        now: Timestamp,
    ) -> Result<Vec<FoldChange>, StoreError> {
        if self.ended.is_none() {
            return store.put_polled(samples).map(|(_, changes)| changes);
        }
        let (moved, moving) = self.moves.look(samples);
        let moved = moved.into_iter().filter_map(|(token, moved)| {
            if !notice::is_fresh(moved.to.at, now) {
                return None;
            }
            let call = board.open_call_of(&token, now)?;
            Some(notice::moved(&token, &notice::subject(call), &moved))
        });
        let mut found: Vec<Notice> = moved.collect();
        let mut storm = self.storm.clone();
        let (_, changes, made) = store.put_polled_with(samples, |changes, book| {
            for change in changes {
                found.extend(of_change(board, change, now));
            }
            write(book, found, &mut storm, now)
        })?;
        self.moves.keep(moving, now);
        self.storm = storm;
        self.tell(made);
        Ok(changes)
    }

    /// How the feeds are doing now.
    pub fn feeds(&mut self, health: &[FeedHealth], now: Timestamp) {
        if self.ended.is_some() {
            let new = self.feeds.look(health, now);
            self.wait(new);
        }
    }

    fn wait(&mut self, notices: impl IntoIterator<Item = Notice>) {
        let room = WAITING.saturating_sub(self.waiting.len());
        self.waiting.extend(notices.into_iter().take(room));
    }

    /// Looks at what only time brings, and writes what waits; whether anything was written.
    pub fn tick(
        &mut self,
        store: &mut Store,
        board: &Board,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(ended) = self.ended else {
            return Ok(false);
        };
        if now > ended {
            let rules = &board.settings().rules;
            let done: Vec<Notice> = board
                .ended_between(ended.max(now.minus(FRESH)), now)
                .filter(|j| j.standing == Standing::Counted)
                .filter_map(|j| notice::completed(&j.call, &j.outcome, j.window_end(rules), now))
                .collect();
            self.wait(done);
            self.ended = Some(now);
        }
        let sum = self.storm.sum(now);
        self.wait(sum);
        self.write_waiting(store, now)
    }

    /// The last words before the end.
    pub fn close(&mut self, store: &mut Store, now: Timestamp) -> Result<bool, StoreError> {
        if self.ended.is_none() {
            return Ok(false);
        }
        let sum = self.storm.sum_now(now);
        self.wait(sum);
        self.write_waiting(store, now)
    }

    fn write_waiting(&mut self, store: &mut Store, now: Timestamp) -> Result<bool, StoreError> {
        if self.waiting.is_empty() {
            return Ok(false);
        }
        let mut storm = self.storm.clone();
        let waiting = self.waiting.clone();
        let made = store.put_notices(|book| write(book, waiting, &mut storm, now))?;
        self.storm = storm;
        self.waiting.clear();
        self.tell(made);
        Ok(true)
    }

    /// Hands on what this program made.
    fn tell(&mut self, made: Vec<Notice>) {
        self.unread |= !made.is_empty();
        for notice in made.into_iter().filter(|n| n.told) {
            tracing::info!(kind = notice.kind.name(), text = %notice.text, "notice");
            if let Some(out) = &self.out
                && out.try_send(notice).is_err()
            {
                tracing::debug!("a notice found no room in the queue of the hooks");
            }
        }
    }

    /// Reads what this program made; whether there was anything.
    pub fn read_own(&mut self, store: &Store) -> Result<bool, StoreError> {
        Ok(self.unread && self.read(store)?)
    }

    /// Reads what was told since, whoever made it; whether there was anything.
    pub fn read(&mut self, store: &Store) -> Result<bool, StoreError> {
        let new = store.told_after(self.last, RECENT)?;
        self.unread = false;
        let Some((last, _)) = new.last() else {
            return Ok(false);
        };
        self.last = *last;
        let recent = Arc::make_mut(&mut self.recent);
        recent.extend(new.into_iter().map(|(_, notice)| notice));
        let beyond = recent.len().saturating_sub(RECENT);
        recent.drain(..beyond);
        Ok(true)
    }
}

/// What the move of one outcome gives rise to.
fn of_change(board: &Board, change: &FoldChange, now: Timestamp) -> Vec<Notice> {
    let before = board.fold_of(&change.id);
    let judged = |fold| board.judged_one(&change.id, fold, now);
    let (Some(before), Some(was), Some(is)) = (before, judged(None), judged(Some(&change.fold)))
    else {
        return Vec::new();
    };
    if is.standing != Standing::Counted {
        return Vec::new();
    }
    let before = Facts::of(before, &was.outcome);
    let after = Facts::of(&change.fold, &is.outcome);
    notice::of_call(&is.call, &before, &after, now)
}

/// Writes down those that are new, and which of them are told on their own.
fn write(
    book: NoticeBook<'_>,
    notices: Vec<Notice>,
    storm: &mut Storm,
    now: Timestamp,
) -> Result<Vec<Notice>, StoreError> {
    let mut made = Vec::new();
    for mut notice in notices {
        if book.has(&notice.key)? {
            continue;
        }
        notice.told = notice.kind == NoticeKind::More || storm.admit(notice.kind, now);
        if book.add(&notice)? {
            made.push(notice);
        }
    }
    Ok(made)
}

#[cfg(test)]
mod tests;
