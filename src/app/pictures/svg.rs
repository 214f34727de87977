//! A screen as SVG. Text is text; what is drawn of blocks, lines and Braille dots is shapes, since
//! no font that may be used fills its cells.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::view::layout::width;

/// A cell, in the units of the picture.
const CELL: (f64, f64) = (8.4, 18.0);
const MARGIN: f64 = 14.0;
const BACKGROUND: &str = "#16181d";
const FOREGROUND: &str = "#d4d7dd";
/// How thick a line is.
const LINE: f64 = 1.3;

/// The picture of a screen.
pub fn picture(buffer: &Buffer) -> String {
    let area = buffer.area;
    let size = |cells: u16, cell: f64| f64::from(cells) * cell + 2.0 * MARGIN;
    let (wide, high) = (size(area.width, CELL.0), size(area.height, CELL.1));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide:.1} {high:.1}\" \
         width=\"{wide:.0}\" font-family=\"ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace\" \
         font-size=\"14\" xml:space=\"preserve\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    );
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let first = &buffer[(x, y)];
            let (start, mut text) = (x, String::new());
            while x < area.width && goes_with(first, &text, &buffer[(x, y)]) {
                let symbol = buffer[(x, y)].symbol();
                text.push_str(symbol);
                // What is behind a wide character belongs to it.
                x += width(symbol).max(1) as u16;
            }
            let stretch = Stretch {
                cell: first,
                text: &text,
                left: MARGIN + f64::from(start) * CELL.0,
                top: MARGIN + f64::from(y) * CELL.1,
                wide: f64::from(x.min(area.width) - start) * CELL.0,
            };
            stretch.draw(&mut out);
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Whether a cell is drawn together with those before it: it looks the same, and neither is wide
/// or a shape, but for runs of one shape.
fn goes_with(first: &Cell, text: &str, next: &Cell) -> bool {
    if text.is_empty() {
        return true;
    }
    let look = |cell: &Cell| (cell.fg, cell.modifier);
    if look(first) != look(next) {
        return false;
    }
    let (one, other) = (first.symbol(), next.symbol());
    match (kind(one), kind(other)) {
        (Kind::Text, Kind::Text) | (Kind::Dots, Kind::Dots) => true,
        (Kind::Shape, Kind::Shape) => one == other,
        _ => false,
    }
}

/// How a character is drawn.
enum Kind {
    Text,
    /// In the middle of two cells.
    Wide,
    Dots,
    Shape,
}

fn kind(symbol: &str) -> Kind {
    let first = symbol.chars().next().unwrap_or(' ');
    match first {
        _ if width(symbol) > 1 => Kind::Wide,
        '\u{2800}'..='\u{28ff}' => Kind::Dots,
        c if shape(c).is_some() => Kind::Shape,
        _ => Kind::Text,
    }
}

struct Stretch<'a> {
    cell: &'a Cell,
    text: &'a str,
    left: f64,
    top: f64,
    wide: f64,
}

impl Stretch<'_> {
    fn draw(&self, out: &mut String) {
        let has = |modifier| self.cell.modifier.contains(modifier);
        let ink = hex(self.cell.fg);
        let fill = if has(Modifier::REVERSED) {
            let (left, top, wide, high) = (self.left, self.top, self.wide, CELL.1);
            let _ = writeln!(
                out,
                "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{high}\" fill=\"{ink}\" \
                 shape-rendering=\"crispEdges\"/>"
            );
            BACKGROUND
        } else {
            ink
        };
        let mut style = String::new();
        for (modifier, words) in [
            (Modifier::BOLD, " font-weight=\"700\""),
            (Modifier::DIM, " opacity=\".62\""),
            (Modifier::UNDERLINED, " text-decoration=\"underline\""),
        ] {
            if has(modifier) {
                style.push_str(words);
            }
        }
        if self.text.chars().next().and_then(shape).is_some() {
            self.shapes(out, fill, has(Modifier::DIM));
        } else {
            self.words(out, fill, &style);
        }
    }

    /// Shapes that fill a cell from side to side are one over all cells; the others are one path.
    fn shapes(&self, out: &mut String, fill: &str, dim: bool) {
        let opacity = if dim { " opacity=\".62\"" } else { "" };
        let cells = self.text.chars().count();
        let mut path = String::new();
        for (at, c) in self.text.chars().enumerate() {
            for part in shape(c).unwrap_or_default() {
                let left = self.left + (at as f64 + part.left) * CELL.0;
                let (top, high) = (self.top + part.top * CELL.1, part.high * CELL.1);
                let whole = part.left == 0.0 && part.wide == 1.0;
                if !whole {
                    let wide = part.wide * CELL.0;
                    let _ = write!(path, "M{left:.1} {top:.1}h{wide:.1}v{high:.1}h-{wide:.1}z");
                } else if at == 0 {
                    let wide = CELL.0 * cells as f64;
                    let shade = match part.shade {
                        1.0 => String::new(),
                        shade => format!(" fill-opacity=\"{shade}\""),
                    };
                    let _ = writeln!(
                        out,
                        "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{high:.1}\" \
                         fill=\"{fill}\"{shade}{opacity} shape-rendering=\"crispEdges\"/>"
                    );
                }
            }
        }
        if !path.is_empty() {
            let _ = writeln!(out, "<path fill=\"{fill}\"{opacity} d=\"{path}\"/>");
        }
    }

    fn words(&self, out: &mut String, fill: &str, style: &str) {
        // Without the spaces at its ends, which some programs that show SVG leave out.
        let inked = self.text.trim();
        if inked.is_empty() {
            return;
        }
        let indent = self.text.len() - self.text.trim_start().len();
        let left = self.left + indent as f64 * CELL.0;
        let base = self.top + CELL.1 * 0.74;
        let wide = width(inked) as f64 * CELL.0;
        // A wide character stands in the middle of its cells, as its own font has it.
        let place = if inked.chars().count() == 1 && width(inked) > 1 {
            format!("x=\"{:.1}\" text-anchor=\"middle\"", left + wide / 2.0)
        } else {
            format!("x=\"{left:.1}\" textLength=\"{wide:.1}\" lengthAdjust=\"spacingAndGlyphs\"")
        };
        let inked = inked
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let _ = writeln!(
            out,
            "<text {place} y=\"{base:.1}\" fill=\"{fill}\"{style}>{inked}</text>"
        );
    }
}

