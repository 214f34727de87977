//! One record of sc-bot, from any of its files: the fields by their names.

use serde_json::{Map, Value};

use crate::domain::{FeatureValue, Features, Multiple, Price, Span, Timestamp};
use crate::ingest::Recorded;

use super::super::value::{Raw, Time};

/// The checkpoints in their order.
const CHECKPOINTS: [(&str, Span); 6] = [
    ("1h", Span::HOUR),
    ("4h", Span::hours(4)),
    ("24h", Span::DAY),
    ("3d", Span::days(3)),
    ("7d", Span::days(7)),
    ("30d", Span::days(30)),
];

/// What a checkpoint is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// Read at about its time, as far as the record can tell.
    Read,
    /// At the very entry price: made up for an old message.
    MadeUp,
    /// The next one has the same price: filled in after a gap.
    FilledIn,
}

/// A checkpoint that was reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Checkpoint {
    /// `1h` to `30d`.
    pub name: &'static str,
    /// How long after the call.
    pub after: Span,
    /// When, as written.
    pub at: Option<Timestamp>,
    /// The price.
    pub price: Price,
    /// Whether it is believed.
    pub worth: Worth,
}

/// One call with what their tracker knew of it.
#[expect(clippy::struct_excessive_bools, reason = "each is a field of theirs")]
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// As written, without the spreadsheet's apostrophe.
    pub address: String,
    /// The chain, where it is said.
    pub chain: Option<String>,
    /// The channel, where it is said.
    pub channel: Option<String>,
    /// The message that called it.
    pub message: Option<String>,
    /// The ticker.
    pub symbol: Option<String>,
    /// When it was called.
    pub started: Option<Time>,
    /// The call's time was worked out from a checkpoint.
    pub started_from_checkpoint: bool,
    /// What they took for the entry price.
    pub entry: Option<Price>,
    /// The highest multiple.
    pub ath: Option<Multiple>,
    /// The highest price.
    pub ath_price: Option<Price>,
    /// When that was.
    pub ath_at: Option<Timestamp>,
    /// The same in days.
    pub days_to_ath: Option<f64>,
    /// The latest price: for back-filled records the ATH.
    pub current_price: Option<Price>,
    /// The same as a multiple.
    pub current: Option<Multiple>,
    /// When it was read.
    pub updated: Option<Timestamp>,
    /// The price at day 7.
    pub day_7_price: Option<Price>,
    /// The same as a multiple.
    pub day_7: Option<Multiple>,
    /// Checkpoints that were reached, in their order.
    pub checkpoints: Vec<Checkpoint>,
    /// Their tracker was done with it.
    pub complete: bool,
    /// They found no data.
    pub no_data: bool,
    /// How long it was tracked, where that is said.
    pub days_tracked: Option<f64>,
    /// Earlier calls of the token that this one overwrote.
    pub earlier: u64,
    /// Their words and flags for the outcome.
    pub judged_by_them: bool,
    /// What was known at the message.
    pub features: Features,
    /// What was known when the price was fetched, which for old messages is long after.
    pub fetched: Features,
}

