//! Invented addresses that carry the index of their token, so that a token is found from its
//! address in O(1) and without a table.

use super::draw::{Draws, key};

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// 58^6 > 2^32.
const CODE_DIGITS: usize = 6;
const MINT_LENGTH: usize = 44;
const SPREAD: u32 = 0x9E37_79B1;
const UNSPREAD: u32 = inverse(SPREAD);
/// What the hashes of addresses are keyed with.
const ADDRESS: i64 = 0xADD;

/// The inverse of an odd number modulo 2^32 (Newton: each step doubles the right bits).
const fn inverse(odd: u32) -> u32 {
    let mut x = odd;
    let mut step = 0;
    while step < 5 {
        x = x.wrapping_mul(2u32.wrapping_sub(odd.wrapping_mul(x)));
        step += 1;
    }
    x
}

/// The index as 32 bits that do not look like a counter. A bijection.
const fn encode(seed: u64, index: i32) -> u32 {
    let x = (index as u32 ^ key(seed, ADDRESS) as u32).wrapping_mul(SPREAD);
    x ^ (x >> 16)
}

const fn decode(seed: u64, code: u32) -> i32 {
    let x = (code ^ (code >> 16)).wrapping_mul(UNSPREAD);
    (x ^ key(seed, ADDRESS) as u32) as i32
}

/// The mint address of a token on solana: 44 characters that decode to 32 bytes. `suffix` ends
/// it, as a launchpad's vanity addresses do.
pub(super) fn mint(seed: u64, index: i32, suffix: &str) -> String {
    let mut draws = Draws::of(key(key(seed, ADDRESS), i64::from(index)));
    let mut text = String::with_capacity(MINT_LENGTH);
    // '2' to 'H': with 44 digits, anything above would not fit into 32 bytes.
    text.push(char::from(BASE58[1 + draws.below(16)]));
    let mut code = encode(seed, index) as usize;
    for _ in 0..CODE_DIGITS {
        text.push(char::from(BASE58[code % 58]));
        code /= 58;
    }
    while text.len() + suffix.len() < MINT_LENGTH {
        text.push(char::from(draws.pick(BASE58)));
    }
    text.push_str(suffix);
    text
}

/// The address of a token on an EVM chain, in lower case.
pub(super) fn evm(seed: u64, index: i32) -> String {
    let mut draws = Draws::of(key(key(seed, ADDRESS), i64::from(index)));
    let (high, low) = (draws.bits(), draws.bits());
    format!("0x{:08x}{high:016x}{low:016x}", encode(seed, index))
}

/// The index that an address carries. Only a token whose own address is equal is really meant:
/// any text of the right form carries some index.
pub(super) fn index_of(seed: u64, address: &str) -> Option<i32> {
    let code = if let Some(hex) = address.strip_prefix("0x") {
        u32::from_str_radix(hex.get(..8)?, 16).ok()?
    } else {
        let digits = address.as_bytes().get(1..=CODE_DIGITS)?;
        let value = digits.iter().rev().try_fold(0u64, |value, byte| {
            let digit = BASE58.iter().position(|known| known == byte)?;
            Some(value * 58 + digit as u64)
        })?;
        u32::try_from(value).ok()?
    };
    Some(decode(seed, code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_address_is_well_formed_and_carries_its_index(seed: u64, index: i32) {
            let sol = mint(seed, index, "pump");
            prop_assert_eq!(sol.len(), 44);
            prop_assert!(sol.bytes().all(|b| BASE58.contains(&b)));
            prop_assert!(sol.ends_with("pump"));
            prop_assert_eq!(index_of(seed, &sol), Some(index));
            let hex = evm(seed, index);
            prop_assert_eq!(hex.len(), 42);
            prop_assert!(hex[2..].bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase()));
            prop_assert_eq!(index_of(seed, &hex), Some(index));
        }

        #[test]
        fn any_text_is_survived(text in "\\PC*") {
            let _ = index_of(1, &text);
            let _ = index_of(1, &format!("0x{text}"));
        }
    }
}
