//! What became of a call, read off its fold and what was imported, as of a given instant.

use super::call::ImportedOutcome;
use super::candle::PriceSource;
use super::category::Category;
use super::fold::{CallFacts, Entry, Fold, HORIZONS, LATE, PriceAt};
use super::quantity::{Multiple, Percent, Price};
use super::rules::{
    COVERAGE_SLOT, CRASH_HOLD, CRASH_MULTIPLE, FINAL_WITHIN, FULL_COVERAGE_PCT, GONE_POLLS,
    RUG_POLLS, Rules,
};
use super::time::{Span, Timestamp};

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// In its window, no price seen yet.
    Waiting,
    /// In its window, with an entry price.
    Tracking,
    /// Its window is over.
    Completed,
    /// No entry price and nothing imported: no multiples can be given.
    Unpriced,
}

impl Status {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Tracking => "tracking",
            Self::Completed => "completed",
            Self::Unpriced => "unpriced",
        }
    }
}

/// What the ATH multiple rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AthOrigin {
    /// Own samples: a lower bound between them.
    Sampled,
    /// The high or the close of a candle.
    Candle,
    /// Somebody else's peak.
    Imported,
}

impl AthOrigin {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sampled => "sampled",
            Self::Candle => "candle",
            Self::Imported => "imported",
        }
    }
}

/// The highest multiple a call reached; never under 1, since the entry counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ath {
    /// Price over entry.
    pub multiple: Multiple,
    /// When, where that is known.
    pub at: Option<Timestamp>,
    /// What it rests on.
    pub origin: AthOrigin,
    /// Its maker stopped looking too early for it to be the end: not a settled figure.
    pub early: bool,
}

/// What the final multiple rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinalBasis {
    /// Own samples.
    Sampled,
    /// The close of a candle.
    Candle,
    /// Somebody else's final.
    Imported,
    /// The market was gone: nothing could be got for it.
    NoMarket,
}

impl FinalBasis {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sampled => "sampled",
            Self::Candle => "candle",
            Self::Imported => "imported",
            Self::NoMarket => "no market",
        }
    }
}

/// The multiple at the end of the window, or the latest one while it runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Final {
    /// Price over entry.
    pub multiple: Multiple,
    /// The price itself, where it is our own.
    pub price: Option<Price>,
    /// What it rests on.
    pub basis: FinalBasis,
    /// It may still change, or was taken too early to be the end.
    pub provisional: bool,
}

/// Whether the token of a call still lives (`price-apis.md`, "Rug, dead, unknown").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RugState {
    /// Liquidity drained and price at or under 0.2x of the entry.
    Rug,
    /// Price at or under 0.2x of the entry for half an hour, liquidity not seen to go.
    Crashed,
    /// Was listed, now absent.
    Gone,
    /// Traded within the last 24 hours of what was looked at.
    Alive,
    /// Not enough was seen to say.
    Unknown,
}

impl RugState {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rug => "rug",
            Self::Crashed => "crashed",
            Self::Gone => "gone",
            Self::Alive => "alive",
            Self::Unknown => "unknown",
        }
    }
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Where it stands.
    pub status: Status,
    /// The price all multiples are measured against.
    pub entry: Option<Entry>,
    /// The latest accepted price in the window.
    pub last: Option<PriceAt>,
    /// The highest accepted price in the window.
    pub peak: Option<PriceAt>,
    /// Market cap at that peak, USD.
    pub peak_market_cap_usd: Option<f64>,
    /// The ATH multiple.
    pub ath: Option<Ath>,
    /// The final multiple.
    pub fin: Option<Final>,
    /// Worst fall from the running peak, <= 0.
    pub max_drawdown: Option<Percent>,
    /// Worst price against the entry, <= 0.
    pub worst_from_entry: Option<Percent>,
    /// Returns at 1 h, 6 h and 24 h since the call.
    pub returns: [Option<Percent>; 3],
    /// When 2x, 5x and 10x of the entry were first seen ([`super::fold::MILESTONES`]).
    pub reached: [Option<Timestamp>; 3],
    /// What one who is 1, 5 and 15 minutes late pays ([`super::fold::LATE`]): the first accepted
    /// price from then on, if it came within the tolerance of the returns.
    pub late_entries: [Option<Price>; 3],
    /// The category; provisional with [`Outcome::provisional`].
    pub category: Option<Category>,
    /// The final, and with it the category, may still change.
    pub provisional: bool,
    /// Whether the token still lives, from own evidence.
    pub state: RugState,
    /// What an import said of it.
    pub reported_rug: Option<bool>,
    /// Share of five-minute slots with an accepted sample or a candle after the entry.
    pub coverage: Option<Percent>,
    /// The longest time without an accepted price.
    pub longest_gap: Option<Span>,
    /// Latest liquidity, USD.
    pub liquidity_usd: Option<f64>,
}

