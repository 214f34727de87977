//! The in-memory view: loaded from the store, moved by what the tracker and the importers
//! commit, handed out as an immutable snapshot.
//!
//! A clone shares everything that did not change, so handing one out costs a few pointers per
//! call. Must never know: SQL, feeds, how anything is drawn.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, OnceLock};

use crate::analytics::judged::standings;
use crate::analytics::{Book, BookKey, FeatureKind, Guards, Judged, Standing};
use crate::domain::fold::PriceAt;
use crate::domain::hash::FastMap;
use crate::domain::{
    Call, CallFacts, CallId, Fold, ImportedOutcome, Outcome, Percent, Price, Range, Rules, Span,
    Timestamp, TokenKey, Window,
};
use crate::store::{FoldChange, Loaded, StoredCall};

/// The settings that figures depend on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Definitions.
    pub rules: Rules,
    /// Trades a model needs for a place.
    pub min_rank_n: u32,
    /// Guards of the feature tests.
    pub guards: Guards,
}

/// Everything there is to show, as of the latest commit.
#[derive(Debug, Clone)]
pub struct Board {
    settings: Settings,
    books: BTreeMap<BookKey, Arc<Book>>,
    /// Oldest first.
    calls: Vec<Arc<Tracked>>,
    /// Made when it is first asked for: a report looks up none.
    index: Arc<OnceLock<FastMap<CallId, usize>>>,
    standings: Arc<Vec<Standing>>,
    /// Made when they are first asked for.
    kinds: Arc<OnceLock<BTreeMap<String, FeatureKind>>>,
    trails: FastMap<TokenKey, Arc<Trail>>,
    orphan_outcomes: usize,
}

#[derive(Debug, Clone)]
struct Tracked {
    call: Arc<Call>,
    voided: Option<String>,
    /// Large: apart, so that it is not copied on its way here.
    fold: Box<Fold>,
    imported: Option<ImportedOutcome>,
}

impl From<StoredCall> for Tracked {
    fn from(stored: StoredCall) -> Self {
        Self {
            call: Arc::new(stored.call),
            voided: stored.voided,
            fold: stored.fold,
            imported: stored.imported,
        }
    }
}

impl Board {
    /// A board of everything that was loaded.
    #[must_use]
    pub fn new(loaded: Loaded, settings: Settings) -> Self {
        let mut board = Self {
            settings,
            books: loaded
                .books
                .into_iter()
                .map(|(key, book)| (key, Arc::new(book)))
                .collect(),
            calls: loaded
                .calls
                .into_iter()
                .map(|c| Arc::new(Tracked::from(c)))
                .collect(),
            index: Arc::default(),
            standings: Arc::default(),
            kinds: Arc::default(),
            trails: FastMap::default(),
            orphan_outcomes: loaded.orphan_outcomes,
        };
        board.arrange();
        board
    }

    /// A board of nothing.
    #[must_use]
    pub fn empty(settings: Settings) -> Self {
        Self::new(Loaded::default(), settings)
    }

    /// Puts the calls that were loaded in place of those that were there.
    pub fn set_calls(&mut self, calls: Vec<StoredCall>, orphan_outcomes: usize) {
        self.calls = calls
            .into_iter()
            .map(|c| Arc::new(Tracked::from(c)))
            .collect();
        self.orphan_outcomes = orphan_outcomes;
        self.trails = FastMap::default();
        self.arrange();
    }

    /// Takes up calls that were stored.
    pub fn add_calls(&mut self, calls: impl IntoIterator<Item = StoredCall>) {
        for stored in calls {
            match self.index().get(&stored.call.id).copied() {
                Some(at) if at < self.calls.len() => {
                    self.calls[at] = Arc::new(Tracked::from(stored));
                }
                _ => self.calls.push(Arc::new(Tracked::from(stored))),
            }
        }
        self.arrange();
    }

