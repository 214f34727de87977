//! What is typed, read by the thread that draws.
//!
//! Knows: the terminal's input, how long nothing came. Must never know: what bytes mean (`decode`), what
//! a key does. crossterm's own stream reads on a thread beside it, so that each key waits twice for a
//! processor: on a busy machine that is most of the time until it is on screen.

use std::future::Future;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll};

use crossterm::event::{Event, EventStream};
use futures_util::Stream;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::termios::{isatty, tcgetwinsize};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Sleep, sleep};

use super::decode::Decoder;

/// As much as a terminal hands over at once.
const PIECE: usize = 4096;
/// So many pieces are read before others have their turn.
const PIECES: usize = 32;

/// Keys, pasted text and new sizes, as they come.
#[derive(Debug)]
pub struct Typed(Source);

#[derive(Debug)]
enum Source {
    Own(Box<Own>),
    /// By the thread of crossterm, where the terminal cannot be waited for (`/dev/tty` on a Mac).
    Thread(EventStream),
}

#[derive(Debug)]
struct Own {
    tty: AsyncFd<OwnedFd>,
    resized: Signal,
    decoder: Decoder,
    /// Only while something is unfinished.
    quiet: Option<Pin<Box<Sleep>>>,
}

impl Typed {
    /// What is typed on standard input, or on the terminal of the process where that is none.
    #[must_use]
    pub fn listen() -> Self {
        Self(match Own::listen() {
            Ok(own) => Source::Own(Box::new(own)),
            Err(_) => Source::Thread(EventStream::new()),
        })
    }
}

impl Own {
    fn listen() -> io::Result<Self> {
        let stdin = io::stdin();
        let stdin = stdin.as_fd();
        let tty = if isatty(stdin) {
            stdin.try_clone_to_owned()?
        } else {
            let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::CLOEXEC;
            rustix::fs::open("/dev/tty", flags, Mode::empty())?
        };
        #[expect(
            deprecated,
            reason = "what took its place is unsafe; an owned file stays open"
        )]
        let tty = AsyncFd::with_interest(tty, Interest::READABLE)?;
        Ok(Self {
            tty,
            resized: signal(SignalKind::window_change())?,
            decoder: Decoder::default(),
            quiet: None,
        })
    }

    /// Reads what is there. It waits for nothing: the terminal is told so ([`super::terminal`]), and
    /// it is asked only when there is something.
    fn read(&mut self) -> io::Result<()> {
        let mut piece = [0; PIECE];
        match rustix::io::read(&self.tty, &mut piece) {
            Ok(0) | Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => Ok(()),
            Ok(n) => {
                self.decoder.feed(&piece[..n]);
                self.quiet = None;
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether nothing has come for as long as what is unfinished may wait.
    fn is_quiet(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(wait) = self.decoder.waits() else {
            self.quiet = None;
            return false;
        };
        let quiet = self.quiet.get_or_insert_with(|| Box::pin(sleep(wait)));
        let over = quiet.as_mut().poll(cx).is_ready();
        if over {
            self.quiet = None;
        }
        over
    }

    fn size(&self) -> Event {
        let size = tcgetwinsize(self.tty.get_ref());
        size.map_or(Event::Resize(0, 0), |size| {
            Event::Resize(size.ws_col, size.ws_row)
        })
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Event>>> {
        let mut pieces = 0..PIECES;
        loop {
            if let Some(event) = self.decoder.pop() {
                return Poll::Ready(Some(Ok(event)));
            }
            if self.resized.poll_recv(cx).is_ready() {
                return Poll::Ready(Some(Ok(self.size())));
            }
            let waits = waits(self.tty.get_ref());
            // Beyond the end there is nothing, again and again.
            if waits.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
                return Poll::Ready(None);
            }
            if waits.contains(PollFlags::IN) {
                if pieces.next().is_none() {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                if let Err(error) = self.read() {
                    return Poll::Ready(Some(Err(error)));
                }
                continue;
            }
            // Only now: what came while nobody looked was no pause.
            if self.is_quiet(cx) {
                self.decoder.quiet();
                continue;
            }
            match self.tty.poll_read_ready(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(Ok(mut guard)) => {
                    if waits_in(guard.get_inner()) {
                        continue;
                    }
                    guard.clear_ready();
                }
            }
        }
    }
}

fn waits(tty: &OwnedFd) -> PollFlags {
    let mut fds = [PollFd::new(tty, PollFlags::IN)];
    match poll(&mut fds, Some(&Timespec::default())) {
        Ok(_) => fds[0].revents(),
        Err(_) => PollFlags::empty(),
    }
}

fn waits_in(tty: &OwnedFd) -> bool {
    !waits(tty).is_empty()
}

impl Stream for Typed {
    type Item = io::Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.0 {
            Source::Own(own) => own.poll_next(cx),
            Source::Thread(stream) => Pin::new(stream).poll_next(cx),
        }
    }
}
