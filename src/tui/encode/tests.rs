//! What a terminal makes of the bytes is what was to be shown.

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::*;

const WIDTH: u16 = 24;
const HEIGHT: u16 = 5;

/// A terminal that is drawn on as ratatui does it: the differences of two buffers.
struct Drawn {
    terminal: vt100::Parser,
    encoder: Encoder,
    before: Buffer,
}

impl Drawn {
    fn new() -> Self {
        Self::on(Dialect::Full)
    }

    fn on(dialect: Dialect) -> Self {
        let mut encoder = Encoder::for_dialect(dialect);
        encoder.blank(Size::new(WIDTH, HEIGHT));
        Self {
            terminal: vt100::Parser::new(HEIGHT, WIDTH, 0),
            encoder,
            before: empty(),
        }
    }

    /// Shows a buffer; gives the bytes that it took.
    fn show(&mut self, mut next: Buffer) -> Vec<u8> {
        // As every frame is.
        crate::tui::draw::steady::steady(&mut next, false);
        let mut bytes = Vec::new();
        let content = self.before.diff(&next);
        self.encoder.encode(content.into_iter(), &mut bytes);
        self.terminal.process(&bytes);
        self.before = next;
        bytes
    }

    /// The first cell where the terminal shows something else.
    fn wrong(&self) -> Option<String> {
        let screen = self.terminal.screen();
        let mut covered = 0;
        for y in 0..HEIGHT {
            for x in 0..WIDTH {
                let (want, have) = (&self.before[(x, y)], screen.cell(y, x)?);
                if covered > 0 {
                    covered -= 1;
                    continue;
                }
                covered = width(want).saturating_sub(1);
                let text = match have.contents() {
                    "" => " ",
                    text => text,
                };
                let colour = |c: Color| match c {
                    Color::Reset => vt100::Color::Default,
                    Color::Red => vt100::Color::Idx(1),
                    Color::LightGreen => vt100::Color::Idx(10),
                    Color::Indexed(i) => vt100::Color::Idx(i),
                    Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
                    other => panic!("{other}"),
                };
                let is = |modifier| want.modifier.contains(modifier);
                let visible = !is_blank(want) || is(Modifier::REVERSED);
                let right = text == want.symbol()
                    && have.bgcolor() == colour(want.bg)
                    && have.inverse() == is(Modifier::REVERSED)
                    && have.underline() == is(Modifier::UNDERLINED)
                    && (!visible
                        || (have.fgcolor() == colour(want.fg)
                            && have.bold() == is(Modifier::BOLD)
                            && have.dim() == is(Modifier::DIM)));
                if !right {
                    return Some(format!("{x},{y}: {want:?} is {have:?}"));
                }
            }
        }
        None
    }
}

fn empty() -> Buffer {
    Buffer::empty(Rect::new(0, 0, WIDTH, HEIGHT))
}

fn style() -> impl Strategy<Value = Style> {
    let colour = || {
        prop_oneof![
            4 => Just(Color::Reset),
            2 => Just(Color::Red),
            1 => Just(Color::LightGreen),
            1 => Just(Color::Indexed(200)),
            1 => Just(Color::Rgb(1, 2, 3)),
        ]
    };
    // The terminal of the tests is either bold or dim.
    let modifier = prop_oneof![
        4 => Just(Modifier::empty()),
        2 => Just(Modifier::BOLD),
        2 => Just(Modifier::DIM),
        1 => Just(Modifier::REVERSED),
        1 => Just(Modifier::REVERSED | Modifier::BOLD),
        1 => Just(Modifier::UNDERLINED),
    ];
    let background = prop_oneof![6 => Just(Color::Reset), 1 => colour()];
    (colour(), background, modifier)
        .prop_map(|(fg, bg, modifier)| Style::reset().fg(fg).bg(bg).add_modifier(modifier))
}

/// Text with its look at a place.
type Piece = (u16, u16, String, Style);

