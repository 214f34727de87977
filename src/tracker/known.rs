//! What the tracker knows of one token, and what a quote of it comes to.

use crate::domain::{Decision, Price, Reading, Refusal, Span, Timestamp};
use crate::feed::Quote;
use crate::store::Sample;

use super::accept::Acceptance;
use super::looks::{Look, Why};

/// What is known of a token.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub acceptance: Acceptance,
    /// Who gave its last reading.
    pub listed_by: Option<usize>,
    /// The time of its last sample: the next one is later, whatever the clock says.
    pub last_at: Option<Timestamp>,
    pub look: Option<Look>,
    /// At whom the look is queued.
    pub queued: Option<usize>,
    /// Who said what last, and when.
    pub last_said: Option<(Timestamp, Said)>,
}

/// A provider's price and liquidity.
pub(super) type Said = (usize, Option<Price>, Option<f64>);

/// The same words of a provider within this time are one observation: they are cached there
/// (price-apis.md "Freshness"). Never more than half an interval.
pub(super) const SAME_WITHIN: Span = Span::seconds(30);

impl Known {
    /// The time of its next sample: now, but later than the last one, even if the clock was set
    /// back.
    pub fn stamp(&mut self, now: Timestamp) -> Timestamp {
        let after = self.last_at.map(|last| last.plus(Span::from_millis(1)));
        let at = after.map_or(now, |after| after.max(now));
        self.last_at = Some(at);
        at
    }

    /// Takes a quote; why another provider should be asked, if one should. The same quote again
    /// within `soon` is the same reading, cached at the provider: it confirms nothing.
    pub fn read(
        &mut self,
        seat: usize,
        provider: &str,
        quote: Quote,
        now: Timestamp,
        soon: Span,
        samples: &mut Vec<Sample>,
    ) -> Option<Why> {
        let said = (seat, quote.price, quote.liquidity_usd);
        if let Some((at, last)) = self.last_said
            && last == said
            && now.since(at) < soon
        {
            return self.look.map(|look| look.why);
        }
        self.last_said = Some((now, said));
        self.listed_by = Some(seat);
        let reading = Reading {
            at: self.stamp(now),
            price: quote.price,
            liquidity_usd: quote.liquidity_usd,
            market_cap_usd: quote.market_cap_usd,
            absent: false,
            provider: provider.to_owned(),
            pool: quote.pool,
        };
        let judged = self.acceptance.judge(&reading, quote.repinned);
        if let Some((waited, confirmed)) = judged.settled {
            samples.push(Sample {
                token: quote.token.clone(),
                reading: waited,
                decision: if confirmed {
                    Decision::Accepted
                } else {
                    Decision::Refused(Refusal::UnconfirmedJump)
                },
            });
        }
        let priced = reading.price.is_some();
        samples.push(Sample {
            token: quote.token,
            reading,
            decision: if judged.waits {
                Decision::Waiting
            } else {
                Decision::Accepted
            },
        });
        match (priced, judged.waits) {
            (true, false) => None,
            (true, true) => Some(Why::Jump),
            (false, _) => Some(Why::Missing),
        }
    }
}
