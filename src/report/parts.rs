//! The screens that a report draws, one per section: the same for text and Markdown.

use std::sync::Arc;

use crate::board::Board;
use crate::view::answer::Answers;
use crate::view::categories::ALL;
use crate::view::format::{self, Style};
use crate::view::leaderboard::screen_of;
use crate::view::{Block, Question, Screen, Tab, compare_page, model_page, model_trades};

use super::{Request, Section, UnknownModel, comparisons, leaderboard};

/// Calls listed when all sections are printed; `--report calls` lists every one.
const CALLS_IN_ALL: usize = 15;

/// A section, ready to be drawn.
pub(super) struct Part {
    /// Its heading.
    pub title: &'static str,
    /// What the dashboard shows.
    pub screen: Screen,
    /// So many rows of its table are drawn.
    pub shown: usize,
    /// What is below the table: the page of the one model that was asked for.
    pub below: Vec<Block>,
    /// Lines behind everything else.
    pub closing: Vec<String>,
}

impl Part {
    /// Said when not every row is drawn.
    pub fn more(&self) -> Option<String> {
        let more = self.screen.table.rows.len() - self.shown;
        (more > 0).then(|| format!("... {more} more: callboard --report calls"))
    }
}

/// What the report is of.
pub(super) fn title(request: &Request) -> String {
    let title = format!(
        "callboard report - range {} as of {} UTC",
        request.range.label(),
        request.as_of.minute_label()
    );
    match &request.filter {
        Some(filter) => format!("{title}, calls where {}", filter.text()),
        None => title,
    }
}

/// The sections that were asked for.
pub(super) fn parts(
    board: &Board,
    request: &Request,
    style: Style,
) -> Result<Vec<Part>, UnknownModel> {
    let answers =
        Answers::new(Arc::new(board.clone()), request.as_of, style).over(request.judged(board));
    let mut parts = Vec::new();
    for section in request.sections() {
        let (title, tab) = match section {
            Section::Models => ("Models", Tab::Leaderboard),
            Section::Calls => ("Calls", Tab::Tracker),
            Section::Categories => ("Categories", Tab::Categories),
            Section::Features => ("Features", Tab::Features),
        };
        let question = Question {
            epoch: 0,
            tab,
            range: request.range,
            provisional: request.provisional,
            open: None,
            frozen: false,
            lab: None,
            saves: Vec::new(),
        };
        let mut closing = Vec::new();
        let mut below = Vec::new();
        let screen = if section == Section::Models {
            let (screen, pages) = models(board, request, style)?;
            below = pages;
            closing = compare(board, request, style)?;
            screen
        } else {
            let mut screen = answers.screen(&question, tab);
            // What all sources together come to stands above the table already.
            if tab == Tab::Categories {
                let mut rows = std::mem::take(&mut screen.table.rows).into_made();
                rows.retain(|row| row.key != ALL);
                screen.table.rows = rows.into();
            }
            screen
        };
        let rows = screen.table.rows.len();
        let cut = section == Section::Calls && request.section.is_none();
        parts.push(Part {
            title,
            screen,
            shown: if cut { rows.min(CALLS_IN_ALL) } else { rows },
            below,
            closing,
        });
    }
    Ok(parts)
}

/// The leaderboard that was asked for, and the pages of the one model.
fn models(
    board: &Board,
    request: &Request,
    style: Style,
) -> Result<(Screen, Vec<Block>), UnknownModel> {
    let found = leaderboard(board, request)?;
    let mut screen = screen_of(&found, board, request.range, request.as_of, style);
    if request.model.is_some() || request.compare.is_some() {
        screen.above.clear();
        screen.notes.clear();
    }
    let mut below = Vec::new();
    if request.model.is_some() {
        let window = request.range.window(request.as_of);
        let min_n = board.settings().min_rank_n;
        for row in &found.rows {
            let Some((_, book)) = board.books().find(|(key, _)| **key == row.key) else {
                continue;
            };
            let Some(deep) = &row.deep else { continue };
            let points = book.points(&window);
            if found.rows.len() > 1 {
                below.push(Block::Heading(format!("In {}", row.key.currency)));
            }
            let trades = request.trades.iter().find(|(key, _)| *key == row.key);
            below.extend(model_page::blocks(
                row,
                points,
                &deep.figures,
                request.as_of,
                style,
                min_n,
            ));
            below.extend(model_trades::of_store(
                trades.map(|(_, trades)| trades),
                points.len(),
                style,
            ));
        }
    }
    Ok((screen, below))
}

/// Who leads, per currency, and how sure that is, in words.
fn compare(board: &Board, request: &Request, style: Style) -> Result<Vec<String>, UnknownModel> {
    let mut lines = Vec::new();
    for (keys, found) in comparisons(board, request)? {
        let names = [keys[0].model.as_str(), keys[1].model.as_str()];
        let currency = &keys[0].currency;
        lines.push(format!(
            "{currency}: {}",
            compare_page::total(&found, names, style)
        ));
        lines.push(format!(
            "  per trade: {}",
            compare_page::verdict(&found, names, style)
        ));
        let [difference, interval, above] =
            compare_page::gap_words(&found.win_rate, compare_page::points);
        if found.win_rate.sure.is_some() {
            lines.push(format!(
                "  win rate, {} less {}: {difference} ({interval}), P({} ahead) {above}",
                names[0], names[1], names[0]
            ));
        }
        lines.extend(compare_page::caution(&found).map(|text| format!("  {text}")));
        if request.shared_days {
            lines.push(format!(
                "  only the {} on which both closed a trade",
                format::count(found.shared_days, "day")
            ));
        }
    }
    if request.compare.is_some() && lines.is_empty() {
        lines.push("nothing to compare: no currency in which both closed a trade".to_owned());
    }
    Ok(lines)
}
