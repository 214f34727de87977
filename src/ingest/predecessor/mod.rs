//! What users of three earlier systems bring along: callsbot's database, sc-bot's JSON and CSV
//! files, twai's trades (layouts and hazards: `predecessors.md` B).
//!
//! What can be worked out anew from what they recorded is; what they made up is not taken; and a
//! [`Loss`] report says what became of everything. A file that is damaged or of something else is
//! refused whole. All that comes over goes in by one transaction.

mod callsbot;
mod input;
mod loss;
mod scbot;
mod twai;
mod value;

use crate::domain::{
    Acceptance, Call, CallId, Decision, ImportedOutcome, Price, Reading, Refusal, Span, Trade,
};
use crate::store::{Put, Sample, Store, StoreError};

use super::run::Tally;

pub use loss::{CameOver, Item, Loss};

/// A system whose data can be brought along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Predecessor {
    /// The Solana bot and its tracker: `alerted_tokens.db` and its CSV exports.
    Callsbot,
    /// The Telegram channel monitor: `signal_outcomes.json` and its siblings, `performance.csv`.
    ScBot,
    /// The trading platform with models: its `trades` as CSV or JSON.
    Twai,
}

impl Predecessor {
    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Callsbot => "callsbot",
            Self::ScBot => "sc-bot",
            Self::Twai => "twai",
        }
    }
}

/// What an import came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// What became of the files that could be read.
    pub loss: Loss,
    /// Files that were refused whole, and why.
    pub failed: Vec<(String, String)>,
    /// Something was refused and all of it or nothing was asked for: nothing went in.
    pub withdrawn: bool,
}

/// Imports the files of a predecessor, `-` being stdin. They are read together, since what
/// belongs together lies in several of them.
///
/// # Errors
/// When the database cannot be written; then nothing went in.
pub fn import(
    store: &mut Store,
    from: Predecessor,
    files: &[String],
    chain: Option<&str>,
    strict: bool,
) -> Result<Migrated, StoreError> {
    let mut loss = Loss::new(from);
    let mut failed = Vec::new();
    let mut reader = Reader::new(from, store.rules().window, chain);
    for name in files {
        let read = input::read(name).and_then(|input| {
            let name = input.name.clone();
            reader.take(input, &mut loss).map(|what| (name, what))
        });
        match read {
            Ok(file) => loss.files.push(file),
            Err(reason) => failed.push((name.clone(), reason)),
        }
    }
    let mut withdrawn = strict && !failed.is_empty();
    if !loss.files.is_empty() && !withdrawn {
        let records = reader.finish(store, &mut loss)?;
        withdrawn = strict && loss.lacks_records();
        if !withdrawn {
            withdrawn = put(store, &records, &mut loss, strict)?;
        }
    }
    Ok(Migrated {
        loss,
        failed,
        withdrawn,
    })
}

/// What takes the files of one predecessor.
enum Reader {
    Callsbot(callsbot::Reader),
    ScBot(scbot::Reader),
    Twai(twai::Reader),
}

impl Reader {
    fn new(from: Predecessor, window: Span, chain: Option<&str>) -> Self {
        match from {
            Predecessor::Callsbot => Self::Callsbot(callsbot::Reader::new(window, chain)),
            Predecessor::ScBot => Self::ScBot(scbot::Reader::new(window, chain)),
            Predecessor::Twai => Self::Twai(twai::Reader::default()),
        }
    }

    /// Takes a whole file, or nothing of it; says what it is.
    fn take(&mut self, input: input::Input, loss: &mut Loss) -> Result<String, String> {
        match self {
            Self::Callsbot(reader) => reader.take(input, loss),
            Self::ScBot(reader) => reader.take(input, loss),
            Self::Twai(reader) => reader.take(input, loss),
        }
    }

    fn finish(self, store: &Store, loss: &mut Loss) -> Result<Records, StoreError> {
        match self {
            Self::Callsbot(reader) => reader.finish(store, loss),
            Self::ScBot(reader) => reader.finish(store, loss),
            Self::Twai(reader) => Ok(reader.finish(loss)),
        }
    }
}

/// What files came to, ready for the database.
#[derive(Default)]
struct Records {
    calls: Vec<Call>,
    samples: Vec<Sample>,
    outcomes: Vec<(CallId, ImportedOutcome)>,
    trades: Vec<Trade>,
}

/// Stores everything by one transaction; whether it was taken back, since all of it or nothing was
/// asked for and something was refused.
fn put(
    store: &mut Store,
    records: &Records,
    loss: &mut Loss,
    strict: bool,
) -> Result<bool, StoreError> {
    store.begin()?;
    let done = put_each(store, records, loss);
    let withdrawn = strict && loss.lacks_records();
    if done.is_err() || withdrawn {
        store.rollback();
    } else {
        store.commit()?;
    }
    done.map(|()| withdrawn)
}

fn put_each(store: &mut Store, records: &Records, loss: &mut Loss) -> Result<(), StoreError> {
    if !records.calls.is_empty() {
        let puts = store.put_calls(&records.calls)?.0;
        came_over(loss, "calls", &puts);
    }
    if !records.samples.is_empty() {
        let puts = store.put_samples(&records.samples)?.0;
        came_over(loss, "prices", &puts);
    }
    if !records.outcomes.is_empty() {
        let puts = store.put_outcomes(&records.outcomes)?;
        came_over(loss, "outcomes", &puts);
    }
    if !records.trades.is_empty() {
        let puts = store.put_trades(&records.trades)?.0;
        came_over(loss, "trades", &puts);
    }
    Ok(())
}

fn came_over(loss: &mut Loss, what: &'static str, puts: &[Put]) {
    let mut tally = Tally {
        read: puts.len() as u64,
        ..Tally::default()
    };
    for put in puts {
        match put {
            Put::New => tally.new += 1,
            Put::Updated => tally.updated += 1,
            Put::Unchanged => tally.unchanged += 1,
            Put::Refused(reason) => {
                tally.refused += 1;
                loss.refuse(what, "known already with other values", reason);
            }
        }
    }
    loss.came_over.push(CameOver { what, tally });
}

/// Passes the readings of one token, in the order of time, through the acceptance rule. The entry
/// price, where one is known, is what the first of them is compared with. One that waits at the
/// end of the series stays waiting: nobody confirmed it.
fn judged(
    entry: Option<(Price, crate::domain::Timestamp)>,
    readings: Vec<Reading>,
) -> Vec<(Reading, Decision)> {
    let mut acceptance = Acceptance::default();
    if let Some((price, at)) = entry {
        let stored = Reading {
            at,
            price: Some(price),
            liquidity_usd: None,
            market_cap_usd: None,
            absent: false,
            provider: String::new(),
            pool: None,
        };
        acceptance.judge(&stored, false);
    }
    let mut out: Vec<(Reading, Decision)> = Vec::with_capacity(readings.len());
    let mut waiting = None;
    for reading in readings {
        let judgement = acceptance.judge(&reading, false);
        if let Some((_, confirmed)) = judgement.settled
            && let Some((_, decision)) = waiting.take().and_then(|at: usize| out.get_mut(at))
        {
            *decision = if confirmed {
                Decision::Accepted
            } else {
                Decision::Refused(Refusal::UnconfirmedJump)
            };
        }
        let decision = if judgement.waits {
            waiting = Some(out.len());
            Decision::Waiting
        } else {
            Decision::Accepted
        };
        out.push((reading, decision));
    }
    out
}
