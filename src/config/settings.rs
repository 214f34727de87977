//! The settings as what they mean.

use crate::analytics::Guards;
use crate::domain::{Pace, Percent, Range, Rules, Span, Thresholds, Zone};

use super::Config;

impl Config {
    /// Every value was checked when it was set, so the fallbacks below are never used.
    fn span(&self, name: &str) -> Span {
        Span::parse(self.text(name)).unwrap_or(Span::MINUTE)
    }

    fn number(&self, name: &str) -> f64 {
        self.text(name).parse().unwrap_or(0.0)
    }

    fn whole(&self, name: &str) -> u32 {
        self.text(name).parse().unwrap_or(1)
    }

    fn flag(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// Everything that definitions depend on.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules {
            window: self.span("tracker.window"),
            poll_interval: self.span("tracker.interval"),
            thresholds: Thresholds {
                moon_ath: self.number("categories.moon_ath"),
                winner_ath: self.number("categories.winner_ath"),
                winner_final: self.number("categories.winner_final"),
                good_ath: self.number("categories.good_ath"),
                hold_final: self.number("categories.hold_final"),
                crash_final: self.number("categories.crash_final"),
            },
            pump_gain_pct: self.number("analysis.pump_gain_pct"),
        }
    }

    /// How often tokens are polled.
    #[must_use]
    pub fn pace(&self) -> Pace {
        Pace {
            interval: self.span("tracker.interval"),
            late_interval: self.span("tracker.late_interval"),
            late_after: self.span("tracker.late_after"),
            window: self.span("tracker.window"),
        }
    }

    /// Over so many percent within an hour is a move that is told.
    #[must_use]
    pub fn move_pct(&self) -> Percent {
        Percent(self.number("tracker.move_pct"))
    }

    /// Whether a notice rings the terminal's bell.
    #[must_use]
    pub fn notify_bell(&self) -> bool {
        self.flag("notify.bell")
    }

    /// The command that is run for each notice.
    #[must_use]
    pub fn notify_command(&self) -> Option<&str> {
        Some(self.text("notify.command").trim()).filter(|text| !text.is_empty())
    }

    /// Where each notice is posted to: a secret.
    #[must_use]
    pub fn notify_webhook_url(&self) -> Option<&str> {
        Some(self.text("notify.webhook_url").trim()).filter(|text| !text.is_empty())
    }

    /// How often the tracker logs a summary.
    #[must_use]
    pub fn summary_every(&self) -> Span {
        self.span("tracker.summary_every")
    }

    /// The age from which polled samples are thinned.
    #[must_use]
    pub fn retain_samples(&self) -> Span {
        self.span("tracker.retain_samples")
    }

    /// The guards of feature tests.
    #[must_use]
    pub fn guards(&self) -> Guards {
        Guards {
            min_arm_n: self.whole("analysis.min_arm_n") as usize,
            recommend_arm_n: self.whole("analysis.recommend_arm_n") as usize,
            q: self.number("analysis.q"),
        }
    }

    /// The trades a model needs for a place.
    #[must_use]
    pub fn min_rank_n(&self) -> u32 {
        self.whole("analysis.min_rank_n")
    }

    /// The range that the dashboard starts with.
    #[must_use]
    pub fn range(&self) -> Range {
        Range::parse(self.text("ui.range")).unwrap_or(Range::D7)
    }

    /// The providers of live prices, the one to ask first coming first.
    pub fn feed_order(&self) -> impl Iterator<Item = &str> {
        self.text("feeds.order").split(',').map(str::trim)
    }

    /// Where a provider is reached; empty for a name that is none.
    #[must_use]
    pub fn feed_url(&self, provider: &str) -> &str {
        self.text(&format!("feeds.{provider}_url"))
    }

    /// A provider's key; empty when there is none. It must never be shown.
    #[must_use]
    pub fn feed_key(&self, provider: &str) -> &str {
        self.text(&format!("feeds.{provider}_key"))
    }

    /// Requests per minute that a provider may be asked.
    #[must_use]
    pub fn feed_rpm(&self, provider: &str) -> u32 {
        self.whole(&format!("feeds.{provider}_rpm"))
    }

    /// The longest that one request may take.
    #[must_use]
    pub fn feed_timeout(&self) -> Span {
        self.span("feeds.timeout")
    }

    /// Only ASCII on the screen.
    #[must_use]
    pub fn ascii(&self) -> bool {
        self.flag("ui.ascii")
    }

    /// Paths in dots of Braille, which not every font has.
    #[must_use]
    pub fn braille(&self) -> bool {
        self.flag("ui.braille")
    }

    /// auto, dark, light or mono.
    #[must_use]
    pub fn theme(&self) -> &str {
        self.text("ui.theme")
    }

    /// Blue and orange stand for better and worse, rather than green and red.
    #[must_use]
    pub fn blue_orange(&self) -> bool {
        self.text("ui.colors") == "blue-orange"
    }

    /// What rises has the colour that falls have elsewhere.
    #[must_use]
    pub fn up_is_red(&self) -> bool {
        self.text("ui.up") == "red"
    }

    /// The zone that the dashboard writes times in.
    #[must_use]
    pub fn zone(&self) -> Zone {
        Zone::parse(self.text("ui.timezone")).unwrap_or_default()
    }
}
