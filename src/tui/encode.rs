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

use std::io::Write as _;

use ratatui::buffer::Cell;
use ratatui::layout::Size;
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

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
    size: Size,
    /// Row by row; `None` where it is not known, or covered by a wide character.
    shown: Vec<Option<Cell>>,
    /// For comparing ways.
    scratch: Vec<u8>,
    other: Vec<u8>,
}

impl Encoder {
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
        let mut pen = Pen::new(out);
        for row in changes.chunk_by(|a, b| a.y == b.y) {
            self.row(row, &mut pen);
        }
        pen.end();
    }

    /// What looks the same together, from left to right, each column from top to bottom: then
    /// attributes seldom change and the next place is a line feed and a few backspaces away.
    fn by_look(&mut self, changes: &[Change], out: &mut Vec<u8>) {
        let mut pen = Pen::new(out);
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
        jump_to(pen.out, from, x, y);
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
        change(&mut scratch, pen.look, wanted);
        let most = jump + scratch.len();
        scratch.clear();
        let mut then = pen.look;
        let known = between.into_iter().all(|x| {
            let cell = self.at(x, y).filter(|cell| is_ascii(cell));
            cell.is_some_and(|cell| {
                put(&mut scratch, &mut then, cell);
                scratch.len() <= most
            })
        });
        let end = scratch.len();
        change(&mut scratch, then, wanted);
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
}

impl<'a> Pen<'a> {
    /// At the beginning of a frame: nothing is known of the cursor.
    const fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            cursor: None,
            look: Look::PLAIN,
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
        put(self.out, &mut self.look, cell);
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
            change(self.out, self.look, Look::PLAIN);
            self.look = Look::PLAIN;
        }
        self.out.extend_from_slice(b"\x1b[K");
    }

    fn end(self) {
        change(self.out, self.look, Look::PLAIN);
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
fn put(out: &mut Vec<u8>, look: &mut Look, cell: &Cell) {
    let wanted = Look::of(cell);
    if !(is_blank(cell) && look.blank_as(wanted)) && *look != wanted {
        change(out, *look, wanted);
        *look = wanted;
    }
    out.extend_from_slice(cell.symbol().as_bytes());
}

/// The shortest jump.
fn jump_to(out: &mut Vec<u8>, cursor: Option<Cursor>, x: u16, y: u16) {
    let begin = out.len();
    // Writing into memory cannot fail.
    let _ = match x {
        0 => write!(out, "\x1b[{}H", y + 1),
        x => write!(out, "\x1b[{};{}H", y + 1, x + 1),
    };
    let mut shorter = |way: &dyn Fn(&mut Vec<u8>)| {
        let middle = out.len();
        way(out);
        if out.len() - middle < middle - begin {
            out.drain(begin..middle);
        } else {
            out.truncate(middle);
        }
    };
    let Some(cursor) = cursor else { return };
    if cursor.y == y {
        shorter(&|out| {
            let _ = write!(out, "\x1b[{}G", x + 1);
        });
    } else if !cursor.row_sure || cursor.y > y {
        return;
    }
    let down = |out: &mut Vec<u8>| match y - cursor.y {
        n @ 0..=4 => out.extend(std::iter::repeat_n(b'\n', n.into())),
        n => {
            let _ = write!(out, "\x1b[{n}B");
        }
    };
    if let (Some(at), true) = (cursor.x, cursor.sure) {
        shorter(&|out| {
            down(out);
            match (at.checked_sub(x), x.checked_sub(at)) {
                (Some(back @ 0..=4), _) if cursor.y < y => {
                    out.extend(std::iter::repeat_n(8, back.into()));
                }
                (Some(back), _) => {
                    let _ = write!(out, "\x1b[{back}D");
                }
                (None, ahead) => forward(out, ahead.unwrap_or(0)),
            }
        });
    }
    if cursor.y < y {
        shorter(&|out| {
            out.push(b'\r');
            down(out);
            forward(out, x);
        });
    }
}

fn forward(out: &mut Vec<u8>, columns: u16) {
    let _ = match columns {
        0 => Ok(()),
        1 => write!(out, "\x1b[C"),
        n => write!(out, "\x1b[{n}C"),
    };
}

/// Plain attributes.
const RESET: &[u8] = b"\x1b[0m";

/// What turns an attribute on, and what turns it off.
const MODIFIERS: [(Modifier, u8, u8); 9] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::RAPID_BLINK, 6, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

/// Changes the attributes: step by step, or from the start where that is shorter.
fn change(out: &mut Vec<u8>, from: Look, to: Look) {
    if from == to {
        return;
    }
    let begin = out.len();
    steps(out, from, to);
    let long = out.len() - begin;
    if to == Look::PLAIN {
        if long > RESET.len() {
            out.truncate(begin);
            out.extend_from_slice(RESET);
        }
        return;
    }
    let middle = out.len();
    out.extend_from_slice(b"\x1b[0");
    parameters(out, Look::PLAIN, to, false);
    out.push(b'm');
    if out.len() - middle < long {
        out.drain(begin..middle);
    } else {
        out.truncate(middle);
    }
}

fn steps(out: &mut Vec<u8>, from: Look, to: Look) {
    out.extend_from_slice(b"\x1b[");
    parameters(out, from, to, true);
    out.push(b'm');
}

/// The parameters that lead from one look to another, each after a semicolon but for the first.
fn parameters(out: &mut Vec<u8>, from: Look, to: Look, mut first: bool) {
    let mut add = |out: &mut Vec<u8>, text: std::fmt::Arguments<'_>| {
        if !std::mem::take(&mut first) {
            out.push(b';');
        }
        // Writing into memory cannot fail.
        let _ = out.write_fmt(text);
    };
    let mut now = from.modifier;
    let mut last_off = 0;
    for (modifier, _, off) in MODIFIERS {
        if from.modifier.contains(modifier) && !to.modifier.contains(modifier) && off != last_off {
            add(out, format_args!("{off}"));
            last_off = off;
            // Some are turned off together.
            for (other, _, its) in MODIFIERS {
                if its == off {
                    now.remove(other);
                }
            }
        }
    }
    for (modifier, on, _) in MODIFIERS {
        if to.modifier.contains(modifier) && !now.contains(modifier) {
            add(out, format_args!("{on}"));
        }
    }
    if from.fg != to.fg {
        colour(out, to.fg, 30, &mut add);
    }
    if from.bg != to.bg {
        colour(out, to.bg, 40, &mut add);
    }
}

fn colour(
    out: &mut Vec<u8>,
    colour: Color,
    base: u8,
    add: &mut impl FnMut(&mut Vec<u8>, std::fmt::Arguments<'_>),
) {
    let named = match colour {
        Color::Reset => 9,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 60,
        Color::LightRed => 61,
        Color::LightGreen => 62,
        Color::LightYellow => 63,
        Color::LightBlue => 64,
        Color::LightMagenta => 65,
        Color::LightCyan => 66,
        Color::White => 67,
        Color::Indexed(index) => {
            return add(out, format_args!("{};5;{index}", base + 8));
        }
        Color::Rgb(r, g, b) => {
            return add(out, format_args!("{};2;{r};{g};{b}", base + 8));
        }
    };
    add(out, format_args!("{}", base + named));
}

#[cfg(test)]
mod tests;
