//! The tracker over several scripted providers: who is asked for what, what is believed, and that
//! nothing false is, whatever goes wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::float_cmp,
    clippy::too_many_lines,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, HashMap};
use std::future::{Future, ready};
use std::sync::{Arc, Mutex};

use callboard::analytics::Guards;
use callboard::board::{Board, Settings};
use callboard::domain::{
    Call, Decision, Features, Pace, Price, Reading, Rules, Span, Timestamp, TokenKey,
};
use callboard::feed::{FeedError, PriceFeed, Quote};
use callboard::store::{Sample, Standing, Store};
use callboard::tracker::{Follow, Poll, Tracker};

const T0: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const PACE: Pace = Pace {
    interval: Span::seconds(60),
    late_interval: Span::minutes(5),
    late_after: Span::hours(48),
    window: Span::days(7),
};

/// When, and for what.
type Asked = (Timestamp, Vec<TokenKey>);
type Answer = Result<Option<Quote>, FeedError>;
type Script = dyn Fn(&TokenKey, Timestamp) -> Answer + Send + Sync;

/// A provider that answers by a script, within a budget that it checks.
struct Scripted {
    name: &'static str,
    chains: Vec<&'static str>,
    gap: Span,
    ready: Timestamp,
    asked: Arc<Mutex<Vec<Asked>>>,
    script: Box<Script>,
}

impl Scripted {
    fn new(
        name: &'static str,
        script: impl Fn(&TokenKey, Timestamp) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            chains: vec!["a", "b"],
            gap: Span::ZERO,
            ready: T0.minus(Span::DAY),
            asked: Arc::default(),
            script: Box::new(script),
        }
    }
}

impl PriceFeed for Scripted {
    fn name(&self) -> &'static str {
        self.name
    }

    fn batch(&self) -> usize {
        5
    }

    fn serves(&self, chain: &str) -> bool {
        self.chains.contains(&chain)
    }

    fn ready_at(&mut self, now: Timestamp) -> Timestamp {
        self.ready.max(now)
    }

    fn quotes(
        &mut self,
        tokens: &[TokenKey],
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Quote>, FeedError>> + Send {
        assert!(now >= self.ready, "the budget is kept");
        assert!(!tokens.is_empty() && tokens.len() <= 5);
        let chain = tokens[0].chain();
        assert!(tokens.iter().all(|t| t.chain() == chain), "one chain");
        assert!(self.chains.contains(&chain), "a chain that it serves");
        if self.gap > Span::ZERO {
            self.ready = now.plus(self.gap);
        }
        self.asked.lock().unwrap().push((now, tokens.to_vec()));
        let quotes = tokens
            .iter()
            .filter_map(|t| (self.script)(t, now).transpose());
        ready(quotes.collect())
    }
}

fn token(chain: &str, i: usize) -> TokenKey {
    TokenKey::new(Some(chain), &format!("t{i}")).unwrap()
}

fn quote(token: &TokenKey, price: f64) -> Quote {
    Quote {
        token: token.clone(),
        price: Price::new(price),
        liquidity_usd: Some(10_000.0),
        market_cap_usd: None,
        pool: Some("pool".to_owned()),
        repinned: false,
    }
}

fn priced(price: f64) -> impl Fn(&TokenKey, Timestamp) -> Answer + Send + Sync {
    move |token, _| Ok(Some(quote(token, price)))
}

fn down(name: &'static str) -> FeedError {
    FeedError::Unreachable {
        feed: name,
        reason: "test".to_owned(),
    }
}

fn minute(i: i64) -> Timestamp {
    T0.plus(Span::minutes(i))
}

fn poll(tracker: &mut Tracker, feeds: &mut [Scripted], now: Timestamp) -> Poll {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(tracker.poll(feeds, now)).unwrap_or(Poll {
        samples: Vec::new(),
        health: tracker.health(),
        slept: None,
    })
}

