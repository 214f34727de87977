//! Resampling whole days: how far places and differences would move if other days like these had
//! come.
//!
//! Trades of one day rise and fall together, for one model and across models, so the day is what
//! is drawn, and it is drawn for all columns at once (Efron & Tibshirani 1993, chapter 8: blocks;
//! Künsch 1989). A table of sums per day and column is all that is needed: a resample costs days
//! times columns, however many trades there were.

use super::random::SplitMix64;
use super::{Interval, quantile};

/// How many resamples places are read off.
pub const RESAMPLES: usize = 2_000;

/// How many the difference of two is read off: there are few columns to draw, and whether 0 lies
/// inside an interval should not hang on the draw.
pub const DIFFERENCE_RESAMPLES: usize = 10_000;

/// The least days that say anything of how days differ. Below it the resamples are hardly ever
/// anything but the days themselves over again, and whatever leads seems to lead for sure.
pub const MIN_DAYS: usize = 5;

/// The days from which on intervals are about as wide as they should be. With fewer they come out
/// narrow: with 8 days about 88 of 100 hold the truth, not 95.
pub const ENOUGH_DAYS: usize = 20;

/// The same numbers each time, so that a figure moves only when its trades do.
const SEED: u64 = 0x0DA7_5EED;

/// Sums per day (rows) and column, in one piece: all columns of the first day, then the second.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DayTable {
    columns: usize,
    values: Vec<f64>,
}

impl DayTable {
    /// A table without days yet.
    #[must_use]
    pub const fn new(columns: usize) -> Self {
        Self {
            columns,
            values: Vec::new(),
        }
    }

    /// A day of nothing but zeros, to be filled.
    pub fn add_day(&mut self) -> &mut [f64] {
        let at = self.values.len();
        self.values.resize(at + self.columns, 0.0);
        &mut self.values[at..]
    }

    /// How many days it has.
    #[must_use]
    pub const fn days(&self) -> usize {
        match self.values.len().checked_div(self.columns) {
            Some(days) => days,
            None => 0,
        }
    }

    /// Calls `each` with the sums of all columns, so many times over as many days as there are,
    /// drawn with replacement. `stop` is asked now and then; `None` when it said so.
    fn resample(
        &self,
        times: usize,
        stop: &dyn Fn() -> bool,
        mut each: impl FnMut(&[f64]),
    ) -> Option<()> {
        let days = self.days();
        let mut random = SplitMix64::new(SEED);
        let mut drawn = vec![0u32; days];
        let mut sums = vec![0.0; self.columns];
        for resample in 0..times {
            if resample % 64 == 0 && stop() {
                return None;
            }
            drawn.fill(0);
            for _ in 0..days {
                drawn[random.below(days)] += 1;
            }
            sums.fill(0.0);
            for (times, day) in drawn.iter().zip(self.values.chunks_exact(self.columns)) {
                if *times == 0 {
                    continue;
                }
                let times = f64::from(*times);
                for (sum, value) in sums.iter_mut().zip(day) {
                    *sum += times * value;
                }
            }
            each(&sums);
        }
        Some(())
    }
}

/// The place of one column among all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Between these places it comes out in 95 of 100 resamples.
    pub low: u32,
    /// See `low`.
    pub high: u32,
    /// The share of resamples in which it is first; a shared first place counts in parts.
    /// `None` with fewer than [`MIN_DAYS`] days.
    pub best: Option<f64>,
}

