//! Apply: a plan becomes rows, inside a transaction that the verb opened.
//!
//! Deletes go first, children before parents; then updates; then deletes of what those updates
//! let go of; then inserts, parents before children; then the updates that refer to what was
//! inserted, and deletes of what those let go of. Where rows refer to each other in a circle, a
//! reference that may be null is so in between. No order relies on references being checked late or
//! on what the engine does to rows that refer to a deleted one. Every statement names exact keys,
//! and the tag for rows of ours, and must touch as many rows as the plan says. What was written is
//! read back. What does not wait for each other goes to the database in one go.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_core::plan::{Cell, How, Insert, Key, LiveTable, Plan, TablePlan, Update, diff, key_text};
use seedbed_core::schema::OnDelete;

use crate::database::Database;
use crate::debris::{Link, References};
use crate::error::{Error, Exit, Result, While};
use crate::live::{self, Shape};
use crate::sql::{self, Hold, Rows, Statement};
use crate::survey::Survey;

/// Whether debris is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Debris {
    /// It stays.
    Stays,
    /// It goes.
    Goes,
}

/// What was read after the rows of a plan were written.
pub(crate) struct ReadBack {
    /// The written rows, by table.
    pub(crate) rows: BTreeMap<String, LiveTable>,
    /// The rows of the query that was asked with them.
    pub(crate) also: Option<Vec<Vec<Cell>>>,
}

/// Writes the rows of the plan and reads them back; `also` is asked with them.
pub(crate) fn apply(
    database: &mut dyn Database,
    survey: &Survey,
    debris: Debris,
    also: Option<&Statement>,
) -> Result<ReadBack> {
    let plan = &survey.plan;
    let replaced = plan.tables.iter().map(|part| {
        let replaced = part.updates.iter().filter(|update| matches!(update.how, How::Replace(_)));
        (part.table.as_str(), replaced.map(|update| &update.key).collect::<Vec<_>>())
    });
    let writes = &mut Writes { database, survey, waiting: Vec::new() };
    for (table, keys) in replaced {
        delete(writes, table, &keys, true)?;
    }
    let waiting = waiting(survey);
    let order = deletes(survey, debris, &waiting);
    take(writes, &order.first)?;
    let updates = |writes: &mut Writes<'_>, pass: Pass| {
        plan.tables.iter().try_for_each(|part| update(writes, part, &waiting, pass))
    };
    make_room(writes, order.after_updates.iter().chain(&order.last))?;
    updates(writes, Pass::Aside)?;
    updates(writes, Pass::InPlace)?;
    take(writes, &order.after_updates)?;
    let owed = owed(survey);
    for (position, part) in plan.tables.iter().enumerate() {
        insert(writes, part, &owed[position])?;
    }
    for (position, part) in plan.tables.iter().enumerate() {
        pay(writes, part, &owed[position])?;
    }
    updates(writes, Pass::Waiting)?;
    updates(writes, Pass::FromAside)?;
    take(writes, &order.last)?;
    writes.run()?;
    read_back(database, survey, also)
}

/// Moves the counters of the plan: the last of a run, since not every engine takes them back.
pub(crate) fn move_counters(database: &mut dyn Database, plan: &Plan) -> Result<()> {
    for counter in &plan.counters {
        database
            .set_counter(&counter.table, counter.to)
            .during(|| format!("moving the counter of `{}`", counter.table))?;
    }
    Ok(())
}

/// So many rows of a table are inserted one by one, where statements go out together.
const FEW: usize = 10;

/// So many statements wait for each other to be sent.
const MOST_WAITING: usize = 100;

/// What writes, in the order in which it is to be done. It goes out in one go as soon as somebody wants to see
/// what it did.
struct Writes<'a> {
    database: &'a mut dyn Database,
    survey: &'a Survey,
    waiting: Vec<Write>,
}

/// A statement that writes rows.
struct Write {
    statement: Statement,
    table: String,
    /// How many rows it is to touch.
    rows: usize,
    verb: &'static str,
    /// What is being done, for messages.
    doing: String,
}

