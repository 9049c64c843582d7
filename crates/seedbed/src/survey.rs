//! Survey: everything a verb must know before it writes, read inside one transaction.
//!
//! It reads state, catalogue, our rows, what hangs on them and our files, and makes the plan. It
//! writes nothing. What it may keep for the next one is in its [`Memory`].

mod around;
mod basis;
mod clock;
mod counts;
mod known;
mod makers;
mod memory;
pub(crate) mod records;
mod rows;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use seedbed_core::dataset::Dataset;
use seedbed_core::plan::desired::{self, DesiredBlock, DesiredRow, Encoding};
use seedbed_core::plan::diff::{Keys, Wanted};
use seedbed_core::plan::{Cell, Comparison, Key, Plan, TriggerNote, diff};
use seedbed_core::schema::Schema;
use seedbed_core::value::Value;

use crate::database::Database;
use crate::debris::{self, Around, Found, Link, References};
use crate::error::{Result, While};
use crate::guard::{self, Standing};
use crate::label::Labels;
use crate::live::Shapes;
use crate::media;
use crate::session::{Media, Notice, Scaling};
use crate::sql::Hold;
use crate::state::{Marker, Seeded};

use basis::Basis;
pub(crate) use clock::Clock;
use counts::Others;
pub(crate) use known::Known;
pub(crate) use memory::{ANOTHER_GROUND, Ground, Memory, Recording, Written, seeded};
pub(crate) use rows::Rows;

/// What the levels are to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    /// As declared.
    Declared,
    /// Gone.
    Gone,
}

/// What a survey is asked for.
pub(crate) struct Question<'a> {
    pub(crate) dataset: &'a Dataset,
    pub(crate) levels: Range<usize>,
    pub(crate) aim: Aim,
    /// The named variant to establish.
    pub(crate) variant: Option<&'a str>,
    pub(crate) now: i64,
    pub(crate) as_of: Option<i64>,
    /// The further blocks that are asked for.
    pub(crate) scale: Option<Scaling<'a>>,
    pub(crate) media: Option<Media<'a>>,
    pub(crate) bookkeeping: &'a [String],
    /// Whether our rows are locked, since some of them may go.
    pub(crate) hold: Hold,
}

/// What was read, and the plan.
pub(crate) struct Survey {
    /// The transaction is ours: what it commits lasts.
    pub(crate) owned: bool,
    pub(crate) schema: Arc<Schema>,
    pub(crate) shapes: Arc<Shapes>,
    pub(crate) links: Arc<Vec<Link>>,
    pub(crate) standing: Standing,
    pub(crate) marker: Option<Marker>,
    /// The rows on our keys.
    pub(crate) rows: Rows,
    /// The rows that should be there.
    pub(crate) wanted: Arc<Vec<Wanted>>,
    /// The columns that every population of a table declares.
    pub(crate) declared: Arc<BTreeMap<String, BTreeSet<String>>>,
    /// The debris that the plan removes, with its cells.
    pub(crate) debris: debris::RowsByTable,
    pub(crate) tags: Arc<BTreeMap<String, (String, Cell)>>,
    pub(crate) plan: Plan,
    pub(crate) clock: Clock,
    /// Indexes of files to write.
    pub(crate) files: Vec<usize>,
    /// States to write and (scenario) names whose state goes.
    pub(crate) records: Vec<Seeded>,
    pub(crate) forget: Vec<String>,
    /// The states differ from what is stored, though perhaps no row does.
    pub(crate) records_changed: bool,
    /// What is stored, by scenario of the dataset.
    pub(crate) stored: Vec<Option<Arc<Seeded>>>,
    /// Where counters stood before our first row, as the marker is to hold it.
    pub(crate) counters_before: BTreeMap<String, Option<i64>>,
}

