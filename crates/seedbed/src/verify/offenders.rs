//! Offenders: which rows make a fact fail.
//!
//! What should count is found by asking the same question of the declared rows, in a database of
//! our own in memory; only a failing check pays for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use seedbed_core::password::Hashes;
use seedbed_core::plan::desired::{self, Encoding};
use seedbed_core::plan::{Cell, Key};
use seedbed_core::value::Value;

use super::compile::Fact;
use super::{Asking, Offender, Why};
use crate::database::sqlite::Sqlite;
use crate::database::{Database, Failure};
use crate::sql::{self, fact};

/// So many rows are named.
const NAMED: usize = 3;

/// A database in memory that holds the declared rows.
pub(super) struct Declared(Sqlite);

impl Asking<'_> {
    /// Returns the rows that make a case of a fact fail.
    pub(super) fn offenders(
        &self,
        database: &mut dyn Database,
        fact: &Fact,
        case: usize,
        too_many: bool,
        declared: &mut Option<Declared>,
    ) -> Result<Vec<Offender>, Failure> {
        if declared.is_none() {
            *declared = Some(self.declared()?);
        }
        let scratch = &mut declared.as_mut().expect("it was made above").0;
        let (found, wanted) = (counted(database, fact, case)?, counted(scratch, fact, case)?);
        let table = &self.dataset.blocks[fact.population].table;
        let there = |key: &Key| self.survey.rows.live.get(table).is_some_and(|live| live.rows.contains_key(key));
        let without = |some: &[Key], others: &[Key]| -> Vec<Key> {
            let others: BTreeSet<&Key> = others.iter().collect();
            some.iter().filter(|key| !others.contains(key)).cloned().collect()
        };
        let keys = if too_many {
            let new = without(&found, &wanted);
            if new.is_empty() { found } else { new }
        } else {
            without(&wanted, &found)
        };
        let why = |key: &Key| match (too_many, there(key)) {
            (true, _) => Why::Counts,
            (false, true) => Why::Changed,
            (false, false) => Why::Gone,
        };
        let named = keys.into_iter().take(NAMED);
        let offender =
            |key: Key| Offender { table: table.clone(), label: self.label(table, &key), why: why(&key), key };
        Ok(named.map(offender).collect())
    }

    fn label(&self, table: &str, key: &Key) -> String {
        let blocks = self.dataset.blocks.iter().filter(|block| block.table == table);
        let schema = &self.survey.schema.tables[table];
        let mut rows = blocks.flat_map(|block| desired::keys_in_order(block, schema).zip(&block.rows));
        let named = rows.find(|(other, _)| other == key).map(|(_, row)| row.name.clone());
        named.unwrap_or_else(|| self.survey.shapes.key_text(table, key))
    }

    fn declared(&self) -> Result<Declared, Failure> {
        let (dataset, schema) = (self.dataset, &self.survey.schema);
        let mut scratch = Sqlite::in_memory("")?;
        let rows = || dataset.blocks.iter().flat_map(|block| &block.rows).flat_map(|row| &row.values);
        // No fact asks for a password, so its plain text stands for the stored form.
        let passwords: Hashes = rows()
            .filter_map(|value| match value {
                Value::Password(password) => Some((Arc::clone(password), Arc::clone(&password.plain))),
                _ => None,
            })
            .collect();
        let encoding = Encoding { as_of: self.survey.clock.as_of, passwords: &passwords };
        let tables: BTreeSet<&String> = dataset.blocks.iter().map(|block| &block.table).collect();
        for table in tables.into_iter().filter_map(|table| schema.tables.get(table)) {
            scratch.execute(&fact::create_scratch(table), &[])?;
        }
        for (index, block) in dataset.blocks.iter().enumerate().filter(|(_, b)| self.in_force.contains(&b.scenario)) {
            let wanted = desired::desired(dataset, index, schema, &self.in_force, &BTreeSet::new(), encoding);
            let rows: Vec<&[Cell]> = wanted.rows.iter().map(|row| &row.cells[..]).collect();
            for (statement, _) in sql::insert(scratch.dialect(), &schema.tables[&block.table], &block.columns, &rows) {
                scratch.execute(&statement.sql, &statement.values)?;
            }
        }
        Ok(Declared(scratch))
    }
}

fn counted(database: &mut dyn Database, fact: &Fact, case: usize) -> Result<Vec<Key>, Failure> {
    let statement = fact::counted_rows(database.dialect(), &fact.sets, &fact.counted[case]);
    let mut rows = database.query(&statement.sql, &statement.values)?;
    for row in &mut rows {
        row.pop();
    }
    Ok(rows)
}
