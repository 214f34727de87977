//! The shortest way from one place on the screen to another.
//!
//! Knows: where the cursor is, as far as that is sure. Must never know: what is written there.

use std::io::Write as _;

use crate::tui::kind::Dialect;

use super::Cursor;

/// The shortest jump.
pub(super) fn jump_to(
    out: &mut Vec<u8>,
    cursor: Option<Cursor>,
    (x, y): (u16, u16),
    dialect: Dialect,
) {
    let begin = out.len();
    // Writing into memory cannot fail.
    let _ = match x {
        0 => write!(out, "\x1b[{}H", y + 1),
        x => write!(out, "\x1b[{};{}H", y + 1, x + 1),
    };
    if dialect == Dialect::Old {
        return;
    }
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
