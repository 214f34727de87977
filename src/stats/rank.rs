//! Rank tests of two samples, and the area under the ROC curve.

use super::tail::{normal_two_sided, student_two_sided};
use super::{Interval, Z_95};

/// The exact distribution of U is used up to this product of the sizes ...
const EXACT_MAX_PAIRS: usize = 400;
/// ... and this size of the smaller sample (counts then stay below 2^53).
const EXACT_MAX_SMALLER: usize = 20;
/// Sizes of both samples from which Brunner-Munzel's t approximation is used.
const BRUNNER_MUNZEL_MIN: usize = 10;

/// Average ranks, starting at 1, in the order of the input: equal values share
/// the mean of the ranks they occupy (0 and -0 are equal). As scipy's
/// `rankdata`: with a NaN anywhere every rank is NaN.
pub fn mid_ranks(values: &[f64]) -> Vec<f64> {
    if values.iter().any(|value| value.is_nan()) {
        return vec![f64::NAN; values.len()];
    }
    ranked(values.iter().copied()).0
}

/// Average ranks of values without NaN, and the sizes of the groups of equal
/// values in ascending order of value.
fn ranked(values: impl Iterator<Item = f64>) -> (Vec<f64>, Vec<usize>) {
    let mut order: Vec<(f64, usize)> = values.enumerate().map(|(i, value)| (value, i)).collect();
    order.sort_unstable_by(|x, y| x.0.total_cmp(&y.0));
    let mut ranks = vec![0.0; order.len()];
    let mut groups = Vec::new();
    let mut before = 0;
    for group in order.chunk_by(|x, y| x.0 == y.0) {
        let rank = before as f64 + (group.len() + 1) as f64 / 2.0;
        for &(_, index) in group {
            ranks[index] = rank;
        }
        before += group.len();
        groups.push(group.len());
    }
    (ranks, groups)
}

/// Whether both samples have values and neither has a NaN.
fn comparable(x: &[f64], y: &[f64]) -> bool {
    !x.is_empty() && !y.is_empty() && !x.iter().chain(y).any(|value| value.is_nan())
}

/// How the p-value of a [`RankTest`] was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RankMethod {
    /// From the exact distribution of U (no ties, small samples).
    Exact,
    /// From the normal approximation, corrected for ties and continuity.
    Normal,
}

/// The result of [`mann_whitney`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankTest {
    /// U of the first sample: pairs it wins, ties counting one half.
    pub u: f64,
    /// The two-sided p-value.
    pub p: f64,
    /// Probability of superiority, P(x > y) + P(x = y) / 2: U over the number
    /// of pairs; 0.5 means no tendency. The same number as the AUC.
    pub superiority: f64,
    /// Where `p` comes from.
    pub method: RankMethod,
}

/// The Mann-Whitney U test of two independent samples, two-sided.
///
/// Exact when there are no ties, at most 400 pairs and at most 20 values in
/// the smaller sample, else by the normal approximation with tie and
/// continuity correction. O(n log n) time. When all values are equal p is 1.
///
/// Source: Mann & Whitney 1947; scipy's `mannwhitneyu` (`method="exact"`,
/// `method="asymptotic"`, `use_continuity=True`).
///
/// `None` when either sample is empty or holds a NaN. Infinite values are
/// ranked like any other.
pub fn mann_whitney(x: &[f64], y: &[f64]) -> Option<RankTest> {
    if !comparable(x, y) {
        return None;
    }
    let (ranks, groups) = ranked(x.iter().chain(y).copied());
    let (n1, n2) = (x.len() as f64, y.len() as f64);
    let pairs = n1 * n2;
    let u = ranks[..x.len()].iter().sum::<f64>() - n1 * (n1 + 1.0) / 2.0;
    let larger = u.max(pairs - u);

    let no_ties = groups.len() == ranks.len();
    let small = x.len().saturating_mul(y.len()) <= EXACT_MAX_PAIRS
        && x.len().min(y.len()) <= EXACT_MAX_SMALLER;
    let (p, method) = if no_ties && small {
        // Without ties U is a whole number.
        (
            exact_p(x.len(), y.len(), larger as usize),
            RankMethod::Exact,
        )
    } else {
        (normal_p(pairs, larger, &groups), RankMethod::Normal)
    };
    Some(RankTest {
        u,
        p,
        superiority: u / pairs,
        method,
    })
}

