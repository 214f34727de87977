//! Whole screens at every size, and what a snapshot of text cannot show: reversed and colours.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and may look at the time to limit its waiting"
)]

mod support;

use callboard::domain::Range;
use callboard::tui::draw;
use callboard::tui::message::Message;
use callboard::tui::state::State;
use callboard::tui::theme::Theme;
use callboard::tui::update::{Input, update};
use callboard::view::{Screen, Tab};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};

const SIZES: [(u16, u16); 5] = [(80, 24), (200, 50), (60, 15), (20, 5), (1, 1)];

/// A state with one screen shown, and keys pressed.
struct Story {
    state: State,
}

impl Story {
    fn of(tab: Tab, screen: Screen) -> Self {
        let mut state = State::new(tab, Range::D7);
        update(
            &mut state,
            Input::Message(Message::Header(support::header())),
        );
        let mut story = Self { state };
        story.shows(screen);
        story
    }

    fn shows(&mut self, screen: Screen) {
        let message = Message::Screen {
            epoch: self.state.question().epoch,
            tab: self.state.tab,
            range: self.state.requested,
            screen: support::shared(screen),
        };
        update(&mut self.state, Input::Message(message));
    }

    fn press(&mut self, keys: &str) -> &mut Self {
        for c in keys.chars() {
            let code = match c {
                '\n' => KeyCode::Enter,
                '\u{1b}' => KeyCode::Esc,
                c => KeyCode::Char(c),
            };
            let key = KeyEvent::new(code, KeyModifiers::NONE);
            update(&mut self.state, Input::Event(Event::Key(key)));
        }
        self
    }

    fn drawn(&mut self, (width, height): (u16, u16), theme: Theme) -> TestBackend {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut drawn = self.state.drawn;
        terminal
            .draw(|frame| drawn = draw::screen(frame, &self.state, theme))
            .unwrap();
        self.state.settle(drawn);
        terminal.backend().clone()
    }

    fn at_every_size(&mut self, name: &str) {
        for size in SIZES {
            let backend = self.drawn(size, Theme::new(false, false));
            insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), backend);
        }
    }
}

#[test]
fn leaderboard() {
    Story::of(Tab::Leaderboard, support::leaderboard()).at_every_size("leaderboard");
}

#[test]
fn tracker_sorted_and_filtered() {
    let mut story = Story::of(Tab::Tracker, support::tracker(345));
    story.press("jjjjj").at_every_size("tracker");
    let size = (80, 24);
    let colour = Theme::new(false, false);
    story.press("sss");
    insta::assert_snapshot!("tracker_sorted", story.drawn(size, colour));
    story.press("/moon");
    insta::assert_snapshot!("tracker_filter_typed", story.drawn(size, colour));
    story.press("\n");
    insta::assert_snapshot!("tracker_filter_kept", story.drawn(size, colour));
    story.press("/xyz\n");
    insta::assert_snapshot!("tracker_filter_without_rows", story.drawn(size, colour));
}

#[test]
fn categories() {
    Story::of(Tab::Categories, support::categories()).at_every_size("categories");
}

#[test]
fn empty() {
    Story::of(Tab::Features, support::empty()).at_every_size("empty");
}

#[test]
fn loading() {
    let mut story = Story {
        state: State::new(Tab::Leaderboard, Range::D7),
    };
    insta::assert_snapshot!(story.drawn((80, 24), Theme::new(false, false)));
}

#[test]
fn help() {
    let mut story = Story::of(Tab::Leaderboard, support::leaderboard());
    story.press("?").at_every_size("help");
    story.drawn((80, 24), Theme::new(false, false));
    story.press("G");
    insta::assert_snapshot!("help_end", story.drawn((80, 24), Theme::new(false, false)));
}

#[test]
fn page() {
    let mut story = Story::of(Tab::Leaderboard, support::leaderboard());
    story.press("\n");
    let message = Message::Page {
        epoch: story.state.question().epoch,
        tab: Tab::Leaderboard,
        key: "gpt-5".into(),
        page: support::page(),
    };
    update(&mut story.state, Input::Message(message));
    story.at_every_size("page");
}

#[test]
fn a_range_that_is_asked_for_is_not_yet_the_one_shown() {
    let mut story = Story::of(Tab::Leaderboard, support::leaderboard());
    story.press("m ");
    insta::assert_snapshot!(story.drawn((80, 24), Theme::new(false, false)));
    story.press("p ");
    insta::assert_snapshot!(
        "range_outstanding_ascii",
        story.drawn((80, 24), Theme::new(true, true))
    );
}

#[test]
fn ascii_is_ascii() {
    let mut story = Story::of(Tab::Categories, support::categories());
    story.press("ss");
    let backend = story.drawn((80, 24), Theme::new(true, true));
    insta::assert_snapshot!("categories_ascii", backend);
    // But for what comes from outside.
    let own: String = backend
        .to_string()
        .chars()
        .filter(|c| !"🌙✅👍❌💥".contains(*c))
        .collect();
    assert!(own.is_ascii(), "{own}");
}

