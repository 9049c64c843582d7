//! SQL: the only module that builds it.
//!
//! Names come from the catalogue and are quoted; values are always bound; a name of ours is a
//! constant here. A [`Sql`] cannot be made anywhere else.

pub(crate) mod fact;
pub(crate) mod sqlite;

use std::collections::BTreeSet;
use std::fmt::Write;

use seedbed_core::plan::{Cell, Key};

/// At most so many values are bound to a statement.
const MAX_VALUES: usize = 999;

/// A statement that this module built.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sql {
    text: String,
    /// Where the placeholders stand in `text`.
    marks: Vec<usize>,
}

impl Sql {
    /// Returns the statement with `?` for every bound value.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the statement with `%s` for every bound value and `%%` for a percent sign.
    pub fn percent_text(&self) -> String {
        let mut text = String::with_capacity(self.text.len() + self.marks.len());
        let mut from = 0;
        for &mark in &self.marks {
            text.push_str(&self.text[from..mark].replace('%', "%%"));
            text.push_str("%s");
            from = mark + 1;
        }
        text.push_str(&self.text[from..].replace('%', "%%"));
        text
    }

    fn fixed(text: &str) -> Self {
        let marks = text.match_indices('?').map(|(at, _)| at).collect();
        Self { text: text.to_owned(), marks }
    }
}

/// A statement and the values bound to it.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) sql: Sql,
    pub(crate) values: Vec<Cell>,
}

/// The exact keys of rows: names of the key columns, and a tuple per row.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub(crate) table: &'a str,
    pub(crate) columns: &'a [String],
    pub(crate) tuples: &'a [&'a Key],
}

/// Returns the statements that read `columns` of these rows.
pub(crate) fn select(columns: &[String], rows: Rows<'_>) -> Vec<Statement> {
    each_chunk(rows, |writer, chunk| {
        writer.push("SELECT ");
        writer.stored(columns);
        writer.push(" FROM ");
        writer.name(rows.table);
        writer.push(" WHERE ");
        writer.among(rows.columns, chunk);
    })
}

/// Returns the statements that read `columns` of the rows whose `rows.columns` hold one of the
/// tuples, leaving out those whose single key column `key` holds one of `known`.
pub(crate) fn select_referring(
    columns: &[String],
    rows: Rows<'_>,
    key: &[String],
    known: Option<&BTreeSet<Key>>,
) -> Vec<Statement> {
    let known = known.filter(|known| key.len() == 1 && !known.is_empty()).and_then(|known| json(known.iter()));
    each_chunk(rows, |writer, chunk| {
        writer.push("SELECT ");
        writer.stored(columns);
        writer.push(" FROM ");
        writer.name(rows.table);
        writer.push(" WHERE ");
        writer.among(rows.columns, chunk);
        if let Some(known) = &known {
            writer.push(" AND ");
            writer.name(&key[0]);
            writer.push(" NOT IN (SELECT value FROM json_each(");
            writer.bind(known.clone());
            writer.push("))");
        }
    })
}

/// Returns the statement that reads the rows whose `column` matches `pattern` (`*` for any run).
pub(crate) fn select_matching(columns: &[String], table: &str, column: &str, pattern: &str) -> Statement {
    let glob = pattern.replace('[', "[[]").replace('?', "[?]");
    let mut writer = Writer::default();
    writer.push("SELECT ");
    writer.stored(columns);
    writer.push(" FROM ");
    writer.name(table);
    writer.push(" WHERE ");
    writer.name(column);
    writer.push(" GLOB ");
    writer.bind(Cell::text(glob));
    writer.finish()
}

/// Returns the statement that counts the rows of each table, in one row.
pub(crate) fn count<'a>(tables: impl Iterator<Item = &'a str>) -> Statement {
    let mut writer = Writer::default();
    writer.push("SELECT ");
    for (index, table) in tables.enumerate() {
        writer.push(if index == 0 { "(SELECT count(*) FROM " } else { ", (SELECT count(*) FROM " });
        writer.name(table);
        writer.push(")");
    }
    writer.finish()
}

