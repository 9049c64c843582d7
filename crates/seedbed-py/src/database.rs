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
use seedbed::database::{Access, Dangling, Database, Failure, FailureKind, sqlite};
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

/// A database that a Python program has open.
pub(crate) struct Lent {
    object: Py<PyAny>,
    here: PathBuf,
    raised: Raised,
    catalogue: Option<sqlite::Catalogue>,
}

impl Lent {
    /// Returns the adapter over an object; paths are shown from `here`.
    pub(crate) fn new(object: Py<PyAny>, here: PathBuf, raised: Raised) -> Self {
        Self { object, here, raised, catalogue: None }
    }

    /// Calls a method of the object, and reads what it gives back.
    fn call<T>(
        &self,
        method: &str,
        arguments: impl for<'py> FnOnce(Python<'py>) -> PyResult<Bound<'py, PyTuple>>,
        read: impl FnOnce(Bound<'_, PyAny>) -> PyResult<T>,
    ) -> Result<T, Failure> {
        // What is not ours to catch ends the run: nothing more is asked or written.
        if method != "rollback" && self.raised.is_foreign() {
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
        let kind = self.object.bind(py).call_method1("kind", (error.value(py),));
        let kind = kind.and_then(|kind| kind.extract::<Option<String>>()).ok().flatten();
        let message = error.value(py).to_string();
        let kind = match kind.as_deref() {
            Some("busy") => FailureKind::Busy,
            Some("full") => FailureKind::Full,
            Some("read-only") => FailureKind::ReadOnly,
            Some("unique") => FailureKind::Unique,
            Some("foreign-key") => FailureKind::ForeignKey,
            Some("constraint") => FailureKind::Constraint,
            Some("connection") => FailureKind::Connection,
            Some(_) => FailureKind::Other,
            None => {
                self.raised.put(error, Origin::Elsewhere);
                return Failure::new(FailureKind::Other, message);
            }
        };
        self.raised.put(error, Origin::Database);
        Failure::new(kind, message)
    }

    fn statement<T>(
        &self,
        method: &str,
        sql: &Sql,
        values: &[Cell],
        read: impl FnOnce(Bound<'_, PyAny>) -> PyResult<T>,
    ) -> Result<T, Failure> {
        self.call(method, |py| (sql.percent_text(), parameters(py, values)?).into_pyobject(py), read)
    }
}

impl Database for Lent {
    fn describe(&self) -> String {
        let path: Option<PathBuf> = self.know("path", |path| path.extract());
        path.map_or_else(|| "sqlite::memory:".to_owned(), |path| format!("sqlite:{}", shown(&path, &self.here)))
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn identity(&mut self) -> Result<Option<String>, Failure> {
        if self.ask("is_for_tests", |yes| yes.extract())? {
            return Ok(None);
        }
        let path: Option<PathBuf> = self.ask("path", |path| path.extract())?;
        Ok(path.map(|path| path.to_string_lossy().into_owned()))
    }

    fn schema(&mut self) -> Result<Arc<Schema>, Failure> {
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
        self.ask("begin", |_| Ok(()))?;
        match access {
            Access::Read => Ok(()),
            // The transaction may have begun as one that reads.
            Access::Write(_) => sqlite::lock(self).inspect_err(|_| {
                let _ = self.rollback();
            }),
        }?;
        // Where Seedbed has no table yet, its lock has failed, and that means nothing.
        drop(self.raised.cause());
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Failure> {
        self.ask("commit", |_| Ok(()))
    }

    fn rollback(&mut self) -> Result<(), Failure> {
        self.ask("rollback", |_| Ok(()))
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
        self.know("owns_transactions", |yes| yes.extract())
    }
}

fn parameters<'py>(py: Python<'py>, values: &[Cell]) -> PyResult<Bound<'py, PyList>> {
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
