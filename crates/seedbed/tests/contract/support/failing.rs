//! An adapter that fails when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use seedbed::Database;
use seedbed::database::{Access, Dangling, Failure, FailureKind, Writing};
use seedbed::sql::{Dialect, Sql};
use seedbed_core::plan::Cell;
use seedbed_core::schema::Schema;

/// Fails the n-th statement.
pub struct Failing {
    pub inner: Box<dyn Database>,
    pub left: Arc<AtomicUsize>,
}

impl Failing {
    fn count(&self) -> Result<(), Failure> {
        let left = self.left.load(Ordering::Relaxed);
        self.left.store(left.wrapping_sub(1), Ordering::Relaxed);
        if left == 1 { Err(Failure::new(FailureKind::Other, "pulled the plug")) } else { Ok(()) }
    }
}

impl Database for Failing {
    fn describe(&self) -> String {
        self.inner.describe()
    }
    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }
    fn identity(&mut self) -> Result<Option<String>, Failure> {
        self.inner.identity()
    }
    fn schema(&mut self) -> Result<Arc<Schema>, Failure> {
        self.count()?;
        self.inner.schema()
    }
    fn begin(&mut self, access: Access) -> Result<(), Failure> {
        self.count()?;
        self.inner.begin(access)
    }
    fn promote(&mut self, writing: Writing) -> Result<bool, Failure> {
        self.count()?;
        self.inner.promote(writing)
    }
    fn commit(&mut self) -> Result<(), Failure> {
        self.count()?;
        self.inner.commit()
    }
    fn rollback(&mut self) -> Result<(), Failure> {
        self.inner.rollback()
    }
    fn query(&mut self, sql: &Sql, values: &[Cell]) -> Result<Vec<Vec<Cell>>, Failure> {
        self.count()?;
        self.inner.query(sql, values)
    }
    fn execute(&mut self, sql: &Sql, values: &[Cell]) -> Result<usize, Failure> {
        self.count()?;
        self.inner.execute(sql, values)
    }
    fn copy(&mut self, sql: &Sql, rows: &str) -> Result<Option<usize>, Failure> {
        self.count()?;
        self.inner.copy(sql, rows)
    }
    fn counters(&mut self) -> Result<Vec<(String, i64)>, Failure> {
        self.count()?;
        self.inner.counters()
    }
    fn set_counter(&mut self, table: &str, to: Option<i64>) -> Result<(), Failure> {
        self.count()?;
        self.inner.set_counter(table, to)
    }
    fn dangling(&mut self, tables: &[&str]) -> Result<Vec<Dangling>, Failure> {
        self.count()?;
        self.inner.dangling(tables)
    }
    fn owns_transactions(&self) -> bool {
        self.inner.owns_transactions()
    }
}
