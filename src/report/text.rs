//! The report as text: at most 80 columns, no control codes, worth pasting into a chat.

use std::fmt::Write;

use crate::board::Board;
use crate::view::format::Style;
use crate::view::layout::{cut, fit, spaces, width, wrap};
use crate::view::{Align, Block, Excerpt, Line, Table};

use super::parts::{Part, parts, title};
use super::{Request, UnknownModel};

/// The widest line.
const WIDTH: usize = 80;

/// The whole report, or the section that was asked for.
///
/// # Errors
/// When a model was named that does not exist.
pub fn text(board: &Board, request: &Request, style: Style) -> Result<String, UnknownModel> {
    let mut out = String::new();
    wrapped(&mut out, &title(request));
    for part in parts(board, request, style)? {
        let _ = writeln!(out, "\n{}", part.title.to_uppercase());
        section_text(&mut out, &part, style);
        for block in &part.below {
            if matches!(block, Block::Heading(_)) {
                out.push('\n');
            }
            block_text(&mut out, block, style);
        }
        for line in &part.closing {
            wrapped(&mut out, line);
        }
    }
    Ok(out)
}

fn section_text(out: &mut String, part: &Part, style: Style) {
    let screen = &part.screen;
    for block in &screen.above {
        block_text(out, block, style);
    }
    if let Some(empty) = &screen.empty {
        wrapped(out, &empty.what);
        for step in &empty.next {
            wrapped(out, &format!("  {}", step.in_report()));
        }
    } else {
        table_text(out, &screen.table, part.shown, style);
        if let Some(more) = part.more() {
            let _ = writeln!(out, "{more}");
        }
    }
    for note in &screen.notes {
        wrapped(out, &note.text());
    }
}

pub(super) fn block_text(out: &mut String, block: &Block, style: Style) {
    match block {
        Block::Heading(title) => {
            wrapped(out, title);
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
        Block::Chart(chart) => {
            for line in chart.lines(WIDTH) {
                let _ = writeln!(out, "{}", line.text().trim_end());
            }
        }
        Block::Table(table) | Block::Rows(table) => table_text(out, table, table.rows.len(), style),
        // Only pages have one, and no report has a page.
        Block::Path(_) => {}
        Block::Next(step) => wrapped(out, &step.in_report()),
    }
}

fn table_text(out: &mut String, table: &Table, most: usize, style: Style) {
    let part = Excerpt::first(table, most);
    let columns = fit(&part, WIDTH, 2, None, 0, |i| width(table.columns[i].title));
    let titles = columns
        .iter()
        .map(|(i, wide)| (*i, *wide, table.columns[*i].title));
    line(out, table, titles, style);
    for at in 0..part.len() {
        let text = |i: usize| part.cell(at, i).map_or("", |cell| cell.text.as_str());
        let cells = columns.iter().map(|(i, wide)| (*i, *wide, text(*i)));
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
