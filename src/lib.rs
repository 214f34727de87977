//! callboard: which calls were right, and why.

pub mod domain;
pub mod tui;
pub mod view;
