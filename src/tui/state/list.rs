//! Rows of a tab, of a page or of the lab, and where the user is among them.
//!
//! Knows: rows, order, filter, selection. Must never know: keys, what is asked for, the terminal.

use std::borrow::Cow;
use std::sync::Arc;

use crate::domain::Range;
use crate::view::{Order, Screen};

/// One tab: its rows and where the user is in them.
#[derive(Debug, Default)]
pub struct List {
    /// What is on screen; `None` before the first answer.
    pub shown: Option<Shown>,
    /// Newer data that waits while frozen.
    pub waiting: Option<Shown>,
    /// Whether what is shown answers the present question.
    pub answered: bool,
    /// The chosen order; `None` as built.
    pub order: Option<Order>,
    /// The key of the row that waits for a second one to be compared with.
    pub marked: Option<String>,
    /// Only rows that contain this.
    pub filter: String,
    /// Indices of the rows on view, in order.
    pub arranged: Vec<usize>,
    /// Indices of all rows, in order.
    ordered: Vec<usize>,
    /// Where the selected row is in `arranged`.
    pub position: usize,
    /// The first row on screen.
    pub offset: usize,
    /// The key of the selected row.
    selected: Option<String>,
    /// The key of the row that the user chose last: it is selected again when it comes back from
    /// beyond a filter or a range.
    wanted: Option<String>,
    /// The user has chosen a row; before that the selection stays at the top.
    chosen: bool,
}

/// A screen and the range its numbers are of.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// What is shown.
    pub screen: Arc<Screen>,
    /// The range of its numbers.
    pub range: Range,
}

impl List {
    /// Rows of an answer, in order, the first one selected.
    #[must_use]
    pub fn of(shown: Shown) -> Self {
        let mut list = Self {
            shown: Some(shown),
            answered: true,
            ..Self::default()
        };
        list.arrange();
        list
    }

    /// The key of the selected row.
    #[must_use]
    pub fn selected(&self) -> Option<&str> {
        self.selected.as_deref()
    }

    /// The selected row.
    #[must_use]
    pub fn row(&self) -> Option<Cow<'_, crate::view::Row>> {
        let table = &self.shown.as_ref()?.screen.table;
        table.rows.get(*self.arranged.get(self.position)?)
    }

    /// The key of the row at the selected place.
    fn key_there(&self) -> Option<String> {
        let table = &self.shown.as_ref()?.screen.table;
        let key = table.rows.key(*self.arranged.get(self.position)?);
        key.map(str::to_owned)
    }

    /// Selects by place among the rows on view; says whether anything changed.
    pub fn select(&mut self, position: usize) -> bool {
        let position = position.min(self.arranged.len().saturating_sub(1));
        let before = (self.position, self.selected.clone());
        self.chosen = true;
        self.position = position;
        self.selected = self.key_there();
        self.wanted.clone_from(&self.selected);
        before != (self.position, self.selected.clone())
    }

    /// Puts rows in order after the data, the order or the filter changed. A chosen row stays
    /// selected; when it is gone, its place does. Before any was chosen, the newest may come in on
    /// top without the screen running away from it.
    pub fn arrange(&mut self) {
        let Some(shown) = &self.shown else {
            return;
        };
        let Screen { table, sorted, .. } = shown.screen.as_ref();
        self.ordered = sorted.rows(table, self.order);
        self.narrow();
    }

    /// Takes out the rows that the filter does not match, after only that has changed.
    pub fn narrow(&mut self) {
        let Some(shown) = &self.shown else {
            return;
        };
        let table = &shown.screen.table;
        let needle = self.filter.trim().to_lowercase();
        self.arranged = if needle.is_empty() {
            self.ordered.clone()
        } else {
            let found = shown.screen.folded.matching(table, &needle);
            let rows = self.ordered.iter().copied();
            rows.filter(|i| found.get(*i).is_some_and(|found| *found))
                .collect()
        };
        let place = |key: &str| {
            let rows = |i: &usize| table.rows.key(*i) == Some(key);
            self.arranged.iter().position(rows)
        };
        let wanted = self.wanted.as_deref().and_then(place);
        let kept = wanted.or_else(|| self.selected.as_deref().and_then(place));
        match kept {
            Some(position) if self.chosen => {
                self.position = position;
                self.selected = self.key_there();
            }
            _ => {
                let (chosen, wanted) = (self.chosen, self.wanted.take());
                self.select(self.position);
                self.chosen = chosen;
                self.wanted = wanted;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Cell, Row, Table};

    fn shown(keys: &[&str]) -> Shown {
        let rows = keys
            .iter()
            .map(|key| Row {
                key: (*key).to_owned(),
                cells: vec![Cell::word(*key)],
                dim: false,
                copy: String::new(),
            })
            .collect();
        let screen = Screen {
            table: Table {
                columns: vec![],
                rows,
            },
            ..Screen::default()
        };
        Shown {
            screen: Arc::new(screen),
            range: Range::D7,
        }
    }

    #[test]
    fn until_a_row_is_chosen_the_selection_stays_at_the_top() {
        let mut list = List {
            shown: Some(shown(&["b"])),
            ..List::default()
        };
        list.arrange();
        list.shown = Some(shown(&["a", "b"]));
        list.arrange();
        assert_eq!((list.selected(), list.position), (Some("a"), 0));
        list.select(0);
        list.shown = Some(shown(&["new", "a", "b"]));
        list.arrange();
        assert_eq!((list.selected(), list.position), (Some("a"), 1));
    }

    #[test]
    fn the_selection_stays_with_its_row() {
        let mut list = List {
            shown: Some(shown(&["a", "b", "c"])),
            ..List::default()
        };
        list.arrange();
        assert_eq!(list.selected(), Some("a"));
        assert!(list.select(1));
        list.shown = Some(shown(&["x", "c", "b", "a"]));
        list.arrange();
        assert_eq!((list.selected(), list.position), (Some("b"), 2));
        list.shown = Some(shown(&["x", "c"]));
        list.arrange();
        assert_eq!((list.selected(), list.position), (Some("c"), 1));
        list.shown = Some(shown(&[]));
        list.arrange();
        assert_eq!((list.selected(), list.position), (None, 0));
        assert!(list.row().is_none());
        // What was chosen last comes back.
        list.shown = Some(shown(&["x", "b"]));
        list.arrange();
        assert_eq!((list.selected(), list.position), (Some("b"), 1));
        list.select(0);
        list.shown = Some(shown(&["b", "x"]));
        list.arrange();
        assert_eq!((list.selected(), list.position), (Some("x"), 1));
    }
}
