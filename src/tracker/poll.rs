//! The rules of polling, without any waiting: which provider is asked for which tokens next, and
//! what its answer comes to.
//!
//! The providers sit in the order of the configuration. A token that is due is asked for at the
//! first one that serves its chain and is not benched; a provider further down helps out with
//! tokens that are overdue by an interval. What a provider has no price for, or a price that
//! jumped, goes to the next ([`super::looks`]). A failure benches the provider and makes its
//! tokens due at once, for whoever is left.

use std::collections::{HashMap, HashSet};

use crate::domain::{Decision, Pace, Price, Reading, Span, Timestamp, TokenKey};
use crate::feed::{FeedError, PriceFeed, Quote};
use crate::store::{Sample, Standing};

use super::accept::Acceptance;
use super::health::FeedHealth;
use super::known::{Known, SAME_WITHIN};
use super::looks::{Look, Looks, Seats, Why};
use super::schedule::{Schedule, spread_slots};

/// What one poll has brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Poll {
    /// Readings with what became of them; a reading that had waited comes again, settled.
    pub samples: Vec<Sample>,
    /// How the feeds are doing, in their order.
    pub health: Vec<FeedHealth>,
    /// How long nothing was asked before, when the machine was asleep or its clock set ahead.
    pub slept: Option<Span>,
}

/// A token that is to be followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Follow {
    /// The token.
    pub token: TokenKey,
    /// When it was called.
    pub called_at: Timestamp,
    /// The entry price that the call stated.
    pub entry: Option<Price>,
}

/// The rules of polling.
#[derive(Debug)]
pub struct Tracker {
    schedule: Schedule,
    pace: Pace,
    tokens: HashMap<TokenKey, Known>,
    seats: Vec<Seat>,
}

/// A provider's place on the panel.
#[derive(Debug)]
struct Seat {
    health: FeedHealth,
    /// Whether it serves a chain, once that was asked.
    serves: HashMap<String, bool>,
    looks: Looks,
    /// It is being asked, among others for these tokens that were due.
    asking: Option<Vec<TokenKey>>,
    /// Its budget allows nothing before.
    ready_at: Timestamp,
}

/// So many tokens may be remembered beyond those that are followed.
const FORGET_FROM: usize = 1_000;

impl Seat {
    fn may_serve(&self, chain: &str) -> bool {
        self.serves.get(chain).copied().unwrap_or(true)
    }
}

impl Tracker {
    /// A tracker that follows nothing yet, over providers in the order of preference.
    #[must_use]
    pub fn new(providers: &[&'static str], pace: Pace) -> Self {
        let seat = |name: &&'static str| Seat {
            health: FeedHealth::new(name),
            serves: HashMap::new(),
            looks: Looks::default(),
            asking: None,
            ready_at: Timestamp::from_millis(0),
        };
        Self {
            schedule: Schedule::new(pace),
            pace,
            tokens: HashMap::new(),
            seats: providers.iter().map(seat).collect(),
        }
    }

    /// Follows a token from a call on.
    pub fn follow(&mut self, token: &TokenKey, called_at: Timestamp, now: Timestamp) {
        self.schedule.follow(token, called_at, now);
    }

    /// Follows tokens that were called. What is called just now is due at once; many that were
    /// called earlier are spread over their interval.
    pub fn follow_all(&mut self, follows: &[Follow], now: Timestamp) {
        for late in [false, true] {
            let step = if late {
                self.pace.late_interval
            } else {
                self.pace.interval
            };
            let is_old = |f: &&Follow| {
                let age = now.since(f.called_at);
                age >= self.pace.interval
                    && (age >= self.pace.late_after) == late
                    && age <= self.pace.window
                    && !self.schedule.follows(&f.token)
            };
            let old: Vec<&Follow> = follows.iter().filter(is_old).collect();
            let slots = spread_slots(old.len(), step);
            for (follow, slot) in old.into_iter().zip(slots) {
                let known = self.tokens.get(&follow.token);
                // One that was polled shortly before keeps its step.
                let own = known.and_then(|k| k.last_at).map(|at| at.plus(step));
                let due = own.filter(|own| *own > now && own.since(now) <= step);
                let due = due.unwrap_or_else(|| now.plus(slot));
                let Follow {
                    token, called_at, ..
                } = follow;
                self.schedule.follow_from(token, *called_at, due, now);
            }
        }
        // What is known of tokens whose windows are over is of no use any more.
        if self.tokens.len() > 2 * self.schedule.len() + FORGET_FROM {
            let schedule = &self.schedule;
            let new: HashSet<&TokenKey> = follows.iter().map(|f| &f.token).collect();
            self.tokens
                .retain(|token, _| schedule.follows(token) || new.contains(token));
        }
        for follow in follows {
            self.schedule.follow(&follow.token, follow.called_at, now);
            if let Some(entry) = follow.entry
                && self.schedule.follows(&follow.token)
            {
                let known = self.tokens.entry(follow.token.clone()).or_default();
                known.acceptance.state(entry);
            }
        }
    }

