//! Whether a row is one of ours.

use std::time::Duration;

use seedbed_core::plan::Key;

use crate::database::{Access, Database};
use crate::error::{Result, While};
use crate::run;
use crate::sql::{self, Hold, Rows};
use crate::state;

/// Whether the row of `table` with this key is one that was seeded here, for any worker: its key is
/// in the exact key set, and its tag says so where the table has one.
///
/// Never so in a database that tests may not write into, as a copy of a seeded one.
pub fn owns(database: &mut dyn Database, table: &str, key: &Key, lock_timeout: Duration) -> Result<bool> {
    let mut transaction = run::begin(database, Access::Read, lock_timeout, &mut |_| {})?;
    let schema = transaction.schema().during(|| "reading the catalogue".into())?;
    let state = state::read(&mut *transaction, &schema).during(|| "reading what was seeded".into())?;
    let identity = transaction.identity().during(|| "reading which database this is".into())?;
    if identity.is_some() && state.marker.is_none_or(|marker| marker.identity != identity) {
        return Ok(false);
    }
    let Some(keys) =
        state.seeded.iter().filter_map(|seeded| seeded.keys.get(table)).find(|keys| keys.keys.contains(key))
    else {
        return Ok(false);
    };
    let Some(tag) = &keys.tag else { return Ok(true) };
    let Some(table) = schema.tables.get(table) else { return Ok(false) };
    let rows = Rows { table, columns: &keys.key, tuples: &[key] };
    let mut tags = Vec::new();
    for statement in sql::select(transaction.dialect(), std::slice::from_ref(&tag.column), rows, Hold::No) {
        let found = transaction.query(&statement.sql, &statement.values);
        tags.extend(found.during(|| format!("reading the tag of a row of `{}`", table.name))?);
    }
    Ok(tags.iter().any(|row| row[0] == tag.value.to_cell()))
}