#[test]
fn without_colour_the_selection_and_the_badge_still_show() {
    let mut story = Story::of(Tab::Leaderboard, support::leaderboard());
    story.press("j");
    let backend = story.drawn((80, 24), Theme::new(true, false));
    let buffer = backend.buffer();
    for cell in buffer.content() {
        assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
    }
    let selected: Vec<u16> = (0..24)
        .filter(|y| buffer[(0, *y)].symbol() == ">")
        .collect();
    let [y] = selected[..] else {
        panic!("{selected:?}")
    };
    for x in 0..80 {
        assert!(buffer[(x, y)].modifier.contains(Modifier::REVERSED), "{x}");
        assert!(
            !buffer[(x, y + 1)].modifier.contains(Modifier::REVERSED),
            "{x}"
        );
    }
    let badge: String = (0..80)
        .filter(|x| buffer[(*x, 0)].modifier.contains(Modifier::REVERSED))
        .map(|x| buffer[(x, 0)].symbol())
        .collect();
    assert_eq!(badge, "DEMO");
}

#[test]
fn with_colour_only_the_sixteen_and_no_background() {
    for (tab, screen) in [
        (Tab::Leaderboard, support::leaderboard()),
        (Tab::Tracker, support::tracker(40)),
        (Tab::Categories, support::categories()),
    ] {
        let backend = Story::of(tab, screen).drawn((120, 40), Theme::new(false, false));
        let mut coloured = false;
        for cell in backend.buffer().content() {
            assert_eq!(cell.bg, Color::Reset);
            assert!(!matches!(
                cell.fg,
                Color::Rgb(..) | Color::Indexed(_) | Color::White | Color::Black
            ));
            coloured |= cell.fg != Color::Reset;
        }
        assert!(coloured);
    }
}

#[test]
fn no_size_panics() {
    let themes = [Theme::new(false, false), Theme::new(true, true)];
    for (n, screen) in [
        support::leaderboard(),
        support::tracker(30),
        support::categories(),
        support::empty(),
        Screen::default(),
    ]
    .into_iter()
    .enumerate()
    {
        let mut story = Story::of(Tab::EACH[n % 4], screen);
        for keys in ["", "G", "/moon", "\n", "?", "G", "?", "\u{1b}", "G\n"] {
            story.press(keys);
            if story.state.page.is_some() {
                let message = Message::Page {
                    epoch: story.state.question().epoch,
                    tab: story.state.tab,
                    key: story.state.page.as_ref().unwrap().key.clone(),
                    page: support::page(),
                };
                update(&mut story.state, Input::Message(message));
            }
            for width in (0..24).chain([40, 59, 80, 141, 300]) {
                for height in (0..14).chain([16, 24, 100]) {
                    story.drawn((width, height), themes[usize::from(width % 2)]);
                }
            }
        }
    }
}

#[test]
fn a_hundred_thousand_rows_draw_like_twenty() {
    let mut story = Story::of(Tab::Tracker, support::tracker(100_000));
    story.press("G");
    let text = story.drawn((80, 24), Theme::new(false, false)).to_string();
    assert!(text.contains("100000/100000"), "{text}");
}

#[test]
fn two_marked_sources_are_opened_side_by_side() {
    let mut story = Story::of(Tab::Categories, support::categories());
    let keys: Vec<String> = {
        let shown = story.state.list().shown.as_ref().unwrap();
        let rows = shown.screen.table.rows.iter();
        rows.take(2).map(|row| row.key.clone()).collect()
    };
    story.press("gc");
    assert_eq!(story.state.list().marked.as_ref(), Some(&keys[0]));
    // The same row again takes the mark away.
    story.press("c");
    assert_eq!(story.state.list().marked, None);
    story.press("cjc");
    let open = story.state.question().open;
    let pair = format!("{}\u{1f}{}", keys[0], keys[1]);
    assert_eq!(open, Some((Tab::Categories, pair)));
    assert_eq!(story.state.list().marked, None);
}

#[test]
fn exactly_the_rows_on_view_are_saved() {
    let mut story = Story::of(Tab::Tracker, support::tracker(12));
    story.press("sS");
    let arranged = story.state.list().arranged.clone();
    let key = KeyEvent::new(KeyCode::Char('e'), KeyModifiers::NONE);
    let effects = update(&mut story.state, Input::Event(Event::Key(key)));
    let save = effects.save.unwrap();
    assert_eq!(save.rows, arranged);
    assert!(
        save.name.starts_with("callboard-tracker-7d-"),
        "{}",
        save.name
    );
    assert!(!save.name.contains([' ', ':', '/']), "{}", save.name);
    story.press("/nothing holds this\n");
    let effects = update(&mut story.state, Input::Event(Event::Key(key)));
    assert_eq!(effects.save, None);
    update(
        &mut story.state,
        Input::Message(Message::Notice("3 rows saved to x.csv".to_owned())),
    );
    assert_eq!(
        story.state.toast.as_ref().unwrap().text,
        "3 rows saved to x.csv"
    );
}
