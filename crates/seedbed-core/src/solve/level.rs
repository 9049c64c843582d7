//! How far a counting clause is from its range.
//!
//! Every group has a level: above zero, the distance to holding; below zero, the
//! distance to breaking. The cost of a clause is the number of groups too few or too
//! many and, as a gradient below that, the distance of those nearest to changing.

/// What one unit of violation costs; smaller amounts only give a direction.
pub(super) const UNIT: i64 = 1024;

const CAP: i64 = 63;

/// The levels of one clause's groups.
pub(super) struct Levels {
    lo: i64,
    hi: i64,
    holding: i64,
    of: Vec<i64>,
    histogram: Vec<u32>,
}

impl Levels {
    /// All groups at the level nothing has; `set` each before use.
    pub(super) fn new(lo: i64, hi: i64, levels: Vec<i64>) -> Self {
        let mut histogram = vec![0; 2 * CAP as usize + 1];
        for &level in &levels {
            histogram[slot(level)] += 1;
        }
        let holding = levels.iter().filter(|&&level| level < 0).count() as i64;
        Self { lo, hi, holding, of: levels, histogram }
    }

    /// How many more groups must hold.
    pub(super) fn missing(&self) -> i64 {
        self.lo.saturating_sub(self.holding).max(0)
    }

    /// Whether one of these changes is a step in the direction the clause needs.
    pub(super) fn improved(&self, changes: &[(i64, i64)]) -> bool {
        let too_few = self.holding < self.lo;
        changes.iter().any(|&(old, new)| if too_few { old > 0 && new < old } else { old < 0 && new > old })
    }

    pub(super) fn of(&self, group: usize) -> i64 {
        self.of[group]
    }

    pub(super) fn set(&mut self, group: usize, level: i64) {
        let old = std::mem::replace(&mut self.of[group], level);
        self.step(old, level);
    }

    /// The cost if the given levels changed from the first to the second.
    pub(super) fn cost_after(&mut self, changes: &[(i64, i64)]) -> i64 {
        for &(old, new) in changes {
            self.step(old, new);
        }
        let cost = self.cost();
        for &(old, new) in changes {
            self.step(new, old);
        }
        cost
    }

    pub(super) fn cost(&self) -> i64 {
        let (missing, surplus) = (self.lo.saturating_sub(self.holding), self.holding.saturating_sub(self.hi));
        if missing > 0 {
            violation(missing) + self.nearest(missing, 1)
        } else if surplus > 0 {
            violation(surplus) + self.nearest(surplus, -1)
        } else {
            0
        }
    }

    /// The sum of the `wanted` smallest distances on one side, below one unit.
    fn nearest(&self, mut wanted: i64, side: i64) -> i64 {
        let mut sum = 0;
        for distance in 1..=CAP {
            let here = wanted.min(i64::from(self.histogram[slot(side * distance)]));
            sum += here * distance;
            wanted -= here;
            if wanted == 0 {
                break;
            }
        }
        sum.min(UNIT - 1)
    }

    fn step(&mut self, old: i64, new: i64) {
        self.histogram[slot(old)] -= 1;
        self.histogram[slot(new)] += 1;
        self.holding += i64::from(new < 0) - i64::from(old < 0);
    }
}

fn slot(level: i64) -> usize {
    (level.clamp(-CAP, CAP) + CAP) as usize
}

/// The cost of `amount` units, small enough that no sum of costs overflows.
pub(super) fn violation(amount: i64) -> i64 {
    amount.clamp(0, 1 << 36) * UNIT
}
