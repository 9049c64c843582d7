//! Database: what the verbs need from an engine, and nothing of its driver.
//!
//! An adapter runs statements that `sql` built, inside transactions that the verbs open. It reads
//! the catalogue and moves the counters that hand out keys; everything else is the verbs' business.

pub mod functions;
pub mod postgres;
pub(crate) mod row;
pub(crate) mod rules;
pub mod sqlite;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use seedbed_core::plan::Cell;
use seedbed_core::schema::Schema;

use crate::load::{Load, statements};
use crate::sql::{Dialect, Sql};

/// A database that can be planned for and seeded.
///
/// Over SQLite, its connection knows the functions of [`functions`], which `verify` counts with.
pub trait Database {
    /// Returns its name as a person reads it: `sqlite:db.sqlite3`.
    fn describe(&self) -> String;

    /// The SQL that its statements are written in.
    fn dialect(&self) -> Dialect;

    /// Returns what tells this database from a copy of it; none for a database that is always one for
    /// tests: in memory, or made by a test runner.
    fn identity(&mut self) -> Result<Option<String>, Failure>;

    /// Returns the catalogue.
    fn schema(&mut self) -> Result<Arc<Schema>, Failure>;

    /// Opens a transaction; inside one of somebody else's, one that can be undone by itself. A write that somebody else keeps from starting fails as busy at once.
    fn begin(&mut self, access: Access) -> Result<(), Failure>;

    /// Turns the open transaction, which has only read, into one that writes and that still sees what it has
    /// read; no, where the engine cannot, or where others are writing or have written since. Then it is
    /// of no more use.
    fn promote(&mut self, writing: Writing) -> Result<bool, Failure> {
        let _ = writing;
        Ok(false)
    }

    /// Makes the open transaction last, or part of the one around it. When it fails as busy the transaction is still open.
    /// When it fails as unclear or as unfinished there is none any more.
    fn commit(&mut self) -> Result<(), Failure>;

    /// Opens the connection anew after it was lost, and makes sure that the session before is over.
    fn reopen(&mut self) -> Result<(), Failure> {
        Err(Failure::new(FailureKind::Connection, "this connection is somebody else's to open again"))
    }

    /// Returns what every commit of somebody else changes, and none of our own commits need to; of what the
    /// open transaction sees, where there is one. None where the engine has no such thing, or where a part
    /// of what is asked for may change without a commit.
    fn version(&mut self) -> Result<Option<String>, Failure> {
        Ok(None)
    }

    /// Whether the connection still leads where its address does: a file may have been replaced.
    fn is_current(&mut self) -> bool {
        true
    }

    /// Lets what this connection commits from now on last soon instead of at once, where an engine says so
    /// for a connection; asked outside of a transaction. Returns what a person may do so that commits are
    /// quick.
    fn commit_soon(&mut self) -> Result<Option<String>, Failure> {
        Ok(None)
    }

    /// Undoes the open transaction.
    fn rollback(&mut self) -> Result<(), Failure>;

    /// Returns the rows of a query, which may write.
    fn query(&mut self, sql: &Sql, values: &[Cell]) -> Result<Vec<Vec<Cell>>, Failure>;

    /// Returns the rows of a query that reads what the open transaction sees, and that one after the other asks
    /// alike: an adapter may have them from the transaction's beginning.
    fn read(&mut self, sql: &Sql, values: &[Cell]) -> Result<Vec<Vec<Cell>>, Failure> {
        self.query(sql, values)
    }

    /// Returns the rows of queries that only read, none of which waits for another: an adapter may ask all of them
    /// in one go.
    fn read_all(&mut self, asked: &[(&Sql, &[Cell])]) -> Result<Vec<Vec<Vec<Cell>>>, Failure> {
        asked.iter().map(|(sql, values)| self.query(sql, values)).collect()
    }

