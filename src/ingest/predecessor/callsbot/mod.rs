//! callsbot: `alerted_tokens.db` of every age, and the CSV exports of it.
//!
//! Calls come from the alerts, with the features as of the alert; prices from `price_snapshots`,
//! through the acceptance rule, since everything else in the file is derived from them by rules
//! that changed or were wrong. Where the snapshots of a token are gone (a nightly job of theirs
//! deletes them), its statistics come along as an imported outcome.

mod columns;
mod outcome;

use std::collections::{BTreeMap, HashMap};

use crate::domain::{Call, CallId, Decision, FeatureValue, Reading, Span, Timestamp, TokenKey};
use crate::store::{Foreign, Sample, Store, StoreError};

use super::input::{Content, Input, Table};
use super::loss::{List, Loss};
use super::value::Raw;
use super::{Records, judged};
use columns::Token;

/// The source of its calls, and the provider of its prices.
const SOURCE: &str = "callsbot";
/// Statistics begun further than this from the alert were begun by the tracker.
const LATE: Span = Span::MINUTE;

const SNAPSHOTS: [&str; 5] = [
    "token_address",
    "snapshot_at",
    "price_usd",
    "market_cap_usd",
    "liquidity_usd",
];

/// Takes callsbot's files.
pub struct Reader {
    window: Span,
    chain: String,
    tokens: BTreeMap<String, Token>,
    readings: HashMap<String, Vec<Reading>>,
    /// Features that any of the files has a column for.
    features: Vec<&'static str>,
}

impl Reader {
    /// A reader for calls with this window. The bot knows one chain.
    pub fn new(window: Span, chain: Option<&str>) -> Self {
        Self {
            window,
            chain: chain.unwrap_or("solana").to_owned(),
            tokens: BTreeMap::new(),
            readings: HashMap::new(),
            features: Vec::new(),
        }
    }

    /// Takes a whole file, or nothing of it; says what it is.
    pub fn take(&mut self, input: Input, loss: &mut Loss) -> Result<String, String> {
        match input.content {
            Content::Database(file) => self.take_database(&file, loss),
            Content::Table(table) => self.take_table(&table, loss),
            Content::Json(_) => Err(
                "it is JSON: of callsbot, its alerted_tokens.db and the CSV exports of it can be imported"
                    .to_owned(),
            ),
        }
    }

    fn take_database(&mut self, file: &Foreign, loss: &mut Loss) -> Result<String, String> {
        let keyed = |table: &str| file.columns(table).iter().any(|c| c == "token_address");
        if !keyed("alerted_tokens") {
            let found: Vec<&str> = file.tables().take(6).collect();
            return Err(if file.has("positions") && file.has("fills") {
                "it is callsbot's trading.db, which holds no calls: import its alerted_tokens.db"
                    .to_owned()
            } else {
                format!(
                    "it is no callsbot database: there is no table alerted_tokens in it ({})",
                    if found.is_empty() {
                        "no table at all".to_owned()
                    } else {
                        found.join(", ")
                    }
                )
            });
        }
        let mut tokens: BTreeMap<String, Token> = BTreeMap::new();
        let mut nameless = 0;
        let wanted = columns::wanted();
        for table in ["alerted_tokens", "alerted_token_stats"] {
            let mut each = |cells: &[crate::store::Cell<'_>]| {
                let cells: Vec<Raw> = cells.iter().map(|c| Raw::from(*c)).collect();
                match cells.first().and_then(Raw::text) {
                    Some(address) => tokens.entry(address).or_default().learn(&wanted, &cells),
                    None => nameless += 1,
                }
            };
            file.rows(table, &wanted, &mut each)
                .map_err(|e| e.to_string())?;
        }
        let mut snapshots = Snapshots::default();
        file.rows("price_snapshots", &SNAPSHOTS, &mut |cells| {
            snapshots.take(cells);
        })
        .map_err(|e| e.to_string())?;
        // The file is sound: from here on, nothing fails.
        loss.add_many(
            List::Refused,
            "rows",
            "without a token address",
            nameless,
            "",
        );
        snapshots.tell(loss);
        for table in ["alerted_tokens", "alerted_token_stats"] {
            self.features
                .extend(columns::features_of(file.columns(table)));
        }
        let age = age(file);
        let (alerts, prices) = (tokens.len(), snapshots.taken);
        self.merge(tokens, snapshots.readings);
        Ok(format!(
            "alerted_tokens.db, {age}: {alerts} tokens, {prices} price snapshots"
        ))
    }

