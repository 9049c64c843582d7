//! Clauses: what the ensures demand of an open decision, as sums over its pairs.
//!
//! An ensure that depends on nothing later becomes a clause that is exact. One that also depends on
//! later decisions becomes what is necessary here: its lower bound with every doubt in its favour,
//! its upper bound with every doubt against. Weights are found by asking the evaluator.

use std::collections::BTreeMap;

use super::decision::{Agenda, Decision, Options};
use super::evaluate::{Evaluator, Known, RowRef, Touched, same_value};
use super::world::World;
use crate::scenario::{End, Ensure, Path, Rows, Step, Subject, Term, Test};
use crate::solve::{Clause, Group, Measure, Sum};
use crate::value::Value;

/// Where a clause comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// An ensure, for a row of `for_each` and a value of `per`.
    Ensure { index: usize, row: Option<usize>, value: Option<Value> },
    /// The rows that point by a link must come to their number: (child, link, at least).
    Total { child: usize, link: usize, at_least: bool },
    /// A line of a mix needs rows that can have it: (population, column, line).
    Capability { population: usize, column: usize, line: usize },
    /// What was tried before and led nowhere.
    Tried,
}

/// A clause with its origin.
pub(super) struct Demand {
    pub(super) clause: Clause,
    pub(super) origin: Origin,
}

/// What a counted row adds to a measure.
enum Part {
    /// Known without the open decision.
    Fixed(Option<bool>),
    /// Depends on the option of one row: whether it counts, by option.
    Options(usize, Vec<(usize, Option<bool>)>),
    /// Sums that must lie in ranges.
    Sums(Vec<(Sum, i64, i64)>),
    /// Not to be known here.
    Unknown,
}

/// Builds the clauses of an open decision.
pub(super) struct Builder<'w, 'a> {
    pub(super) evaluator: Evaluator<'w, 'a>,
    pub(super) decision: Decision,
    /// Number of options of each row.
    pub(super) width: usize,
    pub(super) allowed: &'w [bool],
}

impl<'w, 'a> Builder<'w, 'a> {
    pub(super) fn new(
        world: &'w World<'a>,
        decision: Decision,
        options: &'w Options<'a>,
        width: usize,
        allowed: &'w [bool],
    ) -> Self {
        Self { evaluator: Evaluator::new(world, Some((decision, options))), decision, width, allowed }
    }

    /// Returns the demands of all ensures that depend on this decision; `position` is its place in the agenda.
    pub(super) fn ensures(&self, agenda: &Agenda, position: usize) -> Vec<Demand> {
        let mut demands = Vec::new();
        for (index, ensure) in self.world().chain.ensures.iter().enumerate() {
            if agenda.mentions[index].contains(&self.decision) {
                // What only follows from other decisions can be seen through.
                let decided = |d: &Decision| !agenda.is_open(*d) || agenda.decisions[..=position].contains(d);
                let last = agenda.mentions[index].iter().all(decided);
                self.ensure(index, ensure, last, &mut demands);
            }
        }
        demands
    }

    fn world(&self) -> &'w World<'a> {
        self.evaluator.world
    }

    fn ensure(&self, index: usize, ensure: &Ensure, last: bool, demands: &mut Vec<Demand>) {
        let rows: Vec<Option<usize>> = match &ensure.subject {
            Subject::Population(_) => vec![None],
            Subject::ForEach(_, rows, _) => rows.iter().copied().map(Some).collect(),
        };
        let values: Vec<Option<&Value>> = match &ensure.per {
            Some((_, values)) => values.iter().map(Some).collect(),
            None => vec![None],
        };
        for row in rows {
            for value in &values {
                let origin = Origin::Ensure { index, row, value: value.cloned() };
                let question = Question { ensure, row, value: *value };
                self.demand(&question, last, &origin, demands);
            }
        }
    }

