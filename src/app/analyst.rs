//! The thread that answers questions: the latest question over the latest board, the tab in front
//! first. Statistics run here, so that no key ever waits for them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::analytics::DeepCache;
use crate::analytics::book::Extent;
use crate::board::Board;
use crate::clock::Clock;
use crate::domain::{Range, Timestamp, Zone};
use crate::store::{ModelTrades, Reader};
use crate::tui::Message;
use crate::view::answer::Answers;
use crate::view::answer::Beside;
use crate::view::compare_page::{self, PairKey};
use crate::view::format::Style;
use crate::view::header::{Backfill, ClockTrouble, Polling, Told, header};
use crate::view::lab::{Bench, Filter};
use crate::view::model_trades::Wanted;
use crate::view::{
    Block, Header, Line, Page, Question, Screen, Tab, Tone, leaderboard, model_page, model_trades,
};

use super::engine::{Command, Snapshot, Stage};
use super::past::Past;
use super::watch::Turn;

/// New data is answered at most this often, so that a thin line has one frame a second; a new
/// question at once, and so is data after a pause.
const DATA_PAUSE: Duration = Duration::from_secs(1);
/// Ages and windows move on even when nothing comes in.
const REFRESH: Duration = Duration::from_mins(1);

/// What the header says of the program itself.
#[derive(Debug, Clone)]
pub struct Place {
    /// What the demo mark says, in a demo.
    pub demo: Option<String>,
    /// Where the database lies: who needs much of it reads it there.
    pub path: PathBuf,
    /// The database, shortened.
    pub database: String,
    /// Where "now" comes from.
    pub clock: Clock,
    /// How text is set.
    pub style: Style,
}

/// Answers until nobody asks or listens any more.
pub async fn run(
    place: Place,
    mut questions: watch::Receiver<Question>,
    mut snapshots: watch::Receiver<Snapshot>,
    messages: mpsc::Sender<Message>,
    engine: SyncSender<Command>,
) {
    let mut last = Sent::default();
    let mut saved = 0;
    let mut past = Past::new(engine.clone());
    let mut before: Option<Question> = None;
    let mut refresh = false;
    loop {
        let question = questions.borrow_and_update().clone();
        let snapshot = snapshots.borrow_and_update().clone();
        for filter in question.saves.iter().skip(saved) {
            // The engine ends before this thread only when the program does.
            let _ = engine.send(Command::SaveFilter(filter.clone()));
        }
        saved = question.saves.len();
        let answered = snapshot.trouble.is_some()
            || match snapshot.loaded {
                Stage::Nothing => false,
                Stage::Models => question.tab == Tab::Leaderboard,
                Stage::Everything => true,
            };
        if !answered && snapshot.work.is_some() {
            // Before there is anything to show, what is being done is.
            let now = place.clock.now();
            let sent = send_header(&place, &snapshot, now, &messages, &mut last);
            if sent.await.is_err() {
                return;
            }
        }
        if answered {
            past.look(&question, &snapshot).await;
            // New data is for the tab in front; the others take it when they come there.
            last.wanted = if refresh || before.as_ref() != Some(&question) {
                Tabs::All
            } else {
                Tabs::InFront
            };
            let done = answer(
                &place, &question, &snapshot, &messages, &mut last, &past, &questions,
            );
            match done.await {
                Ok(Done::All) => before = Some(question.clone()),
                Ok(Done::Part) => before = None,
                Err(Gone) => return,
            }
        }
        // A key must not wait: a question wakes at once, data only after a pause.
        let pause = async {
            if answered {
                tokio::time::sleep(DATA_PAUSE).await;
            }
            if question.frozen && !past.is_awaited() {
                // New data would only wait on the other side. What stands above it goes on.
                return headers(&place, &mut snapshots, &messages, &mut last).await;
            }
            tokio::select! {
                changed = snapshots.changed(), if !question.frozen => Woken::of(&changed),
                () = past.arrives() => Woken::News,
                () = tokio::time::sleep(REFRESH) => Woken::Refresh,
            }
        };
        let woken = tokio::select! {
            biased;
            changed = questions.changed() => Woken::of(&changed),
            woken = pause => woken,
        };
        if woken == Woken::Over {
            return;
        }
        refresh = woken == Woken::Refresh;
    }
}

