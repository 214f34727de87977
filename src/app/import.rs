//! `callboard import`.

use std::fs::File;
use std::io::{Read, Write};
use std::process::ExitCode;

use crate::cli::split_kind;
use crate::domain::text::clean;
use crate::ingest::{self, RowError};
use crate::store::Store;

use super::{Context, Failure, print};

/// Rows reported one by one per file; of more only the number is said.
const REPORTED: usize = 1000;

pub fn run(context: &Context, args: &[String]) -> Result<ExitCode, Failure> {
    let (kind, files) = split_kind(args);
    if files.is_empty() {
        return Err(Failure::usage(format!(
            "import {}: which file? name one, or - for stdin",
            args.first().map_or("", String::as_str)
        )));
    }
    let mut store = Store::open(&context.db, context.settings.rules)?;
    let mut clean_run = true;
    for name in files {
        match import_one(&mut store, kind, name) {
            Ok(all_in) => clean_run &= all_in,
            Err(failure) => {
                let _ = writeln!(
                    std::io::stderr(),
                    "callboard: {}: {}",
                    clean(name),
                    failure.line
                );
                clean_run = false;
            }
        }
    }
    Ok(if clean_run {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Imports one file; whether every row went in.
fn import_one(store: &mut Store, kind: Option<ingest::Kind>, name: &str) -> Result<bool, Failure> {
    let (input, label): (Box<dyn Read>, String) = if name == "-" {
        (Box::new(std::io::stdin()), "stdin".to_owned())
    } else {
        let file = File::open(name).map_err(|e| Failure::failed(format!("cannot be read: {e}")))?;
        if file.metadata().is_ok_and(|m| m.is_dir()) {
            return Err(Failure::failed("it is a folder; name the files in it"));
        }
        (Box::new(file), clean(name))
    };
    let mut reported = 0usize;
    let mut report = |row: RowError, refused: bool| {
        reported += 1;
        if reported > REPORTED {
            return;
        }
        let column = if row.column.is_empty() {
            String::new()
        } else {
            format!(", {}", row.column)
        };
        let weight = if refused { "refused" } else { "warning" };
        let _ = writeln!(
            std::io::stderr(),
            "{label}:{}{column}: {weight}: {}",
            row.line,
            row.reason
        );
    };
    let done = ingest::import(store, input, kind, &mut report)?;
    if reported > REPORTED {
        let _ = writeln!(
            std::io::stderr(),
            "{label}: {} more rows refused or warned about",
            reported - REPORTED
        );
    }
    let t = done.tally;
    print(&format!(
        "{label}: {}: {} read, {} new, {} updated, {} unchanged, {} refused\n",
        done.kind.name(),
        t.read,
        t.new,
        t.updated,
        t.unchanged,
        t.refused
    ))?;
    Ok(t.refused == 0)
}
