//! Lines of the terminal library, measured and cut. What concerns text alone is in
//! [`crate::view::layout`], which the text report uses too.
//!
//! Knows: how wide text is. Must never know: what it means or where it goes.

use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

pub use crate::view::layout::{cut, spaces, width, wrap};

use crate::view::layout::beginning;

/// A line of one style. The style lies with the text: that of a line is lost where lines are put
/// together.
pub fn styled(text: impl Into<std::borrow::Cow<'static, str>>, style: Style) -> Line<'static> {
    Line::from(Span::styled(text, style))
}

/// How many cells a line takes.
#[must_use]
pub fn line_width(line: &Line) -> usize {
    line.spans.iter().map(|span| width(&span.content)).sum()
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

/// Where a text holds another one, without case: stretches of bytes that do not overlap.
#[must_use]
pub fn matches(text: &str, needle: &str) -> Vec<Range<usize>> {
    let needle: Vec<char> = needle.chars().flat_map(char::to_lowercase).collect();
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(first) = text.get(from..).and_then(|rest| rest.chars().next()) {
        match matched(&text[from..], &needle) {
            Some(long) => {
                found.push(from..from + long);
                from += long;
            }
            None => from += first.len_utf8(),
        }
    }
    found
}

/// How many bytes at the beginning of a text are another one in lower case; `None` when it does
/// not begin so, and for an empty one.
fn matched(text: &str, needle: &[char]) -> Option<usize> {
    let mut left = needle;
    for (at, c) in text.char_indices() {
        for lower in c.to_lowercase() {
            left = left.strip_prefix(&[lower])?;
        }
        if left.is_empty() {
            return Some(at + c.len_utf8());
        }
    }
    None
}

/// The line with a style over each place within a span that holds a text.
#[must_use]
pub fn mark_found<'a>(line: Line<'a>, needle: &str, style: Style) -> Line<'a> {
    if needle.is_empty() {
        return line;
    }
    let mut out = Line::default().style(line.style);
    for span in line.spans {
        let mut from = 0;
        for found in matches(&span.content, needle) {
            if found.start > from {
                out.push_span(Span::styled(
                    span.content[from..found.start].to_owned(),
                    span.style,
                ));
            }
            from = found.end;
            let style = span.style.patch(style);
            out.push_span(Span::styled(span.content[found].to_owned(), style));
        }
        if from == 0 {
            out.push_span(span);
        } else if from < span.content.len() {
            out.push_span(Span::styled(span.content[from..].to_owned(), span.style));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn matches_are_found_without_case_in_any_script() {
        assert_eq!(matches("MOON moon Mo", "moon"), [0..4, 5..9]);
        assert_eq!(matches("aaaaa", "AA"), [0..2, 2..4]);
        assert_eq!(matches("月亮猫月", "月"), [0..3, 9..12]);
        assert_eq!(matches("ÄB äb", "äb"), [0..3, 4..7]);
        assert!(matches("abc", "").is_empty());
        assert!(matches("ab", "abc").is_empty());
    }

    #[test]
    fn a_marked_line_says_the_same() {
        let line = Line::from(vec![Span::raw("a MOON b"), Span::raw("moon")]);
        let marked = mark_found(line.clone(), "moon", Style::new());
        assert_eq!(marked.to_string(), line.to_string());
        assert_eq!(marked.spans.len(), 4);
    }
}
