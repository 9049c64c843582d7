//! Further blocks: their rows are compared, loaded and removed by runs of keys, in constant memory.
//!
//! A run holds no row of anybody else, so what stands in it is ours without a list of keys. Rows that
//! are recorded as they are wanted are compared in chunks and repaired; where another scale, another
//! as-of or another shape is declared, the run is removed and loaded anew. All of it happens in the
//! transaction of the run.

mod compare;
mod removal;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use seedbed_core::dataset::Block;
use seedbed_core::password::Hashes;
use seedbed_core::plan::desired::{Encoding, encode};
use seedbed_core::plan::diff::parents_first;
use seedbed_core::plan::{Cell, FurtherPlan, Key, RebuildPlan, key_text};
use seedbed_core::scale::Scaled;
use seedbed_core::schema::{Schema, Table};

use crate::counters;
use crate::database::{Database, FailureKind};
use crate::debris::{Link, OwnRun};
use crate::error::{Error, Exit, Result, While};
use crate::load::Load;
use crate::rebuild::{self, Candidate};
use crate::session::{Notice, Scaling};
use crate::sql;
use crate::state::{FurtherKeys, Seeded, TagValue};
use crate::survey::{Aim, Known, Question, Survey, records};

use compare::Comparison;
pub(crate) use removal::remove;
use removal::{Leaving, leaving};

/// So many rows are compared at once.
const CHUNK: u64 = 5_000;
/// What a person does about rows of other people.
const REMOVE: &str = "remove these in the application, then run it again";
/// So many rows that are in the way are named.
const NAMED: usize = 5;

/// The further rows that a run is about.
pub(crate) struct Further {
    scaled: Scaled,
    rebuild: bool,
    passwords: Hashes,
    parts: Vec<Part>,
}

/// The further rows of a population.
struct Part {
    /// Index of the population.
    population: usize,
    table: String,
    keys: FurtherKeys,
    /// They stand as recorded, so they are compared; otherwise they are loaded.
    stands: bool,
    /// Some that stand are not as declared.
    differs: bool,
}

impl FurtherKeys {
    pub(crate) fn cells(&self) -> (Cell, Cell) {
        (self.first.to_cell(), self.last.to_cell())
    }
}

/// Returns the further rows of each table as statements name them.
pub(crate) fn runs<'r>(keys: &'r [FurtherKeys], cells: &'r [(Cell, Cell)]) -> Vec<sql::run::Run<'r>> {
    let run = |(keys, (first, last)): (&'r FurtherKeys, &'r (Cell, Cell))| sql::run::Run {
        column: &keys.column,
        first,
        last,
    };
    keys.iter().zip(cells).map(run).collect()
}

/// Returns the further rows that this seeded scenario and others recorded, by table.
pub(crate) fn recorded<'s>(seeded: impl Iterator<Item = &'s Seeded>) -> BTreeMap<String, Vec<FurtherKeys>> {
    let mut all: BTreeMap<String, Vec<FurtherKeys>> = BTreeMap::new();
    for (table, keys) in seeded.flat_map(Seeded::further) {
        all.entry(table.to_owned()).or_default().push(keys.clone());
    }
    all
}

/// Returns the further rows of this worker that are told by their keys alone.
pub(crate) fn own_runs(seeded: &[Option<Arc<Seeded>>], schema: &Schema, links: &[Link]) -> Vec<OwnRun> {
    let of_state = |(scenario, seeded): (usize, &Option<Arc<Seeded>>)| {
        let further = seeded.iter().flat_map(|seeded| seeded.further());
        let proving = further.filter(|(table, keys)| schema.tables.get(*table).is_some_and(|t| proves(links, t, keys)));
        let run = |(table, keys): (&str, &FurtherKeys)| OwnRun {
            scenario,
            table: table.to_owned(),
            column: keys.column.clone(),
            cells: keys.cells(),
        };
        proving.map(run).collect::<Vec<_>>()
    };
    seeded.iter().enumerate().flat_map(of_state).collect()
}

