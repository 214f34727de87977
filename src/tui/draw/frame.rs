//! What surrounds every tab: the first header line and the footer.
//!
//! Knows: the state, hints. Must never know: what is in a tab. The range that is marked is that
//! of the numbers on screen; one that is asked for and not there yet has an arrow before it.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::domain::Range;
use crate::tui::keymap::Place;
use crate::tui::rebind::Shown;
use crate::tui::state::{Adding, Drawn, State};
use crate::tui::text::{cut, cut_line, line_width, spaces, styled, width, wrap};
use crate::tui::theme::Theme;
use crate::view::Tab;

use super::put;

/// The most lines of what is said for a moment, or of what was typed.
const MOST_SAID: usize = 3;

/// The first header line: name, DEMO, tabs, ranges.
pub fn top(frame: &mut Frame, area: Rect, state: &State, theme: Theme) {
    let room = usize::from(area.width);
    let all = ranges(state, theme);
    // The fullest wording that fits; the range on its own when the tabs need the line.
    for (tabs, ranges) in tabs(state, theme)
        .into_iter()
        .map(|tabs| (tabs, all.clone()))
        .chain([(short_tab(state, theme), range(state, theme))])
    {
        let (left, right) = (line_width(&tabs), line_width(&ranges));
        if left + right < room {
            let mut line = tabs;
            line.push_span(Span::raw(spaces(room - left - right)));
            line.extend(ranges.spans);
            put(frame, area, 0, &line);
            return;
        }
    }
    let range = range(state, theme);
    let left = room.saturating_sub(line_width(&range) + 1);
    let mut line = cut_line(short_tab(state, theme), left, theme.glyphs.ellipsis);
    push_gap(&mut line, 1);
    line.extend(range.spans);
    put(frame, area, 0, &line);
}

/// Name and tabs, from the fullest wording to the shortest.
fn tabs(state: &State, theme: Theme) -> [Line<'static>; 4] {
    let line = |name: bool, digits: bool, others: bool| {
        let mut line = Line::default();
        if name {
            line.push_span(Span::styled("callboard", theme.key()));
        }
        push_badges(&mut line, 2, state, theme);
        for tab in Tab::EACH {
            push_gap(&mut line, 2);
            let chosen = tab == state.tab;
            let text = match (digits, chosen || others) {
                (true, true) => format!("{} {}", tab.index() + 1, tab.title()),
                (false, true) => tab.title().to_owned(),
                (_, false) => (tab.index() + 1).to_string(),
            };
            line.push_span(Span::styled(text, mark(chosen, theme)));
        }
        line
    };
    [
        line(true, true, true),
        line(true, false, true),
        line(false, false, true),
        line(false, true, false),
    ]
}

fn mark(chosen: bool, theme: Theme) -> ratatui::style::Style {
    if chosen { theme.chosen() } else { theme.dim() }
}

fn push_badges(line: &mut Line<'static>, gap: usize, state: &State, theme: Theme) {
    let demo = state.header.demo.as_ref().map(|_| "DEMO");
    for badge in demo.into_iter().chain(state.frozen.then_some("FROZEN")) {
        push_gap(line, gap);
        line.push_span(Span::styled(badge, theme.badge()));
    }
}

fn short_tab(state: &State, theme: Theme) -> Line<'static> {
    let mut line = Line::default();
    push_badges(&mut line, 1, state, theme);
    push_gap(&mut line, 1);
    line.push_span(Span::styled(state.tab.title(), theme.chosen()));
    line
}

/// Every range, the shown one in brackets, the one asked for with an arrow.
fn ranges(state: &State, theme: Theme) -> Line<'static> {
    let mut line = Line::default();
    for range in Range::EACH {
        push_gap(&mut line, 1);
        line.push_span(range_mark(range, state, theme));
    }
    line
}

/// The shown range, and the one asked for.
fn range(state: &State, theme: Theme) -> Line<'static> {
    let mut line = Line::from(range_mark(state.shown_range(), state, theme));
    if state.shown_range() != state.requested {
        line.push_span(range_mark(state.requested, state, theme));
    }
    line
}

fn range_mark(range: Range, state: &State, theme: Theme) -> Span<'static> {
    let label = range.label();
    if range == state.shown_range() {
        Span::styled(format!("[{label}]"), theme.chosen())
    } else if range == state.requested {
        Span::styled(format!("{}{label}", theme.glyphs.towards), theme.key())
    } else {
        Span::styled(label, theme.dim())
    }
}

fn push_gap(line: &mut Line<'_>, cells: usize) {
    if !line.spans.is_empty() {
        line.push_span(Span::raw(spaces(cells)));
    }
}

