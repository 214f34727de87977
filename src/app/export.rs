//! `callboard export`.

use std::collections::BTreeSet;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::analytics::Standing;
use crate::board::Board;
use crate::cli::Exported;
use crate::clock::Clock;
use crate::report::export::{self, Encoding, Rows};
use crate::store::{Store, StoreError};

use super::{Context, Failure, print};

pub fn run(context: &Context, what: Exported, to: &Path, force: bool) -> Result<ExitCode, Failure> {
    let encoding = encoding(to)?;
    if !force && to.symlink_metadata().is_ok() {
        return Err(exists(to));
    }
    let store = Store::open(context.existing_db()?, context.settings.rules)?;
    let folder = match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let unwritable =
        |e: &std::io::Error| Failure::failed(format!("{} cannot be written: {e}", to.display()));
    // Under another name first, so that a file of the name that was asked for is always whole; and
    // readable by its owner only, from the first byte on.
    let file = tempfile::Builder::new()
        .prefix(".callboard-export-")
        .tempfile_in(folder)
        .map_err(|e| unwritable(&e))?;
    let columns = columns(&store, what)?;
    let mut rows = Rows::begin(BufWriter::new(file), encoding, columns.names(what))
        .map_err(|e| unwritable(&e))?;
    let left_out = fill(&mut rows, &store, context, what, &columns)?;
    let (out, rows) = rows.end().map_err(|e| unwritable(&e))?;
    let file = out.into_inner().map_err(|e| unwritable(e.error()))?;
    file.as_file().sync_all().map_err(|e| unwritable(&e))?;
    let kept = if force {
        file.persist(to)
    } else {
        file.persist_noclobber(to)
    };
    kept.map_err(|e| match e.error.kind() {
        std::io::ErrorKind::AlreadyExists => exists(to),
        _ => unwritable(&e.error),
    })?;
    let left = if left_out > 0 {
        format!("; {left_out} voided left out")
    } else {
        String::new()
    };
    let name = format!("{what:?}").to_lowercase();
    print(&format!("{}: {name}: {rows} written{left}\n", to.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn exists(to: &Path) -> Failure {
    Failure::failed(format!(
        "{} is there already and was left as it is: name a new file, or add --force",
        to.display()
    ))
}

fn encoding(to: &Path) -> Result<Encoding, Failure> {
    let extension = to.extension().map(|e| e.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("csv") => Ok(Encoding::Csv),
        Some("jsonl" | "ndjson") => Ok(Encoding::JsonLines),
        _ => Err(Failure::usage(format!(
            "{}: the extension says how it is written: use .csv or .jsonl",
            to.display()
        ))),
    }
}

/// The features that any call sent, where calls are written.
struct Columns(BTreeSet<String>);

impl Columns {
    fn names(&self, what: Exported) -> Vec<String> {
        let fixed: &[&str] = match what {
            Exported::Calls => return export::call_columns(&self.0),
            Exported::Trades => &export::TRADES,
            Exported::Prices => &export::PRICES,
            Exported::Candles => &export::CANDLES,
            Exported::Outcomes => &export::OUTCOMES,
        };
        fixed.iter().map(|name| (*name).to_owned()).collect()
    }
}

fn columns(store: &Store, what: Exported) -> Result<Columns, StoreError> {
    let mut features = BTreeSet::new();
    if what == Exported::Calls {
        store.each_call(|call, _| {
            for name in call.features.keys() {
                if !features.contains(name) {
                    features.insert(name.clone());
                }
            }
            Ok::<_, StoreError>(())
        })?;
    }
    Ok(Columns(features))
}

/// Writes every record; how many voided ones were left out, since a file cannot say that of them.
fn fill<W: Write>(
    rows: &mut Rows<W>,
    store: &Store,
    context: &Context,
    what: Exported,
    columns: &Columns,
) -> Result<u64, Failure> {
    let mut left_out = 0;
    match what {
        Exported::Trades => {
            store.each_trade::<Failure>(|trade| Ok(rows.row(export::trade(trade))?))?;
        }
        Exported::Candles => {
            store.each_candle::<Failure>(|candle| Ok(rows.row(export::candle(candle))?))?;
        }
        Exported::Prices => store.each_sample::<Failure>(|sample| {
            match export::sample(sample) {
                Some(row) => rows.row(row)?,
                None => left_out += 1,
            }
            Ok(())
        })?,
        Exported::Calls => store.each_call::<Failure>(|call, voided| {
            if voided {
                left_out += 1;
            } else {
                rows.row(export::call(call, &columns.0))?;
            }
            Ok(())
        })?,
        Exported::Outcomes => {
            let now = Clock::System.now();
            let board = Board::new(store.load(Some(now))?, context.settings);
            let imported = store.imported_outcomes()?;
            for judged in board.judged(now) {
                if judged.standing == Standing::Voided {
                    left_out += 1;
                } else {
                    let own = imported.get(&judged.call.id.0);
                    rows.row(export::outcome(&judged, own, &context.settings.rules, now))?;
                }
            }
        }
    }
    Ok(left_out)
}
