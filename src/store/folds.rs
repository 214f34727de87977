//! The outcome folds beside the calls: moved with every sample and candle, rebuilt where
//! some came late.

use std::collections::BTreeMap;

use foldhash::HashMap;
use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::{
    CallFacts, CallId, Candle, Fold, IMPORT, LiquidityOf, Observation, Price, Rules, Seen, Span,
    Task, Timestamp, Work,
};

use super::candles::candles;
use super::state::SampleState;
use super::{Store, StoreError};

/// Counts up when the shape or the meaning of [`Fold`] changes; with the window, it decides
/// whether stored folds still hold.
const FOLD_VERSION: i64 = 6;

/// A call whose fold has moved.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldChange {
    /// The call.
    pub id: CallId,
    /// Where its fold is now.
    pub fold: Fold,
}

/// The new observations of one token that its calls' folds must take.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    /// With the provider they came from: a rebuild takes equal times in that order.
    pub observations: Vec<(Observation, i64)>,
    /// New candles.
    pub candles: Vec<Candle>,
    /// Something already folded has changed: fold again from the start.
    pub refold: bool,
}

impl Arrivals {
    /// Everything new in the order in which a rebuild would take it.
    fn in_order(mut self, places: &Places) -> Vec<Seen> {
        self.observations
            .sort_by_key(|(o, provider)| (o.at, places.get(provider)));
        let samples = self.observations.into_iter().map(|(o, _)| Seen::Sample(o));
        in_order(samples.collect(), self.candles)
    }
}

/// Where each provider stands among those that said something at one instant: by name, so that
/// figures do not depend on which of them a file met first.
type Places = HashMap<i64, usize>;

fn places(conn: &Connection) -> Result<Places, StoreError> {
    let mut names = conn.prepare_cached("SELECT id FROM provider ORDER BY name")?;
    let ids = names.query_map([], |row| row.get(0))?;
    Ok(ids
        .enumerate()
        .map(|(place, id)| Ok((id?, place)))
        .collect::<rusqlite::Result<_>>()?)
}

/// Samples, which are in their order already, and candles in one order.
fn in_order(mut samples: Vec<Seen>, candles: Vec<Candle>) -> Vec<Seen> {
    if !candles.is_empty() {
        samples.extend(candles.into_iter().map(Seen::Candle));
        samples.sort_by_key(Seen::order);
    }
    samples
}

/// What the samples of a call came to before they were thinned.
pub(super) struct Base {
    /// Up to and without this instant.
    pub up_to: Timestamp,
    pub fold: Fold,
}

/// What a fold needs of a stored call.
pub(super) struct Folded {
    pub seq: i64,
    id: CallId,
    pub facts: CallFacts,
    token: Option<i64>,
    fold: Stored,
}

/// A fold as it lies in the table.
pub(super) enum Stored {
    /// Nothing was folded yet.
    None,
    /// It cannot be read: the call is to be folded from its samples.
    Unreadable,
    /// What was folded.
    Fold(Box<Fold>),
}

impl Store {
    /// Brings everything derived up to date with the rules and this version's definitions.
    pub(super) fn refresh_derived(&mut self, tell: &mut dyn FnMut(Work)) -> Result<(), StoreError> {
        let rules = self.rules;
        if !are_ours(&self.conn, &rules)? {
            self.write(|tx, _| {
                if are_ours(tx, &rules)? {
                    return Ok(());
                }
                rebuild(tx, &rules, tell)
            })?;
        }
        if !are_summed(&self.conn)? {
            self.rebuild_summaries_telling(tell)?;
        }
        Ok(())
    }

    /// Folds every call again from its samples and candles.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn rebuild_folds(&mut self) -> Result<(), StoreError> {
        self.rebuild_folds_telling(&mut |_| {})
    }

    /// The same, telling how far it has come.
    pub(super) fn rebuild_folds_telling(
        &mut self,
        tell: &mut dyn FnMut(Work),
    ) -> Result<(), StoreError> {
        let rules = self.rules;
        self.write(|tx, _| rebuild(tx, &rules, tell))
    }
}

/// Whether everything derived was made by these rules and this version.
pub(super) fn is_fresh(conn: &Connection, rules: &Rules) -> Result<bool, StoreError> {
    Ok(are_ours(conn, rules)? && are_summed(conn)?)
}

