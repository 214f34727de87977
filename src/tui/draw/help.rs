//! The help: every key from the table, what the columns of the tab in front say, its notes.
//!
//! Knows: the key table, columns. Must never know: what an action does.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::keymap::Context;
use crate::tui::rebind::Keys;
use crate::tui::state::{Drawn, State};
use crate::tui::text::{mark_found, matches, spaces, styled, width, wrap};
use crate::tui::theme::Theme;
use crate::view;

use super::{blocks, scrolled};

/// A column of the help is at least this wide before there are two.
const COLUMN: usize = 58;

/// Draws the help.
pub fn draw(frame: &mut Frame, area: Rect, state: &State, scroll: usize, theme: Theme) -> Drawn {
    let inner = Rect {
        x: area.x + 2.min(area.width),
        width: area.width.saturating_sub(2),
        ..area
    };
    let lines = lines(state, usize::from(inner.width).saturating_sub(2), theme);
    scrolled(frame, inner, &lines, scroll, theme)
}

/// The whole help in lines of a width.
fn lines(state: &State, room: usize, theme: Theme) -> Vec<Line<'static>> {
    let mut sections: Vec<(String, Vec<(String, &str)>)> = Vec::new();
    if let Some(demo) = &state.header.demo {
        sections.push((demo.clone(), vec![]));
    }
    for context in Context::EACH {
        let rows = state.keys.of(context);
        let rows = rows.map(|b| (b.labels(), b.binding.help)).collect();
        sections.push((context.title().to_owned(), rows));
    }
    if let Some(shown) = &state.list().shown {
        let columns = &shown.screen.table.columns;
        let rows: Vec<_> = columns
            .iter()
            .filter(|c| !c.help.is_empty())
            .map(|c| (c.title.to_owned(), c.help))
            .collect();
        if !rows.is_empty() {
            sections.push((format!("Columns of {}", state.tab.title()), rows));
        }
    }
    let needle = state.help_search.trim();
    if !needle.is_empty() {
        return found(sections, needle, room, &state.keys, theme);
    }
    let notes = state.list().shown.as_ref().map(|s| &s.screen.notes);
    let notes = notes.filter(|notes| !notes.is_empty());
    let count = blocks::columns(sections.len(), room, COLUMN);
    let each = (room + 4) / count - 4.min(room);
    let mut sections: Vec<Vec<Line>> = sections
        .into_iter()
        .map(|(title, rows)| section(&title, &rows, each, theme))
        .collect();
    // A short screen may have no room for them.
    if let Some(notes) = notes {
        let title = format!("Notes on {}", state.tab.title());
        let mut lines = section(&title, &[], each, theme);
        let wrapped = notes.iter().flat_map(|note| wrap(note, each));
        lines.extend(wrapped.map(|line| theme.line(&line)));
        sections.push(lines);
    }
    blocks::side_by_side(sections, count, each)
}

/// What of the help contains a text, and where.
fn found(
    sections: Vec<(String, Vec<(String, &str)>)>,
    needle: &str,
    room: usize,
    keys: &Keys,
    theme: Theme,
) -> Vec<Line<'static>> {
    let holds = |text: &str| !matches(text, needle).is_empty();
    let kept: Vec<_> = sections
        .into_iter()
        .map(|(title, mut rows)| {
            if !holds(&title) {
                rows.retain(|(key, help)| holds(key) || holds(help));
            }
            (title, rows)
        })
        .filter(|(_, rows)| !rows.is_empty())
        .collect();
    if kept.is_empty() {
        let text = format!("nothing here contains \"{needle}\"; {}", keys.drop_search());
        let wrapped = wrap(&view::Line::plain(text), room);
        return wrapped.iter().map(|line| theme.line(line)).collect();
    }
    let count = blocks::columns(kept.len(), room, COLUMN);
    let each = (room + 4) / count - 4.min(room);
    let kept = kept
        .into_iter()
        .map(|(title, rows)| {
            let lines = section(&title, &rows, each, theme).into_iter();
            lines
                .map(|line| mark_found(line, needle, theme.found()))
                .collect()
        })
        .collect();
    blocks::side_by_side(kept, count, each)
}

fn section(title: &str, rows: &[(String, &str)], room: usize, theme: Theme) -> Vec<Line<'static>> {
    let mut lines: Vec<Line> = wrap(&view::Line::plain(title), room)
        .iter()
        .map(|line| styled(line.text(), theme.heading()))
        .collect();
    let wide = rows.iter().map(|(key, _)| width(key)).max().unwrap_or(0);
    let wide = wide.max(13).min(room / 2);
    for (key, help) in rows {
        let text = wrap(&view::Line::plain(*help), room.saturating_sub(wide + 2));
        for (at, part) in text.iter().enumerate() {
            let key = if at == 0 { key.as_str() } else { "" };
            let pad = spaces((wide + 2).saturating_sub(width(key)));
            lines.push(Line::from(vec![
                Span::styled(key.to_owned(), theme.key()),
                Span::raw(pad),
                Span::raw(part.text()),
            ]));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Range;
    use crate::view::Tab;

    #[test]
    fn every_row_of_the_table_is_in_the_help() {
        let state = State::new(Tab::Tracker, Range::D7);
        for room in [76, 196] {
            let lines = lines(&state, room, Theme::new(true, false));
            let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
            let text = text.join("\n");
            for context in Context::EACH {
                for row in state.keys.of(context) {
                    assert!(text.contains(row.binding.help), "{row:?}");
                    assert!(text.contains(&row.labels()), "{row:?}");
                }
            }
        }
    }

    #[test]
    fn a_search_leaves_what_contains_it_and_marks_it() {
        let mut state = State::new(Tab::Tracker, Range::D7);
        let theme = Theme::new(false, false);
        state.help_search = "CLIPboard".to_owned();
        let found = lines(&state, 76, theme);
        let text: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(text.iter().any(|line| line.starts_with("y ")), "{text:?}");
        assert!(!text.iter().any(|line| line.contains("quit")), "{text:?}");
        let marked = found.iter().flat_map(|line| &line.spans);
        let marked: Vec<_> = marked.filter(|s| s.style == theme.found()).collect();
        assert!(!marked.is_empty());
        assert!(marked.iter().all(|s| s.content == "clipboard"));
        state.help_search = "no such thing".to_owned();
        let none = lines(&state, 76, theme);
        assert!(none[0].to_string().contains("no such thing"));
    }

    #[test]
    fn any_width_will_do() {
        let state = State::new(Tab::Tracker, Range::D7);
        for room in 0..140 {
            assert!(!lines(&state, room, Theme::new(false, false)).is_empty());
        }
    }
}
