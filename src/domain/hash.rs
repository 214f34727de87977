//! Hash maps for names and tokens in memory: a few multiplications a key.
//!
//! The standard hasher keeps strangers from choosing colliding keys for a server; here the one who
//! would wait is the one who imported the file, and boards of 100,000 calls are hashed several
//! times before anything is on screen.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A map with [`FastHasher`].
pub type FastMap<K, V> = HashMap<K, V, BuildHasherDefault<FastHasher>>;
/// A set with [`FastHasher`].
pub type FastSet<K> = HashSet<K, BuildHasherDefault<FastHasher>>;

/// Eight bytes a step: rotate, xor, multiply; the bits are mixed once at the end.
#[derive(Debug, Clone, Copy, Default)]
pub struct FastHasher(u64);

const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

impl FastHasher {
    const fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    }
}

impl Hasher for FastHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.add(u64::from_le_bytes(last) ^ ((rest.len() as u64) << 56));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.add(u64::from(byte));
    }

    fn write_usize(&mut self, word: usize) {
        self.add(word as u64);
    }

    fn finish(&self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed ^ (mixed >> 29)
    }
}

#[cfg(test)]
mod tests {
    use std::hash::Hash;

    use super::*;

    #[test]
    fn keys_that_look_alike_hash_apart() {
        let mut seen = HashSet::new();
        for i in 0..100_000 {
            let mut hasher = FastHasher::default();
            format!("source-{i}").hash(&mut hasher);
            seen.insert(hasher.finish());
        }
        assert_eq!(seen.len(), 100_000);
        // The low bits choose the bucket, the high ones tell within it.
        let low: HashSet<u64> = seen.iter().map(|h| h & 0xFFFF).collect();
        let high: HashSet<u64> = seen.iter().map(|h| h >> 57).collect();
        assert!(low.len() > 48_000 && high.len() == 128, "{}", low.len());
    }
}
