//! What is PostgreSQL's own, over any adapter: version, identity, counters, references that lead nowhere.

use seedbed_core::plan::Cell;

use crate::database::row::Row;
use crate::database::{Dangling, Database, Failure, FailureKind};
use crate::sql::postgres as sql;

/// The oldest version that the statements of this crate were tried on.
const OLDEST: i64 = 15;

/// Fails where the server is older than the statements of this crate.
pub fn require_version(database: &mut dyn Database) -> Result<(), Failure> {
    let rows = database.query(&sql::select_version(), &[])?;
    let mut row = Row::of("pg_settings", rows.into_iter().next().unwrap_or_default());
    let (number, version) = (row.integer()?, row.text()?);
    if number >= OLDEST * 10_000 {
        return Ok(());
    }
    let message = format!("PostgreSQL {version} is too old: {OLDEST} or newer is needed");
    Err(Failure::new(FailureKind::Other, message))
}

/// Returns what tells a database from a copy of it: the number of its server and its own.
///
/// A copy of all of a server's files has both; nothing tells it from the server.
pub fn identity(database: &mut dyn Database) -> Result<String, Failure> {
    let rows = database.query(&sql::select_identity(), &[])?;
    let mut row = Row::of("pg_database", rows.into_iter().next().unwrap_or_default());
    Ok(format!("postgres server {} database {}", row.text()?, row.integer()?))
}

/// A sequence that hands out the keys of a table.
struct Counter {
    table: String,
    sequence: String,
    last: Option<i64>,
    start: i64,
}

/// A counter that was moved.
#[derive(Clone, Debug)]
pub struct Moved {
    sequence: String,
    start: i64,
    from: Option<i64>,
    to: Option<i64>,
}

fn read(database: &mut dyn Database) -> Result<Vec<Counter>, Failure> {
    let rows = database.query(&sql::select_counters(), &[])?;
    let rows = rows.into_iter().map(|row| Row::of("pg_sequence", row));
    rows.map(|mut row| {
        let (table, _, sequence) = (row.text()?, row.text()?, row.text()?);
        Ok(Counter { table, sequence, last: row.optional_integer(), start: row.integer()? })
    })
    .collect()
}

/// Returns the counters of the tables that have one and were written before.
pub fn counters(database: &mut dyn Database) -> Result<Vec<(String, i64)>, Failure> {
    let counters = read(database)?;
    Ok(counters.into_iter().filter_map(|counter| Some((counter.table, counter.last?))).collect())
}

/// Refuses where the counter of a table could not be moved to there, before anything is committed.
pub fn require_reach(database: &mut dyn Database, table: &str, to: i64) -> Result<(), Failure> {
    let counter = read(database)?.into_iter().find(|counter| counter.table == table);
    let Some(Counter { sequence, .. }) = counter else {
        return Err(Failure::new(FailureKind::Other, format!("`{table}` has no sequence")));
    };
    let rows = database.query(&sql::select_reach(), &[Cell::text(&sequence)])?;
    let mut row = Row::of("pg_sequence", rows.into_iter().next().unwrap_or_default());
    let (may, last) = (row.flag()?, row.integer()?);
    if !may {
        return Err(Failure::new(FailureKind::ReadOnly, format!("permission denied for sequence {sequence}")));
    }
    if to > last {
        return Err(Failure::new(FailureKind::Other, format!("sequence {sequence} ends at {last}, before {to}")));
    }
    Ok(())
}

/// Moves the counter of a table, or makes it as if it was never used.
///
/// No transaction undoes this; the answer is what [`put_back`] needs to.
pub fn set_counter(database: &mut dyn Database, table: &str, to: Option<i64>) -> Result<Moved, Failure> {
    let counter = read(database)?.into_iter().find(|counter| counter.table == table);
    let Some(Counter { sequence, last: from, start, .. }) = counter else {
        return Err(Failure::new(FailureKind::Other, format!("`{table}` has no sequence")));
    };
    let moved = Moved { sequence, start, from, to };
    let values = [Cell::text(&moved.sequence), value(to, start), handed_out(to)];
    database.query(&sql::set_counter(), &values)?;
    Ok(moved)
}

/// Moves a counter back to where it stood, unless somebody has drawn from it meanwhile.
pub fn put_back(database: &mut dyn Database, moved: &Moved) -> Result<(), Failure> {
    let Some(stands) = moved.to else {
        // It is as if never used; nothing tells whether somebody has drawn from it and given back.
        let values = [Cell::text(&moved.sequence), value(moved.from, moved.start), handed_out(moved.from)];
        return database.query(&sql::set_counter(), &values).map(|_| ());
    };
    let values =
        [value(moved.from, moved.start), handed_out(moved.from), Cell::text(&moved.sequence), Cell::Integer(stands)];
    database.query(&sql::restore_counter(), &values).map(|_| ())
}

fn value(last: Option<i64>, start: i64) -> Cell {
    Cell::Integer(last.unwrap_or(start))
}

fn handed_out(last: Option<i64>) -> Cell {
    Cell::Integer(i64::from(last.is_some()))
}

/// Returns the rows of these tables whose references lead nowhere.
pub fn dangling(database: &mut dyn Database, tables: &[&str]) -> Result<Vec<Dangling>, Failure> {
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let schema = database.schema()?;
    let mut found = Vec::new();
    for table in tables.iter().filter_map(|table| schema.tables.get(*table)) {
        let number = match &table.primary_key[..] {
            [key] if table.autoincrement => Some(key.as_str()),
            _ => None,
        };
        for key in table.foreign_keys.iter().filter(|key| schema.tables.contains_key(&key.to)) {
            let statement = sql::select_dangling(&table.name, number, &key.columns, &key.to, &key.to_columns);
            for row in database.query(&statement.sql, &statement.values)? {
                let mut row = Row::of("pg_constraint", row);
                found.push(Dangling { table: table.name.clone(), row: row.optional_integer(), to: key.to.clone() });
            }
        }
    }
    Ok(found)
}
