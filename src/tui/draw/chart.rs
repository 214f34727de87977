//! A path as a chart: of half blocks, of Braille where that was asked for, of ASCII.
//!
//! Knows: points and levels. Must never know: what they are of.

use ratatui::text::{Line, Span};

use crate::tui::text::{cut_line, spaces, styled, width};
use crate::tui::theme::Theme;
use crate::view::PathChart;

/// Cells before the chart: a label and a gap.
const GUTTER: usize = 7;
/// Lines of the chart itself.
const HIGH: usize = 10;
/// The widest it grows.
const WIDEST: usize = 100;
/// Narrower, it says nothing.
const NARROWEST: usize = 16;
/// The chart as lines, all within a width.
#[must_use]
pub fn lines(chart: &PathChart, room: usize, theme: Theme) -> Vec<Line<'static>> {
    let wide = room.saturating_sub(GUTTER).min(WIDEST);
    if wide < NARROWEST {
        return Vec::new();
    }
    let values = chart.stretches.iter().flatten().map(|(_, y)| *y);
    let values = values.chain(chart.levels.iter().map(|l| l.multiple));
    let logs: Vec<f64> = values.filter(|y| *y > 0.0).map(f64::ln).collect();
    let low = logs.iter().copied().fold(f64::INFINITY, f64::min);
    let high = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !low.is_finite() || !high.is_finite() {
        return Vec::new();
    }
    // A still market is a line in the middle.
    let (low, high) = if high - low < 0.02 {
        (low - 0.1, high + 0.1)
    } else {
        (low, high)
    };
    let cell_of = theme.glyphs.dots.of_a_cell();
    let (across, down) = (wide * cell_of.0, HIGH * cell_of.1);
    let row_of = |y: f64| {
        let share = ((high - y.ln()) / (high - low)).clamp(0.0, 1.0);
        (share * (down - 1) as f64).round() as usize
    };
    let column_of = |x: f64| (x.clamp(0.0, 1.0) * (across - 1) as f64).round() as usize;
    let mut dots = vec![false; across * down];
    for stretch in &chart.stretches {
        let mut before: Option<(usize, usize)> = None;
        for (x, y) in stretch {
            let (column, row) = (column_of(*x), row_of(*y));
            let (from_column, from_row) = before.unwrap_or((column, row));
            join(&mut dots, across, (from_column, from_row), (column, row));
            before = Some((column, row));
        }
    }
    let mut out: Vec<Line> = (0..HIGH)
        .map(|row| {
            let own = |y: f64| row_of(y) / cell_of.1 == row;
            let level = chart.levels.iter().find(|level| own(level.multiple));
            let label = level.map_or("", |level| level.label.as_str());
            let pad = (GUTTER - 1).saturating_sub(width(label));
            let mut line = styled(format!("{}{label} ", spaces(pad)), theme.dim());
            for cell in 0..wide {
                let path = theme.glyphs.dots.look(|x, y| {
                    let at = (row * cell_of.1 + y) * across + cell * cell_of.0 + x;
                    dots.get(at) == Some(&true)
                });
                let top = chart
                    .high
                    .is_some_and(|(x, y)| own(y) && column_of(x) / cell_of.0 == cell);
                line.push_span(match (path, level) {
                    (Some(path), _) if top => Span::styled(path, theme.key()),
                    (Some(path), _) => Span::raw(path),
                    (None, Some(_)) => Span::styled(theme.glyphs.across, theme.dim()),
                    (None, None) => Span::raw(" "),
                });
            }
            line
        })
        .collect();
    let (left, right) = &chart.ends;
    let gap = wide.saturating_sub(width(left) + width(right));
    let axis = format!("{}{left}{}{right}", spaces(GUTTER), spaces(gap.max(1)));
    out.push(cut_line(
        styled(axis, theme.dim()),
        room,
        theme.glyphs.ellipsis,
    ));
    out
}

/// Sets the dots from one point to the next: no column between them is left out.
fn join(dots: &mut [bool], across: usize, from: (usize, usize), to: (usize, usize)) {
    let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1));
    let between = |a: usize, b: usize, step: usize| {
        let share = step as f64 / steps.max(1) as f64;
        (a as f64 + (b as f64 - a as f64) * share).round() as usize
    };
    for step in 0..=steps {
        let (column, row) = (between(from.0, to.0, step), between(from.1, to.1, step));
        if let Some(dot) = dots.get_mut(row * across + column) {
            *dot = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::text::line_width;
    use crate::tui::theme::Dots;
    use crate::view::ChartLevel;

    fn chart() -> PathChart {
        PathChart {
            stretches: vec![vec![(0.0, 1.0), (0.5, 4.0)], vec![(0.8, 2.0), (1.0, 0.5)]],
            levels: vec![
                ChartLevel {
                    multiple: 1.0,
                    label: "entry".to_owned(),
                },
                ChartLevel {
                    multiple: 2.0,
                    label: "2x".to_owned(),
                },
            ],
            high: Some((0.5, 4.0)),
            ends: ("the call".to_owned(), "now".to_owned()),
        }
    }

    #[test]
    fn it_fits_its_room_and_is_ascii_where_it_must() {
        for room in 0..200 {
            for ascii in [false, true] {
                for line in lines(&chart(), room, Theme::new(false, ascii)) {
                    assert!(line_width(&line) <= room, "{room}: {line}");
                    assert!(!ascii || line.to_string().is_ascii(), "{line}");
                }
            }
        }
    }

    #[test]
    fn numbers_that_are_none_draw_nothing_wrong() {
        let mut odd = chart();
        odd.stretches = vec![vec![(f64::NAN, 1.0), (9.0, 1e300), (-4.0, 1e-300)]];
        let _ = lines(&odd, 80, Theme::new(false, false));
        odd.stretches.clear();
        odd.levels.clear();
        assert!(lines(&odd, 80, Theme::new(false, false)).is_empty());
    }

    #[test]
    fn the_shape_is_the_paths() {
        let drawn = |theme| {
            let lines = lines(&chart(), 47, theme);
            let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
            lines.join("\n")
        };
        insta::assert_snapshot!(drawn(Theme::new(false, true)));
        insta::assert_snapshot!("of_half_blocks", drawn(Theme::new(false, false)));
        let braille = drawn(Theme::new(false, false).with_braille(true));
        insta::assert_snapshot!("of_braille", braille);
        // Who cannot read more than ASCII has not asked for it.
        let ascii = drawn(Theme::new(false, true).with_braille(true));
        assert!(ascii.is_ascii());
    }

    #[test]
    fn every_dot_of_braille_has_its_place() {
        let look = |dots: &[(usize, usize)]| Dots::Braille.look(|x, y| dots.contains(&(x, y)));
        assert_eq!(look(&[]), None);
        assert_eq!(look(&[(0, 0)]).as_deref(), Some("⠁"));
        assert_eq!(look(&[(1, 3)]).as_deref(), Some("⢀"));
        assert_eq!(look(&[(0, 3), (1, 0)]).as_deref(), Some("⡈"));
        let all: Vec<_> = (0..2).flat_map(|x| (0..4).map(move |y| (x, y))).collect();
        assert_eq!(look(&all).as_deref(), Some("⣿"));
    }
}
