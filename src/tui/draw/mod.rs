//! One file per part of the screen: state and theme in, cells out.
//!
//! Knows: the state, the theme, rectangles. Must never know: keys beyond their hints, channels,
//! the terminal. Nothing here indexes outside its rectangle: every line goes through [`put`].

pub mod blocks;
pub mod chart;
pub mod frame;
pub mod header;
pub mod help;
pub mod list;
pub mod page;
pub(super) mod steady;
pub mod table;
pub mod tiny;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::state::{Drawn, State};
use super::text;
use super::theme::Theme;

/// Draws everything; says what fitted, for the next key.
pub fn screen(frame: &mut Frame, state: &State, theme: Theme) -> Drawn {
    let mut parts = tiny::parts(frame.area());
    if let Some(adding) = &state.adding {
        parts.body = frame::adding(frame, parts.body, adding, theme);
    }
    if let Some(area) = parts.top {
        frame::top(frame, area, state, theme);
    }
    if let Some(area) = parts.second {
        header::second(frame, area, state, theme, parts.third.is_some());
    }
    if let Some(area) = parts.third {
        header::third(frame, area, state, theme);
    }
    let drawn = match (state.help, &state.page) {
        (Some(scroll), _) => help::draw(frame, parts.body, state, scroll, theme),
        (None, Some(page)) if page.is_notes() => {
            page::notes(frame, parts.body, state, page.scroll, theme)
        }
        (None, Some(page)) if page.rows.is_none() => {
            page::draw(frame, parts.body, page, &state.keys, theme)
        }
        (None, _) => list::draw(frame, &parts, state, theme),
    };
    if let Some(area) = parts.footer {
        frame::footer(frame, area, state, drawn, theme);
    }
    steady::steady(frame.buffer_mut(), theme.ascii_only);
    drawn
}

/// Draws a line on a row of an area, cut to it; a row beyond it is left out.
fn put(frame: &mut Frame, area: Rect, row: usize, line: &Line) {
    let Ok(row) = u16::try_from(row) else { return };
    let area = area.intersection(frame.area());
    if row < area.height && area.width > 0 {
        frame
            .buffer_mut()
            .set_line(area.x, area.y + row, line, area.width);
    }
}

/// Draws lines from the top of an area, from a scroll position that is brought into range.
fn scrolled(frame: &mut Frame, area: Rect, lines: &[Line], scroll: usize, theme: Theme) -> Drawn {
    let fits = usize::from(area.height);
    let offset = scroll.min(lines.len().saturating_sub(fits));
    for (row, line) in lines.iter().skip(offset).take(fits).enumerate() {
        put(frame, area, row, line);
    }
    scrollbar(frame, area, offset, fits, lines.len(), theme);
    Drawn {
        fits,
        lines: lines.len(),
        offset,
    }
}

/// A thumb at the right edge, when there is more than fits.
fn scrollbar(frame: &mut Frame, area: Rect, offset: usize, fits: usize, of: usize, theme: Theme) {
    if !has_scrollbar(area.width, fits, of) {
        return;
    }
    let size = (fits * fits / of).clamp(1, fits);
    let start = offset * (fits - size) / (of - fits);
    let column = Rect {
        x: area.right().saturating_sub(1),
        width: 1,
        ..area
    };
    let thumb = text::styled(theme.glyphs.thumb, theme.dim());
    for row in start..start + size {
        put(frame, column, row, &thumb);
    }
}

/// Whether there is more than fits, and room to say so.
const fn has_scrollbar(width: u16, fits: usize, of: usize) -> bool {
    of > fits && fits >= 3 && width >= 30
}

/// Draws lines in the middle of an area.
fn centred(frame: &mut Frame, area: Rect, lines: &[Line<'static>], theme: Theme) {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let top = height.saturating_sub(lines.len()) / 3;
    for (row, line) in lines.iter().enumerate() {
        let line = text::cut_line(line.clone(), width, theme.glyphs.ellipsis);
        let indent = width.saturating_sub(text::line_width(&line)) / 2;
        let column = Rect {
            x: area.x + indent as u16,
            width: area.width - indent as u16,
            ..area
        };
        put(frame, column, top + row, &line);
    }
}
