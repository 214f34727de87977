//! `callboard backup`.

use std::path::Path;
use std::process::ExitCode;

use crate::store::Store;

use super::{Context, Failure, print};

pub fn run(context: &Context, to: &Path) -> Result<ExitCode, Failure> {
    let db = context.existing_db()?;
    let bytes = Store::backup(db, to)?;
    print(&format!(
        "{}: a copy of {}, {bytes} bytes\n",
        to.display(),
        db.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}
