//! Evaluation: what a path leads to and whether a `where` holds, with some things not decided yet.
//!
//! The logic has three values: yes, no and not known yet (Kleene). While a decision is being made,
//! one of its rows can be bound to one of its options, so that a clause's weights are found by
//! asking; rows of the open decision that an answer depends on are noted.

mod arithmetic;

use std::cell::Cell;
use std::collections::BTreeSet;

use super::decision::{Decision, Options};
use super::world::World;
use crate::scenario::{
    CaseRows, Comparison, End, Generator, Operand, Path, PopulationId, Rows, Step, Term, Test, Where,
};
use crate::value::{Decimal, Value};

/// A row: one that exists, or a pair of the open relation that may come to exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowRef {
    pub(super) population: PopulationId,
    /// Index of the row; for a pair, left times the number of right rows plus right.
    pub(super) row: usize,
    pub(super) pair: Option<(u32, u32)>,
}

/// What is known of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Known {
    Value(Value),
    Between(Value, Value),
    Row(RowRef),
    Nothing,
}

/// Which rows of the open decision an answer depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touched {
    None,
    One(usize),
    Many,
}

/// An evaluator over a world, with at most one decision open.
pub(super) struct Evaluator<'w, 'a> {
    pub(super) world: &'w World<'a>,
    pub(super) open: Option<(Decision, &'w Options<'a>)>,
    pub(super) bound: Cell<Option<(usize, usize)>>,
    touched: Cell<Touched>,
    /// The row whose paths tests compare with, where it is not the tested row.
    own: Cell<Option<RowRef>>,
}

impl<'w, 'a> Evaluator<'w, 'a> {
    pub(super) fn new(world: &'w World<'a>, open: Option<(Decision, &'w Options<'a>)>) -> Self {
        Self { world, open, bound: Cell::new(None), touched: Cell::new(Touched::None), own: Cell::new(None) }
    }

    /// Runs a question and returns its answer with the open rows it depends on.
    pub(super) fn watch<T>(&self, question: impl FnOnce() -> T) -> (T, Touched) {
        let before = self.touched.replace(Touched::None);
        let answer = question();
        (answer, self.touched.replace(before))
    }

    /// Runs a question while a row of the open decision has an option.
    pub(super) fn bind<T>(&self, row: usize, option: usize, question: impl FnOnce() -> T) -> T {
        let before = self.bound.replace(Some((row, option)));
        let answer = question();
        self.bound.set(before);
        answer
    }

    /// Runs a question whose tests compare with paths of this row.
    pub(super) fn own<T>(&self, row: RowRef, question: impl FnOnce() -> T) -> T {
        let before = self.own.replace(Some(row));
        let answer = question();
        self.own.set(before);
        answer
    }

    /// Runs a question about other rows: their tests compare with paths of their own.
    fn inner<T>(&self, question: impl FnOnce() -> T) -> T {
        let before = self.own.replace(None);
        let answer = question();
        self.own.set(before);
        answer
    }

    pub(super) fn touch(&self, touched: Touched) {
        self.touched.set(match (self.touched.get(), touched) {
            (Touched::None, new) => new,
            (old, new) if old == new => old,
            (old, Touched::None) => old,
            _ => Touched::Many,
        });
    }

    /// Whether the open decision is this one, and the option its row is bound to.
    #[expect(clippy::option_option, reason = "not open, open without an option, open with one")]
    fn open_option(&self, decision: Decision, row: usize) -> Option<Option<usize>> {
        let (open, _) = self.open?;
        if open != decision {
            return None;
        }
        match self.bound.get() {
            Some((bound, option)) if bound == row => Some(Some(option)),
            _ => {
                self.touch(Touched::One(row));
                Some(None)
            }
        }
    }

    /// Takes a step to one row.
    fn link(&self, at: RowRef, link: usize) -> Known {
        let (population, set) = (&self.world.chain.populations[at.population], &self.world.sets[at.population]);
        let to = population.links[link].to;
        let row = |row: usize| Known::Row(RowRef { population: to, row, pair: None });
        if let Some((left, right)) = at.pair {
            return row(if link == 0 { left as usize } else { right as usize });
        }
        if let Some(links) = &set.links[link] {
            return links[at.row].map_or(Known::Value(Value::Null), |to| row(to as usize));
        }
        if let Some(when) = &population.links[link].when
            && let Known::Value(kind) = self.column(at, when.column)
            && !same_value(&kind, &when.value)
        {
            return Known::Value(Value::Null);
        }
        match self.open_option(Decision::Link(at.population, link), at.row) {
            Some(Some(option)) => self.world.option_row(option, to).map_or(Known::Value(Value::Null), row),
            _ => Known::Nothing,
        }
    }

