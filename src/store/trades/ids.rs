//! Where the trade of an id is: a hash table of (hash, number) pairs in the file.
//!
//! A bucket holds the pairs whose hashes share their first bits, in order. Few large rows, so that
//! a million ids are written in the time of a few thousand.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use rusqlite::{Connection, OptionalExtension, params};
use xxhash_rust::xxh3::xxh3_64;

use super::super::StoreError;
use super::chunks::Seq;

/// Bits of a hash that name its bucket: 4,096 of them, so 4 KiB each at a million trades.
const BUCKET_BITS: u32 = 12;
/// Bytes of buckets that are kept at hand.
const AT_HAND: usize = 64 << 20;
/// A pair: hash and number, eight bytes each, the most significant first.
const PAIR: usize = 16;

/// The hash of an id.
pub(super) fn hash(id: &str) -> u64 {
    xxh3_64(id.as_bytes())
}

/// Bits of a hash that name its part of what is new.
const PART_BITS: u32 = 8;

/// The hasher of what is hashed already. A part's keys share their first bits, by which the map
/// tells its entries apart, so others come first here.
#[derive(Debug, Default, Clone, Copy)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64(bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash.rotate_left(u64::BITS / 2);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// New ids whose hashes share their first bits.
type Part = HashMap<u64, Seq, BuildHasherDefault<Hashed>>;

/// The ids that a transaction looks at and adds. Equal hashes take the next free number, so a
/// hash here belongs to one trade.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// In parts, since one map of millions would be copied whole each time it grows.
    new: Vec<Part>,
    buckets: HashMap<u64, Vec<u8>>,
    held: usize,
    /// Whether the file has any id; looked up once.
    any: Option<bool>,
}

impl Ids {
    /// The number of the trade that a hash belongs to.
    pub fn get(&mut self, tx: &Connection, hash: u64) -> Result<Option<Seq>, StoreError> {
        if let Some(seq) = self.new.get(part_of(hash)).and_then(|part| part.get(&hash)) {
            return Ok(Some(*seq));
        }
        let any = match self.any {
            Some(any) => any,
            None => tx
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM trade_ids)")?
                .query_row([], |row| row.get(0))?,
        };
        self.any = Some(any);
        if !any {
            return Ok(None);
        }
        if self.held > AT_HAND {
            self.buckets.clear();
            self.held = 0;
        }
        let pairs = match self.buckets.entry(bucket_of(hash)) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(new) => {
                let bytes = read(tx, *new.key())?;
                self.held += bytes.len();
                new.insert(bytes)
            }
        };
        let (pairs, _) = pairs.as_chunks::<PAIR>();
        let found = pairs.binary_search_by_key(&hash, |pair| split(pair).0);
        Ok(found.ok().and_then(|at| pairs.get(at)).map(|p| split(p).1))
    }

    /// Says where the trade of a hash is from now on.
    pub fn set(&mut self, hash: u64, seq: Seq) {
        let part = part_of(hash);
        if self.new.len() <= part {
            self.new.resize_with(1 << PART_BITS, Part::default);
        }
        if let Some(part) = self.new.get_mut(part) {
            part.insert(hash, seq);
        }
    }

    /// Writes what is new.
    pub fn flush(self, tx: &Connection) -> Result<(), StoreError> {
        let mut insert =
            tx.prepare_cached("INSERT INTO trade_ids (bucket, entries) VALUES (?1, ?2)")?;
        let mut update =
            tx.prepare_cached("UPDATE trade_ids SET entries = ?2 WHERE bucket = ?1")?;
        for part in self.new {
            let mut new: Vec<(u64, Seq)> = part.into_iter().collect();
            new.sort_unstable();
            for added in new.chunk_by(|a, b| bucket_of(a.0) == bucket_of(b.0)) {
                let Some(bucket) = added.first().map(|(hash, _)| bucket_of(*hash)) else {
                    continue;
                };
                let old = if self.any == Some(false) {
                    Vec::new()
                } else {
                    read(tx, bucket)?
                };
                let write = if old.is_empty() {
                    &mut insert
                } else {
                    &mut update
                };
                write.execute(params![bucket.cast_signed(), merge(&old, added)])?;
            }
        }
        Ok(())
    }
}

/// Two ordered runs as one; of equal hashes the added one stays.
fn merge(old: &[u8], added: &[(u64, Seq)]) -> Vec<u8> {
    let (old, _) = old.as_chunks::<PAIR>();
    let mut out = Vec::with_capacity((old.len() + added.len()) * PAIR);
    let mut old = old.iter().map(split).peekable();
    let mut push = |(hash, seq): (u64, Seq)| {
        out.extend_from_slice(&hash.to_be_bytes());
        out.extend_from_slice(&seq.raw().to_be_bytes());
    };
    for new in added {
        while let Some(before) = old.next_if(|o| o.0 < new.0) {
            push(before);
        }
        old.next_if(|o| o.0 == new.0);
        push(*new);
    }
    old.for_each(push);
    out
}

/// The part of a hash: its first bits, so that parts in order are hashes in order.
const fn part_of(hash: u64) -> usize {
    (hash >> (u64::BITS - PART_BITS)) as usize
}

const fn bucket_of(hash: u64) -> u64 {
    hash >> (u64::BITS - BUCKET_BITS)
}

fn split(pair: &[u8; PAIR]) -> (u64, Seq) {
    let both = u128::from_be_bytes(*pair);
    // The upper and the lower half.
    ((both >> 64) as u64, Seq::from_raw(both as i64))
}

fn read(tx: &Connection, bucket: u64) -> Result<Vec<u8>, StoreError> {
    let found = tx
        .prepare_cached("SELECT entries FROM trade_ids WHERE bucket = ?1")?
        .query_row([bucket.cast_signed()], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn a_merge_is_ordered_and_the_added_one_wins(
            old in prop::collection::btree_map(0u64..50, 0i64..100, 0..30),
            new in prop::collection::btree_map(0u64..50, 100i64..200, 0..30),
        ) {
            let run = |map: &BTreeMap<u64, i64>| -> Vec<(u64, Seq)> {
                map.iter().map(|(h, s)| (*h, Seq::from_raw(*s))).collect()
            };
            let bytes = merge(&merge(&[], &run(&old)), &run(&new));
            let mut want = old.clone();
            want.extend(&new);
            let got: Vec<(u64, Seq)> = bytes.as_chunks::<PAIR>().0.iter().map(split).collect();
            prop_assert_eq!(got, run(&want));
        }
    }
}
