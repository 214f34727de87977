//! Every setting, from default < file < environment < flag, each knowing where it came from.
//!
//! One table ([`KEYS`]) names every key, what it may hold and its default; reading, checking and
//! errors all go by it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::analytics::Guards;
use crate::domain::{Pace, Percent, Range, Rules, Span, Thresholds, Zone};

/// What a setting may hold.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
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

struct Key {
    name: &'static str,
    kind: Kind,
    default: &'static str,
}

impl Key {
    /// Whether its value must not be shown: who has it can act or pay with it.
    fn is_secret(&self) -> bool {
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
const KEYS: [Key; 38] = [
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
    key(
        "ui.colors",
        Kind::Choice(&["red-green", "blue-orange"]),
        "red-green",
    ),
    key("ui.up", Kind::Choice(&["green", "red"]), "green"),
    key("ui.timezone", Kind::Zone, "utc"),
];

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => f.write_str(name),
        }
    }
}

/// Why a configuration cannot be used: wrong usage, exit code 2.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// The file that was asked for cannot be read, or is no TOML.
    #[error("cannot read the configuration {}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A key that does not exist.
    #[error("{origin}: there is no setting '{name}'; did you mean '{nearest}'?")]
    Unknown {
        /// Where it was written.
        origin: Origin,
        /// As written.
        name: String,
        /// The nearest key there is.
        nearest: &'static str,
    },
    /// A value that its key cannot hold.
    #[error("{origin}: {name} = '{value}' is not allowed: use {allowed}")]
    Value {
        /// Where it was written.
        origin: Origin,
        /// The key.
        name: &'static str,
        /// As written.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// A choice of keys that cannot be.
    #[error("{origin}: {reason}")]
    Keys {
        /// Where it was written.
        origin: Origin,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
}

/// What the section `keys` says of one action. Which actions and keys there are is known where
/// keys are: nothing of it is checked here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenKeys {
    /// As written.
    pub action: String,
    /// As written.
    pub chords: Vec<String>,
    /// Where it was written.
    pub origin: Origin,
}

/// The settings in force.
#[derive(Debug, Clone)]
pub struct Config {
    values: BTreeMap<&'static str, (String, Origin)>,
    keys: Vec<ChosenKeys>,
}

impl Config {
    /// Reads the settings. `file` must exist when it is given; `fallback` may be missing.
    /// `environment` answers for a variable's name.
    ///
    /// # Errors
    /// When a file cannot be read, or names an unknown key or a value that is not allowed.
    pub fn load(
        file: Option<&Path>,
        fallback: Option<&Path>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut config = Self {
            values: KEYS
                .iter()
                .map(|k| (k.name, (k.default.to_owned(), Origin::Default)))
                .collect(),
            keys: Vec::new(),
        };
        let path = file.or_else(|| fallback.filter(|p| p.exists()));
        if let Some(path) = path {
            config.read_file(path)?;
        }
        for k in &KEYS {
            let name = format!("CALLBOARD_{}", k.name.replace('.', "_").to_uppercase());
            if let Some(value) = environment(&name).filter(|v| !v.is_empty()) {
                config.set(k, value, Origin::Environment(name))?;
            }
        }
        Ok(config)
    }

