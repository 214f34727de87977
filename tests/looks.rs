//! Tabs, pages and the lab over the real views, at both whole sizes; and colours where they carry
//! meaning.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod story;

use callboard::tui::message::Request;
use callboard::tui::theme::Theme;
use callboard::tui::update::{Input, update};
use callboard::view::{NOTICES, Tab};
use crossterm::event::Event;
use ratatui::style::{Color, Modifier};

use story::{SMALL, Story, WHOLE, board, cells, key, live_board, type_ahead};

fn colour() -> Theme {
    Theme::new(false, false)
}

#[test]
fn features_and_a_feature() {
    let board = board();
    let mut story = Story::of(&board, Tab::Features);
    story.at(&WHOLE, "features");
    story.at(&SMALL, "features");
    story.press("\n").at(&WHOLE, "feature_page");
}

#[test]
fn the_lab_with_and_without_a_filter() {
    let board = board();
    let mut story = Story::of(&board, Tab::Features);
    story.press("f").at(&WHOLE, "lab");
    story.press("\n").at(&WHOLE, "lab_filter");
}

#[test]
fn sources_and_one_of_them() {
    let board = board();
    let mut story = Story::of(&board, Tab::Categories);
    story.at(&WHOLE, "sources");
    story.press("j\n").at(&WHOLE, "source_page");
}

#[test]
fn a_search_of_the_help() {
    let board = board();
    let mut story = Story::of(&board, Tab::Features);
    story.press("?/filter").at(&WHOLE, "help_search");
    story.press("\n");
    // Esc drops the search first, then closes.
    story.press("\u{1b}");
    assert!(story.state.help.is_some() && story.state.help_search.is_empty());
    story.press("\u{1b}");
    assert!(story.state.help.is_none());
    // What was typed went nowhere else.
    assert_eq!(story.state.list().filter, "");
}

#[test]
fn every_tab_is_whole_without_colour() {
    let board = board();
    for tab in Tab::EACH {
        let mut story = Story::of(&board, tab);
        let with = story.drawn((80, 24), colour());
        let without = story.drawn((80, 24), Theme::new(true, false));
        assert_eq!(with.to_string(), without.to_string());
        for cell in without.buffer().content() {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
        }
    }
}

#[test]
fn a_filter_is_underlined_where_it_matches_and_nowhere_else() {
    let board = board();
    let mut story = Story::of(&board, Tab::Categories);
    story.press("/ALPH\n");
    let backend = story.drawn((80, 24), colour());
    let found = cells(&backend, "alpha");
    assert!(!found.is_empty());
    for (_, modifier) in found {
        assert!(modifier.contains(Modifier::UNDERLINED));
    }
    let underlined = backend.buffer().content().iter();
    let underlined = underlined.filter(|c| c.modifier.contains(Modifier::UNDERLINED));
    assert_eq!(underlined.count() % 4, 0);
}

#[test]
fn models_and_two_of_them_compared() {
    let board = live_board();
    let mut story = Story::of(&board, Tab::Leaderboard);
    story.at(&WHOLE, "models");
    story.at(&SMALL, "models");
    story.press("\n").at(&WHOLE, "model_page");
    story.press("\u{1b}cjc").at(&WHOLE, "models_compared");
}

#[test]
fn calls_that_are_followed_and_one_of_them() {
    let board = live_board();
    let mut story = Story::of(&board, Tab::Tracker);
    story.at(&WHOLE, "followed");
    story.at(&SMALL, "followed");
    story.press("j\n").at(&WHOLE, "followed_page");
}

#[test]
fn two_sources_compared() {
    let board = board();
    let mut story = Story::of(&board, Tab::Categories);
    story.at(&SMALL, "sources");
    story.press("jcjc").at(&WHOLE, "sources_compared");
}

