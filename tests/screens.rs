//! Whole screens at every size, and what a snapshot of text cannot show: reversed and colours.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and may look at the time to limit its waiting"
)]

mod support;

use callboard::domain::Range;
use callboard::tui::draw;
use callboard::tui::message::Message;
use callboard::tui::state::State;
use callboard::tui::theme::Theme;
use callboard::tui::update::{Input, update};
use callboard::view::{Screen, Tab};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};

const SIZES: [(u16, u16); 5] = [(80, 24), (200, 50), (60, 15), (20, 5), (1, 1)];

/// A state with one screen shown, and keys pressed.
struct Story {
    state: State,
}

impl Story {
    fn of(tab: Tab, screen: Screen) -> Self {
        let mut state = State::new(tab, Range::D7);
        update(
            &mut state,
            Input::Message(Message::Header(support::header())),
        );
        let mut story = Self { state };
        story.shows(screen);
        story
    }

    fn shows(&mut self, screen: Screen) {
        let message = Message::Screen {
            epoch: self.state.question().epoch,
            tab: self.state.tab,
            range: self.state.requested,
            screen: support::shared(screen),
        };
        update(&mut self.state, Input::Message(message));
    }

    fn press(&mut self, keys: &str) -> &mut Self {
        for c in keys.chars() {
            let code = match c {
                '\n' => KeyCode::Enter,
                '\u{1b}' => KeyCode::Esc,
                c => KeyCode::Char(c),
            };
            let key = KeyEvent::new(code, KeyModifiers::NONE);
            update(&mut self.state, Input::Event(Event::Key(key)));
        }
        self
    }

    fn drawn(&mut self, (width, height): (u16, u16), theme: Theme) -> TestBackend {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut drawn = self.state.drawn;
        terminal
            .draw(|frame| drawn = draw::screen(frame, &self.state, theme))
            .unwrap();
        self.state.settle(drawn);
        terminal.backend().clone()
    }

    fn at_every_size(&mut self, name: &str) {
        for size in SIZES {
            let backend = self.drawn(size, Theme::new(false, false));
            insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), backend);
        }
    }
}

#[test]
fn leaderboard() {
    Story::of(Tab::Leaderboard, support::leaderboard()).at_every_size("leaderboard");
}

#[test]
fn tracker_sorted_and_filtered() {
    let mut story = Story::of(Tab::Tracker, support::tracker(345));
    story.press("jjjjj").at_every_size("tracker");
    let size = (80, 24);
    let colour = Theme::new(false, false);
    story.press("sss");
    insta::assert_snapshot!("tracker_sorted", story.drawn(size, colour));
    story.press("/moon");
    insta::assert_snapshot!("tracker_filter_typed", story.drawn(size, colour));
    story.press("\n");
    insta::assert_snapshot!("tracker_filter_kept", story.drawn(size, colour));
    story.press("/xyz\n");
    insta::assert_snapshot!("tracker_filter_without_rows", story.drawn(size, colour));
}

#[test]
fn categories() {
    Story::of(Tab::Categories, support::categories()).at_every_size("categories");
}

#[test]
fn empty() {
    Story::of(Tab::Features, support::empty()).at_every_size("empty");
}

#[test]
fn loading() {
    let mut story = Story {
        state: State::new(Tab::Leaderboard, Range::D7),
    };
    insta::assert_snapshot!(story.drawn((80, 24), Theme::new(false, false)));
}

#[test]
fn help() {
    let mut story = Story::of(Tab::Leaderboard, support::leaderboard());
    story.press("?").at_every_size("help");
    story.drawn((80, 24), Theme::new(false, false));
    story.press("G");
    insta::assert_snapshot!("help_end", story.drawn((80, 24), Theme::new(false, false)));
}

#[test]
fn page() {
    let mut story = Story::of(Tab::Leaderboard, support::leaderboard());
    story.press("\n");
    let message = Message::Page {
        epoch: story.state.question().epoch,
        tab: Tab::Leaderboard,
        key: "gpt-5".into(),
        page: support::page(),
    };
    update(&mut story.state, Input::Message(message));
    story.at_every_size("page");
}

