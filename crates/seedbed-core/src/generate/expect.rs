//! Expecting: the lists that the application should show of rows that are decided.

use std::cmp::Ordering;

use super::evaluate::{Evaluator, Known, RowRef, order};
use super::world::World;
use crate::dataset::Expected;
use crate::scenario::{Answer, Path};
use crate::value::Value;

/// Returns every declared list: one for each row it is declared for, in their order.
pub(super) fn expected(world: &World<'_>) -> Vec<Expected> {
    let evaluator = Evaluator::new(world, None);
    world.chain.answers.iter().flat_map(|answer| lists(&evaluator, world, answer)).collect()
}

fn lists(evaluator: &Evaluator<'_, '_>, world: &World<'_>, answer: &Answer) -> Vec<Expected> {
    let all = |population| (0..world.rows(population).len()).map(move |row| RowRef { population, row, pair: None });
    let list = |subject: Option<RowRef>, rows: Vec<RowRef>| Expected {
        scenario: answer.layer,
        name: answer.name.clone(),
        subject: subject.map(|at| (at.population, at.row)),
        block: answer.list.to,
        rows: listed(evaluator, world, answer, rows),
        same_for_any_workers: answer.persona_scope,
    };
    match answer.for_each {
        None => vec![list(None, all(answer.list.to).collect())],
        Some(population) => all(population)
            .map(|at| list(Some(at), evaluator.rows(at, &answer.list.steps).unwrap_or_default()))
            .collect(),
    }
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