    fn read_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let file_error = |reason: String| ConfigError::File {
            path: path.to_owned(),
            reason,
        };
        let text = fs::read_to_string(path).map_err(|e| file_error(e.to_string()))?;
        let table: toml::Table = text
            .parse()
            .map_err(|e: toml::de::Error| file_error(toml_reason(&text, &e)))?;
        let origin = Origin::File(path.to_owned());
        for (section, value) in table {
            let Some(entries) = value.as_table() else {
                return Err(unknown(origin, &section));
            };
            if section == "keys" {
                for (action, value) in entries {
                    self.keys.push(chosen_keys(action, value, &origin)?);
                }
                continue;
            }
            for (name, value) in entries {
                let full = format!("{section}.{name}");
                let Some(k) = KEYS.iter().find(|k| k.name == full) else {
                    return Err(unknown(origin, &full));
                };
                self.set(k, toml_text(value), origin.clone())?;
            }
        }
        Ok(())
    }

    fn set(&mut self, k: &Key, value: String, origin: Origin) -> Result<(), ConfigError> {
        if let Some(allowed) = k.kind.refuses(&value) {
            return Err(ConfigError::Value {
                origin,
                name: k.name,
                value,
                allowed,
            });
        }
        self.values.insert(k.name, (value, origin));
        Ok(())
    }

    /// Every setting as it would stand in the file, with where it came from: name, value, origin.
    /// A secret that is set is only said to be.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, String, &Origin)> {
        KEYS.iter().filter_map(|k| {
            let (value, origin) = self.values.get(k.name)?;
            let shown = if k.is_secret() && !value.is_empty() {
                "set".to_owned()
            } else {
                k.kind.written(value)
            };
            Some((k.name, shown, origin))
        })
    }

    /// The keys that the file chooses.
    #[must_use]
    pub fn keys(&self) -> &[ChosenKeys] {
        &self.keys
    }

    fn text(&self, name: &str) -> &str {
        self.values.get(name).map_or("", |(value, _)| value)
    }

    /// Every value was checked when it was set, so the fallbacks below are never used.
    fn span(&self, name: &str) -> Span {
        Span::parse(self.text(name)).unwrap_or(Span::MINUTE)
    }

    fn number(&self, name: &str) -> f64 {
        self.text(name).parse().unwrap_or(0.0)
    }

    fn whole(&self, name: &str) -> u32 {
        self.text(name).parse().unwrap_or(1)
    }

    fn flag(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// Everything that definitions depend on.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules {
            window: self.span("tracker.window"),
            poll_interval: self.span("tracker.interval"),
            thresholds: Thresholds {
                moon_ath: self.number("categories.moon_ath"),
                winner_ath: self.number("categories.winner_ath"),
                winner_final: self.number("categories.winner_final"),
                good_ath: self.number("categories.good_ath"),
                hold_final: self.number("categories.hold_final"),
                crash_final: self.number("categories.crash_final"),
            },
            pump_gain_pct: self.number("analysis.pump_gain_pct"),
        }
    }

    /// How often tokens are polled.
    #[must_use]
    pub fn pace(&self) -> Pace {
        Pace {
            interval: self.span("tracker.interval"),
            late_interval: self.span("tracker.late_interval"),
            late_after: self.span("tracker.late_after"),
            window: self.span("tracker.window"),
        }
    }

    /// Over so many percent within an hour is a move that is told.
    #[must_use]
    pub fn move_pct(&self) -> Percent {
        Percent(self.number("tracker.move_pct"))
    }

    /// Whether a notice rings the terminal's bell.
    #[must_use]
    pub fn notify_bell(&self) -> bool {
        self.flag("notify.bell")
    }

    /// The command that is run for each notice.
    #[must_use]
    pub fn notify_command(&self) -> Option<&str> {
        Some(self.text("notify.command").trim()).filter(|text| !text.is_empty())
    }

    /// Where each notice is posted to: a secret.
    #[must_use]
    pub fn notify_webhook_url(&self) -> Option<&str> {
        Some(self.text("notify.webhook_url").trim()).filter(|text| !text.is_empty())
    }

    /// How often the tracker logs a summary.
    #[must_use]
    pub fn summary_every(&self) -> Span {
        self.span("tracker.summary_every")
    }

    /// The age from which polled samples are thinned.
    #[must_use]
    pub fn retain_samples(&self) -> Span {
        self.span("tracker.retain_samples")
    }

    /// The guards of feature tests.
    #[must_use]
    pub fn guards(&self) -> Guards {
        Guards {
            min_arm_n: self.whole("analysis.min_arm_n") as usize,
            recommend_arm_n: self.whole("analysis.recommend_arm_n") as usize,
            q: self.number("analysis.q"),
        }
    }

    /// The trades a model needs for a place.
    #[must_use]
    pub fn min_rank_n(&self) -> u32 {
        self.whole("analysis.min_rank_n")
    }

    /// The range that the dashboard starts with.
    #[must_use]
    pub fn range(&self) -> Range {
        Range::parse(self.text("ui.range")).unwrap_or(Range::D7)
    }

    /// The providers of live prices, the one to ask first coming first.
    pub fn feed_order(&self) -> impl Iterator<Item = &str> {
        self.text("feeds.order").split(',').map(str::trim)
    }

    /// Where a provider is reached; empty for a name that is none.
    #[must_use]
    pub fn feed_url(&self, provider: &str) -> &str {
        self.text(&format!("feeds.{provider}_url"))
    }

    /// A provider's key; empty when there is none. It must never be shown.
    #[must_use]
    pub fn feed_key(&self, provider: &str) -> &str {
        self.text(&format!("feeds.{provider}_key"))
    }

    /// Requests per minute that a provider may be asked.
    #[must_use]
    pub fn feed_rpm(&self, provider: &str) -> u32 {
        self.whole(&format!("feeds.{provider}_rpm"))
    }

    /// The longest that one request may take.
    #[must_use]
    pub fn feed_timeout(&self) -> Span {
        self.span("feeds.timeout")
    }

    /// Only ASCII on the screen.
    #[must_use]
    pub fn ascii(&self) -> bool {
        self.flag("ui.ascii")
    }

    /// auto, dark, light or mono.
    #[must_use]
    pub fn theme(&self) -> &str {
        self.text("ui.theme")
    }

    /// Blue and orange stand for better and worse, rather than green and red.
    #[must_use]
    pub fn blue_orange(&self) -> bool {
        self.text("ui.colors") == "blue-orange"
    }

    /// What rises has the colour that falls have elsewhere.
    #[must_use]
    pub fn up_is_red(&self) -> bool {
        self.text("ui.up") == "red"
    }

    /// The zone that the dashboard writes times in.
    #[must_use]
    pub fn zone(&self) -> Zone {
        Zone::parse(self.text("ui.timezone")).unwrap_or_default()
    }
}