/// Whether the sums over trades are of this version.
fn are_summed(conn: &Connection) -> Result<bool, StoreError> {
    let stamp = crate::analytics::summary::VERSION.to_string();
    Ok(meta(conn, "summaries")?.as_deref() == Some(stamp.as_str()))
}

/// What stored folds depend on beside the samples.
fn stamp(rules: &Rules) -> String {
    format!("{FOLD_VERSION}/{}", rules.window.millis())
}

/// Whether the stored folds were made with these rules. Another process may run with a different
/// window on the same file, so this is asked in every transaction that relies on them.
pub(super) fn are_ours(conn: &Connection, rules: &Rules) -> Result<bool, StoreError> {
    Ok(meta(conn, "folds")?.as_deref() == Some(stamp(rules).as_str()))
}

/// Folds everything anew if the stored folds were made with other rules.
pub(super) fn ensure_ours(tx: &Connection, rules: &Rules) -> Result<(), StoreError> {
    if are_ours(tx, rules)? {
        return Ok(());
    }
    rebuild(tx, rules, &mut |_| {})
}

fn rebuild(tx: &Connection, rules: &Rules, tell: &mut dyn FnMut(Work)) -> Result<(), StoreError> {
    tx.execute_batch("DELETE FROM fold; DELETE FROM folded;")?;
    let tokens: Vec<i64> = tx
        .prepare("SELECT token_id FROM sample_all UNION SELECT token_id FROM candle")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let all = tokens.len() as u64;
    for (done, token) in (1..).zip(tokens) {
        refold_token(tx, rules, token)?;
        tell(Work::of(Task::Outcomes, done, all));
    }
    set_meta(tx, "folds", &stamp(rules))
}

pub(super) fn meta(conn: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?)
}

pub(super) fn set_meta(conn: &Connection, key: &str, value: &str) -> Result<(), StoreError> {
    conn.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?
        .execute([key, value])?;
    Ok(())
}

/// Folds calls that are new or have another entry now. The samples of a token are read once,
/// however many of its calls came.
pub(super) fn refold_calls(
    tx: &Connection,
    rules: &Rules,
    seqs: &[i64],
) -> Result<Vec<FoldChange>, StoreError> {
    let mut by_token: BTreeMap<i64, Vec<Folded>> = BTreeMap::new();
    for seq in seqs {
        let call = tx
            .prepare_cached(
                "SELECT c.seq, c.id, c.called_at, c.entry_price, c.token_id, NULL, c.liquidity_usd \
                 FROM call c WHERE c.seq = ?1",
            )?
            .query_row([seq], read_folded)?;
        // What it stated may have changed.
        tx.prepare_cached("DELETE FROM fold_base WHERE call_seq = ?1")?
            .execute([seq])?;
        if let Some(token) = call.token {
            by_token.entry(token).or_default().push(call);
        }
    }
    let mut changes = Vec::new();
    for (token, calls) in by_token {
        changes.extend(refold(tx, rules, token, calls)?);
    }
    Ok(changes)
}

/// Moves the folds of each token's calls by what arrived.
pub(super) fn fold_arrivals(
    tx: &Connection,
    rules: &Rules,
    arrivals: BTreeMap<i64, Arrivals>,
) -> Result<Vec<FoldChange>, StoreError> {
    let mut changes = Vec::new();
    let mut folded = tx.prepare_cached("SELECT up_to FROM folded WHERE token_id = ?1")?;
    let places = places(tx)?;
    for (token, arrived) in arrivals {
        let refold = arrived.refold;
        let all = arrived.in_order(&places);
        if all.is_empty() && !refold {
            continue;
        }
        let up_to: Option<i64> = folded.query_row([token], |row| row.get(0)).optional()?;
        let first = all.first().map(|seen| seen.at().millis());
        let in_order = first.is_some_and(|first| up_to.is_none_or(|up_to| first > up_to));
        if refold || !in_order {
            // What was thinned away cannot be folded again together with what comes late.
            drop_bases(tx, token, first)?;
            changes.extend(refold_token(tx, rules, token)?);
            continue;
        }
        let calls = calls_of(tx, token)?;
        if calls.iter().any(|c| matches!(c.fold, Stored::Unreadable)) {
            changes.extend(refold_token(tx, rules, token)?);
            continue;
        }
        for call in calls {
            let mut fold = match call.fold {
                Stored::Fold(fold) => *fold,
                Stored::None | Stored::Unreadable => Fold::start(&call.facts),
            };
            let mut moved = false;
            for seen in &all {
                moved |= fold.apply_seen(&call.facts, rules, seen);
            }
            if moved {
                save(tx, call.seq, &fold)?;
                changes.push(FoldChange { id: call.id, fold });
            }
        }
        if let Some(last) = all.last() {
            save_up_to(tx, token, last.at())?;
        }
    }
    Ok(changes)
}

