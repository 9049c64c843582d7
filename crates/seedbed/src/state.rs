//! State: what Seedbed wrote into a database, kept beside it in the same transaction.
//!
//! `seedbed_state` holds a row per seeded scenario and worker, with the exact keys of its rows;
//! `seedbed_marker` says that tests may write here and keeps what must be put back when the last
//! row goes. A row is ours only when its key is in here.

mod keys;

use std::collections::BTreeMap;
use std::sync::Arc;

use seedbed_core::plan::Cell;
use seedbed_core::schema::Schema;

pub use keys::{FurtherKeys, TableKeys, Tag, TagValue};

use crate::database::row::Row;
use crate::database::{Database, Failure};
use crate::error::{self, Error, Exit, While};
use crate::sql::{self, Dialect};

/// A scenario that is seeded for a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeded {
    /// The scenario's name.
    pub scenario: String,
    /// The worker.
    pub worker: u8,
    /// The scenario's layer.
    pub layer: u8,
    /// The seed.
    pub seed: u64,
    /// As-of, in unix seconds.
    pub as_of: i64,
    /// As-of was asked for and is never judged by today's date.
    pub pinned: bool,
    /// For how many seconds past as-of the answers hold.
    pub holds_for: i64,
    /// Digest of what the scenario declared.
    pub digest: String,
    /// The named variant that stands in the database.
    pub variant: Option<String>,
    /// The exact keys of its rows, by table.
    pub keys: Arc<BTreeMap<String, TableKeys>>,
    /// The files it wrote, by path.
    pub files: Arc<BTreeMap<String, FileMark>>,
    /// Stored passwords by a digest of seed and plain text.
    pub passwords: Arc<BTreeMap<String, String>>,
    /// Version of the tool.
    pub tool: String,
    /// When it was last written, in unix seconds.
    pub seeded_at: i64,
}

impl Seeded {
    /// Returns how many blocks stand, block 0 among them.
    pub fn blocks(&self) -> u64 {
        self.further().map(|(_, further)| further.blocks).max().unwrap_or(1)
    }

    /// Returns the rows of further blocks, by table.
    pub fn further(&self) -> impl Iterator<Item = (&str, &FurtherKeys)> {
        let tables = self.keys.iter();
        tables.flat_map(|(table, keys)| keys.further.iter().map(move |further| (table.as_str(), further)))
    }

    /// Notes a file that was written.
    pub(crate) fn file(&mut self, path: String, mark: FileMark) {
        if self.files.get(&path) != Some(&mark) {
            Arc::make_mut(&mut self.files).insert(path, mark);
        }
    }
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FileMark {
    /// Digest of what it shows.
    pub picture: String,
    /// Digest of its bytes.
    pub content: String,
}

/// Says that tests may write here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// The database it was set in; none for one that is always for tests.
    pub identity: Option<String>,
    /// How it was set: `empty`, `for tests` or `allowed`.
    pub how: String,
    /// When, in unix seconds.
    pub marked_at: i64,
    /// Version of the tool.
    pub tool: String,
    /// Where counters stood before the first seeded row of a table; none where there was no entry.
    pub counters: BTreeMap<String, Option<i64>>,
    /// Files that are no longer ours to keep and not yet removed.
    pub stale_files: Vec<String>,
}

/// All that Seedbed keeps in a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The marker.
    pub marker: Option<Marker>,
    /// Seeded scenarios of all workers, by worker and layer.
    pub seeded: Vec<Arc<Seeded>>,
}

impl State {
    /// Returns what is seeded for a worker, lower layers first.
    pub fn of_worker(&self, worker: u8) -> impl Iterator<Item = &Seeded> {
        self.seeded.iter().map(|seeded| &**seeded).filter(move |seeded| seeded.worker == worker)
    }

    /// Returns a seeded scenario.
    pub fn find(&self, scenario: &str, worker: u8) -> Option<&Seeded> {
        self.of_worker(worker).find(|seeded| seeded.scenario == scenario)
    }
}

/// Reads the state; empty where Seedbed was never used.
pub fn read(database: &mut dyn Database, schema: &Schema) -> Result<State, Failure> {
    Remembered::default().read(database, schema, false)
}

/// The state as it was read last: what reads as it did is not taken apart again.
#[derive(Default)]
pub(crate) struct Remembered {
    marker: Option<(Vec<Cell>, Marker)>,
    seeded: Vec<(Vec<Cell>, Arc<Seeded>)>,
    /// Which versions of the rows these are; none where that is not known.
    versions: Versions,
}

