//! The whole loop on a scripted input and a screen in memory: no terminal, no waiting by time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and may look at the time to limit its waiting"
)]

mod support;

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Future, pending};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use callboard::domain::Range;
use callboard::tui::theme::Theme;
use callboard::tui::{
    Asking, Ended, Message, Request, Signal, Surface, UiOptions, first_question, run,
};
use callboard::view::{Page, Question, Screen, Tab};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use futures_util::Stream;
use ratatui::Terminal;
use ratatui::backend::{Backend, ClearType, TestBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use tokio::sync::{mpsc, watch};

/// What the outside sees of the dashboard.
#[derive(Default)]
struct Seen {
    frames: usize,
    text: String,
    copied: Vec<String>,
    bells: usize,
    hung_up: bool,
    full: bool,
}

/// A screen in memory that shows what it has to the test.
struct Glass {
    inner: TestBackend,
    seen: Rc<RefCell<Seen>>,
}

impl Surface for Glass {
    fn ready(&mut self) -> Result<bool, Infallible> {
        Ok(!self.seen.borrow().full)
    }

    fn copy(&mut self, text: &str) -> Result<(), Infallible> {
        self.seen.borrow_mut().copied.push(text.to_owned());
        Ok(())
    }

    fn bell(&mut self) -> Result<(), Infallible> {
        self.seen.borrow_mut().bells += 1;
        Ok(())
    }

    fn hung_up(&self) -> bool {
        self.seen.borrow().hung_up
    }
}

impl Backend for Glass {
    type Error = Infallible;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Infallible>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.inner.draw(content)
    }

    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> Result<(), Infallible> {
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        panic!("the terminal was asked for its cursor");
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> Result<(), Infallible> {
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> Result<(), Infallible> {
        self.inner.clear_region(clear_type)
    }

    fn size(&self) -> Result<Size, Infallible> {
        self.inner.size()
    }

    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        let mut seen = self.seen.borrow_mut();
        seen.frames += 1;
        seen.text = self.inner.to_string();
        Ok(())
    }
}

struct Keys(mpsc::UnboundedReceiver<Event>);

impl Stream for Keys {
    type Item = io::Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|event| event.map(Ok))
    }
}

/// The program around the dashboard.
struct World {
    keys: mpsc::UnboundedSender<Event>,
    messages: mpsc::Sender<Message>,
    questions: watch::Receiver<Question>,
    requests: mpsc::UnboundedReceiver<Request>,
    seen: Rc<RefCell<Seen>>,
}

impl World {
    fn press(&self, keys: &str) {
        for c in keys.chars() {
            let code = match c {
                '\n' => KeyCode::Enter,
                c => KeyCode::Char(c),
            };
            let key = KeyEvent::new(code, KeyModifiers::NONE);
            self.keys.send(Event::Key(key)).unwrap();
        }
    }

    fn tell(&self, message: Message) {
        self.messages.try_send(message).unwrap();
    }

    fn shows(&self, epoch: u64, range: Range, screen: Screen) {
        self.tell(Message::Screen {
            epoch,
            tab: Tab::Leaderboard,
            range,
            screen: support::shared(screen),
        });
    }

    /// Lets the dashboard do all it can: the clock is the runtime's own, and moves on only when
    /// both sides have nothing left to do.
    async fn settled(&self) {
        tokio::time::sleep(std::time::Duration::from_millis(60)).await;
    }

    async fn asked(&mut self) -> Question {
        self.questions.changed().await.unwrap();
        self.questions.borrow_and_update().clone()
    }

    fn text(&self) -> String {
        self.seen.borrow().text.clone()
    }

    fn frames(&self) -> usize {
        self.seen.borrow().frames
    }

    fn selected(&self) -> String {
        let text = self.text();
        let line = text.lines().find(|line| line.starts_with("\"> "));
        line.unwrap_or_default().to_owned()
    }
}

