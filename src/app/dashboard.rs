//! The dashboard: who runs where, and in which order it all ends.
//!
//! Four threads: the terminal (this one, which never waits for anything but input), the analyst
//! (statistics), the engine (the database), and the tracker (prices), in a demo with its market.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc as sync;
use std::thread;
use std::time::Duration;

use tokio::sync::watch as latest;
use tokio::sync::{mpsc, oneshot};

use crate::board::Settings;
use crate::cli::Cli;
use crate::clock::Clock;
use crate::domain::Span;
use crate::store::{Store, StoreError};
use crate::tracker::Order;
use crate::tui::kind::Kind;
use crate::tui::theme::{Hues, Shade, Theme};
use crate::tui::{self, Ended, Message, Session, UiOptions};
use crate::view::format::Style;
use crate::view::{Question, Tab};

use super::analyst::{self, Place};
use super::demo::{self, Demo};
use super::desk::Desk;
use super::engine::{self, Command, Engine, Poller, Snapshot};
use super::gaps::GapFinder;
use super::hands::Hands;
use super::live::Live;
use super::notify::Notifier;
use super::opening::Opened;
use super::watch::{self, Watch};
use super::{Context, Failure};

/// How much later than the screen's thread the others have their turn where processors are short:
/// a key must not wait for statistics.
const BEHIND: i32 = 5;
/// Answers on their way to the screen.
const MESSAGES: usize = 64;

/// Opens the dashboard on the user's database.
pub fn run(context: &Context, cli: &Cli) -> Result<ExitCode, Failure> {
    let store = Opened::of(&context.db, context.settings.rules)?;
    let place = Place {
        demo: None,
        path: context.db.clone(),
        database: short(&context.db),
        clock: Clock::System,
        style: style(context),
    };
    let live = Live::new(&context.config)?;
    let market = Market::Real(Box::new(live));
    show(context, cli, store, context.settings, place, market)
}

/// Opens it on a simulated market.
pub fn run_demo(context: &Context, cli: &Cli) -> Result<ExitCode, Failure> {
    let folder = demo_folder()?;
    let settings = demo_settings(context);
    let mut store = Store::open(&folder.path().join("demo.db"), settings.rules)?;
    store.make_temporary()?;
    store.set_cache(demo::CACHE)?;
    let origin = Clock::System.now();
    let clock = Clock::paced(origin, demo::PACE);
    let place = Place {
        demo: Some(demo::mark()),
        path: folder.path().join("demo.db"),
        database: "temporary".to_owned(),
        clock,
        style: style(context),
    };
    let market = Demo::new(origin, &settings.rules);
    show(
        context,
        cli,
        Opened::Ready(Box::new(store)),
        settings,
        place,
        Market::Demo(Box::new(market)),
    )
}

/// What the prices are of.
enum Market {
    /// The user's tokens, at the providers.
    Real(Box<Live>),
    /// A demo's.
    Demo(Box<Demo>),
}

impl Market {
    /// Who asks for its prices.
    fn poller(&self, order: mpsc::UnboundedSender<Order>, clock: Clock) -> Poller {
        match self {
            Self::Real(_) => Poller::Leased(order, Box::new(Watch::new(watch::me(clock.now())))),
            Self::Demo(_) => Poller::Own(order),
        }
    }

    /// Who chooses what of its past is asked for.
    fn gaps(&self) -> Option<GapFinder> {
        match self {
            Self::Real(live) => Some(live.gaps()),
            Self::Demo(_) => None,
        }
    }
}

/// What the engine's thread needs.
struct Keeping {
    store: Opened,
    settings: Settings,
    clock: Clock,
    poller: Poller,
    gaps: Option<GapFinder>,
    retain: Span,
    desk: Desk,
}

impl Keeping {
    /// Brings the database up to date where that is due, then keeps it until it is stopped.
    fn run(
        self,
        publish: latest::Sender<Snapshot>,
        commands: &sync::Receiver<Command>,
        stop: &AtomicBool,
    ) -> Result<(), StoreError> {
        let store = self.store.ready(&publish, stop)?;
        // Whatever comes after the first figures stands behind the screen.
        let mut engine = Engine::new(store, self.settings, self.clock, publish, self.poller)
            .retaining(self.retain)
            .once_loaded(stand_behind)
            .telling(self.desk);
        if let Some(gaps) = self.gaps {
            engine = engine.filling(gaps);
        }
        // What was not stored is in the log.
        let _ = engine.run(commands, stop);
        Ok(())
    }
}

pub(super) fn demo_settings(context: &Context) -> Settings {
    Settings {
        rules: demo::rules(context.settings.rules),
        ..context.settings
    }
}

