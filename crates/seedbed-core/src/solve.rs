//! Assignment: which pairs of a left and a right row exist.
//!
//! One engine serves quota columns, picks, references and relations. It fills by
//! preference, repairs what is violated, and only then searches exactly; an exact
//! refutation names an irreducible set of demands that contradict each other.
//!
//! Promise: "contradiction" is said only when it is proven, and a solution is
//! handed out only after an independent check. Anything else is `Undecided`.
//!
//! This module knows no rows, columns or scenarios: only indices, hashes, scores and
//! integers. It keeps no state between calls and gives the same answer everywhere.

mod branch;
mod check;
mod classes;
mod conflict;
mod degrees;
mod exchange;
mod fill;
mod lack;
mod level;
mod local;
mod model;
mod presolve;
mod repair;
mod simplex;
mod state;
mod transpose;
mod unmerge;

pub use check::violations;

/// One assignment problem: which pairs (left row, right row) exist.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Each left row's degree range.
    pub left: Vec<Row>,
    /// Each right row's degree range.
    pub right: Vec<Row>,
    /// Inclusive range for the number of pairs; `(0, u32::MAX)` if free.
    pub total: (u32, u32),
    /// Which pairs may exist, row-major: pair index = left * `right.len()` + right.
    pub allowed: Vec<bool>,
    /// How much a pair is preferred, same layout; larger is better.
    pub score: Vec<i64>,
    /// What the chosen pairs must satisfy besides the degrees.
    pub clauses: Vec<Clause>,
    /// How the first, preferred assignment is made.
    pub fill: Fill,
}

/// A row's inclusive degree range.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The least degree.
    pub lo: u32,
    /// The greatest degree.
    pub hi: u32,
    /// Hash of the row's key, for tie breaks and the choice of a degree.
    pub hash: u64,
}

/// A demand: the measure lies in `lo..=hi`; `i64::MIN` and `i64::MAX` mean unbounded.
#[derive(Clone, Debug)]
pub struct Clause {
    /// The least value.
    pub lo: i64,
    /// The greatest value.
    pub hi: i64,
    /// What is measured.
    pub measure: Measure,
}

/// What a clause measures on the chosen pairs.
#[derive(Clone, Debug)]
pub enum Measure {
    /// The value of one sum.
    Linear(Sum),
    /// The number of groups that hold.
    Count(Vec<Group>),
}

/// `constant` plus the weights of the chosen pairs.
///
/// `terms` are sorted by pair, each pair at most once; weights may be negative. The
/// constant stays within plus or minus 2^62.
#[derive(Clone, Debug)]
pub struct Sum {
    /// The value when no pair is chosen.
    pub constant: i64,
    /// Pair index and weight.
    pub terms: Vec<(u32, i32)>,
}

/// Holds when every sum lies in its inclusive range.
#[derive(Clone, Debug)]
pub struct Group {
    /// Sums, each with the least and the greatest value it may have.
    pub conditions: Vec<(Sum, i64, i64)>,
}

/// How the preferred assignment is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Each left row takes its best right rows, rows with fewer choices first.
    ByLeft,
    /// The best pair of the whole matrix first; for exact quotas on the right.
    BestPair,
}

/// What became of a problem.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// An assignment that was checked.
    Solved(Solution),
    /// Proven: no assignment exists.
    Contradiction(Conflict),
    /// A limit was reached before either was known.
    Undecided,
}

/// An assignment that satisfies every demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// The right rows of each left row, ascending.
    pub pairs: Vec<Vec<u32>>,
    /// Repair steps taken.
    pub steps: u32,
    /// Whether the exact stage was needed.
    pub exact: bool,
}

/// An irreducible set of demands: remove any one and the others can be met together.
///
/// If the search limit was reached while reducing it, it still contradicts itself but
/// may hold a part too many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The demands, ascending.
    pub parts: Vec<Part>,
    /// The sum that fails, when adding up the parts' bounds is enough to see it.
    pub sum: Option<Proof>,
}

/// One demand of a problem, as named in a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A clause, by its index.
    Clause(usize),
    /// The degree range of a left row.
    Left(usize),
    /// The degree range of a right row.
    Right(usize),
    /// The range of the number of pairs.
    Total,
    /// A left row that has fewer allowed right rows than its least degree.
    Candidates(usize),
}

/// The inequality that fails: `needed > available`.
///
/// `needed` is the sum of multiplier times bound over the terms that are lower bounds.
/// `available` is the same over the upper bounds, plus what the pairs that lie outside
/// those upper bounds could contribute at best.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The bounds that are added up, lower ones first.
    pub terms: Vec<ProofTerm>,
    /// What the lower bounds ask for together.
    pub needed: i64,
    /// What there is at most.
    pub available: i64,
}

/// One bound in a failing sum, taken `multiplier` times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofTerm {
    /// Whose bound it is.
    pub part: Part,
    /// How many times it is taken; at least one.
    pub multiplier: i64,
    /// The bound itself.
    pub bound: i64,
    /// Whether the bound is a lower one.
    pub at_least: bool,
}

/// Solves `problem`: preference and repair first, exact search when they do not suffice.
pub fn solve(problem: &Problem) -> Outcome {
    assert_shape(problem);
    if let Some(conflict) = conflict::missing_candidates(problem) {
        return Outcome::Contradiction(conflict);
    }
    if let Some(solution) = local::solve(problem, local::FIRST) {
        return Outcome::Solved(solution);
    }
    match exact(problem) {
        Outcome::Undecided => local::solve(problem, local::LATER).map_or(Outcome::Undecided, Outcome::Solved),
        outcome => outcome,
    }
}

/// Runs only the exact stage: for tests and for joint models.
pub fn exact(problem: &Problem) -> Outcome {
    assert_shape(problem);
    if let Some(conflict) = conflict::missing_candidates(problem) {
        return Outcome::Contradiction(conflict);
    }
    match branch::decide(problem, &model::Active::all(problem), branch::PATIENT) {
        branch::Verdict::Feasible(pairs) => {
            let solution = Solution { pairs, steps: 0, exact: true };
            let broken = check::violations(problem, &solution.pairs);
            debug_assert!(broken.is_empty(), "the exact stage broke {broken:?}");
            if broken.is_empty() { Outcome::Solved(solution) } else { Outcome::Undecided }
        }
        branch::Verdict::Infeasible(support) => Outcome::Contradiction(conflict::name(problem, support)),
        branch::Verdict::Unknown => Outcome::Undecided,
    }
}

fn assert_shape(problem: &Problem) {
    let pairs = problem.left.len() * problem.right.len();
    assert!(u32::try_from(pairs).is_ok(), "pair indices fit 32 bits");
    assert_eq!(problem.allowed.len(), pairs, "one permission per pair");
    assert_eq!(problem.score.len(), pairs, "one score per pair");
}
