//! sc-bot: `signal_outcomes.json` with `active_tracking.json` and `completed_history.json`,
//! `performance/tracking.json`, `performance.csv` of every width, and `messages.csv` for the
//! channels of its messages. What its other files hold was worked out from these.

mod files;
mod record;

use std::collections::{BTreeMap, HashMap};

use crate::domain::token::UNKNOWN_CHAIN;
use crate::domain::{
    Call, CallId, Decision, FeatureValue, ImportedOutcome, Reading, Span, Timestamp, TokenKey,
};
use crate::store::{Sample, Store, StoreError};

use super::input::Input;
use super::loss::{List, Loss};
use super::{Records, judged};
use files::Found;
use record::{Record, Worth};

/// The provider of its checkpoints, and the source of calls whose channel nobody names.
const SOURCE: &str = "sc-bot";
/// Checkpoints after this long are finals, not prices on the way.
const ON_THE_WAY: Span = Span::days(3);

/// Takes sc-bot's files.
pub struct Reader {
    window: Span,
    chain: Option<String>,
    /// By address and message, so that the files that tell of one call are joined.
    records: BTreeMap<(String, String), Record>,
    /// The channels of messages; `None` where two channels have one of that number.
    channels: HashMap<String, Option<String>>,
}

impl Reader {
    /// A reader for calls with this window; `chain` is that of records that name none.
    pub fn new(window: Span, chain: Option<&str>) -> Self {
        Self {
            window,
            chain: chain.map(str::to_owned),
            records: BTreeMap::new(),
            channels: HashMap::new(),
        }
    }

    /// Takes a whole file, or nothing of it; says what it is.
    pub fn take(&mut self, input: Input, loss: &mut Loss) -> Result<String, String> {
        let (what, found) = files::read(input)?;
        let count = match found {
            Found::Records(records, odd) => {
                loss.add_many(List::Refused, "records", "no object with fields", odd, "");
                let count = records.len();
                for record in records {
                    self.take_record(record, loss);
                }
                count
            }
            Found::Messages(messages) => {
                let count = messages.len();
                for (message, channel) in messages {
                    self.channels
                        .entry(message)
                        .and_modify(|known| {
                            if known.as_ref() != Some(&channel) {
                                *known = None;
                            }
                        })
                        .or_insert(Some(channel));
                }
                count
            }
            Found::Derived(count, reason) => {
                loss.add_many(List::Refused, what, reason, count as u64, "");
                count
            }
        };
        if count == 0 {
            loss.flag(
                "files",
                "empty: sc-bot writes an empty file over one that it could not read; look for a backup",
                "",
            );
        }
        Ok(format!("{what}: {count}"))
    }

    fn take_record(&mut self, record: Record, loss: &mut Loss) {
        if record.address.is_empty() {
            loss.refuse(
                "records",
                "without an address",
                record.message.as_deref().unwrap_or_default(),
            );
            return;
        }
        let address = TokenKey::new(None, &record.address).map_or_else(
            || record.address.clone(),
            |token| token.address().to_owned(),
        );
        let time = record.started.map(|t| t.at.millis().to_string());
        let message = record.message.clone().or(time).unwrap_or_default();
        match self.records.get_mut(&(address.clone(), message.clone())) {
            Some(known) => {
                loss.recompute(
                    "records",
                    "of one call in several files: joined",
                    &record.address,
                );
                // The record with more of a history comes first.
                let further = |r: &Record| {
                    (
                        r.channel.is_some(),
                        r.complete,
                        r.days_tracked.unwrap_or(0.0) as i64,
                    )
                };
                if further(&record) > further(known) {
                    let older = std::mem::replace(known, record);
                    known.join(older);
                } else {
                    known.join(record);
                }
            }
            None => {
                self.records.insert((address, message), record);
            }
        }
    }