impl Writes<'_> {
    /// Writes, at the latest when the others are run.
    fn add(&mut self, write: Write) -> Result<()> {
        self.waiting.push(write);
        if self.waiting.len() < MOST_WAITING { Ok(()) } else { self.run() }
    }

    /// Runs what waits, and makes sure that each touches what it is to.
    fn run(&mut self) -> Result<()> {
        let writes = std::mem::take(&mut self.waiting);
        let statements: Vec<_> = writes.iter().map(|write| (&write.statement.sql, &*write.statement.values)).collect();
        for (write, touched) in writes.iter().zip(self.database.execute_all(&statements)) {
            let touched = touched.during(|| write.doing.clone())?;
            expect_count(write.verb, &write.table, write.rows, touched, self.survey)?;
        }
        Ok(())
    }
}

fn replacements(updates: &[Update]) -> impl Iterator<Item = &Insert> {
    updates.iter().filter_map(|update| match &update.how {
        How::Replace(insert) => Some(insert),
        How::InPlace | How::Aside(_) => None,
    })
}

/// A row by its table and key.
type Place<'a> = (&'a str, &'a Key);

/// Rows of one table that one step is about.
struct Step<'a> {
    round: usize,
    table: &'a str,
    keys: Vec<&'a Key>,
    ours: bool,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    /// They go.
    Delete,
    /// They go, and refer to each other in a circle, so the engine may have removed some itself.
    DeleteCircle,
    /// They refer to nothing by this column any more.
    LetGo(String),
}

/// The deletes in an order in which no row goes before the rows that refer to it.
#[derive(Default)]
struct Deletes<'a> {
    first: Vec<Step<'a>>,
    /// What updates must let go of first.
    after_updates: Vec<Step<'a>>,
    /// What updates must let go of that wait for inserts.
    last: Vec<Step<'a>>,
}

/// Returns the rows as they are after their inserts and updates.
fn inserted_rows(survey: &Survey) -> Vec<(&str, &Key, Vec<Cell>)> {
    let mut rows = Vec::new();
    for part in &survey.plan.tables {
        let shape = survey.shapes.get(&part.table).expect("the plan names tables of the schema");
        for insert in part.inserts.iter().chain(replacements(&part.updates)) {
            let cell = |column: &String| {
                let position = insert.columns.iter().position(|name| name == column);
                position.map_or(Cell::Null, |position| insert.values[position].clone())
            };
            rows.push((part.table.as_str(), &insert.key, shape.columns.iter().map(cell).collect()));
        }
    }
    rows
}

/// Returns the updates that turn a reference to a row which is yet to be inserted.
fn waiting(survey: &Survey) -> BTreeSet<Place<'_>> {
    let mut waiting = BTreeSet::new();
    let updates = || survey.plan.tables.iter().flat_map(|part| part.updates.iter().map(move |update| (part, update)));
    let in_place = |update: &Update| !matches!(update.how, How::Replace(_));
    if !updates().any(|(_, update)| in_place(update)) {
        return waiting;
    }
    let rows = inserted_rows(survey);
    let inserted = rows.iter().map(|(table, key, row)| (*table, *key, row.as_slice()));
    let references = References::new(&survey.links, &survey.shapes, inserted);
    for (part, update) in updates().filter(|(_, update)| in_place(update)) {
        let live = &survey.rows.live[&part.table];
        let mut row = live.rows[&update.key].clone();
        for change in &update.changes {
            if let Some(position) = live.position(&change.column) {
                row[position] = change.after.clone();
            }
        }
        let turned = |columns: &[String]| update.changes.iter().any(|change| columns.contains(&change.column));
        if references.of(&part.table, &row).any(|(link, _)| action(survey, link).is_some() && turned(&link.columns)) {
            waiting.insert((part.table.as_str(), &update.key));
        }
    }
    waiting
}

