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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// `None` without colours.
    colours: Option<Colours>,
    /// The signs that may be missing in a font.
    pub glyphs: &'static Glyphs,
    /// The terminal reads nothing else.
    pub ascii_only: bool,
}

/// The background that colours have to be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shade {
    /// Not known: the colours that most palettes keep readable on both.
    Any,
    /// Dark.
    Dark,
    /// Light.
    Light,
    /// No colours at all.
    Mono,
}

impl Shade {
    /// What `COLORFGBG` says, as `15;0` or `0;default;15`: the last number is the background.
    #[must_use]
    pub fn of_background(said: &str) -> Self {
        let background = said.rsplit(';').next().and_then(|n| n.parse::<u8>().ok());
        match background {
            Some(7 | 9..=15) => Self::Light,
            Some(0..=6 | 8) => Self::Dark,
            _ => Self::Any,
        }
    }
}

/// The pair of colours for better and worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hues {
    /// Green and red.
    RedGreen,
    /// Blue and orange, told apart by who cannot tell green from red. Of the sixteen named
    /// colours yellow is the nearest to orange on dark, red on light.
    BlueOrange,
}

/// Roles to named colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Colours {
    good: Color,
    bad: Color,
    up: Color,
    down: Color,
    warn: Color,
    accent: Color,
}

impl Colours {
    const fn of(shade: Shade, hues: Hues, up_is_red: bool) -> Option<Self> {
        use Color::{
            Blue, Cyan, Green, LightBlue, LightCyan, LightGreen, LightRed, LightYellow, Magenta,
            Red, Yellow,
        };
        let (good, bad) = match (hues, shade) {
            (Hues::RedGreen, Shade::Dark) => (LightGreen, LightRed),
            (Hues::RedGreen, _) => (Green, Red),
            (Hues::BlueOrange, Shade::Light) => (Blue, Red),
            (Hues::BlueOrange, _) => (LightBlue, Yellow),
        };
        let (warn, accent) = match (shade, hues) {
            (Shade::Mono, _) => return None,
            (Shade::Light, Hues::RedGreen) => (Magenta, Blue),
            (_, Hues::BlueOrange) => (Magenta, Cyan),
            (Shade::Dark, Hues::RedGreen) => (LightYellow, LightCyan),
            (Shade::Any, Hues::RedGreen) => (Yellow, Cyan),
        };
        let (up, down) = if up_is_red { (bad, good) } else { (good, bad) };
        Some(Self {
            good,
            bad,
            up,
            down,
            warn,
            accent,
        })
    }
}

/// Signs with an ASCII twin.
#[derive(Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// Where text was cut.
    pub ellipsis: &'static str,
    /// Sorted from the smallest.
    pub ascending: &'static str,
    /// Sorted from the largest.
    pub descending: &'static str,
    /// Beside a figure that rose.
    pub rose: &'static str,
    /// Beside a figure that fell.
    pub fell: &'static str,
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
    /// What paths are drawn with.
    pub dots: Dots,
}

/// The dots of a cell of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dots {
    /// One a cell, drawn as this sign.
    Sign(&'static str),
    /// One above the other: every font has the half blocks.
    Halves,
    /// Two across, four down, where a user asked for them: not every font has Braille.
    Braille,
}

impl Dots {
    /// How many lie across a cell, and how many one above the other.
    #[must_use]
    pub const fn of_a_cell(self) -> (usize, usize) {
        match self {
            Self::Sign(_) => (1, 1),
            Self::Halves => (1, 2),
            Self::Braille => (2, 4),
        }
    }