/// Runs a story against a dashboard; says how the dashboard ended.
fn play<F, T>(shutdown: impl Future<Output = Signal>, story: F) -> Ended
where
    F: FnOnce(World) -> T,
    T: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let options = UiOptions {
            provisional: false,
            theme: Theme::new(false, false),
            start_tab: Tab::Leaderboard,
            range: Range::D7,
        };
        let (keys, events) = mpsc::unbounded_channel();
        let (messages, inbox) = mpsc::channel(4096);
        let (out, mut questions) = watch::channel(first_question(&options));
        questions.mark_changed();
        let (request, requests) = mpsc::unbounded_channel();
        let out = Asking {
            questions: out,
            requests: request,
        };
        let seen = Rc::new(RefCell::new(Seen::default()));
        let world = World {
            keys,
            messages,
            questions,
            requests,
            seen: Rc::clone(&seen),
        };
        let mut terminal = Terminal::new(Glass {
            inner: TestBackend::new(80, 24),
            seen,
        })
        .unwrap();
        let dashboard = run(&mut terminal, Keys(events), inbox, out, options, shutdown);
        // Time stands still while anything can be done, so this is about waiting for ever.
        let limit = std::time::Duration::from_hours(1);
        let both = async { tokio::join!(dashboard, story(world)).0 };
        tokio::time::timeout(limit, both)
            .await
            .expect("the story waits for something that never comes")
            .unwrap()
    })
}

fn renamed(names: &[&str]) -> Screen {
    let mut screen = support::leaderboard();
    let all = std::mem::take(&mut screen.table.rows).into_made();
    screen.table.rows = names
        .iter()
        .map(|name| all.iter().find(|r| r.key == *name).unwrap().clone())
        .collect();
    screen
}

#[test]
fn the_first_frame_waits_for_nothing() {
    let ended = play(pending(), async |mut world: World| {
        world.settled().await;
        assert_eq!(world.frames(), 1);
        assert!(world.text().contains("loading ..."));
        let first = world.asked().await;
        assert_eq!((first.tab, first.range), (Tab::Leaderboard, Range::D7));
        world.press("q");
    });
    assert_eq!(ended, Ended::Quit);
}

#[test]
fn a_key_becomes_a_question() {
    play(pending(), async |mut world: World| {
        let first = world.asked().await;
        world.press("m");
        let second = world.asked().await;
        assert_eq!(second.range, Range::D30);
        assert!(second.epoch > first.epoch);
        world.press("p");
        assert!(world.asked().await.provisional);
        world.press(" ");
        assert!(world.asked().await.frozen);
        world.press("2");
        assert_eq!(world.asked().await.tab, Tab::Tracker);
        world.press("q");
    });
}

#[test]
fn an_answer_to_an_older_question_is_dropped() {
    play(pending(), async |mut world: World| {
        let first = world.asked().await;
        world.shows(first.epoch, Range::D7, renamed(&["gpt-5"]));
        world.settled().await;
        assert!(world.text().contains("[7D]") && world.selected().contains("gpt-5"));
        world.press("m");
        let second = world.asked().await;
        world.settled().await;
        assert!(world.text().contains("[7D] →30D"), "{}", world.text());
        let frames = world.frames();
        world.shows(first.epoch, Range::D7, renamed(&["grok-4"]));
        world.settled().await;
        assert!(world.selected().contains("gpt-5"));
        assert_eq!(world.frames(), frames);
        world.shows(second.epoch, Range::D30, renamed(&["grok-4"]));
        world.settled().await;
        assert!(world.selected().contains("grok-4"));
        assert!(world.text().contains("7D [30D]"), "{}", world.text());
        world.press("q");
    });
}

