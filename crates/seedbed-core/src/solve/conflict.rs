//! Names a contradiction: an irreducible set of demands, and the sum that fails.

use super::branch::{BRIEF, Verdict, decide, tableau};
use super::model::{Active, Built, Model, Origin, build};
use super::simplex::Certificate;
use super::transpose::{part_back, transpose};
use super::{Conflict, Measure, Part, Problem, Proof, ProofTerm};

/// Exact decisions spent on reducing one conflict.
const CALLS: u32 = 300;

/// A row that asks for more than it may have: a conflict by itself.
pub(super) fn missing_candidates(problem: &Problem) -> Option<Conflict> {
    let ranges = Active::all(problem).ranges(problem);
    let alone = |part| Some(Conflict { parts: vec![part], sum: None });
    for (left, range) in ranges.left.iter().enumerate() {
        let row = problem.left[left];
        if range.0 > range.1 {
            return alone(if row.lo > row.hi { Part::Left(left) } else { Part::Candidates(left) });
        }
    }
    let right = ranges.right.iter().position(|range| range.0 > range.1);
    right.and_then(|right| alone(Part::Right(right)))
}

/// Reduces a refuted problem to an irreducible conflict.
///
/// `support` are the demands the refutation used, if known.
pub(super) fn name(problem: &Problem, support: Option<Vec<Part>>) -> Conflict {
    let mut filter = Filter { problem, calls: CALLS };
    let every = every_part(problem);
    let mut start = support.filter(|parts| filter.refuted(parts)).unwrap_or_else(|| every.clone());
    // One total reads better than the many rows it sums up: offer it instead.
    if every.contains(&Part::Total) && !start.contains(&Part::Total) {
        start.push(Part::Total);
    }
    start.sort_by_key(|&part| (plainness(part), part));
    let mut parts = filter.reduce(&[], false, &start);
    parts.sort_unstable();
    let sum = proof(problem, &parts);
    Conflict { parts, sum }
}

/// What the filter would rather keep comes first.
fn plainness(part: Part) -> u8 {
    match part {
        Part::Clause(_) => 0,
        Part::Total => 1,
        Part::Right(_) => 2,
        Part::Left(_) | Part::Candidates(_) => 3,
    }
}

/// All demands that ask for something.
fn every_part(problem: &Problem) -> Vec<Part> {
    let (height, width) = (problem.left.len() as u32, problem.right.len() as u32);
    let mut parts: Vec<Part> = (0..problem.clauses.len()).map(Part::Clause).collect();
    parts.extend(
        (0..problem.left.len()).filter(|&row| problem.left[row].lo > 0 || problem.left[row].hi < width).map(Part::Left),
    );
    parts.extend(
        (0..problem.right.len())
            .filter(|&row| problem.right[row].lo > 0 || problem.right[row].hi < height)
            .map(Part::Right),
    );
    if problem.total.0 > 0 || u64::from(problem.total.1) < u64::from(height) * u64::from(width) {
        parts.push(Part::Total);
    }
    parts
}

/// `QuickXplain` (Junker 2004): deletion by halves, for few exact decisions.
struct Filter<'a> {
    problem: &'a Problem,
    calls: u32,
}

impl Filter<'_> {
    /// Whether these demands alone are proven to contradict each other.
    fn refuted(&mut self, parts: &[Part]) -> bool {
        if self.calls == 0 {
            return false;
        }
        self.calls -= 1;
        matches!(decide(self.problem, &Active::only(self.problem, parts), BRIEF), Verdict::Infeasible(_))
    }

    /// The part of `open` that is needed, together with `kept`, for a contradiction.
    fn reduce(&mut self, kept: &[Part], grown: bool, open: &[Part]) -> Vec<Part> {
        if grown && self.refuted(kept) {
            return Vec::new();
        }
        if open.len() <= 1 {
            // Alone on an empty ground it must be the contradiction itself.
            return open.to_vec();
        }
        let (first, second) = open.split_at(open.len() / 2);
        let with = |more: &[Part]| kept.iter().chain(more).copied().collect::<Vec<Part>>();
        let mut needed = self.reduce(&with(first), !first.is_empty(), second);
        let others = self.reduce(&with(&needed), !needed.is_empty(), first);
        needed.extend(others);
        needed
    }
}

/// The failing sum, if the linear bound alone refutes the parts.
fn proof(problem: &Problem, parts: &[Part]) -> Option<Proof> {
    let active = Active::only(problem, parts);
    match build(problem, &active, true) {
        Built::Model(model) => refute(problem, &model),
        Built::Turn => {
            let turned = transpose(problem);
            let Built::Model(model) = build(&turned, &active.transposed(), false) else { return None };
            let mut proof = refute(&turned, &model)?;
            for term in &mut proof.terms {
                term.part = part_back(term.part);
            }
            Some(proof)
        }
        Built::Impossible | Built::TooLarge => None,
    }
}

fn refute(problem: &Problem, model: &Model) -> Option<Proof> {
    let certificate = tableau(model, BRIEF).check().ok()??;
    let common = common_factor(&certificate);
    let mut terms = Vec::new();
    let mut needed: i128 = 0;
    for term in &certificate.terms {
        let Some(line) = term.variable.checked_sub(model.bounds.len()) else { continue };
        for part in parts_of(model, model.lines[line].origin)? {
            let (lo, hi) = bounds(problem, part)?;
            let (multiplier, bound) = (term.multiplier / common, if term.at_least { lo } else { hi });
            if term.at_least {
                needed = needed.checked_add(multiplier.checked_mul(i128::from(bound))?)?;
            }
            terms.push(ProofTerm { part, multiplier: i64::try_from(multiplier).ok()?, bound, at_least: term.at_least });
        }
    }
    terms.sort_unstable_by_key(|term| (!term.at_least, term.part));
    let available = i64::try_from(needed.checked_sub(certificate.gap / common)?).ok()?;
    Some(Proof { terms, needed: i64::try_from(needed).ok()?, available })
}

/// What all multipliers can be divided by; the gap is then whole as well.
fn common_factor(certificate: &Certificate) -> i128 {
    certificate.terms.iter().map(|term| term.multiplier).fold(0, |mut a, mut b| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    })
}

/// The demands a line stands for; nothing if it is not a plain sum of pairs.
fn parts_of(model: &Model, origin: Origin) -> Option<Vec<Part>> {
    match origin {
        Origin::Left(row) => Some(vec![Part::Left(row)]),
        Origin::Type(kind) => Some(model.types[kind].iter().map(|&row| Part::Right(row as usize)).collect()),
        Origin::Total => Some(vec![Part::Total]),
        Origin::Linear(clause) => Some(vec![Part::Clause(clause)]),
        Origin::Count(_) | Origin::Meaning(_) => None,
    }
}

fn bounds(problem: &Problem, part: Part) -> Option<(i64, i64)> {
    let range = |range: (u32, u32)| Some((i64::from(range.0), i64::from(range.1)));
    match part {
        Part::Left(row) | Part::Candidates(row) => range((problem.left[row].lo, problem.left[row].hi)),
        Part::Right(row) => range((problem.right[row].lo, problem.right[row].hi)),
        Part::Total => range(problem.total),
        Part::Clause(index) => match problem.clauses[index].measure {
            Measure::Linear(_) => Some((problem.clauses[index].lo, problem.clauses[index].hi)),
            Measure::Count(_) => None,
        },
    }
}
