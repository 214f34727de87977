//! The user's own tokens at the real providers: what the dashboard and `track` poll with.

use std::sync::mpsc::SyncSender;

use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::Pace;
use crate::feed::{PriceFeed, Provider, Providers};
use crate::tracker::{Order, Tracker};

use super::engine::Command;
use super::{Failure, poller};

/// The providers of the settings, before they are asked anything.
pub struct Live {
    feeds: Vec<Provider>,
    pace: Pace,
}

impl Live {
    /// The providers of the settings.
    pub fn new(config: &Config) -> Result<Self, Failure> {
        let Providers { live: feeds, .. } = Providers::of(config)?;
        Ok(Self {
            feeds,
            pace: config.pace(),
        })
    }

    /// Polls what it is ordered to.
    pub async fn run(
        self,
        clock: Clock,
        orders: mpsc::UnboundedReceiver<Order>,
        commands: SyncSender<Command>,
    ) {
        let names: Vec<&'static str> = self.feeds.iter().map(PriceFeed::name).collect();
        let tracker = Tracker::new(&names, self.pace);
        poller::run(tracker, self.feeds, clock, orders, commands).await;
    }
}
