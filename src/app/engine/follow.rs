//! How the engine keeps up with the file: what other programs wrote is read, and the tracker told
//! whom to follow.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::board::{Board, TRAIL};
use crate::domain::{Span, Timestamp, TokenKey};
use crate::store::{Commits, Hurry, Loaded, Store, StoreError};
use crate::tracker::{Follow, Order};

use super::super::watch::Turn;
use super::{Engine, Poller, Stage};

/// How much of what was read already is read again when following another program's polls.
const OVERLAP: Span = Span::seconds(2);

impl Engine {
    /// Whether there is news that nobody told: another program has changed the file, or a sample
    /// that was dated in the future has become the present. What another program's polls brought
    /// is read alone; after anything else, everything is.
    pub(super) fn look(&mut self) -> bool {
        let due = self.next_unseen.is_some_and(|at| at <= self.clock.now());
        if self.is_alone() {
            return if due { self.reload() } else { self.recovered() };
        }
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
                // What cannot be read now is news the next time, too.
                if due || commits.writes != self.commits.writes {
                    return self.reload();
                }
                if commits.polls == self.commits.polls {
                    self.foreign = foreign;
                    return false;
                }
                self.catch_up(foreign, commits)
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
    fn catch_up(&mut self, foreign: i64, commits: Commits) -> bool {
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
                (self.foreign, self.commits) = (foreign, commits);
                self.folded = folded.map(|at| at.min(now));
                self.snapshot.trouble = None;
                true
            }
            Err(error) => self.trouble(&error),
        }
    }

    /// Reads everything as of now; whether anything is to be published.
    pub(super) fn reload(&mut self) -> bool {
        self.moved = true;
        let now = self.clock.now();
        let first = self.snapshot.loaded == Stage::Nothing;
        let loaded = (|| {
            let foreign = self.store.foreign_changes()?;
            let commits = self.store.commits()?;
            let folded = self.store.folded_up_to()?;
            self.desk.read(&self.store)?;
            let (snapshot, publish, settings) = (&mut self.snapshot, &self.publish, self.settings);
            let shown = self.shown;
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
                if first && shown >= Stage::Models {
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
                self.snapshot.loaded = self.shown;
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
    pub(super) fn follow(&self) {
        let orders = match &self.poller {
            Poller::Own(orders) => orders,
            Poller::Leased(orders, watch) if *watch.turn() == Turn::Ours => orders,
            _ => return,
        };
        let since = self.clock.now().minus(self.settings.rules.window);
        // The tracker ends before the engine only when the program does.
        let _ = orders.send(Order::Follow(follows(&self.board, since)));
    }
}

pub(super) fn follows(board: &Board, since: Timestamp) -> Vec<Follow> {
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
