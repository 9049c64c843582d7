//! The Python wheel: the verbs inside a Python process, and the command line on its PATH.
//!
//! This crate passes texts in and out and lets other threads run meanwhile; what is typed and
//! documented for people who write Python stands in the package around it.

#![expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

mod database;
mod description;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use pyo3::prelude::*;
use seedbed::database::functions;
use seedbed::token::Secret;
use seedbed::{Error, Project};
use seedbed_cli::Caller;
use seedbed_core::source::Source;

use database::{Lent, Raised};

/// The engine inside the package `seedbed`.
#[pymodule]
mod _engine {
    #[pymodule_export]
    use super::{ask, contains, kilometres, kind, main, matches, owns, verbs};
}

/// Settings that stand for a `seedbed.toml`: where a person finds them, what the file would say,
/// and the folder that its paths count from.
type Settings = (String, String, PathBuf);

/// How long a look at one row waits for somebody else's write.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

/// Runs the command line; returns the exit code.
#[pyfunction]
fn main(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| seedbed_cli::exit_code(arguments))
}

/// Returns the verbs and what each understands, as JSON.
#[pyfunction]
fn verbs() -> String {
    description::of_verbs().to_string()
}

/// Asks a verb; returns its answer as text, as JSON, and its exit code.
///
/// An error is what `refused(exit_code, text, data)` makes of it; what Python code of the database
/// raised, and is no error of a database, goes through as it is.
#[pyfunction]
#[pyo3(signature = (arguments, *, program, migrate, here, coloured, interactive, notice, refused, settings, secret, database))]
#[expect(clippy::too_many_arguments, reason = "all are named where it is called")]
fn ask(
    py: Python<'_>,
    arguments: Vec<OsString>,
    program: &str,
    migrate: &str,
    here: PathBuf,
    coloured: bool,
    interactive: bool,
    notice: Py<PyAny>,
    refused: Py<PyAny>,
    settings: Option<Settings>,
    secret: Option<&str>,
    database: Option<Py<PyAny>>,
) -> PyResult<(String, String, u8)> {
    let raised = Raised::default();
    let tell = |line: &str| {
        Python::attach(|py| {
            if let Err(error) = notice.call1(py, (line,)) {
                raised.keep(error);
            }
        });
    };
    let answer = py.detach(|| {
        let project = settings.map(|(path, text, folder)| Project::of(Source { path, text }, folder, &here));
        let lent = database.map(|database| Lent::new(database, here.clone(), raised.clone()));
        let caller = Caller {
            program,
            migrate,
            now: seedbed_cli::now(),
            colour: coloured,
            interactive,
            live: false,
            notice: &tell,
            announce: None,
            secret: secret.and_then(Secret::new),
            project: project.transpose()?,
            database: lent.map(|lent| Box::new(lent) as Box<dyn seedbed::Database + Send>),
            here,
        };
        seedbed_cli::ask(arguments, caller)
    });
    if let Some(error) = raised.foreign() {
        return Err(error);
    }
    match answer {
        Ok(answer) => Ok((answer.text, answer.data.to_string(), answer.exit_code)),
        Err(error) => Err(exception(py, &refused, &error, raised.cause())),
    }
}

/// Whether the row with this key was seeded here, for any worker.
#[pyfunction]
#[pyo3(signature = (database, table, key, *, here, refused))]
fn owns(
    py: Python<'_>,
    database: Py<PyAny>,
    table: &str,
    key: Vec<Bound<'_, PyAny>>,
    here: PathBuf,
    refused: Py<PyAny>,
) -> PyResult<bool> {
    let raised = Raised::default();
    let mut lent = Lent::new(database, here, raised.clone());
    let key = key.iter().map(database::cell).collect::<PyResult<Vec<_>>>()?;
    let answer = seedbed::owns(&mut lent, table, &key, LOCK_TIMEOUT);
    match raised.foreign() {
        Some(error) => Err(error),
        None => answer.map_err(|error| exception(py, &refused, &error, raised.cause())),
    }
}

/// Returns the exception for an error of the engine.
fn exception(py: Python<'_>, refused: &Py<PyAny>, error: &Error, cause: Option<PyErr>) -> PyErr {
    let data = seedbed_cli::error_data(error).to_string();
    match refused.bind(py).call1((error.exit_code(), error.to_string(), data)) {
        Ok(made) => {
            let made = PyErr::from_value(made);
            made.set_cause(py, cause);
            made
        }
        Err(error) => error,
    }
}

/// Returns the distance between two points in kilometres; None where one is missing.
#[pyfunction]
#[pyo3(signature = (latitude, longitude, other_latitude, other_longitude, /))]
fn kilometres(
    latitude: Option<f64>,
    longitude: Option<f64>,
    other_latitude: Option<f64>,
    other_longitude: Option<f64>,
) -> Option<f64> {
    let other = other_latitude.zip(other_longitude);
    latitude.zip(longitude).zip(other).map(|(from, to)| functions::kilometres(from, to))
}

/// Whether a text has another in it, upper and lower case alike; None where one is missing.
#[pyfunction]
#[pyo3(signature = (text, part, /))]
fn contains(text: Option<&str>, part: Option<&str>) -> Option<bool> {
    text.zip(part).map(|(text, part)| functions::contains(text, part))
}

/// Whether a text is a pattern; None where one is missing.
#[pyfunction]
#[pyo3(signature = (text, pattern, /))]
fn matches(text: Option<&str>, pattern: Option<&str>) -> Option<bool> {
    text.zip(pattern).map(|(text, pattern)| functions::matches(text, pattern))
}

/// Returns what a code of a PostgreSQL server means.
#[pyfunction]
#[pyo3(signature = (code, /))]
fn kind(code: &str) -> &'static str {
    database::kind_of_code(code)
}
