//! The dashboard: what a view says, in cells; keys, as actions.
//!
//! Knows: views, ranges, the terminal. Must never know: where data comes from, SQL, HTTP,
//! statistics, what time it is. Nothing here waits for anything but input, messages and signals.
//!
//! ```text
//!  callboard  DEMO  Leaderboard  Tracker  Categories  Features    24H [7D] 30D 90D All   draw/frame.rs
//!  301 trades · as of 2026-11-01 00:00 UTC · callboard.db · dexscreener ok 1m         draw/header.rs
//!  jupiter DOWN, next try 00:03 UTC: not reachable       (empty on a good day)
//!  Summary lines, bars with their intervals                                           draw/blocks.rs
//!
//!   Model          Trades  Win rate ▼        Total P&L                                draw/table.rs
//! > gpt-5              41  56 % (41-70)       +1204.10
//!   claude             38  50 % (35-65)        +310.55
//!
//!  Notes that qualify the table
//!  ? help  q quit  1-4 tab  d w m n a range  Enter open                        1/12   draw/frame.rs
//! ```
//!
//! `run` waits for one thing, takes in everything else that waits already, and then draws at
//! most once, only if something on screen changed.

mod beat;
pub mod chord;
mod decode;
pub mod draw;
mod encode;
mod input;
mod jobs;
mod keyed;
pub mod keymap;
pub mod kind;
pub mod lab;
pub mod message;
pub mod rebind;
pub mod save;
pub mod state;
pub mod surface;
mod take;
pub mod terminal;
mod text;
pub mod theme;
pub mod update;

use std::error::Error;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crossterm::event::Event;
use futures_util::{Stream, StreamExt};
use ratatui::Terminal;
use ratatui::layout::Rect;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, sleep_until};

use crate::clock::timers;
use crate::domain::Range;
use crate::view::{Question, Tab};

pub use input::Typed;
pub use message::{Message, Request};
pub use rebind::Keys;
pub use surface::{Screen, Surface};
pub use terminal::{Session, Signal, signals};

use beat::Beat;
use jobs::{Job, Who};
use state::State;
use theme::Theme;
use update::{Effects, Input, update};

/// The most things taken in before a frame is drawn all the same.
const AT_ONCE: usize = 1024;
/// How long a frame stays at least, except that a single key is never held up, nor the first answer
/// to it: keys that come in a burst come several to a frame, and further answers one after the other.
const REST: Duration = Duration::from_millis(8);
/// How soon a line that was full is tried again.
const AGAIN: Duration = Duration::from_millis(50);

/// How the dashboard starts and looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UiOptions {
    /// Colours and glyphs.
    pub theme: Theme,
    /// The tab to start with.
    pub start_tab: Tab,
    /// The range to start with.
    pub range: Range,
    /// Start with calls that are still in their window.
    pub provisional: bool,
}

