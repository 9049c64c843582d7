//! Exchanges: two pairs swap their right ends, so that every degree stays as it is.

use super::repair::Move;
use super::state::{Hope, State};

/// How many exchanges one step looks at before it takes the best so far.
const LOOKS: u32 = 400_000;

/// The best exchange that touches a violated clause and brings back no barred pair.
pub(super) fn best(state: &mut State, hopes: &[Hope], barred: impl Fn(usize, u32) -> bool) -> Option<Move> {
    let rows = state.rows.iter().enumerate();
    let pairs: Vec<(usize, u32)> =
        rows.flat_map(|(left, rights)| rights.iter().map(move |&right| (left, right))).collect();
    let mut best: Option<Move> = None;
    let mut looks = LOOKS;
    for (at, &(left, right)) in pairs.iter().enumerate() {
        for &(other, far) in &pairs[at + 1..] {
            if left == other || right == far || !state.free(left, far) || !state.free(other, right) {
                continue;
            }
            let gone = [state.class(left, right), state.class(other, far)];
            let come = [state.class(left, far), state.class(other, right)];
            let hope = gone.map(|class| hopes[class as usize].leaving).iter().sum::<i64>()
                + come.map(|class| hopes[class as usize].arriving).iter().sum::<i64>();
            if hope == 0 {
                continue;
            }
            let score = |left, right| i128::from(state.score(left, right));
            let loss = score(left, right) + score(other, far) - score(left, far) - score(other, right);
            if best.is_some_and(|best| (best.cost, best.loss) <= (-hope, loss)) {
                continue;
            }
            looks -= 1;
            if looks == 0 {
                return best;
            }
            let cost = state.clause_change(&[(gone[0], -1), (gone[1], -1), (come[0], 1), (come[1], 1)]);
            if best.is_some_and(|best| best.cost < cost) || barred(left, far) || barred(other, right) {
                continue;
            }
            let found = Move {
                cost,
                loss,
                out: [Some((left, right)), Some((other, far))],
                into: [Some((left, far)), Some((other, right))],
            };
            if found.better_than(best.as_ref()) {
                best = Some(found);
            }
        }
    }
    best
}
