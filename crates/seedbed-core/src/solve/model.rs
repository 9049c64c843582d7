//! The integer model of a problem: how many pairs each left row has with each type of
//! right row.
//!
//! Right rows with the same range, the same permissions and the same weights in every
//! open clause are one type. Merging them loses nothing, because going round inside a
//! type never repeats a pair and spreads degrees evenly. Counting clauses get a yes/no
//! variable per group.

use super::classes::{Classes, NONE};
use super::presolve::{Bounded, Kind, Presolved, Ranges, less, presolve};
use super::{Part, Problem};

/// Tableaus with more cells than this are not built.
const CELLS: usize = 6_000_000;

/// The demands in force; the others are treated as if they had not been made.
#[derive(Clone)]
pub(super) struct Active {
    pub clauses: Vec<bool>,
    pub left: Vec<bool>,
    pub right: Vec<bool>,
    pub total: bool,
}

impl Active {
    pub(super) fn all(problem: &Problem) -> Self {
        Self {
            clauses: vec![true; problem.clauses.len()],
            left: vec![true; problem.left.len()],
            right: vec![true; problem.right.len()],
            total: true,
        }
    }

    pub(super) fn only(problem: &Problem, parts: &[Part]) -> Self {
        let mut active = Self {
            clauses: vec![false; problem.clauses.len()],
            left: vec![false; problem.left.len()],
            right: vec![false; problem.right.len()],
            total: false,
        };
        for part in parts {
            match *part {
                Part::Clause(index) => active.clauses[index] = true,
                Part::Left(row) | Part::Candidates(row) => active.left[row] = true,
                Part::Right(row) => active.right[row] = true,
                Part::Total => active.total = true,
            }
        }
        active
    }

    pub(super) fn transposed(&self) -> Self {
        Self { clauses: self.clauses.clone(), left: self.right.clone(), right: self.left.clone(), total: self.total }
    }

    pub(super) fn ranges(&self, problem: &Problem) -> Ranges {
        let side = |rows: &[super::Row], active: &[bool]| {
            let range = |(row, &active): (&super::Row, &bool)| if active { (row.lo, row.hi) } else { (0, u32::MAX) };
            rows.iter().zip(active).map(range).collect()
        };
        let total = if self.total { problem.total } else { (0, u32::MAX) };
        Ranges::with(problem, side(&problem.left, &self.left), side(&problem.right, &self.right), total)
    }
}

/// Where a row of the model comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Left(usize),
    Type(usize),
    Total,
    Linear(usize),
    /// The number of groups of a counting clause.
    Count(usize),
    /// What a group's yes/no variable means.
    Meaning(usize),
}

/// A weighted sum of variables within bounds.
pub(super) struct Line {
    pub terms: Vec<(usize, i64)>,
    pub bounds: (i64, i64),
    pub origin: Origin,
}

pub(super) struct Model {
    /// The right rows of each type.
    pub types: Vec<Vec<u32>>,
    /// The left row and the type of each pair variable; yes/no variables follow.
    pub pairs: Vec<(usize, usize)>,
    pub bounds: Vec<(i64, i64)>,
    pub lines: Vec<Line>,
}

/// What building a model came to.
pub(super) enum Built {
    Model(Model),
    /// No assignment exists, seen without search.
    Impossible,
    TooLarge,
    /// The same problem with its sides exchanged makes the smaller model.
    Turn,
}

/// Builds the model of the active demands; with `turn`, only if this is the better side.
pub(super) fn build(problem: &Problem, active: &Active, turn: bool) -> Built {
    let ranges = active.ranges(problem);
    let presolved = presolve(problem, &ranges, |clause| active.clauses[clause]);
    let counting = |&clause: &usize| matches!(problem.clauses[clause].measure, super::Measure::Count(_));
    if ranges.empty() || presolved.never.iter().any(counting) {
        return Built::Impossible;
    }
    let sums: Vec<_> = bounded(&presolved).map(|bounded| bounded.sum).collect();
    let classes = Classes::new(&problem.allowed, &sums);
    let width = problem.right.len();
    let types = alike(&ranges.right, |right, left| classes.of(left * width + right), problem.left.len());
    if turn {
        let turned = alike(&ranges.left, |left, right| classes.of(left * width + right), width);
        if turned.len() * width < types.len() * problem.left.len() {
            return Built::Turn;
        }
    }
    let bits: usize = bounded(&presolved).count();
    let busy = ranges.left.iter().filter(|range| range.1 > 0).count();
    if (busy * types.len() + bits) * (busy + types.len() + presolved.open.len() + 2 * bits) > CELLS {
        return Built::TooLarge;
    }
    let mut builder = Builder {
        problem,
        ranges: &ranges,
        classes: &classes,
        model: Model { types, pairs: Vec::new(), bounds: Vec::new(), lines: Vec::new() },
    };
    builder.degrees(active);
    builder.clauses(&presolved);
    Built::Model(builder.model)
}

