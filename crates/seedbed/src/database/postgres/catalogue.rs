//! The catalogue of a PostgreSQL database as a schema, over any adapter.

use std::collections::BTreeMap;
use std::sync::Arc;

use seedbed_core::schema::{Column, ColumnKind, ForeignKey, OnDelete, Schema, Table, TableKind, Takes, Unique};

use super::dialect::{self, Sequence};
use crate::database::row::{Row, UNREADABLE};
use crate::database::{Database, Failure, FailureKind};
use crate::sql::{Sql, postgres as sql};

/// Returns the tables, views, unique indexes, foreign keys and triggers of the schema that names
/// without one mean; a conflict where somebody changed them meanwhile.
pub fn catalogue(database: &mut dyn Database) -> Result<Schema, Failure> {
    with_sequences(database).map(|(schema, _)| schema)
}

fn with_sequences(database: &mut dyn Database) -> Result<(Schema, Vec<Sequence>), Failure> {
    read(database).map_err(|failure| {
        // The server's rows are those of our snapshot, and what its functions say of them is of this moment.
        let torn = [UNREADABLE, "cache lookup failed", "could not open relation"]
            .iter()
            .any(|words| failure.message.contains(words));
        if !torn || failure.kind != FailureKind::Other {
            return failure;
        }
        Failure::new(FailureKind::Conflict, format!("tables were changed while they were read ({})", failure.message))
    })
}

fn read(database: &mut dyn Database) -> Result<(Schema, Vec<Sequence>), Failure> {
    let mut tables = tables(database)?;
    columns(database, &mut tables)?;
    uniques(database, &mut tables)?;
    foreign_keys(database, &mut tables)?;
    for mut row in rows(database, &sql::select_triggers())? {
        if let Some(table) = tables.get_mut(&row.text()?) {
            table.triggers.push(row.text()?);
        }
    }
    let sequences = dialect::sequences(database)?;
    for sequence in &sequences {
        if let Some(table) = tables.get_mut(&sequence.table) {
            table.autoincrement = true;
        }
    }
    Ok((Schema { tables }, sequences))
}

/// A catalogue as it was read, and its mark.
#[derive(Clone, Debug)]
pub(super) struct Catalogue {
    /// The tables.
    pub(super) schema: Arc<Schema>,
    /// What hands out the keys of the tables.
    pub(super) sequences: Vec<Sequence>,
    mark: Option<String>,
}

/// Returns the catalogue; where its mark is as it was, that is what is `known`.
pub(super) fn catalogue_again(database: &mut dyn Database, known: Option<Catalogue>) -> Result<Catalogue, Failure> {
    let rows = database.read(&sql::select_catalogue_mark(), &[])?;
    let mark = rows.first().and_then(|row| row[0].as_text()).map(str::to_owned);
    match known {
        Some(known) if known.mark.is_some() && known.mark == mark => Ok(known),
        _ => {
            let (schema, sequences) = with_sequences(database)?;
            Ok(Catalogue { schema: Arc::new(schema), sequences, mark })
        }
    }
}

fn rows(database: &mut dyn Database, sql: &Sql) -> Result<Vec<Row>, Failure> {
    let rows = database.query(sql, &[])?;
    Ok(rows.into_iter().map(|row| Row::of("pg_catalog", row)).collect())
}

type Tables = BTreeMap<String, Table>;

fn tables(database: &mut dyn Database) -> Result<Tables, Failure> {
    let mut tables = Tables::new();
    for mut row in rows(database, &sql::select_tables())? {
        let (name, relation) = (row.text()?, row.text()?);
        let (inherits, referred_from_elsewhere) = (row.flag()?, row.flag()?);
        let kind = match relation.as_str() {
            // A delete in a parent reaches the rows of its heirs, and a delete of what a table that
            // is not seen here refers to reaches that table's: neither can be counted.
            "r" | "p" if inherits || referred_from_elsewhere => TableKind::Entwined,
            "r" | "p" => TableKind::Base,
            "v" | "m" => TableKind::View,
            _ => TableKind::Virtual,
        };
        tables.insert(name.clone(), Table { name, kind, ..Table::default() });
    }
    Ok(tables)
}

fn columns(database: &mut dyn Database, tables: &mut Tables) -> Result<(), Failure> {
    for mut row in rows(database, &sql::select_columns())? {
        let Some(table) = tables.get_mut(&row.text()?) else { continue };
        let (name, mut declared) = (row.text()?, row.text()?);
        if let Some(collation) = row.optional_text() {
            declared.push_str(" COLLATE ");
            declared.push_str(&collation);
        }
        let (base, category, modifier) = (row.text()?, row.text()?, row.optional_integer());
        let modifier = modifier.filter(|modifier| *modifier >= 4).map(|modifier| modifier - 4);
        let kind = kind(&base, &category, modifier);
        let (nullable, default, generated) = (!row.flag()?, row.optional_text(), row.flag()?);
        let labels = row.optional_text().and_then(|labels| serde_json::from_str(&labels).ok());
        if let Some(takes) = labels.map(Takes::OneOf).or_else(|| takes(&kind, modifier)) {
            table.takes.insert(name.clone(), takes);
        }
        table.columns.push(Column { name, declared, kind, nullable, default, generated });
    }
    Ok(())
}

