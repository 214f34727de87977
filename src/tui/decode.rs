//! What a terminal sends, as keys and pasted text.
//!
//! Knows: bytes, escape sequences, that nothing came for a while. Must never know: files, time, what a
//! key does.
//!
//! A line may cut a sequence anywhere, and what is left of it must never act as letters. The parsers of
//! crossterm 0.29 and termina 0.4 (its descendant) let it: they take the end of the bytes at hand for the
//! end of a key, so that an arrow cut after its ESC becomes Esc, `[` and `A`; `ESC ESC [ A` becomes Esc,
//! `[` and `A` in one piece too, an answer like `ESC [ = 1 c` its digits; and a paste without an end, a
//! private sequence or a string takes in every further key for ever. Rules here:
//!
//! - A sequence ends where ECMA-48 says that it ends, known or not; what is not known is dropped whole.
//! - What is unfinished is held. After [`QUIET`] a lone ESC is the key, and ESC with one more byte that
//!   could have begun something is Alt with it. Nothing else comes of it.
//! - What comes after a pause may still be the rest: it is, where that makes a key that is known.
//!   Otherwise it was typed, and acts on its own. After [`LATE`] it always was, and what came singly
//!   before that, too.
//! - A paste ends with its mark, or after [`LATE`] without anything, or with what a hand types into it.
//!   What comes after that in longer pieces than a key is more of it.

mod sequence;

use std::collections::VecDeque;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

/// So long nothing may come within a sequence before it counts as cut off. Only the key Esc waits for it.
pub const QUIET: Duration = Duration::from_millis(50);
/// So much longer the rest of something unfinished is waited for.
pub const LATE: Duration = Duration::from_millis(950);
/// Of a pasted text no more is kept.
const MOST_PASTED: usize = 1 << 20;
/// Of a sequence no more is kept: longer ones mean nothing here.
const MOST_HELD: usize = 64;
/// The longest that one key sends.
const ONE_KEY: usize = 8;
/// So many single keys, each after a pause, are typed by a hand: the paste that they come in has no end.
const TYPED: u8 = 8;

const ESC: u8 = 0x1b;
/// How long `ESC [` is.
const CSI: usize = 2;
const BELL: u8 = 0x07;
const CTRL_C: u8 = 0x03;
const PASTE: &[u8] = b"\x1b[200~";
const PASTED: &[u8] = b"\x1b[201~";

/// Where in a sequence the next byte stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// In none.
    #[default]
    Ground,
    /// After ESC.
    Escape,
    /// After `ESC [`.
    Csi,
    /// After `ESC [ [`: the function keys of the Linux console.
    Console,
    /// After `ESC O`.
    Ss3,
    /// After `ESC [ M`: so many bytes of the mouse are to come.
    Mouse(u8),
    /// In a string that ends with BEL or `ESC \`: whether its last byte was that ESC.
    Text { escaped: bool },
    /// In a character: so many of its bytes are to come.
    Char(u8),
    /// In a pasted text.
    Paste,
}

/// Turns bytes into events.
#[derive(Debug, Default)]
pub struct Decoder {
    state: State,
    /// What has come of the present sequence.
    held: Vec<u8>,
    /// How much of it had come when it paused; 0 where it did not.
    late: usize,
    /// Nothing has come for [`QUIET`].
    paused: bool,
    /// Single bytes of it that came after a pause each: a hand sends them so.
    singly: u8,
    /// More than one byte of it came together after a pause.
    together: bool,
    /// What is held has been taken for a key, since nothing more came.
    given: bool,
    paste: Paste,
    events: VecDeque<Event>,
}

/// A pasted text.
#[derive(Debug, Default)]
struct Paste {
    text: Vec<u8>,
    /// How much of the mark of its end has come.
    ending: usize,
    /// Single keys in a row that came after a pause.
    typed: u8,
    /// The last one was taken for whole because nothing more came; its rest may.
    cut_off: bool,
}

