//! Blocks as lines: headings, text, pairs, bars with their intervals, small tables.
//!
//! Knows: the shapes of a view. Must never know: where on the screen they end up.

use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::tui::rebind::Keys;
use crate::tui::text::{cut, cut_line, line_width, spaces, styled, width, wrap};
use crate::tui::theme::Theme;
use crate::view::{self, Bar, Block};

use super::table;

/// A column of blocks is at least this wide before there are two.
const COLUMN: usize = 68;
/// Cells between two columns of blocks.
const GUTTER: usize = 4;
/// Rows that a page shows of a long table.
const BEGINNING: usize = 10;
/// The longest a bar grows.
const LONGEST_BAR: usize = 40;
/// A bar shorter than this says nothing.
const SHORTEST_BAR: usize = 8;
/// The widest label of a bar or pair.
const LABEL: usize = 26;
/// Text wider than this is hard to read.
pub(super) const LONGEST_LINE: usize = 110;

/// Blocks in as many columns as a width allows, a heading with what follows it.
#[must_use]
pub fn flow(blocks: &[Block], room: usize, keys: &Keys, theme: Theme) -> Vec<Line<'static>> {
    let mut sections: Vec<&[Block]> = Vec::new();
    let mut start = 0;
    for at in 1..=blocks.len() {
        if at == blocks.len() || matches!(blocks[at], Block::Heading(_)) {
            sections.push(&blocks[start..at]);
            start = at;
        }
    }
    let count = columns(sections.len(), room, COLUMN);
    let each = (room + GUTTER) / count - GUTTER.min(room);
    let sections = sections
        .into_iter()
        .map(|section| lines(section, each, keys, theme))
        .collect();
    side_by_side(sections, count, each)
}

/// How many columns of a least width there is room for.
#[must_use]
pub fn columns(sections: usize, room: usize, least: usize) -> usize {
    ((room + GUTTER) / (least + GUTTER)).clamp(1, sections.clamp(1, 3))
}

/// Sections in columns, in order, as even as can be, an empty line between two in a column.
#[must_use]
pub fn side_by_side(
    sections: Vec<Vec<Line<'static>>>,
    count: usize,
    each: usize,
) -> Vec<Line<'static>> {
    let heights: Vec<usize> = sections.iter().map(Vec::len).collect();
    let whole = heights.iter().map(|h| h + 1).sum::<usize>();
    let tallest = (1..=whole)
        .find(|tall| columns_needed(&heights, *tall) <= count)
        .unwrap_or(whole);
    let mut columns: Vec<Vec<Line>> = vec![Vec::new()];
    for section in sections {
        let Some(column) = columns.last_mut() else {
            continue;
        };
        if column.is_empty() {
            column.extend(section);
        } else if column.len() + 1 + section.len() <= tallest {
            column.push(Line::default());
            column.extend(section);
        } else {
            columns.push(section);
        }
    }
    let height = columns.iter().map(Vec::len).max().unwrap_or(0);
    (0..height)
        .map(|row| {
            let mut line = Line::default();
            for (at, column) in columns.iter().enumerate() {
                let Some(part) = column.get(row) else {
                    continue;
                };
                let indent = at * (each + GUTTER);
                let gap = indent.saturating_sub(line_width(&line));
                if gap > 0 && !part.spans.is_empty() {
                    line.push_span(Span::raw(spaces(gap)));
                }
                line.extend(part.spans.iter().cloned());
            }
            line
        })
        .collect()
}

fn columns_needed(heights: &[usize], tallest: usize) -> usize {
    let (mut count, mut used) = (1, 0);
    for height in heights {
        let with = if used == 0 {
            *height
        } else {
            used + 1 + height
        };
        if used > 0 && with > tallest {
            count += 1;
            used = *height;
        } else {
            used = with;
        }
        if used > tallest {
            return usize::MAX;
        }
    }
    count
}

/// Blocks under each other, all lines within a width.
#[must_use]
pub fn lines(blocks: &[Block], room: usize, keys: &Keys, theme: Theme) -> Vec<Line<'static>> {
    pieces(blocks, room, keys, theme).concat()
}

/// What [`flow`] gives, in pieces that are not to be cut: a sentence, a figure, a heading with what it
/// is of. In more than one column each line is one.
#[must_use]
pub fn flow_pieces(
    blocks: &[Block],
    room: usize,
    keys: &Keys,
    theme: Theme,
) -> Vec<Vec<Line<'static>>> {
    let headings = blocks.iter().skip(1);
    let sections = 1 + headings.filter(|b| matches!(b, Block::Heading(_))).count();
    if columns(sections, room, COLUMN) == 1 {
        return pieces(blocks, room, keys, theme);
    }
    let lines = flow(blocks, room, keys, theme);
    lines.into_iter().map(|line| vec![line]).collect()
}

