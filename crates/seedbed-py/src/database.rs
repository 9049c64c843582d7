//! A database that a Python program has open: the adapter over an object of the package.
//!
//! The object has one connection, opens and closes one transaction at a time, and runs what it is
//! given. Which statements, and when, is decided here and in the engine. The interpreter is held
//! only while the object is at work.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyList, PyString, PyTuple};
use seedbed::database::{Access, Dangling, Database, Failure, FailureKind, postgres, sqlite};
use seedbed::project::shown;
use seedbed::sql::{Dialect, Sql};
use seedbed_core::plan::Cell;
use seedbed_core::schema::Schema;

/// What the Python side raised while a verb ran.
#[derive(Clone, Default)]
pub(crate) struct Raised(Arc<Mutex<Option<(PyErr, Origin)>>>);

/// Where an exception comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// From the database: the engine says what it means.
    Database,
    /// From anywhere else: it is not ours to catch.
    Elsewhere,
}

impl Raised {
    /// Keeps an exception that is no error of the database.
    pub(crate) fn keep(&self, error: PyErr) {
        self.put(error, Origin::Elsewhere);
    }

    /// Whether there is an exception that is no error of the database.
    fn is_foreign(&self) -> bool {
        let last = self.0.lock().expect("nobody panics with this lock");
        matches!(&*last, Some((_, Origin::Elsewhere)))
    }

    /// Returns the exception that is no error of the database.
    pub(crate) fn foreign(&self) -> Option<PyErr> {
        self.take(Origin::Elsewhere)
    }

    /// Returns the last error of the database.
    pub(crate) fn cause(&self) -> Option<PyErr> {
        self.take(Origin::Database)
    }

    fn put(&self, error: PyErr, origin: Origin) {
        let mut last = self.0.lock().expect("nobody panics with this lock");
        // What stopped the run is told, not what tidying up after it raised.
        if last.as_ref().is_none_or(|(_, origin)| *origin == Origin::Database) {
            *last = Some((error, origin));
        }
    }

    fn take(&self, wanted: Origin) -> Option<PyErr> {
        let mut last = self.0.lock().expect("nobody panics with this lock");
        last.take_if(|(_, origin)| *origin == wanted).map(|(error, _)| error)
    }
}

/// How the kinds of failures are called in Python.
const KINDS: [(&str, FailureKind); 9] = [
    ("busy", FailureKind::Busy),
    ("conflict", FailureKind::Conflict),
    ("full", FailureKind::Full),
    ("read-only", FailureKind::ReadOnly),
    ("unique", FailureKind::Unique),
    ("foreign-key", FailureKind::ForeignKey),
    ("constraint", FailureKind::Constraint),
    ("connection", FailureKind::Connection),
    ("other", FailureKind::Other),
];

/// Returns what a code of a PostgreSQL server means, as Python calls it.
pub(crate) fn kind_of_code(code: &str) -> &'static str {
    let meant = postgres::kind(code);
    KINDS.iter().find(|(_, kind)| *kind == meant).map_or("other", |(name, _)| name)
}

/// A database that a Python program has open.
pub(crate) struct Lent {
    object: Py<PyAny>,
    here: PathBuf,
    raised: Raised,
    dialect: Dialect,
    catalogue: Option<sqlite::Catalogue>,
    /// The server is not too old.
    accepted: bool,
    /// The open transaction, over PostgreSQL.
    visit: Option<postgres::Visit>,
    /// What is asked now tidies up, which it must whatever was raised.
    tidying: bool,
}

impl Lent {
    /// Returns the adapter over an object; paths are shown from `here`.
    pub(crate) fn new(object: Py<PyAny>, here: PathBuf, raised: Raised) -> Self {
        let engine =
            Python::attach(|py| object.bind(py).getattr("engine").and_then(|engine| engine.extract::<String>()));
        let dialect = match engine.as_deref() {
            Ok("postgresql") => Dialect::Postgres,
            _ => Dialect::Sqlite,
        };
        if let Err(error) = engine {
            raised.keep(error);
        }
        Self { object, here, raised, dialect, catalogue: None, accepted: false, visit: None, tidying: false }
    }

    /// Calls a method of the object, and reads what it gives back.
    fn call<T>(
        &self,
        method: &str,
        arguments: impl for<'py> FnOnce(Python<'py>) -> PyResult<Bound<'py, PyTuple>>,
        read: impl FnOnce(Bound<'_, PyAny>) -> PyResult<T>,
    ) -> Result<T, Failure> {
        // What is not ours to catch ends the run: nothing more is asked or written.
        if !self.tidying && self.raised.is_foreign() {
            return Err(Failure::new(FailureKind::Other, "interrupted"));
        }
        Python::attach(|py| {
            let answer = arguments(py).and_then(|arguments| self.object.bind(py).call_method1(method, arguments));
            answer.and_then(read).map_err(|error| self.failure(py, error))
        })
    }

