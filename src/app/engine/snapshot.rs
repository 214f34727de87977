//! What the engine is told, and what it hands out.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::analytics::lab::SavedFilter;
use crate::board::{Board, Settings};
use crate::domain::{Call, CallId, Decision, Notice, Span, Timestamp, Trade, Work};
use crate::store::{History, Sample};
use crate::tracker::backfill::Filled;
use crate::tracker::{FeedHealth, Poll};

use super::super::gaps::Progress;
use super::super::watch::Turn;

/// Something to be done with the store.
#[derive(Debug)]
pub enum Command {
    /// What was read of the past: stored as it comes.
    Samples(Vec<Sample>),
    /// What a poll has brought, with how the feeds are doing: stored within the second.
    Polled(Poll),
    /// Calls that were made.
    Calls(Vec<Call>),
    /// Trades that were opened or closed.
    Trades(Vec<Trade>),
    /// Calls and trades of a demo's market: stored within the second, as what polls bring.
    Happened(Vec<Call>, Vec<Trade>),
    /// What was found of a token's past.
    Filled(Box<Filled>),
    /// A filter is kept under its name.
    SaveFilter(SavedFilter),
    /// The filter of a name is kept no more; what came of it, in words.
    ForgetFilter(String, oneshot::Sender<String>),
    /// What the page of a call shows beyond its outcome is to be read.
    History(CallId, oneshot::Sender<History>),
    /// The token of a call is to be polled now; what came of it, in words.
    PollNow(CallId, oneshot::Sender<String>),
    /// Nothing more will come.
    Stop,
}

/// Readings of polls that were stored, by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// They count.
    pub accepted: u64,
    /// They waited for a second reading.
    pub waited: u64,
    /// They do not count.
    pub refused: u64,
    /// Polls that found no listing any more.
    pub absent: u64,
}

impl Tally {
    pub(super) fn add(&mut self, sample: &Sample) {
        let count = match sample.decision {
            Decision::Accepted if sample.reading.absent => &mut self.absent,
            Decision::Accepted => &mut self.accepted,
            Decision::Waiting => &mut self.waited,
            Decision::Refused(_) => &mut self.refused,
        };
        *count += 1;
    }
}

/// How far the first load has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Nothing is there yet.
    Nothing,
    /// The trades of the models.
    Models,
    /// Calls too.
    Everything,
}

/// What everybody else may look at: the latest board and how the program itself is doing.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Everything there is to show.
    pub board: Arc<Board>,
    /// How the feeds are doing, when this program asks any.
    pub health: Vec<FeedHealth>,
    /// Who polls, where a lease decides that.
    pub turn: Option<Turn>,
    /// When the machine was last found to have slept, and for how long.
    pub slept: Option<(Timestamp, Span)>,
    /// What polls have brought since the start.
    pub tally: Tally,
    /// How far filling gaps has come, while this program does it.
    pub backfill: Option<Progress>,
    /// Filters that were saved, by name.
    pub filters: Arc<Vec<SavedFilter>>,
    /// The latest notices, oldest first.
    pub notices: Arc<Vec<Notice>>,
    /// The number of the latest one.
    pub told: i64,
    /// Long work on the database, of this program or of another, and how far it has come.
    pub work: Option<Work>,
    /// That work holds the database: what comes in waits for its end.
    pub held: bool,
    /// Why the database could not be read or written last time.
    pub trouble: Option<String>,
    /// How far the first load has come.
    pub loaded: Stage,
}

impl Snapshot {
    /// Before anything is loaded.
    pub fn empty(settings: Settings) -> Self {
        Self {
            board: Arc::new(Board::empty(settings)),
            health: Vec::new(),
            turn: None,
            slept: None,
            tally: Tally::default(),
            backfill: None,
            filters: Arc::default(),
            notices: Arc::default(),
            told: 0,
            work: None,
            held: false,
            trouble: None,
            loaded: Stage::Nothing,
        }
    }
}
