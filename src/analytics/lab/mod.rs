//! The filter lab: a filter built from the features, and what it would have done to the calls of
//! the past.
//!
//! A filter says the same as a condition of `--where` ([`super::Expression`]), and it is that
//! condition that is evaluated: the two cannot disagree.

mod trial;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::FeatureValue;

use super::features::{Facts, FeatureKind, steps};

pub use trial::{Base, Gone, Lost, Part, Side, Trial};

/// Thresholds that a number can be set to.
const STEPS: usize = 25;
/// Words that can be chosen from.
const WORDS: usize = 20;
/// The largest bonus of a flag.
const MOST_BONUS: u8 = 3;

/// A name as a condition writes it: in quotes when it is not plain or is a word of the grammar.
#[must_use]
pub fn quoted(name: &str) -> String {
    const WORDS: [&str; 8] = ["AND", "OR", "NOT", "IN", "IS", "NULL", "TRUE", "FALSE"];
    let plain = name
        .chars()
        .next()
        .is_some_and(|c| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !WORDS.contains(&name.to_ascii_uppercase().as_str());
    if plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// A threshold: a finite number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bound(f64);

impl Bound {
    /// The number.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }
}

// A bound comes from the values of a feature, which are finite.
impl Eq for Bound {}

/// What is asked of one feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Setting {
    /// The flag must be on.
    Required,
    /// The flag must be off.
    Forbidden,
    /// The number must be at least this.
    AtLeast(Bound),
    /// The number must be at most this.
    AtMost(Bound),
    /// The word must be this.
    Is(String),
}

/// What a feature can be set to.
#[derive(Debug, Clone, PartialEq)]
pub enum Choices {
    /// On or off.
    Flag,
    /// One of these, in order.
    Number(Vec<f64>),
    /// One of these, the most frequent first.
    Words(Vec<String>),
}

/// A feature that a filter can speak of.
#[derive(Debug, Clone, PartialEq)]
pub struct Dial {
    /// Its name.
    pub name: String,
    /// What it can be set to.
    pub choices: Choices,
    /// Calls that say it.
    pub known: usize,
}

/// A filter under construction.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Filter {
    settings: BTreeMap<String, Setting>,
    /// Flags that count extra points to the score.
    bonus: BTreeMap<String, u8>,
    /// The number they count to.
    score: Option<String>,
}

/// A filter that was kept under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedFilter {
    /// Its name.
    pub name: String,
    /// The same as a condition.
    pub expression: String,
    /// The filter, to be worked on again.
    pub filter: Filter,
}