impl Decoder {
    /// The next event.
    pub fn pop(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// How long nothing must come before [`Self::quiet`] is to be called; `None` while nothing is
    /// unfinished. Begins anew with each byte.
    #[must_use]
    pub fn waits(&self) -> Option<Duration> {
        match (self.state, self.paused) {
            (State::Ground, _) => None,
            (_, false) => Some(QUIET),
            (_, true) => Some(LATE),
        }
    }

    /// Takes in what came together.
    pub fn feed(&mut self, bytes: &[u8]) {
        if std::mem::take(&mut self.paused) {
            self.go_on(bytes);
        }
        let mut rest = self.take_late_paste(bytes);
        while let Some((&byte, more)) = rest.split_first() {
            rest = if self.state == State::Paste {
                self.take_pasted(rest)
            } else {
                self.step(byte);
                more
            };
        }
    }

    /// Nothing came for as long as [`Self::waits`] said.
    pub fn quiet(&mut self) {
        if !self.paused {
            return self.pause();
        }
        if self.state == State::Paste {
            self.end_paste();
            self.paste.cut_off = true;
        } else if self.singly > 0 {
            self.drop_held();
        }
        self.reset();
    }

    fn pause(&mut self) {
        self.paused = true;
        if self.given {
            return;
        }
        let key = match (self.held.as_slice(), self.state) {
            ([ESC], _) => Some(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE)),
            (&[ESC, byte], State::Csi | State::Ss3 | State::Text { escaped: false }) => {
                Some(alt(plain(byte)))
            }
            _ => None,
        };
        self.given = key.is_some();
        self.events.extend(key.map(Event::Key));
    }

    /// Something comes after a pause: the rest of what was held, or something new.
    fn go_on(&mut self, bytes: &[u8]) {
        if self.late == 0 {
            self.late = self.held.len();
        }
        self.singly = if bytes.len() == 1 { self.singly + 1 } else { 0 };
        self.together = bytes.len() > 1;
        match self.state {
            // A hand sends one key at a time; only the rest of a sequence comes together.
            State::Escape if !goes_on_after_escape(bytes) => self.reset(),
            State::Mouse(left) if bytes.len() != usize::from(left) => self.reset(),
            State::Text { escaped } if !ends_text(bytes, escaped) => self.reset(),
            State::Mouse(_) | State::Text { .. } => self.late = 0,
            State::Paste if bytes.iter().all(|byte| *byte == CTRL_C) => {
                self.paste = Paste::default();
                self.reset();
            }
            State::Paste if bytes.len() <= ONE_KEY => {
                self.paste.typed += 1;
                if self.paste.typed == TYPED {
                    self.end_paste();
                }
            }
            State::Csi | State::Ss3 | State::Console if self.singly > 1 => {
                self.drop_held();
            }
            _ => {}
        }
    }

    fn reset(&mut self) {
        self.state = State::Ground;
        self.held.clear();
        self.late = 0;
        self.singly = 0;
        self.together = false;
        self.paused = false;
        self.given = false;
    }

    fn step(&mut self, byte: u8) {
        match self.state {
            State::Ground => self.begin(byte),
            State::Escape => self.after_escape(byte),
            State::Csi => self.in_csi(byte),
            State::Ss3 => match byte {
                b'0'..=b'9' | b';' => self.hold(byte, State::Ss3),
                b' '..=b'~' => self.whole(byte, sequence::ss3),
                _ => self.broken(byte),
            },
            State::Console => match byte {
                b' '..=b'~' => self.whole(byte, sequence::console),
                _ => self.broken(byte),
            },
            State::Mouse(0 | 1) => self.reset(),
            State::Mouse(left) => self.hold(byte, State::Mouse(left - 1)),
            State::Text { escaped } => self.in_text(byte, escaped),
            State::Char(left) => match (byte, left) {
                (0x80..=0xbf, 0 | 1) => self.whole(byte, character),
                (0x80..=0xbf, left) => self.hold(byte, State::Char(left - 1)),
                _ => self.broken(byte),
            },
            // Pasted text is taken in by the piece.
            State::Paste => {}
        }
    }

