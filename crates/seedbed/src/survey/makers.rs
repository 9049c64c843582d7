//! Makers: the transactions that have made the rows of our tables, where an engine tells.
//!
//! No transaction makes a row after its end, and no row that was read was made by one that had not ended.
//! So the rows of a maker that was known before are those that were read before, but for some that are
//! gone or were made anew.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_core::plan::{Cell, Key, LiveTable};

use super::Basis;
use super::rows::Changes;
use crate::database::{Database, Failure};
use crate::live::Shape;
use crate::sql::makers::{self as sql, Numbered};
use crate::sql::{Dialect, Span, Statement};

/// For each span of our keys in a table, transactions and how many rows each has made there.
pub(super) type Makers = Vec<BTreeMap<String, i64>>;

/// A question for the transactions that have made the rows in the spans of our keys.
pub(crate) struct Question {
    pub(crate) statement: Statement,
    /// The table of each span that is asked about.
    tables: Vec<String>,
}

impl Question {
    /// Returns the question for tables that are `asked` about; nothing, where an engine does not tell.
    pub(super) fn of(dialect: Dialect, basis: &Basis, asked: impl Fn(&str) -> bool) -> Option<Self> {
        let asked = basis.spans.iter().filter(|(table, _)| asked(table)).filter_map(|(table, spans)| {
            let shape = basis.shapes.get(table)?;
            shape.key.first().map(|key| (shape, key, spans))
        });
        let asked: Vec<_> =
            asked.flat_map(|(shape, key, spans)| spans.iter().map(|span| numbered(shape, key, *span))).collect();
        let statement = sql::count_by_maker(dialect, &asked)?;
        Some(Self { statement, tables: asked.iter().map(|rows| rows.table.name.clone()).collect() })
    }

    /// Returns what the answer says.
    pub(super) fn answered(&self, answer: Vec<Vec<Cell>>) -> BTreeMap<String, Makers> {
        let mut counted = vec![BTreeMap::new(); self.tables.len()];
        for row in answer {
            let (Some(at), Some(maker), Some(count)) = (row[0].as_integer(), row[1].as_text(), row[2].as_integer())
            else {
                continue;
            };
            counted[at as usize].insert(maker.to_owned(), count);
        }
        let mut found: BTreeMap<String, Makers> = BTreeMap::new();
        for (table, counted) in self.tables.iter().zip(counted) {
            found.entry(table.clone()).or_default().push(counted);
        }
        found
    }
}

/// Asks which transactions have made the rows in the spans of our keys; nothing, where an engine does not tell.
pub(super) fn of(database: &mut dyn Database, basis: &Basis) -> Result<BTreeMap<String, Makers>, Failure> {
    let Some(question) = Question::of(database.dialect(), basis, |_| true) else { return Ok(BTreeMap::new()) };
    let answer = database.read(&question.statement.sql, &question.statement.values)?;
    Ok(question.answered(answer))
}

fn numbered<'a>(shape: &'a Shape, key: &'a str, span: Span) -> Numbered<'a> {
    Numbered { table: &shape.table, key, span }
}

/// Returns the statements that read the rows of makers that were not known, for each span of which there are any,
/// and the numbers of those of known ones, where some are surely gone.
pub(super) fn of_new_makers(shape: &Shape, spans: &[Span], (before, now): (&Makers, &Makers)) -> Vec<Statement> {
    let spans = spans.iter().zip(before.iter().zip(now));
    let statements = spans.flat_map(|(span, (before, now))| {
        let known = || before.keys().map(String::as_str);
        let rows = || numbered(shape, &shape.key[0], *span);
        let new = has_new(before, now).then(|| sql::select_made_by_others(&shape.columns, rows(), known()));
        let left = surely_gone(before, now).then(|| sql::select_numbers_made_by(rows(), known()));
        new.into_iter().chain(left)
    });
    statements.collect()
}

fn has_new(before: &BTreeMap<String, i64>, now: &BTreeMap<String, i64>) -> bool {
    now.keys().any(|maker| !before.contains_key(maker))
}

/// How many rows of known makers are gone or were made anew.
fn missing(before: &BTreeMap<String, i64>, now: &BTreeMap<String, i64>) -> i64 {
    before.iter().map(|(maker, count)| count - now.get(maker).copied().unwrap_or_default()).sum()
}

/// Whether more rows are missing than new makers have made.
fn surely_gone(before: &BTreeMap<String, i64>, now: &BTreeMap<String, i64>) -> bool {
    let new = now.iter().filter(|(maker, _)| !before.contains_key(*maker)).map(|(_, count)| count);
    missing(before, now) > new.sum()
}

/// Returns what is not as it was, from the rows `of_new_makers`; the key tells rows apart.
pub(super) fn changes(
    database: &mut dyn Database,
    shape: &Shape,
    spans: &[Span],
    keys: &BTreeSet<Key>,
    live: &LiveTable,
    (before, now): (&Makers, &Makers),
    of_new_makers: &mut impl Iterator<Item = Vec<Vec<Cell>>>,
) -> Result<Changes, Failure> {
    let mut changes = Changes::new();
    for (span, (before, now)) in spans.iter().zip(before.iter().zip(now)) {
        if before == now {
            continue;
        }
        let mut made_anew = BTreeSet::new();
        if has_new(before, now) {
            for (key, row) in of_new_makers.next().into_iter().flatten().map(|row| shape.keyed(row)) {
                let as_before = live.rows.get(&key);
                if keys.contains(&key) && as_before != Some(&row) {
                    changes.insert(key.clone(), Some(row));
                }
                if as_before.is_some() {
                    made_anew.insert(key);
                }
            }
        }
        let asked = surely_gone(before, now).then(|| of_new_makers.next()).flatten();
        if missing(before, now) == made_anew.len() as i64 {
            continue;
        }
        let mut standing = made_anew;
        let rows = if let Some(rows) = asked {
            rows
        } else {
            let (known, numbered) = (before.keys().map(String::as_str), numbered(shape, &shape.key[0], *span));
            let statement = sql::select_numbers_made_by(numbered, known);
            database.read(&statement.sql, &statement.values)?
        };
        standing.extend(rows.into_iter().map(|row| row.into_iter().take(1).collect::<Vec<Cell>>()));
        let (first, last) = (vec![Cell::Integer(span.0)], vec![Cell::Integer(span.1)]);
        let gone = live.rows.range(first..=last).filter(|(key, _)| !standing.contains(*key));
        changes.extend(gone.map(|(key, _)| (key.clone(), None)));
    }
    Ok(changes)
}
