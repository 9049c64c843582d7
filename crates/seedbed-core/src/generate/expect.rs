//! Expecting: the lists that the application should show of rows that are decided.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::decision::{changed_above, walked_by_answer};
use super::evaluate::{Evaluator, Known, RowRef, order};
use super::world::World;
use crate::dataset::{Expected, Groups};
use crate::scenario::{Answer, GroupBy, Path};
use crate::value::Value;

/// Returns every declared list: one for each row it is declared for, in their order.
pub(super) fn expected(world: &World<'_>) -> Vec<Expected> {
    let evaluator = Evaluator::new(world, None);
    world.chain.answers.iter().flat_map(|answer| lists(&evaluator, world, answer)).collect()
}

fn lists(evaluator: &Evaluator<'_, '_>, world: &World<'_>, answer: &Answer) -> Vec<Expected> {
    let all = |population| (0..world.rows(population).len()).map(move |row| RowRef { population, row, pair: None });
    let values = answer.group_by.as_ref().map(|by| (by, values(evaluator, all(answer.list.to), &by.path)));
    let until = changed_above(world.chain, &walked_by_answer(world.chain, answer), answer.layer);
    let list = |subject: Option<RowRef>, rows: Vec<RowRef>| {
        let rows = listed(evaluator, world, answer, rows);
        Expected {
            scenario: answer.layer,
            name: answer.name.clone(),
            subject: subject.map(|at| (at.population, at.row)),
            block: answer.list.to,
            groups: values.as_ref().map(|(by, values)| grouped(evaluator, by, values, &rows)),
            rows,
            same_for_any_workers: answer.persona_scope,
            until,
        }
    };
    match answer.for_each {
        None => vec![list(None, all(answer.list.to).collect())],
        Some(population) => all(population)
            .map(|at| list(Some(at), evaluator.rows(at, &answer.list.steps).unwrap_or_default()))
            .collect(),
    }
}

/// Returns the values that a path ends in from these rows, each once, in order; no value is one too.
fn values(evaluator: &Evaluator<'_, '_>, rows: impl Iterator<Item = RowRef>, by: &Path) -> Vec<Value> {
    rows.map(|at| value(evaluator, at, by)).collect::<BTreeSet<Value>>().into_iter().collect()
}

fn value(evaluator: &Evaluator<'_, '_>, at: RowRef, by: &Path) -> Value {
    if let Known::Value(value) = evaluator.value(at, by) { value } else { Value::Null }
}

/// Returns the listed rows by value; a value that none of them has is there with no row.
fn grouped(evaluator: &Evaluator<'_, '_>, by: &GroupBy, values: &[Value], listed: &[usize]) -> Groups {
    let of = |wanted: &Value| {
        let at = |row: usize| RowRef { population: by.path.from, row, pair: None };
        let own = |row: &usize| value(evaluator, at(*row), &by.path) == *wanted;
        listed.iter().copied().filter(own).collect()
    };
    Groups { by: by.name.clone(), rows: values.iter().map(|value| (value.clone(), of(value))).collect() }
}

/// Returns which of the rows are listed, each once, in order.
fn listed(evaluator: &Evaluator<'_, '_>, world: &World<'_>, answer: &Answer, mut rows: Vec<RowRef>) -> Vec<usize> {
    rows.retain(|at| evaluator.holds(*at, &answer.condition) == Some(true));
    let value = |at: &RowRef, path: &Path| match evaluator.value(*at, path) {
        Known::Value(Value::Null) => None,
        Known::Value(value) => Some(value),
        _ => None,
    };
    let mut keyed: Vec<(Vec<Option<Value>>, Vec<Value>, usize)> = rows
        .iter()
        .map(|at| {
            let values = answer.order.iter().map(|(_, path)| value(at, path)).collect();
            (values, world.key(at.population, at.row), at.row)
        })
        .collect();
    keyed.sort_by(|(a, a_key, _), (b, b_key, _)| {
        let by_value = answer.order.iter().zip(a.iter().zip(b)).map(|((descending, _), (a, b))| match (a, b) {
            (Some(a), Some(b)) if *descending => order(b, a).unwrap_or(Ordering::Equal),
            (Some(a), Some(b)) => order(a, b).unwrap_or(Ordering::Equal),
            // A row without the value comes last, whichever way the others are ordered.
            (a, b) => a.is_none().cmp(&b.is_none()),
        });
        by_value.fold(Ordering::Equal, Ordering::then).then_with(|| a_key.cmp(b_key))
    });
    let mut listed: Vec<usize> = keyed.into_iter().map(|(_, _, row)| row).collect();
    // A row that is reached in two ways has the same place twice, one behind the other.
    listed.dedup();
    listed
}