/// Twice P(U >= u) for samples without ties, at most 1.
fn exact_p(n1: usize, n2: usize, u: usize) -> f64 {
    // The number of arrangements by U has the generating function
    // prod_{i = 1..small} (1 - q^(large + i)) / (1 - q^i), a Gaussian binomial
    // coefficient. Every partial product is itself one, so all coefficients are
    // whole numbers below 2^53 and the arithmetic is exact.
    let (small, large) = (n1.min(n2), n1.max(n2));
    let top = n1 * n2;
    let mut counts = vec![0.0_f64; top + 1];
    counts[0] = 1.0;
    for i in 1..=small {
        for k in (large + i..=top).rev() {
            counts[k] -= counts[k - large - i];
        }
        for k in i..=top {
            counts[k] += counts[k - i];
        }
    }
    let all: f64 = counts.iter().sum();
    let tail: f64 = counts.iter().skip(u).sum();
    (2.0 * tail / all).min(1.0)
}

/// The two-sided p of the normal approximation, where `larger` is the larger
/// of the two U and `groups` the sizes of the groups of equal values.
fn normal_p(pairs: f64, larger: f64, groups: &[usize]) -> f64 {
    // In whole numbers, because the tie term cancels nearly all of n^3 - n
    // when most values are equal. 2^42 values would be needed to overflow.
    let spread = |n: usize| (n as u128).pow(3) - n as u128;
    let n: usize = groups.iter().sum();
    let untied = spread(n) - groups.iter().map(|&size| spread(size)).sum::<u128>();
    if untied == 0 {
        return 1.0;
    }
    let n = n as f64;
    let deviation = (pairs / 12.0 * (untied as f64 / (n * (n - 1.0)))).sqrt();
    let z = (larger - pairs / 2.0 - 0.5) / deviation;
    // U at its expectation leaves z below 0, where twice the tail exceeds 1.
    if z <= 0.0 { 1.0 } else { normal_two_sided(z) }
}

/// The result of [`brunner_munzel`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BrunnerMunzel {
    /// The test statistic, with scipy's sign: negative when the first sample
    /// tends to be larger.
    pub statistic: f64,
    /// Degrees of freedom of the t approximation (Satterthwaite).
    pub df: f64,
    /// The two-sided p-value.
    pub p: f64,
}

/// The Brunner-Munzel test of P(x > y) + P(x = y) / 2 = 1/2, two-sided, with the
/// t approximation. Unlike [`mann_whitney`] it stays valid when the samples
/// differ in spread; it wants about ten values in each.
///
/// Source: Brunner & Munzel 2000; scipy's `brunnermunzel(distribution="t")`.
///
/// `None` when either sample has fewer than two values or a NaN, and when the
/// rank variance is zero in both (complete separation, or all values equal).
pub fn brunner_munzel(x: &[f64], y: &[f64]) -> Option<BrunnerMunzel> {
    if !comparable(x, y) || x.len() < 2 || y.len() < 2 {
        return None;
    }
    let (pooled, _) = ranked(x.iter().chain(y).copied());
    let (pooled_x, pooled_y) = pooled.split_at(x.len());
    let (n1, n2) = (x.len() as f64, y.len() as f64);
    // Each pooled rank less the rank within the own sample counts the values
    // of the other sample below it: the placement.
    let (mean_x, var_x) = placement(pooled_x, x);
    let (mean_y, var_y) = placement(pooled_y, y);
    let (part_x, part_y) = (n1 * var_x, n2 * var_y);
    let variance = part_x + part_y;
    if variance == 0.0 {
        return None;
    }
    let statistic = n1 * n2 * (mean_y - mean_x) / ((n1 + n2) * variance.sqrt());
    let df = variance.powi(2) / (part_x.powi(2) / (n1 - 1.0) + part_y.powi(2) / (n2 - 1.0));
    Some(BrunnerMunzel {
        statistic,
        df,
        p: student_two_sided(statistic, df),
    })
}