#[test]
fn a_range_that_is_asked_for_is_not_yet_the_one_shown() {
    let mut story = Story::of(Tab::Leaderboard, support::leaderboard());
    story.press("m ");
    insta::assert_snapshot!(story.drawn((80, 24), Theme::new(false, false)));
    story.press("p ");
    insta::assert_snapshot!(
        "range_outstanding_ascii",
        story.drawn((80, 24), Theme::new(true, true))
    );
}

#[test]
fn ascii_is_ascii() {
    let mut story = Story::of(Tab::Categories, support::categories());
    story.press("ss");
    let backend = story.drawn((80, 24), Theme::new(true, true));
    insta::assert_snapshot!("categories_ascii", backend);
    // But for what comes from outside.
    let own: String = backend
        .to_string()
        .chars()
        .filter(|c| !"🌙✅👍❌💥".contains(*c))
        .collect();
    assert!(own.is_ascii(), "{own}");
}

#[test]
fn without_colour_the_selection_and_the_badge_still_show() {
    let mut story = Story::of(Tab::Leaderboard, support::leaderboard());
    story.press("j");
    let backend = story.drawn((80, 24), Theme::new(true, false));
    let buffer = backend.buffer();
    for cell in buffer.content() {
        assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
    }
    let selected: Vec<u16> = (0..24)
        .filter(|y| buffer[(0, *y)].symbol() == ">")
        .collect();
    let [y] = selected[..] else {
        panic!("{selected:?}")
    };
    for x in 0..80 {
        assert!(buffer[(x, y)].modifier.contains(Modifier::REVERSED), "{x}");
        assert!(
            !buffer[(x, y + 1)].modifier.contains(Modifier::REVERSED),
            "{x}"
        );
    }
    let badge: String = (0..80)
        .filter(|x| buffer[(*x, 0)].modifier.contains(Modifier::REVERSED))
        .map(|x| buffer[(x, 0)].symbol())
        .collect();
    assert_eq!(badge, "DEMO");
}

#[test]
fn with_colour_only_the_sixteen_and_no_background() {
    for (tab, screen) in [
        (Tab::Leaderboard, support::leaderboard()),
        (Tab::Tracker, support::tracker(40)),
        (Tab::Categories, support::categories()),
    ] {
        let backend = Story::of(tab, screen).drawn((120, 40), Theme::new(false, false));
        let mut coloured = false;
        for cell in backend.buffer().content() {
            assert_eq!(cell.bg, Color::Reset);
            assert!(!matches!(
                cell.fg,
                Color::Rgb(..) | Color::Indexed(_) | Color::White | Color::Black
            ));
            coloured |= cell.fg != Color::Reset;
        }
        assert!(coloured);
    }
}

#[test]
fn no_size_panics() {
    let themes = [Theme::new(false, false), Theme::new(true, true)];
    for (n, screen) in [
        support::leaderboard(),
        support::tracker(30),
        support::categories(),
        support::empty(),
        Screen::default(),
    ]
    .into_iter()
    .enumerate()
    {
        let mut story = Story::of(Tab::EACH[n % 4], screen);
        for keys in ["", "G", "/moon", "\n", "?", "G", "?", "\u{1b}", "G\n"] {
            story.press(keys);
            if story.state.page.is_some() {
                let message = Message::Page {
                    epoch: story.state.question().epoch,
                    tab: story.state.tab,
                    key: story.state.page.as_ref().unwrap().key.clone(),
                    page: support::page(),
                };
                update(&mut story.state, Input::Message(message));
            }
            for width in (0..24).chain([40, 59, 80, 141, 300]) {
                for height in (0..14).chain([16, 24, 100]) {
                    story.drawn((width, height), themes[usize::from(width % 2)]);
                }
            }
        }
    }
}

#[test]
fn a_hundred_thousand_rows_draw_like_twenty() {
    let mut story = Story::of(Tab::Tracker, support::tracker(100_000));
    story.press("G");
    let text = story.drawn((80, 24), Theme::new(false, false)).to_string();
    assert!(text.contains("100000/100000"), "{text}");
}

