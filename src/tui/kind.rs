//! What kinds of terminal can show, by the name in `TERM`.
//!
//! Knows: names as terminfo has them. Must never know: what is drawn. No terminfo is read: most
//! terminals of today lie about their name in the direction of xterm, and what this program sends is
//! understood by all of those; only the names of those that know less matter.

/// What a terminal understands of what moves the cursor and changes the look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// What xterm and all that follow it do.
    #[default]
    Full,
    /// The cursor goes to a row and a column, attributes are turned off all at once: a VT100, and those
    /// whose terminfo has no more.
    Old,
}

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The 16 named colours.
    pub colours: bool,
    /// It is said to know nothing but text: it gets ASCII too.
    pub text_only: bool,
    /// What it understands.
    pub dialect: Dialect,
}

impl Kind {
    const FULL: Self = Self {
        colours: true,
        text_only: false,
        dialect: Dialect::Full,
    };
    const OLD: Self = Self {
        colours: true,
        text_only: false,
        dialect: Dialect::Old,
    };
    const MONO: Self = Self {
        colours: false,
        ..Self::OLD
    };
    const TEXT: Self = Self {
        text_only: true,
        ..Self::MONO
    };

    /// The terminal of this process.
    #[must_use]
    pub fn own() -> Self {
        let term = std::env::var_os("TERM");
        Self::of(&term.unwrap_or_default().to_string_lossy())
    }

    /// What a terminal of a name can show; of one that is not known, what nearly all can.
    #[must_use]
    pub fn of(term: &str) -> Self {
        let term = term.to_ascii_lowercase();
        let mut parts = term.split(['-', '+', '.']);
        let base = parts.next().unwrap_or_default();
        let variants: Vec<&str> = parts.collect();
        let is = |variant: &str| variants.contains(&variant);
        if matches!(base, "dumb" | "vt52") {
            return Self::TEXT;
        }
        if is("m") || is("mono") {
            return Self::MONO;
        }
        let coloured = variants.iter().any(|variant| variant.contains("color"));
        match base {
            _ if coloured => Self::FULL,
            "sun" | "mach" => Self::MONO,
            "xterm" if is("r5") || is("r6") => Self::MONO,
            // Only the VT525 had colours.
            "vt525" => Self::FULL,
            _ if is_vt(base) => Self::MONO,
            "ansi" | "pcansi" | "cons25" => Self::OLD,
            _ => Self::FULL,
        }
    }
}

/// A terminal of DEC: VT100 to VT520.
fn is_vt(base: &str) -> bool {
    base.strip_prefix("vt").is_some_and(|number| {
        let digits: Vec<u8> = number.bytes().take_while(u8::is_ascii_digit).collect();
        digits.len() == 3 && matches!(digits[0], b'1'..=b'5')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_a_terminal_can_show() {
        for (kind, names) in [
            (
                Kind::FULL,
                &[
                    "",
                    "xterm",
                    "xterm-256color",
                    "xterm-color",
                    "xterm-kitty",
                    "xterm-vt220",
                    "screen",
                    "screen-256color",
                    "screen.xterm-256color",
                    "tmux",
                    "tmux-256color",
                    "linux",
                    "linux-16color",
                    "rxvt",
                    "rxvt-unicode-256color",
                    "alacritty",
                    "foot",
                    "st-256color",
                    "putty",
                    "mach-color",
                    "vt525",
                    "vt100-color",
                    "vte-256color",
                    "vt",
                    "unknown",
                    "no such terminal",
                ][..],
            ),
            (
                Kind::MONO,
                &[
                    "vt100",
                    "VT100",
                    "vt100-am",
                    "vt100-w",
                    "vt102",
                    "vt102-nsgr",
                    "vt125",
                    "vt132",
                    "vt220",
                    "vt220-8bit",
                    "vt240",
                    "vt320",
                    "vt340",
                    "vt420",
                    "vt510",
                    "vt520",
                    "xterm-mono",
                    "xterm-r6",
                    "rxvt-m",
                    "linux-m",
                    "ansi-m",
                    "ansi-mono",
                    "cons25-m",
                    "screen-m",
                    "sun",
                    "mach",
                    "mach-bold",
                ],
            ),
            (Kind::OLD, &["ansi", "pcansi", "cons25", "ansi-generic"]),
            (Kind::TEXT, &["dumb", "dumb-emacs-ansi", "vt52"]),
        ] {
            for name in names {
                assert_eq!(Kind::of(name), kind, "{name}");
            }
        }
    }
}