/// Sends headers until nobody listens any more: a feed that goes down and work that ends are said
/// beside a frozen view, too.
async fn headers(
    place: &Place,
    snapshots: &mut watch::Receiver<Snapshot>,
    messages: &mpsc::Sender<Message>,
    last: &mut Sent,
) -> Woken {
    loop {
        tokio::select! {
            changed = snapshots.changed() => if changed.is_err() {
                return Woken::Over;
            },
            () = tokio::time::sleep(REFRESH) => {}
        }
        let snapshot = snapshots.borrow_and_update().clone();
        let now = place.clock.now();
        if send_header(place, &snapshot, now, messages, last)
            .await
            .is_err()
        {
            return Woken::Over;
        }
        tokio::time::sleep(DATA_PAUSE).await;
    }
}

/// Rings for notices that come while the dashboard runs, whoever made them.
pub async fn ring(mut snapshots: watch::Receiver<Snapshot>, messages: mpsc::Sender<Message>) {
    let mut heard: Option<i64> = None;
    while snapshots.changed().await.is_ok() {
        let (loaded, told) = {
            let snapshot = snapshots.borrow_and_update();
            (snapshot.loaded, snapshot.told)
        };
        if heard.is_some_and(|heard| told > heard) && messages.send(Message::Bell).await.is_err() {
            return;
        }
        if loaded == Stage::Everything {
            heard = Some(told);
        }
    }
}

/// Why the analyst goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Woken {
    /// A question or data.
    News,
    /// Nothing for a while.
    Refresh,
    /// Nobody is there any more.
    Over,
}

impl Woken {
    fn of(changed: &Result<(), watch::error::RecvError>) -> Self {
        match changed {
            Ok(()) => Self::News,
            Err(_) => Self::Over,
        }
    }
}

/// Which tabs are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Tabs {
    #[default]
    All,
    InFront,
}

/// Whether everything that was to be answered was, or a newer question came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    All,
    Part,
}

/// What was sent last, so that a refresh in which nothing changed sends nothing.
#[derive(Default)]
struct Sent {
    /// Which tabs are answered now.
    wanted: Tabs,
    /// What was computed of the models.
    deep: Deep,
    header: Option<Header>,
    screens: [Option<(u64, Arc<Screen>)>; 4],
    /// Those before them, as long as they may still be on screen.
    retired: Vec<Arc<Screen>>,
    /// The model whose page was sent, and the range of its figures.
    page: Option<(String, Range)>,
    /// What the store said of its trades: not read again while they are the same.
    trades: Option<(Extent, Arc<ModelTrades>)>,
    /// The range of the latest leaderboard, and whether it was provisional.
    leaderboard: Option<(Range, bool)>,
    /// The same of the latest categories.
    categories: Option<(Range, bool)>,
    bench: Option<(BenchOf, Bench)>,
    /// The question that the lab answered last.
    lab: u64,
}

/// What a bench was made from: while that is the same, only the filter changes.
#[derive(Clone)]
struct BenchOf {
    range: Range,
    provisional: bool,
    minute: i64,
    board: Arc<crate::board::Board>,
}

impl PartialEq for BenchOf {
    fn eq(&self, other: &Self) -> bool {
        self.range == other.range
            && self.provisional == other.provisional
            && self.minute == other.minute
            && Arc::ptr_eq(&self.board, &other.board)
    }
}

/// Who polls, as the header says it.
fn polling<'a>(place: &'a Place, turn: Option<&'a Turn>) -> Polling<'a> {
    match (&place.demo, turn) {
        (Some(mark), _) => Polling::Demo(mark),
        (None, Some(Turn::Ours)) => Polling::Here,
        (None, Some(Turn::Theirs(holder))) => Polling::By(holder.pid, &holder.host),
        (None, Some(Turn::Nobodys)) => Polling::Nobody,
        (None, None) => Polling::Unknown,
    }
}

/// The dashboard is gone.
struct Gone;