#[test]
fn the_first_answer_to_a_key_is_drawn_at_once() {
    play(pending(), async |mut world: World| {
        let first = world.asked().await;
        world.shows(first.epoch, Range::D7, renamed(&["gpt-5"]));
        world.settled().await;
        let began = tokio::time::Instant::now();
        world.press("m");
        let second = world.asked().await;
        while !world.text().contains("→30D") {
            tokio::task::yield_now().await;
        }
        // The frame of the key was just drawn.
        world.shows(second.epoch, Range::D30, renamed(&["grok-4"]));
        while !world.text().contains("[30D]") {
            tokio::task::yield_now().await;
        }
        assert_eq!(began.elapsed(), std::time::Duration::ZERO);
        // What comes after it waits until that one has stayed for a moment.
        world.shows(second.epoch, Range::D30, renamed(&["gpt-5"]));
        let frames = world.frames();
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        assert_eq!(world.frames(), frames);
        world.settled().await;
        assert!(world.selected().contains("gpt-5"));
        world.press("q");
    });
}

#[test]
fn an_answer_asked_for_on_another_tab_is_still_good() {
    play(pending(), async |mut world: World| {
        let first = world.asked().await;
        world.press("2");
        world.asked().await;
        world.shows(first.epoch, Range::D7, renamed(&["gpt-5"]));
        world.press("1");
        world.settled().await;
        assert!(world.selected().contains("gpt-5"));
        world.press("q");
    });
}

#[test]
fn the_selection_stays_with_its_row() {
    play(pending(), async |mut world: World| {
        let epoch = world.asked().await.epoch;
        world.shows(
            epoch,
            Range::D7,
            renamed(&["gpt-5", "grok-4", "mistral-large"]),
        );
        world.settled().await;
        world.press("j");
        world.settled().await;
        assert!(world.selected().contains("grok-4"));
        world.shows(
            epoch,
            Range::D7,
            renamed(&["mistral-large", "gpt-5", "grok-4"]),
        );
        world.settled().await;
        assert!(world.selected().contains("grok-4"));
        assert!(world.text().contains("3/3"));
        world.press("ss");
        world.settled().await;
        assert!(world.selected().contains("grok-4"), "{}", world.text());
        world.press("q");
    });
}

#[test]
fn everything_that_waits_is_one_frame() {
    play(pending(), async |mut world: World| {
        let epoch = world.asked().await.epoch;
        world.settled().await;
        let frames = world.frames();
        for n in 1..=100 {
            world.shows(epoch, Range::D7, support::tracker(n));
        }
        world.press("jjj");
        world.settled().await;
        assert_eq!(world.frames(), frames + 1);
        assert!(world.text().contains("100 calls"));
        world.press("q");
    });
}

#[test]
fn nothing_is_drawn_when_nothing_changed() {
    play(pending(), async |mut world: World| {
        let epoch = world.asked().await.epoch;
        world.tell(Message::Header(support::header()));
        world.shows(epoch, Range::D7, support::leaderboard());
        world.settled().await;
        let frames = world.frames();
        // The same again, a key that does nothing, a tab that is not in front, many ticks.
        world.tell(Message::Header(support::header()));
        world.shows(epoch, Range::D7, support::leaderboard());
        world.press("kkwz");
        world.tell(Message::Screen {
            epoch,
            tab: Tab::Tracker,
            range: Range::D7,
            screen: support::shared(support::tracker(3)),
        });
        tokio::time::advance(std::time::Duration::from_secs(30)).await;
        world.settled().await;
        assert_eq!(world.frames(), frames);
        world.press("q");
    });
}

#[test]
fn a_toast_goes_by_itself_and_copies_are_said() {
    play(pending(), async |mut world: World| {
        let epoch = world.asked().await.epoch;
        world.shows(epoch, Range::D7, support::leaderboard());
        world.settled().await;
        world.press("jy");
        world.settled().await;
        assert_eq!(world.seen.borrow().copied, ["copy-of-claude-opus-4-1"]);
        assert!(world.text().contains("copied copy-of-claude-opus-4-1"));
        for _ in 0..6 {
            tokio::time::advance(std::time::Duration::from_secs(1)).await;
            world.settled().await;
        }
        assert!(!world.text().contains("copied"));
        world.press("q");
    });
}

