use super::*;
use proptest::prelude::*;

/// The points of a call with known multiples, by the categories' own rule.
fn scored(ath: f64, fin: f64) -> Parts {
    let (ath, fin) = (Multiple::new(ath).unwrap(), Multiple::new(fin).unwrap());
    let category = Category::of(ath, fin, &crate::domain::Thresholds::default());
    let outcome = Outcome {
        category: Some(category),
        ath: Some(crate::domain::outcome::Ath {
            multiple: ath,
            at: None,
            origin: crate::domain::AthOrigin::Imported,
            early: false,
        }),
        fin: Some(crate::domain::outcome::Final {
            multiple: fin,
            price: None,
            basis: crate::domain::FinalBasis::Imported,
            provisional: false,
        }),
        ..unknown()
    };
    points(&outcome).unwrap()
}

fn unknown() -> Outcome {
    use crate::domain::{CallFacts, Fold, Rules, Timestamp};
    let facts = CallFacts {
        called_at: Timestamp::from_millis(0),
        stated_entry: None,
        has_token: false,
        liquidity_usd: None,
    };
    let fold = Fold::start(&facts);
    Outcome::of(&facts, &fold, None, &Rules::default(), facts.called_at)
}

/// Calls whose log final is normal around `mean`, with an ATH above it.
fn source(random: &mut SplitMix64, first: u32, n: u32, mean: f64) -> Scored {
    (first..first + n)
        .map(|token| {
            let mut normal = || (0..12).map(|_| random.unit()).sum::<f64>() - 6.0;
            let fin = (mean + normal()).exp();
            let ath = fin.max(1.0) * (0.5 * normal().abs()).exp();
            (token, scored(ath, fin))
        })
        .collect()
}

fn market(seed: u64, means: &[f64], n: u32) -> Vec<Reputation> {
    let mut random = SplitMix64::new(seed);
    let mut first = 0;
    let sources: Vec<Scored> = means
        .iter()
        .map(|mean| {
            let calls = source(&mut random, first, n, *mean);
            first += n;
            calls
        })
        .collect();
    reputations(&sources, 10, Some(first))
}

#[test]
fn points_of_a_call() {
    for (ath, fin, want) in [
        (1.0, 1.0, 50.0),
        (1.0, 0.0, 0.0),
        (1.0, 0.25, 0.0),
        (1.2, 0.5, 12.5 + 25.0),
        // Half sold at 2x: even, though the rest is gone.
        (1000.0, 0.0, 25.0),
        (2.0, 1.0, 25.0 + 50.0 * 1.5f64.ln() / 16f64.ln() + 50.0),
        (6.0, 6.0, 100.0),
        (1000.0, 1000.0, 100.0),
    ] {
        let got = scored(ath, fin).sum();
        assert!(
            (got - want).abs() < 1e-9,
            "({ath}, {fin}): {got}, not {want}"
        );
    }
    assert_eq!(points(&unknown()), None);
}

#[test]
fn tiers_are_closed_at_the_top() {
    for (score, n, want) in [
        (100.0, 10, Tier::Elite),
        (90.0, 10, Tier::Elite),
        (89.99, 10, Tier::Excellent),
        (75.0, 10, Tier::Excellent),
        (60.0, 10, Tier::Good),
        (40.0, 10, Tier::Average),
        (20.0, 10, Tier::Poor),
        (19.99, 10, Tier::Unreliable),
        (0.0, 10, Tier::Unreliable),
        (100.0, 9, Tier::Unproven),
    ] {
        assert_eq!(Tier::of(score, n), want, "{score} of {n}");
    }
}

#[test]
fn sources_of_equal_quality_are_tied() {
    let mut apart = 0;
    for seed in 0..40 {
        for n in [12, 60] {
            let found = market(seed, &[-0.5; 12], n);
            let tied = |r: &Reputation| r.sure.unwrap().ranks == Some((1, 12));
            apart += usize::from(!found.iter().all(tied));
        }
    }
    // At most 5 % of markets, up to chance.
    assert!(apart <= 8, "{apart} of 80 markets");
}

