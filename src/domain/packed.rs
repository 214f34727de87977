//! Numbers in as few bytes as their decimal digits need, and not a bit less than exact.
//!
//! What people and bots write has few digits: `48.81` is 4,881 hundredths, three bytes where a
//! double has eight. A number that is not short is kept as it is.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Powers of ten that a double holds exactly.
const TENS: [f64; 15] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
];
/// Whole numbers up to here are doubles, and stay apart when they are divided by a power of ten.
const WHOLE: f64 = 9_007_199_254_740_992.0;
/// Bits of a word that say how many decimals follow; what is no such number says how to go on.
const PLACES_BITS: u32 = 4;
/// The word of a number that follows as it is.
const RAW: u64 = 15;
/// The word of an unknown number.
const UNKNOWN: u64 = 31;

/// A number that may be unknown, packed where it is stored. Only for formats that write no more
/// than the values (postcard): what is stored is one word, and eight bytes after it if need be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Packed(pub Option<f64>);

/// A decimal of at most 14 places: digits and places in one word.
fn word(value: f64) -> Option<u64> {
    // The digits must stay a whole number that a double holds.
    let mut places: u32 = match value.abs() {
        size if size < 90.0 => 14,
        size if size < 9e7 => 8,
        size if size < 9e13 => 2,
        _ => return None,
    };
    let tens = TENS.get(places as usize)?;
    let mut digits = (value * tens + 0.5_f64.copysign(value)) as i64;
    // Both are exact, so this is what reading the decimal gives; -0.0 is another number than 0.0.
    if (digits as f64) / tens != value || (value == 0.0 && value.is_sign_negative()) {
        return None;
    }
    for (step, power) in [(8, 100_000_000), (4, 10_000), (2, 100), (1, 10)] {
        if places >= step && digits % power == 0 {
            digits /= power;
            places -= step;
        }
    }
    let zigzag = ((digits << 1) ^ (digits >> 63)).cast_unsigned();
    Some(zigzag << PLACES_BITS | u64::from(places))
}

/// The number of a word that [`word`] made; `None` for one that it cannot have made.
fn number(word: u64) -> Option<f64> {
    let places = word & ((1 << PLACES_BITS) - 1);
    let zigzag = word >> PLACES_BITS;
    let digits = (zigzag >> 1).cast_signed() ^ -((zigzag & 1).cast_signed());
    let digits = digits as f64;
    let tens = TENS.get(usize::try_from(places).ok()?)?;
    (digits.abs() <= WHOLE).then_some(digits / tens)
}

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut parts = serializer.serialize_tuple(2)?;
        match self.0.map(|value| (value, word(value))) {
            None => parts.serialize_element(&UNKNOWN)?,
            Some((_, Some(word))) => parts.serialize_element(&word)?,
            Some((value, None)) => {
                parts.serialize_element(&RAW)?;
                parts.serialize_element(&value)?;
            }
        }
        parts.end()
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;

        impl<'de> Visitor<'de> for Parts {
            type Value = Packed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a packed number")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Packed, A::Error> {
                let missing = || A::Error::custom("a packed number ends early");
                let first = parts.next_element()?.ok_or_else(missing)?;
                let value = match first {
                    UNKNOWN => return Ok(Packed(None)),
                    RAW => parts.next_element()?.ok_or_else(missing)?,
                    word => number(word)
                        .ok_or_else(|| A::Error::custom("no packed number begins like this"))?,
                };
                Ok(Packed(Some(value)))
            }
        }

        deserializer.deserialize_tuple(2, Parts)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(value: Option<f64>) -> Vec<u8> {
        postcard::to_stdvec(&Packed(value)).unwrap()
    }

    fn back(bytes: &[u8]) -> Option<f64> {
        postcard::from_bytes::<Packed>(bytes).unwrap().0
    }

    #[test]
    fn what_is_written_short_is_stored_short() {
        for (value, size) in [
            (Some(0.0), 1),
            (None, 1),
            (Some(0.5), 2),
            (Some(100.0), 2),
            (Some(0.26), 2),
            (Some(-48.81), 3),
            (Some(48.8121), 4),
            (Some(100.1344), 4),
            (Some(0.000_012_345_678), 5),
            (Some(std::f64::consts::PI * 1e7), 9),
            (Some(-0.0), 9),
            (Some(f64::INFINITY), 9),
            (Some(1e15), 9),
        ] {
            let bytes = bytes(value);
            assert_eq!(back(&bytes).map(f64::to_bits), value.map(f64::to_bits));
            assert_eq!(bytes.len(), size, "{value:?}");
        }
    }

    #[test]
    fn bytes_that_nothing_wrote_are_no_number() {
        for bytes in [&[][..], &[15], &[15, 1, 2], &[47], &[0xFF; 10]] {
            assert!(postcard::from_bytes::<Packed>(bytes).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn every_number_comes_back_to_the_bit(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assert_eq!(back(&bytes(Some(value))).map(f64::to_bits), Some(bits));
        }

        #[test]
        fn every_decimal_comes_back_to_the_bit(digits in any::<i64>(), shift in 0..63, places in 0..25) {
            let value: f64 = format!("{}e-{places}", digits >> shift).parse().unwrap();
            let bytes = bytes(Some(value));
            prop_assert_eq!(back(&bytes).map(f64::to_bits), Some(value.to_bits()));
            prop_assert!(bytes.len() <= 9, "{} bytes", bytes.len());
        }
    }
}
