//! What the stated confidence of a model is worth, in one word, with what it rests on.

use crate::stats::{self, Interval};

use super::deep::{Auc, MIN_CLASS, MIN_CONFIDENCE_N, TradeFigures};
use super::summary::Summary;

/// What the data says of a confidence. The higher confidence should win more often: the AUC says
/// whether it does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ConfidenceVerdict {
    /// No trade stated one.
    NotStated,
    /// It never varies.
    Constant,
    /// Fewer trades stated one than anything can be said of.
    TooFew {
        /// How many did.
        n: u32,
    },
    /// Too few of them were won, or too few were not.
    OneSided {
        /// Trades that were won.
        wins: u32,
        /// Trades that were not.
        others: u32,
    },
    /// The interval of the AUC lies above one half.
    Better(Auc, Interval),
    /// It lies below.
    Worse(Auc, Interval),
    /// It holds one half.
    NothingYet {
        /// The AUC as it is.
        auc: Auc,
        /// Its interval.
        interval: Interval,
        /// How many more trades would show an AUC of this size in 80 of 100 cases; `None` when it
        /// is too near one half for any number that is ever reached.
        more: Option<u64>,
    },
}

/// More trades than anybody waits for.
const NEVER: f64 = 20_000.0;

impl ConfidenceVerdict {
    /// The verdict on a row's confidence.
    #[must_use]
    pub fn of(summary: &Summary, figures: &TradeFigures) -> Self {
        let c = &summary.confidence;
        if c.n == 0 {
            return Self::NotStated;
        }
        if (c.n as usize) < MIN_CONFIDENCE_N {
            return Self::TooFew { n: c.n };
        }
        if c.is_constant() {
            return Self::Constant;
        }
        let (wins, others) = (c.wins, c.n - c.wins);
        let known = figures.auc.and_then(|auc| Some((auc, auc.interval?)));
        let Some((auc, interval)) = known.filter(|_| wins.min(others) as usize >= MIN_CLASS) else {
            return Self::OneSided { wins, others };
        };
        if interval.low > 0.5 {
            return Self::Better(auc, interval);
        }
        if interval.high < 0.5 {
            return Self::Worse(auc, interval);
        }
        let share = f64::from(wins) / f64::from(c.n);
        let more = stats::results_needed(auc.value, share)
            .map(|needed| needed - f64::from(c.n))
            .filter(|more| *more <= NEVER)
            .map(|more| two_digits(more.max(1.0)));
        Self::NothingYet {
            auc,
            interval,
            more,
        }
    }
}

/// Rounded up to two digits: nobody knows it better.
fn two_digits(value: f64) -> u64 {
    let unit = 10f64.powf((value.log10().floor() - 1.0).max(0.0));
    ((value / unit).ceil() * unit) as u64
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::point;
    use super::*;

    fn verdict(rows: &[(f64, f64)]) -> ConfidenceVerdict {
        let points: Vec<_> = rows
            .iter()
            .enumerate()
            .map(|(i, (c, p))| point(i as i64, Some(*p), Some(*c)))
            .collect();
        ConfidenceVerdict::of(&Summary::of(&points), &TradeFigures::of(&points))
    }

    #[test]
    fn every_verdict_has_its_case() {
        use ConfidenceVerdict as V;
        assert_eq!(verdict(&[]), V::NotStated);
        assert_eq!(verdict(&[(0.7, 1.0); 4]), V::TooFew { n: 4 });
        assert_eq!(verdict(&[(0.7, 1.0); 14]), V::Constant);
        let won: Vec<_> = (0..20).map(|i| (f64::from(i) / 20.0, 1.0)).collect();
        assert_eq!(
            verdict(&won),
            V::OneSided {
                wins: 20,
                others: 0
            }
        );
        let good: Vec<_> = (0..40)
            .map(|i| {
                (
                    f64::from(i) / 40.0,
                    if i % 5 > 0 && i > 12 { 1.0 } else { -1.0 },
                )
            })
            .collect();
        assert!(
            matches!(verdict(&good), V::Better(..)),
            "{:?}",
            verdict(&good)
        );
        let bad: Vec<_> = good.iter().map(|(c, p)| (*c, -p)).collect();
        assert!(matches!(verdict(&bad), V::Worse(..)));
        // An AUC of 0.55 with half of the trades won: Noether's 1,047 less 40, to two digits.
        let weak: Vec<_> = (0..40)
            .map(|i| (f64::from(i / 2), if i % 2 == 0 { 1.0 } else { -1.0 }))
            .map(|(c, p)| ((c + if p > 0.0 { 1.0 } else { 0.0 }) / 40.0, p))
            .collect();
        let V::NothingYet { auc, more, .. } = verdict(&weak) else {
            panic!("{:?}", verdict(&weak));
        };
        let needed = stats::results_needed(auc.value, 0.5).unwrap() - 40.0;
        let more = more.unwrap() as f64;
        assert!(more >= needed && more < needed * 1.1, "{more} {needed}");
    }

    #[test]
    fn numbers_are_rounded_up_to_two_digits() {
        let got = [1.0, 9.2, 47.0, 139.05, 1006.5, 19_001.0].map(two_digits);
        assert_eq!(got, [1, 10, 47, 140, 1100, 20_000]);
    }
}
