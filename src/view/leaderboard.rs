//! Tab 1: models by what they earned.

use crate::analytics::{Leaderboard, ModelRow};
use crate::board::Board;
use crate::domain::{Range, Timestamp};

use super::format::{self, Style, UNKNOWN, count};
use super::table::{Align, Block, Cell, Column, Empty, Line, Page, Row, Screen, Table, Tone};

const COLUMNS: [Column; 17] = [
    Column::new(
        "rank",
        "#",
        Align::Right,
        0,
        5,
        "place by total P&L within the currency; '-' under the minimum n",
    ),
    Column::new("model", "Model", Align::Left, 0, 28, "who made the trades"),
    Column::new(
        "currency",
        "Cur",
        Align::Left,
        0,
        6,
        "currency; different ones are never summed",
    ),
    Column::new(
        "total",
        "Total P&L",
        Align::Right,
        0,
        16,
        "sum of realized P&L, net of fees",
    ),
    Column::new(
        "win_rate",
        "Win (95%)",
        Align::Right,
        0,
        16,
        "wins over closed trades, with its Wilson interval",
    ),
    Column::new(
        "trades",
        "n",
        Align::Right,
        2,
        9,
        "closed trades with a known P&L",
    ),
    Column::new(
        "record",
        "W/L/flat",
        Align::Right,
        1,
        17,
        "wins, losses, flat trades",
    ),
    Column::new("average", "Avg", Align::Right, 1, 14, "mean P&L of a trade"),
    Column::new(
        "median",
        "Median",
        Align::Right,
        3,
        14,
        "median P&L of a trade",
    ),
    Column::new(
        "best",
        "Best",
        Align::Right,
        4,
        14,
        "largest P&L; the smallest loss when all lost",
    ),
    Column::new("worst", "Worst", Align::Right, 4, 14, "smallest P&L"),
    Column::new(
        "factor",
        "PF",
        Align::Right,
        5,
        10,
        "profit factor: gains over losses",
    ),
    Column::new(
        "drawdown",
        "Max DD",
        Align::Right,
        5,
        14,
        "deepest fall of the cumulative P&L",
    ),
    Column::new(
        "confidence",
        "Conf",
        Align::Right,
        6,
        7,
        "mean stated confidence",
    ),
    Column::new(
        "pearson",
        "r",
        Align::Right,
        6,
        7,
        "Pearson, confidence against P&L; from 10 trades on",
    ),
    Column::new("open", "Open", Align::Right, 7, 6, "positions open now"),
    Column::new("last", "Last", Align::Right, 2, 7, "since the last close"),
];

/// Trades under which a correlation is called "too few".
const MIN_CORRELATION_N: u32 = 10;

/// The leaderboard of a range. `with_ranks` also gives what costs a pass over every trade; without
/// it those figures say that they are on their way.
#[must_use]
pub fn screen(
    board: &Board,
    range: Range,
    as_of: Timestamp,
    style: Style,
    with_ranks: bool,
) -> Screen {
    let min_n = board.settings().min_rank_n;
    let leaderboard = Leaderboard::of(board.books(), &range.window(as_of), min_n, with_ranks);
    let rows = leaderboard
        .rows
        .iter()
        .map(|row| table_row(row, as_of, style))
        .collect();
    Screen {
        above: vec![Block::Text(vec![summary(&leaderboard, style)])],
        empty: leaderboard
            .rows
            .is_empty()
            .then(|| empty(&leaderboard, range, as_of)),
        notes: notes(&leaderboard, min_n),
        count: count(leaderboard.trades as usize, "trade"),
        table: Table {
            columns: COLUMNS.to_vec(),
            rows,
        },
        ..Screen::default()
    }
}

/// The identity of a row on the screen.
#[must_use]
pub fn row_key(row: &ModelRow) -> String {
    format!("{}/{}", row.key.model, row.key.currency)
}

fn summary(board: &Leaderboard, style: Style) -> Line {
    if board.trades == 0 {
        return Line::toned("no closed trade in this range", Tone::Dim);
    }
    let interval = crate::stats::wilson(board.wins, board.trades);
    let mut line = Line::toned(count(board.models, "model"), Tone::Strong)
        .and(
            format!("  {}  win ", count(board.trades as usize, "trade")),
            Tone::Plain,
        )
        .and(
            format::rate_with_interval(board.win_rate(), interval),
            Tone::Strong,
        )
        .and("  total ", Tone::Plain);
    for (i, (currency, total)) in board.totals.iter().enumerate() {
        line = line.and(if i > 0 { "  " } else { "" }, Tone::Plain).and(
            format!("{} {currency}", format::signed_money(*total, style)),
            format::tone_of(*total),
        );
    }
    line
}

