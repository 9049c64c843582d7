//! Memory: what a process keeps of a database between two surveys, so that the second is done sooner.
//!
//! Nothing in it is believed. What was read is compared with what is read now, and what was worked out
//! holds while that from which it was worked out reads as it did. A memory belongs to one dataset, its
//! levels and one media folder.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use seedbed_core::password::Hashes;
use seedbed_core::plan::diff::Wanted;
use seedbed_core::plan::{LiveTable, digest};
use seedbed_core::schema::{Schema, Table};

use super::records::Recorded;
use super::{Basis, Known, Question, Rows, Survey, makers};
use crate::apply::Debris;
use crate::database::Database;
use crate::error::{Error, Exit, Result, While};
use crate::media;
use crate::run::Receipt;
use crate::sql::Dialect;
use crate::state::{self, Seeded, State, Versions};

/// What is kept between two surveys.
#[derive(Default)]
pub(crate) struct Memory {
    pub(super) state: state::Remembered,
    /// Stored forms of passwords, made or read.
    pub(super) passwords: Hashes,
    pub(super) basis: Option<Basis>,
    pub(super) rows: Rows,
    /// What the rows are equal to; none where that is not known.
    pub(super) settled: Option<Arc<Vec<Wanted>>>,
    pub(super) files: media::Remembered,
    pub(super) recorded: Option<Recorded>,
    digest: Option<String>,
    /// What the dataset was generated for; none where the memory does not outlive a run.
    ground: Option<Ground>,
    /// The last survey that found nothing to do, while nothing has been written since.
    sync: Option<InSync>,
}

/// What a dataset was generated for.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    pub(crate) schema: Arc<Schema>,
    /// What was seeded for the worker: scenarios, seeds and blocks.
    pub(crate) seeded: Vec<(String, u64, u64)>,
}

/// The rule of a survey whose dataset was generated for another catalogue or another state.
pub(crate) const ANOTHER_GROUND: &str = "generated-for-another";

/// What a run has written.
pub(crate) struct Written {
    /// The rows, as they were read back.
    pub(crate) rows: BTreeMap<String, LiveTable>,
    /// What was recorded.
    pub(crate) recorded: Recording,
    /// Which versions of the rows of ours stand since.
    pub(crate) versions: Versions,
}

/// What a run has recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Recording {
    /// When it was written, and by what; which versions of those rows stand since.
    Touched(Versions),
    /// More than that.
    Other,
}

/// A survey that found nothing to do.
struct InSync {
    version: String,
    variant: Option<String>,
    counters: Vec<(String, i64)>,
    receipt: Receipt,
}

impl Memory {
    /// Returns the stored forms of passwords that are known.
    pub(crate) fn passwords(&self) -> &Hashes {
        &self.passwords
    }

    /// Returns a memory that stays, for a dataset that was generated for this ground.
    pub(crate) fn on(ground: Ground) -> Self {
        Self { ground: Some(ground), ..Self::default() }
    }

    /// Returns all that is in it, and leaves but what its dataset was generated for.
    pub(crate) fn taken(&mut self) -> Self {
        let left = Self { ground: self.ground.clone(), ..Self::default() };
        std::mem::replace(self, left)
    }

    /// Whether rows of an earlier run are kept in it.
    pub(crate) fn is_warm(&self) -> bool {
        self.ground.is_some() && self.settled.is_some()
    }

    /// Whether it outlives a run.
    pub(super) fn stays(&self) -> bool {
        self.ground.is_some()
    }

    /// Fails where the dataset was generated for another catalogue or another state than there is.
    pub(super) fn stand_on(&self, worker: u8, state: &State, schema: &Arc<Schema>) -> Result<()> {
        let Some(ground) = &self.ground else { return Ok(()) };
        let same_schema = Arc::ptr_eq(&ground.schema, schema) || without_ours(&ground.schema) == without_ours(schema);
        if same_schema && seeded(state, worker) == ground.seeded {
            return Ok(());
        }
        Err(Error::new(Exit::CouldNotRun, ANOTHER_GROUND, "the tables or what is seeded have changed meanwhile"))
    }

    /// Begins to look at the files that are known, beside what else is done.
    pub(crate) fn look_ahead(&mut self, question: &Question<'_>) {
        if question.media.is_some() {
            self.files.look_ahead();
        }
    }

    /// Returns the answer of the last survey, where that found nothing to do and nothing has changed since.
    pub(crate) fn in_sync(&mut self, database: &mut dyn Database, question: &Question<'_>) -> Option<Receipt> {
        let last = self.sync.as_ref()?;
        let aged = !last.receipt.pinned && question.now >= last.receipt.good_until;
        if last.variant.as_deref() != question.variant || aged {
            return None;
        }
        // Where it cannot be told, a survey finds out why.
        let unmoved = database.version().ok()?.is_some_and(|version| version == last.version);
        let unchanged =
            unmoved && (question.media.is_none() || self.files.stand()) && database.counters().ok()? == last.counters;
        unchanged.then(|| last.receipt.clone())
    }

