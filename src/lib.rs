//! callboard: which calls were right, and why.

pub mod domain;
pub mod stats;
pub mod analytics;
pub mod ingest;
pub mod store;
pub mod view;