/// One token of chain a, followed from T0 on.
fn one(feeds: &[Scripted]) -> Tracker {
    let names: Vec<_> = feeds.iter().map(PriceFeed::name).collect();
    let mut tracker = Tracker::new(&names, PACE);
    tracker.follow(&token("a", 0), T0, T0);
    tracker
}

/// Provider, price and what became of it.
fn told(poll: &Poll) -> Vec<(&str, Option<f64>, Decision)> {
    let told = poll.samples.iter().map(|s| {
        let price = s.reading.price.map(Price::usd);
        (s.reading.provider.as_str(), price, s.decision)
    });
    told.collect()
}

#[test]
fn when_the_first_fails_the_next_answers_in_the_same_poll_and_the_first_comes_back() {
    let mut feeds = [
        Scripted::new("x", |t, now| {
            if now < minute(2) {
                Err(down("x"))
            } else {
                Ok(Some(quote(t, 1.0)))
            }
        }),
        Scripted::new("y", priced(2.0)),
    ];
    let mut tracker = one(&feeds);
    let first = poll(&mut tracker, &mut feeds, T0);
    assert_eq!(told(&first), [("y", Some(2.0), Decision::Accepted)]);
    assert!(first.health[0].next_try.is_some());
    assert_eq!(first.health[1].next_try, None);
    poll(&mut tracker, &mut feeds, minute(1));
    assert_eq!(
        feeds[0].asked.lock().unwrap().len(),
        2,
        "tried again after its pause"
    );
    let back = poll(&mut tracker, &mut feeds, minute(2));
    assert_eq!(told(&back), [("x", Some(1.0), Decision::Accepted)]);
    assert_eq!(back.health[0].next_try, None);
}

#[test]
fn a_jump_is_put_to_the_next_provider_who_confirms_or_denies_it() {
    for (second, accepted) in [(8.0, true), (7.5, true), (7.4, false), (1.0, false)] {
        let mut feeds = [
            Scripted::new("x", |t, now| {
                Ok(Some(quote(t, if now < minute(1) { 1.0 } else { 10.0 })))
            }),
            Scripted::new("y", priced(second)),
        ];
        let mut tracker = one(&feeds);
        poll(&mut tracker, &mut feeds, T0);
        assert!(feeds[1].asked.lock().unwrap().is_empty());
        let jumped = poll(&mut tracker, &mut feeds, minute(1));
        let jump = jumped
            .samples
            .iter()
            .rfind(|s| s.reading.price == Price::new(10.0))
            .unwrap();
        assert_eq!(jump.decision == Decision::Accepted, accepted, "{second}");
        assert_ne!(jump.decision, Decision::Waiting, "settled at once");
        // Times within a token are strictly rising.
        assert!(jumped.samples.last().unwrap().reading.at > minute(1));
    }
}

#[test]
fn without_a_second_provider_the_next_reading_decides() {
    let mut feeds = [Scripted::new("x", |t, now| {
        let price = [1.0, 10.0, 1.1, 20.0, 19.0][(now.since(T0).millis() / 60_000) as usize];
        Ok(Some(quote(t, price)))
    })];
    let mut tracker = one(&feeds);
    let mut accepted = Vec::new();
    for i in 0..5 {
        let poll = poll(&mut tracker, &mut feeds, minute(i));
        let counts = poll
            .samples
            .iter()
            .filter(|s| s.decision == Decision::Accepted);
        accepted.extend(counts.filter_map(|s| s.reading.price.map(Price::usd)));
    }
    assert_eq!(accepted, [1.0, 1.1, 20.0, 19.0]);
}

#[test]
fn asking_again_at_once_confirms_nothing() {
    let mut feeds = [Scripted::new("x", |t, now| {
        Ok(Some(quote(t, if now < minute(1) { 1.0 } else { 100.0 })))
    })];
    let mut tracker = one(&feeds);
    poll(&mut tracker, &mut feeds, T0);
    poll(&mut tracker, &mut feeds, minute(1));
    let soon = minute(1).plus(Span::seconds(2));
    tracker.poll_now(&token("a", 0), soon);
    // The provider has it in its cache: the same words are the same reading.
    assert_eq!(poll(&mut tracker, &mut feeds, soon).samples, []);
    assert_eq!(feeds[0].asked.lock().unwrap().len(), 3);
}

