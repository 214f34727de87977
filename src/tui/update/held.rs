//! Keys that come before what they are about: right behind the key of a tab its rows are not there yet.
//! They wait for them, a moment.
//!
//! Knows: the state. Must never know: keys, time.

use std::collections::VecDeque;

use super::{Effects, act};
use crate::tui::keymap::{Action, Place};
use crate::tui::state::State;
use crate::view::Tab;

/// No more of them wait.
const MOST: usize = 64;
/// How many ticks they wait: what was pressed longer ago is no answer to what comes.
const TICKS: u8 = 3;

/// What waits.
#[derive(Debug, Default)]
pub struct Held {
    actions: VecDeque<Action>,
    ticks: u8,
}

/// Does something, or has it wait for the rows, page or features that it is about.
pub(super) fn perform(state: &mut State, action: Action) -> Effects {
    if !is_about_what_is_shown(action, state.tab) {
        // Whatever it is, it is pressed on something else.
        state.held.actions.clear();
        return act(state, action);
    }
    if !is_awaited(state) {
        return act(state, action);
    }
    if state.held.actions.len() < MOST {
        state.held.actions.push_back(action);
        state.held.ticks = TICKS;
    }
    Effects::default()
}

/// Does what waited, as far as what it is about is there now.
pub(super) fn release(state: &mut State) -> Effects {
    let mut effects = Effects::default();
    while !is_awaited(state)
        && let Some(action) = state.held.actions.pop_front()
    {
        effects = effects.and(act(state, action));
    }
    effects
}

/// A tick.
pub(super) fn grow_old(state: &mut State) {
    state.held.ticks = state.held.ticks.saturating_sub(1);
    if state.held.ticks == 0 {
        state.held.actions.clear();
    }
}

/// Whether what is in front has not come yet.
fn is_awaited(state: &State) -> bool {
    match state.place() {
        Place::List => state.list().shown.is_none(),
        Place::Page => {
            let page = state.page.as_ref();
            page.is_some_and(|page| page.page.is_none() && !page.is_notes())
        }
        Place::Lab => state
            .lab
            .as_ref()
            .is_some_and(|lab| lab.list.shown.is_none()),
        _ => false,
    }
}

fn is_about_what_is_shown(action: Action, tab: Tab) -> bool {
    // Elsewhere it says where it does something.
    let polls = action == Action::PollNow && tab == Tab::Tracker;
    polls
        || matches!(
            action,
            Action::Down
                | Action::Up
                | Action::PageDown
                | Action::PageUp
                | Action::Top
                | Action::Bottom
                | Action::Open
                | Action::Mark
                | Action::SharedDays
                | Action::NextSort
                | Action::ReverseSort
                | Action::Copy
                | Action::Turn
                | Action::StepUp
                | Action::StepDown
                | Action::Bonus
                | Action::Unset
        )
}
