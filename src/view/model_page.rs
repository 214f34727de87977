//! The page of one model: what it earned, how, and what its confidence is worth.

use crate::analytics::{DeepCache, Leaderboard, ModelRow, Point, TradeFigures};
use crate::board::Board;
use crate::domain::{Range, Side, Span, Timestamp};
use crate::stats;
use crate::store::ModelTrades;

use super::chart::{Chart, STEPS};
use super::confidence;
use super::format::{self, Style, UNKNOWN};
use super::leaderboard::{MIN_SHARPE_N, places, row_key};
use super::model_trades::of_store;
use super::table::{Align, Bar, Block, Cell, Column, Line, Page, Row, Table, Tone};

/// Everything known of one model in one currency over a range. `trades` are what the store says
/// of its trades one by one; `None` while they are being read. Without the row: `None`. Nothing
/// when `stop` said so.
#[must_use]
#[allow(
    clippy::too_many_arguments,
    reason = "the place of a page in board, time and store"
)]
pub fn page(
    board: &Board,
    range: Range,
    as_of: Timestamp,
    style: Style,
    key: &str,
    trades: Option<&ModelTrades>,
    cache: &mut DeepCache,
    stop: &dyn Fn() -> bool,
) -> Option<Page> {
    let window = range.window(as_of);
    let mut all = Leaderboard::of(board.books(), &window, board.settings().min_rank_n);
    all.deepen(board.books(), &window, cache, stop);
    let row = all.rows.iter().find(|r| row_key(r) == key)?;
    let (_, book) = board.books().find(|(k, _)| **k == row.key)?;
    let points = book.points(&window);
    let figures = cache.of_trades(book, &window);
    let mut blocks = blocks(
        row,
        points,
        &figures,
        as_of,
        style,
        board.settings().min_rank_n,
    );
    blocks.extend(of_store(trades, points.len(), style));
    Some(Page {
        title: format!(
            "{} in {} - {}",
            row.key.model,
            row.key.currency,
            range.label()
        ),
        blocks,
    })
}

/// What can be said of a model without asking the store.
#[must_use]
pub fn blocks(
    row: &ModelRow,
    points: &[Point],
    figures: &TradeFigures,
    as_of: Timestamp,
    style: Style,
    min_n: u32,
) -> Vec<Block> {
    let mut blocks = vec![
        Block::Heading("Results".to_owned()),
        Block::Pairs(results(row, figures, as_of, style, min_n)),
    ];
    if let Some(chart) = equity(points, style) {
        blocks.push(Block::Heading(
            "Cumulative P&L, falls from its high shaded".to_owned(),
        ));
        blocks.push(Block::Chart(chart));
    }
    blocks.push(Block::Heading("Confidence".to_owned()));
    blocks.push(Block::Pairs(confidence::pairs(&row.summary, figures)));
    blocks.extend(confidence::reliability(&figures.bins));
    blocks.extend(distribution(points, style));
    blocks.push(Block::Heading("By side and hold time".to_owned()));
    blocks.push(Block::Table(groups(points, style)));
    blocks
}

fn pair(label: &str, line: Line) -> (String, Line) {
    (label.to_owned(), line)
}

fn signed(value: Option<f64>, style: Style) -> Line {
    value.map_or_else(
        || Line::toned(UNKNOWN, Tone::Dim),
        |v| Line::toned(format::signed_money(v, style), format::tone_of(v)),
    )
}

