//! One poll, and the loop that makes one after the other.

use std::collections::{HashMap, HashSet};

use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::domain::{Decision, Pace, Reading, Refusal, Span, Timestamp, TokenKey};
use crate::feed::{FeedError, PriceFeed, Quote};
use crate::store::Sample;

use super::accept::Acceptance;
use super::health::{FeedHealth, LONGEST_PAUSE};
use super::schedule::Schedule;

/// What one poll has brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Poll {
    /// Readings with what became of them; a reading that had waited comes again, settled.
    pub samples: Vec<Sample>,
    /// How the feed is doing.
    pub health: FeedHealth,
}

/// The rules of polling, without any waiting.
#[derive(Debug)]
pub struct Tracker {
    schedule: Schedule,
    acceptance: HashMap<TokenKey, Acceptance>,
    health: FeedHealth,
}

impl Tracker {
    /// A tracker that follows nothing yet.
    #[must_use]
    pub fn new(provider: &'static str, pace: Pace) -> Self {
        Self {
            schedule: Schedule::new(pace),
            acceptance: HashMap::new(),
            health: FeedHealth::new(provider),
        }
    }

    /// Follows a token from a call on.
    pub fn follow(&mut self, token: &TokenKey, called_at: Timestamp, now: Timestamp) {
        self.schedule.follow(token, called_at, now);
    }

    /// When something is to be done next; `None` while nothing is followed.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let due = self.schedule.next_due()?;
        Some(self.health.next_try.map_or(due, |at| at.max(due)))
    }

    /// Asks the feed for the tokens that are due, one batch after the other, and judges what it
    /// says. `None` when nothing is due or the feed is benched.
    pub async fn poll<F: PriceFeed>(&mut self, feed: &mut F, now: Timestamp) -> Option<Poll> {
        if self.health.is_benched(now) {
            return None;
        }
        let mut samples = Vec::new();
        let mut asked = false;
        loop {
            let tokens = self.schedule.take_due(now, feed.batch().max(1));
            if tokens.is_empty() {
                break;
            }
            asked = true;
            match feed.quotes(&tokens, now).await {
                Ok(quotes) => {
                    self.health.ok(now);
                    self.judge(&tokens, quotes, now, &mut samples);
                }
                Err(error) => {
                    self.fail(&error, now);
                    self.schedule
                        .retry(&tokens, self.health.next_try.unwrap_or(now));
                    break;
                }
            }
        }
        self.health.tokens = self.schedule.len();
        asked.then(|| Poll {
            samples,
            health: self.health.clone(),
        })
    }

    fn fail(&mut self, error: &FeedError, now: Timestamp) {
        let what = crate::domain::text::clean(&error.to_string());
        let wait = error
            .retry_after()
            .or_else(|| (!error.is_worth_another_try()).then_some(LONGEST_PAUSE));
        self.health.failed(now, what, wait);
    }

    fn judge(
        &mut self,
        asked: &[TokenKey],
        quotes: Vec<Quote>,
        now: Timestamp,
        samples: &mut Vec<Sample>,
    ) {
        let mut quoted: HashSet<TokenKey> = HashSet::with_capacity(quotes.len());
        for quote in quotes {
            // A provider must not slip in what nobody asked for, or the same token twice.
            if !asked.contains(&quote.token) || !quoted.insert(quote.token.clone()) {
                continue;
            }
            let reading = Reading {
                at: now,
                price: quote.price,
                liquidity_usd: quote.liquidity_usd,
                market_cap_usd: quote.market_cap_usd,
                absent: false,
                provider: self.health.provider.to_owned(),
                pool: quote.pool,
            };
            let acceptance = self.acceptance.entry(quote.token.clone()).or_default();
            let judged = acceptance.judge(&reading);
            if let Some((waited, confirmed)) = judged.settled {
                samples.push(Sample {
                    token: quote.token.clone(),
                    reading: waited,
                    decision: if confirmed {
                        Decision::Accepted
                    } else {
                        Decision::Refused(Refusal::UnconfirmedJump)
                    },
                });
            }
            samples.push(Sample {
                token: quote.token,
                reading,
                decision: if judged.waits {
                    Decision::Waiting
                } else {
                    Decision::Accepted
                },
            });
        }
        // Not listed yet is waiting, not a fact; listed once and absent now is one.
        for token in asked.iter().filter(|t| !quoted.contains(*t)) {
            if self
                .acceptance
                .get(token)
                .is_some_and(Acceptance::was_listed)
            {
                samples.push(Sample {
                    token: token.clone(),
                    reading: Reading {
                        at: now,
                        price: None,
                        liquidity_usd: None,
                        market_cap_usd: None,
                        absent: true,
                        provider: self.health.provider.to_owned(),
                        pool: None,
                    },
                    decision: Decision::Accepted,
                });
            }
        }
    }
}

/// The longest sleep: calls that arrive meanwhile wake it anyway.
const LONGEST_SLEEP: Span = Span::minutes(60);

/// Polls for ever: sleeps until something is due, asks, hands over what came. Ends when nobody
/// listens any more. `called` brings tokens that are called meanwhile.
pub async fn run<F: PriceFeed>(
    mut tracker: Tracker,
    mut feed: F,
    clock: Clock,
    mut called: mpsc::UnboundedReceiver<(TokenKey, Timestamp)>,
    polls: mpsc::UnboundedSender<Poll>,
) {
    loop {
        let now = clock.now();
        while let Ok((token, at)) = called.try_recv() {
            tracker.follow(&token, at, now);
        }
        if let Some(poll) = tracker.poll(&mut feed, now).await
            && polls.send(poll).is_err()
        {
            return;
        }
        let wait = tracker
            .next_due()
            .map_or(LONGEST_SLEEP, |due| due.since(clock.now()))
            .clamp(Span::from_millis(1), LONGEST_SLEEP);
        tokio::select! {
            () = tokio::time::sleep(clock.sleep_for(wait).max(std::time::Duration::from_millis(50))) => {}
            token = called.recv() => match token {
                Some((token, at)) => tracker.follow(&token, at, clock.now()),
                None => return,
            },
        }
    }
}