    /// The first byte of something.
    fn begin(&mut self, byte: u8) {
        match (byte, further(byte)) {
            (ESC, _) => self.hold(byte, State::Escape),
            (..0x80, _) => self.events.push_back(Event::Key(plain(byte))),
            (_, Some(left)) => self.hold(byte, State::Char(left)),
            // Not the beginning of a character: of a sequence in eight bits, from a terminal that is
            // not told that it speaks UTF-8.
            (0x8f | 0x90 | 0x98 | 0x9b | 0x9d..=0x9f, None) => {
                self.hold(ESC, State::Escape);
                self.step(byte - 0x40);
            }
            (_, None) => {}
        }
    }

    fn after_escape(&mut self, byte: u8) {
        match (byte, further(byte)) {
            (b'[', _) => self.hold(byte, State::Csi),
            (b'O', _) => self.hold(byte, State::Ss3),
            (b']' | b'P' | b'X' | b'^' | b'_', _) => {
                self.hold(byte, State::Text { escaped: false });
            }
            (ESC, _) => {
                let esc = KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE);
                self.events.push_back(Event::Key(esc));
                self.reset();
                self.hold(byte, State::Escape);
            }
            // The way out is one with Alt, too.
            (CTRL_C, _) => self.broken(byte),
            (..0x80, _) => {
                self.events.push_back(Event::Key(alt(plain(byte))));
                self.reset();
            }
            (_, Some(left)) => self.hold(byte, State::Char(left)),
            (_, None) => self.reset(),
        }
    }

    fn in_csi(&mut self, byte: u8) {
        let first = self.held.len() == 2;
        match byte {
            b' '..=b'?' => self.hold(byte, State::Csi),
            b'[' if first => self.hold(byte, State::Console),
            b'M' if first => self.hold(byte, State::Mouse(3)),
            b'~' if self.held == PASTE[..PASTE.len() - 1] => {
                self.reset();
                self.state = State::Paste;
                self.paste = Paste::default();
            }
            b'@'..=b'~' => self.whole(byte, sequence::csi),
            _ => self.broken(byte),
        }
    }

    /// Nothing is asked of the terminal, so that no answer is of use.
    fn in_text(&mut self, byte: u8, escaped: bool) {
        match byte {
            b'\\' if escaped => self.reset(),
            _ if escaped => {
                self.reset();
                self.hold(ESC, State::Escape);
                self.step(byte);
            }
            BELL => self.reset(),
            CTRL_C => self.broken(byte),
            _ => {
                // Its text is not kept; that there is some makes it more than Alt with a key.
                self.hold(
                    byte,
                    State::Text {
                        escaped: byte == ESC,
                    },
                );
            }
        }
    }

    fn hold(&mut self, byte: u8, next: State) {
        if self.held.len() < MOST_HELD {
            self.held.push(byte);
        }
        self.state = next;
    }

    /// The last byte of a sequence came.
    fn whole(&mut self, byte: u8, meaning: fn(&[u8]) -> Option<KeyEvent>) {
        let fits = self.held.len() < MOST_HELD;
        self.held.push(byte);
        match meaning(&self.held).filter(|_| fits) {
            Some(key) => {
                self.events.push_back(Event::Key(key));
                self.reset();
            }
            None if self.is_cut_answer(byte) => self.reset(),
            None => self.drop_held(),
        }
    }

    /// Whether what came after a pause was the rest of something that a terminal says of itself, though
    /// it is no key: a hand sends a key at a time, and rarely within a second of half a sequence.
    fn is_cut_answer(&self, last: u8) -> bool {
        let said = self.held.len() > CSI + 1 || matches!(last, b'I' | b'O');
        self.state == State::Csi && (self.late > CSI || (self.late > 0 && self.together && said))
    }

    /// A byte came that cannot belong to what is held.
    fn broken(&mut self, byte: u8) {
        self.drop_held();
        self.step(byte);
    }

    /// What is held means nothing; what of it came after a pause was typed on its own.
    fn drop_held(&mut self) {
        let typed = match self.late {
            0 => Vec::new(),
            late => self.held.split_off(late.min(self.held.len())),
        };
        self.reset();
        for byte in typed {
            self.step(byte);
        }
    }

    /// Takes in pasted text; gives what comes after its end.
    fn take_pasted<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let paste = &mut self.paste;
        if bytes.len() > ONE_KEY {
            paste.typed = 0;
        }
        for (i, &byte) in bytes.iter().enumerate() {
            if byte == PASTED[paste.ending] {
                paste.ending += 1;
                if paste.ending == PASTED.len() {
                    self.end_paste();
                    return &bytes[i + 1..];
                }
                continue;
            }
            let no_end = std::mem::replace(&mut paste.ending, usize::from(byte == ESC));
            paste.keep(&PASTED[..no_end]);
            if byte != ESC {
                paste.keep(&[byte]);
            }
        }
        &[]
    }

    fn end_paste(&mut self) {
        self.reset();
        let text = std::mem::take(&mut self.paste.text);
        self.paste.ending = 0;
        self.give_pasted(&text);
    }

    fn give_pasted(&mut self, text: &[u8]) {
        if !text.is_empty() {
            let text = String::from_utf8_lossy(text).into_owned();
            self.events.push_back(Event::Paste(text));
        }
    }

    /// The rest of a paste that stopped for too long is still no keys: it comes in pieces that no
    /// key sends, or its end shows it. With the first key that is over.
    fn take_late_paste<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        if !self.paste.cut_off || self.state != State::Ground {
            return bytes;
        }
        self.paste.cut_off = false;
        let end = memchr::memmem::find(bytes, PASTED);
        let begin = memchr::memmem::find(bytes, PASTE);
        if let Some(end) = end.filter(|end| begin.is_none_or(|begin| begin > *end)) {
            self.give_pasted(&bytes[..end]);
            return &bytes[end + PASTED.len()..];
        }
        if begin.is_none() && bytes.len() > ONE_KEY && bytes[0] != ESC {
            self.state = State::Paste;
        }
        bytes
    }
}

