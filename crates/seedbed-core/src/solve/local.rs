//! The local stage: preferred degrees, fill, repair, and one restart.
//!
//! It finds assignments and refutes nothing.

use super::presolve::{Ranges, presolve};
use super::state::State;
use super::{Problem, Solution, check, degrees, fill, repair};
use std::ops::Range;

/// The handful of degree vectors tried before the exact stage.
pub(super) const FIRST: Range<u64> = 0..1;
/// More of them, for when the exact stage gave up.
pub(super) const LATER: Range<u64> = 1..6;

/// Returns an assignment that meets every demand, if one is found.
pub(super) fn solve(problem: &Problem, rounds: Range<u64>) -> Option<Solution> {
    let ranges = Ranges::new(problem);
    rounds.into_iter().find_map(|round| {
        let degrees = degrees::choose(problem, &ranges, round)?;
        with_degrees(problem, &ranges, &degrees)
    })
}

fn with_degrees(problem: &Problem, ranges: &Ranges, degrees: &[u32]) -> Option<Solution> {
    let exact = degrees.iter().map(|&degree| (degree, degree)).collect();
    let total: u32 = degrees.iter().sum();
    let ranges = Ranges::with(problem, exact, ranges.right.clone(), (total, total));
    let clauses = presolve(problem, &ranges, |_| true);
    if !clauses.never.is_empty() {
        return None;
    }
    let mut steps = 0;
    for witnesses_first in [false, true] {
        let mut state = State::new(problem, &clauses.open, &ranges.right);
        if witnesses_first {
            fill::witnesses(&mut state, degrees);
        }
        fill::fill(&mut state, degrees, ranges.left_choices());
        steps += repair::repair(&mut state);
        if state.cost() == 0 {
            return finish(problem, state.rows, steps);
        }
    }
    None
}

fn finish(problem: &Problem, mut pairs: Vec<Vec<u32>>, steps: u32) -> Option<Solution> {
    for rights in &mut pairs {
        rights.sort_unstable();
    }
    let broken = check::violations(problem, &pairs);
    debug_assert!(broken.is_empty(), "the local stage broke {broken:?}");
    broken.is_empty().then_some(Solution { pairs, steps, exact: false })
}
