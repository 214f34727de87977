//! The demo: a simulated market in a temporary database, run through the real tracker, the real
//! store and the real board. First what is still running, as fast as the machine allows; then live,
//! with market time running faster than the clock (and saying so), while the earlier past is
//! filled in beside it.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;

use tokio::sync::mpsc;

use crate::clock::{Clock, Rhythm};
use crate::domain::{Call, Pace, Rules, Span, Timestamp, Trade};
use crate::feed::SimulatedMarket;
use crate::store::Sample;
use crate::tracker::{Order, Tracker};

use super::engine::Command;
use super::poller;

/// Market seconds per real second: four of them are a minute.
pub const PACE: u32 = 15;
/// The market that everybody sees.
const SEED: u64 = 42;
/// How far back calls are followed.
const CALLS_BACK: Span = Span::days(21);
/// How far back models have traded.
const TRADES_BACK: Span = Span::days(45);
/// Between polls of a token: some real seconds at the demo's pace.
const INTERVAL: Span = Span::minutes(5);
/// Tokens that are asked for together: the tokens of a demo come to one such batch a second.
const BATCH: usize = 8;
/// Readings of the past that are handed over together: several such parts wait in a queue, and a
/// demo is to stay small.
const AT_ONCE: usize = 400;
/// The same where nobody looks on while it is made.
const MANY_AT_ONCE: usize = 5_000;
/// Pages of the temporary database that are kept in memory, KiB.
pub const CACHE: u32 = 500;
/// Prices, calls and trades of a demo come in this rhythm, of real time.
const BEAT: Span = Span::seconds(1);
/// The same of market time: tokens are due at multiples of it.
const GRAIN: Span = Span::seconds(PACE as i64);
/// How much of the market's future is thought up at once: an hour of it costs nearly what a day
/// does, since most of what happens in it began long before.
const FORESEEN: Span = Span::hours(24);

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
    /// Readings that are handed over together.
    at_once: usize,
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
            if day_is_over || samples.len() >= self.at_once || at >= self.until {
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

/// What will happen in the market next.
struct Coming {
    market: SimulatedMarket,
    calls: VecDeque<Call>,
    trades: VecDeque<Trade>,
    /// What happens up to then has been thought up.
    until: Timestamp,
}

impl Coming {
    const fn after(at: Timestamp, market: SimulatedMarket) -> Self {
        Self {
            market,
            calls: VecDeque::new(),
            trades: VecDeque::new(),
            until: at,
        }
    }

    /// When the next of it happens, or when to look further ahead.
    fn next(&self) -> Timestamp {
        let call = self.calls.front().map(|call| call.called_at);
        let trade = self
            .trades
            .front()
            .map(|trade| changed_at(trade, self.until));
        let first = call.into_iter().chain(trade).min();
        first.unwrap_or(self.until)
    }

    /// Takes what has happened by now.
    fn due(&mut self, now: Timestamp) -> (Vec<Call>, Vec<Trade>) {
        while self.until <= now {
            let until = self.until.plus(FORESEEN);
            self.calls
                .extend(self.market.calls_between(self.until, until));
            self.trades
                .extend(self.market.trades_between(self.until, until));
            self.until = until;
        }
        let calls = self.calls.partition_point(|call| call.called_at <= now);
        let trades = self
            .trades
            .partition_point(|trade| changed_at(trade, self.until) <= now);
        (
            self.calls.drain(..calls).collect(),
            self.trades.drain(..trades).collect(),
        )
    }
}

/// Instants half-way between those at which tokens are due: whether a timer fires a little early or
/// late, the same tokens are due.
fn rhythm(clock: &Clock) -> Rhythm {
    let into = clock.now().millis().rem_euclid(GRAIN.millis());
    let wait = (GRAIN.millis() / 2 - into).rem_euclid(GRAIN.millis());
    let wait = clock.sleep_for(Span::from_millis(wait));
    Rhythm::starting_in(wait, BEAT.to_duration())
}

/// When a trade of the market was closed, or else opened: it says at least one of them.
fn changed_at(trade: &Trade, otherwise: Timestamp) -> Timestamp {
    trade.closed_at.or(trade.opened_at).unwrap_or(otherwise)
}

/// A market with its tracker, at an instant.
pub struct Demo {
    market: SimulatedMarket,
    tracker: Tracker,
    rules: Rules,
    origin: Timestamp,
    at_once: usize,
}

impl Demo {
    /// The market whose live part begins at an instant.
    pub fn new(origin: Timestamp, rules: &Rules) -> Self {
        Self {
            market: SimulatedMarket::new(SEED, origin),
            tracker: tracker(rules),
            rules: *rules,
            origin,
            at_once: AT_ONCE,
        }
    }

    /// Hands its past over in large parts: faster, and no screen has to stay small beside it.
    #[must_use]
    pub const fn in_large_parts(mut self) -> Self {
        self.at_once = MANY_AT_ONCE;
        self
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
            at_once: self.at_once,
        };
        past.run(&mut self.tracker, commands).await?;
        // Every second some prices move, not all of them every few seconds.
        self.tracker.spread_out(self.origin, GRAIN);
        Some(())
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
                at_once: self.at_once,
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
        let feed = feed.with_batches_of(BATCH);
        let rhythm = rhythm(&clock);
        let (tracker, taken) = (self.tracker, commands.clone());
        let tracking = poller::run(tracker, vec![feed], clock, orders, taken, Some(rhythm));
        let mut coming = Coming::after(self.origin, self.market);
        let acting = async move {
            loop {
                let wait = clock.sleep_for(coming.next().since(clock.now()));
                tokio::time::sleep_until(rhythm.after(wait)).await;
                let (calls, trades) = coming.due(clock.now());
                let any = !calls.is_empty() || !trades.is_empty();
                if any && commands.send(Command::Happened(calls, trades)).is_err() {
                    return;
                }
            }
        };
        tokio::join!(tracking, acting);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_is_what_the_market_says_each_thing_once() {
        let origin = Timestamp::from_millis(1_790_000_000_000);
        let market = SimulatedMarket::new(SEED, origin);
        let end = origin.plus(Span::days(5));
        let mut coming = Coming::after(origin, market);
        let (mut calls, mut trades) = (Vec::new(), Vec::new());
        let mut now = origin;
        while now < end {
            // Where it says that nothing happens before, nothing does.
            let quiet = Timestamp::from_millis(coming.next().millis() - 1);
            if quiet > now {
                assert_eq!(coming.due(quiet.min(end)), (Vec::new(), Vec::new()));
            }
            now = now.plus(Span::minutes(37)).max(coming.next()).min(end);
            let (more_calls, more_trades) = coming.due(now);
            calls.extend(more_calls);
            trades.extend(more_trades);
        }
        assert_eq!(calls, market.calls_between(origin, end));
        assert_eq!(trades, market.trades_between(origin, end));
        assert!(calls.len() > 50 && trades.len() > 50);
    }

    #[tokio::test]
    async fn nearly_every_second_some_prices_are_asked_for() {
        let origin = Timestamp::from_millis(1_790_000_000_000);
        let mut demo = Demo::new(origin, &rules(Rules::default()));
        let (commands, taken) = std::sync::mpsc::sync_channel(1);
        let taking = std::thread::spawn(move || while taken.recv().is_ok() {});
        demo.recent(&commands).await.unwrap();
        drop(commands);
        taking.join().unwrap();
        let mut feed = demo.market.feed().with_batches_of(BATCH);
        let mut seconds = [0; 60];
        for (second, prices) in (0..).zip(&mut seconds) {
            let at = origin.plus(GRAIN.times(second)).plus(Span::seconds(7));
            if let Some(poll) = demo.tracker.poll(std::slice::from_mut(&mut feed), at).await {
                *prices += poll.samples.len();
            }
        }
        // Batches are filled up with what is due next, so that now and then nothing is left for one.
        let silent = seconds.iter().filter(|prices| **prices == 0).count();
        assert!(silent <= 4, "{seconds:?}");
        assert!(seconds.iter().all(|prices| *prices < 30), "{seconds:?}");
    }
}
