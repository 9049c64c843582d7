//! Where a project's rows go: a database file, there or yet to be made, or a server's database, which
//! is opened and never made.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use seedbed_core::schema::Schema;

use super::{FILE, Project};
use crate::database::Database;
use crate::database::postgres::{self, Environment, Postgres};
use crate::database::sqlite::{Created, Sqlite};
use crate::error::{Error, Exit, Result, While};

/// A database that was opened for a verb.
pub struct Place {
    /// The database.
    pub database: Box<dyn Database + Send>,
    /// Its name as a person reads it: `sqlite:db.sqlite3`.
    pub name: String,
    /// Whether it was there.
    pub presence: Presence,
}

impl Place {
    /// Returns the place of a database that a caller has open.
    pub fn of(database: Box<dyn Database + Send>) -> Self {
        Self { name: database.describe(), database, presence: Presence::There }
    }
}

/// Returns the names that somebody may call a database by: its last part, its address without the
/// engine, and the whole.
pub fn database_names(name: &str) -> [String; 3] {
    let address = name.split_once(':').map_or(name, |(_, address)| address);
    // A server's address may go on behind a question mark; in a path that is a letter.
    let path = if postgres::Address::is_one(name) { address.split('?').next().unwrap_or(address) } else { address };
    let last = path.rsplit(['/', '\\']).next().unwrap_or(path);
    [last.to_owned(), address.to_owned(), name.to_owned()]
}

/// Whether a database was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It was.
    There,
    /// It was made with this schema.
    New(String),
    /// It is not, and stays so: an empty one in memory stands for it.
    Missing,
}

/// A database that a verb is to work on, not yet opened.
pub(super) enum Address<'a> {
    /// A file, which may be missing.
    File(File<'a>),
    /// A database of a server, which is taken to be there.
    Server(Box<postgres::Address>),
}

/// A database file that a verb is to work on, not yet opened.
pub(super) struct File<'a> {
    project: &'a Project,
    /// As a person knows it, from the folder that shown paths count from.
    path: PathBuf,
}

impl Project {
    /// Returns the project with these variables for addresses that leave something out.
    #[must_use]
    pub fn with_environment(self, environment: Environment) -> Self {
        Self { environment, ..self }
    }

    /// Opens the database as it is; where there is none, an empty one in memory stands for it.
    pub fn look(&self, database: Option<&str>) -> Result<Place> {
        let address = self.address(database)?;
        if address.is_there() { address.open() } else { address.imagine() }
    }

    /// Opens the database, which must be there.
    pub fn existing(&self, database: Option<&str>) -> Result<Place> {
        match self.address(database)? {
            Address::File(file) if !file.is_there() => Err(file.missing()),
            address => address.open(),
        }
    }

    /// Returns the address of the database that was asked for, or of the project's own.
    pub(super) fn address(&self, database: Option<&str>) -> Result<Address<'_>> {
        let (text, from) = match (database, &self.config.database) {
            (Some(asked), _) => (asked, &self.here),
            (None, Some(own)) => (own.as_str(), &self.folder),
            (None, None) => {
                return Err(Error::new(Exit::Usage, "no-database", format!("{FILE} names no `database`"))
                    .help("name one with --db sqlite:PATH or --db postgres://USER@HOST:PORT/NAME"));
            }
        };
        if postgres::Address::is_one(text) {
            let address = postgres::Address::read(text, &self.environment).map_err(|failure| {
                Error::new(Exit::Usage, "unknown-database", failure.message)
                    .help("write `postgres://USER@HOST:PORT/NAME`")
            })?;
            return Ok(Address::Server(Box::new(address)));
        }
        let path = match text.split_once(':') {
            Some(("sqlite", path)) => path.strip_prefix("//").unwrap_or(path),
            // Whatever is written like an address is no path, and may hold a password.
            Some((engine, rest))
                if rest.starts_with("//")
                    || (engine.len() > 1 && engine.bytes().all(|byte| byte.is_ascii_alphabetic())) =>
            {
                let message = format!("there is no adapter for `{engine}`");
                return Err(Error::new(Exit::Usage, "unknown-database", message)
                    .help("write `sqlite:PATH` or `postgres://USER@HOST:PORT/NAME`"));
            }
            _ => text,
        };
        if path.is_empty() {
            let error = Error::new(Exit::Usage, "unknown-database", format!("`{text}` names no file"));
            return Err(error.help("write `sqlite:PATH`"));
        }
        Ok(Address::File(File { project: self, path: PathBuf::from(self.shown(&from.join(path))) }))
    }
}

