//! Run: the steps that all writing verbs share.
//!
//! Read without a write lock; where there is nothing to do, say so. Otherwise begin to write, read
//! again unless nobody can have written since, refuse what must be refused, write rows, then files, then state, and commit. Files that
//! are no longer ours to keep go after the commit; what a crash leaves of them is kept in the
//! marker, and the next run removes it.
//!
//! A run inside a transaction of somebody else may still be undone, so it does nothing that would
//! stay behind: it makes no tables, and leaves those files to the next run that is on its own.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use seedbed_core::plan::{FurtherPlan, How, Plan, TablePlan};
use seedbed_core::schema::Schema;

use crate::apply::{self, Debris};
use crate::dangling::Unchecked;
use crate::database::{Access, Database, Failure, FailureKind, Lasting, Scope, Transaction, Writing};
use crate::error::{self, Error, Exit, Result, While};
use crate::further::{self, Further, Looking};
use crate::guard::{self, Standing};
use crate::media;
use crate::session::{Notice, Target};
use crate::settle::{self, Committed, Trace, settle};
use crate::sql::{Dialect, Hold, Statement};
use crate::state::{self, Marker, Versions};
use crate::survey::{Aim, Memory, Question, Recording, Survey, Written, records};
use crate::typed;

/// So often a run is begun again when others came in its way.
const RERUNS: usize = 3;

/// What a verb did.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub struct Receipt {
    /// What was planned, and for a writing verb what was done.
    pub plan: Plan,
    /// Whether anything was written. When not, the plan is empty or the verb only plans.
    pub written: bool,
    /// Whether what was written lasts. It does not yet when it is part of a transaction that
    /// somebody else opened, who may undo it.
    pub committed: bool,
    /// As-of of the dataset, in unix seconds.
    pub as_of: i64,
    /// As-of is pinned.
    pub pinned: bool,
    /// From this moment on, in unix seconds, the declared answers may change.
    pub good_until: i64,
    /// Digest of the levels' rows and files.
    pub digest: String,
    /// Whether tests may write into this database.
    pub may_write: bool,
}

/// What a verb does with a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Intent<'a> {
    pub(crate) aim: Aim,
    pub(crate) debris: Debris,
    pub(crate) variant: Option<&'a str>,
}

/// Reads and plans; writes nothing.
pub(crate) fn look(target: &mut Target<'_>, intent: Intent<'_>) -> Result<Receipt> {
    look_closer(target, intent, |_, _| Ok(())).map(|(receipt, ())| receipt)
}

/// Reads and plans, and asks more of the same state of the database; writes nothing.
pub(crate) fn look_closer<T>(
    target: &mut Target<'_>,
    intent: Intent<'_>,
    ask: impl FnOnce(&mut dyn Database, &Survey) -> Result<T>,
) -> Result<(Receipt, T)> {
    let question = question(target, intent);
    let mut transaction = begin(&mut *target.database, Access::Read, target.lock_timeout, target.notice)?;
    let mut memory = Memory::default();
    let mut survey = Survey::read(&mut *transaction, &question, &mut memory, target.notice)?;
    let (closely, hashes) = (Looking::Closely, memory.passwords());
    further::look(&mut *transaction, &question, &mut survey, hashes, closely, target.notice)?;
    let answer = ask(&mut *transaction, &survey)?;
    drop(transaction);
    Ok((receipt(&question, survey, false, &mut memory), answer))
}

/// Reads, plans, and makes it so; from the start again where others came in the way.
pub(crate) fn run(target: &mut Target<'_>, intent: Intent<'_>) -> Result<Receipt> {
    run_until_done(target, intent, &mut Memory::default())
}

/// Does the same with a memory that holds nothing yet.
pub(crate) fn run_until_done(target: &mut Target<'_>, intent: Intent<'_>, memory: &mut Memory) -> Result<Receipt> {
    let mut left = RERUNS;
    loop {
        let answer = run_once(target, intent, memory);
        match answer {
            Err(error) if error.rule == error::CONFLICT && left > 0 && target.database.owns_transactions() => left -= 1,
            answer => return answer,
        }
    }
}

