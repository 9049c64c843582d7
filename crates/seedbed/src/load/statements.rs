//! Statements: the way to load that every adapter can.

use seedbed_core::plan::Cell;

use super::lending::{Lending, Sink};
use super::{Load, miscounted};
use crate::database::{Database, Failure, Lent};
use crate::sql;

/// About so many rows are held in memory.
const HELD: usize = 1_000;

/// Rows as cells.
#[derive(Default)]
struct Held {
    rows: Vec<Vec<Cell>>,
    row: Vec<Cell>,
}

impl Sink for Held {
    fn take(&mut self, _: usize, value: Lent<'_>) {
        self.row.push(value.to_cell());
    }

    fn end(&mut self) {
        let next = Vec::with_capacity(self.row.len());
        self.rows.push(std::mem::replace(&mut self.row, next));
    }
}

/// Returns the rows of a load as cells, as the ordinary path stores them.
pub(crate) fn cells(load: &Load<'_>) -> Result<Vec<Vec<Cell>>, Failure> {
    let mut encoder = Lending::new(load, Held::default())?;
    let mut stream = load.stream(&encoder);
    load.blocks.clone().for_each(|block| stream.block(block, &mut encoder));
    Ok(encoder.sink.rows)
}

/// Loads rows by statements that insert many each; returns how many.
pub(crate) fn load<D: Database + ?Sized>(
    database: &mut D,
    load: &Load<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, Failure> {
    let mut encoder = Lending::new(load, Held::default())?;
    let mut stream = load.stream(&encoder);
    let mut done = 0;
    for block in load.blocks.clone() {
        stream.block(block, &mut encoder);
        if encoder.sink.rows.len() >= HELD || block + 1 == load.blocks.end {
            done = insert(database, load, done, &std::mem::take(&mut encoder.sink.rows))?;
            progress(done);
        }
    }
    Ok(done)
}

/// Inserts rows behind those that are done; returns how many are done then.
fn insert<D: Database + ?Sized>(
    database: &mut D,
    load: &Load<'_>,
    mut done: u64,
    rows: &[Vec<Cell>],
) -> Result<u64, Failure> {
    let rows: Vec<&[Cell]> = rows.iter().map(Vec::as_slice).collect();
    for (statement, count) in sql::insert(database.dialect(), load.table, &load.rows().columns, &rows) {
        let count = count as u64;
        let written = match database.execute(&statement.sql, &statement.values) {
            Ok(written) if written as u64 == count => Ok(()),
            Ok(written) => Err(miscounted(count, written as u64)),
            Err(failure) => Err(failure),
        };
        written.map_err(|failure| load.failed_between((done + 1, done + count), &failure))?;
        done += count;
    }
    Ok(done)
}
