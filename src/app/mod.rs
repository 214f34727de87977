//! Wiring: which parts run for which command, and how a failure ends.
//!
//! The only room that sees all the others. It decides nothing that another room could decide.

mod add;
mod analyst;
mod backup;
mod completions;
mod config;
mod dashboard;
mod demo;
mod desk;
mod doctor;
mod engine;
mod export;
mod gaps;
mod hands;
mod import;
mod keys;
mod live;
mod log;
mod notify;
mod opening;
mod past;
mod paths;
#[cfg(test)]
mod pictures;
mod poller;
mod record;
mod report;
mod switch;
mod telling;
mod track;
mod unsaved;
mod void;
mod watch;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::board::Settings;
use crate::cli::{Cli, Command, Format, ReportSection};
use crate::config::{ChosenKeys, Config};
use crate::ingest::Options;
use crate::report::CsvError;

/// How a command failed: the exit code and one line for stderr.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    line: String,
}

impl Failure {
    /// Something went wrong: exit code 1.
    pub fn failed(what: impl std::fmt::Display) -> Self {
        Self {
            code: 1,
            line: what.to_string(),
        }
    }

    /// It was asked for wrongly: exit code 2.
    pub fn usage(what: impl std::fmt::Display) -> Self {
        Self {
            code: 2,
            line: what.to_string(),
        }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::failed(error)
    }
}

/// Runs the program; the exit code is as in DESIGN §3.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(code) => code,
        Err(failure) => {
            let line = failure.line.replace('\n', " ");
            let _ = writeln!(std::io::stderr(), "callboard: {line}");
            ExitCode::from(failure.code)
        }
    }
}

/// What every command needs to know.
pub(crate) struct Context {
    pub config: Config,
    /// The keys of the dashboard, and what was chosen of them.
    pub keys: crate::tui::Keys,
    pub chosen_keys: Vec<ChosenKeys>,
    pub settings: Settings,
    /// The database, and whether somebody named it.
    pub db: PathBuf,
    pub db_was_named: bool,
    /// What named the database.
    pub db_origin: &'static str,
    /// The configuration file that was looked at, whether it is there or not.
    pub config_file: Option<PathBuf>,
}

impl Context {
    /// The database, which must be there.
    fn existing_db(&self) -> Result<&Path, Failure> {
        if self.db.exists() {
            return Ok(&self.db);
        }
        Err(Failure::failed(format!(
            "there is no database {}: callboard import FILE makes one",
            self.db.display()
        )))
    }
}

/// What is said to have named the database when nobody did.
const DEFAULT_DB: &str = "the default";

/// The database and what named it: a flag, the environment, or nobody.
fn database(cli: &Cli) -> Result<(PathBuf, &'static str), Failure> {
    if let Some(path) = &cli.global.db {
        return Ok((path.clone(), "--db"));
    }
    if let Some(path) = std::env::var_os("CALLBOARD_DB").filter(|v| !v.is_empty()) {
        return Ok((PathBuf::from(path), "CALLBOARD_DB"));
    }
    let path = paths::database().ok_or_else(|| {
        Failure::failed("no home folder is known: name the database with --db FILE")
    })?;
    Ok((path, DEFAULT_DB))
}

fn run(cli: &Cli) -> Result<ExitCode, Failure> {
    if cli.demo && cli.global.db.is_some() {
        return Err(Failure::usage(
            "--demo runs in a temporary database of its own: leave out --db",
        ));
    }
    if cli.command.is_some() && (cli.demo || cli.report.is_some()) {
        return Err(Failure::usage("--demo and --report go without a command"));
    }
    let of_models = cli.model.is_some() || cli.compare.is_some() || cli.top.is_some();
    let models = matches!(
        cli.report,
        None | Some(ReportSection::All | ReportSection::Models)
    );
    if of_models && !models {
        return Err(Failure::usage(
            "--model, --compare and --top go with --report models",
        ));
    }
    if cli.format == Format::Csv && cli.report == Some(ReportSection::All) {
        return Err(Failure::usage(CsvError::WhichSection));
    }
    // Before the settings are read: a shell that starts up must not fail on a wrong one.
    if let Some(Command::Completions { shell }) = &cli.command {
        return completions::run(*shell);
    }
    let fallback = paths::config_file();
    let environment = |name: &str| std::env::var(name).ok();
    let config = Config::load(
        cli.global.config.as_deref(),
        fallback.as_deref(),
        &environment,
    )
    .map_err(Failure::usage)?;
    let (keys, chosen) = keys::read(&config, &environment).map_err(Failure::usage)?;
    let settings = Settings {
        rules: config.rules(),
        min_rank_n: config.min_rank_n(),
        guards: config.guards(),
    };
    let (db, db_origin) = database(cli)?;
    let context = Context {
        config,
        keys,
        chosen_keys: chosen,
        settings,
        db_was_named: db_origin != DEFAULT_DB,
        db,
        db_origin,
        config_file: cli.global.config.clone().or(fallback),
    };
    // These two open no database that was named.
    let opens = !cli.demo && !matches!(cli.command, Some(Command::Config));
    if context.db_was_named && opens {
        paths::has_folder(&context.db, db_origin).map_err(Failure::failed)?;
    }
    match &cli.command {
        Some(Command::Import {
            args,
            chain,
            confidence_scale,
            strict,
            from,
            format,
        }) => {
            if let Some(from) = from {
                return switch::run(&context, *from, args, chain.as_deref(), *strict, *format);
            }
            let options = Options {
                kind: None,
                chain: chain.clone(),
                scale: *confidence_scale,
                strict: *strict,
                again: false,
            };
            import::run(&context, args, &options)
        }
        Some(Command::Record { what }) => record::run(&context, what),
        Some(Command::Export { what, to, force }) => export::run(&context, *what, to, *force),
        Some(Command::Backup { to }) => backup::run(&context, to),
        Some(Command::Void { what }) => void::run(&context, what),
        Some(Command::Track) => track::run(&context, cli),
        Some(Command::Add {
            chain,
            addresses,
            source,
            symbol,
        }) => add::run(&context, chain, addresses, source, symbol.as_deref()),
        Some(Command::Doctor { rebuild }) => doctor::run(&context, *rebuild),
        Some(Command::Config) => config::run(&context),
        Some(Command::Completions { shell }) => completions::run(*shell),
        None => match (cli.report.is_some(), cli.demo) {
            (true, true) => report::run_demo(&context, cli),
            (true, false) => report::run(&context, cli),
            (false, true) => dashboard::run_demo(&context, cli),
            (false, false) => dashboard::run(&context, cli),
        },
    }
}

/// Writes to stdout. A reader that has gone away is no failure of ours.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("cannot write the output: {e}")))
        }
        _ => Ok(()),
    }
}