#[test]
fn frozen_data_waits_and_a_question_is_answered_all_the_same() {
    play(pending(), async |mut world: World| {
        let epoch = world.asked().await.epoch;
        world.shows(epoch, Range::D7, renamed(&["gpt-5"]));
        world.press(" ");
        world.settled().await;
        assert!(world.text().contains("FROZEN"));
        world.shows(epoch, Range::D7, renamed(&["grok-4"]));
        world.settled().await;
        assert!(world.selected().contains("gpt-5"));
        world.press(" ");
        world.settled().await;
        assert!(world.selected().contains("grok-4") && !world.text().contains("FROZEN"));
        world.press(" m");
        world.settled().await;
        let question = world.asked().await;
        world.shows(question.epoch, Range::D30, renamed(&["mistral-large"]));
        world.settled().await;
        assert!(world.selected().contains("mistral-large"));
        world.press("q");
    });
}

#[test]
fn a_page_opens_closes_and_takes_only_its_own_answer() {
    play(pending(), async |mut world: World| {
        let epoch = world.asked().await.epoch;
        world.shows(epoch, Range::D7, support::leaderboard());
        world.settled().await;
        world.press("j\n");
        world.settled().await;
        let question = world.asked().await;
        let key = "claude-opus-4-1";
        assert_eq!(question.open, Some((Tab::Leaderboard, key.to_owned())));
        assert!(world.text().contains("loading ..."));
        let page = |key: &str, title: &str| Message::Page {
            epoch: question.epoch,
            tab: Tab::Leaderboard,
            key: key.to_owned(),
            page: Page {
                title: title.to_owned(),
                blocks: vec![],
            },
        };
        world.tell(page("gpt-5", "another row"));
        world.settled().await;
        assert!(world.text().contains("loading ..."));
        world.tell(page(key, "this row"));
        world.settled().await;
        assert!(world.text().contains("this row"));
        let esc = KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE);
        world.keys.send(Event::Key(esc)).unwrap();
        assert_eq!(world.asked().await.open, None);
        world.settled().await;
        assert!(world.selected().contains(key));
        world.press("q");
    });
}

#[test]
fn letters_are_text_while_a_filter_is_typed() {
    play(pending(), async |mut world: World| {
        let epoch = world.asked().await.epoch;
        world.shows(epoch, Range::D7, support::leaderboard());
        world.press("/qwen");
        world.settled().await;
        assert!(world.selected().contains("qwen3-max") && world.text().contains("1/1 of 8"));
        world.press("\nq");
    });
}

#[test]
fn a_signal_and_a_gone_line_end_it() {
    let (now, signal) = tokio::sync::oneshot::channel();
    let ended = play(async { signal.await.unwrap() }, async |world: World| {
        world.settled().await;
        now.send(Signal::Terminate).unwrap();
    });
    assert_eq!(ended, Ended::Signal(Signal::Terminate));

    let ended = play(pending(), async |world: World| {
        world.settled().await;
        world.seen.borrow_mut().hung_up = true;
        // Time moves on by itself when everything waits.
        world.keys.closed().await;
    });
    assert_eq!(ended, Ended::LineGone);

    let ended = play(pending(), async |world: World| drop(world));
    assert_eq!(ended, Ended::LineGone);
}

#[test]
fn a_full_line_is_not_drawn_on_and_keys_still_work() {
    let ended = play(pending(), async |mut world: World| {
        world.asked().await;
        world.settled().await;
        world.seen.borrow_mut().full = true;
        let frames = world.frames();
        world.press("m");
        assert_eq!(world.asked().await.range, Range::D30);
        world.settled().await;
        assert_eq!(world.frames(), frames);
        world.seen.borrow_mut().full = false;
        world.settled().await;
        assert_eq!(world.frames(), frames + 1);
        world.press("q");
    });
    assert_eq!(ended, Ended::Quit);
}

