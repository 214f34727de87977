//! The one generator of the program: `SplitMix64`.
//!
//! Written out rather than taken from a library, since figures and the simulated market must be
//! the same on every machine and with every version of everything.

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finalizer of `SplitMix64`: a bijection of 64 bits without visible structure.
#[must_use]
pub const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A key from a key and one more part: what numbers that belong to a thing are drawn from.
#[must_use]
pub const fn key(base: u64, part: i64) -> u64 {
    mix(mix(base.wrapping_add(GAMMA)) ^ (part as u64).wrapping_mul(GAMMA))
}

/// A fraction in [0, 1) from the upper 53 bits of a hash.
#[must_use]
pub const fn fraction(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1u64 << 53) as f64
}

/// `SplitMix64` (Steele, Lea and Flood 2014): three multiplications a number, no state beyond a
/// counter, every 64-bit number once in its period.
#[derive(Debug, Clone)]
pub struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    /// The stream of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        mix(self.state)
    }

    /// Uniform in [0, 1).
    pub const fn unit(&mut self) -> f64 {
        fraction(self.bits())
    }

    /// An index below `count`; `count` must be above 0. Favours no index by more than
    /// `count / 2^64`.
    pub const fn below(&mut self, count: usize) -> usize {
        (self.bits() % count as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_splitmix64() {
        // The published first outputs for the seed 1234567.
        let mut random = SplitMix64::new(1_234_567);
        let got: [u64; 3] = std::array::from_fn(|_| random.bits());
        assert_eq!(
            got,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }
}
