//! Times on the screen in a named zone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod story;

use callboard::domain::Zone;
use callboard::tui::theme::Theme;
use callboard::view::Tab;
use callboard::view::format::Style;

use story::{Story, WHOLE, live_board};

#[test]
fn a_call_and_a_model_in_tokyo() {
    let board = live_board();
    let style = Style {
        zone: Zone::parse("Asia/Tokyo").unwrap(),
        ..Style::default()
    };
    let mut story = Story::set(&board, Tab::Tracker, style);
    story.press("j\n").at(&WHOLE, "call_in_tokyo");
    let mut story = Story::set(&board, Tab::Leaderboard, style);
    let screen = story.drawn((80, 24), Theme::new(false, false)).to_string();
    // 14:13 UTC on the 21st.
    assert!(screen.contains("2026-09-21 23:13 JST"), "{screen}");
    story.press("\n").at(&WHOLE, "model_in_tokyo");
    let screen = story.drawn((120, 40), Theme::new(false, false)).to_string();
    assert!(!screen.contains("UTC"), "{screen}");
}
