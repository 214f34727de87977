//! Tabs, pages and the lab over the real views, at both whole sizes; and colours where they carry
//! meaning.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use callboard::analytics::Guards;
use callboard::board::{Board, Settings};
use callboard::domain::{
    Call, CallId, FeatureValue, ImportedOutcome, Multiple, Price, Range, Rules, Span, Timestamp,
    TokenKey,
};
use callboard::store::Store;
use callboard::tui::draw;
use callboard::tui::message::Message;
use callboard::tui::state::State;
use callboard::tui::theme::{Hues, Shade, Theme};
use callboard::tui::update::{Input, update};
use callboard::view::answer::Answers;
use callboard::view::format::Style;
use callboard::view::lab::Bench;
use callboard::view::{Line, Tab, Tone};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};

const AS_OF: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const WHOLE: [(u16, u16); 2] = [(80, 24), (200, 50)];
const SMALL: [(u16, u16); 3] = [(60, 15), (20, 5), (1, 1)];

/// A call of one of three sources, with a flag that pumps follow and a number that nothing does.
fn call(n: i64) -> (Call, ImportedOutcome) {
    let good = n % 3 == 0;
    let rises = (n * 7) % 10 < if good { 6 } else { 2 };
    let mut features = BTreeMap::new();
    features.insert("lp_locked".to_owned(), FeatureValue::Flag(good));
    features.insert(
        "score".to_owned(),
        FeatureValue::Number((n * 37 % 10) as f64),
    );
    let dex = if n % 2 == 0 { "raydium" } else { "pumpswap" };
    features.insert("dex".to_owned(), FeatureValue::Text(dex.to_owned()));
    let call = Call {
        id: CallId(format!("call-{n}")),
        source: ["alpha", "beta", "gamma"][(n % 3) as usize].to_owned(),
        chain: "solana".to_owned(),
        token: TokenKey::new(Some("solana"), &format!("Token{n}")),
        symbol: Some(format!("TOK{n}")),
        name: None,
        called_at: AS_OF.minus(Span::days(8)).minus(Span::hours(3 * n)),
        stated_entry: Price::new(0.000_12),
        market_cap_usd: Some(120_000.0),
        liquidity_usd: None,
        rejected_by: None,
        features: features.into_iter().collect(),
    };
    let outcome = ImportedOutcome {
        peak: Multiple::new(if rises { 2.5 } else { 1.1 }),
        final_multiple: Multiple::new(if rises {
            1.4
        } else {
            0.2 + 0.1 * (n % 6) as f64
        }),
        is_rug: Some(n % 5 == 0),
        observed_until: None,
        label: None,
    };
    (call, outcome)
}

fn board() -> Board {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        rules: Rules::default(),
        min_rank_n: 10,
        guards: Guards::default(),
    };
    let mut store = Store::open(&folder.path().join("x.db"), settings.rules).unwrap();
    let (calls, outcomes): (Vec<_>, Vec<_>) = (0..120)
        .map(call)
        .map(|(call, outcome)| (call.clone(), (call.id, outcome)))
        .unzip();
    store.put_calls(&calls).unwrap();
    store.put_outcomes(&outcomes).unwrap();
    Board::new(store.load(Some(AS_OF)).unwrap(), settings)
}

struct Story<'a> {
    state: State,
    answers: Answers<'a>,
    board: &'a Board,
}

impl<'a> Story<'a> {
    fn of(board: &'a Board, tab: Tab) -> Self {
        let mut story = Self {
            state: State::new(tab, Range::D30),
            answers: Answers::new(board, AS_OF, Style::default()),
            board,
        };
        story.answered();
        story
    }

    /// Answers whatever is asked.
    fn answered(&mut self) {
        let question = self.state.question();
        let (epoch, range) = (question.epoch, question.range);
        let message = if let Some(filter) = &question.lab {
            let mut bench = Bench::new(self.board, range, AS_OF, false);
            let view = Box::new(bench.view(filter, &[]));
            Message::Lab { epoch, range, view }
        } else if let Some((tab, key)) = question.open.clone() {
            let page = self.answers.page(&question, tab, &key).unwrap();
            Message::Page {
                epoch,
                tab,
                key,
                page,
            }
        } else {
            let screen = Arc::new(self.answers.screen(&question, question.tab));
            Message::Screen {
                epoch,
                tab: question.tab,
                range,
                screen,
            }
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
            let effects = update(&mut self.state, Input::Event(Event::Key(key)));
            if effects.ask.is_some() {
                self.answered();
            }
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

    fn at(&mut self, sizes: &[(u16, u16)], name: &str) {
        for size in sizes {
            let backend = self.drawn(*size, Theme::new(false, false));
            insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), backend);
        }
    }
}

