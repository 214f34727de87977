//! Keys of the filter lab: the filter lies here, what it would have done is asked for.
//!
//! Knows: the state, what a feature can be set to. Must never know: calls, statistics.

use crate::domain::Range;
use crate::view::Tab;
use crate::view::lab::{Dial, Filter, LabView, SavedFilter};

use super::keymap::Action;
use super::message::Request;
use super::state::{List, Shown, State};
use super::update::Effects;

/// The longest name of a filter.
const LONGEST_NAME: usize = 40;

/// The open lab.
#[derive(Debug, Default)]
pub struct Lab {
    /// The filter that is worked on.
    pub filter: Filter,
    /// The features, and where the user is among them.
    pub list: List,
    /// What the features can be set to.
    pub dials: Vec<Dial>,
    /// Filters that were saved.
    pub saved: Vec<SavedFilter>,
    /// The name that is typed.
    pub naming: Option<String>,
    /// The saved filter that was taken up last.
    taken: Option<usize>,
    /// Its name, until it is forgotten.
    taken_name: Option<String>,
}

/// Opens the lab on the features, with the filter it was left with.
pub(super) fn open(state: &mut State) -> Effects {
    state.tab = Tab::Features;
    state.typing = false;
    state.lab = Some(Lab {
        filter: state.last_filter.clone(),
        ..Lab::default()
    });
    state.ask_lab();
    Effects::ask(state)
}

/// Leaves the lab; its filter is kept for the next time.
pub(super) fn leave(state: &mut State) {
    if let Some(lab) = state.lab.take() {
        state.last_filter = lab.filter;
    }
}

/// Out of naming, else out of the lab.
pub(super) fn back(state: &mut State) -> Effects {
    if let Some(lab) = &mut state.lab
        && lab.naming.take().is_some()
    {
        return Effects::redraw(true);
    }
    leave(state);
    state.ask_same();
    Effects::ask(state)
}

/// Takes an answer in; says whether the lab looks different now.
pub(super) fn take(state: &mut State, range: Range, view: LabView) -> bool {
    let Some(lab) = &mut state.lab else {
        return false;
    };
    lab.dials = view.dials;
    lab.saved = view.saved;
    let shown = Shown {
        screen: std::sync::Arc::new(view.screen),
        range,
    };
    if lab.list.shown.as_ref() == Some(&shown) {
        return false;
    }
    lab.list.shown = Some(shown);
    lab.list.arrange();
    true
}

/// A character of a name.
pub(super) fn type_name(state: &mut State, c: char) -> Effects {
    let name = state.lab.as_mut().and_then(|lab| lab.naming.as_mut());
    let fits = name.filter(|name| name.chars().count() < LONGEST_NAME);
    Effects::redraw(fits.map(|name| name.push(c)).is_some())
}

/// What a key of the lab does.
pub(super) fn act(state: &mut State, action: Action) -> Effects {
    let Some(lab) = &mut state.lab else {
        return Effects::default();
    };
    let before = lab.filter.clone();
    let dial = lab
        .list
        .selected()
        .and_then(|key| lab.dials.iter().find(|d| d.name == key));
    let mut said = None;
    match (action, dial) {
        (Action::Turn, Some(dial)) => lab.filter.turn(dial),
        (Action::StepUp, Some(dial)) => lab.filter.step(dial, true),
        (Action::StepDown, Some(dial)) => lab.filter.step(dial, false),
        (Action::Bonus, Some(dial)) => {
            said = lab
                .filter
                .add_bonus(dial, &lab.dials)
                .err()
                .map(str::to_owned);
        }
        (Action::Unset, Some(dial)) => lab.filter.clear(&dial.name),
        (Action::UnsetAll, _) => lab.filter = Filter::default(),
        (Action::Name, _) => {
            if lab.filter.is_empty() {
                said = Some("nothing to save: set a feature first".to_owned());
            } else {
                lab.naming = Some(String::new());
                return Effects::redraw(true);
            }
        }
        (Action::KeepName, _) => return keep(state),
        (Action::EraseName, _) => {
            let name = lab.naming.as_mut();
            return Effects::redraw(name.and_then(String::pop).is_some());
        }
        (Action::NextSaved, _) => {
            let next = lab.taken.map_or(0, |at| at + 1);
            let at = if next < lab.saved.len() { next } else { 0 };
            if let Some(saved) = lab.saved.get(at) {
                lab.filter = saved.filter.clone();
                lab.taken = Some(at);
                lab.taken_name = Some(saved.name.clone());
                said = Some(format!("opened {}", saved.name));
            } else {
                said = Some(state.keys.what_saves());
            }
        }
        (Action::ForgetSaved, _) => {
            // By its name: the list may have changed since.
            if let Some(name) = lab.taken_name.take() {
                lab.taken = lab.taken.and_then(|at| at.checked_sub(1));
                return Effects {
                    request: Some(Request::Forget(name)),
                    ..Effects::default()
                };
            }
            said = Some(state.keys.what_forgets());
        }
        _ => {}
    }
    let changed = lab.filter != before;
    let told = said.is_some();
    if let Some(said) = said {
        state.say(said);
    }
    if changed {
        state.ask_lab();
        return Effects::ask(state);
    }
    Effects::redraw(told)
}

