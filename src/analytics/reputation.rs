//! Who deserves a follow: points per call, shrunk for small n, and places with intervals.
//!
//! **Points of a call**, 0 to 100, from its ATH multiple a and its final multiple f together:
//!
//! - 50 for what a follower has who sells half at 2x if it is reached and the rest at the end:
//!   r = 1 + f/2 if a >= 2, else f. 0.25x and less is 0 points, 4x and more is 50, evenly on the
//!   logarithm between: 1x is 25.
//! - 25 if it ended as a winner (MOON, WINNER, GOOD).
//! - 25 unless it ended as a CRASH.
//!
//! Each part grows with a and with f and never falls, so a source whose followers earn more never
//! has fewer points; and a call has at most 100, so one lucky peak cannot carry a source. Nothing
//! in it rewards a peak that nobody could have kept, a fast peak, or stated confidence
//! (`predecessors.md` A2.5, C2 #27).
//!
//! **Reputation** is the mean over a source's calls, drawn towards the mean of all sources: as many
//! calls of a usual source are added as the variance within sources is of that between them
//! (normal-normal empirical Bayes; both by moments). With fewer than [`MIN_SOURCES`] sources the
//! added calls are [`POOLED_WEIGHT`].
//!
//! **Places.** Tokens are drawn with replacement, for all sources at once (a cluster bootstrap:
//! calls of one token share its fate), which gives the error of each mean. A source's place is at
//! best behind those that are better for sure, at worst before those that are worse for sure; sure
//! is a difference that would come up by chance in any of all pairs with at most 5 %
//! (Mogstad, Romano, Shaikh, Wilhelm 2024, with Bonferroni's bound). So sources that cannot be told
//! apart share their interval: they are tied.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::domain::{Category, Multiple, Outcome};
use crate::stats::Interval;
use crate::stats::random::SplitMix64;

/// Where a follower takes half off.
pub const TAKE_HALF_AT: f64 = 2.0;
/// Completed calls below which a source is unproven.
pub const PROVEN_N: usize = 10;
/// Fewer sources than this do not say how much sources differ.
pub const MIN_SOURCES: usize = 5;
/// The weight, in calls, of the usual source when it is not estimated.
pub const POOLED_WEIGHT: f64 = 10.0;

/// The multiples at which the points for earnings begin and end.
const EARNED: (f64, f64) = (0.25, 4.0);
/// The most points of each part.
const MOST: [f64; 3] = [50.0, 25.0, 25.0];
/// Resamples of tokens, and the most draws in all: the error of an error needs no more.
const RESAMPLES: usize = 2_000;
const MOST_DRAWS: usize = 10_000_000;
/// A source with calls that all ended alike is not sure beyond doubt: its variance is that of this
/// many calls more of a usual source.
const BORROWED: f64 = 4.0;
const SEED: u64 = 0x0050_71CE;

/// What a follower has per unit who sells half at [`TAKE_HALF_AT`], if it was reached, and the
/// rest at the end. With an unknown ATH the half is not counted as sold: a lower bound.
#[must_use]
pub fn follower(ath: Option<Multiple>, fin: Multiple) -> f64 {
    let peak = ath.map_or(fin, |ath| ath.max(fin));
    if peak.reaches(TAKE_HALF_AT) {
        f64::midpoint(TAKE_HALF_AT, fin.value())
    } else {
        fin.value()
    }
}

/// The points of a call in their three parts: earned, winner, no crash.
#[must_use]
pub fn points(outcome: &Outcome) -> Option<Parts> {
    let (category, fin) = (outcome.category?, outcome.fin?.multiple);
    let held = follower(outcome.ath.map(|ath| ath.multiple), fin);
    let (low, high) = (EARNED.0.ln(), EARNED.1.ln());
    let earned = if held > EARNED.0 {
        ((held.ln() - low) / (high - low)).min(1.0)
    } else {
        0.0
    };
    Some(Parts {
        earned: MOST[0] * earned,
        winners: MOST[1] * f64::from(u8::from(category.is_winner())),
        no_crash: MOST[2] * f64::from(u8::from(category != Category::Crash)),
    })
}

