//! Exact search: the linear bound, and branching where it leaves fractions.

use super::model::{Active, Built, Model, Origin, build};
use super::simplex::{Certificate, GaveUp, Row, Tableau};
use super::transpose::{pairs_back, part_back, transpose};
use super::{Part, Problem, unmerge};
use std::collections::BTreeSet;

const NODES: u32 = 4_000;
/// Tableau cells one decision may rewrite: one to two seconds.
pub(super) const PATIENT: u64 = 400_000_000;
/// The same for one of the many decisions that reduce a conflict.
pub(super) const BRIEF: u64 = 40_000_000;

/// What is known about the active demands of a problem.
pub(super) enum Verdict {
    /// An assignment: the right rows of each left row, ascending.
    Feasible(Vec<Vec<u32>>),
    /// There is none; the demands that were used to show it, if that was recorded.
    Infeasible(Option<Vec<Part>>),
    Unknown,
}

/// Decides whether the active demands can be met together, within `work` cells.
pub(super) fn decide(problem: &Problem, active: &Active, work: u64) -> Verdict {
    match build(problem, active, true) {
        Built::Turn => turned(problem, active, work),
        Built::Model(model) => search(problem, active, &model, work),
        Built::Impossible => Verdict::Infeasible(None),
        Built::TooLarge => Verdict::Unknown,
    }
}

fn turned(problem: &Problem, active: &Active, work: u64) -> Verdict {
    let (problem, active, height) = (transpose(problem), active.transposed(), problem.left.len());
    match build(&problem, &active, false) {
        Built::Model(model) => match search(&problem, &active, &model, work) {
            Verdict::Feasible(pairs) => Verdict::Feasible(pairs_back(&pairs, height)),
            Verdict::Infeasible(parts) => {
                Verdict::Infeasible(parts.map(|parts| parts.into_iter().map(part_back).collect()))
            }
            Verdict::Unknown => Verdict::Unknown,
        },
        Built::Impossible => Verdict::Infeasible(None),
        Built::TooLarge | Built::Turn => Verdict::Unknown,
    }
}

fn search(problem: &Problem, active: &Active, model: &Model, work: u64) -> Verdict {
    let mut search = Search { model, tableau: tableau(model, work), used: BTreeSet::new(), nodes: NODES };
    match search.node() {
        Ok(true) => {
            let counts: Vec<u32> =
                (0..model.pairs.len()).map(|variable| search.tableau.floor(variable).0 as u32).collect();
            let ranges = active.ranges(problem);
            Verdict::Feasible(unmerge::unmerge(problem, &ranges.right, model, &counts))
        }
        Ok(false) => Verdict::Infeasible(Some(support(problem, active, model, &search.used))),
        Err(GaveUp) => Verdict::Unknown,
    }
}

/// The tableau of a model, with one variable per line after those of the model.
pub(super) fn tableau(model: &Model, work: u64) -> Tableau {
    let rows: Vec<Row> = model.lines.iter().map(|line| Row { terms: &line.terms, bounds: line.bounds }).collect();
    Tableau::new(&model.bounds, &rows, work)
}

struct Search<'a> {
    model: &'a Model,
    tableau: Tableau,
    /// Lines that took part in a refutation.
    used: BTreeSet<usize>,
    nodes: u32,
}

impl Search<'_> {
    /// Whether whole numbers exist within the present bounds; the tableau then has them.
    fn node(&mut self) -> Result<bool, GaveUp> {
        self.nodes = self.nodes.checked_sub(1).ok_or(GaveUp)?;
        if let Some(certificate) = self.tableau.check()? {
            self.note(&certificate);
            return Ok(false);
        }
        let Some(variable) = self.fraction() else { return Ok(true) };
        let (lo, hi) = self.tableau.bounds(variable);
        let floor = i64::try_from(self.tableau.floor(variable).0).map_err(|_| GaveUp)?;
        for bounds in [(floor + 1, hi), (lo, floor)] {
            self.tableau.set_bounds(variable, bounds)?;
            if self.node()? {
                return Ok(true);
            }
        }
        self.tableau.set_bounds(variable, (lo, hi))?;
        Ok(false)
    }

    /// A variable whose value is not whole, yes/no variables first.
    fn fraction(&self) -> Option<usize> {
        let pairs = self.model.pairs.len();
        let all = (pairs..self.model.bounds.len()).chain(0..pairs);
        all.into_iter().find(|&variable| !self.tableau.floor(variable).1)
    }

    fn note(&mut self, certificate: &Certificate) {
        let variables = self.model.bounds.len();
        let lines = certificate.terms.iter().filter_map(|term| term.variable.checked_sub(variables));
        self.used.extend(lines);
    }
}

/// The demands behind the lines used, and those that kept rows out of the model.
fn support(problem: &Problem, active: &Active, model: &Model, used: &BTreeSet<usize>) -> Vec<Part> {
    let mut parts = BTreeSet::new();
    for &line in used {
        let part = match model.lines[line].origin {
            Origin::Left(row) => Part::Left(row),
            Origin::Total => Part::Total,
            Origin::Linear(clause) | Origin::Count(clause) | Origin::Meaning(clause) => Part::Clause(clause),
            Origin::Type(kind) => {
                parts.extend(model.types[kind].iter().map(|&row| Part::Right(row as usize)));
                continue;
            }
        };
        parts.insert(part);
    }
    let idle = (0..problem.left.len()).filter(|&row| active.left[row] && problem.left[row].hi == 0);
    parts.extend(idle.map(Part::Left));
    parts.into_iter().collect()
}
