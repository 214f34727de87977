//! The rows of a table: worded already, or worded when somebody looks at them.
//!
//! Of 100,000 calls a screen shows thirty. What is on screen, what is sorted by and what is looked
//! for is worded; all else only counts. Must never know: what a figure means.

use std::any::Any;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;
use std::sync::Arc;

use super::table::{Cell, Row, SortKey, Table};

/// Rows that are worded when they are asked for. The same question always has the same answer:
/// everything it depends on is held.
pub trait Wording: Any + fmt::Debug + Send + Sync {
    /// How many rows there are.
    fn rows(&self) -> usize;

    /// How many cells each has.
    fn columns(&self) -> usize;

    /// [`Row::key`] of a row.
    fn key(&self, row: usize) -> &str;

    /// A cell of a row.
    fn cell(&self, row: usize, column: usize) -> Cell;

    /// What that cell sorts by.
    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        self.cell(row, column).sort
    }

    /// [`Row::dim`] of a row.
    fn dim(&self, row: usize) -> bool;

    /// [`Row::copy`] of a row.
    fn copy(&self, row: usize) -> String;

    /// Whether another says the same, as far as that can be told without wording anything.
    fn is_same(&self, other: &dyn Any) -> bool;
}

/// The rows of a table, in their natural order.
#[derive(Debug, Clone)]
pub enum Rows {
    /// Worded.
    Made(Vec<Row>),
    /// Worded when they are looked at.
    Asked(Arc<dyn Wording>),
}

impl Default for Rows {
    fn default() -> Self {
        Self::Made(Vec::new())
    }
}

impl From<Vec<Row>> for Rows {
    fn from(rows: Vec<Row>) -> Self {
        Self::Made(rows)
    }
}

impl FromIterator<Row> for Rows {
    fn from_iter<T: IntoIterator<Item = Row>>(rows: T) -> Self {
        Self::Made(rows.into_iter().collect())
    }
}

/// Rows that are worded when they are asked for differ unless they are known to be the same.
impl PartialEq for Rows {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Made(these), Self::Made(those)) => these == those,
            (Self::Asked(these), Self::Asked(those)) => {
                Arc::ptr_eq(these, those) || these.is_same(those.as_ref())
            }
            _ => false,
        }
    }
}

impl Rows {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Made(rows) => rows.len(),
            Self::Asked(rows) => rows.rows(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A whole row.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<Cow<'_, Row>> {
        match self {
            Self::Made(rows) => rows.get(row).map(Cow::Borrowed),
            Self::Asked(rows) => (row < rows.rows()).then(|| Cow::Owned(worded(&**rows, row))),
        }
    }

    /// All of them, whole.
    pub fn iter(&self) -> impl Iterator<Item = Cow<'_, Row>> {
        (0..self.len()).filter_map(|row| self.get(row))
    }

    /// [`Row::key`].
    #[must_use]
    pub fn key(&self, row: usize) -> Option<&str> {
        match self {
            Self::Made(rows) => rows.get(row).map(|row| row.key.as_str()),
            Self::Asked(rows) => (row < rows.rows()).then(|| rows.key(row)),
        }
    }

    /// What a row sorts by in a column, without case.
    #[must_use]
    pub fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let key = match self {
            Self::Made(rows) => {
                let cell = rows.get(row).and_then(|row| row.cells.get(column));
                cell.map(|cell| Cow::Borrowed(&cell.sort))
            }
            Self::Asked(rows) => {
                let there = row < rows.rows() && column < rows.columns();
                there.then(|| Cow::Owned(rows.sort_key(row, column)))
            }
        };
        match key.as_deref() {
            None | Some(SortKey::Unknown) => SortKey::Unknown,
            Some(SortKey::Number(value)) => SortKey::Number(*value),
            Some(SortKey::Word(word)) => SortKey::Word(word.to_lowercase()),
        }
    }

    /// All of them worded, to be changed.
    #[must_use]
    pub fn into_made(self) -> Vec<Row> {
        match self {
            Self::Made(rows) => rows,
            Self::Asked(rows) => (0..rows.rows()).map(|row| worded(&*rows, row)).collect(),
        }
    }
}

fn worded(rows: &dyn Wording, row: usize) -> Row {
    let cells = (0..rows.columns()).map(|column| rows.cell(row, column));
    Row {
        key: rows.key(row).to_owned(),
        cells: cells.collect(),
        dim: rows.dim(row),
        copy: rows.copy(row),
    }
}

/// Some rows of a table, to be measured and drawn: a column is worded when it is first looked at,
/// and once.
#[derive(Debug)]
pub struct Excerpt<'a> {
    /// The table.
    pub table: &'a Table,
    rows: Vec<usize>,
    columns: Vec<OnceCell<Vec<Cow<'a, Cell>>>>,
}

impl<'a> Excerpt<'a> {
    /// These rows of a table, as far as it has them.
    pub fn of(table: &'a Table, rows: impl IntoIterator<Item = usize>) -> Self {
        let there = table.rows.len();
        Self {
            table,
            rows: rows.into_iter().filter(|row| *row < there).collect(),
            columns: table.columns.iter().map(|_| OnceCell::new()).collect(),
        }
    }

    /// The first rows of a table.
    #[must_use]
    pub fn first(table: &'a Table, most: usize) -> Self {
        Self::of(table, 0..table.rows.len().min(most))
    }

    /// How many rows it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The cells of a column, one for each row.
    #[must_use]
    pub fn column(&self, column: usize) -> &[Cow<'a, Cell>] {
        let Some(cells) = self.columns.get(column) else {
            return &[];
        };
        cells.get_or_init(|| match &self.table.rows {
            Rows::Made(rows) => {
                let rows = self.rows.iter().filter_map(|row| rows.get(*row));
                // A row that is too short has an empty cell there: the others keep their places.
                rows.map(|row| match row.cells.get(column) {
                    Some(cell) => Cow::Borrowed(cell),
                    None => Cow::Owned(Cell::unknown("")),
                })
                .collect()
            }
            Rows::Asked(rows) => {
                let cells = self.rows.iter().map(|row| rows.cell(*row, column));
                cells.map(Cow::Owned).collect()
            }
        })
    }

    /// A cell, by the place of its row in this part.
    #[must_use]
    pub fn cell(&self, at: usize, column: usize) -> Option<&Cell> {
        self.column(column).get(at).map(Cow::as_ref)
    }

    /// [`Row::key`].
    #[must_use]
    pub fn key(&self, at: usize) -> Option<&str> {
        self.table.rows.key(*self.rows.get(at)?)
    }

    /// [`Row::dim`].
    #[must_use]
    pub fn is_dim(&self, at: usize) -> bool {
        match (self.rows.get(at), &self.table.rows) {
            (None, _) => false,
            (Some(row), Rows::Made(rows)) => rows.get(*row).is_some_and(|row| row.dim),
            (Some(row), Rows::Asked(rows)) => rows.dim(*row),
        }
    }
}
