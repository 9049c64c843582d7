//! Basis: what a survey knows before it has looked at a row, from the catalogue, the state and the
//! dataset alone.
//!
//! While those three stay as they are, a process that stays keeps it from survey to survey.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use seedbed_core::dataset::Dataset;
use seedbed_core::password::Hashes;
use seedbed_core::plan::desired::{self, DesiredBlock, Encoding};
use seedbed_core::plan::diff::{Keys, Wanted};
use seedbed_core::plan::{Cell, Key};
use seedbed_core::schema::Schema;

use super::{Aim, Known, Question, rows};
use crate::counters;
use crate::debris::{self, Link, OwnRun};
use crate::error::{Error, Exit, Result};
use crate::further;
use crate::live::Shapes;
use crate::sql::Span;
use crate::state::{FileMark, FurtherKeys};

/// What a survey knows before it has looked at a row.
pub(crate) struct Basis {
    pub(super) schema: Arc<Schema>,
    known: Known,
    pub(super) shapes: Arc<Shapes>,
    pub(super) links: Arc<Vec<Link>>,
    /// The tag column of a table, and what it holds in rows of ours.
    pub(super) tags: Arc<BTreeMap<String, (String, Cell)>>,
    /// The columns that every population of a table declares.
    pub(super) declared: Arc<BTreeMap<String, BTreeSet<String>>>,
    /// The tables of the dataset.
    pub(super) written: BTreeSet<String>,
    /// The keys to read.
    pub(super) keys: Keys,
    /// Spans of numbers that hold the keys of a table and little else.
    pub(super) spans: BTreeMap<String, Vec<Span>>,
    /// The keys that were recorded, and those of the levels.
    pub(super) recorded: Keys,
    pub(super) removable: Keys,
    /// The keys of other scenarios and workers.
    pub(super) protected: Keys,
    /// The rows of further blocks, of all scenarios and workers.
    pub(super) further: BTreeMap<String, Vec<FurtherKeys>>,
    /// Those of this worker that are told by their keys.
    pub(super) own_runs: Vec<OwnRun>,
    /// The files that were recorded.
    pub(super) files: Arc<BTreeMap<String, FileMark>>,
    /// The files of the levels that are no longer declared.
    pub(super) stale_files: Vec<String>,
    /// Where the keys of the levels end, in tables with a counter.
    pub(super) ends: BTreeMap<String, i64>,
    /// What is wanted, for the last variant and as-of that were asked for.
    wanted: Option<(Option<String>, i64, Arc<Vec<Wanted>>)>,
}