    /// What the files come to.
    pub fn finish(mut self, store: &Store, loss: &mut Loss) -> Result<Records, StoreError> {
        let mut out = Records::default();
        let records = std::mem::take(&mut self.records);
        loss.add_many(
            List::Flagged,
            "calls",
            "sc-bot keeps one outcome per address: a second call of a token, by any channel, overwrote the first",
            records.len() as u64,
            "",
        );
        for ((address, message), mut record) in records {
            if record.channel.is_none() {
                let known = record.message.as_ref().and_then(|m| self.channels.get(m));
                record.channel = known.cloned().flatten();
            }
            let id = CallId(format!("{SOURCE}:{message}:{address}"));
            // A table without channels adds to a call that is known with one.
            let known = record.channel.is_none()
                && store.source_of(&id)?.is_some_and(|source| source != SOURCE);
            self.one(&mut out, loss, id, record, known);
        }
        Ok(out)
    }

    fn one(&self, out: &mut Records, loss: &mut Loss, id: CallId, record: Record, known: bool) {
        let shown = record.address.clone();
        let Some(started) = record.started else {
            loss.refuse("calls", "without a time", &shown);
            return;
        };
        let called_at = started.at;
        let (chain, token) = self.token(&record, loss);
        tell(&record, loss, &shown);
        let at_scrape = record.entered_at_scrape();
        let scored = !at_scrape && !record.no_data;
        let mut features = record.features.clone();
        if at_scrape {
            // Kept with the call, so that it can be seen there.
            features.insert("scrape_day_entry".to_owned(), FeatureValue::Flag(true));
            loss.flag(
                "calls",
                "entered at the price of the day of the scrape: kept without an entry price, not scored",
                &shown,
            );
        } else if record.no_data {
            loss.flag(
                "calls",
                "sc-bot found no data, and wrote break-even: not scored",
                &shown,
            );
        }
        if record.is_back_filled() || at_scrape {
            loss.add_many(
                List::Refused,
                "market tiers and risk levels",
                "of the day of the scrape, not of the call",
                record.fetched.len() as u64,
                &shown,
            );
        } else {
            features.extend(record.fetched.clone());
        }
        if scored {
            if let Some(token) = &token {
                out.samples
                    .extend(self.samples(&record, token, called_at, loss));
            }
            let outcome = record.recorded().outcome(self.window);
            tell_outcome(&record, &outcome, loss, &shown);
            if outcome != ImportedOutcome::default() {
                out.outcomes.push((id.clone(), outcome));
            }
        }
        if known {
            loss.recompute(
                "calls",
                "known already, with their channel: only the outcome was taken",
                &shown,
            );
            return;
        }
        if record.channel.is_none() {
            loss.flag(
                "calls",
                "no file names the channel: the source is sc-bot (import messages.csv together with it)",
                &shown,
            );
        }
        out.calls.push(Call {
            id,
            source: record.channel.unwrap_or_else(|| SOURCE.to_owned()),
            chain,
            token,
            symbol: record.symbol,
            name: None,
            called_at,
            stated_entry: record.entry.filter(|_| scored),
            market_cap_usd: None,
            liquidity_usd: None,
            rejected_by: None,
            features,
        });
    }

    /// The chain and, where the address can be looked up, the token.
    fn token(&self, record: &Record, loss: &mut Loss) -> (String, Option<TokenKey>) {
        let said = record.chain.as_deref().map(str::to_lowercase);
        // `evm` is a family of chains, not one.
        let evm = said.as_deref() == Some("evm");
        if evm && self.chain.is_none() {
            loss.flag(
                "calls",
                "chain 'evm': which one is not said (--chain names it)",
                &record.address,
            );
        }
        let chain = said
            .filter(|chain| !evm && chain != UNKNOWN_CHAIN && !chain.is_empty())
            .or_else(|| self.chain.clone())
            .or_else(|| evm.then(|| UNKNOWN_CHAIN.to_owned()));
        if is_lower_cased(&record.address, chain.as_deref()) {
            loss.flag(
                "calls",
                "a Solana address in lower case: its letters are lost, so no price can be looked up; kept by its symbol",
                &record.address,
            );
            return ("solana".to_owned(), None);
        }
        let token = TokenKey::new(chain.as_deref(), &record.address);
        let chain = token
            .as_ref()
            .map_or_else(|| UNKNOWN_CHAIN.to_owned(), |t| t.chain().to_owned());
        (chain, token)
    }

