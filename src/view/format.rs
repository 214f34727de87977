//! How figures are worded: prices, money, percent, multiples, ages. A sign always stands with a
//! change, so that colour is never the only one; unknown is a dash, never a zero.

use crate::domain::{Category, Multiple, Percent, Price, Span, Zone};
use crate::stats::Interval;

use super::table::{Cell, Tone};

/// How text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// Only ASCII.
    pub ascii: bool,
    /// The zone that times are written in.
    pub zone: Zone,
}

impl Style {
    /// Only ASCII or not, in UTC.
    #[must_use]
    pub const fn utc(ascii: bool) -> Self {
        Self {
            ascii,
            zone: Zone::UTC,
        }
    }
}

/// What stands for unknown.
pub const UNKNOWN: &str = "-";

/// Digits with separators between thousands.
fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{:.*}", decimals, value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut out = String::with_capacity(text.len() + whole.len() / 3);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(rest);
    out
}

/// A number of four significant digits, with a run of leading zeros folded: `0.0₅6440` is
/// 0.000006440 (`0.0(5)6440` in ASCII). Columns of it keep their width at any size.
pub(super) fn significant(value: f64, style: Style) -> String {
    let size = value.abs();
    if size >= 1e15 {
        return format!("{size:.3e}");
    }
    if size >= 1000.0 {
        return grouped(size, 0);
    }
    if size >= 1.0 {
        // 999.95 would round up to five digits; the exponent of the rounded number decides.
        let decimals = 3usize.saturating_sub(size.log10().floor().max(0.0) as usize);
        return grouped(size, decimals);
    }
    // Scientific notation rounds to four digits and gives the exponent that belongs to them.
    let text = format!("{size:.3e}");
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return text;
    };
    let zeros = exponent.parse::<i32>().map_or(0, |e| (-e - 1).max(0)) as usize;
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    if size == 0.0 {
        "0".to_owned()
    } else if zeros < 4 {
        format!("0.{}{digits}", "0".repeat(zeros))
    } else if style.ascii {
        format!("0.0({zeros}){digits}")
    } else {
        let small: String = zeros
            .to_string()
            .chars()
            .map(|c| char::from_u32('₀' as u32 + u32::from(c as u8 - b'0')).unwrap_or(c))
            .collect();
        format!("0.0{small}{digits}")
    }
}

/// A price in USD.
#[must_use]
pub fn price(price: Price, style: Style) -> String {
    significant(price.usd(), style)
}

/// An amount of money with its sign: `+1,234.56`, `-0.0₅6440`, `0.00`.
#[must_use]
pub fn signed_money(value: f64, style: Style) -> String {
    let sign = if value > 0.0 {
        "+"
    } else if value < 0.0 {
        "-"
    } else {
        return "0.00".to_owned();
    };
    let size = value.abs();
    let text = if size >= 1e15 {
        format!("{size:.3e}")
    } else if size >= 1e9 {
        format!("{}M", grouped(size / 1e6, 1))
    } else if size >= 0.01 {
        grouped(size, 2)
    } else {
        significant(size, style)
    };
    format!("{sign}{text}")
}

/// An amount of money of no particular direction: what was paid, how far apart.
#[must_use]
pub fn money(value: f64, style: Style) -> String {
    signed_money(value, style)
        .trim_start_matches('+')
        .to_owned()
}

/// A probability: `64%`, and never a certainty that it is not.
#[must_use]
pub fn probability(p: f64) -> String {
    match p {
        p if p > 0.0 && p < 0.005 => "<1%".to_owned(),
        p if p < 1.0 && p > 0.995 => ">99%".to_owned(),
        p => format!("{:.0}%", p * 100.0),
    }
}

