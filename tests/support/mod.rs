//! Screens built by hand, as a view would build them.
#![allow(
    dead_code,
    clippy::too_many_lines,
    reason = "each test file uses its part, and a screen built by hand is long"
)]

use std::sync::Arc;

use callboard::view::{
    Align, Bar, Block, Cell, Column, Empty, Header, Line, Page, Row, Screen, Step, Table, Tone,
};

pub fn column(
    key: &'static str,
    title: &'static str,
    align: Align,
    priority: u8,
    max_width: u16,
    help: &'static str,
) -> Column {
    Column {
        key,
        title,
        align,
        priority,
        max_width,
        help,
        moves: false,
    }
}

pub fn row(key: &str, cells: Vec<Cell>) -> Row {
    Row {
        key: key.to_owned(),
        cells,
        dim: false,
        copy: format!("copy-of-{key}"),
    }
}

pub fn header() -> Header {
    Header {
        demo: Some("DEMO: a simulated market, nothing here is real".to_owned()),
        as_of: "2026-11-01 00:00 UTC".to_owned(),
        database: "~/.local/share/callboard/callboard.db".to_owned(),
        feed: Line::toned("polling here: ", Tone::Dim)
            .and("dexscreener ok", Tone::Good)
            .and(" 1m ago, 149 tokens; ", Tone::Dim)
            .and("jupiter DOWN", Tone::Bad),
        brief: Line::toned("dexscreener ok", Tone::Good).and(" 1m", Tone::Dim),
        news: vec![
            Line::toned(
                "jupiter DOWN, next try 00:03 UTC: answered HTTP 502 Bad Gateway",
                Tone::Bad,
            ),
            Line::toned(
                "filling gaps: 12 of 352 tokens, 1,204 candles found",
                Tone::Dim,
            ),
        ],
    }
}

fn money(value: f64) -> Cell {
    let tone = if value < 0.0 { Tone::Bad } else { Tone::Good };
    Cell::number(format!("{value:+.2}"), value).toned(tone)
}

