//! What the tracker will make of the market: outcomes of its calls, results of its models.

use std::collections::{BTreeMap, HashMap};

use super::tests::{T0, day, market};
use super::*;
use crate::domain::{
    CallFacts, Category, FeatureValue, Fold, Observation, Outcome, RugState, Rules, Side,
};

/// The tracker's rule on jumps (DESIGN §2), as far as one provider goes.
pub(super) fn accepted(readings: impl Iterator<Item = Reading>) -> (Vec<Observation>, usize) {
    let mut last: Option<f64> = None;
    let mut waiting: Option<Reading> = None;
    let (mut all, mut refused) = (Vec::new(), 0);
    for reading in readings {
        if let (Some(held), Some(price)) =
            (waiting.take_if(|_| reading.price.is_some()), reading.price)
        {
            let jump = held.price.unwrap();
            if price.usd() >= 0.75 * jump.usd() {
                all.push(Observation::from(&held));
                last = Some(jump.usd());
            } else {
                refused += 1;
            }
        }
        match (reading.price, last) {
            (Some(price), Some(last)) if price.usd() > 4.0 * last => waiting = Some(reading),
            (price, _) => {
                last = price.map(Price::usd).or(last);
                all.push(Observation::from(&reading));
            }
        }
    }
    (all, refused)
}

fn outcome(market: SimulatedMarket, call: &Call, step: Span) -> Outcome {
    let rules = Rules::default();
    let facts = CallFacts::from(call);
    let end = facts.window_end(&rules);
    let token = call.token.as_ref().unwrap();
    let before = call.called_at.minus(Span::from_millis(1));
    // A poll right at the call, as a tracker does for a call without an entry.
    let first = market.readings(token, before, call.called_at, Span::from_millis(1));
    let rest = market.readings(token, call.called_at, end, step);
    let (seen, _) = accepted(first.chain(rest));
    Outcome::of(
        &facts,
        &Fold::over(&facts, &rules, &seen),
        None,
        &rules,
        end,
    )
}

/// Predecessors E: about half CRASH, a quarter LOSER, some of each of the others.
#[test]
fn the_categories_are_spread_as_in_life() {
    for seed in [42, 7, 1] {
        let market = SimulatedMarket::new(seed, T0);
        let calls = market.calls_between(day(-30), day(-8));
        let mut counts = [0; 6];
        let mut states = BTreeMap::new();
        let mut impostors = 0;
        for call in calls.iter().filter(|c| c.token.is_some()) {
            let outcome = outcome(market, call, Span::minutes(30));
            counts[outcome.category.unwrap().index()] += 1;
            *states.entry(outcome.state.name()).or_insert(0) += 1;
            let kind = market.kind_of(call.token.as_ref().unwrap()).unwrap();
            match outcome.state {
                // By the definition, a small pool whose price fell by 95 % is drained as well.
                RugState::Rug => impostors += i32::from(kind != Kind::Rug),
                RugState::Gone => assert_eq!(kind, Kind::Gone),
                _ => assert_ne!(kind, Kind::Rug),
            }
        }
        let n: i32 = counts.iter().sum();
        let named = Category::EACH.map(|c| (c.name(), counts[c.index()]));
        println!("seed {seed}, n = {n}: {named:?} {states:?} {impostors}");
        assert!(n > 500);
        assert!(counts.iter().all(|count| *count > 0), "{named:?}");
        let crashed = f64::from(counts[Category::Crash.index()]) / f64::from(n);
        assert!((0.35..0.62).contains(&crashed), "{crashed}");
        assert!(
            states.len() >= 4 && impostors * 50 < n,
            "{impostors} {states:?}"
        );
    }
}

