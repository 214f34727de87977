//! The thread that owns the store and the board: whatever is to be written comes here as a
//! command, goes into the database, moves the board, and is handed out as a new snapshot.
//!
//! What cannot be written stays in memory, up to a limit, and is tried again: a full disk or
//! another program's lock loses nothing, and the screen says so.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::analytics::lab::SavedFilter;
use crate::board::{Board, Settings, TRAIL};
use crate::clock::Clock;
use crate::domain::fold::PriceAt;
use crate::domain::{Decision, Percent, Span, Timestamp, TokenKey};
use crate::store::{Answer, Commits, Hurry, Loaded, Put, Store, StoreError, Watching};
use crate::tracker::backfill::Filled;
use crate::tracker::{Follow, Order};

use super::desk::Desk;
use super::gaps::GapFinder;
use super::unsaved::Unsaved;
use super::watch::{Turn, Watch};

mod asked;
mod snapshot;

pub use snapshot::{Command, Snapshot, Stage, Tally};

/// Who asks the feeds for this engine.
#[derive(Debug)]
pub enum Poller {
    /// Nobody.
    None,
    /// A tracker of its own, always: a demo's.
    Own(mpsc::UnboundedSender<Order>),
    /// A tracker that polls while the lease is ours.
    Leased(mpsc::UnboundedSender<Order>, Box<Watch>),
}

/// Commands that may wait: few, so that who has much to bring does not hold up the others.
pub const QUEUE: usize = 4;

/// How often the file is looked at for what other programs wrote.
const LOOK: Duration = Duration::from_secs(1);
/// Between commits of what polls bring, for each thousand tokens followed: one covers all the
/// answers in between, and each writes a page for nearly every token in it.
const COMMIT_EVERY: Span = Span::seconds(1);
/// The longest time between commits, in the same steps.
const RAREST_COMMIT: usize = 10;
/// So soon a commit that failed is tried again.
const RETRY: Span = Span::seconds(2);
/// How long a commit may wait for another program's lock: then the rest of the work has a turn.
const PATIENCE: Duration = Duration::from_millis(1500);

/// How much of what was read already is read again when following another program's polls.
const OVERLAP: Span = Span::seconds(2);
/// Between moves of recent samples to their place: at 9,000 tokens, 90,000 of them.
const SETTLE_EVERY: Span = Span::minutes(10);
/// Tokens that one transaction thins: it takes some milliseconds.
const THIN_AT_ONCE: usize = 20;

/// The engine, before it runs.
pub struct Engine {
    store: Store,
    board: Board,
    settings: Settings,
    clock: Clock,
    snapshot: Snapshot,
    publish: watch::Sender<Snapshot>,
    poller: Poller,
    gaps: Option<GapFinder>,
    /// What other programs work on.
    others: Watching,
    desk: Desk,
    /// Recent paths of prices are kept: for a screen.
    paths: bool,
    once_loaded: Option<fn()>,
    /// The board is another than the one that was handed out last.
    moved: bool,
    unsaved: Unsaved,
    next_commit: Timestamp,
    /// The age from which polled samples are thinned, and when that is due.
    retain: Option<Span>,
    next_thin: Timestamp,
    next_settle: Timestamp,
    foreign: i64,
    commits: Commits,
    /// How far the latest token was folded when the file was read last.
    folded: Option<Timestamp>,
    /// When a sample that lies in the future becomes the present.
    next_unseen: Option<Timestamp>,
}

impl Engine {
    /// An engine over an open store; nothing is read yet.
    pub fn new(
        store: Store,
        settings: Settings,
        clock: Clock,
        publish: watch::Sender<Snapshot>,
        poller: Poller,
    ) -> Self {
        Self {
            board: Board::empty(settings),
            snapshot: Snapshot::empty(settings),
            foreign: 0,
            commits: Commits::default(),
            folded: None,
            next_unseen: None,
            desk: Desk::new(Percent(20.0), None),
            paths: true,
            once_loaded: None,
            moved: true,
            unsaved: Unsaved::default(),
            next_commit: Timestamp::from_millis(0),
            retain: None,
            next_thin: Timestamp::from_millis(0),
            next_settle: Timestamp::from_millis(0),
            others: Watching::of(store.path()),
            store,
            settings,
            clock,
            publish,
            poller,
            gaps: None,
        }
    }

    /// Has the gaps of followed and finished calls filled, while it is this program's turn to
    /// poll.
    #[must_use]
    pub fn filling(mut self, gaps: GapFinder) -> Self {
        self.gaps = Some(gaps);
        self
    }