fn bounded<'a, 'p>(presolved: &'a Presolved<'p>) -> impl Iterator<Item = &'a Bounded<'p>> {
    presolved.open.iter().flat_map(|open| match &open.kind {
        Kind::Linear(bounded) => vec![bounded],
        Kind::Count { groups, .. } => groups.iter().flatten().collect(),
    })
}

/// Groups the rows of one side that have the same range and classes.
fn alike(ranges: &[(u32, u32)], class: impl Fn(usize, usize) -> u32, across: usize) -> Vec<Vec<u32>> {
    let compare = |&a: &u32, &b: &u32| {
        let (a, b) = (a as usize, b as usize);
        let by_class = || (0..across).map(|at| class(a, at)).cmp((0..across).map(|at| class(b, at)));
        ranges[a].cmp(&ranges[b]).then_with(by_class)
    };
    let mut rows: Vec<u32> = (0..ranges.len() as u32).collect();
    rows.sort_by(compare);
    let mut types: Vec<Vec<u32>> = rows.chunk_by(|a, b| compare(a, b).is_eq()).map(<[u32]>::to_vec).collect();
    types.sort_by_key(|rows| rows[0]);
    types
}

struct Builder<'a> {
    problem: &'a Problem,
    ranges: &'a Ranges,
    classes: &'a Classes,
    model: Model,
}

impl Builder<'_> {
    /// The pair variables, and a line for every range that says something.
    fn degrees(&mut self, active: &Active) {
        let width = self.problem.right.len();
        let mut by_type: Vec<Vec<(usize, i64)>> = vec![Vec::new(); self.model.types.len()];
        let mut all = Vec::new();
        for left in (0..self.problem.left.len()).filter(|&left| self.ranges.left[left].1 > 0) {
            let mut terms = Vec::new();
            let mut choices = 0;
            for (kind, terms_of_type) in by_type.iter_mut().enumerate() {
                let rows = &self.model.types[kind];
                if self.classes.of(left * width + rows[0] as usize) == NONE {
                    continue;
                }
                let term = (self.model.pairs.len(), 1);
                self.model.pairs.push((left, kind));
                self.model.bounds.push((0, rows.len() as i64));
                choices += rows.len() as u32;
                terms.push(term);
                terms_of_type.push(term);
                all.push(term);
            }
            if active.left[left] {
                let row = self.problem.left[left];
                self.line(terms, range(row.lo, row.hi, choices, 1), Origin::Left(left));
            }
        }
        for (kind, terms) in by_type.into_iter().enumerate() {
            let rows = &self.model.types[kind];
            let (lo, hi) = self.ranges.right[rows[0] as usize];
            let bounds = range(lo, hi, terms.len() as u32, rows.len() as i64);
            self.line(terms, bounds, Origin::Type(kind));
        }
        if active.total {
            let most = self.problem.allowed.len() as u32;
            self.line(all, range(self.problem.total.0, self.problem.total.1, most, 1), Origin::Total);
        }
    }

    fn line(&mut self, terms: Vec<(usize, i64)>, bounds: (i64, i64), origin: Origin) {
        if bounds != super::simplex::FREE {
            self.model.lines.push(Line { terms, bounds, origin });
        }
    }

    fn clauses(&mut self, presolved: &Presolved) {
        // Sums are numbered in the order the classes saw them.
        let mut sum = 0;
        let mut weights: Vec<Vec<(usize, i64)>> = bounded(presolved).map(|_| Vec::new()).collect();
        for (variable, &(left, kind)) in self.model.pairs.iter().enumerate() {
            let pair = left * self.problem.right.len() + self.model.types[kind][0] as usize;
            for &(sum, weight) in self.classes.terms(self.classes.of(pair)) {
                weights[sum as usize].push((variable, weight));
            }
        }
        for open in &presolved.open {
            match &open.kind {
                Kind::Linear(bounded) => {
                    let terms = std::mem::take(&mut weights[sum]);
                    let constant = bounded.sum.constant;
                    self.line(
                        terms,
                        (less(bounded.lo, constant), less(bounded.hi, constant)),
                        Origin::Linear(open.index),
                    );
                    sum += 1;
                }
                Kind::Count { lo, hi, groups } => {
                    let mut holds = Vec::new();
                    for group in groups {
                        let sums = &weights[sum..sum + group.len()];
                        sum += group.len();
                        let yes = self.model.bit();
                        holds.push((yes, 1));
                        let mut meaning = Meaning { model: &mut self.model, origin: Origin::Meaning(open.index) };
                        if *lo > 0 {
                            meaning.yes(yes, group, sums);
                        }
                        if *hi < groups.len() as i64 {
                            meaning.no(yes, group, sums);
                        }
                    }
                    self.line(holds, (*lo, *hi), Origin::Count(open.index));
                }
            }
        }
    }
}

