//! The thread that answers questions: the latest question over the latest board, the tab in front
//! first. Statistics run here, so that no key ever waits for them.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::analytics::book::Extent;
use crate::clock::{Clock, timers};
use crate::domain::{Range, Timestamp, Zone};
use crate::store::ModelTrades;
use crate::tui::Message;
use crate::view::answer::Answers;
use crate::view::answer::Beside;
use crate::view::format::Style;
use crate::view::header::Polling;
use crate::view::lab::{Bench, Filter};
use crate::view::{Header, Question, Screen, Tab};

use super::engine::{Command, Snapshot, Stage};
use super::past::Past;
use super::watch::Turn;

mod send;
mod slow;

use send::{send, send_header, send_page, send_screen};
use slow::{Deep, Slow};

/// New data is answered at most this often, so that a thin line has one frame a second; a new
/// question at once, and so is data after a pause. A little less than the second in which polls
/// are stored: what was just missed would be a second old.
const DATA_PAUSE: Duration = Duration::from_millis(900);
/// Ages and windows move on even when nothing comes in.
const REFRESH: Duration = Duration::from_mins(1);

/// Tabs that are not in front are answered anew after so long, whatever comes in for the one that
/// is: what they show holds the board that it is of.
const BEHIND: Duration = Duration::from_mins(5);

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
    let mut all_answered = timers();
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
        if !answered && (snapshot.work.is_some() || place.demo.is_some()) {
            // Before there is anything to show, what is being done is, and that it is a demo.
            let now = place.clock.now();
            let sent = send_header(&place, &snapshot, now, &messages, &mut last);
            if sent.await.is_err() {
                return;
            }
        }
        if answered {
            past.look(&question, &snapshot).await;
            // New data is for the tab in front; the others take it when they come there.
            let behind = all_answered.elapsed() >= BEHIND;
            last.wanted = if refresh || behind || before.as_ref() != Some(&question) {
                Tabs::All
            } else {
                Tabs::InFront
            };
            let done = answer(
                &place, &question, &snapshot, &messages, &mut last, &past, &questions,
            );
            match done.await {
                Ok(Done::All) => {
                    before = Some(question.clone());
                    if last.wanted == Tabs::All {
                        all_answered = timers();
                    }
                }
                Ok(Done::Part) => before = None,
                Err(Gone) => return,
            }
        }
        // A key must not wait: a question wakes at once, data only after a pause.
        let done = timers();
        let pause = async {
            let calm = async {
                if answered {
                    tokio::time::sleep_until(done + DATA_PAUSE).await;
                }
            };
            if question.frozen && !past.is_awaited() {
                calm.await;
                // New data would only wait on the other side. What stands above it goes on.
                return headers(&place, &mut snapshots, &messages, &mut last).await;
            }
            let woken = tokio::select! {
                changed = snapshots.changed(), if !question.frozen => Woken::of(&changed),
                // Somebody waits for it.
                () = past.arrives() => return Woken::News,
                () = tokio::time::sleep(REFRESH) => Woken::Refresh,
            };
            // Only now: what comes once a second then wakes this thread once a second.
            tokio::select! {
                () = calm => {}
                () = past.arrives() => {}
            }
            woken
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
    // Where rows come at once, header and rows come together: one frame for both.
    let together = question.tab == Tab::Tracker
        && question.lab.is_none()
        && question.open.is_none()
        && snapshot.loaded == Stage::Everything;
    if !together {
        send_header(place, snapshot, now, messages, last).await?;
    }
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
    let answers = Answers::new(Arc::clone(&snapshot.board), now, place.style).beside(Beside {
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
            let screen = answers.screen(question, tab);
            if together && tab == question.tab {
                send_header(place, snapshot, now, messages, last).await?;
            }
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

#[cfg(test)]
mod tests;
