//! What is PostgreSQL's own, over any adapter: version, identity, locks, counters, references that lead
//! nowhere.

use seedbed_core::plan::Cell;

use crate::database::row::Row;
use crate::database::{Access, Dangling, Database, Failure, FailureKind, Scope};
use crate::sql::{Sql, postgres as sql};

/// The oldest version that the statements of this crate were tried on.
const OLDEST: i64 = 15;

/// Fails where the server is older than the statements of this crate.
pub fn require_version(database: &mut dyn Database) -> Result<(), Failure> {
    let rows = database.query(&sql::select_version(), &[])?;
    let mut row = Row::of("pg_settings", rows.into_iter().next().unwrap_or_default());
    let (number, version) = (row.integer()?, row.text()?);
    if number >= OLDEST * 10_000 {
        return Ok(());
    }
    let message = format!("PostgreSQL {version} is too old: {OLDEST} or newer is needed");
    Err(Failure::new(FailureKind::Other, message))
}

/// Returns what tells a database from a copy of it: the number of its server and its own.
///
/// A copy of all of a server's files has both; nothing tells it from the server.
pub fn identity(database: &mut dyn Database) -> Result<String, Failure> {
    let rows = database.query(&sql::select_identity(), &[])?;
    let mut row = Row::of("pg_database", rows.into_iter().next().unwrap_or_default());
    Ok(format!("postgres server {} database {}", row.text()?, row.integer()?))
}

/// Returns for how many milliseconds a statement waits for a row that somebody else has locked. For the
/// server 0 means for ever, which only readers do, whom no row keeps waiting.
pub(super) fn patience(access: Access) -> u128 {
    match access {
        Access::Read => 0,
        Access::Write(writing) => writing.patience.as_millis().max(1),
    }
}

/// The first number of our locks, so that they are not those of the application; the second is 0
/// for the database, and one more than its number for a worker.
const LOCK: i64 = 0x5eed_bed0;

/// Who gives a lock back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lock {
    /// We do, with [`unlock`].
    OfSession,
    /// The server does, when the transaction ends or the savepoint it was taken behind is undone.
    OfTransaction,
}

/// Takes the locks of a write, or fails as busy and takes none.
pub(super) fn lock(database: &mut dyn Database, scope: Scope, lock: Lock) -> Result<(), Failure> {
    let (statement, values) = take(scope, lock);
    let taken = database.query(&statement, &values)?;
    require_taken(database, scope, lock, &taken)
}

/// Returns the statement that takes the locks of a write, and what is bound to it.
pub(super) fn take(scope: Scope, lock: Lock) -> (Sql, Vec<Cell>) {
    let locks = locks(scope);
    (sql::try_locks(&shared(&locks), lock == Lock::OfTransaction), lock_numbers(&locks))
}

/// Fails as busy where that statement answered that it did not take all of them; then none are.
pub(super) fn require_taken(
    database: &mut dyn Database,
    scope: Scope,
    lock: Lock,
    answer: &[Vec<Cell>],
) -> Result<(), Failure> {
    let locks = locks(scope);
    let taken = answer.first().and_then(|row| row[0].as_integer()).unwrap_or_default() as usize;
    if taken == locks.len() {
        return Ok(());
    }
    // Those of a transaction are not given back; what failed as busy is undone.
    if lock == Lock::OfSession {
        give_back(database, &locks[..taken]);
    }
    Err(Failure::new(FailureKind::Busy, "another run of Seedbed is at work"))
}

/// Returns the statement that ends a write for good and gives its locks of the session back.
pub(super) fn commit_and_unlock(scope: Scope) -> Sql {
    let locks = locks(scope).into_iter();
    sql::commit_and_unlock(locks.map(|(shared, number)| (shared, [i64::from(LOCK as i32), number])))
}

/// Gives the locks of a write back.
pub(super) fn unlock(database: &mut dyn Database, scope: Scope) {
    give_back(database, &locks(scope));
}

