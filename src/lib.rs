//! callboard: which calls were right, and why.
//!
//! Data flows one way: feed → tracker → store → board → view → tui | report. A room may use what
//! stands above it in this list, never below (a test reads the sources and holds it).

pub mod analytics;
pub mod app;
pub mod board;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod feed;
pub mod ingest;
pub mod report;
pub mod stats;
pub mod store;
pub mod tracker;
pub mod tui;
pub mod view;