/// Returns the statement for the largest number in a key column, rows `without` left out.
pub(crate) fn maximum(table: &str, column: &str, without: &[&Key]) -> Statement {
    let mut writer = Writer::default();
    writer.push("SELECT max(");
    writer.name(column);
    writer.push(") FROM ");
    writer.name(table);
    if let Some(without) = json(without.iter().copied()) {
        writer.push(" WHERE ");
        writer.name(column);
        writer.push(" NOT IN (SELECT value FROM json_each(");
        writer.bind(without);
        writer.push("))");
    }
    writer.finish()
}

/// Returns the statements that insert these rows, as many to a statement as fit, and how many.
pub(crate) fn insert(table: &str, columns: &[String], rows: &[&[Cell]]) -> Vec<(Statement, usize)> {
    let fits = (MAX_VALUES / columns.len().max(1)).clamp(1, 50);
    (rows.chunks(fits))
        .map(|chunk| {
            let mut writer = Writer::default();
            writer.push("INSERT INTO ");
            writer.name(table);
            writer.push(" (");
            writer.names(columns);
            writer.push(") VALUES ");
            for (index, row) in chunk.iter().enumerate() {
                writer.push(if index == 0 { "(" } else { ", (" });
                for (position, cell) in row.iter().enumerate() {
                    writer.push(if position == 0 { "" } else { ", " });
                    writer.bind(cell.clone());
                }
                writer.push(")");
            }
            (writer.finish(), chunk.len())
        })
        .collect()
}

/// Returns the statements that give `columns` of rows of ours these values, as many rows to a
/// statement as fit, and how many; a row is its key and a value per column.
pub(crate) fn update(
    table: &str,
    columns: &[&str],
    rows: &[(&Key, Vec<&Cell>)],
    key: &[String],
    tag: Option<&(String, Cell)>,
) -> Vec<(Statement, usize)> {
    let fits = (MAX_VALUES - 1) / (key.len() + columns.len()).max(1);
    (rows.chunks(fits.clamp(1, 50)))
        .map(|chunk| {
            let mut writer = Writer::default();
            writer.push("UPDATE ");
            writer.name(table);
            writer.push(" SET ");
            for (index, column) in columns.iter().enumerate() {
                writer.push(if index == 0 { "" } else { ", " });
                writer.name(column);
                writer.push(" = seedbed_changed.column");
                writer.number(key.len() + index + 1);
            }
            // The columns of VALUES are called column1, column2 and so on. No WITH goes before the
            // UPDATE: Python's driver would not count the rows.
            writer.push(" FROM (VALUES ");
            for (index, (key, values)) in chunk.iter().enumerate() {
                writer.push(if index == 0 { "(" } else { ", (" });
                for (position, cell) in key.iter().chain(values.iter().copied()).enumerate() {
                    writer.push(if position == 0 { "" } else { ", " });
                    writer.bind(cell.clone());
                }
                writer.push(")");
            }
            writer.push(") AS seedbed_changed WHERE ");
            for (index, column) in key.iter().enumerate() {
                writer.push(if index == 0 { "" } else { " AND " });
                writer.name(table);
                writer.push(".");
                writer.name(column);
                writer.push(" = seedbed_changed.column");
                writer.number(index + 1);
            }
            if let Some((column, value)) = tag {
                writer.push(" AND ");
                writer.name(table);
                writer.push(".");
                writer.name(column);
                writer.push(" = ");
                writer.bind(value.clone());
            }
            (writer.finish(), chunk.len())
        })
        .collect()
}

/// Returns the statements that delete these rows, with the tag where there is one.
pub(crate) fn delete(rows: Rows<'_>, tag: Option<&(String, Cell)>) -> Vec<Statement> {
    each_chunk(rows, |writer, chunk| {
        writer.push("DELETE FROM ");
        writer.name(rows.table);
        writer.push(" WHERE ");
        writer.among(rows.columns, chunk);
        writer.tagged(tag);
    })
}