impl Kind {
    /// A value of this kind as TOML.
    fn written(self, value: &str) -> String {
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
    fn refuses(self, value: &str) -> Option<String> {
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

/// Where and why a file is no TOML. The line itself is not quoted: it may hold a key.
fn toml_reason(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let reason = error.message().replace('\n', " ");
    match before {
        Some(before) => format!("line {}: {reason}", before.matches('\n').count() + 1),
        None => reason,
    }
}

/// `action = "chord"` or `action = ["chord", "chord"]`.
fn chosen_keys(
    action: &str,
    value: &toml::Value,
    origin: &Origin,
) -> Result<ChosenKeys, ConfigError> {
    let text = |value: &toml::Value| value.as_str().map(str::to_owned);
    let chords = match value {
        toml::Value::Array(items) => items.iter().map(text).collect(),
        one => text(one).map(|chord| vec![chord]),
    };
    let action = crate::domain::text::clean(action);
    let Some(chords) = chords else {
        return Err(ConfigError::Keys {
            origin: origin.clone(),
            reason: format!("keys.{action}: use a key such as \"j\" or a list of keys"),
        });
    };
    Ok(ChosenKeys {
        action,
        chords,
        origin: origin.clone(),
    })
}

fn toml_text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(items) => items.iter().map(toml_text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn unknown(origin: Origin, name: &str) -> ConfigError {
    let nearest = KEYS
        .iter()
        .map(|k| k.name)
        .min_by_key(|k| distance(k, name))
        .unwrap_or("");
    ConfigError::Unknown {
        origin,
        name: crate::domain::text::clean(name),
        nearest,
    }
}

/// How far two words are apart (Levenshtein), by their first hundred characters: names that are
/// typed are short, and what is not must cost nothing.
#[must_use]
pub fn distance(a: &str, b: &str) -> usize {
    let beginning = |text: &str| text.chars().take(100).collect::<String>();
    strsim::levenshtein(&beginning(a), &beginning(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn from_text(text: &str) -> Result<Config, ConfigError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Config::load(Some(file.path()), None, &|_| None)
    }

    #[test]
    fn every_default_is_allowed_and_equals_the_rules() {
        for k in &KEYS {
            assert_eq!(k.kind.refuses(k.default), None, "{}", k.name);
        }
        let config = Config::load(None, None, &|_| None).unwrap();
        assert_eq!(config.rules(), Rules::default());
        assert_eq!(config.guards(), Guards::default());
        assert_eq!(config.range(), Range::D7);
    }

    #[test]
    fn what_is_printed_can_stand_in_the_file_and_means_the_same() {
        let config = Config::load(None, None, &|_| None).unwrap();
        let printed: Vec<String> = config
            .entries()
            .map(|(name, value, origin)| format!("{name} = {value}  # {origin}"))
            .collect();
        assert_eq!(printed.len(), KEYS.len());
        let again = from_text(&printed.join("\n")).unwrap();
        for k in &KEYS {
            assert_eq!(again.text(k.name), config.text(k.name), "{}", k.name);
        }
    }

    #[test]
    fn a_secret_is_only_said_to_be_set() {
        let config = from_text(
            "[feeds]\njupiter_key = \"s3cret\"\n[notify]\nwebhook_url = \"https://h/s3cret\"\n",
        )
        .unwrap();
        let value = |wanted: &str| {
            let found = config.entries().find(|(name, ..)| *name == wanted);
            found.map(|(_, value, _)| value).unwrap()
        };
        assert_eq!(value("feeds.jupiter_key"), "set");
        assert_eq!(value("notify.webhook_url"), "set");
        assert_eq!(value("feeds.dexscreener_key"), "\"\"");
        let error = from_text("[feeds]\njupiter_key = s3cret\n").unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }

    #[test]
    fn environment_beats_file_beats_default() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"[tracker]\nwindow = \"3d\"\ninterval = \"30s\"\n[ui]\nascii = true\n")
            .unwrap();
        let env = |name: &str| (name == "CALLBOARD_TRACKER_WINDOW").then(|| "2d".to_owned());
        let config = Config::load(Some(file.path()), None, &env).unwrap();
        assert_eq!(config.rules().window, Span::days(2));
        assert_eq!(config.rules().poll_interval, Span::seconds(30));
        assert!(config.ascii());
    }

    #[test]
    fn errors_name_file_key_and_what_is_allowed() {
        for (text, parts) in [
            (
                "[tracker]\nwindw = \"7d\"",
                &["tracker.windw", "tracker.window"][..],
            ),
            (
                "[tracker]\nwindow = \"soon\"",
                &["tracker.window", "soon", "7d"],
            ),
            ("[analysis]\nq = 2", &["analysis.q", "0 to 1"]),
            (
                "[feeds]\njupiter_url = \"ftp://x\"",
                &["feeds.jupiter_url", "ftp://x", "https://host/path"],
            ),
            (
                "[ui]\nrange = \"1y\"",
                &["ui.range", "24h, 7d, 30d, 90d, all"],
            ),
            (
                "[ui]\ntimezone = \"berlin\"",
                &["ui.timezone", "berlin", "mean Europe/Berlin?"],
            ),
            ("[ui]\ncolors = \"pink\"", &["ui.colors", "blue-orange"]),
            ("window = 3", &["there is no setting 'window'"]),
            ("[tracker", &["cannot read the configuration"]),
        ] {
            let error = from_text(text).unwrap_err().to_string();
            for part in parts {
                assert!(error.contains(part), "{text}: {error}");
            }
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
