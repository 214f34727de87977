//! What waits for the store goes into it, and from there onto the board.

use std::sync::Arc;

use crate::analytics::lab::SavedFilter;
use crate::board::TRAIL;
use crate::domain::Decision;
use crate::domain::fold::PriceAt;
use crate::store::{Put, StoreError};

use super::{COMMIT_EVERY, Engine, RAREST_COMMIT, RETRY, SOON};

impl Engine {
    /// Stores what waits for it, when it is time to; whether anything has changed.
    pub(super) fn save(&mut self, at_once: bool) -> bool {
        let now = self.clock.now();
        // A clock that was set back by days must not hold it up until it gets there again.
        let latest = now.plus(self.clock.passes_in(COMMIT_EVERY * RAREST_COMMIT));
        self.next_commit = self.next_commit.min(latest);
        // What comes once a second never comes at the same moment of it.
        let soon = now.plus(self.clock.passes_in(SOON));
        if self.unsaved.is_empty() || (!at_once && soon < self.next_commit) {
            return false;
        }
        match self.store_all() {
            Ok(()) => {
                let tokens = self.snapshot.health.first().map_or(0, |h| h.tokens);
                let steps = u32::try_from(tokens / 1_000).unwrap_or(RAREST_COMMIT);
                // A demo's market has its own rhythm of a second: this must not be out of step with it.
                let every = if self.is_alone() {
                    COMMIT_EVERY / 2
                } else {
                    COMMIT_EVERY
                };
                let step = every * steps.clamp(1, RAREST_COMMIT);
                // From when it was due, so that delays do not add up: one a second, not one less.
                let passes = |real| self.clock.passes_in(real);
                let step_on = self.next_commit.plus(passes(step));
                self.next_commit =
                    step_on.clamp(now.plus(passes(step * 7 / 8)), now.plus(passes(step)));
                self.snapshot.trouble = self.unsaved.lost();
                self.snapshot.held = false;
            }
            Err(error) => {
                self.next_commit = now.plus(self.clock.passes_in(RETRY));
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
            self.desk.read_own(&self.store)?;
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
    pub(super) fn save_filter(&mut self, filter: &SavedFilter) {
        let stored = self.store.put_filter(filter);
        if let Err(error) = stored.and_then(|()| self.load_filters()) {
            self.trouble(&error);
        }
    }

    /// Keeps the filter of a name no more; what came of it, in words.
    pub(super) fn forget_filter(&mut self, name: &str) -> String {
        let forgotten = self.store.drop_filter(name);
        let forgotten = forgotten.and_then(|was| self.load_filters().map(|()| was));
        match forgotten {
            Ok(true) => format!("forgot {name}; what is set here stays"),
            Ok(false) => format!("{name} is not saved any more"),
            Err(error) => {
                self.trouble(&error);
                format!("{name} could not be forgotten: {error}")
            }
        }
    }

    pub(super) fn load_filters(&mut self) -> Result<(), StoreError> {
        self.snapshot.filters = Arc::new(self.store.load_filters()?);
        Ok(())
    }
}