/// A large amount in short: `950`, `12.3k`, `4.56M`.
#[must_use]
pub fn short_money(value: f64) -> String {
    let size = value.abs();
    let sign = if value < 0.0 { "-" } else { "" };
    let text = if size >= 1e9 {
        format!("{:.2}B", size / 1e9)
    } else if size >= 1e6 {
        format!("{:.2}M", size / 1e6)
    } else if size >= 1e3 {
        format!("{:.1}k", size / 1e3)
    } else {
        format!("{size:.0}")
    };
    format!("{sign}{text}")
}

/// A change in percent with its sign: `+12.5%`, `-98.3%`, `+146,110%`.
#[must_use]
pub fn signed_percent(percent: Percent) -> String {
    let value = percent.value();
    let decimals = usize::from(value.abs() < 999.95);
    let text = grouped(value, decimals);
    if text.chars().all(|c| matches!(c, '0' | '.')) {
        return format!("{text}%");
    }
    format!("{}{text}%", if value < 0.0 { "-" } else { "+" })
}

/// A share of 0 to 1 as percent without a sign: `30.2%`.
#[must_use]
pub fn rate(fraction: f64) -> String {
    format!("{:.1}%", fraction * 100.0)
}

/// A 95 % interval of a share: `25-36%`.
#[must_use]
pub fn rate_interval(interval: Interval) -> String {
    format!("{:.0}-{:.0}%", interval.low * 100.0, interval.high * 100.0)
}

/// A share with its interval: `30.2% (25-36)`; unknown without trials.
#[must_use]
pub fn rate_with_interval(fraction: Option<f64>, interval: Option<Interval>) -> String {
    match (fraction, interval) {
        (Some(fraction), Some(i)) => format!(
            "{} ({:.0}-{:.0})",
            rate(fraction),
            i.low * 100.0,
            i.high * 100.0
        ),
        _ => UNKNOWN.to_owned(),
    }
}

/// A multiple: `3.25x`, `146x`, `1,463x`.
#[must_use]
pub fn multiple(multiple: Multiple) -> String {
    let value = multiple.value();
    let decimals = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    format!("{}x", grouped(value, decimals))
}

/// A whole number as it stands in a sentence: `1,000,000`.
#[must_use]
pub fn whole(n: usize) -> String {
    grouped(n as f64, 0)
}

/// How many of something: `1 trade`, `265 trades`, `1,000,000 trades`.
#[must_use]
pub fn count(n: usize, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {what}{s}", whole(n))
}

/// How long ago, in minutes at the finest: a still market writes nothing between steps.
#[must_use]
pub fn age(span: Span) -> String {
    let minutes = span.millis().max(0) / Span::MINUTE.millis();
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, 0) => "<1m".to_owned(),
        (0, 0, m) => format!("{m}m"),
        (0, h, m) if h < 10 => format!("{h}h{m:02}m"),
        (0, h, _) => format!("{h}h"),
        (d, h, _) if d < 10 => format!("{d}d{h:02}h"),
        (d, _, _) => format!("{d}d"),
    }
}

/// A span of so many seconds, to the millisecond.
#[must_use]
pub fn seconds(seconds: f64) -> Span {
    Span::from_millis((seconds * 1000.0) as i64)
}

/// An age for a sentence: "20 days old", "3 h old".
#[must_use]
pub fn age_phrase(span: Span) -> String {
    let minutes = span.millis().max(0) / Span::MINUTE.millis();
    let count = |n: i64, unit: &str| format!("{n} {unit}{} old", if n == 1 { "" } else { "s" });
    match minutes {
        m if m >= 2880 => count(m / 1440, "day"),
        m if m >= 120 => count(m / 60, "hour"),
        m => count(m, "minute"),
    }
}

/// A p or q value: `0.020`, `<0.001`.
#[must_use]
pub fn p_value(p: f64) -> String {
    if p < 0.001 {
        "<0.001".to_owned()
    } else {
        format!("{p:.3}")
    }
}

/// A correlation or AUC: `+0.44`, `0.72`.
#[must_use]
pub fn correlation(r: f64) -> String {
    format!("{r:+.2}")
}

