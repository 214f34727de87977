//! The text of a table in lower case and in one piece, so that a filter runs over 100,000 rows
//! within the time of a key.
//!
//! It follows from the rows and is no part of what a screen says. Whoever makes a screen may have
//! it made at once, away from the screen's thread; else it is made when it is first asked for.

use std::sync::OnceLock;

use super::Table;

/// Between two texts: no text from outside holds it, and no key types it.
const BETWEEN: u8 = b'\n';

/// Fewer rows are folded in a fraction of a frame, and mostly nobody asks: each screen is a new one.
const MANY: usize = 1_000;

/// The folded text of a table.
#[derive(Debug, Clone, Default)]
pub struct Folded(OnceLock<Lines>);

/// Keys and cells of all rows, each followed by [`BETWEEN`].
#[derive(Debug, Clone, Default)]
struct Lines {
    text: String,
    /// Where each row ends.
    ends: Vec<usize>,
    /// Where each row's key ends.
    keys: Vec<usize>,
}

/// What follows from the rows is the same where they are.
impl PartialEq for Folded {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Folded {
    /// Makes it now, where that takes longer than a key may.
    pub fn prepare(&self, table: &Table) {
        if table.rows.len() >= MANY {
            self.lines(table);
        }
    }

    fn lines(&self, table: &Table) -> &Lines {
        self.0.get_or_init(|| {
            let mut lines = Lines::default();
            for row in table.rows.iter() {
                lines.push(&row.key);
                lines.keys.push(lines.text.len());
                for cell in &row.cells {
                    lines.push(&cell.text);
                }
                lines.ends.push(lines.text.len());
            }
            lines
        })
    }

    /// Which rows hold a needle in lower case, in the key or in one cell.
    #[must_use]
    pub fn matching(&self, table: &Table, needle: &str) -> Vec<bool> {
        let lines = self.lines(table);
        let mut found = vec![needle.is_empty(); lines.ends.len()];
        if needle.is_empty() || needle.contains(char::from(BETWEEN)) {
            return found;
        }
        let short = needle.chars().count() < super::table::WITHIN_KEYS;
        let finder = memchr::memmem::Finder::new(needle);
        let (text, mut from, mut row) = (lines.text.as_bytes(), 0, 0);
        while let Some(at) = finder.find(&text[from..]).map(|at| from + at) {
            // The next row with a match is seldom far: in steps that double.
            let mut step = 1;
            while lines.ends.get(row + step).is_some_and(|end| *end <= at) {
                row += step;
                step *= 2;
            }
            let near = lines.ends.len().min(row + step);
            row += lines.ends[row..near].partition_point(|end| *end <= at);
            let (Some(mark), Some(end)) = (found.get_mut(row), lines.ends.get(row)) else {
                break;
            };
            // Nobody sees a key: a short needle is looked for at its beginning only.
            let begins = row.checked_sub(1).and_then(|i| lines.ends.get(i)).copied();
            let in_key = lines.keys.get(row).is_some_and(|end| at < *end);
            if short && in_key && at != begins.unwrap_or(0) {
                from = at + 1;
                continue;
            }
            *mark = true;
            from = *end;
        }
        found
    }
}

impl Lines {
    fn push(&mut self, text: &str) {
        if text.is_ascii() {
            let from = self.text.len();
            self.text.push_str(text);
            self.text[from..].make_ascii_lowercase();
        } else {
            self.text.push_str(&text.to_lowercase());
        }
        self.text.push(char::from(BETWEEN));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Cell, Row};

    fn table(rows: &[&[&str]]) -> Table {
        let rows = rows.iter().enumerate().map(|(i, cells)| Row {
            key: format!("K{i}"),
            cells: cells.iter().map(|text| Cell::word(*text)).collect(),
            dim: false,
            copy: String::new(),
        });
        Table {
            columns: vec![],
            rows: rows.collect(),
        }
    }

    #[test]
    fn it_finds_what_the_rows_themselves_find() {
        let table = table(&[
            &["beta", "1.5"],
            &["Alpha", "-"],
            &[],
            &["狗狗币 ÄB", "İx"],
            &["ab", "c"],
            &["alphaalpha", "ALPHA"],
        ]);
        let folded = Folded::default();
        for needle in [
            "", "a", "alpha", "äb", "狗", "k3", "k", "bc", "b\nc", "i̇", "x", "zz", "5",
        ] {
            let found = folded.matching(&table, needle);
            let rows: Vec<usize> = (0..found.len()).filter(|i| found[*i]).collect();
            assert_eq!(rows, table.arrange(None, needle), "{needle}");
        }
    }

    #[test]
    fn nothing_is_found_in_no_rows() {
        let folded = Folded::default();
        assert!(folded.matching(&table(&[]), "a").is_empty());
    }
}
