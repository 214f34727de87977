//! What happens when a key is pressed, data comes or a second passes: state in, effects out.
//!
//! Knows: the state and the key table. Must never know: the terminal, channels, time.

mod held;
mod pages;
mod rows;

use crossterm::event::{Event, KeyEvent};

use crate::domain::Range;
use crate::domain::text::clean;
use crate::view::{Question, Tab};

use super::keymap::{Action, Chord, Place};
use super::lab;
use super::message::{Message, Request};
use super::save::Save;
use super::state::{Adding, State};
use super::take::take;
pub use held::Held;
use pages::{back, mark, open, open_log, open_notes, poll_now, shared_days};
use rows::{clear_filter, copy, freeze, next_sort, reverse_sort, save};

/// Ticks between two rings of the bell.
const BELL_RESTS: u8 = 3;
/// More characters no address has, with its chain.
const LONGEST_ADDRESS: usize = 200;
/// Pasted into a filter, more characters match nothing.
const LONGEST_PASTED: usize = 200;

/// Something that happened.
#[derive(Debug)]
pub enum Input {
    /// The terminal says so.
    Event(Event),
    /// The program says so.
    Message(Message),
    /// About a second passed.
    Tick,
}

/// What is to be done about it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "an event may ask for each of them, with or without the others"
)]
#[derive(Debug, Default, PartialEq)]
pub struct Effects {
    /// The screen looks different now.
    pub redraw: bool,
    /// The question changed.
    pub ask: Option<Question>,
    /// To be put on the clipboard.
    pub copy: Option<String>,
    /// To be saved to a file.
    pub save: Option<Save>,
    /// To be carried out by the program.
    pub request: Option<Request>,
    /// To be rung.
    pub bell: bool,
    /// The user wants to go back to the shell for a while.
    pub suspend: bool,
    /// The user wants to leave.
    pub quit: bool,
}

impl Effects {
    pub(super) fn redraw(redraw: bool) -> Self {
        Self {
            redraw,
            ..Self::default()
        }
    }

    /// These, and then others.
    fn and(self, then: Self) -> Self {
        Self {
            redraw: self.redraw || then.redraw,
            ask: then.ask.or(self.ask),
            request: then.request.or(self.request),
            copy: then.copy.or(self.copy),
            save: then.save.or(self.save),
            bell: self.bell || then.bell,
            suspend: self.suspend || then.suspend,
            quit: self.quit || then.quit,
        }
    }

    pub(super) fn ask(state: &State) -> Self {
        Self {
            redraw: true,
            ask: Some(state.question()),
            ..Self::default()
        }
    }
}

/// Takes one thing in.
pub fn update(state: &mut State, input: Input) -> Effects {
    match input {
        Input::Event(Event::Key(key)) => press(state, &key),
        Input::Event(Event::Resize(..)) => Effects::redraw(true),
        Input::Event(Event::Paste(text)) => paste(state, &text),
        Input::Event(_) => Effects::default(),
        Input::Message(Message::Bell) => ring(state),
        Input::Message(message) => {
            let taken = Effects::redraw(take(state, message));
            taken.and(held::release(state))
        }
        Input::Tick => Effects::redraw(tick(state)),
    }
}

/// The bell, at most once in a few seconds.
fn ring(state: &mut State) -> Effects {
    let bell = state.bell_rests == 0;
    if bell {
        state.bell_rests = BELL_RESTS;
    }
    Effects {
        // It goes out with a frame.
        redraw: bell,
        bell,
        ..Effects::default()
    }
}

/// Pasted text goes where text is typed, and is never taken for keys.
fn paste(state: &mut State, text: &str) -> Effects {
    // A megabyte may have been pasted.
    let text: String = text.chars().take(LONGEST_PASTED).collect();
    let text = clean(&text);
    match (state.place(), &mut state.adding) {
        (Place::Add, Some(adding)) if !adding.waiting => {
            let room = LONGEST_ADDRESS.saturating_sub(adding.text.chars().count());
            adding.text.extend(text.chars().take(room));
            adding.said = None;
            Effects::redraw(true)
        }
        (Place::Filter, _) => Effects::redraw(state.retype(|typed| typed.push_str(&text))),
        (Place::Naming, _) => {
            let typed = text.chars().map(|c| lab::type_name(state, c));
            Effects::redraw(typed.filter(|typed| typed.redraw).count() > 0)
        }
        (Place::List | Place::Page, _) => {
            state.say(state.keys.pasted());
            Effects::redraw(true)
        }
        _ => Effects::default(),
    }
}

fn tick(state: &mut State) -> bool {
    held::grow_old(state);
    state.bell_rests = state.bell_rests.saturating_sub(1);
    let Some(toast) = &mut state.toast else {
        return false;
    };
    toast.left = toast.left.saturating_sub(1);
    let over = toast.left == 0;
    if over {
        state.toast = None;
    }
    over
}

fn press(state: &mut State, key: &KeyEvent) -> Effects {
    let Some(chord) = Chord::of(key) else {
        return Effects::default();
    };
    let place = state.place();
    if let Some(action) = state.keys.lookup(place, chord) {
        if matches!(action, Action::Filter | Action::Add | Action::Name) {
            // What is typed stands where it did.
            state.toast = None;
        }
        return held::perform(state, action);
    }
    if chord.typed().is_some() && matches!(place, Place::Filter | Place::Naming | Place::Add) {
        state.toast = None;
    }
    if place == Place::Naming
        && let Some(c) = chord.typed()
    {
        return lab::type_name(state, c);
    }
    if place == Place::Filter
        && let Some(c) = chord.typed()
    {
        return Effects::redraw(state.retype(|text| text.push(c)));
    }
    if place == Place::Add
        && let Some(c) = chord.typed()
        && let Some(adding) = &mut state.adding
        && !adding.waiting
        && adding.text.chars().count() < LONGEST_ADDRESS
    {
        adding.text.push(c);
        adding.said = None;
        return Effects::redraw(true);
    }
    Effects::default()
}

