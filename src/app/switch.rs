//! `callboard import --from`: a predecessor's data, with a report of what became of it.

use std::io::Write;
use std::process::ExitCode;

use crate::cli::LossFormat;
use crate::domain::text::clean;
use crate::ingest::predecessor::{self, Predecessor};
use crate::report::loss;
use crate::store::Store;

use super::{Context, Failure, print};

pub fn run(
    context: &Context,
    from: Predecessor,
    files: &[String],
    chain: Option<&str>,
    strict: bool,
    format: LossFormat,
) -> Result<ExitCode, Failure> {
    let mut store = Store::open(&context.db, context.settings.rules)?;
    let migrated = predecessor::import(&mut store, from, files, chain, strict)?;
    for (name, reason) in &migrated.failed {
        let mut err = std::io::stderr().lock();
        // A closed stderr is no reason to fail otherwise.
        let _ = writeln!(err, "callboard: {}: {}", clean(name), clean(reason));
    }
    match format {
        LossFormat::Text => print(&loss::text(&migrated))?,
        LossFormat::Json => print(&format!("{:#}\n", loss::json_report(&migrated)))?,
    }
    if migrated.withdrawn {
        return Err(Failure::failed(
            "something was refused, so with --strict nothing went in: the report says what",
        ));
    }
    Ok(if migrated.failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