/// A rectangle within a cell, in parts of it.
struct Part {
    left: f64,
    top: f64,
    wide: f64,
    high: f64,
    shade: f64,
}

const fn part(left: f64, top: f64, wide: f64, high: f64) -> Part {
    Part {
        left,
        top,
        wide,
        high,
        shade: 1.0,
    }
}

/// What a character is drawn of, when it is no text.
fn shape(c: char) -> Option<Vec<Part>> {
    let code = u32::from(c);
    let eighths = |from: u32| f64::from(code - from + 1) / 8.0;
    let (across, up) = (LINE / CELL.1, LINE / CELL.0);
    let middle = 0.5 - across / 2.0;
    let centre = 0.5 - up / 2.0;
    Some(match c {
        '▀' => vec![part(0.0, 0.0, 1.0, 0.5)],
        '▁'..='█' => {
            let high = eighths(0x2581);
            vec![part(0.0, 1.0 - high, 1.0, high)]
        }
        '▉'..='▏' => vec![part(0.0, 0.0, f64::from(0x2590 - code) / 8.0, 1.0)],
        '▐' => vec![part(0.5, 0.0, 0.5, 1.0)],
        '░' | '▒' | '▓' => vec![Part {
            shade: f64::from(code - 0x2591 + 1) / 4.0,
            ..part(0.0, 0.0, 1.0, 1.0)
        }],
        '─' => vec![part(0.0, middle, 1.0, across)],
        '━' => vec![part(0.0, middle - across / 2.0, 1.0, 2.0 * across)],
        '│' => vec![part(centre, 0.0, up, 1.0)],
        '├' => vec![part(centre, 0.0, up, 1.0), part(0.5, middle, 0.5, across)],
        '┤' => vec![part(centre, 0.0, up, 1.0), part(0.0, middle, 0.5, across)],
        '┈' => (0..4)
            .map(|dash| part(f64::from(dash) / 4.0 + 0.06, middle, 0.13, across))
            .collect(),
        '\u{2800}'..='\u{28ff}' => braille(code - 0x2800),
        _ => return None,
    })
}

/// The dots of a Braille character: three rows of each column, then the fourth row.
fn braille(bits: u32) -> Vec<Part> {
    let dots = (0..8).filter(|dot| bits & (1 << dot) != 0);
    dots.map(|dot| {
        let (column, row) = match dot {
            0..=5 => (dot / 3, dot % 3),
            _ => (dot - 6, 3),
        };
        let (left, top) = (
            0.25 + 0.5 * f64::from(column),
            0.125 + 0.25 * f64::from(row),
        );
        let (wide, high) = (1.9 / CELL.0, 1.9 / CELL.1);
        part(left - wide / 2.0, top - high / 2.0, wide, high)
    })
    .collect()
}

const fn hex(colour: Color) -> &'static str {
    match colour {
        Color::Green => "#7fc27a",
        Color::Red => "#e5706c",
        Color::Yellow => "#e3b959",
        Color::Cyan => "#6cc0c9",
        _ => FOREGROUND,
    }
}
