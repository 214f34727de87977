//! Every setting, from default < file < environment < flag, each knowing where it came from.
//!
//! One table ([`key::KEYS`]) names every key, what it may hold and its default; reading, checking and
//! errors all go by it.

mod key;
mod settings;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

use key::{KEYS, Key};

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
    use std::io::Write;

    use super::*;
    use crate::analytics::Guards;
    use crate::domain::{Range, Rules, Span};

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
