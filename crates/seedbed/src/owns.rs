//! Whether a row is one of ours.

use std::time::Duration;

use seedbed_core::plan::{Cell, Key};
use seedbed_core::schema::Schema;

use crate::database::{Access, Database};
use crate::error::{Result, While};
use crate::run;
use crate::sql::{self, Hold, Rows};
use crate::state;

/// What a database holds under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A row that was seeded here, for some worker.
    Ours,
    /// Nothing, or a row of somebody else, where one of ours was seeded.
    Gone,
    /// The key was never seeded here.
    NotSeeded,
}

/// Whether the row of `table` with this key is one that was seeded here, for any worker: its key is
/// in the exact key set, and its tag says so where the table has one.
///
/// Never so in a database that tests may not write into, as a copy of a seeded one.
pub fn owns(database: &mut dyn Database, table: &str, key: &Key, lock_timeout: Duration) -> Result<bool> {
    let mut transaction = run::begin(database, Access::Read, lock_timeout, &mut |_| {})?;
    let schema = transaction.schema().during(|| "reading the catalogue".into())?;
    Ok(find(&mut *transaction, &schema, table, key)? == Found::Ours)
}

/// Returns what a database holds under a key, inside of an open transaction.
pub(crate) fn find(database: &mut dyn Database, schema: &Schema, table: &str, key: &Key) -> Result<Found> {
    let state = state::read(database, schema).during(|| "reading what was seeded".into())?;
    let identity = database.identity().during(|| "reading which database this is".into())?;
    if identity.is_some() && state.marker.is_none_or(|marker| marker.identity != identity) {
        return Ok(Found::NotSeeded);
    }
    let Some(keys) =
        state.seeded.iter().filter_map(|seeded| seeded.keys.get(table)).find(|keys| keys.keys.contains(key))
    else {
        return Ok(Found::NotSeeded);
    };
    let Some(table) = schema.tables.get(table) else { return Ok(Found::Gone) };
    let read = keys.tag.as_ref().map_or_else(|| keys.key.clone(), |tag| vec![tag.column.clone()]);
    let rows = Rows { table, columns: &keys.key, tuples: &[key] };
    let mut found = Vec::new();
    for statement in sql::select(database.dialect(), &read, rows, Hold::No) {
        let rows = database.query(&statement.sql, &statement.values);
        found.extend(rows.during(|| format!("looking for a row of `{}`", table.name))?);
    }
    let ours = |row: &Vec<Cell>| keys.tag.as_ref().is_none_or(|tag| row[0] == tag.value.to_cell());
    Ok(if found.iter().any(ours) { Found::Ours } else { Found::Gone })
}