fn deletes<'a>(survey: &'a Survey, debris: Debris, waiting: &BTreeSet<Place<'a>>) -> Deletes<'a> {
    let mut open: BTreeMap<Place<'a>, (bool, &'a [Cell])> = BTreeMap::new();
    for part in &survey.plan.tables {
        for delete in &part.deletes {
            open.insert((&part.table, &delete.key), (true, &survey.rows.live[&part.table].rows[&delete.key]));
        }
    }
    if debris == Debris::Goes {
        for (table, rows) in &survey.debris {
            open.extend(rows.iter().map(|(key, row)| ((table.as_str(), key), (false, row.as_slice()))));
        }
    }
    let mut order = Deletes::default();
    if open.is_empty() {
        return order;
    }
    let rows = open.iter().map(|(&(table, key), &(_, row))| (table, key, row));
    let references = References::new(&survey.links, &survey.shapes, rows);
    let to = |(table, _): Place<'a>, row: &'a [Cell]| -> Vec<(&'a Link, Place<'a>)> {
        let links = references.of(table, row).filter(|(link, _)| action(survey, link).is_some());
        links.map(|(link, key)| (link, (link.to.as_str(), key))).collect()
    };
    // Rows that a row of ours refers to until it is updated, and what those refer to.
    let mut held: BTreeMap<Place<'a>, bool> = BTreeMap::new();
    let mut holding: Vec<(Place<'a>, bool)> = Vec::new();
    for part in &survey.plan.tables {
        for update in part.updates.iter().filter(|update| !matches!(update.how, How::Replace(_))) {
            let place = (part.table.as_str(), &update.key);
            let row = survey.rows.live[&part.table].rows[&update.key].as_slice();
            let late = matches!(update.how, How::Aside(_)) || waiting.contains(&place);
            let changed = |column: &&str| update.changes.iter().any(|change| change.column == *column);
            for (link, to) in to(place, row) {
                match nullable(survey, link).filter(|_| late).filter(changed) {
                    // What it will refer to is not there yet, and what it refers to may be in the way of that.
                    Some(column) => step(&mut order.first, 0, place, true, What::LetGo(column.to_owned())),
                    None => holding.push((to, late)),
                }
            }
        }
    }
    while let Some((place, late)) = holding.pop() {
        if held.get(&place).is_none_or(|known| late && !known) {
            held.insert(place, late);
            let (_, row) = open[&place];
            holding.extend(to(place, row).into_iter().map(|(_, to)| (to, late)));
        }
    }
    let mut cut: BTreeSet<(Place<'a>, &'a str)> = BTreeSet::new();
    // Rows of one table that refer to each other go one after the other, or the engine would remove some itself.
    for round in 1.. {
        if open.is_empty() {
            break;
        }
        let uncut =
            |place: Place<'a>, link: &'a Link| !link.columns.iter().any(|column| cut.contains(&(place, column)));
        let mut referrers: BTreeMap<Place<'a>, Vec<Place<'a>>> = BTreeMap::new();
        for (&place, &(_, row)) in &open {
            let to = to(place, row).into_iter().filter(|(link, to)| *to != place && uncut(place, link));
            to.for_each(|(_, to)| referrers.entry(to).or_default().push(place));
        }
        let mut free: Vec<Place<'a>> = open.keys().filter(|place| !referrers.contains_key(*place)).copied().collect();
        let mut what = What::Delete;
        if free.is_empty() {
            // A circle that nothing else refers to; inside of it references that may be null are given up.
            let circle = circle(&referrers, *open.keys().next().expect("some are open"));
            let mut cuts: Vec<(Place<'a>, &'a Link)> = Vec::new();
            for &place in &circle {
                let inside =
                    to(place, open[&place].1).into_iter().filter(|(_, to)| *to != place && circle.contains(to));
                cuts.extend(inside.filter(|(link, _)| uncut(place, link)).map(|(link, _)| (place, link)));
            }
            let mut let_go: Vec<_> = cuts
                .iter()
                .filter_map(|&(place, link)| Some((place, nullable(survey, link)?, open[&place].0)))
                .collect();
            if !let_go.is_empty() {
                let_go.sort_by_key(|((table, _), column, ours)| (*table, *column, *ours));
                for (place, column, ours) in let_go {
                    step(&mut order.first, round, place, ours, What::LetGo(column.to_owned()));
                    cut.insert((place, column));
                }
                continue;
            }
            // What is checked in the end alone may lead nowhere until then.
            cuts.retain(|(_, link)| action(survey, link) == Some(OnDelete::NoAction));
            if !cuts.is_empty() {
                cut.extend(cuts.into_iter().map(|(place, link)| (place, link.columns[0].as_str())));
                continue;
            }
            free = circle.into_iter().collect();
            what = What::DeleteCircle;
        }
        for place in free {
            let (ours, _) = open.remove(&place).expect("a free row is open");
            let steps = match held.get(&place) {
                None => &mut order.first,
                Some(false) => &mut order.after_updates,
                Some(true) => &mut order.last,
            };
            step(steps, round, place, ours, what.clone());
        }
    }
    order
}

