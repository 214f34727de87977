//! What the records say: leaderboard, categories, features.
//!
//! Knows: the domain and the statistics. Pure: records in, figures out. Must never know: SQL,
//! files, clocks, screens.

pub mod bands;
pub mod book;
pub mod categories;
pub mod compare;
pub mod confidence;
pub mod curve;
pub mod deep;
pub mod features;
pub mod judged;
pub mod leaderboard;
pub mod reputation;
pub mod sources;
pub mod summary;
pub mod verdict;

pub use bands::{Bands, Concentration};
pub use book::{Book, BookKey, DaySum};
pub use categories::{Categories, Distribution, Selection, Spread};
pub use compare::Comparison;
pub use deep::{DeepCache, TradeFigures};
pub use features::{FeatureKind, FeatureReport, FeatureRow, Guards, Verdict};
pub use judged::{CallCounts, Judged, Standing};
pub use leaderboard::{DeepRow, Field, Leaderboard, ModelRow};
pub use reputation::Reputation;
pub use sources::{SourceRow, sources};
pub use summary::{Point, Summary};
pub use verdict::ConfidenceVerdict;
