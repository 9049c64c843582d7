//! Visit: a transaction on a connection that somebody else has open.
//!
//! On its own it is one of ours: it sees one state of the database, and its locks are the session's.
//! Inside a transaction of the host it is a savepoint, and nothing that it sets may outlast it: settings
//! are put back, references are checked by their names and wait again, locks and counters are those of
//! the transaction. The adapter opens and ends it; what lies between is here.

use seedbed_core::plan::Cell;

use super::dialect::{self, Lock, Moved};
use crate::database::row::Row;
use crate::database::{Access, Dangling, Database, Failure, FailureKind, Lasting, Scope, Writing};
use crate::sql::postgres as sql;

/// A transaction on a connection that somebody else has open.
#[derive(Debug, Default)]
pub struct Visit {
    /// It is inside a transaction of the host.
    inside: bool,
    /// Whom it keeps out, by locks of the session.
    locked: Option<Scope>,
    /// The host's settings, inside of its transaction.
    settings: Vec<Cell>,
    /// The tables that it writes, inside of the host's transaction, but for those with references that
    /// led nowhere before.
    written: Vec<String>,
    /// Counters that it has moved and that undoing it leaves where they are.
    moved: Vec<Moved>,
    /// Counters that go up when the transaction is committed.
    raised: Vec<(String, i64)>,
}

impl Visit {
    /// Begins a visit before its transaction is opened; fails as busy where others are at work.
    pub fn announce(database: &mut dyn Database, access: Access, inside: bool) -> Result<Self, Failure> {
        let mut visit = Self { inside, ..Self::default() };
        if let (Access::Write(writing), false) = (access, inside) {
            // Taken inside of the transaction, a lock would come after the state that it sees.
            dialect::lock(database, writing.scope, Lock::OfSession)?;
            visit.locked = Some(writing.scope);
        }
        Ok(visit)
    }

    /// Makes a transaction, or a savepoint, that was just opened what reads and writes rely on.
    pub fn enter(&mut self, database: &mut dyn Database, access: Access) -> Result<(), Failure> {
        let (write, wait) = (access != Access::Read, dialect::patience(access));
        if !self.inside {
            database.execute(&sql::set_transaction(write), &[])?;
            database.query(&sql::set_settings(wait), &[])?;
            if write {
                database.execute(&sql::defer_constraints(), &[])?;
            }
            if matches!(access, Access::Write(Writing { lasting: Lasting::Soon, .. })) {
                database.execute(&sql::commit_soon(), &[])?;
            }
            return Ok(());
        }
        self.settings = database.query(&sql::select_settings(), &[])?.pop().unwrap_or_default();
        if let Access::Write(writing) = access {
            dialect::lock(database, writing.scope, Lock::OfTransaction)?;
        }
        database.query(&sql::set_settings(wait), &[]).map(|_| ())
    }

    /// Returns the rows whose references lead nowhere, and notes which tables are to be checked.
    pub fn dangling(&mut self, database: &mut dyn Database, tables: &[&str]) -> Result<Vec<Dangling>, Failure> {
        let found = dialect::dangling(database, tables)?;
        let sound = tables.iter().filter(|table| !found.iter().any(|row| row.table == **table));
        self.written = sound.map(|table| (*table).to_owned()).collect();
        Ok(found)
    }

    /// Moves the counter of a table, or forgets it.
    pub fn set_counter(&mut self, database: &mut dyn Database, table: &str, to: Option<i64>) -> Result<(), Failure> {
        if self.inside {
            return dialect::set_counter_with_transaction(database, table, to);
        }
        if let Some(to) = dialect::raised(database, table, to)? {
            self.raised.push((table.to_owned(), to));
            return Ok(());
        }
        if self.moved.is_empty() {
            // No transaction takes a moved counter back, so what the commit would refuse is refused before.
            database.execute(&sql::check_constraints(), &[])?;
        }
        self.moved.push(dialect::set_counter(database, table, to)?);
        Ok(())
    }

    /// Leaves the host's transaction as it was, before what was written becomes a part of it.
    pub fn leave(&mut self, database: &mut dyn Database) -> Result<(), Failure> {
        if !self.inside {
            return Ok(());
        }
        self.check(database)?;
        database.query(&sql::restore_settings(), &self.settings).map(|_| ())
    }

    /// Checks what would otherwise be checked when the host commits, which makes sure that nobody takes
    /// away a row that ours refer to; from then on it waits again as it did.
    fn check(&self, database: &mut dyn Database) -> Result<(), Failure> {
        let tables = Cell::text(serde_json::to_string(&self.written).expect("texts are JSON"));
        let mut constraints = Vec::new();
        for row in database.query(&sql::select_deferrable(), &[tables])? {
            let mut row = Row::of("pg_constraint", row);
            constraints.push(((row.text()?, row.text()?), row.flag()?));
        }
        let names = |only: fn(bool) -> bool| {
            let chosen = constraints.iter().filter(move |(_, deferred)| only(*deferred));
            chosen.map(|((schema, name), _)| (schema.as_str(), name.as_str()))
        };
        if constraints.is_empty() {
            return Ok(());
        }
        database.execute(&sql::set_constraints(names(|_| true), false), &[])?;
        if names(|deferred| deferred).next().is_some() {
            database.execute(&sql::set_constraints(names(|deferred| deferred), true), &[])?;
        }
        Ok(())
    }

    /// Whether what the transaction commits lasts, so that somebody must know whether it did.
    pub fn lasts(&self) -> bool {
        !self.inside
    }

    /// Ends the visit after its transaction was committed: counters go up, locks are given back.
    pub fn committed(mut self, database: &mut dyn Database) -> Result<(), Failure> {
        self.moved.clear();
        let mut raised = self.raised.iter();
        let raised = raised.try_for_each(|(table, to)| dialect::set_counter(database, table, Some(*to)).map(|_| ()));
        self.undone(database);
        raised.map_err(|failure| Failure { kind: FailureKind::Unfinished, ..failure })
    }

    /// Ends the visit after its transaction was undone: counters go back, locks are given back.
    pub fn undone(self, database: &mut dyn Database) {
        for moved in &self.moved {
            // Where this fails the counter stays above our keys, which harms nobody.
            let _ = dialect::put_back(database, moved);
        }
        if let Some(scope) = self.locked {
            dialect::unlock(database, scope);
        }
    }
}
