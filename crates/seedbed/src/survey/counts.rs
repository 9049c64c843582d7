//! Counts: how many rows of others there are, and where the counters of keys are to go.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_core::plan::diff::Keys;
use seedbed_core::plan::{CounterMove, Key, Plan};
use seedbed_core::schema::{Column, ColumnKind, Schema, Table};

use super::{Aim, Basis, Known, Question};
use crate::counters;
use crate::database::{Database, Failure};
use crate::further;
use crate::sql::{self, Counted, Dialect, Span};
use crate::state::{FurtherKeys, Seeded};

/// Which tables hold rows of others.
pub(super) struct Others {
    /// How many rows of the tables of the dataset are not ours.
    pub(super) rows: u64,
    /// The tables that hold no rows but ours.
    pub(super) ours_alone: BTreeSet<String>,
}

impl Others {
    /// Counts the rows of the tables of the dataset, and looks whether there are any in the tables that may
    /// refer to rows of ours.
    pub(super) fn count(
        database: &mut dyn Database,
        basis: &Basis,
        schema: &Schema,
        ours: &Keys,
    ) -> std::result::Result<Self, Failure> {
        let count = |table: &str| ours.get(table).map_or(0, BTreeSet::len) as u64;
        let there = |table: &&str| schema.tables.contains_key(*table);
        let written: Vec<&str> = basis.written.iter().map(String::as_str).filter(there).collect();
        let referring = basis.links.iter().filter(|link| basis.keys.contains_key(&link.to)).map(|link| &*link.from);
        let referring = referring.filter(|table| !basis.written.contains(*table) && !ours.contains_key(*table));
        let referring: BTreeSet<&str> = referring.filter(there).collect();
        let mut others = Self { rows: 0, ours_alone: BTreeSet::new() };
        if written.is_empty() && referring.is_empty() {
            return Ok(others);
        }
        let cells = |keys: &[FurtherKeys]| keys.iter().map(FurtherKeys::cells).collect::<Vec<_>>();
        let further = basis.further.iter().map(|(table, keys)| (&**table, (&**keys, cells(keys))));
        let further: BTreeMap<&str, _> = further.collect();
        let told_by_key = |name: &str| {
            let table = &schema.tables[name];
            let (column, runs) = runs_of_key(table, further.get(name)?.0)?;
            let ColumnKind::Integer { bits } = column.kind else { return None };
            Some(Counted::Among(table, &column.name, gaps(runs, bits)))
        };
        let beside = written.iter().copied().map(|name| match further.get(name) {
            None => Counted::All(name),
            Some((keys, cells)) => {
                told_by_key(name).unwrap_or_else(|| Counted::Beside(&schema.tables[name], further::runs(keys, cells)))
            }
        });
        // Where its key does not tell whose a row is, others may stand in the runs too.
        let mixed = |name: &&str| further.contains_key(*name) && told_by_key(name).is_none();
        let mixed: Vec<&str> = written.iter().copied().filter(mixed).collect();
        let counted = beside.chain(mixed.iter().map(|name| Counted::All(name)));
        let statement = sql::count(database.dialect(), counted, referring.iter().copied());
        let found = database.read(&statement.sql, &statement.values)?;
        let mut found = found.iter().flatten().map(|cell| cell.as_integer().unwrap_or_default() as u64);
        let beside: BTreeMap<&str, u64> = written.iter().copied().zip(found.by_ref()).collect();
        others.rows = beside.iter().map(|(table, rows)| rows.saturating_sub(count(table))).sum();
        for (table, all) in mixed.iter().zip(found.by_ref()) {
            let recorded: u64 = further[table].0.iter().map(|keys| keys.rows).sum();
            others.rows += (all - beside[table]).saturating_sub(recorded);
        }
        let alone =
            beside.into_iter().filter(|(table, _)| !mixed.contains(table)).chain(referring.into_iter().zip(found));
        let alone = alone.filter(|(table, rows)| *rows == count(table)).map(|(table, _)| table.to_owned());
        others.ours_alone = alone.collect();
        Ok(others)
    }
}

/// Returns the column of runs that are all of a table's only key column, a number, and the runs.
fn runs_of_key<'a>(table: &'a Table, further: &[FurtherKeys]) -> Option<(&'a Column, Vec<Span>)> {
    let [key] = &table.primary_key[..] else { return None };
    let run = |keys: &FurtherKeys| {
        let (first, last) = keys.cells();
        Some((first.as_integer()?, last.as_integer()?)).filter(|_| keys.column == *key)
    };
    Some((table.column(key)?, further.iter().map(run).collect::<Option<_>>()?))
}

/// Returns the spans between these, and around them, of numbers of so many bits.
fn gaps(mut spans: Vec<Span>, bits: u8) -> Vec<Span> {
    spans.sort_unstable();
    let most = i64::MAX >> (64 - bits);
    let (mut gaps, mut from) = (Vec::new(), -most - 1);
    for (first, last) in spans {
        gaps.push((from, first.saturating_sub(1)));
        from = last.saturating_add(1);
    }
    gaps.push((from, most));
    gaps
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
                        Dialect::Postgres => largest(database, basis, table, &[])?.map_or(end, |last| last.max(end)),
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
                let last = largest(database, basis, &table, &gone)?;
                let recorded = known.seeded_in(&question.levels).filter_map(|seeded| seeded.keys.get(&table));
                let ends = recorded.flat_map(|keys| {
                    let further = keys.further.iter().filter_map(|further| counters::end_behind(&further.cells().1));
                    further.chain(counters::end_of_range(&keys.keys))
                });
                let end = ends.max();
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
    basis: &Basis,
    table: &str,
    without: &[&Key],
) -> std::result::Result<Option<i64>, Failure> {
    let further = basis.further.get(table).map(Vec::as_slice).unwrap_or_default();
    let cells: Vec<_> = further.iter().map(FurtherKeys::cells).collect();
    let further = further::runs(further, &cells);
    let shape = basis.shapes.get(table).expect("the plan names tables of the schema");
    let statement = sql::maximum(database.dialect(), &shape.table, &shape.key[0], without, &further);
    let rows = database.query(&statement.sql, &statement.values)?;
    Ok(rows.first().and_then(|row| row[0].as_integer()))
}
