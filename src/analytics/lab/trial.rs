//! What a filter would have done to the calls of the past.

use crate::analytics::Expression;
use crate::analytics::features::{Facts, Split, name_of};
use crate::domain::Category;
use crate::stats::{self, Interval};

/// Calls that are named.
const NAMED: usize = 12;

/// What became of some calls.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Side {
    /// Calls.
    pub n: usize,
    /// Pumps, of how many whose peak is known.
    pub pump: (usize, usize),
    /// Rugs and crashes, of how many whose state is known.
    pub rug: (usize, usize),
    /// Median gain at the ATH, in percent.
    pub median: Option<f64>,
    /// Its interval, by order statistics.
    pub median_interval: Option<Interval>,
    /// Mean gain at the ATH, in percent.
    pub mean: Option<f64>,
    /// Its interval, by the standard error.
    pub mean_interval: Option<Interval>,
    /// By [`Category::index`].
    pub categories: [usize; 6],
}

impl Side {
    fn of<'a>(calls: impl Iterator<Item = &'a Facts<'a>>) -> Self {
        let mut side = Self::default();
        let mut gains = Vec::new();
        for call in calls {
            side.n += 1;
            for (happened, counts) in [(call.pump, &mut side.pump), (call.rug, &mut side.rug)] {
                if let Some(happened) = happened {
                    counts.0 += usize::from(happened);
                    counts.1 += 1;
                }
            }
            gains.extend(call.gain);
            if let Some(category) = call.category {
                side.categories[category.index()] += 1;
            }
        }
        gains.sort_by(f64::total_cmp);
        side.median = stats::quantile(&gains, 0.5);
        side.median_interval = stats::median_interval(&gains);
        side.mean = stats::mean(&gains);
        side.mean_interval = stats::mean_interval(&gains);
        side
    }
}

/// All calls of a part, and those that a filter keeps.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Part {
    /// Without a filter.
    pub all: Side,
    /// With it.
    pub kept: Side,
}

/// A call that a filter would have thrown away.
#[derive(Debug, Clone, PartialEq)]
pub struct Gone {
    /// Its symbol, else its address.
    pub name: String,
    /// How it ended.
    pub category: Option<Category>,
    /// Gain at the ATH, in percent.
    pub gain: Option<f64>,
}

/// Calls that a filter would have thrown away: how many, and the first by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lost {
    /// How many.
    pub n: usize,
    /// MOONs among them.
    pub moons: usize,
    /// The first of them: MOONs, then by gain.
    pub first: Vec<Gone>,
}

/// What became of all calls, the earlier and the later ones: the same for every filter.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Base([Side; 3]);

impl Base {
    /// Of calls in their order.
    #[must_use]
    pub fn of(calls: &[Facts<'_>], split: &Split) -> Self {
        Self([
            Side::of(calls.iter()),
            Side::of(calls[split.earlier.clone()].iter()),
            Side::of(calls[split.later.clone()].iter()),
        ])
    }
}

/// What a filter would have done.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trial {
    /// All calls of the range.
    pub whole: Part,
    /// The earlier ones, on which a filter is usually found.
    pub earlier: Part,
    /// The later ones, behind an embargo, on which it has to hold.
    pub later: Part,
    /// Calls of which it cannot be said whether they match; they are not kept.
    pub unknown: usize,
    /// Pumps thrown away, the MOONs first.
    pub thrown: Lost,
    /// Rugs and crashes that it would have spared.
    pub spared: Lost,
}

impl Trial {
    /// Tries a condition, or none, on calls in their order.
    #[must_use]
    pub fn of(
        calls: &[Facts<'_>],
        base: &Base,
        split: &Split,
        filter: Option<&Expression>,
    ) -> Self {
        let answers: Vec<Option<bool>> = calls
            .iter()
            .map(|c| filter.map_or(Some(true), |f| f.holds(&c.judged.call)))
            .collect();
        let part = |all: &Side, range: std::ops::Range<usize>| {
            let kept = calls[range.clone()].iter().zip(&answers[range]);
            Part {
                all: all.clone(),
                kept: Side::of(kept.filter(|(_, a)| **a == Some(true)).map(|(c, _)| c)),
            }
        };
        let lost = |of: fn(&Facts<'_>) -> bool| {
            let gone = calls.iter().zip(&answers);
            let gone = gone.filter(|(call, answer)| **answer != Some(true) && of(call));
            lost(gone.map(|(call, _)| call).collect())
        };
        let [whole, earlier, later] = &base.0;
        Self {
            whole: part(whole, 0..calls.len()),
            earlier: part(earlier, split.earlier.clone()),
            later: part(later, split.later.clone()),
            unknown: answers.iter().filter(|a| a.is_none()).count(),
            thrown: lost(|c| c.pump == Some(true) || is_moon(c)),
            spared: lost(|c| c.rug == Some(true)),
        }
    }
}

fn is_moon(call: &Facts<'_>) -> bool {
    call.category == Some(Category::Moon)
}

fn lost(mut gone: Vec<&Facts<'_>>) -> Lost {
    let n = gone.len();
    let before = |a: &&Facts<'_>, b: &&Facts<'_>| {
        let gain = |c: &Facts<'_>| c.gain.unwrap_or(f64::MIN);
        (is_moon(b).cmp(&is_moon(a)))
            .then_with(|| gain(b).total_cmp(&gain(a)))
            .then_with(|| a.judged.call.id.cmp(&b.judged.call.id))
    };
    let moons = gone.iter().filter(|c| is_moon(c)).count();
    // Thousands may be gone, and only the first are named.
    if n > NAMED {
        gone.select_nth_unstable_by(NAMED, before);
        gone.truncate(NAMED);
    }
    gone.sort_by(before);
    let first = gone
        .into_iter()
        .map(|call| Gone {
            name: name_of(call.judged),
            category: call.category,
            gain: call.gain,
        })
        .collect();
    Lost { n, moons, first }
}
