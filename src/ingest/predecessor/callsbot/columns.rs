//! The columns of callsbot's tables and exports, by name: their order differs from file to file,
//! and each age of the program has others.

use crate::domain::{FeatureValue, Features, Price, Timestamp};

use super::super::value::{Raw, Time};

/// What a feature of theirs is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Flag,
    Number,
    /// A number of which 0 means unknown.
    Amount,
    Text,
}

/// Their column, our feature. Where two columns say the same, the first known value counts.
/// Left out are columns that the tracker overwrites after the alert (changes, volume, `last_*`):
/// they know what came later.
const FEATURES: [(&str, &str, Kind); 23] = [
    ("preliminary_score", "preliminary_score", Kind::Number),
    ("final_score", "final_score", Kind::Number),
    ("conviction_type", "conviction", Kind::Text),
    ("smart_money_involved", "smart_money", Kind::Flag),
    ("smart_money_detected", "smart_money", Kind::Flag),
    ("smart_wallet_address", "smart_wallet", Kind::Text),
    ("smart_wallet_pnl", "smart_wallet_pnl", Kind::Number),
    ("velocity_score_15m", "velocity_score", Kind::Number),
    ("velocity_score", "velocity_score", Kind::Number),
    ("velocity_bonus", "velocity_bonus", Kind::Number),
    ("unique_traders_15m", "unique_traders", Kind::Number),
    ("passed_junior_strict", "junior_strict", Kind::Flag),
    ("passed_senior_strict", "senior_strict", Kind::Flag),
    ("passed_debate", "debate", Kind::Flag),
    ("lp_locked", "lp_locked", Kind::Flag),
    ("mint_revoked", "mint_revoked", Kind::Flag),
    ("top10_concentration", "top10_pct", Kind::Number),
    ("bundlers_percent", "bundlers_pct", Kind::Number),
    ("insiders_percent", "insiders_pct", Kind::Number),
    ("token_age_minutes", "age_minutes", Kind::Number),
    ("sol_price_usd", "sol_price_usd", Kind::Amount),
    ("feed_source", "feed", Kind::Text),
    ("dex_name", "dex", Kind::Text),
];

/// Columns of which each is a fact of its own, in the tables and in the exports.
const FACTS: [&str; 40] = [
    "token_address",
    "ca",
    "alerted_at",
    "first_seen_ts",
    "first_alert_at",
    "last_checked_at",
    "first_price_usd",
    "price_t0",
    "first_market_cap_usd",
    "first_liquidity_usd",
    "last_price_usd",
    "peak_price_usd",
    "peak_price_at",
    "max_gain_percent",
    "is_rug",
    "outcome",
    "outcome_label",
    "token_name",
    "token_symbol",
    "snapshot_count",
    "initial_holder_count",
    "ml_enhanced",
    "ml_predicted_gain",
    "ml_winner_probability",
    "max_drawdown_percent",
    "peak_drawdown_pct",
    "price_change_1h",
    "price_change_6h",
    "price_change_24h",
    "realistic_gain_percent",
    "realistic_exit_price",
    "price_t1m",
    "price_t5m",
    "price_t15m",
    "price_t1h",
    "price_t24h",
    "peak_x_price",
    "time_to_peak_price_s",
    "rug_detected_at",
    "would_have_exited_at",
];

/// Every column that is read, features included.
pub fn wanted() -> Vec<&'static str> {
    let mut all: Vec<&str> = FACTS.to_vec();
    all.extend(FEATURES.iter().map(|(column, _, _)| *column));
    all
}

/// Our names of the features that a file with these columns can give.
pub fn features_of(columns: &[String]) -> Vec<&'static str> {
    let mut names: Vec<&str> = FEATURES
        .iter()
        .filter(|(column, _, _)| columns.iter().any(|c| c == column))
        .map(|(_, name, _)| *name)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Everything that a file says of one token.
