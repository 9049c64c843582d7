//! PostgreSQL, through the crate `tokio-postgres`; and what any adapter over PostgreSQL shares with it.
//!
//! A transaction sees one state of the database from its first statement on, and fails as a conflict
//! where somebody else changed what it is about to change. Runs of one worker wait for each other by
//! locks of the session: taken inside of a transaction, a lock would come after the state that the
//! transaction sees.

mod address;
mod ahead;
mod catalogue;
mod connection;
mod dialect;
mod load;
pub(crate) mod rebuild;
mod tls;
mod visit;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::SinkExt;
use futures_util::future::{OptionFuture, join_all, join3};
use seedbed_core::plan::Cell;
use seedbed_core::schema::Schema;
use tokio_postgres::error::{Error, Severity};
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Row, Statement};

use super::{Access, Dangling, Database, Failure, FailureKind, Lasting, Scope, row};
use crate::load::{Load, statements};
use crate::sql::{Dialect, Sql, postgres as sql};

pub use address::{Address, Environment, written};
use ahead::{Ahead, Read};
use catalogue::Catalogue;
pub use catalogue::catalogue;
pub use dialect::{Moved, counters, dangling, identity, put_back, require_version, set_counter};
pub use visit::Visit;

use connection::Connection;
use dialect::Lock;
pub use load::write_binary;

/// So many statements are kept.
const MOST_PREPARED: usize = 200;
/// A statement with more text than that is none that is run often.
const LONGEST_PREPARED: usize = 8_192;

/// A PostgreSQL database.
pub struct Postgres {
    connection: Connection,
    address: Address,
    /// What the server calls this session.
    session: Session,
    catalogue: Option<Catalogue>,
    /// What tells this database from others, which no session ever sees change.
    identity: Option<String>,
    /// Statements that were run before; those that were run again are prepared.
    often: BTreeMap<String, Option<Statement>>,
    /// What transactions begin with.
    ahead: Ahead,
    open: bool,
    /// The open transaction may write; without one, what the last one left is still to be put back.
    writes: bool,
    /// Whom the open transaction keeps out, by locks of the session.
    locked: Option<Scope>,
    /// Counters that the open transaction has moved; undoing it leaves them where they are.
    moved: Vec<Moved>,
    /// Counters that go up when the transaction is committed.
    raised: Vec<(String, i64)>,
}

impl Postgres {
    /// Opens the database at an address; it must be there.
    pub fn open(address: &Address) -> Result<Self, Failure> {
        let connection = address.connect().map_err(|mut failure| {
            if failure.kind == FailureKind::Other {
                failure.kind = FailureKind::Connection;
            }
            failure.message = format!("{}: {}", address.shown(), failure.message);
            failure
        })?;
        let mut database = Self {
            connection,
            address: address.clone(),
            session: Session::default(),
            catalogue: None,
            identity: None,
            often: BTreeMap::new(),
            ahead: Ahead::default(),
            open: false,
            writes: true,
            locked: None,
            moved: Vec::new(),
            raised: Vec::new(),
        };
        require_version(&mut database)?;
        database.run(&sql::set_session())?;
        // Some systems cannot tell whether a client is still there.
        let _ = database.run(&sql::set_check_interval());
        database.session = Session::of(&mut database)?;
        Ok(database)
    }

    /// Runs SQL of a caller's own, inside the open transaction where there is one.
    pub fn batch_execute(&mut self, text: &str) -> Result<(), Failure> {
        self.ahead.end();
        let Connection { client, line } = &mut self.connection;
        line.wait(client.batch_execute(text)).map_err(|error| failure(&error))
    }

    fn run(&mut self, sql: &Sql) -> Result<(), Failure> {
        self.batch_execute(sql.text())
    }

    /// Returns a statement that was run before as a prepared one, which the server need not plan again.
    fn prepared(&mut self, sql: &Sql, values: usize) -> Result<Option<Statement>, Failure> {
        if sql.text().len() > LONGEST_PREPARED {
            return Ok(None);
        }
        if self.often.len() > MOST_PREPARED {
            self.often.clear();
        }
        match self.often.get_mut(sql.text()) {
            None => {
                self.often.insert(sql.text().to_owned(), None);
                Ok(None)
            }
            Some(Some(statement)) => Ok(Some(statement.clone())),
            Some(none) => {
                let types = vec![Type::UNKNOWN; values];
                let Connection { client, line } = &mut self.connection;
                let prepared = line.wait(client.prepare_typed(sql.text(), &types)).map_err(|error| failure(&error))?;
                Ok(Some(none.insert(prepared).clone()))
            }
        }
    }