/// Pieces of text at places, over what was there before. ratatui does not say what becomes of half
/// of a wide character where blanks can be seen, so that those do not come together.
fn frame(wide: bool) -> impl Strategy<Value = Vec<Piece>> {
    let text = prop_oneof![
        4 => "[0-9.+% -]{1,8}",
        2 => " {1,24}",
        1 => "[a-z▁▄█·…]{1,6}",
        1 => if wide { "[狗币ａ]{1,3}" } else { "[a-z]{1,3}" },
        1 => "[a-z]{24}",
    ];
    let style = style().prop_map(move |style| {
        if wide {
            style.bg(Color::Reset).remove_modifier(SEEN_ON_BLANK)
        } else {
            style
        }
    });
    prop::collection::vec((0..WIDTH, 0..HEIGHT, text, style), 0..12)
}

#[test]
fn what_a_wide_character_covered_is_written_when_it_goes() {
    let mut drawn = Drawn::new();
    for pieces in [
        &[(8, "币币ａ"), (13, "▁")][..],
        &[(8, "币币ａ"), (9, "%0+%")],
        &[(8, "abcdef▁")],
        &[(7, "币币ａ"), (13, "▁")],
        &[(8, "币币ａ▁")],
    ] {
        let mut next = empty();
        for (x, text) in pieces {
            next.set_string(*x, 0, text, Style::new());
        }
        drawn.show(next);
        assert_eq!(drawn.wrong(), None, "{pieces:?}");
    }
}

/// Frames, each over the one before or over nothing.
fn frames() -> impl Strategy<Value = Vec<(bool, Vec<Piece>)>> {
    any::<bool>().prop_flat_map(|wide| prop::collection::vec((any::<bool>(), frame(wide)), 1..6))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn the_terminal_shows_what_was_drawn(
        frames in frames(),
        old in any::<bool>(),
    ) {
        let mut drawn = Drawn::on(if old { Dialect::Old } else { Dialect::Full });
        for (over, texts) in frames {
            let mut next = if over { drawn.before.clone() } else { empty() };
            for (x, y, text, style) in &texts {
                next.set_string(*x, *y, text, *style);
            }
            let bytes = drawn.show(next);
            prop_assert_eq!(drawn.wrong(), None, "{}", String::from_utf8_lossy(&bytes));
            if old {
                prop_assert_eq!(beyond_a_vt100(&bytes), None);
            }
            // A frame begins where nothing is known of the cursor, and leaves nothing behind.
            prop_assert!(!drawn.terminal.screen().inverse());
            prop_assert_eq!(drawn.terminal.screen().fgcolor(), vt100::Color::Default);
            drawn.terminal.process(b"\x1b[3;3H");
        }
    }
}

/// What a VT100 does not understand: other moves than to a row and a column, erasing otherwise than to
/// the end, turning single attributes off.
fn beyond_a_vt100(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split('\u{1b}');
    let first = parts.next().filter(|part| !part.is_empty());
    let odd = parts.find(|part| {
        let end = part.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(0);
        let (numbers, rest) = part.split_at(end);
        let known = match rest.chars().next() {
            Some('H') => true,
            Some('K') => numbers == "[",
            Some('m') => !numbers[1..]
                .split(';')
                .any(|n| matches!(n.parse(), Ok(20..=29 | 39 | 49))),
            _ => false,
        };
        !known || part.chars().any(char::is_control)
    });
    first.or(odd).map(str::to_owned)
}

#[test]
fn an_old_terminal_gets_places_and_resets_only() {
    let mut drawn = Drawn::on(Dialect::Old);
    let mut one = lines(&["a b", "c"]);
    one.set_style(
        Rect::new(0, 0, 3, 1),
        Style::new().add_modifier(Modifier::REVERSED),
    );
    one.set_style(
        Rect::new(2, 0, 1, 1),
        Style::new().add_modifier(Modifier::BOLD),
    );
    let bytes = drawn.show(one.clone());
    assert_eq!(words(&bytes), "^[1H^[7ma ^[1mb^[2H^[0mc");
    one.set_style(Rect::new(0, 0, 1, 1), Style::reset());
    assert_eq!(words(&drawn.show(one)), "^[1Ha");
    assert_eq!(drawn.wrong(), None);
}