/// The folder of a demo's database: it goes when this is dropped.
pub(super) fn demo_folder() -> Result<tempfile::TempDir, Failure> {
    tempfile::Builder::new()
        .prefix("callboard-demo-")
        .tempdir()
        .map_err(|e| Failure::failed(format!("no temporary folder for the demo: {e}")))
}

pub(super) fn style(context: &Context) -> Style {
    Style {
        ascii: context.config.ascii() || !speaks_utf8() || Kind::own().text_only,
        zone: context.config.zone(),
    }
}

/// Colours as configured; `NO_COLOR` beats all. Without a word on it the variable that some
/// terminals set says whether the background is light: the terminal itself is not asked.
fn theme(context: &Context, style: Style) -> Theme {
    let config = &context.config;
    let shade = match config.theme() {
        _ if tui::terminal::no_color() || Kind::own().text_only => Shade::Mono,
        "mono" => Shade::Mono,
        "dark" => Shade::Dark,
        "light" => Shade::Light,
        // Who says which colours has some.
        _ if !Kind::own().colours => Shade::Mono,
        _ => std::env::var("COLORFGBG").map_or(Shade::Any, |said| Shade::of_background(&said)),
    };
    let hues = if config.blue_orange() {
        Hues::BlueOrange
    } else {
        Hues::RedGreen
    };
    let theme = Theme::of(shade, hues, config.up_is_red(), style.ascii);
    let theme = theme.with_braille(config.braille());
    theme.reading_ascii_only(!speaks_utf8() || Kind::own().text_only)
}

/// Whether the locale says that the terminal reads UTF-8.
pub(super) fn speaks_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty());
    // Without any locale most terminals of today still are UTF-8; "C" and "POSIX" say they are
    // not.
    locale.is_none_or(|value| {
        let value = value.to_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    })
}

/// A path that fits a header: the file and its folder.
fn short(path: &Path) -> String {
    let parts: Vec<_> = path
        .iter()
        .rev()
        .take(2)
        .map(|p| p.to_string_lossy().into_owned())
        .collect();
    let text = parts.into_iter().rev().collect::<Vec<_>>().join("/");
    crate::domain::text::clean(&text)
}

fn options(context: &Context, cli: &Cli, style: Style) -> UiOptions {
    UiOptions {
        theme: theme(context, style),
        start_tab: cli.global.tab.unwrap_or(Tab::Leaderboard),
        range: cli.range.unwrap_or_else(|| context.config.range()),
        provisional: cli.provisional,
    }
}

fn show(
    context: &Context,
    cli: &Cli,
    store: Opened,
    settings: Settings,
    place: Place,
    market: Market,
) -> Result<ExitCode, Failure> {
    super::log::start(cli.global.verbose);
    tracing::info!(database = %place.database, "dashboard");
    let options = options(context, cli, place.style);
    // A demo's notices are nobody's business: they stay on its screen.
    let real = place.demo.is_none();
    let notifier = if real {
        Notifier::start(&context.config)?
    } else {
        None
    };
    let runtime = runtime()?;
    let signals = {
        // Signals are listened for before the terminal is taken: none may leave it raw.
        let _inside = runtime.enter();
        tui::signals()?
    };
    let screen = tui::Screen::open().map_err(|e| {
        Failure::failed(format!(
            "{e}: the dashboard needs a terminal; callboard --report prints everything once"
        ))
    })?;
    let mut terminal = ratatui::Terminal::new(screen)
        .map_err(|e| Failure::failed(format!("the terminal cannot be used: {e}")))?;

    let clock = place.clock;
    let (ask, questions) = latest::channel(tui::first_question(&options));
    let (answer, messages) = mpsc::channel::<Message>(MESSAGES);
    let (publish, snapshots) = latest::channel(Snapshot::empty(settings));
    let (command, commands) = sync::sync_channel(engine::QUEUE);
    let (finished, finish) = sync::channel::<()>();
    let (order, orders) = mpsc::unbounded_channel();

    let session = Session::enter()
        .map_err(|e| Failure::failed(format!("the terminal cannot be taken: {e}")))?;

    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let desk = Desk::new(
        context.config.move_pct(),
        notifier.as_ref().map(|n| n.sender.clone()),
    );
    let (fail, failed) = oneshot::channel();
    let keeping = Keeping {
        store,
        settings,
        clock,
        poller: market.poller(order, clock),
        gaps: market.gaps(),
        retain: context.config.retain_samples(),
        desk,
    };
    start("engine", move || {
        // The screen is gone only when the program ends.
        if let Err(error) = keeping.run(publish, &commands, &stopped) {
            let _ = fail.send(error);
        }
        drop(finished);
    })?;
    let (request, requests) = mpsc::unbounded_channel();
    let hands = Hands {
        config: real.then(|| context.config.clone()),
        clock,
        commands: command.clone(),
        messages: answer.clone(),
    };
    behind("hands", move || {
        if let Ok(runtime) = runtime_of_thread() {
            runtime.block_on(hands.run(requests));
        }
    })?;
    let rings = real && context.config.notify_bell();
    let answering = Answering {
        questions,
        snapshots,
        messages: answer,
        engine: command.clone(),
    };
    behind("analyst", move || answering.run(place, rings))?;
    start_market(market, clock, orders, &command)?;

    let running = tui::run_with(
        context.keys.clone(),
        &mut terminal,
        typed(&runtime),
        messages,
        tui::Asking {
            questions: ask,
            requests: request,
        },
        options,
        signals,
    );
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = running => ended.map(exit_code).map_err(Failure::failed),
            Ok(error) = failed => Err(Failure::from(error)),
        }
    });
    session.leave();
    // The input thread of the event stream may still wait for a key.
    runtime.shutdown_background();
    // A full queue needs no word: the engine looks at the flag after each command.
    stop.store(true, Ordering::SeqCst);
    let _ = command.try_send(Command::Stop);
    let _ = finish.recv_timeout(last_commit(real));
    if let Some(notifier) = notifier {
        notifier.wait();
    }
    ended
}

