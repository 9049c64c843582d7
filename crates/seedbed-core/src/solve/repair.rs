//! Repair: small changes until nothing is violated.
//!
//! Each step takes the move that lowers the cost most, and among those the one that
//! loses least score; if no single move helps, two pairs may exchange their right ends.
//! A pair just removed stays away for a few steps, so that plateaus are crossed.

use super::classes::NONE;
use super::exchange;
use super::level::UNIT;
use super::state::{Hope, State};
use std::cmp::Reverse;

/// Steps for a problem that is nearly right, and for one unit of violation more.
const STEPS: u32 = 300;
const STEPS_PER_UNIT: i64 = 2;
const TABU: u32 = 8;
/// Steps without a new best after which repair gives up.
const PATIENCE: u32 = 80;

/// A change of the assignment: right ends that go and come, with its effect.
#[derive(Clone, Copy)]
pub(super) struct Move {
    pub cost: i64,
    /// Score lost; the tie break.
    pub loss: i128,
    pub out: [Option<(usize, u32)>; 2],
    pub into: [Option<(usize, u32)>; 2],
}

impl Move {
    pub(super) fn better_than(&self, best: Option<&Self>) -> bool {
        best.is_none_or(|best| (self.cost, self.loss) < (best.cost, best.loss))
    }
}

/// Lowers the cost of `state` to zero if it can; returns the steps taken.
pub(super) fn repair(state: &mut State) -> u32 {
    let mut search = Search::new(state);
    let (mut best, mut since) = (state.cost(), 0);
    let limit = STEPS + (best / UNIT * STEPS_PER_UNIT).min(1 << 16) as u32;
    for step in 0..limit {
        if state.cost() == 0 || since > PATIENCE {
            return step;
        }
        let hopes = state.hopes();
        let mut chosen = search.best_move(state, &hopes, step);
        if chosen.is_none_or(|chosen| chosen.cost >= 0) {
            let exchange = exchange::best(state, &hopes, |left, right| search.tabu(left, right, step));
            if let Some(exchange) = exchange.filter(|exchange| chosen.is_none_or(|chosen| exchange.cost < chosen.cost))
            {
                chosen = Some(exchange);
            }
        }
        let Some(chosen) = chosen else { return step };
        search.apply(state, &chosen, step);
        since = if state.cost() < best { 0 } else { since + 1 };
        best = best.min(state.cost());
    }
    limit
}

/// What the search remembers between steps.
struct Search {
    /// Pairs that may not come back yet: left, right, first step they may.
    barred: Vec<(usize, u32, u32)>,
    /// Per left row the best free right row of each class.
    offers: Vec<Vec<(u32, u32)>>,
    stale: Vec<bool>,
    /// Scratch: where in a row's offers a class stands.
    place: Vec<u32>,
}

impl Search {
    fn new(state: &State) -> Self {
        let rows = state.rows.len();
        let classes = state.classes().len();
        Self { barred: Vec::new(), offers: vec![Vec::new(); rows], stale: vec![true; rows], place: vec![NONE; classes] }
    }

    fn tabu(&self, left: usize, right: u32, step: u32) -> bool {
        self.barred.iter().any(|&(l, r, until)| l == left && r == right && until > step)
    }

    /// The best replacement of one pair's right end.
    fn best_move(&mut self, state: &mut State, hopes: &[Hope], step: u32) -> Option<Move> {
        for &(left, _, until) in &self.barred {
            self.stale[left] |= until == step;
        }
        self.barred.retain(|bar| bar.2 > step);
        let mut best: Option<Move> = None;
        let mut ends = Vec::new();
        for left in 0..state.rows.len() {
            if state.rows[left].is_empty() {
                continue;
            }
            if std::mem::take(&mut self.stale[left]) {
                self.renew(state, left, step);
            }
            departures(state, left, &mut ends);
            for &(from, out) in &ends {
                for &(to, into) in &self.offers[left] {
                    let rows = state.leaving(out) + state.arriving(into);
                    let hope = hopes[from as usize].leaving + hopes[to as usize].arriving;
                    if hope == 0 && rows >= 0 {
                        continue;
                    }
                    let loss = i128::from(state.score(left, out)) - i128::from(state.score(left, into));
                    if best.is_some_and(|best| (best.cost, best.loss) <= (rows - hope, loss)) {
                        continue;
                    }
                    let cost = rows + state.clause_change(&[(from, -1), (to, 1)]);
                    let found = Move { cost, loss, out: [Some((left, out)), None], into: [Some((left, into)), None] };
                    if found.better_than(best.as_ref()) {
                        best = Some(found);
                    }
                }
            }
        }
        best
    }

    /// The best right row of each class that `left` could take.
    fn renew(&mut self, state: &State, left: usize, step: u32) {
        let offers = &mut self.offers[left];
        offers.clear();
        let barred: Vec<u32> =
            self.barred.iter().filter(|bar| bar.0 == left && bar.2 > step).map(|bar| bar.1).collect();
        for right in 0..state.problem.right.len() as u32 {
            if !state.free(left, right) || barred.contains(&right) {
                continue;
            }
            let class = state.class(left, right);
            let place = self.place[class as usize] as usize;
            if let Some(offer) = offers.get_mut(place) {
                if appeal(state, left, right) < appeal(state, left, offer.1) {
                    offer.1 = right;
                }
            } else {
                self.place[class as usize] = offers.len() as u32;
                offers.push((class, right));
            }
        }
        for offer in offers {
            self.place[offer.0 as usize] = NONE;
        }
    }

    fn apply(&mut self, state: &mut State, chosen: &Move, step: u32) {
        let rights: Vec<u32> = chosen.out.iter().chain(&chosen.into).flatten().map(|end| end.1).collect();
        let before: Vec<i64> = rights.iter().map(|&right| state.arriving(right)).collect();
        for &(left, right) in chosen.out.iter().flatten() {
            state.remove(left, right);
            self.barred.push((left, right, step + 1 + TABU));
            self.stale[left] = true;
        }
        for &(left, right) in chosen.into.iter().flatten() {
            state.add(left, right);
            self.stale[left] = true;
        }
        for (&right, before) in rights.iter().zip(before) {
            if state.arriving(right) != before {
                self.revalue(state, right);
            }
        }
    }

    /// Brings the offers up to date after the cost of arriving at `right` changed.
    fn revalue(&mut self, state: &State, right: u32) {
        for left in 0..self.offers.len() {
            if self.stale[left]
                || !state.free(left, right)
                || self.barred.iter().any(|bar| (bar.0, bar.1) == (left, right))
            {
                continue;
            }
            let class = state.class(left, right);
            match self.offers[left].iter_mut().find(|offer| offer.0 == class) {
                Some(offer) if offer.1 == right => self.stale[left] = true,
                Some(offer) if appeal(state, left, right) < appeal(state, left, offer.1) => offer.1 = right,
                Some(_) => {}
                None => self.stale[left] = true,
            }
        }
    }
}

/// How much a left row would rather not have a right row; the least is the best offer.
fn appeal(state: &State, left: usize, right: u32) -> (i64, Reverse<i64>) {
    (state.arriving(right), Reverse(state.score(left, right)))
}

/// For each class among the chosen pairs of `left`, the right row it would rather lose.
fn departures(state: &State, left: usize, ends: &mut Vec<(u32, u32)>) {
    ends.clear();
    ends.extend(state.rows[left].iter().map(|&right| (state.class(left, right), right)));
    ends.sort_unstable_by_key(|&(class, right)| (class, state.leaving(right), state.score(left, right), right));
    ends.dedup_by_key(|end| end.0);
}