    fn demand(&self, question: &Question<'_>, last: bool, origin: &Origin, demands: &mut Vec<Demand>) {
        let Some(counted) = self.counted(question) else { return };
        let ensure = question.ensure;
        let (lo, hi) = (
            ensure.lo.map_or(i64::MIN, |bound| bound.of(counted.all)),
            ensure.hi.map_or(i64::MAX, |bound| bound.of(counted.all)),
        );
        let Some(hopeful) = self.measure(question, &counted, true) else { return };
        let mut push = |measure: Measure, lo: i64, hi: i64| {
            if last || depends(&measure) {
                demands.push(Demand { clause: Clause { lo, hi, measure }, origin: origin.clone() });
            }
        };
        if !hopeful.doubt {
            push(hopeful.measure, lo, hi);
            return;
        }
        if lo > i64::MIN {
            push(hopeful.measure, lo, i64::MAX);
        }
        if hi < i64::MAX
            && let Some(fearful) = self.measure(question, &counted, false)
        {
            push(fearful.measure, i64::MIN, hi);
        }
    }

    /// Returns what an ensure counts, as far as rows and pairs are known.
    fn counted(&self, question: &Question<'_>) -> Option<Counted> {
        let world = self.world();
        match &question.ensure.subject {
            Subject::Population(id) => {
                if self.decision == Decision::Rows(*id) {
                    let Rows::Pairs { total } = world.chain.populations[*id].rows else { return None };
                    let all = total.map(|(n, _)| n as usize);
                    let percent = |bound: Option<crate::scenario::Bound>| {
                        matches!(bound, Some(crate::scenario::Bound::Percent(_)))
                    };
                    if all.is_none() && (percent(question.ensure.lo) || percent(question.ensure.hi)) {
                        return None;
                    }
                    return Some(Counted { items: self.pairs(*id), all: all.unwrap_or(0) });
                }
                let rows = world.sets[*id].rows.as_ref()?.len();
                let items = (0..rows).map(|row| Item { row: RowRef { population: *id, row, pair: None }, pair: None });
                Some(Counted { items: items.collect(), all: rows })
            }
            Subject::ForEach(id, _, path) => {
                let row = RowRef { population: *id, row: question.row?, pair: None };
                let items = self.reach(row, path)?;
                let all = items.len();
                Some(Counted { items, all })
            }
        }
    }

    /// All pairs of the open relation that may be.
    fn pairs(&self, population: usize) -> Vec<Item> {
        (0..self.allowed.len())
            .filter(|pair| self.allowed[*pair])
            .map(|pair| self.pair_item(population, (pair / self.width) as u32, (pair % self.width) as u32))
            .collect()
    }

    fn pair_item(&self, population: usize, left: u32, right: u32) -> Item {
        let pair = left as usize * self.width + right as usize;
        Item { row: RowRef { population, row: pair, pair: Some((left, right)) }, pair: Some(pair as u32) }
    }

    /// Returns the rows a path leads to, each with the pair of the open decision it hangs on.
    fn reach(&self, from: RowRef, path: &Path) -> Option<Vec<Item>> {
        let mut items = vec![Item { row: from, pair: None }];
        for step in &path.steps {
            let mut next = Vec::new();
            for item in items {
                match step {
                    Step::Back(child, link) if self.opens(*child, *link) => {
                        // Two open steps would be a product of pairs.
                        if item.pair.is_some() {
                            return None;
                        }
                        next.extend(self.open_children(item.row, *child, *link));
                    }
                    step => {
                        let ask = || self.evaluator.rows(item.row, std::slice::from_ref(step));
                        let rows = match item.pair {
                            Some(pair) if item.row.pair.is_none() => {
                                self.evaluator.bind(pair as usize / self.width, pair as usize % self.width, ask)
                            }
                            _ => ask(),
                        };
                        next.extend(rows?.into_iter().map(|row| Item { row, pair: item.pair }));
                    }
                }
            }
            items = next;
        }
        Some(items)
    }

    /// Whether a way back is what the open decision decides.
    fn opens(&self, child: usize, link: usize) -> bool {
        match self.decision {
            Decision::Link(population, l) => (population, l) == (child, link),
            Decision::Rows(population) => {
                population == child
                    && matches!(self.world().chain.populations[child].rows, Rows::Pairs { .. })
                    && self.world().makes_rows(child, link)
            }
            _ => false,
        }
    }

