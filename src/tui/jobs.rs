//! Job control: being put aside (Ctrl-Z, `SIGTSTP`) and taken up again (`fg`, `SIGCONT`).
//!
//! Knows: signals, process groups. Must never know: what is drawn, or how a terminal is held.
//!
//! The terminal is given back before anything stops, and everything that was started together
//! stops together, so that the shell finds its terminal as it was. It stops by `SIGSTOP`: for
//! `SIGTSTP` there is a handler, which is how one sent from outside gives the terminal back too.

use std::io;
use std::task::{Context, Poll};

use nix::unistd;
use rustix::process::{Signal, getpid, kill_current_process_group, kill_process};
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

/// A process as job control sees it. In a container the ids of a session or a group outside of it
/// are 0, which is why they are numbers here and no `rustix::process::Pid`, which takes a 0 for
/// impossible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    session: i32,
    group: i32,
}

impl Standing {
    fn of(process: Option<unistd::Pid>) -> Option<Self> {
        Some(Self {
            session: unistd::getsid(process).ok()?.as_raw(),
            group: unistd::getpgid(process).ok()?.as_raw(),
        })
    }
}

/// Whether somebody would be there to take the program up again: a shell with job control that
/// runs it. Without one (`ssh -t host callboard`, a window of its own) stopping would be for ever.
#[must_use]
pub fn can_come_back() -> bool {
    let mut next = Some(unistd::getppid().as_raw());
    let above = std::iter::from_fn(|| {
        let process = next.filter(|&id| id > 0)?;
        next = parent(process);
        Standing::of(Some(unistd::Pid::from_raw(process)))
    });
    Standing::of(None).is_some_and(|own| has_shell(own, above))
}

/// Whether one of the processes above, nearest first, is a shell with job control: it is of the
/// same session and gave what it runs a group of its own. A few wrappers between them at most.
fn has_shell(own: Standing, above: impl Iterator<Item = Standing>) -> bool {
    above
        .take(16)
        .take_while(|other| other.session == own.session)
        .any(|other| other.group != own.group)
}

/// The parent of a process, where the system says so.
fn parent(process: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // "pid (name, which may hold anything) state parent ..."
    let after = stat.rsplit_once(')')?.1;
    after.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_of_this_process_is_found_in_both_ways() {
        if cfg!(target_os = "linux") {
            let own = unistd::getpid().as_raw();
            assert_eq!(parent(own), Some(unistd::getppid().as_raw()));
        }
    }

    #[test]
    fn only_a_shell_of_this_session_that_gave_it_a_group_brings_it_back() {
        let own = (7, 9);
        for (above, wanted) in [
            (&[][..], false),
            (&[(7, 7)], true),
            (&[(7, 9), (7, 9), (7, 7)], true),
            (&[(7, 9)], false),
            (&[(3, 3)], false),
            (&[(3, 3), (7, 7)], false),
            // Started from outside its container: sessions and groups there are 0.
            (&[(0, 0)], false),
            (&[(7, 9), (0, 0)], false),
        ] {
            let standing = |&(session, group): &(i32, i32)| Standing { session, group };
            let found = has_shell(standing(&own), above.iter().map(standing));
            assert_eq!(found, wanted, "{above:?}");
        }
        let outside = |group| Standing { session: 0, group };
        assert!(has_shell(outside(9), [outside(1)].into_iter()));
        assert!(!has_shell(outside(0), [outside(0)].into_iter()));
    }
}
