//! Live rows: what the database holds, read by exact keys and brought to canonical form.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_core::plan::{Cell, Key, LiveTable, key_text};
use seedbed_core::schema::{ColumnKind, Schema, Table};

use crate::database::{Database, Failure};
use crate::secret;
use crate::sql::{self, Hold, Rows, Statement};

/// What is read of a table: its columns, and which of them make the key.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) table: Table,
    pub(crate) columns: Vec<String>,
    /// Names of the key columns; empty where rows can't be told apart.
    pub(crate) key: Vec<String>,
    kinds: Vec<ColumnKind>,
    key_positions: Vec<usize>,
}

impl Shape {
    fn new(table: &Table, key: Vec<String>) -> Self {
        let stored = || table.columns.iter().filter(|column| !column.generated);
        let columns: Vec<String> = stored().map(|column| column.name.clone()).collect();
        let kinds = stored().map(|column| column.kind.clone()).collect();
        let key_positions = key.iter().filter_map(|name| columns.iter().position(|column| column == name)).collect();
        Self { table: table.clone(), columns, key, kinds, key_positions }
    }

    pub(crate) fn keyed(&self, row: Vec<Cell>) -> (Key, Vec<Cell>) {
        let row: Vec<Cell> = row.into_iter().zip(&self.kinds).map(|(cell, kind)| cell.canonical(kind)).collect();
        let key = if self.key_positions.is_empty() {
            row.clone()
        } else {
            self.key_positions.iter().map(|&position| row[position].clone()).collect()
        };
        (key, row)
    }

    /// Returns a key as a person reads it, without what is nobody's business.
    pub(crate) fn key_text(&self, key: &[Cell]) -> String {
        secret::key_without(&self.key, key)
    }

    /// Returns the cells of these columns, or none where one is not read or is NULL.
    pub(crate) fn tuple(&self, row: &[Cell], columns: &[String]) -> Option<Key> {
        let cell = |name: &String| {
            let position = self.columns.iter().position(|column| column == name)?;
            Some(row[position].clone()).filter(|cell| !cell.is_null())
        };
        columns.iter().map(cell).collect()
    }
}

/// The shapes of all tables.
pub(crate) struct Shapes(BTreeMap<String, Shape>);

impl Shapes {
    /// Returns the shapes; `keys` names the key columns where a dataset says them.
    pub(crate) fn new(schema: &Schema, keys: &BTreeMap<String, Vec<String>>) -> Self {
        let shape = |table: &Table| {
            let key = keys.get(&table.name).unwrap_or(&table.primary_key).clone();
            (table.name.clone(), Shape::new(table, key))
        };
        Self(schema.tables.values().map(shape).collect())
    }

    pub(crate) fn get(&self, table: &str) -> Option<&Shape> {
        self.0.get(table)
    }

    /// Returns the key of a row of a table as a person reads it, without what is nobody's business.
    pub(crate) fn key_text(&self, table: &str, key: &[Cell]) -> String {
        self.get(table).map_or_else(|| key_text(key), |shape| shape.key_text(key))
    }
}

/// Runs statements and returns their rows by key.
pub(crate) fn rows(
    database: &mut dyn Database,
    shape: &Shape,
    statements: &[Statement],
) -> Result<BTreeMap<Key, Vec<Cell>>, Failure> {
    let asked: Vec<_> = statements.iter().map(|statement| (&statement.sql, &*statement.values)).collect();
    let rows = database.read_all(&asked)?.into_iter().flatten();
    Ok(rows.map(|row| shape.keyed(row)).collect())
}

/// Reads the rows on these keys, all columns.
pub(crate) fn by_key(
    database: &mut dyn Database,
    shape: &Shape,
    keys: &BTreeSet<Key>,
    hold: Hold,
) -> Result<LiveTable, Failure> {
    let tuples: Vec<&Key> = keys.iter().collect();
    let wanted = Rows { table: &shape.table, columns: &shape.key, tuples: &tuples };
    let statements = sql::select(database.dialect(), &shape.columns, wanted, hold);
    let rows = rows(database, shape, &statements)?;
    Ok(LiveTable { columns: shape.columns.clone(), rows })
}
