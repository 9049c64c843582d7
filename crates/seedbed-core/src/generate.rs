//! Generation: from a valid chain of scenarios to its dataset.
//!
//! Decisions are made one after another, each by the solver, each under the clauses that later
//! decisions will need; where one fails, an earlier one that its conflict depends on is made again.
//! Values come last, from their addresses. The method is that of `docs/generation.md`.

mod assemble;
mod candidates;
mod clauses;
mod conflict;
mod decision;
mod draw;
mod evaluate;
mod expect;
mod fit;
mod further;
mod judge;
mod problem;
mod settle;
mod shares;
mod tree;
mod world;

use std::collections::BTreeSet;

use crate::dataset::Dataset;
use crate::diagnostic::Diagnostic;
use crate::scale::{Scale, Scaled};
use crate::scenario::Chain;
use crate::schema::Schema;
use crate::solve::{Outcome, solve};
use clauses::Origin;
use conflict::Failure;
use decision::{Agenda, Decision, agenda};
use world::World;

pub use evaluate::kilometres;
pub use judge::{Finding, Verdict};

/// How often earlier decisions are made again before the search says "undecided".
const GO_BACK_LIMIT: u32 = 300;

/// How often a link that goes in circles is solved again before the search gives that decision up.
const CUT_LIMIT: usize = 100;

/// What a dataset depends on besides its scenario files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// The seed.
    pub seed: u64,
    /// The worker, 0 to 49.
    pub worker: u8,
    /// As-of, in seconds since 1970-01-01 00:00 UTC.
    pub as_of: i64,
}

/// A dataset with what was learned on the way.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The dataset.
    pub dataset: Dataset,
    /// What each ensure counts in it, in the order of the files.
    pub findings: Vec<Finding>,
    /// For each partition of the chain, the group of every row of its population.
    pub groups: Vec<Vec<usize>>,
    /// How often an earlier decision was made again.
    pub went_back: u32,
    /// Repair steps of the solver, over all decisions.
    pub steps: u32,
    /// Decisions that needed the solver's exact stage.
    pub exact: u32,
}

/// Generates the dataset of a chain; with a schema, keys fit its key columns.
///
/// Errors say which demands contradict each other, what a lower layer lacks, or that the search
/// came to its limit; each is a different code.
pub fn generate(chain: &Chain, schema: Option<&Schema>, parameters: Parameters) -> Result<Generated, Vec<Diagnostic>> {
    let agenda = agenda(chain).map_err(|waiting| vec![conflict::waiting(chain, &waiting)])?;
    let mut search = Search::new(chain, schema, parameters, &agenda);
    search.run()?;
    assemble::assemble(&search, parameters)
}

/// Generates the dataset of a chain, and its further blocks at a scale.
///
/// Errors are those of [`generate`], and say what does not fit at that scale.
pub fn generate_scaled(
    chain: &Chain,
    schema: Option<&Schema>,
    parameters: Parameters,
    scale: &Scale,
) -> Result<(Generated, Scaled), Vec<Diagnostic>> {
    let agenda = agenda(chain).map_err(|waiting| vec![conflict::waiting(chain, &waiting)])?;
    let mut search = Search::new(chain, schema, parameters, &agenda);
    search.run()?;
    let generated = assemble::assemble(&search, parameters)?;
    let scaled = further::further(&search.world, &generated.dataset, scale)?;
    Ok((generated, scaled))
}

/// What is remembered of a decision while it may still be made again.
#[derive(Clone, Default)]
struct Memory {
    /// How often it was made again.
    attempt: u64,
    /// Solutions that led nowhere, as clauses that exclude them.
    tried: Vec<crate::solve::Clause>,
    /// Earlier decisions that those failures depended on.
    blamed: BTreeSet<usize>,
    /// Its present solution, where the solver made it.
    chosen: Option<Vec<Vec<u32>>>,
    /// The first of those failures.
    cause: Option<Failure>,
    /// Its number of options.
    width: usize,
    /// Every solution has as many pairs.
    even: bool,
    /// What can be chosen is not all there is: values are drawn besides.
    sampled: bool,
}

struct Search<'a> {
    chain: &'a Chain,
    agenda: &'a Agenda,
    world: World<'a>,
    memory: Vec<Memory>,
    went_back: u32,
    steps: u32,
    exact: u32,
    /// Something was passed over that was not refuted: values that can't all be tried, a decision
    /// that the solver gave up. Nothing is proven from then on.
    unproven: bool,
}

impl<'a> Search<'a> {
    fn new(chain: &'a Chain, schema: Option<&'a Schema>, parameters: Parameters, agenda: &'a Agenda) -> Self {
        Self {
            chain,
            agenda,
            world: World::new(chain, schema, parameters.seed, parameters.worker),
            memory: vec![Memory::default(); agenda.decisions.len()],
            went_back: 0,
            steps: 0,
            exact: 0,
            unproven: false,
        }
    }

    fn run(&mut self) -> Result<(), Vec<Diagnostic>> {
        let mut position = 0;
        while position < self.agenda.decisions.len() {
            match self.make(position).map_err(|problem| vec![*problem])? {
                None => position += 1,
                Some(failure) => position = self.go_back(position, failure)?,
            }
        }
        // What depends on no decision of its own layer was not asked on the way.
        match judge::given(&self.world, self.agenda) {
            Some(mut failure) => {
                failure.tell(&self.world, self.agenda);
                Err(vec![failure.explain(self.chain, self.agenda, true, 1)])
            }
            None => Ok(()),
        }
    }

