//! The six categories: ATH **and** final decide (DESIGN §2; predecessors T1).

use serde::{Deserialize, Serialize};

use super::quantity::Multiple;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Category {
    /// ATH of at least 5x, and it held.
    Moon,
    /// ATH of at least 2x, and it did not end under the entry.
    Winner,
    /// ATH of at least 1.5x, and it held.
    Good,
    /// It held, without much of a peak.
    BreakEven,
    /// It ended under 0.9x, whatever its peak was.
    Loser,
    /// It ended under 0.5x.
    Crash,
}

/// The thresholds of the categories, as multiples of the entry.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// ATH of a MOON.
    pub moon_ath: f64,
    /// ATH of a WINNER.
    pub winner_ath: f64,
    /// Final of a WINNER.
    pub winner_final: f64,
    /// ATH of a GOOD.
    pub good_ath: f64,
    /// Under this final: LOSER.
    pub hold_final: f64,
    /// Under this final: CRASH.
    pub crash_final: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            moon_ath: 5.0,
            winner_ath: 2.0,
            winner_final: 1.0,
            good_ath: 1.5,
            hold_final: 0.9,
            crash_final: 0.5,
        }
    }
}

impl Category {
    /// Every category, best first.
    pub const EACH: [Self; 6] = [
        Self::Moon,
        Self::Winner,
        Self::Good,
        Self::BreakEven,
        Self::Loser,
        Self::Crash,
    ];

    /// The category of an ATH multiple and a final multiple. Total: the last arm serves only
    /// callers whose ATH is not floored at the entry.
    #[must_use]
    pub fn of(ath: Multiple, fin: Multiple, t: &Thresholds) -> Self {
        if !fin.reaches(t.crash_final) {
            Self::Crash
        } else if !fin.reaches(t.hold_final) {
            Self::Loser
        } else if ath.reaches(t.moon_ath) {
            Self::Moon
        } else if ath.reaches(t.winner_ath) && fin.reaches(t.winner_final) {
            Self::Winner
        } else if ath.reaches(t.good_ath) {
            Self::Good
        } else if ath.reaches(1.0) {
            Self::BreakEven
        } else {
            Self::Loser
        }
    }

    /// The category where the ATH may be unknown: a final under 0.9x decides alone, and so does
    /// one that is itself a moon (the ATH is never under the final). Else unknown.
    #[must_use]
    pub fn of_known(ath: Option<Multiple>, fin: Multiple, t: &Thresholds) -> Option<Self> {
        match ath {
            Some(ath) => Some(Self::of(ath, fin, t)),
            None if !fin.reaches(t.hold_final) || fin.reaches(t.moon_ath) => {
                Some(Self::of(fin.max(Multiple::ONE), fin, t))
            }
            None => None,
        }
    }

    /// The rule that gave this category, in words: the first of the order that held.
    #[must_use]
    pub fn rule(self, ath: Option<Multiple>, fin: Multiple, t: &Thresholds) -> String {
        let held = t.hold_final;
        let by_ath = |from: f64| match ath {
            Some(_) => format!("ATH at least {from}x and final at least {held}x"),
            None => format!("the final alone is at least {from}x"),
        };
        match self {
            Self::Crash => format!("final under {}x", t.crash_final),
            Self::Loser if !fin.reaches(held) => {
                format!("final under {held}x, whatever the ATH was")
            }
            Self::Moon => by_ath(t.moon_ath),
            Self::Winner => format!(
                "ATH at least {}x and final at least {}x",
                t.winner_ath, t.winner_final
            ),
            Self::Good => by_ath(t.good_ath),
            Self::BreakEven => format!(
                "final at least {held}x, ATH under {}x",
                t.good_ath.min(t.moon_ath)
            ),
            Self::Loser => "ATH under the entry".to_owned(),
        }
    }

    /// The name in JSON and on the screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Moon => "MOON",
            Self::Winner => "WINNER",
            Self::Good => "GOOD",
            Self::BreakEven => "BREAK-EVEN",
            Self::Loser => "LOSER",
            Self::Crash => "CRASH",
        }
    }

    /// The sign beside the name.
    #[must_use]
    pub const fn emoji(self) -> &'static str {
        match self {
            Self::Moon => "🌙",
            Self::Winner => "✅",
            Self::Good => "👍",
            Self::BreakEven => "⚖️",
            Self::Loser => "❌",
            Self::Crash => "💥",
        }
    }

    /// MOON, WINNER and GOOD are winners.
    #[must_use]
    pub const fn is_winner(self) -> bool {
        matches!(self, Self::Moon | Self::Winner | Self::Good)
    }

    /// The place in [`Category::EACH`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(ath: f64, fin: f64) -> Category {
        Category::of(
            Multiple::new(ath).unwrap(),
            Multiple::new(fin).unwrap(),
            &Thresholds::default(),
        )
    }

    /// Predecessors T1, in the order of the code that decides.
    #[test]
    fn vectors_of_the_dual_metric() {
        use Category::{BreakEven, Crash, Good, Loser, Moon, Winner};
        for (ath, fin, want) in [
            (5.0, 0.03, Crash),
            (3.0, 2.5, Winner),
            (10.0, 0.8, Loser),
            (2.5, 0.95, Good),
            (1.2, 0.95, BreakEven),
            (0.95, 0.95, Loser),
            (5.0, 0.9, Moon),
            (4.999, 1.0, Winner),
            (2.0, 1.0, Winner),
            (1.999, 1.0, Good),
            (1.5, 0.9, Good),
            (1.499, 0.9, BreakEven),
            (1.0, 0.9, BreakEven),
            (7.0, 0.8999, Loser),
            (7.0, 0.5, Loser),
            (7.0, 0.4999, Crash),
        ] {
            assert_eq!(of(ath, fin), want, "({ath}, {fin})");
        }
    }

    #[test]
    fn a_rounding_error_does_not_miss_a_threshold() {
        // 0.1 * 3 / 0.2 is 1.5000000000000002 or 1.4999999999999998 depending on the order.
        assert_eq!(of(1.5 - 1e-10, 0.9 - 1e-11), Category::Good);
        assert_eq!(of(5.0 * (1.0 - 5e-10), 1.0), Category::Moon);
        assert_eq!(of(1.5 - 1e-7, 0.95), Category::BreakEven);
    }

    #[test]
    fn an_unknown_ath_leaves_only_what_the_final_decides() {
        let t = Thresholds::default();
        for (fin, want) in [
            (0.3, Some(Category::Crash)),
            (0.7, Some(Category::Loser)),
            (1.2, None),
            (3.0, None),
            (6.0, Some(Category::Moon)),
        ] {
            let fin = Multiple::new(fin).unwrap();
            assert_eq!(Category::of_known(None, fin, &t), want, "{fin:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_decided_without_the_ath_holds_for_every_ath(fin in 0.0..20.0f64, more in 0.0..20.0f64) {
            let t = Thresholds::default();
            let fin = Multiple::new(fin).unwrap();
            let ath = Multiple::new(fin.value().max(1.0) + more).unwrap();
            if let Some(category) = Category::of_known(None, fin, &t) {
                prop_assert_eq!(category, Category::of(ath, fin, &t));
            }
        }
    }
}
