//! The user's own tokens at the real providers: what the dashboard and `track` poll with.

use std::sync::mpsc::SyncSender;

use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::Pace;
use crate::feed::{GeckoCandles, PriceFeed, Provider, Providers};
use crate::tracker::backfill::{self, Gaps};
use crate::tracker::{Order, Tracker};

use super::engine::Command;
use super::gaps::GapFinder;
use super::{Failure, poller};

/// The providers of the settings, before they are asked anything.
pub struct Live {
    feeds: Vec<Provider>,
    past: GeckoCandles,
    pace: Pace,
    ask: mpsc::UnboundedSender<Vec<Gaps>>,
    asked: mpsc::UnboundedReceiver<Vec<Gaps>>,
}

impl Live {
    /// The providers of the settings.
    pub fn new(config: &Config) -> Result<Self, Failure> {
        let Providers { live: feeds, past } = Providers::of(config)?;
        let (ask, asked) = mpsc::unbounded_channel();
        Ok(Self {
            feeds,
            past,
            pace: config.pace(),
            ask,
            asked,
        })
    }

    /// Who chooses the gaps that [`Live::run`] fills.
    pub fn gaps(&self) -> GapFinder {
        GapFinder::new(self.ask.clone(), self.pace)
    }

    /// Polls what it is ordered to, and fills the gaps it is told of.
    pub async fn run(
        self,
        clock: Clock,
        orders: mpsc::UnboundedReceiver<Order>,
        commands: SyncSender<Command>,
    ) {
        let names: Vec<&'static str> = self.feeds.iter().map(PriceFeed::name).collect();
        let tracker = Tracker::new(&names, self.pace);
        let (filled, mut found) = mpsc::unbounded_channel();
        // The engine holds the other end: the task ends with it.
        drop(self.ask);
        let filling = backfill::run(self.past, clock, self.asked, filled);
        let handed = commands.clone();
        let forward = async move {
            while let Some(found) = found.recv().await {
                if !poller::hand_over(&handed, Command::Filled(Box::new(found))).await {
                    return;
                }
            }
        };
        let polling = poller::run(tracker, self.feeds, clock, orders, commands, None);
        tokio::join!(polling, filling, forward);
    }
}
