//! Samples: readings with what became of them.

use std::collections::BTreeMap;

use rusqlite::{CachedStatement, Connection, params};

use crate::domain::{Decision, Observation, Price, Reading, Rules, TokenKey};

use super::folds::{self, Arrivals, FoldChange};
use super::names::{self, Names};
use super::state::SampleState;
use super::{Put, Store, StoreError};

/// A reading of a token with what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Whose price it is.
    pub token: TokenKey,
    /// What was read.
    pub reading: Reading,
    /// Whether it counts.
    pub decision: Decision,
}

/// Which of the two tables a new sample goes to. It is never in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// By token: where everything ends up.
    Settled,
    /// By time: what polls brought last.
    Recent,
}

/// Where the instant is noted after which nothing lies in `sample`.
const SETTLED_UNTIL: &str = "settled_until";

impl Home {
    const fn insert(self) -> &'static str {
        match self {
            Self::Settled => {
                "INSERT OR IGNORE INTO sample (token_id, at, provider_id, state, price_usd, \
                 liquidity_usd, market_cap_usd, pool_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
            }
            Self::Recent => {
                "INSERT OR IGNORE INTO sample_recent (token_id, at, provider_id, state, price_usd, \
                 liquidity_usd, market_cap_usd, pool_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
            }
        }
    }

    const fn find_elsewhere(self) -> &'static str {
        match self {
            Self::Settled => {
                "SELECT 1 FROM sample_recent WHERE at = ?2 AND token_id = ?1 AND provider_id = ?3"
            }
            Self::Recent => {
                "SELECT 1 FROM sample WHERE token_id = ?1 AND at = ?2 AND provider_id = ?3"
            }
        }
    }
}

impl Store {
    /// Stores samples in one transaction and moves the outcomes of their tokens' calls. A known
    /// sample (same token, time and provider) only has its unknowns filled and its decision
    /// settled; another price for it is refused.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing of it is stored.
    pub fn put_samples(
        &mut self,
        samples: &[Sample],
    ) -> Result<(Vec<Put>, Vec<FoldChange>), StoreError> {
        self.put_samples_in(Home::Settled, samples)
    }

    /// The same for what a poll has brought: programs that follow the file read only the outcomes
    /// that moved.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing of it is stored.
    pub fn put_polled(
        &mut self,
        samples: &[Sample],
    ) -> Result<(Vec<Put>, Vec<FoldChange>), StoreError> {
        self.put_samples_in(Home::Recent, samples)
    }

    /// Moves everything that polls brought to its place among the samples of its token. Few pages
    /// are written twice when it is done seldom; what is read stays fast when it is not forgotten.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing is moved.
    pub fn settle_recent(&mut self) -> Result<(), StoreError> {
        self.write_as("settled", |tx, _| {
            let last: Option<i64> = tx
                .prepare_cached("SELECT max(at) FROM sample_recent")?
                .query_row([], |row| row.get(0))?;
            settled(tx, last)?;
            tx.execute_batch(
                "INSERT INTO sample SELECT token_id, at, provider_id, state, price_usd, \
                 liquidity_usd, market_cap_usd, pool_id FROM sample_recent \
                 ORDER BY token_id, at, provider_id; \
                 DELETE FROM sample_recent;",
            )?;
            Ok(())
        })
    }

    fn put_samples_in(
        &mut self,
        home: Home,
        samples: &[Sample],
    ) -> Result<(Vec<Put>, Vec<FoldChange>), StoreError> {
        let rules = self.rules;
        let counter = match home {
            Home::Settled => "writes",
            Home::Recent => "polls",
        };
        self.write_as(counter, |tx, known_names| {
            folds::ensure_ours(tx, &rules)?;
            put_all(tx, known_names, &rules, home, samples)
        })
    }
}

/// Stores samples within a transaction and moves the folds.
pub(super) fn put_all(
    tx: &Connection,
    known_names: &mut Names,
    rules: &Rules,
    home: Home,
    samples: &[Sample],
) -> Result<(Vec<Put>, Vec<FoldChange>), StoreError> {
    let mut places = Vec::with_capacity(samples.len());
    for (index, sample) in samples.iter().enumerate() {
        places.push(Place::of(tx, known_names, sample, index)?);
    }
    if home == Home::Settled {
        // Neighbours in the file one after the other: a file is mostly in the order of time. The
        // first of two for one place stays the first.
        places.sort_unstable();
    }
    let last = places.iter().map(|place| place.at).max();
    let mut inserting = Inserting::prepare(tx, home)?;
    if home == Home::Settled {
        settled(tx, last)?;
    }
    let mut puts = vec![Put::Unchanged; samples.len()];
    let mut arrivals: BTreeMap<i64, Arrivals> = BTreeMap::new();
    for place in places {
        if let (Some(sample), Some(put)) = (samples.get(place.index), puts.get_mut(place.index)) {
            *put = put_sample(tx, &mut inserting, place, sample, &mut arrivals)?;
        }
    }
    let changes = folds::fold_arrivals(tx, rules, arrivals)?;
    Ok((puts, changes))
}

/// Where a sample lies, in the order of its table, and which of those at hand it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    token: i64,
    at: i64,
    provider: i64,
    index: usize,
    pool: Option<i64>,
}

impl Place {
    fn of(
        tx: &Connection,
        known_names: &mut Names,
        sample: &Sample,
        index: usize,
    ) -> Result<Self, StoreError> {
        let reading = &sample.reading;
        Ok(Self {
            token: names::token_id(tx, known_names, &sample.token)?,
            at: reading.at.millis(),
            provider: names::provider_id(tx, known_names, &reading.provider)?,
            index,
            pool: match &reading.pool {
                Some(pool) => Some(names::pool_id(tx, known_names, pool)?),
                None => None,
            },
        })
    }
}

