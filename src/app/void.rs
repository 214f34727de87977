//! `callboard void`.

use std::process::ExitCode;

use crate::cli::{Void, Voiding as Flags};
use crate::domain::text::{clean, clean_opt};
use crate::domain::{CallId, SampleId};
use crate::store::{Store, Voiding};

use super::{Context, Failure, print};

pub fn run(context: &Context, what: &Void) -> Result<ExitCode, Failure> {
    let (kind, flags) = match what {
        Void::Call(flags) => ("call", flags),
        Void::Sample(flags) => ("sample", flags),
    };
    let why = reason(kind, flags)?;
    let why = why.as_deref();
    let (id, voiding) = match what {
        Void::Call(_) => {
            let id = CallId(clean(&flags.id));
            let voiding = open(context)?.void_call(&id, why)?;
            (id.0, voiding)
        }
        Void::Sample(_) => {
            let id = SampleId::parse(&flags.id).ok_or_else(|| {
                Failure::usage(format!(
                    "void sample: '{}' is no id of a price: write chain:address@time, with \
                     /provider where several have one at that time",
                    clean(&flags.id)
                ))
            })?;
            let (id, voiding, _) = open(context)?.void_sample(&id, why)?;
            (id, voiding)
        }
    };
    let became = match (voiding, why.unwrap_or_default()) {
        (Voiding::Voided, why) => format!("voided: {why}"),
        (Voiding::Already, why) => format!("was voided already: {why}"),
        (Voiding::Reworded(old), why) => format!("was voided already ({old}), now: {why}"),
        (Voiding::Restored(old), _) => format!("counts again as it did (was voided: {old})"),
        (Voiding::NotVoid, _) => "is not voided: nothing to bring back".to_owned(),
    };
    print(&format!("{kind} {id}: {became}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// The reason, `None` for bringing back.
fn reason(kind: &str, flags: &Flags) -> Result<Option<String>, Failure> {
    let Some(why) = flags.why.as_deref() else {
        return Ok(None);
    };
    match clean_opt(why) {
        Some(why) => Ok(Some(why)),
        None => Err(Failure::usage(format!(
            "void {kind}: --why is empty: say what is wrong with it"
        ))),
    }
}

fn open(context: &Context) -> Result<Store, Failure> {
    Ok(Store::open(context.existing_db()?, context.settings.rules)?)
}
