//! The application: a connection of somebody else to a world's database, and what it can see there.

use std::collections::BTreeMap;
use std::path::Path;

use postgres::{Client, SimpleQueryMessage};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use seedbed::database::postgres::{Address, Environment};
use seedbed::{Database, Postgres, Sqlite};

use super::making::{Engine, Key, Kind, World};
use super::server::{TestDatabase, server};

/// The cells of a row. On SQLite a letter before the text says what is stored; PostgreSQL has its
/// types in its columns.
pub(crate) type Cells = Vec<Option<String>>;

/// A table's rows by their keys; where there is no key, by all their cells and a number.
pub(crate) type Rows = BTreeMap<Cells, Cells>;

/// Everything that stands in a database.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dump {
    /// The rows of each table.
    pub(crate) tables: Vec<Rows>,
    /// Where the counters of tables stand; none where nothing was ever handed out.
    pub(crate) counters: BTreeMap<usize, Option<i64>>,
    /// What Seedbed keeps there.
    pub(crate) kept: Vec<Cells>,
}

/// Returns the text of a cell without its letter.
pub(crate) fn plain(cell: &Option<String>) -> Option<&str> {
    cell.as_ref().map(|text| &text[1..])
}

pub(crate) enum Application {
    Sqlite(Connection),
    /// The connection goes before the database, which is dropped with this.
    Postgres(Box<Client>, #[allow(dead_code, reason = "dropped last")] TestDatabase),
}

/// Makes the tables of a world; returns the application and what Seedbed sees.
pub(crate) fn open(world: &World, folder: &Path) -> (Application, Box<dyn Database>) {
    let (application, database): (_, Box<dyn Database>) = match world.engine {
        Engine::Sqlite => {
            let path = folder.join("world.db");
            let own = Connection::open(&path).unwrap();
            own.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY").unwrap();
            own.execute_batch(&world.ddl()).unwrap_or_else(|error| panic!("{error}\n{}", world.ddl()));
            own.execute_batch("PRAGMA foreign_keys = ON").unwrap();
            let database = Sqlite::open(&path).unwrap();
            database.connection().execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY").unwrap();
            (Application::Sqlite(own), Box::new(database))
        }
        Engine::Postgres => {
            let place = server().database("");
            let mut own = place.client();
            own.batch_execute("SET timezone = 'UTC'; SET client_min_messages = warning").unwrap();
            own.batch_execute(&world.ddl()).unwrap_or_else(|error| panic!("{error:?}\n{}", world.ddl()));
            let address = Address::read(&place.address(), &Environment::default()).unwrap();
            let database = Postgres::open(&address).unwrap();
            (Application::Postgres(Box::new(own), place), Box::new(database))
        }
    };
    (application, database)
}

impl Application {
    /// Runs statements in a transaction of their own; returns the engine's words where they fail.
    pub(crate) fn run(&mut self, text: &str) -> Result<(), String> {
        match self {
            Self::Sqlite(own) => {
                let run = own.execute_batch(&format!("BEGIN; {text}; COMMIT"));
                run.map_err(|error| {
                    if !own.is_autocommit() {
                        own.execute_batch("ROLLBACK").unwrap();
                    }
                    error.to_string()
                })
            }
            Self::Postgres(own, _) => {
                let run = own.batch_execute(&format!("BEGIN; {text}; COMMIT"));
                run.map_err(|error| {
                    own.batch_execute("ROLLBACK").unwrap();
                    error.as_db_error().map_or_else(|| error.to_string(), |told| told.message().to_owned())
                })
            }
        }
    }

    /// Runs statements while references are not checked and no action follows.
    pub(crate) fn run_unchecked(&mut self, text: &str) -> Result<(), String> {
        let switch = |own: &mut Self, off: bool| match own {
            Self::Sqlite(own) => own.pragma_update(None, "foreign_keys", !off).unwrap(),
            Self::Postgres(own, _) => {
                let role = if off { "replica" } else { "origin" };
                own.batch_execute(&format!("SET session_replication_role = {role}")).unwrap();
            }
        };
        switch(self, true);
        let run = self.run(text);
        switch(self, false);
        run
    }

