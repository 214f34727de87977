//! What kind of values a feature has.

use std::collections::BTreeMap;

/// What kind of values a feature has, decided over all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeatureKind {
    /// Nothing but true/false, yes/no, 1/0.
    Flag,
    /// Nothing but numbers.
    Number,
    /// Anything else.
    Category,
}

impl FeatureKind {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Number => "number",
            Self::Category => "category",
        }
    }

    /// The kind of every feature among calls.
    #[must_use]
    pub fn of_all<'a>(
        features: impl IntoIterator<Item = &'a crate::domain::Features>,
    ) -> BTreeMap<String, Self> {
        let mut kinds: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
        for (name, value) in features.into_iter().flatten() {
            let (flag, number) = kinds.entry(name).or_insert((true, true));
            *flag &= value.as_flag().is_some();
            *number &= value.as_number().is_some();
        }
        kinds
            .into_iter()
            .map(|(name, kind)| {
                let kind = match kind {
                    (true, _) => Self::Flag,
                    (false, true) => Self::Number,
                    (false, false) => Self::Category,
                };
                (name.to_owned(), kind)
            })
            .collect()
    }
}
