//! What the stated confidence of a model is worth, in words.

use crate::analytics::deep::Auc;
use crate::analytics::{ConfidenceVerdict, Summary, TradeFigures};
use crate::stats::{Bin, Correlation, Interval};

use super::format::{self, UNKNOWN};
use super::table::{Bar, Block, Line, Tone};

/// An AUC with its interval: `0.64 (0.55-0.72)`.
#[must_use]
pub fn auc(auc: &Auc) -> String {
    match auc.interval {
        Some(i) => format!("{:.2} ({:.2}-{:.2})", auc.value, i.low, i.high),
        None => format!("{:.2}", auc.value),
    }
}

/// The verdict in one line.
#[must_use]
pub fn verdict(verdict: &ConfidenceVerdict) -> String {
    let sure =
        |auc: &Auc, i: &Interval| format!("AUC {:.2}, {:.2}-{:.2}", auc.value, i.low, i.high);
    match verdict {
        ConfidenceVerdict::NotStated => "no trade stated one".to_owned(),
        ConfidenceVerdict::Constant => "always the same: it tells nothing".to_owned(),
        ConfidenceVerdict::TooFew { n } => format!(
            "too few to say: {n} of {} trades",
            crate::analytics::deep::MIN_CONFIDENCE_N
        ),
        ConfidenceVerdict::OneSided { wins, others } => {
            format!("cannot be told: {wins} won, {others} not; 3 of each are needed")
        }
        ConfidenceVerdict::Better(auc, i) => {
            format!("higher confidence, better results ({})", sure(auc, i))
        }
        ConfidenceVerdict::Worse(auc, i) => {
            format!("higher confidence, worse results ({})", sure(auc, i))
        }
        ConfidenceVerdict::NothingYet {
            auc,
            interval,
            more: Some(more),
        } => format!(
            "confidence tells nothing yet: about {} more needed ({})",
            format::count(usize::try_from(*more).unwrap_or(usize::MAX), "trade"),
            sure(auc, interval)
        ),
        ConfidenceVerdict::NothingYet {
            auc,
            interval,
            more: None,
        } => format!(
            "confidence tells nothing: more trades will hardly change that ({})",
            sure(auc, interval)
        ),
    }
}

/// All figures of a confidence.
#[must_use]
pub fn pairs(summary: &Summary, figures: &TradeFigures) -> Vec<(String, Line)> {
    let c = &summary.confidence;
    let pair = |label: &str, line: Line| (label.to_owned(), line);
    let said = verdict(&ConfidenceVerdict::of(summary, figures));
    let mut pairs = vec![pair("verdict", Line::toned(said, Tone::Strong))];
    if c.n == 0 {
        return pairs;
    }
    pairs.push(pair(
        "stated in",
        Line::plain(format!("{} of {} trades", c.n, summary.trades())).and(
            c.mean()
                .map_or_else(String::new, |m| format!("  mean {}", format::rate(m))),
            Tone::Dim,
        ),
    ));
    if c.n < 3 {
        return pairs;
    }
    let few = (c.n as usize) < crate::analytics::deep::MIN_CONFIDENCE_N;
    pairs.push(pair("Pearson, P&L", correlation(c.pearson(), few)));
    pairs.push(pair("Pearson, won", correlation(c.pearson_win(), few)));
    pairs.push(pair("Spearman, P&L", correlation(figures.spearman, few)));
    let auc_line = figures.auc.map_or_else(
        || {
            Line::toned(
                "needs 10 trades, 3 won and 3 not, and a confidence that varies",
                Tone::Dim,
            )
        },
        |a| Line::plain(auc(&a)).and("  0.5 is a coin flip", Tone::Dim),
    );
    pairs.push(pair("AUC", auc_line));
    if let Some(brier) = c.brier() {
        let skill = c.brier_skill().map_or_else(
            || "  no skill to measure: all ended the same".to_owned(),
            |skill| {
                let than = if skill > 0.0 { "better" } else { "worse" };
                format!(
                    "  skill {skill:+.2}: {than} than always saying {}",
                    c.base_rate()
                        .map_or_else(|| UNKNOWN.to_owned(), format::rate)
                )
            },
        );
        pairs.push(pair(
            "Brier",
            Line::plain(format!("{brier:.3}")).and(skill, Tone::Dim),
        ));
    }
    if let Some(m) = figures.murphy {
        let text = format!(
            "reliability {:.3} (0 is perfect), resolution {:.3}, uncertainty {:.3}",
            m.reliability, m.resolution, m.uncertainty
        );
        pairs.push(pair("its parts", Line::toned(text, Tone::Dim)));
    }
    if let Some(test) = figures.spiegelhalter.filter(|_| !few) {
        let said = if test.p < 0.05 {
            "it is no probability of winning"
        } else {
            "nothing speaks against it as a probability"
        };
        pairs.push(pair(
            "calibrated?",
            Line::plain(said).and(
                format!(
                    "  Spiegelhalter z {:+.2}, p {}",
                    test.z,
                    format::p_value(test.p)
                ),
                Tone::Dim,
            ),
        ));
    }
    pairs
}

fn correlation(r: Option<Correlation>, few: bool) -> Line {
    let Some(c) = r else {
        return Line::toned("not defined: it never varies", Tone::Dim);
    };
    let interval = c.interval.map_or_else(String::new, |i| {
        format!(" ({:+.2} to {:+.2})", i.low, i.high)
    });
    let p =
        c.p.map_or_else(String::new, |p| format!("  p {}", format::p_value(p)));
    Line::plain(format::correlation(c.r))
        .and(interval, Tone::Plain)
        .and(p, Tone::Dim)
        .and(if few { "  too few to say" } else { "" }, Tone::Warn)
}

/// How often trades of about the same confidence were won: a bar with its interval each.
#[must_use]
pub fn reliability(bins: &[Bin]) -> Vec<Block> {
    if bins.is_empty() {
        return Vec::new();
    }
    let bars = bins.iter().map(|bin| {
        let range = if bin.low < bin.high {
            format!("said {:.0}-{:.0}%", bin.low * 100.0, bin.high * 100.0)
        } else {
            format!("said {:.0}%", bin.low * 100.0)
        };
        let held = bin.interval.low <= bin.forecast && bin.forecast <= bin.interval.high;
        Bar {
            label: range,
            figures: format!(
                "won {} of {}, {}",
                bin.won,
                bin.n,
                format::rate_with_interval(Some(bin.rate()), Some(bin.interval))
            ),
            fraction: bin.rate(),
            interval: Some((bin.interval.low, bin.interval.high)),
            tone: if held { Tone::Good } else { Tone::Warn },
        }
    });
    vec![
        Block::Heading("Calibration: what it said against what was won".to_owned()),
        Block::Bars(bars.collect()),
    ]
}