/// Does it once. What `memory` holds afterwards stands in the database; after an error it holds nothing.
pub(crate) fn run_once(target: &mut Target<'_>, intent: Intent<'_>, memory: &mut Memory) -> Result<Receipt> {
    let mut kept = memory.taken();
    let receipt = look_and_write(target, intent, &mut kept)?;
    *memory = kept;
    Ok(receipt)
}

fn look_and_write(target: &mut Target<'_>, intent: Intent<'_>, memory: &mut Memory) -> Result<Receipt> {
    let mut question = question(target, intent);
    let lasting = match (intent.aim, intent.debris) {
        // What a crash takes back of a reset, the next one does again.
        (Aim::Declared, Debris::Goes) => Lasting::Soon,
        _ => Lasting::AtOnce,
    };
    let writing = writing(target, intent.aim, lasting);
    if let Some(receipt) = memory.in_sync(&mut *target.database, &question) {
        return Ok(receipt);
    }
    memory.look_ahead(&question);
    // Where writers do not keep each other out, a run that is likely to write begins as one.
    let writes = memory.is_warm() && target.database.dialect() == Dialect::Postgres;
    let access = if writes { Access::Write(writing) } else { Access::Read };
    let mut transaction = begin(&mut *target.database, access, target.lock_timeout, target.notice)?;
    let mut survey = Survey::read(&mut *transaction, &question, memory, target.notice)?;
    // What is to be written anyway is compared once, in the transaction that writes.
    let again = !writes && has_work(&survey, &question, intent);
    let (looking, hashes) = (if again { Looking::Briefly } else { Looking::Closely }, memory.passwords());
    let mut further = further::look(&mut *transaction, &question, &mut survey, hashes, looking, target.notice)?;
    // What hangs on further rows that go is looked at when they do.
    if survey.plan.further.iter().all(|further| further.deletes == 0) {
        refuse(&survey, &question, intent, &transaction.describe(), target.program)?;
    }
    if !has_work(&survey, &question, intent) {
        return nothing_to_do(&mut *transaction, &question, survey, memory);
    }
    if let Some(clock) = survey.plan.clock {
        (target.notice)(Notice::Moving { from: clock.from, to: clock.to, times: clock.times });
    }
    let begun = if writes {
        state::has_tables(&survey.schema)
    } else {
        let compared = looking == Looking::Closely || !further.as_ref().is_some_and(Further::is_compared);
        let settled = compared && survey.plan.further.iter().all(FurtherPlan::is_empty);
        survey.owned && settled && transaction.promote(writing).during(|| "opening a transaction".into())?
    };
    if !begun {
        drop(transaction);
        prepare(target, &survey.schema)?;
        // A transaction of somebody else may see what others commit meanwhile.
        if rows_go(&survey, intent) || !survey.owned {
            question.hold = Hold::ForUpdate;
        }
        memory.keep(&mut survey, false);
        transaction = begin(&mut *target.database, Access::Write(writing), target.lock_timeout, target.notice)?;
        let leaving = further::leave(&mut survey.plan.further);
        let mut gone = BTreeSet::new();
        if !leaving.is_empty() {
            let (debris, program) = (intent.debris, target.program);
            gone = further::remove(&mut *transaction, &question, &survey, debris, program, target.notice)?;
        }
        let mut debris_gone = std::mem::take(&mut survey.plan.debris);
        debris_gone.retain(|left| gone.contains(&(left.table.clone(), left.key.clone())));
        survey = Survey::read(&mut *transaction, &question, memory, target.notice)?;
        let (closely, hashes) = (Looking::Closely, memory.passwords());
        further = further::look(&mut *transaction, &question, &mut survey, hashes, closely, target.notice)?;
        further::left(&mut survey.plan.further, leaving);
        survey.plan.debris.extend(debris_gone);
        refuse(&survey, &question, intent, &transaction.describe(), target.program)?;
        if !has_work(&survey, &question, intent) {
            return nothing_to_do(&mut *transaction, &question, survey, memory);
        }
    }
    let allow = allow_line(&transaction.describe(), target.program);
    state::create_tables(&mut *transaction, &survey.schema, &allow)?;
    let before = match memory.versions() {
        Some(versions) => versions.clone(),
        None => recorded(&mut *transaction, &survey.schema)?,
    };
    let references = Unchecked::before(&mut *transaction, &survey, intent.debris)?;
    let makers = memory.ask_makers(transaction.dialect(), &mut survey);
    // Further rows are written when the others are read back.
    let also = makers.as_ref().filter(|_| further.is_none()).map(|makers| &makers.statement);
    let back = apply::apply(&mut *transaction, &survey, intent.debris, also)
        .and_then(|back| match &further {
            Some(further) => further.write(&mut *transaction, &survey, target.notice).map(|()| back),
            None => Ok(back),
        })
        .and_then(|back| references.check(&mut *transaction).map(|()| back))
        .and_then(|back| {
            let Some(makers) = &makers else { return Ok(back.rows) };
            let Statement { sql, values } = &makers.statement;
            let made = back.also.map_or_else(|| transaction.read(sql, values), Ok);
            survey.rows.made_by(makers, made.during(|| "asking who has made our rows".into())?);
            Ok(back.rows)
        });
    let rows = back.map_err(|error| told(error, &survey.plan))?;
    let mut files = Vec::new();
    let recorded = write_files(&question, &mut survey, &mut files)
        .and_then(|()| record(&mut *transaction, &mut survey, &question))
        .and_then(|recording| apply::move_counters(&mut *transaction, &survey.plan).map(|()| recording))
        .and_then(|recording| {
            let versions = match &recording {
                Recording::Touched(touched) => before.clone().into_iter().chain(touched.clone()).collect(),
                Recording::Other => versions(&mut *transaction)?,
            };
            Ok((recording, versions))
        });
    let committed = match recorded {
        Ok((recorded, versions)) => {
            let trace = Trace::between(before, versions.clone());
            let answer = commit(transaction, target.lock_timeout);
            let committed = settle(&mut *target.database, answer, &trace, target.lock_timeout);
            committed.map(|committed| (committed, Written { rows, recorded, versions }))
        }
        Err(error) => {
            drop(transaction);
            Err(error)
        }
    };
    let (committed, written) = committed.map_err(|error| {
        if error.nothing_written {
            media::take_back(&files);
        }
        told(error, &survey.plan)
    })?;
    match committed {
        Committed::Wholly if survey.owned => clear_stale_files(target, &question, &survey)?,
        Committed::Wholly => {}
        // The same run again does what is left, over a connection that works.
        Committed::Barely => {
            let reopened = settle::reopen(&mut *target.database, target.lock_timeout);
            let finished = reopened.during(|| "opening the database again".into());
            finished.and_then(|()| run_once(target, intent, &mut Memory::default())).map_err(settle::unfinished)?;
        }
    }
    memory.keep_written(&mut survey, intent.debris, written);
    Ok(receipt(&question, survey, true, memory))
}