/// The tone of a change.
#[must_use]
pub fn tone_of(value: f64) -> Tone {
    if value > 0.0 {
        Tone::Up
    } else if value < 0.0 {
        Tone::Down
    } else {
        Tone::Plain
    }
}

/// The tone of a change as it is written: what is rounded to nothing neither rose nor fell.
fn tone_of_sign(text: &str) -> Tone {
    match text.as_bytes().first() {
        Some(b'+') => Tone::Up,
        Some(b'-') => Tone::Down,
        _ => Tone::Plain,
    }
}

/// The tone of a category.
#[must_use]
pub const fn category_tone(category: Category) -> Tone {
    match category {
        Category::Moon | Category::Winner | Category::Good => Tone::Good,
        Category::BreakEven => Tone::Plain,
        Category::Loser | Category::Crash => Tone::Bad,
    }
}

/// A cell of a change in percent.
#[must_use]
pub fn percent_cell(percent: Option<Percent>) -> Cell {
    percent.map_or_else(
        || Cell::unknown(UNKNOWN),
        |p| {
            let text = signed_percent(p);
            let tone = tone_of_sign(&text);
            Cell::number(text, p.value()).toned(tone)
        },
    )
}

/// A cell of money with its sign.
#[must_use]
pub fn money_cell(value: Option<f64>, style: Style) -> Cell {
    value.map_or_else(
        || Cell::unknown(UNKNOWN),
        |v| {
            let text = signed_money(v, style);
            let tone = tone_of_sign(&text);
            Cell::number(text, v).toned(tone)
        },
    )
}

/// A cell of a multiple.
#[must_use]
pub fn multiple_cell(value: Option<Multiple>) -> Cell {
    value.map_or_else(
        || Cell::unknown(UNKNOWN),
        |m| Cell::number(multiple(m), m.value()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_keep_four_digits_at_any_size() {
        for (value, unicode, ascii) in [
            (64_231.4, "64,231", "64,231"),
            (123.456, "123.5", "123.5"),
            (1.0, "1.000", "1.000"),
            (0.5, "0.5000", "0.5000"),
            (0.000_123_4, "0.0001234", "0.0001234"),
            (0.000_006_44, "0.0₅6440", "0.0(5)6440"),
            (1e-12, "0.0₁₁1000", "0.0(11)1000"),
            (9.999_95e-6, "0.0₄1000", "0.0(4)1000"),
            (0.099_999_9, "0.1000", "0.1000"),
            (1e6, "1,000,000", "1,000,000"),
        ] {
            let p = Price::new(value).unwrap();
            assert_eq!(price(p, Style::utc(false)), unicode);
            assert_eq!(price(p, Style::utc(true)), ascii);
        }
    }

    #[test]
    fn signs_stand_with_changes_and_zero_has_none() {
        for (value, want) in [
            (12.5, "+12.5%"),
            (-98.333, "-98.3%"),
            (0.0, "0.0%"),
            (0.04, "0.0%"),
            (-0.04, "0.0%"),
            (146_110.0, "+146,110%"),
        ] {
            assert_eq!(signed_percent(Percent(value)), want);
        }
        let style = Style::utc(true);
        for (value, want) in [
            (1234.567, "+1,234.57"),
            (-0.5, "-0.50"),
            (0.0, "0.00"),
            (1e-9, "+0.0(8)1000"),
            (1e12, "+1,000,000.0M"),
        ] {
            assert_eq!(signed_money(value, style), want);
        }
    }

    #[test]
    fn ages_are_short() {
        for (minutes, want) in [
            (0, "<1m"),
            (59, "59m"),
            (61, "1h01m"),
            (600, "10h"),
            (1500, "1d01h"),
            (14_400, "10d"),
        ] {
            assert_eq!(age(Span::minutes(minutes)), want);
        }
        assert_eq!(age_phrase(Span::days(20)), "20 days old");
        assert_eq!(age_phrase(Span::minutes(1)), "1 minute old");
    }
}
