//! Notices on their way out: the user's command and webhook, on a thread of their own, so that
//! one that hangs holds up nothing. Only the program that polls makes notices, so each goes out
//! once; one that cannot be delivered is not kept.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::mpsc as sync;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::config::Config;
use crate::domain::text::clean;
use crate::domain::{Notice, TokenKey};
use crate::feed::Webhook;

use super::Failure;
use super::dashboard::{runtime_of_thread, start};

/// Notices that may wait; more are not delivered.
const QUEUE: usize = 64;
/// Commands that may run at a time.
const AT_ONCE: usize = 3;
/// The longest that one may run.
const PATIENCE: Duration = Duration::from_secs(10);
/// What is under way when the program ends has so long to finish.
const LAST: Duration = Duration::from_secs(1);

/// The thread that delivers.
pub struct Notifier {
    /// Where notices go in.
    pub sender: mpsc::Sender<Notice>,
    ended: sync::Receiver<()>,
}

impl Notifier {
    /// Starts it, if there is anything to deliver to.
    pub fn start(config: &Config) -> Result<Option<Self>, Failure> {
        let command = config.notify_command().map(str::to_owned);
        let webhook = config.notify_webhook_url().map(Webhook::new).transpose()?;
        if command.is_none() && webhook.is_none() {
            return Ok(None);
        }
        let (sender, notices) = mpsc::channel(QUEUE);
        let (end, ended) = sync::channel();
        start("notifier", move || {
            if let Ok(runtime) = runtime_of_thread() {
                runtime.block_on(deliver(command, webhook, notices, PATIENCE));
            }
            drop(end);
        })?;
        Ok(Some(Self { sender, ended }))
    }

    /// Waits for what is under way; the engine must have ended, or nothing ends here.
    pub fn wait(self) {
        drop(self.sender);
        // Ends by the sender's going.
        let _ = self.ended.recv_timeout(LAST.saturating_mul(2));
    }
}