impl Filter {
    /// The setting of a feature.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&Setting> {
        self.settings.get(name)
    }

    /// The points that a flag counts to the score.
    #[must_use]
    pub fn bonus_of(&self, name: &str) -> u8 {
        self.bonus.get(name).copied().unwrap_or(0)
    }

    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.settings.is_empty()
    }

    /// On to the next setting: ignored, required, forbidden; at least, at most; each word in turn.
    pub fn turn(&mut self, dial: &Dial) {
        let next = match (&dial.choices, self.settings.get(&dial.name)) {
            (Choices::Flag, None) => Some(Setting::Required),
            (Choices::Flag, Some(Setting::Required)) => Some(Setting::Forbidden),
            (Choices::Number(steps), None) => steps
                .get(steps.len() / 2)
                .map(|at| Setting::AtLeast(Bound(*at))),
            (Choices::Number(_), Some(Setting::AtLeast(at))) => Some(Setting::AtMost(*at)),
            (Choices::Words(words), None) => words.first().cloned().map(Setting::Is),
            (Choices::Words(words), Some(Setting::Is(word))) => words
                .iter()
                .skip_while(|w| *w != word)
                .nth(1)
                .cloned()
                .map(Setting::Is),
            _ => None,
        };
        self.set(&dial.name, next);
    }

    /// A threshold one step up or down; on other features the same as [`Filter::turn`].
    pub fn step(&mut self, dial: &Dial, up: bool) {
        let Choices::Number(steps) = &dial.choices else {
            self.turn(dial);
            return;
        };
        let moved = |at: Bound| {
            let next = if up {
                steps.iter().find(|s| **s > at.0)
            } else {
                steps.iter().rev().find(|s| **s < at.0)
            };
            next.map_or(at, |next| Bound(*next))
        };
        match self.settings.get(&dial.name) {
            Some(Setting::AtLeast(at)) => {
                let next = Setting::AtLeast(moved(*at));
                self.set(&dial.name, Some(next));
            }
            Some(Setting::AtMost(at)) => {
                let next = Setting::AtMost(moved(*at));
                self.set(&dial.name, Some(next));
            }
            _ => self.turn(dial),
        }
    }

    /// One point more to the score for a flag, and after the largest none; says what is missing
    /// when there is nothing to count to.
    ///
    /// # Errors
    /// When the row is no flag, or no number can be the score.
    pub fn add_bonus(&mut self, dial: &Dial, dials: &[Dial]) -> Result<(), &'static str> {
        if dial.choices != Choices::Flag {
            return Err("a bonus is for a flag: it counts points to the score");
        }
        let Some(score) = self.score_among(dials) else {
            return Err("no number among the features to count a bonus to");
        };
        let points = self.bonus_of(&dial.name) + 1;
        if points > MOST_BONUS {
            self.bonus.remove(&dial.name);
        } else {
            self.bonus.insert(dial.name.clone(), points);
        }
        if !matches!(
            self.settings.get(&score.name),
            Some(Setting::AtLeast(_) | Setting::AtMost(_))
        ) {
            self.settings.remove(&score.name);
            self.turn(score);
        }
        self.score = Some(score.name.clone());
        Ok(())
    }

    /// The number that bonuses count to: the one they do already, else what is called a score,
    /// else the first that has a threshold.
    fn score_among<'a>(&self, dials: &'a [Dial]) -> Option<&'a Dial> {
        let numbers = || {
            dials
                .iter()
                .filter(|d| matches!(&d.choices, Choices::Number(steps) if !steps.is_empty()))
        };
        let named = |want: &str| numbers().find(|d| d.name == want);
        self.score
            .as_deref()
            .and_then(named)
            .or_else(|| named("score"))
            .or_else(|| named("final_score"))
            .or_else(|| numbers().find(|d| d.name.contains("score")))
            .or_else(|| numbers().find(|d| self.settings.contains_key(&d.name)))
    }

    /// Asks nothing of a feature any more.
    pub fn clear(&mut self, name: &str) {
        self.settings.remove(name);
        self.bonus.remove(name);
        if self.score.as_deref() == Some(name) {
            self.score = None;
            self.bonus.clear();
        }
    }

    fn set(&mut self, name: &str, setting: Option<Setting>) {
        match setting {
            Some(setting) => {
                self.settings.insert(name.to_owned(), setting);
            }
            None => self.clear_setting(name),
        }
    }

    fn clear_setting(&mut self, name: &str) {
        self.settings.remove(name);
        if self.score.as_deref() == Some(name) {
            self.score = None;
            self.bonus.clear();
        }
    }

    /// The filter as a condition for `--where`; `None` when it asks nothing.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let parts: Vec<String> = self
            .settings
            .iter()
            .map(|(name, setting)| {
                let mut left = quoted(name);
                if self.score.as_ref() == Some(name) {
                    for (flag, points) in &self.bonus {
                        let factor = match points {
                            1 => String::new(),
                            n => format!("{n}*"),
                        };
                        left = format!("{left} + {factor}{}", quoted(flag));
                    }
                }
                match setting {
                    Setting::Required => left,
                    Setting::Forbidden => format!("NOT {left}"),
                    Setting::AtLeast(at) => format!("{left} >= {}", at.0),
                    Setting::AtMost(at) => format!("{left} <= {}", at.0),
                    Setting::Is(word) => format!("{left} = '{}'", word.replace('\'', "''")),
                }
            })
            .collect();
        (!parts.is_empty()).then(|| parts.join(" AND "))
    }
}

