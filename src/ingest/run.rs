//! A whole file: read on its own thread, stored in batches, counted.

use std::io::Read;
use std::sync::mpsc::RecvTimeoutError;

use thiserror::Error;

use crate::clock::Clock;
use crate::domain::Span;
use crate::store::{Put, Store, StoreError};

use super::fields::BadField;
use super::kind::Kind;
use super::outcomes::OutcomeRow;
use super::pipe::{self, Parsed, Piece, Pieces, Record};
use super::trades::{RawTrade, Scale};

/// Rows that go into the store at once; each time is a transaction, unless the whole file is one.
const BATCH: usize = 100_000;
/// The same where the whole file is one transaction: small enough to stay in the caches.
const PART: usize = 8_000;
/// How long rows of a pipe may wait for their transaction.
const PATIENCE: Span = Span::seconds(1);

/// A row that did not go in, or went in with a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The line in the file; 1 is the first.
    pub line: u64,
    /// The column; empty for the row as a whole.
    pub column: String,
    /// Why.
    pub reason: String,
}

/// What became of the rows of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Rows read, the refused ones included.
    pub read: u64,
    /// Records that were not known.
    pub new: u64,
    /// Known records that changed.
    pub updated: u64,
    /// Known records that did not.
    pub unchanged: u64,
    /// Rows that did not go in.
    pub refused: u64,
}

/// A file that was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// What it held.
    pub kind: Kind,
    /// What became of its rows.
    pub tally: Tally,
    /// Rows were refused, so nothing of it went in.
    pub withdrawn: bool,
}

/// How a file is to be imported.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Its kind; told from its columns without.
    pub kind: Option<Kind>,
    /// The chain of rows that name none.
    pub chain: Option<String>,
    /// What its confidences are out of; decided over the file without.
    pub scale: Option<Scale>,
    /// All of it or nothing.
    pub strict: bool,
    /// The input can be read again from the start, so what its confidences are out of may turn
    /// out late.
    pub again: bool,
}

/// What is told while a file goes in.
pub enum Event {
    /// A row did not go in.
    Refused(RowError),
    /// A row went in, but something is odd.
    Warning(RowError),
    /// So many rows were stored.
    Stored(u64),
}

/// Why a file could not be imported at all.
#[derive(Debug, Error)]
pub enum ImportError {
    /// It cannot be read as rows.
    #[error("{0}")]
    Unreadable(String),
    /// Its columns fit no kind.
    #[error(
        "its columns ({0}) fit neither trades, calls, prices, candles nor outcomes: name the kind before the file, or mend its header"
    )]
    UnknownKind(String),
    /// Confidences over 1 came after others had been taken for fractions: nothing of it went in,
    /// and it is to be read again as percentages. Only with [`Options::again`].
    #[error("its confidences turn out to be percentages")]
    Percentages,
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Imports an input. What is told about its rows goes to `tell`. An input that never ends is
/// stored each second.
///
/// # Errors
/// When the input is no table, its kind cannot be told, or the database cannot be written; rows
/// of finished transactions stay in.
pub fn import(
    store: &mut Store,
    input: Box<dyn Read + Send>,
    options: &Options,
    tell: &mut dyn FnMut(Event),
) -> Result<Import, ImportError> {
    let pieces = pipe::start(input, options.kind, options.chain.clone());
    let kind = match pieces.first() {
        Some(Piece::Opened(kind)) => kind,
        Some(Piece::Failed(error)) => return Err(error),
        Some(Piece::Rows(_)) | None => {
            return Err(ImportError::Unreadable("it cannot be read".to_owned()));
        }
    };
    // One confidence over 1 anywhere makes all of them percentages. Trades of an input that cannot
    // be read again wait for its end, so that this is known.
    let mut import = Importing {
        store,
        options,
        kind,
        tally: Tally::default(),
        tell,
        waiting: Vec::new(),
        scale: options.scale,
        hold: kind == Kind::Trades && options.scale.is_none() && !options.again,
        // All at once, where it can only go in whole, and for trades of a file, whose days are
        // then packed once. A pipe may stay open for ever, and must not lock others out.
        whole: options.strict || (kind == Kind::Trades && options.again),
        begun: false,
    };
    let done = import.run(&pieces);
    let Importing {
        store,
        tally,
        begun,
        ..
    } = import;
    let withdrawn = options.strict && tally.refused > 0;
    if begun {
        match &done {
            Ok(()) if !withdrawn => store.commit()?,
            _ => store.rollback(),
        }
    }
    done?;
    Ok(Import {
        kind,
        tally,
        withdrawn,
    })
}

