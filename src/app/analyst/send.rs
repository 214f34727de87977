//! Answers on their way to the screen: what it shows already is not sent again.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::domain::{Range, Timestamp};
use crate::tui::Message;
use crate::view::compare_page::PairKey;
use crate::view::header::{Backfill, ClockTrouble, Told, header};
use crate::view::{Block, Line, Page, Question, Screen, Tab, Tone};

use super::super::engine::Snapshot;
use super::{Gone, Place, Sent, polling};

pub(super) async fn send_screen(
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

pub(super) async fn send_page(
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

pub(super) async fn send(messages: &mpsc::Sender<Message>, message: Message) -> Result<(), Gone> {
    messages.send(message).await.map_err(|_| Gone)
}

/// Sends what stands above every tab, when it has changed.
pub(super) async fn send_header(
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
