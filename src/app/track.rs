//! `callboard track`: polling without a screen, for systemd, docker and tmux.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc as sync;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::watch as latest;

use crate::cli::Cli;
use crate::clock::Clock;
use crate::domain::{Span, Status, Timestamp};
use crate::store::Store;
use crate::tracker::FeedHealth;
use crate::tui;

use super::dashboard::{runtime, runtime_of_thread, start};
use super::desk::Desk;
use super::engine::{self, Command, Engine, Poller, Snapshot, Tally};
use super::gaps::Progress;
use super::live::Live;
use super::notify::Notifier;
use super::watch::{self, Turn, Watch};
use super::{Context, Failure, log};

/// Polls until it is told to stop by TERM or INT.
pub fn run(context: &Context, cli: &Cli) -> Result<ExitCode, Failure> {
    log::start_headless(cli.global.verbose);
    let settings = context.settings;
    let store = Store::open(&context.db, settings.rules)?;
    let clock = Clock::System;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        database = %context.db.display(),
        "track"
    );
    let live = Live::new(&context.config)?;
    let notifier = Notifier::start(&context.config)?;
    let runtime = runtime()?;
    let signals = {
        let _inside = runtime.enter();
        tui::signals()?
    };
    let (publish, snapshots) = latest::channel(Snapshot::empty(settings));
    let (command, commands) = sync::sync_channel(engine::QUEUE);
    let (finished, finish) = sync::channel();
    let (order, orders) = mpsc::unbounded_channel();
    let poller = Poller::Leased(order, Box::new(Watch::new(watch::me(clock.now()))));
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let gaps = live.gaps();
    let retain = context.config.retain_samples();
    let desk = Desk::new(
        context.config.move_pct(),
        notifier.as_ref().map(|n| n.sender.clone()),
    );
    start("engine", move || {
        let engine = Engine::new(store, settings, clock, publish, poller).telling(desk);
        let engine = engine.retaining(retain).without_paths().filling(gaps);
        let done = engine.run(&commands, &stopped);
        let _ = finished.send(done);
    })?;
    let polled = command.clone();
    start("tracker", move || {
        if let Ok(runtime) = runtime_of_thread() {
            runtime.block_on(live.run(clock, orders, polled));
        }
    })?;

    let every = context.config.summary_every();
    let ended = runtime.block_on(async {
        tokio::select! {
            signal = signals => {
                tracing::info!(?signal, "told to stop");
                Ok(())
            }
            () = watch_over(snapshots, every, clock) => Err(Failure::failed("the engine has ended")),
        }
    });
    stop.store(true, Ordering::SeqCst);
    let _ = command.try_send(Command::Stop);
    let last = finish.recv_timeout(LAST_COMMIT);
    if let Some(notifier) = notifier {
        notifier.wait();
    }
    ended?;
    match last {
        Ok(Ok(())) => {
            tracing::info!("stopped, everything is stored");
            Ok(ExitCode::SUCCESS)
        }
        Ok(Err(left)) => Err(Failure::failed(left)),
        Err(_) => Err(Failure::failed(
            "the last commit took too long: what it held may be missing",
        )),
    }
}

/// How long the last commit may take.
const LAST_COMMIT: Duration = Duration::from_secs(8);

/// Logs what changes, and a summary now and then; ends when the engine does.
async fn watch_over(mut snapshots: latest::Receiver<Snapshot>, every: Span, clock: Clock) {
    let mut seen = Seen::default();
    let mut tally = Tally::default();
    let mut next = clock.now().plus(every);
    loop {
        let wait = next.since(clock.now()).to_duration();
        tokio::select! {
            changed = snapshots.changed() => {
                if changed.is_err() {
                    return;
                }
                seen.take(&snapshots.borrow_and_update());
            }
            () = tokio::time::sleep(wait.min(Duration::from_mins(1))) => {}
        }
        let now = clock.now();
        if now >= next {
            next = now.plus(every);
            let snapshot = snapshots.borrow().clone();
            summary(&snapshot, tally, clock, now);
            tally = snapshot.tally;
        }
    }
}

/// What was logged last.
#[derive(Default)]
struct Seen {
    turn: Option<Turn>,
    down: Vec<&'static str>,
    trouble: Option<String>,
}

impl Seen {
    fn take(&mut self, snapshot: &Snapshot) {
        if self.turn != snapshot.turn {
            match &snapshot.turn {
                Some(Turn::Ours) => tracing::info!("this program polls"),
                Some(Turn::Theirs(holder)) => {
                    tracing::info!(pid = holder.pid, host = %holder.host, "another program polls");
                }
                Some(Turn::Nobodys) | None => tracing::info!("nobody polls"),
            }
            self.turn.clone_from(&snapshot.turn);
        }
        let down = snapshot.health.iter().filter(|h| h.next_try.is_some());
        let down: Vec<_> = down.collect();
        for feed in &down {
            if !self.down.contains(&feed.provider) {
                let error = feed.last_error.as_ref().map_or("", |(_, e)| e.as_str());
                tracing::warn!(feed = feed.provider, error, "feed down");
            }
        }
        for name in &self.down {
            if !down.iter().any(|feed| feed.provider == *name) {
                tracing::info!(feed = name, "feed back");
            }
        }
        self.down = down.iter().map(|feed| feed.provider).collect();
        if self.trouble.is_some() && snapshot.trouble.is_none() {
            tracing::info!("the database is well again, everything is stored");
        }
        self.trouble.clone_from(&snapshot.trouble);
    }
}

fn summary(snapshot: &Snapshot, before: Tally, clock: Clock, now: Timestamp) {
    let judged = snapshot.board.judged(now);
    let count = |status: Status| judged.iter().filter(|j| j.outcome.status == status).count();
    let feeds: Vec<String> = snapshot.health.iter().map(|h| feed_words(h, now)).collect();
    let Tally {
        accepted,
        waited,
        refused,
        absent,
    } = snapshot.tally;
    tracing::info!(
        tokens = snapshot.health.first().map_or(0, |h| h.tokens),
        waiting = count(Status::Waiting),
        tracking = count(Status::Tracking),
        completed = count(Status::Completed),
        accepted = accepted - before.accepted,
        waited = waited - before.waited,
        refused = refused - before.refused,
        absent = absent - before.absent,
        feeds = %feeds.join("; "),
        backfill = %backfill_words(snapshot.backfill.as_ref()),
        trouble = snapshot.trouble.as_deref().unwrap_or("none"),
        clock_ahead_s = clock.ahead().map_or(0.0, Span::as_seconds),
        "summary"
    );
}

fn feed_words(feed: &FeedHealth, now: Timestamp) -> String {
    let name = feed.provider;
    match (feed.next_try, feed.last_ok) {
        (Some(next), _) => format!(
            "{name} down after {} failures, next try in {} s",
            feed.failures,
            next.since(now).as_seconds().max(0.0) as i64
        ),
        (None, Some(ok)) => format!("{name} ok {} s ago", now.since(ok).as_seconds() as i64),
        (None, None) => format!("{name} not asked"),
    }
}

fn backfill_words(progress: Option<&Progress>) -> String {
    progress.map_or_else(
        || "not here".to_owned(),
        |p| {
            let trouble = p.trouble.as_ref().map(|(why, _)| format!("; {why}"));
            format!(
                "{} tokens asked about, {} candles, {} left{}",
                p.done,
                p.candles,
                p.left,
                trouble.unwrap_or_default()
            )
        },
    )
}