#[test]
fn two_marked_sources_are_opened_side_by_side() {
    let mut story = Story::of(Tab::Categories, support::categories());
    let keys: Vec<String> = {
        let shown = story.state.list().shown.as_ref().unwrap();
        let rows = shown.screen.table.rows.iter();
        rows.take(2).map(|row| row.key.clone()).collect()
    };
    story.press("gc");
    assert_eq!(story.state.list().marked.as_ref(), Some(&keys[0]));
    // The same row again takes the mark away.
    story.press("c");
    assert_eq!(story.state.list().marked, None);
    story.press("cjc");
    let open = story.state.question().open;
    let pair = format!("{}\u{1f}{}", keys[0], keys[1]);
    assert_eq!(open, Some((Tab::Categories, pair)));
    assert_eq!(story.state.list().marked, None);
}

#[test]
fn exactly_the_rows_on_view_are_saved() {
    let mut story = Story::of(Tab::Tracker, support::tracker(12));
    story.press("sS");
    let arranged = story.state.list().arranged.clone();
    let key = KeyEvent::new(KeyCode::Char('e'), KeyModifiers::NONE);
    let effects = update(&mut story.state, Input::Event(Event::Key(key)));
    let save = effects.save.unwrap();
    assert_eq!(save.rows, arranged);
    assert!(
        save.name.starts_with("callboard-tracker-7d-"),
        "{}",
        save.name
    );
    assert!(!save.name.contains([' ', ':', '/']), "{}", save.name);
    story.press("/nothing holds this\n");
    let effects = update(&mut story.state, Input::Event(Event::Key(key)));
    assert_eq!(effects.save, None);
    update(
        &mut story.state,
        Input::Message(Message::Notice("3 rows saved to x.csv".to_owned())),
    );
    assert_eq!(
        story.state.toast.as_ref().unwrap().text,
        "3 rows saved to x.csv"
    );
}

/// A book of one model's trades, as a board.
fn board_of(models: &[&str]) -> callboard::board::Board {
    use callboard::analytics::{Book, BookKey, Guards, Point};
    use callboard::domain::{Confidence, Rules, Side, Span, Trade};

    let books = models.iter().enumerate().map(|(m, model)| {
        let points = (0..60).filter_map(|i: i64| {
            let closed = AS_OF.minus(Span::hours(9 * (60 - i)));
            let confidence = (i * 7 % 50) as f64 / 100.0 + 0.5;
            let swing = ((i * 37 + m as i64 * 11) % 23 - 10) as f64;
            let trade = Trade {
                id: format!("{model}-{i}"),
                model: (*model).to_owned(),
                symbol: None,
                side: Some(if i % 4 == 0 { Side::Short } else { Side::Long }),
                quantity: None,
                entry_price: None,
                exit_price: None,
                opened_at: Some(closed.minus(Span::minutes(7 * (i % 40) + 1))),
                closed_at: Some(closed),
                realized_pnl: Some(swing * 12.5 + confidence * 40.0 - 20.0),
                fee: Some(0.5),
                cost: (i % 2 == 0).then_some(0.02),
                confidence: Confidence::from_fraction(confidence),
                currency: None,
            };
            Point::of(&trade, i)
        });
        let key = BookKey {
            model: (*model).to_owned(),
            currency: "USD".to_owned(),
        };
        (key, Book::new(points.collect(), []))
    });
    let settings = callboard::board::Settings {
        rules: Rules::default(),
        min_rank_n: 10,
        guards: Guards::default(),
    };
    let loaded = callboard::store::Loaded {
        books: books.collect(),
        ..callboard::store::Loaded::default()
    };
    callboard::board::Board::new(loaded, settings)
}

const AS_OF: callboard::domain::Timestamp =
    callboard::domain::Timestamp::from_millis(1_761_955_200_000);

