//! The speeds that are promised: a sample's fold under 200 ns, the leaderboard of any range from
//! the board under 1 ms at a million trades. `cargo bench`.

#![allow(missing_docs, reason = "the harness makes items that carry none")]

mod support;

use std::hint::black_box;

use callboard::analytics::Leaderboard;
use callboard::domain::{
    CallFacts, Fold, LiquidityOf, Observation, Price, Range, Rules, Span, Timestamp,
};
use callboard::stats::{DayTable, bootstrap};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use support::{NOW, Random, books};

fn fold(c: &mut Criterion) {
    let called_at = Timestamp::from_millis(1_780_000_000_000);
    let facts = CallFacts {
        called_at,
        stated_entry: Price::new(0.001),
        has_token: true,
        liquidity_usd: None,
    };
    let rules = Rules::default();
    let mut random = Random(1);
    let observations: Vec<Observation> = (0..4_500)
        .map(|minute| Observation {
            at: called_at.plus(Span::minutes(minute)),
            price: Price::new(0.001 * (0.2 + 3.0 * random.unit())),
            liquidity_usd: Some(10_000.0 * random.unit()),
            liquidity_of: LiquidityOf::Pool,
            market_cap_usd: Some(1e6),
            absent: false,
        })
        .collect();
    let mut group = c.benchmark_group("fold");
    group.throughput(Throughput::Elements(observations.len() as u64));
    group.bench_function("samples", |b| {
        b.iter(|| Fold::over(&facts, &rules, black_box(&observations)));
    });
    group.finish();
}

fn leaderboard(c: &mut Criterion) {
    for (name, n, days) in [
        ("1M trades, 90 days", 1_000_000, 90),
        ("1M trades, 2 years", 1_000_000, 730),
        ("10M trades, 90 days", 10_000_000, 90),
    ] {
        let books = books(n, 12, days);
        let mut group = c.benchmark_group(format!("leaderboard/{name}"));
        for range in Range::EACH {
            // Half an hour past the hour: both edges of the range are ragged.
            let window = range.window(NOW.minus(Span::minutes(30)));
            group.bench_function(range.label(), |b| {
                b.iter(|| {
                    Leaderboard::of(books.iter().map(|(k, v)| (k, v)), black_box(&window), 10)
                });
            });
        }
        if n == 1_000_000 && days == 90 {
            group.sample_size(10);
            let window = Range::All.window(NOW);
            group.bench_function("All, with medians and ranks", |b| {
                b.iter(|| {
                    Leaderboard::whole(books.iter().map(|(k, v)| (k, v)), black_box(&window), 10)
                });
            });
        }
        group.finish();
    }
}

/// Places of very many models over two years, and of the usual dozen: what is drawn again is sums
/// of days, so trades cost nothing here.
fn places(c: &mut Criterion) {
    let mut group = c.benchmark_group("places");
    group.sample_size(10);
    for (models, days) in [(12, 90), (100, 365), (500, 730)] {
        let mut random = Random(5);
        let mut table = DayTable::new(models);
        for _ in 0..days {
            for sum in table.add_day() {
                *sum = random.unit() - 0.5;
            }
        }
        group.bench_function(format!("{models} models, {days} days"), |b| {
            b.iter(|| bootstrap::places(black_box(&table), |a, b| a > b, &|| false));
        });
    }
    group.finish();
}

criterion_group!(benches, fold, leaderboard, places);
criterion_main!(benches);
