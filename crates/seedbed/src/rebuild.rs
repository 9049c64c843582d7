//! Rebuild: what would be kept up row by row goes before many rows come, and is made anew behind them.
//!
//! Indexes, unique constraints that no foreign key leads to, and the foreign keys of a table are dropped and
//! made again inside one transaction; a primary key never, and nothing that anything else hangs on. Afterwards
//! the catalogue says of the tables what it said before, or the transaction must be undone. A table whose
//! indexes could not be made again as they were keeps them, and it is said why.

mod refusal;

use std::collections::BTreeSet;

use seedbed_core::plan::Cell;
use seedbed_core::schema::{Schema, TableKind};

use crate::database::{Database, Failure, FailureKind, postgres, sqlite};
use crate::sql::{Dialect, Sql};

pub use refusal::{Reason, Refusal};

/// A table that many rows are to be loaded into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// Its name.
    pub table: &'a str,
    /// How many rows that are not ours stand in it.
    pub rows_of_others: u64,
}

/// What would be set aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prospect {
    /// Tables that stay as they are, with the reason; a table may have several.
    pub refusals: Vec<Refusal>,
    /// What is dropped and made again, in the order it is dropped in.
    pub parts: Vec<Part>,
    /// Tables that nobody else can read until the transaction ends: those that are rebuilt, and those that
    /// their foreign keys lead to. Empty where readers see the state before.
    pub closed: Vec<String>,
}

/// An index or a constraint that is dropped and made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its table.
    pub table: String,
    /// Its name.
    pub name: String,
    pub(crate) drop: Sql,
    /// What makes it again, in this order.
    pub(crate) make: Vec<Sql>,
}

/// What was dropped; to be put back before the transaction is committed.
#[derive(Debug)]
#[must_use = "what was dropped has to be put back"]
pub struct SetAside {
    /// What it is, and which tables stayed as they are.
    pub prospect: Prospect,
    tables: Vec<String>,
    /// What the catalogue said of the tables.
    before: Vec<String>,
}

/// Returns what would be set aside for these tables; drops nothing.
pub fn prospect(database: &mut dyn Database, candidates: &[Candidate<'_>]) -> Result<Prospect, Failure> {
    let schema = database.schema()?;
    let mut refusals = known(database, &schema, candidates)?;
    let names: Vec<&str> = candidates.iter().map(|candidate| candidate.table).collect();
    let (told, mut parts) = match database.dialect() {
        Dialect::Postgres => {
            (postgres::rebuild::refusals(database, &names)?, postgres::rebuild::parts(database, &names)?)
        }
        Dialect::Sqlite => {
            (sqlite::rebuild::refusals(database, &names)?, sqlite::rebuild::parts(database, &schema, &names)?)
        }
    };
    refusals.extend(told);
    refusals.sort();
    refusals.dedup();
    parts.retain(|part| refusals.iter().all(|refusal| refusal.table != part.table));
    let closed = if database.dialect() == Dialect::Postgres { closed(&schema, &parts) } else { Vec::new() };
    Ok(Prospect { refusals, parts, closed })
}

/// Returns what is known of these tables without asking the engine.
fn known(database: &dyn Database, schema: &Schema, candidates: &[Candidate<'_>]) -> Result<Vec<Refusal>, Failure> {
    let mut refusals = Vec::new();
    for candidate in candidates {
        let name = candidate.table;
        let table = schema.tables.get(name);
        let table = table.ok_or_else(|| Failure::new(FailureKind::Other, format!("there is no table `{name}`")))?;
        let reasons = [
            (!database.owns_transactions()).then_some(Reason::InsideATransaction),
            (table.kind != TableKind::Base).then_some(Reason::Parted),
            (candidate.rows_of_others > 0).then_some(Reason::RowsOfOthers(candidate.rows_of_others)),
        ];
        refusals.extend(reasons.into_iter().flatten().map(|reason| Refusal { table: name.to_owned(), reason }));
    }
    Ok(refusals)
}

fn closed(schema: &Schema, parts: &[Part]) -> Vec<String> {
    let rebuilt: BTreeSet<&str> = parts.iter().map(|part| part.table.as_str()).collect();
    let keys = rebuilt.iter().flat_map(|table| &schema.tables[*table].foreign_keys);
    let closed: BTreeSet<&str> = keys.map(|key| key.to.as_str()).chain(rebuilt.iter().copied()).collect();
    closed.into_iter().map(str::to_owned).collect()
}

/// Drops what can be made again, inside of an open transaction that writes. Where it fails, that must be undone.
pub fn set_aside(database: &mut dyn Database, candidates: &[Candidate<'_>]) -> Result<SetAside, Failure> {
    let prospect = prospect(database, candidates)?;
    let tables: BTreeSet<&str> = prospect.parts.iter().map(|part| part.table.as_str()).collect();
    let tables: Vec<String> = tables.into_iter().map(str::to_owned).collect();
    let before = catalogue(database, &tables)?;
    settle(database)?;
    for part in &prospect.parts {
        database.execute(&part.drop, &[]).map_err(|failure| part.failed("setting aside", &failure))?;
    }
    Ok(SetAside { prospect, tables, before })
}

/// Makes again what was dropped. Where it fails, or where something is not as it was, the transaction must
/// be undone.
pub fn put_back(database: &mut dyn Database, aside: SetAside) -> Result<(), Failure> {
    let SetAside { prospect, tables, before } = aside;
    settle(database)?;
    for part in prospect.parts.into_iter().rev() {
        for sql in &part.make {
            database.execute(sql, &[]).map_err(|failure| part.failed("making again", &failure))?;
        }
    }
    let after = catalogue(database, &tables)?;
    if after == before {
        return Ok(());
    }
    let lost = before.iter().find(|line| !after.contains(line));
    let new = after.iter().find(|line| !before.contains(line));
    let told: Vec<&str> = lost.into_iter().chain(new).map(String::as_str).collect();
    Err(Failure::new(FailureKind::Other, format!("the catalogue is not as it was: {}", told.join(" became "))))
}

impl Part {
    fn failed(&self, doing: &str, failure: &Failure) -> Failure {
        let message = format!("{doing} `{}` of `{}`: {}", self.name, self.table, failure.message);
        Failure { message, ..*failure }
    }
}

/// Checks now what waits for the end of the transaction, since a table that it waits for can't be altered.
fn settle(database: &mut dyn Database) -> Result<(), Failure> {
    match database.dialect() {
        Dialect::Postgres => postgres::rebuild::settle(database),
        Dialect::Sqlite => Ok(()),
    }
}

/// Returns what the catalogue says of tables, numbers of objects left out, in an order of its own.
fn catalogue(database: &mut dyn Database, tables: &[String]) -> Result<Vec<String>, Failure> {
    match database.dialect() {
        Dialect::Postgres => postgres::rebuild::catalogue(database, tables),
        Dialect::Sqlite => sqlite::rebuild::catalogue(database, tables),
    }
}

/// Returns names as a statement takes a list of them.
pub(crate) fn listed(names: &[impl AsRef<str>]) -> Cell {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    Cell::text(serde_json::to_string(&names).expect("texts are JSON"))
}
