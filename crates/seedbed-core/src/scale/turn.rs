//! Turns: which row of a block plays which part.
//!
//! A further block has the parts of block 0: the same groups, links and facts. Rows that nothing
//! names swap them, by a rotation of a shuffled ring, so that a row's part says nothing about its
//! name and either can be found from the other at once.

use crate::address::Address;

/// Stands for a part that only its own row plays.
const STAYS: u32 = u32::MAX;

/// How the rows of a population swap their parts, block by block.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    /// Place in the ring by part, which is also the place by row; `STAYS` for those outside.
    places: Vec<u32>,
    /// Rows by place.
    ring: Vec<u32>,
    address: Address,
}

impl Turn {
    /// Returns the turn of a population with `rows` rows, of which those in `free` swap.
    pub(crate) fn new(rows: usize, mut free: Vec<u32>, address: Address) -> Self {
        free.sort_by_key(|row| address.number(u64::from(*row)).bits());
        let mut places = vec![STAYS; rows];
        for (place, row) in free.iter().enumerate() {
            places[*row as usize] = place as u32;
        }
        Self { places, ring: free, address: address.text("turn") }
    }

    /// How far the ring is turned in a block.
    pub(crate) fn shift(&self, block: u64) -> u32 {
        if self.ring.len() < 2 { 0 } else { self.address.number(block).below(self.ring.len() as u64) as u32 }
    }

    /// Returns the row that plays a part, with the block's shift.
    pub(crate) fn row(&self, part: u32, shift: u32) -> u32 {
        self.step(part, shift)
    }

    /// Returns the part that a row plays, with the block's shift.
    pub(crate) fn part(&self, row: u32, shift: u32) -> u32 {
        self.step(row, if shift == 0 { 0 } else { self.ring.len() as u32 - shift })
    }

    fn step(&self, from: u32, by: u32) -> u32 {
        let place = self.places[from as usize];
        if place == STAYS {
            return from;
        }
        let (all, to) = (self.ring.len() as u32, place + by);
        self.ring[if to >= all { to - all } else { to } as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_is_a_permutation_of_the_free_rows_and_leaves_the_others() {
        let turn = Turn::new(12, vec![2, 3, 5, 7, 8, 11], Address::root(1));
        let mut seen = std::collections::BTreeSet::new();
        for block in 1..100 {
            let shift = turn.shift(block);
            let rows: Vec<u32> = (0..12).map(|part| turn.row(part, shift)).collect();
            assert!((0..12).all(|part| turn.part(rows[part as usize], shift) == part));
            assert!([0, 1, 4, 6, 9, 10].iter().all(|row| rows[*row as usize] == *row));
            let mut sorted = rows.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..12).collect::<Vec<_>>());
            seen.insert(rows);
        }
        assert_eq!(seen.len(), 6);
    }
}