/// Returns rows that refer to each other in a circle and that nothing else refers to, by way of a row
/// that is referred to.
fn circle<'a>(referrers: &BTreeMap<Place<'a>, Vec<Place<'a>>>, from: Place<'a>) -> BTreeSet<Place<'a>> {
    let before = |place: Place<'a>| {
        let mut found: BTreeSet<Place<'a>> = BTreeSet::new();
        let mut open = vec![place];
        while let Some(place) = open.pop() {
            let new = referrers.get(&place).into_iter().flatten().filter(|place| found.insert(**place));
            open.extend(new);
        }
        found
    };
    let mut circle = before(from);
    while let Some(smaller) = circle.iter().map(|place| before(*place)).find(|other| other.len() < circle.len()) {
        circle = smaller;
    }
    circle
}

/// Adds a row to the last step of this round, or begins another one.
fn step<'a>(steps: &mut Vec<Step<'a>>, round: usize, (table, key): Place<'a>, ours: bool, what: What) {
    let alike = |step: &&mut Step<'a>| (step.round, step.table, step.ours) == (round, table, ours) && step.what == what;
    match steps.last_mut().filter(alike) {
        Some(step) => step.keys.push(key),
        None => steps.push(Step { round, table, keys: vec![key], ours, what }),
    }
}

/// Returns what becomes of the rows that refer by this link when the row referred to goes; none where
/// the database knows nothing of it.
fn action(survey: &Survey, link: &Link) -> Option<OnDelete> {
    let keys = &survey.schema.tables.get(&link.from)?.foreign_keys;
    let key = keys.iter().find(|key| key.to == link.to && key.columns == link.columns)?;
    Some(key.on_delete)
}

/// Takes unique values from rows that go, but only when others have let go of them.
fn make_room<'a>(writes: &mut Writes<'_>, steps: impl Iterator<Item = &'a Step<'a>>) -> Result<()> {
    let survey = writes.survey;
    // Far from the numbers of the updates.
    let mut number = 10_000;
    for step in steps {
        let table = &survey.schema.tables[step.table];
        let (none, live) = (LiveTable::default(), survey.rows.live.get(step.table));
        let aside = diff::aside(table, live.unwrap_or(&none), None, number);
        if aside.is_empty() || !survey.plan.tables.iter().any(|part| part.table == step.table) {
            continue;
        }
        for key in &step.keys {
            let aside = diff::aside(table, live.unwrap_or(&none), None, number);
            let (columns, cells): (Vec<&str>, Vec<&Cell>) =
                aside.iter().map(|(name, cell)| (name.as_str(), cell)).unzip();
            set(writes, step.table, &columns, &[(key, cells)], step.ours)?;
            number += 1;
        }
    }
    Ok(())
}