impl Basis {
    /// Returns the basis of a question; fails where the dataset does not fit the catalogue.
    pub(super) fn of(question: &Question<'_>, known: &Known, schema: &Arc<Schema>, database: &str) -> Result<Self> {
        let dataset = question.dataset;
        let misfits = desired::fit(known.blocks(dataset, &question.levels, question.aim), schema);
        if !misfits.is_empty() {
            return Err(Error::from_misfits(&misfits, database));
        }
        let recorded = known.recorded_by(&(0..known.seeded.len()));
        let mut key_columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut keys = recorded.clone();
        let mut tags = BTreeMap::new();
        let mut counted = Keys::new();
        let mut further_ends = Vec::new();
        for block in known.blocks(dataset, &question.levels, question.aim) {
            let key = block.key.iter().map(|&position| block.columns[position].clone()).collect();
            key_columns.insert(block.table.clone(), key);
            let table = &schema.tables[&block.table];
            if question.aim == Aim::Declared && question.levels.contains(&block.scenario) {
                let of_block = desired::keys(block, table);
                if table.autoincrement {
                    if let Some(run) = further::wanted_end(question, known, block, table) {
                        further_ends.push((block.table.clone(), run));
                    }
                    counted.entry(block.table.clone()).or_default().extend(of_block.iter().cloned());
                }
                keys.entry(block.table.clone()).or_default().extend(of_block);
            }
            if let Some(tag) = desired::tag(block, table) {
                tags.insert(block.table.clone(), tag);
            }
        }
        for (table, keys) in known.seeded.iter().flatten().flat_map(|seeded| seeded.keys.iter()) {
            key_columns.entry(table.clone()).or_insert_with(|| keys.key.clone());
            if let Some(tag) = &keys.tag {
                tags.entry(table.clone()).or_insert_with(|| (tag.column.clone(), tag.value.to_cell()));
            }
        }
        keys.retain(|table, keys| !keys.is_empty() && schema.tables.contains_key(table));
        tags.retain(|table, (column, _)| schema.tables.get(table).is_some_and(|table| table.column(column).is_some()));
        let shapes = Shapes::new(schema, &key_columns);
        let spans = keys.iter().filter_map(|(table, keys)| {
            Some((table.clone(), rows::spans(shapes.get(table).expect("the table is in the schema"), keys)?))
        });
        let ends = counted.iter().filter_map(|(table, keys)| Some((table.clone(), counters::end_of_range(keys)?)));
        let mut ends: BTreeMap<String, i64> = ends.collect();
        for (table, end) in further_ends {
            let known = ends.entry(table).or_insert(end);
            *known = end.max(*known);
        }
        let links = debris::links(schema, dataset);
        Ok(Self {
            own_runs: further::own_runs(&known.seeded, schema, &links),
            schema: Arc::clone(schema),
            known: known.clone(),
            spans: spans.collect(),
            shapes: Arc::new(shapes),
            links: Arc::new(links),
            tags: Arc::new(tags),
            declared: Arc::new(declared_columns(dataset)),
            written: dataset.blocks.iter().map(|block| block.table.clone()).collect(),
            keys,
            removable: known.recorded_by(&question.levels),
            recorded,
            protected: known.protected(),
            further: further::recorded(known.seeded.iter().flatten().chain(&known.others).map(|seeded| &**seeded)),
            files: Arc::new(known.files()),
            stale_files: stale_files(question, known),
            ends,
            wanted: None,
        })
    }

    /// Whether it is still the basis under this catalogue and this state.
    pub(super) fn holds(&self, known: &Known, schema: &Arc<Schema>) -> bool {
        Arc::ptr_eq(&self.schema, schema) && self.known.agrees_with(known)
    }

    /// Whether the stored forms of passwords are those that it was made with.
    pub(super) fn reads_passwords_of(&self, known: &Known) -> bool {
        let passwords = |known: &Known| -> Vec<_> {
            known.seeded.iter().map(|seeded| seeded.as_ref().map(|seeded| Arc::clone(&seeded.passwords))).collect()
        };
        passwords(&self.known) == passwords(known)
    }

    /// Returns the rows that the levels should hold, and below removed levels what their overlays revert to.
    pub(super) fn wanted(
        &mut self,
        question: &Question<'_>,
        as_of: i64,
        passwords: &Hashes,
    ) -> Result<Arc<Vec<Wanted>>> {
        match &self.wanted {
            Some((variant, at, wanted)) if variant.as_deref() == question.variant && *at == as_of => {
                Ok(Arc::clone(wanted))
            }
            _ => {
                let without = variant_rows(question, &self.known, &self.schema)?;
                let wanted = Arc::new(wanted(question, &self.known, &self.schema, &without, as_of, passwords));
                self.wanted = Some((question.variant.map(str::to_owned), as_of, Arc::clone(&wanted)));
                Ok(wanted)
            }
        }
    }

    /// Whether a row that stands on a key to read is ours.
    pub(super) fn owns(&self, table: &str, key: &Key, row: &[Cell]) -> bool {
        let tagged = self.tags.get(table).is_none_or(|(column, value)| {
            let shape = self.shapes.get(table).expect("the table is in the schema");
            shape.columns.iter().position(|name| name == column).is_some_and(|position| row[position] == *value)
        });
        tagged && self.recorded.get(table).is_some_and(|keys| keys.contains(key))
    }
}

