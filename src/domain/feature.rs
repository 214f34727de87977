//! The features of a call: whatever a bot sends beside the call's own fields.
//!
//! Nothing here knows any feature by name. A value keeps what was said; what *kind* a feature is
//! (flag, number, category) is decided over all values of it, since `1` alone does not tell.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};

/// One value as it was sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum FeatureValue {
    /// `true` or `false`, in any case.
    Flag(bool),
    /// A finite number.
    Number(f64),
    /// Anything else, cleaned.
    Text(String),
}

/// By hand, since trying each variant in turn takes several times as long, and a board reads a
/// million of them at its start.
impl<'de> Deserialize<'de> for FeatureValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl Visitor<'_> for AnyValue {
    type Value = FeatureValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a flag, a number or a text")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<FeatureValue, E> {
        Ok(FeatureValue::Flag(flag))
    }

    fn visit_f64<E>(self, number: f64) -> Result<FeatureValue, E> {
        Ok(FeatureValue::Number(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<FeatureValue, E> {
        Ok(FeatureValue::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<FeatureValue, E> {
        Ok(FeatureValue::Number(number as f64))
    }

    fn visit_str<E>(self, text: &str) -> Result<FeatureValue, E> {
        Ok(FeatureValue::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<FeatureValue, E> {
        Ok(FeatureValue::Text(text))
    }
}

/// The known features of one call, by name. A feature that is unknown is absent.
pub type Features = BTreeMap<String, FeatureValue>;

impl FeatureValue {
    /// Reads a cell of a table: `None` when it is empty, `NaN` or `null`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = super::text::clean_opt(text)?;
        // What spreadsheets and data frames write for "no value" must not turn a column of
        // numbers into one of words.
        if text.eq_ignore_ascii_case("nan") || text.eq_ignore_ascii_case("null") {
            return None;
        }
        if text.eq_ignore_ascii_case("true") {
            return Some(Self::Flag(true));
        }
        if text.eq_ignore_ascii_case("false") {
            return Some(Self::Flag(false));
        }
        // "inf" parses as a float but is a word here: not finite, so kept as text.
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Some(Self::Number(number)),
            _ => Some(Self::Text(text)),
        }
    }

    /// The value read as a flag: true/false, yes/no, 1/0.
    #[must_use]
    pub fn as_flag(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            Self::Number(1.0) => Some(true),
            Self::Number(0.0) => Some(false),
            Self::Text(text) if text.eq_ignore_ascii_case("yes") => Some(true),
            Self::Text(text) if text.eq_ignore_ascii_case("no") => Some(false),
            _ => None,
        }
    }

    /// Whether two values say the same: `true`, `yes` and `1` are one flag.
    #[must_use]
    pub fn means(&self, other: &Self) -> bool {
        self == other || (self.as_flag().is_some() && self.as_flag() == other.as_flag())
    }

    /// The value as a number.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The value as it is shown.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Flag(true) => "yes".to_owned(),
            Self::Flag(false) => "no".to_owned(),
            Self::Number(number) => format!("{number}"),
            Self::Text(text) => text.clone(),
        }
    }
}
