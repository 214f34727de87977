//! The rows of the tracker, worded when they are looked at.

use std::any::Any;
use std::sync::Arc;

use crate::analytics::{Judged, Standing};
use crate::board::Board;
use crate::domain::Timestamp;
use crate::view::format::Style;
use crate::view::rows::Wording;
use crate::view::table::{Cell, SortKey};

use super::column::{COLUMNS, Look};
use super::is_stale;

/// Calls as of an instant.
#[derive(Debug)]
pub(super) struct Calls {
    /// Oldest first: rows are the other way round.
    pub judged: Vec<Judged>,
    pub board: Arc<Board>,
    pub as_of: Timestamp,
    pub style: Style,
}

impl Calls {
    fn judged(&self, row: usize) -> &Judged {
        &self.judged[self.judged.len() - 1 - row]
    }

    fn look(&self, row: usize) -> Look<'_> {
        Look {
            board: &self.board,
            judged: self.judged(row),
            as_of: self.as_of,
            style: self.style,
        }
    }
}

impl Wording for Calls {
    fn rows(&self) -> usize {
        self.judged.len()
    }

    fn columns(&self) -> usize {
        COLUMNS.len()
    }

    fn key(&self, row: usize) -> &str {
        &self.judged(row).call.id.0
    }

    fn cell(&self, row: usize, column: usize) -> Cell {
        COLUMNS[column].1.cell(&self.look(row))
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        COLUMNS[column].1.sort_key(&self.look(row))
    }

    fn dim(&self, row: usize) -> bool {
        let judged = self.judged(row);
        judged.standing != Standing::Counted || is_stale(&self.board, judged, self.as_of).is_some()
    }

    fn copy(&self, row: usize) -> String {
        let call = &self.judged(row).call;
        let address = call.token.as_ref().map(|token| token.address().to_owned());
        address.unwrap_or_else(|| call.id.0.clone())
    }

    /// The same calls of the same board at the same instant.
    fn is_same(&self, other: &dyn Any) -> bool {
        let Some(other) = other.downcast_ref::<Self>() else {
            return false;
        };
        let calls = || self.judged.iter().zip(&other.judged);
        Arc::ptr_eq(&self.board, &other.board)
            && (self.as_of, self.style) == (other.as_of, other.style)
            && self.judged.len() == other.judged.len()
            && calls().all(|(one, two)| Arc::ptr_eq(&one.call, &two.call))
    }
}