fn table_row(row: &ModelRow, as_of: Timestamp, style: Style) -> Row {
    let s = &row.summary;
    let n = s.trades();
    let ranked = row.ranked.as_ref();
    let waiting = || Cell::unknown("...");
    let money = |value: Option<f64>| format::money_cell(value, style);
    let cells = vec![
        row.rank.map_or_else(
            || Cell::unknown(UNKNOWN),
            |rank| Cell::number(rank.to_string(), f64::from(rank)),
        ),
        Cell::word(row.key.model.clone()).toned(Tone::Strong),
        Cell::word(row.key.currency.clone()).toned(Tone::Dim),
        money((n > 0).then(|| s.total_pnl())),
        row.win_rate().map_or_else(
            || Cell::unknown(UNKNOWN),
            |rate| {
                let text = format::rate_with_interval(Some(rate), row.win_rate_interval);
                let cell = Cell::number(text, rate);
                // Under five trades a rate is hardly one.
                if n < 5 { cell.toned(Tone::Dim) } else { cell }
            },
        ),
        Cell::number(n.to_string(), f64::from(n)),
        Cell::word(format!("{}/{}/{}", s.wins, s.losses, s.flat)).toned(Tone::Dim),
        money(s.average_pnl()),
        ranked.map_or_else(waiting, |r| money(r.median_pnl)),
        money(s.best()),
        money(s.worst()),
        s.profit_factor().map_or_else(
            || Cell::unknown(if n > 0 { "no losses" } else { UNKNOWN }),
            |factor| Cell::number(format!("{factor:.2}"), factor),
        ),
        money(s.max_drawdown()),
        s.confidence.mean().map_or_else(
            || Cell::unknown(UNKNOWN),
            |mean| Cell::number(format!("{:.0}%", mean * 100.0), mean),
        ),
        pearson_cell(row),
        Cell::number(row.open.to_string(), f64::from(row.open)),
        s.last_closed_at().map_or_else(
            || Cell::unknown(UNKNOWN),
            |at| {
                let since = as_of.since(at);
                Cell::number(format::age(since), since.as_seconds()).toned(Tone::Dim)
            },
        ),
    ];
    Row {
        key: row_key(row),
        cells,
        dim: row.rank.is_none(),
        copy: row.key.model.clone(),
    }
}

fn pearson_cell(row: &ModelRow) -> Cell {
    let c = &row.summary.confidence;
    match row.pearson() {
        _ if c.n == 0 => Cell::unknown(UNKNOWN),
        _ if c.is_constant() => Cell::unknown("const"),
        _ if c.n < MIN_CORRELATION_N => Cell::unknown("few"),
        Some(r) => Cell::number(format::correlation(r.r), r.r),
        None => Cell::unknown(UNKNOWN),
    }
}

fn notes(board: &Leaderboard, min_n: u32) -> Vec<Line> {
    let mut notes = Vec::new();
    let below = board.rows.iter().filter(|r| r.rank.is_none()).count();
    if below > 0 {
        notes.push(Line::toned(
            format!("{below} listed without a place: fewer than {min_n} trades in this range"),
            Tone::Dim,
        ));
    }
    let unknown: u32 = board.rows.iter().map(|r| r.summary.unknown).sum();
    if unknown > 0 {
        notes.push(Line::toned(
            format!("{unknown} closed trades of unknown P&L are not counted"),
            Tone::Warn,
        ));
    }
    notes
}

fn empty(board: &Leaderboard, range: Range, as_of: Timestamp) -> Empty {
    match board.newest_close {
        Some(newest) => Empty::out_of_range("no trade closed", range, as_of, newest),
        None => Empty::say(
            "no trades yet",
            &[
                "callboard import trades FILE.csv   brings a file in",
                "callboard record trade             takes one from a bot",
                "callboard --demo                   shows a simulated market",
            ],
        ),
    }
}

/// Everything known of one model over a range.
#[must_use]
pub fn page(
    board: &Board,
    range: Range,
    as_of: Timestamp,
    style: Style,
    key: &str,
) -> Option<Page> {
    let window = range.window(as_of);
    let all = Leaderboard::of(board.books(), &window, board.settings().min_rank_n, true);
    let row = all.rows.iter().find(|r| row_key(r) == key)?;
    Some(Page {
        title: format!(
            "{} in {} - {}",
            row.key.model,
            row.key.currency,
            range.label()
        ),
        blocks: figures(row, as_of, style, board.settings().min_rank_n),
    })
}

