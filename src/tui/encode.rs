//! Changed cells as few bytes: what a terminal has to be sent so that it shows them.
//!
//! Knows: cells, escape sequences, what is on the terminal already. Must never know: what is drawn,
//! where bytes go. A thin line is the reason: ratatui's own backend moves with an absolute position
//! for each stretch, names both colours each time and cannot know what stands between two changes.
//!
//! Rules that keep it right on terminals which measure a character differently than we do: nothing
//! relative after a character beyond ASCII, nothing beyond ASCII is written again to save a move,
//! and each frame begins with an absolute position and ends with plain attributes.

use std::io::Write as _;

use ratatui::buffer::Cell;
use ratatui::layout::Size;
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// More unchanged cells between two changes are jumped over: writing them is never shorter.
const LONGEST_GAP: u16 = 12;
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

/// What the terminal shows, and how to make it show something else.
#[derive(Debug, Default)]
pub struct Encoder {
    size: Size,
    /// Row by row; `None` where it is not known, or covered by a wide character.
    shown: Vec<Option<Cell>>,
    /// For comparing ways.
    scratch: Vec<u8>,
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
        let mut state = (None, Look::PLAIN);
        let mut row: Vec<(u16, &Cell)> = Vec::with_capacity(usize::from(self.size.width));
        let mut of = 0;
        for (x, y, cell) in content {
            if y != of {
                self.row(of, &row, &mut state, out);
                row.clear();
                of = y;
            }
            if !self.shows(x, y, cell) {
                row.push((x, cell));
            }
        }
        self.row(of, &row, &mut state, out);
        change(out, state.1, Look::PLAIN);
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

    fn row(
        &mut self,
        y: u16,
        cells: &[(u16, &Cell)],
        (cursor, look): &mut (Option<Cursor>, Look),
        out: &mut Vec<u8>,
    ) {
        for (x, cell) in cells {
            self.note(*x, y, cell);
        }
        let blank_from = match cells.last() {
            Some((_, last)) if is_blank(last) => self.blank_from(y),
            _ => u16::MAX,
        };
        for (i, (x, cell)) in cells.iter().enumerate() {
            let rest = cells.len() - i;
            let erase = *x >= blank_from && rest > ERASE;
            let wanted = match is_blank(cell) && look.blank_as(Look::of(cell)) {
                true => *look,
                false => Look::of(cell),
            };
            self.go(out, cursor, look, (*x, y), wanted);
            if erase {
                if !look.blank_as(Look::PLAIN) {
                    change(out, *look, Look::PLAIN);
                    *look = Look::PLAIN;
                }
                out.extend_from_slice(b"\x1b[K");
                return;
            }
            put(out, look, cell);
            *cursor = Some(self.after(*cursor, *x, y, cell));
        }
    }

    /// Where the cursor is once a cell is written.
    fn after(&self, before: Option<Cursor>, x: u16, y: u16, cell: &Cell) -> Cursor {
        let (ascii, wide) = (is_ascii(cell), width(cell));
        let next = x.saturating_add(wide);
        let before = before.filter(|before| before.y == y);
        Cursor {
            x: (wide == 1 && next < self.size.width).then_some(next),
            y,
            sure: ascii && before.is_none_or(|before| before.sure),
            row_sure: ascii && before.is_none_or(|before| before.row_sure),
        }
    }

    /// Brings the cursor to where a cell is to be written, the shortest way: jumping there, or
    /// writing once more what stands between.
    fn go(
        &mut self,
        out: &mut Vec<u8>,
        cursor: &mut Option<Cursor>,
        look: &mut Look,
        (x, y): (u16, u16),
        wanted: Look,
    ) {
        let between = match *cursor {
            Some(Cursor {
                x: Some(at), y: on, ..
            }) if (at, on) == (x, y) => return,
            Some(Cursor {
                x: Some(at),
                y: on,
                sure: true,
                ..
            }) if on == y && at < x => Some(at..x),
            _ => None,
        };
        let begin = out.len();
        jump_to(out, *cursor, x, y);
        let jump = out.len() - begin;
        *cursor = Some(Cursor {
            x: Some(x),
            y,
            sure: true,
            row_sure: cursor.is_none_or(|cursor| cursor.row_sure || cursor.y != y),
        });
        let Some(between) = between.filter(|b| b.end - b.start <= LONGEST_GAP) else {
            return;
        };
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        change(&mut scratch, *look, wanted);
        let most = jump + scratch.len();
        scratch.clear();
        let mut then = *look;
        let known = between.into_iter().all(|x| {
            self.at(x, y)
                .filter(|cell| is_ascii(cell))
                .is_some_and(|cell| {
                    put(&mut scratch, &mut then, cell);
                    scratch.len() <= most
                })
        });
        let end = scratch.len();
        change(&mut scratch, then, wanted);
        if known && scratch.len() <= most {
            out.truncate(begin);
            out.extend_from_slice(&scratch[..end]);
            *look = then;
        }
        self.scratch = scratch;
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

/// The shortest jump. Writing into memory cannot fail.
fn jump_to(out: &mut Vec<u8>, cursor: Option<Cursor>, x: u16, y: u16) {
    let column = |out: &mut Vec<u8>, n: u16| match n {
        0 => Ok(()),
        1 => write!(out, "\x1b[C"),
        n => write!(out, "\x1b[{n}C"),
    };
    let _ = match cursor {
        Some(Cursor {
            x: Some(at),
            y: on,
            sure: true,
            ..
        }) if on == y && at < x => column(out, x - at),
        Some(Cursor { y: on, .. }) if on == y => write!(out, "\x1b[{}G", x + 1),
        Some(Cursor {
            y: on,
            row_sure: true,
            ..
        }) if y == on + 1 => write!(out, "\r\n").and_then(|()| column(out, x)),
        _ if x == 0 => write!(out, "\x1b[{}H", y + 1),
        _ => write!(out, "\x1b[{};{}H", y + 1, x + 1),
    };
}

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
        if long > 3 {
            out.truncate(begin);
            out.extend_from_slice(b"\x1b[m");
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