#[test]
fn a_token_missing_at_one_and_priced_at_another_is_not_absent() {
    let mut feeds = [
        Scripted::new("x", |t, now| Ok((now < minute(1)).then(|| quote(t, 1.0)))),
        Scripted::new("y", priced(1.2)),
    ];
    let mut tracker = one(&feeds);
    poll(&mut tracker, &mut feeds, T0);
    let second = poll(&mut tracker, &mut feeds, minute(1));
    assert_eq!(told(&second), [("y", Some(1.2), Decision::Accepted)]);
}

#[test]
fn absent_needs_everybody_who_is_well_and_above_all_who_listed_it_last() {
    // Nobody finds it from minute 1 on; x listed it; y is down all the time.
    let mut feeds = [
        Scripted::new("x", |t, now| Ok((now < minute(1)).then(|| quote(t, 1.0)))),
        Scripted::new("y", |_, _| Err(down("y"))),
        Scripted::new("z", |_, _| Ok(None)),
    ];
    let mut tracker = one(&feeds);
    poll(&mut tracker, &mut feeds, T0);
    let gone = poll(&mut tracker, &mut feeds, minute(1));
    assert_eq!(
        gone.samples,
        [],
        "y has failed: not everybody has been heard"
    );
    let gone = poll(&mut tracker, &mut feeds, minute(1).plus(Span::seconds(61)));
    let absent: Vec<_> = gone.samples.iter().filter(|s| s.reading.absent).collect();
    assert!(absent.len() <= 1);

    // x listed it and is down: what others never knew says nothing.
    let mut feeds = [
        Scripted::new("x", |t, now| {
            if now < minute(1) {
                Ok(Some(quote(t, 1.0)))
            } else {
                Err(down("x"))
            }
        }),
        Scripted::new("z", |_, _| Ok(None)),
    ];
    let mut tracker = one(&feeds);
    for i in 0..40 {
        let poll = poll(&mut tracker, &mut feeds, minute(i));
        assert!(poll.samples.iter().all(|s| !s.reading.absent));
    }

    // Never listed: waiting, not absent.
    let mut feeds = [Scripted::new("x", |_, _| Ok(None))];
    let mut tracker = one(&feeds);
    for i in 0..5 {
        assert_eq!(poll(&mut tracker, &mut feeds, minute(i)).samples, []);
    }
}

#[test]
fn a_token_that_nobody_lists_any_more_is_absent_once_a_poll() {
    let mut feeds = [
        Scripted::new("x", |t, now| Ok((now < minute(1)).then(|| quote(t, 1.0)))),
        Scripted::new("y", |_, _| Ok(None)),
    ];
    let mut tracker = one(&feeds);
    poll(&mut tracker, &mut feeds, T0);
    for i in 1..35 {
        let poll = poll(&mut tracker, &mut feeds, minute(i));
        assert_eq!(poll.samples.len(), 1, "minute {i}");
        assert!(poll.samples[0].reading.absent);
        assert_eq!(poll.samples[0].reading.provider, "x");
    }
}

#[test]
fn chains_are_asked_for_where_they_are_served() {
    let mut feeds = [
        Scripted::new("x", priced(1.0)),
        Scripted::new("y", priced(2.0)),
    ];
    feeds[0].chains = vec!["a"];
    feeds[1].chains = vec!["b"];
    let mut tracker = Tracker::new(&["x", "y"], PACE);
    for i in 0..7 {
        tracker.follow(&token("a", i), T0, T0);
        tracker.follow(&token("b", i), T0, T0);
        tracker.follow(&token("nobody's", i), T0, T0);
    }
    let poll = poll(&mut tracker, &mut feeds, T0);
    for sample in &poll.samples {
        let by = if sample.token.chain() == "a" {
            "x"
        } else {
            "y"
        };
        assert_eq!(sample.reading.provider, by);
    }
    assert_eq!(poll.samples.len(), 14);
    assert_eq!(poll.health[0].tokens, 21);
}