impl Paste {
    fn keep(&mut self, bytes: &[u8]) {
        if self.text.len() + bytes.len() <= MOST_PASTED {
            self.text.extend_from_slice(bytes);
        }
    }
}

/// Whether what comes in one piece after a pause is the rest of what ESC began.
fn goes_on_after_escape(bytes: &[u8]) -> bool {
    match bytes {
        [b'[' | b'O', _, ..] => true,
        [b']' | b'P' | b'X' | b'^' | b'_', text @ ..] => ends_text(text, false),
        _ => false,
    }
}

/// Whether the end of a string is among what comes.
fn ends_text(bytes: &[u8], escaped: bool) -> bool {
    (escaped && bytes.first() == Some(&b'\\'))
        || bytes.contains(&BELL)
        || memchr::memmem::find(bytes, b"\x1b\\").is_some()
}

/// How many bytes of a character follow its first; `None` where it is not the first of one.
const fn further(byte: u8) -> Option<u8> {
    match byte {
        0xc2..=0xdf => Some(1),
        0xe0..=0xef => Some(2),
        0xf0..=0xf4 => Some(3),
        _ => None,
    }
}

/// The key of one byte of ASCII.
fn plain(byte: u8) -> KeyEvent {
    let ctrl = |c: u8| KeyEvent::new(KeyCode::Char(c.into()), KeyModifiers::CONTROL);
    match byte {
        b'\r' => KeyCode::Enter.into(),
        b'\t' => KeyCode::Tab.into(),
        ESC => KeyCode::Esc.into(),
        0x7f => KeyCode::Backspace.into(),
        0 => ctrl(b' '),
        0x01..=0x1a => ctrl(byte - 1 + b'a'),
        0x1c..=0x1f => ctrl(byte - 0x1c + b'4'),
        _ => sequence::typed(byte.into()),
    }
}

fn alt(mut key: KeyEvent) -> KeyEvent {
    key.modifiers |= KeyModifiers::ALT;
    key
}

/// The key of a character, with Alt where ESC comes before it.
fn character(held: &[u8]) -> Option<KeyEvent> {
    let (with_alt, bytes) = match held.split_first()? {
        (&ESC, rest) => (true, rest),
        _ => (false, held),
    };
    let key = sequence::typed(std::str::from_utf8(bytes).ok()?.chars().next()?);
    Some(if with_alt { alt(key) } else { key })
}

#[cfg(test)]
mod tests;
