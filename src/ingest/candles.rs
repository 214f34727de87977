//! Rows of candles. They are taken as the user states them, as long as they do not contradict
//! themselves; how much of a high is believed is for the fold to say.

use crate::domain::candle::LONGEST_CANDLE;
use crate::domain::{Candle, Price, Span, TokenKey};
use crate::store::TokenCandle;

use super::fields::{BadField, Layout, quote};
use super::rows::Row;

const COLUMNS: [&str; 11] = [
    "chain",
    "address",
    "token",
    "pool",
    "interval",
    "opened_at",
    "open",
    "high",
    "low",
    "close",
    "volume_usd",
];

/// Reads candles of one file.
pub struct CandleReader {
    layout: Layout<11>,
    chain: Option<String>,
}

impl CandleReader {
    /// A reader for rows with these names.
    pub fn new(names: &[String], chain: Option<&str>) -> Self {
        Self {
            layout: Layout::new(COLUMNS, names),
            chain: chain.map(str::to_owned),
        }
    }

    /// Reads one row. A row that names no token belongs to its pool's address.
    pub fn read(&mut self, row: &Row, names: &[String]) -> Result<TokenCandle, BadField> {
        self.layout.fit(names);
        let f = self.layout.over(&row.cells);
        let pool = f.text("pool");
        let chain = f.text("chain").or_else(|| self.chain.clone());
        let token = f
            .text("address")
            .or_else(|| f.text("token"))
            .or_else(|| pool.clone())
            .and_then(|address| TokenKey::new(chain.as_deref(), &address))
            .ok_or_else(|| BadField::new("address", "it is missing, and so are token and pool"))?;
        let interval = interval(&f.required("interval")?)?;
        let opened_at = f
            .time("opened_at")?
            .ok_or_else(|| BadField::new("opened_at", "it is missing"))?;
        let price = |name: &str| -> Result<Price, BadField> {
            f.price(name)?
                .ok_or_else(|| BadField::new(name, "it is missing"))
        };
        let candle = Candle {
            opened_at,
            interval,
            open: price("open")?,
            high: price("high")?,
            low: price("low")?,
            close: price("close")?,
            volume_usd: f.amount("volume_usd")?,
        };
        if let Some((column, reason)) = candle.contradiction() {
            return Err(BadField::new(column, reason));
        }
        Ok(TokenCandle {
            token,
            candle,
            pool,
        })
    }
}

/// `1m`, `15m`, `4h`, `1d`: a whole number of seconds, minutes, hours or days, up to one day.
fn interval(text: &str) -> Result<Span, BadField> {
    let unknown = || {
        BadField::new(
            "interval",
            format!(
                "{} is not an interval: use 1m, 5m, 15m, 1h, 4h, 1d or another length up to a day",
                quote(text)
            ),
        )
    };
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .ok_or_else(unknown)?;
    let (number, unit) = text.split_at(split);
    // A capital M would be a month.
    let unit = match unit {
        "s" => Span::seconds(1),
        "m" | "min" => Span::minutes(1),
        "h" | "H" => Span::hours(1),
        "d" | "D" => Span::days(1),
        _ => return Err(unknown()),
    };
    let number: i64 = number.parse().map_err(|_| unknown())?;
    unit.millis()
        .checked_mul(number)
        .filter(|ms| (1..=LONGEST_CANDLE.millis()).contains(ms))
        .map(Span::from_millis)
        .ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_a_whole_length_up_to_a_day() {
        for (text, minutes) in [
            ("1m", Some(1)),
            ("5m", Some(5)),
            ("15min", Some(15)),
            ("60s", Some(1)),
            ("1h", Some(60)),
            ("4H", Some(240)),
            ("1d", Some(1440)),
            ("24h", Some(1440)),
            ("25h", None),
            ("2d", None),
            ("1w", None),
            ("1M", None),
            ("0m", None),
            ("-1m", None),
            ("m", None),
            ("15", None),
            ("1.5h", None),
            ("99999999999999999999d", None),
        ] {
            assert_eq!(interval(text).ok(), minutes.map(Span::minutes), "{text}");
        }
    }
}
