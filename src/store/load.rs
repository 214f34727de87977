//! Reading everything that the in-memory board is made of.

use std::sync::LazyLock;
use std::thread;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};

use crate::analytics::{Book, BookKey};
use crate::domain::candle::LONGEST_CANDLE;
use crate::domain::fold::PriceAt;
use crate::domain::hash::FastMap;
use crate::domain::{
    Call, CallFacts, CallId, Fold, ImportedOutcome, Price, Rules, Span, Timestamp, TokenKey,
};

use super::calls::{CALL_COLUMNS, CallRecord, read_call, read_outcome};
use super::folds::{Stored, fold_of};
use super::{Store, StoreError};

/// A call with everything its outcome is read from.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredCall {
    /// The call.
    pub call: Call,
    /// Why it was taken out of every figure; `None` while it counts.
    pub voided: Option<String>,
    /// Where its samples have brought it.
    pub fold: Box<Fold>,
    /// What somebody else measured of it.
    pub imported: Option<ImportedOutcome>,
}

/// Everything that was recorded, as the board wants it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The books of all models.
    pub books: Vec<(BookKey, Book)>,
    /// All calls, in no order.
    pub calls: Vec<StoredCall>,
    /// Outcomes whose call is not known (yet).
    pub orphan_outcomes: usize,
    /// The earliest sample that lies after the as-of and was therefore not seen.
    pub next_unseen: Option<Timestamp>,
}

/// How many processors reading may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hurry {
    /// All of them: nothing else is there to be done.
    All,
    /// One: a thread that wakes up, for a key, finds another one free. Where all are taken, it may
    /// wait for the next tick of the kernel's clock, whatever its priority.
    One,
}

/// The numbers of calls that one thread reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    from: i64,
    to: i64,
}

/// All of them.
const EVERY: Part = Part {
    from: i64::MIN,
    to: i64::MAX,
};
/// So many numbers are read in the time that another connection takes to be there.
const WORTH_A_PART: i64 = 2_000;
/// Several processors may be there, but others want some too.
const MOST_PARTS: usize = 4;

/// How the other connections are opened.
const READING: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// Calls with their token and their fold; what comes behind chooses among them.
static FOLDED_CALLS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {CALL_COLUMNS}, f.state FROM call c \
         LEFT JOIN token t ON t.id = c.token_id LEFT JOIN fold f ON f.call_seq = c.seq"
    )
});

fn read_folded_call(row: &Row<'_>) -> rusqlite::Result<(CallRecord, Stored)> {
    let record = read_call(row)?;
    let fold = super::folds::decode(row.get_ref(15)?.as_blob_or_null()?);
    Ok((record, fold))
}

