//! A key with its modifiers, told apart exactly.
//!
//! Knows: key events. Must never know: what a key does.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key with the modifiers that must be held, and no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// Modifiers in the order in which they are written.
const MODIFIERS: [(KeyModifiers, &str); 3] = [
    (KeyModifiers::CONTROL, "Ctrl"),
    (KeyModifiers::ALT, "Alt"),
    (KeyModifiers::SHIFT, "Shift"),
];

/// Keys that are written as a word.
const NAMED: [(&str, KeyCode); 32] = [
    ("space", KeyCode::Char(' ')),
    ("Enter", KeyCode::Enter),
    ("Return", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Escape", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("BackTab", KeyCode::BackTab),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Insert", KeyCode::Insert),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PgUp", KeyCode::PageUp),
    ("PageUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("PageDown", KeyCode::PageDown),
    ("F1", KeyCode::F(1)),
    ("F2", KeyCode::F(2)),
    ("F3", KeyCode::F(3)),
    ("F4", KeyCode::F(4)),
    ("F5", KeyCode::F(5)),
    ("F6", KeyCode::F(6)),
    ("F7", KeyCode::F(7)),
    ("F8", KeyCode::F(8)),
    ("F9", KeyCode::F(9)),
    ("F10", KeyCode::F(10)),
    ("F11", KeyCode::F(11)),
    ("F12", KeyCode::F(12)),
];

impl Chord {
    /// A key on its own.
    #[must_use]
    pub const fn key(code: KeyCode) -> Self {
        Self {
            code,
            modifiers: KeyModifiers::NONE,
        }
    }

    /// A character on its own.
    #[must_use]
    pub const fn char(c: char) -> Self {
        Self::key(KeyCode::Char(c))
    }

    /// A letter with Ctrl.
    #[must_use]
    pub const fn ctrl(c: char) -> Self {
        Self {
            code: KeyCode::Char(c),
            modifiers: KeyModifiers::CONTROL,
        }
    }

    /// The chord of a key event; `None` for the release of a key. Shift with a letter and the
    /// capital are one chord, and so are Shift-Tab and the back-tab that terminals send for it.
    #[must_use]
    pub fn of(event: &KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let (mut code, mut modifiers) = (event.code, event.modifiers);
        let shift = modifiers.contains(KeyModifiers::SHIFT);
        match code {
            KeyCode::Char(c) => {
                if shift && !modifiers.contains(KeyModifiers::CONTROL) {
                    code = KeyCode::Char(c.to_ascii_uppercase());
                } else if modifiers.contains(KeyModifiers::CONTROL) {
                    code = KeyCode::Char(c.to_ascii_lowercase());
                }
                modifiers.remove(KeyModifiers::SHIFT);
            }
            KeyCode::Tab if shift => {
                code = KeyCode::BackTab;
                modifiers.remove(KeyModifiers::SHIFT);
            }
            KeyCode::BackTab => modifiers.remove(KeyModifiers::SHIFT),
            _ => {}
        }
        Some(Self { code, modifiers })
    }

    /// The character that this chord types, if it types one.
    #[must_use]
    pub fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if self.modifiers.is_empty() && !c.is_control() => Some(c),
            _ => None,
        }
    }

    /// The name in help and hints.
    #[must_use]
    pub fn label(self) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "space".to_owned(),
            KeyCode::Char(c) if self.modifiers.contains(KeyModifiers::CONTROL) => {
                c.to_ascii_uppercase().to_string()
            }
            KeyCode::Char(c) => c.to_string(),
            KeyCode::PageDown => "PgDn".to_owned(),
            KeyCode::PageUp => "PgUp".to_owned(),
            KeyCode::BackTab => "Shift-Tab".to_owned(),
            KeyCode::F(number) => format!("F{number}"),
            other => format!("{other:?}"),
        };
        let mut label = String::new();
        for (modifier, written) in MODIFIERS {
            if self.modifiers.contains(modifier) {
                label.push_str(written);
                label.push('-');
            }
        }
        label + &name
    }

    /// The chord of a name: `j`, `G`, `space`, `Ctrl-F`, `Alt-x`, `PgDn`, `Shift-Tab`, `F5`.
    /// `None` when there is no such key, or terminals send another one for it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (mut rest, mut modifiers) = (text, KeyModifiers::NONE);
        // A lone - or + is a key, and so is one at the end.
        while let Some(at) = rest
            .find(['-', '+'])
            .filter(|at| *at > 0 && at + 1 < rest.len())
        {
            let word = rest[..at].to_lowercase();
            modifiers |= match word.as_str() {
                "c" | "ctrl" | "control" => KeyModifiers::CONTROL,
                "a" | "m" | "alt" | "meta" => KeyModifiers::ALT,
                "s" | "shift" => KeyModifiers::SHIFT,
                _ => return None,
            };
            rest = &rest[at + 1..];
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) if !c.is_control() && !c.is_whitespace() => KeyCode::Char(c),
            _ => {
                let known = |(name, _): &&(&str, KeyCode)| name.eq_ignore_ascii_case(rest);
                NAMED.iter().find(known).map(|(_, code)| *code)?
            }
        };
        // In one byte, Ctrl is taken off the letter: these are what comes instead.
        let ctrl = modifiers.contains(KeyModifiers::CONTROL);
        if ctrl && matches!(code, KeyCode::Char('i' | 'I' | 'm' | 'M' | '[')) {
            return None;
        }
        Self::of(&KeyEvent::new(code, modifiers))
    }

    /// The chord whose name is nearest to a text that is no name.
    #[must_use]
    pub fn nearest(text: &str) -> Self {
        let letter = text.chars().last().filter(char::is_ascii_alphabetic);
        let letter = letter.map_or('x', |c| c.to_ascii_lowercase());
        let named = NAMED.iter().map(|(name, code)| (*name, Self::key(*code)));
        let written = named.map(|(name, chord)| (name.to_owned(), chord));
        let with = |modifier: &str, chord: Self| (format!("{modifier}-{letter}"), chord);
        let mut alt = Self::char(letter);
        alt.modifiers = KeyModifiers::ALT;
        written
            .chain([with("Ctrl", Self::ctrl(letter)), with("Alt", alt)])
            .min_by_key(|(name, _)| strsim::levenshtein(&name.to_lowercase(), &text.to_lowercase()))
            .map_or(Self::char(letter), |(_, chord)| chord)
    }
}