/// What the store would say of three trades.
fn stored() -> callboard::store::ModelTrades {
    use callboard::store::SymbolSums;
    let trade = |id: &str, symbol: &str, pnl: f64| callboard::domain::Trade {
        id: id.to_owned(),
        model: "aurora".to_owned(),
        symbol: Some(symbol.to_owned()),
        side: Some(callboard::domain::Side::Long),
        quantity: None,
        entry_price: Some(1.25),
        exit_price: Some(1.5),
        opened_at: Some(AS_OF.minus(callboard::domain::Span::hours(5))),
        closed_at: Some(AS_OF),
        realized_pnl: Some(pnl),
        fee: None,
        cost: None,
        confidence: None,
        currency: None,
    };
    let sums = |symbol: &str, trades, wins, pnl| SymbolSums {
        symbol: Some(symbol.to_owned()),
        trades,
        wins,
        pnl,
    };
    callboard::store::ModelTrades {
        newest: vec![
            trade("t3", "SOL", 12.0),
            trade("t2", "BTC", -3.0),
            trade("t1", "SOL", 40.0),
        ],
        symbols: vec![sums("SOL", 40, 22, 90.0), sums("BTC", 20, 9, -12.5)],
    }
}

impl Story {
    /// The answer to whatever page is open.
    fn answers_page(&mut self, board: &callboard::board::Board) {
        use callboard::analytics::DeepCache;
        use callboard::view::compare_page::{self, PairKey};
        use callboard::view::format::Style;
        use callboard::view::model_page;

        let question = self.state.question();
        let (tab, key) = question.open.clone().unwrap();
        let (range, style) = (Range::D30, Style::default());
        let page = match PairKey::parse(&key) {
            Some(pair) => compare_page::page(board, range, AS_OF, style, &pair),
            None => model_page::page(
                board,
                range,
                AS_OF,
                style,
                &key,
                Some(&stored()),
                &mut DeepCache::default(),
                &|| false,
            ),
        };
        let message = Message::Page {
            epoch: question.epoch,
            tab,
            key,
            page: page.unwrap(),
        };
        update(&mut self.state, Input::Message(message));
    }
}

fn models_board() -> (Story, callboard::board::Board) {
    let board = board_of(&["aurora", "borealis", "corona"]);
    let style = callboard::view::format::Style::default();
    let screen = callboard::view::leaderboard::screen(&board, Range::D30, AS_OF, style);
    (Story::of(Tab::Leaderboard, screen), board)
}

#[test]
fn a_model_opens_and_its_trades_are_sorted_and_filtered() {
    let (mut story, board) = models_board();
    story.at_every_size("models");
    story.press("\n");
    story.answers_page(&board);
    story.at_every_size("model_page");
    let size = (80, 24);
    let theme = Theme::new(false, false);
    // Enter: the trades; Esc drops the filter, leaves them, leaves the page.
    story.press("\nssss");
    insta::assert_snapshot!("model_trades_sorted", story.drawn(size, theme));
    story.press("/btc\n");
    let text = story.drawn(size, theme).to_string();
    assert!(text.contains("BTC") && !text.contains("SOL"), "{text}");
    // A newer answer comes into the open rows.
    story.answers_page(&board);
    let text = story.drawn(size, theme).to_string();
    assert!(text.contains("BTC") && !text.contains("SOL"), "{text}");
    story.press("y");
    let text = story.drawn(size, theme).to_string();
    assert!(text.contains("copied t2"), "{text}");
    story.press("\u{1b}");
    assert!(story.drawn(size, theme).to_string().contains("SOL"));
    story.press("\u{1b}");
    assert!(story.drawn(size, theme).to_string().contains("Results"));
    story.press("\u{1b}");
    assert!(story.state.page.is_none());
}

#[test]
fn two_marked_models_are_compared() {
    let (mut story, board) = models_board();
    let size = (80, 24);
    let theme = Theme::new(false, false);
    story.press("c");
    insta::assert_snapshot!("model_marked", story.drawn(size, theme));
    story.press("c");
    assert!(!story.drawn(size, theme).to_string().contains(">*"));
    story.press("cjc");
    story.answers_page(&board);
    insta::assert_snapshot!("models_compared", story.drawn(size, theme));
    // On shared days only, and back.
    let before = story.state.question();
    story.press("c");
    let asked = story.state.question();
    assert!(asked.epoch > before.epoch && asked.open != before.open);
    story.press("c");
    assert_eq!(story.state.question().open, before.open);
    story.press("\u{1b}");
    assert!(story.state.page.is_none());
    // The mark is used up; other tabs have none.
    assert!(!story.drawn(size, theme).to_string().contains('*'));
}
