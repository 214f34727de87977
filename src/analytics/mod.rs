//! What the records say: leaderboard, categories, features.
//!
//! Knows: the domain and the statistics. Pure: records in, figures out. Must never know: SQL,
//! files, clocks, screens.

pub mod book;
pub mod categories;
pub mod expression;
pub mod features;
pub mod judged;
pub mod lab;
pub mod leaderboard;
pub mod recommend;
pub mod summary;

pub use book::{Book, BookKey};
pub use categories::{Categories, Distribution, Spread};
pub use expression::{Expression, ExpressionError, Names};
pub use features::{FeatureKind, FeatureReport, FeatureRow, Guards, Verdict};
pub use judged::{CallCounts, Judged, Standing};
pub use leaderboard::{Leaderboard, ModelRow, RankFigures};
pub use recommend::{Priority, Recommendation, Recommendations};
pub use summary::{Point, Summary};
