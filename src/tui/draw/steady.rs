//! Nothing on the screen that terminals measure each in its own way.
//!
//! Names from outside may hold clusters of characters (flags, signs with a selector, syllables)
//! that one terminal draws as one sign and another as its parts, over what stands beside them. What
//! is written is what all of them agree on: a character, and marks that take no room.

use ratatui::buffer::Buffer;
use ratatui::style::Modifier;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Makes every cell steady, in place: nothing moves. A terminal that does not read UTF-8 gets a
/// question mark for each character beyond ASCII, whose bytes could be commands there.
///
/// What a wide character covers is marked: ratatui compares cells one by one, and would not write
/// a cell again that says what it said before it was covered.
pub(in crate::tui) fn steady(buffer: &mut Buffer, ascii_only: bool) {
    let width = usize::from(buffer.area.width);
    if width == 0 {
        return;
    }
    for row in buffer.content.chunks_mut(width) {
        let mut covered = false;
        for x in 0..row.len() {
            let [cell, rest @ ..] = &mut row[x..] else {
                break;
            };
            if std::mem::take(&mut covered) || cell.symbol().is_ascii() {
                continue;
            }
            let wide = cell.symbol().width() > 1;
            let one = cell.symbol().chars().nth(1).is_none();
            let mut second = None;
            if ascii_only {
                cell.set_symbol("?");
                second = Some('?');
            } else if !one {
                let (first, next) = parts(cell.symbol());
                cell.set_symbol(&first);
                second = next;
            }
            let Some(right) = rest.first_mut().filter(|_| wide) else {
                continue;
            };
            if cell.symbol().width() < 2 {
                // It is read in its turn, and is steady.
                right
                    .set_style(cell.style())
                    .set_char(second.unwrap_or(' '));
            } else {
                right.reset();
                right.set_bg(cell.bg);
                right.modifier = Modifier::HIDDEN;
                covered = true;
            }
        }
    }
}

/// What stays of a cluster: what goes to its first cell, and what to the second where that is free
/// then.
fn parts(cluster: &str) -> (String, Option<char>) {
    let mut letters = cluster.chars().filter_map(flag_letter);
    if let Some(first) = letters.next() {
        return (first.to_string(), letters.next());
    }
    let mut chars = cluster.chars();
    let mut kept: String = chars.next().map(String::from).unwrap_or_default();
    kept.extend(chars.filter(|c| c.width() == Some(0) && !splits(*c)));
    (kept, None)
}

/// The letter of a regional indicator, two of which are a flag.
fn flag_letter(c: char) -> Option<char> {
    let place = u32::from(c).checked_sub(0x1F1E6)?;
    (place < 26).then(|| char::from(b'A' + place as u8))
}

/// Whether a character after the first of a cluster takes room in some terminals.
fn splits(c: char) -> bool {
    matches!(c,
        // Selectors, joiners, key caps, skin tones, tags.
        '\u{FE00}'..='\u{FE0F}' | '\u{200B}'..='\u{200D}' | '\u{20E3}'
        | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0000}'..='\u{E01EF}'
        // Vowels and ends of Korean syllables.
        | '\u{1160}'..='\u{11FF}' | '\u{D7B0}'..='\u{D7FF}'
        // Scripts whose signs join and change places.
        | '\u{0900}'..='\u{0DFF}' | '\u{0F00}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{1A00}'..='\u{1CFF}' | '\u{A800}'..='\u{ABFF}' | '\u{11000}'..='\u{11FFF}')
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn row(text: &str, ascii_only: bool) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, text, Style::default());
        steady(&mut buffer, ascii_only);
        // As a terminal goes over it: what a wide character covers is not written.
        let (mut shown, mut skip) = (String::new(), 0);
        for cell in &buffer.content {
            if skip == 0 {
                shown.push_str(cell.symbol());
                skip = cell.symbol().width();
            }
            skip -= 1;
        }
        shown
    }

    #[test]
    fn clusters_become_what_every_terminal_measures_alike() {
        for (text, wanted) in [
            ("plain | end", "plain | end "),
            ("月亮猫 | e", "月亮猫 | e  "),
            ("🐸 frog | e", "🐸 frog | e "),
            ("caf\u{e9} e\u{301} | e", "café e\u{301} | e  "),
            ("\u{1F1EA}\u{1F1F7} | e", "ER | e      "),
            ("\u{2615}\u{FE0F} | e", "\u{2615} | e      "),
            ("\u{2696}\u{FE0F} | e", "\u{2696}  | e      "),
            ("\u{1F44D}\u{1F3FD} | e", "\u{1F44D} | e      "),
        ] {
            assert_eq!(row(text, false), wanted, "{text}");
        }
    }

    #[test]
    fn nothing_beside_a_cluster_moves() {
        for text in [
            "\u{939}\u{93F}\u{928}\u{94D}\u{926}\u{940}",
            "\u{1100}\u{1100}\u{1161}\u{11A8}",
            "\u{E01}\u{E47}\u{E33}",
            "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}",
            "1\u{FE0F}\u{20E3}",
        ] {
            let beside = |text: &str| -> Option<usize> {
                let mut buffer = Buffer::empty(Rect::new(0, 0, 24, 1));
                buffer.set_string(0, 0, format!("{text}|end"), Style::default());
                steady(&mut buffer, false);
                for cell in &buffer.content {
                    let rest: Vec<char> = cell.symbol().chars().skip(1).collect();
                    assert!(!rest.into_iter().any(splits), "{text}: {:?}", cell.symbol());
                }
                buffer.content.iter().position(|cell| cell.symbol() == "|")
            };
            assert_eq!(beside(text), Some(text.width()), "{text}");
        }
    }

    #[test]
    fn without_utf8_no_byte_is_beyond_ascii() {
        assert_eq!(row("ě31m 🐸 猫", true), "?31m ?? ??  ");
    }
}