    /// Takes the locks of a write, opens the transaction and reads what is going to be asked first, all in one go.
    fn begin_with(&mut self, scope: Option<Scope>, begin: &Sql, read: Vec<Read>) -> Result<(), Failure> {
        let locks: Option<Read> = scope.map(|scope| dialect::take(scope, Lock::OfSession));
        let take = self.all_asked(locks.iter().map(|(sql, values)| (sql, &**values)))?.pop();
        let asked = self.all_asked(read.iter().map(|(sql, values)| (sql, &**values)))?;
        let Connection { client, line } = &mut self.connection;
        let take = OptionFuture::from(take.map(|asked| asked.rows(client)));
        let read_first = join_all(asked.into_iter().map(|asked| asked.rows(client)));
        let all = join3(take, client.batch_execute(begin.text()), read_first);
        let (taken, begun, answers) = line.wait(async { Ok(all.await) }).map_err(|error| failure(&error))?;
        if let (Some(scope), Some(taken)) = (scope, taken) {
            dialect::require_taken(self, scope, Lock::OfSession, &taken?)?;
            self.locked = Some(scope);
        }
        begun.map_err(|error| failure(&error))?;
        let answers = answers.into_iter().collect::<Result<_, _>>().inspect_err(|_| self.often.clear())?;
        self.ahead.lay_ready(read, answers);
        Ok(())
    }

    /// Returns the rows of queries that are sent in one go.
    fn rows_of_all(&mut self, asked: &[(&Sql, &[Cell])]) -> Result<Vec<Vec<Vec<Cell>>>, Failure> {
        let asked = self.all_asked(asked.iter().copied())?;
        let Connection { client, line } = &mut self.connection;
        let all = join_all(asked.into_iter().map(|asked| asked.rows(client)));
        let answers = line.wait(async { Ok(all.await) }).map_err(|error| failure(&error))?;
        answers.into_iter().collect::<Result<_, _>>().inspect_err(|_| self.often.clear())
    }

    /// Returns how many rows statements touched that are sent in one go.
    fn touched_by_all(&mut self, statements: &[(&Sql, &[Cell])]) -> Result<Vec<Result<usize, Failure>>, Failure> {
        let asked = self.all_asked(statements.iter().copied())?;
        let Connection { client, line } = &mut self.connection;
        let all = join_all(asked.into_iter().map(|asked| asked.touched(client)));
        line.wait(async { Ok(all.await) }).map_err(|error| failure(&error))
    }

    fn all_asked<'a>(&mut self, all: impl Iterator<Item = (&'a Sql, &'a [Cell])>) -> Result<Vec<Asked<'a>>, Failure> {
        all.map(|(sql, values)| Ok(Asked { sql, values, statement: self.prepared(sql, values.len())? })).collect()
    }

    fn unlock(&mut self) {
        if let Some(scope) = self.locked.take() {
            dialect::unlock(self, scope);
        }
    }
}

