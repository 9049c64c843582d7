//! SQLite's own statements: its catalogue, its counters, its write lock.

use super::{Dialect, Sql, Writer};

fn fixed(text: &str) -> Sql {
    Sql::fixed(Dialect::Sqlite, text)
}

/// Reads the version of the engine.
pub(crate) fn select_version() -> Sql {
    fixed("SELECT sqlite_version()")
}

/// Reads the number that every change of the catalogue moves.
pub(crate) fn select_schema_version() -> Sql {
    fixed("PRAGMA schema_version")
}

/// Reads the number that every commit of another connection moves.
pub(crate) fn select_data_version() -> Sql {
    fixed("PRAGMA data_version")
}

/// Reads tables and views: name, type, strict, DDL.
pub(crate) fn select_tables() -> Sql {
    fixed(
        "SELECT l.name, l.type, l.strict, m.sql FROM pragma_table_list AS l JOIN sqlite_schema AS m ON m.name = l.name \
         WHERE l.schema = 'main' AND l.name NOT GLOB 'sqlite_*'",
    )
}

/// Reads columns: table, name, declared type, not null, default, place in the key, hidden.
pub(crate) fn select_columns() -> Sql {
    fixed(
        "SELECT m.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk, c.hidden \
         FROM sqlite_schema AS m JOIN pragma_table_xinfo(m.name) AS c \
         WHERE m.type IN ('table', 'view') ORDER BY m.name, c.cid",
    )
}

/// Reads the columns of unique indexes: table, index, partial, column, DDL.
pub(crate) fn select_uniques() -> Sql {
    fixed(
        "SELECT m.name, i.name, i.partial, c.name, x.sql FROM sqlite_schema AS m JOIN pragma_index_list(m.name) AS i \
         JOIN pragma_index_info(i.name) AS c JOIN sqlite_schema AS x ON x.name = i.name WHERE m.type = 'table' AND i.\"unique\" AND i.origin <> 'pk' \
         ORDER BY m.name, i.name, c.seqno",
    )
}

/// Reads the columns of foreign keys: table, number, table referred to, column, column referred to,
/// what a delete does.
pub(crate) fn select_foreign_keys() -> Sql {
    fixed(
        "SELECT m.name, f.id, f.\"table\", f.\"from\", f.\"to\", f.on_delete \
         FROM sqlite_schema AS m JOIN pragma_foreign_key_list(m.name) AS f \
         WHERE m.type = 'table' ORDER BY m.name, f.id DESC, f.seq",
    )
}

/// Reads triggers: table, name.
pub(crate) fn select_triggers() -> Sql {
    fixed("SELECT tbl_name, name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name")
}

/// Reads the references of a table that lead nowhere: row number, table referred to.
pub(crate) fn select_dangling() -> Sql {
    fixed("SELECT rowid, parent FROM pragma_foreign_key_check(?)")
}

/// Returns the statement that inserts so many rows, whose values are bound one after the other.
pub(crate) fn insert(table: &str, columns: &[String], rows: usize) -> Sql {
    let mut writer = Writer::new(Dialect::Sqlite);
    writer.push("INSERT INTO ");
    writer.name(table);
    writer.push(" (");
    writer.names(columns);
    writer.push(") VALUES ");
    for row in 0..rows {
        writer.push(if row == 0 { "(" } else { ", (" });
        for position in 0..columns.len() {
            writer.push(if position == 0 { "" } else { ", " });
            writer.mark();
        }
        writer.push(")");
    }
    writer.finish().sql
}

/// Reads whether there is a table of this name.
pub(crate) fn select_table() -> Sql {
    fixed("SELECT 1 FROM sqlite_schema WHERE name = ?")
}

/// Touches no row and takes the write lock.
pub(crate) fn lock() -> Sql {
    fixed("UPDATE seedbed_marker SET id = id WHERE FALSE")
}

/// Reads the counters: table, last key.
pub(crate) fn select_counters() -> Sql {
    fixed("SELECT name, seq FROM sqlite_sequence")
}

/// Moves a counter: last key, table.
pub(crate) fn update_counter() -> Sql {
    fixed("UPDATE sqlite_sequence SET seq = ? WHERE name = ?")
}

/// Starts a counter: last key, table.
pub(crate) fn insert_counter() -> Sql {
    fixed("INSERT INTO sqlite_sequence (seq, name) VALUES (?, ?)")
}

/// Forgets a counter: table.
pub(crate) fn delete_counter() -> Sql {
    fixed("DELETE FROM sqlite_sequence WHERE name = ?")
}

/// The tables of ours.
pub(crate) fn create_bookkeeping() -> [Sql; 2] {
    [
        fixed(
            "CREATE TABLE IF NOT EXISTS seedbed_marker (id INTEGER PRIMARY KEY CHECK (id = 1), identity TEXT, \
             how TEXT NOT NULL, marked_at INTEGER NOT NULL, tool TEXT NOT NULL, counters TEXT NOT NULL, \
             stale_files TEXT NOT NULL)",
        ),
        fixed(
            "CREATE TABLE IF NOT EXISTS seedbed_state (scenario TEXT NOT NULL, worker INTEGER NOT NULL, \
             layer INTEGER NOT NULL, seed TEXT NOT NULL, as_of INTEGER NOT NULL, pinned INTEGER NOT NULL, \
             holds_for INTEGER NOT NULL, digest TEXT NOT NULL, variant TEXT, keys TEXT NOT NULL, files TEXT NOT NULL, \
             passwords TEXT NOT NULL, tool TEXT NOT NULL, seeded_at INTEGER NOT NULL, \
             PRIMARY KEY (scenario, worker), UNIQUE (layer, worker))",
        ),
    ]
}