/// Why the dashboard ended, when nothing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The user quit.
    Quit,
    /// A signal asked for it.
    Signal(Signal),
    /// The line to the user is gone.
    LineGone,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Drawing failed.
    #[error("cannot write to the terminal: {0}")]
    Terminal(#[source] Box<dyn Error + Send + Sync>),
    /// Reading keys failed.
    #[error("cannot read from the terminal: {0}")]
    Input(#[source] io::Error),
}

impl RunError {
    fn terminal(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Terminal(Box::new(error))
    }
}

/// Where the dashboard's questions and requests go.
#[derive(Debug)]
pub struct Asking {
    /// What is to be shown: only the latest counts.
    pub questions: watch::Sender<Question>,
    /// What is to be done: each one counts.
    pub requests: mpsc::UnboundedSender<Request>,
}

fn start(options: UiOptions) -> State {
    let mut state = State::new(options.start_tab, options.range);
    state.provisional = options.provisional;
    state
}

/// The question that a dashboard with these options starts with.
#[must_use]
pub fn first_question(options: &UiOptions) -> Question {
    start(*options).question()
}

/// Runs the dashboard until the user quits, a signal comes or the line is gone.
///
/// Questions go out by `asking`, the first at once; only the latest counts. Answers come in by
/// `messages` and may come as often as data changes.
///
/// # Errors
/// When the terminal cannot be written to or read from.
pub async fn run<B, S>(
    terminal: &mut Terminal<B>,
    input: S,
    messages: mpsc::Receiver<Message>,
    asking: Asking,
    options: UiOptions,
    shutdown: impl Future<Output = Signal>,
) -> Result<Ended, RunError>
where
    B: Surface,
    B::Error: Send + Sync + 'static,
    S: Stream<Item = io::Result<Event>> + Unpin,
{
    let keys = Keys::default();
    run_with(keys, terminal, input, messages, asking, options, shutdown).await
}

/// The same with keys of the user's own.
///
/// # Errors
/// As [`run`].
pub async fn run_with<B, S>(
    keys: Keys,
    terminal: &mut Terminal<B>,
    mut input: S,
    mut messages: mpsc::Receiver<Message>,
    asking: Asking,
    options: UiOptions,
    shutdown: impl Future<Output = Signal>,
) -> Result<Ended, RunError>
where
    B: Surface,
    B::Error: Send + Sync + 'static,
    S: Stream<Item = io::Result<Event>> + Unpin,
{
    let mut state = start(options);
    state.keys = keys;
    asking.questions.send_replace(state.question());
    let mut shutdown = pin!(shutdown);
    let mut beat = Beat::new();
    let (told, mut notices) = mpsc::unbounded_channel();
    let (mut dirty, mut talking) = (true, true);
    let mut rests_until = timers();
    // Stopped by the shell: the terminal is not ours until it lets the program go on.
    let mut away = false;
    // Events since the last frame, and whether that was one of a burst.
    let (mut events, mut burst) = (0_usize, false);
    // A question is out; its answer is there and not drawn yet.
    let (mut asked, mut answered) = (false, false);
    loop {
        let ready = away || terminal.backend_mut().ready().map_err(RunError::terminal)?;
        let hurry = (events > 0 || answered) && !burst;
        let rests = dirty && !hurry && timers() < rests_until;
        if dirty && ready && !rests && !away {
            let mut drawn = state.drawn;
            terminal
                .draw(|frame| drawn = draw::screen(frame, &state, options.theme))
                .map_err(RunError::terminal)?;
            state.settle(drawn);
            dirty = false;
            answered = false;
            burst = events > 1;
            events = 0;
            rests_until = timers() + REST;
        }
        let first = tokio::select! {
            biased;
            signal = &mut shutdown => return Ok(Ended::Signal(signal)),
            job = poll_fn(|cx| terminal.backend_mut().poll_job(cx)) => {
                match job {
                    Job::Stop if away => {}
                    Job::Stop => away = terminal.backend_mut().stop(Who::Own),
                    Job::Continue => {
                        away = false;
                        repaint(terminal)?;
                        dirty = true;
                    }
                }
                None
            }
            () = beat.next() => {
                if terminal.backend().hung_up() {
                    return Ok(Ended::LineGone);
                }
                Some(Input::Tick)
            }
            event = input.next() => match event {
                Some(event) => Some(Input::Event(event.map_err(RunError::Input)?)),
                None => return Ok(Ended::LineGone),
            },
            message = messages.recv(), if talking => {
                talking = message.is_some();
                message.map(Input::Message)
            }
            notice = notices.recv() => notice.map(Input::Message),
            () = sleep_until(rests_until), if rests => None,
            () = sleep(AGAIN), if !ready => None,
        };
        if matches!(first, Some(Input::Message(_))) && beat.along() {
            if terminal.backend().hung_up() {
                return Ok(Ended::LineGone);
            }
            dirty |= update(&mut state, Input::Tick).redraw;
        }
        let mut next = first;
        let mut taken_in = 0;
        while let Some(taken) = next.take() {
            events += usize::from(matches!(taken, Input::Event(_)));
            let answer = matches!(
                taken,
                Input::Message(Message::Screen { .. } | Message::Page { .. } | Message::Lab { .. })
            );
            let effects = update(&mut state, taken);
            dirty |= effects.redraw;
            if answer && effects.redraw && std::mem::take(&mut asked) {
                answered = true;
            }
            asked |= effects.ask.is_some();
            if effects.quit {
                return Ok(Ended::Quit);
            }
            if effects.suspend && !away {
                away = suspend(terminal, &mut state);
                dirty |= !away;
            }
            carry_out(terminal, &asking, &told, effects)?;
            taken_in += 1;
            if taken_in == AT_ONCE {
                break;
            }
            next = match waiting(&mut input).await {
                Some(event) => Some(Input::Event(event.map_err(RunError::Input)?)),
                None => messages.try_recv().ok().map(Input::Message),
            };
        }
    }
}

/// Takes the terminal again, whose screen may hold anything. It is asked nothing: a new size,
/// though it is the old one, makes the next frame a whole one.
fn repaint<B>(terminal: &mut Terminal<B>) -> Result<(), RunError>
where
    B: Surface,
    B::Error: Send + Sync + 'static,
{
    terminal
        .backend_mut()
        .take_again()
        .and_then(|()| terminal.size())
        .and_then(|size| terminal.resize(Rect::from((ratatui::layout::Position::ORIGIN, size))))
        .map_err(RunError::terminal)
}

/// Lets the shell have the terminal; whether it took it.
fn suspend<B: Surface>(terminal: &mut Terminal<B>, state: &mut State) -> bool {
    let away = terminal.backend_mut().stop(Who::Group);
    if !away {
        state.say("no shell is there to bring it back: not suspended");
    }
    away
}

fn carry_out<B>(
    terminal: &mut Terminal<B>,
    asking: &Asking,
    told: &mpsc::UnboundedSender<Message>,
    effects: Effects,
) -> Result<(), RunError>
where
    B: Surface,
    B::Error: Send + Sync + 'static,
{
    if let Some(question) = effects.ask {
        asking.questions.send_replace(question);
    }
    if let Some(request) = effects.request {
        // Nobody carries them out any more only when the program ends.
        let _ = asking.requests.send(request);
    }
    if effects.bell {
        terminal.backend_mut().bell().map_err(RunError::terminal)?;
    }
    if let Some(text) = effects.copy {
        terminal
            .backend_mut()
            .copy(&text)
            .map_err(RunError::terminal)?;
    }
    if let Some(what) = effects.save {
        let told = told.clone();
        let saving = move || {
            let folder = std::env::current_dir().unwrap_or_else(|_| ".".into());
            // Nobody listens any more only when the dashboard is gone.
            let _ = told.send(Message::Say(save::save(&what, &folder)));
        };
        // Without a thread there is no file and no word of one.
        drop(
            std::thread::Builder::new()
                .name("save".to_owned())
                .spawn(saving),
        );
    }
    Ok(())
}

/// What the input holds already. It is asked with the waker of this task: a stream
/// may keep the one it saw first, as crossterm's does, and one that wakes nobody would make it deaf.
async fn waiting<S>(input: &mut S) -> Option<S::Item>
where
    S: Stream + Unpin,
{
    poll_fn(|cx| {
        Poll::Ready(match input.poll_next_unpin(cx) {
            Poll::Ready(event) => event,
            Poll::Pending => None,
        })
    })
    .await
}
