//! Work: a scenario of a project, generated and facing its database, ready for a verb.
//!
//! The dataset is that of the asked scenario, of all it requires, and of every scenario that is
//! seeded already, so that a verb knows each row that is ours.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use seedbed_core::dataset::Picture;
use seedbed_core::diagnostic::Diagnostic;
use seedbed_core::generate::{Generated, Parameters, generate_scaled};
use seedbed_core::scale::{Scale, Scaled};
use seedbed_core::scenario::{Chain, Files};
use seedbed_core::schema::Schema;

use super::place::Address;
use super::{Place, Project};
use crate::database::Access;
use crate::error::{Closing, Error, Exit, Result, While};
use crate::run;
use crate::session::{Media, Notice, Scaling, Target};
use crate::state::{self, Seeded, State};
use crate::survey::{self, Ground};
use seedbed_render::picture;

pub(super) const DAY: i64 = 86_400;
/// The seed where none is asked for or stored.
pub(super) const SEED: u64 = 1;
/// Problems that lie in a database, not in a scenario file.
const OF_THE_DATABASE: [&str; 4] = ["missing-table", "missing-column", "no-base-table", "generated-column"];

/// How a verb is called.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The database, where it is not the project's own: `sqlite:PATH`, `postgres://USER@HOST/NAME`.
    pub database: Option<&'a str>,
    /// The media folder, where it is not the project's own.
    pub media: Option<&'a Path>,
    /// The seed, where it is not the stored one.
    pub seed: Option<u64>,
    /// A pinned as-of, in unix seconds.
    pub as_of: Option<i64>,
    /// The worker.
    pub worker: u8,
    /// How many blocks, where it is not as many as stand.
    pub scale: Option<&'a Scale>,
    /// Now, in unix seconds.
    pub now: i64,
    /// How help lines call this program.
    pub program: &'a str,
    /// How tables are made that are missing: what a person does, or types.
    pub migrate: &'a str,
}

/// What a verb wants of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The chain becomes as declared; a missing database is made.
    Write,
    /// The chain is looked at; a missing database is taken for an empty one.
    Look,
    /// The scenario and what stands on it go; a missing database is taken for an empty one.
    Remove,
}

/// A scenario, generated and facing its database.
pub struct Work {
    /// The database.
    pub place: Place,
    /// What was seeded before.
    pub state: State,
    /// The chain of the asked scenario and of all that is seeded.
    pub chain: Chain,
    /// Its dataset.
    pub generated: Generated,
    /// Its further blocks.
    pub scaled: Scaled,
    /// The further blocks that stand, where another scale is asked for.
    standing: Option<Scaled>,
    /// Whether verbs look at further blocks at all; a service that resets between tests does not.
    pub scaling: bool,
    /// Indexes and foreign keys are taken away while further rows are loaded.
    pub rebuild: bool,
    /// The scenarios the verb acts on, as indexes into the chain.
    pub levels: Range<usize>,
    /// The seed.
    pub seed: u64,
    /// How help lines call this program.
    pub program: String,
    /// The catalogue that it was generated for.
    schema: Arc<Schema>,
    media: Option<PathBuf>,
    bookkeeping: Vec<String>,
    lock_timeout: Duration,
    now: i64,
    as_of: Option<i64>,
}

/// How long parts of a verb took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// All of it.
    pub total: Duration,
    /// Hashing passwords.
    pub hashing: Duration,
    /// How many passwords were hashed.
    pub hashed: usize,
    /// Drawing and writing pictures.
    pub drawing: Duration,
}

impl Work {
    /// Returns the names of the columns that a table's rows are told apart by.
    pub fn key_columns(&self, table: &str) -> Vec<String> {
        let block = self.generated.dataset.blocks.iter().find(|block| block.table == table);
        match block {
            Some(block) => block.key.iter().map(|&at| block.columns[at].clone()).collect(),
            None => self.schema.tables.get(table).map(|table| table.primary_key.clone()).unwrap_or_default(),
        }
    }

    /// Reads and generates `scenario`, and opens the database that the call or the project names.
    pub fn open(project: &Project, scenario: &str, call: &Call<'_>, purpose: Purpose) -> Result<Self> {
        // A name that does not exist is said before anything is opened.
        project.files(&[scenario])?;
        let address = project.address(call.database)?;
        if address.is_there() {
            return Self::over(project, address.open()?, scenario, call, purpose);
        }
        let mut work = Self::over(project, address.imagine()?, scenario, call, purpose)?;
        if purpose == Purpose::Write {
            work.make(&address)?;
        }
        Ok(work)
    }

