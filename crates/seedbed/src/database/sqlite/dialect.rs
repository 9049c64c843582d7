//! What is SQLite's own, over any adapter: counters, references that lead nowhere, the write lock.

use seedbed_core::plan::Cell;

use crate::database::row::Row;
use crate::database::{Dangling, Database, Failure, FailureKind};
use crate::sql::sqlite as sql;

/// The first version that lists its tables with their types.
const OLDEST: [u32; 2] = [3, 37];

/// Fails where the engine is older than the statements of this crate.
pub fn require_version(database: &mut dyn Database) -> Result<(), Failure> {
    let rows = database.query(&sql::select_version(), &[])?;
    let version = rows.first().and_then(|row| row[0].as_text()).unwrap_or("of no version");
    let numbers: Vec<u32> = version.split('.').map_while(|number| number.parse().ok()).collect();
    if numbers.as_slice() >= OLDEST.as_slice() {
        return Ok(());
    }
    let [major, minor] = OLDEST;
    Err(Failure::new(FailureKind::Other, format!("SQLite {version} is too old: {major}.{minor} or newer is needed")))
}

/// Takes the write lock in a transaction that is open and has done nothing yet, so that no other
/// program writes between its reads and its writes.
///
/// Where Seedbed has no tables yet there is nothing to lock by, and nothing is locked: the answer is no.
pub fn lock(database: &mut dyn Database) -> Result<bool, Failure> {
    // The tables are looked for last: SQLite waits for a lock only before the first read.
    match database.execute(&sql::lock(), &[]) {
        Ok(_) => Ok(true),
        Err(failure) if has_table(database, "seedbed_marker")? => Err(failure),
        Err(_) => Ok(false),
    }
}

/// Returns what changes with every commit of another connection.
pub(super) fn version(database: &mut dyn Database) -> Result<Option<String>, Failure> {
    let rows = database.query(&sql::select_data_version(), &[])?;
    Ok(rows.first().and_then(|row| row[0].as_integer()).map(|number| number.to_string()))
}

/// Returns the counters of the tables that have one and were written before.
pub fn counters(database: &mut dyn Database) -> Result<Vec<(String, i64)>, Failure> {
    if !has_table(database, "sqlite_sequence")? {
        return Ok(Vec::new());
    }
    let rows = database.query(&sql::select_counters(), &[])?;
    let rows = rows.into_iter().map(|row| Row::of("sqlite_sequence", row));
    rows.map(|mut row| Ok((row.text()?, row.integer()?))).collect()
}

/// Moves the counter of a table, or forgets it.
pub fn set_counter(database: &mut dyn Database, table: &str, to: Option<i64>) -> Result<(), Failure> {
    let Some(to) = to else {
        return database.execute(&sql::delete_counter(), &[Cell::text(table)]).map(|_| ());
    };
    let values = [Cell::Integer(to), Cell::text(table)];
    if database.execute(&sql::update_counter(), &values)? == 0 {
        database.execute(&sql::insert_counter(), &values)?;
    }
    Ok(())
}

/// Returns the rows of these tables whose references lead nowhere.
pub fn dangling(database: &mut dyn Database, tables: &[&str]) -> Result<Vec<Dangling>, Failure> {
    let mut found = Vec::new();
    for table in tables {
        for row in database.query(&sql::select_dangling(), &[Cell::text(table)])? {
            let mut row = Row::of("pragma_foreign_key_check", row);
            found.push(Dangling { table: (*table).to_owned(), row: row.optional_integer(), to: row.text()? });
        }
    }
    Ok(found)
}

fn has_table(database: &mut dyn Database, name: &str) -> Result<bool, Failure> {
    Ok(!database.query(&sql::select_table(), &[Cell::text(name)])?.is_empty())
}