/// Notes within a width, each a piece that is not to be cut.
#[must_use]
pub fn notes(notes: &[view::Line], room: usize, theme: Theme) -> Vec<Vec<Line<'static>>> {
    notes
        .iter()
        .map(|note| sentence(note, room, theme))
        .collect()
}

fn sentence(line: &view::Line, room: usize, theme: Theme) -> Vec<Line<'static>> {
    let wrapped = wrap(line, room.min(LONGEST_LINE));
    wrapped.iter().map(|line| theme.line(line)).collect()
}

fn pieces(blocks: &[Block], room: usize, keys: &Keys, theme: Theme) -> Vec<Vec<Line<'static>>> {
    let mut out: Vec<Vec<Line>> = Vec::new();
    // It goes with what follows.
    let mut heading: Vec<Line> = Vec::new();
    for block in blocks {
        let mut its = match block {
            Block::Heading(text) => {
                if !(out.is_empty() && heading.is_empty()) {
                    heading.push(Line::default());
                }
                let text = cut(text, room, theme.glyphs.ellipsis).into_owned();
                heading.push(styled(text, theme.heading()));
                continue;
            }
            Block::Text(text) => {
                let sentences = text.iter().map(|line| sentence(line, room, theme));
                sentences.collect()
            }
            Block::Pairs(pairs) => self::pairs(pairs, room, theme),
            Block::Bars(bars) => {
                let lines = self::bars(bars, room, theme).into_iter();
                lines.map(|line| vec![line]).collect()
            }
            Block::Chart(chart) => {
                vec![chart.lines(room).iter().map(|l| theme.line(l)).collect()]
            }
            Block::Rows(table) => titled(
                table::beginning(table, BEGINNING, room, keys, theme),
                room,
                theme,
            ),
            Block::Path(chart) => vec![super::chart::lines(chart, room, theme)],
            Block::Next(step) => {
                let step = view::Line::toned(keys.step(step), view::Tone::Dim);
                vec![sentence(&step, room, theme)]
            }
            Block::Table(table) => titled(table::lines(table, room, theme), room, theme),
        };
        if let Some(first) = its.first_mut() {
            first.splice(0..0, std::mem::take(&mut heading));
        }
        out.extend(its);
    }
    if !heading.is_empty() {
        out.push(heading);
    }
    out
}

/// The lines of a table: its titles are nothing without a row.
fn titled(lines: Vec<Line<'static>>, room: usize, theme: Theme) -> Vec<Vec<Line<'static>>> {
    let mut out: Vec<Vec<Line>> = Vec::new();
    for line in lines {
        let line = cut_line(line, room, theme.glyphs.ellipsis);
        match out.as_mut_slice() {
            [titles] if titles.len() == 1 => titles.push(line),
            _ => out.push(vec![line]),
        }
    }
    out
}

fn label_width<'a>(labels: impl Iterator<Item = &'a str>, room: usize) -> usize {
    labels
        .map(width)
        .max()
        .unwrap_or(0)
        .min(LABEL)
        .min(room / 2)
}

fn padded(text: &str, wide: usize, theme: Theme) -> String {
    let text = cut(text, wide, theme.glyphs.ellipsis);
    let pad = spaces(wide.saturating_sub(width(&text)));
    format!("{text}{pad}")
}

fn pairs(pairs: &[(String, view::Line)], room: usize, theme: Theme) -> Vec<Vec<Line<'static>>> {
    let wide = label_width(pairs.iter().map(|(label, _)| label.as_str()), room);
    let pair = |(label, value): &(String, view::Line)| {
        let mut out = Vec::new();
        let left = room.saturating_sub(wide + 2).clamp(1, LONGEST_LINE);
        for (at, part) in wrap(value, left).iter().enumerate() {
            let label = if at == 0 { label.as_str() } else { "" };
            let mut line = Line::default();
            line.push_span(Span::styled(padded(label, wide, theme), theme.dim()));
            line.push_span(Span::raw("  "));
            line.extend(theme.line(part).spans);
            out.push(line);
        }
        out
    };
    pairs.iter().map(pair).collect()
}

fn bars(bars: &[Bar], room: usize, theme: Theme) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    let label = label_width(bars.iter().map(|bar| bar.label.as_str()), room);
    let figures = bars
        .iter()
        .map(|bar| width(&bar.figures))
        .max()
        .unwrap_or(0);
    let long = room.saturating_sub(label + figures + 4).min(LONGEST_BAR);
    for bar in bars {
        let mut line = Line::default();
        line.push_span(Span::raw(padded(&bar.label, label, theme)));
        line.push_span(Span::raw("  "));
        if long >= SHORTEST_BAR {
            line.extend(drawn(bar, long, theme));
            line.push_span(Span::raw("  "));
        }
        line.push_span(Span::raw(bar.figures.clone()));
        out.push(cut_line(line, room, theme.glyphs.ellipsis));
    }
    out
}

