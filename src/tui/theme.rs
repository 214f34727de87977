//! Colours and glyphs.
//!
//! Knows: what a piece of text means and how a terminal can show it. Must never know: what the
//! text says. Foreground and background stay the terminal's own; only the named colours are
//! used, so that every palette, dark or light, keeps its contrast. Without colour the same
//! meanings are carried by bold, dim and reversed.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use crate::view::{self, Tone};

/// Roles to styles, and the glyph set.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    mono: bool,
    /// The signs that may be missing in a font.
    pub glyphs: &'static Glyphs,
}

/// Signs with an ASCII twin.
#[derive(Debug)]
pub struct Glyphs {
    /// Where text was cut.
    pub ellipsis: &'static str,
    /// Sorted from the smallest.
    pub ascending: &'static str,
    /// Sorted from the largest.
    pub descending: &'static str,
    /// Before the range that is asked for and not there yet.
    pub towards: &'static str,
    /// Between things on one line.
    pub dot: &'static str,
    /// The moving part of a scrollbar.
    pub thumb: &'static str,
    /// A full cell of a bar.
    pub full: &'static str,
    /// The parts of a cell at the end of a bar, from the smallest.
    pub parts: &'static [&'static str],
    /// The interval from its low end to the end of the bar, drawn reversed on a solid bar.
    pub low: &'static str,
    /// Between the low end and the end of the bar.
    pub inside: &'static str,
    /// Between the end of the bar and the high end.
    pub outside: &'static str,
    /// The high end.
    pub high: &'static str,
    /// Whether `low` and `inside` are drawn reversed.
    pub notch_reversed: bool,
    /// The end of the line where text is typed.
    pub caret: &'static str,
    /// A line across a chart.
    pub across: &'static str,
    /// A point of a chart, where there is no Braille.
    pub point: Option<&'static str>,
}

const UNICODE: Glyphs = Glyphs {
    ellipsis: "…",
    ascending: "▲",
    descending: "▼",
    towards: "→",
    dot: "·",
    thumb: "▐",
    full: "█",
    parts: &["▏", "▎", "▍", "▌", "▋", "▊", "▉"],
    low: "├",
    inside: "─",
    outside: "─",
    high: "┤",
    notch_reversed: true,
    caret: "▏",
    across: "┈",
    point: None,
};

const ASCII: Glyphs = Glyphs {
    ellipsis: "~",
    ascending: "^",
    descending: "v",
    towards: "->",
    dot: "|",
    thumb: "#",
    full: "#",
    parts: &[],
    low: "[",
    inside: "=",
    outside: "-",
    high: "]",
    notch_reversed: false,
    caret: "_",
    across: ".",
    point: Some("*"),
};

impl Theme {
    /// With or without colour, with or without glyphs beyond ASCII.
    #[must_use]
    pub const fn new(mono: bool, ascii: bool) -> Self {
        Self {
            mono,
            glyphs: if ascii { &ASCII } else { &UNICODE },
        }
    }

    const fn colour(self, style: Style, colour: Color) -> Style {
        if self.mono { style } else { style.fg(colour) }
    }

    /// What a tone looks like.
    #[must_use]
    pub const fn tone(self, tone: Tone) -> Style {
        let plain = Style::new();
        match tone {
            Tone::Plain => plain,
            Tone::Good => self.colour(plain, Color::Green),
            Tone::Bad => self.colour(plain, Color::Red),
            Tone::Warn => self.colour(plain.add_modifier(Modifier::BOLD), Color::Yellow),
            Tone::Dim => plain.add_modifier(Modifier::DIM),
            Tone::Strong => plain.add_modifier(Modifier::BOLD),
        }
    }

    /// The selected row: no colours of its own, so that it reads the same everywhere.
    #[must_use]
    pub const fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// A heading within a tab or page.
    #[must_use]
    pub const fn heading(self) -> Style {
        self.colour(Style::new().add_modifier(Modifier::BOLD), Color::Cyan)
    }

    /// The titles of columns.
    #[must_use]
    pub const fn titles(self) -> Style {
        self.colour(Style::new(), Color::Cyan)
    }

    /// The tab or range that is chosen.
    #[must_use]
    pub const fn chosen(self) -> Style {
        self.colour(Style::new().add_modifier(Modifier::BOLD), Color::Cyan)
    }

    /// The name of the program, keys in hints.
    #[must_use]
    pub const fn key(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// DEMO, FROZEN: not to be missed.
    #[must_use]
    pub const fn badge(self) -> Style {
        self.colour(
            Style::new()
                .add_modifier(Modifier::BOLD)
                .add_modifier(Modifier::REVERSED),
            Color::Yellow,
        )
    }

    /// Less important.
    #[must_use]
    pub const fn dim(self) -> Style {
        self.tone(Tone::Dim)
    }

    /// A stretch of text.
    #[must_use]
    pub fn words(self, words: &view::Words) -> Span<'static> {
        Span::styled(words.text.clone(), self.tone(words.tone))
    }

    /// A line of text.
    #[must_use]
    pub fn line(self, line: &view::Line) -> Line<'static> {
        line.0.iter().map(|words| self.words(words)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mono_has_no_colour_and_ascii_is_ascii() {
        let theme = Theme::new(true, true);
        for style in [
            theme.tone(Tone::Plain),
            theme.tone(Tone::Good),
            theme.tone(Tone::Bad),
            theme.tone(Tone::Warn),
            theme.tone(Tone::Dim),
            theme.tone(Tone::Strong),
            theme.selected(),
            theme.heading(),
            theme.titles(),
            theme.chosen(),
            theme.key(),
            theme.badge(),
        ] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
        assert!(format!("{ASCII:?}").is_ascii());
    }

    #[test]
    fn no_style_touches_the_background_or_is_black_or_white() {
        let theme = Theme::new(false, false);
        for tone in [Tone::Good, Tone::Bad, Tone::Warn, Tone::Dim, Tone::Strong] {
            let style = theme.tone(tone);
            assert_eq!(style.bg, None);
            assert!(!matches!(style.fg, Some(Color::Black | Color::White)));
        }
    }
}
