//! What the degree ranges alone say about each clause.
//!
//! A clause that holds by construction is dropped before anything is placed, one that
//! cannot hold is recognised at once. Every bound is valid for all assignments within
//! the given ranges, so what is dropped here is implied and never decided away.

use super::{Measure, Problem, Sum};

/// The degree ranges in force: `[lo, hi]` with `hi` at most the number of candidates.
#[derive(Clone)]
pub(super) struct Ranges {
    pub left: Vec<(u32, u32)>,
    pub right: Vec<(u32, u32)>,
    pub total: (u32, u32),
    left_choices: Vec<u32>,
    right_choices: Vec<u32>,
    choices: u32,
    right_binds: bool,
}

impl Ranges {
    /// The ranges of `problem` itself.
    pub(super) fn new(problem: &Problem) -> Self {
        let left = problem.left.iter().map(|row| (row.lo, row.hi)).collect();
        let right = problem.right.iter().map(|row| (row.lo, row.hi)).collect();
        Self::with(problem, left, right, problem.total)
    }

    /// Other ranges for the rows of `problem`.
    pub(super) fn with(
        problem: &Problem,
        mut left: Vec<(u32, u32)>,
        mut right: Vec<(u32, u32)>,
        total: (u32, u32),
    ) -> Self {
        let mut left_choices = vec![0; left.len()];
        let mut right_choices = vec![0; right.len()];
        if !right.is_empty() {
            for (row, allowed) in problem.allowed.chunks(right.len()).enumerate() {
                for (choices, &yes) in right_choices.iter_mut().zip(allowed) {
                    *choices += u32::from(yes);
                    left_choices[row] += u32::from(yes);
                }
            }
        }
        for (range, &choices) in left.iter_mut().zip(&left_choices) {
            range.1 = range.1.min(choices);
        }
        for (range, &choices) in right.iter_mut().zip(&right_choices) {
            range.1 = range.1.min(choices);
        }
        let right_binds = right.iter().zip(&right_choices).any(|(range, &choices)| range.0 > 0 || range.1 < choices);
        let choices = left_choices.iter().sum();
        let total = (total.0, total.1.min(choices));
        Self { left, right, total, left_choices, right_choices, choices, right_binds }
    }

    /// How many right rows each left row may take.
    pub(super) fn left_choices(&self) -> &[u32] {
        &self.left_choices
    }

    /// Whether some row or the total has a range no number lies in.
    pub(super) fn empty(&self) -> bool {
        let mut all = self.left.iter().chain(&self.right).chain([&self.total]);
        all.any(|range| range.0 > range.1)
    }
}

/// A sum with its allowed range and the bounds the degrees give it.
pub(super) struct Bounded<'a> {
    pub sum: &'a Sum,
    pub lo: i64,
    pub hi: i64,
    pub least: i64,
    pub most: i64,
}

impl Bounded<'_> {
    fn always(&self) -> bool {
        self.lo <= self.least && self.most <= self.hi
    }

    fn never(&self) -> bool {
        self.most < self.lo || self.hi < self.least || self.lo > self.hi
    }
}

/// A clause that the degrees do not settle.
pub(super) struct Open<'a> {
    /// The clause's index in the problem.
    pub index: usize,
    pub kind: Kind<'a>,
}

pub(super) enum Kind<'a> {
    Linear(Bounded<'a>),
    /// Only the groups that are open, with the range reduced by those that always hold.
    Count {
        lo: i64,
        hi: i64,
        groups: Vec<Vec<Bounded<'a>>>,
    },
}

/// The clauses left to satisfy.
pub(super) struct Presolved<'a> {
    pub open: Vec<Open<'a>>,
    /// Clauses that no assignment within the ranges meets.
    pub never: Vec<usize>,
}

/// Bounds every clause that `wanted` selects.
pub(super) fn presolve<'a>(problem: &'a Problem, ranges: &Ranges, wanted: impl Fn(usize) -> bool) -> Presolved<'a> {
    let mut meter = Meter { problem, ranges, weights: Vec::new(), columns: vec![Vec::new(); problem.right.len()] };
    let mut presolved = Presolved { open: Vec::new(), never: Vec::new() };
    for (index, clause) in problem.clauses.iter().enumerate().filter(|(index, _)| wanted(*index)) {
        match &clause.measure {
            Measure::Linear(sum) => {
                let bounded = meter.bound(sum, clause.lo, clause.hi);
                if bounded.never() {
                    presolved.never.push(index);
                }
                if !bounded.always() {
                    presolved.open.push(Open { index, kind: Kind::Linear(bounded) });
                }
            }
            Measure::Count(all) => {
                let (mut groups, mut always) = (Vec::new(), 0);
                for group in all {
                    let mut conditions: Vec<_> =
                        group.conditions.iter().map(|(sum, lo, hi)| meter.bound(sum, *lo, *hi)).collect();
                    if conditions.iter().any(Bounded::never) {
                        continue;
                    }
                    conditions.retain(|condition| !condition.always());
                    if conditions.is_empty() {
                        always += 1;
                    } else {
                        groups.push(conditions);
                    }
                }
                let (lo, hi) = (less(clause.lo, always), less(clause.hi, always));
                let most = groups.len() as i64;
                if most < lo || hi < 0 || lo > hi {
                    presolved.never.push(index);
                }
                if lo > 0 || hi < most {
                    presolved.open.push(Open { index, kind: Kind::Count { lo, hi, groups } });
                }
            }
        }
    }
    presolved
}