/// The places of the columns of a table by their sums, the largest first. `above(a, b)` says
/// whether a sum is above another by more than rounding.
///
/// The interval is the 2.5 % and 97.5 % order statistics of the places. With fewer than
/// [`MIN_DAYS`] days any place is possible, and nothing is said of who is best; a single column is
/// first whatever happens. `None` when `stop` said so.
pub fn places(
    table: &DayTable,
    above: impl Fn(f64, f64) -> bool,
    stop: &dyn Fn() -> bool,
) -> Option<Vec<Place>> {
    let columns = table.columns;
    let whole = u32::try_from(columns).unwrap_or(u32::MAX);
    if columns < 2 || table.days() < MIN_DAYS {
        let place = Place {
            low: 1,
            high: whole,
            best: (columns == 1).then_some(1.0),
        };
        return Some(vec![place; columns]);
    }
    // How often each column (row) came out at each place.
    let mut counts = vec![0u32; columns * columns];
    let mut first = vec![0.0; columns];
    let mut order: Vec<usize> = (0..columns).collect();
    table.resample(RESAMPLES, stop, |sums| {
        // The order of the last resample is a good start for the next.
        order.sort_by(|a, b| sums[*b].total_cmp(&sums[*a]));
        let mut better = 0;
        for (at, column) in order.iter().enumerate() {
            while better < at && above(sums[order[better]], sums[*column]) {
                better += 1;
            }
            counts[column * columns + better] += 1;
        }
        let leader = sums[order[0]];
        let tied = order.iter().take_while(|c| !above(leader, sums[**c]));
        let share = 1.0 / tied.clone().count() as f64;
        for column in tied {
            first[*column] += share;
        }
    })?;
    let tail = RESAMPLES / 40;
    let place = |column: usize| {
        let counts = &counts[column * columns..(column + 1) * columns];
        // The order statistics `tail` and `RESAMPLES - 1 - tail`, counted from 0.
        let at = |skip: usize| {
            let mut seen = 0;
            let found = counts.iter().position(|n| {
                seen += *n as usize;
                seen > skip
            });
            found.map_or(whole, |at| at as u32 + 1)
        };
        Place {
            low: at(tail),
            high: at(RESAMPLES - 1 - tail),
            best: Some(first[column] / RESAMPLES as f64),
        }
    };
    Some((0..columns).map(place).collect())
}

/// A figure of one side less that of the other, over resampled days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The 2.5 % and 97.5 % quantiles (type 7) of the resampled differences.
    pub interval: Interval,
    /// The share of resamples in which it is above 0; a difference of 0 counts half.
    pub above: f64,
}

