//! callboard: which calls were right, and why.

pub mod domain;
pub mod feed;
pub mod view;
