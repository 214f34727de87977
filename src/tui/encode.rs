//! Changed cells as few bytes: what a terminal has to be sent so that it shows them.
//!
//! Knows: cells, escape sequences, what is on the terminal already. Must never know: what is drawn,
//! where bytes go. A thin line is the reason: ratatui's own backend moves with an absolute position
//! for each stretch, names both colours each time and cannot know what stands between two changes.
//!
//! Rules that keep it right on terminals which measure a character differently than we do: nothing
//! relative after a character beyond ASCII, nothing beyond ASCII is written again to save a move,
//! and each frame begins with an absolute position and ends with plain attributes. A line feed moves
//! straight down: the terminal is raw.

mod attributes;
mod moves;

use ratatui::buffer::Cell;
use ratatui::layout::Size;
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use super::kind::Dialect;
use attributes::change;
use moves::jump_to;

/// More unchanged cells between two changes are jumped over: writing them is never shorter.
const LONGEST_GAP: u16 = 12;
/// So many unchanged cells between two changes of one look are written with them.
const HARDLY: u16 = 3;
/// Fewer changes are sent as they come.
const FEW: usize = 8;
/// Erasing the rest of a row takes as many bytes.
const ERASE: usize = 3;
/// What can be seen where nothing is written.
const SEEN_ON_BLANK: Modifier = Modifier::REVERSED
    .union(Modifier::UNDERLINED)
    .union(Modifier::SLOW_BLINK)
    .union(Modifier::RAPID_BLINK)
    .union(Modifier::CROSSED_OUT);

/// How a cell looks, whatever it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Look {
    const PLAIN: Self = Self {
        fg: Color::Reset,
        bg: Color::Reset,
        modifier: Modifier::empty(),
    };

    const fn of(cell: &Cell) -> Self {
        Self {
            fg: cell.fg,
            bg: cell.bg,
            modifier: cell.modifier,
        }
    }

    /// Whether a blank of one look cannot be told from a blank of another.
    fn blank_as(self, other: Self) -> bool {
        let plain = |look: Self| !look.modifier.intersects(SEEN_ON_BLANK);
        self == other || (self.bg == other.bg && plain(self) && plain(other))
    }
}

/// Where the terminal writes next.
#[derive(Debug, Clone, Copy)]
struct Cursor {
    /// `None` behind the last column, or where we may have measured otherwise.
    x: Option<u16>,
    y: u16,
    /// Only ASCII was written since the last absolute column: everybody agrees where that is.
    sure: bool,
    /// Only ASCII was written on this row: nobody has wrapped it.
    row_sure: bool,
}

/// A cell that is to be written.
#[derive(Debug, Clone, Copy)]
struct Change<'a> {
    x: u16,
    y: u16,
    cell: &'a Cell,
    /// It takes one column, as what was there did: its neighbours are not concerned.
    alone: bool,
}

/// A stretch of a row that is to be written.
#[derive(Debug)]
struct Run {
    /// `None` while it is blank.
    look: Option<Look>,
    x: u16,
    y: u16,
    end: u16,
    /// From where on its row is blank.
    blank_from: u16,
}

/// What the terminal shows, and how to make it show something else.
#[derive(Debug, Default)]
pub struct Encoder {
    dialect: Dialect,
    size: Size,
    /// Row by row; `None` where it is not known, or covered by a wide character.
    shown: Vec<Option<Cell>>,
    /// For comparing ways.
    scratch: Vec<u8>,
    other: Vec<u8>,
}

impl Encoder {
    /// For a terminal that understands a dialect.
    #[must_use]
    pub fn for_dialect(dialect: Dialect) -> Self {
        Self {
            dialect,
            ..Self::default()
        }
    }

    /// The terminal has this size and is blank.
    pub fn blank(&mut self, size: Size) {
        self.size = size;
        self.shown.clear();
        let cells = usize::from(size.width) * usize::from(size.height);
        self.shown.resize(cells, Some(Cell::EMPTY));
    }

    /// Nothing is known of the terminal but its size.
    pub fn forget(&mut self, size: Size) {
        self.blank(size);
        self.shown.fill(None);
    }

    /// Adds what makes the terminal show these cells, which come row by row, left to right.
    pub fn encode<'a>(
        &mut self,
        content: impl Iterator<Item = (u16, u16, &'a Cell)>,
        out: &mut Vec<u8>,
    ) {
        let changes: Vec<Change> = content
            .filter(|(x, y, cell)| !self.shows(*x, *y, cell))
            .map(|(x, y, cell)| Change {
                x,
                y,
                cell,
                alone: width(cell) == 1 && self.at(x, y).is_some_and(|old| width(old) == 1),
            })
            .collect();
        for change in &changes {
            self.note(change.x, change.y, change.cell);
        }
        let begin = out.len();
        self.by_row(&changes, out);
        // A few figures in each row: those that look the same, column by column, are less.
        if (FEW..=self.shown.len() / 4).contains(&changes.len()) {
            let mut other = std::mem::take(&mut self.other);
            other.clear();
            self.by_look(&changes, &mut other);
            if other.len() < out.len() - begin {
                out.truncate(begin);
                out.extend_from_slice(&other);
            }
            self.other = other;
        }
    }

