//! A table: columns that fit, a title line, the rows on screen.
//!
//! Knows: columns, rows, widths. Must never know: what a figure means. Only the rows on screen
//! are measured and drawn, so that a table of any length costs the same.

use std::borrow::Cow;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::tui::rebind::Keys;
use crate::tui::state::{Drawn, List};
use crate::tui::text::{cut, mark_found, spaces, styled, width};
use crate::tui::theme::Theme;
use crate::view::{Align, Excerpt, Order, Table, Tone, layout};

use super::{has_scrollbar, put, scrollbar};

/// The sign of the selected row; it stands before the first column.
const MARK: &str = "> ";
/// Columns that fit, with their widths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    /// Index of the column, and the cells it takes.
    pub columns: Vec<(usize, usize)>,
    /// Cells between two columns.
    pub gap: usize,
}

/// Chooses the columns for a width: from the lowest priority number up, the sorted one always.
#[must_use]
pub fn fit(part: &Excerpt<'_>, room: usize, order: Option<Order>, theme: Theme) -> Fit {
    let arrow = width(theme.glyphs.rose);
    let columns = layout::fit(part, room, 2, order.map(|o| o.column), arrow, |i| {
        width(&title(part.table, i, order, theme))
    });
    let gap = [4, 3]
        .into_iter()
        .find(|gap| room >= gap * 40 && layout::total(&columns, *gap) <= room)
        .unwrap_or(2);
    Fit { columns, gap }
}

fn title(table: &Table, index: usize, order: Option<Order>, theme: Theme) -> String {
    let column = &table.columns[index];
    // The heading stands over the figures, not over their arrows.
    let beside = if column.moves { " " } else { "" };
    match order {
        Some(order) if order.column == column.key => {
            let mark = if order.descending {
                theme.glyphs.descending
            } else {
                theme.glyphs.ascending
            };
            format!("{} {mark}{beside}", column.title)
        }
        _ => format!("{}{beside}", column.title),
    }
}

/// The line of titles, with the mark of the order.
#[must_use]
pub fn titles(table: &Table, fit: &Fit, order: Option<Order>, theme: Theme) -> Line<'static> {
    line(table, fit, theme, |index| {
        let sorted = order.is_some_and(|o| o.column == table.columns[index].key);
        let style = theme.titles();
        let style = if sorted {
            style.add_modifier(Modifier::BOLD)
        } else {
            style
        };
        (title(table, index, order, theme).into(), "", style)
    })
}

/// A row, by its place in what is drawn.
#[must_use]
pub fn row<'a>(part: &'a Excerpt<'_>, at: usize, fit: &Fit, plain: bool, theme: Theme) -> Line<'a> {
    let (table, dim) = (part.table, part.is_dim(at));
    line(table, fit, theme, |index| {
        let Some(cell) = part.cell(at, index) else {
            return (Cow::Borrowed(""), "", Style::new());
        };
        let style = match theme.tone(cell.tone) {
            _ if plain => Style::new(),
            // Terminals show only one of bold and dim; why a row is dim must not be missed.
            tone if dim && cell.tone != Tone::Warn => {
                tone.remove_modifier(Modifier::BOLD).patch(theme.dim())
            }
            tone => tone,
        };
        let arrow = arrow(table, index, cell.tone, theme);
        (Cow::Borrowed(cell.text.as_str()), arrow, style)
    })
}

/// What stands beside a figure in a column of those that rise and fall: colour is never the only
/// sign, and in a column of arrows turns are seen from afar.
fn arrow(table: &Table, index: usize, tone: Tone, theme: Theme) -> &'static str {
    if !table.columns[index].moves {
        return "";
    }
    match tone {
        Tone::Up => theme.glyphs.rose,
        Tone::Down => theme.glyphs.fell,
        _ => " ",
    }
}

/// Texts in their columns, each with the sign that stands beside it.
fn line<'a>(
    table: &Table,
    fit: &Fit,
    theme: Theme,
    text: impl Fn(usize) -> (Cow<'a, str>, &'static str, Style),
) -> Line<'a> {
    let mut line = Line::default();
    for (at, (index, wide)) in fit.columns.iter().enumerate() {
        if at > 0 {
            line.push_span(Span::raw(spaces(fit.gap)));
        }
        let (mut text, mut sign, style) = text(*index);
        if width(&text) + width(sign) > *wide {
            let whole = format!("{text}{sign}");
            text = Cow::Owned(cut(&whole, *wide, theme.glyphs.ellipsis).into_owned());
            sign = "";
        }
        let pad = spaces(wide.saturating_sub(width(&text) + width(sign)));
        let left = table.columns[*index].align == Align::Left;
        if !left {
            line.push_span(Span::raw(pad.clone()));
        }
        line.push_span(Span::styled(text, style));
        if !sign.is_empty() {
            line.push_span(Span::styled(sign, style));
        }
        if left {
            line.push_span(Span::raw(pad));
        }
    }
    line
}

/// A table that is not selectable, as lines.
#[must_use]
pub fn lines(table: &Table, room: usize, theme: Theme) -> Vec<Line<'static>> {
    first_lines(table, table.rows.len(), room, theme)
}

fn first_lines(table: &Table, most: usize, room: usize, theme: Theme) -> Vec<Line<'static>> {
    let part = Excerpt::first(table, most);
    let fit = fit(&part, room, None, theme);
    let mut lines = vec![titles(table, &fit, None, theme)];
    lines.extend((0..part.len()).map(|at| own(row(&part, at, &fit, false, theme))));
    lines
}

