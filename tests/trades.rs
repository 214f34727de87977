//! Trades in their chunks: what was put in is what comes out, in any order, however often it is
//! corrected, and from a file of the time when each was a row.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

use callboard::domain::{Confidence, Rules, Side, Span, Timestamp, Trade};
use callboard::store::{Put, Store};
use proptest::prelude::*;
use rusqlite::{Connection, params};

const T0: Timestamp = Timestamp::from_millis(1_760_000_000_000);

fn open(path: &Path) -> Store {
    Store::open(path, Rules::default()).unwrap()
}

/// The `i`-th trade of a world: models, currencies and unknowns mixed.
fn trade(i: i64) -> Trade {
    let some = |yes: bool, value: f64| yes.then_some(value);
    Trade {
        id: format!("trade {i}"),
        model: format!("model {}", i % 5),
        symbol: (i % 3 != 0).then(|| "SÖL".to_owned()),
        side: [None, Some(Side::Long), Some(Side::Short)][(i % 3) as usize],
        quantity: some(i % 7 != 0, i as f64),
        entry_price: some(i % 2 == 0, 1e-12),
        exit_price: some(i % 4 == 0, 1e6),
        opened_at: (i % 6 != 0).then(|| T0.plus(Span::minutes(i))),
        closed_at: (i % 9 != 0).then(|| T0.plus(Span::minutes(i + 30))),
        realized_pnl: some(i % 8 != 0, i as f64 - 50.0),
        fee: some(i % 5 != 0, 0.25),
        cost: some(i % 10 == 0, 0.01),
        confidence: Confidence::from_fraction((i % 101) as f64 / 100.0),
        currency: Some(["USD", "SOL"][(i % 2) as usize].to_owned()),
    }
}

/// Every trade of a file by its id.
fn all(store: &Store) -> BTreeMap<String, Trade> {
    let mut found = BTreeMap::new();
    for (key, _) in store.load_books().unwrap() {
        for trade in store.trades_of(&key).unwrap() {
            assert_eq!(
                (&trade.model, trade.currency()),
                (&key.model, key.currency.as_str())
            );
            assert_eq!(found.insert(trade.id.clone(), trade), None, "twice");
        }
    }
    found
}

/// Everything of the books but the mark that makes each of them one of a kind.
fn books(store: &Store) -> String {
    let text = format!("{:?}", store.load_books().unwrap());
    let mut parts = text.split("Book { id: ");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        out.push_str(part.split_once(", ").unwrap().1);
    }
    out
}

#[test]
fn a_file_with_a_row_per_trade_is_taken_over_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
    let trades: Vec<Trade> = (0..500).map(trade).collect();
    let conn = Connection::open(&old).unwrap();
    for sql in [
        include_str!("../assets/migrations/0001_spine.sql"),
        include_str!("../assets/migrations/0002_candles.sql"),
        include_str!("../assets/migrations/0003_void.sql"),
    ] {
        conn.execute_batch(sql).unwrap();
    }
    for (seq, t) in (1i64..).zip(&trades) {
        conn.execute(
            "INSERT OR IGNORE INTO book (model, currency) VALUES (?1, ?2)",
            params![t.model, t.currency()],
        )
        .unwrap();
        conn.execute(
            "INSERT INTO trade (seq, id, book_id, symbol, side, quantity, entry_price, exit_price, \
             opened_at, closed_at, realized_pnl, fee, cost, confidence) \
             SELECT ?1, ?2, id, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15 FROM book \
             WHERE model = ?3 AND currency = ?4",
            params![
                seq,
                t.id,
                t.model,
                t.currency(),
                t.symbol,
                t.side.map(Side::name),
                t.quantity,
                t.entry_price,
                t.exit_price,
                t.opened_at.map(Timestamp::millis),
                t.closed_at.map(Timestamp::millis),
                t.realized_pnl,
                t.fee,
                t.cost,
                t.confidence.map(Confidence::fraction),
            ],
        )
        .unwrap();
    }
    conn.execute_batch("PRAGMA application_id = 0x434C4244; PRAGMA user_version = 3;")
        .unwrap();
    drop(conn);

    let mut moved = open(&old);
    let mut fresh = open(&new);
    fresh.put_trades(&trades).unwrap();
    let want: BTreeMap<_, _> = trades.iter().map(|t| (t.id.clone(), t.clone())).collect();
    assert_eq!(all(&moved), want);
    assert_eq!(all(&fresh), want);
    assert_eq!(books(&moved), books(&fresh));
    // And they are known: the same again changes nothing, by its id.
    let (puts, changed) = moved.put_trades(&trades).unwrap();
    assert!(puts.iter().all(|put| *put == Put::Unchanged));
    assert_eq!(changed, []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_was_put_in_last_comes_out(
        batches in prop::collection::vec(
            prop::collection::vec((0i64..400, 0i64..5, any::<bool>()), 0..200),
            1..5,
        ),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let mut want = BTreeMap::new();
        for batch in batches {
            // Opened anew each time: nothing may live in memory only.
            let mut store = open(&path);
            let mut trades = Vec::new();
            for (i, model, closed) in batch {
                let mut next = trade(i);
                next.model = format!("model {model}");
                let old: Option<&Trade> = want.get(&next.id);
                // Known values are never forgotten.
                next.closed_at = next.closed_at.filter(|_| closed);
                trades.push(next.clone());
                next.closed_at = next.closed_at.or(old.and_then(|o| o.closed_at));
                want.insert(next.id.clone(), next);
            }
            store.begin().unwrap();
            store.put_trades(&trades).unwrap();
            store.commit().unwrap();
            prop_assert_eq!(all(&store), want.clone());
            let moved = books(&store);
            store.rebuild_summaries().unwrap();
            prop_assert_eq!(moved, books(&store));
        }
    }
}
