//! SQLite, through rusqlite; and what any adapter over SQLite shares with it.
//!
//! Foreign keys are enforced and deferred to the commit, a double-quoted name is never a text, and
//! a transaction that writes says so when it begins.

mod catalogue;
mod create;
mod dialect;
mod load;
pub(crate) mod rebuild;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, ffi};
use seedbed_core::plan::Cell;
use seedbed_core::schema::Schema;

use super::{Access, Dangling, Database, Failure, FailureKind, Lent, Writing, functions};
use crate::load::Load;
use crate::sql::{Dialect, Sql};

pub use catalogue::{Catalogue, catalogue};
pub use create::Created;
pub use dialect::{counters, dangling, lock, require_version, set_counter};

/// How long the engine itself waits before it says busy, when a transaction begins or ends.
const SHORT_WAIT: Duration = Duration::from_millis(20);

/// A SQLite database.
pub struct Sqlite {
    connection: Connection,
    path: Option<PathBuf>,
    shown: String,
    catalogue: Option<Catalogue>,
    /// Drafts of killed processes were looked for.
    swept: bool,
    /// The file that was opened.
    opened: Option<FileId>,
    /// References are checked at the end of a transaction that writes, also those declared to be checked at once.
    /// To say so has every statement prepared anew.
    deferring: bool,
}

/// What tells a file from another one in its place.
type FileId = (u64, u64);

#[cfg(unix)]
fn file_id(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// Other systems let nobody replace a file that is open.
#[cfg(not(unix))]
fn file_id(path: &Path) -> Option<FileId> {
    path.exists().then_some((0, 0))
}

impl Sqlite {
    /// Opens the database file at `path`, which must exist.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        Self::open_as(path, path)
    }

    /// Opens the database file at `path`, which must exist and which a person knows as `shown`.
    pub fn open_as(path: &Path, shown: &Path) -> Result<Self, Failure> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| {
            let mut failure = failure(&error);
            failure.message = format!("{}: {}", shown.display(), failure.message);
            failure
        })?;
        let database = Self::over(connection, Some(path))?;
        Ok(Self { shown: format!("sqlite:{}", shown.display()), ..database })
    }

    /// Opens the database file at `path`; where there is none, makes it with the tables of `ddl`,
    /// which opens no transaction of its own.
    pub fn open_or_create(path: &Path, ddl: &str) -> Result<(Self, Created), Failure> {
        Self::open_or_create_as(path, path, ddl)
    }

    /// Does the same with a file that a person knows as `shown`.
    pub fn open_or_create_as(path: &Path, shown: &Path, ddl: &str) -> Result<(Self, Created), Failure> {
        let created = create::create(path, shown, ddl)?;
        Ok((Self::open_as(path, shown)?, created))
    }

    /// Opens a database in memory with the tables of `ddl`.
    pub fn in_memory(ddl: &str) -> Result<Self, Failure> {
        let connection = Connection::open_in_memory().map_err(|error| failure(&error))?;
        connection.execute_batch(ddl).map_err(|error| failure(&error))?;
        Self::over(connection, None)
    }

    fn over(connection: Connection, path: Option<&Path>) -> Result<Self, Failure> {
        let prepare = || {
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
            // Otherwise a statement that a partial index may serve is prepared anew for every value bound to it.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
            connection.busy_timeout(Duration::from_secs(5))?;
            connection.set_prepared_statement_cache_capacity(256);
            register(&connection)?;
            connection.execute_batch("PRAGMA foreign_keys = ON")
        };
        prepare().map_err(|error| failure(&error))?;
        let shown = path.map_or_else(|| "sqlite::memory:".to_owned(), |path| format!("sqlite:{}", path.display()));
        let opened = path.and_then(file_id);
        let path = path.map(Path::to_path_buf);
        Ok(Self { connection, path, shown, catalogue: None, swept: false, opened, deferring: true })
    }

    /// Runs `work` on the connection underneath, for tests and for callers with SQL of their own.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    fn run(&self, text: &str) -> Result<(), Failure> {
        self.connection.execute_batch(text).map_err(|error| failure(&error))
    }

    /// Removes drafts of killed processes, once.
    fn sweep(&mut self) {
        if let Some(path) = self.path.as_deref().filter(|_| !self.swept) {
            create::sweep(path);
            self.swept = true;
        }
    }

    fn defer(&self) -> Result<(), Failure> {
        if self.deferring { self.run("PRAGMA defer_foreign_keys = ON") } else { Ok(()) }
    }

    fn run_soon(&self, text: &str) -> Result<(), Failure> {
        let wait = |time| self.connection.busy_timeout(time).map_err(|error| failure(&error));
        wait(SHORT_WAIT)?;
        let result = self.run(text);
        wait(Duration::from_secs(5))?;
        result
    }
}

