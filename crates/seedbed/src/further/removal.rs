//! Removing further rows: with what tests left on them, and never from under a row of other people.
//!
//! What hangs on further rows that go and is ours goes too, so children go before their parents. Where the run
//! is that of the rows referred to, others may stand in it: there the exact keys go, made once more; a row that
//! is left then hangs on a row that goes, and is found as any other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use seedbed_core::password::Hashes;
use seedbed_core::plan::diff::parents_first;
use seedbed_core::plan::{Cell, Key};
use seedbed_core::scale::Scaled;
use seedbed_core::schema::Table;
use seedbed_core::value::Value;

use super::{NAMED, REMOVE, chunks, not_ours, recorded, runs, wanted};
use crate::database::Database;
use crate::debris::Link;
use crate::error::{Error, Exit, Result, While};
use crate::load::{Load, statements};
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
/// changed; those that are wanted otherwise than they stand; and those that hang on any of these.
pub(super) fn leaving(database: &mut dyn Database, question: &Question<'_>, survey: &Survey) -> Result<Vec<Leaving>> {
    let dataset = question.dataset;
    let (mut leaving, mut staying) = (Vec::new(), Vec::new());
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
            let part = Leaving { table: table.to_owned(), keys: keys.clone(), state: Arc::clone(state) };
            if goes { leaving.push(part) } else { staying.push(part) }
        }
    }
    let mut looked_at = 0;
    while let Some(to) = leaving.get(looked_at) {
        let mut hanging = Vec::new();
        for (place, part) in staying.iter().enumerate() {
            if hangs(database, survey, part, to)? {
                hanging.push(place);
            }
        }
        leaving.extend(hanging.into_iter().rev().map(|place| staying.remove(place)));
        looked_at += 1;
    }
    let order = parents_first(&survey.schema, leaving.iter().map(|leaving| leaving.table.as_str()));
    leaving.sort_by_key(|leaving| std::cmp::Reverse(order.iter().position(|table| *table == leaving.table)));
    Ok(leaving)
}

