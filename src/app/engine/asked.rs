//! What the engine does beside storing: notices that no sample brings, and what a page or a key
//! asks for.

use tokio::sync::oneshot;

use crate::domain::CallId;
use crate::store::History;
use crate::tracker::{Order, notice};

use super::super::watch::Turn;
use super::{Engine, Poller};

impl Engine {
    /// Makes notices from now on.
    pub(super) fn begin_telling(&mut self) {
        if let Err(error) = self.desk.begin(&self.store, &self.board, self.clock.now()) {
            self.trouble(&error);
        }
    }

    /// Notices that only time brings, and those that wait to be written; whether there were any.
    pub(super) fn tell(&mut self) -> bool {
        if !self.unsaved.is_empty() {
            // The database is in trouble, or will be written in a moment.
            return false;
        }
        let now = self.clock.now();
        let told = self.desk.tick(&mut self.store, &self.board, now);
        match told.and_then(|told| Ok(told && self.desk.read_own(&self.store)?)) {
            Ok(told) => told,
            Err(error) => self.trouble(&error),
        }
    }

    pub(super) fn history(&self, id: &CallId, reply: oneshot::Sender<History>) {
        match self.store.history(id, self.clock.now()) {
            Ok(history) => {
                // Whoever asked may be gone.
                let _ = reply.send(history.unwrap_or_default());
            }
            // Nothing is said of it: the page goes without, and trouble shows elsewhere.
            Err(error) => tracing::warn!(%error, "the history of a call"),
        }
    }

    /// Has the token of a call polled now; what came of it, in words.
    pub(super) fn poll_now(&self, id: &CallId) -> String {
        let now = self.clock.now();
        let Some(judged) = self.board.judged_one(id, None, now) else {
            return "this call is gone".to_owned();
        };
        let Some(token) = &judged.call.token else {
            return "a call without an address has no price to poll".to_owned();
        };
        if judged.window_end(&self.settings.rules) < now {
            return "its window is over: it is polled no more".to_owned();
        }
        let orders = match &self.poller {
            Poller::None => return "nobody polls here".to_owned(),
            Poller::Own(orders) => orders,
            Poller::Leased(orders, watch) => match watch.turn() {
                Turn::Ours => orders,
                Turn::Theirs(holder) => {
                    return format!(
                        "{} on {} polls: it comes by itself",
                        holder.pid, holder.host
                    );
                }
                Turn::Nobodys => return "nobody polls yet".to_owned(),
            },
        };
        // The tracker ends before the engine only when the program does.
        let _ = orders.send(Order::PollNow(token.clone()));
        format!("asking for {} now", notice::subject(&judged.call))
    }
}
