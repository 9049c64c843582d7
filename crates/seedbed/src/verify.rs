//! The verb `verify`: every row is as declared, and every declared fact holds, counted by SQL.
//!
//! Each ensure becomes one query over the live database; nothing is shared with the code that made
//! the rows but the declaration. Rows are counted by the exact keys of their population, so what
//! other people do in the same tables changes no count. A fact that walks a link which a seeded
//! upper layer changes is not asked, and says so.

mod compile;
mod offenders;

use std::collections::BTreeSet;

use seedbed_core::dataset::Dataset;
use seedbed_core::plan::{Cell, Key, civil};
use seedbed_core::scenario::{Chain, Ensure};
use serde::Serialize;

pub(crate) use compile::{Backs, Compiler};

use crate::apply::Debris;
use crate::database::Database;
use crate::error::{Result, While};
use crate::run::{self, Intent, Receipt};
use crate::session::Target;
use crate::sql::fact;
use crate::state;
use crate::survey::{Aim, Survey};
use compile::Fact;
use offenders::Declared;

/// So many counts are asked in one statement; SQLite takes up to 500.
const COUNTS_PER_STATEMENT: usize = 50;

/// What `verify` found.
#[derive(Clone, Debug, Serialize)]
pub struct Verified {
    /// The plan at the as-of that is stored; it is empty when every row and file is as declared.
    pub receipt: Receipt,
    /// How many rows the levels declare; `receipt.plan.rows_as_declared` of them are as declared.
    pub rows: usize,
    /// Set when the dataset has aged: its answers held until then.
    pub aged: Option<Aged>,
    /// What each ensure counts.
    pub report: Report,
}

/// A dataset whose answers no longer hold, since time has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Aged {
    /// As-of, in unix seconds.
    pub as_of: i64,
    /// The answers held until then, in unix seconds.
    pub held_until: i64,
    /// Now, in unix seconds.
    pub now: i64,
}

/// What the ensures count.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// A check for each ensure, row of `for_each` and value of `per`, in the order of the files.
    pub checks: Vec<Check>,
}

/// What an ensure counts, for a row of `for_each` and a value of `per`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// Index of the ensure in its chain.
    pub ensure: usize,
    /// The scenario that asks.
    pub scenario: String,
    /// The criterion it answers.
    pub id: String,
    /// The fact, as a person says it.
    pub fact: String,
    /// The row of `for_each`.
    pub row: Option<String>,
    /// The value of `per`.
    pub value: Option<String>,
    /// The least it may count.
    pub at_least: Option<i64>,
    /// The most it may count.
    pub at_most: Option<i64>,
    /// What was counted; none when it was not asked.
    pub counted: Option<i64>,
    /// Of how many rows; percentages are of these.
    pub of: i64,
    /// Whether the fact holds.
    pub verdict: Verdict,
    /// The name that the scenario gives the first witness.
    #[serde(rename = "as")]
    pub name: Option<String>,
    /// The first row that counts, in the order of its population.
    pub witness: Option<Witness>,
    /// Up to three rows that make it fail.
    pub offenders: Vec<Offender>,
}

/// Whether a fact holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It does.
    Holds,
    /// It does not.
    Fails,
    /// It was not asked, for this reason.
    NotAsked(String),
}

/// A row of the dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Witness {
    /// Its table.
    pub table: String,
    /// Its population.
    pub population: String,
    /// Its name.
    pub label: String,
    /// Its key.
    pub key: Key,
}

/// A row that makes a check fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Offender {
    /// Its table.
    pub table: String,
    /// Its name, or its key where it has none.
    pub label: String,
    /// Its key.
    pub key: Key,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It counts, and too many do.
    Counts,
    /// It should count, and is no longer there.
    Gone,
    /// It should count, and it or what it leads to was changed.
    Changed,
}

/// Returns whether the levels' rows and files are as declared and their facts hold.
///
/// `chain` is the chain that the target's dataset was generated from. Nothing is written.
pub fn verify(target: &mut Target<'_>, chain: &Chain) -> Result<Verified> {
    let asked = target.as_of;
    let intent = Intent { aim: Aim::Declared, debris: Debris::Goes, variant: None };
    let look = |target: &mut Target<'_>| {
        let (dataset, levels) = (target.dataset, target.levels.clone());
        run::look_closer(target, intent, |database, survey| {
            let asking = Asking { chain, dataset, survey, in_force: in_force(database, dataset, survey, &levels)? };
            asking.report(database, &levels)
        })
    };
    let (mut receipt, mut report) = look(target)?;
    let mut aged = None;
    if let Some(clock) = receipt.plan.clock.filter(|_| !receipt.pinned) {
        // The rows are compared and counted as they were seeded, not as they would be moved.
        target.as_of = Some(clock.from);
        let again = look(target);
        target.as_of = asked;
        (receipt, report) = again?;
        receipt.pinned = false;
        aged = Some(Aged { as_of: clock.from, held_until: receipt.good_until, now: target.now });
    }
    let blocks = target.dataset.blocks.iter().filter(|block| target.levels.contains(&block.scenario));
    Ok(Verified { rows: blocks.map(|block| block.rows.len()).sum(), receipt, aged, report })
}

impl Verified {
    /// Whether everything is as declared and every fact that was asked holds.
    pub fn holds(&self) -> bool {
        self.aged.is_none() && self.receipt.plan.is_empty() && self.report.failing().next().is_none()
    }
}

impl Report {
    /// Returns the checks that do not hold.
    pub fn failing(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.verdict == Verdict::Fails)
    }
}

impl std::fmt::Display for Aged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let held_until = civil::timestamp(self.held_until);
        write!(f, "the dataset is as of {} and held until {held_until} UTC", civil::date(self.as_of))
    }
}

