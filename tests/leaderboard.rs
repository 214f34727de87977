//! The leaderboard as a whole: extremes of money, names and numbers, what is computed twice, and
//! whether its claims hold in worlds whose truth is known.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::float_cmp,
    reason = "a test fails by panicking"
)]

use callboard::analytics::compare::Leader;
use callboard::analytics::{Book, BookKey, Comparison, DeepCache, Guards, Leaderboard, Point};
use callboard::board::{Board, Settings};
use callboard::domain::{Confidence, Range, Rules, Side, Span, Timestamp, Trade, Window};
use callboard::stats::random::SplitMix64;
use callboard::store::Loaded;
use callboard::view::format::Style;
use callboard::view::leaderboard;

const T0: Timestamp = Timestamp::from_millis(1_760_000_000_000);
const MIN_N: u32 = 10;

fn now() -> Timestamp {
    T0.plus(Span::days(1000))
}

fn window() -> Window {
    Range::All.window(now())
}

fn key(model: &str, currency: &str) -> BookKey {
    BookKey {
        model: model.to_owned(),
        currency: currency.to_owned(),
    }
}

fn point(i: i64, at: Timestamp, pnl: f64, confidence: Option<f64>) -> Point {
    let trade = Trade {
        id: format!("t{i}"),
        model: "m".to_owned(),
        symbol: None,
        side: Some(if i % 3 == 0 { Side::Short } else { Side::Long }),
        quantity: None,
        entry_price: None,
        exit_price: None,
        opened_at: Some(at.minus(Span::hours(1))),
        closed_at: Some(at),
        realized_pnl: Some(pnl),
        fee: None,
        cost: None,
        confidence: confidence.and_then(Confidence::from_fraction),
        currency: None,
    };
    Point::of(&trade, i).unwrap()
}

/// A book of one trade every eight hours.
fn book(pnls: impl IntoIterator<Item = f64>) -> Book {
    let points = pnls.into_iter().enumerate().map(|(i, pnl)| {
        let i = i as i64;
        point(
            i,
            T0.plus(Span::hours(8 * i)),
            pnl,
            Some((i % 10) as f64 / 10.0),
        )
    });
    Book::new(points.collect(), [])
}

fn whole(books: &[(BookKey, Book)]) -> Leaderboard {
    Leaderboard::whole(books.iter().map(|(k, b)| (k, b)), &window(), MIN_N)
}

fn board(books: Vec<(BookKey, Book)>) -> Board {
    let settings = Settings {
        rules: Rules::default(),
        min_rank_n: MIN_N,
        guards: Guards::default(),
    };
    let loaded = Loaded {
        books,
        ..Loaded::default()
    };
    Board::new(loaded, settings)
}

/// Uniform in -1..1, from a fixed stream.
fn luck(random: &mut SplitMix64) -> f64 {
    2.0 * random.unit() - 1.0
}

