//! Desired rows: a dataset as the cells that should stand in the database.
//!
//! A value becomes a cell by the kind of its column and by as-of; an overlay counts when its
//! scenario is in force.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::cell::{Cell, Key};
use super::civil;
use crate::dataset::{Block, Dataset, Row};
use crate::password::Hashes;
use crate::schema::{Column, ColumnKind, Schema, Table, TableKind};
use crate::value::Value;

/// What turns values into cells.
#[derive(Clone, Copy, Debug)]
pub struct Encoding<'a> {
    /// As-of, in unix seconds.
    pub as_of: i64,
    /// The stored form of every password.
    pub passwords: &'a Hashes,
}

/// The rows of a block as they should stand in the database.
#[derive(Clone, Debug)]
pub struct DesiredBlock {
    /// Index of the block in the dataset.
    pub block: usize,
    /// Name of the scenario.
    pub scenario: Arc<str>,
    /// Table.
    pub table: String,
    /// Columns, in the order of the cells.
    pub columns: Arc<[String]>,
    /// Positions of the key in `columns`.
    pub key: Vec<usize>,
    /// Position of the tag and its value.
    pub tag: Option<(usize, Cell)>,
    /// The rows.
    pub rows: Vec<DesiredRow>,
}

/// A row as it should stand in the database.
#[derive(Clone, Debug)]
pub struct DesiredRow {
    /// Index of the row in its block.
    pub row: usize,
    /// Its key.
    pub key: Key,
    /// A cell per column of the block.
    pub cells: Vec<Cell>,
}

/// Why a dataset does not fit a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// There is no such table; with the tables there are.
    MissingTable {
        /// The table that is declared.
        table: String,
        /// The tables there are.
        has: Vec<String>,
    },
    /// It is a view or a virtual table.
    NotATable {
        /// Its name.
        table: String,
    },
    /// There is no such column; with the columns there are.
    MissingColumn {
        /// The table.
        table: String,
        /// The column that is declared.
        column: String,
        /// The columns there are.
        has: Vec<String>,
    },
    /// The engine computes this column.
    GeneratedColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// The application's rows may land on our keys and nothing tells them apart.
    KeysMayCollide {
        /// The table.
        table: String,
    },
}

impl Misfit {
    /// Returns the rule's code.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::MissingTable { .. } => "missing-table",
            Self::NotATable { .. } => "not-a-table",
            Self::MissingColumn { .. } => "missing-column",
            Self::GeneratedColumn { .. } => "generated-column",
            Self::KeysMayCollide { .. } => "keys-may-collide",
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingTable { table, .. } => write!(f, "there is no table `{table}`"),
            Self::NotATable { table } => write!(f, "`{table}` is not an ordinary table"),
            Self::MissingColumn { table, column, .. } => write!(f, "table `{table}` has no column `{column}`"),
            Self::GeneratedColumn { table, column } => {
                write!(f, "the database computes column `{column}` of `{table}`; it can't be declared")
            }
            Self::KeysMayCollide { table } => write!(
                f,
                "table `{table}` has neither AUTOINCREMENT nor a tag: a row of the application could take a seeded key"
            ),
        }
    }
}

/// Checks that every block in `blocks` has its table and columns; returns all that does not fit.
pub fn fit<'a>(blocks: impl Iterator<Item = &'a Block>, schema: &Schema) -> Vec<Misfit> {
    let mut misfits = Vec::new();
    for block in blocks {
        let Some(table) = schema.tables.get(&block.table) else {
            let has = schema.tables.keys().cloned().collect();
            misfits.push(Misfit::MissingTable { table: block.table.clone(), has });
            continue;
        };
        if table.kind != TableKind::Base {
            misfits.push(Misfit::NotATable { table: block.table.clone() });
            continue;
        }
        for column in &block.columns {
            match table.column(column) {
                None => misfits.push(Misfit::MissingColumn {
                    table: block.table.clone(),
                    column: column.clone(),
                    has: table.columns.iter().map(|column| column.name.clone()).collect(),
                }),
                Some(found) if found.generated => {
                    misfits.push(Misfit::GeneratedColumn { table: block.table.clone(), column: column.clone() });
                }
                Some(_) => {}
            }
        }
        if keys_may_collide(block, table) {
            misfits.push(Misfit::KeysMayCollide { table: block.table.clone() });
        }
    }
    misfits.dedup();
    misfits
}

fn keys_may_collide(block: &Block, table: &Table) -> bool {
    let [key] = block.key[..] else { return false };
    let picked_by_the_engine = table.column(&block.columns[key]).is_some_and(|column| {
        matches!(column.kind, ColumnKind::Integer { .. }) && table.primary_key == [column.name.clone()]
    });
    let inherited = block.references.iter().any(|reference| reference.columns == [key]);
    picked_by_the_engine && !table.autoincrement && !inherited && block.tag.is_none()
}

