//! The price of one token over time: a few smooth moves in log space, noise on top.
//!
//! Everything is a function of the hours since the token's first call, so that any instant can be
//! asked for, in any order, at the same cost.

use super::draw::{Draws, key, noise, smooth};

/// What becomes of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Little happens.
    Calm,
    /// Rises 1.6x to 3.5x and keeps most of it.
    Climb,
    /// Rises 5x to 40x and keeps part of it.
    Moon,
    /// Rises 2x to 12x within hours, then loses nearly all.
    PumpAndDump,
    /// Loses a part over days.
    Fade,
    /// The liquidity is taken out, and the price collapses within minutes.
    Rug,
    /// Fades, then is no longer listed by anybody.
    Gone,
    /// Calm, with one reading that is 50x to 1000x too high.
    BadTick,
}

/// A change of the price, spread smoothly over some hours.
#[derive(Debug, Clone, Copy, Default)]
struct Move {
    /// Change of the natural logarithm of the price.
    by: f64,
    /// When it starts, hours since the first call.
    from: f64,
    /// How long it takes, hours; above 0.
    over: f64,
}

impl Move {
    fn at(self, hours: f64) -> f64 {
        self.by * smooth((hours - self.from) / self.over)
    }
}

/// Octaves of the noise: (period in hours, amplitude relative to the token's volatility). The sum
/// of the amplitudes is [`AMPLITUDE`].
const OCTAVES: [(f64, f64); 6] = [
    (96.0, 1.0),
    (24.0, 0.6),
    (6.0, 0.35),
    (1.5, 0.2),
    (0.4, 0.1),
    (0.05, 0.03),
];
#[cfg(test)]
const AMPLITUDE: f64 = 2.28;

/// How long a drain of liquidity takes, hours.
const DRAIN_HOURS: f64 = 0.2;

/// The course of one token, in hours since its first call and multiples of the price at it.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub(super) kind: Kind,
    noise_key: u64,
    volatility: f64,
    /// Hours from its launch to the first call.
    pub(super) age: f64,
    /// How much it rose (log) from launch to first call.
    risen: f64,
    moves: [Move; 2],
    /// When the liquidity goes, or the listing, by kind; infinite for the others.
    pub(super) end: f64,
    /// Where the bad tick lies and what it multiplies the price with.
    tick: Option<(f64, f64)>,
}

impl Path {
    /// The path of a token of this kind. Its draws come from a stream of its own, so that the
    /// kinds may use as many as they like.
    pub(super) fn of(kind: Kind, token_key: u64) -> Self {
        let mut d = Draws::of(key(token_key, 0x9A7));
        // A token is mostly called young: minutes to three days after its launch.
        let age = d.log_range(0.1, 72.0);
        let risen = d.range(-0.1, 1.2);
        let mut path = Self {
            kind,
            noise_key: d.bits(),
            volatility: d.range(0.10, 0.20),
            age,
            risen,
            moves: [Move::default(); 2].map(|m| Move { over: 1.0, ..m }),
            end: f64::INFINITY,
            tick: None,
        };
        match kind {
            Kind::Calm => path.calm(&mut d),
            Kind::BadTick => {
                path.calm(&mut d);
                path.tick = Some((d.range(1.5, 60.0), d.log_range(50.0, 1_000.0)));
            }
            Kind::Climb => path.rise_and_keep(&mut d, (1.6, 3.5), (0.8, 1.0)),
            Kind::Moon => path.rise_and_keep(&mut d, (5.5, 40.0), (0.35, 0.8)),
            Kind::PumpAndDump => {
                // Little noise, so that it surely ends under 0.5x.
                path.volatility = d.range(0.06, 0.12);
                let up = Move {
                    by: d.log_range(2.2, 12.0).ln(),
                    from: d.range(0.1, 2.0),
                    over: d.range(1.0, 7.0),
                };
                let down = Move {
                    by: d.log_range(0.03, 0.32).ln() - up.by,
                    from: up.from + up.over + d.range(0.2, 6.0),
                    over: d.range(3.0, 40.0),
                };
                path.moves = [up, down];
            }
            Kind::Fade => {
                let floor = d.range(0.25, 0.88).ln();
                path.fall_to(&mut d, floor);
            }
            Kind::Gone => {
                let floor = d.range(0.05, 0.5).ln();
                path.fall_to(&mut d, floor);
                path.end = d.range(10.0, 110.0);
            }
            Kind::Rug => {
                path.volatility = d.range(0.06, 0.10);
                path.end = d.log_range(1.0, 90.0);
                let before = Move {
                    by: (0.85 + 1.5 * d.unit().powi(3)).ln(),
                    from: 0.0,
                    over: path.end,
                };
                // Deep enough to lie under 0.2x of any price before it, noise included.
                let collapse = Move {
                    by: d.log_range(0.008, 0.05).ln() - before.by,
                    from: path.end,
                    over: d.range(0.03, 0.25),
                };
                path.moves = [before, collapse];
            }
        }
        path
    }

