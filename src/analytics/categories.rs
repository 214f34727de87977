//! How calls ended: the distribution over the six categories, overall and per source.

use std::collections::BTreeMap;

use crate::domain::{Category, Outcome, Rules, Window};
use crate::stats::{self, Interval};

use super::judged::{CallCounts, Judged, Standing};

/// The distribution of one group of calls.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Distribution {
    /// Calls with a category that counts.
    pub n: usize,
    /// By [`Category::index`].
    pub counts: [usize; 6],
    /// Share of winners, 0 to 1.
    pub win_rate: Option<f64>,
    /// Its Wilson interval.
    pub win_interval: Option<Interval>,
    /// Share of crashes, 0 to 1.
    pub crash_rate: Option<f64>,
    /// Its Wilson interval.
    pub crash_interval: Option<Interval>,
    /// ATH minus final, over the calls where both are known.
    pub gap: Spread,
    /// ATH multiples.
    pub ath: Spread,
    /// Final multiples.
    pub fin: Spread,
    /// Final over ATH.
    pub kept: Spread,
}

/// Mean, median and maximum of a figure, and of how many calls.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spread {
    /// Calls where the figure is known.
    pub n: usize,
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Median.
    pub median: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
}

impl Spread {
    /// The spread of values.
    #[must_use]
    pub fn of(mut values: Vec<f64>) -> Self {
        Self {
            n: values.len(),
            mean: stats::mean(&values),
            max: values.iter().copied().reduce(f64::max),
            median: stats::median(&mut values),
        }
    }
}

/// The distribution of a range, overall and per source, with what it leaves out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Categories {
    /// All sources.
    pub overall: Distribution,
    /// By source, the largest first.
    pub sources: Vec<(String, Distribution)>,
    /// Calls of the range that are in the distribution or not, and why.
    pub counts: CallCounts,
    /// Finals that were taken too early to count.
    pub early_finals: usize,
    /// Calls whose final is known but whose ATH is not, so that the category is open.
    pub undecided: usize,
    /// Provisional calls are in it.
    pub provisional: bool,
    /// The latest end of a window at or before the end of the range, in it or not.
    pub newest_end: Option<crate::domain::Timestamp>,
}

impl Categories {
    /// The distribution over the calls completed in a window. With `provisional`, also finals
    /// that may still change: calls in their window (by the time they were called) and imported
    /// finals taken early.
    #[must_use]
    pub fn of(calls: &[Judged], window: &Window, rules: &Rules, provisional: bool) -> Self {
        let in_range: Vec<&Judged> = calls
            .iter()
            .filter(|j| {
                j.completed_in(window, rules)
                    || (provisional
                        && j.window_end(rules) > window.to
                        && window.contains(j.call.called_at))
            })
            .collect();
        let counted: Vec<&Judged> = in_range
            .iter()
            .copied()
            .filter(|j| j.standing == Standing::Counted)
            .collect();
        let settled: Vec<&Judged> = counted
            .iter()
            .copied()
            .filter(|j| is_in(&j.outcome, provisional))
            .collect();
        let mut by_source: BTreeMap<&str, Vec<&Judged>> = BTreeMap::new();
        for judged in &settled {
            by_source
                .entry(&judged.call.source)
                .or_default()
                .push(judged);
        }
        let mut sources: Vec<(String, Distribution)> = by_source
            .into_iter()
            .map(|(source, calls)| (source.to_owned(), distribution(&calls)))
            .collect();
        sources.sort_by(|a, b| b.1.n.cmp(&a.1.n).then_with(|| a.0.cmp(&b.0)));
        Self {
            overall: distribution(&settled),
            sources,
            early_finals: counted
                .iter()
                .filter(|j| {
                    let o = &j.outcome;
                    !provisional && o.provisional && o.status == crate::domain::Status::Completed
                })
                .count(),
            undecided: counted
                .iter()
                .filter(|j| provisional || !j.outcome.provisional)
                .filter(|j| j.outcome.fin.is_some() && j.outcome.category.is_none())
                .count(),
            counts: CallCounts::of(in_range),
            provisional,
            newest_end: calls
                .iter()
                .map(|j| j.window_end(rules))
                .filter(|end| *end <= window.to)
                .max(),
        }
    }
}

fn is_in(outcome: &Outcome, provisional: bool) -> bool {
    outcome.category.is_some() && (provisional || outcome.is_settled())
}

fn distribution(calls: &[&Judged]) -> Distribution {
    let mut counts = [0usize; 6];
    for category in calls.iter().filter_map(|j| j.outcome.category) {
        counts[category.index()] += 1;
    }
    let n: usize = counts.iter().sum();
    let winners: usize = Category::EACH
        .into_iter()
        .filter(|c| c.is_winner())
        .map(|c| counts[c.index()])
        .sum();
    let crashes = counts[Category::Crash.index()];
    let rate = |k: usize| (n > 0).then(|| k as f64 / n as f64);
    let spread = |f: &dyn Fn(&Outcome) -> Option<f64>| {
        Spread::of(calls.iter().filter_map(|j| f(&j.outcome)).collect())
    };
    Distribution {
        n,
        counts,
        win_rate: rate(winners),
        win_interval: stats::wilson(winners as u64, n as u64),
        crash_rate: rate(crashes),
        crash_interval: stats::wilson(crashes as u64, n as u64),
        gap: spread(&Outcome::gap),
        ath: spread(&|o| Some(o.ath?.multiple.value())),
        fin: spread(&|o| Some(o.fin?.multiple.value())),
        kept: spread(&Outcome::kept),
    }
}