impl Address<'_> {
    /// Whether there is a database; one of a server is taken to be there.
    pub(super) fn is_there(&self) -> bool {
        match self {
            Self::File(file) => file.is_there(),
            Self::Server(_) => true,
        }
    }

    pub(super) fn open(&self) -> Result<Place> {
        match self {
            Self::File(file) => file.open(),
            Self::Server(address) => {
                let database = Postgres::open(address).during(|| "opening the database".into())?;
                Ok(Place::of(Box::new(database)))
            }
        }
    }

    /// Opens an empty database in memory in its stead.
    pub(super) fn imagine(&self) -> Result<Place> {
        match self {
            Self::File(file) => file.imagine(),
            Self::Server(_) => self.open(),
        }
    }

    /// Makes it.
    pub(super) fn create(&self) -> Result<Place> {
        match self {
            Self::File(file) => file.create(),
            Self::Server(_) => self.open(),
        }
    }
}

impl File<'_> {
    /// Whether there is a database; an empty file is one without tables, yet to be made.
    fn is_there(&self) -> bool {
        fs::metadata(self.full()).is_ok_and(|file| file.len() > 0)
    }

    fn open(&self) -> Result<Place> {
        let database = Sqlite::open_as(&self.full(), &self.path).during(|| "opening the database".into())?;
        Ok(self.place(database, Presence::There))
    }

    fn imagine(&self) -> Result<Place> {
        let ddl = self.project.ddl()?.ok_or_else(|| self.missing())?;
        Ok(self.place(in_memory(&ddl)?, Presence::Missing))
    }

    fn create(&self) -> Result<Place> {
        let ddl = self.project.ddl()?.ok_or_else(|| self.missing())?;
        let made = Sqlite::open_or_create_as(&self.full(), &self.path, &ddl);
        let (database, created) = made.during(|| format!("making {}", self.path.display()))?;
        let schema = self.project.config.schema.as_deref().unwrap_or_default();
        let schema = Path::new(schema).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let presence = if created == Created::Yes { Presence::New(schema) } else { Presence::There };
        Ok(self.place(database, presence))
    }

    fn place(&self, database: Sqlite, presence: Presence) -> Place {
        let name = format!("sqlite:{}", self.path.display());
        Place { database: Box::new(database), name, presence }
    }

    fn full(&self) -> PathBuf {
        self.project.here.join(&self.path)
    }

    fn missing(&self) -> Error {
        let message = format!("there is no database file {}", self.path.display());
        Error::new(Exit::CouldNotRun, "no-database-file", message)
            .help(format!("name another with --db, or a `schema` in {FILE} that a new one gets"))
    }
}

/// Returns the schema that a DDL makes.
pub(super) fn schema_of(ddl: &str) -> Result<Arc<Schema>> {
    in_memory(ddl)?.schema().during(|| "reading the schema".into())
}

fn in_memory(ddl: &str) -> Result<Sqlite> {
    Sqlite::in_memory(ddl).during(|| "reading the schema".into())
}

/// Returns a DDL without the transaction that it may wrap itself in, so that it fits into another.
pub(super) fn without_transaction(ddl: &str) -> String {
    const FRAMES: [&str; 6] =
        ["BEGIN;", "BEGIN TRANSACTION;", "BEGIN IMMEDIATE;", "COMMIT;", "COMMIT TRANSACTION;", "END TRANSACTION;"];
    let framing = |line: &&str| FRAMES.iter().any(|frame| line.trim().eq_ignore_ascii_case(frame));
    ddl.lines().filter(|line| !framing(line)).flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_counts_from_the_folder_of_the_caller_wherever_the_process_runs() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("tables.sql"), "CREATE TABLE t (a);").unwrap();
        fs::write(folder.path().join("none.json"), "{}").unwrap();
        let settings = "database = 'sqlite:own.db'\nschema = 'tables.sql'\nscenarios = ['none.json']\n";
        fs::write(folder.path().join(FILE), settings).unwrap();
        let project = Project::read(&folder.path().join(FILE), folder.path()).unwrap();
        for (asked, file) in [(None, "own.db"), (Some("sqlite:data/asked.db"), "data/asked.db")] {
            let name = format!("sqlite:{file}");
            let made = project.address(asked).unwrap().create().unwrap();
            assert_eq!((made.name.as_str(), made.database.describe()), (name.as_str(), name.clone()));
            assert!(folder.path().join(file).is_file(), "{file}");
            assert_eq!(project.existing(asked).unwrap().name, name);
        }
    }

    #[test]
    fn a_schema_gives_up_its_transaction_and_keeps_its_triggers() {
        let ddl = "begin;\nCREATE TABLE t (a);\nCREATE TRIGGER x AFTER INSERT ON t BEGIN\n  SELECT 1;\nEND;\nCOMMIT;\n";
        let kept = "CREATE TABLE t (a);\nCREATE TRIGGER x AFTER INSERT ON t BEGIN\n  SELECT 1;\nEND;\n";
        assert_eq!(without_transaction(ddl), kept);
    }
}
