//! Candidates: values a drawn column can have instead, when those drawn do not hold a fact.
//!
//! The constants that tests compare with cut a column's range into pieces inside which no test can
//! tell two values apart; one value of each piece, and each constant itself, is a candidate.

use super::decision::{OptionKind, Options, is_choice};
use super::draw::{Drawer, case_of};
use super::evaluate::{Evaluator, Known, RowRef};
use super::world::World;
use crate::scenario::{Chain, Generator, Operand, PopulationId, Term, Test, Where};
use crate::source::Span;
use crate::value::{Decimal, Value};

/// How many candidates a row has at most.
const MOST: usize = 64;
/// Of a range with fewer values than this, each is a candidate.
const FEW: i64 = 32;

/// Returns the candidates of each row, its first draw first; none for rows that nothing draws.
pub(super) fn candidates(world: &World<'_>, population: PopulationId, column: usize) -> Vec<Vec<Value>> {
    let mut rows = Rows::new(world, population, column);
    (0..world.rows(population).len())
        .map(|row| {
            case_of(world, population, column, row)
                .map_or_else(Vec::new, |(generator, span)| rows.of(row, generator, span))
        })
        .collect()
}

/// Finds the candidates of the rows of a column.
pub(super) struct Rows<'w, 'a> {
    world: &'w World<'a>,
    drawer: Drawer<'w, 'a>,
    constants: Vec<Value>,
}

impl<'w, 'a> Rows<'w, 'a> {
    pub(super) fn new(world: &'w World<'a>, population: PopulationId, column: usize) -> Self {
        Self { world, drawer: Drawer::new(world, population, column, 0), constants: constants(world.chain) }
    }

    /// Returns the candidates of a row for a generator; none where it does not draw from a range.
    pub(super) fn of(&mut self, row: usize, generator: &'a Generator, span: Span) -> Vec<Value> {
        let (world, population, column) = (self.world, self.drawer.population, self.drawer.column);
        let at = RowRef { population, row, pair: None };
        let Known::Between(lo, hi) = Evaluator::new(world, None).domain(at, generator, 0) else {
            return Vec::new();
        };
        if !is_drawn(generator) {
            return Vec::new();
        }
        self.drawer.draw(&[row], generator, span);
        let first = self.drawer.values[row].clone();
        let address =
            world.address(population).text("candidate").number(world.rows(population)[row].hash).number(column as u64);
        let (Some((lo, scale)), Some((hi, _))) = (units(&lo, generator), units(&hi, generator)) else {
            return vec![first];
        };
        let mut cuts: Vec<i64> =
            self.constants.iter().filter_map(|constant| Some(units(constant, generator)?.0)).collect();
        if matches!(generator, Generator::Integer(..) | Generator::Decimal(..)) && hi - lo < FEW {
            cuts.extend(lo..=hi);
        }
        cuts.retain(|cut| (lo..=hi).contains(cut));
        cuts.sort_unstable();
        cuts.dedup();
        let mut values = vec![first];
        let mut start = lo;
        for (piece, cut) in cuts.iter().map(|cut| Some(*cut)).chain([None]).enumerate() {
            let end = cut.map_or(hi, |cut| cut - 1);
            if start <= end {
                values.push(value(address.number(piece as u64).between(start, end), scale, generator));
            }
            if let Some(cut) = cut {
                values.push(value(cut, scale, generator));
                start = cut + 1;
            }
        }
        let drawn = values[0].clone();
        let mut place = 0;
        values.retain(|value| {
            place += 1;
            place == 1 || *value != drawn
        });
        values.truncate(MOST);
        values
    }
}

/// Whether the candidates of a column are all the values it can have.
///
/// Where they are not, a failure proves nothing: a comparison of two paths, a sum or a count of
/// different values can tell values between the same constants apart.
pub(super) fn are_all(world: &World<'_>, population: PopulationId, column: usize) -> bool {
    let cases = &world.chain.populations[population].columns[column].cases;
    let few = |generator: &Generator| matches!(generator, Generator::Integer(lo, hi) | Generator::Decimal(lo, hi, _) if hi - lo < FEW);
    let is_all = |generator: &Generator| few(generator) || !is_drawn(generator);
    cases.iter().all(|case| match &case.generator {
        Generator::Alternatives(lines) => {
            lines.iter().all(|line| is_all(&line.generator) && !is_choice(&line.generator))
        }
        generator => is_all(generator),
    })
}

/// Returns the options of a column that is drawn again.
pub(super) fn options<'a>(draws: Vec<Vec<Value>>) -> Options<'a> {
    let width = draws.iter().map(Vec::len).max().unwrap_or(0);
    let choosers = draws.iter().map(|values| !values.is_empty()).collect();
    Options { kinds: vec![OptionKind::Draw; width], choosers, draws }
}

/// Whether a generator draws from a range.
pub(super) fn is_drawn(generator: &Generator) -> bool {
    matches!(generator, Generator::Time { .. } | Generator::Integer(..) | Generator::Decimal(..))
}

/// A value in whole units of its generator, and how many digits they stand for.
fn units(value: &Value, generator: &Generator) -> Option<(i64, u8)> {
    match (generator, value) {
        (Generator::Time { .. }, Value::Time(seconds)) => Some((*seconds, 0)),
        (Generator::Integer(..), value) => Some((value.number()?.to_integer()?, 0)),
        (Generator::Decimal(_, _, places), value) => {
            let scaled = Decimal::parse(&format!("{}e{places}", value.number()?))?;
            Some((scaled.to_integer()?, *places))
        }
        _ => None,
    }
}

fn value(units: i64, scale: u8, generator: &Generator) -> Value {
    match generator {
        Generator::Time { .. } => Value::Time(units),
        Generator::Decimal(..) => Value::Decimal(Decimal::new(units, scale)),
        _ => Value::Integer(units),
    }
}

/// Every time and number that a test of the chain compares with.
fn constants(chain: &Chain) -> Vec<Value> {
    let mut found = Vec::new();
    let conditions = chain.conditions.iter().map(|condition| &condition.meaning);
    for condition in conditions.chain(chain.ensures.iter().map(|ensure| &ensure.condition)) {
        collect(condition, &mut found);
    }
    found
}

fn collect(condition: &Where, found: &mut Vec<Value>) {
    for term in &condition.0 {
        match term {
            Term::Any(conditions) => conditions.iter().for_each(|condition| collect(condition, found)),
            Term::Test(_, test) => collect_test(test, found),
        }
    }
}

fn collect_test(test: &Test, found: &mut Vec<Value>) {
    match test {
        Test::Compare(_, Operand::Value(value)) | Test::Is(value) => found.push(value.clone()),
        Test::Between(lo, hi) => found.extend([lo.clone(), hi.clone()]),
        Test::OneOf(values) => found.extend(values.iter().cloned()),
        Test::Not(test) => collect_test(test, found),
        Test::All(tests) => tests.iter().for_each(|test| collect_test(test, found)),
        Test::Some(inner) | Test::Every(inner) | Test::None(inner) => collect(inner, found),
        _ => {}
    }
}
