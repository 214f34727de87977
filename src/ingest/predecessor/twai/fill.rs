//! One row of twai's `trades`: a fill.

use serde_json::{Map, Value};

use crate::domain::{Side, Timestamp};

use super::super::input::Table;
use super::super::value::{Raw, Time};

/// The columns of the table in their order, for an export without a header.
const COLUMNS: [&str; 20] = [
    "id",
    "userid",
    "orderid",
    "positionid",
    "symbol",
    "side",
    "type",
    "quantity",
    "price",
    "value",
    "fee",
    "exchangetradeid",
    "exchangeorderid",
    "realizedpnl",
    "llmprovider",
    "llmreasoning",
    "llmconfidence",
    "metadata",
    "createdat",
    "executedat",
];

/// What a fill says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It opens or adds.
    Entry,
    /// It closes the rest.
    Exit,
    /// It closes a part.
    PartialExit,
}

/// A fill.
#[derive(Debug, Clone, PartialEq)]
pub struct Fill {
    /// Its id; may be empty.
    pub id: String,
    /// The position it is of.
    pub position: Option<String>,
    /// The pair.
    pub symbol: Option<String>,
    /// Bought or sold.
    pub side: Option<Side>,
    /// What it says it is; the API's answers do not.
    pub role: Option<Role>,
    /// Base units.
    pub quantity: Option<f64>,
    /// Quote per base; 0 for market orders, whose price nobody knew.
    pub price: Option<f64>,
    /// The fee as written.
    pub fee: Option<f64>,
    /// Realized P&L as written: exits only.
    pub pnl: Option<f64>,
    /// The model whose order it was.
    pub model: Option<String>,
    /// Its confidence, 0 to 100.
    pub confidence: Option<f64>,
    /// When.
    pub at: Option<Timestamp>,
    /// That time named no zone.
    pub naive: bool,
}

impl Fill {
    fn read(cell: &impl Fn(&str) -> Raw) -> Self {
        let role = match cell("type")
            .text()
            .unwrap_or_default()
            .to_lowercase()
            .as_str()
        {
            "entry" => Some(Role::Entry),
            "exit" => Some(Role::Exit),
            "partial_exit" => Some(Role::PartialExit),
            _ => None,
        };
        let time: Option<Time> = cell("executedat").time().or(cell("createdat").time());
        Self {
            id: cell("id").text().unwrap_or_default(),
            position: cell("positionid").text(),
            symbol: cell("symbol").text(),
            side: cell("side").text().and_then(|side| Side::parse(&side)),
            role,
            quantity: cell("quantity").above_zero(),
            price: cell("price").above_zero(),
            fee: cell("fee").number().filter(|fee| *fee >= 0.0),
            pnl: cell("realizedpnl").number(),
            model: cell("llmprovider").text(),
            confidence: cell("llmconfidence").number(),
            at: time.map(|time| time.at),
            naive: time.is_some_and(|time| time.naive),
        }
    }
}

/// Names as they are matched: `positionId`, `position_id` and `positionid` are one.
fn plain(name: &str) -> String {
    name.to_lowercase().replace('_', "")
}

/// The fills of a CSV.
///
/// # Errors
/// When it is no table of trades.
pub fn of_table(table: &Table) -> Result<Vec<Fill>, String> {
    let names: Vec<String> = table.names.iter().map(|name| plain(name)).collect();
    let has = |name: &str| names.iter().any(|n| n == name);
    let by_name = ["positionid", "symbol", "side", "quantity", "price"]
        .iter()
        .all(|n| has(n));
    // psql writes no header unless it is asked for one: the first line is a row then.
    let headless = table.names.len() == COLUMNS.len()
        && table.names.first().is_some_and(|cell| is_uuid(cell))
        && table.rows.iter().all(|row| row.len() == COLUMNS.len());
    let read = |names: &[String], row: &[String]| {
        Fill::read(&|name: &str| {
            let at = names.iter().position(|n| n == name);
            let cell = at.and_then(|at| row.get(at));
            cell.map_or(Raw::Null, |cell| Raw::from(cell.as_str()))
        })
    };
    if by_name {
        Ok(table.rows.iter().map(|row| read(&names, row)).collect())
    } else if headless {
        let names: Vec<String> = COLUMNS.iter().map(|name| (*name).to_owned()).collect();
        let rows = std::iter::once(&table.first).chain(&table.rows);
        Ok(rows.map(|row| read(&names, row)).collect())
    } else {
        Err("it is no table of twai's trades: positionId, symbol, side, quantity and price are not all among its columns".to_owned())
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// The fills of an answer of the API, and how many there are in all.
///
/// # Errors
/// When it holds no trades.
pub fn of_json(value: &Value) -> Result<(Vec<Fill>, Option<u64>), String> {
    let list = match value {
        Value::Array(list) => Some(list),
        Value::Object(object)
            if object.contains_key("stats") || object.contains_key("topProviders") =>
        {
            return Err(
                "it holds figures that twai worked out, not trades: export the trades".to_owned(),
            );
        }
        Value::Object(object) => object.get("trades").and_then(Value::as_array),
        _ => None,
    };
    let objects: Option<Vec<&Map<String, Value>>> =
        list.and_then(|list| list.iter().map(Value::as_object).collect());
    let objects = objects.ok_or("it is no answer of twai with trades in it")?;
    let named = |object: &&Map<String, Value>| {
        let has = |name: &str| object.keys().any(|key| plain(key) == name);
        has("symbol") && has("side") && has("quantity") && has("price")
    };
    if !objects.iter().all(named) {
        return Err("it is no answer of twai with trades in it: symbol, side, quantity and price are not in each".to_owned());
    }
    let total = value.get("total").and_then(Value::as_u64);
    let fills = objects
        .into_iter()
        .map(|object| {
            Fill::read(&|name: &str| {
                let known = object.iter().find(|(key, _)| plain(key) == name);
                known.map_or(Raw::Null, |(_, value)| Raw::from(value))
            })
        })
        .collect();
    Ok((fills, total))
}
