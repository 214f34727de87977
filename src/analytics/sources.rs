//! Sources side by side: their distributions, reputations and what following them would have been
//! like.
//!
//! What merges (distribution, score, place) comes at once; what needs resampling or every call
//! there is (intervals of places, shrunk rates, who was first) is left out where it is not asked
//! for, and follows.

use crate::domain::fold::LATE;
use crate::domain::hash::FastMap;
use crate::domain::{Rules, Span, Timestamp, TokenKey};
use crate::stats::shrinkage::Prior;
use crate::stats::{Interval, newcombe};

use super::categories::{Distribution, Selection, Spread};
use super::judged::{CallCounts, Judged, Standing};
use super::reputation::{self, Reputation, Scored, follower};

/// Calls completed in so many days are the recent ones that drift compares with those before.
pub const DRIFT: Span = Span::days(30);

/// One source.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceRow {
    /// Its name.
    pub source: String,
    /// How its calls ended.
    pub distribution: Distribution,
    /// Its calls of the range, in the distribution or not.
    pub counts: CallCounts,
    /// What it is worth.
    pub reputation: Reputation,
    /// Winner and crash rate drawn towards the usual ones.
    pub shrunk: Option<Shrunk>,
    /// What following it would have been like.
    pub following: Option<Following>,
    /// Whether it was first.
    pub originality: Option<Originality>,
    /// Whether it has changed.
    pub drift: Option<Drift>,
}

/// Rates after shrinking: beta-binomial, the prior fitted to all sources.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shrunk {
    /// Winners, 0 to 1.
    pub win_rate: f64,
    /// Crashes, 0 to 1.
    pub crash_rate: f64,
}

/// What following calls would have been like.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Following {
    /// What a follower has per unit who sells half at 2x and the rest at the end
    /// ([`reputation::follower`]).
    pub held: Spread,
    /// Hours from the call to its ATH, where that is above the entry and its time is known.
    pub hours_to_ath: Spread,
    /// Hours from the call to 2x, of those calls whose own prices reached it.
    pub hours_to_2x: Spread,
    /// Calls with own prices, of which those reached 2x.
    pub followed: usize,
    /// One who came in late, by [`LATE`].
    pub late: [Late; 3],
}

/// What a late follower had at the end, over the calls where the price then is known.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Late {
    /// Final price over the price that the late one paid.
    pub fin: Spread,
    /// The median final multiple of the same calls for one who was not late.
    pub on_time: Option<f64>,
    /// Median price paid over the entry.
    pub paid: Option<f64>,
}

/// How often a source was the first to call a token, over its calls that name one.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Originality {
    /// Calls of a token.
    pub n: usize,
    /// Of those, nobody known had called it before.
    pub first: usize,
    /// Median lag behind the first, of the others.
    pub median_lag: Option<Span>,
}

impl Originality {
    /// The share of first calls, 0 to 1.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.n > 0).then(|| self.first as f64 / self.n as f64)
    }
}

/// Winners among the calls completed in the last 30 days against those before; whatever the range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drift {
    /// Winners and calls of the last 30 days.
    pub recent: (usize, usize),
    /// Winners and calls before.
    pub before: (usize, usize),
    /// The difference of the rates and its Newcombe interval; unknown without calls on a side.
    pub difference: Option<(f64, Interval)>,
}

/// Every source of a range, the best reputation first, unranked ones after the ranked.
///
/// `complete` also gives what resamples tokens or looks at every call up to `as_of`.
#[must_use]
pub fn sources(
    calls: &[Judged],
    selection: &Selection<'_>,
    rules: &Rules,
    min_rank_n: u32,
    as_of: Timestamp,
    complete: bool,
) -> Vec<SourceRow> {
    let by_source = selection.by_source();
    let (scored, tokens) = scored(by_source.iter().map(|(_, own)| own));
    let reputations =
        reputation::reputations(&scored, min_rank_n as usize, complete.then_some(tokens));
    let mut counts: FastMap<&str, Vec<&Judged>> = FastMap::default();
    for judged in &selection.in_range {
        counts.entry(&judged.call.source).or_default().push(judged);
    }
    let mut rows: Vec<SourceRow> = by_source
        .iter()
        .zip(reputations)
        .map(|((source, own), reputation)| SourceRow {
            source: (*source).to_owned(),
            distribution: Distribution::of(own),
            counts: CallCounts::of(counts.get(source).into_iter().flatten().copied()),
            reputation,
            shrunk: None,
            following: complete.then(|| Following::of(own)),
            originality: None,
            drift: None,
        })
        .collect();
    if complete {
        shrink(&mut rows);
        let first = first_calls(calls);
        let mut drifts = drifts(calls, rules, as_of);
        for (row, own) in rows.iter_mut().zip(by_source.iter().map(|(_, own)| own)) {
            row.originality = Some(originality(own, &first));
            row.drift = drifts.remove(row.source.as_str());
        }
    }
    rows.sort_by(|a, b| {
        let place = |row: &SourceRow| row.reputation.rank.unwrap_or(usize::MAX);
        place(a)
            .cmp(&place(b))
            .then_with(|| b.distribution.n.cmp(&a.distribution.n))
            .then_with(|| a.source.cmp(&b.source))
    });
    rows
}

/// The points of calls with their token as a number; how many tokens there are.
fn scored<'a>(groups: impl Iterator<Item = &'a Vec<&'a Judged>>) -> (Vec<Scored>, u32) {
    let mut known: FastMap<&TokenKey, u32> = FastMap::default();
    let mut next = 0;
    let mut fresh = || {
        next += 1;
        next - 1
    };
    let scored = groups
        .map(|calls| {
            calls
                .iter()
                .filter_map(|judged| {
                    let token = match &judged.call.token {
                        Some(token) => *known.entry(token).or_insert_with(&mut fresh),
                        None => fresh(),
                    };
                    Some((token, reputation::points(&judged.outcome)?))
                })
                .collect()
        })
        .collect();
    (scored, next)
}

