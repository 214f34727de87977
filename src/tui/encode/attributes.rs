//! What makes one look of another: the parameters of `ESC [ m`.
//!
//! Knows: looks. Must never know: places, text.

use std::io::Write as _;

use ratatui::style::{Color, Modifier};

use crate::tui::kind::Dialect;

use super::Look;

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
pub(super) fn change(out: &mut Vec<u8>, from: Look, to: Look, dialect: Dialect) {
    if from == to {
        return;
    }
    let begin = out.len();
    let long = if dialect == Dialect::Old && !only_adds(from, to) {
        usize::MAX
    } else {
        steps(out, from, to);
        out.len() - begin
    };
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

/// Whether nothing is turned off on the way from one look to another.
fn only_adds(from: Look, to: Look) -> bool {
    let adds = |from: Color, to: Color| from == to || to != Color::Reset;
    to.modifier.contains(from.modifier) && adds(from.fg, to.fg) && adds(from.bg, to.bg)
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
