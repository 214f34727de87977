//! The time ranges that every tab and report switches between.

use serde::{Deserialize, Serialize};

use super::time::{Span, Timestamp};

/// How far back a figure looks from the as-of instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Range {
    /// The last 24 hours.
    H24,
    /// The last 7 days.
    D7,
    /// The last 30 days.
    D30,
    /// The last 90 days.
    D90,
    /// Everything up to the as-of instant.
    All,
}

/// A closed interval of time, both ends in; without a start it reaches back for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first instant in, if there is one.
    pub from: Option<Timestamp>,
    /// The last instant in: the as-of.
    pub to: Timestamp,
}

impl Range {
    /// Every range, from the shortest to the longest.
    pub const EACH: [Self; 5] = [Self::H24, Self::D7, Self::D30, Self::D90, Self::All];

    /// The name on the command line and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::H24 => "24h",
            Self::D7 => "7d",
            Self::D30 => "30d",
            Self::D90 => "90d",
            Self::All => "all",
        }
    }

    /// The name on the screen.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::H24 => "24H",
            Self::D7 => "7D",
            Self::D30 => "30D",
            Self::D90 => "90D",
            Self::All => "All",
        }
    }

    /// "in the last 24 h", "ever": to be put into a sentence.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::H24 => "in the last 24 h",
            Self::D7 => "in the last 7 days",
            Self::D30 => "in the last 30 days",
            Self::D90 => "in the last 90 days",
            Self::All => "yet",
        }
    }

    /// Reads a name as the command line writes it, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::EACH
            .into_iter()
            .find(|range| range.name().eq_ignore_ascii_case(text.trim()))
    }

    /// The length; `None` for all.
    #[must_use]
    pub const fn span(self) -> Option<Span> {
        match self {
            Self::H24 => Some(Span::hours(24)),
            Self::D7 => Some(Span::days(7)),
            Self::D30 => Some(Span::days(30)),
            Self::D90 => Some(Span::days(90)),
            Self::All => None,
        }
    }

    /// The interval `[as_of - d, as_of]`.
    #[must_use]
    pub fn window(self, as_of: Timestamp) -> Window {
        Window {
            from: self.span().map(|span| as_of.minus(span)),
            to: as_of,
        }
    }

    /// The next longer range; the longest stays.
    #[must_use]
    pub fn longer(self) -> Self {
        Self::EACH.into_iter().find(|r| *r > self).unwrap_or(self)
    }

    /// The next shorter range; the shortest stays.
    #[must_use]
    pub fn shorter(self) -> Self {
        Self::EACH
            .into_iter()
            .rev()
            .find(|r| *r < self)
            .unwrap_or(self)
    }

    /// The shortest range that reaches back to an instant: what an empty screen suggests.
    #[must_use]
    pub fn reaching(as_of: Timestamp, at: Timestamp) -> Self {
        Self::EACH
            .into_iter()
            .find(|range| range.window(as_of).contains(at))
            .unwrap_or(Self::All)
    }
}

impl Window {
    /// Whether an instant lies inside, ends included.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        at <= self.to && self.from.is_none_or(|from| at >= from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_in() {
        let as_of = Timestamp::from_millis(100 * 86_400_000);
        let week = Range::D7.window(as_of);
        assert!(week.contains(as_of));
        assert!(week.contains(as_of.minus(Span::days(7))));
        assert!(!week.contains(as_of.minus(Span::from_millis(7 * 86_400_000 + 1))));
        assert!(!week.contains(as_of.plus(Span::from_millis(1))));
        assert!(Range::All.window(as_of).contains(Timestamp::from_millis(0)));
    }

    #[test]
    fn steps_stop_at_the_ends() {
        assert_eq!(Range::H24.shorter(), Range::H24);
        assert_eq!(Range::H24.longer(), Range::D7);
        assert_eq!(Range::All.longer(), Range::All);
        assert_eq!(Range::All.shorter(), Range::D90);
    }
}