/// Models with intervals on what they are ranked by.
pub fn leaderboard() -> Screen {
    let columns = vec![
        column("rank", "#", Align::Right, 0, 4, "the place by total P&L"),
        column("model", "Model", Align::Left, 0, 24, "the AI model"),
        column("trades", "Trades", Align::Right, 1, 8, "closed trades"),
        column(
            "win",
            "Win rate (95 %)",
            Align::Right,
            0,
            18,
            "wins over trades, with its interval",
        ),
        column(
            "total",
            "Total P&L",
            Align::Right,
            0,
            14,
            "the sum of realized P&L",
        ),
        column("average", "Average", Align::Right, 2, 12, "P&L per trade"),
        column("best", "Best", Align::Right, 4, 12, "the best trade"),
        column("worst", "Worst", Align::Right, 4, 12, "the worst trade"),
        column(
            "pf",
            "Profit factor",
            Align::Right,
            5,
            13,
            "gains over losses",
        ),
        column(
            "conf",
            "Confidence",
            Align::Right,
            5,
            10,
            "average stated confidence",
        ),
        column(
            "r",
            "Conf. vs P&L",
            Align::Right,
            6,
            14,
            "Pearson's r; under 10 trades: too few",
        ),
        column(
            "p_best",
            "P(best)",
            Align::Right,
            3,
            8,
            "chance of being the best",
        ),
        column(
            "last",
            "Last trade",
            Align::Right,
            7,
            12,
            "when the newest trade closed",
        ),
    ];
    let models = [
        ("gpt-5", 61, 56.0, 1204.10, 19.74, 310.0, -120.4),
        ("claude-opus-4-1", 58, 50.0, 310.55, 5.35, 140.2, -99.0),
        ("gemini-2.5-pro", 49, 47.0, 12.0, 0.24, 88.1, -70.9),
        (
            "deepseek-chat-v3.1-terminus-with-a-long-name",
            41,
            46.3,
            -8.2,
            -0.2,
            61.0,
            -66.1,
        ),
        ("qwen3-max 通义千问", 40, 40.0, -55.75, -1.39, 44.4, -91.7),
        ("grok-4", 39, 35.9, -240.0, -6.15, 70.0, -133.0),
        ("llama-4-maverick", 13, 30.8, -410.31, -31.56, 12.5, -180.0),
        ("mistral-large", 4, 25.0, -20.0, -5.0, 3.0, -11.0),
    ];
    let rows = models
        .iter()
        .enumerate()
        .map(|(i, (name, n, win, total, average, best, worst))| {
            let few = *n < 10;
            let mut row = row(
                name,
                vec![
                    if few {
                        Cell::unknown("-")
                    } else {
                        Cell::number((i + 1).to_string(), i as f64)
                    },
                    Cell::word(*name),
                    Cell::number(n.to_string(), f64::from(*n)),
                    Cell::number(
                        format!("{win:.1} % ({:.0}-{:.0})", win - 13.0, win + 12.0),
                        *win,
                    ),
                    money(*total),
                    money(*average),
                    money(*best),
                    money(*worst),
                    Cell::number("1.24", 1.24),
                    Cell::number("71 %", 71.0),
                    if few {
                        Cell::unknown("too few")
                    } else {
                        Cell::number("+0.18", 0.18)
                    },
                    Cell::number("41 %", 41.0),
                    Cell::word("2 h ago").toned(Tone::Dim),
                ],
            );
            row.dim = few;
            row
        })
        .collect();
    Screen {
        above: vec![Block::Text(vec![
            Line::plain("8 models, 305 trades, ")
                .and("+791.39 USD", Tone::Good)
                .and(" in all; win rate 46.9 % (41-53)", Tone::Plain),
        ])],
        table: Table { columns, rows },
        notes: vec![
            Line::toned(
                "Ranked by total P&L; models under 10 trades have no rank.",
                Tone::Dim,
            ),
            Line::toned("12 open trades", Tone::Warn).and(
                " are not counted; 3 trades of unknown P&L neither.",
                Tone::Dim,
            ),
        ],
        empty: None,
        count: "305 trades".to_owned(),
        ..Screen::default()
    }
}

/// Calls with names of every width.
pub fn tracker(rows: usize) -> Screen {
    let columns = vec![
        column("symbol", "Token", Align::Left, 0, 18, "the token's symbol"),
        column("source", "Source", Align::Left, 2, 14, "who called it"),
        column("age", "Called", Align::Right, 1, 8, "how long ago"),
        column(
            "price",
            "Price",
            Align::Right,
            0,
            12,
            "the latest price, USD",
        ),
        column("now", "Now", Align::Right, 0, 8, "against the entry"),
        column("ath", "ATH", Align::Right, 0, 8, "the highest multiple"),
        column("h1", "1 h", Align::Right, 3, 9, "return at 1 h"),
        column("h6", "6 h", Align::Right, 3, 9, "return at 6 h"),
        column("h24", "24 h", Align::Right, 3, 9, "return at 24 h"),
        column(
            "state",
            "State",
            Align::Left,
            1,
            12,
            "rug, crashed, gone, alive",
        ),
        column("seen", "Seen", Align::Right, 1, 7, "how old the price is"),
    ];
    let names = [
        "BONK",
        "狗狗币大师傅超级长名字币",
        "PEPE🐸🐸🐸🐸🐸🐸🐸🐸🐸",
        "x",
        "THE-LONGEST-TOKEN-SYMBOL-EVER-SEEN",
        "🚀MOON",
        "柴犬",
        "$WIF",
    ];
    let rows = (0..rows)
        .map(|i| {
            let name = names[i % names.len()];
            let up = i % 3 != 0;
            let mut row = row(
                &format!("call-{i}"),
                vec![
                    Cell::word(format!(
                        "{name}{}",
                        if i < names.len() {
                            String::new()
                        } else {
                            format!(" {i}")
                        }
                    )),
                    Cell::word(if i % 2 == 0 {
                        "alpha-calls"
                    } else {
                        "电报频道"
                    }),
                    Cell::number(format!("{} min", i + 1), i as f64),
                    Cell::number("0.0₅6440", 0.000_006_44),
                    Cell::number(
                        if up { "1.84x" } else { "0.41x" },
                        if up { 1.84 } else { 0.41 },
                    )
                    .toned(if up { Tone::Good } else { Tone::Bad }),
                    Cell::number(
                        format!("{:.2}x", 1.0 + i as f64 / 7.0),
                        1.0 + i as f64 / 7.0,
                    ),
                    Cell::number(
                        if up { "+12.5 %" } else { "-40.1 %" },
                        if up { 12.5 } else { -40.1 },
                    )
                    .toned(if up { Tone::Good } else { Tone::Bad }),
                    Cell::number("+84.0 %", 84.0).toned(Tone::Good),
                    Cell::unknown("-"),
                    match i % 5 {
                        0 => Cell::word("rug").toned(Tone::Bad),
                        4 => Cell::word("stale 14 min").toned(Tone::Warn),
                        _ => Cell::word("alive"),
                    },
                    Cell::word("1 min").toned(Tone::Dim),
                ],
            );
            row.dim = i % 5 == 4;
            row
        })
        .collect::<Vec<_>>();
    Screen {
        above: vec![Block::Text(vec![
            Line::plain("345 calls: 212 completed, 98 tracking, 4 waiting; ")
                .and("21 rugs", Tone::Bad)
                .and(", ", Tone::Plain)
                .and("3 moves over 20 % in the last hour", Tone::Warn),
        ])],
        count: format!("{} calls", rows.len()),
        table: Table {
            columns,
            rows: rows.into(),
        },
        notes: vec![],
        empty: None,
        ..Screen::default()
    }
}