struct Importing<'a> {
    store: &'a mut Store,
    options: &'a Options,
    kind: Kind,
    tally: Tally,
    tell: &'a mut dyn FnMut(Event),
    /// As they came: moving rows of some hundred bytes once more is not free.
    waiting: Vec<Vec<Parsed>>,
    scale: Option<Scale>,
    hold: bool,
    /// Everything goes in by one transaction.
    whole: bool,
    /// That transaction has begun.
    begun: bool,
}

impl Importing<'_> {
    fn run(&mut self, pieces: &Pieces) -> Result<(), ImportError> {
        let mut due = None;
        loop {
            let wait = due.map_or(PATIENCE, |due: crate::domain::Timestamp| {
                due.since(Clock::System.now())
            });
            match pieces.next(wait.to_duration()) {
                Ok(Piece::Rows(rows)) => {
                    due = due.or_else(|| Some(Clock::System.now().plus(PATIENCE)));
                    self.waiting.push(rows);
                }
                Ok(Piece::Failed(error)) => return Err(error),
                Ok(Piece::Opened(_)) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    self.hold = false;
                    return self.store(pieces);
                }
            }
            let late = due.is_some_and(|due| Clock::System.now() >= due);
            let most = if self.whole { PART } else { BATCH };
            let waiting: usize = self.waiting.iter().map(Vec::len).sum();
            if waiting >= most || (late && !self.whole) {
                due = None;
                self.store(pieces)?;
            }
        }
    }

    /// Stores what waits.
    fn store(&mut self, pieces: &Pieces) -> Result<(), ImportError> {
        if self.hold {
            return Ok(());
        }
        if self.whole && !self.begun {
            self.store.begin()?;
            self.begun = true;
        }
        let waiting = std::mem::take(&mut self.waiting);
        if self.kind == Kind::Trades {
            self.store_trades(waiting, pieces)?;
        } else {
            self.store_records(waiting)?;
        }
        (self.tell)(Event::Stored(self.tally.read));
        Ok(())
    }

    fn store_records(&mut self, waiting: Vec<Vec<Parsed>>) -> Result<(), ImportError> {
        let (mut lines, mut batch) = (Vec::new(), Batch::default());
        for parsed in waiting.into_iter().flatten() {
            self.tally.read += 1;
            match parsed.record {
                Ok(record) => {
                    lines.push(parsed.line);
                    batch.push(record);
                }
                Err(bad) => self.refuse(parsed.line, bad),
            }
        }
        let puts = match batch {
            Batch::None => Vec::new(),
            Batch::Calls(calls) => self.store.put_calls(&calls)?.0,
            Batch::Prices(samples) => self.store.put_samples(&samples)?.0,
            Batch::Candles(candles) => self.store.put_candles(&candles)?.0,
            Batch::Outcomes(rows) => self.put_outcomes(rows)?,
        };
        self.count(puts, lines);
        Ok(())
    }

    /// Trades are many and large: they are stored where they lie.
    fn store_trades(
        &mut self,
        mut waiting: Vec<Vec<Parsed>>,
        pieces: &Pieces,
    ) -> Result<(), ImportError> {
        let mut lines = Vec::new();
        for parsed in waiting.iter_mut().flatten() {
            self.tally.read += 1;
            match &parsed.record {
                Ok(_) => lines.push(parsed.line),
                Err(bad) => self.refuse(parsed.line, bad.clone()),
            }
        }
        let scale = self.scale_of(trades(&waiting))?;
        for (line, raw) in trades_mut(&mut waiting) {
            if let Some(odd) = raw.warning.take() {
                (self.tell)(Event::Warning(row_error(line, odd)));
            }
            let confidence = raw.confidence.map(|c| scale.read(c));
            if confidence == Some(None) {
                let reason = "it is out of the scale that was named: taken as unknown";
                let odd = BadField::new("confidence", reason);
                (self.tell)(Event::Warning(row_error(line, odd)));
            }
            raw.trade.confidence = confidence.flatten();
        }
        let (puts, _) = self
            .store
            .put_trades(trades(&waiting).map(|raw| &raw.trade))?;
        self.count(puts, lines);
        for rows in waiting {
            pieces.done(rows);
        }
        Ok(())
    }

    /// What the confidences of some trades are out of, by what is known so far.
    fn scale_of<'a>(
        &mut self,
        raw: impl Iterator<Item = &'a RawTrade>,
    ) -> Result<Scale, ImportError> {
        if let Some(named) = self.options.scale {
            return Ok(named);
        }
        let mut stated = raw.filter_map(|r| r.confidence).peekable();
        let any = stated.peek().is_some();
        let here = Scale::of(stated);
        match self.scale {
            Some(Scale::One) if here == Scale::Hundred => return Err(ImportError::Percentages),
            None if any => self.scale = Some(here),
            _ => {}
        }
        Ok(self.scale.unwrap_or(here))
    }

    fn count(&mut self, puts: Vec<Put>, lines: Vec<u64>) {
        for (put, line) in puts.into_iter().zip(lines) {
            match put {
                Put::New => self.tally.new += 1,
                Put::Updated => self.tally.updated += 1,
                Put::Unchanged => self.tally.unchanged += 1,
                Put::Refused(reason) => self.refuse(line, BadField::new("", reason)),
            }
        }
    }

    /// Stores what rows say beyond what own prices tell already.
    fn put_outcomes(&mut self, rows: Vec<OutcomeRow>) -> Result<Vec<Put>, ImportError> {
        let window = self.store.rules().window;
        let mut said = Vec::with_capacity(rows.len());
        for row in rows {
            let call = if row.asks_the_call() {
                self.store.followed(&row.id)?
            } else {
                None
            };
            said.push(row.settle(call, window));
        }
        let some: Vec<_> = said.iter().flatten().cloned().collect();
        let mut puts = self.store.put_outcomes(&some)?.into_iter();
        let unchanged = |said: &Option<_>| match said {
            Some(_) => puts.next().unwrap_or(Put::Unchanged),
            None => Put::Unchanged,
        };
        Ok(said.iter().map(unchanged).collect())
    }

    fn refuse(&mut self, line: u64, bad: BadField) {
        self.tally.refused += 1;
        (self.tell)(Event::Refused(row_error(line, bad)));
    }
}