/// Returns the rows that the levels should hold, and below removed levels what their overlays revert to.
fn wanted(
    question: &Question<'_>,
    known: &Known,
    schema: &Schema,
    without: &BTreeSet<(usize, usize)>,
    as_of: i64,
    passwords: &Hashes,
) -> Vec<Wanted> {
    let dataset = question.dataset;
    let encoding = Encoding { as_of, passwords };
    let rows = |index| desired::desired(dataset, index, schema, &known.in_force, without, encoding);
    let blocks = dataset.blocks.iter().enumerate();
    match question.aim {
        Aim::Declared => blocks
            .filter(|(_, block)| question.levels.contains(&block.scenario))
            .map(|(index, _)| Wanted { rows: rows(index), partial: false })
            .collect(),
        Aim::Gone => blocks
            .filter(|(_, block)| known.in_force.contains(&block.scenario))
            .filter_map(|(index, block)| {
                let overlaid: BTreeSet<usize> = (block.rows.iter().flat_map(|row| &row.overlays))
                    .filter(|(_, scenario, _)| question.levels.contains(scenario))
                    .map(|(position, _, _)| *position)
                    .collect();
                (!overlaid.is_empty()).then(|| Wanted { rows: only(rows(index), &overlaid), partial: true })
            })
            .collect(),
    }
}

/// Returns the block with these columns only.
fn only(mut block: DesiredBlock, positions: &BTreeSet<usize>) -> DesiredBlock {
    block.columns = positions.iter().map(|&position| block.columns[position].clone()).collect();
    for row in &mut block.rows {
        row.cells = positions.iter().map(|&position| row.cells[position].clone()).collect();
    }
    block.key.clear();
    block.tag = None;
    block
}

/// Returns the rows that are not there in the variant that is asked for.
fn variant_rows(question: &Question<'_>, known: &Known, schema: &Schema) -> Result<BTreeSet<(usize, usize)>> {
    let Some(name) = question.variant else { return Ok(BTreeSet::new()) };
    let dataset = question.dataset;
    let mut states = dataset.states.iter().filter(|state| question.levels.contains(&state.scenario));
    let Some(state) = states.clone().find(|state| state.name == name) else {
        let names: Vec<&str> = states.by_ref().map(|state| state.name.as_str()).collect();
        let declared =
            if names.is_empty() { "none is".to_owned() } else { format!("declared are: {}", names.join(", ")) };
        let error = Error::new(Exit::Usage, "unknown-state", format!("no state `{name}` is declared"));
        return Err(error.help(declared));
    };
    let without = desired::without(dataset, schema, &known.in_force, &state.without);
    let above = without.iter().map(|(block, _)| dataset.blocks[*block].scenario);
    match above.filter(|scenario| !question.levels.contains(scenario) && known.is_seeded(*scenario)).max() {
        None => Ok(without),
        Some(above) => {
            let above = &dataset.scenarios[above].name;
            let message = format!("rows of `{above}` refer to rows that are not there in the state `{name}`");
            Err(Error::new(Exit::Usage, "state-below", message)
                .help(format!("reset `{above}` to that state, which stands on these rows")))
        }
    }
}

/// Returns the columns that every population of a table declares.
fn declared_columns(dataset: &Dataset) -> BTreeMap<String, BTreeSet<String>> {
    let mut declared: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for block in &dataset.blocks {
        let columns = || block.columns.iter().cloned().collect();
        let known = declared.entry(block.table.clone()).or_insert_with(columns);
        known.retain(|column| block.columns.contains(column));
    }
    declared
}

fn stale_files(question: &Question<'_>, known: &Known) -> Vec<String> {
    let declared: BTreeSet<&str> = (question.dataset.files.iter())
        .filter(|file| known.in_force.contains(&file.scenario))
        .map(|file| file.path.as_str())
        .collect();
    let recorded = known.seeded_in(&question.levels).flat_map(|seeded| seeded.files.keys());
    recorded.filter(|path| !declared.contains(path.as_str())).cloned().collect()
}
