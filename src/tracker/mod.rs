//! The background task: which token is due, what a reading is worth, when a feed is benched.
//!
//! Knows: the domain, the clock's spans, price feeds in their order. Must never know: SQL, views,
//! terminals. [`Tracker`] is the rules without any waiting, so history can be run through it as
//! fast as the machine allows and a test needs no time; [`run`] is the waiting around it, and
//! asks several providers at once.

pub mod backfill;
mod health;
mod known;
mod looks;
pub mod notice;
mod poll;
mod run;
mod schedule;

use crate::domain::accept;

pub use accept::{Acceptance, Judgement};
pub use health::FeedHealth;
pub use poll::{Follow, Poll, Tracker};
pub use run::{Order, run};
pub use schedule::Schedule;