#[test]
fn a_better_one_is_found() {
    for seed in 0..20 {
        let mut means = [-0.7; 12];
        means[5] = 0.3;
        let found = market(seed, &means, 150);
        assert_eq!(found[5].rank, Some(1), "seed {seed}");
        assert_eq!(found[5].sure.unwrap().ranks, Some((1, 1)), "seed {seed}");
        for (i, other) in found.iter().enumerate().filter(|(i, _)| *i != 5) {
            let (low, _) = other.sure.unwrap().ranks.unwrap();
            assert!(low >= 2, "seed {seed}, source {i}");
        }
    }
}

#[test]
fn one_lucky_peak_does_not_come_first() {
    let lucky = |held: f64| -> Scored {
        (0..20)
            .map(|i| {
                (
                    i,
                    if i == 0 {
                        scored(1000.0, held)
                    } else {
                        scored(1.1, 0.05)
                    },
                )
            })
            .collect()
    };
    let mut random = SplitMix64::new(3);
    let mut sources = vec![lucky(0.02), lucky(1000.0)];
    for i in 0..6 {
        sources.push(source(&mut random, 20 + i * 40, 40, -0.6));
    }
    let found = reputations(&sources, 10, Some(20 + 6 * 40));
    for (i, of) in found.iter().take(2).enumerate() {
        assert!(of.rank.unwrap() >= 7, "{i}: {of:?}");
        assert!(of.sure.unwrap().ranks.unwrap().0 > 1, "{i}: {of:?}");
    }
}

#[test]
fn few_calls_are_drawn_to_the_usual_and_have_no_place() {
    let mut random = SplitMix64::new(9);
    let mut sources: Vec<Scored> = (0..8)
        .map(|i| source(&mut random, i * 30, 30, -1.2 + 0.2 * f64::from(i)))
        .collect();
    sources.push(vec![(240, scored(9.0, 8.0)); 2]);
    let found = reputations(&sources, 10, Some(241));
    let few = &found[8];
    assert_eq!((few.raw, few.rank, few.tier), (100.0, None, Tier::Unproven));
    assert!(few.score < 75.0, "{few:?}");
    assert_eq!(few.sure.unwrap().ranks, None);
    for r in &found {
        assert!((r.parts.sum() - r.score).abs() < 1e-9);
        let sure = r.sure.unwrap();
        assert!(sure.score.low <= r.score && r.score <= sure.score.high);
        if let Some(((low, high), rank)) = sure.ranks.zip(r.rank) {
            assert!(1 <= low && low <= rank && rank <= high && high <= 8);
        }
    }
}

#[test]
fn nothing_and_one_are_no_trouble() {
    assert_eq!(reputations(&[], 10, Some(0)), []);
    let empty = reputations(&[Vec::new()], 10, Some(0));
    assert_eq!((empty[0].n, empty[0].rank), (0, None));
    let alone = vec![(0, scored(1.0, 1.0)); 10];
    let found = reputations(&[alone], 10, Some(1));
    assert_eq!(found[0].rank, Some(1));
    assert_eq!(found[0].sure.unwrap().ranks, Some((1, 1)));
    assert!((found[0].score - 50.0).abs() < 1e-9);
}

/// The variance over resamples is the one that theory gives for the mean of a cluster sample.
#[test]
fn resampling_finds_the_error_of_a_mean() {
    let mut random = SplitMix64::new(5);
    let own = source(&mut random, 0, 400, -0.3);
    let mean = own.iter().map(|(_, p)| p.sum()).sum::<f64>() / 400.0;
    let squares: f64 = own.iter().map(|(_, p)| (p.sum() - mean).powi(2)).sum();
    let want = squares / 400.0 / 400.0;
    let got = resampled(&[own], 400)[0];
    assert!((got / want - 1.0).abs() < 0.15, "{got} {want}");
}

proptest! {
    /// A call that went better for the follower never has fewer points.
    #[test]
    fn points_never_fall_when_a_follower_earns_more(
        a in 1.0f64..20.0, f in 0.0f64..20.0, up in 0.0f64..5.0, more in 0.0f64..5.0,
    ) {
        let a = a.max(f);
        let before = scored(a, f);
        let after = scored((a + more).max(f + up), f + up);
        prop_assert!(after.earned >= before.earned);
        prop_assert!(after.winners >= before.winners);
        prop_assert!(after.no_crash >= before.no_crash);
        prop_assert!((0.0..=100.0).contains(&after.sum()));
    }
}