    /// Makes a decision; returns what stands against it.
    fn make(&mut self, position: usize) -> Result<Option<Failure>, Box<Diagnostic>> {
        let decision = self.agenda.decisions[position];
        let attempt = self.memory[position].attempt;
        self.memory[position].chosen = None;
        let Some(mut posed) = problem::pose(&self.world, self.agenda, position, attempt)? else {
            // Drawn anew, with nothing to choose from: not every value is tried.
            self.unproven |= attempt > 0;
            settle::settle(&mut self.world, decision, &[], None, attempt)?;
            return Ok(judge::after(&self.world, self.agenda, position));
        };
        for clause in &self.memory[position].tried {
            posed.problem.clauses.push(clause.clone());
            posed.origins.push(Origin::Tried);
        }
        let mut outcome = solve(&posed.problem);
        for _ in 0..CUT_LIMIT {
            let Outcome::Solved(solution) = &outcome else { break };
            let cuts = tree::cuts(&self.world, decision, &solution.pairs, posed.problem.right.len());
            if cuts.is_empty() {
                break;
            }
            for (clause, origin) in cuts {
                posed.problem.clauses.push(clause);
                posed.origins.push(origin);
            }
            outcome = solve(&posed.problem);
        }
        if let Outcome::Solved(solution) = &outcome
            && !tree::cuts(&self.world, decision, &solution.pairs, posed.problem.right.len()).is_empty()
        {
            outcome = Outcome::Undecided;
        }
        let solution = match outcome {
            Outcome::Solved(solution) => solution,
            Outcome::Contradiction(_) | Outcome::Undecided if posed.narrowed => {
                // Its own first guess may be the reason: once more without it.
                self.memory[position].attempt += 1;
                return self.make(position);
            }
            Outcome::Contradiction(conflict) => return Ok(Some(Failure::new(position, &posed, Some(conflict)))),
            Outcome::Undecided => {
                self.unproven = true;
                return Ok(Some(Failure::new(position, &posed, None)));
            }
        };
        self.steps += solution.steps;
        self.exact += u32::from(solution.exact);
        settle::settle(&mut self.world, decision, &solution.pairs, Some(&posed.options), attempt)?;
        self.memory[position].chosen = (!posed.coarse).then_some(solution.pairs);
        self.memory[position].width = posed.problem.right.len();
        self.memory[position].even =
            posed.problem.total.0 == posed.problem.total.1 || posed.problem.left.iter().all(|row| row.lo == row.hi);
        self.memory[position].sampled = posed.sampled && !posed.coarse;
        Ok(judge::after(&self.world, self.agenda, position))
    }

    /// Chooses the decision to make again: the latest that the failure depends on.
    ///
    /// Conflict-directed backjumping (Prosser 1993): what a failure depends on besides the decision
    /// made again is remembered with it, so that when no solution of any decision is left, the
    /// contradiction is proven.
    fn go_back(&mut self, position: usize, failure: Failure) -> Result<usize, Vec<Diagnostic>> {
        let mut blamed = failure.blamed(self.chain, self.agenda);
        let exhausted = self.went_back >= GO_BACK_LIMIT;
        let proven = !exhausted && !self.unproven && failure.is_proven();
        let (mut failure, mut ways) = (failure, 1);
        if failure.says_tried() {
            let memory = &mut self.memory[position];
            blamed.extend(memory.blamed.iter().copied());
            ways = memory.tried.len();
            // That everything was tried helps nobody; why it led nowhere does.
            failure = memory.cause.take().unwrap_or(failure);
        }
        failure.tell(&self.world, self.agenda);
        let Some(target) = blamed.pop_last().filter(|_| !exhausted) else {
            return Err(vec![failure.explain(self.chain, self.agenda, proven, ways)]);
        };
        self.went_back += 1;
        let memory = &mut self.memory[target];
        memory.cause.get_or_insert(failure);
        memory.blamed.extend(blamed);
        memory.attempt += 1;
        // The first values drawn stand among the candidates of the next attempt.
        memory.tried.extend(exclude(memory));
        self.unproven |= memory.sampled;
        for later in target..self.agenda.decisions.len() {
            self.clear(self.agenda.decisions[later]);
            if later > target {
                self.memory[later] = Memory::default();
            }
        }
        Ok(target)
    }

    fn clear(&mut self, decision: Decision) {
        let world = &mut self.world;
        match decision {
            Decision::Partition(index) => world.members[index] = None,
            Decision::Column(population, column) => {
                world.sets[population].columns[column] = None;
                world.picked[population][column] = None;
                world.pictures.retain(|picture| (picture.population, picture.column) != (population, column));
            }
            Decision::Rows(id) => {
                let set = &mut world.sets[id];
                set.rows = None;
                set.links.fill(None);
                set.children.fill(None);
            }
            Decision::Link(id, link) => {
                world.sets[id].links[link] = None;
                world.sets[id].children[link] = None;
            }
        }
    }
}

/// Returns the clause that excludes a decision's present solution, and no other; nothing for drawn values.
fn exclude(memory: &Memory) -> Option<crate::solve::Clause> {
    let chosen = memory.chosen.as_ref()?;
    // Where solutions differ in size, one that has these pairs and more is another one.
    let others = if memory.even { 0 } else { -1 };
    let weight = |row: usize, option: usize| if chosen[row].contains(&(option as u32)) { 1 } else { others };
    let pairs = (0..chosen.len()).flat_map(|row| (0..memory.width).map(move |option| (row, option)));
    let terms = pairs.map(|(row, option)| ((row * memory.width + option) as u32, weight(row, option)));
    let terms = terms.filter(|(_, weight)| *weight != 0).collect();
    let hi = chosen.iter().map(Vec::len).sum::<usize>() as i64 - 1;
    let measure = crate::solve::Measure::Linear(crate::solve::Sum { constant: 0, terms });
    Some(crate::solve::Clause { lo: i64::MIN, hi, measure })
}