    /// Returns the rows a way back leads to; nothing when they are not decided.
    fn back(&self, at: RowRef, child: PopulationId, link: usize) -> Option<Vec<RowRef>> {
        if let Some(children) = &self.world.sets[child].children[link] {
            return Some(
                children[at.row]
                    .iter()
                    .map(|row| RowRef { population: child, row: *row as usize, pair: None })
                    .collect(),
            );
        }
        if let Some((open, _)) = self.open {
            let counts = matches!(self.world.chain.populations[child].rows, Rows::Children(l) if l == link);
            if open == Decision::Rows(child) && counts {
                if !matches!(self.bound.get(), Some((row, _)) if row == at.row) {
                    self.touch(Touched::One(at.row));
                }
            } else if open == Decision::Link(child, link) || open == Decision::Rows(child) {
                self.touch(Touched::Many);
            } else if let Decision::Partition(partition) = open
                && self.world.chain.partitions[partition].population == at.population
                && !matches!(self.bound.get(), Some((row, _)) if row == at.row)
            {
                self.touch(Touched::One(at.row));
            }
        }
        None
    }

    /// Returns the rows that steps lead to from a row; nothing when they are not decided.
    pub(super) fn rows(&self, at: RowRef, steps: &[Step]) -> Option<Vec<RowRef>> {
        let mut rows = vec![at];
        for step in steps {
            let mut next = Vec::new();
            for row in rows {
                match step {
                    Step::Link(link) => match self.link(row, *link) {
                        Known::Row(to) => next.push(to),
                        Known::Value(_) => {}
                        _ => return None,
                    },
                    Step::Back(child, link) => next.extend(self.back(row, *child, *link)?),
                }
            }
            rows = next;
        }
        Some(rows)
    }

    /// Returns what is known of the end of a path that leads to one.
    pub(super) fn value(&self, at: RowRef, path: &Path) -> Known {
        let mut row = at;
        for step in &path.steps {
            let next = match step {
                Step::Link(link) => self.link(row, *link),
                Step::Back(child, link) => match self.back(row, *child, *link).as_deref() {
                    Some([one]) => Known::Row(*one),
                    Some(_) => Known::Value(Value::Null),
                    None => Known::Nothing,
                },
            };
            match next {
                Known::Row(to) => row = to,
                other => return other,
            }
        }
        self.end(row, path.end)
    }

    pub(super) fn end(&self, row: RowRef, end: End) -> Known {
        match end {
            End::Row => Known::Row(row),
            End::Column(column) => self.column(row, column),
            End::Condition(condition) => {
                let meaning = &self.world.chain.conditions[condition].meaning;
                self.inner(|| self.holds(row, meaning)).map_or(Known::Nothing, |yes| Known::Value(Value::Bool(yes)))
            }
            End::Measure(measure) => self.distance(row, measure),
            End::Field(field) => match (self.open, self.bound.get()) {
                (Some((_, options)), Some((_, option))) => {
                    options.entry(option).map_or(Known::Nothing, |entry| Known::Value(entry[field].clone()))
                }
                _ => Known::Nothing,
            },
        }
    }

    fn distance(&self, row: RowRef, measure: usize) -> Known {
        let measure = &self.world.chain.measures[measure];
        let number = |path: &Path| match self.value(row, path) {
            Known::Value(value) => value.number(),
            _ => None,
        };
        match (number(&measure.latitude), number(&measure.longitude)) {
            (Some(latitude), Some(longitude)) => {
                Known::Value(Value::Decimal(kilometres((latitude, longitude), measure.point)))
            }
            _ => Known::Nothing,
        }
    }

    fn column(&self, at: RowRef, column: usize) -> Known {
        let set = &self.world.sets[at.population];
        if at.pair.is_none()
            && let Some(values) = &set.columns[column]
        {
            return Known::Value(values[at.row].clone());
        }
        self.undecided(at, column, 0)
    }

