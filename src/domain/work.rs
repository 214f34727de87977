//! Long work on a database, and how far it has come: what is said of it while it lasts.

use serde::{Deserialize, Serialize};

/// What is being done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// A file goes in: its name, without folders.
    Import(String),
    /// Trades move from an older shape to the present one.
    Trades,
    /// Outcomes are made anew from what was recorded.
    Outcomes,
    /// Sums over trades are made anew from what was recorded.
    Sums,
}

/// How far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// What is being done.
    pub task: Task,
    /// Rows, trades or tokens that are done.
    pub done: u64,
    /// How much of it that is, 0 to 100, where that is known.
    pub percent: Option<u8>,
}

impl Work {
    /// Work that has begun, and of which nothing is known yet.
    #[must_use]
    pub const fn begun(task: Task) -> Self {
        Self {
            task,
            done: 0,
            percent: None,
        }
    }

    /// So many done of so many.
    #[must_use]
    pub fn of(task: Task, done: u64, all: u64) -> Self {
        Self {
            task,
            done,
            percent: percent(done, all),
        }
    }
}

/// A share in whole percent: 100 only when all of it is done.
#[must_use]
pub fn percent(done: u64, all: u64) -> Option<u8> {
    let share = u128::from(done.min(all)) * 100 / u128::from(std::num::NonZero::new(all)?.get());
    u8::try_from(share).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_percent_is_all_of_it() {
        for (done, all, want) in [
            (0, 3, Some(0)),
            (1, 3, Some(33)),
            (999, 1000, Some(99)),
            (1000, 1000, Some(100)),
            (5, 3, Some(100)),
            (u64::MAX, u64::MAX, Some(100)),
            (1, 0, None),
        ] {
            assert_eq!(percent(done, all), want, "{done} of {all}");
        }
    }
}