    fn ask<T>(&self, method: &str, read: impl FnOnce(Bound<'_, PyAny>) -> PyResult<T>) -> Result<T, Failure> {
        self.call(method, |py| Ok(PyTuple::empty(py)), read)
    }

    /// Asks about the connection; a question that raises is answered by the default, and told later.
    fn know<T: Default>(&self, method: &str, read: impl FnOnce(Bound<'_, PyAny>) -> PyResult<T>) -> T {
        self.ask(method, read).unwrap_or_default()
    }

    /// Returns what an exception means to the engine, and keeps it.
    fn failure(&self, py: Python<'_>, error: PyErr) -> Failure {
        let told = self.object.bind(py).call_method1("failure", (error.value(py),));
        let told = told.and_then(|told| told.extract::<Option<(String, String, String)>>()).ok().flatten();
        let Some((kind, message, context)) = told else {
            let message = error.value(py).to_string();
            self.raised.put(error, Origin::Elsewhere);
            return Failure::new(FailureKind::Other, message);
        };
        self.raised.put(error, Origin::Database);
        let kind = KINDS.iter().find(|(name, _)| *name == kind).map_or(FailureKind::Other, |(_, kind)| *kind);
        Failure { row: postgres::copied_row(&context), ..Failure::new(kind, message) }
    }

    fn statement<T>(
        &self,
        method: &str,
        sql: &Sql,
        values: &[Cell],
        read: impl FnOnce(Bound<'_, PyAny>) -> PyResult<T>,
    ) -> Result<T, Failure> {
        let dialect = self.dialect;
        self.call(method, |py| (sql.percent_text(), parameters(py, dialect, values)?).into_pyobject(py), read)
    }

    /// Opens a transaction over PostgreSQL.
    fn visit(&mut self, access: Access) -> Result<(), Failure> {
        let inside = !self.owns_transactions();
        let mut visit = postgres::Visit::announce(self, access, inside)?;
        let begun = self.ask("begin", |_| Ok(())).and_then(|()| visit.enter(self, access));
        self.visit = Some(visit);
        begun.inspect_err(|_| {
            let _ = self.rollback();
        })
    }

    /// Runs a step of the visit, which asks this database in turn.
    fn during_visit<T>(
        &mut self,
        step: impl FnOnce(&mut postgres::Visit, &mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut visit = self.visit.take().unwrap_or_default();
        let done = step(&mut visit, self);
        self.visit = Some(visit);
        done
    }
}

impl Database for Lent {
    fn describe(&self) -> String {
        if self.dialect == Dialect::Postgres {
            let (user, host, port, name): (String, String, u16, String) =
                self.know("server", |server| server.extract());
            return postgres::written(&user, &host, port, &name);
        }
        let path: Option<PathBuf> = self.know("path", |path| path.extract());
        path.map_or_else(|| "sqlite::memory:".to_owned(), |path| format!("sqlite:{}", shown(&path, &self.here)))
    }

    fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn identity(&mut self) -> Result<Option<String>, Failure> {
        if self.ask("is_for_tests", |yes| yes.extract())? {
            return Ok(None);
        }
        if self.dialect == Dialect::Postgres {
            return postgres::identity(self).map(Some);
        }
        let path: Option<PathBuf> = self.ask("path", |path| path.extract())?;
        Ok(path.map(|path| path.to_string_lossy().into_owned()))
    }

    fn schema(&mut self) -> Result<Arc<Schema>, Failure> {
        if self.dialect == Dialect::Postgres {
            if !self.accepted {
                postgres::require_version(self)?;
                self.accepted = true;
            }
            return postgres::catalogue(self).map(Arc::new);
        }
        // Where somebody else may undo what was made, a version may come again for other tables.
        let known = self.catalogue.take().filter(|_| self.owns_transactions());
        if known.is_none() {
            sqlite::require_version(self)?;
        }
        let catalogue = sqlite::catalogue(self, known)?;
        let schema = Arc::clone(&catalogue.schema);
        self.catalogue = Some(catalogue);
        Ok(schema)
    }

    fn begin(&mut self, access: Access) -> Result<(), Failure> {
        if self.dialect == Dialect::Postgres {
            return self.visit(access);
        }
        self.ask("begin", |_| Ok(()))?;
        match access {
            Access::Read => Ok(()),
            // The transaction may have begun as one that reads.
            Access::Write(_) => sqlite::lock(self).map(|_| ()).inspect_err(|_| {
                let _ = self.rollback();
            }),
        }?;
        // Where Seedbed has no table yet, its lock has failed, and that means nothing.
        drop(self.raised.cause());
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Failure> {
        if self.dialect == Dialect::Sqlite {
            return self.ask("commit", |_| Ok(()));
        }
        let lasts = self.visit.as_ref().is_some_and(postgres::Visit::lasts);
        self.during_visit(|visit, database| visit.leave(database)).map_err(postgres::undone)?;
        self.ask("commit", |_| Ok(())).map_err(|failure| match failure.kind {
            // The server may have committed before its answer was lost.
            FailureKind::Connection if lasts => Failure { kind: FailureKind::Unclear, ..failure },
            _ => postgres::undone(failure),
        })?;
        self.visit.take().map_or(Ok(()), |visit| visit.committed(self))
    }

    fn rollback(&mut self) -> Result<(), Failure> {
        self.tidying = true;
        let undone = self.ask("rollback", |_| Ok(()));
        if let Some(visit) = self.visit.take() {
            visit.undone(self);
        }
        self.tidying = false;
        undone
    }

    fn query(&mut self, sql: &Sql, values: &[Cell]) -> Result<Vec<Vec<Cell>>, Failure> {
        self.statement("query", sql, values, |rows| {
            let rows = rows.cast_into::<PyList>()?;
            rows.iter().map(|row| row.cast_into::<PyTuple>()?.iter().map(|value| cell(&value)).collect()).collect()
        })
    }

    fn execute(&mut self, sql: &Sql, values: &[Cell]) -> Result<usize, Failure> {
        self.statement("execute", sql, values, |touched| touched.extract())
    }

    fn copy(&mut self, sql: &Sql, rows: &str) -> Result<Option<usize>, Failure> {
        self.call("copy", |py| (sql.text(), rows).into_pyobject(py), |copied| copied.extract().map(Some))
    }

    fn counters(&mut self) -> Result<Vec<(String, i64)>, Failure> {
        match self.dialect {
            Dialect::Sqlite => sqlite::counters(self),
            Dialect::Postgres => postgres::counters(self),
        }
    }

    fn set_counter(&mut self, table: &str, to: Option<i64>) -> Result<(), Failure> {
        match self.dialect {
            Dialect::Sqlite => sqlite::set_counter(self, table, to),
            Dialect::Postgres => self.during_visit(|visit, database| visit.set_counter(database, table, to)),
        }
    }

    fn dangling(&mut self, tables: &[&str]) -> Result<Vec<Dangling>, Failure> {
        match self.dialect {
            Dialect::Sqlite => sqlite::dangling(self, tables),
            Dialect::Postgres => self.during_visit(|visit, database| visit.dangling(database, tables)),
        }
    }

    fn owns_transactions(&self) -> bool {
        self.know("owns_transactions", |yes| yes.extract())
    }
}

fn parameters<'py>(py: Python<'py>, dialect: Dialect, values: &[Cell]) -> PyResult<Bound<'py, PyList>> {
    if dialect == Dialect::Postgres {
        // The statement says what each is; a number that a driver writes as it likes would be another.
        let texts = values.iter().map(|cell| postgres::text(cell).map(|text| PyString::new(py, &text)));
        return PyList::new(py, texts.collect::<Vec<_>>());
    }
    let value = |cell: &Cell| -> PyResult<Bound<'py, PyAny>> {
        Ok(match cell {
            Cell::Null => py.None().into_bound(py),
            Cell::Integer(n) => n.into_pyobject(py)?.into_any(),
            Cell::Real(x) => x.into_pyobject(py)?.into_any(),
            Cell::Text(text) => PyString::new(py, text).into_any(),
            Cell::Blob(bytes) => PyBytes::new(py, bytes).into_any(),
        })
    };
    PyList::new(py, values.iter().map(value).collect::<PyResult<Vec<_>>>()?)
}

/// Returns a value as the database stores it.
pub(crate) fn cell(value: &Bound<'_, PyAny>) -> PyResult<Cell> {
    if value.is_none() {
        Ok(Cell::Null)
    } else if value.is_instance_of::<PyBool>() || value.is_instance_of::<PyInt>() {
        Ok(Cell::Integer(value.extract()?))
    } else if value.is_instance_of::<PyFloat>() {
        Ok(Cell::Real(value.extract()?))
    } else if let Ok(text) = value.cast::<PyString>() {
        Ok(Cell::text(text.to_cow()?))
    } else if let Ok(bytes) = value.cast::<PyBytes>() {
        Ok(Cell::Blob(bytes.as_bytes().into()))
    } else {
        Err(PyTypeError::new_err(format!("the database gave a value of type {}", value.get_type())))
    }
}
