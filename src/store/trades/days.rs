//! Days whose packed points are still to be written.

use std::collections::BTreeMap;

use foldhash::HashMap;
use rusqlite::Connection;

use crate::analytics::Point;
use crate::analytics::book::day_of;
use crate::domain::Timestamp;

use super::super::StoreError;
use super::super::summaries::change_day;
use super::chunks::Seq;

/// Points that may wait before days that nothing has touched for a while are written: some
/// megabytes. Files are mostly in the order of time or of the models, so such a day is done with.
const MANY: usize = 1 << 17;
/// Points that may wait at all.
const MOST: usize = 16 * MANY;

/// How the points of one book's day change.
#[derive(Debug, Default)]
pub(in crate::store) struct DayChange {
    add: Vec<Point>,
    /// Ordinals of trades whose old points go: those in the file, and of the added ones so many of
    /// the first. Nothing is looked for before the end, when it is done for all of them at once.
    remove: HashMap<i64, usize>,
    /// The round in which it was touched last.
    round: u32,
}

impl DayChange {
    /// A trade counts from now on.
    pub fn add(&mut self, point: Point) {
        self.add.push(point);
    }

    /// The points of the day, given those in the file.
    pub fn over(self, old: Vec<Point>) -> Vec<Point> {
        let Self { add, remove, .. } = self;
        let mut points = old;
        points.retain(|point| !remove.contains_key(&point.seq()));
        let stays = |(at, point): &(usize, Point)| {
            let removed = remove.get(&point.seq());
            removed.is_none_or(|removed| at >= removed)
        };
        points.extend(add.into_iter().enumerate().filter(stays).map(|(_, p)| p));
        points.sort_by_key(|p| (p.closed_at(), p.seq()));
        points
    }
}

/// The days that a transaction changes, by book and day.
#[derive(Debug)]
pub(super) struct Days {
    changes: BTreeMap<(i64, i64), DayChange>,
    /// Points that wait.
    points: usize,
    round: u32,
    /// [`MANY`] and [`MOST`]: tests need not write millions.
    many: usize,
    most: usize,
}

impl Default for Days {
    fn default() -> Self {
        Self {
            changes: BTreeMap::new(),
            points: 0,
            round: 0,
            many: MANY,
            most: MOST,
        }
    }
}

impl Days {
    /// A closed trade counts from now on.
    pub fn add(&mut self, book: i64, point: Point) {
        self.points += 1;
        self.day(book, point.closed_at()).add(point);
    }

    /// A trade that was closed at an instant does not count any more as it was.
    pub fn remove(&mut self, seq: Seq, closed_at: Timestamp) {
        let day = self.day(seq.book(), closed_at);
        day.remove.insert(seq.ordinal(), day.add.len());
    }

    fn day(&mut self, book: i64, at: Timestamp) -> &mut DayChange {
        let day = self.changes.entry((book, day_of(at))).or_default();
        day.round = self.round;
        day
    }

    /// Writes the days that nothing has touched since the last time, where many points wait.
    pub fn relieve(&mut self, tx: &Connection) -> Result<(), StoreError> {
        if self.points < self.many {
            return Ok(());
        }
        let all = self.points >= self.most;
        let round = self.round;
        let done = self
            .changes
            .extract_if(.., |_, day| all || day.round != round);
        for ((book, day), change) in done {
            self.points -= change.add.len();
            change_day(tx, book, day, change)?;
        }
        self.round = self.round.wrapping_add(1);
        Ok(())
    }

    /// Writes all of them.
    pub fn flush(self, tx: &Connection) -> Result<(), StoreError> {
        for ((book, day), change) in self.changes {
            change_day(tx, book, day, change)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::names::Names;
    use super::super::super::{Put, Store};
    use super::super::{Changes, put_all, settle};
    use super::*;
    use crate::domain::{Rules, Trade, Window};

    fn trade(id: u8, model: u8, hour: u8, pnl: i8) -> Trade {
        Trade {
            id: format!("t{id}"),
            model: format!("m{}", model % 3),
            symbol: None,
            side: None,
            quantity: None,
            entry_price: None,
            exit_price: None,
            opened_at: None,
            closed_at: Some(Timestamp::from_millis(i64::from(hour) * 3_600_000)),
            realized_pnl: Some(f64::from(pnl)),
            fee: None,
            cost: None,
            confidence: None,
            currency: Some("USD".to_owned()),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// New trades, and known ones whose model, day or P&L changes, in parts of one
        /// transaction whose days are written early.
        #[test]
        fn days_that_are_written_early_are_whole(
            rows in prop::collection::vec((0..60_u8, any::<u8>(), any::<u8>(), any::<i8>()), 1..200),
            part in 1..20_usize,
            many in 1..30_usize,
            most in 1..60_usize,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut store = Store::open(&folder.path().join("days.db"), Rules::default()).unwrap();
            let mut known = std::collections::HashMap::new();
            let trades: Vec<Trade> = rows.iter().map(|&(i, m, h, p)| trade(i, m, h, p)).collect();
            let mut changes = Changes::default();
            (changes.days.many, changes.days.most) = (many, most);
            let mut names = Names::default();
            for part in trades.chunks(part) {
                let puts = put_all(&store.conn, &mut names, part, &mut changes).unwrap();
                for (put, trade) in puts.into_iter().zip(part) {
                    let new = known.insert(trade.id.clone(), trade.clone()).is_none();
                    prop_assert_eq!(put == Put::New, new);
                }
            }
            settle(&store.conn, changes).unwrap();
            // Points without trades of their hours, or hours without points, would show here.
            let figures = |store: &Store| {
                let (mut points, mut hours) = (Vec::new(), Vec::new());
                for (key, book) in store.load_books().unwrap() {
                    let ever = Window { from: None, to: Timestamp::from_millis(i64::MAX) };
                    let all = book.points(&ever);
                    points.extend(all.iter().map(|p| (key.clone(), p.closed_at(), p.seq(), p.pnl())));
                    hours.extend(book.hourly().map(|(hour, sums)| (key.clone(), hour, sums)));
                }
                (points, hours)
            };
            let early = figures(&store);
            let sum: f64 = known.values().filter_map(|t| t.realized_pnl).sum();
            prop_assert_eq!(early.0.len(), known.len());
            prop_assert_eq!(early.0.iter().filter_map(|p| p.3).sum::<f64>(), sum);
            store.rebuild_summaries().unwrap();
            prop_assert_eq!(figures(&store), early);
        }
    }
}