/// Returns the rows that `block` asks for, without those in `without`.
///
/// `in_force` holds the indexes of the scenarios whose overlays count. The schema must fit.
pub fn desired(
    dataset: &Dataset,
    block_index: usize,
    schema: &Schema,
    in_force: &BTreeSet<usize>,
    without: &BTreeSet<(usize, usize)>,
    encoding: Encoding<'_>,
) -> DesiredBlock {
    let block = &dataset.blocks[block_index];
    let table = &schema.tables[&block.table];
    let columns: Vec<&Column> = block.columns.iter().map(|name| table.column(name).expect("the schema fits")).collect();
    let mut rows = Vec::with_capacity(block.rows.len());
    for (index, row) in block.rows.iter().enumerate() {
        if without.contains(&(block_index, index)) {
            continue;
        }
        let cells: Vec<Cell> = (columns.iter().enumerate())
            .map(|(position, column)| encode(in_force_value(row, position, in_force), column, encoding))
            .collect();
        let key = block.key.iter().map(|&position| cells[position].clone()).collect();
        rows.push(DesiredRow { row: index, key, cells });
    }
    let tag = block.tag.map(|position| (position, tag_value(block, columns[position], position)));
    DesiredBlock {
        block: block_index,
        scenario: Arc::from(dataset.scenarios[block.scenario].name.as_str()),
        table: block.table.clone(),
        columns: block.columns.clone().into(),
        key: block.key.clone(),
        tag,
        rows,
    }
}

/// Columns of a block that refer to columns of a table, in rows where the column at a position has a value, if
/// there is such a condition.
type Referring<'a> = (Vec<usize>, &'a str, &'a [String], Option<&'a (usize, Value)>);

/// Returns the rows that are not there while those of `left_out` are not: these, and whatever refers to them.
/// Each is (index of the block, index of the row). The schema must fit.
pub fn without(
    dataset: &Dataset,
    schema: &Schema,
    in_force: &BTreeSet<usize>,
    left_out: &[(usize, usize)],
) -> BTreeSet<(usize, usize)> {
    let mut without: BTreeSet<(usize, usize)> = left_out.iter().copied().collect();
    let links: Vec<Vec<Referring<'_>>> = dataset.blocks.iter().map(|block| referring(block, schema)).collect();
    let tuple = |row: &Row, positions: &[usize]| -> Vec<Value> {
        positions.iter().map(|&position| in_force_value(row, position, in_force).clone()).collect()
    };
    let mut open: Vec<(usize, usize)> = without.iter().copied().collect();
    while !open.is_empty() {
        let mut gone: BTreeMap<(&str, &[String]), BTreeSet<Vec<Value>>> = BTreeMap::new();
        for (_, to, columns, _) in links.iter().flatten() {
            gone.entry((to, columns)).or_default();
        }
        for (&(table, columns), tuples) in &mut gone {
            for &(block, row) in open.iter().filter(|(block, _)| dataset.blocks[*block].table == table) {
                let block = &dataset.blocks[block];
                tuples.extend(positions(block, columns).map(|positions| tuple(&block.rows[row], &positions)));
            }
        }
        open.clear();
        for (at, (block, links)) in dataset.blocks.iter().zip(&links).enumerate() {
            for (index, row) in block.rows.iter().enumerate().filter(|(index, _)| !without.contains(&(at, *index))) {
                let refers = |(from, to, columns, when): &Referring<'_>| {
                    when.is_none_or(|(position, value)| row.values[*position] == *value)
                        && gone[&(*to, *columns)].contains(&tuple(row, from))
                };
                if links.iter().any(refers) {
                    open.push((at, index));
                }
            }
        }
        without.extend(open.iter().copied());
    }
    without
}

/// Returns what the rows of a block refer to, as the schema and the dataset tell it.
fn referring<'a>(block: &'a Block, schema: &'a Schema) -> Vec<Referring<'a>> {
    let keys = schema.tables.get(&block.table).into_iter().flat_map(|table| &table.foreign_keys);
    let told = keys.filter_map(|key| Some((positions(block, &key.columns)?, &*key.to, &*key.to_columns, None)));
    let declared = block.references.iter().filter_map(|reference| {
        let to = schema.tables.get(&reference.to)?;
        Some((reference.columns.clone(), &*reference.to, &*to.primary_key, reference.when.as_ref()))
    });
    told.chain(declared).collect()
}

/// Returns where a block has these columns; none where one is missing.
fn positions(block: &Block, columns: &[String]) -> Option<Vec<usize>> {
    columns.iter().map(|name| block.columns.iter().position(|column| column == name)).collect()
}

/// Returns the keys that `block` asks for. The schema must fit.
pub fn keys(block: &Block, table: &Table) -> BTreeSet<Key> {
    keys_in_order(block, table).collect()
}

/// Returns the key of every row of `block`, in the order of its rows. The schema must fit.
pub fn keys_in_order<'a>(block: &'a Block, table: &'a Table) -> impl Iterator<Item = Key> + 'a {
    static NO_PASSWORDS: Hashes = BTreeMap::new();
    // Keys are never times or passwords, so as-of and hashes do not matter.
    let encoding = Encoding { as_of: 0, passwords: &NO_PASSWORDS };
    let columns: Vec<(usize, &Column)> = (block.key.iter())
        .map(|&position| (position, table.column(&block.columns[position]).expect("the schema fits")))
        .collect();
    (block.rows.iter())
        .map(move |row| columns.iter().map(|&(at, column)| encode(&row.values[at], column, encoding)).collect())
}

