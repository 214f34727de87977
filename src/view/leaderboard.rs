//! Tab 1: models by what they earned.

use std::collections::BTreeMap;

use crate::analytics::{BookKey, DeepCache, Field, Leaderboard, ModelRow, Summary, TradeFigures};
use crate::board::Board;
use crate::domain::{Range, Span, Timestamp};
use crate::stats::bootstrap::{ENOUGH_DAYS, MIN_DAYS};
use crate::stats::{Correlation, Sharpe};

use super::format::{self, Style, UNKNOWN, count};
use super::table::{Align, Block, Cell, Column, Empty, Line, Row, Screen, Table, Tone};

const fn number(
    key: &'static str,
    title: &'static str,
    priority: u8,
    widest: u16,
    help: &'static str,
) -> Column {
    Column::new(key, title, Align::Right, priority, widest, help)
}

const fn word(key: &'static str, title: &'static str, widest: u16, help: &'static str) -> Column {
    Column::new(key, title, Align::Left, 0, widest, help)
}

#[rustfmt::skip]
const COLUMNS: [Column; 32] = [
    number("rank", "#", 0, 7, "place by total P&L within the currency, with the places it may as well have (95 %, days drawn again); '-' under the minimum n"),
    word("model", "Model", 28, "who made the trades"),
    word("currency", "Cur", 6, "currency; different ones are never summed"),
    number("total", "Total P&L", 0, 16, "sum of realized P&L, net of fees"),
    number("win_rate", "Win (95%)", 0, 16, "wins over closed trades, with its Wilson interval"),
    number("p_best", "P(best)", 1, 13, "how likely the model is the best of its currency, from days drawn again; under the minimum n: of how many"),
    number("trades", "n", 2, 9, "closed trades with a known P&L"),
    number("record", "W/L/flat", 3, 17, "wins, losses, flat trades"),
    number("average", "Avg", 1, 14, "mean P&L of a trade: what it is expected to earn"),
    number("median", "Median", 4, 14, "median P&L of a trade"),
    number("shrunk", "Win*", 4, 7, "win rate drawn towards what is usual here: few trades count little"),
    number("best", "Best", 6, 14, "largest P&L; the smallest loss when all lost"),
    number("worst", "Worst", 6, 14, "smallest P&L"),
    number("factor", "PF", 5, 16, "profit factor: gains over losses"),
    number("expectancy", "Exp", 7, 7, "expectancy: average P&L in units of the average loss"),
    number("drawdown", "Max DD", 5, 14, "deepest fall of the cumulative P&L"),
    number("sharpe", "Sharpe", 6, 7, "mean over standard deviation of a trade's P&L, not annualised; from 20 trades on"),
    number("sharpe_sure", "P(S>0)", 8, 7, "probabilistic Sharpe: how likely the true one is above 0"),
    number("confidence", "Conf", 7, 7, "mean stated confidence"),
    number("auc", "AUC", 6, 16, "how often a won trade had the higher confidence than one not won; 0.5 is a coin flip"),
    number("pearson", "r", 8, 7, "Pearson, confidence against P&L; from 10 trades on"),
    number("spearman", "rho", 9, 7, "Spearman, confidence against P&L; from 10 trades on"),
    number("long", "Long", 9, 14, "P&L of long trades"),
    number("short", "Short", 9, 14, "P&L of short trades"),
    number("held_winners", "HoldW", 10, 7, "average hold of winners"),
    number("held_losers", "HoldL", 10, 7, "average hold of losers"),
    number("streak", "Streak", 10, 9, "longest run of wins and of losses"),
    number("fees", "Fees", 11, 14, "fees paid; the P&L is net of them"),
    number("cost", "Cost", 11, 14, "what asking the model cost; not part of the P&L"),
    number("net", "Net", 10, 14, "P&L after what asking the model cost"),
    number("open", "Open", 8, 6, "positions open now"),
    number("last", "Last", 2, 7, "since the last close"),
];

/// Trades under which a correlation is called "too few".
const MIN_CORRELATION_N: u32 = 10;
/// Trades under which a Sharpe ratio is (`statistics.md` 3.2).
pub(super) const MIN_SHARPE_N: u32 = 20;

/// The leaderboard of a range with everything on it.
#[must_use]
pub fn screen(board: &Board, range: Range, as_of: Timestamp, style: Style) -> Screen {
    let min_n = board.settings().min_rank_n;
    let found = Leaderboard::whole(board.books(), &range.window(as_of), min_n);
    screen_of(&found, board, range, as_of, style)
}