impl Store {
    /// Reads everything. With an `as_of`, no sample later and no candle that ends later
    /// than it has moved any fold.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn load(&self, as_of: Option<Timestamp>) -> Result<Loaded, StoreError> {
        let (books, loaded) = self.load_calls_beside(as_of, Hurry::All, Self::load_books);
        Ok(Loaded {
            books: books?,
            ..loaded?
        })
    }

    /// Reads everything but the books, and does something else meanwhile: books and calls have
    /// nothing in common, so they are read on connections of their own, many calls on several. What
    /// is committed between their looks at the file changes [`Store::foreign_changes`].
    pub fn load_calls_beside<T>(
        &self,
        as_of: Option<Timestamp>,
        hurry: Hurry,
        meanwhile: impl FnOnce(&Self) -> T,
    ) -> (T, Result<Loaded, StoreError>) {
        let parts = match hurry {
            Hurry::All => self.parts().unwrap_or_else(|_| vec![EVERY]),
            Hurry::One => vec![],
        };
        let (path, rules) = (self.path.as_path(), self.rules);
        thread::scope(|scope| {
            let read = |part: Part| {
                scope.spawn(move || {
                    let conn = Connection::open_with_flags(path, READING)?;
                    conn.busy_timeout(super::open::BUSY)?;
                    load_calls(&conn, &rules, as_of, part)
                })
            };
            let reading: Vec<_> = parts.into_iter().map(|part| (part, read(part))).collect();
            let done = meanwhile(self);
            let loaded = (|| {
                let next_unseen = self.next_sample_after(as_of)?;
                let mut imported = imported(&self.conn)?;
                let mut calls = match hurry {
                    Hurry::All => Vec::new(),
                    Hurry::One => load_calls(&self.conn, &rules, as_of, EVERY)?,
                };
                for (part, reading) in reading {
                    let read = reading.join();
                    let read =
                        read.unwrap_or_else(|_| load_calls(&self.conn, &rules, as_of, part))?;
                    if calls.is_empty() {
                        calls = read;
                    } else {
                        calls.extend(read);
                    }
                }
                if !imported.is_empty() {
                    for call in &mut calls {
                        call.imported = imported.remove(&call.call.id.0);
                    }
                }
                Ok(Loaded {
                    books: Vec::new(),
                    calls,
                    orphan_outcomes: imported.len(),
                    next_unseen,
                })
            })();
            (done, loaded)
        })
    }

    /// Stretches of calls that are worth a thread each.
    fn parts(&self) -> Result<Vec<Part>, StoreError> {
        let (first, last): (Option<i64>, Option<i64>) =
            self.conn
                .query_row("SELECT min(seq), max(seq) FROM call", [], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?;
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(vec![EVERY]);
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Ok(split(first, last, threads.min(MOST_PARTS)))
    }

    fn next_sample_after(&self, as_of: Option<Timestamp>) -> Result<Option<Timestamp>, StoreError> {
        let Some(as_of) = as_of else { return Ok(None) };
        // Only tokens that are folded beyond it can have any.
        let next: Option<i64> = self.conn.query_row(
            "SELECT min(at) FROM (\
             SELECT s.at AS at FROM folded f JOIN sample s \
             ON s.token_id = f.token_id AND s.at > ?1 WHERE f.up_to > ?1 \
             UNION ALL SELECT at FROM sample_recent WHERE at > ?1 \
             UNION ALL SELECT c.opened_at + c.interval_ms FROM folded f JOIN candle c \
             ON c.token_id = f.token_id AND c.opened_at + c.interval_ms > ?1 WHERE f.up_to > ?1)",
            [as_of.millis()],
            |row| row.get(0),
        )?;
        Ok(next.map(Timestamp::from_millis))
    }

    /// One call as it is stored now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn load_call(&self, id: &CallId) -> Result<Option<StoredCall>, StoreError> {
        let found = self
            .conn
            .prepare_cached(&format!("{} WHERE c.id = ?1", *FOLDED_CALLS))?
            .query_row([&id.0], read_folded_call)
            .optional()?;
        let Some((record, fold)) = found else {
            return Ok(None);
        };
        let imported = self
            .conn
            .prepare_cached(
                "SELECT peak_multiple, final_multiple, is_rug, observed_until, label \
                 FROM imported_outcome WHERE call_id = ?1",
            )?
            .query_row([&id.0], |row| read_outcome(row, 0))
            .optional()?;
        Ok(Some(StoredCall {
            fold: match (record.token_id, fold) {
                (_, Stored::Fold(fold)) => fold,
                (Some(token), Stored::Unreadable) => {
                    let facts = CallFacts::from(&record.call);
                    let end = facts.window_end(&self.rules);
                    Box::new(fold_of(
                        &self.conn,
                        &self.rules,
                        record.seq,
                        &facts,
                        token,
                        end,
                    )?)
                }
                _ => Box::new(Fold::start(&CallFacts::from(&record.call))),
            },
            voided: record.voided,
            call: record.call,
            imported,
        }))
    }

    /// The accepted prices and the closes of candles of a token over a span up to an instant,
    /// oldest first: what trailing changes and paths are drawn from.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn price_path(
        &self,
        token: &TokenKey,
        to: Timestamp,
        span: Span,
    ) -> Result<Vec<PriceAt>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT s.at AS at, s.price_usd, 0 AS interval \
             FROM token t CROSS JOIN sample s ON s.token_id = t.id \
             WHERE t.chain = ?1 AND t.address = ?2 AND s.at BETWEEN ?3 AND ?4 \
             AND s.state = 0 AND s.price_usd IS NOT NULL \
             UNION ALL \
             SELECT s.at, s.price_usd, 0 \
             FROM token t CROSS JOIN sample_recent s ON s.token_id = t.id \
             WHERE t.chain = ?1 AND t.address = ?2 AND s.at BETWEEN ?3 AND ?4 \
             AND s.state = 0 AND s.price_usd IS NOT NULL \
             UNION ALL \
             SELECT c.opened_at + c.interval_ms, c.close, c.interval_ms \
             FROM candle c JOIN token t ON t.id = c.token_id \
             WHERE t.chain = ?1 AND t.address = ?2 AND c.opened_at BETWEEN ?3 - ?5 AND ?4 \
             AND c.opened_at + c.interval_ms BETWEEN ?3 AND ?4 \
             ORDER BY 1, 3 DESC",
        )?;
        let rows = statement.query_map(
            params![
                token.chain(),
                token.address(),
                to.minus(span).millis(),
                to.millis(),
                LONGEST_CANDLE.millis()
            ],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, f64>(1)?)),
        )?;
        let mut path = Vec::new();
        for row in rows {
            let (at, price) = row?;
            path.extend(Price::new(price).map(|price| PriceAt {
                at: Timestamp::from_millis(at),
                price,
            }));
        }
        Ok(path)
    }
}

/// Cuts the calls from one number to another into parts, which hold every number there is: what
/// is added meanwhile belongs to the last.
fn split(first: i64, last: i64, most: usize) -> Vec<Part> {
    let numbers = last.saturating_sub(first).saturating_add(1);
    let most = i64::try_from(most).unwrap_or(1);
    let parts = (numbers / WORTH_A_PART).clamp(1, most.max(1));
    let begin = |part: i64| match part {
        0 => i64::MIN,
        part => first.saturating_add(numbers / parts * part),
    };
    (0..parts)
        .map(|part| Part {
            from: begin(part),
            to: if part + 1 == parts {
                i64::MAX
            } else {
                begin(part + 1) - 1
            },
        })
        .collect()
}