    fn rows(&mut self, query: &str) -> Vec<Cells> {
        match self {
            Self::Sqlite(own) => {
                let mut statement = own.prepare(query).unwrap_or_else(|error| panic!("{query}: {error}"));
                let width = statement.column_count();
                let cell = |value: ValueRef<'_>| match value {
                    ValueRef::Null => None,
                    ValueRef::Integer(number) => Some(format!("i{number}")),
                    ValueRef::Real(number) => Some(format!("r{number}")),
                    ValueRef::Text(text) => Some(format!("t{}", String::from_utf8_lossy(text))),
                    ValueRef::Blob(bytes) => Some(format!("b{bytes:?}")),
                };
                let rows = statement.query_map([], |row| (0..width).map(|at| Ok(cell(row.get_ref(at)?))).collect());
                rows.unwrap().map(Result::unwrap).collect()
            }
            Self::Postgres(own, _) => {
                let messages = own.simple_query(query).unwrap_or_else(|error| panic!("{query}: {error:?}"));
                let rows = messages.into_iter().filter_map(|message| match message {
                    SimpleQueryMessage::Row(row) => Some(row),
                    _ => None,
                });
                rows.map(|row| (0..row.len()).map(|at| row.get(at).map(|text| format!("t{text}"))).collect()).collect()
            }
        }
    }

    /// Reads everything.
    pub(crate) fn dump(&mut self, world: &World) -> Dump {
        let mut tables = Vec::new();
        for table in &world.tables {
            let names: Vec<String> = table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
            let mut rows = Rows::new();
            for cells in self.rows(&format!("SELECT {} FROM \"{}\"", names.join(", "), table.name)) {
                let mut key: Cells = table.keys.iter().map(|name| cells[table.position(name)].clone()).collect();
                if key.is_empty() {
                    key.clone_from(&cells);
                    let alike = rows.keys().filter(|other: &&Cells| other.starts_with(&cells)).count();
                    key.push(Some(alike.to_string()));
                }
                rows.insert(key, cells);
            }
            tables.push(rows);
        }
        let counters = world.tables.iter().enumerate().filter(|(_, table)| table.key == Key::Counter);
        let counters = counters.map(|(index, table)| (index, self.counter(&table.name))).collect();
        Dump { tables, counters, kept: self.kept() }
    }

    fn counter(&mut self, table: &str) -> Option<i64> {
        let query = match self {
            Self::Sqlite(_) => format!("SELECT seq FROM sqlite_sequence WHERE name = '{table}'"),
            Self::Postgres(..) => {
                format!("SELECT pg_sequence_last_value(pg_get_serial_sequence('\"{table}\"', 'id')::regclass)")
            }
        };
        self.rows(&query).first().and_then(|row| plain(&row[0])?.parse().ok())
    }

    fn kept(&mut self) -> Vec<Cells> {
        let (there, place) = match self {
            Self::Sqlite(_) => ("SELECT 1 FROM sqlite_schema WHERE name = 'seedbed_state'", ""),
            Self::Postgres(..) => ("SELECT 1 WHERE to_regclass('seedbed.seedbed_state') IS NOT NULL", "seedbed."),
        };
        if self.rows(there).is_empty() {
            return Vec::new();
        }
        let mut kept = self.rows(&format!("SELECT * FROM {place}seedbed_marker"));
        kept.extend(self.rows(&format!("SELECT * FROM {place}seedbed_state ORDER BY scenario, worker")));
        kept
    }
}

/// Returns a text as an SQL literal of a column of this kind.
pub(crate) fn literal(text: Option<&str>, kind: Kind) -> String {
    let Some(text) = text else { return "NULL".into() };
    match kind {
        Kind::Integer | Kind::BigInteger | Kind::Decimal => text.to_owned(),
        Kind::Bool => if matches!(text, "1" | "t" | "true") { "TRUE" } else { "FALSE" }.to_owned(),
        Kind::Text | Kind::Time | Kind::Uuid32 | Kind::Uuid36 => format!("'{}'", text.replace('\'', "''")),
    }
}

