//! The quote currency of a symbol: the only place where twai says what money a trade is in.

/// Quote currencies as Kraken writes them, the longer before what they end with.
const QUOTES: [(&str, &str); 27] = [
    ("USDT", "USDT"),
    ("USDC", "USDC"),
    ("USDG", "USDG"),
    ("USDQ", "USDQ"),
    ("USDR", "USDR"),
    ("PYUSD", "PYUSD"),
    ("RLUSD", "RLUSD"),
    ("ZUSD", "USD"),
    ("ZEUR", "EUR"),
    ("ZGBP", "GBP"),
    ("ZCAD", "CAD"),
    ("ZJPY", "JPY"),
    ("ZAUD", "AUD"),
    ("USD", "USD"),
    ("EUR", "EUR"),
    ("GBP", "GBP"),
    ("CAD", "CAD"),
    ("JPY", "JPY"),
    ("AUD", "AUD"),
    ("CHF", "CHF"),
    ("DAI", "DAI"),
    ("XXBT", "BTC"),
    ("XBT", "BTC"),
    ("BTC", "BTC"),
    ("XETH", "ETH"),
    ("ETH", "ETH"),
    ("SOL", "SOL"),
];

/// The quote currency; `None` when the symbol names none that is known.
pub fn quote_of(symbol: &str) -> Option<String> {
    let symbol = symbol.trim().to_uppercase();
    if let Some((base, quote)) = symbol.rsplit_once(['/', '-', '_', ':']) {
        let known = QUOTES.iter().find(|(name, _)| *name == quote);
        let plain = !base.is_empty() && (2..=10).contains(&quote.len());
        let named = plain && quote.bytes().all(|b| b.is_ascii_alphanumeric());
        return known
            .map(|(_, currency)| (*currency).to_owned())
            .or_else(|| named.then(|| quote.to_owned()));
    }
    QUOTES
        .iter()
        .find(|(name, _)| symbol.len() > name.len() && symbol.ends_with(name))
        .map(|(_, currency)| (*currency).to_owned())
}

#[cfg(test)]
mod tests {
    use super::quote_of;

    #[test]
    fn a_symbol_tells_its_quote_currency() {
        for (symbol, want) in [
            ("XXBTZUSD", Some("USD")),
            ("BTC/USD", Some("USD")),
            ("btc-usdt", Some("USDT")),
            ("XETHZEUR", Some("EUR")),
            ("XETHXXBT", Some("BTC")),
            ("SOLXBT", Some("BTC")),
            ("XBTUSDT", Some("USDT")),
            ("USDTZUSD", Some("USD")),
            ("XTZUSD", Some("USD")),
            ("ADAEUR", Some("EUR")),
            ("BTC/PLN", Some("PLN")),
            ("XXBT/ZGBP", Some("GBP")),
            ("USD", None),
            ("BTC", None),
            ("BTC/", None),
            ("", None),
            ("AAPL", None),
        ] {
            assert_eq!(quote_of(symbol).as_deref(), want, "{symbol}");
        }
    }
}