/// Returns the column by which a row lets go of what it refers to, if it may.
fn nullable<'a>(survey: &Survey, link: &'a Link) -> Option<&'a str> {
    let table = survey.schema.tables.get(&link.from)?;
    let key = &survey.shapes.get(&link.from)?.key;
    let may = |name: &&String| {
        !key.contains(name) && table.column(name).is_some_and(|column| column.nullable && !column.generated)
    };
    link.columns.iter().find(may).map(String::as_str)
}

fn take(writes: &mut Writes<'_>, steps: &[Step<'_>]) -> Result<()> {
    for step in steps {
        match &step.what {
            What::Delete => delete(writes, step.table, &step.keys, step.ours)?,
            What::DeleteCircle => {
                writes.run()?;
                delete_circle(writes.database, writes.survey, step)?;
            }
            What::LetGo(column) => {
                let rows: Vec<(&Key, Vec<&Cell>)> = step.keys.iter().map(|key| (*key, vec![&Cell::Null])).collect();
                set(writes, step.table, &[column], &rows, step.ours)?;
            }
        }
    }
    Ok(())
}

/// Removes rows that refer to each other in a circle, and makes sure that they are gone: an engine
/// does not count the rows that it removes by itself.
fn delete_circle(database: &mut dyn Database, survey: &Survey, step: &Step<'_>) -> Result<()> {
    let shape = survey.shapes.get(step.table).expect("the plan names tables of the schema");
    let rows = Rows { table: &shape.table, columns: &shape.key, tuples: &step.keys };
    let tag = survey.tags.get(step.table).filter(|_| step.ours);
    for (statement, _) in sql::delete(database.dialect(), rows, tag) {
        database
            .execute(&statement.sql, &statement.values)
            .during(|| format!("removing {} rows of `{}`", step.keys.len(), step.table))?;
    }
    let keys: BTreeSet<Key> = step.keys.iter().map(|key| (*key).clone()).collect();
    let left = live::by_key(database, shape, &keys, Hold::No).during(|| format!("reading `{}` back", step.table))?;
    expect_count("removing", step.table, keys.len(), keys.len() - left.rows.len(), survey)
}

fn delete(writes: &mut Writes<'_>, table: &str, keys: &[&Key], ours: bool) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let survey = writes.survey;
    let shape = survey.shapes.get(table).expect("the plan names tables of the schema");
    let tag = survey.tags.get(table).filter(|_| ours);
    let rows = Rows { table: &shape.table, columns: &shape.key, tuples: keys };
    let doing = format!("removing {} rows of `{table}`", keys.len());
    sql::delete(writes.database.dialect(), rows, tag).into_iter().try_for_each(|(statement, rows)| {
        writes.add(Write { statement, table: table.to_owned(), rows, verb: "removing", doing: doing.clone() })
    })
}

fn expect_count(doing: &str, table: &str, planned: usize, touched: usize, survey: &Survey) -> Result<()> {
    if planned == touched {
        return Ok(());
    }
    let message = format!("while {doing} rows of `{table}`: {planned} were planned, {touched} were touched");
    Err(with_triggers(Error::new(Exit::CouldNotRun, "count-differs", message), table, survey))
}

fn with_triggers(mut error: Error, table: &str, survey: &Survey) -> Error {
    let triggers = survey.schema.tables.get(table).map(|table| table.triggers.as_slice()).unwrap_or_default();
    if !triggers.is_empty() {
        error = error
            .detail(format!("triggers on `{table}`: {}", triggers.join(", ")))
            .help("leave what a trigger writes out of `columns`, and of `links`");
    }
    error
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// Unique values make room for each other.
    Aside,
    /// What waits for nothing.
    InPlace,
    /// What refers to rows that are inserted by now.
    Waiting,
    /// What made room.
    FromAside,
}

