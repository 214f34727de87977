//! Board and options in, tables and charts as data out: one file per tab.
//!
//! Knows: the domain, the analytics, how a figure is worded. Must never know: ratatui, terminals,
//! SQL, clocks. Both the dashboard and the text report draw what is built here, so they cannot
//! disagree.

pub mod answer;
pub mod call_page;
pub mod categories;
pub mod chart;
pub mod compare_page;
pub mod confidence;
pub mod events;
pub mod features;
pub mod folded;
pub mod format;
pub mod header;
pub mod insight;
pub mod lab;
pub mod layout;
pub mod leaderboard;
pub mod model_page;
pub mod model_trades;
pub mod notices;
pub mod path;
pub mod question;
pub mod rows;
pub mod sorted;
pub mod source_page;
pub mod table;
pub mod tracker;

pub use question::{Header, NOTICES, Question, Tab};
pub use rows::{Excerpt, Rows, Wording};
pub use table::{
    Align, Bar, Block, Cell, ChartLevel, Column, Empty, Line, Order, Page, PathChart, Row, Screen,
    SortKey, Step, Table, Tone, Words,
};