    fn take_table(&mut self, table: &Table, loss: &mut Loss) -> Result<String, String> {
        let (key, what) = if table.has(&["ca", "first_seen_ts", "price_t0"]) {
            ("ca", "an export of tokens")
        } else if table.has(&["token_address", "alerted_at", "first_price_usd"]) {
            ("token_address", "an export of alerts")
        } else {
            return Err(
                "it is no export of callsbot: its columns are neither those of the token export (ca, first_seen_ts, price_t0) nor of the alerts export (token_address, alerted_at, first_price_usd)"
                    .to_owned(),
            );
        };
        let names: Vec<&str> = table.names.iter().map(String::as_str).collect();
        let at = names.iter().position(|n| *n == key).unwrap_or_default();
        let mut tokens: BTreeMap<String, Token> = BTreeMap::new();
        for cells in &table.rows {
            let cells: Vec<Raw> = cells.iter().map(|c| Raw::from(c.as_str())).collect();
            let Some(address) = cells.get(at).and_then(Raw::text) else {
                loss.refuse("rows", "without a token address", "");
                continue;
            };
            if tokens.contains_key(&address) {
                loss.refuse("rows", "a second row of the same token", &address);
                continue;
            }
            tokens.entry(address).or_default().learn(&names, &cells);
        }
        self.features.extend(columns::features_of(&table.names));
        let rows = tokens.len();
        self.merge(tokens, HashMap::new());
        Ok(format!("{what}: {rows} tokens"))
    }

    /// What an earlier file said of a token stays.
    fn merge(&mut self, tokens: BTreeMap<String, Token>, readings: HashMap<String, Vec<Reading>>) {
        for (address, token) in tokens {
            self.tokens.entry(address).or_insert(token);
        }
        for (address, more) in readings {
            self.readings.entry(address).or_default().extend(more);
        }
    }

    /// What the files come to.
    pub fn finish(mut self, store: &Store, loss: &mut Loss) -> Result<Records, StoreError> {
        let mut records = Records::default();
        let tokens = std::mem::take(&mut self.tokens);
        for (address, token) in tokens {
            let readings = self.readings.remove(&address).unwrap_or_default();
            let id = CallId(format!("{SOURCE}:{address}"));
            // An earlier copy of the file may have had the snapshots that this one lost.
            let followed = store.followed(&id)?.is_some_and(|(_, moved)| moved);
            self.one(
                &mut records,
                loss,
                (id, followed),
                &address,
                token,
                readings,
            );
        }
        if records.calls.is_empty() {
            loss.flag(
                "files",
                "no alerts in them: if the bot was running, its latest writes lie in a file beside it that ends in -wal; copy that too",
                "",
            );
        }
        let orphans: u64 = self.readings.values().map(|r| r.len() as u64).sum();
        let example = self.readings.keys().min().cloned().unwrap_or_default();
        loss.add_many(
            List::Refused,
            "price snapshots",
            "of a token that was never alerted",
            orphans,
            &example,
        );
        self.constants(&records.calls, loss);
        if !records.calls.is_empty() {
            loss.flag(
                "gates",
                "candidates that the bot turned down were never stored: no gate can be judged from this file",
                "",
            );
        }
        Ok(records)
    }

