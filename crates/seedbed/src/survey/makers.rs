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
use crate::live::{self, Shape};
use crate::sql::Span;
use crate::sql::makers::{self as sql, Numbered};

/// Transactions, and how many rows in the spans of a table each has made.
pub(super) type Makers = BTreeMap<String, i64>;

/// Asks which transactions have made the rows in the spans of our keys, in tables that are `asked` about; nothing,
/// where an engine does not tell.
pub(super) fn of(
    database: &mut dyn Database,
    basis: &Basis,
    asked: impl Fn(&str) -> bool,
) -> Result<BTreeMap<String, Makers>, Failure> {
    let asked: Vec<_> = (basis.spans.iter())
        .filter(|(table, _)| asked(table))
        .filter_map(|(table, spans)| {
            let shape = basis.shapes.get(table)?;
            Some((&shape.table, shape.key.first()?.as_str(), spans.as_slice()))
        })
        .collect();
    let Some(statement) = sql::count_by_maker(database.dialect(), &asked) else { return Ok(BTreeMap::new()) };
    let mut found: BTreeMap<String, Makers> =
        asked.iter().map(|(table, ..)| (table.name.clone(), Makers::new())).collect();
    for row in database.query(&statement.sql, &statement.values)? {
        let (Some(at), Some(maker), Some(count)) = (row[0].as_integer(), row[1].as_text(), row[2].as_integer()) else {
            continue;
        };
        let makers = found.get_mut(&asked[at as usize].0.name).expect("the table was asked about");
        *makers.entry(maker.to_owned()).or_default() += count;
    }
    Ok(found)
}

/// Reads the rows of makers that were not known, and returns what is not as it was; the key tells rows apart.
pub(super) fn changes(
    database: &mut dyn Database,
    shape: &Shape,
    spans: &[Span],
    keys: &BTreeSet<Key>,
    live: &LiveTable,
    (before, now): (&Makers, &Makers),
) -> Result<Changes, Failure> {
    let known = || before.keys().map(String::as_str);
    let numbered = |span: &Span| Numbered { table: &shape.table, key: &shape.key[0], span: *span };
    let mut changes = Changes::new();
    let mut made_anew = BTreeSet::new();
    if now.keys().any(|maker| !before.contains_key(maker)) {
        let statements: Vec<_> =
            spans.iter().map(|span| sql::select_made_by_others(&shape.columns, numbered(span), known())).collect();
        for (key, row) in live::rows(database, shape, &statements)? {
            let as_before = live.rows.get(&key);
            if keys.contains(&key) && as_before != Some(&row) {
                changes.insert(key.clone(), Some(row));
            }
            if as_before.is_some() {
                made_anew.insert(key);
            }
        }
    }
    let missing: i64 = before.iter().map(|(maker, count)| count - now.get(maker).copied().unwrap_or_default()).sum();
    if missing == made_anew.len() as i64 {
        return Ok(changes);
    }
    let mut standing = made_anew;
    for span in spans {
        let statement = sql::select_numbers_made_by(numbered(span), known());
        let rows = database.query(&statement.sql, &statement.values)?;
        standing.extend(rows.into_iter().map(|row| row.into_iter().take(1).collect::<Vec<Cell>>()));
    }
    let gone = live.rows.keys().filter(|key| !standing.contains(*key));
    changes.extend(gone.map(|key| (key.clone(), None)));
    Ok(changes)
}
