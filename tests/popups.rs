//! What comes over a tab and goes again: the help, an address or a filter that is typed, a name,
//! toasts, trouble, long work; as whole screens.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod story;

use callboard::tui::message::Message;
use callboard::tui::theme::Theme;
use callboard::view::{Header, Line, Tab, Tone};

use story::{Story, WHOLE, board, live_board};

const TIGHT: [(u16, u16); 1] = [(60, 15)];

fn header(news: &[(&str, Tone)]) -> Message {
    Message::Header(Header {
        demo: None,
        as_of: "2026-09-21 14:13 UTC".to_owned(),
        database: "callboard/callboard.db".to_owned(),
        feed: Line::toned("polling here: ", Tone::Dim)
            .and("geckoterminal ok", Tone::Good)
            .and(" <1m ago, 149 tokens", Tone::Dim),
        brief: Line::toned("geckoterminal ok", Tone::Good).and(" <1m", Tone::Dim),
        news: news
            .iter()
            .map(|(text, tone)| Line::toned(*text, *tone))
            .collect(),
    })
}

#[test]
fn everything_that_matters_of_the_header_is_readable() {
    let board = live_board();
    let mut story = Story::of(&board, Tab::Tracker);
    story.tell(header(&[])).at(&WHOLE, "well");
    story.at(&TIGHT, "well");
    let down = "jupiter DOWN, next try 14:15 UTC: answered HTTP 502 Bad Gateway";
    let filling = "filling gaps: 12 of 352 tokens, 1,204 candles found";
    story.tell(header(&[(down, Tone::Bad), (filling, Tone::Dim)]));
    story.at(&WHOLE, "down");
    story.at(&TIGHT, "down");
    let screen = story.drawn((80, 24), Theme::new(false, false)).to_string();
    for said in [
        "4 calls",
        "14:13 UTC",
        "callboard.db",
        "geckoterminal ok <1m",
        down,
    ] {
        assert!(screen.contains(said), "{said}:\n{screen}");
    }
    // Frozen, provisional, in a tab whose count is long: still all of it.
    story.press("p ");
    let screen = story.drawn((80, 24), Theme::new(false, false)).to_string();
    for said in ["FROZEN", "[30D]", "14:13 UTC", "geckoterminal ok <1m", down] {
        assert!(screen.contains(said), "{said}:\n{screen}");
    }
}

#[test]
fn long_work_is_said_before_there_is_anything_else_and_beside_it() {
    let board = live_board();
    let work = "importing trades.csv: 1.23M rows, 43%";
    let mut story = Story::of(&board, Tab::Leaderboard);
    story
        .tell(header(&[(work, Tone::Strong)]))
        .at(&WHOLE, "work");
    story.state.list_mut().shown = None;
    story.at(&WHOLE, "work_before_data");
    story.at(&TIGHT, "work_before_data");
}

#[test]
fn an_address_is_typed() {
    let board = live_board();
    let mut story = Story::of(&board, Tab::Tracker);
    story.tell(header(&[]));
    story.press("+So1111").at(&WHOLE, "add");
    let said = "not an address that is known: write CHAIN ADDRESS".to_owned();
    story.press("\n").tell(Message::Added { said, done: false });
    story.at(&WHOLE, "add_refused");
}

#[test]
fn a_filter_is_typed_and_a_toast_says_what_was_copied() {
    let board = live_board();
    let mut story = Story::of(&board, Tab::Tracker);
    story.tell(header(&[]));
    story.press("/rise").at(&WHOLE, "filter");
    story.press("\ny").at(&WHOLE, "copied");
}

#[test]
fn a_filter_of_the_lab_is_given_a_name() {
    let board = board();
    let mut story = Story::of(&board, Tab::Features);
    story.tell(header(&[]));
    story.press("f\nslocked").at(&WHOLE, "naming");
}

#[test]
fn the_help_over_real_keys() {
    let board = live_board();
    let mut story = Story::of(&board, Tab::Tracker);
    story.tell(header(&[]));
    story.press("?").at(&WHOLE, "help");
    story.at(&TIGHT, "help");
}

#[test]
fn frozen_is_said_and_new_data_waits() {
    let board = live_board();
    let mut story = Story::of(&board, Tab::Tracker);
    story.tell(header(&[]));
    story.press(" ").at(&WHOLE, "frozen");
    let before = story.drawn((80, 24), Theme::new(false, false)).to_string();
    story.answered();
    let after = story.drawn((80, 24), Theme::new(false, false)).to_string();
    assert_eq!(before, after);
}

#[test]
fn what_is_said_is_whole_on_a_narrow_screen_too() {
    let live = live_board();
    let mut story = Story::of(&live, Tab::Tracker);
    // What can be compared, said where nothing can.
    story.press("c").at(&[(60, 15), (40, 12)], "said");
    story.drawn((1, 1), Theme::new(false, false));
    for size in [(20, 5), (3, 5), (1, 6)] {
        story.drawn(size, Theme::new(false, false));
    }
    let mut story = Story::of(&live, Tab::Tracker);
    story.press("+").at(&[(60, 15), (40, 12)], "add");
}
