//! Rows of prices. They are taken as the user states them: the acceptance rule is for polls. What
//! an export says beside the price (who said it, whether it was accepted) is taken too, so that a
//! database comes back as it was.

use crate::domain::{Decision, IMPORT, Reading, Refusal, TokenKey};
use crate::store::Sample;

use super::fields::{BadField, Layout};
use super::rows::Row;

/// The columns of prices: an export writes them, and the SQL view `samples` has the same.
pub const COLUMNS: [&str; 10] = [
    "chain",
    "address",
    "at",
    "price_usd",
    "liquidity_usd",
    "market_cap_usd",
    // What a database says beside what was observed.
    "provider",
    "pool",
    "accepted",
    "reason",
];

/// Reads prices of one file.
pub struct PriceReader {
    layout: Layout<10>,
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
        let (decision, absent) = decision(f.flag("accepted")?, f.raw("reason"));
        let reading = Reading {
            at,
            price: f.price("price_usd")?,
            liquidity_usd: f.amount("liquidity_usd")?,
            market_cap_usd: f.amount("market_cap_usd")?,
            absent,
            provider: f.text("provider").unwrap_or_else(|| IMPORT.to_owned()),
            pool: f.text("pool"),
        };
        if !absent
            && reading.price.is_none()
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
            decision,
        })
    }
}

/// Reasons of the SQL view `samples`, as far as they make a difference.
pub const WAITING: &str = "waiting for a second reading";
/// A poll that found no listing: counted, though it is no accepted price.
pub const NO_LISTING: &str = "no listing";
/// The reason of a jump that the next reading did not confirm.
pub const UNCONFIRMED: &str = "jump over 4x, not confirmed by the next reading";

/// What became of a reading, and whether it found no listing.
fn decision(accepted: Option<bool>, reason: Option<&str>) -> (Decision, bool) {
    match (accepted, reason) {
        (None | Some(true), _) => (Decision::Accepted, false),
        (Some(false), Some(WAITING)) => (Decision::Waiting, false),
        (Some(false), Some(NO_LISTING)) => (Decision::Accepted, true),
        (Some(false), Some(reason)) if reason.starts_with("voided") => {
            (Decision::Refused(Refusal::Voided), false)
        }
        (Some(false), _) => (Decision::Refused(Refusal::UnconfirmedJump), false),
    }
}
