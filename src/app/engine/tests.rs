use super::*;
use crate::analytics::{Guards, Judged};
use crate::domain::fold::PriceAt;
use crate::domain::{Call, CallId, Decision, Features, Price, Reading, Rules, TokenKey};
use crate::store::{Holder, Sample};
use crate::tracker::Poll;

const T0: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn settings() -> Settings {
    Settings {
        rules: Rules::default(),
        min_rank_n: 10,
        guards: Guards::default(),
    }
}

fn token(i: usize) -> TokenKey {
    TokenKey::new(Some("test"), &format!("t{i}")).unwrap()
}

fn call(i: usize) -> Call {
    Call {
        id: CallId(format!("call{i}")),
        source: "s".to_owned(),
        chain: "test".to_owned(),
        token: Some(token(i)),
        symbol: None,
        name: None,
        called_at: T0,
        stated_entry: Price::new(1.0),
        market_cap_usd: None,
        liquidity_usd: None,
        rejected_by: None,
        features: Features::default(),
    }
}

fn sample(i: usize, minute: i64, price: f64) -> Sample {
    Sample {
        token: token(i),
        reading: Reading {
            at: T0.plus(Span::minutes(minute)),
            price: Price::new(price),
            liquidity_usd: None,
            market_cap_usd: None,
            absent: false,
            provider: "x".to_owned(),
            pool: None,
        },
        decision: Decision::Accepted,
    }
}

fn engine(store: Store) -> (Engine, watch::Receiver<Snapshot>) {
    let (publish, snapshots) = watch::channel(Snapshot::empty(settings()));
    let clock = Clock::Fixed(T0.plus(Span::hours(1)));
    let engine = Engine::new(store, settings(), clock, publish, Poller::None);
    (engine, snapshots)
}

fn judged(board: &Board) -> Vec<Judged> {
    board.judged(T0.plus(Span::hours(1)))
}

#[test]
fn what_another_programs_polls_bring_is_followed_without_reading_everything() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Store::open(&folder.path().join("x.db"), Rules::default()).unwrap();
    let mut poller = open();
    poller.put_calls(&[call(0), call(1)]).unwrap();
    let (mut follower, _snapshots) = engine(open());
    follower.reload();
    let before = follower.commits;
    for minute in 1..30 {
        let price = 1.0 + minute as f64 / 10.0;
        let both = [sample(0, minute, price), sample(1, minute, 1.0 / price)];
        let some = if minute % 3 == 0 { &both[..1] } else { &both };
        poller.put_polled(some).unwrap();
        assert!(follower.look(), "minute {minute}");
    }
    assert_eq!(follower.commits.writes, before.writes, "never read anew");
    let (mut fresh, _) = engine(open());
    fresh.reload();
    let (followed, read) = (judged(&follower.board), judged(&fresh.board));
    assert_eq!(followed.len(), 2);
    for (a, b) in followed.iter().zip(&read) {
        assert_eq!(a.outcome, b.outcome);
    }
    for i in 0..2 {
        let path = |e: &Engine| -> Vec<PriceAt> {
            let trail = e.board.trail(&token(i)).unwrap();
            trail.prices().copied().collect()
        };
        assert_eq!(path(&follower), path(&fresh));
    }
    // A new call makes it read everything.
    poller.put_calls(&[call(2)]).unwrap();
    assert!(follower.look());
    assert_eq!(follower.board.call_count(), 3);
}

#[test]
fn a_heartbeat_is_no_news() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Store::open(&folder.path().join("x.db"), Rules::default()).unwrap();
    let mut poller = open();
    let (mut follower, _snapshots) = engine(open());
    follower.reload();
    let me = Holder {
        owner: "me".to_owned(),
        pid: 1,
        host: "here".to_owned(),
    };
    assert!(poller.take_lease(&me, None, T0).unwrap());
    assert!(!follower.look());
    assert!(poller.renew_lease(&me, T0).unwrap());
    assert!(!follower.look());
}

#[test]
fn a_commit_that_fails_is_tried_again_and_the_board_moves_only_then() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Store::open(&folder.path().join("x.db"), Rules::default()).unwrap();
    let (mut engine, _snapshots) = engine(open());
    engine
        .store
        .set_patience(Duration::from_millis(10))
        .unwrap();
    engine.reload();
    let mut other = open();
    other.begin().unwrap();
    engine.carry_out(Command::Calls(vec![call(0)]));
    engine.carry_out(Command::Polled(Poll {
        samples: vec![sample(0, 1, 2.0)],
        health: Vec::new(),
        slept: None,
    }));
    assert!(engine.save(true));
    let trouble = engine.snapshot.trouble.clone().unwrap();
    assert!(
        trouble.starts_with("NOT STORED, 1 readings, 1 calls kept"),
        "{trouble}"
    );
    assert!(trouble.contains("another program holds it"), "{trouble}");
    assert_eq!(engine.board.call_count(), 0);
    // Reading works all the same; the trouble stays on screen.
    engine.look();
    assert!(engine.snapshot.trouble.is_some());
    other.rollback();
    assert!(engine.save(true));
    assert_eq!(engine.snapshot.trouble, None);
    let judged = judged(&engine.board);
    assert_eq!(
        judged[0].outcome.peak.unwrap().price,
        Price::new(2.0).unwrap()
    );
}