#[allow(
    clippy::too_many_arguments,
    reason = "each is another thing that it works on"
)]
async fn answer(
    place: &Place,
    question: &Question,
    snapshot: &Snapshot,
    messages: &mpsc::Sender<Message>,
    last: &mut Sent,
    past: &Past,
    asked: &watch::Receiver<Question>,
) -> Result<Done, Gone> {
    let deep = Arc::clone(&last.deep);
    let now = place.clock.now();
    let zone = place.style.zone;
    send_header(place, snapshot, now, messages, last).await?;
    if let Some(filter) = &question.lab {
        lab(question, filter, snapshot, now, messages, last, zone).await?;
        return Ok(Done::All);
    }
    last.bench = None;
    let slow = Slow {
        place,
        question,
        board: &snapshot.board,
        now,
        asked: asked.clone(),
    };
    if question.tab == Tab::Leaderboard {
        slow.merged(messages, last).await?;
    }
    if question.open.is_none() {
        last.page = None;
        last.trades = None;
    }
    let answers = Answers::new(&snapshot.board, now, place.style).beside(Beside {
        notices: &snapshot.notices,
        feeds: &snapshot.health,
        history: past.history(),
    });
    if let Some((tab, key)) = &question.open {
        if *tab == Tab::Leaderboard {
            if slow.page(messages, key, &deep, last).await?.is_none() {
                return Ok(Done::Part);
            }
        } else {
            let page = answers.page(question, *tab, key);
            send_page(messages, question, *tab, key, page).await?;
        }
    }
    let mut tabs = Tab::EACH;
    tabs.sort_by_key(|tab| *tab != question.tab);
    let count = if last.wanted == Tabs::All {
        tabs.len()
    } else {
        1
    };
    for tab in tabs.into_iter().take(count) {
        if snapshot.loaded == Stage::Models && tab != Tab::Leaderboard {
            // Its calls are still being read: nothing is not what there is.
            continue;
        }
        if asked.has_changed().unwrap_or(true) {
            return Ok(Done::Part);
        }
        if tab == Tab::Categories {
            // What merges comes at once; what resamples follows.
            let same = Some((question.range, question.provisional));
            if last.categories != same {
                last.categories = same;
                let screen = answers.quick_categories(question);
                send_screen(messages, question, last, tab, screen).await?;
            }
            match slow.categories().await {
                None => return Ok(Done::Part),
                Some(screen) => send_screen(messages, question, last, tab, screen).await?,
            }
            continue;
        }
        if tab != Tab::Leaderboard {
            // Nothing is on screen yet: what can be seen at once comes first.
            if last.screens[tab.index()].is_none()
                && let Some(front) = answers.front(question, tab)
            {
                send_screen(messages, question, last, tab, front).await?;
            }
            let screen = answers.screen(question, tab);
            send_screen(messages, question, last, tab, screen).await?;
            continue;
        }
        slow.merged(messages, last).await?;
        match slow.whole(&deep).await {
            None => return Ok(Done::Part),
            Some(screen) => send_screen(messages, question, last, tab, screen).await?,
        }
    }
    Ok(Done::All)
}

/// The figures that cost more than a few merges, computed on a thread of their own: the analyst
/// stays free for the next question, which ends the work for this one.
struct Slow<'a> {
    place: &'a Place,
    question: &'a Question,
    board: &'a Arc<Board>,
    now: Timestamp,
    /// Changes when there is a newer question.
    asked: watch::Receiver<Question>,
}

/// What was computed for the leaderboard before; held by whoever computes.
type Deep = Arc<Mutex<DeepCache>>;

