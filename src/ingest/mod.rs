//! Files and pipes in: rows of CSV or JSON lines become domain records and go into the store.
//!
//! Knows: the input formats of DESIGN §4, the domain, the store. Must never know: feeds, views,
//! terminals. Text from outside is cleaned here. A bad row is reported with its line, column and
//! reason and skipped; the rest goes in.

mod calls;
mod candles;
mod fields;
mod kind;
mod migrate;
mod outcomes;
mod pipe;
pub mod predecessor;
mod prices;
mod record;
mod rows;
mod run;
mod trades;

pub use calls::COLUMNS as CALL_COLUMNS;
pub use kind::Kind;
pub use migrate::Recorded;
pub use prices::{COLUMNS as PRICE_COLUMNS, NO_LISTING, UNCONFIRMED, WAITING};
pub use record::{RecordError, record_call, record_trade};
pub use rows::FEATURE_PREFIX;
pub use run::{Event, Import, ImportError, Options, RowError, Tally, import};
pub use trades::{COLUMNS as TRADE_COLUMNS, Scale};