    /// Returns what the declaration says of a column that is not decided.
    fn undecided(&self, at: RowRef, column: usize, depth: usize) -> Known {
        let declared = &self.world.chain.populations[at.population].columns[column];
        let decided = at.pair.is_none();
        if decided
            && let Some((_, options)) = self.open
            && options.chooses(at.row)
            && let Some(Some(option)) = self.open_option(Decision::Column(at.population, column), at.row)
        {
            return options.domain(self, at, option);
        }
        let mut generator = None;
        for case in &declared.cases {
            let applies = match &case.rows {
                CaseRows::All => Some(true),
                CaseRows::Row(name) => {
                    Some(decided && self.world.rows(at.population).get(at.row).is_some_and(|r| *r.name == **name))
                }
                CaseRows::Group(partition, group) => self.group(*partition, at.row).map(|member| member == *group),
            };
            match applies {
                Some(true) => generator = Some(&case.generator),
                Some(false) => {}
                None => return Known::Nothing,
            }
        }
        if let Some(Generator::Filled(handle, field)) = generator
            && decided
            && let Some(Some(option)) = self.open_option(Decision::Column(at.population, *handle), at.row)
        {
            let options = self.open.expect("a decision is open").1;
            return options.entry(option).map_or(Known::Nothing, |entry| Known::Value(entry[*field].clone()));
        }
        generator.map_or(Known::Value(Value::Null), |generator| self.domain(at, generator, depth))
    }

    /// Returns the group of a row, where it is known.
    fn group(&self, partition: usize, row: usize) -> Option<usize> {
        match &self.world.members[partition] {
            Some(members) => members.get(row).copied(),
            None => self.open_option(Decision::Partition(partition), row).flatten(),
        }
    }

    /// Returns what a generator can make for a row.
    pub(super) fn domain(&self, at: RowRef, generator: &Generator, depth: usize) -> Known {
        match generator {
            Generator::Constant(value) => Known::Value(value.clone()),
            Generator::Time { from, to, base: None, after } => {
                let mut from = *from;
                for path in after {
                    if let Known::Value(Value::Time(before)) = self.value(at, path) {
                        from = from.max(before + 1);
                    }
                }
                Known::Between(Value::Time(from.min(*to)), Value::Time(*to))
            }
            Generator::Integer(lo, hi) => Known::Between(Value::Integer(*lo), Value::Integer(*hi)),
            Generator::Decimal(lo, hi, places) => {
                Known::Between(arithmetic::decimal(*lo, *places), arithmetic::decimal(*hi, *places))
            }
            Generator::Copy(path) if depth < 8 => match (path.steps.is_empty(), path.end) {
                (true, End::Column(column)) if self.world.sets[at.population].columns[column].is_none() => {
                    self.undecided(at, column, depth + 1)
                }
                _ => self.value(at, path),
            },
            Generator::SumOf(path) if depth < 8 => self.sum(at, path).unwrap_or(Known::Nothing),
            Generator::ProductOf(factors) if depth < 8 => self.product(at, factors, depth + 1),
            Generator::Alternatives(alternatives) => {
                let mut domains = alternatives.iter().map(|a| self.domain(at, &a.generator, depth + 1));
                let first = domains.next().unwrap_or(Known::Nothing);
                domains.fold(first, hull)
            }
            _ => Known::Nothing,
        }
    }

    /// Whether a row is one that the open decision chooses for.
    pub(super) fn chooses(&self, at: RowRef) -> bool {
        self.open.is_some_and(|(decision, options)| {
            let population = match decision {
                Decision::Partition(index) => self.world.chain.partitions[index].population,
                Decision::Column(population, _) => population,
                _ => return false,
            };
            at.pair.is_none() && at.population == population && options.chooses(at.row)
        })
    }

    /// Whether the option alone decides a line, whichever row has it.
    pub(super) fn option_decides(&self, population: usize, term: &Term) -> bool {
        match term {
            Term::Test(path, test) => {
                path.steps.is_empty() && !has_path(test) && self.option_decides_end(population, path.end, 0)
            }
            Term::Any(conditions) => {
                conditions.iter().flat_map(|c| &c.0).all(|term| self.option_decides(population, term))
            }
        }
    }

