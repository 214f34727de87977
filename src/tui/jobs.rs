//! Job control: being put aside (Ctrl-Z, `SIGTSTP`) and taken up again (`fg`, `SIGCONT`).
//!
//! Knows: signals, process groups. Must never know: what is drawn, or how a terminal is held.
//!
//! The terminal is given back before anything stops, and everything that was started together
//! stops together, so that the shell finds its terminal as it was. It stops by `SIGSTOP`: for
//! `SIGTSTP` there is a handler, which is how one sent from outside gives the terminal back too.

use std::io;
use std::task::{Context, Poll};

use rustix::process::{
    Pid, Signal, getpgid, getpid, getppid, getsid, kill_current_process_group, kill_process,
};
use tokio::signal::unix::{self, SignalKind, signal};

/// What a shell wants of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Stop: somebody sent `SIGTSTP`.
    Stop,
    /// It goes on.
    Continue,
}

/// Who stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everything that the shell started together: what the key does elsewhere.
    Group,
    /// This process: it alone was told to.
    Own,
}

/// The signals of job control.
#[derive(Debug)]
pub struct Jobs {
    stop: unix::Signal,
    go_on: unix::Signal,
}

impl Jobs {
    /// Listens to them. Only inside a runtime.
    ///
    /// # Errors
    /// When they cannot be listened to.
    pub fn listen() -> io::Result<Self> {
        let of = |number: Signal| signal(SignalKind::from_raw(number.as_raw()));
        Ok(Self {
            stop: of(Signal::TSTP)?,
            go_on: of(Signal::CONT)?,
        })
    }

    /// The next of them.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Job> {
        // Going on first: what was asked before that is over.
        if self.go_on.poll_recv(cx).is_ready() {
            return Poll::Ready(Job::Continue);
        }
        self.stop.poll_recv(cx).map(|_| Job::Stop)
    }
}

/// Stops until somebody sends `SIGCONT`.
///
/// # Errors
/// When the signal cannot be sent.
pub fn stop(who: Who) -> io::Result<()> {
    match who {
        Who::Group => kill_current_process_group(Signal::STOP)?,
        Who::Own => kill_process(getpid(), Signal::STOP)?,
    }
    Ok(())
}

/// Whether somebody would be there to take the program up again: a shell with job control that
/// runs it. Without one (`ssh -t host callboard`, a window of its own) stopping would be for ever.
#[must_use]
pub fn can_come_back() -> bool {
    let (Ok(group), Ok(session)) = (getpgid(None), getsid(None)) else {
        return false;
    };
    let mut above = getppid();
    // A few wrappers at most; a shell with job control gives what it runs a group of its own.
    for _ in 0..16 {
        let Some(pid) = above else {
            return false;
        };
        match (getsid(Some(pid)), getpgid(Some(pid))) {
            (Ok(its), Ok(other)) if its == session && other != group => return true,
            (Ok(its), Ok(_)) if its == session => above = parent(pid),
            _ => return false,
        }
    }
    false
}

/// The parent of a process, where the system says so.
fn parent(pid: Pid) -> Option<Pid> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // "pid (name, which may hold anything) state parent ..."
    let after = stat.rsplit_once(')')?.1;
    let parent = after.split_whitespace().nth(1)?.parse().ok()?;
    Pid::from_raw(parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_of_this_process_is_found_in_both_ways() {
        if cfg!(target_os = "linux") {
            assert_eq!(parent(getpid()), getppid());
        }
    }
}
