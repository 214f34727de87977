//! What happens when a key is pressed, data comes or a second passes: state in, effects out.
//!
//! Knows: the state and the key table. Must never know: the terminal, channels, time.

use std::sync::Arc;

use crossterm::event::{Event, KeyEvent};

use crate::domain::Range;
use crate::view::categories::ALL;
use crate::view::compare_page::PairKey;
use crate::view::{Align, Order, Question, Tab};

use super::keymap::{Action, Chord, Place};
use super::lab;
use super::message::Message;
use super::save::Save;
use super::state::{OpenPage, State};
use super::take::take;

/// Something that happened.
#[derive(Debug)]
pub enum Input {
    /// The terminal says so.
    Event(Event),
    /// The program says so.
    Message(Message),
    /// A second passed.
    Tick,
}

/// What is to be done about it.
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
        Input::Event(_) => Effects::default(),
        Input::Message(message) => Effects::redraw(take(state, message)),
        Input::Tick => Effects::redraw(tick(state)),
    }
}

fn tick(state: &mut State) -> bool {
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
        return act(state, action);
    }
    if place == Place::Naming
        && let Some(c) = chord.typed()
    {
        return lab::type_name(state, c);
    }
    if place == Place::Filter
        && let Some(c) = chord.typed()
    {
        let list = state.list_mut();
        list.filter.push(c);
        list.narrow();
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
            let list = state.list_mut();
            let erased = list.filter.pop().is_some();
            if erased {
                list.narrow();
            }
            Effects::redraw(erased)
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
        | Action::NextSaved => lab::act(state, action),
        Action::Help => {
            state.help = match state.help {
                Some(_) => None,
                None => Some(0),
            };
            Effects::redraw(true)
        }
    }
}

fn beside(tab: Tab, steps: usize) -> Tab {
    Tab::EACH[(tab.index() + steps) % Tab::EACH.len()]
}

fn go(state: &mut State, tab: Tab) -> Effects {
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

fn open(state: &mut State) -> Effects {
    if let Some(page) = &mut state.page {
        if !page.open_rows() {
            state.say("nothing more to open here");
        }
        return Effects::redraw(true);
    }
    let Some(row) = state.list().row() else {
        return Effects::default();
    };
    let (key, copy) = (row.key.clone(), row.copy.clone());
    open_page(state, key, copy)
}

fn open_page(state: &mut State, key: String, copy: String) -> Effects {
    state.page = Some(OpenPage::new(state.tab, key, copy, state.requested));
    state.ask_page();
    Effects::ask(state)
}

/// Marks the selected model or source, or takes the mark away; with a second one the two are
/// compared.
fn mark(state: &mut State) -> Effects {
    let what = match state.tab {
        Tab::Leaderboard => "model",
        Tab::Categories => "source",
        Tab::Tracker | Tab::Features => {
            state.say("c compares two models on the Leaderboard, two sources in the Categories");
            return Effects::redraw(true);
        }
    };
    let list = state.list_mut();
    let Some(row) = list.row() else {
        return Effects::default();
    };
    let (key, name) = (row.key.clone(), row.copy.clone());
    if key == ALL {
        state.say("mark a source: all of them together hold it already");
        return Effects::redraw(true);
    }
    match list.marked.take() {
        None => {
            list.marked = Some(key);
            state.say(format!(
                "{name} marked: c on another {what} compares the two"
            ));
            Effects::redraw(true)
        }
        Some(first) if first == key => {
            state.say("mark taken away");
            Effects::redraw(true)
        }
        Some(first) => {
            let pair = PairKey {
                first,
                second: key,
                shared_days: false,
            };
            open_page(state, pair.to_string(), String::new())
        }
    }
}

/// Compares on the days that both traded, or on all.
fn shared_days(state: &mut State) -> Effects {
    let Some(page) = &mut state.page else {
        return Effects::default();
    };
    let pair = PairKey::parse(&page.key).filter(|_| page.tab == Tab::Leaderboard);
    let Some(mut pair) = pair else {
        state.say("c compares two models: mark them on the Leaderboard");
        return Effects::redraw(true);
    };
    pair.shared_days = !pair.shared_days;
    page.key = pair.to_string();
    page.answered = false;
    page.waiting = None;
    state.ask_page();
    Effects::ask(state)
}

/// The rows on view, exactly as they are sorted and filtered.
fn save(state: &mut State) -> Effects {
    let tab = state.tab;
    let Some(shown) = &state.list().shown else {
        return Effects::default();
    };
    if state.list().arranged.is_empty() {
        state.say("no rows to save here");
        return Effects::redraw(true);
    }
    let at: String = shown
        .screen
        .as_of
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_ascii_alphanumeric() || c == '-' => Some(c),
            _ => None,
        })
        .collect();
    Effects {
        save: Some(Save {
            screen: Arc::clone(&shown.screen),
            rows: state.list().arranged.clone(),
            name: format!("callboard-{}-{}-{at}", tab.name(), shown.range.name()),
        }),
        ..Effects::default()
    }
}