/// Differences over resampled days: `figures` makes them from the sums of a resample, as many as
/// there are in the answer, or `None` where they are not defined (a side without any trade).
///
/// `None` with fewer than [`MIN_DAYS`] days, or when a figure was defined in less than half of the
/// resamples.
pub fn differences<const N: usize>(
    table: &DayTable,
    figures: impl Fn(&[f64]) -> Option<[f64; N]>,
) -> Option<[Difference; N]> {
    if table.days() < MIN_DAYS {
        return None;
    }
    let mut drawn: [Vec<f64>; N] =
        std::array::from_fn(|_| Vec::with_capacity(DIFFERENCE_RESAMPLES));
    table.resample(DIFFERENCE_RESAMPLES, &|| false, |sums| {
        if let Some(figures) = figures(sums) {
            for (all, figure) in drawn.iter_mut().zip(figures) {
                all.push(figure);
            }
        }
    })?;
    let mut found = Vec::with_capacity(N);
    for mut values in drawn {
        if values.len() < DIFFERENCE_RESAMPLES / 2 {
            return None;
        }
        values.sort_by(f64::total_cmp);
        let share = |keep: fn(&f64) -> bool| {
            values.iter().filter(|v| keep(v)).count() as f64 / values.len() as f64
        };
        found.push(Difference {
            interval: Interval {
                low: quantile(&values, 0.025)?,
                high: quantile(&values, 0.975)?,
            },
            above: share(|v| *v > 0.0) + share(|v| *v == 0.0) / 2.0,
        });
    }
    found.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(days: &[&[f64]]) -> DayTable {
        let mut table = DayTable::new(days.first().map_or(0, |d| d.len()));
        for day in days {
            table.add_day().copy_from_slice(day);
        }
        table
    }

    fn of(table: &DayTable) -> Vec<Place> {
        places(table, |a, b| a > b, &|| false).unwrap()
    }

    #[test]
    fn who_wins_every_day_is_best_and_equals_share() {
        let days: Vec<&[f64]> = vec![&[3.0, 1.0, 1.0, -1.0]; 10];
        let got = of(&table(&days));
        let want = |low, high, best| Place {
            low,
            high,
            best: Some(best),
        };
        assert_eq!(
            got,
            [
                want(1, 1, 1.0),
                want(2, 2, 0.0),
                want(2, 2, 0.0),
                want(4, 4, 0.0)
            ]
        );
        let equal: Vec<&[f64]> = vec![&[1.0, 1.0]; 10];
        assert_eq!(of(&table(&equal)), [want(1, 1, 0.5); 2]);
    }

    #[test]
    fn too_few_days_say_nothing() {
        let days: Vec<&[f64]> = vec![&[3.0, 1.0, 0.0]; MIN_DAYS - 1];
        let none = Place {
            low: 1,
            high: 3,
            best: None,
        };
        assert_eq!(of(&table(&days)), [none; 3]);
        assert_eq!(of(&table(&[&[7.0]])).first().unwrap().best, Some(1.0));
        assert_eq!(of(&DayTable::new(0)), []);
        assert_eq!(differences(&table(&days), |s| Some([s[0] - s[1]])), None);
    }

    /// Two models whose difference per day is -1 or 2 with equal odds over 40 days: the sum of a
    /// resample is 3 B - 40 with B binomial(40, 1/2), so P(above 0) = P(B >= 14), known exactly.
    #[test]
    fn shares_agree_with_the_binomial_they_must_follow() {
        use statrs::distribution::{Binomial, DiscreteCDF};
        let days: Vec<[f64; 2]> = (0..40)
            .map(|i| [if i % 2 == 0 { 2.0 } else { -1.0 }, 0.0])
            .collect();
        let rows: Vec<&[f64]> = days.iter().map(|d| &d[..]).collect();
        let binomial = Binomial::new(0.5, 40).unwrap();
        let exact = binomial.sf(13);
        let error = 4.0 * (exact * (1.0 - exact) / RESAMPLES as f64).sqrt();
        let best = of(&table(&rows))[0].best.unwrap();
        assert!((best - exact).abs() < error, "{best} {exact}");
        let [difference] = differences(&table(&rows), |s| Some([s[0] - s[1]])).unwrap();
        assert!((difference.above - exact).abs() < error);
        let at = |q| 3.0 * binomial.inverse_cdf(q) as f64 - 40.0;
        // One step of the lattice either way.
        assert!((difference.interval.low - at(0.025)).abs() <= 3.0);
        assert!((difference.interval.high - at(0.975)).abs() <= 3.0);
    }

    #[test]
    fn a_stop_ends_it_and_the_same_days_give_the_same() {
        let days: Vec<[f64; 2]> = (0..30)
            .map(|i| [f64::from(i % 7) - 3.0, f64::from(i % 5) - 2.0])
            .collect();
        let rows: Vec<&[f64]> = days.iter().map(|d| &d[..]).collect();
        let table = table(&rows);
        assert_eq!(places(&table, |a, b| a > b, &|| true), None);
        assert_eq!(of(&table), of(&table));
    }

    proptest! {
        #[test]
        fn intervals_are_places_and_shares_add_up_to_one(
            columns in 2..6_usize,
            values in prop::collection::vec(-3..4_i8, 60),
        ) {
            let mut table = DayTable::new(columns);
            for day in values.chunks_exact(columns) {
                for (to, from) in table.add_day().iter_mut().zip(day) {
                    *to = f64::from(*from);
                }
            }
            let places = of(&table);
            for place in &places {
                prop_assert!(1 <= place.low && place.low <= place.high);
                prop_assert!(place.high <= columns as u32);
            }
            let shares: f64 = places.iter().filter_map(|p| p.best).sum();
            prop_assert!((shares - 1.0).abs() < 1e-9);
        }
    }
}
