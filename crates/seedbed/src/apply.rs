//! Apply: a plan becomes rows, inside a transaction that the verb opened.
//!
//! Deletes go first, children before parents; then updates; then deletes of what those updates
//! let go of; then inserts, parents before children. Every statement names exact keys, and the tag
//! for rows of ours, and must touch as many rows as the plan says. What was written is read back.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_core::plan::{Cell, How, Insert, Key, Plan, Update};

use crate::database::Database;
use crate::debris::References;
use crate::error::{Error, Exit, Result, While};
use crate::live;
use crate::sql::{self, Hold, Rows};
use crate::survey::Survey;

/// Whether debris is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Debris {
    /// It stays.
    Stays,
    /// It goes.
    Goes,
}

/// Writes the rows of the plan and reads them back.
pub(crate) fn apply(database: &mut dyn Database, survey: &Survey, debris: Debris) -> Result<()> {
    let plan = &survey.plan;
    let replaced = plan.tables.iter().map(|part| {
        let replaced = part.updates.iter().filter(|update| matches!(update.how, How::Replace(_)));
        (part.table.as_str(), replaced.map(|update| &update.key).collect::<Vec<_>>())
    });
    for (table, keys) in replaced {
        delete(database, survey, table, &keys, true)?;
    }
    let (early, late) = deletes(survey, debris);
    for step in &early {
        delete(database, survey, step.table, &step.keys, step.ours)?;
    }
    for pass in [Pass::Aside, Pass::InPlace, Pass::FromAside] {
        for part in &plan.tables {
            update(database, survey, &part.table, &part.updates, pass)?;
        }
    }
    for step in &late {
        delete(database, survey, step.table, &step.keys, step.ours)?;
    }
    for part in &plan.tables {
        insert(
            database,
            survey,
            &part.table,
            &part.inserts.iter().chain(replacements(&part.updates)).collect::<Vec<_>>(),
        )?;
    }
    read_back(database, survey)
}

/// Moves the counters of the plan: the last of a run, since not every engine takes them back.
pub(crate) fn move_counters(database: &mut dyn Database, plan: &Plan) -> Result<()> {
    for counter in &plan.counters {
        database
            .set_counter(&counter.table, counter.to)
            .during(|| format!("moving the counter of `{}`", counter.table))?;
    }
    Ok(())
}

fn replacements(updates: &[Update]) -> impl Iterator<Item = &Insert> {
    updates.iter().filter_map(|update| match &update.how {
        How::Replace(insert) => Some(insert),
        How::InPlace | How::Aside(_) => None,
    })
}

/// Rows of one table that go in one step.
struct Step<'a> {
    table: &'a str,
    keys: Vec<&'a Key>,
    ours: bool,
}

/// Returns the deletes in an order in which no row goes before the rows that refer to it: those
/// before the updates, and those that an update must let go of first.
fn deletes(survey: &Survey, debris: Debris) -> (Vec<Step<'_>>, Vec<Step<'_>>) {
    let mut open: BTreeMap<(&str, &Key), (bool, &[Cell])> = BTreeMap::new();
    for part in &survey.plan.tables {
        for delete in &part.deletes {
            open.insert((&part.table, &delete.key), (true, &survey.live[&part.table].rows[&delete.key]));
        }
    }
    if debris == Debris::Goes {
        for (table, rows) in &survey.debris {
            open.extend(rows.iter().map(|(key, row)| ((table.as_str(), key), (false, row.as_slice()))));
        }
    }
    if open.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let rows = open.iter().map(|(&(table, key), &(_, row))| (table, key, row));
    let references = References::new(&survey.links, &survey.shapes, rows);
    // Rows that a row of ours refers to until it is updated, and what those refer to.
    let mut late: BTreeSet<(&str, &Key)> = BTreeSet::new();
    let mut held: Vec<(&str, &Key)> = Vec::new();
    for part in &survey.plan.tables {
        for update in part.updates.iter().filter(|update| !matches!(update.how, How::Replace(_))) {
            let row = &survey.live[&part.table].rows[&update.key];
            held.extend(references.of(&part.table, row).map(|(link, key)| (link.to.as_str(), key)));
        }
    }
    while let Some(place) = held.pop() {
        if late.insert(place) {
            let (_, row) = open[&place];
            held.extend(references.of(place.0, row).map(|(link, key)| (link.to.as_str(), key)));
        }
    }
    let (mut first, mut last) = (Vec::new(), Vec::new());
    while !open.is_empty() {
        let mut referred: BTreeSet<(&str, &Key)> = BTreeSet::new();
        for (&place, &(_, row)) in &open {
            let to = references.of(place.0, row).map(|(link, key)| (link.to.as_str(), key));
            referred.extend(to.filter(|to| *to != place));
        }
        let mut free: Vec<(&str, &Key)> = open.keys().filter(|place| !referred.contains(*place)).copied().collect();
        if free.is_empty() {
            // Rows that refer to each other in a circle go together.
            free = open.keys().copied().collect();
        }
        for (table, key) in free {
            let (ours, _) = open.remove(&(table, key)).expect("a free row is open");
            let steps: &mut Vec<Step<'_>> = if late.contains(&(table, key)) { &mut last } else { &mut first };
            match steps.last_mut() {
                Some(step) if step.table == table && step.ours == ours => step.keys.push(key),
                _ => steps.push(Step { table, keys: vec![key], ours }),
            }
        }
    }
    (first, last)
}

