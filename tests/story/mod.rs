//! Boards made by hand, and a dashboard over them that is told by keys: for whole screens.
#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::BTreeMap;
use std::sync::Arc;

use callboard::analytics::Guards;
use callboard::board::{Board, Settings};
use callboard::domain::{
    Call, CallId, Confidence, Decision, FeatureValue, ImportedOutcome, Multiple, Price, Range,
    Reading, Rules, Side, Span, Timestamp, TokenKey, Trade,
};
use callboard::store::{Sample, Store};
use callboard::tui::draw;
use callboard::tui::message::Message;
use callboard::tui::state::State;
use callboard::tui::theme::Theme;
use callboard::tui::update::{Input, update};
use callboard::view::answer::Answers;
use callboard::view::format::Style;
use callboard::view::lab::Bench;
use callboard::view::{Header, Line, Tab, Tone};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};

/// 2026-09-21 14:13 UTC.
pub const AS_OF: Timestamp = Timestamp::from_millis(1_790_000_000_000);
pub const WHOLE: [(u16, u16); 2] = [(80, 24), (200, 50)];
pub const SMALL: [(u16, u16); 3] = [(60, 15), (20, 5), (1, 1)];

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

/// A hundred and twenty calls whose windows are over.
pub fn board() -> Board {
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

/// Trades of four models over the last month; one of them in another currency.
fn trades() -> Vec<Trade> {
    let model = |n: i64| ["atlas-4", "cinder-70b", "delphi-r2", "ember-flash"][(n % 4) as usize];
    let trade = |n: i64| Trade {
        id: format!("trade-{n}"),
        model: model(n).to_owned(),
        symbol: Some(["BTC", "ETH", "SOL"][(n % 3) as usize].to_owned()),
        side: Some(if n % 5 == 0 { Side::Short } else { Side::Long }),
        quantity: Some(1.0),
        entry_price: Some(100.0),
        exit_price: Some(101.0),
        opened_at: Some(AS_OF.minus(Span::hours(6 * n + 7))),
        closed_at: Some(AS_OF.minus(Span::hours(6 * n + 1))),
        realized_pnl: Some(((n * 37) % 101 - 45) as f64 + [14.0, -9.0, 2.0, 0.0][(n % 4) as usize]),
        fee: Some(0.1),
        cost: None,
        confidence: Confidence::from_fraction(0.5 + ((n * 13) % 50) as f64 / 100.0),
        currency: (n % 4 == 3).then(|| "SOL".to_owned()),
    };
    (0..110).map(trade).collect()
}

/// A call that is followed: its token, how old it is, and the path of its price until some minutes
/// ago.
fn followed(
    n: i64,
    symbol: &str,
    hours: i64,
    until: i64,
    path: impl Fn(f64) -> f64,
) -> (Call, Vec<Sample>) {
    let (call, _) = self::call(n);
    let token = call.token.clone().unwrap();
    let called_at = AS_OF.minus(Span::hours(hours));
    let minutes = hours * 60;
    let sample = |minute: i64| Sample {
        token: token.clone(),
        reading: Reading {
            at: called_at.plus(Span::minutes(minute)),
            price: Price::new(0.000_12 * path(minute as f64 / minutes as f64)),
            liquidity_usd: Some(40_000.0),
            market_cap_usd: None,
            absent: false,
            provider: "dexscreener".to_owned(),
            pool: None,
        },
        decision: Decision::Accepted,
    };
    let samples = (0..minutes - until).step_by(5).map(sample).collect();
    let call = Call {
        symbol: Some(symbol.to_owned()),
        called_at,
        ..call
    };
    (call, samples)
}

/// Models that trade, and calls in their window: one that rises, one that falls, one whose price
/// is three days old, and one that nobody has a price of.
pub fn live_board() -> Board {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("x.db"), settings().rules).unwrap();
    store.put_trades(&trades()).unwrap();
    let live = [
        followed(900, "RISES", 30, 0, |x| 1.0 + 1.4 * x),
        followed(901, "FALLS", 20, 0, |x| 1.0 - 0.3 * x),
        followed(902, "STALE", 96, 3 * 24 * 60, |_| 1.05),
        followed(903, "月亮猫", 3, 3 * 60, |_| 1.0),
    ];
    for (call, samples) in live {
        store.put_calls(&[call]).unwrap();
        store.put_samples(&samples).unwrap();
    }
    Board::new(store.load(Some(AS_OF)).unwrap(), settings())
}

fn settings() -> Settings {
    Settings {
        rules: Rules::default(),
        min_rank_n: 10,
        guards: Guards::default(),
    }
}

pub struct Story<'a> {
    pub state: State,
    answers: Answers<'a>,
    board: &'a Board,
}

impl<'a> Story<'a> {
    pub fn of(board: &'a Board, tab: Tab) -> Self {
        Self::set(board, tab, Style::default())
    }

    /// With text set in a way.
    pub fn set(board: &'a Board, tab: Tab, style: Style) -> Self {
        let mut story = Self {
            state: State::new(tab, Range::D30),
            answers: Answers::new(Arc::new(board.clone()), AS_OF, style),
            board,
        };
        story.answered();
        story
    }

    /// Answers whatever is asked.
    pub fn answered(&mut self) {
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

    pub fn press(&mut self, keys: &str) -> &mut Self {
        for c in keys.chars() {
            let effects = update(&mut self.state, Input::Event(key(c)));
            if effects.ask.is_some() {
                self.answered();
            }
        }
        self
    }

    pub fn tell(&mut self, message: Message) -> &mut Self {
        update(&mut self.state, Input::Message(message));
        self
    }

    pub fn drawn(&mut self, (width, height): (u16, u16), theme: Theme) -> TestBackend {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut drawn = self.state.drawn;
        terminal
            .draw(|frame| drawn = draw::screen(frame, &self.state, theme))
            .unwrap();
        self.state.settle(drawn);
        terminal.backend().clone()
    }

    pub fn at(&mut self, sizes: &[(u16, u16)], name: &str) {
        for size in sizes {
            let backend = self.drawn(*size, Theme::new(false, false));
            // Beside those of the other files, under the name of the file that tells the story.
            let file = module_path!().split("::").next().unwrap();
            let name = format!("{file}__{name}_{}x{}", size.0, size.1);
            insta::with_settings!({
                snapshot_path => "../snapshots",
                prepend_module_to_snapshot => false,
            }, { insta::assert_snapshot!(name, backend) });
        }
    }
}

/// The places and styles of a text on the screen.
pub fn cells(backend: &TestBackend, text: &str) -> Vec<(Color, Modifier)> {
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

/// Keys in one piece, before anything is answered.
pub fn type_ahead(story: &mut Story<'_>, keys: &str) {
    for c in keys.chars() {
        update(&mut story.state, Input::Event(key(c)));
    }
}

/// What a key sends that is written as a character.
pub fn key(c: char) -> Event {
    let code = match c {
        '\n' => KeyCode::Enter,
        '\u{1b}' => KeyCode::Esc,
        c => KeyCode::Char(c),
    };
    Event::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

/// What stands above every tab while a feed is down.
pub fn header() -> Message {
    Message::Header(Header {
        feed: Line::toned("dexscreener ok", Tone::Good),
        brief: Line::toned("dexscreener ok", Tone::Good),
        news: vec![Line::toned("jupiter DOWN", Tone::Bad)],
        ..Header::default()
    })
}