/// A bar of so many cells: solid up to the figure, its interval as a line with ends.
fn drawn(bar: &Bar, long: usize, theme: Theme) -> Vec<Span<'static>> {
    let glyphs = theme.glyphs;
    let style = theme.tone(bar.tone);
    let cells = |fraction: f64| {
        let within = if fraction.is_finite() {
            fraction.clamp(0.0, 1.0)
        } else {
            0.0
        };
        within * long as f64
    };
    let exact = cells(bar.fraction);
    let Some((low, high)) = bar.interval else {
        let eighths = (exact * (glyphs.parts.len() + 1) as f64).round() as usize;
        let whole = eighths / (glyphs.parts.len() + 1);
        let part = (eighths % (glyphs.parts.len() + 1))
            .checked_sub(1)
            .and_then(|at| glyphs.parts.get(at));
        let mut text = glyphs.full.repeat(whole.min(long));
        text.push_str(part.copied().unwrap_or_default());
        let pad = spaces(long.saturating_sub(width(&text)));
        return vec![Span::styled(text, style), Span::raw(pad)];
    };
    let end = exact.round() as usize;
    // The cells in which the ends of the interval are.
    let low = (cells(low) as usize).min(long - 1).min(end);
    let high = (cells(high).ceil() as usize).clamp(1, long) - 1;
    let notch = if glyphs.notch_reversed {
        style.add_modifier(Modifier::REVERSED)
    } else {
        style
    };
    let mut spans = vec![Span::styled(glyphs.full.repeat(low.min(end)), style)];
    if low < end {
        let inside = glyphs.inside.repeat(end - low - 1);
        spans.push(Span::styled(format!("{}{inside}", glyphs.low), notch));
    }
    if high >= end {
        let start = if low < end { "" } else { glyphs.low };
        let used = end + width(start);
        let outside = glyphs.outside.repeat(high.saturating_sub(used));
        let close = if used <= high { glyphs.high } else { "" };
        spans.push(Span::styled(format!("{start}{outside}{close}"), style));
    }
    let used: usize = spans.iter().map(|span| width(&span.content)).sum();
    spans.push(Span::raw(spaces(long.saturating_sub(used))));
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Tone;

    #[test]
    fn a_bar_is_always_as_long_as_its_place() {
        for ascii in [false, true] {
            let theme = Theme::new(false, ascii);
            for long in [8, 9, 17, 40] {
                for a in 0..=20 {
                    for (low, high) in [(0.0, 1.0), (0.1, 0.3), (0.5, 0.5), (1.0, 1.0), (0.0, 0.0)]
                    {
                        let mut bar = Bar {
                            label: String::new(),
                            figures: String::new(),
                            fraction: f64::from(a) / 20.0,
                            interval: Some((low, high)),
                            tone: Tone::Good,
                        };
                        let line = Line::from(drawn(&bar, long, theme));
                        assert_eq!(line_width(&line), long, "{bar:?} {line}");
                        bar.interval = None;
                        let line = Line::from(drawn(&bar, long, theme));
                        assert_eq!(line_width(&line), long, "{bar:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_bar_of_no_number_is_empty() {
        let bar = Bar {
            label: "x".into(),
            figures: "?".into(),
            fraction: f64::NAN,
            interval: Some((f64::NAN, f64::INFINITY)),
            tone: Tone::Plain,
        };
        let line = Line::from(drawn(&bar, 10, Theme::new(true, true)));
        assert_eq!(line_width(&line), 10);
    }

    #[test]
    fn nothing_is_wider_than_its_room() {
        let blocks = [
            Block::Heading("A heading that is rather long 狗狗币".into()),
            Block::Text(vec![view::Line::plain(
                "words and words and 狗狗币狗狗币 words",
            )]),
            Block::Pairs(vec![(
                "a label".into(),
                view::Line::plain("a value of some length"),
            )]),
            Block::Bars(vec![Bar {
                label: "MOON 🌙".into(),
                figures: "12 of 40  30.0 % (18-45)".into(),
                fraction: 0.3,
                interval: Some((0.18, 0.45)),
                tone: Tone::Good,
            }]),
        ];
        for room in 8..120 {
            for line in lines(&blocks, room, &Keys::default(), Theme::new(false, false)) {
                let wide = line_width(&line);
                assert!(wide <= room, "{wide} > {room}: {line}");
            }
            let _ = flow(&blocks, room, &Keys::default(), Theme::new(false, false));
        }
        assert!(flow(&[], 80, &Keys::default(), Theme::new(false, false)).is_empty());
        let _ = flow(&blocks, 0, &Keys::default(), Theme::new(false, false));
    }
}