#[allow(clippy::too_many_lines, reason = "one list, from top to bottom")]
fn results(
    row: &ModelRow,
    figures: &TradeFigures,
    as_of: Timestamp,
    style: Style,
    min_n: u32,
) -> Vec<(String, Line)> {
    let s = &row.summary;
    let n = s.trades();
    let money = |value: Option<f64>| signed(value, style);
    let amount = |value: Option<f64>| {
        value.map_or_else(
            || Line::toned("unknown", Tone::Dim),
            |v| Line::plain(format::money(v, style)),
        )
    };
    let place = row.rank.map_or_else(
        || Line::toned(format!("none: n={n} of {min_n}"), Tone::Dim),
        |rank| {
            let sure = places(row).filter(|p| *p != rank.to_string());
            let best = row.deep.as_ref().and_then(|d| d.place?.best);
            Line::plain(format!("{rank} by total P&L in {}", row.key.currency)).and(
                match (sure, best) {
                    (Some(sure), Some(best)) => format!(
                        "  it may be {sure} (95 %); best of all: {}",
                        format::probability(best)
                    ),
                    (None, Some(best)) => format!("  best of all: {}", format::probability(best)),
                    (Some(_), None) => "  any is possible: too few days".to_owned(),
                    (None, None) => String::new(),
                },
                Tone::Dim,
            )
        },
    );
    let shrunk = row.deep.as_ref().and_then(|d| d.shrunk);
    let mut pairs = vec![
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
        pair(
            "  shrunk",
            shrunk.map_or_else(
                || Line::toned(UNKNOWN, Tone::Dim),
                |s| {
                    Line::plain(format::rate_with_interval(Some(s.rate), Some(s.interval)))
                        .and("  drawn towards what is usual here", Tone::Dim)
                },
            ),
        ),
        pair("total P&L", money((n > 0).then(|| s.total_pnl()))),
        pair(
            "average",
            money(s.average_pnl()).and("  expectancy of a trade", Tone::Dim),
        ),
        pair("median", money(figures.median_pnl)),
        pair(
            "win / loss",
            money(s.average_win())
                .and(" / ", Tone::Dim)
                .and(
                    s.average_loss()
                        .map_or_else(|| UNKNOWN.to_owned(), |v| format::signed_money(v, style)),
                    Tone::Bad,
                )
                .and(
                    s.expectancy_ratio()
                        .map_or_else(String::new, |e| format!("  {e:+.2} of a loss a trade")),
                    Tone::Dim,
                ),
        ),
        pair("best", money(s.best())),
        pair("worst", money(s.worst())),
        pair("max drawdown", drawdown(row, style)),
        pair(
            "profit factor",
            match s.profit_factor() {
                Some(f) => Line::plain(format!("{f:.2}")),
                None if n > 0 => Line::toned(format!("no losses (n={n})"), Tone::Dim),
                None => Line::toned(UNKNOWN, Tone::Dim),
            },
        ),
        pair("Sharpe", sharpe(row)),
        pair(
            "streaks",
            Line::plain(format!(
                "{} won, {} lost at most in a row",
                s.streaks().longest_win(),
                s.streaks().longest_loss()
            ))
            .and(
                match s.streaks().present() {
                    0 => String::new(),
                    run if run > 0 => format!("  now {run} won"),
                    run => format!("  now {} lost", -run),
                },
                Tone::Dim,
            ),
        ),
        pair("held", held(s.held_winners(), s.held_losers())),
        pair(
            "fees paid",
            amount(s.fees()).and("  off the P&L already", Tone::Dim),
        ),
        pair("model cost", cost(row, style)),
        pair("open now", Line::plain(row.open.to_string())),
    ];
    if s.unknown > 0 {
        let text = format!("{} closed trades, not counted", s.unknown);
        pairs.push(pair("unknown P&L", Line::toned(text, Tone::Warn)));
    }
    if let Some(last) = s.last_closed_at() {
        let ago = format::age(as_of.since(last));
        let text = format!("{}, {ago} ago", style.zone.moment(last));
        pairs.push(pair("last close", Line::plain(text)));
    }
    pairs
}

fn drawdown(row: &ModelRow, style: Style) -> Line {
    let Some(found) = row.summary.drawdown() else {
        return Line::toned(UNKNOWN, Tone::Dim);
    };
    let (line, zone) = (signed(Some(found.depth), style), style.zone);
    match (found.from, found.to) {
        (Some(from), Some(to)) => line.and(
            format!("  {} to {}", zone.minute(from), zone.moment(to)),
            Tone::Dim,
        ),
        (None, Some(to)) => line.and(
            format!("  from the start to {}", zone.moment(to)),
            Tone::Dim,
        ),
        _ => line.and("  it never fell", Tone::Dim),
    }
}

