//! What is done with rows: order, filter, freezing, copies.
//!
//! Knows: the state. Must never know: which key it was.

use std::sync::Arc;

use crate::view::{Align, Order};

use super::Effects;
use crate::tui::save::Save;
use crate::tui::state::State;

/// The rows on view, exactly as they are sorted and filtered.
pub(super) fn save(state: &mut State) -> Effects {
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

/// The order that a column starts with: numbers from the largest, words from A.
pub(super) fn first_order(column: &crate::view::Column) -> Order {
    Order {
        column: column.key,
        descending: column.align == Align::Right,
    }
}

pub(super) fn next_sort(state: &mut State) -> bool {
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

pub(super) fn reverse_sort(state: &mut State) -> bool {
    let list = state.list_mut();
    if let Some(order) = &mut list.order {
        order.descending = !order.descending;
        list.arrange();
    } else {
        state.say(state.keys.what_sorts());
    }
    true
}

pub(super) fn clear_filter(state: &mut State) -> bool {
    let typing = std::mem::take(&mut state.typing);
    state.retype(String::clear) || typing
}

pub(super) fn freeze(state: &mut State) -> Effects {
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

pub(super) fn copy(state: &mut State) -> Effects {
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