#[test]
fn an_address_is_typed_or_pasted_sent_once_and_kept_until_it_is_right() {
    play(pending(), async |mut world: World| {
        world.press("+");
        world.settled().await;
        assert!(
            world.text().contains("paste a token's address"),
            "{}",
            world.text()
        );
        // Pasted text is text, whatever keys it spells: the line break adds nothing.
        let pasted = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263\nq\u{1b}[2J";
        world.keys.send(Event::Paste(pasted.to_owned())).unwrap();
        world.settled().await;
        assert!(world.text().contains("B263 q[2J"), "{}", world.text());
        let key = KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL);
        world.keys.send(Event::Key(key)).unwrap();
        world.press("base q0x1\n\n");
        world.settled().await;
        assert_eq!(
            world.requests.try_recv(),
            Ok(Request::Add("base q0x1".to_owned()))
        );
        assert!(world.requests.try_recv().is_err(), "it was sent twice");
        assert!(world.text().contains("looking it up"));
        world.tell(Message::Added {
            said: "that is no token".to_owned(),
            done: false,
        });
        world.settled().await;
        assert!(world.text().contains("that is no token"));
        assert!(world.text().contains("base q0x1"));
        world.press("2\n");
        world.settled().await;
        assert_eq!(
            world.requests.try_recv(),
            Ok(Request::Add("base q0x12".to_owned()))
        );
        world.tell(Message::Added {
            said: "added X".to_owned(),
            done: true,
        });
        world.settled().await;
        assert!(world.text().contains("added X"));
        assert!(!world.text().contains("base q0x12"));
        world.press("q");
    });
}

#[test]
fn in_a_demo_nothing_is_added_and_a_paste_presses_no_keys() {
    play(pending(), async |mut world: World| {
        world.tell(Message::Header(support::header()));
        world.settled().await;
        world.press("+");
        world.settled().await;
        assert!(world.text().contains("this is a demo"), "{}", world.text());
        world.keys.send(Event::Paste("qqq".to_owned())).unwrap();
        world.settled().await;
        assert!(world.text().contains("press + to add"), "{}", world.text());
        assert!(world.requests.try_recv().is_err());
        world.press("q");
    });
}

#[test]
fn r_polls_the_selected_call_and_nothing_elsewhere() {
    play(pending(), async |mut world: World| {
        world.press("r");
        world.settled().await;
        assert!(world.requests.try_recv().is_err());
        assert!(world.text().contains("selected on the Tracker"));
        world.press("2");
        world.tell(Message::Screen {
            epoch: 99,
            tab: Tab::Tracker,
            range: Range::D7,
            screen: support::shared(support::tracker(5)),
        });
        world.press("jr");
        world.settled().await;
        // Keys come before messages: whichever came first, it is a call of the list.
        world.press("r");
        world.settled().await;
        let mut last = None;
        while let Ok(request) = world.requests.try_recv() {
            last = Some(request);
        }
        let Some(Request::PollNow(key)) = last else {
            panic!("{last:?}")
        };
        assert!(key.starts_with("call-"), "{key}");
        world.tell(Message::Say("asking for BONK now".to_owned()));
        world.settled().await;
        assert!(world.text().contains("asking for BONK now"));
        world.press("q");
    });
}

#[test]
fn the_bell_rings_once_in_a_few_seconds() {
    play(pending(), async |world: World| {
        for _ in 0..20 {
            world.tell(Message::Bell);
        }
        world.settled().await;
        assert_eq!(world.seen.borrow().bells, 1);
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        world.tell(Message::Bell);
        world.tell(Message::Bell);
        world.settled().await;
        assert_eq!(world.seen.borrow().bells, 2);
        world.press("q");
    });
}

#[test]
fn the_log_is_a_page_that_the_same_key_closes() {
    play(pending(), async |mut world: World| {
        let _ = world.asked().await;
        world.press("l");
        let asked = world.asked().await;
        assert_eq!(
            asked.open,
            Some((Tab::Tracker, callboard::view::NOTICES.to_owned()))
        );
        world.press("l");
        assert_eq!(world.asked().await.open, None);
        world.press("q");
    });
}
