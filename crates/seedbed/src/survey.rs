//! Survey: everything a verb must know before it writes, read inside one transaction.
//!
//! It reads state, catalogue, our rows, what hangs on them and our files, and makes the plan. It
//! writes nothing.

mod around;
mod clock;
mod records;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use seedbed_core::dataset::Dataset;
use seedbed_core::password::{Hashes, Password};
use seedbed_core::plan::desired::{self, DesiredBlock, DesiredRow, Encoding};
use seedbed_core::plan::diff::{Keys, Wanted};
use seedbed_core::plan::{Cell, Comparison, CounterMove, Key, LiveTable, Plan, TriggerNote, diff};
use seedbed_core::schema::Schema;
use seedbed_core::value::Value;

use crate::counters;
use crate::database::Database;
use crate::debris::{self, Around, Found, Link, References};
use crate::error::{Error, Exit, Result, While};
use crate::guard::{self, Standing};
use crate::label::Labels;
use crate::live::{self, Shapes};
use crate::media;
use crate::password;
use crate::session::{Media, Notice};
use crate::sql::{self, Dialect, Hold};
use crate::state::{self, FileMark, Marker, Seeded, State};

pub(crate) use clock::Clock;

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
    pub(crate) shapes: Shapes,
    pub(crate) links: Vec<Link>,
    pub(crate) standing: Standing,
    pub(crate) marker: Option<Marker>,
    pub(crate) live: BTreeMap<String, LiveTable>,
    /// The columns that every population of a table declares.
    pub(crate) declared: BTreeMap<String, BTreeSet<String>>,
    /// The debris that the plan removes, with its cells.
    pub(crate) debris: debris::RowsByTable,
    pub(crate) tags: BTreeMap<String, (String, Cell)>,
    pub(crate) plan: Plan,
    pub(crate) clock: Clock,
    /// Indexes of files to write.
    pub(crate) files: Vec<usize>,
    /// States to write and (scenario) names whose state goes.
    pub(crate) records: Vec<Seeded>,
    pub(crate) forget: Vec<String>,
    /// The states differ from what is stored, though perhaps no row does.
    pub(crate) records_changed: bool,
    /// Hashes that were made or read, kept for a second survey.
    pub(crate) passwords: Hashes,
    /// Where counters stood before our first row, as the marker is to hold it.
    pub(crate) counters_before: BTreeMap<String, Option<i64>>,
}