impl World {
    /// Returns the statement that inserts a row: columns with their texts; what is not named has its default.
    pub(crate) fn insert(&self, table: usize, row: &[(String, Option<String>)]) -> String {
        let table = &self.tables[table];
        let names: Vec<String> = row.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let values: Vec<String> =
            row.iter().map(|(name, text)| literal(text.as_deref(), table.column(name).kind)).collect();
        let over = if self.engine == Engine::Postgres { " OVERRIDING SYSTEM VALUE" } else { "" };
        if row.is_empty() {
            return format!("INSERT INTO \"{}\" DEFAULT VALUES", table.name);
        }
        format!("INSERT INTO \"{}\" ({}){over} VALUES ({})", table.name, names.join(", "), values.join(", "))
    }

    /// Returns the condition that finds a row of a table by its key, or by all cells where it has none.
    pub(crate) fn finding(&self, table: usize, key: &Cells, cells: &Cells) -> String {
        let table = &self.tables[table];
        let pairs: Vec<(&str, Option<&str>)> = if table.keys.is_empty() {
            table.columns.iter().map(|column| column.name.as_str()).zip(cells.iter().map(plain)).collect()
        } else {
            table.keys.iter().map(String::as_str).zip(key.iter().map(plain)).collect()
        };
        let parts: Vec<String> = (pairs.into_iter())
            .map(|(name, text)| match text {
                None => format!("\"{name}\" IS NULL"),
                text => format!("\"{name}\" = {}", literal(text, table.column(name).kind)),
            })
            .collect();
        parts.join(" AND ")
    }

    /// Returns the text that a row of somebody else holds in a column; `which` is 0 for one below our
    /// keys, 1 for one above, 2 for one that looks like ours.
    pub(crate) fn canary_text(&self, table: usize, column: &str, which: usize) -> Option<String> {
        let at = table;
        let table = &self.tables[table];
        let (layer, worker) = (table.layer + 1, self.worker);
        let reference = table.references.iter().find(|to| to.columns.iter().any(|name| name == column));
        if let Some(reference) = reference {
            let in_key = table.keys.iter().any(|key| key == column);
            let which = if reference.to == at && !in_key { (which + 1) % 3 } else { which };
            let part = reference.columns.iter().position(|name| name == column)?;
            return self.canary_text(reference.to, &reference.to_columns[part], which);
        }
        let text = match (column, table.key) {
            ("id", Key::Rowid | Key::Counter) => match which {
                0 => "1".into(),
                1 => "2000000100".into(),
                _ => (1_000_000_000 + layer * 100_000_000 + usize::from(worker) * 1_000_000 + 900_000).to_string(),
            },
            ("id", Key::Uuid) => {
                let text = match which {
                    0 => "0a000000-0000-4000-8000-00000000000a".to_owned(),
                    1 => "ffffffff-0000-4000-8000-00000000000a".to_owned(),
                    _ => format!("5eedbed0-{layer:02}{worker:02}-4000-8000-000000900000"),
                };
                let short = self.engine == Engine::Sqlite && table.column("id").kind == Kind::Uuid32;
                if short { text.replace('-', "") } else { text }
            }
            ("id", _) => match which {
                0 => "anna".into(),
                1 => "zoe".into(),
                _ => format!("SEEDBED-{layer}{worker:02}-0-00000000001"),
            },
            ("line" | "batch" | "size" | "shelf", _) => (which + 1).to_string(),
            ("place", _) => (which + 50).to_string(),
            ("hall" | "label" | "code" | "body", _) => format!("{column} of anna {which}"),
            ("state", _) => "open".into(),
            ("price" | "amount", _) => "1.25".into(),
            ("extra", _) => "7".into(),
            ("flag" | "tag", _) => (if which == 2 { "true" } else { "false" }).into(),
            ("made_at", _) => "2020-01-01 00:00:00".into(),
            ("memo" | "subject_type" | "subject_id", _) => return None,
            (column, _) => unreachable!("nobody knows what to put into {column}"),
        };
        Some(text)
    }

    /// Returns a row of somebody else, every column that can be written.
    pub(crate) fn canary(&self, table: usize, which: usize) -> Vec<(String, Option<String>)> {
        let columns = self.tables[table].columns.iter().filter(|column| column.computed.is_none());
        columns.map(|column| (column.name.clone(), self.canary_text(table, &column.name, which))).collect()
    }
}
