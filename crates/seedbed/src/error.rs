//! Errors: what a verb answers when it cannot do its work.
//!
//! One type for all verbs. It carries its exit code, the rule's name, what was being done and how
//! far it got, and a next step that can be typed.

mod diagnosed;

use std::fmt;

use seedbed_core::diagnostic::Diagnostic;
use seedbed_core::plan::Misfit;
use seedbed_core::source::Source;

use crate::database::{Failure, FailureKind};
use crate::settle;

pub use diagnosed::{Closing, Diagnosed};

/// What a verb answers when it cannot do its work.
pub type Result<T> = std::result::Result<T, Error>;

/// Exit codes of the verbs, the same in every surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The call or the scenario is wrong.
    Usage = 2,
    /// The guard refuses to write here.
    Guard = 3,
    /// Rows of other people are in the way.
    NotOurs = 4,
    /// Somebody else is writing.
    Busy = 5,
    /// Connection, disk, or a schema that does not fit.
    CouldNotRun = 6,
    /// The connection was lost in the commit: either all was written, or nothing.
    Unclear = 7,
    /// The rows were written, and what comes after them was not done.
    Unfinished = 8,
}

/// The rule of a run that others came in the way of; it may be run again as a whole.
pub(crate) const CONFLICT: &str = "write-conflict";

/// How many lines of an error a person is shown; data has them all.
const SHOWN: usize = 12;

/// An error of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The exit code.
    pub exit: Exit,
    /// The rule that was violated: `not-for-tests`.
    pub rule: &'static str,
    /// What is wrong, in a line.
    pub message: String,
    /// What it is about: a line per row, table or file.
    pub details: Vec<String>,
    /// Whether the database is as it was.
    pub nothing_written: bool,
    /// Next steps.
    pub help: Vec<String>,
    /// Problems in the user's files, where it is about those; they are shown in place of the rest.
    pub diagnosed: Option<Box<Diagnosed>>,
}

impl Error {
    /// Returns an error that says nothing was written.
    pub fn new(exit: Exit, rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            exit,
            rule,
            message: message.into(),
            details: Vec::new(),
            nothing_written: true,
            help: Vec::new(),
            diagnosed: None,
        }
    }

    /// Returns the error for problems in the user's files.
    pub fn from_diagnostics(exit: Exit, problems: Vec<Diagnostic>, sources: Vec<Source>, closing: Closing) -> Self {
        let rule = problems.first().map_or("unreadable", |problem| problem.code);
        let message = problems.first().map_or_else(String::new, |problem| problem.message.clone());
        let mut error = Self::new(exit, rule, message);
        error.diagnosed = Some(Box::new(Diagnosed { parts: vec![(problems, sources)], closing }));
        error
    }

    /// Adds a line about what it is about.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// Adds a next step.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    fn write_help(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.help.iter().try_for_each(|help| write!(f, "\nhelp: {help}"))
    }

    /// Returns the error as it is when the rows were written before: no such thing as nothing written.
    #[must_use]
    pub fn after_commit(self) -> Self {
        settle::unfinished(self)
    }

    /// Returns the exit code as a process gives it back.
    pub fn exit_code(&self) -> u8 {
        self.exit as u8
    }

    /// Returns the error for a statement that failed while `doing` something.
    pub(crate) fn from_failure(doing: &str, failure: &Failure) -> Self {
        let message = format!("while {doing}: {}", failure.message);
        match failure.kind {
            FailureKind::Busy => {
                Self::new(Exit::Busy, "busy", message).help("try again when the other program is done")
            }
            FailureKind::Conflict => Self::new(Exit::Busy, CONFLICT, message)
                .help("another program writes to the same rows; try again when it is done"),
            FailureKind::Full => {
                Self::new(Exit::CouldNotRun, "disk-full", message).help("make room, then run it again")
            }
            FailureKind::ReadOnly => Self::new(Exit::CouldNotRun, "read-only", message)
                .help("make the database writable: a file and its folder, or on a server the rights of its user"),
            FailureKind::Unique => Self::new(Exit::NotOurs, "unique-value-taken", message),
            FailureKind::ForeignKey => Self::new(Exit::CouldNotRun, "foreign-key", message),
            FailureKind::Constraint => Self::new(Exit::CouldNotRun, "constraint", message),
            FailureKind::Connection => Self::new(Exit::CouldNotRun, "connection", message),
            FailureKind::Unclear => Self::new(Exit::Unclear, "commit-unclear", message),
            FailureKind::Unfinished => Self::new(Exit::Unfinished, "unfinished", message),
            FailureKind::Other => Self::new(Exit::CouldNotRun, "database", message),
        }
    }

    /// Returns the error for a dataset that does not fit the schema.
    pub(crate) fn from_misfits(misfits: &[Misfit], database: &str) -> Self {
        let first = &misfits[0];
        let mut error = Self::new(Exit::CouldNotRun, first.rule(), first.to_string());
        error.details.extend(misfits[1..].iter().map(ToString::to_string));
        match first {
            Misfit::MissingColumn { has, .. } => {
                error = error
                    .detail(format!("it has: {}", listed(has)))
                    .help("apply your migrations to this database, then plan again");
            }
            Misfit::MissingTable { has, .. } if has.is_empty() => {
                error =
                    error.detail(format!("{database} has no tables")).help("apply your migrations to this database");
            }
            Misfit::MissingTable { has, .. } => {
                error = error
                    .detail(format!("it has: {}", listed(has)))
                    .help("apply your migrations to this database, then plan again");
            }
            Misfit::KeysMayCollide { .. } => {
                error = error.help("give the table a tag column, or keys that are never given twice (AUTOINCREMENT)");
            }
            Misfit::NotATable { .. } | Misfit::GeneratedColumn { .. } => {}
        }
        error
    }
}

/// Returns the first eight names, and how many there are when there are more.
fn listed(names: &[String]) -> String {
    let shown = names.iter().take(8).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > 8 { format!("{shown}, ... ({})", names.len()) } else { shown }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(diagnosed) = &self.diagnosed {
            f.write_str(&diagnosed.render(false))?;
            return self.write_help(f);
        }
        write!(f, "error[{}]: {}", self.rule, self.message)?;
        for detail in self.details.iter().take(SHOWN) {
            write!(f, "\n  {detail}")?;
        }
        if self.details.len() > SHOWN {
            write!(f, "\n  ... and {} more", self.details.len() - SHOWN)?;
        }
        if self.nothing_written {
            f.write_str("\nnothing was written")?;
        }
        self.write_help(f)
    }
}

impl std::error::Error for Error {}

impl From<Failure> for Error {
    /// Returns the error for a database that could not be opened or made.
    fn from(failure: Failure) -> Self {
        Self::from_failure("opening the database", &failure)
    }
}

/// Says what was being done when a statement failed.
pub(crate) trait While<T> {
    /// Turns a failure into an error that names what was being done.
    fn during(self, doing: impl FnOnce() -> String) -> Result<T>;
}

impl<T> While<T> for std::result::Result<T, Failure> {
    fn during(self, doing: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|failure| Error::from_failure(&doing(), &failure))
    }
}
