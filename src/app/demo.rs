//! The demo: a simulated market in a temporary database, run through the real tracker, the real
//! store and the real board. First what is still running, as fast as the machine allows; then live,
//! with market time running faster than the clock (and saying so), while the earlier past is
//! filled in beside it.

use std::sync::mpsc::SyncSender;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::domain::{Pace, Rules, Span, Timestamp};
use crate::feed::SimulatedMarket;
use crate::store::Sample;
use crate::tracker::{Order, Tracker};

use super::engine::Command;
use super::poller;

/// Market seconds per real second.
pub const PACE: u32 = 300;
/// The market that everybody sees.
const SEED: u64 = 42;
/// How far back calls are followed.
const CALLS_BACK: Span = Span::days(21);
/// How far back models have traded.
const TRADES_BACK: Span = Span::days(45);
/// Between polls: one real second at the demo's pace.
const INTERVAL: Span = Span::minutes(5);
/// Readings of the past that are handed over together: several such parts wait in a queue, and a
/// demo is to stay small.
const AT_ONCE: usize = 1_000;
/// Pages of the temporary database that are kept in memory, KiB.
pub const CACHE: u32 = 4_000;
/// How often new calls and trades are looked for.
const LOOK: Duration = Duration::from_millis(500);

/// What the demo mark says.
pub fn mark() -> String {
    format!("simulated market, time runs x{PACE}")
}

/// The rules of a demo: polls are as far apart as they look at its pace.
pub fn rules(rules: Rules) -> Rules {
    Rules {
        poll_interval: INTERVAL,
        ..rules
    }
}

fn pace(rules: &Rules) -> Pace {
    Pace {
        interval: INTERVAL,
        late_interval: INTERVAL,
        late_after: rules.window,
        window: rules.window,
    }
}

fn tracker(rules: &Rules) -> Tracker {
    Tracker::new(&[crate::feed::simulated::NAME], pace(rules))
}

/// A stretch of the past: the calls made in it, polled until an instant.
struct Past {
    market: SimulatedMarket,
    calls_from: Timestamp,
    calls_to: Timestamp,
    until: Timestamp,
}

impl Past {
    /// Runs it through a tracker, handing over a day at a time, or less when there is much in it.
    async fn run(&self, tracker: &mut Tracker, commands: &SyncSender<Command>) -> Option<()> {
        let mut feed = self.market.feed().with_outages_of(INTERVAL.times(2));
        let mut at = self.calls_from;
        let mut samples: Vec<Sample> = Vec::new();
        let mut calls = Vec::new();
        while at < self.until {
            let next = at.plus(INTERVAL).min(self.until);
            for call in self.market.calls_between(at, next.min(self.calls_to)) {
                if let Some(token) = &call.token {
                    tracker.follow(token, call.called_at, next);
                }
                calls.push(call);
            }
            at = next;
            if let Some(poll) = tracker.poll(std::slice::from_mut(&mut feed), at).await {
                samples.extend(poll.samples);
            }
            let day_is_over = at.millis() % Span::DAY.millis() < INTERVAL.millis();
            if day_is_over || samples.len() >= AT_ONCE || at >= self.until {
                commands
                    .send(Command::Calls(std::mem::take(&mut calls)))
                    .ok()?;
                commands
                    .send(Command::Samples(std::mem::take(&mut samples)))
                    .ok()?;
                // Whoever waits for a signal has a turn.
                tokio::task::yield_now().await;
            }
        }
        Some(())
    }
}

/// The part of the past that nothing live depends on.
pub struct Earlier {
    tracker: Tracker,
    past: Past,
}

impl Earlier {
    /// Runs it to its end.
    pub async fn run(mut self, commands: &SyncSender<Command>) -> Option<()> {
        self.past.run(&mut self.tracker, commands).await
    }
}

/// A market with its tracker, at an instant.
pub struct Demo {
    market: SimulatedMarket,
    tracker: Tracker,
    rules: Rules,
    origin: Timestamp,
}

impl Demo {
    /// The market whose live part begins at an instant.
    pub fn new(origin: Timestamp, rules: &Rules) -> Self {
        Self {
            market: SimulatedMarket::new(SEED, origin),
            tracker: tracker(rules),
            rules: *rules,
            origin,
        }
    }

    /// What is still running at the origin: the models' trades, and the calls in their window.
    /// Short, so that the live part can begin. `None` when nobody takes the commands any more.
    pub async fn recent(&mut self, commands: &SyncSender<Command>) -> Option<()> {
        let trades_from = self.origin.minus(TRADES_BACK);
        let trades = self.market.trades_between(trades_from, self.origin);
        commands.send(Command::Trades(trades)).ok()?;
        let past = Past {
            market: self.market,
            calls_from: self.origin.minus(self.rules.window),
            calls_to: self.origin,
            until: self.origin,
        };
        past.run(&mut self.tracker, commands).await
    }

    /// The calls before those, which have all been completed. It may run beside the live part.
    pub fn earlier(&self) -> Earlier {
        Earlier {
            tracker: tracker(&self.rules),
            past: Past {
                market: self.market,
                calls_from: self.origin.minus(CALLS_BACK),
                calls_to: self.origin.minus(self.rules.window),
                until: self.origin,
            },
        }
    }

    /// Goes on live: the tracker polls, callers call, models trade.
    pub async fn live(
        self,
        clock: Clock,
        orders: mpsc::UnboundedReceiver<Order>,
        commands: SyncSender<Command>,
    ) {
        let feed = self.market.feed().with_outages_of(INTERVAL.times(2));
        let tracking = poller::run(self.tracker, vec![feed], clock, orders, commands.clone());
        let market = self.market;
        let mut at = self.origin;
        let acting = async move {
            loop {
                tokio::time::sleep(LOOK).await;
                let now = clock.now();
                let calls = market.calls_between(at, now);
                let trades = market.trades_between(at, now);
                at = now;
                let mut sent = Ok(());
                if !calls.is_empty() {
                    sent = sent.and_then(|()| commands.send(Command::Calls(calls)));
                }
                if !trades.is_empty() {
                    sent = sent.and_then(|()| commands.send(Command::Trades(trades)));
                }
                if sent.is_err() {
                    return;
                }
            }
        };
        tokio::join!(tracking, acting);
    }
}
