//! The terminal as something to draw on: a ratatui backend that never asks it anything.
//!
//! Knows: bytes, the file behind the terminal. Must never know: what is drawn. Each frame is one
//! write inside a synchronized update. The file is opened anew and does not block: when the
//! line is slow the rest of a frame waits here, signals still get through, and no further frame
//! is drawn before it is gone.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::task::{Context, Poll};

use crossterm::clipboard::CopyToClipboard;
use crossterm::queue;
use ratatui::backend::{Backend, ClearType, CrosstermBackend, TestBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::termios::{isatty, tcgetwinsize, ttyname};

use super::encode::Encoder;
use super::jobs::{self, Job, Jobs, Who};
use super::kind::Kind;
use super::terminal;

/// A frame seldom needs more.
const ROOM: usize = 64 * 1024;
/// How long a full line is waited for before the loop goes on with other things.
const MOMENT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 5_000_000,
};
const BELL: u8 = 0x07;
const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// A backend that the loop can draw on.
pub trait Surface: Backend {
    /// Sends what is left of the last frame; whether all of it is out.
    ///
    /// # Errors
    /// When the terminal is gone, or was given back because something panicked.
    fn ready(&mut self) -> Result<bool, Self::Error>;

    /// Puts text on the user's clipboard.
    ///
    /// # Errors
    /// When the terminal is gone.
    fn copy(&mut self, text: &str) -> Result<(), Self::Error>;

    /// Rings the bell, with the next frame.
    ///
    /// # Errors
    /// When the terminal is gone.
    fn bell(&mut self) -> Result<(), Self::Error>;

    /// Whether the line to the user is gone.
    fn hung_up(&self) -> bool;

    /// What a shell wants of the program; nothing where there is none.
    fn poll_job(&mut self, _cx: &mut Context<'_>) -> Poll<Job> {
        Poll::Pending
    }

    /// Gives the terminal back and stops, until the shell lets the program go on; whether that
    /// could be done.
    fn stop(&mut self, _who: Who) -> bool {
        false
    }

    /// Takes the terminal again; what was on it is gone.
    ///
    /// # Errors
    /// When the terminal cannot be taken.
    fn take_again(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// The terminal of the process.
#[derive(Debug)]
pub struct Screen {
    file: OwnedFd,
    /// Whether a write to `file` returns at once.
    instant: bool,
    /// What the terminal shows once all of the frames are out.
    encoder: Encoder,
    /// The frame being made.
    frame: Vec<u8>,
    /// The frame being sent, and how much of it is out.
    out: Vec<u8>,
    sent: usize,
    cursor_hidden: bool,
    jobs: Heard,
}

/// The signals of job control, as far as they are listened to.
#[derive(Debug)]
enum Heard {
    NotYet,
    Cannot,
    Jobs(Jobs),
}

impl Screen {
    /// The terminal that standard output is.
    ///
    /// # Errors
    /// When standard output is no terminal or cannot be opened.
    pub fn open() -> io::Result<Self> {
        let stdout = io::stdout();
        let stdout = stdout.as_fd();
        if !isatty(stdout) {
            return Err(io::Error::other("standard output is not a terminal"));
        }
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let own = ttyname(stdout, Vec::new())
            .and_then(|name| rustix::fs::open(name, flags, Mode::empty()))
            .ok()
            .filter(|file| isatty(file));
        let (file, instant) = match own {
            Some(file) => (file, true),
            None => (stdout.try_clone_to_owned()?, false),
        };
        let mut screen = Self {
            file,
            instant,
            encoder: Encoder::for_dialect(Kind::own().dialect),
            frame: Vec::with_capacity(ROOM),
            out: Vec::with_capacity(ROOM),
            sent: 0,
            cursor_hidden: false,
            jobs: Heard::NotYet,
        };
        let size = screen.size()?;
        screen.encoder.blank(size);
        Ok(screen)
    }

    fn framed(&mut self) -> CrosstermBackend<&mut Vec<u8>> {
        CrosstermBackend::new(&mut self.frame)
    }

    /// Sends as much as the terminal takes now; gives a reader that is at it a moment.
    fn push(&mut self) -> io::Result<bool> {
        let mut moments = 0..8;
        while self.sent < self.out.len() {
            if !self.instant && !takes_more(self.file.as_fd(), MOMENT) {
                return Ok(false);
            }
            match rustix::io::write(&self.file, &self.out[self.sent..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => self.sent += n,
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => {
                    if moments.next().is_none() || !takes_more(self.file.as_fd(), MOMENT) {
                        return Ok(false);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.out.clear();
        self.sent = 0;
        Ok(true)
    }
}

fn takes_more(file: BorrowedFd, within: Timespec) -> bool {
    let mut fds = [PollFd::new(&file, PollFlags::OUT)];
    !matches!(poll(&mut fds, Some(&within)), Ok(0))
}

impl Surface for Screen {
    fn ready(&mut self) -> io::Result<bool> {
        if terminal::left() {
            return Err(io::Error::other("something panicked"));
        }
        self.push()
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        queue!(self.frame, CopyToClipboard::to_clipboard_from(text))
    }

    fn bell(&mut self) -> io::Result<()> {
        self.frame.push(BELL);
        Ok(())
    }

    fn hung_up(&self) -> bool {
        terminal::hung_up()
    }

    fn poll_job(&mut self, cx: &mut Context<'_>) -> Poll<Job> {
        if matches!(self.jobs, Heard::NotYet) {
            self.jobs = Jobs::listen().map_or(Heard::Cannot, Heard::Jobs);
        }
        match &mut self.jobs {
            Heard::Jobs(jobs) => jobs.poll(cx),
            Heard::NotYet | Heard::Cannot => Poll::Pending,
        }
    }

    fn stop(&mut self, who: Who) -> bool {
        if !matches!(self.jobs, Heard::Jobs(_)) || (who == Who::Group && !jobs::can_come_back()) {
            return false;
        }
        // What is left of a frame belongs to a screen that goes.
        self.out.clear();
        self.sent = 0;
        terminal::leave();
        if jobs::stop(who).is_ok() {
            return true;
        }
        let _ = terminal::take();
        false
    }

    fn take_again(&mut self) -> io::Result<()> {
        terminal::take()?;
        self.cursor_hidden = true;
        Ok(())
    }
}

impl Backend for Screen {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        self.encoder.encode(content, &mut self.frame);
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.cursor_hidden, true) {
            return Ok(());
        }
        self.framed().hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.cursor_hidden = false;
        self.framed().show_cursor()
    }

    /// Always an error: the answer would come in as typed text.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.framed().set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        let size = self.size()?;
        match clear_type {
            ClearType::All => self.encoder.blank(size),
            _ => self.encoder.forget(size),
        }
        self.framed().clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        let size = tcgetwinsize(&self.file)?;
        Ok(match (size.ws_col, size.ws_row) {
            // A line that does not know its size.
            (0, 0) => Size::new(80, 24),
            (width, height) => Size::new(width, height),
        })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize {
            columns_rows: self.size()?,
            pixels: Size::default(),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        if terminal::left() {
            return Err(io::Error::other("something panicked"));
        }
        self.out.extend_from_slice(BEGIN);
        self.out.append(&mut self.frame);
        self.out.extend_from_slice(END);
        self.push().map(|_| ())
    }
}

/// For tests: always ready, never gone.
impl Surface for TestBackend {
    fn ready(&mut self) -> Result<bool, Self::Error> {
        Ok(true)
    }

    fn copy(&mut self, _text: &str) -> Result<(), Self::Error> {
        Ok(())
    }

    fn bell(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn hung_up(&self) -> bool {
        false
    }
}