    /// Takes up where an earlier run left off.
    pub fn resume(&mut self, standings: Vec<Standing>) {
        for standing in standings {
            let provider = standing.provider.as_deref();
            let mut seats = self.seats.iter();
            let listed_by = seats.position(|s| Some(s.health.provider) == provider);
            let known = Known {
                acceptance: Acceptance::resumed(standing.last, standing.waiting),
                listed_by,
                last_at: Some(standing.at),
                ..Known::default()
            };
            self.tokens.insert(standing.token, known);
        }
    }

    /// Forgets every token: somebody else polls from now on.
    pub fn rest(&mut self) {
        self.schedule.clear();
        self.tokens.clear();
        for seat in &mut self.seats {
            seat.looks.clear();
        }
    }

    /// Makes a token due now, if it is followed.
    pub fn poll_now(&mut self, token: &TokenKey, now: Timestamp) {
        self.schedule.retry(std::slice::from_ref(token), now);
    }

    /// The machine has slept, or its clock was set ahead: what is overdue is spread out.
    pub fn woke_up(&mut self, now: Timestamp) {
        self.schedule.spread(now);
    }

    /// Spreads everything that is due within an interval evenly over it: what was followed at one
    /// instant would be asked for all at once, again and again. From now on tokens are due at multiples
    /// of a span since 1970.
    pub fn spread_out(&mut self, now: Timestamp, grain: Span) {
        self.schedule.spread_evenly(now, grain);
    }

    /// How the feeds are doing, in their order.
    #[must_use]
    pub fn health(&self) -> Vec<FeedHealth> {
        let tokens = self.schedule.len();
        let healths = self.seats.iter().map(|s| s.health.clone());
        healths.map(|h| FeedHealth { tokens, ..h }).collect()
    }

    /// What a provider that is idle is to be asked for now; `None` when there is nothing for it,
    /// it is benched, or its budget is used up. The answer goes to [`Tracker::answered`].
    pub fn next<F: PriceFeed>(
        &mut self,
        seat: usize,
        feed: &mut F,
        now: Timestamp,
    ) -> Option<Vec<TokenKey>> {
        let chains = self.schedule.due_chains(now);
        let own = self.seats.get_mut(seat)?;
        if own.asking.is_some() || own.health.is_benched(now) {
            return None;
        }
        let mut unserved = Vec::new();
        for (chain, _) in self.schedule.first_due() {
            if !own.serves.contains_key(chain) {
                let serves = feed.serves(chain);
                own.serves.insert(chain.to_owned(), serves);
                if !serves {
                    unserved.extend(own.looks.take_chain(chain));
                }
            }
        }
        // They came while it was out asking and this was not known yet.
        for token in unserved {
            if let Some(known) = self.tokens.get_mut(&token) {
                known.look = None;
                known.queued = None;
            }
        }
        self.choose(seat, feed, &chains, now)
    }