#[test]
fn a_second_look_goes_only_where_the_chain_is_served() {
    let mut feeds = [
        Scripted::new("x", |t, now| Ok((now < minute(1)).then(|| quote(t, 1.0)))),
        Scripted::new("y", priced(2.0)),
        Scripted::new("z", priced(3.0)),
    ];
    // The script fails the test when it is asked for another chain.
    feeds[1].chains = vec!["b"];
    let mut tracker = one(&feeds);
    for i in 0..3 {
        poll(&mut tracker, &mut feeds, minute(i));
    }
    assert!(feeds[1].asked.lock().unwrap().is_empty());
    assert_eq!(feeds[2].asked.lock().unwrap().len(), 2);
}

#[test]
fn time_within_a_token_never_goes_backwards() {
    let mut feeds = [Scripted::new("x", |t, now| {
        Ok(Some(quote(t, 1.0 + (now.millis() % 1000) as f64 / 1e6)))
    })];
    let mut tracker = one(&feeds);
    let mut last = T0;
    let mut readings = 0;
    for second in [0, 60, 120, -3480, -3420, -3360, 180] {
        let now = T0
            .plus(Span::seconds(second))
            .plus(Span::from_millis(readings));
        tracker.poll_now(&token("a", 0), now);
        for sample in poll(&mut tracker, &mut feeds, now).samples {
            assert!(readings == 0 || sample.reading.at > last);
            last = sample.reading.at;
            readings += 1;
        }
    }
    assert_eq!(readings, 7);
}

#[test]
fn a_restart_takes_up_what_was_accepted_and_what_waits() {
    let reading = |price, at| Reading {
        at,
        price: Price::new(price),
        liquidity_usd: None,
        market_cap_usd: None,
        absent: false,
        provider: "x".to_owned(),
        pool: None,
    };
    let standing = |waiting: Option<Reading>| Standing {
        token: token("a", 0),
        at: T0,
        last: Price::new(1.0),
        provider: Some("x".to_owned()),
        pool: None,
        waiting,
    };
    // A wick on the first poll after the restart is no high.
    let mut feeds = [Scripted::new("x", priced(50.0))];
    let mut tracker = Tracker::new(&["x"], PACE);
    tracker.resume(vec![standing(None)]);
    let follow = Follow {
        token: token("a", 0),
        called_at: T0,
        entry: None,
    };
    tracker.follow_all(std::slice::from_ref(&follow), minute(1));
    let first = poll(&mut tracker, &mut feeds, minute(1));
    assert_eq!(told(&first), [("x", Some(50.0), Decision::Waiting)]);

    let mut tracker = Tracker::new(&["x"], PACE);
    tracker.resume(vec![standing(Some(reading(60.0, T0)))]);
    tracker.follow_all(&[follow], minute(1));
    let first = poll(&mut tracker, &mut feeds, minute(1));
    assert_eq!(first.samples[0].reading.price, Price::new(60.0));
    assert_eq!(first.samples[0].reading.at, T0);
    assert!(
        first
            .samples
            .iter()
            .all(|s| s.decision == Decision::Accepted)
    );
}

