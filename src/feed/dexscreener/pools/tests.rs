//! The rule of choosing, case by case and by what must always hold.

use super::*;
use crate::domain::Span;
use proptest::prelude::*;

fn pair(pool: &str, price: f64, liquidity: Option<f64>, volume: Option<f64>) -> Pair {
    Pair {
        pool: pool.to_owned(),
        is_base: true,
        price: Price::new(price),
        liquidity,
        market_cap: None,
        trusted: Some(true),
        volume_h6: volume,
        volume_h24: volume,
        trading: None,
        is_curve: false,
        created_at: None,
    }
}

fn chosen(pairs: &[Pair]) -> Option<&str> {
    choose(pairs).map(|p| p.pool.as_str())
}

fn base(name: &str, price: f64, liquidity: f64, volume: f64) -> Pair {
    pair(name, price, Some(liquidity), Some(volume))
}

fn check(cases: Vec<(&str, Vec<Pair>, Option<&str>)>) {
    for (what, pairs, want) in cases {
        assert_eq!(chosen(&pairs), want, "{what}");
        let back: Vec<Pair> = pairs.into_iter().rev().collect();
        assert_eq!(chosen(&back), want, "{what}, the other way round");
    }
}

#[test]
fn what_lives_is_deep_and_honestly_priced_is_chosen() {
    let untrusted = |p: Pair| Pair {
        trusted: Some(false),
        ..p
    };
    let turned = |p: Pair| Pair {
        is_base: false,
        ..p
    };
    let curve = |p: Pair| Pair {
        is_curve: true,
        liquidity: None,
        ..p
    };
    let aged = |p: Pair, days| Pair {
        created_at: Some(Timestamp::from_millis(0).plus(Span::days(days))),
        ..p
    };
    check(vec![
        ("none", vec![], None),
        ("no price", vec![base("a", -1.0, 9.0, 9.0)], None),
        (
            "the deepest",
            vec![base("a", 1.0, 10.0, 9.0), base("b", 1.1, 20.0, 5.0)],
            Some("b"),
        ),
        (
            "the dead pool of the record: liquidity 0.01 against a live one that reads 0",
            vec![
                base("dead", 80.0, 0.01, 0.94),
                base("live", 1.0, 0.0, 50_000.0),
            ],
            Some("live"),
        ),
        (
            "no volume although others have some",
            vec![base("still", 1.0, 1e6, 0.0), base("live", 1.1, 100.0, 5.0)],
            Some("live"),
        ),
        (
            "nobody trades: the deepest",
            vec![base("a", 1.0, 10.0, 0.0), base("b", 1.0, 20.0, 0.0)],
            Some("b"),
        ),
        (
            "unknown volume is not none",
            vec![pair("a", 1.0, Some(500.0), None), base("b", 1.0, 20.0, 5.0)],
            Some("a"),
        ),
        (
            "a fake dollar",
            vec![
                untrusted(base("fake", 1.2, 1e7, 1e7)),
                base("true", 1.0, 1e3, 1e3),
            ],
            Some("true"),
        ),
        (
            "all others unknown to us",
            vec![
                untrusted(base("a", 1.0, 10.0, 1.0)),
                untrusted(base("b", 1.0, 20.0, 1.0)),
            ],
            Some("b"),
        ),
        (
            "turned round only where there is no other",
            vec![turned(base("q", 1.0, 1e9, 1e9)), base("b", 1.0, 10.0, 1.0)],
            Some("b"),
        ),
        (
            "turned round",
            vec![turned(base("q", 1.0, 10.0, 1.0))],
            Some("q"),
        ),
        (
            "an exchange before the curve that it left",
            vec![
                curve(base("curve", 1.0, 0.0, 9e9)),
                base("amm", 1.2, 10.0, 5.0),
            ],
            Some("amm"),
        ),
        (
            "a curve alone",
            vec![curve(base("curve", 1.0, 0.0, 10.0))],
            Some("curve"),
        ),
        (
            "as deep: the busier, then the older",
            vec![
                aged(base("new", 1.0, 10.0, 5.0), 9),
                aged(base("old", 1.0, 10.0, 5.0), 3),
                base("unknown", 1.0, 10.0, 5.0),
                base("idle", 1.0, 10.0, 4.0),
            ],
            Some("old"),
        ),
    ]);
}

#[test]
fn a_price_that_none_of_the_others_shares_is_poison() {
    check(vec![
        (
            "poison, deep and busy, among three",
            vec![
                base("a", 1.0, 10.0, 9.0),
                base("b", 1.1, 20.0, 9.0),
                base("mad", 80.0, 1e6, 1e6),
            ],
            Some("b"),
        ),
        (
            "poison from below",
            vec![
                base("a", 1.0, 10.0, 9.0),
                base("b", 1.1, 20.0, 9.0),
                base("mad", 0.01, 1e6, 1e6),
            ],
            Some("b"),
        ),
        (
            "two mad pools of five",
            vec![
                base("a", 1.0, 10.0, 9.0),
                base("b", 1.1, 20.0, 9.0),
                base("c", 0.9, 5.0, 9.0),
                base("mad", 80.0, 1e6, 1e6),
                base("mad2", 81.0, 1e6, 1e6),
            ],
            Some("b"),
        ),
        (
            "exactly five times is no poison",
            vec![base("a", 1.0, 10.0, 9.0), base("b", 5.0, 20.0, 9.0)],
            Some("b"),
        ),
    ]);
}

proptest! {
    /// The order of an answer means nothing, and who is chosen has a price.
    #[test]
    fn the_order_means_nothing(
        parts in prop::collection::vec(
            (1e-9_f64..1e3, prop::option::of(0.0_f64..1e6), prop::option::of(0.0_f64..1e6),
             any::<bool>(), prop::option::of(any::<bool>()), any::<bool>()),
            1..12,
        ),
        turn in 0_usize..12,
    ) {
        let mut pairs: Vec<Pair> = parts
            .into_iter()
            .enumerate()
            .map(|(i, (price, liquidity, volume, is_base, trusted, is_curve))| Pair {
                is_base, trusted, is_curve,
                ..pair(&format!("p{i}"), price, liquidity, volume)
            })
            .collect();
        let first = choose(&pairs).cloned();
        prop_assert!(first.as_ref().is_some_and(|p| p.price.is_some()));
        let by = turn % pairs.len();
        pairs.rotate_left(by);
        prop_assert_eq!(choose(&pairs), first.as_ref());
    }

    /// One mad pool against three or more that agree never wins, however deep it looks.
    #[test]
    fn one_mad_pool_never_wins(
        price in 1e-9_f64..1e3,
        spread in prop::collection::vec(0.8_f64..1.25, 3..10),
        madness in prop_oneof![10.0_f64..1e6, 1e-6_f64..0.1],
    ) {
        let mut pairs: Vec<Pair> = spread
            .iter()
            .enumerate()
            .map(|(i, s)| pair(&format!("p{i}"), price * s, Some(100.0), Some(10.0)))
            .collect();
        pairs.push(pair("mad", price * madness, Some(1e9), Some(1e9)));
        prop_assert_ne!(chosen(&pairs), Some("mad"));
    }
}
