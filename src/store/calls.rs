//! Calls and imported outcomes.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::token::UNKNOWN_CHAIN;
use crate::domain::{
    Call, CallId, Features, ImportedOutcome, Multiple, Price, Timestamp, TokenKey,
};

use super::names::{self, Names};
use super::{FoldChange, Put, Store, StoreError};

/// The columns of a call with its token, in the order that [`read_call`] expects.
pub(super) const CALL_COLUMNS: &str = "c.seq, c.id, c.source, c.chain, t.address, c.symbol, c.name, c.called_at, \
     c.entry_price, c.market_cap_usd, c.liquidity_usd, c.rejected_by, c.features, c.voided, c.token_id";

impl Store {
    /// Stores calls in one transaction. A known call only has its unknowns filled; one that
    /// contradicts what is known is refused, since features are as of the call.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing of it is stored.
    pub fn put_calls(&mut self, calls: &[Call]) -> Result<(Vec<Put>, Vec<FoldChange>), StoreError> {
        let rules = self.rules;
        self.write(|tx, known_names| {
            super::folds::ensure_ours(tx, &rules)?;
            let mut puts = Vec::with_capacity(calls.len());
            let mut to_fold = Vec::new();
            for call in calls {
                let (put, seq) = put_call(tx, known_names, call)?;
                if matches!(put, Put::New | Put::Updated) {
                    to_fold.extend(seq);
                }
                puts.push(put);
            }
            to_fold.sort_unstable();
            to_fold.dedup();
            let changes = super::folds::refold_calls(tx, &rules, &to_fold)?;
            Ok((puts, changes))
        })
    }

    /// Who made a call; `None` when it is not known.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn source_of(&self, id: &CallId) -> Result<Option<String>, StoreError> {
        Ok(self
            .conn
            .prepare_cached("SELECT source FROM call WHERE id = ?1")?
            .query_row([&id.0], |row| row.get(0))
            .optional()?)
    }

    /// Stores outcomes by the id of their call, which need not be known yet. One with other
    /// values is updated; an unknown value never erases a known one.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing of it is stored.
    pub fn put_outcomes(
        &mut self,
        outcomes: &[(CallId, ImportedOutcome)],
    ) -> Result<Vec<Put>, StoreError> {
        self.write(|tx, _| {
            outcomes
                .iter()
                .map(|(id, outcome)| put_outcome(tx, id, outcome))
                .collect()
        })
    }
}

fn put_call(
    tx: &Connection,
    known_names: &mut Names,
    call: &Call,
) -> Result<(Put, Option<i64>), StoreError> {
    let known = tx
        .prepare_cached(&format!(
            "SELECT {CALL_COLUMNS} FROM call c LEFT JOIN token t ON t.id = c.token_id WHERE c.id = ?1"
        ))?
        .query_row([&call.id.0], read_call)
        .optional()?;
    let Some(known) = known else {
        let seq = insert_call(tx, known_names, call)?;
        return Ok((Put::New, Some(seq)));
    };
    let mut merged = known.call.clone();
    if let Err(field) = fill(&mut merged, call) {
        return Ok((
            Put::Refused(format!("call {} is known with another {field}", call.id.0)),
            None,
        ));
    }
    if merged == known.call {
        return Ok((Put::Unchanged, None));
    }
    let token = token_of(tx, known_names, &merged)?;
    tx.prepare_cached(
        "UPDATE call SET chain = ?2, token_id = ?3, symbol = ?4, name = ?5, entry_price = ?6, \
         market_cap_usd = ?7, liquidity_usd = ?8, rejected_by = ?9, features = ?10 WHERE seq = ?1",
    )?
    .execute(params![
        known.seq,
        merged.chain,
        token,
        merged.symbol,
        merged.name,
        merged.stated_entry.map(Price::usd),
        merged.market_cap_usd,
        merged.liquidity_usd,
        merged.rejected_by,
        serde_json::to_string(&merged.features)?,
    ])?;
    Ok((Put::Updated, Some(known.seq)))
}

fn insert_call(tx: &Connection, known_names: &mut Names, call: &Call) -> Result<i64, StoreError> {
    let token = token_of(tx, known_names, call)?;
    tx.prepare_cached(
        "INSERT INTO call (id, source, chain, token_id, symbol, name, called_at, entry_price, \
         market_cap_usd, liquidity_usd, rejected_by, features) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        call.id.0,
        call.source,
        call.chain,
        token,
        call.symbol,
        call.name,
        call.called_at.millis(),
        call.stated_entry.map(Price::usd),
        call.market_cap_usd,
        call.liquidity_usd,
        call.rejected_by,
        serde_json::to_string(&call.features)?,
    ])?;
    Ok(tx.last_insert_rowid())
}

fn token_of(
    tx: &Connection,
    known_names: &mut Names,
    call: &Call,
) -> Result<Option<i64>, StoreError> {
    call.token
        .as_ref()
        .map(|token| names::token_id(tx, known_names, token))
        .transpose()
}

