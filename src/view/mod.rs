//! Board and options in, tables and charts as data out: one file per tab.
//!
//! Knows: the domain, the analytics, how a figure is worded. Must never know: ratatui, terminals,
//! SQL, clocks. Both the dashboard and the text report draw what is built here, so they cannot
//! disagree.

pub mod format;
pub mod question;
pub mod table;

pub use question::{Header, Question, Tab};
pub use table::{
    Align, Bar, Block, Cell, Column, Empty, Line, Order, Page, Row, Screen, SortKey, Table, Tone,
    Words,
};