fn nothing_to_do(
    database: &mut dyn Database,
    question: &Question<'_>,
    mut survey: Survey,
    memory: &mut Memory,
) -> Result<Receipt> {
    memory.keep(&mut survey, true);
    let receipt = receipt(question, survey, false, memory);
    memory.keep_sync(database, question, &receipt)?;
    Ok(receipt)
}

/// Returns which versions of our own rows stand.
pub(crate) fn recorded(database: &mut dyn Database, schema: &Schema) -> Result<Versions> {
    if !state::has_tables(schema) {
        return Ok(Versions::new());
    }
    versions(database)
}

/// Returns which versions of our own rows stand, in tables that are there.
pub(crate) fn versions(database: &mut dyn Database) -> Result<Versions> {
    state::versions(database).during(|| "looking at what was recorded".into())
}

fn question<'q, 't: 'q>(target: &Target<'t>, intent: Intent<'q>) -> Question<'q> {
    Question {
        dataset: target.dataset,
        levels: target.levels.clone(),
        aim: intent.aim,
        variant: intent.variant,
        now: target.now,
        as_of: target.as_of,
        scale: target.scale,
        media: target.media,
        bookkeeping: target.bookkeeping,
        hold: Hold::No,
    }
}

fn writing(target: &Target<'_>, aim: Aim, lasting: Lasting) -> Writing {
    let scope = match aim {
        Aim::Declared => Scope::Worker(target.dataset.worker),
        // The last worker to go puts the counters back, so one goes after the other.
        Aim::Gone => Scope::Database,
    };
    Writing { scope, patience: target.lock_timeout, lasting }
}