/// `bound - constant`, where the ends of `i64` stay unbounded.
pub(super) fn less(bound: i64, constant: i64) -> i64 {
    if bound == i64::MIN || bound == i64::MAX { bound } else { bound.saturating_sub(constant) }
}

struct Meter<'a, 'r> {
    problem: &'a Problem,
    ranges: &'r Ranges,
    weights: Vec<i64>,
    columns: Vec<Vec<i64>>,
}

impl<'a> Meter<'a, '_> {
    fn bound(&mut self, sum: &'a Sum, lo: i64, hi: i64) -> Bounded<'a> {
        let (mut least, mut most) = self.by_left(sum);
        if self.ranges.right_binds {
            let (low, high) = self.by_right(sum);
            (least, most) = (least.max(low), most.min(high));
        }
        let (low, high) = self.by_total(sum, least, most);
        (least, most) = (least.max(low), most.min(high));
        let (least, most) = (sum.constant.saturating_add(least), sum.constant.saturating_add(most));
        Bounded { sum, lo, hi, least, most }
    }

    fn by_left(&mut self, sum: &Sum) -> (i64, i64) {
        let width = self.problem.right.len();
        let (mut least, mut most, mut at) = (0, 0, 0);
        let (mut row, mut end) = (0, width);
        while at < sum.terms.len() {
            while sum.terms[at].0 as usize >= end {
                row += 1;
                end += width;
            }
            self.weights.clear();
            while let Some(&(pair, weight)) = sum.terms.get(at).filter(|term| (term.0 as usize) < end) {
                if weight != 0 && self.problem.allowed[pair as usize] {
                    self.weights.push(i64::from(weight));
                }
                at += 1;
            }
            let span = span(&mut self.weights, self.ranges.left_choices[row], self.ranges.left[row]);
            (least, most) = (least + span.0, most + span.1);
        }
        (least, most)
    }

    fn by_right(&mut self, sum: &Sum) -> (i64, i64) {
        let width = self.problem.right.len();
        for &(pair, weight) in &sum.terms {
            if weight != 0 && self.problem.allowed[pair as usize] {
                self.columns[pair as usize % width].push(i64::from(weight));
            }
        }
        let (mut least, mut most) = (0, 0);
        for (right, weights) in self.columns.iter_mut().enumerate() {
            if !weights.is_empty() {
                let span = span(weights, self.ranges.right_choices[right], self.ranges.right[right]);
                (least, most) = (least + span.0, most + span.1);
                weights.clear();
            }
        }
        (least, most)
    }

    /// Bounds from the number of pairs; only looked at when the range could matter.
    fn by_total(&mut self, sum: &Sum, least: i64, most: i64) -> (i64, i64) {
        if least == most || (self.ranges.total.0 == 0 && self.ranges.total.1 == self.ranges.choices) {
            return (least, most);
        }
        let allowed = sum.terms.iter().filter(|term| term.1 != 0 && self.problem.allowed[term.0 as usize]);
        self.weights.clear();
        self.weights.extend(allowed.map(|&(_, weight)| i64::from(weight)));
        span(&mut self.weights, self.ranges.choices, self.ranges.total)
    }
}

/// The least and the most that `degree` of `choices` candidates can weigh together, when
/// those not in `weights` weigh nothing.
fn span(weights: &mut [i64], choices: u32, degree: (u32, u32)) -> (i64, i64) {
    if weights.windows(2).any(|two| two[0] != two[1]) {
        weights.sort_unstable();
    }
    let zeros = choices as usize - weights.len();
    let negatives = weights.partition_point(|&weight| weight < 0);
    let (negative, positive) = weights.split_at(negatives);
    let (lo, hi) = (degree.0 as usize, degree.1 as usize);
    let least = best(negative.iter().copied(), positive.iter().copied(), zeros, lo, hi);
    let most = best(positive.iter().rev().map(|w| -w), negative.iter().rev().map(|w| -w), zeros, lo, hi);
    (least, -most)
}

/// The least sum of `lo..=hi` weights: all that help, then nothing, then what must be.
fn best(
    gains: impl ExactSizeIterator<Item = i64>,
    costs: impl Iterator<Item = i64>,
    zeros: usize,
    lo: usize,
    hi: usize,
) -> i64 {
    let taken = gains.len().min(hi);
    let forced = lo.saturating_sub(taken + zeros);
    gains.take(taken).sum::<i64>() + costs.take(forced).sum::<i64>()
}
