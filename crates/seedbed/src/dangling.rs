//! Dangling references: inside a transaction of somebody else, none may lead nowhere because of us.
//!
//! An engine looks at deferred references when the outermost transaction is committed. By then our
//! part of it is long done, and the error would be somebody else's.

use std::collections::BTreeSet;

use crate::apply::Debris;
use crate::database::{Dangling, Database};
use crate::error::{Error, Exit, Result, While};
use crate::survey::Survey;

/// What the engine does not check before it is too late: the references of the tables that a plan
/// writes, with those that led nowhere before.
pub(crate) struct Unchecked {
    tables: BTreeSet<String>,
    dangling: Vec<Dangling>,
}

impl Unchecked {
    /// Looks before anything is written. In a transaction of ours the engine looks by itself.
    pub(crate) fn before(database: &mut dyn Database, survey: &Survey, debris: Debris) -> Result<Self> {
        let tables = if survey.owned { BTreeSet::new() } else { touched(survey, debris) };
        let dangling = dangling(database, &tables)?;
        Ok(Self { tables, dangling })
    }

    /// Refuses references that lead nowhere and did not before.
    pub(crate) fn check(self, database: &mut dyn Database) -> Result<()> {
        let mut found = dangling(database, &self.tables)?;
        for old in &self.dangling {
            if let Some(position) = found.iter().position(|new| new == old) {
                found.swap_remove(position);
            }
        }
        if found.is_empty() {
            return Ok(());
        }
        let rows = if found.len() == 1 { "1 row refers".to_owned() } else { format!("{} rows refer", found.len()) };
        let error = Error::new(Exit::CouldNotRun, "foreign-key", format!("{rows} to a row that is not there"));
        Err(found.into_iter().fold(error, |error, Dangling { table, row, to }| {
            let row = row.map_or_else(String::new, |row| format!(" {row}"));
            error.detail(format!("{table}{row} -> {to}"))
        }))
    }
}

fn dangling(database: &mut dyn Database, tables: &BTreeSet<String>) -> Result<Vec<Dangling>> {
    let tables: Vec<&str> = tables.iter().map(String::as_str).collect();
    database.dangling(&tables).during(|| "looking for references that lead nowhere".into())
}

/// Returns the tables with rows that the plan writes or whose references it may take away.
fn touched(survey: &Survey, debris: Debris) -> BTreeSet<String> {
    let parts = survey.plan.tables.iter();
    let mut tables: BTreeSet<String> = parts.clone().map(|part| part.table.clone()).collect();
    let changed = parts.filter(|part| !part.updates.is_empty() || !part.deletes.is_empty());
    let changed = changed.map(|part| &part.table);
    let removed = survey.debris.keys().filter(|_| debris == Debris::Goes);
    for table in changed.chain(removed) {
        tables.extend(survey.schema.references_to(table).map(|(from, _)| from.name.clone()));
    }
    tables
}
