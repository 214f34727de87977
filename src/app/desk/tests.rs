use super::*;
use crate::analytics::Guards;
use crate::board::Settings;
use crate::domain::fold::PriceAt;
use crate::domain::{Call, CallId, Decision, Features, Price, Reading, Rules, Span, Timestamp};

const T0: Timestamp = Timestamp::from_millis(1_760_000_000_000);

fn minute(m: i64) -> Timestamp {
    T0.plus(Span::minutes(m))
}

/// A database on disk with whoever polls it.
struct World {
    folder: tempfile::TempDir,
    store: Store,
    board: Board,
    desk: Desk,
}

fn settings() -> Settings {
    Settings {
        rules: Rules::default(),
        min_rank_n: 10,
        guards: Guards::default(),
    }
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("x.db"), Rules::default()).unwrap();
        let mut desk = Desk::new(Percent(20.0), None);
        let board = Board::empty(settings());
        desk.begin(&store, &board, T0).unwrap();
        Self {
            folder,
            store,
            board,
            desk,
        }
    }

    /// The program ends without a word, and another one takes over.
    fn killed(self, now: Timestamp) -> Self {
        drop(self.store);
        let path = self.folder.path().join("x.db");
        let store = Store::open(&path, Rules::default()).unwrap();
        let mut board = Board::new(store.load(Some(now)).unwrap(), settings());
        crate::app::engine::load_trails(&store, &mut board, now).unwrap();
        let mut desk = Desk::new(Percent(20.0), None);
        desk.begin(&store, &board, now).unwrap();
        Self {
            folder: self.folder,
            store,
            board,
            desk,
        }
    }

    fn call(&mut self, calls: &[Call]) {
        self.store.put_calls(calls).unwrap();
        let stored = calls.iter().map(|c| self.store.load_call(&c.id).unwrap());
        let stored: Vec<_> = stored.flatten().collect();
        self.board.add_calls(stored);
    }

    /// One price for many tokens, as a poll brings them.
    fn poll(&mut self, tokens: &[TokenKey], at: Timestamp, price: f64) {
        let samples: Vec<Sample> = tokens.iter().map(|t| sample(t, at, price)).collect();
        let changes = self
            .desk
            .put_polled(&mut self.store, &self.board, &samples, at)
            .unwrap();
        self.board.move_folds(changes);
        for token in tokens {
            let price = Price::new(price).unwrap();
            self.board.add_price(token, PriceAt { at, price });
        }
        self.desk.tick(&mut self.store, &self.board, at).unwrap();
    }

    fn texts(&self) -> Vec<String> {
        let told = self.store.told_after(0, 10_000).unwrap();
        told.into_iter().map(|(_, n)| n.text).collect()
    }
}

fn token(i: usize) -> TokenKey {
    TokenKey::new(Some("test"), &format!("t{i}")).unwrap()
}

fn call(i: usize, called_at: Timestamp) -> Call {
    Call {
        id: CallId(format!("c{i}")),
        source: "alpha".to_owned(),
        chain: "test".to_owned(),
        token: Some(token(i)),
        symbol: Some(format!("S{i}")),
        name: None,
        called_at,
        stated_entry: Price::new(1.0),
        market_cap_usd: None,
        liquidity_usd: None,
        rejected_by: None,
        features: Features::default(),
    }
}

fn sample(token: &TokenKey, at: Timestamp, price: f64) -> Sample {
    Sample {
        token: token.clone(),
        reading: Reading {
            at,
            price: Price::new(price),
            liquidity_usd: None,
            market_cap_usd: None,
            absent: false,
            provider: "test".to_owned(),
            pool: None,
        },
        decision: Decision::Accepted,
    }
}