/// The leaderboard of a range without what costs more than a few merges: those figures say that
/// they are on their way.
#[must_use]
pub fn quick(board: &Board, range: Range, as_of: Timestamp, style: Style) -> Screen {
    let min_n = board.settings().min_rank_n;
    let found = Leaderboard::of(board.books(), &range.window(as_of), min_n);
    Screen {
        partial: true,
        ..screen_of(&found, board, range, as_of, style)
    }
}

/// The leaderboard of a range with everything on it; what the cache knows of the same trades is
/// not computed again. `None` when `stop` said so.
#[must_use]
pub fn deep(
    board: &Board,
    range: Range,
    as_of: Timestamp,
    style: Style,
    cache: &mut DeepCache,
    stop: &dyn Fn() -> bool,
) -> Option<Screen> {
    let window = range.window(as_of);
    let mut found = Leaderboard::of(board.books(), &window, board.settings().min_rank_n);
    found
        .deepen(board.books(), &window, cache, stop)
        .then(|| screen_of(&found, board, range, as_of, style))
}

/// A leaderboard as a screen.
#[must_use]
pub fn screen_of(
    found: &Leaderboard,
    board: &Board,
    range: Range,
    as_of: Timestamp,
    style: Style,
) -> Screen {
    let min_n = board.settings().min_rank_n;
    let rows = found.rows.iter();
    let mut ranked: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows.clone().filter(|r| r.rank.is_some()) {
        *ranked.entry(row.key.currency.as_str()).or_default() += 1;
    }
    Screen {
        above: vec![Block::Text(vec![summary(found, style)])],
        empty: found.rows.is_empty().then(|| empty(found, range, as_of)),
        notes: notes(found, min_n),
        count: count(found.trades as usize, "trade"),
        table: Table {
            columns: COLUMNS.to_vec(),
            rows: rows
                .map(|row| {
                    let alone = ranked.get(row.key.currency.as_str()) == Some(&1);
                    table_row(row, alone, min_n, as_of, style)
                })
                .collect(),
        },
        as_of: style.zone.moment(as_of),
        ..Screen::default()
    }
}

/// The identity of a row on the screen.
#[must_use]
pub fn row_key(row: &ModelRow) -> String {
    book_row_key(&row.key)
}