/// A number from 0 to 1 that depends on everything given.
fn chance(of: &[u64]) -> f64 {
    let mixed = of.iter().fold(0x9e37_79b9_7f4a_7c15u64, |h, n| {
        let h = (h ^ n).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (h ^ (h >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb)
    });
    (mixed >> 11) as f64 / (1u64 << 53) as f64
}

fn number(token: &TokenKey) -> u64 {
    token.address()[1..].parse().unwrap()
}

/// The truth: a slow wave, and from a time of its own on a pump or a rug.
fn truth(token: &TokenKey, at: Timestamp) -> f64 {
    let n = number(token);
    let minutes = at.since(T0).millis() as f64 / 60_000.0;
    let wave = 1.0 + 0.3 * (minutes / (40.0 + n as f64) + n as f64).sin();
    let turn = 100.0 + 900.0 * chance(&[n, 1]);
    let after = if minutes < turn {
        1.0
    } else if n.is_multiple_of(3) {
        8.0
    } else if n % 3 == 1 {
        0.02
    } else {
        1.0
    };
    1e-4 * wave * after
}

/// Faults of every kind at once, over thousands of polls: an accepted price is never off, ATH and
/// final of every call are right, nobody is forgotten, and the budget is kept (the feed checks).
#[test]
fn faults_of_every_kind_leave_every_outcome_right() {
    let wicks = Arc::new(Mutex::new(0u32));
    let counted = Arc::clone(&wicks);
    let faulty = move |token: &TokenKey, at: Timestamp| -> Answer {
        let tick = at.millis().unsigned_abs() / 1000;
        let hour = tick / 1800;
        let n = number(token);
        // A quarter of all half hours has an outage of some kind.
        match (chance(&[hour, 2]) * 24.0) as u32 {
            0 => return Err(down("x")),
            1 => {
                return Err(FeedError::RateLimited {
                    feed: "x",
                    retry_after: Some(Span::seconds(20)),
                });
            }
            2 => {
                return Err(FeedError::BadAnswer {
                    feed: "x",
                    reason: "truncated".to_owned(),
                });
            }
            3 if tick.is_multiple_of(3) => {
                return Err(FeedError::Refused {
                    feed: "x",
                    reason: "403".to_owned(),
                });
            }
            _ => {}
        }
        let minute = tick / 60;
        let mut quote = quote(token, truth(token, at));
        match (chance(&[n, minute, 3]) * 100.0) as u32 {
            0 => return Ok(None),
            1 => quote.price = None,
            // Never in two minutes one after the other.
            2 if minute.is_multiple_of(2) => {
                *counted.lock().unwrap() += 1;
                quote.price = Price::new(truth(token, at) * 60.0);
            }
            3 => quote.liquidity_usd = None,
            _ => {}
        }
        Ok(Some(quote))
    };
    let honest = |token: &TokenKey, at: Timestamp| -> Answer {
        let tick = at.millis().unsigned_abs() / 1000;
        if chance(&[tick / 900, 4]) < 0.1 {
            return Err(down("y"));
        }
        // It knows two thirds of the tokens.
        let known = !number(token).is_multiple_of(3);
        Ok(known.then(|| quote(token, truth(token, at) * 1.01)))
    };
    let mut feeds = [Scripted::new("x", faulty), Scripted::new("y", honest)];
    feeds[0].gap = Span::from_millis(250);
    feeds[1].gap = Span::seconds(2);

    let rules = Rules {
        window: Span::hours(24),
        ..Rules::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("x.db"), rules).unwrap();
    let calls: Vec<Call> = (0..90)
        .map(|i| {
            let token = token(if i % 2 == 0 { "a" } else { "b" }, i);
            let called_at = T0.plus(Span::seconds(20 * i as i64));
            Call {
                id: Call::derived_id("s", token.chain(), Some(token.address()), None, called_at),
                source: "s".to_owned(),
                chain: token.chain().to_owned(),
                symbol: None,
                name: None,
                called_at,
                stated_entry: Price::new(truth(&token, called_at)),
                market_cap_usd: None,
                liquidity_usd: None,
                rejected_by: None,
                features: Features::default(),
                token: Some(token),
            }
        })
        .collect();
    store.put_calls(&calls).unwrap();
    let mut tracker = Tracker::new(&["x", "y"], PACE);
    let follows: Vec<Follow> = calls
        .iter()
        .map(|c| Follow {
            token: c.token.clone().unwrap(),
            called_at: c.called_at,
            entry: c.stated_entry,
        })
        .collect();
    tracker.follow_all(&follows, T0);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut accepted: HashMap<TokenKey, Vec<(Timestamp, f64)>> = HashMap::new();
    let mut samples: Vec<Sample> = Vec::new();
    let mut now = T0;
    let end = T0.plus(Span::hours(25));
    let mut polls = 0u32;
    while now < end {
        if let Some(poll) = runtime.block_on(tracker.poll(&mut feeds, now)) {
            polls += 1;
            samples.extend(poll.samples);
        }
        if polls.is_multiple_of(200) && !samples.is_empty() {
            store.put_polled(&samples).unwrap();
            note(&mut accepted, &samples);
            samples.clear();
        }
        let due = tracker.next_due(now).unwrap_or(end);
        assert!(due.since(now) < Span::minutes(16), "a stall");
        now = due.max(now.plus(Span::from_millis(50)));
    }
    store.put_polled(&samples).unwrap();
    note(&mut accepted, &samples);
    assert!(polls > 5_000, "{polls} polls");
    assert!(*wicks.lock().unwrap() > 300, "{wicks:?}");

    let settings = Settings {
        rules,
        min_rank_n: 10,
        guards: Guards::default(),
    };
    let outcomes: BTreeMap<_, _> = Board::new(store.load(None).unwrap(), settings)
        .judged(end)
        .into_iter()
        .map(|j| (j.call.id.clone(), j))
        .collect();
    for call in &calls {
        let token = call.token.as_ref().unwrap();
        let seen = &accepted[token];
        let gaps = seen.windows(2).map(|w| w[1].0.since(w[0].0));
        // The longest outages in a row, and the pause after them.
        let longest = gaps.max().unwrap();
        assert!(
            longest < Span::minutes(110),
            "{token}: nothing for {longest:?}"
        );
        let expected = if number(token).is_multiple_of(3) {
            900
        } else {
            1_200
        };
        assert!(seen.len() > expected, "{token}: {} readings", seen.len());
        for (at, price) in seen {
            let off = price / truth(token, *at);
            assert!((0.97..1.04).contains(&off), "{token} at {at}: off by {off}");
        }
        let outcome = &outcomes[&call.id].outcome;
        let entry = call.stated_entry.unwrap().usd();
        let within = call.called_at.plus(rules.window);
        let own = || {
            seen.iter()
                .filter(|(at, _)| *at >= call.called_at && *at <= within)
        };
        // By what was accepted, to the last digit; by the truth, as near as the outages allow.
        let best = own().map(|(_, price)| price / entry).fold(1.0, f64::max);
        let ath = outcome.ath.unwrap().multiple.value();
        assert!(
            (ath / best - 1.0).abs() < 1e-9,
            "{token}: {ath}, not {best}"
        );
        let most = (0..24 * 60)
            .map(|m| truth(token, call.called_at.plus(Span::minutes(m))) / entry)
            .fold(1.0, f64::max);
        assert!(
            (ath / most - 1.0).abs() < 0.06,
            "{token}: {ath}, truly {most}"
        );
        let last = own().next_back().unwrap().1 / entry;
        let fin = outcome.fin.unwrap().multiple.value();
        assert!(
            (fin / last - 1.0).abs() < 1e-9,
            "{token}: {fin}, not {last}"
        );
        let truly = truth(token, within) / entry;
        assert!(
            (fin / truly - 1.0).abs() < 0.3,
            "{token}: {fin}, truly {truly}"
        );
    }
    store.rebuild_folds().unwrap();
    let again = Board::new(store.load(None).unwrap(), settings);
    for judged in again.judged(end) {
        assert_eq!(judged.outcome, outcomes[&judged.call.id].outcome);
    }
}

fn note(accepted: &mut HashMap<TokenKey, Vec<(Timestamp, f64)>>, samples: &[Sample]) {
    for sample in samples {
        if let (Decision::Accepted, Some(price)) = (sample.decision, sample.reading.price) {
            let of_token = accepted.entry(sample.token.clone()).or_default();
            of_token.push((sample.reading.at, price.usd()));
        }
    }
}
