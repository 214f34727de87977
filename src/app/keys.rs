//! The keys that the user chose: `[keys]` in the configuration, `CALLBOARD_KEYS_<ACTION>`.

use crate::config::{ChosenKeys, Config, ConfigError, Origin};
use crate::tui::Keys;
use crate::tui::rebind::{Choice, actions};

/// The keys in force, and what was chosen of them. The environment goes before the file; there,
/// keys are parted by blanks.
pub fn read(
    config: &Config,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<(Keys, Vec<ChosenKeys>), ConfigError> {
    let mut chosen = config.keys().to_vec();
    for action in actions() {
        let name = format!("CALLBOARD_KEYS_{}", action.name().to_uppercase());
        if let Some(value) = environment(&name).filter(|v| !v.is_empty()) {
            chosen.retain(|c| c.action != action.name());
            chosen.push(ChosenKeys {
                action: action.name().to_owned(),
                chords: value.split_whitespace().map(str::to_owned).collect(),
                origin: Origin::Environment(name),
            });
        }
    }
    let choices: Vec<Choice> = chosen
        .iter()
        .map(|c| Choice {
            action: c.action.clone(),
            chords: c.chords.clone(),
        })
        .collect();
    match Keys::rebound(&choices) {
        Ok(keys) => Ok((keys, chosen)),
        Err(error) => {
            let of = chosen.iter().find(|c| c.action == error.action());
            Err(ConfigError::Keys {
                origin: of.map_or(Origin::Default, |c| c.origin.clone()),
                reason: error.to_string(),
            })
        }
    }
}