/// Returns the value of a column while the scenarios `in_force` are seeded.
pub fn in_force_value<'a>(row: &'a Row, position: usize, in_force: &BTreeSet<usize>) -> &'a Value {
    (row.overlays.iter())
        .filter(|(column, scenario, _)| *column == position && in_force.contains(scenario))
        .max_by_key(|(_, scenario, _)| *scenario)
        .map_or(&row.values[position], |(_, _, value)| value)
}

/// Returns the tag column of `block` and its value in rows of ours. The schema must fit.
pub fn tag(block: &Block, table: &Table) -> Option<(String, Cell)> {
    let position = block.tag?;
    let column = table.column(&block.columns[position]).expect("the schema fits");
    Some((column.name.clone(), tag_value(block, column, position)))
}

fn tag_value(block: &Block, column: &Column, position: usize) -> Cell {
    let value = block.rows.first().map_or(&Value::Bool(true), |row| &row.values[position]);
    encode(value, column, Encoding { as_of: 0, passwords: &BTreeMap::new() })
}

/// Returns the cell that stands for `value` in `column`, in canonical form.
pub fn encode(value: &Value, column: &Column, encoding: Encoding<'_>) -> Cell {
    let kind = &column.kind;
    let textual = matches!(kind, ColumnKind::Text { .. } | ColumnKind::Json | ColumnKind::Uuid);
    let cell = match value {
        Value::Null => Cell::Null,
        Value::Bool(yes) => Cell::Integer(i64::from(*yes)),
        Value::Integer(n) if textual => Cell::text(n.to_string()),
        Value::Integer(n) => Cell::Integer(*n),
        Value::Decimal(d) if textual => Cell::text(d.to_string()),
        Value::Decimal(d) => d.to_integer().map_or_else(|| Cell::Real(d.to_f64()), Cell::Integer),
        Value::Time(offset) => {
            let moment = encoding.as_of + offset;
            match kind {
                ColumnKind::Integer { .. } | ColumnKind::Real => Cell::Integer(moment),
                ColumnKind::Date => Cell::text(civil::date(moment)),
                _ => Cell::text(civil::timestamp(moment)),
            }
        }
        Value::Text(text) if *kind == ColumnKind::Uuid && column.declared.contains("32") => {
            Cell::text(text.replace('-', ""))
        }
        Value::Text(text) => match kind {
            ColumnKind::Bytes => Cell::Blob(text.as_bytes().into()),
            ColumnKind::Integer { .. } => text.parse().map_or_else(|_| Cell::Text(Arc::clone(text)), Cell::Integer),
            _ => Cell::Text(Arc::clone(text)),
        },
        Value::Password(password) => Cell::Text(Arc::clone(
            encoding.passwords.get(password).expect("every password is hashed before rows are encoded"),
        )),
    };
    cell.canonical(kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Decimal;

    fn cell(value: &Value, kind: ColumnKind) -> Cell {
        let column = Column {
            name: "c".into(),
            declared: "char(32)".into(),
            kind,
            nullable: true,
            default: None,
            generated: false,
        };
        encode(value, &column, Encoding { as_of: 1_795_305_600, passwords: &BTreeMap::new() })
    }

    #[test]
    fn values_become_what_django_stores_on_sqlite() {
        let decimal = ColumnKind::Decimal { scale: Some(6) };
        assert_eq!(cell(&Value::Bool(true), ColumnKind::Boolean), Cell::Integer(1));
        assert_eq!(cell(&Value::Decimal(Decimal::parse("47.3769").unwrap()), decimal.clone()), Cell::Real(47.3769));
        assert_eq!(cell(&Value::Decimal(Decimal::whole(47)), decimal), Cell::Integer(47));
        assert_eq!(cell(&Value::Time(-1), ColumnKind::Timestamp), Cell::text("2026-11-21 23:59:59"));
        assert_eq!(cell(&Value::Time(60), ColumnKind::Integer { bits: 64 }), Cell::Integer(1_795_305_660));
        assert_eq!(cell(&Value::Time(0), ColumnKind::Date), Cell::text("2026-11-22"));
        assert_eq!(cell(&Value::text("1100000005"), ColumnKind::Integer { bits: 32 }), Cell::Integer(1_100_000_005));
        assert_eq!(cell(&Value::text("ab"), ColumnKind::Bytes), Cell::Blob(b"ab".as_slice().into()));
        assert_eq!(cell(&Value::Integer(5), ColumnKind::Text { limit: None }), Cell::text("5"));
        assert_eq!(cell(&Value::text("5eedbed0-0300-4000"), ColumnKind::Uuid), Cell::text("5eedbed003004000"));
    }
}
