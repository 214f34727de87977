//! What a screen asks for and what surrounds every screen: tabs, the question, the header.

use crate::domain::Range;

use super::table::Line;

/// The four tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tab {
    /// Models by what they earned.
    Leaderboard,
    /// Calls, live.
    Tracker,
    /// How calls ended.
    Categories,
    /// What separates pumps from rugs.
    Features,
}

impl Tab {
    /// Every tab, left to right.
    pub const EACH: [Self; 4] = [
        Self::Leaderboard,
        Self::Tracker,
        Self::Categories,
        Self::Features,
    ];

    /// The title on the screen.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Leaderboard => "Leaderboard",
            Self::Tracker => "Tracker",
            Self::Categories => "Categories",
            Self::Features => "Features",
        }
    }

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Leaderboard => "leaderboard",
            Self::Tracker => "tracker",
            Self::Categories => "categories",
            Self::Features => "features",
        }
    }

    /// The place in [`Tab::EACH`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// The key of the page of all notices, on the Tracker tab: no call's id holds such a character.
pub const NOTICES: &str = "\u{1}notices";

/// Everything an answer depends on beside the board. An answer carries the epoch of its
/// question; one for an older question is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Counts up with every change of the question.
    pub epoch: u64,
    /// The tab in front: it is answered first.
    pub tab: Tab,
    /// How far back.
    pub range: Range,
    /// With calls that are still in their window.
    pub provisional: bool,
    /// The row whose page is open.
    pub open: Option<(Tab, String)>,
    /// The view is frozen: new data waits.
    pub frozen: bool,
    /// The filter lab is open with this filter.
    pub lab: Option<super::lab::Filter>,
    /// Filters that were saved since the dashboard was opened. Questions may be skipped, so each
    /// carries all of them.
    pub saves: Vec<super::lab::SavedFilter>,
}

/// What stands above every tab.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Header {
    /// "DEMO" and what that means; on every screen of a simulated market.
    pub demo: Option<String>,
    /// The instant everything is as of, to the minute, with its zone.
    pub as_of: String,
    /// The database file, shortened.
    pub database: String,
    /// Feed health: who answers, how old the newest price is, who does not.
    pub feed: Line,
    /// The same in fewer words, for 80 columns.
    pub brief: Line,
    /// What is not as always, the most important first: trouble with the database, long work and
    /// how far it has come, a feed's last error and its next try.
    pub news: Vec<Line>,
}
