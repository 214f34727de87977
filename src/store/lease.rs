//! The lease: which program polls. One row, taken and renewed in transactions of its own.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::domain::Timestamp;

use super::{Store, StoreError};

/// Who may hold the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Unique to this run of this program.
    pub owner: String,
    /// Its process.
    pub pid: u32,
    /// Its machine.
    pub host: String,
}

/// The lease as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Who holds it.
    pub holder: Holder,
    /// Counts up while the holder lives.
    pub beat: i64,
    /// When it counted last, by the holder's clock.
    pub at: Timestamp,
}

impl Store {
    /// Who holds the lease, if anybody does.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn lease(&self) -> Result<Option<Lease>, StoreError> {
        Ok(read(&self.conn)?)
    }

    /// Takes the lease if it is free, ours, or still as it was when its holder was found dead.
    /// Whether it is ours now.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn take_lease(
        &mut self,
        me: &Holder,
        dead: Option<&Lease>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let tx = self
            .conn
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let held = read(&tx)?;
        let free = held.as_ref().is_none_or(|lease| {
            lease.holder.owner == me.owner
                || dead.is_some_and(|d| d.holder == lease.holder && d.beat == lease.beat)
        });
        if free {
            let beat = held.map_or(0, |lease| lease.beat.wrapping_add(1));
            tx.execute(
                "INSERT OR REPLACE INTO lease (one, owner, pid, host, beat, at) \
                 VALUES (1, ?1, ?2, ?3, ?4, ?5)",
                params![me.owner, me.pid, me.host, beat, now.millis()],
            )?;
        }
        tx.commit()?;
        Ok(free)
    }

    /// Shows that the holder lives; whether it still is the holder.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn renew_lease(&mut self, me: &Holder, now: Timestamp) -> Result<bool, StoreError> {
        let renewed = self.conn.execute(
            "UPDATE lease SET beat = beat + 1, at = ?2 WHERE owner = ?1",
            params![me.owner, now.millis()],
        )?;
        Ok(renewed > 0)
    }

    /// Gives the lease back, so that another program need not wait.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn drop_lease(&mut self, me: &Holder) -> Result<(), StoreError> {
        self.conn
            .execute("DELETE FROM lease WHERE owner = ?1", [&me.owner])?;
        Ok(())
    }
}

fn read(conn: &Connection) -> rusqlite::Result<Option<Lease>> {
    conn.prepare_cached("SELECT owner, pid, host, beat, at FROM lease")?
        .query_row([], |row| {
            Ok(Lease {
                holder: Holder {
                    owner: row.get(0)?,
                    pid: row.get(1)?,
                    host: row.get(2)?,
                },
                beat: row.get(3)?,
                at: Timestamp::from_millis(row.get(4)?),
            })
        })
        .optional()
}
