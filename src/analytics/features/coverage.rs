//! Which calls have an outcome at all: a source that announces only its gains looks like a winner.

use std::collections::BTreeMap;

use crate::analytics::judged::{Judged, Standing};
use crate::domain::{Rules, Window};

/// A share of calls without an outcome from which a rate is not to be taken at face value.
const MISSING: f64 = 0.10;

/// Peaks that must all be pumps before that is taken for a selection.
const SELECTED: usize = 20;

/// How much is known of the calls of a source that were completed in the range.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// The source.
    pub source: String,
    /// Calls that count.
    pub calls: usize,
    /// Pumps, of how many whose peak is known.
    pub pump: (usize, usize),
    /// Rugs and crashes, of how many whose state is known.
    pub rug: (usize, usize),
    /// Calls of which neither is known.
    pub no_outcome: usize,
}

impl Coverage {
    /// The share of calls of which nothing is known.
    #[must_use]
    pub fn missing(&self) -> f64 {
        if self.calls == 0 {
            0.0
        } else {
            self.no_outcome as f64 / self.calls as f64
        }
    }

    /// Whether so much is missing that the rates may be a selection.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        self.missing() > MISSING
    }

    /// Every peak known is a pump while many are not known: whoever reports them reports gains
    /// only.
    #[must_use]
    pub fn is_selected(&self) -> bool {
        self.is_doubtful() && self.pump.1 >= SELECTED && self.pump.0 == self.pump.1
    }
}

/// The coverage of every source, the largest first.
#[must_use]
pub fn coverage(calls: &[Judged], window: &Window, rules: &Rules) -> Vec<Coverage> {
    let mut by: BTreeMap<&str, Coverage> = BTreeMap::new();
    for judged in calls {
        if judged.standing != Standing::Counted || !judged.completed_in(window, rules) {
            continue;
        }
        let row = by.entry(&judged.call.source).or_default();
        let (pump, rug) = (judged.outcome.is_pump(rules), judged.outcome.is_rug());
        row.calls += 1;
        row.no_outcome += usize::from(pump.is_none() && rug.is_none());
        if let Some(pump) = pump {
            row.pump = (row.pump.0 + usize::from(pump), row.pump.1 + 1);
        }
        if let Some(rug) = rug {
            row.rug = (row.rug.0 + usize::from(rug), row.rug.1 + 1);
        }
    }
    let mut rows: Vec<Coverage> = by
        .into_iter()
        .map(|(source, row)| Coverage {
            source: source.to_owned(),
            ..row
        })
        .collect();
    rows.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.source.cmp(&b.source)));
    rows
}
