//! Whether every trade lies where it can be found.

use rusqlite::Connection;

use super::super::StoreError;
use super::super::summaries::books_of;
use super::chunks::{Seq, each_of};
use super::ids::{Ids, hash};

/// What is wrong with the trades of each book, in words: numbers that are not in order or stand
/// twice, and trades that their id does not lead to.
pub(in crate::store) fn astray(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut ids = Ids::default();
    let mut found = Vec::new();
    for (book, key) in books_of(conn)? {
        let (mut last, mut twice, mut lost) = (-1, 0_u64, 0_u64);
        each_of(conn, book, &key, |ordinal, trade| {
            twice += u64::from(ordinal <= last);
            last = ordinal;
            let seq = Seq::new(book, ordinal);
            let mut hash = hash(&trade.id);
            // Of ids with one hash each took the next free one.
            loop {
                match ids.get(conn, hash)? {
                    Some(its) if its == seq => break,
                    Some(_) => hash = hash.wrapping_add(1),
                    None => {
                        lost += 1;
                        break;
                    }
                }
            }
            Ok::<_, StoreError>(())
        })?;
        for (n, what) in [
            (twice, "share a number"),
            (lost, "are not found by their id"),
        ] {
            if n > 0 {
                found.push(format!("{n} trades of {} {what}", key.model));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::super::Store;
    use crate::domain::{Rules, Timestamp, Trade};

    #[test]
    fn trades_that_lie_twice_or_that_no_id_leads_to_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("x.db"), Rules::default()).unwrap();
        let trades: Vec<Trade> = (0..100)
            .map(|i| Trade {
                id: format!("t{i}"),
                model: "m".to_owned(),
                symbol: None,
                side: None,
                quantity: None,
                entry_price: None,
                exit_price: None,
                opened_at: None,
                closed_at: Some(Timestamp::from_millis(i)),
                realized_pnl: Some(1.0),
                fee: None,
                cost: None,
                confidence: None,
                currency: None,
            })
            .collect();
        store.put_trades(&trades).unwrap();
        assert_eq!(store.integrity().unwrap(), Vec::<String>::new());
        let spoil = |store: &Store, sql: &str| store.conn.execute_batch(sql).unwrap();
        spoil(
            &store,
            "UPDATE trade_chunk SET trades = CAST(trades || trades AS BLOB) WHERE chunk & 1",
        );
        assert_eq!(store.integrity().unwrap(), ["1 trades of m share a number"]);
        spoil(&store, "DELETE FROM trade_ids");
        let found = store.integrity().unwrap();
        assert!(
            found.contains(&"136 trades of m are not found by their id".to_owned()),
            "{found:?}"
        );
    }
}