    fn calm(&mut self, d: &mut Draws) {
        self.volatility = d.range(0.04, 0.12);
        self.moves[0] = Move {
            by: d.range(0.9, 1.3).ln(),
            from: 0.0,
            over: d.range(24.0, 160.0),
        };
    }

    /// `top` as a multiple of the price at the first call, `keeps` as a share of it.
    fn rise_and_keep(&mut self, d: &mut Draws, top: (f64, f64), keeps: (f64, f64)) {
        // Squared: small multiples are much more frequent than large ones.
        let share = d.unit().powi(2);
        let up = Move {
            by: top.0.ln() + (top.1 / top.0).ln() * share,
            from: d.range(0.2, 12.0),
            over: d.range(8.0, 72.0),
        };
        let back = Move {
            by: d.range(keeps.0, keeps.1).ln(),
            from: up.from + up.over + d.range(2.0, 10.0),
            over: d.range(12.0, 48.0),
        };
        self.moves = [up, back];
    }

    /// Most of the fall early, the rest over days.
    fn fall_to(&mut self, d: &mut Draws, floor: f64) {
        let early = d.range(0.3, 0.8);
        let over = d.range(4.0, 48.0);
        self.moves = [
            Move {
                by: floor * early,
                from: 0.0,
                over,
            },
            Move {
                by: floor * (1.0 - early),
                from: over * 0.6,
                over: d.range(24.0, 100.0),
            },
        ];
    }

    /// The true price at this time, as a multiple of the price at the first call (1.0 at 0).
    pub(super) fn multiple(&self, hours: f64) -> f64 {
        let moved: f64 = self.moves.iter().map(|m| m.at(hours)).sum();
        let before = -self.risen * smooth(-hours / self.age);
        let wobble = |h: f64| noise(self.noise_key, h, &OCTAVES);
        (moved + before + self.volatility * (wobble(hours) - wobble(0.0))).exp()
    }

    /// Whether a provider lists the token at this time.
    pub(super) fn is_listed(&self, hours: f64) -> bool {
        hours >= -self.age && (self.kind != Kind::Gone || hours < self.end)
    }

    /// How much of the liquidity was taken out, 0 to 1 in the logarithm.
    pub(super) fn drained(&self, hours: f64) -> f64 {
        if self.kind == Kind::Rug {
            smooth((hours - self.end) / DRAIN_HOURS)
        } else {
            0.0
        }
    }

    /// The bad tick, if the token has one: about when (hours), and the factor on the price.
    pub(super) const fn tick(&self) -> Option<(f64, f64)> {
        self.tick
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_octaves_sum_to_what_the_rug_counts_on() {
        let sum: f64 = OCTAVES.iter().map(|(_, amplitude)| amplitude).sum();
        assert!((sum - AMPLITUDE).abs() < 1e-12);
        // Entry at the lowest (0.85 less noise), floor at the highest: still under 0.2x. The
        // noise at the first call is common to both and cancels.
        let noise = 0.10 * AMPLITUDE;
        assert!(0.05 * noise.exp() / (0.85 * (-noise).exp()) < 0.2);
    }

    #[test]
    fn each_kind_does_what_it_says() {
        for token in 0..200 {
            let k = key(99, token);
            let week = |kind: Kind| {
                let path = Path::of(kind, k);
                let all: Vec<f64> = (0..=2016)
                    .map(|i| path.multiple(f64::from(i) / 12.0))
                    .collect();
                assert!((all[0] - 1.0).abs() < 1e-12);
                let top = all.iter().copied().fold(0.0, f64::max);
                (top, all[2016])
            };
            let (top, last) = week(Kind::Calm);
            assert!(top < 2.0 && last > 0.5, "calm {token}: {top} {last}");
            let (top, last) = week(Kind::Moon);
            assert!(
                (3.5..70.0).contains(&top) && last > 1.0,
                "moon {token}: {top} {last}"
            );
            let (top, last) = week(Kind::PumpAndDump);
            assert!(
                (1.5..20.0).contains(&top) && last < 0.5,
                "dump {token}: {top} {last}"
            );
            let (_, last) = week(Kind::Rug);
            assert!(last < 0.1, "rug {token}: {last}");
        }
    }
}