    /// Moves the outcomes of calls whose samples came in.
    pub fn move_folds(&mut self, changes: impl IntoIterator<Item = FoldChange>) {
        for change in changes {
            let at = self.index().get(&change.id).copied();
            if let Some(call) = at.and_then(|at| self.calls.get_mut(at)) {
                *Arc::make_mut(call).fold = change.fold;
            }
        }
    }

    /// Adds an accepted price to a token's recent path.
    pub fn add_price(&mut self, token: &TokenKey, price: PriceAt) {
        let trail = self.trails.entry(token.clone()).or_default();
        Arc::make_mut(trail).push(price);
    }

    /// Adds accepted prices, oldest first, to a token's recent path.
    pub fn add_trail(&mut self, token: &TokenKey, prices: impl IntoIterator<Item = PriceAt>) {
        let mut prices = prices.into_iter().peekable();
        if prices.peek().is_none() {
            return;
        }
        let trail = self.trails.entry(token.clone()).or_default();
        let trail = Arc::make_mut(trail);
        for price in prices {
            trail.push(price);
        }
    }

    /// Forgets the paths of tokens whose last price is older than an instant.
    pub fn drop_trails_before(&mut self, instant: Timestamp) {
        self.trails
            .retain(|_, trail| trail.last().is_some_and(|p| p.at >= instant));
    }

    /// Puts a model's book in place of the one that was there.
    pub fn set_book(&mut self, key: BookKey, book: Book) {
        self.books.insert(key, Arc::new(book));
    }

    /// Order, index, standings and feature kinds follow from the calls.
    fn arrange(&mut self) {
        self.calls
            .sort_by(|a, b| (a.call.called_at, &a.call.id).cmp(&(b.call.called_at, &b.call.id)));
        self.index = Arc::default();
        let calls = self
            .calls
            .iter()
            .map(|c| (c.call.as_ref(), c.voided.is_some()));
        self.standings = Arc::new(standings(calls));
        self.kinds = Arc::default();
    }

    fn index(&self) -> &FastMap<CallId, usize> {
        self.index.get_or_init(|| {
            let calls = self.calls.iter().enumerate();
            calls.map(|(i, c)| (c.call.id.clone(), i)).collect()
        })
    }

    /// The settings in force.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The books of all models.
    pub fn books(&self) -> impl Iterator<Item = (&BookKey, &Book)> + Clone {
        self.books.iter().map(|(key, book)| (key, book.as_ref()))
    }

    /// How many calls there are.
    #[must_use]
    pub fn call_count(&self) -> usize {
        self.calls.len()
    }

    /// Imported outcomes whose call is not known.
    #[must_use]
    pub const fn orphan_outcomes(&self) -> usize {
        self.orphan_outcomes
    }

