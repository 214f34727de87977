//! The calls that tests rest on, and what a test needs to know of each.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use super::FeatureKind;
use crate::analytics::judged::{Judged, Standing};
use crate::domain::{Category, Features, Percent, Rules, Span, Status, Timestamp, Window};

/// The calls that a feature test may use: settled, counted, the first of each token.
#[must_use]
pub fn eligible<'a>(
    calls: &'a [Judged],
    window: &Window,
    rules: &Rules,
    provisional: bool,
) -> Vec<&'a Judged> {
    let mut tokens = HashSet::new();
    calls
        .iter()
        .filter(|j| {
            j.standing == Standing::Counted
                && (j.completed_in(window, rules)
                    || (provisional
                        && j.window_end(rules) > window.to
                        && window.contains(j.call.called_at)))
                && (provisional
                    || (j.outcome.status == Status::Completed
                        && !j.outcome.provisional
                        && !j.outcome.ath.is_some_and(|ath| ath.early)))
                && (j.outcome.ath.is_some() || j.outcome.is_rug().is_some())
                && j.outcome.status != Status::Unpriced
        })
        // Calls come oldest first, so the first call of a token is the one kept.
        .filter(|j| {
            j.call
                .token
                .as_ref()
                .is_none_or(|t| tokens.insert(t.clone()))
        })
        .collect()
}

/// What a test needs to know of a call.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The call and its outcome.
    pub judged: &'a Judged,
    /// What it said.
    pub features: &'a Features,
    /// When.
    pub at: Timestamp,
    /// The gain at the ATH, in percent.
    pub gain: Option<f64>,
    /// Whether that was a pump.
    pub pump: Option<bool>,
    /// Whether it was a rug or a crash.
    pub rug: Option<bool>,
    /// How it ended.
    pub category: Option<Category>,
}

impl<'a> Facts<'a> {
    /// Reads a call.
    #[must_use]
    pub fn of(judged: &'a Judged, rules: &Rules) -> Self {
        Self {
            judged,
            features: &judged.call.features,
            at: judged.call.called_at,
            gain: judged.outcome.max_gain().map(Percent::value),
            pump: judged.outcome.is_pump(rules),
            rug: judged.outcome.is_rug(),
            category: judged.outcome.category,
        }
    }
}

/// The share of the calls that something may be found on; it is judged on the later rest.
const EARLIER: f64 = 0.6;

/// An earlier part that something is found on, and a later one that it is judged on. Between the
/// two lies an embargo as long as the window: outcomes that overlap are not independent
/// (`statistics.md` 3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The earlier calls.
    pub earlier: Range<usize>,
    /// The later ones; may be empty.
    pub later: Range<usize>,
    /// The first instant of the later part.
    pub from: Option<Timestamp>,
}

impl Split {
    /// Splits instants that are in order.
    #[must_use]
    pub fn of(times: &[Timestamp], embargo: Span) -> Self {
        let end = (times.len() as f64 * EARLIER).ceil() as usize;
        let from = end
            .checked_sub(1)
            .and_then(|last| times.get(last))
            .map(|last| last.plus(embargo));
        let start = from.map_or(times.len(), |from| times.partition_point(|t| *t < from));
        // Without an embargo to keep them apart, calls of one instant stay together.
        let start = start.max(end);
        Self {
            earlier: 0..end,
            from: times.get(start).copied(),
            later: start..times.len(),
        }
    }
}

/// The calls that say something, with what they say, earlier and later part. Many features come
/// from one source, or only since some day: the parts are those of the calls that have them.
pub(super) fn saying<'a, T: Copy>(
    calls: &[Facts<'a>],
    said: &[Option<T>],
    embargo: Span,
) -> (Vec<(T, Facts<'a>)>, Split) {
    let known: Vec<(T, Facts<'a>)> = said
        .iter()
        .zip(calls)
        .filter_map(|(value, call)| Some(((*value)?, *call)))
        .collect();
    let times: Vec<Timestamp> = known.iter().map(|(_, call)| call.at).collect();
    let split = Split::of(&times, embargo);
    (known, split)
}

/// What the calls say of each flag and number, read once: a flag is 1 or 0.
#[derive(Debug, Default)]
pub(super) struct Columns<'k> {
    at: HashMap<&'k str, usize>,
    values: Vec<Vec<Option<f64>>>,
}

impl<'k> Columns<'k> {
    /// The columns of features of these kinds.
    pub fn of(calls: &[Facts<'_>], kinds: &'k BTreeMap<String, FeatureKind>) -> Self {
        let mut columns = Self::default();
        for (name, kind) in kinds {
            if *kind != FeatureKind::Category {
                columns.at.insert(name, columns.values.len());
                columns.values.push(vec![None; calls.len()]);
            }
        }
        for (row, call) in calls.iter().enumerate() {
            for (name, value) in call.features {
                let Some(at) = columns.at.get(name.as_str()) else {
                    continue;
                };
                columns.values[*at][row] = match kinds.get(name) {
                    Some(FeatureKind::Flag) => value.as_flag().map(|on| f64::from(u8::from(on))),
                    _ => value.as_number(),
                };
            }
        }
        columns
    }

    /// What each call says of a number.
    pub fn numbers(&self, name: &str) -> &[Option<f64>] {
        self.at
            .get(name)
            .and_then(|at| self.values.get(*at))
            .map_or(&[], Vec::as_slice)
    }

    /// What each call says of a flag.
    pub fn flags(&self, name: &str) -> Vec<Option<bool>> {
        let said = self.numbers(name).iter();
        said.map(|v| v.map(|v| v != 0.0)).collect()
    }
}
