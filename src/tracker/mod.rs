//! The background task: which token is due, what a reading is worth, when a feed is benched.
//!
//! Knows: the domain, the clock's spans, one price feed. Must never know: SQL, views, terminals.
//! [`Tracker`] is the rules without any waiting, so history can be run through it as fast as the
//! machine allows and a test needs no time; [`run`] is the waiting around it.

mod health;
mod poll;
mod schedule;

use crate::domain::accept;

pub use accept::{Acceptance, Judgement};
pub use health::FeedHealth;
pub use poll::{Poll, Tracker, run};
pub use schedule::Schedule;
