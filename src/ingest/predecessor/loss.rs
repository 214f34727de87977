//! The loss report: what came over, what was worked out anew, what is doubtful, and what was not
//! taken, each with its count and its reason.

use std::borrow::Cow;

use crate::ingest::Tally;

use super::Predecessor;

/// Examples kept of one kind of loss.
const EXAMPLES: usize = 3;
/// What records are called in the report.
const RECORDS: [&str; 10] = [
    "rows",
    "records",
    "calls",
    "prices",
    "price snapshots",
    "outcomes",
    "trades",
    "fills",
    "positions",
    "confidences",
];

/// Records of one kind that went into the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameOver {
    /// What they are: calls, prices, outcomes, trades.
    pub what: &'static str,
    /// What became of them.
    pub tally: Tally,
}

/// Something that happened to a number of things for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The things, in the plural: "calls", "price snapshots".
    pub what: Cow<'static, str>,
    /// How many.
    pub count: u64,
    /// Why.
    pub reason: Cow<'static, str>,
    /// The first few of them.
    pub examples: Vec<String>,
}

/// What an import of a predecessor's data came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Whose data it is.
    pub from: Predecessor,
    /// The files it was in, with what they turned out to be.
    pub files: Vec<(String, String)>,
    /// What is in the database now.
    pub came_over: Vec<CameOver>,
    /// What their program had stored, and was worked out from better data instead.
    pub recomputed: Vec<Item>,
    /// What came over and is doubtful.
    pub flagged: Vec<Item>,
    /// What was not taken.
    pub refused: Vec<Item>,
}

/// The lists of a report that hold items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Worked out anew.
    Recomputed,
    /// Taken, but doubtful.
    Flagged,
    /// Not taken.
    Refused,
}

impl Loss {
    /// A report that says nothing yet.
    pub const fn new(from: Predecessor) -> Self {
        Self {
            from,
            files: Vec::new(),
            came_over: Vec::new(),
            recomputed: Vec::new(),
            flagged: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Whether records were refused, and not only what some of their columns say.
    pub fn lacks_records(&self) -> bool {
        let mut whats = self.refused.iter().map(|item| item.what.as_ref());
        whats.any(|what| RECORDS.contains(&what))
    }

    /// Counts one more of something; an empty example is none.
    pub fn add(
        &mut self,
        list: List,
        what: impl Into<Cow<'static, str>>,
        reason: impl Into<Cow<'static, str>>,
        example: &str,
    ) {
        self.add_many(list, what, reason, 1, example);
    }

    /// Counts some more of something; none changes nothing.
    pub fn add_many(
        &mut self,
        list: List,
        what: impl Into<Cow<'static, str>>,
        reason: impl Into<Cow<'static, str>>,
        count: u64,
        example: &str,
    ) {
        if count == 0 {
            return;
        }
        let (what, reason) = (what.into(), reason.into());
        let items = match list {
            List::Recomputed => &mut self.recomputed,
            List::Flagged => &mut self.flagged,
            List::Refused => &mut self.refused,
        };
        let at = items
            .iter()
            .position(|i| i.reason == reason && i.what == what)
            .unwrap_or_else(|| {
                items.push(Item {
                    what,
                    count: 0,
                    reason,
                    examples: Vec::new(),
                });
                items.len() - 1
            });
        if let Some(item) = items.get_mut(at) {
            item.count += count;
            let known = item.examples.iter().any(|e| e == example);
            if !example.is_empty() && !known && item.examples.len() < EXAMPLES {
                item.examples.push(example.to_owned());
            }
        }
    }

    /// Counts one that was not taken.
    pub fn refuse(
        &mut self,
        what: impl Into<Cow<'static, str>>,
        reason: impl Into<Cow<'static, str>>,
        example: &str,
    ) {
        self.add(List::Refused, what, reason, example);
    }

    /// Counts one that was taken and is doubtful.
    pub fn flag(
        &mut self,
        what: impl Into<Cow<'static, str>>,
        reason: impl Into<Cow<'static, str>>,
        example: &str,
    ) {
        self.add(List::Flagged, what, reason, example);
    }

    /// Counts one that was worked out anew.
    pub fn recompute(
        &mut self,
        what: impl Into<Cow<'static, str>>,
        reason: impl Into<Cow<'static, str>>,
        example: &str,
    ) {
        self.add(List::Recomputed, what, reason, example);
    }
}
