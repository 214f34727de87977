//! What became of a reading, as the number that stands in the table (see the migrations).

use crate::domain::{Decision, Reading, Refusal};

/// [`Decision`] (and absence) as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleState {
    /// Counts.
    Accepted,
    /// Waits for a second reading.
    Waiting,
    /// Refused: a jump that was not confirmed.
    Unconfirmed,
    /// Taken out by hand.
    Voided,
    /// A poll that found no listing.
    Absent,
}

impl SampleState {
    const EACH: [Self; 5] = [
        Self::Accepted,
        Self::Waiting,
        Self::Unconfirmed,
        Self::Voided,
        Self::Absent,
    ];

    pub(super) const fn code(self) -> i64 {
        self as i64
    }

    pub(super) fn from_code(code: i64) -> Option<Self> {
        Self::EACH.into_iter().find(|s| s.code() == code)
    }

    /// What a reading came to.
    pub(super) const fn of(reading: &Reading, decision: Decision) -> Self {
        match decision {
            Decision::Accepted if reading.absent => Self::Absent,
            Decision::Accepted => Self::Accepted,
            Decision::Waiting => Self::Waiting,
            Decision::Refused(Refusal::UnconfirmedJump) => Self::Unconfirmed,
            Decision::Refused(Refusal::Voided) => Self::Voided,
        }
    }

    /// Whether the fold of an outcome takes it.
    pub(super) const fn counts(self) -> bool {
        matches!(self, Self::Accepted | Self::Absent)
    }
}
