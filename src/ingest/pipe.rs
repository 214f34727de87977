//! Reading and parsing on a thread of their own, so that the database writes meanwhile, and so
//! that a pipe that says nothing for a while does not hold back what it has said.

use std::cell::RefCell;
use std::io::Read;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

use encoding_rs_io::DecodeReaderBytesBuilder;

use crate::domain::Call;
use crate::store::{Sample, TokenCandle};

use super::calls::CallReader;
use super::candles::CandleReader;
use super::fields::BadField;
use super::kind::Kind;
use super::outcomes::{OutcomeReader, OutcomeRow};
use super::prices::PriceReader;
use super::rows::{Next, Rows};
use super::run::ImportError;
use super::trades::{RawTrade, TradeReader};

/// Pieces that may wait for the database: a few hundred kilobytes of text each.
const WAITING: usize = 8;

/// One row, read.
pub enum Record {
    /// A trade whose confidence is as written.
    Trade(RawTrade),
    /// A call.
    Call(Call),
    /// A price.
    Price(Sample),
    /// A candle.
    Candle(TokenCandle),
    /// An outcome and the call it is of.
    Outcome(Box<OutcomeRow>),
}

/// A row with its line.
pub struct Parsed {
    /// The line in the file; 1 is the first.
    pub line: u64,
    /// What it says, or what is wrong with it.
    pub record: Result<Record, BadField>,
}

/// What comes out of the thread.
pub enum Piece {
    /// The kind is known: rows follow.
    Opened(Kind),
    /// Rows, in their order.
    Rows(Vec<Parsed>),
    /// The input is no table, or of no known kind.
    Failed(ImportError),
}

/// The reading end of the thread.
pub struct Pieces {
    pieces: Receiver<Piece>,
    done: Sender<Vec<Parsed>>,
}

impl Pieces {
    /// The next piece, waited for no longer than this.
    ///
    /// # Errors
    /// When none came in time, and at the end of the input.
    pub fn next(&self, patience: Duration) -> Result<Piece, RecvTimeoutError> {
        self.pieces.recv_timeout(patience)
    }

    /// The first piece; `None` when nothing was read at all.
    pub fn first(&self) -> Option<Piece> {
        self.pieces.recv().ok()
    }

    /// Gives rows back that are done with: whoever made them frees them best, and beside the
    /// database's work.
    pub fn done(&self, rows: Vec<Parsed>) {
        // At the end of the input nobody takes them any more.
        let _ = self.done.send(rows);
    }
}

/// Starts reading. The pieces end with the input.
pub fn start(input: Box<dyn Read + Send>, kind: Option<Kind>, chain: Option<String>) -> Pieces {
    let (out, pieces) = sync_channel(WAITING);
    let (done, spare) = channel();
    let reading = move || {
        let outbox = Rc::new(Outbox {
            out,
            rows: RefCell::new(Vec::new()),
            spare,
        });
        let input = Pausing {
            input,
            outbox: Rc::clone(&outbox),
        };
        // A byte order mark says UTF-16; UTF-8 passes through, faulty bytes included.
        let decoded = DecodeReaderBytesBuilder::new()
            .bom_sniffing(true)
            .utf8_passthru(true)
            .build(input);
        if let Err(error) = run(decoded, kind, chain.as_deref(), &outbox) {
            // Nobody listens any more only when the import was given up.
            let _ = outbox.out.send(Piece::Failed(error));
        }
        outbox.flush();
    };
    // Without a thread the channel just ends, which reads as an input that cannot be read.
    drop(
        thread::Builder::new()
            .name("reader".to_owned())
            .spawn(reading),
    );
    Pieces { pieces, done }
}

fn run(
    input: impl Read + 'static,
    kind: Option<Kind>,
    chain: Option<&str>,
    outbox: &Outbox,
) -> Result<(), ImportError> {
    let mut rows = Rows::open(input).map_err(ImportError::Unreadable)?;
    let Some(kind) = kind.or_else(|| Kind::guess(rows.names())) else {
        let names: Vec<_> = rows.names().iter().take(12).map(String::as_str).collect();
        return Err(ImportError::UnknownKind(names.join(", ")));
    };
    if outbox.out.send(Piece::Opened(kind)).is_err() {
        return Ok(());
    }
    let mut reader = Reader::new(kind, rows.names(), chain);
    loop {
        let parsed = match rows.next_row() {
            Next::Row(row) => {
                let parsed = Parsed {
                    line: row.line,
                    record: reader.read(&row, rows.names()),
                };
                rows.reuse(row);
                parsed
            }
            Next::Bad { line, reason } => Parsed {
                line,
                record: Err(BadField::new("", reason)),
            },
            Next::End => return Ok(()),
        };
        outbox.rows.borrow_mut().push(parsed);
    }
}

enum Reader {
    Trades(TradeReader),
    Calls(CallReader),
    Prices(PriceReader),
    Candles(CandleReader),
    Outcomes(Box<OutcomeReader>),
}

impl Reader {
    fn new(kind: Kind, names: &[String], chain: Option<&str>) -> Self {
        match kind {
            Kind::Trades => Self::Trades(TradeReader::new(names)),
            Kind::Calls => Self::Calls(CallReader::new(names, chain)),
            Kind::Prices => Self::Prices(PriceReader::new(names, chain)),
            Kind::Candles => Self::Candles(CandleReader::new(names, chain)),
            Kind::Outcomes => Self::Outcomes(Box::new(OutcomeReader::new(names))),
        }
    }

    fn read(&mut self, row: &super::rows::Row, names: &[String]) -> Result<Record, BadField> {
        match self {
            Self::Trades(reader) => reader.read(row, names).map(Record::Trade),
            Self::Calls(reader) => reader.read(row, names).map(Record::Call),
            Self::Prices(reader) => reader.read(row, names).map(Record::Price),
            Self::Candles(reader) => reader.read(row, names).map(Record::Candle),
            Self::Outcomes(reader) => reader
                .read(row, names)
                .map(|row| Record::Outcome(Box::new(row))),
        }
    }
}

/// Rows on their way out.
struct Outbox {
    out: SyncSender<Piece>,
    rows: RefCell<Vec<Parsed>>,
    /// Rows that came back.
    spare: Receiver<Vec<Parsed>>,
}

impl Outbox {
    fn flush(&self) {
        if self.rows.borrow().is_empty() {
            return;
        }
        let mut empty = Vec::new();
        for mut old in self.spare.try_iter() {
            old.clear();
            empty = old;
        }
        let rows = self.rows.replace(empty);
        // As above: an import that was given up.
        let _ = self.out.send(Piece::Rows(rows));
    }
}

/// The input. Whoever reads from it may have to wait for more, so what was parsed so far is handed
/// over first.
struct Pausing {
    input: Box<dyn Read + Send>,
    outbox: Rc<Outbox>,
}

impl Read for Pausing {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.outbox.flush();
        self.input.read(into)
    }
}