    fn option_decides_end(&self, population: usize, end: End, depth: usize) -> bool {
        let chain = self.world.chain;
        let Some((decision, _)) = self.open else { return false };
        match end {
            End::Column(column) => {
                let cases = &chain.populations[population].columns[column].cases;
                match decision {
                    Decision::Column(p, open) if p == population => cases
                        .iter()
                        .all(|case| matches!(case.generator, Generator::Filled(handle, _) if handle == open)),
                    Decision::Partition(open) if chain.partitions[open].population == population => {
                        cases.iter().all(|case| {
                            matches!(case.rows, CaseRows::Group(partition, _) if partition == open)
                                && match &case.generator {
                                    Generator::Constant(_) => true,
                                    Generator::Time { base: None, after, .. } => after.is_empty(),
                                    Generator::Copy(path) => {
                                        depth < 8
                                            && path.steps.is_empty()
                                            && self.option_decides_end(population, path.end, depth + 1)
                                    }
                                    _ => false,
                                }
                        })
                    }
                    _ => false,
                }
            }
            End::Measure(measure) => {
                let measure = &chain.measures[measure];
                [&measure.latitude, &measure.longitude]
                    .iter()
                    .all(|path| path.steps.is_empty() && self.option_decides_end(population, path.end, depth + 1))
            }
            End::Condition(condition) => {
                chain.conditions[condition].meaning.0.iter().all(|term| self.option_decides(population, term))
            }
            End::Field(_) => true,
            End::Row => false,
        }
    }

    /// Whether a row holds a `where`; nothing when that is not known yet.
    pub(super) fn holds(&self, at: RowRef, condition: &Where) -> Option<bool> {
        let mut answer = Some(true);
        for term in &condition.0 {
            match self.term(at, term) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => answer = None,
            }
        }
        answer
    }

    pub(super) fn term(&self, at: RowRef, term: &Term) -> Option<bool> {
        match term {
            Term::Any(conditions) => either(conditions.iter().map(|condition| self.holds(at, condition))),
            Term::Test(path, test) => self.test(at, path, test),
        }
    }

    fn test(&self, at: RowRef, path: &Path, test: &Test) -> Option<bool> {
        match test {
            Test::All(tests) => both(tests.iter().map(|test| self.test(at, path, test))),
            Test::Not(test) => self.test(at, path, test).map(|yes| !yes),
            Test::Some(_) | Test::Every(_) | Test::None(_) | Test::Count(..) | Test::Distinct(..) | Test::Sum(..) => {
                self.many(at, path, test)
            }
            _ => self.one(at, path, test),
        }
    }

    fn many(&self, at: RowRef, path: &Path, test: &Test) -> Option<bool> {
        let Some(rows) = self.rows(at, &path.steps) else {
            return self.by_degree(at, path, test);
        };
        match test {
            Test::Some(inner) => self.inner(|| either(rows.iter().map(|row| self.holds(*row, inner)))),
            Test::Every(inner) => self.inner(|| both(rows.iter().map(|row| self.holds(*row, inner)))),
            Test::None(inner) => self.inner(|| either(rows.iter().map(|row| self.holds(*row, inner)))).map(|yes| !yes),
            Test::Count(lo, hi) => Some((*lo..=*hi).contains(&(rows.len() as i64))),
            Test::Distinct(lo, hi) => {
                let values: Option<BTreeSet<Value>> = rows.iter().map(|row| self.plain(*row, path.end)).collect();
                let values = values?.into_iter().filter(|value| *value != Value::Null).count() as i64;
                Some((*lo..=*hi).contains(&values))
            }
            Test::Sum(lo, hi) => {
                let mut sum = 0i128;
                for row in rows {
                    // Sums are compared in units of 10^-9, enough for every decimal column met so far.
                    sum += self.plain(row, path.end)?.number().map_or(0, nano);
                }
                Some(lo.is_none_or(|lo| sum >= nano(lo)) && hi.is_none_or(|hi| sum <= nano(hi)))
            }
            _ => unreachable!("tests of many rows are listed above"),
        }
    }

    /// Answers from the declared number of rows, where they are not decided.
    fn by_degree(&self, at: RowRef, path: &Path, test: &Test) -> Option<bool> {
        let [Step::Back(child, link)] = path.steps[..] else { return None };
        let (lo, hi) = self.degrees(at, child, link);
        let (lo, hi) = (i64::from(lo), i64::from(hi));
        match test {
            Test::Count(from, to) if hi < *from || lo > *to => Some(false),
            Test::Count(from, to) if lo >= *from && hi <= *to => Some(true),
            Test::Some(inner) if lo > 0 && inner.0.is_empty() => Some(true),
            Test::Some(_) if hi == 0 => Some(false),
            Test::None(inner) if lo > 0 && inner.0.is_empty() => Some(false),
            Test::None(_) | Test::Every(_) if hi == 0 => Some(true),
            _ => None,
        }
    }

    /// Returns how many rows may point at a row, with the bound group where a partition is open.
    fn degrees(&self, at: RowRef, child: PopulationId, link: usize) -> (u32, u32) {
        let (mut lo, mut hi) = self.world.degrees(child, link, at.row);
        if let (Some((Decision::Partition(partition), _)), Some((row, group))) = (self.open, self.bound.get())
            && row == at.row
            && self.world.chain.partitions[partition].population == at.population
            && let Some(range) = super::world::has(&self.world.chain.partitions[partition].groups[group], child, link)
        {
            lo = lo.max(range.0);
            hi = hi.min(range.1);
        }
        if let (Some((Decision::Rows(open), _)), Some((row, count))) = (self.open, self.bound.get())
            && open == child
            && row == at.row
            && matches!(self.world.chain.populations[child].rows, Rows::Children(l) if l == link)
        {
            return (count as u32, count as u32);
        }
        (lo, hi)
    }

    fn plain(&self, row: RowRef, end: End) -> Option<Value> {
        match self.end(row, end) {
            Known::Value(value) => Some(value),
            Known::Row(row) => Some(Value::Integer(row.row as i64)),
            _ => None,
        }
    }

    fn one(&self, at: RowRef, path: &Path, test: &Test) -> Option<bool> {
        // A population is known from the path's type, before any row is.
        if let Test::Population(population) = test {
            return match self.value(at, path) {
                Known::Value(Value::Null) => Some(false),
                _ => Some(path.to == *population),
            };
        }
        let known = self.value(at, path);
        let own = self.own.get().unwrap_or(at);
        match (test, &known) {
            (Test::SumOf(path), _) => match &known {
                Known::Value(Value::Null) => Some(false),
                known => equal(known, &self.sum(own, path)?),
            },
            (Test::Within(set), Known::Row(row)) => {
                self.rows(own, &set.steps).map(|rows| rows.iter().any(|other| same_row(*other, *row)))
            }
            (Test::SameAs(other), _) => equal(&known, &self.value(own, other)),
            (Test::Compare(comparison, Operand::Path(other)), _) => {
                compare(*comparison, &known, &self.value(own, other))
            }
            (Test::Compare(comparison, Operand::Value(value)), _) => {
                compare(*comparison, &known, &Known::Value(value.clone()))
            }
            (Test::IsRow(index), Known::Row(row)) => Some(row.row == *index),
            (Test::OneOfRows(rows), Known::Row(row)) => Some(rows.contains(&row.row)),
            (Test::Is(Value::Null), Known::Row(_)) => Some(false),
            (_, Known::Value(Value::Null)) => Some(matches!(test, Test::Is(Value::Null))),
            (Test::Is(value), _) => equal(&known, &Known::Value(value.clone())),
            (Test::Between(lo, hi), _) => both([
                compare(Comparison::AtLeast, &known, &Known::Value(lo.clone())),
                compare(Comparison::AtMost, &known, &Known::Value(hi.clone())),
            ]),
            (Test::OneOf(values), Known::Value(value)) => Some(values.iter().any(|v| same_value(v, value))),
            (Test::Contains(part), Known::Value(value)) => Some(value.to_string().to_lowercase().contains(part)),
            (Test::Matches(pattern), Known::Value(value)) => Some(matches(pattern, &value.to_string())),
            _ => None,
        }
    }
}