    /// Row by row, left to right.
    fn by_row(&mut self, changes: &[Change], out: &mut Vec<u8>) {
        let mut pen = Pen::new(out, self.dialect);
        for row in changes.chunk_by(|a, b| a.y == b.y) {
            self.row(row, &mut pen);
        }
        pen.end();
    }

    /// What looks the same together, from left to right, each column from top to bottom: then
    /// attributes seldom change and the next place is a line feed and a few backspaces away.
    fn by_look(&mut self, changes: &[Change], out: &mut Vec<u8>) {
        let mut pen = Pen::new(out, self.dialect);
        // Where half of a wide character is at stake the order matters.
        let odd: Vec<Change> = changes.iter().filter(|c| !c.alone).copied().collect();
        for row in odd.chunk_by(|a, b| a.y == b.y) {
            self.row(row, &mut pen);
        }
        let mut looks: Vec<Look> = vec![Look::PLAIN];
        let mut runs: Vec<(usize, Run)> = Vec::new();
        for run in self.runs(changes) {
            let look = run.look.unwrap_or(Look::PLAIN);
            let at = looks.iter().position(|known| *known == look);
            let at = at.unwrap_or_else(|| {
                looks.push(look);
                looks.len() - 1
            });
            runs.push((at, run));
        }
        runs.sort_by_key(|(look, run)| (*look, run.x, run.y));
        for (look, run) in runs {
            self.go(&mut pen, (run.x, run.y), looks[look]);
            if run.x >= run.blank_from && usize::from(run.end - run.x) > ERASE {
                pen.erase();
                continue;
            }
            for x in run.x..run.end {
                if let Some(cell) = self.at(x, run.y) {
                    pen.put(cell, x, run.y, self.size.width);
                }
            }
        }
        pen.end();
    }

    /// Stretches of one look that change, with what hardly parts them.
    fn runs(&self, changes: &[Change]) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let mut blank_from = (u16::MAX, u16::MAX);
        for change in changes.iter().filter(|change| change.alone) {
            let (x, y) = (change.x, change.y);
            if blank_from.0 != y {
                blank_from = (y, self.blank_from(y));
            }
            if let Some(run) = runs.last_mut()
                && run.y == y
                && (run.end..=run.end + HARDLY).contains(&x)
                && self.prolong(run, x)
            {
                continue;
            }
            let loose = is_blank(change.cell) && Look::of(change.cell).blank_as(Look::PLAIN);
            runs.push(Run {
                look: (!loose).then(|| Look::of(change.cell)),
                x,
                y,
                end: x + 1,
                blank_from: blank_from.1,
            });
        }
        runs
    }

    /// Prolongs a stretch to a column, where it stays one of a single look; says whether it did.
    fn prolong(&self, run: &mut Run, to: u16) -> bool {
        let mut look = run.look;
        for x in run.end..=to {
            let Some(cell) = self.at(x, run.y) else {
                return false;
            };
            if x < to && !is_ascii(cell) {
                return false;
            }
            let its = Look::of(cell);
            match look {
                _ if is_blank(cell) && its.blank_as(look.unwrap_or(Look::PLAIN)) => {}
                // Blank up to here: it takes the look of what follows.
                None if its.blank_as(Look::PLAIN) => look = Some(its),
                Some(look) if look == its => {}
                _ => return false,
            }
        }
        (run.look, run.end) = (look, to + 1);
        true
    }

    fn index(&self, x: u16, y: u16) -> Option<usize> {
        (x < self.size.width && y < self.size.height)
            .then(|| usize::from(y) * usize::from(self.size.width) + usize::from(x))
    }

    fn at(&self, x: u16, y: u16) -> Option<&Cell> {
        self.shown.get(self.index(x, y)?)?.as_ref()
    }

    /// Whether nobody could tell what is there from that cell.
    fn shows(&self, x: u16, y: u16, cell: &Cell) -> bool {
        self.at(x, y).is_some_and(|shown| {
            let (a, b) = (Look::of(shown), Look::of(cell));
            shown.symbol() == cell.symbol() && (a == b || (is_blank(cell) && a.blank_as(b)))
        })
    }

    /// Remembers what is written.
    fn note(&mut self, x: u16, y: u16, cell: &Cell) {
        let wide = width(cell);
        // Whatever was half covered before is not known now.
        let covered = x
            .checked_sub(1)
            .and_then(|left| self.at(left, y))
            .is_some_and(|left| width(left) > 1);
        let before = self.at(x, y).map_or(1, width);
        for right in 1..wide.max(before).max(1) {
            if let Some(at) = self.index(x.saturating_add(right), y) {
                self.shown[at] = None;
            }
        }
        if let Some(at) = self.index(x, y) {
            self.shown[at] = (wide > 0 && !covered).then(|| cell.clone());
        }
    }

    /// From where on a row is blank to its end, in the terminal's own background.
    fn blank_from(&self, y: u16) -> u16 {
        let plain = |x: &u16| {
            self.at(*x, y)
                .is_some_and(|cell| is_blank(cell) && Look::of(cell).blank_as(Look::PLAIN))
        };
        let written = (0..self.size.width).rev().take_while(plain).count();
        self.size.width - u16::try_from(written).unwrap_or(0)
    }

    fn row(&mut self, changes: &[Change], pen: &mut Pen<'_>) {
        let Some(last) = changes.last() else { return };
        let blank_from = if is_blank(last.cell) {
            self.blank_from(last.y)
        } else {
            u16::MAX
        };
        for (i, Change { x, y, cell, .. }) in changes.iter().enumerate() {
            let wanted = pen.wants(cell);
            self.go(pen, (*x, *y), wanted);
            if *x >= blank_from && changes.len() - i > ERASE {
                return pen.erase();
            }
            pen.put(cell, *x, *y, self.size.width);
        }
    }

    /// Brings the cursor to where something of a look is to be written, the shortest way: jumping
    /// there, or writing once more what stands between.
    fn go(&mut self, pen: &mut Pen<'_>, (x, y): (u16, u16), wanted: Look) {
        let from = pen.cursor;
        if from.is_some_and(|from| (from.x, from.y) == (Some(x), y)) {
            return;
        }
        let begin = pen.out.len();
        jump_to(pen.out, from, (x, y), self.dialect);
        let jump = pen.out.len() - begin;
        pen.cursor = Some(Cursor {
            x: Some(x),
            y,
            sure: true,
            row_sure: from.is_none_or(|from| from.row_sure || from.y != y),
        });
        let between = match from {
            Some(Cursor {
                x: Some(at),
                y: on,
                sure: true,
                ..
            }) if on == y && at < x && x - at <= LONGEST_GAP => at..x,
            _ => return,
        };
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        change(&mut scratch, pen.look, wanted, self.dialect);
        let most = jump + scratch.len();
        scratch.clear();
        let mut then = pen.look;
        let known = between.into_iter().all(|x| {
            let cell = self.at(x, y).filter(|cell| is_ascii(cell));
            cell.is_some_and(|cell| {
                put(&mut scratch, &mut then, cell, self.dialect);
                scratch.len() <= most
            })
        });
        let end = scratch.len();
        change(&mut scratch, then, wanted, self.dialect);
        if known && scratch.len() <= most {
            pen.out.truncate(begin);
            pen.out.extend_from_slice(&scratch[..end]);
            pen.look = then;
        }
        self.scratch = scratch;
    }
}