/// Fills what `known` does not know from `more`; the name of the first field that contradicts.
fn fill(known: &mut Call, more: &Call) -> Result<(), String> {
    fn one<T: PartialEq + Clone>(
        name: &str,
        known: &mut Option<T>,
        more: Option<&T>,
    ) -> Result<(), String> {
        match (known.as_ref(), more) {
            (Some(old), Some(new)) if old != new => Err(name.to_owned()),
            (None, Some(new)) => {
                *known = Some(new.clone());
                Ok(())
            }
            _ => Ok(()),
        }
    }
    if known.source != more.source {
        return Err("source".to_owned());
    }
    if known.called_at != more.called_at {
        return Err("called_at".to_owned());
    }
    // An address whose chain nobody knew is the same address on the chain that somebody names.
    let same_address = match (&known.token, &more.token) {
        (Some(old), Some(new)) => old.address() == new.address(),
        _ => false,
    };
    match (known.chain == UNKNOWN_CHAIN, more.chain == UNKNOWN_CHAIN) {
        (true, false) if same_address => known.token.clone_from(&more.token),
        (false, true) if same_address => {}
        _ => one("address", &mut known.token, more.token.as_ref())?,
    }
    if known.token.is_none() && more.chain != UNKNOWN_CHAIN {
        if known.chain != UNKNOWN_CHAIN && known.chain != more.chain {
            return Err("chain".to_owned());
        }
        known.chain.clone_from(&more.chain);
    }
    if let Some(token) = &known.token {
        known.chain = token.chain().to_owned();
    }
    one("symbol", &mut known.symbol, more.symbol.as_ref())?;
    one("name", &mut known.name, more.name.as_ref())?;
    one(
        "entry_price",
        &mut known.stated_entry,
        more.stated_entry.as_ref(),
    )?;
    one(
        "market_cap_usd",
        &mut known.market_cap_usd,
        more.market_cap_usd.as_ref(),
    )?;
    one(
        "liquidity_usd",
        &mut known.liquidity_usd,
        more.liquidity_usd.as_ref(),
    )?;
    one(
        "rejected_by",
        &mut known.rejected_by,
        more.rejected_by.as_ref(),
    )?;
    for (name, value) in &more.features {
        match known.features.get(name) {
            None => {
                known.features.insert(name.clone(), value.clone());
            }
            Some(old) if old.means(value) => {}
            Some(_) => return Err(format!("feature {name}")),
        }
    }
    Ok(())
}

fn put_outcome(tx: &Connection, id: &CallId, new: &ImportedOutcome) -> Result<Put, StoreError> {
    let old = tx
        .prepare_cached(
            "SELECT peak_multiple, final_multiple, is_rug, observed_until, label \
             FROM imported_outcome WHERE call_id = ?1",
        )?
        .query_row([&id.0], |row| read_outcome(row, 0))
        .optional()?;
    let merged = match &old {
        None => new.clone(),
        Some(old) => ImportedOutcome {
            peak: new.peak.or(old.peak),
            final_multiple: new.final_multiple.or(old.final_multiple),
            is_rug: new.is_rug.or(old.is_rug),
            observed_until: new.observed_until.or(old.observed_until),
            label: new.label.clone().or_else(|| old.label.clone()),
        },
    };
    if old.as_ref() == Some(&merged) {
        return Ok(Put::Unchanged);
    }
    tx.prepare_cached(
        "INSERT OR REPLACE INTO imported_outcome \
         (call_id, peak_multiple, final_multiple, is_rug, observed_until, label) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        id.0,
        merged.peak.map(Multiple::value),
        merged.final_multiple.map(Multiple::value),
        merged.is_rug,
        merged.observed_until.map(Timestamp::millis),
        merged.label,
    ])?;
    Ok(if old.is_some() {
        Put::Updated
    } else {
        Put::New
    })
}

/// A call as it lies in the table.
pub(super) struct CallRecord {
    pub seq: i64,
    pub call: Call,
    pub voided: Option<String>,
    pub token_id: Option<i64>,
}

pub(super) fn read_call(row: &Row<'_>) -> rusqlite::Result<CallRecord> {
    let chain: String = row.get(3)?;
    let address: Option<String> = row.get(4)?;
    let features: String = row.get(12)?;
    Ok(CallRecord {
        seq: row.get(0)?,
        call: Call {
            id: CallId(row.get(1)?),
            source: row.get(2)?,
            token: address.and_then(|a| TokenKey::new(Some(&chain), &a)),
            chain,
            symbol: row.get(5)?,
            name: row.get(6)?,
            called_at: Timestamp::from_millis(row.get(7)?),
            stated_entry: row.get::<_, Option<f64>>(8)?.and_then(Price::new),
            market_cap_usd: row.get(9)?,
            liquidity_usd: row.get(10)?,
            rejected_by: row.get(11)?,
            features: serde_json::from_str::<Features>(&features).map_err(|e| {
                rusqlite::Error::FromSqlConversionFailure(
                    12,
                    rusqlite::types::Type::Text,
                    Box::new(e),
                )
            })?,
        },
        voided: row.get(13)?,
        token_id: row.get(14)?,
    })
}

pub(super) fn read_outcome(row: &Row<'_>, at: usize) -> rusqlite::Result<ImportedOutcome> {
    Ok(ImportedOutcome {
        peak: row.get::<_, Option<f64>>(at)?.and_then(Multiple::new),
        final_multiple: row.get::<_, Option<f64>>(at + 1)?.and_then(Multiple::new),
        is_rug: row.get(at + 2)?,
        observed_until: row
            .get::<_, Option<i64>>(at + 3)?
            .map(Timestamp::from_millis),
        label: row.get(at + 4)?,
    })
}