fn bar(label: &str, n: u32, of: u32, tone: Tone) -> Bar {
    let rate = f64::from(n) / f64::from(of);
    let half = 1.96 * (rate * (1.0 - rate) / f64::from(of)).sqrt();
    let (low, high) = ((rate - half).max(0.0), rate + half);
    Bar {
        label: label.to_owned(),
        figures: format!(
            "{n:>3}  {:>4.1} % ({:.0}-{:.0})",
            rate * 100.0,
            low * 100.0,
            high * 100.0
        ),
        fraction: rate,
        interval: Some((low, high)),
        tone,
    }
}

/// How calls ended, overall as bars and per source as a table.
pub fn categories() -> Screen {
    let columns = vec![
        column("source", "Source", Align::Left, 0, 20, "who called"),
        column("n", "Calls", Align::Right, 1, 6, "completed calls"),
        column("tier", "Tier", Align::Left, 2, 10, "A to D"),
        column(
            "win",
            "Winners (95 %)",
            Align::Right,
            0,
            16,
            "share of winners",
        ),
        column("crash", "Crashes", Align::Right, 0, 14, "share of crashes"),
        column("gap", "Median gap", Align::Right, 3, 10, "ATH less final"),
        column("kept", "Kept", Align::Right, 3, 8, "final over ATH"),
    ];
    let rows = (0..12)
        .map(|i| {
            row(
                &format!("source-{i}"),
                vec![
                    Cell::word(format!("channel {i}")),
                    Cell::number(format!("{}", 40 - i * 3), f64::from(40 - i * 3)),
                    Cell::word(["A", "B", "C", "D"][i as usize / 3]),
                    Cell::number(
                        format!("{} % ({}-{})", 40 - i * 2, 28 - i * 2, 52 - i * 2),
                        f64::from(40 - i),
                    ),
                    Cell::number(format!("{} %", 20 + i * 3), f64::from(20 + i)).toned(Tone::Bad),
                    Cell::number("1.20x", 1.2),
                    Cell::number("0.55", 0.55),
                ],
            )
        })
        .collect();
    Screen {
        above: vec![
            Block::Heading("How 212 calls ended".to_owned()),
            Block::Bars(vec![
                bar("MOON 🌙", 11, 212, Tone::Good),
                bar("WINNER ✅", 30, 212, Tone::Good),
                bar("GOOD 👍", 34, 212, Tone::Good),
                bar("BREAK-EVEN", 39, 212, Tone::Plain),
                bar("LOSER ❌", 38, 212, Tone::Bad),
                bar("CRASH 💥", 60, 212, Tone::Bad),
            ]),
            Block::Heading("What was left of the peak".to_owned()),
            Block::Pairs(vec![
                ("gap, mean".to_owned(), Line::plain("1.84x")),
                ("gap, median".to_owned(), Line::plain("0.71x")),
                (
                    "gap, largest".to_owned(),
                    Line::plain("22.10x").and(" (WIF, alpha-calls)", Tone::Dim),
                ),
            ]),
        ],
        table: Table { columns, rows },
        notes: vec![Line::toned(
            "Reputation is shrunk towards the mean of all sources; sources under 10 calls have none.",
            Tone::Dim,
        )],
        empty: None,
        count: "212 completed calls".to_owned(),
        ..Screen::default()
    }
}

