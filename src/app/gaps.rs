//! Which gaps are to be filled next: chosen from the board, looked up in the store, handed to the
//! task that asks ([`crate::tracker::backfill`]).

use std::collections::{BTreeMap, HashMap, HashSet};

use tokio::sync::mpsc;

use crate::board::Board;
use crate::domain::stretch::{gaps, merged};
use crate::domain::{Pace, Span, Status, Stretch, Timestamp, TokenKey};
use crate::store::{Store, StoreError};
use crate::tracker::backfill::{Filled, Gaps};

/// Between two looks for gaps.
const EVERY: Span = Span::MINUTE;
/// The same while there is more to be looked up: other work has its turn in between.
const SOON: Span = Span::seconds(1);
/// Tokens that are looked up and handed over at once.
const AT_ONCE: usize = 20;
/// Tokens that are looked up in one go, so that nothing else waits for it.
const LOOKED_UP: usize = 200;
/// Nothing this young is a gap: the next polls may still come, and providers' answers are cached.
const YOUNG: Span = Span::minutes(6);
/// Past prices go back so far.
const HISTORY: Span = Span::days(170);
/// A token that was looked at is left alone so long: what is followed gets new gaps seldom, and
/// who has no pool yet may get one.
const AGAIN: Span = Span::minutes(30);

/// How far backfill has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// Tokens with gaps that nobody has asked about yet.
    pub left: usize,
    /// Tokens that were asked about since the start.
    pub done: usize,
    /// Candles that were found.
    pub candles: u64,
    /// Candles that stood alone without volume and do not count.
    pub refused: u64,
    /// Why the latest attempt failed, while it does, and when the next one follows.
    pub trouble: Option<(String, Timestamp)>,
}

/// Chooses gaps and counts what becomes of them.
#[derive(Debug)]
pub struct GapFinder {
    ask: mpsc::UnboundedSender<Vec<Gaps>>,
    pace: Pace,
    /// Tokens that were handed over and not answered yet.
    out: HashSet<TokenKey>,
    /// Tokens that are to be left alone, until when.
    quiet: HashMap<TokenKey, Timestamp>,
    next_look: Timestamp,
    progress: Progress,
}

impl GapFinder {
    /// Before the first look.
    pub fn new(ask: mpsc::UnboundedSender<Vec<Gaps>>, pace: Pace) -> Self {
        Self {
            ask,
            pace,
            out: HashSet::new(),
            quiet: HashMap::new(),
            next_look: Timestamp::from_millis(0),
            progress: Progress::default(),
        }
    }

    /// How far it has come.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Looks for gaps if it is time to, and hands over the most urgent ones: calls that are
    /// followed, newest first, then those whose window is over.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn look(&mut self, store: &Store, board: &Board, now: Timestamp) -> Result<(), StoreError> {
        // A clock that was set back must not silence it.
        let late = self.next_look.since(now) > EVERY;
        if (now < self.next_look && !late) || self.out.len() >= AT_ONCE {
            return Ok(());
        }
        self.next_look = now.plus(EVERY);
        self.quiet.retain(|_, until| *until > now);
        let wanted = self.wanted(board, now);
        self.progress.left = wanted.len() + self.out.len();
        let mut found = Vec::new();
        for (looked, (token, calls)) in wanted.into_iter().enumerate() {
            if looked >= LOOKED_UP {
                self.next_look = now.plus(SOON);
                break;
            }
            if found.len() + self.out.len() >= AT_ONCE {
                // The rest follows as soon as these are done.
                self.next_look = now.plus(SOON);
                break;
            }
            if let Some(gaps) = gaps_of(store, &self.pace, &token, calls, now)? {
                self.out.insert(token);
                found.push(gaps);
            } else {
                self.leave(token, now);
                self.progress.left = self.progress.left.saturating_sub(1);
            }
        }
        if !found.is_empty() {
            // The task ends before the engine only when the program does.
            let _ = self.ask.send(found);
        }
        Ok(())
    }

    /// Tokens that may have gaps, each with its calls, the most urgent first.
    fn wanted(&self, board: &Board, now: Timestamp) -> Vec<(TokenKey, Vec<Timestamp>)> {
        let mut tokens: BTreeMap<TokenKey, (bool, Vec<Timestamp>)> = BTreeMap::new();
        for judged in board.judged(now) {
            let Some(token) = &judged.call.token else {
                continue;
            };
            let called_at = judged.call.called_at;
            let over = judged.outcome.status == Status::Completed;
            let whole = judged
                .outcome
                .coverage
                .is_some_and(|coverage| coverage.value() > 99.99);
            let out_of_reach = now.since(called_at.plus(self.pace.window)) > HISTORY;
            if whole || out_of_reach || now.since(called_at) < YOUNG {
                continue;
            }
            if self.out.contains(token) || self.quiet.contains_key(token) {
                continue;
            }
            let entry = tokens.entry(token.clone()).or_insert((true, Vec::new()));
            entry.0 &= over;
            entry.1.push(called_at);
        }
        let mut tokens: Vec<_> = tokens.into_iter().collect();
        tokens.sort_by_key(|(_, (over, calls))| (*over, std::cmp::Reverse(calls.last().copied())));
        let calls = |(token, (_, calls))| (token, calls);
        tokens.into_iter().map(calls).collect()
    }

    /// Takes note of an answer.
    pub fn filled(&mut self, filled: &Filled, now: Timestamp) {
        self.out.remove(&filled.token);
        self.leave(filled.token.clone(), now);
        self.progress.done += 1;
        self.progress.left = self.progress.left.saturating_sub(1);
        self.progress.candles += filled.candles.len() as u64;
        self.progress.refused += filled.refused as u64;
        let health = &filled.health;
        let error = health.last_error.as_ref().map(|(_, error)| error.clone());
        self.progress.trouble = error.zip(health.next_try);
        if self.out.is_empty() {
            self.next_look = now.plus(SOON);
        }
    }

    /// What was found could not be stored: it is to be asked for again soon.
    pub fn not_stored(&mut self, token: &TokenKey) {
        self.quiet.remove(token);
    }

    fn leave(&mut self, token: TokenKey, now: Timestamp) {
        self.quiet.insert(token, now.plus(AGAIN));
    }
}

/// What of a token was not seen; `None` when nothing is missing that was not asked for.
fn gaps_of(
    store: &Store,
    pace: &Pace,
    token: &TokenKey,
    calls: Vec<Timestamp>,
    now: Timestamp,
) -> Result<Option<Gaps>, StoreError> {
    let until = |called_at: Timestamp| called_at.plus(pace.window).min(now.minus(YOUNG));
    let first = calls.iter().min().copied();
    let last = calls.iter().map(|c| until(*c)).max();
    let Some(within) = first
        .zip(last)
        .and_then(|(from, to)| Stretch::new(from, to))
    else {
        return Ok(None);
    };
    let known = store.known_of(token, within)?;
    let of_call = |called_at: &Timestamp| {
        let until = until(*called_at);
        gaps(
            *called_at,
            until,
            &known.seen,
            known.stretches.clone(),
            pace,
        )
    };
    let stretches = merged(calls.iter().flat_map(of_call).collect());
    Ok((!stretches.is_empty()).then(|| Gaps {
        token: token.clone(),
        calls,
        stretches,
        pool: known.pool,
    }))
}