fn act(state: &mut State, action: Action) -> Effects {
    match action {
        Action::Quit => Effects {
            quit: true,
            ..Effects::default()
        },
        Action::Suspend => Effects {
            suspend: true,
            ..Effects::default()
        },
        Action::Tab(tab) => go(state, tab),
        Action::NextTab => go(state, beside(state.tab, 1)),
        Action::PreviousTab => go(state, beside(state.tab, Tab::EACH.len() - 1)),
        Action::Range(range) => look_back(state, range),
        Action::Shorter => look_back(state, state.requested.shorter()),
        Action::Longer => look_back(state, state.requested.longer()),
        Action::Down => Effects::redraw(step(state, 1, false)),
        Action::Up => Effects::redraw(step(state, 1, true)),
        Action::PageDown => Effects::redraw(step(state, state.drawn.fits.max(1), false)),
        Action::PageUp => Effects::redraw(step(state, state.drawn.fits.max(1), true)),
        Action::Top => Effects::redraw(step(state, usize::MAX, true)),
        Action::Bottom => Effects::redraw(step(state, usize::MAX, false)),
        Action::Open => open(state),
        Action::Back => back(state),
        Action::Mark => mark(state),
        Action::SharedDays => shared_days(state),
        Action::NextSort => Effects::redraw(next_sort(state)),
        Action::ReverseSort => Effects::redraw(reverse_sort(state)),
        Action::Filter => {
            state.typing = true;
            Effects::redraw(true)
        }
        Action::KeepFilter => {
            state.typing = false;
            Effects::redraw(true)
        }
        Action::ClearFilter => Effects::redraw(clear_filter(state)),
        Action::EraseFilter => {
            let erase = |text: &mut String| {
                text.pop();
            };
            Effects::redraw(state.retype(erase))
        }
        Action::Provisional => {
            state.provisional = !state.provisional;
            state.ask_all();
            Effects::ask(state)
        }
        Action::Freeze => freeze(state),
        Action::Copy => copy(state),
        Action::Save => save(state),
        Action::Lab => lab::open(state),
        Action::Turn
        | Action::StepUp
        | Action::StepDown
        | Action::Bonus
        | Action::Unset
        | Action::UnsetAll
        | Action::Name
        | Action::KeepName
        | Action::EraseName
        | Action::NextSaved
        | Action::ForgetSaved => lab::act(state, action),
        Action::Add => Effects::redraw(begin_to_add(state)),
        Action::Submit => submit(state),
        Action::EraseAddress => Effects::redraw(edit_address(state, |text| {
            text.pop();
        })),
        Action::ClearAddress => Effects::redraw(edit_address(state, String::clear)),
        Action::PollNow => poll_now(state),
        Action::Log => open_log(state),
        Action::Notes => open_notes(state),
        Action::Help => {
            state.help = match state.help {
                Some(_) => None,
                None => Some(0),
            };
            state.help_search.clear();
            Effects::redraw(true)
        }
    }
}

fn beside(tab: Tab, steps: usize) -> Tab {
    Tab::EACH[(tab.index() + steps) % Tab::EACH.len()]
}

fn go(state: &mut State, tab: Tab) -> Effects {
    state.toast = None;
    if tab == state.tab && state.page.is_none() && state.lab.is_none() {
        return Effects::default();
    }
    state.tab = tab;
    state.typing = false;
    lab::leave(state);
    if state.page.take().is_some() {
        state.ask_page();
    } else {
        state.ask_same();
    }
    Effects::ask(state)
}

fn look_back(state: &mut State, range: Range) -> Effects {
    if range == state.requested {
        return Effects::default();
    }
    state.requested = range;
    state.ask_all();
    Effects::ask(state)
}

/// Moves the selection or scrolls; says whether anything moved.
fn step(state: &mut State, by: usize, up: bool) -> bool {
    let moved = |from: usize, last: usize| {
        if up {
            from.saturating_sub(by).min(last)
        } else {
            from.saturating_add(by).min(last)
        }
    };
    let last_line = state.drawn.lines.saturating_sub(state.drawn.fits);
    let scroll = match (&mut state.help, &mut state.page) {
        (Some(scroll), _) => scroll,
        (None, Some(page)) if page.rows.is_none() => &mut page.scroll,
        (None, _) => {
            let list = state.list_mut();
            let last = list.arranged.len().saturating_sub(1);
            return list.select(moved(list.position, last));
        }
    };
    let before = *scroll;
    *scroll = moved(before, last_line);
    *scroll != before
}

fn begin_to_add(state: &mut State) -> bool {
    if state.header.demo.is_some() {
        state.say("this is a demo: its market is simulated, nothing can be added");
    } else {
        state.adding = Some(Adding::default());
    }
    true
}

fn edit_address(state: &mut State, edit: impl FnOnce(&mut String)) -> bool {
    let Some(adding) = state.adding.as_mut().filter(|a| !a.waiting) else {
        return false;
    };
    edit(&mut adding.text);
    adding.said = None;
    true
}

fn submit(state: &mut State) -> Effects {
    let Some(adding) = state.adding.as_mut().filter(|a| !a.waiting) else {
        return Effects::default();
    };
    let text = adding.text.trim().to_owned();
    if text.is_empty() {
        adding.said = None;
        return Effects::redraw(true);
    }
    adding.waiting = true;
    Effects {
        redraw: true,
        request: Some(Request::Add(text)),
        ..Effects::default()
    }
}
