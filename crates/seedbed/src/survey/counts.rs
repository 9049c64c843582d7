//! Counts: how many rows of others there are, and where the counters of keys are to go.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_core::plan::diff::Keys;
use seedbed_core::plan::{Cell, CounterMove, Key, Plan};
use seedbed_core::schema::Schema;

use super::{Aim, Basis, Known, Question};
use crate::counters;
use crate::database::{Database, Failure};
use crate::live::Shapes;
use crate::sql::{self, Dialect};
use crate::state::Seeded;

/// Returns how many rows of these tables are not ours.
pub(super) fn rows_of_others(
    database: &mut dyn Database,
    tables: &BTreeSet<String>,
    schema: &Schema,
    ours: &Keys,
) -> std::result::Result<u64, Failure> {
    let tables: Vec<&str> =
        tables.iter().filter(|table| schema.tables.contains_key(*table)).map(String::as_str).collect();
    if tables.is_empty() {
        return Ok(0);
    }
    let statement = sql::count(database.dialect(), tables.iter().copied());
    let rows = database.query(&statement.sql, &statement.values)?;
    let all: i64 = rows.iter().flatten().filter_map(Cell::as_integer).sum();
    let ours: usize = tables.iter().filter_map(|table| ours.get(*table)).map(BTreeSet::len).sum();
    Ok((all as u64).saturating_sub(ours as u64))
}

/// Plans the moves of counters; returns where they stood before our first row.
pub(super) fn counter_moves(
    database: &mut dyn Database,
    question: &Question<'_>,
    known: &Known,
    basis: &Basis,
    plan: &mut Plan,
) -> std::result::Result<BTreeMap<String, Option<i64>>, Failure> {
    let now: BTreeMap<String, i64> = database.counters()?.into_iter().collect();
    let mut before = known.counters_before.clone();
    let mut moves = Vec::new();
    match question.aim {
        Aim::Declared => {
            for (table, &end) in &basis.ends {
                let from = now.get(table).copied();
                before.entry(table.clone()).or_insert(from);
                if from.is_none_or(|from| from < end) {
                    let to = match database.dialect() {
                        Dialect::Sqlite => end,
                        // A sequence does not know which keys are in use.
                        Dialect::Postgres => {
                            largest(database, &basis.shapes, table, &[])?.map_or(end, |last| last.max(end))
                        }
                    };
                    moves.push(CounterMove { table: table.clone(), from, to: Some(to) });
                }
            }
        }
        Aim::Gone => {
            let staying = |table: &str| {
                let seeded = known.seeded.iter().enumerate();
                let ours = seeded.filter(|(index, _)| !question.levels.contains(index));
                let holds = |keys: Option<&BTreeSet<Key>>| keys.is_some_and(|keys| !keys.is_empty());
                let of_scenario = |seeded: &Seeded| holds(seeded.keys.get(table).map(|keys| &keys.keys));
                ours.filter_map(|(_, seeded)| seeded.as_deref()).any(of_scenario) || holds(basis.protected.get(table))
            };
            let leaving: Vec<String> = before.keys().filter(|table| !staying(table)).cloned().collect();
            for table in leaving {
                let stood = before.remove(&table).flatten();
                if basis.shapes.get(&table).is_none_or(|shape| shape.key.len() != 1) {
                    continue;
                }
                let gone = plan.tables.iter().filter(|part| part.table == table).flat_map(|part| &part.deletes);
                let mut gone: Vec<&Key> = gone.map(|delete| &delete.key).collect();
                gone.extend(plan.debris.iter().filter(|left| left.table == table).map(|left| &left.key));
                let last = largest(database, &basis.shapes, &table, &gone)?;
                let recorded = known.seeded_in(&question.levels).filter_map(|seeded| seeded.keys.get(&table));
                let end = recorded.filter_map(|keys| counters::end_of_range(&keys.keys)).max();
                let from = now.get(&table).copied();
                let to = counters::put_back(database.dialect(), stood, from, last, end);
                if from != to {
                    moves.push(CounterMove { table, from, to });
                }
            }
        }
    }
    plan.counters = moves;
    Ok(before)
}

/// Returns the largest key of a table, these left out.
fn largest(
    database: &mut dyn Database,
    shapes: &Shapes,
    table: &str,
    without: &[&Key],
) -> std::result::Result<Option<i64>, Failure> {
    let shape = shapes.get(table).expect("the plan names tables of the schema");
    let statement = sql::maximum(database.dialect(), &shape.table, &shape.key[0], without);
    let rows = database.query(&statement.sql, &statement.values)?;
    Ok(rows.first().and_then(|row| row[0].as_integer()))
}