/// Whether a run proves whose a row in it is: it is the whole key, and nothing else gives it its values.
fn proves(links: &[Link], table: &Table, keys: &FurtherKeys) -> bool {
    table.primary_key == std::slice::from_ref(&keys.column)
        && !links.iter().any(|link| link.from == table.name && link.columns.contains(&keys.column))
}

/// How rows that stand are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looking {
    /// Each is compared.
    Closely,
    /// They are taken for what was recorded: before anything is written they are looked at again.
    Briefly,
}

/// Looks at the further rows of the levels: completes the plan and what is to be recorded. Returns what is to
/// be written; nothing where no scale is asked for.
pub(crate) fn look(
    database: &mut dyn Database,
    question: &Question<'_>,
    survey: &mut Survey,
    passwords: &Hashes,
    looking: Looking,
    notice: &mut dyn FnMut(Notice),
) -> Result<Option<Further>> {
    let leaving = leaving(database, question, survey)?;
    for Leaving { table, keys, .. } in &leaving {
        let plan = part_of(&mut survey.plan.further, &keys.population, table);
        plan.deletes += keys.rows;
    }
    let (Some(Scaling { scaled, rebuild, .. }), Aim::Declared) = (question.scale, question.aim) else {
        return Ok(None);
    };
    let mut further = Further {
        scaled: scaled.at(survey.clock.as_of),
        rebuild,
        passwords: passwords.clone(),
        parts: parts(question, survey, scaled, &leaving),
    };
    let all = further.parts.iter().map(|part| part.keys.rows).sum();
    let mut done = 0;
    for part in &mut further.parts {
        let plan = part_of(&mut survey.plan.further, &part.keys.population, &part.table);
        (plan.blocks, plan.rows) = (further.scaled.blocks, part.keys.rows);
        if part.stands && looking == Looking::Closely {
            let mut progress = |rows: u64| {
                notice(Notice::Progress { doing: "comparing", table: part.table.clone(), done: done + rows, of: all });
            };
            let comparison = Comparison {
                scaled: &further.scaled,
                part,
                table: &survey.schema.tables[&part.table],
                tag: survey.tags.get(&part.table),
                passwords,
            };
            let taken = comparison.look(database, plan, &mut progress)?;
            survey.plan.obstacles.extend(taken);
            part.differs = plan.inserts + plan.updates > 0;
        } else if !part.stands {
            plan.inserts = part.keys.rows;
            if plan.deletes == 0 {
                is_free(database, &survey.schema.tables[&part.table], &part.keys)?;
            }
        }
        done += part.keys.rows;
    }
    if further.rebuild {
        survey.plan.rebuild = further.prospect(database, survey)?;
    }
    record(&further.parts, question, survey);
    Ok(Some(further))
}

/// Returns what a plan removes.
pub(crate) fn leave(plans: &mut Vec<FurtherPlan>) -> Vec<FurtherPlan> {
    std::mem::take(plans).into_iter().filter(|plan| plan.deletes > 0).collect()
}

/// Adds what was removed before the rest was looked at.
pub(crate) fn left(plans: &mut Vec<FurtherPlan>, left: Vec<FurtherPlan>) {
    for gone in left {
        part_of(plans, &gone.population, &gone.table).deletes += gone.deletes;
    }
}

/// Notes the further rows in the states that are to be written.
fn record(parts: &[Part], question: &Question<'_>, survey: &mut Survey) {
    for (index, record) in survey.records.iter_mut().enumerate() {
        let scenario = question.levels.start + index;
        let of = |part: &&Part| question.dataset.blocks[part.population].scenario == scenario;
        let tables = Arc::make_mut(&mut record.keys);
        for keys in tables.values_mut() {
            keys.further.clear();
        }
        for part in parts.iter().filter(of) {
            tables.get_mut(&part.table).expect("every block has its keys").further.push(part.keys.clone());
        }
    }
    let stored = &survey.stored[question.levels.clone()];
    let mut pairs = survey.records.iter().zip(stored);
    survey.records_changed =
        !survey.forget.is_empty() || pairs.any(|(record, stored)| records::differs(record, stored.as_deref()));
}