fn give_back(database: &mut dyn Database, locks: &[(bool, i64)]) {
    if !locks.is_empty() {
        // With the connection gone the locks are gone.
        let _ = database.query(&sql::unlock(&shared(locks)), &lock_numbers(locks));
    }
}

/// Returns the locks of a write: whether it shares it, and its number.
fn locks(scope: Scope) -> Vec<(bool, i64)> {
    match scope {
        Scope::Database => vec![(false, 0)],
        Scope::Worker(worker) => vec![(true, 0), (false, i64::from(worker) + 1)],
    }
}

fn shared(locks: &[(bool, i64)]) -> Vec<bool> {
    locks.iter().map(|(shared, _)| *shared).collect()
}

fn lock_numbers(locks: &[(bool, i64)]) -> Vec<Cell> {
    // The server's numbers are of 32 bits with a sign.
    locks.iter().flat_map(|(_, number)| [Cell::Integer(i64::from(LOCK as i32)), Cell::Integer(*number)]).collect()
}

/// A sequence that hands out the keys of a table.
#[derive(Clone, Debug)]
pub(super) struct Sequence {
    pub(super) table: String,
    /// Its name as it is quoted, with its schema.
    name: String,
    start: i64,
}

/// A sequence, and where it stands.
struct Counter {
    sequence: Sequence,
    last: Option<i64>,
}

/// A counter that was moved.
#[derive(Clone, Debug)]
pub struct Moved {
    sequence: String,
    start: i64,
    from: Option<i64>,
    to: Option<i64>,
}

/// Returns the sequences that hand out keys: a part of the catalogue.
pub(super) fn sequences(database: &mut dyn Database) -> Result<Vec<Sequence>, Failure> {
    let rows = database.query(&sql::select_counters(), &[])?;
    let rows = rows.into_iter().map(|row| Row::of("pg_sequence", row));
    rows.map(|mut row| Ok(Sequence { table: row.text()?, name: row.text()?, start: row.integer()? })).collect()
}

fn read(database: &mut dyn Database, sequences: Vec<Sequence>) -> Result<Vec<Counter>, Failure> {
    if sequences.is_empty() {
        return Ok(Vec::new());
    }
    let places =
        database.read(&sql::select_last_values(sequences.iter().map(|sequence| sequence.name.as_str())), &[])?;
    let counters = sequences.into_iter().zip(places).map(|(sequence, place)| {
        let mut place = Row::of("pg_sequence", place);
        let (_, last, handed_out) = (place.integer()?, place.integer()?, place.flag()?);
        Ok(Counter { sequence, last: handed_out.then_some(last) })
    });
    counters.collect()
}

/// Returns the counters of the tables that have one and were written before.
pub fn counters(database: &mut dyn Database) -> Result<Vec<(String, i64)>, Failure> {
    let sequences = sequences(database)?;
    counters_of(database, sequences)
}

/// Returns the counters that were moved before among those of these sequences.
pub(super) fn counters_of(
    database: &mut dyn Database,
    sequences: Vec<Sequence>,
) -> Result<Vec<(String, i64)>, Failure> {
    let counters = read(database, sequences)?;
    Ok(counters.into_iter().filter_map(|counter| Some((counter.sequence.table, counter.last?))).collect())
}

fn counter(database: &mut dyn Database, table: &str) -> Result<Counter, Failure> {
    let mut sequences = sequences(database)?;
    sequences.retain(|sequence| sequence.table == table);
    let counter = read(database, sequences)?.into_iter().next();
    counter.ok_or_else(|| Failure::new(FailureKind::Other, format!("`{table}` has no sequence")))
}

/// Returns where the counter of a table goes when it goes up, which is done after the commit; refuses
/// where that could not be done.
pub(super) fn raised(database: &mut dyn Database, table: &str, to: Option<i64>) -> Result<Option<i64>, Failure> {
    let Some(to) = to else { return Ok(None) };
    if counters(database)?.iter().any(|(counted, last)| counted == table && *last >= to) {
        return Ok(None);
    }
    require_reach(database, table, to)?;
    Ok(Some(to))
}