    /// The kinds of all features, as far as the calls made up to an instant tell.
    #[must_use]
    pub fn feature_kinds(&self, as_of: Timestamp) -> Cow<'_, BTreeMap<String, FeatureKind>> {
        if self.calls.last().is_none_or(|c| c.call.called_at <= as_of) {
            return Cow::Borrowed(self.kinds.get_or_init(|| {
                let counted = self.calls.iter().filter(|c| c.voided.is_none());
                FeatureKind::of_all(counted.map(|c| &c.call.features))
            }));
        }
        let seen = self.calls.iter().take_while(|c| c.call.called_at <= as_of);
        let counted = seen.filter(|c| c.voided.is_none());
        Cow::Owned(FeatureKind::of_all(counted.map(|c| &c.call.features)))
    }

    /// Every call made up to an instant with its outcome as of it, oldest first. Folds must hold
    /// nothing later: load with that instant, or ask for now.
    #[must_use]
    pub fn judged(&self, as_of: Timestamp) -> Vec<Judged> {
        self.judged_in(&Range::All.window(as_of), as_of)
    }

    /// The same of the calls made in a window.
    #[must_use]
    pub fn judged_in(&self, window: &Window, as_of: Timestamp) -> Vec<Judged> {
        let made_before = |at: Timestamp| self.calls.partition_point(|c| c.call.called_at < at);
        let from = window.from.map_or(0, made_before);
        let known = self.made_up_to(as_of.min(window.to)).max(from);
        let mut judged = Vec::with_capacity(known - from);
        judged.extend((from..known).filter_map(|at| self.judged_at(at, None, as_of)));
        judged
    }

    /// When the newest of the calls made up to an instant was made.
    #[must_use]
    pub fn newest_call(&self, as_of: Timestamp) -> Option<Timestamp> {
        let newest = self.made_up_to(as_of).checked_sub(1)?;
        self.calls.get(newest).map(|c| c.call.called_at)
    }

    fn made_up_to(&self, at: Timestamp) -> usize {
        self.calls.partition_point(|c| c.call.called_at <= at)
    }

    /// Why a call was taken out of every figure.
    #[must_use]
    pub fn void_reason(&self, id: &CallId) -> Option<&str> {
        self.tracked(id)?.voided.as_deref()
    }

    /// What was imported of a call's outcome.
    #[must_use]
    pub fn imported(&self, id: &CallId) -> Option<&ImportedOutcome> {
        self.tracked(id)?.imported.as_ref()
    }

    fn tracked(&self, id: &CallId) -> Option<&Tracked> {
        self.calls.get(*self.index().get(id)?).map(Arc::as_ref)
    }

    /// One call with its outcome as of an instant: by the fold given, else by its own.
    #[must_use]
    pub fn judged_one(&self, id: &CallId, fold: Option<&Fold>, as_of: Timestamp) -> Option<Judged> {
        let at = *self.index().get(id)?;
        self.judged_at(at, fold, as_of)
    }

    fn judged_at(&self, at: usize, fold: Option<&Fold>, as_of: Timestamp) -> Option<Judged> {
        let (tracked, standing) = (self.calls.get(at)?, self.standings.get(at)?);
        Some(Judged {
            call: Arc::clone(&tracked.call),
            standing: *standing,
            outcome: Outcome::of(
                &CallFacts::from(tracked.call.as_ref()),
                fold.unwrap_or(tracked.fold.as_ref()),
                tracked.imported.as_ref(),
                &self.settings.rules,
                as_of,
            ),
        })
    }

    /// Where the observations of a call have brought it.
    #[must_use]
    pub fn fold_of(&self, id: &CallId) -> Option<&Fold> {
        let at = *self.index().get(id)?;
        self.calls.get(at).map(|tracked| tracked.fold.as_ref())
    }

    /// The calls whose window ended after one instant and up to another, as of that one.
    pub fn ended_between(
        &self,
        after: Timestamp,
        until: Timestamp,
    ) -> impl Iterator<Item = Judged> {
        let window = self.settings.rules.window;
        let ended = |instant: Timestamp| {
            self.calls
                .partition_point(|c| c.call.called_at.plus(window) <= instant)
        };
        let (from, to) = (ended(after), ended(until));
        (from..to.max(from)).filter_map(move |at| self.judged_at(at, None, until))
    }

    /// The newest call of a token whose window is open at an instant, and that is neither void
    /// nor turned down by its bot.
    #[must_use]
    pub fn open_call_of(&self, token: &TokenKey, now: Timestamp) -> Option<&Call> {
        let since = now.minus(self.settings.rules.window);
        let from = self.calls.partition_point(|c| c.call.called_at < since);
        let open = self.calls.iter().zip(self.standings.iter()).skip(from);
        open.rev()
            .find(|(c, standing)| {
                matches!(standing, Standing::Counted | Standing::Recall)
                    && c.call.token.as_ref() == Some(token)
            })
            .map(|(c, _)| c.call.as_ref())
    }

    /// The recent path of a token.
    #[must_use]
    pub fn trail(&self, token: &TokenKey) -> Option<&Trail> {
        self.trails.get(token).map(Arc::as_ref)
    }

    /// The tokens of calls made since an instant, with when they were called and at what stated
    /// price.
    pub fn called_since(
        &self,
        since: Timestamp,
    ) -> impl Iterator<Item = (&TokenKey, Timestamp, Option<Price>)> {
        let from = self.calls.partition_point(|c| c.call.called_at < since);
        self.calls
            .iter()
            .skip(from)
            .map(|c| c.call.as_ref())
            .filter_map(|c| Some((c.token.as_ref()?, c.called_at, c.stated_entry)))
    }
}