    /// Keeps the answer of a survey that found nothing to do.
    pub(crate) fn keep_sync(
        &mut self,
        database: &mut dyn Database,
        question: &Question<'_>,
        receipt: &Receipt,
    ) -> Result<()> {
        self.sync = None;
        if self.ground.is_none() {
            return Ok(());
        }
        let version = database.version().during(|| "asking what was committed last".into())?;
        let counters = database.counters().during(|| "reading the counters".into())?;
        let (variant, receipt) = (question.variant.map(str::to_owned), receipt.clone());
        self.sync = version.map(|version| InSync { version, variant, counters, receipt });
        Ok(())
    }

    /// Keeps the rows of a survey that nothing was written after. `settled` says that they are as wanted.
    pub(crate) fn keep(&mut self, survey: &mut Survey, settled: bool) {
        self.rows = std::mem::take(&mut survey.rows);
        self.settled = settled.then(|| Arc::clone(&survey.wanted));
    }

    /// Returns which versions of the rows of ours the survey has seen, where it has looked.
    pub(crate) fn versions(&self) -> Option<&Versions> {
        self.state.versions()
    }

    /// Returns what is to be asked after the rows are written: who has made them by then. Where triggers may yet
    /// write more, they are read again instead, the next time.
    pub(crate) fn ask_makers(&self, dialect: Dialect, survey: &mut Survey) -> Option<makers::Question> {
        let tables = survey.plan.tables.iter().map(|part| &part.table).chain(survey.debris.keys());
        let written: BTreeSet<&str> = tables.map(String::as_str).collect();
        let untriggered =
            |table: &&str| survey.schema.tables.get(*table).is_some_and(|table| table.triggers.is_empty());
        match &self.basis {
            Some(basis) if written.iter().all(untriggered) => survey.rows.ask_makers(dialect, basis, &written),
            _ => {
                survey.rows.forget_makers();
                None
            }
        }
    }

    /// Keeps the rows of a survey and what was written after it, which is committed.
    pub(crate) fn keep_written(&mut self, survey: &mut Survey, debris: Debris, written: Written) {
        match written.recorded {
            Recording::Touched(_) => self.state.touched(&survey.records, written.versions),
            Recording::Other => self.state.forget_versions(),
        }
        let plan = &survey.plan;
        let deleted =
            plan.tables.iter().flat_map(|part| part.deletes.iter().map(|row| (part.table.as_str(), &row.key)));
        let left = plan.debris.iter().filter(|_| debris == Debris::Goes).map(|row| (row.table.as_str(), &row.key));
        survey.rows.take_over(written.rows, deleted.chain(left));
        self.keep(survey, true);
        self.sync = None;
        if let Some(ground) = &mut self.ground {
            ground.seeded.retain(|(name, ..)| !survey.records.iter().any(|record| record.scenario == *name));
            ground.seeded.extend(survey.records.iter().map(ground_of));
            ground.seeded.sort();
        }
    }

    /// Returns the digest of the levels' rows and files.
    pub(crate) fn digest(&mut self, question: &Question<'_>) -> String {
        let levels = |scenario| question.levels.contains(&scenario);
        self.digest.get_or_insert_with(|| digest(question.dataset, levels)).clone()
    }

    /// Drops what was worked out from another catalogue or another state.
    pub(super) fn hold_to(&mut self, known: &Known, schema: &Arc<Schema>) {
        if self.basis.as_ref().is_some_and(|basis| basis.holds(known, schema)) {
            return;
        }
        let agrees = self.basis.as_ref().is_some_and(|basis| basis.reads_passwords_of(known));
        if !agrees && self.basis.is_some() {
            self.passwords.clear();
        }
        (self.basis, self.settled, self.recorded) = (None, None, None);
        self.rows = Rows::default();
    }
}

/// Returns what is seeded for a worker: scenarios, seeds and blocks.
pub(crate) fn seeded(state: &State, worker: u8) -> Vec<(String, u64, u64)> {
    let mut seeded: Vec<_> = state.of_worker(worker).map(ground_of).collect();
    seeded.sort();
    seeded
}

fn ground_of(seeded: &Seeded) -> (String, u64, u64) {
    (seeded.scenario.clone(), seeded.seed, seeded.blocks())
}

fn without_ours(schema: &Schema) -> Vec<&Table> {
    schema.tables.values().filter(|table| !table.name.starts_with("seedbed_")).collect()
}