/// The last line: a notice or the keys that work here, and where the selection is.
pub fn footer(frame: &mut Frame, area: Rect, state: &State, drawn: Drawn, theme: Theme) {
    let room = usize::from(area.width);
    let place = state.place();
    let whereabouts = whereabouts(state, drawn);
    let keep = width(&whereabouts) + 2;
    let mut line = Line::default();
    if let Some(toast) = &state.toast {
        let most = MOST_SAID.min(usize::from(area.y / 2) + 1);
        let said = said_in(&toast.text, room, most, theme);
        // A long one stands over the last rows for as long as it is there.
        if said.len() > 1 {
            let above = area.y + 1 - said.len() as u16;
            let over = Rect {
                y: above,
                height: said.len() as u16,
                ..area
            };
            for (row, text) in said.into_iter().enumerate() {
                put(frame, over, row, &styled(text, theme.chosen()));
            }
            return;
        }
        let text = said.into_iter().next().unwrap_or_default();
        line.push_span(Span::styled(text.trim_end().to_owned(), theme.chosen()));
    } else {
        if let Some(adding) = &state.adding {
            let text = format!("+ {}", adding.text);
            // The end is what is being typed; a few hints stay.
            line.push_span(Span::styled(
                tail(&text, room.saturating_sub(keep + 24)),
                theme.key(),
            ));
            line.push_span(Span::styled(theme.glyphs.caret, theme.chosen()));
        }
        if place == Place::Filter {
            let text = format!("/{}", state.typed());
            line.push_span(Span::styled(
                tail(&text, room.saturating_sub(keep)),
                theme.key(),
            ));
            line.push_span(Span::styled(theme.glyphs.caret, theme.chosen()));
        }
        if let Some(name) = state.lab.as_ref().and_then(|lab| lab.naming.as_ref()) {
            let text = format!("save as: {name}");
            line.push_span(Span::styled(
                tail(&text, room.saturating_sub(keep)),
                theme.key(),
            ));
            line.push_span(Span::styled(theme.glyphs.caret, theme.chosen()));
        }
        for hint in state.keys.hints(place) {
            let wide = width(&hint.keys) + 1 + width(hint.label) + 2;
            if line_width(&line) + wide + keep > room {
                break;
            }
            push_gap(&mut line, 2);
            push_hint(&mut line, hint, theme);
        }
    }
    let used = line_width(&line);
    if used + keep <= room {
        line.push_span(Span::raw(spaces(room + 2 - used - keep)));
        line.push_span(Span::styled(whereabouts, theme.dim()));
    }
    put(frame, area, 0, &line);
}

/// The line above the one where an address is typed: what to write, or what was wrong with it.
/// Gives what is left of the body.
pub fn adding(frame: &mut Frame, body: Rect, adding: &Adding, theme: Theme) -> Rect {
    if body.height < 2 {
        return body;
    }
    let (text, style) = match (&adding.said, adding.waiting) {
        (_, true) => ("looking it up ...", theme.dim()),
        (Some(said), false) => (said.as_str(), theme.tone(crate::view::Tone::Warn)),
        (None, false) => (
            "paste a token's address, or write CHAIN ADDRESS: it is called now, by you",
            theme.dim(),
        ),
    };
    let most = MOST_SAID.min(usize::from(body.height - 1));
    let said = said_in(text, usize::from(body.width), most, theme);
    let body = Rect {
        height: body.height - said.len() as u16,
        ..body
    };
    let below = Rect {
        y: body.bottom(),
        height: said.len() as u16,
        ..body
    };
    for (row, text) in said.into_iter().enumerate() {
        put(frame, below, row, &styled(text, style));
    }
    body
}

/// A sentence in as many lines as it needs and may have, each as wide as the room.
fn said_in(text: &str, room: usize, most: usize, theme: Theme) -> Vec<String> {
    let wrapped = wrap(&crate::view::Line::plain(text), room);
    let mut lines: Vec<String> = wrapped.iter().map(crate::view::Line::text).collect();
    if lines.len() > most {
        let rest = lines.split_off(most.saturating_sub(1)).join(" ");
        lines.push(cut(&rest, room, theme.glyphs.ellipsis).into_owned());
    }
    for line in &mut lines {
        let pad = room.saturating_sub(width(line));
        line.push_str(&spaces(pad));
    }
    lines
}

fn push_hint<'a>(line: &mut Line<'a>, hint: &'a Shown, theme: Theme) {
    line.push_span(Span::styled(hint.keys.as_str(), theme.key()));
    line.push_span(Span::styled(format!(" {}", hint.label), theme.dim()));
}

/// The end of a text that is being typed.
fn tail(text: &str, room: usize) -> String {
    let mut tail = text;
    while width(tail) > room {
        let mut chars = tail.chars();
        if chars.next().is_none() {
            break;
        }
        tail = chars.as_str();
    }
    tail.to_owned()
}

/// "12/345", and the filter with how many rows it leaves out.
fn whereabouts(state: &State, drawn: Drawn) -> String {
    if state.help.is_some() && drawn.lines <= drawn.fits {
        return String::new();
    }
    match state.place() {
        Place::Filter if state.help.is_some() => {
            format!("{}/{}", drawn.offset + drawn.fits, drawn.lines)
        }
        Place::Help | Place::Page if drawn.lines > drawn.fits => {
            format!("{}/{}", drawn.offset + drawn.fits, drawn.lines)
        }
        Place::Help | Place::Page | Place::Add => String::new(),
        Place::List | Place::PageRows | Place::Filter | Place::Lab | Place::Naming => {
            let list = state.list();
            let screen = list.shown.as_ref().map(|s| &s.screen);
            let all = screen.map_or(0, |screen| screen.table.rows.len());
            let shown = list.arranged.len();
            let at = (list.position + 1).min(shown);
            match (all, list.filter.as_str()) {
                (0, _) => String::new(),
                (_, "") => format!("{at}/{shown}"),
                (_, _) if state.typing => format!("{at}/{shown} of {all}"),
                (_, filter) => format!("/{} {at}/{shown} of {all}", tail(filter, 16)),
            }
        }
    }
}
