//! Rows of calls: the known columns, and every other one as a feature.

use crate::domain::token::canonical_chain;
use crate::domain::{Call, CallId, FeatureValue, Features, TokenKey};

use super::fields::{BadField, Layout};
use super::rows::{FEATURE_PREFIX, Row};

/// The columns of a call; every other one is a feature.
pub const COLUMNS: [&str; 11] = [
    "id",
    "source",
    "chain",
    "address",
    "symbol",
    "name",
    "called_at",
    "entry_price",
    "market_cap_usd",
    "liquidity_usd",
    "rejected_by",
];

/// Reads calls of one file.
pub struct CallReader {
    layout: Layout<11>,
    chain: Option<String>,
}

impl CallReader {
    /// A reader for rows with these names; `chain` is that of rows that name none.
    pub fn new(names: &[String], chain: Option<&str>) -> Self {
        Self {
            layout: Layout::new(COLUMNS, names),
            chain: chain.map(str::to_owned),
        }
    }

    /// Reads one row.
    pub fn read(&mut self, row: &Row, names: &[String]) -> Result<Call, BadField> {
        self.layout.fit(names);
        let f = self.layout.over(&row.cells);
        let source = f.required("source")?;
        let address = f.text("address");
        let symbol = f.text("symbol");
        let chain = f.text("chain").or_else(|| self.chain.clone());
        let token = address
            .as_deref()
            .and_then(|address| TokenKey::new(chain.as_deref(), address));
        if token.is_none() && symbol.is_none() && f.raw("id").is_none() {
            return Err(BadField::new(
                "address",
                "neither address, symbol nor id: nothing says what was called",
            ));
        }
        let called_at = f
            .time("called_at")?
            .ok_or_else(|| BadField::new("called_at", "it is missing"))?;
        let chain = token.as_ref().map_or_else(
            || canonical_chain(chain.as_deref(), None),
            |token| token.chain().to_owned(),
        );
        let id = f.text("id").map_or_else(
            || {
                let address = token.as_ref().map(TokenKey::address);
                Call::derived_id(&source, &chain, address, symbol.as_deref(), called_at)
            },
            CallId,
        );
        let mut features = Features::new();
        for (name, at) in self.layout.others() {
            if let Some(value) = row.cells.get(at).and_then(FeatureValue::parse)
                && !name.is_empty()
            {
                let name = name.strip_prefix(FEATURE_PREFIX).unwrap_or(name);
                // Of two columns of one name the first counts, as among the known ones.
                features.entry(name.to_owned()).or_insert(value);
            }
        }
        Ok(Call {
            id,
            source,
            chain,
            token,
            symbol,
            name: f.text("name"),
            called_at,
            stated_entry: f.price("entry_price")?,
            market_cap_usd: f.amount("market_cap_usd")?,
            liquidity_usd: f.amount("liquidity_usd")?,
            rejected_by: f.text("rejected_by"),
            features,
        })
    }
}
