//! Where files lie unless somebody says otherwise (the XDG base folders).

use std::path::{Path, PathBuf};

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

/// Whether there is a folder for a database that somebody named. Only the default one is made: a wrong
/// letter in a name must not begin an empty database somewhere.
///
/// # Errors
/// In one line, with what to do, when there is none.
pub fn has_folder(database: &Path, named_by: &str) -> Result<(), String> {
    let folder = match database.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => return Ok(()),
    };
    if folder.is_dir() {
        return Ok(());
    }
    let (database, folder) = (database.display(), folder.display());
    Err(format!(
        "{named_by} names {database}, but there is no folder {folder}: make it (mkdir -p), or name another file"
    ))
}
