//! The thread that owns the store and the board: whatever is to be written comes here as a
//! command, goes into the database, moves the board, and is handed out as a new snapshot.
//!
//! What cannot be written stays in memory, up to a limit, and is tried again: a full disk or
//! another program's lock loses nothing, and the screen says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::board::{Board, Settings};
use crate::clock::Clock;
use crate::domain::{Percent, Span, Timestamp};
use crate::store::{Commits, Store, StoreError, Watching};
use crate::tracker::{FeedHealth, Order, Poll};

use super::desk::Desk;
use super::gaps::GapFinder;
use super::unsaved::Unsaved;
use super::watch::Watch;

mod asked;
mod fill;
mod follow;
mod save;
mod snapshot;
mod turn;

pub use follow::load_trails;

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
/// answers in between, and each writes a page for nearly every token in it. Of real time, as all
/// of these: a demo's market does not write more for running faster.
const COMMIT_EVERY: Duration = Duration::from_secs(1);
/// The longest time between commits, in the same steps.
const RAREST_COMMIT: u32 = 10;
/// What is due so soon is done now.
const SOON: Duration = Duration::from_millis(50);
/// So soon a commit that failed is tried again.
const RETRY: Duration = Duration::from_secs(2);
/// While polls come, how the feeds are doing is handed out at least about this often: more than
/// once between two commits only where these are far apart.
const RAREST_HEALTH: Duration = Duration::from_secs(2);
/// How long a commit may wait for another program's lock: then the rest of the work has a turn.
const PATIENCE: Duration = Duration::from_millis(1500);

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
    /// How much of what is there may be shown: before a demo's past is made, nothing is not what
    /// there is.
    shown: Stage,
    /// The board is another than the one that was handed out last.
    moved: bool,
    unsaved: Unsaved,
    next_commit: Timestamp,
    /// So soon it is handed out how the feeds are doing, whatever else happens.
    next_health: Timestamp,
    /// Feeds have answered or failed since the last hand-out.
    health_moved: bool,
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
            shown: match poller {
                Poller::Own(_) => Stage::Nothing,
                Poller::None | Poller::Leased(..) => Stage::Everything,
            },
            moved: true,
            unsaved: Unsaved::default(),
            next_commit: Timestamp::from_millis(0),
            next_health: Timestamp::from_millis(0),
            health_moved: false,
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
            match commands.recv_timeout(self.until_next_look()) {
                Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(command) => {
                    worked |= self.carry_out(command);
                    // What waits too is handed out with it: answers of a dozen requests come
                    // together, and each look at the file and each snapshot wakes somebody.
                    for command in commands.try_iter().take(QUEUE) {
                        if matches!(command, Command::Stop) {
                            stop.store(true, Ordering::SeqCst);
                            break;
                        }
                        worked |= self.carry_out(command);
                    }
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
            if worked || self.is_health_due() {
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

    /// Whether nobody else knows of the file.
    pub(super) const fn is_alone(&self) -> bool {
        matches!(self.poller, Poller::Own(_))
    }

    /// How long nobody has to look at anything unless somebody says so.
    fn until_next_look(&self) -> Duration {
        // Alone there is nothing to be looked at but what comes, and what time brings.
        let look = if self.is_alone() { LOOK * 5 } else { LOOK };
        if self.unsaved.is_empty() {
            return look;
        }
        let left = self.next_commit.since(self.clock.now());
        self.clock.sleep_for(left.max(Span::ZERO)).min(look)
    }

    /// Whether how the feeds are doing has waited long enough, or the clock was set back.
    fn is_health_due(&self) -> bool {
        let left = self.next_health.since(self.clock.now());
        let waits = Span::ZERO < left && left <= self.clock.passes_in(RAREST_HEALTH);
        self.health_moved && !waits
    }

    /// Does what it is told; whether that is to be handed out before anything is stored.
    fn carry_out(&mut self, command: Command) -> bool {
        match command {
            Command::Samples(samples) => self.unsaved.add_past(samples),
            Command::Polled(poll) => return self.polled(poll),
            Command::Calls(calls) => self.unsaved.add_calls(calls),
            Command::Trades(trades) => {
                self.unsaved.add_trades(trades);
                let more = self.show(Stage::Models);
                return self.save(true) || more;
            }
            Command::Happened(calls, trades) => {
                self.unsaved.add_calls(calls);
                self.unsaved.add_trades(trades);
                return false;
            }
            Command::Filled(filled) => {
                self.fill(&filled);
                return true;
            }
            Command::SaveFilter(filter) => {
                self.save_filter(&filter);
                return true;
            }
            Command::ForgetFilter(name, reply) => {
                // Whoever asked may be gone.
                let _ = reply.send(self.forget_filter(&name));
                return true;
            }
            Command::History(id, reply) => {
                self.history(&id, reply);
                return false;
            }
            Command::PollNow(id, reply) => {
                // Whoever asked may be gone.
                let _ = reply.send(self.poll_now(&id));
                return false;
            }
            Command::Stop => return false,
        }
        self.save(true)
    }

    /// From now on as much may be shown; whether that is more than before.
    fn show(&mut self, stage: Stage) -> bool {
        let more = stage > self.shown;
        if more {
            self.shown = stage;
            self.snapshot.loaded = stage;
        }
        more
    }

    /// Takes what a poll has brought: it is stored within the second. How the feeds are doing is
    /// handed out before that when a feed has failed or works again, and soon in any case.
    fn polled(&mut self, poll: Poll) -> bool {
        let now = self.clock.now();
        // A demo's past is made before the first poll, and is no news.
        if self.is_alone() && !self.desk.is_open() {
            self.begin_telling();
        }
        let first = self.show(Stage::Everything);
        self.desk.feeds(&poll.health, now);
        let failures = |health: &[FeedHealth]| -> Vec<u32> {
            health.iter().map(|feed| feed.failures).collect()
        };
        let news = first
            || poll.slept.is_some()
            || failures(&self.snapshot.health) != failures(&poll.health);
        self.health_moved = true;
        self.snapshot.health = poll.health;
        if let Some(slept) = poll.slept {
            self.snapshot.slept = Some((now, slept));
        }
        self.unsaved.add_polled(poll.samples);
        news
    }

    /// Looks what other programs work on; whether that has changed.
    fn see_work(&mut self) -> bool {
        if self.is_alone() {
            return false;
        }
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
        self.next_health = self.clock.now().plus(self.clock.passes_in(RAREST_HEALTH));
        self.health_moved = false;
        self.publish.send_replace(self.snapshot.clone());
    }
}

#[cfg(test)]
mod tests;
