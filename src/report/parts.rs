//! The screens that a report draws, one per section: the same for text and Markdown.

use crate::analytics::leaderboard::exceeds;
use crate::board::Board;
use crate::view::answer::Answers;
use crate::view::format::{self, Style};
use crate::view::{Question, Screen, Tab};

use super::{Request, Section, UnknownModel, leaderboard};

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
    let answers = Answers::over(board, request.judged(board), request.as_of, style);
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
        let mut screen = answers.screen(&question, tab, true);
        let mut closing = Vec::new();
        if section == Section::Models {
            narrow(&mut screen, board, request)?;
            if request.compare.is_some() {
                closing = compare(board, request, style)?;
            }
        }
        let rows = screen.table.rows.len();
        let cut = section == Section::Calls && request.section.is_none();
        parts.push(Part {
            title,
            screen,
            shown: if cut { rows.min(CALLS_IN_ALL) } else { rows },
            closing,
        });
    }
    Ok(parts)
}

/// Leaves only the models that were asked for; the summary line then speaks of them.
fn narrow(screen: &mut Screen, board: &Board, request: &Request) -> Result<(), UnknownModel> {
    if request.model.is_none() && request.compare.is_none() && request.top.is_none() {
        return Ok(());
    }
    let found = leaderboard(board, request)?;
    let keys: Vec<String> = found
        .rows
        .iter()
        .map(crate::view::leaderboard::row_key)
        .collect();
    screen.table.rows.retain(|row| keys.contains(&row.key));
    if request.model.is_some() || request.compare.is_some() {
        screen.above.clear();
        screen.notes.clear();
    }
    Ok(())
}

/// Who leads, per currency, in words.
fn compare(board: &Board, request: &Request, style: Style) -> Result<Vec<String>, UnknownModel> {
    let found = leaderboard(board, request)?;
    let mut lines = Vec::new();
    for (currency, _) in &found.totals {
        let rows: Vec<_> = found
            .rows
            .iter()
            .filter(|r| &r.key.currency == currency && r.summary.trades() > 0)
            .collect();
        let [a, b] = rows.as_slice() else { continue };
        let difference = a.summary.total_pnl() - b.summary.total_pnl();
        let (x, y) = (a.summary.total_pnl(), b.summary.total_pnl());
        lines.push(if !exceeds(x, y) && !exceeds(y, x) {
            format!("{currency}: a tie in total P&L")
        } else {
            let leader = if x > y { a } else { b };
            format!(
                "{currency}: {} leads by {} in total P&L (no interval yet: read it with n)",
                leader.key.model,
                format::signed_money(difference.abs(), style).replace('+', "")
            )
        });
    }
    Ok(lines)
}