    fn choose<F: PriceFeed>(
        &mut self,
        seat: usize,
        feed: &mut F,
        chains: &[(String, Timestamp)],
        now: Timestamp,
    ) -> Option<Vec<TokenKey>> {
        let mine = |(chain, since): &&(String, Timestamp)| self.is_for(seat, chain, *since, now);
        let due = chains.iter().find(mine).map(|(chain, _)| chain.clone());
        let own = self.seats.get_mut(seat)?;
        let jump = own.looks.chain(Why::Jump);
        let chain = jump.clone().or_else(|| due.clone());
        let chain = chain.or_else(|| own.looks.chain(Why::Missing))?;
        own.ready_at = feed.ready_at(now);
        if own.ready_at > now {
            return None;
        }
        let most = feed.batch().max(1);
        let mut tokens = Vec::new();
        self.take_looks(seat, Why::Jump, &chain, most, &mut tokens);
        let mut were_due = Vec::new();
        if due.as_ref() == Some(&chain) {
            were_due = self.schedule.take(&chain, now, most - tokens.len());
            let new = were_due.iter().filter(|t| !tokens.contains(t)).cloned();
            tokens.extend(new.collect::<Vec<_>>());
        }
        self.take_looks(seat, Why::Missing, &chain, most, &mut tokens);
        if tokens.is_empty() {
            return None;
        }
        for token in &tokens {
            if self.tokens.get(token).is_some_and(|k| k.acceptance.waits()) {
                feed.doubt(token);
            }
        }
        self.seats.get_mut(seat)?.asking = Some(were_due);
        Some(tokens)
    }

    /// Whether what is due in a chain since an instant is to be asked for at a seat: none before
    /// it can, or they do not keep up.
    fn is_for(&self, seat: usize, chain: &str, since: Timestamp, now: Timestamp) -> bool {
        let (before, own) = self.seats.split_at(seat);
        let serves = own.first().is_some_and(|s| s.may_serve(chain));
        let mut others = before.iter();
        let nobody_before = others.all(|s| s.health.is_benched(now) || !s.may_serve(chain));
        serves && (nobody_before || now.since(since) > self.pace.interval)
    }

    /// Takes the looks of a chain that are still open.
    fn take_looks(
        &mut self,
        seat: usize,
        why: Why,
        chain: &str,
        most: usize,
        tokens: &mut Vec<TokenKey>,
    ) {
        let Some(own) = self.seats.get_mut(seat) else {
            return;
        };
        while tokens.len() < most
            && let Some(token) = own.looks.pop(why, chain)
        {
            let Some(known) = self.tokens.get_mut(&token) else {
                continue;
            };
            if known.queued == Some(seat) {
                known.queued = None;
                if known.look.is_some() && !tokens.contains(&token) {
                    tokens.push(token);
                }
            }
        }
    }

    /// Takes a provider's answer; what it comes to is added to `samples`.
    pub fn answered(
        &mut self,
        seat: usize,
        asked: &[TokenKey],
        answer: Result<Vec<Quote>, FeedError>,
        now: Timestamp,
        samples: &mut Vec<Sample>,
    ) {
        let Some(own) = self.seats.get_mut(seat) else {
            return;
        };
        let were_due = own.asking.take().unwrap_or_default();
        match answer {
            Ok(quotes) => {
                own.health.ok(now);
                self.judge(seat, asked, quotes, now, samples);
            }
            Err(error) => {
                own.health.failed_by(&error, now);
                tracing::warn!(%error, failures = own.health.failures, "feed");
                own.looks.clear();
                for known in self.tokens.values_mut() {
                    if known.queued == Some(seat) {
                        known.queued = None;
                    }
                }
                self.schedule.retry(&were_due, now);
            }
        }
    }

    fn judge(
        &mut self,
        seat: usize,
        asked: &[TokenKey],
        quotes: Vec<Quote>,
        now: Timestamp,
        samples: &mut Vec<Sample>,
    ) {
        let provider = self.seats.get(seat).map_or("", |s| s.health.provider);
        let half = Span::from_millis(self.pace.interval.millis() / 2).min(SAME_WITHIN);
        let among: HashSet<&TokenKey> = asked.iter().collect();
        let mut quoted: HashMap<TokenKey, Quote> = HashMap::with_capacity(quotes.len());
        for quote in quotes {
            // A provider must not slip in what nobody asked for, or the same token twice.
            if among.contains(&quote.token) {
                quoted.entry(quote.token.clone()).or_insert(quote);
            }
        }
        for token in asked {
            if !self.schedule.follows(token) {
                // The poller has handed over meanwhile.
                continue;
            }
            let known = self.tokens.entry(token.clone()).or_default();
            let quote = quoted.remove(token);
            let before = known.look;
            let (why, listed) = match quote {
                Some(quote) => (known.read(seat, provider, quote, now, half, samples), true),
                None => (Some(Why::Missing), false),
            };
            known.look = why.map(|why| match before {
                // Another provider's word on the same question.
                Some(open) if !open.asked.has(seat) => Look {
                    why: if known.acceptance.waits() {
                        Why::Jump
                    } else {
                        why
                    },
                    asked: open.asked.with(seat),
                    listed: open.listed || listed,
                },
                _ => Look {
                    why,
                    asked: Seats::default().with(seat),
                    listed,
                },
            });
            if let Some(look) = known.look {
                self.look_further(token, look, now, samples);
            }
        }
    }

