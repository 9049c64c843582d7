//! Addresses: every generated value has one, and its bits come from nothing else.
//!
//! The bits behind a value are a keyed hash of the seed and the value's address (scenario,
//! population, row, column, or for a pair the keys of both rows). Adding a column, a population or
//! a relation therefore moves no value that was there before, and rows can be made in any order.
//!
//! The hash is ours, so that no release of a library can change the data: an absorb-and-mix
//! construction over the finaliser of splitmix64 (Steele, Lea, Flood: "Fast splittable
//! pseudorandom number generators", 2014). Golden tests pin it.

/// A hash that absorbs the parts of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(u64);

impl Address {
    /// Returns the address that all others of a seed begin with.
    pub fn root(seed: u64) -> Self {
        Self(mix(seed ^ 0x9e37_79b9_7f4a_7c15))
    }

    /// Returns this address with one more part; a part's length counts, so parts never run together.
    #[must_use]
    pub fn text(self, part: &str) -> Self {
        let mut state = mix(self.0 ^ part.len() as u64 ^ 0xa076_1d64_78bd_642f);
        for chunk in part.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            state = mix(state ^ u64::from_le_bytes(word));
        }
        Self(state)
    }

    /// Returns this address with one more part.
    #[must_use]
    pub fn number(self, part: u64) -> Self {
        Self(mix(self.0 ^ mix(part ^ 0xe703_7ed1_a0b4_28db)))
    }

    /// Returns the 64 bits of this address.
    pub fn bits(self) -> u64 {
        mix(self.0)
    }

    /// Returns a number from 0 to `below - 1`, evenly.
    pub fn below(self, below: u64) -> u64 {
        // Multiply-shift (Lemire 2019); the bias is below 2^-32 for every range used here.
        ((u128::from(self.bits()) * u128::from(below)) >> 64) as u64
    }

    /// Returns a number from `lo` to `hi`, both included, evenly.
    pub fn between(self, lo: i64, hi: i64) -> i64 {
        lo + self.below((hi - lo) as u64 + 1) as i64
    }
}

/// The finaliser of splitmix64.
fn mix(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// Returns the score of a pair whose bits are `bits` and whose right side has this weight; the
/// largest score wins with a probability proportional to the weight.
///
/// Weighted rendezvous hashing (Schindelhauer, Schomaker 2005): the score is `weight / -ln(u)`, here
/// with a base-2 logarithm in fixed point, so that it is the same on every platform.
pub fn weighted_score(bits: u64, weight: u32) -> i64 {
    let cost = negative_log2(bits | 1).max(1);
    ((u128::from(weight.max(1)) << 60) / u128::from(cost)).min(i64::MAX as u128 / 4) as i64
}

/// Returns `-log2(bits / 2^64)` with 32 bits after the point.
fn negative_log2(bits: u64) -> u64 {
    let zeros = bits.leading_zeros();
    // The mantissa in [1, 2) with 63 bits after the point; squaring it yields a bit of the logarithm.
    let mut mantissa = u128::from(bits << zeros);
    let mut fraction: u64 = 0;
    for _ in 0..32 {
        mantissa = (mantissa * mantissa) >> 63;
        fraction <<= 1;
        if mantissa >= 1 << 64 {
            fraction |= 1;
            mantissa >>= 1;
        }
    }
    (u64::from(zeros + 1) << 32) - fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_never_change() {
        let address = Address::root(1).text("scenario").text("population").text("row").number(7);
        assert_eq!(Address::root(0).bits(), GOLDEN[0]);
        assert_eq!(address.bits(), GOLDEN[1]);
        assert_eq!(weighted_score(address.bits(), 5) as u64, GOLDEN[2]);
    }
    const GOLDEN: [u64; 3] = [0x4821_8226_ff3c_d4bf, 0xa963_16a8_56d3_5d14, 0x8644_ca84];

    #[test]
    fn parts_never_run_together() {
        let root = Address::root(7);
        assert_ne!(root.text("ab").text("c"), root.text("a").text("bc"));
        assert_ne!(root.text("ab"), root.text("ab").text(""));
        assert_ne!(root.text("a\0"), root.text("a"));
    }

    #[test]
    fn neighbouring_addresses_do_not_share_bits() {
        let differing: u32 = (0..1000u64)
            .map(|n| (Address::root(1).number(n).bits() ^ Address::root(1).number(n + 1).bits()).count_ones())
            .sum();
        assert!((31_000..33_000).contains(&differing), "{differing}");
    }

    #[test]
    fn logarithms_are_right_to_the_bit_where_they_are_known() {
        assert_eq!(negative_log2(1 << 63), 1 << 32);
        assert_eq!(negative_log2(1), 64 << 32);
        let three_quarters = negative_log2(3 << 62);
        assert!((three_quarters as f64 / 4_294_967_296.0 - 0.415_037_5).abs() < 1e-6);
    }

    #[test]
    fn weights_are_shares_of_the_wins() {
        let wins = (0..30_000u64)
            .filter(|n| {
                let row = Address::root(3).number(*n);
                weighted_score(row.number(1).bits(), 1) > weighted_score(row.number(2).bits(), 2)
            })
            .count();
        assert!((9_500..10_500).contains(&wins), "{wins} of 30000 for one third");
    }
}
