//! SQL: the only module that builds it.
//!
//! Names come from the catalogue and are quoted; values are always bound; a name of ours is a
//! constant here. A [`Sql`] cannot be made anywhere else.
//!
//! Cells are the same on every engine. Where an engine has types of its own, columns are read
//! through an expression that gives the cell, and values are bound as texts and cast to the type of
//! their column, so that no driver infers or converts anything.

pub(crate) mod fact;
pub(crate) mod makers;
pub(crate) mod postgres;
pub(crate) mod rebuild;
pub(crate) mod rules;
pub(crate) mod run;
pub(crate) mod sqlite;

use std::collections::BTreeSet;
use std::fmt::Write;

use seedbed_core::plan::{Cell, Key};
use seedbed_core::schema::{Column, Table};

/// The SQL that an engine speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// That of SQLite.
    Sqlite,
    /// That of PostgreSQL.
    Postgres,
}

impl Dialect {
    /// At most so many values are bound to a statement.
    fn max_values(self) -> usize {
        match self {
            Self::Sqlite => 999,
            Self::Postgres => 10_000,
        }
    }

    /// At most so many rows are inserted by a statement, where they are not copied.
    fn max_rows(self) -> usize {
        match self {
            Self::Sqlite => 50,
            Self::Postgres => 500,
        }
    }
}

/// A statement that this module built.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sql {
    text: String,
    /// Where the placeholders stand in `text`: from and to.
    marks: Vec<(usize, usize)>,
}

impl Sql {
    /// Returns the statement with the engine's own placeholder for every bound value: `?`, or `$1`
    /// and so on.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the statement with `%s` for every bound value and `%%` for a percent sign.
    pub fn percent_text(&self) -> String {
        let mut text = String::with_capacity(self.text.len() + self.marks.len());
        let mut from = 0;
        for &(start, end) in &self.marks {
            text.push_str(&self.text[from..start].replace('%', "%%"));
            text.push_str("%s");
            from = end;
        }
        text.push_str(&self.text[from..].replace('%', "%%"));
        text
    }

    /// Returns a statement of ours, written with `?` for every bound value.
    fn fixed(dialect: Dialect, text: &str) -> Self {
        let mut writer = Writer::new(dialect);
        for (index, part) in text.split('?').enumerate() {
            if index > 0 {
                writer.mark();
            }
            writer.text.push_str(part);
        }
        writer.finish().sql
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
    pub(crate) table: &'a Table,
    pub(crate) columns: &'a [String],
    pub(crate) tuples: &'a [&'a Key],
}

/// Numbers from one to another, both of them in it.
pub(crate) type Span = (i64, i64);

/// Whether rows are locked while they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// They are not.
    No,
    /// Nobody else can change them or refer to them until the transaction ends. On SQLite, whose
    /// writers wait for each other anyway, nothing is locked.
    ForUpdate,
}

/// Returns the statements that read `columns` of these rows.
pub(crate) fn select(dialect: Dialect, columns: &[String], rows: Rows<'_>, hold: Hold) -> Vec<Statement> {
    let chunks = each_chunk(dialect, rows, |writer, chunk| {
        writer.rows_where(rows.table, columns);
        writer.among(rows.table, rows.columns, chunk);
        writer.hold(rows.columns, hold);
    });
    chunks.into_iter().map(|(statement, _)| statement).collect()
}

/// Returns the statement that reads `columns` of the rows whose number lies between these two, in order.
pub(crate) fn select_between(dialect: Dialect, columns: &[String], table: &Table, key: &str, span: Span) -> Statement {
    let mut writer = Writer::new(dialect);
    writer.rows_where(table, columns);
    writer.between(table, key, span);
    writer.push(" ORDER BY ");
    writer.name(key);
    writer.finish()
}

/// Returns the statement that counts, for each of these, the rows whose number lies in one of the spans,
/// in one row.
pub(crate) fn count_between(dialect: Dialect, counted: &[(&Table, &str, &[Span])]) -> Statement {
    let mut writer = Writer::new(dialect);
    for (index, (table, column, spans)) in counted.iter().enumerate() {
        writer.push(if index == 0 { "SELECT " } else { ", " });
        writer.count_in(table, column, spans);
    }
    writer.finish()
}

