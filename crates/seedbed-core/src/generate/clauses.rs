//! Clauses: what the ensures demand of an open decision, as sums over its pairs.
//!
//! An ensure that depends on nothing later becomes a clause that is exact. One that also depends on
//! later decisions becomes what is necessary here: its lower bound with every doubt in its favour,
//! its upper bound with every doubt against. Weights are found by asking the evaluator.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::decision::{Agenda, Decision, Options};
use super::evaluate::{Evaluator, Known, RowRef, Touched, has_path, same_value};
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
    /// A line of a mix has its share: (population, column).
    Share { population: usize, column: usize },
    /// A link goes in no circle, and no deeper than it may: (population, link).
    Tree { population: usize, link: usize },
    /// What was tried before and led nowhere.
    Tried,
}

/// A clause with its origin.
pub(super) struct Demand {
    pub(super) clause: Clause,
    pub(super) origin: Origin,
}

impl Demand {
    /// Whether it depends on nothing and does not hold.
    pub(super) fn fails(&self) -> bool {
        let Clause { lo, hi, measure } = &self.clause;
        !depends(measure) && fails(measure, *lo, *hi)
    }
}

/// A sum that must lie between two numbers.
type Condition = (Sum, i64, i64);

/// What a counted row adds to a measure.
enum Part {
    /// Known without the open decision.
    Fixed(Option<bool>),
    /// Depends on the option of one row: whether it counts with no option, and with each.
    Options(usize, Option<bool>, Vec<(usize, Option<bool>)>),
    /// Sums that must lie in ranges, and whether they leave something open.
    Sums(Vec<(Sum, i64, i64)>, bool),
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
        for index in &agenda.asked[position] {
            let ensure = &self.world().chain.ensures[*index];
            self.ensure(*index, ensure, agenda.settles(position, *index), &mut demands);
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
        let answers = Answers::default();
        for row in rows {
            for value in &values {
                let origin = Origin::Ensure { index, row, value: value.cloned() };
                let question = Question { ensure, row, value: *value, answers: &answers };
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
            // What does not depend on this decision is left to later ones, unless it fails already.
            if last || depends(&measure) || fails(&measure, lo, hi) {
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
                // A share of rows that are being chosen is no number yet.
                let shares = [question.ensure.lo, question.ensure.hi]
                    .iter()
                    .any(|bound| matches!(bound, Some(crate::scenario::Bound::Percent(_))));
                if shares && items.iter().any(|item| item.pair.is_some()) {
                    return None;
                }
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
        let mut groups: Vec<Vec<Condition>> = Vec::new();
        let mut chosen: Vec<Sum> = Vec::new();
        let mut doubt = false;
        for item in &counted.items {
            match self.part(item, question, hopeful) {
                Part::Fixed(answer) => {
                    doubt |= answer.is_none();
                    if answer.unwrap_or(hopeful) {
                        sum.add(item.pair, 1);
                    }
                }
                Part::Options(row, without, answers) => {
                    doubt |= without.is_none() || answers.iter().any(|(_, answer)| answer.is_none());
                    let answers = answers.into_iter().map(|(option, answer)| (option, answer.unwrap_or(hopeful)));
                    chosen.push(self.indicator(row, without.unwrap_or(hopeful), answers));
                }
                Part::Sums(conditions, open) => {
                    doubt |= open;
                    groups.push(conditions);
                }
                Part::Unknown => {
                    doubt = true;
                    if hopeful {
                        sum.add(item.pair, 1);
                    }
                }
            }
        }
        if groups.is_empty() {
            for Sum { constant, terms } in chosen {
                sum.constant += constant;
                for (pair, weight) in terms {
                    sum.add(Some(pair), weight);
                }
            }
            return Some(Measured { measure: Measure::Linear(sum.finish()), doubt });
        }
        // A row that counts for certain is a group without conditions; one that hangs on a pair or
        // on a single row's option is a group with one sum.
        let sum = sum.finish();
        let pairs = sum.terms.iter().flat_map(|(pair, weight)| (0..*weight).map(|_| (*pair, 1)));
        chosen.extend(pairs.map(|term| Sum { constant: 0, terms: vec![term] }));
        let mut all: Vec<Group> = groups.into_iter().map(|conditions| Group { conditions }).collect();
        all.extend((0..sum.constant).map(|_| Group { conditions: Vec::new() }));
        all.extend(chosen.into_iter().map(|sum| Group { conditions: vec![(sum, 1, i64::MAX)] }));
        Some(Measured { measure: Measure::Count(all), doubt })
    }

    /// Counts different values: a group for each value that may occur.
    fn distinct(&self, question: &Question<'_>, counted: &Counted, path: &Path, hopeful: bool) -> Option<Measured> {
        let mut groups: Vec<(Value, Adder)> = Vec::new();
        let mut doubt = false;
        for item in &counted.items {
            let ask = || (self.holds(item, question), self.evaluator.value(item.row, path));
            let ((holds, value), touched) = self.evaluator.watch(|| self.ask(item, ask));
            let mut count = |holds: Option<bool>, value: Known, pair: Option<u32>, weight: i32| {
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
                    if let Some((_, adder)) = groups.iter_mut().find(|(known, _)| same_value(known, &value)) {
                        adder.add(pair, weight);
                    } else {
                        let mut adder = Adder::default();
                        adder.add(pair, weight);
                        groups.push((value, adder));
                    }
                }
            };
            match touched {
                Touched::None => count(holds, value, item.pair, 1),
                Touched::One(row) if item.pair.is_none() => {
                    let (without, nothing) = self.without(row, (Some(false), Known::Nothing), ask);
                    if without != Some(false) {
                        count(without, nothing.clone(), None, 1);
                    }
                    for option in self.options(row) {
                        let pair = Some((row * self.width + option) as u32);
                        let (holds, value) = self.evaluator.bind(row, option, ask);
                        count(holds, value, pair, 1);
                        if without != Some(false) {
                            count(without, nothing.clone(), pair, -1);
                        }
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

    /// Whether rows may be left without an option.
    fn optional(&self) -> bool {
        let Decision::Link(population, link) = self.decision else { return false };
        self.world().chain.populations[population].links[link].share.is_some()
    }

    /// Asks what holds of a row that is left without an option; `nothing` where none is.
    fn without<T>(&self, row: usize, nothing: T, question: impl FnOnce() -> T) -> T {
        if self.optional() { self.evaluator.bind(row, usize::MAX, question) } else { nothing }
    }

    /// Returns the sum that is 1 when a row counts and 0 else.
    fn indicator(&self, row: usize, without: bool, answers: impl Iterator<Item = (usize, bool)>) -> Sum {
        let constant = i64::from(without);
        let terms = answers.filter(|(_, yes)| *yes != without);
        let weight = if without { -1 } else { 1 };
        Sum { constant, terms: terms.map(|(option, _)| ((row * self.width + option) as u32, weight)).collect() }
    }

    fn options(&self, row: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.width).filter(move |option| self.allowed[row * self.width + option])
    }

    fn holds(&self, item: &Item, question: &Question<'_>) -> Option<bool> {
        let answer = self.evaluator.holds(item.row, &question.ensure.condition);
        match (answer, self.per(item.row, question)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }

    /// Whether an item has the value of `per` that is asked for.
    fn per(&self, at: RowRef, question: &Question<'_>) -> Option<bool> {
        let (Some((path, _)), Some(value)) = (&question.ensure.per, question.value) else { return Some(true) };
        match self.evaluator.value(at, path) {
            Known::Value(found) => Some(same_value(&found, value)),
            _ => None,
        }
    }

    fn part(&self, item: &Item, question: &Question<'_>, hopeful: bool) -> Part {
        if let Some(pair) = item.row.pair {
            return Part::Fixed(self.pair_holds(item, pair, question));
        }
        if item.pair.is_some() {
            let (answer, touched) = self.evaluator.watch(|| self.ask(item, || self.holds(item, question)));
            return if touched == Touched::None { Part::Fixed(answer) } else { Part::Unknown };
        }
        let mut open = Vec::new();
        let mut doubt = false;
        let mut rows = Touched::None;
        for line in Self::lines(question) {
            match self.unbound(item.row, question, line) {
                (Some(false), _) => return Part::Fixed(Some(false)),
                (Some(true), _) => {}
                (None, Touched::None) => doubt = true,
                (None, touched) => {
                    open.push(line);
                    rows = if rows == Touched::None || rows == touched { touched } else { Touched::Many };
                }
            }
        }
        match rows {
            Touched::None => Part::Fixed(if doubt { None } else { Some(true) }),
            Touched::One(row) => {
                let (alone, rest): (Vec<Line>, Vec<Line>) =
                    open.iter().partition(|line| item.row.row == row && self.line_decides(item.row, question, **line));
                let alone = self.by_option(item.row, question, &alone);
                let doubted = |answer| if doubt && answer == Some(true) { None } else { answer };
                let answer = |option: usize| {
                    let lines = rest.iter().map(|line| self.bound(item.row, question, *line, (row, option)));
                    doubted(all(std::iter::once(alone[option]).chain(lines)))
                };
                let without = self.without(row, Some(false), || {
                    doubted(all(open.iter().map(|line| self.bound(item.row, question, *line, (row, usize::MAX)))))
                });
                let answers = self.options(row).map(|option| (option, answer(option)));
                Part::Options(
                    row,
                    without,
                    answers.filter(|(_, answer)| *answer != Some(false) || without != *answer).collect(),
                )
            }
            Touched::Many => self.sums(item, question, &open, doubt, hopeful),
        }
    }

    /// The lines of a question: those of its `where`, and its `per`.
    fn lines<'e>(question: &Question<'e>) -> impl Iterator<Item = Line> + use<'e> {
        let per = question.value.map(|_| Line::Per);
        (0..question.ensure.condition.0.len()).map(Line::Term).chain(per)
    }

    /// Answers a line for a row, with nothing bound.
    fn unbound(&self, at: RowRef, question: &Question<'_>, line: Line) -> (Option<bool>, Touched) {
        let Line::Term(index) = line else {
            return self.evaluator.watch(|| self.per(at, question));
        };
        if self.evaluator.chooses(at) && self.option_decides(at, question, index) {
            return (None, Touched::One(at.row));
        }
        let ask = || self.evaluator.watch(|| self.evaluator.term(at, &question.ensure.condition.0[index]));
        question.answers.by_row.get(index, at.row, ask)
    }

    fn line_decides(&self, at: RowRef, question: &Question<'_>, line: Line) -> bool {
        matches!(line, Line::Term(index) if index < 64 && self.option_decides(at, question, index))
    }

    /// Answers lines that an option decides alone, for every option.
    fn by_option(&self, at: RowRef, question: &Question<'_>, lines: &[Line]) -> Rc<[Option<bool>]> {
        let key =
            lines.iter().fold(0u64, |key, line| if let Line::Term(index) = line { key | 1 << index } else { key });
        if let Some(known) = question.answers.by_lines.borrow().get(&key) {
            return Rc::clone(known);
        }
        let answer = |option| all(lines.iter().map(|line| self.bound(at, question, *line, (at.row, option))));
        let answers: Rc<[Option<bool>]> = (0..self.width).map(answer).collect();
        question.answers.by_lines.borrow_mut().insert(key, Rc::clone(&answers));
        answers
    }

    fn option_decides(&self, at: RowRef, question: &Question<'_>, index: usize) -> bool {
        let ask = || self.evaluator.option_decides(at.population, &question.ensure.condition.0[index]);
        question.answers.by_term.get(index, 0, ask)
    }

    /// Answers a line for a row while a row of the open decision has an option.
    fn bound(&self, at: RowRef, question: &Question<'_>, line: Line, (row, option): (usize, usize)) -> Option<bool> {
        let Line::Term(index) = line else {
            return self.evaluator.bind(row, option, || self.per(at, question));
        };
        let term = &question.ensure.condition.0[index];
        let ask = || self.evaluator.bind(row, option, || self.evaluator.term(at, term));
        if at.row == row && self.option_decides(at, question, index) {
            question.answers.by_option.get(index, option, ask)
        } else {
            ask()
        }
    }

    /// Answers for a pair; tests that look at one end only are asked once for each end row.
    fn pair_holds(&self, item: &Item, pair: (u32, u32), question: &Question<'_>) -> Option<bool> {
        let mut answer = self.pair_per(item, pair, question);
        for (index, term) in question.ensure.condition.0.iter().enumerate() {
            if answer == Some(false) {
                return answer;
            }
            let ask = || self.evaluator.term(item.row, term);
            let next = match one_end(term) {
                Some(0) => question.answers.by_left.get(index, pair.0 as usize, ask),
                Some(_) => question.answers.by_right.get(index, pair.1 as usize, ask),
                None => ask(),
            };
            answer = all([answer, next]);
        }
        answer
    }

    fn pair_per(&self, item: &Item, pair: (u32, u32), question: &Question<'_>) -> Option<bool> {
        let (Some((path, _)), Some(value)) = (&question.ensure.per, question.value) else { return Some(true) };
        let ask = || self.evaluator.value(item.row, path);
        let known = match path.steps.first() {
            Some(Step::Link(0)) => question.answers.per_left.get(0, pair.0 as usize, ask),
            Some(Step::Link(_)) => question.answers.per_right.get(0, pair.1 as usize, ask),
            _ => ask(),
        };
        match known {
            Known::Value(found) => Some(same_value(&found, value)),
            _ => None,
        }
    }

    /// A row whose answer hangs on many open rows: each line becomes sums, as far as it can.
    fn sums(&self, item: &Item, question: &Question<'_>, open: &[Line], mut doubt: bool, hopeful: bool) -> Part {
        let mut conditions = Vec::new();
        // Doubt that the sums take account of.
        let mut unsure = false;
        for line in open {
            if let Touched::One(row) = self.unbound(item.row, question, *line).1 {
                let ask = |option| self.bound(item.row, question, *line, (row, option));
                let without = self.without(row, Some(false), || ask(usize::MAX));
                let answers: Vec<_> = self.options(row).map(|option| (option, ask(option))).collect();
                unsure |= without.is_none() || answers.iter().any(|(_, answer)| answer.is_none());
                let answers = answers.into_iter().map(|(option, answer)| (option, answer.unwrap_or(hopeful)));
                let sum = self.indicator(row, without.unwrap_or(hopeful), answers);
                conditions.push((sum, 1, i64::MAX));
            } else {
                let more = match line {
                    Line::Term(index) => self.many(item.row, &question.ensure.condition.0[*index], hopeful),
                    Line::Per => None,
                };
                match more {
                    Some((more, open)) => {
                        unsure |= open;
                        conditions.extend(more);
                    }
                    None => doubt = true,
                }
            }
        }
        if doubt && !hopeful { Part::Unknown } else { Part::Sums(conditions, doubt || unsure) }
    }

    /// A test of the rows that come to point at a row, as sums.
    fn many(&self, at: RowRef, term: &Term, hopeful: bool) -> Option<(Vec<Condition>, bool)> {
        let Term::Test(path, test) = term else { return None };
        let tests: Vec<&Test> = if let Test::All(tests) = test { tests.iter().collect() } else { vec![test] };
        let items = self.reach(at, path)?;
        let mut conditions = Vec::new();
        let mut doubt = false;
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
                doubt |= answer.is_none();
                // A doubt helps a lower bound and not an upper one, when hopes are high.
                let doubtful = if lo > 0 { hopeful } else { !hopeful };
                if answer.map_or(doubtful, |answer| answer == counts_when) {
                    sum.add(item.pair, 1);
                }
            }
            conditions.push((sum.finish(), lo, hi));
        }
        Some((conditions, doubt))
    }
}

/// A line of a question: of its `where`, or its `per`.
#[derive(Clone, Copy, Debug)]
enum Line {
    Term(usize),
    Per,
}

/// Answers that are the same for many rows or options, remembered while an ensure is asked.
#[derive(Default)]
struct Answers {
    by_lines: RefCell<BTreeMap<u64, Rc<[Option<bool>]>>>,
    by_term: Remembered<bool>,
    by_row: Remembered<(Option<bool>, Touched)>,
    by_option: Remembered<Option<bool>>,
    by_left: Remembered<Option<bool>>,
    by_right: Remembered<Option<bool>>,
    per_left: Remembered<Known>,
    per_right: Remembered<Known>,
}

/// Answers by line and index.
struct Remembered<T>(RefCell<Vec<Vec<Option<T>>>>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T: Clone> Remembered<T> {
    fn get(&self, line: usize, index: usize, ask: impl FnOnce() -> T) -> T {
        let known = self.0.borrow().get(line).and_then(|answers| answers.get(index)?.clone());
        known.unwrap_or_else(|| {
            let answer = ask();
            let mut lines = self.0.borrow_mut();
            let lines_len = lines.len().max(line + 1);
            lines.resize_with(lines_len, Vec::new);
            let answers = &mut lines[line];
            let answers_len = answers.len().max(index + 1);
            answers.resize(answers_len, None);
            answers[index] = Some(answer.clone());
            answer
        })
    }
}

/// Yes when all are yes, no when one is no.
fn all(answers: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut all = Some(true);
    for answer in answers {
        match answer {
            Some(false) => return Some(false),
            None => all = None,
            Some(true) => {}
        }
    }
    all
}

/// An ensure with the row of `for_each` and the value of `per` it is asked for.
struct Question<'e> {
    ensure: &'e Ensure,
    row: Option<usize>,
    value: Option<&'e Value>,
    answers: &'e Answers,
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
    terms: Vec<(u32, i32)>,
}

impl Adder {
    fn add(&mut self, pair: Option<u32>, weight: i32) {
        match pair {
            Some(pair) => match self.terms.last_mut() {
                Some((last, sum)) if *last == pair => *sum += weight,
                _ => self.terms.push((pair, weight)),
            },
            None => self.constant += i64::from(weight),
        }
    }

    fn finish(mut self) -> Sum {
        if !self.terms.is_sorted_by(|a, b| a.0 < b.0) {
            self.terms.sort_unstable_by_key(|term| term.0);
            self.terms.dedup_by(|next, kept| {
                let same = next.0 == kept.0;
                if same {
                    kept.1 += next.1;
                }
                same
            });
        }
        Sum { constant: self.constant, terms: self.terms }
    }
}

/// Whether a measure that depends on nothing lies outside its bounds.
fn fails(measure: &Measure, lo: i64, hi: i64) -> bool {
    let constant = match measure {
        Measure::Linear(sum) => sum.constant,
        Measure::Count(groups) => {
            let holds =
                |group: &&Group| group.conditions.iter().all(|(sum, lo, hi)| (*lo..=*hi).contains(&sum.constant));
            groups.iter().filter(holds).count() as i64
        }
    };
    !(lo..=hi).contains(&constant)
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
