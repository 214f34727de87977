//! Hygiene for text that comes from outside: names, symbols, sources, provider errors.

use std::borrow::Cow;

/// The most characters that one piece of outside text may keep.
const LONGEST: usize = 1000;

/// Text from outside, made safe for a terminal: control, escape, bidirectional, zero-width and
/// variation characters are gone, runs of white space are one space, and the length is bounded.
///
/// An attacker chooses token names; an escape sequence in one must never reach the screen, and
/// an invisible character must not make two names look the same but sort apart.
#[must_use]
pub fn clean(text: &str) -> String {
    // Nearly every text is plain already.
    if text.len() <= LONGEST && text.bytes().all(|b| b.is_ascii_graphic()) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len().min(LONGEST));
    let mut space = false;
    for c in text.chars().filter(|c| !is_invisible(*c)).take(LONGEST) {
        if c.is_whitespace() {
            space = !out.is_empty();
        } else if !c.is_control() {
            if space {
                out.push(' ');
                space = false;
            }
            out.push(c);
        }
    }
    out
}

/// [`clean`], with nothing left as `None`.
#[must_use]
pub fn clean_opt(text: &str) -> Option<String> {
    Some(clean(text)).filter(|t| !t.is_empty())
}

/// What a spreadsheet takes for the start of a formula.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// Text for a cell of a CSV: what a spreadsheet would run as a formula gets an apostrophe in
/// front, and so does what already looks guarded, so that [`unguarded`] gives back the same text.
#[must_use]
pub fn guarded(text: &str) -> Cow<'_, str> {
    if text.trim_start_matches('\'').starts_with(FORMULA) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text of a cell without the apostrophe that keeps a spreadsheet from running it.
#[must_use]
pub fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(FORMULA) => rest,
        _ => text,
    }
}

/// Whether a character does not belong in text from outside: [`clean`] takes it away.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    c.is_control() || is_invisible(c)
}

/// Format characters that draw nothing themselves but move, join or reorder what is around them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hostile_names_lose_their_teeth() {
        for (raw, want) in [
            ("  PEPE  ", "PEPE"),
            ("a\u{1b}[31mb", "a[31mb"),
            ("x\u{202e}y\u{200d}z\u{fe0f}", "xyz"),
            ("two\r\n lines\t!", "two lines !"),
            ("\u{0}\u{7f}\u{9b}", ""),
            ("狗狗币 🐶", "狗狗币 🐶"),
        ] {
            assert_eq!(clean(raw), want);
        }
        assert!(clean(&"🐶".repeat(5000)).chars().count() <= LONGEST);
    }

    #[test]
    fn a_formula_is_guarded_once() {
        for (plain, safe) in [
            ("=1+1", "'=1+1"),
            ("'=1", "''=1"),
            ("@x", "'@x"),
            ("x=1", "x=1"),
            ("'0x12", "'0x12"),
            ("", ""),
            ("'", "'"),
        ] {
            assert_eq!(guarded(plain), safe);
            assert_eq!(unguarded(safe), plain);
        }
    }

    proptest! {
        #[test]
        fn a_guard_comes_off_again(text in "[-'=+@a\\t]{0,6}") {
            let safe = guarded(&text);
            prop_assert!(!safe.starts_with(FORMULA));
            prop_assert_eq!(unguarded(&safe), text.as_str());
        }

        #[test]
        fn cleaning_twice_changes_nothing_and_leaves_no_control(text in ".*") {
            let once = clean(&text);
            prop_assert!(!once.chars().any(|c| c.is_control() || is_invisible(c)));
            prop_assert_eq!(clean(&once), once);
        }
    }
}
