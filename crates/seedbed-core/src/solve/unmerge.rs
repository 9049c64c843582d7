//! From counts per type back to pairs.

use super::local;
use super::model::Model;
use super::{Fill, Problem, Row};

/// Chooses concrete right rows for the counts, better scores preferred.
pub(super) fn unmerge(problem: &Problem, ranges: &[(u32, u32)], model: &Model, counts: &[u32]) -> Vec<Vec<u32>> {
    let mut pairs = vec![Vec::new(); problem.left.len()];
    let mut takers: Vec<Vec<(usize, u32)>> = vec![Vec::new(); model.types.len()];
    for (&(left, kind), &count) in model.pairs.iter().zip(counts) {
        if count > 0 {
            takers[kind].push((left, count));
        }
    }
    for (rights, takers) in model.types.iter().zip(&takers) {
        let spread = preferred(problem, ranges, rights, takers).unwrap_or_else(|| in_turn(rights.len(), takers));
        for (&(left, _), row) in takers.iter().zip(spread) {
            pairs[left].extend(row.into_iter().map(|at| rights[at as usize]));
        }
    }
    for rights in &mut pairs {
        rights.sort_unstable();
    }
    pairs
}

/// Every row goes on where the last one stopped: no pair twice, degrees even.
fn in_turn(width: usize, takers: &[(usize, u32)]) -> Vec<Vec<u32>> {
    let mut next = (0..width as u32).cycle();
    takers.iter().map(|&(_, count)| next.by_ref().take(count as usize).collect()).collect()
}

/// The same as a problem without clauses, for the local stage.
fn preferred(
    problem: &Problem,
    ranges: &[(u32, u32)],
    rights: &[u32],
    takers: &[(usize, u32)],
) -> Option<Vec<Vec<u32>>> {
    if rights.len() == 1 {
        return None;
    }
    let width = problem.right.len();
    let row = |range: (u32, u32), hash| Row { lo: range.0, hi: range.1, hash };
    let sub = Problem {
        left: takers.iter().map(|&(left, count)| row((count, count), problem.left[left].hash)).collect(),
        right: rights.iter().map(|&right| row(ranges[right as usize], problem.right[right as usize].hash)).collect(),
        total: (0, u32::MAX),
        allowed: vec![true; takers.len() * rights.len()],
        score: takers
            .iter()
            .flat_map(|&(left, _)| rights.iter().map(move |&right| problem.score[left * width + right as usize]))
            .collect(),
        clauses: Vec::new(),
        fill: Fill::ByLeft,
    };
    local::solve(&sub, local::FIRST).map(|solution| solution.pairs)
}