    fn one(
        &self,
        records: &mut Records,
        loss: &mut Loss,
        (id, followed): (CallId, bool),
        address: &str,
        mut token: Token,
        readings: Vec<Reading>,
    ) {
        let Some(called_at) = token.alerted.or(token.first_alert).map(|time| time.at) else {
            loss.refuse("calls", "without a time of the alert", address);
            loss.add_many(
                List::Refused,
                "price snapshots",
                "of a token whose alert has no time",
                readings.len() as u64,
                address,
            );
            return;
        };
        let Some(key) = TokenKey::new(Some(&self.chain), address) else {
            return;
        };
        let readings = in_order(readings, loss, address);
        flag_entry(&mut token, called_at, &readings, loss, address);
        loss.add_many(
            List::Flagged,
            "market caps and liquidities",
            "0.0 is what unknown looks like there: unknown",
            token.zeros,
            address,
        );
        loss.add_many(
            List::Recomputed,
            "drawdowns, changes and realistic gains",
            "theirs were overwritten at each poll or assume fills nobody got: worked out from the prices",
            token.derived,
            "",
        );
        loss.add_many(
            List::Refused,
            "prices at 1 m, 5 m, 15 m, 1 h and 24 h",
            "their exporter read UTC as local time: they are the first snapshot, and the price at 18.5 h or later",
            token.horizons,
            address,
        );
        let judged = judged(token.entry.map(|price| (price, called_at)), readings);
        tell_decisions(&judged, loss, address);
        let outcome = outcome::of(
            &token,
            called_at,
            &judged,
            (self.window, followed),
            loss,
            address,
        );
        records
            .samples
            .extend(judged.into_iter().map(|(reading, decision)| Sample {
                token: key.clone(),
                reading,
                decision,
            }));
        if let Some(outcome) = outcome {
            records.outcomes.push((id.clone(), outcome));
        }
        records.calls.push(Call {
            id,
            source: SOURCE.to_owned(),
            chain: key.chain().to_owned(),
            token: Some(key),
            symbol: token.symbol,
            name: token.name,
            called_at,
            stated_entry: token.entry,
            market_cap_usd: token.market_cap,
            liquidity_usd: token.liquidity,
            rejected_by: None,
            features: token.features,
        });
    }

    /// Says which features hold one value in all calls, or none.
    fn constants(&self, calls: &[Call], loss: &mut Loss) {
        let mut names = self.features.clone();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let values: Vec<&FeatureValue> =
                calls.iter().filter_map(|c| c.features.get(name)).collect();
            let (count, reason) = match values.as_slice() {
                [] => (
                    calls.len() as u64,
                    "unknown in every call: not analysable".to_owned(),
                ),
                [first, rest @ ..] if !rest.is_empty() && rest.iter().all(|v| v.means(first)) => (
                    values.len() as u64,
                    format!("constant, not analysable: always {}", first.label()),
                ),
                _ => continue,
            };
            loss.add_many(List::Flagged, format!("feature {name}"), reason, count, "");
        }
        let aged = calls
            .iter()
            .filter(|c| c.features.contains_key("age_minutes"));
        loss.add_many(
            List::Flagged,
            "feature age_minutes",
            "it is the time since the bot first saw the token, off by its UTC offset, not the age of the token",
            aged.count() as u64,
            "",
        );
    }
}

/// Price snapshots as they come out of the file.
#[derive(Default)]
struct Snapshots {
    readings: HashMap<String, Vec<Reading>>,
    taken: u64,
    /// Of these, without a price but with liquidity or market cap.
    priceless: u64,
    timeless: u64,
    nameless: u64,
    zeros: u64,
}

impl Snapshots {
    fn take(&mut self, cells: &[crate::store::Cell<'_>]) {
        let [address, at, price, cap, liquidity] = cells else {
            return;
        };
        let crate::store::Cell::Text(address) = address else {
            self.nameless += 1;
            return;
        };
        let Some(at) = Raw::from(*at).utc() else {
            self.timeless += 1;
            return;
        };
        let Some(price) = Raw::from(*price).price() else {
            self.priceless += 1;
            return;
        };
        let mut amount = |cell: crate::store::Cell<'_>| {
            let number = Raw::from(cell).number();
            self.zeros += u64::from(number == Some(0.0));
            number.filter(|n| *n > 0.0)
        };
        let reading = Reading {
            at,
            price: Some(price),
            liquidity_usd: amount(*liquidity),
            market_cap_usd: amount(*cap),
            absent: false,
            provider: SOURCE.to_owned(),
            pool: None,
        };
        self.taken += 1;
        let address = address.trim();
        match self.readings.get_mut(address) {
            Some(readings) => readings.push(reading),
            None => {
                self.readings.insert(address.to_owned(), vec![reading]);
            }
        }
    }