/// Every imported outcome, by the id of its call.
fn imported(conn: &Connection) -> Result<FastMap<String, ImportedOutcome>, StoreError> {
    Ok(conn
        .prepare(
            "SELECT call_id, peak_multiple, final_multiple, is_rug, observed_until, label \
             FROM imported_outcome",
        )?
        .query_map([], |row| Ok((row.get(0)?, read_outcome(row, 1)?)))?
        .collect::<Result<_, _>>()?)
}

/// The calls of a part, without what was imported of them.
fn load_calls(
    conn: &Connection,
    rules: &Rules,
    as_of: Option<Timestamp>,
    part: Part,
) -> Result<Vec<StoredCall>, StoreError> {
    let ours = super::folds::are_ours(conn, rules)?;
    // What is folded beyond the as-of: seldom any.
    let beyond = as_of.map_or(i64::MAX, Timestamp::millis);
    let up_to: FastMap<i64, i64> = conn
        .prepare("SELECT token_id, up_to FROM folded WHERE up_to > ?1")?
        .query_map([beyond], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut statement =
        conn.prepare(&format!("{} WHERE c.seq BETWEEN ?1 AND ?2", *FOLDED_CALLS))?;
    let rows = statement.query_map([part.from, part.to], read_folded_call)?;
    // A record is large: growing step by step would copy all of them several times.
    let count: i64 = conn.query_row("SELECT count(*) FROM call", [], |row| row.get(0))?;
    let numbers = part.to.saturating_sub(part.from).saturating_add(1);
    let mut calls = Vec::with_capacity(usize::try_from(count.min(numbers)).unwrap_or(0));
    for row in rows {
        let (record, fold) = row?;
        let facts = CallFacts::from(&record.call);
        let to = as_of.map_or(facts.window_end(rules), |as_of| {
            as_of.min(facts.window_end(rules))
        });
        // Stored folds serve as long as they were made by our rules and hold nothing later.
        let later = |token: i64| {
            to < facts.window_end(rules)
                && up_to.get(&token).is_some_and(|up_to| *up_to > to.millis())
        };
        let fold = match (record.token_id, fold) {
            (Some(token), Stored::Fold(fold)) if ours && !later(token) => fold,
            (Some(token), Stored::Fold(_) | Stored::Unreadable) => {
                Box::new(fold_of(conn, rules, record.seq, &facts, token, to)?)
            }
            _ => Box::new(Fold::start(&facts)),
        };
        calls.push(StoredCall {
            imported: None,
            voided: record.voided,
            call: record.call,
            fold,
        });
    }
    Ok(calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_hold_every_number_once() {
        for (first, last, most) in [
            (1, 1, 4),
            (1, WORTH_A_PART - 1, 4),
            (1, 10_000, 2),
            (5, 100_003, 3),
            (-50_000, 50_000, 4),
            (i64::MIN, i64::MAX, 4),
        ] {
            let parts = split(first, last, most);
            assert!(parts.len() <= most);
            assert_eq!(
                (parts[0].from, parts[parts.len() - 1].to),
                (i64::MIN, i64::MAX)
            );
            for two in parts.windows(2) {
                assert_eq!(two[0].to + 1, two[1].from);
                assert!(two[0].from <= two[0].to);
            }
        }
        assert_eq!(split(1, 10_000, 2).len(), 2);
        assert_eq!(split(1, 10_000, 2)[1].from, 5_001);
        assert_eq!(split(1, 100, 8), vec![EVERY]);
    }

    #[test]
    fn parts_read_at_once_are_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("x.db"), Rules::default()).unwrap();
        let at = Timestamp::from_millis(1_790_000_000_000);
        let calls: Vec<Call> = (0..2 * WORTH_A_PART + 3)
            .map(|i| Call {
                id: CallId(format!("call{i}")),
                source: "s".to_owned(),
                chain: "test".to_owned(),
                token: TokenKey::new(Some("test"), &format!("t{i}")),
                symbol: None,
                name: None,
                called_at: at.plus(Span::minutes(i)),
                stated_entry: Price::new(1.0),
                market_cap_usd: None,
                liquidity_usd: None,
                rejected_by: None,
                features: crate::domain::Features::default(),
            })
            .collect();
        store.put_calls(&calls).unwrap();
        let outcome = ImportedOutcome {
            is_rug: Some(true),
            ..ImportedOutcome::default()
        };
        let ids =
            ["call0", "call4002", "nobody's"].map(|id| (CallId(id.to_owned()), outcome.clone()));
        store.put_outcomes(&ids).unwrap();
        let read = |hurry| store.load_calls_beside(None, hurry, |_| ()).1.unwrap();
        let (all, one) = (read(Hurry::All), read(Hurry::One));
        assert_eq!(all.calls.len(), calls.len());
        assert_eq!(all.calls.iter().filter(|c| c.imported.is_some()).count(), 2);
        assert_eq!((all.orphan_outcomes, one.orphan_outcomes), (1, 1));
        assert!(all.calls == one.calls);
    }
}
