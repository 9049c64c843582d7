//! Plan: the difference between a dataset and a database, as data.
//!
//! A plan is made by [`diff`] from desired rows and live rows, and by nothing else. It holds
//! everything that a person reads before saying yes, and everything that applying it needs.
//! It knows nothing about SQL or files on a disk.

pub mod cell;
pub mod civil;
pub mod desired;
pub mod diff;
pub mod digest;
pub mod fit;

use std::sync::Arc;

use serde::Serialize;

pub use cell::{Cell, Key, key_text};
pub use desired::{DesiredBlock, DesiredRow, Encoding, Misfit};
pub use diff::{Comparison, LiveTable, diff};
pub use digest::digest;

/// The difference between a dataset and a database.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plan {
    /// What happens to our rows, parents before children.
    pub tables: Vec<TablePlan>,
    /// What happens to the rows of further blocks, parents before children; of a dataset at a scale.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<FurtherPlan>,
    /// What is taken away while further rows are loaded, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rebuild: Option<RebuildPlan>,
    /// Rows that tests left behind and that `reset` or `cleanup` removes.
    pub debris: Vec<Leftover>,
    /// Rows of other people that hang on ours; they stay.
    pub entangled: Vec<Entangled>,
    /// Rows of other people that hold a key or a unique value of ours.
    pub obstacles: Vec<Obstacle>,
    /// Media files.
    pub files: FilePlan,
    /// Counters of the engine to move.
    pub counters: Vec<CounterMove>,
    /// The clock moves: the dataset has aged, or another as-of was asked for.
    pub clock: Option<ClockMove>,
    /// Enabled triggers on the tables to be written.
    pub triggers: Vec<TriggerNote>,
    /// How many of our rows are as declared.
    pub rows_as_declared: usize,
    /// How many rows of other people stand in the tables of the dataset.
    pub rows_of_others: u64,
}

/// What happens to our rows in a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TablePlan {
    /// The table.
    pub table: String,
    /// Rows that are not there.
    pub inserts: Vec<Insert>,
    /// Rows that differ.
    pub updates: Vec<Update>,
    /// Rows of ours that are no longer declared.
    pub deletes: Vec<Delete>,
}

/// What happens to the rows of a population in further blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FurtherPlan {
    /// The population.
    pub population: String,
    /// Its table.
    pub table: String,
    /// How many blocks are declared, block 0 among them.
    pub blocks: u64,
    /// How many rows are declared in further blocks.
    pub rows: u64,
    /// How many rows are to be inserted.
    pub inserts: u64,
    /// How many rows differ.
    pub updates: u64,
    /// How many rows are to be removed: all that stand, where another scale or another shape is declared.
    pub deletes: u64,
    /// How many keys hold a row without the tag: somebody else's. The first thousand are named as obstacles.
    pub taken: u64,
}

/// What is taken away while further rows are loaded, and put back before the commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RebuildPlan {
    /// Indexes and constraints, by name.
    pub parts: Vec<String>,
    /// Tables that stay as they are and are loaded in place, each in a sentence with its reason.
    pub refusals: Vec<String>,
    /// Tables that nobody else can read until the commit.
    pub closed: Vec<String>,
}

/// A row that is not there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Insert {
    /// The scenario that declares it.
    pub scenario: Arc<str>,
    /// Its name in the population.
    pub row: String,
    /// Its key.
    pub key: Key,
    /// Columns that are written.
    pub columns: Arc<[String]>,
    /// A cell per column.
    pub values: Vec<Cell>,
}

/// A row that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Update {
    /// The scenario that declares it.
    pub scenario: Arc<str>,
    /// Its name in the population.
    pub row: String,
    /// Its key.
    pub key: Key,
    /// What differs.
    pub changes: Vec<Change>,
    /// All differences come from a move of the clock.
    pub clock_only: bool,
    /// How it is written.
    pub how: How,
}

/// A column that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The column.
    pub column: String,
    /// What the database holds.
    pub before: Cell,
    /// What is declared.
    pub after: Cell,
}

/// How a row that differs is written.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// By an update.
    InPlace,
    /// By a delete and an insert, since another of our rows holds its new unique value.
    Replace(Insert),
    /// By two updates, the first to these values, since rows that stay refer to it.
    Aside(Vec<(String, Cell)>),
}

/// A row of ours that is no longer declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delete {
    /// Its key.
    pub key: Key,
    /// Its name, or what else a person knows it by.
    pub label: String,
}