impl Record {
    /// Reads a record from its fields. `address` is the key it lies under, where it has one.
    pub fn read(fields: &Map<String, Value>, address: Option<&str>) -> Self {
        let raw = |name: &str| fields.get(name).map_or(Raw::Null, Raw::from);
        let first = |names: &[&str]| {
            let mut all = names.iter().map(|name| raw(name));
            all.find(|raw| *raw != Raw::Null).unwrap_or(Raw::Null)
        };
        let entry = first(&["entry_price", "start_price"]).price();
        let checkpoints = checkpoints(fields.get("checkpoints"), entry);
        let written = first(&["entry_timestamp", "start_time", "timestamp"]).time();
        // A checkpoint is dated at the call plus its interval, whenever it was read.
        let reckoned = checkpoints.iter().find_map(|point| {
            let at = point.at?.minus(point.after);
            Some(Time { at, naive: false })
        });
        let is = |name: &str, word: &str| {
            raw(name)
                .text()
                .is_some_and(|t| t.eq_ignore_ascii_case(word))
        };
        let days_tracked = raw("days_tracked").number();
        let number = raw("signal_number").number().unwrap_or(1.0);
        let listed = fields.get("previous_signals").and_then(Value::as_array);
        let named = first(&["address", "contract_address"]).text();
        Self {
            address: bare(
                &named
                    .or_else(|| address.map(str::to_owned))
                    .unwrap_or_default(),
            ),
            chain: raw("chain").text(),
            channel: raw("channel_name").text(),
            message: first(&["message_id", "first_message_id"]).text(),
            symbol: raw("symbol").text(),
            started: written.or(reckoned),
            started_from_checkpoint: written.is_none() && reckoned.is_some(),
            entry,
            ath: raw("ath_multiplier").multiple(),
            ath_price: first(&["ath_price", "ath_since_mention"]).price(),
            ath_at: first(&["ath_timestamp", "ath_time"]).utc(),
            days_to_ath: raw("days_to_ath").number(),
            current_price: raw("current_price").price(),
            current: raw("current_multiplier").multiple(),
            updated: first(&["last_update", "last_updated", "updated_at"]).utc(),
            day_7_price: raw("day_7_price").price(),
            day_7: raw("day_7_multiplier").multiple(),
            checkpoints,
            complete: raw("is_complete").flag() == Some(true) || is("status", "completed"),
            no_data: is("status", "data_unavailable")
                || is("completion_reason", "no_data")
                || is("completion_reason", "no_symbol"),
            days_tracked,
            earlier: listed
                .map_or(0, |l| l.len() as u64)
                .max((number - 1.0).max(0.0) as u64),
            judged_by_them: [
                "is_winner",
                "outcome_category",
                "day_7_classification",
                "trajectory",
            ]
            .iter()
            .any(|name| raw(name) != Raw::Null),
            features: features(
                &raw,
                &[
                    ("signal_number", "signal_number"),
                    ("sentiment", "sentiment"),
                    ("sentiment_score", "sentiment_score"),
                    ("hdrb_score", "hdrb_score"),
                    ("confidence", "confidence"),
                ],
            ),
            fetched: features(
                &raw,
                &[
                    ("market_tier", "market_tier"),
                    ("risk_level", "risk_level"),
                    ("risk_score", "risk_score"),
                ],
            ),
        }
    }

    /// A multiple that was stored, or follows from a price.
    fn over_entry(&self, stored: Option<Multiple>, price: Option<Price>) -> Option<Multiple> {
        stored.or_else(|| Some(price?.over(self.entry?)))
    }

    /// The ATH as a multiple.
    pub fn ath_multiple(&self) -> Option<Multiple> {
        self.over_entry(self.ath, self.ath_price)
    }

    /// The latest price as a multiple.
    pub fn current_multiple(&self) -> Option<Multiple> {
        self.over_entry(self.current, self.current_price)
    }

    /// Whether it was made from an old message: checkpoints stand at the entry, or they gave up
    /// looking for data.
    pub fn is_back_filled(&self) -> bool {
        self.no_data || self.checkpoints.iter().any(|c| c.worth == Worth::MadeUp)
    }

    /// Whether the entry is the price of the day of the scrape: the latest price is the entry, or
    /// every multiple is 1. One that was never looked at again after the call is told apart.
    pub fn entered_at_scrape(&self) -> bool {
        let fresh = !self.complete
            && !self.is_back_filled()
            && self.checkpoints.is_empty()
            && self.days_tracked.unwrap_or(0.0) < 1.0;
        let day_7 = self.over_entry(self.day_7, self.day_7_price);
        let current = self.current_multiple();
        let all: Vec<Multiple> = [self.ath_multiple(), current, day_7]
            .into_iter()
            .flatten()
            .collect();
        let all_one = !all.is_empty() && all.iter().all(|m| same(*m, Multiple::ONE));
        !fresh && (all_one || current.is_some_and(|m| same(m, Multiple::ONE)))
    }

    /// The price at day 7, unless it is the entry again or was filled in after a gap.
    fn day_7(&self) -> Option<Multiple> {
        let multiple = self.over_entry(self.day_7, self.day_7_price)?;
        let point = self.checkpoints.iter().find(|c| c.name == "7d");
        // The field is a copy of the checkpoint, unless it was looked up later.
        let copied = point.is_some_and(|p| {
            p.worth != Worth::Read
                && self
                    .entry
                    .is_some_and(|entry| same(p.price.over(entry), multiple))
        });
        (!copied && !same(multiple, Multiple::ONE)).then_some(multiple)
    }

    /// Whether it has a day-7 field that is not believed.
    pub fn day_7_is_made_up(&self) -> bool {
        self.over_entry(self.day_7, self.day_7_price).is_some() && self.day_7().is_none()
    }

    /// Whether its latest price is its ATH.
    pub fn current_is_ath(&self) -> bool {
        let pair = self.ath_multiple().zip(self.current_multiple());
        pair.is_some_and(|(ath, current)| same(ath, current))
    }

