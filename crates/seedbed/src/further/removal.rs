//! Removing further rows: with what tests left on them, and never from under a row of other people.

use std::collections::BTreeMap;
use std::sync::Arc;

use seedbed_core::plan::Cell;
use seedbed_core::plan::diff::parents_first;
use seedbed_core::schema::Table;

use super::{NAMED, REMOVE, not_ours, recorded, runs, wanted};
use crate::database::Database;
use crate::debris::Link;
use crate::error::{Error, Exit, Result, While};
use crate::session::{Notice, Scaling};
use crate::sql;
use crate::state::{self, FurtherKeys, Seeded};
use crate::survey::{Aim, Question, Survey};

/// Further rows that are to go.
pub(super) struct Leaving {
    pub(super) table: String,
    pub(super) keys: FurtherKeys,
    /// The state that holds them.
    state: Arc<Seeded>,
}

/// Returns the further rows that are to go: those of levels that go, with those below whose links these levels
/// changed; and those that are wanted otherwise than they stand.
pub(super) fn leaving(question: &Question<'_>, survey: &Survey) -> Vec<Leaving> {
    let dataset = question.dataset;
    let mut leaving = Vec::new();
    for (scenario, stored) in survey.stored.iter().enumerate() {
        let Some(state) = stored else { continue };
        for (table, keys) in state.further() {
            let block =
                dataset.blocks.iter().position(|block| block.population == keys.population && block.table == table);
            let inside = question.levels.contains(&scenario);
            let goes = match (question.aim, question.scale) {
                (Aim::Gone, _) => {
                    let changed = |block: usize| {
                        let overlays = dataset.blocks[block].rows.iter().flat_map(|row| &row.overlays);
                        overlays.into_iter().any(|(_, scenario, _)| question.levels.contains(scenario))
                    };
                    inside || block.is_some_and(changed)
                }
                (Aim::Declared, Some(Scaling { scaled, .. })) if inside => {
                    let wanted = block
                        .and_then(|block| wanted(scaled, block, survey.schema.tables.get(table)?, survey.clock.as_of));
                    wanted.as_ref() != Some(keys)
                }
                (Aim::Declared, _) => false,
            };
            if goes {
                leaving.push(Leaving { table: table.to_owned(), keys: keys.clone(), state: Arc::clone(state) });
            }
        }
    }
    let order = parents_first(&survey.schema, leaving.iter().map(|leaving| leaving.table.as_str()));
    leaving.sort_by_key(|leaving| std::cmp::Reverse(order.iter().position(|table| *table == leaving.table)));
    leaving
}

/// Removes the further rows that are to go, and what tests left on them; says so in the states. Returns whether
/// there were any.
pub(crate) fn remove(
    database: &mut dyn Database,
    question: &Question<'_>,
    survey: &Survey,
    debris_goes: bool,
    notice: &mut dyn FnMut(Notice),
) -> Result<bool> {
    let leaving = leaving(question, survey);
    let ours = recorded(survey.stored.iter().flatten().map(|seeded| &**seeded));
    for part in &leaving {
        clear(database, survey, part, &ours, debris_goes)?;
    }
    let all = leaving.iter().map(|leaving| leaving.keys.rows).sum();
    let mut done = 0;
    for Leaving { table, keys, .. } in &leaving {
        notice(Notice::Progress { doing: "removing", table: table.clone(), done, of: all });
        let shape = survey.schema.tables.get(table).ok_or_else(|| gone(table))?;
        let (first, last) = keys.cells();
        let run = sql::run::Run { column: &keys.column, first: &first, last: &last };
        let tag = survey.tags.get(table);
        if let Some(tag) = tag {
            tagged(database, shape, run, tag)?;
        }
        let statement = sql::run::delete(database.dialect(), shape, run, tag);
        database.execute(&statement.sql, &statement.values).during(|| format!("removing further rows of `{table}`"))?;
        done += keys.rows;
    }
    let mut states: BTreeMap<&str, Seeded> = BTreeMap::new();
    for Leaving { table, keys, state } in &leaving {
        let state = states.entry(&state.scenario).or_insert_with(|| (**state).clone());
        if let Some(of_table) = Arc::make_mut(&mut state.keys).get_mut(table) {
            of_table.further.retain(|known| known != keys);
        }
    }
    for state in states.values() {
        state::put(database, state).during(|| "recording what was removed".into())?;
    }
    Ok(!leaving.is_empty())
}

fn gone(table: &str) -> Error {
    Error::new(Exit::CouldNotRun, "missing-table", format!("there is no table `{table}` any more"))
}

/// Refuses where a row on one of our keys has lost its tag.
fn tagged(database: &mut dyn Database, table: &Table, run: sql::run::Run<'_>, tag: &(String, Cell)) -> Result<()> {
    let statement = sql::run::untagged(database.dialect(), &table.primary_key, table, run, tag, NAMED);
    let found = database.query(&statement.sql, &statement.values);
    let found = found.during(|| format!("looking at the tags of `{}`", table.name))?;
    if found.is_empty() {
        return Ok(());
    }
    let message = format!("rows of `{}` stand on keys of ours without the tag", table.name);
    Err(not_ours(message, table, &found, "")
        .help(format!("give them their `{}` back, or remove them in the application", tag.0)))
}

/// Clears what hangs on further rows that go: removes what tests left there, and refuses where a row of other
/// people does.
fn clear(
    database: &mut dyn Database,
    survey: &Survey,
    part: &Leaving,
    ours: &BTreeMap<String, Vec<FurtherKeys>>,
    debris_goes: bool,
) -> Result<()> {
    let by_key =
        |link: &&Link| link.to == part.table && link.loose.is_none() && link.to_columns == [part.keys.column.clone()];
    for link in survey.links.iter().filter(by_key) {
        let ([column], Some(table)) = (&link.columns[..], survey.schema.tables.get(&link.from)) else { continue };
        let known = ours.get(&link.from).map(Vec::as_slice).unwrap_or_default();
        let cells: Vec<_> = known.iter().map(FurtherKeys::cells).collect();
        let known = runs(known, &cells);
        let (first, last) = part.keys.cells();
        let run = sql::run::Run { column, first: &first, last: &last };
        let limit = if link.owner && debris_goes { 1_000 } else { NAMED };
        loop {
            let statement = sql::run::strangers(database.dialect(), &table.primary_key, table, run, &known, limit);
            let found = database.query(&statement.sql, &statement.values);
            let found = found.during(|| format!("looking for rows that hang on `{}`", part.table))?;
            if found.is_empty() {
                break;
            }
            if !(link.owner && debris_goes) || table.primary_key.is_empty() {
                let message = format!("rows of other people hang on further rows of `{}` that would go", part.table);
                return Err(not_ours(message, table, &found, &format!("   by {column}")).help(REMOVE));
            }
            let keys: Vec<_> = found.iter().collect();
            let rows = sql::Rows { table, columns: &table.primary_key, tuples: &keys };
            for statement in sql::delete(database.dialect(), rows, None) {
                database
                    .execute(&statement.sql, &statement.values)
                    .during(|| format!("removing what tests left in `{}`", table.name))?;
            }
        }
    }
    Ok(())
}