impl Slow<'_> {
    /// Sends what merges, unless the same was answered whole before: then it would only blank
    /// what is already on screen.
    async fn merged(&self, messages: &mpsc::Sender<Message>, last: &mut Sent) -> Result<(), Gone> {
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
    async fn whole(&self, deep: &Deep) -> Option<Screen> {
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
    async fn categories(&self) -> Option<Screen> {
        let (now, style) = (self.now, self.place.style);
        let (board, question) = (Arc::clone(self.board), self.question.clone());
        let work = move |_: &dyn Fn() -> bool| {
            Answers::new(&board, now, style).screen(&question, Tab::Categories)
        };
        self.work(work).await
    }

    /// Sends the page of a row or of two that are compared: first what the board knows, then with
    /// what the store does. `None` when there is a newer question.
    async fn page(
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

async fn send_screen(
    messages: &mpsc::Sender<Message>,
    question: &Question,
    last: &mut Sent,
    tab: Tab,
    screen: Screen,
) -> Result<(), Gone> {
    last.retired.retain(|old| Arc::strong_count(old) > 1);
    let before = last.screens[tab.index()].take();
    let (screen, made) = match before {
        // Not once more: who shows it sees by its address that it is the same.
        Some((epoch, old)) if *old == screen => {
            last.screens[tab.index()] = Some((question.epoch, Arc::clone(&old)));
            if epoch == question.epoch {
                return Ok(());
            }
            (old, false)
        }
        before => {
            let used = before.as_ref().and_then(|(_, old)| old.sorted.used());
            screen.sorted.prepare(&screen.table, used);
            if before.is_some() {
                screen.folded.prepare(&screen.table);
            }
            // Rows by the thousand take a while to be given back: whoever shows them must never be
            // the last to hold them.
            last.retired.extend(before.map(|(_, old)| old));
            let screen = Arc::new(screen);
            last.screens[tab.index()] = Some((question.epoch, Arc::clone(&screen)));
            (screen, true)
        }
    };
    let shown = Arc::clone(&screen);
    let message = Message::Screen {
        epoch: question.epoch,
        tab,
        range: question.range,
        screen,
    };
    send(messages, message).await?;
    if made {
        // The first rows there are go out before anybody can have typed a filter.
        shown.folded.prepare(&shown.table);
    }
    Ok(())
}

async fn send_page(
    messages: &mpsc::Sender<Message>,
    question: &Question,
    tab: Tab,
    key: &str,
    page: Option<Page>,
) -> Result<(), Gone> {
    let message = Message::Page {
        epoch: question.epoch,
        tab,
        key: key.to_owned(),
        page: page.unwrap_or_else(|| nothing(key, question.range)),
    };
    send(messages, message).await
}

/// The lab covers the tabs: while it is open only it is answered, so that no key waits for them.
async fn lab(
    question: &Question,
    filter: &Filter,
    snapshot: &Snapshot,
    now: Timestamp,
    messages: &mpsc::Sender<Message>,
    last: &mut Sent,
    zone: Zone,
) -> Result<(), Gone> {
    let of = BenchOf {
        range: question.range,
        provisional: question.provisional,
        minute: now.millis().div_euclid(60_000),
        board: Arc::clone(&snapshot.board),
    };
    // A key takes the calls as they were made ready; the minute moves on between two keys.
    let key = last.lab != question.epoch;
    last.lab = question.epoch;
    let good = |made: &BenchOf| {
        *made == of
            || (key
                && BenchOf {
                    minute: made.minute,
                    ..of.clone()
                } == *made)
    };
    if !last.bench.as_ref().is_some_and(|(made, _)| good(made)) {
        let bench = Bench::new(&snapshot.board, question.range, now, question.provisional);
        last.bench = Some((of, bench));
    }
    let Some((_, bench)) = &mut last.bench else {
        return Ok(());
    };
    let mut view = Box::new(bench.view(filter, &snapshot.filters));
    view.screen.as_of = zone.moment(bench.as_of());
    let (epoch, range) = (question.epoch, question.range);
    send(messages, Message::Lab { epoch, range, view }).await
}

/// The page of a row that a range does not hold.
fn nothing(key: &str, range: Range) -> Page {
    let key = PairKey::parse(key).map_or_else(
        || key.to_owned(),
        |pair| format!("{} and {}", pair.first, pair.second),
    );
    let text = format!("{key}: nothing {}", range.phrase());
    Page {
        title: format!("{key} - {}", range.label()),
        blocks: vec![Block::Text(vec![Line::toned(text, Tone::Dim)])],
    }
}

async fn send(messages: &mpsc::Sender<Message>, message: Message) -> Result<(), Gone> {
    messages.send(message).await.map_err(|_| Gone)
}

/// Sends what stands above every tab, when it has changed.
async fn send_header(
    place: &Place,
    snapshot: &Snapshot,
    now: Timestamp,
    messages: &mpsc::Sender<Message>,
    last: &mut Sent,
) -> Result<(), Gone> {
    let told = Told {
        polling: polling(place, snapshot.turn.as_ref()),
        database: &place.database,
        feeds: &snapshot.health,
        clock: ClockTrouble {
            ahead: place.clock.ahead(),
            slept: snapshot.slept,
        },
        work: snapshot.work.as_ref(),
        held: snapshot.held,
        backfill: snapshot.backfill.as_ref().map(|gaps| Backfill {
            done: gaps.done,
            left: gaps.left,
            candles: gaps.candles,
            trouble: gaps
                .trouble
                .as_ref()
                .map(|(why, next)| (why.as_str(), *next)),
        }),
        trouble: snapshot.trouble.as_deref(),
    };
    let head = header(told, now, place.style.zone);
    if last.header.as_ref() == Some(&head) {
        return Ok(());
    }
    last.header = Some(head.clone());
    send(messages, Message::Header(head)).await
}

#[cfg(test)]
mod tests;