impl Database for Postgres {
    fn describe(&self) -> String {
        self.address.shown().to_owned()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn identity(&mut self) -> Result<Option<String>, Failure> {
        if self.identity.is_none() {
            self.identity = Some(identity(self)?);
        }
        Ok(self.identity.clone())
    }

    fn schema(&mut self) -> Result<Arc<Schema>, Failure> {
        let known = self.catalogue.take();
        let catalogue = catalogue::catalogue_again(self, known)?;
        Ok(Arc::clone(&self.catalogue.insert(catalogue).schema))
    }

    fn begin(&mut self, access: Access) -> Result<(), Failure> {
        let (scope, soon) = match access {
            Access::Read => (None, false),
            Access::Write(writing) => (Some(writing.scope), writing.lasting == Lasting::Soon),
        };
        let begin = sql::begin(scope.is_some(), dialect::patience(access), soon);
        if scope.is_some() {
            self.moved.clear();
            self.raised.clear();
        }
        let read = self.ahead.begin();
        let first = |database: &mut Self, read| {
            (database.open, database.writes) = (true, scope.is_some());
            database.begin_with(scope, &begin, read).inspect_err(|_| {
                let _ = database.rollback();
            })
        };
        if read.is_empty() {
            return first(self, read);
        }
        match first(self, read) {
            // What was read before may be gone.
            Err(failure) if failure.kind != FailureKind::Busy => first(self, Vec::new()),
            begun => begun,
        }
    }

    fn version(&mut self) -> Result<Option<String>, Failure> {
        let rows = self.query(&sql::select_snapshot(), &[])?;
        Ok(rows.first().and_then(|row| row[0].as_text()).map(str::to_owned))
    }

    fn commit(&mut self) -> Result<(), Failure> {
        // No counter goes up between the two.
        let locked = self.locked.filter(|_| self.raised.is_empty());
        let commit = locked.map_or_else(sql::commit, dialect::commit_and_unlock);
        self.ahead.end();
        let Connection { client, line } = &mut self.connection;
        if let Err(error) = line.wait(client.batch_execute(commit.text())) {
            let mut failure = failure(&error);
            if ends_session(&error) {
                // The server may have committed before its answer was lost.
                failure.kind = FailureKind::Unclear;
                (self.open, self.locked) = (false, None);
            }
            return Err(undone(failure));
        }
        self.open = false;
        self.locked = self.locked.filter(|_| locked.is_none());
        self.moved.clear();
        // No rollback takes a counter back, so none goes up before the rows are there for good. A run that is
        // killed in between has its counters moved by the next one.
        let raised = std::mem::take(&mut self.raised);
        let raised = raised.iter().try_for_each(|(table, to)| set_counter(self, table, Some(*to)).map(|_| ()));
        self.unlock();
        raised.map_err(|failure| Failure { kind: FailureKind::Unfinished, ..failure })
    }

    fn reopen(&mut self) -> Result<(), Failure> {
        if Session::of(self).is_ok() {
            return Ok(());
        }
        let mut anew = Self::open(&self.address)?;
        if anew.query(&sql::select_follows(), &[])?.first().is_none_or(|row| row[0] != Cell::Integer(0)) {
            return Err(Failure::new(FailureKind::Connection, "this server only follows the one that was lost"));
        }
        if self.session.is_over(&mut anew)? {
            anew.moved = std::mem::take(&mut self.moved);
            *self = anew;
            return Ok(());
        }
        Err(Failure::new(FailureKind::Busy, "the session that was lost is still at work"))
    }

    fn rollback(&mut self) -> Result<(), Failure> {
        self.ahead.end();
        let undone = if std::mem::take(&mut self.open) { self.run(&sql::rollback()) } else { Ok(()) };
        if !std::mem::replace(&mut self.writes, true) {
            return undone;
        }
        for moved in std::mem::take(&mut self.moved) {
            // Where this fails the counter stays above our keys, which harms nobody.
            let _ = put_back(self, &moved);
        }
        self.unlock();
        undone
    }

    fn query(&mut self, sql: &Sql, values: &[Cell]) -> Result<Vec<Vec<Cell>>, Failure> {
        self.ahead.end();
        self.rows_of_all(&[(sql, values)]).map(|mut answers| answers.pop().unwrap_or_default())
    }

    fn read(&mut self, sql: &Sql, values: &[Cell]) -> Result<Vec<Vec<Cell>>, Failure> {
        if let Some(rows) = self.ahead.answer(sql, values) {
            return Ok(rows);
        }
        self.rows_of_all(&[(sql, values)]).map(|mut answers| answers.pop().unwrap_or_default())
    }

    fn read_all(&mut self, asked: &[(&Sql, &[Cell])]) -> Result<Vec<Vec<Vec<Cell>>>, Failure> {
        self.rows_of_all(asked)
    }

    fn execute(&mut self, sql: &Sql, values: &[Cell]) -> Result<usize, Failure> {
        self.execute_all(&[(sql, values)]).pop().unwrap_or(Ok(0))
    }

    fn sends_in_one_go(&self) -> bool {
        true
    }

    fn execute_all(&mut self, statements: &[(&Sql, &[Cell])]) -> Vec<Result<usize, Failure>> {
        self.ahead.end();
        let mut touched = self.touched_by_all(statements).unwrap_or_else(|failure| vec![Err(failure)]);
        if let Some(failed) = touched.iter().position(Result::is_err) {
            // The server refuses what comes after it.
            touched.truncate(failed + 1);
            self.often.clear();
        }
        touched
    }

    fn copy(&mut self, sql: &Sql, rows: &str) -> Result<Option<usize>, Failure> {
        self.ahead.end();
        let statement = self.prepared(sql, 0)?;
        let Connection { client, line } = &mut self.connection;
        let copied = line.wait(async {
            let sink = match statement {
                None => client.copy_in(sql.text()).await?,
                Some(statement) => client.copy_in(&statement).await?,
            };
            let mut sink = pin!(sink);
            sink.send(Bytes::copy_from_slice(rows.as_bytes())).await?;
            sink.finish().await
        });
        let copied = copied.inspect_err(|_| self.often.clear()).map_err(|error| failure(&error))?;
        Ok(Some(copied as usize))
    }

    fn load(&mut self, load: &Load<'_>, progress: &mut dyn FnMut(u64)) -> Result<u64, Failure> {
        self.ahead.end();
        // A rule waits for an INSERT; the catalogue lists it with the triggers.
        if load.table.triggers.is_empty() {
            return load::load(&mut self.connection, load, progress);
        }
        statements::load(self, load, progress)
    }

    fn counters(&mut self) -> Result<Vec<(String, i64)>, Failure> {
        match &self.catalogue {
            // Where one of them is not there any more, the catalogue is read anew the next time.
            Some(catalogue) => {
                let sequences = catalogue.sequences.clone();
                dialect::counters_of(self, sequences).inspect_err(|_| self.catalogue = None)
            }
            None => counters(self),
        }
    }

    fn set_counter(&mut self, table: &str, to: Option<i64>) -> Result<(), Failure> {
        self.ahead.end();
        if let Some(to) = dialect::raised(self, table, to)? {
            self.raised.push((table.to_owned(), to));
            return Ok(());
        }
        if self.moved.is_empty() {
            // No transaction takes a moved counter back, so what the commit would refuse is refused before.
            self.run(&sql::check_constraints())?;
        }
        let moved = set_counter(self, table, to)?;
        self.moved.push(moved);
        Ok(())
    }

    fn dangling(&mut self, tables: &[&str]) -> Result<Vec<Dangling>, Failure> {
        dangling(self, tables)
    }
}

/// What a server calls a session, also when its connection is lost.
#[derive(Clone, Debug, Default)]
struct Session {
    process: i64,
    since: String,
}

impl Session {
    fn of(database: &mut dyn Database) -> Result<Self, Failure> {
        let rows = database.query(&sql::select_session(), &[])?;
        let mut row = row::Row::of("pg_stat_activity", rows.into_iter().next().unwrap_or_default());
        Ok(Self { process: row.integer()?, since: row.text()? })
    }

