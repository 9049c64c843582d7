//! Choices from a hash: a short `SplitMix64` stream, so that palette and pattern are independent
//! even when neighbouring tints are close (<https://prng.di.unimi.it/splitmix64.c>).

/// The choices that follow from one tint, in order.
pub(super) struct Tint {
    state: u64,
}

impl Tint {
    pub(super) fn new(tint: u64) -> Self {
        Self { state: tint }
    }

    /// Returns the next choice: a number from 0 to `count - 1`.
    pub(super) fn choose(&mut self, count: u32) -> u32 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        let scaled = (bits >> 32) * u64::from(count);
        u32::try_from(scaled >> 32).expect("the high half of a product is below the factor")
    }

    /// Returns the next choice from `first` to `last`, both included.
    pub(super) fn between(&mut self, first: i32, last: i32) -> i32 {
        first.saturating_add_unsigned(self.choose(last.abs_diff(first) + 1))
    }

    /// Returns one of `items`.
    pub(super) fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        let count = u32::try_from(items.len()).expect("a list of choices is short");
        items[self.choose(count) as usize]
    }
}
