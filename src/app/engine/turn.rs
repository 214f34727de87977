//! Whose turn it is to poll, and what only that program does: putting samples in their place,
//! thinning old ones.

use crate::domain::Span;
use crate::tracker::Order;

use super::super::watch::Turn;
use super::follow::follows;
use super::{Engine, Poller};

/// Between moves of recent samples to their place: at 9,000 tokens, 90,000 of them.
const SETTLE_EVERY: Span = Span::minutes(10);
/// Tokens that one transaction thins: it takes some milliseconds.
const THIN_AT_ONCE: usize = 20;

impl Engine {
    /// Looks whose turn it is to poll, and starts or stops the tracker; whether that has changed.
    pub(super) fn take_turn(&mut self) -> bool {
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

    /// Puts recent samples in their place, and thins a few tokens' old ones, when this program
    /// polls and it is time to.
    pub(super) fn tidy(&mut self) {
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
}
