//! The AI models and their trades in the large coins.
//!
//! Coins have one price for all models. A trade's direction is right with a probability that is
//! the model's skill; its P&L follows from prices, quantity and fee, so that everything adds up.

use super::draw::{Draws, key, noise};
use super::token::{HOUR, MINUTE};
use crate::domain::{Confidence, Side, Span, Timestamp, Trade};

/// What a model says of its own certainty.
enum Says {
    /// A number that its chance of being right grows with, by this much per unit.
    Informed(f64),
    /// A number without meaning.
    Noise,
    /// Always the same.
    Always(f64),
    /// Nothing.
    Nothing,
}

struct Model {
    name: &'static str,
    /// Trades per day.
    per_day: f64,
    /// The chance that the direction is right. About 0.51 breaks even after fees.
    skill: f64,
    says: Says,
    /// Share of its trades that are kept in SOL.
    in_sol: f64,
    /// What one decision costs it, USD.
    cost: f64,
}

const fn model(
    name: &'static str,
    per_day: f64,
    skill: f64,
    says: Says,
    in_sol: f64,
    cost: f64,
) -> Model {
    Model {
        name,
        per_day,
        skill,
        says,
        in_sol,
        cost,
    }
}

/// One has a real edge, one loses, the others are near zero.
const MODELS: [Model; 6] = [
    model("atlas-4", 3.2, 0.65, Says::Informed(0.7), 0.0, 0.11),
    model("borealis-mini", 3.8, 0.51, Says::Noise, 0.0, 0.006),
    model("cinder-70b", 2.0, 0.515, Says::Nothing, 0.0, 0.02),
    model("delphi-r2", 2.6, 0.51, Says::Informed(0.8), 0.35, 0.16),
    model("ember-flash", 3.4, 0.36, Says::Noise, 0.0, 0.003),
    model("fjord-pro", 1.2, 0.52, Says::Always(0.8), 0.0, 0.09),
];

/// Ticker, price in USD about which it moves, how lively it is, whether it is traded against SOL.
const COINS: [(&str, f64, f64, bool); 7] = [
    ("SOL", 164.0, 1.0, false),
    ("BTC", 71_500.0, 0.6, false),
    ("ETH", 3_350.0, 0.8, false),
    ("XRP", 0.62, 0.9, false),
    ("DOGE", 0.165, 1.2, true),
    ("JUP", 0.93, 1.5, true),
    ("BONK", 0.000_024, 1.8, true),
];

const SHORTEST: i64 = 20 * MINUTE;
/// The longest time a position is held, in milliseconds.
const LONGEST: i64 = 48 * HOUR;
/// Of the notional, for opening and closing together.
const FEE: f64 = 0.001;
/// The middle of the confidences that models state.
const MIDDLE: f64 = 0.725;

/// A change of a trade that lies in the question: when, and the trade as of then.
pub(super) type Change = (i64, Trade);

/// Openings and closings with `from < time <= to`, in milliseconds since the origin, in order.
pub(super) fn changes(seed: u64, origin: Timestamp, from: i64, to: i64) -> Vec<Change> {
    let mut all = Vec::new();
    for (model, ordinal) in MODELS.iter().zip(0..) {
        let slot = (24.0 * HOUR as f64 / model.per_day) as i64;
        for k in (from - LONGEST).div_euclid(slot) - 1..=to.div_euclid(slot) {
            let draws = Draws::of(key(key(key(seed, 0x7DE), ordinal), k));
            let [opened, closed] = trade(model, draws, seed, origin, k * slot, slot);
            all.extend(
                [opened, closed]
                    .into_iter()
                    .filter(|(at, _)| from < *at && *at <= to),
            );
        }
    }
    all.sort_by(|(at, a), (bt, b)| (at, &a.id, a.closed_at).cmp(&(bt, &b.id, b.closed_at)));
    all
}