/// Refuses where the counter of a table could not be moved to there, before anything is committed.
fn require_reach(database: &mut dyn Database, table: &str, to: i64) -> Result<(), Failure> {
    let sequence = counter(database, table)?.sequence.name;
    let rows = database.query(&sql::select_reach(), &[Cell::text(&sequence)])?;
    let mut row = Row::of("pg_sequence", rows.into_iter().next().unwrap_or_default());
    let (may, last) = (row.flag()?, row.integer()?);
    if !may {
        return Err(Failure::new(FailureKind::ReadOnly, format!("permission denied for sequence {sequence}")));
    }
    if to > last {
        return Err(Failure::new(FailureKind::Other, format!("sequence {sequence} ends at {last}, before {to}")));
    }
    Ok(())
}

/// Moves the counter of a table, or makes it as if it was never used.
///
/// No transaction undoes this; the answer is what [`put_back`] needs to.
pub fn set_counter(database: &mut dyn Database, table: &str, to: Option<i64>) -> Result<Moved, Failure> {
    let moved = movement(database, table, to)?;
    moved.apply(database)?;
    Ok(moved)
}

/// Does the same in a way that is undone with the transaction, or with the savepoint before it. Whoever
/// else draws from the sequence waits until the transaction ends.
pub(super) fn set_counter_with_transaction(
    database: &mut dyn Database,
    table: &str,
    to: Option<i64>,
) -> Result<(), Failure> {
    let moved = movement(database, table, to)?;
    database.execute(&sql::renew_counter(&moved.sequence), &[])?;
    moved.apply(database)
}

fn movement(database: &mut dyn Database, table: &str, to: Option<i64>) -> Result<Moved, Failure> {
    let Counter { sequence, last: from } = counter(database, table)?;
    Ok(Moved { sequence: sequence.name, start: sequence.start, from, to })
}

impl Moved {
    fn apply(&self, database: &mut dyn Database) -> Result<(), Failure> {
        let values = [Cell::text(&self.sequence), value(self.to, self.start), handed_out(self.to)];
        database.query(&sql::set_counter(), &values).map(|_| ())
    }
}

/// Moves a counter back to where it stood, unless somebody has drawn from it meanwhile.
pub fn put_back(database: &mut dyn Database, moved: &Moved) -> Result<(), Failure> {
    let Some(stands) = moved.to else {
        // It is as if never used; nothing tells whether somebody has drawn from it and given back.
        let values = [Cell::text(&moved.sequence), value(moved.from, moved.start), handed_out(moved.from)];
        return database.query(&sql::set_counter(), &values).map(|_| ());
    };
    let values =
        [value(moved.from, moved.start), handed_out(moved.from), Cell::text(&moved.sequence), Cell::Integer(stands)];
    database.query(&sql::restore_counter(), &values).map(|_| ())
}

fn value(last: Option<i64>, start: i64) -> Cell {
    Cell::Integer(last.unwrap_or(start))
}

fn handed_out(last: Option<i64>) -> Cell {
    Cell::Integer(i64::from(last.is_some()))
}

/// Returns the rows of these tables whose references lead nowhere.
pub fn dangling(database: &mut dyn Database, tables: &[&str]) -> Result<Vec<Dangling>, Failure> {
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let schema = database.schema()?;
    let mut found = Vec::new();
    for table in tables.iter().filter_map(|table| schema.tables.get(*table)) {
        let number = match &table.primary_key[..] {
            [key] if table.autoincrement => Some(key.as_str()),
            _ => None,
        };
        for key in table.foreign_keys.iter().filter(|key| schema.tables.contains_key(&key.to)) {
            let statement = sql::select_dangling(&table.name, number, &key.columns, &key.to, &key.to_columns);
            for row in database.query(&statement.sql, &statement.values)? {
                let mut row = Row::of("pg_constraint", row);
                found.push(Dangling { table: table.name.clone(), row: row.optional_integer(), to: key.to.clone() });
            }
        }
    }
    Ok(found)
}