/// Points in their parts: of one call, or the mean of many.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Parts {
    /// For what a follower has at the end, 0 to 50.
    pub earned: f64,
    /// For winners, 0 to 25.
    pub winners: f64,
    /// For not crashing, 0 to 25.
    pub no_crash: f64,
}

impl Parts {
    /// All points, 0 to 100.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.earned + self.winners + self.no_crash
    }

    fn add(&mut self, other: &Self, weight: f64) {
        self.earned += other.earned * weight;
        self.winners += other.winners * weight;
        self.no_crash += other.no_crash * weight;
    }
}

/// How a reputation is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Too few completed calls to say.
    Unproven,
    /// Under 20.
    Unreliable,
    /// From 20.
    Poor,
    /// From 40.
    Average,
    /// From 60.
    Good,
    /// From 75.
    Excellent,
    /// From 90 up to and with 100.
    Elite,
}

impl Tier {
    /// The tier of a reputation that rests on so many calls.
    #[must_use]
    pub fn of(score: f64, n: usize) -> Self {
        match score {
            _ if n < PROVEN_N => Self::Unproven,
            s if s >= 90.0 => Self::Elite,
            s if s >= 75.0 => Self::Excellent,
            s if s >= 60.0 => Self::Good,
            s if s >= 40.0 => Self::Average,
            s if s >= 20.0 => Self::Poor,
            _ => Self::Unreliable,
        }
    }

    /// The name in JSON and on the screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unproven => "Unproven",
            Self::Unreliable => "Unreliable",
            Self::Poor => "Poor",
            Self::Average => "Average",
            Self::Good => "Good",
            Self::Excellent => "Excellent",
            Self::Elite => "Elite",
        }
    }
}

/// The reputation of a source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reputation {
    /// Calls it rests on.
    pub n: usize,
    /// 0 to 100, shrunk; the sum of its parts.
    pub score: f64,
    /// The parts of the score.
    pub parts: Parts,
    /// The plain mean of the points of its calls.
    pub raw: f64,
    /// Its name.
    pub tier: Tier,
    /// The place among proven sources by score, 1 the best; equal scores share one.
    pub rank: Option<usize>,
    /// The 95 % interval of the score, and of the place. Known once tokens have been resampled.
    pub sure: Option<Sure>,
}

/// What resampling tokens adds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sure {
    /// The 95 % interval of the score.
    pub score: Interval,
    /// The best and the worst place it may have; for proven sources.
    pub ranks: Option<(usize, usize)>,
    /// How far from the plain mean its 95 % interval reaches.
    pub reach: f64,
}

impl Reputation {
    /// The points per call of this source less those of another, with the 95 % interval of that
    /// one difference. As if the two had no tokens in common, which makes it rather wide.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<(f64, Interval)> {
        if self.n < 2 || other.n < 2 {
            return None;
        }
        let by = self.raw - other.raw;
        let half = self.sure?.reach.hypot(other.sure?.reach);
        Some((
            by,
            Interval {
                low: by - half,
                high: by + half,
            },
        ))
    }
}

/// The calls of one source: of which token each was, and its points. A call without a token is
/// one of its own.
pub type Scored = Vec<(u32, Parts)>;

