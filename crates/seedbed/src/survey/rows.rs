//! Rows: those that stand on our keys, read anew or compared with how they were read before.
//!
//! Every row is read every time; a process that stays saves itself what comes after the reading of rows
//! that are as they were.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_core::plan::diff::Keys;
use seedbed_core::plan::{Cell, Key, LiveTable};
use seedbed_core::schema::ColumnKind;

use super::Basis;
use super::makers::{self, Makers, Question};
use crate::database::{Database, Failure, Lent};
use crate::error::{Result, While};
use crate::live::{self, Shape};
use crate::sql::{self, Dialect, Hold, Span};

/// Between numbers that are further apart than this a new span begins.
const GAP: i64 = 4096;

/// The rows that stand on our keys.
#[derive(Default)]
pub(crate) struct Rows {
    /// All of them, by table.
    pub(crate) live: BTreeMap<String, LiveTable>,
    /// The keys of those that are ours.
    pub(crate) ours: Keys,
    /// Which transactions have made the rows in the spans of a table.
    makers: BTreeMap<String, Makers>,
}

impl Rows {
    /// Brings the rows up to date; returns the keys on which something changed since they were read before.
    ///
    /// In a process that `stays`, where an engine tells which transaction has made a row, only the rows are
    /// read that none made whose rows were read before.
    pub(super) fn read(&mut self, database: &mut dyn Database, basis: &Basis, hold: Hold, stays: bool) -> Result<Keys> {
        let mut changed = Keys::new();
        let before = std::mem::take(&mut self.makers);
        let makers = if stays && hold == Hold::No {
            makers::of(database, basis).during(|| "asking who has made our rows".into())?
        } else {
            BTreeMap::new()
        };
        let made = |table: &str| before.get(table).zip(makers.get(table));
        let shape = |table: &str| basis.shapes.get(table).expect("the table is in the schema");
        let kept = |live: &BTreeMap<String, LiveTable>, table: &str| {
            live.get(table).is_some_and(|live| live.columns == shape(table).columns)
        };
        // Where two rows may have one key, all of them are read.
        let told_by_makers = |table: &str| {
            let spans = basis.spans.get(table)?;
            Some((spans, made(table)?)).filter(|_| shape(table).key == shape(table).table.primary_key)
        };
        let mut statements = Vec::new();
        for table in basis.keys.keys().filter(|table| kept(&self.live, table)) {
            if let Some((spans, made)) = told_by_makers(table) {
                statements.extend(makers::of_new_makers(shape(table), spans, made));
            }
        }
        let asked: Vec<_> = statements.iter().map(|statement| (&statement.sql, &*statement.values)).collect();
        let mut answers = database.read_all(&asked).during(|| "reading rows that are new".into())?.into_iter();
        for (table, keys) in &basis.keys {
            if made(table).is_some_and(|(before, now)| before == now) {
                continue;
            }
            let shape = shape(table);
            let live = self.live.get(table).filter(|_| kept(&self.live, table));
            let changes = match (live, hold, basis.spans.get(table)) {
                (Some(live), Hold::No, Some(spans)) => match told_by_makers(table) {
                    Some((_, made)) => makers::changes(database, shape, spans, keys, live, made, &mut answers),
                    None => changes(database, shape, spans, keys, live),
                },
                (live, ..) => live::by_key(database, shape, keys, hold).map(|now| difference(live, now.rows, keys)),
            };
            let changes = changes.during(|| format!("reading `{table}`"))?;
            let live = self.live.entry(table.clone()).or_default();
            live.columns.clone_from(&shape.columns);
            for (key, row) in changes {
                let owned = row.as_ref().is_some_and(|row| basis.owns(table, &key, row));
                let ours = self.ours.entry(table.clone()).or_default();
                if owned {
                    ours.insert(key.clone());
                } else {
                    ours.remove(&key);
                }
                match row {
                    Some(row) => drop(live.rows.insert(key.clone(), row)),
                    None => drop(live.rows.remove(&key)),
                }
                changed.entry(table.clone()).or_default().insert(key);
            }
        }
        self.makers = makers;
        self.ours.retain(|_, keys| !keys.is_empty());
        Ok(changed)
    }

    /// Returns the question for the transactions that have made the rows of these tables; none where it was not
    /// asked before.
    pub(super) fn ask_makers(&self, dialect: Dialect, basis: &Basis, written: &BTreeSet<&str>) -> Option<Question> {
        if self.makers.is_empty() { None } else { Question::of(dialect, basis, |table| written.contains(table)) }
    }