    /// Sends a token with an open look to the next provider; when everybody was asked, the look
    /// is over.
    fn look_further(
        &mut self,
        token: &TokenKey,
        look: Look,
        now: Timestamp,
        samples: &mut Vec<Sample>,
    ) {
        let chain = token.chain();
        let next = self.seats.iter().enumerate().position(|(i, seat)| {
            !look.asked.has(i) && seat.may_serve(chain) && !seat.health.is_benched(now)
        });
        let Some(known) = self.tokens.get_mut(token) else {
            return;
        };
        if let Some(next) = next {
            if known.queued != Some(next) {
                known.queued = Some(next);
                if let Some(seat) = self.seats.get_mut(next) {
                    seat.looks.push(look.why, token.clone());
                }
            }
            return;
        }
        known.look = None;
        // Not listed yet is waiting, not a fact; listed once and found by nobody now is one. Who
        // listed it last must have been asked: others may never have known it.
        let lister = known.listed_by.is_none_or(|seat| look.asked.has(seat));
        if look.why == Why::Missing && !look.listed && lister && known.acceptance.was_listed() {
            let provider = known.listed_by.or_else(|| first(look.asked));
            let provider = provider.and_then(|seat| self.seats.get(seat));
            let at = known.stamp(now);
            samples.push(Sample {
                token: token.clone(),
                reading: Reading {
                    at,
                    price: None,
                    liquidity_usd: None,
                    market_cap_usd: None,
                    absent: true,
                    provider: provider.map_or("", |s| s.health.provider).to_owned(),
                    pool: None,
                },
                decision: Decision::Accepted,
            });
        }
    }

    /// When there may be something to do next; `None` while nothing is followed, or before an
    /// answer comes.
    #[must_use]
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let idle = self.seats.iter().enumerate();
        let idle = idle.filter(|(_, seat)| seat.asking.is_none());
        let wakes = idle.filter_map(|(i, seat)| {
            let look = [Why::Jump, Why::Missing];
            let look = look.iter().any(|why| seat.looks.chain(*why).is_some());
            let due = self.schedule.first_due().filter_map(|(chain, at)| {
                if self.is_for(i, chain, at, now) {
                    return Some(at);
                }
                // Once it is overdue.
                let late = at.plus(self.pace.interval).plus(Span::from_millis(1));
                seat.may_serve(chain).then_some(late)
            });
            let work = due.chain(look.then_some(now)).min()?;
            let bench = seat.health.next_try.unwrap_or(work);
            Some(work.max(bench).max(seat.ready_at))
        });
        wakes.min()
    }

    /// Asks the feeds for everything that is due, one request after the other, and judges what
    /// they say: for history and tests, where answers come at once. `None` when nothing was
    /// asked.
    pub async fn poll<F: PriceFeed>(&mut self, feeds: &mut [F], now: Timestamp) -> Option<Poll> {
        let mut samples = Vec::new();
        let mut asked = false;
        loop {
            let mut worked = false;
            for (seat, feed) in feeds.iter_mut().enumerate() {
                if let Some(tokens) = self.next(seat, feed, now) {
                    worked = true;
                    let answer = feed.quotes(&tokens, now).await;
                    self.answered(seat, &tokens, answer, now, &mut samples);
                }
            }
            asked |= worked;
            if !worked {
                break;
            }
        }
        asked.then(|| Poll {
            samples,
            health: self.health(),
            slept: None,
        })
    }
}

fn first(seats: Seats) -> Option<usize> {
    (0..32).find(|seat| seats.has(*seat))
}
