//! One simulated token: what it is, when it is first called, and what its pool shows at any time.

use super::address;
use super::caller::SOURCES;
use super::draw::{Draws, key};
use super::names;
use super::path::{Kind, Path};
use crate::domain::TokenKey;

pub(super) const MINUTE: i64 = 60_000;
pub(super) const HOUR: i64 = 60 * MINUTE;

/// One token is first called in each slot of this length, in milliseconds. With 1.33 calls per
/// token that makes a call every 50 minutes.
pub(super) const SLOT: i64 = 67 * MINUTE;
/// How far into the slots after its own a token's first call may fall: calls come in clusters.
pub(super) const SLOT_SPREAD: i64 = 3 * SLOT;

/// Bad ticks lie on multiples of this, counted from the market's origin, so that a history that
/// is sampled on round times meets them too.
const TICK_GRID: i64 = 30 * MINUTE;
/// A bad tick lasts from this long before its grid point to [`TICK_AFTER`] after it: under a
/// minute, so that two polls a minute apart never both meet it.
const TICK_BEFORE: i64 = 15_000;
const TICK_AFTER: i64 = 25_000;

/// Frequencies of the kinds before source and features shift them, and how far a good source
/// prefers the kind (negative: avoids it). Chosen for the category shares of predecessors.md E.
const KINDS: [(Kind, f64, f64); 8] = [
    (Kind::Calm, 0.18, 0.6),
    (Kind::Climb, 0.06, 1.1),
    (Kind::Moon, 0.04, 1.0),
    (Kind::PumpAndDump, 0.10, -0.4),
    (Kind::Fade, 0.38, -0.3),
    (Kind::Rug, 0.14, -1.0),
    (Kind::Gone, 0.07, -0.6),
    (Kind::BadTick, 0.03, 0.0),
];

/// Supplies and how often each occurs: most launchpads mint a billion.
const SUPPLIES: [(f64, f64); 6] = [
    (1e9, 0.72),
    (1e8, 0.08),
    (4.2e11, 0.06),
    (1e12, 0.04),
    (2.1e7, 0.06),
    (4e6, 0.04),
];

/// A token of the market. Times are milliseconds since the market's origin.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// What its own draws are keyed with.
    pub(super) draw_key: u64,
    pub(super) key: TokenKey,
    pub(super) symbol: String,
    pub(super) name: String,
    pub(super) dex: &'static str,
    /// When the first source calls it.
    pub(super) first_call: i64,
    /// The first source, an index into [`SOURCES`].
    pub(super) source: usize,
    pub(super) path: Path,
    /// Price at the first call, USD.
    price: f64,
    supply: f64,
    /// Liquidity at the first call, USD; `None` where providers report none, as for a bonding
    /// curve.
    liquidity: Option<f64>,
    /// The share of it that a drain leaves, above 0.
    residue: f64,
    pub(super) lp_locked: bool,
    pub(super) paid_boost: bool,
    pub(super) audit_badge: bool,
    /// Share of the ten largest holders, percent.
    pub(super) top10_pct: f64,
}

/// What the pool of a token shows at one time, without any fault of a provider.
pub(super) struct Shown {
    /// USD per token.
    pub(super) price: f64,
    /// USD, where it is reported.
    pub(super) liquidity: Option<f64>,
    /// USD.
    pub(super) market_cap: f64,
}