impl Remembered {
    /// Reads the state; empty where Seedbed was never used. In a process that `stays` rows are not read whose
    /// versions are those that were read before.
    pub(crate) fn read(&mut self, database: &mut dyn Database, schema: &Schema, stays: bool) -> Result<State, Failure> {
        let versions = if stays && has_tables(schema) { versions(database)? } else { Versions::new() };
        if !versions.is_empty() && versions == self.versions {
            return Ok(self.state());
        }
        self.versions.clear();
        let (mut marked, mut seeded) = (None, Vec::new());
        if schema.tables.contains_key("seedbed_marker") {
            let rows = database.query(&sql::select_marker(database.dialect()), &[])?;
            let known = self.marker.take();
            marked = rows.into_iter().next().map(|row| match known {
                Some(known) if known.0 == row => Ok(known),
                _ => marker(row.clone()).map(|marker| (row, marker)),
            });
        }
        if schema.tables.contains_key("seedbed_state") {
            let mut rows = Vec::new();
            // The texts are long, so none is taken that is known.
            database.each(&sql::select_states(database.dialect()), &[], &mut |row| {
                let as_before = |(cells, _): &&(Vec<Cell>, _)| row.iter().zip(cells).all(|(lent, cell)| lent.is(cell));
                rows.push(match self.seeded.iter().find(as_before) {
                    Some((cells, seeded)) => (cells.clone(), Some(Arc::clone(seeded))),
                    None => (row.iter().map(|lent| lent.to_cell()).collect(), None),
                });
            })?;
            for (row, as_before) in rows {
                let of_place = |(known, _): &&(Vec<Cell>, _)| known[..2] == row[..2];
                let read = match as_before {
                    Some(read) => read,
                    None => Arc::new(self::seeded(row.clone(), self.seeded.iter().find(of_place))?),
                };
                seeded.push((row, read));
            }
        }
        (self.marker, self.seeded, self.versions) = (marked.transpose()?, seeded, versions);
        Ok(self.state())
    }

    /// Returns which versions of the rows were read; none where that is not known.
    pub(crate) fn versions(&self) -> Option<&Versions> {
        Some(&self.versions).filter(|versions| !versions.is_empty())
    }

    /// Takes over that these were [`touch`]ed, and nothing else was written; the rows have these versions since.
    pub(crate) fn touched(&mut self, records: &[Seeded], versions: Versions) {
        for (row, seeded) in &mut self.seeded {
            let of_row = |record: &&Seeded| record.scenario == seeded.scenario && record.worker == seeded.worker;
            if let Some(record) = records.iter().find(of_row) {
                let (tool, seeded_at) = (record.tool.clone(), record.seeded_at);
                (row[TOOL], row[SEEDED_AT]) = (Cell::text(&tool), Cell::Integer(seeded_at));
                *seeded = Arc::new(Seeded { tool, seeded_at, ..(**seeded).clone() });
            }
        }
        self.versions = versions;
    }

    /// Forgets which versions of the rows were read.
    pub(crate) fn forget_versions(&mut self) {
        self.versions.clear();
    }

    fn state(&self) -> State {
        State {
            marker: self.marker.as_ref().map(|(_, marker)| marker.clone()),
            seeded: self.seeded.iter().map(|(_, seeded)| Arc::clone(seeded)).collect(),
        }
    }
}

/// Where `select_states` has what [`touch`] writes.
const TOOL: usize = 12;
const SEEDED_AT: usize = 13;

/// Whether the tables of Seedbed are there.
pub(crate) fn has_tables(schema: &Schema) -> bool {
    ["seedbed_marker", "seedbed_state"].iter().all(|table| schema.tables.contains_key(*table))
}

/// Makes the tables where they are missing; `allow` is what a person types to have them made.
pub(crate) fn create_tables(database: &mut dyn Database, schema: &Schema, allow: &str) -> error::Result<()> {
    if has_tables(schema) {
        return Ok(());
    }
    if !database.owns_transactions() {
        let message = "there are no tables `seedbed_marker` and `seedbed_state`, and inside a transaction of somebody \
                       else none are made";
        return Err(Error::new(Exit::CouldNotRun, "not-migrated", message)
            .help("run `migrate` with \"seedbed.django\" in INSTALLED_APPS")
            .help(format!("or, outside of the transaction: {allow}")));
    }
    let mut statements = sql::create_bookkeeping(database.dialect()).into_iter();
    let made = statements.try_for_each(|statement| database.execute(&statement, &[]).map(|_| ()));
    made.during(|| "making the tables of Seedbed".into())
}

/// A row of ours: scenario and worker of a state; no scenario for the marker.
pub(crate) type Place = (String, i64);

/// Which version of each row of ours stands.
pub(crate) type Versions = BTreeMap<Place, String>;

/// Returns which version of each row of ours stands; none where no commit can be lost on its way.
pub(crate) fn versions(database: &mut dyn Database) -> Result<Versions, Failure> {
    let Some(statement) = sql::select_versions(database.dialect()) else { return Ok(Versions::new()) };
    database.read(&statement, &[])?.into_iter().map(version).collect()
}

