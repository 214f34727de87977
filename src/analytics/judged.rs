//! Calls with their outcomes, and which of them count in a source's rates.

use std::sync::Arc;

use crate::domain::hash::FastSet;
use crate::domain::{Call, Outcome, Rules, Status, Timestamp, TokenKey, Window};

/// Whether a call counts in rates, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It counts.
    Counted,
    /// The same source had called this token before.
    Recall,
    /// The bot's own gate had turned it down.
    Rejected,
    /// Taken out by hand.
    Voided,
}

impl Standing {
    /// The name on the screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Recall => "re-call",
            Self::Rejected => "rejected",
            Self::Voided => "voided",
        }
    }
}

/// A call and what became of it as of an instant.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The call.
    pub call: Arc<Call>,
    /// Whether it counts.
    pub standing: Standing,
    /// What became of it.
    pub outcome: Outcome,
}

impl Judged {
    /// The end of its window.
    #[must_use]
    pub fn window_end(&self, rules: &Rules) -> Timestamp {
        self.call.called_at.plus(rules.window)
    }

    /// Whether it belongs to the calls completed in a range: its window ended in it.
    #[must_use]
    pub fn completed_in(&self, window: &Window, rules: &Rules) -> bool {
        window.contains(self.window_end(rules))
    }
}

/// The standing of calls, which must come in the order of their time.
#[must_use]
pub fn standings<'a>(calls: impl IntoIterator<Item = (&'a Call, bool)>) -> Vec<Standing> {
    let mut called: FastSet<(&str, &TokenKey)> = FastSet::default();
    calls
        .into_iter()
        .map(|(call, voided)| {
            if voided {
                Standing::Voided
            } else if call.rejected_by.is_some() {
                Standing::Rejected
            } else if let Some(token) = &call.token
                && !called.insert((&call.source, token))
            {
                Standing::Recall
            } else {
                Standing::Counted
            }
        })
        .collect()
}

/// How many calls stand where. Re-calls, rejected and voided ones are counted apart, so that
/// everything adds up to the total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallCounts {
    /// All of them.
    pub total: usize,
    /// Waiting for a first price.
    pub waiting: usize,
    /// In their window.
    pub tracking: usize,
    /// Window over.
    pub completed: usize,
    /// No entry price, nothing imported.
    pub unpriced: usize,
    /// Completed, but without a final multiple.
    pub no_final: usize,
    /// Later calls of the same token by the same source.
    pub recalls: usize,
    /// Turned down by the bot's own gate.
    pub rejected: usize,
    /// Taken out by hand.
    pub voided: usize,
}

impl CallCounts {
    /// Counts calls.
    #[must_use]
    pub fn of<'a>(calls: impl IntoIterator<Item = &'a Judged>) -> Self {
        let mut counts = Self::default();
        for judged in calls {
            counts.total += 1;
            match judged.standing {
                Standing::Voided => counts.voided += 1,
                Standing::Rejected => counts.rejected += 1,
                Standing::Recall => counts.recalls += 1,
                Standing::Counted => match judged.outcome.status {
                    Status::Waiting => counts.waiting += 1,
                    Status::Tracking => counts.tracking += 1,
                    Status::Unpriced => counts.unpriced += 1,
                    Status::Completed => {
                        counts.completed += 1;
                        counts.no_final += usize::from(judged.outcome.fin.is_none());
                    }
                },
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::Standing::{Counted, Recall, Rejected, Voided};
    use super::*;
    use crate::domain::{CallId, Features};

    fn call(source: &str, address: Option<&str>, at: i64, rejected: bool) -> Call {
        Call {
            id: CallId(format!("{source}{at}")),
            source: source.to_owned(),
            chain: "solana".to_owned(),
            token: address.and_then(|a| TokenKey::new(Some("solana"), a)),
            symbol: Some("X".to_owned()),
            name: None,
            called_at: Timestamp::from_millis(at),
            stated_entry: None,
            market_cap_usd: None,
            liquidity_usd: None,
            rejected_by: rejected.then(|| "gate".to_owned()),
            features: Features::new(),
        }
    }

    #[test]
    fn only_the_same_token_by_the_same_source_is_a_recall() {
        let calls = [
            (call("a", Some("T"), 1, true), false),
            (call("a", Some("T"), 2, false), false),
            (call("b", Some("T"), 3, false), false),
            (call("a", Some("T"), 4, false), false),
            (call("a", None, 5, false), false),
            (call("a", None, 6, false), false),
            (call("c", Some("T"), 7, false), true),
            (call("c", Some("T"), 8, false), false),
        ];
        assert_eq!(
            standings(calls.iter().map(|(c, v)| (c, *v))),
            [
                Rejected, Counted, Counted, Recall, Counted, Counted, Voided, Counted
            ]
        );
    }
}