/// Returns the scenarios whose rows are in the database or are to be.
fn in_force(
    database: &mut dyn Database,
    dataset: &Dataset,
    survey: &Survey,
    levels: &std::ops::Range<usize>,
) -> Result<BTreeSet<usize>> {
    let state = state::read(database, &survey.schema).during(|| "reading what was seeded".into())?;
    let seeded = |index: &usize| state.find(&dataset.scenarios[*index].name, dataset.worker).is_some();
    Ok((0..dataset.scenarios.len()).filter(|index| levels.contains(index) || seeded(index)).collect())
}

struct Asking<'a> {
    chain: &'a Chain,
    dataset: &'a Dataset,
    survey: &'a Survey,
    in_force: BTreeSet<usize>,
}

impl Asking<'_> {
    fn report(&self, database: &mut dyn Database, levels: &std::ops::Range<usize>) -> Result<Report> {
        let mut declared = None;
        let mut report = Report::default();
        for (index, ensure) in self.chain.ensures.iter().enumerate() {
            if levels.contains(&ensure.layer) {
                report.checks.extend(self.checks(database, index, ensure, &mut declared)?);
            }
        }
        Ok(report)
    }

    fn checks(
        &self,
        database: &mut dyn Database,
        index: usize,
        ensure: &Ensure,
        declared: &mut Option<Declared>,
    ) -> Result<Vec<Check>> {
        let compiler = Compiler::new(self.chain, self.dataset, &self.survey.schema, self.survey.clock.as_of);
        let fact = compiler.fact(ensure);
        let blank = Check {
            ensure: index,
            scenario: self.chain.layers[ensure.layer].name.clone(),
            id: ensure.id.clone(),
            fact: ensure.fact.clone(),
            row: None,
            value: None,
            at_least: None,
            at_most: None,
            counted: None,
            of: 0,
            verdict: Verdict::Holds,
            name: ensure.witness.clone(),
            witness: None,
            offenders: Vec::new(),
        };
        if let Some(reason) = self.changed_above(ensure, &fact) {
            return Ok(vec![Check { verdict: Verdict::NotAsked(reason), ..blank }]);
        }
        let mut checks = Vec::new();
        let counts = count(database, &fact).during(|| format!("counting `{}`", ensure.fact))?;
        for (case, count) in counts.into_iter().enumerate() {
            let (row, value) = fact.cases[case];
            let mut check = Check {
                row: row.and_then(|row| self.for_each_name(ensure, row)),
                value: value.and_then(|value| Some(ensure.per.as_ref()?.1[value].to_string())),
                at_least: ensure.lo.map(|bound| bound.of(count.of as usize)),
                at_most: ensure.hi.map(|bound| bound.of(count.of as usize)),
                counted: Some(count.counted),
                of: count.of,
                witness: count.first.and_then(|place| self.witness(&fact, place)),
                ..blank.clone()
            };
            let too_few = check.at_least.is_some_and(|lo| count.counted < lo);
            let too_many = check.at_most.is_some_and(|hi| count.counted > hi);
            if too_few || too_many {
                check.verdict = Verdict::Fails;
                check.offenders = self
                    .offenders(database, &fact, case, too_many, declared)
                    .during(|| format!("looking for the rows of `{}`", ensure.fact))?;
            }
            checks.push(check);
        }
        Ok(checks)
    }

    /// Returns why a fact is not asked: a link it walks is changed by a layer above that is seeded.
    fn changed_above(&self, ensure: &Ensure, fact: &Fact) -> Option<String> {
        fact.walked.iter().find_map(|(population, walked)| {
            let population = &self.chain.populations[*population];
            let walked = &population.links[*walked];
            let above = population.links.iter().find(|link| {
                link.name == walked.name
                    && link.layer > walked.layer
                    && link.layer > ensure.layer
                    && self.in_force.contains(&link.layer)
            })?;
            let above = &self.chain.layers[above.layer].name;
            Some(format!("`{above}` changes `{}.{}`; asked before it is seeded", population.name, walked.name))
        })
    }

    fn for_each_name(&self, ensure: &Ensure, row: usize) -> Option<String> {
        let seedbed_core::scenario::Subject::ForEach(population, ..) = &ensure.subject else { return None };
        Some(self.dataset.blocks.get(*population)?.rows[row].name.clone())
    }

    fn witness(&self, fact: &Fact, place: usize) -> Option<Witness> {
        let block = &self.dataset.blocks[fact.population];
        let table = self.survey.schema.tables.get(&block.table)?;
        let key = seedbed_core::plan::desired::keys_in_order(block, table).nth(place)?;
        let (table, population) = (block.table.clone(), block.population.clone());
        Some(Witness { table, population, label: block.rows[place].name.clone(), key })
    }
}

/// What a query counts.
struct Count {
    of: i64,
    counted: i64,
    /// The place of the first row that counts.
    first: Option<usize>,
}

fn count(database: &mut dyn Database, fact: &Fact) -> std::result::Result<Vec<Count>, crate::database::Failure> {
    let mut counts = Vec::with_capacity(fact.counted.len());
    for part in fact.counted.chunks(COUNTS_PER_STATEMENT) {
        let statement = fact::count_facts(database.dialect(), &fact.sets, part);
        let mut rows = database.query(&statement.sql, &statement.values)?;
        rows.sort_by(|a, b| a[0].cmp(&b[0]));
        let number = |cell: &Cell| cell.as_integer().unwrap_or_default();
        counts.extend(rows.iter().map(|row| Count {
            of: number(&row[1]),
            counted: number(&row[2]),
            first: row[3].as_integer().map(|place| place as usize),
        }));
    }
    Ok(counts)
}
