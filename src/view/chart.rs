//! A curve over time as lines of text: what a cumulative P&L looks like, its falls shaded.

use super::format::{self, Style};
use super::layout::{spaces, width};
use super::table::{Line, Tone};

/// A cumulative P&L in steps of equal time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chart {
    /// The level at the end of each step, and the highest level up to it.
    pub steps: Vec<(f64, f64)>,
    /// What stands under the left end.
    pub from: String,
    /// What stands under the right end.
    pub to: String,
    /// How text is set.
    pub style: Style,
}

/// Steps that a chart is made of; a narrower screen shows fewer.
pub const STEPS: usize = 120;
/// Lines of a chart without its feet.
const HEIGHT: usize = 8;
/// The widest chart that is drawn.
const WIDEST: usize = 100;
/// Under this no curve can be seen.
const NARROWEST: usize = 12;

impl Chart {
    /// Lines of at most a width; none where nothing could be seen.
    #[must_use]
    pub fn lines(&self, room: usize) -> Vec<Line> {
        let highest = self.steps.iter().map(|s| s.1).fold(0.0, f64::max);
        let lowest = self.steps.iter().map(|s| s.0).fold(0.0, f64::min);
        let labels = [highest, lowest].map(|v| format::signed_money(v, self.style));
        let margin = labels.iter().map(|l| width(l)).max().unwrap_or(0) + 1;
        let wide = room.saturating_sub(margin).min(WIDEST);
        if wide < NARROWEST || self.steps.is_empty() || highest <= lowest {
            return Vec::new();
        }
        let columns = self.columns(wide);
        let row_of = |level: f64| {
            let part = (highest - level) / (highest - lowest);
            ((part * HEIGHT as f64) as usize).min(HEIGHT - 1)
        };
        let (mark, shade, zero) = if self.style.ascii {
            ('*', ':', '.')
        } else {
            ('━', '░', '·')
        };
        let zero_row = row_of(0.0);
        let mut lines = Vec::with_capacity(HEIGHT + 1);
        for row in 0..HEIGHT {
            let label = match row {
                0 => labels[0].as_str(),
                r if r == HEIGHT - 1 => labels[1].as_str(),
                r if r == zero_row => "0",
                _ => "",
            };
            let pad = spaces(margin - 1 - width(label));
            let mut line = Line::toned(format!("{pad}{label} "), Tone::Dim);
            // Runs of one kind are one stretch of text.
            let kinds = columns.iter().map(|(level, peak)| {
                if row_of(*level) == row {
                    (mark, Tone::Strong)
                } else if row_of(*peak) <= row && row < row_of(*level) {
                    (shade, Tone::Down)
                } else if row == zero_row {
                    (zero, Tone::Dim)
                } else {
                    (' ', Tone::Plain)
                }
            });
            let kinds: Vec<(char, Tone)> = kinds.collect();
            for run in kinds.chunk_by(|a, b| a == b) {
                let text: String = run.iter().map(|(c, _)| *c).collect();
                line = line.and(text, run[0].1);
            }
            lines.push(line);
        }
        let used = margin + width(&self.from) + width(&self.to);
        let gap = (margin + columns.len()).saturating_sub(used);
        if gap > 0 {
            let feet = format!("{}{}{}{}", spaces(margin), self.from, spaces(gap), self.to);
            lines.push(Line::toned(feet, Tone::Dim));
        }
        lines
    }

    /// The steps in so many columns: the last level of each, and the deepest fall in it.
    fn columns(&self, wide: usize) -> Vec<(f64, f64)> {
        let n = self.steps.len();
        let wide = wide.min(n);
        (0..wide)
            .filter_map(|i| {
                let part = &self.steps[i * n / wide..(i + 1) * n / wide];
                let last = part.last()?;
                // A fall within the column is not passed over.
                let lowest = part
                    .iter()
                    .min_by(|a, b| (a.0 - a.1).total_cmp(&(b.0 - b.1)))?;
                let level = if lowest.0 - lowest.1 < last.0 - last.1 {
                    lowest.0
                } else {
                    last.0
                };
                Some((level, last.1))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_keeps_to_its_room_and_falls_are_shaded() {
        let mut peak: f64 = 0.0;
        let steps: Vec<(f64, f64)> = (0..STEPS)
            .map(|i| {
                let level = (i as f64 / 9.0).sin() * 1e6 - 5.0 * i as f64;
                peak = peak.max(level);
                (level, peak)
            })
            .collect();
        for ascii in [false, true] {
            let chart = Chart {
                steps: steps.clone(),
                from: "2025-10-01".into(),
                to: "2025-10-30".into(),
                style: Style::utc(ascii),
            };
            for room in 0..140 {
                for line in chart.lines(room) {
                    assert!(width(&line.text()) <= room, "{room}: {}", line.text());
                    assert!(!ascii || line.text().is_ascii());
                }
            }
            let drawn: String = chart.lines(80).iter().map(Line::text).collect();
            assert!(drawn.contains(if ascii { ':' } else { '░' }), "{drawn}");
        }
    }

    #[test]
    fn nothing_to_show_is_no_chart() {
        assert!(Chart::default().lines(80).is_empty());
        let flat = Chart {
            steps: vec![(0.0, 0.0); 9],
            ..Chart::default()
        };
        assert!(flat.lines(80).is_empty());
    }
}
