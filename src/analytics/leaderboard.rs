//! The leaderboard: one row per (model, currency), ranked within its currency by total P&L.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::domain::{Timestamp, Window};
use crate::stats::{self, Correlation, Interval, Place, Prior, Shrunk};

use super::book::{Book, BookKey};
use super::deep::{DeepCache, Entry, TradeFigures};
use super::summary::Summary;

/// How many trades a model needs for a place, unless configured.
pub const MIN_RANK_N: u32 = 10;

/// One model in one currency over a range.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelRow {
    /// Model and currency.
    pub key: BookKey,
    /// The place within the currency; equal totals share one. `None` under the minimum n.
    pub rank: Option<u32>,
    /// Everything that merges.
    pub summary: Summary,
    /// Positions open at the end of the range.
    pub open: u32,
    /// Wilson interval of the win rate.
    pub win_rate_interval: Option<Interval>,
    /// What costs more than a few merges; `None` while it is not computed yet.
    pub deep: Option<DeepRow>,
}

/// The figures of a row that cost more than a few merges.
#[derive(Debug, Clone, PartialEq)]
pub struct DeepRow {
    /// What needs every trade.
    pub figures: Arc<TradeFigures>,
    /// The win rate drawn towards what is usual in the currency; `None` without a trade.
    pub shrunk: Option<Shrunk>,
    /// How far the place is sure; `None` without a place.
    pub place: Option<Place>,
}

impl ModelRow {
    /// Wins over trades, 0 to 1.
    #[must_use]
    pub fn win_rate(&self) -> Option<f64> {
        let n = self.summary.trades();
        (n > 0).then(|| f64::from(self.summary.wins) / f64::from(n))
    }

    /// Pearson's correlation of confidence and P&L.
    #[must_use]
    pub fn pearson(&self) -> Option<Correlation> {
        self.summary.confidence.pearson()
    }
}

/// The leaderboard of a range.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaderboard {
    /// Ranked rows by currency (the most traded first) and place, then those below the minimum n.
    pub rows: Vec<ModelRow>,
    /// Distinct models with a closed trade.
    pub models: usize,
    /// Closed trades with a known P&L.
    pub trades: u64,
    /// Wins among them.
    pub wins: u64,
    /// Sum of P&L per currency, in order of the currency.
    pub totals: Vec<(String, f64)>,
    /// The latest close at or before the end of the range, in it or not.
    pub newest_close: Option<Timestamp>,
    /// What the places of each currency rest on, once computed.
    pub fields: Vec<Field>,
}

/// What is compared within one currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The currency.
    pub currency: String,
    /// UTC days on which anything of known P&L was closed in it: what the intervals of places are
    /// drawn from.
    pub days: usize,
    /// Models with a place.
    pub ranked: usize,
    /// What a win rate is drawn towards.
    pub prior: Option<Prior>,
}

impl Leaderboard {
    /// The leaderboard over books, with everything.
    #[must_use]
    pub fn whole<'a>(
        books: impl IntoIterator<Item = (&'a BookKey, &'a Book)> + Clone,
        window: &Window,
        min_rank_n: u32,
    ) -> Self {
        let mut board = Self::of(books.clone(), window, min_rank_n);
        board.deepen(books, window, &mut DeepCache::default(), &|| false);
        board
    }

    /// The leaderboard over books: what merges, without what [`Leaderboard::deepen`] adds.
    #[must_use]
    pub fn of<'a>(
        books: impl IntoIterator<Item = (&'a BookKey, &'a Book)>,
        window: &Window,
        min_rank_n: u32,
    ) -> Self {
        let mut rows = Vec::new();
        let mut newest_close = None;
        for (key, book) in books {
            newest_close = newest_close.max(book.last_close(window.to));
            let summary = book.summary(window);
            let open = book.open_at(window.to);
            if summary.trades() + summary.unknown + open == 0 {
                continue;
            }
            rows.push(ModelRow {
                key: key.clone(),
                rank: None,
                win_rate_interval: stats::wilson(
                    u64::from(summary.wins),
                    u64::from(summary.trades()),
                ),
                deep: None,
                summary,
                open,
            });
        }
        place(&mut rows, min_rank_n);
        let mut board = Self {
            rows,
            models: 0,
            trades: 0,
            wins: 0,
            totals: Vec::new(),
            newest_close,
            fields: Vec::new(),
        };
        board.resum();
        board
    }

    /// Adds to every row what costs more than a few merges. What the cache knows of the same trades
    /// is not computed again. `stop` is asked now and then: false when it said so, and nothing is
    /// added.
    pub fn deepen<'a>(
        &mut self,
        books: impl IntoIterator<Item = (&'a BookKey, &'a Book)>,
        window: &Window,
        cache: &mut DeepCache,
        stop: &dyn Fn() -> bool,
    ) -> bool {
        let books: HashMap<&BookKey, &Book> = books.into_iter().collect();
        let entries: Vec<Entry> = self
            .rows
            .iter()
            .filter_map(|row| {
                Some(Entry {
                    key: &row.key,
                    book: books.get(&row.key)?,
                    rank: row.rank,
                    wins: row.summary.wins,
                    trades: row.summary.trades(),
                })
            })
            .collect();
        if entries.len() != self.rows.len() {
            return false;
        }
        let Some((rows, fields)) = cache.figures(&entries, window, stop) else {
            return false;
        };
        for (row, deep) in self.rows.iter_mut().zip(rows) {
            row.deep = Some(deep);
        }
        self.fields = fields;
        true
    }

    /// Sums up the rows again, after some were left out.
    pub fn resum(&mut self) {
        self.models = distinct_models(&self.rows);
        let sum = |count: &dyn Fn(&Summary) -> u32| {
            self.rows.iter().map(|r| u64::from(count(&r.summary))).sum()
        };
        self.trades = sum(&Summary::trades);
        self.wins = sum(&|s| s.wins);
        self.totals = totals(&self.rows);
    }

    /// Wins over trades of all models.
    #[must_use]
    pub fn win_rate(&self) -> Option<f64> {
        (self.trades > 0).then(|| self.wins as f64 / self.trades as f64)
    }
}

