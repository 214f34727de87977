//! The page of one call: what it said, what became of it, why it was called.

use crate::analytics::{Judged, Standing};
use crate::board::Board;
use crate::domain::{AthOrigin, CallId, EntryOrigin, FinalBasis, Span, Timestamp};
use crate::feed::page_of;
use crate::store::History;

use super::format::{self, Style, UNKNOWN};
use super::notices;
use super::path as view_path;
use super::table::{Block, Line, Page, Tone};
use super::tracker::{category_cell, state_cell, status_cell, symbol};

/// Everything known of one call.
#[must_use]
pub fn page(
    board: &Board,
    calls: &[Judged],
    as_of: Timestamp,
    style: Style,
    key: &str,
    history: Option<&History>,
) -> Option<Page> {
    let id = CallId(key.to_owned());
    let judged = calls.iter().find(|j| j.call.id == id)?;
    let call = &judged.call;
    let mut features: Vec<(String, Line)> = call
        .features
        .iter()
        .map(|(name, value)| (name.clone(), Line::plain(value.label())))
        .collect();
    if features.is_empty() {
        features.push((String::new(), Line::toned("the call sent none", Tone::Dim)));
    }
    let mut blocks = vec![
        Block::Heading("Call".to_owned()),
        Block::Pairs(identity(board, judged, as_of, style)),
        Block::Heading("Path since the call".to_owned()),
        path(board, judged, as_of, history),
        Block::Heading("Outcome".to_owned()),
        Block::Pairs(outcome(board, judged, as_of, style)),
        Block::Heading("Why it was called".to_owned()),
        Block::Pairs(features),
    ];
    blocks.push(Block::Heading("What happened".to_owned()));
    blocks.push(Block::Table(super::events::table(
        board, calls, judged, as_of, style,
    )));
    if let Some(history) = history {
        blocks.push(Block::Heading("Notices".to_owned()));
        blocks.push(told(history, as_of, style));
        blocks.push(Block::Heading("Refused readings".to_owned()));
        blocks.push(refused(history, as_of, style));
    }
    blocks.push(Block::Heading("Elsewhere".to_owned()));
    blocks.push(Block::Pairs(elsewhere(judged)));
    Some(Page {
        title: format!("{} by {}", symbol(judged), call.source),
        blocks,
    })
}

/// The path since the call, or why there is none.
fn path(board: &Board, judged: &Judged, as_of: Timestamp, history: Option<&History>) -> Block {
    let say = |text: &str| Block::Text(vec![Line::toned(text, Tone::Dim)]);
    let Some(history) = history else {
        return say("reading ...");
    };
    let Some(entry) = judged.outcome.entry else {
        return say("no entry price yet: nothing to measure a path against");
    };
    let from = judged.call.called_at;
    let end = judged.window_end(&board.settings().rules);
    let to = as_of.min(end);
    let right = if as_of < end {
        format!("now, {} after the call", format::age(to.since(from)))
    } else {
        format!("the end, {} after the call", format::age(to.since(from)))
    };
    let ends = ("the call".to_owned(), right);
    view_path::chart(&history.path, entry, from, to, ends)
        .map_or_else(|| say("no price since the call"), Block::Path)
}

fn told(history: &History, as_of: Timestamp, style: Style) -> Block {
    if history.notices.is_empty() {
        return Block::Text(vec![Line::toned("nothing was told of it", Tone::Dim)]);
    }
    let lines = history
        .notices
        .iter()
        .map(|n| notices::line(n, as_of, style.zone));
    Block::Text(lines.collect())
}

fn refused(history: &History, as_of: Timestamp, style: Style) -> Block {
    let mut lines: Vec<Line> = history
        .refused
        .iter()
        .map(|r| {
            let price = r
                .price
                .map_or_else(|| UNKNOWN.to_owned(), |price| format::price(price, style));
            Line::toned(
                format!("{}  ", notices::when(r.at, as_of, style.zone)),
                Tone::Dim,
            )
            .and(price, Tone::Plain)
            .and(format!("  {}: {}", r.provider, r.reason), Tone::Dim)
        })
        .collect();
    let more = history.refused_count.saturating_sub(history.refused.len());
    if more > 0 {
        lines.push(Line::toned(format!("and {more} older"), Tone::Dim));
    }
    if lines.is_empty() {
        lines.push(Line::toned("none", Tone::Dim));
    }
    Block::Text(lines)
}

