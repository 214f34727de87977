//! The history of the call whose page is open: read by the engine, which owns the database, while
//! the page is there already.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::board::Board;
use crate::domain::CallId;
use crate::store::History;
use crate::view::{NOTICES, Question, Tab};

use super::engine::{Command, Snapshot};

/// A page waits so long for its history; after that it comes without, and again with it.
const MOMENT: Duration = Duration::from_millis(150);

/// The history of the open page.
pub struct Past {
    engine: SyncSender<Command>,
    /// Whose it is, and of which board.
    of: Option<(String, Arc<Board>)>,
    known: Option<(String, History)>,
    awaited: Option<(String, oneshot::Receiver<History>)>,
}

impl Past {
    /// Nothing is open.
    pub fn new(engine: SyncSender<Command>) -> Self {
        Self {
            engine,
            of: None,
            known: None,
            awaited: None,
        }
    }

    /// What is known of the open page.
    pub fn history(&self) -> Option<&History> {
        self.known.as_ref().map(|(_, history)| history)
    }

    /// Whether an answer is on its way.
    pub fn is_awaited(&self) -> bool {
        self.awaited.is_some()
    }

    /// Asks for the history of the open page where it may have changed, and waits a moment.
    pub async fn look(&mut self, question: &Question, snapshot: &Snapshot) {
        let open = question.open.as_ref();
        let key = open.filter(|(tab, key)| *tab == Tab::Tracker && key != NOTICES);
        let Some((_, key)) = key else {
            self.of = None;
            self.known = None;
            self.awaited = None;
            return;
        };
        if self.known.as_ref().is_some_and(|(of, _)| of != key) {
            self.known = None;
        }
        let same = self
            .of
            .as_ref()
            .is_some_and(|(of, board)| of == key && Arc::ptr_eq(board, &snapshot.board));
        if !same {
            let (reply, answer) = oneshot::channel();
            let command = Command::History(CallId(key.clone()), reply);
            // A full queue: the next board asks again.
            if self.engine.try_send(command).is_ok() {
                self.awaited = Some((key.clone(), answer));
                self.of = Some((key.clone(), Arc::clone(&snapshot.board)));
            }
        }
        let _ = tokio::time::timeout(MOMENT, self.arrives()).await;
    }

    /// Ends when an answer has come that was awaited.
    pub async fn arrives(&mut self) {
        let Some((_, answer)) = &mut self.awaited else {
            return std::future::pending().await;
        };
        let answer = answer.await;
        let Some((key, _)) = self.awaited.take() else {
            return;
        };
        match answer {
            Ok(history) => self.known = Some((key, history)),
            // It could not be read: it is asked for again with the next board.
            Err(_) => self.of = None,
        }
    }
}