fn shrink(rows: &mut [SourceRow]) {
    let fit = |k: &dyn Fn(&Distribution) -> usize| {
        let counts: Vec<(u64, u64)> = rows
            .iter()
            .map(|r| (k(&r.distribution) as u64, r.distribution.n as u64))
            .collect();
        Prior::fit(&counts)
    };
    let won = |d: &Distribution| d.count(crate::domain::Category::is_winner);
    let crashed = |d: &Distribution| d.count(|c| c == crate::domain::Category::Crash);
    let priors = fit(&won).zip(fit(&crashed));
    let Some((wins, crashes)) = priors else {
        return;
    };
    let rate =
        |prior: &Prior, k: usize, n: usize| (k as f64 + prior.a) / (n as f64 + prior.a + prior.b);
    for row in rows {
        let d = &row.distribution;
        row.shrunk = Some(Shrunk {
            win_rate: rate(&wins, won(d), d.n),
            crash_rate: rate(&crashes, crashed(d), d.n),
        });
    }
}

impl Following {
    /// Over calls with a category.
    #[must_use]
    pub fn of(calls: &[&Judged]) -> Self {
        let hours = |judged: &Judged, at: Option<Timestamp>| {
            Some(at?.since(judged.call.called_at).as_seconds() / 3600.0)
        };
        let spread = |f: &dyn Fn(&Judged) -> Option<f64>| {
            Spread::of(calls.iter().filter_map(|j| f(j)).collect())
        };
        Self {
            held: spread(&|j| {
                let o = &j.outcome;
                Some(follower(o.ath.map(|a| a.multiple), o.fin?.multiple))
            }),
            hours_to_ath: spread(&|j| {
                let ath = j.outcome.ath.filter(|ath| ath.multiple.exceeds(1.0))?;
                hours(j, ath.at)
            }),
            hours_to_2x: spread(&|j| hours(j, j.outcome.reached[0])),
            followed: calls
                .iter()
                .filter(|j| {
                    let path = j.outcome.entry.zip(j.outcome.last);
                    path.is_some_and(|(entry, last)| last.at > entry.at)
                })
                .count(),
            late: std::array::from_fn(|delay| Late::of(calls, delay)),
        }
    }
}

impl Late {
    fn of(calls: &[&Judged], delay: usize) -> Self {
        let known: Vec<(f64, f64, f64)> = calls
            .iter()
            .filter_map(|j| {
                let o = &j.outcome;
                let late = o.late_final(delay)?.value();
                let paid = o.late_entries[delay]?.over(o.entry?.price).value();
                Some((late, o.fin?.multiple.value(), paid))
            })
            .collect();
        let median = |pick: fn(&(f64, f64, f64)) -> f64| {
            crate::stats::median(&mut known.iter().map(pick).collect::<Vec<_>>())
        };
        Self {
            fin: Spread::of(known.iter().map(|k| k.0).collect()),
            on_time: median(|k| k.1),
            paid: median(|k| k.2),
        }
    }

    /// The delay with this index in [`Following::late`], in minutes.
    #[must_use]
    pub const fn minutes(delay: usize) -> i64 {
        LATE[delay].millis() / 60_000
    }
}

/// When each token was first called by anybody, in whatever range. Voided and rejected calls were
/// not made.
fn first_calls(calls: &[Judged]) -> FastMap<&TokenKey, Timestamp> {
    let mut first: FastMap<&TokenKey, Timestamp> = FastMap::default();
    first.reserve(calls.len());
    for judged in calls {
        if let Some(token) = &judged.call.token
            && matches!(judged.standing, Standing::Counted | Standing::Recall)
        {
            // Calls come in the order of their time.
            first.entry(token).or_insert(judged.call.called_at);
        }
    }
    first
}

fn originality(own: &[&Judged], first: &FastMap<&TokenKey, Timestamp>) -> Originality {
    let mut found = Originality::default();
    let mut lags = Vec::new();
    for judged in own {
        let Some(at) = judged.call.token.as_ref().and_then(|t| first.get(t)) else {
            continue;
        };
        found.n += 1;
        let lag = judged.call.called_at.since(*at);
        // Two at the same instant are both first.
        if lag > Span::ZERO {
            lags.push(lag.millis() as f64);
        } else {
            found.first += 1;
        }
    }
    found.median_lag = crate::stats::median(&mut lags).map(|ms| Span::from_millis(ms as i64));
    found
}

fn drifts<'a>(calls: &'a [Judged], rules: &Rules, as_of: Timestamp) -> FastMap<&'a str, Drift> {
    let mut sides: FastMap<&str, [(usize, usize); 2]> = FastMap::default();
    let since = as_of.minus(DRIFT);
    for judged in calls {
        let end = judged.window_end(rules);
        let settled = judged.outcome.is_settled() && judged.standing == Standing::Counted;
        let Some(category) = judged.outcome.category.filter(|_| settled && end <= as_of) else {
            continue;
        };
        let side = &mut sides.entry(&judged.call.source).or_default()[usize::from(end < since)];
        side.0 += usize::from(category.is_winner());
        side.1 += 1;
    }
    sides
        .into_iter()
        .map(|(source, [recent, before])| {
            let rate = |(k, n): (usize, usize)| k as f64 / n as f64;
            let interval = newcombe(
                recent.0 as u64,
                recent.1 as u64,
                before.0 as u64,
                before.1 as u64,
            );
            let drift = Drift {
                recent,
                before,
                difference: interval.map(|interval| (rate(recent) - rate(before), interval)),
            };
            (source, drift)
        })
        .collect()
}
