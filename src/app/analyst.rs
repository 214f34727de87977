//! The thread that answers questions: the latest question over the latest board, the tab in front
//! first. Statistics run here, so that no key ever waits for them.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::domain::Range;
use crate::tui::Message;
use crate::view::answer::Answers;
use crate::view::answer::Beside;
use crate::view::format::Style;
use crate::view::header::{ClockTrouble, Polling, header};
use crate::view::{Block, Header, Line, Page, Question, Tab, Tone};

use super::engine::{Command, Snapshot};
use super::past::Past;
use super::watch::Turn;

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
    engine: SyncSender<Command>,
) {
    let mut last = Sent::default();
    let mut past = Past::new(engine);
    loop {
        let question = questions.borrow_and_update().clone();
        let snapshot = snapshots.borrow_and_update().clone();
        let answered = snapshot.loaded || snapshot.trouble.is_some();
        if answered {
            past.look(&question, &snapshot).await;
            let asker = &questions;
            let stale = || asker.has_changed().unwrap_or(true);
            if answer(
                &place, &question, &snapshot, &messages, &mut last, &past, &stale,
            )
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
            if question.frozen && !past.is_awaited() {
                // New data would only wait on the other side.
                std::future::pending::<()>().await;
            }
            tokio::select! {
                changed = snapshots.changed(), if !question.frozen => changed.is_ok(),
                () = past.arrives() => true,
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
        if loaded {
            heard = Some(told);
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
}

/// The dashboard is gone.
struct Gone;

async fn answer(
    place: &Place,
    question: &Question,
    snapshot: &Snapshot,
    messages: &mpsc::Sender<Message>,
    last: &mut Sent,
    past: &Past,
    stale: &dyn Fn() -> bool,
) -> Result<(), Gone> {
    let now = place.clock.now();
    let polling = match (&place.demo, &snapshot.turn) {
        (Some(mark), _) => Polling::Demo(mark),
        (None, Some(Turn::Ours)) => Polling::Here,
        (None, Some(Turn::Theirs(holder))) => Polling::By(holder.pid, &holder.host),
        (None, Some(Turn::Nobodys)) => Polling::Nobody,
        (None, None) => Polling::Unknown,
    };
    let clock = ClockTrouble {
        ahead: place.clock.ahead(),
        slept: snapshot.slept,
    };
    let mut head = header(polling, &place.database, &snapshot.health, clock, now);
    if let Some(trouble) = &snapshot.trouble {
        head.feed = Line::toned(trouble.clone(), Tone::Bad);
    }
    if last.header.as_ref() != Some(&head) {
        last.header = Some(head.clone());
        send(messages, Message::Header(head)).await?;
    }
    let answers = Answers::new(&snapshot.board, now, place.style).beside(Beside {
        notices: &snapshot.notices,
        feeds: &snapshot.health,
        history: past.history(),
    });
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
