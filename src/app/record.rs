//! `callboard record`.

use std::io::Read;
use std::process::ExitCode;

use serde_json::{Map, Value};

use crate::cli::Record;
use crate::ingest;
use crate::store::{Put, Store};

use super::{Context, Failure, print};

/// One record is small; anything larger is a mistake.
const LARGEST: u64 = 1 << 20;

pub fn run(context: &Context, what: &Record) -> Result<ExitCode, Failure> {
    let (given, features) = match what {
        Record::Call(flags) => (flags.given(), flags.feature.as_slice()),
        Record::Trade(flags) => (flags.given(), [].as_slice()),
    };
    let json = if given.is_empty() && features.is_empty() {
        read_stdin()?
    } else {
        from_flags(&given, features)?
    };
    let mut store = Store::open(&context.db, context.settings.rules)?;
    let (kind, id, put) = match what {
        Record::Call(_) => {
            let (id, put) = ingest::record_call(&mut store, &json)
                .map_err(|e| Failure::failed(format!("record call: {e}")))?;
            ("call", id.0, put)
        }
        Record::Trade(_) => {
            let (id, put) = ingest::record_trade(&mut store, &json)
                .map_err(|e| Failure::failed(format!("record trade: {e}")))?;
            ("trade", id, put)
        }
    };
    let became = match put {
        Put::New => "new",
        Put::Updated => "updated",
        Put::Unchanged | Put::Refused(_) => "unchanged",
    };
    print(&format!("{kind} {id}: {became}\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn read_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .take(LARGEST)
        .read_to_string(&mut text)
        .map_err(|e| Failure::failed(format!("record: stdin cannot be read: {e}")))?;
    if text.trim().is_empty() {
        return Err(Failure::usage(
            "record: give the record as JSON on stdin, or as flags (see --help)",
        ));
    }
    Ok(text)
}

fn from_flags(given: &[(&str, &str)], features: &[String]) -> Result<String, Failure> {
    let mut object = Map::new();
    for (name, value) in given {
        object.insert((*name).to_owned(), Value::from(*value));
    }
    // Apart from the call's own fields, whatever they are called.
    let mut of_call = Map::new();
    for feature in features {
        let Some((name, value)) = feature.split_once('=') else {
            return Err(Failure::usage(format!(
                "record: --feature {feature}: write NAME=VALUE"
            )));
        };
        of_call.insert(name.to_owned(), Value::from(value));
    }
    if !of_call.is_empty() {
        object.insert("features".to_owned(), Value::Object(of_call));
    }
    Ok(Value::Object(object).to_string())
}