/// How far back a trail reaches: enough for the trailing change at 24 h.
pub const TRAIL: Span = Span::hours(25);
/// The slots that a trail keeps one price of: the latest.
const TRAIL_SLOT: Span = Span::minutes(5);

/// By how many prices the room of a trail grows.
const TRAIL_STEP: usize = 24;

/// A token's accepted prices of the last day, one per five minutes.
#[derive(Debug, Default)]
pub struct Trail(VecDeque<PriceAt>);

/// With room for the next prices: what is copied is a trail that moves on.
impl Clone for Trail {
    fn clone(&self) -> Self {
        let mut prices = VecDeque::with_capacity(self.0.len() + TRAIL_STEP);
        prices.extend(self.0.iter());
        Self(prices)
    }
}

impl Trail {
    fn push(&mut self, price: PriceAt) {
        let slot = |p: &PriceAt| p.at.millis().div_euclid(TRAIL_SLOT.millis());
        match self.0.back() {
            Some(last) if price.at < last.at => return,
            Some(last) if slot(last) == slot(&price) => {
                self.0.pop_back();
            }
            _ => {}
        }
        if self.0.len() == self.0.capacity() {
            // By little: doubling would cost as much again for thousands of tokens.
            self.0.reserve_exact(TRAIL_STEP);
        }
        self.0.push_back(price);
        while self
            .0
            .front()
            .is_some_and(|first| price.at.since(first.at) > TRAIL)
        {
            self.0.pop_front();
        }
    }

    /// The latest price.
    #[must_use]
    pub fn last(&self) -> Option<&PriceAt> {
        self.0.back()
    }

    /// Oldest first.
    pub fn prices(&self) -> impl Iterator<Item = &PriceAt> {
        self.0.iter()
    }

    /// The change of the price now against the one `h` ago, each within the tolerance of the
    /// returns; unknown when nothing was seen then, or lately. Not the return since the call.
    #[must_use]
    pub fn trailing_change(&self, now: Timestamp, h: Span, rules: &Rules) -> Option<Percent> {
        let last = self.0.back()?;
        if now.since(last.at) > rules.return_tolerance(h) {
            return None;
        }
        let target = now.minus(h);
        // They are in the order of time.
        let after = self.0.partition_point(|p| p.at < target);
        let around = after.saturating_sub(1)..(after + 1).min(self.0.len());
        let near = self
            .0
            .range(around)
            .min_by_key(|p| p.at.since(target).abs())
            .filter(|p| p.at.since(target).abs() <= rules.return_tolerance(h))?;
        Some(last.price.over(near.price).gain())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_keeps_a_day_and_answers_only_within_the_tolerance() {
        let t0 = Timestamp::from_millis(1_760_000_000_000);
        let mut trail = Trail::default();
        for minute in 0..(30 * 60) {
            if !(26 * 60..28 * 60).contains(&minute) {
                trail.push(PriceAt {
                    at: t0.plus(Span::minutes(minute)),
                    price: Price::new(1.0 + minute as f64).unwrap(),
                });
            }
        }
        assert!(trail.prices().count() <= 25 * 12 + 1);
        let rules = Rules::default();
        let now = trail.last().unwrap().at;
        let day = trail.trailing_change(now, Span::hours(24), &rules).unwrap();
        assert!(
            (day.value() - (1800.0 / 360.0 - 1.0) * 100.0).abs() < 5.0,
            "{day:?}"
        );
        // Nothing was seen around two and a half hours ago.
        assert_eq!(trail.trailing_change(now, Span::minutes(150), &rules), None);
        // Nothing was seen lately.
        let later = now.plus(Span::hours(2));
        assert_eq!(trail.trailing_change(later, Span::hours(1), &rules), None);
    }
}
