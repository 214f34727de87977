//! Fills of one position to one trade: net of both fees, of the model that opened it.

use crate::domain::{Confidence, Side, Timestamp, Trade};

use super::super::loss::Loss;
use super::currency::quote_of;
use super::fill::{Fill, Role};

/// What twai charges a simulated fill, as a share of what is traded.
const FEE: f64 = 0.0026;
/// What its model is taken to have said when it said nothing.
const DEFAULT_CONFIDENCE: f64 = 50.0;
/// Amounts closer than this (relative) are the same: they have eight decimals.
const CLOSE: f64 = 1e-6;

/// A fill that can be reckoned with.
struct Done {
    fill: Fill,
    quantity: f64,
    price: f64,
    at: Timestamp,
    /// In quote currency.
    fee: Option<f64>,
}

/// The trade of a position; `None` when it cannot be one, which the report then says.
pub fn trade(id: &str, fills: Vec<Fill>, loss: &mut Loss) -> Option<Trade> {
    let count = fills.len() as u64;
    match join(id, fills, loss) {
        Ok(trade) => Some(trade),
        Err(reason) => {
            loss.refuse("positions", reason, id);
            loss.add_many(
                super::List::Refused,
                "fills",
                "of a position that was refused",
                count,
                "",
            );
            None
        }
    }
}

fn join(id: &str, fills: Vec<Fill>, loss: &mut Loss) -> Result<Trade, &'static str> {
    let symbol = fills
        .iter()
        .find_map(|fill| fill.symbol.clone())
        .ok_or("without a symbol")?;
    if fills
        .iter()
        .any(|f| f.symbol.as_deref().is_some_and(|s| s != symbol))
    {
        return Err("its fills are of several symbols");
    }
    let currency = quote_of(&symbol)
        .ok_or("its symbol names no known quote currency, so its money has no unit")?;
    let mut fills = fills;
    fills.sort_by_key(|fill| fill.at);
    let (entries, exits) = split(fills)?;
    let entries = entries
        .into_iter()
        .map(|f| done(f, loss))
        .collect::<Result<Vec<_>, _>>()?;
    let exits = exits
        .into_iter()
        .map(|f| done(f, loss))
        .collect::<Result<Vec<_>, _>>()?;
    let first = entries
        .first()
        .ok_or("its entry is not in the files: export it too, or import all files together")?;
    let side = first.fill.side.ok_or("without a side")?;
    let model = first
        .fill
        .model
        .clone()
        .ok_or("opened by hand: no model's trade")?;
    tell_others(id, &model, &entries, &exits, loss);

    let bought: f64 = entries.iter().map(|e| e.quantity).sum();
    let entry_price = entries.iter().map(|e| e.quantity * e.price).sum::<f64>() / bought;
    let closed: f64 = exits.iter().map(|e| e.quantity).sum();
    let ends = exits.iter().any(|e| e.fill.role == Some(Role::Exit));
    let is_closed = !exits.is_empty() && (ends || closed >= bought * (1.0 - CLOSE));
    let naive = entries.iter().chain(&exits).any(|e| e.fill.naive);
    if naive {
        loss.flag("positions", "times without a zone: taken as UTC", id);
    }
    let mut trade = Trade {
        id: format!("twai:{id}"),
        model,
        symbol: Some(symbol),
        side: Some(side),
        quantity: Some(bought),
        entry_price: Some(entry_price),
        exit_price: None,
        opened_at: Some(first.at),
        closed_at: None,
        realized_pnl: None,
        fee: None,
        cost: None,
        confidence: confidence(id, &first.fill, loss),
        currency: Some(currency),
    };
    if !is_closed {
        if exits.is_empty() {
            loss.flag("positions", "open: its result is not known yet", id);
        } else {
            loss.flag(
                "positions",
                "closed in part: open until the rest is, with no result yet",
                id,
            );
        }
        return Ok(trade);
    }
    close(id, &mut trade, &entries, &exits, loss);
    Ok(trade)
}

/// Which fills open and which close. The API does not say: there, the side of the first opens.
fn split(fills: Vec<Fill>) -> Result<(Vec<Fill>, Vec<Fill>), &'static str> {
    let said = fills.iter().any(|f| f.role.is_some());
    // One without a result of its own is the opening one, should the times be equal.
    let opener = fills
        .iter()
        .find(|f| f.role == Some(Role::Entry))
        .or_else(|| fills.iter().filter(|_| !said).find(|f| f.pnl.is_none()));
    let Some(opens) = opener.map(|f| f.side) else {
        return Err("its entry is not in the files: export it too, or import all files together");
    };
    let opens = opens.ok_or("without a side")?;
    Ok(fills.into_iter().partition(|fill| match fill.role {
        Some(role) => role == Role::Entry,
        None => fill.side == Some(opens),
    }))
}