impl Token {
    /// The token with this index. Its cost depends on nothing.
    #[expect(
        clippy::expect_used,
        reason = "an address is never empty, all that a key refuses"
    )]
    pub(super) fn of(seed: u64, index: i32) -> Self {
        let draw_key = key(key(seed, 0x70CE), i64::from(index));
        let d = &mut Draws::of(draw_key);
        let jitter = (d.unit() * SLOT_SPREAD as f64) as i64;
        let first_call = (i64::from(index) * SLOT + jitter).div_euclid(1000) * 1000;
        let source = d.weighted(&SOURCES.map(|s| s.share));
        let (lp_locked, paid_boost, audit_badge) = (d.chance(0.5), d.chance(0.28), d.chance(0.3));
        let kind = choose(d, SOURCES[source].lean, lp_locked, paid_boost);
        let path = Path::of(kind, draw_key);
        let (symbol, name) = names::invent(d);
        let chain = d.unit();
        let (chain, dex, address) = if chain < 0.90 {
            let dex = d.pick(&[
                "pumpswap", "pumpswap", "raydium", "raydium", "meteora", "orca",
            ]);
            let suffix = if dex == "pumpswap" { "pump" } else { "" };
            ("solana", dex, address::mint(seed, index, suffix))
        } else if chain < 0.96 {
            (
                "base",
                d.pick(&["aerodrome", "uniswap"]),
                address::evm(seed, index),
            )
        } else {
            ("ethereum", "uniswap", address::evm(seed, index))
        };
        let supply = SUPPLIES[d.weighted(&SUPPLIES.map(|(_, weight)| weight))].0;
        let market_cap = d.log_range(20_000.0, 2_000_000.0);
        let liquidity = market_cap * d.range(0.10, 0.30);
        let top10 = d.bell(if kind == Kind::Rug { 31.0 } else { 24.0 }, 8.0);
        Self {
            draw_key,
            key: TokenKey::new(Some(chain), &address).expect("address is not empty"),
            symbol,
            name,
            dex,
            first_call,
            source,
            path,
            price: market_cap / supply,
            supply,
            // A rug without liquidity to see could only be told by its price.
            liquidity: (kind == Kind::Rug || !d.chance(0.04)).then_some(liquidity),
            residue: (400.0 / liquidity).min(0.01) * d.range(0.05, 1.0),
            lp_locked,
            paid_boost,
            audit_badge,
            top10_pct: (top10.clamp(4.0, 80.0) * 10.0).round() / 10.0,
        }
    }

    /// The token that a key means; `None` when this market never made it.
    pub(super) fn find(seed: u64, wanted: &TokenKey) -> Option<Self> {
        let token = Self::of(seed, address::index_of(seed, wanted.address())?);
        (token.key == *wanted).then_some(token)
    }

    fn hours(&self, at: i64) -> f64 {
        (at - self.first_call) as f64 / HOUR as f64
    }

    /// Whether the token was launched by then.
    pub(super) fn is_launched(&self, at: i64) -> bool {
        self.hours(at) >= -self.path.age
    }

    /// Whether a provider lists it.
    pub(super) fn is_listed(&self, at: i64) -> bool {
        self.path.is_listed(self.hours(at))
    }

    /// Its price as a multiple of the price at the first call.
    pub(super) fn multiple(&self, at: i64) -> f64 {
        self.path.multiple(self.hours(at))
    }

    /// Minutes since its launch.
    pub(super) fn age_minutes(&self, at: i64) -> f64 {
        ((self.hours(at) + self.path.age) * 60.0).floor()
    }

    /// What its pool truly shows.
    pub(super) fn shown(&self, at: i64) -> Shown {
        let hours = self.hours(at);
        let multiple = self.path.multiple(hours);
        let drained = self.path.drained(hours);
        // A constant-product pool: its value moves with the square root of the price.
        let left = multiple.sqrt() * self.residue.powf(drained);
        let price = self.price * multiple;
        Shown {
            price,
            liquidity: self.liquidity.map(|usd| usd * left),
            market_cap: price * self.supply,
        }
    }

    /// The factor that a provider's fault puts on the price at this time: 1 but for a bad tick.
    pub(super) fn fault(&self, at: i64) -> f64 {
        match self.tick_window() {
            Some((from, to, factor)) if (from..to).contains(&at) => factor,
            _ => 1.0,
        }
    }

    /// From, to (exclusive) and factor of the bad tick, if there is one.
    pub(super) fn tick_window(&self) -> Option<(i64, i64, f64)> {
        let (hours, factor) = self.path.tick()?;
        let about = self.first_call + (hours * HOUR as f64) as i64;
        let grid = (about + TICK_GRID / 2).div_euclid(TICK_GRID) * TICK_GRID;
        Some((grid - TICK_BEFORE, grid + TICK_AFTER, factor))
    }

    /// Its pool's address: another address that belongs to no token.
    pub(super) fn pool(&self) -> String {
        let pool_seed = !self.draw_key;
        if self.key.chain() == "solana" {
            address::mint(pool_seed, 0, "")
        } else {
            address::evm(pool_seed, 0)
        }
    }
}

/// The kind of a token, by its source and by the features that truly matter.
fn choose(d: &mut Draws, lean: f64, lp_locked: bool, paid_boost: bool) -> Kind {
    let weights = KINDS.map(|(kind, weight, goodness)| {
        let lock = match (kind, lp_locked) {
            (Kind::Rug, true) => 0.12,
            (Kind::Rug, false) => 1.9,
            _ => 1.0,
        };
        let boost = match (kind, paid_boost) {
            (Kind::Rug | Kind::Gone | Kind::PumpAndDump, true) => 1.8,
            (Kind::Calm | Kind::Climb | Kind::Moon, true) => 0.45,
            _ => 1.0,
        };
        weight * (lean * goodness).exp() * lock * boost
    });
    KINDS[d.weighted(&weights)].0
}