#[test]
fn sources_and_features_differ_as_they_are_meant_to() {
    let market = market();
    let mut by_source: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let mut by_lock = [(0, 0); 2];
    let mut by_boost = [(0, 0); 2];
    let calls = market.calls_between(day(-60), day(-8));
    for call in calls.iter().filter(|c| c.token.is_some()) {
        let outcome = outcome(market, call, Span::minutes(60));
        let won = outcome.category.unwrap().is_winner();
        let rug = outcome.is_rug().unwrap_or(false);
        let source = by_source.entry(&call.source).or_default();
        *source = (source.0 + 1, source.1 + u32::from(won));
        for (name, arms) in [("lp_locked", &mut by_lock), ("paid_boost", &mut by_boost)] {
            if let Some(flag) = call.features.get(name).and_then(FeatureValue::as_flag) {
                let arm = &mut arms[usize::from(flag)];
                *arm = (arm.0 + 1, arm.1 + i32::from(rug));
            }
        }
    }
    let rate = |(n, hits): (u32, u32)| f64::from(hits) / f64::from(n);
    println!("{by_source:?} lock {by_lock:?} boost {by_boost:?}");
    let good = rate(by_source["quiet-signals"]);
    let bad = rate(by_source["degen-radar"]);
    for name in ["alpha-kitchen", "whale-tail", "moonshot-lab"] {
        let middle = rate(by_source[name]);
        assert!(bad < middle && middle < good, "{by_source:?}");
    }
    let share = |(n, hits): (i32, i32)| f64::from(hits) / f64::from(n);
    assert!(share(by_lock[1]) < 0.8 * share(by_lock[0]));
    assert!(share(by_boost[1]) > 1.2 * share(by_boost[0]));
}

/// Over several seeds, so that luck cannot hide what the models are made of.
#[test]
fn the_edge_of_a_model_is_real_and_the_others_have_none() {
    let mut sums: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for seed in 0..12 {
        for trade in SimulatedMarket::new(seed, T0).trades_between(day(-90), day(0)) {
            if let Some(pnl) = trade.realized_pnl {
                let sum = sums.entry(trade.model).or_default();
                *sum = (sum.0 + 1, sum.1 + u32::from(pnl > 0.0));
            }
        }
    }
    for (model, (n, won)) in sums {
        let rate = f64::from(won) / f64::from(n);
        let wanted = match model.as_str() {
            "atlas-4" => 0.57..0.66,
            "ember-flash" => 0.30..0.38,
            _ => 0.45..0.53,
        };
        assert!(wanted.contains(&rate), "{model}: {rate}");
    }
}

#[test]
fn trades_add_up_and_models_differ() {
    let trades = market().trades_between(day(-90), day(0));
    let mut open: HashMap<&str, &Trade> = HashMap::new();
    let mut totals: BTreeMap<(&str, &str), (u32, f64)> = BTreeMap::new();
    let mut informed = [(0u32, 0u32); 2];
    for trade in &trades {
        let Some(pnl) = trade.realized_pnl else {
            assert!(trade.closed_at.is_none() && open.insert(&trade.id, trade).is_none());
            continue;
        };
        let held = trade.closed_at.unwrap().since(trade.opened_at.unwrap());
        assert!(held >= Span::minutes(20) && held <= Span::days(2));
        if let Some(opened) = open.remove(trade.id.as_str()) {
            assert_eq!(
                (opened.opened_at, opened.side),
                (trade.opened_at, trade.side)
            );
        }
        let sign = if trade.side == Some(Side::Long) {
            1.0
        } else {
            -1.0
        };
        let moved = sign * (trade.exit_price.unwrap() - trade.entry_price.unwrap());
        let net = moved * trade.quantity.unwrap() - trade.fee.unwrap();
        assert!((net - pnl).abs() <= 0.006, "{trade:?}");
        let row = totals.entry((&trade.model, trade.currency())).or_default();
        *row = (row.0 + 1, row.1 + pnl);
        if trade.model == "atlas-4" {
            let sure = trade.confidence.unwrap().fraction() > 0.725;
            let arm = &mut informed[usize::from(sure)];
            *arm = (arm.0 + 1, arm.1 + u32::from(pnl > 0.0));
        }
    }
    println!(
        "{totals:?} atlas by confidence {informed:?}, open {}",
        open.len()
    );
    assert_eq!(totals.len(), 7, "six models, one of them in two currencies");
    for ((model, _), (n, _)) in &totals {
        assert!((20..=4 * 90).contains(n), "{model}: {n}");
    }
    let usd = |model| totals[&(model, "USD")].1;
    assert!(usd("atlas-4") > 0.0 && usd("ember-flash") < 0.0);
    for other in ["borealis-mini", "cinder-70b", "delphi-r2", "fjord-pro"] {
        assert!(
            usd("atlas-4") > usd(other) && usd(other) > usd("ember-flash"),
            "{totals:?}"
        );
    }
    let rate = |(n, won): (u32, u32)| f64::from(won) / f64::from(n);
    assert!(rate(informed[1]) > rate(informed[0]) + 0.1);
    assert!(!open.is_empty());
}
