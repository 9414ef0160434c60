//! A small generator of numbers that a seed repeats (SplitMix64).
//!
//! Of its own rather than a property-testing crate: the suite is a library that every store links, one number repeats a
//! whole run on every platform and version, and a model test over time gains little from shrinking single values.

/// Numbers that look random and follow from the seed.
#[derive(Clone, Debug)]
pub struct Generator(u64);

impl Generator {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below the bound.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap();
        usize::try_from(self.number() % bound).unwrap()
    }

    /// True once in so many calls.
    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}
