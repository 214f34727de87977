//! The figures of a leaderboard that cost more than a few merges: medians, ranks, calibration
//! (which need every trade), shrunk win rates and the intervals of places (which need all models
//! of a currency at once). Computed off the screen's thread, and not again for the same trades.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::Arc;

use crate::domain::Window;
use crate::stats::{
    self, Bin, Correlation, DayTable, Interval, Murphy, Place, Prior, Shrunk, Spiegelhalter,
    bootstrap,
};

use super::book::{Book, BookKey, DaySum, Extent};
use super::leaderboard::{DeepRow, Field, exceeds};
use super::summary::Point;

/// Trades under which nothing is said of a confidence (`statistics.md` 3.2).
pub const MIN_CONFIDENCE_N: usize = 10;
/// Wins, and trades that were not won, under which an AUC says nothing.
pub const MIN_CLASS: usize = 3;

/// Figures whose cost grows with the trades.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TradeFigures {
    /// Median P&L.
    pub median_pnl: Option<f64>,
    /// Spearman's correlation of confidence and P&L.
    pub spearman: Option<Correlation>,
    /// Probability that a won trade had the higher confidence than one that was not won; given
    /// from ten trades on, three of each kind, with a confidence that varies.
    pub auc: Option<Auc>,
    /// The Brier score in three parts, the confidences of a bin replaced by their mean.
    pub murphy: Option<Murphy>,
    /// Whether the confidences are probabilities of winning.
    pub spiegelhalter: Option<Spiegelhalter>,
    /// How often trades of about the same confidence were won.
    pub bins: Vec<Bin>,
}

/// An AUC and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Auc {
    /// The AUC.
    pub value: f64,
    /// Its 95 % interval.
    pub interval: Option<Interval>,
    /// Trades that were won.
    pub wins: usize,
    /// Trades that were not.
    pub others: usize,
}

impl TradeFigures {
    /// The figures of one book's trades.
    #[must_use]
    pub fn of(points: &[Point]) -> Self {
        let mut pnl: Vec<f64> = points.iter().filter_map(Point::pnl).collect();
        let (confidence, with): (Vec<f64>, Vec<f64>) = points
            .iter()
            .filter_map(|p| Some((p.confidence()?, p.pnl()?)))
            .unzip();
        let won: Vec<bool> = with.iter().map(|pnl| *pnl > 0.0).collect();
        let wins = won.iter().filter(|w| **w).count();
        let others = won.len() - wins;
        let varies = confidence.windows(2).any(|pair| pair[0] != pair[1]);
        let enough =
            confidence.len() >= MIN_CONFIDENCE_N && varies && wins.min(others) >= MIN_CLASS;
        let auc = |value: f64| Auc {
            value,
            interval: stats::auc_interval(value, wins as u64, others as u64),
            wins,
            others,
        };
        let bins = stats::reliability(&confidence, &won);
        Self {
            median_pnl: stats::median(&mut pnl),
            spearman: stats::spearman(&confidence, &with),
            auc: enough
                .then(|| stats::auc(&confidence, &won).map(auc))
                .flatten(),
            murphy: stats::calibration::murphy_of_bins(&bins),
            spiegelhalter: stats::spiegelhalter(&confidence, &won),
            bins,
        }
    }
}

/// A row whose figures are wanted.
pub(super) struct Entry<'a> {
    pub key: &'a BookKey,
    pub book: &'a Book,
    /// Its place.
    pub rank: Option<u32>,
    pub wins: u32,
    pub trades: u32,
}

/// What was computed before, by the trades it was computed from. What the last few questions did
/// not need is forgotten.
#[derive(Debug, Default)]
pub struct DeepCache {
    pass: u64,
    trades: Memory<Extent, Arc<TradeFigures>>,
    fields: Memory<Vec<(Extent, bool)>, Arc<FieldFigures>>,
}

/// Questions after which a figure that was not needed is forgotten: the five ranges, and some.
const KEPT_PASSES: u64 = 12;

#[derive(Debug)]
struct Memory<K, V>(HashMap<K, (u64, V)>);

impl<K, V> Default for Memory<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash, V: Clone> Memory<K, V> {
    fn get(&mut self, pass: u64, key: &K) -> Option<V> {
        let (used, value) = self.0.get_mut(key)?;
        *used = pass;
        Some(value.clone())
    }

    fn put(&mut self, pass: u64, key: K, value: V) {
        self.0.insert(key, (pass, value));
    }

    fn forget(&mut self, pass: u64) {
        self.0.retain(|_, (used, _)| *used + KEPT_PASSES > pass);
    }
}

/// What needs all models of a currency; per entry, in their order.
#[derive(Debug)]
struct FieldFigures {
    days: usize,
    prior: Option<Prior>,
    rows: Vec<(Option<Shrunk>, Option<Place>)>,
}

