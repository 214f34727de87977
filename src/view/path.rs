//! The path of a price: as a few signs in a table, and as a chart on a page.

use crate::domain::fold::PriceAt;
use crate::domain::{Entry, Span, Timestamp};

use super::format::Style;
use super::table::{ChartLevel, PathChart};

/// Signs in a table.
const SPARKS: usize = 12;
/// What they look back on.
const SPARK_SPAN: Span = Span::hours(24);
const UNICODE: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 8] = ['_', '.', ',', '-', '=', '+', '*', '#'];
/// A line breaks where nothing was seen for longer than this, or than a fiftieth of all.
const BREAK: Span = Span::minutes(20);
/// The levels that a chart marks where the path comes near.
const LEVELS: [(f64, &str); 4] = [(0.5, "0.5x"), (2.0, "2x"), (5.0, "5x"), (10.0, "10x")];

/// The last day of a path, the latest price of each two hours, from its lowest to its highest on
/// a logarithmic scale; a gap is a gap.
#[must_use]
pub fn spark<'a>(
    path: impl Iterator<Item = &'a PriceAt>,
    now: Timestamp,
    style: Style,
) -> Option<String> {
    let mut slots = [None::<f64>; SPARKS];
    for price in path {
        let age = now.since(price.at).millis();
        if !(0..SPARK_SPAN.millis()).contains(&age) {
            continue;
        }
        let back = age * SPARKS as i64 / SPARK_SPAN.millis();
        if let Some(slot) = usize::try_from(back)
            .ok()
            .and_then(|back| slots.get_mut(SPARKS - 1 - back.min(SPARKS - 1)))
        {
            *slot = Some(price.price.usd().ln());
        }
    }
    let known = || slots.iter().flatten().copied();
    let (low, high) = (known().reduce(f64::min)?, known().reduce(f64::max)?);
    let glyphs = if style.ascii { ASCII } else { UNICODE };
    let of = |value: f64| {
        if high - low < 1e-6 {
            return glyphs[3];
        }
        let step = ((value - low) / (high - low) * 7.0).round() as usize;
        glyphs[step.min(7)]
    };
    Some(slots.iter().map(|slot| slot.map_or(' ', of)).collect())
}

/// The path of a call from its entry on; `None` when nothing was seen after it.
#[must_use]
pub fn chart(
    path: &[PriceAt],
    entry: Entry,
    from: Timestamp,
    to: Timestamp,
    ends: (String, String),
) -> Option<PathChart> {
    let whole = to.since(from).millis();
    if whole <= 0 {
        return None;
    }
    let longest = BREAK.max(Span::from_millis(whole / 50));
    let mut stretches: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut before: Option<Timestamp> = None;
    let mut high: Option<(f64, f64)> = None;
    let (mut least, mut most) = (1.0_f64, 1.0_f64);
    for price in path.iter().filter(|p| p.at >= entry.at && p.at <= to) {
        let x = price.at.since(from).millis() as f64 / whole as f64;
        let y = price.price.over(entry.price).value();
        if y.is_nan() || y <= 0.0 || y.is_infinite() {
            continue;
        }
        if before.is_none_or(|before| price.at.since(before) > longest) {
            stretches.push(Vec::new());
        }
        before = Some(price.at);
        if let Some(stretch) = stretches.last_mut() {
            stretch.push((x, y));
        }
        if high.is_none_or(|(_, top)| y > top) {
            high = Some((x, y));
        }
        (least, most) = (least.min(y), most.max(y));
    }
    high?;
    let near = |m: f64| m <= most * 1.3 && m >= least / 1.3;
    let mut levels = vec![ChartLevel {
        multiple: 1.0,
        label: "entry".to_owned(),
    }];
    levels.extend(
        LEVELS
            .iter()
            .filter(|(m, _)| near(*m))
            .map(|(m, label)| ChartLevel {
                multiple: *m,
                label: (*label).to_owned(),
            }),
    );
    Some(PathChart {
        stretches,
        levels,
        high,
        ends,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EntryOrigin, Price};

    fn at(minute: i64, price: f64) -> PriceAt {
        PriceAt {
            at: Timestamp::from_millis(1_760_000_000_000).plus(Span::minutes(minute)),
            price: Price::new(price).unwrap(),
        }
    }

    #[test]
    fn sparks_show_the_shape_and_the_gaps() {
        let now = at(24 * 60, 1.0).at;
        let day: Vec<PriceAt> = (0..12)
            .filter(|i| *i != 5)
            .map(|i| at(i * 120 + 60, 2f64.powi(i as i32)))
            .collect();
        let style = Style::utc(false);
        assert_eq!(spark(day.iter(), now, style).unwrap(), "▁▂▂▃▄ ▅▅▆▇▇█");
        let flat = [at(1430, 5.0)];
        assert_eq!(
            spark(flat.iter(), now, Style::utc(true)).unwrap(),
            "           -"
        );
        assert_eq!(spark([].iter(), now, style), None);
        let later = [at(24 * 60 + 1, 1.0)];
        assert_eq!(spark(later.iter(), now, style), None);
    }

    #[test]
    fn a_chart_breaks_at_gaps_and_marks_what_it_comes_near() {
        let entry = Entry {
            price: Price::new(1.0).unwrap(),
            at: at(0, 1.0).at,
            origin: EntryOrigin::Stated,
        };
        let path = [at(1, 1.0), at(2, 2.1), at(60, 1.8), at(61, 1.7)];
        let ends = || (String::new(), String::new());
        let chart = chart(&path, entry, entry.at, at(100, 1.0).at, ends()).unwrap();
        let lengths: Vec<usize> = chart.stretches.iter().map(Vec::len).collect();
        assert_eq!(lengths, [2, 2]);
        assert_eq!(chart.high, Some((0.02, 2.1)));
        let labels: Vec<&str> = chart.levels.iter().map(|l| l.label.as_str()).collect();
        assert_eq!(labels, ["entry", "2x"]);
        assert_eq!(
            super::chart(&[], entry, entry.at, at(9, 1.0).at, ends()),
            None
        );
        assert_eq!(super::chart(&path, entry, entry.at, entry.at, ends()), None);
    }
}
