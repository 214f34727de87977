//! The pictures of the README: every tab of the demo at a fixed instant, as SVG, drawn by what
//! draws the dashboard. `cargo test --lib pictures -- --ignored` makes them anew.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::board::{Board, Settings};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{CallId, Range, Timestamp};
use crate::store::Store;
use crate::tui::draw;
use crate::tui::message::Message;
use crate::tui::state::{OpenPage, State};
use crate::tui::theme::Theme;
use crate::tui::update::{Input, update};
use crate::view::answer::{Answers, Beside};
use crate::view::format::Style;
use crate::view::lab::Bench;
use crate::view::{Header, Line, Row, SortKey, Tab, Tone};

use super::demo::{self, Demo};
use super::engine::{self, Command, Engine, Poller, Snapshot};

mod svg;

/// How wide a picture is, in cells, and how high those of tabs and of pages are.
const WIDTH: u16 = 104;
const TAB: u16 = 32;
const LEADERBOARD: u16 = 18;
const PAGE: u16 = 46;

#[test]
#[ignore = "makes files"]
fn pictures() {
    let at = Timestamp::parse("2026-03-14T15:09:00Z").unwrap();
    let (_folder, store, board) = market(at);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/pictures");
    std::fs::create_dir_all(&folder).unwrap();
    let answers = Answers::new(Arc::clone(&board), at, Style::default());
    let range = Range::D30;
    for tab in Tab::EACH {
        let mut state = State::new(tab, range);
        update(&mut state, Input::Message(Message::Header(header(at))));
        let question = state.question();
        let message = Message::Screen {
            epoch: question.epoch,
            tab,
            range,
            screen: Arc::new(answers.screen(&question, tab)),
        };
        update(&mut state, Input::Message(message));
        let high = if tab == Tab::Leaderboard {
            LEADERBOARD
        } else {
            TAB
        };
        save(&folder, tab.name(), high, &state);
        match tab {
            // The best model, and the call that rose most; opened.
            Tab::Leaderboard => open(&mut state, &answers, 0),
            Tab::Tracker => {
                let best = highest(&state);
                state.list_mut().select(best);
                let id = CallId(state.list().selected().unwrap().to_owned());
                let history = store.history(&id, at).unwrap();
                let answers =
                    Answers::new(Arc::clone(&board), at, Style::default()).beside(Beside {
                        history: history.as_ref(),
                        ..Beside::default()
                    });
                open(&mut state, &answers, best);
            }
            Tab::Features => {
                let mut bench = Bench::new(&board, range, at, false);
                for key in [KeyCode::Char('f'), KeyCode::Enter] {
                    press(&mut state, key);
                    let question = state.question();
                    let filter = question.lab.unwrap();
                    let view = Box::new(bench.view(&filter, &[]));
                    let epoch = question.epoch;
                    update(
                        &mut state,
                        Input::Message(Message::Lab { epoch, range, view }),
                    );
                }
            }
            Tab::Categories => continue,
        }
        let (name, high) = [("model", PAGE), ("call", PAGE), ("", 0), ("lab", TAB)][tab.index()];
        save(&folder, name, high, &state);
    }
}

fn press(state: &mut State, code: KeyCode) {
    let key = KeyEvent::new(code, KeyModifiers::NONE);
    update(state, Input::Event(Event::Key(key)));
}

/// The place of the call that rose most.
fn highest(state: &State) -> usize {
    let table = &state.list().shown.as_ref().unwrap().screen.table;
    let ath = table.columns.iter().position(|c| c.key == "ath").unwrap();
    let value = |row: &Row| match row.cells[ath].sort {
        SortKey::Number(value) => value,
        _ => 0.0,
    };
    let rows = table.rows.iter().enumerate();
    let best = rows.max_by(|a, b| value(&a.1).total_cmp(&value(&b.1)));
    best.unwrap().0
}

fn open(state: &mut State, answers: &Answers, at: usize) {
    state.list_mut().select(at);
    let row = state.list().row().unwrap();
    let mut page = OpenPage::new(state.tab, row.key.clone(), row.copy.clone(), Range::D30);
    page.page = answers.page(&state.question(), state.tab, &row.key);
    assert!(page.page.is_some());
    state.page = Some(page);
}

/// The demo's history up to an instant, through the real tracker and store.
fn market(at: Timestamp) -> (tempfile::TempDir, Store, Arc<Board>) {
    let config = Config::load(None, None, &|_| None).unwrap();
    let settings = Settings {
        rules: demo::rules(config.rules()),
        min_rank_n: config.min_rank_n(),
        guards: config.guards(),
    };
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("demo.db"), settings.rules).unwrap();
    let (publish, snapshots) = tokio::sync::watch::channel(Snapshot::empty(settings));
    let (command, commands) = std::sync::mpsc::sync_channel(engine::QUEUE);
    let engine = std::thread::spawn(move || {
        Engine::new(store, settings, Clock::Fixed(at), publish, Poller::None)
            .run(&commands, &AtomicBool::new(false))
    });
    let mut market = Demo::new(at, &settings.rules);
    let earlier = market.earlier();
    let runtime = super::dashboard::runtime_of_thread().unwrap();
    runtime.block_on(async {
        market.recent(&command).await.unwrap();
        earlier.run(&command).await.unwrap();
    });
    command.send(Command::Stop).unwrap();
    engine.join().unwrap().unwrap();
    let board = snapshots.borrow().board.clone();
    let store = Store::open(&folder.path().join("demo.db"), settings.rules).unwrap();
    (folder, store, board)
}

fn header(at: Timestamp) -> Header {
    Header {
        demo: Some(demo::mark()),
        as_of: format!("{} UTC", at.minute_label()),
        database: "temporary".to_owned(),
        feed: Line::toned("simulated ok", Tone::Good).and(" <1m ago, 149 tokens", Tone::Dim),
        brief: Line::toned("simulated ok", Tone::Good).and(" <1m", Tone::Dim),
        ..Header::default()
    }
}

fn save(folder: &Path, name: &str, high: u16, state: &State) {
    let mut terminal = Terminal::new(TestBackend::new(WIDTH, high)).unwrap();
    let theme = Theme::new(false, false);
    terminal
        .draw(|frame| {
            draw::screen(frame, state, theme);
        })
        .unwrap();
    let picture = svg::picture(terminal.backend().buffer());
    assert!(picture.len() < 150_000, "{name}: {}", picture.len());
    std::fs::write(folder.join(format!("{name}.svg")), picture).unwrap();
}