/// USD per coin at a time in milliseconds since the origin.
fn usd(seed: u64, coin: usize, at: i64) -> f64 {
    // Amplitude with the square root of the period: it wanders as a price does.
    const OCTAVES: [(f64, f64); 10] = [
        (256.0, 0.160),
        (128.0, 0.113),
        (64.0, 0.080),
        (32.0, 0.057),
        (16.0, 0.040),
        (8.0, 0.028),
        (4.0, 0.020),
        (2.0, 0.014),
        (1.0, 0.010),
        (0.5, 0.007),
    ];
    let (_, level, lively, _) = COINS[coin];
    let hours = at as f64 / HOUR as f64;
    level * (lively * noise(key(key(seed, 0xC01), coin as i64), hours, &OCTAVES)).exp()
}

fn trade(
    model: &Model,
    mut d: Draws,
    seed: u64,
    origin: Timestamp,
    slot_at: i64,
    slot: i64,
) -> [Change; 2] {
    let d = &mut d;
    let second = |at: i64| at.div_euclid(1000) * 1000;
    let opened = second(slot_at + (d.unit() * slot as f64) as i64);
    let closed = second(opened + d.log_range(SHORTEST as f64 + 1000.0, LONGEST as f64) as i64);
    let against_sol = d.chance(model.in_sol);
    let coin = choose_coin(d, against_sol);
    // Prices in the trade's own currency.
    let unit = |at: i64| if against_sol { usd(seed, 0, at) } else { 1.0 };
    let price = |at: i64| usd(seed, coin, at) / unit(at);
    let (entry, exit) = (price(opened), price(closed));
    let places = if against_sol { 1e6 } else { 1e2 };
    let rounded = |x: f64| (x * places).round() / places;

    let stated = (d.range(0.5, 0.95) * 100.0).round() / 100.0;
    let (confidence, skill) = match model.says {
        Says::Informed(slope) => (Some(stated), model.skill + slope * (stated - MIDDLE)),
        Says::Noise => (Some(stated), model.skill),
        Says::Always(value) => (Some(value), model.skill),
        Says::Nothing => (None, model.skill),
    };
    let right = d.chance(skill);
    let side = if (exit > entry) == right {
        Side::Long
    } else {
        Side::Short
    };
    let notional = d.log_range(450.0, 1_500.0) / unit(opened);
    let quantity = notional / entry;
    // Some are closed where they were opened, and the fee is waived.
    let flat = d.chance(0.015);
    let (exit, fee) = if flat {
        (entry, 0.0)
    } else {
        (exit, rounded(notional * FEE))
    };
    let moved = match side {
        Side::Long => exit - entry,
        Side::Short => entry - exit,
    };
    let cost = model.cost * d.range(0.6, 1.6) / unit(opened);
    let opened_at = origin.plus(Span::from_millis(opened));
    let open = Trade {
        id: format!("{}-{}", model.name, opened_at.millis()),
        model: model.name.to_owned(),
        symbol: Some(COINS[coin].0.to_owned()),
        side: Some(side),
        quantity: Some(quantity),
        entry_price: Some(entry),
        exit_price: None,
        opened_at: Some(opened_at),
        closed_at: None,
        realized_pnl: None,
        fee: None,
        cost: Some((cost * 1e6).round() / 1e6),
        confidence: confidence.and_then(Confidence::from_fraction),
        currency: Some(if against_sol { "SOL" } else { "USD" }.to_owned()),
    };
    let done = Trade {
        exit_price: Some(exit),
        closed_at: Some(origin.plus(Span::from_millis(closed))),
        realized_pnl: Some(rounded(quantity * moved - fee)),
        fee: Some(fee),
        ..open.clone()
    };
    [(opened, open), (closed, done)]
}

/// A coin that is traded in this currency.
fn choose_coin(d: &mut Draws, against_sol: bool) -> usize {
    let weights = COINS.map(|(_, _, _, in_sol)| f64::from(u8::from(in_sol || !against_sol)));
    d.weighted(&weights)
}
