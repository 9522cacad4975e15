//! Hashes of names and tables by hash: actions, context keys and principals are found without comparing
//! texts one after another.
//!
//! The hash is the same on every run and platform. Who knows it can make names that collide, so nothing here
//! trusts it: whoever looks something up compares the text as well, and a lookup among colliding names takes
//! logarithmic time.

use crate::statement::index_of;

/// The hash of a text.
pub(crate) fn hash(text: &str) -> u64 {
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let state = words.iter().fold(begun(text.len()), |state, word| with(state, u64::from_le_bytes(*word)));
    if rest.is_empty() { state } else { with(state, head(rest)) }
}

/// The hash of a text of a length, of which nothing was read yet.
#[inline]
pub(crate) fn begun(length: usize) -> u64 {
    mixed(length as u64)
}

/// A hash with the next eight bytes of its text, the first byte lowest; what is missing at the end is zero.
#[inline]
pub(crate) fn with(state: u64, word: u64) -> u64 {
    mixed(state ^ word)
}

/// The first eight bytes as a number, the first byte lowest; what is missing is zero.
pub(crate) fn head(text: &[u8]) -> u64 {
    if let Some(word) = text.first_chunk::<8>() {
        return u64::from_le_bytes(*word);
    }
    // Read from the end, so that each byte moves those behind it up.
    text.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// One hash of two.
pub(crate) fn both(one: u64, other: u64) -> u64 {
    mixed(one ^ other.rotate_left(32))
}

/// Every bit of the input reaches every bit of the result: the halves of a product folded into one word.
fn mixed(word: u64) -> u64 {
    const ADDED: u64 = 0x9e37_79b9_7f4a_7c15;
    const FACTOR: u64 = 0xd6e8_feb8_6659_fd93;
    let product = u128::from(word ^ ADDED) * u128::from(FACTOR);
    #[expect(clippy::cast_possible_truncation, reason = "the halves of the product are what is wanted")]
    let (low, high) = (product as u64, (product >> 64) as u64);
    low ^ high
}

/// Beyond this many, a bucket holds more than one item on average.
const MOST_BUCKETS: usize = 1 << 20;

/// What is left of a hash when its low bits are shifted out.
#[inline]
fn leading(hash: u64, shift: u32) -> usize {
    #[expect(clippy::cast_possible_truncation, reason = "a table has at most a million buckets")]
    let bucket = (hash >> shift) as usize;
    bucket
}

/// Items by hash, several to a hash. Made once, then only looked into.
#[derive(Clone, Debug)]
pub(crate) struct Table<T> {
    /// Where the items begin whose hashes have the same leading bits; one more at the end.
    starts: Box<[u32]>,
    shift: u32,
    /// Sorted by hash.
    items: Box<[(u64, T)]>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { starts: Box::new([]), shift: 63, items: Box::new([]) }
    }
}

impl<T> Table<T> {
    /// A table of items; those of one hash stay in their order.
    pub(crate) fn new(items: Vec<(u64, T)>) -> Self {
        let buckets = items.len().next_power_of_two();
        Self::with_buckets(items, buckets)
    }

    /// The same with more room, so that most hashes of which it has nothing meet an empty bucket.
    pub(crate) fn sparse(items: Vec<(u64, T)>) -> Self {
        let buckets = items.len().saturating_mul(4).next_power_of_two();
        Self::with_buckets(items, buckets)
    }

    fn with_buckets(mut items: Vec<(u64, T)>, buckets: usize) -> Self {
        if items.is_empty() {
            return Self::default();
        }
        items.sort_by_key(|(hash, _)| *hash);
        let count = buckets.clamp(2, MOST_BUCKETS);
        let shift = u64::BITS - count.trailing_zeros();
        let mut starts = Vec::with_capacity(count + 1);
        let mut place = 0_usize;
        for bucket in 0..=count {
            while items.get(place).is_some_and(|(hash, _)| leading(*hash, shift) < bucket) {
                place += 1;
            }
            starts.push(index_of(place));
        }
        Self { starts: starts.into(), shift, items: items.into() }
    }

    /// All items of a hash, and behind them perhaps some of others; none when there are none of it.
    #[inline]
    pub(crate) fn near(&self, hash: u64) -> &[(u64, T)] {
        let bucket = leading(hash, self.shift);
        let Some([start, end]) = self.starts.get(bucket..bucket + 2) else { return &[] };
        let mut found = self.items.get(*start as usize..*end as usize).unwrap_or_default();
        // Few hashes share a bucket, unless somebody made them to.
        if found.len() > 8 {
            found = found.get(found.partition_point(|(other, _)| *other < hash)..).unwrap_or_default();
        }
        while let [(other, _), rest @ ..] = found
            && *other != hash
        {
            found = rest;
        }
        found
    }

    /// Every item with its hash, sorted by hash.
    pub(crate) fn items(&self) -> &[(u64, T)] {
        &self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_depends_on_every_byte_and_on_the_length() {
        let texts = ["", "a", "b", "ab", "ba", "a\0", "\0", "\0\0", "abcdefgh", "abcdefgi", "abcdefgha"];
        for (index, text) in texts.iter().enumerate() {
            for other in texts.iter().skip(index + 1) {
                assert_ne!(hash(text), hash(other), "{text:?} and {other:?}");
            }
        }
        assert_eq!(head(b"get"), 0x0074_6567);
        assert_eq!(head(b"getobject"), u64::from_le_bytes(*b"getobjec"));
    }

    #[test]
    fn a_table_finds_what_was_put_in_and_nothing_else() {
        let table: Table<u32> = Table::new(Vec::new());
        assert_eq!(table.near(0), []);
        let mut items: Vec<(u64, u32)> = (0..1_000).map(|n| (hash(&format!("name {n}")), n)).collect();
        items.push((hash("name 7"), 7_000));
        items.extend([(0, 1), (u64::MAX, 2), (u64::MAX, 3)]);
        let table = Table::new(items);
        assert_eq!(table.items().len(), 1_004);
        let check = |hash: u64, expected: &[u32]| {
            let near = table.near(hash).iter();
            let found: Vec<u32> = near.filter(|(other, _)| *other == hash).map(|(_, item)| *item).collect();
            assert_eq!(found, expected, "{hash:x}");
        };
        for n in (0..1_000).filter(|n| *n != 7) {
            check(hash(&format!("name {n}")), &[n]);
        }
        check(hash("name 7"), &[7, 7_000]);
        check(0, &[1]);
        check(u64::MAX, &[2, 3]);
        check(hash("name 1000"), &[]);
    }
    #[test]
    fn a_crowded_bucket_loses_none_of_its_items() {
        // Twenty of one hash, between neighbours of the same bucket.
        let crowd = (0..20).map(|n| (1_000, n));
        let neighbours = [(999, 98), (1_001, 99), (u64::MAX, 100)];
        let table: Table<u32> = Table::new(crowd.chain(neighbours).collect());
        let found = |hash: u64| -> Vec<u32> {
            table.near(hash).iter().filter(|(other, _)| *other == hash).map(|(_, item)| *item).collect()
        };
        assert_eq!(found(1_000), (0..20).collect::<Vec<_>>());
        assert_eq!(found(999), [98]);
        assert_eq!(found(1_001), [99]);
        assert_eq!(found(u64::MAX), [100]);
        assert!(found(1_002).is_empty());
    }
}