fn part_of<'p>(plans: &'p mut Vec<FurtherPlan>, population: &str, table: &str) -> &'p mut FurtherPlan {
    let at = plans.iter().position(|plan| plan.population == population && plan.table == table);
    let at = at.unwrap_or_else(|| {
        plans.push(FurtherPlan { population: population.into(), table: table.into(), ..FurtherPlan::default() });
        plans.len() - 1
    });
    &mut plans[at]
}

/// Returns the further rows that the levels are to have, parents first.
fn parts(question: &Question<'_>, survey: &Survey, scaled: &Scaled, leaving: &[Leaving]) -> Vec<Part> {
    let dataset = question.dataset;
    let mut parts = Vec::new();
    for table in parents_first(&survey.schema, dataset.blocks.iter().map(|block| block.table.as_str())) {
        for (population, block) in dataset.blocks.iter().enumerate() {
            if block.table != table || !question.levels.contains(&block.scenario) {
                continue;
            }
            let Some(keys) = wanted(scaled, population, &survey.schema.tables[&table], survey.clock.as_of) else {
                continue;
            };
            let stored = survey.stored[block.scenario].as_deref();
            let stays = !leaving.iter().any(|part| part.table == table && part.keys == keys);
            let stands =
                stays && stored.is_some_and(|stored| stored.further().any(|(of, known)| of == table && *known == keys));
            parts.push(Part { population, table: table.clone(), keys, stands, differs: false });
        }
    }
    parts
}

/// Returns the keys of a population's further rows, as they are recorded.
fn wanted(scaled: &Scaled, population: usize, table: &Table, as_of: i64) -> Option<FurtherKeys> {
    let run = scaled.run(population, scaled.further())?;
    let rows = &scaled.rows[population];
    let column = table.column(&rows.columns[run.column])?;
    let encoding = Encoding { as_of, passwords: &BTreeMap::new() };
    let cell = |value| TagValue::from_cell(&encode(value, column, encoding));
    Some(FurtherKeys {
        population: rows.population.clone(),
        column: column.name.clone(),
        first: cell(&run.first)?,
        last: cell(&run.last)?,
        rows: scaled.count(population),
        blocks: scaled.blocks,
        digest: scaled.digest(population, as_of),
    })
}

/// Returns the end of the range that further keys of a block lie in, where they are numbers.
pub(crate) fn wanted_end(question: &Question<'_>, known: &Known, block: &Block, table: &Table) -> Option<i64> {
    let recorded = known.seeded[block.scenario].iter().flat_map(|stored| stored.further());
    let mut stands = recorded.filter(|(of, keys)| *of == block.table && keys.population == block.population);
    let last = match question.scale {
        Some(Scaling { scaled, .. }) => {
            let population = question.dataset.blocks.iter().position(|other| std::ptr::eq(other, block))?;
            wanted(scaled, population, table, 0)?.cells().1
        }
        None => stands.next()?.1.cells().1,
    };
    counters::end_behind(&last)
}

/// Refuses where rows of other people stand where further rows belong.
fn is_free(database: &mut dyn Database, table: &Table, keys: &FurtherKeys) -> Result<()> {
    let (first, last) = keys.cells();
    let run = sql::run::Run { column: &keys.column, first: &first, last: &last };
    let statement = sql::run::strangers(database.dialect(), &table.primary_key, table, run, &[], NAMED);
    let found = database.query(&statement.sql, &statement.values);
    let found = found.during(|| format!("looking for rows of other people in `{}`", table.name))?;
    if found.is_empty() {
        return Ok(());
    }
    let message = format!("rows of other people stand where further rows of `{}` belong", keys.population);
    Err(not_ours(message, table, &found, "").help(REMOVE))
}

/// Returns the refusal that names rows of other people; `why` stands behind each.
fn not_ours(message: String, table: &Table, keys: &[Key], why: &str) -> Error {
    let error = Error::new(Exit::NotOurs, "rows-not-ours", message);
    keys.iter().fold(error, |error, key| error.detail(format!("{} {}{why}", table.name, key_text(key))))
}

