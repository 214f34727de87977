//! callboard: which calls were right, and why.
//!
//! Data flows one way: feed → tracker → store → board → view → tui | report. A room may use what
//! stands above it in this list, never below (a test reads the sources and holds it).

pub mod domain;
pub mod stats;
pub mod analytics;
pub mod clock;
pub mod config;
pub mod store;
pub mod feed;
pub mod ingest;
pub mod tracker;
pub mod board;
pub mod view;
pub mod report;
pub mod cli;
pub mod app;
