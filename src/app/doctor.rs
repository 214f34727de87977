//! `callboard doctor`: one line per thing that can be wrong, and what to do about it.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::clock::Clock;
use crate::domain::{Span, TokenKey};
use crate::feed::{PriceFeed, Providers};
use crate::store::Store;
use crate::tui::kind::Kind;
use crate::view::format;

use super::dashboard::{runtime, speaks_utf8};
use super::telling::Teller;
use super::{Context, Failure, paths, print};

/// How long each provider is waited for.
const PATIENCE: Duration = Duration::from_secs(8);
/// A holder of the lease that has shown nothing for so long does not poll.
const SILENT: Span = Span::seconds(30);
/// Less room than this, and polling stops soon.
const NO_ROOM: u64 = 50 << 20;
/// Less than this is worth a word.
const LITTLE_ROOM: u64 = 1 << 30;
/// Tokens that every provider of their chain knows: to see whether it answers with a price.
const KNOWN: [(&str, &str); 2] = [
    ("solana", "So11111111111111111111111111111111111111112"),
    ("ethereum", "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"),
];

/// How many of each verdict there were.
#[derive(Default)]
struct Findings {
    well: usize,
    warned: usize,
    failed: usize,
}

impl Findings {
    fn ok(&mut self, what: &str, found: &str) -> Result<(), Failure> {
        self.well += 1;
        line("ok  ", what, found)
    }

    fn warn(&mut self, what: &str, found: &str) -> Result<(), Failure> {
        self.warned += 1;
        line("warn", what, found)
    }

    fn fail(&mut self, what: &str, found: &str) -> Result<(), Failure> {
        self.failed += 1;
        line("fail", what, found)
    }
}

fn line(verdict: &str, what: &str, found: &str) -> Result<(), Failure> {
    let found = crate::domain::text::clean(found);
    print(&format!("{verdict} {what}: {found}\n"))
}

pub fn run(context: &Context, rebuild: bool) -> Result<ExitCode, Failure> {
    let mut findings = Findings::default();
    settings(context, &mut findings)?;
    database(context, rebuild, &mut findings)?;
    room(&context.db, &mut findings)?;
    feeds(context, &mut findings)?;
    log(&mut findings)?;
    terminal(&mut findings)?;
    let Findings {
        well,
        warned,
        failed,
    } = findings;
    print(&format!("{well} ok, {warned} to look at, {failed} wrong\n"))?;
    Ok(ExitCode::from(u8::from(failed > 0)))
}

fn settings(context: &Context, findings: &mut Findings) -> Result<(), Failure> {
    match &context.config_file {
        Some(path) if path.exists() => findings.ok("settings", &path.display().to_string()),
        _ => findings.ok("settings", "the defaults, there is no file"),
    }
}

fn database(context: &Context, rebuild: bool, findings: &mut Findings) -> Result<(), Failure> {
    let path = context.db.display();
    if !context.db.exists() {
        let text = format!("{path} is not there yet: callboard import or add makes it");
        return findings.warn("database", &text);
    }
    let mut store = match Store::open(&context.db, context.settings.rules) {
        Ok(store) => store,
        Err(error) => return findings.fail("database", &error.to_string()),
    };
    let now = Clock::System.now();
    match (store.integrity(), store.schema()) {
        (Ok(wrong), Ok(schema)) if wrong.is_empty() => {
            findings.ok("database", &format!("{path} is sound, schema {schema}"))?;
        }
        (Ok(wrong), _) => {
            let first = wrong.first().map_or("", String::as_str);
            let text = format!(
                "{path} is damaged, {} findings, the first: {first}; put back a backup, or save \
                 what can be read with sqlite3 {path} .recover",
                wrong.len()
            );
            findings.fail("database", &text)?;
        }
        (Err(error), _) => findings.fail("database", &error.to_string())?,
    }
    if rebuild {
        let mut teller = Teller::of(&context.db);
        let rebuilt = store.rebuild_derived_telling(&mut |work| {
            teller.tell(&work);
        });
        drop(teller);
        match rebuilt {
            Ok(()) => findings.ok("rebuild", "outcomes and summaries were made anew")?,
            Err(error) => findings.fail("rebuild", &error.to_string())?,
        }
    }
    match store.check_folds() {
        Ok(derived) if derived.wrong.is_empty() => {
            let text = format!("{} calls equal what their prices come to", derived.calls);
            findings.ok("outcomes", &text)?;
        }
        Ok(derived) => {
            let first = derived.wrong.first().map_or("", |id| id.0.as_str());
            let text = format!(
                "{} of {} calls differ from what their prices come to, such as {first}: callboard \
                 doctor --rebuild puts them right",
                derived.wrong.len(),
                derived.calls
            );
            findings.fail("outcomes", &text)?;
        }
        Err(error) => findings.fail("outcomes", &error.to_string())?,
    }
    match store.size(now) {
        Ok(size) => {
            let text = format!(
                "{}, {} price readings; those of the last day took about {}",
                bytes(size.bytes),
                size.samples,
                bytes(size.last_day)
            );
            findings.ok("size", &text)?;
        }
        Err(error) => findings.fail("size", &error.to_string())?,
    }
    match store.lease() {
        Ok(None) => findings.warn(
            "poller",
            "nobody polls: run callboard track, or leave a dashboard open",
        ),
        Ok(Some(lease)) => {
            let silent = now.since(lease.at);
            let who = format!("process {} on {}", lease.holder.pid, lease.holder.host);
            if silent > SILENT {
                let text = format!(
                    "{who} was the last, and is silent for {}: the next callboard track or \
                     dashboard takes over",
                    format::age(silent)
                );
                findings.warn("poller", &text)
            } else {
                findings.ok("poller", &who)
            }
        }
        Err(error) => findings.fail("poller", &error.to_string()),
    }
}