fn identity(board: &Board, judged: &Judged, as_of: Timestamp, style: Style) -> Vec<(String, Line)> {
    let call = &judged.call;
    let pair = |label: &str, line: Line| (label.to_owned(), line);
    let text =
        |value: Option<&str>| value.map_or_else(|| Line::toned(UNKNOWN, Tone::Dim), Line::plain);
    let mut pairs = vec![
        pair(
            "token",
            text(call.symbol.as_deref()).and(
                call.name
                    .as_ref()
                    .map_or_else(String::new, |n| format!("  {n}")),
                Tone::Dim,
            ),
        ),
        pair(
            "address",
            call.token.as_ref().map_or_else(
                || Line::toned("none: no price can be matched to it", Tone::Warn),
                |t| Line::plain(t.address()).and(format!("  {}", t.chain()), Tone::Dim),
            ),
        ),
        pair(
            "called",
            Line::plain(style.zone.moment(call.called_at)).and(
                format!("  {} ago", format::age(as_of.since(call.called_at))),
                Tone::Dim,
            ),
        ),
        pair(
            "window",
            Line::plain(format!(
                "to {}",
                style
                    .zone
                    .moment(judged.window_end(&board.settings().rules))
            )),
        ),
        pair(
            "entry",
            judged.outcome.entry.map_or_else(
                || Line::toned("unknown", Tone::Warn),
                |e| {
                    let origin = match e.origin {
                        EntryOrigin::Stated => "stated by the call".to_owned(),
                        EntryOrigin::Sampled => format!(
                            "first sample, {} s after the call",
                            e.at.since(call.called_at).millis() / 1000
                        ),
                        EntryOrigin::Candle => format!(
                            "close of a candle, {} after the call",
                            format::age(e.at.since(call.called_at))
                        ),
                    };
                    Line::plain(format::price(e.price, style)).and(format!("  {origin}"), Tone::Dim)
                },
            ),
        ),
    ];
    for (label, usd) in [
        ("market cap", call.market_cap_usd),
        ("liquidity", call.liquidity_usd),
    ] {
        if let Some(usd) = usd {
            pairs.push(pair(
                label,
                Line::plain(format::short_money(usd)).and("  at the call", Tone::Dim),
            ));
        }
    }
    let standing = match judged.standing {
        Standing::Counted => None,
        Standing::Recall => Some("a re-call: not counted in the source's rates".to_owned()),
        Standing::Rejected => Some(format!(
            "turned down by {}",
            call.rejected_by.as_deref().unwrap_or("its bot")
        )),
        Standing::Voided => Some(format!(
            "voided, in no figure: {}",
            board.void_reason(&call.id).unwrap_or("no reason was kept")
        )),
    };
    pairs.extend(standing.map(|s| pair("standing", Line::toned(s, Tone::Warn))));
    pairs
}

/// Where else it can be found. Long lines that are looked at seldom: they come last.
fn elsewhere(judged: &Judged) -> Vec<(String, Line)> {
    let call = &judged.call;
    // In full, so that a terminal can follow it.
    let web = call.token.as_ref().and_then(page_of);
    let web = web.map(|url| ("web".to_owned(), Line::plain(url)));
    let id = Line::toned(call.id.0.clone(), Tone::Dim);
    web.into_iter().chain([("id".to_owned(), id)]).collect()
}

/// The category and the rule that gave it.
fn category(board: &Board, judged: &Judged) -> Line {
    let o = &judged.outcome;
    let rule = o.category.zip(o.fin).map_or_else(
        || "  no category without a final and an ATH".to_owned(),
        |(category, fin)| {
            let thresholds = &board.settings().rules.thresholds;
            let rule = category.rule(o.ath.map(|a| a.multiple), fin.multiple, thresholds);
            format!("  {rule}")
        },
    );
    let cell = category_cell(judged);
    Line::toned(cell.text, cell.tone).and(rule, Tone::Dim)
}

/// What an ATH rests on, in words.
const fn provenance(origin: AthOrigin) -> &'static str {
    match origin {
        AthOrigin::Sampled => "sampled: at least this, between two readings it may have been more",
        AthOrigin::Candle => "from a candle",
        AthOrigin::Imported => "imported: measured by somebody else",
    }
}

