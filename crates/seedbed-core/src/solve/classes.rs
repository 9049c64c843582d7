//! Classes of pairs: two pairs are alike when every sum gives them the same weight.
//!
//! The search compares classes instead of pairs, and the exact stage merges right rows
//! whose pairs are alike.

use super::Sum;
use std::collections::BTreeMap;

/// The class of a pair that may not exist.
pub(super) const NONE: u32 = u32::MAX;

/// Every pair's class, and every class's weights.
pub(super) struct Classes {
    of: Vec<u32>,
    start: Vec<u32>,
    terms: Vec<(u32, i64)>,
}

impl Classes {
    /// Sorts the allowed pairs into classes by their weights in `sums`.
    pub(super) fn new(allowed: &[bool], sums: &[&Sum]) -> Self {
        let of = allowed.iter().map(|&yes| if yes { 0 } else { NONE }).collect();
        let mut refinement =
            Refinement { of, made: vec![Made { parent: NONE, sum: 0, weight: 0 }], last: vec![Last::NEVER] };
        for (index, sum) in sums.iter().enumerate() {
            refinement.split(index as u32, sum);
        }
        refinement.finish()
    }

    /// The class of `pair`, or `NONE`.
    pub(super) fn of(&self, pair: usize) -> u32 {
        self.of[pair]
    }

    /// The sums that weigh a pair of `class`, ascending, with the weight.
    pub(super) fn terms(&self, class: u32) -> &[(u32, i64)] {
        &self.terms[self.start[class as usize] as usize..self.start[class as usize + 1] as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.start.len() - 1
    }
}

/// A class in the making: its parent's weights and one more.
#[derive(Clone, Copy)]
struct Made {
    parent: u32,
    sum: u32,
    weight: i64,
}

/// Where a class's pairs went last; spares most look-ups in the map.
#[derive(Clone, Copy)]
struct Last {
    sum: u32,
    weight: i32,
    class: u32,
}

impl Last {
    const NEVER: Self = Self { sum: u32::MAX, weight: 0, class: 0 };
}

struct Refinement {
    of: Vec<u32>,
    made: Vec<Made>,
    last: Vec<Last>,
}

impl Refinement {
    fn split(&mut self, index: u32, sum: &Sum) {
        let mut others: BTreeMap<(u32, i32), u32> = BTreeMap::new();
        for &(pair, weight) in &sum.terms {
            let old = self.of[pair as usize];
            if old == NONE || weight == 0 {
                continue;
            }
            let last = self.last[old as usize];
            let class = if last.sum == index && last.weight == weight {
                last.class
            } else {
                let class = *others.entry((old, weight)).or_insert_with(|| {
                    self.made.push(Made { parent: old, sum: index, weight: i64::from(weight) });
                    self.last.push(Last::NEVER);
                    self.made.len() as u32 - 1
                });
                self.last[old as usize] = Last { sum: index, weight, class };
                class
            };
            self.of[pair as usize] = class;
        }
    }

    /// Numbers the classes that are left, in order of their first pair.
    fn finish(mut self) -> Classes {
        let mut number = vec![NONE; self.made.len()];
        let (mut start, mut terms) = (vec![0], Vec::new());
        for class in &mut self.of {
            if *class == NONE {
                continue;
            }
            let made = *class as usize;
            if number[made] == NONE {
                number[made] = start.len() as u32 - 1;
                let first = terms.len();
                let mut at = self.made[made];
                while at.parent != NONE {
                    terms.push((at.sum, at.weight));
                    at = self.made[at.parent as usize];
                }
                terms[first..].reverse();
                start.push(terms.len() as u32);
            }
            *class = number[made];
        }
        Classes { of: self.of, start, terms }
    }
}
