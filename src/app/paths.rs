//! Where files lie unless somebody says otherwise (the XDG base folders).

use std::path::PathBuf;

fn base(variable: &str, below_home: &str) -> Option<PathBuf> {
    // The specification: a relative path in the variable is to be ignored.
    let named = std::env::var_os(variable)
        .map(PathBuf::from)
        .filter(|p| p.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(below_home));
    Some(named.or_else(home)?.join("callboard"))
}

/// The database.
pub fn database() -> Option<PathBuf> {
    Some(base("XDG_DATA_HOME", ".local/share")?.join("callboard.db"))
}

/// The folder of the log.
pub fn state_folder() -> Option<PathBuf> {
    base("XDG_STATE_HOME", ".local/state")
}

/// The configuration.
pub fn config_file() -> Option<PathBuf> {
    Some(base("XDG_CONFIG_HOME", ".config")?.join("config.toml"))
}
