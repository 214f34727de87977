//! Records that are wrong: taken out of every figure, kept, and brought back.

use rusqlite::{Connection, OptionalExtension, params};
use thiserror::Error;

use crate::config::distance;
use crate::domain::{CallId, SampleId, TokenKey};

use super::folds::{self, FoldChange};
use super::state::SampleState;
use super::{Store, StoreError};

/// Of so many newest records the one is looked for whose name comes nearest to a wrong one.
const NEAREST_OF: usize = 5000;

/// What became of a record that was to be voided or brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Voiding {
    /// It counts no longer.
    Voided,
    /// It was void for the same reason.
    Already,
    /// It was void for this other reason; the new one is kept.
    Reworded(String),
    /// It counts again as it did; this was the reason.
    Restored(String),
    /// It was not void.
    NotVoid,
}

/// Why no record could be voided.
#[derive(Debug, Error)]
pub enum VoidError {
    /// No call has this id.
    #[error("no call has the id '{id}'{}", hint(near))]
    NoCall {
        /// As asked.
        id: String,
        /// What may have been meant.
        near: Vec<String>,
    },
    /// The token of a sample is not known.
    #[error("no price of '{token}' is known{}", hint(near))]
    NoToken {
        /// As asked.
        token: String,
        /// What may have been meant.
        near: Vec<String>,
    },
    /// The token has no sample at that time, or none of that provider.
    #[error("no price has the id '{id}'{}", hint(near))]
    NoSample {
        /// As asked.
        id: String,
        /// What may have been meant.
        near: Vec<String>,
    },
    /// Several providers have one.
    #[error("several providers have a price at that time: name one of {}", .0.join(", "))]
    Several(Vec<String>),
    /// The database refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for VoidError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

fn hint(near: &[String]) -> String {
    if near.is_empty() {
        return String::new();
    }
    format!("; did you mean {}?", near.join(" or "))
}

impl Store {
    /// Takes a call out of every figure with a reason, or brings it back without one. Its samples
    /// go on moving its outcome, so that it comes back as it would have been.
    ///
    /// # Errors
    /// When there is no such call, or the database cannot be written.
    pub fn void_call(&mut self, id: &CallId, why: Option<&str>) -> Result<Voiding, VoidError> {
        self.write(|tx, _| {
            let old: Option<Option<String>> = tx
                .query_row("SELECT voided FROM call WHERE id = ?1", [&id.0], |row| {
                    row.get(0)
                })
                .optional()?;
            let Some(old) = old else {
                return Err(VoidError::NoCall {
                    near: near_calls(tx, &id.0)?,
                    id: id.0.clone(),
                });
            };
            tx.execute(
                "UPDATE call SET voided = ?2 WHERE id = ?1",
                params![id.0, why],
            )?;
            Ok(became(old, why))
        })
    }

