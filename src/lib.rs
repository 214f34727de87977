//! callboard: which calls were right, and why.

pub mod domain;
pub mod view;