    /// How a cell looks of which some dots are set; `None` when none is. Asked by column and row.
    #[must_use]
    pub fn look(self, is_set: impl Fn(usize, usize) -> bool) -> Option<String> {
        match self {
            Self::Sign(sign) => is_set(0, 0).then(|| sign.to_owned()),
            Self::Halves => {
                let block = match (is_set(0, 0), is_set(0, 1)) {
                    (false, false) => return None,
                    (true, false) => "▀",
                    (false, true) => "▄",
                    (true, true) => "█",
                };
                Some(block.to_owned())
            }
            Self::Braille => {
                let bits = BITS.iter().enumerate().flat_map(|(row, bits)| {
                    let set = bits.iter().enumerate();
                    set.map(move |(column, bit)| (column, row, bit))
                });
                let set = bits.filter(|(column, row, _)| is_set(*column, *row));
                let code = set.fold(0, |code, (.., bit)| code | bit);
                let sign = char::from_u32(0x2800 + code).filter(|_| code > 0)?;
                Some(sign.to_string())
            }
        }
    }
}

/// The bit of each dot of a cell in Braille, row by row.
const BITS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

const UNICODE: Glyphs = Glyphs {
    ellipsis: "…",
    ascending: "▲",
    descending: "▼",
    rose: "▲",
    fell: "▼",
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
    dots: Dots::Halves,
};

const WITH_BRAILLE: Glyphs = Glyphs {
    dots: Dots::Braille,
    ..UNICODE
};

const ASCII: Glyphs = Glyphs {
    ellipsis: "~",
    ascending: "^",
    descending: "v",
    rose: "^",
    fell: "v",
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
    dots: Dots::Sign("*"),
};

impl Theme {
    /// With or without colour, with or without glyphs beyond ASCII.
    #[must_use]
    pub const fn new(mono: bool, ascii: bool) -> Self {
        let shade = if mono { Shade::Mono } else { Shade::Any };
        Self::of(shade, Hues::RedGreen, false, ascii)
    }

    /// For a background, with a pair of colours; `up_is_red` gives what rises the colour of worse,
    /// as in East Asia.
    #[must_use]
    pub const fn of(shade: Shade, hues: Hues, up_is_red: bool, ascii: bool) -> Self {
        Self {
            colours: Colours::of(shade, hues, up_is_red),
            glyphs: if ascii { &ASCII } else { &UNICODE },
            ascii_only: false,
        }
    }

    /// The same with paths in dots of Braille, where that was asked for and more than ASCII is drawn.
    #[must_use]
    pub fn with_braille(self, asked: bool) -> Self {
        match self.glyphs.dots {
            Dots::Halves if asked => Self {
                glyphs: &WITH_BRAILLE,
                ..self
            },
            _ => self,
        }
    }

    /// The same for a terminal that reads ASCII only, or does not.
    #[must_use]
    pub const fn reading_ascii_only(self, ascii_only: bool) -> Self {
        Self { ascii_only, ..self }
    }

    fn coloured(self, style: Style, role: impl Fn(Colours) -> Color) -> Style {
        self.colours
            .map_or(style, |colours| style.fg(role(colours)))
    }

    fn accent(self, style: Style) -> Style {
        self.coloured(style, |c| c.accent)
    }

    /// What a filter or a search found within a text.
    #[must_use]
    pub const fn found(self) -> Style {
        Style::new()
            .add_modifier(Modifier::BOLD)
            .add_modifier(Modifier::UNDERLINED)
    }

