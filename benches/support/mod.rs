//! Generated input of any size: the same for the same numbers, on every machine.

#![allow(dead_code, reason = "each bench uses its part")]

pub mod files;

use callboard::analytics::{Book, BookKey, Point};
use callboard::domain::{Confidence, Side, Span, Timestamp, Trade};

/// The end of the generated history.
pub const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// `SplitMix64` (Steele, Lea and Flood 2014): small, and good enough to spread test input.
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The `i`-th of `n` trades of `models` models, spread evenly over `days` days up to [`NOW`].
pub fn trade(i: usize, n: usize, models: usize, days: i64, random: &mut Random) -> Trade {
    let span = Span::days(days).millis();
    let closed = NOW.millis() - span + (i128::from(span) * (i as i128 + 1) / n as i128) as i64;
    let confidence = (random.unit() * 100.0).round() / 100.0;
    let luck = random.unit() + random.unit() + random.unit() - 1.5;
    Trade {
        id: format!("t{i:08}"),
        model: format!("model-{:02}", i % models),
        symbol: Some("SOL".to_owned()),
        side: Some(if random.bits().is_multiple_of(2) {
            Side::Long
        } else {
            Side::Short
        }),
        quantity: Some(1.0),
        entry_price: Some(100.0),
        exit_price: Some(100.0 + luck),
        opened_at: Some(Timestamp::from_millis(closed - 3_600_000)),
        closed_at: Some(Timestamp::from_millis(closed)),
        realized_pnl: Some(((luck + confidence * 0.1) * 1e4).round() / 100.0),
        fee: Some(0.5),
        cost: None,
        confidence: Confidence::from_fraction(confidence),
        currency: Some("USD".to_owned()),
    }
}

/// The books of `n` generated trades.
pub fn books(n: usize, models: usize, days: i64) -> Vec<(BookKey, Book)> {
    let mut points: Vec<Vec<Point>> = vec![Vec::new(); models];
    let mut random = Random(7);
    for i in 0..n {
        points[i % models].extend(Point::of(&trade(i, n, models, days, &mut random), i as i64));
    }
    points
        .into_iter()
        .enumerate()
        .map(|(model, points)| {
            let key = BookKey {
                model: format!("model-{model:02}"),
                currency: "USD".to_owned(),
            };
            (key, Book::new(points, []))
        })
        .collect()
}
