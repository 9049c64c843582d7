//! The catalogue of a SQLite database as a schema.

use std::collections::BTreeMap;

use rusqlite::Connection;
use seedbed_core::schema::{Column, ColumnKind, ForeignKey, OnDelete, Schema, Table, TableKind, Unique};

/// Returns the tables, views, unique indexes, foreign keys and triggers of the main database.
pub(super) fn read(connection: &Connection) -> rusqlite::Result<Schema> {
    let mut tables = tables(connection)?;
    columns(connection, &mut tables)?;
    uniques(connection, &mut tables)?;
    foreign_keys(connection, &mut tables)?;
    triggers(connection, &mut tables)?;
    Ok(Schema { tables })
}

type Tables = BTreeMap<String, Table>;

fn tables(connection: &Connection) -> rusqlite::Result<Tables> {
    let mut statement = connection.prepare_cached(
        "SELECT l.name, l.type, m.sql FROM pragma_table_list AS l JOIN sqlite_schema AS m ON m.name = l.name \
         WHERE l.schema = 'main' AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )?;
    let mut tables = Tables::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let kind = match row.get_ref(1)?.as_str()? {
            "table" => TableKind::Base,
            "view" => TableKind::View,
            _ => TableKind::Virtual,
        };
        let ddl: Option<String> = row.get(2)?;
        let autoincrement = ddl.is_some_and(|ddl| has_autoincrement(&ddl));
        tables.insert(name.clone(), Table { name, kind, autoincrement, ..Table::default() });
    }
    Ok(tables)
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

fn columns(connection: &Connection, tables: &mut Tables) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT m.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk, c.hidden \
         FROM sqlite_schema AS m JOIN pragma_table_xinfo(m.name) AS c \
         WHERE m.type IN ('table', 'view') ORDER BY m.name, c.cid",
    )?;
    let mut keys: BTreeMap<String, BTreeMap<i64, String>> = BTreeMap::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Some(table) = tables.get_mut(row.get_ref(0)?.as_str()?) else { continue };
        let name: String = row.get(1)?;
        let declared: String = row.get(2)?;
        let pk: i64 = row.get(5)?;
        if pk > 0 {
            keys.entry(table.name.clone()).or_default().insert(pk, name.clone());
        }
        table.columns.push(Column {
            kind: kind(&declared),
            nullable: !row.get::<_, bool>(3)? && pk == 0,
            default: row.get(4)?,
            generated: row.get::<_, i64>(6)? != 0,
            name,
            declared,
        });
    }
    for (table, columns) in keys {
        tables.get_mut(&table).expect("the key was read from this table").primary_key = columns.into_values().collect();
    }
    Ok(())
}

/// Returns what a declared type means; the names are those that Django and the standard use.
pub(super) fn kind(declared: &str) -> ColumnKind {
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

fn uniques(connection: &Connection, tables: &mut Tables) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT m.name, i.name, i.partial, c.name FROM sqlite_schema AS m JOIN pragma_index_list(m.name) AS i \
         JOIN pragma_index_info(i.name) AS c WHERE m.type = 'table' AND i.\"unique\" AND i.origin <> 'pk' \
         ORDER BY m.name, i.name, c.seqno",
    )?;
    let mut expressions = Vec::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Some(table) = tables.get_mut(row.get_ref(0)?.as_str()?) else { continue };
        let name: String = row.get(1)?;
        if table.uniques.last().is_none_or(|unique| unique.name != name) {
            table.uniques.push(Unique { name: name.clone(), columns: Vec::new(), partial: row.get(2)? });
        }
        match row.get::<_, Option<String>>(3)? {
            Some(column) => table.uniques.last_mut().expect("just pushed").columns.push(column),
            None => expressions.push((table.name.clone(), name)),
        }
    }
    for (table, name) in expressions {
        let table = tables.get_mut(&table).expect("the index was read from this table");
        table.uniques.iter_mut().filter(|unique| unique.name == name).for_each(|unique| unique.columns.clear());
    }
    Ok(())
}

fn foreign_keys(connection: &Connection, tables: &mut Tables) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT m.name, f.id, f.\"table\", f.\"from\", f.\"to\", f.on_delete \
         FROM sqlite_schema AS m JOIN pragma_foreign_key_list(m.name) AS f \
         WHERE m.type = 'table' ORDER BY m.name, f.id DESC, f.seq",
    )?;
    let mut last = None;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let id: i64 = row.get(1)?;
        let spelled: String = row.get(2)?;
        // A reference may spell its table in other letters than the catalogue.
        let to = tables.values().find(|table| table.name.eq_ignore_ascii_case(&spelled));
        let (to, primary_key) = to.map_or((spelled, Vec::new()), |to| (to.name.clone(), to.primary_key.clone()));
        let Some(table) = tables.get_mut(&name) else { continue };
        if last.replace((name.clone(), id)) != Some((name, id)) {
            let on_delete = match row.get_ref(5)?.as_str()? {
                "CASCADE" => OnDelete::Cascade,
                "SET NULL" => OnDelete::SetNull,
                "SET DEFAULT" => OnDelete::SetDefault,
                _ => OnDelete::NoAction,
            };
            table.foreign_keys.push(ForeignKey { columns: Vec::new(), to, to_columns: Vec::new(), on_delete });
        }
        let key = table.foreign_keys.last_mut().expect("just pushed");
        let to_column = row.get::<_, Option<String>>(4)?;
        let to_column = to_column.or_else(|| primary_key.get(key.columns.len()).cloned());
        key.columns.push(row.get(3)?);
        key.to_columns.extend(to_column);
    }
    Ok(())
}

fn triggers(connection: &Connection, tables: &mut Tables) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare_cached("SELECT tbl_name, name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(table) = tables.get_mut(row.get_ref(0)?.as_str()?) {
            table.triggers.push(row.get(1)?);
        }
    }
    Ok(())
}
