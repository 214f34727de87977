//! The rows of a table in the order that was chosen, made ready before it is shown: putting
//! 100,000 rows in order takes longer than a key may.
//!
//! It follows from the rows and is no part of what a screen says. Who shows a screen leaves here by
//! which order it was asked for; who makes the next one makes that order ready, away from the
//! screen's thread.

use std::cmp::Ordering;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::table::{Order, SortKey, Table};

/// The rows in one order, and which one was used.
#[derive(Debug, Default)]
pub struct Sorted {
    ready: OnceLock<(Order, Vec<usize>)>,
    used: Mutex<Option<Order>>,
}

/// Another copy of the rows is put in order when it is asked for.
impl Clone for Sorted {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// What follows from the rows is the same where they are.
impl PartialEq for Sorted {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Sorted {
    /// The order that was last asked for; `None` when that was the order they were built in.
    pub fn used(&self) -> Option<Order> {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes an order ready, for whoever asks for it.
    pub fn prepare(&self, table: &Table, order: Option<Order>) {
        if let Some(order) = order {
            *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Some(order);
            self.ready
                .get_or_init(|| (order, table.arrange(Some(order), "")));
        }
    }

    /// The indices of all rows in an order.
    pub fn rows(&self, table: &Table, order: Option<Order>) -> Vec<usize> {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = order;
        match (order, self.ready.get()) {
            (Some(order), Some((of, rows))) if *of == order => rows.clone(),
            _ => table.arrange(order, ""),
        }
    }
}

/// Puts rows in the order of a column, ties by another column, then as they come.
pub(super) fn sort(
    table: &Table,
    column: usize,
    descending: bool,
    ties: Option<usize>,
    rows: Vec<usize>,
) -> Vec<usize> {
    if ties.is_none()
        && let Some(rows) = by_numbers(table, column, descending, &rows)
    {
        return rows;
    }
    // Words are folded once, not at each comparison.
    let mut keyed: Vec<(u64, SortKey, usize)> = rows
        .into_iter()
        .map(|i| {
            let key = table.rows.sort_key(i, column);
            (beginning(&key), key, i)
        })
        .collect();
    let tie = |i: usize, j: usize| match ties {
        Some(at) => {
            let (a, b) = (table.rows.sort_key(i, at), table.rows.sort_key(j, at));
            a.cmp(&b, false)
        }
        None => Ordering::Equal,
    };
    keyed.sort_by(|(from_a, a, i), (from_b, b, j)| {
        let words = matches!((a, b), (SortKey::Word(_), SortKey::Word(_)));
        let order = match from_a.cmp(from_b) {
            order @ (Ordering::Less | Ordering::Greater) if words && descending => order.reverse(),
            order @ (Ordering::Less | Ordering::Greater) if words => order,
            _ => a.cmp(b, descending),
        };
        order.then_with(|| tie(*i, *j))
    });
    keyed.into_iter().map(|(.., i)| i).collect()
}

/// The first bytes of a word as a number: most words differ in them.
fn beginning(key: &SortKey) -> u64 {
    let mut first = [0; 8];
    if let SortKey::Word(word) = key {
        for (to, from) in first.iter_mut().zip(word.as_bytes()) {
            *to = *from;
        }
    }
    u64::from_be_bytes(first)
}

/// The same for a column of nothing but numbers, in a fraction of the time.
fn by_numbers(
    table: &Table,
    column: usize,
    descending: bool,
    rows: &[usize],
) -> Option<Vec<usize>> {
    let mut known: Vec<(u64, usize)> = Vec::with_capacity(rows.len());
    let mut unknown = Vec::new();
    // With the place a row comes from, equal numbers stay in the order in which they came.
    for (place, row) in rows.iter().enumerate() {
        match table.rows.sort_key(*row, column) {
            SortKey::Number(value) => {
                let key = total(value);
                known.push((if descending { !key } else { key }, place));
            }
            SortKey::Unknown => unknown.push(*row),
            SortKey::Word(_) => return None,
        }
    }
    known.sort_unstable();
    let known = known
        .into_iter()
        .filter_map(|(_, place)| rows.get(place).copied());
    Some(known.chain(unknown).collect())
}

/// A number whose order is that of [`f64::total_cmp`].
const fn total(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 {
        !bits
    } else {
        bits | (1 << 63)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::view::{Align, Cell, Column, Row};

    fn table(numbers: &[f64]) -> Table {
        let rows = numbers.iter().map(|n| Row {
            key: n.to_string(),
            cells: vec![Cell::number(n.to_string(), *n)],
            dim: false,
            copy: String::new(),
        });
        Table {
            columns: vec![Column::new("n", "n", Align::Right, 0, 9, "")],
            rows: rows.collect(),
        }
    }

    #[test]
    fn the_next_table_is_ready_in_the_order_that_the_last_was_used_in() {
        let descending = Some(Order {
            column: "n",
            descending: true,
        });
        let (first, before) = (table(&[2.0, 3.0, 1.0]), Sorted::default());
        assert_eq!(before.used(), None);
        assert_eq!(before.rows(&first, descending), [1, 0, 2]);
        let (second, after) = (table(&[5.0, 4.0, 6.0]), Sorted::default());
        after.prepare(&second, before.used());
        assert_eq!(
            after.ready.get().map(|(_, rows)| rows.as_slice()),
            Some(&[2, 0, 1][..])
        );
        assert_eq!(after.rows(&second, descending), [2, 0, 1]);
        // Another order than the one that was made ready.
        assert_eq!(after.rows(&second, None), [0, 1, 2]);
        assert_eq!(after.used(), None);
    }

    fn cell() -> impl Strategy<Value = Cell> {
        prop_oneof![
            3 => (-3..3_i32).prop_map(|n| Cell::number("", f64::from(n) / 2.0)),
            1 => any::<f64>().prop_map(|n| Cell::number("", n)),
            1 => Just(Cell::unknown("-")),
            1 => "[aBÄ狗]{0,10}".prop_map(Cell::word),
        ]
    }

    proptest! {
        #[test]
        fn the_fast_ways_put_rows_where_comparing_them_does(
            cells in prop_oneof![
                prop::collection::vec(cell(), 0..20),
                prop::collection::vec((-3..3_i32).prop_map(|n| Cell::number("", f64::from(n))), 0..20),
                prop::collection::vec("[aBÄ狗]{0,10}".prop_map(Cell::word), 0..20),
            ],
            descending: bool,
        ) {
            let mut of = table(&vec![0.0; cells.len()]);
            let mut made = std::mem::take(&mut of.rows).into_made();
            for (row, cell) in made.iter_mut().zip(cells) {
                row.cells[0] = cell;
            }
            of.rows = made.into();
            let rows: Vec<usize> = (0..of.rows.len()).collect();
            let mut want = rows.clone();
            want.sort_by(|a, b| {
                of.rows.sort_key(*a, 0).cmp(&of.rows.sort_key(*b, 0), descending)
            });
            prop_assert_eq!(sort(&of, 0, descending, None, rows), want);
        }
    }
}