fn lines(lines: &[&str]) -> Buffer {
    let mut buffer = empty();
    for (y, line) in lines.iter().enumerate() {
        buffer.set_string(0, y as u16, line, Style::new());
    }
    buffer
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\x1b', "^")
}

#[test]
fn the_shortest_way_is_taken() {
    let mut drawn = Drawn::new();
    let first = drawn.show(lines(&["1.25  +3.50%  a", "2.50  -1.00%  b"]));
    assert_eq!(words(&first), "^[1H1.25  +3.50%  a\r\n2.50  -1.00%  b");
    // A gap of a few cells is written again, a longer one jumped over.
    let next = drawn.show(lines(&["1.26  +3.51%  z", "2.50  -1.00%  c"]));
    assert_eq!(words(&next), "^[1;4H6^[6C1%  z\n\u{8}c");
    // What is blank to the end of its row is erased.
    let next = drawn.show(lines(&["1.26", "2.50  -1.00%  c"]));
    assert_eq!(words(&next), "^[1;7H^[K");
    assert_eq!(drawn.show(lines(&["1.26", "2.50  -1.00%  c"])), b"");
    assert_eq!(drawn.wrong(), None);
}

#[test]
fn after_a_character_that_terminals_measure_differently_the_place_is_absolute() {
    let mut drawn = Drawn::new();
    let bytes = drawn.show(lines(&["狗 a", "▁▂   b", "c"]));
    assert_eq!(words(&bytes), "^[1H狗^[4Ga^[2H▁▂^[6Gb^[3Hc");
    assert_eq!(drawn.wrong(), None);
}

#[test]
fn a_blank_of_another_colour_is_the_same_blank() {
    let mut drawn = Drawn::new();
    let mut one = lines(&["a b"]);
    drawn.show(one.clone());
    one.set_string(
        1,
        0,
        " ",
        Style::new().fg(Color::Red).add_modifier(Modifier::DIM),
    );
    assert_eq!(drawn.show(one.clone()), b"");
    let reversed = Style::reset().add_modifier(Modifier::REVERSED);
    one.set_string(1, 0, " ", reversed);
    assert_eq!(words(&drawn.show(one)), "^[1;2H^[7m ^[0m");
    assert_eq!(drawn.wrong(), None);
}

#[test]
fn what_is_not_known_is_not_relied_on() {
    let mut drawn = Drawn::new();
    drawn.show(lines(&["abc"]));
    drawn.encoder.forget(Size::new(WIDTH, HEIGHT));
    let bytes = drawn.show(lines(&["xby"]));
    assert_eq!(words(&bytes), "^[1Hx^[Cy");
    assert_eq!(drawn.wrong(), None);
}

#[test]
fn figures_that_look_the_same_go_out_together() {
    let table = |tick: usize| {
        let mut buffer = empty();
        for y in 0..HEIGHT {
            let n = (tick + usize::from(y)) % 10;
            buffer.set_string(
                0,
                y,
                format!("{n}m"),
                Style::new().add_modifier(Modifier::DIM),
            );
            buffer.set_string(9, y, format!("+{n}%"), Style::new().fg(Color::Red));
        }
        buffer
    };
    let mut drawn = Drawn::new();
    drawn.show(table(0));
    let bytes = words(&drawn.show(table(1)));
    assert_eq!(
        bytes,
        "^[1H^[2m1\n\u{8}2\n\u{8}3\n\u{8}4\n\u{8}5^[1;11H^[0;31m1\n\u{8}2\n\u{8}3\n\u{8}4\n\u{8}5^[0m"
    );
    assert_eq!(drawn.wrong(), None);
}