fn version(row: Vec<Cell>) -> Result<(Place, String), Failure> {
    let mut row = Row::of("seedbed_state", row);
    Ok(((row.text()?, row.integer()?), row.text()?))
}

/// Writes the marker.
pub(crate) fn put_marker(database: &mut dyn Database, marker: &Marker) -> Result<(), Failure> {
    let values = [
        marker.identity.as_ref().map_or(Cell::Null, Cell::text),
        Cell::text(&marker.how),
        Cell::Integer(marker.marked_at),
        Cell::text(&marker.tool),
        json(&marker.counters),
        json(&marker.stale_files),
    ];
    database.execute(&sql::put_marker(database.dialect()), &values).map(|_| ())
}

/// Writes the state of a scenario.
pub(crate) fn put(database: &mut dyn Database, seeded: &Seeded) -> Result<(), Failure> {
    let values = [
        Cell::text(&seeded.scenario),
        Cell::Integer(i64::from(seeded.worker)),
        Cell::Integer(i64::from(seeded.layer)),
        Cell::text(seeded.seed.to_string()),
        Cell::Integer(seeded.as_of),
        Cell::Integer(i64::from(seeded.pinned)),
        Cell::Integer(seeded.holds_for),
        Cell::text(&seeded.digest),
        seeded.variant.as_ref().map_or(Cell::Null, Cell::text),
        json(&seeded.keys),
        json(&seeded.files),
        json(&seeded.passwords),
        Cell::text(&seeded.tool),
        Cell::Integer(seeded.seeded_at),
    ];
    database.execute(&sql::put_state(database.dialect()), &values).map(|_| ())
}

/// Notes when, and by what, these scenarios were written that are recorded already; returns which versions of
/// their rows stand since.
pub(crate) fn touch(database: &mut dyn Database, scenarios: &[&Seeded]) -> Result<Versions, Failure> {
    let Some(first) = scenarios.first() else { return Ok(Versions::new()) };
    let names: Vec<&str> = scenarios.iter().map(|seeded| seeded.scenario.as_str()).collect();
    let (worker, at) = (Cell::Integer(i64::from(first.worker)), Cell::Integer(first.seeded_at));
    let values = [Cell::text(&first.tool), at, worker, json(&names)];
    let statement = sql::touch_states(database.dialect());
    match database.dialect() {
        Dialect::Sqlite => database.execute(&statement, &values).map(|_| Versions::new()),
        Dialect::Postgres => database.query(&statement, &values)?.into_iter().map(version).collect(),
    }
}

/// Removes the state of a scenario.
pub(crate) fn remove(database: &mut dyn Database, scenario: &str, worker: u8) -> Result<(), Failure> {
    let values = [Cell::text(scenario), Cell::Integer(i64::from(worker))];
    database.execute(&sql::delete_state(database.dialect()), &values).map(|_| ())
}

fn json<T: serde::Serialize>(value: &T) -> Cell {
    Cell::text(serde_json::to_string(value).expect("maps with text keys are JSON"))
}

fn marker(row: Vec<Cell>) -> Result<Marker, Failure> {
    let mut row = Row::of("seedbed_marker", row);
    Ok(Marker {
        identity: row.optional_text(),
        how: row.text()?,
        marked_at: row.integer()?,
        tool: row.text()?,
        counters: row.json()?,
        stale_files: row.json()?,
    })
}

/// Returns a state; what stands as in the row that was read before is shared with it.
fn seeded(cells: Vec<Cell>, known: Option<&(Vec<Cell>, Arc<Seeded>)>) -> Result<Seeded, Failure> {
    let as_before = |position: usize| known.filter(|(row, _)| row.get(position) == cells.get(position));
    let known = [9, 10, 11].map(|position| as_before(position).map(|(_, seeded)| seeded));
    let mut row = Row::of("seedbed_state", cells);
    Ok(Seeded {
        scenario: row.text()?,
        worker: row.integer()? as u8,
        layer: row.integer()? as u8,
        seed: row.parsed()?,
        as_of: row.integer()?,
        pinned: row.flag()?,
        holds_for: row.integer()?,
        digest: row.text()?,
        variant: row.optional_text(),
        keys: shared(&mut row, known[0].map(|known| &known.keys))?,
        files: shared(&mut row, known[1].map(|known| &known.files))?,
        passwords: shared(&mut row, known[2].map(|known| &known.passwords))?,
        tool: row.text()?,
        seeded_at: row.integer()?,
    })
}

fn shared<T: serde::de::DeserializeOwned>(row: &mut Row, known: Option<&Arc<T>>) -> Result<Arc<T>, Failure> {
    match known {
        Some(known) => {
            row.skip();
            Ok(Arc::clone(known))
        }
        None => row.json().map(Arc::new),
    }
}