    /// Whether the session is over, told by another one; one that is not is asked to end.
    fn is_over(&self, other: &mut dyn Database) -> Result<bool, Failure> {
        let values = [Cell::Integer(self.process), Cell::text(&self.since)];
        Ok(other.query(&sql::end_session(), &values)?.is_empty())
    }
}

/// Whether nothing more comes from the session that a statement failed in.
fn ends_session(error: &Error) -> bool {
    error.as_db_error().is_none_or(|told| matches!(told.parsed_severity(), Some(Severity::Fatal | Severity::Panic)))
}

/// Returns a value as the text that it is sent as, of whatever type the statement makes of it; none for
/// no value.
pub fn text(cell: &Cell) -> Option<Cow<'_, str>> {
    sql::text(cell)
}

/// A value sent as text.
#[derive(Debug)]
struct Bound<'a>(&'a Cell);

impl ToSql for Bound<'_> {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send + 'static>> {
        let Some(text) = text(self.0) else { return Ok(IsNull::Yes) };
        out.extend_from_slice(text.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

/// A statement that is about to be sent.
struct Asked<'a> {
    sql: &'a Sql,
    values: &'a [Cell],
    statement: Option<Statement>,
}

impl Asked<'_> {
    /// Returns its rows; it is sent when they are waited for first.
    async fn rows(self, client: &Client) -> Result<Vec<Vec<Cell>>, Failure> {
        let values: Vec<Bound<'_>> = self.values.iter().map(Bound).collect();
        let rows = match self.statement {
            None => client.query_typed(self.sql.text(), &parameters(&values)).await,
            Some(statement) => client.query(&statement, &untyped(&values)).await,
        };
        rows.map_err(|error| failure(&error))?.iter().map(cells).collect()
    }

