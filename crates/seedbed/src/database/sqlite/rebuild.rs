//! What SQLite drops before rows are loaded, how it makes it again, and where it must not.
//!
//! An index that a UNIQUE of the table has made can't be dropped, and one that a foreign key leads to is needed
//! by every row that refers to it.

use std::collections::BTreeSet;

use seedbed_core::plan::Cell;
use seedbed_core::schema::Schema;

use crate::database::row::Row;
use crate::database::{Database, Failure};
use crate::rebuild::{Part, Reason, Refusal, listed};
use crate::sql::{Dialect, rebuild as sql, sqlite};

/// Returns which tables stay as they are, and why.
pub(crate) fn refusals(database: &mut dyn Database, tables: &[&str]) -> Result<Vec<Refusal>, Failure> {
    if database.query(&sqlite::select_table(), &[Cell::text("sqlite_stat1")])?.is_empty() {
        return Ok(Vec::new());
    }
    let rows = database.query(&sql::select_statistics(), &[listed(tables)])?;
    let refusal = |row| {
        let mut row = Row::of("sqlite_stat1", row);
        Ok(Refusal { table: row.text()?, reason: Reason::Statistics(row.text()?) })
    };
    rows.into_iter().map(refusal).collect()
}

/// Returns what is dropped of these tables: the index made last first.
pub(crate) fn parts(database: &mut dyn Database, schema: &Schema, tables: &[&str]) -> Result<Vec<Part>, Failure> {
    let rows = database.query(&sql::select_indexes(), &[listed(tables)])?;
    let mut parts = Vec::new();
    for row in rows {
        let mut row = Row::of("sqlite_schema", row);
        let (table, name, made) = (row.text()?, row.text()?, row.text()?);
        if !is_referred_to(schema, &table, &name) {
            let make = vec![sql::of_catalogue(Dialect::Sqlite, &made)];
            parts.push(Part { table, drop: sql::drop_index(&name), name, make });
        }
    }
    parts.reverse();
    Ok(parts)
}

/// Whether a foreign key leads to the columns of an index.
fn is_referred_to(schema: &Schema, table: &str, index: &str) -> bool {
    let unique = schema.tables.get(table).and_then(|table| table.uniques.iter().find(|unique| unique.name == index));
    let Some(unique) = unique else { return false };
    let columns: BTreeSet<&String> = unique.columns.iter().collect();
    schema.references_to(table).any(|(_, key)| key.to_columns.iter().collect::<BTreeSet<_>>() == columns)
}

/// Returns what the catalogue says of the indexes of tables.
pub(crate) fn catalogue(database: &mut dyn Database, tables: &[String]) -> Result<Vec<String>, Failure> {
    let rows = database.query(&sql::select_indexes(), &[listed(tables)])?;
    let line = |row| {
        let mut row = Row::of("sqlite_schema", row);
        Ok(format!("{} {} {}", row.text()?, row.text()?, row.text()?))
    };
    let mut lines = rows.into_iter().map(line).collect::<Result<Vec<_>, Failure>>()?;
    // One that stayed comes before those that were made again, whatever the order was.
    lines.sort();
    Ok(lines)
}
