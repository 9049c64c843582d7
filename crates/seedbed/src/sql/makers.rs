//! Statements about the transactions that made rows, on an engine that tells.

use seedbed_core::plan::Cell;
use seedbed_core::schema::Table;

use super::{Dialect, Span, Statement, Writer};

/// The rows of a table whose number lies in a span.
#[derive(Clone, Copy)]
pub(crate) struct Numbered<'a> {
    pub(crate) table: &'a Table,
    pub(crate) key: &'a str,
    pub(crate) span: Span,
}

/// Returns the statement that counts each of these rows by the transaction that made them: place in the list,
/// transaction, count. None where an engine does not tell.
pub(crate) fn count_by_maker(dialect: Dialect, counted: &[Numbered<'_>]) -> Option<Statement> {
    if dialect == Dialect::Sqlite || counted.is_empty() {
        return None;
    }
    let mut writer = Writer::new(dialect);
    for (index, rows) in counted.iter().enumerate() {
        writer.push(if index == 0 { "SELECT " } else { " UNION ALL SELECT " });
        writer.number(index);
        writer.push(", xmin::text, count(*) FROM ");
        writer.name(&rows.table.name);
        writer.push(" WHERE ");
        writer.between(rows.table, rows.key, rows.span);
        writer.push(" GROUP BY xmin");
    }
    Some(writer.finish())
}

/// Returns the statement that reads `columns` of the rows that none of these transactions made.
pub(crate) fn select_made_by_others<'a>(
    columns: &[String],
    rows: Numbered<'_>,
    makers: impl Iterator<Item = &'a str>,
) -> Statement {
    let mut writer = Writer::new(Dialect::Postgres);
    writer.push("SELECT ");
    writer.stored(rows.table, columns);
    writer.made(rows, " AND xmin::text NOT IN ", makers);
    writer.finish()
}

/// Returns the statement that reads the numbers of the rows that these transactions made.
pub(crate) fn select_numbers_made_by<'a>(rows: Numbered<'_>, makers: impl Iterator<Item = &'a str>) -> Statement {
    let mut writer = Writer::new(Dialect::Postgres);
    writer.push("SELECT ");
    writer.name(rows.key);
    writer.made(rows, " AND xmin::text IN ", makers);
    writer.finish()
}

impl Writer {
    fn made<'a>(&mut self, rows: Numbered<'_>, compared: &'static str, makers: impl Iterator<Item = &'a str>) {
        self.push(" FROM ");
        self.name(&rows.table.name);
        self.push(" WHERE ");
        self.between(rows.table, rows.key, rows.span);
        self.push(compared);
        let makers = makers.map(|maker| vec![Cell::text(maker)]).collect::<Vec<_>>();
        self.listed(None, super::json(makers.iter()).expect("texts can be listed"));
    }
}