/// The latest price against earlier ones: not the returns since the call.
fn trailing(board: &Board, judged: &Judged, as_of: Timestamp) -> Vec<(String, Line)> {
    let Some(trail) = judged.call.token.as_ref().and_then(|t| board.trail(t)) else {
        return Vec::new();
    };
    [1, 6, 24]
        .into_iter()
        .map(|h| {
            let change = trail.trailing_change(as_of, Span::hours(h), &board.settings().rules);
            let cell = format::percent_cell(change);
            (
                format!("now against {h} h ago"),
                Line::toned(cell.text, cell.tone),
            )
        })
        .collect()
}

fn outcome(board: &Board, judged: &Judged, as_of: Timestamp, style: Style) -> Vec<(String, Line)> {
    let o = &judged.outcome;
    let called = judged.call.called_at;
    let pair = |label: &str, line: Line| (label.to_owned(), line);
    let dash = || Line::toned(UNKNOWN, Tone::Dim);
    let percent = |p: Option<crate::domain::Percent>| {
        p.map_or_else(dash, |p| {
            Line::toned(format::signed_percent(p), format::tone_of(p.value()))
        })
    };
    let (status, state) = (status_cell(board, judged, as_of), state_cell(o));
    let mut pairs = vec![
        pair(
            "status",
            Line::toned(status.text, status.tone).and(format!("  {}", o.status.name()), Tone::Dim),
        ),
        pair(
            "state",
            Line::toned(state.text, state.tone).and("  from own samples", Tone::Dim),
        ),
        pair(
            "latest",
            o.last.map_or_else(dash, |p| {
                Line::plain(format::price(p.price, style)).and(
                    format!("  {} ago", format::age(as_of.since(p.at))),
                    Tone::Dim,
                )
            }),
        ),
        pair(
            "ATH",
            o.ath.map_or_else(dash, |a| {
                let when = a.at.map_or_else(String::new, |at| {
                    format!(", {} after the call", format::age(at.since(called)))
                });
                Line::plain(format::multiple(a.multiple)).and(
                    format!(
                        "  {}{when}; best case, with hindsight",
                        provenance(a.origin)
                    ),
                    Tone::Dim,
                )
            }),
        ),
        pair(
            "final",
            o.fin.map_or_else(dash, |f| {
                let basis = match f.basis {
                    FinalBasis::NoMarket => "no market: nothing could be got".to_owned(),
                    basis => basis.name().to_owned(),
                };
                Line::plain(format::multiple(f.multiple)).and(
                    format!(
                        "  {}  {basis}{}",
                        format::signed_percent(f.multiple.gain()),
                        if f.provisional {
                            ", may still change"
                        } else {
                            ""
                        }
                    ),
                    Tone::Dim,
                )
            }),
        ),
        pair(
            "gap",
            o.gap().map_or_else(dash, |gap| {
                let kept = o.kept().map_or_else(String::new, |k| {
                    format!("  {} of the ATH was kept", format::rate(k))
                });
                Line::plain(format!("{gap:.2}x")).and(kept, Tone::Dim)
            }),
        ),
    ];
    pairs.push(pair("category", category(board, judged)));
    pairs.push(pair("max drawdown", percent(o.max_drawdown)));
    pairs.push(pair("worst from entry", percent(o.worst_from_entry)));
    for (label, value) in ["return at 1 h", "return at 6 h", "return at 24 h"]
        .iter()
        .zip(o.returns)
    {
        pairs.push(pair(label, percent(value)));
    }
    pairs.extend(trailing(board, judged, as_of));
    if let Some(reported) = o.reported_rug {
        pairs.push(pair(
            "reported",
            Line::toned(if reported { "as a rug" } else { "as no rug" }, Tone::Warn),
        ));
    }
    pairs.push(pair(
        "coverage",
        o.coverage.map_or_else(dash, |c| {
            let gap = o
                .longest_gap
                .map_or_else(String::new, |g| format!("  longest gap {}", format::age(g)));
            Line::plain(format!("{:.0}% of five-minute slots", c.value())).and(gap, Tone::Dim)
        }),
    ));
    pairs
}
