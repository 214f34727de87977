//! Closed trades packed per (book, day) and summed up per (book, hour).

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension, params};

use crate::analytics::book::day_of;
use crate::analytics::{Book, BookKey, Point, Summary};
use crate::domain::{Confidence, Side, Timestamp, Trade};

use super::trades::DayChange;
use super::{Store, StoreError};

impl Store {
    /// Packs and sums up every closed trade again.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn rebuild_summaries(&mut self) -> Result<(), StoreError> {
        self.write(|tx, _| {
            tx.execute_batch("DELETE FROM trade_day; DELETE FROM trade_hour;")?;
            let mut days: BTreeMap<(i64, i64), DayChange> = BTreeMap::new();
            let mut trades = tx.prepare(
                "SELECT book_id, seq, opened_at, closed_at, realized_pnl, fee, cost, confidence, \
                 side FROM trade WHERE closed_at IS NOT NULL ORDER BY seq",
            )?;
            let mut rows = trades.query([])?;
            while let Some(row) = rows.next()? {
                if let Some(point) = read_point(row)? {
                    let day = (row.get(0)?, day_of(point.closed_at()));
                    days.entry(day).or_default().add.push(point);
                }
            }
            for ((book, day), change) in days {
                change_day(tx, book, day, change)?;
            }
            let version = crate::analytics::summary::VERSION.to_string();
            super::folds::set_meta(tx, "summaries", &version)
        })
    }

    /// Every book, from the packed days and the hourly summaries: no trade is read.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn load_books(&self) -> Result<Vec<(BookKey, Book)>, StoreError> {
        let mut names = self
            .conn
            .prepare("SELECT id, model, currency FROM book ORDER BY model, currency")?;
        let names = names
            .query_map([], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    BookKey {
                        model: row.get(1)?,
                        currency: row.get(2)?,
                    },
                ))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        let mut books = Vec::with_capacity(names.len());
        for (id, key) in names {
            books.push((key, self.load_book(id)?));
        }
        Ok(books)
    }

    /// The book of one model in one currency, as of the latest commit.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn load_book_of(&self, key: &BookKey) -> Result<Book, StoreError> {
        let id = self
            .conn
            .prepare_cached("SELECT id FROM book WHERE model = ?1 AND currency = ?2")?
            .query_row([&key.model, &key.currency], |row| row.get(0))?;
        self.load_book(id)
    }

    fn load_book(&self, id: i64) -> Result<Book, StoreError> {
        let mut points: Vec<Point> = Vec::new();
        let mut days = self
            .conn
            .prepare_cached("SELECT points FROM trade_day WHERE book_id = ?1 ORDER BY day")?;
        let mut rows = days.query([id])?;
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(0)?.as_blob().unwrap_or_default();
            points.extend(postcard::from_bytes::<Vec<Point>>(bytes)?);
        }
        let mut hourly: HashMap<i64, Summary> = HashMap::new();
        let mut hours = self
            .conn
            .prepare_cached("SELECT hour, summary FROM trade_hour WHERE book_id = ?1")?;
        let mut rows = hours.query([id])?;
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(1)?.as_blob().unwrap_or_default();
            hourly.insert(row.get(0)?, postcard::from_bytes(bytes)?);
        }
        let mut open = self.conn.prepare_cached(
            "SELECT opened_at FROM trade WHERE book_id = ?1 AND closed_at IS NULL",
        )?;
        let open: Vec<Option<Timestamp>> = open
            .query_map([id], |row| {
                Ok(row.get::<_, Option<i64>>(0)?.map(Timestamp::from_millis))
            })?
            .collect::<Result<_, _>>()?;
        Ok(Book::with_summaries(points, open, |hour, of_hour| {
            hourly
                .get(&hour)
                .copied()
                .unwrap_or_else(|| Summary::of(of_hour))
        }))
    }
}

/// Packs and sums up a day of a book anew after some of its trades have changed.
pub(super) fn change_day(
    tx: &Connection,
    book: i64,
    day: i64,
    change: DayChange,
) -> Result<(), StoreError> {
    let old: Option<Vec<u8>> = tx
        .prepare_cached("SELECT points FROM trade_day WHERE book_id = ?1 AND day = ?2")?
        .query_row([book, day], |row| row.get(0))
        .optional()?;
    let mut points: Vec<Point> = match old {
        Some(bytes) => postcard::from_bytes(&bytes)?,
        None => Vec::new(),
    };
    points.retain(|p| !change.remove.contains(&p.seq()));
    points.extend(change.add);
    points.sort_by_key(|p| (p.closed_at(), p.seq()));
    tx.prepare_cached("DELETE FROM trade_hour WHERE book_id = ?1 AND hour >= ?2 AND hour < ?3")?
        .execute(params![book, day * 24, (day + 1) * 24])?;
    if points.is_empty() {
        tx.prepare_cached("DELETE FROM trade_day WHERE book_id = ?1 AND day = ?2")?
            .execute(params![book, day])?;
        return Ok(());
    }
    tx.prepare_cached(
        "INSERT OR REPLACE INTO trade_day (book_id, day, points) VALUES (?1, ?2, ?3)",
    )?
    .execute(params![book, day, postcard::to_stdvec(&points)?])?;
    for of_hour in points.chunk_by(|a, b| a.closed_at().hour() == b.closed_at().hour()) {
        let hour = of_hour.first().map_or(0, |p| p.closed_at().hour());
        let summary = postcard::to_stdvec(&Summary::of(of_hour))?;
        tx.prepare_cached(
            "INSERT OR REPLACE INTO trade_hour (book_id, hour, summary) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![book, hour, summary])?;
    }
    Ok(())
}

fn read_point(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Point>> {
    let time = |at: usize| -> rusqlite::Result<Option<Timestamp>> {
        Ok(row.get::<_, Option<i64>>(at)?.map(Timestamp::from_millis))
    };
    let trade = Trade {
        id: String::new(),
        model: String::new(),
        symbol: None,
        side: row
            .get::<_, Option<String>>(8)?
            .and_then(|side| Side::parse(&side)),
        quantity: None,
        entry_price: None,
        exit_price: None,
        opened_at: time(2)?,
        closed_at: time(3)?,
        realized_pnl: row.get(4)?,
        fee: row.get(5)?,
        cost: row.get(6)?,
        confidence: row
            .get::<_, Option<f64>>(7)?
            .and_then(Confidence::from_fraction),
        currency: None,
    };
    Ok(Point::of(&trade, row.get(1)?))
}
