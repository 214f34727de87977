//! Past prices: which stretches of a call's window were not seen, what to ask for to fill them,
//! and which candles of the answer are believed.
//!
//! `plan` and `belief` are pure; [`run`] is the asking around them, one token
//! after the other, at the pace that the provider's budget allows. What was asked for and
//! answered is remembered by the store, so that a restart goes on where the last run ended.

mod belief;
mod plan;
mod run;

pub use belief::{Believed, believed};
pub use plan::{Ask, asks};
pub use run::{Filled, Gaps, run};