    /// Returns the rows that may come to point at a row.
    fn open_children(&self, at: RowRef, child: usize, link: usize) -> Vec<Item> {
        let height = self.allowed.len() / self.width.max(1);
        let pair = |left: usize, right: usize| left * self.width + right;
        match self.decision {
            Decision::Link(..) => (0..height)
                .filter(|row| self.allowed[pair(*row, at.row)])
                .map(|row| Item {
                    row: RowRef { population: child, row, pair: None },
                    pair: Some(pair(row, at.row) as u32),
                })
                .collect(),
            _ if link == 0 => (0..self.width)
                .filter(|right| self.allowed[pair(at.row, *right)])
                .map(|right| self.pair_item(child, at.row as u32, right as u32))
                .collect(),
            _ => (0..height)
                .filter(|left| self.allowed[pair(*left, at.row)])
                .map(|left| self.pair_item(child, left as u32, at.row as u32))
                .collect(),
        }
    }

    /// Asks about an item with its pair taken for true.
    fn ask<T>(&self, item: &Item, question: impl FnOnce() -> T) -> T {
        match item.pair {
            Some(pair) if item.row.pair.is_none() => {
                self.evaluator.bind(pair as usize / self.width, pair as usize % self.width, question)
            }
            _ => question(),
        }
    }

    fn measure(&self, question: &Question<'_>, counted: &Counted, hopeful: bool) -> Option<Measured> {
        if let Some(distinct) = &question.ensure.distinct {
            return self.distinct(question, counted, distinct, hopeful);
        }
        let mut sum = Adder::default();
        let mut groups: Vec<Vec<(Sum, i64, i64)>> = Vec::new();
        let mut doubt = false;
        let mut ends = EndAnswers::default();
        for item in &counted.items {
            match self.part(item, question, hopeful, &mut ends) {
                Part::Fixed(answer) => {
                    doubt |= answer.is_none();
                    if answer.unwrap_or(hopeful) {
                        sum.add(item.pair, 1);
                    }
                }
                Part::Options(row, answers) => {
                    for (option, answer) in answers {
                        doubt |= answer.is_none();
                        if answer.unwrap_or(hopeful) {
                            sum.add(Some((row * self.width + option) as u32), 1);
                        }
                    }
                }
                Part::Sums(conditions) => groups.push(conditions),
                Part::Unknown => {
                    doubt = true;
                    if hopeful {
                        sum.add(item.pair, 1);
                    }
                }
            }
        }
        let sum = sum.finish();
        if groups.is_empty() {
            return Some(Measured { measure: Measure::Linear(sum), doubt });
        }
        // A row that counts for certain is a group without conditions; one that hangs on a single
        // row's option is a group with one sum.
        let mut all: Vec<Group> = groups.into_iter().map(|conditions| Group { conditions }).collect();
        all.extend((0..sum.constant).map(|_| Group { conditions: Vec::new() }));
        let mut by_row: BTreeMap<u32, Vec<(u32, i32)>> = BTreeMap::new();
        for (pair, weight) in sum.terms {
            by_row.entry(pair / self.width as u32).or_default().push((pair, weight));
        }
        for terms in by_row.into_values() {
            all.push(Group { conditions: vec![(Sum { constant: 0, terms }, 1, i64::MAX)] });
        }
        Some(Measured { measure: Measure::Count(all), doubt })
    }