    /// Thins polled samples of an age, while it is this program's turn to poll.
    #[must_use]
    pub fn retaining(mut self, retain: Span) -> Self {
        self.retain = Some(retain);
        self
    }

    /// Does something once the first figures are out: until then a user waits for nothing else.
    #[must_use]
    pub fn once_loaded(mut self, then: fn()) -> Self {
        self.once_loaded = Some(then);
        self
    }

    /// Makes notices by a desk with these settings.
    #[must_use]
    pub fn telling(mut self, desk: Desk) -> Self {
        self.desk = desk;
        self
    }

    /// Keeps no recent paths of prices: nobody looks at them.
    #[must_use]
    pub fn without_paths(mut self) -> Self {
        self.paths = false;
        self
    }

    /// Loads everything and publishes it, then does what it is told until it is stopped or
    /// nobody can tell it anything any more. Gives what could not be saved at the end.
    pub fn run(mut self, commands: &Receiver<Command>, stop: &AtomicBool) -> Result<(), String> {
        // Fails never in practice, and then only waits longer.
        let _ = self.store.set_patience(PATIENCE);
        self.see_work();
        self.reload();
        self.publish();
        if self.take_turn() {
            self.publish();
        }
        loop {
            let mut worked = false;
            match commands.recv_timeout(LOOK) {
                Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(command) => {
                    self.carry_out(command);
                    // What waits too is handed out with it: answers of a dozen requests come
                    // together, and each look at the file and each snapshot wakes somebody.
                    for command in commands.try_iter().take(QUEUE) {
                        if matches!(command, Command::Stop) {
                            stop.store(true, Ordering::SeqCst);
                            break;
                        }
                        self.carry_out(command);
                    }
                    worked = true;
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if stop.load(Ordering::SeqCst) {
                break;
            }
            worked |= self.see_work();
            worked |= self.save(false);
            worked |= self.look();
            worked |= self.take_turn();
            worked |= self.look_for_gaps();
            worked |= self.tell();
            self.tidy();
            if worked {
                self.publish();
            }
        }
        // What the tracker has handed over before it was stopped is still stored.
        while let Ok(command) = commands.try_recv() {
            self.carry_out(command);
        }
        self.save(true);
        if let Err(error) = self.desk.close(&mut self.store, self.clock.now()) {
            tracing::warn!(%error, "notices at the end");
        }
        if let Poller::Leased(_, watch) = &mut self.poller {
            watch.leave(&mut self.store);
        }
        if self.unsaved.is_empty() {
            return Ok(());
        }
        let why = self.snapshot.trouble.take().unwrap_or_default();
        let left = self.unsaved.words();
        tracing::error!(%left, %why, "not stored at the end");
        Err(format!("{left} could not be stored: {why}"))
    }

    /// Puts recent samples in their place, and thins a few tokens' old ones, when this program
    /// polls and it is time to.
    fn tidy(&mut self) {
        let now = self.clock.now();
        let (Some(retain), true) = (self.retain, self.snapshot.turn == Some(Turn::Ours)) else {
            return;
        };
        if !self.unsaved.is_empty() {
            return;
        }
        if now >= self.next_settle {
            self.next_settle = now.plus(SETTLE_EVERY);
            if let Err(error) = self.store.settle_recent() {
                tracing::warn!(%error, "recent samples were not moved");
            }
        }
        if now < self.next_thin {
            return;
        }
        match self.store.thin(now.minus(retain), THIN_AT_ONCE) {
            Ok(0) => self.next_thin = now.plus(Span::HOUR),
            Ok(tokens) => tracing::debug!(tokens, "thinned old samples"),
            Err(error) => {
                tracing::warn!(%error, "old samples were not thinned");
                self.next_thin = now.plus(Span::MINUTE);
            }
        }
    }

    /// Looks whose turn it is to poll, and starts or stops the tracker; whether that has changed.
    fn take_turn(&mut self) -> bool {
        let now = self.clock.now();
        let Poller::Leased(orders, watch) = &mut self.poller else {
            return false;
        };
        let before = watch.turn().clone();
        if let Err(error) = watch.look(&mut self.store, now) {
            return self.trouble(&error);
        }
        let turn = watch.turn().clone();
        let changed = self.snapshot.turn.as_ref() != Some(&turn);
        self.snapshot.turn = Some(turn.clone());
        match (before == Turn::Ours, turn == Turn::Ours) {
            (false, true) => {
                let since = now.minus(self.settings.rules.window);
                match self.store.standings(since) {
                    Ok(standings) => {
                        tracing::info!(tokens = standings.len(), "polling here");
                        let follows = follows(&self.board, since);
                        // The tracker ends before the engine only when the program does.
                        let _ = orders.send(Order::Begin(standings, follows));
                        if let Err(error) = self.desk.begin(&self.store, &self.board, now) {
                            return self.trouble(&error);
                        }
                    }
                    Err(error) => {
                        // Without knowing where tokens stand, a wick could become a high.
                        watch.leave(&mut self.store);
                        return self.trouble(&error);
                    }
                }
            }
            (true, false) => {
                tracing::warn!("another program polls now");
                self.snapshot.health.clear();
                let _ = orders.send(Order::Rest);
                self.desk.rest();
            }
            _ => {}
        }
        changed
    }

    /// Whether there is news that nobody told: another program has changed the file, or a sample
    /// that was dated in the future has become the present. What another program's polls brought
    /// is read alone; after anything else, everything is.
    fn look(&mut self) -> bool {
        let due = self.next_unseen.is_some_and(|at| at <= self.clock.now());
        let news = self.store.foreign_changes().and_then(|foreign| {
            if foreign == self.foreign {
                return Ok(None);
            }
            Ok(Some((foreign, self.store.commits()?)))
        });
        match news {
            Ok(None) if due => self.reload(),
            Ok(None) => self.recovered(),
            Ok(Some((foreign, commits))) => {
                self.foreign = foreign;
                if due || commits.writes != self.commits.writes {
                    return self.reload();
                }
                if commits.polls == self.commits.polls {
                    return false;
                }
                self.commits = commits;
                self.catch_up()
            }
            Err(error) => self.trouble(&error),
        }
    }

    /// The file could be read again: trouble with reading is over; trouble with writing stays
    /// until what waits is stored.
    fn recovered(&mut self) -> bool {
        if self.unsaved.is_empty() && self.snapshot.trouble.is_some() {
            let lost = self.unsaved.lost();
            let changed = self.snapshot.trouble != lost;
            self.snapshot.trouble = lost;
            return changed;
        }
        false
    }

    /// Reads the outcomes that another program's polls have moved.
    fn catch_up(&mut self) -> bool {
        self.moved = true;
        let since = self.folded.unwrap_or_else(|| Timestamp::from_millis(0));
        let now = self.clock.now();
        let read = (|| {
            // Commits are in the order of time but for what was answered at the same moment.
            let (changes, tokens) = self.store.moved_since(since.minus(OVERLAP))?;
            self.board.move_folds(changes);
            for token in tokens.into_iter().filter(|_| self.paths) {
                let from = self.board.trail(&token).and_then(|trail| trail.last());
                let span = from.map_or(TRAIL, |last| now.since(last.at));
                let path = self.store.price_path(&token, now, span)?;
                for price in path {
                    self.board.add_price(&token, price);
                }
            }
            self.desk.read(&self.store)?;
            self.store.folded_up_to()
        })();
        match read {
            Ok(folded) => {
                self.folded = folded.map(|at| at.min(now));
                self.snapshot.trouble = None;
                true
            }
            Err(error) => self.trouble(&error),
        }
    }

    /// Reads everything as of now; whether anything is to be published.
    fn reload(&mut self) -> bool {
        self.moved = true;
        let now = self.clock.now();
        let first = self.snapshot.loaded == Stage::Nothing;
        let loaded = (|| {
            let foreign = self.store.foreign_changes()?;
            let commits = self.store.commits()?;
            let folded = self.store.folded_up_to()?;
            self.desk.read(&self.store)?;
            let (snapshot, publish, settings) = (&mut self.snapshot, &self.publish, self.settings);
            let hurry = if first { Hurry::All } else { Hurry::One };
            let (models, loaded) = self.store.load_calls_beside(Some(now), hurry, |store| {
                let books = store.load_books()?;
                let board = Board::new(
                    Loaded {
                        books,
                        ..Loaded::default()
                    },
                    settings,
                );
                // Models are read in a fraction of the time of calls.
                if first {
                    snapshot.board = Arc::new(board.clone());
                    snapshot.loaded = Stage::Models;
                    publish.send_replace(snapshot.clone());
                }
                Ok::<_, StoreError>(board)
            });
            Ok((foreign, commits, folded, models?, loaded?))
        })();
        match loaded {
            Ok((foreign, commits, folded, mut board, loaded)) => {
                tracing::debug!(calls = loaded.calls.len(), "loaded");
                self.foreign = foreign;
                self.commits = commits;
                self.folded = folded.map(|at| at.min(now));
                self.next_unseen = loaded.next_unseen;
                board.set_calls(loaded.calls, loaded.orphan_outcomes);
                self.board = board;
                self.snapshot.loaded = Stage::Everything;
                self.snapshot.trouble = None;
                if let Err(error) = self.load_filters() {
                    self.trouble(&error);
                }
                // The paths of thousands of tokens take a moment: the figures go out first. Later
                // they would be on screen without paths that were there a moment ago.
                if first {
                    self.publish();
                    self.moved = true;
                }
                if let Some(then) = self.once_loaded.take() {
                    then();
                }
                if self.paths
                    && let Err(error) = load_trails(&self.store, &mut self.board, now)
                {
                    self.trouble(&error);
                }
                self.follow();
                true
            }
            Err(error) => self.trouble(&error),
        }
    }

    /// Tells the tracker every token whose window may still be open; it knows which are new.
    fn follow(&self) {
        let orders = match &self.poller {
            Poller::Own(orders) => orders,
            Poller::Leased(orders, watch) if *watch.turn() == Turn::Ours => orders,
            _ => return,
        };
        let since = self.clock.now().minus(self.settings.rules.window);
        // The tracker ends before the engine only when the program does.
        let _ = orders.send(Order::Follow(follows(&self.board, since)));
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Samples(samples) => self.unsaved.add_past(samples),
            Command::Polled(poll) => {
                // A demo's past is made before the first poll, and is no news.
                if matches!(self.poller, Poller::Own(_)) && !self.desk.is_open() {
                    self.begin_telling();
                }
                self.desk.feeds(&poll.health, self.clock.now());
                self.snapshot.health = poll.health;
                if let Some(slept) = poll.slept {
                    self.snapshot.slept = Some((self.clock.now(), slept));
                }
                self.unsaved.add_polled(poll.samples);
                return;
            }
            Command::Calls(calls) => self.unsaved.add_calls(calls),
            Command::Trades(trades) => self.unsaved.add_trades(trades),
            Command::Filled(filled) => return self.fill(&filled),
            Command::SaveFilter(filter) => return self.save_filter(&filter),
            Command::History(id, reply) => return self.history(&id, reply),
            Command::PollNow(id, reply) => {
                // Whoever asked may be gone.
                let _ = reply.send(self.poll_now(&id));
                return;
            }
            Command::Stop => return,
        }
        self.save(true);
    }

    /// Looks for gaps, when it is this program's turn; whether there is news of it.
    fn look_for_gaps(&mut self) -> bool {
        let ours = matches!(&self.poller, Poller::Leased(_, watch) if *watch.turn() == Turn::Ours);
        let Some(gaps) = self
            .gaps
            .as_mut()
            .filter(|_| ours && self.snapshot.loaded == Stage::Everything)
        else {
            return false;
        };
        if let Err(error) = gaps.look(&self.store, &self.board, self.clock.now()) {
            return self.trouble(&error);
        }
        let progress = Some(gaps.progress().clone());
        let changed = self.snapshot.backfill != progress;
        self.snapshot.backfill = progress;
        changed
    }

    /// Stores what was found of a token's past. What cannot be stored is asked for again.
    fn fill(&mut self, filled: &Filled) {
        let now = self.clock.now();
        if let Some(gaps) = &mut self.gaps {
            gaps.filled(filled, now);
        }
        if filled.candles.is_empty() && filled.answered.is_empty() {
            return;
        }
        let answer = Answer {
            token: &filled.token,
            provider: filled.provider,
            candles: &filled.candles,
            answered: &filled.answered,
        };
        match self.store.put_answer(answer) {
            Ok(changes) => {
                tracing::debug!(
                    token = %filled.token,
                    candles = filled.candles.len(),
                    refused = filled.refused,
                    "backfill"
                );
                self.moved = true;
                self.board.move_folds(changes);
            }
            Err(error) => {
                if let Some(gaps) = &mut self.gaps {
                    gaps.not_stored(&filled.token);
                }
                self.trouble(&error);
            }
        }
    }

    /// Stores what waits for it, when it is time to; whether anything has changed.
    fn save(&mut self, at_once: bool) -> bool {
        let now = self.clock.now();
        if self.unsaved.is_empty() || (!at_once && now < self.next_commit) {
            return false;
        }
        match self.store_all() {
            Ok(()) => {
                let tokens = self.snapshot.health.first().map_or(0, |h| h.tokens);
                let steps = (tokens / 1_000).clamp(1, RAREST_COMMIT);
                self.next_commit = now.plus(COMMIT_EVERY.times(steps as i64));
                self.snapshot.trouble = self.unsaved.lost();
                self.snapshot.held = false;
            }
            Err(error) => {
                self.next_commit = now.plus(RETRY);
                if !self.is_held(&error) {
                    tracing::error!(%error, unsaved = %self.unsaved.words(), "store");
                    self.snapshot.trouble = Some(self.unsaved.trouble(&error));
                }
            }
        }
        true
    }

    /// Stores everything that waits, in the order in which it depends on each other. What fails
    /// goes on waiting.
    fn store_all(&mut self) -> Result<(), StoreError> {
        self.moved = true;
        if let Some(calls) = self.unsaved.calls() {
            let (puts, changes) = self.store.put_calls(calls)?;
            let changed = calls.iter().zip(&puts);
            let changed = changed.filter(|(_, put)| matches!(put, Put::New | Put::Updated));
            let mut stored = Vec::new();
            // As they lie in the store now: filled up, and with an outcome that may have come
            // first.
            for (call, _) in changed {
                stored.extend(self.store.load_call(&call.id)?);
            }
            self.unsaved.saved_calls();
            self.board.add_calls(stored);
            self.board.move_folds(changes);
            self.follow();
        }
        while let Some((samples, polled)) = self.unsaved.samples() {
            let changes = if polled {
                let now = self.clock.now();
                self.desk
                    .put_polled(&mut self.store, &self.board, samples, now)?
            } else {
                self.store.put_samples(samples)?.1
            };
            self.board.move_folds(changes);
            for sample in samples {
                if polled {
                    self.snapshot.tally.add(sample);
                }
                if let (true, Decision::Accepted, Some(price)) =
                    (self.paths, sample.decision, sample.reading.price)
                {
                    let at = sample.reading.at;
                    self.board.add_price(&sample.token, PriceAt { at, price });
                }
            }
            self.unsaved.saved_samples();
            self.desk.read(&self.store)?;
            let old = self.clock.now().minus(TRAIL);
            self.board.drop_trails_before(old);
        }
        if let Some(trades) = self.unsaved.trades() {
            let (_, changed) = self.store.put_trades(trades)?;
            self.unsaved.saved_trades();
            for key in changed {
                let book = self.store.load_book_of(&key)?;
                self.board.set_book(key, book);
            }
        }
        Ok(())
    }

    /// Keeps a filter under its name.
    fn save_filter(&mut self, filter: &SavedFilter) {
        let stored = self.store.put_filter(filter);
        if let Err(error) = stored.and_then(|()| self.load_filters()) {
            self.trouble(&error);
        }
    }

    fn load_filters(&mut self) -> Result<(), StoreError> {
        self.snapshot.filters = Arc::new(self.store.load_filters()?);
        Ok(())
    }

    /// Looks what other programs work on; whether that has changed.
    fn see_work(&mut self) -> bool {
        let work = self.others.look();
        let changed = self.snapshot.work != work;
        self.snapshot.held &= work.is_some();
        self.snapshot.work = work;
        changed
    }

    /// Whether an error is no more than another program's work, which is on screen already: what
    /// comes in waits for its end.
    fn is_held(&mut self, error: &StoreError) -> bool {
        if !error.is_held() {
            return false;
        }
        self.see_work();
        self.snapshot.held = self.snapshot.work.is_some();
        self.snapshot.held
    }

    fn trouble(&mut self, error: &StoreError) -> bool {
        let held = self.snapshot.held;
        if self.is_held(error) {
            return !held;
        }
        let text = error.to_string();
        let changed = self.snapshot.trouble.as_ref() != Some(&text);
        if changed {
            tracing::error!(%error, "store");
        }
        self.snapshot.trouble = Some(text);
        changed
    }

    fn publish(&mut self) {
        (self.snapshot.notices, self.snapshot.told) = self.desk.recent();
        if std::mem::take(&mut self.moved) {
            self.snapshot.board = Arc::new(self.board.clone());
        }
        self.publish.send_replace(self.snapshot.clone());
    }
}

fn follows(board: &Board, since: Timestamp) -> Vec<Follow> {
    let calls = board.called_since(since);
    let calls = calls.map(|(token, called_at, entry)| Follow {
        token: token.clone(),
        called_at,
        entry,
    });
    calls.collect()
}

/// The last day's path of every token whose window may still be open at an instant.
pub fn load_trails(store: &Store, board: &mut Board, now: Timestamp) -> Result<(), StoreError> {
    let since = now.minus(board.settings().rules.window);
    let tokens: BTreeSet<TokenKey> = board
        .called_since(since)
        .map(|(token, ..)| token.clone())
        .collect();
    // One look at the file, not one for each token: that would be most of the time.
    store.reading(|store| {
        for token in tokens {
            board.add_trail(&token, store.price_path(&token, now, TRAIL)?);
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests;
