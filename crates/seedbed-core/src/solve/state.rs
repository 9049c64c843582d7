//! An assignment in the making, with the cost of what it violates.
//!
//! The cost of any small change is known without trying it: clauses are charged by the
//! classes of the pairs that come and go, right rows by their degree. Zero cost means
//! that every open clause and every right range holds.

use super::Problem;
use super::classes::{Classes, NONE};
use super::level::{Levels, UNIT, violation};
use super::presolve::{Bounded, Kind, Open};

pub(super) struct State<'a> {
    pub problem: &'a Problem,
    /// The right rows of each left row, in no order.
    pub rows: Vec<Vec<u32>>,
    classes: Classes,
    chosen: Vec<bool>,
    right: Vec<u32>,
    range: Vec<(u32, u32)>,
    sums: Vec<Target>,
    demands: Vec<Demand>,
    cost: i64,
    change: Vec<(u32, i64)>,
    levels: Vec<(i64, i64)>,
}

/// The most that the cost can fall when a pair of a class comes or goes.
#[derive(Clone, Copy, Default)]
pub(super) struct Hope {
    pub arriving: i64,
    pub leaving: i64,
}

/// A sum's value, its range and the demand it belongs to.
struct Target {
    value: i64,
    lo: i64,
    hi: i64,
    demand: u32,
}

impl Target {
    fn violation(&self, value: i64) -> i64 {
        violation(self.lo.saturating_sub(value).max(value.saturating_sub(self.hi)))
    }
}

/// A clause: the cost it has now, and its groups unless it is linear.
struct Demand {
    cost: i64,
    groups: Option<Counted>,
}

struct Counted {
    levels: Levels,
    /// First sum of each group, and the end of the last.
    start: Vec<u32>,
}