    /// Counts different values: a group for each value that may occur.
    fn distinct(&self, question: &Question<'_>, counted: &Counted, path: &Path, hopeful: bool) -> Option<Measured> {
        let mut groups: Vec<(Value, Adder)> = Vec::new();
        let mut doubt = false;
        for item in &counted.items {
            let ask = || (self.holds(item, question), self.evaluator.value(item.row, path));
            let ((holds, value), touched) = self.evaluator.watch(|| self.ask(item, ask));
            let mut count = |holds: Option<bool>, value: Known, pair: Option<u32>| {
                let value = match value {
                    Known::Value(Value::Null) => return,
                    Known::Value(value) => value,
                    Known::Row(row) => Value::Integer(row.row as i64),
                    _ => {
                        doubt = true;
                        return;
                    }
                };
                doubt |= holds.is_none();
                if holds.unwrap_or(hopeful) {
                    match groups.iter_mut().find(|(known, _)| same_value(known, &value)) {
                        Some((_, adder)) => adder.add(pair, 1),
                        None => {
                            let mut adder = Adder::default();
                            adder.add(pair, 1);
                            groups.push((value, adder));
                        }
                    }
                }
            };
            match touched {
                Touched::None => count(holds, value, item.pair),
                Touched::One(row) if item.pair.is_none() => {
                    for option in self.options(row) {
                        let (holds, value) = self.evaluator.bind(row, option, ask);
                        count(holds, value, Some((row * self.width + option) as u32));
                    }
                }
                _ => doubt = true,
            }
        }
        // A value that is not known may be any: nothing can be said from below.
        if doubt && hopeful {
            return None;
        }
        let groups = groups.into_iter().map(|(_, adder)| Group { conditions: vec![(adder.finish(), 1, i64::MAX)] });
        Some(Measured { measure: Measure::Count(groups.collect()), doubt })
    }

