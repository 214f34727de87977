//! What a file holds, told from its column names.

/// The kinds of records that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Trades of models.
    Trades,
    /// Calls of tokens.
    Calls,
    /// Prices of tokens.
    Prices,
    /// Candles of tokens.
    Candles,
    /// Outcomes of calls, measured by somebody else.
    Outcomes,
}

impl Kind {
    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trades => "trades",
            Self::Calls => "calls",
            Self::Prices => "prices",
            Self::Candles => "candles",
            Self::Outcomes => "outcomes",
        }
    }

    /// The kind that columns belong to; `None` when they fit none.
    ///
    /// Asked from the most particular to the least: a call alone is `called_at` by a source,
    /// whatever its features are called; a trade alone has a model, a candle alone has an
    /// open, a high, a low and a close; a price alone has a time and a price; what is left with an id and a multiple is an outcome.
    #[must_use]
    pub fn guess(names: &[String]) -> Option<Self> {
        let has = |name: &str| names.iter().any(|n| n == name);
        let any = |all: &[&str]| all.iter().any(|name| has(name));
        if has("source") && has("called_at") {
            Some(Self::Calls)
        } else if has("model") && any(&["realized_pnl", "closed_at", "opened_at", "side"]) {
            Some(Self::Trades)
        } else if ["opened_at", "open", "high", "low", "close"]
            .into_iter()
            .all(has)
        {
            Some(Self::Candles)
        } else if has("at") && any(&["price_usd", "liquidity_usd", "market_cap_usd"]) {
            Some(Self::Prices)
        } else if (has("id") && any(&["peak_multiple", "max_gain_pct", "final_multiple", "is_rug"]))
            || (has("first_message_id")
                && any(&["ath_multiplier", "final_multiplier", "current_multiplier"]))
        {
            Some(Self::Outcomes)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_tell_their_kind() {
        for (header, want) in [
            (
                "id,model,symbol,side,closed_at,realized_pnl",
                Some(Kind::Trades),
            ),
            ("model,realized_pnl", Some(Kind::Trades)),
            (
                "id,source,chain,address,called_at,is_rug",
                Some(Kind::Calls),
            ),
            ("address,at,price_usd", Some(Kind::Prices)),
            ("id,peak_multiple,observed_until", Some(Kind::Outcomes)),
            ("id,max_gain_pct", Some(Kind::Outcomes)),
            (
                "address,chain,first_message_id,start_price,ath_multiplier",
                Some(Kind::Outcomes),
            ),
            ("pool,open,high,low,close", None),
            (
                "pool,token,interval,opened_at,open,high,low,close",
                Some(Kind::Candles),
            ),
            (
                "address,interval,opened_at,close,low,high,open",
                Some(Kind::Candles),
            ),
            ("a,b", None),
        ] {
            let names: Vec<String> = header.split(',').map(str::to_owned).collect();
            assert_eq!(Kind::guess(&names), want, "{header}");
        }
    }
}