/// The reputations of sources, in their order. Without `tokens` (how many there are) places have
/// no intervals yet.
#[must_use]
pub fn reputations(sources: &[Scored], min_rank_n: usize, tokens: Option<u32>) -> Vec<Reputation> {
    let moments: Vec<Moments> = sources.iter().map(|calls| Moments::of(calls)).collect();
    let prior = Prior::of(&moments);
    let mut found: Vec<Reputation> = moments
        .iter()
        .map(|m| {
            let mut parts = Parts::default();
            let all = m.n as f64 + prior.weight;
            if all > 0.0 {
                parts.add(&m.mean, m.n as f64 / all);
                parts.add(&prior.mean, prior.weight / all);
            }
            Reputation {
                n: m.n,
                score: parts.sum(),
                parts,
                raw: m.mean.sum(),
                tier: Tier::of(parts.sum(), m.n),
                rank: None,
                sure: None,
            }
        })
        .collect();
    let mut ranked: Vec<usize> = (0..found.len())
        .filter(|i| found[*i].n >= min_rank_n.max(1))
        .collect();
    ranked.sort_by(|a, b| found[*b].score.total_cmp(&found[*a].score));
    let mut place = 0;
    for at in 0..ranked.len() {
        // Equal up to rounding.
        if at == 0 || found[ranked[at - 1]].score - found[ranked[at]].score > 1e-9 {
            place = at + 1;
        }
        found[ranked[at]].rank = Some(place);
    }
    if let Some(tokens) = tokens {
        let errors = errors(sources, &moments, &prior, tokens);
        let ranks = places(&ranked, &moments, &errors);
        for (i, reputation) in found.iter_mut().enumerate() {
            let own = moments[i].n as f64 / (moments[i].n as f64 + prior.weight).max(1.0);
            let reach = errors[i].critical(0.025) * errors[i].se;
            let half = reach * own.sqrt();
            reputation.sure = Some(Sure {
                reach,
                score: Interval {
                    low: (reputation.score - half).max(0.0),
                    high: (reputation.score + half).min(100.0),
                },
                // The place by the score lies between, though shrinking may have moved it.
                ranks: reputation
                    .rank
                    .zip(ranks[i])
                    .map(|(rank, (low, high))| (low.min(rank), high.max(rank))),
            });
        }
    }
    found
}

/// Mean and squares of the points of one source.
struct Moments {
    n: usize,
    mean: Parts,
    /// Squared deviations of the sum of points from its mean.
    squares: f64,
}

impl Moments {
    fn of(calls: &[(u32, Parts)]) -> Self {
        let mut mean = Parts::default();
        for (_, points) in calls {
            mean.add(points, 1.0 / calls.len() as f64);
        }
        let centre = mean.sum();
        Self {
            n: calls.len(),
            mean,
            squares: calls.iter().map(|(_, p)| (p.sum() - centre).powi(2)).sum(),
        }
    }
}

/// The usual source: its mean, how far it is to be believed, and how calls of a source scatter.
struct Prior {
    mean: Parts,
    weight: f64,
    within: f64,
}

impl Prior {
    fn of(sources: &[Moments]) -> Self {
        let n: usize = sources.iter().map(|m| m.n).sum();
        let groups = sources.iter().filter(|m| m.n > 0).count();
        let mut pooled = Parts::default();
        for m in sources {
            pooled.add(&m.mean, m.n as f64 / n.max(1) as f64);
        }
        let squares: f64 = sources.iter().map(|m| m.squares).sum();
        let within = if n > groups {
            squares / (n - groups) as f64
        } else {
            0.0
        };
        let fallback = Self {
            mean: pooled,
            weight: POOLED_WEIGHT,
            within,
        };
        if groups < MIN_SOURCES || n <= groups || within <= 0.0 {
            return fallback;
        }
        // The variance between sources, by the method of moments (as in a random effects anova).
        let centre = pooled.sum();
        let between: f64 = sources
            .iter()
            .map(|m| m.n as f64 * (m.mean.sum() - centre).powi(2))
            .sum();
        let sizes: f64 = sources.iter().map(|m| (m.n as f64).powi(2)).sum();
        let scale = n as f64 - sizes / n as f64;
        let tau = (between - (groups - 1) as f64 * within) / scale;
        // Where sources differ no more than chance makes them, the weight would be without end.
        let weight = if tau > 0.0 {
            (within / tau).min(n as f64)
        } else {
            n as f64
        };
        let mut mean = Parts::default();
        let all: f64 = sources
            .iter()
            .map(|m| m.n as f64 / (m.n as f64 + weight))
            .sum();
        for m in sources {
            mean.add(&m.mean, m.n as f64 / (m.n as f64 + weight) / all);
        }
        Self {
            mean,
            weight,
            within,
        }
    }
}

/// The error of a source's mean, and how well it is known.
struct Error {
    se: f64,
    degrees: f64,
}

impl Error {
    /// The quantile of Student's t above which lies this share.
    fn critical(&self, tail: f64) -> f64 {
        StudentsT::new(0.0, 1.0, self.degrees).map_or(f64::INFINITY, |t| -t.inverse_cdf(tail))
    }
}

