//! What the records say: leaderboard, categories, features.
//!
//! Knows: the domain and the statistics. Pure: records in, figures out. Must never know: SQL,
//! files, clocks, screens.

pub mod bands;
pub mod book;
pub mod categories;
pub mod confidence;
pub mod curve;
pub mod features;
pub mod judged;
pub mod leaderboard;
pub mod reputation;
pub mod sources;
pub mod summary;

pub use bands::{Bands, Concentration};
pub use book::{Book, BookKey};
pub use categories::{Categories, Distribution, Selection, Spread};
pub use features::{FeatureKind, FeatureReport, FeatureRow, Guards, Verdict};
pub use judged::{CallCounts, Judged, Standing};
pub use leaderboard::{Leaderboard, ModelRow, RankFigures};
pub use reputation::Reputation;
pub use sources::{SourceRow, sources};
pub use summary::{Point, Summary};
