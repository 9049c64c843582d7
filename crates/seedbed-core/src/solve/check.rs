//! The independent check: does an assignment satisfy every demand of a problem?
//!
//! It shares no code with the search, so that neither can hide the other's mistakes.

use super::{Measure, Part, Problem, Sum};

/// Returns every demand of `problem` that `pairs` breaks; empty when all hold.
///
/// A pair that is not allowed, or listed twice or out of order, counts as a breach of
/// its left row.
pub fn violations(problem: &Problem, pairs: &[Vec<u32>]) -> Vec<Part> {
    let mut chosen = vec![false; problem.allowed.len()];
    let mut broken = Vec::new();
    let mut degrees = vec![0u32; problem.right.len()];
    let mut total = 0;
    for (left, (row, rights)) in problem.left.iter().zip(pairs).enumerate() {
        let degree = rights.len() as u32;
        let mut sound = (row.lo..=row.hi).contains(&degree) && rights.is_sorted_by(|a, b| a < b);
        for &right in rights {
            let pair = left * problem.right.len() + right as usize;
            sound &= problem.allowed[pair];
            chosen[pair] = true;
            degrees[right as usize] += 1;
        }
        if !sound {
            broken.push(Part::Left(left));
        }
        total += degree;
    }
    for (right, row) in problem.right.iter().enumerate() {
        if !(row.lo..=row.hi).contains(&degrees[right]) {
            broken.push(Part::Right(right));
        }
    }
    if !(problem.total.0..=problem.total.1).contains(&total) || pairs.len() != problem.left.len() {
        broken.push(Part::Total);
    }
    for (index, clause) in problem.clauses.iter().enumerate() {
        let value = measure(&clause.measure, &chosen);
        if !(i128::from(clause.lo)..=i128::from(clause.hi)).contains(&value) {
            broken.push(Part::Clause(index));
        }
    }
    broken
}

fn measure(measure: &Measure, chosen: &[bool]) -> i128 {
    match measure {
        Measure::Linear(sum) => value(sum, chosen),
        Measure::Count(groups) => {
            let holds = groups.iter().filter(|group| {
                group
                    .conditions
                    .iter()
                    .all(|(sum, lo, hi)| (i128::from(*lo)..=i128::from(*hi)).contains(&value(sum, chosen)))
            });
            holds.count() as i128
        }
    }
}

fn value(sum: &Sum, chosen: &[bool]) -> i128 {
    let weights = sum.terms.iter().filter(|(pair, _)| chosen[*pair as usize]);
    i128::from(sum.constant) + weights.map(|&(_, weight)| i128::from(weight)).sum::<i128>()
}