    /// What is believed of it, as the rules for finals want it.
    pub fn recorded(&self) -> Recorded {
        let point = self
            .checkpoints
            .iter()
            .find(|c| c.name == "7d" && c.worth == Worth::Read);
        let from_point = || Some(point?.price.over(self.entry?));
        Recorded {
            entry: self.entry,
            started: self.started.map(|time| time.at),
            ath: self.ath_multiple(),
            ath_price: self.ath_price,
            ath_at: self.ath_at,
            days_to_ath: self.days_to_ath,
            day_7: self.day_7().or_else(from_point),
            day_7_price: None,
            checkpoints: None,
            current: self.current_multiple(),
            current_price: self.current_price,
            updated: self.updated,
            complete: self.complete || self.days_tracked.is_some_and(|days| days >= 7.0),
        }
    }

    /// Takes what another file knows of the same call.
    pub fn join(&mut self, other: Self) {
        fn fill<T>(known: &mut Option<T>, more: Option<T>) {
            if known.is_none() {
                *known = more;
            }
        }
        // `evm` is no chain: one that is named counts.
        let named = |chain: &Option<String>| {
            chain
                .as_deref()
                .is_some_and(|c| !c.eq_ignore_ascii_case("evm"))
        };
        if !named(&self.chain) && other.chain.is_some() {
            self.chain = other.chain;
        }
        fill(&mut self.channel, other.channel);
        fill(&mut self.symbol, other.symbol);
        fill(&mut self.started, other.started);
        // Multiples belong to the entry they were measured from.
        let alike = match (self.entry, other.entry) {
            (Some(a), Some(b)) => (a.usd() / b.usd() - 1.0).abs() < 0.01,
            _ => true,
        };
        if alike {
            fill(&mut self.entry, other.entry);
            if self.ath.is_none() && self.ath_price.is_none() {
                (self.ath, self.ath_price) = (other.ath, other.ath_price);
                (self.ath_at, self.days_to_ath) = (other.ath_at, other.days_to_ath);
            }
            if self.day_7.is_none() && self.day_7_price.is_none() {
                (self.day_7, self.day_7_price) = (other.day_7, other.day_7_price);
            }
            if self.current.is_none() && self.current_price.is_none() {
                (self.current, self.current_price) = (other.current, other.current_price);
                self.updated = other.updated;
            }
        }
        if self.checkpoints.is_empty() {
            self.checkpoints = other.checkpoints;
        }
        self.complete |= other.complete;
        self.no_data |= other.no_data;
        fill(&mut self.days_tracked, other.days_tracked);
        self.earlier = self.earlier.max(other.earlier);
        for (name, value) in other.features {
            self.features.entry(name).or_insert(value);
        }
    }
}

fn features(raw: &impl Fn(&str) -> Raw, names: &[(&str, &str)]) -> Features {
    let value = |raw: Raw| match raw {
        Raw::Number(number) => Some(FeatureValue::Number(number)),
        Raw::Flag(flag) => Some(FeatureValue::Flag(flag)),
        Raw::Text(text) => FeatureValue::parse(&text),
        Raw::Null => None,
    };
    names
        .iter()
        .filter_map(|(column, name)| Some(((*name).to_owned(), value(raw(column))?)))
        .collect()
}

/// The checkpoints that were reached, at a price, with what they are worth.
fn checkpoints(all: Option<&Value>, entry: Option<Price>) -> Vec<Checkpoint> {
    let Some(all) = all.and_then(Value::as_object) else {
        return Vec::new();
    };
    let mut found: Vec<Checkpoint> = CHECKPOINTS
        .into_iter()
        .filter_map(|(name, after)| {
            let point = all.get(name)?.as_object()?;
            let raw = |name: &str| point.get(name).map_or(Raw::Null, Raw::from);
            let price = raw("price").price()?;
            let made_up = entry.is_some_and(|entry| same(price.over(entry), Multiple::ONE));
            (raw("reached").flag() == Some(true)).then_some(Checkpoint {
                name,
                after,
                at: raw("timestamp").utc(),
                price,
                worth: if made_up { Worth::MadeUp } else { Worth::Read },
            })
        })
        .collect();
    for i in 1..found.len() {
        let later = found[i].price;
        if found[i - 1].worth == Worth::Read && same(found[i - 1].price.over(later), Multiple::ONE)
        {
            found[i - 1].worth = Worth::FilledIn;
        }
    }
    found
}

/// An address without the one apostrophe that keeps a spreadsheet from touching it.
fn bare(address: &str) -> String {
    address
        .strip_prefix('\'')
        .unwrap_or(address)
        .trim()
        .to_owned()
}

/// Equal up to rounding.
pub fn same(a: Multiple, b: Multiple) -> bool {
    a.reaches(b.value()) && b.reaches(a.value())
}
