//! Lines of the terminal library, measured and cut. What concerns text alone is in
//! [`crate::view::layout`], which the text report uses too.
//!
//! Knows: how wide text is. Must never know: what it means or where it goes.

use ratatui::text::{Line, Span};

pub use crate::view::layout::{cut, spaces, width, wrap};

use crate::view::layout::beginning;

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
}