/// The features that a filter over these calls can speak of.
#[must_use]
pub fn dials(calls: &[Facts<'_>], kinds: &BTreeMap<String, FeatureKind>) -> Vec<Dial> {
    let mut dials: Vec<Dial> = kinds
        .iter()
        .filter_map(|(name, kind)| {
            let said = || calls.iter().filter_map(|c| c.features.get(name));
            let known = said().count();
            let choices = match kind {
                FeatureKind::Flag => Choices::Flag,
                FeatureKind::Number => Choices::Number(steps(
                    said().filter_map(FeatureValue::as_number).collect(),
                    STEPS,
                )),
                FeatureKind::Category => {
                    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
                    for value in said() {
                        *counts.entry(value.label()).or_default() += 1;
                    }
                    let mut words: Vec<(String, usize)> = counts.into_iter().collect();
                    words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
                    Choices::Words(words.into_iter().take(WORDS).map(|(w, _)| w).collect())
                }
            };
            (known > 0).then(|| Dial {
                name: name.clone(),
                choices,
                known,
            })
        })
        .collect();
    let order = |d: &Dial| match d.choices {
        Choices::Flag => 0,
        Choices::Number(_) => 1,
        Choices::Words(_) => 2,
    };
    dials.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.name.cmp(&b.name)));
    dials
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytics::{Expression, Names};

    fn dials() -> Vec<Dial> {
        let dial = |name: &str, choices| Dial {
            name: name.to_owned(),
            choices,
            known: 10,
        };
        vec![
            dial("smart_money", Choices::Flag),
            dial("in", Choices::Flag),
            dial("score", Choices::Number(vec![5.0, 7.0, 9.0, 9.5])),
            dial(
                "mood",
                Choices::Words(vec!["it's".to_owned(), "b".to_owned()]),
            ),
        ]
    }

    fn readable(filter: &Filter) -> String {
        let kinds: BTreeMap<String, FeatureKind> = dials()
            .into_iter()
            .map(|d| {
                let kind = match d.choices {
                    Choices::Flag => FeatureKind::Flag,
                    Choices::Number(_) => FeatureKind::Number,
                    Choices::Words(_) => FeatureKind::Category,
                };
                (d.name, kind)
            })
            .collect();
        let text = filter.text().unwrap_or_default();
        if !text.is_empty() {
            Expression::parse(&text, &Names::new(&kinds)).unwrap_or_else(|e| panic!("{text}: {e}"));
        }
        text
    }

    #[test]
    fn keys_build_what_where_reads() {
        let dials = dials();
        let [flag, odd, score, mood] = dials.as_slice() else {
            panic!("four dials")
        };
        let mut filter = Filter::default();
        assert!(filter.is_empty() && filter.text().is_none());
        filter.turn(flag);
        assert_eq!(readable(&filter), "smart_money");
        filter.turn(flag);
        assert_eq!(readable(&filter), "NOT smart_money");
        filter.turn(flag);
        assert_eq!(readable(&filter), "");
        filter.turn(odd);
        assert_eq!(readable(&filter), "\"in\"");
        filter.clear("in");
        filter.turn(score);
        assert_eq!(readable(&filter), "score >= 9");
        filter.step(score, true);
        filter.step(score, true);
        assert_eq!(readable(&filter), "score >= 9.5");
        filter.step(score, false);
        filter.step(score, false);
        filter.turn(score);
        assert_eq!(readable(&filter), "score <= 7");
        filter.turn(mood);
        assert_eq!(readable(&filter), "mood = 'it''s' AND score <= 7");
        filter.turn(mood);
        filter.turn(mood);
        assert_eq!(readable(&filter), "score <= 7");
    }

    #[test]
    fn a_score_with_a_bonus() {
        let dials = dials();
        let [flag, _, score, mood] = dials.as_slice() else {
            panic!("four dials")
        };
        let mut filter = Filter::default();
        filter.add_bonus(flag, &dials).unwrap();
        filter.add_bonus(flag, &dials).unwrap();
        assert_eq!(readable(&filter), "score + 2*smart_money >= 9");
        assert!(filter.add_bonus(mood, &dials).is_err());
        filter.add_bonus(flag, &dials).unwrap();
        filter.add_bonus(flag, &dials).unwrap();
        assert_eq!(readable(&filter), "score >= 9");
        filter.add_bonus(flag, &dials).unwrap();
        filter.clear("score");
        assert_eq!(readable(&filter), "");
        assert!(Filter::default().add_bonus(flag, &dials[..2]).is_err());
        let kept = serde_json::to_string(&filter).unwrap();
        assert_eq!(serde_json::from_str::<Filter>(&kept).unwrap(), filter);
        let _ = score;
    }
}
