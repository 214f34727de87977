//! Taking the terminal and giving it back as it was found.
//!
//! Knows: raw mode, the alternate screen, signals, hang-up. Must never know: what is drawn.

use std::future::Future;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{OptionalActions, SpecialCodeIndex, isatty, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};

/// Alternate screen on and empty (where there is none, what is drawn must not stand between what the
/// shell left), cursor hidden, pasted text marked as such.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[H\x1b[2J\x1b[?25l\x1b[?2004h";
/// The end of a frame that may have been cut off, colours off, marks of pasted text off, cursor shown,
/// alternate screen off.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[0m\x1b[?2004l\x1b[?25h\x1b[?1049l";
/// How long a line that takes nothing may hold up the way out.
const PATIENCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};

/// Whether the terminal is ours at the moment.
static HELD: AtomicBool = AtomicBool::new(false);
/// Whether it was ours and was given back.
static LEFT: AtomicBool = AtomicBool::new(false);

/// Holds the terminal: raw, on the alternate screen, without a cursor. Gives it back when
/// dropped, and when anything panics.
#[derive(Debug)]
#[must_use = "the terminal is given back when this is dropped"]
pub struct Session(());

impl Session {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When there is none, or it cannot be written to; it is left as it was.
    pub fn enter() -> io::Result<Self> {
        // crossterm's own way of NO_COLOR resets bold and reversed too: `Theme` does it instead.
        crossterm::style::force_color_output(true);
        give_back_on_panic();
        let session = Self(());
        take()?;
        Ok(session)
    }

    /// Gives the terminal back. Doing it again does nothing.
    pub fn leave(&self) {
        leave();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        leave();
    }
}

/// Takes the terminal: at the start, and when the program goes on after it was stopped.
pub(super) fn take() -> io::Result<()> {
    // A shell that stopped the program without a word has set the terminal back, and crossterm
    // does not know.
    if HELD.load(Ordering::SeqCst) {
        let _ = disable_raw_mode();
    }
    enable_raw_mode()?;
    do_not_wait();
    LEFT.store(false, Ordering::SeqCst);
    HELD.store(true, Ordering::SeqCst);
    let stdout = io::stdout();
    rustix::io::write(&stdout, ENTER)?;
    Ok(())
}

/// Reading gives what is there, and nothing when there is nothing: half of a key's bytes must not
/// hold up the screen until the other half comes. Leaving raw mode takes this back too.
fn do_not_wait() {
    let stdin = io::stdin();
    if let Ok(mut modes) = tcgetattr(&stdin) {
        modes.special_codes[SpecialCodeIndex::VMIN] = 0;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        // Where that cannot be, `input` reads on another thread or waits a little.
        let _ = tcsetattr(&stdin, OptionalActions::Now, &modes);
    }
}

/// Gives the terminal back if it is held. Never fails and never waits long: the line may be gone.
pub(super) fn leave() {
    if !HELD.swap(false, Ordering::SeqCst) {
        return;
    }
    LEFT.store(true, Ordering::SeqCst);
    let stdout = io::stdout();
    let fd = stdout.as_fd();
    let mut fds = [PollFd::new(&fd, PollFlags::OUT)];
    if matches!(poll(&mut fds, Some(&PATIENCE)), Ok(n) if n > 0) {
        let _ = rustix::io::write(fd, LEAVE);
    }
    let _ = disable_raw_mode();
}

/// Whether the terminal was held and has been given back: nothing may be drawn any more.
pub(super) fn left() -> bool {
    LEFT.load(Ordering::SeqCst)
}

/// A panic, on whatever thread, gives the terminal back before it is reported.
fn give_back_on_panic() {
    static DONE: AtomicBool = AtomicBool::new(false);
    if DONE.swap(true, Ordering::SeqCst) {
        return;
    }
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        leave();
        before(info);
    }));
}

/// Whether the line to the user is gone. Asked about once a second: where no end of the input comes,
/// nothing else tells.
#[must_use]
pub fn hung_up() -> bool {
    let (stdin, stdout) = (io::stdin(), io::stdout());
    let fd = if isatty(&stdin) {
        stdin.as_fd()
    } else {
        stdout.as_fd()
    };
    gone(fd)
}

fn gone(fd: BorrowedFd) -> bool {
    let mut fds = [PollFd::new(&fd, PollFlags::empty())];
    let over = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    match poll(&mut fds, Some(&Timespec::default())) {
        Ok(_) => fds[0].revents().intersects(over),
        Err(rustix::io::Errno::INTR) => false,
        Err(_) => true,
    }
}

/// A signal that ends the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// The line hung up.
    Hangup,
    /// Interrupt from outside; the key is read as a key.
    Interrupt,
    /// Quit from outside.
    Quit,
    /// Asked to end.
    Terminate,
}

impl Signal {
    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Hangup => 1,
            Self::Interrupt => 2,
            Self::Quit => 3,
            Self::Terminate => 15,
        }
    }

    /// What a shell reports for a program that it ended.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        128 + self.number()
    }
}

/// Resolves with the first signal that asks the program to end.
///
/// # Errors
/// When the signals cannot be listened to.
pub fn signals() -> io::Result<impl Future<Output = Signal>> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = hangup.recv() => Signal::Hangup,
            _ = interrupt.recv() => Signal::Interrupt,
            _ = quit.recv() => Signal::Quit,
            _ = terminate.recv() => Signal::Terminate,
        }
    })
}

/// Whether the user asked for no colour: `NO_COLOR` is set and not empty.
#[must_use]
pub fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_line_is_noticed_and_an_open_one_is_not() {
        let (reader, writer) = rustix_pipe();
        assert!(!gone(reader.as_fd()));
        drop(writer);
        assert!(gone(reader.as_fd()));
    }

    fn rustix_pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
        std::io::pipe().unwrap()
    }

    #[test]
    fn a_signal_ends_with_the_customary_code() {
        assert_eq!(Signal::Terminate.exit_code(), 143);
        assert_eq!(Signal::Interrupt.exit_code(), 130);
        assert_eq!(Signal::Hangup.exit_code(), 129);
        assert_eq!(Signal::Quit.exit_code(), 131);
    }
}
