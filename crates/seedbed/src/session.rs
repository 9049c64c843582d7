//! Target: what a verb works on, and what it may ask of its caller.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use seedbed_core::dataset::Dataset;
use seedbed_core::scale::Scaled;

use crate::database::Database;
use crate::media::Render;

/// What a verb works on. The clock is an input.
pub struct Target<'a> {
    /// The database.
    pub database: &'a mut dyn Database,
    /// The rows and files of the chain and of every seeded layer above it.
    pub dataset: &'a Dataset,
    /// The scenarios the verb acts on, as indexes into `dataset.scenarios`. Their rows are planned,
    /// written and removed; the other scenarios' rows are known to be ours and left alone.
    pub levels: Range<usize>,
    /// The further blocks; without them, those that stand are left alone.
    pub scale: Option<Scaling<'a>>,
    /// The media folder; without one, files are neither compared nor written.
    pub media: Option<Media<'a>>,
    /// Now, in unix seconds.
    pub now: i64,
    /// An as-of that was asked for; it is never judged by today's date.
    pub as_of: Option<i64>,
    /// How long to wait for somebody else's write.
    pub lock_timeout: Duration,
    /// Tables whose rows do not make a database somebody's, beside those of the guard.
    pub bookkeeping: &'a [String],
    /// How help lines call this program: `seedbed`, `python manage.py seedbed`, and with flags that go with
    /// verbs `seedbed ... --worker 3` ([`crate::typed`]).
    pub program: &'a str,
    /// Told what a person may want to know while a verb runs.
    pub notice: &'a mut dyn FnMut(Notice),
}

/// The further blocks of a dataset, and how they are loaded.
#[derive(Clone, Copy)]
pub struct Scaling<'a> {
    /// The blocks; with one block none are to stand.
    pub scaled: &'a Scaled,
    /// The blocks that stand, where those are others: they tell which rows go.
    pub standing: Option<&'a Scaled>,
    /// Indexes and foreign keys are taken away for the load and put back after it.
    pub rebuild: bool,
}

/// The media folder, and what draws a picture.
#[derive(Clone, Copy)]
pub struct Media<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// Draws a picture.
    pub render: Render<'a>,
}

/// Something a person may want to know while a verb runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Somebody else is writing; the run waits for so long.
    Waiting {
        /// The database.
        database: String,
        /// It gives up after this time.
        gives_up_after: Duration,
    },
    /// So many passwords are being hashed.
    Hashing(usize),
    /// Passwords were hashed.
    Hashed {
        /// How many.
        count: usize,
        /// How long it took.
        took: Duration,
    },
    /// Rows of further blocks are being read or written.
    Progress {
        /// What is done: `loading`, `comparing`, `removing`.
        doing: &'static str,
        /// The table.
        table: String,
        /// How many rows are done, over all tables.
        done: u64,
        /// How many there are.
        of: u64,
    },
    /// So many indexes and constraints are being put back.
    Rebuilding(usize),
    /// The dataset has aged and moves to this as-of.
    Moving {
        /// The as-of that is stored.
        from: i64,
        /// The as-of to come.
        to: i64,
        /// How many times change.
        times: usize,
    },
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Waiting { database, gives_up_after } => {
                write!(
                    f,
                    "waiting for another program that writes to {database} (gives up after {} s)",
                    gives_up_after.as_secs()
                )
            }
            Self::Hashing(1) => f.write_str("hashing one password"),
            Self::Hashing(count) => write!(f, "hashing {count} passwords"),
            Self::Hashed { count, took } => write!(f, "hashed {count} in {:.1} s", took.as_secs_f64()),
            Self::Progress { doing, table, done, of } => write!(f, "{doing} {table}: {done} of {of} rows"),
            Self::Rebuilding(parts) => write!(f, "putting {parts} indexes and constraints back"),
            Self::Moving { from, to, times } => {
                let days = (to - from).div_euclid(86_400);
                let date = seedbed_core::plan::civil::date(*to);
                write!(f, "the dataset moves by {days} days to {date}: {times} times change, no id, no pair")
            }
        }
    }
}
