//! Gaps in the past: which are looked for, and what was found of them.

use crate::store::Answer;
use crate::tracker::backfill::Filled;

use super::super::watch::Turn;
use super::{Engine, Poller, Stage};

impl Engine {
    /// Looks for gaps, when it is this program's turn; whether there is news of it.
    pub(super) fn look_for_gaps(&mut self) -> bool {
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
    pub(super) fn fill(&mut self, filled: &Filled) {
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
}
