//! The same problem with its sides exchanged.
//!
//! The exact stage merges alike rows of one side only, so it looks at a problem from
//! the side where that helps more.

use super::{Clause, Group, Measure, Part, Problem, Sum};

/// `problem` with left and right exchanged.
pub(super) fn transpose(problem: &Problem) -> Problem {
    let (height, width) = (problem.left.len(), problem.right.len());
    let from = |pair: usize| (pair % height) * width + pair / height;
    let sum = |sum: &Sum| {
        let mut terms: Vec<(u32, i32)> =
            sum.terms.iter().map(|&(pair, weight)| (turn(pair, height, width), weight)).collect();
        terms.sort_unstable_by_key(|term| term.0);
        Sum { constant: sum.constant, terms }
    };
    let measure = |measure: &Measure| match measure {
        Measure::Linear(linear) => Measure::Linear(sum(linear)),
        Measure::Count(groups) => {
            let group = |group: &Group| Group {
                conditions: group.conditions.iter().map(|(s, lo, hi)| (sum(s), *lo, *hi)).collect(),
            };
            Measure::Count(groups.iter().map(group).collect())
        }
    };
    Problem {
        left: problem.right.clone(),
        right: problem.left.clone(),
        total: problem.total,
        allowed: (0..problem.allowed.len()).map(|pair| problem.allowed[from(pair)]).collect(),
        score: (0..problem.score.len()).map(|pair| problem.score[from(pair)]).collect(),
        clauses: problem
            .clauses
            .iter()
            .map(|clause| Clause { lo: clause.lo, hi: clause.hi, measure: measure(&clause.measure) })
            .collect(),
        fill: problem.fill,
    }
}

/// The index of the same pair after the exchange.
fn turn(pair: u32, height: usize, width: usize) -> u32 {
    let (left, right) = (pair as usize / width, pair as usize % width);
    (right * height + left) as u32
}

/// Pairs of the exchanged problem as pairs of the original with `height` left rows.
pub(super) fn pairs_back(pairs: &[Vec<u32>], height: usize) -> Vec<Vec<u32>> {
    let mut back = vec![Vec::new(); height];
    for (right, lefts) in pairs.iter().enumerate() {
        for &left in lefts {
            back[left as usize].push(right as u32);
        }
    }
    back
}

/// A part of the exchanged problem, as named in the original.
pub(super) fn part_back(part: Part) -> Part {
    match part {
        Part::Left(row) => Part::Right(row),
        Part::Right(row) => Part::Left(row),
        other => other,
    }
}