impl DeepCache {
    /// The figures of one book's trades in a window.
    pub fn of_trades(&mut self, book: &Book, window: &Window) -> Arc<TradeFigures> {
        let extent = book.extent(window);
        if let Some(known) = self.trades.get(self.pass, &extent) {
            return known;
        }
        let figures = Arc::new(TradeFigures::of(book.points(window)));
        self.trades.put(self.pass, extent, Arc::clone(&figures));
        figures
    }

    /// The figures of all rows, in their order, and of each currency, in the order in which they
    /// come first. `None` when `stop` said so; what was computed by then is kept.
    pub(super) fn figures(
        &mut self,
        entries: &[Entry],
        window: &Window,
        stop: &dyn Fn() -> bool,
    ) -> Option<(Vec<DeepRow>, Vec<Field>)> {
        self.pass += 1;
        let pass = self.pass;
        let mut currencies: Vec<&str> = Vec::new();
        for entry in entries {
            if !currencies.contains(&entry.key.currency.as_str()) {
                currencies.push(&entry.key.currency);
            }
        }
        let mut of_field: Vec<(Option<Shrunk>, Option<Place>)> = vec![(None, None); entries.len()];
        let mut fields = Vec::new();
        for currency in currencies {
            let members: Vec<usize> = (0..entries.len())
                .filter(|i| entries[*i].key.currency == currency)
                .collect();
            let own: Vec<&Entry> = members.iter().map(|i| &entries[*i]).collect();
            let known: Vec<(Extent, bool)> = own
                .iter()
                .map(|e| (e.book.extent(window), e.rank.is_some()))
                .collect();
            let figures = if let Some(figures) = self.fields.get(pass, &known) {
                figures
            } else {
                let figures = Arc::new(FieldFigures::of(&own, window, stop)?);
                self.fields.put(pass, known, Arc::clone(&figures));
                figures
            };
            for (i, row) in members.iter().zip(&figures.rows) {
                of_field[*i] = *row;
            }
            fields.push(Field {
                currency: currency.to_owned(),
                days: figures.days,
                ranked: own.iter().filter(|e| e.rank.is_some()).count(),
                prior: figures.prior,
            });
        }
        let mut rows = Vec::with_capacity(entries.len());
        for (entry, (shrunk, place)) in entries.iter().zip(of_field) {
            if stop() {
                return None;
            }
            rows.push(DeepRow {
                figures: self.of_trades(entry.book, window),
                shrunk,
                place,
            });
        }
        self.trades.forget(pass);
        self.fields.forget(pass);
        Some((rows, fields))
    }
}

impl FieldFigures {
    fn of(entries: &[&Entry], window: &Window, stop: &dyn Fn() -> bool) -> Option<Self> {
        let counts: Vec<(u64, u64)> = entries
            .iter()
            .map(|e| (u64::from(e.wins), u64::from(e.trades)))
            .collect();
        let prior = Prior::fit(&counts);
        let days: Vec<Vec<DaySum>> = entries.iter().map(|e| e.book.days(window)).collect();
        let ranked: Vec<usize> = (0..entries.len())
            .filter(|i| entries[*i].rank.is_some())
            .collect();
        let mut column = vec![None; entries.len()];
        for (at, i) in ranked.iter().enumerate() {
            column[*i] = Some(at);
        }
        // A day on which a model traded nothing earned it nothing.
        let table = table(&days, ranked.len(), |i, day, row| {
            if let Some(at) = column[i] {
                row[at] = day.pnl;
            }
        });
        let places = bootstrap::places(&table, exceeds, stop)?;
        let rows = counts
            .iter()
            .zip(column)
            .zip(entries)
            .map(|(((k, n), at), entry)| {
                let shrunk = prior.filter(|_| *n > 0).and_then(|p| p.shrink(*k, *n));
                let place = at.and_then(|at: usize| places.get(at).copied());
                // The place itself is possible, however the resamples came out.
                let place = place.zip(entry.rank).map(|(place, rank)| Place {
                    low: place.low.min(rank),
                    high: place.high.max(rank),
                    ..place
                });
                (shrunk, place)
            })
            .collect();
        Some(Self {
            days: distinct_days(&days).len(),
            prior,
            rows,
        })
    }
}

/// The days on which any of several models closed a trade.
pub(super) fn distinct_days(days: &[Vec<DaySum>]) -> Vec<i64> {
    let all: BTreeSet<i64> = days.iter().flatten().map(|d| d.day).collect();
    all.into_iter().collect()
}

/// Days as rows of so many columns, drawn jointly: `fill(model, day, row)` writes what a model did
/// on a day.
pub(super) fn table(
    days: &[Vec<DaySum>],
    columns: usize,
    mut fill: impl FnMut(usize, &DaySum, &mut [f64]),
) -> DayTable {
    let mut table = DayTable::new(columns);
    let mut next = vec![0; days.len()];
    for day in distinct_days(days) {
        let row = table.add_day();
        for (i, own) in days.iter().enumerate() {
            if let Some(sum) = own.get(next[i]).filter(|d| d.day == day) {
                fill(i, sum, row);
                next[i] += 1;
            }
        }
    }
    table
}