/// Changes rows of a table in a pass.
fn update(writes: &mut Writes<'_>, part: &TablePlan, waiting: &BTreeSet<Place<'_>>, pass: Pass) -> Result<()> {
    let survey = writes.survey;
    // Rows in which the same columns change go together.
    let mut groups: BTreeMap<Vec<&str>, Vec<(&Key, Vec<&Cell>)>> = BTreeMap::new();
    let live = survey.rows.live.get(&part.table);
    for update in &part.updates {
        let after = update.changes.iter().map(|change| (change.column.as_str(), &change.after));
        let changes: Vec<(&str, &Cell)> = match (&update.how, pass) {
            (How::InPlace, Pass::InPlace | Pass::Waiting) => {
                let waits = waiting.contains(&(part.table.as_str(), &update.key));
                if waits != (pass == Pass::Waiting) {
                    continue;
                }
                after.collect()
            }
            (How::Aside(aside), Pass::Aside) => aside.iter().map(|(column, cell)| (column.as_str(), cell)).collect(),
            (How::Aside(aside), Pass::FromAside) => {
                // What was moved aside without being changed goes back.
                let moved = aside.iter().filter(|(column, _)| !update.changes.iter().any(|c| c.column == *column));
                let back = moved.filter_map(|(column, _)| {
                    let live = live?;
                    Some((column.as_str(), &live.rows[&update.key][live.position(column)?]))
                });
                after.chain(back).collect()
            }
            _ => continue,
        };
        let (columns, values) = changes.into_iter().unzip();
        groups.entry(columns).or_default().push((&update.key, values));
    }
    groups.into_iter().try_for_each(|(columns, rows)| set(writes, &part.table, &columns, &rows, true))
}

/// Gives columns of rows these values.
fn set(writes: &mut Writes<'_>, table: &str, columns: &[&str], rows: &[(&Key, Vec<&Cell>)], ours: bool) -> Result<()> {
    let shape = writes.survey.shapes.get(table).expect("the plan names tables of the schema");
    let tag = writes.survey.tags.get(table).filter(|_| ours);
    let (mut done, all) = (0, rows.len());
    for (statement, rows) in sql::update(writes.database.dialect(), &shape.table, columns, rows, &shape.key, tag) {
        let doing = format!("changing rows {} to {} of {all} in `{table}`", done + 1, done + rows);
        done += rows;
        writes.add(Write { statement, table: table.to_owned(), rows, verb: "changing", doing })?;
    }
    Ok(())
}

/// References of rows that are inserted before the row they refer to: by key, the columns that stay
/// null until then.
type Owed<'a> = BTreeMap<&'a Key, BTreeSet<&'a str>>;

/// Returns, for each table of the plan, what its rows owe.
fn owed(survey: &Survey) -> Vec<Owed<'_>> {
    let plan = &survey.plan.tables;
    let inserts = |part: &'_ TablePlan| part.inserts.len() + replacements(&part.updates).count();
    let mut all: Vec<Owed<'_>> = plan.iter().map(|_| Owed::new()).collect();
    for (position, part) in plan.iter().enumerate() {
        let Some(table) = survey.schema.tables.get(&part.table) else { continue };
        for key in &table.foreign_keys {
            let to = plan.iter().position(|other| other.table == key.to);
            let Some(to) = to.filter(|to| *to >= position && inserts(&plan[*to]) > 0) else { continue };
            let key_columns = &survey.shapes.get(&part.table).expect("the plan names tables of the schema").key;
            let may = |name: &&String| !key_columns.contains(name) && table.column(name).is_some_and(|c| c.nullable);
            let Some(column) = key.columns.iter().find(may) else { continue };
            let tuple = |insert: &Insert, columns: &[String]| -> Option<Key> {
                let place = |column: &String| insert.columns.iter().position(|name| name == column);
                columns.iter().map(|column| Some(insert.values[place(column)?].clone())).collect()
            };
            let rows = |part: &'_ TablePlan, columns: &[String]| -> BTreeMap<Key, usize> {
                let rows = part.inserts.iter().chain(replacements(&part.updates)).enumerate();
                rows.filter_map(|(at, insert)| Some((tuple(insert, columns)?, at))).collect()
            };
            let later = rows(&plan[to], &key.to_columns);
            for (at, insert) in part.inserts.iter().chain(replacements(&part.updates)).enumerate() {
                let found = tuple(insert, &key.columns).and_then(|tuple| later.get(&tuple));
                if found.is_some_and(|found| to > position || *found > at) {
                    all[position].entry(&insert.key).or_default().insert(column);
                }
            }
        }
    }
    all
}

