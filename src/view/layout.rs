//! Text measured in cells of a terminal, and the columns of a table that fit a width: one rule
//! for the dashboard and the text report.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

use super::rows::Excerpt;
use super::table::{Align, Line, Tone, Words};

/// A column of names is not squeezed below this.
const NARROWEST: usize = 4;
/// Nor below this where fewer columns of numbers, but two, make room for it.
const READABLE: usize = 9;

/// How many cells a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    if is_plain(text) {
        return text.len();
    }
    text.width()
}

/// Whether each of its bytes is a character that takes one cell: so is nearly all that is ever
/// measured.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// The longest beginning of a text that fits, never half a wide character.
pub fn beginning(text: &str, room: usize) -> &str {
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

/// The line in pieces that fit, broken between words where it can be.
#[must_use]
pub fn wrap(line: &Line, room: usize) -> Vec<Line> {
    let room = room.max(1);
    let mut out = vec![Line::default()];
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
                    out.push(Line::default());
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
                out.push(Line::default());
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

fn push(out: &mut [Line], text: &str, tone: Tone) {
    let Some(line) = out.last_mut() else { return };
    if text.is_empty() || (line.0.is_empty() && text == " ") {
        return;
    }
    match line.0.last_mut() {
        Some(last) if last.tone == tone => last.text.push_str(text),
        _ => line.0.push(Words::new(text, tone)),
    }
}

/// So many spaces.
#[must_use]
pub fn spaces(n: usize) -> Cow<'static, str> {
    const SPACES: &str = "                                                                ";
    match SPACES.get(..n) {
        Some(spaces) => Cow::Borrowed(spaces),
        None => Cow::Owned(" ".repeat(n)),
    }
}

/// Chooses the columns for a width, each with its width: the highest priority number goes first,
/// the column named `keep` and those of priority 0 as long as there is any room. `title` gives
/// the width of a column's heading, `arrow` the cells of the sign beside figures that rise and fall.
///
/// Too narrow even for those that stay, numbers go from the right until names can be read; in the
/// end names are squeezed, but a number is shown whole or not at
/// all: half a number is another number.
#[must_use]
pub fn fit(
    part: &Excerpt<'_>,
    room: usize,
    gap: usize,
    keep: Option<&str>,
    arrow: usize,
    title: impl Fn(usize) -> usize,
) -> Vec<(usize, usize)> {
    let table = part.table;
    let wide = |index: usize| {
        let arrow = if table.columns[index].moves { arrow } else { 0 };
        (index, (needs(part, index) + arrow).max(title(index)))
    };
    let kept = |index: usize| keep == Some(table.columns[index].key);
    let left = |index: usize| table.columns[index].align == Align::Left;
    // What cannot be on screen is not even worded: the first that does not fit ends it.
    let (stay, mut come): (Vec<usize>, Vec<usize>) =
        (0..table.columns.len()).partition(|at| table.columns[*at].priority == 0 || kept(*at));
    let mut columns: Vec<(usize, usize)> = stay.into_iter().map(wide).collect();
    come.sort_by_key(|at| table.columns[*at].priority);
    for index in come {
        columns.push(wide(index));
        if total(&columns, gap) > room {
            columns.pop();
            break;
        }
    }
    columns.sort_unstable();
    let squeezed = |columns: &[(usize, usize)], narrowest: usize| {
        let least = columns.iter().map(|(index, wide)| {
            let least = if left(*index) {
                narrowest.min(*wide)
            } else {
                *wide
            };
            (*index, least)
        });
        total(&least.collect::<Vec<_>>(), gap)
    };
    let number = |(index, _): &(usize, usize)| !left(*index) && !kept(*index);
    let mut readable = columns.clone();
    while squeezed(&readable, READABLE) > room
        && readable.iter().filter(|column| number(column)).count() > 2
        && let Some(at) = readable.iter().rposition(number)
    {
        readable.remove(at);
    }
    if squeezed(&readable, READABLE) <= room {
        columns = readable;
    }
    while columns.len() > 1 && squeezed(&columns, NARROWEST) > room {
        let widest = columns
            .iter()
            .enumerate()
            .filter(|(_, (index, _))| !left(*index) && !kept(*index))
            .max_by_key(|(at, (_, wide))| (*wide, *at));
        let at = widest.map_or(columns.len() - 1, |(at, _)| at);
        columns.remove(at);
    }
    while total(&columns, gap) > room {
        let widest = columns
            .iter_mut()
            .filter(|(index, wide)| *wide > NARROWEST && left(*index))
            .max_by_key(|(_, wide)| *wide);
        let Some((_, wide)) = widest else { break };
        *wide -= 1;
    }
    columns
}

/// The cells that columns take, gaps included.
#[must_use]
pub fn total(columns: &[(usize, usize)], gap: usize) -> usize {
    let gaps = columns.len().saturating_sub(1) * gap;
    columns.iter().map(|(_, wide)| wide).sum::<usize>() + gaps
}

/// The cells a column would like: its widest text within its bound.
fn needs(part: &Excerpt<'_>, index: usize) -> usize {
    let cells = part.column(index).iter();
    let widest = cells.map(|cell| width(&cell.text)).max().unwrap_or(0);
    widest.min(usize::from(part.table.columns[index].max_width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_is_as_wide_as_it_is_long() {
        for c in (0..=0x24F).filter_map(char::from_u32) {
            let text = format!("a{c}b");
            assert_eq!(width(&text), text.width(), "{c:?}");
        }
        for n in [0, 1, 63, 64, 65, 300] {
            assert_eq!(spaces(n), " ".repeat(n));
        }
    }

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
    fn wrapping_keeps_every_word_and_every_line_fits() {
        let line = Line::plain("one two three ").and("狗狗币狗狗币 four", Tone::Bad);
        for room in 2..30 {
            let wrapped = wrap(&line, room);
            for piece in &wrapped {
                assert!(width(piece.text().trim_end()) <= room, "{room}: {piece:?}");
            }
            let joined: String = wrapped.iter().map(Line::text).collect();
            assert_eq!(joined.replace(' ', ""), "onetwothree狗狗币狗狗币four");
        }
        let figure = Line::plain("at most 50 % of it");
        assert_eq!(wrap(&figure, 10)[1].text(), "50 % of it");
        assert_eq!(wrap(&Line::default(), 10).len(), 1);
        assert_eq!(wrap(&line, 0).len(), wrap(&line, 1).len());
    }
}
