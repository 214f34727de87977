//! Rows of prices. They are taken as the user states them: the acceptance rule is for polls.

use crate::domain::{Decision, Reading, TokenKey};
use crate::store::Sample;

use super::fields::{BadField, Layout};
use super::rows::Row;

/// The provider that imported prices are stored under.
pub const PROVIDER: &str = "import";

const COLUMNS: [&str; 6] = [
    "chain",
    "address",
    "at",
    "price_usd",
    "liquidity_usd",
    "market_cap_usd",
];

/// Reads prices of one file.
pub struct PriceReader {
    layout: Layout<6>,
    chain: Option<String>,
}

impl PriceReader {
    /// A reader for rows with these names; `chain` is that of rows that name none.
    pub fn new(names: &[String], chain: Option<&str>) -> Self {
        Self {
            layout: Layout::new(COLUMNS, names),
            chain: chain.map(str::to_owned),
        }
    }

    /// Reads one row.
    pub fn read(&mut self, row: &Row, names: &[String]) -> Result<Sample, BadField> {
        self.layout.fit(names);
        let f = self.layout.over(&row.cells);
        let address = f.required("address")?;
        let chain = f.text("chain").or_else(|| self.chain.clone());
        let token = TokenKey::new(chain.as_deref(), &address)
            .ok_or_else(|| BadField::new("address", "it is missing"))?;
        let at = f
            .time("at")?
            .ok_or_else(|| BadField::new("at", "it is missing"))?;
        let reading = Reading {
            at,
            price: f.price("price_usd")?,
            liquidity_usd: f.amount("liquidity_usd")?,
            market_cap_usd: f.amount("market_cap_usd")?,
            absent: false,
            provider: PROVIDER.to_owned(),
            pool: None,
        };
        if reading.price.is_none()
            && reading.liquidity_usd.is_none()
            && reading.market_cap_usd.is_none()
        {
            return Err(BadField::new(
                "price_usd",
                "neither price, liquidity nor market cap: nothing was observed",
            ));
        }
        Ok(Sample {
            token,
            reading,
            decision: Decision::Accepted,
        })
    }
}