/// Folds every call of a token again: what counts of its samples has changed.
pub(super) fn refold_token(
    tx: &Connection,
    rules: &Rules,
    token: i64,
) -> Result<Vec<FoldChange>, StoreError> {
    let changes = refold(tx, rules, token, calls_of(tx, token)?)?;
    let last: Option<i64> = tx
        .prepare_cached(
            "SELECT max(at) FROM (\
             SELECT max(at) AS at FROM sample WHERE token_id = ?1 AND state IN (0, 4) \
             UNION ALL \
             SELECT max(at) FROM sample_recent WHERE token_id = ?1 AND state IN (0, 4) \
             UNION ALL SELECT max(opened_at + interval_ms) FROM candle WHERE token_id = ?1)",
        )?
        .query_row([token], |row| row.get(0))?;
    if let Some(last) = last {
        save_up_to(tx, token, Timestamp::from_millis(last))?;
    }
    Ok(changes)
}

/// Folds calls of one token from the start.
fn refold(
    tx: &Connection,
    rules: &Rules,
    token: i64,
    calls: Vec<Folded>,
) -> Result<Vec<FoldChange>, StoreError> {
    let from = calls.iter().map(|c| c.facts.called_at).min();
    let to = calls.iter().map(|c| c.facts.window_end(rules)).max();
    let (Some(from), Some(to)) = (from, to) else {
        return Ok(Vec::new());
    };
    let seen = seen(tx, token, from, to)?;
    let mut changes = Vec::new();
    for call in calls {
        let window_end = call.facts.window_end(rules);
        let (mut fold, from) = start(tx, rules, call.seq, &call.facts, window_end)?;
        let begin = seen.partition_point(|s| s.at() < from);
        let end = seen.partition_point(|s| s.at() <= window_end);
        let own = seen.get(begin..end).unwrap_or_default();
        for seen in own {
            fold.apply_seen(&call.facts, rules, seen);
        }
        let nothing = own.is_empty() && from == call.facts.called_at;
        if nothing {
            let gone = tx
                .prepare_cached("DELETE FROM fold WHERE call_seq = ?1")?
                .execute([call.seq])?;
            if gone == 0 {
                continue;
            }
        } else {
            save(tx, call.seq, &fold)?;
        }
        changes.push(FoldChange { id: call.id, fold });
    }
    Ok(changes)
}

pub(super) fn calls_of(tx: &Connection, token: i64) -> Result<Vec<Folded>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT c.seq, c.id, c.called_at, c.entry_price, c.token_id, f.state, c.liquidity_usd \
         FROM call c LEFT JOIN fold f ON f.call_seq = c.seq WHERE c.token_id = ?1",
    )?;
    let rows = statement.query_map([token], read_folded)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read_folded(row: &rusqlite::Row<'_>) -> rusqlite::Result<Folded> {
    let token: Option<i64> = row.get(4)?;
    let state = row.get_ref(5)?.as_blob_or_null()?;
    let fold = decode(state);
    Ok(Folded {
        seq: row.get(0)?,
        id: CallId(row.get(1)?),
        facts: CallFacts {
            called_at: Timestamp::from_millis(row.get(2)?),
            stated_entry: row.get::<_, Option<f64>>(3)?.and_then(Price::new),
            has_token: token.is_some(),
            liquidity_usd: row.get(6)?,
        },
        token,
        fold,
    })
}

fn save(tx: &Connection, seq: i64, fold: &Fold) -> Result<(), StoreError> {
    // In its place: replacing takes the row out first, and asks for its call anew.
    tx.prepare_cached(
        "INSERT INTO fold (call_seq, state) VALUES (?1, ?2) \
         ON CONFLICT (call_seq) DO UPDATE SET state = excluded.state",
    )?
    .execute(params![seq, postcard::to_stdvec(fold)?])?;
    Ok(())
}

