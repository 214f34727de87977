//! A notice: something about a call, a token or a feed that is worth telling once.

use super::call::CallId;
use super::time::Timestamp;
use super::token::TokenKey;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeKind {
    /// A price moved by more than `tracker.move_pct` within an hour.
    Move,
    /// A call reached a round multiple of its entry.
    Milestone,
    /// Liquidity was drained and the price is down.
    Rug,
    /// The price has held at or under 0.2x of the entry.
    Crashed,
    /// The token is listed no more.
    Gone,
    /// The window of a call is over.
    Completed,
    /// A provider of prices does not answer.
    FeedDown,
    /// It answers again.
    FeedBack,
    /// Several at once, in one line.
    More,
}

impl NoticeKind {
    /// Every kind.
    pub const EACH: [Self; 9] = [
        Self::Move,
        Self::Milestone,
        Self::Rug,
        Self::Crashed,
        Self::Gone,
        Self::Completed,
        Self::FeedDown,
        Self::FeedBack,
        Self::More,
    ];

    /// The name in the database and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Move => "move",
            Self::Milestone => "milestone",
            Self::Rug => "rug",
            Self::Crashed => "crashed",
            Self::Gone => "gone",
            Self::Completed => "completed",
            Self::FeedDown => "feed_down",
            Self::FeedBack => "feed_back",
            Self::More => "more",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::EACH.into_iter().find(|kind| kind.name() == name)
    }

    /// So many of them, in words: "12 moves".
    #[must_use]
    pub fn counted(self, n: u32) -> String {
        let (one, many) = match self {
            Self::Move => ("move", "moves"),
            Self::Milestone => ("milestone", "milestones"),
            Self::Rug => ("rug", "rugs"),
            Self::Crashed => ("crash", "crashes"),
            Self::Gone => ("token gone", "tokens gone"),
            Self::Completed => ("completed", "completed"),
            Self::FeedDown => ("feed down", "feeds down"),
            Self::FeedBack => ("feed back", "feeds back"),
            Self::More => ("summary", "summaries"),
        };
        format!("{n} {}", if n == 1 { one } else { many })
    }
}

/// Something worth telling once.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Who, what and which step: two notices of one key are the same.
    pub key: String,
    /// When it happened.
    pub at: Timestamp,
    /// What it is about.
    pub kind: NoticeKind,
    /// The call, where it is about one.
    pub call: Option<CallId>,
    /// The token, where it is about one.
    pub token: Option<TokenKey>,
    /// The symbol, or the feed's name; cleaned.
    pub subject: String,
    /// The source of the call; cleaned.
    pub source: Option<String>,
    /// The change in percent of a move, the multiple of a milestone, the final multiple of a
    /// completed call.
    pub value: Option<f64>,
    /// One line in words; cleaned.
    pub text: String,
    /// Told on its own; else it is one of those that a line of kind [`NoticeKind::More`] counts.
    pub told: bool,
}