/// Keeps the filter under the name that was typed.
fn keep(state: &mut State) -> Effects {
    let Some(lab) = &mut state.lab else {
        return Effects::default();
    };
    let name = crate::domain::text::clean(lab.naming.as_deref().unwrap_or_default());
    let Some(expression) = lab.filter.text() else {
        return Effects::default();
    };
    if name.is_empty() {
        state.say("a filter needs a name");
        return Effects::redraw(true);
    }
    lab.naming = None;
    let filter = lab.filter.clone();
    state.saves.push(SavedFilter {
        name: name.clone(),
        expression,
        filter,
    });
    state.say(format!("saved {name}"));
    state.ask_lab();
    Effects::ask(state)
}

#[cfg(test)]
mod tests {
    use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

    use super::*;
    use crate::analytics::lab::Choices;
    use crate::tui::keymap::Place;
    use crate::tui::message::Message;
    use crate::tui::update::{Input, update};
    use crate::view::{Cell, Row, Screen, Table};

    fn press(state: &mut State, code: KeyCode) -> Effects {
        let key = KeyEvent::new(code, KeyModifiers::NONE);
        update(state, Input::Event(Event::Key(key)))
    }

    fn asked(effects: Effects) -> Option<String> {
        let question = effects.ask.expect("the question changed");
        question.lab.expect("the lab is open").text()
    }

    fn view() -> LabView {
        let dials: Vec<Dial> = [
            ("smart_money", Choices::Flag),
            ("score", Choices::Number(vec![5.0, 7.0, 9.0])),
        ]
        .into_iter()
        .map(|(name, choices)| Dial {
            name: name.to_owned(),
            choices,
            known: 3,
        })
        .collect();
        let rows = dials
            .iter()
            .map(|d| Row {
                key: d.name.clone(),
                cells: vec![Cell::word(d.name.clone())],
                dim: false,
                copy: String::new(),
            })
            .collect();
        LabView {
            screen: Screen {
                table: Table {
                    columns: vec![],
                    rows,
                },
                ..Screen::default()
            },
            dials,
            saved: Vec::new(),
        }
    }

    fn answered(state: &mut State, view: LabView) {
        let message = Message::Lab {
            epoch: state.question().epoch,
            range: Range::D7,
            view: Box::new(view),
        };
        update(state, Input::Message(message));
    }

    #[test]
    fn keys_build_save_and_take_up_a_filter() {
        let mut state = State::new(Tab::Leaderboard, Range::D7);
        let opened = press(&mut state, KeyCode::Char('f'));
        assert_eq!(asked(opened), None);
        assert_eq!((state.tab, state.place()), (Tab::Features, Place::Lab));
        answered(&mut state, view());
        let set = press(&mut state, KeyCode::Enter);
        assert_eq!(asked(set).as_deref(), Some("smart_money"));
        press(&mut state, KeyCode::Char('x'));
        press(&mut state, KeyCode::Char('b'));
        let twice = press(&mut state, KeyCode::Char('b'));
        assert_eq!(asked(twice).as_deref(), Some("score + 2*smart_money >= 7"));
        press(&mut state, KeyCode::Char('j'));
        let up = press(&mut state, KeyCode::Char('+'));
        assert_eq!(asked(up).as_deref(), Some("score + 2*smart_money >= 9"));
        // At the end of the steps nothing changes, and nothing is asked.
        assert_eq!(press(&mut state, KeyCode::Char('+')).ask, None);

        press(&mut state, KeyCode::Char('s'));
        assert_eq!(state.place(), Place::Naming);
        for c in "no q".chars() {
            press(&mut state, KeyCode::Char(c));
        }
        press(&mut state, KeyCode::Backspace);
        let kept = press(&mut state, KeyCode::Enter).ask.unwrap();
        assert_eq!(kept.saves.len(), 1);
        assert_eq!(kept.saves[0].name, "no");
        assert_eq!(kept.saves[0].expression, "score + 2*smart_money >= 9");

        let none = press(&mut state, KeyCode::Char('X'));
        assert_eq!(asked(none), None);
        answered(
            &mut state,
            LabView {
                saved: kept.saves.clone(),
                ..view()
            },
        );
        let again = press(&mut state, KeyCode::Char('o'));
        assert_eq!(asked(again).as_deref(), Some("score + 2*smart_money >= 9"));

        // It is forgotten once, and what is set stays.
        let forget = press(&mut state, KeyCode::Char('D'));
        assert_eq!(forget.request, Some(Request::Forget("no".to_owned())));
        assert_eq!(press(&mut state, KeyCode::Char('D')).request, None);
        let said = state.toast.as_ref().unwrap().text.clone();
        assert!(said.contains("takes up a saved filter"), "{said}");

        // Left and opened again, it is the filter it was.
        let left = press(&mut state, KeyCode::Esc).ask.unwrap();
        assert_eq!((left.lab, state.place()), (None, Place::List));
        let back = press(&mut state, KeyCode::Char('f'));
        assert_eq!(asked(back).as_deref(), Some("score + 2*smart_money >= 9"));
        // An answer to a question from before does not come through.
        let old = Message::Lab {
            epoch: 1,
            range: Range::D7,
            view: Box::new(view()),
        };
        assert!(!update(&mut state, Input::Message(old)).redraw);
        // A tab leaves the lab.
        press(&mut state, KeyCode::Char('1'));
        assert_eq!((state.tab, state.place()), (Tab::Leaderboard, Place::List));
    }
}