impl Outcome {
    /// The outcome of a call as of an instant. `fold` must hold no observation later than
    /// `as_of`; an imported outcome that is dated later is not seen.
    #[must_use]
    pub fn of(
        facts: &CallFacts,
        fold: &Fold,
        imported: Option<&ImportedOutcome>,
        rules: &Rules,
        as_of: Timestamp,
    ) -> Self {
        let end = facts.window_end(rules);
        let over = as_of >= end;
        let imported = imported.filter(|i| i.observed_until.unwrap_or(end) <= as_of);
        let reading = Figures {
            fold,
            imported,
            coverage: coverage(facts, fold, end.min(as_of)),
            end,
            over,
        };

        let fin = reading.fin();
        let ath = reading.ath(fin);
        let provisional = fin.is_some_and(|f| f.provisional) || (!over && fold.entry.is_some());
        let category = fin.and_then(|f| {
            Category::of_known(ath.map(|a| a.multiple), f.multiple, &rules.thresholds)
        });
        let has_multiple = fold.entry.is_some()
            || imported.is_some_and(|i| i.peak.is_some() || i.final_multiple.is_some());
        let status = match (has_multiple, over) {
            (true, true) => Status::Completed,
            (true, false) => Status::Tracking,
            (false, false) if facts.has_token && fold.last.is_none() => Status::Waiting,
            (false, _) => Status::Unpriced,
        };
        // The entry alone shows no path: with nothing after it, drawdowns are unknown, not zero.
        let seen = fold
            .entry
            .zip(fold.last)
            .is_some_and(|(entry, last)| last.at > entry.at);
        let returns = std::array::from_fn(|i| {
            let target = facts.called_at.plus(HORIZONS[i]);
            let near = fold.nearest(i).filter(|p| {
                as_of >= target && p.at.since(target).abs() <= rules.return_tolerance(HORIZONS[i])
            })?;
            Some(near.price.over(fold.entry?.price).gain())
        });
        let late_entries = std::array::from_fn(|i| {
            let target = facts.called_at.plus(LATE[i]);
            let within = rules.return_tolerance(LATE[i]);
            let price = fold.late(i).filter(|p| p.at.since(target) <= within)?;
            Some(price.price)
        });
        Self {
            status,
            entry: fold.entry,
            last: fold.last,
            peak: fold.peak,
            peak_market_cap_usd: fold.peak_market_cap_usd,
            ath,
            fin,
            max_drawdown: seen.then_some(Percent(0.0 - fold.worst_fall * 100.0)),
            worst_from_entry: fold
                .entry
                .filter(|_| seen)
                .zip(fold.lowest)
                .map(|(entry, low)| low.min(entry.price).over(entry.price).gain()),
            returns,
            reached: fold.reached,
            late_entries,
            category,
            provisional,
            state: state(fold, end.min(as_of)),
            reported_rug: imported.and_then(|i| i.is_rug),
            coverage: reading.coverage,
            longest_gap: (fold.samples > 0).then_some(fold.longest_gap),
            liquidity_usd: fold.liquidity_usd.map(|(_, usd)| usd),
        }
    }

    /// ATH minus final.
    #[must_use]
    pub fn gap(&self) -> Option<f64> {
        Some(self.ath?.multiple.value() - self.fin?.multiple.value())
    }

    /// Final over ATH: the share of the best moment that was still there at the end.
    #[must_use]
    pub fn kept(&self) -> Option<f64> {
        Some(self.fin?.multiple.value() / self.ath?.multiple.value())
    }

    /// What one has at the end who came in late, with [`super::fold::LATE`]'s delay: the final
    /// price over the price then.
    #[must_use]
    pub fn late_final(&self, delay: usize) -> Option<Multiple> {
        let late = self.late_entries.get(delay).copied().flatten()?;
        let fin = self.fin?.multiple.value();
        Multiple::new(fin * self.entry?.price.usd() / late.usd())
    }

    /// The gain at the ATH: best case, with hindsight.
    #[must_use]
    pub fn max_gain(&self) -> Option<Percent> {
        Some(self.ath?.multiple.gain())
    }

    /// Whether the gain was a pump; `None` when the ATH is unknown.
    #[must_use]
    pub fn is_pump(&self, rules: &Rules) -> Option<bool> {
        Some(self.ath?.multiple.exceeds(rules.pump_multiple()))
    }

    /// Whether the call ended in a rug or a crash, own evidence or reported; `None` when neither
    /// own evidence nor an import tells.
    #[must_use]
    pub fn is_rug(&self) -> Option<bool> {
        match (self.state, self.reported_rug) {
            (RugState::Rug | RugState::Crashed, _) | (_, Some(true)) => Some(true),
            (RugState::Gone | RugState::Alive, _) | (_, Some(false)) => Some(false),
            (RugState::Unknown, None) => None,
        }
    }

    /// Whether the category counts in the distribution.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.status == Status::Completed && !self.provisional && self.category.is_some()
    }
}

/// What the final and the ATH are read from.
struct Figures<'a> {
    fold: &'a Fold,
    imported: Option<&'a ImportedOutcome>,
    coverage: Option<Percent>,
    end: Timestamp,
    over: bool,
}