#[test]
fn read_anew_the_figures_do_not_lose_their_paths_on_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Store::open(&folder.path().join("x.db"), Rules::default()).unwrap();
    let mut other = open();
    other.put_calls(&[call(0)]).unwrap();
    other.put_polled(&[sample(0, 1, 2.0)]).unwrap();
    let (mut follower, mut snapshots) = engine(open());
    let mut latest = || {
        let snapshot = snapshots.borrow_and_update();
        let board = &snapshot.board;
        (board.call_count(), board.trail(&token(0)).is_some())
    };
    follower.reload();
    assert_eq!(latest(), (1, false), "at first the figures are not held up");
    follower.publish();
    assert_eq!(latest(), (1, true));
    other.put_calls(&[call(1)]).unwrap();
    assert!(follower.look());
    assert_eq!(latest(), (1, true), "nothing is handed out half");
    follower.publish();
    assert_eq!(latest(), (2, true));
}

#[test]
fn a_demo_shows_nothing_before_its_past_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("x.db"), Rules::default()).unwrap();
    let (publish, snapshots) = watch::channel(Snapshot::empty(settings()));
    let clock = Clock::Fixed(T0.plus(Span::hours(1)));
    let (orders, _taken) = mpsc::unbounded_channel();
    let mut engine = Engine::new(store, settings(), clock, publish, Poller::Own(orders));
    let stage = |engine: &mut Engine| {
        engine.publish();
        snapshots.borrow().loaded
    };
    engine.reload();
    assert_eq!(stage(&mut engine), Stage::Nothing);
    engine.carry_out(Command::Calls(vec![call(0)]));
    engine.carry_out(Command::Samples(vec![sample(0, 1, 2.0)]));
    assert_eq!(stage(&mut engine), Stage::Nothing);
    engine.carry_out(Command::Trades(Vec::new()));
    assert_eq!(stage(&mut engine), Stage::Models);
    let poll = |samples| {
        Command::Polled(Poll {
            samples,
            health: Vec::new(),
            slept: None,
        })
    };
    assert!(
        engine.carry_out(poll(Vec::new())),
        "it is handed out at once"
    );
    assert_eq!(stage(&mut engine), Stage::Everything);
    assert_eq!(judged(&snapshots.borrow().board).len(), 1);
}

#[test]
fn what_comes_within_a_second_is_stored_together() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("x.db"), Rules::default()).unwrap();
    let (mut engine, _snapshots) = engine(store);
    engine.reload();
    engine.carry_out(Command::Calls(vec![call(0)]));
    let poll = |minute| {
        Command::Polled(Poll {
            samples: vec![sample(0, minute, 2.0)],
            health: Vec::new(),
            slept: None,
        })
    };
    let after = |millis| Clock::Fixed(T0.plus(Span::hours(1)).plus(Span::from_millis(millis)));
    let polls = |engine: &Engine| engine.store.commits().unwrap().polls;
    let before = polls(&engine);
    for (step, millis) in (0..40).map(|step| (step, step * 100)) {
        engine.clock = after(millis);
        engine.carry_out(poll(step + 1));
        engine.save(false);
    }
    let stored = polls(&engine) - before;
    assert!(
        (3..=5).contains(&stored),
        "{stored} commits in four seconds"
    );
    engine.carry_out(poll(45));
    assert!(!engine.unsaved.is_empty());
    assert!(engine.until_next_look() <= COMMIT_EVERY);
    // However much was stored at once before: the next commit is never far.
    for _ in 0..100 {
        engine.carry_out(poll(50));
        engine.save(true);
    }
    engine.carry_out(poll(51));
    engine.clock = after(4_000 + 1_000);
    assert!(engine.save(false));
    assert!(engine.unsaved.is_empty());
}

#[test]
fn how_the_feeds_are_doing_is_handed_out_soon_whatever_they_bring() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("x.db"), Rules::default()).unwrap();
    let (mut engine, snapshots) = engine(store);
    engine.reload();
    engine.publish();
    let at = |seconds| T0.plus(Span::hours(1)).plus(Span::seconds(seconds));
    let polled = |seconds, failures| {
        let mut feed = FeedHealth::new("x");
        feed.ok(at(seconds));
        feed.failures = failures;
        Command::Polled(Poll {
            samples: Vec::new(),
            health: vec![feed],
            slept: None,
        })
    };
    engine.clock = Clock::Fixed(at(1));
    assert!(engine.carry_out(polled(1, 0)), "a feed that was not there");
    engine.publish();
    assert!(!engine.carry_out(polled(1, 0)));
    assert!(!engine.is_health_due());
    engine.clock = Clock::Fixed(at(4));
    assert!(engine.is_health_due());
    engine.publish();
    assert!(!engine.is_health_due(), "once");
    assert!(engine.carry_out(polled(4, 1)), "it has failed");
    engine.publish();
    assert_eq!(snapshots.borrow().health[0].failures, 1);
    // However far the clock is set back.
    engine.carry_out(polled(4, 1));
    engine.clock = Clock::Fixed(T0);
    assert!(engine.is_health_due());
}

#[test]
fn a_clock_that_was_set_back_holds_up_no_commit() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("x.db"), Rules::default()).unwrap();
    let (mut engine, _snapshots) = engine(store);
    engine.reload();
    engine.carry_out(Command::Calls(vec![call(0)]));
    engine.clock = Clock::Fixed(T0.minus(Span::days(3)));
    engine.carry_out(Command::Polled(Poll {
        samples: vec![sample(0, 1, 2.0)],
        health: Vec::new(),
        slept: None,
    }));
    engine.save(false);
    engine.clock = Clock::Fixed(T0.minus(Span::days(3)).plus(Span::seconds(11)));
    engine.save(false);
    assert!(engine.unsaved.is_empty());
}