fn sharpe(row: &ModelRow) -> Line {
    let n = row.summary.trades();
    match row.summary.sharpe() {
        _ if n < MIN_SHARPE_N => {
            Line::toned(format!("too few trades: {n} of {MIN_SHARPE_N}"), Tone::Dim)
        }
        None => Line::toned("not defined: the P&L never varies", Tone::Dim),
        Some(s) => {
            let error = s.error.map_or_else(String::new, |e| format!(" +- {e:.2}"));
            let sure = s.above_zero.map_or_else(String::new, |p| {
                format!("  above 0 with {}", format::probability(p))
            });
            Line::plain(format!("{:+.2}{error} per trade", s.ratio)).and(sure, Tone::Dim)
        }
    }
}

fn held(winners: Option<f64>, losers: Option<f64>) -> Line {
    let words = |seconds: Option<f64>| {
        seconds.map_or_else(|| "unknown".to_owned(), |s| format::age(format::seconds(s)))
    };
    Line::plain(format!(
        "winners {}, losers {}",
        words(winners),
        words(losers)
    ))
    .and("  on average", Tone::Dim)
}

fn cost(row: &ModelRow, style: Style) -> Line {
    let s = &row.summary;
    let (Some(cost), Some(net)) = (s.costs(), s.net_of_cost()) else {
        return Line::toned("unknown", Tone::Dim).and("  not part of the P&L", Tone::Dim);
    };
    let closed = s.trades() + s.unknown;
    let known = if s.costed < closed {
        format!("  (known for {} of {closed} trades)", s.costed)
    } else {
        String::new()
    };
    Line::plain(format::money(cost, style))
        .and("  what is left: ", Tone::Dim)
        .and(format::signed_money(net, style), format::tone_of(net))
        .and(known, Tone::Warn)
}

/// The cumulative P&L in steps of equal time.
fn equity(points: &[Point], style: Style) -> Option<Chart> {
    let (first, last) = (points.first()?.closed_at(), points.last()?.closed_at());
    let span = last.since(first).millis();
    if points.len() < 2 || span <= 0 {
        return None;
    }
    let (mut level, mut peak) = (stats::CompensatedSum::new(), 0.0f64);
    let mut steps = Vec::with_capacity(STEPS);
    let mut next = 0;
    for step in 1..=STEPS {
        let end = first.millis() + (i128::from(span) * step as i128 / STEPS as i128) as i64;
        while let Some(point) = points.get(next).filter(|p| p.closed_at().millis() <= end) {
            level.add(point.pnl().unwrap_or(0.0));
            next += 1;
            // Only the last trade of an instant is a point of the curve.
            let same = points.get(next).map(Point::closed_at) == Some(point.closed_at());
            if !same {
                peak = peak.max(level.value());
            }
        }
        steps.push((level.value(), peak));
    }
    Some(Chart {
        steps,
        from: style.zone.minute(first),
        to: style.zone.minute(last),
        style,
    })
}

