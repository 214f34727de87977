//! What a name in a condition stands for.

use std::collections::BTreeMap;

use crate::analytics::features::FeatureKind;

use super::{ExpressionError, Type, lexer::short};

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// A feature that the bot sent.
    Feature(String, FeatureKind),
    /// Who called.
    Source,
    /// The chain.
    Chain,
    /// The ticker.
    Symbol,
    /// The bot's own gate that turned it down.
    RejectedBy,
    /// Market cap at the call, USD.
    MarketCap,
    /// Liquidity at the call, USD.
    Liquidity,
}

/// The fields of a call that conditions may speak of beside its features.
const OWN: [(&str, Field); 6] = [
    ("source", Field::Source),
    ("chain", Field::Chain),
    ("symbol", Field::Symbol),
    ("rejected_by", Field::RejectedBy),
    ("market_cap_usd", Field::MarketCap),
    ("liquidity_usd", Field::Liquidity),
];

impl Field {
    pub(super) const fn kind(&self) -> Type {
        match self {
            Self::Feature(_, FeatureKind::Flag | FeatureKind::Number)
            | Self::MarketCap
            | Self::Liquidity => Type::Number,
            Self::Feature(_, FeatureKind::Category)
            | Self::Source
            | Self::Chain
            | Self::Symbol
            | Self::RejectedBy => Type::Text,
        }
    }
}

/// Every name that a condition may use.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    kinds: &'a BTreeMap<String, FeatureKind>,
}

impl<'a> Names<'a> {
    /// The features with these kinds, and the call's own fields.
    #[must_use]
    pub const fn new(kinds: &'a BTreeMap<String, FeatureKind>) -> Self {
        Self { kinds }
    }

    /// What a name stands for: as written first, else without regard to case if only one fits.
    pub(super) fn find(self, name: &str, at: usize) -> Result<Field, ExpressionError> {
        if let Some(kind) = self.kinds.get(name) {
            return Ok(Field::Feature(name.to_owned(), *kind));
        }
        if let Some((_, field)) = OWN.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            return Ok(field.clone());
        }
        let folded = name.to_lowercase();
        let mut alike = self
            .kinds
            .iter()
            .filter(|(k, _)| k.to_lowercase() == folded);
        if let (Some((known, kind)), None) = (alike.next(), alike.next()) {
            return Ok(Field::Feature(known.clone(), *kind));
        }
        let known = self.kinds.keys().map(String::as_str);
        let nearest = known
            .chain(OWN.iter().map(|(own, _)| *own))
            .min_by_key(|known| distance(&known.to_lowercase(), &folded));
        let hint = nearest.map_or_else(String::new, |n| format!("; the nearest is '{}'", short(n)));
        Err(ExpressionError::new(
            at,
            format!("no call has a feature '{}'{hint}", short(name)),
        ))
    }
}

/// How far two names are apart; of long ones the beginning decides, so that none takes long.
fn distance(a: &str, b: &str) -> usize {
    let beginning = |text: &str| text.chars().take(100).collect::<String>();
    strsim::levenshtein(&beginning(a), &beginning(b))
}