/// What writes: the bytes so far, where the terminal writes next, and how.
struct Pen<'a> {
    out: &'a mut Vec<u8>,
    cursor: Option<Cursor>,
    look: Look,
    dialect: Dialect,
}

impl<'a> Pen<'a> {
    /// At the beginning of a frame: nothing is known of the cursor.
    const fn new(out: &'a mut Vec<u8>, dialect: Dialect) -> Self {
        Self {
            out,
            cursor: None,
            look: Look::PLAIN,
            dialect,
        }
    }

    /// The look to write a cell in: a blank is the same in many.
    fn wants(&self, cell: &Cell) -> Look {
        let its = Look::of(cell);
        if is_blank(cell) && self.look.blank_as(its) {
            self.look
        } else {
            its
        }
    }

    /// Writes a cell where the cursor is.
    fn put(&mut self, cell: &Cell, x: u16, y: u16, columns: u16) {
        put(self.out, &mut self.look, cell, self.dialect);
        let (ascii, wide) = (is_ascii(cell), width(cell));
        let next = x.saturating_add(wide);
        let before = self.cursor.filter(|before| before.y == y);
        self.cursor = Some(Cursor {
            x: (wide == 1 && next < columns).then_some(next),
            y,
            sure: ascii && before.is_none_or(|before| before.sure),
            row_sure: ascii && before.is_none_or(|before| before.row_sure),
        });
    }

    /// Makes the row blank from the cursor on.
    fn erase(&mut self) {
        if !self.look.blank_as(Look::PLAIN) {
            change(self.out, self.look, Look::PLAIN, self.dialect);
            self.look = Look::PLAIN;
        }
        self.out.extend_from_slice(b"\x1b[K");
    }

    fn end(self) {
        change(self.out, self.look, Look::PLAIN, self.dialect);
    }
}

fn is_ascii(cell: &Cell) -> bool {
    matches!(cell.symbol().as_bytes(), [b' '..=b'~'])
}

fn is_blank(cell: &Cell) -> bool {
    cell.symbol() == " "
}

fn width(cell: &Cell) -> u16 {
    match cell.symbol().as_bytes() {
        [b' '..=b'~'] => 1,
        _ => u16::try_from(cell.symbol().width()).unwrap_or(u16::MAX),
    }
}

/// Writes a cell where the cursor is.
fn put(out: &mut Vec<u8>, look: &mut Look, cell: &Cell, dialect: Dialect) {
    let wanted = Look::of(cell);
    if !(is_blank(cell) && look.blank_as(wanted)) && *look != wanted {
        change(out, *look, wanted, dialect);
        *look = wanted;
    }
    out.extend_from_slice(cell.symbol().as_bytes());
}

#[cfg(test)]
mod tests;
