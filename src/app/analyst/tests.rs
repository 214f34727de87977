use super::*;
use crate::analytics::Guards;
use crate::board::{Board, Settings};
use crate::domain::{Call, CallFacts, CallId, Features, Fold, Price, Rules, Span, TokenKey};
use crate::store::StoredCall;
use crate::view::Order;

const T0: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const CALLS: usize = 1_000;

fn stored(i: usize) -> StoredCall {
    let call = Call {
        id: CallId(format!("call{i}")),
        source: "s".to_owned(),
        chain: "test".to_owned(),
        token: TokenKey::new(Some("test"), &format!("t{i}")),
        symbol: None,
        name: None,
        called_at: T0.minus(Span::minutes(i as i64)),
        stated_entry: Price::new(1.0),
        market_cap_usd: None,
        liquidity_usd: None,
        rejected_by: None,
        features: Features::default(),
    };
    StoredCall {
        fold: Box::new(Fold::start(&CallFacts::from(&call))),
        voided: None,
        imported: None,
        call,
    }
}

fn snapshot(calls: usize) -> Snapshot {
    let settings = Settings {
        rules: Rules::default(),
        min_rank_n: 10,
        guards: Guards::default(),
    };
    let mut board = Board::empty(settings);
    board.set_calls((0..calls).map(stored).collect(), 0);
    Snapshot {
        board: Arc::new(board),
        loaded: Stage::Everything,
        ..Snapshot::empty(settings)
    }
}

fn question(epoch: u64) -> Question {
    Question {
        epoch,
        tab: Tab::Tracker,
        range: Range::All,
        ..crate::tui::first_question(&crate::tui::UiOptions {
            theme: crate::tui::theme::Theme::new(true, true),
            start_tab: Tab::Tracker,
            range: Range::All,
            provisional: false,
        })
    }
}

/// An analyst with somebody who listens.
struct World {
    questions: watch::Sender<Question>,
    snapshots: watch::Sender<Snapshot>,
    messages: mpsc::Receiver<Message>,
}

impl World {
    fn start(calls: usize) -> Self {
        let (questions, asked) = watch::channel(question(1));
        let (snapshots, boards) = watch::channel(snapshot(calls));
        let (answers, messages) = mpsc::channel(64);
        let (engine, _) = std::sync::mpsc::sync_channel(4);
        let place = Place {
            demo: None,
            path: PathBuf::new(),
            database: String::new(),
            clock: Clock::Fixed(T0),
            style: Style::utc(true),
        };
        tokio::spawn(async move { run(place, asked, boards, answers, engine).await });
        Self {
            questions,
            snapshots,
            messages,
        }
    }

    /// The next screen of the tracker.
    async fn tracker(&mut self) -> (u64, Arc<Screen>) {
        loop {
            if let Message::Screen {
                epoch,
                tab: Tab::Tracker,
                screen,
                ..
            } = self.messages.recv().await.unwrap()
            {
                return (epoch, screen);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn all_rows_come_at_once() {
    let mut world = World::start(CALLS);
    let (_, whole) = world.tracker().await;
    assert_eq!((whole.table.rows.len(), whole.partial), (CALLS, false));
    world.snapshots.send_replace(snapshot(CALLS + 1));
    let (_, news) = world.tracker().await;
    assert_eq!(news.table.rows.len(), CALLS + 1);
}

#[tokio::test(start_paused = true)]
async fn who_shows_a_screen_is_never_the_last_to_hold_it() {
    let mut world = World::start(CALLS);
    let mut shown = world.tracker().await.1;
    let order = Some(Order {
        column: "age",
        descending: true,
    });
    for more in 1..4 {
        let _ = shown.sorted.rows(&shown.table, order);
        world.snapshots.send_replace(snapshot(CALLS + more));
        let (_, next) = world.tracker().await;
        // Shown for as long as it takes, it is freed elsewhere.
        assert!(Arc::strong_count(&shown) > 1);
        // The next one is in the order that this one was used in.
        assert_eq!(next.sorted.used(), order);
        shown = next;
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_figures_are_the_same_screen_for_another_question() {
    let mut world = World::start(20);
    let (_, before) = world.tracker().await;
    world.questions.send_replace(question(2));
    let (epoch, after) = world.tracker().await;
    assert_eq!(epoch, 2);
    assert!(Arc::ptr_eq(&before, &after));
}

#[tokio::test(start_paused = true)]
async fn no_tab_holds_an_old_board_for_long_while_another_is_in_front() {
    let mut world = World::start(20);
    world.questions.send_replace(Question {
        tab: Tab::Leaderboard,
        ..question(2)
    });
    let start = timers();
    let (mut last, mut longest, mut answers) = (start, Duration::ZERO, 0);
    for more in 1.. {
        // Something comes in every second, so that nothing is ever refreshed for want of news.
        world.snapshots.send_replace(snapshot(20 + more % 7));
        tokio::time::sleep(Duration::from_secs(1)).await;
        while let Ok(message) = world.messages.try_recv() {
            if let Message::Screen {
                tab: Tab::Tracker, ..
            } = message
            {
                last = timers();
                answers += 1;
            }
        }
        longest = longest.max(last.elapsed());
        if start.elapsed() > BEHIND * 3 {
            break;
        }
    }
    assert!(longest < BEHIND + Duration::from_secs(5), "{longest:?}");
    // Nor is it answered with everything that comes in.
    assert!((3..8).contains(&answers), "{answers}");
}