fn colour() -> Theme {
    Theme::new(false, false)
}

#[test]
fn features_and_a_feature() {
    let board = board();
    let mut story = Story::of(&board, Tab::Features);
    story.at(&WHOLE, "features");
    story.at(&SMALL, "features");
    story.press("\n").at(&WHOLE, "feature_page");
}

#[test]
fn the_lab_with_and_without_a_filter() {
    let board = board();
    let mut story = Story::of(&board, Tab::Features);
    story.press("f").at(&WHOLE, "lab");
    story.press("\n").at(&WHOLE, "lab_filter");
}

#[test]
fn sources_and_one_of_them() {
    let board = board();
    let mut story = Story::of(&board, Tab::Categories);
    story.at(&WHOLE, "sources");
    story.press("j\n").at(&WHOLE, "source_page");
}

#[test]
fn a_search_of_the_help() {
    let board = board();
    let mut story = Story::of(&board, Tab::Features);
    story.press("?/filter").at(&WHOLE, "help_search");
    story.press("\n");
    // Esc drops the search first, then closes.
    story.press("\u{1b}");
    assert!(story.state.help.is_some() && story.state.help_search.is_empty());
    story.press("\u{1b}");
    assert!(story.state.help.is_none());
    // What was typed went nowhere else.
    assert_eq!(story.state.list().filter, "");
}

#[test]
fn every_tab_is_whole_without_colour() {
    let board = board();
    for tab in Tab::EACH {
        let mut story = Story::of(&board, tab);
        let with = story.drawn((80, 24), colour());
        let without = story.drawn((80, 24), Theme::new(true, false));
        assert_eq!(with.to_string(), without.to_string());
        for cell in without.buffer().content() {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
        }
    }
}

/// The places and styles of a text on the screen.
fn cells(backend: &TestBackend, text: &str) -> Vec<(Color, Modifier)> {
    let buffer = backend.buffer();
    let mut found = Vec::new();
    for y in 0..buffer.area.height {
        let row: Vec<&str> = (0..buffer.area.width)
            .map(|x| buffer[(x, y)].symbol())
            .collect();
        for x in 0..row.len() {
            if row[x..].concat().starts_with(text) {
                let cell = &buffer[(x as u16, y)];
                found.push((cell.fg, cell.modifier));
            }
        }
    }
    found
}

#[test]
fn a_filter_is_underlined_where_it_matches_and_nowhere_else() {
    let board = board();
    let mut story = Story::of(&board, Tab::Categories);
    story.press("/ALPH\n");
    let backend = story.drawn((80, 24), colour());
    let found = cells(&backend, "alpha");
    assert!(!found.is_empty());
    for (_, modifier) in found {
        assert!(modifier.contains(Modifier::UNDERLINED));
    }
    let underlined = backend.buffer().content().iter();
    let underlined = underlined.filter(|c| c.modifier.contains(Modifier::UNDERLINED));
    assert_eq!(underlined.count() % 4, 0);
}

#[test]
fn what_rises_and_falls_has_the_chosen_colours_and_errors_keep_theirs() {
    let board = board();
    for (hues, up_is_red, up, down, bad) in [
        (Hues::RedGreen, false, Color::Green, Color::Red, Color::Red),
        (Hues::RedGreen, true, Color::Red, Color::Green, Color::Red),
        (
            Hues::BlueOrange,
            false,
            Color::LightBlue,
            Color::Yellow,
            Color::Yellow,
        ),
    ] {
        let theme = Theme::of(Shade::Any, hues, up_is_red, false);
        let mut story = Story::of(&board, Tab::Tracker);
        let header = callboard::view::Header {
            feed: Line::toned("jupiter DOWN", Tone::Bad),
            ..callboard::view::Header::default()
        };
        update(&mut story.state, Input::Message(Message::Header(header)));
        let backend = story.drawn((100, 30), theme);
        assert_eq!(cells(&backend, "jupiter")[0].0, bad);
        let signed = |sign: &str| -> Vec<Color> {
            let of = |n: u8| cells(&backend, &format!("{sign}{n}"));
            (1..=9).flat_map(of).map(|(fg, _)| fg).collect()
        };
        // But for the selected row, which has no colours, and titles such as "+1h".
        let all = |colours: Vec<Color>, wanted| {
            assert!(colours.contains(&wanted), "{colours:?}");
            for colour in colours {
                assert!(
                    [wanted, Color::Reset, Color::Cyan].contains(&colour),
                    "{colour:?}"
                );
            }
        };
        all(signed("+"), up);
        all(signed("-"), down);
    }
}