/// Returns what a type means; `modifier` holds a length, or digits and places.
fn kind(base: &str, category: &str, modifier: Option<i64>) -> ColumnKind {
    match base {
        "boolean" => ColumnKind::Boolean,
        "smallint" => ColumnKind::Integer { bits: 16 },
        "integer" => ColumnKind::Integer { bits: 32 },
        "bigint" => ColumnKind::Integer { bits: 64 },
        // The places stand in the lower eleven bits, with a sign.
        "numeric" => ColumnKind::Decimal {
            scale: modifier.and_then(|modifier| u8::try_from(((modifier & 0x7ff) ^ 1024) - 1024).ok()),
        },
        "real" | "double precision" => ColumnKind::Real,
        "timestamp with time zone" | "timestamp without time zone" => ColumnKind::Timestamp,
        "date" => ColumnKind::Date,
        "uuid" => ColumnKind::Uuid,
        "json" | "jsonb" => ColumnKind::Json,
        "bytea" => ColumnKind::Bytes,
        "character varying" | "character" => ColumnKind::Text { limit: modifier.map(|limit| limit as u32) },
        "text" | "citext" | "name" => ColumnKind::Text { limit: None },
        _ if category == "e" => ColumnKind::Text { limit: None },
        _ if base.ends_with(".citext") => ColumnKind::Text { limit: None },
        _ => ColumnKind::Other,
    }
}

/// Returns what a column of this kind takes, where that is not every text; `modifier` is as in [`kind`].
fn takes(kind: &ColumnKind, modifier: Option<i64>) -> Option<Takes> {
    Some(match kind {
        ColumnKind::Boolean => Takes::Boolean,
        ColumnKind::Integer { bits } => Takes::Integer { bits: *bits },
        ColumnKind::Decimal { scale } => match (modifier.map(|modifier| (modifier >> 16) as u16), scale) {
            (Some(digits), Some(places)) if digits >= u16::from(*places) => {
                Takes::Decimal { digits, places: (*places).into() }
            }
            _ => Takes::Number,
        },
        ColumnKind::Real => Takes::Number,
        ColumnKind::Text { limit } => Takes::Text { limit: (*limit)? },
        ColumnKind::Timestamp | ColumnKind::Date => Takes::Moment,
        ColumnKind::Uuid => Takes::Uuid,
        ColumnKind::Json => Takes::Json,
        ColumnKind::Bytes | ColumnKind::Other => return None,
    })
}

fn uniques(database: &mut dyn Database, tables: &mut Tables) -> Result<(), Failure> {
    let mut expressions = Vec::new();
    for mut row in rows(database, &sql::select_uniques())? {
        let Some(table) = tables.get_mut(&row.text()?) else { continue };
        let (name, primary, partial, column) = (row.text()?, row.flag()?, row.flag()?, row.optional_text());
        let ddl = row.text()?;
        if primary {
            table.primary_key.extend(column);
            continue;
        }
        if table.uniques.last().is_none_or(|unique| unique.name != name) {
            let uses = if partial { table.columns_named_in(&ddl) } else { Vec::new() };
            table.uniques.push(Unique { name: name.clone(), columns: Vec::new(), partial, uses });
        }
        let uses = column.clone().map_or_else(|| table.columns_named_in(&ddl), |column| vec![column]);
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
        let (name, constraint, to, here) = (row.text()?, row.text()?, row.text()?, row.flag()?);
        let (column, to_column, on_delete) = (row.text()?, row.text()?, row.text()?);
        let Some(table) = tables.get_mut(&name).filter(|_| here) else { continue };
        if last.replace((name.clone(), constraint.clone())) != Some((name, constraint)) {
            let on_delete = match on_delete.as_str() {
                "r" => OnDelete::Restrict,
                "c" => OnDelete::Cascade,
                "n" => OnDelete::SetNull,
                "d" => OnDelete::SetDefault,
                _ => OnDelete::NoAction,
            };
            table.foreign_keys.push(ForeignKey { columns: Vec::new(), to, to_columns: Vec::new(), on_delete });
        }
        let key = table.foreign_keys.last_mut().expect("just pushed");
        key.columns.push(column);
        key.to_columns.push(to_column);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_a_number_may_be_none_some_or_below_the_point() {
        let modifier = |digits: i64, places: i64| Some((digits << 16) | (places & 0x7ff));
        assert_eq!(kind("numeric", "b", None), ColumnKind::Decimal { scale: None });
        assert_eq!(kind("numeric", "b", modifier(9, 6)), ColumnKind::Decimal { scale: Some(6) });
        assert_eq!(kind("numeric", "b", modifier(9, -2)), ColumnKind::Decimal { scale: None });
        let takes = |modifier| takes(&kind("numeric", "b", modifier), modifier);
        assert_eq!(takes(modifier(9, 6)), Some(Takes::Decimal { digits: 9, places: 6 }));
        assert_eq!(takes(modifier(2, 5)), Some(Takes::Number));
        assert_eq!(takes(modifier(9, -2)), Some(Takes::Number));
    }
}