    /// Returns how many rows it touched; it is sent when that is waited for first.
    async fn touched(self, client: &Client) -> Result<usize, Failure> {
        let values: Vec<Bound<'_>> = self.values.iter().map(Bound).collect();
        let touched = match self.statement {
            None => client.execute_typed(self.sql.text(), &parameters(&values)).await,
            Some(statement) => client.execute(&statement, &untyped(&values)).await,
        };
        touched.map(|touched| touched as usize).map_err(|error| failure(&error))
    }
}

fn parameters<'a>(values: &'a [Bound<'a>]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    values.iter().map(|value| (value as &(dyn ToSql + Sync), Type::UNKNOWN)).collect()
}

/// Returns the values of a statement that knows their types.
fn untyped<'a>(values: &'a [Bound<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as _).collect()
}

/// Returns the cells of a row; statements select nothing but what is named here.
fn cells(row: &Row) -> Result<Vec<Cell>, Failure> {
    let read = |position: usize, kind: &Type| -> Result<Cell, Error> {
        let number = |number: Option<i64>| number.map_or(Cell::Null, Cell::Integer);
        Ok(match *kind {
            Type::INT2 => number(row.try_get::<_, Option<i16>>(position)?.map(i64::from)),
            Type::INT4 => number(row.try_get::<_, Option<i32>>(position)?.map(i64::from)),
            Type::INT8 => number(row.try_get(position)?),
            Type::BOOL => number(row.try_get::<_, Option<bool>>(position)?.map(i64::from)),
            Type::FLOAT8 => row.try_get::<_, Option<f64>>(position)?.map_or(Cell::Null, Cell::Real),
            Type::BYTEA => row.try_get::<_, Option<&[u8]>>(position)?.map_or(Cell::Null, |b| Cell::Blob(b.into())),
            _ => row.try_get::<_, Option<&str>>(position)?.map_or(Cell::Null, Cell::text),
        })
    };
    let columns = row.columns().iter().enumerate();
    columns.map(|(position, column)| read(position, column.type_()).map_err(|error| failure(&error))).collect()
}

fn failure(error: &Error) -> Failure {
    let Some(told) = error.as_db_error() else {
        let mut message = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            let words = inner.to_string();
            if !message.contains(&words) {
                message = format!("{message}: {words}");
            }
            cause = inner.source();
        }
        let lost = error.is_closed() || message.starts_with("error c") || message.starts_with("db error");
        return Failure::new(if lost { FailureKind::Connection } else { FailureKind::Other }, message);
    };
    let kind = match kind(told.code().code()) {
        FailureKind::Other if ends_session(error) => FailureKind::Connection,
        kind => kind,
    };
    // What a key holds is told; a whole row, as other constraints tell it, may hold a secret.
    let detail = told.detail().filter(|_| matches!(kind, FailureKind::Unique | FailureKind::ForeignKey));
    let message = told.message();
    let message = detail.map_or_else(|| message.to_owned(), |detail| format!("{message}: {detail}"));
    Failure { row: told.where_().and_then(copied_row), ..Failure::new(kind, message) }
}

/// Returns the row that an error is about, out of the context that the server tells of a COPY:
/// `COPY items, line 4, column place: "x"`. The rest of it may hold a secret.
pub fn copied_row(context: &str) -> Option<usize> {
    let (_, after) = context.lines().last()?.strip_prefix("COPY ")?.split_once(", ")?;
    let after = after.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let digits = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
    after[..digits].parse().ok()
}

/// Returns the failure of a commit: the server has undone the transaction, so there is nothing left that
/// could be tried once more by itself.
pub fn undone(failure: Failure) -> Failure {
    let kind = if failure.kind == FailureKind::Busy { FailureKind::Conflict } else { failure.kind };
    Failure { kind, ..failure }
}

/// Returns what a code of the server means, here and over any adapter.
pub fn kind(code: &str) -> FailureKind {
    match code {
        "55P03" => FailureKind::Busy,
        "40001" | "40P01" => FailureKind::Conflict,
        "53100" => FailureKind::Full,
        "25006" | "42501" => FailureKind::ReadOnly,
        "23505" => FailureKind::Unique,
        "23503" => FailureKind::ForeignKey,
        "53300" | "3D000" => FailureKind::Connection,
        code => match code.get(..2) {
            Some("23") => FailureKind::Constraint,
            Some("08" | "28") => FailureKind::Connection,
            _ if code.starts_with("57P") => FailureKind::Connection,
            _ => FailureKind::Other,
        },
    }
}