impl Database for Sqlite {
    fn describe(&self) -> String {
        self.shown.clone()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn identity(&mut self) -> Result<Option<String>, Failure> {
        let Some(path) = &self.path else { return Ok(None) };
        let canonical = path
            .canonicalize()
            .map_err(|error| Failure::new(FailureKind::Connection, format!("{}: {error}", path.display())))?;
        Ok(Some(canonical.to_string_lossy().into_owned()))
    }

    fn schema(&mut self) -> Result<Arc<Schema>, Failure> {
        let known = self.catalogue.take();
        let catalogue = catalogue(self, known)?;
        Ok(Arc::clone(&self.catalogue.insert(catalogue).schema))
    }

    fn begin(&mut self, access: Access) -> Result<(), Failure> {
        match access {
            Access::Read => self.run("BEGIN"),
            Access::Write(_) => {
                self.sweep();
                self.run_soon("BEGIN IMMEDIATE")?;
                self.defer()
            }
        }
    }

    fn promote(&mut self, _: Writing) -> Result<bool, Failure> {
        // A write that touches nothing takes the lock, unless somebody has it or has written since.
        match dialect::lock(self) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(failure) if failure.kind == FailureKind::Busy => return Ok(false),
            Err(failure) => return Err(failure),
        }
        self.sweep();
        self.defer().map(|()| true)
    }

    fn version(&mut self) -> Result<Option<String>, Failure> {
        dialect::version(self)
    }

    fn commit_soon(&mut self) -> Result<Option<String>, Failure> {
        // Until a reference is in the way of the order that rows are written in: then it is done once more.
        self.deferring = false;
        let text = |sql: &str| self.connection.query_row(sql, [], |row| row.get(0)).map_err(|error| failure(&error));
        let journal: String = text("PRAGMA journal_mode")?;
        if journal != "wal" {
            return Ok(Some(format!(
                "the journal of {} is `{journal}`: every commit waits for the disk several times, and for readers; \
                 with `PRAGMA journal_mode = WAL` a reset takes a fraction of that",
                self.shown
            )));
        }
        // In WAL this loses nothing but the last commits, and those whole; for this connection alone.
        self.run("PRAGMA synchronous = NORMAL").map(|()| None)
    }

    fn is_current(&mut self) -> bool {
        self.path.as_deref().is_none_or(|path| self.opened.is_some() && file_id(path) == self.opened)
    }

    fn commit(&mut self) -> Result<(), Failure> {
        self.run_soon("COMMIT")
    }

    fn rollback(&mut self) -> Result<(), Failure> {
        // A full disk or a lost file makes SQLite roll back by itself.
        if self.connection.is_autocommit() { Ok(()) } else { self.run("ROLLBACK") }
    }

    fn query(&mut self, sql: &Sql, values: &[Cell]) -> Result<Vec<Vec<Cell>>, Failure> {
        let read = || -> rusqlite::Result<Vec<Vec<Cell>>> {
            let mut statement = self.connection.prepare_cached(sql.text())?;
            let width = statement.column_count();
            let mut rows = statement.query(rusqlite::params_from_iter(values.iter().map(Bound::of)))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let mut cells = Vec::with_capacity(width);
                for position in 0..width {
                    cells.push(lent(row.get_ref(position)?).to_cell());
                }
                found.push(cells);
            }
            Ok(found)
        };
        read().map_err(|error| failure(&error))
    }

    fn each(&mut self, sql: &Sql, values: &[Cell], row: &mut dyn FnMut(&[Lent<'_>])) -> Result<(), Failure> {
        let mut read = || -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare_cached(sql.text())?;
            let width = statement.column_count();
            let mut rows = statement.query(rusqlite::params_from_iter(values.iter().map(Bound::of)))?;
            while let Some(found) = rows.next()? {
                let mut cells = Vec::with_capacity(width);
                for position in 0..width {
                    cells.push(lent(found.get_ref(position)?));
                }
                row(&cells);
            }
            Ok(())
        };
        read().map_err(|error| failure(&error))
    }

    fn execute(&mut self, sql: &Sql, values: &[Cell]) -> Result<usize, Failure> {
        let run = || {
            let mut statement = self.connection.prepare_cached(sql.text())?;
            statement.execute(rusqlite::params_from_iter(values.iter().map(Bound::of)))
        };
        let touched = run().map_err(|error| failure(&error));
        // A reference that restricts is a trigger to SQLite, and fails as one.
        let may_wait = |failure: &Failure| matches!(failure.kind, FailureKind::ForeignKey | FailureKind::Constraint);
        touched.inspect_err(|failure| self.deferring |= may_wait(failure))
    }

    fn load(&mut self, load: &Load<'_>, progress: &mut dyn FnMut(u64)) -> Result<u64, Failure> {
        load::load(&self.connection, load, progress)
    }

    fn counters(&mut self) -> Result<Vec<(String, i64)>, Failure> {
        dialect::counters(self)
    }

    fn set_counter(&mut self, table: &str, to: Option<i64>) -> Result<(), Failure> {
        dialect::set_counter(self, table, to)
    }

    fn dangling(&mut self, tables: &[&str]) -> Result<Vec<Dangling>, Failure> {
        dialect::dangling(self, tables)
    }
}

