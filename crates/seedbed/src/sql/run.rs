//! Statements over runs of keys: the rows of further blocks.

use seedbed_core::plan::Cell;
use seedbed_core::schema::Table;

use super::{Dialect, Sql, Statement, Writer};

/// Rows whose column lies between two values, both of them in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    pub(crate) column: &'a str,
    pub(crate) first: &'a Cell,
    pub(crate) last: &'a Cell,
}

/// References of a table to the rows of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Referring<'a> {
    pub(crate) columns: &'a [String],
    pub(crate) to: &'a Table,
    pub(crate) to_columns: &'a [String],
    pub(crate) run: Run<'a>,
}

impl Writer {
    fn in_run(&mut self, table: &Table, run: Run<'_>) {
        self.compared(table, run.column);
        self.push(" BETWEEN ");
        self.bind_to(table.column(run.column), run.first.clone());
        self.push(" AND ");
        self.bind_to(table.column(run.column), run.last.clone());
    }

    /// Writes that a row refers to one of a run.
    fn refers(&mut self, table: &Table, Referring { columns, to, to_columns, run }: Referring<'_>) {
        if let Some(place) = to_columns.iter().position(|column| column == run.column) {
            return self.in_run(table, Run { column: &columns[place], ..run });
        }
        self.push("(");
        self.names(columns);
        self.push(") IN (SELECT ");
        self.names(to_columns);
        self.push(" FROM ");
        self.name(&to.name);
        self.push(" WHERE ");
        self.in_run(to, run);
        self.push(")");
    }

    /// Writes that a row stands in none of these runs.
    pub(super) fn in_no_run(&mut self, table: &Table, runs: &[Run<'_>]) {
        for run in runs {
            self.push(" AND NOT coalesce(");
            self.in_run(table, *run);
            self.push(match self.dialect {
                Dialect::Sqlite => ", 0)",
                Dialect::Postgres => ", false)",
            });
        }
    }
}

/// Returns the statement that tells the planner how large a table has become; none where that would leave
/// something behind.
pub(crate) fn analyze(dialect: Dialect, table: &Table) -> Option<Sql> {
    if dialect == Dialect::Sqlite {
        return None;
    }
    let mut writer = Writer::new(dialect);
    writer.push("ANALYZE ");
    writer.name(&table.name);
    Some(writer.finish().sql)
}

/// Returns the statement that reads `columns` of the rows of a run.
pub(crate) fn select(dialect: Dialect, columns: &[String], table: &Table, run: Run<'_>) -> Statement {
    let mut writer = Writer::new(dialect);
    writer.rows_where(table, columns);
    writer.in_run(table, run);
    writer.finish()
}

/// Returns the statement that counts the rows of a run.
pub(crate) fn count(dialect: Dialect, table: &Table, run: Run<'_>) -> Statement {
    let mut writer = Writer::new(dialect);
    writer.push("SELECT count(*) FROM ");
    writer.name(&table.name);
    writer.push(" WHERE ");
    writer.in_run(table, run);
    writer.finish()
}

/// Returns the statement that removes the rows of a run that have the tag, where there is one.
pub(crate) fn delete(dialect: Dialect, table: &Table, run: Run<'_>, tag: Option<&(String, Cell)>) -> Statement {
    let mut writer = Writer::new(dialect);
    writer.push("DELETE FROM ");
    writer.name(&table.name);
    writer.push(" WHERE ");
    writer.in_run(table, run);
    writer.tagged(table, tag);
    writer.finish()
}

/// Returns the statement that reads `columns` of rows of a run that stand in none of `ours`, the first few.
pub(crate) fn strangers(
    dialect: Dialect,
    columns: &[String],
    table: &Table,
    run: Run<'_>,
    ours: &[Run<'_>],
    limit: usize,
) -> Statement {
    let mut writer = Writer::new(dialect);
    writer.rows_where(table, columns);
    writer.in_run(table, run);
    writer.in_no_run(table, ours);
    writer.push(" LIMIT ");
    writer.number(limit);
    writer.finish()
}

/// Returns the statement that reads `columns` of rows that refer to a run and stand in none of `ours`: all of them, or
/// the first few.
pub(crate) fn hanging(
    dialect: Dialect,
    columns: &[String],
    table: &Table,
    referring: Referring<'_>,
    ours: &[Run<'_>],
    limit: Option<usize>,
) -> Statement {
    let mut writer = Writer::new(dialect);
    writer.rows_where(table, columns);
    writer.refers(table, referring);
    writer.in_no_run(table, ours);
    if let Some(limit) = limit {
        writer.push(" LIMIT ");
        writer.number(limit);
    }
    writer.finish()
}

/// Returns the statement that reads a row of a run that refers to another run, where there is one.
pub(crate) fn referring(dialect: Dialect, table: &Table, run: Run<'_>, referring: Referring<'_>) -> Statement {
    let mut writer = Writer::new(dialect);
    writer.rows_where(table, std::slice::from_ref(&referring.columns[0]));
    writer.in_run(table, run);
    writer.push(" AND ");
    writer.refers(table, referring);
    writer.push(" LIMIT ");
    writer.number(1);
    writer.finish()
}

/// Returns the statement that reads `columns` of the rows of a run without the tag, the first few.
pub(crate) fn untagged(
    dialect: Dialect,
    columns: &[String],
    table: &Table,
    run: Run<'_>,
    tag: &(String, Cell),
    limit: usize,
) -> Statement {
    let mut writer = Writer::new(dialect);
    writer.rows_where(table, columns);
    writer.in_run(table, run);
    writer.push(" AND (");
    writer.name(&tag.0);
    writer.push(" IS NULL OR ");
    writer.compared(table, &tag.0);
    writer.push(" <> ");
    writer.bind_to(table.column(&tag.0), tag.1.clone());
    writer.push(") LIMIT ");
    writer.number(limit);
    writer.finish()
}