/// The identity of a book's row on the screen.
#[must_use]
pub fn book_row_key(key: &BookKey) -> String {
    format!("{}/{}", key.model, key.currency)
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

fn table_row(row: &ModelRow, alone: bool, min_n: u32, as_of: Timestamp, style: Style) -> Row {
    let s = &row.summary;
    let n = s.trades();
    let deep = row.deep.as_ref();
    let waiting = || Cell::unknown("...");
    let money = |value: Option<f64>| format::money_cell(value, style);
    let plain = |value: Option<f64>| {
        value.map_or_else(
            || Cell::unknown(UNKNOWN),
            |v| Cell::number(format::money(v, style), v).toned(Tone::Dim),
        )
    };
    let share = |value: Option<f64>| {
        value.map_or_else(
            || Cell::unknown(UNKNOWN),
            |v| Cell::number(format::probability(v), v),
        )
    };
    let cells = vec![
        rank_cell(row),
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
        best_cell(row, alone, min_n),
        Cell::number(n.to_string(), f64::from(n)),
        // By the wins: the words in between have no order.
        Cell::number(
            format!("{}/{}/{}", s.wins, s.losses, s.flat),
            f64::from(s.wins),
        )
        .toned(Tone::Dim),
        money(s.average_pnl()),
        deep.map_or_else(waiting, |d| money(d.figures.median_pnl)),
        deep.map_or_else(waiting, |d| share(d.shrunk.map(|s| s.rate))),
        money(s.best()),
        money(s.worst()),
        factor_cell(s),
        s.expectancy_ratio().map_or_else(
            || Cell::unknown(UNKNOWN),
            |e| Cell::number(format!("{e:+.2}"), e).toned(format::tone_of(e)),
        ),
        money(s.max_drawdown()),
        sharpe_cell(s, |sharpe| Some(sharpe.ratio), |v| format!("{v:+.2}")),
        sharpe_cell(s, |sharpe| sharpe.above_zero, format::probability),
        share(s.confidence.mean()),
        deep.map_or_else(waiting, |d| auc_cell(s, &d.figures)),
        correlation_cell(s, row.pearson()),
        deep.map_or_else(waiting, |d| correlation_cell(s, d.figures.spearman)),
        money(s.long.total_pnl()),
        money(s.short.total_pnl()),
        span_cell(s.held_winners().map(format::seconds)),
        span_cell(s.held_losers().map(format::seconds)),
        Cell::number(
            format!(
                "{}/{}",
                s.streaks().longest_win(),
                s.streaks().longest_loss()
            ),
            f64::from(s.streaks().longest_win()),
        )
        .toned(Tone::Dim),
        plain(s.fees()),
        plain(s.costs()),
        money(s.net_of_cost()),
        Cell::number(row.open.to_string(), f64::from(row.open)),
        span_cell(s.last_closed_at().map(|at| as_of.since(at))),
    ];
    Row {
        key: row_key(row),
        cells,
        dim: row.rank.is_none(),
        copy: row.key.model.clone(),
    }
}

/// The places a model may have: "1-3", or "2" when that is all there is to say.
#[must_use]
pub fn places(row: &ModelRow) -> Option<String> {
    let rank = row.rank?;
    let place = row.deep.as_ref().and_then(|d| d.place);
    Some(match place {
        Some(p) if p.low < p.high => format!("{}-{}", p.low, p.high),
        _ => rank.to_string(),
    })
}

fn rank_cell(row: &ModelRow) -> Cell {
    match (places(row), row.rank) {
        (Some(text), Some(rank)) => Cell::number(text, f64::from(rank)),
        _ => Cell::unknown(UNKNOWN),
    }
}

/// How likely the model is the best; why that is not said.
fn best_cell(row: &ModelRow, alone: bool, min_n: u32) -> Cell {
    let n = row.summary.trades();
    if row.rank.is_none() {
        return Cell::unknown(format!("n={n} of {min_n}"));
    }
    match &row.deep {
        None => Cell::unknown("..."),
        // The best of one is no news.
        Some(_) if alone => Cell::unknown("alone"),
        Some(deep) => match deep.place.and_then(|p| p.best) {
            Some(p) => Cell::number(format::probability(p), p),
            None => Cell::unknown("few days"),
        },
    }
}

fn span_cell(span: Option<Span>) -> Cell {
    span.map_or_else(
        || Cell::unknown(UNKNOWN),
        |span| Cell::number(format::age(span), span.as_seconds()).toned(Tone::Dim),
    )
}

fn factor_cell(s: &Summary) -> Cell {
    match s.profit_factor() {
        Some(factor) => Cell::number(format!("{factor:.2}"), factor),
        None if s.trades() > 0 => Cell::unknown(format!("no losses (n={})", s.trades())),
        None => Cell::unknown(UNKNOWN),
    }
}

fn sharpe_cell(
    s: &Summary,
    figure: impl Fn(&Sharpe) -> Option<f64>,
    words: impl Fn(f64) -> String,
) -> Cell {
    let few = s.trades() > 0 && s.trades() < MIN_SHARPE_N;
    match s.sharpe().and_then(|sharpe| figure(&sharpe)) {
        _ if few => Cell::unknown("few"),
        Some(value) => Cell::number(words(value), value),
        None if s.trades() > 0 => Cell::unknown("const"),
        None => Cell::unknown(UNKNOWN),
    }
}

fn auc_cell(s: &Summary, figures: &TradeFigures) -> Cell {
    let c = &s.confidence;
    match figures.auc {
        Some(auc) => Cell::number(super::confidence::auc(&auc), auc.value),
        None if c.n == 0 => Cell::unknown(UNKNOWN),
        None if c.is_constant() => Cell::unknown("const"),
        None => Cell::unknown("few"),
    }
}

fn correlation_cell(s: &Summary, r: Option<Correlation>) -> Cell {
    let c = &s.confidence;
    match r {
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
    notes.extend(board.fields.iter().filter_map(days_note));
    let unknown: u32 = board.rows.iter().map(|r| r.summary.unknown).sum();
    if unknown > 0 {
        notes.push(Line::toned(
            format!("{unknown} closed trades of unknown P&L are not counted"),
            Tone::Warn,
        ));
    }
    notes
}

/// What the places rest on, where that is little.
fn days_note(field: &Field) -> Option<Line> {
    if field.ranked < 2 || field.days >= ENOUGH_DAYS {
        return None;
    }
    let days = count(field.days, "day");
    let text = if field.days < MIN_DAYS {
        format!(
            "{}: trades on {days} only: any place is possible, {MIN_DAYS} days are needed to tell",
            field.currency
        )
    } else {
        format!(
            "{}: trades on {days} only: the places are less sure than they look (from \
             {ENOUGH_DAYS} days on they are not)",
            field.currency
        )
    };
    Some(Line::toned(text, Tone::Warn))
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