#[test]
fn each_is_told_once_over_a_kill_at_every_step() {
    let mut world = World::new();
    world.call(&[call(0, T0)]);
    let path = [1.0, 1.1, 1.3, 1.5, 2.1, 2.0, 2.2, 4.0, 5.5, 5.0, 3.5, 0.19];
    for (m, price) in path.into_iter().enumerate() {
        let at = minute(m as i64 + 1);
        world.poll(&[token(0)], at, price);
        // The same reading comes again after a crash that nobody saw.
        world = world.killed(at);
        world.poll(&[token(0)], at.plus(Span::seconds(1)), price);
    }
    let held = minute(50);
    for m in 13..=50 {
        world.poll(&[token(0)], minute(m), 0.1);
        world = world.killed(minute(m));
    }
    assert_eq!(
        world.texts(),
        [
            "S0 +30% in 2 min",
            "S0 by alpha reached 2x",
            "S0 by alpha reached 5x",
            "S0 -36% in 2 min",
            "S0 by alpha crashed: held at 0.10x of the entry",
        ]
    );
    // The window ends: told once too, however often it is looked at.
    let end = T0.plus(Rules::default().window);
    world = world.killed(end.minus(Span::MINUTE));
    for m in 0..5 {
        let now = end.plus(Span::minutes(m));
        world
            .desk
            .tick(&mut world.store, &world.board, now)
            .unwrap();
        world = world.killed(now);
    }
    let last = world.texts().pop().unwrap();
    assert!(last.starts_with("S0 by alpha completed: "), "{last}");
    assert_eq!(world.texts().len(), 6);
    assert!(held < end);
}

#[test]
fn two_who_both_think_it_is_their_turn_make_each_once() {
    let mut world = World::new();
    world.call(&[call(0, T0)]);
    world.poll(&[token(0)], minute(1), 1.0);
    let path = world.folder.path().join("x.db");
    let mut other = Store::open(&path, Rules::default()).unwrap();
    let board = Board::new(other.load(Some(minute(1))).unwrap(), settings());
    let mut second = Desk::new(Percent(20.0), None);
    second.begin(&other, &board, minute(1)).unwrap();
    world.poll(&[token(0)], minute(2), 2.5);
    let late = [sample(&token(0), minute(2).plus(Span::seconds(1)), 2.6)];
    let at = minute(2).plus(Span::seconds(1));
    second.put_polled(&mut other, &board, &late, at).unwrap();
    assert_eq!(
        world
            .texts()
            .iter()
            .filter(|t| t.contains("reached 2x"))
            .count(),
        1
    );
}

#[test]
fn a_storm_is_condensed_and_all_of_it_is_kept() {
    let mut world = World::new();
    let calls: Vec<Call> = (0..200).map(|i| call(i, T0)).collect();
    let tokens: Vec<TokenKey> = (0..200).map(token).collect();
    world.call(&calls);
    world.poll(&tokens, minute(1), 1.0);
    world.poll(&tokens, minute(2), 2.5);
    assert_eq!(world.texts().len(), 8);
    world.poll(&tokens, minute(4), 2.5);
    let texts = world.texts();
    assert_eq!(texts.len(), 9);
    assert_eq!(texts[8], "392 more: 192 moves, 200 milestones");
    let page = world.store.history(&CallId("c150".to_owned()), minute(5));
    let notices = page.unwrap().unwrap().notices;
    assert_eq!(notices.len(), 2, "{notices:?}");
}

#[test]
fn what_is_imported_or_long_past_rings_nothing() {
    let mut world = World::new();
    let old = T0.minus(Span::days(3));
    let calls: Vec<Call> = (0..500).map(|i| call(i, old)).collect();
    let tokens: Vec<TokenKey> = (0..500).map(token).collect();
    world.call(&calls);
    // Never polled before, and high or dead by now.
    world.poll(&tokens[..250], minute(1), 7.0);
    for m in 1..60 {
        world.poll(&tokens[250..], minute(m), 0.05);
    }
    assert_eq!(world.texts(), [""; 0]);
}

#[test]
fn what_cannot_be_stored_is_told_when_it_is() {
    let mut world = World::new();
    world.call(&[call(0, T0)]);
    world.poll(&[token(0)], minute(1), 1.0);
    let blocker = Store::open(&world.folder.path().join("x.db"), Rules::default());
    let mut blocker = blocker.unwrap();
    world.store.set_patience(std::time::Duration::ZERO).unwrap();
    blocker.begin().unwrap();
    let samples = [sample(&token(0), minute(2), 2.5)];
    for _ in 0..3 {
        let failed = world
            .desk
            .put_polled(&mut world.store, &world.board, &samples, minute(2));
        assert!(failed.is_err());
    }
    blocker.rollback();
    world.poll(&[token(0)], minute(2), 2.5);
    assert_eq!(
        world.texts(),
        ["S0 +150% in 1 min", "S0 by alpha reached 2x"]
    );
}
