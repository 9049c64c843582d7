//! The verb `personas`: who a test can log in as, and what the application holds of them.

use std::collections::BTreeMap;

use seedbed_core::dataset::{Dataset, Expected};
use seedbed_core::plan::{Cell, Key, desired};
use seedbed_core::scenario::{Chain, End, Path, Persona, PopulationId, Step};
use seedbed_core::schema::Schema;
use seedbed_core::value::Value;
use serde::Serialize;

use crate::database::{Access, Database};
use crate::error::{Result, While};
use crate::run;
use crate::session::Target;
use crate::sql::fact::{self, Expression};
use crate::verify::{Backs, Compiler};

/// A row that tests know by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonaRow {
    /// Its name.
    pub name: String,
    /// What tests use it for.
    pub purpose: String,
    /// Its population.
    pub population: String,
    /// The scenario that declares it.
    pub scenario: String,
    /// It stands for nobody: there is no row.
    pub absent: bool,
    /// Its key; none where it is absent.
    pub key: Option<Key>,
    /// Its declared texts, by column; empty ones left out.
    pub texts: BTreeMap<String, String>,
    /// The password to log in with.
    pub password: Option<String>,
    /// How many live rows point at it, by way back: other people's too.
    pub counts: BTreeMap<String, i64>,
    /// The lists that the application should show it, by name: the keys of the rows, in order.
    pub expected: BTreeMap<String, ExpectedRows>,
}

/// A list that the application should show, until the dataset is no longer good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExpectedRows {
    /// The table of the rows.
    pub table: String,
    /// How many rows.
    pub total: usize,
    /// Their keys, in the order they are to be shown in.
    pub keys: Vec<Key>,
    /// Rows of other workers change nothing about it.
    pub same_for_any_workers: bool,
}

/// Returns the personas of the target's levels and of the layers below, in the order of the files.
pub fn personas(target: &mut Target<'_>, chain: &Chain) -> Result<Vec<PersonaRow>> {
    let dataset = target.dataset;
    let mut transaction = run::begin(&mut *target.database, Access::Read, target.lock_timeout, target.notice)?;
    let schema = transaction.schema().during(|| "reading the catalogue".into())?;
    let top = target.levels.end.saturating_sub(1);
    let mut found = Vec::new();
    for (id, population) in chain.populations.iter().enumerate().filter(|(_, population)| population.layer <= top) {
        for persona in population.personas.iter().filter(|persona| persona.layer <= top) {
            let mut row = PersonaRow {
                name: persona.name.clone(),
                purpose: persona.purpose.clone(),
                population: population.name.clone(),
                scenario: chain.layers[persona.layer].name.clone(),
                absent: persona.absent,
                key: None,
                texts: BTreeMap::new(),
                password: None,
                counts: BTreeMap::new(),
                expected: BTreeMap::new(),
            };
            describe(&mut row, target.dataset, &schema, id, persona, top);
            if let Some(key) = &row.key {
                let ways = ways_back(chain, &schema, id, top);
                let compiler = || {
                    let mut compiler = Compiler::new(chain, dataset, &schema, 0);
                    compiler.backs = Backs::All;
                    compiler
                };
                let counts: Vec<Expression> =
                    ways.iter().map(|(_, path)| Expression::Count(compiler().leading(path, key).0)).collect();
                row.counts = read_counts(&mut *transaction, &ways, &counts, &row.name)?;
            }
            found.push(row);
        }
    }
    Ok(found)
}

fn describe(
    row: &mut PersonaRow,
    dataset: &Dataset,
    schema: &Schema,
    population: PopulationId,
    persona: &Persona,
    top: usize,
) {
    let block = &dataset.blocks[population];
    let Some(place) = block.rows.iter().position(|row| row.name == persona.name) else { return };
    row.expected = expected(dataset, schema, top, (population, place));
    row.key = (schema.tables.get(&block.table)).and_then(|table| desired::keys_in_order(block, table).nth(place));
    for (column, value) in block.columns.iter().zip(&block.rows[place].values) {
        match value {
            Value::Text(text) if !text.is_empty() => {
                row.texts.insert(column.clone(), text.to_string());
            }
            Value::Password(password) => row.password = Some(password.plain.to_string()),
            _ => {}
        }
    }
}

/// Returns the lists for a row that scenarios up to `top` declare, by name.
fn expected(dataset: &Dataset, schema: &Schema, top: usize, subject: (usize, usize)) -> BTreeMap<String, ExpectedRows> {
    let holds = |list: &&Expected| list.scenario <= top && list.until.is_none_or(|changing| changing > top);
    let own = dataset.expected.iter().filter(holds).filter(|list| list.subject == Some(subject));
    own.filter_map(|list| {
        let block = &dataset.blocks[list.block];
        let keys: Vec<Key> = desired::keys_in_order(block, schema.tables.get(&block.table)?).collect();
        let rows = ExpectedRows {
            table: block.table.clone(),
            total: list.rows.len(),
            keys: list.rows.iter().map(|row| keys[*row].clone()).collect(),
            same_for_any_workers: list.same_for_any_workers,
        };
        Some((list.name.clone(), rows))
    })
    .collect()
}

/// Returns the ways back into a population that the layer `top` knows and whose tables are there.
fn ways_back(chain: &Chain, schema: &Schema, population: PopulationId, top: usize) -> Vec<(String, Path)> {
    let span = chain.populations[population].span;
    let there = |child: &PopulationId| schema.tables.contains_key(&chain.populations[*child].table);
    let ways = chain.backs(population, top).into_iter().filter(|(_, child, _)| there(child));
    ways.map(|(name, child, link)| {
        let steps = vec![Step::Back(child, link)];
        (name.to_owned(), Path { from: population, steps, end: End::Row, to: child, many: true, span })
    })
    .collect()
}

fn read_counts(
    database: &mut dyn Database,
    ways: &[(String, Path)],
    counts: &[Expression],
    persona: &str,
) -> Result<BTreeMap<String, i64>> {
    if counts.is_empty() {
        return Ok(BTreeMap::new());
    }
    let statement = fact::select_values(database.dialect(), counts);
    let rows =
        database.query(&statement.sql, &statement.values).during(|| format!("counting the rows of `{persona}`"))?;
    let numbers = rows.into_iter().flatten().map(|cell| cell.as_integer().unwrap_or_default());
    Ok(ways.iter().map(|(name, _)| name.clone()).zip(numbers).collect())
}

/// Returns the key of a declared row.
pub(crate) fn declared_key(
    dataset: &Dataset,
    schema: &Schema,
    population: PopulationId,
    row: &str,
) -> Option<Vec<Cell>> {
    let block = &dataset.blocks[population];
    let place = block.rows.iter().position(|other| other.name == row)?;
    desired::keys_in_order(block, schema.tables.get(&block.table)?).nth(place)
}
