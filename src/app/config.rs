//! `callboard config`.

use std::fmt::Write;
use std::process::ExitCode;

use super::{Context, Failure, print};

pub fn run(context: &Context) -> Result<ExitCode, Failure> {
    let mut out = String::new();
    let file = match &context.config_file {
        Some(path) if path.exists() => path.display().to_string(),
        Some(path) => format!("{} (not there)", path.display()),
        None => "none: no home folder is known".to_owned(),
    };
    let _ = writeln!(out, "# configuration: {file}");
    let _ = writeln!(
        out,
        "# database: {}  # {}",
        context.db.display(),
        context.db_origin
    );
    for (name, value, origin) in context.config.entries() {
        let _ = writeln!(out, "{name} = {value}  # {origin}");
    }
    for chosen in &context.chosen_keys {
        let chords: Vec<_> = chosen.chords.iter().map(|c| format!("{c:?}")).collect();
        let (action, chords) = (&chosen.action, chords.join(", "));
        let _ = writeln!(out, "keys.{action} = [{chords}]  # {}", chosen.origin);
    }
    print(&out)?;
    Ok(ExitCode::SUCCESS)
}