fn each_chunk(rows: Rows<'_>, write: impl Fn(&mut Writer, &[&Key])) -> Vec<Statement> {
    let fits = if rows.columns.len() == 1 { usize::MAX } else { (MAX_VALUES - 10) / rows.columns.len().max(1) };
    // Bytes cannot travel as JSON; such keys are bound one by one.
    let plain = rows.tuples.iter().all(|tuple| !matches!(tuple[..], [Cell::Blob(_)]));
    let fits = if plain { fits } else { fits.min(MAX_VALUES - 10) };
    (rows.tuples.chunks(fits.min(rows.tuples.len().max(1))))
        .map(|chunk| {
            let mut writer = Writer::default();
            write(&mut writer, chunk);
            writer.finish()
        })
        .collect()
}

fn json<'a>(tuples: impl Iterator<Item = &'a Key>) -> Option<Cell> {
    let mut text = String::from("[");
    for tuple in tuples {
        let [cell] = &tuple[..] else { return None };
        if text.len() > 1 {
            text.push(',');
        }
        match cell {
            Cell::Integer(n) => write!(text, "{n}").expect("a string takes all"),
            Cell::Text(value) => text.push_str(&serde_json::to_string(&**value).expect("a text is JSON")),
            Cell::Null | Cell::Real(_) | Cell::Blob(_) => return None,
        }
    }
    text.push(']');
    Some(Cell::text(text))
}

#[derive(Default)]
struct Writer {
    text: String,
    marks: Vec<usize>,
    values: Vec<Cell>,
}

impl Writer {
    fn push(&mut self, text: &'static str) {
        self.text.push_str(text);
    }

    fn name(&mut self, name: &str) {
        self.text.push('"');
        self.text.push_str(&name.replace('"', "\"\""));
        self.text.push('"');
    }

    fn names(&mut self, names: &[String]) {
        for (index, name) in names.iter().enumerate() {
            self.push(if index == 0 { "" } else { ", " });
            self.name(name);
        }
    }

    /// Writes the columns of a SELECT list.
    fn stored(&mut self, names: &[String]) {
        for (index, name) in names.iter().enumerate() {
            self.push(if index == 0 { "" } else { ", " });
            self.as_stored();
            self.name(name);
        }
    }

    /// Makes the driver hand over the column that follows as it is stored.
    ///
    /// Python's driver of SQLite converts by declared type: it reads a 7 in a `bool` column as no, a
    /// text that is no time in a `datetime` column as none, and drift would not be seen. An
    /// expression has no declared type. An engine whose `+` takes numbers only needs another way;
    /// our own tables declare whole numbers and texts, which no driver converts.
    fn as_stored(&mut self) {
        self.push("+");
    }

    fn number(&mut self, number: usize) {
        self.text.push_str(&number.to_string());
    }

    fn bind(&mut self, cell: Cell) {
        self.marks.push(self.text.len());
        self.text.push('?');
        self.values.push(cell);
    }

    fn equals(&mut self, columns: &[String], tuple: &Key) {
        for (index, (column, cell)) in columns.iter().zip(tuple).enumerate() {
            self.push(if index == 0 { "" } else { " AND " });
            self.name(column);
            self.push(" = ");
            self.bind(cell.clone());
        }
    }

    fn among(&mut self, columns: &[String], tuples: &[&Key]) {
        if let [column] = columns
            && let Some(list) = json(tuples.iter().copied())
        {
            self.name(column);
            self.push(" IN (SELECT value FROM json_each(");
            self.bind(list);
            self.push("))");
            return;
        }
        self.push("(");
        for (index, tuple) in tuples.iter().enumerate() {
            self.push(if index == 0 { "(" } else { " OR (" });
            self.equals(columns, tuple);
            self.push(")");
        }
        self.push(")");
    }

    fn tagged(&mut self, tag: Option<&(String, Cell)>) {
        if let Some((column, value)) = tag {
            self.push(" AND ");
            self.name(column);
            self.push(" = ");
            self.bind(value.clone());
        }
    }

    fn finish(self) -> Statement {
        Statement { sql: Sql { text: self.text, marks: self.marks }, values: self.values }
    }
}

