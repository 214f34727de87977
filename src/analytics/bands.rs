//! How calls of a kind ended: by market cap, dex, age and score, where calls say them; and how much
//! of all gain a few calls made.

use std::collections::BTreeMap;

use crate::domain::FeatureValue;

use super::categories::Distribution;
use super::judged::Judged;

/// Calls parted by one of their properties.
#[derive(Debug, Clone, PartialEq)]
pub struct Bands {
    /// The property: a stable name.
    pub by: &'static str,
    /// The parts in their order, each with its name; the calls that do not say come last.
    pub rows: Vec<(String, Distribution)>,
}

/// The name of the part whose calls do not say.
pub const UNKNOWN: &str = "unknown";

/// Market caps at the call from which a tier begins, USD (`predecessors.md` A2.3).
const TIERS: [(f64, &str); 4] = [
    (0.0, "micro (under 10M)"),
    (1e7, "small (from 10M)"),
    (1e8, "mid (from 100M)"),
    (1e9, "large (from 1B)"),
];

/// Ages at the call from which a band begins, minutes.
const AGES: [(f64, &str); 5] = [
    (0.0, "under 1 h"),
    (60.0, "1 h to 6 h"),
    (360.0, "6 h to 1 d"),
    (1440.0, "1 d to 7 d"),
    (10_080.0, "7 d and older"),
];

/// The names that a score goes by, the one that decided first.
const SCORES: [&str; 3] = ["final_score", "score", "preliminary_score"];

/// More dexes than this are put together.
const MOST: usize = 8;

impl Bands {
    /// The bands of settled calls. A property that no call says has none.
    #[must_use]
    pub fn of(calls: &[&Judged]) -> Vec<Self> {
        let number = |judged: &Judged, name: &str| judged.call.features.get(name)?.as_number();
        let words = frequent(calls);
        let word = |judged: &Judged| {
            let dex = dex(judged)?;
            Some(match words.iter().position(|word| *word == dex) {
                Some(at) => (at as i64, dex),
                None => (MOST as i64, "others".to_owned()),
            })
        };
        let scores = |judged: &Judged| {
            let score = SCORES.iter().find_map(|name| number(judged, name))?;
            Some(score_band(score))
        };
        [
            Self::by("market_cap", calls, &|j| {
                // 0 is how some bots write that they do not know.
                from(&TIERS, j.call.market_cap_usd.filter(|usd| *usd > 0.0)?)
            }),
            Self::by("dex", calls, &word),
            Self::by("age", calls, &|j| from(&AGES, number(j, "age_minutes")?)),
            Self::by("score", calls, &scores),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn by(
        by: &'static str,
        calls: &[&Judged],
        band: &dyn Fn(&Judged) -> Option<(i64, String)>,
    ) -> Option<Self> {
        let mut parts: BTreeMap<(i64, String), Vec<&Judged>> = BTreeMap::new();
        let mut unknown = Vec::new();
        for judged in calls {
            match band(judged) {
                Some(band) => parts.entry(band).or_default().push(judged),
                None => unknown.push(*judged),
            }
        }
        if parts.is_empty() {
            return None;
        }
        let mut rows: Vec<(String, Distribution)> = parts
            .into_iter()
            .map(|((_, name), own)| (name, Distribution::of(&own)))
            .collect();
        if !unknown.is_empty() {
            rows.push((UNKNOWN.to_owned(), Distribution::of(&unknown)));
        }
        Some(Self { by, rows })
    }
}

/// The words that most calls have, the most frequent first.
fn frequent(calls: &[&Judged]) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for word in calls.iter().filter_map(|j| dex(j)) {
        *seen.entry(word).or_default() += 1;
    }
    let mut words: Vec<(String, usize)> = seen.into_iter().collect();
    words.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    words.truncate(MOST);
    words.into_iter().map(|(word, _)| word).collect()
}

fn dex(judged: &Judged) -> Option<String> {
    match judged.call.features.get("dex")? {
        FeatureValue::Text(text) => Some(text.to_lowercase()),
        _ => None,
    }
}

fn from(bands: &[(f64, &str)], value: f64) -> Option<(i64, String)> {
    let at = bands.iter().rposition(|(from, _)| value >= *from)?;
    Some((at as i64, bands[at].1.to_owned()))
}

/// Scores up to 20 are told apart as whole numbers, larger ones (percentages) by tens.
fn score_band(score: f64) -> (i64, String) {
    let floor = score.clamp(-1e6, 1e6).floor() as i64;
    if (0..=20).contains(&floor) {
        return (floor, floor.to_string());
    }
    let ten = floor.div_euclid(10) * 10;
    (ten, format!("{ten} to {}", ten + 9))
}

/// How much of all gain came from a few calls: gains at the ATH, a - 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Concentration {
    /// Calls with a known ATH.
    pub n: usize,
    /// The share of the largest gain in the sum of all, 0 to 1; unknown when nothing gained.
    pub top_1: Option<f64>,
    /// The share of the ten largest.
    pub top_10: Option<f64>,
    /// Mean ATH multiple without the one with the largest gain.
    pub mean_without_1: Option<f64>,
    /// Mean ATH multiple without the ten largest.
    pub mean_without_10: Option<f64>,
}

impl Concentration {
    /// Over calls with a category.
    #[must_use]
    pub fn of(calls: &[&Judged]) -> Self {
        let mut gains: Vec<f64> = calls
            .iter()
            .filter_map(|j| Some(j.outcome.ath?.multiple.value() - 1.0))
            .collect();
        // Only the ten largest need to be in order.
        if gains.len() > 10 {
            gains.select_nth_unstable_by(9, |a, b| b.total_cmp(a));
            gains[..10].sort_by(|a, b| b.total_cmp(a));
        } else {
            gains.sort_by(|a, b| b.total_cmp(a));
        }
        let sum: f64 = gains.iter().sum();
        let top = |n: usize| gains.iter().take(n).sum::<f64>();
        let share = |n: usize| (sum > 0.0).then(|| top(n) / sum);
        let without = |n: usize| {
            (gains.len() > n)
                .then(|| 1.0 + gains[n..].iter().sum::<f64>() / (gains.len() - n) as f64)
        };
        Self {
            n: gains.len(),
            top_1: share(1),
            top_10: share(10),
            mean_without_1: without(1),
            mean_without_10: without(10),
        }
    }
}
