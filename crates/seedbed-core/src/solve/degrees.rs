//! The preferred degree of every left row.
//!
//! A row's degree comes from its own hash, and the difference to the total is spread
//! one step at a time in hash order, so that another row moves few of them.

use super::presolve::Ranges;
use super::{Clause, Measure, Problem, Sum};

/// How many degree vectors are tried in one round.
const ATTEMPTS: u64 = 8;

/// Returns degrees within the ranges, or nothing if none meet the total.
///
/// Of a handful it is the first that satisfies all clauses which depend on the left
/// degrees alone, or the one that violates them least. `round` asks for another handful.
pub(super) fn choose(problem: &Problem, ranges: &Ranges, round: u64) -> Option<Vec<u32>> {
    let free = ranges.left.iter().any(|range| range.0 < range.1);
    if !free {
        let degrees = fit(problem, ranges, 0)?;
        return (round == 0).then_some(degrees);
    }
    let settled = degree_clauses(problem, ranges);
    let mut best: Option<(i64, Vec<u32>)> = None;
    for attempt in round * ATTEMPTS..(round + 1) * ATTEMPTS {
        let degrees = fit(problem, ranges, attempt)?;
        let broken = settled.iter().map(|clause| clause.violation(&degrees)).fold(0, i64::saturating_add);
        if best.as_ref().is_none_or(|(least, _)| broken < *least) {
            best = Some((broken, degrees));
        }
        if best.as_ref().is_some_and(|(least, _)| *least == 0) {
            break;
        }
    }
    best.map(|(_, degrees)| degrees)
}

/// `lo + hash * span` for every row, then moved towards the total.
fn fit(problem: &Problem, ranges: &Ranges, attempt: u64) -> Option<Vec<u32>> {
    let sum =
        |end: fn(&(u32, u32)) -> u32, side: &[(u32, u32)]| side.iter().map(|range| u64::from(end(range))).sum::<u64>();
    let lo = u64::from(ranges.total.0).max(sum(|range| range.0, &ranges.right)).max(sum(|range| range.0, &ranges.left));
    let hi = u64::from(ranges.total.1).min(sum(|range| range.1, &ranges.right)).min(sum(|range| range.1, &ranges.left));
    if ranges.empty() || lo > hi {
        return None;
    }
    let hashes: Vec<u64> =
        problem.left.iter().map(|row| if attempt == 0 { row.hash } else { mix(row.hash ^ mix(attempt)) }).collect();
    let draw = |(range, hash): (&(u32, u32), &u64)| {
        let span = u64::from(range.1.min(hi as u32) - range.0) + 1;
        range.0 + ((u128::from(*hash) * u128::from(span)) >> 64) as u32
    };
    let mut degrees: Vec<u32> = ranges.left.iter().zip(&hashes).map(draw).collect();
    let mut order: Vec<usize> = (0..hashes.len()).collect();
    order.sort_by_key(|&row| mix(hashes[row]));
    let mut now: u64 = degrees.iter().map(|&degree| u64::from(degree)).sum();
    while now < lo || now > hi {
        for &row in &order {
            if now < lo && degrees[row] < ranges.left[row].1 {
                degrees[row] += 1;
                now += 1;
            } else if now > hi && degrees[row] > ranges.left[row].0 {
                degrees[row] -= 1;
                now -= 1;
            }
        }
    }
    Some(degrees)
}

/// Scatters the bits of a hash (`SplitMix64`, Steele, Lea and Flood 2014).
pub(super) fn mix(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A clause that depends on the left degrees alone.
struct Settled<'a> {
    clause: &'a Clause,
    groups: Vec<Vec<Weighted>>,
}

/// A sum as weights of the left degrees, with the range that is asked of it.
struct Weighted {
    constant: i64,
    weights: Vec<(u32, i64)>,
    lo: i64,
    hi: i64,
}

impl Weighted {
    fn value(&self, degrees: &[u32]) -> i64 {
        let parts = self.weights.iter().map(|&(row, weight)| weight * i64::from(degrees[row as usize]));
        parts.fold(self.constant, i64::saturating_add)
    }

    fn distance(&self, degrees: &[u32]) -> i64 {
        let value = self.value(degrees);
        self.lo.saturating_sub(value).max(value.saturating_sub(self.hi)).max(0)
    }
}

impl Settled<'_> {
    fn violation(&self, degrees: &[u32]) -> i64 {
        let value = match &self.clause.measure {
            Measure::Linear(_) => self.groups[0][0].value(degrees),
            Measure::Count(_) => {
                let holds = self.groups.iter().filter(|group| group.iter().all(|sum| sum.distance(degrees) == 0));
                holds.count() as i64
            }
        };
        self.clause.lo.saturating_sub(value).max(value.saturating_sub(self.clause.hi)).max(0)
    }
}

fn degree_clauses<'a>(problem: &'a Problem, ranges: &Ranges) -> Vec<Settled<'a>> {
    let whole = |sum: &Sum, lo: i64, hi: i64| {
        whole_rows(problem, ranges, sum).map(|weights| Weighted { constant: sum.constant, weights, lo, hi })
    };
    let clauses = problem.clauses.iter().filter_map(|clause| {
        let groups = match &clause.measure {
            Measure::Linear(sum) => Some(vec![vec![whole(sum, clause.lo, clause.hi)?]]),
            Measure::Count(groups) => groups
                .iter()
                .map(|group| group.conditions.iter().map(|(sum, lo, hi)| whole(sum, *lo, *hi)).collect())
                .collect(),
        };
        groups.map(|groups| Settled { clause, groups })
    });
    clauses.collect()
}

/// The weight of each left row, if the sum weighs all allowed pairs of a row alike.
fn whole_rows(problem: &Problem, ranges: &Ranges, sum: &Sum) -> Option<Vec<(u32, i64)>> {
    let width = problem.right.len() as u32;
    let mut weights: Vec<(u32, i64)> = Vec::new();
    let mut seen = 0;
    for &(pair, weight) in sum.terms.iter().filter(|term| problem.allowed[term.0 as usize] && term.1 != 0) {
        let (row, weight) = (pair / width, i64::from(weight));
        match weights.last() {
            Some(&(last, other)) if last == row => {
                if other != weight {
                    return None;
                }
            }
            last => {
                if last.is_some_and(|&(last, _)| ranges.left_choices()[last as usize] != seen) {
                    return None;
                }
                weights.push((row, weight));
                seen = 0;
            }
        }
        seen += 1;
    }
    let whole = weights.last().is_none_or(|&(last, _)| ranges.left_choices()[last as usize] == seen);
    whole.then_some(weights)
}
