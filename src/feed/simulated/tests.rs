//! The market as a whole: what it promises to those who build on it.

use std::collections::{BTreeSet, HashMap};

use proptest::prelude::*;

use super::outcomes::accepted;
use super::*;

pub(super) const T0: Timestamp = Timestamp::from_millis(1_790_000_000_000);

pub(super) fn market() -> SimulatedMarket {
    SimulatedMarket::new(42, T0)
}

pub(super) fn day(days: i64) -> Timestamp {
    T0.plus(Span::days(days))
}

fn tokens(market: SimulatedMarket, kind: Kind) -> Vec<Token> {
    (-900..300)
        .map(|index| Token::of(market.seed, index))
        .filter(|token| token.path.kind == kind)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn stretches_add_up_however_time_is_cut(
        seed: u64,
        mut cuts in prop::collection::vec(-10 * 86_400_000i64..3 * 86_400_000, 0..8),
    ) {
        let market = SimulatedMarket::new(seed, T0);
        let (from, to) = (day(-10), day(3));
        cuts.sort_unstable();
        let mut edges = vec![from];
        edges.extend(cuts.into_iter().map(|ms| T0.plus(Span::from_millis(ms))));
        edges.push(to);
        let pairs = || edges.windows(2).map(|w| (w[0], w[1]));
        let calls: Vec<Call> = pairs().flat_map(|(a, b)| market.calls_between(a, b)).collect();
        prop_assert_eq!(calls, market.calls_between(from, to));
        let trades: Vec<Trade> = pairs().flat_map(|(a, b)| market.trades_between(a, b)).collect();
        prop_assert_eq!(trades, market.trades_between(from, to));
    }

    #[test]
    fn a_cut_exactly_at_a_call_loses_and_doubles_nothing(seed: u64) {
        let market = SimulatedMarket::new(seed, T0);
        let all = market.calls_between(day(-2), day(0));
        let at = all[all.len() / 2].called_at;
        let mut parts = market.calls_between(day(-2), at);
        parts.extend(market.calls_between(at, day(0)));
        prop_assert_eq!(parts, all);
    }

    #[test]
    fn prices_are_always_prices(seed: u64, index: i32, millis: i64) {
        let market = SimulatedMarket::new(seed, T0);
        let token = Token::of(seed, index);
        let near = token.first_call.saturating_add(millis % (30 * 86_400_000));
        for at in [Timestamp::from_millis(millis), T0.plus(Span::from_millis(near))] {
            if let Some(quote) = market.quote(&token.key, at) {
                let price = quote.price.unwrap().usd();
                prop_assert!(price.is_finite() && price > 0.0);
                prop_assert!(quote.liquidity_usd.is_none_or(|l| l.is_finite() && l >= 0.0));
                prop_assert!(quote.market_cap_usd.unwrap().is_finite());
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_and_another_seed_another() {
    let (from, to) = (day(-3), day(1));
    assert_eq!(
        market().calls_between(from, to),
        market().calls_between(from, to)
    );
    assert_eq!(
        market().trades_between(from, to),
        market().trades_between(from, to)
    );
    let other = SimulatedMarket::new(43, T0);
    assert_ne!(
        market().calls_between(from, to),
        other.calls_between(from, to)
    );
    let ours = market().calls_between(from, to);
    let token = ours.iter().find_map(|c| c.token.clone()).unwrap();
    assert!(
        other.quote(&token, day(0)).is_none(),
        "a token of another market"
    );
    let real = TokenKey::new(None, "FXQgp6CXaXMpchMQp9e9NjW6V4M227Ay5KtPGsu1FdHU").unwrap();
    assert!(market().quote(&real, day(0)).is_none());
}

#[test]
fn the_market_looks_alike_from_every_origin() {
    let shift = Span::from_millis(86_400_000 * 37 + 123_457);
    let moved = SimulatedMarket::new(42, T0.plus(shift));
    let here = market().calls_between(day(-5), day(2));
    let there = moved.calls_between(day(-5).plus(shift), day(2).plus(shift));
    assert_eq!(here.len(), there.len());
    for (a, b) in here.iter().zip(&there) {
        assert_eq!(a.called_at.plus(shift), b.called_at);
        assert_eq!(
            (&a.source, &a.token, a.stated_entry, &a.features),
            (&b.source, &b.token, b.stated_entry, &b.features)
        );
    }
    let here = market().trades_between(day(-5), day(2));
    let there = moved.trades_between(day(-5).plus(shift), day(2).plus(shift));
    let pnl = |trades: &[Trade]| trades.iter().map(|t| t.realized_pnl).collect::<Vec<_>>();
    assert_eq!(pnl(&here), pnl(&there));
}

#[test]
fn a_bad_tick_stays_alone_at_every_poll_interval_and_is_refused() {
    let market = market();
    let with_tick = tokens(market, Kind::BadTick);
    assert!(with_tick.len() > 5);
    for token in &with_tick {
        let (from, to, factor) = token.tick_window().unwrap();
        assert!((50.0..=1_000.0).contains(&factor) && to - from < MINUTE);
        for step in (60..=600).step_by(30) {
            for phase in (0..step).step_by(7) {
                let times = (-20..=20).map(|i| from + phase * 1000 + i * step * 1000);
                let wrong = times.filter(|at| {
                    (quote(token, *at).price.unwrap().usd() / token.shown(*at).price) > 1.01
                });
                assert!(wrong.count() <= 1);
            }
        }
        // On round times it is met, and the tracker's rule takes it out.
        let around = |ms: i64| T0.plus(Span::from_millis(ms));
        for step in [1, 5, 10, 30] {
            let readings = market.readings(
                &token.key,
                around(from - 2 * HOUR),
                around(to + 2 * HOUR),
                Span::minutes(step),
            );
            let (seen, refused) = accepted(readings);
            // An outage may hide it.
            assert!(refused == 1 || market.outage(from + 15_000, OUTAGE_LENGTH).is_some());
            let prices: Vec<f64> = seen.iter().map(|o| o.price.unwrap().usd()).collect();
            let (low, high) = prices
                .iter()
                .fold((f64::MAX, 0.0f64), |(l, h), p| (l.min(*p), h.max(*p)));
            assert!(high / low < 4.0);
        }
    }
}

#[test]
fn a_gone_token_stops_answering_for_ever() {
    let market = market();
    for token in tokens(market, Kind::Gone) {
        let end = T0.plus(Span::from_millis(
            token.first_call + (token.path.end * HOUR as f64) as i64,
        ));
        let asked = |at| market.quote(&token.key, at).is_some();
        assert!(asked(end.minus(Span::MINUTE)));
        for days in 0..60 {
            assert!(!asked(end.plus(Span::days(days)).plus(Span::MINUTE)));
        }
        let step = Span::minutes(30);
        let absent: Vec<bool> = market
            .readings(
                &token.key,
                end.minus(Span::hours(3)),
                end.plus(Span::hours(3)),
                step,
            )
            .map(|r| r.absent)
            .collect();
        assert!(!absent[0] && absent[absent.len() - 1] && absent.is_sorted());
    }
}

#[test]
fn a_rug_loses_its_liquidity_and_its_price() {
    let market = market();
    let mut n = 0;
    for token in tokens(market, Kind::Rug) {
        let end = token.first_call + (token.path.end * HOUR as f64) as i64;
        let liquidity = |at: i64| token.shown(at).liquidity.unwrap();
        let peak = (token.first_call..end)
            .step_by(600_000)
            .map(liquidity)
            .fold(0.0, f64::max);
        for call in caller::calls_of(&token, T0) {
            let entry = token.shown(market.relative(call.called_at)).price;
            for minutes in [20, 30, 60, 600, 6_000] {
                let after = token.shown(end + minutes * MINUTE);
                let left = after.liquidity.unwrap();
                assert!(left < 0.15 * peak && left < 1_000.0, "{left} of {peak}");
                assert!(after.price <= 0.2 * entry, "{}", after.price / entry);
                n += 1;
            }
        }
    }
    assert!(n > 300, "{n}");
}

#[test]
fn calls_come_at_the_promised_rate_and_with_all_their_oddities() {
    let calls = market().calls_between(day(-45), day(0));
    let every = 45.0 * 24.0 * 60.0 / calls.len() as f64;
    assert!(
        (45.0..55.0).contains(&every),
        "one call every {every} minutes"
    );
    let ids: BTreeSet<_> = calls.iter().map(|c| &c.id).collect();
    assert_eq!(ids.len(), calls.len());
    assert!(calls.is_sorted_by_key(|c| c.called_at));
    let share = |f: &dyn Fn(&Call) -> bool| {
        calls.iter().filter(|c| f(c)).count() as f64 / calls.len() as f64
    };
    assert!((0.02..0.08).contains(&share(&|c| c.stated_entry.is_none())));
    assert!((0.02..0.08).contains(&share(&|c| c.rejected_by.is_some())));
    assert!((0.001..0.03).contains(&share(&|c| c.token.is_none())));
    assert!(share(&|c| c.symbol.as_ref().is_some_and(|s| !s.is_ascii())) > 0.02);
    assert!((0.05..0.2).contains(&share(&|c| c.chain == "base" || c.chain == "ethereum")));
    assert!(share(&|c| !c.features.contains_key("top10_pct")) > 0.05);
    let mut sources: HashMap<_, BTreeSet<_>> = HashMap::new();
    let mut times: HashMap<_, u32> = HashMap::new();
    for call in calls.iter().filter(|c| c.token.is_some()) {
        sources.entry(&call.token).or_default().insert(&call.source);
        *times.entry((&call.token, &call.source)).or_default() += 1;
        let cap = call.market_cap_usd.unwrap_or(50_000.0);
        assert!((5_000.0..2e7).contains(&cap), "{cap}");
    }
    for said_by in [2, 3] {
        assert!(sources.values().any(|s| s.len() == said_by));
    }
    assert!(times.values().filter(|n| **n > 1).count() > 20, "re-calls");
    let first = |call: &&Call| {
        call.stated_entry
            .is_some_and(|p| !(1e-8..=1.0).contains(&p.usd()))
    };
    assert!(calls.iter().filter(first).count() < calls.len() / 50);
}

#[tokio::test]
async fn the_feed_answers_what_the_history_says_and_fails_now_and_then() {
    let market = market();
    let mut feed = market.feed();
    let calls = market.calls_between(day(-2), day(0));
    let keys: Vec<TokenKey> = calls
        .iter()
        .filter_map(|c| c.token.clone())
        .take(feed.batch())
        .collect();
    let (mut failed, mut runs, mut before) = (0, 0, false);
    for minute in 0..3 * 9 * 60 {
        let now = T0.plus(Span::minutes(minute));
        let answer = feed.quotes(&keys[..1], now).await;
        let fails = answer.is_err();
        failed += i32::from(fails);
        runs += i32::from(fails && !before);
        before = fails;
    }
    assert_eq!(
        (failed, runs),
        (6, 3),
        "two polls in a row, once in nine hours"
    );

    let quotes = feed.quotes(&keys, T0).await.unwrap();
    for quote in &quotes {
        let reading = market
            .readings(&quote.token, T0.minus(Span::MINUTE), T0, Span::MINUTE)
            .last()
            .unwrap();
        assert_eq!((reading.at, reading.price), (T0, quote.price));
    }
    let many = vec![keys[0].clone(); feed.batch() + 1];
    assert!(
        !feed
            .quotes(&many, T0)
            .await
            .unwrap_err()
            .is_worth_another_try()
    );

    let told = FeedError::BadAnswer {
        feed: NAME,
        reason: "told to".to_owned(),
    };
    feed.fail_between(T0, T0.plus(Span::HOUR), told.clone());
    assert_eq!(feed.quotes(&keys, T0.plus(Span::MINUTE)).await, Err(told));
    assert!(feed.quotes(&keys, T0.plus(Span::HOUR)).await.is_ok());
    let mut quiet = market.feed().with_outages_of(Span::ZERO);
    for minute in 0..9 * 60 {
        assert!(
            quiet
                .quotes(&[], T0.plus(Span::minutes(minute)))
                .await
                .is_ok()
        );
    }
}

/// The tracker takes any feed, in a task of its own.
#[test]
fn a_generic_task_can_own_a_feed() {
    fn is_send(_: &impl Send) {}
    async fn poll<F: PriceFeed>(mut feed: F) -> usize {
        feed.quotes(&[], T0).await.map_or(0, |quotes| quotes.len())
    }
    is_send(&poll(market().feed()));
}