impl Further {
    /// Whether there are rows that stand, which are compared with what is declared.
    pub(crate) fn is_compared(&self) -> bool {
        self.parts.iter().any(|part| part.stands)
    }

    /// Loads the further rows that are not there, and repairs those that differ.
    pub(crate) fn write(
        &self,
        database: &mut dyn Database,
        survey: &Survey,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<()> {
        if self.rebuild {
            let loaded = self.loaded(database, survey, true)?;
            let aside = rebuild::set_aside(database, &candidates(&loaded)).during(|| "taking indexes away".into())?;
            self.fill(database, survey, notice)?;
            if !aside.prospect.parts.is_empty() {
                notice(Notice::Rebuilding(aside.prospect.parts.len()));
            }
            rebuild::put_back(database, aside).during(|| "putting indexes back".into())?;
        } else {
            self.fill(database, survey, notice)?;
        }
        self.analyze(database, &survey.schema)
    }

    /// Tells the planner of the tables that were loaded: what comes next asks for a few rows among many.
    fn analyze(&self, database: &mut dyn Database, schema: &Schema) -> Result<()> {
        let loaded = self.parts.iter().filter(|part| !part.stands && database.owns_transactions());
        let tables: BTreeSet<&str> = loaded.map(|part| part.table.as_str()).collect();
        for table in tables {
            if let Some(statement) = sql::run::analyze(database.dialect(), &schema.tables[table]) {
                database.execute(&statement, &[]).during(|| format!("counting what stands in `{table}`"))?;
            }
        }
        Ok(())
    }

    /// Returns the tables that rows are loaded into, each with how many rows of others stand in it, before or after
    /// the plan of block 0 was `applied`.
    fn loaded(&self, database: &mut dyn Database, survey: &Survey, applied: bool) -> Result<BTreeMap<String, u64>> {
        let mut tables = BTreeMap::new();
        for part in self.parts.iter().filter(|part| !part.stands) {
            tables.insert(part.table.clone(), 0);
        }
        if survey.plan.rows_of_others == 0 {
            return Ok(tables);
        }
        for (table, others) in &mut tables {
            let statement = sql::count(database.dialect(), [sql::Counted::All(table)].into_iter(), std::iter::empty());
            let counted = database.query(&statement.sql, &statement.values);
            let counted = counted.during(|| format!("counting the rows of `{table}`"))?;
            let counted = counted.first().and_then(|row| row[0].as_integer()).unwrap_or(0) as u64;
            let block_0 = if applied {
                survey.records.iter().filter_map(|record| record.keys.get(table)).map(|keys| keys.keys.len()).sum()
            } else {
                survey.rows.ours.get(table).map_or(0, BTreeSet::len)
            };
            let stands = self.parts.iter().filter(|part| part.stands && part.table == *table);
            let further: u64 = stands.map(|part| part.keys.rows).sum();
            let levels: BTreeSet<&str> = survey.records.iter().map(|record| record.scenario.as_str()).collect();
            let rest = survey.stored.iter().flatten().filter(|stored| !levels.contains(stored.scenario.as_str()));
            let rest = rest.filter_map(|stored| stored.keys.get(table));
            let rest: u64 = rest
                .map(|keys| {
                    let block_0 = if applied { keys.keys.len() as u64 } else { 0 };
                    block_0 + keys.further.iter().map(|further| further.rows).sum::<u64>()
                })
                .sum();
            *others = counted.saturating_sub(block_0 as u64 + further + rest);
        }
        Ok(tables)
    }

    /// Returns what would be taken away; nothing where nothing is loaded.
    fn prospect(&self, database: &mut dyn Database, survey: &Survey) -> Result<Option<RebuildPlan>> {
        let loaded = self.loaded(database, survey, false)?;
        if loaded.is_empty() {
            return Ok(None);
        }
        let prospect = rebuild::prospect(database, &candidates(&loaded));
        let prospect = prospect.during(|| "looking at what could be taken away".into())?;
        Ok(Some(RebuildPlan {
            parts: prospect.parts.iter().map(|part| part.name.clone()).collect(),
            refusals: prospect.refusals.iter().map(ToString::to_string).collect(),
            closed: prospect.closed,
        }))
    }

    fn fill(&self, database: &mut dyn Database, survey: &Survey, notice: &mut dyn FnMut(Notice)) -> Result<()> {
        let to_write = || self.parts.iter().filter(|part| part.differs || !part.stands);
        let all = to_write().map(|part| part.keys.rows).sum();
        let mut done = 0;
        for part in to_write() {
            let mut progress = |rows: u64| {
                notice(Notice::Progress { doing: "loading", table: part.table.clone(), done: done + rows, of: all });
            };
            let comparison = self.comparison(part, survey);
            if part.stands {
                comparison.repair(database, &mut progress)?;
            } else {
                self.load(database, comparison, &mut progress)?;
            }
            done += part.keys.rows;
        }
        Ok(())
    }

    fn comparison<'a>(&'a self, part: &'a Part, survey: &'a Survey) -> Comparison<'a> {
        let (table, tag) = (&survey.schema.tables[&part.table], survey.tags.get(&part.table));
        Comparison { scaled: &self.scaled, part, table, tag, passwords: &self.passwords }
    }

    fn load(
        &self,
        database: &mut dyn Database,
        comparison: Comparison<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<()> {
        let Comparison { part, table, .. } = comparison;
        let load = Load {
            scaled: &self.scaled,
            population: part.population,
            table,
            passwords: &self.passwords,
            blocks: self.scaled.further(),
        };
        let doing = format!("loading further rows of `{}`", part.table);
        database.load(&load, progress).map_err(|failure| match Error::from_failure(&doing, &failure) {
            error if failure.kind == FailureKind::ForeignKey && !self.rebuild => error.help(
                "with `--rebuild` tables may refer to each other in a circle: references are checked behind all rows",
            ),
            error => error,
        })?;
        // The engine has counted what it took; a trigger may have it otherwise.
        if !table.triggers.is_empty() {
            Self::expect_all(database, comparison)?;
        }
        // What a trigger does to one row it does to others: the first and the last blocks are read back.
        let blocks = self.scaled.blocks;
        for range in [1..2.min(blocks), blocks - 1..blocks] {
            let found = comparison.chunk(database, range)?;
            if let Some(told) = found.first() {
                let message = format!("a further row of `{}` was not stored as it was written: {told}", part.table);
                return Err(Error::new(Exit::CouldNotRun, "read-back", message));
            }
        }
        Ok(())
    }

    fn expect_all(database: &mut dyn Database, Comparison { part, table, .. }: Comparison<'_>) -> Result<()> {
        let (first, last) = part.keys.cells();
        let run = sql::run::Run { column: &part.keys.column, first: &first, last: &last };
        let statement = sql::run::count(database.dialect(), table, run);
        let counted = database.query(&statement.sql, &statement.values);
        let counted = counted.during(|| format!("counting the further rows of `{}`", part.table))?;
        let counted = counted.first().and_then(|row| row[0].as_integer()).unwrap_or(0);
        if counted != part.keys.rows as i64 {
            let message =
                format!("{} rows were loaded into `{}` and {counted} stand there", part.keys.rows, part.table);
            return Err(Error::new(Exit::CouldNotRun, "count-differs", message));
        }
        Ok(())
    }
}

fn candidates(loaded: &BTreeMap<String, u64>) -> Vec<Candidate<'_>> {
    loaded.iter().map(|(table, rows)| Candidate { table, rows_of_others: *rows }).collect()
}

/// Returns the blocks in pieces of about [`CHUNK`] rows.
fn chunks(scaled: &Scaled, population: usize) -> impl Iterator<Item = Range<u64>> {
    let step = (CHUNK / scaled.rows[population].per_block.max(1)).max(1);
    let end = scaled.blocks;
    (1..end).step_by(step as usize).map(move |first| first..end.min(first + step))
}
