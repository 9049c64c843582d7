//! Trees: links from a population to itself that go in no circle.
//!
//! A row prefers rows that stand before it, so that a solution is nearly always a tree at once and a
//! row's parent has the smaller key. What goes in a circle all the same, or too deep, is cut: a clause
//! that the solution does not hold and every tree does (subtour elimination; Dantzig, Fulkerson,
//! Johnson 1954), so nothing that exists is lost.

use super::clauses::Origin;
use super::decision::Decision;
use super::world::World;
use crate::solve::{Clause, Measure, Row, Sum};

/// What a pair with a row that stands before, and higher, is preferred by.
const BEFORE: i64 = 1 << 60;

/// Raises the scores of pairs that lead to a row before, on a higher level where depth is limited.
///
/// `given` rows have a parent; the others, the first row among them, are roots.
pub(super) fn prefer_earlier(score: &mut [i64], rows: &[Row], given: usize, deep: Option<u32>) {
    let count = rows.len();
    let mut roots: Vec<usize> = (1..count).collect();
    roots.sort_by_key(|row| rows[*row].hash);
    roots.truncate(count.saturating_sub(given + 1));
    let level = |row: usize| match deep {
        Some(deep) if row > 0 && !roots.contains(&row) => 1 + rows[row].hash / 7 % u64::from(deep),
        Some(_) => 0,
        None => row as u64,
    };
    let levels: Vec<u64> = (0..count).map(level).collect();
    for (pair, score) in score.iter_mut().enumerate() {
        let (row, target) = (pair / count, pair % count);
        if target < row && levels[target] < levels[row] {
            *score += BEFORE;
        }
    }
}

/// Returns what a solution of a tree does not hold: nothing where it is one, or the decision is no tree.
pub(super) fn cuts(world: &World<'_>, decision: Decision, pairs: &[Vec<u32>], width: usize) -> Vec<(Clause, Origin)> {
    let Decision::Link(population, link) = decision else { return Vec::new() };
    let Some(tree) = world.chain.populations[population].links[link].tree else { return Vec::new() };
    let parent = |row: usize| pairs[row].first().map(|to| *to as usize);
    let at_most = |hi: usize, mut terms: Vec<(u32, i32)>| {
        terms.sort_unstable();
        let measure = Measure::Linear(Sum { constant: 0, terms });
        (Clause { lo: i64::MIN, hi: hi as i64, measure }, Origin::Tree { population, link })
    };
    let mut cuts = Vec::new();
    // The first row of the walk that came by here.
    let mut walks: Vec<Option<usize>> = vec![None; pairs.len()];
    for first in 0..pairs.len() {
        let (mut way, mut at) = (Vec::new(), Some(first));
        while let Some(row) = at.filter(|row| walks[*row].is_none()) {
            walks[row] = Some(first);
            way.push(row);
            at = parent(row);
        }
        let Some(start) = at.and_then(|row| way.iter().position(|known| *known == row)) else { continue };
        let circle = &way[start..];
        let inside = circle.iter().flat_map(|from| circle.iter().map(move |to| ((from * width + to) as u32, 1)));
        cuts.push(at_most(circle.len() - 1, inside.collect()));
    }
    let Some(deep) = tree.deep.filter(|_| cuts.is_empty()) else { return cuts };
    for first in 0..pairs.len() {
        let steps = std::iter::successors(Some(first), |row| parent(*row)).take(deep as usize + 2);
        let way: Vec<usize> = steps.collect();
        if way.len() == deep as usize + 2 {
            let terms = way.windows(2).map(|step| ((step[0] * width + step[1]) as u32, 1)).collect();
            cuts.push(at_most(deep as usize, terms));
        }
    }
    cuts
}
