//! From the rows of schema 3 to chunks.

use rusqlite::{Connection, Row};

use crate::domain::{Confidence, Side, Task, Timestamp, Trade, Work};

use super::super::StoreError;
use super::super::names::Names;
use super::{Changes, put_all, settle};

/// Trades that are moved at once.
const BATCH: usize = 10_000;

/// Moves the trades of `trade_row` into chunks, and packs their days anew.
pub(in crate::store) fn move_rows(
    tx: &Connection,
    tell: &mut dyn FnMut(Work),
) -> Result<(), StoreError> {
    let count = |sql| tx.query_row(sql, [], |row| row.get::<_, i64>(0));
    let all = count("SELECT count(*) FROM trade_row")?.unsigned_abs();
    let mut moved = 0;
    tx.execute_batch("DELETE FROM trade_day; DELETE FROM trade_hour;")?;
    let mut names = Names::default();
    let mut changes = Changes::default();
    {
        let mut select = tx.prepare(
            "SELECT t.id, b.model, b.currency, t.symbol, t.side, t.quantity, t.entry_price, \
             t.exit_price, t.opened_at, t.closed_at, t.realized_pnl, t.fee, t.cost, t.confidence \
             FROM trade_row t JOIN book b ON b.id = t.book_id ORDER BY t.seq",
        )?;
        let mut rows = select.query([])?;
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(row) = rows.next()? {
            batch.push(read_trade(row)?);
            if batch.len() >= BATCH {
                put_all(tx, &mut names, &batch, &mut changes)?;
                moved += batch.len() as u64;
                tell(Work::of(Task::Trades, moved, all));
                batch.clear();
            }
        }
        put_all(tx, &mut names, &batch, &mut changes)?;
    }
    settle(tx, changes)?;
    tx.execute_batch("DROP TABLE trade_row")?;
    Ok(())
}

fn read_trade(row: &Row<'_>) -> rusqlite::Result<Trade> {
    let time = |at: usize| -> rusqlite::Result<Option<Timestamp>> {
        Ok(row.get::<_, Option<i64>>(at)?.map(Timestamp::from_millis))
    };
    Ok(Trade {
        id: row.get(0)?,
        model: row.get(1)?,
        currency: row.get(2)?,
        symbol: row.get(3)?,
        side: row
            .get::<_, Option<String>>(4)?
            .and_then(|side| Side::parse(&side)),
        quantity: row.get(5)?,
        entry_price: row.get(6)?,
        exit_price: row.get(7)?,
        opened_at: time(8)?,
        closed_at: time(9)?,
        realized_pnl: row.get(10)?,
        fee: row.get(11)?,
        cost: row.get(12)?,
        confidence: row
            .get::<_, Option<f64>>(13)?
            .and_then(Confidence::from_fraction),
    })
}