/// Whether some of these further rows refer to some of those.
fn hangs(database: &mut dyn Database, survey: &Survey, part: &Leaving, to: &Leaving) -> Result<bool> {
    let (Some(table), Some(to_table)) = (survey.schema.tables.get(&part.table), survey.schema.tables.get(&to.table))
    else {
        return Ok(false);
    };
    let (cells, to_cells) = (part.keys.cells(), to.keys.cells());
    for link in survey.links.iter().filter(|link| link.from == part.table && leads_to(link, to)) {
        let statement = sql::run::referring(
            database.dialect(),
            table,
            run(&part.keys, &cells),
            refers(link, to_table, to, &to_cells),
        );
        let found = database.query(&statement.sql, &statement.values);
        if !found.during(|| format!("looking for rows that hang on `{}`", to.table))?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn leads_to(link: &Link, part: &Leaving) -> bool {
    link.to == part.table && link.loose.is_none()
}

fn run<'r>(keys: &'r FurtherKeys, (first, last): &'r (Cell, Cell)) -> sql::run::Run<'r> {
    sql::run::Run { column: &keys.column, first, last }
}

fn refers<'r>(link: &'r Link, to: &'r Table, part: &'r Leaving, cells: &'r (Cell, Cell)) -> sql::run::Referring<'r> {
    let (columns, to_columns) = (&link.columns, &link.to_columns);
    sql::run::Referring { columns, to, to_columns, run: run(&part.keys, cells) }
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
    let leaving = leaving(database, question, survey)?;
    let mut ours = recorded(survey.stored.iter().flatten().map(|seeded| &**seeded));
    let all = leaving.iter().map(|leaving| leaving.keys.rows).sum();
    let mut done = 0;
    for part in &leaving {
        let Leaving { table, keys, .. } = part;
        notice(Notice::Progress { doing: "removing", table: table.clone(), done, of: all });
        let shape = survey.schema.tables.get(table).ok_or_else(|| gone(table))?;
        clear(database, survey, part, shape, &ours, debris_goes)?;
        let removal = Removal { part, table: shape, tag: survey.tags.get(table) };
        match (proves(survey, part, shape), removal.made(question)) {
            (true, _) => removal.run(database)?,
            (false, Some((scaled, population))) => removal.exactly(database, question, &scaled, population)?,
            (false, None) => removal.counted(database)?,
        }
        // Whatever stands there from now on is somebody else's.
        ours.entry(table.clone()).or_default().retain(|known| known != keys);
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

/// Whether the run itself proves whose a row in it is: it is the whole key, and nothing else gives it its values.
fn proves(survey: &Survey, part: &Leaving, table: &Table) -> bool {
    let column = std::slice::from_ref(&part.keys.column);
    table.primary_key == column
        && !survey.links.iter().any(|link| link.from == part.table && link.columns.contains(&part.keys.column))
}

/// The removal of further rows that nothing hangs on any more.
struct Removal<'a> {
    part: &'a Leaving,
    table: &'a Table,
    tag: Option<&'a (String, Cell)>,
}

impl Removal<'_> {
    /// Returns what makes these very rows, where it is at hand.
    fn made(&self, question: &Question<'_>) -> Option<(Scaled, usize)> {
        let (Leaving { table, keys, state }, Some(Scaling { scaled, standing, .. })) = (self.part, question.scale)
        else {
            return None;
        };
        [Some(scaled), standing].into_iter().flatten().find_map(|scaled| {
            let of_part = |rows: &seedbed_core::scale::Rows| rows.population == keys.population && rows.table == *table;
            let population = scaled.rows.iter().position(of_part)?;
            let same = wanted(scaled, population, self.table, state.as_of).as_ref() == Some(keys);
            same.then(|| (scaled.at(state.as_of), population))
        })
    }

    /// Removes all that stands in the run.
    fn run(&self, database: &mut dyn Database) -> Result<()> {
        let cells = self.part.keys.cells();
        let run = run(&self.part.keys, &cells);
        if let Some(tag) = self.tag {
            tagged(database, self.table, run, tag)?;
        }
        self.delete(database, run)
    }

    fn delete(&self, database: &mut dyn Database, run: sql::run::Run<'_>) -> Result<()> {
        let statement = sql::run::delete(database.dialect(), self.table, run, self.tag);
        let removed = database.execute(&statement.sql, &statement.values);
        removed.map(drop).during(|| format!("removing further rows of `{}`", self.table.name))
    }

    /// Removes the rows that were made, a few blocks at a time, and no other in their run.
    fn exactly(
        &self,
        database: &mut dyn Database,
        question: &Question<'_>,
        scaled: &Scaled,
        population: usize,
    ) -> Result<()> {
        let (table, passwords) = (self.table, no_hashes(question));
        let doing = || format!("removing further rows of `{}`", table.name);
        let names = &scaled.rows[population].columns;
        let place = |name: &String| names.iter().position(|column| column == name);
        let places: Option<Vec<usize>> = table.primary_key.iter().map(place).collect();
        let Some(places) = places.filter(|places| !places.is_empty()) else { return self.counted(database) };
        for blocks in chunks(scaled, population) {
            let load = Load { scaled, population, table, passwords: &passwords, blocks };
            let made = statements::cells(&load).during(doing)?;
            let made: BTreeSet<Key> =
                made.iter().map(|row| places.iter().map(|place| row[*place].clone()).collect()).collect();
            let rows = sql::Rows { table, columns: &table.primary_key, tuples: &made.iter().collect::<Vec<_>>() };
            for statement in sql::delete(database.dialect(), rows, self.tag) {
                database.execute(&statement.sql, &statement.values).during(doing)?;
            }
        }
        Ok(())
    }

    /// Removes what stands in the run where that are as many rows as were recorded; which of more are ours, nobody
    /// knows who has not the scenario as it was.
    fn counted(&self, database: &mut dyn Database) -> Result<()> {
        let FurtherKeys { population, rows, .. } = &self.part.keys;
        let cells = self.part.keys.cells();
        let run = run(&self.part.keys, &cells);
        let statement = sql::run::count(database.dialect(), self.table, run);
        let counted = database.query(&statement.sql, &statement.values);
        let counted = counted.during(|| format!("counting the further rows of `{}`", self.table.name))?;
        let counted = counted.first().and_then(|row| row[0].as_integer()).unwrap_or(0) as u64;
        if counted == *rows {
            return self.delete(database, run);
        }
        let message = format!(
            "{counted} rows of `{}` stand where {rows} further rows of `{population}` were seeded",
            self.table.name
        );
        Err(Error::new(Exit::NotOurs, "rows-not-ours", message).help(format!(
            "clean up with the scenario `{}` as it was seeded: it tells which are ours",
            self.part.state.scenario
        )))
    }
}

/// Returns an empty hash for every password: keys have none.
fn no_hashes(question: &Question<'_>) -> Hashes {
    let rows = question.dataset.blocks.iter().flat_map(|block| &block.rows);
    let values = rows.flat_map(|row| row.values.iter().chain(row.overlays.iter().map(|(_, _, value)| value)));
    let hash = |value: &Value| match value {
        Value::Password(password) => Some((Arc::clone(password), Arc::from(""))),
        _ => None,
    };
    values.filter_map(hash).collect()
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
    shape: &Table,
    ours: &BTreeMap<String, Vec<FurtherKeys>>,
    debris_goes: bool,
) -> Result<()> {
    let to_cells = part.keys.cells();
    for link in survey.links.iter().filter(|link| leads_to(link, part)) {
        let Some(table) = survey.schema.tables.get(&link.from) else { continue };
        let known = ours.get(&link.from).map(Vec::as_slice).unwrap_or_default();
        let cells: Vec<_> = known.iter().map(FurtherKeys::cells).collect();
        let known = runs(known, &cells);
        let referring = refers(link, shape, part, &to_cells);
        let columns: Vec<String> = match &table.primary_key[..] {
            [] => table.columns.iter().map(|column| column.name.clone()).collect(),
            key => key.to_vec(),
        };
        let limit = if link.owner && debris_goes { 1_000 } else { NAMED };
        loop {
            let statement = sql::run::hanging(database.dialect(), &columns, table, referring, &known, limit);
            let found = database.query(&statement.sql, &statement.values);
            let found = found.during(|| format!("looking for rows that hang on `{}`", part.table))?;
            if found.is_empty() {
                break;
            }
            if !(link.owner && debris_goes) || table.primary_key.is_empty() {
                let message = format!("rows of other people hang on further rows of `{}` that would go", part.table);
                let by = format!("   by {}", link.columns.join(", "));
                return Err(not_ours(message, table, &found, &by).help(REMOVE));
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
