//! An open row: its title and everything known of it.
//!
//! Knows: the page, its scroll. Must never know: keys, the tab it came from.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::tui::rebind::Keys;
use crate::tui::state::{Drawn, OpenPage};
use crate::tui::text::{cut, styled};
use crate::tui::theme::Theme;

use super::{blocks, centred, scrolled};

/// Draws the page.
pub fn draw(frame: &mut Frame, area: Rect, open: &OpenPage, keys: &Keys, theme: Theme) -> Drawn {
    let Some(page) = &open.page else {
        centred(frame, area, &[styled("loading ...", theme.dim())], theme);
        return Drawn::default();
    };
    // An indent on the left, the scrollbar on the right.
    let inner = Rect {
        x: area.x + 2.min(area.width),
        width: area.width.saturating_sub(2),
        ..area
    };
    let room = usize::from(inner.width).saturating_sub(2);
    let title = cut(&page.title, room, theme.glyphs.ellipsis).into_owned();
    let mut lines = vec![styled(title, theme.key()), Line::default()];
    lines.extend(blocks::flow(&page.blocks, room, keys, theme));
    scrolled(frame, inner, &lines, open.scroll, theme)
}
