//! Text measured in cells of the terminal: width, cutting, wrapping.
//!
//! Knows: how wide text is. Must never know: what it means or where it goes.

use std::borrow::Cow;

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::view;

/// How many cells a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// How many cells a line takes.
#[must_use]
pub fn line_width(line: &Line) -> usize {
    line.spans.iter().map(|span| width(&span.content)).sum()
}

/// The longest beginning of a text that fits, never half a wide character.
fn beginning(text: &str, room: usize) -> &str {
    let mut end = 0;
    for (at, c) in text.char_indices() {
        let next = at + c.len_utf8();
        if width(&text[..next]) > room {
            break;
        }
        end = next;
    }
    &text[..end]
}

/// The text, cut with an ellipsis if it does not fit.
#[must_use]
pub fn cut<'a>(text: &'a str, room: usize, ellipsis: &str) -> Cow<'a, str> {
    if text.len() <= room || width(text) <= room {
        return Cow::Borrowed(text);
    }
    let mark = width(ellipsis);
    if room < mark {
        return Cow::Borrowed("");
    }
    Cow::Owned(format!("{}{ellipsis}", beginning(text, room - mark)))
}

/// The line, cut with an ellipsis if it does not fit.
#[must_use]
pub fn cut_line(mut line: Line<'static>, room: usize, ellipsis: &str) -> Line<'static> {
    if line_width(&line) <= room {
        return line;
    }
    let Some(mut left) = room.checked_sub(width(ellipsis)) else {
        return Line::default();
    };
    let mut spans = Vec::new();
    for span in line.spans.drain(..) {
        let wide = width(&span.content);
        if wide <= left {
            left -= wide;
            spans.push(span);
        } else {
            let kept = format!("{}{ellipsis}", beginning(&span.content, left));
            spans.push(Span::styled(kept, span.style));
            break;
        }
    }
    Line::from(spans)
}

/// The line in pieces that fit, broken between words where it can be.
#[must_use]
pub fn wrap(line: &view::Line, room: usize) -> Vec<view::Line> {
    let room = room.max(1);
    let mut out = vec![view::Line::default()];
    let mut used = 0;
    for words in &line.0 {
        for piece in pieces(&words.text) {
            let mut piece = piece;
            loop {
                let bare = width(piece.trim_end());
                if used + bare <= room {
                    break;
                }
                if used > 0 {
                    out.push(view::Line::default());
                    used = 0;
                    continue;
                }
                // A word longer than a line.
                let head = match beginning(piece, room) {
                    "" => piece,
                    head => head,
                };
                push(&mut out, head, words.tone);
                piece = &piece[head.len()..];
                if piece.is_empty() {
                    break;
                }
                out.push(view::Line::default());
            }
            push(&mut out, piece, words.tone);
            used += width(piece);
        }
    }
    for last in out.iter_mut().filter_map(|line| line.0.last_mut()) {
        last.text.truncate(last.text.trim_end_matches(' ').len());
    }
    out
}

/// Words with the space behind them. A percent sign stays with its figure.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest
            .match_indices(' ')
            .map(|(at, space)| at + space.len())
            .find(|end| !rest[*end..].starts_with('%'))
            .unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

fn push(out: &mut [view::Line], text: &str, tone: view::Tone) {
    let Some(line) = out.last_mut() else { return };
    if text.is_empty() || (line.0.is_empty() && text == " ") {
        return;
    }
    match line.0.last_mut() {
        Some(last) if last.tone == tone => last.text.push_str(text),
        _ => line.0.push(view::Words::new(text, tone)),
    }
}

/// So many spaces.
#[must_use]
pub fn spaces(n: usize) -> String {
    " ".repeat(n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Tone;

    #[test]
    fn a_wide_character_is_never_split() {
        assert_eq!(cut("漢字漢字", 8, "…"), "漢字漢字");
        assert_eq!(cut("漢字漢字", 7, "…"), "漢字漢…");
        assert_eq!(cut("漢字漢字", 6, "…"), "漢字…");
        assert_eq!(cut("漢字", 1, "…"), "…");
        assert_eq!(cut("漢字", 0, "…"), "");
        assert_eq!(cut("a🚀b🚀c", 5, "~"), "a🚀b~");
        for room in 0..12 {
            assert!(width(&cut("狗狗币🐕moon狗", room, "…")) <= room);
        }
    }

    #[test]
    fn a_line_is_cut_where_it_ends() {
        let line = || Line::from(vec![Span::raw("abc"), Span::raw("def")]);
        for room in 0..8 {
            let cut = cut_line(line(), room, "…");
            assert!(line_width(&cut) <= room, "{room}: {cut:?}");
        }
        assert_eq!(cut_line(line(), 5, "…").to_string(), "abcd…");
        assert_eq!(cut_line(line(), 3, "…").to_string(), "ab…");
        assert_eq!(cut_line(line(), 6, "…").to_string(), "abcdef");
    }

    #[test]
    fn wrapping_keeps_every_word_and_every_line_fits() {
        let line = view::Line::plain("one two three ").and("狗狗币狗狗币 four", Tone::Bad);
        for room in 2..30 {
            let wrapped = wrap(&line, room);
            for piece in &wrapped {
                assert!(width(piece.text().trim_end()) <= room, "{room}: {piece:?}");
            }
            let joined: String = wrapped.iter().map(view::Line::text).collect();
            assert_eq!(joined.replace(' ', ""), "onetwothree狗狗币狗狗币four");
        }
        let figure = view::Line::plain("at most 50 % of it");
        assert_eq!(wrap(&figure, 10)[1].text(), "50 % of it");
        assert_eq!(wrap(&view::Line::default(), 10).len(), 1);
        assert_eq!(wrap(&line, 0).len(), wrap(&line, 1).len());
    }
}