/// The words of a screen, without what the lines are made of.
fn words(text: &str) -> String {
    let kept = text.replace(['"', '▐'], " ");
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_does_not_fit_around_the_rows_is_cut_between_sentences_and_a_key_away() {
    let board = board();
    for (tab, keys) in [
        (Tab::Features, ""),
        (Tab::Categories, ""),
        (Tab::Features, "f\n"),
    ] {
        for size in [(80, 24), (60, 15), (80, 30), (70, 19)] {
            let mut story = Story::of(&board, tab);
            story.press(keys);
            let before = story.drawn(size, colour()).to_string();
            assert!(before.contains("all with i"), "{size:?}\n{before}");
            let shown = words(&before);
            let screen = story.state.list().shown.as_ref().unwrap().screen.clone();
            for note in &screen.notes {
                let note = words(&note.text());
                let beginning: String = note.chars().take(52).collect();
                if shown.contains(&beginning) {
                    assert!(shown.contains(&note), "{size:?}: {note}\n{before}");
                }
            }
            story.press("i");
            let page = words(&story.drawn((size.0, 300), colour()).to_string());
            assert!(!page.contains("all with i"), "{page}");
            for note in &screen.notes {
                assert!(page.contains(&words(&note.text())), "{note:?}\n{page}");
            }
            // Nobody is asked for it, and the rows are where they were.
            assert_eq!(story.state.question().open, None);
            story.press("j\u{1b}");
            assert_eq!(story.drawn(size, colour()).to_string(), before);
        }
    }
}

#[test]
fn what_is_said_around_the_rows_is_a_page_that_scrolls() {
    let board = board();
    let mut story = Story::of(&board, Tab::Features);
    story.press("i").at(&WHOLE, "features_notes");
    let first = story.drawn((80, 24), colour()).to_string();
    let last = story.press("G").drawn((80, 24), colour()).to_string();
    assert_ne!(first, last);
    // The same key leaves it.
    story.press("i");
    assert!(story.state.page.is_none());
}

#[test]
fn what_is_said_around_the_rows_opens_over_a_page_and_gives_it_back() {
    let board = board();
    let mut story = Story::of(&board, Tab::Tracker);
    story.press("\n");
    let row = story.state.page.as_ref().unwrap().key.clone();
    for back in ["i", "\u{1b}"] {
        story.press("i");
        assert!(story.state.page.as_ref().unwrap().is_notes());
        assert_eq!(story.state.question().open, None);
        story.press(back);
        assert_eq!(story.state.page.as_ref().unwrap().key, row);
        let open = story.state.question().open;
        assert_eq!(
            open,
            Some((Tab::Tracker, row.clone())),
            "it is asked for again"
        );
    }
    story.press("\u{1b}");
    assert!(story.state.page.is_none());
}

#[test]
fn beside_what_is_said_the_row_that_is_chosen_is_polled() {
    let board = board();
    let mut story = Story::of(&board, Tab::Tracker);
    let row = story.state.list().selected().unwrap().to_owned();
    story.press("i");
    let effects = update(&mut story.state, Input::Event(key('r')));
    assert_eq!(effects.request, Some(Request::PollNow(row)));
}

#[test]
fn the_log_leaves_the_lab_behind() {
    let board = board();
    let mut story = Story::of(&board, Tab::Features);
    story.press("fi");
    assert!(story.state.lab.is_some());
    story.press("l");
    assert!(story.state.lab.is_none(), "or it would be answered instead");
    let page = story.state.page.as_ref().unwrap();
    assert_eq!(page.key, NOTICES);
    assert_eq!(
        story.state.question().open,
        Some((Tab::Tracker, NOTICES.to_owned()))
    );
}

#[test]
fn keys_right_behind_the_key_of_a_tab_wait_for_its_rows() {
    let board = board();
    let mut story = Story::of(&board, Tab::Leaderboard);
    let patient = |keys: &str| {
        let mut story = Story::of(&board, Tab::Leaderboard);
        story.press(keys);
        let page = story.state.page.as_ref().map(|page| page.key.clone());
        (page, story.state.list().selected().map(str::to_owned))
    };
    type_ahead(&mut story, "2jjj");
    assert_eq!(story.state.list().selected(), None);
    story.answered();
    let (_, want) = patient("2jjj");
    assert!(want.is_some());
    assert_eq!(story.state.list().selected().map(str::to_owned), want);
    // A page, and its lines.
    type_ahead(&mut story, "3jj\njj");
    story.answered();
    let (page, _) = patient("3jj\n");
    assert!(page.is_some());
    assert_eq!(story.state.page.as_ref().map(|page| page.key.clone()), page);
    story.drawn((80, 24), colour());
    // What comes between two tabs is for the one that is left.
    let mut story = Story::of(&board, Tab::Leaderboard);
    type_ahead(&mut story, "2jjjj4");
    story.answered();
    assert_eq!(
        story.state.list().selected().map(str::to_owned),
        patient("4").1
    );
    // The lab.
    let mut story = Story::of(&board, Tab::Leaderboard);
    type_ahead(&mut story, "fj\n");
    story.answered();
    let text = |story: &Story<'_>| story.state.lab.as_ref().unwrap().filter.text();
    let mut slow = Story::of(&board, Tab::Leaderboard);
    slow.press("fj\n");
    assert!(text(&slow).is_some());
    assert_eq!(text(&story), text(&slow));
    // They do not wait for ever.
    let mut story = Story::of(&board, Tab::Leaderboard);
    type_ahead(&mut story, "2jjjj");
    for _ in 0..3 {
        update(&mut story.state, Input::Tick);
    }
    story.answered();
    assert_eq!(
        story.state.list().selected().map(str::to_owned),
        patient("2").1
    );
}

#[test]
fn a_name_can_be_pasted() {
    let board = board();
    let mut story = Story::of(&board, Tab::Features);
    story.press("f\ns");
    update(
        &mut story.state,
        Input::Event(Event::Paste("no quick\u{1b}ones".to_owned())),
    );
    story.press("\n");
    assert_eq!(story.state.saves[0].name.len(), "no quickones".len());
}