fn back(state: &mut State) -> Effects {
    if state.help.take().is_some() {
        return Effects::redraw(true);
    }
    if let Some(page) = &mut state.page
        && let Some(rows) = &mut page.rows
    {
        if rows.filter.is_empty() {
            page.rows = None;
        } else {
            rows.filter.clear();
            rows.narrow();
        }
        return Effects::redraw(true);
    }
    if state.page.is_none() && state.lab.is_some() {
        return lab::back(state);
    }
    if state.page.take().is_none() {
        return Effects::default();
    }
    state.ask_page();
    Effects::ask(state)
}

/// The order that a column starts with: numbers from the largest, words from A.
fn first_order(column: &crate::view::Column) -> Order {
    Order {
        column: column.key,
        descending: column.align == Align::Right,
    }
}

fn next_sort(state: &mut State) -> bool {
    let list = state.list_mut();
    let Some(shown) = &list.shown else {
        return false;
    };
    let columns = &shown.screen.table.columns;
    let next = match list.order {
        None => 0,
        Some(order) => columns
            .iter()
            .position(|c| c.key == order.column)
            .map_or(0, |at| at + 1),
    };
    let order = columns.get(next).map(first_order);
    let changed = list.order != order;
    list.order = order;
    list.arrange();
    changed
}

fn reverse_sort(state: &mut State) -> bool {
    let list = state.list_mut();
    if let Some(order) = &mut list.order {
        order.descending = !order.descending;
        list.arrange();
    } else {
        state.say("in its own order; s sorts by a column");
    }
    true
}

fn clear_filter(state: &mut State) -> bool {
    let typing = std::mem::take(&mut state.typing);
    let list = state.list_mut();
    if list.filter.is_empty() {
        return typing;
    }
    list.filter.clear();
    list.narrow();
    true
}

fn freeze(state: &mut State) -> Effects {
    state.frozen = !state.frozen;
    if !state.frozen {
        for list in state.lists_mut() {
            if let Some(waiting) = list.waiting.take() {
                list.shown = Some(waiting);
                list.arrange();
            }
        }
        if let Some(page) = &mut state.page
            && let Some(waiting) = page.waiting.take()
        {
            page.show(waiting);
        }
    }
    state.ask_same();
    Effects::ask(state)
}

fn copy(state: &mut State) -> Effects {
    let text = match &state.page {
        Some(page) if page.rows.is_none() => Some(page.copy.clone()),
        _ => state.list().row().map(|row| row.copy.clone()),
    };
    let Some(text) = text else {
        return Effects::default();
    };
    if text.is_empty() {
        state.say("nothing to copy here");
        return Effects::redraw(true);
    }
    state.say(format!("copied {text}"));
    Effects {
        redraw: true,
        copy: Some(text),
        ..Effects::default()
    }
}
