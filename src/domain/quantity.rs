//! Numbers that must not be mixed up: a price is not a multiple, a percent is not a fraction.

use serde::{Deserialize, Serialize};

/// The bounds of a believable price, USD per token. Wide enough for any token there is, and narrow
/// enough that a quotient of two prices is always a finite number above zero.
const PRICES: std::ops::RangeInclusive<f64> = 1e-30..=1e30;

/// A price in USD per token, from 1e-30 to 1e30. Zero is not a price, it is "unknown".
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Price(f64);

impl Price {
    /// A price, if the number can be one.
    #[must_use]
    pub fn new(usd: f64) -> Option<Self> {
        PRICES.contains(&usd).then_some(Self(usd))
    }

    /// USD per token.
    #[must_use]
    pub const fn usd(self) -> f64 {
        self.0
    }

    /// This price as a multiple of an entry price.
    #[must_use]
    pub fn over(self, entry: Self) -> Multiple {
        Multiple(self.0 / entry.0)
    }

    /// The higher of two prices.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if other.0 > self.0 { other } else { self }
    }

    /// The lower of two prices.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        if other.0 < self.0 { other } else { self }
    }
}

/// A price divided by the entry price: 1.0 is unchanged, 0.0 is worthless.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Multiple(f64);

impl Multiple {
    /// The entry itself.
    pub const ONE: Self = Self(1.0);
    /// Nothing left.
    pub const ZERO: Self = Self(0.0);

    /// A multiple, if the number is finite and not negative.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        (value.is_finite() && value >= 0.0).then_some(Self(value))
    }

    /// The plain ratio.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }

    /// The gain over the entry: 1.5 is +50 %.
    #[must_use]
    pub fn gain(self) -> Percent {
        Percent((self.0 - 1.0) * 100.0)
    }

    /// The larger of two multiples.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if other.0 > self.0 { other } else { self }
    }

    /// Whether this multiple reaches a threshold. One within 1e-9 (relative) of it counts as
    /// reaching it, so that `entry * 1.5 / entry` does not fall short by a rounding error.
    #[must_use]
    pub fn reaches(self, threshold: f64) -> bool {
        self.0 >= threshold - threshold.abs() * 1e-9
    }

    /// Whether this multiple lies above a threshold by more than the same tolerance.
    #[must_use]
    pub fn exceeds(self, threshold: f64) -> bool {
        self.0 > threshold + threshold.abs() * 1e-9
    }
}

/// A percentage: 12.5 is 12.5 %.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Percent(pub f64);

impl Percent {
    /// The plain number of percent.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }
}
