//! Reach: into which block a relation leads.
//!
//! Block 0 keeps to itself. For the others each edge, or all edges of a row together, has a
//! permutation of the blocks of its own: every row is met as often in its block as the same row is
//! in block 0, so quotas and degrees hold. With a skew the first blocks are met more often.

use crate::address::Address;

/// Where the edges of one unit lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// `block -> (block * factor + offset) mod blocks`, blocks counted from the first further one.
    Even {
        /// Has no divisor in common with the number of further blocks.
        factor: u64,
        /// Where the first further block leads.
        offset: u64,
    },
    /// By chance, the first blocks more often.
    Skewed {
        /// Its bits decide.
        address: Address,
        /// 2 or more: the first hundredth of the blocks gets the root of this degree of a hundredth.
        skew: u32,
    },
}

impl Reach {
    /// Returns an even reach over `further` blocks.
    pub(crate) fn even(address: Address, further: u64) -> Self {
        let modulus = further.max(1);
        let mut factor = 1 + address.text("factor").below(modulus);
        while common_divisor(factor, modulus) != 1 {
            factor = 1 + factor % modulus;
        }
        Self::Even { factor: factor % modulus, offset: address.text("offset").below(modulus) }
    }

    /// Returns the block that a further block leads to; both counted from 1.
    pub(crate) fn to(self, block: u64, further: u64) -> u64 {
        match self {
            Self::Even { factor, offset } => {
                let product = u128::from(block - 1) * u128::from(factor) + u128::from(offset);
                (product % u128::from(further)) as u64 + 1
            }
            Self::Skewed { address, skew } => {
                let bits = address.number(block).bits();
                // A power of an even draw from 0 to 1, in fixed point.
                let share = (1..skew).fold(bits, |share, _| ((u128::from(share) * u128::from(bits)) >> 64) as u64);
                ((u128::from(share) * u128::from(further)) >> 64) as u64 + 1
            }
        }
    }
}

/// The greatest common divisor (Euclid).
fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The blocks that units lead to from one block after another.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    reaches: Vec<Reach>,
    further: u64,
    block: u64,
    /// Where each unit leads from `block`.
    at: Vec<u64>,
}

impl Walk {
    pub(crate) fn new(reaches: Vec<Reach>, further: u64) -> Self {
        Self { at: vec![0; reaches.len()], reaches, further, block: 0 }
    }

    /// Goes to a block; returns where each unit leads from there.
    pub(crate) fn go(&mut self, block: u64) -> &[u64] {
        if block != self.block {
            let next = block == self.block + 1 && self.block > 0;
            for (at, reach) in self.at.iter_mut().zip(&self.reaches) {
                *at = match reach {
                    Reach::Even { factor, .. } if next => {
                        let to = *at + factor;
                        if to > self.further { to - self.further } else { to }
                    }
                    reach => reach.to(block, self.further),
                };
            }
            self.block = block;
        }
        &self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_reach_meets_every_block_once() {
        for further in [1, 2, 3, 8, 30, 97] {
            for unit in 0..20 {
                let reach = Reach::even(Address::root(1).number(unit), further);
                let mut met: Vec<u64> = (1..=further).map(|block| reach.to(block, further)).collect();
                met.sort_unstable();
                assert_eq!(met, (1..=further).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn walking_leads_where_asking_does() {
        let skewed = Reach::Skewed { address: Address::root(2), skew: 3 };
        let reaches: Vec<Reach> = (0..9).map(|unit| Reach::even(Address::root(unit), 40)).chain([skewed]).collect();
        let mut walk = Walk::new(reaches.clone(), 40);
        for block in [1, 2, 3, 17, 18, 40, 5] {
            let expected: Vec<u64> = reaches.iter().map(|reach| reach.to(block, 40)).collect();
            assert_eq!(walk.go(block), expected);
        }
    }

    #[test]
    fn a_skew_prefers_the_first_blocks_as_declared() {
        for (skew, share) in [(2, 10.0), (3, 21.5), (4, 31.6)] {
            let reach = |edge| Reach::Skewed { address: Address::root(edge), skew };
            let first = (0..20_000).filter(|edge| reach(*edge).to(1, 1_000) <= 10).count();
            assert!((first as f64 / 200.0 - share).abs() < 1.5, "{skew}: {first}");
        }
    }
}
