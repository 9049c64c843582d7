//! The catalogue of a SQLite database as a schema, over any adapter.

use std::collections::BTreeMap;
use std::sync::Arc;

use seedbed_core::schema::{Column, ColumnKind, ForeignKey, OnDelete, Schema, Table, TableKind, Takes, Unique};

use crate::database::row::Row;
use crate::database::{Database, Failure};
use crate::sql::{Sql, sqlite as sql};

/// A catalogue, and the version of the database's that it was read from.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// The tables.
    pub schema: Arc<Schema>,
    version: i64,
}

/// Returns the tables, views, unique indexes, foreign keys and triggers of the main database; where
/// nothing was made or dropped since, that is what is `known`.
///
/// In a transaction of somebody else nothing is to be `known` or kept: when its DDL is undone, other
/// DDL gets the same version.
pub fn catalogue(database: &mut dyn Database, known: Option<Catalogue>) -> Result<Catalogue, Failure> {
    let rows = rows(database, &sql::select_schema_version())?;
    let version = rows.into_iter().next().and_then(|mut row| row.optional_integer()).unwrap_or_default();
    match known {
        Some(known) if known.version == version => Ok(known),
        _ => Ok(Catalogue { schema: Arc::new(read(database)?), version }),
    }
}

fn read(database: &mut dyn Database) -> Result<Schema, Failure> {
    let (mut tables, strict) = tables(database)?;
    columns(database, &mut tables)?;
    for name in &strict {
        let table = tables.get_mut(name).expect("it was read with the others");
        table.takes = table.columns.iter().filter_map(|column| Some((column.name.clone(), takes(column)?))).collect();
    }
    uniques(database, &mut tables)?;
    foreign_keys(database, &mut tables)?;
    triggers(database, &mut tables)?;
    Ok(Schema { tables })
}

fn rows(database: &mut dyn Database, sql: &Sql) -> Result<Vec<Row>, Failure> {
    let rows = database.query(sql, &[])?;
    Ok(rows.into_iter().map(|row| Row::of("sqlite_schema", row)).collect())
}

type Tables = BTreeMap<String, Table>;

/// Returns the tables without their columns, and the names of those that are strict.
fn tables(database: &mut dyn Database) -> Result<(Tables, Vec<String>), Failure> {
    let (mut tables, mut strict) = (Tables::new(), Vec::new());
    for mut row in rows(database, &sql::select_tables())? {
        let name = row.text()?;
        let kind = match row.text()?.as_str() {
            "table" => TableKind::Base,
            "view" => TableKind::View,
            _ => TableKind::Virtual,
        };
        if row.flag()? {
            strict.push(name.clone());
        }
        let autoincrement = row.optional_text().is_some_and(|ddl| has_autoincrement(&ddl));
        tables.insert(name.clone(), Table { name, kind, autoincrement, ..Table::default() });
    }
    Ok((tables, strict))
}

/// Returns what a column of a strict table takes, where that is not everything or a text of any length.
fn takes(column: &Column) -> Option<Takes> {
    match column.declared.to_ascii_uppercase().as_str() {
        "INT" | "INTEGER" => Some(Takes::Whole),
        "REAL" => Some(Takes::Number),
        _ => None,
    }
}

/// Whether the keyword stands outside of quotes and comments.
fn has_autoincrement(ddl: &str) -> bool {
    let mut words = String::with_capacity(ddl.len());
    let mut letters = ddl.chars().peekable();
    while let Some(letter) = letters.next() {
        let end = match letter {
            '\'' | '"' | '`' => letter,
            '[' => ']',
            '-' if letters.peek() == Some(&'-') => '\n',
            letter => {
                words.push(letter.to_ascii_uppercase());
                continue;
            }
        };
        words.push(' ');
        letters.by_ref().find(|&letter| letter == end);
    }
    words.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').any(|word| word == "AUTOINCREMENT")
}

fn columns(database: &mut dyn Database, tables: &mut Tables) -> Result<(), Failure> {
    let mut keys: BTreeMap<String, BTreeMap<i64, String>> = BTreeMap::new();
    for mut row in rows(database, &sql::select_columns())? {
        let Some(table) = tables.get_mut(&row.text()?) else { continue };
        let (name, declared) = (row.text()?, row.text()?);
        let (not_null, default) = (row.flag()?, row.optional_text());
        let (place_in_key, generated) = (row.integer()?, row.flag()?);
        if place_in_key > 0 {
            keys.entry(table.name.clone()).or_default().insert(place_in_key, name.clone());
        }
        let (kind, nullable) = (kind(&declared), !not_null && place_in_key == 0);
        table.columns.push(Column { name, declared, kind, nullable, default, generated });
    }
    for (table, columns) in keys {
        tables.get_mut(&table).expect("the key was read from this table").primary_key = columns.into_values().collect();
    }
    Ok(())
}

