//! The Tracker tab and the page of a call as whole screens: from a database on disk through the
//! views to the cells.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;

use callboard::analytics::Guards;
use callboard::board::{Board, Settings};
use callboard::domain::fold::PriceAt;
use callboard::domain::{
    Call, CallId, Decision, FeatureValue, Notice, NoticeKind, Price, Range, Reading, Refusal,
    Rules, Span, Timestamp, TokenKey, Zone,
};
use callboard::store::{Sample, Store};
use callboard::tracker::FeedHealth;
use callboard::tui::draw;
use callboard::tui::message::Message;
use callboard::tui::state::State;
use callboard::tui::theme::Theme;
use callboard::tui::update::{Input, update};
use callboard::view::answer::{Answers, Beside};
use callboard::view::format::Style;
use callboard::view::header::{ClockTrouble, Polling, Told, header};
use callboard::view::{NOTICES, Order, SortKey, Tab, Table};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// 2026-10-31 12:00 UTC.
const T0: Timestamp = Timestamp::from_millis(1_793_448_000_000);
const SIZES: [(u16, u16); 2] = [(80, 24), (200, 50)];

fn token(i: usize) -> TokenKey {
    let address = [
        "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263",
        "EKpQGSJtjMFqKZ9KQanSqYXRcF8fBopzLHYxdXdg3r6x",
        "7GCihgDB8fe6KNjn2MYtkzZcRjQy3t9GHdC8uHYmW2hr",
    ][i];
    TokenKey::new(Some("solana"), address).unwrap()
}

fn call(i: usize, symbol: &str, hours_ago: i64) -> Call {
    let flags = [("lp_locked".to_owned(), FeatureValue::Flag(i == 0))];
    Call {
        id: CallId(format!("call-{i}")),
        source: ["alpha", "beta", "alpha"][i].to_owned(),
        chain: "solana".to_owned(),
        token: Some(token(i)),
        symbol: Some(symbol.to_owned()),
        name: None,
        called_at: T0.minus(Span::hours(hours_ago)),
        stated_entry: Price::new(0.000_01),
        market_cap_usd: Some(120_000.0),
        liquidity_usd: Some(40_000.0),
        rejected_by: None,
        features: flags.into_iter().collect(),
    }
}

fn sample(i: usize, minutes_ago: i64, multiple: f64, decision: Decision) -> Sample {
    Sample {
        token: token(i),
        reading: Reading {
            at: T0.minus(Span::minutes(minutes_ago)),
            price: Price::new(0.000_01 * multiple),
            liquidity_usd: Some(30_000.0),
            market_cap_usd: None,
            absent: false,
            provider: "dexscreener".to_owned(),
            pool: None,
        },
        decision,
    }
}

