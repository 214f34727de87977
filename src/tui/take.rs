//! What happens when the program sends something: answers to the present question are shown,
//! answers to an older one dropped, and while frozen newer data waits.
//!
//! Knows: the state, messages. Must never know: keys, the terminal, channels, time.

use std::sync::Arc;

use crate::view::{Header, Page, Tab};

use super::message::Message;
use super::state::{Shown, State};

/// The most rows that are compared one by one.
const COMPARED: usize = 500;

/// Takes a message in; says whether the screen looks different now.
pub fn take(state: &mut State, message: Message) -> bool {
    match message {
        Message::Screen {
            epoch,
            tab,
            range,
            screen,
        } => state.takes_screen(epoch) && take_screen(state, tab, Shown { screen, range }),
        Message::Page {
            epoch,
            tab,
            key,
            page,
        } => state.takes_page(epoch) && take_page(state, tab, &key, page),
        Message::Lab { epoch, range, view } => {
            let covered = state.help.is_some();
            state.takes_lab(epoch) && super::lab::take(state, range, *view) && !covered
        }
        Message::Header(header) => take_header(state, header),
        Message::Say(text) => {
            state.say(text);
            true
        }
        Message::Added { said, done } => {
            added(state, said, done);
            true
        }
        // Rung by who takes messages in.
        Message::Bell => false,
    }
}

/// What was typed stays where there is something to be changed, and goes where it is done.
fn added(state: &mut State, said: String, done: bool) {
    match &mut state.adding {
        Some(adding) if adding.waiting => {
            if done {
                state.adding = None;
                state.say(said);
            } else {
                adding.waiting = false;
                adding.said = Some(said);
            }
        }
        // It was closed meanwhile.
        _ => state.say(said),
    }
}

fn take_screen(state: &mut State, tab: Tab, shown: Shown) -> bool {
    let in_front = state.shows(tab);
    let frozen = state.frozen;
    let list = state.list_of(tab);
    if frozen && list.answered {
        list.waiting = Some(shown);
        return false;
    }
    // A part of an answer is shown, but the whole one is still to come, frozen or not.
    list.answered = !shown.screen.partial;
    // The same figures come as the same screen; comparing 100,000 rows would hold up a key.
    let same = list.shown.as_ref().is_some_and(|before| {
        before.range == shown.range
            && (Arc::ptr_eq(&before.screen, &shown.screen)
                || (shown.screen.table.rows.len() <= COMPARED && before.screen == shown.screen))
    });
    if same {
        return false;
    }
    list.shown = Some(shown);
    list.arrange();
    in_front
}

fn take_page(state: &mut State, tab: Tab, key: &str, page: Page) -> bool {
    let (frozen, range) = (state.frozen, state.requested);
    let Some(open) = &mut state.page else {
        return false;
    };
    if open.tab != tab || open.key != key {
        return false;
    }
    if frozen && open.answered {
        open.waiting = Some(page);
        return false;
    }
    let same = open.range == range && open.page.as_ref() == Some(&page);
    open.answered = true;
    open.range = range;
    open.show(page);
    !same && state.help.is_none()
}

/// While frozen feed health goes on; the as-of is that of the screen.
fn take_header(state: &mut State, header: Header) -> bool {
    let changed = state.header != header;
    state.header = header;
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Range;
    use crate::view::Screen;

    fn screen(count: &str, partial: bool) -> Message {
        Message::Screen {
            epoch: 1,
            tab: Tab::Leaderboard,
            range: Range::D7,
            screen: Arc::new(Screen {
                count: count.to_owned(),
                partial,
                ..Screen::default()
            }),
        }
    }

    #[test]
    fn frozen_a_partial_answer_is_completed_and_then_news_waits() {
        let mut state = State::new(Tab::Leaderboard, Range::D7);
        state.frozen = true;
        for (message, want) in [
            (screen("part", true), "part"),
            (screen("whole", false), "whole"),
            (screen("news", false), "whole"),
        ] {
            take(&mut state, message);
            let shown = state.list().shown.as_ref().map(|s| s.screen.count.as_str());
            assert_eq!(shown, Some(want));
        }
    }
}
