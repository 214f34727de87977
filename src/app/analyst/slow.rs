//! What takes long is computed beside the analyst.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, watch};

use crate::analytics::DeepCache;
use crate::board::Board;
use crate::domain::Timestamp;
use crate::store::{ModelTrades, Reader};
use crate::tui::Message;
use crate::view::answer::Answers;
use crate::view::compare_page::{self, PairKey};
use crate::view::model_trades::Wanted;
use crate::view::{Question, Screen, Tab, leaderboard, model_page, model_trades};

use super::send::{send_page, send_screen};
use super::{Gone, Place, Sent};

/// The figures that cost more than a few merges, computed on a thread of their own: the analyst
/// stays free for the next question, which ends the work for this one.
pub(super) struct Slow<'a> {
    pub place: &'a Place,
    pub question: &'a Question,
    pub board: &'a Arc<Board>,
    pub now: Timestamp,
    /// Changes when there is a newer question.
    pub asked: watch::Receiver<Question>,
}

/// What was computed for the leaderboard before; held by whoever computes.
pub(super) type Deep = Arc<Mutex<DeepCache>>;

impl Slow<'_> {
    /// Sends what merges, unless the same was answered whole before: then it would only blank
    /// what is already on screen.
    pub async fn merged(
        &self,
        messages: &mpsc::Sender<Message>,
        last: &mut Sent,
    ) -> Result<(), Gone> {
        let asked = Some((self.question.range, self.question.provisional));
        if last.leaderboard == asked {
            return Ok(());
        }
        last.leaderboard = asked;
        let screen =
            leaderboard::quick(self.board, self.question.range, self.now, self.place.style);
        send_screen(messages, self.question, last, Tab::Leaderboard, screen).await
    }

    /// The whole leaderboard; `None` when there is a newer question.
    pub async fn whole(&self, deep: &Deep) -> Option<Screen> {
        let (range, now, style) = (self.question.range, self.now, self.place.style);
        let (board, deep) = (Arc::clone(self.board), Arc::clone(deep));
        self.work(move |stop| {
            let mut cache = deep.lock().unwrap_or_else(PoisonError::into_inner);
            leaderboard::deep(&board, range, now, style, &mut cache, stop)
        })
        .await
        .flatten()
    }

    /// The whole categories; `None` when there is a newer question.
    pub async fn categories(&self) -> Option<Screen> {
        let (now, style) = (self.now, self.place.style);
        let (board, question) = (Arc::clone(self.board), self.question.clone());
        let work = move |_: &dyn Fn() -> bool| {
            Answers::new(board, now, style).screen(&question, Tab::Categories)
        };
        self.work(work).await
    }

    /// Sends the page of a row or of two that are compared: first what the board knows, then with
    /// what the store does. `None` when there is a newer question.
    pub async fn page(
        &self,
        messages: &mpsc::Sender<Message>,
        key: &str,
        deep: &Deep,
        last: &mut Sent,
    ) -> Result<Option<()>, Gone> {
        let (range, now, style) = (self.question.range, self.now, self.place.style);
        let tab = Tab::Leaderboard;
        if let Some(pair) = PairKey::parse(key) {
            let board = Arc::clone(self.board);
            let work =
                move |_: &dyn Fn() -> bool| compare_page::page(&board, range, now, style, &pair);
            let Some(page) = self.work(work).await else {
                return Ok(None);
            };
            return send_page(messages, self.question, tab, key, page)
                .await
                .map(Some);
        }
        let of_board = |trades: Option<Arc<ModelTrades>>| {
            let (board, deep, key) = (Arc::clone(self.board), Arc::clone(deep), key.to_owned());
            move |stop: &dyn Fn() -> bool| {
                let mut cache = deep.lock().unwrap_or_else(PoisonError::into_inner);
                let trades = trades.as_deref();
                model_page::page(&board, range, now, style, &key, trades, &mut cache, stop)
            }
        };
        let wanted = model_trades::wanted(self.board, range, now, key);
        let extent = wanted.as_ref().map(|w| w.extent);
        let known = last
            .trades
            .as_ref()
            .filter(|(of, _)| Some(*of) == extent)
            .map(|(_, trades)| Arc::clone(trades));
        let opened = Some((key.to_owned(), range));
        if known.is_none() && last.page != opened {
            let Some(page) = self.work(of_board(None)).await else {
                return Ok(None);
            };
            send_page(messages, self.question, tab, key, page).await?;
        }
        last.page = opened;
        let path = self.place.path.clone();
        let read = move |_: &dyn Fn() -> bool| {
            if known.is_some() {
                return known;
            }
            let Wanted {
                key,
                numbers,
                window,
                ..
            } = wanted?;
            let trades =
                Reader::open(&path).and_then(|reader| reader.model_trades(&key, &numbers, &window));
            // Without them the page still says everything else; the trouble that the file is in
            // is said by the engine, which looks at it each second.
            trades
                .inspect_err(|error| tracing::warn!(%error, "trades of a model"))
                .map(Arc::new)
                .ok()
        };
        let Some(trades) = self.work(read).await else {
            return Ok(None);
        };
        last.trades = extent.zip(trades.clone());
        let Some(page) = self.work(of_board(trades)).await else {
            return Ok(None);
        };
        send_page(messages, self.question, tab, key, page)
            .await
            .map(Some)
    }

    /// Runs something on a thread of its own; `None` when a newer question came first, and the
    /// work is told to stop.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Fn() -> bool) -> T + Send + 'static,
    ) -> Option<T> {
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopped);
        let running = tokio::task::spawn_blocking(move || work(&|| stop.load(Ordering::Relaxed)));
        let mut asked = self.asked.clone();
        tokio::select! {
            biased;
            _ = asked.changed() => {
                stopped.store(true, Ordering::Relaxed);
                None
            }
            done = running => done.ok(),
        }
    }
}