/// The mean pooled rank of a sample and the variance of its placements.
fn placement(pooled: &[f64], sample: &[f64]) -> (f64, f64) {
    let n = sample.len() as f64;
    let (own, _) = ranked(sample.iter().copied());
    let differences: Vec<f64> = pooled.iter().zip(&own).map(|(p, o)| p - o).collect();
    // Ranks are multiples of one half: the sums are exact, and so is the mean
    // of equal differences, which makes a zero variance exactly zero.
    let mean = differences.iter().sum::<f64>() / n;
    let squares: f64 = differences.iter().map(|d| (d - mean).powi(2)).sum();
    (pooled.iter().sum::<f64>() / n, squares / (n - 1.0))
}

/// The p-value shown beside a feature: gains with (`x`) against without (`y`).
///
/// Brunner-Munzel when both samples have ten values and it is defined, else
/// Mann-Whitney. Exchanging the samples gives the same p. `None` when either
/// sample is empty or holds a NaN.
pub fn gain_test(x: &[f64], y: &[f64]) -> Option<f64> {
    if x.len().min(y.len()) >= BRUNNER_MUNZEL_MIN
        && let Some(test) = brunner_munzel(x, y)
    {
        return Some(test.p);
    }
    mann_whitney(x, y).map(|test| test.p)
}

/// The area under the ROC curve: the probability that a positive has a higher
/// score than a negative, ties counting one half.
///
/// Source: Hanley & `McNeil` 1982 (U over the number of pairs).
///
/// `None` for unequal lengths, a NaN score, or unless both classes are present.
pub fn auc(scores: &[f64], positive: &[bool]) -> Option<f64> {
    if scores.len() != positive.len() || scores.iter().any(|score| score.is_nan()) {
        return None;
    }
    let positives = positive.iter().filter(|&&is| is).count();
    if positives == 0 || positives == positive.len() {
        return None;
    }
    let (ranks, _) = ranked(scores.iter().copied());
    let sum: f64 = (ranks.iter().zip(positive))
        .filter_map(|(rank, &is)| is.then_some(rank))
        .sum();
    let (n1, n2) = (positives as f64, (positive.len() - positives) as f64);
    Some((sum - n1 * (n1 + 1.0) / 2.0) / (n1 * n2))
}

/// An area under the ROC curve, how sure it is, and whether it differs from one half.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AucInterval {
    /// The probability that a positive has the higher score, ties counting one half.
    pub auc: f64,
    /// `DeLong`'s 95 % interval, cut to 0..=1; `None` with fewer than two of a class.
    pub interval: Option<Interval>,
    /// The p of the Mann-Whitney test.
    pub p: f64,
}

/// [`auc`] with `DeLong`'s interval and the p of the Mann-Whitney test.
///
/// Source: `DeLong`, `DeLong` & Clarke-Pearson 1988; the variance is that of the placements, which
/// mid-ranks give in O(n log n).
///
/// `None` as [`auc`].
pub fn auc_with_interval(scores: &[f64], positive: &[bool]) -> Option<AucInterval> {
    if scores.len() != positive.len() {
        return None;
    }
    let pick = |class: bool| -> Vec<f64> {
        let both = scores.iter().zip(positive);
        both.filter_map(|(score, is)| (*is == class).then_some(*score))
            .collect()
    };
    let (x, y) = (pick(true), pick(false));
    let test = mann_whitney(&x, &y)?;
    let interval = (x.len() > 1 && y.len() > 1).then(|| {
        let (pooled, _) = ranked(x.iter().chain(&y).copied());
        let (pooled_x, pooled_y) = pooled.split_at(x.len());
        let (n1, n2) = (x.len() as f64, y.len() as f64);
        // A placement over the size of the other class is its share of pairs won.
        let var_x = placement(pooled_x, &x).1 / (n2 * n2);
        let var_y = placement(pooled_y, &y).1 / (n1 * n1);
        let half = Z_95 * (var_x / n1 + var_y / n2).sqrt();
        Interval {
            low: (test.superiority - half).max(0.0),
            high: (test.superiority + half).min(1.0),
        }
    });
    Some(AucInterval {
        auc: test.superiority,
        interval,
        p: test.p,
    })
}

#[cfg(test)]
mod tests;
