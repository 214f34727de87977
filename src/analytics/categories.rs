//! How calls ended: the distribution over the six categories, overall and per source.

use crate::domain::hash::FastMap;
use crate::domain::{Category, Outcome, Rules, Status, Timestamp, Window};
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

/// Mean, median, spread and maximum of a figure, and of how many calls.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spread {
    /// Calls where the figure is known.
    pub n: usize,
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Median.
    pub median: Option<f64>,
    /// Sample standard deviation (n - 1).
    pub sd: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
}

impl Spread {
    /// The spread of values.
    #[must_use]
    pub fn of(mut values: Vec<f64>) -> Self {
        let mean = stats::mean(&values);
        let squares = |mean: f64| values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        Self {
            n: values.len(),
            mean,
            sd: mean
                .filter(|_| values.len() > 1)
                .map(|mean| (squares(mean) / (values.len() - 1) as f64).sqrt()),
            max: values.iter().copied().reduce(f64::max),
            median: stats::median(&mut values),
        }
    }
}

/// The calls of a range: which there are, which count, and which are in the distribution.
#[derive(Debug, Clone, Default)]
pub struct Selection<'a> {
    /// Every call of the range.
    pub in_range: Vec<&'a Judged>,
    /// Those that count in rates.
    pub counted: Vec<&'a Judged>,
    /// Those with a category that counts.
    pub settled: Vec<&'a Judged>,
    /// Provisional calls are in it.
    pub provisional: bool,
    /// The latest end of a window at or before the end of the range, in it or not.
    pub newest_end: Option<Timestamp>,
}

impl<'a> Selection<'a> {
    /// The calls completed in a window. With `provisional`, also finals that may still change:
    /// calls in their window (by the time they were called) and imported finals taken early.
    #[must_use]
    pub fn of(calls: &'a [Judged], window: &Window, rules: &Rules, provisional: bool) -> Self {
        let mut selection = Self {
            provisional,
            ..Self::default()
        };
        for judged in calls {
            let end = judged.window_end(rules);
            if end <= window.to {
                selection.newest_end = selection.newest_end.max(Some(end));
            }
            let running = provisional && end > window.to && window.contains(judged.call.called_at);
            if !window.contains(end) && !running {
                continue;
            }
            selection.in_range.push(judged);
            if judged.standing != Standing::Counted {
                continue;
            }
            selection.counted.push(judged);
            if is_in(&judged.outcome, provisional) {
                selection.settled.push(judged);
            }
        }
        selection
    }

    /// The settled calls by source, by name; a source whose calls of the range all wait, or are
    /// without a final, has none.
    #[must_use]
    pub fn by_source(&self) -> Vec<(&'a str, Vec<&'a Judged>)> {
        let mut by_source: FastMap<&str, Vec<&Judged>> = FastMap::default();
        for judged in &self.settled {
            by_source
                .entry(&judged.call.source)
                .or_default()
                .push(judged);
        }
        for judged in &self.counted {
            by_source.entry(&judged.call.source).or_default();
        }
        let mut all: Vec<_> = by_source.into_iter().collect();
        all.sort_unstable_by_key(|(source, _)| *source);
        all
    }
}

/// The distribution of a range over all sources, with what it leaves out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Categories {
    /// All sources.
    pub overall: Distribution,
    /// Calls of the range that are in the distribution or not, and why.
    pub counts: CallCounts,
    /// Finals that were taken too early to count.
    pub early_finals: usize,
    /// Calls whose final is known but whose ATH is not, so that the category is open.
    pub undecided: usize,
    /// Provisional calls are in it.
    pub provisional: bool,
    /// The latest end of a window at or before the end of the range, in it or not.
    pub newest_end: Option<Timestamp>,
}

impl Categories {
    /// The distribution over selected calls.
    #[must_use]
    pub fn of(selection: &Selection<'_>) -> Self {
        let (counted, provisional) = (&selection.counted, selection.provisional);
        Self {
            overall: Distribution::of(&selection.settled),
            early_finals: counted
                .iter()
                .filter(|j| {
                    let o = &j.outcome;
                    !provisional && o.provisional && o.status == Status::Completed
                })
                .count(),
            undecided: counted
                .iter()
                .filter(|j| provisional || !j.outcome.provisional)
                .filter(|j| j.outcome.fin.is_some() && j.outcome.category.is_none())
                .count(),
            counts: CallCounts::of(selection.in_range.iter().copied()),
            provisional,
            newest_end: selection.newest_end,
        }
    }
}

fn is_in(outcome: &Outcome, provisional: bool) -> bool {
    outcome.category.is_some() && (provisional || outcome.is_settled())
}

impl Distribution {
    /// The distribution of calls that have a category.
    #[must_use]
    pub fn of(calls: &[&Judged]) -> Self {
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

    /// How many of a category, as a share of all.
    #[must_use]
    pub fn share(&self, category: Category) -> f64 {
        self.counts[category.index()] as f64 / self.n.max(1) as f64
    }

    /// How many of some categories.
    #[must_use]
    pub fn count(&self, of: impl Fn(Category) -> bool) -> usize {
        let those = Category::EACH.into_iter().filter(|c| of(*c));
        those.map(|c| self.counts[c.index()]).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Predecessors T3.
    #[test]
    fn the_spread_of_the_vector() {
        let spread = Spread::of(vec![
            3.25, 0.93, 2.15, 4.5, 0.75, 2.8, 1.5, 3.1, 0.85, 2.4, 1.75, 2.9, 5.2, 1.2, 2.6,
        ]);
        assert_eq!(
            (spread.n, spread.median, spread.max),
            (15, Some(2.4), Some(5.2))
        );
        assert!((spread.mean.unwrap() - 2.392).abs() < 1e-12);
        assert!((spread.sd.unwrap() - 1.307_46).abs() < 1e-5);
        let one = Spread::of(vec![2.0]);
        assert_eq!((one.mean, one.sd), (Some(2.0), None));
        assert_eq!(Spread::of(vec![]), Spread::default());
    }
}