/// How long a commit in progress may hold up the way out. Of a demo nothing is kept.
const fn last_commit(real: bool) -> Duration {
    Duration::from_millis(if real { 1_500 } else { 200 })
}

fn typed(runtime: &tokio::runtime::Runtime) -> tui::Typed {
    let _inside = runtime.enter();
    tui::Typed::listen()
}

fn exit_code(ended: Ended) -> ExitCode {
    match ended {
        Ended::Quit => ExitCode::SUCCESS,
        Ended::Signal(signal) => ExitCode::from(signal.exit_code()),
        Ended::LineGone => ExitCode::from(tui::Signal::Hangup.exit_code()),
    }
}

/// What the analyst's thread needs.
struct Answering {
    questions: latest::Receiver<Question>,
    snapshots: latest::Receiver<Snapshot>,
    messages: mpsc::Sender<Message>,
    engine: sync::SyncSender<Command>,
}

impl Answering {
    /// Answers, and rings where that is wanted.
    fn run(self, place: Place, rings: bool) {
        let Ok(runtime) = runtime_of_analyst() else {
            return;
        };
        let Self {
            questions,
            snapshots,
            messages,
            engine,
        } = self;
        runtime.block_on(async {
            let bell = analyst::ring(snapshots.clone(), messages.clone());
            let asking = analyst::run(place, questions, snapshots, messages, engine);
            tokio::select! {
                () = asking => {}
                () = bell, if rings => {}
            }
        });
    }
}

/// Starts whoever brings prices.
fn start_market(
    market: Market,
    clock: Clock,
    orders: mpsc::UnboundedReceiver<Order>,
    command: &sync::SyncSender<Command>,
) -> Result<(), Failure> {
    match market {
        Market::Real(live) => {
            let commands = command.clone();
            behind("tracker", move || {
                if let Ok(runtime) = runtime_of_thread() {
                    runtime.block_on(live.run(clock, orders, commands));
                }
            })?;
        }
        Market::Demo(mut market) => {
            let (commands, past) = (command.clone(), command.clone());
            let earlier = market.earlier();
            behind("market", move || {
                if let Ok(runtime) = runtime_of_thread() {
                    runtime.block_on(async move {
                        if market.recent(&commands).await.is_some() {
                            behind("past", move || run_past(earlier, &past)).ok();
                            market.live(clock, orders, commands).await;
                        }
                    });
                }
            })?;
        }
    }
    Ok(())
}

/// Starts a thread that stands behind the screen's.
fn behind(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    start(name, move || {
        stand_behind();
        work();
    })
}

/// Lowers the priority of this thread and of those that it starts. On Linux a thread has one of its
/// own; elsewhere the whole process has one, which is left alone.
pub(super) fn stand_behind() {
    #[cfg(target_os = "linux")]
    {
        let own = rustix::thread::gettid();
        // Who may not do so runs as before.
        let _ = rustix::process::setpriority_process(Some(own), BEHIND);
    }
}

fn run_past(earlier: demo::Earlier, commands: &sync::SyncSender<Command>) {
    if let Ok(runtime) = runtime_of_thread() {
        // Ended early only when the program ends.
        let _ = runtime.block_on(earlier.run(commands));
    }
}

pub(super) fn start(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map(drop)
        .map_err(|e| Failure::failed(format!("cannot start a thread: {e}")))
}

pub(super) fn runtime_of_thread() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// Slow figures one after the other: a newer question has the older one stop, and each thread would
/// keep memory of its own.
fn runtime_of_analyst() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    runtime_of_thread().map_err(|e| Failure::failed(format!("cannot start: {e}")))
}