/// Makes the tables of Seedbed in a step of their own, where that is not part of a run: two runs that
/// make them at once would be in each other's way, and undoing one must not undo the other's.
fn prepare(target: &mut Target<'_>, schema: &Schema) -> Result<()> {
    let database = &mut *target.database;
    if database.dialect() == Dialect::Sqlite || state::has_tables(schema) || !database.owns_transactions() {
        return Ok(());
    }
    let (patience, lasting) = (target.lock_timeout, Lasting::AtOnce);
    let writing = Access::Write(Writing { scope: Scope::Database, patience, lasting });
    let mut transaction = begin(database, writing, target.lock_timeout, target.notice)?;
    state::create_tables(&mut *transaction, schema, "allow it again")?;
    commit(transaction, target.lock_timeout)
        .map_err(|failure| match failure.kind {
            // Without a row they are nothing, so nothing was written either way.
            FailureKind::Unclear | FailureKind::Unfinished => Failure { kind: FailureKind::Connection, ..failure },
            _ => failure,
        })
        .during(|| "making the tables of Seedbed".into())
}

/// Whether the plan removes rows, so that nobody may refer to them any more.
fn rows_go(survey: &Survey, intent: Intent<'_>) -> bool {
    let debris = intent.debris == Debris::Goes && !survey.plan.debris.is_empty();
    let replaced = |part: &TablePlan| part.updates.iter().any(|update| matches!(update.how, How::Replace(_)));
    debris || survey.plan.tables.iter().any(|part| !part.deletes.is_empty() || replaced(part))
}

fn receipt(question: &Question<'_>, survey: Survey, written: bool, memory: &mut Memory) -> Receipt {
    Receipt {
        written,
        committed: !written || survey.owned,
        as_of: survey.clock.as_of,
        pinned: survey.clock.pinned,
        good_until: survey.clock.as_of.saturating_add(question.dataset.holds_for),
        digest: memory.digest(question),
        may_write: survey.standing.allows(),
        plan: survey.plan,
    }
}

fn has_work(survey: &Survey, question: &Question<'_>, intent: Intent<'_>) -> bool {
    let removable = survey.owned && question.media.is_some();
    let stale = removable && survey.marker.as_ref().is_some_and(|marker| !marker.stale_files.is_empty());
    let debris = intent.debris == Debris::Goes && !survey.plan.debris.is_empty();
    survey.plan.has_own_work() || survey.records_changed || debris || stale
}

/// Opens a transaction; waits while somebody else writes, and says so once.
pub(crate) fn begin<'d>(
    database: &'d mut dyn Database,
    access: Access,
    timeout: Duration,
    notice: &mut dyn FnMut(Notice),
) -> Result<Transaction<'d>> {
    let started = Instant::now();
    let mut told = false;
    loop {
        match database.begin(access) {
            Ok(()) => return Ok(Transaction::opened(database)),
            Err(failure) if failure.kind == FailureKind::Busy => {
                if started.elapsed() >= timeout {
                    let message = format!(
                        "another program has been writing to {} for {} s",
                        database.describe(),
                        timeout.as_secs()
                    );
                    return Err(Error::new(Exit::Busy, "busy", message).help("run it again when that program is done"));
                }
                if !told {
                    told = true;
                    notice(Notice::Waiting { database: database.describe(), gives_up_after: timeout });
                }
                thread::sleep(Duration::from_millis(5));
            }
            Err(failure) => return Err(Error::from_failure("opening a transaction", &failure)),
        }
    }
}

/// Makes a transaction last; waits while somebody else is in the way.
pub(crate) fn commit(transaction: Transaction<'_>, timeout: Duration) -> std::result::Result<(), Failure> {
    let started = Instant::now();
    let again = || {
        thread::sleep(Duration::from_millis(5));
        started.elapsed() < timeout
    };
    transaction.commit(again)
}