    /// Takes over who has made rows by now, among them the open transaction, which has written.
    pub(crate) fn made_by(&mut self, question: &Question, answer: Vec<Vec<Cell>>) {
        self.makers.extend(question.answered(answer));
    }

    /// Forgets which transactions have made the rows.
    pub(crate) fn forget_makers(&mut self) {
        self.makers.clear();
    }

    /// Takes over what a run has written and read back; `gone` are the rows that it removed.
    pub(crate) fn take_over<'a>(
        &mut self,
        written: BTreeMap<String, LiveTable>,
        gone: impl Iterator<Item = (&'a str, &'a Key)>,
    ) {
        for (table, key) in gone {
            self.live.get_mut(table).map(|live| live.rows.remove(key));
            self.ours.get_mut(table).map(|keys| keys.remove(key));
        }
        for (table, now) in written {
            self.ours.entry(table.clone()).or_default().extend(now.rows.keys().cloned());
            self.live.entry(table).or_default().rows.extend(now.rows);
        }
        self.ours.retain(|_, keys| !keys.is_empty());
    }
}

/// What stands on a key by now; nothing, where there is no row any more.
pub(super) type Changes = BTreeMap<Key, Option<Vec<Cell>>>;

/// Reads the rows with these keys and returns those that are not as they were.
fn changes(
    database: &mut dyn Database,
    shape: &Shape,
    spans: &[Span],
    keys: &BTreeSet<Key>,
    before: &LiveTable,
) -> std::result::Result<Changes, Failure> {
    let mut changes = Changes::new();
    let position = shape.columns.iter().position(|column| *column == shape.key[0]).expect("a key is a column");
    let number = |key: &Key| key[0].as_integer().unwrap_or_default();
    let mut expected = before.rows.iter().peekable();
    let mut compare = |cells: &[Lent<'_>]| {
        let Lent::Integer(at) = cells[position] else { return };
        while let Some((key, _)) = expected.next_if(|(key, _)| number(key) < at) {
            changes.insert(key.clone(), None);
        }
        match expected.next_if(|(key, _)| number(key) == at) {
            Some((_, row)) if cells.iter().zip(row).all(|(lent, cell)| lent.is(cell)) => {}
            before => {
                let (key, row) = shape.keyed(cells.iter().map(|lent| lent.to_cell()).collect());
                if keys.contains(&key) && before.is_none_or(|(_, before)| *before != row) {
                    changes.insert(key, Some(row));
                }
            }
        }
    };
    for span in spans {
        let statement = sql::select_between(database.dialect(), &shape.columns, &shape.table, &shape.key[0], *span);
        database.each(&statement.sql, &statement.values, &mut compare)?;
    }
    changes.extend(expected.map(|(key, _)| (key.clone(), None)));
    Ok(changes)
}

fn difference(before: Option<&LiveTable>, mut now: BTreeMap<Key, Vec<Cell>>, keys: &BTreeSet<Key>) -> Changes {
    now.retain(|key, _| keys.contains(key));
    let gone = before.into_iter().flat_map(|before| before.rows.keys()).filter(|key| !now.contains_key(*key));
    let mut changes: Changes = gone.map(|key| (key.clone(), None)).collect();
    let as_before = |key: &Key, row: &Vec<Cell>| before.and_then(|before| before.rows.get(key)) == Some(row);
    changes.extend(now.into_iter().filter(|(key, row)| !as_before(key, row)).map(|(key, row)| (key, Some(row))));
    changes
}

/// Returns spans that hold all of these keys and little else, where they are numbers.
pub(super) fn spans(shape: &Shape, keys: &BTreeSet<Key>) -> Option<Vec<Span>> {
    let [column] = &shape.key[..] else { return None };
    if !matches!(shape.table.column(column)?.kind, ColumnKind::Integer { .. }) {
        return None;
    }
    let mut spans: Vec<Span> = Vec::new();
    for key in keys {
        let [Cell::Integer(number)] = key[..] else { return None };
        match spans.last_mut() {
            Some((_, to)) if number - *to <= GAP => *to = number,
            _ => spans.push((number, number)),
        }
    }
    // Beyond that a list of keys is read as fast.
    (spans.len() <= 32).then_some(spans)
}
