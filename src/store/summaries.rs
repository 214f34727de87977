//! Closed trades packed per (book, day) and summed up per (book, hour).

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension, params};

use crate::analytics::book::day_of;
use crate::analytics::{Book, BookKey, Point, Summary};
use crate::domain::{Task, Timestamp, Work};

use super::trades::{DayChange, Seq, each_of};
use super::{Store, StoreError};

/// Trades between two words on how far it has come.
const TOLD_EVERY: u64 = 10_000;

impl Store {
    /// Packs and sums up every closed trade again.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn rebuild_summaries(&mut self) -> Result<(), StoreError> {
        self.rebuild_summaries_telling(&mut |_| {})
    }

    /// The same, telling how far it has come.
    pub(super) fn rebuild_summaries_telling(
        &mut self,
        tell: &mut dyn FnMut(Work),
    ) -> Result<(), StoreError> {
        self.write(|tx, _| {
            tx.execute_batch("DELETE FROM trade_day; DELETE FROM trade_hour;")?;
            let mut work = Work::begun(Task::Sums);
            let mut days: BTreeMap<(i64, i64), DayChange> = BTreeMap::new();
            for (book, key) in books_of(tx)? {
                each_of(tx, book, &key, |ordinal, trade| {
                    work.done += 1;
                    if work.done.is_multiple_of(TOLD_EVERY) {
                        tell(work.clone());
                    }
                    if let Some(point) = Point::of(&trade, ordinal) {
                        let day = (book, day_of(point.closed_at()));
                        days.entry(day).or_default().add(point);
                    }
                    Ok::<_, StoreError>(())
                })?;
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
        read_books(&self.conn)
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
        load_book(&self.conn, id)
    }
}

/// Every book.
fn read_books(conn: &Connection) -> Result<Vec<(BookKey, Book)>, StoreError> {
    let names = books_of(conn)?;
    let mut books = Vec::with_capacity(names.len());
    for (id, key) in names {
        books.push((key, load_book(conn, id)?));
    }
    Ok(books)
}

fn load_book(conn: &Connection, id: i64) -> Result<Book, StoreError> {
    // All at once: a vector that grows to millions of points is copied over and over.
    let mut points: Vec<Point> = Vec::with_capacity(points_of(conn, id)?);
    let mut days =
        conn.prepare_cached("SELECT points FROM trade_day WHERE book_id = ?1 ORDER BY day")?;
    let mut rows = days.query([id])?;
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(0)?.as_blob().unwrap_or_default();
        points.extend(postcard::from_bytes::<Vec<Point>>(bytes)?);
    }
    let mut hourly: HashMap<i64, Summary> = HashMap::new();
    let mut hours =
        conn.prepare_cached("SELECT hour, summary FROM trade_hour WHERE book_id = ?1")?;
    let mut rows = hours.query([id])?;
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(1)?.as_blob().unwrap_or_default();
        hourly.insert(row.get(0)?, postcard::from_bytes(bytes)?);
    }
    let mut open =
        conn.prepare_cached("SELECT opened_at FROM open_trade WHERE seq BETWEEN ?1 AND ?2")?;
    let (first, last) = Seq::of_book(id);
    let open: Vec<Option<Timestamp>> = open
        .query_map([first.raw(), last.raw()], |row| {
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

/// How many points a book has: each packed day begins with its number.
fn points_of(conn: &Connection, book: i64) -> Result<usize, StoreError> {
    let mut days =
        conn.prepare_cached("SELECT substr(points, 1, 10) FROM trade_day WHERE book_id = ?1")?;
    let mut rows = days.query([book])?;
    let mut all = 0;
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(0)?.as_blob().unwrap_or_default();
        all += postcard::take_from_bytes::<usize>(bytes)?.0;
    }
    Ok(all)
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
    let before = match &old {
        Some(bytes) => postcard::from_bytes(bytes)?,
        None => Vec::new(),
    };
    let points = change.over(before);
    tx.prepare_cached("DELETE FROM trade_hour WHERE book_id = ?1 AND hour >= ?2 AND hour < ?3")?
        .execute(params![book, day * 24, (day + 1) * 24])?;
    if points.is_empty() {
        tx.prepare_cached("DELETE FROM trade_day WHERE book_id = ?1 AND day = ?2")?
            .execute(params![book, day])?;
        return Ok(());
    }
    tx.prepare_cached(if old.is_some() {
        "UPDATE trade_day SET points = ?3 WHERE book_id = ?1 AND day = ?2"
    } else {
        "INSERT INTO trade_day (book_id, day, points) VALUES (?1, ?2, ?3)"
    })?
    .execute(params![book, day, postcard::to_stdvec(&points)?])?;
    for of_hour in points.chunk_by(|a, b| a.closed_at().hour() == b.closed_at().hour()) {
        let hour = of_hour.first().map_or(0, |p| p.closed_at().hour());
        let summary = postcard::to_stdvec(&Summary::of(of_hour))?;
        tx.prepare_cached("INSERT INTO trade_hour (book_id, hour, summary) VALUES (?1, ?2, ?3)")?
            .execute(params![book, hour, summary])?;
    }
    Ok(())
}

/// Every book's row id and name, by name.
pub(super) fn books_of(conn: &Connection) -> Result<Vec<(i64, BookKey)>, StoreError> {
    let mut books =
        conn.prepare_cached("SELECT id, model, currency FROM book ORDER BY model, currency")?;
    let books = books.query_map([], |row| {
        let model = row.get(1)?;
        let currency = row.get(2)?;
        Ok((row.get(0)?, BookKey { model, currency }))
    })?;
    Ok(books.collect::<Result<_, _>>()?)
}
