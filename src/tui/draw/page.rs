//! An open row: its title and everything known of it. What is said around the rows of a tab, as a page.
//!
//! Knows: the page, its scroll. Must never know: keys, the tab it came from.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::tui::rebind::Keys;
use crate::tui::state::{Drawn, OpenPage, State};
use crate::tui::text::{cut, styled};
use crate::tui::theme::Theme;

use super::{blocks, centred, scrolled};

/// Draws the page.
pub fn draw(frame: &mut Frame, area: Rect, open: &OpenPage, keys: &Keys, theme: Theme) -> Drawn {
    let Some(page) = &open.page else {
        centred(frame, area, &[styled("loading ...", theme.dim())], theme);
        return Drawn::default();
    };
    let (inner, room) = inside(area);
    let title = cut(&page.title, room, theme.glyphs.ellipsis).into_owned();
    let mut lines = vec![styled(title, theme.key()), Line::default()];
    lines.extend(blocks::flow(&page.blocks, room, keys, theme));
    scrolled(frame, inner, &lines, open.scroll, theme)
}

/// Draws everything that is said around the rows, whole: beside them it may be cut.
pub fn notes(frame: &mut Frame, area: Rect, state: &State, scroll: usize, theme: Theme) -> Drawn {
    let Some(shown) = &state.list().shown else {
        centred(frame, area, &[styled("loading ...", theme.dim())], theme);
        return Drawn::default();
    };
    let (inner, room) = inside(area);
    let title = if state.lab.is_some() {
        "Around the features of the filter lab".to_owned()
    } else {
        format!("Around the rows of {}", state.tab.title())
    };
    let title = cut(&title, room, theme.glyphs.ellipsis).into_owned();
    let above = blocks::flow(&shown.screen.above, room, &state.keys, theme);
    let notes = blocks::notes(&shown.screen.notes, room, theme);
    let mut lines = vec![styled(title, theme.key())];
    for part in [above, notes.concat()] {
        if !part.is_empty() {
            lines.push(Line::default());
            lines.extend(part);
        }
    }
    scrolled(frame, inner, &lines, scroll, theme)
}

/// With an indent on the left, and the scrollbar on the right of the text.
fn inside(area: Rect) -> (Rect, usize) {
    let inner = Rect {
        x: area.x + 2.min(area.width),
        width: area.width.saturating_sub(2),
        ..area
    };
    (inner, usize::from(inner.width).saturating_sub(2))
}
