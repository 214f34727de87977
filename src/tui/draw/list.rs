//! A tab: what stands above its table, the table, its notes; or why there are no rows.
//!
//! Knows: the list, the parts of the screen. Must never know: keys, other tabs. When space is
//! short the notes give way first, then what stands above, and the table keeps its eight rows.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::tui::rebind::Keys;
use crate::tui::state::{Drawn, State};
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::view::{Empty, Screen, Step, Tone};

use super::blocks::LONGEST_LINE;
use super::tiny::Parts;
use super::{blocks, centred, put, table};

/// The title line and eight rows.
const TABLE_KEEPS: usize = 9;
/// Lines of the log on a large screen.
const LOG: usize = 6;
/// Blocks and notes start where the text of the table does.
const INDENT: u16 = 2;

/// Draws the tab.
pub fn draw(frame: &mut Frame, parts: &Parts, state: &State, theme: Theme) -> Drawn {
    let list = state.list();
    let mut body = parts.body;
    let Some(shown) = &list.shown else {
        // Long work comes before any data: it is said where one looks.
        let mut lines = vec![text::styled("loading ...", theme.dim())];
        lines.extend(state.header.news.iter().map(|line| theme.line(line)));
        centred(frame, body, &lines, theme);
        return Drawn::default();
    };
    let screen = &shown.screen;
    let log = log(screen, body.height, &state.keys, theme);
    body.height -= log.len() as u16;
    let foot = Rect {
        y: body.bottom(),
        height: log.len() as u16,
        ..indented(body)
    };
    for (row, line) in log.into_iter().enumerate() {
        let line = text::cut_line(line, usize::from(foot.width), theme.glyphs.ellipsis);
        put(frame, foot, row, &line);
    }
    let inner = indented(body);
    let (above, notes) = if parts.above {
        let room = usize::from(inner.width);
        (
            blocks::flow_pieces(&screen.above, room, &state.keys, theme),
            blocks::notes(&screen.notes, room, theme),
        )
    } else {
        (vec![], vec![])
    };
    let rows = list.arranged.len();
    let needs = if rows == 0 { 4 } else { rows + 1 };
    let spare = usize::from(body.height).saturating_sub(needs.min(TABLE_KEEPS));
    let mut above = Cut::to(above, spare);
    let mut notes = Cut::to(notes, spare - above.height());
    // One line says all that is gone.
    if notes.lines.is_empty() && above.height() > 0 {
        above.gone += std::mem::take(&mut notes.gone);
    }
    // The rows of a page have all of it on the page.
    let keys = state.page.is_none().then_some(&state.keys);

    let (above_height, notes_height) = (above.height() as u16, notes.height() as u16);
    for (row, line) in above.lines.iter().enumerate() {
        put(frame, inner, row, line);
    }
    put(frame, inner, above.lines.len(), &above.gap(keys, theme));
    let room = body.height.saturating_sub(above_height + notes_height);
    let area = Rect {
        y: body.y + above_height,
        height: room.min(u16::try_from(needs).unwrap_or(u16::MAX)),
        ..body
    };
    let drawn = if rows == 0 {
        let area = Rect {
            height: room,
            ..area
        };
        centred(
            frame,
            area,
            &nothing(screen, state, area.width, theme),
            theme,
        );
        Drawn::default()
    } else {
        table::draw(frame, area, list, &screen.table, theme)
    };
    // Short tables have their notes near; long ones at the bottom.
    let below = if rows == 0 { room } else { area.height };
    let foot = Rect {
        y: area.y + below,
        height: notes_height.min(body.bottom().saturating_sub(area.y + below)),
        ..inner
    };
    put(frame, foot, 0, &notes.gap(keys, theme));
    for (row, line) in notes.lines.iter().enumerate() {
        put(frame, foot, row + 1, line);
    }
    drawn
}

/// The last lines of the log: one where the screen is small, more where there is room.
fn log(screen: &Screen, height: u16, keys: &Keys, theme: Theme) -> Vec<Line<'static>> {
    let most = match height {
        0..16 => return Vec::new(),
        16..32 => 1,
        _ => LOG,
    };
    let newest = screen.events.iter().take(most);
    let lines: Vec<Line> = newest.map(|line| theme.line(line)).collect();
    if lines.is_empty() || most == 1 {
        return lines;
    }
    let heading = text::styled(keys.all_notices(), theme.heading());
    let all = [Line::default(), heading].into_iter();
    all.chain(lines).collect()
}

fn indented(area: Rect) -> Rect {
    let indent = INDENT.min(area.width);
    Rect {
        x: area.x + indent,
        width: area.width - indent,
        ..area
    }
}

/// Lines that fit, and how many do not; the line that parts them from the table says so.
struct Cut {
    lines: Vec<Line<'static>>,
    gone: usize,
    /// There is room to say so.
    room: bool,
}

impl Cut {
    /// Cuts between two pieces, to the space there is. A heading that would stand alone goes too.
    fn to(pieces: Vec<Vec<Line<'static>>>, spare: usize) -> Self {
        let all: usize = pieces.iter().map(Vec::len).sum();
        let mut lines: Vec<Line> = Vec::new();
        for piece in pieces {
            if lines.len() + piece.len() >= spare {
                break;
            }
            lines.extend(piece);
        }
        if lines.len() < all
            && let [.., gap, _heading] = lines.as_slice()
            && gap.spans.is_empty()
        {
            lines.truncate(lines.len() - 2);
        }
        Self {
            gone: all - lines.len(),
            lines,
            room: spare > 0,
        }
    }

    /// With the line that parts it from the table.
    fn height(&self) -> usize {
        match (self.lines.len(), self.gone) {
            (0, 0) => 0,
            (n, _) if self.room => n + 1,
            _ => 0,
        }
    }

    fn gap(&self, keys: Option<&Keys>, theme: Theme) -> Line<'static> {
        match keys {
            Some(keys) if self.gone > 0 && self.room => {
                let text = format!("{} {}", theme.glyphs.ellipsis, keys.more_lines(self.gone));
                text::styled(text, theme.dim())
            }
            _ => Line::default(),
        }
    }
}

/// Why there are no rows, and what to do about it.
fn nothing(screen: &Screen, state: &State, width: u16, theme: Theme) -> Vec<Line<'static>> {
    let list = state.list();
    let said = if !list.filter.is_empty() && !screen.table.rows.is_empty() {
        Empty {
            what: format!("no row contains \"{}\"", list.filter),
            next: vec![Step::Say(state.keys.drop_filter())],
        }
    } else {
        screen.empty.clone().unwrap_or_else(|| Empty {
            what: "nothing here".to_owned(),
            next: vec![],
        })
    };
    let width = usize::from(width).saturating_sub(4);
    let wrapped = |text: &str, tone| {
        text::wrap(
            &crate::view::Line::toned(text, tone),
            width.min(LONGEST_LINE),
        )
    };
    let mut lines = wrapped(&said.what, Tone::Strong);
    if !said.next.is_empty() {
        lines.push(crate::view::Line::default());
    }
    // The steps are set under each other, so they are all made as wide as the widest.
    let steps: Vec<_> = said
        .next
        .iter()
        .flat_map(|step| wrapped(&state.keys.step(step), Tone::Plain))
        .collect();
    let widest = steps
        .iter()
        .map(|step| text::width(&step.text()))
        .max()
        .unwrap_or(0);
    lines.extend(steps.into_iter().map(|step| {
        let pad = widest - text::width(&step.text());
        step.and(text::spaces(pad), Tone::Plain)
    }));
    lines.iter().map(|line| theme.line(line)).collect()
}
