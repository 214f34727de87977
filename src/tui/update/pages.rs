//! What opens over the rows, and the way back.
//!
//! Knows: the state. Must never know: which key it was.

use std::borrow::Cow;

use crate::view::categories::ALL;
use crate::view::compare_page::PairKey;
use crate::view::{NOTICES, Row, Tab};

use super::Effects;
use crate::tui::lab;
use crate::tui::message::Request;
use crate::tui::state::{OpenPage, State};

pub(super) fn open(state: &mut State) -> Effects {
    if let Some(page) = &mut state.page {
        if !page.open_rows() {
            state.say("nothing more to open here");
        }
        return Effects::redraw(true);
    }
    let Some(row) = state.list().row().map(Cow::into_owned) else {
        return Effects::default();
    };
    let Row { key, copy, .. } = row;
    open_page(state, key, copy)
}

pub(super) fn open_page(state: &mut State, key: String, copy: String) -> Effects {
    // What was said of the rows is over.
    state.toast = None;
    state.page = Some(OpenPage::new(state.tab, key, copy, state.requested));
    state.ask_page();
    Effects::ask(state)
}

/// Marks the selected model or source, or takes the mark away; with a second one the two are
/// compared.
pub(super) fn mark(state: &mut State) -> Effects {
    let what = match state.tab {
        Tab::Leaderboard => "model",
        Tab::Categories => "source",
        Tab::Tracker | Tab::Features => {
            state.say(state.keys.what_compares());
            return Effects::redraw(true);
        }
    };
    let list = state.list_mut();
    let Some(row) = list.row().map(Cow::into_owned) else {
        return Effects::default();
    };
    let (key, name) = (row.key, row.copy);
    if key == ALL {
        state.say("mark a source: all of them together hold it already");
        return Effects::redraw(true);
    }
    match list.marked.take() {
        None => {
            list.marked = Some(key);
            state.say(state.keys.marked(&name, what));
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
pub(super) fn shared_days(state: &mut State) -> Effects {
    let Some(page) = &mut state.page else {
        return Effects::default();
    };
    let pair = PairKey::parse(&page.key).filter(|_| page.tab == Tab::Leaderboard);
    let Some(mut pair) = pair else {
        state.say(state.keys.what_compares());
        return Effects::redraw(true);
    };
    pair.shared_days = !pair.shared_days;
    page.key = pair.to_string();
    page.answered = false;
    page.waiting = None;
    state.ask_page();
    Effects::ask(state)
}

/// The log of notices, as a page of the Tracker.
pub(super) fn open_log(state: &mut State) -> Effects {
    if state.page.as_ref().is_some_and(|page| page.key == NOTICES) {
        return back(state);
    }
    state.tab = Tab::Tracker;
    state.typing = false;
    // It is no page of the lab's, which would go on standing behind it.
    lab::leave(state);
    open_page(state, NOTICES.to_owned(), String::new())
}

/// What is said around the rows, as a page of its own.
pub(super) fn open_notes(state: &mut State) -> Effects {
    if state.page.as_ref().is_some_and(OpenPage::is_notes) {
        return back(state);
    }
    state.toast = None;
    state.typing = false;
    let below = state.page.take();
    state.page = Some(OpenPage::notes(state.tab, state.requested).over(below));
    // Nobody is asked for it, nor any more for the one below.
    state.ask_page();
    Effects::ask(state)
}

pub(super) fn poll_now(state: &mut State) -> Effects {
    let key = match &state.page {
        Some(page) if page.tab == Tab::Tracker && page.is_of_a_row() => Some(page.key.clone()),
        // Beside what is said around the rows, the row that is chosen.
        page if state.tab == Tab::Tracker && page.as_ref().is_none_or(OpenPage::is_notes) => {
            state.list().selected().map(str::to_owned)
        }
        _ => None,
    };
    let Some(key) = key else {
        state.say(state.keys.what_polls());
        return Effects::redraw(true);
    };
    Effects {
        request: Some(Request::PollNow(key)),
        ..Effects::default()
    }
}

pub(super) fn back(state: &mut State) -> Effects {
    if state.adding.take().is_some() {
        return Effects::redraw(true);
    }
    if state.help.is_some() && state.retype(String::clear) {
        return Effects::redraw(true);
    }
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
    let Some(page) = state.page.take() else {
        return Effects::default();
    };
    state.page = page.below.map(|below| OpenPage {
        answered: false,
        ..*below
    });
    state.ask_page();
    Effects::ask(state)
}