/// A tab without rows.
pub fn empty() -> Screen {
    Screen {
        empty: Some(Empty {
            what: "No trade closed in the last 24 h; the newest is 20 days old.".to_owned(),
            next: vec![
                Step::Say("m  looks back 30 days".to_owned()),
                Step::Say("a  shows everything".to_owned()),
                Step::Say("callboard import trades FILE  brings more in".to_owned()),
            ],
        }),
        count: "0 trades".to_owned(),
        ..Screen::default()
    }
}

/// What `Enter` opens on a model.
pub fn page() -> Page {
    Page {
        title: "gpt-5 · 61 trades in the last 7 days".to_owned(),
        blocks: vec![
            Block::Text(vec![
                Line::plain("Earned ")
                    .and("+1204.10 USD", Tone::Good)
                    .and("; the best of 8 with a chance of 41 %. The interval of its win rate holds 50 %, so this may be luck.", Tone::Plain),
            ]),
            Block::Heading("Figures".to_owned()),
            Block::Pairs(vec![
                ("win rate".to_owned(), Line::plain("55.7 % (43-68)").and("  34 W / 25 L / 2 flat", Tone::Dim)),
                ("average P&L".to_owned(), Line::toned("+19.74", Tone::Good)),
                ("max drawdown".to_owned(), Line::toned("-310.20", Tone::Bad)),
                ("confidence vs P&L".to_owned(), Line::plain("r = +0.18 (p = 0.16)")),
            ]),
            Block::Heading("Calibration: stated confidence against wins".to_owned()),
            Block::Bars(vec![
                bar("50-60 %", 6, 14, Tone::Plain),
                bar("60-70 %", 11, 19, Tone::Plain),
                bar("70-80 %", 10, 17, Tone::Plain),
                bar("80-90 %", 6, 11, Tone::Warn),
            ]),
            Block::Heading("Latest trades".to_owned()),
            Block::Table(Table {
                columns: vec![
                    column("at", "Closed", Align::Left, 0, 16, ""),
                    column("symbol", "Symbol", Align::Left, 0, 12, ""),
                    column("side", "Side", Align::Left, 2, 6, ""),
                    column("pnl", "P&L", Align::Right, 0, 12, ""),
                    column("conf", "Confidence", Align::Right, 1, 10, ""),
                ],
                rows: (0..14)
                    .map(|i| {
                        row(
                            &i.to_string(),
                            vec![
                                Cell::word(format!("10-{:02} 12:00", 31 - i)),
                                Cell::word(if i % 4 == 0 { "狗狗币" } else { "BTC" }),
                                Cell::word(if i % 2 == 0 { "long" } else { "short" }),
                                money(f64::from(i) * 7.5 - 30.0),
                                Cell::number("71 %", 71.0),
                            ],
                        )
                    })
                    .collect(),
            }),
        ],
    }
}

pub fn shared(screen: Screen) -> Arc<Screen> {
    Arc::new(screen)
}