    fn tell(&self, loss: &mut Loss) {
        let what = "price snapshots";
        for (count, reason) in [
            (self.nameless, "without a token address"),
            (self.timeless, "without a time"),
            (self.priceless, "without a price above zero"),
        ] {
            loss.add_many(List::Refused, what, reason, count, "");
        }
        loss.add_many(
            List::Flagged,
            "market caps and liquidities",
            "0.0 is what unknown looks like there: unknown",
            self.zeros,
            "",
        );
    }
}

/// Readings by time, one an instant: the second of two at one instant is no second look.
fn in_order(mut readings: Vec<Reading>, loss: &mut Loss, address: &str) -> Vec<Reading> {
    readings.sort_by_key(|reading| reading.at);
    let before = readings.len();
    let mut contradictions = 0;
    readings.dedup_by(|next, kept| {
        let same = next.at == kept.at;
        if same {
            contradictions += u64::from(next.price != kept.price);
            kept.liquidity_usd = kept.liquidity_usd.or(next.liquidity_usd);
            kept.market_cap_usd = kept.market_cap_usd.or(next.market_cap_usd);
        }
        same
    });
    let repeated = (before - readings.len()) as u64 - contradictions;
    let what = "price snapshots";
    loss.add_many(
        List::Refused,
        what,
        "the same snapshot again",
        repeated,
        address,
    );
    loss.add_many(
        List::Refused,
        what,
        "another price for the same instant: the first is kept",
        contradictions,
        address,
    );
    readings
}

/// Marks an entry that was filled in by the tracker, later than the alert.
fn flag_entry(
    token: &mut Token,
    called_at: Timestamp,
    readings: &[Reading],
    loss: &mut Loss,
    address: &str,
) {
    let Some(entry) = token.entry else {
        if token.zero_entry {
            loss.flag(
                "calls",
                "entry price 0: unknown, so the first snapshot within 5 min is the entry",
                address,
            );
        } else {
            loss.flag(
                "calls",
                "without an entry price: the first snapshot within 5 min is the entry",
                address,
            );
        }
        return;
    };
    let started = token.first_alert.map(|time| time.at.since(called_at).abs());
    let first = readings.iter().find(|r| r.at >= called_at);
    let reason = if started.is_some_and(|late| late > LATE) {
        "entry late: its row was made at another time than the alert, with the price of then"
    } else if first.is_some_and(|r| r.price == Some(entry)) {
        "entry late: it is the price of the first snapshot"
    } else {
        return;
    };
    // Kept with the call, so that it can be seen there and left out: --where 'entry_late IS NULL'.
    let value = FeatureValue::Flag(true);
    token.features.insert("entry_late".to_owned(), value);
    loss.flag("calls", reason, address);
}

fn tell_decisions(judged: &[(Reading, Decision)], loss: &mut Loss, address: &str) {
    let count = |is: fn(&Decision) -> bool| judged.iter().filter(|(_, d)| is(d)).count() as u64;
    loss.add_many(
        List::Flagged,
        "price snapshots",
        "a rise over 4x that the next snapshot did not confirm: kept, not counted",
        count(|d| matches!(d, Decision::Refused(_))),
        address,
    );
    loss.add_many(
        List::Flagged,
        "price snapshots",
        "a rise over 4x at the end of the series, that nothing confirms: kept, not counted",
        count(|d| matches!(d, Decision::Waiting)),
        address,
    );
}

/// Which age of the program made the file, from its tables and columns.
fn age(file: &Foreign) -> &'static str {
    let stats = file.columns("alerted_token_stats");
    let has = |name: &str| stats.iter().any(|c| c == name);
    if stats.is_empty() {
        "the oldest layout, without statistics"
    } else if has("peak_drawdown_pct") && !has("max_gain_percent") {
        "a layout from before 2025-10-05"
    } else if has("initial_holder_count") {
        "the latest layout"
    } else {
        "a layout from after 2025-10-05"
    }
}
