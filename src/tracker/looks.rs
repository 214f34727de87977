//! Second looks: tokens that one provider had no price for, or a price that jumped, and that wait
//! for another provider's word.
//!
//! A look is open from the first answer that gives reason for it until another provider has
//! answered, all of them were asked, or the next poll needs none. The set of a provider's looks
//! holds a token at most once, so it is bounded by the tokens followed.

use std::collections::{BTreeMap, VecDeque};

use crate::domain::TokenKey;

/// Why a second provider is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The price jumped and waits.
    Jump,
    /// There was no price.
    Missing,
}

/// Which seats of the panel, as bits: there are a handful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seats(u32);

impl Seats {
    /// With one more.
    #[must_use]
    pub fn with(self, seat: usize) -> Self {
        Self(self.0 | 1u32.checked_shl(seat as u32).unwrap_or(0))
    }

    /// Whether a seat is among them.
    #[must_use]
    pub fn has(self, seat: usize) -> bool {
        self.0 & 1u32.checked_shl(seat as u32).unwrap_or(0) != 0
    }
}

/// A token's open look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// The reason.
    pub why: Why,
    /// Who has answered.
    pub asked: Seats,
    /// Somebody lists the token, if without a price.
    pub listed: bool,
}

/// The tokens that one provider is to look at, per chain.
#[derive(Debug, Clone, Default)]
pub struct Looks {
    jumps: BTreeMap<String, VecDeque<TokenKey>>,
    missing: BTreeMap<String, VecDeque<TokenKey>>,
}

impl Looks {
    /// Puts a token at the end. The caller sees to it that it is not there yet.
    pub fn push(&mut self, why: Why, token: TokenKey) {
        let queue = self.of(why).entry(token.chain().to_owned()).or_default();
        queue.push_back(token);
    }

    /// Nothing waits.
    pub fn clear(&mut self) {
        self.jumps.clear();
        self.missing.clear();
    }

    /// The first chain that something waits in.
    #[must_use]
    pub fn chain(&self, why: Why) -> Option<String> {
        let queues = match why {
            Why::Jump => &self.jumps,
            Why::Missing => &self.missing,
        };
        // The fullest: one request serves the most.
        let fullest = queues.iter().max_by_key(|(_, queue)| queue.len());
        fullest.map(|(chain, _)| chain.clone())
    }

    /// Takes all of a chain.
    pub fn take_chain(&mut self, chain: &str) -> Vec<TokenKey> {
        let queues = [self.jumps.remove(chain), self.missing.remove(chain)];
        queues.into_iter().flatten().flatten().collect()
    }

    /// Takes the next token of a chain.
    pub fn pop(&mut self, why: Why, chain: &str) -> Option<TokenKey> {
        let queues = self.of(why);
        let queue = queues.get_mut(chain)?;
        let token = queue.pop_front();
        if queue.is_empty() {
            queues.remove(chain);
        }
        token
    }

    fn of(&mut self, why: Why) -> &mut BTreeMap<String, VecDeque<TokenKey>> {
        match why {
            Why::Jump => &mut self.jumps,
            Why::Missing => &mut self.missing,
        }
    }
}
