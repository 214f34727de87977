//! The thread that owns the store and the board: whatever is to be written comes here as a
//! command, goes into the database, moves the board, and is handed out as a new snapshot.

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
use crate::domain::{Call, Decision, Timestamp, TokenKey, Trade};
use crate::store::{Put, Sample, Store, StoreError};
use crate::tracker::FeedHealth;

/// Something to be done with the store.
#[derive(Debug)]
pub enum Command {
    /// What a poll has brought.
    Samples(Vec<Sample>),
    /// Calls that were made.
    Calls(Vec<Call>),
    /// Trades that were opened or closed.
    Trades(Vec<Trade>),
    /// How the feed is doing.
    Health(FeedHealth),
    /// A filter is kept under its name.
    SaveFilter(SavedFilter),
    /// Nothing more will come.
    Stop,
}

/// What everybody else may look at: the latest board and how the program itself is doing.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Everything there is to show.
    pub board: Arc<Board>,
    /// How the feed is doing, when there is one.
    pub health: Option<FeedHealth>,
    /// Why the database could not be read or written last time.
    pub trouble: Option<String>,
    /// The first load is done.
    pub loaded: bool,
    /// Filters that were saved, by name.
    pub filters: Arc<Vec<SavedFilter>>,
}

impl Snapshot {
    /// Before anything is loaded.
    pub fn empty(settings: Settings) -> Self {
        Self {
            board: Arc::new(Board::empty(settings)),
            health: None,
            trouble: None,
            loaded: false,
            filters: Arc::default(),
        }
    }
}

/// Commands that may wait: few, so that who has much to bring does not hold up the others.
pub const QUEUE: usize = 4;

/// How often the file is looked at for what other programs wrote.
const LOOK: Duration = Duration::from_secs(1);

