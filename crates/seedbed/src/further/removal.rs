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

use super::{NAMED, REMOVE, chunks, not_ours, proves, recorded, runs, wanted};
use crate::apply::Debris;
use crate::database::Database;
use crate::debris::{Link, OwnRun, References};
use crate::error::{Error, Exit, Result, While};
use crate::live;
use crate::load::{Load, statements};
use crate::session::{Notice, Scaling};
use crate::sql;
use crate::state::{self, FurtherKeys, Seeded};
use crate::survey::{Aim, Question, Survey};
use crate::typed;

/// Further rows that are to go.
pub(super) struct Leaving {
    pub(super) table: String,
    pub(super) keys: FurtherKeys,
    /// The state that holds them.
    state: Arc<Seeded>,
}

impl Leaving {
    fn as_run(&self) -> OwnRun {
        let (table, column) = (self.table.clone(), self.keys.column.clone());
        OwnRun { scenario: 0, table, column, cells: self.keys.cells() }
    }
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

/// Removes the further rows that are to go, and what tests left on them where debris goes; says so in the states.
/// Returns which debris that was.
pub(crate) fn remove(
    database: &mut dyn Database,
    question: &Question<'_>,
    survey: &Survey,
    debris: Debris,
    program: &str,
    notice: &mut dyn FnMut(Notice),
) -> Result<BTreeSet<(String, Key)>> {
    let leaving = leaving(database, question, survey)?;
    let left = match debris {
        Debris::Goes => remove_debris(database, survey, &leaving)?,
        Debris::Stays => BTreeSet::new(),
    };
    let mut ours = recorded(survey.stored.iter().flatten().map(|seeded| &**seeded));
    let all = leaving.iter().map(|leaving| leaving.keys.rows).sum();
    let mut done = 0;
    for part in &leaving {
        let Leaving { table, keys, .. } = part;
        notice(Notice::Progress { doing: "removing", table: table.clone(), done, of: all });
        let shape = survey.schema.tables.get(table).ok_or_else(|| gone(table))?;
        clear(database, question, survey, part, shape, &ours, program)?;
        let removal = Removal { part, table: shape, tag: survey.tags.get(table) };
        match (proves(&survey.links, shape, keys), removal.made(question)) {
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
    Ok(left)
}

fn gone(table: &str) -> Error {
    Error::new(Exit::CouldNotRun, "missing-table", format!("there is no table `{table}` any more"))
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
            for (statement, _) in sql::delete(database.dialect(), rows, self.tag) {
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

/// Refuses where a row that is not ours hangs on further rows that go.
fn clear(
    database: &mut dyn Database,
    question: &Question<'_>,
    survey: &Survey,
    part: &Leaving,
    to: &Table,
    ours: &BTreeMap<String, Vec<FurtherKeys>>,
    program: &str,
) -> Result<()> {
    let to_cells = part.keys.cells();
    for link in survey.links.iter().filter(|link| leads_to(link, part)) {
        let Some(shape) = survey.shapes.get(&link.from) else { continue };
        let known = ours.get(&link.from).map(Vec::as_slice).unwrap_or_default();
        let cells: Vec<_> = known.iter().map(FurtherKeys::cells).collect();
        let (known, referring) = (runs(known, &cells), refers(link, to, part, &to_cells));
        let statement =
            sql::run::hanging(database.dialect(), &shape.columns, &shape.table, referring, &known, Some(1_000));
        let found = live::rows(database, shape, &[statement]);
        let found = found.during(|| format!("looking for rows that hang on `{}`", part.table))?;
        let left = survey.debris.get(&link.from);
        let (left, others): (Vec<Key>, Vec<Key>) =
            found.into_keys().partition(|key| left.is_some_and(|left| left.contains_key(key)));
        let by = format!("   by {}", link.columns.join(", "));
        let named = |keys: &[Key]| keys[..keys.len().min(NAMED)].to_vec();
        if !others.is_empty() {
            let message = format!("rows of other people hang on further rows of `{}` that would go", part.table);
            return Err(not_ours(message, &shape.table, &named(&others), &by).help(REMOVE));
        }
        if !left.is_empty() {
            let chain = question.dataset.scenarios[question.levels.clone()].last().map_or("", |level| &level.name);
            let message = format!("rows that tests left behind hang on further rows of `{}` that would go", part.table);
            let error = not_ours(message, &shape.table, &named(&left), &by);
            return Err(
                Error { rule: "debris-in-the-way", ..error }.help(typed::line(program, &format!("reset {chain}")))
            );
        }
    }
    Ok(())
}

/// Removes what tests left on further rows that go, and what hangs on that; returns it.
fn remove_debris(database: &mut dyn Database, survey: &Survey, leaving: &[Leaving]) -> Result<BTreeSet<(String, Key)>> {
    let rows = || {
        let tables = survey.debris.iter();
        tables.flat_map(|(table, rows)| rows.iter().map(move |(key, row)| (table.as_str(), key, row.as_slice())))
    };
    let runs: Vec<OwnRun> = leaving.iter().map(Leaving::as_run).collect();
    let hangs = |(table, _, row): &(&str, &Key, &[Cell])| {
        survey.links.iter().filter(|link| link.from == *table).any(|link| {
            let tuple = survey.shapes.get(table).and_then(|shape| link.tuple(shape, row));
            tuple.is_some_and(|tuple| runs.iter().any(|run| run.holds(link, &tuple)))
        })
    };
    let place = |(table, key, _): (&str, &Key, &[Cell])| (table.to_owned(), key.clone());
    let mut gone: BTreeSet<(String, Key)> = rows().filter(hangs).map(place).collect();
    let references = References::new(&survey.links, &survey.shapes, rows());
    loop {
        let before = gone.len();
        let on_these = |(table, _, row): &(&str, &Key, &[Cell])| {
            references.of(table, row).any(|(link, key)| gone.contains(&(link.to.clone(), key.clone())))
        };
        let more: Vec<_> = rows().filter(on_these).map(place).collect();
        gone.extend(more);
        if gone.len() == before {
            break;
        }
    }
    let tables = parents_first(&survey.schema, gone.iter().map(|(table, _)| table.as_str()));
    for table in tables.iter().rev() {
        let shape = survey.shapes.get(table).expect("debris lies in tables of the schema");
        let keys: Vec<&Key> = gone.iter().filter(|(of, _)| of == table).map(|(_, key)| key).collect();
        let rows = sql::Rows { table: &shape.table, columns: &shape.key, tuples: &keys };
        for (statement, _) in sql::delete(database.dialect(), rows, None) {
            let removed = database.execute(&statement.sql, &statement.values);
            removed.during(|| format!("removing what tests left in `{table}`"))?;
        }
    }
    Ok(gone)
}