fn delete(database: &mut dyn Database, survey: &Survey, table: &str, keys: &[&Key], ours: bool) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let shape = survey.shapes.get(table).expect("the plan names tables of the schema");
    let tag = survey.tags.get(table).filter(|_| ours);
    let mut gone = 0;
    for statement in
        sql::delete(database.dialect(), Rows { table: &shape.table, columns: &shape.key, tuples: keys }, tag)
    {
        gone += database
            .execute(&statement.sql, &statement.values)
            .during(|| format!("removing {} rows of `{table}`", keys.len()))?;
    }
    expect_count("removing", table, keys.len(), gone, survey)
}

fn expect_count(doing: &str, table: &str, planned: usize, touched: usize, survey: &Survey) -> Result<()> {
    if planned == touched {
        return Ok(());
    }
    let message = format!("while {doing} rows of `{table}`: {planned} were planned, {touched} were touched");
    Err(with_triggers(Error::new(Exit::CouldNotRun, "count-differs", message), table, survey))
}

fn with_triggers(mut error: Error, table: &str, survey: &Survey) -> Error {
    let triggers = survey.schema.tables.get(table).map(|table| table.triggers.as_slice()).unwrap_or_default();
    if !triggers.is_empty() {
        error = error.detail(format!("triggers on `{table}`: {}", triggers.join(", ")));
    }
    error
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Aside,
    InPlace,
    FromAside,
}

fn update(database: &mut dyn Database, survey: &Survey, table: &str, updates: &[Update], pass: Pass) -> Result<()> {
    // Rows in which the same columns change go together.
    let mut groups: BTreeMap<Vec<&str>, Vec<(&Key, Vec<&Cell>)>> = BTreeMap::new();
    for update in updates {
        let after = update.changes.iter().map(|change| (change.column.as_str(), &change.after));
        let changes: Vec<(&str, &Cell)> = match (&update.how, pass) {
            (How::InPlace, Pass::InPlace) | (How::Aside(_), Pass::FromAside) => after.collect(),
            (How::Aside(aside), Pass::Aside) => aside.iter().map(|(column, cell)| (column.as_str(), cell)).collect(),
            _ => continue,
        };
        let (columns, values) = changes.into_iter().unzip();
        groups.entry(columns).or_default().push((&update.key, values));
    }
    let (mut done, all) = (0, updates.len());
    for (columns, rows) in groups {
        let shape = survey.shapes.get(table).expect("the plan names tables of the schema");
        let tag = survey.tags.get(table);
        for (statement, count) in sql::update(database.dialect(), &shape.table, &columns, &rows, &shape.key, tag) {
            let touched = database
                .execute(&statement.sql, &statement.values)
                .during(|| format!("changing rows {} to {} of {all} in `{table}`", done + 1, done + count))?;
            expect_count("changing", table, count, touched, survey)?;
            done += count;
        }
    }
    Ok(())
}

