//! The pictures of the README: every tab of the demo at a fixed instant, as SVG, drawn by what
//! draws the dashboard. `cargo test --lib pictures -- --ignored` makes them anew.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

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

const SIZE: (u16, u16) = (104, 32);
/// The cell of a picture, in its units.
const CELL: (f64, f64) = (8.4, 17.0);
const MARGIN: f64 = 12.0;
const BACKGROUND: &str = "#16181d";
const FOREGROUND: &str = "#d4d7dd";

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
        feed: Line::toned("simulated ok", Tone::Good).and(" <1m ago", Tone::Dim),
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
    let picture = svg(terminal.backend().buffer());
    assert!(picture.len() < 150_000, "{name}: {}", picture.len());
    std::fs::write(folder.join(format!("{name}.svg")), picture).unwrap();
}

/// A screen as a picture: one `text` per stretch of cells that look the same.
fn svg(buffer: &Buffer) -> String {
    let area = buffer.area;
    let size = |cells: u16, cell: f64| f64::from(cells) * cell + 2.0 * MARGIN;
    let (width, height) = (size(area.width, CELL.0), size(area.height, CELL.1));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" \
         width=\"{width:.0}\" font-family=\"ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace\" \
         font-size=\"14\" xml:space=\"preserve\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{BACKGROUND}\"/>\n"
    );
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let first = &buffer[(x, y)];
            let mut text = String::new();
            let start = x;
            while x < area.width && look(&buffer[(x, y)]) == look(first) {
                let symbol = buffer[(x, y)].symbol();
                text.push_str(symbol);
                // What is behind a wide character belongs to it.
                x += crate::view::layout::width(symbol).max(1) as u16;
            }
            stretch(&mut out, first, &text, (start, x.min(area.width)), y);
        }
    }
    out.push_str("</svg>\n");
    out
}

/// What two cells must share to be one stretch.
fn look(cell: &Cell) -> (Color, Modifier) {
    (cell.fg, cell.modifier)
}

fn stretch(out: &mut String, cell: &Cell, text: &str, (from, to): (u16, u16), y: u16) {
    let reversed = cell.modifier.contains(Modifier::REVERSED);
    let (left, top) = (
        MARGIN + f64::from(from) * CELL.0,
        MARGIN + f64::from(y) * CELL.1,
    );
    let wide = f64::from(to - from) * CELL.0;
    let ink = hex(cell.fg);
    if reversed {
        let high = CELL.1;
        let _ = writeln!(
            out,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{high}\" fill=\"{ink}\"/>"
        );
    }
    if text.trim().is_empty() {
        return;
    }
    // Without the spaces at its ends, which some programs that show SVG leave out.
    let indent = text.len() - text.trim_start().len();
    let inked = text.trim();
    let left = left + indent as f64 * CELL.0;
    let wide = crate::view::layout::width(inked) as f64 * CELL.0;
    let base = top + CELL.1 * 0.76;
    let fill = if reversed { BACKGROUND } else { ink };
    let mut style = String::new();
    for (modifier, words) in [
        (Modifier::BOLD, " font-weight=\"700\""),
        (Modifier::DIM, " opacity=\".62\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
    ] {
        if cell.modifier.contains(modifier) {
            style.push_str(words);
        }
    }
    let inked = inked
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let _ = writeln!(
        out,
        "<text x=\"{left:.1}\" y=\"{base:.1}\" textLength=\"{wide:.1}\" \
         lengthAdjust=\"spacingAndGlyphs\" fill=\"{fill}\"{style}>{inked}</text>"
    );
}

const fn hex(colour: Color) -> &'static str {
    match colour {
        Color::Green => "#7fc27a",
        Color::Red => "#e5706c",
        Color::Yellow => "#e3b959",
        Color::Cyan => "#6cc0c9",
        _ => FOREGROUND,
    }
}