/// Returns the statements that read `columns` of the rows whose `rows.columns` hold one of the
/// tuples, leaving out those whose single key column `key` holds one of `known` and those in a run of
/// `further`.
pub(crate) fn select_referring(
    dialect: Dialect,
    columns: &[String],
    rows: Rows<'_>,
    key: &[String],
    known: Option<&BTreeSet<Key>>,
    further: &[run::Run<'_>],
) -> Vec<Statement> {
    let known = known.filter(|known| key.len() == 1 && !known.is_empty()).and_then(|known| json(known.iter()));
    let chunks = each_chunk(dialect, rows, |writer, chunk| {
        writer.rows_where(rows.table, columns);
        writer.among(rows.table, rows.columns, chunk);
        if let Some(known) = &known {
            writer.push(" AND ");
            writer.compared(rows.table, &key[0]);
            writer.push(" NOT IN ");
            writer.listed(rows.table.column(&key[0]), known.clone());
        }
        writer.in_no_run(rows.table, further);
    });
    chunks.into_iter().map(|(statement, _)| statement).collect()
}

/// Returns the statement that reads the rows whose `column` matches `pattern` (`*` for any run), those
/// only whose number is above another where one is named.
pub(crate) fn select_matching(
    dialect: Dialect,
    columns: &[String],
    table: &Table,
    column: &str,
    pattern: &str,
    above: Option<(&str, i64)>,
) -> Statement {
    let mut writer = Writer::new(dialect);
    writer.rows_where(table, columns);
    writer.name(column);
    match dialect {
        Dialect::Sqlite => {
            writer.push(" GLOB ");
            writer.bind(Cell::text(pattern.replace('[', "[[]").replace('?', "[?]")));
        }
        Dialect::Postgres => {
            writer.push("::text COLLATE \"C\" LIKE ");
            writer.bind_to(None, Cell::text(postgres::like(pattern)));
        }
    }
    if let Some((key, number)) = above {
        writer.push(" AND ");
        writer.name(key);
        writer.push(" > ");
        writer.bind_to(table.column(key), Cell::Integer(number));
    }
    writer.finish()
}

/// Rows of a table that are counted.
pub(crate) enum Counted<'a> {
    /// All of them.
    All(&'a str),
    /// Those whose number in this column lies in one of the spans.
    Among(&'a Table, &'a str, Vec<Span>),
    /// Those that stand in none of the runs.
    Beside(&'a Table, Vec<run::Run<'a>>),
}

/// Returns the statement that counts the rows of each table, in one row; behind them those of tables of which
/// it is asked only whether there is any: none or one.
pub(crate) fn count<'a>(
    dialect: Dialect,
    tables: impl Iterator<Item = Counted<'a>>,
    asked_for_any: impl Iterator<Item = &'a str>,
) -> Statement {
    let mut writer = Writer::new(dialect);
    let mut separator = "SELECT ";
    for counted in tables {
        writer.push(std::mem::replace(&mut separator, ", "));
        let (table, runs) = match counted {
            Counted::Among(table, column, spans) => {
                writer.count_in(table, column, &spans);
                continue;
            }
            Counted::All(table) => (table, None),
            Counted::Beside(table, runs) => (&*table.name, Some((table, runs))),
        };
        writer.push("(SELECT count(*) FROM ");
        writer.name(table);
        if let Some((table, runs)) = runs {
            writer.push(" WHERE 1 = 1");
            writer.in_no_run(table, &runs);
        }
        writer.push(")");
    }
    for table in asked_for_any {
        writer.push(std::mem::replace(&mut separator, ", "));
        writer.push("(SELECT count(*) FROM (SELECT 1 FROM ");
        writer.name(table);
        writer.push(" LIMIT 1) AS seedbed_first)");
    }
    writer.finish()
}