/// Makes the functions that facts need known to the connection.
fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("seedbed_km", 4, flags, |context| {
        let number = |index| match context.get_raw(index) {
            ValueRef::Integer(number) => Some(number as f64),
            ValueRef::Real(number) => Some(number),
            ValueRef::Null | ValueRef::Text(_) | ValueRef::Blob(_) => None,
        };
        let (from, to) = (number(0).zip(number(1)), number(2).zip(number(3)));
        Ok(from.zip(to).map(|(from, to)| functions::kilometres(from, to)))
    })?;
    let about_texts = |name, holds: fn(&str, &str) -> bool| {
        connection.create_scalar_function(name, 2, flags, move |context| {
            Ok(text(context, 0).zip(text(context, 1)).map(|(text, other)| holds(&text, &other)))
        })
    };
    about_texts("seedbed_contains", functions::contains)?;
    about_texts("seedbed_matches", functions::matches)
}

/// Returns an argument as text.
fn text(context: &Context<'_>, index: usize) -> Option<String> {
    match context.get_raw(index) {
        ValueRef::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
}

struct Bound<'a>(Lent<'a>);

impl<'a> Bound<'a> {
    fn of(cell: &'a Cell) -> Self {
        Self(Lent::of(cell))
    }
}

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Lent::Null => ValueRef::Null,
            Lent::Integer(number) => ValueRef::Integer(number),
            Lent::Real(number) => ValueRef::Real(number),
            Lent::Text(text) => ValueRef::Text(text.as_bytes()),
            Lent::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn lent(value: ValueRef<'_>) -> Lent<'_> {
    match value {
        ValueRef::Null => Lent::Null,
        ValueRef::Integer(n) => Lent::Integer(n),
        ValueRef::Real(x) => Lent::Real(x),
        // A text that is not UTF-8 is no value of ours; its bytes still tell it from others.
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).map_or(Lent::Blob(bytes), Lent::Text),
        ValueRef::Blob(bytes) => Lent::Blob(bytes),
    }
}

fn failure(error: &rusqlite::Error) -> Failure {
    let kind = match error {
        rusqlite::Error::SqliteFailure(inner, _) => match (inner.code, inner.extended_code) {
            (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => FailureKind::Busy,
            (ErrorCode::DiskFull, _) => FailureKind::Full,
            (ErrorCode::ReadOnly | ErrorCode::PermissionDenied, _) => FailureKind::ReadOnly,
            (_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID) => {
                FailureKind::Unique
            }
            (_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => FailureKind::ForeignKey,
            (ErrorCode::ConstraintViolation, _) => FailureKind::Constraint,
            (ErrorCode::CannotOpen | ErrorCode::NotADatabase | ErrorCode::SystemIoFailure, _) => {
                FailureKind::Connection
            }
            _ => FailureKind::Other,
        },
        _ => FailureKind::Other,
    };
    Failure::new(kind, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{Lasting, Scope};
    use crate::sql::rebuild::of_catalogue;

    /// Writes in one transaction, as a session that stays does.
    fn write(database: &mut Sqlite, texts: [&str; 2]) -> Result<(), Failure> {
        let (scope, patience, lasting) = (Scope::Database, Duration::ZERO, Lasting::Soon);
        database.begin(Access::Write(Writing { scope, patience, lasting }))?;
        let statements = texts.map(|text| of_catalogue(Dialect::Sqlite, text));
        match statements.iter().try_for_each(|statement| database.execute(statement, &[]).map(|_| ())) {
            Ok(()) => database.commit(),
            Err(failure) => database.rollback().and(Err(failure)),
        }
    }

    #[test]
    fn a_session_that_stays_checks_references_late_once_one_was_in_the_way() {
        let tables = "CREATE TABLE shops (id integer PRIMARY KEY);
             CREATE TABLE goods (id integer PRIMARY KEY, shop_id integer NOT NULL REFERENCES shops ON DELETE RESTRICT);
             INSERT INTO shops VALUES (7);
             INSERT INTO goods VALUES (7, 7);";
        let child_first = ["INSERT INTO goods VALUES (1, 1)", "INSERT INTO shops VALUES (1)"];
        let parent_first = ["DELETE FROM shops WHERE id = 7", "DELETE FROM goods WHERE id = 7"];
        for texts in [child_first, parent_first] {
            let mut database = Sqlite::in_memory(tables).unwrap();
            database.commit_soon().unwrap();
            write(&mut database, texts).unwrap_err();
            write(&mut database, texts).unwrap();
        }
    }
}
