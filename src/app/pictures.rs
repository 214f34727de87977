//! The pictures of the README: every tab of the demo at a fixed instant, as SVG, drawn by what
//! draws the dashboard. `cargo test --lib pictures -- --ignored` makes them anew.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::board::{Board, Settings};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{Range, Timestamp};
use crate::store::Store;
use crate::tui::draw;
use crate::tui::message::Message;
use crate::tui::state::{OpenPage, State};
use crate::tui::theme::Theme;
use crate::tui::update::{Input, update};
use crate::view::answer::Answers;
use crate::view::format::Style;
use crate::view::{Header, Line, Tab, Tone};

use super::demo::{self, Demo};
use super::engine::{self, Command, Engine, Poller, Snapshot};

mod svg;

const SIZE: (u16, u16) = (104, 32);

#[test]
#[ignore = "makes files"]
fn pictures() {
    let at = Timestamp::parse("2026-03-14T15:09:00Z").unwrap();
    let board = market(at);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/pictures");
    std::fs::create_dir_all(&folder).unwrap();
    let answers = Answers::new(&board, at, Style::default());
    let range = Range::D30;
    for tab in Tab::EACH {
        let mut state = State::new(tab, range);
        update(&mut state, Input::Message(Message::Header(header(at))));
        let question = state.question();
        let message = Message::Screen {
            epoch: question.epoch,
            tab,
            range,
            screen: std::sync::Arc::new(answers.screen(&question, tab)),
        };
        update(&mut state, Input::Message(message));
        save(&folder, tab.name(), &state);
        if tab != Tab::Leaderboard {
            continue;
        }
        // The best model, opened.
        let row = state.list().row().unwrap();
        let mut page = OpenPage::new(tab, row.key.clone(), row.copy.clone(), range);
        page.page = answers.page(&question, tab, &row.key);
        assert!(page.page.is_some());
        state.page = Some(page);
        save(&folder, "model", &state);
    }
}

/// The demo's history up to an instant, through the real tracker and store.
fn market(at: Timestamp) -> Board {
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
    Board::clone(&board)
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

fn save(folder: &Path, name: &str, state: &State) {
    let mut terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).unwrap();
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