/// Returns what a person types to say that tests may write here.
fn allow_line(database: &str, program: &str) -> String {
    let named = database.strip_prefix("sqlite:").unwrap_or(database);
    format!("{} allow {}", typed::name(program), typed::quoted(named))
}

/// Refuses where tests may not write and where rows of other people are in the way.
fn refuse(survey: &Survey, question: &Question<'_>, intent: Intent<'_>, database: &str, program: &str) -> Result<()> {
    if has_work(survey, question, intent)
        && let Some(refusal) = guard::refusal(&survey.standing, database, &allow_line(database, program))
    {
        return Err(refusal);
    }
    let plan = &survey.plan;
    if let Some(error) = blocked_by_people(survey, question, program) {
        return Err(error);
    }
    let chain = question.dataset.scenarios[question.levels.clone()].last().map_or("", |scenario| &scenario.name);
    let blocking: Vec<_> = match intent.debris {
        Debris::Stays => plan.debris.iter().filter(|left| left.blocks).collect(),
        Debris::Goes => Vec::new(),
    };
    let obstacles: Vec<_> =
        plan.obstacles.iter().filter(|row| !(row.debris && intent.debris == Debris::Goes)).collect();
    let files = &plan.files.obstacles;
    if obstacles.is_empty() && files.is_empty() && blocking.is_empty() {
        return Ok(());
    }
    let mut error = if obstacles.iter().any(|row| !row.debris) {
        let message =
            format!("{} in the way", counted(obstacles.len(), "row of other people is", "rows of other people are"));
        Error::new(Exit::NotOurs, "rows-not-ours", message).help("remove these in the application, then run it again")
    } else if files.is_empty() {
        let left = counted(
            obstacles.len() + blocking.len(),
            "row that tests left behind is",
            "rows that tests left behind are",
        );
        Error::new(Exit::NotOurs, "debris-in-the-way", format!("{left} in the way"))
            .help(typed::line(program, &format!("reset {chain}")))
    } else {
        let message = counted(files.len(), "file of other people is", "files of other people are");
        Error::new(Exit::NotOurs, "files-not-ours", format!("{message} where files of ours belong"))
            .help("move them away, then run it again")
    };
    for row in obstacles {
        error = error.detail(format!(
            "{} {}   {}   holds {} of {}",
            row.table,
            survey.shapes.key_text(&row.table, &row.key),
            row.label,
            row.index,
            row.wanted_by
        ));
    }
    for left in blocking {
        let key = survey.shapes.key_text(&left.table, &left.key);
        error = error.detail(format!("{} {key}   {}   hangs on a row that goes", left.table, left.label));
    }
    for path in files {
        error = error.detail(format!("media {path}"));
    }
    Err(error)
}

/// Returns the refusal where rows of other people hang on rows that would go.
fn blocked_by_people(survey: &Survey, question: &Question<'_>, program: &str) -> Option<Error> {
    let blocking: Vec<_> = survey.plan.entangled.iter().filter(|row| row.blocks).collect();
    if blocking.is_empty() {
        return None;
    }
    let rows = counted(blocking.len(), "row of other people hangs", "rows of other people hang");
    let mut error = Error::new(Exit::NotOurs, "rows-not-ours", format!("{rows} on rows that would go"));
    for row in &blocking {
        let joins = row.label.contains(" -> ");
        let label = if joins { row.label.clone() } else { format!("{} -> {}", row.label, row.on) };
        let key = survey.shapes.key_text(&row.table, &row.key);
        error = error.detail(format!("{} {key}   {label}", row.table));
    }
    error = error.help("remove these in the application, then run it again");
    // A layer whose tables none of them refers to can go on its own.
    let scenarios = question.dataset.scenarios.iter().enumerate().skip(question.levels.start + 1);
    let free = scenarios.filter(|_| question.aim == Aim::Gone).find(|(index, _)| {
        let tables =
            || question.dataset.blocks.iter().filter(|block| block.scenario >= *index).map(|block| &block.table);
        !blocking.iter().flat_map(|row| &row.hangs_on).any(|(table, _)| tables().any(|above| above == table))
    });
    Some(match free {
        Some((_, scenario)) => {
            let cleanup = typed::line(program, &format!("cleanup {}", scenario.name));
            error.help(format!("`{cleanup}` is not blocked"))
        }
        None => error,
    })
}

fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

fn told(mut error: Error, plan: &Plan) -> Error {
    error.details.push(format!("the plan was: {}", apply::summary(plan)));
    error
}

fn write_files(question: &Question<'_>, survey: &mut Survey, written: &mut Vec<media::Written>) -> Result<()> {
    let Some(media) = question.media else { return Ok(()) };
    media::sweep(media.folder, survey.files.iter().map(|&index| question.dataset.files[index].path.as_str()))?;
    for &index in &survey.files {
        let file = &question.dataset.files[index];
        let (place, mark) = media::write(media.folder, file, media.render)?;
        written.push(place);
        let scenario = &question.dataset.scenarios[file.scenario].name;
        let record = survey.records.iter_mut().find(|record| record.scenario == *scenario);
        record.expect("every level has a record").file(file.path.clone(), mark);
    }
    Ok(())
}

/// Writes the state and the marker.
fn record(database: &mut dyn Database, survey: &mut Survey, question: &Question<'_>) -> Result<Recording> {
    let stored = &survey.stored[question.levels.clone()];
    let mut as_stored = Vec::new();
    for (record, stored) in survey.records.iter().zip(stored) {
        if records::differs(record, stored.as_deref()) {
            state::put(database, record).during(|| format!("recording `{}`", record.scenario))?;
        } else {
            as_stored.push(record);
        }
    }
    let touched = state::touch(database, &as_stored).during(|| "recording when it was written".into())?;
    for scenario in &survey.forget {
        state::remove(database, scenario, question.dataset.worker).during(|| format!("forgetting `{scenario}`"))?;
    }
    let mut marker = survey.marker.clone().map_or_else(|| new_marker(database, survey, question), Ok)?;
    let before = marker.clone();
    marker.counters.clone_from(&survey.counters_before);
    if question.media.is_some() {
        marker.stale_files.extend(survey.plan.files.remove.iter().cloned());
        marker.stale_files.retain(|path| !survey.records.iter().any(|record| record.files.contains_key(path)));
    }
    let marks = survey.marker.is_none() || marker != before;
    if marks {
        state::put_marker(database, &marker).during(|| "recording that tests may write here".into())?;
    }
    let nothing_else = as_stored.len() == survey.records.len() && survey.forget.is_empty() && !marks;
    survey.marker = Some(marker);
    Ok(if nothing_else { Recording::Touched(touched) } else { Recording::Other })
}

fn new_marker(database: &mut dyn Database, survey: &Survey, question: &Question<'_>) -> Result<Marker> {
    let identity = database.identity().during(|| "reading which database this is".into())?;
    let how = if survey.standing == Standing::ForTests { "for tests" } else { "empty" };
    Ok(marker(identity, how, question.now))
}

/// Returns a marker of this database.
pub(crate) fn marker(identity: Option<String>, how: &str, now: i64) -> Marker {
    Marker {
        identity,
        how: how.to_owned(),
        marked_at: now,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        counters: BTreeMap::new(),
        stale_files: Vec::new(),
    }
}

/// Removes files that are no longer ours to keep, then forgets them.
fn clear_stale_files(target: &mut Target<'_>, question: &Question<'_>, survey: &Survey) -> Result<()> {
    let (Some(media), Some(marker)) = (question.media, &survey.marker) else { return Ok(()) };
    if marker.stale_files.is_empty() {
        return Ok(());
    }
    media::remove(media.folder, &marker.stale_files).map_err(settle::unfinished)?;
    let cleared = Marker { stale_files: Vec::new(), ..marker.clone() };
    let writing = writing(target, question.aim, Lasting::AtOnce);
    let mut transaction = begin(&mut *target.database, Access::Write(writing), target.lock_timeout, target.notice)
        .map_err(settle::unfinished)?;
    let put = state::put_marker(&mut *transaction, &cleared).and_then(|()| commit(transaction, target.lock_timeout));
    put.during(|| "recording the removed files".into()).map_err(settle::unfinished)
}
