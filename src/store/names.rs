//! Row ids of the names that occur again and again: tokens, providers, books.

use foldhash::HashMap;
use rusqlite::{Connection, OptionalExtension};

use crate::domain::TokenKey;

use super::StoreError;

/// Row ids that are known already. An id never changes, so what is remembered stays right; what a
/// rolled-back transaction made is forgotten with [`Names::forget`].
#[derive(Debug, Default)]
pub(super) struct Names {
    tokens: HashMap<TokenKey, i64>,
    providers: HashMap<String, i64>,
    pools: HashMap<String, i64>,
    /// By model, then by currency, so that a look-up makes no string.
    books: HashMap<String, HashMap<String, i64>>,
}

impl Names {
    /// Forgets everything: a transaction was rolled back.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

/// The row id of a token, created on first sight.
pub(super) fn token_id(
    tx: &Connection,
    names: &mut Names,
    token: &TokenKey,
) -> Result<i64, StoreError> {
    if let Some(id) = names.tokens.get(token) {
        return Ok(*id);
    }
    tx.prepare_cached("INSERT OR IGNORE INTO token (chain, address) VALUES (?1, ?2)")?
        .execute([token.chain(), token.address()])?;
    let id = tx
        .prepare_cached("SELECT id FROM token WHERE chain = ?1 AND address = ?2")?
        .query_row([token.chain(), token.address()], |row| row.get(0))?;
    names.tokens.insert(token.clone(), id);
    Ok(id)
}

/// The row id of a provider, created on first sight.
pub(super) fn provider_id(
    tx: &Connection,
    names: &mut Names,
    name: &str,
) -> Result<i64, StoreError> {
    if let Some(id) = names.providers.get(name) {
        return Ok(*id);
    }
    let known = tx
        .query_row("SELECT id FROM provider WHERE name = ?1", [name], |row| {
            row.get(0)
        })
        .optional()?;
    let id = if let Some(id) = known {
        id
    } else {
        tx.execute("INSERT INTO provider (name) VALUES (?1)", [name])?;
        tx.last_insert_rowid()
    };
    names.providers.insert(name.to_owned(), id);
    Ok(id)
}

/// The row id of a pool, created on first sight.
pub(super) fn pool_id(
    tx: &Connection,
    names: &mut Names,
    address: &str,
) -> Result<i64, StoreError> {
    if let Some(id) = names.pools.get(address) {
        return Ok(*id);
    }
    tx.prepare_cached("INSERT OR IGNORE INTO pool (address) VALUES (?1)")?
        .execute([address])?;
    let id = tx
        .prepare_cached("SELECT id FROM pool WHERE address = ?1")?
        .query_row([address], |row| row.get(0))?;
    names.pools.insert(address.to_owned(), id);
    Ok(id)
}

/// The row id of a (model, currency), created on first sight.
pub(super) fn book_id(
    tx: &Connection,
    names: &mut Names,
    model: &str,
    currency: &str,
) -> Result<i64, StoreError> {
    if let Some(id) = names.books.get(model).and_then(|m| m.get(currency)) {
        return Ok(*id);
    }
    tx.prepare_cached("INSERT OR IGNORE INTO book (model, currency) VALUES (?1, ?2)")?
        .execute([model, currency])?;
    let id = tx
        .prepare_cached("SELECT id FROM book WHERE model = ?1 AND currency = ?2")?
        .query_row([model, currency], |row| row.get(0))?;
    let of_model = names.books.entry(model.to_owned()).or_default();
    of_model.insert(currency.to_owned(), id);
    Ok(id)
}