impl Survey {
    /// Reads everything and plans; `memory` saves it from working out once more what still holds.
    pub(crate) fn read(
        database: &mut dyn Database,
        question: &Question<'_>,
        memory: &mut Memory,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<Self> {
        let dataset = question.dataset;
        let schema = database.schema().during(|| "reading the catalogue".into())?;
        let stays = memory.stays() && database.owns_transactions();
        let state = memory.state.read(database, &schema, stays).during(|| "reading what was seeded".into())?;
        memory.stand_on(dataset.worker, &state, &schema)?;
        let known = Known::new(question, &state)?;
        memory.hold_to(&known, &schema);
        let Memory { basis, passwords, rows, settled, files, recorded, .. } = memory;
        let basis = match basis {
            Some(basis) => basis,
            none => none.insert(Basis::of(question, &known, &schema, &database.describe())?),
        };
        let standing = guard::standing(database, &schema, state.marker.as_ref(), &basis.written, question.bookkeeping)
            .during(|| "looking whether tests may write here".into())?;

        let (mut rows, settled) = (std::mem::take(rows), settled.take());
        let changed =
            known.hashing(question, passwords, notice, || rows.read(database, basis, question.hold, stays))?;
        let clock = Clock::of(question, &known);
        let wanted = basis.wanted(question, clock.as_of, passwords)?;
        let (shapes, links) = (Arc::clone(&basis.shapes), Arc::clone(&basis.links));

        let others = Others::count(database, basis, &schema, &rows.ours).during(|| "counting rows".into())?;
        let around = Around {
            ours_alone: &others.ours_alone,
            schema: &schema,
            shapes: &shapes,
            links: &links,
            live: &rows.live,
            ours: &rows.ours,
            spans: &basis.spans,
            protected: &basis.protected,
            hold: question.hold,
            recorded: &basis.recorded,
            further: &basis.further,
            own_runs: &basis.own_runs,
            looks_further: question.scale.is_some(),
            worker: dataset.worker,
            claims: dataset
                .claims
                .iter()
                .enumerate()
                .filter(|(_, claim)| known.in_force.contains(&claim.scenario) || known.is_seeded(claim.scenario))
                .collect(),
        };
        let mut found = around.find(database).during(|| "looking for what tests left behind".into())?;

        let doubt = settled.filter(|settled| Arc::ptr_eq(settled, &wanted)).map(|_| Doubt::about(&changed, &wanted));
        let mut plan = {
            let referenced = OnceCell::new();
            let find_referenced = || referenced_rows(&links, &shapes, &rows, &found);
            let earlier = |block: &DesiredBlock, row: &DesiredRow, position: usize| {
                earlier(dataset, &schema, &known.in_force, clock.stored?, block, row, position)
            };
            let debris_keys = keys_of(&found.debris);
            diff(&Comparison {
                dataset,
                schema: &schema,
                wanted: doubt.as_ref().map_or(&**wanted, |doubt| &doubt.wanted),
                live: &rows.live,
                ours: &rows.ours,
                removable: doubt.as_ref().map_or(&basis.removable, |_| &changed),
                debris: &debris_keys,
                clock: clock.moved(),
                earlier: &earlier,
                referenced: &|table, key| {
                    referenced.get_or_init(find_referenced).contains(&(table.to_owned(), key.clone()))
                },
            })
        };
        plan.rows_as_declared += doubt.map_or(0, |doubt| doubt.beyond);
        around::keep_what_is_needed(&links, &shapes, &rows.live, &rows.ours, &plan, &mut found);
        around::limit_to_levels(question, &links, &shapes, &rows, &basis.removable, &basis.own_runs, &mut found);
        let mut labels = Labels::new(dataset, &schema, &shapes, &links);
        let scene = around::Scene {
            question,
            schema: &schema,
            shapes: &shapes,
            links: &links,
            live: &rows.live,
            ours: &rows.ours,
            own_runs: &basis.own_runs,
            found: &found,
        };
        scene.report(database, &mut labels, &mut plan);
        let of_other_workers: usize = basis.protected.values().map(BTreeSet::len).sum();
        plan.rows_of_others = others.rows.saturating_sub(of_other_workers as u64);
        if others.rows > 0 {
            scene
                .unique_values_taken(database, &mut labels, &mut plan)
                .during(|| "looking for unique values that are taken".into())?;
        }
        for table in plan.tables.iter().filter_map(|table| schema.tables.get(&table.table)) {
            let notes = table.triggers.iter();
            plan.triggers
                .extend(notes.map(|trigger| TriggerNote { table: table.name.clone(), trigger: trigger.clone() }));
        }
        let counters_before = counts::counter_moves(database, question, &known, basis, &mut plan)
            .during(|| "reading the counters".into())?;
        let media = compare_files(question, basis, files, &mut plan)?;
        let kept = (&wanted, &media.kept);
        let records = records::to_write(question, &known, &schema, &clock, passwords, kept, recorded);
        let forget = match question.aim {
            Aim::Declared => Vec::new(),
            Aim::Gone => known.seeded_in(&question.levels).map(|seeded| seeded.scenario.clone()).collect(),
        };
        let stored = known.seeded;
        let changed = records.iter().zip(&stored[question.levels.clone()]);
        let mut changed = changed.filter(|(record, stored)| records::differs(record, stored.as_deref()));
        let records_changed = !forget.is_empty() || changed.next().is_some();
        Ok(Self {
            owned: database.owns_transactions(),
            debris: found.debris,
            marker: state.marker,
            shapes,
            links,
            standing,
            rows,
            wanted,
            declared: Arc::clone(&basis.declared),
            tags: Arc::clone(&basis.tags),
            plan,
            clock,
            files: media.write,
            records,
            forget,
            records_changed,
            stored,
            counters_before,
            schema,
        })
    }
}

/// What is to be compared where all rows were as wanted before: those that changed since.
struct Doubt {
    wanted: Vec<Wanted>,
    /// How many rows are beyond doubt, and as declared.
    beyond: usize,
}

impl Doubt {
    fn about(changed: &Keys, wanted: &[Wanted]) -> Self {
        let (mut doubtful, mut beyond) = (Vec::new(), 0);
        for all in wanted {
            let Wanted { rows: DesiredBlock { rows, .. }, partial } = all;
            let block = &all.rows;
            let changed = changed.get(&block.table);
            let changed = |row: &&DesiredRow| changed.is_some_and(|keys| keys.contains(&row.key));
            let some: Vec<DesiredRow> = rows.iter().filter(changed).cloned().collect();
            beyond += if *partial { 0 } else { rows.len() - some.len() };
            if !some.is_empty() {
                let (columns, tag) = (Arc::clone(&block.columns), block.tag.clone());
                let (table, key, scenario) = (block.table.clone(), block.key.clone(), Arc::clone(&block.scenario));
                let rows = DesiredBlock { block: block.block, scenario, table, columns, key, tag, rows: some };
                doubtful.push(Wanted { rows, partial: *partial });
            }
        }
        Self { wanted: doubtful, beyond }
    }
}

/// Compares our files with what is declared.
fn compare_files(
    question: &Question<'_>,
    basis: &Basis,
    remembered: &mut media::Remembered,
    plan: &mut Plan,
) -> Result<media::Survey> {
    let recorded = &basis.files;
    let Some(media) = question.media else {
        return Ok(media::Survey { kept: Arc::clone(recorded), ..media::Survey::default() });
    };
    plan.files.remove.clone_from(&basis.stale_files);
    if question.aim == Aim::Gone {
        return Ok(media::Survey::default());
    }
    let files = question.dataset.files.iter().enumerate();
    let files = files.filter(|(_, file)| question.levels.contains(&file.scenario));
    let survey = media::survey(media.folder, files, recorded, media.render, remembered)?;
    plan.files.write = survey.write.iter().map(|&index| question.dataset.files[index].path.clone()).collect();
    plan.files.as_declared = survey.kept.len();
    plan.files.obstacles.clone_from(&survey.obstacles);
    Ok(survey)
}

/// Returns what the column of a row held under the stored clock, where it is a time.
fn earlier(
    dataset: &Dataset,
    schema: &Schema,
    in_force: &BTreeSet<usize>,
    stored: i64,
    block: &DesiredBlock,
    row: &DesiredRow,
    position: usize,
) -> Option<Cell> {
    let declared = &dataset.blocks[block.block];
    let name = &block.columns[position];
    let position = declared.columns.iter().position(|column| column == name)?;
    let value = desired::in_force_value(&declared.rows[row.row], position, in_force);
    let column = schema.tables.get(&block.table)?.column(name)?;
    let encoding = Encoding { as_of: stored, passwords: &BTreeMap::new() };
    matches!(value, Value::Time(_)).then(|| desired::encode(value, column, encoding))
}

fn keys_of(rows: &debris::RowsByTable) -> Keys {
    rows.iter().map(|(table, rows)| (table.clone(), rows.keys().cloned().collect())).collect()
}

/// Returns our rows that a row at hand refers to.
fn referenced_rows(links: &[Link], shapes: &Shapes, rows: &Rows, found: &Found) -> BTreeSet<(String, Key)> {
    let references = References::new(links, shapes, around::our_rows(&rows.live, &rows.ours, |_| true));
    let others = found.debris.iter().chain(&found.entangled);
    let others = others.flat_map(|(table, rows)| rows.values().map(move |row| (table.as_str(), row.as_slice())));
    let mine = around::our_rows(&rows.live, &rows.ours, |_| true).map(|(table, _, row)| (table, row));
    mine.chain(others)
        .flat_map(|(table, row)| references.of(table, row))
        .map(|(link, key)| (link.to.clone(), key.clone()))
        .collect()
}