/// Delivers until nobody sends any more; then what is under way has a moment.
async fn deliver(
    command: Option<String>,
    webhook: Option<Webhook>,
    mut notices: mpsc::Receiver<Notice>,
    patience: Duration,
) {
    let command = command.map(Arc::<str>::from);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let (post, posts) = mpsc::channel::<String>(QUEUE);
    let mut under_way = JoinSet::new();
    let mut told = Told::new("notify.command");
    if let Some(webhook) = webhook {
        under_way.spawn(async move {
            send_all(webhook, posts).await;
            Ok(())
        });
    }
    loop {
        tokio::select! {
            notice = notices.recv() => {
                let Some(notice) = notice else { break };
                let json = as_json(&notice).to_string();
                // A webhook that hangs fills its queue, and nothing else.
                let _ = post.try_send(json.clone());
                let Some(command) = command.clone() else { continue };
                let place = Arc::clone(&places).acquire_owned().await;
                under_way.spawn(async move {
                    let _place = place;
                    run(&command, &notice, &json, patience).await
                });
            }
            Some(done) = under_way.join_next() => {
                if let Ok(done) = done {
                    told.say(done);
                }
            }
        }
    }
    drop(post);
    let all = async { while under_way.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(LAST, all).await;
}

/// Posts one after the other.
async fn send_all(webhook: Webhook, mut posts: mpsc::Receiver<String>) {
    let mut told = Told::new("notify.webhook_url");
    while let Some(json) = posts.recv().await {
        told.say(webhook.post(&json).await.map_err(|e| e.to_string()));
    }
}

/// Says once that something fails, and once that it works again.
struct Told {
    what: &'static str,
    failing: bool,
}

impl Told {
    const fn new(what: &'static str) -> Self {
        Self {
            what,
            failing: false,
        }
    }

    fn say(&mut self, done: Result<(), String>) {
        match done {
            Err(why) if !self.failing => {
                self.failing = true;
                let (what, why) = (self.what, clean(&why));
                tracing::warn!(what, %why, "a notice was not delivered; said once until it works");
            }
            Ok(()) if self.failing => {
                self.failing = false;
                tracing::info!(what = self.what, "notices are delivered again");
            }
            _ => {}
        }
    }
}

/// A notice as hooks get it.
fn as_json(notice: &Notice) -> serde_json::Value {
    let (token, call) = (notice.token.as_ref(), notice.call.as_ref());
    json!({
        "kind": notice.kind.name(),
        "at": notice.at.rfc3339(),
        "text": notice.text,
        "subject": notice.subject,
        "source": notice.source,
        "chain": token.map(TokenKey::chain),
        "address": token.map(TokenKey::address),
        "call": call.map(|id| &id.0),
        "value": notice.value,
        "key": notice.key,
    })
}

/// Ends a command with everything that it started.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Fails only when nobody of it lives any more.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Runs the user's command with a notice: as JSON on its input, in parts in its environment. Its
/// output goes nowhere, since the screen is not its own.
async fn run(command: &str, notice: &Notice, json: &str, patience: Duration) -> Result<(), String> {
    let token = notice.token.as_ref();
    let mut hook = Command::new("sh");
    hook.arg("-c").arg(command);
    for (name, value) in [
        ("KIND", notice.kind.name()),
        ("TEXT", &notice.text),
        ("AT", &notice.at.rfc3339()),
        ("SUBJECT", &notice.subject),
        ("SOURCE", notice.source.as_deref().unwrap_or_default()),
        ("CHAIN", token.map_or("", TokenKey::chain)),
        ("ADDRESS", token.map_or("", TokenKey::address)),
        ("CALL", notice.call.as_ref().map_or("", |id| &id.0)),
        (
            "VALUE",
            &notice.value.map_or_else(String::new, |v| v.to_string()),
        ),
    ] {
        // No NUL and no escape sequence gets through, wherever the text came from.
        hook.env(format!("CALLBOARD_NOTICE_{name}"), clean(value));
    }
    let mut child = hook
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| format!("it could not be started: {e}"))?;
    let pid = child
        .id()
        .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let mut group = Group(pid);
    let done = tokio::time::timeout(patience, async {
        if let Some(mut input) = child.stdin.take() {
            // One that does not read its input is none the worse for it.
            let _ = input.write_all(json.as_bytes()).await;
            let _ = input.write_all(b"\n").await;
        }
        child.wait().await
    })
    .await;
    match done {
        Ok(Ok(status)) => {
            // What it left running on purpose may run.
            group.0 = None;
            if status.success() {
                Ok(())
            } else {
                Err(format!("it ended with {status}"))
            }
        }
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => {
            drop(group);
            let _ = child.wait().await;
            Err(format!(
                "it took over {} s and was ended",
                patience.as_secs()
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{NoticeKind, Timestamp};
    use std::fs;
    use std::path::Path;

    fn notice(text: &str) -> Notice {
        Notice {
            key: "call/c/milestone/2".to_owned(),
            at: Timestamp::from_millis(1_760_000_000_000),
            kind: NoticeKind::Milestone,
            call: None,
            token: TokenKey::new(Some("solana"), "abc"),
            subject: "BONK".to_owned(),
            source: Some("alpha".to_owned()),
            value: Some(2.0),
            text: text.to_owned(),
            told: true,
        }
    }

    fn hook(command: &str, notice: &Notice, patience: Duration) -> Result<(), String> {
        let json = as_json(notice).to_string();
        let runtime = runtime_of_thread().unwrap();
        runtime.block_on(run(command, notice, &json, patience))
    }

    const LONG: Duration = Duration::from_mins(1);
    const SHORT: Duration = Duration::from_millis(300);

    fn at(folder: &Path, name: &str) -> String {
        folder.join(name).to_string_lossy().into_owned()
    }

    #[test]
    fn a_hook_gets_the_notice_and_no_text_runs_as_a_command() {
        let folder = tempfile::tempdir().unwrap();
        let (json, text) = (at(folder.path(), "json"), at(folder.path(), "text"));
        let trap = at(folder.path(), "trap");
        let nasty = format!("\u{1b}[31m$(touch {trap}) `touch {trap}` '; touch {trap} #\0");
        let command = format!(
            "cat > {json}; printf '%s|%s' \"$CALLBOARD_NOTICE_KIND\" \"$CALLBOARD_NOTICE_TEXT\" > {text}"
        );
        hook(&command, &notice(&nasty), LONG).unwrap();
        assert!(!Path::new(&trap).exists());
        let told = fs::read_to_string(text).unwrap();
        assert!(
            told.starts_with("milestone|") && !told.contains('\u{1b}'),
            "{told}"
        );
        let told: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
        assert_eq!(told["kind"], "milestone");
        assert_eq!(told["value"], 2.0);
        assert_eq!(told["address"], "abc");
    }

    #[test]
    fn one_that_fails_or_reads_nothing_or_shouts_harms_nothing() {
        let shouts = "printf '\\033[2J\\007'; head -c 3000000 /dev/zero; exec 0<&-";
        hook(shouts, &notice("x"), LONG).unwrap();
        let failed = hook("exit 3", &notice("x"), LONG).unwrap_err();
        assert!(failed.contains('3'), "{failed}");
        assert!(hook("/no/such/program", &notice("x"), LONG).is_err());
    }

    #[test]
    fn one_that_hangs_is_ended_with_all_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let pids = at(folder.path(), "pids");
        let command = format!("sleep 1000 & echo $! > {pids}; trap '' TERM; wait");
        let failed = hook(&command, &notice("x"), SHORT).unwrap_err();
        assert!(failed.contains("ended"), "{failed}");
        let pid: i32 = fs::read_to_string(pids).unwrap().trim().parse().unwrap();
        let gone = || {
            let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // Nobody, or one that only waits to be reaped by init.
            state.is_empty() || state.contains(") Z ")
        };
        let until = crate::clock::Clock::System
            .now()
            .plus(crate::domain::Span::seconds(20));
        while !gone() {
            assert!(
                crate::clock::Clock::System.now() < until,
                "{pid} still runs"
            );
            std::thread::yield_now();
        }
    }

    #[test]
    fn hooks_that_hang_hold_up_nobody_who_sends() {
        let runtime = runtime_of_thread().unwrap();
        runtime.block_on(async {
            let (sender, notices) = mpsc::channel(QUEUE);
            let command = Some("sleep 1000".to_owned());
            let delivering = deliver(command, None, notices, SHORT);
            let sending = async move {
                let mut refused = 0;
                for _ in 0..1000 {
                    refused += usize::from(sender.try_send(notice("x")).is_err());
                    tokio::task::yield_now().await;
                }
                refused
            };
            let ((), refused) = tokio::join!(
                async { tokio::time::timeout(LONG, delivering).await.unwrap() },
                sending
            );
            assert!(
                refused > 1000 - QUEUE - 20,
                "the queue is bounded: {refused}"
            );
        });
    }
}
