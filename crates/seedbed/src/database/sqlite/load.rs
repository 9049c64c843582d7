//! Loading into SQLite: statements of many rows that are prepared once, whose values are bound as they are
//! made.

use rusqlite::{Connection, Statement};

use super::{Bound, failure};
use crate::database::{Failure, Lent};
use crate::load::lending::{Lending, Sink};
use crate::load::{Load, miscounted};
use crate::sql::{Dialect, most_inserted, sqlite as sql};

/// After about so many rows it is said how many there are.
const TOLD: u64 = 10_000;

/// Memory for pages while rows are loaded, in KiB. SQLite's own 2 MB are full at once where a table has indexes
/// that rows meet in no order, and every page is then written to the file again and again.
const CACHE: i64 = 48 * 1024;

/// Loads rows; returns how many.
pub(super) fn load(connection: &Connection, load: &Load<'_>, progress: &mut dyn FnMut(u64)) -> Result<u64, Failure> {
    if load.count() == 0 {
        return Ok(0);
    }
    let cache: i64 =
        connection.query_row("PRAGMA cache_size", (), |row| row.get(0)).map_err(|error| failure(&error))?;
    let set = |size: i64| connection.pragma_update(None, "cache_size", size).map_err(|error| failure(&error));
    set(-CACHE)?;
    let loaded = insert(connection, load, progress);
    set(cache)?;
    loaded
}

fn insert(connection: &Connection, load: &Load<'_>, progress: &mut dyn FnMut(u64)) -> Result<u64, Failure> {
    let mut encoder = Lending::new(load, Binder::new(connection, load)?)?;
    let mut stream = load.stream(&encoder);
    let mut told = 0;
    for block in load.blocks.clone() {
        stream.block(block, &mut encoder);
        if let Some((rows, failure)) = encoder.sink.failed.take() {
            return Err(load.failed_between(rows, &failure));
        }
        let done = encoder.sink.done;
        if done >= told + TOLD || block + 1 == load.blocks.end {
            progress(done);
            told = done;
        }
    }
    Ok(encoder.sink.done)
}

/// Binds values to a statement, and runs it when all of its rows are there.
struct Binder<'c> {
    many: Statement<'c>,
    /// Rows that `many` inserts.
    most: u64,
    /// The statement for the last rows, and how many they are.
    last: Option<(Statement<'c>, u64)>,
    /// How many rows are inserted before `last`.
    before_last: u64,
    bound: usize,
    /// Rows whose values are bound.
    rows: u64,
    done: u64,
    /// What failed, with the first and the last row of its statement.
    failed: Option<((u64, u64), Failure)>,
}

impl<'c> Binder<'c> {
    fn new(connection: &'c Connection, load: &Load<'_>) -> Result<Self, Failure> {
        let columns = &load.rows().columns;
        let prepare = |rows: u64| {
            let sql = sql::insert(&load.table.name, columns, rows as usize);
            connection.prepare(sql.text()).map_err(|error| load.failed(0, &failure(&error)))
        };
        let most = most_inserted(Dialect::Sqlite, columns.len()) as u64;
        let rest = load.count() % most;
        let last = if rest == 0 { None } else { Some((prepare(rest)?, rest)) };
        let (many, before_last) = (prepare(most)?, load.count() - rest);
        Ok(Self { many, most, last, before_last, bound: 0, rows: 0, done: 0, failed: None })
    }

    /// The statement that is next, and how many rows it inserts.
    fn next(&mut self) -> (&mut Statement<'c>, u64) {
        match &mut self.last {
            Some((last, rows)) if self.done >= self.before_last => (last, *rows),
            _ => (&mut self.many, self.most),
        }
    }

    fn fail(&mut self, failure: Failure) {
        let to = self.done + self.next().1;
        self.failed = Some(((self.done + 1, to), failure));
    }
}

impl Sink for Binder<'_> {
    fn take(&mut self, _: usize, value: Lent<'_>) {
        if self.failed.is_some() {
            return;
        }
        self.bound += 1;
        let place = self.bound;
        let bound = self.next().0.raw_bind_parameter(place, Bound(value));
        if let Err(error) = bound {
            self.fail(failure(&error));
        }
    }

    fn end(&mut self) {
        if self.failed.is_some() {
            return;
        }
        self.rows += 1;
        let rows = self.rows;
        let (statement, all) = self.next();
        if rows < all {
            return;
        }
        match statement.raw_execute() {
            Ok(written) if written as u64 == all => self.done += all,
            Ok(written) => self.fail(miscounted(all, written as u64)),
            Err(error) => self.fail(failure(&error)),
        }
        (self.rows, self.bound) = (0, 0);
    }
}
