//! The thread that answers questions: the latest question over the latest board, the tab in front
//! first. Statistics run here, so that no key ever waits for them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::domain::{Range, Timestamp};
use crate::tui::Message;
use crate::view::answer::Answers;
use crate::view::format::Style;
use crate::view::header::header;
use crate::view::lab::{Bench, Filter};
use crate::view::{Block, Header, Line, Page, Question, Tab, Tone};

use super::engine::{Command, Snapshot};

/// New data is answered at most this often; a new question at once.
const DATA_PAUSE: Duration = Duration::from_millis(200);
/// Ages and windows move on even when nothing comes in.
const REFRESH: Duration = Duration::from_mins(1);

/// What the header says of the program itself.
#[derive(Debug, Clone)]
pub struct Place {
    /// What the demo mark says, in a demo.
    pub demo: Option<String>,
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
    saving: std::sync::mpsc::SyncSender<Command>,
) {
    let mut last = Sent::default();
    let mut saved = 0;
    loop {
        let question = questions.borrow_and_update().clone();
        let snapshot = snapshots.borrow_and_update().clone();
        for filter in question.saves.iter().skip(saved) {
            // The engine ends before this thread only when the program does.
            let _ = saving.send(Command::SaveFilter(filter.clone()));
        }
        saved = question.saves.len();
        let answered = snapshot.loaded || snapshot.trouble.is_some();
        if answered {
            let asker = &questions;
            let stale = || asker.has_changed().unwrap_or(true);
            if answer(&place, &question, &snapshot, &messages, &mut last, &stale)
                .await
                .is_err()
            {
                return;
            }
        }
        // A key must not wait: a question wakes at once, data only after a pause.
        let pause = async {
            if answered {
                tokio::time::sleep(DATA_PAUSE).await;
            }
            if question.frozen {
                // New data would only wait on the other side.
                std::future::pending::<()>().await;
            }
            tokio::select! {
                changed = snapshots.changed() => changed.is_ok(),
                () = tokio::time::sleep(REFRESH) => true,
            }
        };
        let alive = tokio::select! {
            biased;
            changed = questions.changed() => changed.is_ok(),
            alive = pause => alive,
        };
        if !alive {
            return;
        }
    }
}

/// What was sent last, so that a refresh in which nothing changed sends nothing.
#[derive(Default)]
struct Sent {
    header: Option<Header>,
    screens: [Option<(u64, Arc<crate::view::Screen>)>; 4],
    /// The range of the latest whole screen, and whether it was provisional.
    answered: [Option<(Range, bool)>; 4],
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

/// The dashboard is gone.
struct Gone;

async fn answer(
    place: &Place,
    question: &Question,
    snapshot: &Snapshot,
    messages: &mpsc::Sender<Message>,
    last: &mut Sent,
    stale: &dyn Fn() -> bool,
) -> Result<(), Gone> {
    let now = place.clock.now();
    let mut head = header(
        place.demo.as_deref(),
        &place.database,
        snapshot.health.as_ref(),
        now,
    );
    if let Some(trouble) = &snapshot.trouble {
        head.feed = Line::toned(trouble.clone(), Tone::Bad);
    }
    if last.header.as_ref() != Some(&head) {
        last.header = Some(head.clone());
        send(messages, Message::Header(head)).await?;
    }
    if let Some(filter) = &question.lab {
        return lab(question, filter, snapshot, now, messages, last).await;
    }
    last.bench = None;
    let answers = Answers::new(&snapshot.board, now, place.style);
    if let Some((tab, key)) = &question.open {
        let page = answers.page(question, *tab, key);
        let message = Message::Page {
            epoch: question.epoch,
            tab: *tab,
            key: key.clone(),
            page: page.unwrap_or_else(|| nothing(key, question.range)),
        };
        send(messages, message).await?;
    }
    let mut tabs = Tab::EACH;
    tabs.sort_by_key(|tab| *tab != question.tab);
    for tab in tabs {
        // What merges comes at once; what needs every trade follows.
        let passes: &[bool] = if tab == Tab::Leaderboard {
            &[false, true]
        } else {
            &[true]
        };
        for complete in passes {
            if stale() {
                return Ok(());
            }
            // Where the same was answered before, the quick pass would only blank what is
            // already on screen.
            let asked = (question.range, question.provisional);
            if !*complete && last.answered[tab.index()] == Some(asked) {
                continue;
            }
            if *complete {
                last.answered[tab.index()] = Some(asked);
            }
            let screen = Arc::new(answers.screen(question, tab, *complete));
            let sent = last.screens[tab.index()]
                .as_ref()
                .is_some_and(|(epoch, old)| *epoch == question.epoch && **old == *screen);
            if sent {
                continue;
            }
            last.screens[tab.index()] = Some((question.epoch, Arc::clone(&screen)));
            let message = Message::Screen {
                epoch: question.epoch,
                tab,
                range: question.range,
                screen,
            };
            send(messages, message).await?;
        }
    }
    Ok(())
}

/// The lab covers the tabs: while it is open only it is answered, so that no key waits for them.
async fn lab(
    question: &Question,
    filter: &Filter,
    snapshot: &Snapshot,
    now: Timestamp,
    messages: &mpsc::Sender<Message>,
    last: &mut Sent,
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
    let view = Box::new(bench.view(filter, &snapshot.filters));
    let (epoch, range) = (question.epoch, question.range);
    send(messages, Message::Lab { epoch, range, view }).await
}

/// The page of a row that a range does not hold.
fn nothing(key: &str, range: Range) -> Page {
    let text = format!("{key}: nothing {}", range.phrase());
    Page {
        title: format!("{key} - {}", range.label()),
        blocks: vec![Block::Text(vec![Line::toned(text, Tone::Dim)])],
    }
}

async fn send(messages: &mpsc::Sender<Message>, message: Message) -> Result<(), Gone> {
    messages.send(message).await.map_err(|_| Gone)
}
