//! The first assignment: what the rows would take if nothing else were asked.
//!
//! Every row takes what it prefers as long as there is room, and then whatever is left;
//! repair deals with the rest. All preferences come from the one score.

use super::degrees::mix;
use super::state::State;
use super::{Fill, Problem};
use std::cmp::Reverse;

/// Fills `state` until every left row has its degree.
pub(super) fn fill(state: &mut State, degrees: &[u32], choices: &[u32]) {
    match state.problem.fill {
        Fill::ByLeft => by_left(state, degrees, choices),
        Fill::BestPair => best_pair(state, degrees, choices),
    }
}

/// Rows with far fewer choices first; the coarse scale keeps the order steady.
fn scarcity(problem: &Problem, choices: &[u32], left: usize) -> u32 {
    let width = problem.right.len() as u32;
    u32::MAX - (width / choices[left].max(1)).checked_ilog2().unwrap_or(0)
}

fn by_left(state: &mut State, degrees: &[u32], choices: &[u32]) {
    let mut order: Vec<usize> = (0..degrees.len()).filter(|&left| degrees[left] > 0).collect();
    order.sort_by_key(|&left| (scarcity(state.problem, choices, left), state.problem.left[left].hash));
    let mut ranked = Vec::new();
    for left in order {
        take_best(state, left, degrees[left] as usize, &mut ranked);
    }
}

/// Completes one row: its best right rows that have room, then its best of all.
fn take_best(state: &mut State, left: usize, degree: usize, ranked: &mut Vec<u32>) {
    if state.rows[left].len() >= degree {
        return;
    }
    ranked.clear();
    ranked.extend((0..state.problem.right.len() as u32).filter(|&right| state.free(left, right)));
    ranked.sort_unstable_by_key(|&right| {
        (Reverse(state.score(left, right)), state.problem.right[right as usize].hash, right)
    });
    for strict in [true, false] {
        for &right in ranked.iter() {
            if state.rows[left].len() == degree {
                return;
            }
            if !state.chosen(left, right) && (!strict || state.has_room(left, right)) {
                state.add(left, right);
            }
        }
    }
}

fn best_pair(state: &mut State, degrees: &[u32], choices: &[u32]) {
    let problem = state.problem;
    let mut ranked: Vec<(u32, Reverse<i64>, u64, u32, u32)> = Vec::new();
    for left in (0..degrees.len()).filter(|&left| degrees[left] > 0) {
        let scarcity = scarcity(problem, choices, left);
        for right in (0..problem.right.len() as u32).filter(|&right| state.free(left, right)) {
            let tie = mix(problem.left[left].hash) ^ problem.right[right as usize].hash;
            ranked.push((scarcity, Reverse(state.score(left, right)), tie, left as u32, right));
        }
    }
    ranked.sort_unstable();
    for &(.., left, right) in &ranked {
        let left = left as usize;
        if state.rows[left].len() < degrees[left] as usize && state.has_room(left, right) {
            state.add(left, right);
        }
    }
    by_left(state, degrees, choices);
}

/// Places the scarce pairs first: those that clauses and right rows still lack.
///
/// Only for the restart: it finds more, but moves more when the input changes.
pub(super) fn witnesses(state: &mut State, degrees: &[u32]) {
    let mut open: Vec<(usize, u32)> = Vec::new();
    for left in (0..degrees.len()).filter(|&left| degrees[left] > 0) {
        open.extend(
            (0..state.problem.right.len() as u32).filter(|&right| state.free(left, right)).map(|right| (left, right)),
        );
    }
    let mut lacking = state.lacking(&open);
    lacking.sort_by_key(|lack| ((lack.candidates / lack.needed.max(1)).checked_ilog2().unwrap_or(0), lack.demand));
    for lack in lacking {
        while state.missing(lack.demand) > 0 {
            let mut best: Option<(i64, usize, u32)> = None;
            for &(left, right) in &open {
                let score = state.score(left, right);
                if best.is_none_or(|best| score > best.0)
                    && state.rows[left].len() < degrees[left] as usize
                    && !state.chosen(left, right)
                    && state.has_room(left, right)
                    && state.helps(lack.demand, left, right)
                {
                    best = Some((score, left, right));
                }
            }
            let Some((_, left, right)) = best else { break };
            state.add(left, right);
        }
    }
}
