//! An adapter that is a guest on a connection: it takes part in transactions that a test opens.
//!
//! It is what a second adapter over SQLite looks like: statements are its own, the dialect is shared.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use seedbed::database::{Access, Dangling, Failure, FailureKind, sqlite};
use seedbed::sql::{Dialect, Sql};
use seedbed::{Database, Sqlite};
use seedbed_core::plan::Cell;
use seedbed_core::schema::Schema;

pub struct Guest {
    host: Rc<RefCell<Sqlite>>,
    /// Whether the open transaction of ours is one of its own.
    own: Option<bool>,
}

impl Guest {
    pub fn of(host: &Rc<RefCell<Sqlite>>) -> Self {
        Self { host: Rc::clone(host), own: None }
    }

    fn run(&self, text: &str) -> Result<(), Failure> {
        let run = self.host.borrow().connection().execute_batch(text);
        run.map_err(|error| Failure::new(FailureKind::Other, error.to_string()))
    }
}

impl Database for Guest {
    fn describe(&self) -> String {
        self.host.borrow().describe()
    }
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }
    fn identity(&mut self) -> Result<Option<String>, Failure> {
        self.host.borrow_mut().identity()
    }
    fn schema(&mut self) -> Result<Arc<Schema>, Failure> {
        Ok(sqlite::catalogue(self, None)?.schema)
    }
    fn begin(&mut self, access: Access) -> Result<(), Failure> {
        self.own = Some(self.owns_transactions());
        self.run("SAVEPOINT guest")?;
        if access == Access::Read { Ok(()) } else { sqlite::lock(self).map(|_| ()) }
    }
    fn commit(&mut self) -> Result<(), Failure> {
        self.run("RELEASE guest")?;
        self.own = None;
        Ok(())
    }
    fn rollback(&mut self) -> Result<(), Failure> {
        self.own = None;
        self.run("ROLLBACK TO guest; RELEASE guest")
    }
    fn query(&mut self, sql: &Sql, values: &[Cell]) -> Result<Vec<Vec<Cell>>, Failure> {
        handed_over_as_stored(self.host.borrow().connection(), sql);
        self.host.borrow_mut().query(sql, values)
    }
    fn execute(&mut self, sql: &Sql, values: &[Cell]) -> Result<usize, Failure> {
        self.host.borrow_mut().execute(sql, values)
    }
    fn counters(&mut self) -> Result<Vec<(String, i64)>, Failure> {
        sqlite::counters(self)
    }
    fn set_counter(&mut self, table: &str, to: Option<i64>) -> Result<(), Failure> {
        sqlite::set_counter(self, table, to)
    }
    fn dangling(&mut self, tables: &[&str]) -> Result<Vec<Dangling>, Failure> {
        sqlite::dangling(self, tables)
    }
    fn owns_transactions(&self) -> bool {
        self.own.unwrap_or_else(|| self.host.borrow().connection().is_autocommit())
    }
}

/// Types that no driver converts, as the engine and Django declare the tables of Seedbed.
const PLAIN: [&str; 5] = ["int", "integer", "bigint", "smallint", "text"];

/// Python's driver converts by declared type, so no column of an application may have one, and it
/// takes `%s` for `?`. Our tables and SQLite's declare types that nothing converts.
fn handed_over_as_stored(connection: &rusqlite::Connection, sql: &Sql) {
    let statement = connection.prepare(sql.text()).unwrap_or_else(|error| panic!("{}: {error}", sql.text()));
    for column in statement.columns() {
        let declared = column.decl_type();
        let plain = declared.is_none_or(|declared| PLAIN.iter().any(|plain| plain.eq_ignore_ascii_case(declared)));
        assert!(plain, "{} is handed over as {declared:?}: {}", column.name(), sql.text());
    }
    assert_eq!(sql.percent_text().replace("%s", "?").replace("%%", "%"), sql.text());
}