/// Where the fold of a call begins, and from when on what was seen moves it: at the call, or
/// where its samples were thinned, unless only what came up to an earlier instant is wanted.
pub(super) fn start(
    tx: &Connection,
    rules: &Rules,
    seq: i64,
    facts: &CallFacts,
    to: Timestamp,
) -> Result<(Fold, Timestamp), StoreError> {
    let base = tx
        .prepare_cached("SELECT up_to, state FROM fold_base WHERE call_seq = ?1 AND rules = ?2")?
        .query_row(params![seq, stamp(rules)], |row| {
            let state = row.get_ref(1)?.as_blob_or_null()?;
            Ok((Timestamp::from_millis(row.get(0)?), decode(state)))
        })
        .optional()?;
    Ok(match base {
        Some((up_to, Stored::Fold(fold))) if up_to <= to.plus(Span::from_millis(1)) => {
            (*fold, up_to.max(facts.called_at))
        }
        // The window ended before the samples were thinned: nothing after it counted.
        Some((up_to, Stored::Fold(fold))) if to >= facts.window_end(rules) => (*fold, up_to),
        _ => (Fold::start(facts), facts.called_at),
    })
}

/// The fold of a call over everything seen up to an instant.
pub(super) fn fold_of(
    conn: &Connection,
    rules: &Rules,
    seq: i64,
    facts: &CallFacts,
    token: i64,
    to: Timestamp,
) -> Result<Fold, StoreError> {
    let (mut fold, from) = start(conn, rules, seq, facts, to)?;
    for seen in &seen(conn, token, from, to)? {
        fold.apply_seen(facts, rules, seen);
    }
    Ok(fold)
}

pub(super) fn save_base(
    tx: &Connection,
    rules: &Rules,
    seq: i64,
    base: &Base,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO fold_base (call_seq, up_to, rules, state) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        seq,
        base.up_to.millis(),
        stamp(rules),
        postcard::to_stdvec(&base.fold)?
    ])?;
    Ok(())
}

/// Forgets what the samples of a token's calls came to before they were thinned, where something
/// from before that instant has changed (`None`: it is not known what).
pub(super) fn drop_bases(
    tx: &Connection,
    token: i64,
    first: Option<i64>,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "DELETE FROM fold_base WHERE up_to > ?2 \
         AND call_seq IN (SELECT seq FROM call WHERE token_id = ?1)",
    )?
    .execute(params![token, first.unwrap_or(i64::MIN)])?;
    Ok(())
}

fn save_up_to(tx: &Connection, token: i64, at: Timestamp) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO folded (token_id, up_to) VALUES (?1, ?2) \
         ON CONFLICT (token_id) DO UPDATE SET up_to = excluded.up_to",
    )?
    .execute([token, at.millis()])?;
    Ok(())
}

/// Reads a stored fold.
pub(super) fn decode(state: Option<&[u8]>) -> Stored {
    match state.map(postcard::from_bytes::<Fold>) {
        None => Stored::None,
        Some(Ok(fold)) => Stored::Fold(Box::new(fold)),
        Some(Err(_)) => Stored::Unreadable,
    }
}

/// Everything that counts for a token, from one instant to another (both in), in order.
pub(super) fn seen(
    conn: &Connection,
    token: i64,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Seen>, StoreError> {
    let samples = observations(conn, token, from, to)?;
    Ok(in_order(samples, candles(conn, token, from, to)?))
}

fn observations(
    conn: &Connection,
    token: i64,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Seen>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT at, state, price_usd, liquidity_usd, market_cap_usd, pool_id IS NOT NULL, \
         provider_id IS (SELECT id FROM provider WHERE name = ?4), provider_id FROM sample_all \
         WHERE token_id = ?1 AND at BETWEEN ?2 AND ?3 AND state IN (0, 4) ORDER BY at",
    )?;
    let which = params![token, from.millis(), to.millis(), IMPORT];
    let rows = statement.query_map(which, |row| {
        let observation = Observation {
            at: Timestamp::from_millis(row.get(0)?),
            absent: row.get::<_, i64>(1)? == SampleState::Absent.code(),
            price: row.get::<_, Option<f64>>(2)?.and_then(Price::new),
            liquidity_usd: row.get(3)?,
            liquidity_of: LiquidityOf::by(row.get(5)?, row.get(6)?),
            market_cap_usd: row.get(4)?,
        };
        Ok((observation, row.get::<_, i64>(7)?))
    })?;
    let mut said = rows.collect::<Result<Vec<_>, _>>()?;
    let places = places(conn)?;
    said.sort_by_key(|(observation, provider)| (observation.at, places.get(provider)));
    Ok(said.into_iter().map(|(o, _)| Seen::Sample(o)).collect())
}
