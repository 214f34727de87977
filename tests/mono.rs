//! Each tab without colour, cell by cell: bold, dim, reversed and underlined carry what colour carries
//! elsewhere, beside signs, arrows and words.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod story;

use std::fmt::Write as _;

use callboard::tui::theme::{Hues, Shade, Theme};
use callboard::view::Tab;
use callboard::view::format::Style;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};

use story::{Story, board, cells, header, live_board};

fn mono(ascii: bool) -> Theme {
    Theme::of(Shade::Mono, Hues::RedGreen, false, ascii)
}

/// How a cell looks, as one character.
fn look(modifier: Modifier) -> char {
    let known = [
        (Modifier::empty(), '.'),
        (Modifier::BOLD, 'b'),
        (Modifier::DIM, 'd'),
        (Modifier::REVERSED, 'r'),
        (Modifier::UNDERLINED, 'u'),
        (Modifier::BOLD.union(Modifier::REVERSED), 'B'),
        (Modifier::DIM.union(Modifier::REVERSED), 'D'),
        (Modifier::BOLD.union(Modifier::UNDERLINED), 'U'),
        (
            Modifier::BOLD
                .union(Modifier::UNDERLINED)
                .union(Modifier::REVERSED),
            'F',
        ),
    ];
    let found = known.into_iter().find(|(known, _)| *known == modifier);
    found.unwrap_or_else(|| panic!("{modifier:?}")).1
}

/// A screen row by row, each with the looks of its cells under it where any is not plain.
fn pictured(backend: &TestBackend) -> String {
    let buffer = backend.buffer();
    let mut text =
        String::from("b bold, d dim, r reversed, u underlined; B, D: reversed too; U: bold too\n");
    for y in 0..buffer.area.height {
        let mut row = String::new();
        let mut looks = String::new();
        let mut covered = 0;
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{x},{y}");
            looks.push(look(cell.modifier));
            if covered > 0 {
                covered -= 1;
                continue;
            }
            covered = callboard::view::layout::width(cell.symbol()).saturating_sub(1);
            row.push_str(cell.symbol());
        }
        writeln!(text, "|{row}|").unwrap();
        if looks.contains(|c| c != '.') {
            writeln!(text, " {looks}").unwrap();
        }
    }
    text
}

#[test]
fn each_tab_without_colour() {
    let (calls, live) = (board(), live_board());
    for (tab, board) in [
        (Tab::Leaderboard, &live),
        (Tab::Tracker, &live),
        (Tab::Categories, &calls),
        (Tab::Features, &calls),
    ] {
        for (size, ascii) in [((80, 24), false), ((60, 15), false), ((80, 24), true)] {
            let mut story = Story::set(board, tab, Style::utc(ascii));
            story.tell(header());
            // Not the first row: the look of that one is seen too.
            story.press("j");
            let drawn = story.drawn(size, mono(ascii));
            let signs = if ascii { "_ascii" } else { "" };
            let name = format!("{}_{}x{}{signs}", tab.name(), size.0, size.1);
            insta::assert_snapshot!(name, pictured(&drawn));
        }
    }
}

#[test]
fn the_lab_a_page_and_a_filter_without_colour() {
    let (calls, live) = (board(), live_board());
    for (tab, board, keys, name) in [
        (Tab::Features, &calls, "f\nj", "lab"),
        (Tab::Tracker, &live, "jj\n", "page"),
        (Tab::Categories, &calls, "/ALPH\n", "filter"),
        (Tab::Tracker, &live, "?", "help"),
    ] {
        let mut story = Story::of(board, tab);
        story.press(keys);
        insta::assert_snapshot!(name, pictured(&story.drawn((80, 24), mono(false))));
    }
}

/// What is told apart by colour is told apart without it: by a look of its own, or in words.
#[test]
fn what_must_not_be_missed_has_a_look_of_its_own() {
    let live = live_board();
    let mut story = Story::of(&live, Tab::Tracker);
    story.tell(header());
    let drawn = story.drawn((100, 24), mono(false));
    let one = |text: &str| cells(&drawn, text)[0].1;
    for text in ["jupiter DOWN", "stale", "[30D]", "Tracker"] {
        assert!(one(text).contains(Modifier::BOLD), "{text}\n{drawn}");
    }
    assert!(!one("dexscreener ok").contains(Modifier::BOLD));
    assert!(one("WINNER?").contains(Modifier::DIM));
    assert!(one("> ").contains(Modifier::REVERSED));
    // Rising and falling by sign and by arrow.
    for (figure, arrow) in [("+139", '▲'), ("-29", '▼')] {
        let text = drawn.to_string();
        let line = text.lines().find(|line| line.contains(figure)).unwrap();
        let after = line.split(figure).nth(1).unwrap();
        assert_eq!(after.chars().find(|c| "▲▼".contains(*c)), Some(arrow));
    }
}