impl<'a> State<'a> {
    /// Nothing chosen yet.
    pub(super) fn new(problem: &'a Problem, open: &[Open<'a>], range: &[(u32, u32)]) -> Self {
        let (mut sums, mut demands, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
        let mut push = |bounded: &Bounded<'a>, demand: usize| {
            bodies.push(bounded.sum);
            sums.push(Target { value: bounded.sum.constant, lo: bounded.lo, hi: bounded.hi, demand: demand as u32 });
            sums.len() as u32
        };
        let mut end = 0;
        for clause in open {
            let groups = match &clause.kind {
                Kind::Linear(bounded) => {
                    end = push(bounded, demands.len());
                    None
                }
                Kind::Count { lo, hi, groups } => {
                    let mut start = vec![end];
                    for group in groups {
                        for bounded in group {
                            end = push(bounded, demands.len());
                        }
                        start.push(end);
                    }
                    Some(Counted { levels: Levels::new(*lo, *hi, vec![1; groups.len()]), start })
                }
            };
            demands.push(Demand { cost: 0, groups });
        }
        let mut state = Self {
            problem,
            rows: vec![Vec::new(); problem.left.len()],
            classes: Classes::new(&problem.allowed, &bodies),
            chosen: vec![false; problem.allowed.len()],
            right: vec![0; problem.right.len()],
            range: range.to_vec(),
            sums,
            demands,
            cost: 0,
            change: Vec::new(),
            levels: Vec::new(),
        };
        state.charge();
        state
    }

    /// Zero when everything holds.
    pub(super) fn cost(&self) -> i64 {
        self.cost
    }

    pub(super) fn classes(&self) -> &Classes {
        &self.classes
    }

    /// The class of a pair, or `NONE` if it may not exist.
    pub(super) fn class(&self, left: usize, right: u32) -> u32 {
        self.classes.of(self.pair(left, right))
    }

    pub(super) fn chosen(&self, left: usize, right: u32) -> bool {
        self.chosen[self.pair(left, right)]
    }

    pub(super) fn score(&self, left: usize, right: u32) -> i64 {
        self.problem.score[self.pair(left, right)]
    }

    pub(super) fn pair(&self, left: usize, right: u32) -> usize {
        left * self.problem.right.len() + right as usize
    }

    /// Whether the pair may be chosen and is not yet.
    pub(super) fn free(&self, left: usize, right: u32) -> bool {
        self.class(left, right) != NONE && !self.chosen(left, right)
    }

    /// Whether the pair passes no upper end: neither of its right row nor of a sum.
    pub(super) fn has_room(&self, left: usize, right: u32) -> bool {
        self.right[right as usize] < self.range[right as usize].1
            && self.classes.terms(self.class(left, right)).iter().all(|&(sum, weight)| {
                let target = &self.sums[sum as usize];
                self.demands[target.demand as usize].groups.is_some()
                    || weight <= 0
                    || target.value + weight <= target.hi
            })
    }

    /// What one more pair costs at this right row.
    pub(super) fn arriving(&self, right: u32) -> i64 {
        let (degree, range) = (self.right[right as usize], self.range[right as usize]);
        (i64::from(degree >= range.1) - i64::from(degree < range.0)) * UNIT
    }

    /// What one pair less costs at this right row.
    pub(super) fn leaving(&self, right: u32) -> i64 {
        let (degree, range) = (self.right[right as usize], self.range[right as usize]);
        (i64::from(degree <= range.0) - i64::from(degree > range.1)) * UNIT
    }

    pub(super) fn add(&mut self, left: usize, right: u32) {
        let pair = self.pair(left, right);
        self.cost += self.arriving(right);
        self.chosen[pair] = true;
        self.rows[left].push(right);
        self.right[right as usize] += 1;
        self.apply(self.classes.of(pair), 1);
    }

    pub(super) fn remove(&mut self, left: usize, right: u32) {
        let pair = self.pair(left, right);
        self.cost += self.leaving(right);
        self.chosen[pair] = false;
        self.rows[left].retain(|&other| other != right);
        self.right[right as usize] -= 1;
        self.apply(self.classes.of(pair), -1);
    }

    /// For every class, what its pairs could gain at best by coming or going.
    pub(super) fn hopes(&mut self) -> Vec<Hope> {
        let classes = 0..self.classes.len() as u32;
        classes.map(|class| Hope { arriving: self.hope(class, 1), leaving: self.hope(class, -1) }).collect()
    }

    fn hope(&mut self, class: u32, sign: i64) -> i64 {
        let violated = |sum: u32| self.demands[self.sums[sum as usize].demand as usize].cost > 0;
        if !self.classes.terms(class).iter().any(|&(sum, _)| violated(sum)) {
            return 0;
        }
        self.gather(&[(class, sign)]);
        let (mut at, mut hope) = (0, 0);
        while let Some(&(sum, by)) = self.change.get(at) {
            let target = &self.sums[sum as usize];
            let demand = target.demand as usize;
            let cost = self.demands[demand].cost;
            if self.demands[demand].groups.is_none() {
                let helps = (by > 0) == (target.value < target.lo);
                hope += if helps { cost.min(violation(by.abs())) } else { 0 };
                at += 1;
                continue;
            }
            at = self.count_change(demand, at);
            let levels = &self.demands[demand].groups.as_ref().expect("a counting clause").levels;
            if cost > 0 && levels.improved(&self.levels) {
                hope += cost;
            }
        }
        hope
    }

    /// The change of cost if pairs of these classes came (+1) and went (-1).
    pub(super) fn clause_change(&mut self, moves: &[(u32, i64)]) -> i64 {
        self.gather(moves);
        let (mut at, mut delta) = (0, 0);
        while at < self.change.len() {
            let target = &self.sums[self.change[at].0 as usize];
            let demand = target.demand as usize;
            if self.demands[demand].groups.is_none() {
                delta += target.violation(target.value + self.change[at].1) - self.demands[demand].cost;
                at += 1;
                continue;
            }
            at = self.count_change(demand, at);
            let counted = self.demands[demand].groups.as_mut().expect("a counting clause");
            if !self.levels.is_empty() {
                delta += counted.levels.cost_after(&self.levels) - self.demands[demand].cost;
            }
        }
        delta
    }

    pub(super) fn demands(&self) -> usize {
        self.demands.len()
    }

    /// How far a right row is below its range.
    pub(super) fn right_missing(&self, right: u32) -> i64 {
        i64::from(self.range[right as usize].0.saturating_sub(self.right[right as usize]))
    }

    /// How far a clause is below its range.
    pub(super) fn clause_missing(&self, demand: usize) -> i64 {
        if let Some(counted) = &self.demands[demand].groups {
            return counted.levels.missing();
        }
        let target = self.sums.partition_point(|target| (target.demand as usize) < demand);
        let target = &self.sums[target];
        target.lo.saturating_sub(target.value).max(0)
    }

    /// Whether one more pair of the class lowers the cost of this clause.
    pub(super) fn relieves(&mut self, demand: usize, class: u32) -> bool {
        self.gather(&[(class, 1)]);
        let at = self.change.partition_point(|change| (self.sums[change.0 as usize].demand as usize) < demand);
        let Some(&(sum, by)) =
            self.change.get(at).filter(|change| self.sums[change.0 as usize].demand as usize == demand)
        else {
            return false;
        };
        if self.demands[demand].groups.is_none() {
            let target = &self.sums[sum as usize];
            return target.violation(target.value + by) < self.demands[demand].cost;
        }
        self.count_change(demand, at);
        let counted = self.demands[demand].groups.as_mut().expect("a counting clause");
        counted.levels.cost_after(&self.levels) < self.demands[demand].cost
    }

    /// Collects the level changes of one clause; returns where the next clause's begin.
    fn count_change(&mut self, demand: usize, mut at: usize) -> usize {
        self.levels.clear();
        let counted = self.demands[demand].groups.as_ref().expect("a counting clause");
        while let Some(&(sum, _)) =
            self.change.get(at).filter(|change| self.sums[change.0 as usize].demand as usize == demand)
        {
            let group = counted.start.partition_point(|&start| start <= sum) - 1;
            let end = counted.start[group + 1];
            let level = self.level(counted.start[group]..end, at);
            if level != counted.levels.of(group) {
                self.levels.push((counted.levels.of(group), level));
            }
            while self.change.get(at).is_some_and(|change| change.0 < end) {
                at += 1;
            }
        }
        at
    }

    /// The level of the group with these sums, after the changes from `at` on.
    fn level(&self, sums: std::ops::Range<u32>, mut at: usize) -> i64 {
        let (mut missing, mut margin) = (0i64, i64::MAX);
        for sum in sums {
            let target = &self.sums[sum as usize];
            let mut value = target.value;
            if let Some(&(_, by)) = self.change.get(at).filter(|change| change.0 == sum) {
                value += by;
                at += 1;
            }
            let outside = target.lo.saturating_sub(value).max(value.saturating_sub(target.hi));
            if outside > 0 {
                missing = missing.saturating_add(outside);
            }
            let inside = value.saturating_sub(target.lo).min(target.hi.saturating_sub(value));
            margin = margin.min(inside.saturating_add(1));
        }
        if missing > 0 { missing } else { -margin.max(1) }
    }

    /// The weights of the moves, summed up per sum, ascending.
    fn gather(&mut self, moves: &[(u32, i64)]) {
        self.change.clear();
        for &(class, sign) in moves {
            self.merge(class, sign);
        }
    }

    /// Adds the weights of one class to those gathered, from the back so that it fits.
    fn merge(&mut self, class: u32, sign: i64) {
        let terms = self.classes.terms(class);
        let mut old = self.change.len();
        self.change.resize(old + terms.len(), (0, 0));
        let mut at = self.change.len();
        for &(sum, weight) in terms.iter().rev() {
            while old > 0 && self.change[old - 1].0 > sum {
                (old, at) = (old - 1, at - 1);
                self.change[at] = self.change[old];
            }
            let mut by = weight * sign;
            if old > 0 && self.change[old - 1].0 == sum {
                old -= 1;
                by += self.change[old].1;
            }
            if by != 0 {
                at -= 1;
                self.change[at] = (sum, by);
            }
        }
        self.change.drain(old..at);
    }

    fn apply(&mut self, class: u32, sign: i64) {
        self.gather(&[(class, sign)]);
        for at in 0..self.change.len() {
            let (sum, by) = self.change[at];
            self.sums[sum as usize].value += by;
        }
        let changes = std::mem::take(&mut self.change);
        for &(sum, _) in &changes {
            self.update(sum);
        }
        self.change = changes;
    }

    /// Brings the level and the cost of a sum's clause up to date.
    fn update(&mut self, sum: u32) {
        let target = &self.sums[sum as usize];
        let demand = target.demand as usize;
        let cost = if let Some(counted) = &self.demands[demand].groups {
            let group = counted.start.partition_point(|&start| start <= sum) - 1;
            let level = self.level(counted.start[group]..counted.start[group + 1], usize::MAX);
            let counted = self.demands[demand].groups.as_mut().expect("a counting clause");
            counted.levels.set(group, level);
            counted.levels.cost()
        } else {
            target.violation(target.value)
        };
        self.cost += cost - std::mem::replace(&mut self.demands[demand].cost, cost);
    }

    /// The cost of the empty assignment.
    fn charge(&mut self) {
        for sum in 0..self.sums.len() as u32 {
            self.update(sum);
        }
        for demand in &mut self.demands {
            if let Some(counted) = &demand.groups {
                let cost = counted.levels.cost();
                self.cost += cost - std::mem::replace(&mut demand.cost, cost);
            }
        }
        self.cost += self.range.iter().map(|range| violation(i64::from(range.0))).sum::<i64>();
    }
}
