//! The one path from feeds to the engine: a demo, the dashboard and `track` all poll by it.

use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::clock::{Clock, Rhythm};
use crate::feed::PriceFeed;
use crate::tracker::{self, Order, Tracker};

use super::engine::Command;

/// How soon a full queue is tried again.
const FULL: Duration = Duration::from_millis(20);

/// Polls until nobody gives orders or takes what comes any more, in a rhythm if there is one. While
/// the engine is busy, polls go on.
pub async fn run<F: PriceFeed + 'static>(
    tracker: Tracker,
    feeds: Vec<F>,
    clock: Clock,
    orders: mpsc::UnboundedReceiver<Order>,
    commands: SyncSender<Command>,
    rhythm: Option<Rhythm>,
) {
    let (polls, mut polled) = mpsc::unbounded_channel();
    let tracking = tracker::run(tracker, feeds, clock, orders, polls, rhythm);
    let forward = async move {
        while let Some(poll) = polled.recv().await {
            if !hand_over(&commands, Command::Polled(poll)).await {
                return;
            }
        }
    };
    tokio::join!(tracking, forward);
}

/// Hands a command to the engine as soon as there is room; whether the engine is still there.
pub async fn hand_over(commands: &SyncSender<Command>, mut command: Command) -> bool {
    loop {
        match commands.try_send(command) {
            Ok(()) => return true,
            Err(TrySendError::Disconnected(_)) => return false,
            Err(TrySendError::Full(back)) => {
                command = back;
                tokio::time::sleep(FULL).await;
            }
        }
    }
}
