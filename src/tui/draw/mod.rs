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
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::view::layout::is_plain;

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
    if row >= area.height || area.width == 0 {
        return;
    }
    let (mut x, y) = (area.x, area.y + row);
    let buffer = frame.buffer_mut();
    for span in line {
        let style = line.style.patch(span.style);
        let room = area.right().saturating_sub(x);
        if room == 0 {
            break;
        }
        let text = span.content.as_ref();
        if is_plain(text) {
            x += put_plain(buffer, (x, y), &text[..text.len().min(room.into())], style);
        } else {
            x = buffer.set_stringn(x, y, text, room.into(), style).0;
        }
    }
}

/// Text whose every byte takes a cell, and that fits: most of each frame, without taking it apart into
/// clusters. Gives the cells that it took.
fn put_plain(buffer: &mut Buffer, at: (u16, u16), text: &str, style: Style) -> u16 {
    let from = buffer.index_of(at.0, at.1);
    let unstyled = style == Style::new();
    for (cell, byte) in buffer.content[from..].iter_mut().zip(text.bytes()) {
        // Between words lies what is there already.
        if byte == b' ' && unstyled && cell.symbol() == " " {
            continue;
        }
        cell.set_char(char::from(byte)).set_style(style);
    }
    text.len() as u16
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::style::{Color, Modifier};
    use ratatui::text::Span;

    use super::*;

    fn style() -> impl Strategy<Value = Style> {
        prop_oneof![
            Just(Style::new()),
            Just(Style::new().fg(Color::Red)),
            Just(Style::new().bg(Color::Blue).add_modifier(Modifier::BOLD)),
            Just(Style::new().remove_modifier(Modifier::BOLD)),
        ]
    }

    fn line() -> impl Strategy<Value = Line<'static>> {
        let text = prop_oneof!["[ -~]{0,12}", "[ a狗é🚀\\u{301}\t\u{7f}]{0,8}", " {0,9}"];
        let spans = prop::collection::vec((text, style()), 0..5);
        (spans, style()).prop_map(|(spans, of_line)| {
            let spans = spans
                .into_iter()
                .map(|(text, style)| Span::styled(text, style));
            Line::from(spans.collect::<Vec<_>>()).style(of_line)
        })
    }

    proptest! {
        #[test]
        fn a_line_is_drawn_as_the_library_draws_it(
            lines in prop::collection::vec((line(), 0..14_u16, 0..14_u16, 0..3_usize), 1..6),
        ) {
            let drawn = |put: &dyn Fn(&mut Frame, Rect, usize, &Line)| {
                let mut terminal = Terminal::new(TestBackend::new(12, 2)).unwrap();
                let draw = |frame: &mut Frame| {
                    for (line, x, width, row) in &lines {
                        put(frame, Rect::new(*x, 0, *width, 2), *row, line);
                    }
                };
                terminal.draw(draw).unwrap().buffer.clone()
            };
            let library = drawn(&|frame, area, row, line| {
                let area = area.intersection(frame.area());
                if row < usize::from(area.height) && area.width > 0 {
                    let buffer = frame.buffer_mut();
                    buffer.set_line(area.x, area.y + row as u16, line, area.width);
                }
            });
            prop_assert_eq!(drawn(&put), library);
        }
    }
}