/// Bars of the P&L of single trades: even steps with 0 between two, the tails in one bar each.
fn distribution(points: &[Point], style: Style) -> Vec<Block> {
    let mut pnl: Vec<f64> = points.iter().filter_map(Point::pnl).collect();
    pnl.sort_by(f64::total_cmp);
    let (Some(low), Some(high)) = (stats::quantile(&pnl, 0.05), stats::quantile(&pnl, 0.95)) else {
        return Vec::new();
    };
    if pnl.len() < 5 || low >= high {
        return Vec::new();
    }
    let step = nice((high.max(0.0) - low.min(0.0)) / 7.0);
    if !(step.is_finite() && step > 0.0) {
        return Vec::new();
    }
    let (from, to) = ((low / step).floor().min(0.0), (high / step).ceil().max(0.0));
    let n = pnl.len();
    let bin_of = |v: f64| (v / step).floor().clamp(from - 1.0, to);
    let mut counts = vec![0usize; (to - from) as usize + 2];
    for value in &pnl {
        if let Some(count) = counts.get_mut((bin_of(*value) - (from - 1.0)) as usize) {
            *count += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let words = |v: f64| format::signed_money(v, style);
    let bars: Vec<Bar> = counts
        .iter()
        .enumerate()
        .filter(|(i, count)| **count > 0 || (*i > 0 && *i + 1 < counts.len()))
        .map(|(i, count)| {
            let start = (from - 1.0 + i as f64) * step;
            let label = if i == 0 {
                format!("below {}", words(start + step))
            } else if i + 1 == counts.len() {
                format!("{} and up", words(start))
            } else {
                format!("{} to {}", words(start), words(start + step))
            };
            Bar {
                label,
                figures: format!("{count}, {}", format::rate(*count as f64 / n as f64)),
                fraction: *count as f64 / most as f64,
                interval: None,
                tone: if start < 0.0 { Tone::Down } else { Tone::Up },
            }
        })
        .collect();
    vec![
        Block::Heading("P&L of its trades".to_owned()),
        Block::Bars(bars),
    ]
}

/// A step of 1, 2 or 5 times a power of ten, not below a size.
fn nice(size: f64) -> f64 {
    let unit = 10f64.powf(size.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|f| f * unit)
        .find(|step| *step >= size)
        .unwrap_or(10.0 * unit)
}

/// Results of a part of the trades.
#[derive(Default)]
struct Group {
    n: u64,
    wins: u64,
    total: stats::CompensatedSum,
}

impl Group {
    fn of<'a>(points: impl Iterator<Item = &'a Point>) -> Self {
        let mut group = Self::default();
        for pnl in points.filter_map(Point::pnl) {
            group.n += 1;
            group.wins += u64::from(pnl > 0.0);
            group.total.add(pnl);
        }
        group
    }
}

const HOLDS: [(&str, Span); 6] = [
    ("under 5 min", Span::minutes(5)),
    ("5 to 30 min", Span::minutes(30)),
    ("30 min to 2 h", Span::hours(2)),
    ("2 to 8 h", Span::hours(8)),
    ("8 to 24 h", Span::hours(24)),
    ("1 to 7 days", Span::days(7)),
];

fn groups(points: &[Point], style: Style) -> Table {
    let mut rows = Vec::new();
    let mut add = |name: &str, keep: &dyn Fn(&Point) -> bool| {
        let group = Group::of(points.iter().filter(|p| keep(p)));
        if group.n > 0 {
            rows.push(group_row(
                name,
                group.n,
                group.wins,
                group.total.value(),
                style,
            ));
        }
    };
    add("long", &|p| p.side() == Some(Side::Long));
    add("short", &|p| p.side() == Some(Side::Short));
    add("side unknown", &|p| p.side().is_none());
    let mut from = Span::from_millis(0);
    for (name, to) in HOLDS {
        add(name, &|p| p.held().is_some_and(|h| from <= h && h < to));
        from = to;
    }
    add("over 7 days", &|p| p.held().is_some_and(|h| h >= from));
    add("hold unknown", &|p| p.held().is_none());
    Table {
        columns: group_columns(""),
        rows: rows.into(),
    }
}

pub(super) fn group_columns(what: &'static str) -> Vec<Column> {
    let number = |key, title, help| Column::new(key, title, Align::Right, 0, 16, help);
    vec![
        Column::new("group", what, Align::Left, 0, 20, "which trades"),
        number("n", "n", "closed trades with a known P&L"),
        number(
            "win",
            "Win (95%)",
            "wins over trades, with its Wilson interval",
        ),
        number("total", "Total P&L", "sum of P&L"),
        number("average", "Avg", "mean P&L"),
    ]
}

pub(super) fn group_row(name: &str, n: u64, wins: u64, total: f64, style: Style) -> Row {
    let rate = wins as f64 / n.max(1) as f64;
    let win = format::rate_with_interval((n > 0).then_some(rate), stats::wilson(wins, n));
    let win = Cell::number(win, rate);
    Row {
        key: name.to_owned(),
        cells: vec![
            Cell::word(name),
            Cell::number(n.to_string(), n as f64),
            // Under five trades a rate is hardly one.
            if n < 5 { win.toned(Tone::Dim) } else { win },
            format::money_cell(Some(total), style),
            format::money_cell((n > 0).then(|| total / n as f64), style),
        ],
        dim: false,
        copy: name.to_owned(),
    }
}