/// The room on the disk of the database.
fn room(db: &Path, findings: &mut Findings) -> Result<(), Failure> {
    let there = db.ancestors().skip(1).find(|folder| folder.exists());
    let folder = there.unwrap_or_else(|| Path::new("."));
    let what = "disk";
    match rustix::fs::statvfs(folder) {
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let text = format!("{} free at {}", bytes(free), folder.display());
            match free {
                0..NO_ROOM => findings.fail(what, &format!("{text}: make room")),
                NO_ROOM..LITTLE_ROOM => findings.warn(what, &format!("{text}: make room soon")),
                _ => findings.ok(what, &text),
            }
        }
        Err(error) => findings.warn(what, &format!("not known: {error}")),
    }
}

/// Whether each provider answers, and how fast. One that does not is bad only if no other does.
fn feeds(context: &Context, findings: &mut Findings) -> Result<(), Failure> {
    let Providers { mut live, .. } = match Providers::of(&context.config) {
        Ok(providers) => providers,
        Err(error) => return findings.fail("feeds", &error.to_string()),
    };
    let runtime = runtime()?;
    let mut lines = Vec::new();
    for feed in &mut live {
        let what = format!("feed {}", feed.name());
        let known = KNOWN.iter().find(|(chain, _)| feed.serves(chain));
        let token = known.and_then(|(chain, address)| TokenKey::new(Some(chain), address));
        let Some(token) = token else { continue };
        let asked = Clock::System.now();
        let answer = runtime.block_on(async {
            let quotes = feed.quotes(std::slice::from_ref(&token), asked);
            tokio::time::timeout(PATIENCE, quotes).await
        });
        let took = Clock::System.now().since(asked).millis();
        lines.push(match answer {
            Ok(Ok(quotes)) if quotes.iter().any(|q| q.price.is_some()) => {
                (what, true, format!("answered in {took} ms"))
            }
            Ok(Ok(_)) => {
                let text = format!("answered in {took} ms, but has no price of {token}");
                (what, false, text)
            }
            Ok(Err(error)) => (what, false, error.to_string()),
            Err(_) => (
                what,
                false,
                format!("no answer within {} s", PATIENCE.as_secs()),
            ),
        });
    }
    let any = lines.iter().any(|(_, well, _)| *well);
    for (what, well, text) in lines {
        match (well, any) {
            (true, _) => findings.ok(&what, &text)?,
            (false, true) => findings.warn(&what, &format!("{text}; the others serve"))?,
            (false, false) => findings.fail(
                &what,
                &format!("{text}; look at the network, and at feeds.* in callboard config"),
            )?,
        }
    }
    Ok(())
}

fn log(findings: &mut Findings) -> Result<(), Failure> {
    match paths::state_folder() {
        Some(folder) => findings.ok("log", &folder.display().to_string()),
        None => findings.warn("log", "no home folder is known: nothing is logged"),
    }
}

/// What is known of the terminal without asking it anything.
fn terminal(findings: &mut Findings) -> Result<(), Failure> {
    let what = "terminal";
    let size = rustix::termios::tcgetwinsize(std::io::stdin())
        .or_else(|_| rustix::termios::tcgetwinsize(std::io::stdout()));
    let Ok(size) = size else {
        return findings.ok(what, "there is none here: reports and track need none");
    };
    let term = std::env::var("TERM").unwrap_or_default();
    let kind = Kind::of(&term);
    let facts = format!(
        "TERM={term}, {}x{}, {}{}{}",
        size.ws_col,
        size.ws_row,
        if speaks_utf8() { "UTF-8" } else { "no UTF-8" },
        if std::env::var_os("NO_COLOR").is_some() {
            ", NO_COLOR"
        } else {
            ""
        },
        if kind.colours {
            ""
        } else {
            ", no colours by its name"
        }
    );
    if kind.text_only {
        return findings.warn(what, &format!("{facts}: drawn in ASCII without colours"));
    }
    if size.ws_col < 80 || size.ws_row < 24 {
        return findings.warn(
            what,
            &format!("{facts}: columns are left out under 80x24; make it larger"),
        );
    }
    if !speaks_utf8() {
        return findings.warn(
            what,
            &format!("{facts}: drawn in ASCII; set LANG to a UTF-8 locale for the rest"),
        );
    }
    findings.ok(what, &facts)
}

fn bytes(count: u64) -> String {
    let units = [(1u64 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")];
    let unit = units.iter().find(|(size, _)| count >= *size);
    unit.map_or_else(
        || format!("{count} B"),
        |(size, name)| format!("{:.1} {name}", count as f64 / *size as f64),
    )
}