fn insert(writes: &mut Writes<'_>, part: &TablePlan, owed: &Owed<'_>) -> Result<()> {
    let table = part.table.as_str();
    let inserts: Vec<&Insert> = part.inserts.iter().chain(replacements(&part.updates)).collect();
    let unpaid: BTreeMap<&Key, Vec<Cell>> = (inserts.iter())
        .filter_map(|insert| {
            let owed = owed.get(&insert.key)?;
            let cells = insert.columns.iter().zip(&insert.values);
            let cells = cells.map(|(name, cell)| if owed.contains(name.as_str()) { Cell::Null } else { cell.clone() });
            Some((&insert.key, cells.collect()))
        })
        .collect();
    let mut groups: Vec<(&[String], Vec<&[Cell]>)> = Vec::new();
    for insert in &inserts {
        let values = unpaid.get(&insert.key).unwrap_or(&insert.values);
        match groups.iter_mut().find(|(columns, _)| *columns == &*insert.columns) {
            Some((_, rows)) => rows.push(values),
            None => groups.push((&insert.columns, vec![values])),
        }
    }
    let (dialect, shape) = (writes.database.dialect(), &writes.survey.schema.tables[table]);
    let (mut done, all) = (0, inserts.len());
    for (columns, rows) in groups {
        // A few rows that go out with all else are there sooner than a COPY, which is waited for twice.
        let one_by_one = rows.len() <= FEW && writes.database.sends_in_one_go();
        let copy = if one_by_one { None } else { sql::copy(dialect, shape, columns, &rows) };
        if let Some((statement, lines)) = copy {
            writes.run()?;
            let doing = |row| inserting(table, done, row, rows.len(), all);
            let copied = writes.database.copy(&statement, &lines);
            let copied = copied.map_err(|failure| Error::from_failure(&doing(failure.row), &failure))?;
            if let Some(copied) = copied {
                expect_count("inserting", table, rows.len(), copied, writes.survey)?;
                done += rows.len();
                continue;
            }
        }
        for rows in rows.chunks(if one_by_one { 1 } else { rows.len() }) {
            for (statement, rows) in sql::insert(dialect, shape, columns, rows) {
                let doing = inserting(table, done, one_by_one.then_some(1), rows, all);
                done += rows;
                writes.add(Write { statement, table: table.to_owned(), rows, verb: "inserting", doing })?;
            }
        }
    }
    Ok(())
}

/// Returns what is being done with the next `count` rows after `done`, or with one of them.
fn inserting(table: &str, done: usize, row: Option<usize>, count: usize, all: usize) -> String {
    match row {
        Some(row) => format!("inserting row {} of {all} into `{table}`", done + row),
        None => format!("inserting rows {} to {} of {all} into `{table}`", done + 1, done + count),
    }
}

/// Gives inserted rows the references that had to wait.
fn pay(writes: &mut Writes<'_>, part: &TablePlan, owed: &Owed<'_>) -> Result<()> {
    let mut groups: BTreeMap<&BTreeSet<&str>, Vec<(&Key, Vec<&Cell>)>> = BTreeMap::new();
    for insert in part.inserts.iter().chain(replacements(&part.updates)) {
        let Some(columns) = owed.get(&insert.key) else { continue };
        let cell = |column: &&str| {
            let position = insert.columns.iter().position(|name| name == column);
            &insert.values[position.expect("what is owed was declared")]
        };
        groups.entry(columns).or_default().push((&insert.key, columns.iter().map(cell).collect()));
    }
    groups.into_iter().try_for_each(|(columns, rows)| {
        let columns: Vec<&str> = columns.iter().copied().collect();
        set(writes, &part.table, &columns, &rows, true)
    })
}

