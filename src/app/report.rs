//! `callboard --report`.

use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use crate::analytics::{BookKey, Expression, Names};
use crate::board::Board;
use crate::cli::{Cli, Format, ReportSection};
use crate::clock::Clock;
use crate::domain::Range;
use crate::report::{self, Request, Section};
use crate::store::{Loaded, ModelTrades, Store};
use crate::tui;
use crate::view::format::Style;
use crate::view::model_trades::newest;

use super::demo::{self, Demo};
use super::engine::{self, Command, Engine, Poller, Snapshot};
use super::{Context, Failure, dashboard, print};

/// What cannot be asked together.
fn check(cli: &Cli) -> Result<(), Failure> {
    if cli.filter.is_some() && cli.report == Some(ReportSection::Models) {
        return Err(Failure::usage(
            "--where chooses calls: use it with --report calls, categories or features",
        ));
    }
    Ok(())
}

pub fn run(context: &Context, cli: &Cli) -> Result<ExitCode, Failure> {
    check(cli)?;
    let as_of = cli.as_of.unwrap_or_else(|| Clock::System.now());
    let store = if context.db.exists() {
        Some(Store::open(&context.db, context.settings.rules)?)
    } else if context.db_was_named {
        return Err(Failure::failed(format!(
            "there is no database {}: callboard import FILE makes one",
            context.db.display()
        )));
    } else {
        None
    };
    let board = match &store {
        Some(store) => load(store, context, cli, as_of)?,
        None => Board::empty(context.settings),
    };
    write(context, cli, &board, as_of, store.as_ref())
}

/// As much of the database as the report speaks of.
fn load(
    store: &Store,
    context: &Context,
    cli: &Cli,
    as_of: crate::domain::Timestamp,
) -> Result<Board, Failure> {
    let section = cli.report.and_then(ReportSection::section);
    if section == Some(Section::Models) {
        let loaded = Loaded {
            books: store.load_books()?,
            ..Loaded::default()
        };
        return Ok(Board::new(loaded, context.settings));
    }
    let mut board = Board::new(store.load(Some(as_of))?, context.settings);
    if matches!(section, None | Some(Section::Calls)) {
        engine::load_trails(store, &mut board, as_of)?;
    }
    Ok(board)
}

/// The report of the simulated market: its history run through the real tracker and store.
pub fn run_demo(context: &Context, cli: &Cli) -> Result<ExitCode, Failure> {
    check(cli)?;
    let as_of = cli.as_of.unwrap_or_else(|| Clock::System.now());
    let settings = dashboard::demo_settings(context);
    let folder = dashboard::demo_folder()?;
    let store = Store::open(&folder.path().join("demo.db"), settings.rules)?;
    let (publish, snapshots) = tokio::sync::watch::channel(Snapshot::empty(settings));
    let (command, commands) = std::sync::mpsc::sync_channel(engine::QUEUE);
    let engine = std::thread::spawn(move || {
        Engine::new(store, settings, Clock::Fixed(as_of), publish, Poller::None)
            .run(&commands, &AtomicBool::new(false))
    });
    let mut market = Demo::new(as_of, &settings.rules).in_large_parts();
    let earlier = market.earlier();
    // A signal must not leave the temporary folder behind.
    let ended = dashboard::runtime()?.block_on(async {
        let signals = tui::signals()?;
        let history = async {
            market.recent(&command).await;
            earlier.run(&command).await;
        };
        Ok::<_, std::io::Error>(tokio::select! {
            () = history => None,
            signal = signals => Some(signal),
        })
    })?;
    if let Some(signal) = ended {
        return Ok(ExitCode::from(signal.exit_code()));
    }
    // The engine stops by itself only when it is told to; its failures are in the snapshot.
    let _ = command.send(Command::Stop);
    if let Ok(Err(trouble)) = engine.join() {
        return Err(Failure::failed(trouble));
    }
    let snapshot = snapshots.borrow().clone();
    if let Some(trouble) = snapshot.trouble {
        return Err(Failure::failed(trouble));
    }
    match cli.format {
        Format::Text => print(&format!("DEMO - {}\n", demo::mark()))?,
        Format::Markdown => print(&format!("> DEMO - {}\n\n", demo::mark()))?,
        // A line of words would break them.
        Format::Json | Format::Csv => {}
    }
    // The engine has closed its own.
    let store = Store::open(&folder.path().join("demo.db"), settings.rules)?;
    write(context, cli, &snapshot.board, as_of, Some(&store))
}

/// Prints the report that was asked for.
fn write(
    context: &Context,
    cli: &Cli,
    board: &Board,
    as_of: crate::domain::Timestamp,
    store: Option<&Store>,
) -> Result<ExitCode, Failure> {
    let range = cli.range.unwrap_or(Range::All);
    let request = Request {
        section: cli
            .report
            .and_then(super::super::cli::ReportSection::section),
        range,
        as_of,
        model: cli.model.clone(),
        compare: match cli.compare.as_deref() {
            Some([a, b]) => Some((a.clone(), b.clone())),
            _ => None,
        },
        shared_days: cli.shared_days,
        trades: match (&cli.model, store) {
            (Some(model), Some(store)) => model_trades(board, store, model, range, as_of)?,
            _ => Vec::new(),
        },
        top: cli.top.map(|n| n as usize),
        provisional: cli.provisional,
        filter: match &cli.filter {
            Some(text) => {
                let kinds = board.feature_kinds(as_of);
                let found = Expression::parse(text, &Names::new(&kinds));
                Some(found.map_err(|e| Failure::usage(format!("--where: {e}")))?)
            }
            None => None,
        },
    };
    let style = Style::utc(context.config.ascii());
    let text = match cli.format {
        Format::Text => report::text(board, &request, style)?,
        Format::Json => {
            let value = report::json(board, &request)?;
            let mut text = serde_json::to_string_pretty(&value)
                .map_err(|e| Failure::failed(format!("cannot write JSON: {e}")))?;
            text.push('\n');
            text
        }
        Format::Csv => report::csv(board, &request)?,
        Format::Markdown => report::markdown(board, &request, style)?,
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// What the store says of a model's trades, per currency.
fn model_trades(
    board: &Board,
    store: &Store,
    model: &str,
    range: Range,
    as_of: crate::domain::Timestamp,
) -> Result<Vec<(BookKey, ModelTrades)>, Failure> {
    /// Trades that are printed one by one.
    const LATEST: usize = 20;
    let model = report::resolve(board, model)?;
    let window = range.window(as_of);
    let mut found = Vec::new();
    for (key, book) in board.books().filter(|(key, _)| key.model == model) {
        let mut latest = newest(book.points(&window));
        latest.truncate(LATEST);
        found.push((key.clone(), store.model_trades(key, &latest, &window)?));
    }
    Ok(found)
}
