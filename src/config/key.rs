//! Every setting there is, and what it may hold.

use crate::domain::{Span, Zone};

use super::distance;

/// What a setting may hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// `60s`, `5m`, `48h`, `7d`.
    Span,
    /// A number from a least to a most.
    Number(f64, f64),
    /// A whole number from a least to a most.
    Whole(u32, u32),
    /// true or false.
    Flag,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Any text.
    Text,
    /// The address of a web service, without a query.
    Url,
    /// UTC or a zone of the tz database.
    Zone,
    /// A list of these words.
    List(&'static [&'static str]),
}

/// A setting.
pub(super) struct Key {
    /// `section.key`.
    pub name: &'static str,
    /// What it may hold.
    pub kind: Kind,
    /// What it holds where nothing else is said.
    pub default: &'static str,
}

impl Key {
    /// Whether its value must not be shown: who has it can act or pay with it.
    pub fn is_secret(&self) -> bool {
        let of_feed = self.name.starts_with("feeds.") && self.name.ends_with("_key");
        of_feed || self.name == "notify.webhook_url"
    }
}

const fn key(name: &'static str, kind: Kind, default: &'static str) -> Key {
    Key {
        name,
        kind,
        default,
    }
}

const RPM: Kind = Kind::Whole(1, 100_000);
const MULTIPLE: Kind = Kind::Number(0.0, 1e6);

/// Every setting there is, as `section.key`.
pub(super) const KEYS: [Key; 39] = [
    key("tracker.interval", Kind::Span, "60s"),
    key("tracker.late_interval", Kind::Span, "5m"),
    key("tracker.late_after", Kind::Span, "48h"),
    key("tracker.window", Kind::Span, "7d"),
    key("tracker.move_pct", Kind::Number(0.1, 1e6), "20.0"),
    key("tracker.summary_every", Kind::Span, "10m"),
    key("tracker.retain_samples", Kind::Span, "30d"),
    key(
        "feeds.order",
        Kind::List(&["dexscreener", "jupiter", "geckoterminal"]),
        "dexscreener,jupiter,geckoterminal",
    ),
    key(
        "feeds.dexscreener_url",
        Kind::Url,
        "https://api.dexscreener.com",
    ),
    key(
        "feeds.geckoterminal_url",
        Kind::Url,
        "https://api.geckoterminal.com/api/v2",
    ),
    key("feeds.jupiter_url", Kind::Url, "https://api.jup.ag"),
    key("feeds.dexscreener_key", Kind::Text, ""),
    key("feeds.geckoterminal_key", Kind::Text, ""),
    key("feeds.jupiter_key", Kind::Text, ""),
    key("feeds.dexscreener_rpm", RPM, "240"),
    key("feeds.geckoterminal_rpm", RPM, "10"),
    key("feeds.jupiter_rpm", RPM, "30"),
    key("feeds.timeout", Kind::Span, "10s"),
    key("categories.moon_ath", MULTIPLE, "5.0"),
    key("categories.winner_ath", MULTIPLE, "2.0"),
    key("categories.winner_final", MULTIPLE, "1.0"),
    key("categories.good_ath", MULTIPLE, "1.5"),
    key("categories.hold_final", MULTIPLE, "0.9"),
    key("categories.crash_final", MULTIPLE, "0.5"),
    key("analysis.pump_gain_pct", Kind::Number(0.0, 1e6), "50.0"),
    key("analysis.min_rank_n", Kind::Whole(1, 1_000_000), "10"),
    key("analysis.min_arm_n", Kind::Whole(1, 1_000_000), "10"),
    key("analysis.recommend_arm_n", Kind::Whole(1, 1_000_000), "20"),
    key("analysis.q", Kind::Number(0.0, 1.0), "0.05"),
    key("notify.bell", Kind::Flag, "true"),
    key("notify.command", Kind::Text, ""),
    key("notify.webhook_url", Kind::Text, ""),
    key(
        "ui.range",
        Kind::Choice(&["24h", "7d", "30d", "90d", "all"]),
        "7d",
    ),
    key(
        "ui.theme",
        Kind::Choice(&["auto", "dark", "light", "mono"]),
        "auto",
    ),
    key("ui.ascii", Kind::Flag, "false"),
    key("ui.braille", Kind::Flag, "false"),
    key(
        "ui.colors",
        Kind::Choice(&["red-green", "blue-orange"]),
        "red-green",
    ),
    key("ui.up", Kind::Choice(&["green", "red"]), "green"),
    key("ui.timezone", Kind::Zone, "utc"),
];

impl Kind {
    /// A value of this kind as TOML.
    pub fn written(self, value: &str) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        match self {
            Self::Number(..) | Self::Whole(..) | Self::Flag => value.to_owned(),
            Self::Span | Self::Choice(_) | Self::Text | Self::Url | Self::Zone => quoted(value),
            Self::List(_) => {
                let words: Vec<_> = value.split(',').map(|w| quoted(w.trim())).collect();
                format!("[{}]", words.join(", "))
            }
        }
    }

    /// What is allowed, if the value is not.
    pub fn refuses(self, value: &str) -> Option<String> {
        let ok = match self {
            Self::Span => Span::parse(value).is_ok(),
            Self::Number(least, most) => value
                .parse::<f64>()
                .is_ok_and(|v| (least..=most).contains(&v)),
            Self::Whole(least, most) => value
                .parse::<u32>()
                .is_ok_and(|v| (least..=most).contains(&v)),
            Self::Flag => matches!(value, "true" | "false"),
            Self::Choice(words) => words.contains(&value),
            Self::Text => true,
            Self::Url => is_base_url(value),
            Self::Zone => Zone::parse(value).is_some(),
            Self::List(words) => value
                .split(',')
                .map(str::trim)
                .all(|word| words.contains(&word)),
        };
        (!ok).then(|| match self {
            Self::Span => "a duration such as 30s, 5m, 48h or 7d".to_owned(),
            Self::Number(least, most) => format!("a number from {least} to {most}"),
            Self::Whole(least, most) => format!("a whole number from {least} to {most}"),
            Self::Flag => "true or false".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Text => "any text".to_owned(),
            Self::Url => "an address such as https://host/path, without ? or #".to_owned(),
            Self::Zone => format!(
                "utc or a zone of the tz database such as Europe/Berlin; did you mean {}?",
                nearest_zone(value)
            ),
            Self::List(words) => format!("a list of {}", words.join(", ")),
        })
    }
}

/// The zone whose name, or whose last part of it, is nearest to what was written.
fn nearest_zone(value: &str) -> &'static str {
    let value = value.to_lowercase();
    let far = |name: &str| {
        let name = name.to_lowercase();
        let city = name.rsplit('/').next().unwrap_or_default();
        distance(city, &value).min(distance(&name, &value))
    };
    Zone::names().min_by_key(|name| far(name)).unwrap_or("UTC")
}

fn is_base_url(value: &str) -> bool {
    let rest = value
        .strip_prefix("https://")
        .or_else(|| value.strip_prefix("http://"));
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#' | '@');
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with(['/', ':']) && !rest.contains(odd)
    })
}
