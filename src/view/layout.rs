//! Text measured in cells of a terminal, and the columns of a table that fit a width: one rule
//! for the dashboard and the text report.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::table::{Row, Table};

/// A column is not squeezed below this.
const NARROWEST: usize = 4;

/// How many cells a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text cut to a width, with an ellipsis where something is missing; never half a wide
/// character, never wider than asked.
#[must_use]
pub fn cut(text: &str, room: usize, ellipsis: &str) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mark = width(ellipsis);
    let keep = room.saturating_sub(mark);
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > keep {
            break;
        }
        used += wide;
        out.push(c);
    }
    if used + mark <= room {
        out.push_str(ellipsis);
    }
    out
}

/// Chooses the columns for a width, each with its width: the highest priority number goes first,
/// `keep` and priority 0 never. `title` gives the width of a column's heading.
#[must_use]
pub fn fit(
    table: &Table,
    rows: &[&Row],
    room: usize,
    gap: usize,
    keep: Option<&str>,
    title: impl Fn(usize) -> usize,
) -> Vec<(usize, usize)> {
    let mut columns: Vec<(usize, usize)> = table
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let widest = rows
                .iter()
                .filter_map(|row| row.cells.get(index))
                .map(|cell| width(&cell.text))
                .chain([title(index)])
                .max()
                .unwrap_or(0);
            (index, widest.min(usize::from(column.max_width).max(1)))
        })
        .collect();
    while total(&columns, gap) > room {
        let droppable = columns
            .iter()
            .enumerate()
            .filter(|(_, (index, _))| {
                let column = &table.columns[*index];
                column.priority > 0 && keep != Some(column.key)
            })
            .max_by_key(|(at, (index, _))| (table.columns[*index].priority, *at));
        let Some((at, _)) = droppable else { break };
        columns.remove(at);
    }
    while total(&columns, gap) > room {
        let widest = columns
            .iter_mut()
            .filter(|(_, wide)| *wide > NARROWEST)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_never_splits_a_wide_character_or_overflows() {
        for (text, room, want) in [
            ("hello", 5, "hello"),
            ("hello", 4, "hel…"),
            ("狗狗币", 6, "狗狗币"),
            ("狗狗币", 5, "狗狗…"),
            ("狗狗币", 4, "狗…"),
            ("狗狗币", 1, "…"),
            ("狗", 0, ""),
        ] {
            assert_eq!(cut(text, room, "…"), want, "{text} in {room}");
            assert!(width(&cut(text, room, "…")) <= room);
        }
    }
}
