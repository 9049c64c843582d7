//! Small random problems, and the answer by trying everything.

use std::collections::BTreeSet;

use seedbed_core::solve::{Clause, Fill, Group, Measure, Part, Problem, Row, Sum, violations};

/// A stream of numbers (`SplitMix64`).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number in `lo..=hi`.
    pub(crate) fn between(&mut self, lo: i64, hi: i64) -> i64 {
        lo + (self.bits() % (hi - lo + 1) as u64) as i64
    }

    /// True in `percent` of a hundred.
    pub(crate) fn chance(&mut self, percent: i64) -> bool {
        self.between(0, 99) < percent
    }
}

/// A problem of 2 to 4 rows by 3 to 6, at most 12 pairs, with every kind of demand.
pub(crate) fn problem(dice: &mut Dice) -> Problem {
    let height = dice.between(2, 4) as usize;
    let width = dice.between(3, 12 / height as i64).max(3) as usize;
    let exact = dice.chance(50);
    let side = |dice: &mut Dice, free: bool| {
        let lo = dice.between(0, 2) as u32;
        let hi = if exact { lo } else { lo + dice.between(0, 2) as u32 };
        let hash = dice.bits();
        if free { Row { lo: 0, hi: u32::MAX, hash } } else { Row { lo, hi, hash } }
    };
    let left: Vec<Row> = (0..height).map(|_| side(dice, false)).collect();
    let bound_right = dice.chance(50);
    let right = (0..width)
        .map(|_| {
            if bound_right {
                Row { lo: dice.between(0, 1) as u32, hi: dice.between(1, 3) as u32, hash: dice.bits() }
            } else {
                side(dice, true)
            }
        })
        .collect();
    let full = dice.chance(60);
    let allowed: Vec<bool> = (0..height * width).map(|_| full || dice.chance(80)).collect();
    let score = (0..height * width).map(|_| (dice.bits() >> 1) as i64).collect();
    let total = if dice.chance(40) {
        let lo = dice.between(1, 7) as u32;
        (lo, lo + dice.between(0, 1) as u32)
    } else {
        (0, u32::MAX)
    };
    let kinds: Vec<i64> = (0..width).map(|_| dice.between(0, 2)).collect();
    let clauses = (0..dice.between(1, 5)).map(|_| clause(dice, height, width, &kinds)).collect();
    let order = if dice.chance(50) { Fill::ByLeft } else { Fill::BestPair };
    Problem { left, right, total, allowed, score, clauses, fill: order }
}

/// A larger problem, up to 12 rows by 40, whose ranges are drawn tightly around an answer.
pub(crate) fn planted(dice: &mut Dice) -> Problem {
    let (height, width) = (dice.between(4, 12) as usize, dice.between(8, 40) as usize);
    let full = dice.chance(50);
    let allowed: Vec<bool> = (0..height * width).map(|_| full || dice.chance(85)).collect();
    let share = dice.between(5, 40);
    let chosen: Vec<bool> = allowed.iter().map(|&yes| yes && dice.chance(share)).collect();
    let kinds: Vec<i64> = (0..width).map(|_| dice.between(0, 2)).collect();
    let slack = dice.between(0, 2) as u32;
    let mut row =
        |degree: u32, slack: u32| Row { lo: degree.saturating_sub(slack), hi: degree + slack, hash: dice.bits() };
    let degree = |pairs: &mut dyn Iterator<Item = usize>| pairs.filter(|&pair| chosen[pair]).count() as u32;
    let left = (0..height).map(|row_of| row(degree(&mut (row_of * width..(row_of + 1) * width)), slack)).collect();
    let right =
        (0..width).map(|column| row(degree(&mut (0..height).map(|row| row * width + column)), slack + 1)).collect();
    let total = chosen.iter().filter(|&&yes| yes).count() as u32;
    let clauses = (0..dice.between(3, 12))
        .map(|_| {
            let drawn = clause(dice, height, width, &kinds);
            around(dice, drawn, &chosen)
        })
        .collect();
    let score = (0..height * width).map(|_| (dice.bits() >> 1) as i64).collect();
    let order = if dice.chance(50) { Fill::ByLeft } else { Fill::BestPair };
    let total = if dice.chance(50) { (total, total) } else { (0, u32::MAX) };
    Problem { left, right, total, allowed, score, clauses, fill: order }
}

/// The clause with a range that holds what `chosen` measures.
fn around(dice: &mut Dice, clause: Clause, chosen: &[bool]) -> Clause {
    let value = |sum: &Sum| {
        sum.constant
            + sum.terms.iter().filter(|term| chosen[term.0 as usize]).map(|term| i64::from(term.1)).sum::<i64>()
    };
    let measured = match &clause.measure {
        Measure::Linear(sum) => value(sum),
        Measure::Count(groups) => {
            let holds = groups
                .iter()
                .filter(|group| group.conditions.iter().all(|(sum, lo, hi)| (*lo..=*hi).contains(&value(sum))));
            holds.count() as i64
        }
    };
    let lo = if dice.chance(30) { i64::MIN } else { measured };
    let hi = if dice.chance(30) { i64::MAX } else { measured + dice.between(0, 1) };
    Clause { lo, hi, measure: clause.measure }
}