    fn options(&self, row: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.width).filter(move |option| self.allowed[row * self.width + option])
    }

    fn holds(&self, item: &Item, question: &Question<'_>) -> Option<bool> {
        let answer = self.evaluator.holds(item.row, &question.ensure.condition);
        match (answer, self.per(item, question)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }

    /// Whether an item has the value of `per` that is asked for.
    fn per(&self, item: &Item, question: &Question<'_>) -> Option<bool> {
        let (Some((path, _)), Some(value)) = (&question.ensure.per, question.value) else { return Some(true) };
        match self.evaluator.value(item.row, path) {
            Known::Value(found) => Some(same_value(&found, value)),
            _ => None,
        }
    }

    fn part(&self, item: &Item, question: &Question<'_>, hopeful: bool, ends: &mut EndAnswers) -> Part {
        if let Some(pair) = item.row.pair {
            return Part::Fixed(self.pair_holds(item, pair, question, ends));
        }
        let ask = || self.holds(item, question);
        let (answer, touched) = self.evaluator.watch(|| self.ask(item, ask));
        match touched {
            Touched::None => Part::Fixed(answer),
            // A yes or no in spite of an open row is one whatever that row gets.
            _ if answer.is_some() => Part::Fixed(answer),
            Touched::One(row) if item.pair.is_none() => Part::Options(
                row,
                self.options(row).map(|option| (option, self.evaluator.bind(row, option, ask))).collect(),
            ),
            _ if item.pair.is_none() => self.sums(item, question, hopeful),
            _ => Part::Unknown,
        }
    }

    /// Answers for a pair; tests that look at one end only are asked once for each end row.
    fn pair_holds(
        &self,
        item: &Item,
        pair: (u32, u32),
        question: &Question<'_>,
        ends: &mut EndAnswers,
    ) -> Option<bool> {
        let mut answer = self.per(item, question);
        for (index, term) in question.ensure.condition.0.iter().enumerate() {
            if answer == Some(false) {
                return answer;
            }
            let next = match one_end(term) {
                Some(0) => *ends.entry((index, 0, pair.0)).or_insert_with(|| self.evaluator.term(item.row, term)),
                Some(_) => *ends.entry((index, 1, pair.1)).or_insert_with(|| self.evaluator.term(item.row, term)),
                None => self.evaluator.term(item.row, term),
            };
            answer = match (answer, next) {
                (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
        }
        answer
    }

    /// A row whose answer hangs on many open rows: each line becomes sums, as far as it can.
    fn sums(&self, item: &Item, question: &Question<'_>, hopeful: bool) -> Part {
        let mut conditions = Vec::new();
        let per = self.per(item, question);
        if per == Some(false) {
            return Part::Fixed(Some(false));
        }
        let mut doubt = per.is_none();
        for term in &question.ensure.condition.0 {
            let (answer, touched) = self.evaluator.watch(|| self.evaluator.term(item.row, term));
            match (answer, touched) {
                (Some(false), _) => return Part::Fixed(Some(false)),
                (Some(true), _) => {}
                (None, Touched::None) => doubt = true,
                (None, Touched::One(row)) => {
                    let yes = self.options(row).filter(|option| {
                        let answer = self.evaluator.bind(row, *option, || self.evaluator.term(item.row, term));
                        answer.unwrap_or(hopeful)
                    });
                    let terms = yes.map(|option| ((row * self.width + option) as u32, 1)).collect();
                    conditions.push((Sum { constant: 0, terms }, 1, i64::MAX));
                }
                (None, Touched::Many) => match self.many(item.row, term, hopeful) {
                    Some(more) => conditions.extend(more),
                    None => doubt = true,
                },
            }
        }
        if doubt && !hopeful { Part::Unknown } else { Part::Sums(conditions) }
    }

    /// A test of the rows that come to point at a row, as sums.
    fn many(&self, at: RowRef, term: &Term, hopeful: bool) -> Option<Vec<(Sum, i64, i64)>> {
        let Term::Test(path, test) = term else { return None };
        let tests: Vec<&Test> = if let Test::All(tests) = test { tests.iter().collect() } else { vec![test] };
        let items = self.reach(at, path)?;
        let mut conditions = Vec::new();
        for test in tests {
            let (inner, counts_when, lo, hi) = match test {
                Test::Count(lo, hi) => (None, true, *lo, *hi),
                Test::Some(inner) => (Some(inner), true, 1, i64::MAX),
                Test::None(inner) => (Some(inner), true, 0, 0),
                Test::Every(inner) => (Some(inner), false, 0, 0),
                _ => return None,
            };
            let mut sum = Adder::default();
            for item in &items {
                let answer = match inner {
                    Some(inner) => self.ask(item, || self.evaluator.holds(item.row, inner)),
                    None => Some(true),
                };
                // A doubt helps a lower bound and not an upper one, when hopes are high.
                let doubtful = if lo > 0 { hopeful } else { !hopeful };
                if answer.map_or(doubtful, |answer| answer == counts_when) {
                    sum.add(item.pair, 1);
                }
            }
            conditions.push((sum.finish(), lo, hi));
        }
        Some(conditions)
    }
}

/// Answers about pairs by (line, end, row of that end).
type EndAnswers = BTreeMap<(usize, usize, u32), Option<bool>>;

/// An ensure with the row of `for_each` and the value of `per` it is asked for.
struct Question<'e> {
    ensure: &'e Ensure,
    row: Option<usize>,
    value: Option<&'e Value>,
}

/// What is counted.
struct Counted {
    items: Vec<Item>,
    /// How many there are, for percentages.
    all: usize,
}

/// A counted row, with the pair of the open decision it hangs on.
struct Item {
    row: RowRef,
    pair: Option<u32>,
}

/// A measure, and whether something in it is not known here.
struct Measured {
    measure: Measure,
    doubt: bool,
}

#[derive(Default)]
struct Adder {
    constant: i64,
    terms: BTreeMap<u32, i32>,
}

impl Adder {
    fn add(&mut self, pair: Option<u32>, weight: i32) {
        match pair {
            Some(pair) => *self.terms.entry(pair).or_default() += weight,
            None => self.constant += i64::from(weight),
        }
    }

    fn finish(self) -> Sum {
        Sum { constant: self.constant, terms: self.terms.into_iter().collect() }
    }
}

fn depends(measure: &Measure) -> bool {
    match measure {
        Measure::Linear(sum) => !sum.terms.is_empty(),
        Measure::Count(groups) => {
            groups.iter().flat_map(|group| &group.conditions).any(|(sum, ..)| !sum.terms.is_empty())
        }
    }
}

/// The end of a pair that a line looks at, when it looks at one only.
fn one_end(term: &Term) -> Option<usize> {
    let Term::Test(path, test) = term else { return None };
    let Some(Step::Link(link)) = path.steps.first() else { return None };
    (path.end != End::Row || !has_path(test)).then_some(*link).filter(|_| !has_path(test))
}

/// Whether a test compares with another path of the tested row.
fn has_path(test: &Test) -> bool {
    match test {
        Test::Within(_) | Test::SameAs(_) => true,
        Test::Compare(_, operand) => matches!(operand, crate::scenario::Operand::Path(_)),
        Test::Not(test) => has_path(test),
        Test::All(tests) => tests.iter().any(has_path),
        _ => false,
    }
}