    /// Reads and generates `scenario` for a database that is open.
    pub fn over(
        project: &Project,
        mut place: Place,
        scenario: &str,
        call: &Call<'_>,
        purpose: Purpose,
    ) -> Result<Self> {
        // The names of our own tables lead to them inside of our transactions.
        let mut transaction = run::begin(&mut *place.database, Access::Read, project.config.lock_timeout, &mut |_| {})?;
        let schema = transaction.schema().during(|| "reading the catalogue".into())?;
        let state = state::read(&mut *transaction, &schema).during(|| "reading what was seeded".into())?;
        drop(transaction);
        let mut names = vec![scenario];
        let known = project.names();
        // A seeded scenario whose file is gone is left to the verb, which knows its keys.
        let seeded = state.of_worker(call.worker).map(|seeded| seeded.scenario.as_str());
        names.extend(seeded.filter(|name| *name != scenario && known.contains(name)));
        let files = project.files_with(&names, (purpose == Purpose::Remove).then_some(scenario))?;
        let blamed = |error| blamed(error, place.presence == super::Presence::There, call.migrate);
        let chain = project.chain(&files, Some(&schema)).map_err(blamed)?;
        let at = chain.layers.iter().position(|layer| layer.name == scenario).expect("a chain holds its target");
        let levels = match purpose {
            Purpose::Write | Purpose::Look => 0..at + 1,
            Purpose::Remove => at..chain.layers.len(),
        };
        let stored = |name: &str| state.find(name, call.worker);
        let lower = || chain.layers[..at].iter().rev().find_map(|layer| stored(&layer.name));
        let seed = call.seed.or_else(|| Some(stored(scenario).or_else(lower)?.seed)).unwrap_or(SEED);
        let as_of = call.as_of.unwrap_or_else(|| call.now - call.now.rem_euclid(DAY));
        let parameters = Parameters { seed, worker: call.worker, as_of };
        let stands = state.of_worker(call.worker).map(Seeded::blocks).max().unwrap_or(1);
        let stands = if stands == 1 { Scale::One } else { Scale::Blocks(stands) };
        let scale = call.scale.unwrap_or(&stands);
        let (generated, scaled) = self::generated(&chain, &files, Some(&schema), parameters, scale).map_err(blamed)?;
        let others_stand = stands != Scale::One && *scale != stands;
        let standing = others_stand.then(|| self::generated(&chain, &files, Some(&schema), parameters, &stands));
        // What cannot be made again was made from another scenario.
        let standing = standing.and_then(Result::ok).map(|(_, standing)| standing);
        let own_media = project.config.media.as_ref().map(|media| project.folder.join(media));
        Ok(Self {
            media: call.media.map(|media| project.here.join(media)).or(own_media),
            bookkeeping: project.config.bookkeeping.clone(),
            lock_timeout: project.config.lock_timeout,
            now: call.now,
            as_of: call.as_of,
            program: call.program.to_owned(),
            place,
            state,
            chain,
            generated,
            scaled,
            standing,
            scaling: true,
            rebuild: false,
            levels,
            seed,
            schema,
        })
    }

    fn make(&mut self, address: &Address<'_>) -> Result<()> {
        self.place = address.create()?;
        Ok(())
    }

    /// Returns what the dataset was generated for.
    pub(crate) fn ground(&self) -> Ground {
        let seeded = survey::seeded(&self.state, self.generated.dataset.worker);
        Ground { schema: Arc::clone(&self.schema), seeded }
    }

    /// Sets what time it is for the next verb.
    pub(crate) fn set_now(&mut self, now: i64) {
        self.now = now;
    }

    /// Runs a verb and measures it.
    pub fn run<T>(
        &mut self,
        notice: &mut dyn FnMut(Notice),
        verb: impl FnOnce(&mut Target<'_>, &Chain) -> Result<T>,
    ) -> Result<(T, Times)> {
        let started = Instant::now();
        let nanoseconds = || started.elapsed().as_nanos() as u64;
        let (first, last) = (AtomicU64::new(u64::MAX), AtomicU64::new(0));
        let render = |picture: &Picture| {
            first.fetch_min(nanoseconds(), Ordering::Relaxed);
            let bytes = picture::render(picture);
            last.fetch_max(nanoseconds(), Ordering::Relaxed);
            bytes
        };
        let mut times = Times::default();
        let mut heard = |told: Notice| match told {
            Notice::Hashed { count, took } => (times.hashed, times.hashing) = (count, took),
            told => notice(told),
        };
        let mut target = Target {
            database: &mut *self.place.database,
            dataset: &self.generated.dataset,
            levels: self.levels.clone(),
            scale: self.scaling.then_some(Scaling {
                scaled: &self.scaled,
                standing: self.standing.as_ref(),
                rebuild: self.rebuild,
            }),
            media: self.media.as_ref().map(|folder| Media { folder, render: &render }),
            now: self.now,
            as_of: self.as_of,
            lock_timeout: self.lock_timeout,
            bookkeeping: &self.bookkeeping,
            program: &self.program,
            notice: &mut heard,
        };
        let answer = verb(&mut target, &self.chain)?;
        times.total = started.elapsed();
        let drawing = last.into_inner().saturating_sub(first.into_inner());
        times.drawing = Duration::from_nanos(drawing);
        Ok((answer, times))
    }
}

/// Generates a chain; what stands against it becomes an error.
pub(super) fn generated(
    chain: &Chain,
    files: &Files,
    schema: Option<&Schema>,
    parameters: Parameters,
    scale: &Scale,
) -> Result<(Generated, Scaled)> {
    generate_scaled(chain, schema, parameters, scale).map_err(|problems: Vec<Diagnostic>| {
        Error::from_diagnostics(Exit::Usage, problems, files.sources.clone(), Closing::NothingOpened)
    })
}

/// Returns the error as it is with an open database: where only that is at fault, it says so, and
/// what mends it.
fn blamed(mut error: Error, live: bool, migrate: &str) -> Error {
    if live && let Some(diagnosed) = &mut error.diagnosed {
        diagnosed.closing = Closing::NothingWritten;
        if diagnosed.problems().all(|problem| OF_THE_DATABASE.contains(&problem.code)) {
            error.exit = Exit::CouldNotRun;
            return error.help(migrate);
        }
    }
    error
}