#[test]
fn money_of_any_size_ranks_the_same() {
    let of = |scale: f64| {
        let mut random = SplitMix64::new(11);
        let books: Vec<_> = (0..6)
            .map(|m| {
                let pnl = (0..120).map(|_| scale * (luck(&mut random) + f64::from(m) * 0.02));
                (key(&format!("m{m}"), "USD"), book(pnl.collect::<Vec<_>>()))
            })
            .collect();
        whole(&books)
            .rows
            .iter()
            .map(|r| {
                let deep = r.deep.as_ref().unwrap();
                let sharpe = r.summary.sharpe().unwrap();
                let place = deep.place.unwrap();
                let round = |v: f64| (v * 1e9).round();
                (
                    (r.key.model.clone(), r.rank, place.low, place.high),
                    (round(place.best.unwrap()), round(sharpe.ratio)),
                    round(sharpe.above_zero.unwrap()),
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(of(1.0), of(1e-9));
    assert_eq!(of(1.0), of(1e12));
}

#[test]
fn all_flat_one_trade_and_names_that_differ_by_case_alone() {
    let long = "x".repeat(100);
    let books = vec![
        (key("flat", "USD"), book(vec![0.0; 40])),
        (key("FLAT", "USD"), book(vec![0.0; 40])),
        (key("one", "USD"), book(vec![5.0])),
        (key(&long, "USD"), book((0..40).map(f64::from))),
        (key("none", "USD"), Book::new(Vec::new(), [Some(T0)])),
    ];
    let found = whole(&books);
    let row = |name: &str| found.rows.iter().find(|r| r.key.model == name).unwrap();
    assert_eq!(row(&long).rank, Some(1));
    for name in ["flat", "FLAT"] {
        let flat = row(name);
        let deep = flat.deep.as_ref().unwrap();
        assert_eq!((flat.rank, flat.summary.flat), (Some(2), 40));
        assert_eq!(flat.summary.sharpe(), None);
        assert_eq!(flat.summary.profit_factor(), None);
        assert_eq!(flat.summary.max_drawdown(), Some(0.0));
        assert_eq!(deep.figures.auc, None);
        assert_eq!(deep.place.unwrap().best, Some(0.0));
    }
    let one = row("one");
    assert_eq!((one.rank, one.deep.as_ref().unwrap().place), (None, None));
    let shrunk = one.deep.as_ref().unwrap().shrunk.unwrap();
    assert!(shrunk.rate < 1.0 && shrunk.interval.high < 1.0);
    assert_eq!(row("none").deep.as_ref().unwrap().shrunk, None);

    let screen = leaderboard::screen(&board(books), Range::All, now(), Style::default());
    let text: Vec<String> = screen
        .table
        .rows
        .iter()
        .map(|r| {
            r.cells
                .iter()
                .map(|c| c.text.as_str())
                .collect::<Vec<_>>()
                .join("|")
        })
        .collect();
    for row in &text {
        for wrong in ["NaN", "inf", "999999"] {
            assert!(!row.contains(wrong), "{row}");
        }
    }
    let said = |name: &str, what: &str| {
        let row = text
            .iter()
            .find(|r| r.split('|').nth(1) == Some(name))
            .unwrap();
        assert!(row.contains(what), "{row}");
    };
    said(&long, "no losses (n=40)");
    said("one", "n=1 of 10");
}

#[test]
fn five_hundred_models_in_thirty_currencies_each_have_their_place() {
    let mut random = SplitMix64::new(3);
    let books: Vec<_> = (0..500)
        .map(|m| {
            let pnl: Vec<f64> = (0..12).map(|_| luck(&mut random)).collect();
            (
                key(&format!("m{m:03}"), &format!("C{:02}", m % 30)),
                book(pnl),
            )
        })
        .collect();
    let found = whole(&books);
    assert_eq!(found.fields.len(), 30);
    for field in &found.fields {
        let rows: Vec<_> = found
            .rows
            .iter()
            .filter(|r| r.key.currency == field.currency)
            .collect();
        assert_eq!(field.ranked, rows.len());
        let mut sum = 0.0;
        for row in rows {
            // Twelve trades, one each eight hours: four or five days, at either side of what is
            // needed. Too few leave every place possible.
            let place = row.deep.as_ref().unwrap().place.unwrap();
            let rank = row.rank.unwrap();
            assert!(place.low <= rank && rank <= place.high);
            sum += place.best.unwrap_or(0.0);
        }
        assert!(sum == 0.0 || (sum - 1.0).abs() < 1e-9, "{sum}");
    }
}

#[test]
fn what_the_cache_knows_is_what_would_be_computed_and_new_trades_are_not_missed() {
    let mut random = SplitMix64::new(9);
    let mut pnl = || -> Vec<f64> { (0..90).map(|_| luck(&mut random)).collect() };
    let mut books = vec![
        (key("a", "USD"), book(pnl())),
        (key("b", "USD"), book(pnl())),
        (key("c", "SOL"), book(pnl())),
    ];
    let mut cache = DeepCache::default();
    let mut cached = |books: &[(BookKey, Book)], window: &Window| {
        let pairs = || books.iter().map(|(k, b)| (k, b));
        let mut board = Leaderboard::of(pairs(), window, MIN_N);
        assert!(board.deepen(pairs(), window, &mut cache, &|| false));
        board
    };
    let short = Window {
        from: Some(T0.plus(Span::days(10))),
        to: now(),
    };
    for _ in 0..3 {
        for window in [&window(), &short] {
            let fresh = Leaderboard::whole(books.iter().map(|(k, b)| (k, b)), window, MIN_N);
            assert_eq!(cached(&books, window), fresh);
            assert_eq!(cached(&books, window), fresh);
        }
        books[0].1 = book(pnl());
    }
    // Asked to stop, nothing is half done.
    let mut board = Leaderboard::of(books.iter().map(|(k, b)| (k, b)), &window(), MIN_N);
    let before = board.clone();
    let mut empty = DeepCache::default();
    assert!(!board.deepen(
        books.iter().map(|(k, b)| (k, b)),
        &window(),
        &mut empty,
        &|| true
    ));
    assert_eq!(board, before);
}

/// Models whose trades are nothing but luck around an edge, a few each day, days moving together.
fn world(seed: u64, edges: &[f64], days: i64) -> Vec<(BookKey, Book)> {
    let mut random = SplitMix64::new(callboard::stats::random::key(seed, 1));
    let weather: Vec<f64> = (0..days).map(|_| luck(&mut random)).collect();
    edges
        .iter()
        .enumerate()
        .map(|(m, edge)| {
            let mut points = Vec::new();
            for day in 0..days {
                for trade in 0..3 {
                    let at = T0.plus(Span::days(day)).plus(Span::hours(7 * trade + 1));
                    let pnl = edge + weather[day as usize] + 2.0 * luck(&mut random);
                    points.push(point(points.len() as i64, at, pnl, None));
                }
            }
            (key(&format!("m{m:02}"), "USD"), Book::new(points, []))
        })
        .collect()
}

fn best(board: &Leaderboard) -> (String, f64) {
    board
        .rows
        .iter()
        .filter_map(|r| Some((r.key.model.clone(), r.deep.as_ref()?.place?.best?)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap()
}

#[test]
fn a_real_edge_is_found_as_trades_come_in() {
    let mut edges = vec![0.0; 12];
    edges[7] = 0.5;
    let sure = |days: i64| {
        let found = whole(&world(4, &edges, days));
        let row = found.rows.iter().find(|r| r.key.model == "m07").unwrap();
        let place = row.deep.as_ref().unwrap().place.unwrap();
        (place.best.unwrap(), place.high)
    };
    let (early, late) = (sure(8), sure(250));
    assert!(late.0 > 0.99 && late.1 == 1, "{late:?}");
    assert!(early.0 < late.0 && early.1 > 1, "{early:?}");
    // Head to head it is seen too.
    let books = world(4, &edges, 250);
    let pair = Comparison::of([&books[7].1, &books[0].1], &window(), false);
    assert_eq!(pair.average.leader(), Leader::First);
}

/// The claim that the leaderboard makes must hold: of twelve models that are equally good, none is
/// called the best with more than 95 % in more than one world of twenty.
#[test]
#[ignore = "400 worlds take minutes without optimisation: cargo test --release -- --ignored"]
fn among_equals_none_is_called_the_best() {
    for days in [10, 60] {
        let (mut called, mut ties) = (0, 0);
        for seed in 0..200 {
            let found = whole(&world(1000 + seed, &[0.0; 12], days));
            called += u32::from(best(&found).1 > 0.95);
            let mut rows = found.rows.iter();
            let leader = rows.find_map(|r| r.deep.as_ref()?.place).unwrap();
            ties += u32::from(leader.high > 1);
        }
        println!(
            "{days} days: P(best) > 0.95 in {called} of 200 worlds; a tie for the first in {ties}"
        );
        assert!(called <= 10, "{days} days: {called} of 200");
    }
}