impl Figures<'_> {
    fn fin(&self) -> Option<Final> {
        let own = self.fold.entry.zip(self.fold.last);
        let sampled = |(entry, last): (Entry, PriceAt)| Final {
            multiple: last.price.over(entry.price),
            price: Some(last.price),
            basis: match self.fold.last_source {
                PriceSource::Sample => FinalBasis::Sampled,
                PriceSource::Candle => FinalBasis::Candle,
            },
            provisional: !self.over,
        };
        if let Some((entry, last)) = own
            && last.at >= entry.at
            && (!self.over || self.end.since(last.at) <= FINAL_WITHIN)
        {
            return Some(sampled((entry, last)));
        }
        let imported = self.imported.and_then(|i| {
            Some(Final {
                multiple: i.final_multiple?,
                price: None,
                basis: FinalBasis::Imported,
                provisional: self.is_early() || !self.over,
            })
        });
        // A dead token is never left out: with nothing in the last day, nothing could be got.
        let dead = self.fold.entry.is_some() && (is_rugged(self.fold) || is_gone(self.fold));
        match imported {
            Some(fin) if !(dead && fin.provisional) => Some(fin),
            _ if dead => Some(Final {
                multiple: Multiple::ZERO,
                price: None,
                basis: FinalBasis::NoMarket,
                provisional: !self.over,
            }),
            other => other,
        }
    }

    fn ath(&self, fin: Option<Final>) -> Option<Ath> {
        let floor = fin.map_or(Multiple::ONE, |f| f.multiple.max(Multiple::ONE));
        let own = self.fold.entry.zip(self.fold.peak).map(|(entry, peak)| {
            let reached = peak.price.over(entry.price);
            if reached.value() > 1.0 {
                (reached, Some(peak.at))
            } else {
                (Multiple::ONE, Some(entry.at))
            }
        });
        let covered = self
            .coverage
            .is_some_and(|c| c.value() >= FULL_COVERAGE_PCT);
        let imported = self.imported.and_then(|i| i.peak).filter(|_| !covered);
        // Own samples that end with the entry say nothing about a peak.
        let own = own.filter(|_| {
            self.fold
                .entry
                .zip(self.fold.last)
                .is_some_and(|(entry, last)| last.at > entry.at || !self.over)
        });
        let early = self.is_early();
        let by_import = |multiple| Ath {
            multiple,
            at: None,
            origin: AthOrigin::Imported,
            early,
        };
        // A final that towers over every price seen is itself the ATH, and as good as its basis.
        let floor_is_imported = fin.is_some_and(|f| f.basis == FinalBasis::Imported);
        match (own, imported) {
            // A price that was seen cannot be argued away by an import that missed it.
            (Some((own, _)), Some(peak)) if peak.value() > own.value() => {
                Some(by_import(peak.max(floor)))
            }
            (Some((own, _)), _) if floor.value() > own.value() && floor_is_imported => {
                Some(by_import(floor))
            }
            (Some((own, at)), _) => Some(Ath {
                multiple: own.max(floor),
                at: if floor.value() > own.value() {
                    None
                } else {
                    at
                },
                origin: match self.fold.peak_source {
                    PriceSource::Sample => AthOrigin::Sampled,
                    PriceSource::Candle => AthOrigin::Candle,
                },
                early: false,
            }),
            (None, Some(peak)) => Some(by_import(peak.max(floor))),
            (None, None) => None,
        }
    }

    /// Whether whoever measured the imported outcome stopped over a day before the window's end.
    fn is_early(&self) -> bool {
        let until = self.imported.and_then(|i| i.observed_until);
        until.is_some_and(|until| self.end.since(until) > FINAL_WITHIN)
    }
}

fn coverage(facts: &CallFacts, fold: &Fold, until: Timestamp) -> Option<Percent> {
    fold.entry?;
    let age = until.since(facts.called_at).millis();
    let slots =
        age.div_euclid(COVERAGE_SLOT.millis()) + i64::from(age % COVERAGE_SLOT.millis() > 0);
    (slots > 0)
        .then(|| Percent((f64::from(fold.covered_slots()) / slots as f64 * 100.0).min(100.0)))
}

/// The price is at or under the crash level of the entry now.
fn is_down(fold: &Fold) -> bool {
    fold.entry
        .zip(fold.last)
        .is_some_and(|(entry, last)| !last.price.over(entry.price).exceeds(CRASH_MULTIPLE))
}

fn is_rugged(fold: &Fold) -> bool {
    fold.drained_polls >= RUG_POLLS && is_down(fold)
}

fn is_gone(fold: &Fold) -> bool {
    fold.absent_polls >= GONE_POLLS && fold.last.is_some()
}

fn state(fold: &Fold, until: Timestamp) -> RugState {
    let Some(last) = fold.last else {
        return RugState::Unknown;
    };
    if is_rugged(fold) {
        return RugState::Rug;
    }
    if fold
        .crashed_since
        .is_some_and(|since| last.at.since(since) >= CRASH_HOLD)
    {
        return RugState::Crashed;
    }
    if is_gone(fold) {
        return RugState::Gone;
    }
    let after_entry = fold.entry.is_none_or(|entry| last.at > entry.at);
    if after_entry && until.since(last.at) <= FINAL_WITHIN {
        RugState::Alive
    } else {
        RugState::Unknown
    }
}