/// A database with a rise, a crash and a row that stopped updating.
fn world() -> (tempfile::TempDir, Store, Board) {
    let folder = tempfile::tempdir().unwrap();
    let rules = Rules::default();
    let mut store = Store::open(&folder.path().join("x.db"), rules).unwrap();
    let calls = [
        call(0, "BONK", 30),
        call(1, "WIF", 20),
        call(2, "POPCAT", 10),
    ];
    store.put_calls(&calls).unwrap();
    let mut samples = Vec::new();
    for minutes in (0..30 * 60).step_by(5) {
        let x = minutes as f64 / 1800.0;
        // Up to 6.5x in the middle, 3x at the end.
        let multiple = 1.0 + 5.5 * (x * 2.4).sin().max(0.0) * (1.0 - 0.3 * x);
        samples.push(sample(0, 1800 - minutes, multiple, Decision::Accepted));
    }
    for minutes in (1..20 * 60).step_by(5) {
        let multiple = if minutes < 600 { 1.1 } else { 0.12 };
        samples.push(sample(1, 1200 - minutes, multiple, Decision::Accepted));
    }
    for minutes in (1..5 * 60).step_by(5) {
        samples.push(sample(2, 600 - minutes, 1.3, Decision::Accepted));
    }
    let refused = Decision::Refused(Refusal::UnconfirmedJump);
    samples.push(sample(0, 63, 900.0, refused));
    store.put_samples(&samples).unwrap();
    let notice = |key: &str, ago: i64, kind, call: Option<usize>, text: &str| Notice {
        key: key.to_owned(),
        at: T0.minus(Span::minutes(ago)),
        kind,
        call: call.map(|i| CallId(format!("call-{i}"))),
        token: (kind != NoticeKind::More).then(|| token(call.unwrap_or(0))),
        subject: "BONK".to_owned(),
        source: None,
        value: Some(2.0),
        text: text.to_owned(),
        told: true,
    };
    let notices = [
        notice(
            "a",
            1500,
            NoticeKind::Milestone,
            Some(0),
            "BONK by alpha reached 2x",
        ),
        notice(
            "b",
            1300,
            NoticeKind::Milestone,
            Some(0),
            "BONK by alpha reached 5x",
        ),
        notice(
            "c",
            700,
            NoticeKind::Crashed,
            Some(1),
            "WIF by beta crashed: held at 0.12x of the entry",
        ),
        notice("d", 90, NoticeKind::Move, None, "BONK +24% in 41 min"),
        notice(
            "e",
            30,
            NoticeKind::More,
            None,
            "37 more: 32 moves, 5 milestones",
        ),
    ];
    store
        .put_notices(|book| {
            for notice in &notices {
                assert!(book.add(notice)?);
                // The same again changes nothing.
                assert!(book.has(&notice.key)? && !book.add(notice)?);
            }
            Ok(())
        })
        .unwrap();
    let settings = Settings {
        rules,
        min_rank_n: 10,
        guards: Guards::default(),
    };
    let mut board = Board::new(store.load(Some(T0)).unwrap(), settings);
    for i in 0..3 {
        for price in store.price_path(&token(i), T0, Span::hours(25)).unwrap() {
            let PriceAt { at, price } = price;
            board.add_price(&token(i), PriceAt { at, price });
        }
    }
    (folder, store, board)
}

fn feeds() -> Vec<FeedHealth> {
    let mut first = FeedHealth::new("dexscreener");
    first.ok(T0.minus(Span::minutes(2)));
    first.tokens = 3;
    let mut second = FeedHealth::new("jupiter");
    for _ in 0..4 {
        let words = "jupiter: too many requests, to be left alone for 30 s";
        second.failed(
            T0.minus(Span::MINUTE),
            words.to_owned(),
            Some(Span::minutes(10)),
        );
    }
    vec![first, second]
}

struct Story {
    state: State,
    _folder: tempfile::TempDir,
    store: Store,
    board: Board,
    ascii: bool,
}

impl Story {
    fn new(ascii: bool) -> Self {
        let (folder, store, board) = world();
        let mut story = Self {
            state: State::new(Tab::Tracker, Range::D7),
            _folder: folder,
            store,
            board,
            ascii,
        };
        let told = Told {
            polling: Polling::Here,
            database: "callboard.db",
            feeds: &feeds(),
            clock: ClockTrouble::default(),
            work: None,
            held: false,
            backfill: None,
            trouble: None,
        };
        let head = header(told, T0, Zone::UTC);
        story.tell(Message::Header(head));
        story.answer();
        story
    }

    fn tell(&mut self, message: Message) {
        update(&mut self.state, Input::Message(message));
    }

    /// Answers what is asked, as the analyst does.
    fn answer(&mut self) {
        let question = self.state.question();
        let told = self.store.told_after(0, 100).unwrap();
        let notices: Vec<Notice> = told.into_iter().map(|(_, n)| n).collect();
        let key = question.open.as_ref().map(|(_, key)| key.clone());
        let history = key.as_ref().and_then(|key| {
            let id = CallId(key.clone());
            self.store.history(&id, T0).unwrap()
        });
        let feeds = feeds();
        let style = Style::utc(self.ascii);
        let answers = Answers::new(Arc::new(self.board.clone()), T0, style).beside(Beside {
            notices: &notices,
            feeds: &feeds,
            history: history.as_ref(),
        });
        let screen = Arc::new(answers.screen(&question, Tab::Tracker));
        let page = key
            .as_ref()
            .map(|key| answers.page(&question, Tab::Tracker, key).unwrap());
        let (epoch, tab) = (question.epoch, Tab::Tracker);
        self.tell(Message::Screen {
            epoch,
            tab,
            range: question.range,
            screen,
        });
        if let Some((key, page)) = key.zip(page) {
            self.tell(Message::Page {
                epoch,
                tab,
                key,
                page,
            });
        }
    }