/// A row that a test left behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Leftover {
    /// The table.
    pub table: String,
    /// Its key.
    pub key: Key,
    /// What a person knows it by.
    pub label: String,
    /// Why it counts as left by a test.
    pub why: String,
    /// It hangs on a row of ours that is to go, so nothing can be done before it is removed.
    pub blocks: bool,
}

/// A row of other people that hangs on a row of ours or on debris.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entangled {
    /// The table.
    pub table: String,
    /// Its key.
    pub key: Key,
    /// What a person knows it by.
    pub label: String,
    /// The rows it hangs on: table and key.
    pub hangs_on: Vec<(String, Key)>,
    /// The rows it hangs on, as a person knows them.
    pub on: String,
    /// A row it hangs on is to be removed, so it stands in the way.
    pub blocks: bool,
}

/// A row of other people that holds a key or a unique value of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Obstacle {
    /// The table.
    pub table: String,
    /// The index: its name, or `primary key`.
    pub index: String,
    /// The key of the row that is in the way.
    pub key: Key,
    /// What a person knows it by.
    pub label: String,
    /// The row of ours that cannot be written.
    pub wanted_by: String,
    /// It was left by a test, so `reset` removes it.
    pub debris: bool,
}

/// Media files to write and to remove.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FilePlan {
    /// Files that are missing or differ.
    pub write: Vec<String>,
    /// Files of ours that are no longer declared.
    pub remove: Vec<String>,
    /// Files of other people on a path of ours.
    pub obstacles: Vec<String>,
    /// How many files are as declared.
    pub as_declared: usize,
}

/// A counter of the engine to move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CounterMove {
    /// The table.
    pub table: String,
    /// Where it stands; none where the table was never written.
    pub from: Option<i64>,
    /// Where it goes; none where its entry goes.
    pub to: Option<i64>,
}

/// A move of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ClockMove {
    /// As-of that is stored.
    pub from: i64,
    /// As-of to come.
    pub to: i64,
    /// How many times change only because of it.
    pub times: usize,
}

/// A trigger on a table to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TriggerNote {
    /// The table.
    pub table: String,
    /// The trigger.
    pub trigger: String,
}

impl Plan {
    /// Whether nothing is to be done: every owned row and file is as declared and no debris is there.
    pub fn is_empty(&self) -> bool {
        !self.has_own_work() && self.debris.is_empty() && self.obstacles.is_empty() && self.files.obstacles.is_empty()
    }

    /// Whether rows or files of other people are in the way, so that nothing can be done.
    pub fn is_blocked(&self) -> bool {
        self.obstacles.iter().any(|row| !row.debris)
            || self.entangled.iter().any(|row| row.blocks)
            || !self.files.obstacles.is_empty()
    }

    /// Whether rows, files or counters of ours are to be written, debris aside.
    pub fn has_own_work(&self) -> bool {
        self.tables.iter().any(|table| !table.is_empty())
            || self.further.iter().any(|further| !further.is_empty())
            || !self.files.write.is_empty()
            || !self.files.remove.is_empty()
            || !self.counters.is_empty()
    }

    /// How many rows are to be inserted, further ones among them.
    pub fn inserts(&self) -> usize {
        self.tables.iter().map(|table| table.inserts.len()).sum::<usize>() + self.further_sum(|plan| plan.inserts)
    }

    /// How many rows are to be changed, further ones among them.
    pub fn updates(&self) -> usize {
        self.tables.iter().map(|table| table.updates.len()).sum::<usize>() + self.further_sum(|plan| plan.updates)
    }

    /// How many rows of ours are to be removed, further ones among them.
    pub fn deletes(&self) -> usize {
        self.tables.iter().map(|table| table.deletes.len()).sum::<usize>() + self.further_sum(|plan| plan.deletes)
    }

    fn further_sum(&self, of: impl Fn(&FurtherPlan) -> u64) -> usize {
        self.further.iter().map(of).sum::<u64>() as usize
    }
}

impl FurtherPlan {
    /// How many rows are not as declared.
    pub fn differing(&self) -> u64 {
        self.inserts + self.updates + self.deletes + self.taken
    }

    /// Whether nothing happens to these rows.
    pub fn is_empty(&self) -> bool {
        self.inserts + self.updates + self.deletes == 0
    }
}

impl TablePlan {
    /// Whether nothing happens to our rows in this table.
    pub fn is_empty(&self) -> bool {
        self.inserts.is_empty() && self.updates.is_empty() && self.deletes.is_empty()
    }
}
