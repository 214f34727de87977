//! The yardstick: a table of 30 rows on crossterm and tokio, drawn in one write when something
//! changed; ticking, ten rows change each second.

use std::io::{BufWriter, Write, stdout};
use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyCode};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use futures_util::StreamExt;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Constraint;
use ratatui::style::Stylize;
use ratatui::widgets::{Row, Table};

/// Runs until `q`.
pub fn run(ticking: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        enable_raw_mode().unwrap();
        let mut out = BufWriter::with_capacity(65536, stdout());
        execute!(out, EnterAlternateScreen).unwrap();
        let mut terminal = Terminal::new(CrosstermBackend::new(out)).unwrap();
        let mut events = EventStream::new();
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.tick().await;
        let (mut second, mut selected, mut dirty) = (0_usize, 0_usize, true);
        loop {
            if std::mem::take(&mut dirty) {
                queue!(terminal.backend_mut(), BeginSynchronizedUpdate).unwrap();
                terminal
                    .draw(|frame| {
                        let rows = (0..30).map(|row| {
                            let changes = if row % 3 == 0 { second } else { 0 };
                            let cells = (0..7).map(|cell| {
                                format!("{:.4}", ((row * 7 + cell + changes * 13) as f64).sin())
                            });
                            let line = Row::new(cells);
                            if row == selected { line.reversed() } else { line }
                        });
                        let table = Table::new(rows, [Constraint::Length(12); 7]);
                        frame.render_widget(table, frame.area());
                    })
                    .unwrap();
                queue!(terminal.backend_mut(), EndSynchronizedUpdate).unwrap();
                terminal.backend_mut().flush().unwrap();
            }
            tokio::select! {
                _ = tick.tick() => {
                    second += 1;
                    dirty = ticking;
                }
                event = events.next() => match event {
                    Some(Ok(Event::Key(key))) => match key.code {
                        KeyCode::Char('q') => break,
                        KeyCode::Char('j') => (selected, dirty) = ((selected + 1).min(29), true),
                        KeyCode::Char('k') => (selected, dirty) = (selected.saturating_sub(1), true),
                        _ => {}
                    },
                    Some(Ok(_)) => dirty = true,
                    _ => break,
                },
            }
        }
        execute!(terminal.backend_mut(), LeaveAlternateScreen).unwrap();
        disable_raw_mode().unwrap();
    });
}
