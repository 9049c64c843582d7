//! Comparing further rows with what is declared, a few thousand at a time.

use std::collections::BTreeMap;
use std::ops::Range;

use seedbed_core::password::Hashes;
use seedbed_core::plan::desired::{Encoding, encode};
use seedbed_core::plan::{Cell, FurtherPlan, Key, Obstacle, key_text};
use seedbed_core::scale::{Rows, Scaled};
use seedbed_core::schema::Table;

use super::{Part, chunks};
use crate::database::Database;
use crate::error::{Error, Exit, Result, While};
use crate::load::{Load, statements};
use crate::sql;

/// So many rows of other people on keys of a population are named.
const NAMED: usize = 1_000;

/// The further rows of a population, as they are declared and as they stand.
#[derive(Clone, Copy)]
pub(super) struct Comparison<'a> {
    pub(super) scaled: &'a Scaled,
    pub(super) part: &'a Part,
    pub(super) table: &'a Table,
    /// The column that says whose a row is, and what it holds in rows of ours.
    pub(super) tag: Option<&'a (String, Cell)>,
    pub(super) passwords: &'a Hashes,
}

/// A row that is not as declared.
enum Difference {
    Missing(Vec<Cell>),
    /// A row with the places of the columns that differ.
    Different(Key, Vec<Cell>, Vec<usize>),
    /// A row without the tag: somebody else's.
    Taken(Key),
}

impl Difference {
    fn tell(&self, columns: &[String]) -> String {
        match self {
            Self::Missing(row) => format!("{} is not there", row[0]),
            Self::Different(key, row, places) => {
                let place = places[0];
                format!("`{}` of {} is not {}", columns[place], key_text(key), row[place])
            }
            Self::Taken(key) => format!("{} lost its tag", key_text(key)),
        }
    }
}

impl<'a> Comparison<'a> {
    fn rows(self) -> &'a Rows {
        &self.scaled.rows[self.part.population]
    }

    /// Compares all blocks: counts in `plan` what differs, and returns the rows of other people that stand on keys
    /// of ours, the first thousand.
    pub(super) fn look(
        self,
        database: &mut dyn Database,
        plan: &mut FurtherPlan,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Vec<Obstacle>> {
        let mut taken = Vec::new();
        self.each_chunk(database, progress, |_, found| {
            for difference in found {
                match difference {
                    Difference::Missing(_) => plan.inserts += 1,
                    Difference::Different(..) => plan.updates += 1,
                    Difference::Taken(key) => {
                        plan.taken += 1;
                        if taken.len() < NAMED {
                            taken.push(self.obstacle(key));
                        }
                    }
                }
            }
            Ok(())
        })?;
        Ok(taken)
    }

    fn obstacle(self, key: Key) -> Obstacle {
        Obstacle {
            table: self.part.table.clone(),
            index: "primary key".into(),
            label: key_text(&key),
            wanted_by: format!("a further row of {}", self.part.keys.population),
            debris: false,
            key,
        }
    }

    /// Makes all blocks as declared.
    pub(super) fn repair(self, database: &mut dyn Database, progress: &mut dyn FnMut(u64)) -> Result<()> {
        self.each_chunk(database, progress, |database, found| {
            let (mut missing, mut different) = (Vec::new(), BTreeMap::<Vec<usize>, Vec<(Key, Vec<Cell>)>>::new());
            for difference in found {
                match difference {
                    Difference::Missing(row) => missing.push(row),
                    Difference::Different(key, row, places) => different.entry(places).or_default().push((key, row)),
                    // The plan names it, so nothing is written.
                    Difference::Taken(_) => {}
                }
            }
            for (places, rows) in &different {
                self.update(database, places, rows)?;
            }
            insert(database, self.table, &self.rows().columns, &missing)
        })
    }

    fn update(self, database: &mut dyn Database, places: &[usize], rows: &[(Key, Vec<Cell>)]) -> Result<()> {
        let columns: Vec<&str> = places.iter().map(|place| self.rows().columns[*place].as_str()).collect();
        let changed: Vec<(&Key, Vec<&Cell>)> =
            rows.iter().map(|(key, row)| (key, places.iter().map(|place| &row[*place]).collect())).collect();
        let table = self.table;
        for (statement, planned) in
            sql::update(database.dialect(), table, &columns, &changed, &table.primary_key, self.tag)
        {
            let touched = database
                .execute(&statement.sql, &statement.values)
                .during(|| format!("changing further rows of `{}`", table.name))?;
            if touched != planned {
                let name = &table.name;
                let message = format!("{planned} further rows of `{name}` were to be changed, {touched} were touched");
                return Err(Error::new(Exit::CouldNotRun, "count-differs", message));
            }
        }
        Ok(())
    }

    /// Returns what differs in some blocks, as a person reads it.
    pub(super) fn chunk(self, database: &mut dyn Database, blocks: Range<u64>) -> Result<Vec<String>> {
        let found = self.differences(database, blocks)?;
        Ok(found.iter().map(|difference| difference.tell(&self.rows().columns)).collect())
    }

    /// Goes through all blocks, a few thousand rows at a time.
    fn each_chunk(
        self,
        database: &mut dyn Database,
        progress: &mut dyn FnMut(u64),
        mut use_them: impl FnMut(&mut dyn Database, Vec<Difference>) -> Result<()>,
    ) -> Result<()> {
        for blocks in chunks(self.scaled, self.part.population) {
            progress((blocks.start - 1) * self.rows().per_block);
            let found = self.differences(database, blocks)?;
            use_them(database, found)?;
        }
        Ok(())
    }

    /// Returns what differs in some blocks: rows that are missing, and rows that are not as declared. Where
    /// the run is that of the rows referred to, others may stand there too: a test's, or somebody's.
    fn differences(self, database: &mut dyn Database, blocks: Range<u64>) -> Result<Vec<Difference>> {
        let Self { scaled, part, table, passwords, .. } = self;
        let rows = self.rows();
        let run = scaled.run(part.population, blocks.clone()).expect("a part has a run");
        let column = table.column(&part.keys.column).expect("the schema fits");
        let encoding = Encoding { as_of: scaled.as_of, passwords };
        let (first, last) = (encode(&run.first, column, encoding), encode(&run.last, column, encoding));
        let run = sql::run::Run { column: &column.name, first: &first, last: &last };
        let places: Vec<usize> = (table.primary_key.iter())
            .filter_map(|name| rows.columns.iter().position(|column| column == name))
            .collect();
        let key = |row: &[Cell]| -> Key { places.iter().map(|place| row[*place].clone()).collect() };
        let tag = self.tag.and_then(|(tag, _)| rows.columns.iter().position(|column| column == tag));
        let kinds: Vec<_> =
            rows.columns.iter().map(|name| &table.column(name).expect("the schema fits").kind).collect();
        let statement = sql::run::select(database.dialect(), &rows.columns, table, run);
        let mut live: BTreeMap<Key, Vec<Cell>> = BTreeMap::new();
        database
            .each(&statement.sql, &statement.values, &mut |row| {
                let row: Vec<Cell> =
                    row.iter().zip(&kinds).map(|(cell, kind)| cell.to_cell().canonical(kind)).collect();
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
                Some(stands) if tag.is_some_and(|tag| stands[tag] != row[tag]) => found.push(Difference::Taken(key)),
                Some(stands) => {
                    let places = (0..row.len()).filter(|place| row[*place] != stands[*place]).collect();
                    found.push(Difference::Different(key, row, places));
                }
            }
        }
        Ok(found)
    }
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