/// Returns the statement for the largest number in a key column, rows `without` and those in a run of
/// `further` left out.
pub(crate) fn maximum(
    dialect: Dialect,
    table: &Table,
    column: &str,
    without: &[&Key],
    further: &[run::Run<'_>],
) -> Statement {
    let mut writer = Writer::new(dialect);
    writer.push("SELECT max(");
    writer.name(column);
    writer.push(") FROM ");
    writer.name(&table.name);
    writer.push(" WHERE ");
    writer.name(column);
    match json(without.iter().copied()).filter(|_| !without.is_empty()) {
        Some(without) => {
            writer.push(" NOT IN ");
            writer.listed(table.column(column), without);
        }
        None => writer.push(" IS NOT NULL"),
    }
    writer.in_no_run(table, further);
    writer.finish()
}

/// Returns the statement that copies these rows, and the rows as it reads them; none on an engine that
/// copies nothing, and where a rule may wait for an INSERT, which the catalogue lists with the triggers.
pub(crate) fn copy(dialect: Dialect, table: &Table, columns: &[String], rows: &[&[Cell]]) -> Option<(Sql, String)> {
    match dialect {
        Dialect::Sqlite => None,
        Dialect::Postgres if !table.triggers.is_empty() => None,
        Dialect::Postgres => Some(postgres::copy(table, columns, rows)),
    }
}

/// Returns how many rows of so many columns one statement inserts at most.
pub(crate) fn most_inserted(dialect: Dialect, columns: usize) -> usize {
    (dialect.max_values() / columns.max(1)).clamp(1, dialect.max_rows())
}

/// Returns the statements that insert these rows, as many to a statement as fit, and how many.
pub(crate) fn insert(dialect: Dialect, table: &Table, columns: &[String], rows: &[&[Cell]]) -> Vec<(Statement, usize)> {
    let fits = most_inserted(dialect, columns.len());
    let typed: Vec<Option<&Column>> = columns.iter().map(|name| table.column(name)).collect();
    (rows.chunks(fits))
        .map(|chunk| {
            let mut writer = Writer::new(dialect);
            writer.push("INSERT INTO ");
            writer.name(&table.name);
            writer.push(" (");
            writer.names(columns);
            writer.push(match dialect {
                Dialect::Sqlite => ") VALUES ",
                Dialect::Postgres => ") OVERRIDING SYSTEM VALUE VALUES ",
            });
            for (index, row) in chunk.iter().enumerate() {
                writer.push(if index == 0 { "(" } else { ", (" });
                for (position, cell) in row.iter().enumerate() {
                    writer.push(if position == 0 { "" } else { ", " });
                    writer.bind_to(typed[position], cell.clone());
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
    dialect: Dialect,
    table: &Table,
    columns: &[&str],
    rows: &[(&Key, Vec<&Cell>)],
    keys: &[String],
    tag: Option<&(String, Cell)>,
) -> Vec<(Statement, usize)> {
    let fits = (dialect.max_values() - 1) / (keys.len() + columns.len()).max(1);
    (rows.chunks(fits.clamp(1, dialect.max_rows())))
        .map(|chunk| {
            let mut writer = Writer::new(dialect);
            writer.push("UPDATE ");
            writer.name(&table.name);
            writer.push(" SET ");
            for (index, column) in columns.iter().enumerate() {
                writer.push(if index == 0 { "" } else { ", " });
                writer.name(column);
                writer.push(" = seedbed_changed.column");
                writer.number(keys.len() + index + 1);
            }
            // The columns of VALUES are called column1, column2 and so on. No WITH goes before the
            // UPDATE: Python's driver would not count the rows.
            writer.push(" FROM (VALUES ");
            for (index, (key, values)) in chunk.iter().enumerate() {
                writer.push(if index == 0 { "(" } else { ", (" });
                let names = keys.iter().map(String::as_str).chain(columns.iter().copied());
                for (position, (name, cell)) in names.zip(key.iter().chain(values.iter().copied())).enumerate() {
                    writer.push(if position == 0 { "" } else { ", " });
                    writer.bind_to(table.column(name), cell.clone());
                }
                writer.push(")");
            }
            writer.push(") AS seedbed_changed WHERE ");
            for (index, column) in keys.iter().enumerate() {
                writer.push(if index == 0 { "" } else { " AND " });
                writer.name(&table.name);
                writer.push(".");
                writer.name(column);
                writer.push(" = seedbed_changed.column");
                writer.number(index + 1);
            }
            if let Some((column, value)) = tag {
                writer.push(" AND ");
                writer.name(&table.name);
                writer.push(".");
                writer.name(column);
                writer.push(" = ");
                writer.bind_to(table.column(column), value.clone());
            }
            (writer.finish(), chunk.len())
        })
        .collect()
}

/// Returns the statements that delete these rows, with the tag where there is one.
pub(crate) fn delete(dialect: Dialect, rows: Rows<'_>, tag: Option<&(String, Cell)>) -> Vec<(Statement, usize)> {
    each_chunk(dialect, rows, |writer, chunk| {
        writer.push("DELETE FROM ");
        writer.name(&rows.table.name);
        writer.push(" WHERE ");
        writer.among(rows.table, rows.columns, chunk);
        writer.tagged(rows.table, tag);
    })
}

/// Returns a statement for as many rows as fit, and how many.
fn each_chunk(dialect: Dialect, rows: Rows<'_>, write: impl Fn(&mut Writer, &[&Key])) -> Vec<(Statement, usize)> {
    let most = dialect.max_values() - 10;
    let fits = if rows.columns.len() == 1 { usize::MAX } else { most / rows.columns.len().max(1) };
    // Bytes cannot travel as JSON; such keys are bound one by one.
    let plain = rows.tuples.iter().all(|tuple| !matches!(tuple[..], [Cell::Blob(_)]));
    let fits = if plain { fits } else { fits.min(most) };
    (rows.tuples.chunks(fits.min(rows.tuples.len().max(1))))
        .map(|chunk| {
            let mut writer = Writer::new(dialect);
            write(&mut writer, chunk);
            (writer.finish(), chunk.len())
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

struct Writer {
    dialect: Dialect,
    text: String,
    marks: Vec<(usize, usize)>,
    values: Vec<Cell>,
    /// What the keys of the sets of a query are, by their number.
    set_sorts: Vec<fact::Sort>,
}

impl Writer {
    fn new(dialect: Dialect) -> Self {
        Self { dialect, text: String::new(), marks: Vec::new(), values: Vec::new(), set_sorts: Vec::new() }
    }

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

    /// Writes that columns of the rows are read for which the condition holds that follows.
    fn rows_where(&mut self, table: &Table, columns: &[String]) {
        self.push("SELECT ");
        self.stored(table, columns);
        self.push(" FROM ");
        self.name(&table.name);
        self.push(" WHERE ");
    }

    /// Writes the columns of a SELECT list.
    fn stored(&mut self, table: &Table, names: &[String]) {
        for (index, name) in names.iter().enumerate() {
            self.push(if index == 0 { "" } else { ", " });
            if let (Dialect::Postgres, Some(column)) = (self.dialect, table.column(name)) {
                self.as_cell(column, |writer| writer.name(name));
            } else {
                self.as_stored();
                self.name(name);
            }
        }
    }

    /// Makes SQLite's driver hand over the column that follows as it is stored.
    ///
    /// Python's driver of SQLite converts by declared type: it reads a 7 in a `bool` column as no, a
    /// text that is no time in a `datetime` column as none, and drift would not be seen. An
    /// expression has no declared type. Our own tables declare whole numbers and texts, which no
    /// driver converts.
    fn as_stored(&mut self) {
        if self.dialect == Dialect::Sqlite {
            self.push("+");
        }
    }

    fn number(&mut self, number: usize) {
        self.text.push_str(&number.to_string());
    }

    fn mark(&mut self) {
        let start = self.text.len();
        match self.dialect {
            Dialect::Sqlite => self.text.push('?'),
            Dialect::Postgres => write!(self.text, "${}", self.marks.len() + 1).expect("a string takes all"),
        }
        self.marks.push((start, self.text.len()));
    }

    fn bind(&mut self, cell: Cell) {
        self.mark();
        self.values.push(cell);
    }

    /// Binds a value that is written to a column or compared with it.
    fn bind_to(&mut self, column: Option<&Column>, cell: Cell) {
        self.bind(cell);
        if self.dialect == Dialect::Postgres {
            self.push("::text");
            if let Some(cast) = column.and_then(postgres::cast) {
                self.push("::");
                self.text.push_str(&cast);
            }
        }
    }

    /// Writes the column of a row that is compared with a value, byte by byte where it is a text.
    fn compared(&mut self, table: &Table, name: &str) {
        self.name(name);
        if self.dialect == Dialect::Postgres && table.column(name).is_some_and(postgres::compares_loosely) {
            self.push("::text COLLATE \"C\"");
        }
    }

    /// Writes the values of a JSON list as rows of one column.
    fn listed(&mut self, column: Option<&Column>, list: Cell) {
        match self.dialect {
            Dialect::Sqlite => {
                self.push("(SELECT value FROM json_each(");
                self.bind(list);
                self.push("))");
            }
            Dialect::Postgres => {
                self.push("(SELECT value");
                if let Some(cast) = column.and_then(postgres::cast) {
                    self.push("::");
                    self.text.push_str(&cast);
                }
                self.push(" FROM json_array_elements_text(");
                self.bind(list);
                self.push("::text::json))");
            }
        }
    }

    fn hold(&mut self, key: &[String], hold: Hold) {
        if hold == Hold::ForUpdate && self.dialect == Dialect::Postgres {
            // Everybody locks in the same order, so nobody waits in a circle.
            self.push(" ORDER BY ");
            self.names(key);
            self.push(" FOR UPDATE");
        }
    }

    fn equals(&mut self, table: &Table, columns: &[String], tuple: &Key) {
        for (index, (column, cell)) in columns.iter().zip(tuple).enumerate() {
            self.push(if index == 0 { "" } else { " AND " });
            self.compared(table, column);
            self.push(" = ");
            self.bind_to(table.column(column), cell.clone());
        }
    }

    fn count_in(&mut self, table: &Table, column: &str, spans: &[Span]) {
        for (index, span) in spans.iter().enumerate() {
            self.push(if index == 0 { "(SELECT count(*) FROM " } else { " + (SELECT count(*) FROM " });
            self.name(&table.name);
            self.push(" WHERE ");
            self.between(table, column, *span);
            self.push(")");
        }
    }

    fn between(&mut self, table: &Table, name: &str, (from, to): Span) {
        self.name(name);
        self.push(" BETWEEN ");
        self.bind_to(table.column(name), Cell::Integer(from));
        self.push(" AND ");
        self.bind_to(table.column(name), Cell::Integer(to));
    }

    fn among(&mut self, table: &Table, columns: &[String], tuples: &[&Key]) {
        if let [column] = columns
            && let Some(list) = json(tuples.iter().copied())
        {
            self.compared(table, column);
            self.push(" IN ");
            self.listed(table.column(column), list);
            return;
        }
        self.push("(");
        for (index, tuple) in tuples.iter().enumerate() {
            self.push(if index == 0 { "(" } else { " OR (" });
            self.equals(table, columns, tuple);
            self.push(")");
        }
        self.push(")");
    }

    fn tagged(&mut self, table: &Table, tag: Option<&(String, Cell)>) {
        if let Some((column, value)) = tag {
            self.push(" AND ");
            self.compared(table, column);
            self.push(" = ");
            self.bind_to(table.column(column), value.clone());
        }
    }

    fn finish(self) -> Statement {
        Statement { sql: Sql { text: self.text, marks: self.marks }, values: self.values }
    }
}

/// The tables of ours: what was seeded, and that tests may write here.
pub(crate) fn create_bookkeeping(dialect: Dialect) -> Vec<Sql> {
    match dialect {
        Dialect::Sqlite => sqlite::create_bookkeeping().into(),
        Dialect::Postgres => postgres::create_bookkeeping().into(),
    }
}

/// Reads the marker.
pub(crate) fn select_marker(dialect: Dialect) -> Sql {
    Sql::fixed(dialect, "SELECT identity, how, marked_at, tool, counters, stale_files FROM seedbed_marker WHERE id = 1")
}

/// Writes the marker: identity, how, `marked_at`, tool, counters, stale files.
pub(crate) fn put_marker(dialect: Dialect) -> Sql {
    Sql::fixed(
        dialect,
        "INSERT INTO seedbed_marker (id, identity, how, marked_at, tool, counters, stale_files) \
         VALUES (1, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET identity = excluded.identity, \
         how = excluded.how, marked_at = excluded.marked_at, tool = excluded.tool, counters = excluded.counters, \
         stale_files = excluded.stale_files",
    )
}

/// Reads all states.
pub(crate) fn select_states(dialect: Dialect) -> Sql {
    Sql::fixed(
        dialect,
        "SELECT scenario, worker, layer, seed, as_of, pinned, holds_for, digest, variant, keys, files, passwords, \
         tool, seeded_at FROM seedbed_state ORDER BY worker, layer",
    )
}

/// Writes a state, all columns in the order of `select_states`.
pub(crate) fn put_state(dialect: Dialect) -> Sql {
    Sql::fixed(
        dialect,
        "INSERT INTO seedbed_state (scenario, worker, layer, seed, as_of, pinned, holds_for, digest, variant, keys, \
         files, passwords, tool, seeded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (scenario, worker) DO UPDATE SET layer = excluded.layer, seed = excluded.seed, \
         as_of = excluded.as_of, pinned = excluded.pinned, holds_for = excluded.holds_for, digest = excluded.digest, \
         variant = excluded.variant, keys = excluded.keys, files = excluded.files, passwords = excluded.passwords, \
         tool = excluded.tool, seeded_at = excluded.seeded_at",
    )
}

/// Notes when states were written, and by what: tool, time, worker, list of scenarios.
pub(crate) fn touch_states(dialect: Dialect) -> Sql {
    Sql::fixed(
        dialect,
        match dialect {
            Dialect::Sqlite => {
                "UPDATE seedbed_state SET tool = ?, seeded_at = ? \
                 WHERE worker = ? AND scenario IN (SELECT value FROM json_each(?))"
            }
            Dialect::Postgres => {
                "UPDATE seedbed_state SET tool = ?, seeded_at = ? \
                 WHERE worker = ? AND scenario IN (SELECT json_array_elements_text(?::text::json)) \
                 RETURNING scenario, worker::int8, xmin::text"
            }
        },
    )
}

/// Reads which transaction wrote each row of ours: scenario, worker, number of the transaction; nothing
/// where a database is no server.
pub(crate) fn select_versions(dialect: Dialect) -> Option<Sql> {
    match dialect {
        Dialect::Sqlite => None,
        Dialect::Postgres => Some(postgres::select_versions()),
    }
}

/// Removes a state: scenario, worker.
pub(crate) fn delete_state(dialect: Dialect) -> Sql {
    Sql::fixed(dialect, "DELETE FROM seedbed_state WHERE scenario = ? AND worker = ?")
}

#[cfg(test)]
mod tests {
    use seedbed_core::schema::ColumnKind;

    use super::*;

    #[test]
    fn names_are_quoted_and_values_are_bound() {
        let key = vec![Cell::Integer(7)];
        let column = |name: &str, declared: &str, kind| Column {
            name: name.into(),
            declared: declared.into(),
            kind,
            nullable: true,
            default: None,
            generated: false,
        };
        let table = Table {
            name: "a\"b".into(),
            columns: vec![
                column("id", "bigint", ColumnKind::Integer { bits: 64 }),
                column("c%", "character varying(9)", ColumnKind::Text { limit: Some(9) }),
            ],
            ..Table::default()
        };
        let made = |dialect| {
            let text = Cell::text("'; DROP");
            let statements = update(dialect, &table, &["c%"], &[(&key, vec![&text])], &["id".to_owned()], None);
            let [(statement, 1)] = statements.as_slice() else { panic!("one row fits a statement") };
            statement.clone()
        };
        let text = |values: &str| {
            let update = r#"UPDATE "a""b" SET "c%" = seedbed_changed.column2 FROM (VALUES ("#;
            format!(r#"{update}{values})) AS seedbed_changed WHERE "a""b"."id" = seedbed_changed.column1"#)
        };
        let statement = made(Dialect::Sqlite);
        assert_eq!(statement.sql.text(), text("?, ?"));
        assert_eq!(statement.sql.percent_text(), text("%s, %s").replace("c%", "c%%"));
        assert_eq!(statement.values, [Cell::Integer(7), Cell::text("'; DROP")]);
        let statement = made(Dialect::Postgres);
        assert_eq!(statement.sql.text(), text("$1::text::bigint, $2::text"));
        assert_eq!(statement.sql.percent_text(), text("%s::text::bigint, %s::text").replace("c%", "c%%"));
    }
}
