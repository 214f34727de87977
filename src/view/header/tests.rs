use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

const NOTHING: Told<'static> = Told {
    polling: Polling::Here,
    database: "x.db",
    feeds: &[],
    clock: ClockTrouble {
        ahead: None,
        slept: None,
    },
    work: None,
    held: false,
    backfill: None,
    trouble: None,
};

fn head(told: Told<'_>) -> Header {
    header(told, NOW, Zone::UTC)
}

fn news(told: Told<'_>) -> Vec<String> {
    head(told).news.iter().map(Line::text).collect()
}

fn well(name: &'static str) -> FeedHealth {
    let mut feed = FeedHealth::new(name);
    feed.ok(NOW.minus(Span::minutes(1)));
    feed.tokens = 7;
    feed
}

fn down(name: &'static str) -> FeedHealth {
    let mut feed = FeedHealth::new(name);
    feed.failed(NOW, format!("{name}: not reachable"), None);
    feed
}

#[test]
fn it_says_who_polls_and_how_the_feeds_are() {
    for (polling, feeds, full, brief) in [
        (
            Polling::Here,
            vec![well("x")],
            "polling here: x ok 1m ago, 7 tokens",
            "x ok 1m",
        ),
        (
            Polling::Here,
            vec![well("x"), down("jupiter"), down("z")],
            "polling here: x ok 1m ago, 7 tokens; jupiter, z DOWN",
            "x ok 1m",
        ),
        (
            Polling::Here,
            vec![down("jupiter")],
            "polling here: jupiter DOWN",
            "jupiter DOWN",
        ),
        (
            Polling::By(42, "vps"),
            vec![],
            "polled by 42 on vps",
            "polled by 42",
        ),
        (
            Polling::Nobody,
            vec![],
            "nobody polls: prices come by import",
            "nobody polls",
        ),
    ] {
        let feeds = &feeds;
        let head = head(Told {
            polling,
            feeds,
            ..NOTHING
        });
        assert_eq!((&*head.feed.text(), &*head.brief.text()), (full, brief));
    }
}

#[test]
fn a_feed_that_is_down_says_why_and_when_it_is_tried_again() {
    let feeds = &[well("x"), down("jupiter")];
    let said = news(Told { feeds, ..NOTHING });
    assert_eq!(said, ["jupiter DOWN, next try 14:13 UTC: not reachable"]);
}

#[test]
fn it_says_what_happened_to_the_clock() {
    let mut clock = ClockTrouble {
        ahead: Some(Span::minutes(59)),
        slept: None,
    };
    assert_eq!(
        news(Told { clock, ..NOTHING }),
        ["the clock was set back 59m"]
    );
    clock.ahead = None;
    clock.slept = Some((NOW, Span::hours(23)));
    assert_eq!(
        news(Told { clock, ..NOTHING }),
        ["slept for 23h without prices"]
    );
    clock.slept = Some((NOW.minus(Span::hours(1)), Span::hours(23)));
    assert!(news(Told { clock, ..NOTHING }).is_empty());
}

#[test]
fn it_says_what_long_work_is_done_and_how_far_it_has_come() {
    let import = || Task::Import("trades.csv".to_owned());
    for (work, held, want) in [
        (
            Work::of(import(), 1_234_567, 2_800_000),
            false,
            "importing trades.csv: 1.23M rows, 44%",
        ),
        (
            Work::of(import(), 2_800_000, 2_800_000),
            true,
            "importing trades.csv: 2.80M rows, storing them; prices wait for its end",
        ),
        (
            Work {
                done: 1,
                ..Work::begun(import())
            },
            false,
            "importing trades.csv: 1 row",
        ),
        (
            Work::of(Task::Trades, 10_000, 1_000_000),
            false,
            "new shape of the trades: 10.0k trades, 1%",
        ),
        (
            Work::of(Task::Outcomes, 700, 9_000),
            false,
            "outcomes made anew: 700 tokens, 7%",
        ),
        (Work::begun(Task::Sums), false, "sums made anew"),
    ] {
        let work = Some(&work);
        let said = news(Told {
            work,
            held,
            ..NOTHING
        });
        assert_eq!(said, [want]);
    }
}

#[test]
fn it_says_how_far_backfill_has_come_and_what_is_worst_first() {
    let backfill = Backfill {
        done: 12,
        left: 340,
        candles: 1_204,
        trouble: None,
    };
    let filling = "filling gaps: 12 of 352 tokens, 1,204 candles found";
    let mut told = Told {
        backfill: Some(backfill),
        ..NOTHING
    };
    assert_eq!(news(told), [filling]);
    told.backfill = Some(Backfill {
        left: 0,
        ..backfill
    });
    assert!(news(told).is_empty(), "it is over");
    told.backfill = Some(Backfill {
        trouble: Some(("no answer", NOW)),
        ..backfill
    });
    let feeds = &[down("x")];
    told.feeds = feeds;
    told.trouble = Some("the disk is full");
    let said = news(told);
    assert_eq!(said[0], "the disk is full");
    assert!(said[1].starts_with("x DOWN"), "{said:?}");
    assert_eq!(
        said[2],
        "filling gaps: 12 of 352 tokens; next try 14:13 UTC: no answer"
    );
}
