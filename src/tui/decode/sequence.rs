//! What whole escape sequences of keys mean.
//!
//! Knows: what xterm, the Linux console, rxvt, kitty and those who follow them send. Must never know:
//! where a sequence begins or ends. Whatever is no key is `None`: the mouse, focus, answers.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// The numbers of a sequence: `1;5:3` is [[1], [5, 3]]; 0 where one is left out.
struct Numbers<'a>(&'a str);

impl<'a> Numbers<'a> {
    /// `None` where there is something else, as in answers and reports.
    fn of(body: &'a [u8]) -> Option<Self> {
        let numbers = body
            .iter()
            .all(|byte| matches!(byte, b'0'..=b'9' | b';' | b':'));
        let text = std::str::from_utf8(body).ok()?;
        numbers.then_some(Self(text))
    }

    fn count(&self) -> usize {
        self.0.split(';').count()
    }

    fn at(&self, part: usize, of: usize) -> u32 {
        let text = self.0.split(';').nth(part);
        let text = text.and_then(|part| part.split(':').nth(of));
        text.and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// A key with the modifiers that stand at a place, pressed or released.
    fn key(&self, code: KeyCode, place: usize) -> KeyEvent {
        let kind = match self.at(place, 1) {
            2 => KeyEventKind::Repeat,
            3 => KeyEventKind::Release,
            _ => KeyEventKind::Press,
        };
        KeyEvent::new_with_kind(code, modifiers(self.at(place, 0)), kind)
    }
}

/// Modifiers are sent as 1 and a bit for each; locks are none.
fn modifiers(sent: u32) -> KeyModifiers {
    let bits = sent.saturating_sub(1);
    [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
        (8, KeyModifiers::SUPER),
        (16, KeyModifiers::HYPER),
        (32, KeyModifiers::META),
    ]
    .into_iter()
    .filter(|(bit, _)| bits & bit != 0)
    .fold(KeyModifiers::NONE, |all, (_, one)| all | one)
}

/// A character that was typed: a capital is one with Shift.
pub(super) fn typed(c: char) -> KeyEvent {
    let shift = if c.is_uppercase() {
        KeyModifiers::SHIFT
    } else {
        KeyModifiers::NONE
    };
    KeyEvent::new(KeyCode::Char(c), shift)
}

/// The key that a last letter stands for, after `ESC [` and after `ESC O`.
const fn letter(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P' => KeyCode::F(1),
        b'Q' => KeyCode::F(2),
        b'R' => KeyCode::F(3),
        b'S' => KeyCode::F(4),
        _ => return None,
    })
}

/// `ESC [ numbers letter`.
pub(super) fn csi(held: &[u8]) -> Option<KeyEvent> {
    let (&last, body) = held.get(2..)?.split_last()?;
    let numbers = Numbers::of(body)?;
    match last {
        // Also where the cursor is, which is a row and a column.
        b'R' if numbers.at(0, 0) != 1 || numbers.at(1, 0) < 2 => None,
        b'Z' => Some(KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT)),
        b'~' if numbers.at(0, 0) == 27 && numbers.count() == 3 => {
            Some(numbers.key(code(numbers.at(2, 0))?, 1))
        }
        b'~' => Some(numbers.key(numbered(numbers.at(0, 0))?, 1)),
        b'u' => {
            let plain = numbers.key(code(numbers.at(0, 0))?, 1);
            let shifted = numbers.at(0, 1);
            if plain.modifiers.contains(KeyModifiers::SHIFT) && shifted != 0 {
                return Some(numbers.key(code(shifted)?, 1));
            }
            Some(plain)
        }
        _ => Some(numbers.key(letter(last)?, 1)),
    }
}

/// `ESC O letter`, with modifiers before the letter in some terminals.
pub(super) fn ss3(held: &[u8]) -> Option<KeyEvent> {
    let (&last, body) = held.get(2..)?.split_last()?;
    let numbers = Numbers::of(body)?;
    let code = match last {
        // The keypad's.
        b'M' => KeyCode::Enter,
        _ => letter(last)?,
    };
    Some(numbers.key(code, numbers.count() - 1))
}

/// `ESC [ [ letter`.
pub(super) fn console(held: &[u8]) -> Option<KeyEvent> {
    match held.last()? {
        last @ b'A'..=b'E' => Some(KeyCode::F(last - b'A' + 1).into()),
        _ => None,
    }
}

/// The key of a number before `~`.
fn numbered(number: u32) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => function(number - 10)?,
        17..=21 => function(number - 11)?,
        23..=26 => function(number - 12)?,
        28 | 29 => function(number - 13)?,
        31..=34 => function(number - 14)?,
        _ => return None,
    })
}

fn function(number: u32) -> Option<KeyCode> {
    u8::try_from(number).ok().map(KeyCode::F)
}

/// The key of a code point, as kitty and xterm's `modifyOtherKeys` send them.
fn code(point: u32) -> Option<KeyCode> {
    Some(match point {
        9 => KeyCode::Tab,
        13 | 57_414 => KeyCode::Enter,
        27 => KeyCode::Esc,
        8 | 127 => KeyCode::Backspace,
        57_376..=57_398 => function(point - 57_363)?,
        57_399..=57_408 => KeyCode::Char(char::from_digit(point - 57_399, 10)?),
        57_409 => KeyCode::Char('.'),
        57_410 => KeyCode::Char('/'),
        57_411 => KeyCode::Char('*'),
        57_412 => KeyCode::Char('-'),
        57_413 => KeyCode::Char('+'),
        57_415 => KeyCode::Char('='),
        57_416 => KeyCode::Char(','),
        57_417 => KeyCode::Left,
        57_418 => KeyCode::Right,
        57_419 => KeyCode::Up,
        57_420 => KeyCode::Down,
        57_421 => KeyCode::PageUp,
        57_422 => KeyCode::PageDown,
        57_423 => KeyCode::Home,
        57_424 => KeyCode::End,
        57_425 => KeyCode::Insert,
        57_426 => KeyCode::Delete,
        // Modifiers on their own, locks, media keys.
        57_344..=63_743 => return None,
        _ => KeyCode::Char(char::from_u32(point).filter(|c| !c.is_control())?),
    })
}