fn insert(database: &mut dyn Database, survey: &Survey, table: &str, inserts: &[&Insert]) -> Result<()> {
    let mut groups: Vec<(&[String], Vec<&[Cell]>)> = Vec::new();
    for insert in inserts {
        match groups.iter_mut().find(|(columns, _)| *columns == &*insert.columns) {
            Some((_, rows)) => rows.push(&insert.values),
            None => groups.push((&insert.columns, vec![&insert.values])),
        }
    }
    let shape = &survey.schema.tables[table];
    let (mut done, all) = (0, inserts.len());
    for (columns, rows) in groups {
        if let Some((statement, lines)) = sql::copy(database.dialect(), shape, columns, &rows) {
            let doing = |row| inserting(table, done, row, rows.len(), all);
            let copied = database.copy(&statement, &lines);
            let copied = copied.map_err(|failure| Error::from_failure(&doing(failure.row), &failure))?;
            if let Some(copied) = copied {
                expect_inserted(&doing(None), rows.len(), copied)?;
                done += rows.len();
                continue;
            }
        }
        for (statement, count) in sql::insert(database.dialect(), shape, columns, &rows) {
            let doing = || inserting(table, done, None, count, all);
            let inserted = database.execute(&statement.sql, &statement.values).during(doing)?;
            expect_inserted(&doing(), count, inserted)?;
            done += count;
        }
    }
    Ok(())
}

/// Returns what is being done with the next `count` rows after `done`, or with one of them.
fn inserting(table: &str, done: usize, row: Option<usize>, count: usize, all: usize) -> String {
    match row {
        Some(row) => format!("inserting row {} of {all} into `{table}`", done + row),
        None => format!("inserting rows {} to {} of {all} into `{table}`", done + 1, done + count),
    }
}

fn expect_inserted(doing: &str, planned: usize, inserted: usize) -> Result<()> {
    if planned == inserted {
        return Ok(());
    }
    Err(Error::new(Exit::CouldNotRun, "count-differs", format!("while {doing}: {inserted} were touched")))
}

/// Reads every written row again and compares it with what the plan says.
fn read_back(database: &mut dyn Database, survey: &Survey) -> Result<()> {
    for part in &survey.plan.tables {
        let mut expected: BTreeMap<&Key, Vec<(&str, &Cell)>> = BTreeMap::new();
        for insert in part.inserts.iter().chain(replacements(&part.updates)) {
            expected.insert(&insert.key, insert.columns.iter().map(String::as_str).zip(&insert.values).collect());
        }
        for update in part.updates.iter().filter(|update| !matches!(update.how, How::Replace(_))) {
            // What was not to change has not changed by a trigger either.
            let before = &survey.live[&part.table];
            let stays = |column: &&String| !update.changes.iter().any(|change| change.column == **column);
            let kept = survey.declared.get(&part.table).into_iter().flatten().filter(stays);
            let kept =
                kept.filter_map(|column| Some((column.as_str(), &before.rows[&update.key][before.position(column)?])));
            let changes = update.changes.iter().map(|change| (change.column.as_str(), &change.after));
            expected.insert(&update.key, changes.chain(kept).collect());
        }
        if expected.is_empty() {
            continue;
        }
        let shape = survey.shapes.get(&part.table).expect("the plan names tables of the schema");
        let keys: BTreeSet<Key> = expected.keys().map(|key| (*key).clone()).collect();
        let live =
            live::by_key(database, shape, &keys, Hold::No).during(|| format!("reading `{}` back", part.table))?;
        let name = |key: &Key| seedbed_core::plan::key_text(key);
        for (key, cells) in expected {
            let Some(row) = live.rows.get(key) else {
                let message = format!("row {} of `{}` was written and is not there", name(key), part.table);
                return Err(with_triggers(Error::new(Exit::CouldNotRun, "read-back", message), &part.table, survey));
            };
            for (column, cell) in cells {
                let found = live.position(column).map(|position| &row[position]);
                if found != Some(cell) {
                    let found = found.map_or_else(String::new, ToString::to_string);
                    let message = format!(
                        "`{}`.`{column}` of row {} was written as {cell} and reads {found}",
                        part.table,
                        name(key)
                    );
                    let error = Error::new(Exit::CouldNotRun, "read-back", message);
                    return Err(with_triggers(error, &part.table, survey));
                }
            }
        }
    }
    Ok(())
}

/// Returns what a plan of this size did, for messages.
pub(crate) fn summary(plan: &Plan) -> String {
    format!(
        "{} to insert, {} to change, {} to remove",
        plan.inserts(),
        plan.updates(),
        plan.deletes() + plan.debris.len()
    )
}
