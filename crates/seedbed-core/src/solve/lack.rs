//! What an assignment still lacks: the lower ends of clauses and right rows.

use super::state::State;

/// Something with a lower end, in the order ties are broken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wanting {
    Clause(usize),
    Right(u32),
}

/// A demand that lacks pairs, with the number of pairs that would help.
pub(super) struct Lack {
    pub demand: Wanting,
    pub candidates: u64,
    pub needed: u64,
}

impl State<'_> {
    /// Every demand below its lower end, with its candidates among `open`.
    pub(super) fn lacking(&mut self, open: &[(usize, u32)]) -> Vec<Lack> {
        let clauses = (0..self.demands()).map(Wanting::Clause);
        let rights = (0..self.problem.right.len() as u32).map(Wanting::Right);
        let demands: Vec<Wanting> = clauses.chain(rights).collect();
        let mut lacking = Vec::new();
        for demand in demands {
            let needed = self.missing(demand) as u64;
            if needed > 0 {
                let helping = open.iter().filter(|&&(left, right)| self.helps(demand, left, right));
                lacking.push(Lack { demand, candidates: helping.count() as u64, needed });
            }
        }
        lacking
    }

    /// How far the demand is below its lower end.
    pub(super) fn missing(&self, demand: Wanting) -> i64 {
        match demand {
            Wanting::Clause(clause) => self.clause_missing(clause),
            Wanting::Right(right) => self.right_missing(right),
        }
    }

    /// Whether choosing the pair brings the demand closer to its lower end.
    pub(super) fn helps(&mut self, demand: Wanting, left: usize, right: u32) -> bool {
        match demand {
            Wanting::Clause(clause) => self.relieves(clause, self.class(left, right)),
            Wanting::Right(wanting) => right == wanting,
        }
    }
}
