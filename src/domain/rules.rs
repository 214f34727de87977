//! The settings that definitions depend on, gathered so that a pure function can take them.

use serde::{Deserialize, Serialize};

use super::category::Thresholds;
use super::time::Span;

/// How soon after a call a sample may still give the entry price (DESIGN: entry price).
pub const ENTRY_WITHIN: Span = Span::minutes(5);
/// How close to the end of the window a final price must lie (DESIGN: final multiple).
pub const FINAL_WITHIN: Span = Span::hours(24);
/// A candle's high over this multiple of its own open and close waits for a neighbour to confirm
/// it: as a polled price over 4x the last one does.
pub const WICK_MULTIPLE: f64 = 4.0;
/// The price before or after such a candle confirms its high from this share of it on.
pub const WICK_CONFIRMS: f64 = 0.75;
/// The slots that coverage counts (DESIGN: coverage %).
pub const COVERAGE_SLOT: Span = Span::minutes(5);
/// Under this coverage an imported peak is trusted over own samples, in percent.
pub const FULL_COVERAGE_PCT: f64 = 90.0;
/// Polls in a row with drained liquidity before a token is called a rug.
pub const RUG_POLLS: u32 = 3;
/// Liquidity under this share of its own peak counts as drained.
pub const RUG_LIQUIDITY_SHARE: f64 = 0.15;
/// Liquidity under this many USD counts as drained.
pub const RUG_LIQUIDITY_USD: f64 = 1_000.0;
/// A price at or under this multiple of the entry is a crash.
pub const CRASH_MULTIPLE: f64 = 0.2;
/// How long a crash must hold.
pub const CRASH_HOLD: Span = Span::minutes(30);
/// Polls in a row without a listing before a token counts as gone.
pub const GONE_POLLS: u32 = 30;

/// What a user may configure of the definitions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// How long a call is followed.
    pub window: Span,
    /// Poll interval of young calls: the tolerance of the returns depends on it.
    pub poll_interval: Span,
    /// The category thresholds.
    pub thresholds: Thresholds,
    /// A call whose gain exceeds this many percent is a pump.
    pub pump_gain_pct: f64,
}

/// How often tokens are polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Between polls of a young call.
    pub interval: Span,
    /// Between polls later on.
    pub late_interval: Span,
    /// The age from which a call counts as late.
    pub late_after: Span,
    /// How long a call is followed.
    pub window: Span,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            window: Span::days(7),
            poll_interval: Span::seconds(60),
            thresholds: Thresholds::default(),
            pump_gain_pct: 50.0,
        }
    }
}

impl Rules {
    /// The multiple above which a call is a pump.
    #[must_use]
    pub fn pump_multiple(&self) -> f64 {
        1.0 + self.pump_gain_pct / 100.0
    }

    /// How far from `called_at + h` a sample may lie to give the return at h: max(2 poll
    /// intervals, 5 % of h).
    #[must_use]
    pub fn return_tolerance(&self, h: Span) -> Span {
        self.poll_interval
            .times(2)
            .max(Span::from_millis(h.millis() / 20))
    }
}