fn same_row(a: RowRef, b: RowRef) -> bool {
    a.population == b.population && a.row == b.row && a.pair == b.pair
}

/// Yes when one is yes, no when all are no.
fn either(answers: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut answer = Some(false);
    for next in answers {
        match next {
            Some(true) => return Some(true),
            None => answer = None,
            Some(false) => {}
        }
    }
    answer
}

/// Yes when all are yes, no when one is no.
fn both(answers: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    either(answers.into_iter().map(|answer| answer.map(|yes| !yes))).map(|yes| !yes)
}

/// Returns the least and the greatest that a value can be, where it is one.
fn ends(known: Known) -> Option<(Value, Value)> {
    match known {
        Known::Value(value) if value != Value::Null => Some((value.clone(), value)),
        Known::Between(lo, hi) => Some((lo, hi)),
        _ => None,
    }
}

fn hull(a: Known, b: Known) -> Known {
    if a == b {
        return a;
    }
    match (ends(a), ends(b)) {
        (Some((a, b)), Some((c, d))) if order(&a, &c).is_some() => {
            let lo = if order(&a, &c) == Some(std::cmp::Ordering::Greater) { c } else { a };
            let hi = if order(&b, &d) == Some(std::cmp::Ordering::Less) { d } else { b };
            if matches!(lo, Value::Text(_) | Value::Bool(_)) { Known::Nothing } else { Known::Between(lo, hi) }
        }
        _ => Known::Nothing,
    }
}