/// A fill with its numbers, or why it cannot be reckoned with.
fn done(fill: Fill, loss: &mut Loss) -> Result<Done, &'static str> {
    let price = fill
        .price
        .ok_or("a fill at price 0: a market order whose price nobody stored")?;
    let quantity = fill.quantity.ok_or("a fill without a quantity")?;
    let at = fill.at.ok_or("a fill without a time")?;
    let value = price * quantity;
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-8 + CLOSE * b.abs();
    // Written in units of the base, though documented as quote.
    let in_base = |fee: f64| close(fee, quantity * FEE) && !close(fee, value * FEE);
    let fee = match fill.fee {
        Some(fee) if fee > 0.0 && in_base(fee) => {
            loss.recompute(
                "fees",
                "written in units of the base: turned into the quote currency",
                &fill.id,
            );
            Some(fee * price)
        }
        Some(fee) => Some(fee),
        None => {
            loss.flag(
                "fees",
                "not stated: unknown, so the result is before it",
                &fill.id,
            );
            None
        }
    };
    Ok(Done {
        fill,
        quantity,
        price,
        at,
        fee,
    })
}

/// Works out the result: all exits, less the fees of all fills.
fn close(id: &str, trade: &mut Trade, entries: &[Done], exits: &[Done], loss: &mut Loss) {
    let (Some(bought), Some(entry_price)) = (trade.quantity, trade.entry_price) else {
        return;
    };
    let (mut left, mut gross, mut sold, mut money) = (bought, 0.0, 0.0, 0.0);
    let mut fees: Option<f64> = entries.iter().map(|e| e.fee).sum();
    let sign = if trade.side == Some(Side::Short) {
        -1.0
    } else {
        1.0
    };
    for exit in exits {
        // They reckon with more than was held.
        let quantity = exit.quantity.min(left.max(0.0));
        left -= quantity;
        gross += sign * (exit.price - entry_price) * quantity;
        sold += quantity;
        money += quantity * exit.price;
        let share = quantity / exit.quantity;
        fees = fees.zip(exit.fee).map(|(sum, fee)| sum + fee * share);
    }
    let offered: f64 = exits.iter().map(|e| e.quantity).sum();
    if offered > bought * (1.0 + CLOSE) {
        loss.flag(
            "positions",
            "more was closed than was held: only what was held counts",
            id,
        );
    } else if offered < bought * (1.0 - CLOSE) {
        loss.flag(
            "positions",
            "less was closed than was opened, yet it says it is closed",
            id,
        );
    }
    if exits.len() > 1 {
        loss.recompute(
            "positions",
            "closed in several parts, each a trade of theirs: one trade",
            id,
        );
    }
    let known: f64 = entries.iter().chain(exits).filter_map(|e| e.fee).sum();
    let net = gross - fees.unwrap_or(known);
    let stated: Option<f64> = exits.iter().map(|e| e.fill.pnl).sum();
    loss.recompute(
        "positions",
        "profit and loss of all fills, net of the fees of entry and exits",
        "",
    );
    if stated.is_some_and(|stated| stated.signum() != net.signum() && stated != 0.0) {
        loss.flag(
            "positions",
            "a win or loss of theirs turns into the other by the fees",
            id,
        );
    }
    trade.exit_price = (sold > 0.0).then(|| money / sold);
    trade.closed_at = exits.last().map(|e| e.at);
    trade.realized_pnl = Some(net);
    trade.fee = fees;
}

/// Counts what other models or people did to the position.
fn tell_others(id: &str, model: &str, entries: &[Done], exits: &[Done], loss: &mut Loss) {
    let of_others = |fills: &[Done]| fills.iter().any(|f| f.fill.model.as_deref() != Some(model));
    if of_others(entries) {
        loss.flag(
            "positions",
            "added to by another model or by hand: all of it counts for the one that opened it",
            id,
        );
    }
    if of_others(exits) {
        loss.recompute(
            "positions",
            "closed by another model or by hand: counted for the model that opened it",
            id,
        );
    }
}

/// The confidence of the model that opened.
fn confidence(id: &str, entry: &Fill, loss: &mut Loss) -> Option<Confidence> {
    let percent = entry.confidence?;
    if percent == DEFAULT_CONFIDENCE {
        loss.flag(
            "confidences",
            "50, which twai writes when the model said nothing: unknown",
            id,
        );
        return None;
    }
    let confidence = Confidence::from_fraction(percent / 100.0);
    if confidence.is_none() {
        loss.refuse("confidences", "outside of 0 to 100", id);
    }
    confidence
}