/// The tables of ours: what was seeded, and that tests may write here.
pub(crate) fn create_bookkeeping() -> [Sql; 2] {
    [
        Sql::fixed(
            "CREATE TABLE IF NOT EXISTS seedbed_marker (id INTEGER PRIMARY KEY CHECK (id = 1), identity TEXT, \
             how TEXT NOT NULL, marked_at INTEGER NOT NULL, tool TEXT NOT NULL, counters TEXT NOT NULL, \
             stale_files TEXT NOT NULL)",
        ),
        Sql::fixed(
            "CREATE TABLE IF NOT EXISTS seedbed_state (scenario TEXT NOT NULL, worker INTEGER NOT NULL, \
             layer INTEGER NOT NULL, seed TEXT NOT NULL, as_of INTEGER NOT NULL, pinned INTEGER NOT NULL, \
             holds_for INTEGER NOT NULL, digest TEXT NOT NULL, variant TEXT, keys TEXT NOT NULL, files TEXT NOT NULL, \
             passwords TEXT NOT NULL, tool TEXT NOT NULL, seeded_at INTEGER NOT NULL, \
             PRIMARY KEY (scenario, worker), UNIQUE (layer, worker))",
        ),
    ]
}

/// Reads the marker.
pub(crate) fn select_marker() -> Sql {
    Sql::fixed("SELECT identity, how, marked_at, tool, counters, stale_files FROM seedbed_marker WHERE id = 1")
}

/// Writes the marker: identity, how, `marked_at`, tool, counters, stale files.
pub(crate) fn put_marker() -> Sql {
    Sql::fixed(
        "INSERT INTO seedbed_marker (id, identity, how, marked_at, tool, counters, stale_files) \
         VALUES (1, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET identity = excluded.identity, \
         how = excluded.how, marked_at = excluded.marked_at, tool = excluded.tool, counters = excluded.counters, \
         stale_files = excluded.stale_files",
    )
}

/// Reads all states.
pub(crate) fn select_states() -> Sql {
    Sql::fixed(
        "SELECT scenario, worker, layer, seed, as_of, pinned, holds_for, digest, variant, keys, files, passwords, \
         tool, seeded_at FROM seedbed_state ORDER BY worker, layer",
    )
}

/// Writes a state, all columns in the order of `select_states`.
pub(crate) fn put_state() -> Sql {
    Sql::fixed(
        "INSERT INTO seedbed_state (scenario, worker, layer, seed, as_of, pinned, holds_for, digest, variant, keys, \
         files, passwords, tool, seeded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (scenario, worker) DO UPDATE SET layer = excluded.layer, seed = excluded.seed, \
         as_of = excluded.as_of, pinned = excluded.pinned, holds_for = excluded.holds_for, digest = excluded.digest, \
         variant = excluded.variant, keys = excluded.keys, files = excluded.files, passwords = excluded.passwords, \
         tool = excluded.tool, seeded_at = excluded.seeded_at",
    )
}

/// Removes a state: scenario, worker.
pub(crate) fn delete_state() -> Sql {
    Sql::fixed("DELETE FROM seedbed_state WHERE scenario = ? AND worker = ?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_and_values_are_bound() {
        let (key, value, tag) = (vec![Cell::Integer(7)], Cell::text("'; DROP"), ("t".to_owned(), Cell::Integer(1)));
        let statements = update("a\"b", &["c%"], &[(&key, vec![&value])], &["id".to_owned()], Some(&tag));
        let [(statement, 1)] = statements.as_slice() else { panic!("one row fits a statement") };
        let text = r#"UPDATE "a""b" SET "c%" = seedbed_changed.column2 FROM (VALUES (?, ?)) AS seedbed_changed "#;
        let text = text.to_owned() + r#"WHERE "a""b"."id" = seedbed_changed.column1 AND "a""b"."t" = ?"#;
        assert_eq!(statement.sql.text(), text);
        assert_eq!(statement.sql.percent_text(), text.replace('%', "%%").replace('?', "%s"));
        assert_eq!(statement.values, [Cell::Integer(7), Cell::text("'; DROP"), Cell::Integer(1)]);
    }
}