/// Returns how two values of one kind compare; nothing for values of two kinds.
pub(super) fn order(a: &Value, b: &Value) -> Option<std::cmp::Ordering> {
    match (a, b) {
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        _ => Some(a.number()?.cmp(&b.number()?)),
    }
}

pub(super) fn same_value(a: &Value, b: &Value) -> bool {
    a == b || order(a, b) == Some(std::cmp::Ordering::Equal)
}

fn equal(a: &Known, b: &Known) -> Option<bool> {
    match (a, b) {
        (Known::Value(a), Known::Value(b)) => Some(same_value(a, b)),
        (Known::Row(a), Known::Row(b)) => Some(same_row(*a, *b)),
        (Known::Row(_), Known::Value(_)) | (Known::Value(_), Known::Row(_)) => Some(false),
        (Known::Between(lo, hi), Known::Value(value)) | (Known::Value(value), Known::Between(lo, hi)) => {
            let inside =
                order(lo, value)? != std::cmp::Ordering::Greater && order(value, hi)? != std::cmp::Ordering::Greater;
            if inside { None } else { Some(false) }
        }
        _ => None,
    }
}

fn compare(comparison: Comparison, a: &Known, b: &Known) -> Option<bool> {
    let ends = |known: &Known| match known {
        Known::Value(value) => Some((value.clone(), value.clone())),
        Known::Between(lo, hi) => Some((lo.clone(), hi.clone())),
        _ => None,
    };
    let ((a_lo, a_hi), (b_lo, b_hi)) = (ends(a)?, ends(b)?);
    let holds = |a: &Value, b: &Value| {
        let Some(order) = order(a, b) else { return false };
        match comparison {
            Comparison::AtLeast => order.is_ge(),
            Comparison::AtMost => order.is_le(),
            Comparison::Below => order.is_lt(),
            Comparison::Above => order.is_gt(),
        }
    };
    // The extreme pairs decide: if both give one answer, everything between does.
    let (first, second) = (holds(&a_lo, &b_hi), holds(&a_hi, &b_lo));
    (first == second).then_some(first)
}

fn nano(number: Decimal) -> i128 {
    let text = number.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{fraction:0<9.9}").parse().unwrap_or(0)
}

/// Whether a text is a pattern in which `*` stands for any run of characters.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

/// Returns the distance between two points in kilometres, to the metre.
///
/// Haversine on a sphere of radius 6371 km, with the software functions of `libm`, so that every
/// platform gives the same metre.
pub fn kilometres(a: (Decimal, Decimal), b: (Decimal, Decimal)) -> Decimal {
    let radians = |degrees: Decimal| degrees.to_f64() * (std::f64::consts::PI / 180.0);
    let (la, lb) = (radians(a.0), radians(b.0));
    let half = |x: f64, y: f64| {
        let sine = libm::sin((x - y) / 2.0);
        sine * sine
    };
    let h = half(la, lb) + libm::cos(la) * libm::cos(lb) * half(radians(a.1), radians(b.1));
    let metres = libm::round(2.0 * 6_371_000.0 * libm::asin(libm::sqrt(h.clamp(0.0, 1.0))));
    Decimal::new(metres as i64, 3)
}

impl World<'_> {
    /// Returns the row an option of a link stands for; the option past the last row is none.
    pub(super) fn option_row(&self, option: usize, to: PopulationId) -> Option<usize> {
        (option < self.rows(to).len()).then_some(option)
    }

    /// Whether a population's rows are made by this link.
    pub(super) fn makes_rows(&self, population: PopulationId, link: usize) -> bool {
        match self.chain.populations[population].rows {
            Rows::OnePer(l) | Rows::Children(l) => l == link,
            Rows::Pairs { .. } => self.chain.populations[population].links[link].overlays.is_none(),
            Rows::Named(_) => false,
        }
    }
}

/// Whether a test compares with another path of the tested row.
pub(super) fn has_path(test: &Test) -> bool {
    match test {
        Test::Within(_) | Test::SameAs(_) | Test::SumOf(_) => true,
        Test::Compare(_, operand) => matches!(operand, Operand::Path(_)),
        Test::Not(test) => has_path(test),
        Test::All(tests) => tests.iter().any(has_path),
        _ => false,
    }
}
