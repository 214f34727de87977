//! The plain data and the rules of DESIGN: calls, trades, samples, ranges, categories, and the
//! outcome of a call as a pure fold over accepted samples and candles.
//!
//! Knows: values and arithmetic. Must never know: files, SQL, HTTP, clocks ("now" is always an
//! argument), async, or how anything is drawn.

pub mod accept;
pub mod call;
pub mod candle;
pub mod category;
pub mod feature;
pub mod fold;
pub mod hash;
pub mod notice;
pub mod outcome;
pub mod packed;
pub mod quantity;
pub mod range;
pub mod rules;
pub mod sample;
pub mod stretch;
pub mod text;
pub mod time;
pub mod token;
pub mod trade;
pub mod work;
pub mod zone;

pub use accept::{Acceptance, Judgement};
pub use call::{Call, CallId, ImportedOutcome};
pub use candle::{Candle, PriceSource, Seen};
pub use category::{Category, Thresholds};
pub use feature::{FeatureValue, Features};
pub use fold::{CallFacts, Entry, EntryOrigin, Fold};
pub use notice::{Notice, NoticeKind};
pub use outcome::{AthOrigin, FinalBasis, Outcome, RugState, Status};
pub use quantity::{Multiple, Percent, Price};
pub use range::{Range, Window};
pub use rules::{Pace, Rules};
pub use sample::{Decision, IMPORT, LiquidityOf, Observation, Reading, Refusal, SampleId};
pub use stretch::Stretch;
pub use time::{Span, Timestamp};
pub use token::TokenKey;
pub use trade::{Confidence, Side, Trade};
pub use work::{Task, Work};
pub use zone::Zone;
