//! Guard: where tests may write.
//!
//! A database that is empty marks itself; any other is marked once, by hand, by somebody who names
//! it. A marker that travelled with a copy of the file does not count. Nothing overrides this.

use std::collections::BTreeSet;

use seedbed_core::schema::{Schema, TableKind};

use crate::database::{Database, Failure};
use crate::error::{Error, Exit};
use crate::sql;
use crate::state::Marker;

/// Tables whose rows do not make a database somebody's: migrations, permissions, sessions.
pub const BOOKKEEPING: [&str; 12] = [
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "django_site",
    "django_session",
    "schema_migrations",
    "ar_internal_metadata",
    "alembic_version",
    "flyway_schema_history",
    "_prisma_migrations",
    "_sqlx_migrations",
    "__diesel_schema_migrations",
];

/// Whether tests may write into a database, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is marked.
    Marked,
    /// It is always one for tests: in memory, or made by a test runner.
    ForTests,
    /// It has no marker and no rows: it will mark itself.
    Empty,
    /// It has no marker and holds rows: tables with their counts.
    InUse(Vec<(String, u64)>),
    /// Its marker was set in another database: where.
    CopiedFrom(String),
}

impl Standing {
    /// Whether tests may write.
    pub fn allows(&self) -> bool {
        matches!(self, Self::Marked | Self::ForTests | Self::Empty)
    }
}

/// Returns whether tests may write into this database.
///
/// `written` holds the tables that the scenarios write; `bookkeeping` the tables whose rows do not
/// count, beside those of [`BOOKKEEPING`].
pub(crate) fn standing(
    database: &mut dyn Database,
    schema: &Schema,
    marker: Option<&Marker>,
    written: &BTreeSet<String>,
    bookkeeping: &[String],
) -> Result<Standing, Failure> {
    let identity = database.identity()?;
    match (marker, identity) {
        (_, None) => Ok(Standing::ForTests),
        (Some(marker), identity) if marker.identity == identity => Ok(Standing::Marked),
        (Some(marker), _) => {
            Ok(Standing::CopiedFrom(marker.identity.clone().unwrap_or_else(|| "a database for tests".into())))
        }
        (None, _) => {
            let held = rows_held(database, schema, written, bookkeeping)?;
            Ok(if held.is_empty() { Standing::Empty } else { Standing::InUse(held) })
        }
    }
}

/// Returns the tables with rows among those written and their neighbours by foreign keys.
pub(crate) fn rows_held(
    database: &mut dyn Database,
    schema: &Schema,
    written: &BTreeSet<String>,
    bookkeeping: &[String],
) -> Result<Vec<(String, u64)>, Failure> {
    let mut watched: BTreeSet<&str> = BTreeSet::new();
    for table in written.iter().filter_map(|name| schema.tables.get(name)) {
        watched.insert(&table.name);
        watched.extend(table.foreign_keys.iter().map(|key| key.to.as_str()));
        watched.extend(schema.references_to(&table.name).map(|(from, _)| from.name.as_str()));
    }
    watched.retain(|name| {
        !BOOKKEEPING.contains(name)
            && !name.starts_with("seedbed_")
            && !bookkeeping.iter().any(|extra| extra == name)
            && schema.tables.get(*name).is_some_and(|table| table.kind == TableKind::Base)
    });
    if watched.is_empty() {
        return Ok(Vec::new());
    }
    let statement =
        sql::count(database.dialect(), watched.iter().map(|table| sql::Counted::All(table)), std::iter::empty());
    let counts = database.query(&statement.sql, &statement.values)?.into_iter().next().unwrap_or_default();
    let counts = counts.iter().map(|count| count.as_integer().unwrap_or_default() as u64);
    Ok(watched.into_iter().map(str::to_owned).zip(counts).filter(|(_, count)| *count > 0).collect())
}

/// Returns the refusal, where the standing is one.
pub(crate) fn refusal(standing: &Standing, database: &str, allow: &str) -> Option<Error> {
    match standing {
        Standing::Marked | Standing::ForTests | Standing::Empty => None,
        Standing::InUse(tables) => {
            let held: Vec<String> = tables.iter().map(|(table, count)| format!("{table} {count}")).collect();
            let message = format!("database `{database}` is not marked for tests and is not empty");
            Some(
                Error::new(Exit::Guard, "not-for-tests", message)
                    .detail(held.join(", "))
                    .help(format!("if tests may write here, say so once: {allow}"))
                    .help("or seed an empty database"),
            )
        }
        Standing::CopiedFrom(from) => {
            let message = format!("database `{database}` was copied from `{from}`; its marker does not count here");
            Some(
                Error::new(Exit::Guard, "copied-database", message)
                    .help(format!("if tests may write here, say so once: {allow}")),
            )
        }
    }
}