impl Survey {
    /// Reads everything and plans. `passwords` holds hashes that were made before.
    pub(crate) fn read(
        database: &mut dyn Database,
        question: &Question<'_>,
        passwords: &Hashes,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<Self> {
        let dataset = question.dataset;
        let schema = database.schema().during(|| "reading the catalogue".into())?;
        let state = state::read(database, &schema).during(|| "reading what was seeded".into())?;
        let known = Known::new(question, &state)?;
        let misfits = desired::fit(known.blocks(dataset, &question.levels, question.aim), &schema);
        if !misfits.is_empty() {
            return Err(Error::from_misfits(&misfits, &database.describe()));
        }
        let written: BTreeSet<String> = dataset.blocks.iter().map(|block| block.table.clone()).collect();
        let standing = guard::standing(database, &schema, state.marker.as_ref(), &written, question.bookkeeping)
            .during(|| "looking whether tests may write here".into())?;

        let (live_and_tags, passwords) =
            known.hashing(question, passwords, notice, || known.read_live(database, question, &schema));
        let Read { shapes, live, ours, tags } = live_and_tags?;
        let clock = Clock::of(question, &known);
        let without = variant_rows(dataset, question.variant)?;
        let wanted = wanted(question, &known, &schema, &without, clock.as_of, &passwords);

        let links = debris::links(&schema, dataset);
        let recorded = known.recorded_by(&(0..known.seeded.len()));
        let around = Around {
            schema: &schema,
            shapes: &shapes,
            links: &links,
            live: &live,
            ours: &ours,
            protected: &known.protected,
            hold: question.hold,
            recorded: &recorded,
            worker: dataset.worker,
            claims: dataset
                .claims
                .iter()
                .enumerate()
                .filter(|(_, claim)| known.in_force.contains(&claim.scenario) || known.is_seeded(claim.scenario))
                .collect(),
        };
        let mut found = around.find(database).during(|| "looking for what tests left behind".into())?;

        let removable = known.recorded_by(&question.levels);
        let mut plan = {
            let referenced = OnceCell::new();
            let find_referenced = || referenced_rows(&links, &shapes, &live, &ours, &found);
            let earlier = |block: &DesiredBlock, row: &DesiredRow, position: usize| {
                earlier(dataset, &schema, &known.in_force, clock.stored?, block, row, position)
            };
            let debris_keys = keys_of(&found.debris);
            diff(&Comparison {
                dataset,
                schema: &schema,
                wanted: &wanted,
                live: &live,
                ours: &ours,
                removable: &removable,
                debris: &debris_keys,
                clock: clock.moved(),
                earlier: &earlier,
                referenced: &|table, key| {
                    referenced.get_or_init(find_referenced).contains(&(table.to_owned(), key.clone()))
                },
            })
        };
        around::keep_what_is_needed(&links, &shapes, &live, &ours, &plan, &mut found);
        let base = intersection(&removable, &ours);
        around::limit_to_levels(question, &links, &shapes, &live, &base, &mut found);
        let mut labels = Labels::new(dataset, &schema, &shapes, &links);
        let scene = around::Scene {
            question,
            schema: &schema,
            shapes: &shapes,
            links: &links,
            live: &live,
            ours: &ours,
            found: &found,
        };
        scene.report(database, &mut labels, &mut plan);
        let others = rows_of_others(database, &written, &schema, &ours).during(|| "counting rows".into())?;
        let of_other_workers: usize = known.protected.values().map(BTreeSet::len).sum();
        plan.rows_of_others = others.saturating_sub(of_other_workers as u64);
        if others > 0 {
            scene
                .unique_values_taken(database, &mut labels, &mut plan)
                .during(|| "looking for unique values that are taken".into())?;
        }
        for table in plan.tables.iter().filter_map(|table| schema.tables.get(&table.table)) {
            let notes = table.triggers.iter();
            plan.triggers
                .extend(notes.map(|trigger| TriggerNote { table: table.name.clone(), trigger: trigger.clone() }));
        }
        let counters_before = counter_moves(database, question, &known, &schema, &shapes, &mut plan)
            .during(|| "reading the counters".into())?;
        let (files, kept) = known.files(question, &mut plan)?;
        let records = records::to_write(question, &known, &schema, &clock, &passwords, &kept);
        let forget = match question.aim {
            Aim::Declared => Vec::new(),
            Aim::Gone => known.seeded_in(&question.levels).map(|seeded| seeded.scenario.clone()).collect(),
        };
        let records_changed = !forget.is_empty() || records::changed(&records, &state);
        Ok(Self {
            owned: database.owns_transactions(),
            debris: found.debris,
            marker: state.marker,
            schema,
            shapes,
            links,
            standing,
            live,
            declared: declared_columns(dataset),
            tags,
            plan,
            clock,
            files,
            records,
            forget,
            records_changed,
            passwords,
            counters_before,
        })
    }
}

/// What the state says about this dataset.
pub(crate) struct Known {
    /// State per scenario of the dataset, where it is seeded.
    pub(crate) seeded: Vec<Option<Seeded>>,
    /// Scenarios that are seeded or about to be, and not about to go.
    pub(crate) in_force: BTreeSet<usize>,
    /// Rows of other scenarios and workers.
    pub(crate) protected: Keys,
    /// Where counters stood before.
    pub(crate) counters_before: BTreeMap<String, Option<i64>>,
}

/// What was read of our rows.
struct Read {
    shapes: Shapes,
    live: BTreeMap<String, LiveTable>,
    ours: Keys,
    tags: BTreeMap<String, (String, Cell)>,
}

impl Known {
    fn new(question: &Question<'_>, state: &State) -> Result<Self> {
        let dataset = question.dataset;
        let seeded: Vec<Option<Seeded>> =
            dataset.scenarios.iter().map(|scenario| state.find(&scenario.name, dataset.worker).cloned()).collect();
        let mut in_force: BTreeSet<usize> = (0..seeded.len()).filter(|&index| seeded[index].is_some()).collect();
        match question.aim {
            Aim::Declared => in_force.extend(question.levels.clone()),
            Aim::Gone => in_force.retain(|index| !question.levels.contains(index)),
        }
        let mut protected = Keys::new();
        for other in &state.seeded {
            let of_dataset = dataset.scenarios.iter().any(|scenario| scenario.name == other.scenario);
            if other.worker == dataset.worker && of_dataset {
                continue;
            }
            let layer_taken = other.worker == dataset.worker
                && question.aim == Aim::Declared
                && dataset.scenarios[question.levels.clone()].iter().any(|scenario| scenario.layer == other.layer);
            if layer_taken {
                let message = format!("layer {} is taken: scenario `{}` is seeded there", other.layer, other.scenario);
                return Err(Error::new(Exit::Usage, "layer-taken", message).help("give one of them another `layer`"));
            }
            for (table, keys) in &other.keys {
                protected.entry(table.clone()).or_default().extend(keys.keys.iter().cloned());
            }
        }
        let counters_before = state.marker.as_ref().map(|marker| marker.counters.clone()).unwrap_or_default();
        Ok(Self { seeded, in_force, protected, counters_before })
    }

