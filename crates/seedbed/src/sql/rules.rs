//! What a database says of the values of its tables, and whether given rows hold it: statements for
//! `init`, which only reads.

use seedbed_core::plan::Cell;
use seedbed_core::schema::{Column, Table};

use super::{Dialect, Sql, Statement, Writer, postgres};

/// Reads the checks of SQLite's tables, inside their DDL: table, DDL.
pub(crate) fn select_ddl() -> Sql {
    Sql::fixed(Dialect::Sqlite, "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql IS NOT NULL")
}

/// Reads SQLite's indexes that were made by a statement: table, name, that statement.
pub(crate) fn select_indexes() -> Sql {
    Sql::fixed(
        Dialect::Sqlite,
        "SELECT tbl_name, name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL",
    )
}

/// Reads PostgreSQL's checks and exclusions: table, name, whether it is a check, text.
pub(crate) fn select_checks() -> Sql {
    postgres::of_relations(
        "c.relname::text, k.conname::text, (k.contype = 'c')::int, \
         CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid) ELSE pg_get_constraintdef(k.oid) END",
        "JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype IN ('c', 'x')",
        "",
        "1, 2",
    )
}

/// Reads the checks of the domains of columns: table, column, name, expression.
pub(crate) fn select_domain_checks() -> Sql {
    postgres::of_relations(
        "c.relname::text, a.attname::text, k.conname::text, pg_get_expr(k.conbin, 0)",
        "JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         JOIN pg_constraint AS k ON k.contypid = a.atttypid AND k.contype = 'c'",
        "",
        "1, a.attnum, 3",
    )
}

/// Reads the values of enum types by the columns that have them: table, column, value.
pub(crate) fn select_enums() -> Sql {
    postgres::of_relations(
        "c.relname::text, a.attname::text, e.enumlabel::text",
        "JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         JOIN pg_type AS t ON t.oid = a.atttypid \
         JOIN pg_enum AS e ON e.enumtypid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END",
        "",
        "1, a.attnum, e.enumsortorder",
    )
}

/// Reads unique indexes that say more than their columns: table, index, definition.
pub(crate) fn select_unique_definitions() -> Sql {
    postgres::of_relations(
        "c.relname::text, x.relname::text, pg_get_indexdef(i.indexrelid)",
        "JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisunique AND (i.indexprs IS NOT NULL OR i.indnullsnotdistinct) \
         JOIN pg_class AS x ON x.oid = i.indexrelid",
        "",
        "1, 2",
    )
}

/// Returns the statement that reads the first values of a column.
pub(crate) fn select_first(dialect: Dialect, table: &Table, column: &str) -> Statement {
    let mut writer = Writer::new(dialect);
    writer.push("SELECT ");
    writer.stored(table, &[column.to_owned()]);
    writer.push(" FROM ");
    writer.name(&table.name);
    writer.push(" ORDER BY ");
    writer.name(column);
    writer.push(" LIMIT 8");
    writer.finish()
}

/// Returns the statement that counts those of `rows` that do not hold an expression of the catalogue
/// about `columns`; without one, it fails where a value is none of its column's type. A column that the rows do not have is its default, where that can be looked at.
pub(crate) fn count_failing(
    dialect: Dialect,
    table: &Table,
    columns: &[&Column],
    rows: &[Vec<Option<Cell>>],
    expression: Option<&str>,
) -> Statement {
    let mut writer = Writer::new(dialect);
    writer.push("SELECT count(*) FROM (");
    for (index, row) in rows.iter().enumerate() {
        writer.push(if index == 0 { "SELECT " } else { " UNION ALL SELECT " });
        for (position, (column, cell)) in columns.iter().zip(row).enumerate() {
            writer.push(if position == 0 { "" } else { ", " });
            match (cell, &column.default) {
                (Some(cell), _) => writer.bind_to(Some(column), cell.clone()),
                // Looking at what hands out numbers would move it.
                (None, Some(default)) if !default.contains("nextval") && !default.contains("IDENTITY") => {
                    writer.push("(");
                    writer.text.push_str(default);
                    writer.push(")");
                }
                (None, _) => writer.bind_to(Some(column), Cell::Null),
            }
            writer.push(" AS ");
            writer.name(&column.name);
        }
    }
    writer.push(") AS ");
    writer.name(&table.name);
    writer.push(" WHERE NOT (");
    match expression {
        Some(expression) => writer.text.push_str(expression),
        // What is not looked at is not made.
        None => {
            for (position, column) in columns.iter().enumerate() {
                writer.push(if position == 0 { "" } else { " AND " });
                writer.name(&column.name);
                writer.push(" IS NOT DISTINCT FROM ");
                writer.name(&column.name);
            }
        }
    }
    writer.push(")");
    writer.finish()
}