    /// Takes a sample out of every figure with a reason, or brings it back as it was without one,
    /// and moves the outcomes of its token's calls. The sample's full id comes back too.
    ///
    /// # Errors
    /// When there is no such sample, several are meant, or the database cannot be written.
    pub fn void_sample(
        &mut self,
        id: &SampleId,
        why: Option<&str>,
    ) -> Result<(String, Voiding, Vec<FoldChange>), VoidError> {
        let rules = self.rules;
        self.write(|tx, _| {
            let found = find_sample(tx, id)?;
            let voiding = set_sample(tx, &found, why)?;
            let changes = match voiding {
                Voiding::Voided | Voiding::Restored(_) => {
                    folds::drop_bases(tx, found.token, Some(found.at))?;
                    folds::refold_token(tx, &rules, found.token)?
                }
                _ => Vec::new(),
            };
            Ok((found.id, voiding, changes))
        })
    }
}

fn became(old: Option<String>, why: Option<&str>) -> Voiding {
    match (old, why) {
        (None, None) => Voiding::NotVoid,
        (None, Some(_)) => Voiding::Voided,
        (Some(old), None) => Voiding::Restored(old),
        (Some(old), Some(why)) if old == why => Voiding::Already,
        (Some(old), Some(_)) => Voiding::Reworded(old),
    }
}

/// A sample's place in the table.
struct Found {
    token: i64,
    at: i64,
    provider: i64,
    state: i64,
    /// As the view `samples` writes it.
    id: String,
}

fn find_sample(tx: &Connection, id: &SampleId) -> Result<Found, VoidError> {
    let (token, chain, address) = find_token(tx, &id.token)?;
    let same_time: Vec<(Found, String)> = tx
        .prepare(
            "SELECT s.provider_id, s.state, v.provider, v.id FROM sample_all s \
             JOIN provider p ON p.id = s.provider_id \
             JOIN samples v ON v.chain = ?3 AND v.address = ?4 AND v.at = s.at AND v.provider = p.name \
             WHERE s.token_id = ?1 AND s.at = ?2 ORDER BY p.name",
        )?
        .query_map(params![token, id.at.millis(), chain, address], |row| {
            let found = Found {
                token,
                at: id.at.millis(),
                provider: row.get(0)?,
                state: row.get(1)?,
                id: row.get(3)?,
            };
            Ok((found, row.get(2)?))
        })?
        .collect::<Result<_, _>>()?;
    let mut meant: Vec<Found> = same_time
        .into_iter()
        .filter(|(_, name)| id.provider.as_ref().is_none_or(|wanted| wanted == name))
        .map(|(found, _)| found)
        .collect();
    match (meant.pop(), meant.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(last), false) => {
            meant.push(last);
            Err(VoidError::Several(
                meant.into_iter().map(|f| f.id).collect(),
            ))
        }
        (None, _) => {
            let near = tx
                .prepare(
                    "SELECT id FROM samples WHERE chain = ?1 AND address = ?2 \
                     ORDER BY abs(at - ?3), id LIMIT 2",
                )?
                .query_map(params![chain, address, id.at.millis()], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Err(VoidError::NoSample {
                id: format!(
                    "{chain}:{address}@{}{}",
                    id.at.rfc3339(),
                    id.provider
                        .as_ref()
                        .map_or_else(String::new, |p| format!("/{p}"))
                ),
                near,
            })
        }
    }
}

/// The token that `chain:address` means: as it stands in the table, else in its canonical form,
/// else an address that only one token has.
fn find_token(tx: &Connection, text: &str) -> Result<(i64, String, String), VoidError> {
    let (chain, address) = match text.split_once(':') {
        Some((chain, address)) => (Some(chain), address),
        None => (None, text),
    };
    let canonical = TokenKey::new(chain, address);
    let canonical = canonical.map_or_else(String::new, |token| token.to_string());
    let tokens: Vec<(i64, String, String)> = tx
        .prepare(
            "SELECT id, chain, address FROM token \
             WHERE chain || ':' || address IN (?1, ?2) OR address = ?1",
        )?
        .query_map([text, &canonical], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<Result<_, _>>()?;
    if let [only] = tokens.as_slice() {
        return Ok(only.clone());
    }
    let near = if tokens.is_empty() {
        let newest = tx
            .prepare("SELECT chain || ':' || address FROM token ORDER BY id DESC LIMIT ?1")?
            .query_map([NEAREST_OF as i64], |row| row.get(0))?
            .collect::<Result<Vec<_>, _>>()?;
        nearest(newest, text)
    } else {
        let named = tokens.into_iter().map(|(_, c, a)| format!("{c}:{a}"));
        named.collect()
    };
    Err(VoidError::NoToken {
        token: text.to_owned(),
        near,
    })
}

/// Voids a sample and remembers what it was, or makes it that again.
fn set_sample(tx: &Connection, found: &Found, why: Option<&str>) -> Result<Voiding, VoidError> {
    let place = params![found.token, found.at, found.provider];
    // What is remembered of it hangs on the settled table.
    super::samples::settled(tx, Some(found.at))?;
    tx.execute(
        "INSERT INTO sample SELECT token_id, at, provider_id, state, price_usd, liquidity_usd, \
         market_cap_usd, pool_id FROM sample_recent \
         WHERE at = ?2 AND token_id = ?1 AND provider_id = ?3",
        place,
    )?;
    tx.execute(
        "DELETE FROM sample_recent WHERE at = ?2 AND token_id = ?1 AND provider_id = ?3",
        place,
    )?;
    let remembered: Option<(i64, String)> = tx
        .query_row(
            "SELECT state, why FROM voided_sample \
             WHERE token_id = ?1 AND at = ?2 AND provider_id = ?3",
            place,
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let is_void = found.state == SampleState::Voided.code();
    // One that came void has no past of its own: it would have counted.
    let (before, old) = match remembered {
        _ if !is_void => (found.state, None),
        Some((before, old)) => (before, Some(old)),
        None => (SampleState::Accepted.code(), Some(String::new())),
    };
    let set_state = |state: i64| {
        tx.execute(
            "UPDATE sample SET state = ?4 WHERE token_id = ?1 AND at = ?2 AND provider_id = ?3",
            params![found.token, found.at, found.provider, state],
        )
    };
    if let Some(why) = why {
        tx.execute(
            "INSERT OR REPLACE INTO voided_sample (token_id, at, provider_id, state, why) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![found.token, found.at, found.provider, before, why],
        )?;
        set_state(SampleState::Voided.code())?;
    } else {
        tx.execute(
            "DELETE FROM voided_sample WHERE token_id = ?1 AND at = ?2 AND provider_id = ?3",
            place,
        )?;
        if is_void {
            set_state(before)?;
        }
    }
    Ok(became(old, why))
}

/// Calls that may have been meant: those of a token whose address was given, those whose id holds
/// the text, else the one whose id is nearest.
fn near_calls(tx: &Connection, text: &str) -> Result<Vec<String>, VoidError> {
    let alike: Vec<String> = tx
        .prepare(
            "SELECT c.id FROM call c LEFT JOIN token t ON t.id = c.token_id \
             WHERE t.address = ?1 OR t.chain || ':' || t.address = ?1 OR instr(c.id, ?1) > 0 \
             ORDER BY c.called_at DESC, c.id LIMIT 3",
        )?
        .query_map([text], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if !alike.is_empty() {
        return Ok(alike);
    }
    let newest = tx
        .prepare("SELECT id FROM call ORDER BY seq DESC LIMIT ?1")?
        .query_map([NEAREST_OF as i64], |row| row.get(0))?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(nearest(newest, text))
}

fn nearest(candidates: Vec<String>, wanted: &str) -> Vec<String> {
    candidates
        .into_iter()
        .min_by_key(|candidate| distance(candidate, wanted))
        .into_iter()
        .collect()
}