    /// Whether a scenario of the dataset is seeded, also when it is about to go.
    fn is_seeded(&self, scenario: usize) -> bool {
        self.seeded[scenario].is_some()
    }

    fn seeded_in(&self, levels: &Range<usize>) -> impl Iterator<Item = &Seeded> {
        self.seeded[levels.clone()].iter().flatten()
    }

    /// Returns the blocks whose tables must be there.
    fn blocks<'a>(
        &'a self,
        dataset: &'a Dataset,
        levels: &'a Range<usize>,
        aim: Aim,
    ) -> impl Iterator<Item = &'a seedbed_core::dataset::Block> {
        dataset.blocks.iter().filter(move |block| {
            self.seeded[block.scenario].is_some() || (aim == Aim::Declared && levels.contains(&block.scenario))
        })
    }

    /// Returns the keys that these scenarios recorded.
    fn recorded_by(&self, levels: &Range<usize>) -> Keys {
        let mut recorded = Keys::new();
        for (table, keys) in self.seeded_in(levels).flat_map(|seeded| &seeded.keys) {
            recorded.entry(table.clone()).or_default().extend(keys.keys.iter().cloned());
        }
        recorded
    }

    /// Reads the rows on our keys and says which of them are ours.
    fn read_live(&self, database: &mut dyn Database, question: &Question<'_>, schema: &Schema) -> Result<Read> {
        let dataset = question.dataset;
        let mut key_columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let recorded = self.recorded_by(&(0..self.seeded.len()));
        let mut wanted = recorded.clone();
        let mut tags = BTreeMap::new();
        for block in self.blocks(dataset, &question.levels, question.aim) {
            let key = block.key.iter().map(|&position| block.columns[position].clone()).collect();
            key_columns.insert(block.table.clone(), key);
            let table = &schema.tables[&block.table];
            let keys = wanted.entry(block.table.clone()).or_default();
            if question.aim == Aim::Declared && question.levels.contains(&block.scenario) {
                for key in desired::keys_in_order(block, table) {
                    if !keys.contains(&key) {
                        keys.insert(key);
                    }
                }
            }
            if let Some(tag) = desired::tag(block, table) {
                tags.insert(block.table.clone(), tag);
            }
        }
        for (table, keys) in self.seeded.iter().flatten().flat_map(|seeded| &seeded.keys) {
            key_columns.entry(table.clone()).or_insert_with(|| keys.key.clone());
            if let Some(tag) = &keys.tag {
                tags.entry(table.clone()).or_insert_with(|| (tag.column.clone(), tag.value.to_cell()));
            }
        }
        wanted.retain(|table, keys| !keys.is_empty() && schema.tables.contains_key(table));
        tags.retain(|table, (column, _)| schema.tables.get(table).is_some_and(|table| table.column(column).is_some()));
        let shapes = Shapes::new(schema, &key_columns);
        let (mut live, mut ours) = (BTreeMap::new(), Keys::new());
        for (table, keys) in &wanted {
            let shape = shapes.get(table).expect("the table is in the schema");
            let rows = live::by_key(database, shape, keys, question.hold).during(|| format!("reading `{table}`"))?;
            let tag = tags.get(table).map(|(column, value)| (rows.position(column), value));
            let tagged = |row: &[Cell]| match tag {
                Some((Some(position), value)) => row[position] == *value,
                Some((None, _)) => false,
                None => true,
            };
            let recorded = recorded.get(table);
            let owned =
                rows.rows.iter().filter(|(key, row)| recorded.is_some_and(|keys| keys.contains(*key)) && tagged(row));
            let owned: BTreeSet<Key> = owned.map(|(key, _)| key.clone()).collect();
            if !owned.is_empty() {
                ours.insert(table.clone(), owned);
            }
            live.insert(table.clone(), rows);
        }
        Ok(Read { shapes, live, ours, tags })
    }

    /// Runs `work` while the passwords that are not known yet are hashed.
    fn hashing<T>(
        &self,
        question: &Question<'_>,
        made: &Hashes,
        notice: &mut dyn FnMut(Notice),
        work: impl FnOnce() -> T,
    ) -> (T, Hashes) {
        let seed = question.dataset.seed;
        let mut known = made.clone();
        let mut missing = BTreeSet::new();
        for password in passwords(question) {
            if known.contains_key(password) || missing.contains(password) {
                continue;
            }
            let name = password::cache_key(seed, password);
            match self.seeded.iter().flatten().find_map(|seeded| seeded.passwords.get(&name)) {
                Some(hash) => drop(known.insert(Arc::clone(password), Arc::from(hash.as_str()))),
                None => drop(missing.insert(Arc::clone(password))),
            }
        }
        if missing.is_empty() {
            return (work(), known);
        }
        notice(Notice::Hashing(missing.len()));
        let started = std::time::Instant::now();
        std::thread::scope(|scope| {
            let hashing = scope.spawn(|| password::hash_all(seed, &missing));
            let result = work();
            known.extend(hashing.join().expect("hashing does not panic"));
            notice(Notice::Hashed { count: missing.len(), took: started.elapsed() });
            (result, known)
        })
    }

    /// Compares our files; returns the indexes of those to write, and the marks of those to keep.
    fn files(&self, question: &Question<'_>, plan: &mut Plan) -> Result<(Vec<usize>, BTreeMap<String, FileMark>)> {
        let recorded: BTreeMap<String, FileMark> = (self.seeded.iter().flatten())
            .flat_map(|seeded| seeded.files.iter().map(|(path, mark)| (path.clone(), mark.clone())))
            .collect();
        let Some(media) = question.media else { return Ok((Vec::new(), recorded)) };
        let levels = |index: &usize| question.levels.contains(index);
        let declared: BTreeSet<&str> = (question.dataset.files.iter())
            .filter(|file| self.in_force.contains(&file.scenario))
            .map(|file| file.path.as_str())
            .collect();
        plan.files.remove = (self.seeded_in(&question.levels).flat_map(|seeded| seeded.files.keys()))
            .filter(|path| !declared.contains(path.as_str()))
            .cloned()
            .collect();
        if question.aim == Aim::Gone {
            return Ok((Vec::new(), BTreeMap::new()));
        }
        let files = question.dataset.files.iter().enumerate().filter(|(_, file)| levels(&file.scenario));
        let survey = media::survey(media.folder, files, &recorded, media.render)?;
        plan.files.write = survey.write.iter().map(|&index| question.dataset.files[index].path.clone()).collect();
        plan.files.as_declared = survey.kept.len();
        plan.files.obstacles = survey.obstacles;
        Ok((survey.write, survey.kept))
    }
}

