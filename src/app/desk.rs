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
        for notice in made.into_iter().filter(|n| n.told) {
            tracing::info!(kind = notice.kind.name(), text = %notice.text, "notice");
            if let Some(out) = &self.out
                && out.try_send(notice).is_err()
            {
                tracing::debug!("a notice found no room in the queue of the hooks");
            }
        }
    }

    /// Reads what was told since; whether there was anything.
    pub fn read(&mut self, store: &Store) -> Result<bool, StoreError> {
        let new = store.told_after(self.last, RECENT)?;
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
mod tests {
    use super::*;
    use crate::analytics::Guards;
    use crate::board::Settings;
    use crate::domain::fold::PriceAt;
    use crate::domain::{Call, CallId, Decision, Features, Price, Reading, Rules, Span, Timestamp};

    const T0: Timestamp = Timestamp::from_millis(1_760_000_000_000);

    fn minute(m: i64) -> Timestamp {
        T0.plus(Span::minutes(m))
    }

    /// A database on disk with whoever polls it.
    struct World {
        folder: tempfile::TempDir,
        store: Store,
        board: Board,
        desk: Desk,
    }

    fn settings() -> Settings {
        Settings {
            rules: Rules::default(),
            min_rank_n: 10,
            guards: Guards::default(),
        }
    }

    impl World {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(&folder.path().join("x.db"), Rules::default()).unwrap();
            let mut desk = Desk::new(Percent(20.0), None);
            let board = Board::empty(settings());
            desk.begin(&store, &board, T0).unwrap();
            Self {
                folder,
                store,
                board,
                desk,
            }
        }

        /// The program ends without a word, and another one takes over.
        fn killed(self, now: Timestamp) -> Self {
            drop(self.store);
            let path = self.folder.path().join("x.db");
            let store = Store::open(&path, Rules::default()).unwrap();
            let mut board = Board::new(store.load(Some(now)).unwrap(), settings());
            super::super::engine::load_trails(&store, &mut board, now).unwrap();
            let mut desk = Desk::new(Percent(20.0), None);
            desk.begin(&store, &board, now).unwrap();
            Self {
                folder: self.folder,
                store,
                board,
                desk,
            }
        }

        fn call(&mut self, calls: &[Call]) {
            self.store.put_calls(calls).unwrap();
            let stored = calls.iter().map(|c| self.store.load_call(&c.id).unwrap());
            let stored: Vec<_> = stored.flatten().collect();
            self.board.add_calls(stored);
        }

        /// One price for many tokens, as a poll brings them.
        fn poll(&mut self, tokens: &[TokenKey], at: Timestamp, price: f64) {
            let samples: Vec<Sample> = tokens.iter().map(|t| sample(t, at, price)).collect();
            let changes = self
                .desk
                .put_polled(&mut self.store, &self.board, &samples, at)
                .unwrap();
            self.board.move_folds(changes);
            for token in tokens {
                let price = Price::new(price).unwrap();
                self.board.add_price(token, PriceAt { at, price });
            }
            self.desk.tick(&mut self.store, &self.board, at).unwrap();
        }

        fn texts(&self) -> Vec<String> {
            let told = self.store.told_after(0, 10_000).unwrap();
            told.into_iter().map(|(_, n)| n.text).collect()
        }
    }

    fn token(i: usize) -> TokenKey {
        TokenKey::new(Some("test"), &format!("t{i}")).unwrap()
    }

    fn call(i: usize, called_at: Timestamp) -> Call {
        Call {
            id: CallId(format!("c{i}")),
            source: "alpha".to_owned(),
            chain: "test".to_owned(),
            token: Some(token(i)),
            symbol: Some(format!("S{i}")),
            name: None,
            called_at,
            stated_entry: Price::new(1.0),
            market_cap_usd: None,
            liquidity_usd: None,
            rejected_by: None,
            features: Features::default(),
        }
    }

    fn sample(token: &TokenKey, at: Timestamp, price: f64) -> Sample {
        Sample {
            token: token.clone(),
            reading: Reading {
                at,
                price: Price::new(price),
                liquidity_usd: None,
                market_cap_usd: None,
                absent: false,
                provider: "test".to_owned(),
                pool: None,
            },
            decision: Decision::Accepted,
        }
    }

    #[test]
    fn each_is_told_once_over_a_kill_at_every_step() {
        let mut world = World::new();
        world.call(&[call(0, T0)]);
        let path = [1.0, 1.1, 1.3, 1.5, 2.1, 2.0, 2.2, 4.0, 5.5, 5.0, 3.5, 0.19];
        for (m, price) in path.into_iter().enumerate() {
            let at = minute(m as i64 + 1);
            world.poll(&[token(0)], at, price);
            // The same reading comes again after a crash that nobody saw.
            world = world.killed(at);
            world.poll(&[token(0)], at.plus(Span::seconds(1)), price);
        }
        let held = minute(50);
        for m in 13..=50 {
            world.poll(&[token(0)], minute(m), 0.1);
            world = world.killed(minute(m));
        }
        assert_eq!(
            world.texts(),
            [
                "S0 +30% in 2 min",
                "S0 by alpha reached 2x",
                "S0 by alpha reached 5x",
                "S0 -36% in 2 min",
                "S0 by alpha crashed: held at 0.10x of the entry",
            ]
        );
        // The window ends: told once too, however often it is looked at.
        let end = T0.plus(Rules::default().window);
        world = world.killed(end.minus(Span::MINUTE));
        for m in 0..5 {
            let now = end.plus(Span::minutes(m));
            world
                .desk
                .tick(&mut world.store, &world.board, now)
                .unwrap();
            world = world.killed(now);
        }
        let last = world.texts().pop().unwrap();
        assert!(last.starts_with("S0 by alpha completed: "), "{last}");
        assert_eq!(world.texts().len(), 6);
        assert!(held < end);
    }

    #[test]
    fn two_who_both_think_it_is_their_turn_make_each_once() {
        let mut world = World::new();
        world.call(&[call(0, T0)]);
        world.poll(&[token(0)], minute(1), 1.0);
        let path = world.folder.path().join("x.db");
        let mut other = Store::open(&path, Rules::default()).unwrap();
        let board = Board::new(other.load(Some(minute(1))).unwrap(), settings());
        let mut second = Desk::new(Percent(20.0), None);
        second.begin(&other, &board, minute(1)).unwrap();
        world.poll(&[token(0)], minute(2), 2.5);
        let late = [sample(&token(0), minute(2).plus(Span::seconds(1)), 2.6)];
        let at = minute(2).plus(Span::seconds(1));
        second.put_polled(&mut other, &board, &late, at).unwrap();
        assert_eq!(
            world
                .texts()
                .iter()
                .filter(|t| t.contains("reached 2x"))
                .count(),
            1
        );
    }

    #[test]
    fn a_storm_is_condensed_and_all_of_it_is_kept() {
        let mut world = World::new();
        let calls: Vec<Call> = (0..200).map(|i| call(i, T0)).collect();
        let tokens: Vec<TokenKey> = (0..200).map(token).collect();
        world.call(&calls);
        world.poll(&tokens, minute(1), 1.0);
        world.poll(&tokens, minute(2), 2.5);
        assert_eq!(world.texts().len(), 8);
        world.poll(&tokens, minute(4), 2.5);
        let texts = world.texts();
        assert_eq!(texts.len(), 9);
        assert_eq!(texts[8], "392 more: 192 moves, 200 milestones");
        let page = world.store.history(&CallId("c150".to_owned()), minute(5));
        let notices = page.unwrap().unwrap().notices;
        assert_eq!(notices.len(), 2, "{notices:?}");
    }

    #[test]
    fn what_is_imported_or_long_past_rings_nothing() {
        let mut world = World::new();
        let old = T0.minus(Span::days(3));
        let calls: Vec<Call> = (0..500).map(|i| call(i, old)).collect();
        let tokens: Vec<TokenKey> = (0..500).map(token).collect();
        world.call(&calls);
        // Never polled before, and high or dead by now.
        world.poll(&tokens[..250], minute(1), 7.0);
        for m in 1..60 {
            world.poll(&tokens[250..], minute(m), 0.05);
        }
        assert_eq!(world.texts(), [""; 0]);
    }

    #[test]
    fn what_cannot_be_stored_is_told_when_it_is() {
        let mut world = World::new();
        world.call(&[call(0, T0)]);
        world.poll(&[token(0)], minute(1), 1.0);
        let blocker = Store::open(&world.folder.path().join("x.db"), Rules::default());
        let mut blocker = blocker.unwrap();
        world.store.set_patience(std::time::Duration::ZERO).unwrap();
        blocker.begin().unwrap();
        let samples = [sample(&token(0), minute(2), 2.5)];
        for _ in 0..3 {
            let failed = world
                .desk
                .put_polled(&mut world.store, &world.board, &samples, minute(2));
            assert!(failed.is_err());
        }
        blocker.rollback();
        world.poll(&[token(0)], minute(2), 2.5);
        assert_eq!(
            world.texts(),
            ["S0 +150% in 1 min", "S0 by alpha reached 2x"]
        );
    }
}
