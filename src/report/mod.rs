//! The report: everything printed once.
//!
//! Knows: the board, the views, the analytics. Must never know: terminals, SQL, the clock. Text
//! and Markdown draw the same screens as the dashboard; JSON gives the figures behind them, and
//! CSV is made from the JSON.

mod csv;
pub mod export;
mod features;
mod json;
mod json_models;
pub mod loss;
mod markdown;
mod outcomes;
mod parts;
mod text;

use crate::analytics::{BookKey, Comparison, Expression, Judged, Leaderboard};
use crate::board::Board;
use crate::domain::{Range, Timestamp};
use crate::store::ModelTrades;

pub use csv::{CsvError, csv};
pub use json::json;
pub use markdown::markdown;
pub use text::text;

/// A part of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Section {
    /// The leaderboard.
    Models,
    /// The calls.
    Calls,
    /// How calls ended.
    Categories,
    /// What separates pumps from rugs.
    Features,
}

impl Section {
    /// Every section in the order they are printed.
    pub const EACH: [Self; 4] = [Self::Models, Self::Calls, Self::Categories, Self::Features];
}

/// What is to be reported.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// One section, or all.
    pub section: Option<Section>,
    /// How far back.
    pub range: Range,
    /// The end of the range.
    pub as_of: Timestamp,
    /// Only this model.
    pub model: Option<String>,
    /// Two models side by side.
    pub compare: Option<(String, String)>,
    /// Those two only on the days on which both closed a trade.
    pub shared_days: bool,
    /// What the store says of the trades of the one model, per currency.
    pub trades: Vec<(BookKey, ModelTrades)>,
    /// At most this many models.
    pub top: Option<usize>,
    /// With calls that are still in their window.
    pub provisional: bool,
    /// Only calls that match.
    pub filter: Option<Expression>,
}

impl Request {
    /// The calls it is about, with their outcomes. What counts as a re-call is decided over all.
    fn judged(&self, board: &Board) -> Vec<Judged> {
        let mut calls = board.judged(self.as_of);
        if let Some(filter) = &self.filter {
            calls.retain(|judged| filter.holds(&judged.call) == Some(true));
        }
        calls
    }

    fn sections(&self) -> Vec<Section> {
        self.section
            .map_or_else(|| Section::EACH.to_vec(), |section| vec![section])
    }
}

/// A model that the database does not know, with the nearest one it knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no model is called '{name}'{}", nearest.as_ref().map_or_else(String::new, |n| format!("; did you mean '{n}'?")))]
pub struct UnknownModel {
    /// As asked.
    pub name: String,
    /// The nearest name there is.
    pub nearest: Option<String>,
}

/// The leaderboard that was asked for: one model, two, or the first few. Places are those among
/// all models.
fn leaderboard(board: &Board, request: &Request) -> Result<Leaderboard, UnknownModel> {
    let window = request.range.window(request.as_of);
    let mut wanted = Vec::new();
    if let Some(name) = &request.model {
        wanted.push(resolve(board, name)?);
    }
    if let Some((a, b)) = &request.compare {
        wanted.push(resolve(board, a)?);
        wanted.push(resolve(board, b)?);
    }
    let mut found = Leaderboard::whole(board.books(), &window, board.settings().min_rank_n);
    if !wanted.is_empty() {
        found.rows.retain(|row| wanted.contains(&row.key.model));
        found.newest_close = board
            .books()
            .filter(|(key, _)| wanted.contains(&key.model))
            .filter_map(|(_, book)| book.last_close(window.to))
            .max();
        found.resum();
    }
    if let Some(top) = request.top {
        found.rows.truncate(top);
    }
    Ok(found)
}

/// Two models, in the order in which they were named, for each currency in which both closed a
/// trade.
fn comparisons(
    board: &Board,
    request: &Request,
) -> Result<Vec<([BookKey; 2], Comparison)>, UnknownModel> {
    let Some((a, b)) = &request.compare else {
        return Ok(Vec::new());
    };
    let window = request.range.window(request.as_of);
    let (a, b) = (resolve(board, a)?, resolve(board, b)?);
    let book = |model: &str, currency: &str| {
        let mut books = board.books();
        books.find(|(key, _)| key.model == model && key.currency == currency)
    };
    let mut found = Vec::new();
    for (key, first) in board.books().filter(|(key, _)| key.model == a) {
        let Some((other, second)) = book(&b, &key.currency) else {
            continue;
        };
        let pair = Comparison::of([first, second], &window, request.shared_days);
        if pair.summaries.iter().all(|s| s.trades() > 0) {
            found.push(([key.clone(), other.clone()], pair));
        }
    }
    Ok(found)
}

/// The name as the database has it: exact first, else without case if only one fits.
///
/// # Errors
/// When none fits.
pub fn resolve(board: &Board, name: &str) -> Result<String, UnknownModel> {
    let models: Vec<&str> = {
        let mut all: Vec<&str> = board
            .books()
            .map(|(BookKey { model, .. }, _)| model.as_str())
            .collect();
        all.dedup();
        all
    };
    if models.contains(&name) {
        return Ok(name.to_owned());
    }
    let alike: Vec<&&str> = models
        .iter()
        .filter(|m| m.to_lowercase() == name.to_lowercase())
        .collect();
    match alike.as_slice() {
        [only] => Ok((**only).to_owned()),
        _ => Err(UnknownModel {
            name: name.to_owned(),
            nearest: models
                .iter()
                .min_by_key(|m| crate::config::distance(&m.to_lowercase(), &name.to_lowercase()))
                .map(|m| (*m).to_owned()),
        }),
    }
}
