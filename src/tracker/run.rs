//! The waiting around [`Tracker`]: several providers at once, each asked one thing at a time, so
//! that a slow one holds up nobody else.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::clock::{Clock, Rhythm, timers};
use crate::domain::{Timestamp, TokenKey};
use crate::feed::{FeedError, PriceFeed, Quote};
use crate::store::Standing;

use super::poll::{Follow, Poll, Tracker};

/// What the tracker is told while it runs.
#[derive(Debug)]
pub enum Order {
    /// It is this program's turn to poll: everything that is known of the tokens, then the
    /// tokens.
    Begin(Vec<Standing>, Vec<Follow>),
    /// More tokens to follow.
    Follow(Vec<Follow>),
    /// Ask for a token now.
    PollNow(TokenKey),
    /// Somebody else polls from now on.
    Rest,
}

/// The longest sleep in real time: so soon it is noticed that the machine has slept, or that its
/// clock was set.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);
/// The shortest one.
const SHORTEST_SLEEP: Duration = Duration::from_millis(10);
/// A provider that has not answered by then never will: its own timeout should have come first.
const GIVE_UP: Duration = Duration::from_mins(1);
/// Time that passes in one step beyond what was slept: the machine was asleep.
const SLEPT: Duration = Duration::from_mins(3);

/// A provider with its answer.
struct Answered<F> {
    seat: usize,
    feed: F,
    tokens: Vec<TokenKey>,
    answer: Result<Vec<Quote>, FeedError>,
}

async fn ask<F: PriceFeed>(
    seat: usize,
    mut feed: F,
    tokens: Vec<TokenKey>,
    now: Timestamp,
) -> Answered<F> {
    let name = feed.name();
    let answer = tokio::time::timeout(GIVE_UP, feed.quotes(&tokens, now)).await;
    let answer = answer.unwrap_or_else(|_| {
        Err(FeedError::Unreachable {
            feed: name,
            reason: format!("no answer within {} s", GIVE_UP.as_secs()),
        })
    });
    Answered {
        seat,
        feed,
        tokens,
        answer,
    }
}

/// Polls for ever: sleeps until something is due (in a rhythm, if there is one), asks, hands over
/// what came. Ends when nobody gives orders or listens any more.
pub async fn run<F: PriceFeed + 'static>(
    mut tracker: Tracker,
    feeds: Vec<F>,
    clock: Clock,
    mut orders: mpsc::UnboundedReceiver<Order>,
    polls: mpsc::UnboundedSender<Poll>,
    rhythm: Option<Rhythm>,
) {
    let mut idle: Vec<Option<F>> = feeds.into_iter().map(Some).collect();
    let mut asked: JoinSet<Answered<F>> = JoinSet::new();
    let mut before = clock.now();
    let mut slept = None;
    loop {
        let now = clock.now();
        if now.since(before) > clock.passes_in(SLEPT) {
            tracing::warn!(
                seconds = now.since(before).as_seconds(),
                "the machine was asleep or its clock was set ahead: polling goes on, spread out"
            );
            tracker.woke_up(now);
            slept = Some(now.since(before));
        }
        before = now;
        for (seat, place) in idle.iter_mut().enumerate() {
            if let Some(feed) = place
                && let Some(tokens) = tracker.next(seat, feed, now)
                && let Some(feed) = place.take()
            {
                asked.spawn(ask(seat, feed, tokens, now));
            }
        }
        let due = tracker.next_due(now);
        let wait = due.map_or(LONGEST_SLEEP, |due| clock.sleep_for(due.since(now)));
        let wait = wait.clamp(SHORTEST_SLEEP, LONGEST_SLEEP);
        let until = rhythm.map_or_else(|| timers() + wait, |rhythm| rhythm.after(wait));
        tokio::select! {
            Some(done) = asked.join_next() => {
                // Fails only when a provider's code panicked: that provider is out, the others
                // go on.
                let Ok(done) = done else { continue };
                let now = clock.now();
                let mut samples = Vec::new();
                tracker.answered(done.seat, &done.tokens, done.answer, now, &mut samples);
                if let Some(place) = idle.get_mut(done.seat) {
                    *place = Some(done.feed);
                }
                let (health, slept) = (tracker.health(), slept.take());
                if polls.send(Poll { samples, health, slept }).is_err() {
                    return;
                }
            }
            order = orders.recv() => {
                let Some(order) = order else { return };
                carry_out(&mut tracker, &mut idle, order, clock.now());
            }
            () = tokio::time::sleep_until(until) => {}
        }
    }
}

fn carry_out<F: PriceFeed>(
    tracker: &mut Tracker,
    idle: &mut [Option<F>],
    order: Order,
    now: Timestamp,
) {
    match order {
        Order::Begin(standings, follows) => {
            tracker.rest();
            for standing in &standings {
                let at_home = idle.iter_mut().flatten();
                let mut its_own =
                    at_home.filter(|f| Some(f.name()) == standing.provider.as_deref());
                if let (Some(feed), Some(pool)) = (its_own.next(), &standing.pool) {
                    feed.resume(&standing.token, pool);
                }
            }
            tracker.resume(standings);
            tracker.follow_all(&follows, now);
        }
        Order::Follow(follows) => tracker.follow_all(&follows, now),
        Order::PollNow(token) => tracker.poll_now(&token, now),
        Order::Rest => tracker.rest(),
    }
}