fn own(line: Line<'_>) -> Line<'static> {
    let spans = line.spans.into_iter();
    let spans = spans.map(|span| Span::styled(span.content.into_owned(), span.style));
    Line::from(spans.collect::<Vec<_>>()).style(line.style)
}

/// The first rows of a long table, as lines, and how to see the others.
#[must_use]
pub fn beginning(
    table: &Table,
    most: usize,
    room: usize,
    keys: &Keys,
    theme: Theme,
) -> Vec<Line<'static>> {
    let mut lines = first_lines(table, most, room, theme);
    let text = match table.rows.len().saturating_sub(most) {
        0 => keys.open_rows(),
        more => format!(
            "{} {more} more: {}",
            theme.glyphs.ellipsis,
            keys.open_rows()
        ),
    };
    lines.push(styled(text, theme.dim()));
    lines
}

/// The rows on screen around the selection, under their titles.
pub fn draw(frame: &mut Frame, area: Rect, list: &List, table: &Table, theme: Theme) -> Drawn {
    let titled = usize::from(area.height > 1);
    let fits = usize::from(area.height) - titled.min(usize::from(area.height));
    let rows = list.arranged.len();
    let offset = offset(list.offset, list.position, fits, rows);
    let on_screen = list.arranged.iter().copied().skip(offset).take(fits);
    let part = Excerpt::of(table, on_screen);
    let bar = 2 * usize::from(has_scrollbar(area.width, fits, rows));
    let room = usize::from(area.width).saturating_sub(width(MARK) + bar);
    let fit = fit(&part, room, list.order, theme);
    if titled == 1 {
        let mut line = titles(table, &fit, list.order, theme);
        line.spans.insert(0, Span::raw(spaces(width(MARK))));
        put(frame, area, 0, &line);
    }
    for at in 0..part.len() {
        let selected = offset + at == list.position;
        let line = row(&part, at, &fit, selected, theme);
        let marked = list.marked.is_some() && list.marked.as_deref() == part.key(at);
        let mark = match (selected, marked) {
            (true, false) => MARK,
            (true, true) => ">*",
            (false, true) => " *",
            (false, false) => "  ",
        };
        let mut line = mark_found(line, list.filter.trim(), theme.found());
        line.spans.insert(0, Span::raw(mark));
        put(frame, area, titled + at, &line);
        if selected {
            let whole = Rect {
                y: area.y + (titled + at) as u16,
                height: 1,
                width: area.width.saturating_sub(bar as u16),
                ..area
            };
            frame.buffer_mut().set_style(whole, theme.selected());
        }
    }
    let column = Rect {
        y: area.y + titled as u16,
        height: area.height - titled as u16,
        ..area
    };
    scrollbar(frame, column, offset, fits, rows, theme);
    Drawn {
        fits,
        lines: rows,
        offset,
    }
}

/// The first row on screen: as before, unless the selection would be out of sight.
fn offset(before: usize, position: usize, fits: usize, rows: usize) -> usize {
    if fits == 0 {
        return position;
    }
    before
        .min(position)
        .max((position + 1).saturating_sub(fits))
        .min(rows.saturating_sub(fits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Cell, Column, Row};

    fn table() -> Table {
        let column = |key, title, align, priority, max_width| Column {
            key,
            title,
            align,
            priority,
            max_width,
            help: "",
            moves: false,
        };
        Table {
            columns: vec![
                column("name", "Name", Align::Left, 0, 20),
                column("a", "Aaaa", Align::Right, 2, 10),
                column("b", "Bbbb", Align::Right, 1, 10),
                column("c", "Cccc", Align::Right, 3, 10),
            ],
            rows: vec![Row {
                key: "k".into(),
                cells: ["狗狗币 to the moon", "1.00", "22.00", "333.00"]
                    .map(Cell::word)
                    .to_vec(),
                dim: false,
                copy: String::new(),
            }]
            .into(),
        }
    }

    fn chosen(room: usize, order: Option<Order>) -> Vec<usize> {
        let table = table();
        let part = Excerpt::first(&table, 1);
        let theme = Theme::new(false, false);
        let fit = fit(&part, room, order, theme);
        let line = row(&part, 0, &fit, false, theme);
        let total = crate::tui::text::line_width(&line);
        assert!(total <= room.max(4), "{total} > {room}");
        fit.columns.iter().map(|(index, _)| *index).collect()
    }

    #[test]
    fn columns_go_by_priority() {
        assert_eq!(chosen(80, None), [0, 1, 2, 3]);
        assert_eq!(chosen(38, None), [0, 1, 2]);
        assert_eq!(chosen(30, None), [0, 2]);
        assert_eq!(chosen(20, None), [0]);
        assert_eq!(chosen(6, None), [0]);
        assert_eq!(chosen(1, None), [0]);
    }

    #[test]
    fn the_sorted_column_stays() {
        let order = Order {
            column: "c",
            descending: true,
        };
        assert_eq!(chosen(30, Some(order)), [0, 3]);
    }

    #[test]
    fn the_selection_is_always_on_screen() {
        for before in 0..12 {
            for position in 0..12 {
                for fits in 1..14 {
                    let first = offset(before, position, fits, 12);
                    assert!(first <= position && position < first + fits);
                }
            }
        }
        assert_eq!(offset(3, 4, 5, 12), 3);
    }
}
