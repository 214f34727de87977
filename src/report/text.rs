//! The report as text: at most 80 columns, no control codes, worth pasting into a chat.

use std::fmt::Write;

use crate::analytics::leaderboard::exceeds;
use crate::board::Board;
use crate::view::answer::Answers;
use crate::view::format::{self, Style};
use crate::view::layout::{cut, fit, spaces, width, wrap};
use crate::view::{Align, Block, Line, Question, Row, Screen, Tab, Table};

use super::{Request, Section, UnknownModel, leaderboard};

/// The widest line.
const WIDTH: usize = 80;
/// Calls listed when all sections are printed; `--report calls` lists every one.
const CALLS_IN_ALL: usize = 15;

/// The whole report, or the section that was asked for.
///
/// # Errors
/// When a model was named that does not exist.
pub fn text(board: &Board, request: &Request, style: Style) -> Result<String, UnknownModel> {
    let answers = Answers::new(board, request.as_of, style);
    let mut out = String::new();
    let _ = writeln!(
        out,
        "callboard report - range {} as of {} UTC",
        request.range.label(),
        request.as_of.minute_label()
    );
    for section in request.sections() {
        let tab = match section {
            Section::Models => Tab::Leaderboard,
            Section::Calls => Tab::Tracker,
            Section::Categories => Tab::Categories,
            Section::Features => Tab::Features,
        };
        let question = Question {
            epoch: 0,
            tab,
            range: request.range,
            provisional: request.provisional,
            open: None,
            frozen: false,
        };
        let mut screen = answers.screen(&question, tab, true);
        if section == Section::Models {
            narrow(&mut screen, board, request)?;
        }
        let most = (section == Section::Calls && request.section.is_none()).then_some(CALLS_IN_ALL);
        let title = match section {
            Section::Models => "MODELS",
            Section::Calls => "CALLS",
            Section::Categories => "CATEGORIES",
            Section::Features => "FEATURES",
        };
        let _ = writeln!(out, "\n{title}");
        section_text(&mut out, &screen, most, style);
        if section == Section::Models && request.compare.is_some() {
            compare(&mut out, board, request, style)?;
        }
    }
    Ok(out)
}

/// Leaves only the models that were asked for; the summary line then speaks of them.
fn narrow(screen: &mut Screen, board: &Board, request: &Request) -> Result<(), UnknownModel> {
    if request.model.is_none() && request.compare.is_none() && request.top.is_none() {
        return Ok(());
    }
    let found = leaderboard(board, request)?;
    let keys: Vec<String> = found
        .rows
        .iter()
        .map(crate::view::leaderboard::row_key)
        .collect();
    screen.table.rows.retain(|row| keys.contains(&row.key));
    if request.model.is_some() || request.compare.is_some() {
        screen.above.clear();
        screen.notes.clear();
    }
    Ok(())
}

fn section_text(out: &mut String, screen: &Screen, most: Option<usize>, style: Style) {
    for block in &screen.above {
        block_text(out, block, style);
    }
    if let Some(empty) = &screen.empty {
        wrapped(out, &empty.what);
        for step in &empty.next {
            wrapped(out, &format!("  {}", step.in_report()));
        }
    } else {
        let shown = most.unwrap_or(usize::MAX).min(screen.table.rows.len());
        table_text(out, &screen.table, shown, style);
        if shown < screen.table.rows.len() {
            let more = screen.table.rows.len() - shown;
            let _ = writeln!(out, "... {more} more: callboard --report calls");
        }
    }
    for note in &screen.notes {
        wrapped(out, &note.text());
    }
}

fn block_text(out: &mut String, block: &Block, style: Style) {
    match block {
        Block::Heading(title) => {
            let _ = writeln!(out, "{title}");
        }
        Block::Text(lines) => {
            for line in lines {
                wrapped(out, &line.text());
            }
        }
        Block::Pairs(pairs) => {
            let widest = pairs
                .iter()
                .map(|(label, _)| width(label))
                .max()
                .unwrap_or(0);
            for (label, line) in pairs {
                let pad = spaces(widest - width(label));
                wrapped(out, &format!("{label}{pad}  {}", line.text()));
            }
        }
        Block::Bars(bars) => {
            let labels = bars.iter().map(|b| width(&b.label)).max().unwrap_or(0);
            let figures = bars.iter().map(|b| width(&b.figures)).max().unwrap_or(0);
            let room = WIDTH.saturating_sub(labels + figures + 4);
            let filled = if style.ascii { "#" } else { "█" };
            for bar in bars {
                let pad = spaces(labels - width(&bar.label));
                let length = (bar.fraction.clamp(0.0, 1.0) * room as f64).round() as usize;
                let line = format!(
                    "{}{pad}  {}  {}",
                    bar.label,
                    bar.figures,
                    filled.repeat(length)
                );
                let _ = writeln!(out, "{}", line.trim_end());
            }
        }
        Block::Table(table) => table_text(out, table, table.rows.len(), style),
    }
}

fn table_text(out: &mut String, table: &Table, most: usize, style: Style) {
    let rows: Vec<&Row> = table.rows.iter().take(most).collect();
    let columns = fit(table, &rows, WIDTH, 2, None, |i| {
        width(table.columns[i].title)
    });
    let titles = columns
        .iter()
        .map(|(i, wide)| (*i, *wide, table.columns[*i].title));
    line(out, table, titles, style);
    for row in rows {
        let cells = columns
            .iter()
            .map(|(i, wide)| (*i, *wide, row.cells.get(*i).map_or("", |c| c.text.as_str())));
        line(out, table, cells, style);
    }
}

fn line<'a>(
    out: &mut String,
    table: &Table,
    cells: impl Iterator<Item = (usize, usize, &'a str)>,
    style: Style,
) {
    let mut text = String::new();
    for (at, (index, wide, cell)) in cells.enumerate() {
        if at > 0 {
            text.push_str("  ");
        }
        let cell = cut(cell, wide, if style.ascii { "~" } else { "…" });
        let pad = spaces(wide.saturating_sub(width(&cell)));
        match table.columns[index].align {
            Align::Left => {
                text.push_str(&cell);
                text.push_str(&pad);
            }
            Align::Right => {
                text.push_str(&pad);
                text.push_str(&cell);
            }
        }
    }
    let _ = writeln!(out, "{}", text.trim_end());
}

/// Text in lines of at most [`WIDTH`] cells.
fn wrapped(out: &mut String, text: &str) {
    for line in wrap(&Line::plain(text), WIDTH) {
        let _ = writeln!(out, "{}", line.text().trim_end());
    }
}

/// Who leads, per currency, in words.
fn compare(
    out: &mut String,
    board: &Board,
    request: &Request,
    style: Style,
) -> Result<(), UnknownModel> {
    let found = leaderboard(board, request)?;
    for (currency, _) in &found.totals {
        let rows: Vec<_> = found
            .rows
            .iter()
            .filter(|r| &r.key.currency == currency && r.summary.trades() > 0)
            .collect();
        let [a, b] = rows.as_slice() else { continue };
        let difference = a.summary.total_pnl() - b.summary.total_pnl();
        let (x, y) = (a.summary.total_pnl(), b.summary.total_pnl());
        let text = if !exceeds(x, y) && !exceeds(y, x) {
            format!("{currency}: a tie in total P&L")
        } else {
            let leader = if x > y { a } else { b };
            format!(
                "{currency}: {} leads by {} in total P&L (no interval yet: read it with n)",
                leader.key.model,
                format::signed_money(difference.abs(), style).replace('+', "")
            )
        };
        wrapped(out, &text);
    }
    Ok(())
}
