//! Arithmetic: sums and products, exact where all is decided and between two ends where it is not.

use super::{Evaluator, Known, RowRef, ends};
use crate::scenario::{CaseRows, End, Generator, Path, PopulationId, Step};
use crate::value::{Decimal, Value};

impl Evaluator<'_, '_> {
    /// Returns the sum of what a path leads to, as far as it is known; nothing when no end of it is.
    /// A row without a value adds nothing.
    pub(in crate::generate) fn sum(&self, at: RowRef, path: &Path) -> Option<Known> {
        let declared = || if let End::Column(column) = path.end { self.range(path.to, column, 0) } else { None };
        let Some(rows) = self.rows(at, &path.steps) else {
            return self.sum_by_degree(at, path, declared()?);
        };
        let ends = rows.into_iter().map(|row| match self.end(row, path.end) {
            Known::Value(Value::Null) => Some((Value::Integer(0), Value::Integer(0))),
            known => ends(known).or_else(declared),
        });
        // Every row is asked, so that it is known which open rows the sum depends on.
        let ends: Vec<_> = ends.collect();
        let mut sum = (Value::Integer(0), Value::Integer(0));
        for part in ends {
            sum = part.and_then(|(lo, hi)| Some((plus(&sum.0, &lo)?, plus(&sum.1, &hi)?)))?;
        }
        Some(between(sum.0, sum.1))
    }

    /// Bounds a sum by the declared number of rows, where they are not decided.
    fn sum_by_degree(&self, at: RowRef, path: &Path, (least, most): (Value, Value)) -> Option<Known> {
        let [Step::Back(child, link)] = path.steps[..] else { return None };
        let (lo, hi) = self.degrees(at, child, link);
        let corner = |count: u32, value: &Value| times(&Value::Integer(i64::from(count)), value);
        let is_negative = |value: &Value| value.number().is_some_and(|number| number < Decimal::whole(0));
        let least = corner(if is_negative(&least) { hi } else { lo }, &least)?;
        let most = corner(if is_negative(&most) { lo } else { hi }, &most)?;
        Some(between(least, most))
    }

    /// Returns the least and the greatest number a column can hold, from what is declared; a missing
    /// one counts as 0.
    fn range(&self, population: PopulationId, column: usize, depth: usize) -> Option<(Value, Value)> {
        if depth > 8 {
            return None;
        }
        let mut cases = self.world.chain.populations[population].columns[column].cases.iter();
        let of = |case: &crate::scenario::Case| self.generator_range(population, &case.generator, depth);
        let first = of(cases.next()?)?;
        let all = cases.try_fold(first, |range, case| Some(wider(range, of(case)?)))?;
        let whole = self.world.chain.populations[population].columns[column].cases[0].rows == CaseRows::All;
        Some(if whole { all } else { wider(all, zero()) })
    }

    /// Whether a path of links leads to a row from every row.
    fn leads_somewhere(&self, path: &Path) -> bool {
        let mut at = path.from;
        path.steps.iter().all(|step| match step {
            Step::Link(link) => {
                let link = &self.world.chain.populations[at].links[*link];
                at = link.to;
                link.is_everybodys()
            }
            Step::Back(..) => false,
        })
    }

    fn generator_range(&self, population: PopulationId, generator: &Generator, depth: usize) -> Option<(Value, Value)> {
        let number = |value: &Value| match value {
            Value::Null => Some(zero()),
            value => value.number().map(|_| (value.clone(), value.clone())),
        };
        match generator {
            Generator::Constant(value) => number(value),
            Generator::Integer(lo, hi) => Some((Value::Integer(*lo), Value::Integer(*hi))),
            Generator::Decimal(lo, hi, places) => Some((decimal(*lo, *places), decimal(*hi, *places))),
            Generator::Copy(path) => match path.end {
                End::Column(column) => {
                    let range = self.range(path.to, column, depth + 1)?;
                    Some(if self.leads_somewhere(path) { range } else { wider(range, zero()) })
                }
                _ => None,
            },
            Generator::ProductOf(factors) => factors.iter().try_fold(one(), |product, path| match path.end {
                End::Column(column) => corners(&product, &self.range(population, column, depth + 1)?),
                _ => None,
            }),
            Generator::Alternatives(lines) => {
                let mut lines = lines.iter().map(|line| self.generator_range(population, &line.generator, depth));
                let first = lines.next()??;
                lines.try_fold(first, |range, line| Some(wider(range, line?)))
            }
            _ => None,
        }
    }

    /// Returns the product of columns of a row, as far as it is known.
    pub(in crate::generate) fn product(&self, at: RowRef, factors: &[Path], depth: usize) -> Known {
        let mut product = one();
        for path in factors {
            let End::Column(column) = path.end else { return Known::Nothing };
            let decided = at.pair.is_none() && self.world.sets[at.population].columns[column].is_some();
            let known = if decided { self.column(at, column) } else { self.undecided(at, column, depth) };
            if known == Known::Value(Value::Null) {
                return known;
            }
            let Some(known) = ends(known).and_then(|ends| corners(&product, &ends)) else { return Known::Nothing };
            product = known;
        }
        between(product.0, product.1)
    }
}

fn zero() -> (Value, Value) {
    (Value::Integer(0), Value::Integer(0))
}

fn one() -> (Value, Value) {
    (Value::Integer(1), Value::Integer(1))
}

/// Returns a decimal of so many units of ten to the minus places.
pub(super) fn decimal(units: i64, places: u8) -> Value {
    Value::Decimal(Decimal::new(units, places))
}

/// Returns the range that holds both ranges of numbers.
fn wider(a: (Value, Value), b: (Value, Value)) -> (Value, Value) {
    let lo = if b.0.number() < a.0.number() { b.0 } else { a.0 };
    let hi = if b.1.number() > a.1.number() { b.1 } else { a.1 };
    (lo, hi)
}

/// Returns the range of the products of numbers of two ranges.
fn corners(a: &(Value, Value), b: &(Value, Value)) -> Option<(Value, Value)> {
    let corners = [(&a.0, &b.0), (&a.0, &b.1), (&a.1, &b.0), (&a.1, &b.1)];
    let corners = corners.into_iter().map(|(a, b)| times(a, b)).collect::<Option<Vec<_>>>()?;
    let least = corners.iter().min_by_key(|value| value.number()).cloned();
    least.zip(corners.into_iter().max_by_key(Value::number))
}

fn between(lo: Value, hi: Value) -> Known {
    if lo == hi { Known::Value(lo) } else { Known::Between(lo, hi) }
}

fn plus(a: &Value, b: &Value) -> Option<Value> {
    if let (Value::Integer(a), Value::Integer(b)) = (a, b) {
        return a.checked_add(*b).map(Value::Integer);
    }
    a.number()?.plus(b.number()?).map(Value::Decimal)
}

fn times(a: &Value, b: &Value) -> Option<Value> {
    if let (Value::Integer(a), Value::Integer(b)) = (a, b) {
        return a.checked_mul(*b).map(Value::Integer);
    }
    a.number()?.times(b.number()?).map(Value::Decimal)
}
