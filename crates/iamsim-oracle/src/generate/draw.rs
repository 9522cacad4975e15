//! Chance without chance: a splitmix64 stream that depends on seed and index alone.
//!
//! It does not know what is drawn.

/// A stream of numbers.
#[derive(Debug)]
pub(crate) struct Draw {
    state: u64,
}

impl Draw {
    pub(crate) fn new(seed: u64, index: u64) -> Self {
        let mut draw = Self { state: seed };
        // Mixing the seed before the index comes in keeps the series of near seeds apart.
        draw.state = draw.next() ^ index.wrapping_mul(0xd134_2543_de82_ef95);
        draw.next();
        draw
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below the bound; nought for a bound of nought.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % bound).unwrap_or_default()
    }

    /// True this many times in a hundred.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of the items; the default if there are none.
    pub(crate) fn one_of<T: Copy + Default>(&mut self, items: &[T]) -> T {
        items.get(self.below(items.len())).copied().unwrap_or_default()
    }

    /// One of the words.
    pub(crate) fn word(&mut self, words: &[&'static str]) -> &'static str {
        self.one_of(words)
    }
}