#[derive(Debug, Clone, Default)]
pub struct Token {
    /// When it was alerted.
    pub alerted: Option<Time>,
    /// When its row of statistics was made.
    pub first_alert: Option<Time>,
    /// When it was polled last; the time of the alert when never.
    pub checked: Option<Timestamp>,
    /// What it cost then, or at the first poll.
    pub entry: Option<Price>,
    /// Market cap then, USD.
    pub market_cap: Option<f64>,
    /// Liquidity then, USD.
    pub liquidity: Option<f64>,
    /// The price polled last.
    pub last: Option<Price>,
    /// The highest polled price.
    pub peak: Option<Price>,
    /// When that was.
    pub peak_at: Option<Timestamp>,
    /// The same as a gain, percent.
    pub max_gain: Option<f64>,
    /// Their flag.
    pub is_rug: Option<bool>,
    /// A word for what became of it.
    pub label: Option<String>,
    /// The token's name.
    pub name: Option<String>,
    /// Its ticker.
    pub symbol: Option<String>,
    /// Snapshots that an export counted.
    pub snapshots: Option<f64>,
    /// What was known at the alert.
    pub features: Features,
    /// Whether the prediction columns were filled in.
    predicted: bool,
    /// Zeros among market caps and liquidities.
    pub zeros: u64,
    /// The entry price was 0.
    pub zero_entry: bool,
    /// Figures of theirs that are worked out anew.
    pub derived: u64,
    /// Prices at horizons that their exporter read off the wrong clock.
    pub horizons: u64,
}

impl Token {
    /// Takes the cells of one row; what is known already stays.
    pub fn learn(&mut self, columns: &[&str], cells: &[Raw]) {
        let cell = |name: &str| {
            let at = columns.iter().position(|c| *c == name);
            at.and_then(|at| cells.get(at)).unwrap_or(&Raw::Null)
        };
        let first = |names: &[&str]| {
            let known = names.iter().map(|name| cell(name));
            known
                .into_iter()
                .find(|c| **c != Raw::Null)
                .unwrap_or(&Raw::Null)
        };
        self.alerted = self
            .alerted
            .or(first(&["alerted_at", "first_seen_ts"]).time());
        self.first_alert = self.first_alert.or(cell("first_alert_at").time());
        self.checked = self.checked.or(cell("last_checked_at").utc());
        let entry = first(&["first_price_usd", "price_t0"]);
        self.entry = self.entry.or(entry.price());
        self.zero_entry |= entry.number() == Some(0.0);
        let mut amount = |name: &str| {
            self.zeros += u64::from(cell(name).number() == Some(0.0));
            cell(name).above_zero()
        };
        self.market_cap = self.market_cap.or(amount("first_market_cap_usd"));
        self.liquidity = self.liquidity.or(amount("first_liquidity_usd"));
        self.last = self.last.or(cell("last_price_usd").price());
        self.peak = self.peak.or(cell("peak_price_usd").price());
        self.peak_at = self.peak_at.or(cell("peak_price_at").utc());
        self.max_gain = self.max_gain.or(cell("max_gain_percent").number());
        self.is_rug = self.is_rug.or(cell("is_rug").flag());
        self.label = self
            .label
            .take()
            .or(first(&["outcome", "outcome_label"]).text());
        self.name = self.name.take().or(cell("token_name").text());
        self.symbol = self.symbol.take().or(cell("token_symbol").text());
        self.snapshots = self.snapshots.or(cell("snapshot_count").number());
        self.predicted |= cell("ml_enhanced").flag() == Some(true);
        self.learn_features(&cell);
        let count = |names: &[&str]| {
            let known = names.iter().filter(|name| cell(name).number().is_some());
            known.count() as u64
        };
        self.derived += count(&[
            "max_drawdown_percent",
            "peak_drawdown_pct",
            "price_change_1h",
            "price_change_6h",
            "price_change_24h",
            "realistic_gain_percent",
            "realistic_exit_price",
        ]);
        self.horizons += count(&[
            "price_t1m",
            "price_t5m",
            "price_t15m",
            "price_t1h",
            "price_t24h",
        ]);
    }

    fn learn_features<'a>(&mut self, cell: &impl Fn(&str) -> &'a Raw) {
        for (column, name, kind) in FEATURES {
            let raw = cell(column);
            let value = match kind {
                Kind::Flag => raw.flag().map(FeatureValue::Flag),
                Kind::Number => raw.number().map(FeatureValue::Number),
                Kind::Amount => raw.above_zero().map(FeatureValue::Number),
                Kind::Text => raw.text().map(FeatureValue::Text),
            };
            if let Some(value) = value {
                self.features.entry(name.to_owned()).or_insert(value);
            }
        }
        if let Some(holders) = cell("initial_holder_count").above_zero() {
            let value = FeatureValue::Number(holders);
            self.features.entry("holders".to_owned()).or_insert(value);
        }
        // Their defaults would read as predictions of 0.
        if self.predicted {
            for name in ["ml_predicted_gain", "ml_winner_probability"] {
                if let Some(number) = cell(name).number() {
                    let value = FeatureValue::Number(number);
                    self.features.entry(name.to_owned()).or_insert(value);
                }
            }
        }
    }
}