/// The engine, before it runs.
pub struct Engine {
    store: Store,
    board: Board,
    settings: Settings,
    clock: Clock,
    snapshot: Snapshot,
    publish: watch::Sender<Snapshot>,
    /// Tokens that are called, for the tracker to follow.
    called: Option<mpsc::UnboundedSender<(TokenKey, Timestamp)>>,
    foreign: i64,
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
        called: Option<mpsc::UnboundedSender<(TokenKey, Timestamp)>>,
    ) -> Self {
        Self {
            board: Board::empty(settings),
            snapshot: Snapshot::empty(settings),
            foreign: 0,
            next_unseen: None,
            store,
            settings,
            clock,
            publish,
            called,
        }
    }

    /// Loads everything and publishes it, then does what it is told until it is stopped or
    /// nobody can tell it anything any more.
    pub fn run(mut self, commands: &Receiver<Command>, stop: &AtomicBool) {
        self.reload();
        self.publish();
        loop {
            let mut worked = false;
            match commands.recv_timeout(LOOK) {
                Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(command) => {
                    self.carry_out(command);
                    worked = true;
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if stop.load(Ordering::SeqCst) {
                return;
            }
            worked |= self.look();
            if worked {
                self.publish();
            }
        }
    }

    /// Whether there is news that nobody told: another program has changed the file, or a sample
    /// that was dated in the future has become the present. Then everything is read again.
    fn look(&mut self) -> bool {
        match self.store.foreign_changes() {
            Ok(now) => {
                let due = self.next_unseen.is_some_and(|at| at <= self.clock.now());
                (now != self.foreign || due) && self.reload()
            }
            Err(error) => self.trouble(&error),
        }
    }

    /// Reads everything as of now; whether anything is to be published.
    fn reload(&mut self) -> bool {
        let now = self.clock.now();
        let foreign = self.store.foreign_changes();
        let loaded = foreign.and_then(|foreign| Ok((foreign, self.store.load(Some(now))?)));
        match loaded {
            Ok((foreign, loaded)) => {
                tracing::debug!(calls = loaded.calls.len(), "loaded");
                self.foreign = foreign;
                self.next_unseen = loaded.next_unseen;
                self.board = Board::new(loaded, self.settings);
                self.snapshot.loaded = true;
                self.snapshot.trouble = None;
                if let Err(error) = self.load_filters() {
                    self.trouble(&error);
                }
                // The paths of thousands of tokens take a moment: the figures go out first.
                self.publish();
                if let Err(error) = load_trails(&self.store, &mut self.board, now) {
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
        let Some(called) = &self.called else { return };
        let since = self.clock.now().minus(self.settings.rules.window);
        for (token, at) in self.board.called_since(since) {
            // The tracker ends before the engine only when the program does.
            let _ = called.send((token.clone(), at));
        }
    }

    fn carry_out(&mut self, command: Command) {
        let done = match command {
            Command::Samples(samples) => self.samples(&samples),
            Command::Calls(calls) => self.calls(&calls),
            Command::Trades(trades) => self.trades(&trades),
            Command::Health(health) => {
                self.snapshot.health = Some(health);
                Ok(())
            }
            Command::SaveFilter(filter) => {
                let stored = self.store.put_filter(&filter);
                stored.and_then(|()| self.load_filters())
            }
            Command::Stop => Ok(()),
        };
        match done {
            Ok(()) => self.snapshot.trouble = None,
            Err(error) => {
                self.trouble(&error);
            }
        }
    }

    fn load_filters(&mut self) -> Result<(), StoreError> {
        self.snapshot.filters = Arc::new(self.store.load_filters()?);
        Ok(())
    }

    fn trouble(&mut self, error: &StoreError) -> bool {
        tracing::error!(%error, "store");
        let text = error.to_string();
        let changed = self.snapshot.trouble.as_ref() != Some(&text);
        self.snapshot.trouble = Some(text);
        changed
    }

    fn samples(&mut self, samples: &[Sample]) -> Result<(), StoreError> {
        let (_, changes) = self.store.put_samples(samples)?;
        self.board.move_folds(changes);
        for sample in samples {
            if let (Decision::Accepted, Some(price)) = (sample.decision, sample.reading.price) {
                let at = sample.reading.at;
                self.board.add_price(&sample.token, PriceAt { at, price });
            }
        }
        let old = self.clock.now().minus(TRAIL);
        self.board.drop_trails_before(old);
        Ok(())
    }

    fn calls(&mut self, calls: &[Call]) -> Result<(), StoreError> {
        let (puts, changes) = self.store.put_calls(calls)?;
        // As they lie in the store now: filled up, and with an outcome that may have come first.
        let changed = calls.iter().zip(&puts);
        let changed = changed.filter(|(_, put)| matches!(put, Put::New | Put::Updated));
        let mut stored = Vec::new();
        for (call, _) in changed {
            stored.extend(self.store.load_call(&call.id)?);
        }
        self.board.add_calls(stored);
        self.board.move_folds(changes);
        self.follow();
        Ok(())
    }

    fn trades(&mut self, trades: &[Trade]) -> Result<(), StoreError> {
        let (_, changed) = self.store.put_trades(trades)?;
        for key in changed {
            let book = self.store.load_book_of(&key)?;
            self.board.set_book(key, book);
        }
        Ok(())
    }

    fn publish(&mut self) {
        self.snapshot.board = Arc::new(self.board.clone());
        self.publish.send_replace(self.snapshot.clone());
    }
}

/// The last day's path of every token whose window may still be open at an instant.
pub fn load_trails(store: &Store, board: &mut Board, now: Timestamp) -> Result<(), StoreError> {
    let since = now.minus(board.settings().rules.window);
    let tokens: BTreeSet<TokenKey> = board
        .called_since(since)
        .map(|(token, _)| token.clone())
        .collect();
    for token in tokens {
        for price in store.price_path(&token, now, TRAIL)? {
            board.add_price(&token, price);
        }
    }
    Ok(())
}
