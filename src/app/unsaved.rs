//! What is to be stored and is not yet: kept in memory, up to a limit, while the database cannot
//! be written.

use crate::domain::{Call, Trade};
use crate::store::{Sample, StoreError};

/// The most readings kept: some ten minutes of as many tokens as the providers allow, in about
/// 30 MB.
const MOST_SAMPLES: usize = 100_000;
/// What one transaction stores at most, so that none takes long.
const AT_ONCE: usize = 10_000;

/// Everything that waits to be stored.
#[derive(Debug, Default)]
pub struct Unsaved {
    calls: Vec<Call>,
    past: Vec<Sample>,
    polled: Vec<Sample>,
    trades: Vec<Trade>,
    /// The batch that [`Unsaved::samples`] gave last: how many, and whether polled.
    given: (usize, bool),
    /// Readings that found no room.
    lost: usize,
}

impl Unsaved {
    /// Nothing waits.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
            && self.past.is_empty()
            && self.polled.is_empty()
            && self.trades.is_empty()
    }

    /// Calls that were made.
    pub fn add_calls(&mut self, calls: Vec<Call>) {
        self.calls.extend(calls);
    }

    /// Trades that changed.
    pub fn add_trades(&mut self, trades: Vec<Trade>) {
        self.trades.extend(trades);
    }

    /// Readings of the past.
    pub fn add_past(&mut self, samples: Vec<Sample>) {
        self.past.extend(samples);
    }

    /// Readings of a poll. When there is no room any more, the newest are lost, and counted: the
    /// path up to here stays whole.
    pub fn add_polled(&mut self, samples: Vec<Sample>) {
        let room = MOST_SAMPLES.saturating_sub(self.polled.len());
        self.lost += samples.len().saturating_sub(room);
        self.polled.extend(samples.into_iter().take(room));
    }

    /// The calls that wait.
    pub fn calls(&self) -> Option<&[Call]> {
        (!self.calls.is_empty()).then_some(&self.calls)
    }

    /// They are stored.
    pub fn saved_calls(&mut self) {
        self.calls.clear();
    }

    /// The next readings for one transaction, and whether polls brought them.
    pub fn samples(&mut self) -> Option<(&[Sample], bool)> {
        let polled = self.past.is_empty();
        let from = if polled { &self.polled } else { &self.past };
        // The past comes in parts of its own.
        let count = if polled {
            from.len().min(AT_ONCE)
        } else {
            from.len()
        };
        self.given = (count, polled);
        let batch = from.get(..count).filter(|batch| !batch.is_empty())?;
        Some((batch, polled))
    }

    /// They are stored.
    pub fn saved_samples(&mut self) {
        let (count, polled) = self.given;
        let from = if polled {
            &mut self.polled
        } else {
            &mut self.past
        };
        from.drain(..count.min(from.len()));
        if from.is_empty() {
            // The room that a burst took is not held for the next one.
            *from = Vec::new();
        }
        self.given.0 = 0;
    }

    /// The trades that wait.
    pub fn trades(&self) -> Option<&[Trade]> {
        (!self.trades.is_empty()).then_some(&self.trades)
    }

    /// They are stored.
    pub fn saved_trades(&mut self) {
        self.trades.clear();
    }

    /// What waits, in words.
    pub fn words(&self) -> String {
        let kinds = [
            (self.past.len() + self.polled.len(), "readings"),
            (self.calls.len(), "calls"),
            (self.trades.len(), "trades"),
        ];
        let kinds = kinds.iter().filter(|(count, _)| *count > 0);
        let words: Vec<_> = kinds
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        words.join(", ")
    }

    /// What the screen says while it fails.
    pub fn trouble(&self, error: &StoreError) -> String {
        let lost = self.lost().map(|lost| format!("; {lost}"));
        format!(
            "NOT STORED, {} kept in memory and tried again: {error}{}",
            self.words(),
            lost.unwrap_or_default()
        )
    }

    /// What was lost for want of room, in words.
    pub fn lost(&self) -> Option<String> {
        (self.lost > 0).then(|| {
            format!(
                "{} readings were lost while the database could not be written",
                self.lost
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Decision, Reading, Timestamp, TokenKey};

    fn sample(at: i64) -> Sample {
        Sample {
            token: TokenKey::new(Some("test"), "a").unwrap(),
            reading: Reading {
                at: Timestamp::from_millis(at),
                price: None,
                liquidity_usd: None,
                market_cap_usd: None,
                absent: false,
                provider: "test".to_owned(),
                pool: None,
            },
            decision: Decision::Accepted,
        }
    }

    #[test]
    fn what_is_stored_goes_and_the_rest_stays_in_order() {
        let mut unsaved = Unsaved::default();
        unsaved.add_polled((0..25_000).map(sample).collect());
        let mut seen = Vec::new();
        while let Some((batch, polled)) = unsaved.samples() {
            assert!(polled && batch.len() <= AT_ONCE);
            seen.extend(batch.iter().map(|s| s.reading.at.millis()));
            if seen.len() == AT_ONCE {
                // It failed once: the same comes again.
                let (again, _) = unsaved.samples().unwrap();
                assert_eq!(again[0].reading.at.millis(), 0);
            }
            unsaved.saved_samples();
        }
        assert_eq!(seen, (0..25_000).collect::<Vec<_>>());
        assert!(unsaved.is_empty());
    }

    #[test]
    fn there_is_a_limit_and_what_is_beyond_is_counted() {
        let mut unsaved = Unsaved::default();
        unsaved.add_polled((0..=MOST_SAMPLES as i64).map(sample).collect());
        assert_eq!(unsaved.words(), format!("{MOST_SAMPLES} readings"));
        assert!(unsaved.lost().unwrap().starts_with("1 readings"));
    }
}