fn figures(row: &ModelRow, as_of: Timestamp, style: Style, min_n: u32) -> Vec<Block> {
    let s = &row.summary;
    let n = s.trades();
    let money = |value: Option<f64>| {
        value.map_or_else(
            || Line::toned(UNKNOWN, Tone::Dim),
            |v| Line::toned(format::signed_money(v, style), format::tone_of(v)),
        )
    };
    let amount = |value: Option<f64>| {
        value.map_or_else(
            || Line::toned("unknown", Tone::Dim),
            |v| Line::plain(format::signed_money(v, style).replace('+', "")),
        )
    };
    let pair = |label: &str, line: Line| (label.to_owned(), line);
    let place = row.rank.map_or_else(
        || Line::toned(format!("none: n={n} of {min_n}"), Tone::Dim),
        |rank| Line::plain(format!("{rank} by total P&L in {}", row.key.currency)),
    );
    let mut results = vec![
        pair("place", place),
        pair(
            "trades",
            Line::plain(format!(
                "{n} closed: {} won, {} lost, {} flat",
                s.wins, s.losses, s.flat
            )),
        ),
        pair(
            "win rate",
            Line::plain(format::rate_with_interval(
                row.win_rate(),
                row.win_rate_interval,
            ))
            .and("  95 % Wilson", Tone::Dim),
        ),
        pair("total P&L", money((n > 0).then(|| s.total_pnl()))),
        pair("average", money(s.average_pnl())),
        pair("median", money(row.ranked.and_then(|r| r.median_pnl))),
        pair("best", money(s.best())),
        pair("worst", money(s.worst())),
        pair("max drawdown", money(s.max_drawdown())),
        pair(
            "profit factor",
            s.profit_factor().map_or_else(
                || Line::toned(format!("no losses (n={n})"), Tone::Dim),
                |f| Line::plain(format!("{f:.2}")),
            ),
        ),
        pair("fees paid", amount(s.fees())),
        pair(
            "model cost",
            amount(s.costs()).and("  not part of the P&L", Tone::Dim),
        ),
        pair("open now", Line::plain(row.open.to_string())),
    ];
    if s.unknown > 0 {
        results.push(pair(
            "unknown P&L",
            Line::toned(
                format!("{} closed trades, not counted", s.unknown),
                Tone::Warn,
            ),
        ));
    }
    if let Some(last) = s.last_closed_at() {
        results.push(pair(
            "last close",
            Line::plain(format!(
                "{} UTC, {} ago",
                last.minute_label(),
                format::age(as_of.since(last))
            )),
        ));
    }
    vec![
        Block::Heading("Results".to_owned()),
        Block::Pairs(results),
        Block::Heading("Confidence".to_owned()),
        Block::Pairs(confidence(row)),
    ]
}

fn confidence(row: &ModelRow) -> Vec<(String, Line)> {
    let c = &row.summary.confidence;
    let pair = |label: &str, line: Line| (label.to_owned(), line);
    let mut pairs = vec![pair("verdict", Line::plain(confidence_verdict(row)))];
    if c.n == 0 {
        return pairs;
    }
    pairs.push(pair(
        "stated in",
        Line::plain(format!("{} of {} trades", c.n, row.summary.trades())),
    ));
    if let Some(mean) = c.mean() {
        pairs.push(pair("mean", Line::plain(format::rate(mean))));
    }
    if c.n < 3 {
        return pairs;
    }
    let r = |r: Option<crate::stats::Correlation>| {
        r.map_or_else(
            || Line::toned("not defined: it never varies", Tone::Dim),
            |c| {
                let p =
                    c.p.map_or_else(String::new, |p| format!("  p {}", format::p_value(p)));
                let few = if c.n < MIN_CORRELATION_N as usize {
                    "  too few to say"
                } else {
                    ""
                };
                Line::plain(format::correlation(c.r))
                    .and(p, Tone::Dim)
                    .and(few, Tone::Warn)
            },
        )
    };
    pairs.push(pair("Pearson", r(row.pearson())));
    if let Some(ranked) = row.ranked {
        pairs.push(pair("Spearman", r(ranked.spearman)));
        if let Some(auc) = ranked.auc {
            pairs.push(pair(
                "AUC",
                Line::plain(format!("{auc:.2}")).and("  0.5 is a coin flip", Tone::Dim),
            ));
        }
    }
    if let Some(brier) = c.brier() {
        pairs.push(pair(
            "Brier",
            Line::plain(format!("{brier:.3}")).and("  0 is perfect, 0.25 a coin flip", Tone::Dim),
        ));
    }
    pairs
}

/// What the stated confidence is worth, in one line.
#[must_use]
pub fn confidence_verdict(row: &ModelRow) -> String {
    let c = &row.summary.confidence;
    if c.n == 0 {
        return "no trade stated one".to_owned();
    }
    if c.is_constant() {
        return "always the same: it tells nothing".to_owned();
    }
    if c.n < MIN_CORRELATION_N {
        return format!("too few to say: {} of {MIN_CORRELATION_N} trades", c.n);
    }
    match row.ranked.and_then(|r| r.spearman) {
        Some(rho) => match (rho.r, rho.p) {
            (r, Some(p)) if p < 0.05 && r > 0.0 => {
                format!(
                    "higher confidence, better results (Spearman {r:+.2}, p {})",
                    format::p_value(p)
                )
            }
            (r, Some(p)) if p < 0.05 => {
                format!(
                    "higher confidence, worse results (Spearman {r:+.2}, p {})",
                    format::p_value(p)
                )
            }
            (r, _) => format!("tells nothing yet (Spearman {r:+.2})"),
        },
        None => "not defined: results never vary".to_owned(),
    }
}
