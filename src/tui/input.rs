//! What is typed, read by the thread that draws.
//!
//! Knows: the terminal's input. Must never know: what a key does. crossterm's own stream reads on a
//! thread beside it, so that each key waits twice for a processor: on a busy machine that is most of
//! the time until it is on screen.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crossterm::event::{self, Event, EventStream};
use futures_util::Stream;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::isatty;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// crossterm does not even look with no time at all. It reads what is there and, since the terminal
/// is told not to wait ([`super::terminal`]), no more than that.
const GLANCE: Duration = Duration::from_micros(30);

/// Keys, pasted text and new sizes, as they come.
#[derive(Debug)]
pub struct Typed(Source);

#[derive(Debug)]
enum Source {
    Own(Box<Own>),
    /// By the thread of crossterm, where the terminal cannot be waited for.
    Thread(EventStream),
}

#[derive(Debug)]
struct Own {
    tty: AsyncFd<OwnedFd>,
    resized: Signal,
    /// crossterm may hold more than it has given.
    more: bool,
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
        if !isatty(stdin) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let tty = stdin.try_clone_to_owned()?;
        #[expect(
            deprecated,
            reason = "what took its place is unsafe; an owned file stays open"
        )]
        let tty = AsyncFd::with_interest(tty, Interest::READABLE)?;
        // Asked for nothing yet, but from now on it hears of new sizes.
        let _ = event::poll(Duration::ZERO)?;
        Ok(Self {
            tty,
            resized: signal(SignalKind::window_change())?,
            more: true,
        })
    }

    /// What crossterm has, or reads now.
    fn glance() -> io::Result<Option<Event>> {
        // Twice: it looks at nothing when the processor is taken away at the wrong moment.
        if event::poll(GLANCE)? || event::poll(GLANCE)? {
            return event::read().map(Some);
        }
        Ok(None)
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Event>>> {
        loop {
            if self.resized.poll_recv(cx).is_ready() {
                self.more = true;
            }
            let waits = waits(self.tty.get_ref());
            // Beyond the end there is nothing, again and again.
            if waits.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
                return Poll::Ready(None);
            }
            if self.more || waits.contains(PollFlags::IN) {
                match Self::glance() {
                    Ok(Some(event)) => {
                        self.more = true;
                        return Poll::Ready(Some(Ok(event)));
                    }
                    Ok(None) => self.more = false,
                    Err(error) => return Poll::Ready(Some(Err(error))),
                }
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