    fn press(&mut self, code: KeyCode) {
        let key = KeyEvent::new(code, KeyModifiers::NONE);
        update(&mut self.state, Input::Event(Event::Key(key)));
        self.answer();
    }

    fn drawn(&mut self, (width, height): (u16, u16)) -> TestBackend {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let theme = Theme::new(false, self.ascii);
        let mut drawn = self.state.drawn;
        terminal
            .draw(|frame| drawn = draw::screen(frame, &self.state, theme))
            .unwrap();
        self.state.settle(drawn);
        terminal.backend().clone()
    }

    fn snapshots(&mut self, name: &str) {
        for size in SIZES {
            let name = format!("{name}_{}x{}", size.0, size.1);
            insta::assert_snapshot!(name, self.drawn(size));
        }
    }
}

#[test]
fn the_tab_with_its_log() {
    Story::new(false).snapshots("tab");
}

#[test]
fn the_page_of_a_call() {
    let mut story = Story::new(false);
    story.press(KeyCode::Char('G'));
    story.press(KeyCode::Enter);
    story.snapshots("call");
    let text = story.drawn((100, 200)).to_string();
    for want in [
        "https://dexscreener.com/solana/DezX",
        "reached 5x",
        "BONK +24% in 41 min",
        "a jump that nothing confirmed",
        "longest gap",
        "entry",
    ] {
        assert!(text.contains(want), "{want}: {text}");
    }
    assert!(!text.contains("WIF"), "{text}");
}

#[test]
fn the_page_of_all_notices_and_feeds() {
    let mut story = Story::new(false);
    story.press(KeyCode::Char('l'));
    assert_eq!(story.state.page.as_ref().unwrap().key, NOTICES);
    insta::assert_snapshot!("log_80x24", story.drawn((80, 24)));
}

#[test]
fn without_glyphs_it_is_ascii() {
    let mut story = Story::new(true);
    for size in SIZES {
        let text = story.drawn(size).to_string();
        assert!(text.is_ascii(), "{text}");
    }
    story.press(KeyCode::Char('G'));
    story.press(KeyCode::Enter);
    let text = story.drawn((120, 150)).to_string();
    assert!(text.is_ascii(), "{text}");
    assert!(text.contains('*'), "{text}");
}

#[test]
fn rows_that_are_worded_when_asked_for_say_and_sort_as_whole_rows_do() {
    let (_folder, _store, board) = world();
    let board = Arc::new(board);
    let state = State::new(Tab::Tracker, Range::All);
    let screen = |at: Timestamp| {
        let answers = Answers::new(Arc::clone(&board), at, Style::utc(false));
        answers.screen(&state.question(), Tab::Tracker)
    };
    let table = screen(T0).table;
    let made = Table {
        columns: table.columns.clone(),
        rows: table.rows.clone().into_made().into(),
    };
    assert_eq!(table.rows.len(), 3);
    for (row, whole) in made.rows.iter().enumerate() {
        assert_eq!(table.rows.key(row), Some(whole.key.as_str()));
        assert_eq!(whole.cells.len(), table.columns.len());
        for column in 0..table.columns.len() {
            let key = table.rows.sort_key(row, column);
            assert_eq!(key, made.rows.sort_key(row, column), "{row} {column}");
        }
    }
    for column in &table.columns {
        for descending in [false, true] {
            let order = Some(Order {
                column: column.key,
                descending,
            });
            assert_eq!(
                table.arrange(order, ""),
                made.arrange(order, ""),
                "{}",
                column.key
            );
        }
    }
    for needle in ["alpha", "call-1", "%", "x", "nothing"] {
        assert_eq!(table.arrange(None, needle), made.arrange(None, needle));
        let found = screen(T0).folded.matching(&table, needle);
        let found: Vec<usize> = (0..found.len()).filter(|row| found[*row]).collect();
        assert_eq!(found, made.arrange(None, needle));
    }
    // What they are made from tells whether two say the same.
    assert_eq!(screen(T0), screen(T0));
    assert_ne!(screen(T0), screen(T0.plus(Span::seconds(1))));
    assert!(table.rows.get(3).is_none() && table.rows.key(3).is_none());
    assert_eq!(table.rows.sort_key(3, 0), SortKey::Unknown);
    assert_eq!(table.rows.sort_key(0, 99), SortKey::Unknown);
}
