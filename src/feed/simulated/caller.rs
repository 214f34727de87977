//! The sources that call tokens, and what they say with each call.

use super::draw::{Draws, key};
use super::path::Kind;
use super::token::{HOUR, Token};
use crate::domain::{Call, FeatureValue, Features, Price, Span, Timestamp};

/// A Telegram channel or bot.
pub(super) struct Source {
    pub(super) name: &'static str,
    /// Its share of the first calls, relative.
    pub(super) share: f64,
    /// How good its choice is: above 0 better than the market, below worse.
    pub(super) lean: f64,
}

/// One is clearly better, one clearly worse, the others are alike: a ranking must find that.
pub(super) const SOURCES: [Source; 5] = [
    Source {
        name: "alpha-kitchen",
        share: 0.25,
        lean: 0.0,
    },
    Source {
        name: "whale-tail",
        share: 0.20,
        lean: 0.0,
    },
    Source {
        name: "moonshot-lab",
        share: 0.20,
        lean: 0.0,
    },
    Source {
        name: "quiet-signals",
        share: 0.15,
        lean: 1.1,
    },
    Source {
        name: "degen-radar",
        share: 0.20,
        lean: -1.1,
    },
];

/// The longest time from a token's first call to any other call of it, in milliseconds.
pub(super) const LAST_CALL_AFTER: i64 = 36 * HOUR;

/// Under this multiple of the price at the first call nobody calls a token any more.
const LEFT_TO_BE_CALLED: f64 = 0.4;

/// All calls of a token, the first one first. `origin` is the market's.
pub(super) fn calls_of(token: &Token, origin: Timestamp) -> Vec<Call> {
    let d = &mut Draws::of(key(token.draw_key, 0xCA11));
    // Nobody calls what is already dead.
    let latest = (token.path.end * 0.9 * HOUR as f64).min(LAST_CALL_AFTER as f64);
    let later = |d: &mut Draws| {
        let after = d.range(5.0 / 60.0 * HOUR as f64, LAST_CALL_AFTER as f64) * d.unit();
        token.first_call + (after.min(latest * d.unit()) as i64 / 1000).max(1) * 1000
    };
    let mut calls = vec![(token.source, token.first_call)];
    // Other sources pick it up, or say it at the same time by chance.
    let second = (token.source + 1 + d.below(SOURCES.len() - 1)) % SOURCES.len();
    if d.chance(0.20) {
        calls.push((second, later(d)));
        let third = d.below(SOURCES.len());
        if d.chance(0.25) && third != second && third != token.source {
            calls.push((third, later(d)));
        }
    }
    if d.chance(0.07) {
        calls.push((token.source, later(d)));
    }
    // Nor what has lost most of its price since the first call.
    let is_called = |at: i64| at == token.first_call || token.multiple(at) >= LEFT_TO_BE_CALLED;
    calls
        .into_iter()
        .zip(0..)
        .filter(|((_, at), _)| is_called(*at))
        .map(|((source, at), ordinal)| call(token, source, at, ordinal, origin))
        .collect()
}

fn call(token: &Token, source: usize, at: i64, ordinal: i64, origin: Timestamp) -> Call {
    let d = &mut Draws::of(key(key(token.draw_key, 0x5A1D), ordinal));
    let (features, score) = features(token, at, d);
    let shown = token.shown(at);
    let source = SOURCES[source].name.to_owned();
    let called_at = origin.plus(Span::from_millis(at));
    // A gate is a little right: it turns down low scores more often.
    let rejected = d.chance(if score < 5.0 { 0.12 } else { 0.02 });
    let gate = d.pick(&["score gate", "holder gate", "liquidity gate"]);
    let has_address = !d.chance(0.012);
    let stated = d.chance(0.96) && has_address;
    let (says_cap, says_liquidity) = (d.chance(0.93), d.chance(0.88));
    let chain = if has_address {
        token.key.chain()
    } else {
        "unknown"
    };
    let address = has_address.then(|| token.key.address());
    Call {
        id: Call::derived_id(&source, chain, address, Some(&token.symbol), called_at),
        source,
        chain: chain.to_owned(),
        token: has_address.then(|| token.key.clone()),
        symbol: Some(token.symbol.clone()),
        name: Some(token.name.clone()),
        called_at,
        stated_entry: Price::new(shown.price).filter(|_| stated),
        market_cap_usd: Some(shown.market_cap).filter(|_| says_cap),
        liquidity_usd: shown.liquidity.filter(|_| says_liquidity),
        rejected_by: rejected.then(|| gate.to_owned()),
        features,
    }
}

/// What a bot sends with a call, and the final score. Which of it means something is fixed here,
/// so that the feature report can be judged:
///
/// - `lp_locked` truly prevents rugs, `paid_boost` truly goes with dumps (both in `token.rs`);
/// - `velocity_score` tells of a coming pump, `final_score` weakly; `conviction` follows from it;
/// - `top10_pct` is higher for rugs;
/// - `smart_money`, `audit_badge`, `preliminary_score`, `age_minutes`, `dex` mean nothing;
/// - `mint_revoked` is always true: nothing to compare with.
fn features(token: &Token, at: i64, d: &mut Draws) -> (Features, f64) {
    let pumps = matches!(
        token.path.kind,
        Kind::Moon | Kind::Climb | Kind::PumpAndDump
    );
    let score = d
        .bell(if pumps { 7.5 } else { 6.7 }, 1.6)
        .round()
        .clamp(1.0, 10.0);
    let preliminary = d.bell(6.0, 1.5).round().clamp(1.0, 10.0);
    let velocity = d
        .bell(if pumps { 62.0 } else { 46.0 }, 17.0)
        .round()
        .clamp(0.0, 100.0);
    let conviction = match score {
        s if s >= 8.0 => "high",
        s if s >= 6.0 => "medium",
        _ => "low",
    };
    let text = |word: &str| FeatureValue::Text(word.to_owned());
    // Name, value, how often it is left out.
    let said = [
        ("smart_money", FeatureValue::Flag(d.chance(0.44)), 0.02),
        ("lp_locked", FeatureValue::Flag(token.lp_locked), 0.06),
        ("mint_revoked", FeatureValue::Flag(true), 0.0),
        ("paid_boost", FeatureValue::Flag(token.paid_boost), 0.03),
        ("audit_badge", FeatureValue::Flag(token.audit_badge), 0.03),
        ("preliminary_score", FeatureValue::Number(preliminary), 0.02),
        ("final_score", FeatureValue::Number(score), 0.0),
        ("velocity_score", FeatureValue::Number(velocity), 0.08),
        ("top10_pct", FeatureValue::Number(token.top10_pct), 0.10),
        (
            "age_minutes",
            FeatureValue::Number(token.age_minutes(at)),
            0.03,
        ),
        ("dex", text(token.dex), 0.0),
        ("conviction", text(conviction), 0.0),
    ];
    let features = said
        .into_iter()
        .filter(|(_, _, missing)| !d.chance(*missing))
        .map(|(name, value, _)| (name.to_owned(), value))
        .collect();
    (features, score)
}
