//! The asking: one token after the other, at the pace that the provider's budget allows.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::domain::stretch::without;
use crate::domain::{Candle, Span, Stretch, Timestamp, TokenKey};
use crate::feed::{CandleFeed, FeedError, Pool};

use super::belief::believed;
use super::plan::{Ask, MOST, asks};
use crate::tracker::FeedHealth;

/// What of a token was not seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Gaps {
    /// The token.
    pub token: TokenKey,
    /// When it was called.
    pub calls: Vec<Timestamp>,
    /// What is missing, in order.
    pub stretches: Vec<Stretch>,
    /// The pool that its live prices are read from.
    pub pool: Option<String>,
}

/// What was found for a token.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// The token.
    pub token: TokenKey,
    /// Who was asked.
    pub provider: &'static str,
    /// Candles with the pool they are from, oldest first within each pool.
    pub candles: Vec<(String, Candle)>,
    /// Candles that stood alone without volume.
    pub refused: usize,
    /// The stretches that were answered, whatever was in them: they need not be asked for again.
    pub answered: Vec<Stretch>,
    /// The provider knows no pool of it (yet).
    pub no_pools: bool,
    /// Tokens that are still to be asked for.
    pub left: usize,
    /// How the provider is doing.
    pub health: FeedHealth,
}

/// So long a request may take at most: its own timeout should have come first.
const GIVE_UP: Duration = Duration::from_mins(1);
/// The longest wait before the budget is looked at again.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// The shortest one.
const SHORTEST_WAIT: Duration = Duration::from_millis(5);
/// How often a token is tried before it has to be brought again.
const TRIES: u32 = 3;
/// What ended so shortly before may still be missing from the answers, which are cached for a
/// minute.
const FRESH: Span = Span::minutes(2);
/// A candle's neighbours beyond the stretch are asked for too: they vouch for it.
const MARGIN: i64 = 2;

/// Fills gaps until nobody brings or takes any more. A token that is brought again while it waits
/// is asked for as it was brought last.
pub async fn run<F: CandleFeed>(
    mut feed: F,
    clock: Clock,
    mut brought: mpsc::UnboundedReceiver<Vec<Gaps>>,
    filled: mpsc::UnboundedSender<Filled>,
) {
    let mut health = FeedHealth::new(feed.name());
    let mut queue: VecDeque<(Gaps, u32)> = VecDeque::new();
    loop {
        while let Ok(more) = brought.try_recv() {
            take(&mut queue, more);
        }
        let Some((gaps, tries)) = queue.pop_front() else {
            match brought.recv().await {
                Some(more) => take(&mut queue, more),
                None => return,
            }
            continue;
        };
        let mut found = Filled {
            token: gaps.token.clone(),
            provider: feed.name(),
            candles: Vec::new(),
            refused: 0,
            answered: Vec::new(),
            no_pools: false,
            left: 0,
            health: health.clone(),
        };
        let done = fill(&mut feed, &clock, &mut health, &gaps, &mut found).await;
        if let Err(error) = done {
            health.failed_by(&error, clock.now());
            tracing::warn!(%error, token = %gaps.token, "backfill");
            // What was answered so far is kept; the rest is asked for again when its turn comes.
            // One that fails again and again must not hold up the others for ever.
            if tries + 1 < TRIES {
                queue.push_back((rest(gaps, &found.answered), tries + 1));
            }
        }
        found.left = queue.len();
        found.health = health.clone();
        if filled.send(found).is_err() {
            return;
        }
    }
}

fn take(queue: &mut VecDeque<(Gaps, u32)>, more: Vec<Gaps>) {
    for gaps in more {
        match queue.iter_mut().find(|(g, _)| g.token == gaps.token) {
            Some((waiting, _)) => *waiting = gaps,
            None => queue.push_back((gaps, 0)),
        }
    }
}

fn rest(gaps: Gaps, answered: &[Stretch]) -> Gaps {
    Gaps {
        stretches: without(gaps.stretches, answered.to_vec()),
        ..gaps
    }
}

async fn fill<F: CandleFeed>(
    feed: &mut F,
    clock: &Clock,
    health: &mut FeedHealth,
    gaps: &Gaps,
    found: &mut Filled,
) -> Result<(), FeedError> {
    if !feed.serves(gaps.token.chain()) {
        found.no_pools = true;
        return Ok(());
    }
    let now = turn(feed, clock, health).await;
    let answer = tokio::time::timeout(GIVE_UP, feed.pools(&gaps.token, now)).await;
    let pools = answer.unwrap_or_else(|_| Err(too_slow(feed.name())))?;
    health.ok(clock.now());
    if pools.is_empty() {
        found.no_pools = true;
        return Ok(());
    }
    let pools = preferred(pools, gaps.pool.as_deref());
    let over = now.minus(FRESH);
    for ask in asks(&gaps.stretches, &gaps.calls, &pools, over) {
        let candles = candles(feed, clock, health, &gaps.token, &ask).await?;
        health.ok(clock.now());
        let sorted = believed(candles);
        found.refused += sorted.refused;
        let within = |at: Timestamp| ask.stretch.from <= at && at < ask.stretch.to;
        let wanted = sorted.kept.into_iter().filter(|c| within(c.opened_at));
        let pool = &ask.pool;
        found.candles.extend(wanted.map(|c| (pool.clone(), c)));
        // What may not have been over is asked for again.
        let to = ask.stretch.to.min(over);
        found.answered.extend(Stretch::new(ask.stretch.from, to));
    }
    Ok(())
}

async fn candles<F: CandleFeed>(
    feed: &mut F,
    clock: &Clock,
    health: &mut FeedHealth,
    token: &TokenKey,
    ask: &Ask,
) -> Result<Vec<Candle>, FeedError> {
    let now = turn(feed, clock, health).await;
    let step = ask.step.span();
    let before = ask.stretch.to.plus(step.times(MARGIN));
    let count = ask.stretch.length().millis() / step.millis() + 2 * MARGIN;
    let most = usize::try_from(count.clamp(1, MOST)).unwrap_or(1);
    let asked = feed.candles(token, &ask.pool, ask.step, before, most, now);
    let answer = tokio::time::timeout(GIVE_UP, asked).await;
    answer.unwrap_or_else(|_| Err(too_slow(feed.name())))
}

fn too_slow(feed: &'static str) -> FeedError {
    FeedError::Unreachable {
        feed,
        reason: format!("no answer within {} s", GIVE_UP.as_secs()),
    }
}

/// Waits until the provider is not benched and its budget allows a request.
async fn turn<F: CandleFeed>(feed: &mut F, clock: &Clock, health: &FeedHealth) -> Timestamp {
    loop {
        let now = clock.now();
        let ready = feed.ready_at(now).max(health.next_try.unwrap_or(now));
        if ready <= now {
            return now;
        }
        let wait = clock.sleep_for(ready.since(now).max(Span::from_millis(1)));
        tokio::time::sleep(wait.clamp(SHORTEST_WAIT, LONGEST_WAIT)).await;
    }
}

/// The pool that live prices are read from first, so that candles and samples are of one market.
fn preferred(mut pools: Vec<Pool>, pinned: Option<&str>) -> Vec<Pool> {
    if let Some(at) = pools
        .iter()
        .position(|p| Some(p.address.as_str()) == pinned)
    {
        let pool = pools.remove(at);
        pools.insert(0, pool);
    }
    pools
}