fn passwords<'a>(question: &'a Question<'_>) -> impl Iterator<Item = &'a Arc<Password>> {
    let blocks = question.dataset.blocks.iter().filter(|block| {
        // Overlays of other layers may touch a block, so a removal needs the hashes below it as well.
        question.aim == Aim::Gone || question.levels.contains(&block.scenario)
    });
    blocks.flat_map(|block| &block.rows).flat_map(|row| {
        row.values.iter().chain(row.overlays.iter().map(|(_, _, value)| value)).filter_map(|value| match value {
            Value::Password(password) => Some(password),
            _ => None,
        })
    })
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

fn variant_rows(dataset: &Dataset, variant: Option<&str>) -> Result<BTreeSet<(usize, usize)>> {
    let Some(name) = variant else { return Ok(BTreeSet::new()) };
    if let Some(state) = dataset.states.iter().find(|state| state.name == name) {
        return Ok(state.without.iter().copied().collect());
    }
    let names: Vec<&str> = dataset.states.iter().map(|state| state.name.as_str()).collect();
    let error = Error::new(Exit::Usage, "unknown-state", format!("no state `{name}` is declared"));
    Err(error.help(format!("declared are: {}", names.join(", "))))
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

fn intersection(some: &Keys, others: &Keys) -> Keys {
    let both = |(table, keys): (&String, &BTreeSet<Key>)| {
        let others = others.get(table)?;
        Some((table.clone(), keys.intersection(others).cloned().collect()))
    };
    some.iter().filter_map(both).collect()
}

fn keys_of(rows: &debris::RowsByTable) -> Keys {
    rows.iter().map(|(table, rows)| (table.clone(), rows.keys().cloned().collect())).collect()
}

/// Returns our rows that a row at hand refers to.
fn referenced_rows(
    links: &[Link],
    shapes: &Shapes,
    live: &BTreeMap<String, LiveTable>,
    ours: &Keys,
    found: &Found,
) -> BTreeSet<(String, Key)> {
    let references = References::new(links, shapes, around::our_rows(live, ours));
    let others = found.debris.iter().chain(&found.entangled);
    let others = others.flat_map(|(table, rows)| rows.values().map(move |row| (table.as_str(), row.as_slice())));
    let mine = around::our_rows(live, ours).map(|(table, _, row)| (table, row));
    mine.chain(others)
        .flat_map(|(table, row)| references.of(table, row))
        .map(|(link, key)| (link.to.clone(), key.clone()))
        .collect()
}

fn rows_of_others(
    database: &mut dyn Database,
    tables: &BTreeSet<String>,
    schema: &Schema,
    ours: &Keys,
) -> std::result::Result<u64, crate::database::Failure> {
    let tables: Vec<&str> =
        tables.iter().filter(|table| schema.tables.contains_key(*table)).map(String::as_str).collect();
    if tables.is_empty() {
        return Ok(0);
    }
    let statement = sql::count(database.dialect(), tables.iter().copied());
    let rows = database.query(&statement.sql, &statement.values)?;
    let all: i64 = rows.iter().flatten().filter_map(Cell::as_integer).sum();
    let ours: usize = tables.iter().filter_map(|table| ours.get(*table)).map(BTreeSet::len).sum();
    Ok((all as u64).saturating_sub(ours as u64))
}

/// Plans the moves of counters; returns where they stood before our first row.
fn counter_moves(
    database: &mut dyn Database,
    question: &Question<'_>,
    known: &Known,
    schema: &Schema,
    shapes: &Shapes,
    plan: &mut Plan,
) -> std::result::Result<BTreeMap<String, Option<i64>>, crate::database::Failure> {
    let now: BTreeMap<String, i64> = database.counters()?.into_iter().collect();
    let mut before = known.counters_before.clone();
    let mut moves = Vec::new();
    match question.aim {
        Aim::Declared => {
            let mut keys = Keys::new();
            for block in question.dataset.blocks.iter().filter(|block| question.levels.contains(&block.scenario)) {
                let table = &schema.tables[&block.table];
                if table.autoincrement {
                    keys.entry(table.name.clone()).or_default().extend(desired::keys_in_order(block, table));
                }
            }
            for (table, keys) in keys {
                let from = now.get(&table).copied();
                let Some(end) = counters::end_of_range(&keys) else { continue };
                before.entry(table.clone()).or_insert(from);
                if from.is_none_or(|from| from < end) {
                    let to = match database.dialect() {
                        Dialect::Sqlite => end,
                        // A sequence does not know which keys are in use.
                        Dialect::Postgres => largest(database, shapes, &table, &[])?.map_or(end, |last| last.max(end)),
                    };
                    moves.push(CounterMove { table, from, to: Some(to) });
                }
            }
        }
        Aim::Gone => {
            let staying = |table: &str| {
                let seeded = known.seeded.iter().enumerate();
                let ours = seeded.filter(|(index, _)| !question.levels.contains(index));
                let holds = |keys: Option<&BTreeSet<Key>>| keys.is_some_and(|keys| !keys.is_empty());
                let of_scenario = |seeded: &Seeded| holds(seeded.keys.get(table).map(|keys| &keys.keys));
                ours.filter_map(|(_, seeded)| seeded.as_ref()).any(of_scenario) || holds(known.protected.get(table))
            };
            let leaving: Vec<String> = before.keys().filter(|table| !staying(table)).cloned().collect();
            for table in leaving {
                let stood = before.remove(&table).flatten();
                if shapes.get(&table).is_none_or(|shape| shape.key.len() != 1) {
                    continue;
                }
                let gone = plan.tables.iter().filter(|part| part.table == table).flat_map(|part| &part.deletes);
                let mut gone: Vec<&Key> = gone.map(|delete| &delete.key).collect();
                gone.extend(plan.debris.iter().filter(|left| left.table == table).map(|left| &left.key));
                let last = largest(database, shapes, &table, &gone)?;
                let recorded = known.seeded_in(&question.levels).filter_map(|seeded| seeded.keys.get(&table));
                let end = recorded.filter_map(|keys| counters::end_of_range(&keys.keys)).max();
                let from = now.get(&table).copied();
                let to = counters::put_back(database.dialect(), stood, from, last, end);
                if from != to {
                    moves.push(CounterMove { table, from, to });
                }
            }
        }
    }
    plan.counters = moves;
    Ok(before)
}

/// Returns the largest key of a table, these left out.
fn largest(
    database: &mut dyn Database,
    shapes: &Shapes,
    table: &str,
    without: &[&Key],
) -> std::result::Result<Option<i64>, crate::database::Failure> {
    let shape = shapes.get(table).expect("the plan names tables of the schema");
    let statement = sql::maximum(database.dialect(), &shape.table, &shape.key[0], without);
    let rows = database.query(&statement.sql, &statement.values)?;
    Ok(rows.first().and_then(|row| row[0].as_integer()))
}
