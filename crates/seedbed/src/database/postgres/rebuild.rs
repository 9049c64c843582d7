//! What PostgreSQL drops before rows are loaded, how it makes it again, and where it must not.

use seedbed_core::plan::Cell;

use crate::database::row::Row;
use crate::database::{Database, Failure, FailureKind};
use crate::rebuild::{Part, Reason, Refusal, listed};
use crate::sql::{Dialect, Sql, postgres, rebuild as sql};

fn rows(database: &mut dyn Database, sql: &Sql, tables: Cell) -> Result<Vec<Row>, Failure> {
    let rows = database.query(sql, &[tables])?;
    Ok(rows.into_iter().map(|row| Row::of("pg_catalog", row)).collect())
}

/// Returns which tables stay as they are, and why.
pub(crate) fn refusals(database: &mut dyn Database, tables: &[&str]) -> Result<Vec<Refusal>, Failure> {
    let refusal = |mut row: Row| {
        let (table, code, about) = (row.text()?, row.text()?, row.text()?);
        let unknown = || Failure::new(FailureKind::Other, format!("`{code}` is no reason to leave indexes"));
        Ok(Refusal { table, reason: Reason::of(&code, about).ok_or_else(unknown)? })
    };
    rows(database, &sql::select_refusals(), listed(tables))?.into_iter().map(refusal).collect()
}

/// Returns what is dropped of these tables, in the order of that: foreign keys, unique constraints, indexes.
pub(crate) fn parts(database: &mut dyn Database, tables: &[&str]) -> Result<Vec<Part>, Failure> {
    let statement = |text: &str| sql::of_catalogue(Dialect::Postgres, text);
    let part = |mut row: Row| {
        let table = row.text()?;
        row.skip();
        let (name, drop, made) = (row.text()?, statement(&row.text()?), row.text()?);
        let more = [row.optional_text(), row.optional_text(), row.optional_text()];
        let make = [Some(made)].into_iter().chain(more).flatten();
        Ok(Part { table, name, drop, make: make.map(|text| statement(&text)).collect() })
    };
    rows(database, &sql::select_parts(), listed(tables))?.into_iter().map(part).collect()
}

/// Returns what the catalogue says of tables.
pub(crate) fn catalogue(database: &mut dyn Database, tables: &[String]) -> Result<Vec<String>, Failure> {
    let line = |mut row: Row| Ok(format!("{} {}", row.text()?, row.text()?));
    rows(database, &sql::select_catalogue(), listed(tables))?.into_iter().map(line).collect()
}

/// Checks now what waits for the end of the transaction; what comes later waits again.
pub(crate) fn settle(database: &mut dyn Database) -> Result<(), Failure> {
    database.execute(&postgres::check_constraints(), &[])?;
    database.execute(&postgres::defer_constraints(), &[]).map(|_| ())
}
