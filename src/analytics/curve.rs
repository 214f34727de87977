//! The parts of a stretch of trades that depend on their order and still merge: drawdown and
//! streaks.

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

/// Stands for the start of a curve, before any trade.
const START: Timestamp = Timestamp::from_millis(i64::MIN);

fn known(at: Timestamp) -> Option<Timestamp> {
    (at != START).then_some(at)
}

/// The parts of a cumulative P&L curve that make drawdowns mergeable. The curve is a function of
/// time: trades closed at the same instant move it in one step, so their order does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Equity {
    end: f64,
    /// Highest point, the start (0) included, and when it was first reached.
    high: f64,
    high_at: Timestamp,
    /// Lowest point, the start included, and when it was first reached.
    low: f64,
    low_at: Timestamp,
    /// The deepest fall from an earlier high, <= 0.
    drawdown: f64,
    from: Timestamp,
    to: Timestamp,
}

/// The deepest fall of a cumulative P&L.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawdown {
    /// How deep, <= 0.
    pub depth: f64,
    /// When the high was reached that it fell from; `None` when that is the start, or without any
    /// fall.
    pub from: Option<Timestamp>,
    /// When it was deepest; `None` without any fall.
    pub to: Option<Timestamp>,
}

impl Default for Equity {
    fn default() -> Self {
        Self {
            end: 0.0,
            high: 0.0,
            high_at: START,
            low: 0.0,
            low_at: START,
            drawdown: 0.0,
            from: START,
            to: START,
        }
    }
}

impl Equity {
    pub(super) fn step(&mut self, at: Timestamp, pnl: f64) {
        self.end += pnl;
        if self.end > self.high {
            (self.high, self.high_at) = (self.end, at);
        }
        if self.end < self.low {
            (self.low, self.low_at) = (self.end, at);
        }
        if self.end - self.high < self.drawdown {
            self.drawdown = self.end - self.high;
            (self.from, self.to) = (self.high_at, at);
        }
    }

    /// This curve with a later one behind it.
    pub(super) fn then(self, next: Self) -> Self {
        let mut joined = self;
        joined.end = self.end + next.end;
        if self.end + next.high > self.high {
            (joined.high, joined.high_at) = (self.end + next.high, next.high_at);
        }
        if self.end + next.low < self.low {
            (joined.low, joined.low_at) = (self.end + next.low, next.low_at);
        }
        // From this one's high to the next one's low, or within the next one.
        let across = self.end + next.low - self.high;
        if across < joined.drawdown && across <= next.drawdown {
            joined.drawdown = across;
            (joined.from, joined.to) = (self.high_at, next.low_at);
        } else if next.drawdown < joined.drawdown {
            joined.drawdown = next.drawdown;
            joined.from = if next.from == START {
                // Its start is where this one ended.
                self.high_at
            } else {
                next.from
            };
            joined.to = next.to;
        }
        joined
    }

    pub(super) fn drawdown(&self) -> Drawdown {
        Drawdown {
            depth: self.drawdown,
            from: known(self.from),
            to: known(self.to),
        }
    }
}

/// Runs of wins and of losses, in the order of the close (at one instant: in the order in which
/// they were stored). A flat trade ends a run. A run counts up for wins and down for losses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Streaks {
    /// Trades of known P&L.
    n: u32,
    /// The run it begins with.
    first: i32,
    /// The run it ends with: the present one.
    last: i32,
    wins: u32,
    losses: u32,
}

impl Streaks {
    /// The run of one trade.
    pub(super) fn one(pnl: f64) -> Self {
        let run = i32::from(pnl > 0.0) - i32::from(pnl < 0.0);
        Self {
            n: 1,
            first: run,
            last: run,
            wins: run.max(0).unsigned_abs(),
            losses: run.min(0).unsigned_abs(),
        }
    }