/// Whether one total is above another by more than rounding: sums of the same amounts in another
/// order must tie. Totals are compensated sums, so that a cent in a trillion is no rounding.
#[must_use]
pub fn exceeds(a: f64, b: f64) -> bool {
    a - b > 1e-14 * a.abs().max(b.abs())
}

/// Orders rows and gives places. Ties share a place and stand by name.
fn place(rows: &mut [ModelRow], min_rank_n: u32) {
    let mut traded: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows.iter() {
        *traded.entry(row.key.currency.clone()).or_default() += u64::from(row.summary.trades());
    }
    let most_traded = |r: &ModelRow| Reverse(traded.get(&r.key.currency).copied());
    rows.sort_by(|a, b| {
        let listed = |r: &ModelRow| r.summary.trades() < min_rank_n;
        listed(a)
            .cmp(&listed(b))
            .then_with(|| most_traded(a).cmp(&most_traded(b)))
            .then_with(|| a.key.currency.cmp(&b.key.currency))
            .then_with(|| b.summary.total_pnl().total_cmp(&a.summary.total_pnl()))
            .then_with(|| a.key.cmp(&b.key))
    });
    for i in 0..rows.len() {
        if rows[i].summary.trades() < min_rank_n {
            continue;
        }
        let better = rows
            .iter()
            .filter(|r| {
                r.key.currency == rows[i].key.currency
                    && r.summary.trades() >= min_rank_n
                    && exceeds(r.summary.total_pnl(), rows[i].summary.total_pnl())
            })
            .count();
        rows[i].rank = u32::try_from(better + 1).ok();
    }
}

fn distinct_models(rows: &[ModelRow]) -> usize {
    let closed = rows.iter().filter(|r| r.summary.trades() > 0);
    let mut names: Vec<&str> = closed.map(|r| r.key.model.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.len()
}

fn totals(rows: &[ModelRow]) -> Vec<(String, f64)> {
    let mut sums: BTreeMap<&str, stats::CompensatedSum> = BTreeMap::new();
    for row in rows.iter().filter(|r| r.summary.trades() > 0) {
        // With what each total has lost to rounding, which may be all that is left of the sum.
        sums.entry(&row.key.currency)
            .or_default()
            .merge(row.summary.exact_total());
    }
    sums.into_iter()
        .map(|(currency, sum)| (currency.to_owned(), sum.value()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::point::tests::point;
    use super::*;
    use crate::domain::Range;

    fn book(pnls: &[f64]) -> Book {
        Book::new(
            pnls.iter()
                .enumerate()
                .map(|(i, p)| point(i as i64 * 1000, Some(*p), None))
                .collect(),
            [],
        )
    }

    fn key(model: &str) -> BookKey {
        BookKey {
            model: model.to_owned(),
            currency: "USD".to_owned(),
        }
    }

    #[test]
    fn a_trillion_hides_neither_a_place_nor_a_sum() {
        let range = Range::All.window(Timestamp::from_millis(1_000_000));
        let close = [
            (key("a"), book(&[1e12, 5.0])),
            (key("b"), book(&[1e12, 5.5])),
            (key("c"), book(&[0.1, 0.2, 1e12])),
            (key("d"), book(&[1e12, 0.2, 0.1])),
        ];
        let board = Leaderboard::of(close.iter().map(|(k, b)| (k, b)), &range, 1);
        let places: Vec<_> = board
            .rows
            .iter()
            .map(|r| (r.key.model.as_str(), r.rank))
            .collect();
        assert_eq!(
            places,
            [
                ("b", Some(1)),
                ("a", Some(2)),
                ("c", Some(3)),
                ("d", Some(3))
            ]
        );
        let cancel = [
            (key("a"), book(&[1e12, 2e-9])),
            (key("b"), book(&[-1e12, 1e-9])),
        ];
        let board = Leaderboard::of(cancel.iter().map(|(k, b)| (k, b)), &range, 1);
        assert!(
            (board.totals[0].1 - 3e-9).abs() < 1e-15,
            "{:?}",
            board.totals
        );
    }

    #[test]
    fn equal_totals_share_a_place_and_too_few_trades_have_none() {
        let books = [
            (key("b"), book(&[1.0; 12])),
            (key("a"), book(&[1.0; 12])),
            (key("c"), book(&[2.0; 10])),
            (key("d"), book(&[-1.0; 10])),
            (key("few"), book(&[100.0; 9])),
        ];
        let window = Range::All.window(Timestamp::from_millis(1_000_000));
        let board = Leaderboard::whole(books.iter().map(|(k, b)| (k, b)), &window, 10);
        let got: Vec<_> = board
            .rows
            .iter()
            .map(|r| (r.key.model.as_str(), r.rank))
            .collect();
        assert_eq!(
            got,
            [
                ("c", Some(1)),
                ("a", Some(2)),
                ("b", Some(2)),
                ("d", Some(4)),
                ("few", None)
            ]
        );
        assert_eq!(board.models, 5);
        assert_eq!(board.trades, 53);
        assert_eq!(board.totals, [("USD".to_owned(), 934.0)]);
    }
}