    /// The checkpoints that were read, as prices.
    fn samples(
        &self,
        record: &Record,
        token: &TokenKey,
        called_at: Timestamp,
        loss: &mut Loss,
    ) -> Vec<Sample> {
        let readings = record
            .checkpoints
            .iter()
            .filter(|c| c.worth == Worth::Read && c.after <= ON_THE_WAY && c.after <= self.window)
            .map(|c| Reading {
                at: called_at.plus(c.after),
                price: Some(c.price),
                liquidity_usd: None,
                market_cap_usd: None,
                absent: false,
                provider: SOURCE.to_owned(),
                pool: None,
            })
            .collect();
        let judged = judged(record.entry.map(|price| (price, called_at)), readings);
        let held = judged.iter().filter(|(_, d)| *d != Decision::Accepted);
        loss.add_many(
            List::Flagged,
            "checkpoints",
            "a rise over 4x that the next checkpoint did not confirm: kept, not counted",
            held.count() as u64,
            &record.address,
        );
        judged
            .into_iter()
            .map(|(reading, decision)| Sample {
                token: token.clone(),
                reading,
                decision,
            })
            .collect()
    }
}

/// Base58 needs its capitals: an address that could be one of Solana and has none lost them.
fn is_lower_cased(address: &str, chain: Option<&str>) -> bool {
    let could_be = match chain {
        Some(chain) => chain == "solana",
        None => (32..=44).contains(&address.len()) && !address.starts_with("0x"),
    };
    could_be
        && address
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && address.bytes().any(|b| b.is_ascii_lowercase())
}

/// Says what is odd about a record.
fn tell(record: &Record, loss: &mut Loss, shown: &str) {
    if record.started.is_some_and(|time| time.naive) {
        loss.flag(
            "calls",
            "a time without a zone, written in the local time of the bot: taken as UTC",
            shown,
        );
    }
    if record.started_from_checkpoint {
        loss.recompute("calls", "without a time: worked out from a checkpoint, which is dated at the call plus its interval", shown);
    }
    loss.add_many(
        List::Flagged,
        "earlier calls",
        "of the same token: overwritten by the one that is left",
        record.earlier,
        shown,
    );
    for (worth, reason) in [
        (
            Worth::MadeUp,
            "at the very entry price: made up for an old message",
        ),
        (
            Worth::FilledIn,
            "the next one has the same price: filled in after a gap",
        ),
    ] {
        let count = record
            .checkpoints
            .iter()
            .filter(|c| c.worth == worth)
            .count();
        loss.add_many(List::Refused, "checkpoints", reason, count as u64, shown);
    }
    if record.day_7_is_made_up() {
        loss.refuse(
            "day-7 prices",
            "the entry again, or filled in after a gap",
            shown,
        );
    }
    if record.judged_by_them {
        loss.recompute(
            "calls",
            "winner flags, categories and trajectories of theirs: four rules that disagree",
            "",
        );
    }
}

fn tell_outcome(record: &Record, outcome: &ImportedOutcome, loss: &mut Loss, shown: &str) {
    let has_ath = record.ath_multiple().is_some();
    if has_ath && outcome.peak.is_none() {
        loss.refuse("ATHs", "after the window, or never measured", shown);
    }
    if outcome.final_multiple.is_some() {
        return;
    }
    if record.current_is_ath() {
        loss.refuse(
            "final prices",
            "their current price is the ATH: no final",
            shown,
        );
    } else if record.current_multiple().is_some() {
        loss.refuse(
            "final prices",
            "their current price is not known to be of the window's end: no final",
            shown,
        );
    } else {
        loss.flag(
            "outcomes",
            "no price at the end of the window: no final",
            shown,
        );
    }
}