/// The statements that every sample needs.
struct Inserting<'a> {
    insert: CachedStatement<'a>,
    find_elsewhere: CachedStatement<'a>,
    /// The other table holds nothing after this instant; `None` where it holds nothing.
    elsewhere_until: Option<i64>,
}

impl<'a> Inserting<'a> {
    fn prepare(tx: &'a Connection, home: Home) -> Result<Self, StoreError> {
        let until = match home {
            Home::Settled => tx
                .prepare_cached("SELECT max(at) FROM sample_recent")?
                .query_row([], |row| row.get(0))?,
            Home::Recent => settled_until(tx)?,
        };
        Ok(Self {
            insert: tx.prepare_cached(home.insert())?,
            find_elsewhere: tx.prepare_cached(home.find_elsewhere())?,
            elsewhere_until: until,
        })
    }

    /// Stores a sample unless its place is taken; says whether it did.
    fn put(&mut self, place: Place, reading: &Reading, state: i64) -> Result<bool, StoreError> {
        // What a poll brings is newer than anything settled, whose many pages nobody has to read.
        if self.elsewhere_until.is_some_and(|until| place.at <= until)
            && self
                .find_elsewhere
                .exists(params![place.token, place.at, place.provider])?
        {
            return Ok(false);
        }
        let inserted = self.insert.execute(params![
            place.token,
            place.at,
            place.provider,
            state,
            reading.price.map(Price::usd),
            reading.liquidity_usd,
            reading.market_cap_usd,
            place.pool,
        ])?;
        Ok(inserted > 0)
    }
}

/// The instant after which nothing lies in `sample`; `None` where nothing does.
fn settled_until(tx: &Connection) -> Result<Option<i64>, StoreError> {
    if let Some(noted) = folds::meta(tx, SETTLED_UNTIL)?.and_then(|at| at.parse().ok()) {
        return Ok(Some(noted));
    }
    // A file from before this was noted. Every sample is looked at, once.
    let last = tx
        .prepare_cached("SELECT max(at) FROM sample")?
        .query_row([], |row| row.get(0))?;
    if let Some(last) = last {
        folds::set_meta(tx, SETTLED_UNTIL, &i64::to_string(&last))?;
    }
    Ok(last)
}

/// Notes that samples up to an instant go to `sample`.
pub(super) fn settled(tx: &Connection, last: Option<i64>) -> Result<(), StoreError> {
    let noted = settled_until(tx)?;
    match last.filter(|last| noted.is_none_or(|noted| noted < *last)) {
        Some(last) => folds::set_meta(tx, SETTLED_UNTIL, &last.to_string()),
        None => Ok(()),
    }
}

fn put_sample(
    tx: &Connection,
    inserting: &mut Inserting<'_>,
    place: Place,
    sample: &Sample,
    arrivals: &mut BTreeMap<i64, Arrivals>,
) -> Result<Put, StoreError> {
    let Place {
        token,
        at,
        provider,
        ..
    } = place;
    let reading = &sample.reading;
    let state = SampleState::of(reading, sample.decision);
    let inserted = inserting.put(place, reading, state.code())?;
    let arrived = |arrivals: &mut BTreeMap<i64, Arrivals>, changed: bool| {
        let of_token = arrivals.entry(token).or_default();
        of_token.refold |= changed;
        if state.counts() {
            let observation = (Observation::from(reading), provider);
            of_token.observations.push(observation);
        }
    };
    if inserted {
        if state.counts() {
            arrived(arrivals, false);
        }
        return Ok(Put::New);
    }
    let (old_state, price, liquidity, cap) = tx
        .prepare_cached(
            "SELECT state, price_usd, liquidity_usd, market_cap_usd FROM sample_all \
             WHERE token_id = ?1 AND at = ?2 AND provider_id = ?3",
        )?
        .query_row(params![token, at, provider], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, Option<f64>>(1)?,
                row.get::<_, Option<f64>>(2)?,
                row.get::<_, Option<f64>>(3)?,
            ))
        })?;
    let new_price = reading.price.map(Price::usd);
    if let (Some(old), Some(new)) = (price, new_price)
        && old != new
    {
        return Ok(Put::Refused(format!(
            "price {new} contradicts {old}, known for this token and time"
        )));
    }
    let old_state = SampleState::from_code(old_state).unwrap_or(SampleState::Waiting);
    // A settled decision stands: importing a file again must not bring back what was voided.
    let settled = if old_state == SampleState::Waiting {
        state
    } else {
        old_state
    };
    let filled = (
        price.or(new_price),
        liquidity.or(reading.liquidity_usd),
        cap.or(reading.market_cap_usd),
    );
    if settled == old_state && filled == (price, liquidity, cap) {
        return Ok(Put::Unchanged);
    }
    for update in [
        "UPDATE sample SET state = ?4, price_usd = ?5, liquidity_usd = ?6, market_cap_usd = ?7 \
         WHERE token_id = ?1 AND at = ?2 AND provider_id = ?3",
        "UPDATE sample_recent SET state = ?4, price_usd = ?5, liquidity_usd = ?6, \
         market_cap_usd = ?7 WHERE at = ?2 AND token_id = ?1 AND provider_id = ?3",
    ] {
        tx.prepare_cached(update)?.execute(params![
            token,
            at,
            provider,
            settled.code(),
            filled.0,
            filled.1,
            filled.2
        ])?;
    }
    // A waiting sample was never folded, so one that is accepted now arrives like a new one.
    if settled.counts() {
        arrived(arrivals, old_state != SampleState::Waiting);
    }
    Ok(Put::Updated)
}
