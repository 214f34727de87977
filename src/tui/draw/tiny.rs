//! What a screen of a given size has room for.
//!
//! Knows: sizes. Must never know: what is drawn. As a terminal shrinks, the second header line
//! goes first, then what stands above the table, then the footer, then the first header line.

use ratatui::layout::Rect;

/// The parts of the screen, from top to bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// The first header line.
    pub top: Option<Rect>,
    /// The second header line.
    pub second: Option<Rect>,
    /// The line under it: empty, or what is not as always.
    pub third: Option<Rect>,
    /// Everything between.
    pub body: Rect,
    /// Whether there is room above the table.
    pub above: bool,
    /// The last line.
    pub footer: Option<Rect>,
}

/// Heights from which on there is each part.
const SECOND: u16 = 12;
const GAP: u16 = 16;
const ABOVE: u16 = 10;
const FOOTER: u16 = 5;
const TOP: u16 = 4;

/// Divides the screen.
#[must_use]
pub fn parts(area: Rect) -> Parts {
    let height = area.height;
    let mut body = area;
    let mut take = |from: u16| {
        (height >= from).then(|| {
            let line = Rect { height: 1, ..body };
            body.y += 1;
            body.height -= 1;
            line
        })
    };
    let top = take(TOP);
    let second = take(SECOND);
    let third = take(GAP);
    let footer = (height >= FOOTER).then(|| {
        body.height -= 1;
        Rect {
            y: body.bottom(),
            height: 1,
            ..area
        }
    });
    Parts {
        top,
        second,
        third,
        body,
        above: height >= ABOVE,
        footer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_fill_the_screen_and_never_leave_it() {
        for height in 0..60 {
            let area = Rect::new(0, 0, 80, height);
            let parts = parts(area);
            let lines = [parts.top, parts.second, parts.footer];
            let used: u16 = lines.iter().flatten().map(|r| r.height).sum();
            let gap = u16::from(height >= GAP);
            assert_eq!(used + gap + parts.body.height, height);
            for part in lines.iter().flatten().chain([&parts.body]) {
                assert_eq!(part.intersection(area), *part);
            }
        }
    }

    #[test]
    fn parts_go_in_order() {
        let has = |h| {
            let p = parts(Rect::new(0, 0, 80, h));
            (p.second.is_some(), p.above, p.footer.is_some())
        };
        assert_eq!(has(24), (true, true, true));
        assert_eq!(has(11), (false, true, true));
        assert_eq!(has(9), (false, false, true));
        assert_eq!(has(3), (false, false, false));
    }
}
