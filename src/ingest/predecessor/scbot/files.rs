//! Which of sc-bot's files a file is, told from its content.

use serde_json::{Map, Value};

use super::super::input::{Content, Input, Table};
use super::super::value::Raw;
use super::record::Record;

/// What was found in a file.
pub enum Found {
    /// Calls with what became of them, and how many entries were no records.
    Records(Vec<Record>, u64),
    /// Messages and their channels.
    Messages(Vec<(String, String)>),
    /// So many figures that are not taken, and why.
    Derived(usize, &'static str),
}

/// The columns that the program's own writer fills under any header.
const TEN: [&str; 10] = [
    "address",
    "chain",
    "first_message_id",
    "start_price",
    "start_time",
    "ath_since_mention",
    "ath_time",
    "ath_multiplier",
    "current_multiplier",
    "days_tracked",
];

const WORKED_OUT: &str =
    "worked out by sc-bot from the calls: callboard works it out from them itself";
const BY_TICKER: &str = "looked up by ticker, which may be another coin's: not taken";
const NO_TIME: &str = "without a time: no prices to go by";

/// JSON files whose entries have all of these fields.
const JSON: [(&[&str], &str, &str); 5] = [
    (
        &["channel_name", "total_signals"],
        "channel reputations",
        WORKED_OUT,
    ),
    (
        &["total_channels", "total_mentions"],
        "coins across channels",
        WORKED_OUT,
    ),
    (
        &["channel_performance"],
        "coins across channels",
        WORKED_OUT,
    ),
    (&["ath_in_window"], "historical prices", BY_TICKER),
    (
        &["reason", "detected_at"],
        "dead tokens",
        "the list says no price and no time of death that could be scored",
    ),
];

/// Tables with all of these columns.
const TABLES: [(&[&str], &str, &str); 6] = [
    (
        &["rank", "channel_name", "reputation_score"],
        "channel rankings",
        WORKED_OUT,
    ),
    (
        &["channel_name", "coin_symbol"],
        "coins by channel",
        WORKED_OUT,
    ),
    (
        &["coin_symbol", "total_channels"],
        "coins across channels",
        WORKED_OUT,
    ),
    (
        &["channel_name", "accuracy_percentage"],
        "prediction accuracies",
        WORKED_OUT,
    ),
    (
        &["address", "price_usd", "market_tier"],
        "token prices",
        NO_TIME,
    ),
    (
        &["address", "all_time_ath"],
        "all-time highs",
        "of the token's life, not of a call",
    ),
];

/// Reads a file of sc-bot: what it is, and what is in it.
///
/// # Errors
/// When it is none of theirs.
pub fn read(input: Input) -> Result<(&'static str, Found), String> {
    match input.content {
        Content::Json(value) => json(&value),
        Content::Table(table) => csv(&table),
        Content::Database(_) => Err(
            "it is a database: sc-bot writes JSON and CSV files (did you mean --from callsbot?)"
                .to_owned(),
        ),
    }
}

fn json(value: &Value) -> Result<(&'static str, Found), String> {
    let not_theirs = || {
        "it is none of sc-bot's files: signal_outcomes.json, active_tracking.json, completed_history.json, tracking.json or performance.csv can be imported"
            .to_owned()
    };
    let entries = value.as_object().ok_or_else(not_theirs)?;
    let has =
        |entry: &Map<String, Value>, names: &[&str]| names.iter().all(|n| entry.contains_key(*n));
    let some = |names: &[&str]| {
        let mut objects = entries.values().filter_map(Value::as_object);
        objects.any(|entry| has(entry, names))
    };
    if entries.is_empty() {
        return Ok(("records", Found::Records(Vec::new(), 0)));
    }
    for (names, what, reason) in JSON {
        if some(names) {
            return Ok((what, Found::Derived(entries.len(), reason)));
        }
    }
    let what = if some(&["start_price", "start_time"]) {
        "tracked tokens"
    } else if some(&["channel_name"]) && (some(&["entry_price"]) || some(&["ath_multiplier"])) {
        "signal outcomes"
    } else {
        return Err(not_theirs());
    };
    let records: Vec<Record> = entries
        .iter()
        .filter_map(|(address, entry)| Some(Record::read(entry.as_object()?, Some(address))))
        .collect();
    let odd = entries.len() - records.len();
    Ok((what, Found::Records(records, odd as u64)))
}

fn csv(table: &Table) -> Result<(&'static str, Found), String> {
    if table.has(&["address", "start_price", "start_time", "ath_multiplier"]) {
        let records = table
            .rows
            .iter()
            .map(|row| performance(table, row))
            .collect();
        return Ok(("rows of performance", Found::Records(records, 0)));
    }
    if table.has(&["message_id", "channel_name"]) {
        let at = |name: &str| table.names.iter().position(|n| n == name);
        let cell = |row: &[String], name: &str| Raw::from(row.get(at(name)?)?.as_str()).text();
        let messages = table
            .rows
            .iter()
            .filter_map(|row| Some((cell(row, "message_id")?, cell(row, "channel_name")?)))
            .collect();
        return Ok(("messages", Found::Messages(messages)));
    }
    for (names, what, reason) in TABLES {
        if table.has(names) {
            return Ok((what, Found::Derived(table.rows.len(), reason)));
        }
    }
    Err(
        "it is none of sc-bot's tables: performance.csv and messages.csv can be imported"
            .to_owned(),
    )
}

/// A row of `performance.csv`. The tracker's own writer puts its ten values under any header, so
/// a short row is read by the header only if its times then stand where times belong.
fn performance(table: &Table, row: &[String]) -> Record {
    let by = |names: &[&str]| -> Map<String, Value> {
        names
            .iter()
            .zip(row)
            .map(|(name, cell)| ((*name).to_owned(), Value::from(cell.as_str())))
            .collect()
    };
    let header: Vec<&str> = table.names.iter().map(String::as_str).collect();
    let fields = by(&header);
    let fits = |fields: &Map<String, Value>| {
        fields
            .get("start_time")
            .is_some_and(|v| Raw::from(v).time().is_some())
    };
    let short = row.len() < header.len() && !fits(&fields);
    let ten = short.then(|| by(&TEN)).filter(fits);
    Record::read(&ten.unwrap_or(fields), None)
}