fn row_error(line: u64, bad: BadField) -> RowError {
    RowError {
        line,
        column: bad.column,
        reason: bad.reason,
    }
}

/// The trades among rows.
fn trades(rows: &[Vec<Parsed>]) -> impl Iterator<Item = &RawTrade> {
    rows.iter().flatten().filter_map(|row| match &row.record {
        Ok(Record::Trade(trade)) => Some(trade),
        _ => None,
    })
}

/// The same with their lines, to be changed.
fn trades_mut(rows: &mut [Vec<Parsed>]) -> impl Iterator<Item = (u64, &mut RawTrade)> {
    let rows = rows.iter_mut().flatten();
    rows.filter_map(|row| match &mut row.record {
        Ok(Record::Trade(trade)) => Some((row.line, trade)),
        _ => None,
    })
}

/// Records of one kind, those aside that are stored where they lie.
#[derive(Default)]
enum Batch {
    #[default]
    None,
    Calls(Vec<crate::domain::Call>),
    Prices(Vec<crate::store::Sample>),
    Candles(Vec<crate::store::TokenCandle>),
    Outcomes(Vec<OutcomeRow>),
}

impl Batch {
    /// Adds a record. An input is of one kind, so the first decides it.
    fn push(&mut self, record: Record) {
        match (&mut *self, record) {
            (Self::Calls(all), Record::Call(one)) => all.push(one),
            (Self::Prices(all), Record::Price(one)) => all.push(one),
            (Self::Candles(all), Record::Candle(one)) => all.push(one),
            (Self::Outcomes(all), Record::Outcome(one)) => all.push(*one),
            // Stored where it lies: it is never given here.
            (_, Record::Trade(_)) => {}
            (_, Record::Call(one)) => *self = Self::Calls(vec![one]),
            (_, Record::Price(one)) => *self = Self::Prices(vec![one]),
            (_, Record::Candle(one)) => *self = Self::Candles(vec![one]),
            (_, Record::Outcome(one)) => *self = Self::Outcomes(vec![*one]),
        }
    }
}