/// Returns what a declared type means; the names are those that Django and the standard use.
fn kind(declared: &str) -> ColumnKind {
    let lower = declared.trim().to_ascii_lowercase();
    let (name, arguments) = lower.split_once('(').unwrap_or((&lower, ""));
    let numbers: Vec<u32> =
        arguments.trim_end_matches(')').split(',').filter_map(|number| number.trim().parse().ok()).collect();
    match name.trim() {
        "bool" | "boolean" => ColumnKind::Boolean,
        "datetime" | "timestamp" | "timestamp with time zone" | "timestamptz" => ColumnKind::Timestamp,
        "date" => ColumnKind::Date,
        "decimal" | "numeric" => ColumnKind::Decimal { scale: numbers.get(1).map(|&scale| scale as u8) },
        "real" | "float" | "double" | "double precision" => ColumnKind::Real,
        "uuid" => ColumnKind::Uuid,
        "char" if numbers == [32] => ColumnKind::Uuid,
        "json" | "jsonb" => ColumnKind::Json,
        "smallint" | "smallint unsigned" | "tinyint" => ColumnKind::Integer { bits: 16 },
        "mediumint" | "int4" => ColumnKind::Integer { bits: 32 },
        "blob" | "bytea" | "binary" => ColumnKind::Bytes,
        name if name.contains("int") => ColumnKind::Integer { bits: 64 },
        name if name.contains("char") || name.contains("text") || name.contains("clob") => {
            ColumnKind::Text { limit: numbers.first().copied() }
        }
        _ => ColumnKind::Other,
    }
}

fn uniques(database: &mut dyn Database, tables: &mut Tables) -> Result<(), Failure> {
    let mut expressions = Vec::new();
    for mut row in rows(database, &sql::select_uniques())? {
        let Some(table) = tables.get_mut(&row.text()?) else { continue };
        let (name, partial, column, ddl) = (row.text()?, row.flag()?, row.optional_text(), row.optional_text());
        if table.uniques.last().is_none_or(|unique| unique.name != name) {
            let uses = if partial { table.columns_named_in(&ddl.clone().unwrap_or_default()) } else { Vec::new() };
            table.uniques.push(Unique { name: name.clone(), columns: Vec::new(), partial, uses });
        }
        let uses =
            column.clone().map_or_else(|| table.columns_named_in(&ddl.unwrap_or_default()), |column| vec![column]);
        let unique = table.uniques.last_mut().expect("just pushed");
        unique.uses.extend(uses.into_iter().filter(|name| !unique.uses.contains(name)).collect::<Vec<_>>());
        match column {
            Some(column) => unique.columns.push(column),
            None => expressions.push((table.name.clone(), name)),
        }
    }
    for (table, name) in expressions {
        let table = tables.get_mut(&table).expect("the index was read from this table");
        table.uniques.iter_mut().filter(|unique| unique.name == name).for_each(|unique| unique.columns.clear());
    }
    Ok(())
}

fn foreign_keys(database: &mut dyn Database, tables: &mut Tables) -> Result<(), Failure> {
    let mut last = None;
    for mut row in rows(database, &sql::select_foreign_keys())? {
        let (name, id, spelled) = (row.text()?, row.integer()?, row.text()?);
        let (column, to_column, on_delete) = (row.text()?, row.optional_text(), row.text()?);
        // A reference may spell its table in other letters than the catalogue.
        let to = tables.values().find(|table| table.name.eq_ignore_ascii_case(&spelled));
        let (to, primary_key) = to.map_or((spelled, Vec::new()), |to| (to.name.clone(), to.primary_key.clone()));
        let Some(table) = tables.get_mut(&name) else { continue };
        if last.replace((name.clone(), id)) != Some((name, id)) {
            let on_delete = match on_delete.as_str() {
                "RESTRICT" => OnDelete::Restrict,
                "CASCADE" => OnDelete::Cascade,
                "SET NULL" => OnDelete::SetNull,
                "SET DEFAULT" => OnDelete::SetDefault,
                _ => OnDelete::NoAction,
            };
            table.foreign_keys.push(ForeignKey { columns: Vec::new(), to, to_columns: Vec::new(), on_delete });
        }
        let key = table.foreign_keys.last_mut().expect("just pushed");
        let to_column = to_column.or_else(|| primary_key.get(key.columns.len()).cloned());
        key.columns.push(column);
        key.to_columns.extend(to_column);
    }
    Ok(())
}

fn triggers(database: &mut dyn Database, tables: &mut Tables) -> Result<(), Failure> {
    for mut row in rows(database, &sql::select_triggers())? {
        if let Some(table) = tables.get_mut(&row.text()?) {
            table.triggers.push(row.text()?);
        }
    }
    Ok(())
}