impl Model {
    fn bit(&mut self) -> usize {
        self.bounds.push((0, 1));
        self.bounds.len() - 1
    }
}

/// The bounds of `rows` alike rows, unbounded where the range says nothing.
fn range(lo: u32, hi: u32, choices: u32, rows: i64) -> (i64, i64) {
    let lo = if lo == 0 { i64::MIN } else { i64::from(lo) * rows };
    let hi = if hi >= choices { i64::MAX } else { i64::from(hi) * rows };
    (lo, hi)
}

/// Lines that tie a group's yes/no variable to the group's conditions.
struct Meaning<'a> {
    model: &'a mut Model,
    origin: Origin,
}

impl Meaning<'_> {
    /// If the variable is one, every condition holds.
    fn yes(&mut self, yes: usize, group: &[Bounded], sums: &[Vec<(usize, i64)>]) {
        for (condition, terms) in group.iter().zip(sums) {
            if condition.least < condition.lo {
                self.at_least(yes, condition, terms, condition.lo);
            }
            if condition.most > condition.hi {
                self.at_most(yes, condition, terms, condition.hi);
            }
        }
    }

    /// If the variable is zero, some condition fails, on one of its sides.
    fn no(&mut self, yes: usize, group: &[Bounded], sums: &[Vec<(usize, i64)>]) {
        let mut reasons = vec![(yes, 1)];
        for (condition, terms) in group.iter().zip(sums) {
            if condition.least < condition.lo {
                let below = self.model.bit();
                self.at_most(below, condition, terms, condition.lo - 1);
                reasons.push((below, 1));
            }
            if condition.most > condition.hi {
                let above = self.model.bit();
                self.at_least(above, condition, terms, condition.hi + 1);
                reasons.push((above, 1));
            }
        }
        self.model.lines.push(Line { terms: reasons, bounds: (1, i64::MAX), origin: self.origin });
    }

    /// If `bit`, then the sum is at least `lo`.
    fn at_least(&mut self, bit: usize, condition: &Bounded, terms: &[(usize, i64)], lo: i64) {
        let mut terms = terms.to_vec();
        terms.push((bit, condition.least.saturating_sub(lo)));
        let bounds = (less(condition.least, condition.sum.constant), i64::MAX);
        self.model.lines.push(Line { terms, bounds, origin: self.origin });
    }

    /// If `bit`, then the sum is at most `hi`.
    fn at_most(&mut self, bit: usize, condition: &Bounded, terms: &[(usize, i64)], hi: i64) {
        let mut terms = terms.to_vec();
        terms.push((bit, condition.most.saturating_sub(hi)));
        let bounds = (i64::MIN, less(condition.most, condition.sum.constant));
        self.model.lines.push(Line { terms, bounds, origin: self.origin });
    }
}