/// Reads every written row again and compares it with what the plan says; `also` is asked with them.
fn read_back(database: &mut dyn Database, survey: &Survey, also: Option<&Statement>) -> Result<ReadBack> {
    let shape = |part: &TablePlan| survey.shapes.get(&part.table).expect("the plan names tables of the schema");
    let expected = survey.plan.tables.iter().map(|part| (part, expected(survey, part)));
    let expected: Vec<_> = expected.filter(|(_, rows)| !rows.is_empty()).collect();
    let statements = expected.iter().map(|(part, rows)| {
        let tuples: Vec<&Key> = rows.keys().copied().collect();
        let Shape { table, columns, key, .. } = shape(part);
        sql::select(database.dialect(), columns, Rows { table, columns: key, tuples: &tuples }, Hold::No)
    });
    let statements: Vec<Vec<Statement>> = statements.collect();
    let asked = statements.iter().flatten().chain(also).map(|statement| (&statement.sql, &*statement.values));
    let mut answers = database.read_all(&asked.collect::<Vec<_>>()).during(|| "reading rows back".into())?.into_iter();
    let mut written = BTreeMap::new();
    for ((part, expected), statements) in expected.into_iter().zip(&statements) {
        let rows = answers.by_ref().take(statements.len()).flatten().map(|row| shape(part).keyed(row)).collect();
        let live = LiveTable { columns: shape(part).columns.clone(), rows };
        for (key, cells) in expected {
            let Some(row) = live.rows.get(key) else {
                let message = format!("row {} of `{}` was written and is not there", key_text(key), part.table);
                return Err(with_triggers(Error::new(Exit::CouldNotRun, "read-back", message), &part.table, survey));
            };
            for (column, cell) in cells {
                let found = live.position(column).map(|position| &row[position]);
                if found != Some(cell) {
                    let found = found.map_or_else(String::new, ToString::to_string);
                    let message = format!(
                        "`{}`.`{column}` of row {} was written as {cell} and reads {found}",
                        part.table,
                        key_text(key)
                    );
                    let error = Error::new(Exit::CouldNotRun, "read-back", message);
                    return Err(with_triggers(error, &part.table, survey));
                }
            }
        }
        written.insert(part.table.clone(), live);
    }
    Ok(ReadBack { rows: written, also: also.and_then(|_| answers.next()) })
}

/// Returns what the rows of a table that the plan writes are to read, by key.
fn expected<'a>(survey: &'a Survey, part: &'a TablePlan) -> BTreeMap<&'a Key, Vec<(&'a str, &'a Cell)>> {
    let mut expected = BTreeMap::new();
    for insert in part.inserts.iter().chain(replacements(&part.updates)) {
        expected.insert(&insert.key, insert.columns.iter().map(String::as_str).zip(&insert.values).collect());
    }
    for update in part.updates.iter().filter(|update| !matches!(update.how, How::Replace(_))) {
        // What was not to change has not changed by a trigger either.
        let before = &survey.rows.live[&part.table];
        let stays = |column: &&String| !update.changes.iter().any(|change| change.column == **column);
        let kept = survey.declared.get(&part.table).into_iter().flatten().filter(stays);
        let kept =
            kept.filter_map(|column| Some((column.as_str(), &before.rows[&update.key][before.position(column)?])));
        let changes = update.changes.iter().map(|change| (change.column.as_str(), &change.after));
        expected.insert(&update.key, changes.chain(kept).collect());
    }
    expected
}

/// Returns what a plan of this size did, for messages.
pub(crate) fn summary(plan: &Plan) -> String {
    format!(
        "{} to insert, {} to change, {} to remove",
        plan.inserts(),
        plan.updates(),
        plan.deletes() + plan.debris.len()
    )
}
