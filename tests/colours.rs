//! Cell colours where they carry meaning, in every theme: what rises and falls, what is selected,
//! provisional, stale, down; and that each is said without colour too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod story;

use callboard::tui::theme::{Hues, Shade, Theme};
use callboard::view::format::Style;
use callboard::view::{Tab, Tone};
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};

use story::{Story, cells, header, live_board};

/// What a theme is asked for, and the colours of: up, down, good, bad, warn.
const THEMES: [(Shade, Hues, bool, [Color; 5]); 9] = {
    use Color::{Blue, Green, LightBlue, LightGreen, LightRed, LightYellow, Magenta, Red, Yellow};
    use Hues::{BlueOrange, RedGreen};
    use Shade::{Any, Dark, Light};
    [
        (Any, RedGreen, false, [Green, Red, Green, Red, Yellow]),
        (Any, RedGreen, true, [Red, Green, Green, Red, Yellow]),
        (
            Dark,
            RedGreen,
            false,
            [LightGreen, LightRed, LightGreen, LightRed, LightYellow],
        ),
        (
            Dark,
            RedGreen,
            true,
            [LightRed, LightGreen, LightGreen, LightRed, LightYellow],
        ),
        (Light, RedGreen, false, [Green, Red, Green, Red, Magenta]),
        (Light, RedGreen, true, [Red, Green, Green, Red, Magenta]),
        (
            Any,
            BlueOrange,
            false,
            [LightBlue, Yellow, LightBlue, Yellow, Magenta],
        ),
        (Light, BlueOrange, false, [Blue, Red, Blue, Red, Magenta]),
        (
            Dark,
            BlueOrange,
            true,
            [Yellow, LightBlue, LightBlue, Yellow, Magenta],
        ),
    ]
};

/// The Tracker with its first row selected, which no colour may touch.
fn tracker(theme: Theme) -> TestBackend {
    let board = live_board();
    let mut story = Story::of(&board, Tab::Tracker);
    story.tell(header());
    story.drawn((100, 24), theme)
}

fn one(backend: &TestBackend, text: &str) -> (Color, Modifier) {
    let found = cells(backend, text);
    assert!(!found.is_empty(), "{text}:\n{backend}");
    found[0]
}

#[test]
fn rises_falls_and_errors_in_every_theme() {
    for (shade, hues, up_is_red, [up, down, good, bad, warn]) in THEMES {
        let backend = tracker(Theme::of(shade, hues, up_is_red, false));
        for (text, colour) in [
            ("+139", up),
            ("▲", up),
            ("-29", down),
            ("▼", down),
            ("dexscreener ok", good),
            ("jupiter DOWN", bad),
            ("stale", warn),
        ] {
            assert_eq!(
                one(&backend, text).0,
                colour,
                "{shade:?} {hues:?}: {text}\n{backend}"
            );
        }
        // The selected row has none: with another selected, the first shows its own.
        let board = live_board();
        let mut story = Story::of(&board, Tab::Tracker);
        let theme = Theme::of(shade, hues, up_is_red, false);
        let other = story.press("j").drawn((100, 24), theme);
        assert_eq!(one(&other, "no price").0, warn, "{other}");
        // A category that may still change is less important than one that stands.
        let (colour, modifier) = one(&backend, "WINNER?");
        assert_eq!(colour, Color::Reset);
        assert!(modifier.contains(Modifier::DIM), "{backend}");
    }
}

#[test]
fn the_selected_row_is_reversed_from_edge_to_edge_and_has_no_colour() {
    for (shade, hues, up_is_red, _) in THEMES {
        let theme = Theme::of(shade, hues, up_is_red, false);
        let board = live_board();
        let mut story = Story::of(&board, Tab::Tracker);
        story.press("j");
        let backend = story.drawn((80, 24), theme);
        let buffer = backend.buffer();
        let row = (0..24).find(|y| buffer[(0, *y)].symbol() == ">").unwrap();
        for x in 0..80 {
            let cell = &buffer[(x, row)];
            assert!(cell.modifier.contains(Modifier::REVERSED), "{x}");
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{x}");
        }
    }
}

#[test]
fn without_colour_everything_is_still_said() {
    for ascii in [false, true] {
        let board = live_board();
        let style = Style::utc(ascii);
        for tab in Tab::EACH {
            let mut story = Story::set(&board, tab, style);
            story.tell(header());
            let mono = story.drawn(
                (80, 24),
                Theme::of(Shade::Mono, Hues::RedGreen, false, ascii),
            );
            let colour = story.drawn(
                (80, 24),
                Theme::of(Shade::Dark, Hues::RedGreen, false, ascii),
            );
            assert_eq!(mono.to_string(), colour.to_string());
            for cell in mono.buffer().content() {
                assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
            }
        }
    }
    let mono = tracker(Theme::of(Shade::Mono, Hues::RedGreen, false, false));
    for said in ["+139", "▲", "-29", "▼", "jupiter DOWN", "stale", "WINNER?"] {
        one(&mono, said);
    }
    assert!(one(&mono, "stale").1.contains(Modifier::BOLD));
    let twin = tracker(Theme::of(Shade::Mono, Hues::RedGreen, false, true));
    for said in ["%^", "%v"] {
        one(&twin, said);
    }
}

#[test]
fn figures_with_arrows_stay_in_their_column() {
    let backend = tracker(Theme::new(false, false));
    let text = backend.to_string();
    let lines: Vec<&str> = text.lines().collect();
    let titles = lines
        .iter()
        .position(|line| line.contains("Called"))
        .unwrap();
    let column = |line: &str, what: &str| {
        let before = line.split(what).next().unwrap();
        callboard::view::layout::width(before)
    };
    let end = column(lines[titles], "Now") + "Now".len();
    let rows = lines[titles + 1..].iter().filter(|line| line.contains('%'));
    let mut seen = 0;
    for row in rows {
        assert_eq!(column(row, "%") + 1, end, "{text}");
        seen += 1;
    }
    assert!(seen >= 3, "{text}");
}

#[test]
fn headings_stand_out_and_what_is_less_important_does_not() {
    let board = live_board();
    for size in [(80, 24), (200, 50)] {
        let mut story = Story::of(&board, Tab::Tracker);
        story.press("jj\n");
        let page = story.drawn(size, Theme::new(false, false));
        for heading in ["Call", "Path since the call"] {
            let (colour, modifier) = one(&page, &format!("{heading} "));
            assert_eq!(colour, Color::Cyan, "{heading}\n{page}");
            assert!(modifier.contains(Modifier::BOLD), "{heading}");
        }
        let (colour, modifier) = one(&page, "as of");
        assert_eq!(colour, Color::Reset);
        assert!(modifier.contains(Modifier::DIM));
    }
}

#[test]
fn what_is_rounded_to_nothing_has_neither_arrow_nor_colour() {
    let cell = callboard::view::format::percent_cell(Some(callboard::domain::Percent(0.04)));
    assert_eq!((cell.text.as_str(), cell.tone), ("0.0%", Tone::Plain));
    let cell = callboard::view::format::percent_cell(Some(callboard::domain::Percent(-0.06)));
    assert_eq!((cell.text.as_str(), cell.tone), ("-0.1%", Tone::Down));
}
