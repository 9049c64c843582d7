//! Comparing further rows with what is declared, a few thousand at a time.

use std::collections::BTreeMap;
use std::ops::Range;

use seedbed_core::password::Hashes;
use seedbed_core::plan::desired::{Encoding, encode};
use seedbed_core::plan::{Cell, Key, key_text};
use seedbed_core::scale::Scaled;
use seedbed_core::schema::{Schema, Table};

use super::{Part, chunks};
use crate::database::Database;
use crate::error::{Result, While};
use crate::load::{Load, statements};
use crate::sql;

/// What differs in all blocks.
#[derive(Default)]
pub(super) struct Found {
    pub(super) missing: u64,
    pub(super) different: u64,
}

/// What differs in some blocks.
enum Difference {
    Missing(Vec<Cell>),
    /// A row with the places of the columns that differ.
    Different(Key, Vec<Cell>, Vec<usize>),
}

impl Difference {
    fn tell(&self, columns: &[String]) -> String {
        match self {
            Self::Missing(row) => format!("{} is not there", row[0]),
            Self::Different(key, row, places) => {
                let place = places[0];
                format!("`{}` of {} is not {}", columns[place], key_text(key), row[place])
            }
        }
    }
}

/// Compares all blocks.
pub(super) fn compare(
    database: &mut dyn Database,
    scaled: &Scaled,
    part: &Part,
    schema: &Schema,
    passwords: &Hashes,
    progress: &mut dyn FnMut(u64),
) -> Result<Found> {
    let mut found = Found::default();
    let per_block = scaled.rows[part.population].per_block;
    for blocks in chunks(scaled, part.population) {
        progress((blocks.start - 1) * per_block);
        for difference in differences(database, scaled, part, schema, passwords, blocks)? {
            match difference {
                Difference::Missing(_) => found.missing += 1,
                Difference::Different(..) => found.different += 1,
            }
        }
    }
    Ok(found)
}

/// Returns what differs in some blocks, as a person reads it.
pub(super) fn chunk(
    database: &mut dyn Database,
    scaled: &Scaled,
    part: &Part,
    schema: &Schema,
    passwords: &Hashes,
    blocks: Range<u64>,
) -> Result<Vec<String>> {
    let columns = &scaled.rows[part.population].columns;
    let found = differences(database, scaled, part, schema, passwords, blocks)?;
    Ok(found.iter().map(|difference| difference.tell(columns)).collect())
}

/// Makes all blocks as declared.
pub(super) fn repair(
    database: &mut dyn Database,
    scaled: &Scaled,
    part: &Part,
    schema: &Schema,
    passwords: &Hashes,
    progress: &mut dyn FnMut(u64),
) -> Result<()> {
    let (rows, table) = (&scaled.rows[part.population], &schema.tables[&part.table]);
    for blocks in chunks(scaled, part.population) {
        progress((blocks.start - 1) * rows.per_block);
        let (mut missing, mut different) = (Vec::new(), BTreeMap::<Vec<usize>, Vec<(Key, Vec<Cell>)>>::new());
        for difference in differences(database, scaled, part, schema, passwords, blocks)? {
            match difference {
                Difference::Missing(row) => missing.push(row),
                Difference::Different(key, row, places) => different.entry(places).or_default().push((key, row)),
            }
        }
        for (places, changed) in &different {
            let columns: Vec<&str> = places.iter().map(|place| rows.columns[*place].as_str()).collect();
            let changed: Vec<(&Key, Vec<&Cell>)> =
                changed.iter().map(|(key, row)| (key, places.iter().map(|place| &row[*place]).collect())).collect();
            for (statement, _) in sql::update(database.dialect(), table, &columns, &changed, &table.primary_key, None) {
                database
                    .execute(&statement.sql, &statement.values)
                    .during(|| format!("changing further rows of `{}`", part.table))?;
            }
        }
        insert(database, table, &rows.columns, &missing)?;
    }
    Ok(())
}

fn insert(database: &mut dyn Database, table: &Table, columns: &[String], rows: &[Vec<Cell>]) -> Result<()> {
    let doing = || format!("inserting further rows into `{}`", table.name);
    let rows: Vec<&[Cell]> = rows.iter().map(Vec::as_slice).collect();
    if rows.is_empty() {
        return Ok(());
    }
    if let Some((statement, lines)) = sql::copy(database.dialect(), table, columns, &rows)
        && database.copy(&statement, &lines).during(doing)?.is_some()
    {
        return Ok(());
    }
    for (statement, _) in sql::insert(database.dialect(), table, columns, &rows) {
        database.execute(&statement.sql, &statement.values).during(doing)?;
    }
    Ok(())
}

/// Returns what differs in some blocks: rows that are missing, and rows that are not as declared. Where
/// the run is that of the rows referred to, others may stand there too: a test's, or somebody's.
fn differences(
    database: &mut dyn Database,
    scaled: &Scaled,
    part: &Part,
    schema: &Schema,
    passwords: &Hashes,
    blocks: Range<u64>,
) -> Result<Vec<Difference>> {
    let (rows, table) = (&scaled.rows[part.population], &schema.tables[&part.table]);
    let run = scaled.run(part.population, blocks.clone()).expect("a part has a run");
    let column = table.column(&part.keys.column).expect("the schema fits");
    let encoding = Encoding { as_of: scaled.as_of, passwords };
    let (first, last) = (encode(&run.first, column, encoding), encode(&run.last, column, encoding));
    let run = sql::run::Run { column: &column.name, first: &first, last: &last };
    let places: Vec<usize> =
        (table.primary_key.iter()).filter_map(|name| rows.columns.iter().position(|column| column == name)).collect();
    let key = |row: &[Cell]| -> Key { places.iter().map(|place| row[*place].clone()).collect() };
    let kinds: Vec<_> = rows.columns.iter().map(|name| &table.column(name).expect("the schema fits").kind).collect();
    let statement = sql::run::select(database.dialect(), &rows.columns, table, run);
    let mut live: BTreeMap<Key, Vec<Cell>> = BTreeMap::new();
    database
        .each(&statement.sql, &statement.values, &mut |row| {
            let row: Vec<Cell> = row.iter().zip(&kinds).map(|(cell, kind)| cell.to_cell().canonical(kind)).collect();
            live.insert(key(&row), row);
        })
        .during(|| format!("reading further rows of `{}`", part.table))?;
    let mut found = Vec::new();
    let load = Load { scaled, population: part.population, table, passwords, blocks };
    let wanted = statements::cells(&load).during(|| format!("making further rows of `{}`", part.table))?;
    for row in wanted {
        let key = key(&row);
        match live.remove(&key) {
            None => found.push(Difference::Missing(row)),
            Some(stands) if stands == row => {}
            Some(stands) => {
                let places = (0..row.len()).filter(|place| row[*place] != stands[*place]).collect();
                found.push(Difference::Different(key, row, places));
            }
        }
    }
    Ok(found)
}