/// The errors of the means, from resampled tokens.
fn errors(sources: &[Scored], moments: &[Moments], prior: &Prior, tokens: u32) -> Vec<Error> {
    let spread = resampled(sources, tokens);
    moments
        .iter()
        .zip(spread)
        .map(|(m, variance)| {
            let n = m.n as f64;
            let degrees = n - 1.0 + BORROWED;
            if m.n == 0 {
                return Error {
                    se: f64::INFINITY,
                    degrees: 1.0,
                };
            }
            // Resampling gives the variance of a mean with n in the denominator, not n - 1.
            let own = variance * n * n / (n - 1.0).max(1.0);
            let mixed = ((n - 1.0) * own + BORROWED * prior.within) / degrees;
            Error {
                se: (mixed / n).sqrt(),
                degrees,
            }
        })
        .collect()
}

/// The variance of each source's mean over resamples of tokens.
fn resampled(sources: &[Scored], tokens: u32) -> Vec<f64> {
    let tokens = tokens as usize;
    if tokens == 0 {
        return vec![0.0; sources.len()];
    }
    let calls: usize = sources.iter().map(Vec::len).sum();
    let times = (MOST_DRAWS / calls.max(tokens)).clamp(100, RESAMPLES);
    // One flat list, so that a resample is a single walk.
    let flat: Vec<(u32, f64)> = sources
        .iter()
        .flatten()
        .map(|(token, points)| (*token, points.sum()))
        .collect();
    let mut random = SplitMix64::new(SEED);
    let mut drawn = vec![0u8; tokens];
    // Count, mean and squares of the means so far (Welford).
    let mut so_far = vec![(0.0f64, 0.0f64, 0.0f64); sources.len()];
    for _ in 0..times {
        drawn.fill(0);
        for _ in 0..tokens.div_ceil(2) {
            let bits = random.bits();
            for half in [bits >> 32, bits & 0xFFFF_FFFF] {
                let at = ((half * tokens as u64) >> 32) as usize;
                drawn[at] = drawn[at].saturating_add(1);
            }
        }
        let mut rest = flat.as_slice();
        for (source, (count, mean, squares)) in sources.iter().zip(&mut so_far) {
            let (own, more) = rest.split_at(source.len());
            rest = more;
            let (mut sum, mut n) = (0.0, 0u32);
            for (token, points) in own {
                let weight = drawn[*token as usize];
                sum += f64::from(weight) * points;
                n += u32::from(weight);
            }
            if n > 0 {
                let value = sum / f64::from(n);
                *count += 1.0;
                let off = value - *mean;
                *mean += off / *count;
                *squares += off * (value - *mean);
            }
        }
    }
    so_far
        .into_iter()
        .map(|(count, _, squares)| {
            if count > 1.0 {
                squares / (count - 1.0)
            } else {
                0.0
            }
        })
        .collect()
}

/// The best and worst place of each ranked source, by all pairs.
fn places(ranked: &[usize], moments: &[Moments], errors: &[Error]) -> Vec<Option<(usize, usize)>> {
    let k = ranked.len();
    let mut found = vec![None; moments.len()];
    // Two-sided over k (k - 1) / 2 pairs.
    let tail = 0.05 / (k * k.saturating_sub(1)).max(2) as f64;
    let mut known: Vec<(f64, f64)> = Vec::new();
    let sure: Vec<(f64, f64)> = ranked
        .iter()
        .map(|i| {
            let error = &errors[*i];
            // Many sources have as many calls as another.
            let known_already = known.iter().find(|(d, _)| *d == error.degrees);
            let critical = known_already.map_or_else(|| error.critical(tail), |(_, c)| *c);
            if known_already.is_none() {
                known.push((error.degrees, critical));
            }
            (moments[*i].mean.sum(), (critical * error.se).powi(2))
        })
        .collect();
    for (at, i) in ranked.iter().enumerate() {
        let (mean, reach) = sure[at];
        let (mut better, mut worse) = (0, 0);
        for (other, far) in &sure {
            let difference = other - mean;
            // Squared, so that no root is taken for each of a million pairs.
            if difference * difference > reach + far {
                if difference > 0.0 {
                    better += 1;
                } else {
                    worse += 1;
                }
            }
        }
        found[*i] = Some((better + 1, k - worse));
    }
    found
}

#[cfg(test)]
mod tests;