fn clause(dice: &mut Dice, height: usize, width: usize, kinds: &[i64]) -> Clause {
    let measure = match dice.between(0, 9) {
        0..=5 => Measure::Linear(sum(dice, height, width, kinds)),
        6..=7 => Measure::Count((0..dice.between(1, 4)).map(|_| group(dice, height, width, kinds)).collect()),
        8 => Measure::Count(
            (0..height).map(|row| whole(row, row + 1, width, dice.between(0, 1), dice.between(1, 3))).collect(),
        ),
        _ => {
            let some = dice.between(0, height as i64 - 1) as usize;
            let group =
                |kind| Group { conditions: vec![(kind_sum(some, some + 1, width, kinds, kind, 1), 1, i64::MAX)] };
            Measure::Count((0..3).map(group).collect())
        }
    };
    let (lo, hi) = match measure {
        Measure::Linear(_) => (dice.between(-1, 5), dice.between(0, 5)),
        Measure::Count(ref groups) => (dice.between(0, groups.len() as i64), dice.between(0, groups.len() as i64)),
    };
    let (lo, hi) = match dice.between(0, 3) {
        0 => (lo, i64::MAX),
        1 => (i64::MIN, hi),
        2 => (lo, lo),
        _ => (lo.min(hi), lo.max(hi)),
    };
    Clause { lo, hi, measure }
}

fn group(dice: &mut Dice, height: usize, width: usize, kinds: &[i64]) -> Group {
    let conditions = (0..dice.between(1, 2)).map(|_| {
        let lo = dice.between(0, 2);
        let hi = if dice.chance(40) { i64::MAX } else { lo + dice.between(0, 1) };
        let lo = if dice.chance(20) { i64::MIN } else { lo };
        (sum(dice, height, width, kinds), lo, hi)
    });
    Group { conditions: conditions.collect() }
}

fn whole(from: usize, to: usize, width: usize, lo: i64, hi: i64) -> Group {
    let terms = (from * width..to * width).map(|pair| (pair as u32, 1)).collect();
    Group { conditions: vec![(Sum { constant: 0, terms }, lo, hi.max(lo))] }
}

fn kind_sum(from: usize, to: usize, width: usize, kinds: &[i64], kind: i64, weight: i32) -> Sum {
    let pairs = (from..to).flat_map(|left| (0..width).map(move |right| (left, right)));
    let terms =
        pairs.filter(|&(_, right)| kinds[right] == kind).map(|(left, right)| ((left * width + right) as u32, weight));
    Sum { constant: 0, terms: terms.collect() }
}

fn sum(dice: &mut Dice, height: usize, width: usize, kinds: &[i64]) -> Sum {
    let from = dice.between(0, height as i64 - 1) as usize;
    let to = if dice.chance(40) { height } else { from + 1 };
    let from = if to == height && dice.chance(70) { 0 } else { from };
    if dice.chance(60) {
        let kind = dice.between(0, 2);
        return kind_sum(from, to, width, kinds, kind, 1);
    }
    let mut terms = Vec::new();
    for pair in from * width..to * width {
        let weight = dice.between(-1, 3) as i32;
        if weight != 0 {
            terms.push((pair as u32, weight));
        }
    }
    Sum { constant: dice.between(-1, 1), terms }
}

/// Every assignment's breaches, as sets of parts, without repeats.
pub(crate) struct Breaches {
    sets: BTreeSet<u64>,
    problem: Problem,
}

impl Breaches {
    /// Tries every subset of the allowed pairs.
    pub(crate) fn of(problem: &Problem) -> Self {
        let width = problem.right.len();
        let free: Vec<usize> = (0..problem.allowed.len()).filter(|&pair| problem.allowed[pair]).collect();
        let mut sets = BTreeSet::new();
        let mut pairs = vec![Vec::new(); problem.left.len()];
        for set in 0u32..1 << free.len() {
            pairs.iter_mut().for_each(Vec::clear);
            for (at, &pair) in free.iter().enumerate() {
                if set >> at & 1 == 1 {
                    pairs[pair / width].push((pair % width) as u32);
                }
            }
            sets.insert(violations(problem, &pairs).iter().map(|&part| 1 << number(problem, part)).sum());
        }
        Self { sets, problem: problem.clone() }
    }

    /// Whether some assignment breaks none of these parts.
    pub(crate) fn avoidable(&self, parts: &[Part]) -> bool {
        let wanted: u64 = parts.iter().map(|&part| 1 << number(&self.problem, part)).sum();
        self.sets.iter().any(|set| set & wanted == 0)
    }

    /// Whether some assignment breaks nothing.
    pub(crate) fn none(&self) -> bool {
        self.sets.contains(&0)
    }
}

fn number(problem: &Problem, part: Part) -> usize {
    match part {
        Part::Left(row) | Part::Candidates(row) => row,
        Part::Right(row) => problem.left.len() + row,
        Part::Total => problem.left.len() + problem.right.len(),
        Part::Clause(index) => problem.left.len() + problem.right.len() + 1 + index,
    }
}