    /// What a tone looks like.
    #[must_use]
    pub fn tone(self, tone: Tone) -> Style {
        let plain = Style::new();
        match tone {
            Tone::Plain => plain,
            Tone::Good => self.coloured(plain, |c| c.good),
            // What is wrong must not be missed; what rises and falls has its sign and its arrow.
            Tone::Bad if self.colours.is_none() => plain.add_modifier(Modifier::BOLD),
            Tone::Bad => self.coloured(plain, |c| c.bad),
            Tone::Up => self.coloured(plain, |c| c.up),
            Tone::Down => self.coloured(plain, |c| c.down),
            Tone::Warn => self.coloured(plain.add_modifier(Modifier::BOLD), |c| c.warn),
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
    pub fn heading(self) -> Style {
        self.accent(Style::new().add_modifier(Modifier::BOLD))
    }

    /// The titles of columns.
    #[must_use]
    pub fn titles(self) -> Style {
        self.accent(Style::new())
    }

    /// The tab or range that is chosen.
    #[must_use]
    pub fn chosen(self) -> Style {
        self.accent(Style::new().add_modifier(Modifier::BOLD))
    }

    /// The name of the program, keys in hints.
    #[must_use]
    pub const fn key(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// DEMO, FROZEN: not to be missed.
    #[must_use]
    pub fn badge(self) -> Style {
        let style = Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED);
        self.coloured(style, |c| c.warn)
    }

    /// Less important.
    #[must_use]
    pub fn dim(self) -> Style {
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
            theme.tone(Tone::Up),
            theme.tone(Tone::Down),
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

    /// Every theme with colours.
    fn coloured() -> impl Iterator<Item = Theme> {
        let shades = [Shade::Any, Shade::Dark, Shade::Light];
        let hues = [Hues::RedGreen, Hues::BlueOrange];
        shades.into_iter().flat_map(move |shade| {
            hues.into_iter().flat_map(move |hues| {
                [false, true].map(|up_is_red| Theme::of(shade, hues, up_is_red, false))
            })
        })
    }

    #[test]
    fn no_style_touches_the_background_or_is_black_or_white() {
        for theme in coloured() {
            for tone in [
                Tone::Good,
                Tone::Bad,
                Tone::Up,
                Tone::Down,
                Tone::Warn,
                Tone::Dim,
                Tone::Strong,
            ] {
                let style = theme.tone(tone);
                assert_eq!(style.bg, None);
                assert!(!matches!(
                    style.fg,
                    Some(
                        Color::Black
                            | Color::White
                            | Color::Gray
                            | Color::Indexed(_)
                            | Color::Rgb(..)
                    )
                ));
            }
        }
    }

    #[test]
    fn no_two_meanings_look_the_same() {
        for theme in coloured() {
            let tones = [Tone::Plain, Tone::Good, Tone::Bad, Tone::Warn, Tone::Dim];
            for (i, a) in tones.iter().enumerate() {
                let (fg, heading) = (theme.tone(*a).fg, theme.heading().fg);
                assert!(fg != heading, "{theme:?}: {a:?}");
                for b in &tones[i + 1..] {
                    assert_ne!(theme.tone(*a), theme.tone(*b), "{theme:?}: {a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn red_may_be_up_without_an_error_becoming_green() {
        for shade in [Shade::Any, Shade::Dark, Shade::Light] {
            let here = Theme::of(shade, Hues::RedGreen, false, false);
            let there = Theme::of(shade, Hues::RedGreen, true, false);
            assert_eq!(there.tone(Tone::Up), here.tone(Tone::Down));
            assert_eq!(there.tone(Tone::Down), here.tone(Tone::Up));
            assert_eq!(there.tone(Tone::Bad), here.tone(Tone::Bad));
            assert_eq!(there.tone(Tone::Good), here.tone(Tone::Good));
        }
    }

    #[test]
    fn blue_and_orange_hold_neither_green_nor_cyan_with_red() {
        for shade in [Shade::Any, Shade::Dark, Shade::Light] {
            let theme = Theme::of(shade, Hues::BlueOrange, false, false);
            for tone in [Tone::Good, Tone::Bad, Tone::Up, Tone::Down, Tone::Warn] {
                let fg = theme.tone(tone).fg;
                assert!(
                    !matches!(fg, Some(Color::Green | Color::LightGreen)),
                    "{tone:?}"
                );
            }
        }
    }

    #[test]
    fn the_background_is_read_off_what_terminals_say() {
        for (said, shade) in [
            ("15;0", Shade::Dark),
            ("0;15", Shade::Light),
            ("0;default;15", Shade::Light),
            ("12;8", Shade::Dark),
            ("0;7", Shade::Light),
            ("default;default", Shade::Any),
            ("", Shade::Any),
            ("1;99", Shade::Any),
        ] {
            assert_eq!(Shade::of_background(said), shade, "{said}");
        }
    }
}