    /// These runs with later ones behind them.
    pub(super) fn then(self, next: Self) -> Self {
        if self.n == 0 {
            return next;
        }
        if next.n == 0 {
            return self;
        }
        let whole = |part: &Self, run: i32| run.unsigned_abs() == part.n;
        let meet = self.last.signum() == next.first.signum();
        let across = if meet { self.last + next.first } else { 0 };
        let through = |run: i32, all: bool| if meet && all { across } else { run };
        Self {
            n: self.n + next.n,
            first: through(self.first, whole(&self, self.last)),
            last: through(next.last, whole(&next, next.first)),
            wins: self.wins.max(next.wins).max(across.max(0).unsigned_abs()),
            losses: (self.losses.max(next.losses)).max(across.min(0).unsigned_abs()),
        }
    }

    /// The longest run of wins.
    #[must_use]
    pub const fn longest_win(&self) -> u32 {
        self.wins
    }

    /// The longest run of losses.
    #[must_use]
    pub const fn longest_loss(&self) -> u32 {
        self.losses
    }

    /// The run that the stretch ends with: 3 after three wins, -2 after two losses, 0 after a flat
    /// trade.
    #[must_use]
    pub const fn present(&self) -> i32 {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn curve(steps: &[(i64, f64)]) -> Equity {
        let mut equity = Equity::default();
        for (at, pnl) in steps {
            equity.step(Timestamp::from_millis(*at), *pnl);
        }
        equity
    }

    /// Straight from the definition, point by point.
    fn deepest(steps: &[(i64, f64)]) -> (f64, Option<i64>, Option<i64>) {
        let mut points = vec![(None, 0.0)];
        let mut sum = 0.0;
        for (at, pnl) in steps {
            sum += pnl;
            points.push((Some(*at), sum));
        }
        let mut worst = (0.0, None, None);
        for (i, (to, low)) in points.iter().enumerate() {
            for (from, high) in &points[..i] {
                if low - high < worst.0 {
                    worst = (low - high, *from, *to);
                }
            }
        }
        worst
    }

    fn steps() -> impl Strategy<Value = Vec<(i64, f64)>> {
        // Whole amounts, so that no rounding decides between two equal falls.
        prop::collection::vec(-4..5_i32, 0..40).prop_map(|steps| {
            let dated = steps.into_iter().enumerate();
            dated.map(|(i, s)| (i as i64, f64::from(s))).collect()
        })
    }

    proptest! {
        #[test]
        fn the_deepest_fall_and_its_dates_survive_any_cut(steps in steps(), a in 0..40_usize, b in 0..40_usize) {
            let (a, b) = (a.min(b).min(steps.len()), a.max(b).min(steps.len()));
            let merged = curve(&steps[..a])
                .then(curve(&steps[a..b]).then(curve(&steps[b..])));
            let other = curve(&steps[..a]).then(curve(&steps[a..b])).then(curve(&steps[b..]));
            prop_assert_eq!(merged, other);
            prop_assert_eq!(merged, curve(&steps));
            let found = merged.drawdown();
            let (depth, from, to) = deepest(&steps);
            let at = |t: Option<i64>| t.map(Timestamp::from_millis);
            prop_assert_eq!((found.depth, found.from, found.to), (depth, at(from), at(to)));
        }

        #[test]
        fn runs_survive_any_cut(results in prop::collection::vec(-1..2_i8, 0..40), cut in 0..40_usize) {
            let of = |part: &[i8]| part.iter().fold(Streaks::default(), |s, r| {
                s.then(Streaks::one(f64::from(*r)))
            });
            let cut = cut.min(results.len());
            let merged = of(&results[..cut]).then(of(&results[cut..]));
            prop_assert_eq!(merged, of(&results));
            // Straight from the definition.
            let longest = |sign: i8| {
                let runs = results.chunk_by(|a, b| a == b).filter(|run| run[0] == sign);
                runs.map(<[i8]>::len).max().unwrap_or(0) as u32
            };
            prop_assert_eq!(merged.longest_win(), longest(1));
            prop_assert_eq!(merged.longest_loss(), longest(-1));
            let present = results.chunk_by(|a, b| a == b).last();
            let present = present.map_or(0, |run| run.len() as i32 * i32::from(run[0]));
            prop_assert_eq!(merged.present(), present);
        }
    }
}