    /// Hands over the rows of a query that only reads, one after the other, without making cells of them where the driver
    /// can lend what it holds.
    fn each(&mut self, sql: &Sql, values: &[Cell], row: &mut dyn FnMut(&[Lent<'_>])) -> Result<(), Failure> {
        for cells in self.read(sql, values)? {
            row(&cells.iter().map(Lent::of).collect::<Vec<_>>());
        }
        Ok(())
    }

    /// Runs a statement; returns how many rows it touched itself, cascades left out.
    fn execute(&mut self, sql: &Sql, values: &[Cell]) -> Result<usize, Failure>;

    /// Runs statements one after the other, until one fails, whose failure is the last answer; an adapter may send all
    /// of them in one go. Returns how many rows each touched itself.
    fn execute_all(&mut self, statements: &[(&Sql, &[Cell])]) -> Vec<Result<usize, Failure>> {
        let mut answers = Vec::new();
        for (sql, values) in statements {
            answers.push(self.execute(sql, values));
            if answers.last().is_some_and(Result::is_err) {
                break;
            }
        }
        answers
    }

    /// Whether [`Self::execute_all`] sends statements in one go, so that more of them take no more ways to the server.
    fn sends_in_one_go(&self) -> bool {
        false
    }

    /// Inserts rows that `sql` wrote down for this statement, which reads them from the client, the way
    /// that loads many rows fastest; returns how many. None where the adapter cannot: the rows are
    /// then inserted by statements.
    fn copy(&mut self, sql: &Sql, rows: &str) -> Result<Option<usize>, Failure> {
        let _ = (sql, rows);
        Ok(None)
    }

    /// Loads rows of further blocks in the order of their keys, the way that is fastest here; returns how many.
    /// `progress` is told now and then how many are written so far. A failure names the table, and the row
    /// where the engine tells.
    fn load(&mut self, load: &Load<'_>, progress: &mut dyn FnMut(u64)) -> Result<u64, Failure> {
        statements::load(self, load, progress)
    }

    /// Returns the counters that hand out keys, for tables that have one and were written before; which
    /// have one is told by the catalogue that was returned last, where one was.
    fn counters(&mut self) -> Result<Vec<(String, i64)>, Failure>;

    /// Moves the counter of a table, or forgets it. Asked last in a transaction; when that is undone, or
    /// nobody lives to tell, the counter stands where it stood or where no harm is done.
    fn set_counter(&mut self, table: &str, to: Option<i64>) -> Result<(), Failure>;

    /// Returns the rows of these tables whose references lead nowhere.
    ///
    /// Asked inside a transaction of somebody else only, at whose end the engine itself looks.
    fn dangling(&mut self, tables: &[&str]) -> Result<Vec<Dangling>, Failure>;

    /// Whether the open transaction, or else the next one, is ours: what it commits lasts, and tables
    /// may be made inside it. Otherwise it is part of one that somebody else opened and may undo.
    fn owns_transactions(&self) -> bool {
        true
    }
}

/// A value that a driver lends while a row is read.
#[derive(Clone, Copy, Debug)]
pub enum Lent<'a> {
    /// NULL.
    Null,
    /// A whole number.
    Integer(i64),
    /// A float.
    Real(f64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
}

impl<'a> Lent<'a> {
    pub(crate) fn of(cell: &'a Cell) -> Self {
        match cell {
            Cell::Null => Self::Null,
            Cell::Integer(number) => Self::Integer(*number),
            Cell::Real(number) => Self::Real(*number),
            Cell::Text(text) => Self::Text(text),
            Cell::Blob(bytes) => Self::Blob(bytes),
        }
    }

    /// Whether this is what the cell holds.
    pub fn is(&self, cell: &Cell) -> bool {
        match (self, cell) {
            (Self::Null, Cell::Null) => true,
            (Self::Integer(a), Cell::Integer(b)) => a == b,
            (Self::Real(a), Cell::Real(b)) => a.to_bits() == b.to_bits(),
            (Self::Text(a), Cell::Text(b)) => *a == &**b,
            (Self::Blob(a), Cell::Blob(b)) => *a == &**b,
            _ => false,
        }
    }

    /// Returns a cell of its own.
    pub fn to_cell(self) -> Cell {
        match self {
            Self::Null => Cell::Null,
            Self::Integer(number) => Cell::Integer(number),
            Self::Real(number) => Cell::Real(number),
            Self::Text(text) => Cell::text(text),
            Self::Blob(bytes) => Cell::Blob(bytes.into()),
        }
    }
}

/// A row with a reference that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dangling {
    /// Its table.
    pub table: String,
    /// Its number in the table; none where rows have no number.
    pub row: Option<i64>,
    /// The table that it refers to.
    pub to: String,
}

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading one state of the database.
    Read,
    /// Writing, with all reads inside.
    Write(Writing),
}

/// What a transaction that writes is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writing {
    /// Whom it keeps from starting one.
    pub scope: Scope,
    /// How long a statement may wait for a row that somebody else has locked.
    pub patience: Duration,
    /// Whether a crash of the server may take it back.
    pub lasting: Lasting,
}

/// When what a transaction has committed lasts, whatever happens to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// From its commit on.
    AtOnce,
    /// Soon after: a crash may take back all of it, never a part. An engine that has only one way takes
    /// that.
    Soon,
}

/// Whom a transaction that writes keeps from starting one. Where an engine has one writer at a time,
/// everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of Seedbed.
    Database,
    /// Runs of this worker, and those of the whole database.
    Worker(u8),
}

/// Why a statement failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure.
    pub kind: FailureKind,
    /// The engine's words.
    pub message: String,
    /// The row that failed, from 1, among those that were copied at once; where the engine tells.
    pub row: Option<usize>,
}

/// What kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Somebody else is writing.
    Busy,
    /// Somebody else changed what the transaction is about; it is undone, and may be run again.
    Conflict,
    /// No room.
    Full,
    /// It cannot be written.
    ReadOnly,
    /// A unique value is taken.
    Unique,
    /// A foreign key is violated.
    ForeignKey,
    /// Another constraint is violated.
    Constraint,
    /// The database cannot be opened or was lost.
    Connection,
    /// It was lost in a commit: that may have come through, or not.
    Unclear,
    /// The commit came through, and what comes with it did not.
    Unfinished,
    /// Anything else.
    Other,
}

impl Failure {
    /// Returns a failure.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), row: None }
    }
}

/// An open transaction; it is undone unless it is committed.
pub(crate) struct Transaction<'d> {
    database: &'d mut dyn Database,
    open: bool,
}

impl<'d> Transaction<'d> {
    /// Takes over a transaction that was just opened.
    pub(crate) fn opened(database: &'d mut dyn Database) -> Self {
        Self { database, open: true }
    }

    /// Makes it last. While it is busy, `again` says whether to try once more.
    pub(crate) fn commit(mut self, mut again: impl FnMut() -> bool) -> Result<(), Failure> {
        loop {
            match self.database.commit() {
                Ok(()) => {
                    self.open = false;
                    return Ok(());
                }
                Err(failure) if failure.kind == FailureKind::Busy && again() => {}
                Err(failure) => return Err(failure),
            }
        }
    }
}

impl<'d> Deref for Transaction<'d> {
    type Target = dyn Database + 'd;

    fn deref(&self) -> &Self::Target {
        &*self.database
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut *self.database
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.open {
            // The connection may be gone; then the engine undoes it.
            let _ = self.database.rollback();
        }
    }
}
