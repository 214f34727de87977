//! The whole way of a price, on the simulated market: feed, tracker, store, board.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;

use callboard::analytics::Guards;
use callboard::board::{Board, Settings};
use callboard::domain::{Call, Outcome, Pace, RugState, Rules, Span, Timestamp, TokenKey};
use callboard::feed::SimulatedMarket;
use callboard::feed::simulated::{self, Kind};
use callboard::store::Store;
use callboard::tracker::{FeedHealth, Tracker};

const STEP: Span = Span::minutes(10);
const ORIGIN: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn rules() -> Rules {
    Rules {
        poll_interval: STEP,
        ..Rules::default()
    }
}

fn settings() -> Settings {
    Settings {
        rules: rules(),
        min_rank_n: 10,
        guards: Guards::default(),
    }
}

struct Ran {
    _folder: tempfile::TempDir,
    store: Store,
    market: SimulatedMarket,
    /// The feed's health after each poll.
    health: Vec<(Timestamp, FeedHealth)>,
}

/// Ten days of calls polled each ten minutes, handed to the store in uneven batches.
fn run() -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("market.db"), rules()).unwrap();
    let market = SimulatedMarket::new(42, ORIGIN);
    let pace = Pace {
        interval: STEP,
        late_interval: STEP,
        late_after: Span::days(2),
        window: rules().window,
    };
    let mut tracker = Tracker::new(&[simulated::NAME], pace);
    let mut feed = market.feed().with_outages_of(STEP.times(2));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut health = Vec::new();
    let mut samples = Vec::new();
    let mut at = ORIGIN.minus(Span::days(10));
    let mut polls = 0usize;
    while at < ORIGIN {
        let next = at.plus(STEP);
        let calls = market.calls_between(at, next);
        for call in &calls {
            if let Some(token) = &call.token {
                tracker.follow(token, call.called_at, next);
            }
        }
        store.put_calls(&calls).unwrap();
        at = next;
        if let Some(poll) = runtime.block_on(tracker.poll(std::slice::from_mut(&mut feed), at)) {
            samples.extend(poll.samples);
            health.extend(poll.health.into_iter().map(|h| (at, h)));
        }
        polls += 1;
        if polls.is_multiple_of(37) {
            store.put_samples(&samples).unwrap();
            samples.clear();
        }
    }
    store.put_samples(&samples).unwrap();
    Ran {
        _folder: folder,
        store,
        market,
        health,
    }
}

fn outcomes(store: &Store) -> BTreeMap<String, (Call, Outcome)> {
    let board = Board::new(store.load(None).unwrap(), settings());
    board
        .judged(ORIGIN)
        .into_iter()
        .map(|j| (j.call.id.0.clone(), ((*j.call).clone(), j.outcome)))
        .collect()
}

#[test]
fn what_was_folded_sample_by_sample_equals_a_rebuild() {
    let mut ran = run();
    let before = outcomes(&ran.store);
    assert!(before.len() > 200);
    ran.store.rebuild_folds().unwrap();
    let after = outcomes(&ran.store);
    for (id, (_, outcome)) in &before {
        assert_eq!(Some(outcome), after.get(id).map(|(_, o)| o), "{id}");
    }
}

/// The true highest multiple of a call at the times it was polled, without bad ticks: what the
/// acceptance rule must come to.
fn true_peak(market: &SimulatedMarket, token: &TokenKey, call: &Call, entry: f64) -> f64 {
    let prices: Vec<f64> = market
        .readings(token, call.called_at, ORIGIN, STEP)
        .filter(|r| r.at <= call.called_at.plus(rules().window))
        .filter_map(|r| r.price.map(callboard::domain::Price::usd))
        .collect();
    // A bad tick towers over both of its neighbours.
    let wick = |i: usize| {
        let beside = [i.checked_sub(1), Some(i + 1)].into_iter().flatten();
        beside
            .filter_map(|n| prices.get(n))
            .all(|n| prices[i] > 4.0 * n)
    };
    (0..prices.len())
        .filter(|i| !wick(*i))
        .map(|i| prices[i] / entry)
        .fold(1.0, f64::max)
}

#[test]
fn a_bad_tick_never_becomes_an_ath() {
    let ran = run();
    let mut ticks = 0;
    for (id, (call, outcome)) in outcomes(&ran.store) {
        let Some(token) = &call.token else { continue };
        let (Some(entry), Some(ath)) = (outcome.entry, outcome.ath) else {
            continue;
        };
        if ran.market.kind_of(token) == Some(Kind::BadTick) {
            ticks += 1;
            let truth = true_peak(&ran.market, token, &call, entry.price.usd());
            assert!(
                ath.multiple.value() <= truth * 1.000_001,
                "{id}: {} instead of {truth}",
                ath.multiple.value()
            );
        }
    }
    assert!(ticks > 0, "no such token was called");
    // The refused readings are kept, with their reason, where SQL users find them.
    let file = rusqlite::Connection::open(ran.store.path()).unwrap();
    let refused: i64 = file
        .query_row(
            "SELECT count(*) FROM samples WHERE NOT accepted AND reason LIKE 'jump over 4x%'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert!(refused > 0, "no bad tick was met");
}

#[test]
fn rugs_and_vanished_tokens_are_seen_for_what_they_are_and_calm_ones_live() {
    let ran = run();
    let mut seen: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (call, outcome) in outcomes(&ran.store).values() {
        let Some(token) = &call.token else { continue };
        if ORIGIN.since(call.called_at) < Span::days(6) || outcome.entry.is_none() {
            continue;
        }
        let (name, right) = match ran.market.kind_of(token) {
            Some(Kind::Rug) => ("rug", outcome.is_rug() == Some(true)),
            Some(Kind::Gone) => (
                "gone",
                matches!(
                    outcome.state,
                    RugState::Gone | RugState::Rug | RugState::Crashed
                ),
            ),
            Some(Kind::Calm) => ("calm", outcome.state == RugState::Alive),
            _ => continue,
        };
        let count = seen.entry(name).or_default();
        count.0 += usize::from(right);
        count.1 += 1;
    }
    for name in ["rug", "gone", "calm"] {
        let (right, n) = seen.get(name).copied().unwrap_or_default();
        assert!(n >= 3, "{name}: only {n}");
        assert!(right * 10 >= n * 9, "{name}: {right} of {n}");
    }
}

#[test]
fn an_outage_benches_the_feed_and_an_answer_brings_it_back() {
    let ran = run();
    let failed = ran
        .health
        .iter()
        .position(|(_, h)| h.failures > 0)
        .expect("the market has outages");
    let (at, health) = &ran.health[failed];
    assert!(health.next_try.is_some_and(|next| next > *at));
    assert!(health.last_error.is_some());
    let back = ran.health[failed..]
        .iter()
        .find(|(_, h)| h.failures == 0)
        .expect("it comes back");
    assert!(back.1.next_try.is_none());
    assert!(back.1.last_ok.is_some_and(|ok| ok > *at));
}

#[test]
fn a_restart_goes_on_where_the_last_run_stopped() {
    let ran = run();
    let path = ran.store.path().to_owned();
    let before = outcomes(&ran.store);
    drop(ran.store);
    let again = Store::open(&path, rules()).unwrap();
    assert_eq!(outcomes(&again), before);
}
