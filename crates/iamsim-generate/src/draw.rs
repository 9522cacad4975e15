//! Chance without chance: streams of numbers that depend on a seed, a kind of thing and its number alone.
//!
//! So role 7 is the same role in an organization of ten and of a hundred thousand. There is no floating point
//! in here: a logarithm is not the same on every machine.

/// A splitmix64 stream.
#[derive(Clone, Debug)]
pub(crate) struct Draw {
    state: u64,
}

/// A distribution as its 10th, 25th, 50th, 75th, 90th, 95th, 99th and 100th percentile.
pub(crate) type Percentiles = [u32; 8];

/// Up to which of 1,000 each of the [`Percentiles`] holds.
const STEPS: [u64; 8] = [100, 250, 500, 750, 900, 950, 990, 1000];

impl Draw {
    /// The stream of one thing.
    pub(crate) fn new(seed: u64, kind: &str, number: usize) -> Self {
        // FNV-1a over the kind keeps the streams of kinds apart.
        let kind = kind.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut draw = Self { state: seed };
        draw.state = draw.next() ^ kind;
        draw.state = draw.next() ^ u64::try_from(number).unwrap_or(u64::MAX);
        draw.next();
        draw
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below the bound; nought for a bound of nought.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % bound).unwrap_or_default()
    }

    /// True this many times in a hundred.
    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of the items.
    pub(crate) fn one_of<'i, T>(&mut self, items: &'i [T]) -> Option<&'i T> {
        items.get(self.below(items.len()))
    }

    /// One of the words; nothing if there are none.
    pub(crate) fn word(&mut self, words: &[&'static str]) -> &'static str {
        self.one_of(words).copied().unwrap_or_default()
    }

    /// One of the items, each as often as its weight says.
    pub(crate) fn weighted<'i, T>(&mut self, items: &'i [(T, u32)]) -> Option<&'i T> {
        let total: u64 = items.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut at = self.next() % total.max(1);
        for (item, weight) in items {
            let weight = u64::from(*weight);
            if at < weight {
                return Some(item);
            }
            at -= weight;
        }
        None
    }

    /// A number with these percentiles; between two of them all are as likely.
    pub(crate) fn among(&mut self, percentiles: &Percentiles) -> usize {
        let at = self.next() % 1000;
        let mut low = percentiles.first().copied().unwrap_or_default();
        for (step, high) in STEPS.iter().zip(percentiles) {
            if at < *step {
                let low = usize::try_from(low).unwrap_or_default();
                let high = usize::try_from(*high).unwrap_or_default();
                return low + self.below(high.saturating_sub(low) + 1);
            }
            low = *high;
        }
        usize::try_from(low).unwrap_or_default()
    }

    /// A rank below the bound after Zipf's law with exponent 1: each octave of ranks is as likely as another.
    pub(crate) fn zipf(&mut self, bound: usize) -> usize {
        let octaves = bound.max(1).ilog2() + 1;
        let octave = self.below(usize::try_from(octaves).unwrap_or(1));
        let first = 1_usize << octave;
        let last = (first * 2).min(bound.max(1) + 1);
        first + self.below(last.saturating_sub(first)) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_drawn_by_its_seed_its_kind_and_its_number() {
        let first = |seed, kind, number| Draw::new(seed, kind, number).next();
        assert_eq!(first(1, "role", 7), first(1, "role", 7));
        assert_ne!(first(1, "role", 7), first(2, "role", 7));
        assert_ne!(first(1, "role", 7), first(1, "user", 7));
        assert_ne!(first(1, "role", 7), first(1, "role", 8));
    }

    #[test]
    fn percentiles_are_met() {
        let mut draw = Draw::new(1, "test", 0);
        let mut drawn: Vec<usize> = (0..20_000).map(|_| draw.among(&[1, 1, 2, 6, 12, 19, 49, 163])).collect();
        drawn.sort_unstable();
        assert_eq!(drawn.first(), Some(&1));
        assert_eq!(drawn[drawn.len() / 2], 2);
        assert!((11..=13).contains(&drawn[drawn.len() * 9 / 10]));
        assert!(*drawn.last().unwrap() <= 163);
    }

    #[test]
    fn the_first_rank_is_drawn_twice_as_often_as_the_second() {
        let mut draw = Draw::new(1, "test", 0);
        let mut counts = [0_u32; 1000];
        for _ in 0..100_000 {
            counts[draw.zipf(1000)] += 1;
        }
        assert!(counts.iter().skip(999).all(|count| *count > 0), "every rank is reached");
        let ratio = f64::from(counts[0]) / f64::from(counts[1]);
        assert!((1.7..2.3).contains(&ratio), "{ratio}");
    }
}
